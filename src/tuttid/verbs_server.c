/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/verbs_server.c -- server …, meeting …, event …
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <re.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mixproto.h"
#include "base/thread.h"
#include "db/db.h"
#include "db/event.h"
#include "db/meeting.h"
#include "media/mixer_client.h"
#include "media/ports.h"
#include "tuttid/control.h"
#include "tuttid/events.h"
#include "tuttid/meeting.h"
#include "tuttid/req.h"
#include "tuttid/room.h"
#include "tuttid/seat.h"
#include "tuttid/server.h"
#include "tuttid/task.h"
#include "tuttid/verbs.h"
#include "web/http.h"
#include "web/whip.h"

static void refuse(struct req *req, struct server *srv)
{
	req_fail(req, 503, "The catalogue refuses", "%s",
		 db_strerror(srv->db));
}

static uint32_t limit_of(const json_t *args, uint32_t dflt)
{
	uint32_t limit = dflt;

	(void)json_u32(args, "limit", &limit);

	return limit;
}

/* ---- meetings and events ---- */

void verb_meeting_list(struct server *srv, struct req *req,
		       const json_t *args)
{
	const char *name = NULL;
	const struct room *room;
	json_t *arr = NULL;

	/* rooms that are gone still have meetings */
	(void)json_str(args, "room", &name);
	room = rooms_find(srv->rooms, name);
	if (room)
		name = room->cfg.name;

	if (db_meeting_list(srv->db, name, limit_of(args, 100), &arr))
		refuse(req, srv);
	else
		req_ok(req, arr);
}

void verb_meeting_show(struct server *srv, struct req *req,
		       const json_t *args)
{
	json_t *obj = NULL;
	uint64_t id = 0;
	int err;

	(void)json_u64(args, "meeting", &id);
	err = db_meeting_show(srv->db, id, &obj);
	if (err == ENOENT)
		req_fail(req, 404, "No such meeting", "meeting %llu",
			 (unsigned long long)id);
	else if (err)
		refuse(req, srv);
	else
		req_ok(req, obj);
}

static void filter_of(struct server *srv, const json_t *args,
		      struct db_event_filter *filter)
{
	const struct room *room;

	memset(filter, 0, sizeof(*filter));
	(void)json_u64(args, "since", &filter->since);
	(void)json_u64(args, "meeting", &filter->meeting);
	(void)json_str(args, "room", &filter->room);
	(void)json_str(args, "name", &filter->name);
	room = rooms_find(srv->rooms, filter->room);
	if (room)
		filter->room = room->cfg.name;
}

void verb_event_list(struct server *srv, struct req *req, const json_t *args)
{
	struct db_event_filter filter;
	json_t *arr = NULL;
	size_t i;

	filter_of(srv, args, &filter);
	filter.limit = limit_of(args, 100);
	if (db_event_list(srv->db, &filter, &arr)) {
		refuse(req, srv);
		return;
	}

	for (i = json_array_size(arr); i--; ) {
		if (!events_visible(req_asker(req), json_array_get(arr, i)))
			(void)json_array_remove(arr, i);
	}
	req_ok(req, arr);
}

void verb_event_follow(struct server *srv, struct req *req,
		       const json_t *args)
{
	struct db_event_filter filter;
	int err;

	filter_of(srv, args, &filter);
	err = events_follow(srv->events, req, &filter,
			    json_object_get(args, "since") != NULL);
	if (err)
		refuse(req, srv);
}

/* ---- server ---- */

static json_t *catalogue_json(const struct server *srv)
{
	struct db_state state;
	json_t *obj;

	db_state(srv->db, &state);
	obj = json_pack("{s:b, s:I, s:i}", "trouble", state.trouble,
			"waiting", (json_int_t)state.waiting,
			"schema", (int)state.version);
	if (obj && state.trouble)
		(void)json_object_set_new(obj, "text",
					  json_string(state.text));

	return obj;
}

static void count(const struct server *srv, unsigned *meetings,
		  unsigned *parties, unsigned *recordings)
{
	struct le *le;

	*meetings = *parties = *recordings = 0;
	LIST_FOREACH(&srv->meetingl, le) {
		const struct meeting *m = le->data;

		*meetings   += m->id && !m->ended;
		*parties    += meeting_count(m, true);
		*recordings += m->rec != NULL;
	}
}

void verb_server_status(struct server *srv, struct req *req,
			const json_t *args)
{
	unsigned meetings, parties, recordings;
	const uint64_t disk = server_disk_free(srv);
	struct db_state state;
	bool well;

	(void)args;
	count(srv, &meetings, &parties, &recordings);
	db_state(srv->db, &state);
	well = !state.trouble && !server_disk_low(srv);

	req_ok(req, json_pack("{s:s, s:s, s:i, s:I, s:i, s:i, s:i, s:i, s:I,"
			      " s:o}",
			      "status", srv->closing ? "closing" :
					well ? "well" : "trouble",
			      "version", PACKAGE_VERSION,
			      "pid", (int)getpid(),
			      "uptime_s", (json_int_t)((clock_us() -
						srv->started_us) / 1000000),
			      "rooms", (int)rooms_count(srv->rooms),
			      "meetings", (int)meetings,
			      "parties", (int)parties,
			      "recordings", (int)recordings,
			      "disk_free_mib", (json_int_t)(disk >> 20),
			      "catalogue", catalogue_json(srv)));
}

static json_t *mixer_json(const struct meeting *m)
{
	char iso[32];

	return json_pack("{s:I, s:s, s:i, s:i, s:s, s:i, s:i}",
			 "meeting", (json_int_t)m->id, "room", m->name,
			 "pid", (int)mixer_client_pid(m->mc),
			 "parties", (int)meeting_count(m, true),
			 "start_time", clock_iso(iso, m->start_wall_us),
			 "restarts", (int)m->restarts,
			 "load_step", (int)m->load_step);
}

void verb_server_mixers(struct server *srv, struct req *req,
			const json_t *args)
{
	json_t *arr = json_array();
	struct le *le;

	(void)args;
	LIST_FOREACH(&srv->meetingl, le) {
		const struct meeting *m = le->data;

		if (m->mc)
			(void)json_array_append_new(arr, mixer_json(m));
	}
	req_ok(req, arr);
}

/* The mixers' own counters come by messages: one request to each, one
 * answer when the last has spoken. */
struct gather {
	struct req *req;
	json_t *result, *mixers;
};

static void gather_destructor(void *arg)
{
	struct gather *g = arg;

	(void)json_object_set(g->result, "mixers", g->mixers);
	req_ok(g->req, json_incref(g->result));
	json_decref(g->mixers);
	json_decref(g->result);
	mem_deref(g->req);
}

struct gather_one {
	struct gather *g;
	json_t *mixer;
};

static void stats_done(int err, const char *text, json_t *result, void *arg)
{
	struct gather_one *one = arg;
	json_t *stats = json_object_get(result, "stats");

	(void)text;
	on_loop();
	if (!err && stats)
		(void)json_object_set(one->mixer, "stats", stats);
	(void)json_array_append(one->g->mixers, one->mixer);
	mem_deref(one);
}

static void gather_one_destructor(void *arg)
{
	struct gather_one *one = arg;

	json_decref(one->mixer);
	mem_deref(one->g);
}

static void ask_mixer(struct gather *g, const struct meeting *m)
{
	struct gather_one *one;

	one = mem_zalloc(sizeof(*one), gather_one_destructor);
	if (!one)
		return;

	one->g     = mem_ref(g);
	one->mixer = mixer_json(m);
	if (mixer_request(m->mc, MIX_STATS, NULL, NULL, 0, stats_done, one))
		mem_deref(one);
}

static json_t *stats_json(const struct server *srv)
{
	struct db_state state;

	db_state(srv->db, &state);

	return json_pack("{s:I, s:I, s:I, s:o, s:i, s:i, s:o, s:i, s:o, s:i, s:I, s:I,"
			 " s:I, s:I}",
			 "calls_in", (json_int_t)srv->calls_in,
			 "calls_out", (json_int_t)srv->calls_out,
			 "calls_refused", (json_int_t)srv->calls_refused,
			 "capacity", capacity_json(srv),
			 "ports_free", (int)ports_free(srv->ports),
			 "control_clients",
			 (int)control_clients(srv->control),
			 "seats", seats_stats(srv->seats),
			 "sessions", (int)whip_count(srv->whip),
			 "web", web_stats(srv->web),
			 "followers", (int)events_followers(srv->events),
			 "events", (json_int_t)db_event_last(srv->db),
			 "writes_waiting", (json_int_t)state.waiting,
			 "writes_done", (json_int_t)state.written,
			 "writes_lost", (json_int_t)state.lost);
}

void verb_server_stats(struct server *srv, struct req *req,
		       const json_t *args)
{
	struct gather *g;
	struct le *le;

	(void)args;
	g = mem_zalloc(sizeof(*g), gather_destructor);
	if (!g)
		return;

	g->req    = mem_ref(req);
	g->result = stats_json(srv);
	g->mixers = json_array();
	LIST_FOREACH(&srv->meetingl, le) {
		const struct meeting *m = le->data;

		if (m->mc)
			ask_mixer(g, m);
	}
	mem_deref(g);
}

/* ---- slow ones: check and backup ---- */

static void check_handler(int err, json_t *report, void *arg)
{
	struct task *task = arg;

	on_loop();
	if (err)
		req_fail_errno(task->req, err, "Not checked");
	else
		req_ok(task->req, json_incref(report));
	mem_deref(task);
}

void verb_server_check(struct server *srv, struct req *req,
		       const json_t *args)
{
	struct db_check *check = NULL;
	struct task *task;
	int err;

	(void)args;
	err = task_alloc(&task, srv, req);
	if (err)
		return;

	err = db_check_alloc(&check, srv->db, check_handler, task);
	task->obj = check;
	if (err) {
		req_fail_errno(req, err, "Not checked");
		mem_deref(task);
	}
}

static void backup_handler(int err, const char *text, uint64_t bytes,
			   void *arg)
{
	struct task *task = arg;

	on_loop();
	if (err)
		req_fail(task->req, err == EACCES ? 403 : 500, "No backup",
			 "%s (%m)", text ? text : "", err);
	else
		task_deliver(task, json_pack("{s:s, s:I}", "file",
					     task->file, "bytes",
					     (json_int_t)bytes));
	mem_deref(task);
}

void verb_server_backup(struct server *srv, struct req *req,
			const json_t *args)
{
	struct db_backup *backup = NULL;
	const char *file = "";
	struct task *task;
	int err;

	(void)json_str(args, "file", &file);
	err = task_alloc(&task, srv, req);
	if (err)
		return;

	err = task_output(task, file, ".backup");
	if (err) {
		mem_deref(task);
		return;
	}
	err = db_backup_alloc(&backup, srv->db, task->tmp, backup_handler,
			      task);
	task->obj = backup;
	if (err) {
		req_fail_errno(req, err, "No backup");
		mem_deref(task);
	}
}
