# shellcheck shell=sh disable=SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
# What showing connections costs beside conntrack(8), on one table of connections, and whether
# following them keeps up.

million=$(size 1000000)
thousand=$(size 1000)
ten=$(size 10000)
rate=20000
seconds=$(size 10)
mib16=$((16 << 20))
follower=

town conns
limit=$(at conns cat /proc/sys/net/netfilter/nf_conntrack_max)
note "nf_conntrack_max $limit," \
	"nf_conntrack_buckets $(at conns cat /proc/sys/net/netfilter/nf_conntrack_buckets)"
[ "$limit" -ge "$million" ] ||
	note "failed: nf_conntrack_max cannot be raised to $million here; connections were refused"
have conntrack || note "conns: nothing to measure against"

# Replies are not wanted, nor is the server's part of the work: the targets are nowhere.
ip -n conns-server route del local 10.2.0.0/16 dev lo
ip -n conns-server route add blackhole 10.2.0.0/16
forwards ports "$ten" pfwd >"$work/conns.pfwd"
echo "wan0:9999/udp 10.2.0.1:8001" >>"$work/conns.pfwd"
at conns "$PFWD" apply "$work/conns.pfwd" 2>"$log" || note "failed: apply: $(head -n 1 "$log")"

fill() { # COUNT TRANSLATED
	say "conns: $(words "$1") entries, $(words "$2") translated"
	refused=$(forwards ports "$ten" translated | at conns "$bin/fill" "$1" "$2")
	[ "$refused" = 0 ] || note "failed: $refused of $1 entries were refused"
}

against="conntrack -L --dst-nat"
row few ns '<=0.15' "conns -r, $(words "$million") entries, $(words "$thousand") translated" "$against"
row floor ns - "a dump of $(words "$million") translated entries, thrown away" "$against"
for option in r J c; do
	case $option in J) target='<=1' ;; *) target='<=0.6' ;; esac
	row "all-$option" ns "$target" "conns -$option, $(words "$million") entries, all translated" \
		"$against"
	row "peak-$option" bytes "value<=$mib16" "peak memory of that" "$against"
done

show() { # ID OPTION
	if t=$(timed conns "$PFWD" conns "-$2"); then
		sample "$1" pfwd "${t% *}"
		sample "peak-$2" pfwd "${t#* }"
	fi
}

show_peer() { # ID...: one measurement for them all
	have conntrack && t=$(timed conns conntrack -L --dst-nat) || return 0
	for id in "$@"; do
		case $id in
		peak-*) sample "$id" peer "${t#* }" ;;
		*) sample "$id" peer "${t% *}" ;;
		esac
	done
}

fill "$million" "$thousand"
for round in $(rounds); do
	say "conns: few, round $round of $BENCH_ROUNDS"
	if t=$(timed conns "$PFWD" conns -r); then
		sample few pfwd "${t% *}"
	fi
	show_peer few
done
at conns "$bin/fill" 0 0

fill "$million" "$million"
for round in $(rounds); do
	say "conns: all, round $round of $BENCH_ROUNDS"
	for option in r J c; do
		show "all-$option" $option
		show_peer "all-$option" "peak-$option"
	done
	if t=$(timed conns "$bin/dump"); then
		sample floor pfwd "${t% *}"
	fi
	show_peer floor
done
at conns "$bin/fill" 0 0

# ---- following ----

# The namespace's entries are counted by the kernel: what a follower missed is the difference.
follow() { # SIDE PATTERN COMMAND...: PATTERN is what a line of a new connection has
	side=$1
	pattern=$2
	shift 2
	: >"$work/events"
	at conns "$@" >"$work/events" 2>"$work/events.err" &
	follower=$!
	sleep 1
	if ! kill -0 $follower 2>/dev/null; then
		note "failed: $(basename "$1") $2 $3: $(head -n 1 "$work/events.err")"
		return 0
	fi
	sent=$(at conns-client "$bin/flood" 203.0.113.1 9999 $rate "$seconds")
	settle
	kill $follower
	wait $follower || true
	follower=
	made=$(at conns conntrack -C)
	seen=$(grep -c "$pattern" "$work/events" || true)
	sample "follow-$side" pfwd $((made - seen))
	note "$(basename "$1") $2 $3: ${sent% *} connections begun in ${sent#* } ms," \
		"the kernel made $made, $seen seen;" \
		"it said: $(grep -v 'flow events have been shown' "$work/events.err" | head -n 1)"
	at conns "$bin/fill" 0 0
}

# until nothing more comes for a second
settle() {
	before=-1
	after=0
	while [ "$before" != "$after" ]; do
		before=$after
		sleep 1
		after=$(wc -c <"$work/events")
	done
}

begun="$(words $((rate * seconds))) new connections in $seconds s"
row follow-pfwd count 'value<=0' "missed by conns -f, $begun" -
row follow-peer count - "missed by conntrack -E, for comparison" -
if have conntrack; then
	say "conns: following"
	# the others are there no more: a kernel with a full table makes no new ones
	follow pfwd '"event": *"new"' "$PFWD" conns -f -J
	follow peer '\[NEW\]' conntrack -E -e NEW --dst-nat
fi
raze conns
