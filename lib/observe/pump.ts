import type { LineQueue } from "./line_queue.ts";

/** Lines handed on at once. */
const BATCH = 256;

/** What takes bytes, and rejects once it takes no more. */
export interface ByteTaker {
  /** Resolves when all of `bytes` are taken. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

/**
 * Hands lines on until none is left.
 *
 * @throws {Error} that of `taker`; the lines it was given last are still in the queue then
 */
export async function pump(queue: LineQueue, taker: ByteTaker): Promise<void> {
  const encoder = new TextEncoder();
  for (let lines = queue.next(BATCH); lines.length > 0; lines = queue.next(BATCH)) {
    await taker.write(encoder.encode(lines.join("")));
    queue.remove(lines.length);
  }
}
