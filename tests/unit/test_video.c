/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_video.c -- the parts of the video engine, one by one
 */
#include <stdlib.h>

#include <libavutil/frame.h>

#include <re.h>

#include "mixer/codec_video.h"
#include "mixer/layout.h"
#include "mixer/video.h"
#include "mixer/video_canvas.h"
#include "base/ladder.h"
#include "mixer/video_gov.h"
#include "mixer/video_label.h"
#include "mixer/video_lips.h"
#include "mixer/video_third.h"
#include "tests/unit/test.h"

/* --- layout ----------------------------------------------------------- */

static const struct { unsigned n, cols, rows, w, h; } gridv[] = {
	{ 1, 1, 1, 1280, 720}, { 2, 2, 1, 640, 368}, { 3, 2, 2, 640, 352},
	{ 4, 2, 2, 640, 352},  { 5, 3, 2, 416, 240}, { 6, 3, 2, 416, 240},
	{ 7, 3, 3, 416, 240},  { 9, 3, 3, 416, 240}, {10, 4, 3, 320, 176},
	{12, 4, 3, 320, 176},  {13, 4, 4, 320, 176}, {16, 4, 4, 320, 176},
	{17, 5, 4, 256, 144},  {20, 5, 4, 256, 144}, {21, 5, 5, 256, 144},
	{25, 5, 5, 256, 144},
};

static int test_grid(void)
{
	struct layout_rect t[LAYOUT_MAX];
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(gridv); i++) {
		unsigned n = gridv[i].n, rows = 1, first = 1;

		TEST_EQ(n, layout_grid(t, n, 1280, 720));
		TEST_EQ(gridv[i].w, t[0].w);
		TEST_EQ(gridv[i].h, t[0].h);
		for (unsigned k = 1; k < n; k++) {
			rows += t[k].y != t[k - 1].y;
			first += t[k].y == t[0].y;
		}
		TEST_EQ(gridv[i].rows, rows);
		TEST_EQ(gridv[i].cols, first);
	}
 out:
	return err;
}

static int check_tiles(const struct layout_rect *t, unsigned n, unsigned w,
		       unsigned h)
{
	int err = 0;

	for (unsigned i = 0; i < n; i++) {
		if (n > 1) {
			TEST_EQ(0, t[i].x % 16 + t[i].y % 16);
			TEST_EQ(0, t[i].w % 16 + t[i].h % 16);
		}
		TEST_TRUE(t[i].w && t[i].h);
		TEST_TRUE(t[i].x + t[i].w <= w && t[i].y + t[i].h <= h);
		TEST_EQ(t[0].w, t[i].w);
		TEST_EQ(t[0].h, t[i].h);
		for (unsigned k = 0; k < i; k++)
			TEST_TRUE(!layout_overlap(&t[i], &t[k]));
		/* reading order */
		if (i)
			TEST_TRUE(t[i].y > t[i - 1].y ||
				  (t[i].y == t[i - 1].y &&
				   t[i].x > t[i - 1].x));
	}
 out:
	return err;
}

static int test_tiles(void)
{
	static const unsigned sizev[][2] = {
		{1280, 720}, {1920, 1080}, {640, 360}, {960, 540},
		{640, 480}, {720, 1280},
	};
	struct layout_rect t[LAYOUT_MAX];
	int err = 0;

	for (size_t s = 0; s < ARRAY_SIZE(sizev); s++) {
		for (unsigned n = 1; n <= LAYOUT_MAX; n++) {
			TEST_EQ(n, layout_grid(t, n, sizev[s][0],
					       sizev[s][1]));
			TEST_ERR(check_tiles(t, n, sizev[s][0], sizev[s][1]));
		}
	}
	TEST_EQ(0, layout_grid(t, 0, 1280, 720));
	TEST_EQ(49, layout_grid(t, 60, 1280, 720));
 out:
	return err;
}

/* --- pixels ----------------------------------------------------------- */

static AVFrame *frame_of(int fmt, unsigned w, unsigned h, const uint8_t c[3])
{
	AVFrame *f = av_frame_alloc();

	if (!f)
		return NULL;
	f->format = fmt;
	f->width = (int)w;
	f->height = (int)h;
	if (av_frame_get_buffer(f, 0) < 0) {
		av_frame_free(&f);
		return NULL;
	}
	for (int i = 0; i < 3; i++) {
		bool half = i && fmt != AV_PIX_FMT_YUV444P;
		size_t rows = half ? (h + 1) / 2 : h;

		memset(f->data[i], c[i], (size_t)f->linesize[i] * rows);
	}

	return f;
}

static uint8_t px(const struct vpic *p, int plane, unsigned x, unsigned y)
{
	unsigned sh = plane ? 1 : 0;

	return p->data[plane][(size_t)(y >> sh) *
		(size_t)p->stride[plane] + (x >> sh)];
}

static const struct {
	const char *name;
	unsigned w, h, sarn, sard, bw, bh;
	bool crop;
	struct layout_rect want;  /* destination within the box           */
} boxv[] = {
	{"same size",        640, 360, 0, 1,  640, 360, 0, {0, 0, 640, 360}},
	{"half",            1280, 720, 1, 1,  640, 360, 0, {0, 0, 640, 360}},
	{"double",           640, 360, 1, 1, 1280, 720, 0, {0, 0, 1280, 720}},
	{"4:3 in 16:9",      640, 480, 1, 1, 1280, 720, 0, {160, 0, 960, 720}},
	{"9:16 in 16:9",     720, 1280, 1, 1, 1280, 720, 0,
	 {436, 0, 406, 720}},
	{"CIF, its SAR",     352, 288, 12, 11, 1280, 720, 0,
	 {160, 0, 960, 720}},
	{"odd",              175, 143, 1, 1,  640, 352, 0, {104, 0, 430, 352}},
	{"wide in 4:3",      640, 360, 1, 1,  640, 480, 0, {0, 60, 640, 360}},
	{"4:3 cropped",      640, 480, 1, 1, 1280, 720, 1, {0, 0, 1280, 720}},
	{"360p in its tile", 640, 360, 1, 1,  636, 348, 0, {0, 0, 636, 348}},
	{"tiny",               8,   8, 1, 1,  636, 348, 0, {144, 0, 348, 348}},
};

static int test_box(void)
{
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(boxv); i++) {
		struct vfit f;
		double sx, sy;

		printf("# %s\n", boxv[i].name);
		vfit_set(&f, boxv[i].w, boxv[i].h, boxv[i].sarn,
			 boxv[i].sard, boxv[i].bw, boxv[i].bh, boxv[i].crop);
		TEST_EQ(boxv[i].want.x, f.dst.x);
		TEST_EQ(boxv[i].want.y, f.dst.y);
		TEST_EQ(boxv[i].want.w, f.dst.w);
		TEST_EQ(boxv[i].want.h, f.dst.h);
		TEST_TRUE(f.src.x + f.src.w <= boxv[i].w);
		TEST_TRUE(f.src.y + f.src.h <= boxv[i].h);

		/* nothing is stretched by more than a pixel's rounding */
		sx = (double)f.dst.w / f.src.w;
		sy = (double)f.dst.h / f.src.h;
		if (boxv[i].sarn)
			sx = sx * boxv[i].sard / boxv[i].sarn;
		TEST_TRUE(sx / sy > .985 && sx / sy < 1.015);
	}
 out:
	return err;
}

static bool near(unsigned want, unsigned less, unsigned got)
{
	return got <= want && got + less >= want;
}

/* One colour in, exactly that colour out, and nothing beside */
static int test_draw(void)
{
	static const unsigned sizev[][2] = {
		{640, 480}, {1280, 720}, {640, 360}, {360, 640}, {175, 143}, {333, 999},
		{1920, 1080}, {64, 48},
	};
	static const uint8_t c[3] = {123, 45, 210};
	struct vpic canvas = {0};
	struct vconv conv = {0};
	AVFrame *f = NULL;
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(sizev); i++) {
		struct vfit fit;
		unsigned x1, y1;

		TEST_ERR(vpic_init(&canvas, 640, 360));
		f = frame_of(AV_PIX_FMT_YUV420P, sizev[i][0], sizev[i][1], c);
		TEST_TRUE(f != NULL);
		vfit_set(&fit, sizev[i][0], sizev[i][1], 1, 1, 416, 240, 0);
		TEST_ERR(canvas_draw(&canvas, 112, 64, f, &fit, &conv));
		x1 = 112 + fit.dst.x + fit.dst.w;
		y1 = 64 + fit.dst.y + fit.dst.h;
		for (unsigned y = 0; y < 360; y++) {
			for (unsigned x = 0; x < 640; x++) {
				bool in = x >= 112 + fit.dst.x && x < x1 &&
					y >= 64 + fit.dst.y && y < y1;

				/* libyuv's box filter rounds down */
				unsigned less = fit.src.w > 2 * fit.dst.w;

				TEST_TRUE(near(in ? 123 : 16, less,
					       px(&canvas, 0, x, y)));
				TEST_TRUE(near(in ? 45 : 128, less,
					       px(&canvas, 1, x, y)));
				TEST_TRUE(near(in ? 210 : 128, less,
					       px(&canvas, 2, x, y)));
			}
		}
		vpic_close(&canvas);
		av_frame_free(&f);
	}
 out:
	vpic_close(&canvas);
	vconv_close(&conv);
	av_frame_free(&f);
	return err;
}

/* The same red in every disguise is the canvas's red */
static const struct {
	const char *name;
	int fmt, range, space;
	uint8_t c[3];
} redv[] = {
	{"601 limited", AV_PIX_FMT_YUV420P, AVCOL_RANGE_MPEG,
	 AVCOL_SPC_SMPTE170M, {81, 90, 240}},
	{"601 full", AV_PIX_FMT_YUV420P, AVCOL_RANGE_JPEG,
	 AVCOL_SPC_SMPTE170M, {76, 84, 255}},
	{"J", AV_PIX_FMT_YUVJ420P, AVCOL_RANGE_UNSPECIFIED,
	 AVCOL_SPC_UNSPECIFIED, {76, 84, 255}},
	{"709 limited", AV_PIX_FMT_YUV420P, AVCOL_RANGE_MPEG,
	 AVCOL_SPC_BT709, {63, 102, 240}},
	{"444", AV_PIX_FMT_YUV444P, AVCOL_RANGE_MPEG,
	 AVCOL_SPC_SMPTE170M, {81, 90, 240}},
};

static int test_colours(void)
{
	struct vpic canvas = {0};
	struct vconv conv = {0};
	AVFrame *f = NULL;
	struct vfit fit;
	int err = 0;

	TEST_ERR(vpic_init(&canvas, 320, 180));
	for (size_t i = 0; i < ARRAY_SIZE(redv); i++) {
		printf("# %s\n", redv[i].name);
		f = frame_of(redv[i].fmt, 640, 360, redv[i].c);
		TEST_TRUE(f != NULL);
		f->color_range = redv[i].range;
		f->colorspace = redv[i].space;
		vfit_set(&fit, 640, 360, 1, 1, 320, 180, false);
		TEST_ERR(canvas_draw(&canvas, 0, 0, f, &fit, &conv));
		TEST_TRUE(abs(px(&canvas, 0, 160, 90) - 81) <= 1);
		TEST_TRUE(abs(px(&canvas, 1, 160, 90) - 90) <= 1);
		TEST_TRUE(abs(px(&canvas, 2, 160, 90) - 240) <= 1);
		av_frame_free(&f);
	}
 out:
	vpic_close(&canvas);
	vconv_close(&conv);
	av_frame_free(&f);
	return err;
}

/* SIMD and C agree to the bit, read and write nothing beside; a flat plane
 * stays flat. */
static int test_thirds(void)
{
	enum { W = 128, H = 24, G = 170 };
	uint8_t *src = NULL, a[W * H], b[W * H];
	int err = 0;

	for (unsigned w = 2; w < W - 8; w += 2) {
		unsigned h = 2 + w % 5 * 4;
		size_t n = (size_t)w * 3 * h * 3;

		free(src);
		src = malloc(n);          /* tight: asan sees over-reads  */
		TEST_TRUE(src != NULL);
		rand_bytes(src, n);
		memset(a, G, sizeof(a));
		memset(b, G, sizeof(b));
		third_two(a, W, src, (int)w * 3 / 2, w, h);
		third_two_c(b, W, src, (int)w * 3 / 2, w, h);
		TEST_TRUE(!memcmp(a, b, sizeof(a)));
		TEST_EQ(G, a[w]);
		third_one(a, W, src, (int)w * 3, w, h);
		third_one_c(b, W, src, (int)w * 3, w, h);
		TEST_TRUE(!memcmp(a, b, sizeof(a)));
		TEST_EQ(G, a[w]);

		memset(src, (int)(w * 2), n);
		third_two(a, W, src, (int)w * 3 / 2, w, h);
		third_one(b, W, src, (int)w * 3, w, h);
		for (unsigned x = 0; x < w; x++) {
			TEST_EQ(w * 2 & 255, a[x]);
			TEST_EQ(w * 2 & 255, b[x]);
		}
	}
	memset(src, 255, 9 * 3 * 3);
	third_one(a, W, src, 9, 3, 3);
	TEST_EQ(255, a[2]);
 out:
	free(src);
	return err;
}

/* --- text ------------------------------------------------------------- */

static const struct { const char *in, *clean, *initials; } namev[] = {
	{"Ann Bee", "Ann Bee", "AB"},
	{"  Ann \t\n Bee  ", "Ann Bee", "AB"},
	{"ann", "ann", "A"},
	{"Жанна Иванова", "Жанна Иванова", "ЖИ"},
	{"محمد علي", "محمد علي", "مع"},
	{"王小明", "王小明", "王"},
	{"Ann-Marie O'Neil (Sales)", "Ann-Marie O'Neil (Sales)", "AO"},
	{"3001", "3001", "3"},
	{"a\xff" "b", "a\xef\xbf\xbd" "b", "AB"},
	{"\xe2\x80\xae" "evil", "evil", "E"},
	{"", "", "?"},
	{"\xf0\x9f\x99\x82", "\xf0\x9f\x99\x82", "\xf0\x9f\x99\x82"},
	{"😀 Sam", "😀 Sam", "S"},
};

static int test_names(void)
{
	char buf[LABEL_TEXT_MAX], ini[16];
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(namev); i++) {
		label_clean(buf, sizeof(buf), namev[i].in);
		TEST_STR(namev[i].clean, buf);
		label_initials(ini, sizeof(ini), buf);
		if (i < 8 || i == 10 || i == 9)
			TEST_STR(namev[i].initials, ini);
	}
 out:
	return err;
}

static int test_plates(void)
{
	static const char *const textv[] = {
		"Ann", "Жанна", "محمد علي", "王小明", "שלום", "नमस्ते", "🙂", "한국어",
		"W̷̢̧̛̛͎̠̲̗a very long name that will never ever fit a tile, ever",
	};
	char buf[LABEL_TEXT_MAX], big[4096];
	struct vbitmap bm = {0};
	struct vpic card = {0};
	struct label *l = NULL;
	int err = 0;

	TEST_ERR(label_alloc(&l));
	TEST_ERR(label_warm(l));
	for (size_t i = 0; i < ARRAY_SIZE(textv); i++) {
		unsigned ink = 0;

		label_clean(buf, sizeof(buf), textv[i]);
		TEST_ERR(label_plate(l, &bm, buf, 14, 240));
		TEST_TRUE(bm.pic.w <= 240 && bm.pic.h == 24);
		for (unsigned x = 0; x < bm.pic.w; x++)
			for (unsigned y = 0; y < bm.pic.h; y++)
				ink += px(&bm.pic, 0, x, y) > 120;
		TEST_TRUE(ink > 5);
		vbitmap_close(&bm);
		TEST_ERR(label_card(l, &card, 252, 140, buf, "a note"));
		vpic_close(&card);
	}
	memset(big, 0xcc, sizeof(big) - 1);
	big[sizeof(big) - 1] = 0;
	label_clean(buf, sizeof(buf), big);
	TEST_EQ(LABEL_CHARS_MAX * 3, strlen(buf));
	TEST_ERR(label_plate(l, &bm, buf, 14, 240));
 out:
	vbitmap_close(&bm);
	vpic_close(&card);
	mem_deref(l);
	return err;
}

/* --- governor and lips ------------------------------------------------ */

static uint64_t gov_run(struct gov *g, uint64_t now, unsigned s,
			unsigned full_us, unsigned *changes)
{
	uint64_t end = now + s * 1000000ull;

	while (now < end) {
		uint64_t had = 33333ull * gov_divisor(g);
		uint64_t took = gov_fast(g) ? full_us * 2 / 3 : full_us;

		*changes += gov_tick(g, now, took, had, took > had);
		now += had > took ? had : took;
	}

	return now;
}

static int test_governor(void)
{
	unsigned changes = 0;
	struct gov g;
	uint64_t now = 1;
	int err = 0;

	gov_init(&g, now);
	now = gov_run(&g, now, 10, 20000, &changes);
	TEST_EQ(0, changes);

	now = gov_run(&g, now, 2, 40000, &changes);       /* 15 fps do    */
	TEST_EQ(1, g.step);
	TEST_EQ(2, gov_divisor(&g));
	now = gov_run(&g, now, 20, 40000, &changes);
	TEST_EQ(1, g.step);
	TEST_EQ(1, changes);

	now = gov_run(&g, now, 5, 150000, &changes);
	TEST_EQ(5, g.step);
	now = gov_run(&g, now, 60, 10000, &changes);
	TEST_EQ(0, g.step);
	(void)now;
 out:
	return err;
}

/* What each step leaves of the ladder */
static int test_governor_sizes(void)
{
	static const unsigned wantv[GOV_STEPS] = {0, 0, 0, 360, 180, 180};
	struct video_ladder l = {.rungc = 0}, one = {.rungc = 1};
	int err = 0;

	ladder_default(&l);
	for (unsigned i = 0; i < GOV_STEPS; i++) {
		TEST_EQ(wantv[i], gov_height(i, &l, 720));
		TEST_TRUE(gov_text(i)[0]);
		for (unsigned k = 0; k < i; k++)
			TEST_TRUE(strcmp(gov_text(i), gov_text(k)));
	}
	TEST_EQ(720, gov_height(3, &l, 1080));
	TEST_EQ(360, gov_height(4, &l, 1080));
	TEST_EQ(180, gov_height(5, &l, 1080));
	TEST_EQ(0, gov_height(GOV_STEPS, &l, 720));

	/* a ladder of one size has nowhere to go */
	one.rungv[0] = l.rungv[0];
	TEST_EQ(one.rungv[0].height, gov_height(5, &one,
						one.rungv[0].height));
 out:
	return err;
}

static int test_lips(void)
{
	unsigned hold = 0, sets = 0;
	struct lips l = {0};
	uint64_t now = 1000;
	int err = 0;

	for (unsigned i = 0; i < 300; i++, now += 33333) {
		int64_t late = 80000 - (int64_t)hold * 1000;

		sets += lips_put(&l, now, late, &hold);
	}
	TEST_TRUE(hold >= 65 && hold <= 80);
	TEST_EQ(1, sets);
	for (unsigned i = 0; i < 900; i++, now += 33333)
		lips_put(&l, now, -90000 - (int64_t)hold * 1000, &hold);
	TEST_EQ(0, hold);
	TEST_TRUE(!lips_put(&l, now, INT64_MAX / 2, &hold));
 out:
	return err;
}

static int test_recovery_point(void)
{
	static const uint8_t yes[] = {0, 0, 0, 1, 6, 5, 2, 1, 1, 6, 1, 0x80,
		0x80, 0, 0, 1, 0x41, 1, 2, 3};
	static const uint8_t no[] = {0, 0, 0, 1, 6, 5, 2, 1, 1, 0x80,
		0, 0, 1, 0x41, 6, 1, 2, 3};
	int err = 0;

	TEST_TRUE(vdec_h264_recovers(yes, sizeof(yes)));
	TEST_TRUE(!vdec_h264_recovers(no, sizeof(no)));
 out:
	return err;
}

static const struct test testv[] = {
	{"the grid's columns, rows and tile sizes", test_grid},
	{"tiles on the grid, inside, apart, 1 to 25", test_tiles},
	{"boxes: bars, crops, odd sizes", test_box},
	{"a colour comes out exactly, and only there", test_draw},
	{"ranges, matrices and formats", test_colours},
	{"exact thirds", test_thirds},
	{"names and initials", test_names},
	{"plates in every script", test_plates},
	{"the governor goes down, stays, comes back", test_governor},
	{"sizes that the governor leaves", test_governor_sizes},
	{"sound held back for late pictures", test_lips},
	{"gradual refresh is recognised", test_recovery_point},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
