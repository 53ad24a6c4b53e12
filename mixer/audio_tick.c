/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/audio_tick.c -- what happens every 20 ms
 *
 *	audio_box -> inputs (decode, levels) -> one sum -> outputs (shared
 *	and own encoders) -> one batch to the handlers -> figures for the loop
 *
 * Only legs that send are looked at one by one; a listener is a line in the
 * batch.
 */
#include <string.h>
#include <time.h>
#include <re.h>

#include "mixer/audio_eng.h"

enum {
	TICK_US = AUDIO_TICK_MS * 1000,
	RAMP_UP    = 120,         /* samples                              */
	CROWD_HOLD = 100,         /* ticks after talking, in a crowd      */
};


static uint64_t cpu_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);

	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}


static void event(struct audio *a, enum audio_event ev, struct aleg *leg)
{
	struct audio_ev *e;

	if (a->evc == AUDIO_EVENTS)
		return;

	e = &a->evv[a->evc++];
	e->ev  = ev;
	e->leg = leg;
	e->id  = leg ? leg->id : 0;
}


/* ---- inputs ------------------------------------------------------------ */

static void speaker_part(struct audio *a, struct aleg *leg, bool heard)
{
	if (heard && !leg->part_in)
		audio_speaker_join(&a->speaker, &leg->part, leg->id);
	else if (!heard && leg->part_in)
		audio_speaker_leave(&a->speaker, &leg->part);
	leg->part_in = heard;

	if (heard)
		audio_speaker_feed(&leg->part,
				   leg->level.db - leg->level.floor_db);
}


static void voice(struct audio *a, struct aleg *leg, bool heard)
{
	bool was = leg->level.talking;

	(void)audio_level_run(&leg->level, leg->pcm,
			      MIX_FRAME * leg->pcm_ch);
	if (!heard) {
		leg->level.talking = false;
		leg->level.on = leg->level.open = 0;
	}

	if (was != leg->level.talking)
		event(a, was ? AUDIO_TALK_OFF : AUDIO_TALK_ON, leg);

	speaker_part(a, leg, heard);
}


/* In a crowd of open microphones only who talks is mixed. */
static bool admitted(const struct audio *a, const struct aleg *leg)
{
	if (!leg->level.open)
		return false;

	return !a->crowded || leg->level.talking ||
		leg->level.off < CROWD_HOLD;
}


/* Quickly in, so that no word loses its beginning; slowly out */
static void ramp(int16_t *x, unsigned ch, bool up)
{
	unsigned i, c, n = up ? RAMP_UP : MIX_FRAME;

	for (i = 0; i < n; i++) {
		int g = (int)(up ? i : n - i);

		for (c = 0; c < ch; c++)
			x[i * ch + c] = (int16_t)(x[i * ch + c] * g /
						  (int)n);
	}
}


/* The gate opens and closes within one tick, without a step. */
static void gate(const struct audio *a, struct aleg *leg, bool heard)
{
	bool admit = leg->pcm && (admitted(a, leg) || !heard);

	if (!leg->pcm) {
		leg->mixed = false;
		return;
	}

	if (heard && admit != leg->mixed && leg->level.db > LEVEL_GATE - 20)
		ramp(leg->pcm, leg->pcm_ch, admit);
	else if (!admit)
		leg->pcm = NULL;

	leg->mixed = admit;
}


static void sync_av(struct aleg *leg, uint64_t now)
{
	uint32_t ts, ssrc;

	if (!leg->sync.valid || !audio_in_ts(leg->in, &ts, &ssrc) ||
	    ssrc != leg->sync.ssrc)
		return;

	atomic_store_explicit(&leg->offset,
		(int64_t)now - (int64_t)rtp_sync_us(&leg->sync, ts),
		memory_order_relaxed);
}


static void leg_publish(struct aleg *leg)
{
	const struct audio_in_stats *in = audio_in_stats(leg->in);
	const struct jbuf_stats *jb = audio_in_jbuf(leg->in);
	struct aleg_pub *p = &leg->pub;

	atomic_store_explicit(&p->packets, jb->packets, memory_order_relaxed);
	atomic_store_explicit(&p->lost, jb->lost, memory_order_relaxed);
	atomic_store_explicit(&p->late, jb->late, memory_order_relaxed);
	atomic_store_explicit(&p->concealed, in->concealed,
			      memory_order_relaxed);
	atomic_store_explicit(&p->fec, in->fec, memory_order_relaxed);
	atomic_store_explicit(&p->decoded, in->decoded,
			      memory_order_relaxed);
	atomic_store_explicit(&p->delay_us, jb->delay_us,
			      memory_order_relaxed);
	atomic_store_explicit(&p->target_us, jb->target_us,
			      memory_order_relaxed);
	atomic_store_explicit(&p->jitter_us, jb->jitter_us,
			      memory_order_relaxed);
	atomic_store_explicit(&p->level_db, (int)leg->level.db,
			      memory_order_relaxed);
	atomic_store_explicit(&p->codec_rx, (int)in->codec,
			      memory_order_relaxed);
}


static void ON(ticker) input(struct audio *a, struct aleg *leg,
			     uint64_t now, bool stereo)
{
	bool heard = leg->m.on && leg->m.recv && !leg->muted;

	audio_in_hold(leg->in, atomic_load_explicit(&leg->hold_ms,
						    memory_order_relaxed));
	leg->pcm = audio_in_tick(leg->in, now, heard, stereo, &leg->pcm_ch);

	sync_av(leg, now);
	voice(a, leg, heard);
	a->open += leg->level.open > 0;
	gate(a, leg, heard);

	if (leg->pcm)
		leg->back = CLASS_BACK;
	else if (leg->back)
		--leg->back;

	if (!leg->cls)
		return;
	if (leg->back && !leg->own)
		audio_leg_own(a, leg);
	else if (!leg->back && leg->own)
		audio_leg_share(a, leg);
}


/* Is a second channel of use to anybody? */
static bool stereo_wanted(const struct audio *a)
{
	struct le *le;

	if (a->rec)
		return true;

	for (le = a->classes.classl.head; le; le = le->next) {
		const struct audio_class *cls = le->data;

		if (cls->key.prm.channels == 2)
			return true;
	}

	return false;
}


/* ---- mix and outputs --------------------------------------------------- */

static void sum(struct audio *a, bool stereo)
{
	struct le *le;
	unsigned ch = 1;

	for (le = a->inl.head; le && stereo; le = le->next) {
		const struct aleg *leg = le->data;

		if (leg->pcm && leg->pcm_ch == 2)
			ch = 2;
	}

	audio_mix_begin(&a->mix, ch);
	for (le = a->inl.head; le; le = le->next) {
		const struct aleg *leg = le->data;

		if (leg->pcm)
			audio_mix_add(&a->mix, leg->pcm, leg->pcm_ch);
	}
	a->sources = a->mix.sources;
	(void)audio_prompts_mix(a->prompts, &a->mix);
}


/* The whole mix with ch channels, made when first asked for */
static const int16_t *full(struct audio *a, unsigned ch)
{
	unsigned odd = (unsigned)(a->tick & 1);

	if (!a->full_ok[odd][ch - 1]) {
		audio_mix_out(&a->mix, a->full[odd][ch - 1], ch, NULL, 0,
			      &a->lim[ch - 1]);
		a->full_ok[odd][ch - 1] = true;
	}

	return a->full[odd][ch - 1];
}


static void output_own(struct audio *a, struct aleg *leg, uint64_t now)
{
	unsigned ch = leg->cls->key.prm.channels;
	int16_t pcm[MIX_FRAME * 2];

	if (!leg->pcm) {
		audio_enc_feed(&a->classes, leg->own, full(a, ch), a->tick,
			       now);
		return;
	}

	audio_mix_out(&a->mix, pcm, ch, leg->pcm, leg->pcm_ch,
		      audio_enc_limiter(leg->own));
	audio_enc_feed(&a->classes, leg->own, pcm, a->tick, now);
}


static void outputs(struct audio *a, uint64_t now)
{
	struct le *le;

	for (le = a->classes.classl.head; le; le = le->next) {
		struct audio_class *cls = le->data;

		/* also for the next who begins to speak: see full_before() */
		const int16_t *pcm = full(a, cls->key.prm.channels);

		if (cls->shared)
			audio_enc_feed(&a->classes, cls->shared, pcm,
				       a->tick, now);
	}

	for (le = a->inl.head; le; le = le->next) {
		struct aleg *leg = le->data;

		if (leg->own)
			output_own(a, leg, now);
	}

	if (a->rec)
		audio_enc_feed(&a->recs, a->rec, full(a, 2), a->tick, now);
}


/* ---- to the handlers --------------------------------------------------- */

static void emit_class(struct audio *a, const struct audio_class *cls,
		       unsigned *np)
{
	const struct audio_enc_out *shared = NULL, *out;
	struct le *le;
	unsigned i;

	if (cls->shared)
		shared = audio_enc_out(cls->shared);

	for (le = cls->legl.head; le; le = le->next) {
		const struct aleg *leg = le->data;

		out = leg->own ? audio_enc_out(leg->own) : shared;
		if (!out || atomic_load_explicit(&leg->gone,
						 memory_order_relaxed))
			continue;

		for (i = 0; i < out->unitc; i++) {
			if (*np == AUDIO_LEGS_MAX) {
				a->cfg.outh(a->outv, *np, a->cfg.arg);
				*np = 0;
			}
			a->outv[(*np)++] = (struct audio_out){
				.leg  = leg->id,
				.unit = out->unitv[i],
				.ts48 = out->tsv[i],
			};
		}
	}
}


static void emit_events(struct audio *a)
{
	unsigned i;

	for (i = 0; i < a->evc; i++) {
		const struct audio_ev *e = &a->evv[i];

		if (e->leg && atomic_load(&e->leg->gone))
			continue;
		if (a->cfg.eventh)
			a->cfg.eventh(e->ev, e->id, a->cfg.arg);
	}
	a->evc = 0;
}


static void emit(struct audio *a)
{
	const struct audio_enc_out *rec = a->rec ? audio_enc_out(a->rec)
						 : NULL;
	struct le *le;
	unsigned i, n = 0;

	pthread_mutex_lock(&a->out);

	for (le = a->classes.classl.head; le; le = le->next)
		emit_class(a, le->data, &n);
	if (n)
		a->cfg.outh(a->outv, n, a->cfg.arg);

	for (i = 0; rec && i < rec->unitc; i++)
		a->cfg.rech(rec->unitv[i], a->cfg.arg);

	emit_events(a);

	pthread_mutex_unlock(&a->out);
}


static void speaker(struct audio *a)
{
	struct aleg *leg = NULL;
	struct le *le;

	if (!audio_speaker_run(&a->speaker))
		return;

	for (le = a->inl.head; le; le = le->next) {
		leg = le->data;
		if (leg->id == a->speaker.id)
			break;
		leg = NULL;
	}
	event(a, AUDIO_SPEAKER, leg);
}


static void publish(struct audio *a, uint64_t c0, uint64_t c1, uint64_t c2,
		    uint64_t c3)
{
	struct audio_pub *p = &a->pub;
	unsigned owns = 0;
	struct le *le;

	for (le = a->inl.head; le; le = le->next) {
		struct aleg *leg = le->data;

		leg_publish(leg);
		owns += leg->own != NULL;
	}

	atomic_fetch_add(&p->ticks, 1);
	atomic_fetch_add(&p->decode_us, c1 - c0);
	atomic_fetch_add(&p->mix_us, c2 - c1);
	atomic_fetch_add(&p->encode_us, c3 - c2);
	atomic_store(&p->encodes, a->classes.encodes);
	atomic_store(&p->legs, a->legs);
	atomic_store(&p->sources, a->sources);
	atomic_store(&p->own, owns);
	atomic_store(&p->classes, list_count(&a->classes.classl));
}


/* Time goes on where ticks were left out. */
static void count_tick(struct audio *a, uint64_t now)
{
	uint64_t n = 1;

	if (a->last_us && now > a->last_us)
		n = (now - a->last_us + TICK_US / 2) / TICK_US;
	if (!n)
		n = 1;

	if (n > 1)
		atomic_fetch_add(&a->pub.skipped, n - 1);
	a->tick += n;
	a->last_us = now;

	memset(a->full_ok[a->tick & 1], 0, sizeof(a->full_ok[0]));
	if (n > 1)
		memset(a->full_ok, 0, sizeof(a->full_ok));
}


void audio_tick(struct audio *a, uint64_t now_us)
{
	uint64_t c0, c1, c2, c3;
	struct le *le;
	bool stereo;

	c0 = cpu_us();
	count_tick(a, now_us);
	audio_box_run(a);

	a->crowded = a->open > (a->crowded ? AUDIO_CROWD * 3 / 4
					   : AUDIO_CROWD);
	a->open = 0;
	stereo = stereo_wanted(a);
	for (le = a->inl.head; le; le = le->next)
		input(a, le->data, now_us, stereo);
	speaker(a);

	c1 = cpu_us();
	sum(a, stereo);
	if (!list_isempty(&a->classes.classl))
		(void)full(a, 1);
	c2 = cpu_us();
	outputs(a, now_us);
	c3 = cpu_us();

	publish(a, c0, c1, c2, c3);
	emit(a);
}
