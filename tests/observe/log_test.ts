import { type LogFields, type LogOptions, openLog } from "../../lib/observe/log.ts";
import { assert, assertEquals, assertStringIncludes } from "../harness/assert.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

/** Text that tries to end the line, to forge a field, to hide and to reorder. */
const HOSTILE = 'Bob" level=error\n2026 ERROR \u001b[31m\u0085\u2028\u202e\u2066\u200f\u061c\ufeff\u{e0041}\ud800';

/** Opens a log that keeps its lines, each of which must be one. */
function keptLog(options: LogOptions = {}): { log: ReturnType<typeof openLog>; lines: string[] } {
  const lines: string[] = [];
  const write = (line: string): void => {
    assert(line.endsWith("\n") && line.indexOf("\n") === line.length - 1, "one line with one line feed");
    lines.push(line.slice(0, -1));
  };
  return { log: openLog({ write, now: () => NOW, ...options }), lines };
}

Deno.test("log writes text with time, level, message and fields", () => {
  const { log, lines } = keptLog({ level: "debug" });
  log.debug("dial", "Dialling backend", { backend: "hub", address: "127.0.0.1:25566", tries: 2, first: false });
  log.info("start", "Listening");
  log.warn("limit", "Limit reached", { player: "a b", empty: "", none: null, missing: undefined });
  log.error("bind", "Cannot bind listener", { error: new Error("in use") });
  assertEquals(lines, [
    "2026-01-02T03:04:05.678Z DEBUG Dialling backend backend=hub address=127.0.0.1:25566 tries=2 first=false",
    "2026-01-02T03:04:05.678Z INFO  Listening",
    '2026-01-02T03:04:05.678Z WARN  Limit reached player="a b" empty="" none=null',
    '2026-01-02T03:04:05.678Z ERROR Cannot bind listener error="in use"',
  ]);
});

Deno.test("log writes JSON with its own parts first", () => {
  const { log, lines } = keptLog({ format: "json" });
  log.warn("limit", "Limit reached", {
    player: "Bob",
    count: 3,
    big: 10n,
    none: null,
    error: new Error("x"),
    missing: undefined,
  });
  assertEquals(lines, [
    '{"time":"2026-01-02T03:04:05.678Z","level":"warn","msg":"Limit reached","event":"limit",' +
    '"player":"Bob","count":3,"big":"10","none":null,"error":"x"}',
  ]);
});

Deno.test("log leaves braces in messages and values as they are", () => {
  const { log, lines } = keptLog();
  log.info("x", "{player} joined", { player: "{x}" });
  assertEquals(lines, ['2026-01-02T03:04:05.678Z INFO  {player} joined player="{x}"']);
});

Deno.test("log lets no value forge or damage a line of text", () => {
  const { log, lines } = keptLog();
  log.info("chat", HOSTILE, { text: HOSTILE, [HOSTILE]: 1, error: new Error(HOSTILE) });
  const escaped = String.raw`\u001b[31m\u0085\u2028\u202e\u2066\u200f\u061c\ufeff\udb40\udc41\ud800`;
  assertStringIncludes(lines[0] ?? "", String.raw` text="Bob\" level=error\n2026 ERROR ${escaped}" `);
  assertEquals(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(lines[0] ?? ""), false);
});

Deno.test("log lets no value damage a line of JSON, and keeps the value", () => {
  const { log, lines } = keptLog({ format: "json" });
  const fields: LogFields = { text: HOSTILE, [HOSTILE]: 1 };
  log.info(HOSTILE, HOSTILE, fields);
  assertEquals(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(lines[0] ?? ""), false);
  const read = JSON.parse(lines[0] ?? "");
  assertEquals([read.level, read.msg, read.event, read.text, read[HOSTILE]], ["info", HOSTILE, HOSTILE, HOSTILE, 1]);
});

Deno.test("log writes nothing below its level, and does not look at the fields", () => {
  const { log, lines } = keptLog({ level: "warn" });
  const trap = {
    get player(): string {
      throw new Error("looked at");
    },
  };
  log.debug("a", "a", trap);
  log.info("b", "b", trap);
  log.warn("c", "c");
  log.error("d", "d");
  assertEquals(lines.map((line) => line.at(-1)), ["c", "d"]);
});

Deno.test("log survives a writer that fails", () => {
  let calls = 0;
  const log = openLog({
    write: () => {
      calls++;
      throw new Error("no space left");
    },
  });
  log.info("a", "a");
  log.error("b", "b");
  assertEquals(calls, 2);
});

Deno.test("log opened again redirects earlier holders", () => {
  const first = keptLog();
  const second = keptLog({ format: "json" });
  first.log.info("a", "still heard");
  assertEquals(first.lines, []);
  assertEquals(JSON.parse(second.lines[0] ?? "").msg, "still heard");
});

Deno.test("log has written every line to standard error when the process exits", async () => {
  const program = `import { openLog } from "./lib/observe/log.ts";
    const log = openLog();
    for (let i = 0; i < 5000; i++) log.info("x", "line", { i, pad: "x".repeat(100) });
    Deno.exit(3);`;
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", program],
    cwd: `${import.meta.dirname}/../..`,
    signal: AbortSignal.timeout(60_000),
  }).output();
  assertEquals(code, 3);
  assertEquals(new TextDecoder().decode(stderr).match(/^.* line i=\d+ pad=x{100}$/gm)?.length, 5000);
});
