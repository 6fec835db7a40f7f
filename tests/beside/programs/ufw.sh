# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # what course takes from here, and gives
package=ufw
variants="iptables-nft iptables-legacy"
configure() { ufw allow in on lan0; }
start() { ufw --force enable; }
stop() { ufw disable; }
reload() { ufw reload; }
ban() { ufw prepend deny from 10.1.0.2 && ufw route prepend deny from 10.1.0.2; }
unban() { ufw delete deny from 10.1.0.2 && ufw route delete deny from 10.1.0.2; }
listing() { ufw status verbose; }
