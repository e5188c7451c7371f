import * as z from "zod/mini";
import { readDocument } from "./document.ts";
import { explain } from "./explain.ts";
import { LARGEST_MIB, type LoadOptions } from "./load.ts";
import { applyEnvironment, applyOverrides } from "./overlay.ts";
import { ConfigError } from "./problem.ts";
import { type Config, schema } from "./schema.ts";
import { readTextFile } from "./text_file.ts";

/** What the names of variables begin with that set its keys. */
const VARIABLES = "KURAFUTO_ADMIN__";

const adminOnly = z.looseObject({ admin: schema.def.in.shape.admin });

/**
 * Reads `[admin]` alone, for those who ask a running edge: the rest of the file and of the environment may be wrong, which must not keep
 * them from it.
 *
 * @throws {ConfigError} where the file is no TOML, or `[admin]` is wrong
 */
export async function loadAdmin({ path, env = {}, overrides = [] }: LoadOptions): Promise<Config["admin"]> {
  const { document, problems } = readDocument(path, await readTextFile(path, LARGEST_MIB));
  if (document === undefined) throw new ConfigError(problems);
  const variables = Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith(VARIABLES)));
  const misset = [...applyEnvironment(document, variables), ...applyOverrides(document, overrides)];
  const read = adminOnly.safeParse(document.root);
  const invalid = read.success ? [] : explain(document, read.error.issues);
  if (!read.success || misset.length > 0) throw new ConfigError([...misset, ...invalid]);
  return read.data.admin;
}
