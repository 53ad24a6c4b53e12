/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/verbs.c -- requests checked against the table and handed on
 */
#include <string.h>

#include <re.h>

#include "base/json.h"
#include "base/layout_file.h"
#include "base/verb.h"
#include "tuttid/layouts.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"
#include "tuttid/req.h"
#include "tuttid/room.h"
#include "tuttid/scope.h"
#include "tuttid/server.h"
#include "tuttid/verbs.h"

static const struct {
	const char *name;
	verb_h *h;
} handlerv[] = {
	{"room create", verb_room_create},
	{"room list", verb_room_list},
	{"room show", verb_room_show},
	{"room set", verb_room_set},
	{"room delete", verb_room_delete},
	{"room layout", verb_room_layout},
	{"room lock", verb_room_lock},
	{"room unlock", verb_room_unlock},
	{"room end", verb_room_end},
	{"room snapshot", verb_room_snapshot},
	{"room watermark", verb_room_watermark},
	{"party list", verb_party_list},
	{"party show", verb_party_show},
	{"party mute", verb_party_mute},
	{"party unmute", verb_party_unmute},
	{"party kick", verb_party_kick},
	{"party move", verb_party_move},
	{"party admit", verb_party_admit},
	{"party rename", verb_party_rename},
	{"party layout", verb_party_layout},
	{"party pin", verb_party_pin},
	{"party unpin", verb_party_unpin},
	{"party selfview", verb_party_self_view},
	{"layout list", verb_layout_list},
	{"layout show", verb_layout_show},
	{"party picture", verb_party_picture},
	{"room spotlight", verb_room_spotlight},
	{"room unspotlight", verb_room_unspotlight},
	{"hand raise", verb_hand_raise},
	{"hand lower", verb_hand_lower},
	{"reaction send", verb_reaction_send},
	{"share stop", verb_share_stop},
	{"call", verb_call},
	{"chat send", verb_chat_send},
	{"chat list", verb_chat_list},
	{"token create", verb_token_create},
	{"key create", verb_key_create},
	{"key list", verb_key_list},
	{"key delete", verb_key_delete},
	{"source add", verb_source_add},
	{"source list", verb_source_list},
	{"source remove", verb_source_remove},
	{"recording start", verb_recording_start},
	{"recording stop", verb_recording_stop},
	{"recording pause", verb_recording_pause},
	{"recording resume", verb_recording_resume},
	{"recording list", verb_recording_list},
	{"recording show", verb_recording_show},
	{"recording export", verb_recording_export},
	{"recording delete", verb_recording_delete},
	{"meeting list", verb_meeting_list},
	{"meeting show", verb_meeting_show},
	{"event list", verb_event_list},
	{"event follow", verb_event_follow},
	{"server status", verb_server_status},
	{"server stats", verb_server_stats},
	{"server mixers", verb_server_mixers},
	{"server check", verb_server_check},
	{"server backup", verb_server_backup},
};

static verb_h *find_handler(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(handlerv); i++) {
		if (!strcmp(handlerv[i].name, name))
			return handlerv[i].h;
	}

	return NULL;
}

const char *verbs_missing(void)
{
	size_t i;

	for (i = 0; i < verbc; i++) {
		if (!find_handler(verbv[i].name))
			return verbv[i].name;
	}
	for (i = 0; i < ARRAY_SIZE(handlerv); i++) {
		if (!verb_find(handlerv[i].name))
			return handlerv[i].name;
	}

	return NULL;
}

/* A string without control characters; jansson has checked the UTF-8. */
static const char *bad_str(const json_t *val, size_t max)
{
	const char *s = json_string_value(val);

	if (!s)
		return "must be a string";
	if (strlen(s) != json_string_length(val))
		return "contains a NUL";
	if (strlen(s) > max)
		return "is too long";
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return "contains a control character";
	}

	return NULL;
}

/* One that there is now, or a word that stands for one */
static const char *bad_layout(const struct layouts *layouts,
			      const struct verb_arg *arg, const json_t *val,
			      char *buf, size_t size)
{
	const char *s = json_string_value(val), *bad = bad_str(val, LAYOUT_NAME_MAX);

	if (bad)
		return bad;
	if (layouts_known(layouts, s) ||
	    (arg->choices && verb_is_choice(arg->choices, s)))
		return NULL;
	(void)re_snprintf(buf, size, "one of %s%s%s",
			  arg->choices ? arg->choices : "",
			  arg->choices ? " " : "", layouts_names(layouts));

	return buf;
}

/* NULL when the value is good. */
static const char *bad_value(const struct verb_arg *arg, const json_t *val)
{
	switch (arg->type) {

	case ARG_NUM:
	case ARG_PARTY:
	case ARG_ID:
		if (!json_is_integer(val) || json_integer_value(val) < 0)
			return "must be a number";
		return NULL;

	case ARG_BOOL:
	case ARG_FLAG:
		return json_is_boolean(val) ? NULL : "must be true or false";

	case ARG_CHOICE:
		if (bad_str(val, VERB_STR_MAX))
			return bad_str(val, VERB_STR_MAX);
		return verb_is_choice(arg->choices,
				      json_string_value(val))
			? NULL : arg->choices;

	case ARG_DATA:
		return bad_str(val, VERB_DATA_MAX);

	default:
		return bad_str(val, VERB_STR_MAX);
	}
}

static const struct verb_arg *find_arg(const struct verb *verb,
				       const char *key)
{
	size_t i;

	for (i = 0; i < VERB_ARGS_MAX && verb->argv[i].name; i++) {
		if (!strcmp(verb->argv[i].name, key))
			return &verb->argv[i];
	}

	return NULL;
}

/* A number as a room: "3000" and 3000 mean the same. */
static int room_to_string(json_t *args, const char *key)
{
	json_t *val = json_object_get(args, key);
	char buf[32];

	if (!json_is_integer(val))
		return 0;

	(void)re_snprintf(buf, sizeof(buf), "%lld",
			  (long long)json_integer_value(val));

	return json_object_set_new(args, key, json_string(buf)) ? ENOMEM : 0;
}

static int check_args(struct server *srv, struct req *req,
		      const struct verb *verb, json_t *args)
{
	char text[512];
	const char *key, *bad;
	json_t *val;
	void *tmp;
	size_t i;

	for (i = 0; i < VERB_ARGS_MAX && verb->argv[i].name; i++) {
		const struct verb_arg *arg = &verb->argv[i];

		if (arg->type == ARG_ROOM && room_to_string(args, arg->name))
			return ENOMEM;
		if (arg->required && !json_object_get(args, arg->name)) {
			req_fail(req, 400, "Missing argument", "%s needs "
				 "\"%s\"", verb->name, arg->name);
			return EINVAL;
		}
	}

	json_object_foreach_safe(args, tmp, key, val) {
		const struct verb_arg *arg = find_arg(verb, key);

		if (!arg) {
			req_fail(req, 400, "Unknown argument",
				 "%s has no \"%s\"", verb->name, key);
			return EINVAL;
		}
		bad = arg->type == ARG_LAYOUT ?
			bad_layout(srv->layouts, arg, val, text,
				   sizeof(text)) : bad_value(arg, val);
		if (bad) {
			req_fail(req, 400, "Bad argument", "%s: %s%s", key,
				 bad == arg->choices ? "one of " : "", bad);
			return EINVAL;
		}
	}

	return 0;
}

void verbs_dispatch(struct server *srv, struct req *req, const json_t *msg)
{
	const json_t *given = json_object_get(msg, "args");
	const struct verb *verb;
	const char *name;
	json_t *args;
	verb_h *h;

	if (json_str(msg, "verb", &name)) {
		req_fail(req, 400, "No verb", NULL);
		return;
	}

	verb = verb_find(name);
	h = verb ? find_handler(name) : NULL;
	if (!h) {
		req_fail(req, 404, "No such verb", "%s", name);
		return;
	}

	if (scope_role(srv, req, verb))
		return;

	if (given && !json_is_object(given)) {
		req_fail(req, 400, "args must be an object", NULL);
		return;
	}

	/* a copy of our own: rooms are made strings in it */
	args = given ? json_copy((json_t *)(uintptr_t)given) : json_object();
	scope_fill(srv, req, verb, args);
	if (args && !check_args(srv, req, verb, args) &&
	    !scope_check(srv, req, verb, args))
		h(srv, req, args);
	json_decref(args);
}

struct room *verbs_room(struct server *srv, struct req *req,
			const json_t *args)
{
	const char *s = "";
	struct room *room;

	(void)json_str(args, "room", &s);
	room = rooms_find(srv->rooms, s);
	if (!room)
		req_fail(req, 404, "No such room", "room \"%s\"", s);

	return room;
}

struct meeting *verbs_meeting(struct server *srv, struct req *req,
			      const json_t *args)
{
	struct room *room = verbs_room(srv, req, args);

	if (!room)
		return NULL;
	if (!room->meeting)
		req_fail(req, 409, "No meeting",
			 "nobody is in room \"%s\"", room->cfg.name);

	return room->meeting;
}

struct party *verbs_party(struct server *srv, struct req *req,
			  const json_t *args)
{
	struct party *party;
	uint32_t id = 0;

	(void)json_u32(args, "party", &id);
	party = server_party(srv, id);
	if (!party)
		req_fail(req, 404, "No such party", "party %u", id);

	return party;
}
