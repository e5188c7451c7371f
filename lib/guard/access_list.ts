import { currentValue } from "../config/current_value.ts";
import {
  formatNetwork,
  masked,
  type Network,
  parseIp,
  parseNetwork,
  unmapped,
  withoutMapping,
} from "../config/network.ts";

/** Whom an entry means: a name, or all addresses of a network, which may be a single one. */
export type Subject =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "network"; readonly network: Network };

export interface AccessEntry {
  readonly subject: Subject;
  /** When it ends, in milliseconds since 1970; `undefined` for never. */
  readonly until: number | undefined;
  readonly reason: string | undefined;
}

/** Who is kept out, and who is let in. */
export interface AccessEntries {
  readonly ban: readonly AccessEntry[];
  readonly allow: readonly AccessEntry[];
}

/** Which of the two lists. */
export type ListName = keyof AccessEntries;

/** Who wants to come in. */
export interface Visitor {
  /** Absent while only the address is known. */
  readonly name?: string;
  readonly address: string;
}

export interface JudgeOptions {
  /** Whether only those are let in whom an entry of the allow list means. @default false */
  readonly allowOnly?: boolean;
}

export type AccessVerdict =
  | { readonly kind: "ok" }
  | { readonly kind: "banned"; readonly reason: string | undefined; readonly until: number | undefined }
  | { readonly kind: "not-allowed" };

/** A player name in a list. */
export const NAME_PATTERN = "^[A-Za-z0-9_.]{1,16}$";

const NAME = new RegExp(NAME_PATTERN);
const OK: AccessVerdict = { kind: "ok" };
const NOT_ALLOWED: AccessVerdict = { kind: "not-allowed" };

/**
 * Whom `text` means: an address or network where it can be read as one, so that `10.0.0.1` is no name; else a name.
 *
 * @throws {Error} when it is none of these
 */
export function parseSubject(text: string): Subject {
  if (/[:/]/.test(text) || parseIp(text) !== undefined) return networkSubject(parseNetwork(text));
  if (NAME.test(text)) return { kind: "name", name: text };
  throw new SyntaxError(
    `Cannot read whom it means as it must be a name (1 to 16 of A-Z, a-z, 0-9, _ and .), an address or a network: ` +
      currentValue(text),
  );
}

/** The addresses of `network`; an IPv4-mapped one means the IPv4 addresses. */
export function networkSubject(network: Network): Subject {
  return { kind: "network", network: unmapped(network) };
}

/** `subject` as it is written in the file. */
export function formatSubject(subject: Subject): string {
  return subject.kind === "name" ? subject.name : formatNetwork(subject.network);
}

/** Whether `a` and `b` mean the same; names do in any case. */
export function isSameSubject(a: Subject, b: Subject): boolean {
  return a.kind === b.kind && formatSubject(a).toLowerCase() === formatSubject(b).toLowerCase();
}

/** Whether `entry` still counts at `now`, in milliseconds since 1970. */
export function isInForce({ until }: AccessEntry, now: number): boolean {
  return until === undefined || now < until;
}

/** Whom the ban list keeps out and the allow list lets in. */
export class AccessList {
  readonly entries: AccessEntries;
  readonly #banned: EntryIndex;
  readonly #allowed: EntryIndex;

  constructor(entries: AccessEntries) {
    this.entries = entries;
    this.#banned = new EntryIndex(entries.ban);
    this.#allowed = new EntryIndex(entries.allow);
  }

  /**
   * Whether a visitor may come in at `now`, in milliseconds since 1970. A ban of the name is stronger than any entry of the allow list,
   * which is stronger than a ban of the address. The name must have been proved where names are checked.
   *
   * While only the address is known, a ban of it is decided upon unless the allow list has names, of which this could be one. Whether the
   * visitor is on the allow list is decided with the name alone.
   */
  judge({ name, address }: Visitor, now: number, { allowOnly = false }: JudgeOptions = {}): AccessVerdict {
    const nameBan = name === undefined ? undefined : this.#banned.byName(name, now);
    if (nameBan !== undefined) return banned(nameBan);
    if (this.#allowed.byAddress(address, now) !== undefined) return OK;
    if (name === undefined ? this.#allowed.hasName(now) : this.#allowed.byName(name, now) !== undefined) return OK;
    const addressBan = this.#banned.byAddress(address, now);
    if (addressBan !== undefined) return banned(addressBan);
    return allowOnly && name !== undefined ? NOT_ALLOWED : OK;
  }

  /** Whether the allow list means `address` itself, at `now` in milliseconds since 1970. */
  allows(address: string, now: number): boolean {
    return this.#allowed.byAddress(address, now) !== undefined;
  }
}

function banned({ reason, until }: AccessEntry): AccessVerdict {
  return { kind: "banned", reason, until };
}

/** Finds entries by name and by address, whatever their number. */
class EntryIndex {
  readonly #names = new Map<string, AccessEntry>();
  readonly #blocks = new Map<string, AccessEntry>();
  /** Sizes of the networks that have entries, for addresses of 4 and of 16 bytes, the smallest networks first. */
  readonly #prefixes: Readonly<Record<number, readonly number[]>>;

  constructor(entries: readonly AccessEntry[]) {
    const prefixes: Record<number, Set<number>> = { 4: new Set(), 16: new Set() };
    for (const entry of entries) {
      const { subject } = entry;
      if (subject.kind === "name") {
        keepLonger(this.#names, subject.name.toLowerCase(), entry);
      } else {
        const { bytes, prefix } = subject.network;
        prefixes[bytes.length]?.add(prefix);
        keepLonger(this.#blocks, blockKey(bytes, prefix), entry);
      }
    }
    this.#prefixes = Object.fromEntries(
      Object.entries(prefixes).map(([size, found]) => [size, [...found].sort((a, b) => b - a)]),
    );
  }

  hasName(now: number): boolean {
    return this.#names.values().some((entry) => isInForce(entry, now));
  }

  byName(name: string, now: number): AccessEntry | undefined {
    const entry = this.#names.get(name.toLowerCase());
    return entry !== undefined && isInForce(entry, now) ? entry : undefined;
  }

  /** The entry of the smallest network that has the address. */
  byAddress(address: string, now: number): AccessEntry | undefined {
    if (this.#blocks.size === 0) return undefined;
    const bytes = withoutMapping(parseIp(address) ?? []);
    for (const prefix of this.#prefixes[bytes.length] ?? []) {
      const entry = this.#blocks.get(blockKey(bytes, prefix));
      if (entry !== undefined && isInForce(entry, now)) return entry;
    }
    return undefined;
  }
}

/** Of several entries that mean the same, the one that ends last counts. */
function keepLonger(index: Map<string, AccessEntry>, key: string, entry: AccessEntry): void {
  const found = index.get(key);
  if (found === undefined || (found.until ?? Infinity) < (entry.until ?? Infinity)) index.set(key, entry);
}

/** What all addresses whose first `prefix` bits are those of `bytes` have in common, and no others. */
function blockKey(bytes: readonly number[], prefix: number): string {
  return String.fromCharCode(bytes.length, prefix, ...masked(bytes, prefix));
}
