/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/api_openapi.c -- the OpenAPI 3.1 document of the verb table
 */
#include <stdio.h>
#include <string.h>

#include "web/api.h"
#include "web/api_schema.h"


static bool is_post(const struct verb *verb)
{
	return strncmp(verb->rest, "GET ", 4) &&
		strncmp(verb->rest, "DELETE ", 7);
}


static bool in_path(const struct verb *verb, const char *name)
{
	char part[64];

	snprintf(part, sizeof(part), "{%s}", name);

	return strstr(verb->rest, part) != NULL;
}


static const struct verb_arg *file_arg(const struct verb *verb)
{
	unsigned i;

	for (i = 0; i < VERB_ARGS_MAX && verb->argv[i].name; i++) {
		if (verb->argv[i].type == ARG_FILE)
			return &verb->argv[i];
	}

	return NULL;
}


/* "room create" -> "roomCreate" */
static json_t *operation_id(const struct verb *verb)
{
	char buf[64];
	const char *p;
	size_t n = 0;

	for (p = verb->name; *p && n + 1 < sizeof(buf); p++) {
		if (*p == ' ' && p[1])
			buf[n++] = (char)(*++p - 'a' + 'A');
		else
			buf[n++] = *p;
	}

	return json_stringn(buf, n);
}


static json_t *parameters(const struct verb *verb)
{
	json_t *list = json_array();
	unsigned i;

	for (i = 0; i < VERB_ARGS_MAX && verb->argv[i].name; i++) {
		const struct verb_arg *arg = &verb->argv[i];
		const bool path = in_path(verb, arg->name);

		if (arg->type == ARG_FILE || (!path && is_post(verb)))
			continue;
		json_array_append_new(list, json_pack(
			"{s:s, s:s, s:b, s:o}", "name", arg->name, "in",
			path ? "path" : "query", "required",
			path || arg->required, "schema", schema_arg(arg)));
	}

	return list;
}


/* NULL: none is expected */
static json_t *request_body(const struct verb *verb)
{
	json_t *props = json_object(), *need = json_array(), *schema;
	size_t n;
	unsigned i;

	for (i = 0; i < VERB_ARGS_MAX && verb->argv[i].name; i++) {
		const struct verb_arg *arg = &verb->argv[i];

		if (arg->type == ARG_FILE || in_path(verb, arg->name))
			continue;
		json_object_set_new(props, arg->name, schema_arg(arg));
		if (arg->required)
			json_array_append_new(need, json_string(arg->name));
	}
	if (!is_post(verb) || !json_object_size(props)) {
		json_decref(props);
		json_decref(need);
		return NULL;
	}
	n = json_array_size(need);
	schema = json_pack("{s:s, s:o, s:b}", "type", "object", "properties",
			   props, "additionalProperties", false);
	if (n)
		json_object_set(schema, "required", need);
	json_decref(need);

	return json_pack("{s:b, s:{s:{s:o}}}", "required", n > 0, "content",
			 "application/json", "schema", schema);
}


static bool makes(const struct verb *verb)
{
	static const char *const namev[] = {
		"room create", "source add", "recording start", "call",
		"key create", "token create", "chat send",
	};
	size_t i;

	for (i = 0; i < sizeof(namev) / sizeof(namev[0]); i++) {
		if (!strcmp(verb->name, namev[i]))
			return true;
	}

	return false;
}


static json_t *content(const struct verb *verb)
{
	const char *type = "video/mp4";

	if (verb->stream)
		return json_pack("{s:{s:{s:s, s:s}}}", "text/event-stream",
				 "schema", "type", "string", "description",
				 "an Event in each data line");
	if (!file_arg(verb))
		return json_pack("{s:{s:o}}", "application/json", "schema",
				 schema_result(verb));

	if (!strcmp(verb->name, "room snapshot"))
		type = "image/png";
	else if (!strcmp(verb->name, "server backup"))
		type = "application/vnd.sqlite3";

	return json_pack("{s:{}}", type);
}


static json_t *responses(const struct verb *verb)
{
	return json_pack("{s:{s:s, s:o}, s:{s:s}}",
		makes(verb) ? "201" : "200", "description",
		makes(verb) ? "Made" : "Done", "content", content(verb),
		"default", "$ref", "#/components/responses/Problem");
}


static json_t *operation(const struct verb *verb)
{
	static const char *const whov[] = {
		[VERB_GUEST] = "Guests, about themselves.",
		[VERB_HOST]  = "Hosts, in their own room; administrators.",
		[VERB_ADMIN] = "Administrators.",
	};
	json_t *op = json_pack("{s:o, s:[s%], s:s, s:s, s:o, s:o}",
		"operationId", operation_id(verb), "tags", verb->name,
		strcspn(verb->name, " "), "summary", verb->help,
		"description", whov[verb->role], "parameters",
		parameters(verb), "responses", responses(verb));
	json_t *body = request_body(verb);

	if (body)
		json_object_set_new(op, "requestBody", body);

	return op;
}


/* "PATCH /rooms/{room}" -> paths["/rooms/{room}"].patch */
static void add_path(json_t *paths, const struct verb *verb)
{
	const size_t n = strcspn(verb->rest, " ");
	const char *path = verb->rest + n + 1;
	json_t *item = json_object_get(paths, path);
	char method[16];
	size_t i;

	if (!item) {
		item = json_object();
		json_object_set_new(paths, path, item);
	}
	for (i = 0; i < n && i + 1 < sizeof(method); i++)
		method[i] = (char)(verb->rest[i] - 'A' + 'a');
	method[i] = '\0';
	json_object_set_new(item, method, operation(verb));
}


static json_t *components(void)
{
	return json_pack("{s:o, s:{s:{s:s, s:{s:{s:{s:s}}}}}, "
			 "s:{s:{s:s, s:s, s:s}}}",
		"schemas", schema_all(), "responses", "Problem",
		"description", "What is wrong", "content",
		"application/problem+json", "schema", "$ref",
		"#/components/schemas/Problem", "securitySchemes", "bearer",
		"type", "http", "scheme", "bearer", "description",
		"an API key, a join token, or pin:ROOM:PIN");
}


/* One tag a noun, in the order of the table */
static json_t *tags(void)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < verbc; i++) {
		const size_t n = strcspn(verbv[i].name, " ");
		json_t *tag;
		size_t k;
		bool seen = false;

		json_array_foreach(list, k, tag) {
			const char *s = json_string_value(
				json_object_get(tag, "name"));

			seen = seen || (strlen(s) == n &&
					!strncmp(s, verbv[i].name, n));
		}
		if (!verbv[i].rest || seen)
			continue;
		json_array_append_new(list, json_pack("{s:s%}", "name",
						      verbv[i].name, n));
	}
	return list;
}


json_t *api_openapi(const char *version)
{
	json_t *paths = json_object();
	size_t i;

	for (i = 0; i < verbc; i++) {
		if (verbv[i].rest)
			add_path(paths, &verbv[i]);
	}

	return json_pack("{s:s, s:{s:s, s:s, s:s, s:{s:s, s:s}}, s:[{s:s}], "
			 "s:o, s:[{s:[]}], s:o, s:o}",
		"openapi", "3.1.0", "info", "title", "tutti", "version",
		version ? version : "0", "description",
		"Rooms, parties and recordings of a conference server. "
		"Errors are application/problem+json.",
		"license", "name", "GPL-3.0-or-later", "identifier",
		"GPL-3.0-or-later", "servers", "url", "/api/v1", "tags",
		tags(), "security", "bearer", "paths", paths, "components",
		components());
}
