# shellcheck shell=sh disable=SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
# What it costs to watch the traffic of many forwards and connections, beside conntrack(8).

million=$(size 1000000)
hundred=$(size 100000)
many=$(size 50000)
seconds=20
mib64=$((64 << 20))
backend=${PFWD_BACKEND:-nftables}

town top
limit=$(at top cat /proc/sys/net/netfilter/nf_conntrack_max)
[ "$limit" -ge "$million" ] ||
	note "failed: nf_conntrack_max cannot be raised to $million here; connections were refused"
have conntrack || note "top: nothing to measure against"
at top sysctl -qw net.netfilter.nf_conntrack_acct=1 ||
	note "failed: net.netfilter.nf_conntrack_acct cannot be set; no bytes were counted"
ip -n top-server route del local 10.2.0.0/16 dev lo
ip -n top-server route add blackhole 10.2.0.0/16
forwards ports "$many" pfwd | at top "$PFWD" --backend "$backend" apply - 2>"$log" ||
	note "failed: apply: $(head -n 1 "$log")"

fill() { # COUNT: all translated
	say "top: $(words "$1") entries"
	refused=$(forwards ports "$many" translated | at top "$bin/fill" "$1" "$1")
	[ "$refused" = 0 ] || note "failed: $refused of $1 entries were refused"
}

computed() { # PID FIELDS: nanoseconds of it, or of its children
	awk -v hertz="$(getconf CLK_TCK)" -v fields="$2" '{
		sub(/.*\) /, "") # fields are counted from the third
		split(fields, f, " ")
		printf "%.0f", ($f[1] + $f[2]) * 1e9 / hertz
	}' "/proc/$1/stat"
}

own="12 13"
children="14 15"
what="$(words "$many") forwards, $(words "$million") connections, all translated"
row top-cpu ns '<=0.2' "computed in $seconds s by top, $what" "conntrack -L in a loop"
row top-share ns "value<=$((seconds * 300000000))" "the same, against 0.3 of a processor" -
row top-memory bytes "value<=$mib64" "memory of that" -
row metrics ns '<=0.5' "metrics, $(words "$many") forwards, $(words "$hundred") connections" \
	"conntrack -L --dst-nat"

watch() { # for a while, when the first pass is over
	: >"$work/top.rows" # those of the last round are not to be taken for this one's
	# not by at: the process is to be the program itself
	ip netns exec top "$PFWD" top -b -o FORWARD --backend "$backend" >"$work/top.rows" 2>"$log" &
	top=$!
	until [ -s "$work/top.rows" ]; do
		kill -0 $top || {
			note "failed: top: $(head -n 1 "$log")"
			return 0
		}
		sleep 0.5
	done
	before=$(computed $top "$own")
	sleep $seconds
	after=$(computed $top "$own")
	sample top-cpu pfwd $((after - before))
	sample top-share pfwd $((after - before))
	sample top-memory pfwd $(($(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' /proc/$top/status) * 1024))
	kill $top
	wait $top || true
}

watch_peer() {
	have conntrack || return 0
	ip netns exec top sh -c 'while :; do conntrack -L >/dev/null 2>&1; done' &
	loop=$!
	sleep $seconds
	kill -STOP $loop
	# the one that runs now does not count: it is no more than a part of the last round
	sample top-cpu peer "$(computed $loop "$children")"
	kill -KILL $loop
	wait $loop || true
}

fill "$million"
for round in $(rounds); do
	say "top: round $round of $BENCH_ROUNDS"
	watch
	watch_peer
done
at top "$bin/fill" 0 0

fill "$hundred"
for round in $(rounds); do
	say "top: metrics, round $round of $BENCH_ROUNDS"
	took metrics pfwd top "$PFWD" metrics --backend "$backend"
	have conntrack && took metrics peer top conntrack -L --dst-nat
done
at top "$bin/fill" 0 0
raze top
