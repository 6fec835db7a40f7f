# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # what course takes from here, and gives
# Its policy becomes DROP only where it turns forwarding on itself.
package=docker.io
variants="iptables-nft iptables-legacy"
port=8081 translates="*:8081/tcp 172.17.0.2:80 active docker"
bans="80 80/udp" # DOCKER-USER is on the way of what is forwarded
configure() {
	mount_cgroups
	mkdir -p /run/image/bin /run/image/page /run/docker
	cp /bin/busybox /run/image/bin
	cp /run/page/index.html /run/image/page
}
start() {
	sysctl -qw net.ipv4.ip_forward=0
	dockerd --data-root /run/docker/data --exec-root /run/docker/exec -p /run/docker.pid \
		--cgroup-parent "$CGROUP" >>/run/docker.log 2>&1 &
	dockerd=$!
	await docker version || return
	docker image inspect web >/dev/null 2>&1 || {
		tar -C /run/image -c . | docker import - web
		docker run -d --name web --restart always --stop-signal KILL -p 8081:80 web \
			/bin/busybox httpd -f -p 80 -h /page
	}
	await published
}
stop() { end "$dockerd"; }
forget() { # it leaves its rules when it stops
	for table in filter nat; do
		iptables -t $table -F
		iptables -t $table -X
	done
	iptables -P FORWARD ACCEPT
}
ban() { iptables -I DOCKER-USER -s 10.1.0.2 -j DROP; }
unban() { iptables -D DOCKER-USER -s 10.1.0.2 -j DROP; }
published() { asks 10.1.0.3 8081; }
listing() {
	docker ps --format '{{.Names}} {{.Ports}}'
	docker network ls --format '{{.Name}} {{.Driver}}'
	published
	echo "published port: $?"
}
