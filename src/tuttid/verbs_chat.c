/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/verbs_chat.c -- chat send, chat list
 */
#include <string.h>

#include <re.h>

#include "base/json.h"
#include "db/chat.h"
#include "db/db.h"
#include "tuttid/chat.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"
#include "tuttid/req.h"
#include "tuttid/room.h"
#include "tuttid/server.h"
#include "tuttid/verbs.h"

/* An optional party of that meeting: false after req_fail() */
static bool member(struct req *req, const struct meeting *m,
		   const json_t *args, const char *key, struct party **pp)
{
	uint32_t id = 0;

	*pp = NULL;
	if (!json_object_get(args, key))
		return true;

	(void)json_u32(args, key, &id);
	*pp = meeting_party(m, id);
	if (!*pp)
		req_fail(req, 404, "No such party", "party %u is not in room "
			 "\"%s\"", id, m->name);

	return *pp != NULL;
}

/* Nobody writes in another's name but an administrator. */
static bool may_write_as(struct req *req, const struct party *from)
{
	const struct req_who *who = req_asker(req);

	if (who->role == VERB_ADMIN || !from || from->id == who->party)
		return true;

	req_fail(req, 403, "Only about yourself", "you are not party %u",
		 from->id);

	return false;
}

static const char *bad_text(const char *text)
{
	if (!text[strspn(text, " ")])
		return "is empty";
	if (strlen(text) > CHAT_TEXT_MAX)
		return "is too long";

	return NULL;
}

void verb_chat_send(struct server *srv, struct req *req, const json_t *args)
{
	struct meeting *m = verbs_meeting(srv, req, args);
	struct party *from, *to;
	const char *text = "";
	json_t *obj = NULL;
	int err;

	if (!m || !member(req, m, args, "party", &from) ||
	    !may_write_as(req, from) || !member(req, m, args, "to", &to))
		return;

	(void)json_str(args, "text", &text);
	if (bad_text(text)) {
		req_fail(req, 400, "Bad argument", "text: %s",
			 bad_text(text));
		return;
	}

	err = chat_send(m, from, to, req_asker(req)->name, text, &obj);
	if (err == EPROTO)
		req_fail(req, 409, "No meeting", "nobody is in it yet");
	else if (err == EAGAIN)
		req_fail(req, 429, "Too many messages",
			 "one in %u ms, after the first %u", CHAT_EVERY_MS,
			 CHAT_BURST);
	else if (err)
		req_fail_errno(req, err, "Not sent");
	else
		req_ok(req, obj);
}

/* A meeting by its id: private messages were for those who were in it, and
 * guests see what was written while they are. */
static void list_past(struct server *srv, struct req *req,
		      const struct room *room, uint64_t id, uint32_t limit)
{
	const struct req_who *who = req_asker(req);
	const struct db_chat_filter filter = {
		.meeting = id, .limit = limit, .party = who->party,
		.all = who->role == VERB_ADMIN,
	};
	json_t *arr = NULL;

	if (who->role == VERB_GUEST &&
	    (!room->meeting || room->meeting->id != id)) {
		req_fail(req, 403, "Not allowed",
			 "guests see the meeting that runs");
		return;
	}
	if (!id || db_chat_list(srv->db, &filter, &arr))
		req_fail(req, id ? 503 : 404, id ? "The catalogue refuses" :
			 "No such meeting", NULL);
	else
		req_ok(req, arr);
}

void verb_chat_list(struct server *srv, struct req *req, const json_t *args)
{
	struct room *room = verbs_room(srv, req, args);
	uint32_t limit = CHAT_HISTORY;
	json_t *arr = NULL;
	uint64_t id = 0;

	if (!room)
		return;

	(void)json_u32(args, "limit", &limit);
	if (!limit || limit > CHAT_LIST_MAX)
		limit = CHAT_LIST_MAX;
	if (json_object_get(args, "meeting")) {
		(void)json_u64(args, "meeting", &id);
		list_past(srv, req, room, id, limit);
	}
	else if (!room->meeting)
		req_ok(req, json_array());
	else if (chat_list(room->meeting, req_asker(req), limit, &arr))
		req_fail(req, 503, "The catalogue refuses", "%s",
			 db_strerror(srv->db));
	else
		req_ok(req, arr);
}
