/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of others, and what is read of them. */
#define LEGACY &xtables_backend, OTHERS_TRANSLATIONS
#define NFT &nftables_backend, OTHERS_TRANSLATIONS

{"by hand, legacy", LEGACY,
 "ipt() { iptables-legacy -t nat \"$@\"; }\n"
 "ipt -A PREROUTING -i eth0 -p tcp --dport 80 -j DNAT --to-destination 10.0.0.2\n"
 "ipt -A PREROUTING -i ppp+ -p udp -s 192.0.2.0/24 -d 203.0.113.1 --dport 53 -j REDIRECT --to-ports 5353\n"
 "ipt -A PREROUTING -p tcp -m multiport --dports 80,443,8000:8010 -j DNAT --to-destination 10.0.0.3\n"
 "ipt -A PREROUTING -p tcp --dport 1000:1010 -j DNAT --to-destination 10.0.0.2:2000-2010/1000\n"
 "ipt -A PREROUTING -p tcp --dport 99 -m limit --limit 5/s -j DNAT --to-destination 10.0.0.2\n"
 "ipt -A PREROUTING ! -i lan0 ! -s 10.0.0.0/8 -d 1.1.1.1 -j DNAT --to-destination 10.0.0.4-10.0.0.9\n"
 "ipt -N WEB; ipt -A PREROUTING -m addrtype --dst-type LOCAL -j WEB; ipt -A OUTPUT -d 203.0.113.0/24 -j WEB\n"
 "ipt -A WEB -i lan0 -j RETURN\n"
 "ipt -A WEB -p tcp --dport 80 -m comment --comment 'my web' -j DNAT --to-destination 10.0.0.2:8080\n"
 "ipt -A PREROUTING -s 10.0.0.0/8 -j ACCEPT\n",
 /* read */
 "prerouting IPv4 tcp in eth0 :80 dnat 10.0.0.2, nat PREROUTING\n"
 "prerouting IPv4 udp in ppp+ from 192.0.2.0/24 dst 203.0.113.1/32 :53 redirect :5353, nat PREROUTING\n"
 "prerouting IPv4 tcp :80 dnat 10.0.0.3, nat PREROUTING\n"
 "prerouting IPv4 tcp :443 dnat 10.0.0.3, nat PREROUTING\n"
 "prerouting IPv4 tcp :8000-8010 dnat 10.0.0.3, nat PREROUTING\n"
 "prerouting IPv4 tcp :1000-1010 dnat 10.0.0.2 :2000-2010/1000, nat PREROUTING\n"
 "prerouting IPv4 tcp :99 dnat 10.0.0.2 beyond -m limit, not exact, vague, nat PREROUTING\n"
 "prerouting IPv4 dst 1.1.1.1/32 not in lan0 not from 10.0.0.0/8 dnat 10.0.0.4-10.0.0.9 beyond ! -s 10.0.0.0/8, not exact, nat PREROUTING\n"
 "prerouting IPv4 tcp here :80 dnat 10.0.0.2 :8080 beyond but for what a rule before it returns or drops comment my web, not exact, nat WEB\n"
 "prerouting IPv4 from 10.0.0.0/8 keep, nat PREROUTING\n"
 "output IPv4 tcp dst 203.0.113.0/24 :80 dnat 10.0.0.2 :8080 beyond but for what a rule before it returns or drops comment my web, not exact, nat WEB\n"},
{"proxy, legacy", LEGACY,
 "iptables-legacy -t mangle -A PREROUTING -p tcp --dport 80 -j TPROXY --on-port 3129 --tproxy-mark 1\n"
 "ip6tables-legacy -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination [2001:db8::2]:8080\n"
 "ip6tables-legacy -t nat -A PREROUTING -p tcp --dport 81 -j REDIRECT --to-ports 8081\n",
 /* read */
 "prerouting IPv4 tcp :80 tproxy :3129, mangle PREROUTING\n"
 "prerouting IPv6 tcp :80 dnat [2001:db8::2] :8080, nat PREROUTING\n"
 "prerouting IPv6 tcp :81 redirect :8081, nat PREROUTING\n"},
{"by hand, iptables-nft", NFT,
 "ipt() { iptables-nft -t nat \"$@\"; }\n"
 "ipt -A PREROUTING -i eth0 -p tcp --dport 80 -j DNAT --to-destination 10.0.0.2\n"
 "ipt -A PREROUTING -i ppp+ -p udp -s 192.0.2.0/24 -d 203.0.113.1 --dport 53 -j REDIRECT --to-ports 5353\n"
 "ipt -A PREROUTING -p tcp -m multiport --dports 80,443,8000:8010 -j DNAT --to-destination 10.0.0.3\n"
 "ipt -A PREROUTING -p tcp --dport 1000:1010 -j DNAT --to-destination 10.0.0.2:2000-2010/1000\n"
 "ipt -A PREROUTING -p tcp --dport 99 -m limit --limit 5/s -j DNAT --to-destination 10.0.0.2\n"
 "ipt -A PREROUTING ! -i lan0 ! -s 10.0.0.0/8 -d 1.1.1.1 -j DNAT --to-destination 10.0.0.4-10.0.0.9\n"
 "ipt -N WEB; ipt -A PREROUTING -m addrtype --dst-type LOCAL -j WEB; ipt -A OUTPUT -d 203.0.113.0/24 -j WEB\n"
 "ipt -A WEB -i lan0 -j RETURN\n"
 "ipt -A WEB -p tcp --dport 80 -m comment --comment 'my web' -j DNAT --to-destination 10.0.0.2:8080\n"
 "ipt -A PREROUTING -s 10.0.0.0/8 -j ACCEPT\n"
 "iptables-nft -t mangle -A PREROUTING -p tcp --dport 80 -j TPROXY --on-port 3129 --tproxy-mark 1\n",
 /* read */
 "prerouting IPv4 tcp :80 tproxy :3129, mangle PREROUTING\n"
 "prerouting IPv4 tcp in eth0 :80 dnat 10.0.0.2, nat PREROUTING\n"
 "prerouting IPv4 udp in ppp+ from 192.0.2.0/24 dst 203.0.113.1/32 :53 redirect :5353, nat PREROUTING\n"
 "prerouting IPv4 tcp :80 dnat 10.0.0.3, nat PREROUTING\n"
 "prerouting IPv4 tcp :443 dnat 10.0.0.3, nat PREROUTING\n"
 "prerouting IPv4 tcp :8000-8010 dnat 10.0.0.3, nat PREROUTING\n"
 "prerouting IPv4 tcp :1000-1010 dnat 10.0.0.2 :2000-2010/1000, nat PREROUTING\n"
 "prerouting IPv4 tcp :99 dnat 10.0.0.2 beyond limit, not exact, vague, nat PREROUTING\n"
 "prerouting IPv4 dst 1.1.1.1/32 not in lan0 not from 10.0.0.0/8 dnat 10.0.0.4-10.0.0.9 beyond iifname != \"lan0\", not exact, nat PREROUTING\n"
 "prerouting IPv4 tcp here :80 dnat 10.0.0.2 :8080 beyond but for what a rule before it returns or drops comment my web, not exact, nat WEB\n"
 "prerouting IPv4 from 10.0.0.0/8 keep, nat PREROUTING\n"
 "output IPv4 tcp dst 203.0.113.0/24 :80 dnat 10.0.0.2 :8080 beyond but for what a rule before it returns or drops comment my web, not exact, nat WEB\n"},
{"native", NFT,
 "table inet t {\n"
 " map m { type ipv4_addr . inet_service : ipv4_addr . inet_service; flags interval; counter; elements = { 10.0.0.0/8 . 80-90 comment \"hi\" : 10.1.1.1 . 99 }\n }\n"
 " map n { type inet_service : ipv4_addr; flags interval; elements = { 80 : 1.2.3.4, 90-100 : 2.3.4.5, * : 9.9.9.9 }\n }\n"
 " map v { type inet_proto . ipv4_addr . inet_service : verdict; elements = { tcp . 1.1.1.1 . 80 : goto e }\n }\n"
 " chain e {\n  numgen random mod 2 vmap { 0 : goto a, 1 : goto b }\n }\n"
 " chain a {\n  meta l4proto tcp dnat ip to 10.0.0.1:80\n }\n"
 " chain b {\n  meta l4proto tcp dnat ip to 10.0.0.2:80\n }\n"
 " chain p { type nat hook prerouting priority dstnat;\n"
 "  ip daddr . tcp dport vmap { 1.1.1.1 . 80 : jump a }\n"
 "  meta l4proto . ip daddr . th dport vmap @v\n"
 "  dnat ip to ip daddr . tcp dport map @m\n"
 "  dnat ip to tcp dport map @n\n"
 "  tcp dport { 80, 443, 8000-8010 } dnat ip to 10.0.0.2\n"
 "  iifname \"ppp*\" tcp dport 99 dnat ip to 10.0.0.2:1000-1010\n"
 "  ip saddr 10.0.0.0/8 ip daddr 1.2.3.0/24 tcp dport != 22 redirect to :80\n"
 "  tcp dport 1000-2000 dnat ip to numgen inc mod 2 map { 0 : 10.0.0.1, 1 : 10.0.0.2 }\n"
 "  tcp dport 70 dnat ip to jhash ip saddr mod 2 map { 0 : 10.0.0.1, 1 : 10.0.0.2 }\n"
 "  fib daddr type local ct state new,established tcp dport 71 counter dnat ip6 to [2001:db8::1]:80 comment \"x\"\n"
 "  iif lo tcp dport 72 dnat ip to 10.0.0.1-10.0.0.9\n"
 "  ip saddr 10.0.0.1-10.0.0.4 tcp dport 73 dnat ip to 10.0.0.1\n"
 "  ip saddr != 10.0.0.0/8 iifname != \"lan0\" tcp dport 74 dnat ip to 10.0.0.1\n"
 "  meta mark 5 limit rate 5/second tcp dport 75 dnat ip to 10.0.0.1\n"
 "  tcp dport 76 redirect\n"
 "  ip saddr 10.0.0.9 accept\n"
 " }\n"
 " chain q { type filter hook prerouting priority mangle;\n"
 "  tcp dport 80 tproxy ip to 127.0.0.1:3129 meta mark set 1 accept\n"
 " }\n"
 "}\n",
 /* read */
 "prerouting IPv4 tcp :80 tproxy 127.0.0.1 :3129, t q\n"
 "prerouting IPv4 tcp dst 1.1.1.1/32 :80 dnat 10.0.0.1 :80, t a\n"
 "prerouting IPv4 tcp dst 1.1.1.1/32 :80 share 10.0.0.1 :80 beyond numgen, not exact, t a\n"
 "prerouting IPv4 tcp dst 1.1.1.1/32 :80 share 10.0.0.2 :80 beyond numgen, not exact, t b\n"
 "prerouting IPv4 tcp dst 10.0.0.0/8 :80-90 dnat 10.1.1.1 :99 comment hi, t p\n"
 "prerouting IPv4 tcp dnat 9.9.9.9 beyond * of map n, not exact, vague, t p\n"
 "prerouting IPv4 tcp :80 dnat 1.2.3.4, t p\n"
 "prerouting IPv4 tcp :90-100 dnat 2.3.4.5, t p\n"
 "prerouting IPv4 tcp :80 dnat 10.0.0.2, t p\n"
 "prerouting IPv4 tcp :443 dnat 10.0.0.2, t p\n"
 "prerouting IPv4 tcp :8000-8010 dnat 10.0.0.2, t p\n"
 "prerouting IPv4 tcp in ppp+ :99 dnat 10.0.0.2 :1000-1010, t p\n"
 "prerouting IPv4 tcp from 10.0.0.0/8 dst 1.2.3.0/24 redirect :80 beyond tcp dport != 22, not exact, vague, t p\n"
 "prerouting IPv4 tcp :1000-2000 share 10.0.0.1 beyond numgen, not exact, t p\n"
 "prerouting IPv4 tcp :1000-2000 share 10.0.0.2 beyond numgen, not exact, t p\n"
 "prerouting IPv4 tcp :70 share 10.0.0.1 beyond jhash, not exact, t p\n"
 "prerouting IPv4 tcp :70 share 10.0.0.2 beyond jhash, not exact, t p\n"
 "prerouting IPv6 tcp here NEW ESTABLISHED :71 dnat [2001:db8::1] :80 comment x, t p\n"
 "prerouting IPv4 tcp in lo :72 dnat 10.0.0.1-10.0.0.9, t p\n"
 "prerouting IPv4 tcp from 10.0.0.1/32 :73 dnat 10.0.0.1, t p\n"
 "prerouting IPv4 tcp from 10.0.0.2/31 :73 dnat 10.0.0.1, t p\n"
 "prerouting IPv4 tcp from 10.0.0.4/32 :73 dnat 10.0.0.1, t p\n"
 "prerouting IPv4 tcp not in lan0 not from 10.0.0.0/8 :74 dnat 10.0.0.1 beyond ip saddr != 10.0.0.0/8, not exact, t p\n"
 "prerouting IPv4 tcp :75 dnat 10.0.0.1 beyond meta mark 0x5, not exact, vague, t p\n"
 "prerouting tcp :76 redirect, t p\n"
 "prerouting IPv4 from 10.0.0.9/32 keep, t p\n"},
{"portmap 1.1.1 of CNI, iptables-nft", NFT,
 "iptables-nft-restore <<'E'\n"
 "*nat\n"
 ":CNI-DN-e88f49d94512ff752ebe6 - [0:0]\n:CNI-HOSTPORT-DNAT - [0:0]\n:CNI-HOSTPORT-SETMARK - [0:0]\n"
 "-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT\n"
 "-A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT\n"
 "-A CNI-DN-e88f49d94512ff752ebe6 -s 10.88.0.0/16 -p tcp -m tcp --dport 8080 -j CNI-HOSTPORT-SETMARK\n"
 "-A CNI-DN-e88f49d94512ff752ebe6 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.88.0.5:80\n"
 "-A CNI-DN-e88f49d94512ff752ebe6 -d 203.0.113.1/32 -p udp -m udp --dport 5353 -j DNAT --to-destination 10.88.0.5:53\n"
 "-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment \"dnat name: net\" -m multiport --dports 8080 -j CNI-DN-e88f49d94512ff752ebe6\n"
 "-A CNI-HOSTPORT-DNAT -p udp -m comment --comment \"dnat name: net\" -m multiport --dports 5353 -j CNI-DN-e88f49d94512ff752ebe6\n"
 "-A CNI-HOSTPORT-SETMARK -j MARK --set-xmark 0x2000/0x2000\nCOMMIT\nE\n",
 /* read */
 "prerouting IPv4 tcp here :8080 dnat 10.88.0.5 :80, nat CNI-DN-e88f49d94512ff752ebe6 of cni\n"
 "prerouting IPv4 udp dst 203.0.113.1/32 here :5353 dnat 10.88.0.5 :53, nat CNI-DN-e88f49d94512ff752ebe6 of cni\n"
 "output IPv4 tcp here :8080 dnat 10.88.0.5 :80, nat CNI-DN-e88f49d94512ff752ebe6 of cni\n"
 "output IPv4 udp dst 203.0.113.1/32 here :5353 dnat 10.88.0.5 :53, nat CNI-DN-e88f49d94512ff752ebe6 of cni\n"},
{"netavark 1.4.0, legacy", LEGACY,
 "iptables-legacy-restore <<'E'\n"
 "*nat\n"
 ":NETAVARK-DN-1D8721804F16F - [0:0]\n:NETAVARK-HOSTPORT-DNAT - [0:0]\n:NETAVARK-HOSTPORT-SETMARK - [0:0]\n"
 "-A PREROUTING -m addrtype --dst-type LOCAL -j NETAVARK-HOSTPORT-DNAT\n"
 "-A OUTPUT -m addrtype --dst-type LOCAL -j NETAVARK-HOSTPORT-DNAT\n"
 "-A NETAVARK-DN-1D8721804F16F -s 10.88.0.0/16 -p tcp -m tcp --dport 8080 -j NETAVARK-HOSTPORT-SETMARK\n"
 "-A NETAVARK-DN-1D8721804F16F -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.88.0.5:80\n"
 "-A NETAVARK-DN-1D8721804F16F -d 203.0.113.1/32 -p udp -m udp --dport 5353:5354 -j DNAT --to-destination 10.88.0.5:53-54/5353\n"
 "-A NETAVARK-HOSTPORT-DNAT -p tcp -m tcp --dport 8080 -m comment --comment \"dnat name: podman\" -j NETAVARK-DN-1D8721804F16F\n"
 "-A NETAVARK-HOSTPORT-DNAT -p udp -m udp --dport 5353:5354 -m comment --comment \"dnat name: podman\" -j NETAVARK-DN-1D8721804F16F\n"
 "-A NETAVARK-HOSTPORT-SETMARK -j MARK --set-xmark 0x2000/0x2000\nCOMMIT\nE\n",
 /* read */
 "prerouting IPv4 tcp here :8080 dnat 10.88.0.5 :80, nat NETAVARK-DN-1D8721804F16F of netavark\n"
 "prerouting IPv4 udp dst 203.0.113.1/32 here :5353-5354 dnat 10.88.0.5 :53-54/5353, nat NETAVARK-DN-1D8721804F16F of netavark\n"
 "output IPv4 tcp here :8080 dnat 10.88.0.5 :80, nat NETAVARK-DN-1D8721804F16F of netavark\n"
 "output IPv4 udp dst 203.0.113.1/32 here :5353-5354 dnat 10.88.0.5 :53-54/5353, nat NETAVARK-DN-1D8721804F16F of netavark\n"},
{"netavark, nftables", NFT,
 "table inet netavark {\n"
 " chain nv_2f259bab_10_88_0_0_nm16_dnat {\n"
 "  ip saddr 10.88.0.0/16 tcp dport 8080 jump NETAVARK-HOSTPORT-SETMARK\n"
 "  tcp dport 8080 dnat ip to 10.88.0.5:80\n }\n"
 " chain NETAVARK-HOSTPORT-SETMARK {\n  meta mark set meta mark | 0x00002000\n }\n"
 " chain NETAVARK-HOSTPORT-DNAT {\n  tcp dport 8080 jump nv_2f259bab_10_88_0_0_nm16_dnat comment \"dnat name: podman\"\n }\n"
 " chain PREROUTING {\n  type nat hook prerouting priority dstnat; policy accept;\n  fib daddr type local jump NETAVARK-HOSTPORT-DNAT\n }\n"
 " chain OUTPUT {\n  type nat hook output priority -100; policy accept;\n  fib daddr type local jump NETAVARK-HOSTPORT-DNAT\n }\n"
 "}\n",
 /* read */
 "prerouting IPv4 tcp here :8080 dnat 10.88.0.5 :80, netavark nv_2f259bab_10_88_0_0_nm16_dnat of netavark\n"
 "output IPv4 tcp here :8080 dnat 10.88.0.5 :80, netavark nv_2f259bab_10_88_0_0_nm16_dnat of netavark\n"},
{"docker, legacy", LEGACY,
 "iptables-legacy-restore <<'E'\n"
 "*nat\n:DOCKER - [0:0]\n"
 "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n"
 "-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER\n"
 "-A DOCKER -i docker0 -j RETURN\n"
 "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80\n"
 "-A DOCKER -d 203.0.113.1/32 ! -i docker0 -p tcp -m tcp --dport 8081 -j DNAT --to-destination 172.17.0.2:81\nCOMMIT\nE\n",
 /* read */
 "prerouting IPv4 tcp not in docker0 here :8080 dnat 172.17.0.2 :80 beyond ! -i docker0, not exact, nat DOCKER of docker\n"
 "prerouting IPv4 tcp dst 203.0.113.1/32 not in docker0 here :8081 dnat 172.17.0.2 :81 beyond ! -i docker0, not exact, nat DOCKER of docker\n"
 "output IPv4 tcp not in docker0 not dst 127.0.0.0/8 here :8080 dnat 172.17.0.2 :80 beyond ! -i docker0, not exact, nat DOCKER of docker\n"
 "output IPv4 tcp dst 203.0.113.1/32 not in docker0 not dst 127.0.0.0/8 here :8081 dnat 172.17.0.2 :81 beyond ! -i docker0, not exact, nat DOCKER of docker\n"},
{"miniupnpd, legacy", LEGACY,
 "iptables-legacy-restore <<'E'\n"
 "*nat\n:MINIUPNPD - [0:0]\n"
 "-A PREROUTING -i eth0 -j MINIUPNPD\n"
 "-A MINIUPNPD -p tcp -m tcp --dport 6881 -j DNAT --to-destination 192.168.1.5:6881\nCOMMIT\nE\n",
 /* read */
 "prerouting IPv4 tcp in eth0 :6881 dnat 192.168.1.5 :6881, nat MINIUPNPD of miniupnpd\n"},
{"kube-proxy, legacy", LEGACY,
 "iptables-legacy-restore <<'E'\n"
 "*nat\n:KUBE-SERVICES - [0:0]\n:KUBE-SVC-A - [0:0]\n:KUBE-SEP-A - [0:0]\n:KUBE-SEP-B - [0:0]\n:KUBE-MARK-MASQ - [0:0]\n"
 "-A PREROUTING -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES\n"
 "-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment \"default/web cluster IP\" -m tcp --dport 80 -j KUBE-SVC-A\n"
 "-A KUBE-SVC-A ! -s 10.244.0.0/16 -d 10.96.0.10/32 -p tcp -m tcp --dport 80 -j KUBE-MARK-MASQ\n"
 "-A KUBE-SVC-A -m comment --comment \"default/web -> 10.244.1.5:8080\" -m statistic --mode random --probability 0.5 -j KUBE-SEP-A\n"
 "-A KUBE-SVC-A -m comment --comment \"default/web -> 10.244.2.7:8080\" -j KUBE-SEP-B\n"
 "-A KUBE-SEP-A -s 10.244.1.5/32 -j KUBE-MARK-MASQ\n"
 "-A KUBE-SEP-A -p tcp -m tcp -j DNAT --to-destination 10.244.1.5:8080\n"
 "-A KUBE-SEP-B -p tcp -m tcp -j DNAT --to-destination 10.244.2.7:8080\n"
 "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000\nCOMMIT\nE\n",
 /* read */
 "prerouting IPv4 tcp dst 10.96.0.10/32 :80 share 10.244.1.5 :8080 beyond -m statistic, not exact, nat KUBE-SEP-A of kube-proxy\n"
 "prerouting IPv4 tcp dst 10.96.0.10/32 :80 share 10.244.2.7 :8080, nat KUBE-SEP-B of kube-proxy\n"},
{"kube-proxy, nftables", NFT,
 "table ip kube-proxy {\n"
 " map service-ips {\n  type ipv4_addr . inet_proto . inet_service : verdict\n"
 "  elements = { 10.96.0.10 . tcp . 80 : goto service-A, 10.96.0.11 . udp . 53 : goto service-B }\n }\n"
 " chain service-A {\n  ip daddr 10.96.0.10 tcp dport 80 ip saddr != 10.244.0.0/16 jump mark-for-masquerade\n"
 "  numgen random mod 2 vmap { 0 : goto endpoint-A, 1 : goto endpoint-B }\n }\n"
 " chain service-B {\n  numgen random mod 1 vmap { 0 : goto endpoint-C }\n }\n"
 " chain mark-for-masquerade {\n  meta mark set meta mark | 0x00004000\n }\n"
 " chain endpoint-A {\n  ip saddr 10.244.1.5 jump mark-for-masquerade\n  meta l4proto tcp dnat to 10.244.1.5:8080\n }\n"
 " chain endpoint-B {\n  meta l4proto tcp dnat to 10.244.2.7:8080\n }\n"
 " chain endpoint-C {\n  meta l4proto udp dnat to 10.244.2.8:53\n }\n"
 " chain services {\n  ip daddr . meta l4proto . th dport vmap @service-ips\n }\n"
 " chain nat-prerouting {\n  type nat hook prerouting priority dstnat; policy accept;\n  jump services\n }\n"
 "}\n",
 /* read */
 "prerouting IPv4 tcp dst 10.96.0.10/32 :80 share 10.244.1.5 :8080 beyond numgen, not exact, kube-proxy endpoint-A of kube-proxy\n"
 "prerouting IPv4 tcp dst 10.96.0.10/32 :80 share 10.244.2.7 :8080 beyond numgen, not exact, kube-proxy endpoint-B of kube-proxy\n"
 "prerouting IPv4 udp dst 10.96.0.11/32 :53 share 10.244.2.8 :53 beyond numgen, not exact, kube-proxy endpoint-C of kube-proxy\n"},
{"firewalld 1.3.3, nftables", NFT,
 "table inet firewalld {\n"
 " chain nat_PREROUTING {\n  type nat hook prerouting priority -90; policy accept;\n  jump nat_PREROUTING_ZONES\n }\n"
 " chain nat_PREROUTING_ZONES {\n  iifname \"eth0\" goto nat_PRE_public\n  goto nat_PRE_public\n }\n"
 " chain nat_PRE_public {\n  jump nat_PRE_public_allow\n }\n"
 " chain nat_PRE_public_allow {\n  meta nfproto ipv4 tcp dport 80 dnat ip to 192.168.1.2:8080\n  tcp dport 81 redirect to :8081\n }\n"
 "}\n",
 /* read */
 "prerouting IPv4 tcp in eth0 :80 dnat 192.168.1.2 :8080, firewalld nat_PRE_public_allow of firewalld\n"
 "prerouting tcp in eth0 :81 redirect :8081, firewalld nat_PRE_public_allow of firewalld\n"
 "prerouting IPv4 tcp :80 dnat 192.168.1.2 :8080, firewalld nat_PRE_public_allow of firewalld\n"
 "prerouting tcp :81 redirect :8081, firewalld nat_PRE_public_allow of firewalld\n"},
{"incus, nftables", NFT,
 "table inet incus {\n"
 " chain fwdprert.incusbr0 {\n  type nat hook prerouting priority dstnat; policy accept;\n"
 "  ip daddr 203.0.113.1 tcp dport 80 dnat ip to 10.1.1.5:8080\n"
 "  ip daddr 203.0.113.1 udp dport { 53, 5353 } dnat ip to 10.1.1.6\n"
 "  ip daddr 203.0.113.2 dnat ip to 10.1.1.7\n }\n"
 " chain fwdout.incusbr0 {\n  type nat hook output priority -100; policy accept;\n"
 "  ip daddr 203.0.113.1 tcp dport 80 dnat ip to 10.1.1.5:8080\n }\n"
 "}\n",
 /* read */
 "prerouting IPv4 tcp dst 203.0.113.1/32 :80 dnat 10.1.1.5 :8080, incus fwdprert.incusbr0 of incus\n"
 "prerouting IPv4 udp dst 203.0.113.1/32 :53 dnat 10.1.1.6, incus fwdprert.incusbr0 of incus\n"
 "prerouting IPv4 udp dst 203.0.113.1/32 :5353 dnat 10.1.1.6, incus fwdprert.incusbr0 of incus\n"
 "prerouting IPv4 dst 203.0.113.2/32 dnat 10.1.1.7, incus fwdprert.incusbr0 of incus\n"
 "output IPv4 tcp dst 203.0.113.1/32 :80 dnat 10.1.1.5 :8080, incus fwdout.incusbr0 of incus\n"},
{"with what belongs to it, legacy", &xtables_backend, OTHERS_ALL,
 "iptables-legacy -t nat -A PREROUTING -i eth0 -p tcp --dport 80 -j DNAT --to-destination 10.0.0.2:8080\n"
 "iptables-legacy -t nat -A POSTROUTING -o eth1 -d 10.0.0.2 -p tcp --dport 8080 -j MASQUERADE\n"
 "iptables-legacy -t nat -A POSTROUTING -o eth1 -d 10.0.0.3 -p tcp --dport 8080 -j SNAT --to-source 10.0.0.1\n"
 "iptables-legacy -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
 "iptables-legacy -A FORWARD -d 10.0.0.2 -p tcp --dport 8080 -m state --state NEW -j ACCEPT\n"
 "iptables-legacy -A INPUT -p tcp --dport 22 -j ACCEPT\n",
 /* read */
 "prerouting IPv4 tcp in eth0 :80 dnat 10.0.0.2 :8080, nat PREROUTING\n"
 "postrouting IPv4 tcp out eth1 dst 10.0.0.2/32 :8080 masquerade, nat POSTROUTING\n"
 "postrouting IPv4 tcp out eth1 dst 10.0.0.3/32 :8080 snat 10.0.0.1, nat POSTROUTING\n"
 "input IPv4 tcp :22 accept, filter INPUT\n"
 "forward IPv4 ESTABLISHED RELATED accept, filter FORWARD\n"
 "forward IPv4 tcp dst 10.0.0.2/32 NEW :8080 accept, filter FORWARD\n"},
{"with what belongs to it, native", &nftables_backend, OTHERS_ALL,
 "table inet fw {\n"
 " chain pre {\n  type nat hook prerouting priority dstnat;\n  iifname \"eth0\" tcp dport 80 dnat ip to 10.0.0.2:8080\n }\n"
 " chain post {\n  type nat hook postrouting priority srcnat;\n  oifname \"eth1\" ip daddr 10.0.0.2 masquerade\n"
 "  oifname \"eth1\" ip daddr 10.0.0.3 snat ip to 10.0.0.1\n }\n"
 " chain forward {\n  type filter hook forward priority filter; policy drop;\n  ct state established,related accept\n"
 "  ct status dnat accept\n  iifname \"eth0\" ip daddr 10.0.0.2 tcp dport 8080 ct state new accept\n"
 "  ct state vmap { established : accept, related : accept, invalid : drop }\n }\n"
 "}\n",
 /* read */
 "prerouting IPv4 tcp in eth0 :80 dnat 10.0.0.2 :8080, fw pre\n"
 "forward ESTABLISHED RELATED accept, fw forward\n"
 "forward DNAT accept, fw forward\n"
 "forward IPv4 tcp in eth0 dst 10.0.0.2/32 NEW :8080 accept, fw forward\n"
 "forward ESTABLISHED accept, fw forward\n"
 "forward RELATED accept, fw forward\n"
 "postrouting IPv4 out eth1 dst 10.0.0.2/32 masquerade, fw post\n"
 "postrouting IPv4 out eth1 dst 10.0.0.3/32 snat 10.0.0.1, fw post\n"},
