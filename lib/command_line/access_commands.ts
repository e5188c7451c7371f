/** The commands that edit and show the ban list and the allow list. */
import { isAbsolute, resolve } from "node:path";
import { table } from "../ctl/table.ts";
import { AccessFileError, accessPath, editAccess, readAccess } from "../guard/access_file.ts";
import { formatTime } from "../guard/access_format.ts";
import {
  type AccessEntry,
  formatSubject,
  isInForce,
  isSameSubject,
  type ListName,
  parseSubject,
  type Subject,
} from "../guard/access_list.ts";

const FOLLOWED = "a running edge takes it up within two seconds";

/** How a message says that somebody is on a list, and is not any more. */
const WORDS: Readonly<Record<ListName, { readonly on: string; readonly off: string }>> = {
  ban: { on: "banned", off: "unbanned" },
  allow: { on: "allowed", off: "disallowed" },
};

export interface AddOptions {
  /** Milliseconds after which the entry ends; `undefined` for never. */
  readonly lifetimeMs: number | undefined;
  readonly reason: string | undefined;
}

/**
 * The absolute path of what `edge.data_dir` names.
 *
 * @throws {AccessFileError} where it is relative and does not exist: it would be made where no edge reads it
 */
export async function dataFolder(dataDir: string): Promise<string> {
  const path = resolve(dataDir);
  if (isAbsolute(dataDir) || await Deno.stat(path).then(() => true, () => false)) return path;
  throw new AccessFileError(
    `Cannot find edge.data_dir '${path}' (run this where the edge was started, or make data_dir absolute)`,
  );
}

/** Puts whom `text` means on a list, in place of an entry about the same. Returns what to tell the operator. */
export async function addEntry(
  dataDir: string,
  list: ListName,
  text: string,
  { lifetimeMs, reason }: AddOptions,
): Promise<string> {
  const now = Date.now();
  const until = lifetimeMs === undefined ? undefined : now + lifetimeMs;
  const subject = parseSubject(text);
  await editAccess(dataDir, now, (entries) => {
    const others = entries[list].filter((entry) => !isSameSubject(entry.subject, subject));
    return { ...entries, [list]: [...others, { subject, until, reason }] };
  });
  const end = until === undefined ? "" : ` until ${formatTime(until)}`;
  return `${WORDS[list].on} ${spoken(subject)}${end} in ${accessPath(dataDir)}; ${FOLLOWED}`;
}

/** Takes whom `text` means off a list. Returns what to tell the operator, `undefined` when no entry is about exactly that. */
export async function removeEntry(dataDir: string, list: ListName, text: string): Promise<string | undefined> {
  const subject = parseSubject(text);
  const removed = await editAccess(dataDir, Date.now(), (entries) => {
    const others = entries[list].filter((entry) => !isSameSubject(entry.subject, subject));
    return others.length === entries[list].length ? undefined : { ...entries, [list]: others };
  });
  return removed ? `${WORDS[list].off} ${spoken(subject)} in ${accessPath(dataDir)}; ${FOLLOWED}` : undefined;
}

/** With what it was taken for: a name may look like an address. */
function spoken(subject: Subject): string {
  const text = formatSubject(subject);
  const kind = subject.kind === "name" ? "player" : text.includes("/") ? "network" : "address";
  return `the ${kind} ${text}`;
}

/** What is in force of both lists, as a table for people. */
export async function accessTable(dataDir: string): Promise<string> {
  const rows = (await inForce(dataDir)).map(({ list, subject, until, reason }) => [
    list,
    formatSubject(subject),
    until === undefined ? "for good" : formatTime(until),
    reason ?? "",
  ]);
  if (rows.length === 0) return "nobody is banned, nobody is on the allow list\n";
  return table(["LIST", "WHO", "UNTIL", "REASON"], rows);
}

/** What is in force of both lists, as one JSON object with the keys of the file. */
export async function accessJson(dataDir: string): Promise<string> {
  const entries = await inForce(dataDir);
  const of = (name: ListName): readonly unknown[] => entries.filter(({ list }) => list === name).map(asJson);
  return `${JSON.stringify({ ban: of("ban"), allow: of("allow") })}\n`;
}

function asJson({ subject, until, reason }: AccessEntry): unknown {
  const who = formatSubject(subject);
  return {
    ...subject.kind === "name" ? { name: who } : { address: who },
    ...until !== undefined && { until: formatTime(until) },
    ...reason !== undefined && { reason },
  };
}

async function inForce(dataDir: string): Promise<readonly (AccessEntry & { readonly list: ListName })[]> {
  const { ban, allow } = await readAccess(dataDir);
  const now = Date.now();
  return [
    ...ban.map((entry) => ({ ...entry, list: "ban" as const })),
    ...allow.map((entry) => ({ ...entry, list: "allow" as const })),
  ].filter((entry) => isInForce(entry, now));
}
