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

#include <stdbool.h>
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

/* Run a condition by sh(1) again and again until its status is 0; the test fails after ten seconds.
 */
void town_await(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * ---- the backend ----
 *
 * A story runs on the backend that BACKEND of the environment names, iptables if it is not set.
 * PFWD_BACKEND has to name the same one to pfwd. These functions say in the words of that backend's
 * packet filter what a story needs of others' rules.
 */
bool town_is(const char *backend);

/* Policy DROP for what is forwarded and taken in. The loopback interface and ICMPv6 pass. */
void town_close_gates(void);
/* Behind closed gates: let in what comes in on that interface; and nothing by the loopback one. */
void town_take_in(const char *interface);
void town_shut_loopback(void);
/* Refuse whatever is forwarded, by a last rule instead of the policy. */
void town_refuse_last(void);
/* Another tool's translation: TCP connections to port, on any interface, go to the IPv4 to:to_port.
 */
void town_translate(int port, const char *to, int to_port);
/* What an administrator does who starts anew: no rules, but the policies stay. */
void town_flush_rules(void);

/* All rules of both packet filters as their own tools print them, without counters; and those of
 * them that are not pfwd's. */
struct outcome town_rules(void);
struct outcome town_rules_of_others(void);
/* Nothing of pfwd is in either packet filter. */
void assert_nothing_left(void);

/* ---- sockets ---- */

/* Answer every client of proto at addr:port (IPv6 without brackets) in that namespace with
 * "WHERE at ADDR PORT from ADDR PORT", and keep the connection. */
void town_serve(const char *namespace, int proto, const char *addr, int port);

/* The answer that a client in that namespace gets from addr:port, or "" where none comes in time.
 */
struct answer {
	char text[256];
};
struct answer town_ask(const char *namespace, int proto, const char *addr, int port);
/* The same for an answer that should not come: one that does is here long before. */
struct answer town_ask_shortly(const char *namespace, int proto, const char *addr, int port);
/* The answer has that part; or there is none, which is known sooner. */
void assert_reaches(const char *namespace, int proto, const char *addr, int port, const char *part);
void assert_refused(const char *namespace, int proto, const char *addr, int port);
/* From a port of the client's own, and keeping it: a second question is the same UDP flow. */
int town_socket(const char *namespace, int proto, const char *addr, int port, int own_port);
struct answer town_ask_again(int socket);

void assert_says(const char *text, const char *part);
void assert_silent(const char *text, const char *part);

#endif
