/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/party.c -- parties: who was in a meeting, and the people they are
 */
#include <stdlib.h>
#include <string.h>

#include <re.h>

#include "db/party.h"
#include "db/priv.h"


#define COLUMNS "SELECT party.id AS \"party:i\", meeting.room AS \"room\"," \
	" meeting_id AS \"meeting:i\", name AS \"name\", uri AS \"uri\"," \
	" via AS \"via\", user_agent AS \"user_agent\"," \
	" join_time AS \"join_time:t\", leave_time AS \"leave_time:t\"," \
	" (leave_time - join_time) / 1000 AS \"duration_ms:i\"," \
	" party.reason AS \"reason\", audio AS \"audio\"," \
	" video AS \"video\", quality AS \"quality:j\"" \
	" FROM party JOIN meeting ON meeting.id = meeting_id "


uint64_t db_party_new_id(struct db *db)
{
	return db ? ++db->party : 0;
}


static int person_seen(struct db *db, const struct db_party *party)
{
	return db_write(db, DB_HOLD,
		"INSERT INTO person (uri, name, first_time, last_time)"
		" VALUES (?1, ?2, ?3, ?3) ON CONFLICT (uri) DO UPDATE SET"
		" name = iif(?2 = '', name, ?2),"
		" last_time = max(last_time, ?3), calls = calls + 1",
		"stu", party->uri, party->name, party->join_us);
}


int db_party_join(struct db *db, const struct db_party *party)
{
	bool person;
	int err = 0;

	if (!db || !party || !party->via)
		return EINVAL;

	person = party->uri && *party->uri && strcmp(party->via, "source");
	if (person)
		err = person_seen(db, party);
	if (err)
		return err;

	db->party = max(db->party, party->id);

	return db_write(db, DB_NOW,
		"INSERT INTO party (id, meeting_id, person_id, name, uri, via,"
		" user_agent, join_time, audio, video) VALUES (?1, ?2,"
		" (SELECT id FROM person WHERE uri = ?10), ?3, ?4, ?5, ?6, ?7,"
		" ?8, ?9)",
		"uuttstusss", party->id, party->meeting, party->name,
		party->uri, party->via, party->user_agent, party->join_us,
		party->audio, party->video, person ? party->uri : NULL);
}


int db_party_change(struct db *db, uint64_t id, uint64_t meeting,
		    const char *name, const char *audio, const char *video)
{
	if (!db)
		return EINVAL;

	return db_write(db, DB_NOW,
		"UPDATE party SET name = coalesce(?3, name),"
		" audio = coalesce(?4, audio), video = coalesce(?5, video)"
		" WHERE id = ?1 AND meeting_id = ?2 AND leave_time IS NULL",
		"uusss", id, meeting, name, audio, video);
}


int db_party_quality(struct db *db, uint64_t id, uint64_t meeting,
		     const json_t *quality)
{
	char *text;
	int err;

	if (!db || !quality)
		return EINVAL;

	text = json_dumps(quality, JSON_COMPACT);
	if (!text)
		return ENOMEM;

	/* also right after the party left: its last stay there */
	err = db_write(db, DB_LATER,
		"UPDATE party SET quality = ?3 WHERE stay = (SELECT max(stay)"
		" FROM party WHERE id = ?1 AND meeting_id = ?2)",
		"uus", id, meeting, text);
	free(text);

	return err;
}


int db_party_leave(struct db *db, uint64_t id, uint64_t meeting,
		   uint64_t time_us, const char *reason)
{
	if (!db)
		return EINVAL;

	return db_write(db, DB_NOW,
		"UPDATE party SET leave_time = max(join_time, ?3),"
		" reason = ?4"
		" WHERE id = ?1 AND meeting_id = ?2 AND leave_time IS NULL",
		"uuus", id, meeting, time_us, reason);
}


int db_party_list(struct db *db, uint64_t meeting, json_t **arrayp)
{
	if (!db || !arrayp)
		return EINVAL;

	return db_query_json(db, arrayp, COLUMNS
			     "WHERE meeting_id = ? ORDER BY stay",
			     "u", meeting);
}


int db_party_show(struct db *db, uint64_t id, json_t **objp)
{
	if (!db || !objp)
		return EINVAL;

	return db_query_obj(db, objp, COLUMNS "WHERE party.id = ?"
			    " ORDER BY stay DESC LIMIT 1", "u", id);
}
