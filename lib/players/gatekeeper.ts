/** Who may come in: what proves the name, what the lists say, who else has it, and whether there is room. */
import { FailedLogins } from "../auth/failed_logins.ts";
import type { Keyring } from "../auth/keyring.ts";
import type { Keyrings } from "../auth/keyrings.ts";
import type { Config } from "../config/schema.ts";
import { addressKey } from "../guard/address_key.ts";
import type { AccessList } from "../guard/access_list.ts";
import type { Admission } from "../session/port.ts";
import type { Reason } from "../session/reasons.ts";

/** Characters a name may have, with the suffix of the service that vouches for it. */
const LONGEST_NAME = 16;

/** How somebody is turned away. */
export type Refusal = Admission & { readonly kind: "refused" };

/** A session, as it is met at the gate. */
export interface Visitor {
  /** Name of the listener it came through. */
  readonly listener: string;
  readonly address: string;
  /** Whether the player has left, and only connections are still to be closed. */
  readonly leaving: boolean;
  /** Ends the session, not before the caller has returned. */
  dismiss(reason: Reason, detail: string, text?: string): void;
  /** Has the session ask again, not before the caller has returned. */
  call(): void;
}

/** What the gate goes by. */
export interface GateRules {
  /** By listener; `undefined` for those that ask for no key. */
  readonly keyrings: ReadonlyMap<string, Keyring | undefined>;
  readonly duplicateNames: "kick-old" | "refuse-new";
  readonly maxPlayers: number;
  /** Whether only those are let in whom the list allows. */
  readonly allowOnly: boolean;
}

/** What a gate works with. */
export interface GatekeeperOptions extends GateRules {
  /** The list of now. */
  readonly access: () => AccessList;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/** See the file's first line. Names are the same in any case. */
export class Gatekeeper {
  readonly #options: GatekeeperOptions;
  #rules: GateRules;
  readonly #failed = new FailedLogins();
  /** Who plays by each name, in lower case. */
  readonly #players = new Map<string, Visitor>();
  /** Who takes over a name once its player is gone. */
  readonly #heirs = new Map<string, Visitor>();
  /** Names of players who are another process's for now, in lower case. */
  #reserved: ReadonlySet<string> = new Set();
  /** Names of players who have gone to another process, in lower case. */
  readonly #ceded = new Set<string>();
  /** The name each of both plays by or waits for, in lower case. */
  readonly #names = new Map<Visitor, string>();

  constructor(options: GatekeeperOptions) {
    this.#options = options;
    this.#rules = options;
  }

  /** Goes by other rules from now on, and dismisses whoever may not be here by them. Nobody leaves because there is less room. */
  configure(rules: GateRules): void {
    this.#rules = rules;
    this.review();
  }

  /** Players who were let in and have not left. */
  get players(): number {
    return this.#players.size;
  }

  /** Those of them who came through `listener`. */
  playersThrough(listener: string): number {
    return this.#players.values().filter((visitor) => visitor.listener === listener).reduce((count) => count + 1, 0);
  }

  /** Whether `visitor`, who says to be called `name` and shows `key`, may come in; {@linkcode left} follows where they may. */
  admit(visitor: Visitor, name: string, key: string): Admission {
    const { keyrings } = this.#rules;
    // Nothing says any more whether its visitors have to prove their names.
    if (!keyrings.has(visitor.listener)) return unknownListener(visitor);
    const keyring = keyrings.get(visitor.listener);
    const service = keyring?.serviceFor(name, key);
    if (keyring !== undefined && service === undefined) return this.#wrongKey(visitor);
    const fullName = name + (service?.suffix ?? "");
    if (fullName.length > LONGEST_NAME) return tooLong(fullName);
    return this.#listed(visitor, fullName) ?? this.#seat(visitor, fullName, keyring !== undefined);
  }

  /** Keeps `names`, and no others than those, for players who are another process's for now: only a key gives them to somebody. */
  reserve(names: readonly string[]): void {
    this.#reserved = new Set(names.map((name) => name.toLowerCase()));
  }

  /** Nobody has one of `names` here any more: their players go on in the process that every newcomer reaches. */
  cede(names: Iterable<string>): void {
    for (const name of names) this.#ceded.add(name.toLowerCase());
  }

  /** Whether somebody plays as `name`. */
  has(name: string): boolean {
    return this.#players.has(name.toLowerCase());
  }

  /** Seats somebody whom another process had let in as `name`, by which nobody plays here; {@linkcode left} follows. */
  resume(visitor: Visitor, name: string): void {
    this.#players.set(name.toLowerCase(), visitor);
    this.#names.set(visitor, name.toLowerCase());
  }

  /** `visitor`, who may never have come in, is gone with all connections. */
  left(visitor: Visitor): void {
    const key = this.#names.get(visitor);
    if (key === undefined) return;
    this.#names.delete(visitor);
    const heir = this.#heirs.get(key);
    if (heir === visitor) this.#heirs.delete(key);
    if (this.#players.get(key) !== visitor) return;
    this.#players.delete(key);
    if (heir === undefined) return;
    this.#heirs.delete(key);
    heir.call();
  }

  /** The list has changed: whoever may not be here any more is dismissed. */
  review(): void {
    for (const [name, visitor] of this.#players) {
      const refusal = this.#listed(visitor, name);
      if (refusal !== undefined) visitor.dismiss(refusal.reason, refusal.detail, refusal.text);
    }
  }

  #wrongKey({ address }: Visitor): Admission {
    const delayMs = this.#failed.add(addressKey(address), this.#options.now());
    return { kind: "refused", reason: "wrong-key", detail: "the key does not prove the name", delayMs };
  }

  #listed({ address }: Visitor, name: string): Refusal | undefined {
    const { allowOnly } = this.#rules;
    const verdict = this.#options.access().judge({ name, address }, Date.now(), { allowOnly });
    switch (verdict.kind) {
      case "ok":
        return undefined;
      case "not-allowed":
        return { kind: "refused", reason: "not-allowed", detail: "not on the allow list" };
      case "banned":
        return banned(verdict.reason);
    }
  }

  #seat(visitor: Visitor, name: string, proven: boolean): Admission {
    const { duplicateNames, maxPlayers } = this.#rules;
    const key = name.toLowerCase();
    if (this.#ceded.has(key)) return { kind: "refused", reason: "name-taken", detail: "played in the process after" };
    const holder = this.#players.get(key);
    const takesOver = proven && duplicateNames === "kick-old";
    if (holder !== undefined) {
      const heir = this.#heirs.get(key);
      const isNext = holder.leaving && (heir === undefined || heir === visitor);
      if (!takesOver && !isNext) {
        return { kind: "refused", reason: "name-taken", detail: `played from ${holder.address}` };
      }
      this.#inherit(key, visitor);
      if (takesOver) holder.dismiss("replaced", `logged in from ${visitor.address}`);
      return { kind: "later" };
    }
    if (this.#reserved.has(key) && !takesOver) {
      return { kind: "refused", reason: "name-taken", detail: "played in the process before" };
    }
    if (this.#players.size >= maxPlayers) {
      return { kind: "refused", reason: "edge-full", detail: `${maxPlayers} players are here` };
    }
    this.#players.set(key, visitor);
    this.#names.set(visitor, key);
    return { kind: "admitted", name };
  }

  #inherit(key: string, visitor: Visitor): void {
    const before = this.#heirs.get(key);
    if (before !== visitor) before?.dismiss("replaced", `logged in from ${visitor.address}`);
    this.#heirs.set(key, visitor);
    this.#names.set(visitor, key);
  }
}

/** How somebody is turned away whom the ban list means, for the reason that it gives. */
export function banned(reason: string | undefined): Refusal {
  return {
    kind: "refused",
    reason: "banned",
    detail: reason ?? "no reason given",
    ...reason !== undefined && { text: `You are banned: ${reason}` },
  };
}

function unknownListener({ listener }: Visitor): Admission {
  return { kind: "refused", reason: "shutdown", detail: `the listener ${listener} is not there any more` };
}

function tooLong(name: string): Admission {
  const detail = `${name} has more than ${LONGEST_NAME} characters`;
  return { kind: "refused", reason: "long-name", detail };
}

/** The rules that a configuration makes. */
export function gateRules({ edge, auth, limits, listeners }: Config, keyrings: Keyrings): GateRules {
  return {
    keyrings: new Map(listeners.map(({ name, auth }) => [name, auth === "off" ? undefined : keyrings.get(name)])),
    duplicateNames: auth.duplicateNames,
    maxPlayers: edge.maxPlayers,
    allowOnly: limits.allowOnly,
  };
}
