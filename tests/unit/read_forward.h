/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Forwards from words, read as `pfwd add` reads them. */
#ifndef PFWD_TESTS_READ_FORWARD_H
#define PFWD_TESTS_READ_FORWARD_H

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "syntax/request.h"

#define READ_NOW 1700000000
#define READ_WORDS_MAX 16

/* Names of services for tests: "odd" has another port in each protocol. */
static inline uint16_t read_services(const char *name, enum proto proto)
{
	if (strcmp(name, "http") == 0)
		return 80;
	if (strcmp(name, "domain") == 0)
		return proto == PROTO_SCTP ? 0 : 53;
	if (strcmp(name, "odd") == 0)
		return proto == PROTO_TCP ? 7 : 8;
	return 0;
}

/* The zone of the tests is UTC. */
static inline bool read_local_time(const struct tm *asked, int64_t *out)
{
	struct tm tm = *asked;
	*out = timegm(&tm);
	return true;
}

/* Two interfaces have names that look like something else; wan0 has two more names. */
static inline bool read_interface(const char *name, char first[IFNAME_MAX])
{
	bool second = strcmp(name, "uplink0") == 0 || strcmp(name, "enx0123456789abcdef") == 0;
	if (!second && strcmp(name, "42") != 0 && strcmp(name, "all") != 0)
		return false;
	memset(first, 0, IFNAME_MAX);
	strcpy(first, second ? "wan0" : name);
	return true;
}

/* Files for --from @FILE, wherever. */
static inline char *read_list(const char *folder, const char *name, size_t *length, struct err *err)
{
	static const char *const files[][2] = {
		{"list", "\xef\xbb\xbf# offices\r\n10.0.0.0/8 # one\r\n\r\n\t192.0.2.7/24"},
		{"six", "fd00::/8\nfd00::/8\n"},
		{"bad", "10.0.0.0/8\n10.0.0.0 /8\n"},
		{"empty", "# none\n\n"},
	};
	(void)folder;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strcmp(files[i][0], name) == 0) {
			*length = strlen(files[i][1]);
			return strdup(files[i][1]);
		}
	err_fill(err, ERR_INPUT, "cannot open %s: No such file or directory", quote(name).text);
	return NULL;
}

static const struct spec_host read_host = {.service = read_services,
					   .local_time = read_local_time,
					   .now = READ_NOW,
					   .interface = read_interface,
					   .read_file = read_list};

static inline int read_words(const char *const *words, size_t count, struct forwards *out,
			     struct err *err)
{
	static const struct arg_def more[] = {
		{0, "for", ARG_VALUE, "DURATION", "how long", .set = request_set_duration}, {0}};
	struct request request = {0};
	struct args args = {.words = words,
			    .count = count,
			    .tables = {{request_options, &request}, {more, &request}},
			    .manual = "pfwd(8)"};
	const char *operand;
	enum args_kind kind;
	while ((kind = args_next(&args, &operand, err)) == ARGS_OPERAND)
		if (request_set_operand(&request, operand, err) < 0)
			return -1;
	return kind == ARGS_END ? request_forwards(&request, &read_host, out, err) : -1;
}

/* Cut text at blanks into words. */
static inline size_t split_words(char *text, const char *words[READ_WORDS_MAX])
{
	size_t count = 0;
	char *rest = text, *word;
	while (count < READ_WORDS_MAX && (word = strsep(&rest, " ")))
		words[count++] = word;
	return count;
}

static inline int read_line(const char *line, struct forwards *out, struct err *err)
{
	const char *words[READ_WORDS_MAX];
	char *copy = strdup(line);
	int result = read_words(words, split_words(copy, words), out, err);
	free(copy);
	return result;
}

/* The one forward that the line means. */
static inline struct forward read_one(const char *line)
{
	struct forwards set = {0};
	struct err err = {.text = "not one forward"};
	if (read_line(line, &set, &err) < 0 || set.count != 1)
		fail_msg("%s: %s", line, err.text);
	struct forward f = set.items[0];
	forwards_free(&set);
	return f;
}

#endif
