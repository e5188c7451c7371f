import {
  cpuBetween,
  isAlive,
  parseBusyTime,
  parseCpuList,
  parseOpenFileLimit,
  parseParent,
  parseProcessTime,
  parseResidentBytes,
  parseThreadTime,
  readProcessTime,
  readProcessTree,
} from "../../bench/accounting.ts";
import { assert, assertEquals } from "../harness/assert.ts";

const STAT = "4711 (a (strange) name) S 42 4711 4711 0 -1 4194560 1 2 3 4 250 125 0 0 20 0 5 0 100 1000 200";

Deno.test("parseProcessTime() adds user and system ticks behind a name with parentheses and spaces", () => {
  assertEquals(parseProcessTime(STAT), 3.75);
});

Deno.test("parseParent() finds the parent behind a name with parentheses and spaces", () => {
  assertEquals(parseParent(STAT), 42);
});

Deno.test("parseThreadTime() reads nanoseconds", () => {
  assertEquals(parseThreadTime("1500000000 123 7\n"), 1.5);
});

Deno.test("parseBusyTime() leaves out idling and waiting for disks", () => {
  assertEquals(parseBusyTime("cpu  100 20 300 9000 800 1 2 3 50 60\ncpu0 1 1 1 1 1 1 1 1 0 0\n"), 4.26);
});

Deno.test("parseResidentBytes() reads KiB, and 0 of a process without memory", () => {
  assertEquals(parseResidentBytes("Name:\tx\nVmHWM:\t    9 kB\nVmRSS:\t    2048 kB\nRssAnon:\t 1 kB\n"), 2 * 1024 ** 2);
  assertEquals(parseResidentBytes("Name:\tkthreadd\nState:\tS\n"), 0);
});

Deno.test("parseOpenFileLimit() reads the hard limit", () => {
  const limits = (hard: string): string =>
    `Limit                     Soft Limit           Hard Limit           Units\nMax open files            1024                 ${hard}               files\n`;
  assertEquals(parseOpenFileLimit(limits("20000")), 20000);
  assertEquals(parseOpenFileLimit(limits("unlimited")), Infinity);
});

Deno.test("parseCpuList() reads ranges and single CPUs", () => {
  assertEquals(parseCpuList("0-2,5,7-7\n"), [0, 1, 2, 5, 7]);
  assertEquals(parseCpuList("3"), [3]);
  assertEquals(parseCpuList(""), []);
});

Deno.test("cpuBetween() adds what each thread used, new ones included", () => {
  const before = { ticked: 1, threads: new Map([["1", 0.5], ["2", 0.25]]) };
  const after = { ticked: 9, threads: new Map([["1", 0.75], ["2", 0.25], ["3", 2]]) };
  assertEquals(cpuBetween(before, after), 2.25);
});

Deno.test("cpuBetween() falls back to ticks where a thread has ended or none is told", () => {
  const before = { ticked: 1, threads: new Map([["1", 0.5], ["2", 0.25]]) };
  assertEquals(cpuBetween(before, { ticked: 3, threads: new Map([["1", 0.75]]) }), 2);
  assertEquals(cpuBetween(before, { ticked: 4, threads: new Map() }), 3);
});

Deno.test({
  name: "readProcessTime() and readProcessTree() see this process",
  ignore: Deno.build.os !== "linux",
  fn: () => {
    const time = readProcessTime(Deno.pid);
    assert(time.ticked > 0 || time.threads.size > 0);
    assertEquals(readProcessTree(Deno.pid)[0], Deno.pid);
    assert(isAlive(Deno.pid));
  },
});

Deno.test({
  name: "readProcessTree() sees a child, and isAlive() its end",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const child = new Deno.Command("cat", { stdin: "piped" }).spawn();
    assert(readProcessTree(Deno.pid).includes(child.pid));
    await child.stdin.close();
    await child.status;
    assert(!isAlive(child.pid));
    assertEquals(readProcessTime(child.pid), { ticked: 0, threads: new Map() });
  },
});
