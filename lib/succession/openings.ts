/** What an edge opens beside listeners for players, at addresses that the process before it may still have. */
import { clash, parseAddress } from "../config/address.ts";
import { BindError } from "../transport/bind_error.ts";

/** One of these. */
export interface Opening {
  /** Section of the configuration. */
  readonly what: string;
  /** Throws a {@linkcode BindError} where the address cannot be bound, and may be called again then. */
  readonly open: () => void | Promise<void>;
}

/**
 * Opens all that is not in the process before's way. Resolves with the rest, for which that one has to leave its addresses first.
 *
 * @param leaving Addresses that it leaves, as the configuration writes them; `undefined` where nobody knows.
 * @throws {BindError} where an address cannot be bound that it does not leave
 * @throws {Error} where anything else is in the way
 */
export async function openUnhindered(
  openings: readonly Opening[],
  leaving: readonly string[] | undefined,
): Promise<readonly Opening[]> {
  const left = leaving?.map(parseAddress);
  const hindered: Opening[] = [];
  for (const opening of openings) {
    try {
      await opening.open();
    } catch (error) {
      if (!(error instanceof BindError) || !error.inUse) throw error;
      const { address } = error;
      if (left !== undefined && !left.some((other) => clash(other, address))) throw error;
      hindered.push(opening);
    }
  }
  return hindered;
}
