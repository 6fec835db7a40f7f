# shellcheck shell=sh disable=SC2154 # gateway: what clients connect to
# SPDX-License-Identifier: GPL-2.0-or-later
# Two clients, a gateway and a server:
#
#   10.1.0.2 and 10.1.0.3 --- wan0 10.1.0.1 [gateway] 192.168.1.1 lan0 --- 192.168.1.2
#             and fd01::3          fd01::1             fd02::1               fd02::2
#
# The first client is the one that is banned.

link() { # NAMESPACE INTERFACE
	ip netns add "$1"
	ip link add "$2" type veth peer name eth0 netns "$1"
	ip -n "$1" link set lo up
	ip -n "$1" link set eth0 up
	ip link set "$2" up
}

build_town() {
	mkdir -p /run/netns /run/page
	echo "Hello." >/run/page/index.html
	ip link set lo up
	link client wan0
	link server lan0
	ip addr add 10.1.0.1/24 dev wan0
	ip addr add 192.168.1.1/24 dev lan0
	ip -n client addr add 10.1.0.2/24 dev eth0
	ip -n client addr add 10.1.0.3/24 dev eth0
	ip -n server addr add 192.168.1.2/24 dev eth0
	ip -n client route add default via 10.1.0.1
	ip -n server route add default via 192.168.1.1
	sysctl -qw net.ipv4.ip_forward=1
	build_ipv6
	mkdir /run/forward
	echo "By pfwd." >/run/forward/index.html
	ip netns exec server busybox httpd -p 8080 -h /run/forward # of the forwards
	ip netns exec server python3 "$here/udp.py" 8080 >/run/udp.log 2>&1 &
	ip netns exec server busybox httpd -p 8082 -h /run/page # of what others translate
	busybox httpd -p 9090 -h /run/page
}

# Neighbours are known for good: what drops all that comes in drops their discovery too.
neighbours() { # NAMESPACE ADDR INTERFACE ADDR: the address there and the one of the interface here
	ip -n "$1" -6 neigh replace "$4" dev eth0 nud permanent \
		lladdr "$(cat "/sys/class/net/$3/address")"
	ip -6 neigh replace "$2" dev "$3" nud permanent \
		lladdr "$(ip -n "$1" -br link show eth0 | awk '{ print $3 }')"
}
build_ipv6() {
	ip addr add fd01::1/64 dev wan0 nodad
	ip addr add fd02::1/64 dev lan0 nodad
	ip -n client addr add fd01::3/64 dev eth0 nodad
	ip -n server addr add fd02::2/64 dev eth0 nodad
	neighbours client fd01::3 wan0 fd01::1
	neighbours server fd02::2 lan0 fd02::1
	ip -n client route add default via fd01::1
	ip -n server route add default via fd02::1
	sysctl -qw net.ipv6.conf.all.forwarding=1
}

get() { # CLIENT PORT: what is answered
	case $1 in
	*:*) to='[fd01::1]' ;;
	*) to=$gateway ;;
	esac
	ip netns exec client curl -s -f -m 0.5 --interface "$1" "http://$to:$2/"
}
asks() { # CLIENT PORT[/udp]: it is answered
	case $2 in
	*/udp) ip netns exec client python3 "$here/udp.py" "$1" "$gateway" "${2%/udp}" 2>/dev/null ;;
	*) get "$1" "$2" >/dev/null ;;
	esac
}

# Those of the host, so that containers can be told apart.
mount_cgroups() {
	if grep -q :memory: /proc/self/cgroup; then
		mount -t tmpfs none /sys/fs/cgroup
		cut -d: -f2 /proc/self/cgroup | grep -v -e = -e '^$' | while read -r controllers; do
			mkdir "/sys/fs/cgroup/$controllers"
			mount -t cgroup -o "$controllers" none "/sys/fs/cgroup/$controllers" || return
		done
	else
		mount -t cgroup2 none /sys/fs/cgroup
	fi
}
