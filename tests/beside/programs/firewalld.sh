# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # what course takes from here, and gives
package=firewalld
variants="nftables iptables-nft iptables-legacy"
port=8081 translates="wan0:8081/tcp 192.168.1.2:8082 active firewalld"
configure() {
	mkdir -p /run/dbus
	dbus-daemon --system
	sed -i "s/^FirewallBackend=.*/FirewallBackend=${variant%-*}/" /etc/firewalld/firewalld.conf
	for zone in public:wan0 trusted:lan0; do
		sed "s|</zone>|<interface name=\"${zone#*:}\"/></zone>|" \
			"/usr/lib/firewalld/zones/${zone%:*}.xml" >"/etc/firewalld/zones/${zone%:*}.xml"
	done
	sed -i 's|</zone>|<forward-port port="8081" protocol="tcp" to-port="8082" to-addr="192.168.1.2"/>&|' \
		/etc/firewalld/zones/public.xml
}
start() {
	firewalld --nofork --nopid >/run/firewalld.log 2>&1 &
	firewalld=$!
	await sh -c 'dbus-send --system --print-reply --dest=org.freedesktop.DBus / \
		org.freedesktop.DBus.NameHasOwner string:org.fedoraproject.FirewallD1 | grep true'
	await firewall-cmd --state
}
stop() { end "$firewalld"; }
reload() { firewall-cmd --reload; }
# Its zones accept whatever is translated, so a zone, or a rich rule, bans nobody from it.
ban() {
	firewall-cmd --permanent --direct --add-rule ipv4 raw PREROUTING 0 -s 10.1.0.2 -j DROP &&
		firewall-cmd --reload
}
unban() {
	firewall-cmd --permanent --direct --remove-rule ipv4 raw PREROUTING 0 -s 10.1.0.2 -j DROP &&
		firewall-cmd --reload
}
listing() { firewall-cmd --list-all-zones; }
