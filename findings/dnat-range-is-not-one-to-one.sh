#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Program: Linux 6.18, with nft 1.0.6 (Debian 1.0.6-2+deb12u2), conntrack 1.4.7 (1:1.4.7-1+b2)
#
# One would guess: "dport 8000-8010 dnat to 192.0.2.2:8005-8015" sends 8000 to 8005, 8001 to 8006
# and so on; or it spreads connections over the target ports.
#
# What happens: a port that lies in the target range already stays as it is; every other port goes
# to the FIRST port of the range. So here
#   8000 -> 8005   8001 -> 8005   8004 -> 8005   8005 -> 8005   8007 -> 8007   8010 -> 8010
# Where the two ranges have nothing in common, all connections end at one port. A range to the
# same ports looks right only because of the first half of this rule.
#
# Why it matters: several programs write this form for a "range to range" forward. One to one
# needs the base port of the nat target (iptables: "--to-destination ADDR:8005-8015/8000"), a map
# with an element for each port, or no port in the target at all where the ports stay the same.
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
ip address add 192.0.2.2/32 dev lo
nft 'table ip t { chain output {
	type nat hook output priority -100
	ip daddr 192.0.2.1 udp dport 8000-8010 dnat to 192.0.2.2:8005-8015
	ip daddr 192.0.2.1 udp dport 7000-7010 dnat to 192.0.2.2:9000-9010
}; }'

# Sends to a port and looks at which port the connection was translated to.
expect() {
	bash -c "echo x >/dev/udp/192.0.2.1/$1"
	got=$(conntrack -L -p udp --orig-port-dst "$1" 2>/dev/null |
		sed -n 's/.* src=192\.0\.2\.2 dst=[^ ]* sport=\([0-9]*\) .*/\1/p')
	[ "$got" = "$2" ] || wrong "port $1 now goes to '$got', not to $2"
}

expect 8000 8005
expect 8001 8005
expect 8004 8005
expect 8005 8005
expect 8007 8007
expect 8010 8010
expect 7000 9000
expect 7005 9000
expect 7010 9000
echo "$name: confirmed: ports inside the target range stay, all others go to its first port"
