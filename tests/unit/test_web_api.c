/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_web_api.c -- REST routes and the OpenAPI document
 *
 * With the argument "print" it writes the document, for other validators.
 */
#include <stdlib.h>

#include "base/event.h"
#include "tests/unit/test.h"
#include "web/api.h"

struct result {
	const struct verb *verb;
	json_t *args;
	char allow[128], why[256];
};


static int route(struct result *res, const char *method, const char *path,
		 const char *query, const char *body)
{
	json_t *q = query ? json_loads(query, 0, NULL) : json_object();
	json_t *b = body ? json_loads(body, JSON_DECODE_ANY, NULL) : NULL;
	int err;

	json_decref(res->args);
	memset(res, 0, sizeof(*res));
	err = api_route(&res->verb, &res->args, method, path, q, b,
			res->allow, sizeof(res->allow), res->why,
			sizeof(res->why));
	json_decref(q);
	json_decref(b);

	return err;
}


/* A good value of an argument, as JSON and as text */
static json_t *good(const struct verb_arg *arg, char *text, size_t size)
{
	snprintf(text, size, "x1");

	switch (arg->type) {

	case ARG_NUM:
	case ARG_PARTY:
	case ARG_ID:
		snprintf(text, size, "17");
		return json_integer(17);
	case ARG_BOOL:
	case ARG_FLAG:
		snprintf(text, size, "yes");
		return json_true();
	case ARG_CHOICE:
		snprintf(text, size, "%.*s", (int)strcspn(arg->choices, " "),
			 arg->choices);
		/* fallthrough */
	default:
		return json_string(text);
	}
}


/* Puts text in the place of {name}; false: it has none */
static bool put_in_path(char *path, size_t size, const char *name,
			const char *text)
{
	char part[64], rest[256], *p;

	snprintf(part, sizeof(part), "{%s}", name);
	p = strstr(path, part);
	if (!p)
		return false;
	snprintf(rest, sizeof(rest), "%s", p + strlen(part));
	snprintf(p, size - (size_t)(p - path), "%s%s", text, rest);

	return true;
}


static int round_trip(const struct verb *verb)
{
	json_t *want = json_object(), *query = json_object();
	json_t *body = json_object(), *args = NULL;
	const struct verb *got = NULL;
	char method[16], path[256], text[64], why[256] = "";
	unsigned i;
	int err = 0;

	snprintf(method, sizeof(method), "%.*s",
		 (int)strcspn(verb->rest, " "), verb->rest);
	snprintf(path, sizeof(path), "/api/v1%s",
		 strchr(verb->rest, ' ') + 1);
	for (i = 0; i < VERB_ARGS_MAX && verb->argv[i].name; i++) {
		const struct verb_arg *arg = &verb->argv[i];
		json_t *val;

		if (arg->type == ARG_FILE)
			continue;
		val = good(arg, text, sizeof(text));
		json_object_set_new(want, arg->name, val);
		if (put_in_path(path, sizeof(path), arg->name, text))
			continue;
		json_object_set(body, arg->name, val);
		json_object_set_new(query, arg->name, json_string(text));
	}
	TEST_TRUE(!strchr(path, '{'));
	if (!strcmp(method, "GET") || !strcmp(method, "DELETE"))
		json_object_clear(body);
	else
		json_object_clear(query);

	err = api_route(&got, &args, method, path, query, body, NULL, 0, why,
			sizeof(why));
	if (err)
		TEST_FAIL("%s %s: %s", method, path, why);
	TEST_TRUE(got == verb);
	TEST_TRUE(json_equal(want, args));

 out:
	json_decref(want);
	json_decref(query);
	json_decref(body);
	json_decref(args);

	return err;
}


static int test_round_trip(void)
{
	size_t i;
	int err = 0;

	for (i = 0; i < verbc; i++) {
		if (!verbv[i].rest)
			continue;
		TEST_ERR(round_trip(&verbv[i]));
	}

 out:
	return err;
}


static void blank_names(char *buf, size_t size, const char *rest)
{
	size_t n = 0;

	for (; *rest && n + 1 < size; rest++) {
		buf[n++] = *rest;
		if (*rest == '{')
			rest += strcspn(rest, "}") - 1;
	}
	buf[n] = '\0';
}


/* Two verbs at one place would hide each other */
static int test_conflicts(void)
{
	char a[128], b[128];
	size_t i, j;
	int err = 0;

	for (i = 0; i < verbc; i++) {
		if (!verbv[i].rest)
			continue;
		blank_names(a, sizeof(a), verbv[i].rest);
		for (j = 0; j < i; j++) {
			if (!verbv[j].rest)
				continue;
			blank_names(b, sizeof(b), verbv[j].rest);
			if (!strcmp(a, b))
				TEST_FAIL("%s and %s: %s", verbv[i].name,
					  verbv[j].name, a);
		}
	}

 out:
	return err;
}


static int test_types(void)
{
	struct result res = {.args = NULL};
	int err = 0;

	/* where arguments may be */
	TEST_ERR(route(&res, "POST", "/api/v1/rooms", NULL,
		       "{\"room\": \"a\", \"tones\": true, \"linger\": 5}"));
	TEST_STR("room create", res.verb->name);
	TEST_ERR(route(&res, "GET", "/api/v1/events", "{\"since\": \"7\"}",
		       NULL));
	TEST_EQ(7, json_integer_value(json_object_get(res.args, "since")));
	TEST_ERR(route(&res, "DELETE", "/api/v1/rooms/a", "{\"force\": \"\"}",
		       NULL));
	TEST_TRUE(json_is_true(json_object_get(res.args, "force")));
	TEST_ERR(route(&res, "DELETE", "/api/v1/rooms/a", "{\"force\": \"no\"}",
		       NULL));
	TEST_TRUE(!json_object_get(res.args, "force"));
	TEST_ERR(route(&res, "PATCH", "/api/v1/rooms/a", NULL,
		       "{\"pin\": \"\", \"title\": null}"));
	TEST_TRUE(!json_object_get(res.args, "title"));
	TEST_STR("", json_string_value(json_object_get(res.args, "pin")));
	TEST_ERR(route(&res, "GET", "/api/v1/rooms/a/snapshot", NULL, NULL));
	TEST_TRUE(!json_object_get(res.args, "file"));

#define BAD(word, ...)                                                  \
	do {                                                            \
		TEST_EQ(EBADMSG, route(&res, __VA_ARGS__));             \
		if (!strstr(res.why, word))                             \
			TEST_FAIL("'%s' without '%s'", res.why, word);  \
		TEST_TRUE(!res.args);                                   \
	} while (0)
	BAD("room: missing", "POST", "/api/v1/rooms", NULL, "{}");
	BAD("room: missing", "POST", "/api/v1/rooms", NULL, NULL);
	BAD("room: a text", "POST", "/api/v1/rooms", NULL, "{\"room\": 3}");
	BAD("room: given twice", "PATCH", "/api/v1/rooms/a", NULL,
	    "{\"room\": \"b\"}");
	BAD("colour", "POST", "/api/v1/rooms", NULL,
	    "{\"room\": \"a\", \"colour\": 1}");
	BAD("linger: a whole", "PATCH", "/api/v1/rooms/a", NULL,
	    "{\"linger\": \"5\"}");
	BAD("linger: a whole", "PATCH", "/api/v1/rooms/a", NULL,
	    "{\"linger\": 1.5}");
	BAD("tones: true or", "PATCH", "/api/v1/rooms/a", NULL,
	    "{\"tones\": 1}");
	BAD("fit: one of", "PATCH", "/api/v1/rooms/a", NULL,
	    "{\"fit\": \"pile\"}");
	BAD("fit: one of", "PATCH", "/api/v1/rooms/a", NULL,
	    "{\"fit\": \"\"}");
	BAD("party: a whole", "GET", "/api/v1/parties/ann", NULL, NULL);
	BAD("party: a whole", "GET", "/api/v1/parties/1x", NULL, NULL);
	BAD("party: a whole", "GET", "/api/v1/parties/ 1", NULL, NULL);
	BAD("party: a whole", "GET", "/api/v1/parties/99999999999999999999",
	    NULL, NULL);
	BAD("party: not an id", "GET", "/api/v1/parties/0", NULL, NULL);
	BAD("party: not an id", "GET", "/api/v1/parties/-4", NULL, NULL);
	BAD("force: yes or no", "DELETE", "/api/v1/rooms/a",
	    "{\"force\": \"maybe\"}", NULL);
	BAD("file: no such", "GET", "/api/v1/rooms/a/snapshot",
	    "{\"file\": \"/etc/passwd\"}", NULL);
	BAD("query", "GET", "/api/v1/rooms", NULL, "{\"x\": 1}");
	BAD("body", "POST", "/api/v1/rooms", "{\"room\": \"a\"}", NULL);
	BAD("JSON object", "POST", "/api/v1/rooms", NULL, "[1]");

 out:
	json_decref(res.args);

	return err;
}


static int test_paths(void)
{
	struct result res = {.args = NULL};
	int err = 0;

	TEST_EQ(ENOENT, route(&res, "GET", "/api/v1/nothing", NULL, NULL));
	TEST_EQ(ENOENT, route(&res, "GET", "/api/v1", NULL, NULL));
	TEST_EQ(ENOENT, route(&res, "GET", "/api/v1/", NULL, NULL));
	TEST_EQ(ENOENT, route(&res, "GET", "/api/v1/rooms/", NULL, NULL));
	TEST_EQ(ENOENT, route(&res, "GET", "/api/v1/rooms/a/", NULL, NULL));
	TEST_EQ(ENOENT, route(&res, "GET", "/api/v1rooms", NULL, NULL));
	TEST_EQ(ENOENT, route(&res, "GET", "/api/v2/rooms", NULL, NULL));
	TEST_EQ(ENOENT, route(&res, "GET", "/rooms", NULL, NULL));
	TEST_EQ(ENOENT, route(&res, "GET", "", NULL, NULL));

	TEST_EQ(EPROTO, route(&res, "PUT", "/api/v1/rooms", NULL, NULL));
	TEST_STR("POST, GET", res.allow);
	TEST_EQ(EPROTO, route(&res, "get", "/api/v1/rooms", NULL, NULL));
	TEST_EQ(EPROTO, route(&res, "OPTIONS", "/api/v1/rooms/a", NULL,
			      NULL));
	TEST_STR("GET, PATCH, DELETE", res.allow);
	TEST_ERR(route(&res, "GET", "/api/v1/events/follow", NULL, NULL));
	TEST_STR("event follow", res.verb->name);
	TEST_EQ(EINVAL, api_route(NULL, NULL, "GET", "/", NULL, NULL, NULL, 0,
				  NULL, 0));

 out:
	json_decref(res.args);

	return err;
}


/* "#/components/schemas/Room" */
static json_t *resolve(json_t *doc, const char *ref)
{
	char part[128];

	if (*ref++ != '#')
		return NULL;
	while (doc && *ref == '/') {
		const size_t n = strcspn(++ref, "/");

		snprintf(part, sizeof(part), "%.*s", (int)n, ref);
		doc = json_object_get(doc, part);
		ref += n;
	}

	return doc;
}


/* Returns how many references there are, -1: one leads nowhere */
static int count_refs(json_t *doc, json_t *node)
{
	const char *key;
	json_t *val;
	size_t i;
	int n = 0, k;

	json_object_foreach(node, key, val) {
		if (!strcmp(key, "$ref")) {
			if (!resolve(doc, json_string_value(val)))
				return -1;
			++n;
			continue;
		}
		k = count_refs(doc, val);
		if (k < 0)
			return -1;
		n += k;
	}
	json_array_foreach(node, i, val) {
		k = count_refs(doc, val);
		if (k < 0)
			return -1;
		n += k;
	}

	return n;
}


static int check_verb(json_t *doc, const struct verb *verb)
{
	const size_t n = strcspn(verb->rest, " ");
	json_t *op, *val, *params, *props, *one;
	char method[16] = "";
	size_t i, k, found;
	int err = 0;

	for (i = 0; i < n; i++)
		method[i] = (char)(verb->rest[i] - 'A' + 'a');
	op = json_object_get(json_object_get(json_object_get(doc, "paths"),
					     verb->rest + n + 1), method);
	if (!op)
		TEST_FAIL("%s is missing", verb->name);
	TEST_STR(verb->help,
		 json_string_value(json_object_get(op, "summary")));
	TEST_TRUE(json_object_get(json_object_get(op, "responses"),
				  "default"));

	/* each argument once: in the path, the query or the body */
	params = json_object_get(op, "parameters");
	props = json_object_get(json_object_get(json_object_get(
		json_object_get(json_object_get(op, "requestBody"), "content"),
		"application/json"), "schema"), "properties");
	for (k = 0; k < VERB_ARGS_MAX && verb->argv[k].name; k++) {
		const char *name = verb->argv[k].name;

		found = json_object_get(props, name) != NULL;
		json_array_foreach(params, i, one) {
			val = json_object_get(one, "name");
			found += !strcmp(json_string_value(val), name);
		}
		if (found != (verb->argv[k].type != ARG_FILE))
			TEST_FAIL("%s: %s is %zu times there", verb->name,
				  name, found);
	}

 out:
	return err;
}


static int test_openapi(void)
{
	json_t *made = api_openapi("1.2.3"), *doc = NULL, *all, *body;
	char *text = made ? json_dumps(made, 0) : NULL;
	size_t i, n = 0;
	int err = 0;
	const char *key;
	json_t *path;

	doc = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
	TEST_TRUE(doc);
	TEST_STR("3.1.0", json_string_value(json_object_get(doc, "openapi")));
	for (i = 0; i < verbc; i++) {
		if (!verbv[i].rest)
			continue;
		++n;
		TEST_ERR(check_verb(doc, &verbv[i]));
	}
	json_object_foreach(json_object_get(doc, "paths"), key, path)
		n -= json_object_size(path);
	TEST_EQ(0, n);
	TEST_TRUE(count_refs(doc, doc) > (int)verbc);

	all = resolve(doc, "#/components/schemas");
	TEST_EQ(EV_COUNT, json_array_size(json_object_get(
		json_object_get(all, "Event"), "oneOf")));
	TEST_STR("party joined", json_string_value(resolve(doc,
		"#/components/schemas/EventPartyJoined/properties/event/"
		"const")));

	body = json_object_get(resolve(json_object_get(json_object_get(doc,
		"paths"), "/rooms/{room}"), "#/patch/requestBody/content"),
		"application/json");
	body = resolve(body, "#/schema/properties");
	/* where names of layouts come from, and what hosts may not set */
	TEST_STR("how the tiles are placed, by a name that GET /layouts has",
		 json_string_value(resolve(body, "#/layout/description")));
	TEST_STR("most parties at a time (administrators)",
		 json_string_value(resolve(body, "#/max_parties/description")));
 out:
	free(text);
	json_decref(made);
	json_decref(doc);

	return err;
}


static const struct test testv[] = {
	{"every verb finds back to itself", test_round_trip},
	{"no two verbs at one place", test_conflicts},
	{"types of arguments", test_types},
	{"paths and methods", test_paths},
	{"the OpenAPI document", test_openapi},
};

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "print")) {
		json_t *doc = api_openapi("0.1.0");
		int err = json_dumpf(doc, stdout, JSON_INDENT(1));

		json_decref(doc);
		return err ? 1 : 0;
	}

	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
