import { PlayUrls } from "../../lib/heartbeat/play_urls.ts";
import { assert, assertEquals, assertStringIncludes } from "../harness/assert.ts";
import { PLAY_URL } from "./scripted_list.ts";

const OTHER_URL = "https://list.example/play/1";

/** A directory of the test, and what is written there about the listener `main`. */
class Folder implements Disposable {
  readonly root = Deno.makeTempDirSync({ prefix: "kurafuto-test-" });
  readonly dataDir = `${this.root}/data`;
  readonly path = `${this.dataDir}/play-url-main.txt`;
  readonly problems: string[] = [];

  playUrls(): PlayUrls {
    return new PlayUrls({
      dataDir: this.dataDir,
      listener: "main",
      onProblem: (message) => this.problems.push(message),
    });
  }

  read(): string {
    return Deno.readTextFileSync(this.path);
  }

  /** Names of all files. */
  get files(): readonly string[] {
    return [...Deno.readDirSync(this.dataDir)].map(({ name }) => name);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.root, { recursive: true });
  }
}

Deno.test("the address is in the file, alone in the directory that is made for it", async () => {
  using folder = new Folder();
  const urls = folder.playUrls();
  urls.set(0, PLAY_URL);
  await urls.settled();
  assertEquals([folder.read(), folder.files, folder.problems], [`${PLAY_URL}\n`, ["play-url-main.txt"], []]);
  if (Deno.build.os !== "windows") assertEquals((Deno.statSync(folder.dataDir).mode ?? 0) & 0o777, 0o700);
});

Deno.test("several lists are in the order of the configuration, whichever answers first", async () => {
  using folder = new Folder();
  const urls = folder.playUrls();
  urls.set(10, "https://third.example/");
  urls.set(2, OTHER_URL);
  await urls.settled();
  urls.set(0, PLAY_URL);
  await urls.settled();
  assertEquals(folder.read(), `${PLAY_URL}\n${OTHER_URL}\nhttps://third.example/\n`);
});

Deno.test("another address takes the place of the one before, even while that is being written", async () => {
  using folder = new Folder();
  const urls = folder.playUrls();
  for (let turn = 0; turn < 20; turn++) {
    urls.set(0, `https://list.example/${turn}`);
    if (turn % 3 === 0) await Promise.resolve();
  }
  urls.set(0, OTHER_URL);
  await urls.settled();
  assertEquals([folder.read(), folder.problems], [`${OTHER_URL}\n`, []]);
});

Deno.test("a file that says the same is left alone, also by the next run", async () => {
  using folder = new Folder();
  const urls = folder.playUrls();
  urls.set(0, PLAY_URL);
  await urls.settled();
  const { ino } = Deno.statSync(folder.path);
  urls.set(0, PLAY_URL);
  await urls.settled();
  const next = folder.playUrls();
  next.set(0, PLAY_URL);
  await next.settled();
  assertEquals(Deno.statSync(folder.path).ino, ino);
  next.set(0, OTHER_URL);
  await next.settled();
  assertEquals(folder.read(), `${OTHER_URL}\n`);
});

Deno.test("nobody ever reads half a file", async () => {
  using folder = new Folder();
  const urls = folder.playUrls();
  const long = [PLAY_URL, OTHER_URL].map((url) => url + "x".repeat(1_000_000));
  urls.set(0, long[0] ?? "");
  await urls.settled();
  for (let turn = 0; turn < 20; turn++) {
    urls.set(0, long[turn % 2] ?? "");
    let isDone = false;
    const done = urls.settled().then(() => isDone = true);
    while (!isDone) assert(long.includes((await Deno.readTextFile(folder.path)).trimEnd()));
    await done;
  }
});

Deno.test("a file that cannot be written is told, never thrown, and written once it can be", async () => {
  using folder = new Folder();
  const urls = folder.playUrls();
  Deno.writeTextFileSync(folder.dataDir, "in the way");
  urls.set(0, PLAY_URL);
  await urls.settled();
  assertEquals(folder.problems.length, 1);
  assertStringIncludes(folder.problems[0] ?? "", `Cannot write ${folder.path}: `);
  Deno.removeSync(folder.dataDir);
  urls.set(0, PLAY_URL);
  await urls.settled();
  assertEquals([folder.read(), folder.problems.length], [`${PLAY_URL}\n`, 1]);
});

Deno.test("addresses that are replaced as a whole leave nothing of the old ones", async () => {
  using folder = new Folder();
  const urls = folder.playUrls();
  urls.set(0, PLAY_URL);
  urls.set(1, OTHER_URL);
  await urls.settled();
  urls.replace(new Map([[0, OTHER_URL]]));
  await urls.settled();
  assertEquals(folder.read(), `${OTHER_URL}\n`);
});
