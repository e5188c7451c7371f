/** The salts of one service that count: the one of now, and those that players may still hold keys of. */
import { MAX_RETIRED_SALTS } from "../config/pairings.ts";

/** Salts beside the one of now that are kept: one more than may count is for a list that hears of a new salt late. */
const MAX_RETIRED = MAX_RETIRED_SALTS + 1;

/** A salt that was replaced. */
export interface RetiredSalt {
  readonly salt: string;
  /** Milliseconds since 1970 until when keys made with it count; `undefined` as long as the service has not heard of a newer one. */
  readonly until: number | undefined;
}

/** What outlives the edge of a ring. */
export interface SaltState {
  readonly salt: string;
  /** Milliseconds since 1970. */
  readonly madeAt: number;
  /** Whether the service has it. */
  readonly published: boolean;
  /** The youngest first. */
  readonly retired: readonly RetiredSalt[];
}

/** How salts follow each other. */
export interface SaltPolicy {
  /** Milliseconds after which a salt is replaced. */
  readonly rotationMs: number;
  /** Milliseconds for which keys made with a replaced salt count, once no new ones can be made. */
  readonly overlapMs: number;
  /** Whether a service is told the salt and makes keys of it. */
  readonly listed: boolean;
}

/** A ring's beginning. */
export function freshSalts(salt: string, now: number): SaltState {
  return { salt, madeAt: now, published: false, retired: [] };
}

/** Salts whose keys prove names at the time `now`, in milliseconds since 1970. */
export function acceptedSalts({ salt, retired }: SaltState, now: number): readonly string[] {
  return [salt, ...retired.filter(({ until }) => until === undefined || now < until).map((old) => old.salt)];
}

/**
 * What becomes of `state` at the time `now`: a salt that is old enough is replaced by `make()`. One that its service has never had is
 * not, since nobody holds keys of it.
 */
export function rotated(state: SaltState, policy: SaltPolicy, now: number, make: () => string): SaltState {
  // A clock that was put back must not keep a salt for ever.
  const age = Math.abs(now - state.madeAt);
  if (age < policy.rotationMs || (policy.listed && !state.published)) return state;
  const until = policy.listed ? undefined : now + policy.overlapMs;
  const retired = [
    { salt: state.salt, until },
    ...state.retired.filter((old) => old.until === undefined || now < old.until),
  ];
  return { ...freshSalts(make(), now), retired: retired.slice(0, MAX_RETIRED) };
}

/** What becomes of `state` once the service has `salt`, at the time `now`: from then on it makes no keys of older ones. */
export function published(state: SaltState, policy: SaltPolicy, salt: string, now: number): SaltState {
  if (state.published || salt !== state.salt) return state;
  const until = now + policy.overlapMs;
  return { ...state, published: true, retired: state.retired.map((old) => ({ ...old, until: old.until ?? until })) };
}
