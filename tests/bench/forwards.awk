# SPDX-License-Identifier: GPL-2.0-or-later
# The forwards that are measured, the same ones in each tool's own words.
#
#   KIND ports      one after the other on ports from 10001 up, TCP, then UDP
#        addresses  over 250 public addresses
#        two        one after the other over two public addresses
#        clients    all on one port, each for a client network of its own
#        ranges     ten ports each, to the same ports, over as many public addresses as that takes
#        times      as ports, each until a time of its own
#   FORM pfwd       a forwards file
#        flat       what an administrator writes for iptables-restore: a chain in each table
#        nft        for nft -f: a map in nat, a set in filter
#        map        for nft -f: a map by the interface too, if it is in the SPEC, and the rule that
#                   looks into it, and nothing else
#        counters   the same with a counter for each element
#        last       where to connect for the last one: SOURCE ADDRESS PORT
#        random     the same for PICKS of them
#        translated what connections are made of: PROTO ADDRESS PORT TARGET PORT
#        mappings   a configuration for the CNI plugin portmap
#
# Targets are 250 hosts, ports from 8001 up.
function forward(i) {
	from = "-"
	proto = "tcp"
	port = 80
	addr = "203.0.113.1"
	spec = "wan0"
	last = until = ""
	if (KIND == "addresses" || KIND == "two") {
		over = KIND == "two" ? 2 : 250
		addr = "198.51.100." 1 + i % over
		port = 9001 + int(i / over)
		spec = "*@" addr
	} else if (KIND == "clients")
		from = "10." 64 + int(i / 250) "." i % 250
	else if (KIND == "ranges") {
		addr = "198.51.100." 1 + int(i / 20)
		port = 8001 + i % 20 * 10
		last = port + 9
		spec = "wan0@" addr
	} else {
		port = 10001 + i % 50000
		proto = i < 50000 ? "tcp" : "udp"
		if (KIND == "times")
			until = sprintf("2037-01-01T%02d:%02d:%02dZ", i / 3600, i / 60 % 60, i % 60)
	}
	target = "10.2.0." 1 + i * 7 % 250
	tport = 8001 + int(i / 250) % 200
}

# what the rule of both tables begins with
function arriving() {
	return (spec == "wan0" ? "-i wan0 " : "") (from == "-" ? "" : "-s " from ".0/24 ")
}

function destination() {
	print(from == "-" ? "-" : from ".9", addr, port)
}

function flat(	i) {
	print "*nat\n:FWD - [0:0]"
	if (KIND == "addresses")
		print "-A PREROUTING -j FWD"
	else
		print "-A PREROUTING -m addrtype --dst-type LOCAL -j FWD"
	for (i = 0; i < COUNT; i++) {
		forward(i)
		printf "-A FWD %s%s-p %s -m %s --dport %d -j DNAT --to-destination %s:%d\n", arriving(),
			spec == "wan0" ? "" : "-d " addr " ", proto, proto, port, target, tport
	}
	print "COMMIT\n*filter\n:FWD - [0:0]"
	print "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
	print "-A FORWARD -m conntrack --ctstate DNAT -j FWD"
	for (i = 0; i < COUNT; i++) {
		forward(i)
		printf "-A FWD %s-d %s -p %s -m %s --dport %d -j ACCEPT\n", arriving(), target, proto,
			proto, tport
	}
	print "COMMIT"
}

# one protocol and no client networks: that is all that is compared with it
function nft(	i, field, key, by_if) {
	by_if = FORM != "nft" && KIND != "addresses"
	field = KIND == "addresses" ? "ipv4_addr . " : by_if ? "ifname . " : ""
	key = KIND == "addresses" ? "ip daddr . " : by_if ? "iifname . " : ""
	print "table ip bench {\n  map forwards { type " field "inet_service : ipv4_addr . inet_service"
	printf "%s    elements = {", FORM == "counters" ? "    counter\n" : ""
	for (i = 0; i < COUNT; i++) {
		forward(i)
		print(i ? "," : "") (KIND == "addresses" ? addr " . " : by_if ? "\"wan0\" . " : "") \
			port " : " target " . " tport
	}
	print "} }\n  chain in { type nat hook prerouting priority dstnat"
	print "    " (FORM == "nft" && KIND != "addresses" ? "iifname wan0 fib daddr type local " : "") \
		"dnat ip to " key "tcp dport map @forwards\n  }"
	if (FORM == "nft")
		let_in()
	print "}"
}

function let_in(	i) {
	print "  set targets { type ipv4_addr . inet_service"
	printf "    elements = {"
	for (i = 0; i < COUNT; i++) {
		forward(i)
		print(i ? "," : "") target " . " tport
	}
	print "} }\n  chain through { type filter hook forward priority filter"
	print "    ct state established,related accept"
	print "    ct status dnat ip daddr . tcp dport @targets accept\n  }"
}

function mappings(	i) {
	print "{\"cniVersion\": \"0.4.0\", \"name\": \"bench\", \"type\": \"portmap\","
	print "\"capabilities\": {\"portMappings\": true}, \"snat\": false,"
	print "\"prevResult\": {\"cniVersion\": \"0.4.0\", \"interfaces\": [{\"name\": \"eth0\","
	print "\"sandbox\": \"/run/netns/bench\"}],"
	print "\"ips\": [{\"version\": \"4\", \"interface\": 0, \"address\": \"10.2.0.1/16\"}]},"
	print "\"runtimeConfig\": {\"portMappings\": ["
	for (i = 0; i < COUNT; i++) {
		forward(i)
		printf "%s{\"hostPort\": %d, \"containerPort\": %d, \"protocol\": \"%s\"}\n",
			i ? "," : "", port, tport, proto
	}
	print "]}}"
}

BEGIN {
	if (FORM == "flat")
		flat()
	else if (FORM == "nft" || FORM == "map" || FORM == "counters")
		nft()
	else if (FORM == "mappings")
		mappings()
	else if (FORM == "last") {
		forward(COUNT - 1)
		destination()
	} else if (FORM == "random") {
		srand(1)
		for (i = 0; i < PICKS; i++) {
			forward(int(rand() * COUNT))
			if (last)
				port += int(rand() * (last - port + 1))
			destination()
		}
	} else
		for (i = 0; i < COUNT; i++) {
			forward(i)
			if (FORM == "translated")
				print proto, addr, port, target, tport
			else
				print spec ":" port (last ? "-" last : "") "/" proto, \
					target (last ? "" : ":" tport) \
					(from == "-" ? "" : " --from " from ".0/24") \
					(until ? " --until " until : "")
		}
}
