/** The directory of what an edge keeps in files. */
import { UnusableFileError } from "./config/unusable_file.ts";

/**
 * Makes the directory at `path`, which is `edge.data_dir`, where there is none yet. Only its owner can use it.
 *
 * @throws {UnusableFileError} where it cannot be
 */
export async function makeDataDir(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unusableDataDir(path, error);
  }
}

/** Nothing can be kept in the directory at `path`. */
export function unusableDataDir(path: string, cause: unknown): UnusableFileError {
  return new UnusableFileError(
    `edge.data_dir '${path}'`,
    cause,
    " (name a directory that the edge can make and write to)",
  );
}
