/** An edge that only exists on paper, for tests of what speaks to {@linkcode Control}: orders are carried out at once. */
import type {
  Answer,
  BackendDetails,
  Control,
  Declined,
  DrillBegun,
  DrillOrder,
  DrillReport,
  EdgeStatus,
  PlayerStatus,
  ReloadAnswer,
  ReloadPlan,
  Trail,
  UpgradeAnswer,
} from "../../lib/admin/control.ts";
import { nearest } from "../../lib/config/nearest.ts";
import type { EdgeEvent, StampedEvent } from "../../lib/observe/edge_event.ts";

/** What the test may change. */
type Changeable<T> = { -readonly [K in keyof T]: T[K] };

/** An order as it was given: the method's name and its arguments. */
export type Order = readonly [name: string, ...args: unknown[]];

const RING = 1000;
const STARTED = Date.parse("2026-05-01T12:00:00.000Z");

/**
 * Three players on two backends, and a third backend that is down, until the test says otherwise. Everything that can be seen
 * may be changed at any time; {@linkcode emit} tells those who subscribed.
 */
export class FakeControl implements Control {
  ready = true;
  readonly playerList: Changeable<PlayerStatus>[] = [
    fakePlayer({ name: "Notch", session: "A-1", backend: "hub", seconds: 4000, secondsThere: 3600 }),
    fakePlayer({
      name: "jeb_",
      session: "A-2",
      backend: "hub",
      transport: "websocket",
      secure: true,
      client: "ClassiCube web",
    }),
    fakePlayer({ name: "Dinnerbone", session: "A-3", backend: "games", moves: 3 }),
  ];
  readonly backendList: Changeable<BackendDetails>[] = [
    fakeBackend({ name: "hub", address: "127.0.0.1:25566" }),
    fakeBackend({ name: "games", address: "127.0.0.1:25567", maxPlayers: 20 }),
    fakeBackend({
      name: "attic",
      address: "127.0.0.1:25568",
      state: "down",
      cause: "connection refused",
      latencies: [],
    }),
  ];
  /** What the drill with the id "1" has shown. */
  drillReport: DrillReport = fakeDrill();
  /** Why no drill may begin; `undefined` where one may. */
  drillRefusal: string | undefined;
  readonly trails: Trail[] = [fakeTrail("Notch", "A-1")];
  /** What {@linkcode status} says beside what follows from the lists. */
  readonly facts: Changeable<Omit<EdgeStatus, "players" | "waiting" | "sessions">> = {
    name: "My network",
    version: "0.1.0",
    state: "running",
    startedAt: new Date(STARTED).toISOString(),
    uptimeSeconds: 4242,
    maxPlayers: 256,
    playersLost: 0,
    moves: 3,
    movesPerMinute: [...Array.from({ length: 27 }, () => 0), 2, 0, 1],
    listeners: [{ name: "main", address: "0.0.0.0:25565", players: 3 }],
    listings: [{
      listener: "main",
      list: "www.classicube.net",
      url: "https://www.classicube.net/server/play/0123456789abcdef",
      problem: undefined,
      lastSuccess: STARTED / 1000,
    }],
    config: {
      file: "/etc/kurafuto/kurafuto.toml",
      loadedAt: new Date(STARTED).toISOString(),
      lastReload: undefined,
      confirmBy: undefined,
    },
  };
  /** Answers of the next {@linkcode reload}s; after them every one is applied. */
  readonly reloads: ReloadAnswer[] = [];
  nextPlan: ReloadPlan = {
    result: "changes",
    changes: [
      { kind: "added", what: 'backend "arena"', details: ['address = "127.0.0.1:25569"'] },
      { kind: "removed", what: 'backend "games"', details: [] },
      { kind: "changed", what: "limits", details: ["packets_per_second: 500 -> 300"] },
    ],
    problems: [],
    moves: [{ player: "Dinnerbone", from: "games" }],
  };
  metricsText = "# HELP kurafuto_players Players.\n# TYPE kurafuto_players gauge\nkurafuto_players 3\n";
  /** Every order, the first one first. */
  readonly orders: Order[] = [];
  /** Thrown by every method from now on. */
  failure: Error | undefined;
  readonly #ring: StampedEvent[] = [];
  readonly #listeners = new Set<(event: StampedEvent) => void>();
  #lastId = 0;

  /** How many have subscribed and not ended it. */
  get subscribers(): number {
    return this.#listeners.size;
  }

  /** Something happens: it gets the next id, is kept in the ring, and is told to everybody who subscribed. */
  emit(event: EdgeEvent): StampedEvent {
    const stamped: StampedEvent = { ...event, id: ++this.#lastId, time: new Date().toISOString() };
    this.#ring.push(stamped);
    if (this.#ring.length > RING) this.#ring.shift();
    for (const listener of this.#listeners) listener(stamped);
    return stamped;
  }

  /** A player joins, and everybody is told. */
  join(player: Pick<PlayerStatus, "name"> & Partial<PlayerStatus>): Changeable<PlayerStatus> {
    const joined = fakePlayer({ session: `A-${this.#lastId + 100}`, seconds: 0, secondsThere: 0, ...player });
    this.playerList.push(joined);
    const { session, name, listener, ip, backend } = joined;
    this.emit({ event: "join", session, player: name, listener, ip, backend });
    return joined;
  }

  /** A player leaves, and everybody is told. */
  leave(name: string, reason = "left"): void {
    const index = this.playerList.findIndex((player) => player.name === name);
    const [gone] = index < 0 ? [] : this.playerList.splice(index, 1);
    if (gone === undefined) throw new Error(`Cannot leave: current value is ${name}`);
    const { session, backend, seconds } = gone;
    this.emit({ event: "leave", session, player: name, backend, code: "CL-7T3XQ", reason, seconds });
  }

  status(): EdgeStatus {
    this.#fail();
    return {
      ...this.facts,
      players: this.playerList.length,
      waiting: this.playerList.filter(({ state }) => state === "waiting").length,
      sessions: this.playerList.length + 1,
    };
  }

  players(): readonly PlayerStatus[] {
    this.#fail();
    return this.playerList.map((player) => ({ ...player }));
  }

  backends(): readonly BackendDetails[] {
    this.#fail();
    return this.backendList.map((backend) => ({
      ...backend,
      players: this.playerList.filter((player) => player.backend === backend.name).length,
    }));
  }

  move(player: string, to: string): Answer {
    this.#order("move", player, to);
    const mover = this.#player(player);
    if (mover === undefined) return this.#unknownPlayer(player);
    const backend = this.#backend(to);
    if (backend === undefined) return this.#unknownBackend(to);
    if (backend.state !== "up") return refused(`Cannot move ${mover.name}: ${backend.name} is ${backend.state}`);
    if (mover.backend === backend.name) return refused(`Cannot move ${mover.name}: is there already`);
    this.#moveTo(mover, backend.name);
    return done(`${mover.name} is on the way to ${backend.name}`);
  }

  kick(player: string, reason: string): Answer {
    this.#order("kick", player, reason);
    const kicked = this.#player(player);
    if (kicked === undefined) return this.#unknownPlayer(player);
    const { session, name, backend } = kicked;
    this.emit({ event: "kick", session, player: name, backend, reason: "operator", detail: reason });
    this.leave(name, "operator");
    return done(`${name} was kicked`);
  }

  drain(backend: string, options: { readonly move: boolean }): Answer {
    this.#order("drain", backend, options);
    const drained = this.#backend(backend);
    if (drained === undefined) return this.#unknownBackend(backend);
    drained.drained = true;
    drained.state = "drained";
    this.emit({ event: "backend", backend: drained.name, state: "drained", cause: undefined });
    const refuge = this.backendList.find(({ state }) => state === "up");
    const leaving = this.playerList.filter((player) => player.backend === drained.name);
    if (options.move && refuge !== undefined) { for (const player of leaving) this.#moveTo(player, refuge.name); }
    return done(`${drained.name} gets no more players`);
  }

  enable(backend: string): Answer {
    this.#order("enable", backend);
    const enabled = this.#backend(backend);
    if (enabled === undefined) return this.#unknownBackend(backend);
    enabled.drained = false;
    enabled.state = "up";
    enabled.cause = undefined;
    this.emit({ event: "backend", backend: enabled.name, state: "enabled", cause: undefined });
    return done(`${enabled.name} gets players again`);
  }

  announce(text: string): number {
    this.#order("announce", text);
    this.emit({ event: "announce", text, players: this.playerList.length });
    return this.playerList.length;
  }

  reload(confirmMs?: number): Promise<ReloadAnswer> {
    this.#order("reload", confirmMs);
    const answer = this.reloads.shift() ?? {
      result: "applied",
      lines: ['backend "arena" added'],
      ...(confirmMs === undefined ? {} : { confirmBy: new Date(STARTED + confirmMs).toISOString() }),
    };
    const at = new Date().toISOString();
    const lastReload = { at, result: answer.result, detail: answer.lines.join("; ") };
    this.facts.config = { ...this.facts.config, lastReload, confirmBy: answer.confirmBy };
    this.emit({ event: "reload", result: answer.result, detail: lastReload.detail });
    return Promise.resolve(answer);
  }

  confirmReload(): Answer {
    this.#order("confirmReload");
    if (this.facts.config.confirmBy === undefined) return refused("Cannot confirm: no reload waits for it");
    this.#settleReload("confirmed");
    return done("the configuration stays");
  }

  rollBack(): Promise<ReloadAnswer> {
    this.#order("rollBack");
    if (this.facts.config.confirmBy === undefined) {
      return Promise.resolve({ result: "refused", lines: ["no reload waits to be confirmed"] });
    }
    this.#settleReload("rolled-back");
    return Promise.resolve({ result: "rolled-back", lines: ["the configuration of before is back"] });
  }

  plan(): Promise<ReloadPlan> {
    this.#order("plan");
    return Promise.resolve(this.nextPlan);
  }

  upgrade(to: string | undefined): Promise<UpgradeAnswer> {
    this.#order("upgrade", to);
    if (to === "/bad") return Promise.resolve({ result: "refused", message: "Cannot upgrade: no" });
    if (to === "/odd") {
      return Promise.resolve({ result: "refused", message: "Cannot upgrade", problems: ["a", "b\x1b"] });
    }
    const message = "process 7 has taken over";
    return Promise.resolve({ result: "upgraded", message, pid: 7, sessions: 3, staying: 1 });
  }

  drainEdge(): void {
    this.#order("drainEdge");
    this.ready = false;
    this.facts.state = "draining";
    this.emit({ event: "edge", state: "draining" });
  }

  beginDrill(order: DrillOrder): DrillBegun | Declined {
    this.#order("beginDrill", order);
    if (this.drillRefusal !== undefined) return { kind: "refused", message: this.drillRefusal };
    return this.#backend(order.backend) === undefined
      ? this.#unknownBackend(order.backend)
      : { kind: "begun", drill: this.drillReport.drill };
  }

  drill(id: string): DrillReport | undefined {
    this.#fail();
    return id === this.drillReport.drill ? this.drillReport : undefined;
  }

  endDrill(id: string): Answer {
    this.#order("endDrill", id);
    if (id !== this.drillReport.drill) {
      return { kind: "unknown", what: "drill", message: `There is no drill "${id}"`, hint: undefined };
    }
    this.drillReport = { ...this.drillReport, state: "over" };
    return done(`drill ${id} is over`);
  }

  explain(who: string): Trail | undefined {
    this.#fail();
    return this.trails.findLast(({ player, session }) => sameName(player, who) || session === who);
  }

  eventsSince(id: number): readonly StampedEvent[] {
    this.#fail();
    return this.#ring.filter((event) => event.id > id);
  }

  subscribe(listener: (event: StampedEvent) => void): () => void {
    this.#fail();
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  metrics(): Promise<string> {
    this.#fail();
    return Promise.resolve(this.metricsText);
  }

  #settleReload(result: "confirmed" | "rolled-back"): void {
    this.facts.config = { ...this.facts.config, confirmBy: undefined };
    this.emit({ event: "reload", result, detail: "" });
  }

  #moveTo(player: Changeable<PlayerStatus>, to: string): void {
    const { session, name, backend: from } = player;
    player.backend = to;
    player.secondsThere = 0;
    player.moves++;
    this.facts.moves++;
    this.facts.movesPerMinute = this.facts.movesPerMinute.with(-1, (this.facts.movesPerMinute.at(-1) ?? 0) + 1);
    this.emit({ event: "move", session, player: name, from, to, signal: "operator", ms: 42 });
  }

  #player(name: string): Changeable<PlayerStatus> | undefined {
    return this.playerList.find((player) => sameName(player.name, name));
  }

  #backend(name: string): Changeable<BackendDetails> | undefined {
    return this.backendList.find((backend) => sameName(backend.name, name));
  }

  #unknownPlayer(name: string): Answer {
    return unknown("player", name, this.playerList.map((player) => player.name));
  }

  #unknownBackend(name: string): Declined {
    return unknown("backend", name, this.backendList.map((backend) => backend.name));
  }

  #order(...order: Order): void {
    this.#fail();
    this.orders.push(order);
  }

  #fail(): void {
    if (this.failure !== undefined) throw this.failure;
  }
}

/** A player of whom only what matters is said. */
export function fakePlayer(player: Partial<PlayerStatus> & { readonly name: string }): Changeable<PlayerStatus> {
  return {
    session: "A-0",
    listener: "main",
    ip: "192.0.2.7",
    client: "ClassiCube 1.3.7",
    transport: "tcp",
    secure: false,
    state: "playing",
    backend: "hub",
    seconds: 75,
    secondsThere: 60,
    moves: 0,
    ...player,
  };
}

/** A drill that runs, in which one player was moved and another one saw nothing. */
export function fakeDrill(): DrillReport {
  return {
    drill: "1",
    fault: "stall",
    backend: "hub",
    state: "running",
    ms: 1_204,
    lost: 0,
    seen: [
      {
        player: "Notch",
        session: "A-1",
        from: "hub",
        metMs: 0,
        steps: [
          { ms: 1_001, step: "lost", backend: "hub", cause: "backend-stalled, silent for 1000 ms" },
          { ms: 1_043, step: "joined", backend: "games" },
        ],
        omitted: 0,
        silenceMs: 1_001,
        outcome: { kind: "playing", backend: "games", ms: 1_043 },
      },
      {
        player: "jeb_",
        session: "A-2",
        from: "hub",
        metMs: 0,
        steps: [],
        omitted: 0,
        silenceMs: 1_204,
        outcome: { kind: "unaffected" },
      },
    ],
    omitted: 0,
  };
}

/** A backend of which only what matters is said. */
export function fakeBackend(backend: Partial<BackendDetails> & { readonly name: string }): Changeable<BackendDetails> {
  return {
    address: "127.0.0.1:25566",
    pools: ["lobby"],
    state: "up",
    since: new Date(STARTED).toISOString(),
    cause: undefined,
    drained: false,
    players: 0,
    maxPlayers: 0,
    latencies: Array.from({ length: 60 }, (_, index) => 1 + (index * 7 % 11) / 4),
    ...backend,
  };
}

/** A story of a session with a decision in it. */
export function fakeTrail(player: string, session: string): Trail {
  return {
    session,
    player,
    listener: "main",
    ip: "192.0.2.7",
    startedAt: new Date(STARTED).toISOString(),
    steps: [
      { ms: 0, step: "accepted", text: "came through main" },
      {
        ms: 12,
        step: "decided",
        text: "pool lobby, first: hub",
        candidates: [
          { backend: "hub", state: "up", players: 2, maxPlayers: 0, share: 1, picked: true, why: undefined },
          { backend: "games", state: "up", players: 1, maxPlayers: 20, share: 0.4, picked: false, why: undefined },
          { backend: "attic", state: "down", players: 0, maxPlayers: 0, share: 1, picked: false, why: undefined },
        ],
      },
      { ms: 31, step: "joined", text: "hub has taken the player" },
    ],
    omitted: 0,
  };
}

function done(message: string): Answer {
  return { kind: "done", message };
}

function refused(message: string): Answer {
  return { kind: "refused", message };
}

function unknown(what: "player" | "backend", name: string, known: readonly string[]): Declined {
  const message = `Cannot find ${what}: current value is ${JSON.stringify(name)}`;
  return { kind: "unknown", what, message, hint: nearest(name, known) };
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
