/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names were seen in rules that the programs made, or are in their source at the place given.
 * One '*' stands for any text; NULL for any name, and none.
 */
#include <stdio.h>
#include <string.h>

#include "others/owner.h"

static const struct {
	const char *owner;
	const char *table, *chain, *comment;
	const char *source;
} patterns[] = {
	{"docker", NULL, "DOCKER", NULL, "dockerd 26.1.5, nat"},
	{"docker", NULL, "DOCKER-*", NULL, "dockerd 26.1.5, filter"},
	{"docker", NULL, "DOCKER_*", NULL, "dockerd 26.1.5: the names of a network's containers"},
	{"docker", "docker-bridges", NULL, NULL, "moby, libnetwork/drivers/bridge, nftabler"},
	{"libvirt", NULL, "LIBVIRT_*", NULL, "libvirtd 9.0.0"},
	{"libvirt", "libvirt_network", NULL, NULL, "libvirt 11, src/network/network_nftables.c"},
	{"netavark", "netavark", NULL, NULL, "netavark 1.14.0, nftables"},
	{"netavark", NULL, "NETAVARK-*", NULL, "netavark 1.4.0, iptables"},
	{"cni", NULL, "CNI-*", NULL, "containernetworking-plugins 1.1.1, portmap"},
	{"cni", "cni_hostport", NULL, NULL, "containernetworking-plugins, portmap_nftables.go"},
	{"kube-proxy", "kube-proxy", NULL, NULL, "kubernetes, pkg/proxy/nftables/proxier.go"},
	{"kube-proxy", NULL, "KUBE-*", NULL, "kubernetes, pkg/proxy/iptables/proxier.go"},
	{"firewalld", "firewalld", NULL, NULL, "firewalld 1.3.3"},
	{"firewalld", NULL, "PRE_*_allow", NULL, "firewalld 1.3.3, FirewallBackend=iptables"},
	{"firewalld", NULL, "PREROUTING_*", NULL, "firewalld 1.3.3, FirewallBackend=iptables"},
	{"firewalld", NULL, "OUTPUT_*", NULL, "firewalld 1.3.3, FirewallBackend=iptables"},
	{"firewalld", NULL, "FWD_*_allow", NULL, "firewalld 1.3.3, FirewallBackend=iptables"},
	{"firewalld", NULL, "POST_*_allow", NULL, "firewalld 1.3.3, FirewallBackend=iptables"},
	{"ufw", NULL, "ufw-*", NULL, "ufw 0.36.2"},
	{"ufw", NULL, "ufw6-*", NULL, "ufw 0.36.2"},
	{"miniupnpd", NULL, "MINIUPNPD*", NULL, "miniupnpd 2.3.1"},
	{"miniupnpd", NULL, "*miniupnpd", NULL, "miniupnpd 2.3.1, nftables"},
	{"shorewall", NULL, "net_dnat", NULL, "shorewall 5.2.8: ZONE_dnat"},
	{"shorewall", NULL, "loc_dnat", NULL, "shorewall 5.2.8: ZONE_dnat"},
	{"shorewall", NULL, "dmz_dnat", NULL, "shorewall 5.2.8: ZONE_dnat"},
	{"incus", "incus", NULL, NULL,
	 "incus, internal/server/firewall/drivers/drivers_nftables.go"},
	{"incus", NULL, NULL, "generated for Incus*", "incus, drivers_xtables.go"},
	{"lxd", "lxd", NULL, NULL, "lxd, lxd/firewall/drivers/drivers_nftables.go"},
	{"lxd", NULL, NULL, "generated for LXD*", "lxd, drivers_xtables.go"},
	{"multipass", NULL, NULL, "generated for Multipass*", "multipass, iptables_config.cpp"},
	{"istio", NULL, "ISTIO_*", NULL, "istio, tools/istio-iptables/pkg/constants"},
	{"cilium", NULL, "CILIUM_*", NULL, "cilium, pkg/datapath/iptables"},
	{"calico", NULL, "cali-*", NULL, "calico, felix/rules/rule_defs.go"},
	{"tailscale", NULL, "ts-*", NULL, "tailscale, util/linuxfw"},
	{"openwrt", "fw4", NULL, NULL, "openwrt, firewall4: table inet fw4"},
	{"networkd", "io.systemd.nat", NULL, NULL, "systemd, src/shared/firewall-util-nft.c"},
	{"networkmanager", "nm-shared-*", NULL, NULL, "NetworkManager, nm-firewall-utils.c"},
	{"neutron", NULL, "neutron-*", NULL, "neutron, agent/linux/iptables_manager.py"},
};

static bool match_name(const char *pattern, const char *name)
{
	if (!pattern)
		return true;
	if (!name)
		return false;
	const char *star = strchr(pattern, '*');
	if (!star)
		return strcmp(name, pattern) == 0;
	size_t before = (size_t)(star - pattern), behind = strlen(star + 1), length = strlen(name);
	return length >= before + behind && memcmp(name, pattern, before) == 0 &&
	       strcmp(name + length - behind, star + 1) == 0;
}

const char *owner_of(const struct other_rule *rule)
{
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		if (match_name(patterns[i].table, rule->table) &&
		    (match_name(patterns[i].chain, rule->chain) ||
		     match_name(patterns[i].chain, rule->base)) &&
		    match_name(patterns[i].comment, rule->comment))
			return patterns[i].owner;
	return "";
}

const char *owner_of_tables(const char *chain)
{
	/* shorewall 5.2.8, Chains.pm; shorewall6 too */
	return strcmp(chain, "shorewall") == 0 ? "shorewall" : NULL;
}

static bool is_of_xtables(const struct other_rule *r)
{
	static const char *const tables[] = {"nat", "filter", "mangle", "raw"};
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (strcmp(r->table, tables[i]) == 0)
			return true;
	return false;
}

void owner_claim(struct other_rules *rules, size_t first, enum family family, const char *owner)
{
	for (size_t i = first; i < rules->count; i++) {
		struct other_rule *r = &rules->items[i];
		if (r->table_family == family && !*r->owner && is_of_xtables(r))
			r->owner = owner;
	}
}

void owner_format(const struct other_rule *rule, char out[OWNER_TEXT_MAX])
{
	if (*rule->owner)
		snprintf(out, OWNER_TEXT_MAX, "%s", rule->owner);
	else
		snprintf(out, OWNER_TEXT_MAX, "%s %s", rule->table, rule->chain);
}
