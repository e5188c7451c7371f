/** What operators see of the edge and do to it, as the admin interface asks for it. */
import manifest from "../../deno.json" with { type: "json" };
import type {
  Answer,
  BackendDetails,
  Control,
  Declined,
  DrillBegun,
  DrillOrder,
  DrillReport,
  EdgeStatus,
  ListingDetails,
  PlayerStatus,
  ReloadAnswer,
  ReloadPlan,
  Trail,
  UpgradeAnswer,
} from "../admin/control.ts";
import type { BackendChecks } from "../backends/checks.ts";
import { formatAddress } from "../config/address.ts";
import { nearest } from "../config/nearest.ts";
import type { ConfigSource } from "../config/source.ts";
import type { Config } from "../config/schema.ts";
import type { Drills } from "../drill/drills.ts";
import type { Gatekeeper } from "../players/gatekeeper.ts";
import type { ListenerStatus } from "./listeners.ts";
import type { ListingStatus } from "../heartbeat/listings.ts";
import { maskAddress } from "../observe/address_mask.ts";
import type { StampedEvent } from "../observe/edge_event.ts";
import { logBackendOrder } from "../observe/edge_log.ts";
import type { EventLog } from "../observe/event_log.ts";
import type { Log } from "../observe/log.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { Trails } from "../observe/trails.ts";
import type { Reloads } from "./reloads.ts";
import type { Network } from "../routing/network.ts";
import type { Upgrades } from "../succession/upgrades.ts";
import type { SessionReports } from "../players/session_reports.ts";
import type { SeatedPlayer } from "../players/seated_player.ts";
import type { Sessions } from "../players/sessions.ts";

/** The parts of an edge that operators have to do with. */
export interface EdgeControlOptions {
  readonly source: ConfigSource | undefined;
  readonly state: () => EdgeStatus["state"];
  readonly reloads: Reloads;
  readonly network: Network;
  readonly checks: BackendChecks;
  readonly sessions: Sessions;
  readonly drills: Drills;
  readonly gatekeeper: Gatekeeper;
  readonly listings: () => readonly ListingStatus[];
  readonly listeners: () => readonly ListenerStatus[];
  readonly events: EventLog;
  readonly trails: Trails;
  readonly reports: SessionReports;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Brings the edge to its end, as TERM does. */
  readonly endEdge: () => void;
  readonly upgrades: Pick<Upgrades, "upgrade">;
}

/** See the file's first line. */
export class EdgeControl implements Control {
  readonly #edge: EdgeControlOptions;
  readonly #startedAt = Date.now();

  constructor(edge: EdgeControlOptions) {
    this.#edge = edge;
  }

  get ready(): boolean {
    return this.#edge.state() === "running";
  }

  status(): EdgeStatus {
    const { reloads, sessions, gatekeeper, reports, listeners, source, state } = this.#edge;
    const { config, loadedAt, last, confirmBy } = reloads;
    return {
      name: config.edge.name,
      version: manifest.version,
      state: state(),
      startedAt: timeOf(this.#startedAt),
      uptimeSeconds: (Date.now() - this.#startedAt) / 1000,
      players: gatekeeper.players,
      maxPlayers: config.edge.maxPlayers,
      sessions: sessions.size,
      waiting: sessions.players().filter((player) => player.state === "waiting").length,
      playersLost: reports.lost,
      moves: reports.moves,
      movesPerMinute: reports.movesPerMinute(performance.now()),
      listeners: listeners().map(({ name, hostname, port }) => ({
        name,
        address: formatAddress({ kind: "tcp", host: hostname, port }),
        players: gatekeeper.playersThrough(name),
      })),
      listings: this.#edge.listings().map(listingDetails),
      config: {
        file: source?.path ?? "",
        loadedAt: timeOf(loadedAt),
        lastReload: last && { at: timeOf(last.at), result: last.result, detail: last.detail },
        confirmBy: confirmBy === undefined ? undefined : timeOf(confirmBy),
      },
    };
  }

  players(): readonly PlayerStatus[] {
    const { maskAddresses } = this.#edge.reloads.config.log;
    return this.#edge.sessions.players().map((player) => playerStatus(player, maskAddresses));
  }

  backends(): readonly BackendDetails[] {
    const { network, checks, reloads: { config } } = this.#edge;
    return network.status().map((backend) => ({
      name: backend.name,
      address: addressOf(config, backend.name),
      pools: config.pools.filter(({ backends }) => backends.includes(backend.name)).map(({ name }) => name),
      state: backend.condition,
      since: timeOf(performance.timeOrigin + backend.since),
      cause: backend.state === "down" ? backend.cause : undefined,
      drained: backend.drained,
      players: backend.players,
      maxPlayers: backend.maxPlayers,
      latencies: checks.latencies(backend.name),
    }));
  }

  move(player: string, to: string): Answer {
    const { sessions, network } = this.#edge;
    const name = this.#playerCalled(player);
    if (name === undefined) return this.#unknownPlayer(player);
    const destination = network.lookup(to);
    if (destination.kind === "unknown") return unknownDestination(to, destination.nearest);
    const answer = sessions.move(name, destination.name);
    if (answer.kind === "begun") return { kind: "done", message: `${name} is on the way to ${destination.name}` };
    return { kind: "refused", message: `Cannot move ${name} to ${destination.name}: ${answer.why}` };
  }

  kick(player: string, reason: string): Answer {
    const name = this.#playerCalled(player);
    if (name === undefined || !this.#edge.sessions.kick(name, reason)) return this.#unknownPlayer(player);
    return { kind: "done", message: `${name} was kicked` };
  }

  drain(backend: string, { move }: { readonly move: boolean }): Answer {
    const { network, sessions } = this.#edge;
    const name = this.#backendNamed(backend);
    if (name === undefined || !network.drain(name, move)) return this.#unknownBackend(backend);
    this.#ordered(name, "drained", move);
    sessions.reconsider();
    const whatElse = move ? "those who are there are moved elsewhere" : "those who are there stay";
    return { kind: "done", message: `${name} is given no more players, ${whatElse}` };
  }

  enable(backend: string): Answer {
    const { network, sessions } = this.#edge;
    const name = this.#backendNamed(backend);
    if (name === undefined || !network.enable(name)) return this.#unknownBackend(backend);
    this.#ordered(name, "enabled", false);
    sessions.reconsider();
    return { kind: "done", message: `${name} is given players again` };
  }

  announce(text: string): number {
    const players = this.#edge.sessions.announce(text);
    this.#edge.events.publish({ event: "announce", text, players });
    return players;
  }

  reload(confirmMs?: number): Promise<ReloadAnswer> {
    return this.#edge.reloads.reload(confirmMs);
  }

  confirmReload(): Answer {
    return this.#edge.reloads.confirm();
  }

  rollBack(): Promise<ReloadAnswer> {
    return this.#edge.reloads.rollBack();
  }

  async plan(): Promise<ReloadPlan> {
    const { next, ...plan } = await this.#edge.reloads.plan();
    if (next === undefined || plan.result !== "changes") return { ...plan, moves: [] };
    const stays = new Set(next.backends.map(({ name }) => name));
    const moves = this.#edge.sessions.players()
      .filter(({ backend, state, mode }) =>
        mode === "parse" && backend !== "" && state !== "leaving" && !stays.has(backend)
      )
      .map(({ name, backend }) => ({ player: name, from: backend }));
    return { ...plan, moves };
  }

  upgrade(to: string | undefined): Promise<UpgradeAnswer> {
    return this.#edge.upgrades.upgrade(to);
  }

  drainEdge(): void {
    this.#edge.endEdge();
  }

  beginDrill(order: DrillOrder): DrillBegun | Declined {
    const { drills, sessions } = this.#edge;
    const backend = this.#backendNamed(order.backend);
    if (backend === undefined) return this.#unknownBackend(order.backend);
    const players: string[] = [];
    for (const player of order.players ?? []) {
      const name = this.#playerCalled(player);
      if (name === undefined) return this.#unknownPlayer(player);
      players.push(name);
    }
    const answer = drills.begin({ ...order, backend, players: order.players && players });
    if (answer.kind === "refused") return { kind: "refused", message: `Cannot begin a drill: ${answer.why}` };
    sessions.disturb(answer.drill);
    return { kind: "begun", drill: answer.drill.id };
  }

  drill(id: string): DrillReport | undefined {
    return this.#edge.drills.report(id);
  }

  endDrill(id: string): Answer {
    if (this.#edge.drills.end(id)) return { kind: "done", message: `drill ${id} is over` };
    return { kind: "unknown", what: "drill", message: `There is no drill ${JSON.stringify(id)}`, hint: undefined };
  }

  explain(who: string): Trail | undefined {
    const { maskAddresses } = this.#edge.reloads.config.log;
    return this.#edge.trails.find(who, { epoch: Date.now() - performance.now(), maskAddresses });
  }

  eventsSince(id: number): readonly StampedEvent[] {
    const events = this.#edge.events.since(id);
    // Some may be older than the reload that has switched this on.
    if (!this.#edge.reloads.config.log.maskAddresses) return events;
    return events.map((event) => event.event === "join" ? { ...event, ip: maskAddress(event.ip) } : event);
  }

  subscribe(listener: (event: StampedEvent) => void): () => void {
    return this.#edge.events.subscribe(listener);
  }

  metrics(): Promise<string> {
    return this.#edge.metrics.text();
  }

  #ordered(backend: string, order: "drained" | "enabled", move: boolean): void {
    logBackendOrder(this.#edge.log, { backend, order, move });
    this.#edge.events.publish({ event: "backend", backend, state: order, cause: undefined });
  }

  /** The name of the player who has it, or whose session it names: some names, such as "..", cannot be part of a path. */
  #playerCalled(name: string): string | undefined {
    return sameInAnyCase(name, this.#playerNames()) ?? this.#present().find(({ session }) => session === name)?.name;
  }

  #present(): readonly SeatedPlayer[] {
    return this.#edge.sessions.players().filter(({ state }) => state !== "leaving");
  }

  #playerNames(): readonly string[] {
    return this.#present().map(({ name }) => name);
  }

  #backendNamed(name: string): string | undefined {
    return sameInAnyCase(name, this.#edge.network.status().map((backend) => backend.name));
  }

  #unknownPlayer(name: string): Unknown {
    const message = `There is no player ${JSON.stringify(name)}`;
    return { kind: "unknown", what: "player", message, hint: nearest(name, this.#playerNames()) };
  }

  /** Where only a backend will do. */
  #unknownBackend(name: string): Unknown {
    const { network, reloads: { config: { pools } } } = this.#edge;
    const isPool = sameInAnyCase(name, pools.map((pool) => pool.name)) !== undefined;
    const message = `There is no backend ${JSON.stringify(name)}${isPool ? " (that is a pool; name a backend)" : ""}`;
    const hint = isPool ? undefined : nearest(name, network.status().map((backend) => backend.name));
    return { kind: "unknown", what: "backend", message, hint };
  }
}

type Unknown = Extract<Answer, { readonly kind: "unknown" }>;

function unknownDestination(name: string, hint: string | undefined): Unknown {
  return { kind: "unknown", what: "backend", message: `There is no backend or pool ${JSON.stringify(name)}`, hint };
}

/** The one of `names` that is `name` in any case; one that is written exactly so comes first. */
function sameInAnyCase(name: string, names: readonly string[]): string | undefined {
  return names.find((other) => other === name) ??
    names.find((other) => other.toLowerCase() === name.toLowerCase());
}

function playerStatus(player: SeatedPlayer, maskAddresses: boolean): PlayerStatus {
  const { name, session, listener, client, state, backend, moves, there, arrival } = player;
  const { source: { address }, transport, secure, acceptedAt } = arrival;
  const now = performance.now();
  return {
    name,
    session,
    listener,
    ip: maskAddresses ? maskAddress(address) : address,
    client,
    transport,
    secure,
    state,
    backend,
    seconds: (now - acceptedAt) / 1000,
    secondsThere: (now - there) / 1000,
    moves,
  };
}

/** A listing as operators and metrics are told of it. */
export function listingDetails(
  { listener, list, url, lastFailure, failures, succeededAt }: ListingStatus,
): ListingDetails {
  return {
    listener,
    list,
    url,
    problem: failures > 0 ? lastFailure?.failure.explanation : undefined,
    lastSuccess: succeededAt === undefined ? 0 : (performance.timeOrigin + succeededAt) / 1000,
  };
}

function addressOf({ backends }: Config, name: string): string {
  const found = backends.find((backend) => backend.name === name);
  return found === undefined ? "" : formatAddress(found.address);
}

/** @param ms Milliseconds since 1970. */
function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
