import { UnusableFileError } from "../../lib/config/unusable_file.ts";
import { EventLog } from "../../lib/observe/event_log.ts";
import { EventOutputs, type EventOutputSettings } from "../../lib/observe/event_outputs.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "../harness/assert.ts";
import { WatchedLog } from "./watched_log.ts";

const ROOT = `${import.meta.dirname}/../..`;
const NOTHING: EventOutputSettings = { file: "", stdout: false, command: [] };
const HOSTILE = 'hi"\n{"event":"edge"}\u001b[31m\u0085\u2028\u202e\ufeff\ud800';

interface Scene {
  readonly folder: string;
  readonly watched: WatchedLog;
  readonly outputs: EventOutputs;
  say(text: string): void;
}

async function withOutputs(act: (scene: Scene) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
  const watched = new WatchedLog();
  const events = new EventLog({
    crashed: (error) => {
      throw error;
    },
  });
  const outputs = new EventOutputs(events, watched.log);
  const say = (text: string): void =>
    events.publish({ event: "chat", session: "4H2KX", player: "Steve", backend: "hub", text });
  try {
    await act({ folder, watched, outputs, say });
  } finally {
    await outputs.close();
    await Deno.remove(folder, { recursive: true });
  }
}

/** Ids of the events in a file. */
async function idsIn(path: string): Promise<readonly number[]> {
  const lines = (await Deno.readTextFile(path)).split("\n");
  assertEquals(lines.pop(), "");
  return lines.map((line) => JSON.parse(line).id);
}

/** What takes its input into the file, as settings name it. */
function into(path: string): readonly string[] {
  return ["sh", "-c", 'cat > "$0"', path];
}

Deno.test("an event is one line of JSON whatever it holds, and the same for a file and a command", async () => {
  await withOutputs(async ({ folder, outputs, say }) => {
    const [file, taken] = [`${folder}/file`, `${folder}/taken`];
    outputs.configure({ ...NOTHING, file, command: into(taken) });
    say(HOSTILE);
    say("bye");
    await outputs.close();
    const text = await Deno.readTextFile(file);
    assertEquals(await Deno.readTextFile(taken), text);
    assertEquals(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(text.replaceAll("\n", "")), false);
    const [first, second] = text.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals([first.id, first.event, first.text, second.id], [1, "chat", HOSTILE, 2]);
  });
});

Deno.test("outputs that stay miss nothing when others change, and new ones begin with the next event", async () => {
  await withOutputs(async ({ folder, outputs, say }) => {
    const [file, other, one, two] = ["file", "other", "one", "two"].map((name) => `${folder}/${name}`);
    assert(file !== undefined && other !== undefined && one !== undefined && two !== undefined);
    say("1");
    outputs.configure({ ...NOTHING, command: into(one) });
    say("2");
    outputs.configure({ ...NOTHING, file, command: into(one) });
    say("3");
    outputs.configure({ ...NOTHING, file, command: into(two) });
    say("4");
    outputs.configure({ ...NOTHING, file: other });
    say("5");
    outputs.configure(NOTHING);
    say("6");
    await outputs.close();
    say("7");
    assertEquals(await Promise.all([one, two, file, other].map(idsIn)), [[2, 3], [4], [3, 4], [5]]);
  });
});

Deno.test("settings with a file that cannot be opened change nothing", async () => {
  await withOutputs(async ({ folder, outputs, say }) => {
    const file = `${folder}/file`;
    outputs.configure({ ...NOTHING, file });
    const wrong = { file: `${folder}/none/file`, stdout: false, command: into(`${folder}/taken`) };
    assertThrows(() => outputs.configure(wrong), UnusableFileError, `Cannot use events.file '${folder}/none/file'`);
    say("1");
    assertEquals(await idsIn(file), [1]);
  });
});

Deno.test("a file that was renamed is left when it is opened anew", async () => {
  await withOutputs(async ({ folder, outputs, say }) => {
    const file = `${folder}/file`;
    outputs.configure({ ...NOTHING, file });
    say("1");
    await Deno.rename(file, `${file}.1`);
    say("2");
    outputs.reopen();
    say("3");
    assertEquals([await idsIn(`${file}.1`), await idsIn(file)], [[1, 2], [3]]);
  });
});

Deno.test({
  name: "events that a full disk has no room for are logged once, and counted where there is room again",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await withOutputs(async ({ folder, watched, outputs, say }) => {
      const file = `${folder}/file`;
      await Deno.symlink("/dev/full", file);
      outputs.configure({ ...NOTHING, file });
      say("1");
      say("2");
      await Deno.remove(file);
      outputs.reopen();
      say("3");
      say("4");
      const lines = (await Deno.readTextFile(file)).trimEnd().split("\n").map((line) => JSON.parse(line));
      assertEquals(lines.map(({ event, count, id }) => count ?? `${event} ${id}`), [2, "chat 3", "chat 4"]);
      assertEquals(watched.saying("events are dropped").length, 1);
    });
  },
});

/** A program that says `count` things to standard output, and how long it took to standard error. */
function talker(count: number): Deno.ChildProcess {
  const program = `import { EventLog } from "./lib/observe/event_log.ts";
    import { EventOutputs } from "./lib/observe/event_outputs.ts";
    import { openLog } from "./lib/observe/log.ts";
    const log = openLog();
    const events = new EventLog({ crashed: (error) => log.error("crashed", String(error)) });
    const outputs = new EventOutputs(events, log);
    const settings = { file: "", stdout: true, command: [] };
    outputs.configure(settings);
    for (let i = 0; i < ${count}; i++) {
      events.publish({ event: "chat", session: "4H2KX", player: "Steve", backend: "hub", text: "x".repeat(50) });
      if (i % 100 === 0) await new Promise((resolve) => setTimeout(resolve));
      if (i === 50) outputs.configure({ ...settings, stdout: false });
      if (i === 50) outputs.configure(settings);
    }
    log.info("x", "all said");
    await outputs.close();
    log.info("x", "closed");
    Deno.exit(0);`;
  return new Deno.Command(Deno.execPath(), { args: ["eval", program], cwd: ROOT, stdout: "piped", stderr: "piped" })
    .spawn();
}

Deno.test("whoever reads standard output is given every event, the last one too", async () => {
  const { code, stdout, stderr } = await talker(3_000).output();
  const ids = new TextDecoder().decode(stdout).trimEnd().split("\n").map((line) => JSON.parse(line).id);
  assertEquals(ids, Array.from({ length: 3_000 }, (_, index) => index + 1));
  assertEquals([code, new TextDecoder().decode(stderr).match(/all said|closed|WARN.*/g)], [0, ["all said", "closed"]]);
});

Deno.test("a reader of standard output who has stopped reading holds nobody up, not even at the end", async () => {
  const child = talker(30_000);
  const stderr = await new Response(child.stderr).text();
  assertEquals((await child.status).code, 0);
  await child.stdout.cancel();
  assertEquals(stderr.match(/too slow, events are dropped|all said|did not take all|closed/g), [
    "too slow, events are dropped",
    "all said",
    "did not take all",
    "closed",
  ]);
  const count = Number(/count=(\d+)/.exec(stderr)?.[1]);
  assert(count > 20_000 && count < 30_000, `${count} events are missing`);
});

Deno.test("a reader of standard output who has gone is told of, and hurts nobody", async () => {
  const child = talker(30_000);
  await child.stdout.cancel();
  const stderr = await new Response(child.stderr).text();
  assertEquals((await child.status).code, 0);
  assertStringIncludes(stderr, "standard output takes no more events");
  assertEquals(stderr.match(/all said|closed/g), ["all said", "closed"]);
});
