/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/event.c -- events: numbered, without holes
 */
#include <stdlib.h>
#include <string.h>

#include <re.h>

#include "base/clock.h"
#include "base/json.h"
#include "db/event.h"
#include "db/priv.h"


enum { PRUNE_EVERY = 256 };


/* The oldest few at a time keep the loop free; the newest row stays, it
 * holds the number. */
static void prune(struct db *db, uint64_t now_us)
{
	const uint64_t age = (uint64_t)db->event_days * 86400 * 1000000;
	uint64_t number = 0, time_us = 0;

	if (db->event % PRUNE_EVERY)
		return;

	if (db->event > db->event_keep)
		number = db->event - db->event_keep;
	if (age && now_us > age)
		time_us = now_us - age;
	if (!number && !time_us)
		return;

	(void)db_write(db, DB_LATER,
		"DELETE FROM event WHERE number IN (SELECT number FROM"
		" (SELECT number, time FROM event ORDER BY number LIMIT 2048)"
		" WHERE number < ?3 AND (number <= ?1 OR time < ?2))",
		"uuu", number, time_us, db->event);
}


uint64_t db_event_add(struct db *db, enum event_id id, uint64_t time_us,
		      const json_t *fields)
{
	const struct event_def *def;
	const char *room = NULL;
	uint64_t meeting = 0, party = 0;
	char *text;
	int err;

	if (!db || (unsigned)id >= EV_COUNT)
		return 0;

	def = &eventv[id];
	if (!def->kept)
		return 0;

	(void)json_str(fields, "room", &room);
	(void)json_u64(fields, "meeting", &meeting);
	(void)json_u64(fields, "party", &party);

	text = fields ? json_dumps(fields, JSON_COMPACT) : strdup("{}");
	if (!text)
		return 0;

	err = db_write(db, DB_LATER,
		"INSERT INTO event (number, time, name, room, meeting_id,"
		" party_id, fields) VALUES (?, ?, ?, ?, ?, ?, ?)",
		"uusszzs", db->event + 1, time_us, def->name, room, meeting,
		party, text);
	free(text);
	if (err)
		return 0;

	++db->event;
	prune(db, time_us);

	return db->event;
}


json_t *db_event_json(uint64_t number, uint64_t time_us, const char *name,
		      const json_t *fields)
{
	char buf[32];
	json_t *obj;

	obj = json_pack("{s:s,s:s}", "time", clock_iso(buf, time_us),
			"event", name);
	if (!obj)
		return NULL;

	if (number && json_object_set_new(obj, "number",
					  json_integer((json_int_t)number)))
		goto out;

	if (fields && json_object_update_missing(obj, (json_t *)fields))
		goto out;

	return obj;

 out:
	json_decref(obj);

	return NULL;
}


uint64_t db_event_last(const struct db *db)
{
	return db ? db->event : 0;
}


static json_t *row_json(sqlite3_stmt *st)
{
	json_t *fields, *obj;

	fields = json_loads((const char *)sqlite3_column_text(st, 3), 0,
			    NULL);
	obj = db_event_json((uint64_t)sqlite3_column_int64(st, 0),
			    (uint64_t)sqlite3_column_int64(st, 1),
			    (const char *)sqlite3_column_text(st, 2), fields);
	json_decref(fields);

	return obj;
}


int db_event_list(struct db *db, const struct db_event_filter *filter,
		  json_t **arrayp)
{
#define MATCHING "SELECT number, time, name, fields FROM event" \
	" WHERE number > ?1" \
	" AND (?2 IS NULL OR room = ?2 COLLATE NOCASE)" \
	" AND (?3 IS NULL OR meeting_id = ?3)" \
	" AND (?4 IS NULL OR name = ?4" \
	"  OR substr(name, 1, length(?4) + 1) = ?4 || ' ')"

	static const char *newest = "SELECT * FROM (" MATCHING
		" ORDER BY number DESC LIMIT ?5) ORDER BY number";
	static const char *oldest = MATCHING " ORDER BY number LIMIT ?5";
	const struct db_event_filter none = {0};
	sqlite3_stmt *st;
	json_t *array;
	int err;

	if (!db || !arrayp)
		return EINVAL;

	filter = filter ? filter : &none;
	err = db_query(db, &st, filter->oldest ? oldest : newest, "uszei",
		       filter->since, filter->room, filter->meeting,
		       filter->name,
		       filter->limit ? (int64_t)filter->limit : (int64_t)-1);
	if (err)
		return err;

	array = json_array();
	err = array ? 0 : ENOMEM;
	while (!err) {
		err = db_step(db, st);
		if (!err && json_array_append_new(array, row_json(st)))
			err = ENOMEM;
	}
	sqlite3_reset(st);

	if (err == ENOENT) {
		*arrayp = array;
		return 0;
	}
	json_decref(array);

	return err;
}


static bool name_matches(const char *want, const char *name)
{
	const size_t n = strlen(want);

	return !strncmp(want, name, n) && (!name[n] || name[n] == ' ');
}


bool db_event_matches(const struct db_event_filter *filter,
		      const json_t *event)
{
	const char *room = "", *name = "";
	uint64_t number = 0, meeting = 0;

	if (!filter)
		return true;

	(void)json_str(event, "room", &room);
	(void)json_str(event, "event", &name);
	(void)json_u64(event, "number", &number);
	(void)json_u64(event, "meeting", &meeting);

	return (!number || number > filter->since) &&
	       (!filter->room || !str_casecmp(filter->room, room)) &&
	       (!filter->meeting || filter->meeting == meeting) &&
	       (!filter->name || !*filter->name ||
		name_matches(filter->name, name));
}
