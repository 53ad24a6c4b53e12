/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tutti/value.c -- one member of an answer as people read it
 */
#include "config.h"

#include <string.h>
#include <time.h>

#include "tutti/cli.h"


static bool ends_with(const char *s, const char *end)
{
	const size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}


enum value_type value_type(const char *key, const json_t *val)
{
	if (ends_with(key, "_time") || !strcmp(key, "time"))
		return VAL_TIME;
	if (json_is_boolean(val))
		return VAL_YES;
	if (!strcmp(key, "state"))
		return VAL_STATE;
	if (!json_is_number(val))
		return VAL_TEXT;
	if (!strcmp(key, "duration_ms"))
		return VAL_DURATION;
	if (!strcmp(key, "bytes"))
		return VAL_BYTES;

	return VAL_NUMBER;
}


/* "2026-11-22T09:07:38.123Z" in the time of whoever reads it */
static const char *local_time(char *buf, size_t sz, const char *iso)
{
	struct tm tm = {0}, local;
	time_t t;

	if (!strptime(iso, "%Y-%m-%dT%H:%M:%S", &tm)) {
		snprintf(buf, sz, "%s", iso);
		return buf;
	}

	t = timegm(&tm);
	if (!localtime_r(&t, &local) ||
	    !strftime(buf, sz, "%Y-%m-%d %H:%M:%S", &local))
		snprintf(buf, sz, "%s", iso);

	return buf;
}


static void duration(char *buf, size_t sz, json_int_t ms)
{
	const long long s = ms / 1000;

	snprintf(buf, sz, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60,
		 s % 60);
}


static void bytes(char *buf, size_t sz, json_int_t n)
{
	static const char *const unitv[] = {"KiB", "MiB", "GiB", "TiB"};
	double val = (double)n / 1024;
	unsigned i = 0;

	if (n < 1024) {
		snprintf(buf, sz, "%lld B", (long long)n);
		return;
	}
	while (val >= 1024 && i < 3) {
		val /= 1024;
		++i;
	}
	snprintf(buf, sz, "%.1f %s", val, unitv[i]);
}


static void number(char *buf, size_t sz, enum value_type type,
		   const json_t *val)
{
	if (json_is_real(val))
		snprintf(buf, sz, "%.2f", json_real_value(val));
	else if (type == VAL_DURATION)
		duration(buf, sz, json_integer_value(val));
	else if (type == VAL_BYTES)
		bytes(buf, sz, json_integer_value(val));
	else
		snprintf(buf, sz, "%lld",
			 (long long)json_integer_value(val));
}


const char *value_text(char *buf, size_t sz, enum value_type type,
		       const json_t *val)
{
	buf[0] = '\0';
	if (!val)
		return buf;

	switch (json_typeof(val)) {

	case JSON_STRING:
		if (type == VAL_TIME)
			local_time(buf, sz, json_string_value(val));
		else
			snprintf(buf, sz, "%s", json_string_value(val));
		break;
	case JSON_INTEGER:
	case JSON_REAL:
		number(buf, sz, type, val);
		break;
	case JSON_TRUE:
		snprintf(buf, sz, "yes");
		break;
	case JSON_FALSE:
		snprintf(buf, sz, "no");
		break;
	case JSON_ARRAY:
		snprintf(buf, sz, "%zu", json_array_size(val));
		break;
	default:
		break;
	}

	return buf;
}


const char *value_color(enum value_type type, const char *text)
{
	static const struct {
		const char *word, *sgr;
	} wordv[] = {
		{"joined", "32"},  {"live", "32"},     {"playing", "32"},
		{"complete", "32"}, {"ok", "32"},      {"recording", "31"},
		{"ringing", "33"}, {"held", "33"},     {"paused", "33"},
		{"frozen", "33"},  {"failed", "1;31"}, {"broken", "1;31"},
		{"trouble", "1;31"},
	};
	size_t i;

	if (type != VAL_STATE)
		return NULL;

	for (i = 0; i < sizeof(wordv) / sizeof(wordv[0]); i++) {
		if (!strcmp(text, wordv[i].word))
			return wordv[i].sgr;
	}

	return NULL;
}
