import { openSockets } from "../../lib/transport/open_sockets.ts";
import type { LogFields } from "../../lib/observe/log.ts";
import { assert, assertEquals } from "../harness/assert.ts";
import { quietLog } from "../harness/quiet_log.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
/** Everything that the program may do, but for calling libc. */
const NO_LIBC = ["--allow-net", "--allow-read", "--allow-write", "--allow-env", "--allow-run", "--allow-sys=osUptime"];
const WHY_NOT = "the program has no permission to call libc (--allow-ffi)";

/** Opens a driver, and returns which one the log says that it is, and why. */
async function driverTold(wanted: "auto" | "deno" | "epoll"): Promise<LogFields | undefined> {
  const told: (LogFields | undefined)[] = [];
  const sockets = openSockets(wanted, quietLog({ info: (_event, _message, fields) => told.push(fields) }));
  await sockets.close();
  assertEquals(told.length, 1);
  assertEquals(told[0]?.driver, sockets.driver);
  return told[0];
}

/** Runs the program without the permission to call libc until it listens or ends. Returns its log and its exit code. */
async function runWithoutLibc(driver: "auto" | "epoll"): Promise<{ readonly log: string; readonly code: number }> {
  const folder = await Deno.makeTempDir();
  const config = `${folder}/kurafuto.toml`;
  const lines = [
    "[edge]",
    `data_dir = "${folder}/data"`,
    `driver = "${driver}"`,
    'drain_timeout = "0s"',
    "[[listener]]",
    'name = "main"',
    'bind = "127.0.0.1:0"',
    'pool = "all"',
    'auth = "off"',
    "[[pool]]",
    'name = "all"',
    'backends = ["one"]',
    "[[backend]]",
    'name = "one"',
    'address = "127.0.0.1:1"',
  ];
  await Deno.writeTextFile(config, lines.join("\n"));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-prompt", ...NO_LIBC, "main.ts", "run", "-c", config],
    cwd: ROOT,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let log = "";
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    const isListening = log.includes(" listening");
    log += text;
    if (!isListening && log.includes(" listening")) child.kill("SIGTERM");
  }
  const { code } = await child.status;
  await Deno.remove(folder, { recursive: true });
  return { log, code };
}

Deno.test("Deno's own sockets are taken where they are asked for", async () => {
  assertEquals(await driverTold("deno"), { driver: "deno", why: "edge.driver asks for it" });
});

Deno.test({
  name: "epoll is taken where it is asked for and where it can be had",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    assertEquals(await driverTold("epoll"), { driver: "epoll", why: "edge.driver asks for it" });
    assertEquals(await driverTold("auto"), { driver: "epoll", why: "it can be had" });
  },
});

Deno.test({
  name: "a program that may not call libc takes Deno's own sockets by itself, and says why",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const { log, code } = await runWithoutLibc("auto");
    assert(log.includes("driver=deno") && log.includes(`no epoll: ${WHY_NOT}`), log);
    assertEquals(code, 0, log);
  },
});

Deno.test({
  name: "a program that may not call libc but is to does not start, and says what to do",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const { log, code } = await runWithoutLibc("epoll");
    assert(log.includes(`Cannot use driver "epoll": ${WHY_NOT} (set edge.driver to "auto" or "deno")`), log);
    assertEquals(code, 1, log);
  },
});
