/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * media/mixer_client.c -- start, speak to and replace the mixer of a meeting
 *
 * What a mixer must know is here before it is there: the hello, and a
 * ticket and descriptors per leg.  So a replacement is one function,
 * mixer_start(), the same that starts the first.  Everything is written
 * into the socket at once, without waiting for "ready": the kernel keeps
 * it until the new process reads.
 *
 *	alloc ──> mixer_start ──> ready ──> every leg_add done ──> rebornh
 *	              ^                                 │
 *	              └── diedh <── proc_died <─────────┘
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <re.h>

#include "base/clock.h"
#include "base/ipc.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mixproto.h"
#include "media/mixer_client.h"
#include "media/mixer_proc.h"

enum {
	TRIES_US = 10 * 1000000,  /* MIXER_TRIES deaths within this       */
	SEQ_FIRST = 2,            /* 1 is the ping's                      */
	AGAIN_MS  = 1000,         /* when a replacement did not start     */
};

struct mixer_client {
	char *path;
	char *room;
	uint32_t meeting;
	unsigned canvas_w, canvas_h, fps;
	bool tones, crop;
	char layout[TICKET_LAYOUT_MAX];
	struct pins spotlights;
	json_t *layouts;          /* [{name, text}]                       */
	struct video_ladder ladder;       /* empty: the mixer's own       */
	struct look look;
	int watermark;            /* a descriptor, or -1                  */
	struct mixer_proc *proc;  /* NULL: given up, or tmr runs          */
	struct tmr tmr;           /* until a replacement is tried again   */
	int status;               /* of the last that died                */
	struct list legl;
	struct list reql;
	struct list deadl;        /* requests that the dead one owes      */
	uint32_t seq;
	bool ready;               /* of this process                      */
	bool reborn;              /* rebornh is owed                      */
	unsigned adding;          /* leg_add not yet answered             */
	uint64_t died_us;
	uint64_t deathv[MIXER_TRIES];
	unsigned deaths;
	mixer_msg_h *msgh;
	mixer_died_h *diedh;
	mixer_reborn_h *rebornh;
	void *arg;
};

struct mixer_leg {
	struct le le;
	struct mixer_client *mc;  /* NULL: the client went first          */
	struct ticket t;
	int fdv[IPC_FDS_MAX];
	size_t fdc;
	bool leave_tone;
	uint32_t add_seq;         /* of its leg_add                       */
	bool added;               /* that has been answered               */
};

struct request {
	struct le le;
	uint32_t seq;
	uint32_t leg_add;         /* id of the leg, or 0                  */
	mixer_done_h *doneh;
	void *arg;
};

/** While a handler runs we hold a reference: is it the only one left? */
static bool let_go(const struct mixer_client *mc)
{
	return mem_nrefs(mc) == 1;
}

static void request_fail(struct request *req, const char *text)
{
	list_unlink(&req->le);
	if (req->doneh)
		req->doneh(ECONNRESET, text, NULL, req->arg);
	mem_deref(req);
}

static void client_destructor(void *arg)
{
	struct mixer_client *mc = arg;
	struct le *le;

	while ((le = list_head(&mc->legl))) {
		struct mixer_leg *ml = le->data;

		list_unlink(&ml->le);
		ml->mc = NULL;
	}

	tmr_cancel(&mc->tmr);
	mixer_proc_leave(mc->proc);
	list_flush(&mc->reql);
	list_flush(&mc->deadl);
	if (mc->watermark >= 0)
		close(mc->watermark);
	mem_deref(mc->path);
	mem_deref(mc->room);
	json_decref(mc->layouts);
}

static void request_destructor(void *arg)
{
	struct request *req = arg;

	list_unlink(&req->le);
}

static int request_send(struct mixer_client *mc, const char *m, json_t *msg,
			const int *fdv, size_t fdc, uint32_t leg_add,
			mixer_done_h *doneh, void *arg)
{
	struct request *req = NULL;
	int err;

	if (!msg)
		return ENOMEM;

	if (!mc->proc) {
		err = ENOTCONN;
		goto out;
	}

	req = mem_zalloc(sizeof(*req), request_destructor);
	if (!req) {
		err = ENOMEM;
		goto out;
	}

	req->seq     = mc->seq++;
	req->leg_add = leg_add;
	req->doneh   = doneh;
	req->arg     = arg;
	if (mc->seq < SEQ_FIRST)
		mc->seq = SEQ_FIRST;

	if (json_object_set_new(msg, "m", json_string(m)) ||
	    json_object_set_new(msg, "seq", json_integer(req->seq))) {
		err = ENOMEM;
		goto out;
	}

	err = mixer_proc_send(mc->proc, msg, fdv, fdc);
	msg = NULL;
	if (err)
		goto out;

	list_append(&mc->reql, &req->le, req);
	req = NULL;

 out:
	json_decref(msg);
	mem_deref(req);

	return err;
}

static int leg_send(struct mixer_leg *ml, const char *m, bool fds,
		    bool join_tone)
{
	struct mixer_client *mc = ml->mc;
	bool add = !strcmp(m, MIX_LEG_ADD);
	json_t *msg;
	int err;

	if (add) {
		ml->add_seq = mc->seq;
		ml->added   = false;
	}

	msg = json_pack("{s:o, s:b}", "ticket", ticket_encode(&ml->t),
			"join_tone", join_tone);

	err = request_send(mc, m, msg, ml->fdv, fds ? ml->fdc : 0,
			   add ? ml->t.id : 0, NULL, NULL);
	if (!err && add)
		++mc->adding;

	return err;
}

static json_t *hello_msg(const struct mixer_client *mc)
{
	json_t *ladder = mc->ladder.rungc ? ladder_encode(&mc->ladder) : NULL;
	json_t *msg;

	msg = json_pack("{s:s, s:i, s:I, s:s, s:i, s:i, s:i, s:b, s:s, s:s,"
			 " s:o, s:o*}",
			 "m", MIX_HELLO, "version", MIX_VERSION,
			 "meeting", (json_int_t)mc->meeting,
			 "room", mc->room ? mc->room : "",
			 "canvas_w", (int)mc->canvas_w,
			 "canvas_h", (int)mc->canvas_h,
			 "fps", (int)mc->fps, "tones", mc->tones,
			 "fit", mc->crop ? "crop" : "letterbox",
			 "layout", mc->layout,
			 "spotlights", pins_encode(&mc->spotlights),
			 "ladder", ladder);
	if (look_encode(msg, &mc->look)) {
		json_decref(msg);
		return NULL;
	}

	return msg;
}

static int watermark_send(struct mixer_client *mc)
{
	const bool on = mc->watermark >= 0;

	return request_send(mc, MIX_WATERMARK, json_pack("{s:b}", "on", on),
			    &mc->watermark, on, 0, NULL, NULL);
}

static void layouts_done(int err, const char *text, json_t *result, void *arg)
{
	const struct mixer_client *mc = arg;

	(void)result;
	if (err && err != ECONNRESET)
		warning("layouts refused by the mixer meeting=%u: %s\n",
			mc->meeting, text);
}

/** As many files in a message as surely fit: escaped, a byte of text may
 *  become two. */
static int layouts_part(struct mixer_client *mc, size_t *posp)
{
	const size_t max = IPC_MSG_MAX - 1024, n = json_array_size(mc->layouts);
	json_t *files = json_array();
	size_t used = 0;

	for (; *posp < n; ++*posp) {
		json_t *file = json_array_get(mc->layouts, *posp);

		used += 64 + 2 * (json_string_length(json_object_get(file,
								     "name")) +
				  json_string_length(json_object_get(file,
								     "text")));
		if (used > max && json_array_size(files))
			break;
		(void)json_array_append(files, file);
	}

	return request_send(mc, MIX_LAYOUTS,
			    json_pack("{s:o, s:b}", "files", files, "more",
				      *posp < n), NULL, 0, 0, layouts_done,
			    mc);
}

static int layouts_send(struct mixer_client *mc)
{
	size_t pos = 0;
	int err = 0;

	while (!err && pos < json_array_size(mc->layouts))
		err = layouts_part(mc, &pos);

	return err;
}

static void check_reborn(struct mixer_client *mc)
{
	uint64_t gap_ms;

	if (!mc->reborn || !mc->ready || mc->adding || let_go(mc))
		return;

	mc->reborn = false;
	gap_ms = (clock_us() - mc->died_us + 500) / 1000;
	info("mixer %d took over meeting=%u legs=%u gap_ms=%llu",
	     (int)mixer_proc_pid(mc->proc), mc->meeting,
	     list_count(&mc->legl), (unsigned long long)gap_ms);

	if (mc->rebornh)
		mc->rebornh(gap_ms, mc->arg);
}

/** The mixer would not have the leg: tell as if it had said so itself. */
static void leg_failed(struct mixer_client *mc, uint32_t id, int err,
		       const char *text)
{
	json_t *msg;

	warning("leg %u refused by the mixer: %s (%m)", id, text, err);

	msg = json_pack("{s:s, s:I, s:i, s:s}", "m", MIX_LEG_FAILED,
			"id", (json_int_t)id, "err", err, "text", text);
	if (msg && mc->msgh)
		mc->msgh(MIX_LEG_FAILED, msg, mc->arg);
	json_decref(msg);
}

static struct mixer_leg *leg_find(const struct mixer_client *mc, uint32_t id)
{
	struct le *le;

	for (le = list_head(&mc->legl); le; le = le->next) {
		struct mixer_leg *ml = le->data;

		if (ml->t.id == id)
			return ml;
	}

	return NULL;
}

/** A leg may have been put in the place of another with the same id. */
static void leg_added(struct mixer_client *mc, const struct request *req,
		      int err, const char *text)
{
	struct mixer_leg *ml = leg_find(mc, req->leg_add);

	if (mc->adding)
		--mc->adding;
	if (!ml || ml->add_seq != req->seq)
		return;

	ml->added = !err;
	if (err)
		leg_failed(mc, req->leg_add, err, text);
}

static void handle_done(struct mixer_client *mc, json_t *msg)
{
	const char *text = "";
	struct request *req;
	uint32_t seq = 0, err = 0;
	struct le *le;

	(void)json_str(msg, "text", &text);
	if (json_u32(msg, "seq", &seq))
		return;
	if (json_u32(msg, "err", &err) == EBADMSG)
		err = EPROTO;

	for (le = list_head(&mc->reql); le; le = le->next) {
		req = le->data;
		if (req->seq == seq)
			break;
	}
	if (!le)
		return;           /* a ping, or of the process before     */

	list_unlink(&req->le);
	if (req->leg_add)
		leg_added(mc, req, (int)err, text);
	if (req->doneh)
		req->doneh((int)err, text, msg, req->arg);
	mem_deref(req);

	check_reborn(mc);
}

static struct ticket_media *media_of(struct ticket *t, const char *name)
{
	if (!strcmp(name, "video"))
		return &t->video;

	return strcmp(name, "slides") ? &t->audio : &t->slides;
}

static void handle_news(struct mixer_leg *ml, json_t *msg)
{
	const json_t *rtc = json_object_get(msg, "rtc");
	struct ticket_media *m;
	const char *str;
	uint32_t n;

	if (rtc && ticket_rtc_news(&ml->t, rtc))
		warning("mixer told nonsense about the transport of leg %u",
			ml->t.id);
	if (json_str(msg, "media", &str))
		return;

	m = media_of(&ml->t, str);

	if (!json_str(msg, "raddr", &str)) {
		struct sa sa;

		if (!sa_decode(&sa, str, strlen(str)))
			m->latched = sa;
	}
	if (!json_u32(msg, "rssrc", &n))
		m->rssrc = n;
	if (!json_u32(msg, "rseq", &n))
		m->rseq = (uint16_t)n;
}

static void handle_msg(struct mixer_client *mc, const char *m, json_t *msg)
{
	struct mixer_leg *ml;
	uint32_t id = 0;

	(void)json_u32(msg, "id", &id);
	ml = leg_find(mc, id);
	if (ml && !ml->added && strcmp(m, MIX_QUALITY) &&
	    strcmp(m, MIX_SPEAKER))
		return;

	if (ml && !strcmp(m, MIX_LEG_NEWS))
		handle_news(ml, msg);
	if (mc->msgh)
		mc->msgh(m, msg, mc->arg);
}

static void proc_msg(json_t *msg, void *arg)
{
	struct mixer_client *mc = arg;
	const char *m;

	if (json_str(msg, "m", &m)) {
		warning("mixer sent a message without a name");
		return;
	}

	mem_ref(mc);

	if (!strcmp(m, MIX_DONE)) {
		handle_done(mc, msg);
	}
	else if (!strcmp(m, MIX_READY)) {
		mc->ready = true;
		mixer_proc_watch(mc->proc);
		check_reborn(mc);
	}
	else {
		handle_msg(mc, m, msg);
	}

	mem_deref(mc);
}

static void proc_died(int status, void *arg);

static int mixer_start(struct mixer_client *mc)
{
	struct le *le;
	int err;

	mc->ready  = false;
	mc->adding = 0;

	err = mixer_proc_alloc(&mc->proc, mc->path, proc_msg, proc_died, mc);
	if (err)
		return err;

	err = mixer_proc_send(mc->proc, hello_msg(mc), NULL, 0);
	if (!err)
		err = layouts_send(mc);

	if (!err && mc->watermark >= 0)
		err = watermark_send(mc);

	for (le = list_head(&mc->legl); le && !err; le = le->next)
		err = leg_send(le->data, MIX_LEG_ADD, true, false);

	if (err) {
		mixer_proc_leave(mc->proc);
		mc->proc = NULL;
	}

	return err;
}

/** True if it has died too often lately to try again. */
static bool deaths_count(struct mixer_client *mc, uint64_t now)
{
	uint64_t *slot = &mc->deathv[mc->deaths++ % MIXER_TRIES];
	uint64_t oldest;

	*slot  = now;
	oldest = mc->deathv[mc->deaths % MIXER_TRIES];

	return mc->deaths >= MIXER_TRIES && now - oldest < TRIES_US;
}

static void again_timeout(void *arg);

/** EPIPE: too often.  What keeps it from starting, no process to be had or
 *  its file just being replaced, may be over in a moment. */
static int start_again(struct mixer_client *mc, uint64_t now)
{
	int err;

	if (deaths_count(mc, now)) {
		error("mixer of meeting %u given up", mc->meeting);
		return EPIPE;
	}
	err = mixer_start(mc);
	if (err) {
		warning("mixer of meeting %u did not start, tried again: %m",
			mc->meeting, err);
		tmr_start(&mc->tmr, AGAIN_MS, again_timeout, mc);
	}

	return 0;
}

static void again_timeout(void *arg)
{
	struct mixer_client *mc = arg;
	int err = start_again(mc, clock_us());

	if (err && mc->diedh)
		mc->diedh(mc->status, err, mc->arg);
}

static bool given_up(const struct mixer_client *mc)
{
	return !mc->proc && !tmr_isrunning(&mc->tmr);
}

static void proc_died(int status, void *arg)
{
	struct mixer_client *mc = arg;
	uint64_t now = clock_us();
	struct le *le;
	int err;

	mem_ref(mc);

	warning("mixer %d died meeting=%u status=0x%04x",
		(int)mixer_proc_pid(mc->proc), mc->meeting,
		(unsigned)status);

	mixer_proc_leave(mc->proc);
	mc->proc = NULL;

	/* move the open requests out of the way of the new process's */
	while ((le = list_head(&mc->reql))) {
		list_unlink(le);
		list_append(&mc->deadl, le, le->data);
	}

	if (!mc->reborn)
		mc->died_us = now; /* a second death prolongs the first   */
	mc->reborn = true;
	mc->status = status;

	err = start_again(mc, now);
	if (mc->diedh)
		mc->diedh(status, err, mc->arg);

	while (!let_go(mc) && (le = list_head(&mc->deadl)))
		request_fail(le->data, "the mixer died");

	mem_deref(mc);
}

void mixer_requests_end(struct mixer_client *mc)
{
	struct le *le;

	if (!mc)
		return;

	while ((le = list_head(&mc->deadl)))
		request_fail(le->data, "the mixer died");
	while ((le = list_head(&mc->reql)))
		request_fail(le->data, "the meeting is over");
}

int mixer_client_alloc(struct mixer_client **mcp,
		       const struct mixer_client_cfg *cfg,
		       mixer_msg_h *msgh, mixer_died_h *diedh,
		       mixer_reborn_h *rebornh, void *arg)
{
	struct mixer_client *mc;
	int err;

	if (!mcp || !cfg || !cfg->path)
		return EINVAL;

	mc = mem_zalloc(sizeof(*mc), client_destructor);
	if (!mc)
		return ENOMEM;

	mc->meeting  = cfg->meeting;
	mc->canvas_w = cfg->canvas_w;
	mc->canvas_h = cfg->canvas_h;
	mc->fps      = cfg->fps;
	mc->tones    = cfg->tones;
	mc->crop     = cfg->crop;
	mc->spotlights = cfg->spotlights;
	mc->layouts  = json_incref(cfg->layouts);
	if (cfg->ladder)
		mc->ladder = *cfg->ladder;
	mc->look     = cfg->look;
	mc->watermark = -1;
	if (cfg->layout)
		str_ncpy(mc->layout, cfg->layout, sizeof(mc->layout));
	mc->seq      = SEQ_FIRST;
	tmr_init(&mc->tmr);
	mc->msgh     = msgh;
	mc->diedh    = diedh;
	mc->rebornh  = rebornh;
	mc->arg      = arg;

	err = str_dup(&mc->path, cfg->path);
	if (!err && cfg->room)
		err = str_dup(&mc->room, cfg->room);
	if (!err) {
		err = mixer_start(mc);
		if (err)
			error("mixer %s did not start: %m", mc->path, err);
	}

	if (err)
		mem_deref(mc);
	else
		*mcp = mc;

	return err;
}

/** Dead already, only not noticed yet: a replacement comes in any case. */
static bool is_dead(int err)
{
	return err == EPIPE || err == ECONNRESET || err == ENOTCONN;
}

int mixer_client_watermark(struct mixer_client *mc, int fd)
{
	int copy = -1, err;

	if (!mc)
		return EINVAL;

	if (fd >= 0) {
		copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (copy < 0)
			return errno;
	}
	if (mc->watermark >= 0)
		close(mc->watermark);
	mc->watermark = copy;

	/* one that is dead is replaced, and told */
	err = watermark_send(mc);

	return is_dead(err) ? 0 : err;
}

static void leg_fds_close(struct mixer_leg *ml)
{
	while (ml->fdc)
		close(ml->fdv[--ml->fdc]);
}

static int leg_fds_dup(struct mixer_leg *ml, const int *fdv, size_t fdc)
{
	if (fdc > IPC_FDS_MAX || (fdc && !fdv))
		return EINVAL;

	while (ml->fdc < fdc) {
		int fd = fcntl(fdv[ml->fdc], F_DUPFD_CLOEXEC, 3);

		if (fd < 0)
			return errno;
		ml->fdv[ml->fdc++] = fd;
	}

	return 0;
}

static void leg_destructor(void *arg)
{
	struct mixer_leg *ml = arg;

	list_unlink(&ml->le);
	if (ml->mc && ml->mc->proc)
		(void)request_send(ml->mc, MIX_LEG_DEL,
				   json_pack("{s:I, s:b}", "id",
					     (json_int_t)ml->t.id,
					     "leave_tone", ml->leave_tone),
				   NULL, 0, 0, NULL, NULL);
	leg_fds_close(ml);
}

int mixer_leg_alloc(struct mixer_leg **mlp, struct mixer_client *mc,
		    const struct ticket *t, const int *fdv, size_t fdc,
		    bool join_tone)
{
	struct mixer_leg *ml;
	int err;

	if (!mlp || !mc || !t)
		return EINVAL;
	if (given_up(mc))
		return ENOTCONN;

	ml = mem_zalloc(sizeof(*ml), leg_destructor);
	if (!ml)
		return ENOMEM;

	ml->t = *t;
	err = leg_fds_dup(ml, fdv, fdc);
	if (err)
		goto out;

	ml->mc = mc;
	err = leg_send(ml, MIX_LEG_ADD, true, join_tone);
	if (is_dead(err))
		err = 0;
	if (err) {
		ml->mc = NULL;
		goto out;
	}

	list_append(&mc->legl, &ml->le, ml);

 out:
	if (err)
		mem_deref(ml);
	else
		*mlp = ml;

	return err;
}

static void media_set(struct ticket_media *to, const struct ticket_media *from)
{
	bool moved = sa_isset(&from->raddr, SA_ALL) &&
		!sa_cmp(&to->raddr, &from->raddr, SA_ALL);

	*to = *from;
	if (moved) {
		sa_init(&to->latched, AF_UNSPEC);
		to->rssrc = 0;
		to->rseq  = 0;
	}
}

/** What the mixer told is newer than what the owner has. */
static void rtc_keep(struct ticket_rtc *rtc, const struct ticket_rtc *old)
{
	rtc->peer = old->peer;
	rtc->srtp = old->srtp;
	memcpy(rtc->txkey, old->txkey, sizeof(rtc->txkey));
	memcpy(rtc->rxkey, old->rxkey, sizeof(rtc->rxkey));
	memcpy(rtc->rocv, old->rocv, sizeof(rtc->rocv));
	rtc->rocc = old->rocc;
}

static void leg_ticket_set(struct mixer_leg *ml, const struct ticket *t)
{
	struct ticket old = ml->t;

	ml->t = *t;
	ml->t.audio = old.audio;
	ml->t.video = old.video;
	ml->t.slides = old.slides;
	media_set(&ml->t.audio, &t->audio);
	media_set(&ml->t.video, &t->video);
	media_set(&ml->t.slides, &t->slides);
	rtc_keep(&ml->t.rtc, &old.rtc);
}

/** A replacement that is still to come is told when it is there. */
static int leg_tell(struct mixer_leg *ml, bool fds)
{
	return ml->mc->proc ? leg_send(ml, MIX_LEG_SET, fds, false) : 0;
}

int mixer_leg_set(struct mixer_leg *ml, const struct ticket *t)
{
	if (!ml || !t)
		return EINVAL;
	if (!ml->mc || given_up(ml->mc))
		return ENOTCONN;

	leg_ticket_set(ml, t);

	return leg_tell(ml, false);
}

int mixer_leg_set_fds(struct mixer_leg *ml, const struct ticket *t,
		      const int *fdv, size_t fdc)
{
	struct mixer_leg old;
	int err;

	if (!ml || !t)
		return EINVAL;
	if (!ml->mc || given_up(ml->mc))
		return ENOTCONN;

	old = *ml;
	ml->fdc = 0;
	err = leg_fds_dup(ml, fdv, fdc);
	if (err) {
		leg_fds_close(ml);
		memcpy(ml->fdv, old.fdv, sizeof(ml->fdv));
		ml->fdc = old.fdc;
		return err;
	}
	leg_fds_close(&old);
	leg_ticket_set(ml, t);

	return leg_tell(ml, true);
}

const struct ticket *mixer_leg_ticket(const struct mixer_leg *ml)
{
	return ml ? &ml->t : NULL;
}

void mixer_leg_tone(struct mixer_leg *ml, bool leave_tone)
{
	if (ml)
		ml->leave_tone = leave_tone;
}

/** What the replacement's hello must say from now on. */
static void room_set(struct mixer_client *mc, const json_t *msg)
{
	const char *fit;

	(void)json_strcpy(msg, "layout", mc->layout, sizeof(mc->layout));
	(void)pins_decode(&mc->spotlights, json_object_get(msg, "spotlights"));
	look_decode(&mc->look, msg);
	(void)json_flag(msg, "tones", &mc->tones);
	(void)ladder_decode(&mc->ladder, json_object_get(msg, "ladder"));
	if (!json_str(msg, "fit", &fit))
		mc->crop = !strcmp(fit, "crop");
}

int mixer_request(struct mixer_client *mc, const char *m, json_t *msg,
		  const int *fdv, size_t fdc, mixer_done_h *doneh, void *arg)
{
	if (!mc || !m) {
		json_decref(msg);
		return EINVAL;
	}

	if (!msg)
		msg = json_object();
	if (!strcmp(m, MIX_ROOM_SET))
		room_set(mc, msg);

	return request_send(mc, m, msg, fdv, fdc, 0, doneh, arg);
}

int mixer_client_layouts(struct mixer_client *mc, json_t *files)
{
	if (!mc || !files)
		return EINVAL;
	json_incref(files);
	json_decref(mc->layouts);
	mc->layouts = files;

	return mc->proc ? layouts_send(mc) : ENOTCONN;
}

pid_t mixer_client_pid(const struct mixer_client *mc)
{
	return mc ? mixer_proc_pid(mc->proc) : 0;
}

const char *mixer_client_path(void)
{
	static char path[512];
	const char *dir = getenv("TUTTI_LIBEXEC");

	if (re_snprintf(path, sizeof(path), "%s/tutti-mixer",
			dir && *dir ? dir : PKGLIBEXECDIR) < 0)
		return PKGLIBEXECDIR "/tutti-mixer";

	return path;
}
