import type { Usage } from "../meter.ts";
import { type Ledger, type Times, total } from "./ledger.ts";

/** Where a soak stands. */
export interface Progress {
  /** Seconds since everybody has joined. */
  readonly seconds: number;
  readonly playing: number;
  /** As the edge counts them. */
  readonly players: number;
  readonly residentMiB: number;
  /** In milliseconds, since the last line. */
  readonly lag: number | undefined;
  /** Since the last line. */
  readonly latency: Times | undefined;
}

/** One line of figures. */
export function progressLine(
  { seconds, playing, players, residentMiB, lag, latency }: Progress,
  ledger: Ledger,
): string {
  return [
    clock(seconds),
    `${playing} playing, edge ${players}`,
    latency === undefined
      ? "no packets"
      : `p50 ${latency.p50.toFixed(2)} p99 ${latency.p99.toFixed(2)} max ${latency.max.toFixed(1)} ms`,
    `RSS ${residentMiB.toFixed(0)} MiB`,
    `lag p99 ${lag === undefined ? "–" : `≤ ${lag} ms`}`,
    `moves ${ledger.counted("move")}, joins ${ledger.counted("join")}, maps ${ledger.counted("map")}`,
    `lost ${total(ledger.lost)}, wrong ${total(ledger.faults)}`,
  ].join("  ");
}

/** What everybody did, and what went wrong, by cause. */
export function summary(ledger: Ledger): string {
  const [latency, moves] = [ledger.latency(), ledger.moveTimes()];
  const counts = (["join", "leave", "move", "refused", "map", "line", "block"] as const).map((happening) =>
    `${happening} ${ledger.counted(happening)}`
  );
  return [
    `${ledger.packets} positions; ${counts.join(", ")}`,
    ...timesLine("one-way", latency),
    ...timesLine("moves", moves),
    ...ledger.lost.entries().map(([cause, count]) => `lost ${count}: ${cause}`),
    ...ledger.faults.entries().map(([fault, count]) => `wrong ${count}: ${fault}`),
  ].join("\n");
}

/** How busy the edge, the bots and everything else kept the machine: what times are to be believed. */
export function coresText({ seconds, peer, generator, others }: Usage): string {
  const share = (used: number): string => `${Math.round(used / seconds * 100)} %`;
  return `cores: edge ${share(peer)}, bots and worlds ${share(generator)}, others ${share(others)}`;
}

function timesLine(what: string, times: Times | undefined): readonly string[] {
  if (times === undefined) return [];
  return [`${what}: p50 ${times.p50.toFixed(2)}, p99 ${times.p99.toFixed(2)}, max ${times.max.toFixed(1)} ms`];
}

function clock(seconds: number): string {
  const whole = Math.round(seconds);
  return [whole / 3_600, whole / 60 % 60, whole % 60].map((part) => `${Math.floor(part)}`.padStart(2, "0")).join(":");
}
