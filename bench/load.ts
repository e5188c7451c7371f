import { knownSizes, packetNamed } from "../lib/protocol/packet_table.ts";
import { readPacket } from "../lib/protocol/packets.ts";
import { Leg, MeasurementError } from "./leg.ts";
import { VANILLA } from "./login.ts";
import { Clock } from "./position.ts";
import { Session, type SessionOptions } from "./session.ts";
import { Poller, type Socket } from "./sockets.ts";

/** Sessions that log in at the same time while many are opened. */
const LOGINS_AT_ONCE = 32;
/** How long the logins may take, in milliseconds: together, and for each of them. */
const LOGIN_DEADLINE = { together: 20_000, each: 10 };
/** How long a client may take to learn why its backend is gone, in milliseconds. */
const REASON_DEADLINE = 300;
/** Longest wait for one event, in milliseconds: how late a deadline may be noticed. */
const LONGEST_POLL = 50;
const IDENTIFICATION = packetNamed("PlayerIdentification").id;
/** With the packets of every extension: an edge may pass a client's list on to a backend without CPE. */
const SIZES_TO_BACKEND = knownSizes("c2s", VANILLA);

/** All clients and the one synthetic backend: both ends of every session, in one thread and on one clock. */
export class Load implements Disposable {
  /** Port of the backend, where the peer must forward to. */
  readonly backendPort: number;
  /** Port the clients connect to. */
  targetPort: number;
  readonly clock = new Clock();

  readonly #poller = new Poller();
  readonly #sessions = new Map<string, Session>();
  #opened = 0;
  #lost: { readonly name: string; readonly at: number } | undefined;

  /** Listens as the backend; the clients do without a peer until {@linkcode targetPort} names one. */
  constructor() {
    this.backendPort = this.#poller.listen((socket) => this.#accept(socket));
    this.targetPort = this.backendPort;
  }

  /** Sessions that are open or being opened. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Begins a login. */
  dial(index: number, options: SessionOptions): Session {
    const name = `P${this.#opened++}`;
    const session = new Session(index, name, this.#poller.connect(this.targetPort), options);
    session.onGone = () => this.#sessions.delete(name);
    session.onBackendLost = () => this.#lost ??= { name, at: performance.now() };
    this.#sessions.set(name, session);
    return session;
  }

  /** Logs `count` sessions in and returns them once all are. */
  open(count: number, options: SessionOptions): readonly Session[] {
    const sessions: Session[] = [];
    let joined = 0;
    this.pollUntil("log in", LOGIN_DEADLINE.together + LOGIN_DEADLINE.each * count, () => {
      while (sessions.length < count && sessions.length - joined < LOGINS_AT_ONCE) {
        const session = this.dial(sessions.length, options);
        session.onJoined = () => joined++;
        sessions.push(session);
      }
      return joined === count;
    });
    return sessions;
  }

  /** Carries out what the sockets have to do; waits for it at most `milliseconds`. */
  poll(milliseconds: number): void {
    this.#poller.poll(milliseconds);
    if (this.#lost !== undefined && performance.now() > this.#lost.at + REASON_DEADLINE) {
      throw new MeasurementError(
        `Cannot go on: the peer closed the backend of ${this.#lost.name} and told its client nothing`,
      );
    }
  }

  /** Polls for `milliseconds`. */
  pollFor(milliseconds: number): void {
    const end = performance.now() + milliseconds;
    for (let left = milliseconds; left > 0; left = end - performance.now()) this.poll(Math.min(left, LONGEST_POLL));
  }

  /** Polls until `done`, which must be within `deadline` milliseconds. */
  pollUntil(action: string, deadline: number, done: () => boolean): void {
    const end = performance.now() + deadline;
    while (!done()) {
      if (performance.now() > end) throw new MeasurementError(`Cannot ${action}: not done after ${deadline} ms`);
      this.poll(LONGEST_POLL);
    }
  }

  /** Closes every connection. */
  hangUp(): void {
    this.#poller.closeConnections();
  }

  /** Closes everything. */
  [Symbol.dispose](): void {
    this.#poller[Symbol.dispose]();
  }

  /** Whoever leaves without an Identification was only looking whether the port is open. */
  #accept(socket: Socket): void {
    const leg: Leg = new Leg(socket, SIZES_TO_BACKEND, (bytes, at) => this.#identify(leg, bytes, at), () => {});
  }

  #identify(leg: Leg, bytes: DataView<ArrayBuffer>, at: number): void {
    const id = bytes.getUint8(at);
    if (id !== IDENTIFICATION) throw new MeasurementError(`Cannot greet a player: the first packet is ${id}`);
    const { username } = readPacket("PlayerIdentification", VANILLA, new Uint8Array(bytes.buffer), at);
    const session = this.#sessions.get(username);
    if (session === undefined) throw new MeasurementError(`Cannot greet a player: nobody is called "${username}"`);
    session.attach(leg);
  }
}
