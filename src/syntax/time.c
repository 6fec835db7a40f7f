/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times and durations of --until and --for. */
#include <string.h>
#include <time.h>

#include "syntax/spec.h"
#include "syntax/time.h"

/* Exactly n digits of *text as a number; moves on behind them. */
static int take_digits(const char **text, int n, int *out)
{
	int value = 0;
	for (int i = 0; i < n; i++, (*text)++) {
		if (**text < '0' || **text > '9')
			return -1;
		value = value * 10 + (**text - '0');
	}
	*out = value;
	return 0;
}

static int take_char(const char **text, char c)
{
	if (**text != c)
		return -1;
	(*text)++;
	return 0;
}

static int take_date_time(const char **text, struct tm *tm)
{
	if (take_digits(text, 4, &tm->tm_year) < 0 || take_char(text, '-') < 0 ||
	    take_digits(text, 2, &tm->tm_mon) < 0 || take_char(text, '-') < 0 ||
	    take_digits(text, 2, &tm->tm_mday) < 0 || take_char(text, 'T') < 0 ||
	    take_digits(text, 2, &tm->tm_hour) < 0 || take_char(text, ':') < 0 ||
	    take_digits(text, 2, &tm->tm_min) < 0)
		return -1;
	if (**text == ':' && (take_char(text, ':') < 0 || take_digits(text, 2, &tm->tm_sec) < 0))
		return -1;
	tm->tm_year -= 1900;
	tm->tm_mon -= 1;
	return 0;
}

/* "Z", "+HH:MM", "-HH:MM" or nothing (*zoned false). */
static int take_zone(const char **text, bool *zoned, int *offset)
{
	int hours, minutes, sign = **text == '-' ? -1 : 1;
	*zoned = true;
	*offset = 0;
	if (**text == 'Z')
		return take_char(text, 'Z');
	if (**text != '+' && **text != '-') {
		*zoned = false;
		return 0;
	}
	(*text)++;
	if (take_digits(text, 2, &hours) < 0 || take_char(text, ':') < 0 ||
	    take_digits(text, 2, &minutes) < 0 || hours > 23 || minutes > 59)
		return -1;
	*offset = sign * (hours * 3600 + minutes * 60);
	return 0;
}

/* timegm corrects fields that are out of range (February 30th); a date that it had to correct does
 * not exist. */
static bool utc_to_seconds(const struct tm *asked, int64_t *out)
{
	struct tm tm = *asked;
	time_t when = timegm(&tm);
	if (tm.tm_year != asked->tm_year || tm.tm_mon != asked->tm_mon ||
	    tm.tm_mday != asked->tm_mday || tm.tm_hour != asked->tm_hour ||
	    tm.tm_min != asked->tm_min || tm.tm_sec != asked->tm_sec)
		return false;
	*out = when;
	return true;
}

int time_parse(const char *text, const struct spec_host *host, int64_t *out, struct err *err)
{
	const char *rest = text;
	struct tm tm = {0};
	bool zoned;
	int offset;
	int64_t when;
	if (take_date_time(&rest, &tm) < 0 || take_zone(&rest, &zoned, &offset) < 0 || *rest)
		return err_set(err, ERR_INPUT,
			       "time '%s' is not written like 2026-12-01T18:00 (local time) or "
			       "2026-12-01T18:00:00Z",
			       quote(text).text);
	if (!zoned && !host->local_time)
		return err_set(err, ERR_INPUT, "time '%s' has no zone; put Z behind it for UTC",
			       quote(text).text);
	if (!utc_to_seconds(&tm, &when) || (!zoned && !host->local_time(&tm, &when)))
		return err_set(err, ERR_INPUT, "time '%s' does not exist in the calendar%s",
			       quote(text).text, zoned ? "" : " or on this system's clock");
	when -= offset;
	if (when > FORWARD_UNTIL_MAX)
		return err_set(err, ERR_INPUT,
			       "time '%s' is later than 2038-01-19T03:14:06Z, the last that "
			       "iptables can read",
			       quote(text).text);
	if (when <= 0)
		return err_set(err, ERR_INPUT,
			       "time '%s' is before 1970; a forward ends in the future",
			       quote(text).text);
	*out = when;
	return 0;
}

int time_parse_duration(const char *text, int64_t *out, struct err *err)
{
	static const char units[] = "smhd";
	static const int64_t seconds[] = {1, 60, 3600, 86400};
	size_t digits = strspn(text, "0123456789");
	const char *unit = text[digits] ? strchr(units, text[digits]) : NULL;
	int64_t value = 0;
	if (digits == 0 || digits > 10 || !unit || text[digits + 1])
		return err_set(err, ERR_INPUT,
			       "duration '%s' is not a number with a unit; write one as 90s, 30m, "
			       "2h or 7d",
			       quote(text).text);
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (text[i] - '0');
	value *= seconds[unit - units];
	if (value == 0)
		return err_set(err, ERR_INPUT, "duration '%s' is too short; it must be at least 1s",
			       quote(text).text);
	*out = value;
	return 0;
}

void time_format(int64_t when, char out[TIME_TEXT_MAX])
{
	struct tm tm;
	time_t seconds = (time_t)when;
	if (!gmtime_r(&seconds, &tm) ||
	    strftime(out, TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		strcpy(out, "-");
}
