/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/codec_vpx.c -- VP8, for those who have no H.264; VP9, for thin links
 *
 * Of VP9 the fastest realtime mode.  Its cyclic refresh mends what stands
 * still bit by bit, so that unchanged blocks are not left out as in VP8.
 */
#include <errno.h>
#include <string.h>

#include <vpx/vp8cx.h>
#include <vpx/vpx_encoder.h>

#include <re.h>

#include "mixer/codec_video.h"
#include "mixer/video.h"

enum {
	KEY_INTERVAL_S = 10,      /* for peers that cannot ask            */
	CPU_USED = -8, CPU_USED_FAST = -14,
	CPU_USED_VP9 = 8, CPU_USED_VP9_FAST = 9,
	KEY_MS = 600,             /* VP9: a key frame, in time of the link */
	SETTLE = 12,              /* frames a block is refined after it
	                           * changed, then left out               */
};

struct enc {
	struct venc venc;
	vpx_codec_ctx_t ctx;
	vpx_codec_enc_cfg_t cfg;
	bool open, vp9;
	unsigned fps, kbps, mbw, mbh;
	uint8_t *activev, *agev;  /* one per macroblock                   */
	int64_t pts, key_pts;
};

static void enc_destructor(void *data)
{
	struct enc *e = data;

	if (e->open)
		vpx_codec_destroy(&e->ctx);
	mem_deref(e->activev);
	mem_deref(e->agev);
}

static void tune(struct venc *venc, unsigned fps, bool fast)
{
	struct enc *e = (struct enc *)venc;

	if (!fps)
		fps = e->fps;
	e->cfg.rc_target_bitrate = (unsigned)((uint64_t)e->kbps * e->fps /
					      fps);
	vpx_codec_enc_config_set(&e->ctx, &e->cfg);
	if (e->vp9)
		vpx_codec_control(&e->ctx, VP8E_SET_CPUUSED, fast ?
				  CPU_USED_VP9_FAST : CPU_USED_VP9);
	else
		vpx_codec_control(&e->ctx, VP8E_SET_CPUUSED,
				  fast ? CPU_USED_FAST : CPU_USED);
}

static void active_set(struct enc *e, const uint8_t *constv, bool key)
{
	vpx_active_map_t map = {e->activev, e->mbh, e->mbw};
	size_t n = (size_t)e->mbw * e->mbh;

	for (size_t i = 0; i < n; i++) {
		if (key || !constv || !constv[i])
			e->agev[i] = 0;
		else if (e->agev[i] < 255)
			e->agev[i]++;
		e->activev[i] = e->agev[i] < SETTLE;
	}
	vpx_codec_control(&e->ctx, VP8E_SET_ACTIVEMAP, &map);
}

static int put(struct venc *venc, const struct vpic *pic,
	       const uint8_t *constv, bool key, struct venc_out *out)
{
	struct enc *e = (struct enc *)venc;
	const vpx_codec_cx_pkt_t *pkt;
	vpx_codec_iter_t iter = NULL;
	vpx_image_t img;

	/* libvpx decides by itself when the interval is over */
	if (!e->pts || e->pts - e->key_pts >= KEY_INTERVAL_S * e->fps)
		key = true;
	if (key)
		e->key_pts = e->pts;
	if (!e->vp9)
		active_set(e, constv, key);

	memset(&img, 0, sizeof(img));
	vpx_img_wrap(&img, VPX_IMG_FMT_I420, pic->w, pic->h, 1, pic->data[0]);
	for (int i = 0; i < 3; i++) {
		img.planes[i] = pic->data[i];
		img.stride[i] = pic->stride[i];
	}
	if (vpx_codec_encode(&e->ctx, &img, e->pts++, 1,
			     key ? VPX_EFLAG_FORCE_KF : 0, VPX_DL_REALTIME))
		return EIO;

	while ((pkt = vpx_codec_get_cx_data(&e->ctx, &iter))) {
		if (pkt->kind != VPX_CODEC_CX_FRAME_PKT)
			continue;
		out->data = pkt->data.frame.buf;
		out->len = pkt->data.frame.sz;
		out->key = !!(pkt->data.frame.flags & VPX_FRAME_IS_KEY);
		return out->len ? 0 : EAGAIN;
	}

	return EAGAIN;
}

static vpx_codec_iface_t *iface(const struct enc *e)
{
	return e->vp9 ? vpx_codec_vp9_cx() : vpx_codec_vp8_cx();
}

static int config(struct enc *e, const struct video_rung *r)
{
	vpx_codec_enc_cfg_t *c = &e->cfg;

	if (vpx_codec_enc_config_default(iface(e), c, 0))
		return ENOTSUP;
	c->g_w = r->width;
	c->g_h = r->height;
	c->g_timebase.num = 1;
	c->g_timebase.den = r->fps;
	c->g_threads = 1;
	c->g_lag_in_frames = 0;
	c->g_error_resilient = 0;
	c->rc_end_usage = VPX_CBR;
	c->rc_target_bitrate = r->kbps;
	c->rc_dropframe_thresh = 0;
	c->rc_resize_allowed = 0;
	c->rc_min_quantizer = 4;
	c->rc_max_quantizer = 56;
	c->rc_undershoot_pct = 50;
	c->rc_overshoot_pct = 15;
	c->rc_buf_sz = 600;
	c->rc_buf_initial_sz = 400;
	c->rc_buf_optimal_sz = 500;
	c->kf_mode = VPX_KF_DISABLED;

	return 0;
}

static void setup_vp8(struct enc *e)
{
	vpx_codec_control(&e->ctx, VP8E_SET_CPUUSED, CPU_USED);
	vpx_codec_control(&e->ctx, VP8E_SET_STATIC_THRESHOLD, 1);
	vpx_codec_control(&e->ctx, VP8E_SET_TOKEN_PARTITIONS, 0);
	vpx_codec_control(&e->ctx, VP8E_SET_MAX_INTRA_BITRATE_PCT, 900);
}

static void setup_vp9(struct enc *e)
{
	vpx_codec_control(&e->ctx, VP8E_SET_CPUUSED, CPU_USED_VP9);
	vpx_codec_control(&e->ctx, VP8E_SET_STATIC_THRESHOLD, 1);
	vpx_codec_control(&e->ctx, VP8E_SET_MAX_INTRA_BITRATE_PCT,
			  e->fps * KEY_MS / 10);
	vpx_codec_control(&e->ctx, VP9E_SET_AQ_MODE, 3);
	vpx_codec_control(&e->ctx, VP9E_SET_TILE_COLUMNS, 0);
	vpx_codec_control(&e->ctx, VP9E_SET_FRAME_PARALLEL_DECODING, 0);
	/* unmarked, browsers take it for BT.709 */
	vpx_codec_control(&e->ctx, VP9E_SET_COLOR_SPACE, VPX_CS_BT_601);
	vpx_codec_control(&e->ctx, VP9E_SET_COLOR_RANGE, 0);
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

int venc_vpx_alloc(struct venc **encp, const struct video_rung *rung)
{
	struct enc *e;
	size_t n;
	int err;

	e = mem_zalloc(sizeof(*e), enc_destructor);
	if (!e)
		return ENOMEM;
	e->venc.ops = &ops;
	e->vp9 = rung->codec == CODEC_VP9;
	e->fps = rung->fps;
	e->kbps = rung->kbps;
	e->mbw = (rung->width + 15u) / 16;
	e->mbh = (rung->height + 15u) / 16;
	n = (size_t)e->mbw * e->mbh;
	e->activev = mem_zalloc(n, NULL);
	e->agev = mem_zalloc(n, NULL);
	err = e->activev && e->agev ? config(e, rung) : ENOMEM;
	if (err)
		goto out;
	if (vpx_codec_enc_init(&e->ctx, iface(e), &e->cfg, 0)) {
		err = ENOTSUP;
		goto out;
	}
	e->open = true;
	if (e->vp9)
		setup_vp9(e);
	else
		setup_vp8(e);
 out:
	if (err)
		mem_deref(e);
	else
		*encp = &e->venc;

	return err;
}
