/** Login in parse mode: the client lists its extensions while a backend is dialled; then both are brought together. */
import { Framer } from "../protocol/framer.ts";
import { PacketBuffer } from "../protocol/packet_buffer.ts";
import { type Dialect, legalSizes, packetNamed } from "../protocol/packet_table.ts";
import { BackendLogin, listOf } from "./backend_login.ts";
import { Dialler } from "./dialler.ts";
import type { Identity } from "./identification.ts";
import { Negotiation, writeExtensions } from "./negotiation.ts";
import { Play } from "./play.ts";
import { CLIENT, type Leg } from "./port.ts";
import type { SessionCore } from "./core.ts";
import type { Phase } from "./phase.ts";

const IDENTIFICATION = packetNamed("PlayerIdentification").id;
const EXT_INFO = packetNamed("ExtInfo").id;
const EXT_ENTRY = packetNamed("ExtEntry").id;
const SUPPORT_LEVEL = packetNamed("CustomBlockSupportLevel").id;
/** What clients may say before their list is complete; of all else the size is not certain yet. */
const EARLY_PACKETS: readonly number[] = [
  packetNamed("Ping").id,
  packetNamed("PlayerMessage").id,
  packetNamed("TwoWayPing").id,
];
const EVERY_PACKET = new Uint8Array(256).fill(1);

/** What the client turned out to be, once its list was complete. */
interface KnownClient {
  readonly dialect: Dialect;
  /** Its ExtInfo and entries, as backends are sent them. */
  readonly list: Uint8Array;
}

/** Negotiates with the client and dials its candidates at the same time, until one of them takes the player. */
export class Login implements Phase {
  readonly kickable = true;
  readonly #session: SessionCore;
  readonly #identity: Identity;
  readonly #negotiation: Negotiation;
  readonly #framer: Framer;
  /** Whole packets the client sent for the backend it does not have yet. */
  readonly #early = new PacketBuffer(256);
  readonly #dialler: Dialler;
  readonly #deadline: number;
  #client: KnownClient | undefined;
  /** Set once the handshake was replayed to the leg under way. */
  #backend: BackendLogin | undefined;
  #connected = false;
  /** What the player reads if nobody else takes them. */
  #lastKick: string | undefined;
  /** When a backend that took the player with doubts is believed. */
  #believedAt = Infinity;
  /** The leg after whose end its backend is dialled again, without a list. */
  #brokenOff: Leg | undefined;

  constructor(session: SessionCore, identity: Identity) {
    const { acceptedAt, options } = session;
    this.#session = session;
    this.#identity = identity;
    this.#deadline = acceptedAt + options.limits.loginMs;
    this.#negotiation = new Negotiation(options.announced, identity.dialect);
    this.#framer = new Framer(negotiationSizes(identity.dialect, options.announced), EVERY_PACKET);
    this.#dialler = new Dialler(session, identity.name);
  }

  get stage(): "A" | "D" {
    return this.#client === undefined && !this.#dialler.exhausted ? "A" : "D";
  }

  /** Announces S to a client with CPE, and dials the first backend. */
  start(): void {
    const { dialect } = this.#identity;
    if (dialect.cpe) {
      const out = new PacketBuffer();
      writeExtensions(out, dialect, this.#session.options.appName, this.#session.options.announced);
      this.#session.send(CLIENT, out.view());
    } else {
      this.#know(dialect, "");
    }
    this.#next();
  }

  fromClient(chunk: Uint8Array): void {
    const framer = this.#framer;
    framer.feed(chunk);
    for (let frame = framer.next(); frame !== "none"; frame = framer.next()) {
      const wrong = frame === "unknown"
        ? `packet ${framer.bytes[framer.start]} is unknown or was never negotiated`
        : this.#clientPacket(framer.bytes, framer.start, framer.end);
      if (wrong !== undefined) this.#session.end(this.#client === undefined ? "bad-extensions" : "bad-packet", wrong);
      if (this.#session.ended) return;
    }
  }

  fromBackend(leg: Leg, chunk: Uint8Array): void {
    const backend = this.#backend;
    if (leg !== this.#dialler.leg || backend === undefined) return;
    const step = backend.push(chunk, (bytes) => this.#session.send(leg, bytes));
    switch (step.kind) {
      case "more":
        return;
      case "doubtful":
        this.#doubt();
        return;
      case "accepted":
        this.#handOver(leg, backend);
        return;
      case "kicked":
        if (backend.doubtful) this.#withoutList(`kicked: ${step.text}`);
        else this.#kicked(step.text);
        return;
      case "broken":
        this.#refuse(step.detail);
    }
  }

  opened(leg: Leg): void {
    if (leg !== this.#dialler.leg) return;
    this.#connected = true;
    this.#dialler.pause();
    this.#replay();
    this.#wake();
  }

  eof(leg: Leg): void {
    if (leg === CLIENT) this.#session.end("client-left", "the client closed during its login");
    else if (leg === this.#dialler.leg) this.#lost("closed the connection");
  }

  failed(leg: Leg, cause: string): void {
    if (leg === CLIENT) this.#session.end("client-reset", cause);
    else if (leg === this.#dialler.leg) this.#lost(cause);
  }

  /** The player's ghost has left the backend: dial it again. */
  gone(leg: Leg): void {
    if (leg !== this.#brokenOff) return;
    this.#brokenOff = undefined;
    this.#dialler.again();
    this.#wake();
  }

  tick(now: number): void {
    if (now >= this.#deadline) {
      const waited = this.#client !== undefined;
      this.#session.end(
        waited ? "no-backend" : "login-timeout",
        waited ? this.#timeoutAccount() : "no complete ExtInfo",
      );
    } else if (now >= this.#believedAt && this.#dialler.leg !== undefined && this.#backend !== undefined) {
      this.#handOver(this.#dialler.leg, this.#backend);
    } else if (now >= this.#dialler.deadline) {
      this.#refuse("no answer in time");
    } else {
      this.#wake();
    }
  }

  /** Takes one packet of the client. Returns what is wrong with it, if anything. */
  #clientPacket(bytes: Uint8Array, start: number, end: number): string | undefined {
    const id = bytes[start] ?? 0;
    if (id === IDENTIFICATION) return "second Identification";
    if (id === SUPPORT_LEVEL) return undefined;
    if (this.#client !== undefined) {
      return id === EXT_INFO || id === EXT_ENTRY ? "extension list after its end" : this.#keep(bytes, start, end);
    }
    if (id === EXT_INFO || id === EXT_ENTRY) {
      const negotiation = this.#negotiation;
      const wrong = id === EXT_INFO ? negotiation.info(bytes, start) : negotiation.entry(bytes, start);
      if (wrong === undefined && negotiation.complete) this.#conclude();
      return wrong;
    }
    return EARLY_PACKETS.includes(id) ? this.#keep(bytes, start, end) : `packet ${id} before the extension list's end`;
  }

  #keep(bytes: Uint8Array, start: number, end: number): undefined {
    if (this.#early.length + end - start > this.#session.options.limits.earlyBytes) {
      this.#session.end("early-flood", `${this.#early.length + end - start} bytes before a backend was there`);
      return;
    }
    this.#early.append(bytes, start, end);
  }

  /** The client has listed all it has. */
  #conclude(): void {
    const dialect = this.#negotiation.result();
    this.#framer.sizes = legalSizes("c2s", dialect);
    const out = new PacketBuffer();
    this.#negotiation.writeClosing(out, dialect);
    this.#session.send(CLIENT, out.view());
    this.#know(dialect, this.#negotiation.appName);
    if (this.#dialler.leg === undefined) this.#dialler.again();
    this.#replay();
    this.#wake();
  }

  #know(dialect: Dialect, clientApp: string): void {
    this.#client = { dialect, list: listOf(dialect, clientApp) };
    this.#session.identified(clientApp);
  }

  /** Sends the handshake, in one write, once both sides are ready for it. */
  #replay(): void {
    const { leg } = this.#dialler;
    if (!this.#connected || this.#client === undefined || leg === undefined) return;
    const { dialect, list } = this.#client;
    const { limits, listDelivery } = this.#session.options;
    const delivery = listDelivery(this.#dialler.backend);
    const handshake = new PacketBuffer();
    handshake.append(this.#identity.packet);
    if (delivery !== "on request") handshake.append(list);
    this.#backend = new BackendLogin(dialect, delivery, list, limits.earlyBytes);
    this.#session.send(leg, handshake.view());
    this.#dialler.extend();
  }

  /** The backend knows no CPE, it seems. If it is too old to pass over the client's list, it will say so at once. */
  #doubt(): void {
    if (this.#believedAt !== Infinity) return;
    this.#believedAt = this.#session.port.now() + this.#session.options.limits.trialMs;
    this.#dialler.pause();
    this.#wake();
  }

  /** The backend took the player and then broke off, most likely over the list: once more, without it. */
  #withoutList(cause: string): void {
    const { leg, backend } = this.#dialler;
    this.#session.port.emit({ kind: "list-refused", backend, cause });
    this.#brokenOff = leg;
    this.#forgetAttempt();
    this.#dialler.forget();
    this.#wake();
  }

  #handOver(leg: Leg, login: BackendLogin): void {
    if (this.#client === undefined) return;
    const session = this.#session;
    if (login.offer !== undefined) {
      session.port.emit({ kind: "offered", backend: this.#dialler.backend, extensions: login.offer });
    }
    session.joined();
    const play = new Play(
      session,
      { leg: CLIENT, framer: this.#framer, dialect: this.#client.dialect },
      { leg, framer: login.framer, dialect: login.dialect },
    );
    session.enter(play);
    play.start(login.held.view(), this.#early.view());
  }

  #kicked(text: string): void {
    this.#lastKick = text;
    const refusal = `kicked: ${text}`;
    if (this.#session.options.onKick === "fallback") this.#refuse(refusal);
    else this.#session.end("backend-kick", refusal, text);
  }

  /** A backend that loses patience with a slow client before it has heard of it has not refused anybody. */
  #lost(cause: string): void {
    if (this.#connected && this.#client === undefined) {
      this.#forgetAttempt();
      this.#dialler.forget();
    } else if (this.#backend?.doubtful) {
      this.#withoutList(cause);
    } else {
      this.#refuse(cause);
    }
  }

  #refuse(cause: string): void {
    this.#dialler.refuse(cause);
    this.#next();
  }

  #forgetAttempt(): void {
    this.#connected = false;
    this.#backend = undefined;
    this.#believedAt = Infinity;
  }

  #next(): void {
    this.#forgetAttempt();
    const kick = this.#lastKick;
    if (this.#dialler.next()) this.#wake();
    else this.#session.end(kick === undefined ? "no-backend" : "backend-kick", this.#dialler.account, kick);
  }

  #timeoutAccount(): string {
    return `out of time; ${this.#dialler.account}`;
  }

  #wake(): void {
    this.#session.port.wake(Math.min(this.#deadline, this.#dialler.deadline, this.#believedAt));
  }
}

/** Sizes of what a client may send until its list is complete: nothing that an extension could have changed. */
function negotiationSizes(dialect: Dialect, announced: Dialect["extensions"]): Uint16Array {
  return legalSizes("c2s", dialect.cpe ? { ...dialect, extensions: announced } : dialect);
}
