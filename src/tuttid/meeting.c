/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/meeting.c -- one run of a room: its mixer and who is in it
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <re.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/thread.h"
#include "base/mixproto.h"
#include "db/meeting.h"
#include "db/party.h"
#include "media/mixer_client.h"
#include "tuttid/events.h"
#include "tuttid/layouts.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"
#include "tuttid/recording.h"
#include "tuttid/room.h"
#include "tuttid/seat.h"
#include "tuttid/server.h"
#include "tuttid/source.h"

static void meeting_destructor(void *arg)
{
	struct meeting *m = arg;

	tmr_cancel(&m->tmr_linger);
	tmr_cancel(&m->tmr_poll);
	list_unlink(&m->le);
	/* a snapshot, statistics: clients wait for them */
	mixer_requests_end(m->mc);
	mem_deref(m->mc);
	json_decref(m->late);
}

int meeting_get(struct meeting **mp, struct server *srv, struct room *room)
{
	struct meeting *m;

	if (!mp || !srv || !room)
		return EINVAL;

	if (room->meeting) {
		*mp = room->meeting;
		return 0;
	}

	m = mem_zalloc(sizeof(*m), meeting_destructor);
	if (!m)
		return ENOMEM;

	tmr_init(&m->tmr_linger);
	tmr_init(&m->tmr_poll);
	m->srv  = srv;
	m->room = room;
	str_ncpy(m->name, room->cfg.name, sizeof(m->name));
	list_append(&srv->meetingl, &m->le, m);

	room->meeting = m;
	*mp = m;

	return 0;
}

void meeting_emit(struct meeting *m, enum event_id id, json_t *more)
{
	json_t *fields;

	fields = json_pack("{s:s}", "room", m->name);
	if (fields && m->id)
		(void)json_object_set_new(fields, "meeting",
					  json_integer(m->id));
	if (fields && more)
		(void)json_object_update(fields, more);
	json_decref(more);
	events_emit(m->srv->events, id, fields);
}

struct party *meeting_party(const struct meeting *m, uint32_t id)
{
	struct le *le;

	LIST_FOREACH(&m->partyl, le) {
		struct party *p = le->data;

		if (p->id == id)
			return p;
	}

	return NULL;
}

unsigned meeting_count(const struct meeting *m, bool sources)
{
	unsigned n = 0;
	struct le *le;

	LIST_FOREACH(&m->partyl, le) {
		const struct party *p = le->data;

		n += p->state != PARTY_WAITING &&
		     (sources || !p->ticket.source);
	}

	return n;
}

bool meeting_full(const struct server *srv, const struct room *room,
		  bool host)
{
	const struct meeting *m = room->meeting;
	uint32_t max = config_u32(srv->conf, "max_parties");

	if (room->cfg.max_parties && room->cfg.max_parties < max)
		max = room->cfg.max_parties;

	return m && (host ? meeting_count(m, true)
			  : list_count(&m->partyl)) >= max;
}

static unsigned count_joined(const struct meeting *m)
{
	unsigned n = 0;
	struct le *le;

	LIST_FOREACH(&m->partyl, le) {
		const struct party *p = le->data;

		n += !p->ticket.source && p->state == PARTY_JOINED;
	}

	return n;
}

static void speaker_msg(struct meeting *m, json_t *msg)
{
	struct party *p;
	uint32_t id = 0;

	(void)json_u32(msg, "id", &id);
	m->speaker = id;
	p = meeting_party(m, id);
	meeting_emit(m, EV_SPEAKER_CHANGED,
		     p ? json_pack("{s:I, s:s}", "party", (json_int_t)id,
				   "name", p->name) : NULL);
}

static void load_msg(struct meeting *m, json_t *msg)
{
	const char *text = "";
	uint32_t step = 0;

	(void)json_u32(msg, "step", &step);
	(void)json_str(msg, "text", &text);
	m->load_step = step;
	meeting_emit(m, EV_MIXER_LOAD,
		     json_pack("{s:i, s:s}", "step", (int)step,
			       "text", text));
}

void meeting_keep_quality(struct meeting *m, uint32_t id, json_t *quality)
{
	char key[16];

	if (!m->late)
		m->late = json_object();
	if (json_object_size(m->late) >= MEETING_LATE_MAX)
		(void)json_object_clear(m->late);

	(void)re_snprintf(key, sizeof(key), "%u", id);
	(void)json_object_set_new(m->late, key, quality);
}

/* The last report about a leg comes when its party has left. */
static void late_quality(struct meeting *m, uint32_t id, json_t *msg)
{
	const char *media = "audio";
	json_t *quality;
	char key[16];

	(void)re_snprintf(key, sizeof(key), "%u", id);
	quality = json_object_get(m->late, key);
	if (!quality)
		return;

	(void)json_str(msg, "media", &media);
	(void)json_object_set_new(quality, media,
				  party_quality_copy(msg));
	(void)db_party_quality(m->srv->db, id, m->id, quality);
}

static void mixer_msg_handler(const char *name, json_t *msg, void *arg)
{
	struct meeting *m = arg;
	struct party *p;
	uint32_t id = 0;

	on_loop();

	if (!strcmp(name, MIX_SPEAKER)) {
		speaker_msg(m, msg);
		return;
	}
	if (!strcmp(name, MIX_LOAD)) {
		load_msg(m, msg);
		return;
	}
	if (!strcmp(name, MIX_ROOM_TROUBLE)) {
		meeting_room_trouble(m, msg);
		return;
	}
	if (!strcmp(name, MIX_REC_STATE)) {
		recording_mixer_msg(m, msg);
		return;
	}

	(void)json_u32(msg, "id", &id);
	p = meeting_party(m, id);
	if (p)
		party_mixer_msg(p, name, msg);
	else if (id && !strcmp(name, MIX_QUALITY))
		late_quality(m, id, msg);
}

static void status_text(char *buf, size_t size, int status)
{
	if (WIFSIGNALED(status))
		(void)re_snprintf(buf, size, "signal %d",
				  WTERMSIG(status));
	else if (WIFEXITED(status))
		(void)re_snprintf(buf, size, "exit %d",
				  WEXITSTATUS(status));
	else
		(void)re_snprintf(buf, size, "status 0x%x",
				  (unsigned)status);
}

/* Nothing that the dead one said of the legs holds any more. */
static void forget_news(struct meeting *m)
{
	struct le *le;

	m->speaker   = 0;
	m->load_step = 0;
	LIST_FOREACH(&m->partyl, le) {
		struct party *p = le->data;

		p->talking = false;
		p->picture[0] = '\0';
		party_rung_forget(p);
	}
}

static void mixer_died_handler(int status, int err, void *arg)
{
	struct meeting *m = arg;
	char reason[64];

	on_loop();
	status_text(reason, sizeof(reason), status);
	meeting_emit(m, EV_MIXER_DIED,
		     json_pack("{s:i, s:s}", "pid", (int)m->mixer_pid,
			       "reason", reason));
	m->mixer_pid = mixer_client_pid(m->mc);
	forget_news(m);
	++m->restarts;

	if (!err) {
		recording_mixer_died(m->rec);
		return;
	}

	/* one that has ended is held by its recording alone */
	mem_ref(m);
	recording_mixer_gone(m->rec, "the mixer died too often");
	meeting_end(m, "the mixer died too often");
	mem_deref(m);
}

static void mixer_reborn_handler(uint64_t gap_ms, void *arg)
{
	struct meeting *m = arg;

	on_loop();
	m->mixer_pid = mixer_client_pid(m->mc);
	meeting_emit(m, EV_MIXER_REPLACED,
		     json_pack("{s:i, s:I}", "pid",
			       (int)mixer_client_pid(m->mc), "gap_ms",
			       (json_int_t)gap_ms));
	recording_mixer_reborn(m->rec);
}

/* The mixer answers with a quality message per leg. */
static void poll_handler(void *arg)
{
	struct meeting *m = arg;

	on_loop();
	tmr_start(&m->tmr_poll, MEETING_POLL_MS, poll_handler, m);
	(void)mixer_request(m->mc, MIX_STATS, NULL, NULL, 0, NULL, NULL);
}

/* A line of tutti.conf; one that is there twice counts once. */
static int rung_handler(const char *val, void *arg)
{
	struct ladder_rung rung;
	char why[256];

	if (!ladder_parse(&rung, val, why, sizeof(why)))
		(void)ladder_add(arg, &rung);

	return 0;
}

static int start_mixer(struct meeting *m)
{
	struct video_ladder ladder = {.rungc = 0};
	struct mixer_client_cfg cfg;
	unsigned w = 1280, h = 720;

	(void)sscanf(config_str(m->srv->conf, "canvas"), "%ux%u", &w, &h);

	memset(&cfg, 0, sizeof(cfg));
	cfg.path     = mixer_client_path();
	cfg.meeting  = (uint32_t)m->id;
	cfg.room     = m->name;
	cfg.canvas_w = w;
	cfg.canvas_h = h;
	cfg.fps      = strtoul(config_str(m->srv->conf, "canvas_fps"), NULL,
			       10);
	cfg.tones    = m->room->cfg.tones;
	cfg.crop     = m->room->cfg.crop;
	cfg.layout   = m->room->cfg.layout;
	cfg.spotlights = m->spotlights;
	cfg.layouts  = layouts_files(m->srv->layouts);
	(void)config_apply(m->srv->conf, "rung", rung_handler, &ladder);
	cfg.ladder   = &ladder;
	meeting_look(m, &m->look);
	cfg.look     = m->look;

	return mixer_client_alloc(&m->mc, &cfg, mixer_msg_handler,
				  mixer_died_handler, mixer_reborn_handler, m);
}

int meeting_open(struct meeting *m)
{
	int err;

	if (!m || m->ended)
		return EINVAL;
	if (m->id)
		return 0;

	err = db_meeting_start(m->srv->db, &m->id, m->room->cfg.id, m->name,
			       clock_wall_us());
	if (err)
		return err;

	m->start_us = clock_us();
	m->start_wall_us = clock_wall_us();
	meeting_emit(m, EV_MEETING_STARTED, NULL);

	return 0;
}

int meeting_up(struct meeting *m)
{
	uint64_t recid;
	char text[160];
	int err;

	if (!m || m->ended)
		return EINVAL;
	if (m->mc)
		return 0;

	err = meeting_open(m);
	if (err)
		return err;

	err = start_mixer(m);
	if (err) {
		warning("mixer %s not started: %m\n", mixer_client_path(),
			err);
		return err;
	}

	m->mixer_pid = mixer_client_pid(m->mc);
	tmr_start(&m->tmr_poll, MEETING_POLL_MS, poll_handler, m);

	if (m->room->cfg.record &&
	    recording_start(m, false, &recid, text, sizeof(text)))
		meeting_emit(m, EV_RECORDING_FAILED,
			     json_pack("{s:s}", "text", text));

	meeting_watermark(m);
	sources_start(m->srv->sources, m);

	return 0;
}

/* Out of the room's way; what still records goes on to its end. */
static void leave_room(struct meeting *m)
{
	m->ended = true;
	tmr_cancel(&m->tmr_linger);
	tmr_cancel(&m->tmr_poll);
	if (m->room && m->room->meeting == m)
		m->room->meeting = NULL;
	m->room = NULL;
}

void meeting_end(struct meeting *m, const char *reason)
{
	if (!m || m->ended)
		return;

	leave_room(m);
	recording_stop(m->rec, reason);
	sources_stop(m->srv->sources, m);

	while (m->partyl.head)
		party_end(m->partyl.head->data, reason, 0);

	if (m->id) {
		(void)db_meeting_end(m->srv->db, m->id, clock_wall_us(),
				     m->peak, reason);
		meeting_emit(m, EV_MEETING_ENDED,
			     json_pack("{s:I, s:i, s:s}", "after_s",
				       (json_int_t)((clock_us() -
						     m->start_us) / 1000000),
				       "peak", (int)m->peak,
				       "reason", reason));
	}

	mem_deref(m);
}

static void linger_handler(void *arg)
{
	struct meeting *m = arg;

	on_loop();
	/* somebody is on the way in: his end comes by here again; who
	 * only waits at the door does not hold it up */
	if (meeting_count(m, false))
		return;

	meeting_end(m, "everybody left");
}

void meeting_check(struct meeting *m)
{
	int64_t linger_s;

	if (!m || m->ended)
		return;

	meeting_look_check(m);

	if (m->mc && count_joined(m) > m->peak) {
		m->peak = count_joined(m);
		(void)db_meeting_peak(m->srv->db, m->id, m->peak);
	}

	if (meeting_count(m, false)) {
		tmr_cancel(&m->tmr_linger);
		return;
	}

	if (!m->mc) {
		/* who waits for one to begin may; one that was is over */
		if (!m->partyl.head || m->id)
			meeting_end(m, m->id ? "everybody left"
					     : "nobody came");
		return;
	}

	linger_s = m->room->cfg.linger_s;
	if (linger_s < 0)
		linger_s = config_u32(m->srv->conf, "linger_s");
	if (!tmr_isrunning(&m->tmr_linger))
		tmr_start(&m->tmr_linger, (uint64_t)linger_s * 1000,
			  linger_handler, m);
}

void meeting_room_changed(struct meeting *m)
{
	json_t *msg;

	if (!m || !m->mc || !m->room)
		return;

	msg = json_pack("{s:b, s:s, s:s, s:o}", "tones", m->room->cfg.tones,
			"fit", m->room->cfg.crop ? "crop" : "letterbox",
			"layout", m->room->cfg.layout, "spotlights",
			pins_encode(&m->spotlights));
	meeting_look(m, &m->look);
	(void)look_encode(msg, &m->look);
	(void)mixer_request(m->mc, MIX_ROOM_SET, msg, NULL, 0, NULL, NULL);
}

void meeting_layouts(struct meeting *m)
{
	if (!m)
		return;

	if (m->mc)
		(void)mixer_client_layouts(m->mc,
					   layouts_files(m->srv->layouts));
	meeting_emit(m, EV_ROOM_LAYOUTS,
		     json_pack("{s:o, s:o}", "layouts",
			       layouts_json(m->srv->layouts, false),
			       "layout_titles",
			       layouts_json(m->srv->layouts, true)));
}

void meeting_spotlight(struct meeting *m, const struct pins *spotlights)
{
	if (!m || m->ended || pins_equal(&m->spotlights, spotlights))
		return;

	m->spotlights = *spotlights;
	meeting_room_changed(m);
	meeting_emit(m, EV_ROOM_SPOTLIGHT,
		     json_pack("{s:I, s:o}", "party",
			       (json_int_t)pins_first(spotlights),
			       "spotlights", pins_encode(spotlights)));
}

void meeting_unspotlight(struct meeting *m, uint32_t party)
{
	struct pins left = m->spotlights;

	if (pins_del(&left, party))
		meeting_spotlight(m, &left);
}

void meeting_admit_all(struct meeting *m)
{
	struct le *le = m ? m->partyl.head : NULL;

	while (le) {
		struct party *p = le->data;

		le = le->next;
		if (p->state == PARTY_WAITING)
			seat_admit(p->seat);
	}
}

void meeting_describe(const struct meeting *m, json_t *obj, bool full)
{
	struct le *le;
	json_t *arr;

	(void)json_object_set_new(obj, "meeting", m->id ?
				  json_integer(m->id) : json_null());
	(void)json_object_set_new(obj, "parties",
				  json_integer(meeting_count(m, true)));
	(void)json_object_set_new(obj, "spotlight", m->spotlights.legc ?
				  json_integer(pins_first(&m->spotlights)) :
				  json_null());
	(void)json_object_set_new(obj, "spotlights",
				  pins_encode(&m->spotlights));
	(void)json_object_set_new(obj, "recording", m->rec ?
				  json_integer(recording_id(m->rec)) :
				  json_null());
	(void)json_object_set_new(obj, "canvas_filter_out",
				  json_boolean(m->filter_bad));
	if (!full)
		return;

	arr = json_array();
	LIST_FOREACH(&m->partyl, le)
		(void)json_array_append_new(arr, party_json(le->data));
	(void)json_object_set_new(obj, "party", arr);
}
