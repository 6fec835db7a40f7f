#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: PFWD=PROGRAM tests/stories/manual.sh WHAT
# Where the manual and the help of the program differ in WHAT; nothing where they agree.
set -eu

manual=man/pfwd.8
apart=$(mktemp -d)
trap 'rm -r "$apart"' EXIT

section() { # TITLE: of the manual
	sed -n "/^\\.Sh $1\$/,/^\\.Sh /p" $manual
}

flags() { # of the mdoc on standard input: -n, --dry-run; -46n is three
	awk '{
		for (i = 1; i < NF; i++) {
			if ($i !~ /^\.?Fl$/)
				continue
			if ($(i + 1) ~ /^-/)
				print "-" $(i + 1)
			else
				for (k = 1; k <= length($(i + 1)); k++)
					print "-" substr($(i + 1), k, 1)
		}
	}' | sort -u
}

option_lines() { # COMMAND: of its help, -n --dry-run
	"$PFWD" help "$1" | sed -n '/^Options:/,/^$/s/^  *\(-[^ ,[]*\),* *\(--[a-z-]*\)*.*/\1 \2/p'
}

every_option() {
	for command in $(commands); do
		option_lines "$command"
	done | tr ' ' '\n' | grep . | sort -u
}

commands() {
	"$PFWD" help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

synopsis() { # COMMAND: its part
	section SYNOPSIS | awk -v command="$1" '$1 == ".Cm" { on = $2 == command } on'
}

columns() { # COMMAND: of the manual
	awk -v command="$1" '
		/^Columns of/ { getline; on = $2 == command }
		/^\.El/ { on = 0 }
		on && /^\.It/ { print $2 }' $manual
}

same() { # WHAT PROGRAM MANUAL: lists that must not be empty, and be the same
	[ -n "$2" ] && [ -n "$3" ] || echo "$1: a list is empty"
	printf '%s\n' "$2" >"$apart/program"
	printf '%s\n' "$3" >"$apart/manual"
	(cd "$apart" && diff -u program manual) || echo "differ: $1"
}

header() { # COMMAND [OPTION]: the columns that it prints
	"$PFWD" "$@" 2>/dev/null | head -n 1 | xargs -n 1
}

case $1 in
commands)
	same commands "$(commands)" \
		"$(section COMMANDS | sed -n 's/^\.It Cm \([a-z]*\).*/\1/p')"
	same "commands of the synopsis" "$(commands)" \
		"$(section SYNOPSIS | sed -n 's/^\.Cm //p')"
	;;
aliases)
	same aliases \
		"$(for c in $(commands); do "$PFWD" help "$c" | sed -n 's/^ *also: //p'; done | tr -d ,)" \
		"$(section COMMANDS | awk '
			/^Also:/ { on = 1; next }
			on && /^\.Cm/ { printf "%s%s", sep, $2; sep = " "; next }
			on { if (sep) print ""; on = 0; sep = "" }')"
	;;
options)
	same options "$(every_option)" "$(grep '^\.It Fl' $manual | flags)"
	unknown=$(flags <$manual | grep -vxF -e "$(every_option)" || true)
	[ -z "$unknown" ] || echo "no option of the program: $unknown"
	;;
synopsis)
	# options that go with every command need not be there
	everywhere=$(option_lines version)
	for command in $(commands); do
		there=$(synopsis "$command" | flags)
		for flag in $there; do
			option_lines "$command" | grep -qwe "$flag" || echo "$command has no $flag"
		done
		option_lines "$command" | grep -vxF -e "$everywhere" | while read -r short long; do
			printf '%s\n' "$there" | grep -qx -e "$short" -e "${long:-$short}" ||
				echo "$command has $short $long"
		done
	done
	;;
file)
	same "options of a line" \
		"$(option_lines add | grep -vxF -e "$(option_lines version)" |
			grep -v -e --for -e --replace -e --dry-run | tr ' ' '\n' | grep . | sort -u)" \
		"$(grep '^\.It Fl' man/forwards.conf.5 | flags)"
	;;
findings)
	same findings \
		"$("$PFWD" help check | sed -n '/^Findings:/,$s/^  \([a-z0-9-]*\)  *\([a-z]*\):.*/\1 \2/p')" \
		"$(section FINDINGS | awk '/^\.It/ { word = $2; getline; sub(/[ :].*/, ""); print word, $0 }')"
	;;
columns)
	for command in list conns top; do
		same "columns of $command" \
			"$("$PFWD" help $command | sed -n '/^Columns:/,$s/^  \([A-Zs\/-]*\) .*/\1/p')" \
			"$(columns $command)"
	done
	same "usual columns of list" "$(header list)" "$(columns list | head -n 6)"
	same "usual columns of conns" "$(header conns)" "$(columns conns | head -n 7)"
	same "usual columns of top" "$(header top -b -n 1 -d 0.1)" "$(columns top | head -n 6)"
	same "columns of conns -c" "$(header conns -c)" \
		"$(sed -n 's/.*with the columns \(.*\):/\1/p' $manual | tr -d , | sed 's/ and / /' | xargs -n 1)"
	;;
esac
