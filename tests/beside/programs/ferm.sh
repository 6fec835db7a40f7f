# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # what course takes from here, and gives
# It takes iptables-legacy, whatever iptables is.
package=ferm
variants="iptables-legacy"
configure() { ferm_conf ""; }
ferm_conf() { # RULE: also at the head of INPUT and FORWARD
	cat >/etc/ferm/ferm.conf <<-EOF
	domain (ip ip6) table filter {
		chain (INPUT FORWARD) {
			policy DROP;
			$1
			mod state state (ESTABLISHED RELATED) ACCEPT;
			interface (lo lan0) ACCEPT;
		}
	}
	EOF
}
start() { ferm /etc/ferm/ferm.conf; }
stop() { ferm -F /etc/ferm/ferm.conf; }
reload() { start; }
ban() { ferm_conf "@if @eq(\$DOMAIN, ip) saddr 10.1.0.2 DROP;" && reload; }
unban() { ferm_conf "" && reload; }
hook() { ferm_conf "" && echo '@hook post "pfwd apply";' >>/etc/ferm/ferm.conf; }
listing() { ferm -n -l /etc/ferm/ferm.conf | sed -n '/^\*filter/,/^COMMIT/p'; }
