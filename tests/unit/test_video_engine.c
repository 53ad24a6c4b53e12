/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_video_engine.c -- the whole video engine on a fake clock
 *
 * Who watches and what is encoded; units that come out are decoded.
 */
#include <stdlib.h>
#include <string.h>

#include <libavutil/frame.h>

#include <re.h>

#include "tests/fake/studio.h"
#include "tests/unit/test.h"

/* --- cases ------------------------------------------------------------ */

static int test_three(void)
{
	struct video_watch *w = NULL;
	struct studio f;
	const AVFrame *seen;
	int err = 0;

	TEST_ERR(studio_open(&f));
	TEST_ERR(studio_join(&f, 1, "Red", CODEC_H264, 640, 360, 0xc02020));
	TEST_ERR(studio_join(&f, 2, "Green", CODEC_VP8, 640, 480, 0x20a040));
	TEST_ERR(studio_join(&f, 3, "Blue", CODEC_H264, 1280, 720, 0x2030c0));
	TEST_ERR(video_watch_alloc(&w, f.v, &studio_top, NULL));
	TEST_ERR(studio_step(&f, 60));

	TEST_EQ(1, f.rungc);
	TEST_EQ(video_watch_rung(w), f.rungv[0].id);
	TEST_EQ(0, f.rungv[0].fails);
	/* all of them stand still: sharpened for a while, then repeated */
	printf("# %u units of 60\n", f.rungv[0].units);
	TEST_TRUE(f.rungv[0].units >= 15 && f.rungv[0].units <= 40);
	TEST_EQ(1, f.partyv[1].evv[VIDEO_LIVE]);
	TEST_EQ(1, f.partyv[2].evv[VIDEO_LIVE]);
	TEST_EQ(0, f.partyv[2].evv[VIDEO_FROZEN]);
	seen = viewer_frame(f.rungv[0].viewer);
	TEST_TRUE(seen && seen->width == 1280 && seen->height == 720);
	TEST_TRUE(studio_is(seen, 320, 180, 0xc02020, 4));
	TEST_TRUE(studio_is(seen, 960, 180, 0x20a040, 4));
	TEST_TRUE(studio_is(seen, 640, 532, 0x2030c0, 4));
	/* the 4:3 picture has its bars */
	TEST_TRUE(studio_is(seen, 660, 180, 0x1b1e24, 4));
	TEST_TRUE(studio_is(seen, 1260, 180, 0x1b1e24, 4));
	/* beside the last row: nothing */
	TEST_TRUE(studio_is(seen, 100, 540, 0x101216, 4));
 out:
	mem_deref(w);
	studio_close(&f);
	return err;
}

static int test_shared(void)
{
	struct video_watch *wv[50] = {0};
	struct video_rung small = studio_top;
	struct video_watch *s = NULL;
	struct studio f;
	unsigned n;
	int err = 0;

	small.width = 640;
	small.height = 360;
	small.kbps = 512;
	small.fps = 15;
	TEST_ERR(studio_open(&f));
	TEST_ERR(studio_join(&f, 1, "A", CODEC_H264, 640, 360, 0x808080));
	f.partyv[1].move = true;
	for (unsigned i = 0; i < 50; i++)
		TEST_ERR(video_watch_alloc(&wv[i], f.v, &studio_top, NULL));
	TEST_ERR(video_watch_alloc(&s, f.v, &small, NULL));
	TEST_ERR(studio_step(&f, 30));
	TEST_EQ(2, f.rungc);
	TEST_TRUE(f.rungv[0].units >= 29 && f.rungv[0].units <= 31);
	TEST_TRUE(f.rungv[1].units >= 14 && f.rungv[1].units <= 16);
	TEST_EQ(0, f.rungv[0].fails + f.rungv[1].fails);

	/* the last watcher takes the encoder with him */
	for (unsigned i = 0; i < 50; i++)
		wv[i] = mem_deref(wv[i]);
	n = f.rungv[0].units;
	TEST_ERR(studio_step(&f, 10));
	TEST_EQ(n, f.rungv[0].units);

	/* and a new one gets a stream of its own, from a key frame on */
	TEST_ERR(video_watch_alloc(&wv[0], f.v, &studio_top, NULL));
	TEST_ERR(studio_step(&f, 10));
	TEST_EQ(3, f.rungc);
	TEST_EQ(0, f.rungv[2].fails);
	TEST_TRUE(f.rungv[2].id > f.rungv[1].id);
 out:
	for (unsigned i = 0; i < 50; i++)
		mem_deref(wv[i]);
	mem_deref(s);
	studio_close(&f);
	return err;
}

static int test_key_merge(void)
{
	struct video_watch *wv[10] = {0};
	struct studio f;
	unsigned keys;
	int err = 0;

	TEST_ERR(studio_open(&f));
	TEST_ERR(studio_join(&f, 1, "A", CODEC_H264, 640, 360, 0x808080));
	f.partyv[1].move = true;
	for (unsigned i = 0; i < 10; i++)
		TEST_ERR(video_watch_alloc(&wv[i], f.v, &studio_top, NULL));
	TEST_ERR(studio_step(&f, 30));
	keys = f.rungv[0].keys;
	for (unsigned i = 0; i < 60; i++) {       /* 2 s of storm         */
		for (unsigned k = 0; k < 10; k++)
			video_watch_key(wv[k]);
		TEST_ERR(studio_step(&f, 1));
	}
	TEST_TRUE(f.rungv[0].keys - keys >= 3 && f.rungv[0].keys - keys <= 5);
 out:
	for (unsigned i = 0; i < 10; i++)
		mem_deref(wv[i]);
	studio_close(&f);
	return err;
}

static int test_idle(void)
{
	struct video_watch *w = NULL;
	struct studio f;
	json_t *st = NULL;
	int err = 0;

	TEST_ERR(studio_open(&f));
	TEST_ERR(studio_join(&f, 1, "A", CODEC_H264, 640, 360, 0xc02020));
	TEST_ERR(studio_step(&f, 60));
	TEST_EQ(0, f.partyv[1].evv[VIDEO_LIVE]);
	st = video_src_stats(f.partyv[1].src);
	TEST_EQ(0, json_integer_value(json_object_get(st, "frames")));

	/* the first watcher: a key frame is asked for at once */
	TEST_ERR(video_watch_alloc(&w, f.v, &studio_top, NULL));
	TEST_ERR(studio_step(&f, 5));
	TEST_EQ(1, f.partyv[1].evv[VIDEO_LIVE]);
	TEST_ERR(studio_step(&f, 10));
	TEST_TRUE(studio_is(viewer_frame(f.rungv[0].viewer), 640, 360,
			    0xc02020, 4));

	/* nobody again, then a snapshot */
	w = mem_deref(w);
	TEST_ERR(studio_step(&f, 30));
	TEST_ERR(studio_shot(&f));
	TEST_EQ(0, f.shots);
	TEST_ERR(studio_step(&f, 20));
	TEST_EQ(1, f.shots);
	TEST_EQ(0, f.shot_err);
	TEST_TRUE(studio_is(f.shot, 640, 360, 0xc02020, 4));
 out:
	json_decref(st);
	mem_deref(w);
	studio_close(&f);
	return err;
}

/* Who is not shown any more holds no packets back from others. */
static int test_unseen(void)
{
	struct video_watch *w = NULL;
	struct pkt *allv[2048];
	unsigned n = 0;
	struct studio f;
	int err = 0;

	TEST_ERR(studio_open(&f));
	TEST_ERR(studio_join(&f, 1, "A", CODEC_H264, 640, 360, 0xc02020));
	TEST_ERR(video_watch_alloc(&w, f.v, &studio_top, NULL));
	TEST_ERR(studio_step(&f, 20));
	/* a hole, and what comes after it */
	for (unsigned i = 0; i < 3; i++) {
		cam_move(f.partyv[1].cam);
		f.now += 1000;
		TEST_ERR(studio_frame(&f, 1, true, i == 0));
	}
	video_run(f.v, f.now);
	w = mem_deref(w);
	studio_idle(&f, 2);

	while (n < 2048 && (allv[n] = pkt_get()))
		++n;
	TEST_EQ(2048, n);
	while (n)
		pkt_put(allv[--n]);

	/* and is seen again */
	TEST_ERR(video_watch_alloc(&w, f.v, &studio_top, NULL));
	TEST_ERR(studio_step(&f, 40));
	TEST_TRUE(f.partyv[1].evv[VIDEO_LIVE] >= 1);
	TEST_TRUE(studio_is(viewer_frame(f.rungv[f.rungc - 1].viewer), 640,
			    120, 0xc02020, 4));
 out:
	while (n)
		pkt_put(allv[--n]);
	mem_deref(w);
	studio_close(&f);
	return err;
}

static int test_order(void)
{
	static const unsigned rgbv[] = {0xc02020, 0x20a040, 0x2030c0,
		0xb0a020, 0x10a0a0};
	struct video_watch *w = NULL;
	const AVFrame *seen;
	struct studio f;
	int err = 0;

	TEST_ERR(studio_open(&f));
	TEST_ERR(video_watch_alloc(&w, f.v, &studio_top, NULL));
	for (uint32_t i = 0; i < 4; i++)
		TEST_ERR(studio_join(&f, i + 1, "", CODEC_H264, 640, 360,
				     rgbv[i]));
	TEST_ERR(studio_step(&f, 30));
	seen = viewer_frame(f.rungv[0].viewer);
	TEST_TRUE(studio_is(seen, 320, 180, rgbv[0], 4));
	TEST_TRUE(studio_is(seen, 960, 180, rgbv[1], 4));
	TEST_TRUE(studio_is(seen, 320, 540, rgbv[2], 4));
	TEST_TRUE(studio_is(seen, 960, 540, rgbv[3], 4));

	/* the second leaves as a new one comes: nobody else moves */
	f.partyv[2].src = mem_deref(f.partyv[2].src);
	TEST_ERR(studio_join(&f, 5, "", CODEC_H264, 640, 360, rgbv[4]));
	TEST_ERR(studio_step(&f, 30));
	seen = viewer_frame(f.rungv[0].viewer);
	TEST_TRUE(studio_is(seen, 320, 180, rgbv[0], 4));
	TEST_TRUE(studio_is(seen, 960, 180, rgbv[4], 4));
	TEST_TRUE(studio_is(seen, 320, 540, rgbv[2], 4));
	TEST_TRUE(studio_is(seen, 960, 540, rgbv[3], 4));

	/* one leaves: the last one has no place any more and takes his */
	f.partyv[1].src = mem_deref(f.partyv[1].src);
	TEST_ERR(studio_step(&f, 30));
	seen = viewer_frame(f.rungv[0].viewer);
	TEST_TRUE(studio_is(seen, 320, 180, rgbv[3], 4));
	TEST_TRUE(studio_is(seen, 960, 180, rgbv[4], 4));
	TEST_TRUE(studio_is(seen, 640, 540, rgbv[2], 4));
 out:
	mem_deref(w);
	studio_close(&f);
	return err;
}

/* What did not change is coded as such, and stays as it is to the bit. */
static int test_constant(void)
{
	struct video_watch *w = NULL, *small = NULL;
	const AVFrame *seen;
	AVFrame *kept = NULL;
	struct video_rung r = studio_top;
	json_t *st = NULL;
	struct studio f;
	int err = 0;

	r.width = 640;
	r.height = 360;
	r.kbps = 512;
	TEST_ERR(studio_open(&f));
	TEST_ERR(video_watch_alloc(&w, f.v, &studio_top, NULL));
	TEST_ERR(video_watch_alloc(&small, f.v, &r, NULL));
	TEST_ERR(studio_join(&f, 1, "Moves", CODEC_H264, 640, 360, 0x404040));
	TEST_ERR(studio_join(&f, 2, "A card", CODEC_NONE, 0, 0, 0));
	f.partyv[1].move = true;
	TEST_ERR(studio_step(&f, 200));
	for (unsigned i = 0; i < 2; i++) {
		kept = av_frame_clone(viewer_frame(f.rungv[i].viewer));
		TEST_TRUE(kept != NULL);
		TEST_ERR(studio_step(&f, 10));
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
	studio_idle(&f, 40);
	f.rungv[0].units = 0;
	studio_idle(&f, 90);
	TEST_TRUE(f.rungv[0].units >= 12 && f.rungv[0].units <= 18);
	TEST_ERR(studio_shot(&f));
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
	studio_close(&f);
	return err;
}

static int64_t offset_handler(void *arg)
{
	return ((struct studio *)arg)->offset;
}

static void hold_handler(unsigned extra_ms, void *arg)
{
	((struct studio *)arg)->partyv[1].hold = extra_ms;
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
	struct studio f;
	int err = 0;

	TEST_ERR(studio_open(&f));
	TEST_ERR(studio_join(&f, 1, "A", CODEC_H264, 640, 360, 0xc02020));
	video_src_lipsync(f.partyv[1].src, offset_handler, hold_handler, &f);
	TEST_ERR(video_watch_alloc(&w, f.v, &studio_top, NULL));

	/* ts 0 is the fake clock's 0 is 5000 s of the sender's */
	video_src_sync(f.partyv[1].src, &sync);
	f.offset = 150000 - 5000ll * 1000000;
	TEST_ERR(studio_step(&f, 30));
	cam_rgb(f.partyv[1].cam, 0x20a040);
	changed = f.now + STUDIO_STEP_US;
	for (unsigned i = 0; i < 20 && !seen_at; i++) {
		TEST_ERR(studio_step(&f, 1));
		if (viewer_frame(f.rungv[0].viewer)->data[0][360 * viewer_frame
			(f.rungv[0].viewer)->linesize[0] + 640] >
		    vcolour_rgb(0x20a040).y - 6)
			seen_at = f.rungv[0].pts_us;
	}
	TEST_TRUE(seen_at >= changed + 110000 && seen_at <= changed + 190000);
	TEST_EQ(0, f.partyv[1].hold);

	/* sound 60 ms ahead of the picture: it is told to wait */
	f.offset = -60000 - 5000ll * 1000000;
	TEST_ERR(studio_step(&f, 70));
	TEST_TRUE(f.partyv[1].hold >= 50 && f.partyv[1].hold <= 70 + 60);

	/* nobody is called after the end */
	f.partyv[1].src = mem_deref(f.partyv[1].src);
	f.partyv[1].hold = 0;
	studio_idle(&f, 60);
	TEST_EQ(0, f.partyv[1].hold);
 out:
	mem_deref(w);
	studio_close(&f);
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
	struct studio f;
	int err = 0;

	TEST_ERR(studio_open(&f));
	TEST_ERR(studio_join(&f, 1, "A", CODEC_VP8, 640, 360, 0xc02020));
	TEST_ERR(studio_join(&f, 2, "B", CODEC_VP8, 640, 360, 0x2020c0));
	f.partyv[1].move = true;
	for (size_t i = 0; i < ARRAY_SIZE(rv); i++)
		TEST_ERR(video_watch_alloc(&wv[i], f.v, &rv[i], NULL));
	TEST_ERR(studio_step(&f, 90));
	TEST_EQ(ARRAY_SIZE(rv), f.rungc);
	for (size_t i = 0; i < f.rungc; i++) {
		const AVFrame *s = viewer_frame(f.rungv[i].viewer);

		TEST_EQ(0, f.rungv[i].fails);
		TEST_TRUE(s && s->width == rv[i].width);
		TEST_TRUE(studio_is(s, rv[i].width * 3 / 4u,
				 rv[i].height / 2u, 0x2020c0, 6));
	}
 out:
	for (size_t i = 0; i < ARRAY_SIZE(rv); i++)
		mem_deref(wv[i]);
	studio_close(&f);
	return err;
}

/* More than there are tiles: who speaks is seen, and pictures before
 * cards. */
static int test_crowd(void)
{
	struct video_src *cardv[60] = {0};
	struct video_watch *w = NULL;
	struct ticket t;
	struct studio f;
	int err = 0;

	TEST_ERR(studio_open(&f));
	TEST_ERR(video_watch_alloc(&w, f.v, &studio_top, NULL));
	for (uint32_t i = 0; i < 60; i++) {
		cam_ticket(&t, 100 + i, "A card", CODEC_NONE);
		TEST_ERR(video_src_alloc(&cardv[i], f.v, &t, false));
	}
	studio_idle(&f, 5);
	TEST_ERR(studio_join(&f, 1, "", CODEC_H264, 320, 180, 0xc02020));
	TEST_ERR(studio_step(&f, 25));
	TEST_TRUE(studio_is(viewer_frame(f.rungv[0].viewer), 1160, 640,
			 0xc02020, 5));
	TEST_EQ(1, f.partyv[1].evv[VIDEO_LIVE]);

	/* a card that nobody sees speaks, then another */
	video_speaker(f.v, 150);
	TEST_ERR(studio_step(&f, 15));
	video_speaker(f.v, 151);
	TEST_ERR(studio_step(&f, 15));
	TEST_ERR(studio_shot(&f));
	/* cards that never spoke gave way, not the picture */
	TEST_TRUE(studio_is(f.shot, 721, 593, 0x35b36b, 2));
	TEST_TRUE(studio_is(f.shot, 1160, 640, 0xc02020, 5));
 out:
	for (unsigned i = 0; i < 60; i++)
		mem_deref(cardv[i]);
	mem_deref(w);
	studio_close(&f);
	return err;
}

static const struct test testv[] = {
	{"three colours, each in its tile", test_three},
	{"fifty watchers, one encode", test_shared},
	{"a storm of key frame requests costs two a second", test_key_merge},
	{"nobody watches, nothing is decoded", test_idle},
	{"who is not shown holds no packets", test_unseen},
	{"order of joining", test_order},
	{"unchanged macroblocks stay to the bit", test_constant},
	{"lip sync holds pictures, or the sound", test_lipsync},
	{"packetization mode 0, small rungs, VP8", test_modes},
	{"more parties than tiles", test_crowd},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
