/** Saying something to the other process, and hearing an answer of a certain kind. */
import type { HandoverChannel } from "./channel.ts";
import { decodeMessage, encodeMessage, type Message, type Reading } from "./messages.ts";

/** A handover that did not come about, or broke off. The message says why, for operators. */
export class HandoverError extends Error {
  override name = "HandoverError";
}

/** The other process has closed its end in the middle, or is gone. */
export class GoneError extends HandoverError {
  override name = "GoneError";

  constructor() {
    super("the other process has gone");
  }
}

/** The other process says that it will not take over, and why. */
export class RefusedError extends HandoverError {
  override name = "RefusedError";
  /** What is wrong with its configuration or files that it names; `undefined` where they are not to blame. */
  readonly problems: readonly string[] | undefined;

  constructor({ why, problems }: Message & { readonly kind: "refused" }) {
    super(why);
    this.problems = problems;
  }
}

/** Messages that descriptors go along with. */
const CARRYING: readonly Reading["kind"][] = ["given", "sessions"];

/** What was heard, and the descriptors that came with it. */
export interface Heard<M extends Message = Message> {
  readonly message: M;
  readonly descriptors: readonly number[];
}

/** See the file's first line. Every method throws what a channel throws. */
export class Conversation {
  readonly #channel: HandoverChannel;

  constructor(channel: HandoverChannel) {
    this.#channel = channel;
  }

  async say(message: Message, signal: AbortSignal, descriptors: readonly number[] = []): Promise<void> {
    await this.#channel.send({ bytes: encodeMessage(message), descriptors }, signal);
  }

  /**
   * The next message; `undefined` where the other process has closed its end or is gone. Descriptors that do not belong to it are closed.
   *
   * @throws {HandoverError} where it cannot be understood
   */
  async hear(signal: AbortSignal): Promise<Heard | undefined> {
    const parcel = await this.#channel.receive(signal);
    if (parcel === undefined) return undefined;
    const message = decodeMessage(parcel.bytes);
    const carries = CARRYING.includes(message.kind);
    if (!carries) this.discard(parcel.descriptors);
    if (message.kind === "unreadable") throw new HandoverError(message.why);
    return { message, descriptors: carries ? parcel.descriptors : [] };
  }

  /**
   * The next message, which must be of that kind.
   *
   * @throws {HandoverError} where it is another one, a refusal above all, or none comes any more
   */
  async expect<K extends Message["kind"]>(kind: K, signal: AbortSignal): Promise<Heard<Message & { kind: K }>> {
    const heard = await this.hear(signal);
    if (heard === undefined) throw new GoneError();
    const { message, descriptors } = heard;
    if (isOf(message, kind)) return { message, descriptors };
    this.discard(descriptors);
    if (message.kind === "refused") throw new RefusedError(message);
    throw new HandoverError(`the other process says ${message.kind} where it should say ${kind}`);
  }

  /** Closes descriptors that were heard of and for which there is no use. */
  discard(descriptors: readonly number[]): void {
    this.#channel.discard(descriptors);
  }

  close(): void {
    this.#channel.close();
  }
}

function isOf<K extends Message["kind"]>(message: Message, kind: K): message is Message & { kind: K } {
  return message.kind === kind;
}
