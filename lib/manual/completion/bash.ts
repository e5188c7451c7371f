import {
  type Choice,
  flagsOfCommands,
  flagValues,
  GROUP_NAMES,
  LETTERS,
  PASSED_ON,
  VALUED,
  wordPlaces,
} from "./places.ts";
import { quoted } from "./quoted.ts";

/** Completion for bash, from 3.2 on. */
export function bashScript(): string {
  return `# Completion of kurafuto's command lines in bash. Made by: kurafuto completion bash

_kurafuto() {
  local line=\${COMP_LINE:0:COMP_POINT} word='' flag='' command='' position=0 words='' names='' index
  local -a typed=() edge=()
  # The line is split here, since bash cuts its own words at "=" and ":" as well.
  read -ra typed <<< "$line"
  case $line in *[[:space:]]) typed+=('') ;; esac
  local last=$((\${#typed[@]} - 1))
  local current=\${typed[last]}
  for ((index = 1; index < last; index++)); do
    word=\${typed[index]}
    if [[ -n $flag ]]; then
      case $flag in ${PASSED_ON.join("|")}) edge+=("$flag" "$word") ;; esac
      flag=''
      continue
    fi
    case $word in
      ${PASSED_ON.map((form) => `${form}=*`).join("|")}) edge+=("$word") ;;
      ${VALUED.join("|")}) flag=$word ;;
${LETTERS.map(([letter, command]) => `      ${letter}) command=${command} ;;\n`).join("")}\
      -*) ;;
      *)
        case $command in
          ''|${GROUP_NAMES.join("|")}) command=\${command:+$command }$word ;;
          *) position=$((position + 1)) ;;
        esac
        ;;
    esac
  done
  if [[ -z $flag && $current == --*=* ]]; then
    flag=\${current%%=*}
    current=\${current#*=}
  fi
  if [[ -n $flag ]]; then
    case $flag in
${cases(flagValues())}\
    esac
  elif [[ $current == -* ]]; then
    case $command in
${cases(flagsOfCommands())}\
    esac
  else
    case "$command $position" in
${cases(wordPlaces())}\
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ -z $names ]] && return
  # Names are compared here, as compgen -W would carry out what a name says.
  while IFS= read -r word; do
    [[ -n $word && $word == "$current"* ]] && COMPREPLY+=("$word")
  done < <("\${typed[0]}" complete "$names" \${edge[@]+"\${edge[@]}"} 2> /dev/null)
}

_kurafuto_files() {
  # Readline completes paths better than a list would; bash 3.2 cannot be told so and gets the list.
  compopt -o default 2> /dev/null && return
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$1")
}

complete -F _kurafuto kurafuto
`;
}

function cases(choices: readonly Choice[]): string {
  return choices.map((choice) => `      ${choice.places.map(quoted).join("|")}) ${offering(choice)} ;;\n`).join("");
}

function offering({ offer }: Choice): string {
  switch (offer.kind) {
    case "words":
      return `words=${quoted(offer.words.map(([word]) => word).join(" "))}`;
    case "names":
      return `names=${offer.names}`;
    case "files":
      return '_kurafuto_files "$current"; return';
  }
}
