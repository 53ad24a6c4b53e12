/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_video_in.c -- peers: losses, sizes, silence, garbage
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/frame.h>
#include <x264.h>

#include <re.h>

#include "tests/fake/studio.h"
#include "tests/unit/test.h"

static int test_loss(void)
{
	struct video_watch *w = NULL;
	struct studio f;
	int err = 0;

	TEST_ERR(studio_open(&f));
	TEST_ERR(studio_join(&f, 1, "A", CODEC_H264, 640, 360, 0xc02020));
	TEST_ERR(video_watch_alloc(&w, f.v, &studio_top, NULL));
	TEST_ERR(studio_step(&f, 40));
	TEST_TRUE(studio_is(viewer_frame(f.rungv[0].viewer), 640, 360,
			    0xc02020, 4));

	/* the frame that turns it green is lost; what builds on it must not
	 * be shown, though it is asked for again and again */
	cam_rgb(f.partyv[1].cam, 0x20a040);
	f.now += STUDIO_STEP_US;
	TEST_ERR(studio_frame(&f, 1, false, 1000));
	for (unsigned i = 0; i < 40; i++) {
		f.now += STUDIO_STEP_US;
		TEST_ERR(studio_frame(&f, 1, false, 0));
		video_run(f.v, f.now);
		TEST_TRUE(studio_is(viewer_frame(f.rungv[0].viewer), 640, 360,
				 0xc02020, 4));
	}
	TEST_TRUE(f.partyv[1].evv[VIDEO_WANT_KEY] >= 2 &&
		  f.partyv[1].evv[VIDEO_WANT_KEY] <= 3);
	TEST_ERR(studio_step(&f, 20));
	TEST_TRUE(studio_is(viewer_frame(f.rungv[0].viewer), 640, 360,
			    0x20a040, 4));
 out:
	mem_deref(w);
	studio_close(&f);
	return err;
}

/* One column after the other refreshed, never an IDR but the first */
static x264_t *gradual_open(void)
{
	x264_param_t prm;

	x264_param_default_preset(&prm, "superfast", "zerolatency");
	prm.i_log_level = X264_LOG_NONE;
	prm.i_threads = 1;
	prm.b_sliced_threads = 0;
	prm.i_width = 640;
	prm.i_height = 368;
	prm.i_csp = X264_CSP_I420;
	prm.i_fps_num = 30;
	prm.i_fps_den = 1;
	prm.b_intra_refresh = 1;
	prm.i_keyint_max = 20;
	prm.i_scenecut_threshold = 0;
	prm.i_slice_max_size = 1000;
	prm.i_level_idc = 31;
	x264_param_apply_profile(&prm, "baseline");

	return x264_encoder_open(&prm);
}

/* A packet for each NAL unit */
static int gradual_send(struct studio *f, x264_t *x, struct vpic *pic,
			uint64_t *seqp, bool drop)
{
	static int64_t pts;
	x264_picture_t in, out;
	x264_nal_t *nalv;
	int nalc;

	on_loop();
	x264_picture_init(&in);
	in.img.i_csp = X264_CSP_I420;
	in.img.i_plane = 3;
	for (int i = 0; i < 3; i++) {
		in.img.plane[i] = pic->data[i];
		in.img.i_stride[i] = pic->stride[i];
	}
	in.i_pts = pts++;
	if (x264_encoder_encode(x, &nalv, &nalc, &in, &out) <= 0)
		return EPROTO;

	for (int i = 0; i < nalc; i++) {
		int skip = nalv[i].b_long_startcode ? 4 : 3;
		struct pkt *pkt = drop ? NULL : pkt_get();

		++*seqp;
		if (drop)
			continue;
		pkt->rx_us = f->now;
		pkt->ssrc = 1;
		pkt->ts = (uint32_t)(f->now * 9 / 100);
		pkt->seq = *seqp;
		pkt->pt = 96;
		pkt->marker = i == nalc - 1;
		pkt->len = (uint16_t)(nalv[i].i_payload - skip);
		memcpy(pkt->data, nalv[i].p_payload + skip, pkt->len);
		video_src_put(f->partyv[1].src, pkt);
	}

	return 0;
}

static void fill_rgb(struct vpic *pic, unsigned rgb)
{
	const struct layout_rect all = {0, 0, pic->w, pic->h};

	canvas_fill(pic, &all, vcolour_rgb(rgb));
}

/* A sender that answers no request but refreshes gradually: while it does
 * so after a loss, nothing half old and half new is shown. */
static int test_gradual(void)
{
	const unsigned xv[] = {200, 420, 640, 860, 1080};
	struct video_watch *w = NULL;
	struct vpic pic = {0};
	x264_t *x = gradual_open();
	uint64_t seq = 1000;
	struct studio f;
	int err = 0;

	TEST_ERR(studio_open(&f));
	TEST_TRUE(x != NULL);
	TEST_ERR(vpic_init(&pic, 640, 368));
	TEST_ERR(studio_join(&f, 1, "A", CODEC_H264, 640, 368, 0));
	f.partyv[1].cam = mem_deref(f.partyv[1].cam);
	TEST_ERR(video_watch_alloc(&w, f.v, &studio_top, NULL));
	video_run(f.v, f.now);

	fill_rgb(&pic, 0xc02020);
	for (unsigned i = 0; i < 170; i++) {
		const AVFrame *seen;
		unsigned is = 0;

		/* lost are the first pictures in green and in blue, and one
		 * while blue is being refreshed */
		if (i == 62)
			fill_rgb(&pic, 0x20a040);
		if (i == 112)
			fill_rgb(&pic, 0x2030c0);
		f.now += STUDIO_STEP_US;
		TEST_ERR(gradual_send(&f, x, &pic, &seq,
				      i == 62 || i == 112 || i == 127));
		video_run(f.v, f.now);
		seen = viewer_frame(f.rungv[0].viewer);
		if (i < 30)
			continue;
		for (unsigned k = 0; k < ARRAY_SIZE(xv); k++) {
			int u = seen->data[1][180 * seen->linesize[1]
					      + (int)xv[k] / 2];
			int v = seen->data[2][180 * seen->linesize[2]
					      + (int)xv[k] / 2];

			is |= v > 160 ? 1 : u > 160 ? 4 : 2;
		}
		TEST_TRUE(is == 1 || is == 2 || is == 4);
		/* a refresh takes 20 pictures and begins every 20 */
		if (i == 104)
			TEST_EQ(2, is);
		if (i == 165)
			TEST_EQ(4, is);
	}
	TEST_EQ(0, f.partyv[1].evv[VIDEO_FROZEN]);
 out:
	if (x)
		x264_encoder_close(x);
	vpic_close(&pic);
	mem_deref(w);
	studio_close(&f);
	return err;
}

static int test_resize(void)
{
	static const unsigned sizev[][2] = {
		{640, 360}, {352, 288}, {1280, 720}, {360, 640}, {174, 144},
	};
	struct video_watch *w = NULL;
	struct studio f;
	int err = 0;

	TEST_ERR(studio_open(&f));
	TEST_ERR(studio_join(&f, 1, "A", CODEC_H264, 320, 240, 0x2040c0));
	TEST_ERR(video_watch_alloc(&w, f.v, &studio_top, NULL));
	for (size_t i = 0; i < ARRAY_SIZE(sizev); i++) {
		unsigned rgb = 0x902040 + 0x004010 * (unsigned)i;
		const AVFrame *seen;

		TEST_ERR(cam_resize(f.partyv[1].cam, sizev[i][0],
				    sizev[i][1]));
		cam_rgb(f.partyv[1].cam, rgb);
		f.now += STUDIO_STEP_US;
		TEST_ERR(studio_frame(&f, 1, true, 0));
		TEST_ERR(studio_step(&f, 20));
		seen = viewer_frame(f.rungv[0].viewer);
		TEST_TRUE(studio_is(seen, 640, 360, rgb, 4));
		TEST_TRUE(studio_is(seen, 4, 360, sizev[i][0] * 9 ==
				 sizev[i][1] * 16 ? rgb : 0x1b1e24, 4));
	}
	TEST_EQ(0, f.rungv[0].fails);
	TEST_EQ(0, f.partyv[1].evv[VIDEO_FROZEN]);
 out:
	mem_deref(w);
	studio_close(&f);
	return err;
}

static int test_frozen(void)
{
	struct video_watch *w = NULL;
	const AVFrame *seen;
	struct studio f;
	int err = 0;

	TEST_ERR(studio_open(&f));
	TEST_ERR(studio_join(&f, 1, "A", CODEC_H264, 640, 360, 0xc02020));
	TEST_ERR(video_watch_alloc(&w, f.v, &studio_top, NULL));
	TEST_ERR(studio_step(&f, 30));
	studio_idle(&f, 55);
	TEST_EQ(0, f.partyv[1].evv[VIDEO_FROZEN]);
	studio_idle(&f, 20);
	TEST_EQ(1, f.partyv[1].evv[VIDEO_FROZEN]);
	TEST_TRUE(f.partyv[1].evv[VIDEO_WANT_KEY] >= 1);
	seen = viewer_frame(f.rungv[0].viewer);
	TEST_TRUE(abs(seen->data[1][100 * seen->linesize[1] + 100] - 128) < 4);
	TEST_TRUE(abs(seen->data[2][100 * seen->linesize[2] + 100] - 128) < 4);

	TEST_ERR(studio_step(&f, 20));
	TEST_EQ(2, f.partyv[1].evv[VIDEO_LIVE]);
	TEST_TRUE(studio_is(viewer_frame(f.rungv[0].viewer), 640, 200,
			    0xc02020, 4));

	/* switched off by the host: a card at once */
	f.partyv[1].ticket.video_muted = true;
	TEST_ERR(video_src_set(f.partyv[1].src, &f.partyv[1].ticket));
	TEST_ERR(studio_step(&f, 10));
	TEST_EQ(1, f.partyv[1].evv[VIDEO_NONE]);
	TEST_TRUE(!studio_is(viewer_frame(f.rungv[0].viewer), 640, 200,
			     0xc02020, 20));
	f.partyv[1].ticket.video_muted = false;
	TEST_ERR(video_src_set(f.partyv[1].src, &f.partyv[1].ticket));
	TEST_ERR(studio_step(&f, 20));
	TEST_EQ(3, f.partyv[1].evv[VIDEO_LIVE]);
 out:
	mem_deref(w);
	studio_close(&f);
	return err;
}

/* Garbage from a peer: said so, and survived. */
static int test_garbage(void)
{
	struct video_watch *w = NULL;
	struct studio f;
	int err = 0;

	TEST_ERR(studio_open(&f));
	TEST_ERR(studio_join(&f, 1, "A", CODEC_NONE, 0, 0, 0));
	cam_ticket(&f.partyv[1].ticket, 1, "A", CODEC_H264);
	TEST_ERR(video_src_set(f.partyv[1].src, &f.partyv[1].ticket));
	TEST_ERR(video_watch_alloc(&w, f.v, &studio_top, NULL));
	for (unsigned i = 0; i < 200; i++) {
		struct pkt *pkt = pkt_get();

		TEST_TRUE(pkt != NULL);
		f.now += STUDIO_STEP_US;
		memset(pkt, 0, sizeof(*pkt));
		pkt->rx_us = f.now;
		pkt->seq = i;
		pkt->ts = i * 3000;
		pkt->pt = 96;
		pkt->marker = true;
		pkt->len = 400;
		rand_bytes(pkt->data, 400);
		pkt->data[0] = i & 1 ? 0x65 : 0x67;
		video_src_put(f.partyv[1].src, pkt);
		video_run(f.v, f.now);
	}
	TEST_EQ(0, f.partyv[1].evv[VIDEO_LIVE]);
	TEST_EQ(1, f.partyv[1].evv[VIDEO_BROKEN]);
	TEST_EQ(0, f.rungv[0].fails);
 out:
	mem_deref(w);
	studio_close(&f);
	return err;
}

static const struct test testv[] = {
	{"after a loss no broken picture", test_loss},
	{"a gradual refresh is not seen", test_gradual},
	{"sizes that change in mid-stream", test_resize},
	{"frozen, back, switched off", test_frozen},
	{"garbage is refused", test_garbage},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
