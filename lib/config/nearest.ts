// @ts-types="../../types/std_levenshtein_distance.d.ts"
import { levenshteinDistance } from "@std/text/levenshtein-distance";

/** Longer words are never misspellings of a name; comparing them costs time for nothing. */
const LONGEST_WORD = 64;

/** The candidate that `word` most probably misspells, `undefined` when none is near enough. Case is ignored. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > LONGEST_WORD) return undefined;
  let found: string | undefined;
  let least = Infinity;
  for (const candidate of candidates) {
    const distance = levenshteinDistance(word.toLowerCase(), candidate.toLowerCase());
    const length = Math.max(word.length, candidate.length);
    if (distance < least && distance < length && distance <= Math.ceil(length / 2)) {
      found = candidate;
      least = distance;
    }
  }
  return found;
}

/** ` (did you mean "…"?)` for the end of an error message, empty when no candidate is near `word`. */
export function suggestion(word: string, candidates: Iterable<string>): string {
  const found = nearest(word, candidates);
  return found === undefined ? "" : ` (did you mean ${JSON.stringify(found)}?)`;
}
