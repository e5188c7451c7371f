/** `deno task bench:table`: measures everything there is a bound for, and prints it as one table. */
import { runCommand } from "./command.ts";
import { parseArgs } from "node:util";
import { choose, UsageError } from "./options.ts";
import { MARKDOWN_HEAD, markdownRow, outcome, type Reading, type TableRow } from "./table/row.ts";
import { chaosEnvironment, COMPILED, ROWS } from "./table/rows.ts";

const EXIT_FAILURE = 1;
const ROOT = new URL("../", import.meta.url);
/** How much of a failed command's output is shown. */
const SHOWN_OUTPUT = 200;

const HELP = `Usage: deno task bench:table [OPTIONS]

  --rows NAME[,NAME]  ${ROWS.map(({ name }) => name).join(", ")} (default: all)
  --compiled FILE     the compiled executable (default: ${COMPILED}, which deno task compile makes)

Takes about an hour; chaos alone takes ten minutes. Exit code 1: a bound was missed or could not be measured.`;

async function main(args: readonly string[]): Promise<void> {
  const { rows, compiled, help } = parse(args);
  if (help) {
    console.log(HELP);
    return;
  }
  const lines: string[] = [];
  for (const row of rows) {
    console.error(`${row.name} …`);
    const { readings, failure } = await produce(row, compiled);
    const line = markdownRow(row, readings, failure);
    lines.push(line);
    console.error(line);
    if (outcome(row.bounds, readings) === "missed" || readings.length === 0) Deno.exitCode = EXIT_FAILURE;
  }
  console.log([MARKDOWN_HEAD, ...lines].join("\n"));
}

/** Runs a row's command. */
async function produce(
  { command, read }: TableRow,
  compiled: string,
): Promise<{ readonly readings: readonly Reading[]; readonly failure: string }> {
  if (command.includes(COMPILED) && !await exists(compiled)) {
    return { readings: [], failure: `there is no ${compiled}: deno task compile` };
  }
  const json = await Deno.makeTempFile({ prefix: "kurafuto_table_" });
  try {
    const isTest = command[0] === "test";
    const words = command.map((word) => word === COMPILED ? compiled : word);
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: isTest ? words : [...words, "--json", json],
      cwd: ROOT,
      env: chaosEnvironment(),
      stdout: "piped",
      stderr: "piped",
    }).output();
    if (success) return { readings: read(await jsonLines(json)), failure: "" };
    const output = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim()).join(" ");
    return { readings: [], failure: `failed: ${output.slice(-SHOWN_OUTPUT).replaceAll(/\s+/g, " ")}` };
  } finally {
    await Deno.remove(json);
  }
}

async function jsonLines(path: string): Promise<readonly unknown[]> {
  const text = await Deno.readTextFile(path);
  return text.split("\n").filter((line) => line !== "").map((line): unknown => JSON.parse(line));
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(new URL(path, ROOT));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function parse(
  args: readonly string[],
): { readonly rows: readonly TableRow[]; readonly compiled: string; readonly help: boolean } {
  const options = {
    rows: { type: "string" },
    compiled: { type: "string", default: COMPILED },
    help: { type: "boolean", short: "h", default: false },
  } as const;
  try {
    const { rows, compiled, help } = parseArgs({ args: [...args], options }).values;
    return { rows: rows === undefined ? ROWS : choose("row", ROWS, rows.split(",")), compiled, help };
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

await runCommand(main);
