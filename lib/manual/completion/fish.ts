import {
  type Choice,
  flagsOfCommands,
  flagValues,
  GROUP_NAMES,
  LETTERS,
  type Offer,
  PASSED_ON,
  VALUED,
  wordPlaces,
} from "./places.ts";

/** Completion for fish. */
export function fishScript(): string {
  return `# Completion of kurafuto's command lines in fish. Made by: kurafuto completion fish

function __kurafuto_complete
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    set -l flag ''
    set -l command ''
    set -l position 0
    set -l edge
    for word in $typed[2..-1]
        if test -n "$flag"
            if contains -- $flag ${PASSED_ON.join(" ")}
                set -a edge $flag $word
            end
            set flag ''
            continue
        end
        switch $word
            case ${PASSED_ON.map((form) => `'${form}=*'`).join(" ")}
                set -a edge $word
            case ${VALUED.join(" ")}
                set flag $word
${LETTERS.map(([letter, command]) => `            case ${letter}\n                set command ${command}\n`).join("")}\
            case '-*'
            case '*'
                if contains -- "$command" '' ${GROUP_NAMES.join(" ")}
                    set command (string trim -- "$command $word")
                else
                    set position (math $position + 1)
                end
        end
    end
    # A value behind "=" is completed together with its flag.
    set -l before ''
    if test -z "$flag"; and string match -q -- '--*=*' $current
        set flag (string replace -r '=.*' '' -- $current)
        set before "$flag="
        set current (string replace -r '^[^=]*=' '' -- $current)
    end
    if test -n "$flag"
        switch $flag
${cases(flagValues(), '"$before"')}\
        end
    else if string match -q -- '-*' $current
        switch $command
${cases(flagsOfCommands())}\
        end
    else
        switch "$command $position"
${cases(wordPlaces())}\
        end
    end
end

complete -c kurafuto -f -a '(__kurafuto_complete)'
`;
}

/** @param before What stands before each word. */
function cases(choices: readonly Choice[], before = ""): string {
  return choices.map(({ places, offer }) => {
    const lines = [`case ${places.map(quoted).join(" ")}`, ...offering(offer, before).map((line) => `    ${line}`)];
    return lines.map((line) => `            ${line}\n`).join("");
  }).join("");
}

function offering(offer: Offer, before: string): readonly string[] {
  switch (offer.kind) {
    case "words": {
      const items = offer.words.map(([word, meaning]) => `    ${before}${word} ${quoted(meaning)}`);
      return [["printf '%s\\t%s\\n'", ...items].join(" \\\n                ")];
    }
    case "names":
      return [`$typed[1] complete ${offer.names} $edge 2>/dev/null`];
    case "files":
      return ["for path in (__fish_complete_path $current)", `    echo ${before}$path`, "end"];
  }
}

/** `text` between single quotes, as fish reads it. */
function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
