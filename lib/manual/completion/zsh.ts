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

/** Completion for zsh, to be named `_kurafuto` in a folder of `$fpath`. */
export function zshScript(): string {
  return `#compdef kurafuto
# Completion of kurafuto's command lines in zsh. Made by: kurafuto completion zsh

_kurafuto() {
  local word='' flag='' command='' names=''
  local -i position=0 index
  local -a edge=() offers=()
  for ((index = 2; index < CURRENT; index++)); do
    word=\${(Q)words[index]}
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
          *) position+=1 ;;
        esac
        ;;
    esac
  done
  word=$words[CURRENT]
  if [[ -z $flag && $word == --*=* ]]; then
    flag=\${word%%=*}
    compset -P '*='
  fi
  if [[ -n $flag ]]; then
    case $flag in
${cases(flagValues())}\
    esac
  elif [[ $word == -* ]]; then
    case $command in
${cases(flagsOfCommands())}\
    esac
  else
    case "$command $position" in
${cases(wordPlaces())}\
    esac
  fi
  if [[ -n $names ]]; then
    offers=(\${(f)"$("\${(Q)words[1]}" complete $names $edge 2> /dev/null)"})
    compadd -a offers
  elif ((\${#offers})); then
    _describe 'kurafuto' offers
  fi
}

_kurafuto "$@"
`;
}

function cases(choices: readonly Choice[]): string {
  return choices.map((choice) => `      ${choice.places.map(quoted).join("|")}) ${offering(choice)} ;;\n`).join("");
}

function offering({ offer }: Choice): string {
  switch (offer.kind) {
    case "words":
      return `offers=(${
        offer.words.map(([word, meaning]) => quoted(meaning === "" ? word : `${word}:${meaning}`)).join(" ")
      })`;
    case "names":
      return `names=${offer.names}`;
    case "files":
      return "_files; return";
  }
}
