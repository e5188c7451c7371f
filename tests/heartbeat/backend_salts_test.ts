import { BackendSalts } from "../../lib/heartbeat/backend_salts.ts";
import { assert, assertEquals } from "../harness/assert.ts";

const BACKENDS = [{ name: "hub", salt: "" }, { name: "games", salt: "" }, { name: "fixed", salt: "configured-salt" }];

/** A data directory that need not be there yet. */
class DataDir implements AsyncDisposable {
  readonly problems: string[] = [];
  readonly #folder: string;

  constructor() {
    this.#folder = Deno.makeTempDirSync({ prefix: "kurafuto-test-" });
  }

  get path(): string {
    return `${this.#folder}/data`;
  }

  get file(): string {
    return `${this.path}/backend-salts`;
  }

  open(backends: typeof BACKENDS = BACKENDS): Promise<BackendSalts> {
    return BackendSalts.open(this.path, backends, (message) => this.problems.push(message));
  }

  write(text: string): void {
    Deno.mkdirSync(this.path, { recursive: true });
    Deno.writeTextFileSync(this.file, text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}

Deno.test("a configured salt counts, whatever a backend says", async () => {
  await using dir = new DataDir();
  await using salts = await dir.open();
  assertEquals(salts.learn("fixed", "other"), "configured");
  assertEquals(salts.saltFor("fixed"), "configured-salt");
});

Deno.test("a salt is learned, and then another one", async () => {
  await using dir = new DataDir();
  await using salts = await dir.open();
  assertEquals(salts.saltFor("hub"), undefined);
  assertEquals(["a", "a", "b", "a"].map((salt) => salts.learn("hub", salt)), ["new", "same", "new", "new"]);
  assertEquals([salts.saltFor("hub"), salts.saltFor("games")], ["a", undefined]);
});

Deno.test("learned salts outlive a restart, readable by nobody else", async () => {
  await using dir = new DataDir();
  {
    await using salts = await dir.open();
    for (let i = 0; i < 50; i++) salts.learn("hub", `salt-${i}`);
    salts.learn("games", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");
  }
  assertEquals(((await Deno.stat(dir.file)).mode ?? 0) & 0o777, 0o600);
  assertEquals(((await Deno.stat(dir.path)).mode ?? 0) & 0o777, 0o700);
  assertEquals((await Array.fromAsync(Deno.readDir(dir.path))).map(({ name }) => name), ["backend-salts"]);
  await using again = await dir.open();
  assertEquals(again.saltFor("hub"), "salt-49");
  assertEquals(again.saltFor("games"), "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");
  assertEquals(again.learn("hub", "salt-49"), "same");
  assertEquals(dir.problems, []);
});

Deno.test("the file is written only when a salt has changed, and over one that anybody could read", async () => {
  await using dir = new DataDir();
  dir.write("hub a\n");
  await Deno.writeTextFile(`${dir.file}.new`, "left by a sudden end");
  await using salts = await dir.open();
  const before = await Deno.stat(dir.file);
  salts.learn("hub", "a");
  await salts.settled();
  assertEquals((await Deno.stat(dir.file)).ino, before.ino);
  salts.learn("hub", "b");
  await salts.settled();
  assertEquals(await Deno.readTextFile(dir.file), "hub b\n");
  assertEquals(((await Deno.stat(dir.file)).mode ?? 0) & 0o777, 0o600);
});

Deno.test("salts of backends that are gone or have a configured one are forgotten", async () => {
  await using dir = new DataDir();
  dir.write("gone x\nfixed y\nhub z\n");
  await using salts = await dir.open();
  assertEquals(["gone", "fixed", "hub"].map((name) => salts.saltFor(name)), [undefined, "configured-salt", "z"]);
  salts.learn("games", "g");
  await salts.settled();
  assertEquals(await Deno.readTextFile(dir.file), "hub z\ngames g\n");
});

Deno.test("a faulty file is told without what it holds, and salts are learned again", async () => {
  for (const text of ["hub\n", "hub two words\n", "\0\u{1f3ae}\n", `hub ${"x".repeat(65)}\n`, "x".repeat(1 << 21)]) {
    await using dir = new DataDir();
    dir.write(text);
    await using salts = await dir.open();
    assertEquals(salts.saltFor("hub"), undefined);
    assertEquals(dir.problems.length, 1);
    const problem = dir.problems[0] ?? "";
    assert(problem.startsWith(`Cannot read ${dir.file}, salts are learned again from heartbeats: `));
    assert(!problem.includes("words") && !problem.includes("xxx"), problem);
    assertEquals(salts.learn("hub", "a"), "new");
    await salts.settled();
    assertEquals(await Deno.readTextFile(dir.file), "hub a\n");
  }
});

Deno.test("a directory that cannot be had is told, and salts are learned all the same", async () => {
  await using dir = new DataDir();
  await Deno.writeTextFile(dir.path, "a file");
  await using salts = await dir.open();
  salts.learn("hub", "very-secret");
  await salts.settled();
  assertEquals(salts.saltFor("hub"), "very-secret");
  assert(dir.problems.some((text) => text.startsWith(`Cannot write ${dir.file}, learned salts are forgotten`)));
  assert(!dir.problems.join().includes("very-secret"));
});

Deno.test("a salt that the configuration has from now on counts, and the learned one again once it is gone", async () => {
  await using dir = new DataDir();
  await using salts = await dir.open();
  salts.learn("hub", "learned-by-heartbeat");
  salts.configure([{ name: "hub", salt: "configured-since" }]);
  assertEquals(salts.saltFor("hub"), "configured-since");
  salts.configure(BACKENDS);
  assertEquals(salts.saltFor("hub"), "learned-by-heartbeat");
});

Deno.test("of backends that are gone, no more than a thousand salts are kept", async () => {
  await using dir = new DataDir();
  await using salts = await dir.open();
  salts.learn("hub", "learned-by-heartbeat");
  const gone = Array.from({ length: 1_200 }, (_, i) => ({ name: `gone${i}`, salt: "" }));
  salts.configure(gone);
  for (const { name } of gone) salts.learn(name, "learned-by-heartbeat");
  salts.configure([{ name: "gone0", salt: "" }]);
  const kept = gone.filter(({ name }) => salts.saltFor(name) !== undefined);
  assertEquals([kept.length, kept[0]?.name], [1_000, "gone0"]);
});
