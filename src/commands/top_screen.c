/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd top on a terminal: what is on the screen. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "commands/top_keys.h"
#include "host/host.h"
#include "screen/terminal.h"

/* ---- cells ---- */

enum { OWNER = TOP_OUT + 1, HISTORY };

static const struct view_column forward_columns[] = {
	[TOP_FORWARD] = {"FORWARD", .least = 22, .most = 48},
	[TOP_NAME] = {"NAME", .least = 8, .most = 32},
	[TOP_LIVE] = {"LIVE", .right = true, .least = 7, .most = 9},
	[TOP_NEW] = {"NEW/s", .right = true, .least = 7, .most = 9},
	[TOP_IN] = {"IN/s", .right = true, .least = 7, .most = 9},
	[TOP_OUT] = {"OUT/s", .right = true, .least = 7, .most = 9},
	[OWNER] = {"OWNER", .least = 8, .most = 32},
	[HISTORY] = {"LAST MINUTE", .least = 15, .most = TRAFFIC_HISTORY, .bars = true},
};
#define FORWARD_COLUMNS (sizeof(forward_columns) / sizeof(forward_columns[0]))

/* OWNER is there with -a alone. */
static void choose_columns(struct top_screen *s)
{
	memcpy(s->columns, forward_columns, sizeof(forward_columns));
	s->column_count = FORWARD_COLUMNS;
	if (s->top->meter.all)
		return;
	s->columns[OWNER] = s->columns[HISTORY];
	s->column_count--;
}

/* Bytes a second are not known before the second pass. */
static bool knows_bytes(const struct top_screen *s)
{
	return s->top->accounts && s->top->meter.traffic.interval;
}

static void put_size(const struct top_screen *s, char out[VIEW_CELL_MAX], uint64_t bytes)
{
	if (knows_bytes(s))
		report_put_size(out, bytes);
}

static void put_history(const struct top_screen *s, uint32_t index, unsigned int width,
			char out[VIEW_CELL_MAX])
{
	uint64_t minute[TRAFFIC_HISTORY];
	traffic_history(&s->top->meter.traffic, index, minute);
	view_bars(minute, TRAFFIC_HISTORY, width, out);
}

static void put_text(char out[VIEW_CELL_MAX], const struct meter_row *row,
		     bool (*put)(const struct meter_row *row, char cell[REPORT_CELL_MAX]))
{
	char cell[REPORT_CELL_MAX] = "";
	if (put(row, cell))
		snprintf(out, VIEW_CELL_MAX, "%.*s", VIEW_CELL_MAX - 1, cell);
}

static void forward_cell(const void *context, const struct view_place *place,
			 char out[VIEW_CELL_MAX])
{
	const struct top_screen *s = context;
	uint32_t index = s->top->order[place->row];
	const struct meter_row row = meter_row(&s->top->meter, index);
	const struct traffic_sum *sum = &s->top->meter.traffic.sums[index];
	switch (place->column) {
	case TOP_FORWARD:
		put_text(out, &row, top_put_forward);
		break;
	case TOP_NAME:
		put_text(out, &row, top_put_name);
		break;
	case TOP_LIVE:
		number_put(out, sum->live);
		break;
	case TOP_NEW:
		top_put_rate(out, sum->new_rate, 1);
		break;
	case TOP_IN:
		put_size(s, out, sum->in_rate);
		break;
	case TOP_OUT:
		put_size(s, out, sum->out_rate);
		break;
	default:
		if (place->column == OWNER && s->top->meter.all)
			put_text(out, &row, top_put_owner);
		else
			put_history(s, index, place->width, out);
	}
}

enum { CLIENT, TARGET, STATE, IN_RATE, OUT_RATE, BYTES, VIA };

static const struct view_column connection_columns[] = {
	[CLIENT] = {"CLIENT", .least = 21, .most = 47},
	[TARGET] = {"TARGET", .least = 21, .most = 47},
	[STATE] = {"STATE", .least = 11, .most = 11},
	[IN_RATE] = {"IN/s", .right = true, .least = 7, .most = 9},
	[OUT_RATE] = {"OUT/s", .right = true, .least = 7, .most = 9},
	[BYTES] = {"BYTES", .right = true, .least = 7, .most = 9},
	[VIA] = {"VIA", .least = 21, .most = 47},
};
#define CONNECTION_COLUMNS (sizeof(connection_columns) / sizeof(connection_columns[0]))

static void put_endpoint(char out[VIEW_CELL_MAX], const struct endpoint *e)
{
	char addr[ADDRESS_TEXT_MAX];
	address_format_bracketed(&e->addr, addr);
	number_put(stpcpy(stpcpy(out, addr), ":"), e->port);
}

static void connection_cell(const void *context, const struct view_place *place,
			    char out[VIEW_CELL_MAX])
{
	const struct top_screen *s = context;
	const struct top_seen *seen = top_opened_row(&s->opened, place->row);
	switch (place->column) {
	case CLIENT:
		put_endpoint(out, &seen->client);
		break;
	case TARGET:
		put_endpoint(out, &seen->target);
		break;
	case STATE:
		strcpy(out, seen->state ? seen->state : "");
		break;
	case IN_RATE:
	case OUT_RATE:
		if (s->opened.last.pass) /* else nothing is known of before */
			put_size(s, out, place->column == IN_RATE ? seen->in_rate : seen->out_rate);
		break;
	case BYTES:
		put_size(s, out, seen->in + seen->out);
		break;
	default:
		put_endpoint(out, &seen->via);
	}
}

/* A pass shows a connection. */
static void see(void *context, const struct connection *c, uint32_t owner)
{
	struct top_screen *s = context;
	if (s->page == TOP_PAGE_CONNECTIONS && owner != TRAFFIC_NOBODY)
		top_opened_see(&s->opened, &s->top->meter, c, owner);
}

/* ---- head and foot ---- */

#define SPEED_MAX (REPORT_SIZE_MAX + 2)

static void put_speed(const struct top_screen *s, char out[SPEED_MAX], uint64_t rate)
{
	strcpy(out, "-");
	if (!knows_bytes(s))
		return;
	report_put_size(out, rate);
	strcat(out, "/s");
}

static void put_first_line(struct top_screen *s)
{
	const struct top *top = s->top;
	char clock[16], new_rate[TOP_RATE_MAX], in[SPEED_MAX], out[SPEED_MAX];
	time_t now = time(NULL);
	struct tm tm;
	localtime_r(&now, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	top_put_rate(new_rate, top->total.new_rate, 1);
	put_speed(s, in, top->total.in_rate);
	put_speed(s, out, top->total.out_rate);
	snprintf(s->head[0], sizeof(s->head[0]),
		 "pfwd top %s  %zu forward%s  %ju live  %s new/s  in %s  out %s", clock, top->count,
		 top->count == 1 ? "" : "s", (uintmax_t)top->total.live, new_rate, in, out);
}

static void put_second_line(struct top_screen *s)
{
	static const char *const orders[] = {"FORWARD", "NAME",  "LIVE",   "NEW/s",
					     "IN/s",    "OUT/s", "busiest"};
	const struct top *top = s->top;
	char delay[TOP_RATE_MAX], interval[TOP_RATE_MAX];
	size_t count = top_opened_count(&s->opened);
	char *line = s->head[1];
	size_t size = sizeof(s->head[1]);
	top_put_rate(delay, (uint64_t)top->meter.delay / 1000000, 2);
	top_put_rate(interval, (uint64_t)top->meter.traffic.interval / 1000000, 1);
	if (*s->note) {
		snprintf(line, size, "%.*s", (int)size - 1, s->note);
	} else if (!top->accounts) {
		snprintf(line, size,
			 "no bytes are counted: sysctl -w net.netfilter.nf_conntrack_acct=1");
	} else if (s->page == TOP_PAGE_CONNECTIONS) {
		snprintf(line, size, "%s  %zu%s connection%s, busiest first; over %ss",
			 s->opened_title, count, count == TOP_OPENED_MAX ? " of more" : "",
			 count == 1 ? "" : "s", interval);
	} else {
		snprintf(line, size, "every %ss, bytes over %ss; %s first%s%s%s", delay,
			 top->meter.traffic.interval ? interval : "- ", orders[top->sort],
			 top->reverse ? ", reversed" : "", *s->filter ? "; only " : "", s->filter);
	}
}

static const char help_text[] =
	"Each row is a forward: its live and new connections, and the bytes a second from\n"
	"clients (IN) and to them (OUT), with the last minute of both.\n"
	"\n"
	"  Up Down PgUp PgDn Home End   choose a row\n"
	"  Enter                        open the forward: its connections\n"
	"  Esc, Left                    back\n"
	"  < >, F6                      sort by another column\n"
	"  T                            sort by traffic: the busiest first\n"
	"  R, I                         reverse the order\n"
	"  / \\ F4                       show only rows with some text; empty: all\n"
	"  d, s                         the seconds between two refreshes\n"
	"  Space                        refresh now\n"
	"  Ctrl-L                       draw the screen anew\n"
	"  h ? F1                       this help\n"
	"  q F10                        quit\n"
	"\n"
	"With many connections bytes are read slowly, to spare the processor: the second\n"
	"line says over how many seconds they are counted. See pfwd(8), TRAFFIC.\n";

static void put_foot(struct top_screen *s)
{
	static const char *const feet[] = {
		[TOP_PAGE_FORWARDS] = ("{Enter} connections  {/} filter  {<} {>} {T} {R} sort  "
				       "{d}elay  {h}elp  {q}uit"),
		[TOP_PAGE_CONNECTIONS] = "{Esc} back  {h}elp  {q}uit",
		[TOP_PAGE_HELP] = "{Esc} back  {q}uit",
	};
	top_screen_view(s)->foot = feet[s->page];
}

static int draw(struct top_screen *s, struct err *err)
{
	struct view *view = top_screen_view(s);
	char prompt[2 * TOP_PROMPT_MAX];
	int cursor = -1;
	put_first_line(s);
	put_second_line(s);
	put_foot(s);
	view->utf8 = s->terminal.utf8;
	view->head[0] = s->head[0];
	view->head[1] = s->head[1];
	view->text = s->page == TOP_PAGE_HELP ? help_text : NULL;
	view->table = s->page == TOP_PAGE_HELP ? NULL : &s->table;
	s->table =
		s->page == TOP_PAGE_FORWARDS
			? (struct
			   view_table){s->columns,
				       s->column_count,
				       s->top->sort == TOP_BUSY ? s->column_count : (size_t)s->top->sort,
				       s->top->count,
				       forward_cell,
				       s}
			: (struct view_table){connection_columns, CONNECTION_COLUMNS,
					      CONNECTION_COLUMNS, top_opened_count(&s->opened),
					      connection_cell,    s};
	view->prompt = NULL;
	if (s->asked) {
		cursor = snprintf(prompt, sizeof(prompt), "%s: %s", s->asked, s->answer);
		view->prompt = prompt;
	}
	view_scroll(view, s->terminal.height);
	return terminal_draw(&s->terminal, view, cursor, err);
}

/* ---- the screen ---- */

static int wake(void *context, short happened, struct err *err)
{
	struct top_screen *s = context;
	int key = TERMINAL_NONE;
	bool any = false;
	if (happened & (POLLERR | POLLHUP | POLLNVAL))
		return 1;
	while (!s->ended && (key = terminal_key(&s->terminal)) != TERMINAL_NONE) {
		any = true;
		if (top_keys_take(s, key, err) < 0)
			return -1;
	}
	if (s->ended)
		return 1;
	return any ? draw(s, err) : 0;
}

static void note_losses(struct top_screen *s)
{
	struct meter *meter = &s->top->meter;
	if (meter->lost)
		strcpy(s->note, "connections change faster than they can be counted: rates are too "
				"low");
	else if (meter->resized)
		strcpy(s->note,
		       "the kernel resized its table of connections: LIVE may be wrong for "
		       "a while");
	meter->lost = meter->resized = false;
}

static void note_events(struct top_screen *s)
{
	int64_t events;
	if (host_setting("net/netfilter/nf_conntrack_events", &events) && events == 0)
		strcpy(s->note, "NEW/s stays 0 without events: sysctl -w "
				"net.netfilter.nf_conntrack_events=1");
}

static int show_all(void *context, struct err *err)
{
	struct top_screen *s = context;
	note_losses(s);
	if (s->page == TOP_PAGE_CONNECTIONS && top_opened_take(&s->opened, &s->top->meter, err) < 0)
		return -1;
	return draw(s, err);
}

/* Signals that end it are read, so that it can give the terminal back before. */
static int hold_signals(void)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	sigset_t set;
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		sigaddset(&set, ends[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

int top_screen(struct top *top, struct err *err)
{
	const char *no_color = getenv("NO_COLOR");
	struct top_screen s = {.top = top};
	struct top_face face = {.fd = STDIN_FILENO,
				.events = POLLIN,
				.context = &s,
				.wake = wake,
				.refresh = show_all,
				.signals = hold_signals()};
	if (face.signals < 0)
		return err_sys(err, errno, "cannot hold signals");
	int result = terminal_open(&s.terminal, no_color && *no_color, err);
	top->meter.seen = see;
	top->meter.context = &s;
	note_events(&s);
	choose_columns(&s);
	if (result == 0)
		result = draw(&s, err);
	if (result == 0)
		result = top_run(top, &face, err);
	terminal_close(&s.terminal);
	top_opened_close(&s.opened);
	close(face.signals);
	top->meter.seen = NULL;
	top->filter = NULL;
	return result;
}
