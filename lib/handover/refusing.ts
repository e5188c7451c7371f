/** Telling the process before that this one does not take its place. */
import type { Conversation } from "./conversation.ts";
import { LONGEST_TEXT, MOST_PROBLEMS } from "./messages.ts";

/** Milliseconds that this may take: the other process sees the end of this one anyhow. */
const PATIENCE_MS = 2_000;

/** Why a process does not take over. */
export interface Refusal {
  readonly why: string;
  /** What is wrong with the configuration or files that it names; absent where they are not to blame. */
  readonly problems?: readonly string[];
}

/** Says so, where the other process still listens; as much of it as is told at most. */
export async function refuse(predecessor: Conversation, { why, problems }: Refusal): Promise<void> {
  const told = problems?.slice(0, MOST_PROBLEMS).map(shortened);
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    await predecessor.say({ kind: "refused", why: shortened(why), ...told && { problems: told } }, signal);
  } catch {
    // It has gone, or does not want to know.
  }
}

function shortened(text: string): string {
  return text.slice(0, LONGEST_TEXT);
}
