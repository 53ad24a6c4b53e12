/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/codec_video.c -- decoding by libavcodec; which encoder is which
 */
#include <errno.h>

#include <libavcodec/avcodec.h>

#include <re.h>

#include "mixer/codec_video.h"
#include "mixer/rtp_pack.h"
#include "mixer/video.h"

struct vdec {
	AVCodecContext *ctx;
	AVPacket *pkt;
	AVFrame *frame;
	bool layers;              /* several pictures for one: the last   */
	AVFrame *last;
};

static void vdec_destructor(void *data)
{
	struct vdec *dec = data;

	avcodec_free_context(&dec->ctx);
	av_packet_free(&dec->pkt);
	av_frame_free(&dec->frame);
	av_frame_free(&dec->last);
}

/* libavcodec's own AV1 decoder wants hardware: dav1d is named. */
static const AVCodec *decoder_of(enum ticket_codec codec)
{
	switch (codec) {

	case CODEC_H264: return avcodec_find_decoder(AV_CODEC_ID_H264);
	case CODEC_VP8:  return avcodec_find_decoder(AV_CODEC_ID_VP8);
	case CODEC_VP9:  return avcodec_find_decoder(AV_CODEC_ID_VP9);
	case CODEC_AV1:  return avcodec_find_decoder_by_name("libdav1d");
	case CODEC_H265: return avcodec_find_decoder(AV_CODEC_ID_HEVC);
	default:         return NULL;
	}
}

int vdec_alloc(struct vdec **decp, enum ticket_codec codec)
{
	const AVCodec *c;
	struct vdec *dec;
	int err = 0;

	if (!decp)
		return EINVAL;
	c = decoder_of(codec);
	if (!c)
		return ENOTSUP;

	dec = mem_zalloc(sizeof(*dec), vdec_destructor);
	if (!dec)
		return ENOMEM;
	dec->ctx = avcodec_alloc_context3(c);
	dec->pkt = av_packet_alloc();
	dec->frame = av_frame_alloc();
	dec->last = av_frame_alloc();
	dec->layers = codec == CODEC_VP9 || codec == CODEC_AV1;
	if (!dec->ctx || !dec->pkt || !dec->frame || !dec->last) {
		err = ENOMEM;
		goto out;
	}

	dec->ctx->thread_count = 1;
	dec->ctx->flags |= AV_CODEC_FLAG_LOW_DELAY;
	dec->ctx->max_pixels = VDEC_PIXELS_MAX;
	/* concealment stays on: it is what flags a damaged picture */
	if (avcodec_open2(dec->ctx, c, NULL) < 0)
		err = ENOTSUP;
 out:
	if (err)
		mem_deref(dec);
	else
		*decp = dec;

	return err;
}

static bool frame_ok(const AVFrame *f)
{
	return !(f->flags & AV_FRAME_FLAG_CORRUPT) &&
	       !f->decode_error_flags &&
	       f->width >= 8 && f->height >= 8 &&
	       f->width <= VDEC_SIDE_MAX && f->height <= VDEC_SIDE_MAX;
}

int vdec_put(struct vdec *dec, const uint8_t *data, size_t len, int64_t ts,
	     vdec_frame_h *frameh, void *arg)
{
	int err = 0;

	if (!dec || !data || !len || len > INT32_MAX)
		return EINVAL;

	/* not reference counted: libavcodec copies it if it must keep it */
	dec->pkt->data = (uint8_t *)data;
	dec->pkt->size = (int)len;
	dec->pkt->pts = ts;
	if (avcodec_send_packet(dec->ctx, dec->pkt) < 0)
		err = EBADMSG;

	for (;;) {
		int r = avcodec_receive_frame(dec->ctx, dec->frame);

		if (r == AVERROR(EAGAIN) || r == AVERROR_EOF)
			break;
		if (r < 0) {
			err = EBADMSG;
			break;
		}
		if (!frame_ok(dec->frame)) {
			err = EBADMSG;
		}
		else if (dec->layers) {
			av_frame_unref(dec->last);
			av_frame_move_ref(dec->last, dec->frame);
		}
		else {
			frameh(dec->frame, arg);
		}
		av_frame_unref(dec->frame);
	}
	if (dec->last->buf[0]) {
		if (!err)
			frameh(dec->last, arg);
		av_frame_unref(dec->last);
	}

	return err;
}

void vdec_reset(struct vdec *dec)
{
	if (dec)
		avcodec_flush_buffers(dec->ctx);
}

/* SEI messages of one NAL unit: types and sizes in runs of 255 */
static bool sei_has(const uint8_t *p, size_t n, unsigned want)
{
	size_t i = 1;

	while (i + 2 < n) {
		unsigned type = 0, size = 0;

		while (i < n && p[i] == 255) {
			type += 255;
			i++;
		}
		if (i >= n)
			break;
		type += p[i++];
		while (i < n && p[i] == 255) {
			size += 255;
			i++;
		}
		if (i >= n)
			break;
		size += p[i++];
		if (type == want)
			return true;
		i += size;
	}

	return false;
}

bool vdec_h264_recovers(const uint8_t *data, size_t len)
{
	size_t pos = 0, off, n;
	bool point = false;

	while (!rtp_pack_nal(data, len, &pos, &off, &n)) {
		unsigned type = data[off] & 31;

		if (type == 6 && n > 1 && sei_has(data + off, n, 6))
			point = true;
		if (type && type < 6)     /* a slice: no SEI comes after  */
			return point && type != 5;
	}

	return point;
}

int venc_alloc(struct venc **encp, const struct video_rung *rung,
	       unsigned max_payload)
{
	if (!encp || !rung)
		return EINVAL;

	switch (rung->codec) {
	case CODEC_H264: return venc_x264_alloc(encp, rung, max_payload);
	case CODEC_VP8:
	case CODEC_VP9:  return venc_vpx_alloc(encp, rung);
	case CODEC_AV1:  return venc_av1_alloc(encp, rung);
	default:         return ENOTSUP;
	}
}

int venc_put(struct venc *enc, const struct vpic *pic, const uint8_t *constv,
	     bool key, struct venc_out *out)
{
	return enc->ops->puth(enc, pic, constv, key, out);
}

void venc_tune(struct venc *enc, unsigned fps, bool fast)
{
	enc->ops->tuneh(enc, fps, fast);
}

void venc_pass(struct venc *enc, unsigned pictures)
{
	if (enc->ops->passh)
		enc->ops->passh(enc, pictures);
}
