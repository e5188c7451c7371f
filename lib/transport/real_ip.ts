import { canonicalIp } from "../config/network.ts";

/**
 * The address of the client on whose behalf a request from `address` was made, as an HTTP proxy tells it: X-Real-IP, else the last
 * address of X-Forwarded-For that is not trusted itself, since everything in front of it could have been made up. `undefined`
 * where `address` is not trusted, or tells nothing that can be read.
 *
 * @param header Value of the header of that name, several joined by commas.
 * @param isTrusted Whether what a peer of that address tells is believed.
 */
export function realIp(
  address: string,
  header: (name: string) => string | undefined,
  isTrusted: (address: string) => boolean,
): string | undefined {
  if (!isTrusted(address)) return undefined;
  return canonicalIp(header("X-Real-IP")?.trim() ?? "") ?? forwardedFor(header("X-Forwarded-For"), isTrusted);
}

function forwardedFor(value: string | undefined, isTrusted: (address: string) => boolean): string | undefined {
  let client: string | undefined;
  for (const text of value?.split(",").reverse() ?? []) {
    client = canonicalIp(text.trim());
    if (client === undefined || !isTrusted(client)) return client;
  }
  return client;
}
