/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tutti/format.c -- what answers look like: tables, objects, event lines
 */
#include <stdlib.h>
#include <string.h>

#include "tutti/cli.h"


enum { VALUE_LEN = 4096, DEPTH_MAX = 4, LABEL_LEN = 128, COLS_MAX = 16 };

struct col {
	const char *key, *head;
};

/* Columns by the noun of what is listed. */
struct view {
	const char *noun;
	struct col colv[COLS_MAX];
};

static const struct view viewv[] = {
	{"room", {
		{"room", "ROOM"}, {"number", "NUMBER"}, {"title", "TITLE"},
		{"parties", "PARTIES"}, {"meeting", "MEETING"},
		{"record", "RECORD"}, {"locked", "LOCKED"}, {NULL, NULL}}},
	{"party", {
		{"party", "PARTY"}, {"room", "ROOM"}, {"name", "NAME"},
		{"via", "VIA"}, {"state", "STATE"}, {"flags", "IS"},
		{"audio", "AUDIO"}, {"video", "VIDEO"},
		{"rung", "RUNG"}, {"rung.kbps", "KBIT/S"},
		{"rung.estimate_kbps", "ESTIMATE"}, {"need", "ASKED"},
		{"join_time", "SINCE"}, {"leave_time", "UNTIL"},
		{"reason", "ENDED BY"}, {NULL, NULL}}},
	{"layout", {
		{"layout", "LAYOUT"}, {"title", "TITLE"},
		{"people", "PEOPLE"}, {"presentation", "PRESENTATION"},
		{"file", "FILE"}, {NULL, NULL}}},
	{"form", {
		{"when", "WHEN"}, {"people", "PEOPLE"}, {"units", "UNITS"},
		{"cell", "CELLS"}, {NULL, NULL}}},
	{"source", {
		{"source", "SOURCE"}, {"room", "ROOM"}, {"party", "PARTY"},
		{"state", "STATE"}, {"name", "NAME"}, {"url", "URL"},
		{"text", "TEXT"}, {NULL, NULL}}},
	{"recording", {
		{"recording", "RECORDING"}, {"room", "ROOM"},
		{"meeting", "MEETING"}, {"state", "STATE"},
		{"start_time", "START"}, {"duration_ms", "LENGTH"},
		{"bytes", "SIZE"}, {NULL, NULL}}},
	{"meeting", {
		{"meeting", "MEETING"}, {"room", "ROOM"},
		{"start_time", "START"}, {"duration_ms", "LENGTH"},
		{"peak", "PEAK"}, {"reason", "ENDED BY"}, {NULL, NULL}}},
	{"chat", {
		{"time", "TIME"}, {"party", "PARTY"}, {"name", "NAME"},
		{"to", "TO"}, {"text", "TEXT"}, {NULL, NULL}}},
	{"key", {
		{"key_id", "KEY"}, {"account", "ACCOUNT"}, {"role", "ROLE"},
		{"room", "ROOM"}, {"created_time", "CREATED"},
		{"used_time", "USED"}, {NULL, NULL}}},
	{"mixers", {
		{"meeting", "MEETING"}, {"room", "ROOM"}, {"pid", "PID"},
		{"parties", "PARTIES"}, {"start_time", "START"},
		{"restarts", "RESTARTS"}, {NULL, NULL}}},
	{"segment", {
		{"segment", "SEGMENT"}, {"path", "FILE"},
		{"start_time", "START"}, {"duration_ms", "LENGTH"},
		{"bytes", "SIZE"}, {"sha256", "SHA-256"}, {NULL, NULL}}},
};


static const struct view *view_find(const char *noun)
{
	size_t i;

	for (i = 0; i < sizeof(viewv) / sizeof(viewv[0]); i++) {
		if (!strcmp(viewv[i].noun, noun))
			return &viewv[i];
	}

	return NULL;
}


/* What is true of a party, in one column. */
static const char *flags(char *buf, size_t sz, const json_t *row)
{
	static const struct col flagv[] = {
		{"muted", "muted"}, {"video_muted", "hidden"},
		{"held", "held"}, {"talking", "talking"},
		{"hand", "hand"}, {"share", "sharing"},
	};
	size_t i, n = 0;

	buf[0] = '\0';
	for (i = 0; i < sizeof(flagv) / sizeof(flagv[0]); i++) {
		if (!json_is_true(json_object_get(row, flagv[i].key)))
			continue;
		n += (size_t)snprintf(buf + n, sz - n, "%s%s", n ? "," : "",
				      flagv[i].head);
	}

	return buf;
}


/* 1280x720, and what it is called when there is none of it */
static size_t put_size(char *buf, size_t sz, const json_t *of,
		       const char *none)
{
	const json_int_t w = json_integer_value(json_object_get(of, "width"));
	const json_int_t h = json_integer_value(json_object_get(of, "height"));

	if (!of)
		return (size_t)snprintf(buf, sz, "-");
	if (!w || !h)
		return (size_t)snprintf(buf, sz, "%s", none);

	return (size_t)snprintf(buf, sz, "%" JSON_INTEGER_FORMAT "x%"
				JSON_INTEGER_FORMAT, w, h);
}


/* The picture that a party is sent */
static const char *rung(char *buf, size_t sz, const json_t *row)
{
	const json_t *r = json_object_get(row, "rung");
	const json_t *fps = json_object_get(r, "fps");
	const size_t n = put_size(buf, sz, r, "sound alone");

	if (json_integer_value(json_object_get(r, "width")) && n < sz)
		snprintf(buf + n, sz - n, "@%" JSON_INTEGER_FORMAT,
			 json_integer_value(fps));

	return buf;
}


/* The camera, by the largest tile it is in */
static const char *asked(char *buf, size_t sz, const json_t *row)
{
	const json_t *need = json_object_get(row, "need");

	put_size(buf, sz, json_object_get(need, "video"), "nothing");

	return buf;
}


/* Columns that are more than a member: of which they are made, and how. */
static const struct made {
	const char *key, *of;
	const char *(*texth)(char *buf, size_t sz, const json_t *row);
} madev[] = {
	{"flags", "muted", flags},
	{"rung",  "rung",  rung},
	{"need",  "need",  asked},
};

static const struct made *made_find(const char *key)
{
	size_t i;

	for (i = 0; i < sizeof(madev) / sizeof(madev[0]); i++) {
		if (!strcmp(madev[i].key, key))
			return &madev[i];
	}

	return NULL;
}


/* "rung.kbps" is a member of a member. */
static const json_t *member(const json_t *row, const char *key)
{
	const char *dot = strchr(key, '.');
	char first[LABEL_LEN];

	if (!dot)
		return json_object_get(row, key);

	snprintf(first, sizeof(first), "%.*s", (int)(dot - key), key);

	return json_object_get(json_object_get(row, first), dot + 1);
}


static bool right_aligned(const json_t *rows, const char *key)
{
	const json_t *val;
	size_t i;

	if (made_find(key))
		return false;

	for (i = 0; i < json_array_size(rows); i++) {
		val = member(json_array_get(rows, i), key);
		if (val && !json_is_null(val) && !json_is_number(val) &&
		    !json_is_array(val))
			return false;
	}

	return json_array_size(rows) > 0;
}


/* Whoever is in a meeting has not left, and who has left is in no state:
 * columns that no row has are left out of a table of parties. */
static bool has_column(const struct view *view, const json_t *rows,
		       const char *key)
{
	const struct made *made = made_find(key);
	const json_t *row;
	size_t i;

	if (strcmp(view->noun, "party"))
		return true;
	if (made)
		key = made->of;
	if (!json_array_size(rows))
		return strcmp(key, "leave_time") && strcmp(key, "reason");

	json_array_foreach((json_t *)rows, i, row) {
		if (member(row, key))
			return true;
	}

	return false;
}


static void put_table(FILE *f, const struct view *view, const json_t *rows)
{
	const struct col *colv[COLS_MAX], *col;
	char buf[VALUE_LEN];
	struct table *table;
	unsigned cols = 0, c;
	size_t i;

	for (col = view->colv; col->key; col++) {
		if (has_column(view, rows, col->key))
			colv[cols++] = col;
	}
	if (table_alloc(&table, cols))
		return;

	for (c = 0; c < cols; c++)
		table_head(table, c, colv[c]->head,
			   right_aligned(rows, colv[c]->key));

	for (i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);

		for (c = 0; c < cols; c++) {
			const char *key = colv[c]->key;
			const json_t *val = member(row, key);
			const enum value_type type = value_type(key, val);
			const struct made *made = made_find(key);

			if (made)
				made->texth(buf, sizeof(buf), row);
			else
				value_text(buf, sizeof(buf), type, val);
			if (table_cell(table, buf, value_color(type, buf)))
				goto out;
		}
	}
	table_print(table, f);

 out:
	table_free(table);
}


/* Rows of something without a view: one line each. */
static void put_list(FILE *f, const json_t *list)
{
	char buf[VALUE_LEN];
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		json_t *item = json_array_get(list, i);

		if (json_is_object(item) || json_is_array(item)) {
			char *text = json_dumps(item, JSON_COMPACT);

			fputs("  ", f);
			text_put(f, text ? text : "");
			fputc('\n', f);
			free(text);
			continue;
		}
		fputs("  ", f);
		text_put(f, value_text(buf, sizeof(buf), VAL_TEXT, item));
		fputc('\n', f);
	}
}


/* "linger_s": the label is "linger", the unit stands behind the value. */
static const char *unit_of(const char *key, size_t *lenp)
{
	static const struct {
		const char *end, *unit;
	} unitv[] = {
		{"_ms", "ms"}, {"_us", "us"}, {"_s", "s"}, {"_mib", "MiB"},
		{"_db", "dB"}, {"_hz", "Hz"}, {"_kbps", "kbit/s"},
	};
	const size_t n = strlen(key);
	size_t i, m;

	for (i = 0; i < sizeof(unitv) / sizeof(unitv[0]); i++) {
		m = strlen(unitv[i].end);
		if (n > m && !strcmp(key + n - m, unitv[i].end)) {
			*lenp = n - m;
			return unitv[i].unit;
		}
	}
	*lenp = n;

	return NULL;
}


static void put_label(char *buf, size_t sz, const char *prefix,
		      const char *key)
{
	size_t i, n;

	(void)unit_of(key, &n);
	snprintf(buf, sz, "%s%s%.*s", prefix, *prefix ? " " : "", (int)n,
		 key);
	for (i = 0; buf[i]; i++) {
		if (buf[i] == '_')
			buf[i] = ' ';
	}
}


/* Width of the widest label, down to depth. */
static unsigned label_width(const json_t *obj, const char *prefix,
			    unsigned depth)
{
	char label[LABEL_LEN];
	const char *key;
	json_t *val;
	unsigned width = 0, w = 0;

	json_object_foreach((json_t *)obj, key, val) {
		put_label(label, sizeof(label), prefix, key);
		if (json_is_object(val))
			w = depth ? label_width(val, label, depth - 1) : 0;
		else if (!json_is_array(val))
			w = text_width(label);
		width = w > width ? w : width;
	}

	return width;
}


static void put_scalar(FILE *f, const char *label, unsigned width,
		       const char *key, const json_t *val)
{
	const enum value_type type = value_type(key, val);
	char buf[VALUE_LEN];
	const char *unit, *sgr;
	size_t n;

	value_text(buf, sizeof(buf), type, val);
	sgr = value_color(type, buf);
	text_put(f, label);
	fprintf(f, "%*s", (int)(width - text_width(label)) + 2, "");
	color_on(f, sgr);
	text_put(f, *buf ? buf : "-");
	if (sgr)
		color_off(f);
	unit = unit_of(key, &n);
	if (unit && type == VAL_NUMBER)
		fprintf(f, " %s", unit);
	fputc('\n', f);
}


static void put_scalars(FILE *f, const json_t *obj, const char *prefix,
			unsigned width, unsigned depth)
{
	char label[LABEL_LEN];
	const char *key;
	json_t *val;

	json_object_foreach((json_t *)obj, key, val) {
		put_label(label, sizeof(label), prefix, key);
		if (json_is_object(val) && depth)
			put_scalars(f, val, label, width, depth - 1);
		else if (!json_is_array(val) && !json_is_object(val))
			put_scalar(f, label, width, key, val);
	}
}


/* An object within has a heading; what is in it and has no members but
 * objects has none of its own: "quality audio", "quality video". */
static void put_sections(FILE *f, const json_t *obj, const char *prefix,
			 unsigned depth)
{
	char label[LABEL_LEN];
	const char *key;
	json_t *val;

	json_object_foreach((json_t *)obj, key, val) {
		if (!json_is_object(val) || !json_object_size(val))
			continue;

		put_label(label, sizeof(label), prefix, key);
		if (!label_width(val, "", 0)) {
			if (depth)
				put_sections(f, val, label, depth - 1);
			continue;
		}
		fputc('\n', f);
		color_on(f, "1");
		text_put(f, label);
		color_off(f);
		fputc('\n', f);
		put_scalars(f, val, "", label_width(val, "", depth), depth);
	}
}


static void put_object(FILE *f, const json_t *obj)
{
	char label[LABEL_LEN];
	const char *key;
	json_t *val;

	put_scalars(f, obj, "", label_width(obj, "", 0), 0);
	put_sections(f, obj, "", DEPTH_MAX);

	json_object_foreach((json_t *)obj, key, val) {
		const struct view *view = view_find(key);

		if (!json_is_array(val) || !json_array_size(val))
			continue;

		fputc('\n', f);
		if (view) {
			put_table(f, view, val);
			continue;
		}
		put_label(label, sizeof(label), "", key);
		color_on(f, "1");
		text_put(f, label);
		color_off(f);
		fputc('\n', f);
		put_list(f, val);
	}
}


/* A word is bare unless somebody could take it for two. */
static void put_field(FILE *f, const char *key, const char *val)
{
	const bool quoted = !*val || strpbrk(val, " =\"\t");
	const char *p;
	char one[2] = "";

	fprintf(f, " %s=", key);
	if (!quoted) {
		text_put(f, val);
		return;
	}

	fputc('"', f);
	for (p = val; *p; p++) {
		/* UTF-8 goes through whole: only ASCII is looked at */
		if (*p == '"' || *p == '\\') {
			one[0] = '\\';
			text_put(f, one);
		}
		if ((unsigned char)*p < 0x80) {
			one[0] = *p;
			text_put(f, one);
		}
		else {
			char buf[VALUE_LEN];
			size_t n = 0;

			while ((unsigned char)p[n] >= 0x80 &&
			       n + 1 < sizeof(buf)) {
				buf[n] = p[n];
				++n;
			}
			buf[n] = '\0';
			text_put(f, buf);
			p += n - 1;
		}
	}
	fputc('"', f);
}


void format_event(FILE *f, const json_t *event)
{
	static const char *const headv[] = {"time", "number", "event"};
	char buf[VALUE_LEN];
	const char *key;
	json_t *val;
	size_t i;

	text_put(f, value_text(buf, sizeof(buf), VAL_TIME,
			       json_object_get(event, "time")));
	fprintf(f, " %6s ", value_text(buf, sizeof(buf), VAL_NUMBER,
				       json_object_get(event, "number")));
	color_on(f, "1");
	text_put(f, value_text(buf, sizeof(buf), VAL_TEXT,
			       json_object_get(event, "event")));
	color_off(f);

	json_object_foreach((json_t *)event, key, val) {
		for (i = 0; i < 3 && strcmp(headv[i], key); i++)
			;
		if (i < 3 || json_is_null(val))
			continue;
		put_field(f, key, value_text(buf, sizeof(buf), VAL_TEXT,
					     val));
	}
	fputc('\n', f);
}


/* What is told once, or is to be handed on: all of it, one member a line. */
static bool is_secret(const char *name)
{
	return !strcmp(name, "token create") || !strcmp(name, "key create");
}


/* The number of what was made is what the next command needs. */
static void put_made(FILE *f, const char *noun, const json_t *result)
{
	const json_t *id = json_object_get(result, noun);
	char buf[VALUE_LEN];

	if (!id)
		return;

	fprintf(f, "%s ", noun);
	text_put(f, value_text(buf, sizeof(buf), VAL_TEXT, id));
	fputc('\n', f);
}


void format_result(FILE *f, const struct verb *verb, const json_t *result)
{
	const char *what = strchr(verb->name, ' ');
	const struct view *view;
	char noun[32];
	size_t i;

	snprintf(noun, sizeof(noun), "%.*s", (int)strcspn(verb->name, " "),
		 verb->name);
	what = what ? what + 1 : "";

	if (json_is_array(result)) {
		view = view_find(!strcmp(noun, "server") ? what : noun);
		if (view)
			put_table(f, view, result);
		else if (!strcmp(noun, "event"))
			for (i = 0; i < json_array_size(result); i++)
				format_event(f, json_array_get(result, i));
		else
			put_list(f, result);
		return;
	}

	if (!json_is_object(result))
		return;

	if (is_secret(verb->name))
		put_object(f, result);
	else if (!strcmp(what, "create") || !strcmp(what, "add") ||
	    !strcmp(verb->name, "recording start"))
		put_made(f, noun, result);
	else if (!strcmp(noun, "call"))
		put_made(f, "party", result);
	else if (!strcmp(what, "show") || !strcmp(what, "status") ||
		 !strcmp(what, "stats") || !strcmp(what, "check"))
		put_object(f, result);
}
