/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_in.c -- one source of video
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include <libavutil/frame.h>

#include <re.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "mixer/bq.h"
#include "mixer/codec_video.h"
#include "mixer/rtp_frame.h"
#include "mixer/video_clock.h"
#include "mixer/video_in.h"
#include "mixer/video_lips.h"
#include "mixer/video_mark.h"

enum { TURN_US = 10000 };        /* decoding without a break             */

struct held {
	AVFrame *frame;
	uint64_t due_us;          /* 0: at once                           */
	uint64_t rx_us;           /* its last packet                      */
};

/* Locks: [I] set at creation  [j] the job's, one at a time  [m] mtx
 *        [h] hmtx, held while a handler runs; taken before mtx
 *        [t] the tick's, one at a time */
struct vin {
	atomic_uint refs;
	uint32_t id;              /* [I]                                  */
	bool slides;              /* [I]                                  */
	struct pool *pool;        /* [I] outlives us                      */
	struct pool_job job;
	struct bq *bq;            /* [I]                                  */
	atomic_bool looked_at;    /* decode                               */
	atomic_bool stale;        /* what is held is of no use any more   */
	atomic_bool missed;       /* packets were thrown away             */
	atomic_bool gather;       /* packets wait for vin_gather(false)   */
	atomic_ullong due_us;     /* of the reassembly's timer            */
	atomic_uint need;         /* width << 16 | height                 */
	atomic_uint wait_ms;      /* the reassembly's                     */

	/* decoding */
	enum ticket_codec codec;  /* [j]                                  */
	struct rtp_frame *rf;     /* [j]                                  */
	struct vdec *dec;         /* [j]                                  */
	bool wait_key;            /* [j] pictures would be wrong          */
	bool recovering;          /* [j] of gradual refresh               */
	unsigned refused;         /* [j] frames, in a row                 */
	uint32_t ssrc;            /* [j]                                  */
	uint64_t now_us;          /* [j]                                  */
	uint64_t rx_us;           /* [j] last packet                      */

	pthread_mutex_t mtx;
	struct ticket_media media;        /* [m]                          */
	char name[TICKET_NAME_MAX];       /* [m]                          */
	bool on;                  /* [m]                                  */
	struct rtp_sync sync;     /* [m]                                  */
	struct held heldv[VIN_HELD];      /* [m] oldest first             */
	unsigned heldc;           /* [m]                                  */
	bool broken, forget;      /* [m]                                  */
	uint64_t last_us;         /* [m]                                  */
	uint64_t pkt_us;          /* [m]                                  */
	bool need_key;            /* [m]                                  */
	bool had_key;             /* [m]                                  */
	uint64_t ask_us;          /* [m] when to ask next                 */
	uint64_t ask_step_us;     /* [m]                                  */
	unsigned width, height;   /* [m] of the last picture              */
	enum video_event told;    /* [t] the tick's                       */
	struct lips lips;         /* [m]                                  */

	pthread_mutex_t hmtx;
	video_event_h *eventh;    /* [h] NULL: closed                     */
	void *arg;                /* [h]                                  */
	video_offset_h *offseth;  /* [h]                                  */
	video_hold_h *holdh;      /* [h]                                  */
	void *lip_arg;            /* [h]                                  */

	atomic_uint marks;        /* but for trouble                      */
	atomic_bool trouble;
	atomic_ullong cpu_us, frames, errors, asked, lost;
};

static void drop_pkt(void *item)
{
	pkt_put(item);
}

static void held_flush(struct vin *vin)
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
	held_flush(vin);
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

static void need_key(struct vin *vin, uint64_t now, bool at_once)
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
static void got_key(struct vin *vin)
{
	pthread_mutex_lock(&vin->mtx);
	vin->need_key = false;
	vin->had_key = true;
	vin->ask_step_us = VIN_ASK_US;
	pthread_mutex_unlock(&vin->mtx);
}

/* Also a sender that sends nothing is asked, but rarely. */
static void ask(struct vin *vin, uint64_t now)
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

/* --- a decoded picture ------------------------------------------------ */

/* When this picture's sound is heard [us], 0: not known */
static uint64_t play_time(struct vin *vin, uint32_t ts, uint64_t now)
{
	int64_t offset = INT64_MIN, play;
	uint64_t ntp = 0;
	unsigned hold;
	bool set = false;

	pthread_mutex_lock(&vin->hmtx);
	if (vin->offseth)
		offset = vin->offseth(vin->lip_arg);
	pthread_mutex_lock(&vin->mtx);
	if (vin->sync.valid && vin->sync.ssrc == vin->ssrc)
		ntp = rtp_sync_us(&vin->sync, ts);
	if (offset == INT64_MIN || !ntp) {
		pthread_mutex_unlock(&vin->mtx);
		pthread_mutex_unlock(&vin->hmtx);
		return 0;
	}
	play = offset + (int64_t)ntp;
	set = lips_put(&vin->lips, now, (int64_t)now - play, &hold);
	pthread_mutex_unlock(&vin->mtx);
	if (set && vin->holdh)
		vin->holdh(hold, vin->lip_arg);
	pthread_mutex_unlock(&vin->hmtx);

	if (play <= (int64_t)now || play - (int64_t)now > VIN_HOLD_US)
		return 0;

	return (uint64_t)play;
}

static void frame_handler(AVFrame *frame, void *arg)
{
	struct vin *vin = arg;
	uint64_t due = play_time(vin, (uint32_t)frame->pts, vin->now_us);
	AVFrame *copy = av_frame_clone(frame);
	AVFrame *old = NULL;

	if (!copy)
		return;
	atomic_fetch_add(&vin->frames, 1);

	pthread_mutex_lock(&vin->mtx);
	if (vin->heldc == VIN_HELD)       /* thin out, keep what is next  */
		old = vin->heldv[--vin->heldc].frame;
	vin->heldv[vin->heldc++] = (struct held){copy, due, vin->rx_us};
	vin->last_us = vin->now_us;
	vin->broken = false;
	vin->width = (unsigned)frame->width;
	vin->height = (unsigned)frame->height;
	pthread_mutex_unlock(&vin->mtx);
	av_frame_free(&old);
	vin->refused = 0;
	vin->recovering = false;
}

static void refused(struct vin *vin)
{
	atomic_fetch_add(&vin->errors, 1);
	if (++vin->refused < VIN_BROKEN)
		return;
	pthread_mutex_lock(&vin->mtx);
	vin->broken = true;
	pthread_mutex_unlock(&vin->mtx);
}

/* Nothing that builds on what was lost.  A gradual refresh mends it, but
 * the decoder, which has the old picture, would show half of each: it is
 * to forget that, and holds back what it has not recovered. */
static bool may_decode(struct vin *vin, const struct rtp_frame_info *info)
{
	bool lost = vin->wait_key || info->broken || info->lost_before;

	if (!info->key) {
		vin->wait_key = lost;
		if (lost)
			vin->recovering = false;
		return !lost;
	}

	vin->recovering = lost && vin->codec == CODEC_H264 &&
		vdec_h264_recovers(info->data, info->len);
	if (vin->recovering)
		vdec_reset(vin->dec);
	vin->wait_key = false;
	got_key(vin);

	return true;
}

/* An encoded frame, whole */
static void encoded_handler(const struct rtp_frame_info *info, void *arg)
{
	struct vin *vin = arg;
	int err;

	vin->ssrc = info->ssrc;
	if (!may_decode(vin, info))
		return;

	err = vdec_put(vin->dec, info->data, info->len, info->ts,
		       frame_handler, vin);
	if (err && !vin->recovering) {
		refused(vin);
		vin->wait_key = true;
		need_key(vin, vin->now_us, true);
	}
}

/* --- the job ---------------------------------------------------------- */

static void reset(struct vin *vin)
{
	rtp_frame_reset(vin->rf);
	vdec_reset(vin->dec);
	vin->wait_key = true;
	vin->recovering = false;
	pthread_mutex_lock(&vin->mtx);
	held_flush(vin);
	pthread_mutex_unlock(&vin->mtx);
}

/* The decoder for what this packet is; false: none, drop it */
static bool codec_ready(struct vin *vin, uint8_t pt)
{
	enum ticket_codec codec = CODEC_NONE;

	pthread_mutex_lock(&vin->mtx);
	for (unsigned i = 0; i < vin->media.fmtc && vin->on; i++) {
		if (vin->media.fmtv[i].pt == pt)
			codec = vin->media.fmtv[i].codec;
	}
	pthread_mutex_unlock(&vin->mtx);
	if (!codec_is_video(codec))
		return false;
	if (codec == vin->codec && vin->rf && vin->dec)
		return true;

	if (codec != vin->codec)
		vin->rf = mem_deref(vin->rf);
	vin->dec = mem_deref(vin->dec);
	vin->codec = codec;
	vin->wait_key = true;
	vin->recovering = false;
	vin->refused = 0;
	if (vdec_alloc(&vin->dec, codec) || (!vin->rf &&
	    rtp_frame_alloc(&vin->rf, codec, encoded_handler, vin))) {
		warning("leg %u video decoder failed codec=%s", vin->id,
			codec_name(codec));
		return false;
	}
	debug("leg %u video decoder opened codec=%s", vin->id,
	      codec_name(codec));

	return true;
}

/* Who sends faster than we decode must not keep the worker from others;
 * false: there is more for another turn. */
static bool take_packets(struct vin *vin, uint64_t now)
{
	const uint64_t end = clock_us() + TURN_US;
	struct pkt *pkt;

	while ((pkt = bq_pop(vin->bq))) {
		if (!codec_ready(vin, pkt->pt)) {
			pkt_put(pkt);
			continue;
		}
		vin->rx_us = pkt->rx_us;
		rtp_frame_wait(vin->rf, atomic_load(&vin->wait_ms));
		rtp_frame_put(vin->rf, pkt, now);
		if (clock_us() >= end)
			return false;
	}

	return true;
}

/* Not shown: what others can use is given back, `stale` stays. */
static void let_go(struct vin *vin)
{
	struct pkt *pkt;

	while ((pkt = bq_pop(vin->bq)))
		pkt_put(pkt);
	reset(vin);
	vin->dec = mem_deref(vin->dec);
	atomic_store(&vin->due_us, UINT64_MAX);
}

static void kick(struct vin *vin)
{
	vin_ref(vin);
	if (!pool_kick(vin->pool, &vin->job))
		vin_unref(vin);
}

static void job(void *arg, uint64_t now)
{
	struct vin *vin = arg;
	uint64_t t0 = video_cpu_us();
	bool fresh, all;

	on_worker();
	vin->now_us = now;
	if (!atomic_load(&vin->looked_at)) {
		let_go(vin);
		return;
	}
	if (atomic_exchange(&vin->stale, false) && vin->rf)
		reset(vin);
	if (atomic_exchange(&vin->missed, false))
		need_key(vin, now, true);
	all = take_packets(vin, now);
	if (vin->rf) {
		if (rtp_frame_due(vin->rf) <= now)
			rtp_frame_run(vin->rf, now);
		atomic_store(&vin->due_us, rtp_frame_due(vin->rf));
		atomic_store(&vin->lost, rtp_frame_stats(vin->rf)->lost);

		pthread_mutex_lock(&vin->mtx);
		vin->pkt_us = now;
		fresh = !vin->had_key;
		pthread_mutex_unlock(&vin->mtx);
		if (vin->wait_key || rtp_frame_want_key(vin->rf))
			need_key(vin, now, !fresh);
		ask(vin, now);
	}
	atomic_fetch_add(&vin->cpu_us, video_cpu_us() - t0);
	if (!all)
		kick(vin);        /* after the others on this worker      */
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
		held_flush(vin);
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
	pool_job_init(pool, &vin->job, job, job_idle, vin);
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
		kick(vin);
}

void vin_gather(struct vin *vin, bool on)
{
	atomic_store(&vin->gather, on);
	if (!on && bq_count(vin->bq))
		kick(vin);
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
		kick(vin);
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
		kick(vin);

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
		need_key(vin, now, true);
	ask(vin, now);
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
