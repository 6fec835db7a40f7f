#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Program: nft 1.0.6 (Debian 1.0.6-2+deb12u2)
#
# One would guess: "meta time" takes a date in local time and prints the same date again.
#
# What happens: near the hour when clocks are set forward or back, the date that is loaded is one
# hour off. nft asks which offset holds at that date as if the date were UTC. In New York clocks
# go forward on 10 March 2030 at 02:00, which is 07:00 UTC:
#   loaded "2030-03-10 03:30:00"   listed "2030-03-10 04:30:00"
# Each time the listing is saved and loaded the date moves one hour further, up to 07:30. (East
# of Greenwich it happens in the hours before the change, and the date moves back. In autumn both
# directions are reversed.) Dates on other days are right.
#
# Why it matters: a forward that ends at a given time ends late or early, and reading back does
# not give what was written. Hand the kernel UTC nanoseconds by netlink, or run nft with TZ=UTC.
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

# The rule for New York is written out, so that no time zone files are needed.
TZ=EST5EDT,M3.2.0,M11.1.0
export TZ

# The date that nft lists after it was given one.
listed() {
	nft flush ruleset
	nft "add table ip t; add chain ip t c; add rule ip t c meta time < \"$1\" accept"
	nft list ruleset | sed -n 's/.*meta time < "\(.*\)".*/\1/p'
}

expect() {
	got=$(listed "$1")
	[ "$got" = "$2" ] || wrong "'$1' is now listed as '$got', not '$2'"
}

expect '2030-03-09 12:00:00' '2030-03-09 12:00:00'
expect '2030-03-10 03:30:00' '2030-03-10 04:30:00'
expect '2030-03-10 04:30:00' '2030-03-10 05:30:00'
expect '2030-03-10 07:30:00' '2030-03-10 07:30:00'
TZ=UTC
expect '2030-03-10 03:30:00' '2030-03-10 03:30:00'
echo "$name: confirmed: a date on the day of the clock change moves by an hour at each loading"
