# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # what course takes from here, and gives
package=containernetworking-plugins
variants="iptables-nft iptables-legacy"
port=8081 translates="*:8081/tcp 10.9.0.2:80 active cni"
configure() {
	link box box0
	ip addr add 10.9.0.1/24 dev box0
	ip -n box addr add 10.9.0.2/24 dev eth0
	ip -n box route add default via 10.9.0.1
	ip netns exec box busybox httpd -p 80 -h /run/page
}
portmap() {
	CNI_COMMAND=$1 CNI_CONTAINERID=box CNI_NETNS=/run/netns/box CNI_IFNAME=eth0 \
		CNI_PATH=/usr/lib/cni /usr/lib/cni/portmap <<-EOF
	{ "cniVersion": "0.4.0", "name": "net", "type": "portmap", "capabilities": { "portMappings": true },
	  "runtimeConfig": { "portMappings": [
		{ "hostPort": 8081, "containerPort": 80, "protocol": "tcp" } ] },
	  "prevResult": { "cniVersion": "0.4.0",
		"interfaces": [ { "name": "eth0", "sandbox": "/run/netns/box" } ],
		"ips": [ { "version": "4", "interface": 0, "address": "10.9.0.2/24" } ] } }
	EOF
}
start() { portmap ADD && await asks 10.1.0.3 8081; }
stop() { portmap DEL; }
listing() {
	asks 10.1.0.3 8081
	echo "published port: $?"
}
