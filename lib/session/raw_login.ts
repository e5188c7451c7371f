/** Login in raw mode: the Identification goes to the first backend that answers, everything behind it is not looked at. */
import { PacketBuffer } from "../protocol/packet_buffer.ts";
import { Dialler } from "./dialler.ts";
import type { Identity } from "./identification.ts";
import { CLIENT, type Leg } from "./port.ts";
import type { SessionCore } from "./core.ts";
import type { Phase } from "./phase.ts";
import { Splice } from "./splice.ts";

/** Dials until a backend accepts the connection, then replays and splices. */
export class RawLogin implements Phase {
  readonly stage = "D";
  readonly kickable = true;
  readonly #session: SessionCore;
  readonly #dialler: Dialler;
  readonly #early = new PacketBuffer(256);
  readonly #deadline: number;
  #clientEnded = false;

  constructor(session: SessionCore, identity: Identity) {
    this.#session = session;
    this.#deadline = session.acceptedAt + session.options.limits.loginMs;
    this.#early.append(identity.packet);
    this.#dialler = new Dialler(session, identity.name);
  }

  /** Dials the first backend. */
  start(): void {
    this.#session.identified("");
    this.#next();
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
    if (leg !== this.#dialler.leg) return;
    const session = this.#session;
    session.send(leg, this.#early.view());
    session.joined();
    session.enter(new Splice(session, leg));
    if (this.#clientEnded) session.phase.eof(CLIENT);
  }

  /** A client may say all it has to say and close its side before a backend is there. */
  eof(leg: Leg): void {
    if (leg === CLIENT) this.#clientEnded = true;
  }

  failed(leg: Leg, cause: string): void {
    if (leg === CLIENT) {
      this.#session.end("client-reset", cause);
    } else if (leg === this.#dialler.leg) {
      this.#dialler.refuse(cause);
      this.#next();
    }
  }

  tick(now: number): void {
    if (now >= this.#deadline) {
      this.#session.end("no-backend", `out of time; ${this.#dialler.account}`);
    } else if (now >= this.#dialler.deadline) {
      this.#dialler.refuse("no answer in time");
      this.#next();
    } else {
      this.#wake();
    }
  }

  #next(): void {
    if (this.#dialler.next()) this.#wake();
    else this.#session.end("no-backend", this.#dialler.account);
  }

  #wake(): void {
    this.#session.port.wake(Math.min(this.#deadline, this.#dialler.deadline));
  }
}
