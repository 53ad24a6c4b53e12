/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/flow/peer_audio.c -- a tone out; what is heard into DIR/earN.s16
 *
 * What is heard becomes mono at 48000 Hz, packet after packet: without gaps
 * as they were in time.
 *
 * Threads: one.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <opus.h>
#include <spandsp.h>

#include "tests/flow/peer.h"

enum { PCMU, PCMA, G722, OPUS, SAMPLES_MAX = 5760, VOLUME = 8000 };

struct peer_audio {
	int codec, rate, clock;
	double hz;
	unsigned ptime;
	uint64_t n;               /* samples sent                         */
	uint64_t quiet_until;     /* a digit is being sent [us]           */
	OpusEncoder *enc;
	OpusDecoder *dec;
	g722_encode_state_t *g7e;
	g722_decode_state_t *g7d;
};


static struct peer_audio *audio_of(struct stream *s)
{
	int err;

	if (!s->audio) {
		s->audio = calloc(1, sizeof(*s->audio));
		if (!s->audio)
			abort();
		s->audio->dec = opus_decoder_create(48000, 1, &err);
		s->audio->g7d = g722_decode_init(NULL, 64000, 0);
	}

	return s->audio;
}


int audio_start(struct stream *s, const char *codec, double hz,
		unsigned ptime, int pt)
{
	struct peer_audio *a = audio_of(s);
	int err;

	a->codec = !strcmp(codec, "opus") ? OPUS : !strcmp(codec, "g722") ?
		G722 : !strcmp(codec, "pcma") ? PCMA : PCMU;
	a->rate  = a->codec == OPUS ? 48000 : a->codec == G722 ? 16000 : 8000;
	a->clock = a->codec == OPUS ? 48000 : 8000;
	a->hz    = hz;
	a->ptime = ptime;
	if (!a->enc)
		a->enc = opus_encoder_create(48000, 1,
					     OPUS_APPLICATION_VOIP, &err);
	if (!a->g7e)
		a->g7e = g722_encode_init(NULL, 64000, 0);
	s->pt = pt;
	s->next_us = now_us();
	s->sending = true;

	return 0;
}


static size_t encode(struct peer_audio *a, uint8_t *buf, size_t size,
		     const int16_t *pcm, int n)
{
	int i;

	if (a->codec == OPUS)
		return (size_t)opus_encode(a->enc, pcm, n, buf, (int)size);
	if (a->codec == G722)
		return (size_t)g722_encode(a->g7e, buf, pcm, n);
	for (i = 0; i < n; i++)
		buf[i] = a->codec == PCMA ? linear_to_alaw(pcm[i]) :
			linear_to_ulaw(pcm[i]);

	return (size_t)n;
}


void audio_run(struct stream *s, uint64_t now)
{
	struct peer_audio *a = s->audio;
	int16_t pcm[SAMPLES_MAX];
	uint8_t buf[2000];

	while (s->sending && s->next_us <= now) {
		int n = a->rate * (int)a->ptime / 1000, i;
		size_t len;

		for (i = 0; i < n; i++)
			pcm[i] = (int16_t)(VOLUME * sin(2 * M_PI * a->hz *
				(double)(a->n + (uint64_t)i) / a->rate));
		a->n += (uint64_t)n;
		len = encode(a, buf, sizeof(buf), pcm, n);
		s->ts += (uint32_t)(a->clock * (int)a->ptime / 1000);
		if (s->next_us >= a->quiet_until)
			stream_send(s, buf, len, s->ts, false, s->pt);
		s->next_us += a->ptime * 1000;
	}
}


void audio_cn(struct stream *s, int n)
{
	static const uint8_t sid[] = {70, 100, 90, 110};

	while (n--) {
		s->ts += 1600;
		stream_send(s, sid, sizeof(sid), s->ts, false, 13);
	}
}


/* The whole of an event at once: begin, middle, three ends */
void audio_digit(struct stream *s, int digit, unsigned ms, int pt)
{
	unsigned rate = s->audio ? (unsigned)s->audio->clock : 8000;
	unsigned all = ms * rate / 1000, i, n = ms / 20;
	uint32_t ts = s->ts + rate / 50;

	for (i = 1; i <= n + 2; i++) {
		unsigned d = i >= n ? all : i * rate / 50;
		uint8_t p[4] = {(uint8_t)digit, i >= n ? 0x8a : 0x0a,
				(uint8_t)(d >> 8), (uint8_t)d};

		stream_send(s, p, 4, ts, i == 1, pt);
	}
	s->ts += all;
	if (s->audio)
		s->audio->quiet_until = now_us() + ms * 1000;
}


static int decode(struct stream *s, int16_t *pcm, int pt, const uint8_t *p,
		  size_t n)
{
	struct peer_audio *a = audio_of(s);
	int16_t wide[SAMPLES_MAX];
	int i, k, len = (int)n, step = 6;

	if (pt >= 96) {
		s->c.stereo += n && (p[0] & 4);
		return opus_decode(a->dec, p, len, pcm, SAMPLES_MAX, 0);
	}
	if (len > 1900)
		return -1;
	if (pt == 9) {
		len  = g722_decode(a->g7d, wide, p, len);
		step = 3;
	}
	else {
		for (i = 0; i < len; i++)
			wide[i] = pt == 8 ? alaw_to_linear(p[i]) :
				ulaw_to_linear(p[i]);
	}
	for (i = 0; i < len && (i + 1) * step <= SAMPLES_MAX; i++)
		for (k = 0; k < step; k++)
			pcm[i * step + k] = wide[i];

	return i * step;
}


void audio_heard(struct stream *s, int pt, const uint8_t *p, size_t n)
{
	int16_t pcm[SAMPLES_MAX];
	char path[600];
	int len;

	if (pt == 13 || pt == 101) {
		s->c.cn += pt == 13;
		s->c.te += pt == 101;
		return;
	}
	len = decode(s, pcm, pt, p, n);
	if (!s->out) {
		(void)snprintf(path, sizeof(path), "%s/%s.s16", peer.dir,
			       s->name);
		s->out = fopen(path, "w");
	}
	if (s->out && len > 0)
		(void)fwrite(pcm, 2, (size_t)len, s->out);
}
