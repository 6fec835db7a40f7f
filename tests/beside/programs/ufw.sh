# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # what course takes from here, and gives
package=ufw
variants="iptables-nft iptables-legacy"
# By its manual: before.rules. What stands in a base chain is nobody's.
port=8081 translates='wan0:8081/tcp 192.168.1.2:8082 active nat\x20PREROUTING'
configure() {
	ufw allow in on lan0
	ufw route allow in on wan0 to 192.168.1.2 port 8082 proto tcp
	cat >>/etc/ufw/before.rules <<-EOF
	*nat
	:PREROUTING ACCEPT [0:0]
	-A PREROUTING -i wan0 -p tcp --dport 8081 -j DNAT --to-destination 192.168.1.2:8082
	COMMIT
	EOF
}
start() { ufw --force enable; }
stop() { ufw disable; }
reload() { ufw reload; }
ban() { ufw prepend deny from 10.1.0.2 && ufw route prepend deny from 10.1.0.2; }
unban() { ufw delete deny from 10.1.0.2 && ufw route delete deny from 10.1.0.2; }
listing() { ufw status verbose; }
