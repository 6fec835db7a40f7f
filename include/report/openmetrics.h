/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers as OpenMetrics 1.0 text, which a monitoring system reads. It does not know what they
 * mean, and names nothing by itself.
 */
#ifndef PFWD_REPORT_OPENMETRICS_H
#define PFWD_REPORT_OPENMETRICS_H

#include <stdint.h>
#include <stdio.h>

enum openmetrics_type {
	OPENMETRICS_GAUGE,
	OPENMETRICS_COUNTER, /* its samples have _total behind the name */
};

/* The other types of OpenMetrics are left out on purpose: readers of Prometheus' older text format,
 * as node_exporter's textfile collector is one, refuse a whole text for a type that they do not
 * know (findings/node-exporter-refuses-stateset.sh). */
struct openmetrics_family {
	const char *name;
	enum openmetrics_type type;
	const char *unit; /* the end of the name, without the underscore; NULL: none */
	const char *help; /* one line without a backslash */
};

/* The longest that a value can become in a label. */
#define OPENMETRICS_ESCAPED_MAX(length) (5 * (length))

/* Write name="value" to out, ended by NUL, and return where the NUL is. What is not UTF-8, and
 * control characters, become \xHH, so that different values stay different. */
char *openmetrics_put_label(char *out, const char *name, const char *value);

/* Print the lines that stand before the samples of a family. */
void openmetrics_begin(FILE *out, const struct openmetrics_family *family);
/* Print one sample. labels: as openmetrics_put_label writes them, with commas between; more:
 * another one, or "". */
struct openmetrics_labels {
	const char *labels, *more;
};
void openmetrics_sample(FILE *out, const struct openmetrics_family *family,
			struct openmetrics_labels labels, uint64_t value);
/* Print the last line, without which readers take the text for cut off. */
void openmetrics_end(FILE *out);

#endif
