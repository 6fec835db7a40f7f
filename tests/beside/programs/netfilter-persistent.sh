# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # what course takes from here, and gives
variants="iptables-nft iptables-legacy"
version() { cat /etc/iptables/version; }
configure() { rules_v4 ""; }
rules_v4() { # RULE in INPUT and FORWARD
	cat >/etc/iptables/rules.v4 <<-EOF
	*filter
	:INPUT DROP [0:0]
	:FORWARD DROP [0:0]
	:OUTPUT ACCEPT [0:0]
	${1:+-A INPUT $1}
	${1:+-A FORWARD $1}
	-A INPUT -i lo -j ACCEPT
	-A INPUT -i lan0 -j ACCEPT
	-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
	-A FORWARD -i lan0 -j ACCEPT
	-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
	COMMIT
	EOF
}
start() { netfilter-persistent start; }
stop() { netfilter-persistent flush; }
reload() { netfilter-persistent reload; }
ban() { rules_v4 "-s 10.1.0.2 -j DROP" && reload; }
unban() { rules_v4 "" && reload; }
hook() {
	cat >/usr/share/netfilter-persistent/plugins.d/90-pfwd <<-'EOF'
	#!/bin/sh
	[ "$1" != start ] || exec pfwd apply
	EOF
	chmod 755 /usr/share/netfilter-persistent/plugins.d/90-pfwd
}
listing() { cat /etc/iptables/rules.v4; }
