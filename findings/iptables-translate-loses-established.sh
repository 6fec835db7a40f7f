#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Program: iptables 1.8.9 (Debian 1.8.9-2), with nft 1.0.6 (1.0.6-2+deb12u2)
#
# One would guess: iptables-translate, and nft when it lists a rule of iptables-nft, print a rule
# that matches the same packets.
#
# What happens: in "--ctstate ESTABLISHED,DNAT", where either is enough, only DNAT is left:
#   $ iptables-translate -A FORWARD -m conntrack --ctstate ESTABLISHED,DNAT -j ACCEPT
#   nft 'add rule ip filter FORWARD ct status dnat counter accept'
# nft lists the rule in the same way. Loaded from that listing, the ruleset no longer lets
# answers through that belong to no translation. A match on every port loses its protocol too:
#   $ iptables-translate -A FORWARD -p tcp --dport 0:65535 -j ACCEPT
#   nft 'add rule ip filter FORWARD counter accept'
#
# Why it matters: states and DNAT in one match is how firewalls let port forwards in. Do not take
# nft's text of an iptables rule for the rule: read the match itself, or use iptables-save.
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

said=$(iptables-translate -A FORWARD -m conntrack --ctstate ESTABLISHED,DNAT -j ACCEPT)
[ "$said" = "nft 'add rule ip filter FORWARD ct status dnat counter accept'" ] ||
	wrong "ESTABLISHED,DNAT is now translated as: $said"
said=$(iptables-translate -A FORWARD -p tcp --dport 0:65535 -j ACCEPT)
[ "$said" = "nft 'add rule ip filter FORWARD counter accept'" ] ||
	wrong "all TCP ports are now translated as: $said"

iptables-nft -A FORWARD -m conntrack --ctstate ESTABLISHED,DNAT -j ACCEPT
iptables-nft -S FORWARD | grep -q 'ESTABLISHED,DNAT' ||
	wrong "iptables-nft itself does not show ESTABLISHED,DNAT any more"
listed=$(nft list chain ip filter FORWARD 2>/dev/null)
case $listed in
*established*) wrong "nft lists the state now: $listed" ;;
*"ct status dnat"*) ;;
*) wrong "nft lists the rule in another way now: $listed" ;;
esac
echo "$name: confirmed: the text of nft lacks ESTABLISHED, and tcp where all ports are meant"
