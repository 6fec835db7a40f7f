#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Program: CNI plugins 1.1.1, portmap (Debian containernetworking-plugins 1.1.1+ds1-3+b5), with
# iptables 1.8.9, nft backend (1.8.9-2)
#
# One would guess: CHECK right after a successful ADD of the same container succeeds.
#
# What happens: on a host that has ip6tables it fails, although the forward is there. For a
# container with an IPv4 address only, CHECK misses the IPv6 chain that ADD had no reason to make:
#   "could not check ipv6 dnat: chain CNI-DN-... not found in iptables table nat"
# For one with both addresses it looks for the IPv4 rules in the IPv6 chain:
#   "could not check ipv6 dnat: rule [... --to-destination 10.9.0.2:80]] ... not found in table nat"
#
# Why it matters: a failing CHECK does not mean that a forward is broken. A check of one's own has
# to take the wanted rules of each family from the code that makes them.
set -eu
name=$(basename "$0")
packages="containernetworking-plugins=1.1.1+ds1-3+b5 iptables=1.8.9-2 libip4tc2=1.8.9-2
	libip6tc2=1.8.9-2 libxtables12=1.8.9-2 libnftnl11=1.2.4-2 libmnl0=1.0.4-3
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

# portmap COMMAND CONTAINER ADDRESSES
portmap() {
	CNI_COMMAND=$1 CNI_CONTAINERID=$2 CNI_NETNS=/proc/self/ns/net CNI_IFNAME=eth0 \
		CNI_PATH=root/usr/lib/cni root/usr/lib/cni/portmap >answer <<-EOF
	{
		"cniVersion": "0.4.0", "name": "net", "type": "portmap",
		"capabilities": { "portMappings": true },
		"runtimeConfig": {
			"portMappings": [ { "hostPort": 8080, "containerPort": 80, "protocol": "tcp" } ]
		},
		"prevResult": {
			"cniVersion": "0.4.0",
			"interfaces": [ { "name": "eth0", "sandbox": "/proc/self/ns/net" } ],
			"ips": [ $3 ]
		}
	}
	EOF
}

# Adds a container with these addresses and expects CHECK to complain of this.
expect() {
	portmap ADD "$1" "$2" || wrong "ADD fails: $(cat answer)"
	iptables -t nat -S | grep -q 'to-destination 10.9.0.2:80' || wrong "ADD made no forward"
	if portmap CHECK "$1" "$2"; then
		wrong "CHECK succeeds now with the addresses $2"
	fi
	grep -q "could not check ipv6 dnat: $3" answer || wrong "CHECK now says: $(cat answer)"
	portmap DEL "$1" "$2" || wrong "DEL fails: $(cat answer)"
}

ipv4='{ "version": "4", "interface": 0, "address": "10.9.0.2/24" }'
ipv6='{ "version": "6", "interface": 0, "address": "2001:db8::2/64" }'
expect one "$ipv4" 'chain CNI-DN-.* not found'
expect two "$ipv4, $ipv6" 'rule .*10\.9\.0\.2'
echo "$name: confirmed: CHECK fails after ADD, with IPv4 alone and with both families"
