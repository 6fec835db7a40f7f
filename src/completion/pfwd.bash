# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for pfwd(8). Commands, options and columns are asked of pfwd itself.
# shellcheck shell=bash

_pfwd_words() { # COMMAND: its options, from its help
	pfwd help "$@" 2>/dev/null | sed -n '/^Options:/,/^$/p' |
		grep -oE -- '(^| )--?[[:alnum:]][[:alnum:]-]*' | tr -d ' '
}

_pfwd() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command='' word words
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		[[ $word == -* ]] || { command=$word && break; }
	done
	COMPREPLY=()
	if [[ -z $command ]]; then
		words="add del rm delete list ls conns apply diff save flush help version $(_pfwd_words)"
	elif [[ $cur == -* ]]; then
		words=$(_pfwd_words "$command")
	elif [[ $prev == -o || $prev == --output ]]; then
		words=$(pfwd help "$command" 2>/dev/null | sed -n '/^Columns:/,$s/^  \([A-Z-]*\) .*/\1/p')
	else
		case $command in
		add)
			words=$(sed -n 's/^ *\([^:]*:\).*/\1/p' /proc/net/dev)
			compopt -o nospace
			;;
		del | rm | delete | list | ls | conns)
			words=$(pfwd list -rn -o FORWARD,NAME 2>/dev/null | tr ' ' '\n' | grep -vx -- -)
			;;
		apply | diff | save) mapfile -t COMPREPLY < <(compgen -f -- "$cur") && return ;;
		help) words="add del list conns apply diff save flush help version" ;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	# readline takes a colon for the end of a word
	declare -F __ltrim_colon_completions >/dev/null && __ltrim_colon_completions "$cur"
	return 0
}
complete -F _pfwd pfwd
