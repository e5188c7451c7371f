import { machineClock } from "../../lib/clock.ts";
import { AccessFile, AccessFileError, editAccess } from "../../lib/guard/access_file.ts";
import { parseSubject } from "../../lib/guard/access_list.ts";
import { assertEquals, assertMatch, assertRejects } from "../harness/assert.ts";
import { limitDescriptors } from "../harness/descriptor_limit.ts";
import { Waits } from "../harness/waits.ts";

const FOLLOWER = new URL("access_follower_main.ts", import.meta.url).pathname;
const NOBODY = 65_534;

/** A data directory, and beside it room for what is somebody else's. */
class Folder implements Disposable {
  readonly #path = Deno.makeTempDirSync({ prefix: "kurafuto-test-" });
  readonly dataDir = `${this.#path}/data`;
  readonly elsewhere = `${this.#path}/elsewhere`;

  constructor() {
    Deno.mkdirSync(this.dataDir);
  }

  ban(name: string): Promise<boolean> {
    const entry = { subject: parseSubject(name), until: undefined, reason: undefined };
    return editAccess(this.dataDir, Date.now(), ({ ban, allow }) => ({ ban: [...ban, entry], allow }));
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#path, { recursive: true });
  }
}

Deno.test({
  name: "a ban that could not be read for want of descriptors counts as soon as there are some",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    using folder = new Folder();
    await using follower = new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-read", FOLLOWER, folder.dataDir],
      // Deno's check for a newer release takes descriptors some time after the start.
      env: { DENO_NO_UPDATE_CHECK: "1" },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const output = follower.stdout.pipeThrough(new TextDecoderStream()).getReader();
    assertEquals((await output.read()).value, "following\n");
    const before = limitDescriptors(follower.pid, 0);
    await folder.ban("Griefer");
    assertMatch((await output.read()).value ?? "", /^problem: .*Too many open files.*\n$/);
    limitDescriptors(follower.pid, before);
    assertEquals((await output.read()).value, "banned: Griefer\n");
    await follower.stdin.close();
    assertEquals((await follower.status).code, 0);
    await output.cancel();
  },
});

Deno.test("what cannot be read is looked at again and again, and told once", async () => {
  using folder = new Folder();
  let looks = 0;
  const problems: string[] = [];
  const waits = new Waits(() => `${looks} looks, problems: ${problems.join(" | ")}`);
  const file = new AccessFile(folder.dataDir, {
    now: machineClock.now,
    after: (_, callback) => {
      looks++;
      waits.changed();
      return machineClock.after(1, callback);
    },
  });
  const path = `${folder.dataDir}/access.toml`;
  const stop = file.watch({ onChange: () => {}, onProblem: (message) => void problems.push(message) });
  for (const times of [1, 2]) {
    await Deno.mkdir(path);
    await waits.until(() => problems.length === times, "the problem");
    const seen = looks;
    await waits.until(() => looks >= seen + 20, "twenty more looks");
    assertEquals(problems, Array(times).fill(`${path}: Cannot read file as it is a directory`));
    await Deno.remove(path);
    const before = looks;
    await waits.until(() => looks > before + 2, "a look at the end of it");
  }
  stop();
});

Deno.test("a lock is not made where a link leads", async () => {
  using folder = new Folder();
  await Deno.symlink(folder.elsewhere, `${folder.dataDir}/access.lock`);
  await assertRejects(() => folder.ban("Griefer"), AccessFileError, "Cannot edit ");
  await assertRejects(() => Deno.lstat(folder.elsewhere), Deno.errors.NotFound);
});

Deno.test({
  name: "a lock that is a link gives nobody what it leads to",
  // Only root can give files away.
  ignore: Deno.build.os === "windows" || Deno.uid() !== 0,
  fn: async () => {
    using folder = new Folder();
    await Deno.writeTextFile(folder.elsewhere, "root's");
    await Deno.symlink(folder.elsewhere, `${folder.dataDir}/access.lock`);
    await Deno.chown(folder.dataDir, NOBODY, NOBODY);
    await folder.ban("Griefer");
    const owners = ["access.lock", "access.toml"].map((name) => Deno.lstatSync(`${folder.dataDir}/${name}`).uid);
    assertEquals([...owners, Deno.lstatSync(folder.elsewhere).uid], [NOBODY, NOBODY, 0]);
  },
});
