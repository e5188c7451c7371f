/** A log that writes nothing. */
import type { Log, OpenLog } from "../../lib/observe/log.ts";

/** @param heard Is called instead of nothing. */
export function quietLog(heard: Partial<Log> = {}): OpenLog {
  const nothing = (): void => {};
  const log = { debug: nothing, info: nothing, warn: nothing, error: nothing, ...heard };
  return { ...log, configure: nothing, reopen: nothing, close: nothing };
}
