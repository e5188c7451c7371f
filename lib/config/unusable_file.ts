import { messageOf } from "../error_message.ts";

/**
 * A file or directory that the configuration names, or one in its data directory, cannot be used. It is no better next time, before
 * somebody has mended it or the configuration.
 */
export class UnusableFileError extends Error {
  override readonly name = "UnusableFileError";

  /** @param what Key and path, as `log.file '/var/log/kurafuto.log'`. */
  constructor(what: string, cause: unknown, advice = "") {
    super(`Cannot use ${what}: ${reason(cause)}${advice}`, { cause });
  }
}

function reason(cause: unknown): string {
  // The runtime's words are about flags of its own.
  if (cause instanceof Deno.errors.NotCapable) return "it is one of the system's own";
  return messageOf(cause);
}
