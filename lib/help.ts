import { type Command, COMMANDS, type Flag, FLAGS } from "./command_line.ts";
import { EXIT_MEANINGS } from "./exit_code.ts";

/** Signals that the edge obeys. */
const SIGNALS = [
  ["TERM, INT", "Stop: tell the players, end their sessions; the second one exits at once"],
] as const;

/** What `--help` prints. */
export function helpText(): string {
  return [
    "Kurafuto, an edge proxy in front of Minecraft Classic servers",
    "",
    "Usage: kurafuto [COMMAND] [FLAGS]",
    ...section("Commands", COMMANDS.map((command) => [commandForm(command), command.summary])),
    ...section("Flags", FLAGS.map((flag) => [flagForm(flag), flag.summary])),
    ...section("Signals", SIGNALS),
    ...section("Exit codes", EXIT_MEANINGS.map(([code, meaning]) => [String(code), meaning])),
    ...section("Environment", [
      ["KURAFUTO_SECTION__KEY", "Set one key, stronger than the file, weaker than flags"],
    ]),
    "",
  ].join("\n");
}

function section(title: string, rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...rows.map(([term]) => term.length));
  return ["", `${title}:`, ...rows.map(([term, text]) => `  ${term.padEnd(width)}  ${text}`)];
}

function commandForm({ name, short, argument }: Command): string {
  const letter = short === undefined ? "" : `, -${short}`;
  return `${name}${letter}${argument === undefined ? "" : ` ${argument.value}`}`;
}

function flagForm({ name, short, value }: Flag): string {
  const letter = short === undefined ? "    " : `-${short}, `;
  return `${letter}--${name}${value === undefined ? "" : ` ${value}`}`;
}
