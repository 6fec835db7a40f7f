#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Program: ufw 0.36.2 (Debian 0.36.2-1), with iptables 1.8.9, nft backend (1.8.9-2)
#
# One would guess: a "*nat" part in /etc/ufw/before.rules, which is how one forwards a port with
# ufw, is taken away by "ufw disable", and is there once after "ufw reload".
#
# What happens: ufw loads the file with iptables-restore -n, which adds to what is there, and
# flushes only its own chains in filter. So each reload adds the nat rules once more, and after
# disable all of them are still there and translate. (As filter is open then, the forward goes on
# working.) A forward that was taken out of the file is not taken out of the kernel by a reload.
#
# Why it matters: doubled DNAT rules of a port are normal on such hosts and no conflict of two
# owners; and "ufw is inactive" does not mean that none of its forwards is in force. A file with
# "-F PREROUTING" after the chain line of *nat would take other tools' rules away as well.
set -eu
name=$(basename "$0")
packages="ufw=0.36.2-1 iptables=1.8.9-2 libip4tc2=1.8.9-2 libip6tc2=1.8.9-2
	libxtables12=1.8.9-2 libnftnl11=1.2.4-2 libmnl0=1.0.4-3
	libnetfilter-conntrack3=1.0.9-3 libnfnetlink0=1.0.2-2"

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
	unshare --net --mount --pid --fork --kill-child sh "$0"
	exit
fi

cd "$FINDING_DIR"

wrong() {
	echo "$name: $1" >&2
	exit 1
}

for program in iptables iptables-restore ip6tables ip6tables-restore; do
	ln -s xtables-nft-multi "root/usr/sbin/$program"
done
mount -t tmpfs none /run

# ufw as it would be installed, below our folder, with the unpacked iptables first in its path.
cp root/usr/share/ufw/*.rules root/usr/share/ufw/*.init root/usr/share/ufw/ufw.conf root/etc/ufw
mkdir -p root/etc/default
sed -i "s|^PATH=\"|&$FINDING_DIR/root/usr/sbin:|" root/lib/ufw/ufw-init-functions
sed -i 's/^ENABLED=.*/ENABLED=yes/' root/etc/ufw/ufw.conf
cat >root/etc/default/ufw <<'EOF'
IPV6=yes
DEFAULT_INPUT_POLICY="DROP"
DEFAULT_OUTPUT_POLICY="ACCEPT"
DEFAULT_FORWARD_POLICY="DROP"
DEFAULT_APPLICATION_POLICY="SKIP"
MANAGE_BUILTINS=no
IPT_SYSCTL=
IPT_MODULES=
EOF
cat >>root/etc/ufw/before.rules <<'EOF'
*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 192.0.2.2:8080
COMMIT
EOF

ufw_init() {
	root/lib/ufw/ufw-init --rootdir "$FINDING_DIR/root" --datadir "$FINDING_DIR/root" "$1" \
		>log 2>&1 || wrong "ufw-init $1 failed: $(cat log)"
}

forwards() {
	got=$(iptables -t nat -S PREROUTING | grep -c 'to-destination 192.0.2.2:8080' || true)
	[ "$got" = "$1" ] || wrong "$2 the forward is there $got times, not $1"
}

# "ufw enable" runs start; "ufw disable" force-stop; "ufw reload" both.
ufw_init start
forwards 1 "after enable"
ufw_init force-stop
forwards 1 "after disable"
ufw_init start
forwards 2 "after reload"
ufw_init force-stop
forwards 2 "after the second disable"
sed -i '/^\*nat/,$d' root/etc/ufw/before.rules
ufw_init start
forwards 2 "with no nat rules in the file"
ufw_init force-stop
iptables -S | grep -q '^-P FORWARD ACCEPT' || wrong "FORWARD is not open after disable"
echo "$name: confirmed: a reload doubles the forward, and disable leaves it in force"
