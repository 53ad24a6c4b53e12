/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/party_web.c -- parties by WebRTC: the page, WHIP and WHEP
 *
 *	POST ──> admit ──(answer made)──> agreed ──> party_leg_up, joined
 *	PATCH ─────────────────────────> agreed ──> party_media_apply
 *	DELETE, leg_rtc "failed" ──> party_web_media_end
 *
 * An offer that comes to nothing leaves no trace: what it needs hangs on
 * struct party_media, which becomes the party's when all is agreed.
 */
#include <string.h>

#include <re.h>

#include "base/conf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mixproto.h"
#include "base/thread.h"
#include "base/verb.h"
#include "media/mixer_client.h"
#include "tuttid/auth.h"
#include "tuttid/layouts.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"
#include "tuttid/party_web.h"
#include "tuttid/room.h"
#include "tuttid/seat.h"
#include "tuttid/server.h"
#include "tuttid/text.h"
#include "web/peer.h"
#include "web/turn.h"

/* One resource of web/whip.h, from its POST on */
struct party_media {
	struct server *srv;       /* weak                                 */
	enum rtc_kind kind;
	struct party *party;      /* weak; NULL: WHIP, WHEP before joined */
	struct whip_sess *sess;   /* ours to close; NULL: not agreed yet  */
	bool no_slides;           /* told to stop sharing                 */

	/* of the party to come */
	char room[64];
	char name[TICKET_NAME_MAX], user_agent[PARTY_UA_MAX];
	char layout[TICKET_LAYOUT_MAX], size[8];
	bool host;
};

static const char *const viav[] = {
	[RTC_SESSION] = "web", [RTC_WHIP] = "whip", [RTC_WHEP] = "whep",
};

static void media_destructor(void *arg)
{
	struct party_media *pm = arg;

	if (pm->sess)
		whip_close(pm->sess);
}

/* ---- may it in? ---- */

static int refuse(char *errbuf, size_t errsz, int status, const char *text)
{
	(void)re_snprintf(errbuf, errsz, "%s", text);

	return status;
}

static int admit_session(struct party_media *pm, const struct whip_ask *ask,
			 char *errbuf, size_t errsz)
{
	struct party *p = seats_party(pm->srv->seats, ask->token, ask->room);

	if (!p)
		return refuse(errbuf, errsz, 401, "No such seat");
	if (p->state == PARTY_WAITING)
		return refuse(errbuf, errsz, 403, "Not let in yet");

	pm->party = p;

	return 0;
}

static const char *query_str(const struct whip_ask *ask, const char *key)
{
	const char *s = json_string_value(json_object_get(ask->query, key));

	return s ? s : "";
}

/* ?layout= and ?rung=; name= where the token has none */
static int read_query(struct party_media *pm, const struct whip_ask *ask,
		      char *errbuf, size_t errsz)
{
	static const char rungs[] = "1080p 720p 360p 180p";
	const char *layout = query_str(ask, "layout");
	const char *rung = query_str(ask, "rung");

	if (layout[0] && !layouts_known(pm->srv->layouts, layout)) {
		(void)re_snprintf(errbuf, errsz, "layout: one of %s",
				  layouts_names(pm->srv->layouts));
		return 400;
	}
	if (rung[0] && !verb_is_choice(rungs, rung)) {
		(void)re_snprintf(errbuf, errsz, "rung: one of %s", rungs);
		return 400;
	}

	str_ncpy(pm->layout, layout, sizeof(pm->layout));
	str_ncpy(pm->size, rung[0] ? rung : "auto", sizeof(pm->size));
	if (!pm->name[0])
		text_tidy(pm->name, sizeof(pm->name), query_str(ask, "name"));
	if (!pm->name[0])
		str_ncpy(pm->name, viav[pm->kind], sizeof(pm->name));

	return 0;
}

static int admit_room(struct party_media *pm, const struct whip_ask *ask,
		      char *errbuf, size_t errsz)
{
	struct server *srv = pm->srv;
	struct room *room = rooms_find(srv->rooms, ask->room);
	struct auth_ask who = {
		.bearer = ask->token[0] ? ask->token : NULL,
		.room = room, .peer = ask->peer,
	};
	struct auth auth;

	if (srv->closing)
		return refuse(errbuf, errsz, 503, "Server is going down");
	if (!room)
		return refuse(errbuf, errsz, 404, "No such room");

	memset(&auth, 0, sizeof(auth));
	if (auth_check(srv, &who, &auth))
		return refuse(errbuf, errsz, auth.status, auth.title);
	pm->host = auth.who.role >= VERB_HOST;
	if (room->cfg.locked && !pm->host)
		return refuse(errbuf, errsz, 403, "Room is locked");
	if (meeting_full(srv, room, pm->host))
		return refuse(errbuf, errsz, 409, "Room is full");

	str_ncpy(pm->room, room->cfg.name, sizeof(pm->room));
	text_tidy(pm->name, sizeof(pm->name), auth.name);

	return read_query(pm, ask, errbuf, errsz);
}

static int admit_handler(void **ownerp, const struct whip_ask *ask,
			 char *errbuf, size_t errsz, void *arg)
{
	struct party_media *pm;
	int status;

	on_loop();
	pm = mem_zalloc(sizeof(*pm), media_destructor);
	if (!pm)
		return refuse(errbuf, errsz, 500, "Server error");

	pm->srv  = arg;
	pm->kind = ask->kind;
	text_tidy(pm->user_agent, sizeof(pm->user_agent), ask->agent);
	if (pm->kind == RTC_SESSION)
		status = admit_session(pm, ask, errbuf, errsz);
	else
		status = admit_room(pm, ask, errbuf, errsz);
	if (status)
		mem_deref(pm);
	else
		*ownerp = pm;

	return status;
}

/* ---- agreed ---- */

void party_web_apply(struct party *p)
{
	struct party_media *pm = p->media;
	struct ticket *t = &p->ticket;

	peer_ticket(whip_peer(pm->sess), t);
	t->watcher = pm->kind == RTC_WHEP;
	t->audio.rtp_fd  = t->video.rtp_fd  = t->slides.rtp_fd  = 0;
	t->audio.rtcp_fd = t->video.rtcp_fd = t->slides.rtcp_fd = -1;
	if (pm->no_slides)
		t->slides.on = false;

	p->fdv[0] = peer_fd(whip_peer(pm->sess));
	p->fdc = 1;
}

/* No word of the old leg is true of the next: what the party wants stays. */
static void ticket_anew(struct party *p)
{
	const struct ticket old = p->ticket;

	ticket_init(&p->ticket, p->id);
	str_ncpy(p->ticket.name, p->name, sizeof(p->ticket.name));
	str_ncpy(p->ticket.layout, old.layout, sizeof(p->ticket.layout));
	p->ticket.hide_self   = old.hide_self;
	p->ticket.pins        = old.pins;
	p->ticket.muted       = old.muted;
	p->ticket.video_muted = old.video_muted;
}

static void drop_media(struct party *p)
{
	if (p->leg)
		p->ticket = *mixer_leg_ticket(p->leg);
	mixer_leg_tone(p->leg, false);
	p->leg   = mem_deref(p->leg);
	p->media = mem_deref(p->media);
	p->fdc   = 0;
	p->talking = false;
	p->picture[0] = '\0';
	party_rung_forget(p);
	ticket_anew(p);
}

/* The party takes pm over, whatever comes of it. */
static int take(struct party *p, struct party_media *pm)
{
	int err;

	drop_media(p);
	pm->party = p;
	p->media  = pm;
	str_ncpy(p->user_agent, pm->user_agent, sizeof(p->user_agent));
	party_media_apply(p);
	err = party_leg_up(p);
	if (!err)
		party_joined(p);

	return err;
}

static int status_of(int err)
{
	return err == ENOSPC || err == EMFILE || err == ENFILE ||
	       err == EDQUOT ? 503 : 500;
}

static const char *text_of(int err)
{
	return err == EDQUOT ? "Server is full" : "Not joined";
}

static int session_agreed(struct party_media *pm, const char **textp)
{
	struct party *p = pm->party;
	const bool joined = p->state == PARTY_JOINED;
	int err;

	/* whoever shared does so no more until pictures of it come */
	party_share(p, false);
	err = take(p, pm);
	if (err) {
		if (err != EDQUOT)
			warning("party %u not joined: %m\n", p->id, err);
		pm->sess = NULL;     /* whip.c ends it */
		party_web_media_end(p, "not joined");
	}
	else if (joined) {
		party_media_changed(p);
	}
	*textp = text_of(err);

	return err ? status_of(err) : 0;
}

static int newcomer(struct party_media *pm, const char **textp)
{
	struct room *room = rooms_find(pm->srv->rooms, pm->room);
	struct meeting *m;
	struct party *p;
	int err;

	err = room ? meeting_get(&m, pm->srv, room) : ENOENT;
	if (!err)
		err = party_alloc(&p, m);
	if (err) {
		pm->sess = NULL;     /* whip.c ends it */
		mem_deref(pm);
		return status_of(err);
	}

	p->via  = viav[pm->kind];
	p->host = pm->host;
	str_ncpy(p->name, pm->name, sizeof(p->name));
	str_ncpy(p->size, pm->size, sizeof(p->size));
	str_ncpy(p->ticket.layout, pm->layout, sizeof(p->ticket.layout));
	err = take(p, pm);
	if (err) {
		if (err != EDQUOT)
			warning("party %u not joined: %m\n", p->id, err);
		pm->sess = NULL;
		party_end(p, "not joined", 0);
	}
	*textp = text_of(err);

	return err ? status_of(err) : 0;
}

static int agreed_handler(void *owner, struct whip_sess *sess, bool first,
			  char *errbuf, size_t errsz, void *arg)
{
	struct party_media *pm = owner;
	struct party *p = pm->party;
	const char *text = "Not joined";
	int status;

	(void)arg;
	on_loop();
	if (!first) {
		pm->no_slides = false;
		party_media_apply(p);
		if (p->share && !p->ticket.slides.on)
			party_share(p, false);
		return 0;
	}

	pm->sess = sess;
	status = pm->kind == RTC_SESSION ? session_agreed(pm, &text)
					 : newcomer(pm, &text);

	return status ? refuse(errbuf, errsz, status, text) : 0;
}

/* ---- the end ---- */

void party_web_media_end(struct party *p, const char *reason)
{
	if (!p->media)
		return;

	if (!p->seat) {
		party_end(p, reason, 0);
		return;
	}

	info("party %u media ended reason=\"%s\"\n", p->id, reason);
	party_share(p, false);
	drop_media(p);
	p->state = PARTY_SEATED;
	party_media_changed(p);
	meeting_check(p->meeting);
}

static void close_handler(void *owner, struct whip_sess *sess, void *arg)
{
	struct party_media *pm = owner;

	(void)arg;
	on_loop();
	pm->sess = NULL;             /* invalid when we return */
	if (sess)
		party_web_media_end(pm->party, "left");
	else
		mem_deref(pm);
}

static const struct whip_h handlers = {
	.admith  = admit_handler,
	.agreedh = agreed_handler,
	.closeh  = close_handler,
};

void party_web_no_slides(struct party *p)
{
	if (!p->media)
		return;

	p->media->no_slides = true;
	party_media_apply(p);
}

/* ---- what the mixer tells ---- */

static void rtc_msg(struct party *p, json_t *msg)
{
	const char *state = "", *text = "";

	(void)json_str(msg, "state", &state);
	(void)json_str(msg, "text", &text);
	if (!p->media)
		return;

	if (!strcmp(state, "closed")) {
		party_web_media_end(p, "left");
		return;
	}

	party_emit(p, EV_PARTY_CONNECTION,
		   json_pack("{s:s, s:s}", "state", state, "text", text));
	if (!strcmp(state, "failed"))
		party_web_media_end(p, "connection lost");
}

static void slides_msg(struct party *p, json_t *msg)
{
	bool on = false;

	(void)json_flag(msg, "on", &on);
	/* told to stop, and these were under way */
	if (on && (!p->media || p->media->no_slides))
		return;
	party_share(p, on);
}

/* The seat stays and may offer something else. */
static void failed_msg(struct party *p, json_t *msg)
{
	const char *text = "";

	(void)json_str(msg, "text", &text);
	warning("party %u refused by the mixer: %s\n", p->id, text);
	party_emit(p, EV_PARTY_CONNECTION,
		   json_pack("{s:s, s:s}", "state", "failed", "text",
			     "refused by the mixer"));
	party_web_media_end(p, "refused by the mixer");
}

bool party_web_mixer_msg(struct party *p, const char *m, json_t *msg)
{
	if (!strcmp(m, MIX_LEG_FAILED) && p->media)
		failed_msg(p, msg);
	else if (!strcmp(m, MIX_LEG_RTC))
		rtc_msg(p, msg);
	else if (!strcmp(m, MIX_LEG_SLIDES))
		slides_msg(p, msg);
	else
		return false;

	return true;
}

/* ---- start ---- */

struct turn_fail {
	struct turn *turn;
	char *buf;
	size_t size;
};

static int turn_handler(const char *val, void *arg)
{
	struct turn_fail *fail = arg;
	char text[128] = "";
	int err;

	err = turn_add(fail->turn, val, text, sizeof(text));
	if (err)
		(void)re_snprintf(fail->buf, fail->size, "turn_uri %s",
				  text[0] ? text : strerror(err));

	return err;
}

int party_web_turn(struct turn **tp, const struct config *conf,
			  char *errbuf, size_t errsz)
{
	struct turn_fail fail = {NULL, errbuf, errsz};
	struct turn *turn;
	int err;

	err = turn_alloc(&turn, config_str(conf, "turn_secret"),
			 config_u32(conf, "turn_ttl_s"));
	if (err) {
		(void)re_snprintf(errbuf, errsz, "turn_secret: %m", err);
		return err;
	}

	fail.turn = turn;
	err = config_apply(conf, "turn_uri", turn_handler, &fail);
	if (err || !turn_count(turn))
		mem_deref(turn);
	else
		*tp = turn;

	return err;
}

int party_web_open(struct server *srv, char *errbuf, size_t errsz)
{
	const char *public = config_str(srv->conf, "public_address");
	struct whip_cfg cfg;
	int err;

	err = party_web_turn(&srv->turn, srv->conf, errbuf, errsz);
	if (err)
		return err;

	memset(&cfg, 0, sizeof(cfg));
	cfg.ports   = srv->ports;
	cfg.laddrc  = peer_laddrs(cfg.laddrv, true);
	cfg.turn    = srv->turn;
	cfg.h       = handlers;
	cfg.arg     = srv;
	if (public)
		(void)sa_set_str(&cfg.public, public, 0);

	err = whip_alloc(&srv->whip, &cfg);
	if (err)
		(void)re_snprintf(errbuf, errsz, "web: %m", err);

	return err;
}
