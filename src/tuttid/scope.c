/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/scope.c -- what a request may be about, by who asks
 */
#include <string.h>

#include <re.h>

#include "base/json.h"
#include "db/key.h"
#include "db/meeting.h"
#include "db/recording.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"
#include "tuttid/req.h"
#include "tuttid/room.h"
#include "tuttid/scope.h"
#include "tuttid/server.h"
#include "tuttid/source.h"

static const char *const rolev[] = {"a guest", "a host", "an administrator"};

static const struct verb_arg *find_arg(const struct verb *verb,
				       const char *name)
{
	size_t i;

	for (i = 0; i < VERB_ARGS_MAX && verb->argv[i].name; i++) {
		if (!strcmp(verb->argv[i].name, name))
			return &verb->argv[i];
	}

	return NULL;
}

static bool has_file(const struct verb *verb)
{
	size_t i;

	for (i = 0; i < VERB_ARGS_MAX && verb->argv[i].name; i++) {
		if (verb->argv[i].type == ARG_FILE)
			return true;
	}

	return false;
}

/* ---- who ---- */

/* A WebSocket outlives the check at its door. */
static int check_key(struct server *srv, struct req *req, uint64_t id)
{
	struct db_key key;
	int err;

	if (!id)
		return 0;

	err = db_key_get(srv->db, id, &key);
	if (!err)
		return 0;

	if (err == ENOENT)
		req_fail(req, 401, "Key was withdrawn", NULL);
	else
		req_fail(req, 503, "The catalogue refuses", "%s",
			 db_strerror(srv->db));

	return EACCES;
}

int scope_role(struct server *srv, struct req *req, const struct verb *verb)
{
	const struct req_who *who = req_asker(req);
	const struct room *room;

	if (check_key(srv, req, who->key))
		return EACCES;

	if (who->role < verb->role) {
		req_fail(req, 403, "Not allowed", "\"%s\" is for %s, not %s",
			 verb->name, rolev[verb->role], rolev[who->role]);
		return EACCES;
	}
	if (who->role < VERB_ADMIN && who->room &&
	    !rooms_find_id(srv->rooms, who->room)) {
		req_fail(req, 403, "Your room is gone", NULL);
		return EACCES;
	}
	if (who->role == VERB_GUEST && !who->room) {
		req_fail(req, 403, "Not allowed", "a guest of no room");
		return EACCES;
	}
	room = rooms_find_id(srv->rooms, who->room);
	if (who->role == VERB_GUEST && !who->party && room->cfg.locked) {
		req_fail(req, 403, "Room is locked",
			 "only who is in it sees what happens there");
		return EACCES;
	}
	if (who->role == VERB_GUEST && !who->party &&
	    find_arg(verb, "party") && strcmp(verb->name, "party show")) {
		req_fail(req, 403, "Not in the meeting",
			 "only who is in it can do that");
		return EACCES;
	}
	if (has_file(verb) && !req_takes_files(req)) {
		req_fail(req, 403, "Not allowed", "\"%s\" gives a file: ask "
			 "by HTTP", verb->name);
		return EACCES;
	}

	return 0;
}

/* The room where he is, or that he is bound to */
static const struct room *home(const struct server *srv,
			       const struct req_who *who)
{
	const struct party *p;

	if (who->room)
		return rooms_find_id(srv->rooms, who->room);

	p = who->party ? server_party(srv, who->party) : NULL;

	return p ? p->meeting->room : NULL;
}

void scope_fill(struct server *srv, struct req *req, const struct verb *verb,
		json_t *args)
{
	const struct req_who *who = req_asker(req);
	const struct room *room = home(srv, who);
	const struct verb_arg *arg;

	arg = find_arg(verb, "room");
	if (arg && arg->type == ARG_ROOM && verb->role < VERB_ADMIN && room &&
	    (who->room || arg->required) && !json_object_get(args, "room"))
		(void)json_object_set_new(args, "room",
					  json_string(room->cfg.name));

	arg = find_arg(verb, "party");
	if (arg && verb->role == VERB_GUEST && who->party &&
	    !json_object_get(args, "party"))
		(void)json_object_set_new(args, "party",
				json_integer((json_int_t)who->party));
}

/* ---- what ---- */

static int not_found(struct req *req, const char *what, uint64_t id)
{
	char title[64];

	(void)re_snprintf(title, sizeof(title), "No such %s", what);
	req_fail(req, 404, title, "%s %llu", what, (unsigned long long)id);

	return EACCES;
}

static int check_room(struct server *srv, struct req *req, const char *name)
{
	const struct room *room = rooms_find(srv->rooms, name);

	if (room && room->cfg.id == req_asker(req)->room)
		return 0;

	req_fail(req, 403, "Not your room", NULL);

	return EACCES;
}

static int check_party(struct server *srv, struct req *req,
		       const struct verb *verb, const char *arg, uint64_t id)
{
	const struct req_who *who = req_asker(req);
	const struct party *p;

	if (who->role == VERB_GUEST && !strcmp(arg, "party") &&
	    strcmp(verb->name, "party show") && id != who->party) {
		req_fail(req, 403, "Only about yourself",
			 "you are party %u", who->party);
		return EACCES;
	}

	p = id <= UINT32_MAX ? server_party(srv, (uint32_t)id) : NULL;
	if (p && p->meeting->room && p->meeting->room->cfg.id == who->room)
		return 0;

	return not_found(req, "party", id);
}

/* Of the catalogue: by the room's name, which outlives the room. */
static int check_row(struct server *srv, struct req *req, const char *what,
		     uint64_t id)
{
	const struct room *room = rooms_find_id(srv->rooms,
						req_asker(req)->room);
	const char *name = "";
	json_t *obj = NULL;
	bool same;
	int err;

	if (!strcmp(what, "recording"))
		err = db_recording_show(srv->db, id, &obj);
	else
		err = db_meeting_show(srv->db, id, &obj);
	if (err && err != ENOENT) {
		req_fail(req, 503, "The catalogue refuses", "%s",
			 db_strerror(srv->db));
		return EACCES;
	}

	(void)json_str(obj, "room", &name);
	same = !err && room && !str_casecmp(name, room->cfg.name);
	json_decref(obj);

	return same ? 0 : not_found(req, what, id);
}

static int check_id(struct server *srv, struct req *req, const char *what,
		    uint64_t id)
{
	const struct source *s;

	if (!strcmp(what, "recording") || !strcmp(what, "meeting"))
		return check_row(srv, req, what, id);

	if (!strcmp(what, "source")) {
		s = sources_find(srv->sources, id);
		if (s && source_room(s) == req_asker(req)->room)
			return 0;
	}

	return not_found(req, what, id);
}

static int check_arg(struct server *srv, struct req *req,
		     const struct verb *verb, const struct verb_arg *arg,
		     const json_t *args)
{
	const char *s = "";
	uint64_t id = 0;

	if (!json_object_get(args, arg->name))
		return 0;

	switch (arg->type) {

	case ARG_ROOM:
		(void)json_str(args, arg->name, &s);
		return check_room(srv, req, s);
	case ARG_PARTY:
		(void)json_u64(args, arg->name, &id);
		return check_party(srv, req, verb, arg->name, id);
	case ARG_ID:
		(void)json_u64(args, arg->name, &id);
		return check_id(srv, req, arg->name, id);
	default:
		return 0;
	}
}

int scope_check(struct server *srv, struct req *req, const struct verb *verb,
		const json_t *args)
{
	const struct req_who *who = req_asker(req);
	size_t i;

	if (who->role >= VERB_ADMIN)
		return 0;

	for (i = 0; i < VERB_ARGS_MAX && verb->argv[i].name; i++) {
		const struct verb_arg *arg = &verb->argv[i];

		if (arg->option == OPTION_ADMIN &&
		    json_object_get(args, arg->name)) {
			req_fail(req, 403, "Not allowed", "\"%s\" of \"%s\" "
				 "is for %s", arg->name, verb->name,
				 rolev[VERB_ADMIN]);
			return EACCES;
		}
		if (who->room && check_arg(srv, req, verb, arg, args))
			return EACCES;
	}

	return 0;
}

bool scope_sees(const struct req_who *who, const struct party *p)
{
	return who->role > VERB_GUEST || p->id == who->party ||
	       p->state != PARTY_WAITING;
}
