import { type Address, clash, formatAddress, isLocal, leadsTo, parseAddress } from "./address.ts";
import { currentValue } from "./current_value.ts";
import type { Document } from "./document.ts";
import { suggestion } from "./nearest.ts";
import type { ConfigProblem, Path } from "./problem.ts";
import { ADMIN_BIND, HEARTBEAT_ABSORBER_BIND } from "./schema.ts";
import { isTable } from "./toml.ts";

/**
 * What is wrong between keys: names used twice, names that name nothing, addresses bound twice, an admin API open to the
 * world. Works on whatever else is right, so that all problems are told at once.
 */
export function checkReferences(document: Document): ConfigProblem[] {
  return [
    ...repeatedNames(document, ["listener"]),
    ...repeatedNames(document, ["backend", "pool"]),
    ...danglingNames(document, "listener", "pool", "pool"),
    ...danglingNames(document, "pool", "backends", "backend"),
    ...danglingNames(document, "pool", "fallback", "pool"),
    ...danglingNames(document, "heartbeat", "listener", "listener"),
    ...repeatedMembers(document),
    ...clashingBinds(document),
    ...loops(document),
    ...exposedAdmin(document),
  ];
}

/** Sections whose tables have names. */
const NAMED = ["backend", "pool", "listener"];

/** A value with its place. */
interface Placed<T> {
  readonly path: Path;
  readonly value: T;
}

/** Texts at `key` of each `[[section]]`, one or a list of them. */
function textsAt(document: Document, section: string, key: string): readonly Placed<string>[] {
  return document.tables(section).flatMap(({ table, path }) => {
    const value = table[key];
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    return values.flatMap((text, index) =>
      typeof text === "string" ? [{ path: [...path, key, ...(Array.isArray(value) ? [index] : [])], value: text }] : []
    );
  });
}

/** Names that two tables of `sections` have; backends and pools share one set, as players name either. */
function repeatedNames(document: Document, sections: readonly string[]): ConfigProblem[] {
  const first = new Map<string, Path>();
  return sections.flatMap((section) => textsAt(document, section, "name")).flatMap(({ path, value }) => {
    const earlier = first.get(value);
    first.set(value, earlier ?? path);
    if (earlier === undefined) return [];
    const { path: place, line } = document.problem(earlier.slice(0, 2), "");
    const where = line === undefined ? place : `${place} on line ${line}`;
    const message = `Cannot use name as ${where} has it: ${currentValue(value)} (give one of them another)`;
    return [document.problem(path, message)];
  });
}

/** Names at `key` that no `[[target]]` has. */
function danglingNames(document: Document, section: string, key: string, target: string): ConfigProblem[] {
  const known = namesOf(document, target);
  const kinds = NAMED.map((kind) => ({ kind, names: namesOf(document, kind) }));
  return textsAt(document, section, key).filter(({ value }) => !known.has(value)).map(({ path, value }) => {
    const other = kinds.find(({ names }) => names.has(value))?.kind;
    const mend = other === undefined
      ? suggestion(value, known) || ` (add a [[${target}]] with this name, or name another)`
      : ` (that is a ${other}; name a ${target})`;
    return document.problem(path, `Cannot find ${target}: ${currentValue(value)}${mend}`);
  });
}

function namesOf(document: Document, section: string): ReadonlySet<string> {
  return new Set(textsAt(document, section, "name").map(({ value }) => value));
}

/** Backends that one pool lists twice. */
function repeatedMembers(document: Document): ConfigProblem[] {
  const seen = new Set<string>();
  return textsAt(document, "pool", "backends").flatMap(({ path, value }) => {
    const member = `${path[1]} ${value}`;
    if (!seen.has(member)) {
      seen.add(member);
      return [];
    }
    const mend = "take it out here; weight gives a backend a greater share";
    return [document.problem(path, `Cannot list backend twice in one pool: ${currentValue(value)} (${mend})`)];
  });
}

function clashingBinds(document: Document): ConfigProblem[] {
  const earlier: Placed<Address>[] = [];
  return binds(document).flatMap((bind) => {
    const other = earlier.find(({ value }) => clash(value, bind.value));
    earlier.push(bind);
    if (other === undefined) return [];
    const { path, line } = document.problem(other.path, "");
    const where = line === undefined ? path : `${path} on line ${line}`;
    const text = document.valueAt(bind.path);
    const value = text === undefined ? "" : `: ${currentValue(text)}`;
    const message = `Cannot listen on address as ${where} takes it${value} (bind to another)`;
    return [document.problem(bind.path, message)];
  });
}

/** Backends at which the edge would find itself. */
function loops(document: Document): ConfigProblem[] {
  const bound = binds(document);
  return addresses(textsAt(document, "backend", "address")).flatMap(({ path, value }) => {
    const own = bound.find((bind) => leadsTo(value, bind.value));
    if (own === undefined) return [];
    const { path: place, line } = document.problem(own.path.slice(0, -1), "");
    const where = line === undefined ? place : `${place} on line ${line}`;
    const message = `Cannot dial address as ${where} listens there: ${currentValue(formatAddress(value))}`;
    return [document.problem(path, `${message} (name the server's own)`)];
  });
}

/** Every address that is to be bound and can be read. */
function binds(document: Document): readonly Placed<Address>[] {
  const single = [["heartbeat_absorber", HEARTBEAT_ABSORBER_BIND], ["admin", ADMIN_BIND]] as const;
  return addresses([
    ...textsAt(document, "listener", "bind"),
    ...single.filter(([section]) => isTable(document.root[section])).map(([section, usual]) => {
      const path = [section, "bind"];
      return { path, value: document.valueAt(path) ?? usual };
    }),
  ]);
}

/** Those of `values` that are addresses. */
function addresses(values: readonly Placed<unknown>[]): readonly Placed<Address>[] {
  return values.flatMap(({ path, value }) => {
    const address = readable(value);
    return address === undefined ? [] : [{ path, value: address }];
  });
}

/** Address in `value`; `undefined` when it has none, about which the schema complains. */
function readable(value: unknown): Address | undefined {
  try {
    return typeof value === "string" ? parseAddress(value) : undefined;
  } catch {
    return undefined;
  }
}

function exposedAdmin(document: Document): ConfigProblem[] {
  const bind = document.valueAt(["admin", "bind"]);
  const address = readable(bind);
  const tokenFile = document.valueAt(["admin", "token_file"]) ?? "";
  if (address === undefined || isLocal(address) || tokenFile !== "") return [];
  const message = `Cannot bind beyond loopback as admin.token_file is not set: ${currentValue(bind)}`;
  return [document.problem(["admin", "bind"], `${message} (set it, or bind to 127.0.0.1)`)];
}
