import { giveToOwner, replaceFile } from "../lib/replace_file.ts";
import { assertEquals, assertRejects } from "./harness/assert.ts";

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function modeOf(path: string): Promise<number> {
  return ((await Deno.stat(path)).mode ?? 0) & 0o777;
}

Deno.test("a file that is there is replaced by another one, of the mode asked for", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/secret`;
    await Deno.writeTextFile(path, "something much longer than what follows", { mode: 0o666 });
    using reader = await Deno.open(path);
    await replaceFile(path, "new\n", 0o600);
    assertEquals([await Deno.readTextFile(path), await modeOf(path)], ["new\n", 0o600]);
    // Who has begun to read the old one reads it to its end.
    const bytes = new Uint8Array(64);
    const count = await reader.read(bytes) ?? 0;
    assertEquals(new TextDecoder().decode(bytes.subarray(0, count)), "something much longer than what follows");
    assertEquals(await Array.fromAsync(Deno.readDir(folder), ({ name }) => name), ["secret"]);
  });
});

Deno.test("what a process that died has left unfinished is in nobody's way and lends no mode", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/secret`;
    await Deno.writeTextFile(`${path}.new`, "half", { mode: 0o644 });
    await replaceFile(path, "whole", 0o600);
    assertEquals([await Deno.readTextFile(path), await modeOf(path)], ["whole", 0o600]);
  });
});

Deno.test("a link in the place of the unfinished file is not followed", async () => {
  await withFolder(async (folder) => {
    const [path, other] = [`${folder}/secret`, `${folder}/other`];
    await Deno.writeTextFile(other, "untouched", { mode: 0o644 });
    await Deno.symlink(other, `${path}.new`);
    await replaceFile(path, "whole", 0o600);
    assertEquals([await Deno.readTextFile(other), await modeOf(path)], ["untouched", 0o600]);
    assertEquals((await Deno.lstat(path)).isSymlink, false);
  });
});

/** Only root can give files away. */
const rootTest = (name: string, fn: () => Promise<void>): void =>
  Deno.test({ name, ignore: Deno.build.os === "windows" || Deno.uid() !== 0, fn });

const NOBODY = 65_534;

rootTest("a file is given to the owner of its folder, and not what a link of theirs leads to", async () => {
  await withFolder(async (folder) => {
    const [theirs, precious] = [`${folder}/theirs`, `${folder}/precious`];
    await Deno.mkdir(theirs);
    await Deno.chown(theirs, NOBODY, NOBODY);
    await Deno.writeTextFile(precious, "root's");
    await Deno.symlink(precious, `${theirs}/link`);
    await replaceFile(`${theirs}/file`, "text", 0o600);
    await giveToOwner(`${theirs}/link`);
    const owners = [`${theirs}/file`, `${theirs}/link`, precious].map((path) => Deno.lstatSync(path).uid);
    assertEquals(owners, [NOBODY, NOBODY, 0]);
  });
});

Deno.test("a file that cannot be replaced stays as it is", async () => {
  await withFolder(async (folder) => {
    await assertRejects(() => replaceFile(`${folder}/nowhere/secret`, "text", 0o600), Deno.errors.NotFound);
    const path = `${folder}/secret`;
    await Deno.mkdir(`${path}/full`, { recursive: true });
    await assertRejects(() => replaceFile(path, "text", 0o600), Error);
    assertEquals((await Deno.stat(`${path}/full`)).isDirectory, true);
  });
});
