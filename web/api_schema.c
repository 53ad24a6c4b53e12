/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/api_schema.c -- JSON Schemas of what verbs and events hold
 *
 * Results are those of base/verb.h; more members may come, so nothing says
 * additionalProperties: false.
 */
#include <stdio.h>
#include <string.h>

#include "base/event.h"
#include "base/layout_file.h"
#include "web/api_schema.h"

struct shape {
	const char *noun;         /* of the verbs that answer with it     */
	const char *name;
	const char *members;      /* "name:type …"; s i b t(ime) o(bject)
	                           * a(rray), n: array of numbers, or @Other
	                           * for an array of it                   */
};

static const struct shape shapev[] = {
	{"room", "Room", "room:s number:s title:s pin:s host_pin:s layout:s "
	 "record:s tones:b fit:s linger_s:i max_parties:i locked:b "
	 "wait_host:b clock:b banner:s canvas_filter:s watermark:b "
	 "created_time:t changed_time:t parties:i meeting:i recording:i "
	 "spotlight:i spotlights:n party:@Party source:@Source"},
	{"party", "Party", "party:i room:s meeting:i name:s uri:s via:s "
	 "user_agent:s join_time:t state:s muted:b video_muted:b hand:b "
	 "share:b waiting:b layout:s size:s talking:b audio:s video:s "
	 "self_view:b pinned:i pins:n quality:o rung:o need:o leave_time:t "
	 "reason:s"},
	{"layout", "Layout", "layout:s title:s people:i presentation:b "
	 "file:s form:a"},
	{"source", "Source", "source:i room:s party:i name:s url:s state:s "
	 "text:s"},
	{"recording", "Recording", "recording:i room:s meeting:i state:s "
	 "start_time:t stop_time:t duration_ms:i bytes:i sha256:s "
	 "thumbnail:s segment:a"},
	{"meeting", "Meeting", "meeting:i room:s start_time:t end_time:t "
	 "duration_ms:i peak:i reason:s party:@Party recording:@Recording"},
	{"chat", "Chat", "chat:i time:t room:s meeting:i party:i name:s to:i "
	 "text:s"},
	{"token", "Token", "token:s room:s role:s name:s expires_time:t"},
	{"key", "Key", "key_id:i account:s role:s created_time:t used_time:t "
	 "key:s"},
	{"mixers", "Mixer", "meeting:i room:s pid:i parties:i start_time:t "
	 "restarts:i"},
};


/* Members may be null: "a member without a value is null or absent" */
static json_t *typed(const char *type)
{
	return json_pack("{s:[s, s]}", "type", type, "null");
}


static json_t *ref(const char *name)
{
	return json_pack("{s:o}", "$ref",
			 json_sprintf("#/components/schemas/%s", name));
}


static json_t *member(const char *type, size_t n)
{
	char other[32];

	switch (*type) {

	case 'i':
		return typed("integer");
	case 'b':
		return typed("boolean");
	case 'o':
		return typed("object");
	case 'a':
		return json_pack("{s:[s, s], s:{s:s}}", "type", "array",
				 "null", "items", "type", "object");
	case 'n':
		return json_pack("{s:[s, s], s:{s:s}}", "type", "array",
				 "null", "items", "type", "integer");
	case 't':
		return json_pack("{s:[s, s], s:s}", "type", "string", "null",
				 "format", "date-time");
	case '@':
		snprintf(other, sizeof(other), "%.*s", (int)n - 1, type + 1);
		return json_pack("{s:s, s:o}", "type", "array", "items",
				 ref(other));
	default:
		return typed("string");
	}
}


static json_t *shape(const char *members)
{
	json_t *props = json_object();
	const char *p = members;

	while (*p) {
		const size_t n = strcspn(p, ":");
		const size_t k = strcspn(p + n + 1, " ");
		char name[32];

		snprintf(name, sizeof(name), "%.*s", (int)n, p);
		(void)json_object_set_new(props, name,
					  member(p + n + 1, k));
		p += n + 1 + k;
		p += strspn(p, " ");
	}

	return json_pack("{s:s, s:o}", "type", "object", "properties", props);
}


json_t *schema_arg(const struct verb_arg *arg)
{
	json_t *obj = json_pack("{s:o}", "description", json_sprintf(
		"%s%s%s", arg->help, arg->type == ARG_LAYOUT ?
		", by a name that GET /layouts has" : "",
		arg->option == OPTION_ADMIN ? " (administrators)" : ""));
	const char *p = arg->choices, *type = "string";
	json_t *list;

	switch (arg->type) {

	case ARG_NUM:
		type = "integer";
		break;

	case ARG_PARTY:
	case ARG_ID:
		type = "integer";
		json_object_set_new(obj, "minimum", json_integer(1));
		break;

	case ARG_BOOL:
	case ARG_FLAG:
		type = "boolean";
		break;

	case ARG_DATA:
		json_object_set_new(obj, "contentEncoding",
				    json_string("base64"));
		break;

	case ARG_CHOICE:
		list = json_array();
		while (p && *p) {
			const size_t n = strcspn(p, " ");

			json_array_append_new(list, json_stringn(p, n));
			p += n + strspn(p + n, " ");
		}
		json_object_set_new(obj, "enum", list);
		break;

	case ARG_LAYOUT:
		json_object_set_new(obj, "pattern", json_string(
			"^[a-z0-9+_.][-a-z0-9+_.]*$"));
		json_object_set_new(obj, "maxLength",
				    json_integer(LAYOUT_NAME_MAX - 1));
		break;

	default:
		break;
	}
	json_object_set_new(obj, "type", json_string(type));

	return obj;
}


/* The shape a verb answers with, NULL: some object.  *listp: many of it */
static const struct shape *shape_of(const struct verb *verb, bool *listp)
{
	const size_t n = strcspn(verb->name, " ");
	const char *noun = verb->name, *rest = verb->name + n;
	size_t i, len = n;

	*listp = !strcmp(rest, " list") || !strcmp(rest, " mixers");
	if (!strcmp(verb->name, "call")) {
		noun = "party";
		len = 5;
	}
	else if (!strcmp(verb->name, "server mixers")) {
		noun = "mixers";
		len = 6;
	}
	else if (!*listp && strcmp(rest, " show") && strcmp(rest, " create") &&
		 strcmp(rest, " set") && strcmp(rest, " add") &&
		 strcmp(verb->name, "chat send") &&
		 strcmp(verb->name, "recording start")) {
		return NULL;
	}
	for (i = 0; i < sizeof(shapev) / sizeof(shapev[0]); i++) {
		if (strlen(shapev[i].noun) == len &&
		    !strncmp(shapev[i].noun, noun, len))
			return &shapev[i];
	}

	return NULL;
}


json_t *schema_result(const struct verb *verb)
{
	const struct shape *sh;
	bool list;

	sh = shape_of(verb, &list);
	if (!strcmp(verb->name, "event list"))
		return json_pack("{s:s, s:o}", "type", "array", "items",
				 ref("Event"));
	if (!sh)
		return json_pack("{s:s}", "type", list ? "array" : "object");
	if (list)
		return json_pack("{s:s, s:o}", "type", "array", "items",
				 ref(sh->name));

	return ref(sh->name);
}


/* "party joined" -> "EventPartyJoined" */
static void event_schema_name(char *buf, size_t size, const char *name)
{
	bool upper = true;
	size_t n = (size_t)snprintf(buf, size, "Event");

	for (; *name && n + 1 < size; name++) {
		if (*name == ' ' || *name == '-') {
			upper = true;
			continue;
		}
		buf[n++] = upper && *name >= 'a' && *name <= 'z'
			? (char)(*name - 'a' + 'A') : *name;
		upper = false;
	}
	buf[n] = '\0';
}


static const char *field_type(const char *name)
{
	static const char *const ints[] = {
		"party", "meeting", "recording", "source", "chat", "to",
		"key_id", "pid", "peak", "width", "height", "bytes", "step",
		"scode", "fps", "kbps", "estimate_kbps", "pinned",
	};
	const size_t n = strlen(name);
	size_t i;

	for (i = 0; i < sizeof(ints) / sizeof(ints[0]); i++) {
		if (!strcmp(ints[i], name))
			return "i";
	}
	if (n > 3 && !strcmp(name + n - 3, "_ms"))
		return "i";

	return NULL;
}


static json_t *event_schema(const struct event_def *def)
{
	json_t *props = json_pack("{s:{s:s, s:s}, s:{s:s, s:s}, s:{s:s}}",
		"number", "type", "integer", "description",
		"of kept events, without holes", "time", "type", "string",
		"format", "date-time", "event", "const", def->name);
	unsigned i;

	for (i = 0; i < EVENT_FIELDS_MAX && def->fieldv[i]; i++) {
		const char *name = def->fieldv[i];
		const char *type = field_type(name);

		/* {}: of any type */
		json_object_set_new(props, name,
				    type ? member(type, 1) : json_object());
	}

	return json_pack("{s:s, s:s, s:[s, s], s:o}", "type", "object",
			 "description", def->help, "required", "event",
			 "time", "properties", props);
}


json_t *schema_all(void)
{
	json_t *all = json_object(), *one = json_array();
	char name[64];
	size_t i;

	for (i = 0; i < sizeof(shapev) / sizeof(shapev[0]); i++)
		json_object_set_new(all, shapev[i].name,
				    shape(shapev[i].members));

	json_object_set_new(all, "Problem", json_pack(
		"{s:s, s:s, s:[s, s], s:{s:{s:s}, s:{s:s}, s:{s:s}}}",
		"type", "object", "description", "RFC 9457", "required",
		"status", "title", "properties", "status", "type", "integer",
		"title", "type", "string", "detail", "type", "string"));

	for (i = 0; i < EV_COUNT; i++) {
		event_schema_name(name, sizeof(name), eventv[i].name);
		json_object_set_new(all, name, event_schema(&eventv[i]));
		json_array_append_new(one, ref(name));
	}
	json_object_set_new(all, "Event", json_pack("{s:s, s:o}",
		"description", "what /events/follow and the WebSocket tell",
		"oneOf", one));

	return all;
}
