/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/audio_class.c -- encode classes and their encoders
 */
#include <string.h>
#include <re.h>
#include <speex/speex_resampler.h>

#include "mixer/audio_class.h"

enum {
	TICK       = MIX_FRAME,
	ACC_MAX    = 4 * TICK,    /* 60 ms and a tick                     */
	KBPS_MIN   = 6,
	MONO_BPS   = 32000,
	CLEAN_BPS  = 40000,       /* at least, where nothing is lost      */
	STEREO_BPS = 64000,
	NARROW_BPS = 24000,       /* a channel                            */
	THIN_BPS   = 16000,
	THIN_MS    = 60,
	DTX_LEN    = 2,
};

struct audio_enc {
	const struct codec_audio *c;
	struct codec_audio_prm prm;
	uint32_t stream;
	void *st;
	SpeexResamplerState *rs;
	struct audio_limiter lim;

	int16_t acc[ACC_MAX * 2]; /* at the codec's rate                  */
	unsigned accn;            /* samples a channel                    */
	bool started;             /* in step with the clock               */
	bool quiet;               /* the last packet was DTX              */
	bool talked;              /* any packet yet                       */

	struct audio_enc_out out;
};


static uint32_t bitrate(const struct ticket_fmt *fmt, unsigned ch,
			uint32_t max_kbps)
{
	uint32_t bps = ch == 2 ? STEREO_BPS : MONO_BPS;

	if (fmt->max_playback_hz && fmt->max_playback_hz <= 8000)
		bps = bps / 2;
	else if (fmt->max_playback_hz && fmt->max_playback_hz <= 16000)
		bps = bps * 3 / 4;

	if (fmt->max_bitrate && fmt->max_bitrate < bps)
		bps = fmt->max_bitrate;
	if (max_kbps && max_kbps * 1000 < bps)
		bps = max_kbps * 1000;

	return bps < KBPS_MIN * 1000 ? KBPS_MIN * 1000 : bps;
}


/* 50 packets a second have 24 kbit/s of headers; one in 60 ms has 8. */
static void thin(struct codec_audio_prm *prm)
{
	prm->channels = 1;
	prm->music    = false;
	prm->bitrate  = min(prm->bitrate, (uint32_t)THIN_BPS);
	prm->ptime_ms = codec_audio_ptime(CODEC_OPUS, THIN_MS);
	prm->dtx      = true;
}


/*
 * Where nothing is lost nothing need be there for what is lost: Opus's
 * transform layer alone costs 0.4 of what it costs with the speech layer
 * below it, needs 4 ms less to look ahead, and at 40 kbit/s its noise lies
 * lower than theirs at 32.  It has no FEC, worse concealment and, without the
 * analysis we cannot afford, no pauses.
 */
static bool clean(const struct ticket_media *m, const struct ticket_fmt *fmt,
		  const struct audio_net *net)
{
	return !net->loss_pct && net->width == AUDIO_WIDE && !fmt->dtx &&
		!(fmt->max_playback_hz && fmt->max_playback_hz <= 16000) &&
		!(fmt->max_bitrate && fmt->max_bitrate < CLEAN_BPS) &&
		!(m->max_kbps && m->max_kbps < CLEAN_BPS / 1000);
}


int audio_class_key(struct class_key *key, const struct ticket_media *m,
		    const struct audio_net *net)
{
	const struct ticket_fmt *fmt = ticket_tx(m);
	struct codec_audio_prm *prm = &key->prm;

	if (!fmt || !codec_audio_find(fmt->codec))
		return ENOTSUP;

	memset(key, 0, sizeof(*key));           /* compared by memcmp     */
	key->codec    = fmt->codec;
	prm->channels = 1;
	prm->ptime_ms = codec_audio_ptime(fmt->codec, m->ptime_ms);

	if (fmt->codec != CODEC_OPUS)
		return 0;

	prm->channels    = fmt->stereo ? 2 : 1;
	prm->bitrate     = bitrate(fmt, prm->channels, m->max_kbps);
	prm->playback_hz = fmt->max_playback_hz ? fmt->max_playback_hz
						: 48000;
	prm->dtx   = fmt->dtx;
	prm->cbr   = fmt->cbr;
	prm->music = fmt->stereo;
	/* FEC costs a quarter more, or a good part of the bits */
	prm->fec   = fmt->fec && net->loss_pct;
	prm->loss_pct = prm->fec ? net->loss_pct : 0;
	if (clean(m, fmt, net)) {
		prm->bitrate = max(prm->bitrate, (uint32_t)CLEAN_BPS);
		prm->music   = true;
		prm->swift   = true;
	}
	if (net->width == AUDIO_NARROW)
		prm->bitrate = min(prm->bitrate,
				   (uint32_t)NARROW_BPS * prm->channels);
	if (net->width == AUDIO_THIN)
		thin(prm);

	return 0;
}


/* ---- encoders ---------------------------------------------------------- */

static void enc_destructor(void *arg)
{
	struct audio_enc *enc = arg;

	audio_enc_clear(enc);
	mem_deref(enc->st);
	if (enc->rs)
		speex_resampler_destroy(enc->rs);
}


static struct audio_enc *enc_alloc(const struct audio_class *cls)
{
	struct audio_enc *enc;

	enc = mem_zalloc(sizeof(*enc), enc_destructor);
	if (!enc)
		return NULL;

	enc->c   = codec_audio_find(cls->key.codec);
	enc->prm = cls->key.prm;
	enc->stream = cls->id;

	if (enc->c->enc_alloc(&enc->st, &enc->prm))
		goto err;

	if (enc->c->hz != 48000) {
		enc->rs = speex_resampler_init(enc->prm.channels, 48000,
					       enc->c->hz, 3, NULL);
		if (!enc->rs)
			goto err;
	}

	return enc;

 err:
	return mem_deref(enc);
}


static unsigned unit_samples(const struct audio_enc *enc)
{
	return enc->c->hz / 1000 * enc->prm.ptime_ms;
}


static void accumulate(struct audio_enc *enc, const int16_t *pcm)
{
	int16_t *dst = enc->acc + enc->accn * enc->prm.channels;
	spx_uint32_t inn = TICK, outn = ACC_MAX - enc->accn;

	if (enc->accn + TICK > ACC_MAX) {
		enc->accn = 0;                  /* cannot happen          */
		return;
	}

	if (!enc->rs) {
		memcpy(dst, pcm, TICK * enc->prm.channels * sizeof(*dst));
		enc->accn += TICK;
		return;
	}

	if (!speex_resampler_process_int(enc->rs, 0, pcm, &inn, dst, &outn))
		enc->accn += outn;
}


static void drop(struct audio_enc *enc, unsigned n)
{
	unsigned ch = enc->prm.channels;

	enc->accn -= n;
	memmove(enc->acc, enc->acc + n * ch,
		enc->accn * ch * sizeof(*enc->acc));
}


struct audio_enc *audio_enc_get(struct audio_class *cls,
				const int16_t *primev,
				const struct audio_enc *like)
{
	uint8_t buf[CODEC_AUDIO_BYTES_MAX * 2];
	size_t len = sizeof(buf);
	struct audio_enc *enc;

	enc = cls->sparec ? cls->sparev[--cls->sparec] : enc_alloc(cls);
	if (!enc)
		return NULL;

	enc->accn = 0;
	enc->started = false;
	enc->talked = false;
	enc->lim = (struct audio_limiter){0};

	/* its filters shall remember what was sent last */
	if (primev) {
		accumulate(enc, primev);
		if (enc->prm.ptime_ms <= 20)
			(void)enc->c->encode(enc->st, buf, &len, enc->acc,
					     unit_samples(enc));
		enc->accn = 0;
		enc->talked = true;
	}

	if (like && like->started) {
		memcpy(enc->acc, like->acc,
		       like->accn * enc->prm.channels * sizeof(*enc->acc));
		enc->accn    = like->accn;
		enc->lim     = like->lim;
		enc->started = true;
		enc->quiet   = like->quiet;
	}

	return enc;
}


void audio_enc_put(struct audio_class *cls, struct audio_enc *enc)
{
	if (!enc)
		return;

	audio_enc_clear(enc);
	if (cls->sparec < CLASS_SPARE)
		cls->sparev[cls->sparec++] = enc;
	else
		mem_deref(enc);
}


static struct unit *encode(struct audio_enc *enc)
{
	uint8_t buf[CODEC_AUDIO_BYTES_MAX * 2];
	size_t len = sizeof(buf);
	struct unit *unit;

	if (enc->c->encode(enc->st, buf, &len, enc->acc, unit_samples(enc)))
		return NULL;

	unit = unit_alloc(len, 1);
	if (!unit)
		return NULL;

	memcpy(unit->data, buf, len);
	unit->codec    = enc->c->codec;
	unit->stream   = enc->stream;
	unit->key      = true;
	unit->duration = enc->prm.ptime_ms * 48;
	unit->silence  = enc->prm.dtx && len <= DTX_LEN;
	unit->marker   = !unit->silence && (enc->quiet || !enc->talked);
	unit->payv[0].len    = (uint32_t)len;
	unit->payv[0].marker = unit->marker;

	enc->quiet  = unit->silence;
	enc->talked = true;

	return unit;
}


/* In step: a packet begins where the clock divides by its length */
static bool in_step(const struct audio_enc *enc, uint64_t tick)
{
	return tick * 20 % enc->prm.ptime_ms == 0;
}


void audio_enc_feed(struct audio_classes *cs, struct audio_enc *enc,
		    const int16_t *pcm, uint64_t tick, uint64_t now_us)
{
	unsigned need = unit_samples(enc);
	struct audio_enc_out *out = &enc->out;

	audio_enc_clear(enc);

	if (!enc->started) {
		if (!in_step(enc, tick))
			return;
		enc->started = true;
		enc->accn = 0;
	}

	accumulate(enc, pcm);

	while (enc->accn >= need && out->unitc < CLASS_UNITS) {
		/* samples at 48 kHz from the first unsent to the tick's end */
		uint32_t back = enc->accn * (48000 / enc->c->hz);
		struct unit *unit = encode(enc);

		++cs->encodes;
		drop(enc, need);
		if (!unit)
			continue;

		unit->pts_us = now_us + 20000 - back * 1000ull / 48;
		out->tsv[out->unitc] = (uint32_t)((tick + 1) * TICK) - back;
		out->unitv[out->unitc++] = unit;
	}
}


const struct audio_enc_out *audio_enc_out(const struct audio_enc *enc)
{
	return &enc->out;
}


void audio_enc_clear(struct audio_enc *enc)
{
	while (enc->out.unitc)
		unit_unref(enc->out.unitv[--enc->out.unitc]);
}


struct audio_limiter *audio_enc_limiter(struct audio_enc *enc)
{
	return &enc->lim;
}


/* ---- classes ----------------------------------------------------------- */

static void class_destructor(void *arg)
{
	struct audio_class *cls = arg;

	list_unlink(&cls->le);
	while (cls->sparec)
		mem_deref(cls->sparev[--cls->sparec]);
	mem_deref(cls->shared);
}


struct audio_class *audio_class_get(struct audio_classes *cs,
				    const struct class_key *key)
{
	struct audio_class *cls;
	struct le *le;

	for (le = cs->classl.head; le; le = le->next) {
		cls = le->data;
		if (!memcmp(&cls->key, key, sizeof(*key)))
			return cls;
	}

	cls = mem_zalloc(sizeof(*cls), class_destructor);
	if (!cls)
		return NULL;

	cls->key = *key;
	cls->id  = ++cs->next_id;
	list_append(&cs->classl, &cls->le, cls);

	return cls;
}


void audio_class_put(struct audio_class *cls)
{
	if (cls && list_isempty(&cls->legl))
		mem_deref(cls);
}
