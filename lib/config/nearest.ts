// @ts-types="../../types/std_levenshtein_distance.d.ts"
import { levenshteinDistance } from "@std/text/levenshtein-distance";

/** Longer words are never misspellings of a name; comparing them costs time for nothing. */
const LONGEST_WORD = 64;

/**
 * The candidate that `word` most probably misspells: it has the same letters in another order, or at most about a third of them is
 * wrong. `undefined` when none is near enough. Case is ignored.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > LONGEST_WORD) return undefined;
  const typed = word.toLowerCase();
  let found: string | undefined;
  let least = Infinity;
  for (const candidate of candidates) {
    const name = candidate.toLowerCase();
    const distance = levenshteinDistance(typed, name);
    const length = Math.max(typed.length, name.length);
    const isNear = distance <= Math.max(1, Math.round(length / 3)) || sortedLetters(typed) === sortedLetters(name);
    if (distance < least && distance < length && isNear) {
      found = candidate;
      least = distance;
    }
  }
  return found;
}

function sortedLetters(word: string): string {
  return Array.from(word).sort().join("");
}

/** ` (did you mean "…"?)` for the end of an error message, empty when no candidate is near `word`. */
export function suggestion(word: string, candidates: Iterable<string>): string {
  const found = nearest(word, candidates);
  return found === undefined ? "" : ` (did you mean ${JSON.stringify(found)}?)`;
}
