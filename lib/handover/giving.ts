/** The side of the process that gives: what it says, and in which order. */
import { type Conversation, HandoverError } from "./conversation.ts";
import {
  type GivenBackend,
  type GivenListener,
  HANDOVER_VERSION,
  type Hello,
  type SessionRefusal,
  type TravellingSession,
} from "./messages.ts";

/**
 * Sessions that both processes practise with while everybody plays on: what runs for the first time takes several times as long, and
 * during the freeze players would wait for that.
 */
const SAMPLES = 400;

/** A listener that goes over. */
export interface OpenListener extends GivenListener {
  readonly descriptor: number;
}

/** What goes over beside sessions. */
export interface Estate {
  readonly listeners: readonly OpenListener[];
  readonly backends: readonly GivenBackend[];
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
  /** Up to `count` sessions as they would go over, which go on here meanwhile; some of them again and again where there are fewer. */
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
  const { listeners, backends } = giver.estate;
  const samples = [...giver.samples(SAMPLES)];
  await taker.say(
    {
      kind: "given",
      listeners: listeners.map(({ name, bind }) => ({ name, bind })),
      backends,
      samples: samples.length,
    },
    signal,
    listeners.map(({ descriptor }) => descriptor),
  );
  for (const session of samples) await taker.say({ kind: "sample", session }, signal);
  await taker.expect("ready", signal);
  return hello;
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
  for (const { passport, state, unsent, descriptors } of frozen.sessions) {
    await taker.say({ kind: "session", session: { passport, state, unsent } }, signal, descriptors);
    count++;
  }
  await taker.say({ kind: "handed", sessions: count, staying: frozen.staying() }, signal);
  const { message: { refused } } = await taker.expect("adopted", signal);
  return { count: count - refused.length, refused };
}
