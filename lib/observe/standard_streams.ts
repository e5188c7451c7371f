/** Writes `text` to standard output before it returns. A reader that went away is no error: returns whether it is there. */
export function writeStdout(text: string): boolean {
  return write(Deno.stdout, text);
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
