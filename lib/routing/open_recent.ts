import type { Config } from "../config/schema.ts";
import { makeDataDir } from "../data_dir.ts";
import { Recent } from "./recent.ts";

type RecentConfig = Pick<Config, "pools"> & { readonly edge: Pick<Config["edge"], "dataDir"> };

/**
 * What outlives the edge about players; in memory only where no pool asks for it or the file cannot be used.
 *
 * @param onProblem Told what is wrong with the file.
 * @throws {UnusableFileError} where the directory cannot be made
 */
export async function openRecent(
  { edge: { dataDir }, pools }: RecentConfig,
  onProblem: (message: string) => void,
): Promise<Recent> {
  if (!wantsRecent(pools)) return new Recent(undefined, { onProblem });
  await makeDataDir(dataDir);
  return new Recent(dataDir, { onProblem });
}

/** Whether some pool returns players to where they were. */
export function wantsRecent(pools: Config["pools"]): boolean {
  return pools.some(({ recent }) => recent);
}
