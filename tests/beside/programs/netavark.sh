# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # what course takes from here, and gives
# A container of its own bridge, with a published port.
package=netavark
variants="iptables-nft iptables-legacy"
port=8081 translates="*:8081/tcp 10.88.0.2:80 active netavark"
configure() {
	ip netns add box
	ip netns exec box ip link set lo up
	cat >/run/container <<-EOF
	{ "container_id": "box", "container_name": "box", "port_mappings": [ {
		"container_port": 80, "host_port": 8081, "host_ip": "", "protocol": "tcp", "range": 1 } ],
	  "networks": { "net": { "interface_name": "eth0", "static_ips": [ "10.88.0.2" ] } },
	  "network_info": { "net": { "name": "net", "driver": "bridge", "network_interface": "podman0",
		"id": "$(printf '%064d' 1)", "internal": false, "ipv6_enabled": false, "dns_enabled": false,
		"subnets": [ { "subnet": "10.88.0.0/16", "gateway": "10.88.0.1" } ],
		"ipam_options": { "driver": "host-local" } } } }
	EOF
	ip netns exec box busybox httpd -p 80 -h /run/page
}
netavark() { NETAVARK_FW=iptables /usr/lib/podman/netavark --config /run/netavark "$1" /run/netns/box </run/container; }
start() { netavark setup && await asks 10.1.0.3 8081; }
stop() { netavark teardown; }
listing() {
	asks 10.1.0.3 8081
	echo "published port: $?"
}
