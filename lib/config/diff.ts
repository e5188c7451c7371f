import type { Config } from "./schema.ts";
import { SECRETS, withoutSecrets } from "./secrets.ts";
import { type Fields, written } from "./written.ts";

/** One table of the configuration that is not as before. */
export interface PlannedChange {
  readonly kind: "added" | "removed" | "changed";
  /** As `backend "hub"` or `limits`. */
  readonly what: string;
  /** Of each key that changed: its name and both values, as the file would write them. Secrets are only said to have changed. */
  readonly details: readonly string[];
}

/** What a reload has to change. */
export interface ConfigDiff {
  /** What can change while the edge runs. */
  readonly changes: readonly PlannedChange[];
  /** What cannot, each with its key, the reason and what to do; where there is any, nothing may change. */
  readonly refusals: readonly string[];
}

/** Keys that a running edge cannot change, with the reason. An upgrade can, as it goes by the file of then. */
const FIXED: ReadonlyMap<string, string> = new Map([
  ["edge.data_dir", "its salts and lists are in use"],
  ["edge.driver", "it holds every open connection"],
  ["admin.bind", "reloads and their confirmation come in there"],
]);
/** Of these the ones that an upgrade cannot change either. */
const LASTING: ReadonlySet<string> = new Set(["edge.driver"]);
/** Sections that can neither come nor go. */
const FIXED_SECTIONS: ReadonlySet<string> = new Set(["admin"]);

/**
 * What is different in `after`. Tables written `[[…]]` are told apart by name, heartbeats by listener and host; in which order they
 * stand is no difference.
 */
export function diffConfig(before: Config, after: Config): ConfigDiff {
  const [old, now] = [tablesOf(before), tablesOf(after)];
  const changes: PlannedChange[] = [];
  const refusals: string[] = [];
  for (const what of new Set([...old.keys(), ...now.keys()])) {
    const [from, to] = [old.get(what), now.get(what)];
    if (from === undefined || to === undefined) {
      if (FIXED_SECTIONS.has(what)) refusals.push(refusedSection(what, to !== undefined));
      else changes.push({ kind: to === undefined ? "removed" : "added", what, details: [] });
      continue;
    }
    const changed = changedKeys(written(from), written(to));
    const details = changed.filter(({ key }) => !FIXED.has(`${what}.${key}`)).map(detail);
    if (details.length > 0) changes.push({ kind: "changed", what, details });
    refusals.push(...changed.flatMap((change) => refusedKeys(what, change)));
  }
  return { changes, refusals };
}

/** Every table of `config` by what operators are told it is. */
function tablesOf(config: Config): ReadonlyMap<string, Fields> {
  const { edge, cpe, log, events, health, redirect, limits, auth, heartbeatAbsorber, admin, drill } = config;
  const sections = Object.entries({ edge, cpe, log, events, health, redirect, limits, auth, drill });
  return new Map<string, Fields>([
    ...sections,
    ...heartbeatAbsorber === undefined ? [] : [["heartbeat_absorber", heartbeatAbsorber]] as const,
    ...admin === undefined ? [] : [["admin", admin]] as const,
    ...config.listeners.map((table) => [`listener "${table.name}"`, table] as const),
    ...config.backends.map((table) => [`backend "${table.name}"`, table] as const),
    ...config.pools.map((table) => [`pool "${table.name}"`, table] as const),
    ...config.heartbeats.map((table) =>
      [`heartbeat of "${table.listener}" to ${new URL(table.url).host}`, table] as const
    ),
  ]);
}

/** A key with its values, as the file would say them. */
interface ChangedKey {
  readonly key: string;
  readonly from: string;
  readonly to: string;
}

function changedKeys(from: ReadonlyMap<string, string>, to: ReadonlyMap<string, string>): readonly ChangedKey[] {
  return Array.from(to, ([key, value]) => ({ key, from: from.get(key) ?? "", to: value }))
    .filter((change) => change.from !== change.to);
}

function detail({ key, from, to }: ChangedKey): string {
  const [before, now] = [withoutSecrets(key, from), withoutSecrets(key, to)];
  return SECRETS.has(key) || before === now ? `${key}: changed` : `${key}: ${before} -> ${now}`;
}

function refusedKeys(what: string, { key, from, to }: ChangedKey): readonly string[] {
  const path = `${what}.${key}`;
  const reason = FIXED.get(path);
  if (reason === undefined) return [];
  const mend = `${LASTING.has(path) ? "restart" : "upgrade or restart"} the edge, or set ${from} again`;
  return [`${path}: Cannot change key while the edge runs as ${reason}: current value is ${to} (${mend})`];
}

function refusedSection(what: string, appears: boolean): string {
  const [verb, mend] = appears ? ["add", "take the section out"] : ["remove", "put the section back"];
  return `${what}: Cannot ${verb} section while the edge runs (upgrade or restart the edge, or ${mend} again)`;
}
