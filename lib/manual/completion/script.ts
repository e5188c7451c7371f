import type { Shell } from "../../command_line/commands.ts";
import { bashScript } from "./bash.ts";
import { fishScript } from "./fish.ts";
import { zshScript } from "./zsh.ts";

const SCRIPTS: Readonly<Record<Shell, () => string>> = { bash: bashScript, zsh: zshScript, fish: fishScript };

/** What completes command lines in `shell`, with the names that a running edge knows. */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell]();
}
