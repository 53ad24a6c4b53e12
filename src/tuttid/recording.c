/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/recording.c -- a meeting's recording, from start to stop
 *
 * What comes after (checksums) is in recording_hash.c.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <re.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/thread.h"
#include "base/mixproto.h"
#include "db/recording.h"
#include "media/mixer_client.h"
#include "tuttid/events.h"
#include "tuttid/meeting.h"
#include "tuttid/recording.h"
#include "tuttid/recording_hash.h"
#include "tuttid/req.h"
#include "tuttid/server.h"

enum { PROGRESS_TICKS = 5, FILE_MAX = 160, PATH_BUF = 1024 };

struct recording {
	struct meeting *m;        /* strong                               */
	uint64_t id;
	char base[FILE_MAX];      /* "demo-20261122T0934Z-12"             */
	unsigned segment;         /* the one being written, from 1        */
	bool open;                /* it has a file that is not closed     */
	bool paused;
	bool stopping;            /* waits for the mixer to close it      */
	bool thumb;               /* taken                                */
	bool thumb_pending;       /* asked for                            */
	uint64_t seg_start_us;    /* monotonic                            */
	uint64_t seg_paused_us;   /* sum of the pauses in it              */
	uint64_t pause_us;        /* since, 0: not paused                 */
	unsigned ticks;
	struct tmr tmr_watch, tmr_stop;
	char reason[128];
	bool failed;
	struct req *req;          /* who stopped it waits; or NULL        */
};

static void recording_destructor(void *arg)
{
	struct recording *rec = arg;

	tmr_cancel(&rec->tmr_watch);
	tmr_cancel(&rec->tmr_stop);
	mem_deref(rec->req);
	if (rec->m && rec->m->rec == rec) {
		rec->m->rec = NULL;
		meeting_look_check(rec->m);
	}
	mem_deref(rec->m);
}

static void rec_emit(struct recording *rec, enum event_id id, json_t *more)
{
	json_t *fields = json_pack("{s:I}", "recording",
				   (json_int_t)rec->id);

	if (fields && more)
		(void)json_object_update(fields, more);
	json_decref(more);
	meeting_emit(rec->m, id, fields);
}

static void seg_file(const struct recording *rec, char *buf, size_t size)
{
	(void)re_snprintf(buf, size, "%s-%u.mkv", rec->base, rec->segment);
}

static int seg_path(const struct recording *rec, char *buf, size_t size)
{
	char file[FILE_MAX + 16];

	seg_file(rec, file, sizeof(file));

	return server_rec_path(rec->m->srv, file, buf, size);
}

uint64_t recording_id(const struct recording *rec)
{
	return rec ? rec->id : 0;
}

bool recording_paused(const struct recording *rec)
{
	return rec && rec->paused;
}

uint64_t recording_bytes(const struct recording *rec)
{
	char path[PATH_BUF];
	struct stat st;

	if (!rec || !rec->open || seg_path(rec, path, sizeof(path)) ||
	    stat(path, &st))
		return 0;

	return st.st_size;
}

static uint64_t seg_duration_ms(const struct recording *rec)
{
	const uint64_t now = clock_us();
	uint64_t us = now - rec->seg_start_us - rec->seg_paused_us;

	if (rec->pause_us)
		us -= now - rec->pause_us;

	return us / 1000;
}

void recording_describe(const struct recording *rec, json_t *obj)
{
	uint64_t ms = 0, bytes = 0;

	/* the row has the sums of the segments that ended */
	(void)json_u64(obj, "duration_ms", &ms);
	(void)json_u64(obj, "bytes", &bytes);
	if (!rec->open)
		return;

	(void)json_object_set_new(obj, "duration_ms", json_integer(
		(json_int_t)(ms + seg_duration_ms(rec))));
	(void)json_object_set_new(obj, "bytes", json_integer(
		(json_int_t)(bytes + recording_bytes(rec))));
}

static void seg_end(struct recording *rec, uint64_t duration_ms,
		    uint64_t bytes)
{
	if (!rec->open)
		return;

	rec->open = false;
	(void)db_segment_end(rec->m->srv->db, rec->id, rec->segment,
			     clock_wall_us(), duration_ms, bytes);
}

/* A picture that nobody has finished is no picture. */
static void drop_thumb(struct recording *rec)
{
	char file[FILE_MAX + 16], path[PATH_BUF];

	if (!rec->thumb_pending)
		return;

	rec->thumb_pending = false;
	(void)re_snprintf(file, sizeof(file), "%s.jpg", rec->base);
	if (!server_rec_path(rec->m->srv, file, path, sizeof(path)))
		(void)unlink(path);
}

/* The end, in the catalogue and here; rec is gone. */
static void finish(struct recording *rec)
{
	struct server *srv = rec->m->srv;
	json_t *obj = NULL;
	uint64_t ms = 0, bytes = 0;

	drop_thumb(rec);
	seg_end(rec, seg_duration_ms(rec), recording_bytes(rec));
	(void)db_recording_stop(srv->db, rec->id,
				rec->failed ? "failed" : "complete",
				clock_wall_us(), rec->reason);

	if (!db_recording_show(srv->db, rec->id, &obj)) {
		(void)json_u64(obj, "duration_ms", &ms);
		(void)json_u64(obj, "bytes", &bytes);
	}
	req_ok(rec->req, obj);
	rec_emit(rec, EV_RECORDING_STOPPED,
		 json_pack("{s:I, s:I}", "duration_ms", (json_int_t)ms,
			   "bytes", (json_int_t)bytes));
	recording_hash(srv, rec->id);
	mem_deref(rec);
}

static void fail(struct recording *rec, const char *text)
{
	rec->failed = true;
	str_ncpy(rec->reason, text, sizeof(rec->reason));
	rec_emit(rec, EV_RECORDING_FAILED, json_pack("{s:s}", "text", text));
	finish(rec);
}

/* The answers' handlers get the meeting: it outlives its mixer_client, and
 * a recording that has ended meanwhile is simply not there. */
static void start_done(int err, const char *text, json_t *result, void *arg)
{
	struct meeting *m = arg;
	char buf[160];

	(void)result;
	on_loop();
	if (!m->rec || !err || err == ECONNRESET)
		return;

	(void)re_snprintf(buf, sizeof(buf), "%s (%m)",
			  text && *text ? text : "not started", err);
	seg_end(m->rec, 0, 0);
	fail(m->rec, buf);
}

/* Opens the next file and has the mixer write into it. */
static int seg_start(struct recording *rec)
{
	char file[FILE_MAX + 16], path[PATH_BUF];
	int fd, err;

	++rec->segment;
	seg_file(rec, file, sizeof(file));
	err = seg_path(rec, path, sizeof(path));
	if (err)
		return err;

	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd < 0)
		return errno;

	rec->seg_start_us  = clock_us();
	rec->seg_paused_us = 0;
	rec->pause_us      = 0;

	err = mixer_request(rec->m->mc, MIX_REC_START,
			    json_pack("{s:I, s:i, s:b}", "rec",
				      (json_int_t)rec->id, "segment",
				      (int)rec->segment, "announce",
				      rec->segment == 1),
			    &fd, 1, start_done, rec->m);
	if (err)
		goto out;

	rec->open = true;
	(void)db_segment_start(rec->m->srv->db, rec->id, rec->segment, file,
			       clock_wall_us());

 out:
	(void)close(fd);
	if (err)
		(void)unlink(path);

	return err;
}

static void send_stop(struct recording *rec)
{
	if (mixer_request(rec->m->mc, MIX_REC_STOP,
			  json_pack("{s:I}", "rec", (json_int_t)rec->id),
			  NULL, 0, NULL, NULL))
		finish(rec);
}

static void thumb_done(int err, const char *text, json_t *result, void *arg)
{
	struct meeting *m = arg;
	struct recording *rec = m->rec;
	char file[FILE_MAX + 16];

	(void)text;
	(void)result;
	on_loop();
	if (!rec || !rec->thumb_pending)
		return;

	if (err) {
		drop_thumb(rec);
	}
	else {
		rec->thumb_pending = false;
		rec->thumb = true;
		(void)re_snprintf(file, sizeof(file), "%s.jpg", rec->base);
		(void)db_recording_thumbnail(m->srv->db, rec->id, file);
	}

	if (rec->stopping)
		send_stop(rec);
}

static void take_thumb(struct recording *rec)
{
	char file[FILE_MAX + 16], path[PATH_BUF];
	int fd;

	if (rec->thumb || rec->thumb_pending)
		return;

	(void)re_snprintf(file, sizeof(file), "%s.jpg", rec->base);
	if (server_rec_path(rec->m->srv, file, path, sizeof(path)))
		return;
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (fd < 0)
		return;

	rec->thumb_pending = !mixer_request(rec->m->mc, MIX_THUMB, NULL, &fd,
					    1, thumb_done, rec->m);
	(void)close(fd);
	if (!rec->thumb_pending)
		(void)unlink(path);
}

static void watch_handler(void *arg)
{
	struct recording *rec = arg;

	on_loop();
	tmr_start(&rec->tmr_watch, SERVER_DISK_CHECK_MS, watch_handler, rec);
	++rec->ticks;

	if (rec->ticks * SERVER_DISK_CHECK_MS >= RECORDING_THUMB_MS)
		take_thumb(rec);
	if (rec->open && rec->ticks % PROGRESS_TICKS == 0)
		(void)db_segment_progress(rec->m->srv->db, rec->id,
					  rec->segment, seg_duration_ms(rec),
					  recording_bytes(rec));

	if (!rec->stopping && server_disk_low(rec->m->srv)) {
		rec_emit(rec, EV_RECORDING_FAILED,
			 json_pack("{s:s}", "text", "disk nearly full: "
				   "the recording is stopped"));
		recording_stop(rec, "disk nearly full");
	}
}

/* Names sort by time and say where they are from. */
static void make_base(struct recording *rec)
{
	const time_t now = clock_wall_us() / 1000000;
	char stamp[32];
	struct tm tm;

	(void)gmtime_r(&now, &tm);
	(void)strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	(void)re_snprintf(rec->base, sizeof(rec->base), "%s-%s-%llu",
			  rec->m->name, stamp, (unsigned long long)rec->id);
}

int recording_start(struct meeting *m, bool by_hand, uint64_t *idp,
		    char *errbuf, size_t errsz)
{
	struct recording *rec;
	int err;

	if (m->rec) {
		(void)re_snprintf(errbuf, errsz, "recording %llu runs",
				  (unsigned long long)m->rec->id);
		return EALREADY;
	}
	if (server_disk_low(m->srv)) {
		(void)re_snprintf(errbuf, errsz, "disk nearly full");
		return ENOSPC;
	}

	rec = mem_zalloc(sizeof(*rec), recording_destructor);
	if (!rec)
		return ENOMEM;
	tmr_init(&rec->tmr_watch);
	tmr_init(&rec->tmr_stop);
	rec->m = mem_ref(m);

	err = db_recording_start(m->srv->db, &rec->id, m->id, m->name,
				 clock_wall_us(), by_hand);
	if (err) {
		(void)re_snprintf(errbuf, errsz, "catalogue: %s",
				  db_strerror(m->srv->db));
		mem_deref(rec);
		return err;
	}

	make_base(rec);
	m->rec = rec;
	meeting_look_check(m);
	err = seg_start(rec);
	if (err) {
		(void)re_snprintf(errbuf, errsz, "file not opened: %m", err);
		(void)db_recording_stop(m->srv->db, rec->id, "failed",
					clock_wall_us(), errbuf);
		mem_deref(rec);
		return err;
	}

	if (idp)
		*idp = rec->id;
	rec_emit(rec, EV_RECORDING_STARTED, NULL);
	tmr_start(&rec->tmr_watch, SERVER_DISK_CHECK_MS, watch_handler, rec);

	return 0;
}

static void stop_timeout(void *arg)
{
	struct recording *rec = arg;

	on_loop();
	warning("recording %llu not closed by the mixer\n",
		(unsigned long long)rec->id);
	finish(rec);
}

void recording_stop_for(struct recording *rec, struct req *req)
{
	if (rec->stopping) {
		req_fail(req, 409, "Being stopped already", NULL);
		return;
	}

	rec->req = mem_ref(req);
	recording_stop(rec, "stopped");
}

void recording_stop(struct recording *rec, const char *reason)
{
	if (!rec || rec->stopping)
		return;

	str_ncpy(rec->reason, reason ? reason : "", sizeof(rec->reason));
	rec->stopping = true;
	tmr_cancel(&rec->tmr_watch);

	if (!rec->open) {
		finish(rec);
		return;
	}

	/* a short one has no picture yet: thumb_done goes on */
	tmr_start(&rec->tmr_stop, RECORDING_STOP_MS, stop_timeout, rec);
	take_thumb(rec);
	if (!rec->thumb_pending)
		send_stop(rec);
}

int recording_pause(struct recording *rec, bool on)
{
	int err;

	if (!rec || rec->stopping)
		return ENOENT;
	if (rec->paused == on)
		return EALREADY;

	err = rec->open ? mixer_request(rec->m->mc, on ? MIX_REC_PAUSE
						       : MIX_REC_RESUME,
					json_pack("{s:I}", "rec",
						  (json_int_t)rec->id),
					NULL, 0, NULL, NULL) : 0;
	if (err)
		return err;

	rec->paused = on;
	if (on) {
		rec->pause_us = clock_us();
	}
	else {
		rec->seg_paused_us += clock_us() - rec->pause_us;
		rec->pause_us = 0;
	}
	(void)db_recording_state(rec->m->srv->db, rec->id,
				 on ? "paused" : "recording");
	rec_emit(rec, on ? EV_RECORDING_PAUSED : EV_RECORDING_RESUMED, NULL);

	return 0;
}

void recording_mixer_msg(struct meeting *m, json_t *msg)
{
	const char *state = "", *text = "";
	uint64_t id = 0, ms = 0, bytes = 0;
	struct recording *rec;
	uint32_t segment = 0;

	(void)json_u64(msg, "rec", &id);
	(void)json_u32(msg, "segment", &segment);
	(void)json_str(msg, "state", &state);
	(void)json_str(msg, "text", &text);
	(void)json_u64(msg, "duration_ms", &ms);
	(void)json_u64(msg, "bytes", &bytes);

	rec = m->rec;
	if (!rec || rec->id != id || rec->segment != segment)
		return;

	if (!strcmp(state, "failed")) {
		seg_end(rec, ms, bytes);
		fail(rec, text);
	}
	else if (!strcmp(state, "closed")) {
		seg_end(rec, ms, bytes);
		finish(rec);
	}
	else if (!strcmp(state, "open") && text[0]) {
		/* it goes on, but not everything was written */
		rec_emit(rec, EV_RECORDING_FAILED,
			 json_pack("{s:s}", "text", text));
	}
}

void recording_mixer_died(struct recording *rec)
{
	if (!rec)
		return;

	/* all but the last second is in the file */
	seg_end(rec, seg_duration_ms(rec), recording_bytes(rec));
	if (rec->stopping)
		finish(rec);
}

void recording_mixer_reborn(struct recording *rec)
{
	char text[128];
	bool paused;
	int err;

	if (!rec || rec->open || rec->stopping)
		return;

	paused = rec->paused;
	err = seg_start(rec);
	if (err) {
		(void)re_snprintf(text, sizeof(text),
				  "no file for the next segment: %m", err);
		fail(rec, text);
		return;
	}
	if (paused) {
		(void)mixer_request(rec->m->mc, MIX_REC_PAUSE,
				    json_pack("{s:I}", "rec",
					      (json_int_t)rec->id),
				    NULL, 0, NULL, NULL);
		rec->pause_us = clock_us();
	}
}

void recording_mixer_gone(struct recording *rec, const char *text)
{
	if (!rec)
		return;

	seg_end(rec, seg_duration_ms(rec), recording_bytes(rec));
	fail(rec, text);
}

void recording_give_up(struct recording *rec)
{
	if (rec)
		finish(rec);
}
