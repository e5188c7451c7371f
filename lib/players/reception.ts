/** From an accepted connection to somebody who speaks Classic: limits first, then every layer that is in front. */
import type { Config } from "../config/schema.ts";
import { canonicalIp } from "../config/network.ts";
import { banned, type Refusal } from "./gatekeeper.ts";
import type { AccessList } from "../guard/access_list.ts";
import { type ConnectionLimits, Connections } from "../guard/connections.ts";
import { HalfOpen, type Room } from "../guard/half_open.ts";
import type { Lease } from "../guard/lease.ts";
import { RateLimit } from "../guard/rate_limit.ts";
import { Refusals, type RefusalSummary } from "../guard/refusals.ts";
import type { Reason, TurnedAway } from "../session/reasons.ts";
import { type DoorOptions, enter, type Entry } from "../transport/front_door.ts";
import type { Endpoint } from "../transport/proxy_protocol.ts";
import type { AcceptedConn, Conn } from "../transport/conn.ts";
import { closeQuietly } from "../transport/close_on_abort.ts";
import { Deadline, wakes } from "../transport/wakes.ts";

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
  /** Who it is, as far as peers that are believed tell. */
  readonly source: Endpoint;
  /** Where they connected to. */
  readonly destination: Endpoint;
  readonly transport: "tcp" | "websocket";
  readonly secure: boolean;
  /** When the connection was accepted, in milliseconds of `performance.now()`: whole ones, since V8 keeps any other number as an object. */
  readonly acceptedAt: number;
  /** Why the player is to be turned away. */
  readonly refusal: Refusal | undefined;
  /** Calls `leave` when the connection has to make room for others, or had to already; never once it is {@linkcode known} who it is. */
  onCrowdedOut(leave: () => void): void;
  /** It is known who it is. */
  known(): void;
  /** The connection is closed. */
  gone(): void;
}

/** Takes in somebody who speaks Classic; `conn` gives Classic from its first byte on. */
export type Arrived = (arrival: Arrival, conn: Conn) => void;

/** What the reception goes by. */
export type ReceptionLimits = Pick<
  Config["limits"],
  "connectionsPerAddress" | "connectRatePerAddress" | "dryRun" | "loginsAtOnce" | "loginTimeoutMs"
>;

/** What a reception works with. */
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
  #lastDestination: Endpoint = { address: "", port: 0 };
  /** Connections that are no session yet. */
  readonly #entering = new Map<AbortController, Promise<void>>();

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

  /** Connections that are no session yet. */
  get size(): number {
    return this.#entering.size;
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
  receive(listener: string, conn: AcceptedConn, door: DoorOptions, arrived: Arrived): number {
    const { hostname, port } = conn.remoteAddr;
    const peer = plainAddress(hostname);
    const acceptedAt = Math.floor(performance.now());
    // Limits are not for those who speak for others.
    const speaksForOthers = door.proxyFrom(peer) || door.realIpFrom(peer);
    const judgement = speaksForOthers ? WELCOME : this.#judge(peer, acceptedAt);
    if (this.#passesOver(judgement, conn, { listener, address: peer, now: acceptedAt })) return REFUSED_SHARE;
    const giveUp = new AbortController();
    const incoming = { peer, port, acceptedAt, speaksForOthers, judgement, giveUp };
    this.#entering.set(giveUp, this.#takeIn(listener, conn, door, incoming, arrived));
    return this.#halfOpen.size < RUSH ? 0 : 1;
  }

  /** Takes in somebody whom another process had taken in, whatever the limits are. */
  resume(newcomer: Newcomer): Arrival {
    const { address } = newcomer;
    const isFree = this.#options.access().allows(address, Date.now());
    const lease = isFree ? undefined : this.#connections.hold(address);
    return new TakenIn(newcomer, { ...newcomer, judgement: { lease, refusal: undefined }, room: undefined });
  }

  /** Gives up whatever is no session yet. Resolves when nothing is left. */
  async stop(): Promise<void> {
    const entering = [...this.#entering];
    for (const [giveUp] of entering) giveUp.abort(new Error("the edge is stopping"));
    await Promise.all(entering.map(([, done]) => done));
  }

  /** An error in the edge's own code costs this connection. */
  async #takeIn(
    listener: string,
    conn: AcceptedConn,
    door: DoorOptions,
    incoming: Incoming,
    arrived: Arrived,
  ): Promise<void> {
    try {
      const taken = await this.#enter(listener, conn, door, incoming);
      if (taken !== undefined) arrived(...taken);
    } catch (error) {
      closeQuietly(conn);
      this.#options.crashed(error);
    }
    this.#entering.delete(incoming.giveUp);
  }

  async #enter(
    listener: string,
    conn: AcceptedConn,
    door: DoorOptions,
    incoming: Incoming,
  ): Promise<Parameters<Arrived> | undefined> {
    const { peer, port, acceptedAt, giveUp } = incoming;
    let { judgement } = incoming;
    const destination = this.#destinationOf(conn);
    const room = this.#halfOpen.enter(() => giveUp.abort(new Error("others needed the room")));
    const late = new Deadline(() => giveUp.abort(new DOMException("", "TimeoutError")));
    wakes.set(late, acceptedAt + this.#limits.loginTimeoutMs);
    const entry = await enter(conn, { address: peer, port }, door, giveUp.signal);
    wakes.set(late, Infinity);
    const { address } = entry;
    if (entry.kind === "turned-away") {
      room.release();
      judgement.lease?.release();
      this.#turnedAway(listener, address, entry.reason, entry.detail);
      return undefined;
    }
    if (incoming.speaksForOthers) {
      const now = performance.now();
      judgement = this.#judge(address, now);
      if (this.#passesOver(judgement, entry.conn, { listener, address, now })) {
        room.release();
        return undefined;
      }
    }
    if (judgement.refusal !== undefined) this.#turns.add(judgement.refusal.reason, address);
    return [new TakenIn(entry, { destination, acceptedAt, judgement, room }), entry.conn];
  }

  /** Nearly all come to one address, which they share. */
  #destinationOf(conn: AcceptedConn): Endpoint {
    const { hostname, port } = conn.localAddr;
    const address = plainAddress(hostname);
    const last = this.#lastDestination;
    if (address === last.address && port === last.port) return last;
    return this.#lastDestination = { address, port };
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

/** Somebody who comes from another process. Times are those of `performance.now()`. */
export type Newcomer = Comer & Pick<Facts, "destination" | "acceptedAt">;

/** What is seen of somebody at the door. */
type Comer = Omit<Entry & { readonly kind: "classic" }, "kind" | "conn">;

/** What the reception knows of an arrival beside what is seen at the door. */
interface Facts {
  readonly destination: Endpoint;
  readonly acceptedAt: number;
  readonly judgement: Judgement;
  /** `undefined` where it is known who it is. */
  readonly room: Room | undefined;
}

/** It lives as long as the player is here, so that it holds on to nothing of the way in. */
class TakenIn implements Arrival {
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly transport: "tcp" | "websocket";
  readonly secure: boolean;
  readonly acceptedAt: number;
  readonly refusal: Refusal | undefined;
  readonly #lease: Lease | undefined;
  #room: Room | undefined;

  constructor(comer: Comer, { destination, acceptedAt, judgement, room }: Facts) {
    const { address, port, transport, secure } = comer;
    this.source = { address, port };
    this.destination = destination;
    this.transport = transport;
    this.secure = secure;
    this.acceptedAt = acceptedAt;
    this.refusal = judgement.refusal;
    this.#lease = judgement.lease;
    this.#room = room;
  }

  onCrowdedOut(leave: () => void): void {
    this.#room?.closeBy(leave);
  }

  known(): void {
    this.#room?.release();
    this.#room = undefined;
  }

  gone(): void {
    this.known();
    this.#lease?.release();
  }
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
