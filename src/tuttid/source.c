/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/source.c -- the sources of the rooms: configuration and listing
 *
 * What runs is in source_run.c.
 */
#include <string.h>

#include <re.h>

#include "db/source.h"
#include "tuttid/events.h"
#include "tuttid/meeting.h"
#include "tuttid/room.h"
#include "tuttid/server.h"
#include "tuttid/source.h"
#include "tuttid/source_priv.h"
#include "tuttid/text.h"

struct sources {
	struct server *srv;
	struct list sourcel;      /* struct source                        */
};

static void source_destructor(void *arg)
{
	struct source *s = arg;

	mem_deref(s->run);
	list_unlink(&s->le);
	mem_deref(s->url);
	mem_deref(s->name);
}

static void sources_destructor(void *arg)
{
	struct sources *ss = arg;

	list_flush(&ss->sourcel);
}

static int enter(struct source **sp, struct sources *ss,
		 const struct db_source *row)
{
	struct source *s;
	int err;

	s = mem_zalloc(sizeof(*s), source_destructor);
	if (!s)
		return ENOMEM;

	s->srv     = ss->srv;
	s->id      = row->id;
	s->room_id = row->room_id;
	s->once    = row->once;
	err  = str_dup(&s->url, row->url);
	err |= str_dup(&s->name, row->name ? row->name : "");
	if (err) {
		mem_deref(s);
		return ENOMEM;
	}
	list_append(&ss->sourcel, &s->le, s);
	if (sp)
		*sp = s;

	return 0;
}

static int row_handler(const struct db_source *row, void *arg)
{
	return enter(NULL, arg, row);
}

int sources_alloc(struct sources **ssp, struct server *srv)
{
	struct sources *ss;
	int err;

	if (!ssp || !srv)
		return EINVAL;

	ss = mem_zalloc(sizeof(*ss), sources_destructor);
	if (!ss)
		return ENOMEM;

	ss->srv = srv;
	err = db_source_apply(srv->db, row_handler, ss);
	if (err)
		mem_deref(ss);
	else
		*ssp = ss;

	return err;
}

static bool test_number(const char *s, unsigned *np)
{
	struct pl pl;

	pl_set_str(&pl, s);
	if (!pl.l || pl.l > 2 || strspn(s, "0123456789") != pl.l)
		return false;
	*np = pl_u32(&pl);

	return *np >= 1;
}

/* Only what tutti-source is meant to open; libavformat knows more. */
static const char *bad_url(const char *url)
{
	static const char *const schemev[] = {
		"rtsp://", "rtsps://", "rtmp://", "rtmps://", "http://",
		"https://",
	};
	unsigned number;
	size_t i;

	if (strlen(url) > SOURCE_URL_MAX)
		return "URL too long";
	if (!strncmp(url, "test:", 5))
		return test_number(url + 5, &number)
			? NULL : "test:N with N from 1 to 99";
	if (url[0] == '/' || !strncmp(url, "file:/", 6))
		return NULL;
	for (i = 0; i < ARRAY_SIZE(schemev); i++) {
		if (!strncasecmp(url, schemev[i], strlen(schemev[i])))
			return NULL;
	}

	return "neither an absolute path nor test:N, rtsp, rtmp or http";
}

void source_url_shown(char *buf, size_t size, const char *url)
{
	const char *host = strstr(url, "://"), *at;
	size_t n;

	if (host) {
		host += 3;
		n  = strcspn(host, "/?#");
		at = memrchr(host, '@', n);
		if (at) {
			(void)re_snprintf(buf, size, "%b***%s", url,
					  (size_t)(host - url), at);
			return;
		}
	}
	str_ncpy(buf, url, size);
}

/* "Test 3", a file's name, a camera's host; nobody's password */
static void make_name(char *buf, size_t size, const char *url,
		      const char *name)
{
	char tmp[256];
	const char *p;

	if (name && *name) {
		text_tidy(buf, size, name);
		return;
	}

	if (!strncmp(url, "test:", 5)) {
		(void)re_snprintf(buf, size, "Test %s", url + 5);
		return;
	}

	p = strstr(url, "://");
	if (p) {
		size_t n = strcspn(p + 3, "/?");
		const char *at;

		str_ncpy(tmp, p + 3, n + 1 < sizeof(tmp) ? n + 1
							 : sizeof(tmp));
		at = strrchr(tmp, '@');
		text_tidy(buf, size, at ? at + 1 : tmp);
		return;
	}

	p = strrchr(url, '/');
	text_tidy(buf, size, p && p[1] ? p + 1 : url);
}

static unsigned count_room(const struct sources *ss, uint64_t room_id)
{
	unsigned n = 0;
	struct le *le;

	LIST_FOREACH(&ss->sourcel, le) {
		const struct source *s = le->data;

		n += s->room_id == room_id;
	}

	return n;
}

int source_add(struct source **sp, struct sources *ss, struct room *room,
	       const char *url, const char *name, bool once,
	       char *errbuf, size_t errsz)
{
	char label[TICKET_NAME_MAX], shown[SOURCE_URL_MAX + 1];
	struct db_source row;
	struct source *s;
	const char *bad = bad_url(url);
	int err;

	if (bad) {
		(void)re_snprintf(errbuf, errsz, "%s", bad);
		return EINVAL;
	}
	if (count_room(ss, room->cfg.id) >= SOURCES_ROOM_MAX) {
		(void)re_snprintf(errbuf, errsz, "a room has at most %u "
				  "sources", SOURCES_ROOM_MAX);
		return EALREADY;
	}

	make_name(label, sizeof(label), url, name);
	memset(&row, 0, sizeof(row));
	row.room_id = room->cfg.id;
	row.url     = url;
	row.name    = label;
	row.once    = once;
	err = db_source_add(ss->srv->db, &row);
	if (!err)
		err = enter(&s, ss, &row);
	if (err) {
		(void)re_snprintf(errbuf, errsz, "catalogue: %s",
				  db_strerror(ss->srv->db));
		return err;
	}

	source_url_shown(shown, sizeof(shown), s->url);
	source_emit(s, EV_SOURCE_ADDED,
		    json_pack("{s:s, s:s}", "name", s->name, "url", shown));
	if (room->meeting && room->meeting->mc)
		source_run_start(s, room->meeting);
	if (sp)
		*sp = s;

	return 0;
}

int source_remove(struct source *s)
{
	int err;

	err = db_source_del(s->srv->db, s->id);
	if (err && err != ENOENT)
		return err;

	source_run_stop(s, "removed");
	source_emit(s, EV_SOURCE_REMOVED, NULL);
	mem_deref(s);

	return 0;
}

struct source *sources_find(const struct sources *ss, uint64_t id)
{
	struct le *le;

	LIST_FOREACH(&ss->sourcel, le) {
		struct source *s = le->data;

		if (s->id == id)
			return s;
	}

	return NULL;
}

void sources_start(struct sources *ss, struct meeting *m)
{
	struct le *le;

	LIST_FOREACH(&ss->sourcel, le) {
		struct source *s = le->data;

		if (m->room && s->room_id == m->room->cfg.id)
			source_run_start(s, m);
	}
}

void sources_stop(struct sources *ss, struct meeting *m)
{
	struct le *le;

	LIST_FOREACH(&ss->sourcel, le)
		source_run_meeting_over(le->data, m);
}

void sources_room_gone(struct sources *ss, uint64_t room_id)
{
	struct le *le = ss->sourcel.head;

	while (le) {
		struct source *s = le->data;

		le = le->next;
		if (s->room_id != room_id)
			continue;
		/* its party may have been moved to another room */
		source_run_stop(s, "room deleted");
		mem_deref(s);
	}
}

uint64_t source_id(const struct source *s)
{
	return s ? s->id : 0;
}

uint64_t source_room(const struct source *s)
{
	return s ? s->room_id : 0;
}

const char *source_room_name(const struct source *s)
{
	const struct room *room = rooms_find_id(s->srv->rooms, s->room_id);

	return room ? room->cfg.name : "";
}

void source_emit(struct source *s, enum event_id id, json_t *more)
{
	const struct room *room = rooms_find_id(s->srv->rooms, s->room_id);
	json_t *fields;

	fields = json_pack("{s:s}", "room", source_room_name(s));
	if (fields && room && room->meeting && room->meeting->id)
		(void)json_object_set_new(fields, "meeting",
					  json_integer(room->meeting->id));
	(void)json_object_set_new(fields, "source", json_integer(s->id));
	if (fields && more)
		(void)json_object_update(fields, more);
	json_decref(more);
	events_emit(s->srv->events, id, fields);
}

json_t *source_json(const struct source *s)
{
	json_t *obj;

	obj = json_pack("{s:I, s:s, s:s, s:s, s:b}",
			"source", (json_int_t)s->id,
			"room", source_room_name(s), "name", s->name,
			"url", s->url, "once", s->once);
	if (obj)
		source_run_describe(s, obj);

	return obj;
}

json_t *sources_json(const struct sources *ss, const struct room *room)
{
	json_t *arr = json_array();
	struct le *le;

	LIST_FOREACH(&ss->sourcel, le) {
		const struct source *s = le->data;

		if (!room || s->room_id == room->cfg.id)
			(void)json_array_append_new(arr, source_json(s));
	}

	return arr;
}
