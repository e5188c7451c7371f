import { canonicalIp } from "../config/network.ts";

/**
 * The address of the client on whose behalf a request from `address` was made, as an HTTP proxy tells it: X-Real-IP, or the last
 * address of X-Forwarded-For that is not trusted itself, since everything in front of it could have been made up. `undefined`
 * where `address` is not trusted, tells nothing that can be read, or tells two things: many proxies set one of the headers only and pass
 * on what the client has put into the other.
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
  const forwarded = forwardedFor(header("X-Forwarded-For"), isTrusted);
  const real = canonicalIp(header("X-Real-IP")?.trim() ?? "");
  // A proxy that is not the first takes the one before for the client.
  if (real === undefined || (forwarded !== undefined && isTrusted(real))) return forwarded;
  return forwarded === undefined || forwarded === real ? real : undefined;
}

function forwardedFor(value: string | undefined, isTrusted: (address: string) => boolean): string | undefined {
  let client: string | undefined;
  for (const text of value?.split(",").reverse() ?? []) {
    client = canonicalIp(text.trim());
    if (client === undefined || !isTrusted(client)) return client;
  }
  return client;
}
