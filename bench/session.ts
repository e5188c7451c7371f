import { type Dialect, knownSizes, packetNamed, packetSize } from "../lib/protocol/packet_table.ts";
import { readPacket } from "../lib/protocol/packets.ts";
import { Leg, MeasurementError } from "./leg.ts";
import { backendGreeting, type ClientKind, ClientLogin, type LoginGoal, VANILLA } from "./login.ts";
import type { Socket } from "./sockets.ts";

/** What goes over a session once it is logged in. */
export interface Traffic {
  /** A packet reached the client. Returns whether it belongs to this traffic. */
  toClient(session: Session, bytes: DataView<ArrayBuffer>, at: number): boolean;
  /** A packet reached the backend. Returns whether it belongs to this traffic. */
  toBackend(session: Session, bytes: DataView<ArrayBuffer>, at: number): boolean;
}

/** The traffic of a session over which nothing goes. */
export const SILENCE: Traffic = { toClient: () => false, toBackend: () => false };

/** How a session is opened. */
export interface SessionOptions {
  readonly client: ClientKind;
  /** @default "spawned" */
  readonly goal?: LoginGoal;
  /** @default SILENCE */
  readonly traffic?: Traffic;
}

const DISCONNECT = packetNamed("DisconnectPlayer").id;
const TWO_WAY_PING = packetNamed("TwoWayPing");
const BLOCK_SUPPORT = packetNamed("CustomBlockSupportLevel");
/** What an edge may say by itself. */
const SMALL_TALK_TO_CLIENT: ReadonlySet<number> = new Set([
  TWO_WAY_PING.id,
  BLOCK_SUPPORT.id,
  packetNamed("Ping").id,
  packetNamed("Message").id,
]);
const SMALL_TALK_TO_BACKEND: ReadonlySet<number> = new Set([
  TWO_WAY_PING.id,
  BLOCK_SUPPORT.id,
  packetNamed("Ping").id,
  packetNamed("ExtInfo").id,
  packetNamed("ExtEntry").id,
]);
const SIZES_TO_CLIENT = knownSizes("s2c", VANILLA);

/** One player: the client's end and the backend's, with the peer under test in between. */
export class Session {
  /** Number among the sessions that were opened together. */
  readonly index: number;
  readonly name: string;
  readonly client: Leg;
  /** Called once, when the login has reached its goal. */
  onJoined: () => void = () => {};
  /** Called once, when both ends are closed after {@linkcode leave}. */
  onGone: () => void = () => {};
  /** Called once, when the peer has closed the backend's end although the client is still there. */
  onBackendLost: () => void = () => {};

  readonly #traffic: Traffic;
  readonly #goal: LoginGoal;
  readonly #login: ClientLogin;
  #backend: Leg | undefined;
  #phase: "login" | "play" | "leaving" = "login";

  /** Logs in through `socket`. */
  constructor(index: number, name: string, socket: Socket, options: SessionOptions) {
    this.index = index;
    this.name = name;
    this.#traffic = options.traffic ?? SILENCE;
    this.#goal = options.goal ?? "spawned";
    this.client = new Leg(socket, SIZES_TO_CLIENT, (bytes, at) => this.#toClient(bytes, at), () => this.#clientEnded());
    this.#login = new ClientLogin(this.client, name, options.client, this.#goal);
  }

  /** The backend's end. */
  get backend(): Leg {
    if (this.#backend === undefined) {
      throw new MeasurementError(`Cannot use ${this.name}: the backend has not seen it yet`);
    }
    return this.#backend;
  }

  /** What the client speaks. */
  get dialect(): Dialect {
    return this.#login.dialect;
  }

  /** Gives the session its backend's end, on which the Identification has come, and greets. */
  attach(backend: Leg): void {
    if (this.#backend !== undefined) throw new MeasurementError(`Cannot log ${this.name} in: it is there already`);
    this.#backend = backend;
    backend.onPacket = (bytes, at) => this.#toBackend(bytes, at);
    backend.onEnd = () => this.#backendEnded();
    backend.write(backendGreeting(this.#goal));
  }

  /** Closes the client's end; the backend's follows when the peer closes it. */
  leave(): void {
    this.#phase = "leaving";
    this.client.close();
  }

  #toClient(bytes: DataView<ArrayBuffer>, at: number): void {
    if (this.#phase === "play" && this.#traffic.toClient(this, bytes, at)) return;
    const packets = new Uint8Array(bytes.buffer);
    const id = bytes.getUint8(at);
    if (id === DISCONNECT) {
      const { reason } = readPacket("DisconnectPlayer", VANILLA, packets, at);
      throw new MeasurementError(`Cannot go on: ${this.name} was kicked: ${reason}`);
    }
    if (id === BLOCK_SUPPORT.id) this.#echo(packets, at, packetSize(BLOCK_SUPPORT, VANILLA));
    if (id === TWO_WAY_PING.id && readPacket("TwoWayPing", VANILLA, packets, at).origin === 1) {
      this.#echo(packets, at, packetSize(TWO_WAY_PING, VANILLA));
    }
    if (this.#phase === "play") {
      if (!SMALL_TALK_TO_CLIENT.has(id)) {
        throw new MeasurementError(`Cannot go on: ${this.name} got a stray packet ${id}`);
      }
    } else if (this.#login.accept(packets, at)) {
      this.#phase = "play";
      this.onJoined();
    }
  }

  #toBackend(bytes: DataView<ArrayBuffer>, at: number): void {
    if (this.#traffic.toBackend(this, bytes, at)) return;
    const id = bytes.getUint8(at);
    if (!SMALL_TALK_TO_BACKEND.has(id)) {
      throw new MeasurementError(`Cannot go on: the backend got a stray packet ${id} of ${this.name}`);
    }
  }

  #echo(packets: Uint8Array<ArrayBuffer>, at: number, size: number): void {
    this.client.write(packets.slice(at, at + size));
  }

  #clientEnded(): void {
    throw new MeasurementError(`Cannot go on: the peer closed the connection of ${this.name}`);
  }

  #backendEnded(): void {
    if (this.#phase === "leaving") this.onGone();
    else this.onBackendLost();
  }
}
