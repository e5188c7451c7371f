import { Keyring, type KeyringOptions, type Service } from "../../lib/auth/keyring.ts";
import { keyOf } from "../../lib/auth/mppass.ts";
import { UnusableFileError } from "../../lib/config/unusable_file.ts";
import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects, assertThrows } from "../harness/assert.ts";

const NOW = Date.parse("2026-11-28T12:00:00Z");
const [ROTATION_MS, OVERLAP_MS] = [86_400_000, 3_600_000];
const FIRST: Service = { name: "www.classicube.net", suffix: "" };
const SECOND: Service = { name: "list.example", suffix: "_x" };

/** A data directory, and a clock that only the test moves. */
class Bench implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "kurafuto-test-" });
  readonly dataDir = `${this.folder}/data`;
  readonly problems: string[] = [];
  now = NOW;

  open(services: readonly Service[] = [], options: Partial<KeyringOptions> = {}): Promise<Keyring> {
    return Keyring.open({
      dataDir: this.dataDir,
      listener: "main",
      services,
      rotationMs: ROTATION_MS,
      overlapMs: OVERLAP_MS,
      onProblem: (message) => void this.problems.push(message),
      now: () => this.now,
      ...options,
    });
  }

  async files(): Promise<string[]> {
    return (await Array.fromAsync(Deno.readDir(this.dataDir), ({ name }) => name)).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Which of the keys that `salts` make of a name counts. */
function counting(keyring: Keyring, ...salts: readonly string[]): boolean[] {
  return salts.map((salt) => keyring.serviceFor("Notch", keyOf(salt, "Notch")) !== undefined);
}

Deno.test("a listener that is in no list has a salt of its own, in a file that only the owner can read", async () => {
  await using bench = new Bench();
  const keyring = await bench.open();
  const salt = keyring.saltOf("");
  assertMatch(salt, /^[A-Za-z0-9]{32}$/);
  assertEquals(keyring.serviceFor("Notch", keyOf(salt, "Notch")), { name: "", suffix: "" });
  assertEquals(keyring.serviceFor("notch", keyOf(salt, "Notch")), undefined);
  assertEquals(await bench.files(), ["salt-main"]);
  assertEquals((await Deno.stat(bench.dataDir)).mode ?? 0, 0o040700);
  assertEquals((await Deno.stat(`${bench.dataDir}/salt-main`)).mode ?? 0, 0o100600);
  assertEquals(
    await Deno.readTextFile(`${bench.dataDir}/salt-main`),
    `${salt} made 2026-11-28T12:00:00.000Z\n`,
  );
});

Deno.test("each list has a salt of its own, and its keys tell it from the others", async () => {
  await using bench = new Bench();
  const keyring = await bench.open([FIRST, SECOND]);
  assertNotEquals(keyring.saltOf(FIRST.name), keyring.saltOf(SECOND.name));
  for (const service of [FIRST, SECOND]) {
    assertEquals(keyring.serviceFor("Notch", keyOf(keyring.saltOf(service.name), "Notch")), service);
  }
  assertEquals(await bench.files(), ["salt-main@list.example", "salt-main@www.classicube.net"]);
  assertThrows(() => keyring.saltOf("other"), RangeError, "other");
});

Deno.test("listeners do not believe each other's keys", async () => {
  await using bench = new Bench();
  const [main, other] = [await bench.open(), await bench.open([], { listener: "other" })];
  assertEquals([counting(main, other.saltOf("")), counting(other, main.saltOf(""))], [[false], [false]]);
});

Deno.test("salts survive a restart, also replaced ones", async () => {
  await using bench = new Bench();
  const before = await bench.open([FIRST]);
  const first = before.saltOf(FIRST.name);
  before.published(FIRST.name, first);
  bench.now += ROTATION_MS;
  before.rotate();
  const second = before.saltOf(FIRST.name);
  assertNotEquals(first, second);
  await before.settled();

  const after = await bench.open([FIRST]);
  assertEquals(after.saltOf(FIRST.name), second);
  assertEquals(counting(after, first, second), [true, true]);
  after.published(FIRST.name, second);
  bench.now += OVERLAP_MS - 1;
  assertEquals(counting(after, first, second), [true, true]);
  bench.now += 1;
  assertEquals(counting(after, first, second), [false, true]);
  await after.settled();
  assertEquals(counting(await bench.open([FIRST]), first, second), [false, true]);
  assertEquals(bench.problems, []);
});

Deno.test("a restart does not make a salt younger", async () => {
  await using bench = new Bench();
  const salt = (await bench.open()).saltOf("");
  bench.now += ROTATION_MS - 1;
  const after = await bench.open();
  after.rotate();
  assertEquals(after.saltOf(""), salt);
  bench.now += 1;
  after.rotate();
  assertNotEquals(after.saltOf(""), salt);
  await after.settled();
});

Deno.test("a salt that its list was never told is not replaced, beside one that is", async () => {
  await using bench = new Bench();
  const keyring = await bench.open([FIRST, SECOND]);
  const [first, second] = [keyring.saltOf(FIRST.name), keyring.saltOf(SECOND.name)];
  keyring.published(FIRST.name, first);
  keyring.published("other", second);
  bench.now += 2 * ROTATION_MS;
  keyring.rotate();
  assertNotEquals(keyring.saltOf(FIRST.name), first);
  assertEquals(keyring.saltOf(SECOND.name), second);
  await keyring.settled();
});

Deno.test("a plain salt written by hand is taken, and rotates like others", async () => {
  await using bench = new Bench();
  const salt = "Abcdefgh12345678";
  await Deno.mkdir(bench.dataDir);
  await Deno.writeTextFile(`${bench.dataDir}/salt-main`, `${salt}\n`);
  const keyring = await bench.open();
  assertEquals(keyring.saltOf(""), salt);
  bench.now += ROTATION_MS;
  keyring.rotate();
  assertEquals(counting(keyring, salt, keyring.saltOf("")), [true, true]);
  await keyring.settled();
  assertMatch(
    await Deno.readTextFile(`${bench.dataDir}/salt-main`),
    new RegExp(`\n${salt} until 2026-11-29T13:00:00.000Z\n$`),
  );
});

Deno.test("a faulty file of salts keeps the keyring shut and stays as it is", async () => {
  await using bench = new Bench();
  await Deno.mkdir(bench.dataDir);
  const path = `${bench.dataDir}/salt-main@list.example`;
  await Deno.writeTextFile(path, "Secret words\n");
  const { message } = await assertRejects(() => bench.open([FIRST, SECOND]), Error, `${path}: line 1`);
  assert(!message.includes("Secret"), message);
  assertEquals(await Deno.readTextFile(path), "Secret words\n");
});

Deno.test("a data directory that takes no file keeps the keyring shut, and is told with its key", async () => {
  await using bench = new Bench();
  await Deno.mkdir(`${bench.dataDir}/salt-main.new/full`, { recursive: true });
  await assertRejects(() => bench.open(), UnusableFileError, `Cannot use edge.data_dir '${bench.dataDir}': `);
});

Deno.test("salts that cannot be written are told of, without the salt, and count all the same", async () => {
  await using bench = new Bench();
  const keyring = await bench.open();
  const salt = keyring.saltOf("");
  await Deno.remove(bench.dataDir, { recursive: true });
  bench.now += ROTATION_MS;
  keyring.rotate();
  await keyring.settled();
  const [problem = "", ...more] = bench.problems;
  assert(problem.startsWith(`Cannot write ${bench.dataDir}/salt-main, `), problem);
  assertEquals([more.length, problem.includes(salt), problem.includes(keyring.saltOf(""))], [0, false, false]);
  assertEquals(counting(keyring, salt, keyring.saltOf("")), [true, true]);
});

Deno.test("looking at salts that are young enough writes nothing", async () => {
  await using bench = new Bench();
  const keyring = await bench.open([FIRST]);
  keyring.published(FIRST.name, keyring.saltOf(FIRST.name));
  await keyring.settled();
  const path = `${bench.dataDir}/salt-main@${FIRST.name}`;
  const { ino, mtime } = await Deno.stat(path);
  keyring.rotate();
  keyring.published(FIRST.name, keyring.saltOf(FIRST.name));
  await keyring.settled();
  const after = await Deno.stat(path);
  assertEquals([after.ino, after.mtime], [ino, mtime]);
});

Deno.test("changes are written in the order in which they came", async () => {
  await using bench = new Bench();
  const keyring = await bench.open();
  for (let round = 0; round < 5; round++) {
    bench.now += ROTATION_MS;
    keyring.rotate();
  }
  await keyring.settled();
  assert((await Deno.readTextFile(`${bench.dataDir}/salt-main`)).startsWith(`${keyring.saltOf("")} made 2026-12-03T`));
  assertEquals(bench.problems, []);
});

Deno.test("another age of salts counts for the salts that there are", async () => {
  await using bench = new Bench();
  const keyring = await bench.open();
  const salt = keyring.saltOf("");
  bench.now += 1_000;
  keyring.rotate();
  assertEquals(keyring.saltOf(""), salt);
  keyring.configure({ rotationMs: 1_000, overlapMs: 0 });
  keyring.rotate();
  assertNotEquals(keyring.saltOf(""), salt);
  assertEquals(counting(keyring, salt), [false]);
  await keyring.settled();
});
