#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Program: nft 1.0.6 (Debian 1.0.6-2+deb12u2), Linux 6.18
#
# One would guess: in "counter meta mark set 7 dnat to udp dport map @ports" the map is part of
# what the rule matches, so a port that is not in the map is neither counted nor marked.
#
# What happens: statements are done from left to right and the lookup is the last of them. Every
# packet that comes to the rule is counted and marked; only then the lookup finds nothing. Behind
# "dnat" nothing may be written:
#   Error: Statement after terminal statement has no effect
# So in nft's language no counter, mark or label of a rule can stand for "translated by this map".
#
# Why it matters: a mark or conntrack label meant for the manager's own connections would be put
# on all others too. Test "ct status dnat" as well where the mark is used, and count by a counter
# in each element of the map.
set -eu
name=$(basename "$0")
packages="nftables=1.0.6-2+deb12u2 libnftables1=1.0.6-2+deb12u2 libnftnl11=1.2.4-2
	libxtables12=1.8.9-2 libmnl0=1.0.4-3 libjansson4=2.14-2 libedit2=3.1-20221030-2
	libbsd0=0.11.7-2 libmd0=1.0.4-2"

if [ -z "${FINDING_DIR:-}" ]; then
	if [ "$(id -u)" != 0 ]; then
		echo "$name: only root can make network namespaces" >&2
		exit 2
	fi
	FINDING_DIR=$(mktemp -d)
	trap 'rm -rf "$FINDING_DIR"' EXIT
	trap 'exit 2' HUP INT TERM
	# shellcheck disable=SC2086 # words of a list
	(cd "$FINDING_DIR" && apt-get -qq -o APT::Sandbox::User=root download $packages &&
		for deb in *.deb; do dpkg -x "$deb" root || exit; done) >/dev/null || {
		echo "$name: cannot get the packages; try apt-get update first" >&2
		exit 2
	}
	PATH=$FINDING_DIR/root/usr/sbin:$PATH
	LD_LIBRARY_PATH=$(find "$FINDING_DIR/root" -type d -name '*-linux-gnu*' | tr '\n' ':')
	export FINDING_DIR PATH LD_LIBRARY_PATH
	unshare --net --pid --fork --kill-child sh "$0"
	exit
fi

cd "$FINDING_DIR"

wrong() {
	echo "$name: $1" >&2
	exit 1
}

ip link set lo up
ip address add 192.0.2.1/32 dev lo
nft -f - <<'EOF'
table ip forwards {
	map ports {
		type inet_service : ipv4_addr . inet_service
		counter
		elements = { 80 : 192.0.2.1 . 8080 }
	}
	chain output {
		type nat hook output priority -100
		meta l4proto udp counter meta mark set 7 dnat to udp dport map @ports
	}
	chain input {
		type filter hook input priority filter
		meta l4proto udp meta mark 7 counter
		meta l4proto udp ct status dnat counter
	}
}
EOF
for port in 80 81 82; do
	bash -c "echo x >/dev/udp/192.0.2.1/$port"
done

nft list ruleset >now
for rule in 'meta l4proto udp counter packets 3 ' 'mark 0x00000007 counter packets 3 ' \
	'ct status dnat counter packets 1 ' ' 80 counter packets 1 '; do
	grep -q "$rule" now || wrong "expected '$rule', but it is: $(cat now)"
done
if nft 'add rule ip forwards output dnat to udp dport map @ports counter' 2>error; then
	wrong "a counter may stand behind dnat now"
fi
grep -q 'Statement after terminal statement' error ||
	wrong "a counter behind dnat now fails with: $(cat error)"
echo "$name: confirmed: 3 packets counted and marked, though the map translated only 1"
