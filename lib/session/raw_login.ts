/** Login in raw mode: the Identification goes to the first backend that answers, everything behind it is not looked at. */
import { PacketBuffer } from "../protocol/packet_buffer.ts";
import type { Alarm } from "./alarm.ts";
import type { SessionCore } from "./core.ts";
import { type Identity, introduction } from "./identification.ts";
import type { Phase } from "./phase.ts";
import { CLIENT, type Leg } from "./port.ts";
import type { Seat } from "./routes.ts";
import { Search } from "./search.ts";
import { Splice } from "./splice.ts";

/** Dials until a backend accepts the connection, then replays and splices. */
export class RawLogin implements Phase {
  readonly stage = "D";
  readonly kickable = true;
  readonly #session: SessionCore;
  readonly #identity: Identity;
  readonly #search: Search;
  readonly #early = new PacketBuffer(0);
  readonly #deadline: Alarm;
  /** When the backend being dialled is given up. */
  readonly #attemptEnd: Alarm;
  #dialled: { readonly leg: Leg; readonly seat: Seat } | undefined;
  #clientEnded = false;

  constructor(session: SessionCore, identity: Identity) {
    this.#session = session;
    this.#identity = identity;
    this.#search = new Search(session, identity.name, { kind: "join" });
    this.#deadline = session.alarm(() => session.end("no-backend", `out of time; ${this.#search.account}`));
    this.#deadline.set(session.acceptedAt + session.options.limits.loginMs);
    this.#attemptEnd = session.alarm(() => this.#refuse("no answer in time"));
  }

  /** Dials the first backend. */
  start(): void {
    this.#session.identified("");
    this.#seek();
  }

  fromClient(chunk: Uint8Array): void {
    if (this.#early.length + chunk.length > this.#session.options.limits.earlyBytes) {
      this.#session.end("early-flood", `${this.#early.length + chunk.length} bytes before a backend was there`);
      return;
    }
    this.#early.append(chunk);
  }

  fromBackend(): void {}
  gone(): void {}

  opened(leg: Leg): void {
    const dialled = this.#dialled;
    if (leg !== dialled?.leg) return;
    const session = this.#session;
    const { name, key } = this.#identity;
    const { backend } = dialled.seat;
    session.send(leg, introduction(this.#identity, session.options.keyFor(backend, name) ?? key));
    session.send(leg, this.#early.view());
    this.#deadline.clear();
    this.#attemptEnd.clear();
    this.#search.close();
    session.joined(backend);
    session.options.routes.arrived(name, backend, this.#search.wish);
    session.enter(new Splice(session, leg));
    if (this.#clientEnded) session.phase.eof(CLIENT);
  }

  /** A client may say all it has to say and close its side before a backend is there. */
  eof(leg: Leg): void {
    if (leg === CLIENT) this.#clientEnded = true;
  }

  failed(leg: Leg, cause: string): void {
    if (leg === CLIENT) this.#session.end("client-reset", cause);
    else if (leg === this.#dialled?.leg) this.#refuse(cause);
  }

  admitted(): void {
    if (this.#dialled === undefined) this.#seek();
  }

  dispose(): void {
    this.#search.close();
  }

  #refuse(cause: string): void {
    const dialled = this.#dialled;
    if (dialled === undefined) return;
    this.#dialled = undefined;
    this.#attemptEnd.clear();
    this.#session.close(dialled.leg, "full");
    this.#search.refused(dialled.seat.backend, cause, false);
    this.#seek();
  }

  /** Without a packet of its own the edge cannot serve a raw client anything but a kick. */
  #seek(): void {
    const seat = this.#search.claim();
    if (seat !== undefined) {
      this.#dialled = { leg: this.#session.dial(seat), seat };
      this.#attemptEnd.set(this.#session.port.now() + this.#session.options.limits.attemptMs);
    } else if (!this.#search.promising) {
      this.#session.end("no-backend", this.#search.account);
    }
  }
}
