/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/load/soundprobe.c -- decode sound and say where clicks begin
 *
 * A click is the first sample above a level that babble does not reach,
 * after a tenth of a second below it.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include <re.h>
#include <opus/opus.h>
#include <libavcodec/avcodec.h>

#include "tests/load/soundprobe.h"

enum {
	LOUD    = 7000,
	QUIET_N = 4800,
	PCM_MAX = 5760,
};

struct soundprobe {
	enum ticket_codec codec;
	OpusDecoder *opus;
	AVCodecContext *av;
	AVPacket *pkt;
	AVFrame *frame;
	unsigned step;            /* decoder's rate to 48000              */
	uint64_t last_loud;
	double energy;
	uint64_t samples;
	click_h *clickh;
	void *arg;
};

static void destructor(void *arg)
{
	struct soundprobe *sp = arg;

	if (sp->opus)
		opus_decoder_destroy(sp->opus);
	avcodec_free_context(&sp->av);
	av_packet_free(&sp->pkt);
	av_frame_free(&sp->frame);
}

static int av_open(struct soundprobe *sp)
{
	enum AVCodecID id = sp->codec == CODEC_G722 ?
		AV_CODEC_ID_ADPCM_G722 : sp->codec == CODEC_PCMU ?
		AV_CODEC_ID_PCM_MULAW : AV_CODEC_ID_PCM_ALAW;
	const AVCodec *avc = avcodec_find_decoder(id);

	sp->step  = sp->codec == CODEC_G722 ? 3 : 6;
	sp->av    = avc ? avcodec_alloc_context3(avc) : NULL;
	sp->pkt   = av_packet_alloc();
	sp->frame = av_frame_alloc();
	if (!sp->av || !sp->pkt || !sp->frame)
		return ENOMEM;

	sp->av->sample_rate = 48000 / sp->step;
	av_channel_layout_default(&sp->av->ch_layout, 1);

	return avcodec_open2(sp->av, avc, NULL) < 0 ? ENOSYS : 0;
}

int soundprobe_alloc(struct soundprobe **spp, enum ticket_codec codec,
		     click_h *clickh, void *arg)
{
	struct soundprobe *sp = mem_zalloc(sizeof(*sp), destructor);
	int err = 0;

	if (!sp)
		return ENOMEM;

	sp->codec  = codec;
	sp->clickh = clickh;
	sp->arg    = arg;

	if (codec == CODEC_OPUS) {
		sp->step = 1;
		sp->opus = opus_decoder_create(48000, 1, &err);
		err = sp->opus ? 0 : ENOMEM;
	}
	else {
		err = av_open(sp);
	}

	if (err)
		mem_deref(sp);
	else
		*spp = sp;

	return err;
}

static void look(struct soundprobe *sp, uint64_t at, const int16_t *pcm,
		 size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		uint64_t now = at + i * sp->step;

		sp->energy += pcm[i] * (double)pcm[i];
		if (abs(pcm[i]) < LOUD)
			continue;
		if (!sp->last_loud || now > sp->last_loud + QUIET_N)
			sp->clickh(now, sp->arg);
		sp->last_loud = now;
	}
	sp->samples += n;
}

void soundprobe_put(struct soundprobe *sp, uint64_t at, const uint8_t *p,
		    size_t n)
{
	int16_t pcm[PCM_MAX];

	if (sp->opus) {
		int c = opus_decode(sp->opus, p, (opus_int32)n, pcm, PCM_MAX,
				    0);

		if (c > 0)
			look(sp, at, pcm, (size_t)c);
		return;
	}

	if (av_new_packet(sp->pkt, (int)n) < 0)
		return;
	memcpy(sp->pkt->data, p, n);
	if (avcodec_send_packet(sp->av, sp->pkt) >= 0)
		while (avcodec_receive_frame(sp->av, sp->frame) >= 0)
			look(sp, at, (const void *)sp->frame->data[0],
			     (size_t)sp->frame->nb_samples);
	av_packet_unref(sp->pkt);
}

double soundprobe_level(const struct soundprobe *sp)
{
	return sp && sp->samples ? sqrt(sp->energy / sp->samples) : 0;
}
