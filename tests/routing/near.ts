import { assert } from "../harness/assert.ts";

/** Fails unless `actual` is at most `tolerance` away from `expected`. */
export function assertNear(actual: number, expected: number, tolerance: number): void {
  assert(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected} ± ${tolerance}`);
}
