import type { Document } from "./document.ts";
import { nearest, suggestion } from "./nearest.ts";
import type { ConfigProblem } from "./problem.ts";
import { type JsonSchema, jsonSchema } from "./schema.ts";
import { parseToml, TomlSyntaxError } from "./toml.ts";

/** A key set on the command line. */
export interface Override {
  /** The flag as typed, for messages. */
  readonly flag: string;
  /** `section.key`. */
  readonly key: string;
  readonly value: string;
}

const PREFIX = "KURAFUTO_";

/** Sets what the variables `KURAFUTO_<SECTION>__<KEY>` say. Those without `__` are no business of the configuration. */
export function applyEnvironment(document: Document, env: Readonly<Record<string, string>>): ConfigProblem[] {
  const names = Object.keys(env).filter((name) => name.startsWith(PREFIX) && name.includes("__")).sort();
  if (names.length === 0) return [];
  const keys = new Map(settableKeys().map((settable) => [variable(settable), settable]));
  return names.flatMap((name) => {
    const settable = keys.get(name);
    if (settable === undefined) return [unknownVariable(name, keys.keys())];
    document.set(settable.section, settable.key, readValue(env[name] ?? "", settable.schema), name);
    return [];
  });
}

/** Sets what the flags say. */
export function applyOverrides(document: Document, overrides: readonly Override[]): ConfigProblem[] {
  if (overrides.length === 0) return [];
  const keys = new Map(settableKeys().map((settable) => [`${settable.section}.${settable.key}`, settable]));
  return overrides.flatMap(({ flag, key, value }) => {
    const settable = keys.get(key);
    if (settable === undefined) {
      const message = inFileOnly(key.split(".", 1)[0]) ??
        `Cannot set key as it is unknown${suggestion(key, keys.keys())}`;
      return [{ file: flag, line: undefined, path: key, message }];
    }
    document.set(settable.section, settable.key, readValue(value, settable.schema), flag);
    return [];
  });
}

interface SettableKey {
  readonly section: string;
  readonly key: string;
  readonly schema: JsonSchema;
}

/** Every key of a section of which there is only one; the others have no name that would stay the same. */
function settableKeys(): readonly SettableKey[] {
  return Object.entries(jsonSchema().properties ?? {}).flatMap(([section, { properties = {} }]) =>
    Object.entries(properties).map(([key, schema]) => ({ section, key, schema }))
  );
}

function variable({ section, key }: SettableKey): string {
  return `${PREFIX}${section}__${key}`.toUpperCase();
}

function unknownVariable(name: string, known: Iterable<string>): ConfigProblem {
  const word = name.slice(PREFIX.length);
  const near = nearest(word, Array.from(known, (other) => other.slice(PREFIX.length)));
  const hint = near === undefined ? " (unset it)" : ` (did you mean ${PREFIX}${near}?)`;
  const message = inFileOnly(word.split("__", 1)[0]?.toLowerCase()) ??
    `Cannot use variable as it sets no known key${hint}`;
  return { file: name, line: undefined, path: "", message };
}

/** What is wrong with setting a key of `section` where there may be several of it; `undefined` where there may not. */
function inFileOnly(section = ""): string | undefined {
  if (jsonSchema().properties?.[section]?.items === undefined) return undefined;
  return `Cannot set key of [[${section}]] here: sections in [[double brackets]] are set in the file only`;
}

/**
 * `text` as what the key takes: text as it is, all else as TOML. What is no TOML, or
 * `1.0` for a whole number, stays text, and is refused as such.
 */
function readValue(text: string, schema: JsonSchema): unknown {
  if (schema.type === "string") return text;
  try {
    const { root, wholeFloats } = parseToml(`value = ${text}`);
    return Object.keys(root).length === 1 && wholeFloats.length === 0 ? root.value : text;
  } catch (error) {
    if (error instanceof TomlSyntaxError) return text;
    throw error;
  }
}
