# shellcheck shell=sh disable=SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
# What the parts of the bench share: lines and samples of the table, towns, and commands in them.

say() { echo "bench: $*" >&2; }
note() { echo "$*" >>"$work/notes"; }

# A line of the table. UNIT: ns, bytes, rate (bytes a second) or count. TARGET: of the ratio `<=N' or
# `>=N', of pfwd's own value `value<=N', or `-' where the line is for information.
row() { # ID UNIT TARGET WHAT AGAINST
	printf '%s\t%s\t%s\t%s\t%s\n' "$@" >>"$work/rows"
}

sample() { # ID SIDE VALUE: pfwd's or the peer's
	[ -z "$3" ] || echo "$1 $2 $3" >>"$work/samples"
}

size() { # N: scaled, 1 at the least
	n=$(($1 / BENCH_SCALE))
	echo $((n > 0 ? n : 1))
}

words() { # N, as people write it
	echo "$1" | sed ':a; s/\([0-9]\)\([0-9]\{3\}\)\($\|,\)/\1,\2\3/; ta'
}

# a server that is routed to, and that no forward leads to
echo "- 10.2.9.9 8001" >"$work/outside"

rounds() { seq "$BENCH_ROUNDS"; }

have() { command -v "$1" >/dev/null 2>&1; }

forwards() { # KIND COUNT FORM [PICKS]
	awk -v KIND="$1" -v COUNT="$2" -v FORM="$3" -v PICKS="${4:-0}" -f "$here/forwards.awk"
}

# A client, a gateway and a server: namespaces NAME-client, NAME and NAME-server.
town() { # NAME
	for ns in "$1" "$1-client" "$1-server"; do
		ip netns add "$ns"
		ip -n "$ns" link set lo up
	done
	ip -n "$1" link add wan0 type veth peer name eth0 netns "$1-client"
	ip -n "$1" link add lan0 type veth peer name eth0 netns "$1-server"
	ip -n "$1" addr add 203.0.113.1/24 dev wan0
	ip -n "$1" addr add 192.168.1.1/24 dev lan0
	ip -n "$1-client" addr add 203.0.113.9/24 dev eth0
	ip -n "$1-server" addr add 192.168.1.2/24 dev eth0
	for link in "$1 wan0" "$1 lan0" "$1-client eth0" "$1-server eth0"; do
		ip -n "${link% *}" link set "${link#* }" up
	done
	# whole networks of addresses: clients in 10.64.0.0/10, targets in 10.2.0.0/16
	ip -n "$1-client" route add local 10.64.0.0/10 dev lo
	ip -n "$1-server" route add local 10.2.0.0/16 dev lo
	ip -n "$1-client" route add default via 203.0.113.1
	ip -n "$1-server" route add default via 192.168.1.1
	ip -n "$1" route add 10.64.0.0/10 via 203.0.113.9
	ip -n "$1" route add 10.2.0.0/16 via 192.168.1.2
	ip netns exec "$1" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
}

raze() { # NAME
	for ns in "$1" "$1-client" "$1-server"; do ip netns del "$ns"; done
}

at() { # NAME COMMAND...: in the gateway of that town
	at_ns=$1
	shift
	ip netns exec "$at_ns" "$@"
}

# Nanoseconds and bytes of memory at the peak; nothing, and a note, where the command fails.
timed() { # NAME COMMAND...
	timed_ns=$1
	shift
	at "$timed_ns" "$bin/timed" "$@" 2>"$log" || {
		note "failed: $(basename "$1") $(echo "$*" | cut -s -d' ' -f2-5):" \
			"$(head -n 1 "$log")"
		false
	}
}

fill_gateway() { # NAME TOOL KIND COUNT: with forwards
	case $2 in
	pfwd) forwards "$3" "$4" pfwd | at "$1" "$PFWD" --backend iptables apply - ;;
	nftables) forwards "$3" "$4" pfwd | at "$1" "$PFWD" --backend nftables apply - ;;
	iptables) forwards "$3" "$4" flat | at "$1" iptables-legacy-restore ;;
	nft | map | counters) forwards "$3" "$4" "$2" | at "$1" nft -f - ;;
	esac >"$log" 2>&1 || {
		note "failed: $2 with $4 forwards: $(head -n 1 "$log")"
		false
	}
}

# A town with forwards, if the tool is there, and where to connect for the last of them and for random
# ones.
ready() { # NAME TOOL KIND COUNT
	case $2 in nft | map | counters) have nft || return 0 ;; esac
	say "$1: $(words "$4") by $2"
	town "$1"
	fill_gateway "$1" "$2" "$3" "$4" || raze "$1"
	forwards "$3" "$4" last >"$work/$1.last"
	forwards "$3" "$4" random 1000 >"$work/$1.random"
}

stands() { [ -e "/run/netns/$1" ]; }

# by new connections, by turns of one connection, or for a second
probe() { # TOWN connect|pingpong|bulk <DESTINATIONS
	case $2 in pingpong) count=4000 ;; *) count=1000 ;; esac
	"$bin/probe" "$1-client" "$1-server" "$2" $count 2>"$log" || {
		note "failed: $2 through $1: $(head -n 1 "$log")"
		false
	}
}

# one measurement in a town, as a sample of a line of the table
measure() { # ID SIDE TOWN MODE DESTINATIONS
	stands "$3" && value=$(probe "$3" "$4" <"$5") && sample "$1" "$2" "$value"
}

# how long a command takes, as a sample
took() { # ID SIDE NAME COMMAND...
	took_id=$1
	took_side=$2
	shift 2
	t=$(timed "$@") && sample "$took_id" "$took_side" "${t% *}"
}

raze_all() {
	for gateway in /run/netns/*-server; do
		gateway=${gateway##*/}
		raze "${gateway%-server}"
	done
}

empty_tables() { # NAME
	printf '*nat\nCOMMIT\n*filter\nCOMMIT\n' | at "$1" iptables-legacy-restore
}
