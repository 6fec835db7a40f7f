# shellcheck shell=sh disable=SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
# What a packet pays on its way: every town stands ready before the first round, so that the rounds
# can go through them in turn.

sizes=$(echo 1; for n in 10 100 1000 10000 50000; do size $n; done)
sizes=$(echo "$sizes" | sort -nu)
many=$(size 50000)
over=$(size 20000)
clients=$(size 10000)

for n in $sizes; do
	for tool in iptables pfwd nftables nft; do ready "$tool-$n" $tool ports "$n"; done
done
for tool in pfwd nft; do
	ready "$tool-addresses-1" $tool addresses 1
	ready "$tool-addresses" $tool addresses "$over"
done
ready pfwd-clients-1 pfwd clients 1
ready pfwd-clients pfwd clients "$clients"
town plain
at plain iptables-legacy -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
town plain-nat # what the kernel takes for having nat at all
at plain-nat iptables-legacy -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
at plain-nat iptables-legacy -t nat -A PREROUTING -p tcp --dport 9 -j DNAT --to-destination 10.2.0.1

if have socat; then
	town socat
	at socat socat TCP-LISTEN:8001,fork,reuseaddr TCP:10.2.0.1:8001 &
	socat=$!
	echo "- 203.0.113.1 8001" >"$work/socat.last"
	sleep 0.5
fi

row last ns '<=1.1' "new connection to the last of $(words "$many") forwards" "pfwd, 1 forward"
row over ns '<=1.3' \
	"new connections to random ones of $(words "$over") on 250 addresses" "pfwd, 1 forward"
row over-nft ns - "new connections to random ones of $(words "$over") on 250 addresses" "nft map"
row clients ns '<=1.3' \
	"new connections to random ones of $(words "$clients"), a --from each" "pfwd, 1 forward"
row unwanted ns '<=1.05' \
	"new connection that no forward wants, $(words "$many") present" "no pfwd, one ctstate rule"
row unwanted-nat ns - "new connection that no forward wants, $(words "$many") present" \
	"no pfwd, one ctstate and one nat rule"
row turn ns '<=1.05' "a turn of an established one that no forward wants" \
	"no pfwd, one ctstate rule"
row bulk rate '>=0.95' "throughput through a forward, $(words "$many") present" "plain routing"
row last-flat ns - "new connection to the last of $(words "$many") forwards" \
	"flat iptables-legacy chains"
row last-nft ns - "new connection to the last of $(words "$many") forwards" "nft map"
if have socat; then
	row turn-socat ns - "a turn of an established connection through a forward" "socat"
	row bulk-socat rate - "throughput through a forward" "socat"
fi

for round in $(rounds); do
	say "lookup: round $round of $BENCH_ROUNDS"
	{
	for n in $sizes; do
		for tool in iptables pfwd nftables nft; do
			measure "chart-$tool-$n" pfwd "$tool-$n" connect "$work/$tool-$n.last"
		done
	done
	for pair in "last pfwd-1" "last-flat iptables-$many" "last-nft nft-$many"; do
		measure "${pair% *}" pfwd "pfwd-$many" connect "$work/pfwd-$many.last"
		measure "${pair% *}" peer "${pair#* }" connect "$work/${pair#* }.last"
	done
	measure over pfwd pfwd-addresses connect "$work/pfwd-addresses.random"
	measure over peer pfwd-addresses-1 connect "$work/pfwd-addresses-1.random"
	measure over-nft pfwd pfwd-addresses connect "$work/pfwd-addresses.random"
	measure over-nft peer nft-addresses connect "$work/nft-addresses.random"
	measure clients pfwd pfwd-clients connect "$work/pfwd-clients.random"
	measure clients peer pfwd-clients-1 connect "$work/pfwd-clients-1.random"
	measure unwanted pfwd "pfwd-$many" connect "$work/outside"
	measure unwanted peer plain connect "$work/outside"
	measure unwanted-nat pfwd "pfwd-$many" connect "$work/outside"
	measure unwanted-nat peer plain-nat connect "$work/outside"
	measure turn pfwd "pfwd-$many" pingpong "$work/outside"
	measure turn peer plain pingpong "$work/outside"
	measure bulk pfwd "pfwd-$many" bulk "$work/pfwd-$many.last"
	measure bulk peer plain bulk "$work/outside"
	if have socat; then
		measure turn-socat pfwd "pfwd-$many" pingpong "$work/pfwd-$many.last"
		measure turn-socat peer socat pingpong "$work/socat.last"
		measure bulk-socat pfwd "pfwd-$many" bulk "$work/pfwd-$many.last"
		measure bulk-socat peer socat bulk "$work/socat.last"
	fi
	} || true
done

[ -z "${socat:-}" ] || kill "$socat"
raze_all
