import { Offers } from "../../lib/backends/offers.ts";
import { parseConfig } from "../../lib/config/load.ts";
import { AccessList } from "../../lib/guard/access_list.ts";
import type { TravellingSession } from "../../lib/handover/messages.ts";
import { EventLog } from "../../lib/observe/event_log.ts";
import { Trails } from "../../lib/observe/trails.ts";
import { EdgeHost } from "../../lib/players/edge_host.ts";
import { Gatekeeper } from "../../lib/players/gatekeeper.ts";
import { type Arrival, Reception } from "../../lib/players/reception.ts";
import { Roster } from "../../lib/players/roster.ts";
import { SessionReports } from "../../lib/players/session_reports.ts";
import { Travellers } from "../../lib/players/travellers.ts";
import { machineClock } from "../../lib/clock.ts";
import { Network } from "../../lib/routing/network.ts";
import { Recent } from "../../lib/routing/recent.ts";
import { encodeState } from "../../lib/session/state.ts";
import type { Conn } from "../../lib/transport/conn.ts";
import { DENO_SOCKETS } from "../../lib/transport/deno_sockets.ts";
import { LoopbackAddresses } from "../../lib/transport/loopback_addresses.ts";
import { minimalToml } from "../config/minimal_toml.ts";
import { traveller } from "../handover/travellers.ts";
import { assert, assertEquals } from "../harness/assert.ts";
import { quietLog } from "../harness/quiet_log.ts";
import { MetricsWorld } from "../observe/metrics_world.ts";
import { playingVanilla } from "../session/logins.ts";

const DEADLINE_MS = 5_000;
const NOTHING = new Uint8Array(0);

/** What Steve's session takes up. */
interface Holdings {
  /** Whether it counts where connections of one address are counted. */
  readonly address: boolean;
  readonly loopback: boolean;
  readonly name: boolean;
  /** On the backend. */
  readonly seats: number | undefined;
  /** Whether operators can ask how it went. */
  readonly trail: boolean;
}

const NONE: Holdings = { address: false, loopback: false, name: false, seats: 0, trail: false };

/** An edge's players, without listeners; one connection may come from each address. */
class Edge implements AsyncDisposable {
  readonly travellers: Travellers;
  readonly roster = new Roster();
  readonly #config = parseConfig(minimalToml({ backend: 'forward_ip = "loopback"' }), { path: "kurafuto.toml" }).config;
  readonly #metrics = new MetricsWorld();
  readonly #recent = new Recent(undefined, { onProblem: () => {} });
  readonly #network = new Network(this.#config, {
    clock: machineClock,
    random: Math.random,
    recent: () => this.#recent,
    onChange: () => {},
  });
  readonly #trails = new Trails();
  readonly #loopbacks = new LoopbackAddresses();
  readonly #gatekeeper: Gatekeeper;
  readonly #reception: Reception;

  constructor() {
    const [config, log, network, roster, loopbacks] = [
      this.#config,
      quietLog(),
      this.#network,
      this.roster,
      this.#loopbacks,
    ];
    const access = (): AccessList => new AccessList({ ban: [], allow: [] });
    const gatekeeper = new Gatekeeper({
      keyrings: new Map([["main", undefined]]),
      duplicateNames: "refuse-new",
      maxPlayers: 10,
      allowOnly: false,
      access,
      now: () => 0,
    });
    const reception = new Reception({
      limits: { ...config.limits, connectionsPerAddress: 1 },
      access,
      onTurnedAway: () => {},
      crashed: fail,
    });
    const host = new EdgeHost({
      config,
      log,
      sockets: DENO_SOCKETS,
      network,
      offers: new Offers(["hub"], []),
      gatekeeper,
      reception,
      drills: { on: () => undefined, event: () => {} },
      roster,
      dialled: () => {},
      loopbacks,
      keyFor: () => undefined,
    });
    const { metrics } = this.#metrics;
    const events = new EventLog({ crashed: fail });
    const reports = new SessionReports({ log, events, trails: this.#trails, metrics, config: () => config });
    this.#gatekeeper = gatekeeper;
    this.#reception = reception;
    this.travellers = new Travellers({ roster, host, gatekeeper, reception, reports, loopbacks });
  }

  /** What `session` takes up here. */
  async holdings({ passport: { player, arrival: { source } } }: TravellingSession): Promise<Holdings> {
    return {
      address: await this.#refuses(source.address),
      loopback: this.#loopbacks.entries().some(({ inUse }) => inUse),
      name: this.#gatekeeper.has(player),
      seats: this.#network.status().find(({ name }) => name === "hub")?.players,
      trail: this.#trails.find(player, { epoch: 0, maskAddresses: false }) !== undefined,
    };
  }

  /** Whether somebody else could not come from `address` now. */
  async #refuses(address: string): Promise<boolean> {
    const { promise: arrived, resolve } = Promise.withResolvers<Arrival>();
    const remoteAddr = { transport: "tcp" as const, hostname: address, port: 1 };
    const conn = { ...speaking(), remoteAddr, localAddr: remoteAddr };
    const door = { websocket: false, proxyFrom: () => false, realIpFrom: () => false };
    this.#reception.receive("main", conn, door, resolve);
    const arrival = await arrived;
    arrival.gone();
    return arrival.refusal !== undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { driver } of this.roster) driver.abort();
    await this.roster.emptied();
    this.#network.close();
    this.#recent.close();
    this.#metrics[Symbol.dispose]();
  }
}

function fail(error: unknown): never {
  throw error;
}

/** A connection whose peer speaks Classic. */
function speaking(): Conn {
  return {
    read: (into) => {
      into[0] = 0;
      return Promise.resolve(1);
    },
    write: (bytes) => Promise.resolve(bytes.length),
    closeWrite: () => Promise.resolve(),
    close: () => {},
  };
}

/** Steve as another process would hand him over, in a small map of the backend. */
function steve(): TravellingSession {
  const state = playingVanilla().session.writeDown();
  assert(state !== undefined);
  const { passport, ...rest } = traveller("Steve", [NOTHING, NOTHING]);
  const legs = passport.legs.map(({ leg }) => ({ leg, websocket: false }));
  return { ...rest, passport: { ...passport, legs }, state: encodeState(state) };
}

/** Both ends of a connection. */
async function pair(): Promise<readonly [Deno.TcpConn, Deno.TcpConn]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  return await Promise.all([Deno.connect({ hostname, port }), listener.accept()]);
}

Deno.test("nothing is left of a session that was only practised with", async () => {
  await using edge = new Edge();
  const session = steve();
  assertEquals(await edge.holdings(session), NONE);
  for (let round = 0; round < 3; round++) edge.travellers.rehearse(session);
  assertEquals([await edge.holdings(session), edge.roster.size], [NONE, 0]);
});

Deno.test("nothing is left of a session that stayed the other process's, and its connections are closed", async () => {
  await using edge = new Edge();
  const session = steve();
  const closed: string[] = [];
  const connections = ["client", "backend"].map((end) => ({ ...speaking(), close: () => closed.push(end) }));
  assertEquals(edge.travellers.adopt(session, connections), undefined);
  assertEquals(await edge.holdings(session), { ...NONE, address: true, seats: 1 });
  edge.travellers.abandon();
  assertEquals(await edge.holdings(session), NONE);
  assertEquals(closed, ["client", "backend"]);
});

Deno.test("a session that goes on here has all that it needs until it is over, and operators can ask how it went", async () => {
  await using edge = new Edge();
  const session = steve();
  const ends = [await pair(), await pair()];
  assertEquals(edge.travellers.adopt(session, ends.map(([own]) => own)), undefined);
  edge.travellers.resume();
  assertEquals(await edge.holdings(session), { ...NONE, address: true, name: true, seats: 1, trail: true });
  for (const [, peer] of ends) peer.close();
  await edge.roster.emptied(DEADLINE_MS);
  assertEquals(await edge.holdings(session), { ...NONE, trail: true });
});
