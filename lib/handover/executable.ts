/** Which programs may be started in the place of this one: whoever may give orders to the edge is not yet its user. */
import { currentValue } from "../config/current_value.ts";

/** Bits of a mode: others than the owner may write, and in a folder everybody may only remove what is their own. */
const WRITABLE = 0o022;
const STICKY = 0o1000;

/**
 * The real path of the executable at `path`. It and all its folders must belong to root or to this process's user, and nobody else may
 * write there.
 *
 * @param user The number of this process's user.
 * @throws {Error} where that is not so, or there is no such file
 */
export function trustedExecutable(path: string, user: number | null): string {
  const real = Deno.realPathSync(path);
  const trusted = [0, user];
  for (let part = real; part !== ""; part = part.slice(0, part.lastIndexOf("/"))) {
    const { uid, mode, isDirectory } = Deno.statSync(part);
    const bits = mode ?? 0;
    const isShared = (bits & WRITABLE) !== 0 && !(isDirectory && (bits & STICKY) !== 0);
    if (!trusted.includes(uid) || isShared) {
      throw new Error(
        `Cannot start ${real} as others than root and the edge's user may change it: ${currentValue(part)}`,
      );
    }
  }
  return real;
}
