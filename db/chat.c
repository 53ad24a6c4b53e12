/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/chat.c -- what was written in meetings
 */
#include <re.h>

#include "db/chat.h"
#include "db/priv.h"


int db_chat_add(struct db *db, uint64_t *idp, const struct db_chat *chat)
{
	int err;

	if (!db || !idp || !chat || !chat->meeting || !chat->text)
		return EINVAL;

	err = db_write(db, DB_NOW,
		"INSERT INTO chat (id, meeting_id, room, time, party_id, name,"
		" to_party, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		"uutuztzt", db->chat + 1, chat->meeting, chat->room,
		chat->time_us, chat->party, chat->name, chat->to, chat->text);
	if (!err)
		*idp = ++db->chat;

	return err;
}


int db_chat_list(struct db *db, const struct db_chat_filter *filter,
		 json_t **arrayp)
{
	static const char *sql =
		"SELECT * FROM (SELECT id AS \"chat:i\", time AS \"time:t\","
		" room AS \"room\", meeting_id AS \"meeting:i\","
		" party_id AS \"party:i\", name AS \"name\","
		" to_party AS \"to:i\", text AS \"text\" FROM chat"
		" WHERE meeting_id = ?1 AND (?2 OR to_party IS NULL OR"
		" to_party = ?3 OR party_id = ?3)"
		" ORDER BY id DESC LIMIT ?4) ORDER BY 1";

	if (!db || !filter || !arrayp)
		return EINVAL;

	/* z: without a party of his own nothing is equal to it */
	return db_query_json(db, arrayp, sql, "ubzi", filter->meeting,
			     (int)filter->all, filter->party,
			     filter->limit ? (int64_t)filter->limit
					   : (int64_t)-1);
}
