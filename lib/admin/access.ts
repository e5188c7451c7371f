/** Who may use the admin API, and how often. */
import { type Address, formatAddress, isLocal } from "../config/address.ts";
import type { Config } from "../config/schema.ts";
import type { Rate } from "../config/units.ts";
import { readToken, type Token } from "./token.ts";

/** See the file's first line. A new one can be put in place while the server runs. */
export interface AdminAccess {
  /** `undefined`: whoever reaches the server may do everything. */
  readonly token: Token | undefined;
  /** Names that callers may use for the server, beside localhost, addresses and the name in its bind address. */
  readonly hosts: readonly string[];
  /** Requests of one address. */
  readonly requestRate: Rate;
}

/**
 * What `[admin]` says, with the token out of its file.
 *
 * @throws {UnusableFileError} where the token cannot be read
 * @throws {Error} where it is needed and missing
 */
export async function readAdminAccess(config: NonNullable<Config["admin"]>): Promise<AdminAccess> {
  const { bind, tokenFile, hosts, requestRate } = config;
  const access = { token: tokenFile === "" ? undefined : await readToken(tokenFile), hosts, requestRate };
  checkAccess(bind, access);
  return access;
}

/** @throws {Error} where programs on other machines can reach `bind` and no token is asked for */
export function checkAccess(bind: Address, { token }: AdminAccess): void {
  if (token !== undefined || isLocal(bind)) return;
  throw new Error(
    `Cannot bind the admin API beyond loopback without admin.token_file: current value is ${formatAddress(bind)}`,
  );
}
