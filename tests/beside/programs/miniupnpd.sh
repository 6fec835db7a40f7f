# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # what course takes from here, and gives
# The server asks it for a forward of its own, by NAT-PMP.
package=miniupnpd
variants="nftables iptables-legacy"
port=8081 translates="wan0:8081/tcp 192.168.1.2:8082 active miniupnpd"
configure() {
	case $variant in nftables)
		PATH=/opt/miniupnpd-nftables/usr/sbin:$PATH
		cp /opt/miniupnpd-nftables/etc/miniupnpd/* /etc/miniupnpd
		scripts=nft_init.sh,nft_removeall.sh
		cat >/etc/miniupnpd/miniupnpd_functions.sh <<-EOF
		NFT=nft TABLE=filter NAT_TABLE=filter CHAIN=miniupnpd
		PREROUTING_CHAIN=prerouting_miniupnpd POSTROUTING_CHAIN=postrouting_miniupnpd
		EOF
		;;
	*) scripts=iptables_init.sh,iptables_removeall.sh ;;
	esac
	cat >/etc/miniupnpd/miniupnpd.conf <<-EOF
	ext_ifname=wan0
	ext_ip=9.9.9.9
	listening_ip=lan0
	enable_natpmp=yes
	enable_upnp=yes
	secure_mode=yes
	uuid=36ee8c51-0674-4434-ba01-56f5e46b7e87
	allow 1024-65535 0.0.0.0/0 1024-65535
	EOF
}
start() {
	"/etc/miniupnpd/${scripts%,*}" -i wan0
	# its table has policy drop, and leaves the rest to the administrator
	[ "$variant" != nftables ] || nft add rule inet filter forward ct state established accept
	miniupnpd -d -f /etc/miniupnpd/miniupnpd.conf >/run/miniupnpd.log 2>&1 &
	miniupnpd=$!
	await mapped
}
mapped() {
	ip netns exec server python3 -c 'if 1:
		import socket, struct
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.settimeout(0.5)
		s.sendto(struct.pack("!BBHHHI", 0, 2, 0, 8082, 8081, 3600), ("192.168.1.1", 5351))
		assert struct.unpack("!H", s.recv(16)[2:4]) == (0,)' && asks 10.1.0.3 8081
}
stop() {
	end "$miniupnpd"
	"/etc/miniupnpd/${scripts#*,}" -i wan0
}
listing() {
	asks 10.1.0.3 8081
	echo "mapped port: $?"
}
