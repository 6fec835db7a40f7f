#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Program: Linux 6.18, with nft 1.0.6 (Debian 1.0.6-2+deb12u2), conntrack 1.4.7 (1:1.4.7-1+b2)
#
# One would guess: whoever listens to the events of conntrack is told of each connection that ends
# from then on, with its bytes.
#
# What happens: net.netfilter.nf_conntrack_events is 2 since Linux 5.19, "automatic": a connection
# gets what its events need only if somebody listens when it begins. One that began before the first
# listener ends without an event, then and later; its last bytes are never told.
#
# Why it matters: a program that adds up the events of ended connections misses all that were there
# when it started, and one that keeps a list of live connections by events alone keeps these for
# ever. The table has to be read again and again besides.
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
nft 'table ip t { chain output {
	type filter hook output priority 0
	ct state new counter
}; }'
[ "$(cat /proc/sys/net/netfilter/nf_conntrack_events)" = 2 ] ||
	wrong "nf_conntrack_events is not 2 by itself"

bash -c 'echo before >/dev/udp/127.0.0.1/1001'
conntrack -E -e DESTROY >events 2>/dev/null &
sleep 1
bash -c 'echo after >/dev/udp/127.0.0.1/1002'
[ "$(conntrack -L -p udp 2>/dev/null | grep -c 'dport=100[12]')" = 2 ] ||
	wrong "the two connections are not there"
conntrack -D -p udp >/dev/null 2>&1
sleep 1
grep -q dport=1002 events || wrong "the event of the later connection did not come"
if grep -q dport=1001 events; then
	wrong "the earlier connection has an event now"
fi
echo "$name: confirmed: what began before the listener ends without an event"
