/** An upgrade from this process's side: starts the new process, gives it everything, and takes everything back where that fails. */
import { messageOf } from "../error_message.ts";
import { pause } from "../pause.ts";
import type { HandoverChannel } from "./channel.ts";
import { Conversation, GoneError, RefusedError } from "./conversation.ts";
import { type HandoverGiver, offerSessions, settleTerms } from "./giving.ts";
import { type Handed, Heir } from "./heir.ts";
import type { Refusal } from "./refusing.ts";
import type { Successor } from "./successor.ts";

/** Milliseconds until a process that is gone, or was killed, is seen to be. */
const END_MS = 2_000;

/**
 * Milliseconds in which the new process reads what has come for its players meanwhile, before this one closes its copies of their
 * connections: both may share a core.
 */
const PEACE_MS = 100;

/** Where the new process comes to. */
export interface HandoverDoor extends Disposable {
  /** Tells the new process where. */
  readonly path: string;
  /** Resolves with the first that comes; rejects where `signal` aborts. */
  accept(signal: AbortSignal): Promise<HandoverChannel>;
}

/** What an upgrade works with. */
export interface UpgradeOptions {
  readonly giver: HandoverGiver;
  /** Throws where there can be no door. */
  readonly openDoor: () => HandoverDoor;
  /** Starts the new process, which is to come to the door at that path. Throws where there is no such program. */
  readonly start: (path: string) => Successor;
  /** Gives up before anything has stopped here. */
  readonly signal: AbortSignal;
  /** Milliseconds to start, to read the configuration and to bind what is new. @default 20000 */
  readonly startMs?: number;
  /** Milliseconds to take everything over, while players wait. @default 5000 */
  readonly takeMs?: number;
}

interface Refused extends Refusal {
  readonly kind: "refused";
}

/** What became of an upgrade. */
export type UpgradeOutcome =
  /** Everything goes on here as if nothing had happened. */
  | Refused
  /** Listeners and sessions are the other process's. */
  | { readonly kind: "done"; readonly heir: Heir; readonly handed: Handed };

/** One attempt, see the file's first line. */
export class Upgrade {
  readonly #options: UpgradeOptions;
  #successor: Successor | undefined;
  #channel: HandoverChannel | undefined;
  /** The process that said hello. */
  #pid: number | undefined;

  constructor(options: UpgradeOptions) {
    this.#options = options;
  }

  /** To be called once. */
  async run(): Promise<UpgradeOutcome> {
    const { giver, signal, startMs = 20_000, takeMs = 5_000 } = this.#options;
    if (giver.obstacle !== undefined) return { kind: "refused", why: giver.obstacle };
    let taker: Conversation;
    try {
      taker = await this.#makeReady(AbortSignal.any([AbortSignal.timeout(startMs), signal]));
      signal.throwIfAborted();
    } catch (error) {
      return await this.#giveUp(error, `was not ready within ${startMs / 1_000} s`);
    }
    const began = performance.now();
    const frozen = giver.freeze();
    try {
      const deadline = AbortSignal.timeout(takeMs);
      const offered = await offerSessions(taker, frozen, deadline);
      await taker.say({ kind: "commit" }, deadline);
      await taker.expect("running", deadline);
      const handed = { ...offered, ms: performance.now() - began };
      await pause(PEACE_MS);
      frozen.release(new Set(offered.refused.map(({ session }) => session)));
      return { kind: "done", heir: new Heir(this.#pid ?? 0, taker), handed };
    } catch (error) {
      const outcome = await this.#giveUp(error, `did not take over within ${takeMs / 1_000} s`);
      // Only now nobody else can be reading from any of them.
      frozen.thaw();
      return outcome;
    }
  }

  /** Starts the new process and resolves when it can take sessions. */
  async #makeReady(deadline: AbortSignal): Promise<Conversation> {
    const { giver, openDoor, start } = this.#options;
    using door = openDoor();
    this.#successor = start(door.path);
    const nobodyComes = new AbortController();
    this.#successor.ended.then((words) => nobodyComes.abort(new Error(words)));
    this.#channel = await door.accept(AbortSignal.any([deadline, nobodyComes.signal]));
    const taker = new Conversation(this.#channel);
    this.#pid = (await settleTerms(taker, giver, deadline)).pid;
    return taker;
  }

  /** Ends the new process, and resolves when it is gone. */
  async #giveUp(error: unknown, late: string): Promise<Refused> {
    const ended = error instanceof GoneError ? await this.#endWords() : undefined;
    this.#successor?.kill(this.#pid);
    await this.#gone();
    this.#channel?.close();
    if (error instanceof RefusedError && error.problems !== undefined) {
      return { kind: "refused", why: "the new process refuses its configuration", problems: error.problems };
    }
    return { kind: "refused", why: ended ?? (isTimeout(error) ? `the new process ${late}` : messageOf(error)) };
  }

  /** What ended a process that has gone; `undefined` where it has only closed its end. */
  async #endWords(): Promise<string | undefined> {
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => resolve(undefined), END_MS);
    const words = await Promise.race([this.#successor?.ended, late]);
    clearTimeout(timer);
    return words;
  }

  /** The kernel closes the other end of the channel when the process has ended, and after all its other descriptors' use. */
  async #gone(): Promise<void> {
    const deadline = AbortSignal.timeout(END_MS);
    try {
      while (await this.#channel?.receive(deadline) !== undefined);
    } catch {
      // It cannot be seen; nothing is left that could be done to it.
    }
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === "TimeoutError";
}
