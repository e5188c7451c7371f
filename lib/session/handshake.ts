/** The first phase: the client says who it is, and may be turned away. */
import { PacketBuffer } from "../protocol/packet_buffer.ts";
import type { Alarm } from "./alarm.ts";
import { IdentificationReader, type Identity } from "./identification.ts";
import { Login } from "./login.ts";
import { RawLogin } from "./raw_login.ts";
import type { SessionCore } from "./core.ts";
import type { Phase } from "./phase.ts";
import type { Admission } from "./port.ts";

/** Waits for the Identification, asks whether the player may come in, and goes on with the login that the listener's mode asks for. */
export class Handshake implements Phase {
  readonly stage = "A";
  readonly #session: SessionCore;
  readonly #reader = new IdentificationReader();
  readonly #deadline: Alarm;
  /** What the client sent behind its Identification. */
  readonly #early = new PacketBuffer(0);
  /** Set from the Identification on. */
  #claim: Identity | undefined;
  /** Set once the player was turned away and has not heard of it yet. */
  #turnedAway = false;

  constructor(session: SessionCore) {
    this.#session = session;
    this.#deadline = session.alarm(() => this.#late());
    this.#deadline.set(session.acceptedAt + session.options.limits.loginMs);
  }

  get kickable(): boolean {
    return this.#reader.isClassic;
  }

  fromClient(chunk: Uint8Array): void {
    if (this.#claim !== undefined) {
      this.#keep(chunk);
      return;
    }
    const step = this.#reader.push(chunk);
    if (step.kind === "refused") this.#session.end(step.reason, step.detail);
    if (step.kind !== "done") return;
    this.#claim = step.identity;
    this.#keep(step.rest);
    if (!this.#session.ended) this.#ask(step.identity);
  }

  fromBackend(): void {}
  opened(): void {}
  gone(): void {}
  dispose(): void {}

  admitted(): void {
    if (this.#claim !== undefined && !this.#turnedAway) this.#ask(this.#claim);
  }

  eof(): void {
    this.#session.end("client-left", "closed before it was let in");
  }

  failed(_leg: number, cause: string): void {
    this.#session.end("client-reset", cause);
  }

  #keep(chunk: Uint8Array): void {
    if (this.#turnedAway) return;
    const size = this.#early.length + chunk.length;
    if (size > this.#session.options.limits.earlyBytes) {
      this.#session.end("early-flood", `${size} bytes before it was let in`);
    } else {
      this.#early.append(chunk);
    }
  }

  #ask(claim: Identity): void {
    const session = this.#session;
    session.record.claimed = claim.name;
    const admission = session.options.admit(claim.name, claim.key);
    if (admission.kind === "admitted") this.#letIn({ ...claim, name: admission.name });
    else if (admission.kind === "refused") this.#turnAway(admission);
  }

  #letIn(identity: Identity): void {
    const session = this.#session;
    session.identity = identity;
    this.#deadline.clear();
    const login = session.options.mode === "raw" ? new RawLogin(session, identity) : new Login(session, identity);
    session.enter(login);
    login.start();
    if (this.#early.length > 0 && !session.ended) session.phase.fromClient(this.#early.view());
  }

  #turnAway({ reason, detail, text, delayMs = 0 }: Admission & { readonly kind: "refused" }): void {
    const tell = (): void => this.#session.end(reason, detail, text);
    if (delayMs === 0) {
      tell();
      return;
    }
    this.#turnedAway = true;
    this.#early.clear();
    this.#deadline.clear();
    const delay = this.#session.alarm(tell);
    delay.set(this.#session.port.now() + delayMs);
  }

  #late(): void {
    const waited = this.#claim === undefined
      ? "no complete Identification"
      : "another session of that name did not end";
    this.#session.end("login-timeout", waited);
  }
}
