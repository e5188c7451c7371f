import { DatabaseSync } from "node:sqlite";
import { Recent } from "../../lib/routing/recent.ts";
import { assert, assertEquals, assertMatch } from "../harness/assert.ts";
import { eventually } from "../harness/kernel.ts";

/** A directory for the file, and what was wrong with it. */
class Folder implements AsyncDisposable {
  readonly path: string;
  readonly problems: string[] = [];

  constructor() {
    this.path = Deno.makeTempDirSync({ prefix: "kurafuto-test-" });
  }

  get file(): string {
    return `${this.path}/recent.sqlite`;
  }

  open(limit?: number): Recent {
    const onProblem = (message: string): void => void this.problems.push(message);
    return new Recent(this.path, limit === undefined ? { onProblem } : { limit, onProblem });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** How many of the players called `Player0` and so on are remembered in a lobby. */
function remembered(recent: Recent, count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
    .filter((index) => recent.last(`Player${index}`, "lobby") !== undefined);
}

Deno.test("a player's last backend is remembered for each pool, whatever the case of the name", async () => {
  await using folder = new Folder();
  const recent = folder.open();
  assertEquals(recent.last("Steve", "lobby"), undefined);
  recent.remember("Steve", "lobby", "hub1");
  recent.remember("Steve", "games", "arena");
  recent.remember("STEVE", "lobby", "hub2");
  recent.remember("Alex", "lobby", "hub3");
  assertEquals([recent.last("steve", "lobby"), recent.last("Steve", "games")], ["hub2", "arena"]);
  recent.close();
  assertEquals(folder.problems, []);
});

Deno.test("what was remembered is there when the file is opened again", async () => {
  await using folder = new Folder();
  const first = folder.open();
  first.remember("Steve", "lobby", "hub1");
  first.close();
  const second = folder.open();
  assertEquals(second.last("Steve", "lobby"), "hub1");
  second.close();
  assertEquals(folder.problems, []);
});

Deno.test("nobody but the owner can read the files", async () => {
  await using folder = new Folder();
  const recent = folder.open();
  recent.remember("Steve", "lobby", "hub1");
  recent.write();
  const modes: Record<string, string> = {};
  for await (const { name } of Deno.readDir(folder.path)) {
    modes[name] = ((await Deno.stat(`${folder.path}/${name}`)).mode ?? 0).toString(8).slice(-3);
  }
  recent.close();
  assertEquals(modes["recent.sqlite"], "600");
  assertEquals(new Set(Object.values(modes)), new Set(["600"]));
});

Deno.test("the oldest entries are forgotten, by when they were last remembered", async () => {
  await using folder = new Folder();
  const recent = folder.open(10);
  for (let index = 0; index < 10; index++) recent.remember(`Player${index}`, "lobby", "hub");
  recent.remember("Player0", "lobby", "hub");
  for (let index = 10; index < 14; index++) recent.remember(`Player${index}`, "lobby", "hub");
  assertEquals(remembered(recent, 20), [0, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
  recent.close();
});

Deno.test("never more entries are kept than the limit and a hundredth", async () => {
  await using folder = new Folder();
  const recent = folder.open(1000);
  for (let index = 0; index < 2345; index++) {
    recent.remember(`Player${index}`, "lobby", "hub");
    if (index % 47 === 0) assert(remembered(recent, index + 1).length <= 1010);
  }
  recent.close();
  const smaller = folder.open(10);
  assertEquals(remembered(smaller, 2345).length, 10);
  smaller.close();
});

Deno.test("a file that is none of SQLite's is set aside", async () => {
  await using folder = new Folder();
  await Deno.writeTextFile(folder.file, "not a database ".repeat(1000));
  const recent = folder.open();
  recent.remember("Steve", "lobby", "hub1");
  recent.close();
  assertEquals(folder.problems.length, 1);
  assertMatch(
    folder.problems[0] ?? "",
    /^Cannot read .*recent\.sqlite, which is now .*\.corrupt: file is not a database$/,
  );
  assertEquals((await Deno.readTextFile(`${folder.file}.corrupt`)).slice(0, 14), "not a database");
  const again = folder.open();
  assertEquals([again.last("Steve", "lobby"), folder.problems.length], ["hub1", 1]);
  again.close();
});

for (const damage of ["overwritten", "cut off", "overwritten while another process has it open"] as const) {
  Deno.test(`a file that was ${damage} is set aside, in place of what was set aside before`, async () => {
    await using folder = new Folder();
    await Deno.writeTextFile(`${folder.file}.corrupt`, "older");
    const first = folder.open();
    for (let index = 0; index < 3000; index++) first.remember(`Player${index}`, "lobby", "hub");
    first.close();
    const other = damage === "overwritten while another process has it open" ? folder.open() : undefined;
    other?.remember("Alex", "lobby", "hub");
    other?.write();
    const bytes = await Deno.readFile(folder.file);
    if (damage === "cut off") await Deno.truncate(folder.file, bytes.length / 2);
    else await Deno.writeFile(folder.file, bytes.fill(0xa5, 8192, bytes.length - 8192));
    const second = folder.open();
    assertEquals(folder.problems.length, 1);
    assertEquals(second.last("Player1", "lobby"), undefined);
    second.remember("Steve", "lobby", "hub1");
    second.close();
    other?.close();
    assert((await Deno.stat(`${folder.file}.corrupt`)).size > 1000);
    const third = folder.open();
    assertEquals([third.last("Steve", "lobby"), folder.problems.length], ["hub1", 1]);
    third.close();
  });
}

Deno.test("a folder that cannot be used leaves players remembered in memory", async () => {
  await using folder = new Folder();
  const problems: string[] = [];
  const recent = new Recent(`${folder.path}/nowhere`, { onProblem: (message) => problems.push(message) });
  recent.remember("Steve", "lobby", "hub1");
  assertEquals(recent.last("Steve", "lobby"), "hub1");
  recent.close();
  assertEquals(problems.length, 1);
  assertMatch(problems[0] ?? "", /^Cannot open .*nowhere\/recent\.sqlite, recent backends are forgotten at the end: /);
});

Deno.test("a file that breaks while it is in use leaves players remembered in memory", async () => {
  await using folder = new Folder();
  const recent = folder.open();
  recent.remember("Alex", "lobby", "hub1");
  recent.write();
  const other = new DatabaseSync(folder.file);
  other.exec("DROP TABLE recent");
  other.close();
  recent.remember("Steve", "lobby", "hub1");
  recent.write();
  assertEquals(recent.last("Steve", "lobby"), "hub1");
  recent.close();
  assertEquals(folder.problems.length, 1);
  assertMatch(folder.problems[0] ?? "", /^Cannot use recent\.sqlite, recent backends are forgotten at the end: /);
});

Deno.test("two processes can share the file, as during a hand-over", async () => {
  await using folder = new Folder();
  const [old, successor] = [folder.open(), folder.open()];
  for (let index = 0; index < 50; index++) {
    for (const [recent, backend] of [[old, "old"], [successor, "new"]] as const) {
      recent.remember(`Player${index}`, "lobby", backend);
      recent.write();
    }
  }
  assertEquals([old.last("Player49", "lobby"), remembered(successor, 50).length], ["new", 50]);
  old.close();
  successor.close();
  assertEquals(folder.problems, []);
});

Deno.test("a process that never ends its writing is waited for, but not for long", async () => {
  await using folder = new Folder();
  const recent = folder.open();
  const other = new DatabaseSync(folder.file);
  other.exec("BEGIN IMMEDIATE");
  const began = performance.now();
  recent.remember("Steve", "lobby", "hub1");
  recent.write();
  assert(performance.now() - began >= 90);
  assertEquals([recent.last("Steve", "lobby"), folder.problems.length], ["hub1", 1]);
  recent.close();
  other.close();
});

Deno.test("what is remembered can be asked for at once, and is written a moment later", async () => {
  await using folder = new Folder();
  const [recent, reader] = [folder.open(), folder.open()];
  recent.remember("Steve", "lobby", "hub1");
  recent.remember("STEVE", "lobby", "hub2");
  assertEquals([recent.last("steve", "lobby"), reader.last("steve", "lobby")], ["hub2", undefined]);
  await eventually(() => reader.last("steve", "lobby") === "hub2", "the entry in the file");
  recent.close();
  reader.close();
  assertEquals(folder.problems, []);
});

Deno.test("nothing that was written is lost when the process is killed", async () => {
  for (const lines of [1, 50, 700]) {
    await using folder = new Folder();
    const writer = new URL("recent_writer.ts", import.meta.url).pathname;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--allow-read", "--allow-write", writer, folder.path],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    let printed = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      if (printed.split("\n").length <= lines && (printed + text).split("\n").length > lines) child.kill("SIGKILL");
      printed += text;
    }
    assertEquals((await child.status).signal, "SIGKILL");
    const done = printed.split("\n").slice(0, -1).length;
    assert(done >= lines);
    const recent = folder.open();
    for (let number = 0; number < done; number++) {
      assertEquals(recent.last(`player${number}`, "lobby"), `hub${number % 7}`);
    }
    recent.close();
    assertEquals(folder.problems, []);
  }
});
