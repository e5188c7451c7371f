/** Finding the admin API of the edge that a command is for. */
import { type Endpoint, endpointAt, parseEndpoint } from "../admin/endpoint.ts";
import { loadAdmin } from "../config/admin_settings.ts";
import type { LoadOptions } from "../config/load.ts";
import { ConfigError } from "../config/problem.ts";
import { readTextFile } from "../config/text_file.ts";

/** Mebibytes of the largest token file that is read. */
const LARGEST_MIB = 1;

/** What can stand in a header. */
const TOKEN = /^[!-~]+$/;

export interface Search {
  /** What `--admin` says; with it no configuration is read. */
  readonly admin: string | undefined;
  /** What `--token-file` says. */
  readonly tokenFile: string | undefined;
  /** Where the configuration is; called only where it is needed. */
  readonly configuration: () => Promise<LoadOptions>;
}

export interface FoundEdge {
  readonly endpoint: Endpoint;
  readonly token: string | undefined;
  /** What to try where nobody answers there. */
  readonly advice?: string;
}

const MOVED = "if admin.bind was changed since the edge started, name the address of before with --admin";

/**
 * Where the edge is reached that flags and configuration mean, and what it wants to be shown.
 *
 * @throws {ConfigError} where they do not say it, or the token cannot be read
 */
export async function findEdge({ admin, tokenFile, configuration }: Search): Promise<FoundEdge> {
  // The token of a configuration is shown to nobody but the edge that the same configuration names.
  if (admin !== undefined) return { endpoint: parseEndpoint(admin), token: await readToken(tokenFile) };
  const options = await configuration();
  const settings = await loadAdmin(options);
  if (settings === undefined) {
    throw unfound(
      options.path,
      "Cannot ask the edge as there is no [admin]: add it and restart the edge, or name its address with --admin; without it the " +
        "signals HUP, USR2 and TERM reload, upgrade and stop the edge",
    );
  }
  return {
    endpoint: reachable(() => endpointAt(settings.bind), options.path),
    token: await readToken(tokenFile ?? settings.tokenFile),
    advice: MOVED,
  };
}

function reachable(find: () => Endpoint, file: string): Endpoint {
  try {
    return find();
  } catch (error) {
    if (error instanceof RangeError) throw unfound(file, `${error.message}; name the address with --admin`);
    throw error;
  }
}

/** The token in `file`, which it stands in alone; `undefined` for no file. */
async function readToken(file = ""): Promise<string | undefined> {
  if (file === "") return undefined;
  const token = (await readTextFile(file, LARGEST_MIB)).trim();
  if (TOKEN.test(token)) return token;
  const message = "Cannot use token as it must be printable ASCII characters without spaces between them";
  throw new ConfigError([{ file, line: undefined, path: "", message }]);
}

function unfound(file: string, message: string): ConfigError {
  return new ConfigError([{ file, line: undefined, path: "admin", message }]);
}
