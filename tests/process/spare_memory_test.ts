import { assertEquals } from "../harness/assert.ts";
import { runPermitted } from "../harness/permitted.ts";
import { SpareMemory } from "../../lib/process/spare_memory.ts";

const ROOT = new URL("../../", import.meta.url);
const MIB = 1 << 20;
/** glibc, which this is about, is that of Linux. */
const ignore = Deno.build.os !== "linux";

/** Has the C library keep 64 MiB in small pieces with a last one behind them that is still needed, and prints what the process has. */
const HOARDER = `
  import { SpareMemory } from "${new URL("lib/process/spare_memory.ts", ROOT)}";
  const { symbols: { malloc, free, memset } } = Deno.dlopen("libc.so.6", {
    malloc: { parameters: ["usize"], result: "pointer" },
    free: { parameters: ["pointer"], result: "void" },
    memset: { parameters: ["pointer", "i32", "usize"], result: "pointer" },
  });
  const spare = SpareMemory.open({ residentBytes: () => Deno.memoryUsage().rss, cpuMs: () => 0 });
  const before = Deno.memoryUsage().rss;
  const pieces = Array.from({ length: 1024 }, () => malloc(65_536n));
  for (const piece of pieces) memset(piece, 1, 65_536n);
  for (const piece of pieces.slice(0, -1)) free(piece);
  const kept = Deno.memoryUsage().rss - before;
  await spare?.look();
  await spare?.look();
  const left = Deno.memoryUsage().rss - before;
  spare?.close();
  console.log(JSON.stringify({ kept, left }));
`;

Deno.test({
  name:
    "what the C library keeps of memory that is free again goes back to the system, within the permissions of the program",
  ignore,
  fn: async () => {
    const { kept, left } = JSON.parse(await runPermitted(HOARDER));
    assertEquals({ kept: kept > 48 * MIB, left: left < 16 * MIB }, { kept: true, left: true });
  },
});

Deno.test({
  name:
    "memory is given back once the process has grown since the last time and is calm, and not again before it has grown once more",
  ignore,
  fn: async () => {
    const readings: number[] = [];
    let resident = 100 * MIB;
    let cpuMs = 0;
    const spare = SpareMemory.open({
      residentBytes: () => {
        readings.push(resident);
        return resident;
      },
      cpuMs: () => cpuMs,
    });
    const looksTwice = async (bytes: number): Promise<boolean> => {
      resident = bytes;
      readings.length = 0;
      await spare?.look();
      return readings.length === 2;
    };
    assertEquals(await looksTwice(103 * MIB), false);
    assertEquals(await looksTwice(103 * MIB), false);
    assertEquals(await looksTwice(104 * MIB), false, "it grows");
    assertEquals(await looksTwice(104 * MIB), true);
    assertEquals(await looksTwice(107 * MIB), false);
    assertEquals(await looksTwice(107 * MIB), false);
    assertEquals(await looksTwice(90 * MIB), false);
    assertEquals(await looksTwice(94 * MIB), false, "it grows");
    cpuMs += 60_000;
    assertEquals(await looksTwice(94 * MIB), false, "it is busy");
    assertEquals(await looksTwice(94 * MIB), true);
    spare?.close();
    assertEquals(await looksTwice(200 * MIB), false);
  },
});
