/** What happened to a player, in words for whoever looks into it at night. */
import type { Decision, DecisionCandidate, Obstacle } from "../routing/decision.ts";
import type { SessionEvent, SessionSummary, SignalKind } from "../session/port.ts";
import { kickCode, type Reason } from "../session/reasons.ts";

/** A step of a trail: its short name, and a sentence. */
export interface StepWords {
  readonly step: string;
  readonly text: string;
}

/** A session at its beginning. */
export interface TrailStart {
  readonly session: string;
  readonly listener: string;
  /** The player's address. */
  readonly ip: string;
  readonly transport: "tcp" | "websocket";
  /** Whether the connection is encrypted. */
  readonly secure: boolean;
  /** When the connection was accepted, in whole milliseconds of a clock that never goes back. */
  readonly acceptedAt: number;
  /** Whether another process had the session before this one. */
  readonly isResumed?: boolean;
}

/** An event that explains something. */
export type TrailEvent = Exclude<SessionEvent, { readonly kind: "offered" | "chat" }>;

/** Colours in what players read. */
const COLOURS = /&[0-9a-f]/gi;
/** Candidates that a sentence names. */
const NAMED = 4;

const SIGNALS: Readonly<Record<SignalKind, string>> = {
  "plugin-message": "the backend asked for it by plugin message",
  "chat-sentinel": "the backend asked for it by chat sentinel",
  "kick-text": "the backend named it in its kick",
  "player": "the player asked for it",
  "operator": "an operator asked for it",
  "drain": "the backend is to be emptied",
  "failure": "the backend was lost",
  "waiting": "the player was waiting",
};

const OBSTACLES: Readonly<Record<Obstacle, string>> = {
  "left-out": "has just refused, kicked or lost this player",
  "join-rate": "its join rate is used up for the moment",
  "line": "others who came before wait for it",
};

/** By the first letter of an end code. */
const ENDED_BY: Readonly<Record<string, string>> = {
  C: "the client ended it",
  S: "the backend ended it",
  P: "the edge ended it",
  O: "an operator ended it",
};

/** By the second. */
const STAGES: Readonly<Record<string, string>> = {
  A: "in the client's handshake",
  D: "while a backend was looked for",
  M: "while the first map was loading",
  P: "in play",
};

/** The words for a session's first moment. */
export function startWords({ listener, ip, transport, secure, isResumed = false }: TrailStart): StepWords {
  const how = `${transport === "websocket" ? "by WebSocket" : "by TCP"}${secure ? ", encrypted" : ""}`;
  const since = isResumed
    ? "; an upgrade has handed the session over since, and what was before is not known any more"
    : "";
  return { step: "accepted", text: `${ip} connected to listener "${listener}" ${how}${since}` };
}

/** Whether an event explains how a session went. */
export function explains(event: SessionEvent): event is TrailEvent {
  return event.kind !== "offered" && event.kind !== "chat";
}

/** The words for an event. */
export function eventWords(event: TrailEvent): StepWords {
  switch (event.kind) {
    case "identified": {
      const { player, client, protocol } = event;
      const software = client === "" ? "" : `, with the client "${client}"`;
      return { step: "login", text: `"${player}" was let in${software}, protocol ${protocol}` };
    }
    case "list-refused":
      return { step: event.kind, text: `"${event.backend}" broke off over the list of extensions: ${event.cause}` };
    case "refused":
      return { step: event.kind, text: `"${event.backend}" did not take the player: ${event.cause}` };
    case "joined":
      return { step: event.kind, text: `"${event.backend}" took the player` };
    case "playable":
      return { step: event.kind, text: `The first map, that of "${event.backend}", was complete` };
    case "lost":
      return { step: event.kind, text: `"${event.backend}" lost the player: ${account(event)}` };
    case "waiting":
      return {
        step: event.kind,
        text: `The player was shown the waiting room: ${event.cause.replaceAll(COLOURS, "")}`,
      };
    case "moved": {
      const { from, to, signal, dialMs, fenceMs } = event.move;
      const times = `${Math.round(dialMs)} ms until its map began, ${
        Math.round(fenceMs)
      } ms until the client had answered`;
      const way = from === "" ? `to "${to}"` : `from "${from}" to "${to}"`;
      return { step: event.kind, text: `The player moved ${way} because ${SIGNALS[signal]}: ${times}` };
    }
    case "move-failed": {
      const { to, signal, cause } = event;
      const where = to === "" ? "elsewhere" : `to "${to}"`;
      return { step: event.kind, text: `The player did not get ${where}, though ${SIGNALS[signal]}: ${cause}` };
    }
    case "signal-refused":
      return {
        step: event.kind,
        text: `"${event.backend}" asked by ${event.signal} for what cannot be: ${event.cause}`,
      };
    case "fence-unanswered":
      return { step: event.kind, text: `The client did not say in time that it saw the world of "${event.backend}"` };
    case "over-limit":
      return {
        step: event.kind,
        text: `A limit that is only watched would have ended the session: ${account(event)}`,
      };
    case "ended":
      return { step: event.kind, text: endText(event.summary) };
  }
}

/**
 * The words for a decision.
 *
 * @param count How many candidates there were; those given may be fewer.
 */
export function decisionWords({ wish, rule, picked, candidates }: Decision, count: number): StepWords {
  const outcome = picked === undefined
    ? `nobody takes the player now: ${obstacles(candidates, count)}`
    : `"${picked}" was chosen${rule === undefined ? "" : ` by ${rule}`}`;
  return { step: "decided", text: `${wish}: ${outcome}` };
}

/** What kept a backend that is up from being in question. */
export function obstacleText(obstacle: Obstacle | undefined): string | undefined {
  return obstacle && OBSTACLES[obstacle];
}

function obstacles(candidates: readonly DecisionCandidate[], count: number): string {
  if (count === 0) return "there is no backend in question";
  const named = candidates.slice(0, NAMED).map((candidate) =>
    `"${candidate.backend}" (${obstacleText(candidate.obstacle) ?? candidate.state})`
  );
  const more = count - named.length;
  return named.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function endText(summary: SessionSummary): string {
  const { session, code, timers } = summary;
  const [by = "", stage = ""] = code;
  const meaning = `${ENDED_BY[by] ?? by} ${STAGES[stage] ?? stage}`;
  const seconds = (timers.total / 1_000).toFixed(1);
  return `The session ended after ${seconds} s: ${account(summary)}. Code ${kickCode(code, session)}: ${meaning}`;
}

function account({ reason, detail }: { readonly reason: Reason; readonly detail: string }): string {
  return detail === "" ? reason : `${reason}, ${detail}`;
}
