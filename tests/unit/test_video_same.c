/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_video_same.c -- pictures that show nothing new
 */
#include <stdlib.h>
#include <string.h>

#include <libavutil/frame.h>

#include "mixer/video_same.h"
#include "tests/fake/studio.h"
#include "tests/unit/test.h"

static AVFrame *frame(int w, int h)
{
	AVFrame *f = av_frame_alloc();

	if (!f)
		return NULL;
	f->format = AV_PIX_FMT_YUV420P;
	f->width = w;
	f->height = h;
	if (av_frame_get_buffer(f, 0) < 0)
		av_frame_free(&f);
	for (int i = 0; f && i < 3; i++)
		memset(f->data[i], 100, (size_t)f->linesize[i] *
		       (size_t)(i ? (h + 1) / 2 : h));

	return f;
}

/* Every length and place, up and down, beside the plain one */
static int test_rows(void)
{
	uint8_t a[200], b[200];
	int err = 0;

	for (size_t n = 0; n <= sizeof(a); n++) {
		memset(a, 100, sizeof(a));
		memset(b, 100 + SAME_STEP, sizeof(b));
		TEST_TRUE(video_same_row(a, b, n));
		TEST_TRUE(video_same_row(b, a, n));
		for (size_t i = 0; i < sizeof(a); i++) {
			b[i]++;
			TEST_EQ(i >= n, video_same_row(a, b, n));
			TEST_EQ(i >= n, video_same_row(b, a, n));
			TEST_EQ(i >= n, video_same_row_c(a, b, n));
			b[i]--;
		}
	}
	/* no wrapping round */
	memset(a, 0, sizeof(a));
	memset(b, 255, sizeof(b));
	TEST_TRUE(!video_same_row(a, b, 64));
	TEST_TRUE(!video_same_row(b, a, 16));
 out:
	return err;
}

static int test_planes(void)
{
	AVFrame *a = frame(638, 358), *b = frame(638, 358);
	AVFrame *c = frame(640, 358);
	int err = 0;

	TEST_TRUE(a && b && c);
	TEST_TRUE(video_same(a, b));
	TEST_TRUE(!video_same(NULL, b));
	TEST_TRUE(!video_same(a, c));
	for (int i = 0; i < 3; i++) {
		int w = i ? 319 : 638, h = i ? 179 : 358;
		uint8_t *last = b->data[i] + (h - 1) * b->linesize[i] + w - 1;

		*last += SAME_STEP;
		TEST_TRUE(video_same(a, b));
		*last += 1;
		TEST_TRUE(!video_same(a, b));
		*last = 100;
		/* what is behind the last column is no picture */
		if (b->linesize[i] > w)
			last[1 - b->linesize[i]] ^= 0xff;
		TEST_TRUE(video_same(a, b));
	}
	b->colorspace = AVCOL_SPC_BT709;
	TEST_TRUE(!video_same(a, b));
 out:
	av_frame_free(&a);
	av_frame_free(&b);
	av_frame_free(&c);
	return err;
}

/* What changes by less than can be seen each time is followed all the same,
 * and what stands still is not drawn and encoded. */
static int test_fade(void)
{
	struct video_watch *w = NULL;
	unsigned units, grey = 0x404040;
	struct studio f;
	int err = 0;

	TEST_ERR(studio_open(&f));
	TEST_ERR(studio_join(&f, 1, "Fade", CODEC_H264, 640, 360, grey));
	TEST_ERR(video_watch_alloc(&w, f.v, &studio_top, NULL));
	TEST_ERR(studio_step(&f, 40));
	units = f.rungv[0].units;
	TEST_ERR(studio_step(&f, 60));
	/* thirty pictures a second come, five go out */
	TEST_TRUE(f.rungv[0].units - units <= 13);
	for (unsigned i = 0; i < 60; i++) {
		grey += 0x010101;
		cam_rgb(f.partyv[1].cam, grey);
		TEST_ERR(studio_step(&f, 1));
	}
	TEST_ERR(studio_step(&f, 40));
	TEST_ERR(studio_shot(&f));
	TEST_TRUE(studio_is(f.shot, 640, 300, grey, 3));

	/* a change that is as fine as can be at once needs no mending */
	cam_rgb(f.partyv[1].cam, grey + 0x040404);
	units = f.rungv[0].units;
	TEST_ERR(studio_step(&f, 12));
	printf("# %u units for a change\n", f.rungv[0].units - units);
	TEST_TRUE(f.rungv[0].units > units && f.rungv[0].units - units < 8);
	TEST_EQ(0, f.rungv[0].fails);
 out:
	mem_deref(w);
	studio_close(&f);
	return err;
}

static const struct test testv[] = {
	{"rows of any length", test_rows},
	{"every plane, no padding", test_planes},
	{"what stands still costs nothing, a slow fade is shown", test_fade},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
