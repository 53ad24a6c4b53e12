/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_video_small.c -- a canvas in the sizes of its rungs
 */
#include "mixer/video_small.h"
#include "tests/unit/test.h"

enum { W = 1280, H = 720 };

static void fill(struct vpic *p, uint8_t y)
{
	const struct layout_rect all = {0, 0, p->w, p->h};

	canvas_fill(p, &all, (struct vcolour){y, 100, 150});
}

/* libyuv's box filter rounds down */
static bool near(uint8_t want, uint8_t got)
{
	return got == want || got + 1 == want;
}

static bool is(const struct smalls *s, const struct vpic *canvas, unsigned w,
	       unsigned h, uint8_t y)
{
	const struct vpic *p = smalls_get(s, canvas, w, h);

	return p && p->w == w && p->h == h && near(y, p->data[0][0]) &&
		near(y, p->data[0][(h - 1) * (unsigned)p->stride[0] + w -
				   1]) &&
		near(100, p->data[1][0]) && near(150, p->data[2][0]);
}

/* Once per size and change of the canvas */
static int test_shared(void)
{
	struct vpic canvas = {0};
	struct smalls s = {.n = 0};
	int err = 0;

	TEST_ERR(vpic_init(&canvas, W, H));
	fill(&canvas, 50);
	TEST_TRUE(smalls_get(&s, &canvas, W, H) == &canvas);
	TEST_TRUE(!smalls_get(&s, &canvas, 640, 360));

	/* however many rungs of a size, in any order */
	TEST_ERR(smalls_want(&s, 320, 180));
	TEST_ERR(smalls_want(&s, 640, 360));
	TEST_ERR(smalls_want(&s, 640, 360));
	TEST_ERR(smalls_want(&s, 320, 180));
	smalls_make(&s, &canvas);
	TEST_EQ(2, s.scaled);
	TEST_TRUE(is(&s, &canvas, 640, 360, 50));
	TEST_TRUE(is(&s, &canvas, 320, 180, 50));

	/* nothing drawn: nothing to do */
	TEST_ERR(smalls_want(&s, 320, 180));
	smalls_make(&s, &canvas);
	TEST_EQ(2, s.scaled);

	/* the smaller one comes from the larger, due or not */
	fill(&canvas, 90);
	smalls_stale(&s);
	TEST_ERR(smalls_want(&s, 320, 180));
	smalls_make(&s, &canvas);
	TEST_EQ(4, s.scaled);
	TEST_TRUE(is(&s, &canvas, 320, 180, 90));

	/* the larger one alone leaves the smaller one alone */
	fill(&canvas, 120);
	smalls_stale(&s);
	TEST_ERR(smalls_want(&s, 640, 360));
	smalls_make(&s, &canvas);
	TEST_EQ(5, s.scaled);
	TEST_TRUE(is(&s, &canvas, 640, 360, 120));
	TEST_TRUE(is(&s, &canvas, 320, 180, 90));
	TEST_ERR(smalls_want(&s, 320, 180));
	smalls_make(&s, &canvas);
	TEST_EQ(6, s.scaled);
	TEST_TRUE(is(&s, &canvas, 320, 180, 120));
 out:
	smalls_close(&s);
	vpic_close(&canvas);
	return err;
}

/* What nobody wants is forgotten, and there is an end to sizes */
static int test_bounds(void)
{
	struct vpic canvas = {0};
	struct smalls s = {.n = 0};
	int err = 0;

	TEST_ERR(vpic_init(&canvas, W, H));
	fill(&canvas, 50);
	for (unsigned i = 0; i < SMALLS_MAX; i++)
		TEST_ERR(smalls_want(&s, 16 + 16 * (i * 7 % SMALLS_MAX), 90));
	TEST_EQ(ENOSPC, smalls_want(&s, 1024, 90));
	for (unsigned i = 1; i < s.n; i++)
		TEST_TRUE(s.v[i - 1].pic.w > s.v[i].pic.w);
	smalls_make(&s, &canvas);
	TEST_EQ(SMALLS_MAX, s.scaled);
	for (unsigned i = 0; i < 200; i++) {
		TEST_ERR(smalls_want(&s, 64, 90));
		smalls_make(&s, &canvas);
	}
	TEST_EQ(1, s.n);
	TEST_TRUE(is(&s, &canvas, 64, 90, 50));
	TEST_EQ(SMALLS_MAX, s.scaled);
 out:
	smalls_close(&s);
	vpic_close(&canvas);
	return err;
}

static const struct test testv[] = {
	{"one picture per size and change", test_shared},
	{"bounded, and forgotten when idle", test_bounds},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
