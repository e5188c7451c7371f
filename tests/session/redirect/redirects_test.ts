import { ExtensionSet } from "../../../lib/protocol/extensions.ts";
import { encodePacket, readPacket } from "../../../lib/protocol/packets.ts";
import { CLIENT, type Leg, type SessionEvent } from "../../../lib/session/port.ts";
import { assert, assertEquals, assertMatch } from "../../harness/assert.ts";
import type { MemoryDriver } from "../../harness/memory_driver.ts";
import { all, chatLines, frames } from "../frames.ts";
import { concat, dialect, extensionList, kickText, playing, smallMap, welcome } from "../logins.ts";

const FULL = ExtensionSet.ALL;
const LEG = dialect(FULL);
const CHANNEL = 75;
const TOKEN = "s3cr3t";
const MAX_PARTS = 100;
const POSITION = encodePacket("PlayerPosition", LEG, { held: 1, x: 1, y: 2, z: 3, yaw: 4, pitch: 5 });

function plugin(text: string, channel = CHANNEL): Uint8Array {
  return encodePacket("PluginMessage", LEG, { channel, data: new TextEncoder().encode(text) });
}

function line(message: string, type = 0): Uint8Array {
  return encodePacket("Message", LEG, { type, message });
}

/** A line of chat by the player, in the parts it is cut into. */
function typed(...parts: readonly string[]): Uint8Array {
  return concat(...parts.map((message, index) => {
    const partial = Number(index < parts.length - 1);
    return encodePacket("PlayerMessage", LEG, { partial, message });
  }));
}

function kick(reason: string): Uint8Array {
  return encodePacket("DisconnectPlayer", LEG, { reason });
}

/** What a kind of event said, in order. */
function told<K extends SessionEvent["kind"]>(driver: MemoryDriver, kind: K): Extract<SessionEvent, { kind: K }>[] {
  return driver.events.filter((event): event is Extract<SessionEvent, { kind: K }> => event.kind === kind);
}

/** The client's answer to the fence in what it was sent. */
function fenceIn(stream: Uint8Array): Uint8Array {
  const fence = all("TwoWayPing", LEG, frames("s2c", LEG, stream)).find(({ data }) => data >= 0x8000);
  assert(fence !== undefined, "no fence");
  return encodePacket("TwoWayPing", LEG, fence);
}

function signalsRefused(driver: MemoryDriver): readonly string[] {
  return told(driver, "signal-refused").map(({ backend, signal, cause }) => `${backend} ${signal}: ${cause}`);
}

/** Somebody with every extension who plays on "hub", beside "arena" and "museum", each with a token of its own. */
class Visitor {
  readonly driver: MemoryDriver = playing(FULL, {}, ["hub", "arena", "museum"]);
  readonly hub: Leg = this.driver.backend;

  constructor() {
    const { routes } = this.driver;
    for (const [backend, token] of [["hub", TOKEN], ["arena", "other"]] as const) routes.tokens.set(backend, token);
    this.driver.fromBackend(smallMap(LEG));
    this.driver.fromClient(encodePacket("CustomBlockSupportLevel", LEG, { level: 1 }));
    this.take();
    this.driver.take(this.hub);
  }

  /** Names of the backends that were dialled since the login. */
  get dialled(): readonly string[] {
    return this.driver.dialled.slice(1).map(({ backend }) => backend);
  }

  /** All the client was sent since the last call. */
  take(): Uint8Array {
    return this.driver.take(CLIENT);
  }

  /** The lines of chat that the client was sent since the last call. */
  read(): readonly string[] {
    return chatLines(LEG, this.take());
  }

  /** The backend dialled last takes the player, whose client passes the fence; then all that is closed is gone. */
  arrive(): void {
    const { driver } = this;
    driver.open();
    driver.fromBackend(concat(extensionList(FULL, "B 1.0"), welcome(LEG), smallMap(LEG)));
    driver.fromClient(fenceIn(this.take()));
    driver.settle();
    driver.take(driver.backend);
  }
}

const SENTINEL = line(`^detail.user.kurafuto ${TOKEN} arena`);

/** What each signal of a backend looks like, and what the log calls it. */
const ASKING = [
  ["plugin-message", plugin("move arena")],
  ["plugin-message", plugin("move arena".padEnd(64))],
  ["chat-sentinel", SENTINEL],
  ["kick-text", kick("&cThe round is over @arena")],
] as const;

for (const [signal, bytes] of ASKING) {
  Deno.test(`a ${signal} moves the player, who sees nothing of it`, () => {
    const visitor = new Visitor();
    const { driver } = visitor;
    driver.fromBackend(concat(line("before"), bytes));
    assertEquals(visitor.take(), line("before"));
    assertEquals(visitor.dialled, ["arena"]);
    visitor.arrive();
    assertEquals(told(driver, "moved").map(({ move }) => [move.from, move.to, move.signal]), [[
      "hub",
      "arena",
      signal,
    ]]);
    assertEquals(signalsRefused(driver), []);
  });
}

Deno.test("lines around a sentinel keep their order and their bytes", () => {
  const visitor = new Visitor();
  const { driver } = visitor;
  const [before, behind] = [line("one"), concat(line("two", 1), line("^detail.user.alive"), line("three", 255))];
  driver.fromBackend(concat(before, SENTINEL, behind));
  assertEquals(visitor.take(), concat(before, behind));
  assertEquals(visitor.dialled, ["arena"]);
});

Deno.test("who is answered on the same channel with the player's and the backend's name", () => {
  const visitor = new Visitor();
  const { driver, hub } = visitor;
  for (const request of ["who", "who".padEnd(64)]) {
    driver.fromBackend(plugin(request));
    const { channel, data } = readPacket("PluginMessage", LEG, driver.take(hub));
    assertEquals([channel, new TextDecoder().decode(data)], [CHANNEL, "who Steve hub".padEnd(64)]);
  }
  assertEquals([visitor.take().length, visitor.dialled], [0, []]);
});

Deno.test("a move that cannot begin is answered with why, and told", () => {
  const visitor = new Visitor();
  const { driver, hub } = visitor;
  driver.routes.down.add("museum");
  const cases = [["hub", "is there already"], ["museum", "down"], ["arnea", "unknown, nearest is hub"]] as const;
  for (const [name, why] of cases) {
    driver.fromBackend(plugin(`move ${name}`));
    const { data } = readPacket("PluginMessage", LEG, driver.take(hub));
    assertEquals(new TextDecoder().decode(data).trimEnd(), `failed ${name} ${why}`);
  }
  assertEquals(signalsRefused(driver), cases.map(([name, why]) => `hub plugin-message: ${name}: ${why}`));
  assertEquals([visitor.take().length, visitor.dialled], [0, []]);
});

Deno.test("what is not understood on the channel is swallowed and told", () => {
  const visitor = new Visitor();
  const { driver, hub } = visitor;
  for (const text of ["", "MOVE arena", "move arena now", " move arena"]) driver.fromBackend(plugin(text));
  assertEquals([visitor.take().length, driver.take(hub).length, visitor.dialled], [0, 0, []]);
  assertEquals(signalsRefused(driver), Array(4).fill("hub plugin-message: not understood"));
});

Deno.test("plugin messages on other channels are relayed both ways, byte for byte", () => {
  const visitor = new Visitor();
  const { driver, hub } = visitor;
  const others = concat(...[0, 74, 76, 255].map((channel) => plugin("move arena", channel)));
  driver.fromBackend(others);
  assertEquals(visitor.take(), others);
  driver.fromClient(others);
  assertEquals(driver.take(hub), others);
  assertEquals([visitor.dialled, signalsRefused(driver)], [[], []]);
});

Deno.test("a client's plugin message on the channel reaches nobody, also in the middle of a move", () => {
  const visitor = new Visitor();
  const { driver, hub } = visitor;
  driver.fromClient(concat(plugin("move arena"), plugin("who"), typed("hello")));
  assertEquals(driver.take(hub), typed("hello"));
  assertEquals([visitor.take().length, visitor.dialled], [0, []]);
  driver.fromClient(typed("/server arena"));
  driver.open();
  driver.take(driver.backend);
  driver.fromBackend(concat(extensionList(FULL), welcome(LEG), smallMap(LEG)));
  driver.take(driver.backend);
  driver.fromClient(plugin("move museum"));
  assertEquals([driver.take(driver.backend).length, visitor.dialled, signalsRefused(driver)], [0, ["arena"], []]);
});

Deno.test("a sentinel with another token is chat, and told; without a token of one's own it is chat", () => {
  const visitor = new Visitor();
  const { driver } = visitor;
  const wrong = ["other", "x", ""].map((token) => line(`^detail.user.kurafuto ${token} museum`));
  driver.fromBackend(concat(...wrong));
  assertEquals(visitor.take(), concat(...wrong));
  assertEquals(signalsRefused(driver), Array(3).fill("hub chat-sentinel: wrong token"));
  driver.routes.tokens.clear();
  driver.fromBackend(concat(...wrong, SENTINEL));
  assertEquals(visitor.take(), concat(...wrong, SENTINEL));
  assertEquals([visitor.dialled, signalsRefused(driver).length], [[], 3]);
});

Deno.test("a sentinel that names nothing that is there moves nobody, is told, and never shown", () => {
  const visitor = new Visitor();
  const { driver } = visitor;
  driver.fromBackend(line(`^detail.user.kurafuto ${TOKEN} nowhere`));
  assertEquals([visitor.take().length, visitor.dialled], [0, []]);
  assertEquals(signalsRefused(driver).map((told) => told.split(": ")[1]), ["nowhere"]);
});

Deno.test("a sentinel that a player types is chat to the backend, and the echo of it chat to the player", () => {
  const visitor = new Visitor();
  const { driver, hub } = visitor;
  const sentinel = `^detail.user.kurafuto ${TOKEN} arena`;
  driver.fromClient(typed(sentinel));
  assertEquals(driver.take(hub), typed(sentinel));
  const echoes = concat(line(`Steve: ${sentinel}`), line(`&e${sentinel}`), line(` ${sentinel}`));
  driver.fromBackend(echoes);
  assertEquals(visitor.take(), echoes);
  assertEquals([visitor.dialled, signalsRefused(driver)], [[], []]);
});

Deno.test("a kick without a target, or with one that does not exist, is the player's word for word", () => {
  for (const text of ["&cBanned", "see you @arnea", "@arena", "over @arena!", "over @ arena"]) {
    const visitor = new Visitor();
    visitor.driver.fromBackend(kick(text));
    assertEquals([kickText(visitor.take()), visitor.dialled], [text, []]);
  }
});

Deno.test("a kick to where nobody takes the player leads to the fallbacks, and never out", () => {
  const visitor = new Visitor();
  const { driver } = visitor;
  driver.fromBackend(kick("over @arena"));
  assertEquals(visitor.dialled, ["arena"]);
  driver.session.failed(driver.backend, "connection refused");
  driver.settle();
  assertEquals(visitor.dialled, ["arena", "arena"]);
  driver.session.failed(driver.backend, "connection refused");
  driver.settle();
  assertEquals(visitor.dialled, ["arena", "arena", "museum"]);
  visitor.arrive();
  assertEquals(told(driver, "moved").map(({ move }) => [move.to, move.signal]), [["museum", "failure"]]);
});

Deno.test("a backend that is tried for a player without a place may send them on, five times at the most", () => {
  const visitor = new Visitor();
  const { driver } = visitor;
  driver.session.failed(driver.backend, "reset by peer");
  driver.settle();
  for (const to of ["museum", "arena", "museum", "arena", "museum"]) {
    driver.open();
    driver.fromBackend(kick(`not here @${to}`));
    driver.settle();
    assertEquals(visitor.dialled.at(-1), to);
  }
  driver.open();
  driver.fromBackend(kick("not here @hub"));
  driver.settle();
  assert(!visitor.dialled.includes("hub"));
  assertEquals(driver.session.ended, false);
});

Deno.test("the command lists the servers to the player alone", () => {
  const visitor = new Visitor();
  const { driver, hub } = visitor;
  driver.routes.down.add("museum");
  driver.fromClient(concat(typed("before"), typed("/server"), typed("behind")));
  assertEquals(driver.take(hub), concat(typed("before"), typed("behind")));
  assertEquals(visitor.read(), [
    "&eServers &7(/server NAME to go there)",
    "&a> hub &71 player, here",
    "&f  arena &70 players",
    "&c  museum &cis down",
  ]);
});

Deno.test("the command in parts is one command", () => {
  for (
    const parts of [
      ["/server", "arena"],
      ["/server".padEnd(64), "arena"],
      [`${" ".repeat(57)}/server`, " arena"],
      [`${" ".repeat(55)}/server a`, "rena"],
      ["", "/server arena"],
      ["", "/SERVER", "", "arena", ""],
      ["/ser", "ver arena"],
      ["/serve", "r are", "na"],
    ]
  ) {
    const visitor = new Visitor();
    const { driver, hub } = visitor;
    const bytes = typed(...parts);
    driver.fromClient(bytes, [bytes.subarray(0, 70), bytes.subarray(70)]);
    assertEquals([visitor.dialled, driver.take(hub).length], [["arena"], 0], JSON.stringify(parts));
  }
});

Deno.test("a part that looks like the command in a line that is none goes on with the line", () => {
  for (
    const parts of [
      ["I say", "/server arena"],
      ["/say".padEnd(64), "/server arena"],
      ["I say", "/server arena", "and nothing else"],
      ["/ser", "vers arena"],
      ["/ser ver", "arena"],
      [".", "/server"],
    ]
  ) {
    const visitor = new Visitor();
    const { driver, hub } = visitor;
    driver.fromClient(typed(...parts));
    assertEquals([visitor.dialled, visitor.take().length], [[], 0], JSON.stringify(parts));
    assertEquals(driver.take(hub), typed(...parts));
  }
});

Deno.test("a line of more parts than are waited for is no command in any of them, and the next one may be", () => {
  for (const count of [MAX_PARTS, MAX_PARTS + 1, 3 * MAX_PARTS]) {
    const visitor = new Visitor();
    const { driver, hub } = visitor;
    const long = typed(...Array.from({ length: count }, () => "filler"), "/server arena", "/server arena");
    driver.fromClient(concat(long, typed("hello")));
    assertEquals([visitor.dialled, visitor.take().length], [[], 0], `${count} parts`);
    assertEquals(driver.take(hub), concat(long, typed("hello")));
    driver.fromClient(typed("/server arena"));
    assertEquals([visitor.dialled, driver.take(hub).length], [["arena"], 0]);
  }
});

Deno.test("a command that is too long to be one is answered, and what is behind it is chat", () => {
  const visitor = new Visitor();
  const { driver, hub } = visitor;
  const parts = ["/server x", ...Array.from({ length: MAX_PARTS - 1 }, () => "filler")];
  driver.fromClient(typed(...parts, "/server arena"));
  assertEquals(visitor.dialled, []);
  assertMatch(visitor.read()[0] ?? "", /^&cThere is no server x/);
  assertEquals(driver.take(hub), typed("/server arena"));
});

Deno.test("the player is told what speaks against a move", () => {
  const visitor = new Visitor();
  const { driver, hub } = visitor;
  driver.routes.down.add("museum");
  for (const name of ["hub", "museum", "arnea"]) driver.fromClient(typed(`/server ${name}`));
  assertEquals(visitor.read(), [
    "&eYou are on hub already",
    "&cmuseum is down",
    "&cThere is no server arnea, did you mean hub?",
  ]);
  assertEquals([visitor.dialled, driver.take(hub).length, signalsRefused(driver)], [[], 0, []]);
});

Deno.test("requests for a move that is under way are the same move, whoever makes them", () => {
  const visitor = new Visitor();
  const { driver, hub } = visitor;
  driver.fromBackend(plugin("move arena"));
  for (let i = 0; i < 20; i++) driver.feed(hub, concat(plugin("move arena"), SENTINEL));
  assertEquals(driver.session.move("arena"), { kind: "begun", to: "arena" });
  driver.fromClient(typed("/server arena"));
  assertEquals(visitor.read(), ["&eYou are on your way there already"]);
  assertEquals([visitor.dialled, driver.take(hub).length, signalsRefused(driver)], [["arena"], 0, []]);
  visitor.arrive();
  assertEquals(told(driver, "moved").length, 1);
  // They counted as one: four more are granted.
  for (const name of ["hub", "arena", "hub", "arena"]) {
    driver.fromBackend(plugin(`move ${name}`));
    visitor.arrive();
  }
  assertEquals([told(driver, "moved").length, signalsRefused(driver)], [5, []]);
});

Deno.test("another move has to wait until the one under way is over", () => {
  const visitor = new Visitor();
  const { driver, hub } = visitor;
  driver.fromBackend(plugin("move arena"));
  driver.feed(hub, plugin("move museum"));
  const { data } = readPacket("PluginMessage", LEG, driver.take(hub));
  assertEquals(new TextDecoder().decode(data).trimEnd(), "failed museum Another move is under way");
  driver.fromClient(typed("/server museum"));
  assertEquals(visitor.read(), ["&cAnother move is under way"]);
  assertEquals(driver.session.move("museum"), { kind: "refused", why: "Another move is under way" });
  assertEquals(visitor.dialled, ["arena"]);
});

Deno.test("a server may send the player on before their client has seen its world", () => {
  const visitor = new Visitor();
  const { driver, hub } = visitor;
  driver.fromClient(typed("/server arena"));
  driver.open();
  const arena = driver.backend;
  driver.fromBackend(concat(extensionList(FULL, "B 1.0"), welcome(LEG), plugin("move museum"), smallMap(LEG)));
  const firstFence = fenceIn(visitor.take());
  assertEquals(visitor.dialled, ["arena", "museum"]);
  assertEquals(driver.closings.filter(({ leg }) => leg === hub), [{ leg: hub, how: "full" }]);
  driver.take(arena);
  // The old world's position is stale to both.
  driver.fromClient(concat(POSITION, typed("hello")));
  assertEquals(driver.take(arena), typed("hello"));
  driver.open();
  const museum = driver.backend;
  driver.fromBackend(concat(extensionList(FULL, "B 1.0"), welcome(LEG), smallMap(LEG)));
  const secondFence = fenceIn(visitor.take());
  driver.take(museum);
  driver.fromClient(concat(firstFence, POSITION, typed("and here")));
  assertEquals(driver.take(museum), typed("and here"));
  driver.fromClient(concat(secondFence, POSITION));
  assertEquals([driver.take(museum), driver.take(arena).length], [POSITION, 0]);
  driver.settle();
  assertEquals(told(driver, "moved").map(({ move }) => [move.from, move.to]), [["hub", "arena"], ["arena", "museum"]]);
  assertEquals(["hub", "arena", "museum"].map((name) => driver.routes.seats(name)), [0, 0, 1]);
  assertEquals(driver.routes.openTickets, 0);
});

Deno.test("a server may send the player back at once, to a leg that is gone by then", () => {
  const visitor = new Visitor();
  const { driver, hub } = visitor;
  driver.fromClient(typed("/server arena"));
  driver.open();
  const sentinelBack = line("^detail.user.kurafuto other hub");
  driver.fromBackend(concat(extensionList(FULL, "B 1.0"), welcome(LEG), smallMap(LEG), sentinelBack));
  visitor.take();
  assertEquals(visitor.dialled, ["arena"]);
  driver.session.gone(hub);
  assertEquals(visitor.dialled, ["arena", "hub"]);
  driver.open();
  driver.fromBackend(concat(extensionList(FULL, "B 1.0"), welcome(LEG), smallMap(LEG)));
  driver.fromClient(fenceIn(visitor.take()));
  assertEquals(told(driver, "moved").map(({ move }) => [move.from, move.to]), [["hub", "arena"], ["arena", "hub"]]);
});

Deno.test("servers may ask for five moves in ten seconds, by whatever signal; players and operators for more", () => {
  const visitor = new Visitor();
  const { driver } = visitor;
  driver.routes.tokens.set("arena", TOKEN);
  for (let i = 0; i < 5; i++) {
    const to = i % 2 === 0 ? "arena" : "hub";
    driver.fromBackend(i < 3 ? plugin(`move ${to}`) : line(`^detail.user.kurafuto ${TOKEN} ${to}`));
    visitor.arrive();
  }
  driver.fromBackend(concat(plugin("move museum"), line(`^detail.user.kurafuto ${TOKEN} museum`)));
  const { data } = readPacket("PluginMessage", LEG, driver.take(driver.backend));
  assertEquals(new TextDecoder().decode(data).trimEnd(), "failed museum too many moves");
  assertEquals([visitor.dialled.length, visitor.take().length], [5, 0]);
  assertEquals(signalsRefused(driver), [
    "arena plugin-message: museum: too many moves",
    "arena chat-sentinel: museum: too many moves",
  ]);
  driver.fromClient(typed("/server museum"));
  visitor.arrive();
  assertEquals(driver.session.move("hub"), { kind: "begun", to: "hub" });
  visitor.arrive();
  assertEquals(visitor.dialled.slice(5), ["museum", "hub"]);
  driver.advance(10_000);
  driver.fromBackend(plugin("move museum"));
  assertEquals(visitor.dialled.at(-1), "museum");
  assertEquals(visitor.dialled.length, 8);
});

Deno.test("the sixth kick with a target in ten seconds is the player's", () => {
  const visitor = new Visitor();
  const { driver } = visitor;
  for (let i = 0; i < 5; i++) {
    driver.fromBackend(kick(`over @${i % 2 === 0 ? "arena" : "hub"}`));
    driver.settle();
    visitor.arrive();
  }
  driver.fromBackend(kick("over @hub"));
  assertEquals(kickText(visitor.take()), "over @hub");
  driver.settle();
  assertEquals(driver.summary?.reason, "backend-kick");
});

Deno.test("a backend whose kick named where to go is one that has kicked, for as long as nobody takes the player", () => {
  const visitor = new Visitor();
  const { driver } = visitor;
  driver.routes.down.add("arena");
  driver.fromBackend(kick("over @museum"));
  driver.session.failed(driver.backend, "reset");
  driver.settle();
  assertEquals(driver.routes.wishes.at(-1), { kind: "fallback", from: "hub", kicked: true });
});

Deno.test("the operator's call moves, and says what speaks against it", () => {
  const visitor = new Visitor();
  const { driver } = visitor;
  driver.routes.down.add("museum");
  const refused = (why: string): unknown => ({ kind: "refused", why });
  assertEquals(driver.session.move("hub"), refused("is there already"));
  assertEquals(driver.session.move("museum"), refused("down"));
  assertEquals(driver.session.move("arnea"), refused("unknown, nearest is hub"));
  assertEquals([visitor.dialled, visitor.take().length], [[], 0]);
  assertEquals(driver.session.move("arena"), { kind: "begun", to: "arena" });
  visitor.arrive();
  assertEquals(told(driver, "moved").map(({ move }) => move.signal), ["operator"]);
  driver.session.end("shutdown", "over");
  assertEquals(driver.session.move("hub"), refused("the player is not in play"));
});

Deno.test("the command works in the waiting room, and leads out of it", () => {
  const visitor = new Visitor();
  const { driver, hub } = visitor;
  for (const name of ["arena", "museum"]) driver.routes.down.add(name);
  driver.session.failed(hub, "reset");
  driver.settle();
  visitor.take();
  driver.fromClient(typed("/server"));
  assertEquals(visitor.read().slice(1), [
    "&f  hub &70 players",
    "&c  arena &cis down",
    "&c  museum &cis down",
  ]);
  driver.routes.down.delete("museum");
  driver.fromClient(typed("/server museum"));
  assertEquals(visitor.dialled.at(-1), "museum");
  visitor.arrive();
  assertEquals(told(driver, "moved").map(({ move }) => [move.from, move.to, move.signal]), [["", "museum", "player"]]);
});
