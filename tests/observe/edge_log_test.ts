import { logBackendOrder, logReload } from "../../lib/observe/edge_log.ts";
import { type Log, openLog } from "../../lib/observe/log.ts";
import { assertEquals } from "../harness/assert.ts";

/** What `tell` logs, without the time. */
function linesOf(tell: (log: Log) => void): readonly string[] {
  const lines: string[] = [];
  tell(openLog({ write: (line) => lines.push(line.slice(25, -1)) }));
  return lines;
}

Deno.test("a reload is told with each change", () => {
  const lines = linesOf((log) => {
    const confirmBy = "2026-01-02T03:04:05.678Z";
    logReload(log, { result: "applied", lines: ['backend "hub": removed', "limits: chat_rate"], confirmBy });
    logReload(log, { result: "unchanged", lines: [] });
    logReload(log, { result: "confirmed", lines: [] });
    logReload(log, { result: "rolled-back", lines: ["limits: chat_rate"] });
  });
  assertEquals(lines, [
    String.raw`INFO  configuration changes change="backend \"hub\": removed"`,
    'INFO  configuration changes change="limits: chat_rate"',
    "INFO  configuration is in effect result=applied changes=2 confirm_by=2026-01-02T03:04:05.678Z",
    "INFO  configuration is what runs already result=unchanged",
    "INFO  configuration stays result=confirmed",
    'WARN  configuration changes change="limits: chat_rate"',
    "WARN  configuration of before is in effect again result=rolled-back changes=1",
  ]);
});

Deno.test("a refused reload is an error with each problem", () => {
  const lines = linesOf((log) => logReload(log, { result: "refused", lines: ["kurafuto.toml:3: unknown key"] }));
  assertEquals(lines, [
    'ERROR configuration cannot be used problem="kurafuto.toml:3: unknown key"',
    "ERROR configuration was refused, nothing has changed result=refused problems=1",
  ]);
});

Deno.test("a backend that an operator drains or enables is told of", () => {
  const lines = linesOf((log) => {
    logBackendOrder(log, { backend: "hub", order: "drained", move: true });
    logBackendOrder(log, { backend: "hub", order: "enabled", move: false });
  });
  assertEquals(lines, [
    "INFO  backend is given no more players server=hub move=true",
    "INFO  backend is given players again server=hub",
  ]);
});
