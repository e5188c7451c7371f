import { UsageError } from "./options.ts";

const EXIT_USAGE = 2;

/** Runs a command of the bench with the arguments of now; a usage error ends the process with its message and 2. */
export async function runCommand(main: (args: readonly string[]) => Promise<void>): Promise<void> {
  try {
    await main(Deno.args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    Deno.exit(EXIT_USAGE);
  }
}
