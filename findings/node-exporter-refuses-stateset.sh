#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Program: node_exporter 1.5.0 (Debian prometheus-node-exporter 1.5.0-1+b6)
#
# One would guess: its textfile collector takes OpenMetrics 1.0, as Prometheus itself does, or at
# least leaves out a family of a type that it does not know.
#
# What happens: the files are read as the older text format. A family of the types stateset, info,
# gaugehistogram or unknown makes the whole file fail ("unknown metric type"), so that none of its
# samples is there; node_textfile_scrape_error is 1. Counters and gauges in OpenMetrics are taken,
# "# UNIT" and "# EOF" with them, but a counter comes out untyped, because its samples end with
# _total and its TYPE line does not.
#
# Why it matters: a program that writes a state as an OpenMetrics stateset cannot be read through
# node_exporter. A gauge with a sample of 0 or 1 for each state can, by both.
set -eu
name=$(basename "$0")
packages="prometheus-node-exporter=1.5.0-1+b6"

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
	PATH=$FINDING_DIR/root/usr/bin:$PATH
	export FINDING_DIR PATH
	unshare --net --pid --fork --kill-child bash "$0"
	exit
fi

cd "$FINDING_DIR"

wrong() {
	echo "$name: $1" >&2
	exit 1
}

ip link set lo up
mkdir texts
prometheus-node-exporter --collector.disable-defaults --collector.textfile \
	--collector.textfile.directory=texts --web.listen-address=127.0.0.1:9100 2>log &

# What it tells, after the header of its answer.
scrape() {
	for _ in $(seq 50); do
		# shellcheck disable=SC3025 # this part runs in bash
		if exec 3<>/dev/tcp/127.0.0.1/9100; then
			printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3
			cat <&3
			exec 3>&-
			return
		fi 2>/dev/null
		sleep 0.1
	done
	wrong "node_exporter does not answer"
}

counter='# HELP x_calls Calls.
# TYPE x_calls counter
x_calls_total 1'
bytes='# HELP x_now_bytes Bytes.
# TYPE x_now_bytes gauge
# UNIT x_now_bytes bytes
x_now_bytes 5'

printf '%s\n' "$counter" "$bytes" '# EOF' >texts/x.prom
scrape >out
grep -q '^x_now_bytes 5' out || wrong "it does not take an OpenMetrics gauge any more"
grep -q '^# TYPE x_calls_total untyped' out || wrong "a counter is not untyped any more"
grep -q '^node_textfile_scrape_error 0' out || wrong "it does not take OpenMetrics at all"

for type in stateset info gaugehistogram unknown; do
	printf '%s\n' "$counter" "# TYPE x_state $type" "$bytes" '# EOF' >texts/x.prom
	scrape >out
	grep -q '^x_' out && wrong "it takes a file with a family of the type $type now"
	grep -q '^node_textfile_scrape_error 1' out || wrong "it does not tell of $type as an error"
done
echo "$name: confirmed: one family of a type of OpenMetrics alone makes the whole file fail"
