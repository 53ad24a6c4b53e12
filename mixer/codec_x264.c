/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/codec_x264.c -- the H.264 encoder
 *
 * superfast, zerolatency, constrained baseline: every device plays it, and
 * a frame is out before the next picture is drawn.  Macroblocks known to be
 * unchanged are told to x264, which then codes them as skipped, exactly.
 *
 * The rate is kept by video_qp.h, without adaptive quantisation: nine heads
 * at 1500 kbit/s cost 0.68 of what x264's own rate control with it takes,
 * at 47.8 dB and SSIM .9904 instead of 47.0 and .9899.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <x264.h>

#include <re.h>

#include "base/log.h"
#include "mixer/codec_video.h"
#include "mixer/video.h"
#include "mixer/video_qp.h"

enum {
	/* a column of macroblocks a picture, from time to time: mends what
	 * peers lost that cannot ask, without a key frame's peak         */
	REFRESH_S = 10,

	/* how a picture is looked at: a line of sixteen, a pixel of four */
	LOOK_LINES = 16, LOOK_PIXELS = 4,
	LOOK_SAME = 8,            /* noise and small moves                */
	LOOK_OTHER = 32,          /* something else than was there        */
};

struct enc {
	struct venc venc;
	x264_t *x;
	x264_param_t prm;
	uint8_t *infov;           /* one per macroblock                   */
	size_t infoc;
	int64_t pts;
	unsigned fps, kbps;       /* the rung's                           */
	struct vqp qp;
	uint8_t *seenv;           /* of the last picture, looked at       */
	double fresh, detail;     /* found by looking                     */
	double missed;            /* fresh, of those left out since       */
	int subpel, me;           /* of the preset                        */
};

static void enc_destructor(void *data)
{
	struct enc *e = data;

	if (e->x)
		x264_encoder_close(e->x);
	mem_deref(e->infov);
	mem_deref(e->seenv);
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

/* The QP is ours (video_qp.h).  x264 keeps a forced one between those of
 * I and B pictures: 10 and 51 with these factors. */
static void rate_set(x264_param_t *p)
{
	p->rc.i_rc_method = X264_RC_CQP;
	p->rc.i_qp_constant = 28;
	p->rc.f_ip_factor = 8;
	p->rc.f_pb_factor = 14.3f;
	p->rc.i_aq_mode = X264_AQ_NONE;
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
	p->b_intra_refresh = 1;
	p->i_keyint_max = REFRESH_S * r->fps;
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
	rate_set(p);
	colour_set(p);

	return x264_param_apply_profile(p, "baseline") < 0 ? ENOTSUP : 0;
}

static void tune(struct venc *venc, unsigned fps, bool fast)
{
	struct enc *e = (struct enc *)venc;
	x264_param_t *p = &e->prm;

	vqp_rate(&e->qp, e->kbps, fps ? fps : e->fps);
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

/* How much of the picture is another one, in macroblocks, of which every
 * part counts as all; and how rich it is in detail */
static void look(struct enc *e, const struct vpic *pic)
{
	uint8_t *seen = e->seenv;
	unsigned long fresh = 0, detail = 0, n = 0;

	for (unsigned y = LOOK_LINES / 2; y < pic->h; y += LOOK_LINES) {
		const uint8_t *p = pic->data[0] +
			(size_t)y * (size_t)pic->stride[0];
		int most = 0;

		for (unsigned x = 0; x + 1 < pic->w; x += LOOK_PIXELS) {
			int d = abs(p[x] - *seen);

			most = d > most ? d : most;
			detail += (unsigned)abs(p[x] - p[x + 1]);
			*seen++ = p[x];
			n++;
			if (x % 16 != 16 - LOOK_PIXELS)
				continue;
			if (most > LOOK_SAME)
				fresh += (unsigned)(most < LOOK_OTHER ?
					most : LOOK_OTHER) - LOOK_SAME;
			most = 0;
		}
	}
	n = n ? n : 1;
	e->fresh = (double)fresh * (16 / LOOK_PIXELS) / (double)n /
		(LOOK_OTHER - LOOK_SAME);
	e->detail = (double)detail / (double)n;
}

/* Bits of a picture of its own at QP 0, on heads, text and noise alike
 * within a third (tests/unit/test_video_qp.c) */
static double intra_bits(const struct enc *e)
{
	double pixels = (double)e->prm.i_width * e->prm.i_height;

	return pixels * (.5 + 4 * e->detail);
}

static int put(struct venc *venc, const struct vpic *pic,
	       const uint8_t *constv, bool key, struct venc_out *out)
{
	struct enc *e = (struct enc *)venc;
	x264_picture_t in, res;
	x264_nal_t *nalv;
	int nalc, n, qp;

	look(e, pic);
	if (e->missed > e->fresh)
		e->fresh = e->missed;
	key = key || !e->pts;
	qp = vqp_pick(&e->qp, key, e->fresh, intra_bits(e));
	if (qp == VQP_LEAVE_OUT) {
		e->missed = e->fresh;
		return EAGAIN;
	}
	e->missed = 0;

	x264_picture_init(&in);
	in.img.i_csp = X264_CSP_I420;
	in.img.i_plane = 3;
	for (int i = 0; i < 3; i++) {
		in.img.plane[i] = pic->data[i];
		in.img.i_stride[i] = pic->stride[i];
	}
	in.i_pts = e->pts++;
	in.i_type = key ? X264_TYPE_IDR : X264_TYPE_AUTO;
	in.i_qpplus1 = qp + 1;
	in.prop.mb_info = infov_make(e, constv, key);

	n = x264_encoder_encode(e->x, &nalv, &nalc, &in, &res);
	if (n <= 0)
		return EIO;

	out->data = nalv[0].p_payload;
	out->len = (size_t)n;
	/* a refresh that begins is "key" to x264, but not to a joiner */
	out->key = res.i_type == X264_TYPE_IDR;
	out->fine = qp <= VQP_MIN;
	vqp_done(&e->qp, out->key, out->len);

	return 0;
}

static void pass(struct venc *venc, unsigned pictures)
{
	struct enc *e = (struct enc *)venc;

	vqp_pass(&e->qp, pictures);
}

static const struct venc_ops ops = {
	.puth = put, .tuneh = tune, .passh = pass,
};

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
	vqp_init(&e->qp, rung->kbps, rung->fps);
	e->infoc = (size_t)((rung->width + 15) / 16) *
		((rung->height + 15) / 16);
	e->infov = mem_zalloc(e->infoc, NULL);
	e->seenv = mem_zalloc((size_t)(rung->width / LOOK_PIXELS + 1) *
			      (rung->height / LOOK_LINES + 1), NULL);
	if (!e->infov || !e->seenv) {
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
