# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # what course takes from here, and gives
# One jail of what reaches this host, one of what is forwarded.
package=fail2ban
bans="80 81" # of TCP
variants="iptables-nft iptables-legacy nftables"
configure() {
	case $variant in
	iptables-*) action=iptables-allports ;;
	nftables) action=nftables-allports ;;
	esac
	touch /run/jail.log
	rm -f /etc/fail2ban/jail.d/*
	for hook in input forward; do
		case $variant in
		iptables-*) more="chain=$(echo $hook | tr '[:lower:]' '[:upper:]')" ;;
		nftables) more="chain_hook=$hook, chain=f2b-$hook, chain_priority=-1" ;;
		esac
		cat <<-EOF
		[$hook]
		enabled = true
		backend = polling
		filter = sshd
		logpath = /run/jail.log
		banaction = $action
		action = ${action}[name=$hook, protocol=tcp, $more]
		EOF
	done >/etc/fail2ban/jail.d/jails.conf
	mkdir -p /run/fail2ban
}
start() {
	fail2ban-server -f -b -p /run/fail2ban/pid >/run/fail2ban.log 2>&1 &
	await fail2ban-client ping
}
stop() { fail2ban-client stop && await not fail2ban-client ping; }
reload() { fail2ban-client reload; }
ban() { fail2ban-client set input banip 10.1.0.2 && fail2ban-client set forward banip 10.1.0.2; }
unban() { fail2ban-client unban 10.1.0.2; }
listing() {
	fail2ban-client status
	fail2ban-client banned
}
