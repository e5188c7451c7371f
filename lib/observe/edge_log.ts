/** What the log says about what an operator asks of the edge. */
import type { ReloadResult } from "./edge_event.ts";
import type { Log } from "./log.ts";

/** What a backend was told. */
export interface LoggedOrder {
  readonly backend: string;
  readonly order: "drained" | "enabled";
  /** Whether those who are there are to go elsewhere. */
  readonly move: boolean;
}

/** What a reload came to. */
export interface LoggedReload {
  readonly result: ReloadResult;
  /** What changed, or why nothing did. */
  readonly lines: readonly string[];
  /** Settings without effect. */
  readonly warnings?: readonly string[];
  /** Until when it must be confirmed. */
  readonly confirmBy?: string;
}

/** Logs what a reload came to, and each change or problem in a line of its own. */
export function logReload(log: Log, { result, lines, warnings = [], confirmBy }: LoggedReload): void {
  for (const warning of warnings) log.warn("reload-warning", "setting has no effect", { warning });
  switch (result) {
    case "applied":
      for (const change of lines) log.info("reload-change", "configuration changes", { change });
      log.info("reload", "configuration is in effect", { result, changes: lines.length, confirm_by: confirmBy });
      break;
    case "unchanged":
      log.info("reload", "configuration is what runs already", { result, confirm_by: confirmBy });
      break;
    case "confirmed":
      log.info("reload", "configuration stays", { result });
      break;
    case "rolled-back":
      for (const change of lines) log.warn("reload-change", "configuration changes", { change });
      log.warn("reload", "configuration of before is in effect again", { result, changes: lines.length });
      break;
    case "refused":
      for (const problem of lines) log.error("reload-problem", "configuration cannot be used", { problem });
      log.error("reload", "configuration was refused, nothing has changed", { result, problems: lines.length });
  }
}

/** Logs that a backend is given players again, or none any more, because an operator wants it. */
export function logBackendOrder(log: Log, { backend, order, move }: LoggedOrder): void {
  if (order === "enabled") log.info("backend-enabled", "backend is given players again", { server: backend });
  else log.info("backend-drained", "backend is given no more players", { server: backend, move });
}

/** What went over to another process. */
export interface LoggedUpgrade {
  readonly pid: number;
  /** Sessions. */
  readonly count: number;
  /** Milliseconds for which they stood still. */
  readonly ms: number;
  /** Sessions that the other process would not have. */
  readonly refused: readonly { readonly session: string; readonly why: string }[];
}

/** Logs that another process has taken over, and each session that it would not have. */
export function logUpgrade(log: Log, { pid, count, ms, refused }: LoggedUpgrade): void {
  for (const { session, why } of refused) log.warn("session-stays", "session cannot go over", { session, why });
  log.info("upgraded", "another process has taken over", { pid, sessions: count, ms: Math.round(ms) });
}

/** Logs that none has, and each problem of its configuration in a line of its own. */
export function logUpgradeRefused(log: Log, why: string, problems: readonly string[] = []): void {
  for (const problem of problems) log.error("upgrade-problem", "configuration cannot be used", { problem });
  log.error("upgrade-refused", "no other process takes over, everything goes on as before", { why });
}
