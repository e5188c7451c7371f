/** The man page, in the macros of man(7). */
import { type Command, shownCommands, TOPICS } from "../command_line/commands.ts";
import { type Flag, FLAGS, goesWith } from "../command_line/flags.ts";
import { EXIT_MEANINGS } from "../process/exit_code.ts";
import { ENVIRONMENT, EXAMPLES, type Fact, FILES, PURPOSE, SIGNALS } from "./facts.ts";

/** Characters that mean something else in roff than themselves, with what stands for them. */
const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\e",
  "-": "\\-",
  "'": "\\(aq",
  '"': "\\(dq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
};

/** The page `kurafuto(1)` of that version. */
export function manPage(version: string): string {
  return [
    `.TH KURAFUTO 1 "" "Kurafuto ${roff(version)}" "User Commands"`,
    // Words that are typed must not be broken, nor lines stretched.
    ".nh",
    ".ad l",
    ".SH NAME",
    `kurafuto \\- ${roff(PURPOSE)}`,
    ".SH SYNOPSIS",
    ".B kurafuto",
    ".RI [ COMMAND ]",
    ".RI [ FLAGS ]",
    ".SH COMMANDS",
    ...TOPICS.flatMap(topicLines),
    ".SH FLAGS",
    ...FLAGS.flatMap(flagLines),
    ".SH SIGNALS",
    ...SIGNALS.flatMap(factLines),
    ".SH EXIT STATUS",
    ...EXIT_MEANINGS.flatMap(([code, meaning]) => factLines([String(code), meaning])),
    ".SH ENVIRONMENT",
    ...ENVIRONMENT.flatMap(factLines),
    ".SH FILES",
    ...FILES.flatMap(factLines),
    ".SH EXAMPLES",
    ...EXAMPLES.flatMap(exampleLines),
  ].map((line) => `${line}\n`).join("");
}

function topicLines(topic: string): readonly string[] {
  const commands = shownCommands().filter((command) => command.topic === topic);
  return [`.SS ${roff(topic)}`, ...commands.flatMap(commandLines)];
}

function commandLines({ name, short, args = [], summary, details }: Command): readonly string[] {
  const letter = short === undefined ? "" : `, \\fB\\-${short}\\fR`;
  const values = args.map(({ value, optional }) => {
    const shown = `\\fI${roff(value)}\\fR`;
    return optional === true ? ` [${shown}]` : ` ${shown}`;
  });
  const flags = FLAGS.filter((flag) => flag.with !== undefined && goesWith(flag, name)).map((flag) =>
    `\\-\\-${roff(flag.name)}`
  );
  return [
    ".TP",
    `\\fB${roff(name)}\\fR${letter}${values.join("")}`,
    `${roff(summary)}.`,
    ...(details === undefined ? [] : [roff(details)]),
    ...(flags.length === 0 ? [] : [".br", `Flags: ${flags.join(", ")}.`]),
  ];
}

function flagLines({ name, short, value, summary }: Flag): readonly string[] {
  const letter = short === undefined ? "" : `\\fB\\-${short}\\fR, `;
  const taken = value === undefined ? "" : ` \\fI${roff(value)}\\fR`;
  return [".TP", `${letter}\\fB\\-\\-${roff(name)}\\fR${taken}`, `${roff(summary)}.`];
}

function factLines([term, text]: Fact): readonly string[] {
  return [".TP", `\\fB${roff(term)}\\fR`, `${roff(text)}.`];
}

function exampleLines([command, text]: Fact): readonly string[] {
  return [".TP", roff(text), ".nf", `\\fB${roff(command)}\\fR`, ".fi"];
}

/** `text` as roff shows it. */
function roff(text: string): string {
  const escaped = text.replaceAll(/[\\'"`^~-]/g, (character) => ESCAPES[character] ?? character);
  return escaped.startsWith(".") ? `\\&${escaped}` : escaped;
}
