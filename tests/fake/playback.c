/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/playback.c -- a recording, all of it decoded; see playback.h
 */
#include <errno.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "tests/fake/playback.h"


static int decoder(AVCodecContext **ctxp, const AVStream *st)
{
	const AVCodec *codec = avcodec_find_decoder(st->codecpar->codec_id);

	*ctxp = codec ? avcodec_alloc_context3(codec) : NULL;
	if (!*ctxp)
		return ENOTSUP;
	if (avcodec_parameters_to_context(*ctxp, st->codecpar) < 0)
		return EBADMSG;

	(*ctxp)->thread_count = 1;
	(*ctxp)->pkt_timebase = st->time_base;

	return avcodec_open2(*ctxp, codec, NULL) < 0 ? EBADMSG : 0;
}


static void frames(AVCodecContext *ctx, AVFrame *f, AVRational tb,
		   bool sound, playback_h *h, void *arg,
		   struct playback *pb)
{
	while (!avcodec_receive_frame(ctx, f)) {
		if (sound)
			++pb->sounds;
		else
			++pb->pictures;
		if (h)
			h(sound, f, (double)f->pts * av_q2d(tb) * 1000, arg);
	}
}


int playback_read(const char *path, playback_h *h, void *arg,
		  struct playback *pb)
{
	AVCodecContext *ctxv[2] = {NULL, NULL};
	AVFormatContext *fmt = NULL;
	AVPacket *pkt = av_packet_alloc();
	AVFrame *f = av_frame_alloc();
	int i, err = 0;

	*pb = (struct playback){0};
	if (avformat_open_input(&fmt, path, NULL, NULL) ||
	    fmt->nb_streams != 2)
		err = EBADMSG;
	for (i = 0; i < 2 && !err; i++)
		err = decoder(&ctxv[i], fmt->streams[i]);

	while (!err && av_read_frame(fmt, pkt) >= 0) {
		AVRational tb = fmt->streams[pkt->stream_index]->time_base;
		int64_t ms = av_rescale_q(pkt->pts, tb,
					  (AVRational){1, 1000});

		i = pkt->stream_index;
		pb->ms = ms > pb->ms ? ms : pb->ms;
		pb->errors += avcodec_send_packet(ctxv[i], pkt) < 0;
		frames(ctxv[i], f, tb, i == 1, h, arg, pb);
		av_packet_unref(pkt);
	}

	for (i = 0; i < 2; i++)
		avcodec_free_context(&ctxv[i]);
	avformat_close_input(&fmt);
	av_packet_free(&pkt);
	av_frame_free(&f);
	return err;
}
