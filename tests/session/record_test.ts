import { SessionRecord } from "../../lib/session/record.ts";
import { assertEquals } from "../harness/assert.ts";

Deno.test("stages took as long in another process as in the one where they were completed, in whole milliseconds", () => {
  const [writtenAt, resumedAt] = [2_000.7, 77_000.3];
  const before = new SessionRecord(1_000);
  before.reach("handshake", 1_004.2);
  before.reach("login", 1_019.9);
  before.reach("map", 1_100);
  const after = new SessionRecord(Math.floor(resumedAt - (writtenAt - 1_000)));
  after.resume(before.writeDown(writtenAt), resumedAt);
  const { handshake, login, map } = after.figures(80_000).timers;
  assertEquals([handshake, login, map], [5, 15, 80]);
});
