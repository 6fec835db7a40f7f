# shellcheck shell=sh disable=SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
# What changing and reading the tables costs. Two gateways: pfwd's forwards in one, the same ones as
# an administrator writes them for iptables in the other.

ten=$(size 10000)
fifty=$(size 50000)
hundred=$(size 100000)
one=$(size 1000)
portmap=/usr/lib/cni/portmap
portmap_rounds=1 # minutes each

town ours
town theirs
for n in $one $ten $fifty $hundred; do
	forwards ports "$n" pfwd >"$work/$n.pfwd"
	forwards ports "$n" flat >"$work/$n.flat"
done
# the tables are there before the first measurement
empty_tables ours
empty_tables theirs

row apply-10k ns '<=0.7' "apply $(words "$ten") forwards" "iptables-legacy-restore"
row apply-50k ns '<=0.7' "apply $(words "$fifty") forwards" "iptables-legacy-restore"
row growth ns '<=12' "apply $(words "$hundred") forwards" "pfwd apply $(words "$ten")"
row peak bytes '<=4' "peak memory of apply $(words "$fifty")" "size of the two tables"
row add ns '<=0.95' "add one, $(words "$ten") present" "iptables-legacy -A in nat and in filter"
row portmap ns '<=0.001' "apply $(words "$one") forwards" "CNI portmap"
row list ns '<=1' "list -r of $(words "$ten") forwards" "iptables-legacy -t nat -S"
row save ns '<=0.7' "save - of $(words "$ten") forwards" "iptables-legacy -t nat -S"

apply_and_restore() { # ID COUNT
	took "$1" pfwd ours "$PFWD" --backend iptables apply "$work/$2.pfwd"
	took "$1" peer theirs iptables-legacy-restore "$work/$2.flat"
	empty_tables ours
	empty_tables theirs
}

measure_growth() {
	took growth pfwd ours "$PFWD" --backend iptables apply "$work/$hundred.pfwd"
	empty_tables ours
	took growth peer ours "$PFWD" --backend iptables apply "$work/$ten.pfwd"
	empty_tables ours
}

measure_peak() {
	t=$(timed ours "$PFWD" --backend iptables apply "$work/$fifty.pfwd") && {
		sample peak pfwd "${t#* }"
		sample peak peer "$(at ours "$bin/tablesize")"
	}
	empty_tables ours
}

another="wan0:9999 10.2.0.251:8001"

delete_one() { at ours "$PFWD" --backend iptables del "${another% *}" 2>"$log"; }

measure_add() {
	# shellcheck disable=SC2086 # SPEC and TARGET
	took add pfwd ours "$PFWD" --backend iptables add $another
	delete_one
	nat="FWD -i wan0 -p tcp -m tcp --dport 9999 -j DNAT --to-destination 10.2.0.251:8001"
	filter="FWD -i wan0 -d 10.2.0.251 -p tcp -m tcp --dport 8001 -j ACCEPT"
	# shellcheck disable=SC2086 # words of a rule
	{
		a=$(timed theirs iptables-legacy -t nat -A $nat)
		b=$(timed theirs iptables-legacy -A $filter)
		at theirs iptables-legacy -t nat -D $nat
		at theirs iptables-legacy -D $filter
	}
	sample add peer $((${a% *} + ${b% *}))
}

measure_reading() {
	for what in "list -r" "save -"; do
		# shellcheck disable=SC2086 # command and option
		took "${what% *}" pfwd ours "$PFWD" $what
		took "${what% *}" peer theirs iptables-legacy -t nat -S
	done
}

# It calls the iptables of PATH, whichever that is.
measure_portmap() {
	ip netns add bench
	if t=$(CNI_COMMAND=ADD CNI_CONTAINERID=bench CNI_NETNS=/run/netns/bench CNI_IFNAME=eth0 \
		CNI_PATH=/usr/lib/cni timed theirs $portmap <"$work/mappings"); then
		sample portmap peer "${t% *}"
	fi
	ip netns del bench
	! have nft || at theirs nft flush ruleset
	empty_tables theirs
}

# Where the time goes: strace times each call; what it adds itself is little, these are few calls.
profile() { # WHAT UNDO COMMAND...
	what=$1
	undo=$2
	shift 2
	at ours strace -T -o "$work/trace" -e trace=getsockopt,setsockopt "$@" >/dev/null 2>&1
	$undo
	t=$(timed ours "$@") || return 0
	$undo
	awk -v WHAT="$what" -v WHOLE="${t% *}" '
		/IPT_SO_GET_ENTRIES/ { gsub(/[<>]/, "", $NF); get += $NF; gets++ }
		/IPT_SO_SET_REPLACE/ { gsub(/[<>]/, "", $NF); set += $NF; sets++ }
		END {
			printf "%s: %.1f ms, of which the kernel has %.1f ms in %d IPT_SO_GET_ENTRIES" \
				" and %.1f ms in %d IPT_SO_SET_REPLACE\n",
				WHAT, WHOLE / 1e6, get * 1e3, gets, set * 1e3, sets
		}' "$work/trace" >>"$work/notes"
}

for round in $(rounds); do
	say "making: apply, round $round of $BENCH_ROUNDS"
	{
	apply_and_restore apply-10k "$ten"
	apply_and_restore apply-50k "$fifty"
	measure_growth
	measure_peak
	took portmap pfwd ours "$PFWD" --backend iptables apply "$work/$one.pfwd"
	empty_tables ours
	} || true
done

fill_gateway ours pfwd ports "$ten" && fill_gateway theirs iptables ports "$ten"
for round in $(rounds); do
	say "making: add, list, save, round $round of $BENCH_ROUNDS"
	{
	measure_add
	measure_reading
	} || true
done
empty_tables theirs

if [ -x $portmap ]; then
	forwards ports "$one" mappings >"$work/mappings"
	for round in $(seq $portmap_rounds); do
		say "making: CNI portmap with $(words "$one"), round $round of $portmap_rounds"
		measure_portmap
	done
	note "CNI portmap was run $portmap_rounds time(s), with $(iptables --version)"
else
	note "not installed: $portmap (containernetworking-plugins)"
fi

if have strace; then
	# shellcheck disable=SC2086 # SPEC and TARGET
	profile "add one, $(words "$ten") present" delete_one "$PFWD" --backend iptables add $another
	profile "save - of $(words "$ten")" true "$PFWD" save -
	empty_tables ours
	for n in $ten $fifty $hundred; do
		profile "apply $(words "$n")" "empty_tables ours" "$PFWD" --backend iptables apply "$work/$n.pfwd"
	done
fi
raze ours
raze theirs
