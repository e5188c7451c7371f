import { logHeartbeat } from "../../lib/observe/heartbeat_log.ts";
import { openLog } from "../../lib/observe/log.ts";
import type { PublisherEvent } from "../../lib/heartbeat/publisher.ts";
import { assertEquals } from "../harness/assert.ts";

const URL = "https://www.classicube.net/server/play/0123/";

function logged(event: PublisherEvent): string {
  let written = "";
  const log = openLog({ write: (line) => written += line, now: () => 0 });
  logHeartbeat(log, { listener: "main", list: "www.classicube.net" }, event);
  return written.replace("1970-01-01T00:00:00.000Z ", "");
}

Deno.test("a listing is logged with its address, and after how many failures", () => {
  assertEquals(
    logged({ kind: "listed", url: URL, changed: true, failures: 0 }),
    `INFO  server list has the listener listener=main list=www.classicube.net url=${URL}\n`,
  );
  assertEquals(
    logged({ kind: "listed", url: URL, changed: false, failures: 7 }),
    `INFO  server list has the listener listener=main list=www.classicube.net url=${URL} failures=7\n`,
  );
});

Deno.test("a failure is logged as a warning that says why and what to do", () => {
  const failure = { kind: "not-listed", reason: "refused", explanation: "port closed", advice: "open it" } as const;
  assertEquals(
    logged({ kind: "failed", failure, failures: 3 }),
    "WARN  server list does not take the heartbeat listener=main list=www.classicube.net reason=refused " +
      'cause="port closed" advice="open it" failures=3\n',
  );
});
