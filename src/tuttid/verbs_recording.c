/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/verbs_recording.c -- recording start, stop, …, export, delete
 */
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <re.h>

#include "base/json.h"
#include "base/log.h"
#include "base/thread.h"
#include "db/recording.h"
#include "tuttid/child.h"
#include "tuttid/events.h"
#include "tuttid/meeting.h"
#include "tuttid/recording.h"
#include "tuttid/req.h"
#include "tuttid/room.h"
#include "tuttid/server.h"
#include "tuttid/task.h"
#include "tuttid/verbs.h"

enum { SEGMENTS_MAX = 1024, PATH_BUF = 1024 };

static void refuse(struct req *req, struct server *srv, int err, uint64_t id)
{
	if (err == ENOENT)
		req_fail(req, 404, "No such recording", "recording %llu",
			 (unsigned long long)id);
	else if (err == EBUSY)
		req_fail(req, 409, "It is being recorded", "stop it first");
	else
		req_fail(req, 503, "The catalogue refuses", "%s",
			 db_strerror(srv->db));
}

/* A row of one that runs is behind. */
static void freshen(const struct server *srv, json_t *obj)
{
	uint64_t id = 0;
	struct le *le;

	(void)json_u64(obj, "recording", &id);
	LIST_FOREACH(&srv->meetingl, le) {
		const struct meeting *m = le->data;

		if (m->rec && recording_id(m->rec) == id)
			recording_describe(m->rec, obj);
	}
}

static void answer(struct server *srv, struct req *req, uint64_t id)
{
	json_t *obj = NULL;

	if (db_recording_show(srv->db, id, &obj))
		obj = json_pack("{s:I}", "recording", (json_int_t)id);
	req_ok(req, obj);
}

void verb_recording_start(struct server *srv, struct req *req,
			  const json_t *args)
{
	struct meeting *m = verbs_meeting(srv, req, args);
	char text[256] = "";
	uint64_t id = 0;
	int err;

	if (!m)
		return;
	if (!m->mc) {
		req_fail(req, 409, "No meeting", "nobody has answered yet");
		return;
	}

	err = recording_start(m, true, &id, text, sizeof(text));
	if (err == EALREADY)
		req_fail(req, 409, "Already recording", "%s", text);
	else if (err)
		req_fail(req, err == ENOSPC ? 507 : 503, "Not recorded",
			 "%s", text);
	else
		answer(srv, req, id);
}

/* The recording of the room's meeting, or NULL after req_fail() */
static struct recording *current(struct server *srv, struct req *req,
				 const json_t *args)
{
	struct meeting *m = verbs_meeting(srv, req, args);

	if (!m)
		return NULL;
	if (!m->rec)
		req_fail(req, 409, "Not recording", "room \"%s\"", m->name);

	return m->rec;
}

void verb_recording_stop(struct server *srv, struct req *req,
			 const json_t *args)
{
	struct recording *rec = current(srv, req, args);

	if (!rec)
		return;

	/* answered when the file is closed and the row complete */
	recording_stop_for(rec, req);
}

static void pause_rec(struct server *srv, struct req *req,
		      const json_t *args, bool on)
{
	struct recording *rec = current(srv, req, args);
	int err;

	if (!rec)
		return;

	err = recording_pause(rec, on);
	if (err == EALREADY)
		req_fail(req, 409, on ? "Paused already" : "Not paused",
			 NULL);
	else if (err)
		req_fail_errno(req, err, on ? "Not paused" : "Not resumed");
	else
		answer(srv, req, recording_id(rec));
}

void verb_recording_pause(struct server *srv, struct req *req,
			  const json_t *args)
{
	pause_rec(srv, req, args, true);
}

void verb_recording_resume(struct server *srv, struct req *req,
			   const json_t *args)
{
	pause_rec(srv, req, args, false);
}

void verb_recording_list(struct server *srv, struct req *req,
			 const json_t *args)
{
	const char *name = NULL;
	const struct room *room;
	uint32_t limit = 100;
	json_t *arr = NULL, *obj;
	size_t i;

	/* rooms that are gone still have recordings */
	(void)json_str(args, "room", &name);
	(void)json_u32(args, "limit", &limit);
	room = rooms_find(srv->rooms, name);
	if (room)
		name = room->cfg.name;

	if (db_recording_list(srv->db, name, limit, &arr))
		refuse(req, srv, EIO, 0);
	else {
		json_array_foreach(arr, i, obj)
			freshen(srv, obj);
		req_ok(req, arr);
	}
}

void verb_recording_show(struct server *srv, struct req *req,
			 const json_t *args)
{
	json_t *obj = NULL;
	uint64_t id = 0;
	int err;

	(void)json_u64(args, "recording", &id);
	err = db_recording_show(srv->db, id, &obj);
	if (err)
		refuse(req, srv, err, id);
	else {
		freshen(srv, obj);
		req_ok(req, obj);
	}
}

/* ---- delete ---- */

static void unlink_file(const struct server *srv, const char *file)
{
	char path[PATH_BUF];

	if (server_rec_path(srv, file, path, sizeof(path)))
		return;
	if (unlink(path) && errno != ENOENT)
		warning("recording file %s not removed: %m\n", path, errno);
}

void verb_recording_delete(struct server *srv, struct req *req,
			   const json_t *args)
{
	const char *path, *room = "";
	json_t *obj = NULL, *seg;
	uint64_t id = 0, meeting = 0;
	size_t i;
	int err;

	(void)json_u64(args, "recording", &id);
	err = db_recording_show(srv->db, id, &obj);
	if (!err)
		err = db_recording_del(srv->db, id);
	if (err) {
		refuse(req, srv, err, id);
		goto out;
	}

	json_array_foreach(json_object_get(obj, "segment"), i, seg) {
		if (!json_str(seg, "path", &path))
			unlink_file(srv, path);
	}
	if (!json_str(obj, "thumbnail", &path))
		unlink_file(srv, path);

	(void)json_str(obj, "room", &room);
	(void)json_u64(obj, "meeting", &meeting);
	events_emit(srv->events, EV_RECORDING_DELETED,
		    json_pack("{s:s, s:I, s:I}", "room", room, "meeting",
			      (json_int_t)meeting, "recording",
			      (json_int_t)id));
	req_ok(req, NULL);

 out:
	json_decref(obj);
}

/* ---- export: tutti-remux OUT IN… ---- */

static void export_line(const char *line, void *arg)
{
	struct task *task = arg;

	on_loop();
	str_ncpy(task->text, line, sizeof(task->text));
}

static void export_exit(int status, void *arg)
{
	struct task *task = arg;
	const char *room = "";
	json_t *obj = NULL;
	struct stat st;

	on_loop();
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		(void)unlink(task->tmp);
		req_fail(task->req, 500, "Not exported", "%s", task->text);
		goto out;
	}

	memset(&st, 0, sizeof(st));
	(void)stat(task->tmp, &st);
	(void)db_recording_show(task->srv->db, task->id, &obj);
	(void)json_str(obj, "room", &room);
	events_emit(task->srv->events, EV_RECORDING_EXPORTED,
		    json_pack("{s:s, s:I, s:s, s:I}", "room", room,
			      "recording", (json_int_t)task->id,
			      "file", task->file, "bytes",
			      (json_int_t)st.st_size));
	task_deliver(task, json_pack("{s:I, s:s, s:I}", "recording",
				     (json_int_t)task->id, "file",
				     task->file, "bytes",
				     (json_int_t)st.st_size));
	json_decref(obj);

 out:
	mem_deref(task);
}

/* argv's strings after the fixed ones are malloc'd */
static int make_argv(const struct task *task, const json_t *segments,
		     const char **argv, size_t *argcp)
{
	char path[PATH_BUF];
	const char *file;
	json_t *seg;
	size_t i, n = *argcp;
	int err = 0;

	json_array_foreach((json_t *)(uintptr_t)segments, i, seg) {
		struct stat st;

		if (n > SEGMENTS_MAX || json_str(seg, "path", &file))
			return EBADMSG;
		err = server_rec_path(task->srv, file, path, sizeof(path));
		if (err)
			return err;

		/* one that the mixer died before it wrote anything */
		if (stat(path, &st) || !st.st_size)
			continue;
		argv[n] = strdup(path);
		if (!argv[n])
			return ENOMEM;
		*argcp = ++n;
	}
	argv[n] = NULL;

	return n > 2 ? 0 : ENOENT;
}

static int start_export(struct task *task, const json_t *rec)
{
	const char **argv;
	char path[512];
	struct child *child = NULL;
	size_t i, argc = 2;
	int err;

	argv = mem_zalloc((SEGMENTS_MAX + 4) * sizeof(*argv), NULL);
	if (!argv)
		return ENOMEM;

	argv[0] = "tutti-remux";
	argv[1] = task->tmp;
	err = make_argv(task, json_object_get(rec, "segment"), argv, &argc);
	if (!err)
		err = child_path(path, sizeof(path), "tutti-remux");
	if (!err)
		err = child_spawn(&child, path, argv, NULL, 0, true,
				  export_line, export_exit, task);
	task->obj = child;

	for (i = 2; i < argc; i++)
		free((void *)(uintptr_t)argv[i]);
	mem_deref(argv);

	return err;
}

void verb_recording_export(struct server *srv, struct req *req,
			   const json_t *args)
{
	const char *file = "", *state = "";
	struct task *task = NULL;
	json_t *obj = NULL;
	uint64_t id = 0;
	int err;

	(void)json_u64(args, "recording", &id);
	(void)json_str(args, "file", &file);
	err = db_recording_show(srv->db, id, &obj);
	if (err) {
		refuse(req, srv, err, id);
		return;
	}

	(void)json_str(obj, "state", &state);
	if (!strcmp(state, "recording") || !strcmp(state, "paused")) {
		refuse(req, srv, EBUSY, id);
		goto out;
	}
	if (task_alloc(&task, srv, req))
		goto out;
	task->id = id;
	if (task_output(task, file, ".mp4")) {
		mem_deref(task);
		goto out;
	}

	err = start_export(task, obj);
	if (err) {
		req_fail_errno(req, err, err == ENOENT ?
			       "Nothing was recorded" : "Not exported");
		mem_deref(task);
	}

 out:
	json_decref(obj);
}
