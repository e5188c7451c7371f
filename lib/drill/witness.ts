/** What a drill was for one player: noted step by step, as the session tells it. */
import { isLost } from "../observe/endings.ts";
import type { SessionEvent, SessionSummary } from "../session/port.ts";
import { kickCode } from "../session/reasons.ts";

/** Steps that are noted of one player. */
const MOST_STEPS = 20;

/** Whom a fault has met. */
export interface Subject {
  readonly session: string;
  readonly player: string;
  /** The backend the player was on when it did; empty for none. */
  readonly backend: string;
  /** Whether the player has been nowhere yet, not even in the waiting room. */
  readonly isNew: boolean;
}

/** Something that became of a player. `ms` counts from the begin of the drill. */
export type SightedStep =
  & { readonly ms: number }
  & (
    /** A backend did not take the player. */
    | { readonly step: "refused"; readonly backend: string; readonly cause: string }
    | { readonly step: "lost"; readonly backend: string; readonly cause: string }
    | { readonly step: "waiting"; readonly cause: string }
    | { readonly step: "joined"; readonly backend: string }
    /** The session is over; `lost` where that is a failure of the network. */
    | { readonly step: "ended"; readonly code: string; readonly reason: string; readonly lost: boolean }
  );

/** What one player saw. */
export interface Sight {
  readonly player: string;
  readonly session: string;
  /** The backend the player was on when the fault met them; empty for none. */
  readonly from: string;
  /** Milliseconds from the begin of the drill until then. */
  readonly metMs: number;
  readonly steps: readonly SightedStep[];
  /** Steps that were not noted any more. */
  readonly omitted: number;
  /**
   * Milliseconds of the longest time in which nothing came from the backend that the fault stands before, while the player was there, or
   * was nowhere yet and logged in there.
   */
  readonly silenceMs: number;
  readonly outcome: Outcome;
}

/** What became of a player in the end, so far. */
export type Outcome =
  | { readonly kind: "unaffected" }
  /** They are where they were, as the backend did not take them. */
  | { readonly kind: "stayed" }
  /** They play, on another backend or on the same one again; `ms` after the fault met them. */
  | { readonly kind: "playing"; readonly backend: string; readonly ms: number }
  | { readonly kind: "waiting"; readonly ms: number }
  /** They are between two places, or still logging in. */
  | { readonly kind: "adrift" }
  /** They left by themselves, or somebody wanted them to. */
  | { readonly kind: "left"; readonly code: string; readonly reason: string; readonly ms: number }
  | { readonly kind: "lost"; readonly code: string; readonly reason: string; readonly ms: number };

/** See the file's first line. All times are milliseconds since the begin of the drill. */
export class Witness {
  readonly #subject: Subject;
  /** The backend that the fault stands before. */
  readonly #backend: string;
  /** The backend the player is on; empty for none. */
  #place: string;
  /** Whether the player has been nowhere yet. */
  #isNew: boolean;
  readonly #metMs: number;
  readonly #steps: SightedStep[] = [];
  #omitted = 0;
  #outcome: Outcome;
  /** Since when nothing was heard; `undefined` while the player does not depend on the backend. */
  #silentSince: number | undefined;
  #silenceMs = 0;
  #isRelieved = false;

  /** @param backend The one that the fault stands before. */
  constructor(subject: Subject, backend: string, metMs: number) {
    this.#subject = subject;
    this.#backend = backend;
    this.#place = subject.backend;
    this.#isNew = subject.isNew;
    this.#metMs = metMs;
    this.#outcome = outcomeAtFirst(subject);
  }

  /** Whether it is not yet known what becomes of the player. */
  get isAdrift(): boolean {
    return this.#outcome.kind === "adrift";
  }

  /** Whether the network has lost the player. */
  get isLost(): boolean {
    return this.#outcome.kind === "lost";
  }

  /** Something is to come from the backend from now on. Whoever plays elsewhere, or waits, does not depend on it. */
  waits(ms: number): void {
    if (this.#isRelieved || !this.#isNew && this.#place !== this.#backend) return;
    this.#endSilence(ms);
    this.#silentSince = ms;
  }

  /** Something came from the backend. */
  heard(ms: number): void {
    if (this.#silentSince !== undefined) this.waits(ms);
  }

  /** Nothing is to come any more from a backend that was tried. */
  gaveUp(ms: number): void {
    if (this.#place !== this.#backend) this.#endSilence(ms);
  }

  /** The fault is over: no silence counts any more. */
  relieved(ms: number): void {
    this.#endSilence(ms);
    this.#isRelieved = true;
  }

  /** Something happened in the player's session. */
  event(event: SessionEvent, ms: number): void {
    const after = ms - this.#metMs;
    switch (event.kind) {
      case "refused":
        this.#note({ ms, step: "refused", backend: event.backend, cause: event.cause });
        if (event.backend !== this.#backend) return;
        if (this.#outcome.kind === "unaffected") this.#outcome = { kind: "stayed" };
        return this.gaveUp(ms);
      case "lost":
        this.#note({ ms, step: "lost", backend: event.backend, cause: because(event) });
        this.#outcome = { kind: "adrift" };
        return this.#isAt("", ms);
      case "waiting":
        this.#note({ ms, step: "waiting", cause: event.cause });
        this.#outcome = { kind: "waiting", ms: after };
        return this.#isAt("", ms);
      case "joined":
        this.#note({ ms, step: "joined", backend: event.backend });
        this.#outcome = { kind: "playing", backend: event.backend, ms: after };
        return this.#isAt(event.backend, ms);
      case "ended":
        this.#ended(event.summary, ms, after);
    }
  }

  /** What the player saw until now. */
  sight(ms: number): Sight {
    const { player, session, backend } = this.#subject;
    const silent = this.#silentSince === undefined ? 0 : ms - this.#silentSince;
    return {
      player,
      session,
      from: backend,
      metMs: this.#metMs,
      steps: [...this.#steps],
      omitted: this.#omitted,
      silenceMs: Math.max(this.#silenceMs, silent),
      outcome: this.#outcome,
    };
  }

  #ended(summary: SessionSummary, ms: number, after: number): void {
    const { session, reason } = summary;
    const lost = isLost(summary);
    const code = kickCode(summary.code, session);
    this.#note({ ms, step: "ended", code, reason, lost });
    this.#outcome = { kind: lost ? "lost" : "left", code, reason, ms: after };
    this.#endSilence(ms);
  }

  #isAt(place: string, ms: number): void {
    this.#place = place;
    this.#isNew = false;
    this.#endSilence(ms);
    this.waits(ms);
  }

  #note(step: SightedStep): void {
    if (this.#steps.length < MOST_STEPS) this.#steps.push(step);
    else this.#omitted++;
  }

  #endSilence(ms: number): void {
    if (this.#silentSince !== undefined) this.#silenceMs = Math.max(this.#silenceMs, ms - this.#silentSince);
    this.#silentSince = undefined;
  }
}

/** What has become of somebody whom the fault has just met. */
function outcomeAtFirst({ backend, isNew }: Subject): Outcome {
  if (backend !== "") return { kind: "unaffected" };
  return isNew ? { kind: "adrift" } : { kind: "waiting", ms: 0 };
}

function because({ reason, detail }: { readonly reason: string; readonly detail: string }): string {
  return detail === "" ? reason : `${reason}, ${detail}`;
}
