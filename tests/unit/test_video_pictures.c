/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_video_pictures.c -- canvases to look at
 *
 * With TUTTI_PNG_DIR set they are kept there; without it they are made all
 * the same, only fewer.
 */
#include <stdlib.h>

#include <libavutil/frame.h>

#include <re.h>

#include "tests/fake/layouts.h"
#include "tests/fake/studio.h"
#include "tests/unit/test.h"

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

static int test_room(void)
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
	struct studio f;
	uint32_t id = 1;
	int err = 0;

	TEST_ERR(studio_open(&f));
	TEST_ERR(video_watch_alloc(&w, f.v, &studio_top, NULL));
	for (size_t i = 0; i < ARRAY_SIZE(countv); i++) {
		for (; id <= countv[i]; id++) {
			bool odd = id % 5 == 3, tall = id % 9 == 5;

			TEST_ERR(studio_join(&f, id, namev[(id - 1) % 12],
				      id % 4 == 2 ? CODEC_NONE : CODEC_H264,
				      tall ? 360 : 640,
				      tall ? 640 : odd ? 480 : 360, 0));
			if (f.partyv[id].cam)
				draw_person(f.partyv[id].cam, id);
		}
		video_speaker(f.v, countv[i] > 4 ? 4 : 1);
		video_recording(f.v, countv[i] > 2);
		TEST_ERR(studio_step(&f, 12));
		TEST_ERR(studio_shot(&f));
		TEST_ERR(f.shot_err);
		TEST_ERR(studio_png(&f, "%02u", countv[i]));
	}
	studio_idle(&f, 75);
	TEST_ERR(studio_shot(&f));
	TEST_ERR(studio_png(&f, "26-frozen"));
	TEST_EQ(0, f.rungv[0].fails);
 out:
	mem_deref(w);
	studio_close(&f);
	return err;
}

/* --- pictures to look at ---------------------------------------------- */

/* Black on white, lines of a pixel, to the edge */
static void draw_slide(struct cam *cam)
{
	struct vpic *p = cam_pic(cam);

	cam_rgb(cam, 0xfafafa);
	for (unsigned y = 0; y < p->h; y++) {
		for (unsigned x = 0; x < p->w; x++) {
			bool edge = x < 4 || y < 4 || x >= p->w - 4 ||
				y >= p->h - 4;
			bool text = y % 40 > 12 && y % 40 < 30 &&
				(x / 6 * 7 + y / 40 * 13) % 11 < 6 &&
				x > 40 && x < p->w - 60;

			if (edge || text)
				p->data[0][y * (unsigned)p->stride[0] + x] =
					30;
		}
	}
}

static int keep(struct studio *f, const struct layout *l, unsigned n,
		const char *what)
{
	int err;

	on_loop();
	on_worker();
	err = studio_shot(f);
	if (err)
		return err;

	return studio_png(f, "%s-%02u%s", layout_name(l), n, what);
}

static int test_layouts(void)
{
	static const unsigned allv[] = {1, 2, 3, 5, 6, 9, 12};
	static const unsigned fewv[] = {1, 3, 12};
	const bool all = getenv("TUTTI_PNG_DIR");
	const unsigned *countv = all ? allv : fewv;
	size_t countc = all ? ARRAY_SIZE(allv) : ARRAY_SIZE(fewv);
	struct video_watch *w = NULL;
	struct layout_set *set = NULL;
	const struct layout *l;
	uint32_t id = 1;
	struct studio f;
	int err = 0;

	TEST_ERR(studio_open(&f));
	TEST_ERR(layout_set_alloc(&set));
	TEST_ERR(fake_layouts(set));
	TEST_ERR(video_watch_alloc(&w, f.v, &studio_top, NULL));
	for (size_t i = 0; i < countc; i++) {
		for (; id <= countv[i]; id++)
			TEST_ERR(studio_person(&f, id));
		video_speaker(f.v, 1 + (uint32_t)i % countv[i]);
		for (unsigned k = 0; (l = layout_nth(set, k)); k++) {
			studio_room(&f, layout_name(l), 0);
			TEST_ERR(studio_step(&f, 8));
			TEST_ERR(keep(&f, l, countv[i], ""));
			studio_room(&f, layout_name(l), countv[i]);
			TEST_ERR(studio_step(&f, 8));
			TEST_ERR(keep(&f, l, countv[i], "-spot"));
			studio_room(&f, layout_name(l), 0);
			if (countv[i] == 6 || countv[i] > 9)
				continue;
			TEST_ERR(studio_share(&f, 1, countv[i] == 3 ? 800 :
					      1280, countv[i] == 3 ? 600 : 720,
					      0));
			draw_slide(f.partyv[1].screen);
			TEST_ERR(studio_step(&f, 12));
			TEST_ERR(keep(&f, l, countv[i], "-slides"));
			f.partyv[1].slides = mem_deref(f.partyv[1].slides);
			f.partyv[1].screen = mem_deref(f.partyv[1].screen);
		}
	}
	TEST_EQ(0, f.fails);
 out:
	mem_deref(w);
	mem_deref(set);
	studio_close(&f);
	return err;
}

static const struct test testv[] = {
	{"pictures of rooms, every script", test_room},
	{"pictures of layouts", test_layouts},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
