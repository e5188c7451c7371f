import { encodePacket } from "../../lib/protocol/packets.ts";
import { assertEquals, assertMatch } from "../harness/assert.ts";
import { Bot, type BotOptions } from "../harness/bot.ts";
import { dial } from "../harness/link.ts";
import { type LogLine, NO_LIMITS, Program } from "../harness/program.ts";
import { concat, identification, vanilla } from "../session/logins.ts";
import { BELIEVES_CALLERS, callFrom } from "./callers.ts";
import { ObservedServer } from "./observed_server.ts";

const DIAL_MS = 5_000;
const MODES = ["parse", "raw"] as const;
const TOO_MANY = /^Too many connections from your address \[PA-\w+\]$/;
const TOO_FAST = /^You connect too often, please wait a little \[PA-\w+\]$/;
const CROWDED_OUT = /^Too many are logging in, please try again \[PA-\w+\]/;
const PACKET_FLOOD = /^Your client sends too much \[PP-\w+\]$/;
const CHAT_FLOOD = /^You chat too much, please slow down \[PP-\w+\]$/;

/** The program under `limits`, which replace those of other tests: listeners "parse" and "raw" that ask for no key, and "checked". */
class Limited implements AsyncDisposable {
  readonly server: ObservedServer;
  readonly program: Program;

  private constructor(server: ObservedServer, program: Program) {
    this.server = server;
    this.program = program;
  }

  static async start(...limits: readonly string[]): Promise<Limited> {
    const server = await ObservedServer.start();
    const keyOf = (line: string): string => line.replace(/ =.*/, "");
    const others = NO_LIMITS.filter((line) => !limits.map(keyOf).includes(keyOf(line)));
    const listeners = [["parse", "parse", "off"], ["raw", "raw", "off"], ["checked", "parse", "mppass"]];
    const config = [
      "[limits]",
      ...limits,
      ...others,
      ...listeners.flatMap(([name, mode, auth]) => [
        "[[listener]]",
        `name = "${name}"`,
        `mode = "${mode}"`,
        `auth = "${auth}"`,
        'bind = "127.0.0.1:0"',
        'pool = "all"',
        BELIEVES_CALLERS,
      ]),
      "[[pool]]",
      'name = "all"',
      'backends = ["hub"]',
      "[[backend]]",
      'name = "hub"',
      `address = "${server.address}"`,
    ];
    return new Limited(server, await Program.start({ config: config.join("\n") }));
  }

  call(address: string, name: string, mode = "parse", options: BotOptions = {}): Promise<Bot> {
    return callFrom(address, this.program.target(mode), { name, ...options });
  }

  /** A player who is in the world. */
  async enter(address: string, name: string, mode = "parse"): Promise<Bot> {
    const bot = await this.call(address, name, mode);
    await bot.joined();
    await this.server.joined(name);
    return bot;
  }

  /** What the log says about connections that were, or would have been, turned away for `reason`. */
  counted(reason: string): Promise<LogLine> {
    const line = (): LogLine | undefined =>
      this.program.lines("turned-away-many").find((line) => line.reason === reason);
    return this.program.until(line, `a count of ${reason}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}

function pings(count: number): Uint8Array {
  return concat(...Array.from({ length: count }, () => encodePacket("Ping", vanilla(), {})));
}

Deno.test("an address may have so many connections at one time, through all listeners", async () => {
  await using edge = await Limited.start("connections_per_address = 2");
  await using alice = await edge.enter("192.0.2.1", "Alice");
  await using _bob = await edge.enter("192.0.2.1", "Bob", "raw");
  for (const mode of MODES) {
    await using carol = await edge.call("192.0.2.1", "Carol", mode);
    assertMatch(await carol.kicked(), TOO_MANY);
  }
  await using dave = await edge.enter("192.0.2.2", "Dave");
  const { count, addresses, ip } = await edge.counted("too-many-connections");
  assertEquals([Number(count) > 0, addresses, ip], [true, 1, "192.0.2.1"]);
  alice.close();
  await edge.program.ended(3);
  await using _carol = await edge.enter("192.0.2.1", "Carol");
  assertEquals(dave.violations, []);
});

Deno.test("the limits of an address hold for a peer that says itself who it is", async () => {
  await using edge = await Limited.start("connections_per_address = 1");
  await using alice = await Bot.connect(edge.program.target("parse"), { name: "Alice" });
  await alice.joined();
  await using bob = await Bot.connect(edge.program.target("parse"), { name: "Bob" });
  assertMatch(await bob.kicked(), TOO_MANY);
});

Deno.test("an address that connects too often is told so, others are let in", async () => {
  await using edge = await Limited.start('connect_rate_per_address = "3/60s"');
  for (const [index, name] of ["Alice", "Bob", "Carol"].entries()) {
    await using bot = await edge.enter("192.0.2.1", name);
    bot.close();
    await edge.program.ended(index + 1);
  }
  await using dave = await edge.call("192.0.2.1", "Dave");
  assertMatch(await dave.kicked(), TOO_FAST);
  await using _erin = await edge.enter("192.0.2.2", "Erin");
});

Deno.test("connections that say nothing, or half of it, make room for who logs in; players do not", async () => {
  await using edge = await Limited.start("logins_at_once = 2");
  await using alice = await edge.enter("192.0.2.1", "Alice");
  const target = edge.program.target("parse");
  using silent = await dial(target, DIAL_MS);
  using hesitant = await dial(target, DIAL_MS);
  await hesitant.write(identification("Half").subarray(0, 60));
  const reading = readToEnd(hesitant);
  await using bob = await edge.enter("192.0.2.2", "Bob");
  assertEquals(await readToEnd(silent), "");
  using other = await dial(target, DIAL_MS);
  await using carol = await edge.enter("192.0.2.3", "Carol");
  assertMatch((await reading).slice(1), CROWDED_OUT);
  await edge.program.ended(2);
  assertEquals(edge.program.endings.map(({ reason }) => reason), ["given-up", "too-many-logins"]);
  for (const { violations } of [alice, bob, carol]) assertEquals(violations, []);
  await other.closeWrite();
});

/** Everything the edge says until it closes. */
async function readToEnd(conn: Deno.Conn): Promise<string> {
  const decoder = new TextDecoder("latin1");
  let text = "";
  const buffer = new Uint8Array(256);
  for (let count = await conn.read(buffer); count !== null; count = await conn.read(buffer)) {
    text += decoder.decode(buffer.subarray(0, count));
  }
  return text.trimEnd();
}

for (const mode of MODES) {
  Deno.test(`who sends too many packets has to go, others play on, in ${mode} mode`, async () => {
    await using edge = await Limited.start("packets_per_second = 50");
    await using alice = await edge.enter("192.0.2.1", "Alice", mode);
    await using bob = await edge.enter("192.0.2.1", "Bob", mode);
    // In raw mode it is bytes that count, 66 for each packet.
    const count = mode === "parse" ? 200 : 200 * 66;
    await alice.send(pings(count));
    if (mode === "parse") assertMatch(await alice.kicked(), PACKET_FLOOD);
    await alice.closed();
    const { reason, code, player } = await edge.program.ended(1);
    assertEquals([reason, code, player], ["packet-flood", "PP", "Alice"]);
    await bob.chat("still here");
    await edge.server.heard("Bob", ["still here"]);
    // A client's usual pace is no flood.
    await bob.send(pings(mode === "parse" ? 50 : 50 * 66));
    await bob.chat("and here");
    await edge.server.heard("Bob", ["and here"]);
  });
}

Deno.test("who chats too much has to go, commands of the edge's own included; what was within the limit was heard", async () => {
  await using edge = await Limited.start('chat_rate = "3/60s"');
  await using alice = await edge.enter("192.0.2.1", "Alice");
  await using bob = await edge.enter("192.0.2.1", "Bob");
  await using raw = await edge.enter("192.0.2.1", "Raw", "raw");
  for (const line of ["one", "two", "three"]) await alice.chat(line);
  await edge.server.heard("Alice", ["one", "two", "three"]);
  await alice.chat("four");
  assertMatch(await alice.kicked(), CHAT_FLOOD);
  for (let count = 0; count < 4; count++) await bob.chat("/server");
  assertMatch(await bob.kicked(), CHAT_FLOOD);
  // Nobody looks at what is said in raw mode.
  const lines = ["one", "two", "three", "four", "five"];
  for (const line of lines) await raw.chat(line);
  await edge.server.heard("Raw", lines);
  await edge.program.ended(2);
  assertEquals(edge.program.endings.map(({ reason, code }) => [reason, code]), [["chat-flood", "PP"], [
    "chat-flood",
    "PP",
  ]]);
});

Deno.test("a dry run refuses none of that and counts all of it; the name check holds", async () => {
  await using edge = await Limited.start(
    "connections_per_address = 2",
    'connect_rate_per_address = "2/60s"',
    "packets_per_second = 50",
    'chat_rate = "3/60s"',
    "dry_run = true",
  );
  const names = ["Alice", "Bob", "Carol", "Dave", "Erin"];
  const bots: Bot[] = [];
  await using stack = new AsyncDisposableStack();
  for (const name of names) bots.push(stack.use(await edge.enter("192.0.2.1", name)));
  for (const bot of bots.slice(0, 2)) bot.close();
  await edge.program.ended(2);
  for (const bot of bots.slice(2, 4)) bot.close();
  await edge.program.ended(4);
  const [, , , , erin] = bots;
  await using frank = await edge.enter("192.0.2.1", "Frank");
  const lines = ["one", "two", "three", "four", "five"];
  for (const line of lines) await erin?.chat(line);
  await edge.server.heard("Erin", lines);
  await frank.send(pings(300));
  await frank.chat("still here");
  await edge.server.heard("Frank", ["still here"]);
  for (const reason of ["too-many-connections", "connecting-too-fast", "packet-flood", "chat-flood"]) {
    const { ip } = await edge.counted(`${reason} (dry run)`);
    assertEquals(ip, "192.0.2.1");
  }
  assertEquals(edge.program.endings.map(({ reason }) => reason), Array(4).fill("client-left"));
  await using liar = await edge.call("192.0.2.9", "Liar", "checked", { key: "-" });
  assertMatch(await liar.kicked(), /^Login failed!/);
});
