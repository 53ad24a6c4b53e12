/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/load/prep_video.c -- a talking head, drawn and encoded once
 *
 * A key frame every two seconds, so that who asks for one gets it by a jump
 * in the loop (player.c); nothing is ever encoded while a test runs.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <re.h>
#include <x264.h>
#include <vpx/vp8cx.h>
#include <vpx/vpx_encoder.h>

#include "tests/load/prep.h"

enum { NOISE_N = 1 << 16, GOP_S = 2, CLOCK = 90000 };

static int8_t noisev[NOISE_N];

static void noise_init(void)
{
	uint32_t x = 12345;
	int i, j;

	if (noisev[0] || noisev[1] || noisev[2])
		return;
	for (i = 0; i < NOISE_N; i++) {
		int sum = 0;

		for (j = 0; j < 4; j++) {
			x = x * 1664525u + 1013904223u;
			sum += (int)(x >> 29) - 4;
		}
		noisev[i] = (int8_t)(sum / 3);
	}
}

static bool is_bright(unsigned frame, unsigned fps)
{
	return frame * 2 / fps & 1;
}

static void rect(uint8_t *y, const struct prep_video *pv, double x0,
		 double y0, double x1, double y1, uint8_t val)
{
	unsigned i, a = (unsigned)(x0 * pv->w), b = (unsigned)(x1 * pv->w);

	for (i = (unsigned)(y0 * pv->h); i < (unsigned)(y1 * pv->h); i++)
		memset(y + (size_t)i * pv->w + a, val, b - a);
}

static void ellipse(uint8_t *y, const struct prep_video *pv, double cx,
		    double cy, double rx, double ry, int base, int shade)
{
	int h = (int)pv->h, w = (int)pv->w, i, j;

	for (i = (int)((cy - ry) * h); i < (int)((cy + ry) * h); i++) {
		double dy = ((i + 0.5) / h - cy) / ry, half;
		int a, b;

		if (i < 0 || i >= h || dy * dy >= 1)
			continue;
		half = rx * sqrt(1 - dy * dy);
		a = (int)((cx - half) * w);
		b = (int)((cx + half) * w);
		for (j = a < 0 ? 0 : a; j < b && j < w; j++)
			y[(size_t)i * w + j] = (uint8_t)(base +
				shade * (j - a) / (b - a + 1));
	}
}

void prep_draw(uint8_t *y, uint8_t *u, uint8_t *v, unsigned frame,
	       const struct prep_video *pv)
{
	double t = pv->still ? 0 : frame / (double)pv->fps;
	double p = pv->variant * 1.7;
	double cx = 0.5 + 0.03 * sin(2 * M_PI * 0.3 * t + p);
	double cy = 0.48 + 0.02 * sin(2 * M_PI * 0.7 * t + p);
	double open = 0.012 + 0.025 * fabs(sin(2 * M_PI * 3 * t + p));
	unsigned i, j;

	noise_init();

	for (i = 0; i < pv->h; i++) {
		uint8_t *row = y + (size_t)i * pv->w;

		for (j = 0; j < pv->w; j++)
			row[j] = (uint8_t)(80 + 40 * i / pv->h +
				((j * 16 / pv->w + pv->variant) % 3) * 8);
	}

	ellipse(y, pv, cx, 1.05, 0.30, 0.32, 70, 30);     /* shoulders    */
	ellipse(y, pv, cx, cy, 0.13, 0.27, 130, 30);      /* head         */
	ellipse(y, pv, cx - 0.05, cy - 0.05, 0.018, 0.02, 70, 0);
	ellipse(y, pv, cx + 0.05, cy - 0.05, 0.018, 0.02, 70, 0);
	ellipse(y, pv, cx, cy + 0.13, 0.05, open, 75, 10);

	if (!pv->still) {
		for (i = 0; i < pv->h; i++) {
			uint8_t *row = y + (size_t)i * pv->w;
			unsigned at = (frame * 7919u + i * 104729u +
				       pv->variant * 31u) % NOISE_N;

			for (j = 0; j < pv->w; j++)
				row[j] = (uint8_t)(row[j] +
					noisev[(at + j) % NOISE_N]);
		}
	}

	if (pv->flash)
		rect(y, pv, 0.375, 0.04, 0.625, 0.22,
		     is_bright(frame, pv->fps) ? 235 : 16);

	memset(u, 110 + 9 * (pv->variant % 5), (size_t)pv->w * pv->h / 4);
	memset(v, 150 - 7 * (pv->variant % 6), (size_t)pv->w * pv->h / 4);
}

/* ---- to RTP payloads ---- */

struct packer {
	struct trace_maker *m;
	uint32_t ts;
	uint8_t flags;            /* of the frame                         */
	bool first;
	int err;
};

static void payload(struct packer *pk, const void *hdr, size_t hdrlen,
		    const uint8_t *p, size_t n, bool last)
{
	uint8_t flags = pk->flags;

	if (pk->first)
		flags |= PKT_FIRST;
	if (last)
		flags |= PKT_MARKER;
	pk->first = false;
	if (!pk->err)
		pk->err = trace_add(pk->m, pk->ts, flags, hdr, hdrlen, p, n);
}

static void pack_nal(struct packer *pk, const uint8_t *p, size_t n, bool last)
{
	uint8_t fu[2] = {(p[0] & 0xe0) | 28, 0x80 | (p[0] & 0x1f)};

	if (n <= TRACE_PAYLOAD_MAX) {
		payload(pk, NULL, 0, p, n, last);
		return;
	}

	for (++p, --n; n;) {
		size_t k = n < TRACE_PAYLOAD_MAX - 2 ? n :
			TRACE_PAYLOAD_MAX - 2;

		if (k == n)
			fu[1] |= 0x40;
		payload(pk, fu, 2, p, k, last && k == n);
		fu[1] &= 0x7f;
		p += k;
		n -= k;
	}
}

static void pack_vp8(struct packer *pk, const uint8_t *p, size_t n,
		     uint16_t id)
{
	uint8_t hdr[4] = {0x90, 0x80, 0x80 | (id >> 8 & 0x7f), (uint8_t)id};

	while (n) {
		size_t k = n < TRACE_PAYLOAD_MAX - 4 ? n :
			TRACE_PAYLOAD_MAX - 4;

		payload(pk, hdr, 4, p, k, k == n);
		hdr[0] = 0x80;
		p += k;
		n -= k;
	}
}

/* ---- encoders ---- */

static int h264_open(x264_t **encp, const struct prep_video *pv)
{
	x264_param_t prm;

	if (x264_param_default_preset(&prm, "veryfast", "zerolatency"))
		return ENOSYS;
	prm.i_width  = (int)pv->w;
	prm.i_height = (int)pv->h;
	prm.i_fps_num = pv->fps;
	prm.i_fps_den = 1;
	prm.i_threads = 1;
	prm.b_sliced_threads = 0;
	prm.i_keyint_max = prm.i_keyint_min = (int)(GOP_S * pv->fps);
	prm.i_scenecut_threshold = 0;
	prm.rc.i_rc_method = X264_RC_ABR;
	prm.rc.i_bitrate = (int)pv->kbps;
	prm.rc.i_vbv_max_bitrate = (int)pv->kbps;
	prm.rc.i_vbv_buffer_size = (int)pv->kbps / 2;
	prm.b_repeat_headers = 1;
	prm.b_annexb = 0;
	prm.i_log_level = X264_LOG_ERROR;
	prm.vui.i_colorprim = prm.vui.i_transfer = prm.vui.i_colmatrix = 6;
	if (!pv->pkt_mode)
		prm.i_slice_max_size = TRACE_PAYLOAD_MAX - 40;
	x264_param_apply_profile(&prm, "baseline");
	*encp = x264_encoder_open(&prm);

	return *encp ? 0 : ENOSYS;
}

static int h264_pack(struct packer *pk, const x264_nal_t *nalv, int nalc)
{
	int i, last = nalc - 1;

	while (last >= 0 && nalv[last].i_type == NAL_SEI)
		--last;
	for (i = 0; i <= last; i++) {
		if (nalv[i].i_type == NAL_SEI || nalv[i].i_type == NAL_AUD)
			continue;
		/* not Annex B: four bytes of length, then the unit */
		pack_nal(pk, nalv[i].p_payload + 4,
			 (size_t)nalv[i].i_payload - 4, i == last);
	}

	return pk->err;
}

static int h264_make(struct trace_maker *m, const struct prep_video *pv,
		     uint8_t *planev[3])
{
	x264_picture_t in, out;
	struct packer pk = {.m = m};
	x264_nal_t *nalv;
	x264_t *enc;
	int err, nalc;
	unsigned i;

	err = h264_open(&enc, pv);
	if (err)
		return err;

	x264_picture_init(&in);
	in.img.i_csp   = X264_CSP_I420;
	in.img.i_plane = 3;
	for (i = 0; i < 3; i++) {
		in.img.plane[i]    = planev[i];
		in.img.i_stride[i] = (int)(i ? pv->w / 2 : pv->w);
	}

	for (i = 0; i < pv->fps * TRACE_SECONDS && !err; i++) {
		prep_draw(planev[0], planev[1], planev[2], i, pv);
		in.i_pts = i;
		if (x264_encoder_encode(enc, &nalv, &nalc, &in, &out) <= 0) {
			err = EPROTO;
			break;
		}
		pk.ts    = i * (CLOCK / pv->fps);
		pk.first = true;
		pk.flags = (out.b_keyframe ? PKT_KEY : 0) |
			(is_bright(i, pv->fps) ? PKT_BRIGHT : 0);
		err = h264_pack(&pk, nalv, nalc);
	}
	x264_encoder_close(enc);

	return err;
}

static int vp8_open(vpx_codec_ctx_t *ctx, const struct prep_video *pv)
{
	vpx_codec_enc_cfg_t cfg;

	if (vpx_codec_enc_config_default(vpx_codec_vp8_cx(), &cfg, 0))
		return ENOSYS;
	cfg.g_w = pv->w;
	cfg.g_h = pv->h;
	cfg.g_timebase.num = 1;
	cfg.g_timebase.den = (int)pv->fps;
	cfg.g_lag_in_frames = 0;
	cfg.rc_end_usage = VPX_CBR;
	cfg.rc_target_bitrate = pv->kbps;
	cfg.kf_mode = VPX_KF_AUTO;
	cfg.kf_min_dist = cfg.kf_max_dist = GOP_S * pv->fps;
	if (vpx_codec_enc_init(ctx, vpx_codec_vp8_cx(), &cfg, 0))
		return ENOSYS;
	(void)vpx_codec_control(ctx, VP8E_SET_CPUUSED, -6);

	return 0;
}

static int vp8_make(struct trace_maker *m, const struct prep_video *pv,
		    uint8_t *planev[3])
{
	struct packer pk = {.m = m};
	vpx_codec_ctx_t ctx;
	vpx_image_t img;
	unsigned i;
	int err;

	err = vp8_open(&ctx, pv);
	if (err)
		return err;

	(void)vpx_img_wrap(&img, VPX_IMG_FMT_I420, pv->w, pv->h, 1,
			   planev[0]);

	for (i = 0; i < pv->fps * TRACE_SECONDS && !err; i++) {
		bool force = i % (GOP_S * pv->fps) == 0;
		const vpx_codec_cx_pkt_t *pkt;
		vpx_codec_iter_t iter = NULL;

		prep_draw(planev[0], planev[1], planev[2], i, pv);
		if (vpx_codec_encode(&ctx, &img, i, 1,
				     force ? VPX_EFLAG_FORCE_KF : 0,
				     VPX_DL_REALTIME)) {
			err = EPROTO;
			break;
		}
		pk.ts    = i * (CLOCK / pv->fps);
		pk.first = true;
		while ((pkt = vpx_codec_get_cx_data(&ctx, &iter))) {
			if (pkt->kind != VPX_CODEC_CX_FRAME_PKT)
				continue;
			pk.flags = (is_bright(i, pv->fps) ? PKT_BRIGHT : 0) |
				(pkt->data.frame.flags & VPX_FRAME_IS_KEY ?
				 PKT_KEY : 0);
			pack_vp8(&pk, pkt->data.frame.buf,
				 pkt->data.frame.sz, (uint16_t)i);
		}
		err = pk.err;
	}
	(void)vpx_codec_destroy(&ctx);

	return err;
}

int prep_video(struct trace **tp, const char *cache,
	       const struct prep_video *pv)
{
	size_t size = (size_t)pv->w * pv->h;
	struct trace_maker *m = NULL;
	struct trace *t = NULL;
	uint8_t *buf, *planev[3];
	char path[512];
	int err;

	if (pv->w < 64 || pv->h < 48 || pv->w % 2 || pv->h % 2 || !pv->fps ||
	    CLOCK % pv->fps)
		return EINVAL;

	(void)re_snprintf(path, sizeof(path),
			  "%s/v-%s-%u-%ux%u-%u-%uk-%u%s%s.trace", cache,
			  codec_name(pv->codec), pv->pkt_mode, pv->w, pv->h,
			  pv->fps, pv->kbps, pv->variant,
			  pv->flash ? "-flash" : "",
			  pv->still ? "-still" : "");
	if (!trace_load(tp, path))
		return 0;

	buf = malloc(size * 3 / 2);
	if (!buf)
		return ENOMEM;
	planev[0] = buf;
	planev[1] = buf + size;
	planev[2] = buf + size + size / 4;

	err = trace_maker_alloc(&m, CLOCK, CLOCK * TRACE_SECONDS);
	if (!err)
		err = pv->codec == CODEC_VP8 ? vp8_make(m, pv, planev) :
			h264_make(m, pv, planev);
	if (!err)
		err = trace_finish(&t, m);
	mem_deref(m);
	free(buf);
	if (err)
		return err;

	(void)mkdir(cache, 0777);
	(void)trace_save(t, path);
	*tp = t;

	return 0;
}
