# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion for pfwd(8). Options and columns are asked of pfwd itself.
function __pfwd_options
    pfwd help (commandline -opc)[2] 2>/dev/null | sed -n '/^Options:/,/^$/p' |
        grep -oE -- '(^| )--?[[:alnum:]][[:alnum:]-]*' | tr -d ' '
end
function __pfwd_columns
    pfwd help (commandline -opc)[2] 2>/dev/null | sed -n '/^Columns:/,$s/^  \([A-Z-]*\) .*/\1/p'
end
function __pfwd_forwards
    pfwd list -rn -o FORWARD,NAME 2>/dev/null | string split ' ' | string match -v -- -
end
complete -c pfwd -f
complete -c pfwd -n __fish_use_subcommand -a 'add del rm delete list ls conns apply diff save flush help version'
complete -c pfwd -n 'not __fish_use_subcommand; and string match -q -- "-*" (commandline -ct)' -a '(__pfwd_options)'
complete -c pfwd -n '__fish_seen_subcommand_from list ls conns' -s o -l output -x -a '(__pfwd_columns)'
complete -c pfwd -n '__fish_seen_subcommand_from add' -a '(sed -n \'s/^ *\([^:]*:\).*/\1/p\' /proc/net/dev)'
complete -c pfwd -n '__fish_seen_subcommand_from del rm delete list ls conns' -a '(__pfwd_forwards)'
complete -c pfwd -n '__fish_seen_subcommand_from apply diff save' -F
complete -c pfwd -n '__fish_seen_subcommand_from help' -a 'add del list conns apply diff save flush help version'
