#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: tests/stories/complete.sh SHELL SHARE LINE [MORE]
# What the last word of LINE, typed behind `pfwd`, becomes by a TAB and then MORE, in a terminal of
# that shell, with the completions in SHARE; pfwd is looked up in PATH.
set -eu

share=$2
line=$3
more=${4-}
export HOME=/run TERM=dumb

typed() { # SETUP: lines that define `say` to be completed as pfwd is; then what it was given last
	printf '%s\nsay() { printf "<%%s>" "$@"; echo; }\nsay %s\t%s\nexit\n' "$1" "$line" "$more"
}

last() {
	tr -d '\r' | sed -n '/printf/d; s/.*\(<[^<>]*>\)$/\1/p'
}

case $1 in
bash)
	typed "HISTFILE=; . $share/bash-completion/completions/pfwd; complete -F _pfwd say" |
		script -qec 'bash --norc --noprofile -i' /dev/null | last
	;;
zsh)
	typed "fpath=($share/zsh/site-functions \$fpath); autoload -U compinit; compinit -D -u
		compdef _pfwd say" |
		script -qec 'zsh -f -i' /dev/null | last
	;;
fish)
	fish -c "source $share/fish/vendor_completions.d/pfwd.fish; complete -C 'pfwd $line'" |
		sed "s/\t.*//; s/.*/<&$more>/"
	;;
esac
