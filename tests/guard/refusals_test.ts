import { Refusals } from "../../lib/guard/refusals.ts";
import { assertEquals } from "../harness/assert.ts";

type Reason = "banned" | "empty";

Deno.test("the first of a reason is told at once, the next ones together and not within ten seconds", () => {
  const refusals = new Refusals<Reason>();
  assertEquals(refusals.due(0), []);
  refusals.add("banned", "192.0.2.1");
  assertEquals(refusals.due(1000), [{ reason: "banned", count: 1, addresses: 1, example: "192.0.2.1" }]);
  for (let index = 0; index < 50; index++) refusals.add("banned", `192.0.2.${index % 5}`);
  assertEquals([refusals.due(1000), refusals.due(10_999)], [[], []]);
  assertEquals(refusals.due(11_000), [{ reason: "banned", count: 50, addresses: 5, example: "192.0.2.0" }]);
  assertEquals(refusals.due(60_000), []);
  assertEquals([refusals.total("banned"), refusals.total("empty")], [51, 0]);
});

Deno.test("reasons are told apart", () => {
  const refusals = new Refusals<Reason>();
  refusals.add("banned", "192.0.2.1");
  assertEquals(refusals.due(0).length, 1);
  refusals.add("banned", "192.0.2.1");
  refusals.add("empty");
  assertEquals(refusals.due(5000), [{ reason: "empty", count: 1, addresses: 0, example: undefined }]);
  assertEquals(refusals.due(10_000).map(({ reason }) => reason), ["banned"]);
  assertEquals(refusals.totals(), [["banned", 2], ["empty", 1]]);
});

Deno.test("a flood from many addresses is one line for each ten seconds, and remembers only so many of them", () => {
  const refusals = new Refusals<Reason>();
  let lines = 0;
  for (let now = 0; now < 60_000; now += 10) {
    for (let index = 0; index < 20; index++) refusals.add("empty", `${now}.${index}`);
    lines += refusals.due(now).length;
  }
  assertEquals(lines, 6);
  assertEquals(refusals.due(60_000).map(({ count, addresses }) => [count, addresses]), [[19_980, 1000]]);
});
