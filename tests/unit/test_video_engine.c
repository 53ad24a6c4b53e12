/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_video_engine.c -- the whole video engine on a fake clock
 *
 * Cameras without a network send into it, units that come out are decoded.
 * With TUTTI_PNG_DIR set the canvases of "pictures" are kept there.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <libavutil/frame.h>
#include <stdint.h>
#include <x264.h>

#include <re.h>

#include "base/thread.h"
#include "mixer/record_image.h"
#include "mixer/video.h"
#include "tests/fake/cam.h"
#include "tests/unit/test.h"

enum { PARTIES = 26, RUNGS = 8, STEP_US = 33334 };

struct party {
	struct video_src *src;
	struct cam *cam;
	struct ticket ticket;
	unsigned evv[VIDEO_LOAD + 1];
	bool move;
	int64_t sent_us;          /* its clock                            */
	unsigned hold;
};

struct fix {
	struct video *v;
	struct party partyv[PARTIES + 1];         /* index = leg id       */
	uint64_t now;
	struct {
		uint32_t id;
		unsigned units, keys, fails;
		uint64_t pts_us, key_us;
		struct viewer *viewer;
	} rungv[RUNGS];
	unsigned rungc;
	AVFrame *shot;
	int shot_err;
	unsigned shots;
	int64_t offset;
};

static const struct video_rung top = {
	CODEC_H264, 1280, 720, 30, 1500, 1, 31
};

static void out_handler(struct unit *unit, void *arg)
{
	struct fix *f = arg;
	unsigned i;

	for (i = 0; i < f->rungc; i++) {
		if (f->rungv[i].id == unit->stream)
			break;
	}
	if (i == RUNGS)
		return;
	if (i == f->rungc) {
		f->rungc++;
		f->rungv[i].id = unit->stream;
		viewer_alloc(&f->rungv[i].viewer, unit->codec);
	}
	if (f->rungv[i].units && unit->pts_us <= f->rungv[i].pts_us)
		f->rungv[i].fails++;
	f->rungv[i].units++;
	f->rungv[i].pts_us = unit->pts_us;
	if (unit->key) {
		f->rungv[i].keys++;
		f->rungv[i].key_us = unit->pts_us;
	}
	for (unsigned k = 0; k < unit->payc; k++) {
		if (unit->payv[k].hdrlen + unit->payv[k].len > 1200)
			f->rungv[i].fails++;
	}
	if (viewer_put(f->rungv[i].viewer, unit))
		f->rungv[i].fails++;
}

static void event_handler(enum video_event ev, uint32_t leg, void *arg)
{
	struct fix *f = arg;

	if (leg && leg <= PARTIES && ev <= VIDEO_LOAD)
		f->partyv[leg].evv[ev]++;
}

/* A test is the loop and the worker in one. */
static int fix_open(struct fix *f) ASSERTS(loop) ASSERTS(worker);

static int fix_open(struct fix *f)
{
	const struct video_cfg cfg = {
		.outh = out_handler, .eventh = event_handler, .arg = f,
	};

	memset(f, 0, sizeof(*f));
	f->now = 1000000;
	pkt_pool_init(2048);

	return video_alloc(&f->v, &cfg);
}

static void fix_close(struct fix *f)
{
	for (unsigned i = 0; i <= PARTIES; i++) {
		mem_deref(f->partyv[i].src);
		mem_deref(f->partyv[i].cam);
	}
	mem_deref(f->v);
	for (unsigned i = 0; i < f->rungc; i++)
		mem_deref(f->rungv[i].viewer);
	av_frame_free(&f->shot);
	pkt_pool_close();
}

static int join(struct fix *f, uint32_t id, const char *name,
		enum ticket_codec codec, unsigned w, unsigned h, unsigned rgb)
{
	struct party *p = &f->partyv[id];
	int err = 0;

	on_loop();
	cam_ticket(&p->ticket, id, name, codec);
	err = video_src_alloc(&p->src, f->v, &p->ticket, false);
	if (err || codec == CODEC_NONE)
		return err;
	err = cam_alloc(&p->cam, codec, w, h, 30, id);
	if (!err)
		cam_rgb(p->cam, rgb);

	return err;
}

static void put(struct pkt *pkt, void *arg)
{
	on_loop();
	video_src_put(arg, pkt);
}

static int cam_frame(struct fix *f, uint32_t id, bool key, unsigned drop)
{
	struct party *p = &f->partyv[id];

	return cam_send(p->cam, (uint32_t)(f->now * 9 / 100), f->now, key,
			drop, put, p->src);
}

/* Frames from all cameras, then a tick */
static int step(struct fix *f, unsigned frames)
{
	int err = 0;

	on_worker();
	while (frames-- && !err) {
		f->now += STEP_US;
		for (uint32_t i = 1; i <= PARTIES; i++) {
			struct party *p = &f->partyv[i];
			bool key = p->evv[VIDEO_WANT_KEY] > 0;

			if (!p->cam || !p->src)
				continue;
			if (p->move)
				cam_move(p->cam);
			p->evv[VIDEO_WANT_KEY] = 0;
			err |= cam_frame(f, i, key, 0);
		}
		video_run(f->v, f->now);
	}

	return err;
}

/* Time without a frame from anybody */
static void idle(struct fix *f, unsigned ticks)
{
	on_worker();
	while (ticks--) {
		f->now += STEP_US;
		video_run(f->v, f->now);
	}
}

static void shot_handler(int err, AVFrame *frame, void *arg)
{
	struct fix *f = arg;

	av_frame_free(&f->shot);
	f->shot = frame;
	f->shot_err = err;
	f->shots++;
}

static int take_shot(struct fix *f)
{
	int err;

	on_loop();
	err = video_shot(f->v, shot_handler, f);
	if (!err)
		idle(f, 1);

	return err;
}

static bool is_rgb(const AVFrame *f, unsigned x, unsigned y, unsigned rgb,
		   int tol)
{
	const struct vcolour c = vcolour_rgb(rgb);
	int dy = f->data[0][(int)y * f->linesize[0] + (int)x] - c.y;
	int du = f->data[1][(int)y / 2 * f->linesize[1] + (int)x / 2] - c.u;
	int dv = f->data[2][(int)y / 2 * f->linesize[2] + (int)x / 2] - c.v;

	if (abs(dy) <= tol && abs(du) <= tol && abs(dv) <= tol)
		return true;
	printf("# at %u,%u off by %d %d %d\n", x, y, dy, du, dv);

	return false;
}

/* --- cases ------------------------------------------------------------ */

static int test_three(void)
{
	struct video_watch *w = NULL;
	struct fix f;
	const AVFrame *seen;
	int err = 0;

	TEST_ERR(fix_open(&f));
	TEST_ERR(join(&f, 1, "Red", CODEC_H264, 640, 360, 0xc02020));
	TEST_ERR(join(&f, 2, "Green", CODEC_VP8, 640, 480, 0x20a040));
	TEST_ERR(join(&f, 3, "Blue", CODEC_H264, 1280, 720, 0x2030c0));
	TEST_ERR(video_watch_alloc(&w, f.v, &top, NULL));
	TEST_ERR(step(&f, 60));

	TEST_EQ(1, f.rungc);
	TEST_EQ(video_watch_rung(w), f.rungv[0].id);
	TEST_EQ(0, f.rungv[0].fails);
	TEST_TRUE(f.rungv[0].units >= 55);
	TEST_EQ(1, f.partyv[1].evv[VIDEO_LIVE]);
	TEST_EQ(1, f.partyv[2].evv[VIDEO_LIVE]);
	TEST_EQ(0, f.partyv[2].evv[VIDEO_FROZEN]);
	seen = viewer_frame(f.rungv[0].viewer);
	TEST_TRUE(seen && seen->width == 1280 && seen->height == 720);
	TEST_TRUE(is_rgb(seen, 320, 180, 0xc02020, 4));
	TEST_TRUE(is_rgb(seen, 960, 180, 0x20a040, 4));
	TEST_TRUE(is_rgb(seen, 640, 532, 0x2030c0, 4));
	/* the 4:3 picture has its bars */
	TEST_TRUE(is_rgb(seen, 660, 180, 0x1b1e24, 4));
	TEST_TRUE(is_rgb(seen, 1260, 180, 0x1b1e24, 4));
	/* beside the last row: nothing */
	TEST_TRUE(is_rgb(seen, 100, 540, 0x101216, 4));
 out:
	mem_deref(w);
	fix_close(&f);
	return err;
}

static int test_shared(void)
{
	struct video_watch *wv[50] = {0};
	struct video_rung small = top;
	struct video_watch *s = NULL;
	struct fix f;
	unsigned n;
	int err = 0;

	small.width = 640;
	small.height = 360;
	small.kbps = 512;
	small.fps = 15;
	TEST_ERR(fix_open(&f));
	TEST_ERR(join(&f, 1, "A", CODEC_H264, 640, 360, 0x808080));
	f.partyv[1].move = true;
	for (unsigned i = 0; i < 50; i++)
		TEST_ERR(video_watch_alloc(&wv[i], f.v, &top, NULL));
	TEST_ERR(video_watch_alloc(&s, f.v, &small, NULL));
	TEST_ERR(step(&f, 30));
	TEST_EQ(2, f.rungc);
	TEST_TRUE(f.rungv[0].units >= 29 && f.rungv[0].units <= 31);
	TEST_TRUE(f.rungv[1].units >= 14 && f.rungv[1].units <= 16);
	TEST_EQ(0, f.rungv[0].fails + f.rungv[1].fails);

	/* the last watcher takes the encoder with him */
	for (unsigned i = 0; i < 50; i++)
		wv[i] = mem_deref(wv[i]);
	n = f.rungv[0].units;
	TEST_ERR(step(&f, 10));
	TEST_EQ(n, f.rungv[0].units);

	/* and a new one gets a stream of its own, from a key frame on */
	TEST_ERR(video_watch_alloc(&wv[0], f.v, &top, NULL));
	TEST_ERR(step(&f, 10));
	TEST_EQ(3, f.rungc);
	TEST_EQ(0, f.rungv[2].fails);
	TEST_TRUE(f.rungv[2].id > f.rungv[1].id);
 out:
	for (unsigned i = 0; i < 50; i++)
		mem_deref(wv[i]);
	mem_deref(s);
	fix_close(&f);
	return err;
}

static int test_key_merge(void)
{
	struct video_watch *wv[10] = {0};
	struct fix f;
	unsigned keys;
	int err = 0;

	TEST_ERR(fix_open(&f));
	TEST_ERR(join(&f, 1, "A", CODEC_H264, 640, 360, 0x808080));
	f.partyv[1].move = true;
	for (unsigned i = 0; i < 10; i++)
		TEST_ERR(video_watch_alloc(&wv[i], f.v, &top, NULL));
	TEST_ERR(step(&f, 30));
	keys = f.rungv[0].keys;
	for (unsigned i = 0; i < 60; i++) {       /* 2 s of storm         */
		for (unsigned k = 0; k < 10; k++)
			video_watch_key(wv[k]);
		TEST_ERR(step(&f, 1));
	}
	TEST_TRUE(f.rungv[0].keys - keys >= 3 && f.rungv[0].keys - keys <= 5);
 out:
	for (unsigned i = 0; i < 10; i++)
		mem_deref(wv[i]);
	fix_close(&f);
	return err;
}

static int test_idle(void)
{
	struct video_watch *w = NULL;
	struct fix f;
	json_t *st = NULL;
	int err = 0;

	TEST_ERR(fix_open(&f));
	TEST_ERR(join(&f, 1, "A", CODEC_H264, 640, 360, 0xc02020));
	TEST_ERR(step(&f, 60));
	TEST_EQ(0, f.partyv[1].evv[VIDEO_LIVE]);
	st = video_src_stats(f.partyv[1].src);
	TEST_EQ(0, json_integer_value(json_object_get(st, "frames")));

	/* the first watcher: a key frame is asked for at once */
	TEST_ERR(video_watch_alloc(&w, f.v, &top, NULL));
	TEST_ERR(step(&f, 5));
	TEST_EQ(1, f.partyv[1].evv[VIDEO_LIVE]);
	TEST_ERR(step(&f, 10));
	TEST_TRUE(is_rgb(viewer_frame(f.rungv[0].viewer), 640, 360, 0xc02020,
			 4));

	/* nobody again, then a snapshot */
	w = mem_deref(w);
	TEST_ERR(step(&f, 30));
	TEST_ERR(take_shot(&f));
	TEST_EQ(0, f.shots);
	TEST_ERR(step(&f, 20));
	TEST_EQ(1, f.shots);
	TEST_EQ(0, f.shot_err);
	TEST_TRUE(is_rgb(f.shot, 640, 360, 0xc02020, 4));
 out:
	json_decref(st);
	mem_deref(w);
	fix_close(&f);
	return err;
}

/* Who is not shown any more holds no packets back from others. */
static int test_unseen(void)
{
	struct video_watch *w = NULL;
	struct pkt *allv[2048];
	unsigned n = 0;
	struct fix f;
	int err = 0;

	TEST_ERR(fix_open(&f));
	TEST_ERR(join(&f, 1, "A", CODEC_H264, 640, 360, 0xc02020));
	TEST_ERR(video_watch_alloc(&w, f.v, &top, NULL));
	TEST_ERR(step(&f, 20));
	/* a hole, and what comes after it */
	for (unsigned i = 0; i < 3; i++) {
		cam_move(f.partyv[1].cam);
		f.now += 1000;
		TEST_ERR(cam_frame(&f, 1, true, i == 0));
	}
	video_run(f.v, f.now);
	w = mem_deref(w);
	idle(&f, 2);

	while (n < 2048 && (allv[n] = pkt_get()))
		++n;
	TEST_EQ(2048, n);
	while (n)
		pkt_put(allv[--n]);

	/* and is seen again */
	TEST_ERR(video_watch_alloc(&w, f.v, &top, NULL));
	TEST_ERR(step(&f, 40));
	TEST_TRUE(f.partyv[1].evv[VIDEO_LIVE] >= 1);
	TEST_TRUE(is_rgb(viewer_frame(f.rungv[f.rungc - 1].viewer), 640, 120,
			 0xc02020, 4));
 out:
	while (n)
		pkt_put(allv[--n]);
	mem_deref(w);
	fix_close(&f);
	return err;
}

static int test_loss(void)
{
	struct video_watch *w = NULL;
	struct fix f;
	int err = 0;

	TEST_ERR(fix_open(&f));
	TEST_ERR(join(&f, 1, "A", CODEC_H264, 640, 360, 0xc02020));
	TEST_ERR(video_watch_alloc(&w, f.v, &top, NULL));
	TEST_ERR(step(&f, 40));
	TEST_TRUE(is_rgb(viewer_frame(f.rungv[0].viewer), 640, 360, 0xc02020,
			 4));

	/* the frame that turns it green is lost; what builds on it must not
	 * be shown, though it is asked for again and again */
	cam_rgb(f.partyv[1].cam, 0x20a040);
	f.now += STEP_US;
	TEST_ERR(cam_frame(&f, 1, false, 1000));
	for (unsigned i = 0; i < 40; i++) {
		f.now += STEP_US;
		TEST_ERR(cam_frame(&f, 1, false, 0));
		video_run(f.v, f.now);
		TEST_TRUE(is_rgb(viewer_frame(f.rungv[0].viewer), 640, 360,
				 0xc02020, 4));
	}
	TEST_TRUE(f.partyv[1].evv[VIDEO_WANT_KEY] >= 2 &&
		  f.partyv[1].evv[VIDEO_WANT_KEY] <= 3);
	TEST_ERR(step(&f, 20));
	TEST_TRUE(is_rgb(viewer_frame(f.rungv[0].viewer), 640, 360, 0x20a040,
			 4));
 out:
	mem_deref(w);
	fix_close(&f);
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
static int gradual_send(struct fix *f, x264_t *x, struct vpic *pic,
			uint64_t *seqp, bool drop)
{
	static int64_t pts;
	x264_picture_t in, out;
	x264_nal_t *nalv;
	int nalc;

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
		put(pkt, f->partyv[1].src);
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
	struct fix f;
	int err = 0;

	TEST_ERR(fix_open(&f));
	TEST_TRUE(x != NULL);
	TEST_ERR(vpic_init(&pic, 640, 368));
	TEST_ERR(join(&f, 1, "A", CODEC_H264, 640, 368, 0));
	f.partyv[1].cam = mem_deref(f.partyv[1].cam);
	TEST_ERR(video_watch_alloc(&w, f.v, &top, NULL));
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
		f.now += STEP_US;
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
	fix_close(&f);
	return err;
}

static int test_resize(void)
{
	static const unsigned sizev[][2] = {
		{640, 360}, {352, 288}, {1280, 720}, {360, 640}, {174, 144},
	};
	struct video_watch *w = NULL;
	struct fix f;
	int err = 0;

	TEST_ERR(fix_open(&f));
	TEST_ERR(join(&f, 1, "A", CODEC_H264, 320, 240, 0x2040c0));
	TEST_ERR(video_watch_alloc(&w, f.v, &top, NULL));
	for (size_t i = 0; i < ARRAY_SIZE(sizev); i++) {
		unsigned rgb = 0x902040 + 0x004010 * (unsigned)i;
		const AVFrame *seen;

		TEST_ERR(cam_resize(f.partyv[1].cam, sizev[i][0],
				    sizev[i][1]));
		cam_rgb(f.partyv[1].cam, rgb);
		f.now += STEP_US;
		TEST_ERR(cam_frame(&f, 1, true, 0));
		TEST_ERR(step(&f, 20));
		seen = viewer_frame(f.rungv[0].viewer);
		TEST_TRUE(is_rgb(seen, 640, 360, rgb, 4));
		TEST_TRUE(is_rgb(seen, 4, 360, sizev[i][0] * 9 ==
				 sizev[i][1] * 16 ? rgb : 0x1b1e24, 4));
	}
	TEST_EQ(0, f.rungv[0].fails);
	TEST_EQ(0, f.partyv[1].evv[VIDEO_FROZEN]);
 out:
	mem_deref(w);
	fix_close(&f);
	return err;
}

static int test_frozen(void)
{
	struct video_watch *w = NULL;
	const AVFrame *seen;
	struct fix f;
	int err = 0;

	TEST_ERR(fix_open(&f));
	TEST_ERR(join(&f, 1, "A", CODEC_H264, 640, 360, 0xc02020));
	TEST_ERR(video_watch_alloc(&w, f.v, &top, NULL));
	TEST_ERR(step(&f, 30));
	idle(&f, 55);
	TEST_EQ(0, f.partyv[1].evv[VIDEO_FROZEN]);
	idle(&f, 20);
	TEST_EQ(1, f.partyv[1].evv[VIDEO_FROZEN]);
	TEST_TRUE(f.partyv[1].evv[VIDEO_WANT_KEY] >= 1);
	seen = viewer_frame(f.rungv[0].viewer);
	TEST_TRUE(abs(seen->data[1][100 * seen->linesize[1] + 100] - 128) < 4);
	TEST_TRUE(abs(seen->data[2][100 * seen->linesize[2] + 100] - 128) < 4);

	TEST_ERR(step(&f, 20));
	TEST_EQ(2, f.partyv[1].evv[VIDEO_LIVE]);
	TEST_TRUE(is_rgb(viewer_frame(f.rungv[0].viewer), 640, 200, 0xc02020,
			 4));

	/* switched off by the host: a card at once */
	f.partyv[1].ticket.video_muted = true;
	TEST_ERR(video_src_set(f.partyv[1].src, &f.partyv[1].ticket));
	TEST_ERR(step(&f, 10));
	TEST_EQ(1, f.partyv[1].evv[VIDEO_NONE]);
	TEST_TRUE(!is_rgb(viewer_frame(f.rungv[0].viewer), 640, 200, 0xc02020,
			  20));
	f.partyv[1].ticket.video_muted = false;
	TEST_ERR(video_src_set(f.partyv[1].src, &f.partyv[1].ticket));
	TEST_ERR(step(&f, 20));
	TEST_EQ(3, f.partyv[1].evv[VIDEO_LIVE]);
 out:
	mem_deref(w);
	fix_close(&f);
	return err;
}

static int test_order(void)
{
	static const unsigned rgbv[] = {0xc02020, 0x20a040, 0x2030c0,
		0xb0a020, 0x10a0a0};
	struct video_watch *w = NULL;
	const AVFrame *seen;
	struct fix f;
	int err = 0;

	TEST_ERR(fix_open(&f));
	TEST_ERR(video_watch_alloc(&w, f.v, &top, NULL));
	for (uint32_t i = 0; i < 4; i++)
		TEST_ERR(join(&f, i + 1, "", CODEC_H264, 640, 360, rgbv[i]));
	TEST_ERR(step(&f, 30));
	seen = viewer_frame(f.rungv[0].viewer);
	TEST_TRUE(is_rgb(seen, 320, 180, rgbv[0], 4));
	TEST_TRUE(is_rgb(seen, 960, 180, rgbv[1], 4));
	TEST_TRUE(is_rgb(seen, 320, 540, rgbv[2], 4));
	TEST_TRUE(is_rgb(seen, 960, 540, rgbv[3], 4));

	/* the second leaves: those behind move up; a new one comes last */
	f.partyv[2].src = mem_deref(f.partyv[2].src);
	TEST_ERR(join(&f, 5, "", CODEC_H264, 640, 360, rgbv[4]));
	TEST_ERR(step(&f, 30));
	seen = viewer_frame(f.rungv[0].viewer);
	TEST_TRUE(is_rgb(seen, 320, 180, rgbv[0], 4));
	TEST_TRUE(is_rgb(seen, 960, 180, rgbv[2], 4));
	TEST_TRUE(is_rgb(seen, 320, 540, rgbv[3], 4));
	TEST_TRUE(is_rgb(seen, 960, 540, rgbv[4], 4));
 out:
	mem_deref(w);
	fix_close(&f);
	return err;
}

/* What did not change is coded as such, and stays as it is to the bit. */
static int test_constant(void)
{
	struct video_watch *w = NULL, *small = NULL;
	const AVFrame *seen;
	AVFrame *kept = NULL;
	struct video_rung r = top;
	json_t *st = NULL;
	struct fix f;
	int err = 0;

	r.width = 640;
	r.height = 360;
	r.kbps = 512;
	TEST_ERR(fix_open(&f));
	TEST_ERR(video_watch_alloc(&w, f.v, &top, NULL));
	TEST_ERR(video_watch_alloc(&small, f.v, &r, NULL));
	TEST_ERR(join(&f, 1, "Moves", CODEC_H264, 640, 360, 0x404040));
	TEST_ERR(join(&f, 2, "A card", CODEC_NONE, 0, 0, 0));
	f.partyv[1].move = true;
	TEST_ERR(step(&f, 200));
	for (unsigned i = 0; i < 2; i++) {
		kept = av_frame_clone(viewer_frame(f.rungv[i].viewer));
		TEST_TRUE(kept != NULL);
		TEST_ERR(step(&f, 10));
		seen = viewer_frame(f.rungv[i].viewer);
		TEST_TRUE(seen != kept && seen->data[0] != kept->data[0]);
		for (int y = seen->height / 2 - 40; y < seen->height / 2;
		     y++) {
			TEST_TRUE(!memcmp(seen->data[0] + seen->width / 2 + 16
					  + y * seen->linesize[0],
					  kept->data[0] + seen->width / 2 + 16
					  + y * kept->linesize[0], 200));
		}
		av_frame_free(&kept);
	}
	TEST_EQ(0, f.rungv[0].fails + f.rungv[1].fails);

	/* the same canvas again and again: hardly encoded at all */
	f.partyv[1].src = mem_deref(f.partyv[1].src);
	idle(&f, 40);
	f.rungv[0].units = 0;
	idle(&f, 90);
	TEST_TRUE(f.rungv[0].units >= 12 && f.rungv[0].units <= 18);
	TEST_ERR(take_shot(&f));
	seen = viewer_frame(f.rungv[0].viewer);
	for (int y = 0; y < 720; y += 20) {
		for (int x = 0; x < 1280; x += 20) {
			int d = seen->data[0][y * seen->linesize[0] + x] -
				f.shot->data[0][y * f.shot->linesize[0] + x];

			TEST_TRUE(abs(d) < 12);
		}
	}
 out:
	av_frame_free(&kept);
	json_decref(st);
	mem_deref(w);
	mem_deref(small);
	fix_close(&f);
	return err;
}

static int64_t offset_handler(void *arg)
{
	return ((struct fix *)arg)->offset;
}

static void hold_handler(unsigned extra_ms, void *arg)
{
	((struct fix *)arg)->partyv[1].hold = extra_ms;
}

/* Colour changes at a known time of the sender; sound is 150 ms behind. */
static int test_lipsync(void)
{
	struct video_watch *w = NULL;
	struct rtp_sync sync = {
		.valid = true, .ssrc = 1, .clock_hz = 90000,
		.ntp = 5000ull << 32,
	};
	uint64_t changed = 0, seen_at = 0;
	struct fix f;
	int err = 0;

	TEST_ERR(fix_open(&f));
	TEST_ERR(join(&f, 1, "A", CODEC_H264, 640, 360, 0xc02020));
	video_src_lipsync(f.partyv[1].src, offset_handler, hold_handler, &f);
	TEST_ERR(video_watch_alloc(&w, f.v, &top, NULL));

	/* ts 0 is the fake clock's 0 is 5000 s of the sender's */
	video_src_sync(f.partyv[1].src, &sync);
	f.offset = 150000 - 5000ll * 1000000;
	TEST_ERR(step(&f, 30));
	cam_rgb(f.partyv[1].cam, 0x20a040);
	changed = f.now + STEP_US;
	for (unsigned i = 0; i < 20 && !seen_at; i++) {
		TEST_ERR(step(&f, 1));
		if (viewer_frame(f.rungv[0].viewer)->data[0][360 * viewer_frame
			(f.rungv[0].viewer)->linesize[0] + 640] >
		    vcolour_rgb(0x20a040).y - 6)
			seen_at = f.rungv[0].pts_us;
	}
	TEST_TRUE(seen_at >= changed + 110000 && seen_at <= changed + 190000);
	TEST_EQ(0, f.partyv[1].hold);

	/* sound 60 ms ahead of the picture: it is told to wait */
	f.offset = -60000 - 5000ll * 1000000;
	TEST_ERR(step(&f, 70));
	TEST_TRUE(f.partyv[1].hold >= 50 && f.partyv[1].hold <= 70 + 60);

	/* nobody is called after the end */
	f.partyv[1].src = mem_deref(f.partyv[1].src);
	f.partyv[1].hold = 0;
	idle(&f, 60);
	TEST_EQ(0, f.partyv[1].hold);
 out:
	mem_deref(w);
	fix_close(&f);
	return err;
}

static int test_modes(void)
{
	static const struct video_rung rv[] = {
		{CODEC_H264, 640, 360, 30, 384, 0, 30},
		{CODEC_H264, 320, 180, 15, 128, 0, 12},
		{CODEC_VP8, 640, 360, 30, 512, 0, 0},
		{CODEC_H264, 160, 90, 10, 64, 1, 10},
	};
	struct video_watch *wv[ARRAY_SIZE(rv)] = {0};
	struct fix f;
	int err = 0;

	TEST_ERR(fix_open(&f));
	TEST_ERR(join(&f, 1, "A", CODEC_VP8, 640, 360, 0xc02020));
	TEST_ERR(join(&f, 2, "B", CODEC_VP8, 640, 360, 0x2020c0));
	f.partyv[1].move = true;
	for (size_t i = 0; i < ARRAY_SIZE(rv); i++)
		TEST_ERR(video_watch_alloc(&wv[i], f.v, &rv[i], NULL));
	TEST_ERR(step(&f, 90));
	TEST_EQ(ARRAY_SIZE(rv), f.rungc);
	for (size_t i = 0; i < f.rungc; i++) {
		const AVFrame *s = viewer_frame(f.rungv[i].viewer);

		TEST_EQ(0, f.rungv[i].fails);
		TEST_TRUE(s && s->width == rv[i].width);
		TEST_TRUE(is_rgb(s, rv[i].width * 3 / 4u,
				 rv[i].height / 2u, 0x2020c0, 6));
	}
 out:
	for (size_t i = 0; i < ARRAY_SIZE(rv); i++)
		mem_deref(wv[i]);
	fix_close(&f);
	return err;
}

/* Garbage from a peer: said so, and survived. */
static int test_garbage(void)
{
	struct video_watch *w = NULL;
	struct fix f;
	int err = 0;

	TEST_ERR(fix_open(&f));
	TEST_ERR(join(&f, 1, "A", CODEC_NONE, 0, 0, 0));
	cam_ticket(&f.partyv[1].ticket, 1, "A", CODEC_H264);
	TEST_ERR(video_src_set(f.partyv[1].src, &f.partyv[1].ticket));
	TEST_ERR(video_watch_alloc(&w, f.v, &top, NULL));
	for (unsigned i = 0; i < 200; i++) {
		struct pkt *pkt = pkt_get();

		TEST_TRUE(pkt != NULL);
		f.now += STEP_US;
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
	fix_close(&f);
	return err;
}

/* More than there are tiles: who speaks is seen, and pictures before
 * cards. */
static int test_crowd(void)
{
	struct video_src *cardv[40] = {0};
	struct video_watch *w = NULL;
	struct ticket t;
	struct fix f;
	int err = 0;

	TEST_ERR(fix_open(&f));
	TEST_ERR(video_watch_alloc(&w, f.v, &top, NULL));
	for (uint32_t i = 0; i < 40; i++) {
		cam_ticket(&t, 100 + i, "A card", CODEC_NONE);
		TEST_ERR(video_src_alloc(&cardv[i], f.v, &t, false));
	}
	idle(&f, 5);
	TEST_ERR(join(&f, 1, "", CODEC_H264, 320, 180, 0xc02020));
	TEST_ERR(step(&f, 25));
	TEST_TRUE(is_rgb(viewer_frame(f.rungv[0].viewer), 1152, 640,
			 0xc02020, 5));
	TEST_EQ(1, f.partyv[1].evv[VIDEO_LIVE]);

	/* a card that nobody sees speaks, then another */
	video_speaker(f.v, 130);
	TEST_ERR(step(&f, 15));
	video_speaker(f.v, 131);
	TEST_ERR(step(&f, 15));
	TEST_ERR(take_shot(&f));
	/* cards that never spoke gave way, not the picture */
	TEST_TRUE(is_rgb(f.shot, 513, 577, 0x35b36b, 2));
	TEST_TRUE(is_rgb(f.shot, 1152, 640, 0xc02020, 5));
 out:
	for (unsigned i = 0; i < 40; i++)
		mem_deref(cardv[i]);
	mem_deref(w);
	fix_close(&f);
	return err;
}

/* --- pictures to look at ---------------------------------------------- */

static void draw_person(struct cam *cam, unsigned i)
{
	struct vpic *p = cam_pic(cam);
	unsigned w = p->w, h = p->h;

	cam_rgb(cam, 0x405060 + i * 0x0a1307);
	for (unsigned k = 0; k < 8; k++) {
		struct layout_rect r = {(w * k / 8) & ~1u, 0, w / 16 & ~1u,
			h / 4 & ~1u};

		canvas_fill(p, &r, vcolour_rgb(0x909aa0 - i * 0x010203));
	}
	for (unsigned y = h / 4; y < h; y++) {
		for (unsigned x = 0; x < w; x++) {
			double dx = (x - w / 2.) / h, dy = y / (double)h;
			bool head = dx * dx + (dy - .45) * (dy - .45) < .03;
			bool body = dx * dx * .6 + (dy - 1.05) * (dy - 1.05)
				< .12;

			if (head || body)
				p->data[0][y * (unsigned)p->stride[0] + x] =
					head ? 170 : 80;
		}
	}
}

static int keep_png(const struct fix *f, unsigned n, const char *what)
{
	const char *dir = getenv("TUTTI_PNG_DIR");
	char path[256];
	int fd, err;

	if (!dir)
		return 0;
	re_snprintf(path, sizeof(path), "%s/%02u%s.png", dir, n, what);
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
	if (fd < 0)
		return errno;
	err = image_png(f->shot, fd);
	close(fd);

	return err;
}

static int test_pictures(void)
{
	static const char *const namev[] = {
		"Ann Example", "Жанна Иванова", "محمد علي", "王小明",
		"Sam 😀 Taylor", "שרה כהן",
		"Boardroom 4.12 (Berlin, 3rd floor, left of the lift)",
		"अनिता शर्मा", "김민준",
		"Ὀδυσσεύς", "3007", "สมชาย",
	};
	static const unsigned countv[] = {0, 1, 2, 3, 5, 9, 16, 25, 26};
	struct video_watch *w = NULL;
	struct fix f;
	uint32_t id = 1;
	int err = 0;

	TEST_ERR(fix_open(&f));
	TEST_ERR(video_watch_alloc(&w, f.v, &top, NULL));
	for (size_t i = 0; i < ARRAY_SIZE(countv); i++) {
		for (; id <= countv[i]; id++) {
			bool odd = id % 5 == 3, tall = id % 9 == 5;

			TEST_ERR(join(&f, id, namev[(id - 1) % 12],
				      id % 4 == 2 ? CODEC_NONE : CODEC_H264,
				      tall ? 360 : 640,
				      tall ? 640 : odd ? 480 : 360, 0));
			if (f.partyv[id].cam)
				draw_person(f.partyv[id].cam, id);
		}
		video_speaker(f.v, countv[i] > 4 ? 4 : 1);
		video_recording(f.v, countv[i] > 2);
		TEST_ERR(step(&f, 12));
		TEST_ERR(take_shot(&f));
		TEST_ERR(f.shot_err);
		TEST_ERR(keep_png(&f, countv[i], ""));
	}
	idle(&f, 75);
	TEST_ERR(take_shot(&f));
	TEST_ERR(keep_png(&f, 26, "-frozen"));
	TEST_EQ(0, f.rungv[0].fails);
 out:
	mem_deref(w);
	fix_close(&f);
	return err;
}

static const struct test testv[] = {
	{"three colours, each in its tile", test_three},
	{"fifty watchers, one encode", test_shared},
	{"a storm of key frame requests costs two a second", test_key_merge},
	{"nobody watches, nothing is decoded", test_idle},
	{"who is not shown holds no packets", test_unseen},
	{"after a loss no broken picture", test_loss},
	{"a gradual refresh is not seen", test_gradual},
	{"sizes that change in mid-stream", test_resize},
	{"frozen, back, switched off", test_frozen},
	{"order of joining", test_order},
	{"unchanged macroblocks stay to the bit", test_constant},
	{"lip sync holds pictures, or the sound", test_lipsync},
	{"packetization mode 0, small rungs, VP8", test_modes},
	{"garbage is refused", test_garbage},
	{"more parties than tiles", test_crowd},
	{"pictures of rooms, every script", test_pictures},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
