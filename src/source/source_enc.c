/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source/source_enc.c -- pictures and sound to units
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <re.h>
#include <libavutil/frame.h>
#include <opus/opus.h>
#include <x264.h>

#include "mixer/leg.h"
#include "mixer/rtp_pack.h"
#include "source/source_enc.h"

enum { OPUS_MAX = 1275, OPUS_BPS = 64000, KEY_EVERY_S = 10 };

struct source_venc {
	x264_t *x264;
	unsigned width, height;
	int64_t next_pts;
};

struct source_aenc {
	OpusEncoder *opus;
};

static void venc_destructor(void *data)
{
	struct source_venc *enc = data;

	if (enc->x264)
		x264_encoder_close(enc->x264);
}

int source_venc_alloc(struct source_venc **encp, unsigned width,
		      unsigned height, unsigned fps, unsigned kbps)
{
	struct source_venc *enc;
	x264_param_t prm;

	enc = mem_zalloc(sizeof(*enc), venc_destructor);
	if (!enc)
		return ENOMEM;

	x264_param_default_preset(&prm, "superfast", "zerolatency");
	prm.i_log_level = X264_LOG_NONE;
	prm.i_threads = 1;
	prm.b_sliced_threads = 0;
	prm.i_width = enc->width = width;
	prm.i_height = enc->height = height;
	prm.i_csp = X264_CSP_I420;
	prm.i_fps_num = fps;
	prm.i_fps_den = 1;
	/* stamps of its own would cost a picture of delay */
	prm.b_vfr_input = 0;
	prm.i_keyint_max = fps * KEY_EVERY_S;
	prm.i_scenecut_threshold = 0;
	prm.b_annexb = 1;
	prm.b_repeat_headers = 1;
	prm.i_level_idc = 31;
	prm.vui.i_colmatrix = 6;
	prm.rc.i_rc_method = X264_RC_ABR;
	prm.rc.i_bitrate = kbps;
	prm.rc.i_vbv_max_bitrate = kbps;
	prm.rc.i_vbv_buffer_size = kbps / 2;
	x264_param_apply_profile(&prm, "baseline");
	enc->x264 = x264_encoder_open(&prm);
	if (!enc->x264) {
		mem_deref(enc);
		return ENOTSUP;
	}
	*encp = enc;

	return 0;
}

int source_video_unit(struct unit **unitp, const uint8_t *data, size_t len,
		      bool key, uint64_t pts_us)
{
	struct rtp_pack pk = {.codec = CODEC_H264, .pkt_mode = 1,
			      .max = LEG_PAYLOAD_MAX};
	int err;

	err = rtp_pack_video(unitp, &pk, data, len);
	if (err)
		return err;

	(*unitp)->key = key;
	(*unitp)->pts_us = pts_us;

	return 0;
}

int source_venc_put(struct unit **unitp, struct source_venc *enc,
		    const AVFrame *frame, uint64_t pts_us, bool key)
{
	x264_picture_t pic, out;
	x264_nal_t *nalv;
	int i, n, nalc;

	x264_picture_init(&pic);
	pic.img.i_csp = X264_CSP_I420;
	pic.img.i_plane = 3;
	for (i = 0; i < 3; i++) {
		pic.img.plane[i] = frame->data[i];
		pic.img.i_stride[i] = frame->linesize[i];
	}
	pic.i_type = key ? X264_TYPE_IDR : X264_TYPE_AUTO;
	pic.i_pts = enc->next_pts++;

	n = x264_encoder_encode(enc->x264, &nalv, &nalc, &pic, &out);
	if (n <= 0)
		return EIO;

	return source_video_unit(unitp, nalv[0].p_payload, n, out.b_keyframe,
				 pts_us);
}

static void aenc_destructor(void *data)
{
	struct source_aenc *enc = data;

	if (enc->opus)
		opus_encoder_destroy(enc->opus);
}

int source_aenc_alloc(struct source_aenc **encp)
{
	struct source_aenc *enc;
	int e;

	enc = mem_zalloc(sizeof(*enc), aenc_destructor);
	if (!enc)
		return ENOMEM;

	enc->opus = opus_encoder_create(SOURCE_AUDIO_HZ, 2,
					OPUS_APPLICATION_AUDIO, &e);
	if (!enc->opus) {
		mem_deref(enc);
		return ENOMEM;
	}
	opus_encoder_ctl(enc->opus, OPUS_SET_BITRATE(OPUS_BPS));
	opus_encoder_ctl(enc->opus, OPUS_SET_COMPLEXITY(5));
	*encp = enc;

	return 0;
}

int source_audio_unit(struct unit **unitp, const uint8_t *data, size_t len,
		      uint64_t pts_us)
{
	int n, err;

	n = opus_packet_get_nb_samples(data, (opus_int32)len,
				       SOURCE_AUDIO_HZ);
	if (n <= 0 || len > LEG_PAYLOAD_MAX * 2)
		return EBADMSG;
	err = rtp_pack_audio(unitp, CODEC_OPUS, data, len);
	if (err)
		return err;

	(*unitp)->duration = n;
	(*unitp)->pts_us = pts_us;

	return 0;
}

int source_aenc_put(struct unit **unitp, struct source_aenc *enc,
		    const int16_t *pcm, uint64_t pts_us)
{
	uint8_t buf[OPUS_MAX];
	int n;

	n = opus_encode(enc->opus, pcm, SOURCE_AUDIO_FRAME, buf,
			sizeof(buf));
	if (n <= 0)
		return EIO;

	return source_audio_unit(unitp, buf, n, pts_us);
}
