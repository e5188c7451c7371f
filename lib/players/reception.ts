/** From an accepted connection to somebody who speaks Classic: limits first, then every layer that is in front. */
import type { Config } from "../config/schema.ts";
import { canonicalIp } from "../config/network.ts";
import { banned, type Refusal } from "./gatekeeper.ts";
import type { AccessList } from "../guard/access_list.ts";
import { type ConnectionLimits, Connections } from "../guard/connections.ts";
import { HalfOpen } from "../guard/half_open.ts";
import type { Lease } from "../guard/lease.ts";
import { RateLimit } from "../guard/rate_limit.ts";
import { Refusals, type RefusalSummary } from "../guard/refusals.ts";
import type { Reason } from "../session/reasons.ts";
import { type DoorOptions, enter, type TurnedAway } from "../transport/front_door.ts";
import type { Endpoint } from "../transport/proxy_protocol.ts";
import type { AcceptedConn, Conn } from "../transport/conn.ts";
import { closeQuietly } from "../transport/close_on_abort.ts";

/** Refused connections in a second that are told why; the others are closed, which costs less. */
const COURTESY = { count: 20, windowMs: 1_000 };

/** The part of a beat that is to pass behind a connection that was closed at once. */
const REFUSED_SHARE = 1 / 8;
/** Connections of which nobody knows yet who they are that make a rush: players say so at once. From there on each takes a whole beat. */
const RUSH = 64;

/** What keeps a connection from becoming a session, or would. */
export type Turn = TurnedAway | Reason | `${Reason} (dry run)`;

/** Somebody who speaks Classic. */
export interface Arrival {
  readonly conn: Conn;
  /** Who it is, as far as peers that are believed tell. */
  readonly source: Endpoint;
  /** Where they connected to. */
  readonly destination: Endpoint;
  readonly transport: "tcp" | "websocket";
  readonly secure: boolean;
  /** When the connection was accepted, in milliseconds of `performance.now()`. */
  readonly acceptedAt: number;
  /** Why the player is to be turned away. */
  readonly refusal: Refusal | undefined;
  /** Aborted when the connection has to make room for others, as long as it is not {@linkcode known} who it is. */
  readonly crowdedOut: AbortSignal;
  /** It is known who it is. */
  known(): void;
  /** The connection is closed. */
  gone(): void;
}

/** What the reception goes by. */
export type ReceptionLimits = Pick<
  Config["limits"],
  "connectionsPerAddress" | "connectRatePerAddress" | "dryRun" | "loginsAtOnce" | "loginTimeoutMs"
>;

export interface ReceptionOptions {
  readonly limits: ReceptionLimits;
  /** The list of now. */
  readonly access: () => AccessList;
  /** Told about each connection that was turned away without becoming a session. */
  readonly onTurnedAway: (turned: TurnedAwayConnection) => void;
  /** Told about an error in the edge's own code, which costs one connection. */
  readonly crashed: (error: unknown) => void;
}

/** A connection that became no session. */
export interface TurnedAwayConnection {
  readonly listener: string;
  /** The client's, as far as it was known. */
  readonly address: string | undefined;
  readonly reason: TurnedAway | Reason;
  readonly detail: string;
}

/** What is decided about an address. */
interface Judgement {
  readonly lease: Lease | undefined;
  readonly refusal: Refusal | undefined;
}

const WELCOME: Judgement = { lease: undefined, refusal: undefined };

/** See the file's first line. */
export class Reception {
  readonly #options: ReceptionOptions;
  #limits: ReceptionLimits;
  readonly #connections: Connections;
  readonly #halfOpen: HalfOpen;
  readonly #courtesy = new RateLimit(COURTESY);
  readonly #turns = new Refusals<Turn>();
  /** Connections that are no session yet. */
  readonly #entering = new Map<Promise<unknown>, AbortController>();

  constructor(options: ReceptionOptions) {
    const { limits } = options;
    this.#options = options;
    this.#limits = limits;
    this.#connections = new Connections(connectionLimits(limits));
    this.#halfOpen = new HalfOpen(limits.loginsAtOnce);
  }

  /** Goes by other limits from now on. What is open stays, and counts. */
  configure(limits: ReceptionLimits): void {
    this.#limits = limits;
    this.#connections.configure(connectionLimits(limits));
    this.#halfOpen.configure(limits.loginsAtOnce);
  }

  /** How often each reason was counted so far. */
  get turns(): readonly (readonly [Turn, number])[] {
    return this.#turns.totals();
  }

  /** What the log has to be told by now; to be asked about once a second. */
  summaries(): readonly RefusalSummary<Turn>[] {
    return this.#turns.due(performance.now());
  }

  /** Counts what became of a session, beside the connections that became none. */
  count(reason: Turn, address: string): void {
    this.#turns.add(reason, address);
  }

  /** A peer was gone before its connection could be accepted. */
  missed(listener: string): void {
    this.#turnedAway(listener, undefined, "empty", "the client was gone before it was accepted");
  }

  /**
   * Takes a connection in, and hands it to `arrived` if somebody who speaks Classic is there. Returns what part of a beat is to pass
   * before the next one.
   */
  receive(listener: string, conn: AcceptedConn, door: DoorOptions, arrived: (arrival: Arrival) => void): number {
    const { hostname, port } = conn.remoteAddr;
    const peer = plainAddress(hostname);
    const acceptedAt = performance.now();
    // Limits are not for those who speak for others.
    const speaksForOthers = door.proxyFrom(peer) || door.realIpFrom(peer);
    const judgement = speaksForOthers ? WELCOME : this.#judge(peer, acceptedAt);
    if (this.#passesOver(judgement, conn, { listener, address: peer, now: acceptedAt })) return REFUSED_SHARE;
    const giveUp = new AbortController();
    const entering = this.#enter(listener, conn, door, { peer, port, acceptedAt, speaksForOthers, judgement, giveUp })
      .then((arrival) => arrival !== undefined && arrived(arrival))
      .catch((error) => {
        closeQuietly(conn);
        this.#options.crashed(error);
      })
      .finally(() => this.#entering.delete(entering));
    this.#entering.set(entering, giveUp);
    return this.#halfOpen.size < RUSH ? 0 : 1;
  }

  /** Gives up whatever is no session yet. Resolves when nothing is left. */
  async stop(): Promise<void> {
    const entering = [...this.#entering];
    for (const [, giveUp] of entering) giveUp.abort(new Error("the edge is stopping"));
    await Promise.all(entering.map(([done]) => done));
  }

  async #enter(
    listener: string,
    conn: AcceptedConn,
    door: DoorOptions,
    incoming: Incoming,
  ): Promise<Arrival | undefined> {
    const { peer, port, acceptedAt, giveUp } = incoming;
    let { judgement } = incoming;
    const { hostname, port: ownPort } = conn.localAddr;
    const destination = { address: plainAddress(hostname), port: ownPort };
    const room = this.#halfOpen.enter(() => giveUp.abort(new Error("others needed the room")));
    const late = setTimeout(
      () => giveUp.abort(new DOMException("", "TimeoutError")),
      this.#limits.loginTimeoutMs,
    );
    const entry = await enter(conn, { address: peer, port }, door, giveUp.signal);
    clearTimeout(late);
    const gone = (): void => {
      room.release();
      judgement.lease?.release();
    };
    if (entry.kind === "turned-away") {
      gone();
      this.#turnedAway(listener, entry.address, entry.reason, entry.detail);
      return undefined;
    }
    const { address, transport, secure } = entry;
    const source = { address, port: entry.port };
    if (incoming.speaksForOthers) {
      const now = performance.now();
      judgement = this.#judge(address, now);
      if (this.#passesOver(judgement, entry.conn, { listener, address, now })) {
        gone();
        return undefined;
      }
    }
    if (judgement.refusal !== undefined) this.#turns.add(judgement.refusal.reason, address);
    return {
      conn: entry.conn,
      source,
      destination,
      transport,
      secure,
      acceptedAt,
      refusal: judgement.refusal,
      crowdedOut: giveUp.signal,
      known: () => room.release(),
      gone,
    };
  }

  #judge(address: string, now: number): Judgement {
    const { access } = this.#options;
    const list = access();
    const found = list.judge({ address }, Date.now());
    if (found.kind === "banned") return { lease: undefined, refusal: banned(found.reason) };
    if (list.allows(address, Date.now())) return WELCOME;
    const verdict = this.#connections.admit(address, now);
    if (verdict.kind === "refused") {
      const { reason } = verdict;
      return { lease: undefined, refusal: { kind: "refused", reason, detail: `from ${address}` } };
    }
    if (verdict.wouldRefuse !== undefined) this.#turns.add(`${verdict.wouldRefuse} (dry run)`, address);
    return { lease: verdict.lease, refusal: undefined };
  }

  /** Closes a connection that is refused, unless there is time to tell why. Returns whether it did. */
  #passesOver({ refusal }: Judgement, conn: Pick<Conn, "close">, { listener, address, now }: Origin): boolean {
    if (refusal === undefined || this.#courtesy.take("", now)) return false;
    closeQuietly(conn);
    this.#turnedAway(listener, address, refusal.reason, refusal.detail);
    return true;
  }

  #turnedAway(
    listener: string,
    address: string | undefined,
    reason: TurnedAwayConnection["reason"],
    detail: string,
  ): void {
    this.#turns.add(reason, address);
    this.#options.onTurnedAway({ listener, address, reason, detail });
  }
}

/** Where a connection comes from, and when. */
interface Origin {
  readonly listener: string;
  readonly address: string;
  readonly now: number;
}

/** A connection on its way in. */
interface Incoming {
  readonly peer: string;
  readonly port: number;
  readonly acceptedAt: number;
  readonly speaksForOthers: boolean;
  readonly judgement: Judgement;
  readonly giveUp: AbortController;
}

function connectionLimits(limits: ReceptionLimits): ConnectionLimits {
  const { connectionsPerAddress: perAddress, connectRatePerAddress: rate, dryRun } = limits;
  return { perAddress, rate, dryRun };
}

/** An address as the system tells it, in one notation. IPv4 has only one. */
function plainAddress(address: string): string {
  return address.includes(":") ? canonicalIp(address) ?? address : address;
}
