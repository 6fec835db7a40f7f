#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Program: miniupnpd 2.3.1 (Debian miniupnpd-iptables 2.3.1-1), with iptables 1.8.9, legacy backend
# (1.8.9-2)
#
# One would guess: what iptables-legacy-save prints, iptables-legacy-restore takes.
#
# What happens: miniupnpd makes its rules with libiptc itself, and its DNAT target has revision 0.
# iptables-legacy 1.8.9 shows only the newer revision:
#   -A MINIUPNPD -p tcp -m tcp --dport 8080 -j DNAT [unsupported revision]
# The listing does not say where the port goes, and the saved file is refused as a whole:
#   Bad argument `[unsupported'
# So one mapping that some device in the LAN asked for is enough that a firewall saved at that
# time does not come up at the next boot.
#
# Why it matters: a manager that looks for conflicts must read the kernel's own bytes, revisions 0
# and 2, and not the output of iptables-legacy. Its own rules should have revision 2.
set -eu
name=$(basename "$0")
packages="miniupnpd-iptables=2.3.1-1 iptables=1.8.9-2 libip4tc2=1.8.9-2 libip6tc2=1.8.9-2
	libxtables12=1.8.9-2 libnftnl11=1.2.4-2 libmnl0=1.0.4-3
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

iptables-legacy -S >/dev/null 2>&1 || {
	echo "$name: this kernel has no legacy tables" >&2
	exit 2
}
ip link add lan type veth peer name lan-end
ip link add wan type veth peer name wan-end
for interface in lan lan-end wan wan-end lo; do
	ip link set "$interface" up
done
ip address add 192.168.1.1/24 dev lan
# miniupnpd insists on a public address; nothing leaves this namespace.
ip address add 20.0.0.1/24 dev wan
iptables-legacy -t nat -N MINIUPNPD
iptables-legacy -t nat -N MINIUPNPD-POSTROUTING
iptables-legacy -N MINIUPNPD
iptables-legacy -t nat -A PREROUTING -i wan -j MINIUPNPD
iptables-legacy -A FORWARD -i wan -j MINIUPNPD

# A mapping that was asked for before, which it makes again when it starts.
cat >config <<EOF
ext_ifname=wan
listening_ip=lan
enable_natpmp=yes
enable_upnp=no
port=0
uuid=00000000-0000-0000-0000-000000000001
lease_file=$FINDING_DIR/leases
allow 1024-65535 192.168.1.0/24 0-65535
EOF
echo 'TCP:8080:192.168.1.7:80:4000000000:camera' >leases
miniupnpd -d -f config -P pid >log 2>&1 &
daemon=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
	iptables-legacy -t nat -S MINIUPNPD >shown
	! grep -q 'dport 8080' shown || break
	sleep 0.3
done
kill "$daemon" 2>/dev/null || true
wait "$daemon" || true

grep -q 'dport 8080' shown || {
	echo "$name: miniupnpd made no rule: $(cat log)" >&2
	exit 2
}
grep -q 'DNAT \[unsupported revision\]' shown || wrong "the rule is shown now: $(cat shown)"
iptables-legacy-save >saved
if iptables-legacy-restore <saved 2>error; then
	wrong "the saved rules can be restored now"
fi
grep -q 'unsupported' error || wrong "restore now says: $(cat error)"
echo "$name: confirmed: the rule is shown without its target, and the saved file is refused"
