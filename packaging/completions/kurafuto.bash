# Completion of kurafuto's command lines in bash. Made by: kurafuto completion bash

_kurafuto() {
  local line=${COMP_LINE:0:COMP_POINT} word='' flag='' command='' position=0 words='' names='' index
  local -a typed=() edge=()
  # The line is split here, since bash cuts its own words at "=" and ":" as well.
  read -ra typed <<< "$line"
  case $line in *[[:space:]]) typed+=('') ;; esac
  local last=$((${#typed[@]} - 1))
  local current=${typed[last]}
  for ((index = 1; index < last; index++)); do
    word=${typed[index]}
    if [[ -n $flag ]]; then
      case $flag in -c|--config|--set|--admin|--token-file) edge+=("$flag" "$word") ;; esac
      flag=''
      continue
    fi
    case $word in
      -c=*|--config=*|--set=*|--admin=*|--token-file=*) edge+=("$word") ;;
      -c|--config|--set|--admin|--token-file|--log-level|--log-format|--confirm|--since|--backend|--player|--for|--delay|--reason|--to) flag=$word ;;
      -t) command=check ;;
      -*) ;;
      *)
        case $command in
          ''|ctl) command=${command:+$command }$word ;;
          *) position=$((position + 1)) ;;
        esac
        ;;
    esac
  done
  if [[ -z $flag && $current == --*=* ]]; then
    flag=${current%%=*}
    current=${current#*=}
  fi
  if [[ -n $flag ]]; then
    case $flag in
      '-c'|'--config'|'--token-file'|'--to') _kurafuto_files "$current"; return ;;
      '--log-level') words='debug info warn error' ;;
      '--log-format') words='text json' ;;
      '--backend') names=backends ;;
      '--player') names=players ;;
    esac
  elif [[ $current == -* ]]; then
    case $command in
      '') words='--config --set --log-level --log-format --json --version --help' ;;
      'run') words='--config --set --log-level --log-format --help' ;;
      'check') words='--config --set --log-level --log-format --dump --help' ;;
      'demo') words='--log-level --log-format --help' ;;
      'plan'|'confirm'|'rollback'|'drain'|'ctl status'|'ctl players'|'ctl backends'|'ctl move'|'ctl kick'|'ctl announce'|'ctl enable'|'ctl explain') words='--config --set --admin --token-file --json --help' ;;
      'reload') words='--config --set --admin --token-file --confirm --json --help' ;;
      'upgrade') words='--config --set --admin --token-file --to --json --help' ;;
      'drill') words='--config --set --admin --token-file --backend --player --for --delay --json --help' ;;
      'health') words='--config --set --admin --token-file --ready --help' ;;
      'ctl events') words='--config --set --admin --token-file --since --json --help' ;;
      'ctl drain') words='--config --set --admin --token-file --move --json --help' ;;
      'ban'|'allow') words='--config --set --for --reason --help' ;;
      'unban'|'disallow') words='--config --set --help' ;;
      'bans') words='--config --set --json --help' ;;
      'schema'|'completion'|'man') words='--help' ;;
    esac
  else
    case "$command $position" in
      ' 0') words='run check demo plan reload confirm rollback drain upgrade drill health ban unban allow disallow bans schema completion man ctl' ;;
      'ctl 0') words='status events players backends move kick announce drain enable explain' ;;
      'drill 0') words='delay stall reset half-open garbage death' ;;
      'ctl move 0'|'ctl kick 0'|'ctl explain 0'|'ban 0'|'unban 0'|'allow 0'|'disallow 0') names=players ;;
      'ctl move 1') names=destinations ;;
      'ctl drain 0'|'ctl enable 0') names=backends ;;
      'completion 0') words='bash zsh fish' ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ -z $names ]] && return
  # Names are compared here, as compgen -W would carry out what a name says.
  while IFS= read -r word; do
    [[ -n $word && $word == "$current"* ]] && COMPREPLY+=("$word")
  done < <("${typed[0]}" complete "$names" ${edge[@]+"${edge[@]}"} 2> /dev/null)
}

_kurafuto_files() {
  # Readline completes paths better than a list would; bash 3.2 cannot be told so and gets the list.
  compopt -o default 2> /dev/null && return
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$1")
}

complete -F _kurafuto kurafuto
