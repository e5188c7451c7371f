import { ConfigError } from "./problem.ts";

/**
 * The text of the file at `path`, of at most `largestMib` mebibytes.
 *
 * @throws {ConfigError} where the file cannot be read, is too large or is not UTF-8
 */
export async function readTextFile(path: string, largestMib: number): Promise<string> {
  const bytes = await readBytes(path, largestMib);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const line = new TextDecoder().decode(bytes).split("\uFFFD", 1)[0]?.split("\n").length;
    throw new ConfigError([{ file: path, line, path: "", message: "Cannot read file as it is not UTF-8" }]);
  }
}

async function readBytes(path: string, largestMib: number): Promise<Uint8Array> {
  try {
    if ((await Deno.stat(path)).isDirectory) throw unreadable(path, "it is a directory");
    using file = await Deno.open(path);
    const buffer = new Uint8Array(largestMib * 2 ** 20 + 1);
    let size = 0;
    for (let count: number | null = 0; count !== null && size < buffer.length; size += count ?? 0) {
      count = await file.read(buffer.subarray(size));
    }
    if (size === buffer.length) throw unreadable(path, `it is larger than ${largestMib} MiB`);
    return buffer.subarray(0, size);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw unreadable(path, "it does not exist");
    if (error instanceof Deno.errors.PermissionDenied) throw unreadable(path, "permission is denied");
    if (error instanceof Deno.errors.NotCapable) {
      throw unreadable(path, "it is one of the system's own (name a copy of it)");
    }
    if (error instanceof ConfigError || !(error instanceof Error)) throw error;
    throw unreadable(path, error.message);
  }
}

function unreadable(path: string, reason: string): ConfigError {
  return new ConfigError([{ file: path, line: undefined, path: "", message: `Cannot read file as ${reason}` }]);
}
