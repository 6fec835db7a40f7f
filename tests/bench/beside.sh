# shellcheck shell=sh disable=SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
# What packets pay for getting through somebody else's firewall: a rule of pfwd's in its chain, the
# label of the connection and the mark of the packets, or a tight ACCEPT.

firewall() { # NAME POLICY FIRST-RULE
	at "$1" nft -f - <<-END
		table inet firewall {
			chain forward {
				type filter hook forward priority filter; policy $2
				$3
				ct state invalid drop
				iifname "lan0" accept
			}
		}
	END
}

if have nft; then
	# pfwd looks at the firewall when it adds, so that is there first
	town guest
	firewall guest drop ""
	fill_gateway guest nftables ports 1
	ready accepted map ports 1
	firewall accepted drop accept
	forwards ports 1 last >"$work/guest.last"
fi
ready tight pfwd ports 1
ready loose pfwd ports 1
at loose iptables-legacy -R PFWD 2 -i wan0 -d 10.2.0.1 -p tcp --dport 8001 -j ACCEPT

row guest ns '<=1.08' "nftables: new connection through a firewall that drops" \
	"nft map, and that firewall with accept as its first rule"
row guest-bulk rate '>=0.97' "nftables: throughput through a firewall that drops" \
	"nft map, and that firewall with accept as its first rule"
row tight ns '<=1.03' "new connection, with the ACCEPT for its own port" \
	"an ACCEPT for the target alone"

for round in $(rounds); do
	say "beside: round $round of $BENCH_ROUNDS"
	{
	measure guest pfwd guest connect "$work/guest.last"
	measure guest peer accepted connect "$work/accepted.last"
	measure guest-bulk pfwd guest bulk "$work/guest.last"
	measure guest-bulk peer accepted bulk "$work/accepted.last"
	measure tight pfwd tight connect "$work/tight.last"
	measure tight peer loose connect "$work/loose.last"
	} || true
done
raze_all
