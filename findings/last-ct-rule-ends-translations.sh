#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Program: Linux 6.18, with nft 1.0.6 (Debian 1.0.6-2+deb12u2), conntrack 1.4.7 (1:1.4.7-1+b2)
#
# One would guess: a connection keeps its translation when the rule that made it is deleted, as
# the conntrack entry, which holds the translation, stays. Most of the time that is so.
#
# What happens: when the deleted rule was the last one in the network namespace that needs
# connection tracking, tracking stops. The entry is still listed, with its translation, but nobody
# looks at it: the next packet of the connection goes to the untranslated port. One other rule
# that uses "ct", in any table, is enough to keep the translation alive.
#
# Why it matters: "deleting a forward leaves its connections alone" depends on rules that others
# have. Who promises it needs a rule of his own that uses "ct" until the connections are over.
set -eu
name=$(basename "$0")
packages="nftables=1.0.6-2+deb12u2 libnftables1=1.0.6-2+deb12u2 libnftnl11=1.2.4-2
	libxtables12=1.8.9-2 libmnl0=1.0.4-3 libjansson4=2.14-2 libedit2=3.1-20221030-2
	libbsd0=0.11.7-2 libmd0=1.0.4-2 conntrack=1:1.4.7-1+b2
	libnetfilter-conntrack3=1.0.9-3 libnfnetlink0=1.0.2-2"

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
mkfifo go

# One UDP flow to port 80, translated to 8080; the rule goes between its two packets. The rules
# given are there besides. Says which ports the packets came to.
flow() {
	nft flush ruleset
	conntrack -F 2>/dev/null
	nft "table ip a {
		chain output { type nat hook output priority -100; udp dport 80 dnat to :8080; }
	}
	table ip b {
		chain input {
			type filter hook input priority filter
			udp dport 80 counter drop
			udp dport 8080 counter drop
			$1
		}
	}"
	bash -c 'exec 3>/dev/udp/192.0.2.1/80; echo x >&3; echo sent >go; read -r _ <go; echo x >&3' &
	sender=$!
	read -r _ <go
	nft flush chain ip a output
	echo on >go
	wait "$sender"
	nft list chain ip b input >seen
	conntrack -L 2>/dev/null | grep -q 'dport=80 .*sport=8080' || wrong "the entry is gone"
}

arrived() {
	if ! grep -q "udp dport 80 counter packets $1 " seen ||
		! grep -q "udp dport 8080 counter packets $2 " seen; then
		wrong "$3: $(cat seen)"
	fi
}

flow ''
arrived 1 1 "the second packet is not left untranslated any more"
flow 'ct state established'
arrived 0 2 "with another ct rule the translation ends now"
echo "$name: confirmed: translation ends with the last rule that uses ct, though the entry stays"
