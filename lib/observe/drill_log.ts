/** What the log says about faults on purpose. */
import type { Log } from "./log.ts";

/** A drill, as operators know it. */
export interface LoggedDrill {
  readonly drill: string;
  readonly fault: string;
  readonly backend: string;
}

/** Logs that a drill begins. @param players Names of those whom it is for; `undefined` for all. */
export function logDrillBegun(
  log: Log,
  { drill, fault, backend }: LoggedDrill,
  { players, forMs }: { readonly players: readonly string[] | undefined; readonly forMs: number },
): void {
  log.warn("drill-begun", "connections to a backend are disturbed on purpose", {
    drill,
    fault,
    server: backend,
    players: players?.join(",") ?? "all",
    for_ms: forMs,
  });
}

/** Logs that a drill is over, and why. */
export function logDrillEnded(log: Log, { drill, fault, backend }: LoggedDrill, why: string): void {
  log.info("drill-ended", "connections to a backend are left alone again", { drill, fault, server: backend, why });
}
