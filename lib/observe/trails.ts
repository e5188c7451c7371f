/** How sessions went, step by step: kept for operators who ask why. */
import type { Trail, TrailCandidate, TrailStep } from "./trail.ts";
import type { Decision, DecisionCandidate } from "../routing/decision.ts";
import type { SessionEvent } from "../session/port.ts";
import { maskAddressesIn } from "./address_mask.ts";
import {
  decisionWords,
  eventWords,
  explains,
  obstacleText,
  startWords,
  type TrailEvent,
  type TrailStart,
} from "./trail_text.ts";

export type { TrailStart } from "./trail_text.ts";

/** Sessions that are over and are kept: so many of those that were let in, and so many of the others. */
const KEPT = 1_000;
/** Sessions that run and are kept. Beyond that the oldest of them are forgotten. */
const MOST_RUNNING = 10_000;
/** Steps that are kept of the beginning of a session, its first moment included, and of its end. */
const HALF = 20;
/** Steps that are kept behind the first moment. */
const MOST_STEPS = 2 * HALF - 1;
/** Backends that are kept of one decision. */
const MOST_CANDIDATES = 16;

const NO_STEPS: KeptSteps = [];

/** An end code as players read it, or the session's name alone. */
const CODE = /^\[?(?:[A-Z]{2}-)?([0-9A-Z]+)\]?$/;

export interface TrailView {
  /** What the time of day was when the trails' clock was at 0, in milliseconds since 1970. */
  readonly epoch: number;
  /** Whether players' addresses are masked. */
  readonly maskAddresses: boolean;
}

/** What happened in a step, as it is kept: words are made only for whoever asks. */
type Happening = TrailEvent | KeptDecision;

/** Steps one behind the other: when each was, in milliseconds, and what. An object for each would take as much again. */
type KeptSteps = readonly (number | Happening)[];

interface KeptDecision extends Pick<Decision, "wish" | "rule" | "picked"> {
  readonly kind: "decided";
  /** What {@linkcode pack} makes of the candidates, or of the first of them. */
  readonly candidates: string;
  /** How many there were. */
  readonly count: number;
}

interface Kept {
  readonly start: TrailStart;
  /** The name of whoever was let in, or else the one that was claimed; empty before. */
  player: string;
  isIn: boolean;
  /** Behind the first moment. */
  steps: KeptSteps;
  omitted: number;
}

/**
 * Keeps the trails of all running sessions, up to 10,000, and of those that are over the last 1,000 that were let in and the last
 * 1,000 that were not, so that a flood of these does not wash away the others. Each has at most 40 steps. Measured: 1.5 KiB for a
 * session that moves once among four backends, 9 KiB for one that moves on and on.
 *
 * `now` is always milliseconds of a clock that never goes back.
 */
export class Trails {
  readonly #running = new Map<string, Kept>();
  readonly #over = new Map<string, Kept>();
  readonly #turnedAway = new Map<string, Kept>();

  /** A session begins. */
  begin(start: TrailStart): void {
    put(this.#running, { start, player: "", isIn: false, steps: NO_STEPS, omitted: 0 }, MOST_RUNNING);
  }

  /** A session goes on here, of a player whom another process had let in. */
  resume(start: TrailStart, player: string): void {
    put(this.#running, { start, player, isIn: true, steps: NO_STEPS, omitted: 0 }, MOST_RUNNING);
  }

  /** Something happened in a session. */
  event(session: string, event: SessionEvent, now: number): void {
    const trail = this.#running.get(session);
    if (trail === undefined) return;
    if (explains(event)) add(trail, event, now);
    if (event.kind === "identified") {
      trail.player = event.player;
      trail.isIn = true;
    }
    if (event.kind !== "ended") return;
    trail.player ||= event.summary.player;
    this.#running.delete(session);
    put(trail.isIn ? this.#over : this.#turnedAway, trail, KEPT);
  }

  /** Routing has decided something about a session's player. */
  decided(session: string, decision: Decision, now: number): void {
    const trail = this.#running.get(session);
    if (trail === undefined) return;
    const { wish, rule, picked, candidates: all } = decision;
    const kept = all.filter(({ backend }, index) => index < MOST_CANDIDATES || backend === picked);
    add(trail, { kind: "decided", wish, rule, picked, candidates: pack(kept), count: all.length }, now);
  }

  /**
   * The trail that `who` means: the name of a player, in any case, or the id or end code of a session. Of several sessions of a name
   * it is the one that plays, or else the latest.
   */
  find(who: string, { epoch, maskAddresses }: TrailView): Trail | undefined {
    const found = this.#named(who.toLowerCase()) ?? this.#coded(who.toUpperCase());
    if (found === undefined) return undefined;
    const { player, start, steps, omitted } = found;
    const { session, listener, ip, acceptedAt } = start;
    const show = maskAddresses ? maskAddressesIn : (text: string): string => text;
    return {
      session,
      player,
      listener,
      ip: show(ip),
      startedAt: new Date(epoch + acceptedAt).toISOString(),
      steps: [told({ ms: 0, ...startWords(start) }, show), ...inWords(steps).map((step) => told(step, show))],
      omitted,
    };
  }

  #named(name: string): Kept | undefined {
    const isNamed = ({ player }: Kept): boolean => player !== "" && player.toLowerCase() === name;
    const playing = latest(this.#running.values().filter(isNamed));
    return playing ?? latest([...this.#over.values().filter(isNamed), ...this.#turnedAway.values().filter(isNamed)]);
  }

  #coded(code: string): Kept | undefined {
    // Ids have no letters that players may take for these digits.
    const session = (CODE.exec(code)?.[1] ?? "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");
    return this.#running.get(session) ?? this.#over.get(session) ?? this.#turnedAway.get(session);
  }
}

/** Adds the newest of `trails`, of which there are at most `most`. */
function put(trails: Map<string, Kept>, trail: Kept, most: number): void {
  const { session } = trail.start;
  trails.delete(session);
  trails.set(session, trail);
  if (trails.size <= most) return;
  const [oldest] = trails.keys();
  if (oldest !== undefined) trails.delete(oldest);
}

function latest(trails: Iterable<Kept>): Kept | undefined {
  let found: Kept | undefined;
  for (const trail of trails) {
    if (found === undefined || trail.start.acceptedAt >= found.start.acceptedAt) found = trail;
  }
  return found;
}

/** Makes an array of just its size: one that grows, or is spread, takes room for many more. */
function add(trail: Kept, what: Happening, now: number): void {
  const steps = trail.steps.concat(Math.round(now - trail.start.acceptedAt), what);
  if (steps.length > 2 * MOST_STEPS) {
    steps.splice(2 * (HALF - 1), 2);
    trail.omitted++;
  }
  trail.steps = steps;
}

function inWords(steps: KeptSteps): readonly TrailStep[] {
  const words: TrailStep[] = [];
  let ms = 0;
  for (const item of steps) {
    if (typeof item === "number") ms = item;
    else words.push(stepWords(ms, item));
  }
  return words;
}

function stepWords(ms: number, what: Happening): TrailStep {
  if (what.kind !== "decided") return { ms, ...eventWords(what) };
  const candidates = unpack(what.candidates);
  return { ms, ...decisionWords({ ...what, candidates }, what.count), candidates: candidates.map(shown(what.picked)) };
}

function told(step: TrailStep, show: (text: string) => string): TrailStep {
  return { ...step, text: show(step.text) };
}

function shown(picked: string | undefined): (candidate: DecisionCandidate) => TrailCandidate {
  return ({ obstacle, ...candidate }) => ({
    ...candidate,
    picked: candidate.backend === picked,
    why: obstacleText(obstacle),
  });
}

/** Much smaller than the objects. */
function pack(candidates: readonly DecisionCandidate[]): string {
  return JSON.stringify(candidates.map(({ backend, state, players, maxPlayers, share, obstacle }): Packed => [
    backend,
    state,
    players,
    maxPlayers,
    share,
    obstacle,
  ]));
}

function unpack(text: string): readonly DecisionCandidate[] {
  const all: readonly Packed[] = JSON.parse(text);
  return all.map(([backend, state, players, maxPlayers, share, obstacle]) => (
    { backend, state, players, maxPlayers, share, obstacle: obstacle ?? undefined }
  ));
}

type Packed = readonly [
  backend: string,
  state: DecisionCandidate["state"],
  players: number,
  maxPlayers: number,
  share: number,
  obstacle: DecisionCandidate["obstacle"] | null,
];
