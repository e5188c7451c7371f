/** What becomes of a process whose edge cannot start. */
import { messageOf } from "../error_message.ts";
import { ConfigError, formatProblem } from "../config/problem.ts";
import { UnusableFileError } from "../config/unusable_file.ts";
import { ExitCode } from "./exit_code.ts";
import type { Conversation } from "../handover/conversation.ts";
import { refuse } from "../handover/refusing.ts";
import { BindError } from "../transport/bind_error.ts";

/** What the process ends with. */
export function startFailureCode(error: unknown): ExitCode {
  // Neither is better next time.
  if (problemsOf(error) !== undefined) return ExitCode.Config;
  return error instanceof BindError && error.inUse ? ExitCode.Temporary : ExitCode.Failure;
}

/**
 * Tells the process whose place this one was to take, so that whoever wanted that reads it.
 *
 * @param find Returns `undefined` where there is none, and throws where it cannot be reached.
 */
export async function tellPredecessor(find: () => Conversation | undefined, error: unknown): Promise<void> {
  const predecessor = found(find);
  if (predecessor === undefined) return;
  const problems = problemsOf(error);
  await refuse(predecessor, { why: messageOf(error), ...problems && { problems } });
}

/** One that cannot be reached sees the end of this process anyhow. */
function found(find: () => Conversation | undefined): Conversation | undefined {
  try {
    return find();
  } catch {
    return undefined;
  }
}

/** What is wrong with the configuration or a file that it names; `undefined` where they are not to blame. */
function problemsOf(error: unknown): readonly string[] | undefined {
  if (error instanceof ConfigError) return error.problems.map(formatProblem);
  return error instanceof UnusableFileError ? [error.message] : undefined;
}
