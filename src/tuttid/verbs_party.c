/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/verbs_party.c -- party list, show, mute, kick, move; call; source
 */
#include <string.h>

#include <re.h>

#include "base/json.h"
#include "db/party.h"
#include "tuttid/events.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"
#include "tuttid/req.h"
#include "tuttid/room.h"
#include "tuttid/scope.h"
#include "tuttid/server.h"
#include "tuttid/source.h"
#include "tuttid/text.h"
#include "tuttid/verbs.h"

/* An optional "room": false after req_fail(). */
static bool only_room(struct server *srv, struct req *req,
		      const json_t *args, struct room **roomp)
{
	*roomp = NULL;
	if (!json_object_get(args, "room"))
		return true;

	*roomp = verbs_room(srv, req, args);

	return *roomp != NULL;
}

void verb_party_list(struct server *srv, struct req *req, const json_t *args)
{
	const struct req_who *who = req_asker(req);
	struct room *room;
	struct le *lem, *le;
	json_t *arr;

	if (!only_room(srv, req, args, &room))
		return;

	arr = json_array();
	LIST_FOREACH(&srv->meetingl, lem) {
		const struct meeting *m = lem->data;

		if (room && m->room != room)
			continue;
		LIST_FOREACH(&m->partyl, le) {
			if (scope_sees(who, le->data))
				(void)json_array_append_new(arr,
					events_redact(who,
						    party_json(le->data)));
		}
	}
	req_ok(req, arr);
}

void verb_party_show(struct server *srv, struct req *req, const json_t *args)
{
	struct party *p;
	json_t *obj = NULL;
	uint32_t id = 0;
	int err;

	(void)json_u32(args, "party", &id);
	p = server_party(srv, id);
	if (p && scope_sees(req_asker(req), p)) {
		req_ok(req, events_redact(req_asker(req), party_json(p)));
		return;
	}

	/* who is gone was in some room, not only in his */
	err = req_asker(req)->room ? ENOENT : db_party_show(srv->db, id,
							    &obj);
	if (err == ENOENT)
		req_fail(req, 404, "No such party", "party %u", id);
	else if (err)
		req_fail(req, 503, "The catalogue refuses", "%s",
			 db_strerror(srv->db));
	else
		req_ok(req, obj);
}

static void mute(struct server *srv, struct req *req, const json_t *args,
		 bool on)
{
	struct party *p = verbs_party(srv, req, args);
	bool video = false;

	if (!p)
		return;

	(void)json_flag(args, "video", &video);
	if (!video)
		p->mic_off = on && req_asker(req)->party == p->id;
	party_mute(p, video, on);
	req_ok(req, party_json(p));
}

void verb_party_mute(struct server *srv, struct req *req, const json_t *args)
{
	mute(srv, req, args, true);
}

void verb_party_unmute(struct server *srv, struct req *req,
		       const json_t *args)
{
	mute(srv, req, args, false);
}

void verb_party_kick(struct server *srv, struct req *req, const json_t *args)
{
	struct party *p = verbs_party(srv, req, args);
	const char *reason = NULL;
	char text[128], full[160];

	if (!p)
		return;

	(void)json_str(args, "reason", &reason);
	text_tidy(text, sizeof(text), reason);
	if (text[0])
		(void)re_snprintf(full, sizeof(full), "kicked: %s", text);
	else
		str_ncpy(full, "kicked", sizeof(full));
	party_end(p, full, 0);
	req_ok(req, NULL);
}

void verb_party_move(struct server *srv, struct req *req, const json_t *args)
{
	struct party *p = verbs_party(srv, req, args);
	struct meeting *to;
	struct room *room;
	uint32_t id;
	int err;

	if (!p)
		return;
	room = verbs_room(srv, req, args);
	if (!room)
		return;
	if (p->state != PARTY_JOINED && p->state != PARTY_SEATED) {
		req_fail(req, 409, "Not in the meeting yet", NULL);
		return;
	}
	if (room->meeting == p->meeting) {
		req_fail(req, 409, "Is in that room already", NULL);
		return;
	}

	if (meeting_full(srv, room, true)) {
		req_fail(req, 409, "Room is full", "room \"%s\"",
			 room->cfg.name);
		return;
	}

	id  = p->id;
	err = meeting_get(&to, srv, room);
	if (!err)
		err = party_move(p, to);
	if (err) {
		req_fail_errno(req, err, "Not moved");
		if (room->meeting)
			meeting_check(room->meeting);
		return;
	}

	p = server_party(srv, id);
	req_ok(req, p ? party_json(p) : NULL);
}

void verb_call(struct server *srv, struct req *req, const json_t *args)
{
	struct room *room = verbs_room(srv, req, args);
	const char *uri = "", *name = NULL;
	struct meeting *m;
	struct party *p;
	int err;

	if (!room)
		return;
	if (srv->closing) {
		req_fail(req, 503, "Server is going down", NULL);
		return;
	}

	if (meeting_full(srv, room, true)) {
		req_fail(req, 409, "Room is full", "room \"%s\"",
			 room->cfg.name);
		return;
	}

	(void)json_str(args, "uri", &uri);
	(void)json_str(args, "name", &name);
	err = meeting_get(&m, srv, room);
	if (!err)
		err = party_sip_dial(&p, srv, m, uri, name);

	if (err == EINVAL)
		req_fail(req, 400, "Not a SIP URI", "%s", uri);
	else if (err == EDQUOT)
		req_fail(req, 503, "Server is full", "capacity %u",
			 srv->capacity.units);
	else if (err)
		req_fail_errno(req, err, "Not called");
	else
		req_ok(req, party_json(p));
}

/* ---- sources ---- */

void verb_source_add(struct server *srv, struct req *req, const json_t *args)
{
	struct room *room = verbs_room(srv, req, args);
	const char *url = "", *name = NULL;
	char text[256] = "";
	struct source *s;
	bool once = false;
	int err;

	if (!room)
		return;

	(void)json_str(args, "url", &url);
	(void)json_str(args, "name", &name);
	(void)json_flag(args, "once", &once);
	/* the server's files are not everybody's */
	if (req_asker(req)->role < VERB_ADMIN &&
	    (url[0] == '/' || !strncmp(url, "file:", 5))) {
		req_fail(req, 403, "Not allowed",
			 "only an administrator brings files of the server");
		return;
	}
	err = source_add(&s, srv->sources, room, url, name, once, text,
			 sizeof(text));
	if (err == EINVAL)
		req_fail(req, 400, "Not a source", "%s", text);
	else if (err == EALREADY)
		req_fail(req, 409, "Too many sources", "%s", text);
	else if (err)
		req_fail(req, 503, "The catalogue refuses", "%s", text);
	else
		req_ok(req, source_json(s));
}

void verb_source_list(struct server *srv, struct req *req,
		      const json_t *args)
{
	struct room *room;

	if (only_room(srv, req, args, &room))
		req_ok(req, sources_json(srv->sources, room));
}

void verb_source_remove(struct server *srv, struct req *req,
			const json_t *args)
{
	struct source *s;
	uint64_t id = 0;

	(void)json_u64(args, "source", &id);
	s = sources_find(srv->sources, id);
	if (!s)
		req_fail(req, 404, "No such source", "source %llu",
			 (unsigned long long)id);
	else if (source_remove(s))
		req_fail(req, 503, "The catalogue refuses", "%s",
			 db_strerror(srv->db));
	else
		req_ok(req, NULL);
}
