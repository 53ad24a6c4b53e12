/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source/source_pcm.c -- any sound to frames of 20 ms, 48 kHz, stereo
 *
 * Frames follow each other without a hole; when the stamps of the stream
 * part from that by more than JUMP_US (a seek, a camera that lost sound),
 * the clock follows the stamps.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <re.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswresample/swresample.h>

#include "source/source_enc.h"
#include "source/source_pcm.h"

enum { JUMP_US = 100000, FIFO = 48000 };

struct source_pcm {
	AVCodecContext *dec;
	AVFrame *frame;
	struct SwrContext *swr;
	int hz, format, channels; /* what swr is set for                  */
	int16_t fifo[2 * FIFO];
	unsigned n;               /* samples a channel in it              */
	uint64_t pts_us;          /* of the first                         */
	bool started;
	struct source_aenc *enc;
	source_pcm_h *h;
	void *arg;
};

static void destructor(void *data)
{
	struct source_pcm *pcm = data;

	swr_free(&pcm->swr);
	av_frame_free(&pcm->frame);
	avcodec_free_context(&pcm->dec);
	mem_deref(pcm->enc);
}

int source_pcm_alloc(struct source_pcm **pcmp, const AVStream *st,
		     source_pcm_h *h, void *arg)
{
	const AVCodec *codec = avcodec_find_decoder(st->codecpar->codec_id);
	struct source_pcm *pcm;
	int err = ENOMEM;

	if (!codec)
		return ENOTSUP;
	pcm = mem_zalloc(sizeof(*pcm), destructor);
	if (!pcm)
		return ENOMEM;

	pcm->h = h;
	pcm->arg = arg;
	pcm->frame = av_frame_alloc();
	pcm->dec = avcodec_alloc_context3(codec);
	if (!pcm->frame || !pcm->dec)
		goto out;

	avcodec_parameters_to_context(pcm->dec, st->codecpar);
	pcm->dec->pkt_timebase = st->time_base;
	pcm->dec->thread_count = 1;
	err = avcodec_open2(pcm->dec, codec, NULL) < 0 ? ENOTSUP : 0;
	if (!err)
		err = source_aenc_alloc(&pcm->enc);

 out:
	if (err)
		mem_deref(pcm);
	else
		*pcmp = pcm;

	return err;
}

struct source_aenc *source_pcm_enc(struct source_pcm *pcm)
{
	return pcm->enc;
}

static bool hand_out(struct source_pcm *pcm, unsigned least)
{
	bool go = true;

	while (go && pcm->n >= least && pcm->n) {
		unsigned k = SOURCE_AUDIO_FRAME;

		/* the last frame of a file is filled up with silence */
		if (pcm->n < k) {
			memset(pcm->fifo + 2 * pcm->n, 0,
			       (k - pcm->n) * 2 * sizeof(int16_t));
			pcm->n = k;
		}
		go = pcm->h(pcm->fifo, pcm->pts_us, pcm->arg);
		pcm->n -= k;
		pcm->pts_us += 20000;
		memmove(pcm->fifo, pcm->fifo + 2 * k,
			pcm->n * 2 * sizeof(int16_t));
	}

	return go;
}

static int set_up(struct source_pcm *pcm)
{
	const AVFrame *f = pcm->frame;
	AVChannelLayout in = {0}, out = AV_CHANNEL_LAYOUT_STEREO;
	int e;

	if (pcm->swr && pcm->hz == f->sample_rate
	    && pcm->format == f->format
	    && pcm->channels == f->ch_layout.nb_channels)
		return 0;

	pcm->hz = f->sample_rate;
	pcm->format = f->format;
	pcm->channels = f->ch_layout.nb_channels;
	if (f->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
		av_channel_layout_default(&in, pcm->channels);
	else if (av_channel_layout_copy(&in, &f->ch_layout) < 0)
		return ENOMEM;

	swr_free(&pcm->swr);
	e = swr_alloc_set_opts2(&pcm->swr, &out, AV_SAMPLE_FMT_S16,
				SOURCE_AUDIO_HZ, &in, pcm->format, pcm->hz,
				0, NULL);
	av_channel_layout_uninit(&in);
	if (e < 0 || swr_init(pcm->swr) < 0) {
		swr_free(&pcm->swr);
		return ENOTSUP;
	}

	return 0;
}

static bool resample(struct source_pcm *pcm)
{
	uint8_t *out[1];
	int n, room;

	if (set_up(pcm))
		return true;

	room = FIFO - (int)pcm->n;
	out[0] = (uint8_t *)(pcm->fifo + 2 * pcm->n);
	n = swr_convert(pcm->swr, out, room,
			(const uint8_t **)pcm->frame->extended_data,
			pcm->frame->nb_samples);
	if (n > 0)
		pcm->n += n;

	return hand_out(pcm, SOURCE_AUDIO_FRAME);
}

bool source_pcm_put(struct source_pcm *pcm, const AVPacket *pkt,
		    uint64_t pts_us)
{
	uint64_t next = pcm->pts_us + pcm->n * 1000ull / 48;
	bool go = true;

	if (!pcm->started || pts_us > next + JUMP_US
	    || pts_us + JUMP_US < next) {
		pcm->started = true;
		pcm->n = 0;
		pcm->pts_us = pts_us;
	}
	if (avcodec_send_packet(pcm->dec, pkt))
		return true;
	while (go && !avcodec_receive_frame(pcm->dec, pcm->frame)) {
		go = resample(pcm);
		av_frame_unref(pcm->frame);
	}

	return go;
}

bool source_pcm_flush(struct source_pcm *pcm)
{
	bool go = true;

	(void)avcodec_send_packet(pcm->dec, NULL);
	while (go && !avcodec_receive_frame(pcm->dec, pcm->frame)) {
		go = resample(pcm);
		av_frame_unref(pcm->frame);
	}
	avcodec_flush_buffers(pcm->dec);
	go = go && hand_out(pcm, 1);
	pcm->started = false;

	return go;
}
