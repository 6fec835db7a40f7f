# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # what course takes from here, and gives
# The address of the forwards is its own, and no_accept shuts out what is sent to it.
package=keepalived
variants=nftables
gateway=10.1.0.100
target_is_its=yes
configure() {
	cat >/run/keepalived.conf <<-EOF
	global_defs {
		vrrp_nftables
		vrrp_version 3
	}
	vrrp_instance one {
		interface wan0
		virtual_router_id 7
		advert_int 0.1
		no_accept
		virtual_ipaddress { 10.1.0.100/32 }
	}
	EOF
}
start() {
	keepalived -n -l -f /run/keepalived.conf -p /run/keepalived.pid >/run/keepalived.log 2>&1 &
	keepalived=$!
	await sh -c 'ip addr show dev wan0 | grep 10.1.0.100'
}
stop() { end "$keepalived"; }
reload() { kill -HUP "$keepalived" && sleep 0.5 && await sh -c 'ip addr show dev wan0 | grep 10.1.0.100'; }
listing() { ip -br addr show dev wan0; }
