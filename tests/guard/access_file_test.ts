import { ConfigError } from "../../lib/config/problem.ts";
import { AccessFile, AccessFileError, editAccess, readAccess } from "../../lib/guard/access_file.ts";
import { formatAccess, MOST_ENTRIES, parseAccess } from "../../lib/guard/access_format.ts";
import { type AccessEntries, type AccessEntry, formatSubject, parseSubject } from "../../lib/guard/access_list.ts";
import { machineClock } from "../../lib/clock.ts";
import { replaceFile } from "../../lib/replace_file.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../harness/assert.ts";
import { Waits } from "../harness/waits.ts";

const NOW = Date.parse("2026-11-28T12:00:00Z");

/** A data directory. */
class Folder implements AsyncDisposable {
  readonly path = Deno.makeTempDirSync({ prefix: "kurafuto-test-" });
  readonly file = `${this.path}/access.toml`;

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

function entry(who: string, until?: number, reason?: string): AccessEntry {
  return { subject: parseSubject(who), until, reason };
}

/** Adds one ban. */
async function ban(folder: Folder, added: AccessEntry): Promise<void> {
  await editAccess(folder.path, NOW, ({ ban, allow }) => ({ ban: [...ban, added], allow }));
}

function banned({ ban }: AccessEntries): string[] {
  return ban.map(({ subject }) => formatSubject(subject));
}

Deno.test("an access file written by hand is read", () => {
  const text = `
    [[ban]]
    name = "Griefer"
    until = "2026-12-01T01:00:00+01:00"
    reason = "grief"
    [[ban]]
    address = "203.0.113.0/24"
    until = 2026-12-01T00:00:00Z
    [[allow]]
    address = "::ffff:198.51.100.7"
  `;
  const until = Date.parse("2026-12-01T00:00:00Z");
  assertEquals(parseAccess("access.toml", text), {
    ban: [entry("Griefer", until, "grief"), entry("203.0.113.0/24", until)],
    allow: [entry("198.51.100.7")],
  });
  assertEquals(parseAccess("access.toml", "# nothing yet\n"), { ban: [], allow: [] });
});

Deno.test("what is written is read again as it was", () => {
  const entries = {
    ban: [entry("Griefer", NOW + 1, 'he said "\\o/" & é'), entry("2001:db8::/32", NOW)],
    allow: [entry("198.51.100.7"), entry("10.0.0")],
  };
  assertEquals(parseAccess("access.toml", formatAccess(entries)), entries);
  assertEquals(parseAccess("access.toml", formatAccess({ ban: [], allow: [] })), { ban: [], allow: [] });
});

const FAULTS: readonly (readonly [text: string, message: string])[] = [
  ['[[ban]]\nname = "a"\nname = "b"', "access.toml:3: ban[0].name: Cannot set key again: it is set on line 2"],
  ['[[ban]]\nnme = "a"', 'access.toml:2: ban[0].nme: Cannot use key as it is unknown (did you mean "name"?)'],
  ['[[bann]]\nname = "a"', 'access.toml:1: bann: Cannot use key as it is unknown (did you mean "ban"?)'],
  ['[[ban]]\nname = "a b"', "access.toml:2: ban[0].name: Cannot use value as it must be a player name of 1 to 16"],
  ['[[ban]]\naddress = "10.0.0.1/8"', "access.toml:2: ban[0].address: Cannot read network as its address has bits set"],
  ['[[ban]]\nreason = "x"', "access.toml:1: ban[0]: Cannot use entry as it must have either a name or an address"],
  ['[[allow]]\nname = "a"\naddress = "::1"', "access.toml:1: allow[0]: Cannot use entry as it must have either"],
  [
    '[[ban]]\nname = "a"\nuntil = "tomorrow"',
    'access.toml:3: ban[0].until: Cannot use value as it must be a time such as "',
  ],
  ['[[ban]]\nname = "a"\nuntil = "2026-13-01T00:00:00Z"', "access.toml:3: ban[0].until: Cannot use value"],
  ['[[ban]]\nname = "a"\nuntil = 5', "access.toml:3: ban[0].until: Cannot use value"],
  ['[ban]\nname = "a"', "access.toml:1: ban: Cannot use value as it must be an array of tables, each written [[ban]]"],
  ["[[ban]]\nname = ", "access.toml:2: ban[0].name: Cannot read value as it is missing"],
];

for (const [text, message] of FAULTS) {
  Deno.test(`an access file is refused: ${text.replaceAll("\n", " ")}`, () => {
    const error = assertThrows(() => parseAccess("access.toml", text), ConfigError);
    assertEquals(error.message.slice(0, message.length), message);
  });
}

Deno.test("an access file has a bound, which commands keep", async () => {
  const ban = Array.from({ length: MOST_ENTRIES }, (_, index) => entry(`Player${index}`));
  await using folder = new Folder();
  await Deno.writeTextFile(folder.file, formatAccess({ ban, allow: [] }));
  await assertRejects(
    () => editAccess(folder.path, NOW, (entries) => ({ ...entries, allow: [entry("Steve")] })),
    AccessFileError,
    "the most there may be",
  );
  const text = formatAccess({ ban, allow: [entry("Steve")] });
  assertThrows(() => parseAccess("access.toml", text), ConfigError, "it has 1 more than 20000 entries");
});

Deno.test("an edit makes the directory and a file that only the owner can read, and leaves no draft", async () => {
  await using folder = new Folder();
  const dataDir = `${folder.path}/deeper/data`;
  await editAccess(dataDir, NOW, () => ({ ban: [entry("Griefer")], allow: [] }));
  const modeOf = async (path: string): Promise<number> => ((await Deno.stat(path)).mode ?? 0) & 0o777;
  assertEquals([await modeOf(dataDir), await modeOf(`${dataDir}/access.toml`)], [0o700, 0o600]);
  const names = (await Array.fromAsync(Deno.readDir(dataDir))).map(({ name }) => name).sort();
  assertEquals(names, ["access.lock", "access.toml"]);
});

Deno.test("an edit drops what has ended, and one that changes nothing writes nothing", async () => {
  await using folder = new Folder();
  await ban(folder, entry("Old", NOW + 1));
  await ban(folder, entry("Lasting", NOW + 1000));
  assertEquals(banned(await readAccess(folder.path)), ["Old", "Lasting"]);
  const before = await Deno.stat(folder.file);
  assertEquals(await editAccess(folder.path, NOW + 1, () => undefined), false);
  assertEquals((await Deno.stat(folder.file)).ino, before.ino);
  assertEquals(await editAccess(folder.path, NOW + 1, (entries) => entries), true);
  assertEquals(banned(await readAccess(folder.path)), ["Lasting"]);
});

Deno.test("two processes that edit at the same time lose nothing", async () => {
  await using folder = new Folder();
  const editor = new URL("access_editor.ts", import.meta.url).pathname;
  const editors = ["A", "B", "C"].map((prefix) =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--allow-read", "--allow-write", "--allow-env", editor, folder.path, prefix, "40"],
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      signal: AbortSignal.timeout(60_000),
    }).spawn()
  );
  // All are ready before the first one begins.
  for (const { stdout } of editors) {
    const reader = stdout.getReader();
    await reader.read();
    reader.releaseLock();
  }
  await Promise.all(editors.map(({ stdin }) => stdin.close()));
  for (const { code, stderr } of await Promise.all(editors.map((one) => one.output()))) {
    assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  }
  const names = banned(await readAccess(folder.path));
  assertEquals(
    names.toSorted(),
    ["A", "B", "C"].flatMap((prefix) => Array.from({ length: 40 }, (_, index) => `${prefix}${index}`)).toSorted(),
  );
  // They did take turns, so that one could have lost what another wrote.
  const turns = names.filter((name, index) => index > 0 && name[0] !== names[index - 1]?.[0]).length;
  assert(turns >= 3, `the processes took ${turns} turns`);
});

Deno.test("an edit does not wait for a lock for ever", async () => {
  await using folder = new Folder();
  using held = await Deno.open(`${folder.path}/access.lock`, { write: true, create: true });
  await held.lock(true);
  await assertRejects(() => ban(folder, entry("Steve")), AccessFileError, "as another process has held ");
});

Deno.test("a running edge follows the file, keeps the last good list and tells of each fault once", async () => {
  await using folder = new Folder();
  const file = new AccessFile(folder.path, {
    now: machineClock.now,
    after: (_, callback) => {
      looks++;
      const cancel = machineClock.after(1, callback);
      waits.changed();
      return cancel;
    },
  });
  let [looks, changes] = [0, 0];
  const problems: string[] = [];
  const waits = new Waits(() => `${looks} looks, ${changes} changes, problems: ${problems.join(" | ")}`);
  const isBanned = (name: string): boolean => file.list.judge({ name, address: "192.0.2.1" }, NOW).kind === "banned";
  await file.load();
  assertEquals(isBanned("Griefer"), false);
  const stop = file.watch({ onChange: () => void changes++, onProblem: (message) => void problems.push(message) });

  await ban(folder, entry("Griefer"));
  await waits.until(() => isBanned("Griefer"), "the ban");
  // Whole at once: half of it would be a version of its own, with a fault of its own.
  await replaceFile(folder.file, '[[ban]]\nname = "Griefer', 0o600);
  await waits.until(() => problems.length > 0, "the fault");
  const seen = looks;
  await waits.until(() => looks >= seen + 20, "twenty more looks");
  assertEquals([problems.length, isBanned("Griefer")], [1, true]);
  assert(problems[0]?.startsWith(`${folder.file}:2: ban[0].name: Cannot read text`), problems[0]);

  await replaceFile(folder.file, '[[ban]]\nname = "Other"\n', 0o600);
  await waits.until(() => isBanned("Other") && !isBanned("Griefer"), "the mended file");
  await Deno.remove(folder.file);
  await waits.until(() => !isBanned("Other"), "that nobody is banned without a file");
  assertEquals([problems.length, changes], [1, 3]);
  stop();
});

Deno.test("loading a faulty file says what is wrong and where", async () => {
  await using folder = new Folder();
  await Deno.writeTextFile(folder.file, "[[ban]]\n");
  await assertRejects(
    () => new AccessFile(folder.path).load(),
    ConfigError,
    `${folder.file}:1: ban[0]: Cannot use entry`,
  );
});
