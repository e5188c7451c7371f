import type { Config } from "../config/schema.ts";
import { Recent } from "./recent.ts";

type RecentConfig = Pick<Config, "pools"> & { readonly edge: Pick<Config["edge"], "dataDir"> };

/**
 * What outlives the edge about players; in memory only where no pool asks for it or the directory cannot be had.
 *
 * @param onProblem Told what is wrong with the directory or the file.
 */
export async function openRecent(
  { edge: { dataDir }, pools }: RecentConfig,
  onProblem: (message: string) => void,
): Promise<Recent> {
  if (!wantsRecent(pools)) return new Recent(undefined, { onProblem });
  try {
    await Deno.mkdir(dataDir, { recursive: true, mode: 0o700 });
    return new Recent(dataDir, { onProblem });
  } catch (error) {
    onProblem(`Cannot remember beyond this run which backend players were on: ${messageOf(error)}`);
    return new Recent(undefined, { onProblem });
  }
}

/** Whether some pool returns players to where they were. */
export function wantsRecent(pools: Config["pools"]): boolean {
  return pools.some(({ recent }) => recent);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
