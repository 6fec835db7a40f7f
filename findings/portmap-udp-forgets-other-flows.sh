#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Program: CNI plugins 1.1.1, portmap (Debian containernetworking-plugins 1.1.1+ds1-3+b5), with
# iptables 1.8.9 (1.8.9-2) and conntrack 1.4.7 (1:1.4.7-1+b2)
#
# One would guess: when portmap forwards UDP port 53 of this host to a container, it removes the
# conntrack entries of flows that came to port 53 of this host, since these would go round it.
#
# What happens: it removes every UDP entry whose destination port is 53, whatever the address: also
# those of clients that this host only routes to DNS servers elsewhere. Entries of other ports and
# of TCP stay. Its rules, on the other hand, do match addresses of this host only.
#
# Why it matters: such a flow begins anew with its next packet. An answer that is under way is
# unknown and not let in, and a source translation may take another port, also for flows of
# another manager. When entries are removed after a change, compare the original destination
# address with what the rule takes, not only the port.
set -eu
name=$(basename "$0")
packages="containernetworking-plugins=1.1.1+ds1-3+b5 iptables=1.8.9-2 libip4tc2=1.8.9-2
	libip6tc2=1.8.9-2 libxtables12=1.8.9-2 libnftnl11=1.2.4-2 libmnl0=1.0.4-3
	libnetfilter-conntrack3=1.0.9-3 libnfnetlink0=1.0.2-2 conntrack=1:1.4.7-1+b2"

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
ip link set lo up
# So that connections are tracked at all.
iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT

# A routed flow, as the kernel would note it: protocol, destination port, more options.
flow() {
	protocol=$1
	port=$2
	shift 2
	conntrack -I -p "$protocol" -s 192.0.2.9 -d 198.51.100.1 --sport 4000 --dport "$port" \
		--timeout 300 "$@" >/dev/null 2>error || {
		echo "$name: cannot make a conntrack entry: $(cat error)" >&2
		exit 2
	}
}

flow udp 53
flow udp 54
flow tcp 53 --state ESTABLISHED

CNI_COMMAND=ADD CNI_CONTAINERID=one CNI_NETNS=/proc/self/ns/net CNI_IFNAME=eth0 \
	CNI_PATH=root/usr/lib/cni root/usr/lib/cni/portmap >answer <<'EOF' || wrong "$(cat answer)"
{
	"cniVersion": "0.4.0", "name": "net", "type": "portmap",
	"capabilities": { "portMappings": true },
	"runtimeConfig": {
		"portMappings": [ { "hostPort": 53, "containerPort": 53, "protocol": "udp" } ]
	},
	"prevResult": {
		"cniVersion": "0.4.0",
		"interfaces": [ { "name": "eth0", "sandbox": "/proc/self/ns/net" } ],
		"ips": [ { "version": "4", "interface": 0, "address": "10.9.0.2/24" } ]
	}
}
EOF

iptables -t nat -S PREROUTING | grep -q -e '--dst-type LOCAL' ||
	wrong "its rules are not for addresses of this host any more"
left=$(conntrack -L 2>/dev/null | grep -o '^[a-z]*\|dst=198[^ ]* sport=4000 dport=[0-9]*' |
	sed 's/.*=//' | paste -d ' ' - - | sort | tr '\n' ',')
[ "$left" = "tcp 53,udp 54," ] || wrong "these entries are left now: $left"
echo "$name: confirmed: the entry of a routed flow to port 53 elsewhere is gone"
