/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/clip.c -- encoded pictures and sound made up on the spot
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include <re.h>
#include <opus/opus.h>
#include <x264.h>

#include "tests/fake/clip.h"

enum { FRAME = 960, OPUS_MAX = 1500 };

struct clip_video {
	x264_t *enc;
	x264_picture_t pic;
	unsigned w, h;
	int64_t n;
};

struct clip_audio {
	OpusEncoder *enc;
	double step, phase;
};

static void video_destructor(void *data)
{
	struct clip_video *c = data;

	if (c->enc)
		x264_encoder_close(c->enc);
	x264_picture_clean(&c->pic);
}

int clip_video_alloc(struct clip_video **cp, unsigned width, unsigned height,
		     unsigned fps, unsigned key_every)
{
	struct clip_video *c = mem_zalloc(sizeof(*c), video_destructor);
	x264_param_t p;

	if (!c)
		return ENOMEM;

	x264_param_default_preset(&p, "ultrafast", "zerolatency");
	p.i_log_level = X264_LOG_NONE;
	p.i_threads = 1;
	p.i_width = c->w = width;
	p.i_height = c->h = height;
	p.i_fps_num = fps;
	p.i_fps_den = 1;
	p.i_keyint_max = key_every;
	p.i_scenecut_threshold = 0;
	p.b_annexb = 1;
	p.b_repeat_headers = 1;
	p.rc.i_rc_method = X264_RC_CQP;
	p.rc.i_qp_constant = 24;
	x264_param_apply_profile(&p, "baseline");
	c->enc = x264_encoder_open(&p);
	if (!c->enc || x264_picture_alloc(&c->pic, X264_CSP_I420, width,
					  height)) {
		mem_deref(c);
		return ENOMEM;
	}
	*cp = c;

	return 0;
}

static void paint(struct clip_video *c, uint8_t y, uint8_t u, uint8_t v)
{
	unsigned row, x = (unsigned)(c->n * 4 % (c->w - 8));

	for (row = 0; row < c->h; row++) {
		uint8_t *p = c->pic.img.plane[0]
			+ row * c->pic.img.i_stride[0];

		memset(p, y, c->w);
		memset(p + x, 235, 8);
	}
	for (row = 0; row < c->h / 2; row++) {
		memset(c->pic.img.plane[1] + row * c->pic.img.i_stride[1], u,
		       c->w / 2);
		memset(c->pic.img.plane[2] + row * c->pic.img.i_stride[2], v,
		       c->w / 2);
	}
}

struct unit *clip_video_next(struct clip_video *c, uint8_t y, uint8_t u,
			     uint8_t v, uint64_t pts_us)
{
	x264_picture_t out;
	x264_nal_t *nalv;
	struct unit *unit;
	int nalc, n;

	paint(c, y, u, v);
	c->pic.i_pts = c->n++;
	n = x264_encoder_encode(c->enc, &nalv, &nalc, &c->pic, &out);
	if (n <= 0)
		return NULL;

	unit = unit_alloc(n, 0);
	if (!unit)
		return NULL;

	memcpy(unit->data, nalv[0].p_payload, n);
	unit->codec = CODEC_H264;
	unit->key = out.b_keyframe;
	unit->pts_us = pts_us;

	return unit;
}

static void audio_destructor(void *data)
{
	struct clip_audio *c = data;

	if (c->enc)
		opus_encoder_destroy(c->enc);
}

int clip_audio_alloc(struct clip_audio **cp, double hz)
{
	struct clip_audio *c = mem_zalloc(sizeof(*c), audio_destructor);
	int e;

	if (!c)
		return ENOMEM;

	c->step = 2 * M_PI * hz / 48000;
	c->enc = opus_encoder_create(48000, 2, OPUS_APPLICATION_AUDIO, &e);
	if (!c->enc) {
		mem_deref(c);
		return ENOMEM;
	}
	*cp = c;

	return 0;
}

struct unit *clip_audio_next(struct clip_audio *c, uint64_t pts_us)
{
	int16_t pcm[FRAME * 2];
	uint8_t buf[OPUS_MAX];
	struct unit *unit;
	int i, n;

	for (i = 0; i < FRAME; i++) {
		pcm[2 * i] = pcm[2 * i + 1] =
			(int16_t)(8000 * sin(c->phase));
		c->phase += c->step;
	}
	n = opus_encode(c->enc, pcm, FRAME, buf, sizeof(buf));
	if (n <= 0)
		return NULL;

	unit = unit_alloc(n, 0);
	if (!unit)
		return NULL;

	memcpy(unit->data, buf, n);
	unit->codec = CODEC_OPUS;
	unit->key = true;
	unit->duration = FRAME;
	unit->pts_us = pts_us;

	return unit;
}
