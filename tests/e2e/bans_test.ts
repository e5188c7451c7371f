import { replaceFile } from "../../lib/replace_file.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../harness/assert.ts";
import type { Bot } from "../harness/bot.ts";
import { eventually } from "../harness/kernel.ts";
import { NO_LIMITS, Program, programCommand } from "../harness/program.ts";
import { BELIEVES_CALLERS, callFrom } from "./callers.ts";
import { ObservedServer } from "./observed_server.ts";

const BANNED = /^You are banned here \[OA-\w+\]$/;
const NOT_ALLOWED = /^Only players on the list may come in now \[O[AP]-\w+\]$/;
/** Milliseconds of a ban that ends: it must outlive what is done meanwhile in other processes. */
const BAN_MS = 15_000;

/** A running edge whose lists are edited by other processes. */
class Guarded implements AsyncDisposable {
  readonly server: ObservedServer;
  readonly program: Program;
  readonly #folder: string;
  readonly #config: string;

  private constructor(folder: string, config: string, server: ObservedServer, program: Program) {
    this.#folder = folder;
    this.#config = config;
    this.server = server;
    this.program = program;
  }

  static async start(limits: readonly string[] = []): Promise<Guarded> {
    const folder = await Deno.makeTempDir({ prefix: "kurafuto-test-" });
    const server = await ObservedServer.start();
    const config = [
      "[limits]",
      ...NO_LIMITS,
      ...limits,
      "[[listener]]",
      'name = "main"',
      'bind = "127.0.0.1:0"',
      'pool = "all"',
      'auth = "off"',
      BELIEVES_CALLERS,
      "[[pool]]",
      'name = "all"',
      'backends = ["hub"]',
      "[[backend]]",
      'name = "hub"',
      `address = "${server.address}"`,
    ].join("\n");
    const dataDir = `${folder}/data`;
    await Deno.writeTextFile(`${folder}/kurafuto.toml`, `[edge]\ndata_dir = "${dataDir}"\n${config}`);
    const program = await Program.start({ config, dataDir });
    return new Guarded(folder, `${folder}/kurafuto.toml`, server, program);
  }

  /** Runs a command of the program. Returns what it prints; it must end well. */
  async run(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await programCommand([...args, "-c", this.#config]).output();
    const [printed, complaint] = [new TextDecoder().decode(stdout), new TextDecoder().decode(stderr)];
    assertEquals([code, complaint], [0, ""]);
    return printed;
  }

  /** Runs a command that changes the lists, and waits until the edge has followed. */
  async edit(...args: readonly string[]): Promise<void> {
    const read = this.program.lines("access").length;
    await this.run(...args);
    await this.program.until(() => this.program.lines("access").length > read, "the lists to be read");
  }

  call(address: string, name: string): Promise<Bot> {
    return callFrom(address, this.program.target(), { name });
  }

  /** What becomes of a login: "in", or what the player reads. */
  async outcome(address: string, name: string): Promise<string> {
    await using bot = await this.call(address, name);
    const ended = (): number => this.program.endings.filter(({ player }) => player === name).length;
    const before = ended();
    const outcome = await Promise.race([bot.joined().then(() => "in"), bot.kicked()]);
    bot.close();
    await this.program.until(() => ended() > before, `the end of ${name}'s session`);
    return outcome;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

Deno.test("a ban of a name throws its player out soon, with the reason, and keeps them out until it is taken back", async () => {
  await using edge = await Guarded.start();
  await using griefer = await edge.call("192.0.2.1", "Griefer");
  await using alice = await edge.call("192.0.2.1", "Alice");
  await Promise.all([griefer.joined(), alice.joined()]);
  const printed = await edge.run("ban", "grIEFer", "--reason", "broke the spawn");
  assertMatch(
    printed,
    /^banned the player grIEFer in .*access\.toml; a running edge takes it up within two seconds\n$/,
  );
  assertMatch(await griefer.kicked(), /^You are banned: broke the spawn \[OP-\w+\]$/);
  await griefer.closed();
  await edge.server.left("Griefer");
  assertMatch(await edge.outcome("192.0.2.2", "GRIEFER"), /^You are banned: broke the spawn \[OA-\w+\]$/);
  assertEquals(alice.violations, []);
  assertMatch(await edge.run("bans"), /^LIST +WHO +UNTIL +REASON\nban +grIEFer +for good +broke the spawn\n$/);
  await edge.edit("unban", "griefer");
  assertEquals(await edge.outcome("192.0.2.2", "Griefer"), "in");
  assertEquals(await edge.run("bans"), "nobody is banned, nobody is on the allow list\n");
});

Deno.test("a ban of an address or network throws out who comes from there, and tells them why", async () => {
  await using edge = await Guarded.start();
  await using alice = await edge.call("198.51.100.7", "Alice");
  await using bob = await edge.call("203.0.113.200", "Bob");
  await using carol = await edge.call("2001:db8:1:2::3", "Carol");
  await using dave = await edge.call("198.51.100.8", "Dave");
  await Promise.all([alice.joined(), bob.joined(), carol.joined(), dave.joined()]);
  await edge.run("ban", "198.51.100.7", "--reason", "flood");
  await edge.run("ban", "203.0.113.0/24");
  await edge.run("ban", "2001:db8:1::/48", "--reason", "many accounts");
  assertMatch(await alice.kicked(), /^You are banned: flood \[OP-\w+\]$/);
  assertMatch(await bob.kicked(), /^You are banned here \[OP-\w+\]$/);
  assertMatch(await carol.kicked(), /^You are banned: many accounts \[OP-\w+\]$/);
  assertMatch(await edge.outcome("198.51.100.7", "Other"), /^You are banned: flood \[OA-\w+\]$/);
  assertMatch(await edge.outcome("203.0.113.1", "Other"), BANNED);
  assertMatch(await edge.outcome("2001:db8:1:ffff::1", "Other"), /^You are banned: many accounts \[OA-\w+\]$/);
  assertEquals(await edge.outcome("203.0.114.1", "Other"), "in");
  assertEquals(dave.violations, []);
  // A name that is allowed may come from a banned network, any other still may not.
  await edge.edit("allow", "Bob");
  assertEquals(await edge.outcome("203.0.113.200", "Bob"), "in");
  assertMatch(await edge.outcome("203.0.113.200", "Other"), BANNED);
});

Deno.test("a ban ends at its time", async () => {
  await using edge = await Guarded.start();
  await edge.edit("ban", "Alice", "--for", `${BAN_MS}ms`, "--reason", "cool down");
  const refused = await edge.outcome("192.0.2.1", "Alice");
  assertMatch(refused, /^You are banned: cool down \[OA-\w+\]$/);
  const [, until = ""] = /ban +Alice +(\S+Z)/.exec(await edge.run("bans")) ?? [];
  const end = Date.parse(until);
  assert(end > Date.now() && end <= Date.now() + BAN_MS, until);
  const isIn = async (): Promise<boolean> => await edge.outcome("192.0.2.1", "Alice") === "in";
  await eventually(isIn, "Alice in again", { timeoutMs: BAN_MS + 10_000 });
  assert(Date.now() >= end, until);
});

Deno.test("where only listed players are allowed, the list decides who comes in and who stays", async () => {
  await using edge = await Guarded.start(["allow_only = true"]);
  assertMatch(await edge.outcome("192.0.2.1", "Alice"), NOT_ALLOWED);
  await edge.edit("allow", "Alice");
  await edge.edit("allow", "198.51.100.0/24");
  await using alice = await edge.call("192.0.2.1", "alice");
  await using friend = await edge.call("198.51.100.9", "Friend");
  await Promise.all([alice.joined(), friend.joined()]);
  assertMatch(await edge.outcome("192.0.2.1", "Mallory"), NOT_ALLOWED);
  await edge.run("disallow", "198.51.100.0/24");
  assertMatch(await friend.kicked(), NOT_ALLOWED);
  assertEquals(alice.violations, []);
});

Deno.test("a faulty list changes nothing, is told of, and is followed once it is mended", async () => {
  await using edge = await Guarded.start();
  await edge.edit("ban", "Griefer");
  const path = `${/ in (\S+);/.exec(await edge.run("ban", "Other"))?.[1]}`;
  const good = await Deno.readTextFile(path);
  await replaceFile(path, '[[ban]]\nname = "Gr', 0o600);
  const { msg } = await edge.program.until(
    () => edge.program.lines("access").find(({ level }) => level === "error"),
    "the fault",
  );
  assertStringIncludes(msg, `${path}:2: ban[0].name`);
  assertMatch(await edge.outcome("192.0.2.1", "Griefer"), BANNED);
  const read = edge.program.lines("access").length;
  await replaceFile(path, good.replace("Griefer", "Newcomer"), 0o600);
  await edge.program.until(() => edge.program.lines("access").length > read, "the mended lists");
  assertEquals(await edge.outcome("192.0.2.1", "Griefer"), "in");
  assertMatch(await edge.outcome("192.0.2.1", "Newcomer"), BANNED);
});
