/** An edge between two other processes: the one whose place it takes, and the one that takes its own. */
import { asError, messageOf } from "../error_message.ts";
import manifest from "../../deno.json" with { type: "json" };
import { bindLater } from "./bind_later.ts";
import { Giver, type HandoverParts, Taker } from "./handing_over.ts";
import type { Conversation } from "../handover/conversation.ts";
import type { HandoverGiver } from "../handover/giving.ts";
import type { Heir } from "../handover/heir.ts";
import { takeOver, takeRest } from "../handover/taking.ts";
import type { Log } from "../observe/log.ts";
import { type Opening, openUnhindered } from "./openings.ts";
import { pause } from "../pause.ts";
import { sayFarewell } from "../players/farewell.ts";
import type { Reception } from "../players/reception.ts";
import type { Sessions } from "../players/sessions.ts";
import type { Reloads } from "../edge/reloads.ts";
import { STATE_VERSION } from "../session/state.ts";

/** Milliseconds between two looks at who can be handed over by now. */
const REST_MS = 100;

/** What a succession has to do with. */
export interface SuccessionOptions extends HandoverParts {
  readonly log: Log;
  readonly sessions: Sessions;
  readonly reception: Pick<Reception, "size">;
  readonly reloads: Pick<Reloads, "config" | "confirmBy">;
  /** Whether nothing has ended the edge yet. */
  readonly isRunning: () => boolean;
}

/** See the file's first line. */
export class Succession {
  /** This edge's side where another process takes its place. */
  readonly giver: HandoverGiver;
  readonly #options: SuccessionOptions;
  /** Ends the coming of sessions from another process. */
  readonly #farewell = new AbortController();
  #arriving: Promise<void> = Promise.resolve();
  /** Whether it is not settled: what the process before has left could not follow into a third one. */
  #isArriving = false;

  constructor(options: SuccessionOptions) {
    this.#options = options;
    this.giver = new Giver(options, () => this.#hindrance());
  }

  /**
   * Takes another process's place. Resolves when its players are here, as far as they can come at once, and `openings` are open; the
   * others follow.
   *
   * @param opened Called when that is open which can be at once, and nobody has come yet; where it throws, nobody does.
   * @throws {Error} where that fails: the other process goes on then
   */
  async takeOver(predecessor: Conversation, openings: readonly Opening[], opened: () => void): Promise<void> {
    const { listeners, reloads } = this.#options;
    let hindered: readonly Opening[] = [];
    const taker = new Taker(this.#options, async (leaving) => {
      await listeners.listen(reloads.config.listeners);
      hindered = await openUnhindered(openings, leaving);
      opened();
    });
    await takeOver(predecessor, taker, { release: manifest.version, states: [STATE_VERSION] });
    this.#arriving = this.#takeRest(predecessor, taker);
    // What has come for players meanwhile is read before anything else is opened.
    await pause(0);
    for (const opening of hindered) await this.#openLater(opening);
  }

  /** Takes nobody over any more. Resolves when nothing is under way. */
  async stopTaking(): Promise<void> {
    this.#farewell.abort();
    await this.#arriving;
  }

  /**
   * Hands over whoever could not go with the others. Those who cannot go at all, or have not managed to in the time that a login may take,
   * are taken leave of within `timeoutMs` from then on; whoever can meanwhile goes over still.
   */
  async handOver(heir: Heir, timeoutMs: number): Promise<void> {
    const { travellers, sessions, reception, reloads } = this.#options;
    const over = new AbortController();
    const handing = this.#handRest(heir, over.signal);
    // Whoever is on their way in is here no longer than that, and is not to be lost for a shorter drain.
    const endAt = performance.now() + reloads.config.limits.loginTimeoutMs;
    while (travellers.portable + reception.size > 0 && performance.now() < endAt) await pause(REST_MS);
    await sayFarewell(sessions, timeoutMs, upgradeWords);
    over.abort();
    await handing;
  }

  /** Opens something at an address that the process before is about to leave. Players are here already, whom it must not cost their places. */
  async #openLater({ what, open }: Opening): Promise<void> {
    try {
      await bindLater(open);
    } catch (error) {
      const message = messageOf(error);
      this.#options.log.error("listen-failed", `${message}; ${what} is missing until a restart or another upgrade`);
    }
  }

  async #takeRest(predecessor: Conversation, taker: Taker): Promise<void> {
    const { log, gatekeeper } = this.#options;
    this.#isArriving = true;
    try {
      await takeRest(predecessor, taker, this.#farewell.signal);
    } catch (error) {
      if (!this.#farewell.signal.aborted) {
        log.warn("take-over", "the process before hands over no more sessions", { err: asError(error) });
      }
    }
    predecessor.close();
    gatekeeper.reserve([]);
    this.#isArriving = false;
  }

  /** Hands over, again and again, who can be by then; and no more once that is over. */
  async #handRest(rest: Heir, signal: AbortSignal): Promise<void> {
    using heir = rest;
    const { log, sessions, reception } = this.#options;
    try {
      while (!signal.aborted && sessions.size + reception.size > 0) {
        await pause(REST_MS);
        const { count } = await heir.hand(this.giver.freeze());
        if (count > 0) log.info("handed-over", "sessions have gone over", { pid: heir.pid, sessions: count });
      }
    } catch (error) {
      log.warn("hand-over", "the sessions that are left stay here", { err: asError(error) });
    }
  }

  /** Why no other process can take over now. */
  #hindrance(): string | undefined {
    const { isRunning, reloads } = this.#options;
    if (!isRunning()) return "the edge is stopping";
    if (this.#isArriving) return "the process before still hands over its last players";
    return reloads.confirmBy === undefined ? undefined : "a reload waits to be confirmed";
  }
}

function upgradeWords(seconds: number): string {
  return `&eThe network is upgraded, which your connection cannot follow: it ends within ${seconds} s. Come right back!`;
}
