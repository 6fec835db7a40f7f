#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Program: nft 1.0.6 (Debian 1.0.6-2+deb12u2)
#
# One would guess: a file that begins with "flush table" and then gives the table anew leaves
# exactly what the file says.
#
# What happens: "flush table" removes rules, not the elements of sets and maps. So after loading
# a changed file
# - a forward that was taken out of the map is still there, and works;
# - one whose comment was changed keeps the old comment: adding an element that exists with the
#   same target is a success that changes nothing;
# - one whose target was changed makes the whole file fail with "File exists".
#
# Why it matters: a manager that keeps its forwards in a map must flush the map by name, or delete
# the table and add it again in the same file. A comment in which options are kept is changed by
# deleting the element and adding it in one batch.
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

# A file with these elements, written as one would write it for "nft -f".
load() {
	cat >rules <<-EOF
		add table ip forwards
		flush table ip forwards
		table ip forwards {
			map ports { type inet_service : ipv4_addr; elements = { $1 }; }
			chain prerouting {
				type nat hook prerouting priority dstnat;
				dnat to tcp dport map @ports
			}
		}
	EOF
	nft -f rules 2>error
}

load '80 comment "old" : 192.0.2.1, 81 : 192.0.2.1' || wrong "cannot load: $(cat error)"
load '80 comment "new" : 192.0.2.1' || wrong "an equal element is now refused: $(cat error)"
now=$(nft list map ip forwards ports)
case $now in
*"81 : 192.0.2.1"*) ;;
*) wrong "flush table takes elements away now: $now" ;;
esac
case $now in
*'comment "old"'*) ;;
*) wrong "the comment follows the file now: $now" ;;
esac
if load '80 : 192.0.2.2'; then
	wrong "another target for the same port is accepted now"
fi
grep -q 'File exists' error || wrong "another target now fails with: $(cat error)"
echo "$name: confirmed: old elements and comments stay, and a new target is refused"
