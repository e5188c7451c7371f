import { choose, parseOptions, UsageError } from "../../bench/options.ts";
import { assertEquals, assertThrows } from "../harness/assert.ts";

const KNOWN = [{ name: "fanout-batched" }, { name: "fanout-unbatched" }, { name: "idle-1000" }, { name: "idle" }];

Deno.test("parseOptions() has defaults for everything", () => {
  assertEquals(parseOptions([]), {
    scenarios: undefined,
    peers: undefined,
    rounds: 5,
    seconds: 3,
    edgeCommand: undefined,
    vsCommand: undefined,
    json: undefined,
    help: false,
  });
});

Deno.test("parseOptions() splits lists at commas and commands at spaces", () => {
  const options = parseOptions([
    "--scenario",
    "bulk, idle",
    "--peers=edge,nginx",
    "--vs-command",
    "deno run  old/main.ts",
  ]);
  assertEquals(options.scenarios, ["bulk", "idle"]);
  assertEquals(options.peers, ["edge", "nginx"]);
  assertEquals(options.vsCommand, ["deno", "run", "old/main.ts"]);
});

Deno.test("parseOptions() refuses unknown options and numbers that are none", () => {
  for (const args of [["--rouns", "3"], ["--rounds", "0"], ["--rounds", "two"], ["--seconds", "1.5"], ["bulk"]]) {
    assertThrows(() => parseOptions(args), UsageError);
  }
});

Deno.test("choose() keeps the order of what is known", () => {
  assertEquals(choose("peer", KNOWN, ["idle", "fanout-batched"]), [{ name: "fanout-batched" }, { name: "idle" }]);
});

Deno.test("choose() takes all variants for the beginning of their name", () => {
  assertEquals(choose("scenario", KNOWN, ["fanout"], "variants"), KNOWN.slice(0, 2));
  assertEquals(choose("scenario", KNOWN, ["idle"], "variants"), KNOWN.slice(2));
});

Deno.test("choose() refuses what is not there and names what is", () => {
  assertThrows(() => choose("peer", KNOWN, ["fan"], "variants"), UsageError, 'peer "fan": there are fanout-batched');
});
