/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_in.c -- one source of video: the loop's and the tick's side
 */
#include <errno.h>
#include <string.h>

#include <libavutil/frame.h>

#include <re.h>

#include "mixer/video_in_priv.h"
#include "mixer/video_mark.h"

static void drop_pkt(void *item)
{
	pkt_put(item);
}

void vin_held_flush(struct vin *vin)
{
	for (unsigned i = 0; i < vin->heldc; i++)
		av_frame_free(&vin->heldv[i].frame);
	vin->heldc = 0;
}

static void vin_destructor(void *data)
{
	struct vin *vin = data;

	if (vin->pool)
		pool_job_leave(vin->pool, &vin->job);
	vin_held_flush(vin);
	mem_deref(vin->rf);
	mem_deref(vin->dec);
	mem_deref(vin->bq);
	pthread_mutex_destroy(&vin->mtx);
	pthread_mutex_destroy(&vin->hmtx);
}

struct vin *vin_ref(struct vin *vin)
{
	atomic_fetch_add(&vin->refs, 1);

	return vin;
}

void vin_unref(struct vin *vin)
{
	if (vin && atomic_fetch_sub(&vin->refs, 1) == 1)
		mem_deref(vin);
}

uint32_t vin_id(const struct vin *vin)
{
	return vin->id;
}

bool vin_is_slides(const struct vin *vin)
{
	return vin->slides;
}

void vin_name(struct vin *vin, char name[TICKET_NAME_MAX])
{
	pthread_mutex_lock(&vin->mtx);
	memcpy(name, vin->name, sizeof(vin->name));
	pthread_mutex_unlock(&vin->mtx);
}

unsigned vin_marks(const struct vin *vin)
{
	struct vin *w = (struct vin *)vin;

	return atomic_load(&w->marks) |
		(atomic_load(&w->trouble) ? MARK_TROUBLE : 0u);
}

void vin_trouble(struct vin *vin, bool on)
{
	atomic_store(&vin->trouble, on);
}

static void send_event(struct vin *vin, enum video_event ev)
{
	pthread_mutex_lock(&vin->hmtx);
	if (vin->eventh)
		vin->eventh(ev, vin->id, vin->arg);
	pthread_mutex_unlock(&vin->hmtx);
}

/* --- asking for key frames -------------------------------------------- */

void vin_need_key(struct vin *vin, uint64_t now, bool at_once)
{
	pthread_mutex_lock(&vin->mtx);
	if (!vin->need_key) {
		uint64_t at = at_once ? now : now + VIN_FRESH_US;

		/* merged: not sooner than one interval after the last */
		if (vin->ask_us < at)
			vin->ask_us = at;
		vin->ask_step_us = VIN_ASK_US;
		vin->need_key = true;
	}
	pthread_mutex_unlock(&vin->mtx);
}

/* ask_us stays: the next need waits until an interval is over */
void vin_got_key(struct vin *vin)
{
	pthread_mutex_lock(&vin->mtx);
	vin->need_key = false;
	vin->had_key = true;
	vin->ask_step_us = VIN_ASK_US;
	pthread_mutex_unlock(&vin->mtx);
}

/* Also a sender that sends nothing is asked, but rarely. */
void vin_ask(struct vin *vin, uint64_t now)
{
	bool yes = false;

	pthread_mutex_lock(&vin->mtx);
	if (vin->need_key && vin->on && vin->pkt_us && now >= vin->ask_us) {
		yes = true;
		vin->ask_us = now + vin->ask_step_us;
		if (vin->ask_step_us < VIN_ASK_MAX_US)
			vin->ask_step_us *= 2;
	}
	pthread_mutex_unlock(&vin->mtx);
	if (!yes)
		return;
	atomic_fetch_add(&vin->asked, 1);
	send_event(vin, vin->slides ? VIDEO_WANT_KEY_SLIDES : VIDEO_WANT_KEY);
}

/* --- its job ---------------------------------------------------------- */

void vin_kick(struct vin *vin)
{
	vin_ref(vin);
	if (!pool_kick(vin->pool, &vin->job))
		vin_unref(vin);
}

static void job_idle(void *arg)
{
	vin_unref(arg);
}

/* --- the loop's ------------------------------------------------------- */

/* "Ann – screen"; a long name is cut between characters. */
static void slides_name(char name[TICKET_NAME_MAX], const char *who)
{
	static const char what[] = " \xe2\x80\x93 screen";
	size_t n = strnlen(who, TICKET_NAME_MAX - sizeof(what));

	while (n && who[n] && ((uint8_t)who[n] & 0xc0) == 0x80)
		--n;
	memcpy(name, who, n);
	memcpy(name + n, what, sizeof(what));
}

/* [m] held, or nobody else has it yet */
static void ticket_take(struct vin *vin, const struct ticket *t)
{
	const struct ticket_media *m = vin->slides ? &t->slides : &t->video;
	bool on = m->on && m->recv && m->fmtc &&
		(vin->slides || !t->video_muted);

	if (vin->on && !on) {
		vin_held_flush(vin);
		vin->forget = true;
	}
	if (!vin->on && on) {
		vin->last_us = 0;
		vin->had_key = false;
		vin->broken = false;
		atomic_store(&vin->stale, true);
	}
	vin->on = on;
	vin->media = *m;
	atomic_store(&vin->marks, vin->slides ? 0 : marks_of(t));
	if (vin->slides)
		slides_name(vin->name, t->name);
	else
		str_ncpy(vin->name, t->name, sizeof(vin->name));
}

int vin_alloc(struct vin **vp, struct pool *pool, const struct ticket *t,
	      bool slides, video_event_h *eventh, void *arg)
{
	struct vin *vin;
	int err;

	vin = mem_zalloc(sizeof(*vin), vin_destructor);
	if (!vin)
		return ENOMEM;
	pthread_mutex_init(&vin->mtx, NULL);
	pthread_mutex_init(&vin->hmtx, NULL);
	atomic_init(&vin->refs, 1);
	atomic_init(&vin->due_us, UINT64_MAX);
	atomic_init(&vin->wait_ms, RTP_FRAME_WAIT_MS);
	vin->id = t->id;
	vin->eventh = eventh;
	vin->arg = arg;
	vin->wait_key = true;
	vin->slides = slides;
	vin->told = slides ? VIDEO_SLIDES_NONE : VIDEO_NONE;
	vin->ask_step_us = VIN_ASK_US;
	ticket_take(vin, t);
	err = bq_alloc(&vin->bq, VIN_QUEUE, drop_pkt);
	if (err) {
		mem_deref(vin);
		return err;
	}
	vin->pool = pool;
	pool_job_init(pool, &vin->job, vin_job, job_idle, vin);
	*vp = vin;

	return 0;
}

void vin_set(struct vin *vin, const struct ticket *t)
{
	pthread_mutex_lock(&vin->mtx);
	ticket_take(vin, t);
	pthread_mutex_unlock(&vin->mtx);
}

void vin_put(struct vin *vin, struct pkt *pkt)
{
	bool marker;

	if (!atomic_load(&vin->looked_at)) {
		atomic_store(&vin->stale, true);
		atomic_store(&vin->missed, true);
		pkt_put(pkt);
		return;
	}
	/* The turn before the next tick has all decoded that came until
	 * then, stream after stream; what comes later, at once: one wake-up
	 * a frame.  The tick sees to what has no marker. */
	marker = pkt->marker;
	bq_push(vin->bq, pkt);
	if ((marker && !atomic_load(&vin->gather)) ||
	    bq_count(vin->bq) >= VIN_QUEUE / 4)
		vin_kick(vin);
}

void vin_gather(struct vin *vin, bool on)
{
	atomic_store(&vin->gather, on);
	if (!on && bq_count(vin->bq))
		vin_kick(vin);
}

void vin_sync(struct vin *vin, const struct rtp_sync *sync)
{
	pthread_mutex_lock(&vin->mtx);
	vin->sync = *sync;
	pthread_mutex_unlock(&vin->mtx);
}

void vin_lipsync(struct vin *vin, video_offset_h *offseth,
		 video_hold_h *holdh, void *arg)
{
	pthread_mutex_lock(&vin->hmtx);
	vin->offseth = offseth;
	vin->holdh = holdh;
	vin->lip_arg = arg;
	pthread_mutex_unlock(&vin->hmtx);
}

void vin_wait(struct vin *vin, unsigned ms)
{
	atomic_store(&vin->wait_ms, ms);
}

void vin_close(struct vin *vin)
{
	pthread_mutex_lock(&vin->hmtx);
	vin->eventh = NULL;
	vin->offseth = NULL;
	vin->holdh = NULL;
	pthread_mutex_unlock(&vin->hmtx);
	atomic_store(&vin->looked_at, false);
}

void vin_look(struct vin *vin, bool on)
{
	if (atomic_exchange(&vin->looked_at, on) == on)
		return;
	if (on) {
		pthread_mutex_lock(&vin->mtx);
		vin->last_us = 0;
		vin->pkt_us = 0;
		pthread_mutex_unlock(&vin->mtx);
	}
	else {
		atomic_store(&vin->stale, true);
		vin_kick(vin);
	}
}

/* --- the tick's ------------------------------------------------------- */

/* [m] held: the newest picture that is due; older ones are let go */
static AVFrame *held_take(struct vin *vin, uint64_t now, uint64_t until,
			  int64_t *waited)
{
	AVFrame *frame = NULL;
	unsigned n = 0;

	while (n < vin->heldc && vin->heldv[n].due_us <= until) {
		const struct held *h = &vin->heldv[n++];

		av_frame_free(&frame);
		frame = h->frame;
		*waited = h->due_us ? (int64_t)(until - h->due_us) :
			(int64_t)(now - h->rx_us);
	}
	vin->heldc -= n;
	memmove(&vin->heldv[0], &vin->heldv[n],
		sizeof(vin->heldv[0]) * vin->heldc);

	return frame;
}

void vin_take(struct vin *vin, uint64_t now, uint64_t until,
	      struct vin_view *view)
{
	bool frozen;

	if (atomic_load(&vin->due_us) <= now || bq_count(vin->bq) ||
	    (atomic_load(&vin->stale) && atomic_load(&vin->looked_at)))
		vin_kick(vin);

	pthread_mutex_lock(&vin->mtx);
	if (!vin->last_us)
		vin->last_us = now;
	view->id = vin->id;
	memcpy(view->name, vin->name, sizeof(view->name));
	view->on = vin->on;
	view->broken = vin->broken;
	view->last_us = vin->last_us;
	view->frame = held_take(vin, now, until, &view->wait_us);
	view->forget = vin->forget;
	vin->forget = false;
	frozen = vin->on && !vin->slides && now - vin->last_us > VIN_FROZEN_US;
	pthread_mutex_unlock(&vin->mtx);

	if (frozen)
		vin_need_key(vin, now, true);
	vin_ask(vin, now);
}

void vin_tell(struct vin *vin, enum video_event ev)
{
	if (vin->told == ev)
		return;
	vin->told = ev;
	send_event(vin, ev);
}

void vin_need(struct vin *vin, unsigned w, unsigned h)
{
	atomic_store(&vin->need, w << 16 | h);
	send_event(vin, vin->slides ? VIDEO_NEED_SLIDES : VIDEO_NEED);
}

void vin_needed(const struct vin *vin, unsigned *wp, unsigned *hp)
{
	unsigned need = atomic_load(&((struct vin *)vin)->need);

	*wp = need >> 16;
	*hp = need & 0xffff;
}

bool vin_on(struct vin *vin)
{
	bool on;

	pthread_mutex_lock(&vin->mtx);
	on = vin->on;
	pthread_mutex_unlock(&vin->mtx);

	return on;
}

bool vin_sends(struct vin *vin)
{
	bool sends;

	pthread_mutex_lock(&vin->mtx);
	sends = vin->on && vin->pkt_us;
	pthread_mutex_unlock(&vin->mtx);

	return sends;
}

/* --- statistics ------------------------------------------------------- */

json_t *vin_stats(struct vin *vin)
{
	json_t *obj;

	pthread_mutex_lock(&vin->mtx);
	obj = json_pack("{s:i,s:i,s:I,s:I,s:I,s:I,s:I,s:i,s:I}",
			"width", (int)vin->width,
			"height", (int)vin->height,
			"frames", (json_int_t)atomic_load(&vin->frames),
			"refused", (json_int_t)atomic_load(&vin->errors),
			"lost", (json_int_t)atomic_load(&vin->lost),
			"keys_asked", (json_int_t)atomic_load(&vin->asked),
			"queue_dropped", (json_int_t)bq_dropped(vin->bq),
			"hold_ms", (int)lips_hold_ms(&vin->lips),
			"decode_us", (json_int_t)atomic_load(&vin->cpu_us));
	pthread_mutex_unlock(&vin->mtx);

	return obj;
}

uint64_t vin_cpu_us(const struct vin *vin)
{
	return atomic_load(&((struct vin *)vin)->cpu_us);
}
