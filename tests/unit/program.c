/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The function main is the program's own, under another name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "fake_host.h"
#include "memory_backend.h"
#include "program.h"

int pfwd_main(int argc, char **argv);

#define main pfwd_main
#include "../../src/main.c"
#undef main

#define WORDS_MAX 32
#define LINE_MAX_LENGTH 4096
#define FILE_NAME "forwards.conf"

/* ---- one run ---- */

static int temporary_file(const char *text)
{
	int fd = memfd_create("pfwd", 0);
	size_t length = strlen(text);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, length), length);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void read_back(int fd, char out[PROGRAM_TEXT_MAX])
{
	ssize_t n = pread(fd, out, PROGRAM_TEXT_MAX - 1, 0);
	assert_true(n >= 0 && n < PROGRAM_TEXT_MAX - 1);
	out[n] = '\0';
	close(fd);
}

static int run_words(const char *line)
{
	static char name[] = "pfwd", copy[LINE_MAX_LENGTH];
	char *words[WORDS_MAX + 1] = {name}, *rest = copy, *word;
	int count = 1;
	snprintf(copy, sizeof(copy), "%s", line);
	while (*line && count < WORDS_MAX && (word = strsep(&rest, " ")))
		words[count++] = word;
	return pfwd_main(count, words);
}

void program_run(const char *line, const char *input, struct outcome *out)
{
	int fds[] = {temporary_file(input), temporary_file(""), temporary_file("")};
	int status;
	fflush(NULL);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		for (int i = 0; i < 3; i++)
			dup2(fds[i], i);
		exit(run_words(line));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	out->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	close(fds[0]);
	read_back(fds[1], out->out);
	read_back(fds[2], out->err);
}

/* ---- cases ---- */

void program_enter_folder(void)
{
	static bool entered;
	char folder[] = "/tmp/pfwd-test-XXXXXX";
	if (entered)
		return;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	entered = true;
}

static void write_file(const char *text)
{
	unlink(FILE_NAME);
	if (!text)
		return;
	FILE *file = fopen(FILE_NAME, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void check_file(const char *expected)
{
	char text[PROGRAM_TEXT_MAX];
	FILE *file = fopen(FILE_NAME, "r");
	if (!file && !expected)
		return;
	if (!file || !expected)
		fail_msg("%s", file ? "there is a file now" : "there is no file any more");
	size_t n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	fclose(file);
	assert_string_equal(text, expected);
}

static const char *or_none(const char *text)
{
	return text ? text : "";
}

void program_check(const struct program_case *c)
{
	struct outcome o;
	memory_reset();
	fake_host_reset();
	unsetenv("PFWD_BACKEND");
	memory_put(&memory[0], or_none(c->have));
	memory_put(&memory[1], or_none(c->second));
	if (c->arrange)
		c->arrange();
	program_enter_folder();
	write_file(c->file);
	char *before[] = {memory_lines(&memory[0]), memory_lines(&memory[1])};
	program_run(c->line, or_none(c->file), &o);
	char *after[] = {memory_lines(&memory[0]), memory_lines(&memory[1])};
	assert_string_equal(o.err, or_none(c->err));
	assert_string_equal(o.out, or_none(c->out));
	assert_int_equal(o.status, c->status);
	assert_string_equal(after[0], c->left ? c->left : before[0]);
	assert_string_equal(after[1], c->second_left ? c->second_left : before[1]);
	assert_false(memory[0].locked);
	for (unsigned int i = 0; i < fake_host->conn_count; i++)
		assert_int_equal(fake_host->ended[i], c->ended >> i & 1);
	check_file(c->file_left ? c->file_left : c->file);
	for (int i = 0; i < MEMORY_BACKENDS; i++) {
		free(before[i]);
		free(after[i]);
	}
}

static void check_row(void **state)
{
	program_check(*state);
}

/* Lines as a list in one line. */
static void append_lines(char *out, size_t size, const char *before, const char *lines)
{
	size_t used = strlen(out);
	snprintf(out + used, size - used, "%s%.200s", before, lines);
	for (char *end = out + used; (end = strchr(end, '\n'));)
		*end = end[1] ? ',' : '\0';
}

/* The name tells all that makes the case another one. */
static void add_case(struct rows *rows, const struct program_case *c)
{
	char input[1024] = "";
	append_lines(input, sizeof(input), "", c->line);
	if (c->when)
		append_lines(input, sizeof(input), ", ", c->when);
	if (c->file)
		append_lines(input, sizeof(input), ", FILE ", c->file);
	if (c->have)
		append_lines(input, sizeof(input), " beside ", c->have);
	if (c->second)
		append_lines(input, sizeof(input), " and in nftables ", c->second);
	rows_add(rows, "pfwd", input, check_row, c);
}

void program_add_cases(struct rows *rows, const struct program_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add_case(rows, &cases[i]);
}

int program_run_cases(const struct rows *rows, const char *program)
{
	unsetenv("PFWD_BACKEND");
	int failed = rows_run(rows, program);
	char *folder = getcwd(NULL, 0);
	unlink(FILE_NAME);
	if (folder && strncmp(folder, "/tmp/pfwd-test-", 15) == 0)
		rmdir(folder);
	free(folder);
	return failed;
}
