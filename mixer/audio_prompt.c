/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/audio_prompt.c -- tones are made here, sentences come from files
 *
 * espeak-ng makes the files when tutti is built, at its own rate; they are
 * read, brought to 48 kHz and to an even loudness once, before the sandbox
 * closes.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include <speex/speex_resampler.h>

#include "base/log.h"
#include "mixer/audio_prompt.h"

enum {
	HZ        = 48000,
	WAV_MAX   = 4 << 20,      /* bytes; ours have 100 kB              */
	WAV_HDR   = 12,
	PROMPTS   = PROMPT_REC_OFF + 1,
	NOTE      = HZ / 10,      /* samples of a note                    */
	TONE_PEAK = 3200,         /* -20 dBFS                             */
	SAY_PEAK  = 11000,        /* -9.5 dBFS                            */
};

struct sound {
	int16_t *v;
	unsigned n;
	bool spoken;
	unsigned at;              /* sample that comes next               */
	bool on, waiting;
};

struct audio_prompts {
	struct sound soundv[PROMPTS];
};

static const char *const filev[PROMPTS] = {
	[PROMPT_REC_ON]  = "rec-on.wav",
	[PROMPT_REC_OFF] = "rec-off.wav",
};

/* notes [Hz] */
static const float notev[PROMPTS][3] = {
	[PROMPT_JOIN]    = { 659.3f, 880.0f, 0 },
	[PROMPT_LEAVE]   = { 880.0f, 659.3f, 0 },
	[PROMPT_REC_ON]  = { 1000.0f, 1000.0f, 1000.0f },
	[PROMPT_REC_OFF] = { 1000.0f, 750.0f, 0 },
};


static void destructor(void *arg)
{
	struct audio_prompts *p = arg;
	unsigned i;

	for (i = 0; i < PROMPTS; i++)
		mem_deref(p->soundv[i].v);
}


static int tone(struct sound *s, const float *hzv)
{
	unsigned i, k, n = 0;

	while (n < 3 && hzv[n] > 0)
		++n;

	s->v = mem_zalloc(n * NOTE * sizeof(*s->v), NULL);
	if (!s->v)
		return ENOMEM;

	for (k = 0; k < n; k++) {
		for (i = 0; i < NOTE; i++) {
			double w = sin(M_PI * i / NOTE);

			s->v[k * NOTE + i] = (int16_t)
				(TONE_PEAK * w * w *
				 sin(2 * M_PI * hzv[k] * i / HZ));
		}
	}
	s->n = n * NOTE;

	return 0;
}


static uint32_t le32(const uint8_t *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}


/* Finds the samples of a mono s16 file; lengths are checked: espeak-ng
 * writing to a pipe leaves them unset. */
static int wav_parse(const uint8_t *p, size_t len, unsigned *hzp,
		     const uint8_t **datap, size_t *bytesp)
{
	size_t pos = WAV_HDR;

	if (len < WAV_HDR || memcmp(p, "RIFF", 4) || memcmp(p + 8, "WAVE", 4))
		return EBADMSG;

	*hzp = 0;
	while (pos + 8 <= len) {
		const uint8_t *c = p + pos;
		size_t n = le32(c + 4), left = len - pos - 8;

		if (!memcmp(c, "data", 4)) {
			*datap  = c + 8;
			*bytesp = n < left ? n : left;
			return *hzp >= 8000 && *hzp <= HZ ? 0 : EBADMSG;
		}
		if (n > left)
			return EBADMSG;
		if (!memcmp(c, "fmt ", 4)) {
			if (n < 16 || le32(c + 8) != 0x00010001 ||
			    c[22] != 16)
				return ENOTSUP;         /* mono, PCM, s16 */
			*hzp = le32(c + 12);
		}
		pos += 8 + n + (n & 1);
	}

	return EBADMSG;
}


static int resample(struct sound *s, const uint8_t *data, size_t bytes,
		    unsigned hz)
{
	SpeexResamplerState *rs;
	spx_uint32_t inn = (spx_uint32_t)(bytes / 2), outn;
	int16_t *in;
	unsigned i, peak = 1;
	int err = 0;

	outn = (spx_uint32_t)((uint64_t)inn * HZ / hz);
	in   = mem_alloc(inn * sizeof(*in) + 2, NULL);
	s->v = mem_zalloc(outn * sizeof(*s->v) + 2, NULL);
	rs   = speex_resampler_init(1, hz, HZ, 5, NULL);
	if (!in || !s->v || !rs) {
		err = ENOMEM;
		goto out;
	}

	for (i = 0; i < inn; i++)
		in[i] = (int16_t)(data[2 * i] | data[2 * i + 1] << 8);

	(void)speex_resampler_process_int(rs, 0, in, &inn, s->v, &outn);
	s->n = outn;

	for (i = 0; i < s->n; i++)
		peak = (unsigned)abs(s->v[i]) > peak ? (unsigned)abs(s->v[i])
						     : peak;
	for (i = 0; i < s->n; i++)
		s->v[i] = (int16_t)(s->v[i] * SAY_PEAK / (int)peak);

 out:
	if (err)
		s->v = mem_deref(s->v);
	if (rs)
		speex_resampler_destroy(rs);
	mem_deref(in);

	return err;
}


static int load(struct sound *s, const char *dir, const char *file)
{
	const uint8_t *data = NULL;
	uint8_t *buf = NULL;
	char path[512];
	size_t len, bytes = 0;
	unsigned hz = 0;
	FILE *f;
	int err;

	if (re_snprintf(path, sizeof(path), "%s/%s", dir, file) < 0)
		return EOVERFLOW;

	f = fopen(path, "re");
	if (!f)
		return errno;

	buf = mem_alloc(WAV_MAX, NULL);
	if (!buf) {
		err = ENOMEM;
		goto out;
	}

	len = fread(buf, 1, WAV_MAX, f);
	err = wav_parse(buf, len, &hz, &data, &bytes);
	if (!err)
		err = resample(s, data, bytes, hz);
	if (!err)
		s->spoken = true;

 out:
	mem_deref(buf);
	(void)fclose(f);

	return err;
}


int audio_prompts_alloc(struct audio_prompts **pp, const char *dir)
{
	struct audio_prompts *p;
	bool warned = false;
	unsigned i;
	int err = 0;

	p = mem_zalloc(sizeof(*p), destructor);
	if (!p)
		return ENOMEM;

	for (i = 0; i < PROMPTS && !err; i++) {
		struct sound *s = &p->soundv[i];

		if (filev[i] && dir) {
			err = load(s, dir, filev[i]);
			if (!err)
				continue;
			if (!warned)
				warning("prompt not loaded file=%s/%s "
					"reason=\"%m\", a tone instead\n",
					dir, filev[i], err);
			warned = true;
		}
		err = tone(s, notev[i]);
	}

	if (err)
		mem_deref(p);
	else
		*pp = p;

	return err;
}


static bool someone_speaks(const struct audio_prompts *p)
{
	unsigned i;

	for (i = 0; i < PROMPTS; i++) {
		if (p->soundv[i].on && p->soundv[i].spoken)
			return true;
	}

	return false;
}


void audio_prompts_play(struct audio_prompts *p, enum audio_prompt prompt)
{
	struct sound *s;

	if ((unsigned)prompt >= PROMPTS)
		return;

	s = &p->soundv[prompt];
	if (s->on)
		return;

	if (s->spoken && someone_speaks(p)) {
		s->waiting = true;
		return;
	}
	s->on = true;
	s->at = 0;
}


static void next_sentence(struct audio_prompts *p)
{
	unsigned i;

	for (i = 0; i < PROMPTS; i++) {
		if (p->soundv[i].waiting) {
			p->soundv[i].waiting = false;
			audio_prompts_play(p, (enum audio_prompt)i);
			return;
		}
	}
}


bool audio_prompts_mix(struct audio_prompts *p, struct audio_mix *mix)
{
	int16_t x[MIX_FRAME];
	bool any = false;
	unsigned i, n;

	for (i = 0; i < PROMPTS; i++) {
		struct sound *s = &p->soundv[i];

		if (!s->on)
			continue;

		n = s->n - s->at < MIX_FRAME ? s->n - s->at : MIX_FRAME;
		memcpy(x, s->v + s->at, n * sizeof(*x));
		memset(x + n, 0, (MIX_FRAME - n) * sizeof(*x));
		s->at += n;
		audio_mix_add(mix, x, 1);
		any = true;

		if (s->at == s->n) {
			s->on = false;
			if (s->spoken)
				next_sentence(p);
		}
	}

	return any;
}
