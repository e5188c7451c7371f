import { randomSalt, readSalts, writeSalts } from "../../lib/auth/salt_file.ts";
import type { SaltState } from "../../lib/auth/salt_ring.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../harness/assert.ts";

const NOW = Date.parse("2026-11-28T12:00:00Z");
const [NEW, OLD, OLDEST] = ["N".repeat(32), "O".repeat(32), "E".repeat(32)];

async function withFile(test: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
  try {
    await test(`${folder}/salt-main`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("what is written of salts is read again", async () => {
  const state: SaltState = {
    salt: NEW,
    madeAt: NOW - 5,
    published: true,
    retired: [{ salt: OLD, until: undefined }, { salt: OLDEST, until: NOW + 5 }],
  };
  await withFile(async (path) => {
    for (const written of [state, { ...state, published: false, retired: [] }]) {
      await writeSalts(path, written);
      assertEquals(await readSalts(path, NOW), written);
    }
  });
});

Deno.test("salts can be read by nobody else, also where the file could be before", async () => {
  await withFile(async (path) => {
    await Deno.writeTextFile(path, `${OLD}\n`, { mode: 0o644 });
    await Deno.writeTextFile(`${path}.new`, "unfinished", { mode: 0o644 });
    await writeSalts(path, { salt: NEW, madeAt: NOW, published: false, retired: [] });
    assertEquals((await Deno.stat(path)).mode ?? 0, 0o100600);
    assertEquals(await Array.fromAsync(Deno.readDir(path.replace(/\/[^/]*$/, "")), ({ name }) => name), ["salt-main"]);
  });
});

Deno.test("a salt that stands alone in its file is a young one", async () => {
  await withFile(async (path) => {
    for (const text of [NEW, `${NEW}\n`, `\n${NEW}\n\n`]) {
      await Deno.writeTextFile(path, text);
      assertEquals(await readSalts(path, NOW), { salt: NEW, madeAt: NOW, published: false, retired: [] });
    }
  });
});

Deno.test("where there is no file there are no salts", async () => {
  await withFile(async (path) => assertEquals(await readSalts(path, NOW), undefined));
});

const MADE = `${NEW} made 2026-11-28T12:00:00.000Z`;
const FAULTS: readonly (readonly [what: string, text: string, line: number])[] = [
  ["nothing", "", 1],
  ["a salt that is too short", "Secret1", 1],
  ["a salt that is too long", "S".repeat(65), 1],
  ["a salt with other characters", `${NEW}!`, 1],
  ["two salts on a line", `${NEW} ${OLD}`, 1],
  ["a salt of no known age", `${NEW} made yesterday`, 1],
  ["an old salt first", `${OLD} until replaced`, 1],
  ["an old salt without an end", `${MADE}\n${OLD}`, 2],
  ["an old salt that ends at no time", `${MADE}\n${OLD} until later`, 2],
  ["an empty line between salts", `${MADE} published\n${OLD} until replaced\n\n${OLDEST} until replaced`, 3],
];

for (const [what, text, line] of FAULTS) {
  Deno.test(`a file with ${what} is refused without telling what it holds`, async () => {
    await withFile(async (path) => {
      await Deno.writeTextFile(path, text);
      const { message } = await assertRejects(() => readSalts(path, NOW), Error, `${path}: line ${line} is none`);
      for (const word of text.match(/[A-Za-z0-9]{5,}/g) ?? []) {
        assert(!message.includes(word), `${message} tells ${word}`);
      }
      assertEquals(await Deno.readTextFile(path), text);
    });
  });
}

Deno.test("a file that cannot be read is an error", async () => {
  await withFile(async (path) => {
    await Deno.mkdir(path);
    await assertRejects(() => readSalts(path, NOW), Error);
  });
});

Deno.test("new salts have 32 letters and digits, each as often as the others", () => {
  const salts = Array.from({ length: 1_000 }, randomSalt);
  for (const salt of salts) assertMatch(salt, /^[A-Za-z0-9]{32}$/);
  assertEquals(new Set(salts).size, salts.length);
  const counts = new Map<string, number>();
  for (const letter of salts.join("")) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  assertEquals(counts.size, 62);
  // 516 are expected of each, give or take 23; a lean towards the first letters would give those a quarter more.
  const [least, most] = [Math.min(...counts.values()), Math.max(...counts.values())];
  assert(least > 380 && most < 660, `letters come ${least} to ${most} times`);
  const first = [..."ABCDEFGH"].reduce((sum, letter) => sum + (counts.get(letter) ?? 0), 0);
  assert(Math.abs(first - 8 * 516) < 400, `the first letters come ${first} times`);
});
