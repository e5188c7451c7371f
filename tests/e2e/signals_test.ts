/** Everything that asks for a move, and everything that only looks like it, with the program and real sockets. */
import { parseConfig } from "../../lib/config/load.ts";
import { CLASSICUBE } from "../../lib/demo/presets.ts";
import { startEdge } from "../../lib/edge.ts";
import { encodePacket } from "../../lib/protocol/packets.ts";
import { assert, assertEquals } from "../harness/assert.ts";
import { Bot, type BotOptions } from "../harness/bot.ts";
import { eventually } from "../harness/kernel.ts";
import { type LogLine, NO_LIMITS, Program } from "../harness/program.ts";
import { quietLog } from "../harness/quiet_log.ts";
import { concat, dialect } from "../session/logins.ts";
import { ObservedServer } from "./observed_server.ts";
import { depart } from "./waiting.ts";

const EVERYTHING: BotOptions = { extensions: CLASSICUBE };
const LEG = dialect(CLASSICUBE);
const CHANNEL = 75;
const NAMES = ["hub", "arena", "vault"] as const;
/** Nothing listens there. */
const RUIN = "127.0.0.1:1";
const SILENT = quietLog();

type Name = typeof NAMES[number];
type Servers = Readonly<Record<Name, ObservedServer>>;

/**
 * Players come to the hub. It and the arena have tokens of their own; the vault has none, and players may not choose it; the ruin is
 * down. The arena is also the pool "games", which falls back to the hub.
 */
function configOf(servers: Servers): string {
  const listeners = [["main", "parse"], ["raw", "raw"]].flatMap(([name, mode]) => [
    "[[listener]]",
    `name = "${name}"`,
    'bind = "127.0.0.1:0"',
    `mode = "${mode}"`,
    'pool = "lobby"',
    'auth = "off"',
  ]);
  const pools = [["lobby", "hub", "lobby"], ["games", "arena", "lobby"]].flatMap(([name, backend, fallback]) => [
    "[[pool]]",
    `name = "${name}"`,
    `backends = ["${backend}"]`,
    `fallback = ["${fallback}"]`,
    "recent = false",
  ]);
  const backend = (name: string, address: string, ...more: string[]): string[] => [
    "[[backend]]",
    `name = "${name}"`,
    `address = "${address}"`,
    ...more,
  ];
  return [
    ...listeners,
    ...pools,
    ...backend("hub", servers.hub.address, 'token = "hub-token"'),
    ...backend("arena", servers.arena.address, 'token = "arena-token"', "max_players = 20"),
    ...backend("vault", servers.vault.address, "joinable = false"),
    ...backend("ruin", RUIN),
    // Each backend is checked once, at the start: every other connection is a player's.
    "[health]",
    'interval = "1h"',
    "[limits]",
    ...NO_LIMITS,
  ].join("\n");
}

/** The servers, each known to its players by its name. */
async function startServers(running: AsyncDisposableStack): Promise<Servers> {
  const start = async (name: Name): Promise<ObservedServer> =>
    running.use(await ObservedServer.start({ name, extensions: CLASSICUBE }));
  return { hub: await start("hub"), arena: await start("arena"), vault: await start("vault") };
}

interface Unmoved {
  /** Where the player is. @default "hub" */
  readonly name?: "hub" | "vault";
  /** @default none */
  readonly refused?: readonly string[];
}

/** The network with one player, who begins in the hub. */
class Scene implements AsyncDisposable {
  readonly servers: Servers;
  readonly program: Program;
  readonly bot: Bot;
  readonly #running: AsyncDisposableStack;
  #marks = 0;

  private constructor(servers: Servers, program: Program, bot: Bot, running: AsyncDisposableStack) {
    this.servers = servers;
    this.program = program;
    this.bot = bot;
    this.#running = running;
  }

  static async open(options: BotOptions = EVERYTHING, listener = "main"): Promise<Scene> {
    await using opening = new AsyncDisposableStack();
    const servers = await startServers(opening);
    const program = opening.use(await Program.start({ config: configOf(servers) }));
    const isChecked = (): boolean => NAMES.every((name) => servers[name].server.connections.accepted === 1);
    await eventually(isChecked, "a check of every server");
    await program.until(() => program.lines("backend-down").length === 1, "the ruin down");
    const bot = opening.use(await Bot.connect(program.target(listener), options));
    const scene = new Scene(servers, program, bot, opening.move());
    await scene.stands("hub");
    return scene;
  }

  /** Waits until the player stands in a server's world, and both agree on that. */
  async stands(name: Name): Promise<void> {
    await this.bot.until(({ state }) => state.isJoined && state.player.serverName === name, `the world of ${name}`);
    const mark = `mark ${this.#marks++}`;
    await this.bot.chat(mark);
    await this.servers[name].heard(this.bot.name, [mark]);
    assertEquals(this.bot.violations, []);
  }

  /** Waits until the log tells of `count` moves, and returns the last of them as from, to and signal. */
  async moved(count = 1): Promise<readonly unknown[]> {
    const line = await this.program.until(() => this.program.lines("moved")[count - 1], `move number ${count}`);
    assertEquals(this.program.lines("moved").length, count);
    return [line.from, line.to, line.signal];
  }

  /** A server says something to the player. */
  says(name: Name, bytes: Uint8Array): void {
    this.servers[name].server.sendBytes(this.bot.name, bytes);
  }

  /** Waits for the last plugin message that a server got from the player's connection to be `text`, on the edge's channel. */
  async answered(name: Name, text: string): Promise<void> {
    await eventually(async () => {
      const message = await this.servers[name].received("PluginMessage", this.bot.name);
      return message?.channel === CHANNEL && new TextDecoder().decode(message.data) === text.padEnd(64);
    }, `the answer ${JSON.stringify(text)}`);
  }

  /** A server says a line behind everything it has said before; the player reads it, so that the edge has taken all of it. */
  async outspoken(name: Name): Promise<void> {
    const mark = `mark ${this.#marks++}`;
    this.says(name, line(mark));
    await this.bot.chatLine(new RegExp(`^${mark}$`));
  }

  /**
   * Checks that nothing so far has moved the player from `name` or made the edge dial, by moving them in earnest.
   *
   * @param refused What the log tells of signals that were refused.
   */
  async assertUnmoved({ name = "hub", refused = [] }: Unmoved = {}): Promise<void> {
    const moves = this.program.lines("moved").length;
    await this.stands(name);
    await this.bot.chat("/server arena");
    assertEquals(await this.moved(moves + 1), [name, "arena", "player"]);
    await this.stands("arena");
    // The log and the sockets are in order, each by itself.
    assertEquals(this.refused, refused);
    assertEquals([...this.program.lines("move-failed"), ...this.program.lines("ended")], []);
    const accepted = NAMES.map((name) => this.servers[name].server.connections.accepted);
    assertEquals(accepted, [2, 2, name === "vault" ? 2 : 1]);
  }

  /** What the log tells of signals that were refused. */
  get refused(): readonly string[] {
    const text = ({ server, signal, cause }: LogLine): string => `${server} ${signal}: ${cause}`;
    return this.program.lines("signal-refused").map(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
  }
}

function line(message: string, type = 0): Uint8Array {
  return encodePacket("Message", LEG, { type, message });
}

function plugin(text: string, channel = CHANNEL): Uint8Array {
  return encodePacket("PluginMessage", LEG, { channel, data: new TextEncoder().encode(text) });
}

/** A line by the player, in the parts it is cut into. */
function typed(...parts: readonly string[]): Uint8Array {
  return concat(...parts.map((message, index) => {
    const partial = Number(index < parts.length - 1);
    return encodePacket("PlayerMessage", LEG, { partial, message });
  }));
}

function sentinel(token: string, name: string): string {
  return `^detail.user.kurafuto ${token} ${name}`;
}

/** What a server may send to have its player moved, and what the log calls it. */
const ASKING = [
  ["plugin-message", "padded with NULs", plugin("move arena")],
  ["plugin-message", "padded with spaces", plugin("move arena".padEnd(64))],
  ["plugin-message", "that names a pool", plugin("move games")],
  ["chat-sentinel", "that names a backend", line(sentinel("hub-token", "arena"))],
  ["chat-sentinel", "that names a pool", line(sentinel("hub-token", "games"))],
] as const;

for (const [signal, what, bytes] of ASKING) {
  Deno.test(`a ${signal} ${what} moves the player, who sees nothing of it`, async () => {
    await using scene = await Scene.open();
    const { bot } = scene;
    scene.says("hub", concat(line("before"), bytes, line("behind")));
    assertEquals(await scene.moved(), ["hub", "arena", signal]);
    await scene.stands("arena");
    const { screen, player } = bot.state;
    assertEquals(screen.chat.filter((text) => /before|behind/.test(text)), ["before", "behind"]);
    assertEquals([screen.hidden, player.pluginMessages, scene.refused], [[], [], []]);
  });
}

Deno.test("a kick whose text ends in a name moves the player, who reads nothing of it", async () => {
  await using scene = await Scene.open();
  scene.servers.hub.server.kick(scene.bot.name, "&cThe round is over @arena");
  assertEquals(await scene.moved(), ["hub", "arena", "kick-text"]);
  await scene.stands("arena");
  assertEquals(scene.bot.state.screen.chat.filter((text) => text.includes("round")), []);
});

Deno.test("any other kick is the player's, word for word", async () => {
  for (const text of ["&cBanned", "see you @arnea", "over @arena!", "over@arena", "over @ arena"]) {
    await using scene = await Scene.open();
    scene.servers.hub.server.kick(scene.bot.name, text);
    assertEquals(await scene.bot.kicked(), text);
    const { code, reason, moves } = await scene.program.ended(1);
    assertEquals([code, reason, moves], ["SP", "backend-kick", 0]);
    assertEquals(scene.servers.arena.server.connections.accepted, 1);
  }
});

Deno.test("who is answered on the channel, by which a server finds out that it stands behind an edge", async () => {
  await using scene = await Scene.open({ ...EVERYTHING, name: "Alex" });
  scene.says("hub", plugin("who"));
  await scene.answered("hub", "who Alex hub");
  scene.says("hub", plugin("move nowhere"));
  await scene.answered("hub", "failed nowhere unknown");
  await scene.assertUnmoved({ refused: ["hub plugin-message: nowhere: unknown"] });
});

/** Clients whose chat comes in packets of different kinds. */
const CLIENTS: readonly (readonly [string, BotOptions])[] = [
  ["with LongerMessages", EVERYTHING],
  ["without LongerMessages", { extensions: CLASSICUBE.without("LongerMessages") }],
  ["without CPE", {}],
  ["of protocol 5", { protocol: 5 }],
];

for (const [who, options] of CLIENTS) {
  Deno.test(`the command moves a player ${who}, and never reaches the server`, async () => {
    await using scene = await Scene.open(options);
    const { bot, servers } = scene;
    await bot.chat("one");
    await bot.chat("/server");
    await bot.chat("two");
    await servers.hub.heard(bot.name, ["one", "two"]);
    await bot.chat("/SERVER  Arena");
    assertEquals(await scene.moved(), ["hub", "arena", "player"]);
    await scene.stands("arena");
    await bot.chat("/server hub");
    assertEquals(await scene.moved(2), ["arena", "hub", "player"]);
    await scene.stands("hub");
  });
}

Deno.test("the command in parts is one command", async () => {
  for (
    const parts of [["/server".padEnd(64), "arena"], [`${" ".repeat(57)}/server`, " arena"], [
      "",
      "/server",
      "arena",
      "",
    ]]
  ) {
    await using scene = await Scene.open();
    const { bot, servers } = scene;
    await bot.send(concat(typed("one"), typed(...parts), typed("two")));
    assertEquals(await scene.moved(), ["hub", "arena", "player"]);
    await scene.stands("arena");
    await servers.hub.heard(bot.name, ["one"]);
    // What was typed behind it has reached one of the two.
    await bot.chatLine(/: &ftwo$/);
    assertEquals(bot.state.screen.chat.filter((text) => /server|: &ftwo$/.test(text)).length, 1);
  }
});

Deno.test("the command alone lists servers with their players, and shows which are down", async () => {
  await using scene = await Scene.open();
  const { bot, program } = scene;
  await using other = await Bot.connect(program.target(), { ...EVERYTHING, name: "Other" });
  await other.joined();
  await scene.servers.hub.joined("Other");
  await bot.chat("/server");
  await bot.chatLine(/ruin/);
  const { chat } = bot.state.screen;
  const list = chat.slice(chat.findIndex((text) => text.startsWith("&eServers")));
  assertEquals(list, [
    "&eServers &7(/server NAME to go there)",
    "&a> hub &72 players, here",
    "&f  arena &70/20 players",
    "&c  ruin &cis down",
  ]);
});

Deno.test("the player is told what speaks against a move, and goes only where players may", async () => {
  await using scene = await Scene.open();
  const { bot } = scene;
  for (const name of ["hub", "lobby", "ruin", "vault", "arnea", "are na"]) await bot.chat(`/server ${name}`);
  await bot.chatLine(/are na|are\?na/);
  const { chat } = bot.state.screen;
  assertEquals(chat.slice(chat.indexOf("&eYou are on hub already")), [
    "&eYou are on hub already",
    "&eYou are on lobby already",
    "&cruin is down",
    "&cThere is no server vault",
    "&cThere is no server arnea, did you mean arena?",
    "&cThere is no server are?na, did you mean arena?",
  ]);
  await scene.assertUnmoved();
});

Deno.test("a server may send its player where players may not go by themselves", async () => {
  await using scene = await Scene.open();
  scene.says("hub", plugin("move vault"));
  assertEquals(await scene.moved(), ["hub", "vault", "plugin-message"]);
  await scene.stands("vault");
  await scene.assertUnmoved({ name: "vault" });
});

Deno.test("the operator's call moves a player by any case of their name", async () => {
  await using running = new AsyncDisposableStack();
  const servers = await startServers(running);
  const edge = running.use(await startEdge(parseConfig(configOf(servers), { path: "signals" }).config, SILENT));
  const target = edge.listeners.find(({ name }) => name === "main");
  assert(target !== undefined);
  await using bot = await Bot.connect(target, EVERYTHING);
  await bot.joined();
  assertEquals(edge.move("Alex", "arena"), { kind: "refused", why: "there is no such player" });
  assertEquals(edge.move("Steve", "hub"), { kind: "refused", why: "is there already" });
  assertEquals(edge.move("Steve", "arnea"), { kind: "refused", why: "unknown, nearest is arena" });
  await eventually(() => edge.backends.some(({ state }) => state === "down"), "the ruin down");
  assertEquals(edge.move("Steve", "ruin"), { kind: "refused", why: "down" });
  for (const [from, to] of [["hub", "arena"], ["arena", "vault"], ["vault", "hub"]] as const) {
    assertEquals(edge.move("sTEVE", to), { kind: "begun", to });
    await bot.until(({ state }) => state.isJoined && state.player.serverName === to, `the world of ${to}`);
    await servers[from].left("Steve");
    await eventually(() => {
      const players = edge.backends.map(({ name, players }) => `${name} ${players}`);
      return players.includes(`${from} 0`) && players.includes(`${to} 1`);
    }, `one player on ${to}`);
  }
  await depart(bot);
  await eventually(() => edge.sessions === 0, "no session");
});

Deno.test("a server that fails loses its player to the pool's fallback, still connected", async () => {
  await using scene = await Scene.open();
  const { bot, program, servers } = scene;
  await bot.chat("/server arena");
  await scene.moved();
  await scene.stands("arena");
  await servers.arena.server.kill();
  assertEquals(await scene.moved(2), ["arena", "hub", "failure"]);
  await scene.stands("hub");
  assertEquals(program.lines("lost").map(({ server }) => server), ["arena"]);
  assertEquals(program.lines("ended"), []);
});

Deno.test("a client's plugin message on the channel reaches nobody; on others it reaches the server", async () => {
  await using scene = await Scene.open();
  const { bot, servers } = scene;
  await bot.send(concat(plugin("move arena"), plugin("move arena".padEnd(64)), plugin("who")));
  await scene.stands("hub");
  assertEquals(await servers.hub.received("PluginMessage", bot.name), undefined);
  await bot.send(plugin("move arena", 76));
  await scene.stands("hub");
  const passed = await servers.hub.received("PluginMessage", bot.name);
  assertEquals([passed?.channel, new TextDecoder().decode(passed?.data)], [76, "move arena".padEnd(64, "\0")]);
  assertEquals(bot.state.player.pluginMessages, []);
  await scene.assertUnmoved();
});

Deno.test("a server's plugin message on another channel reaches the client untouched, and moves nobody", async () => {
  await using scene = await Scene.open();
  for (const channel of [0, 74, 76, 255]) scene.says("hub", plugin("move arena", channel));
  await scene.outspoken("hub");
  const { pluginMessages } = scene.bot.state.player;
  const expected = plugin("move arena").subarray(2);
  assertEquals(pluginMessages.map(({ channel, data }) => ({ channel, data: Uint8Array.from(data) })), [
    ...[0, 74, 76, 255].map((channel) => ({ channel, data: Uint8Array.from(expected) })),
  ]);
  await scene.assertUnmoved();
});

Deno.test("a sentinel typed by a client moves nobody, however a server echoes it", async () => {
  await using scene = await Scene.open();
  const { bot, servers } = scene;
  const forged = sentinel("hub-token", "arena");
  await bot.chat(forged);
  await servers.hub.heard(bot.name, [forged]);
  await bot.chatLine(/kurafuto hub-token arena$/);
  const echoes = [`Steve: ${forged}`, `&e${forged}`, ` ${forged}`, `<Steve> ${forged}`];
  scene.says("hub", concat(...echoes.map((text) => line(text))));
  await scene.outspoken("hub");
  for (const echo of echoes) assert(bot.state.screen.chat.includes(echo), echo);
  await scene.assertUnmoved();
});

Deno.test("a sentinel with the token of another server, or none, is chat, and told", async () => {
  await using scene = await Scene.open();
  const { bot } = scene;
  const forged = ["arena-token", "hub-toke", "hub-tokenn", "HUB-TOKEN", ""].map((token) => sentinel(token, "arena"));
  scene.says("hub", concat(...forged.map((text) => line(text))));
  await scene.outspoken("hub");
  assertEquals(bot.state.screen.hidden, forged);
  await scene.assertUnmoved({ refused: forged.map(() => "hub chat-sentinel: wrong token") });
});

Deno.test("a server without a token has no sentinel", async () => {
  await using scene = await Scene.open();
  const { bot } = scene;
  scene.says("hub", plugin("move vault"));
  await scene.moved();
  await scene.stands("vault");
  const forged = ["hub-token", "arena-token", ""].map((token) => sentinel(token, "arena"));
  scene.says("vault", concat(...forged.map((text) => line(text)), line("^detail.user.kurafuto arena")));
  await scene.outspoken("vault");
  assertEquals(bot.state.screen.hidden, [...forged, "^detail.user.kurafuto arena"]);
  await scene.assertUnmoved({ name: "vault" });
});

Deno.test("a line that is more or less than the sentinel is chat", async () => {
  await using scene = await Scene.open();
  const forged = [
    `${sentinel("hub-token", "arena")} please`,
    `${sentinel("hub-token", "arena")}!`,
    sentinel("hub-token", " arena"),
    sentinel(" hub-token", "arena"),
    sentinel("hub-token", ""),
    "^detail.user.kurafuto",
    `see ${sentinel("hub-token", "arena")}`,
    `^detail.user.kurafuto\u00a0hub-token arena`,
  ];
  scene.says("hub", concat(...forged.map((text) => line(text))));
  await scene.outspoken("hub");
  const { chat, hidden } = scene.bot.state.screen;
  assertEquals([...hidden, ...chat.filter((text) => text.startsWith("see "))].length, forged.length);
  await scene.assertUnmoved();
});

Deno.test("a plugin message that is more or less than a request is swallowed and told", async () => {
  await using scene = await Scene.open();
  const forged = ["", "move", "MOVE arena", "move  arena", " move arena", "move arena now", "move arena\0hub", "what"];
  for (const text of forged) scene.says("hub", plugin(text));
  await scene.outspoken("hub");
  assertEquals(scene.bot.state.player.pluginMessages, []);
  await scene.assertUnmoved({ refused: forged.map(() => "hub plugin-message: not understood") });
});

Deno.test("a part of a long line is no command, whatever it looks like", async () => {
  await using scene = await Scene.open();
  const { bot, servers } = scene;
  const lines = [
    ["I say".padEnd(64), "/server arena"],
    ["/say".padEnd(64), "/server arena"],
    ["I say".padEnd(64), "/server arena".padEnd(64), "and no more"],
    ["/ser".padEnd(64), "vers arena"],
    ["/server".padEnd(64, "s"), "arena"],
  ];
  for (const parts of lines) {
    await bot.send(typed(...parts));
    await servers.hub.heard(bot.name, [parts.join("").trimEnd()]);
  }
  await scene.assertUnmoved();
});

Deno.test("no part of a line of more than a hundred parts is a command, and the line behind it may be one", async () => {
  await using scene = await Scene.open();
  const { bot } = scene;
  const filler = Array.from({ length: 250 }, () => "x".repeat(64));
  const before = await scene.servers.hub.received("PlayerMessage", bot.name);
  assert(before !== undefined);
  await bot.send(typed(...filler, "/server arena", "/server arena"));
  await eventually(async () => {
    const last = await scene.servers.hub.received("PlayerMessage", bot.name);
    return last?.message === "/server arena" && last.partial === 0;
  }, "the line's last part");
  await scene.assertUnmoved();
});

/** Where a player is after the move number `index` to and fro, counted from 0. */
function there(index: number): "hub" | "arena" {
  return index % 2 === 0 ? "arena" : "hub";
}

Deno.test("a request that is made again while the move is under way is the same move", async () => {
  await using scene = await Scene.open();
  const { servers } = scene;
  const again = concat(plugin("move arena"), line(sentinel("hub-token", "arena")));
  scene.says("hub", concat(...Array.from({ length: 10 }, () => again)));
  assertEquals(await scene.moved(), ["hub", "arena", "plugin-message"]);
  await scene.stands("arena");
  assertEquals(servers.arena.server.connections.accepted, 2);
  // They count as one: four more are granted.
  for (let i = 1; i < 5; i++) {
    const [from, to] = [there(i + 1), there(i)];
    scene.says(from, plugin(`move ${to}`));
    assertEquals(await scene.moved(i + 1), [from, to, "plugin-message"]);
    await scene.stands(to);
  }
  assertEquals(scene.refused, []);
});

Deno.test("servers move a player five times in ten seconds and not more; the player moves on", async () => {
  await using scene = await Scene.open();
  for (let i = 0; i < 5; i++) {
    const [from, to] = [there(i + 1), there(i)];
    scene.says(from, i % 2 === 0 ? plugin(`move ${to}`) : line(sentinel(`${from}-token`, to)));
    assertEquals((await scene.moved(i + 1)).slice(0, 2), [from, to]);
    await scene.stands(to);
  }
  scene.says("arena", concat(plugin("move hub"), line(sentinel("arena-token", "hub")), plugin("move vault")));
  await scene.answered("arena", "failed vault too many moves");
  await scene.stands("arena");
  await scene.bot.chat("/server hub");
  assertEquals(await scene.moved(6), ["arena", "hub", "player"]);
  await scene.stands("hub");
  assertEquals(scene.refused, [
    "arena plugin-message: hub: too many moves",
    "arena chat-sentinel: hub: too many moves",
    "arena plugin-message: vault: too many moves",
  ]);
  assertEquals(scene.servers.vault.server.connections.accepted, 1);
  // A kick asks like anything else; where no move is granted it is a kick.
  scene.servers.hub.server.kick(scene.bot.name, "over @arena");
  assertEquals(await scene.bot.kicked(), "over @arena");
});

Deno.test("raw mode knows no signal", async () => {
  await using scene = await Scene.open(EVERYTHING, "raw");
  const { bot, servers, program } = scene;
  await bot.chat("/server arena");
  await servers.hub.heard(bot.name, ["/server arena"]);
  await bot.send(plugin("move arena"));
  await scene.stands("hub");
  assertEquals((await servers.hub.received("PluginMessage", bot.name))?.channel, CHANNEL);
  scene.says("hub", concat(plugin("move arena"), line(sentinel("hub-token", "arena"))));
  await scene.outspoken("hub");
  assertEquals([bot.state.player.pluginMessages.length, bot.state.screen.hidden.length], [1, 1]);
  servers.hub.server.kick(bot.name, "over @arena");
  assertEquals(await bot.kicked(), "over @arena");
  assertEquals((await program.ended(1)).code, "SP");
  assertEquals([servers.arena.server.connections.accepted, program.lines("moved").length], [1, 0]);
});
