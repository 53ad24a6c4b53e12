/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/api.c -- REST requests to verbs; see api.h
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "web/api.h"

static const char prefix[] = "/api/v1";

/* A request on its way to arguments */
struct ask {
	const struct verb *verb;
	json_t *args;
	char *errbuf;
	size_t errsz;
};


static int bad(struct ask *ask, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int bad(struct ask *ask, const char *fmt, ...)
{
	va_list ap;

	if (ask->errbuf && ask->errsz) {
		va_start(ap, fmt);
		(void)vsnprintf(ask->errbuf, ask->errsz, fmt, ap);
		va_end(ap);
	}

	return EBADMSG;
}


/* The path of "PATCH /rooms/{room}" */
static const char *rest_path(const struct verb *verb)
{
	return strchr(verb->rest, ' ') + 1;
}


static bool is_method(const struct verb *verb, const char *method)
{
	const size_t n = strcspn(verb->rest, " ");

	return strlen(method) == n && !strncmp(verb->rest, method, n);
}


/* How well a path fits a pattern: 0 not, else more for each segment that
 * is literally there; so /events/follow wins over /events/{event} */
static unsigned fit(const char *pattern, const char *path)
{
	unsigned score = 1;

	while (*pattern == '/' && *path == '/') {
		const size_t n = strcspn(++pattern, "/");
		const size_t m = strcspn(++path, "/");

		if (!m)
			return 0;
		if (*pattern != '{') {
			if (n != m || strncmp(pattern, path, n))
				return 0;
			++score;
		}
		pattern += n;
		path += m;
	}

	return *pattern || *path ? 0 : score;
}


static unsigned best_fit(const char *path)
{
	unsigned best = 0;
	size_t i;

	for (i = 0; i < verbc; i++) {
		unsigned score = verbv[i].rest
			? fit(rest_path(&verbv[i]), path) : 0;

		best = score > best ? score : best;
	}

	return best;
}


/* "GET, POST" of all verbs at the path */
static void list_methods(const char *path, unsigned best, char *allow,
			 size_t size)
{
	size_t i, n = 0;

	if (!allow || !size)
		return;
	*allow = '\0';
	for (i = 0; i < verbc; i++) {
		const char *rest = verbv[i].rest;
		int k;

		if (!rest || fit(rest_path(&verbv[i]), path) != best)
			continue;
		k = snprintf(allow + n, size - n, "%s%.*s", n ? ", " : "",
			     (int)strcspn(rest, " "), rest);
		if (k < 0 || n + (size_t)k >= size)
			return;
		n += (size_t)k;
	}
}


static const struct verb_arg *find_arg(const struct verb *verb,
				       const char *name, size_t n)
{
	const struct verb_arg *arg;
	unsigned i;

	for (i = 0; i < VERB_ARGS_MAX && verb->argv[i].name; i++) {
		arg = &verb->argv[i];
		if (strlen(arg->name) == n && !strncmp(arg->name, name, n))
			return arg;
	}

	return NULL;
}


static int set(struct ask *ask, const struct verb_arg *arg, json_t *val)
{
	if (json_object_get(ask->args, arg->name)) {
		json_decref(val);
		return bad(ask, "%s: given twice", arg->name);
	}

	return json_object_set_new(ask->args, arg->name, val) ? ENOMEM : 0;
}


static bool is_id(enum arg_type type)
{
	return type == ARG_PARTY || type == ARG_ID;
}


static int set_number(struct ask *ask, const struct verb_arg *arg,
		      json_int_t n)
{
	if (is_id(arg->type) && n < 1)
		return bad(ask, "%s: not an id", arg->name);

	return set(ask, arg, json_integer(n));
}


static int set_bool(struct ask *ask, const struct verb_arg *arg, bool val)
{
	/* a flag that is not set is not there */
	if (arg->type == ARG_FLAG && !val)
		return 0;

	return set(ask, arg, json_boolean(val));
}


static int set_text(struct ask *ask, const struct verb_arg *arg,
		    const char *text)
{
	if (arg->type == ARG_CHOICE && !verb_is_choice(arg->choices, text))
		return bad(ask, "%s: one of %s", arg->name, arg->choices);

	return set(ask, arg, json_string(text));
}


/* -1: neither */
static int truth(const char *text)
{
	static const char *const yes[] = {"1", "true", "yes", "on"};
	static const char *const no[] = {"0", "false", "no", "off"};
	size_t i;

	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (!strcasecmp(text, yes[i]))
			return 1;
		if (!strcasecmp(text, no[i]))
			return 0;
	}

	return -1;
}


/* An argument that came as text: in the path or the query */
static int take_text(struct ask *ask, const struct verb_arg *arg,
		     const char *text)
{
	char *end;
	long long n;
	int val;

	switch (arg->type) {

	case ARG_NUM:
	case ARG_PARTY:
	case ARG_ID:
		errno = 0;
		n = strtoll(text, &end, 10);
		if (errno || *end || !((*text >= '0' && *text <= '9') ||
				       (*text == '-' && text[1])))
			return bad(ask, "%s: a whole number", arg->name);
		return set_number(ask, arg, n);

	case ARG_BOOL:
	case ARG_FLAG:
		val = !*text && arg->type == ARG_FLAG ? 1 : truth(text);
		if (val < 0)
			return bad(ask, "%s: yes or no", arg->name);
		return set_bool(ask, arg, val);

	default:
		return set_text(ask, arg, text);
	}
}


/* An argument of the JSON body */
static int take_json(struct ask *ask, const struct verb_arg *arg,
		     const json_t *val)
{
	switch (arg->type) {

	case ARG_NUM:
	case ARG_PARTY:
	case ARG_ID:
		if (!json_is_integer(val))
			return bad(ask, "%s: a whole number", arg->name);
		return set_number(ask, arg, json_integer_value(val));

	case ARG_BOOL:
	case ARG_FLAG:
		if (!json_is_boolean(val))
			return bad(ask, "%s: true or false", arg->name);
		return set_bool(ask, arg, json_is_true(val));

	default:
		if (!json_is_string(val))
			return bad(ask, "%s: a text", arg->name);
		return set_text(ask, arg, json_string_value(val));
	}
}


static int take_path(struct ask *ask, const char *path)
{
	const char *pattern = rest_path(ask->verb);
	int err = 0;

	while (!err && *pattern) {
		const size_t n = strcspn(++pattern, "/");
		const size_t m = strcspn(++path, "/");

		if (*pattern == '{') {
			const struct verb_arg *arg =
				find_arg(ask->verb, pattern + 1, n - 2);
			char *text = strndup(path, m);

			err = arg && text ? take_text(ask, arg, text) : ENOMEM;
			free(text);
		}
		pattern += n;
		path += m;
	}

	return err;
}


/* Members of the query or the body.  A file is the server's affair: it
 * sends the contents instead. */
static int take_members(struct ask *ask, const json_t *obj, bool query)
{
	const char *name;
	json_t *val;

	json_object_foreach((json_t *)obj, name, val) {
		const struct verb_arg *arg = find_arg(ask->verb, name,
						      strlen(name));
		int err;

		if (!arg || arg->type == ARG_FILE)
			return bad(ask, "%s: no such argument", name);
		if (json_is_null(val))
			continue;
		err = query ? take_text(ask, arg, json_string_value(val))
			    : take_json(ask, arg, val);
		if (err)
			return err;
	}

	return 0;
}


static int check_required(struct ask *ask)
{
	const struct verb_arg *arg = ask->verb->argv;
	unsigned i;

	for (i = 0; i < VERB_ARGS_MAX && arg[i].name; i++) {
		if (arg[i].required && arg[i].type != ARG_FILE &&
		    !json_object_get(ask->args, arg[i].name))
			return bad(ask, "%s: missing", arg[i].name);
	}

	return 0;
}


static int take_all(struct ask *ask, const char *path, const json_t *query,
		    const json_t *body)
{
	const bool by_query = is_method(ask->verb, "GET") ||
			      is_method(ask->verb, "DELETE");
	int err;

	if (by_query && json_object_size(body))
		return bad(ask, "arguments belong in the query");
	if (!by_query && json_object_size(query))
		return bad(ask, "arguments belong in the body");
	if (body && !json_is_object(body))
		return bad(ask, "the body has to be a JSON object");

	err = take_path(ask, path);
	if (!err)
		err = take_members(ask, by_query ? query : body, by_query);

	return err ? err : check_required(ask);
}


int api_route(const struct verb **verbp, json_t **argsp, const char *method,
	      const char *path, const json_t *query, const json_t *body,
	      char *allow, size_t allowsz, char *errbuf, size_t errsz)
{
	struct ask ask = {.errbuf = errbuf, .errsz = errsz};
	unsigned best;
	size_t i;
	int err;

	if (!verbp || !argsp || !method || !path)
		return EINVAL;
	if (strncmp(path, prefix, sizeof(prefix) - 1))
		return ENOENT;
	path += sizeof(prefix) - 1;

	best = best_fit(path);
	if (!best)
		return ENOENT;
	for (i = 0; i < verbc && !ask.verb; i++) {
		if (verbv[i].rest && is_method(&verbv[i], method) &&
		    fit(rest_path(&verbv[i]), path) == best)
			ask.verb = &verbv[i];
	}
	if (!ask.verb) {
		list_methods(path, best, allow, allowsz);
		return EPROTO;
	}

	ask.args = json_object();
	if (!ask.args)
		return ENOMEM;
	err = take_all(&ask, path, query, body);
	if (err) {
		json_decref(ask.args);
	}
	else {
		*verbp = ask.verb;
		*argsp = ask.args;
	}

	return err;
}
