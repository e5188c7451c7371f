/** What the help and the man page tell beside commands, flags and exit codes. */
import { DEFAULT_FILES } from "../command_line/flags.ts";

/** What the program is, in a phrase. */
export const PURPOSE = "an edge proxy in front of Minecraft Classic servers";

/** A thing and what is to be known about it. */
export type Fact = readonly [term: string, text: string];

/** Signals that the edge obeys. */
export const SIGNALS: readonly Fact[] = [
  ["TERM, INT", "Stop: no new players, tell those who are there, end their sessions; the second one exits at once"],
  ["QUIT", "Stop at once"],
  ["HUP", "Reload the configuration, as kurafuto reload does"],
  ["USR1", "Open log.file and events.file anew, for programs that rotate logs"],
  ["USR2", "Start the program anew and hand it everything, as kurafuto upgrade does"],
];

export const ENVIRONMENT: readonly Fact[] = [
  ["KURAFUTO_SECTION__KEY", "Set one key, stronger than the file, weaker than flags"],
  ["NO_COLOR", "Where it is not empty, nothing is coloured"],
];

export const FILES: readonly Fact[] = [
  [
    DEFAULT_FILES.join(", "),
    "Where the configuration is looked for, in this order; kurafuto.example.toml describes every key",
  ],
];

/** Command lines, and what they are good for. */
export const EXAMPLES: readonly Fact[] = [
  ["kurafuto check && kurafuto plan", "See what a reload would do:"],
  ["kurafuto reload --confirm 60s", "Reload, and go back after a minute unless kurafuto confirm follows:"],
  ["kurafuto ctl drain hub --move", "Take a backend out of service, and put its players elsewhere:"],
  ["kurafuto ctl explain PM-4H2KX", "Find out why a player was disconnected, who was shown that code:"],
  ["kurafuto ctl events --json | jq .player", "Hand events to another program:"],
  [
    "kurafuto health --admin unix:/run/kurafuto/admin.sock",
    "Check the edge from a container or a monitor, without its configuration:",
  ],
];
