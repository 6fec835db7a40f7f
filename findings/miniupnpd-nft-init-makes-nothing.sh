#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Program: miniupnpd-nftables 2.3.1 (Debian miniupnpd, miniupnpd-nftables 2.3.1-1), with nft 1.0.6
# (1.0.6-2+deb12u2)
#
# One would guess: /etc/miniupnpd/nft_init.sh makes the chains that the nf_tables variant of
# miniupnpd puts its mappings into, as the unit of Debian 12 relies on.
#
# What happens: it takes the names of its table and chains, and of nft itself, from
# miniupnpd_functions.sh, and Debian has only one file of that name: the one of the iptables
# variant, which sets none of them. So nft_init.sh says
#   -f: not found
# and makes nothing; every mapping that a device asks for fails then.
#
# Why it matters: on such a host there is either no miniupnpd table, or one that an administrator
# named and made himself. By default upstream's script would make "inet filter" with policy drop
# on forward, which stops forwards of everybody else.
set -eu
name=$(basename "$0")
packages="miniupnpd=2.3.1-1 miniupnpd-nftables=2.3.1-1 nftables=1.0.6-2+deb12u2
	libnftables1=1.0.6-2+deb12u2 libnftnl11=1.2.4-2 libxtables12=1.8.9-2 libmnl0=1.0.4-3
	libjansson4=2.14-2 libedit2=3.1-20221030-2 libbsd0=0.11.7-2 libmd0=1.0.4-2
	iptables=1.8.9-2 libip4tc2=1.8.9-2 libip6tc2=1.8.9-2
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

for family in iptables ip6tables; do
	ln -s xtables-nft-multi "root/usr/sbin/$family"
done
cp -r root/etc/miniupnpd scripts
sed -i "s|/tmp/|$FINDING_DIR/|" scripts/nft_init.sh # it leaves a file there
scripts/nft_init.sh >said 2>&1 && wrong "nft_init.sh succeeds now"
grep -q -e '-f: not found' said || wrong "nft_init.sh says now: $(cat said)"
! nft list tables | grep -q inet || wrong "nft_init.sh makes a table now"
# with the names of upstream's own file it works
printf '%s\n' NFT=nft TABLE=filter NAT_TABLE=filter CHAIN=miniupnpd \
	PREROUTING_CHAIN=prerouting_miniupnpd POSTROUTING_CHAIN=postrouting_miniupnpd \
	>scripts/miniupnpd_functions.sh
scripts/nft_init.sh >said 2>&1 || wrong "it fails with names, too: $(cat said)"
nft list chain inet filter forward | grep -q 'policy drop' || wrong "no policy drop on forward"
echo "$name: confirmed: nft_init.sh makes no table; with names it makes one with policy drop"
