/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/verbs_room.c -- room create, list, show, set, delete, lock, …
 */
#include <string.h>
#include <unistd.h>

#include <re.h>

#include "base/conf.h"
#include "base/json.h"
#include "base/look.h"
#include "base/mixproto.h"
#include "base/thread.h"
#include "db/watermark.h"
#include "media/mixer_client.h"
#include "tuttid/events.h"
#include "tuttid/filter_check.h"
#include "tuttid/meeting.h"
#include "tuttid/req.h"
#include "tuttid/room.h"
#include "tuttid/server.h"
#include "tuttid/source.h"
#include "tuttid/verbs.h"

static json_t *room_json(struct server *srv, const struct room *room,
			 bool full)
{
	json_t *obj = db_room_json(&room->cfg);

	if (!obj)
		return NULL;

	if (room->meeting)
		meeting_describe(room->meeting, obj, full);
	else if (full)
		(void)json_object_set_new(obj, "party", json_array());
	if (full) {
		(void)json_object_set_new(obj, "source",
					  sources_json(srv->sources, room));
		(void)json_object_set_new(obj, "watermark", json_boolean(
				!db_watermark_get(srv->db, room->cfg.id,
						  NULL)));
	}

	return obj;
}

static void room_event(struct server *srv, enum event_id id,
		       const struct room *room, json_t *more)
{
	json_t *fields = json_pack("{s:s}", "room", room->cfg.name);

	if (fields && more)
		(void)json_object_update(fields, more);
	json_decref(more);
	events_emit(srv->events, id, fields);
}

/* What the catalogue refused, in HTTP's words */
static void refuse(struct req *req, struct server *srv, int err,
		   const char *text)
{
	if (err == EEXIST)
		req_fail(req, 409, "Already there", "%s", text);
	else if (err == EINVAL)
		req_fail(req, 400, "Bad argument", "%s", text);
	else if (err == ENOENT)
		req_fail(req, 404, "No such room", NULL);
	else
		req_fail(req, 503, "The catalogue refuses", "%s",
			 db_strerror(srv->db));
}

static void create(struct server *srv, struct req *req, const json_t *args)
{
	char text[256] = "";
	struct room *room;
	struct db_room cfg;
	const char *name = "";
	int err;

	(void)json_str(args, "room", &name);
	if (rooms_count(srv->rooms) >= config_u32(srv->conf, "max_rooms")) {
		req_fail(req, 409, "Too many rooms", "max_rooms is %u",
			 config_u32(srv->conf, "max_rooms"));
		return;
	}

	err = db_room_init(&cfg, name, text, sizeof(text));
	if (!err)
		err = db_room_args(&cfg, args, NULL, 0, text, sizeof(text));
	if (!err)
		err = room_add(&room, srv->rooms, &cfg, text, sizeof(text));
	if (err) {
		refuse(req, srv, err, text);
		return;
	}

	room_event(srv, EV_ROOM_CREATED, room,
		   json_pack("{s:s}", "dial", room->cfg.number));
	req_ok(req, room_json(srv, room, true));
}

void verb_room_create(struct server *srv, struct req *req,
		      const json_t *args)
{
	filter_check(srv, req, args, create);
}

struct listing {
	struct server *srv;
	json_t *arr;
	uint64_t only;            /* room; 0: all                         */
};

static void list_handler(struct room *room, void *arg)
{
	struct listing *l = arg;

	if (!l->only || room->cfg.id == l->only)
		(void)json_array_append_new(l->arr, room_json(l->srv, room,
							      false));
}

void verb_room_list(struct server *srv, struct req *req, const json_t *args)
{
	struct listing l = {srv, json_array(), req_asker(req)->room};

	(void)args;
	rooms_apply(srv->rooms, list_handler, &l);
	req_ok(req, l.arr);
}

void verb_room_show(struct server *srv, struct req *req, const json_t *args)
{
	struct room *room = verbs_room(srv, req, args);

	if (room)
		req_ok(req, room_json(srv, room, true));
}

int verbs_room_change(struct server *srv, struct room *room,
		      const struct db_room *cfg, const char *changed,
		      char *errbuf, size_t errsz)
{
	int err = room_update(room, cfg, srv->rooms, errbuf, errsz);

	if (err)
		return err;
	meeting_room_changed(room->meeting);
	room_event(srv, EV_ROOM_CHANGED, room,
		   json_pack("{s:s}", "changed", changed));

	return 0;
}

/* A filter that was taken out is tried anew when it is set, also the same. */
static bool filter_again(struct room *room, const json_t *args)
{
	struct meeting *m = room->meeting;

	if (!m || !m->filter_bad || !json_object_get(args, "canvas_filter"))
		return false;
	m->filter_bad = false;

	return true;
}

static void set(struct server *srv, struct req *req, const json_t *args)
{
	struct room *room = verbs_room(srv, req, args);
	char text[256] = "", changed[256] = "";
	struct db_room cfg;
	bool again;
	int err;

	if (!room)
		return;

	cfg = room->cfg;
	err = db_room_args(&cfg, args, changed, sizeof(changed), text,
			   sizeof(text));
	again = !err && filter_again(room, args);
	if (!err && changed[0])
		err = verbs_room_change(srv, room, &cfg, changed, text,
					sizeof(text));
	else if (again)
		meeting_room_changed(room->meeting);
	if (err)
		refuse(req, srv, err, text);
	else
		req_ok(req, room_json(srv, room, true));
}

void verb_room_set(struct server *srv, struct req *req, const json_t *args)
{
	filter_check(srv, req, args, set);
}

/* What a host may set of his room. */
void verb_room_layout(struct server *srv, struct req *req,
		      const json_t *args)
{
	verb_room_set(srv, req, args);
}

void verb_room_delete(struct server *srv, struct req *req,
		      const json_t *args)
{
	struct room *room = verbs_room(srv, req, args);
	bool force = false;
	json_t *fields;
	uint64_t id;
	int err;

	if (!room)
		return;

	(void)json_flag(args, "force", &force);
	if (room->meeting && !force) {
		req_fail(req, 409, "A meeting runs in it",
			 "end it first, or --force");
		return;
	}
	if (room->meeting)
		meeting_end(room->meeting, "room deleted");

	id = room->cfg.id;
	fields = json_pack("{s:s}", "room", room->cfg.name);
	err = room_del(room, srv->rooms);
	if (err) {
		json_decref(fields);
		refuse(req, srv, err, "");
		return;
	}

	sources_room_gone(srv->sources, id);
	events_emit(srv->events, EV_ROOM_DELETED, fields);
	req_ok(req, NULL);
}

static void lock(struct server *srv, struct req *req, const json_t *args,
		 bool on)
{
	struct room *room = verbs_room(srv, req, args);
	char text[256] = "";
	struct db_room cfg;
	int err;

	if (!room)
		return;

	if (room->cfg.locked != on) {
		cfg = room->cfg;
		cfg.locked = on;
		err = room_update(room, &cfg, srv->rooms, text,
				  sizeof(text));
		if (err) {
			refuse(req, srv, err, text);
			return;
		}
		meeting_room_changed(room->meeting);
		room_event(srv, on ? EV_ROOM_LOCKED : EV_ROOM_UNLOCKED, room,
			   NULL);
		if (!on)
			meeting_admit_all(room->meeting);
	}
	req_ok(req, room_json(srv, room, false));
}

void verb_room_lock(struct server *srv, struct req *req, const json_t *args)
{
	lock(srv, req, args, true);
}

void verb_room_unlock(struct server *srv, struct req *req,
		      const json_t *args)
{
	lock(srv, req, args, false);
}

void verb_room_end(struct server *srv, struct req *req, const json_t *args)
{
	struct meeting *m = verbs_meeting(srv, req, args);

	if (!m)
		return;

	meeting_end(m, "ended by host");
	req_ok(req, NULL);
}

/* Kept as it came: base64 of a PNG that has been looked at. */
void verb_room_watermark(struct server *srv, struct req *req,
			 const json_t *args)
{
	struct room *room = verbs_room(srv, req, args);
	uint8_t *buf = NULL;
	const char *text = NULL, *bad = NULL;
	size_t size = LOOK_IMAGE_MAX + 4;
	int err;

	if (!room)
		return;

	(void)json_str(args, "image", &text);
	if (text) {
		buf = mem_alloc(size, NULL);
		if (!buf || base64_decode(text, strlen(text), buf, &size))
			bad = "not in base64, or too large";
		else
			bad = look_image_check(buf, size);
		mem_deref(buf);
	}
	if (bad) {
		req_fail(req, 400, "Bad argument", "image: %s", bad);
		return;
	}

	err = db_watermark_set(srv->db, room->cfg.id, text);
	if (err) {
		refuse(req, srv, err, "");
		return;
	}
	meeting_watermark(room->meeting);
	room_event(srv, EV_ROOM_CHANGED, room,
		   json_pack("{s:s}", "changed", "watermark"));
	req_ok(req, room_json(srv, room, true));
}

static void snapshot_done(int err, const char *text, json_t *result,
			  void *arg)
{
	struct req *req = arg;

	(void)result;
	on_loop();
	if (err)
		req_fail(req, 503, "No snapshot", "%s (%m)",
			 text ? text : "", err);
	else
		req_ok(req, NULL);
	mem_deref(req);
}

void verb_room_snapshot(struct server *srv, struct req *req,
			const json_t *args)
{
	struct meeting *m = verbs_meeting(srv, req, args);
	const char *file = "";
	int fd, err;

	if (!m)
		return;
	if (!m->mc) {
		req_fail(req, 409, "No meeting", "nobody has answered yet");
		return;
	}

	(void)json_str(args, "file", &file);
	if (req_open(req, file, &fd))
		return;

	err = mixer_request(m->mc, MIX_SNAPSHOT, NULL, &fd, 1, snapshot_done,
			    mem_ref(req));
	(void)close(fd);
	if (err) {
		req_fail_errno(req, err, "No snapshot");
		mem_deref(req);
	}
}
