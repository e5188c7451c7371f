/**
 * Whether a request means this server: a page from elsewhere whose owner has its name resolved to this machine (DNS rebinding)
 * names another host, and one that asks across sites names another origin.
 */
import { type Address, isLocal } from "../config/address.ts";
import { canonicalIp } from "../config/network.ts";

const AUTHORITY = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::\d{0,5})?$/;

/** See the file's first lines. */
export class HostCheck {
  readonly #ip: string | undefined;
  /** Whether it is reached by addresses that are not known here: of all interfaces, or of whatever forwards to a socket file. */
  readonly #isWide: boolean;
  readonly #bindName: string;
  readonly #names: ReadonlySet<string>;

  /**
   * @param bind Where the server was told to listen.
   * @param bound Where it does.
   * @param names Further names that may be used for it.
   */
  constructor(bind: Address, bound: Address, names: readonly string[]) {
    this.#ip = bound.kind === "tcp" ? canonicalIp(bound.host) : undefined;
    this.#isWide = bound.kind === "unix" || this.#ip === "0.0.0.0" || this.#ip === "::";
    this.#bindName = bind.kind === "tcp" ? bind.host.toLowerCase() : "";
    this.#names = new Set(names.map((name) => name.toLowerCase()));
  }

  /**
   * Whether `authority`, the value of a Host header, names this server. Addresses need no list: no name resolves to another
   * address than the one that it is. Pages come to a socket file, too, where SSH forwards a port to it.
   */
  knows(authority: string | null): boolean {
    const host = hostOf(authority ?? "");
    if (host === "") return false;
    const ip = canonicalIp(host);
    if (ip !== undefined) return this.#isWide || ip === this.#ip || isLocal({ kind: "tcp", host: ip, port: 0 });
    return host === "localhost" || host === this.#bindName || this.#names.has(host);
  }

  /** Whether a page of `origin` may ask: its own, or one that a web server in front shows under a name of the list. */
  trusts(origin: string, authority: string | null): boolean {
    const url = URL.canParse(origin) ? new URL(origin) : undefined;
    if (url === undefined || url.host === "") return false;
    return url.host === authority?.toLowerCase() || this.#names.has(url.hostname);
  }
}

/** The host of `host:port` in lower case, IPv6 without brackets; empty where it is none. */
function hostOf(authority: string): string {
  const [, bracketed, bare] = AUTHORITY.exec(authority) ?? [];
  return (bracketed ?? bare ?? "").toLowerCase();
}
