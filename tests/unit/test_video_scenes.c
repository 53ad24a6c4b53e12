/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_video_scenes.c -- layouts, several scenes, slides
 *
 * Each party is a colour, and what is where is read from what a viewer
 * decodes.
 */
#include <libavutil/frame.h>

#include <re.h>

#include "tests/fake/studio.h"
#include "tests/unit/test.h"

#define AS(name) (&(const struct video_view){.layout = name})

enum { PARTIES = 12 };

static bool is_rgb(const struct AVFrame *f, unsigned x, unsigned y,
		   unsigned rgb)
{
	return studio_is(f, x, y, rgb, 6);
}

static bool needs(const struct studio *f, uint32_t id, bool slides, unsigned w,
		  unsigned h)
{
	const struct studio_party *p = &f->partyv[id];
	unsigned nw, nh;

	on_loop();
	video_src_need(slides ? p->slides : p->src, &nw, &nh);
	if (nw == w && nh == h)
		return true;
	printf("# party %u needs %ux%u\n", id, nw, nh);

	return false;
}

/* --- cases ------------------------------------------------------------ */

/* A scene for each layout watched, one encode for each rung of it; what the
 * room has anyway is shared; the last watcher takes the scene with him. */
static int test_shared(void)
{
	struct video_watch *wv[30] = {0};
	static const char *const namev[] = {
		"", "grid", "speaker", "filmstrip", "side-by-side",
	};
	struct studio f;
	int err = 0;

	TEST_ERR(studio_open(&f));
	TEST_ERR(studio_person(&f, 1));
	TEST_ERR(studio_person(&f, 2));
	for (unsigned i = 0; i < 10; i++)
		TEST_ERR(video_watch_alloc(&wv[i], f.v, &studio_top, i & 1 ?
					   AS("") : NULL));
	TEST_ERR(studio_step(&f, 20));
	TEST_EQ(1, studio_stat(&f, "scenes"));
	TEST_EQ(1, studio_stat(&f, "rungs"));
	TEST_EQ(1, f.rungc);

	for (unsigned i = 10; i < 30; i++)
		TEST_ERR(video_watch_alloc(&wv[i], f.v, &studio_top, AS(namev[i
									      %
			5])));
	TEST_ERR(studio_step(&f, 20));
	TEST_EQ(4, studio_stat(&f, "scenes"));
	TEST_EQ(4, studio_stat(&f, "rungs"));
	TEST_EQ(4, f.rungc);
	TEST_EQ(0, f.fails);
	/* speaker alone; grid of two */
	TEST_TRUE(is_rgb(studio_seen(&f, wv[12]), 100, 100, studio_rgbv[1]));
	TEST_TRUE(is_rgb(studio_seen(&f, wv[11]), 100, 360, studio_rgbv[1]));
	TEST_TRUE(is_rgb(studio_seen(&f, wv[11]), 1180, 360, studio_rgbv[2]));
	TEST_EQ(video_watch_rung(wv[10]), video_watch_rung(wv[11]));

	for (unsigned i = 10; i < 30; i++) {
		if (i % 5 == 2)
			wv[i] = mem_deref(wv[i]);
	}
	TEST_ERR(studio_step(&f, 2));
	TEST_EQ(3, studio_stat(&f, "scenes"));
	TEST_EQ(3, studio_stat(&f, "rungs"));
	for (unsigned i = 0; i < 30; i++)
		wv[i] = mem_deref(wv[i]);
	TEST_ERR(studio_step(&f, 1));
	TEST_EQ(0, studio_stat(&f, "scenes"));
	TEST_EQ(ENOENT, video_watch_alloc(&wv[0], f.v, &studio_top,
					  AS("mosaic")));
	TEST_TRUE(!wv[0]);
 out:
	for (unsigned i = 0; i < 30; i++)
		mem_deref(wv[i]);
	studio_close(&f);
	return err;
}

/* The room's layout changes under its watchers without a new stream; who
 * chose either layout moves, so that equals share. */
static int test_room(void)
{
	struct video_watch *room = NULL, *grid = NULL, *film = NULL;
	struct studio f;
	uint32_t id;
	int err = 0;

	TEST_ERR(studio_open(&f));
	for (uint32_t i = 1; i <= 3; i++)
		TEST_ERR(studio_person(&f, i));
	TEST_ERR(video_watch_alloc(&room, f.v, &studio_top, NULL));
	TEST_ERR(video_watch_alloc(&grid, f.v, &studio_top, AS("grid")));
	TEST_ERR(video_watch_alloc(&film, f.v, &studio_top, AS("filmstrip")));
	TEST_ERR(studio_step(&f, 20));
	id = video_watch_rung(room);
	TEST_EQ(id, video_watch_rung(grid));
	TEST_TRUE(id != video_watch_rung(film));

	studio_room(&f, "filmstrip", 0);
	TEST_ERR(studio_step(&f, 30));
	TEST_EQ(id, video_watch_rung(room));
	TEST_EQ(id, video_watch_rung(film));
	TEST_TRUE(id != video_watch_rung(grid));
	TEST_EQ(2, studio_stat(&f, "scenes"));
	TEST_TRUE(is_rgb(studio_seen(&f, room), 640, 300, studio_rgbv[1]));
	TEST_TRUE(is_rgb(studio_seen(&f, room), 500, 650, studio_rgbv[2]));
	TEST_TRUE(is_rgb(studio_seen(&f, grid), 320, 180, studio_rgbv[1]));
	TEST_TRUE(is_rgb(studio_seen(&f, grid), 960, 180, studio_rgbv[2]));

	/* unknown: as it was */
	studio_room(&f, "mosaic", 0);
	TEST_ERR(studio_step(&f, 5));
	TEST_EQ(id, video_watch_rung(film));
	TEST_EQ(0, f.fails);
 out:
	mem_deref(room);
	mem_deref(grid);
	mem_deref(film);
	studio_close(&f);
	return err;
}

/* The speaker stays when nobody speaks; in the strip two change places, and
 * in the grid nobody moves. */
static int test_speaker(void)
{
	struct video_watch *sp = NULL, *film = NULL, *grid = NULL;
	struct video_watch *pair = NULL;
	struct studio f;
	int err = 0;

	TEST_ERR(studio_open(&f));
	for (uint32_t i = 1; i <= 4; i++)
		TEST_ERR(studio_person(&f, i));
	TEST_ERR(video_watch_alloc(&sp, f.v, &studio_top, AS("speaker")));
	TEST_ERR(video_watch_alloc(&film, f.v, &studio_top, AS("filmstrip")));
	TEST_ERR(video_watch_alloc(&pair, f.v, &studio_top,
				   AS("side-by-side")));
	TEST_ERR(video_watch_alloc(&grid, f.v, &studio_top, AS("")));
	TEST_ERR(studio_step(&f, 20));
	TEST_TRUE(is_rgb(studio_seen(&f, sp), 640, 360, studio_rgbv[1]));

	video_speaker(f.v, 3);
	TEST_ERR(studio_step(&f, 20));
	TEST_TRUE(is_rgb(studio_seen(&f, sp), 640, 360, studio_rgbv[3]));
	TEST_TRUE(is_rgb(studio_seen(&f, film), 640, 300, studio_rgbv[3]));
	TEST_TRUE(is_rgb(studio_seen(&f, film), 384, 650, studio_rgbv[2]));
	TEST_TRUE(is_rgb(studio_seen(&f, film), 640, 650, studio_rgbv[1]));
	TEST_TRUE(is_rgb(studio_seen(&f, film), 896, 650, studio_rgbv[4]));
	video_speaker(f.v, 0);
	TEST_ERR(studio_step(&f, 20));
	TEST_TRUE(is_rgb(studio_seen(&f, sp), 640, 360, studio_rgbv[3]));

	/* the two who spoke last, each on his side though they take turns */
	video_speaker(f.v, 4);
	TEST_ERR(studio_step(&f, 20));
	TEST_TRUE(is_rgb(studio_seen(&f, pair), 320, 360, studio_rgbv[3]));
	TEST_TRUE(is_rgb(studio_seen(&f, pair), 960, 360, studio_rgbv[4]));
	video_speaker(f.v, 3);
	TEST_ERR(studio_step(&f, 20));
	TEST_TRUE(is_rgb(studio_seen(&f, pair), 320, 360, studio_rgbv[3]));
	TEST_TRUE(is_rgb(studio_seen(&f, pair), 960, 360, studio_rgbv[4]));

	TEST_TRUE(is_rgb(studio_seen(&f, grid), 320, 180, studio_rgbv[1]));
	TEST_TRUE(is_rgb(studio_seen(&f, grid), 960, 180, studio_rgbv[2]));
	TEST_TRUE(is_rgb(studio_seen(&f, grid), 320, 540, studio_rgbv[3]));
	TEST_TRUE(is_rgb(studio_seen(&f, grid), 960, 540, studio_rgbv[4]));

	/* who spoke last leaves: the one before is large */
	studio_leave(&f, 3);
	TEST_ERR(studio_step(&f, 20));
	TEST_TRUE(is_rgb(studio_seen(&f, sp), 640, 360, studio_rgbv[4]));
	TEST_TRUE(is_rgb(studio_seen(&f, grid), 320, 180, studio_rgbv[1]));
	TEST_TRUE(is_rgb(studio_seen(&f, grid), 960, 180, studio_rgbv[2]));
	TEST_TRUE(is_rgb(studio_seen(&f, grid), 640, 540, studio_rgbv[4]));
	TEST_EQ(0, f.fails);
 out:
	mem_deref(sp);
	mem_deref(film);
	mem_deref(pair);
	mem_deref(grid);
	studio_close(&f);
	return err;
}

/* Who was not shown has no picture yet: until it comes the one before
 * stays, but not for ever. */
static int test_handover(void)
{
	struct video_watch *w = NULL;
	struct cam *cam;
	struct studio f;
	int err = 0;

	TEST_ERR(studio_open(&f));
	TEST_ERR(studio_person(&f, 1));
	TEST_ERR(studio_person(&f, 2));
	cam = f.partyv[2].cam;
	f.partyv[2].cam = NULL;           /* on, but nothing comes        */
	TEST_ERR(video_watch_alloc(&w, f.v, &studio_top, AS("speaker")));
	TEST_ERR(studio_step(&f, 20));
	video_speaker(f.v, 2);
	TEST_ERR(studio_step(&f, 15));
	TEST_TRUE(is_rgb(studio_seen(&f, w), 640, 360, studio_rgbv[1]));
	/* but is asked at once for what it will be shown in */
	TEST_TRUE(needs(&f, 2, false, 1280, 720));
	TEST_ERR(studio_step(&f, 30));
	TEST_TRUE(!is_rgb(studio_seen(&f, w), 200, 100, studio_rgbv[1]));
	f.partyv[2].cam = cam;
	TEST_ERR(studio_step(&f, 60));
	TEST_TRUE(is_rgb(studio_seen(&f, w), 640, 360, studio_rgbv[2]));
	TEST_EQ(0, f.fails);
 out:
	mem_deref(w);
	studio_close(&f);
	return err;
}

static int test_spotlight(void)
{
	struct video_watch *wv[5] = {0};
	static const char *const namev[] = {
		"", "speaker", "filmstrip", "side-by-side", "grid",
	};
	struct studio f;
	int err = 0;

	TEST_ERR(studio_open(&f));
	for (uint32_t i = 1; i <= 3; i++)
		TEST_ERR(studio_person(&f, i));
	for (unsigned i = 0; i < 5; i++)
		TEST_ERR(video_watch_alloc(&wv[i], f.v, &studio_top,
					   AS(namev[i])));
	studio_room(&f, "", 2);
	video_speaker(f.v, 3);
	TEST_ERR(studio_step(&f, 30));
	TEST_TRUE(is_rgb(studio_seen(&f, wv[0]), 640, 300, studio_rgbv[2]));
	TEST_TRUE(is_rgb(studio_seen(&f, wv[0]), 500, 650, studio_rgbv[1]));
	TEST_TRUE(is_rgb(studio_seen(&f, wv[0]), 780, 650, studio_rgbv[3]));
	TEST_TRUE(is_rgb(studio_seen(&f, wv[1]), 640, 360, studio_rgbv[2]));
	TEST_TRUE(is_rgb(studio_seen(&f, wv[2]), 640, 300, studio_rgbv[2]));
	TEST_TRUE(is_rgb(studio_seen(&f, wv[3]), 320, 360, studio_rgbv[2]) ||
		  is_rgb(studio_seen(&f, wv[3]), 960, 360, studio_rgbv[2]));
	/* beside slides, first of the strip */
	TEST_ERR(studio_share(&f, 1, 640, 360, 0xffffff));
	TEST_ERR(studio_step(&f, 30));
	TEST_TRUE(is_rgb(studio_seen(&f, wv[0]), 1152, 60, studio_rgbv[2]));
	TEST_TRUE(is_rgb(studio_seen(&f, wv[1]), 1152, 60, studio_rgbv[2]));
	TEST_TRUE(is_rgb(studio_seen(&f, wv[2]), 384, 640, studio_rgbv[2]));
	studio_leave(&f, 1);

	/* a leg that is not there lights nobody */
	studio_room(&f, "", 99);
	TEST_ERR(studio_step(&f, 30));
	TEST_TRUE(is_rgb(studio_seen(&f, wv[0]), 320, 360, studio_rgbv[3]));
	TEST_TRUE(is_rgb(studio_seen(&f, wv[0]), 960, 360, studio_rgbv[2]));
	TEST_TRUE(is_rgb(studio_seen(&f, wv[1]), 640, 360, studio_rgbv[3]));
	TEST_EQ(0, f.fails);
 out:
	for (unsigned i = 0; i < 5; i++)
		mem_deref(wv[i]);
	studio_close(&f);
	return err;
}

/* What is shared: from its first picture until it ends, whole, never grey,
 * whatever its sharer's camera does. */
static int test_slides(void)
{
	struct video_watch *w = NULL, *film = NULL;
	struct studio f;
	unsigned units;
	int err = 0;

	TEST_ERR(studio_open(&f));
	video_fit(f.v, true);
	for (uint32_t i = 1; i <= 3; i++)
		TEST_ERR(studio_person(&f, i));
	TEST_ERR(video_watch_alloc(&w, f.v, &studio_top, NULL));
	TEST_ERR(video_watch_alloc(&film, f.v, &studio_top, AS("filmstrip")));
	TEST_ERR(studio_step(&f, 20));
	TEST_ERR(studio_share(&f, 2, 640, 480, 0xf0f0f0));
	f.partyv[2].still = true;
	TEST_ERR(studio_step(&f, 20));
	/* announced is not yet shown */
	TEST_EQ(0, f.partyv[2].evv[VIDEO_SLIDES_LIVE]);
	TEST_TRUE(is_rgb(studio_seen(&f, w), 320, 180, studio_rgbv[1]));

	f.partyv[2].still = false;
	TEST_ERR(studio_step(&f, 30));
	TEST_EQ(1, f.partyv[2].evv[VIDEO_SLIDES_LIVE]);
	TEST_EQ(1, f.partyv[2].evv[VIDEO_LIVE]);
	/* 4:3 in 1024x720 is 960 wide; room says crop, slides are not */
	TEST_TRUE(is_rgb(studio_seen(&f, w), 512, 8, 0xf0f0f0));
	TEST_TRUE(is_rgb(studio_seen(&f, w), 60, 360, 0xf0f0f0));
	TEST_TRUE(is_rgb(studio_seen(&f, w), 16, 360, 0x1b1e24));
	TEST_TRUE(is_rgb(studio_seen(&f, w), 1152, 60, studio_rgbv[1]));
	TEST_TRUE(is_rgb(studio_seen(&f, w), 1152, 204, studio_rgbv[2]));
	TEST_TRUE(is_rgb(studio_seen(&f, film), 640, 300, 0xf0f0f0));

	/* it stands still for a minute: not grey, nobody is asked */
	f.partyv[2].still = true;
	units = f.rungv[0].units;
	TEST_ERR(studio_step(&f, 1));
	f.partyv[2].evv[VIDEO_WANT_KEY_SLIDES] = 0;
	for (unsigned i = 0; i < 3; i++) {
		f.now += 20000000;
		TEST_ERR(studio_step(&f, 10));
	}
	TEST_TRUE(is_rgb(studio_seen(&f, w), 512, 300, 0xf0f0f0));
	TEST_EQ(0, f.partyv[2].evv[VIDEO_WANT_KEY_SLIDES]);
	TEST_EQ(0, f.partyv[2].evv[VIDEO_SLIDES_NONE]);
	TEST_TRUE(f.rungv[0].units > units);

	/* another one shares: the latest is shown; then the first again */
	TEST_ERR(studio_share(&f, 3, 640, 360, 0x103070));
	TEST_ERR(studio_step(&f, 30));
	TEST_TRUE(is_rgb(studio_seen(&f, w), 512, 300, 0x103070));
	on_loop();
	f.partyv[3].ticket.slides.on = false;
	TEST_ERR(video_src_set(f.partyv[3].slides, &f.partyv[3].ticket));
	TEST_ERR(studio_step(&f, 30));
	TEST_EQ(1, f.partyv[3].evv[VIDEO_SLIDES_NONE]);
	TEST_TRUE(is_rgb(studio_seen(&f, w), 512, 300, 0xf0f0f0));

	/* over: everybody where he was */
	f.partyv[2].slides = mem_deref(f.partyv[2].slides);
	TEST_ERR(studio_step(&f, 30));
	TEST_TRUE(is_rgb(studio_seen(&f, w), 320, 180, studio_rgbv[1]));
	TEST_TRUE(is_rgb(studio_seen(&f, w), 960, 180, studio_rgbv[2]));
	TEST_TRUE(is_rgb(studio_seen(&f, w), 640, 532, studio_rgbv[3]));
	TEST_EQ(0, f.fails);
 out:
	mem_deref(w);
	mem_deref(film);
	studio_close(&f);
	return err;
}

/* How large each is shown, over all scenes: at once who becomes large, less
 * once a second at most */
static int test_need(void)
{
	struct video_watch *grid = NULL, *sp = NULL;
	struct studio f;
	int err = 0;

	TEST_ERR(studio_open(&f));
	TEST_ERR(studio_person(&f, 1));
	TEST_ERR(studio_person(&f, 2));
	TEST_ERR(studio_step(&f, 10));
	TEST_TRUE(needs(&f, 1, false, 0, 0));
	TEST_EQ(0, f.partyv[1].evv[VIDEO_NEED]);

	TEST_ERR(video_watch_alloc(&grid, f.v, &studio_top, NULL));
	TEST_ERR(studio_step(&f, 10));
	TEST_TRUE(needs(&f, 1, false, 640, 368));
	TEST_EQ(1, f.partyv[1].evv[VIDEO_NEED]);
	/* the largest counts */
	TEST_ERR(video_watch_alloc(&sp, f.v, &studio_top, AS("speaker")));
	TEST_ERR(studio_step(&f, 10));
	TEST_TRUE(needs(&f, 1, false, 1280, 720));
	TEST_ERR(studio_step(&f, 30));
	TEST_TRUE(needs(&f, 1, false, 1280, 720));
	TEST_TRUE(needs(&f, 2, false, 640, 368));
	TEST_EQ(2, f.partyv[1].evv[VIDEO_NEED]);
	TEST_EQ(1, f.partyv[2].evv[VIDEO_NEED]);

	/* speakers that change all the time: down and up in a second */
	for (unsigned i = 0; i < 30; i++) {
		video_speaker(f.v, 1 + i % 2);
		TEST_ERR(studio_step(&f, 6));
	}
	TEST_TRUE(f.partyv[1].evv[VIDEO_NEED] <= 2 + 12);
	TEST_TRUE(f.partyv[1].evv[VIDEO_NEED] >= 4);

	/* shared slides have a size of their own */
	TEST_ERR(studio_share(&f, 1, 640, 360, 0xf0f0f0));
	TEST_ERR(studio_step(&f, 60));
	TEST_TRUE(needs(&f, 1, true, 1024, 720));
	TEST_TRUE(needs(&f, 1, false, 256, 144));
	TEST_TRUE(f.partyv[1].evv[VIDEO_NEED_SLIDES] >= 1);

	/* in the speaker's layout alone who is silent is shown nowhere */
	grid = mem_deref(grid);
	video_speaker(f.v, 2);
	TEST_ERR(studio_step(&f, 60));
	TEST_TRUE(needs(&f, 1, false, 0, 0));
	TEST_TRUE(needs(&f, 2, false, 256, 144));

	/* nobody looks: told though no more pictures are made */
	sp = mem_deref(sp);
	TEST_ERR(studio_step(&f, 60));
	TEST_TRUE(needs(&f, 1, true, 0, 0));
	TEST_TRUE(needs(&f, 2, false, 0, 0));
	TEST_EQ(0, studio_stat(&f, "scenes"));
	TEST_EQ(0, f.fails);
 out:
	mem_deref(grid);
	mem_deref(sp);
	studio_close(&f);
	return err;
}

/* Only who is shown in some scene is decoded; who only watches has no
 * tile. */
static int test_decoded(void)
{
	struct video_watch *sp = NULL;
	struct video_src *watcher = NULL;
	json_int_t was, frames[3];
	struct ticket t;
	struct studio f;
	int err = 0;

	TEST_ERR(studio_open(&f));
	TEST_ERR(studio_person(&f, 1));
	TEST_ERR(studio_person(&f, 2));
	cam_ticket(&t, 50, "Nobody", CODEC_NONE);
	t.watcher = true;
	TEST_ERR(video_src_alloc(&watcher, f.v, &t, false));
	TEST_EQ(2, studio_stat(&f, "sources"));
	TEST_ERR(video_watch_alloc(&sp, f.v, &studio_top, AS("speaker")));
	TEST_ERR(studio_step(&f, 60));
	for (uint32_t i = 1; i <= 2; i++) {
		json_t *st = video_src_stats(f.partyv[i].src);

		frames[i] = json_integer_value(json_object_get(st, "frames"));
		json_decref(st);
	}
	was = frames[1];
	TEST_TRUE(was >= 50);
	TEST_EQ(0, frames[2]);
	TEST_EQ(0, f.fails);
 out:
	mem_deref(sp);
	mem_deref(watcher);
	studio_close(&f);
	return err;
}

/* Fewer places in the strip than people: who was large is seen on. */
static int test_short_strip(void)
{
	struct video_watch *film = NULL;
	struct studio f;
	bool there = false;
	int err = 0;

	TEST_ERR(studio_open(&f));
	for (uint32_t i = 1; i <= PARTIES; i++)
		TEST_ERR(studio_person(&f, i));
	TEST_ERR(video_watch_alloc(&film, f.v, &studio_top, AS("filmstrip")));
	video_speaker(f.v, 1);
	TEST_ERR(studio_step(&f, 30));
	for (unsigned i = 0; i < 8; i++)
		TEST_TRUE(is_rgb(studio_seen(&f, film), 80 + 160 * i, 660,
				 studio_rgbv[2 + i]));
	video_speaker(f.v, PARTIES);
	TEST_ERR(studio_step(&f, 40));
	TEST_TRUE(is_rgb(studio_seen(&f, film), 640, 300,
			 studio_rgbv[PARTIES]));
	/* in the place of the last of those who never spoke */
	for (unsigned i = 0; i < 7; i++)
		TEST_TRUE(is_rgb(studio_seen(&f, film), 80 + 160 * i, 660,
				 studio_rgbv[2 + i]));
	there = is_rgb(studio_seen(&f, film), 80 + 160 * 7, 660,
		       studio_rgbv[1]);
	TEST_TRUE(there);
	TEST_EQ(0, f.fails);
 out:
	mem_deref(film);
	studio_close(&f);
	return err;
}

static const struct test testv[] = {
	{"one scene a layout, one encode a rung of it", test_shared},
	{"the room's layout changes", test_room},
	{"speakers come and go, nobody jumps", test_speaker},
	{"large when there is a picture", test_handover},
	{"spotlight", test_spotlight},
	{"slides come, stand still, go", test_slides},
	{"how large each is shown", test_need},
	{"only what is shown is decoded", test_decoded},
	{"a strip too short for all", test_short_strip},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
