/** What the log says about connections that were turned away. */
import type { Log } from "./log.ts";

/** A connection that became no session. */
export interface LoggedTurn {
  readonly listener: string;
  /** The peer's address. */
  readonly address: string | undefined;
  readonly reason: string;
  readonly detail: string;
}

/** What was counted of one reason. */
export interface LoggedTurns {
  readonly reason: string;
  readonly count: number;
  readonly addresses: number;
  /** One of the addresses. */
  readonly example: string | undefined;
}

/** Reasons that say nothing against anybody: whoever looks whether a port is open leaves without a byte. */
const HARMLESS: readonly string[] = ["empty", "given-up"];

/** Logs one of them, where every step is logged. */
export function logTurnedAway(log: Log, { listener, address, reason, detail }: LoggedTurn): void {
  log.debug("turned-away", "connection turned away", { listener, ip: address, reason, detail });
}

/** Logs how many there were, so that a flood of connections makes no flood of lines. */
export function logTurns(log: Log, turns: readonly LoggedTurns[]): void {
  for (const { reason, count, addresses, example } of turns) {
    const write = HARMLESS.includes(reason) ? log.debug : log.warn;
    write("turned-away-many", "connections turned away", { reason, count, addresses, ip: example });
  }
}
