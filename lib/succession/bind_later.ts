import { pause } from "../pause.ts";
import { BindError } from "../transport/bind_error.ts";

/** Milliseconds for which an address that is in use is tried again, and between two tries. */
const PATIENCE_MS = 5_000;
const STEP_MS = 20;

/**
 * Has `bind` bind an address that another process is about to leave.
 *
 * @throws what `bind` throws, a {@linkcode BindError} for an address in use only after five seconds
 */
export async function bindLater(bind: () => void | Promise<void>): Promise<void> {
  for (const deadline = performance.now() + PATIENCE_MS;;) {
    try {
      return await bind();
    } catch (error) {
      const isInUse = error instanceof BindError && error.inUse;
      if (!isInUse || performance.now() > deadline) throw error;
    }
    await pause(STEP_MS);
  }
}
