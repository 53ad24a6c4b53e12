/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/room.c -- rooms: the standing configuration
 */
#include <ctype.h>
#include <string.h>

#include <re.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/layout_file.h"
#include "base/verb.h"
#include "db/priv.h"
#include "db/room.h"


enum { LINGER_MAX = 86400, PARTIES_MAX = 1000 };

#define COLUMNS "id, name, number, title, pin, host_pin, layout, fit," \
	" record, tones, linger_s, max_parties, locked, created_time," \
	" changed_time, wait_host, clock, banner, canvas_filter"


static bool name_ok(const char *name)
{
	const size_t n = strlen(name);

	return n > 0 && n < sizeof(((struct db_room *)0)->name) &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz"
		      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n &&
	       strspn(name, "0123456789") != n && isalnum((uint8_t)name[0]);
}


int db_room_init(struct db_room *room, const char *name,
		 char *errbuf, size_t errsz)
{
	if (!room || !name)
		return EINVAL;

	if (!name_ok(name)) {
		(void)re_snprintf(errbuf, errsz, "\"%s\" is no room name: up "
				  "to 63 letters, digits and \"._-\", not only"
				  " digits", name);
		return EINVAL;
	}

	memset(room, 0, sizeof(*room));
	str_ncpy(room->name, name, sizeof(room->name));
	str_ncpy(room->layout, "grid", sizeof(room->layout));
	room->tones = true;
	room->linger_s = DB_ROOM_LINGER_DEFAULT;

	return 0;
}


static int bad(char *errbuf, size_t errsz, const char *key, const char *what)
{
	(void)re_snprintf(errbuf, errsz, "%s: %s", key, what);

	return EINVAL;
}


static int get_digits(char *buf, size_t sz, const json_t *args,
		      const char *key, char *errbuf, size_t errsz)
{
	const char *val;
	int err = json_str(args, key, &val);

	if (err == ENOENT)
		return 0;
	if (err || strspn(val, "0123456789") != strlen(val))
		return bad(errbuf, errsz, key, "digits only");
	if (strlen(val) >= sz)
		return bad(errbuf, errsz, key, "too long");

	str_ncpy(buf, val, sz);

	return 0;
}


static int get_u32(int64_t *valp, uint32_t max, const json_t *args,
		   const char *key, char *errbuf, size_t errsz)
{
	uint32_t val;
	char what[40];
	int err = json_u32(args, key, &val);

	if (err == ENOENT)
		return 0;
	if (err || val > max) {
		(void)re_snprintf(what, sizeof(what), "a number from 0 to %u",
				  max);
		return bad(errbuf, errsz, key, what);
	}

	*valp = val;

	return 0;
}


/* One of the words that the verb table allows. */
static int get_choice(char *buf, size_t sz, const json_t *args,
		      const char *key, char *errbuf, size_t errsz)
{
	const struct verb *verb = verb_find("room create");
	const struct verb_arg *arg;
	const char *val, *p;
	int err = json_str(args, key, &val);
	size_t n;

	if (err == ENOENT)
		return 0;

	for (arg = verb->argv; arg->name && strcmp(arg->name, key); arg++)
		;
	for (p = arg->choices; !err && p && *p; p += n + (p[n] == ' ')) {
		n = strcspn(p, " ");
		if (n == strlen(val) && n < sz && !strncmp(p, val, n)) {
			str_ncpy(buf, val, sz);
			return 0;
		}
	}

	(void)re_snprintf(errbuf, errsz, "%s: one of: %s", key, arg->choices);

	return EINVAL;
}


/* Which there are may change: the verb knows. */
static int get_layout(struct db_room *room, const json_t *args,
		      char *errbuf, size_t errsz)
{
	const char *val;
	int err = json_str(args, "layout", &val);

	if (err == ENOENT)
		return 0;
	if (err || !layout_name_ok(val))
		return bad(errbuf, errsz, "layout", "the name of a layout");

	str_ncpy(room->layout, val, sizeof(room->layout));

	return 0;
}


static int get_text(char *buf, size_t sz, const json_t *args,
		    const char *key, char *errbuf, size_t errsz)
{
	const char *val;
	const char *p;
	char what[40];
	int err = json_str(args, key, &val);

	if (err == ENOENT)
		return 0;
	if (err || strlen(val) >= sz) {
		(void)re_snprintf(what, sizeof(what), "text of up to %zu "
				  "bytes", sz - 1);
		return bad(errbuf, errsz, key, what);
	}
	for (p = val; *p; p++) {
		if ((uint8_t)*p < ' ' || *p == 0x7f)
			return bad(errbuf, errsz, key,
				   "no control characters");
	}

	str_ncpy(buf, val, sz);

	return 0;
}


static int get_texts(struct db_room *room, const json_t *args,
		     char *errbuf, size_t errsz)
{
	int err;

	err = get_text(room->title, sizeof(room->title), args, "title",
		       errbuf, errsz);
	if (!err)
		err = get_text(room->banner, sizeof(room->banner), args,
			       "banner", errbuf, errsz);
	if (!err)
		err = get_text(room->filter, sizeof(room->filter), args,
			       "canvas_filter", errbuf, errsz);

	return err;
}


static int get_bool(bool *valp, const json_t *args, const char *key,
		    char *errbuf, size_t errsz)
{
	int err = json_flag(args, key, valp);

	return err && err != ENOENT ? bad(errbuf, errsz, key, "yes or no") : 0;
}


static int get_flags(struct db_room *room, const json_t *args,
		     char *errbuf, size_t errsz)
{
	char fit[16] = "", record[16] = "";
	int err;

	err = get_layout(room, args, errbuf, errsz);
	if (!err)
		err = get_choice(fit, sizeof(fit), args, "fit", errbuf,
				 errsz);
	if (!err)
		err = get_choice(record, sizeof(record), args, "record",
				 errbuf, errsz);
	if (err)
		return err;

	if (*fit)
		room->crop = !strcmp(fit, "crop");
	if (*record)
		room->record = !strcmp(record, "always");

	err = get_bool(&room->tones, args, "tones", errbuf, errsz);
	if (!err)
		err = get_bool(&room->wait_host, args, "wait_host", errbuf,
			       errsz);
	if (!err)
		err = get_bool(&room->clock, args, "clock", errbuf, errsz);

	return err;
}


static int get_pins(struct db_room *room, const json_t *args,
		    char *errbuf, size_t errsz)
{
	int err;

	err = get_digits(room->number, sizeof(room->number), args, "number",
			 errbuf, errsz);
	if (!err)
		err = get_digits(room->pin, sizeof(room->pin), args, "pin",
				 errbuf, errsz);
	if (!err)
		err = get_digits(room->host_pin, sizeof(room->host_pin), args,
				 "host_pin", errbuf, errsz);
	if (!err && *room->pin && !strcmp(room->pin, room->host_pin))
		err = bad(errbuf, errsz, "host_pin",
			  "must not be the pin of the guests");

	return err;
}


static void differ(struct re_printf *pf, bool is, const char *name,
		   bool *firstp)
{
	if (!is)
		return;

	(void)re_hprintf(pf, "%s%s", *firstp ? "" : ", ", name);
	*firstp = false;
}


static int print_changed(struct re_printf *pf, const struct db_room *const *v)
{
	const struct db_room *a = v[0], *b = v[1];
	bool first = true;

	differ(pf, !!strcmp(a->number, b->number), "number", &first);
	differ(pf, !!strcmp(a->title, b->title), "title", &first);
	differ(pf, !!strcmp(a->pin, b->pin), "pin", &first);
	differ(pf, !!strcmp(a->host_pin, b->host_pin), "host_pin", &first);
	differ(pf, !!strcmp(a->layout, b->layout), "layout", &first);
	differ(pf, a->crop != b->crop, "fit", &first);
	differ(pf, a->record != b->record, "record", &first);
	differ(pf, a->tones != b->tones, "tones", &first);
	differ(pf, a->linger_s != b->linger_s, "linger", &first);
	differ(pf, a->max_parties != b->max_parties, "max_parties", &first);
	differ(pf, a->wait_host != b->wait_host, "wait_host", &first);
	differ(pf, a->clock != b->clock, "clock", &first);
	differ(pf, !!strcmp(a->banner, b->banner), "banner", &first);
	differ(pf, !!strcmp(a->filter, b->filter), "canvas_filter", &first);

	return 0;
}


int db_room_args(struct db_room *room, const json_t *args,
		 char *changed, size_t changedsz, char *errbuf, size_t errsz)
{
	const struct db_room *pair[2];
	struct db_room new;
	int64_t parties;
	int err;

	if (!room || !args)
		return EINVAL;

	new = *room;
	parties = new.max_parties;

	err = get_pins(&new, args, errbuf, errsz);
	if (!err)
		err = get_texts(&new, args, errbuf, errsz);
	if (!err)
		err = get_flags(&new, args, errbuf, errsz);
	if (!err)
		err = get_u32(&new.linger_s, LINGER_MAX, args, "linger",
			      errbuf, errsz);
	if (!err)
		err = get_u32(&parties, PARTIES_MAX, args, "max_parties",
			      errbuf, errsz);
	if (err)
		return err;

	new.max_parties = (uint32_t)parties;
	if (changed && changedsz) {
		pair[0] = room;
		pair[1] = &new;
		if (re_snprintf(changed, changedsz, "%H", print_changed,
				pair) < 0)
			changed[changedsz - 1] = '\0';
	}
	*room = new;

	return 0;
}


/* "UNIQUE constraint failed: room.number" in words of ours */
static int taken(const struct db *db, const struct db_room *room,
		 char *errbuf, size_t errsz)
{
	if (strstr(db->text, "room.number"))
		(void)re_snprintf(errbuf, errsz,
				  "number %s belongs to another room",
				  room->number);
	else if (strstr(db->text, "room.name"))
		(void)re_snprintf(errbuf, errsz, "there is a room \"%s\"",
				  room->name);
	else
		(void)re_snprintf(errbuf, errsz, "%s", db->text);

	return EEXIST;
}


int db_room_add(struct db *db, struct db_room *room,
		char *errbuf, size_t errsz)
{
	int err;

	if (!db || !room || !name_ok(room->name))
		return EINVAL;

	room->created_us = room->changed_us = clock_wall_us();

	err = db_must(db,
		"INSERT INTO room (name, number, title, pin, host_pin,"
		" layout, fit, record, tones, linger_s, max_parties, locked,"
		" created_time, changed_time, wait_host, clock, banner,"
		" canvas_filter) VALUES"
		" (?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, -1), ?, ?, ?, ?,"
		" ?, ?, ?, ?)",
		"seteesssbizbuubbtt",
		room->name, room->number, room->title, room->pin,
		room->host_pin, room->layout,
		room->crop ? "crop" : "letterbox",
		room->record ? "always" : "never",
		(int)room->tones, room->linger_s,
		(uint64_t)room->max_parties, (int)room->locked,
		room->created_us, room->changed_us,
		(int)room->wait_host, (int)room->clock, room->banner,
		room->filter);
	if (err == EEXIST)
		return taken(db, room, errbuf, errsz);
	if (err) {
		(void)re_snprintf(errbuf, errsz, "catalogue: %s", db->text);
		return err;
	}

	room->id = (uint64_t)sqlite3_last_insert_rowid(db->sq);

	return 0;
}


int db_room_update(struct db *db, struct db_room *room,
		   char *errbuf, size_t errsz)
{
	uint64_t now = clock_wall_us();
	int err;

	if (!db || !room || !room->id)
		return EINVAL;

	err = db_must(db,
		"UPDATE room SET number = ?2, title = ?3, pin = ?4,"
		" host_pin = ?5, layout = ?6, fit = ?7, record = ?8,"
		" tones = ?9, linger_s = nullif(?10, -1),"
		" max_parties = ?11, locked = ?12, changed_time = ?13,"
		" wait_host = ?14, clock = ?15, banner = ?16,"
		" canvas_filter = ?17 WHERE id = ?1",
		"ueteesssbizbubbtt",
		room->id, room->number, room->title, room->pin,
		room->host_pin, room->layout,
		room->crop ? "crop" : "letterbox",
		room->record ? "always" : "never",
		(int)room->tones, room->linger_s,
		(uint64_t)room->max_parties, (int)room->locked, now,
		(int)room->wait_host, (int)room->clock, room->banner,
		room->filter);
	if (err == EEXIST)
		return taken(db, room, errbuf, errsz);
	if (err == ENOENT) {
		(void)re_snprintf(errbuf, errsz, "there is no room \"%s\"",
				  room->name);
		return err;
	}
	if (err) {
		(void)re_snprintf(errbuf, errsz, "catalogue: %s", db->text);
		return err;
	}

	room->changed_us = now;

	return 0;
}


int db_room_del(struct db *db, uint64_t id)
{
	if (!db)
		return EINVAL;

	return db_must(db, "DELETE FROM room WHERE id = ?", "u", id);
}


static void column(char *buf, size_t sz, sqlite3_stmt *st, int i)
{
	const char *s = (const char *)sqlite3_column_text(st, i);

	str_ncpy(buf, s ? s : "", sz);
}


static bool column_is(sqlite3_stmt *st, int i, const char *word)
{
	const char *s = (const char *)sqlite3_column_text(st, i);

	return s && !strcmp(s, word);
}


static void room_row(struct db_room *room, sqlite3_stmt *st)
{
	memset(room, 0, sizeof(*room));

	room->id = (uint64_t)sqlite3_column_int64(st, 0);
	column(room->name, sizeof(room->name), st, 1);
	column(room->number, sizeof(room->number), st, 2);
	column(room->title, sizeof(room->title), st, 3);
	column(room->pin, sizeof(room->pin), st, 4);
	column(room->host_pin, sizeof(room->host_pin), st, 5);
	column(room->layout, sizeof(room->layout), st, 6);
	room->crop = column_is(st, 7, "crop");
	room->record = column_is(st, 8, "always");
	room->tones = sqlite3_column_int(st, 9);
	room->linger_s = sqlite3_column_type(st, 10) == SQLITE_NULL
		? DB_ROOM_LINGER_DEFAULT : sqlite3_column_int64(st, 10);
	room->max_parties = (uint32_t)sqlite3_column_int64(st, 11);
	room->locked = sqlite3_column_int(st, 12);
	room->created_us = (uint64_t)sqlite3_column_int64(st, 13);
	room->changed_us = (uint64_t)sqlite3_column_int64(st, 14);
	room->wait_host = sqlite3_column_int(st, 15);
	room->clock = sqlite3_column_int(st, 16);
	column(room->banner, sizeof(room->banner), st, 17);
	column(room->filter, sizeof(room->filter), st, 18);
}


int db_room_find(struct db *db, const char *name, struct db_room *room)
{
	sqlite3_stmt *st;
	int err;

	if (!db || !name || !room)
		return EINVAL;

	err = db_query(db, &st, "SELECT " COLUMNS " FROM room"
		       " WHERE name = ?1 OR number = ?1", "s", name);
	if (!err)
		err = db_step(db, st);
	if (err)
		return err;

	room_row(room, st);
	sqlite3_reset(st);

	return 0;
}


int db_room_apply(struct db *db, db_room_h *h, void *arg)
{
	struct db_room room;
	sqlite3_stmt *st;
	int err;

	if (!db || !h)
		return EINVAL;

	err = db_query(db, &st, "SELECT " COLUMNS " FROM room ORDER BY name",
		       "");
	if (err)
		return err;

	while (!(err = db_step(db, st))) {
		room_row(&room, st);
		err = h(&room, arg);
		if (err) {
			sqlite3_reset(st);
			return err;
		}
	}

	return err == ENOENT ? 0 : err;
}


static json_t *text_or_null(const char *s)
{
	return *s ? json_string(s) : json_null();
}


json_t *db_room_json(const struct db_room *room)
{
	char created[32], changed[32];

	if (!room)
		return NULL;

	return json_pack("{s:s,s:o,s:s,s:o,s:o,s:s,s:s,s:s,s:b,s:o,s:o,"
			 "s:b,s:b,s:b,s:o,s:o,s:s,s:s}",
		"room", room->name,
		"number", text_or_null(room->number),
		"title", room->title,
		"pin", text_or_null(room->pin),
		"host_pin", text_or_null(room->host_pin),
		"layout", room->layout,
		"fit", room->crop ? "crop" : "letterbox",
		"record", room->record ? "always" : "never",
		"tones", (int)room->tones,
		"linger_s", room->linger_s == DB_ROOM_LINGER_DEFAULT
			? json_null() : json_integer(room->linger_s),
		"max_parties", room->max_parties
			? json_integer(room->max_parties) : json_null(),
		"locked", (int)room->locked,
		"wait_host", (int)room->wait_host,
		"clock", (int)room->clock,
		"banner", text_or_null(room->banner),
		"canvas_filter", text_or_null(room->filter),
		"created_time", clock_iso(created, room->created_us),
		"changed_time", clock_iso(changed, room->changed_us));
}
