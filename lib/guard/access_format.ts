/** The text of an access file: what it must hold, and how it is written. */
import * as z from "zod/mini";
import { currentValue } from "../config/current_value.ts";
import { readDocument } from "../config/document.ts";
import { explain } from "../config/explain.ts";
import * as field from "../config/fields.ts";
import { ConfigError } from "../config/problem.ts";
import type { JsonSchema } from "../config/schema.ts";
import { type AccessEntries, type AccessEntry, formatSubject, NAME_PATTERN, networkSubject } from "./access_list.ts";

/** Entries of both lists together. Reading a thousand takes some ten milliseconds, during which nothing else happens. */
export const MOST_ENTRIES = 20_000;

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

const HEADER =
  `# Who is kept out (ban) and who is let in (allow). Names count in any case; until and reason may be left out.
# A running edge follows this file. Commands such as "kurafuto ban" keep its entries, but not its comments.
`;

/** Date and time, in quotes or not, as milliseconds since 1970. */
const time = z.pipe(
  z.unknown(),
  z.transform((value, context) => {
    const ms = value instanceof Date ? value.getTime() : RFC_3339.test(String(value)) ? Date.parse(String(value)) : NaN;
    if (!Number.isNaN(ms)) return ms;
    const message = `Cannot use value as it must be a time such as "2026-12-01T00:00:00Z": ${currentValue(value)}`;
    context.issues.push({ code: "custom", message, input: value });
    return z.NEVER;
  }),
);

function entries(list: string): z.ZodMiniType<AccessEntry[]> {
  const table = field.table(list, {
    name: z.optional(field.matching("a player name of 1 to 16 of A-Z, a-z, 0-9, _ and .", NAME_PATTERN)),
    address: z.optional(field.network()),
    until: z.optional(time),
    reason: z.optional(field.packetText()),
  });
  const entry = z.transform((read: z.output<typeof table>, context): AccessEntry => {
    const { name, address, until, reason } = read;
    if (name !== undefined && address === undefined) return { subject: { kind: "name", name }, until, reason };
    if (name === undefined && address !== undefined) return { subject: networkSubject(address), until, reason };
    const message = "Cannot use entry as it must have either a name or an address";
    context.issues.push({ code: "custom", message, input: read });
    return z.NEVER;
  });
  return z.prefault(field.tables(list, z.pipe(table, entry)), []);
}

const schema = z.strictObject({ ban: entries("ban"), allow: entries("allow") });

/**
 * The entries in `text`, the content of `file`.
 *
 * @throws {ConfigError} with every problem found
 */
export function parseAccess(file: string, text: string): AccessEntries {
  const { document, problems: misread } = readDocument(file, text);
  if (document === undefined) throw new ConfigError(misread);
  const read = schema.safeParse(document.root);
  const problems = [...misread, ...read.success ? [] : explain(document, read.error.issues, jsonSchema())];
  if (problems.length > 0 || !read.success) throw new ConfigError(problems);
  const excess = countEntries(read.data) - MOST_ENTRIES;
  if (excess <= 0) return read.data;
  const message = `Cannot use file as it has ${excess} more than ${MOST_ENTRIES} entries`;
  throw new ConfigError([{ file, line: undefined, path: "", message }]);
}

function jsonSchema(): JsonSchema {
  return z.toJSONSchema(schema, { target: "draft-7", io: "input" }) as JsonSchema;
}

export function countEntries({ ban, allow }: AccessEntries): number {
  return ban.length + allow.length;
}

/** `entries` as the text of an access file. */
export function formatAccess({ ban, allow }: AccessEntries): string {
  const tables = [
    ...ban.map((entry) => formatEntry("ban", entry)),
    ...allow.map((entry) => formatEntry("allow", entry)),
  ];
  return [HEADER, ...tables].join("\n");
}

function formatEntry(list: string, { subject, until, reason }: AccessEntry): string {
  const lines = [`[[${list}]]`, `${subject.kind === "name" ? "name" : "address"} = ${quoted(formatSubject(subject))}`];
  if (until !== undefined) lines.push(`until = ${quoted(formatTime(until))}`);
  if (reason !== undefined) lines.push(`reason = ${quoted(reason)}`);
  return `${lines.join("\n")}\n`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

/** `ms` since 1970 as RFC 3339 has it, in UTC. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}
