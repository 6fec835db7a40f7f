/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Print the bytes that the nat and filter tables of IPv4 hold, as the kernel counts them. */
#include <netinet/in.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int main(void)
{
	static const char *const tables[] = {"nat", "filter"};
	unsigned long bytes = 0;
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	for (int i = 0; i < 2; i++) {
		struct ipt_getinfo info = {0};
		socklen_t length = sizeof(info);
		strcpy(info.name, tables[i]);
		if (fd < 0 || getsockopt(fd, IPPROTO_IP, IPT_SO_GET_INFO, &info, &length) < 0) {
			perror("tablesize");
			return 1;
		}
		bytes += info.size;
	}
	printf("%lu\n", bytes);
	return 0;
}
