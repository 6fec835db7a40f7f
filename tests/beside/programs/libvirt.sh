# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # what course takes from here, and gives
# A guest of its default network is the target.
package=libvirt-daemon-system
variants="iptables-nft iptables-legacy"
target=192.168.122.2
target_is_its=yes
# It translates nothing, but by a hook, as its wiki has it.
port=8081 translates='wan0:8081/tcp 192.168.122.2:8082 active nat\x20PREROUTING'
configure() {
	mkdir -p /run/libvirt /etc/libvirt/hooks
	cat >/etc/libvirt/hooks/network <<-'EOF'
	#!/bin/sh
	case $2 in
	started) how=-I ;;
	stopped) how=-D ;;
	*) exit 0 ;;
	esac
	iptables -t nat $how PREROUTING -i wan0 -p tcp --dport 8081 -j DNAT --to 192.168.122.2:8082
	iptables $how FORWARD -o virbr0 -d 192.168.122.2 -p tcp --dport 8082 -j ACCEPT
	EOF
	chmod 755 /etc/libvirt/hooks/network
}
start() {
	libvirtd >/run/libvirtd.log 2>&1 &
	libvirtd=$!
	await virsh net-list || return
	virsh net-start default
	attach
}
attach() { # the server becomes a guest
	ip netns exec server ip link del eth1 2>/dev/null
	ip link add guest type veth peer name eth1 netns server
	ip link set virbr0 type bridge stp_state 0 # or a port waits before it forwards
	ip link set guest master virbr0 up
	ip -n server addr add 192.168.122.2/24 dev eth1
	ip -n server link set eth1 up
	ip -n server route replace default via 192.168.122.1
	await curl -s -f -m 1 http://192.168.122.2:8080/
}
stop() { virsh net-destroy default && end "$libvirtd"; }
listing() {
	virsh net-list --all
	virsh net-info default
}
