/** What an edge is made of, and how its parts are wired. */
import manifest from "../../deno.json" with { type: "json" };
import type { Control } from "../admin/control.ts";
import { applyConfig } from "./applying.ts";
import { BackendBeats } from "../backends/beats.ts";
import { BackendChecks } from "../backends/checks.ts";
import { Offers } from "../backends/offers.ts";
import type { Config } from "../config/schema.ts";
import type { ConfigSource } from "../config/source.ts";
import { Drills } from "../drill/drills.ts";
import { asError } from "../error_message.ts";
import { EdgeAdmin } from "./admin.ts";
import { EdgeControl, listingDetails } from "./control.ts";
import type { EdgeData } from "./data.ts";
import { EdgeReports } from "./reports.ts";
import type { Heir } from "../handover/heir.ts";
import { Listings } from "../heartbeat/listings.ts";
import { Listeners } from "./listeners.ts";
import { AcceptLog } from "../observe/accept_log.ts";
import { EventLog } from "../observe/event_log.ts";
import { EventOutputs } from "../observe/event_outputs.ts";
import type { OpenLog } from "../observe/log.ts";
import { Metrics } from "../observe/metrics.ts";
import { Trails } from "../observe/trails.ts";
import { EdgeHost } from "../players/edge_host.ts";
import { Gatekeeper, gateRules } from "../players/gatekeeper.ts";
import { Reception } from "../players/reception.ts";
import { Roster } from "../players/roster.ts";
import { SessionReports } from "../players/session_reports.ts";
import { Sessions } from "../players/sessions.ts";
import { Travellers } from "../players/travellers.ts";
import { Reloads } from "./reloads.ts";
import { machineClock } from "../clock.ts";
import { Network } from "../routing/network.ts";
import { Succession } from "../succession/succession.ts";
import { LoopbackAddresses } from "../transport/loopback_addresses.ts";
import type { Sockets } from "../transport/sockets.ts";
import { Upgrades } from "../succession/upgrades.ts";

/** What there is before the parts are made. */
export interface EdgeBasis {
  readonly config: Config;
  /** Where `config` came from; `undefined` where it was made up. */
  readonly source: ConfigSource | undefined;
  readonly log: OpenLog;
  readonly sockets: Sockets;
  readonly data: EdgeData;
}

/** What the parts ask of the edge as a whole. */
export interface EdgeLife {
  readonly state: () => "running" | "draining" | "handed-over";
  /** Brings the edge to its end, as TERM does. */
  readonly endEdge: () => void;
  /** Another process has taken over. */
  readonly handedOver: (heir: Heir) => void;
}

/** See the file's first line: those parts that somebody starts, stops or asks. Nothing runs or listens yet. */
export interface EdgeParts {
  readonly events: EventLog;
  readonly outputs: EventOutputs;
  readonly metrics: Metrics;
  readonly reloads: Reloads;
  readonly network: Network;
  readonly beats: BackendBeats;
  readonly checks: BackendChecks;
  readonly drills: Drills;
  readonly gatekeeper: Gatekeeper;
  readonly reception: Reception;
  readonly loopbacks: LoopbackAddresses;
  readonly sessions: Sessions;
  readonly listeners: Listeners;
  readonly listings: Listings;
  readonly succession: Succession;
  readonly upgrades: Upgrades;
  readonly control: Control;
  readonly admin: EdgeAdmin;
}

/** Makes the parts of an edge. What one is told of another that is made later, it is told by functions. */
export function makeParts({ config, source, log, sockets, data }: EdgeBasis, life: EdgeLife): EdgeParts {
  const crashed = (thrown: unknown): void => {
    log.error("crashed", "error in the edge itself", { err: asError(thrown) });
  };
  const clock = machineClock;
  const events = new EventLog({ crashed });
  const outputs = new EventOutputs(events, log);
  const trails = new Trails();
  const metrics = new Metrics({
    version: manifest.version,
    network: config,
    source: {
      listeners: () => listeners.status.map(({ name }) => ({ name, players: gatekeeper.playersThrough(name) })),
      backends: () => network.status(),
      listings: () => listings.status.map(listingDetails),
      traffic: () => sessions.traffic,
      bufferBytes: () => sessions.pending,
      queueLength: () => network.waiting,
    },
  });
  const reports = new EdgeReports({ log, events, metrics });
  const reloads: Reloads = new Reloads({
    config,
    source,
    apply: (next) => applyConfig(configured, reloads.config, next),
    ended: (answer) => reports.reloaded(answer),
    declined: (why) => reports.reloadDeclined(why),
  });

  const offers = new Offers(config.backends.map(({ name }) => name), config.cpe.exclude);
  const network = new Network(config, {
    clock,
    random: Math.random,
    recent: () => data.recent,
    onChange: (change) => {
      reports.backendChanged(change);
      if (change.state === "up") checks.askAgain(change.backend);
    },
  });
  const beats = new BackendBeats(config, network, log, (backend) => checks.askAgain(backend));
  const keyFor = (backend: string, name: string): string | undefined => beats.keyFor(backend, name);
  const checks = new BackendChecks({
    config,
    network,
    sockets,
    offers,
    log,
    keyFor,
    onChecked: (backend, ok) => metrics.checked(backend, ok),
  });
  const drills = new Drills({
    clock,
    enabled: config.drill.enabled,
    prefix: crypto.getRandomValues(new Uint8Array(2)).toHex(),
    begun: (drill) => reports.drillBegun(drill),
    ended: (drill, why) => reports.drillEnded(drill, why),
  });

  const access = (): EdgeData["access"]["list"] => data.access.list;
  const gatekeeper = new Gatekeeper({ ...gateRules(config, data.keyrings), access, now: () => clock.now() });
  const reception = new Reception({
    limits: config.limits,
    access,
    onTurnedAway: (turned) => reports.turnedAway(turned),
    crashed,
  });
  const sessionReports = new SessionReports({ log, events, trails, metrics, config: () => reloads.config });
  const roster = new Roster();
  const loopbacks = new LoopbackAddresses();
  const host = new EdgeHost({
    config,
    log,
    sockets,
    network,
    offers,
    gatekeeper,
    reception,
    drills,
    roster,
    dialled: (backend, ms, ok) => metrics.dialled(backend, ms, ok),
    loopbacks,
    keyFor,
  });
  const sessions: Sessions = new Sessions({ roster, host, reports: sessionReports });
  const travellers = new Travellers({ roster, host, gatekeeper, reception, reports: sessionReports, loopbacks });

  const acceptLog = new AcceptLog(log);
  const listeners = new Listeners({
    log,
    sockets,
    accepted: (listener, conn, door) =>
      reception.receive(listener.name, conn, door, (arrival, conn) => sessions.begin(listener, arrival, conn)),
    missed: (listener) => reception.missed(listener),
    failed: (listener, error) => acceptLog.failed(listener, error, clock.now()),
  });
  const listings = new Listings(config, data.keyrings, {
    port: (listener) => listeners.status.find(({ name }) => name === listener)?.port ?? 0,
    players: (listener) => gatekeeper.playersThrough(listener),
  }, log);

  const succession = new Succession({
    log,
    sockets,
    listeners,
    sessions,
    travellers,
    gatekeeper,
    reception,
    network,
    offers,
    leaving: () => [...admin.places, ...beats.places],
    reloads,
    isRunning: () => life.state() === "running",
  });
  const upgrades = new Upgrades({
    giver: succession.giver,
    log,
    dataDir: () => reloads.config.edge.dataDir,
    sessions: () => sessions.size,
    succeeded: life.handedOver,
  });
  const control: Control = new EdgeControl({
    source,
    state: () => life.state() === "running" ? "running" : "draining",
    reloads,
    network,
    checks,
    sessions,
    drills,
    gatekeeper,
    listings: () => listings.status,
    listeners: () => listeners.status,
    events,
    trails,
    reports: sessionReports,
    metrics,
    log,
    endEdge: life.endEdge,
    upgrades,
  });
  const admin = new EdgeAdmin(control, log);

  const parts = {
    events,
    outputs,
    metrics,
    reloads,
    network,
    beats,
    checks,
    drills,
    gatekeeper,
    reception,
    loopbacks,
    sessions,
    listeners,
    listings,
    succession,
    upgrades,
    control,
    admin,
  };
  const configured = { ...parts, log, data, reports, host, offers };
  return parts;
}
