import { type AccessEntry, AccessList, parseSubject } from "../../lib/guard/access_list.ts";
import {
  type Arrival,
  Reception,
  type ReceptionOptions,
  type TurnedAwayConnection,
} from "../../lib/players/reception.ts";
import { dialFrom } from "../../lib/transport/bound_dial.ts";
import type { DoorOptions } from "../../lib/transport/front_door.ts";
import { Listener } from "../../lib/transport/listener.ts";
import { writeProxyHeader } from "../../lib/transport/proxy_protocol.ts";
import type { Conn } from "../../lib/transport/conn.ts";
import { writeAll } from "../../lib/transport/write_all.ts";
import { assert, assertEquals } from "../harness/assert.ts";
import { Waits } from "../harness/waits.ts";

const DEADLINE_MS = 5_000;
const CLASSIC = Uint8Array.of(0, 7);
const [ALICE, BOB, BALANCER] = ["127.1.0.1", "127.1.0.2", "127.1.0.9"];
const LIMITS: ReceptionOptions["limits"] = {
  connectionsPerAddress: 2,
  connectRatePerAddress: { count: 1_000, windowMs: 1_000 },
  loginTimeoutMs: 10_000,
  loginsAtOnce: 1_000,
  dryRun: false,
};

/** A connection to the desk, and what its owner does with it. */
class Client implements Disposable {
  readonly #conn: Conn;

  constructor(conn: Conn) {
    this.#conn = conn;
  }

  async say(bytes: Uint8Array): Promise<void> {
    await writeAll(this.#conn, bytes);
  }

  /** Resolves when the desk has closed the connection. */
  async closed(): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error("Cannot see the connection closed in time")), DEADLINE_MS);
    const read = this.#conn.read(new Uint8Array(16)).catch(() => null);
    try {
      assertEquals(await Promise.race([read, late.promise]), null);
    } finally {
      clearTimeout(timer);
    }
  }

  [Symbol.dispose](): void {
    this.#conn.close();
  }
}

/** A reception with a port of its own. */
class Desk implements AsyncDisposable {
  readonly reception: Reception;
  /** Everybody who was taken in, in order. */
  readonly arrivals: Arrival[] = [];
  /** Theirs. */
  readonly conns: Conn[] = [];
  /** Those of them who had to make room. */
  readonly crowdedOut: Arrival[] = [];
  readonly turnedAway: TurnedAwayConnection[] = [];
  readonly crashes: unknown[] = [];
  /** Thrown by whoever takes the next arrival. */
  fault: Error | undefined;
  readonly #listener: Listener;
  readonly #clients: Client[] = [];
  readonly #waits = new Waits(() => JSON.stringify([this.outcomes, this.turnedAway]));

  constructor(
    { limits = {}, ban = [], allow = [] }: {
      readonly limits?: Partial<ReceptionOptions["limits"]>;
      readonly ban?: readonly string[];
      readonly allow?: readonly string[];
    } = {},
  ) {
    const access = new AccessList({ ban: ban.map(entry), allow: allow.map(entry) });
    this.reception = new Reception({
      limits: { ...LIMITS, ...limits },
      access: () => access,
      onTurnedAway: (turned) => {
        this.turnedAway.push(turned);
        this.#waits.changed();
      },
      crashed: (error) => {
        this.crashes.push(error);
        this.#waits.changed();
      },
    });
    const door: DoorOptions = {
      websocket: false,
      proxyFrom: (address) => address === BALANCER,
      realIpFrom: () => false,
    };
    this.#listener = new Listener("127.0.0.1", 0, {
      accepted: (conn) =>
        this.reception.receive("main", conn, door, (arrival, conn) => {
          const { fault } = this;
          this.fault = undefined;
          if (fault !== undefined) throw fault;
          this.arrivals.push(arrival);
          this.conns.push(conn);
          arrival.onCrowdedOut(() => this.crowdedOut.push(arrival));
          this.#waits.changed();
        }),
      missed: () => {},
      failed: (error) => console.error(error),
    }, { turn: () => Promise.resolve(), take: () => {} });
  }

  /** Whom each arrival is said to be from, and why it is to be turned away, if it is. */
  get outcomes(): string[] {
    return this.arrivals.map(({ source, refusal }) => [source.address, refusal?.reason ?? "welcome"].join(" "));
  }

  /** What was turned away without becoming a session. */
  get turns(): string[] {
    return this.turnedAway.map(({ address, reason }) => `${address} ${reason}`);
  }

  /** Connects from `address` and says nothing. */
  async connect(address: string): Promise<Client> {
    const to = { host: "127.0.0.1", port: this.#listener.address.port };
    const client = new Client(await dialFrom(address, to, AbortSignal.timeout(DEADLINE_MS)));
    this.#clients.push(client);
    return client;
  }

  /** Somebody who speaks Classic comes from `address`; resolves when they were taken in. */
  async come(address: string): Promise<Arrival> {
    const number = this.arrivals.length;
    await (await this.connect(address)).say(CLASSIC);
    return await this.until(() => this.arrivals[number], `an arrival from ${address}`);
  }

  /** Somebody for whom the balancer speaks. */
  async comeBehind(address: string): Promise<Arrival> {
    const number = this.arrivals.length;
    await (await this.connect(BALANCER)).say(header(address));
    return await this.until(() => this.arrivals[number], `an arrival from ${address}`);
  }

  until<T>(probe: () => T | undefined | false, what: string): Promise<T> {
    return this.#waits.until(probe, what);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener.close();
    await this.reception.stop();
    for (const conn of this.conns) conn.close();
    for (const arrival of this.arrivals) arrival.gone();
    for (const client of this.#clients) client[Symbol.dispose]();
  }
}

function entry(who: string): AccessEntry {
  return { subject: parseSubject(who), until: undefined, reason: "grief" };
}

function header(address: string): Uint8Array {
  const far = address.includes(":") ? "2001:db8::ffff" : "198.51.100.1";
  const ends = { source: { address, port: 1 }, destination: { address: far, port: 25_565 } };
  return Uint8Array.of(...writeProxyHeader(ends), ...CLASSIC);
}

Deno.test("who speaks Classic is told apart by address, and handed on with what they have said", async () => {
  await using desk = new Desk();
  const { source, destination, transport, secure, refusal, acceptedAt } = await desk.come(ALICE);
  assertEquals([source.address, destination.address, transport, secure, refusal], [
    ALICE,
    "127.0.0.1",
    "tcp",
    false,
    undefined,
  ]);
  const bytes = new Uint8Array(8);
  assertEquals(bytes.subarray(0, await desk.conns[0]?.read(bytes) ?? 0), CLASSIC);
  const age = performance.now() - acceptedAt;
  assertEquals(age >= 0 && age < DEADLINE_MS, true);
});

Deno.test("an address may have so many connections at one time, and another its own", async () => {
  await using desk = new Desk();
  const first = await desk.come(ALICE);
  await desk.come(ALICE);
  const { refusal } = await desk.come(ALICE);
  assertEquals(refusal, { kind: "refused", reason: "too-many-connections", detail: `from ${ALICE}` });
  await desk.come(BOB);
  first.gone();
  await desk.come(ALICE);
  assertEquals(desk.outcomes.slice(3), [`${BOB} welcome`, `${ALICE} welcome`]);
  assertEquals(desk.reception.turns, [["too-many-connections", 1]]);
});

Deno.test("a connection that is refused takes no place, and one that is gone gives its own back once", async () => {
  await using desk = new Desk({ limits: { connectionsPerAddress: 1 } });
  const first = await desk.come(ALICE);
  const refused = await desk.come(ALICE);
  refused.gone();
  await desk.come(ALICE);
  first.gone();
  first.gone();
  await desk.come(ALICE);
  first.gone();
  await desk.come(ALICE);
  const reasons = desk.arrivals.map(({ refusal }) => refusal?.reason ?? "welcome");
  const tooMany = "too-many-connections";
  assertEquals(reasons, ["welcome", tooMany, tooMany, "welcome", tooMany]);
});

Deno.test("connections that never come to Classic give their places back", async () => {
  await using desk = new Desk({ limits: { connectionsPerAddress: 1 } });
  (await desk.connect(ALICE))[Symbol.dispose]();
  await desk.until(() => desk.turns.length === 1, "the first to be turned away");
  await (await desk.connect(ALICE)).say(Uint8Array.of(0x7f));
  await desk.until(() => desk.turns.length === 2, "the second to be turned away");
  // Nobody has listed this peer.
  await (await desk.connect(ALICE)).say(header(BOB));
  await desk.until(() => desk.turns.length === 3, "the third to be turned away");
  await desk.come(ALICE);
  assertEquals(desk.turns, [`${ALICE} empty`, `${ALICE} not-classic`, `${ALICE} not-classic`]);
  assertEquals(desk.outcomes, [`${ALICE} welcome`]);
});

Deno.test("an address that connects too fast is refused, whether it stays or not", async () => {
  await using desk = new Desk({ limits: { connectRatePerAddress: { count: 2, windowMs: 60_000 } } });
  for (let count = 0; count < 3; count++) (await desk.come(ALICE)).gone();
  await desk.come(BOB);
  assertEquals(desk.outcomes, [
    `${ALICE} welcome`,
    `${ALICE} welcome`,
    `${ALICE} connecting-too-fast`,
    `${BOB} welcome`,
  ]);
});

Deno.test("peers that speak for others are not limited, those whom they speak for are", async () => {
  await using desk = new Desk({ limits: { connectionsPerAddress: 1 } });
  const silent = [await desk.connect(BALANCER), await desk.connect(BALANCER)];
  for (const address of ["192.0.2.1", "192.0.2.2", "192.0.2.1"]) await desk.comeBehind(address);
  assertEquals(desk.outcomes, ["192.0.2.1 welcome", "192.0.2.2 welcome", "192.0.2.1 too-many-connections"]);
  desk.arrivals[0]?.gone();
  await desk.comeBehind("192.0.2.1");
  assertEquals(desk.outcomes[3], "192.0.2.1 welcome");
  // What it says without a header counts for itself.
  for (const client of silent) await client.say(CLASSIC);
  await desk.until(() => desk.arrivals.length === 6, "the balancer itself");
  assertEquals(desk.outcomes.slice(4), [`${BALANCER} welcome`, `${BALANCER} too-many-connections`]);
});

Deno.test("an IPv6 network counts as one address", async () => {
  await using desk = new Desk();
  for (const address of ["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1"]) {
    await desk.comeBehind(address);
  }
  assertEquals(desk.outcomes.map((outcome) => outcome.split(" ")[1]), [
    "welcome",
    "welcome",
    "too-many-connections",
    "welcome",
  ]);
});

Deno.test("a banned address is refused with the ban's reason, also where it is told by another", async () => {
  await using desk = new Desk({ ban: [ALICE, "192.0.2.0/24"] });
  await desk.come(ALICE);
  await desk.comeBehind("192.0.2.77");
  await desk.comeBehind("198.51.100.1");
  assertEquals(desk.outcomes, [`${ALICE} banned`, "192.0.2.77 banned", "198.51.100.1 welcome"]);
  for (const { refusal } of desk.arrivals.slice(0, 2)) {
    assertEquals([refusal?.detail, refusal?.text], ["grief", "You are banned: grief"]);
  }
});

Deno.test("limits do not hold for an address on the allow list", async () => {
  await using desk = new Desk({ allow: [ALICE], limits: { connectionsPerAddress: 1 } });
  for (const address of [ALICE, ALICE, ALICE, BOB, BOB]) await desk.come(address);
  assertEquals(desk.outcomes, [
    `${ALICE} welcome`,
    `${ALICE} welcome`,
    `${ALICE} welcome`,
    `${BOB} welcome`,
    `${BOB} too-many-connections`,
  ]);
});

Deno.test("a dry run refuses nobody, and counts whom it would have refused", async () => {
  await using desk = new Desk({ limits: { connectionsPerAddress: 1, dryRun: true } });
  for (const address of [ALICE, ALICE, ALICE, BOB]) await desk.come(address);
  assertEquals(desk.arrivals.map(({ refusal }) => refusal), [undefined, undefined, undefined, undefined]);
  assertEquals(desk.reception.turns, [["too-many-connections (dry run)", 2]]);
});

for (
  const [way, isTold] of [["that are refused themselves", false], ["of others that a peer speaks for", true]] as const
) {
  Deno.test(`of many connections ${way}, only some are told why, and all are counted`, async () => {
    await using desk = new Desk({ ban: [ALICE] });
    const count = 60;
    const clients = await Promise.all(Array.from({ length: count }, () => desk.connect(isTold ? BALANCER : ALICE)));
    for (const client of clients) await client.say(isTold ? header(ALICE) : CLASSIC).catch(() => {});
    await desk.until(() => desk.arrivals.length + desk.turns.length === count, "all of them");
    // Twenty at once, and one more for each twentieth of a second that this took.
    assertEquals(desk.arrivals.length >= 20 && desk.turns.length > 0, true, `${desk.arrivals.length} were told`);
    assertEquals(new Set([...desk.outcomes, ...desk.turns]), new Set([`${ALICE} banned`]));
    assertEquals(desk.reception.turns, [["banned", count]]);
  });
}

Deno.test("when too many say nothing, the oldest makes room for the next", async () => {
  await using desk = new Desk({ limits: { loginsAtOnce: 2, connectionsPerAddress: 100 } });
  const oldest = await desk.connect(ALICE);
  await desk.connect(ALICE);
  await desk.come(BOB);
  await oldest.closed();
  await desk.until(() => desk.turns.length === 1, "the oldest to be turned away");
  assertEquals(desk.turnedAway, [{
    listener: "main",
    address: ALICE,
    reason: "given-up",
    detail: "others needed the room",
  }]);
  assertEquals(desk.outcomes, [`${BOB} welcome`]);
});

Deno.test("who has come to Classic but not said who they are makes room, too; who has does not", async () => {
  await using desk = new Desk({ limits: { loginsAtOnce: 2, connectionsPerAddress: 100 } });
  const known = await desk.come(ALICE);
  known.known();
  const unknown = await desk.come(ALICE);
  await desk.come(ALICE);
  assertEquals(desk.crowdedOut.length, 0);
  await desk.come(BOB);
  assert(desk.crowdedOut.length === 1 && desk.crowdedOut[0] === unknown);
  unknown.gone();
  desk.arrivals[2]?.gone();
  // One place is free again.
  await desk.come(BOB);
  assertEquals(desk.crowdedOut.length, 1);
});

Deno.test("who does not come to Classic in time is turned away", async () => {
  await using desk = new Desk({ limits: { loginTimeoutMs: 100, connectionsPerAddress: 1 } });
  const slow = await desk.connect(ALICE);
  await slow.closed();
  await desk.until(() => desk.turns.length === 1, "it to be turned away");
  assertEquals(desk.turns, [`${ALICE} too-slow`]);
  await desk.come(ALICE);
  assertEquals(desk.outcomes, [`${ALICE} welcome`]);
});

Deno.test("what is counted is summed up with one of the addresses, and what sessions tell is added", async () => {
  await using desk = new Desk({ limits: { connectionsPerAddress: 1 } });
  for (const address of [ALICE, ALICE, BOB, BOB]) await desk.come(address);
  desk.reception.count("packet-flood (dry run)", BOB);
  desk.reception.missed("main");
  const tooMany = { reason: "too-many-connections", count: 2, addresses: 2, example: ALICE } as const;
  assertEquals(desk.reception.summaries(), [
    tooMany,
    { reason: "packet-flood (dry run)", count: 1, addresses: 1, example: BOB },
    { reason: "empty", count: 1, addresses: 0, example: undefined },
  ]);
  assertEquals(desk.reception.summaries(), []);
  assertEquals(desk.reception.turns, [["too-many-connections", 2], ["packet-flood (dry run)", 1], ["empty", 1]]);
  assertEquals(desk.turnedAway.map(({ address, reason }) => [address, reason]), [[undefined, "empty"]]);
});

Deno.test("an error in the edge's own code costs one connection", async () => {
  await using desk = new Desk();
  const fault = new Error("a fault");
  desk.fault = fault;
  const unlucky = await desk.connect(ALICE);
  await unlucky.say(CLASSIC);
  await unlucky.closed();
  assert(await desk.until(() => desk.crashes[0], "the fault") === fault);
  await desk.come(ALICE);
  assertEquals(desk.crashes.length, 1);
});

Deno.test("stopping gives up what is no session yet, and leaves sessions alone", async () => {
  await using desk = new Desk();
  await desk.come(ALICE);
  const waiting = [await desk.connect(BOB), await desk.connect(BALANCER)];
  // What has come later than they did shows that they are being waited for.
  await desk.come(ALICE);
  await desk.reception.stop();
  assertEquals(desk.turnedAway.map(({ detail }) => detail), ["the edge is stopping", "the edge is stopping"]);
  for (const client of waiting) await client.closed();
  assertEquals(desk.crowdedOut.length, 0);
  await desk.conns[0]?.write(CLASSIC);
});

Deno.test("whoever comes from another process is taken in whatever the limits are, and counts for their address", async () => {
  await using desk = new Desk({ limits: { connectionsPerAddress: 1 }, allow: [BOB] });
  const newcomer = {
    address: ALICE,
    port: 40_000,
    destination: { address: "127.0.0.1", port: 25_565 },
    transport: "tcp",
    secure: false,
    acceptedAt: 7,
  } as const;
  const first = desk.reception.resume(newcomer);
  const second = desk.reception.resume(newcomer);
  const { source, acceptedAt, refusal } = first;
  assertEquals([source, acceptedAt, refusal], [{ address: ALICE, port: 40_000 }, 7, undefined]);
  first.onCrowdedOut(() => assert(false));
  desk.reception.resume({ ...newcomer, address: BOB });
  using refused = await desk.connect(ALICE);
  await refused.say(CLASSIC);
  await desk.until(() => desk.arrivals.length === 1, "the one too many");
  for (const arrival of [first, second]) arrival.gone();
  using welcome = await desk.connect(ALICE);
  await welcome.say(CLASSIC);
  await desk.until(() => desk.arrivals.length === 2, "the one for whom there is room");
  assertEquals(desk.outcomes, [`${ALICE} too-many-connections`, `${ALICE} welcome`]);
});
