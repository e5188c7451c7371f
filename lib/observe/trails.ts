/** How sessions went, step by step: kept for operators who ask why. */
import type { Trail, TrailCandidate, TrailStep } from "./trail.ts";
import type { Decision, DecisionCandidate } from "../routing/decision.ts";
import type { SessionEvent } from "../session/port.ts";
import { maskAddressesIn } from "./address_mask.ts";
import { decisionWords, eventWords, obstacleText, startWords, type StepWords, type TrailStart } from "./trail_text.ts";

export type { TrailStart } from "./trail_text.ts";

/** Sessions that are over and are kept: so many of those that were let in, and so many of the others. */
const KEPT = 1_000;
/** Sessions that run and are kept. Beyond that the oldest of them are forgotten. */
const MOST_RUNNING = 10_000;
/** Steps that are kept of the beginning of a session, and of its end. */
const HALF = 20;
/** Backends that are kept of one decision. */
const MOST_CANDIDATES = 16;

/** An end code as players read it, or the session's name alone. */
const CODE = /^\[?(?:[A-Z]{2}-)?([0-9A-Z]+)\]?$/;

export interface TrailView {
  /** Whether players' addresses are masked. */
  readonly maskAddresses: boolean;
}

/** A step as it is kept. */
interface KeptStep extends StepWords {
  readonly ms: number;
  /** What {@linkcode pack} makes of the candidates. */
  readonly candidates?: string;
}

interface Kept {
  readonly session: string;
  readonly start: TrailStart;
  readonly acceptedAt: number;
  /** The name of whoever was let in, or else the one that was claimed; empty before. */
  player: string;
  isIn: boolean;
  readonly first: KeptStep[];
  readonly last: KeptStep[];
  omitted: number;
}

/**
 * Keeps the trails of all running sessions, up to 10,000, and of those that are over the last 1,000 that were let in and the last
 * 1,000 that were not, so that a flood of these does not wash away the others. Each has at most 40 steps. Measured: 4 KiB for a
 * session that moves once among four backends, 15 KiB for one that moves on and on, at most 35 KiB.
 *
 * `now` is always milliseconds of a clock that never goes back.
 */
export class Trails {
  readonly #running = new Map<string, Kept>();
  readonly #over = new Map<string, Kept>();
  readonly #turnedAway = new Map<string, Kept>();

  /** A session begins; its connection was accepted at `acceptedAt`. */
  begin(session: string, start: TrailStart, acceptedAt: number): void {
    const first = [{ ms: 0, ...startWords(start) }];
    put(
      this.#running,
      { session, start, acceptedAt, player: "", isIn: false, first, last: [], omitted: 0 },
      MOST_RUNNING,
    );
  }

  /** Something happened in a session. */
  event(session: string, event: SessionEvent, now: number): void {
    const trail = this.#running.get(session);
    if (trail === undefined) return;
    const words = eventWords(event);
    if (words !== undefined) add(trail, { ms: since(trail, now), ...words });
    if (event.kind === "identified") {
      trail.player = event.player;
      trail.isIn = true;
    }
    if (event.kind !== "ended") return;
    trail.player ||= event.summary.player;
    this.#running.delete(session);
    put(trail.isIn ? this.#over : this.#turnedAway, trail, KEPT);
  }

  /** Routing has decided something about a session's player. */
  decided(session: string, decision: Decision, now: number): void {
    const trail = this.#running.get(session);
    if (trail === undefined) return;
    const { picked, candidates: all } = decision;
    const kept = all.filter(({ backend }, index) => index < MOST_CANDIDATES || backend === picked);
    add(trail, { ms: since(trail, now), ...decisionWords(decision), candidates: pack(kept, picked) });
  }

  /**
   * The trail that `who` means: the name of a player, in any case, or the id or end code of a session. Of several sessions of a name
   * it is the one that plays, or else the latest.
   */
  find(who: string, { maskAddresses }: TrailView): Trail | undefined {
    const found = this.#named(who.toLowerCase()) ?? this.#coded(who.toUpperCase());
    if (found === undefined) return undefined;
    const { session, player, start: { listener, ip, startedAt }, first, last, omitted } = found;
    const show = maskAddresses ? maskAddressesIn : (text: string): string => text;
    return {
      session,
      player,
      listener,
      ip: show(ip),
      startedAt: new Date(startedAt).toISOString(),
      steps: [...first, ...last].map((step) => shown(step, show)),
      omitted,
    };
  }

  #named(name: string): Kept | undefined {
    const isNamed = ({ player }: Kept): boolean => player !== "" && player.toLowerCase() === name;
    const playing = latest(this.#running.values().filter(isNamed));
    return playing ?? latest([...this.#over.values().filter(isNamed), ...this.#turnedAway.values().filter(isNamed)]);
  }

  #coded(code: string): Kept | undefined {
    // Ids have no letters that players may take for these digits.
    const session = (CODE.exec(code)?.[1] ?? "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");
    return this.#running.get(session) ?? this.#over.get(session) ?? this.#turnedAway.get(session);
  }
}

/** Adds the newest of `trails`, of which there are at most `most`. */
function put(trails: Map<string, Kept>, trail: Kept, most: number): void {
  trails.delete(trail.session);
  trails.set(trail.session, trail);
  if (trails.size <= most) return;
  const [oldest] = trails.keys();
  if (oldest !== undefined) trails.delete(oldest);
}

function latest(trails: Iterable<Kept>): Kept | undefined {
  let found: Kept | undefined;
  for (const trail of trails) if (found === undefined || trail.acceptedAt >= found.acceptedAt) found = trail;
  return found;
}

function add(trail: Kept, step: KeptStep): void {
  if (trail.first.length < HALF) {
    trail.first.push(step);
    return;
  }
  trail.last.push(step);
  if (trail.last.length <= HALF) return;
  trail.last.shift();
  trail.omitted++;
}

function since({ acceptedAt }: Kept, now: number): number {
  return Math.round(now - acceptedAt);
}

function shown({ candidates, ...step }: KeptStep, show: (text: string) => string): TrailStep {
  const found = { ...step, text: show(step.text) };
  return candidates === undefined ? found : { ...found, candidates: unpack(candidates) };
}

/** Much smaller than the objects. */
function pack(candidates: readonly DecisionCandidate[], picked: string | undefined): string {
  return JSON.stringify(candidates.map((candidate): Packed => {
    const { backend, state, players, maxPlayers, share, obstacle } = candidate;
    return [backend, state, players, maxPlayers, share, backend === picked, obstacle];
  }));
}

function unpack(text: string): readonly TrailCandidate[] {
  const all: readonly Packed[] = JSON.parse(text);
  return all.map(([backend, state, players, maxPlayers, share, picked, obstacle]) => {
    const why = obstacleText(obstacle ?? undefined);
    return { backend, state, players, maxPlayers, share, picked, why };
  });
}

type Packed = readonly [
  backend: string,
  state: DecisionCandidate["state"],
  players: number,
  maxPlayers: number,
  share: number,
  picked: boolean,
  obstacle: DecisionCandidate["obstacle"] | null,
];
