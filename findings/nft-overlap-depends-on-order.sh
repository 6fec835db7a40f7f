#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Program: Linux 6.18, with nft 1.0.6 (Debian 1.0.6-2+deb12u2)
#
# One would guess: a map of ranges refuses an element that overlaps another one (as a map with a
# single field does), or takes it; and which of the two does not depend on the order.
#
# What happens, where the key has several fields (a port range and a network, say):
#   first 80, then 1-65535    both are taken, and port 80 finds its own element
#   first 1-65535, then 80    the second is refused: "File exists"
# The kernel looks whether the start or the end of the NEW element lies in an old one, not whether
# it goes around an old one.
#
# Why it matters: the same set of forwards can be made or not, depending on the order of the
# commands, and taking the narrow one away and putting it back fails. Check for overlaps yourself,
# give nested forwards maps of their own, and do not take "File exists" for "this very element".
set -eu
name=$(basename "$0")
packages="nftables=1.0.6-2+deb12u2 libnftables1=1.0.6-2+deb12u2 libnftnl11=1.2.4-2
	libxtables12=1.8.9-2 libmnl0=1.0.4-3 libjansson4=2.14-2 libedit2=3.1-20221030-2
	libbsd0=0.11.7-2 libmd0=1.0.4-2"

if [ -z "${FINDING_DIR:-}" ]; then
	if [ "$(id -u)" != 0 ]; then
		echo "$name: only root can make network namespaces" >&2
		exit 2
	fi
	FINDING_DIR=$(mktemp -d)
	trap 'rm -rf "$FINDING_DIR"' EXIT
	trap 'exit 2' HUP INT TERM
	# shellcheck disable=SC2086 # words of a list
	(cd "$FINDING_DIR" && apt-get -qq -o APT::Sandbox::User=root download $packages &&
		for deb in *.deb; do dpkg -x "$deb" root || exit; done) >/dev/null || {
		echo "$name: cannot get the packages; try apt-get update first" >&2
		exit 2
	}
	PATH=$FINDING_DIR/root/usr/sbin:$PATH
	LD_LIBRARY_PATH=$(find "$FINDING_DIR/root" -type d -name '*-linux-gnu*' | tr '\n' ':')
	export FINDING_DIR PATH LD_LIBRARY_PATH
	unshare --net --pid --fork --kill-child sh "$0"
	exit
fi

cd "$FINDING_DIR"

wrong() {
	echo "$name: $1" >&2
	exit 1
}

ip link set lo up
ip address add 192.0.2.1/32 dev lo
nft 'table ip t {
	map ports { type inet_service . ipv4_addr : inet_service; flags interval; counter; }
	map single { type inet_service : inet_service; flags interval; }
	chain output {
		type nat hook output priority -100
		meta l4proto udp redirect to :udp dport . ip saddr map @ports
	}
}'

add() {
	nft add element ip t "$1" "{ $2 }" 2>error
}

narrow='80 . 192.0.2.0/24 : 8080'
wide='1-65535 . 192.0.2.0/24 : 9090'
add ports "$narrow" || wrong "cannot add the narrow one: $(cat error)"
add ports "$wide" || wrong "the wide one is refused behind the narrow one: $(cat error)"
bash -c 'echo x >/dev/udp/192.0.2.1/80; echo x >/dev/udp/192.0.2.1/81'
nft list map ip t ports >now
if [ "$(grep -c 'counter packets 1 ' now)" != 2 ]; then
	wrong "ports 80 and 81 do not use one element each: $(cat now)"
fi

nft delete element ip t ports "{ 80 . 192.0.2.0/24 }"
if add ports "$narrow"; then
	wrong "the narrow one is taken behind the wide one now"
fi
grep -q 'File exists' error || wrong "it is now refused with: $(cat error)"

add single '80 : 8080' || wrong "cannot add to the map with one field: $(cat error)"
if add single '1-65535 : 9090'; then
	wrong "the map with one field takes overlaps now"
fi
echo "$name: confirmed: 80 then 1-65535 is taken, 1-65535 then 80 is refused"
