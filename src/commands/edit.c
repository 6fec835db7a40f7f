/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All output waits until the change is made and no lock is held. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "commands/edit.h"
#include "conns/settle.h"

static size_t count_missing(const struct forwards *of, const struct forwards *in)
{
	struct forwards_missing walk = {.of = of, .in = in};
	size_t count = 0;
	while (forwards_next_missing(&walk))
		count++;
	return count;
}

static void say_missing(const char *what, const struct forwards *of, const struct forwards *in)
{
	struct forwards_missing walk = {.of = of, .in = in};
	const struct forward *f;
	char line[SPEC_LINE_MAX];
	while ((f = forwards_next_missing(&walk))) {
		spec_format_line(f, line);
		command_say("%s %s", what, line);
	}
}

/* How many forwards have left another backend for home. */
static size_t count_moved(const struct change_result *result)
{
	size_t home = 0, count = 0;
	while (result->backends[home] != result->home)
		home++;
	const struct forwards *at_home = &result->sets[home]->forwards, *before = result->before;
	for (size_t i = 0; i < before->count; i++) {
		const struct forward *f = &before->items[i];
		count += forwards_find(at_home, f) == at_home->count &&
			 forwards_find(result->after, f) < result->after->count;
	}
	return count;
}

static void say_changes(const struct edit *edit, const struct change_result *result)
{
	size_t moved = edit->change.move ? count_moved(result) : 0;
	const struct forwards *before = result->before, *after = result->after;
	size_t removed = count_missing(before, after), added = count_missing(after, before);
	if (moved)
		command_say("%zu moved to backend %s", moved, result->home->name);
	if (result->size == 0) {
		command_say("nothing to change");
	} else if (removed + added == 0 && !moved) {
		command_say("no forward changed; repaired missing or leftover rules");
	} else if (edit->brief) {
		command_say("%zu added, %zu removed, %zu kept", added, removed,
			    after->count - added);
	} else {
		say_missing("removed", before, after);
		say_missing("added", after, before);
	}
}

/* Connections follow the forwards. What fails here does not undo the change: it is a failure if the
 * user asked for their end, else a warning. */
static int settle(const struct edit *edit, const struct stale_change *change, struct err *err)
{
	struct err why = {0};
	size_t udp = 0, killed = 0;
	bool read = settle_udp(change, &udp, &why) == 0;
	if (edit->kill)
		read = settle_kill(change, &killed, &why) == 0 && read;
	size_t failed = udp + killed;
	if (read && failed == 0)
		return 0;
	if (!edit->kill) {
		command_say("warning: rules changed, but old connections could not be ended: %s",
			    why.text);
		return 0;
	}
	if (!read)
		return err_set(err, ERR_FAILED,
			       "the forwards are removed, but their connections could not be "
			       "ended: %.700s; end them with conntrack -D",
			       why.text);
	return err_set(err, ERR_FAILED,
		       "the forwards are removed, but %zu of their connections could not be "
		       "ended: %.700s; end them with conntrack -D",
		       failed, why.text);
}

static void tell_waiting(const void *context, const char *lock)
{
	(void)context;
	if (isatty(STDERR_FILENO))
		command_say("waiting for %s", lock);
}

static int print_plan(const struct lines *plan, struct err *err)
{
	if (plan->used == 0 || fwrite(plan->text, 1, plan->used, stdout) == plan->used)
		return 0;
	return err_sys(err, errno, "cannot write to standard output");
}

int edit_run(struct edit *edit, const struct globals *globals, struct err *err)
{
	static const struct waiting waiting = {.tell = tell_waiting};
	struct change_result result = {0};
	edit->change.backends = globals->backends;
	if (!edit->makes)
		edit->change.home = edit->change.only = globals->only[0];
	edit->change.dry_run = edit->dry_run;
	edit->change.tidied = globals->verbose && !edit->dry_run;
	edit->change.wait_seconds = globals->wait_seconds;
	edit->change.waiting = &waiting;
	int status = change_run(&edit->change, &result, err);
	if (status == 0 && edit->dry_run) {
		status = edit->quiet ? 0 : print_plan(&result.plan, err);
	} else if (status == 0) {
		const struct stale_change settled = {result.before, result.after,
						     globals->host.now};
		command_say_lines(&result.notes);
		status = settle(edit, &settled, err);
		edit->kept = result.kept.count;
		if (globals->verbose || edit->say_kept)
			command_say_lines(&result.kept);
		command_say_lines(&result.tidied);
		if (globals->verbose)
			say_changes(edit, &result);
	}
	edit->change.home = result.home;
	edit->hindrance = result.hindrance;
	change_result_free(&result);
	return status;
}
