#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Program: iptables 1.8.9, nft backend (Debian 1.8.9-2), beside nft 1.0.6 (1.0.6-2+deb12u2)
#
# One would guess: iptables-nft -S shows a rule that nft put into its table, or says that it
# cannot ("table is incompatible", as it does for others).
#
# What happens: what it does not know is left out or changed, without a word, with status 0.
#   nft rule                                    iptables-nft -S
#   tcp dport { 80, 443 } drop                  -p tcp -j DROP
#   ip daddr 192.0.2.1-192.0.2.5 drop           -d 192.0.2.5/32 -j DROP
#   ip daddr @blocked drop                      -j DROP
#   tcp dport & 7 == 1 drop                     -p tcp -m tcp --dport 1 -j DROP
# And iptables-nft-save | iptables-nft-restore makes the wrong text true: the first rule then
# drops all of TCP.
#
# Why it matters: who looks in iptables-nft's output for what blocks a port forward finds rules
# that are not there. Read such a table by netlink or nft.
set -eu
name=$(basename "$0")
packages="iptables=1.8.9-2 libip4tc2=1.8.9-2 libip6tc2=1.8.9-2 libxtables12=1.8.9-2
	libnftnl11=1.2.4-2 libmnl0=1.0.4-3 libnetfilter-conntrack3=1.0.9-3
	libnfnetlink0=1.0.2-2 nftables=1.0.6-2+deb12u2 libnftables1=1.0.6-2+deb12u2
	libjansson4=2.14-2 libedit2=3.1-20221030-2 libbsd0=0.11.7-2 libmd0=1.0.4-2"

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
	XTABLES_LIBDIR=$(find "$FINDING_DIR/root" -type d -path '*/lib/*/xtables')
	XTABLES_LOCKFILE=$FINDING_DIR/lock
	export FINDING_DIR PATH LD_LIBRARY_PATH XTABLES_LIBDIR XTABLES_LOCKFILE
	unshare --net --pid --fork --kill-child sh "$0"
	exit
fi

cd "$FINDING_DIR"

wrong() {
	echo "$name: $1" >&2
	exit 1
}

# Makes one nft rule in FORWARD, and compares what iptables-nft says of it.
shown_as() {
	nft flush ruleset
	iptables-nft -P FORWARD ACCEPT
	nft add set ip filter blocked '{ type ipv4_addr; }'
	nft add rule ip filter FORWARD "$1"
	shown=$(iptables-nft -S FORWARD) || wrong "iptables-nft -S refuses '$1'"
	[ "$(echo "$shown" | tail -n +2)" = "-A FORWARD $2" ] ||
		wrong "'$1' is now shown as: $shown"
}

shown_as 'ip daddr 192.0.2.1-192.0.2.5 drop' '-d 192.0.2.5/32 -j DROP'
shown_as 'ip daddr @blocked drop' '-j DROP'
shown_as 'tcp dport & 7 == 1 drop' '-p tcp -m tcp --dport 1 -j DROP'
shown_as 'tcp dport { 80, 443 } drop' '-p tcp -j DROP'

iptables-nft-save >saved
iptables-nft-restore <saved
nft list chain ip filter FORWARD >after 2>/dev/null
if ! grep -q 'meta l4proto tcp .* drop' after || grep -q dport after; then
	wrong "save and restore no longer turn it into a drop of all TCP: $(cat after)"
fi
echo "$name: confirmed: four nft rules are shown as other ones, and restored as such"
