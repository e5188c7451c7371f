import { endCode, type Reason, REASONS, type Stage } from "../lib/session/reasons.ts";
import { assert, assertEquals } from "./harness/assert.ts";

/** A line of the log that operators see: its severity and the name of its event. */
const LOGGED = /\b(?:info|warn|error|write)\(\s*"([a-z][a-z-]*)",\s/g;

const readme = await Deno.readTextFile("README.md");

Deno.test("README names every event of the log", async () => {
  const events = await loggedEvents();
  // The pattern still finds what is written on one line, on two, and by a variable.
  for (const known of ["listed", "not-listed", "turned-away-many", "listening"]) assert(events.has(known), known);
  assertEquals([...events].filter((event) => !readme.includes(`\`${event}\``)), []);
});

Deno.test("README's tables of events name no event that there is not", async () => {
  const events = await loggedEvents();
  const told = firstCells("event");
  assert(told.length > 0);
  assertEquals(told.filter((event) => !events.has(event)), []);
});

Deno.test("README explains every reason why a session may end", () => {
  const reasons = Object.keys(REASONS);
  assertEquals(reasons.filter((reason) => !readme.includes(`\`${reason}\``)), []);
  assertEquals(firstCells("reason").filter((reason) => !reasons.includes(reason)), []);
});

Deno.test("README's end codes are those of their reasons", () => {
  const wrong: string[] = [];
  for (const row of rowsOf("reason")) {
    const codes = row.split("|")[2]?.trim().split(/, */) ?? [];
    for (const reason of quoted(row.split("|")[1] ?? "") as readonly Reason[]) {
      const possible = (["A", "D", "M", "P"] as readonly Stage[]).map((stage) => endCode(reason, stage));
      for (const code of codes) {
        if (!possible.some((end) => code === end || code === `${end[0]}?`)) wrong.push(`${reason}: ${code}`);
      }
    }
  }
  assertEquals(wrong, []);
});

async function loggedEvents(): Promise<ReadonlySet<string>> {
  const events = new Set<string>();
  for await (const path of sources()) {
    for (const [, event = ""] of (await Deno.readTextFile(path)).matchAll(LOGGED)) events.add(event);
  }
  return events;
}

/** The files of lib/, less those of the demo, which logs for those who play with it. */
async function* sources(folder = "lib"): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory && name !== "demo") yield* sources(path);
    else if (name.endsWith(".ts")) yield path;
  }
}

/** Rows of the tables whose first column is called `title`. */
function rowsOf(title: string): readonly string[] {
  const tables = readme.matchAll(new RegExp(`^\\| ${title} \\|.*\\n\\|[-|]+\\n((?:\\|.*\\n)+)`, "gm"));
  return Array.from(tables, ([, rows = ""]) => rows.trimEnd().split("\n")).flat();
}

/** The names in the first column of those tables. */
function firstCells(title: string): readonly string[] {
  return rowsOf(title).flatMap((row) => quoted(row.split("|")[1] ?? ""));
}

function quoted(cell: string): readonly string[] {
  return Array.from(cell.matchAll(/`([^`]+)`/g), ([, name = ""]) => name);
}
