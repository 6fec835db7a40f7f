# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # what course takes from here, and gives
package=shorewall
variants="iptables-nft iptables-legacy"
port=8081 translates="wan0:8081/tcp 192.168.1.2:8082 active shorewall"
configure() {
	cd /etc/shorewall || return
	printf '%s\n' 'fw firewall' 'net ipv4' 'loc ipv4' >zones
	printf '%s\n' '?FORMAT 2' 'net wan0' 'loc lan0' >interfaces
	# shellcheck disable=SC2016 # it is shorewall's
	printf '%s\n' 'loc all ACCEPT' '$FW all ACCEPT' 'net all DROP' 'all all REJECT' >policy
	printf '%s\n' '?SECTION NEW' 'DNAT net loc:192.168.1.2:8082 tcp 8081' >rules
	cd /
	shorewall check
}
start() { shorewall start; }
stop() { shorewall clear; }
reload() { shorewall reload; }
# In a chain of a zone what bans stands with what drops everybody: the raw table is before both.
ban() { printf '%s\n' '?FORMAT 3' 'DROP:P wan0:10.1.0.2 -' >/etc/shorewall/conntrack && reload; }
unban() { printf '%s\n' '?FORMAT 3' >/etc/shorewall/conntrack && reload; }
misses() { shorewall drop 10.1.0.2; }
spares() { shorewall allow 10.1.0.2; }
hook() { echo "pfwd apply" >/etc/shorewall/started; }
listing() { shorewall status | sed 's/ at .*//; s/^State:\([A-Z][a-z]*\).*/\1/'; }
