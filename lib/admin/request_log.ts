/** What the log says about requests to the admin API: each order, and refusals, those of one kind once a minute. */
import { asError } from "../error_message.ts";
import type { Log } from "../observe/log.ts";

/** A request that was answered. */
export interface AnsweredRequest {
  /** The caller's address. */
  readonly peer: string;
  readonly method: string;
  readonly path: string;
  /** HTTP status. */
  readonly status: number;
}

interface Refusals {
  readonly at: number;
  /** Those since then that were not logged. */
  unsaid: number;
}

/** How often refusals with one status are logged. */
const REFUSAL_MS = 60_000;
/** Refusals that somebody who may not use the API provokes. */
const UNWELCOME: ReadonlySet<number> = new Set([401, 403, 429]);

/** See the file's first line. */
export class RequestLog {
  readonly #log: Log;
  readonly #now: () => number;
  /** By status. */
  readonly #refusals = new Map<number, Refusals>();

  /** @param now Milliseconds of a clock that never goes back. */
  constructor(log: Log, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  answered({ peer, method, path, status }: AnsweredRequest): void {
    if (UNWELCOME.has(status)) this.#refused(peer, path, status);
    else if (method === "POST") this.#log.info("admin-order", "order by the admin API", { ip: peer, path, status });
  }

  /** Something failed that should not. */
  failed(peer: string, path: string, error: unknown): void {
    const fields = { ip: peer, path, err: asError(error) };
    this.#log.error("admin-failed", "error while a request to the admin API was answered", fields);
  }

  #refused(peer: string, path: string, status: number): void {
    const logged = this.#refusals.get(status);
    const now = this.#now();
    if (logged !== undefined && now - logged.at < REFUSAL_MS) {
      logged.unsaid++;
      return;
    }
    this.#refusals.set(status, { at: now, unsaid: 0 });
    const unsaid = logged?.unsaid || undefined;
    this.#log.warn("admin-refused", "request to the admin API refused", { ip: peer, path, status, unsaid });
  }
}
