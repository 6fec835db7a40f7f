/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd save: the live forwards into a file, which keeps its comments and its order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/forwards_file.h"
#include "commands/command.h"
#include "commands/options.h"
#include "host/replace_file.h"
#include "ruleset/present.h"

struct save {
	struct forwards_file old; /* the file as it is; empty for standard output */
	struct present live;
	bool *known; /* for each live forward: the old file has it */
	bool force;
};

/* One line of the old file, and the forwards that it stands for. */
struct line {
	const char *text;
	size_t length;
	const struct forward *forwards;
	size_t count;
	bool outside; /* the networks are in another file */
};

/* ---- what the old file has ---- */

static int compare_spec(const void *a, const void *b)
{
	return forward_compare_spec(a, b);
}

static bool lives(const struct save *save, const struct forward *f)
{
	return forwards_find(&save->live.forwards, f) < save->live.forwards.count;
}

/* Fill known. True if a forward of the file lives, or if one with its SPEC does: then somebody gave
 * it another TARGET or other options. */
static bool find_known(struct save *save)
{
	const struct forwards *live = &save->live.forwards, *old = &save->old.file.forwards;
	bool any = false;
	for (size_t i = 0; i < old->count; i++) {
		size_t at = forwards_find(live, &old->items[i]);
		if (at < live->count)
			any = save->known[at] = true;
		else if (!any && live->count)
			any = bsearch(&old->items[i], live->items, live->count,
				      sizeof(*live->items), compare_spec);
	}
	return any;
}

/* A wrong network namespace, or a kernel that has forgotten all, must not empty the file. */
static int check_loss(struct save *save, struct err *err)
{
	size_t count = save->old.file.forwards.count;
	save->known = calloc(save->live.forwards.count + 1, sizeof(*save->known));
	if (!save->known)
		return err_memory(err);
	if (find_known(save) || count == 0 || save->force)
		return 0;
	return err_set(err, ERR_FAILED,
		       "%s would lose all its forwards (%zu), because the kernel has none of them; "
		       "make them with `pfwd apply`, or give --force to remove them from the file",
		       quote(forwards_file_name(&save->old)).text, count);
}

/* ---- the new file ---- */

/* Where the line's comment begins, at a word of its own; length if it has none. */
static size_t comment_at(const struct line *line)
{
	for (size_t i = 0; i < line->length; i++)
		if (line->text[i] == '#' && (i == 0 || strchr(" \t\r", line->text[i - 1])))
			return i;
	return line->length;
}

/* Write the forwards of the line that live, the first of them with the line's comment. */
static void write_part(const struct save *save, const struct line *line, FILE *out)
{
	char text[SPEC_LINE_MAX];
	size_t at = comment_at(line);
	for (size_t i = 0; i < line->count; i++) {
		if (!lives(save, &line->forwards[i]))
			continue;
		spec_format_line(&line->forwards[i], text);
		fprintf(out, "%s%s%.*s\n", text, at < line->length ? " " : "",
			(int)(line->length - at), line->text + at);
		at = line->length;
	}
}

static bool differ_by_clients(const struct forward *a, const struct forward *b)
{
	struct forward c = *b;
	c.from = a->from;
	return forward_equal(a, &c);
}

/* Whether a live forward that is not of the line differs from the line's by its clients alone. If
 * memory runs out: true. */
static bool has_others(const struct save *save, const struct line *line)
{
	struct forwards own = {0};
	struct err ignored;
	const struct forward *first = line->forwards, *last = first + line->count - 1;
	bool found = false;
	for (size_t i = 0; i < line->count; i++)
		found = found || forwards_add(&own, &first[i], &ignored) < 0;
	found = found || forwards_sort(&own, &ignored) < 0;
	for (size_t i = 0; !found && i < save->live.forwards.count; i++) {
		const struct forward *f = &save->live.forwards.items[i];
		/* the first and the last one are of the line's two protocols, if it has two */
		if (differ_by_clients(f, first) || differ_by_clients(f, last))
			found = forwards_find(&own, f) == own.count;
	}
	forwards_free(&own);
	return found;
}

/* A line stays as it is if all its forwards live, or if it has none. One whose networks are in
 * another file has to mean all networks that live. */
static void write_line(const struct save *save, const struct line *line, FILE *out)
{
	size_t alive = 0;
	for (size_t i = 0; i < line->count; i++)
		alive += lives(save, &line->forwards[i]);
	if (alive < line->count || (line->outside && alive && has_others(save, line))) {
		write_part(save, line, out);
		return;
	}
	fwrite(line->text, 1, line->length, out);
	putc('\n', out);
}

static void write_old_lines(const struct save *save, FILE *out)
{
	const struct file *file = &save->old.file;
	const char *text = save->old.text, *end = text + save->old.length;
	size_t first = 0, outside = 0;
	for (size_t number = 1; text < end; number++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		struct line line = {.text = text,
				    .length = (size_t)((newline ? newline : end) - text),
				    .forwards = file->forwards.items + first};
		while (first + line.count < file->count &&
		       file->numbers[first + line.count] == number)
			line.count++;
		line.outside = outside < file->outside_count && file->outside[outside] == number;
		outside += line.outside;
		write_line(save, &line, out);
		first += line.count;
		text += line.length + 1;
	}
}

static void write_file(const struct save *save, FILE *out)
{
	write_old_lines(save, out);
	for (size_t i = 0; i < save->live.forwards.count; i++)
		if (!save->known[i])
			forwards_file_print(out, &save->live.forwards.items[i]);
}

/* Composed in memory, so that no failure leaves half of it. */
static int replace_old(const struct save *save, struct err *err)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	if (!out)
		return err_memory(err);
	write_file(save, out);
	bool failed = ferror(out);
	if (fclose(out) != 0)
		failed = true;
	int result = failed ? err_memory(err)
			    : replace_file(forwards_file_name(&save->old), text, length, err);
	free(text);
	return result;
}

static int read_both(struct save *save, const struct globals *globals, struct err *err)
{
	bool standard = forwards_file_is_standard(&save->old);
	int there = standard ? 0 : replace_file_check(forwards_file_name(&save->old), err);
	if (there < 0)
		return -1;
	if (there && forwards_file_load(&save->old, &globals->host, err) < 0)
		return -1;
	if (present_read(globals_backends(globals), READING_FORWARDS, &save->live, err) < 0)
		return -1;
	return check_loss(save, err);
}

static int save_forwards(struct save *save, const struct globals *globals, struct err *err)
{
	if (globals_permitted(globals, err) < 0 || read_both(save, globals, err) < 0)
		return -1;
	if (forwards_file_is_standard(&save->old))
		write_file(save, stdout);
	else if (replace_old(save, err) < 0)
		return -1;
	if (globals->verbose)
		command_say("saved %zu forward%s", save->live.forwards.count,
			    save->live.forwards.count == 1 ? "" : "s");
	return 0;
}

static const struct arg_def save_options[] = {
	{0, "force", ARG_PLAIN, NULL, "write FILE even if none of its forwards is in the kernel",
	 offsetof(struct save, force), NULL},
	{0},
};

static int run(const struct command_line *line, struct err *err)
{
	struct save save = {.old.use = FORWARDS_FILE_SAVE};
	const struct command_reader reader = {{&save}, forwards_file_operand, &save.old};
	int result = command_read(line, &reader, err);
	if (result == COMMAND_GO)
		result = save_forwards(&save, line->globals, err);
	present_free(&save.live);
	forwards_file_free(&save.old);
	free(save.known);
	return result;
}

const struct command command_save = {
	.name = "save",
	.operands = "[OPTIONS] [FILE]",
	.summary = "write the forwards in the kernel to a file",
	.details = "The comments and the order of an existing file are kept. Without FILE the file "
		   "is\n" FORWARDS_FILE_DEFAULT "; - is standard output.\n",
	.options = {save_options},
	.run = run,
};
