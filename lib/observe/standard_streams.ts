import { messageOf } from "../error_message.ts";

/** Standard output takes no more, though its reader is there. */
export class StdoutError extends Error {
  override name = "StdoutError";

  constructor(cause: unknown) {
    super(`Cannot write to standard output: ${messageOf(cause)}`, { cause });
  }
}

/**
 * Writes `text` to standard output before it returns. A reader that went away is no error: returns whether it is there.
 *
 * @throws {StdoutError} where it cannot be written, as on a full disk
 */
export function writeStdout(text: string): boolean {
  try {
    return write(Deno.stdout, text);
  } catch (error) {
    throw new StdoutError(error);
  }
}

/** Writes `text` to standard error before it returns. A reader that went away is no error. */
export function writeStderr(text: string): void {
  write(Deno.stderr, text);
}

function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): boolean {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let done = 0; done < bytes.length;) done += stream.writeSync(bytes.subarray(done));
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    return false;
  }
}
