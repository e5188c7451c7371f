import { type LogFields, type LogOptions, openLog } from "../../lib/observe/log.ts";
import { UnusableFileError } from "../../lib/config/unusable_file.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "../harness/assert.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

/** Text that tries to end the line, to forge a field, to hide and to reorder. */
const HOSTILE = 'Bob" level=error\n2026 ERROR \u001b[31m\u0085\u2028\u202e\u2066\u200f\u061c\ufeff\u{e0041}\ud800';

/** Runs `test` with the path of a folder of its own. */
function inFolder(test: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync({ prefix: "kurafuto-test-" });
  try {
    test(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

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

Deno.test("log changes level, format and masking under those who hold it", () => {
  const { log, lines } = keptLog({ level: "error" });
  const { info, debug } = log;
  info("a", "lost");
  log.configure({ level: "info" });
  info("b", "plain", { ip: "192.0.2.7" });
  debug("c", "lost");
  log.configure({ level: "debug", format: "json", maskAddresses: true });
  debug("d", "masked", { ip: "192.0.2.7" });
  log.configure({ level: "warn" });
  info("e", "lost");
  assertEquals(lines, [
    "2026-01-02T03:04:05.678Z INFO  plain ip=192.0.2.7",
    '{"time":"2026-01-02T03:04:05.678Z","level":"debug","msg":"masked","event":"d","ip":"192.0.2.x"}',
  ]);
});

Deno.test("log masks addresses of players, and those alone", () => {
  const { log, lines } = keptLog({ maskAddresses: true });
  log.info("ended", "from 192.0.2.7", {
    ip: "2001:db8:1:2::7",
    address: "192.0.2.7:25565",
    peer: "192.0.2.8",
    detail: "logged in from 192.0.2.7",
    cause: "hub: kicked: 192.0.2.7 is banned; cannot connect to 192.0.2.9:25566",
    err: new Error("reset by 192.0.2.7"),
  });
  assertEquals(lines, [
    "2026-01-02T03:04:05.678Z INFO  from 192.0.2.7 ip=2001:db8:1::x address=192.0.2.7:25565 peer=192.0.2.8 " +
    'detail="logged in from 192.0.2.x" cause="hub: kicked: 192.0.2.x is banned; cannot connect to 192.0.2.9:25566" ' +
    'err="reset by 192.0.2.x"',
  ]);
});

Deno.test("log adds to its file, which others of the group may read, and goes on in a new one when the old was renamed", () => {
  inFolder((folder) => {
    const path = `${folder}/edge.log`;
    Deno.writeTextFileSync(path, "from before\n", { mode: 0o640 });
    const { log, lines } = keptLog({ file: path });
    log.info("a", "first");
    Deno.renameSync(path, `${path}.1`);
    log.info("b", "second");
    log.reopen();
    log.info("c", "third");
    log.close();
    log.info("d", "fourth");
    const stamp = "2026-01-02T03:04:05.678Z INFO ";
    assertEquals(Deno.readTextFileSync(`${path}.1`), `from before\n${stamp} first\n${stamp} second\n`);
    assertEquals(Deno.readTextFileSync(path), `${stamp} third\n`);
    assertEquals((Deno.statSync(path).mode ?? 0) & 0o137, 0);
    assertEquals(lines, [`${stamp} fourth`]);
  });
});

Deno.test("log moves from file to file, and stays where it is when the next cannot be opened", () => {
  inFolder((folder) => {
    const [one, two] = [`${folder}/one.log`, `${folder}/two.log`];
    const { log, lines } = keptLog({ file: one });
    assertThrows(
      () => log.configure({ file: `${folder}/none/x.log`, level: "error" }),
      UnusableFileError,
      "Cannot use log.file",
    );
    log.info("a", "first");
    log.configure({ file: two });
    log.info("b", "second");
    log.configure({});
    log.info("c", "third");
    assertEquals([one, two].map((path) => Deno.readTextFileSync(path).slice(31)), ["first\n", "second\n"]);
    assertEquals(lines.map((line) => line.slice(31)), ["third"]);
    assertThrows(() => openLog({ file: `${folder}/none/x.log` }), UnusableFileError, `${folder}/none/x.log`);
  });
});

Deno.test("log that cannot open its file anew stays with the old one and says so", () => {
  inFolder((folder) => {
    Deno.mkdirSync(`${folder}/logs`);
    const { log } = keptLog({ file: `${folder}/logs/edge.log` });
    Deno.renameSync(`${folder}/logs`, `${folder}/old`);
    log.reopen();
    log.info("a", "still here");
    log.close();
    const lines = Deno.readTextFileSync(`${folder}/old/edge.log`).split("\n");
    assertStringIncludes(lines[0] ?? "", "ERROR cannot open the log file anew, the old one stays err=");
    assertStringIncludes(lines[1] ?? "", "INFO  still here");
  });
});

Deno.test({
  name: "log whose disk is full goes on elsewhere, and says so once",
  ignore: Deno.build.os !== "linux",
  fn: () => {
    const { log, lines } = keptLog({ file: "/dev/full" });
    log.info("a", "first");
    log.info("b", "second");
    log.close();
    assertEquals(lines.map((line) => line.slice(25, 66)), [
      "INFO  first",
      "ERROR cannot write to the log file, lines",
      "INFO  second",
    ]);
  },
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
