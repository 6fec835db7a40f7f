#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Program: Linux 6.18, with nft 1.0.6 (Debian 1.0.6-2+deb12u2)
#
# One would guess: where two tables translate the same port, in chains of the same hook and the
# same priority, the table that was there first wins, as the first rule of a chain does; and a
# service that is started again, and makes the same rules again, changes nothing for others.
#
# What happens: a chain is put in front of all chains of its priority. So the table that was made
# last wins, and to load a table again, as "nft -f" with "delete table" or a restart of a service
# does, turns the order round. One lower in priority, it stays in front whatever is loaded.
#
# Why it matters: nearly every program takes -100 (dstnat) for its translations, so which of two
# wins depends on which was started last, and neither "nft list ruleset" nor netlink tells it: they
# list tables by their age, so that the one listed first comes last.
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
nft 'table ip watch {
	chain input {
		type filter hook input priority filter
		udp dport 8001 counter name one drop
		udp dport 8002 counter name two drop
	}
	counter one { }
	counter two { }
}'

table() { # NAME PORT PRIORITY
	nft "table ip $1 {
		chain output { type nat hook output priority $3; udp dport 80 dnat to :$2; }
	}"
}

# A packet of a new flow to port 80 comes to that port.
goes_to() { # COUNTER WHEN
	nft reset counters table ip watch >/dev/null
	bash -c 'echo x >/dev/udp/192.0.2.1/80'
	nft list counter ip watch "$1" | grep -q 'packets 1 ' ||
		wrong "$2 the packet does not come to port '$1': $(nft list counters)"
}

table first 8001 -100
goes_to one "alone"
table second 8002 -100
goes_to two "with a table that was made later,"
nft list tables ip | grep -v watch >listed
printf 'table ip first\ntable ip second\n' | cmp -s - listed ||
	wrong "the tables are not listed by their age: $(cat listed)"
nft delete table ip first
table first 8001 -100
goes_to one "after the first table was loaded again,"
nft delete table ip first
table first 8001 -99
nft delete table ip second
table second 8002 -100
goes_to two "of the lower priority"
nft delete table ip first
table first 8001 -99
goes_to two "of the lower priority, after the other was loaded again,"
echo "$name: confirmed: of two tables with one priority the one made last translates"
