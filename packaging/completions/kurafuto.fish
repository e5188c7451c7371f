# Completion of kurafuto's command lines in fish. Made by: kurafuto completion fish

function __kurafuto_complete
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    set -l flag ''
    set -l command ''
    set -l position 0
    set -l edge
    for word in $typed[2..-1]
        if test -n "$flag"
            if contains -- $flag -c --config --set --admin --token-file
                set -a edge $flag $word
            end
            set flag ''
            continue
        end
        switch $word
            case '-c=*' '--config=*' '--set=*' '--admin=*' '--token-file=*'
                set -a edge $word
            case -c --config --set --admin --token-file --log-level --log-format --confirm --since --backend --player --for --delay --reason --to
                set flag $word
            case -t
                set command check
            case '-*'
            case '*'
                if contains -- "$command" '' ctl
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
            case '-c' '--config' '--token-file' '--to'
                for path in (__fish_complete_path $current)
                    echo "$before"$path
                end
            case '--log-level'
                printf '%s\t%s\n' \
                    "$before"debug '' \
                    "$before"info '' \
                    "$before"warn '' \
                    "$before"error ''
            case '--log-format'
                printf '%s\t%s\n' \
                    "$before"text '' \
                    "$before"json ''
            case '--backend'
                $typed[1] complete backends $edge 2>/dev/null
            case '--player'
                $typed[1] complete players $edge 2>/dev/null
        end
    else if string match -q -- '-*' $current
        switch $command
            case ''
                printf '%s\t%s\n' \
                    --config 'Configuration; otherwise kurafuto.toml, then /etc/kurafuto/kurafuto.toml' \
                    --set 'Set one key, stronger than the environment and the file; to find a running edge, one of [admin]; may be repeated' \
                    --log-level 'debug, info, warn, error' \
                    --log-format 'text, json' \
                    --json 'Print JSON; with --version also the surroundings' \
                    --version 'Print the version' \
                    --help 'Print help, with a command the help of that command'
            case 'run'
                printf '%s\t%s\n' \
                    --config 'Configuration; otherwise kurafuto.toml, then /etc/kurafuto/kurafuto.toml' \
                    --set 'Set one key, stronger than the environment and the file; to find a running edge, one of [admin]; may be repeated' \
                    --log-level 'debug, info, warn, error' \
                    --log-format 'text, json' \
                    --help 'Print help, with a command the help of that command'
            case 'check'
                printf '%s\t%s\n' \
                    --config 'Configuration; otherwise kurafuto.toml, then /etc/kurafuto/kurafuto.toml' \
                    --set 'Set one key, stronger than the environment and the file; to find a running edge, one of [admin]; may be repeated' \
                    --log-level 'debug, info, warn, error' \
                    --log-format 'text, json' \
                    --dump 'Print the configuration that is meant, every key with its value, secrets masked' \
                    --help 'Print help, with a command the help of that command'
            case 'demo'
                printf '%s\t%s\n' \
                    --log-level 'debug, info, warn, error' \
                    --log-format 'text, json' \
                    --help 'Print help, with a command the help of that command'
            case 'plan' 'confirm' 'rollback' 'drain' 'ctl status' 'ctl players' 'ctl backends' 'ctl move' 'ctl kick' 'ctl announce' 'ctl enable' 'ctl explain'
                printf '%s\t%s\n' \
                    --config 'Configuration; otherwise kurafuto.toml, then /etc/kurafuto/kurafuto.toml' \
                    --set 'Set one key, stronger than the environment and the file; to find a running edge, one of [admin]; may be repeated' \
                    --admin 'Where the edge\'s admin API is: host:port, unix:/path or http://host; otherwise admin.bind' \
                    --token-file 'File with the token of the admin API; otherwise admin.token_file, unless --admin is given' \
                    --json 'Print JSON; with --version also the surroundings' \
                    --help 'Print help, with a command the help of that command'
            case 'reload'
                printf '%s\t%s\n' \
                    --config 'Configuration; otherwise kurafuto.toml, then /etc/kurafuto/kurafuto.toml' \
                    --set 'Set one key, stronger than the environment and the file; to find a running edge, one of [admin]; may be repeated' \
                    --admin 'Where the edge\'s admin API is: host:port, unix:/path or http://host; otherwise admin.bind' \
                    --token-file 'File with the token of the admin API; otherwise admin.token_file, unless --admin is given' \
                    --confirm 'Go back by itself after that time, as "60s", unless kurafuto confirm is run' \
                    --json 'Print JSON; with --version also the surroundings' \
                    --help 'Print help, with a command the help of that command'
            case 'upgrade'
                printf '%s\t%s\n' \
                    --config 'Configuration; otherwise kurafuto.toml, then /etc/kurafuto/kurafuto.toml' \
                    --set 'Set one key, stronger than the environment and the file; to find a running edge, one of [admin]; may be repeated' \
                    --admin 'Where the edge\'s admin API is: host:port, unix:/path or http://host; otherwise admin.bind' \
                    --token-file 'File with the token of the admin API; otherwise admin.token_file, unless --admin is given' \
                    --to 'Executable of the new process; otherwise the one that runs now' \
                    --json 'Print JSON; with --version also the surroundings' \
                    --help 'Print help, with a command the help of that command'
            case 'drill'
                printf '%s\t%s\n' \
                    --config 'Configuration; otherwise kurafuto.toml, then /etc/kurafuto/kurafuto.toml' \
                    --set 'Set one key, stronger than the environment and the file; to find a running edge, one of [admin]; may be repeated' \
                    --admin 'Where the edge\'s admin API is: host:port, unix:/path or http://host; otherwise admin.bind' \
                    --token-file 'File with the token of the admin API; otherwise admin.token_file, unless --admin is given' \
                    --backend 'The backend that the fault stands before' \
                    --player 'Players whom it is for; otherwise all who are on the backend or come there; may be repeated' \
                    --for 'How long it counts, as "30m", "12h" or "7d"; otherwise for good, and drills for 10s' \
                    --delay 'How much later bytes come with the fault delay; otherwise 250ms' \
                    --json 'Print JSON; with --version also the surroundings' \
                    --help 'Print help, with a command the help of that command'
            case 'health'
                printf '%s\t%s\n' \
                    --config 'Configuration; otherwise kurafuto.toml, then /etc/kurafuto/kurafuto.toml' \
                    --set 'Set one key, stronger than the environment and the file; to find a running edge, one of [admin]; may be repeated' \
                    --admin 'Where the edge\'s admin API is: host:port, unix:/path or http://host; otherwise admin.bind' \
                    --token-file 'File with the token of the admin API; otherwise admin.token_file, unless --admin is given' \
                    --ready 'Ask whether the edge takes players, not only whether it runs' \
                    --help 'Print help, with a command the help of that command'
            case 'ctl events'
                printf '%s\t%s\n' \
                    --config 'Configuration; otherwise kurafuto.toml, then /etc/kurafuto/kurafuto.toml' \
                    --set 'Set one key, stronger than the environment and the file; to find a running edge, one of [admin]; may be repeated' \
                    --admin 'Where the edge\'s admin API is: host:port, unix:/path or http://host; otherwise admin.bind' \
                    --token-file 'File with the token of the admin API; otherwise admin.token_file, unless --admin is given' \
                    --since 'Begin with the event behind that one; 0 for all that the edge still knows' \
                    --json 'Print JSON; with --version also the surroundings' \
                    --help 'Print help, with a command the help of that command'
            case 'ctl drain'
                printf '%s\t%s\n' \
                    --config 'Configuration; otherwise kurafuto.toml, then /etc/kurafuto/kurafuto.toml' \
                    --set 'Set one key, stronger than the environment and the file; to find a running edge, one of [admin]; may be repeated' \
                    --admin 'Where the edge\'s admin API is: host:port, unix:/path or http://host; otherwise admin.bind' \
                    --token-file 'File with the token of the admin API; otherwise admin.token_file, unless --admin is given' \
                    --move 'Move the players who are there to the fallback, at its join rate' \
                    --json 'Print JSON; with --version also the surroundings' \
                    --help 'Print help, with a command the help of that command'
            case 'ban' 'allow'
                printf '%s\t%s\n' \
                    --config 'Configuration; otherwise kurafuto.toml, then /etc/kurafuto/kurafuto.toml' \
                    --set 'Set one key, stronger than the environment and the file; to find a running edge, one of [admin]; may be repeated' \
                    --for 'How long it counts, as "30m", "12h" or "7d"; otherwise for good, and drills for 10s' \
                    --reason 'Why, which players who are banned are shown' \
                    --help 'Print help, with a command the help of that command'
            case 'unban' 'disallow'
                printf '%s\t%s\n' \
                    --config 'Configuration; otherwise kurafuto.toml, then /etc/kurafuto/kurafuto.toml' \
                    --set 'Set one key, stronger than the environment and the file; to find a running edge, one of [admin]; may be repeated' \
                    --help 'Print help, with a command the help of that command'
            case 'bans'
                printf '%s\t%s\n' \
                    --config 'Configuration; otherwise kurafuto.toml, then /etc/kurafuto/kurafuto.toml' \
                    --set 'Set one key, stronger than the environment and the file; to find a running edge, one of [admin]; may be repeated' \
                    --json 'Print JSON; with --version also the surroundings' \
                    --help 'Print help, with a command the help of that command'
            case 'schema' 'completion' 'man'
                printf '%s\t%s\n' \
                    --help 'Print help, with a command the help of that command'
        end
    else
        switch "$command $position"
            case ' 0'
                printf '%s\t%s\n' \
                    run 'Run the edge (the default)' \
                    check 'Say what is wrong with the configuration and where, then exit' \
                    demo 'Run the edge with demo worlds on 127.0.0.1:25565, no configuration needed' \
                    plan 'Show what a reload would change, and who would be moved' \
                    reload 'Put the configuration file, as it is now, into effect' \
                    confirm 'Keep what the last reload --confirm has changed' \
                    rollback 'Go back to the configuration of before the last reload --confirm' \
                    drain 'Stop the edge as the signal TERM does, without asking' \
                    upgrade 'Put another process in the place of the edge\'s, while everybody plays on' \
                    drill 'Break connections to a backend on purpose, and tell what each player saw' \
                    health 'End with 0 where the edge runs, with 1 where it does not' \
                    ban 'Keep a player, an address or a network out' \
                    unban 'Take an entry off the ban list' \
                    allow 'Let them in, whatever ban their address has' \
                    disallow 'Take an entry off the allow list' \
                    bans 'Show the ban list and the allow list' \
                    schema 'Print the JSON Schema of the configuration' \
                    completion 'Print what completes command lines in a shell' \
                    man 'Print the man page: kurafuto man | man -l -' \
                    ctl 'See and steer a running edge'
            case 'ctl 0'
                printf '%s\t%s\n' \
                    status 'Show how the edge is doing' \
                    events 'Print what happens, a line for each event, until Ctrl-C' \
                    players 'List the players, and where they are' \
                    backends 'List the backends, and how they are doing' \
                    move 'Move a player to a backend, or to a pool' \
                    kick 'Disconnect a player, who reads the reason' \
                    announce 'Tell every player something, in chat' \
                    drain 'Send a backend no more players; those who are there stay' \
                    enable 'Send a drained backend players again' \
                    explain 'Tell how a session went and why, by the player\'s name or the code of a kick'
            case 'drill 0'
                printf '%s\t%s\n' \
                    delay '' \
                    stall '' \
                    reset '' \
                    half-open '' \
                    garbage '' \
                    death ''
            case 'ctl move 0' 'ctl kick 0' 'ctl explain 0' 'ban 0' 'unban 0' 'allow 0' 'disallow 0'
                $typed[1] complete players $edge 2>/dev/null
            case 'ctl move 1'
                $typed[1] complete destinations $edge 2>/dev/null
            case 'ctl drain 0' 'ctl enable 0'
                $typed[1] complete backends $edge 2>/dev/null
            case 'completion 0'
                printf '%s\t%s\n' \
                    bash '' \
                    zsh '' \
                    fish ''
        end
    end
end

complete -c kurafuto -f -a '(__kurafuto_complete)'
