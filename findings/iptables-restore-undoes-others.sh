#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Program: iptables 1.8.9, legacy backend (Debian 1.8.9-2), Linux 6.18
#
# One would guess: a change that was prepared from an old copy of the table is refused by the
# kernel when somebody else changed the table meanwhile.
#
# What happens: the kernel refuses it only when the NUMBER OF RULES is another one. Here
# iptables-legacy-restore --noflush reads the table when it comes to "*filter" and writes it at
# "COMMIT". Between the two somebody deletes rule 1 and adds rule 2. COMMIT succeeds, rule 1 is
# back and rule 2 is gone. When somebody only adds a rule, COMMIT fails as one would expect.
#
# Why it matters: only the lock file protects the others, and programs that use libiptc themselves
# do not take it by default (here: another lock file). Take the lock before the table is
# read, and hold it until after the commit.
set -eu
name=$(basename "$0")
packages="iptables=1.8.9-2 libip4tc2=1.8.9-2 libip6tc2=1.8.9-2 libxtables12=1.8.9-2
	libnftnl11=1.2.4-2 libmnl0=1.0.4-3 libnetfilter-conntrack3=1.0.9-3
	libnfnetlink0=1.0.2-2"

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
	XTABLES_LIBDIR=$(find "$FINDING_DIR/root" -type d -path '*/lib/*/xtables')
	XTABLES_LOCKFILE=$FINDING_DIR/lock
	export FINDING_DIR PATH LD_LIBRARY_PATH XTABLES_LIBDIR XTABLES_LOCKFILE
	unshare --net --pid --fork --kill-child sh "$0"
	exit
fi

cd "$FINDING_DIR"

wrong() {
	echo "$name: $1" >&2
	exit 1
}

iptables-legacy -S >/dev/null 2>&1 || {
	echo "$name: this kernel has no legacy tables" >&2
	exit 2
}

# Somebody who does not know our lock.
other() {
	XTABLES_LOCKFILE=$FINDING_DIR/other iptables-legacy "$@"
}

# A restore that has read the table and waits with COMMIT until "finish".
begin() {
	iptables-legacy -F
	iptables-legacy -A FORWARD -s 192.0.2.1 -j DROP
	rm -f lines
	mkfifo lines
	iptables-legacy-restore --noflush <lines >/dev/null 2>error &
	restore=$!
	exec 3>lines
	printf '*filter\n-A FORWARD -s 192.0.2.3 -j DROP\n' >&3
	sleep 1
}

finish() {
	echo COMMIT >&3
	exec 3>&-
	wait "$restore"
}

begin
other -D FORWARD -s 192.0.2.1 -j DROP
other -A FORWARD -s 192.0.2.2 -j DROP
finish || wrong "a commit from an old copy is refused now: $(cat error)"
now=$(iptables-legacy -S FORWARD | grep -o '192\.0\.2\.[0-9]' | tr '\n' ' ')
[ "$now" = "192.0.2.1 192.0.2.3 " ] || wrong "FORWARD now has: $now"

begin
other -A FORWARD -s 192.0.2.2 -j DROP
if finish; then
	wrong "a commit after one more rule succeeds now"
fi
echo "$name: confirmed: one rule deleted and one added by somebody else are undone in silence"
