/** What other programs are told of a session. */
import type { SessionEvent, SessionSummary } from "../session/port.ts";
import { kickCode, REASONS } from "../session/reasons.ts";
import { maskAddressesIn } from "./address_mask.ts";
import type { EdgeEvent } from "./edge_event.ts";

/** Which session it is. */
export interface NewsContext {
  readonly session: string;
  readonly listener: string;
  /** The player's address. */
  readonly ip: string;
}

/** What may be told. */
export interface NewsOptions {
  /** Whether what players say is news. */
  readonly chat: boolean;
  /** Whether players' addresses are masked. */
  readonly maskAddresses: boolean;
}

/** Turns the events of one session into those of the edge. Nothing is told of whoever was not let in. */
export class SessionNews {
  readonly #context: NewsContext;
  #player: string | undefined;
  /** Where the player is; empty for no backend. */
  #backend = "";
  /** Where the player was before. */
  #before = "";
  #hasJoined = false;

  constructor(context: NewsContext) {
    this.#context = context;
  }

  /** The session is that of a player who has joined before, in another process, and is on `backend`. */
  resume(player: string, backend: string): void {
    this.#player = player;
    this.#backend = backend;
    this.#hasJoined = true;
  }

  /** What `event` means to others, in the order in which it happened. */
  tell(event: SessionEvent, { chat, maskAddresses }: NewsOptions): readonly EdgeEvent[] {
    const show = maskAddresses ? maskAddressesIn : (text: string): string => text;
    if (event.kind === "identified") this.#player = event.player;
    if (this.#player === undefined) return [];
    const who = { session: this.#context.session, player: this.#player };
    switch (event.kind) {
      case "joined":
        return this.#joined(who, event.backend, show);
      case "waiting":
        this.#backend = "";
        return [{ event: "wait", ...who, cause: show(event.cause) }];
      case "moved": {
        const { from, to, signal, dialMs, fenceMs } = event.move;
        // A player whose backend was lost comes from that one, though there was no place to be in between.
        return [{ event: "move", ...who, from: from || this.#before, to, signal, ms: Math.round(dialMs + fenceMs) }];
      }
      case "move-failed": {
        const { from, to, signal, cause } = event;
        return [{ event: "move-failed", ...who, from, to, signal, cause: show(cause) }];
      }
      case "chat":
        return chat ? [{ event: "chat", ...who, backend: event.backend, text: event.text }] : [];
      case "ended":
        return this.#ended(who, event.summary, show);
      default:
        return [];
    }
  }

  #joined(who: Who, backend: string, show: Show): readonly EdgeEvent[] {
    this.#before = this.#backend;
    this.#backend = backend;
    if (this.#hasJoined) return [];
    this.#hasJoined = true;
    const { listener, ip } = this.#context;
    return [{ event: "join", ...who, listener, ip: show(ip), backend }];
  }

  #ended(who: Who, summary: SessionSummary, show: Show): readonly EdgeEvent[] {
    const { code, reason, detail, timers } = summary;
    const where = { ...who, backend: this.#backend };
    const kick: EdgeEvent = { event: "kick", ...where, reason, detail: show(detail) };
    const leave: EdgeEvent = {
      event: "leave",
      ...where,
      code: kickCode(code, who.session),
      reason,
      seconds: Math.round(timers.total) / 1_000,
    };
    return REASONS[reason].by === "C" ? [leave] : [kick, leave];
  }
}

interface Who {
  readonly session: string;
  readonly player: string;
}

/** Makes of a text what others may see. */
type Show = (text: string) => string;
