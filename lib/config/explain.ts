import type { z } from "zod";
import { currentValue } from "./current_value.ts";
import type { Document } from "./document.ts";
import { nearest } from "./nearest.ts";
import type { ConfigProblem, Path } from "./problem.ts";
import { type JsonSchema, jsonSchema } from "./schema.ts";

/** Keys of which a message must not show the value. */
const SECRETS: ReadonlySet<string | number | undefined> = new Set(["token", "salt"]);

/** What is wrong, in words, for each thing that the schema found; `whole` is that schema, by default the configuration's. */
export function explain(
  document: Document,
  issues: readonly z.core.$ZodIssue[],
  whole: JsonSchema = jsonSchema(),
): ConfigProblem[] {
  return issues.flatMap((issue) => {
    const path = issue.path.filter((key) => typeof key !== "symbol");
    if (issue.code !== "unrecognized_keys") return [document.problem(path, sentence(issue, path, document))];
    const known = Object.keys(schemaAt(whole, path).properties ?? {});
    return issue.keys.map((key) => document.problem([...path, key], unknownKey(key, known)));
  });
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  return near === undefined
    ? `Cannot use key as it is unknown: known here are ${known.join(", ")}`
    : `Cannot use key as it is unknown (did you mean ${JSON.stringify(near)}?)`;
}

function sentence(issue: z.core.$ZodIssue, path: Path, document: Document): string {
  const value = document.valueAt(path);
  if (value === undefined) {
    return path.length === 1
      ? `Cannot leave out section as at least one [[${path[0]}]] is required`
      : "Cannot leave out key as it is required";
  }
  if (!issue.message.startsWith("must ")) return issue.message;
  const statement = `Cannot use value as it ${issue.message}`;
  if (SECRETS.has(path.at(-1))) return statement;
  const near = issue.code === "invalid_value" && typeof value === "string"
    ? nearest(value, issue.values.map(String))
    : undefined;
  return `${statement}: ${currentValue(value)}${near === undefined ? "" : ` (did you mean "${near}"?)`}`;
}

function schemaAt(schema: JsonSchema, path: Path): JsonSchema {
  return path.reduce<JsonSchema>(
    (at, key) => (typeof key === "number" ? at.items : at.properties?.[key]) ?? {},
    schema,
  );
}
