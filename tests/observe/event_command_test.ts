import { EventCommand, type EventCommandOptions } from "../../lib/observe/event_command.ts";
import { assert, assertEquals, assertStringIncludes } from "../harness/assert.ts";
import { eventually } from "../harness/kernel.ts";
import { WatchedLog } from "./watched_log.ts";

const STARTED = "has started";
const ENDED = "does not run";
const SLOW = "is too slow";

interface Scene {
  readonly watched: WatchedLog;
  /** A file for the program to write to: `$0` of its script. */
  readonly path: string;
  start(script: string, options?: Partial<EventCommandOptions>): EventCommand;
}

/** A test with shell scripts as programs. */
function scene(name: string, act: (scene: Scene) => Promise<void>): void {
  Deno.test({
    name,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      const folder = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
      const watched = new WatchedLog();
      const path = `${folder}/out`;
      const start: Scene["start"] = (script, options = {}) => {
        const command = ["sh", "-c", script, path];
        return new EventCommand({ command, log: watched.log, pauseMs: 5, graceMs: 10_000, ...options });
      };
      try {
        await act({ watched, path, start });
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

function add(command: EventCommand, from: number, to: number, padding = ""): void {
  for (let i = from; i <= to; i++) command.add(`${JSON.stringify({ i, padding })}\n`);
}

function readIfThere(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}

/** The id of a process that a script writes to `path`. */
function writtenPid(path: string): Promise<number> {
  return eventually(() => Number(/^\d+(?=\n)/.exec(readIfThere(path))?.[0]) || undefined, "the id of a process");
}

/** Whether there is a process of that id which has not ended, whoever is still to learn of its end. */
function isRunning(pid: number): boolean {
  const stat = readIfThere(`/proc/${pid}/stat`);
  return stat !== "" && stat.slice(stat.lastIndexOf(")")).split(" ")[1] !== "Z";
}

/** What the program was given: numbers of lines, and how many were dropped in between. */
async function given(path: string): Promise<readonly (number | string)[]> {
  const lines = (await Deno.readTextFile(path)).split("\n");
  assertEquals(lines.pop(), "");
  return lines.map((line) => JSON.parse(line)).map(({ i, event, count }) => i ?? `${event} ${count}`);
}

scene(
  "the program is given every line in order, and its input ends behind the last",
  async ({ path, start, watched }) => {
    const command = start('cat > "$0"');
    add(command, 1, 3_000);
    await watched.said(STARTED);
    add(command, 3_001, 5_000);
    await command.close();
    assertEquals(await given(path), Array.from({ length: 5_000 }, (_, index) => index + 1));
    assertEquals(watched.lines.map(({ event, command }) => [event, command]), [["events-command", "sh"]]);
  },
);

scene("a program that ends is started again, and given what comes from then on", async ({ path, start, watched }) => {
  const command = start('read -r line && echo "$line" >> "$0"; exit 3');
  for (let i = 1; i <= 3; i++) {
    add(command, i, i);
    assertStringIncludes(String((await watched.said(ENDED, i)).cause), "exit code 3");
    await watched.said(STARTED, i + 1);
  }
  await command.close();
  assertEquals(await given(path), [1, 2, 3]);
});

scene("what comes while no program runs waits for the next", async ({ path, start, watched }) => {
  const command = start('[ -e "$0" ] && exec cat >> "$0"; : > "$0"', { pauseMs: 200 });
  await watched.said(ENDED);
  add(command, 1, 100);
  await watched.said(STARTED, 2);
  await command.close();
  assertEquals((await given(path)).length, 100);
});

scene("a program that ends again and again is started more and more rarely", async ({ start, watched }) => {
  const command = start("exit 1", { pauseMs: 1 });
  await watched.said(ENDED, 9);
  await command.close();
  assertEquals(watched.saying(ENDED).slice(0, 9).map(({ in_ms }) => in_ms), [1, 2, 4, 8, 16, 32, 60, 60, 60]);
});

Deno.test("a program that is not there is tried again, and does not delay the end", async () => {
  const watched = new WatchedLog();
  const command = new EventCommand({ command: ["/no/such/program"], log: watched.log, pauseMs: 1 });
  assertStringIncludes(String((await watched.said(ENDED, 6)).cause), "NotFound");
  add(command, 1, 3);
  await command.close();
  assertEquals((await watched.said("did not take all events")).count, 3);
});

scene("lines that a slow program has no room for are counted, told in their place and logged once", async (scene) => {
  const { path, start, watched } = scene;
  const command = start('while [ ! -e "$0.go" ]; do sleep 0.02; done; cat > "$0"', { limit: 100 });
  await watched.said(STARTED);
  add(command, 1, 2_000, "x".repeat(2_000));
  await watched.said(SLOW);
  await Deno.writeTextFile(`${path}.go`, "");
  await command.close();
  const lines = await given(path);
  const dropped = lines.at(-1);
  assertEquals(dropped, `dropped ${2_000 - (lines.length - 1)}`);
  assertEquals(lines.slice(0, -1), Array.from({ length: lines.length - 1 }, (_, index) => index + 1));
  assertEquals(watched.saying(SLOW).length, 1);
  assertEquals(watched.saying("did not take all").length, 0);
});

scene(
  "a program that does not read is ended by TERM, and one that minds no TERM by KILL",
  async ({ start, watched }) => {
    const began = performance.now();
    const [deaf, stubborn] = [
      start("exec sleep 1000", { graceMs: 100 }),
      start('trap "" TERM; exec sleep 1000', { graceMs: 100 }),
    ];
    await watched.said(STARTED, 2);
    add(deaf, 1, 3_000, "x".repeat(200));
    const closing = [deaf.close(), stubborn.close()];
    await closing[0];
    assert(performance.now() - began < 60_000, "nobody waits for the program's own end");
    const { count } = await watched.said("did not take all");
    assert(Number(count) > 0 && Number(count) < 3_001, `${count}`);
    await closing[1];
  },
);

scene("what a program has started is ended with it", async ({ path, start, watched }) => {
  const command = start('sh -c \'echo $$ > "$0"; exec sleep 1000\' "$0"; true', { graceMs: 100 });
  await watched.said(STARTED);
  const pid = await writtenPid(path);
  // Nobody reads them, so that a write waits.
  add(command, 1, 3_000, "x".repeat(200));
  await command.close();
  assert(Number((await watched.said("did not take all")).count) > 0);
  await eventually(() => !isRunning(pid), "its end");
});

scene("nobody waits for what a program has left behind, and the next is given what it did not take", async (scene) => {
  const { path, start, watched } = scene;
  // It has a group of its own, and the program's input.
  const script =
    '[ -e "$0" ] && exec cat > "$0.next"; exec 3<&0; setsid sleep 1000 <&3 & echo $! > "$0.tmp"; mv "$0.tmp" "$0"; read -r line';
  const command = start(script, { graceMs: 100 });
  const pid = await writtenPid(path);
  try {
    add(command, 1, 3_000, "x".repeat(200));
    await watched.said(STARTED, 2);
    await command.close();
    assertEquals((await given(`${path}.next`)).at(-1), 3_000);
    assert(isRunning(pid));
  } finally {
    Deno.kill(pid, "SIGKILL");
  }
});

scene("a program that closes its input, and stays, is ended and started again", async ({ start, watched }) => {
  const command = start("exec <&-; exec sleep 1000", { graceMs: 50 });
  await watched.said(STARTED);
  const filling = setInterval(() => add(command, 1, 1), 10);
  assertEquals((await watched.said(ENDED)).cause, "signal SIGTERM");
  clearInterval(filling);
  await watched.said(STARTED, 2);
  await command.close();
});
