/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_video_views.c -- what each sees: himself hidden, somebody
 * pinned, who spoke before him; and tiles that glide and overlap
 *
 * Each party is a colour, and what is where is read from what a viewer
 * decodes.  With TUTTI_PNG_DIR set the pictures of a move are kept there.
 */
#include <stdlib.h>

#include <libavutil/frame.h>

#include <re.h>

#include "mixer/layout.h"
#include "mixer/video_priv.h"
#include "tests/fake/studio.h"
#include "tests/unit/test.h"

static bool is_rgb(const struct AVFrame *f, unsigned x, unsigned y,
		   unsigned rgb)
{
	return studio_is(f, x, y, rgb, 8);
}

static int watch(struct video_watch **wp, struct studio *f,
		 const char *layout, uint32_t self, bool hide, uint32_t pin)
{
	const struct video_view view = {
		.layout = layout, .self = self, .hide_self = hide,
		.pins = pins_one(pin),
	};

	on_loop();

	return video_watch_alloc(wp, f->v, &studio_top, &view);
}

static int people(struct studio *f, unsigned n) ASSERTS(loop) ASSERTS(worker);

static int people(struct studio *f, unsigned n)
{
	int err = studio_open(f);

	for (uint32_t i = 1; i <= n && !err; i++)
		err = studio_person(f, i);

	return err;
}

/* --- views ------------------------------------------------------------ */

/* Who hides himself sees the others; wishes that change nothing share the
 * room's scene. */
static int test_hide(void)
{
	struct video_watch *room = NULL, *two = NULL, *none = NULL;
	struct studio f;
	int err = 0;

	TEST_ERR(people(&f, 3));
	TEST_ERR(watch(&room, &f, "", 1, false, 0));
	TEST_ERR(watch(&two, &f, "", 2, true, 0));
	TEST_ERR(watch(&none, &f, "", 99, true, 98));
	TEST_ERR(studio_step(&f, 20));
	TEST_EQ(2, studio_stat(&f, "scenes"));
	TEST_EQ(video_watch_rung(room), video_watch_rung(none));
	TEST_TRUE(is_rgb(studio_seen(&f, room), 320, 180, studio_rgbv[1]));
	TEST_TRUE(is_rgb(studio_seen(&f, room), 960, 180, studio_rgbv[2]));
	TEST_TRUE(is_rgb(studio_seen(&f, two), 320, 360, studio_rgbv[1]));
	TEST_TRUE(is_rgb(studio_seen(&f, two), 960, 360, studio_rgbv[3]));

	/* where one is large it never is himself */
	studio_room(&f, "speaker", 0);
	video_speaker(f.v, 2);
	TEST_ERR(studio_step(&f, 40));
	TEST_TRUE(is_rgb(studio_seen(&f, room), 640, 360, studio_rgbv[2]));
	TEST_TRUE(is_rgb(studio_seen(&f, two), 640, 360, studio_rgbv[1]));

	/* he goes: nobody is left to hide */
	studio_leave(&f, 2);
	TEST_ERR(studio_step(&f, 20));
	TEST_EQ(video_watch_rung(room), video_watch_rung(two));
	TEST_EQ(1, studio_stat(&f, "scenes"));
	TEST_EQ(0, f.fails);
 out:
	mem_deref(room);
	mem_deref(two);
	mem_deref(none);
	studio_close(&f);
	return err;
}

/* Large for one alone, whoever speaks, and before the room's spotlight */
static int test_pin(void)
{
	struct video_watch *room = NULL, *one = NULL, *other = NULL;
	struct studio f;
	int err = 0;

	TEST_ERR(people(&f, 4));
	TEST_ERR(watch(&room, &f, "", 1, false, 0));
	TEST_ERR(watch(&one, &f, "", 2, false, 3));
	TEST_ERR(watch(&other, &f, "", 4, false, 3));
	TEST_ERR(studio_step(&f, 30));
	TEST_EQ(2, studio_stat(&f, "scenes"));
	TEST_EQ(video_watch_rung(one), video_watch_rung(other));
	TEST_TRUE(is_rgb(studio_seen(&f, room), 320, 180, studio_rgbv[1]));
	TEST_TRUE(is_rgb(studio_seen(&f, one), 640, 300, studio_rgbv[3]));
	TEST_TRUE(is_rgb(studio_seen(&f, one), 384, 650, studio_rgbv[1]));
	TEST_TRUE(is_rgb(studio_seen(&f, one), 640, 650, studio_rgbv[2]));
	TEST_TRUE(is_rgb(studio_seen(&f, one), 896, 650, studio_rgbv[4]));
	video_speaker(f.v, 4);
	studio_room(&f, "", 1);
	TEST_ERR(studio_step(&f, 30));
	TEST_TRUE(is_rgb(studio_seen(&f, one), 640, 300, studio_rgbv[3]));
	TEST_TRUE(is_rgb(studio_seen(&f, one), 640, 650, studio_rgbv[2]));
	TEST_TRUE(is_rgb(studio_seen(&f, one), 896, 650, studio_rgbv[4]));

	/* whom he had pinned goes: the room's */
	studio_leave(&f, 3);
	TEST_ERR(studio_step(&f, 20));
	TEST_EQ(video_watch_rung(one), video_watch_rung(other));
	TEST_TRUE(is_rgb(studio_seen(&f, one), 640, 300, studio_rgbv[1]));
	TEST_EQ(0, f.fails);
 out:
	mem_deref(room);
	mem_deref(one);
	mem_deref(other);
	studio_close(&f);
	return err;
}

static int watch_pins(struct video_watch **wp, struct studio *f,
		      const char *layout, uint32_t self,
		      const struct pins *pins)
{
	const struct video_view view = {
		.layout = layout, .self = self, .pins = *pins,
	};

	on_loop();

	return video_watch_alloc(wp, f->v, &studio_top, &view);
}

/* Two side by side in their order, whoever speaks; in a layout with one
 * large the second is among the others, whoever speaks */
static int test_two_pins(void)
{
	const struct pins two = {{4, 2}, 2}, turned = {{2, 4}, 2};
	struct video_watch *grid = NULL, *pair = NULL, *other = NULL,
		*strip = NULL;
	struct studio f;
	int err = 0;

	TEST_ERR(people(&f, 12));
	TEST_ERR(watch_pins(&grid, &f, "", 1, &two));
	TEST_ERR(watch_pins(&pair, &f, "side-by-side", 2, &two));
	TEST_ERR(watch_pins(&other, &f, "side-by-side", 3, &turned));
	TEST_ERR(watch_pins(&strip, &f, "filmstrip", 1,
			    &(struct pins){{3, 12}, 2}));
	for (uint32_t i = 1; i <= 3; i++) {
		video_speaker(f.v, i);
		TEST_ERR(studio_step(&f, 40));
		TEST_EQ(4, studio_stat(&f, "scenes"));
		TEST_TRUE(is_rgb(studio_seen(&f, grid), 320, 150,
				 studio_rgbv[4]));
		TEST_TRUE(is_rgb(studio_seen(&f, grid), 960, 150,
				 studio_rgbv[2]));
		TEST_TRUE(is_rgb(studio_seen(&f, pair), 320, 360,
				 studio_rgbv[4]));
		TEST_TRUE(is_rgb(studio_seen(&f, pair), 960, 360,
				 studio_rgbv[2]));
		TEST_TRUE(is_rgb(studio_seen(&f, other), 320, 360,
				 studio_rgbv[2]));
		TEST_TRUE(is_rgb(studio_seen(&f, other), 960, 360,
				 studio_rgbv[4]));
		TEST_TRUE(is_rgb(studio_seen(&f, strip), 640, 300,
				 studio_rgbv[3]));
		/* of 8 places below him, in the last */
		TEST_TRUE(is_rgb(studio_seen(&f, strip), 1200, 660,
				 studio_rgbv[12]));
	}

	/* one of them goes: the other is large alone */
	studio_leave(&f, 4);
	TEST_ERR(studio_step(&f, 40));
	TEST_TRUE(is_rgb(studio_seen(&f, grid), 640, 300, studio_rgbv[2]));
	TEST_TRUE(is_rgb(studio_seen(&f, pair), 320, 360, studio_rgbv[2]));
	TEST_TRUE(is_rgb(studio_seen(&f, pair), 960, 360, studio_rgbv[3]));
	TEST_EQ(video_watch_rung(pair), video_watch_rung(other));
	TEST_EQ(0, f.fails);
 out:
	mem_deref(grid);
	mem_deref(pair);
	mem_deref(other);
	mem_deref(strip);
	studio_close(&f);
	return err;
}

/* The room's: for all, whom one of them is for, too */
static int test_spotlights(void)
{
	const struct pins two = {{3, 1}, 2};
	struct video_watch *wv[4] = {0};
	struct studio f;
	int err = 0;

	TEST_ERR(people(&f, 4));
	for (uint32_t i = 1; i <= 3; i++)
		TEST_ERR(watch(&wv[i], &f, "", i, false, 0));
	on_loop();
	video_room(f.v, "speaker", &two);
	TEST_ERR(studio_step(&f, 40));
	/* nobody is large alone: all see the same */
	TEST_EQ(1, studio_stat(&f, "scenes"));
	TEST_TRUE(is_rgb(studio_seen(&f, wv[1]), 320, 360, studio_rgbv[3]));
	TEST_TRUE(is_rgb(studio_seen(&f, wv[1]), 960, 360, studio_rgbv[1]));

	/* one is, so he sees the other */
	video_room(f.v, "filmstrip", &two);
	TEST_ERR(studio_step(&f, 40));
	TEST_EQ(2, studio_stat(&f, "scenes"));
	TEST_TRUE(is_rgb(studio_seen(&f, wv[1]), 640, 300, studio_rgbv[3]));
	TEST_TRUE(is_rgb(studio_seen(&f, wv[3]), 640, 300, studio_rgbv[1]));
	TEST_EQ(0, f.fails);
 out:
	for (unsigned i = 0; i < 4; i++)
		mem_deref(wv[i]);
	studio_close(&f);
	return err;
}

/* Who is large for all sees who was before, in a scene of his own. */
static int test_own(void)
{
	struct video_watch *wv[4] = {0};
	struct studio f;
	int err = 0;

	TEST_ERR(people(&f, 3));
	studio_room(&f, "speaker", 0);
	for (uint32_t i = 1; i <= 3; i++)
		TEST_ERR(watch(&wv[i], &f, "", i, false, 0));
	TEST_ERR(studio_step(&f, 20));
	/* nobody has spoken: everybody sees the same */
	TEST_EQ(1, studio_stat(&f, "scenes"));

	video_speaker(f.v, 3);
	TEST_ERR(studio_step(&f, 40));
	video_speaker(f.v, 2);
	TEST_ERR(studio_step(&f, 40));
	TEST_EQ(3, studio_stat(&f, "scenes"));
	TEST_EQ(3, studio_stat(&f, "rungs"));
	TEST_TRUE(is_rgb(studio_seen(&f, wv[1]), 640, 360, studio_rgbv[2]));
	TEST_TRUE(is_rgb(studio_seen(&f, wv[3]), 640, 360, studio_rgbv[2]));
	TEST_TRUE(is_rgb(studio_seen(&f, wv[2]), 640, 360, studio_rgbv[3]));
	video_speaker(f.v, 1);
	TEST_ERR(studio_step(&f, 40));
	TEST_EQ(3, studio_stat(&f, "scenes"));
	TEST_TRUE(video_watch_rung(wv[3]) != video_watch_rung(wv[2]));
	TEST_TRUE(is_rgb(studio_seen(&f, wv[1]), 640, 360, studio_rgbv[2]));
	TEST_TRUE(is_rgb(studio_seen(&f, wv[2]), 640, 360, studio_rgbv[1]));
	TEST_TRUE(is_rgb(studio_seen(&f, wv[3]), 640, 360, studio_rgbv[1]));

	/* who is spotlit, too; beside whom spoke last he needs nothing */
	studio_room(&f, "filmstrip", 3);
	TEST_ERR(studio_step(&f, 40));
	TEST_TRUE(is_rgb(studio_seen(&f, wv[1]), 640, 300, studio_rgbv[3]));
	TEST_TRUE(is_rgb(studio_seen(&f, wv[3]), 640, 300, studio_rgbv[1]));
	studio_room(&f, "side-by-side", 3);
	TEST_ERR(studio_step(&f, 40));
	TEST_EQ(1, studio_stat(&f, "scenes"));
	TEST_EQ(0, f.fails);
 out:
	for (unsigned i = 0; i < 4; i++)
		mem_deref(wv[i]);
	studio_close(&f);
	return err;
}

/* Two in dialogue: the others get no key frame, nor do they themselves once
 * each has a scene of his own; who no longer speaks goes back in time. */
static int test_dialogue(void)
{
	static const char *const namev[] = {"speaker", "1+7", "filmstrip"};
	struct video_watch *wv[5] = {0};
	unsigned keys[3];
	uint32_t rungv[3];
	struct studio f = {0};
	int err = 0;

	for (unsigned k = 0; k < ARRAY_SIZE(namev); k++) {
		TEST_ERR(people(&f, 4));
		studio_room(&f, namev[k], 0);
		for (uint32_t i = 0; i <= 4; i++)
			TEST_ERR(watch(&wv[i], &f, "", i, false, 0));
		TEST_ERR(studio_step(&f, 20));
		keys[0] = f.rungv[0].keys;
		for (uint32_t i = 1; i <= 2; i++) {
			video_speaker(f.v, i);
			TEST_ERR(studio_step(&f, 60));
			rungv[i] = video_watch_rung(wv[i]);
			TEST_TRUE(rungv[i] != video_watch_rung(wv[0]));
			keys[i] = f.rungv[i].keys;
		}
		for (uint32_t i = 0; i < 6; i++) {
			video_speaker(f.v, 1 + i % 2);
			TEST_ERR(studio_step(&f, 60));
			TEST_TRUE(is_rgb(studio_seen(&f, wv[2 - i % 2]), 640,
					 300, studio_rgbv[1 + i % 2]));
			TEST_TRUE(!is_rgb(studio_seen(&f, wv[1 + i % 2]), 640,
					  300, studio_rgbv[1 + i % 2]));
		}
		TEST_EQ(rungv[1], video_watch_rung(wv[1]));
		TEST_EQ(rungv[2], video_watch_rung(wv[2]));
		for (unsigned i = 0; i < 3; i++)
			TEST_EQ(keys[i], f.rungv[i].keys);

		/* another one speaks: one of them goes back soon … */
		video_speaker(f.v, 3);
		TEST_ERR(studio_step(&f, 10));
		TEST_EQ(keys[0], f.rungv[0].keys);
		TEST_ERR(studio_step(&f, 20));
		TEST_EQ(video_watch_rung(wv[0]), video_watch_rung(wv[1]));
		TEST_EQ(rungv[2], video_watch_rung(wv[2]));
		TEST_EQ(keys[0] + 1, f.rungv[0].keys);
		TEST_EQ(3, studio_stat(&f, "scenes"));
		/* … the other in time; and nobody else comes to a new one */
		TEST_ERR(studio_step(&f, 310));
		TEST_EQ(video_watch_rung(wv[0]), video_watch_rung(wv[2]));
		TEST_EQ(keys[0] + 2, f.rungv[0].keys);
		TEST_EQ(2, studio_stat(&f, "scenes"));
		/* where nobody is large nobody stays */
		video_speaker(f.v, 4);
		TEST_ERR(studio_step(&f, 10));
		studio_room(&f, "grid", 0);
		TEST_ERR(studio_step(&f, 2));
		TEST_EQ(1, studio_stat(&f, "scenes"));
		TEST_EQ(0, f.fails);
		for (unsigned i = 0; i <= 4; i++)
			wv[i] = mem_deref(wv[i]);
		studio_close(&f);
		memset(&f, 0, sizeof(f));
	}
 out:
	for (unsigned i = 0; i <= 4; i++)
		mem_deref(wv[i]);
	if (err)
		studio_close(&f);
	return err;
}

/* However many wishes: so many scenes and no more; who came too late gets
 * his when one is free. */
static int test_bound(void)
{
	struct video_watch *wv[STUDIO_PARTIES + 1] = {0};
	enum { LATE = VIDEO_VIEWS_MAX + 1 };
	struct studio f;
	uint32_t room;
	int err = 0;

	TEST_ERR(people(&f, 20));
	TEST_ERR(watch(&wv[0], &f, "", 0, false, 0));
	for (uint32_t i = 1; i <= 20; i++)
		TEST_ERR(watch(&wv[i], &f, "", i, true, 0));
	studio_idle(&f, 1);
	TEST_EQ(VIDEO_VIEWS_MAX + 1, studio_stat(&f, "scenes"));
	room = video_watch_rung(wv[0]);
	for (uint32_t i = 1; i <= 20; i++)
		TEST_EQ(i >= LATE, video_watch_rung(wv[i]) == room);
	for (uint32_t i = 1; i < 8; i++)
		wv[i] = mem_deref(wv[i]);
	studio_idle(&f, 1);
	TEST_TRUE(video_watch_rung(wv[LATE]) != room);
	TEST_EQ(20 - 7 + 1, studio_stat(&f, "scenes"));
 out:
	for (unsigned i = 0; i <= STUDIO_PARTIES; i++)
		mem_deref(wv[i]);
	studio_close(&f);
	return err;
}

/* --- order ------------------------------------------------------------ */

static const struct {
	unsigned x, y;
} place4v[] = {{320, 180}, {960, 180}, {320, 540}, {960, 540}};

/* Speaking, muting and a spotlight for a while move nobody in the grid; who
 * leaves is replaced by the last. */
static int test_order(void)
{
	struct video_watch *w = NULL;
	struct studio f;
	int err = 0;

	TEST_ERR(people(&f, 4));
	TEST_ERR(watch(&w, &f, "", 0, false, 0));
	TEST_ERR(studio_step(&f, 20));
	for (uint32_t i = 4; i; i--) {
		video_speaker(f.v, i);
		TEST_ERR(studio_step(&f, 5));
	}
	studio_room(&f, "", 3);
	TEST_ERR(studio_step(&f, 20));
	TEST_TRUE(is_rgb(studio_seen(&f, w), 640, 300, studio_rgbv[3]));
	studio_room(&f, "", 0);
	TEST_ERR(studio_step(&f, 20));
	for (unsigned i = 0; i < 4; i++)
		TEST_TRUE(is_rgb(studio_seen(&f, w), place4v[i].x,
				 place4v[i].y, studio_rgbv[1 + i]));
	/* one goes as two come: the first of them takes his place */
	studio_leave(&f, 1);
	TEST_ERR(studio_person(&f, 5));
	TEST_ERR(studio_step(&f, 20));
	TEST_TRUE(is_rgb(studio_seen(&f, w), 320, 180, studio_rgbv[5]));
	for (unsigned i = 1; i < 4; i++)
		TEST_TRUE(is_rgb(studio_seen(&f, w), place4v[i].x,
				 place4v[i].y, studio_rgbv[1 + i]));
	studio_leave(&f, 2);
	TEST_ERR(studio_step(&f, 20));
	TEST_TRUE(is_rgb(studio_seen(&f, w), 320, 180, studio_rgbv[5]));
	TEST_TRUE(is_rgb(studio_seen(&f, w), 960, 180, studio_rgbv[4]));
	TEST_TRUE(is_rgb(studio_seen(&f, w), 640, 540, studio_rgbv[3]));
	TEST_EQ(0, f.fails);
 out:
	mem_deref(w);
	studio_close(&f);
	return err;
}

/* --- moves ------------------------------------------------------------ */

/* Where the left edge of a colour is in a line of the canvas; 0: nowhere */
static unsigned edge(const struct AVFrame *f, unsigned y, unsigned rgb)
{
	const struct vcolour c = vcolour_rgb(rgb);

	for (unsigned x = 0; f && x < (unsigned)f->width; x++) {
		const uint8_t *row[3] = {
			f->data[0] + (size_t)y * (size_t)f->linesize[0],
			f->data[1] + (size_t)y / 2 * (size_t)f->linesize[1],
			f->data[2] + (size_t)y / 2 * (size_t)f->linesize[2],
		};

		if (abs(row[0][x] - c.y) + abs(row[1][x / 2] - c.u) +
		    abs(row[2][x / 2] - c.v) < 12)
			return x;
	}

	return 0;
}

/* Tiles glide to their places within 300 ms; then everything stands still
 * again, and is what it would be without a move. */
static int test_glide(void)
{
	struct video_watch *w = NULL, *late = NULL;
	unsigned was, now, units;
	AVFrame *moved = NULL;
	struct studio f;
	int err = 0;

	TEST_ERR(people(&f, 3));
	TEST_ERR(watch(&w, &f, "", 0, false, 0));
	TEST_ERR(studio_step(&f, 20));
	/* the third from the middle of the row below to its right half */
	studio_idle(&f, 1);
	TEST_ERR(studio_shot(&f));
	was = edge(f.shot, 540, studio_rgbv[3]);
	TEST_TRUE(was > 310 && was < 330);
	studio_room(&f, "filmstrip", 0);
	for (unsigned i = 0; i < 8; i++) {
		TEST_ERR(studio_shot(&f));
		TEST_ERR(studio_png(&f, "glide-%u", i));
		now = edge(f.shot, 640, studio_rgbv[3]);
		TEST_TRUE(now > was || i == 7);
		was = now;
	}
	TEST_TRUE(was > 640 && was < 650);
	TEST_TRUE(is_rgb(f.shot, 640, 300, studio_rgbv[1]));
	TEST_TRUE(is_rgb(f.shot, 500, 650, studio_rgbv[2]));

	/* it settles: then a picture in 200 ms is all there is to send */
	studio_idle(&f, 15);
	units = f.rungv[0].units;
	studio_idle(&f, 30);
	TEST_TRUE(f.rungv[0].units - units <= 6);

	/* two change places: one covers what the other leaves */
	TEST_ERR(studio_step(&f, 5));
	video_speaker(f.v, 2);
	for (unsigned i = 0; i < 8; i++) {
		TEST_ERR(studio_shot(&f));
		TEST_ERR(studio_png(&f, "swap-%u", i));
		TEST_TRUE(is_rgb(f.shot, 640, 500, studio_rgbv[1]) ||
			  is_rgb(f.shot, 640, 500, studio_rgbv[2]));
	}
	TEST_TRUE(is_rgb(f.shot, 640, 300, studio_rgbv[2]));
	TEST_TRUE(is_rgb(f.shot, 500, 650, studio_rgbv[1]));

	/* to the bit as one who never saw it move */
	TEST_ERR(studio_shot(&f));
	moved = f.shot;
	f.shot = NULL;
	w = mem_deref(w);
	studio_idle(&f, 2);
	TEST_ERR(watch(&late, &f, "", 0, false, 0));
	TEST_ERR(studio_step(&f, 20));
	TEST_ERR(studio_shot(&f));
	for (unsigned y = 0; y < 720; y++)
		TEST_EQ(0, memcmp(moved->data[0] + y * (size_t)
				  moved->linesize[0], f.shot->data[0] + y *
				  (size_t)f.shot->linesize[0], 1280));
	TEST_EQ(0, f.fails);
 out:
	av_frame_free(&moved);
	mem_deref(w);
	mem_deref(late);
	studio_close(&f);
	return err;
}

/* While the governor saves there are no moves: every step of one would be
 * a picture that changes all over. */
static int test_no_glide(void)
{
	struct video_watch *w = NULL;
	struct studio f;
	unsigned x;
	int err = 0;

	TEST_ERR(people(&f, 3));
	TEST_ERR(watch(&w, &f, "", 0, false, 0));
	TEST_ERR(studio_step(&f, 20));
	f.v->gov.step = 1;
	studio_room(&f, "filmstrip", 0);
	TEST_ERR(studio_shot(&f));
	x = edge(f.shot, 640, studio_rgbv[3]);
	TEST_TRUE(x > 640 && x < 650);
	TEST_TRUE(is_rgb(f.shot, 640, 300, studio_rgbv[1]));
	TEST_TRUE(is_rgb(f.shot, 500, 650, studio_rgbv[2]));

	/* when it no longer does they glide again */
	f.v->gov.step = 0;
	studio_room(&f, "grid", 0);
	TEST_ERR(studio_shot(&f));
	x = edge(f.shot, 540, studio_rgbv[3]);
	TEST_TRUE(x > 330);
 out:
	mem_deref(w);
	studio_close(&f);
	return err;
}

/* Above the other: what changes below is seen around it, never over it. */
static int test_overlap(void)
{
	static const struct layout_text pip = {
		"pip.layout", "layout inset\ntitle Inset\nform\n"
		"divide 5 5\ncell speaker 0 0 5 5\n"
		"cell previous 3.8 3.8 1 1 z 1\n",
	};
	struct video_watch *w = NULL;
	char errbuf[256] = "";
	struct studio f;
	int err = 0;

	TEST_ERR(people(&f, 2));
	TEST_ERR(video_layouts(f.v, &pip, 1, errbuf, sizeof(errbuf)));
	studio_room(&f, "inset", 0);
	TEST_ERR(watch(&w, &f, "", 0, false, 0));
	TEST_ERR(studio_step(&f, 20));
	for (unsigned i = 0; i < 4; i++) {
		unsigned large = i % 2 ? 0x102030 * i : studio_rgbv[1];

		cam_rgb(f.partyv[1].cam, large);
		if (i == 2)
			cam_rgb(f.partyv[2].cam, 0xffffff);
		TEST_ERR(studio_step(&f, 12));
		TEST_TRUE(is_rgb(studio_seen(&f, w), 640, 360, large));
		TEST_TRUE(is_rgb(studio_seen(&f, w), 1270, 710, large));
		TEST_TRUE(is_rgb(studio_seen(&f, w), 1096, 616,
				 i < 2 ? studio_rgbv[2] : 0xffffff));
	}
	/* they change places, one over the other all the way */
	video_speaker(f.v, 2);
	for (unsigned i = 0; i < 9; i++) {
		TEST_ERR(studio_shot(&f));
		TEST_ERR(studio_png(&f, "inset-%u", i));
	}
	TEST_ERR(studio_step(&f, 10));
	TEST_TRUE(is_rgb(studio_seen(&f, w), 640, 360, 0xffffff));
	TEST_TRUE(is_rgb(studio_seen(&f, w), 1096, 616, 0x102030 * 3));
	TEST_EQ(0, f.fails);
 out:
	if (errbuf[0])
		printf("# %s\n", errbuf);
	mem_deref(w);
	studio_close(&f);
	return err;
}

/* A face on ground with detail: something that costs bits */
static void draw(struct cam *cam, unsigned id)
{
	struct vpic *p = cam_pic(cam);
	uint32_t r = id * 2654435761u;

	for (unsigned y = 0; y < p->h; y++) {
		uint8_t *row = p->data[0] + (size_t)y * (size_t)p->stride[0];

		for (unsigned x = 0; x < p->w; x++) {
			int dx = (int)x * 2 - (int)p->w;
			int dy = (int)y * 2 - (int)p->h;

			r = r * 1664525 + 1013904223;
			row[x] = (uint8_t)(60 + x * 60 / p->w + y * 40 / p->h
					   + (x / 9 + y / 7) % 5 * 8
					   + (r >> 28));
			if (dx * dx + dy * dy < (int)(p->h * p->h / 3))
				row[x] = (uint8_t)(row[x] + 60);
		}
	}
}

static json_int_t bytes(const struct studio *f)
{
	json_t *st, *rung;
	json_int_t n;

	on_loop();
	st = video_stats(f->v);
	rung = json_array_get(json_object_get(st, "rungs"), 0);
	n = json_integer_value(json_object_get(rung, "bytes"));
	json_decref(st);

	return n;
}

/* CPU time of drawing, of all scenes so far [us] */
static json_int_t drawing(const struct studio *f)
{
	json_t *st;
	json_int_t us;

	on_loop();
	st = video_stats(f->v);
	us = json_integer_value(json_object_get(
			json_object_get(st, "cpu_us"), "scale"));
	json_decref(st);

	return us;
}

enum { RATE_PIC = 1500 * 1000 / 8 / 30 };  /* bytes a picture at the rate  */

/* A move and what follows, a second in all: no picture is as large as a key
 * frame would be, and the second as a whole keeps to the rate. */
static int measure(struct studio *f, const char *what)
{
	json_int_t was = bytes(f), max = 0, first = 0, sum = 0;
	json_int_t us = drawing(f), move_us = 0;
	int err = 0;

	on_worker();
	printf("# %-22s", what);
	for (unsigned i = 0; i < 30; i++) {
		json_int_t now;

		TEST_ERR(studio_step(f, 1));
		now = bytes(f);
		if (i < 10)
			printf(" %5" JSON_INTEGER_FORMAT, now - was);
		max = now - was > max ? now - was : max;
		first += i < 8 ? now - was : 0;
		sum += now - was;
		was = now;
		move_us = i == 7 ? drawing(f) - us : move_us;
	}
	printf(" 8: %" JSON_INTEGER_FORMAT " 30: %" JSON_INTEGER_FORMAT
	       " us/picture %" JSON_INTEGER_FORMAT ", then %"
	       JSON_INTEGER_FORMAT "\n", first, sum, move_us / 8,
	       (drawing(f) - us - move_us) / 22);
	TEST_TRUE(max <= 5 * RATE_PIC);
	TEST_TRUE(sum <= 36 * RATE_PIC);
 out:
	return err;
}

static int test_bytes(void)
{
	struct video_watch *w = NULL;
	unsigned keys;
	struct studio f;
	int err = 0;

	TEST_ERR(studio_open(&f));
	for (uint32_t i = 1; i <= 9; i++) {
		TEST_ERR(studio_join(&f, i, "A", CODEC_H264, 640, 360, 0));
		draw(f.partyv[i].cam, i);
		f.partyv[i].move = true;
	}
	TEST_ERR(watch(&w, &f, "", 0, false, 0));
	TEST_ERR(studio_step(&f, 60));
	TEST_ERR(measure(&f, "nothing"));
	keys = f.rungv[0].keys;
	studio_room(&f, "filmstrip", 0);
	TEST_ERR(measure(&f, "grid to filmstrip"));
	video_speaker(f.v, 5);
	TEST_ERR(measure(&f, "another speaks"));
	studio_room(&f, "grid", 0);
	TEST_ERR(measure(&f, "to grid"));
	studio_leave(&f, 9);
	studio_leave(&f, 8);
	studio_leave(&f, 7);
	TEST_ERR(measure(&f, "three leave"));
	TEST_EQ(keys, f.rungv[0].keys);
	TEST_EQ(0, f.fails);
 out:
	mem_deref(w);
	studio_close(&f);
	return err;
}

static const struct test testv[] = {
	{"who hides himself", test_hide},
	{"large for one alone", test_pin},
	{"two large for one", test_two_pins},
	{"two in the spotlight", test_spotlights},
	{"who speaks sees who spoke before", test_own},
	{"a dialogue costs no key frames", test_dialogue},
	{"so many scenes and no more", test_bound},
	{"nobody jumps", test_order},
	{"tiles glide, then stand", test_glide},
	{"not while the governor saves", test_no_glide},
	{"one tile over another", test_overlap},
	{"what a move costs", test_bytes},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
