/** Completing command lines in real shells. */
import { completionScript } from "../../lib/manual/completion/script.ts";

/** Longest that one shell may take for all its lines, starting the program for some. */
const SHELL_MS = 60_000;

export interface Desk {
  /** Where the shell stands. */
  readonly cwd: string;
  /** Folder with a program called `kurafuto`. */
  readonly bin: string;
}

/** What each of `lines` is completed to when Tab is pressed at its end, in alphabetical order. */
export type Complete = (lines: readonly string[], desk: Desk) => Promise<readonly (readonly string[])[]>;

/** In bash, by calling the function as it does; `bash` itself does so only for people at a terminal. */
export const inBash: Complete = async (lines, desk) => {
  const script = `${completionScript("bash")}
for line in "$@"; do
  COMP_LINE=$line COMP_POINT=\${#line} COMPREPLY=()
  _kurafuto kurafuto
  echo "\${COMPREPLY[*]}"
done`;
  const output = await runShell(desk, "bash", "--norc", "-c", script, "bash", ...lines);
  return output.split("\n").slice(0, lines.length).map(sortedWords);
};

/** In an interactive zsh, of which Tab puts all that fits into the line. */
export const inZsh: Complete = async (lines, desk) => {
  await Deno.writeTextFile(`${desk.bin}/_kurafuto`, completionScript("zsh"));
  await Deno.writeTextFile(`${desk.bin}/setup.zsh`, ZSH_SETUP);
  const output = await runShell(desk, "zsh", "-f", "-c", ZSH_DRIVER, "zsh", desk.bin, ...lines);
  return output.split("\n").slice(0, lines.length).map((typed, index) => {
    const line = lines[index] ?? "";
    const start = line.lastIndexOf(" ") + 1;
    return typed === line ? [] : sortedWords(typed.slice(start));
  });
};

const ZSH_SETUP = `
fpath=($1 $fpath)
autoload -U compinit; compinit -u -D
zstyle ':completion:*' completer _all_matches _complete
zstyle ':completion:*' insert yes
zstyle ':completion:*' old-matches no
show() { print -r -- "<<<$BUFFER>>>"; BUFFER= }
zle -N show
bindkey '^X' show
print rea"dy"
`;

const ZSH_DRIVER = `
zmodload zsh/zpty
folder=$1; shift
zpty shell zsh -f -i
zpty -w shell "source $folder/setup.zsh $folder"
zpty -r shell text '*ready*'
for line; do
  zpty -w -n shell "$line"$'\\t\\C-x'
  zpty -r shell text '*>>>*'
  print -r -- "\${\${text##*<<<}%%>>>*}"
done
`;

/** In fish, which completes for scripts as it does for people. */
export const inFish: Complete = async (lines, desk) => {
  const script = `${completionScript("fish")}
for line in $argv
    echo (complete -C "$line" | string replace -r '\\t.*' '')
end`;
  const output = await runShell(desk, "fish", "--no-config", "-c", script, ...lines);
  return output.split("\n").slice(0, lines.length).map(sortedWords);
};

async function runShell({ cwd, bin }: Desk, shell: string, ...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(shell, {
    args: [...args],
    cwd,
    env: { PATH: `${bin}:${Deno.env.get("PATH")}`, HOME: bin, TERM: "dumb", LC_ALL: "C.UTF-8" },
    signal: AbortSignal.timeout(SHELL_MS),
  }).output();
  if (stderr.length > 0) throw new Error(`${shell} complained: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** The words of a line, without the flag that a value is put behind. */
function sortedWords(line: string): readonly string[] {
  return line.split(" ").filter((word) => word !== "").map((word) => word.replace(/^--[a-z-]+=/, "")).sort();
}
