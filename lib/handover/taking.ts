/** The side of the process that takes over: what it says, and in which order. */
import { type Conversation, GoneError, HandoverError } from "./conversation.ts";
import {
  type GivenBackend,
  type GivenListener,
  HANDOVER_VERSION,
  type SessionRefusal,
  type TravellingSession,
} from "./messages.ts";

/** Milliseconds that the process which gives may take for one step; it gives this one less. */
const STEP_MS = 30_000;

/** A listener of the process before, by a descriptor of this one. */
export interface InheritedListener extends GivenListener {
  readonly descriptor: number;
}

/** What comes over beside sessions. */
export interface Inheritance {
  readonly listeners: readonly InheritedListener[];
  readonly backends: readonly GivenBackend[];
  /** Addresses, as the configuration writes them, that the other process leaves afterwards; `undefined` where it does not tell. */
  readonly leaving: readonly string[] | undefined;
}

/** What an edge does that takes over. All descriptors are its own from the moment it is given them. */
export interface HandoverTaker {
  /** Makes everything ready that the configuration asks for, as far as the other process is not in the way. Rejects where that cannot be. */
  inherit(inheritance: Inheritance): Promise<void>;
  /** Practises {@linkcode adopt}, without descriptors: nothing is left of it. */
  rehearse(session: TravellingSession): void;
  /** Restores a session, of which nothing is read or written yet. Returns why it cannot, where it cannot. */
  adopt(session: TravellingSession, descriptors: readonly number[]): string | undefined;
  /**
   * Goes on with what was adopted; the first time, accepts players from then on.
   *
   * @param staying Names of players who are the other process's for now; nobody else may have them meanwhile.
   */
  begin(staying: readonly string[]): void;
  /** Forgets what was adopted and not begun, which is still the other process's. */
  abandon(): void;
}

/** Who takes over. */
export interface Introduction {
  readonly release: string;
  /** Versions of what sessions write down that it reads. */
  readonly states: readonly number[];
}

/**
 * Takes over listeners, what is known, and all sessions that come at once; resolves when the edge goes on with them.
 *
 * @throws {Error} where that does not come about, which the other process is not told yet: nothing is this process's then
 */
export async function takeOver(giver: Conversation, taker: HandoverTaker, who: Introduction): Promise<void> {
  const { release, states } = who;
  await giver.say(
    { kind: "hello", version: HANDOVER_VERSION, release, states, pid: Deno.pid },
    step(),
  );
  const { message: { listeners, backends, leaving }, descriptors } = await giver.expect("given", step());
  try {
    if (listeners.length !== descriptors.length) {
      throw new HandoverError(`${descriptors.length} descriptors came for ${listeners.length} listeners`);
    }
    await practise(giver, taker);
  } catch (error) {
    giver.discard(descriptors);
    throw error;
  }
  const inherited = listeners.flatMap((listener, index) => {
    const descriptor = descriptors[index];
    return descriptor === undefined ? [] : [{ ...listener, descriptor }];
  });
  await taker.inherit({ listeners: inherited, backends, leaving });
  await giver.say({ kind: "ready" }, step());
  if (!await takeRound(giver, taker, step())) throw new GoneError();
}

/**
 * Takes sessions over that could not come at once, until the other process has no more. It says so several times a second, be it that
 * none is ready.
 *
 * @param signal Ends it.
 * @param patienceMs Milliseconds that one round may take. @default 30000
 * @throws {HandoverError} where it breaks off in the middle: what was under way stays the other process's
 * @throws a `TimeoutError` where the other process says nothing any more
 */
export async function takeRest(
  giver: Conversation,
  taker: HandoverTaker,
  signal: AbortSignal,
  patienceMs: number = STEP_MS,
): Promise<void> {
  while (await takeRound(giver, taker, AbortSignal.any([signal, AbortSignal.timeout(patienceMs)])));
}

/** Rehearses until the other process has no more samples. */
async function practise(giver: Conversation, taker: HandoverTaker): Promise<void> {
  while (true) {
    const { message: { sessions } } = await giver.expect("samples", step());
    if (sessions.length === 0) return;
    for (const session of sessions) taker.rehearse(session);
  }
}

/** Returns whether there was a round: not where the other process has closed its end. */
async function takeRound(giver: Conversation, taker: HandoverTaker, signal: AbortSignal): Promise<boolean> {
  const refused: SessionRefusal[] = [];
  const staying: string[] = [];
  let count = 0;
  try {
    while (true) {
      const heard = await giver.hear(signal);
      if (heard === undefined && count === 0) return false;
      const { message, descriptors } = heard ?? gone();
      if (message.kind === "handed" && message.sessions === count) {
        staying.push(...message.staying);
        break;
      }
      if (message.kind !== "sessions") {
        giver.discard(descriptors);
        throw new HandoverError(`the other process says ${message.kind} after ${count} sessions`);
      }
      count += message.sessions.length;
      const wanted = message.sessions.reduce((sum, { passport: { legs } }) => sum + legs.length, 0);
      if (wanted !== descriptors.length) {
        giver.discard(descriptors);
        throw new HandoverError(`${descriptors.length} descriptors came for ${wanted} connections`);
      }
      for (const [session, own] of withDescriptors(message.sessions, descriptors)) {
        const why = taker.adopt(session, own);
        if (why === undefined) continue;
        const { session: id, player } = session.passport;
        refused.push({ session: id, why });
        staying.push(player);
      }
    }
    await giver.say({ kind: "adopted", refused }, signal);
    await giver.expect("commit", signal);
    // Said first: until it is, the other process may still take everything back.
    await giver.say({ kind: "running" }, signal);
  } catch (error) {
    taker.abandon();
    throw error;
  }
  taker.begin(staying);
  return true;
}

/** Each session with the descriptors of its connections, of which there are as many. */
function withDescriptors(
  sessions: readonly TravellingSession[],
  descriptors: readonly number[],
): readonly (readonly [TravellingSession, readonly number[]])[] {
  let at = 0;
  return sessions.map((session) => [session, descriptors.slice(at, at += session.passport.legs.length)]);
}

function gone(): never {
  throw new GoneError();
}

function step(): AbortSignal {
  return AbortSignal.timeout(STEP_MS);
}
