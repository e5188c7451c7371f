import { CLASSICUBE } from "../../lib/demo/presets.ts";
import { ClassicServer } from "../../lib/demo/server.ts";
import { encodePacket, readPacket } from "../../lib/protocol/packets.ts";
import { assert, assertEquals, assertMatch } from "../harness/assert.ts";
import { Bot } from "../harness/bot.ts";
import { seeded } from "../harness/chunks.ts";
import { limitDescriptors } from "../harness/descriptor_limit.ts";
import { eventually } from "../harness/kernel.ts";
import { chatLines } from "../harness/long_stream.ts";
import { concat, dialect, extensionList, identification, vanilla } from "../session/logins.ts";
import { network, Program } from "../harness/program.ts";
import { Stranger } from "../e2e/stranger.ts";
import { Town } from "../e2e/town.ts";
import { depart, GREETING, waits } from "../e2e/waiting.ts";

const MIB = 1 << 20;
const KICK_SIZE = 65;
/** Milliseconds a login may take here: few, so that slow ones are found out soon. */
const LOGIN_MS = 800;
/** Milliseconds within which the session of a slow one is over: much less than if nothing ended it. */
const LATEST_MS = LOGIN_MS + 5_000;
const NAME = "Mallory";
const PLAIN_LOGIN = identification(NAME, "-", 0);
const CPE_LOGIN = identification(NAME);
/** Size of the server's Identification, which a player without CPE hears first. */
const FIRST_PACKET = 131;
const CHAT_10_MB = concat(...chatLines(10 * MIB));

/** What a misuse leaves: the text of the kick, if there was one. */
type Act = (town: Town) => Promise<string | undefined>;

/** One way to misuse the edge. */
interface Abuse {
  readonly what: string;
  /** Code and reason of the session's end. */
  readonly end: string;
  /** Whether the player is told so: not where it does not speak Classic or is gone, and perhaps where it talks too much. */
  readonly told: "yes" | "no" | "perhaps";
  /** What the end's line of the log tells besides. @default anything */
  readonly detail?: RegExp;
  /** What the log tells before, up to the waiting room, where the session lasts until the player leaves. @default never there */
  readonly story?: readonly string[];
  readonly act: Act;
}

/** Comes as a stranger, does something, and waits for the end. */
function coming(place: string, act: (stranger: Stranger, town: Town) => Promise<void>): Act {
  return async (town) => {
    await using stranger = await Stranger.connect(town.target(place));
    await act(stranger, town);
    await stranger.over();
    return kickIn(stranger.heard);
  };
}

/** Says everything at once as soon as the connection is there. */
function saying(...bytes: readonly Uint8Array[]): Act {
  return coming("hub", (stranger) => stranger.send(concat(...bytes)));
}

/** Joins like a good player without CPE, then does something, and waits for a kick. */
function playing(act: (bot: Bot, town: Town) => void): Act {
  return async (town) => {
    await using bot = await Bot.connect(town.target("hub"), { name: NAME });
    await bot.joined();
    act(bot, town);
    const text = await bot.kicked();
    await bot.closed();
    return text;
  };
}

/** Likewise; then its backend is lost, and it leaves the waiting room, where `cause` is what it reads. */
function losing(cause: string, act: (bot: Bot, town: Town) => void): Act {
  return async (town) => {
    await using bot = await Bot.connect(town.target("hub"), { name: NAME });
    await bot.joined();
    act(bot, town);
    await waits(bot, cause);
    await depart(bot);
    return undefined;
  };
}

/** Says something, and leaves the waiting room as soon as it is there. */
function waiting(place: string, act: (stranger: Stranger) => Promise<void>): Act {
  return coming(place, async (stranger) => {
    await act(stranger);
    await stranger.waits();
    await stranger.halfClose();
  });
}

/** Leaves, in the one or the other way, as soon as `place` has brought the login as far as `ready` waits for. */
function leaving(how: "reset" | "halfClose", place: string, login: Uint8Array, ready: Ready): Act {
  return coming(place, async (stranger, town) => {
    await stranger.send(login);
    await ready(stranger, town);
    await stranger[how]();
  });
}

type Ready = (stranger: Stranger, town: Town) => Promise<unknown>;

/** Waits until that many bytes were heard; 0 waits for nothing. */
function heard(count: number): Ready {
  return (stranger) => stranger.hears(count);
}

/** Waits until the edge has dialled a backend. */
const dialled: Ready = (_, { servers }) =>
  eventually(() => servers.silent.connections.open > 0, "a connection to the backend");

/** Waits until the player stands in the hub. */
const inPlay: Ready = (_, { servers }) => eventually(() => servers.hub.players.includes(NAME), "the player in the hub");

function kickIn(bytes: Uint8Array): string | undefined {
  const last = bytes.slice(-KICK_SIZE);
  return last[0] === 0x0e ? readPacket("DisconnectPlayer", vanilla(), last).reason : undefined;
}

function extInfo(count: number): Uint8Array {
  return encodePacket("ExtInfo", dialect(), { appName: "Evil 1.0", count });
}

function entry(extension: string): Uint8Array {
  return encodePacket("ExtEntry", dialect(), { extension, version: 1 });
}

/** An Identification with those bytes for a name. */
function named(...bytes: readonly number[]): Uint8Array {
  const packet = identification("", "-", 0);
  packet.set(bytes, 2);
  return packet;
}

/** Random bytes behind `first`. */
function noise(...first: readonly number[]): Uint8Array {
  return Uint8Array.of(...first, ...seeded(first.length).bytes(4000));
}

/** Says `bytes` one at a time, for as long as anybody listens, and not in the waiting room. */
async function trickle(stranger: Stranger, bytes: Uint8Array): Promise<void> {
  for (const byte of bytes) {
    if (!stranger.isOpen || stranger.isWaiting) return;
    await stranger.send(Uint8Array.of(byte));
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

const SET_BLOCK = encodePacket("SetBlock", vanilla(), { x: 1, y: 1, z: 1, block: 1 });
const PLAYER_SET_BLOCK = encodePacket("PlayerSetBlock", vanilla(), { x: 1, y: 1, z: 1, mode: 1, block: 1 });
const UNKNOWN = 0x77;
/** How the log tells bytes that are no packet. */
const shown = (bytes: Uint8Array): string =>
  Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join(" ") +
  (bytes.length > 8 ? " …" : "");
const BROKEN = "hub: The server sent something that makes no sense";

const ABUSES: readonly Abuse[] = [
  { what: "random bytes", end: "-- not-classic", told: "no", act: saying(noise(UNKNOWN)) },
  { what: "random bytes behind a zero", end: "PA unsupported-protocol", told: "yes", act: saying(noise(0, 99)) },
  { what: "random bytes as an Identification", end: "PA bad-name", told: "yes", act: saying(noise(0, 7)) },
  {
    what: "random bytes in place of extensions",
    end: "PA bad-extensions",
    told: "yes",
    detail: /^packet 119 is unknown/,
    act: saying(CPE_LOGIN, noise(UNKNOWN)),
  },
  {
    what: "an unknown id in play",
    end: "PP bad-packet",
    told: "yes",
    detail: /^packet 119 is unknown/,
    act: playing((bot) => bot.send(noise(UNKNOWN))),
  },
  {
    what: "a server's packet at login",
    end: "PA bad-extensions",
    told: "yes",
    act: saying(CPE_LOGIN, SET_BLOCK),
  },
  {
    what: "a server's packet in play",
    end: "PP bad-packet",
    told: "yes",
    detail: /^packet 6 is unknown/,
    act: playing((bot) => bot.send(SET_BLOCK)),
  },
  {
    what: "10 MB in place of an Identification",
    end: "PA bad-name",
    told: "perhaps",
    act: saying(Uint8Array.of(0, 7), CHAT_10_MB),
  },
  { what: "10 MB in place of extensions", end: "PA early-flood", told: "perhaps", act: saying(CPE_LOGIN, CHAT_10_MB) },
  {
    what: "10 MB before a backend is there",
    end: "PD early-flood",
    told: "perhaps",
    act: coming("silent", (stranger) => stranger.send(concat(PLAIN_LOGIN, CHAT_10_MB))),
  },
  {
    what: "an Identification byte by byte",
    end: "PA login-timeout",
    told: "yes",
    act: coming("hub", (stranger) => trickle(stranger, CPE_LOGIN)),
  },
  {
    what: "extensions byte by byte",
    end: "PA login-timeout",
    told: "yes",
    act: coming("hub", async (stranger) => {
      await stranger.send(CPE_LOGIN);
      await trickle(stranger, extensionList(CLASSICUBE));
    }),
  },
  {
    what: "chat byte by byte before a backend is there",
    end: "CD client-left",
    told: "no",
    story: ["waiting: No server has answered in time"],
    act: waiting("silent", async (stranger) => {
      await stranger.send(PLAIN_LOGIN);
      await trickle(stranger, CHAT_10_MB);
    }),
  },
  { what: "nothing at all", end: "-- too-slow", told: "no", act: saying() },
  {
    what: "half an Identification and nothing more",
    end: "PA login-timeout",
    told: "yes",
    act: saying(CPE_LOGIN.subarray(0, 60)),
  },
  {
    what: "half its extensions and nothing more",
    end: "PA login-timeout",
    told: "yes",
    act: saying(CPE_LOGIN, extInfo(9)),
  },
  ...(["halfClose", "reset"] as const).flatMap((how): Abuse[] => {
    const [what, reason] = how === "reset" ? ["a reset", "client-reset"] : ["an end", "client-left"];
    const atOnce = leaving(how, "hub", new Uint8Array(0), heard(0));
    const places: readonly (readonly [string, string, string, Uint8Array, Ready])[] = [
      ["after half an Identification", "CA", "hub", CPE_LOGIN.subarray(0, 60), heard(0)],
      ["in negotiation", "CA", "hub", CPE_LOGIN, heard(KICK_SIZE)],
      ["while the backend thinks", "CD", "silent", PLAIN_LOGIN, dialled],
      ["in the map", "CM", "endless", PLAIN_LOGIN, heard(5000)],
      ["in play", "CP", "hub", PLAIN_LOGIN, inPlay],
    ];
    return [
      { what: `${what} at once`, end: "-- empty", told: "no", act: atOnce },
      ...places.map(([when, code, place, login, ready]): Abuse => (
        { what: `${what} ${when}`, end: `${code} ${reason}`, told: "no", act: leaving(how, place, login, ready) }
      )),
    ];
  }),
  ...[32767, 257, -1, -32768].map((count): Abuse => ({
    what: `an ExtInfo of ${count}`,
    end: "PA bad-extensions",
    told: "yes",
    detail: new RegExp(`^ExtInfo counts ${count} extensions$`),
    act: saying(CPE_LOGIN, extInfo(count)),
  })),
  {
    what: "an ExtInfo twice",
    end: "PA bad-extensions",
    told: "yes",
    detail: /^second ExtInfo$/,
    act: saying(CPE_LOGIN, extInfo(3), extInfo(3)),
  },
  {
    what: "a name with control bytes",
    end: "PA bad-name",
    told: "yes",
    act: saying(named(0x42, 0x0a, 0x1b, 0x5b, 0x32, 0x4a)),
  },
  { what: "a name with a zero byte", end: "PA bad-name", told: "yes", act: saying(named(0x42, 0x00, 0x42)) },
  { what: "a name of bytes above ASCII", end: "PA bad-name", told: "yes", act: saying(named(0x80, 0xff)) },
  {
    what: "an Identification twice",
    end: "PA bad-extensions",
    told: "yes",
    detail: /^second Identification$/,
    act: saying(CPE_LOGIN, CPE_LOGIN),
  },
  {
    what: "an Identification twice, without CPE",
    end: "PD bad-packet",
    told: "yes",
    detail: /^second Identification$/,
    act: saying(PLAIN_LOGIN, PLAIN_LOGIN),
  },
  {
    what: "an Identification in play",
    end: "PP bad-packet",
    told: "yes",
    detail: /^second Identification$/,
    act: playing((bot) => bot.send(PLAIN_LOGIN)),
  },
  {
    what: "a backend's garbage in place of a login",
    end: "CD client-left",
    told: "no",
    story: [
      `refused by garbage: unknown packet 238: ${shown(new Uint8Array(9).fill(0xee))}`,
      "waiting: No server can take you now",
    ],
    act: waiting("garbage", (stranger) => stranger.send(PLAIN_LOGIN)),
  },
  {
    what: "a backend's garbage in play",
    end: "CP client-left",
    told: "no",
    story: [`lost by hub, backend-broken: unknown packet 119: ${shown(noise(UNKNOWN))}`, `waiting: ${BROKEN}`],
    act: losing(BROKEN, (_, { servers }) => servers.hub.sendBytes(NAME, noise(UNKNOWN))),
  },
  {
    what: "a player's packet from a backend",
    end: "CP client-left",
    told: "no",
    story: [`lost by hub, backend-broken: unknown packet 5: ${shown(PLAYER_SET_BLOCK)}`, `waiting: ${BROKEN}`],
    act: losing(BROKEN, (_, { servers }) => servers.hub.sendBytes(NAME, PLAYER_SET_BLOCK)),
  },
];

Deno.test("misuse of any kind ends its session with the right code, and harms nobody else", async (t) => {
  await using town = await Town.start(LOGIN_MS);
  for (const { what, end, told, detail, story = [], act } of ABUSES) {
    await t.step(`${what}: ${end}`, async () => {
      const text = await act(town);
      const line = await town.nextEnd();
      // Connections that became no session have no code.
      assertEquals(`${line.code ?? "--"} ${line.reason}`, end);
      if (detail !== undefined) assertMatch(String(line.detail), detail);
      assertEquals(town.story(line.session), story);
      if (told === "no") assertEquals(text, undefined);
      else if (told === "yes" || text !== undefined) assert(text?.endsWith(`[${line.code}-${line.session}]`), text);
      if (/timeout$| in time$/.test(story.at(-1) ?? end)) {
        assert(Number(line.total_ms) < LATEST_MS, `took ${line.total_ms} ms`);
      }
      await town.assertUnharmed();
    });
  }
});

Deno.test("a map that never ends costs nobody but its player, and nothing when the player has left", async () => {
  await using town = await Town.start(LOGIN_MS);
  const { endless } = town.servers;
  const bots = await Promise.all(
    Array.from({ length: 20 }, (_, i) => Bot.connect(town.target("endless"), { name: `Waiting${i}` })),
  );
  await Promise.all(bots.map((bot) => bot.until(() => bot.state.map.loading, "a map")));
  // Longer than a login may take: who is on a backend has logged in.
  for (const end = performance.now() + 2 * LOGIN_MS; performance.now() < end;) await town.witness.ping();
  assertEquals(endless.connections.open, bots.length);
  await town.assertQuick();
  for (const bot of bots) await bot[Symbol.asyncDispose]();
  for (const _ of bots) assertMatch(String((await town.nextEnd()).code), /^CM$/);
  await town.assertUnharmed();
  assertEquals(endless.connections.open, 0);
});

/** Connects, unless that takes too long. */
async function tryConnect(port: number): Promise<Deno.TcpConn | undefined> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), 200);
  try {
    return await Deno.connect({ port, signal: patience.signal });
  } catch (error) {
    if (patience.signal.aborted) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

Deno.test("a backend that does not even accept connections costs a login's time and no descriptor", async () => {
  using full = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
  await using town = await Town.start(LOGIN_MS, [{ name: "full", address: `127.0.0.1:${full.addr.port}` }]);
  // The check at the start has found it well.
  (await full.accept()).close();
  const crowd: Deno.TcpConn[] = [];
  for (let conn = await tryConnect(full.addr.port); conn !== undefined; conn = await tryConnect(full.addr.port)) {
    crowd.push(conn);
  }
  await waiting("full", (stranger) => stranger.send(PLAIN_LOGIN))(town);
  const line = await town.nextEnd();
  assertEquals(`${line.code} ${line.reason}`, "CD client-left");
  assertEquals(town.story(line.session), ["waiting: No server has answered in time"]);
  assert(Number(line.total_ms) < LATEST_MS, `took ${line.total_ms} ms`);
  await town.assertUnharmed();
  for (const conn of crowd) conn.close();
});

Deno.test("an edge without descriptors takes players again as soon as it has some", async () => {
  await using town = await Town.start(LOGIN_MS);
  const { program } = town;
  limitDescriptors(program.pid, await program.descriptors() + 5);
  const strangers = await Promise.all(Array.from({ length: 20 }, () => Stranger.connect(town.target("hub"))));
  const failed = await program.until(() => program.lines("accept-failed")[0], "a connection that cannot be accepted");
  assertMatch(String(failed.err), /^Too many open files/);
  await town.witness.ping();
  for (const stranger of strangers) await stranger[Symbol.asyncDispose]();
  await town.nextEnds(strangers.length);
  await town.assertUnharmed();
});

Deno.test("an edge without descriptors blames no backend for it, and complains once", async () => {
  await using hub = await ClassicServer.start({ name: "hub", extensions: CLASSICUBE });
  await using arena = await ClassicServer.start({ name: "arena", extensions: CLASSICUBE });
  const places = [{ name: "hub", address: hub.address }, { name: "arena", address: `localhost:${arena.port}` }];
  await using program = await Program.start({ config: [network(places), '[health]\ninterval = "100ms"'].join("\n") });
  await using bot = await Bot.connect(program.target(), { name: NAME, extensions: CLASSICUBE });
  await bot.joined();
  const before = limitDescriptors(program.pid, await program.descriptors());
  const strangers = await Promise.all(Array.from({ length: 3 }, () => Stranger.connect(program.target())));
  await program.until(() => program.lines("accept-failed")[0], "a connection that cannot be accepted");
  // Checks fail all the time, and so do moves.
  for (let count = 1; count <= 5; count++) {
    await bot.chat("/server arena");
    await program.until(() => program.lines("move-failed").length === count, "a move that cannot be made");
    for (const end = performance.now() + 400; performance.now() < end;) await bot.ping();
  }
  assertEquals(program.lines("backend-down"), []);
  assertEquals(program.lines("accept-failed").length, 1);
  limitDescriptors(program.pid, before);
  for (const stranger of strangers) await stranger[Symbol.asyncDispose]();
  await bot.chat("/server arena");
  await program.until(() => program.lines("moved")[0], "a move");
  await eventually(() => hub.players.length === 0, "nobody in the hub");
  assertEquals([arena.players, bot.violations], [[NAME], []]);
});

/** One of the many who come, misbehave and go. Over when it resolves. */
interface Visit {
  readonly place: string;
  readonly act: (conn: Deno.TcpConn, name: string) => Promise<unknown>;
}

const VISITORS = 10_000;
/** Those who come before, until the program holds all the memory that it keeps for its work. */
const FIRST_VISITORS = 10_000;
const AT_A_TIME = 100;
const MAX_GROWTH = 30 * MIB;
/** Milliseconds a visit may last. */
const VISIT_MS = 20_000;
const SLOWEST_PING_MS = 1000;
/** What is read is not looked at. */
const nowhere = new Uint8Array(16 << 10);

/** Reads until that many bytes have come, or no more do. */
async function read(conn: Deno.TcpConn, count: number): Promise<void> {
  for (let left = count; left > 0;) {
    const size = await conn.read(left < nowhere.length ? nowhere.subarray(0, left) : nowhere);
    if (size === null) return;
    left -= size;
  }
}

/** Says something and reads what is answered, up to the end. */
function asking(place: string, bytes: (name: string) => Uint8Array): Visit {
  return {
    place,
    act: async (conn, name) => {
      await conn.write(bytes(name));
      await read(conn, Infinity);
    },
  };
}

/** Says something, reads the beginning of the answer, and closes over the rest, which is a reset. */
function breakingOff(place: string, bytes: (name: string) => Uint8Array, count: number): Visit {
  return {
    place,
    act: async (conn, name) => {
      await conn.write(bytes(name));
      await read(conn, count);
    },
  };
}

/** Says something, and leaves the waiting room as soon as it is there. */
function waitingOut(place: string, bytes: (name: string) => Uint8Array): Visit {
  return {
    place,
    act: async (conn, name) => {
      await conn.write(bytes(name));
      const decoder = new TextDecoder("latin1");
      const buffer = new Uint8Array(16 << 10);
      let heard = "";
      while (!heard.includes(GREETING)) {
        const size = await conn.read(buffer);
        if (size === null) throw new Error("Cannot see the waiting room: the connection is over");
        heard += decoder.decode(buffer.subarray(0, size));
      }
    },
  };
}

const plain = (name: string): Uint8Array => identification(name, "-", 0);
const withCpe = (name: string): Uint8Array => concat(identification(name), extensionList(CLASSICUBE));

const VISITS: readonly Visit[] = [
  { place: "hub", act: () => Promise.resolve() },
  { place: "hub", act: (conn, name) => conn.write(identification(name).subarray(0, 60)) },
  asking("hub", () => noise(UNKNOWN)),
  asking("hub", () => noise(0, 99)),
  asking("hub", (name) => concat(identification(name), noise(UNKNOWN))),
  asking("hub", (name) => concat(plain(name), plain(name))),
  asking("hub", (name) => concat(plain(name), noise(UNKNOWN))),
  asking("hub", (name) => concat(plain(name), SET_BLOCK)),
  asking("hub", (name) => concat(identification(name), extInfo(32767))),
  asking("hub", (name) => concat(identification(name), extInfo(1), entry("FastMap"), entry("HeldBlock"))),
  asking("hub", () => named(0x42, 0x0a, 0x42)),
  asking("hub", (name) => concat(withCpe(name), noise(UNKNOWN))),
  waitingOut("garbage", plain),
  waitingOut("garbage", withCpe),
  breakingOff("hub", identification, 100),
  breakingOff("hub", plain, FIRST_PACKET),
  breakingOff("hub", withCpe, 2500),
  breakingOff("silent", identification, 100),
  breakingOff("endless", plain, 3000),
  { place: "silent", act: (conn, name) => conn.write(plain(name)) },
  { place: "raw", act: (conn, name) => conn.write(plain(name)) },
  asking("raw", () => noise(UNKNOWN)),
  asking("raw", (name) => concat(withCpe(name), noise(UNKNOWN))),
  breakingOff("raw", plain, 1000),
];

/** Pays visits of all kinds, some at a time. */
async function payVisits(town: Town, from: number, to: number): Promise<void> {
  const random = seeded(from);
  let next = from;
  const visitor = async (): Promise<void> => {
    while (next < to) {
      const name = `v${next++}`;
      const { place, act } = random.pick(VISITS);
      using conn = await Deno.connect(town.target(place));
      // A read from a closed connection is an error.
      const deadline = setTimeout(() => conn.close(), VISIT_MS);
      await act(conn, name).catch(ignoreReset).finally(() => clearTimeout(deadline));
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, visitor));
  await town.nextEnds(to - from);
}

function ignoreReset(error: unknown): void {
  const expected = [Deno.errors.ConnectionReset, Deno.errors.BrokenPipe];
  if (!expected.some((kind) => error instanceof kind)) throw error;
}

Deno.test("10,000 misuses of all kinds leave no session, no socket, no memory, and disturb nobody", async () => {
  await using town = await Town.start(10_000);
  const { program, servers, witness } = town;
  let isOver = false;
  let slowest = 0;
  const playing = (async () => {
    while (!isOver) {
      const start = performance.now();
      await witness.ping();
      slowest = Math.max(slowest, performance.now() - start);
    }
  })();
  let [before, after] = [0, 0];
  try {
    await payVisits(town, 0, FIRST_VISITORS);
    before = await program.residentBytes();
    await payVisits(town, FIRST_VISITORS, FIRST_VISITORS + VISITORS);
    after = await program.residentBytes();
  } finally {
    isOver = true;
    await playing;
  }
  assert(slowest < SLOWEST_PING_MS, `a ping took ${slowest} ms`);
  assert(after - before < MAX_GROWTH, `grew from ${before} to ${after} bytes`);
  await town.assertUnharmed();
  assertEquals(Object.values(servers).map(({ connections }) => connections.open), [1, 0, 0, 0]);
  const ended = program.lines("ended");
  assertEquals(new Set(ended.map(({ session }) => session)).size, ended.length);
  assertEquals(ended.filter(({ reason }) => reason === "internal-error"), []);
  await program.stop();
  assertEquals(program.lines("stopping")[0]?.sessions, 1);
  assertEquals(program.lines("ended").length, ended.length + 1);
});
