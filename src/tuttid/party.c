/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/party.c -- one participant: its place in the meeting and its leg
 *
 * What is special about SIP is in party_sip.c, about browsers in
 * party_web.c and seat.c, about sources in source.c; what a party does with
 * its place (hand, layout, name) in party_do.c.
 */
#include <string.h>

#include <re.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mixproto.h"
#include "db/party.h"
#include "media/mixer_client.h"
#include "media/ports.h"
#include "media/sdp.h"
#include "sip/call.h"
#include "tuttid/events.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"
#include "tuttid/room.h"
#include "tuttid/seat.h"
#include "tuttid/server.h"
#include "tuttid/source.h"

enum { Q_AUDIO = 0, Q_VIDEO = 1 };

static void party_destructor(void *arg)
{
	struct party *p = arg;

	tmr_cancel(&p->tmr_ring);
	list_unlink(&p->le);
	mem_deref(p->leg);
	mem_deref(p->call);
	mem_deref(p->sdp);
	mem_deref(p->aport);
	mem_deref(p->vport);
	mem_deref(p->media);
	json_decref(p->quality[Q_AUDIO]);
	json_decref(p->quality[Q_VIDEO]);
	json_decref(p->rung);
	json_decref(p->need);
}

int party_alloc(struct party **pp, struct meeting *m)
{
	struct party *p;

	if (!pp || !m || m->ended)
		return EINVAL;

	p = mem_zalloc(sizeof(*p), party_destructor);
	if (!p)
		return ENOMEM;

	tmr_init(&p->tmr_ring);
	p->via      = "sip";
	str_ncpy(p->size, "auto", sizeof(p->size));
	p->srv      = m->srv;
	p->meeting  = m;
	p->id       = (uint32_t)db_party_new_id(m->srv->db);
	p->start_us = clock_us();
	ticket_init(&p->ticket, p->id);
	list_append(&m->partyl, &p->le, p);

	*pp = p;

	return 0;
}

void party_emit(struct party *p, enum event_id id, json_t *more)
{
	json_t *fields = json_pack("{s:I}", "party", (json_int_t)p->id);

	if (fields && more)
		(void)json_object_update(fields, more);
	json_decref(more);
	meeting_emit(p->meeting, id, fields);
}

/* "opus/48000/2", "h264/1280x720"; "" when the medium is off */
static void fmt_text(char *buf, size_t size, const struct ticket_media *tm)
{
	const struct ticket_fmt *fmt = tm->on ? ticket_tx(tm) : NULL;

	buf[0] = '\0';
	if (!fmt)
		return;

	if (codec_is_video(fmt->codec))
		str_ncpy(buf, codec_name(fmt->codec), size);
	else if (fmt->channels > 1)
		(void)re_snprintf(buf, size, "%s/%u/%u",
				  codec_name(fmt->codec), fmt->clock_hz,
				  fmt->channels);
	else
		(void)re_snprintf(buf, size, "%s/%u", codec_name(fmt->codec),
				  fmt->clock_hz);
}

static void put_str(json_t *obj, const char *key, const char *val)
{
	(void)json_object_set_new(obj, key, val && val[0] ? json_string(val)
							  : json_null());
}

/* Notes the formats; true if they are not what they were. */
static bool note_formats(struct party *p)
{
	char audio[PARTY_FMT_MAX], video[PARTY_FMT_MAX];
	const char *slash = strchr(p->video, '/');
	size_t n = slash ? (size_t)(slash - p->video) : strlen(p->video);
	bool changed = false;

	fmt_text(audio, sizeof(audio), &p->ticket.audio);
	fmt_text(video, sizeof(video), &p->ticket.video);

	if (strcmp(audio, p->audio)) {
		str_ncpy(p->audio, audio, sizeof(p->audio));
		changed = true;
	}
	/* the size comes later, from the mixer's reports */
	if (strlen(video) != n || strncmp(video, p->video, n)) {
		str_ncpy(p->video, video, sizeof(p->video));
		changed = true;
	}

	return changed;
}

static void put_marks(struct party *p)
{
	p->ticket.hand    = p->hand;
	p->ticket.host    = p->host;
	p->ticket.mic_off = p->mic_off;
}

int party_leg_up(struct party *p)
{
	const bool tone = !p->ticket.source && !p->ticket.watcher &&
			  !p->in_row;
	int err;

	if (p->leg)
		return 0;

	/* who is in already may come again, with whatever it costs now */
	if (p->state != PARTY_JOINED) {
		err = capacity_admit(p);
		if (err)
			return err;
	}
	err = meeting_up(p->meeting);
	if (err)
		return err;

	str_ncpy(p->ticket.name, p->name, sizeof(p->ticket.name));
	put_marks(p);
	(void)note_formats(p);

	return mixer_leg_alloc(&p->leg, p->meeting->mc, &p->ticket, p->fdv,
			       p->fdc, tone);
}

/* With rtcp-mux the mixer was not given its RTCP socket. */
static bool needs_fds(const struct ticket *a, const struct ticket *b)
{
	return a->audio.rtcp_fd != b->audio.rtcp_fd ||
	       a->video.rtcp_fd != b->video.rtcp_fd;
}

void party_leg_set(struct party *p)
{
	int err;

	if (!p->leg)
		return;

	put_marks(p);
	if (needs_fds(mixer_leg_ticket(p->leg), &p->ticket))
		err = mixer_leg_set_fds(p->leg, &p->ticket, p->fdv, p->fdc);
	else
		err = mixer_leg_set(p->leg, &p->ticket);
	if (err)
		warning("party %u not changed in the mixer: %m\n", p->id,
			err);

	if (p->state == PARTY_JOINED)
		party_media_changed(p);
	else
		(void)note_formats(p);
}

void party_marks(struct party *p)
{
	if (!p->leg)
		return;

	p->ticket = *mixer_leg_ticket(p->leg);
	party_leg_set(p);
}

void party_media_changed(struct party *p)
{
	json_t *more;

	if (!note_formats(p) || !p->in_row)
		return;

	(void)db_party_change(p->srv->db, p->id, p->meeting->id, NULL,
			      p->audio, p->video);
	more = json_pack("{s:s}", "name", p->name);
	if (more) {
		put_str(more, "audio", p->audio);
		put_str(more, "video", p->video);
	}
	party_emit(p, EV_PARTY_CHANGED, more);
}

/* "off" is not to be sent to, whatever was agreed; SIP and WebRTC alike. */
static void apply_picture(struct party *p)
{
	struct ticket *t = &p->ticket;

	t->max_height = (uint16_t)strtoul(p->size, NULL, 10);
	t->max_fps    = 0;
	if (!strcmp(p->size, "slow")) {
		t->max_height = 360;
		t->max_fps    = 5;
	}
	if (!strcmp(p->size, "off"))
		t->video.send = false;
}

void party_media_apply(struct party *p)
{
	if (p->leg)
		p->ticket = *mixer_leg_ticket(p->leg);

	if (p->media)
		party_web_apply(p);
	else if (p->sdp)
		party_sip_apply(p);
	apply_picture(p);
	party_leg_set(p);
}

/* The stay's row and event, at the join and after a move */
static void enter_row(struct party *p)
{
	const struct db_party row = {
		.id         = p->id,
		.meeting    = p->meeting->id,
		.join_us    = clock_wall_us(),
		.name       = p->name,
		.uri        = p->uri,
		.via        = p->via,
		.user_agent = p->user_agent,
		.audio      = p->audio[0] ? p->audio : NULL,
		.video      = p->video[0] ? p->video : NULL,
	};
	json_t *more;

	(void)db_party_join(p->srv->db, &row);
	p->in_row      = true;
	p->join_us     = clock_us();
	p->join_wall_us = row.join_us;

	more = json_pack("{s:s, s:s, s:s, s:s}", "name", p->name,
			 "via", row.via, "uri", p->uri,
			 "user_agent", p->user_agent);
	if (more) {
		put_str(more, "audio", p->audio);
		put_str(more, "video", p->video);
	}
	party_emit(p, EV_PARTY_JOINED, more);
}

void party_joined(struct party *p)
{
	if (p->state >= PARTY_JOINED)
		return;

	p->state = PARTY_JOINED;
	tmr_cancel(&p->tmr_ring);
	if (p->in_row) {
		party_media_changed(p);
	}
	else {
		(void)note_formats(p);
		enter_row(p);
	}
	meeting_check(p->meeting);
}

void party_seated(struct party *p)
{
	p->state = PARTY_SEATED;
	if (meeting_open(p->meeting))
		warning("party %u sits in no meeting of the catalogue\n",
			p->id);
	meeting_check(p->meeting);
}

/* "12/9001" of what came in, or NULL */
static json_t *lost_text(const struct party *p)
{
	uint64_t lost = 0, packets = 0, n;
	char buf[64];
	int i;

	for (i = Q_AUDIO; i <= Q_VIDEO; i++) {
		n = 0;
		(void)json_u64(p->quality[i], "rx_lost", &n);
		lost += n;
		n = 0;
		(void)json_u64(p->quality[i], "rx_packets", &n);
		packets += n;
	}
	if (!packets)
		return json_null();

	(void)re_snprintf(buf, sizeof(buf), "%llu/%llu",
			  (unsigned long long)lost,
			  (unsigned long long)(lost + packets));

	return json_string(buf);
}

static json_t *quality_json(const struct party *p)
{
	json_t *obj = json_object();

	if (obj && p->quality[Q_AUDIO])
		(void)json_object_set(obj, "audio", p->quality[Q_AUDIO]);
	if (obj && p->quality[Q_VIDEO])
		(void)json_object_set(obj, "video", p->quality[Q_VIDEO]);

	return obj;
}

static void say_left(struct party *p, const char *reason)
{
	const uint64_t since = p->join_us ? p->join_us : p->start_us;

	party_emit(p, EV_PARTY_LEFT,
		   json_pack("{s:s, s:I, s:s, s:o}", "name", p->name,
			     "after_s", (json_int_t)((clock_us() - since) /
						     1000000),
			     "reason", reason, "lost", lost_text(p)));
}

/* Ends the stay: the leg's last report may still come (meeting.c). */
static void leave_row(struct party *p, const char *reason)
{
	json_t *quality;

	if (!p->in_row)
		return;

	p->in_row = false;
	quality = quality_json(p);
	if (json_object_size(quality))
		(void)db_party_quality(p->srv->db, p->id, p->meeting->id,
				       quality);
	meeting_keep_quality(p->meeting, p->id, quality);
	(void)db_party_leave(p->srv->db, p->id, p->meeting->id,
			     clock_wall_us(), reason);
	say_left(p, reason);
}

/* What of the room was his */
static void let_go(struct party *p)
{
	party_share(p, false);
	party_unpin(p);
	meeting_unspotlight(p->meeting, p->id);
}

void party_end(struct party *p, const char *reason, uint16_t scode)
{
	struct meeting *m = p->meeting;
	const enum party_state state = p->state;

	if (state == PARTY_ENDED)
		return;

	p->state = PARTY_ENDED;
	party_sip_hangup(p, state == PARTY_JOINED ? reason : NULL);

	mixer_leg_tone(p->leg, !m->ended && !p->ticket.source &&
		       !p->ticket.watcher);
	p->leg = mem_deref(p->leg);

	if (!m->ended)
		let_go(p);
	if (p->in_row)
		leave_row(p, reason);
	else if (state == PARTY_WAITING)
		party_emit(p, EV_PARTY_WAITING,
			   json_pack("{s:s, s:b}", "name", p->name, "on",
				     0));
	else if (state == PARTY_SEATED)
		say_left(p, reason);
	else if (p->out)
		party_emit(p, EV_PARTY_REFUSED,
			   json_pack("{s:s, s:i, s:s}", "uri", p->uri,
				     "scode", (int)scode, "reason", reason));

	if (p->source)
		source_party_ended(p->source);
	seat_party_ended(p->seat, reason);

	mem_deref(p);
	meeting_check(m);
}

int party_move(struct party *p, struct meeting *to)
{
	struct meeting *from = p->meeting;
	bool had_leg;
	int err;

	if ((p->state != PARTY_JOINED || !p->leg) &&
	    p->state != PARTY_SEATED)
		return EPROTO;
	if (to->ended)
		return EPROTO;
	if (from == to)
		return EALREADY;

	err = p->leg ? meeting_up(to) : meeting_open(to);
	if (err)
		return err;

	/* with what was latched: the new mixer sends at once */
	if (p->leg) {
		p->ticket = *mixer_leg_ticket(p->leg);
		mixer_leg_tone(p->leg, !p->ticket.watcher);
	}
	had_leg = p->leg != NULL;
	p->leg = mem_deref(p->leg);
	let_go(p);
	if (p->in_row)
		leave_row(p, "moved");
	else
		say_left(p, "moved");

	list_unlink(&p->le);
	list_append(&to->partyl, &p->le, p);
	p->meeting = to;
	p->talking = false;
	party_rung_forget(p);
	/* a host where he was one; seats: seat_party_moved() */
	if (!p->seat)
		p->host = false;
	if (p->source)
		source_party_moved(p->source, to);

	if (had_leg) {
		err = party_leg_up(p);
		if (!err)
			enter_row(p);
	}
	if (!err)
		seat_party_moved(p->seat);

	meeting_check(from);
	if (err)
		party_end(p, "could not be moved", 0);
	else
		meeting_check(to);

	return err;
}

/* What a mixer said of a leg that is gone */
void party_rung_forget(struct party *p)
{
	json_decref(p->rung);
	json_decref(p->need);
	p->rung = p->need = NULL;
}

void party_mute(struct party *p, bool video, bool on)
{
	bool *flag = video ? &p->ticket.video_muted : &p->ticket.muted;

	if (*flag == on)
		return;

	if (p->leg)
		p->ticket = *mixer_leg_ticket(p->leg);
	*flag = on;
	party_leg_set(p);
	party_emit(p, on ? EV_PARTY_MUTED : EV_PARTY_UNMUTED,
		   json_pack("{s:s}", "media", video ? "video" : "audio"));
}

json_t *party_quality_copy(const json_t *msg)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)msg);

	(void)json_object_del(copy, "m");
	(void)json_object_del(copy, "id");
	(void)json_object_del(copy, "media");

	return copy;
}

static void quality_msg(struct party *p, json_t *msg)
{
	const char *media = "";
	uint32_t w = 0, h = 0;
	json_t **slot, *copy;

	(void)json_str(msg, "media", &media);
	slot = &p->quality[strcmp(media, "video") ? Q_AUDIO : Q_VIDEO];

	copy = party_quality_copy(msg);
	if (!copy)
		return;
	json_decref(*slot);
	*slot = copy;

	if (slot != &p->quality[Q_VIDEO] || !p->video[0])
		return;
	(void)json_u32(msg, "width", &w);
	(void)json_u32(msg, "height", &h);
	if (w && h && w < 65536 && h < 65536) {
		char was[PARTY_FMT_MAX];

		str_ncpy(was, p->video, sizeof(was));
		p->video[strcspn(p->video, "/")] = '\0';
		(void)re_snprintf(p->video + strlen(p->video),
				  sizeof(p->video) - strlen(p->video),
				  "/%ux%u", w, h);
		if (strcmp(was, p->video) && p->in_row)
			(void)db_party_change(p->srv->db, p->id,
					      p->meeting->id, NULL, NULL,
					      p->video);
	}
}

/* What it is sent from now on; of the mixer's, only what is known here */
static void rung_msg(struct party *p, json_t *msg)
{
	static const char *const namev[] = {"width", "height", "fps", "kbps",
		"estimate_kbps"};
	const char *codec = "", *why = "";
	json_t *rung = json_object();
	size_t i;

	(void)json_str(msg, "codec", &codec);
	(void)json_str(msg, "why", &why);
	if (!codec_is_video(codec_find(codec)))
		codec = "";
	if (strcmp(why, "congestion") && strcmp(why, "room") &&
	    strcmp(why, "load"))
		why = "asked";
	(void)json_object_set_new(rung, "codec", json_string(codec));
	for (i = 0; i < ARRAY_SIZE(namev); i++) {
		uint32_t v = 0;

		(void)json_u32(msg, namev[i], &v);
		(void)json_object_set_new(rung, namev[i], json_integer(v));
	}
	(void)json_object_set_new(rung, "why", json_string(why));
	json_decref(p->rung);
	p->rung = json_incref(rung);
	party_emit(p, EV_RUNG_CHANGED, rung);
}

/* How large it is shown at most: what it is asked to send */
static void need_msg(struct party *p, json_t *msg)
{
	const char *media = "";
	uint32_t w = 0, h = 0;

	(void)json_str(msg, "media", &media);
	media = strcmp(media, "slides") ? "video" : "slides";
	(void)json_u32(msg, "width", &w);
	(void)json_u32(msg, "height", &h);
	if (!p->need)
		p->need = json_object();
	(void)json_object_set_new(p->need, media,
				  json_pack("{s:I, s:I}",
					    "width", (json_int_t)w,
					    "height", (json_int_t)h));
	party_emit(p, EV_PARTY_NEED,
		   json_pack("{s:s, s:I, s:I}", "media", media,
			     "width", (json_int_t)w,
			     "height", (json_int_t)h));
}

static void talk_msg(struct party *p, json_t *msg)
{
	bool on = false;

	(void)json_flag(msg, "on", &on);
	p->talking = on;
	party_emit(p, on ? EV_PARTY_TALKING : EV_PARTY_QUIET, NULL);
}

static void picture_msg(struct party *p, json_t *msg)
{
	const char *state = "";

	(void)json_str(msg, "state", &state);
	if (!strcmp(p->picture, state))
		return;

	str_ncpy(p->picture, state, sizeof(p->picture));
	party_emit(p, EV_PARTY_PICTURE, json_pack("{s:s}", "state", state));
}

static void quiet_msg(struct party *p, json_t *msg)
{
	const char *media = "";
	uint32_t ms = 0;

	(void)json_str(msg, "media", &media);
	(void)json_u32(msg, "quiet_ms", &ms);
	party_emit(p, EV_PARTY_TROUBLE,
		   json_pack("{s:s, s:i}", "media", media, "quiet_ms",
			     (int)ms));
}

static void dtmf_msg(struct party *p, json_t *msg)
{
	const char *digit = "";
	uint32_t ms = 0;

	(void)json_str(msg, "digit", &digit);
	(void)json_u32(msg, "duration_ms", &ms);
	party_emit(p, EV_PARTY_DTMF,
		   json_pack("{s:s, s:i}", "digit", digit, "duration_ms",
			     (int)ms));
	party_key(p, digit[0]);
}

void party_mixer_msg(struct party *p, const char *m, json_t *msg)
{
	const char *text = "";

	if (!strcmp(m, MIX_QUALITY))
		quality_msg(p, msg);
	else if (!strcmp(m, MIX_RUNG))
		rung_msg(p, msg);
	else if (!strcmp(m, MIX_LEG_NEED))
		need_msg(p, msg);
	else if (!strcmp(m, MIX_TALK))
		talk_msg(p, msg);
	else if (!strcmp(m, MIX_PICTURE))
		picture_msg(p, msg);
	else if (!strcmp(m, MIX_LEG_QUIET))
		quiet_msg(p, msg);
	else if (!strcmp(m, MIX_DTMF))
		dtmf_msg(p, msg);
	else if (!strcmp(m, MIX_LEG_KEY))
		party_sip_key_frame(p);
	else if (party_web_mixer_msg(p, m, msg))
		return;
	else if (!strcmp(m, MIX_LEG_FAILED)) {
		(void)json_str(msg, "text", &text);
		warning("party %u refused by the mixer: %s\n", p->id, text);
		party_end(p, "refused by the mixer", 500);
	}
}

const char *party_state_name(const struct party *p)
{
	switch (p->state) {

	case PARTY_NEW:      return "new";
	case PARTY_CALLING:  return "calling";
	case PARTY_RINGING:  return "ringing";
	case PARTY_ANSWERED: return "answered";
	case PARTY_WAITING:  return "waiting";
	case PARTY_SEATED:   return "seated";
	case PARTY_JOINED:   return p->held ? "held" : "joined";
	default:             return "ended";
	}
}

/* What it is sent, with what the path to it carries as of late */
static void rung_put(json_t *obj, const struct party *p)
{
	const json_t *est = json_object_get(p->quality[Q_VIDEO],
					    "tx_estimate_kbps");
	json_t *rung;

	if (!p->rung)
		return;

	rung = json_copy(p->rung);
	if (json_is_integer(est))
		(void)json_object_set_new(rung, "estimate_kbps",
			json_integer(json_integer_value(est)));
	(void)json_object_set_new(obj, "rung", rung);
}

json_t *party_json(const struct party *p)
{
	char iso[32];
	json_t *obj;

	obj = json_pack("{s:I, s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:b, s:b,"
			" s:b, s:b, s:b, s:b, s:b, s:b, s:s, s:s, s:b, s:o,"
			" s:o, s:o}",
			"party", (json_int_t)p->id,
			"room", p->meeting->name,
			"meeting", (json_int_t)p->meeting->id,
			"name", p->name, "uri", p->uri,
			"via", p->via,
			"user_agent", p->user_agent,
			"state", party_state_name(p),
			"host", p->host, "held", p->held,
			"muted", p->ticket.muted,
			"video_muted", p->ticket.video_muted,
			"talking", p->talking,
			"hand", p->hand, "share", p->share,
			"waiting", p->state == PARTY_WAITING,
			"layout", p->ticket.layout[0] ? p->ticket.layout
						      : "room",
			"size", p->size,
			"self_view", !p->ticket.hide_self,
			"pinned", p->ticket.pins.legc ?
			json_integer(pins_first(&p->ticket.pins)) :
			json_null(),
			"pins", pins_encode(&p->ticket.pins),
			"quality", quality_json(p));
	if (!obj)
		return NULL;

	rung_put(obj, p);
	if (p->need)
		(void)json_object_set_new(obj, "need",
					  json_deep_copy(p->need));
	put_str(obj, "audio", p->audio);
	put_str(obj, "video", p->video);
	put_str(obj, "picture", p->picture);
	put_str(obj, "join_time", p->in_row ?
		clock_iso(iso, p->join_wall_us) : NULL);

	return obj;
}
