/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/audio_in.c -- one party's sound; see audio_in.h
 *
 *	buf:  | SCALE_HIST played | level: decoded, not played | room |
 *
 * The history is what concealment continues.  Every way to produce samples
 * ends in one of push_sound, push_conceal and push_silence, which see to it
 * that no joint clicks.
 */
#include <string.h>
#include <re.h>
#include <speex/speex_resampler.h>

#include "mixer/audio_in.h"
#include "mixer/audio_scale.h"
#include "mixer/codec_audio.h"

enum {
	TICK        = 960,
	FIFO        = 9600,       /* samples: tick, cut, one packet       */
	HOLD        = 480,        /* concealment stays full for 10 ms     */
	FADE        = 2880,       /* and is gone after 70                 */
	FADE_OUT    = 240,
	FADE_IN     = 96,
	PLC_MAX     = 4800,       /* the codec's own concealment          */
	CUT_MAX     = 720,
	RESTART     = 6 * TICK,   /* to cut: start anew instead           */
	REST_TICKS  = 3,          /* between two changes in speech        */
	QUIET_PEAK  = 200,        /* under -44 dBFS: change at once       */
	QUIET_DBOV  = 65,         /* RFC 6464: under the gate             */
	QUIET_RUN   = 10,
	FAINT_RMS   = 18,         /* -65 dBFS: under the gate             */
	FAINT_RUN   = 50,         /* packets decoded, without voice       */
	FAINT_LOOK  = 25,         /* then one in so many is               */
	FMTS        = TICKET_CODECS_MAX,
	PT_CN       = 13,
};

struct dec {
	const struct codec_audio *c;
	void *st;
	SpeexResamplerState *rs;
};

struct fmt {
	uint8_t pt;
	enum ticket_codec codec;
	unsigned clock_hz;
};

struct audio_in {
	struct rtp_jbuf *jb;
	struct fmt fmtv[FMTS];
	unsigned fmtc;
	struct dec decv[4];
	struct dec *cur;          /* of the last packet                   */

	unsigned ch;
	unsigned level;
	bool heard;
	bool sounding;            /* the newest sample may not be 0       */
	unsigned live;            /* samples until the FIFO is all zero   */
	unsigned plc;             /* samples the codec concealed in a row */
	unsigned quiet_run;
	unsigned faint_run;       /* packets without voice, and faint     */
	bool no_voice;            /* the packet at hand                   */
	unsigned rest;
	struct audio_conceal conceal;

	struct audio_in_stats st;
	int16_t buf[(SCALE_HIST + FIFO) * 2];
	int16_t out[TICK * 2];
};


static void dec_close(struct dec *d)
{
	d->st = mem_deref(d->st);
	if (d->rs)
		speex_resampler_destroy(d->rs);
	d->rs = NULL;
	d->c = NULL;
}


static void destructor(void *arg)
{
	struct audio_in *in = arg;
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(in->decv); i++)
		dec_close(&in->decv[i]);
	mem_deref(in->jb);
}


int audio_in_alloc(struct audio_in **inp)
{
	struct audio_in *in;
	int err;

	if (!inp)
		return EINVAL;

	in = mem_zalloc(sizeof(*in), destructor);
	if (!in)
		return ENOMEM;

	in->ch = 1;
	in->heard = true;

	err = rtp_jbuf_alloc(&in->jb);
	if (err)
		mem_deref(in);
	else
		*inp = in;

	return err;
}


void audio_in_set(struct audio_in *in, const struct ticket_media *m)
{
	unsigned i;

	in->fmtc = 0;
	for (i = 0; i < m->fmtc && i < FMTS; i++) {
		const struct ticket_fmt *f = &m->fmtv[i];
		struct fmt *fmt = &in->fmtv[in->fmtc++];

		fmt->pt    = f->pt;
		fmt->codec = f->codec;
		fmt->clock_hz = f->codec == CODEC_OPUS ? 48000 :
				f->clock_hz ? f->clock_hz : 8000;
	}
}


void audio_in_reset(struct audio_in *in)
{
	rtp_jbuf_reset(in->jb);
}


/* Comfort noise is sent by some who never announced it (RFC 3551). */
static const struct fmt *fmt_find(const struct audio_in *in, uint8_t pt)
{
	static const struct fmt cn = {
		.pt = PT_CN, .codec = CODEC_CN, .clock_hz = 8000,
	};
	unsigned i;

	for (i = 0; i < in->fmtc; i++) {
		if (in->fmtv[i].pt == pt)
			return &in->fmtv[i];
	}

	return pt == PT_CN ? &cn : NULL;
}


/* The clock the stream runs on: events and comfort noise may be declared
 * with another one but must not look like a new stream. */
static unsigned stream_clock(const struct audio_in *in, const struct fmt *fmt)
{
	unsigned i;

	if (codec_is_audio(fmt->codec))
		return fmt->clock_hz;

	if (in->cur && in->cur->c)
		return in->cur->c->codec == CODEC_OPUS ? 48000 : 8000;

	for (i = 0; i < in->fmtc; i++) {
		if (codec_is_audio(in->fmtv[i].codec))
			return in->fmtv[i].clock_hz;
	}

	return fmt->clock_hz;
}


void audio_in_put(struct audio_in *in, struct pkt *pkt)
{
	const struct fmt *fmt = fmt_find(in, pkt->pt);
	const struct codec_audio *c;
	const uint8_t *p = pkt->data + pkt->off;
	unsigned dur = 0;
	bool fec = false;

	if (!fmt || pkt->off + pkt->len > PKT_DATA_MAX) {
		++in->st.bad;
		pkt_put(pkt);
		return;
	}

	c = codec_audio_find(fmt->codec);
	if (c) {
		dur = c->dur48(p, pkt->len);
		if (!dur)
			++in->st.bad;   /* keeps its sequence number      */
		fec = c->codec == CODEC_OPUS &&
			codec_opus_has_fec(p, pkt->len);
	}

	rtp_jbuf_put(in->jb, pkt, stream_clock(in, fmt), dur, fec);
}


/* ---- decoders ---------------------------------------------------------- */

static struct dec *dec_get(struct audio_in *in, const struct codec_audio *c)
{
	struct dec *d = NULL;
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(in->decv); i++) {
		if (in->decv[i].c == c)
			return &in->decv[i];
		if (!in->decv[i].c && !d)
			d = &in->decv[i];
	}
	if (!d || c->dec_alloc(&d->st, in->ch))
		return NULL;

	d->c = c;
	if (c->hz != 48000) {
		d->rs = speex_resampler_init(1, c->hz, 48000, 3, NULL);
		if (!d->rs) {
			dec_close(d);
			return NULL;
		}
	}

	return d;
}


/* From one channel to two: decoders with two exist from here on */
static void go_stereo(struct audio_in *in)
{
	unsigned i;
	int n;

	for (i = 0; i < ARRAY_SIZE(in->decv); i++) {
		if (in->decv[i].c && in->decv[i].c->channels == 2)
			dec_close(&in->decv[i]);
	}
	for (n = SCALE_HIST + (int)in->level - 1; n >= 0; n--) {
		in->buf[2 * n] = in->buf[2 * n + 1] = in->buf[n];
	}
	for (n = SCALE_LAG_MAX - 1; n >= 0; n--) {
		in->conceal.period[2 * n] = in->conceal.period[2 * n + 1] =
			in->conceal.period[n];
	}
	in->conceal.jump[1] = in->conceal.jump[0];
	in->ch = 2;
}


/* To 48 kHz and in->ch channels, at dst; returns samples */
static unsigned convert(struct audio_in *in, struct dec *d, int16_t *dst,
			unsigned room, const int16_t *src, unsigned n)
{
	spx_uint32_t inn = n, outn = room;
	int i;

	if (!d->rs) {
		memcpy(dst, src, n * in->ch * sizeof(*dst));
		return n;
	}

	if (speex_resampler_process_int(d->rs, 0, src, &inn, dst, &outn))
		return 0;

	if (in->ch == 2) {
		for (i = (int)outn - 1; i >= 0; i--)
			dst[2 * i] = dst[2 * i + 1] = dst[i];
	}

	return outn;
}


/* ---- the FIFO ---------------------------------------------------------- */

static int16_t *fifo_end(struct audio_in *in)
{
	return in->buf + (SCALE_HIST + in->level) * in->ch;
}


static unsigned room(const struct audio_in *in)
{
	return FIFO - in->level;
}


/* n samples of sound were written at fifo_end() */
static void push_sound(struct audio_in *in, unsigned n, bool codec_plc)
{
	int16_t *x = fifo_end(in);
	unsigned i, k;

	if (in->conceal.lag) {
		audio_conceal_merge(&in->conceal, x, n, in->ch);
	}
	else if (!in->sounding) {
		for (i = 0; i < FADE_IN && i < n; i++) {
			for (k = 0; k < in->ch; k++)
				x[i * in->ch + k] = (int16_t)
					(x[i * in->ch + k] * (int)i / FADE_IN);
		}
	}

	in->plc = codec_plc ? in->plc + n : 0;
	in->sounding = true;
	in->level += n;
	in->live = in->level + SCALE_HIST;
}


static void push_own(struct audio_in *in, unsigned n, unsigned hold,
		     unsigned fade)
{
	int16_t *x = fifo_end(in);

	if (n > room(in))
		n = room(in);

	if (!in->sounding) {
		memset(x, 0, n * in->ch * sizeof(*x));
		in->level += n;
		return;
	}

	if (!in->conceal.lag)
		audio_conceal_start(&in->conceal, x - SCALE_HIST * in->ch,
				    in->ch, hold, fade);

	if (!audio_conceal_make(&in->conceal, x, n, in->ch)) {
		in->conceal.lag = 0;
		in->sounding = false;
	}
	in->level += n;
	if (in->sounding)
		in->live = in->level + SCALE_HIST;
}


static void push_silence(struct audio_in *in, unsigned n)
{
	push_own(in, n, 0, FADE_OUT);
	in->plc = 0;
}


static void push_conceal(struct audio_in *in, unsigned n)
{
	struct dec *d = in->cur;

	in->st.concealed += n;

	if (n > room(in))
		n = room(in);

	if (d && d->c && d->c->plc && in->sounding && !in->conceal.lag &&
	    in->plc < PLC_MAX && !d->c->plc(d->st, fifo_end(in), n)) {
		push_sound(in, n, true);
		return;
	}

	push_own(in, n, HOLD, FADE);
}


static bool is_faint(const int16_t *pcm, unsigned n)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += (uint64_t)((int32_t)pcm[i] * pcm[i]);

	return sum <= (uint64_t)n * FAINT_RMS * FAINT_RMS;
}


static void push_packet(struct audio_in *in, const struct codec_audio *c,
			const struct pkt *pkt, unsigned dur, bool stereo)
{
	int16_t pcm[CODEC_AUDIO_DUR_MAX * 2];
	const uint8_t *p = pkt->data + pkt->off;
	struct dec *d;
	unsigned n;

	if (stereo && in->ch == 1 && c->codec == CODEC_OPUS && p[0] & 0x04)
		go_stereo(in);

	d = dec_get(in, c);
	n = CODEC_AUDIO_DUR_MAX;
	if (!d || c->decode(d->st, pcm, &n, p, pkt->len)) {
		++in->st.bad;
		push_conceal(in, dur);
		return;
	}

	++in->st.decoded;
	in->cur = d;
	if (in->no_voice && !is_faint(pcm, n * in->ch))
		in->faint_run = 0;
	n = convert(in, d, fifo_end(in), room(in), pcm, n);
	push_sound(in, n, false);
}


/* Nothing to hear in it: not decoded */
static bool is_quiet(struct audio_in *in, const struct codec_audio *c,
		     const struct pkt *pkt)
{
	if (c->codec == CODEC_OPUS && codec_opus_is_dtx(pkt->len))
		return true;

	/* the noise of a room, under the gate for a second: only looked at
	 * now and then, until its encoder finds a voice in it */
	in->no_voice = c->codec == CODEC_OPUS &&
		codec_opus_no_voice(pkt->data + pkt->off, pkt->len);
	in->faint_run = in->no_voice ? in->faint_run + 1 : 0;
	if (in->faint_run > FAINT_RUN && in->faint_run % FAINT_LOOK)
		return true;

	in->quiet_run = pkt->level >= QUIET_DBOV ? in->quiet_run + 1 : 0;

	return in->quiet_run > QUIET_RUN;
}


static void packet(struct audio_in *in, const struct jbuf_item *item,
		   bool heard, bool stereo)
{
	const struct fmt *fmt = fmt_find(in, item->pkt->pt);
	const struct codec_audio *c = NULL;
	unsigned n = item->n < room(in) ? item->n : room(in);

	if (fmt)
		c = codec_audio_find(fmt->codec);

	if (c && item->n) {
		in->st.codec = c->codec;
		if (!heard || is_quiet(in, c, item->pkt))
			push_silence(in, n);
		else
			push_packet(in, c, item->pkt, n, stereo);
	}
	else if (item->n) {
		push_silence(in, n);    /* its payload type went away     */
	}
	/* comfort noise and events have no sound of their own: the pause
	 * after them is one in time */

	pkt_put(item->pkt);
}


static void missing(struct audio_in *in, const struct jbuf_item *item,
		    bool heard)
{
	struct dec *d = in->cur;
	const struct pkt *pkt = item->pkt;

	if (!heard) {
		push_silence(in, item->n);
		return;
	}

	if (pkt && d && d->c && d->c->fec && item->n <= room(in) &&
	    !d->c->fec(d->st, fifo_end(in), item->n, pkt->data + pkt->off,
		       pkt->len)) {
		++in->st.fec;
		push_sound(in, item->n, false);
		return;
	}

	push_conceal(in, item->n);
}


static void fill(struct audio_in *in, uint64_t now, unsigned need, bool heard,
		 bool stereo)
{
	struct jbuf_item item;

	while (in->level < need) {

		switch (rtp_jbuf_get(in->jb, now, in->level, &item)) {

		case JBUF_PACKET:
			packet(in, &item, heard, stereo);
			break;

		case JBUF_LOST:
			missing(in, &item, heard);
			break;

		case JBUF_PAUSE:
			push_silence(in, item.n);
			break;

		case JBUF_EMPTY:
			if (in->level >= TICK)
				return;
			/* codecs conceal in steps of 2.5 ms */
			item.n = (TICK - in->level + 119) / 120 * 120;
			rtp_jbuf_stall(in->jb, item.n);
			if (heard)
				push_conceal(in, item.n);
			else
				push_silence(in, item.n);
			break;

		case JBUF_NONE:
			if (in->level >= TICK)
				return;
			push_silence(in, TICK - in->level);
			break;
		}
	}
}


/* ---- the delay --------------------------------------------------------- */

static bool is_low(const int16_t *x, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		if (x[i] > QUIET_PEAK || x[i] < -QUIET_PEAK)
			return false;
	}

	return true;
}


static void shorten(struct audio_in *in, unsigned want)
{
	int16_t *x = in->buf + SCALE_HIST * in->ch;
	unsigned spare = in->level - TICK;
	unsigned max = want < spare ? want : spare;
	unsigned lag;

	max = max < in->level / 2 ? max : in->level / 2;

	if (is_low(x, in->level * in->ch)) {
		lag = max;
	}
	else {
		max = max < CUT_MAX ? max : CUT_MAX;
		if (in->rest || max <= SCALE_LAG_MIN)
			return;
		lag = audio_scale_pitch(x, in->level, in->ch, SCALE_LAG_MIN,
					max);
		in->rest = REST_TICKS;
	}

	if (!lag)
		return;
	audio_scale_cut(x, in->level, in->ch, lag);
	in->level -= lag;
	in->st.cut += lag;
}


static void lengthen(struct audio_in *in, unsigned want)
{
	int16_t *x = in->buf + SCALE_HIST * in->ch;
	unsigned max = in->level / 2 < 480 ? in->level / 2 : 480;
	unsigned lag;

	if (is_low(x, in->level * in->ch)) {
		lag = want < max ? want : max;
	}
	else {
		if (want < max)
			max = want > 2 * SCALE_LAG_MIN ? want
						       : 2 * SCALE_LAG_MIN;
		if (in->rest)
			return;
		lag = audio_scale_pitch(x, in->level, in->ch, SCALE_LAG_MIN,
					max);
		in->rest = 1;
	}

	if (lag > room(in))
		return;
	audio_scale_add(x, in->level, in->ch, lag);
	in->level += lag;
	in->st.added += lag;
}


/* Stops being heard at once: what is decoded goes, its end is faded */
static void hush(struct audio_in *in)
{
	unsigned n = in->level;

	in->level = 0;
	push_silence(in, n);
}


int16_t *audio_in_tick(struct audio_in *in, uint64_t now, bool heard,
			     bool stereo, unsigned *chp)
{
	int adj = rtp_jbuf_adjust(in->jb, now, in->level);
	unsigned need = TICK;

	if (in->heard && !heard)
		hush(in);
	in->heard = heard;

	if (adj < -RESTART) {
		rtp_jbuf_restart(in->jb);
		in->level = 0;
		adj = 0;
	}
	if (in->rest)
		--in->rest;
	if (adj < 0 && !in->rest)
		need += -adj < TICK ? (unsigned)-adj : TICK;

	fill(in, now, need, heard, stereo);

	if (adj < 0 && in->level > TICK)
		shorten(in, (unsigned)-adj);
	else if (adj > 0)
		lengthen(in, (unsigned)adj);

	memcpy(in->out, in->buf + SCALE_HIST * in->ch,
	       TICK * in->ch * sizeof(*in->out));
	memmove(in->buf, in->buf + TICK * in->ch,
		(SCALE_HIST + in->level - TICK) * in->ch * sizeof(*in->buf));
	in->level -= TICK;

	*chp = in->ch;
	if (in->live < TICK) {
		in->live = 0;
		return NULL;
	}
	in->live -= TICK;

	return in->out;
}


bool audio_in_ts(const struct audio_in *in, uint32_t *tsp, uint32_t *ssrcp)
{
	return rtp_jbuf_ts(in->jb, in->level + TICK, tsp, ssrcp);
}


void audio_in_hold(struct audio_in *in, unsigned extra_ms)
{
	rtp_jbuf_hold(in->jb, extra_ms);
}


const struct jbuf_stats *audio_in_jbuf(const struct audio_in *in)
{
	return rtp_jbuf_stats(in->jb);
}


const struct audio_in_stats *audio_in_stats(const struct audio_in *in)
{
	return &in->st;
}
