/** What `--help` prints. */
import { type Command, COMMANDS, groupOf, GROUPS, TOPICS } from "../command_line/commands.ts";
import { type Flag, FLAGS, goesWith } from "../command_line/flags.ts";
import { usualArguments } from "../command_line/parse.ts";
import { EXIT_MEANINGS } from "../process/exit_code.ts";
import { ENVIRONMENT, type Fact, PURPOSE, SIGNALS } from "./facts.ts";

/** Columns that paragraphs are wrapped at. */
const WIDTH = 80;

/** Help about the command or the group called `about`; about everything where it is empty. */
export function helpText(about = ""): string {
  const command = COMMANDS.find(({ name }) => name === about);
  const lines = command === undefined ? about === "" ? overview() : groupHelp(about) : commandHelp(command);
  return `${lines.join("\n")}\n`;
}

function overview(): readonly string[] {
  return [
    `Kurafuto, ${PURPOSE}`,
    "",
    "Usage: kurafuto [COMMAND] [FLAGS]",
    "       kurafuto COMMAND --help",
    ...TOPICS.flatMap((topic) =>
      section(topic, COMMANDS.filter((command) => command.topic === topic).map(commandFact))
    ),
    ...section("Flags", FLAGS.map(flagFact)),
    ...section("Signals", SIGNALS),
    ...section("Exit codes", EXIT_MEANINGS.map(([code, meaning]) => [String(code), meaning])),
    ...section("Environment", ENVIRONMENT),
  ];
}

function groupHelp(group: string): readonly string[] {
  return [
    `kurafuto ${group}: ${GROUPS[group]}`,
    "",
    `Usage: kurafuto ${group} COMMAND [FLAGS]`,
    `       kurafuto ${group} COMMAND --help`,
    ...section("Commands", COMMANDS.filter(({ name }) => groupOf(name) === group).map(commandFact)),
  ];
}

function commandHelp(command: Command): readonly string[] {
  const { name, args = [], summary, details } = command;
  return [
    `kurafuto ${name}: ${summary}`,
    "",
    `Usage: kurafuto ${[name, usualArguments(args)].filter((part) => part !== "").join(" ")} [FLAGS]`,
    ...(details === undefined ? [] : ["", ...wrapped(details)]),
    ...section("Flags", FLAGS.filter((flag) => goesWith(flag, name)).map(flagFact)),
  ];
}

function section(title: string, facts: readonly Fact[]): readonly string[] {
  const width = Math.max(...facts.map(([term]) => term.length));
  return ["", `${title}:`, ...facts.map(([term, text]) => `  ${term.padEnd(width)}  ${text}`)];
}

function commandFact({ name, short, args = [], summary }: Command): Fact {
  const letter = short === undefined ? "" : `, -${short}`;
  return [`${name}${letter} ${usualArguments(args)}`.trimEnd(), summary];
}

function flagFact({ name, short, value, summary }: Flag): Fact {
  const letter = short === undefined ? "    " : `-${short}, `;
  return [`${letter}--${name}${value === undefined ? "" : ` ${value}`}`, summary];
}

function wrapped(text: string): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
