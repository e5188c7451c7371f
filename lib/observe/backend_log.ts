/** What the log says about backends. */
import type { Log } from "./log.ts";

/** A backend went up or down. */
export interface LoggedChange {
  readonly backend: string;
  readonly state: "up" | "down";
  readonly cause: string;
}

/** Logs that a backend is given players again, or none any more. */
export function logBackendChange(log: Log, { backend, state, cause }: LoggedChange): void {
  if (state === "up") log.info("backend-up", "backend is up", { server: backend });
  else log.warn("backend-down", "backend is down", { server: backend, cause });
}
