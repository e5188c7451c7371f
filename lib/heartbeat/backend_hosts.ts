/** Which machine a backend is on, to tell its own heartbeats from those of others. */
import { lookup } from "node:dns/promises";
import { type Address, isLocal } from "../config/address.ts";
import { canonicalIp } from "../config/network.ts";

/** How a sender is to a backend; `"unknown"` where the backend's host name cannot be resolved now. */
export type Sender = "its-own" | "another" | "unknown";

/** Both ends of a sender's connection: addresses in any form. */
export interface Ends {
  readonly peer: string;
  /** The address of this machine that the sender dialled. */
  readonly local: string;
}

export interface BackendHostsOptions {
  /** Addresses of a host name; rejects where it has none. @default the system's resolver */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** Milliseconds that never go back. @default performance.now */
  readonly now?: () => number;
  /** Milliseconds an answer is waited for. @default 2000 */
  readonly deadlineMs?: number;
}

interface Answer {
  readonly askedAt: number;
  /** `undefined` where there was none in time. */
  readonly addresses: Promise<readonly string[] | undefined>;
  failed: boolean;
}

/** How long an answer counts, and how long the lack of one. */
const KEPT_MS = 60_000;
const FAILURE_KEPT_MS = 5_000;
/** Addresses of every interface: dialling them leads to this machine. */
const UNSPECIFIED = new Set(["0.0.0.0", "::"]);

/** Compares senders with backends. Host names are resolved at most once a minute each, all senders wait for the same answer. */
export class BackendHosts {
  readonly #resolve: (host: string) => Promise<readonly string[]>;
  readonly #now: () => number;
  readonly #deadlineMs: number;
  /** By host name: as many as the configuration has. */
  readonly #answers = new Map<string, Answer>();

  constructor(
    { resolve = resolveBySystem, now = () => performance.now(), deadlineMs = 2000 }: BackendHostsOptions = {},
  ) {
    this.#resolve = resolve;
    this.#now = now;
    this.#deadlineMs = deadlineMs;
  }

  /** Whether a sender is on the machine of the backend at `address`. All addresses of this machine are one to the other. */
  async compare(address: Address, { peer, local }: Ends): Promise<Sender> {
    const sender = canonicalIp(peer);
    const isHere = sender !== undefined && (isLoopback(sender) || sender === canonicalIp(local));
    if (isLocal(address) && isHere || address.kind === "unix") return isHere ? "its-own" : "another";
    const literal = canonicalIp(address.host);
    const addresses = literal === undefined ? await this.#lookUp(address.host.toLowerCase()) : [literal];
    if (addresses === undefined) return "unknown";
    const isOwn = addresses.some((own) => own === sender || (isHere && (isLoopback(own) || UNSPECIFIED.has(own))));
    return isOwn ? "its-own" : "another";
  }

  #lookUp(host: string): Promise<readonly string[] | undefined> {
    const kept = this.#answers.get(host);
    const now = this.#now();
    if (kept !== undefined && now - kept.askedAt < (kept.failed ? FAILURE_KEPT_MS : KEPT_MS)) return kept.addresses;
    const answer: Answer = {
      askedAt: now,
      failed: false,
      addresses: this.#ask(host).catch(() => {
        answer.failed = true;
        return undefined;
      }),
    };
    this.#answers.set(host, answer);
    return answer.addresses;
  }

  async #ask(host: string): Promise<readonly string[]> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`Cannot resolve ${host} in time`)), this.#deadlineMs);
    try {
      const found = await Promise.race([this.#resolve(host), late.promise]);
      return found.map((text) => canonicalIp(text) ?? text);
    } finally {
      clearTimeout(timer);
    }
  }
}

async function resolveBySystem(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

function isLoopback(ip: string): boolean {
  return isLocal({ kind: "tcp", host: ip, port: 0 });
}
