import type * as z from "zod/mini";
import { currentValue } from "./current_value.ts";
import type { Document } from "./document.ts";
import { nearest, suggestion } from "./nearest.ts";
import type { ConfigProblem, Path } from "./problem.ts";
import { type JsonSchema, jsonSchema } from "./schema.ts";
import { SECRETS } from "./secrets.ts";

/** What is wrong, in words, for each thing that the schema found; `whole` is that schema, by default the configuration's. */
export function explain(
  document: Document,
  issues: readonly z.core.$ZodIssue[],
  whole: JsonSchema = jsonSchema(),
): ConfigProblem[] {
  const problems = issues.flatMap((issue) => {
    const path = issue.path.filter((key) => typeof key !== "symbol");
    const schema = schemaAt(whole, path);
    if (issue.code !== "unrecognized_keys") {
      return [document.problem(path, sentence(issue, path, document.valueAt(path), schema))];
    }
    const known = Object.keys(schema.properties ?? {});
    return issue.keys.map((key) => document.problem([...path, key], unknownKey(key, known, whole)));
  });
  // Of a value that is wrong in two ways, both may be told by the same words.
  return problems.filter((problem, index) =>
    problems.findIndex(({ path, message }) => path === problem.path && message === problem.message) === index
  );
}

/** What is wrong, in words, for each whole number that is written as a float where an integer is asked for. */
export function explainFloats(document: Document): ConfigProblem[] {
  const floats = document.wholeFloats;
  if (floats.length === 0) return [];
  const whole = jsonSchema();
  return floats.filter(({ path }) => schemaAt(whole, path).type === "integer").map(({ path, text }) => {
    const message = `Cannot use value as a whole number has neither fraction nor exponent: current value is ${text}`;
    return document.problem(path, `${message} (did you mean ${document.valueAt(path)}?)`);
  });
}

function unknownKey(key: string, known: readonly string[], whole: JsonSchema): string {
  const near = nearest(key, known);
  if (near !== undefined) return `Cannot use key as it is unknown (did you mean ${quoted(near)}?)`;
  const home = Object.entries(whole.properties ?? {}).find(([, section]) => Object.hasOwn(keysOf(section), key));
  const hint = home === undefined ? "" : ` (did you mean it for ${header(...home)}?)`;
  return `Cannot use key as it is unknown: known here are ${known.join(", ")}${hint}`;
}

function keysOf(section: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return (section.items ?? section).properties ?? {};
}

function header(name: string, section: JsonSchema): string {
  return section.items === undefined ? `[${name}]` : `[[${name}]]`;
}

function sentence(issue: z.core.$ZodIssue, path: Path, value: unknown, schema: JsonSchema): string {
  const [section, index] = path;
  if (value === undefined) {
    return path.length === 1
      ? `Cannot leave out section as at least one [[${section}]] is required (add it)`
      : `Cannot leave out key as it is required (add it to ${typeof index === "number" ? `[[${section}]]` : section})`;
  }
  if (!issue.message.startsWith("must ")) return issue.message;
  const statement = `Cannot use value as it ${issue.message}`;
  return SECRETS.has(path.at(-1)) ? statement : `${statement}: ${currentValue(value)}${meant(issue, value, schema)}`;
}

/** What `value` was probably meant to be, for the end of a message. */
function meant(issue: z.core.$ZodIssue, value: unknown, schema: JsonSchema): string {
  if (issue.code === "invalid_value" && typeof value === "string") return suggestion(value, issue.values.map(String));
  const likely = issue.code === "invalid_type" ? rewritten(value, schema) : undefined;
  return likely === undefined ? "" : ` (did you mean ${likely}?)`;
}

/** `value` with the quotes or brackets that `schema` asks for; `undefined` where that does not mend it. */
function rewritten(value: unknown, { type, pattern = "", items }: JsonSchema): string | undefined {
  if (typeof value === "string") {
    if (type === "array" && items?.type === "string") {
      const words = value.split(/[\s,[\]"']+/).filter((word) => word !== "");
      return `[${words.map(quoted).join(", ")}]`;
    }
    const form = type === "integer" ? /^\d+$/ : type === "boolean" ? /^(true|false)$/ : undefined;
    return form?.test(value) ? value : undefined;
  }
  const isBare = typeof value === "number" || typeof value === "boolean";
  return isBare && type === "string" && new RegExp(pattern).test(`${value}`) ? quoted(`${value}`) : undefined;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function schemaAt(schema: JsonSchema, path: Path): JsonSchema {
  return path.reduce<JsonSchema>(
    (at, key) => (typeof key === "number" ? at.items : at.properties?.[key]) ?? {},
    schema,
  );
}
