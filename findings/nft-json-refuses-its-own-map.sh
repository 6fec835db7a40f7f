#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Program: nft 1.0.6 (Debian 1.0.6-2+deb12u2)
#
# One would guess: what "nft -j list ruleset" prints, "nft -j -f" loads, as the text form does.
#
# What happens: a map to an address and a port, which is what a port forward needs, is listed as
#   "map": "ipv4_addr . inet_service"
# and loading that fails:
#   Error: Invalid map type 'ipv4_addr . inet_service'.
# A map to a verdict that jumps is not loaded either: the list names maps before chains, so the
# chain is not there yet ("No such file or directory"). The text form of both loads well.
#
# Why it matters: a manager or a backup that talks JSON to nft (or to libnftables) cannot put back
# what it read. Use the text form, or netlink.
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

# Loads a ruleset, lists it as text and as JSON, and loads both listings again.
again() {
	nft flush ruleset
	nft "$1"
	nft list ruleset >text
	nft -j list ruleset >json
	nft flush ruleset
	nft -f text || wrong "the text form does not load any more"
	nft flush ruleset
	if nft -j -f json 2>error; then
		wrong "the JSON form loads now: $1"
	fi
	grep -q "$2" error || wrong "the JSON form now fails with: $(cat error)"
}

again 'table ip forwards {
	map ports {
		type inet_service : ipv4_addr . inet_service
		elements = { 80 : 192.0.2.1 . 8080 }
	}
}' "Invalid map type 'ipv4_addr . inet_service'"
again 'table ip forwards {
	map ports { type inet_service : verdict; elements = { 80 : jump web }; }
	chain web { accept; }
}' 'No such file or directory'
echo "$name: confirmed: JSON of a map to address and port, or to a jump, is refused by its writer"
