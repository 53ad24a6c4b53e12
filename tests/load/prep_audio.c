/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/load/prep_audio.c -- clicks, babble and hiss, encoded once
 *
 * Where a click begins is found in the stream as its own decoder gives it
 * (soundprobe.h), with the same rule that is used on what comes back: so
 * the delay of our encoder is in neither.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <re.h>
#include <opus/opus.h>
#include <libavcodec/avcodec.h>

#include "tests/load/prep.h"
#include "tests/load/soundprobe.h"

enum {
	RATE       = 48000,
	FRAME      = 960,         /* 20 ms                                */
	FRAMES     = TRACE_SECONDS * 50,
	CLICK_N    = 240,         /* 5 ms                                 */
	CLICK_AT   = 24000,       /* in the second                        */
};

static uint32_t noise(uint32_t n)
{
	n = n * 747796405u + 2891336453u;
	n = ((n >> ((n >> 28) + 4)) ^ n) * 277803737u;

	return (n >> 22) ^ n;
}

static double white(uint32_t n)
{
	return (int32_t)noise(n) / 2147483648.0;
}

/** Vowels of a kind: pulses and noise, four syllables a second, pauses */
static double babble(uint64_t at, unsigned variant)
{
	double t = at / (double)RATE;
	double pitch = 95 + 17 * (variant % 7);
	double phrase = sin(2 * M_PI * t * 0.2 + variant) > -0.6;
	double syll = 0.5 - 0.5 * cos(2 * M_PI * t * 4);
	double v = 0;
	int h;

	for (h = 1; h <= 12; h++)
		v += sin(2 * M_PI * pitch * h * t) / h;

	return phrase * syll * (0.045 * v +
				0.02 * white((uint32_t)at + variant * 777));
}

void prep_sound(int16_t *pcm, unsigned n, enum prep_sound sound,
		unsigned variant)
{
	unsigned i;

	for (i = 0; i < FRAME; i++) {
		uint64_t at = (uint64_t)n * FRAME + i;
		unsigned in_s = at % RATE;
		double v = 0.0005 * white((uint32_t)at ^ (variant << 20));

		if (sound == SOUND_BABBLE)
			v += babble(at, variant);
		if (sound == SOUND_CLICKS && in_s >= CLICK_AT &&
		    in_s < CLICK_AT + CLICK_N)
			v += 0.6 * sin(2 * M_PI * 1500 * in_s / RATE);
		pcm[i] = (int16_t)(v * 32000);
	}
}

/** 48000 Hz to 8000 or 16000: the sounds have little above; a box does. */
static void down(int16_t *out, const int16_t *in, unsigned step)
{
	unsigned i, j;

	for (i = 0; i < FRAME / step; i++) {
		int sum = 0;

		for (j = 0; j < step; j++)
			sum += in[i * step + j];
		out[i] = (int16_t)(sum / (int)step);
	}
}

static int opus_make(struct trace_maker *m, enum prep_sound sound,
		     unsigned variant)
{
	OpusEncoder *enc;
	int16_t pcm[FRAME];
	uint8_t buf[TRACE_PAYLOAD_MAX];
	int err = 0, n;
	unsigned i;

	enc = opus_encoder_create(RATE, 1, OPUS_APPLICATION_VOIP, &err);
	if (!enc)
		return ENOMEM;
	opus_encoder_ctl(enc, OPUS_SET_BITRATE(32000));
	opus_encoder_ctl(enc, OPUS_SET_COMPLEXITY(8));

	/* once round first, so that the loop's end fits its begin */
	for (i = 0; i < 2 * FRAMES && !err; i++) {
		prep_sound(pcm, i % FRAMES, sound, variant);
		n = opus_encode(enc, pcm, FRAME, buf, sizeof(buf));
		if (n < 0)
			err = EPROTO;
		else if (i >= FRAMES)
			err = trace_add(m, (i - FRAMES) * FRAME, PKT_FIRST,
					NULL, 0, buf, (size_t)n);
	}
	opus_encoder_destroy(enc);

	return err;
}

static int av_make(struct trace_maker *m, enum ticket_codec codec,
		   enum prep_sound sound, unsigned variant)
{
	enum AVCodecID id = codec == CODEC_G722 ? AV_CODEC_ID_ADPCM_G722 :
		codec == CODEC_PCMU ? AV_CODEC_ID_PCM_MULAW :
		AV_CODEC_ID_PCM_ALAW;
	unsigned step = codec == CODEC_G722 ? 3 : 6, i;
	const AVCodec *avc = avcodec_find_encoder(id);
	AVCodecContext *ctx = avc ? avcodec_alloc_context3(avc) : NULL;
	AVFrame *f = av_frame_alloc();
	AVPacket *pkt = av_packet_alloc();
	int16_t pcm[FRAME];
	int err = ENOSYS;

	if (!ctx || !f || !pkt)
		goto out;
	ctx->sample_rate = RATE / step;
	ctx->sample_fmt  = AV_SAMPLE_FMT_S16;
	av_channel_layout_default(&ctx->ch_layout, 1);
	if (avcodec_open2(ctx, avc, NULL) < 0)
		goto out;

	f->nb_samples = FRAME / step;
	f->format     = AV_SAMPLE_FMT_S16;
	av_channel_layout_default(&f->ch_layout, 1);
	if (av_frame_get_buffer(f, 0) < 0)
		goto out;

	err = 0;
	for (i = 0; i < FRAMES && !err; i++) {
		if (av_frame_make_writable(f) < 0) {
			err = ENOMEM;
			break;
		}
		prep_sound(pcm, i, sound, variant);
		down((int16_t *)(void *)f->data[0], pcm, step);
		f->pts = i * (FRAME / step);
		if (avcodec_send_frame(ctx, f) < 0 ||
		    avcodec_receive_packet(ctx, pkt) < 0) {
			err = EPROTO;
			break;
		}
		err = trace_add(m, i * 160, PKT_FIRST, NULL, 0, pkt->data,
				pkt->size);
		av_packet_unref(pkt);
	}
 out:
	av_packet_free(&pkt);
	av_frame_free(&f);
	avcodec_free_context(&ctx);

	return err;
}

static void mark_handler(uint64_t sample, void *arg)
{
	trace_mark(arg, (uint32_t)sample);
}

/** Decodes what was made and notes where each click begins. */
static int find_clicks(struct trace_maker *m, const struct trace *t,
		       enum ticket_codec codec)
{
	struct soundprobe *sp;
	uint32_t i;
	int err;

	err = soundprobe_alloc(&sp, codec, mark_handler, m);
	if (err)
		return err;

	for (i = 0; i < t->head.pktc; i++)
		soundprobe_put(sp, i * FRAME, t->data + t->pktv[i].off,
			       t->pktv[i].len);
	mem_deref(sp);

	return 0;
}

int prep_audio(struct trace **tp, const char *cache, enum ticket_codec codec,
	       enum prep_sound sound, unsigned variant)
{
	uint32_t clock_hz = codec == CODEC_OPUS ? 48000 : 8000;
	struct trace_maker *m = NULL;
	struct trace *t = NULL;
	char path[512];
	int err;

	(void)re_snprintf(path, sizeof(path), "%s/a-%s-%d-%u.trace", cache,
			  codec_name(codec), sound, variant);
	if (!trace_load(tp, path))
		return 0;

	err = trace_maker_alloc(&m, clock_hz, clock_hz * TRACE_SECONDS);
	if (err)
		return err;

	err = codec == CODEC_OPUS ? opus_make(m, sound, variant) :
		av_make(m, codec, sound, variant);
	if (!err && sound == SOUND_CLICKS) {
		err = trace_finish(&t, m);
		if (!err)
			err = find_clicks(m, t, codec);
		t = mem_deref(t);
	}
	if (!err)
		err = trace_finish(&t, m);
	mem_deref(m);
	if (err)
		return err;

	(void)mkdir(cache, 0777);
	(void)trace_save(t, path);
	*tp = t;

	return 0;
}
