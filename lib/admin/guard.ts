/** What a request to the admin API must pass before anything is done about it. */
import { type Address, isLocal } from "../config/address.ts";
import { currentValue } from "../config/current_value.ts";
import { addressKey } from "../guard/address_key.ts";
import { RateLimit } from "../guard/rate_limit.ts";
import type { AdminAccess } from "./access.ts";
import { errorResponse } from "./api_error.ts";
import { HostCheck } from "./host_check.ts";

/** What anybody may look at wherever they come from: no names of players and no addresses. */
const OPEN_PATHS: ReadonlySet<string> = new Set(["/", "/healthz", "/readyz", "/metrics"]);
/** Addresses whose requests are counted; beyond that the one that asked least recently is forgotten. */
const MOST_ADDRESSES = 4096;

/** See the file's first line. */
export class AdminGuard {
  readonly #bind: Address;
  readonly #bound: Address;
  readonly #now: () => number;
  readonly #rate: RateLimit;
  #access: AdminAccess;
  #hosts: HostCheck;

  /**
   * @param bind Where the server was told to listen.
   * @param bound Where it does.
   * @param now Milliseconds of a clock that never goes back.
   */
  constructor(bind: Address, bound: Address, access: AdminAccess, now: () => number) {
    this.#bind = bind;
    this.#bound = bound;
    this.#now = now;
    this.#access = access;
    this.#rate = new RateLimit(access.requestRate, { maxKeys: MOST_ADDRESSES });
    this.#hosts = new HostCheck(bind, bound, access.hosts);
  }

  /** Goes on with other rules. What addresses asked before still counts. */
  configure(access: AdminAccess): void {
    this.#access = access;
    this.#rate.configure(access.requestRate);
    this.#hosts = new HostCheck(this.#bind, this.#bound, access.hosts);
  }

  /**
   * The answer to a request that is not carried out; `undefined` where it may be.
   *
   * @param path The path as routes see it.
   * @param peer The caller's address.
   */
  refusal({ method, headers }: Request, path: string, peer: string): Response | undefined {
    if (!this.#rate.take(addressKey(peer), this.#now())) {
      const message = "Cannot take request: too many come from your address (see admin.request_rate)";
      return errorResponse(429, "too_many_requests", message, { "Retry-After": "1" });
    }
    const authority = headers.get("Host");
    if (!this.#hosts.knows(authority)) {
      const message = `Cannot take request for another host (see admin.hosts): ${currentValue(authority ?? "")}`;
      return errorResponse(403, "wrong_host", message);
    }
    const origin = headers.get("Origin");
    if (origin !== null && !this.#hosts.trusts(origin, authority)) {
      const message = `Cannot take request of a page from elsewhere (see admin.hosts): ${currentValue(origin)}`;
      return errorResponse(403, "wrong_origin", message);
    }
    if (path !== "/" && isEmbedded(headers)) {
      return errorResponse(403, "wrong_origin", "Cannot take request of a page from elsewhere");
    }
    const onlyLooks = method === "GET" || method === "HEAD";
    if (onlyLooks && OPEN_PATHS.has(path)) return undefined;
    const authorization = headers.get("Authorization");
    // Other machines may not even look; on this one a token that is presented must be right.
    if (onlyLooks && isLocal(this.#bound) && authorization === null) return undefined;
    return this.#tokenRefusal(authorization);
  }

  #tokenRefusal(authorization: string | null): Response | undefined {
    const { token } = this.#access;
    const presented = /^Bearer +(.*)$/i.exec(authorization ?? "")?.[1];
    if (token === undefined || (presented !== undefined && token.matches(presented))) return undefined;
    const message = authorization === null
      ? 'Cannot take request without the header "Authorization: Bearer TOKEN" (see admin.token_file)'
      : "Cannot take request: the token is wrong";
    return errorResponse(401, "unauthorized", message, { "WWW-Authenticate": 'Bearer realm="kurafuto"' });
  }
}

/** Whether a page of another origin asks without saying which, as for an image. Links may lead here from anywhere. */
function isEmbedded(headers: Headers): boolean {
  const site = headers.get("Sec-Fetch-Site");
  return (site === "cross-site" || site === "same-site") && headers.get("Sec-Fetch-Mode") !== "navigate";
}
