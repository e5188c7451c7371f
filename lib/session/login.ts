/** Login in parse mode: the client lists its extensions while a backend is dialled; then both are brought together. */
import { Framer } from "../protocol/framer.ts";
import { PacketBuffer } from "../protocol/packet_buffer.ts";
import { type Dialect, legalSizes, packetNamed } from "../protocol/packet_table.ts";
import type { Alarm } from "./alarm.ts";
import { Attempt, type AttemptOutcome, causeOf } from "./attempt.ts";
import { type BackendLogin, listOf } from "./backend_login.ts";
import { ClientSide, type Guest } from "./client_side.ts";
import type { SessionCore } from "./core.ts";
import type { Identity } from "./identification.ts";
import { EVERY_PACKET, idTable } from "./id_table.ts";
import { extensionList, Negotiation } from "./negotiation.ts";
import type { Phase } from "./phase.ts";
import { Play, sideOf } from "./play.ts";
import { CLIENT, type Leg } from "./port.ts";
import { sentTo } from "./redirect/kick_text.ts";
import { LoopGuard } from "./redirect/loop_guard.ts";
import { Redirects } from "./redirect/redirects.ts";
import { Search } from "./search.ts";

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

const CHAT = idTable(packetNamed("PlayerMessage").id);

/** Negotiates with the client and dials backends at the same time, until one of them takes the player or nobody can. */
export class Login implements Phase {
  readonly kickable = true;
  readonly #session: SessionCore;
  readonly #identity: Identity;
  readonly #negotiation: Negotiation;
  readonly #framer: Framer;
  /** Whole packets the client sent for the backend it does not have yet. */
  readonly #early = new PacketBuffer(0);
  // Most players are never sent anywhere by a server.
  #loopGuard: LoopGuard | undefined;
  #search: Search;
  readonly #deadline: Alarm;
  /** When a player who stands in line is shown the waiting room. */
  readonly #patience: Alarm;
  #guest: Guest | undefined;
  #attempt: Attempt | undefined;
  /** Whether CustomBlockSupportLevel was sent and is not answered. */
  #levelOwed = false;
  /** Whether there is nobody left to try. */
  #nobody = false;
  /** What the last backend said that kicked the player. */
  #lastKick: string | undefined;

  constructor(session: SessionCore, identity: Identity) {
    const { acceptedAt, options } = session;
    this.#session = session;
    this.#identity = identity;
    this.#negotiation = new Negotiation(options.announced, identity.dialect);
    this.#framer = new Framer(negotiationSizes(identity.dialect, options.announced), EVERY_PACKET);
    this.#search = new Search(session, identity.name, { kind: "join" });
    this.#deadline = session.alarm(() => this.#late());
    this.#deadline.set(acceptedAt + options.limits.loginMs);
    this.#patience = session.alarm(() => this.#wait("Many want to play just now"));
  }

  get stage(): "A" | "D" {
    return this.#guest === undefined ? "A" : "D";
  }

  /** Announces S to a client with CPE, and dials the first backend. */
  start(): void {
    const { dialect } = this.#identity;
    if (dialect.cpe) {
      const { appName, announced } = this.#session.options;
      this.#session.send(CLIENT, extensionList(appName, announced));
    } else {
      this.#know(dialect, "");
    }
    this.#seek();
  }

  fromClient(chunk: Uint8Array): void {
    const framer = this.#framer;
    framer.feed(chunk);
    for (let frame = framer.next(); frame !== "none"; frame = framer.next()) {
      const wrong = frame === "unknown"
        ? `packet ${framer.bytes[framer.start]} is unknown or was never negotiated`
        : this.#clientPacket(framer.bytes, framer.start, framer.end);
      if (wrong !== undefined) this.#session.end(this.#guest === undefined ? "bad-extensions" : "bad-packet", wrong);
      if (this.#session.ended) return;
    }
    if (this.#nobody && this.#guest !== undefined) this.#wait("No server can take you now");
  }

  fromBackend(leg: Leg, chunk: Uint8Array): void {
    this.#attempt?.fromBackend(leg, chunk);
  }

  opened(leg: Leg): void {
    this.#attempt?.opened(leg);
  }

  eof(leg: Leg): void {
    if (leg === CLIENT) this.#session.end("client-left", "the client closed during its login");
    else this.#attempt?.lost(leg, "closed the connection");
  }

  failed(leg: Leg, cause: string): void {
    if (leg === CLIENT) this.#session.end("client-reset", cause);
    else this.#attempt?.lost(leg, cause);
  }

  gone(leg: Leg): void {
    this.#attempt?.gone(leg);
  }

  admitted(): void {
    if (this.#attempt === undefined) this.#seek();
  }

  dispose(): void {
    this.#attempt?.abandon();
    this.#search.close();
  }

  /** Takes one packet of the client. Returns what is wrong with it, if anything. */
  #clientPacket(bytes: Uint8Array, start: number, end: number): string | undefined {
    const id = bytes[start] ?? 0;
    if (id === IDENTIFICATION) return "second Identification";
    if (id === SUPPORT_LEVEL) {
      this.#levelOwed = false;
      return undefined;
    }
    if (this.#guest !== undefined) {
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
    const out = new PacketBuffer(128);
    this.#negotiation.writeClosing(out, dialect);
    this.#levelOwed = dialect.extensions.has("CustomBlocks");
    this.#session.send(CLIENT, out.view());
    this.#know(dialect, this.#negotiation.appName);
  }

  #know(dialect: Dialect, clientApp: string): void {
    this.#guest = { identity: this.#identity, dialect, app: clientApp, list: listOf(dialect, clientApp) };
    this.#session.identified(clientApp);
    this.#attempt?.introduce(this.#guest);
  }

  #seek(): void {
    this.#patience.clear();
    const seat = this.#search.claim();
    if (seat !== undefined) {
      this.#nobody = false;
      this.#attempt = new Attempt(this.#session, seat, "welcome", (outcome) => this.#concluded(outcome));
      this.#attempt.begin();
      if (this.#guest !== undefined) this.#attempt.introduce(this.#guest);
    } else if (this.#search.promising) {
      this.#patience.set(this.#session.port.now() + this.#session.options.limits.patienceMs);
    } else {
      this.#nobody = true;
      if (this.#guest !== undefined) this.#wait("No server can take you now");
    }
  }

  #concluded(outcome: AttemptOutcome): void {
    const attempt = this.#attempt;
    if (attempt === undefined) return;
    if (outcome.kind === "accepted") {
      attempt.release();
      this.#handOver(attempt.backend, outcome.leg, outcome.login);
      return;
    }
    this.#attempt = undefined;
    const kicked = outcome.kind === "kicked";
    const cause = causeOf(outcome);
    if (kicked) this.#lastKick = outcome.text;
    if (kicked && this.#isSentOn(attempt.backend, outcome.text)) return;
    if (kicked && this.#session.options.routes.onKick(attempt.backend) === "disconnect") {
      this.#session.end("backend-kick", cause, outcome.text);
      return;
    }
    this.#search.refused(attempt.backend, cause, kicked);
    this.#seek();
  }

  /** A kick may name where to go instead, at the login as in play. */
  #isSentOn(from: string, kick: string): boolean {
    const session = this.#session;
    const to = sentTo(kick, {
      isKnown: (name) => session.options.routes.lookup(name, "backend", from).kind !== "unknown",
      allows: () => (this.#loopGuard ??= new LoopGuard()).allows(session.port.now()),
    });
    if (to === undefined) return false;
    this.#search.close();
    this.#search = new Search(session, this.#identity.name, { kind: "go", to, by: "backend" });
    this.#seek();
    return true;
  }

  #handOver(backend: string, leg: Leg, login: BackendLogin): void {
    const client = this.#clientSide();
    if (client === undefined) return;
    const session = this.#session;
    const redirects = this.#finish(client);
    session.joined(backend);
    session.options.routes.arrived(client.name, backend, this.#search.wish);
    const side = sideOf(backend, leg, login);
    const play = new Play(session, client, side, redirects);
    redirects.begin(play);
    play.start(login.held.view(), this.#early.view());
  }

  /** Shows the player the waiting room, where another search goes on. */
  #wait(why: string): void {
    const client = this.#clientSide();
    if (client === undefined) {
      this.#nobody = true;
      return;
    }
    const redirects = this.#finish(client);
    const framer = new Framer(this.#framer.sizes, CHAT);
    framer.feed(this.#early.view());
    for (let frame = framer.next(); frame !== "none"; frame = framer.next()) {
      if (frame === "packet") client.unsent.append(framer.bytes, framer.start, framer.end);
    }
    redirects.wait(this.#lastKick === undefined ? why : `${why}: &f${this.#lastKick}`);
  }

  #clientSide(): ClientSide | undefined {
    if (this.#guest === undefined) return undefined;
    return new ClientSide(this.#session, this.#guest, this.#framer, Number(this.#levelOwed));
  }

  #finish(client: ClientSide): Redirects {
    this.#deadline.clear();
    this.#patience.clear();
    this.#search.close();
    this.#attempt?.abandon();
    const redirects = new Redirects(this.#session, client, this.#loopGuard);
    this.#session.redirects = redirects;
    return redirects;
  }

  #late(): void {
    if (this.#guest === undefined) this.#session.end("login-timeout", "no complete ExtInfo");
    else this.#wait("No server has answered in time");
  }
}

/** Sizes of what a client may send until its list is complete: nothing that an extension could have changed. */
function negotiationSizes(dialect: Dialect, announced: Dialect["extensions"]): Uint16Array {
  return legalSizes("c2s", dialect.cpe ? { ...dialect, extensions: announced } : dialect);
}
