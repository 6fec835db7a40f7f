# shellcheck shell=sh disable=SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
# The backend on nf_tables beside pfwd on the legacy tables, and beside maps that an administrator
# writes for nft. What a packet pays comes first, then what changing and reading costs.

ten=$(size 10000)
fifty=$(size 50000)
hundred=$(size 100000)
over=$(size 20000)
clients=$(size 10000)
few=$(size 1000)
five=$(words "$fifty")

# ---- packets ----

ready n-1 nftables ports 1
ready n-many nftables ports "$fifty"
ready map-many map ports "$fifty"
ready n-addresses nftables addresses "$over"
ready map-addresses map addresses "$over"
ready n-clients-1 nftables clients 1
ready n-clients nftables clients "$clients"
ready n-ranges nftables ranges "$few"
ready n-times nftables times "$few"
town plain

row n-last ns '<=1.04' "nftables: new connection to the last of $five forwards" \
	"pfwd on nftables, 1 forward"
row n-map ns '<=1.1' "nftables: new connection to the last of $five forwards" "nft map"
row n-over ns '<=1.05' \
	"nftables: new connections to random ones of $(words "$over") on 250 addresses" "nft map"
row n-clients ns '<=1.3' \
	"nftables: new connections to random ones of $(words "$clients"), a --from each" \
	"pfwd on nftables, 1 forward"
row n-ranges ns '<=1.6' \
	"nftables: new connections to random ones of $(words "$few") ranges of 10 ports" \
	"pfwd on nftables, 1 forward"
row n-times ns '<=3' \
	"nftables: new connections to random ones of $(words "$few"), an --until each" \
	"pfwd on nftables, 1 forward"
row n-bulk rate '>=0.95' "nftables: throughput through a forward, $five present" "plain routing"

for round in $(rounds); do
	say "nftables: packets, round $round of $BENCH_ROUNDS"
	{
	measure n-last pfwd n-many connect "$work/n-many.last"
	measure n-last peer n-1 connect "$work/n-1.last"
	measure n-map pfwd n-many connect "$work/n-many.last"
	measure n-map peer map-many connect "$work/map-many.last"
	measure n-over pfwd n-addresses connect "$work/n-addresses.random"
	measure n-over peer map-addresses connect "$work/map-addresses.random"
	measure n-clients pfwd n-clients connect "$work/n-clients.random"
	measure n-clients peer n-clients-1 connect "$work/n-clients-1.random"
	measure n-ranges pfwd n-ranges connect "$work/n-ranges.random"
	measure n-ranges peer n-1 connect "$work/n-1.last"
	measure n-times pfwd n-times connect "$work/n-times.random"
	measure n-times peer n-1 connect "$work/n-1.last"
	measure n-bulk pfwd n-many bulk "$work/n-many.last"
	measure n-bulk peer plain bulk "$work/outside"
	} || true
done
raze_all

# ---- changing and reading ----

town ours   # pfwd on nftables
town legacy # pfwd on the legacy tables
town theirs # nft
forwards ports "$fifty" pfwd >"$work/many"
forwards ports "$fifty" counters >"$work/map"
forwards two "$ten" pfwd >"$work/ten"
forwards two "$hundred" pfwd >"$work/hundred"
# the tables are there before the first measurement
empty_tables legacy

ours() { at ours "$PFWD" --backend nftables "$@" 2>"$log"; }

row n-apply-nft ns '<=0.18' "nftables: apply $five forwards" "nft -f, a map with counters"
row n-apply ns '<=0.6' "nftables: apply $five forwards" "pfwd on the legacy tables"
row n-growth ns '<=11' "nftables: apply $(words "$hundred") forwards" \
	"pfwd on nftables, apply $(words "$ten")"
for what in add del; do
	row n-$what ns '<=0.03' "nftables: $what one, $five present" "pfwd on the legacy tables"
done
row n-add-nft ns '<=0.6' "nftables: add one, $five present" "nft add element"
row n-del-nft ns '<=0.6' "nftables: del one, $five present" "nft delete element"
row n-list ns '<=0.05' "nftables: list -r of $five forwards" "nft list map"
row n-save ns '<=0.05' "nftables: save - of $five forwards" "nft list map"
row n-apply-peak bytes 'value<=20971520' "nftables: peak memory of apply $five" -
row n-list-peak bytes 'value<=20971520' "nftables: peak memory of list -r of $five" -
row n-kernel bytes 'value<=200' "nftables: kernel's memory for each of $five (slab, per-CPU)" -

kernel_memory() { # in bytes
	awk '$1 == "Slab:" || $1 == "Percpu:" { sum += $2 * 1024 } END { print sum }' /proc/meminfo
}

measure_apply() {
	before=$(kernel_memory)
	t=$(timed ours "$PFWD" --backend nftables apply "$work/many") && {
		sample n-kernel pfwd $((($(kernel_memory) - before) / fifty))
		sample n-apply pfwd "${t% *}"
		sample n-apply-nft pfwd "${t% *}"
		sample n-apply-peak pfwd "${t#* }"
	}
	took n-apply peer legacy "$PFWD" --backend iptables apply "$work/many"
	! have nft || took n-apply-nft peer theirs nft -f "$work/map"
	ours flush
	empty_tables legacy
	! have nft || at theirs nft flush ruleset
}

measure_n_growth() {
	took n-growth pfwd ours "$PFWD" --backend nftables apply "$work/hundred"
	ours flush
	took n-growth peer ours "$PFWD" --backend nftables apply "$work/ten"
	ours flush
}

# pfwd's time counts beside both peers
took_twice() { # ID COMMAND...
	t=$(shift && timed ours "$PFWD" --backend nftables "$@") && {
		sample "$1" pfwd "${t% *}"
		sample "$1-nft" pfwd "${t% *}"
	}
}

measure_one() {
	to="10.2.0.251:8001"
	took_twice n-add add wan0:9999 $to
	took n-add peer legacy "$PFWD" --backend iptables add wan0:9999 $to
	! have nft || took n-add-nft peer theirs \
		nft "add element ip bench forwards { wan0 . 9999 : 10.2.0.251 . 8001 }"
	took_twice n-del del wan0:9999
	took n-del peer legacy "$PFWD" --backend iptables del wan0:9999
	! have nft || took n-del-nft peer theirs nft "delete element ip bench forwards { wan0 . 9999 }"
}

measure_lists() {
	t=$(timed ours "$PFWD" list -r) && {
		sample n-list pfwd "${t% *}"
		sample n-list-peak pfwd "${t#* }"
	}
	took n-save pfwd ours "$PFWD" save -
	have nft && t=$(timed theirs nft list map ip bench forwards) && {
		sample n-list peer "${t% *}"
		sample n-save peer "${t% *}"
	}
}

for round in $(rounds); do
	say "nftables: apply, round $round of $BENCH_ROUNDS"
	{
	measure_apply
	measure_n_growth
	} || true
done
fill_gateway ours nftables ports "$fifty"
fill_gateway legacy pfwd ports "$fifty"
! have nft || fill_gateway theirs counters ports "$fifty"
for round in $(rounds); do
	say "nftables: add, del, list, save, round $round of $BENCH_ROUNDS"
	{
	measure_one
	measure_lists
	} || true
done
raze_all
