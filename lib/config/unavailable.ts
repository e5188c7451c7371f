import { currentValue } from "./current_value.ts";
import type { Document } from "./document.ts";
import type { ConfigProblem, Path } from "./problem.ts";

/** A setting that is part of the configuration but that this version does not carry out. */
interface Unavailable {
  readonly section: string;
  /** The key; absent when the whole section is meant. */
  readonly key?: string;
  /** Whether a value asks for what is missing. */
  readonly asks: (value: unknown) => boolean;
  /** `refuse`: the edge would do something else than what was asked. `warn`: it does all the rest. */
  readonly effect: "refuse" | "warn";
  /** What happens instead, or what to set. */
  readonly advice: string;
}

const isSet = (value: unknown): boolean => value !== undefined;
const isNotEmpty = (value: unknown): boolean => Array.isArray(value) ? value.length > 0 : isSet(value) && value !== "";
const isOneOf = (...values: readonly unknown[]) => (value: unknown): boolean => values.includes(value);

/** Rows for keys of which no value has an effect. */
function warnings(section: string, advice: string, ...keys: readonly string[]): Unavailable[] {
  return keys.map((key) => ({ section, key, asks: isSet, effect: "warn", advice }));
}

/** One row for each setting; a row is deleted when the edge learns to carry it out. */
const UNAVAILABLE: readonly Unavailable[] = [
  { section: "listener", key: "proxy_protocol_from", asks: isNotEmpty, effect: "refuse", advice: "set []" },
  { section: "listener", key: "real_ip_from", asks: isNotEmpty, effect: "refuse", advice: "set []" },
  {
    section: "backend",
    key: "forward_ip",
    asks: isOneOf("websocket", "loopback", "proxy-v2"),
    effect: "refuse",
    advice: `set "off"`,
  },
  { section: "edge", key: "driver", asks: isOneOf("epoll"), effect: "refuse", advice: `set "auto" or "deno"` },
  { section: "heartbeat", asks: isSet, effect: "warn", advice: "nothing is published" },
  { section: "heartbeat_absorber", asks: isSet, effect: "warn", advice: "nothing listens there" },
  { section: "admin", asks: isSet, effect: "warn", advice: "nothing listens there" },
  ...warnings("edge", "there is no limit", "max_players"),
  ...warnings("edge", "players are told and disconnected at once", "drain_timeout"),
  { section: "listener", key: "websocket", asks: isOneOf(true), effect: "warn", advice: "browsers are turned away" },
  { section: "backend", key: "salt", asks: isNotEmpty, effect: "warn", advice: "keys are passed on as they came" },
  ...warnings(
    "limits",
    "there is no limit",
    "connections_per_address",
    "connect_rate_per_address",
    "packets_per_second",
  ),
  { section: "limits", key: "dry_run", asks: isOneOf(true), effect: "warn", advice: "limits are enforced" },
  ...warnings("auth", "salts stay as they are", "salt_rotation", "salt_overlap"),
];

export interface UnavailableSettings {
  readonly errors: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
}

/** What `document` asks of this version that it does not provide yet. */
export function unavailableSettings(document: Document): UnavailableSettings {
  const errors: ConfigProblem[] = [];
  const warnings: ConfigProblem[] = [];
  for (const { section, key, asks, effect, advice } of UNAVAILABLE) {
    for (const path of places(document, section, key)) {
      if (!asks(document.valueAt(path))) continue;
      const statement = `Cannot use setting as this version does not have it yet (${advice})`;
      if (effect === "warn") warnings.push(document.problem(path, statement));
      else errors.push(document.problem(path, `${statement}: ${currentValue(document.valueAt(path))}`));
    }
  }
  return { errors, warnings };
}

/** Paths of `key` in each table of `section`, or of the section itself. */
function places(document: Document, section: string, key: string | undefined): readonly Path[] {
  if (key === undefined) return [[section]];
  const tables = document.tables(section);
  return Array.isArray(document.root[section]) ? tables.map(({ path }) => [...path, key]) : [[section, key]];
}
