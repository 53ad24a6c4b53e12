/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/codec_x264.c -- the H.264 encoder
 *
 * superfast, zerolatency, constrained baseline: every device plays it, and
 * a frame is out before the next picture is drawn.  Macroblocks known to be
 * unchanged are told to x264, which then codes them as skipped, exactly.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <x264.h>

#include <re.h>

#include "base/log.h"
#include "mixer/codec_video.h"
#include "mixer/video.h"

enum { KEY_INTERVAL_S = 10 };     /* for peers that cannot ask            */

struct enc {
	struct venc venc;
	x264_t *x;
	x264_param_t prm;
	uint8_t *infov;           /* one per macroblock                   */
	size_t infoc;
	int64_t pts;
	unsigned fps, kbps;       /* the rung's                           */
	int subpel, me;           /* of the preset                        */
};

static void enc_destructor(void *data)
{
	struct enc *e = data;

	if (e->x)
		x264_encoder_close(e->x);
	mem_deref(e->infov);
}

static void log_handler(void *arg, int level, const char *fmt, va_list ap)
{
	char buf[256];
	size_t n;

	(void)arg;
	/* x264's formats are libc's, not libre's */
	vsnprintf(buf, sizeof(buf), fmt, ap);
	n = strcspn(buf, "\r\n");
	buf[n] = '\0';
	if (level <= X264_LOG_ERROR)
		warning("x264: %s", buf);
	else
		debug("x264: %s", buf);
}

static void rate_set(x264_param_t *p, unsigned kbps)
{
	p->rc.i_rc_method = X264_RC_ABR;
	p->rc.i_bitrate = (int)kbps;
	p->rc.i_vbv_max_bitrate = (int)kbps;
	/* 600 ms: room for a key frame, not for a second's delay */
	p->rc.i_vbv_buffer_size = (int)(kbps * 6 / 10);
}

static void colour_set(x264_param_t *p)
{
	/* unmarked, browsers take it for BT.709 */
	p->vui.i_vidformat = 5;
	p->vui.i_colorprim = 6;
	p->vui.i_transfer = 6;
	p->vui.i_colmatrix = 6;
	p->vui.b_fullrange = 0;
	p->vui.i_sar_width = p->vui.i_sar_height = 1;
}

static int params(x264_param_t *p, const struct video_rung *r,
		  unsigned max_payload)
{
	if (x264_param_default_preset(p, "superfast", "zerolatency") < 0)
		return ENOTSUP;

	p->pf_log = log_handler;
	p->i_log_level = X264_LOG_WARNING;
	p->i_threads = 1;
	p->b_sliced_threads = 0;
	p->i_width = r->width;
	p->i_height = r->height;
	p->i_csp = X264_CSP_I420;
	p->i_level_idc = r->level_idc ? r->level_idc : 31;
	p->i_fps_num = r->fps;
	p->i_fps_den = 1;
	p->i_timebase_num = 1;
	p->i_timebase_den = r->fps;
	p->b_vfr_input = 0;
	p->i_keyint_max = KEY_INTERVAL_S * r->fps;
	p->i_keyint_min = 1;
	p->i_scenecut_threshold = 0;
	p->b_annexb = 1;
	p->b_repeat_headers = 1;
	p->b_aud = 0;
	p->analyse.b_mb_info = 1;
	p->analyse.i_weighted_pred = X264_WEIGHTP_NONE;
	p->analyse.b_psnr = p->analyse.b_ssim = 0;
	if (!r->pkt_mode && max_payload)
		p->i_slice_max_size = (int)max_payload - 16;
	rate_set(p, r->kbps);
	colour_set(p);

	return x264_param_apply_profile(p, "baseline") < 0 ? ENOTSUP : 0;
}

static void tune(struct venc *venc, unsigned fps, bool fast)
{
	struct enc *e = (struct enc *)venc;
	x264_param_t *p = &e->prm;

	if (!fps)
		fps = e->fps;
	/* x264 spends kbps / fps on a picture, whatever comes */
	rate_set(p, (unsigned)((uint64_t)e->kbps * e->fps / fps));
	p->analyse.i_subpel_refine = fast ? 0 : e->subpel;
	p->analyse.i_me_method = fast ? X264_ME_DIA : e->me;
	x264_encoder_reconfig(e->x, p);
}

/* x264 wants its own flags; a picture that is to be key has none. */
static uint8_t *infov_make(struct enc *e, const uint8_t *constv, bool key)
{
	if (!constv || key) {
		memset(e->infov, 0, e->infoc);
		return e->infov;
	}
	for (size_t i = 0; i < e->infoc; i++)
		e->infov[i] = constv[i] ? X264_MBINFO_CONSTANT : 0;

	return e->infov;
}

static int put(struct venc *venc, const struct vpic *pic,
	       const uint8_t *constv, bool key, struct venc_out *out)
{
	struct enc *e = (struct enc *)venc;
	x264_picture_t in, res;
	x264_nal_t *nalv;
	int nalc, n;

	x264_picture_init(&in);
	in.img.i_csp = X264_CSP_I420;
	in.img.i_plane = 3;
	for (int i = 0; i < 3; i++) {
		in.img.plane[i] = pic->data[i];
		in.img.i_stride[i] = pic->stride[i];
	}
	in.i_pts = e->pts++;
	in.i_type = key ? X264_TYPE_IDR : X264_TYPE_AUTO;
	in.prop.mb_info = infov_make(e, constv, key);

	n = x264_encoder_encode(e->x, &nalv, &nalc, &in, &res);
	if (n < 0)
		return EIO;
	if (!n)
		return EAGAIN;

	out->data = nalv[0].p_payload;
	out->len = (size_t)n;
	out->key = !!res.b_keyframe;

	return 0;
}

static const struct venc_ops ops = { put, tune };

int venc_x264_alloc(struct venc **encp, const struct video_rung *rung,
		    unsigned max_payload)
{
	struct enc *e;
	int err;

	e = mem_zalloc(sizeof(*e), enc_destructor);
	if (!e)
		return ENOMEM;
	e->venc.ops = &ops;
	e->fps = rung->fps;
	e->kbps = rung->kbps;
	e->infoc = (size_t)((rung->width + 15) / 16) *
		((rung->height + 15) / 16);
	e->infov = mem_zalloc(e->infoc, NULL);
	if (!e->infov) {
		err = ENOMEM;
		goto out;
	}

	err = params(&e->prm, rung, max_payload);
	if (err)
		goto out;
	e->subpel = e->prm.analyse.i_subpel_refine;
	e->me = e->prm.analyse.i_me_method;
	e->x = x264_encoder_open(&e->prm);
	if (!e->x)
		err = ENOTSUP;
 out:
	if (err)
		mem_deref(e);
	else
		*encp = &e->venc;

	return err;
}
