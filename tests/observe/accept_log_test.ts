import { AcceptLog } from "../../lib/observe/accept_log.ts";
import type { LogFields } from "../../lib/observe/log_format.ts";
import { assertEquals } from "../harness/assert.ts";

Deno.test("a listener that cannot accept is told of once in ten seconds, whatever befalls others", () => {
  const lines: (LogFields | undefined)[] = [];
  const nothing = (): void => {};
  const error = (_: string, __: string, fields?: LogFields): void => void lines.push(fields);
  const log = new AcceptLog({ debug: nothing, info: nothing, warn: nothing, error });
  for (let now = 0; now <= 20_000; now += 100) log.failed("main", new Error("Too many open files"), now);
  log.failed("web", "no reason", 20_000);
  const main = { listener: "main", err: "Too many open files" };
  assertEquals(lines, [main, main, main, { listener: "web", err: "no reason" }]);
});
