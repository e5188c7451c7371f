/** Writes `text` to standard output before it returns. A reader that went away is no error. */
export function writeStdout(text: string): void {
  write(Deno.stdout, text);
}

/** Writes `text` to standard error before it returns. A reader that went away is no error. */
export function writeStderr(text: string): void {
  write(Deno.stderr, text);
}

function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let done = 0; done < bytes.length;) done += stream.writeSync(bytes.subarray(done));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
