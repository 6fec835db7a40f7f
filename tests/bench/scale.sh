#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# How the time of each command grows with the number of forwards, in shapes that are unkind: a line
# for each shape, backend and command with the seconds of CPU at each size and the growth per
# doubling between the first and the last size at which they can be told. Status 1 where a growth is
# beyond the bound.
#
#   SCALE_SIZES     how many forwards (5000 10000 20000 50000)
#   SCALE_SHAPES    the shapes to measure (all; see below)
#   SCALE_BACKENDS  iptables nftables
#   SCALE_BOUND     growth per doubling (2.4)
#   PFWD            the program
set -u
here=$(dirname "$0")
: "${SCALE_SIZES:=5000 10000 20000 50000}" "${SCALE_BOUND:=2.4}" "${PFWD:=$PWD/pfwd}"
: "${SCALE_SHAPES:=plain two wide nested from until names foreign}"
: "${SCALE_BACKENDS:=iptables nftables}"

if [ "${SCALE_APART:-}" = "" ]; then
	export SCALE_APART=yes SCALE_SIZES SCALE_BOUND SCALE_SHAPES SCALE_BACKENDS PFWD
	apart="unshare --net --mount"
	[ "$(id -u)" = 0 ] || apart="$apart --user --map-root-user"
	exec $apart "$here/scale.sh"
fi
mount -t tmpfs none /run
ip link set lo up
ip link add wan0 type veth peer name wan1
ip link set wan0 up
ip addr add 203.0.113.1/24 dev wan0

# ---- shapes ----

shape() { # SHAPE COUNT: the lines of a forwards file
	awk -v shape="$1" -v count="$2" '
	function client(i) {
		return "10." int(i / 16384) % 256 "." int(i / 128) % 128 "." 2 * (i % 128)
	}
	BEGIN {
		for (i = 0; i < count; i++) {
			port = 1024 + i % 60000
			# ports of one target
			if (shape == "plain")
				print "wan0:" port " 192.168.1.2:8080"
			# with and without options to one target
			else if (shape == "two")
				print (i % 2 ? "wan0:" : "lan0:") 1024 + int(i / 2) \
					" 192.168.1.2:8080" (i % 2 ? " --masquerade" : "")
			# one range around many
			else if (shape == "wide")
				print i ? "wan0:" port " 192.168.1.2:8080" : \
					"wan0:1-65535 192.168.1.3"
			# ranges in ranges, ten deep
			else if (shape == "nested")
				print "wan0@203.0." int(i / 10 / 256) "." int(i / 10) % 256 ":" \
					1000 + i % 10 "-" 2000 - i % 10 " 192.168.1.2"
			# many networks of one port
			else if (shape == "from")
				print "wan0:80 192.168.1." 2 + i % 2 " --from " client(i) "/31"
			# as many ends
			else if (shape == "until")
				printf "wan0:%d 192.168.1.2 --until 2037-%02d-%02dT%02d:%02d:%02dZ\n", \
					port, 1 + int(i / 86400), 1, int(i / 3600) % 24, \
					int(i / 60) % 60, i % 60
			# names, which select
			else
				print "wan0:" port " 192.168.1.2 --name n" i
		}
	}'
}

# Chains of somebody else, of which each calls two: a few ways through all of them.
foreign() { # COUNT
	awk -v count="$1" '
	BEGIN {
		print "*filter"
		for (i = 1; i <= count; i++)
			print ":C" i " - [0:0]"
		print "-A FORWARD -j C1"
		for (i = 1; i <= count; i++)
			for (j = 2 * i; j <= 2 * i + 1 && j <= count; j++)
				print "-A C" i " -p tcp -j C" j
		print "COMMIT"
	}' | iptables-legacy-restore
}

empty() {
	iptables-legacy -t nat -F
	iptables-legacy -t nat -X
	iptables-legacy -F
	iptables-legacy -X
	nft flush ruleset
} 2>/dev/null

# ---- measuring ----

took() { # COMMAND SIZE WORD...: note the seconds of CPU
	took_what="$shape $PFWD_BACKEND $1"
	took_size=$2
	shift 2
	(
		timeout 300 "$@" >/dev/null 2>/run/words || {
			echo "failed: $took_what at $took_size: $(head -n 1 /run/words)" >&2
			exit
		}
		times >/run/times # in a pipe it would be of another shell
		awk -v what="$took_what $took_size" -F'[ ms]+' \
			'NR == 2 { print what, 60 * $1 + $2 + 60 * $3 + $4 }' /run/times
	) >>/run/samples
}

measure() { # COUNT
	shape "$shape" "$1" >/run/lines
	empty
	[ "$shape" != foreign ] || foreign "$1"
	took apply "$1" "$PFWD" apply /run/lines
	took list "$1" "$PFWD" list -rn
	took diff "$1" "$PFWD" diff /run/lines
	took save "$1" "$PFWD" save -
	took conns "$1" "$PFWD" conns -rn
	took add "$1" "$PFWD" add wan0@203.0.113.1:9 192.168.1.9
	took del "$1" "$PFWD" del wan0@203.0.113.1:9
	case $shape in
	from) # a word may not be longer than 128 kB
		[ "$1" -gt 7000 ] ||
			took add-many "$1" "$PFWD" add wan0:81 192.168.1.2 --from \
				"$(sed 's/.* //' /run/lines | paste -s -d ,)"
		;;
	plain | names)
		# shellcheck disable=SC2046 # words
		took del-many "$1" "$PFWD" del \
			$(sed 's/.*--name //; s/ .*//' /run/lines | head -n $(($1 / 2)))
		;;
	esac
	took flush "$1" "$PFWD" flush
}

: >/run/samples
for PFWD_BACKEND in $SCALE_BACKENDS; do
	export PFWD_BACKEND
	for shape in $SCALE_SHAPES; do
		[ "$shape $PFWD_BACKEND" != "foreign nftables" ] || continue
		for size in $SCALE_SIZES; do
			# as many different ends as forwards are a tenth as many
			[ "$shape" != until ] || size=$((size / 10))
			measure "$size"
		done
	done
done
empty

awk -v bound="$SCALE_BOUND" -v sizes="$SCALE_SIZES" '
	{
		key = $1 " " $2 " " $3
		if (!(key in first))
			order[++keys] = key
		seen[key, $4] = $5
		# less says nothing: the clock has steps, and memory gets slower
		if ($5 >= 0.1 && !(key in from))
			from[key] = $4
		first[key] = 1
		to[key] = $4
	}
	END {
		n = split(sizes, size, " ")
		for (i = 1; i <= n; i++)
			tenth[i] = int(size[i] / 10)
		printf "%-10s%-10s%-10s", "SHAPE", "BACKEND", "COMMAND"
		for (i = 1; i <= n; i++)
			printf "%8d", size[i]
		print "  GROWTH"
		for (k = 1; k <= keys; k++) {
			key = order[k]
			split(key, part, " ")
			printf "%-10s%-10s%-10s", part[1], part[2], part[3]
			for (i = 1; i <= n; i++) {
				at = part[1] == "until" ? tenth[i] : size[i]
				printf "%8s", (key, at) in seen ? sprintf("%.2f", seen[key, at]) : "-"
			}
			growth = 0
			if (key in from && to[key] > from[key])
				growth = exp(log(seen[key, to[key]] / seen[key, from[key]]) * \
					log(2) / log(to[key] / from[key]))
			# each end has a set of its own, which the kernel seeks among all sets
			kernels = part[1] part[2] == "untilnftables"
			beyond += growth > bound && !kernels
			print growth ? sprintf("  %.1f%s", growth, growth <= bound ? "" : \
				kernels ? " (in the kernel)" : " !") : "  -"
		}
		exit beyond > 0
	}' /run/samples
