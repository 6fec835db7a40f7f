/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The town of the stories: a client, a gateway (the namespace of the test itself), and a server
 * behind it, with real sockets. Everything is in namespaces of the test's own and ends with it.
 *
 *   client 10.1.0.2 fd01::2 --- wan0 10.1.0.1 fd01::1 [gateway] lan0 192.168.1.1 fd02::1
 *   stranger 10.3.0.2       --- opt0 10.3.0.1                    --- server 192.168.1.2 fd02::2
 *                                                                    lan client 192.168.1.3 fd02::3
 */
#ifndef PFWD_TESTS_TOWN_H
#define PFWD_TESTS_TOWN_H

#include <sys/types.h>

#define GATEWAY NULL
#define CLIENT "client"
#define SERVER "server"
#define LAN "lan"
#define STRANGER "stranger"

struct outcome {
	int status;
	char out[65536]; /* a test fails where they do not do */
	char err[65536];
};

/* cmocka's setups and teardowns, for a group and for a test. */
int town_build(void **state);
int town_raze(void **state);
int town_clean(void **state); /* no rules, no connections, no servers */

/* Run a command line by sh(1) in the gateway; town_sh fails the test where the status is not 0. */
struct outcome town_run(const char *format, ...) __attribute__((format(printf, 1, 2)));
void town_sh(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same with "pfwd " before it, and the exit status expected. */
struct outcome pfwd(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Answer every client of proto at addr:port (IPv6 without brackets) in that namespace with
 * "WHERE at ADDR PORT from ADDR PORT", and keep the connection. */
void town_serve(const char *namespace, int proto, const char *addr, int port);

/* The answer that a client in that namespace gets from addr:port, or "" where none comes in time.
 */
struct answer {
	char text[256];
};
struct answer town_ask(const char *namespace, int proto, const char *addr, int port);
/* From a port of the client's own, and keeping it: a second question is the same UDP flow. */
int town_socket(const char *namespace, int proto, const char *addr, int port, int own_port);
struct answer town_ask_again(int socket);

void assert_says(const char *text, const char *part);
void assert_silent(const char *text, const char *part);

#endif
