/** The first phase: the client says who it is, and may be turned away. */
import type { Alarm } from "./alarm.ts";
import { IdentificationReader, type Identity } from "./identification.ts";
import { Login } from "./login.ts";
import { RawLogin } from "./raw_login.ts";
import type { SessionCore } from "./core.ts";
import type { Phase } from "./phase.ts";

/** Waits for the Identification, checks the key, and goes on with the login that the listener's mode asks for. */
export class Handshake implements Phase {
  readonly stage = "A";
  readonly #session: SessionCore;
  readonly #reader = new IdentificationReader();
  readonly #deadline: Alarm;

  constructor(session: SessionCore) {
    this.#session = session;
    this.#deadline = session.alarm(() => session.end("login-timeout", "no complete Identification"));
    this.#deadline.set(session.acceptedAt + session.options.limits.loginMs);
  }

  get kickable(): boolean {
    return this.#reader.isClassic;
  }

  fromClient(chunk: Uint8Array): void {
    const step = this.#reader.push(chunk);
    if (step.kind === "refused") this.#session.end(step.reason, step.detail);
    if (step.kind === "done") this.#accept(step.identity, step.rest);
  }

  fromBackend(): void {}
  opened(): void {}
  gone(): void {}
  admitted(): void {}
  dispose(): void {}

  eof(): void {
    this.#session.end("client-left", "closed before its Identification");
  }

  failed(_leg: number, cause: string): void {
    this.#session.end("client-reset", cause);
  }

  #accept(identity: Identity, rest: Uint8Array): void {
    const session = this.#session;
    session.identity = identity;
    this.#deadline.clear();
    if (!session.options.verify(identity.name, identity.key)) {
      session.end("wrong-key", "the key does not prove the name");
      return;
    }
    const login = session.options.mode === "raw" ? new RawLogin(session, identity) : new Login(session, identity);
    session.enter(login);
    login.start();
    if (rest.length > 0 && !session.ended) session.phase.fromClient(rest);
  }
}
