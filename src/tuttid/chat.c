/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/chat.c -- what is written in a meeting
 */
#include <re.h>

#include "base/clock.h"
#include "db/chat.h"
#include "tuttid/chat.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"
#include "tuttid/req.h"
#include "tuttid/server.h"

/* The theoretical arrival time of GCRA: one number a sender. */
bool chat_rate(uint64_t *tat_us, uint64_t now_us)
{
	const uint64_t every = CHAT_EVERY_MS * 1000ull;
	uint64_t tat = *tat_us > now_us ? *tat_us : now_us;

	if (tat - now_us > (CHAT_BURST - 1) * every)
		return false;

	*tat_us = tat + every;

	return true;
}

static json_t *number_or_null(uint64_t val)
{
	return val ? json_integer((json_int_t)val) : json_null();
}

static json_t *chat_json(uint64_t id, const struct db_chat *chat)
{
	char iso[32];

	return json_pack("{s:I, s:s, s:s, s:I, s:o, s:s, s:o, s:s}",
			 "chat", (json_int_t)id,
			 "time", clock_iso(iso, chat->time_us),
			 "room", chat->room,
			 "meeting", (json_int_t)chat->meeting,
			 "party", number_or_null(chat->party),
			 "name", chat->name,
			 "to", number_or_null(chat->to),
			 "text", chat->text);
}

int chat_send(struct meeting *m, struct party *from, struct party *to,
	      const char *name, const char *text, json_t **objp)
{
	struct db_chat chat;
	uint64_t id = 0;
	int err;

	if (!m || !text || !objp)
		return EINVAL;
	if (!m->id || m->ended)
		return EPROTO;
	if (!chat_rate(from ? &from->chat_us : &m->chat_us, clock_us()))
		return EAGAIN;

	chat.meeting = m->id;
	chat.room    = m->name;
	chat.time_us = clock_wall_us();
	chat.party   = from ? from->id : 0;
	chat.name    = from ? from->name : name ? name : "";
	chat.to      = to ? to->id : 0;
	chat.text    = text;

	err = db_chat_add(m->srv->db, &id, &chat);
	if (err)
		return err;

	meeting_emit(m, EV_CHAT_MESSAGE,
		     json_pack("{s:o, s:I, s:s, s:o, s:s}",
			       "party", number_or_null(chat.party),
			       "chat", (json_int_t)id, "name", chat.name,
			       "to", number_or_null(chat.to),
			       "text", text));

	*objp = chat_json(id, &chat);

	return *objp ? 0 : ENOMEM;
}

int chat_list(struct meeting *m, const struct req_who *who, uint32_t limit,
	      json_t **arrayp)
{
	struct db_chat_filter filter = {.limit = limit};

	if (!m || !who || !arrayp)
		return EINVAL;

	if (!m->id) {
		*arrayp = json_array();
		return *arrayp ? 0 : ENOMEM;
	}

	filter.meeting = m->id;
	filter.all     = who->role == VERB_ADMIN;
	filter.party   = who->party;

	return db_chat_list(m->srv->db, &filter, arrayp);
}
