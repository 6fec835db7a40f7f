/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors and warnings about lines are collected, and printed in the order of the lines. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/forwards_file.h"
#include "host/read_file.h"
#include "model/array.h"

int forwards_file_operand(void *context, const char *word, struct err *err)
{
	struct forwards_file *source = context;
	if (source->path)
		return err_set(err, ERR_INPUT, "too many arguments: '%s'", quote(word).text);
	source->path = word;
	return 0;
}

bool forwards_file_is_standard(const struct forwards_file *source)
{
	return source->path && strcmp(source->path, "-") == 0;
}

const char *forwards_file_name(const struct forwards_file *source)
{
	if (!source->path)
		return FORWARDS_FILE_DEFAULT;
	return forwards_file_is_standard(source) ? "standard input" : source->path;
}

static int read_source(struct forwards_file *source, struct err *err)
{
	bool standard = forwards_file_is_standard(source);
	FILE *in = standard ? stdin : fopen(forwards_file_name(source), "re");
	if (!in) {
		int error = errno;
		return err_set(
			err, error == ENOENT ? ERR_INPUT : ERR_FAILED,
			"cannot open %s: %s; give the forwards file as FILE, or - for standard "
			"input",
			quote(forwards_file_name(source)).text, strerror(error));
	}
	source->text = read_stream(in, forwards_file_name(source), &source->length, err);
	if (!standard)
		fclose(in);
	return source->text ? 0 : -1;
}

/* ---- remarks about lines, in their order ---- */

struct remark {
	size_t line;
	bool bad; /* else a warning */
	char *text;
};

struct remarks {
	struct remark *items;
	size_t count;
	size_t bad;  /* how many of them are errors */
	bool failed; /* out of memory */
};

static void add_remark(struct remarks *remarks, size_t line, bool bad, const char *text)
{
	void *items = remarks->items;
	struct remark *remark = array_append(&items, &remarks->count, sizeof(*remark));
	remarks->items = items;
	if (remark)
		*remark = (struct remark){line, bad, strdup(text)};
	remarks->bad += bad;
	if (!remark || !remark->text)
		remarks->failed = true;
}

static void add_bad(void *context, size_t line, const char *reason)
{
	add_remark(context, line, true, reason);
}

static int compare_remarks(const void *a, const void *b)
{
	const struct remark *x = a, *y = b;
	return (x->line > y->line) - (x->line < y->line);
}

static void say_remarks(const struct forwards_file *source, struct remarks *remarks)
{
	if (remarks->count)
		qsort(remarks->items, remarks->count, sizeof(*remarks->items), compare_remarks);
	for (size_t i = 0; i < remarks->count; i++) {
		const struct remark *r = &remarks->items[i];
		command_say("%s%s:%zu: %s",
			    r->bad ? "" : "warning: ", quote(forwards_file_name(source)).text,
			    r->line, r->text ? r->text : "out of memory");
	}
}

static void free_remarks(struct remarks *remarks)
{
	for (size_t i = 0; i < remarks->count; i++)
		free(remarks->items[i].text);
	free(remarks->items);
}

/* ---- what a command makes of its lines ---- */

int forwards_file_check_target(const struct forward *f, const struct host_addresses *addresses,
			       struct err *err)
{
	char target[ADDRESS_TEXT_MAX];
	const char *option = f->hairpin                 ? "--hairpin"
			     : f->masquerade            ? "--masquerade"
			     : address_is_set(&f->snat) ? "--snat"
							: NULL;
	if (!option || !host_address_owner(addresses, &f->target))
		return 0;
	address_format(&f->target, target);
	return err_set(err, ERR_INPUT,
		       "%s does not go with target %s, an address of this host itself; leave it "
		       "out",
		       option, target);
}

int forwards_file_check_broadcast(const struct forward *f, const struct host_addresses *addresses,
				  struct err *err)
{
	char text[ADDRESS_TEXT_MAX];
	const struct address *addr = host_is_broadcast(addresses, &f->target) ? &f->target
				     : host_is_broadcast(addresses, &f->snat) ? &f->snat
									      : NULL;
	if (!addr)
		return 0;
	address_format(addr, text);
	return err_set(err, ERR_INPUT,
		       "%s %s is the broadcast address of a network of this host; give the address "
		       "of one host",
		       addr == &f->target ? "target" : "--snat", text);
}

/* --hairpin alone means the connected network that the target is on. If there is none, add fails;
 * here the forward is made without the option. */
static int find_networks(struct file *file, const struct host_addresses *addresses, struct err *err)
{
	for (size_t i = 0; i < file->count; i++) {
		struct forward *f = &file->forwards.items[i];
		if (!f->hairpin || f->hairpin_nets)
			continue;
		struct network net = host_network_of(addresses, &f->target);
		if (network_is_set(&net) && !(f->hairpin_nets = networks_of(&net, 1)))
			return err_memory(err);
	}
	return 0;
}

/* Some errors of add are warnings here. All forwards of a line are alike, so look at the first. */
static void check_lines(const struct forwards_file *source, const struct spec_host *host,
			const struct host_addresses *addresses, struct remarks *remarks)
{
	const struct file *file = &source->file;
	bool warn = source->use == FORWARDS_FILE_APPLY;
	for (size_t i = 0; i < file->count; i++) {
		const struct forward *f = &file->forwards.items[i];
		size_t line = file->numbers[i];
		struct err why;
		if (i > 0 && file->numbers[i - 1] == line)
			continue;
		if (warn && forward_expired(f, host->now))
			add_remark(remarks, line, false,
				   "--until is in the past; the forward is added but matches "
				   "nothing");
		if (warn && f->hairpin && !f->hairpin_nets)
			add_remark(remarks, line, false,
				   "cannot find the target's network; added without --hairpin");
		if (warn && (forwards_file_check_broadcast(f, addresses, &why) < 0 ||
			     forwards_file_check_target(f, addresses, &why) < 0))
			add_remark(remarks, line, false, why.text);
	}
}

static void drop_lost_hairpins(struct file *file)
{
	for (size_t i = 0; i < file->count; i++) {
		struct forward *f = &file->forwards.items[i];
		f->hairpin = f->hairpin_nets != NULL;
	}
}

/* The folder of the file, to be freed; NULL: the current one. */
static char *folder_of(const struct forwards_file *source)
{
	const char *path = forwards_file_name(source), *slash = strrchr(path, '/');
	if (forwards_file_is_standard(source) || !slash)
		return NULL;
	return strndup(path, slash > path ? (size_t)(slash - path) : 1);
}

int forwards_file_load(struct forwards_file *source, const struct spec_host *host, struct err *err)
{
	struct remarks remarks = {0};
	struct host_addresses addresses = {0};
	struct file *file = &source->file;
	struct spec_host words = *host;
	char *folder = folder_of(source);
	const struct file_reader reader = {&words, add_bad, &remarks};
	words.folder = folder;
	int result = read_source(source, err);
	if (result == 0)
		result =
			file_parse((struct text){source->text, source->length}, &reader, file, err);
	free(folder);
	if (result == 0)
		result = host_addresses(&addresses, err);
	if (result == 0)
		result = find_networks(file, &addresses, err);
	if (result == 0) {
		check_lines(source, host, &addresses, &remarks);
		drop_lost_hairpins(file);
		/* conflicts are those of the forwards that are made */
		result = file_check(file, &reader, err);
	}
	if (result == 0 && remarks.failed)
		result = err_memory(err);
	if (result == 0)
		say_remarks(source, &remarks);
	if (result == 0 && remarks.bad)
		result = err_set(err, ERR_INPUT, "%zu bad line%s%s", remarks.bad,
				 remarks.bad == 1 ? "" : "s",
				 source->use == FORWARDS_FILE_DIFF ? "" : "; nothing was changed");
	host_addresses_free(&addresses);
	free_remarks(&remarks);
	return result;
}

void forwards_file_forget_text(struct forwards_file *source)
{
	free(source->text);
	free(source->file.numbers);
	free(source->file.outside);
	source->text = NULL;
	source->file.numbers = source->file.outside = NULL;
	source->length = source->file.count = source->file.outside_count = 0;
}

void forwards_file_free(struct forwards_file *source)
{
	free(source->text);
	file_free(&source->file);
}

void forwards_file_print(FILE *out, const struct forward *f)
{
	char line[SPEC_LINE_MAX + 1];
	spec_format_line(f, line);
	size_t length = strlen(line);
	line[length] = '\n';
	fwrite_unlocked(line, 1, length + 1, out);
}
