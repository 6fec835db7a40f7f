/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Privileges, services, the zone, the clock and settings. */
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <arpa/inet.h>
#include <linux/capability.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/host.h"
#include "host/netlink.h"
#include "model/hash.h"
#include "host/read_file.h"

int host_permitted(bool raw, struct err *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};
	const uint32_t needed = 1U << CAP_NET_ADMIN | (raw ? 1U << CAP_NET_RAW : 0);
	if (syscall(SYS_capget, &header, data) < 0)
		return err_sys(err, errno, "cannot read the capabilities of this process");
	if ((data[0].effective & needed) == needed)
		return 0;
	return err_set(err, ERR_PERMISSION,
		       "not permitted: CAP_NET_ADMIN%s needed; run pfwd as root",
		       raw ? " and CAP_NET_RAW are" : " is");
}

/* A line of services(5): NAME PORT/PROTO ALIAS..., in place. 0: not that service. */
static uint16_t service_in_line(char *line, const char *name, enum proto proto)
{
	char *rest = line, *first, *where, *alias;
	line[strcspn(line, "#\n")] = '\0';
	first = strtok_r(line, " \t", &rest);
	where = strtok_r(NULL, " \t", &rest);
	if (!first || !where)
		return 0;
	bool found = strcmp(first, name) == 0;
	while (!found && (alias = strtok_r(NULL, " \t", &rest)))
		found = strcmp(alias, name) == 0;
	char *end;
	unsigned long port = strtoul(where, &end, 10);
	if (!found || *end != '/' || strcmp(end + 1, proto_name(proto)) != 0 || port > UINT16_MAX)
		return 0;
	return (uint16_t)port;
}

static uint16_t service_in_file(const char *path, const char *name, enum proto proto)
{
	uint16_t port = 0;
	char *line = NULL;
	size_t room = 0;
	FILE *file = fopen(path, "re");
	if (!file)
		return 0;
	while (!port && getline(&line, &room, file) >= 0)
		port = service_in_line(line, name, proto);
	free(line);
	fclose(file);
	return port;
}

static uint16_t find_service(const char *name, enum proto proto)
{
	const char *path = getenv("SERVICES");
	if (path && *path)
		return service_in_file(path, name, proto);
	const struct servent *entry = getservbyname(name, proto_name(proto));
	return entry ? ntohs((uint16_t)entry->s_port) : 0;
}

/* mktime corrects fields that are out of range; a time that it had to correct is not on the clock.
 */
static bool local_time(const struct tm *asked, int64_t *out)
{
	struct tm tm = *asked;
	tm.tm_isdst = -1;
	time_t when = mktime(&tm);
	if (tm.tm_mday != asked->tm_mday || tm.tm_hour != asked->tm_hour ||
	    tm.tm_min != asked->tm_min || tm.tm_sec != asked->tm_sec)
		return false;
	*out = when;
	return true;
}

#define SECOND_NAME_MAX 127 /* ALTIFNAMSIZ has one more */

static int on_link(const struct nlmsghdr *nlh, void *data)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	unsigned int *index = data;
	*index = (unsigned int)info->ifi_index;
	return MNL_CB_OK;
}

/* As if_nametoindex, which takes no name that is longer than a first one. */
static unsigned int find_index(const char *name)
{
	_Alignas(struct nlmsghdr) char buffer[512] = {0};
	unsigned int index = 0;
	if (strlen(name) < IFNAME_MAX)
		return if_nametoindex(name);
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_ACK;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_ALT_IFNAME, name);
	struct mnl_socket *socket = netlink_open(NETLINK_ROUTE);
	if (!socket)
		return 0;
	if (netlink_ask(socket, nlh, on_link, &index) < 0)
		index = 0;
	mnl_socket_close(socket);
	return index;
}

static bool find_first_name(const char *name, char out[IFNAME_MAX])
{
	char first[IF_NAMESIZE];
	unsigned int index = find_index(name);
	if (!index || !if_indextoname(index, first))
		return false;
	memset(out, 0, IFNAME_MAX);
	memcpy(out, first, strnlen(first, IFNAME_MAX - 1));
	return true;
}

#define ANSWERS 64

/* Answers are kept: a file asks the same for thousands of lines. */
static bool find_interface(const char *name, char first[IFNAME_MAX])
{
	static struct {
		char asked[SECOND_NAME_MAX + 1];
		char found[IFNAME_MAX]; /* "": there is none */
	} answers[ANSWERS], *answer;
	if (!*name || strlen(name) > SECOND_NAME_MAX)
		return false;
	answer = &answers[hash_text(0, name) % ANSWERS];
	if (strcmp(name, answer->asked) != 0) {
		strcpy(answer->asked, name);
		if (!find_first_name(name, answer->found))
			*answer->found = '\0';
	}
	if (!*answer->found)
		return false;
	memcpy(first, answer->found, IFNAME_MAX);
	return true;
}

struct spec_host host_words(void)
{
	return (struct spec_host){
		.service = find_service,
		.local_time = local_time,
		.now = time(NULL),
		.interface = find_interface,
		.read_file = read_file,
	};
}

static int64_t nanoseconds(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t host_clock(void)
{
	return nanoseconds(CLOCK_MONOTONIC);
}

int64_t host_work_clock(void)
{
	return nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
}

bool host_setting(const char *name, int64_t *out)
{
	char path[128];
	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	bool read = fscanf(file, "%" SCNd64, out) == 1;
	fclose(file);
	return read;
}

bool host_accounts(void)
{
	int64_t on;
	return !host_setting("net/netfilter/nf_conntrack_acct", &on) || on != 0;
}
