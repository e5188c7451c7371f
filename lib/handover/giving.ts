/** The side of the process that gives: what it says, and in which order. */
import { pause } from "../pause.ts";
import { type Conversation, HandoverError } from "./conversation.ts";
import {
  type GivenBackend,
  type GivenListener,
  HANDOVER_VERSION,
  type Hello,
  MOST_SESSIONS,
  type SessionRefusal,
  type TravellingSession,
} from "./messages.ts";

/**
 * Sessions that both processes practise with while everybody plays on: what has not run a thousand times takes ten times as long, and
 * during the freeze players would wait for that.
 */
const SAMPLES = 1_200;
/** Milliseconds of practice behind which players have their turn. */
const PRACTICE_MS = 10;
/** Milliseconds of practice behind which there is none any more, however little that was. */
const PRACTICE_LIMIT_MS = 2_000;
/** Bytes of sessions behind which no other goes along with them. */
const LARGE = 64 << 10;

/** A listener that goes over. */
export interface OpenListener extends GivenListener {
  readonly descriptor: number;
}

/** What goes over beside sessions. */
export interface Estate {
  readonly listeners: readonly OpenListener[];
  readonly backends: readonly GivenBackend[];
  /** Addresses, as the configuration writes them, that are left when the other process goes on. */
  readonly leaving: readonly string[];
}

/** A session that goes over, and the descriptors of its legs in their order. */
export interface LeavingSession extends TravellingSession {
  readonly descriptors: readonly number[];
}

/**
 * What has stopped so that it can go over: nobody is accepted, and of the sessions in it nothing is read or written. Exactly one of both
 * methods is called, once, and neither throws.
 */
export interface Frozen {
  /** Each stops as it is taken, so that none waits longer than it must. To be gone through once. */
  readonly sessions: Iterable<LeavingSession>;
  /** Names of the players who are not in it; to be asked for when all sessions were gone through. */
  staying(): readonly string[];
  /** Goes on with everything as if nothing had happened. */
  thaw(): void;
  /** They are another process's now: forgets them, but goes on with those of these ids. Nobody is accepted any more. */
  release(kept: ReadonlySet<string>): void;
}

/** What an edge does that gives. */
export interface HandoverGiver {
  /** The version of the state that its sessions write down. */
  readonly stateVersion: number;
  /** Why it cannot give now; `undefined` where it can. */
  readonly obstacle: string | undefined;
  readonly estate: Estate;
  /**
   * Up to `count` sessions as they would go over, which go on here at once; some of them again and again where there are fewer. Each is
   * made when it is asked for, which may be much later than the one before.
   */
  samples(count: number): Iterable<TravellingSession>;
  /** Stops all that can go over now; at once, as players wait meanwhile. */
  freeze(): Frozen;
}

/**
 * Resolves when the taker has everything but sessions and is ready for them.
 *
 * @throws {HandoverError} where it will not take over, or says what makes no sense
 */
export async function settleTerms(taker: Conversation, giver: HandoverGiver, signal: AbortSignal): Promise<Hello> {
  const { message: hello } = await taker.expect("hello", signal);
  const { version, states, release } = hello;
  if (version !== HANDOVER_VERSION) {
    throw new HandoverError(`release ${release} hands over in version ${version}, this one in ${HANDOVER_VERSION}`);
  }
  if (!states.includes(giver.stateVersion)) {
    throw new HandoverError(
      `release ${release} does not know version ${giver.stateVersion} of what sessions write down, only ${states}`,
    );
  }
  const { listeners, backends, leaving } = giver.estate;
  await taker.say(
    { kind: "given", listeners: listeners.map(({ name, bind }) => ({ name, bind })), backends, leaving },
    signal,
    listeners.map(({ descriptor }) => descriptor),
  );
  await practise(taker, giver, signal);
  await taker.expect("ready", signal);
  // What has gathered for everybody meanwhile need not wait until after the freeze.
  await otherWork();
  return hello;
}

/** Has the taker rehearse with samples, while everybody plays on here. */
async function practise(taker: Conversation, giver: HandoverGiver, signal: AbortSignal): Promise<void> {
  const endAt = performance.now() + PRACTICE_LIMIT_MS;
  let turnAt = performance.now() + PRACTICE_MS;
  for (const sessions of grouped(giver.samples(SAMPLES))) {
    await taker.say({ kind: "samples", sessions }, signal);
    if (performance.now() < turnAt) continue;
    await otherWork();
    turnAt = performance.now() + PRACTICE_MS;
    if (turnAt > endAt) break;
  }
  await taker.say({ kind: "samples", sessions: [] }, signal);
}

/** What the taker makes of an offer. */
export interface Offered {
  /** Sessions that it takes. */
  readonly count: number;
  /** Those that it would not have. */
  readonly refused: readonly SessionRefusal[];
}

/**
 * Offers what is frozen. Nothing has gone over yet when this resolves.
 *
 * @throws {HandoverError} where the taker does not keep to the order of things
 */
export async function offerSessions(
  taker: Conversation,
  frozen: Frozen,
  signal: AbortSignal,
): Promise<Offered> {
  let count = 0;
  for (const sessions of grouped(frozen.sessions)) {
    await taker.say({ kind: "sessions", sessions }, signal, sessions.flatMap(({ descriptors }) => descriptors));
    count += sessions.length;
  }
  await taker.say({ kind: "handed", sessions: count, staying: frozen.staying() }, signal);
  const { message: { refused } } = await taker.expect("adopted", signal);
  return { count: count - refused.length, refused };
}

/** Sessions that go in one message, each group as soon as it is complete. */
function* grouped<S extends TravellingSession>(sessions: Iterable<S>): Iterable<readonly S[]> {
  let [group, size]: [S[], number] = [[], 0];
  for (const session of sessions) {
    group.push(session);
    size += session.unsent.reduce((sum, { length }) => sum + length, session.state.length);
    if (group.length < MOST_SESSIONS && size < LARGE) continue;
    yield group;
    [group, size] = [[], 0];
  }
  if (group.length > 0) yield group;
}

/** Resolves when everything else that waits has had its turn. */
function otherWork(): Promise<void> {
  return pause(0);
}
