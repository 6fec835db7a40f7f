#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Program: Linux conntrack and nat (6.18), with nft 1.0.6 (nftables 1.0.6-2+deb12u2), conntrack 1.4.7
# (1:1.4.7-1+b2) and nc (netcat-openbsd 1.219-1)
#
# One would guess: two ports are translated to one port of a server. A client that opens a
# connection to each from its port 5000 has another source port, Q, in the second one towards the
# server. Q is taken until the kernel forgets the connection, two minutes after its end. A client
# that comes from port Q itself before that gets another one, too.
#
# What happens: if its first sequence number, which is random, is the higher one, it keeps Q, and the
# entry of the closed connection is removed. The server still has that one in TIME_WAIT. If the time
# stamp of the new one, which begins at random too, is the lower one, the server answers its SYN as
# one of the old connection; the client resets that, and sends its SYN again.
#
# Why it matters: the rule counts such a connection twice, and the entry of the closed one is told as
# destroyed long before its time. Whoever tests that each connection is counted once gives each a
# source port that no other has, before and after translation.
set -eu
name=$(basename "$0")
packages="nftables=1.0.6-2+deb12u2 libnftables1=1.0.6-2+deb12u2 libnftnl11=1.2.4-2
	libxtables12=1.8.9-2 libmnl0=1.0.4-3 libjansson4=2.14-2 libedit2=3.1-20221030-2
	libbsd0=0.11.7-2 libmd0=1.0.4-2 conntrack=1:1.4.7-1+b2
	libnetfilter-conntrack3=1.0.9-3 libnfnetlink0=1.0.2-2 netcat-openbsd=1.219-1"

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
	PATH=$FINDING_DIR/root/usr/sbin:$FINDING_DIR/root/bin:$FINDING_DIR/root/usr/bin:$PATH
	LD_LIBRARY_PATH=$(find "$FINDING_DIR/root" -type d -name '*-linux-gnu*' | tr '\n' ':')
	export FINDING_DIR PATH LD_LIBRARY_PATH
	unshare --net --pid --fork --kill-child --mount-proc sh "$0"
	exit
fi

cd "$FINDING_DIR"

wrong() {
	echo "$name: $1" >&2
	exit 1
}

# A client, this gateway, a server.
unshare --net sleep 600 &
client=$!
unshare --net sleep 600 &
server=$!
on() { # PID COMMAND...: in that one's network
	pid=$1
	shift
	nsenter --net="/proc/$pid/ns/net" "$@"
}
until [ "$(readlink /proc/$client/ns/net)" != "$(readlink /proc/self/ns/net)" ] &&
	[ "$(readlink /proc/$server/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do
	sleep 0.1
done
ip link add to-client type veth peer name eth0 netns "$client"
ip link add to-server type veth peer name eth0 netns "$server"
ip address add 192.0.2.1/24 dev to-client
ip address add 198.51.100.1/24 dev to-server
ip link set to-client up
ip link set to-server up
on "$client" ip address add 192.0.2.9/24 dev eth0
on "$client" ip link set eth0 up
on "$server" ip address add 198.51.100.2/24 dev eth0
on "$server" ip link set eth0 up
on "$server" ip route add default via 198.51.100.1
echo 1 >/proc/sys/net/ipv4/ip_forward
nft 'table ip a {
	counter second { }
	chain prerouting { type nat hook prerouting priority -100
		tcp dport 81 dnat to 198.51.100.2:8080
		tcp dport 82 counter name second dnat to 198.51.100.2:8080; }
}'

# The server ends each connection first. Says what it says.
ask() { # PORT FROM
	on "$server" sh -c 'echo hello | exec nc.openbsd -n -N -l -p 8080' >/dev/null &
	served=$!
	for _ in $(seq 100); do
		! on "$server" grep -q ':1F90 .* 0A ' /proc/net/tcp || break
		sleep 0.05
	done
	on "$client" nc.openbsd -n -w 5 -p "$2" 192.0.2.1 "$1" </dev/null
	wait "$served"
}
listed() { # PORT FROM: those entries
	conntrack -L -p tcp --orig-port-dst "$1" --orig-port-src "$2" 2>/dev/null
}

port_towards_server() { # PORT FROM
	listed "$1" "$2" | sed 's/.*src=198[^ ]* .*dport=\([0-9]*\) .*/\1/'
}

tries=24
evicted=0
from=5000
while [ "$from" -lt $((5000 + tries)) ]; do
	[ "$(ask 81 "$from")" = hello ] || wrong "no answer by port 81"
	[ "$(ask 82 "$from")" = hello ] || wrong "no answer by port 82"
	taken=$(port_towards_server 82 "$from")
	[ "$taken" != "$from" ] || wrong "a source port that is taken is not translated"
	[ "$(ask 82 "$taken")" = hello ] || wrong "no answer by port 82 from port $taken"
	if [ "$(port_towards_server 82 "$taken")" = "$taken" ]; then
		evicted=$((evicted + 1))
		[ -z "$(listed 82 "$from")" ] || wrong "two connections have one port"
	else
		[ -n "$(listed 82 "$from")" ] || wrong "an entry is gone that kept nobody back"
	fi
	from=$((from + 1))
done
[ "$evicted" -gt 0 ] || wrong "none of $tries has its port taken by a new one"
[ "$evicted" -lt "$tries" ] || wrong "all of $tries have their port taken by a new one"
counted=$(nft list counter ip a second | sed -n 's/.*packets \([0-9]*\) .*/\1/p')
[ "$counted" -gt $((2 * tries)) ] || wrong "$((2 * tries)) connections are counted as $counted"
echo "$name: confirmed: $evicted of $tries are removed before their time, and $((2 * tries))" \
	"connections count $counted"
