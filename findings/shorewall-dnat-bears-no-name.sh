#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Program: shorewall 5.2.8 (Debian 5.2.8-2), with iptables 1.8.9, nft backend (1.8.9-2); it needs
# perl, with its modules (Debian's package perl)
#
# One would guess: shorewall puts the DNAT rules of a zone into a chain of its own in nat, net_dnat
# for the zone net, so that one knows them by its name.
#
# What happens: with one rule of a zone that chain is optimized away, and the rule stands in
# PREROUTING like one that somebody typed: no chain, no comment, nothing in nat is of shorewall.
# From the second rule on the chain is there. Only the table filter always tells: it
# has a chain called shorewall.
#
# Why it matters: whoever looks for the owner of a DNAT rule, to leave the rules of programs alone,
# takes this one for written by hand. Deleted, it is back after the next "shorewall reload".
set -eu
name=$(basename "$0")
packages="shorewall=5.2.8-2 shorewall-core=5.2.8-2 iptables=1.8.9-2 libip4tc2=1.8.9-2
	libip6tc2=1.8.9-2 libxtables12=1.8.9-2 libnftnl11=1.2.4-2 libmnl0=1.0.4-3
	libnetfilter-conntrack3=1.0.9-3 libnfnetlink0=1.0.2-2"

if [ -z "${FINDING_DIR:-}" ]; then
	if [ "$(id -u)" != 0 ]; then
		echo "$name: only root can make network namespaces" >&2
		exit 2
	fi
	if ! perl -MDigest::SHA -e 1 2>/dev/null; then
		echo "$name: shorewall needs perl and its modules" >&2
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
	export FINDING_DIR PATH LD_LIBRARY_PATH XTABLES_LIBDIR
	unshare --net --mount --pid --fork --kill-child --mount-proc sh "$0"
	exit
fi

cd "$FINDING_DIR"

wrong() {
	echo "$name: $1" >&2
	exit 1
}

for program in iptables iptables-save iptables-restore; do
	ln -s xtables-nft-multi "root/usr/sbin/$program"
done

# shorewall where it looks for itself, seen from here alone.
over() { # FOLDER
	mkdir -p "upper$1" "work$1"
	mount -t overlay -o "lowerdir=root$1:$1,upperdir=upper$1,workdir=work$1" none "$1"
}
for folder in /usr/share /var/lib /etc; do over "$folder"; done
mount -t tmpfs none /run
mkdir -p /run/lock/subsys
cat >/etc/shorewall/zones <<'EOF'
fw firewall
net ipv4
loc ipv4
EOF
printf '%s\n' '?FORMAT 2' 'net wan0' 'loc lan0' >/etc/shorewall/interfaces
printf '%s\n' 'loc all ACCEPT' 'fw all ACCEPT' 'net all DROP' 'all all REJECT' \
	>/etc/shorewall/policy
# shorewall takes iptables from its own PATH, and not from this one
sed -i -e "s|^PATH=.*|PATH=\"$PATH\"|" \
	-e "s|^IPTABLES=.*|IPTABLES=$FINDING_DIR/root/usr/sbin/iptables|" /etc/shorewall/shorewall.conf
ip link set lo up
for interface in wan0 lan0; do
	ip link add "$interface" type veth peer name "peer-$interface"
	ip link set "$interface" up
done
ip address add 192.0.2.1/24 dev wan0
ip address add 192.168.1.1/24 dev lan0

# shorewall with these rules; then what is in nat, without policies and counters.
with() {
	printf '%s\n' '?SECTION NEW' "$@" >/etc/shorewall/rules
	sh root/sbin/shorewall restart >log 2>&1 || wrong "shorewall does not start: $(cat log)"
	iptables-save -t nat | grep -e '^-A' -e '^:.* -' >left || true
}

with 'DNAT net loc:192.168.1.2:8080 tcp 80'
printf '%s\n' "-A PREROUTING -i wan0 -p tcp -m tcp --dport 80 -j DNAT \
--to-destination 192.168.1.2:8080" | cmp -s - left || wrong "nat is not the one rule: $(cat left)"
iptables-save -t filter | grep -q '^:shorewall ' || wrong "filter has no chain called shorewall"
iptables -t nat -F PREROUTING
sh root/sbin/shorewall reload >log 2>&1 || wrong "it does not reload: $(cat log)"
iptables-save -t nat | grep -q 192.168.1.2:8080 || wrong "a deleted rule is not back after reload"
with 'DNAT net loc:192.168.1.2:8080 tcp 80' 'DNAT net loc:192.168.1.3 tcp 25'
grep -q '^-A net_dnat .*192.168.1.2:8080' left || wrong "two rules have no chain: $(cat left)"
echo "$name: confirmed: its only DNAT rule is in PREROUTING, and nothing in nat names shorewall"
