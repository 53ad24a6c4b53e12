/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/codec_av1.c -- the AV1 encoder, for thin links
 *
 * libaom's fastest realtime mode, with what costs time and gains little at
 * such rates switched off.  One tile, one layer, a frame for a picture.
 */
#include <errno.h>
#include <string.h>

#include <aom/aomcx.h>
#include <aom/aom_encoder.h>

#include <re.h>

#include "mixer/codec_video.h"
#include "mixer/video.h"

enum {
	KEY_INTERVAL_S = 10,      /* for peers that cannot ask            */
	CPU_USED = 10,
	KEY_MS = 600,             /* a key frame, in time of the link     */
};

struct enc {
	struct venc venc;
	aom_codec_ctx_t ctx;
	aom_codec_enc_cfg_t cfg;
	bool open;
	unsigned fps, kbps;
	int64_t pts, key_pts;
};

static void enc_destructor(void *data)
{
	struct enc *e = data;

	if (e->open)
		aom_codec_destroy(&e->ctx);
}

/* There is nothing faster to go to. */
static void tune(struct venc *venc, unsigned fps, bool fast)
{
	struct enc *e = (struct enc *)venc;

	(void)fast;
	if (!fps)
		fps = e->fps;
	e->cfg.rc_target_bitrate = (unsigned)((uint64_t)e->kbps * e->fps /
					      fps);
	aom_codec_enc_config_set(&e->ctx, &e->cfg);
}

static int put(struct venc *venc, const struct vpic *pic,
	       const uint8_t *constv, bool key, struct venc_out *out)
{
	struct enc *e = (struct enc *)venc;
	const aom_codec_cx_pkt_t *pkt;
	aom_codec_iter_t iter = NULL;
	aom_image_t img;

	(void)constv;
	if (!e->pts || e->pts - e->key_pts >= KEY_INTERVAL_S * e->fps)
		key = true;
	if (key)
		e->key_pts = e->pts;

	memset(&img, 0, sizeof(img));
	if (!aom_img_wrap(&img, AOM_IMG_FMT_I420, pic->w, pic->h, 1,
			  pic->data[0]))
		return EIO;
	for (int i = 0; i < 3; i++) {
		img.planes[i] = pic->data[i];
		img.stride[i] = pic->stride[i];
	}
	/* unmarked, browsers take it for BT.709 */
	img.cp = AOM_CICP_CP_BT_601;
	img.tc = AOM_CICP_TC_BT_601;
	img.mc = AOM_CICP_MC_BT_601;
	img.range = AOM_CR_STUDIO_RANGE;
	if (aom_codec_encode(&e->ctx, &img, e->pts++, 1,
			     key ? AOM_EFLAG_FORCE_KF : 0))
		return EIO;

	while ((pkt = aom_codec_get_cx_data(&e->ctx, &iter))) {
		if (pkt->kind != AOM_CODEC_CX_FRAME_PKT)
			continue;
		out->data = pkt->data.frame.buf;
		out->len = pkt->data.frame.sz;
		out->key = !!(pkt->data.frame.flags & AOM_FRAME_IS_KEY);
		return out->len ? 0 : EAGAIN;
	}

	return EAGAIN;
}

static int config(struct enc *e, const struct video_rung *r)
{
	aom_codec_enc_cfg_t *c = &e->cfg;

	if (aom_codec_enc_config_default(aom_codec_av1_cx(), c,
					 AOM_USAGE_REALTIME))
		return ENOTSUP;
	c->g_w = r->width;
	c->g_h = r->height;
	c->g_timebase.num = 1;
	c->g_timebase.den = r->fps;
	c->g_threads = 1;
	c->g_lag_in_frames = 0;
	c->g_error_resilient = 0;
	c->rc_end_usage = AOM_CBR;
	c->rc_target_bitrate = r->kbps;
	c->rc_dropframe_thresh = 0;
	c->rc_min_quantizer = 8;
	c->rc_max_quantizer = 60;
	c->rc_undershoot_pct = 50;
	c->rc_overshoot_pct = 25;
	c->rc_buf_sz = 1000;
	c->rc_buf_initial_sz = 600;
	c->rc_buf_optimal_sz = 600;
	c->kf_mode = AOM_KF_DISABLED;

	return 0;
}

static void setup(struct enc *e)
{
	static const struct {
		int id;
		int val;
	} offv[] = {
		{AV1E_SET_ENABLE_TPL_MODEL, 0},
		{AV1E_SET_DELTAQ_MODE, 0},
		{AV1E_SET_ENABLE_ORDER_HINT, 0},
		{AV1E_SET_ENABLE_OBMC, 0},
		{AV1E_SET_ENABLE_WARPED_MOTION, 0},
		{AV1E_SET_ENABLE_GLOBAL_MOTION, 0},
		{AV1E_SET_ENABLE_REF_FRAME_MVS, 0},
		{AV1E_SET_ENABLE_CFL_INTRA, 0},
		{AV1E_SET_ENABLE_SMOOTH_INTRA, 0},
		{AV1E_SET_ENABLE_ANGLE_DELTA, 0},
		{AV1E_SET_ENABLE_FILTER_INTRA, 0},
		{AV1E_SET_INTRA_DEFAULT_TX_ONLY, 1},
		{AV1E_SET_ENABLE_PALETTE, 0},
		{AV1E_SET_TILE_COLUMNS, 0},
		{AV1E_SET_TILE_ROWS, 0},
		{AV1E_SET_AQ_MODE, 3},
		{AV1E_SET_ENABLE_CDEF, 1},
		{AV1E_SET_ENABLE_RESTORATION, 0},
		{AV1E_SET_COEFF_COST_UPD_FREQ, 3},
		{AV1E_SET_MODE_COST_UPD_FREQ, 3},
		{AV1E_SET_MV_COST_UPD_FREQ, 3},
	};

	aom_codec_control(&e->ctx, AOME_SET_CPUUSED, CPU_USED);
	for (size_t i = 0; i < ARRAY_SIZE(offv); i++)
		aom_codec_control(&e->ctx, offv[i].id, offv[i].val);
	aom_codec_control(&e->ctx, AOME_SET_MAX_INTRA_BITRATE_PCT,
			  e->fps * KEY_MS / 10);
	aom_codec_control(&e->ctx, AV1E_SET_COLOR_PRIMARIES,
			  AOM_CICP_CP_BT_601);
	aom_codec_control(&e->ctx, AV1E_SET_TRANSFER_CHARACTERISTICS,
			  AOM_CICP_TC_BT_601);
	aom_codec_control(&e->ctx, AV1E_SET_MATRIX_COEFFICIENTS,
			  AOM_CICP_MC_BT_601);
	aom_codec_control(&e->ctx, AV1E_SET_COLOR_RANGE,
			  AOM_CR_STUDIO_RANGE);
}

/* The rate control goes by the time of the pictures. */
static void pass(struct venc *venc, unsigned pictures)
{
	struct enc *e = (struct enc *)venc;

	e->pts += pictures;
}

static const struct venc_ops ops = {
	.puth = put, .tuneh = tune, .passh = pass,
};

int venc_av1_alloc(struct venc **encp, const struct video_rung *rung)
{
	struct enc *e;
	int err;

	e = mem_zalloc(sizeof(*e), enc_destructor);
	if (!e)
		return ENOMEM;
	e->venc.ops = &ops;
	e->fps = rung->fps;
	e->kbps = rung->kbps;
	err = config(e, rung);
	if (!err && aom_codec_enc_init(&e->ctx, aom_codec_av1_cx(), &e->cfg,
				       0))
		err = ENOTSUP;
	if (!err) {
		e->open = true;
		setup(e);
	}
	if (err)
		mem_deref(e);
	else
		*encp = &e->venc;

	return err;
}
