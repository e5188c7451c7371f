import { formatDuration, formatRate, formatSize, parseDuration, parseRate, parseSize } from "../../lib/config/units.ts";
import { assertEquals, assertThrows } from "../harness/assert.ts";

Deno.test("parseDuration reads each unit as milliseconds", () => {
  const durations = { "0s": 0, "250ms": 250, "30s": 30_000, "5m": 300_000, "24h": 86_400_000, "7d": 604_800_000 };
  for (const [text, ms] of Object.entries(durations)) assertEquals(parseDuration(text), ms, text);
});

Deno.test("parseDuration refuses what is no whole number and unit, and offers what was meant", () => {
  const refused = {
    "": "",
    "s": "",
    "-5s": "",
    "1h30m": "",
    "1.5s": "",
    "30": ` (did you mean "30s"?)`,
    "30 s": ` (did you mean "30s"?)`,
    "30S": ` (did you mean "30s"?)`,
    "30sec": ` (did you mean "30s"?)`,
    "30min": ` (did you mean "30m"?)`,
    "250MS": ` (did you mean "250ms"?)`,
    "30msec": ` (did you mean "30ms"?)`,
    "30 milliseconds": "",
    "2days": ` (did you mean "2d"?)`,
    "2w": "",
    "5toString": "",
  };
  for (const [text, hint] of Object.entries(refused)) {
    const error = assertThrows(() => parseDuration(text), SyntaxError);
    assertEquals(
      error.message,
      `Cannot read duration as it must be a whole number and ms, s, m, h or d: current value is "${text}"${hint}`,
    );
  }
});

Deno.test("parseSize reads each unit as bytes", () => {
  const sizes = { "0B": 0, "512B": 512, "64KiB": 65_536, "8MiB": 8_388_608, "1GiB": 1_073_741_824 };
  for (const [text, bytes] of Object.entries(sizes)) assertEquals(parseSize(text), bytes, text);
});

Deno.test("parseSize refuses other units and offers what was meant", () => {
  const refused = {
    "": "",
    "KiB": "",
    "-1B": "",
    "64": ` (did you mean "64B"?)`,
    "64K": ` (did you mean "64KiB"?)`,
    "64KB": ` (did you mean "64KiB"?)`,
    "64kib": ` (did you mean "64KiB"?)`,
    "8 MB": ` (did you mean "8MiB"?)`,
    "1TiB": "",
  };
  for (const [text, hint] of Object.entries(refused)) {
    const error = assertThrows(() => parseSize(text), SyntaxError);
    assertEquals(
      error.message,
      `Cannot read size as it must be a whole number and B, KiB, MiB or GiB: current value is "${text}"${hint}`,
    );
  }
});

Deno.test("parseRate reads a count and a window", () => {
  assertEquals(parseRate("10/10s"), { count: 10, windowMs: 10_000 });
  assertEquals(parseRate("1/250ms"), { count: 1, windowMs: 250 });
});

Deno.test("parseRate refuses what is not both a count and a window above zero", () => {
  for (const text of ["", "10", "10/", "/10s", "0/10s", "10/0s", "10/10", "ten/10s", "10/10s/1s"]) {
    assertThrows(() => parseRate(text), SyntaxError, `current value is "${text}"`);
  }
});

Deno.test("formatDuration takes the greatest unit that needs no fraction", () => {
  const durations = {
    "0s": 0,
    "1ms": 1,
    "1500ms": 1500,
    "90s": 90_000,
    "5m": 300_000,
    "1d": 86_400_000,
    "36h": 129_600_000,
  };
  for (const [text, ms] of Object.entries(durations)) assertEquals(formatDuration(ms), text);
});

Deno.test("formatSize takes the greatest unit that needs no fraction", () => {
  const sizes = {
    "0B": 0,
    "1B": 1,
    "1KiB": 1024,
    "1025B": 1025,
    "1536KiB": 1_572_864,
    "8MiB": 8_388_608,
    "2GiB": 2 ** 31,
  };
  for (const [text, bytes] of Object.entries(sizes)) assertEquals(formatSize(bytes), text);
});

Deno.test("formatRate writes what parseRate reads", () => {
  for (const text of ["10/10s", "1/250ms", "200/1m"]) assertEquals(formatRate(parseRate(text)), text);
});
