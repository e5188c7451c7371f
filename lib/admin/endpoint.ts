/** Where an edge's admin API is reached. */
import { type Address, formatAddress, parseAddress } from "../config/address.ts";
import { currentValue } from "../config/current_value.ts";

export interface Endpoint {
  /** As people write it, for messages. */
  readonly name: string;
  /** What paths are resolved against. */
  readonly base: URL;
  /** What is dialled instead of the host in `base`; absent where that is the one. */
  readonly dial?: Address;
}

/**
 * The endpoint that `text` names: an address as in the configuration, or an `http:` or `https:` URL.
 *
 * @throws {SyntaxError | RangeError} when it is neither, or has no port to dial
 */
export function parseEndpoint(text: string): Endpoint {
  return /^https?:\/\//i.test(text) ? urlEndpoint(text) : endpointAt(parseAddress(text));
}

/**
 * The endpoint of an API that is bound to `address`; where that is every address, the loopback one.
 *
 * @throws {RangeError} for port 0, as nobody knows which one it became
 */
export function endpointAt(address: Address): Endpoint {
  const name = formatAddress(address);
  if (address.kind === "tcp" && address.port === 0) {
    throw new RangeError(`Cannot tell where the admin API listens as the edge took a free port: ${currentValue(name)}`);
  }
  // A request names no host but localhost, which the API takes for itself wherever it is bound.
  return { name, base: new URL("http://localhost/"), dial: address.kind === "tcp" ? loopbackFor(address) : address };
}

function loopbackFor(address: Address & { kind: "tcp" }): Address {
  if (address.host === "0.0.0.0") return { ...address, host: "127.0.0.1" };
  return address.host === "::" ? { ...address, host: "::1" } : address;
}

function urlEndpoint(text: string): Endpoint {
  if (!URL.canParse(text)) throw new SyntaxError(`Cannot read URL of the admin API: ${currentValue(text)}`);
  const base = new URL(text);
  if (base.username !== "" || base.password !== "" || base.search !== "" || base.hash !== "") {
    throw new SyntaxError(
      `Cannot use URL of the admin API as it may have only a host, a port and a path: ${currentValue(text)}`,
    );
  }
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  return { name: base.href, base };
}
