/** An edge that exists only in numbers, and metrics of it. */
import { Metrics } from "../../lib/observe/metrics.ts";
import type { NetworkNames } from "../../lib/observe/metrics_moves.ts";
import type { MetricsSource } from "../../lib/observe/metrics_source.ts";
import type { CompletedMove, SessionEvent, SessionSummary } from "../../lib/session/port.ts";
import type { Reason } from "../../lib/session/reasons.ts";
import { type Exposition, parseExposition } from "../harness/exposition.ts";

/** What metrics read, to be changed by tests. */
export class FakeEdge implements MetricsSource {
  listenerPlayers: Record<string, number> = { main: 0 };
  backendStates: Record<string, { readonly state: "up" | "down"; readonly players: number }> = {
    hub: { state: "up", players: 0 },
    arena: { state: "down", players: 0 },
  };
  lastHeartbeat = 0;
  readonly bytes = { fromClient: 0, toClient: 0, fromBackend: 0, toBackend: 0 };
  readonly packets = { fromClient: 0, fromBackend: 0 };
  waitingBytes = 0;
  inLine = 0;

  listeners(): ReturnType<MetricsSource["listeners"]> {
    return Object.entries(this.listenerPlayers).map(([name, players]) => ({ name, players }));
  }

  backends(): ReturnType<MetricsSource["backends"]> {
    return Object.entries(this.backendStates).map(([name, status]) => ({ name, ...status }));
  }

  listings(): ReturnType<MetricsSource["listings"]> {
    return [{ listener: "main", list: "list.example", lastSuccess: this.lastHeartbeat }];
  }

  traffic(): ReturnType<MetricsSource["traffic"]> {
    return { bytes: this.bytes, packets: this.packets };
  }

  bufferBytes(): number {
    return this.waitingBytes;
  }

  queueLength(): number {
    return this.inLine;
  }
}

/** The names of a network. */
export function network(backends: readonly string[], pools: readonly string[] = ["lobby"]): NetworkNames {
  return { backends: backends.map((name) => ({ name })), pools: pools.map((name) => ({ name })) };
}

/** Metrics of a {@linkcode FakeEdge} with the backends `hub` and `arena` and the pool `lobby`. */
export class MetricsWorld implements Disposable {
  readonly edge = new FakeEdge();
  readonly metrics = new Metrics({ version: "1.2.3", network: network(["hub", "arena"]), source: this.edge });

  /** What a scrape is answered now. */
  async scrape(): Promise<Exposition> {
    return parseExposition(await this.metrics.text());
  }

  /** Feeds the events of one session, a second apart. */
  session(...events: readonly SessionEvent[]): void {
    const meter = this.metrics.session();
    for (const [index, event] of events.entries()) meter.event(event, (index + 1) * 1_000);
  }

  [Symbol.dispose](): void {
    this.metrics.close();
  }
}

export const JOINED: SessionEvent = { kind: "joined", backend: "hub" };
export const PLAYABLE: SessionEvent = { kind: "playable", backend: "hub" };
export const WAITING: SessionEvent = { kind: "waiting", cause: "No server can take you now" };

/** A move that took 300 ms. */
export function moved(from: string, to: string): SessionEvent {
  const move: CompletedMove = { from, to, signal: "operator", dialMs: 200, fenceMs: 100 };
  return { kind: "moved", move };
}

export function moveFailed(from: string, to: string): SessionEvent {
  return { kind: "move-failed", from, to, signal: "player", cause: "it is full" };
}

/** The end of a session after a minute. */
export function ended(reason: Reason, options: { readonly letIn: boolean; readonly player?: string }): SessionEvent {
  const summary: SessionSummary = {
    session: "4H2K",
    player: options.player ?? "Alice",
    code: "PP",
    reason,
    detail: "",
    backend: "hub",
    visited: ["hub"],
    moves: 0,
    timers: {
      handshake: options.letIn ? 10 : undefined,
      login: options.letIn ? 20 : undefined,
      map: options.letIn ? 30 : undefined,
      total: 60_000,
    },
    bytes: { fromClient: 1, toClient: 1, fromBackend: 1, toBackend: 1 },
  };
  return { kind: "ended", summary };
}
