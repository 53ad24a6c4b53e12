/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_video_scenes.c -- layouts, several scenes, slides
 *
 * Geometry first, then the engine on a fake clock: each party is a colour,
 * and what is where is read from what a viewer decodes.  With TUTTI_PNG_DIR
 * set the canvases of "pictures of layouts" are kept there.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <libavutil/frame.h>

#include <re.h>

#include "base/thread.h"
#include "mixer/record_image.h"
#include "mixer/video.h"
#include "tests/fake/cam.h"
#include "tests/unit/test.h"

#define AS(name) (&(const struct video_view){.layout = name})

enum { PARTIES = 12, RUNGS = 12, STEP_US = 33334, SLIDES = PARTIES + 1 };

/* --- geometry --------------------------------------------------------- */

static const unsigned canvasv[][2] = {
	{1280, 720}, {1920, 1080}, {640, 360}, {960, 540}, {640, 480},
	{720, 1280}, {320, 180}, {160, 90}, {64, 64},
};

static int check_cells(const struct layout_cell *c, unsigned n,
		       const struct layout_ask *ask)
{
	unsigned rolev[LAYOUT_PARTY + 1] = {0};
	int err = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct layout_rect *r = &c[i].rect;

		TEST_TRUE(r->w && r->h);
		TEST_TRUE(r->x + r->w <= ask->width);
		TEST_TRUE(r->y + r->h <= ask->height);
		if (n > 1)
			TEST_EQ(0, r->x % 16 + r->y % 16 + r->w % 16 +
				r->h % 16);
		else
			TEST_TRUE(r->w == ask->width && r->h == ask->height);
		for (unsigned k = 0; k < i; k++)
			TEST_TRUE(!layout_overlap(r, &c[k].rect));
		/* what is shared is never smaller than a person */
		if (c[0].role == LAYOUT_SLIDES)
			TEST_TRUE(r->w <= c[0].rect.w && r->h <= c[0].rect.h);
		rolev[c[i].role]++;
	}
	TEST_EQ(ask->slides, rolev[LAYOUT_SLIDES]);
	TEST_TRUE(rolev[LAYOUT_SPEAKER] <= 1 && rolev[LAYOUT_PREVIOUS] <= 1);
	TEST_TRUE(n - ask->slides <= ask->parties);
	TEST_TRUE(!ask->parties || n);
 out:
	return err;
}

/* Whatever is asked, cells are on the grid, inside, and apart. */
static int test_geometry(void)
{
	struct layout_cell cellv[LAYOUT_CELLS_MAX];
	const struct layout *l;
	int err = 0;

	for (unsigned i = 0; (l = layout_nth(i)); i++) {
		for (unsigned k = 0; k < ARRAY_SIZE(canvasv) * 8 * 31; k++) {
			struct layout_ask ask = {
				.width = canvasv[k / 248][0],
				.height = canvasv[k / 248][1],
				.parties = k % 31, .slides = k / 31 & 1,
				.spotlight = k / 62 & 1, .crop = k / 124 & 1,
			};
			unsigned n = layout_place(l, &ask, cellv);

			TEST_TRUE(n <= LAYOUT_CELLS_MAX);
			err = check_cells(cellv, n, &ask);
			if (err) {
				printf("# %s %ux%u parties=%u slides=%d\n",
				       layout_name(l), ask.width, ask.height,
				       ask.parties, ask.slides);
				goto out;
			}
		}
	}
	TEST_EQ(4, (int)(layout_nth(4) == NULL) * 4);
	TEST_TRUE(layout_find("") == layout_find("grid"));
	TEST_TRUE(layout_find(NULL) == layout_nth(0));
	TEST_TRUE(layout_find("GRID ") == NULL);
 out:
	return err;
}

#define S LAYOUT_SLIDES
#define L LAYOUT_SPEAKER
#define B LAYOUT_PREVIOUS
#define P LAYOUT_PARTY

/* 1280x720: how many cells, and the first three of them */
static const struct {
	const char *layout;
	unsigned parties;
	bool slides, spotlight, crop;
	unsigned n;
	struct layout_cell cellv[3];
} placev[] = {
	{"grid", 1, 0, 0, 0, 1, {{{0, 0, 1280, 720}, P}}},
	{"grid", 2, 0, 0, 0, 2, {{{0, 176, 640, 368}, P},
				 {{640, 176, 640, 368}, P}}},
	{"grid", 40, 0, 0, 0, 25, {{{0, 0, 256, 144}, P}}},
	{"grid", 4, 0, 1, 0, 4, {{{0, 0, 1280, 576}, L},
				 {{256, 576, 256, 144}, P},
				 {{512, 576, 256, 144}, P}}},
	{"grid", 3, 1, 0, 0, 4, {{{0, 0, 1024, 720}, S},
				 {{1024, 0, 256, 144}, L},
				 {{1024, 144, 256, 144}, P}}},
	{"grid", 40, 1, 0, 0, 15, {{{0, 0, 960, 720}, S},
				   {{960, 0, 160, 96}, L},
				   {{1120, 0, 160, 96}, P}}},
	{"grid", 0, 1, 0, 0, 1, {{{0, 0, 1280, 720}, S}}},
	{"speaker", 9, 0, 0, 0, 1, {{{0, 0, 1280, 720}, L}}},
	{"speaker", 9, 1, 0, 0, 2, {{{0, 0, 1024, 720}, S},
				    {{1024, 0, 256, 144}, L}}},
	{"filmstrip", 1, 0, 0, 0, 1, {{{0, 0, 1280, 720}, L}}},
	{"filmstrip", 3, 0, 0, 0, 3, {{{0, 0, 1280, 576}, L},
				      {{384, 576, 256, 144}, P},
				      {{640, 576, 256, 144}, P}}},
	{"filmstrip", 40, 0, 0, 0, 9, {{{0, 0, 1280, 624}, L},
				       {{0, 624, 160, 96}, P},
				       {{160, 624, 160, 96}, P}}},
	{"filmstrip", 2, 1, 0, 0, 3, {{{0, 0, 1280, 576}, S},
				      {{384, 576, 256, 144}, L},
				      {{640, 576, 256, 144}, P}}},
	{"side-by-side", 1, 0, 0, 0, 1, {{{0, 0, 1280, 720}, L}}},
	{"side-by-side", 7, 0, 0, 0, 2, {{{0, 176, 640, 368}, L},
					 {{640, 176, 640, 368}, B}}},
	{"side-by-side", 7, 0, 0, 1, 2, {{{0, 0, 640, 720}, L},
					 {{640, 0, 640, 720}, B}}},
	{"side-by-side", 7, 1, 0, 0, 3, {{{0, 0, 864, 720}, S},
					 {{864, 0, 416, 240}, L},
					 {{864, 240, 416, 240}, B}}},
};

static int test_places(void)
{
	struct layout_cell cellv[LAYOUT_CELLS_MAX];
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(placev); i++) {
		const struct layout_ask ask = {
			1280, 720, placev[i].parties, placev[i].slides,
			placev[i].spotlight, placev[i].crop,
		};
		unsigned n = layout_place(layout_find(placev[i].layout), &ask,
					  cellv);

		TEST_EQ(placev[i].n, n);
		for (unsigned k = 0; k < n && k < 3; k++) {
			const struct layout_cell *c = &placev[i].cellv[k];

			if (!c->rect.w)
				continue;
			TEST_EQ(c->role, cellv[k].role);
			TEST_EQ(c->rect.x, cellv[k].rect.x);
			TEST_EQ(c->rect.y, cellv[k].rect.y);
			TEST_EQ(c->rect.w, cellv[k].rect.w);
			TEST_EQ(c->rect.h, cellv[k].rect.h);
		}
	}
 out:
	if (err)
		printf("# a row of placev\n");
	return err;
}

/* --- the engine ------------------------------------------------------- */

struct party {
	struct video_src *src, *slides;
	struct cam *cam, *screen;
	struct ticket ticket;
	unsigned evv[VIDEO_LOAD + 1];
	bool still;               /* its screen sends nothing             */
	unsigned rgb;
};

struct fix {
	struct video *v;
	struct party partyv[PARTIES + 1];         /* index = leg id       */
	uint64_t now;
	struct {
		uint32_t id;
		unsigned units;
		struct viewer *viewer;
	} rungv[RUNGS];
	unsigned rungc, fails;
	AVFrame *shot;
};

static const struct video_rung top = {
	CODEC_H264, 1280, 720, 30, 1500, 1, 31
};

static const unsigned rgbv[PARTIES + 1] = {
	0, 0xc02020, 0x20a040, 0x2030c0, 0xc0a020, 0x20a0a0, 0xa020a0,
	0x808080, 0x603010, 0x106030, 0x301060, 0xe08060, 0x60e080,
};

static void out_handler(struct unit *unit, void *arg)
{
	struct fix *f = arg;
	unsigned i;

	for (i = 0; i < f->rungc; i++) {
		if (f->rungv[i].id == unit->stream)
			break;
	}
	if (i == RUNGS) {
		f->fails++;
		return;
	}
	if (i == f->rungc) {
		f->rungc++;
		f->rungv[i].id = unit->stream;
		viewer_alloc(&f->rungv[i].viewer, unit->codec);
		f->fails += !unit->key;
	}
	f->rungv[i].units++;
	if (viewer_put(f->rungv[i].viewer, unit))
		f->fails++;
}

static void event_handler(enum video_event ev, uint32_t leg, void *arg)
{
	struct fix *f = arg;

	if (leg && leg <= PARTIES && ev < VIDEO_LOAD)
		f->partyv[leg].evv[ev]++;
}

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
		struct party *p = &f->partyv[i];

		mem_deref(p->src);
		mem_deref(p->slides);
		mem_deref(p->cam);
		mem_deref(p->screen);
	}
	mem_deref(f->v);
	for (unsigned i = 0; i < f->rungc; i++)
		mem_deref(f->rungv[i].viewer);
	av_frame_free(&f->shot);
	pkt_pool_close();
}

/* Party id, a camera of its colour */
static int join(struct fix *f, uint32_t id)
{
	struct party *p = &f->partyv[id];
	char name[16];
	int err;

	on_loop();
	re_snprintf(name, sizeof(name), "P%u", id);
	cam_ticket(&p->ticket, id, name, CODEC_VP8);
	p->rgb = rgbv[id];
	err = video_src_alloc(&p->src, f->v, &p->ticket, false);
	if (!err)
		err = cam_alloc(&p->cam, CODEC_VP8, 320, 180, 30, id);
	if (!err)
		cam_rgb(p->cam, p->rgb);

	return err;
}

static void leave(struct fix *f, uint32_t id)
{
	struct party *p = &f->partyv[id];

	p->src = mem_deref(p->src);
	p->slides = mem_deref(p->slides);
	p->cam = mem_deref(p->cam);
	p->screen = mem_deref(p->screen);
}

static int share(struct fix *f, uint32_t id, unsigned w, unsigned h,
		 unsigned rgb)
{
	struct party *p = &f->partyv[id];
	int err;

	on_loop();
	p->ticket.slides = p->ticket.video;
	err = video_src_alloc(&p->slides, f->v, &p->ticket, true);
	if (!err)
		err = cam_alloc(&p->screen, CODEC_VP8, w, h, 5, 100 + id);
	if (!err)
		cam_rgb(p->screen, rgb);

	return err;
}

static void put(struct pkt *pkt, void *arg)
{
	on_loop();
	video_src_put(arg, pkt);
}

static int step(struct fix *f, unsigned frames)
{
	int err = 0;

	on_worker();
	while (frames-- && !err) {
		f->now += STEP_US;
		for (uint32_t i = 1; i <= PARTIES; i++) {
			struct party *p = &f->partyv[i];
			const uint32_t ts = (uint32_t)(f->now * 9 / 100);
			bool key = p->evv[VIDEO_WANT_KEY] > 0;

			if (p->cam && p->src) {
				p->evv[VIDEO_WANT_KEY] = 0;
				err |= cam_send(p->cam, ts, f->now, key, 0,
						put, p->src);
			}
			if (p->screen && p->slides && !p->still) {
				key = p->evv[VIDEO_WANT_KEY_SLIDES] > 0;
				p->evv[VIDEO_WANT_KEY_SLIDES] = 0;
				err |= cam_send(p->screen, ts, f->now, key, 0,
						put, p->slides);
			}
		}
		video_run(f->v, f->now);
	}

	return err;
}

static void shot_handler(int err, AVFrame *frame, void *arg)
{
	struct fix *f = arg;

	av_frame_free(&f->shot);
	f->shot = frame;
	f->fails += !!err;
}

static bool is_rgb(const AVFrame *f, unsigned x, unsigned y, unsigned rgb)
{
	const struct vcolour c = vcolour_rgb(rgb);
	int dy, du, dv;

	if (!f)
		return false;
	dy = f->data[0][(int)y * f->linesize[0] + (int)x] - c.y;
	du = f->data[1][(int)y / 2 * f->linesize[1] + (int)x / 2] - c.u;
	dv = f->data[2][(int)y / 2 * f->linesize[2] + (int)x / 2] - c.v;
	if (abs(dy) <= 6 && abs(du) <= 6 && abs(dv) <= 6)
		return true;
	printf("# at %u,%u off by %d %d %d\n", x, y, dy, du, dv);

	return false;
}

/* What this watcher sees */
static const AVFrame *seen(const struct fix *f, const struct video_watch *w)
{
	on_loop();
	for (unsigned i = 0; i < f->rungc; i++) {
		if (f->rungv[i].id == video_watch_rung(w))
			return viewer_frame(f->rungv[i].viewer);
	}

	return NULL;
}

static json_int_t stat_of(const struct fix *f, const char *key)
{
	json_t *st, *val;
	json_int_t n;

	on_loop();
	st = video_stats(f->v);
	val = json_object_get(st, key);
	n = json_is_array(val) ? (json_int_t)json_array_size(val) :
		json_integer_value(val);
	json_decref(st);

	return n;
}

static bool needs(const struct fix *f, uint32_t id, bool slides, unsigned w,
		  unsigned h)
{
	const struct party *p = &f->partyv[id];
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
	struct fix f;
	int err = 0;

	TEST_ERR(fix_open(&f));
	TEST_ERR(join(&f, 1));
	TEST_ERR(join(&f, 2));
	for (unsigned i = 0; i < 10; i++)
		TEST_ERR(video_watch_alloc(&wv[i], f.v, &top, i & 1 ?
					   AS("") : NULL));
	TEST_ERR(step(&f, 20));
	TEST_EQ(1, stat_of(&f, "scenes"));
	TEST_EQ(1, stat_of(&f, "rungs"));
	TEST_EQ(1, f.rungc);

	for (unsigned i = 10; i < 30; i++)
		TEST_ERR(video_watch_alloc(&wv[i], f.v, &top, AS(namev[i % 5])));
	TEST_ERR(step(&f, 20));
	TEST_EQ(4, stat_of(&f, "scenes"));
	TEST_EQ(4, stat_of(&f, "rungs"));
	TEST_EQ(4, f.rungc);
	TEST_EQ(0, f.fails);
	/* speaker alone; grid of two */
	TEST_TRUE(is_rgb(seen(&f, wv[12]), 100, 100, rgbv[1]));
	TEST_TRUE(is_rgb(seen(&f, wv[11]), 100, 360, rgbv[1]));
	TEST_TRUE(is_rgb(seen(&f, wv[11]), 1180, 360, rgbv[2]));
	TEST_EQ(video_watch_rung(wv[10]), video_watch_rung(wv[11]));

	for (unsigned i = 10; i < 30; i++) {
		if (i % 5 == 2)
			wv[i] = mem_deref(wv[i]);
	}
	TEST_ERR(step(&f, 2));
	TEST_EQ(3, stat_of(&f, "scenes"));
	TEST_EQ(3, stat_of(&f, "rungs"));
	for (unsigned i = 0; i < 30; i++)
		wv[i] = mem_deref(wv[i]);
	TEST_ERR(step(&f, 1));
	TEST_EQ(0, stat_of(&f, "scenes"));
	TEST_EQ(ENOENT, video_watch_alloc(&wv[0], f.v, &top, AS("mosaic")));
	TEST_TRUE(!wv[0]);
 out:
	for (unsigned i = 0; i < 30; i++)
		mem_deref(wv[i]);
	fix_close(&f);
	return err;
}

/* The room's layout changes under its watchers without a new stream; who
 * chose either layout moves, so that equals share. */
static int test_room(void)
{
	struct video_watch *room = NULL, *grid = NULL, *film = NULL;
	struct fix f;
	uint32_t id;
	int err = 0;

	TEST_ERR(fix_open(&f));
	for (uint32_t i = 1; i <= 3; i++)
		TEST_ERR(join(&f, i));
	TEST_ERR(video_watch_alloc(&room, f.v, &top, NULL));
	TEST_ERR(video_watch_alloc(&grid, f.v, &top, AS("grid")));
	TEST_ERR(video_watch_alloc(&film, f.v, &top, AS("filmstrip")));
	TEST_ERR(step(&f, 20));
	id = video_watch_rung(room);
	TEST_EQ(id, video_watch_rung(grid));
	TEST_TRUE(id != video_watch_rung(film));

	video_room(f.v, "filmstrip", 0);
	TEST_ERR(step(&f, 30));
	TEST_EQ(id, video_watch_rung(room));
	TEST_EQ(id, video_watch_rung(film));
	TEST_TRUE(id != video_watch_rung(grid));
	TEST_EQ(2, stat_of(&f, "scenes"));
	TEST_TRUE(is_rgb(seen(&f, room), 640, 300, rgbv[1]));
	TEST_TRUE(is_rgb(seen(&f, room), 500, 650, rgbv[2]));
	TEST_TRUE(is_rgb(seen(&f, grid), 320, 180, rgbv[1]));
	TEST_TRUE(is_rgb(seen(&f, grid), 960, 180, rgbv[2]));

	/* unknown: as it was */
	video_room(f.v, "mosaic", 0);
	TEST_ERR(step(&f, 5));
	TEST_EQ(id, video_watch_rung(film));
	TEST_EQ(0, f.fails);
 out:
	mem_deref(room);
	mem_deref(grid);
	mem_deref(film);
	fix_close(&f);
	return err;
}

/* The speaker stays when nobody speaks; in the strip two change places, and
 * in the grid nobody moves. */
static int test_speaker(void)
{
	struct video_watch *sp = NULL, *film = NULL, *grid = NULL;
	struct video_watch *pair = NULL;
	struct fix f;
	int err = 0;

	TEST_ERR(fix_open(&f));
	for (uint32_t i = 1; i <= 4; i++)
		TEST_ERR(join(&f, i));
	TEST_ERR(video_watch_alloc(&sp, f.v, &top, AS("speaker")));
	TEST_ERR(video_watch_alloc(&film, f.v, &top, AS("filmstrip")));
	TEST_ERR(video_watch_alloc(&pair, f.v, &top, AS("side-by-side")));
	TEST_ERR(video_watch_alloc(&grid, f.v, &top, AS("")));
	TEST_ERR(step(&f, 20));
	TEST_TRUE(is_rgb(seen(&f, sp), 640, 360, rgbv[1]));

	video_speaker(f.v, 3);
	TEST_ERR(step(&f, 20));
	TEST_TRUE(is_rgb(seen(&f, sp), 640, 360, rgbv[3]));
	TEST_TRUE(is_rgb(seen(&f, film), 640, 300, rgbv[3]));
	TEST_TRUE(is_rgb(seen(&f, film), 384, 650, rgbv[2]));
	TEST_TRUE(is_rgb(seen(&f, film), 640, 650, rgbv[1]));
	TEST_TRUE(is_rgb(seen(&f, film), 896, 650, rgbv[4]));
	video_speaker(f.v, 0);
	TEST_ERR(step(&f, 20));
	TEST_TRUE(is_rgb(seen(&f, sp), 640, 360, rgbv[3]));

	/* the two who spoke last, each on his side though they take turns */
	video_speaker(f.v, 4);
	TEST_ERR(step(&f, 20));
	TEST_TRUE(is_rgb(seen(&f, pair), 320, 360, rgbv[3]));
	TEST_TRUE(is_rgb(seen(&f, pair), 960, 360, rgbv[4]));
	video_speaker(f.v, 3);
	TEST_ERR(step(&f, 20));
	TEST_TRUE(is_rgb(seen(&f, pair), 320, 360, rgbv[3]));
	TEST_TRUE(is_rgb(seen(&f, pair), 960, 360, rgbv[4]));

	TEST_TRUE(is_rgb(seen(&f, grid), 320, 180, rgbv[1]));
	TEST_TRUE(is_rgb(seen(&f, grid), 960, 180, rgbv[2]));
	TEST_TRUE(is_rgb(seen(&f, grid), 320, 540, rgbv[3]));
	TEST_TRUE(is_rgb(seen(&f, grid), 960, 540, rgbv[4]));

	/* who spoke last leaves: the one before is large */
	leave(&f, 3);
	TEST_ERR(step(&f, 20));
	TEST_TRUE(is_rgb(seen(&f, sp), 640, 360, rgbv[4]));
	TEST_TRUE(is_rgb(seen(&f, grid), 320, 180, rgbv[1]));
	TEST_TRUE(is_rgb(seen(&f, grid), 960, 180, rgbv[2]));
	TEST_TRUE(is_rgb(seen(&f, grid), 640, 540, rgbv[4]));
	TEST_EQ(0, f.fails);
 out:
	mem_deref(sp);
	mem_deref(film);
	mem_deref(pair);
	mem_deref(grid);
	fix_close(&f);
	return err;
}

/* Who was not shown has no picture yet: until it comes the one before
 * stays, but not for ever. */
static int test_handover(void)
{
	struct video_watch *w = NULL;
	struct cam *cam;
	struct fix f;
	int err = 0;

	TEST_ERR(fix_open(&f));
	TEST_ERR(join(&f, 1));
	TEST_ERR(join(&f, 2));
	cam = f.partyv[2].cam;
	f.partyv[2].cam = NULL;           /* on, but nothing comes        */
	TEST_ERR(video_watch_alloc(&w, f.v, &top, AS("speaker")));
	TEST_ERR(step(&f, 20));
	video_speaker(f.v, 2);
	TEST_ERR(step(&f, 15));
	TEST_TRUE(is_rgb(seen(&f, w), 640, 360, rgbv[1]));
	TEST_ERR(step(&f, 30));
	TEST_TRUE(!is_rgb(seen(&f, w), 200, 100, rgbv[1]));
	f.partyv[2].cam = cam;
	TEST_ERR(step(&f, 60));
	TEST_TRUE(is_rgb(seen(&f, w), 640, 360, rgbv[2]));
	TEST_EQ(0, f.fails);
 out:
	mem_deref(w);
	fix_close(&f);
	return err;
}

static int test_spotlight(void)
{
	struct video_watch *wv[5] = {0};
	static const char *const namev[] = {
		"", "speaker", "filmstrip", "side-by-side", "grid",
	};
	struct fix f;
	int err = 0;

	TEST_ERR(fix_open(&f));
	for (uint32_t i = 1; i <= 3; i++)
		TEST_ERR(join(&f, i));
	for (unsigned i = 0; i < 5; i++)
		TEST_ERR(video_watch_alloc(&wv[i], f.v, &top, AS(namev[i])));
	video_room(f.v, "", 2);
	video_speaker(f.v, 3);
	TEST_ERR(step(&f, 30));
	TEST_TRUE(is_rgb(seen(&f, wv[0]), 640, 300, rgbv[2]));
	TEST_TRUE(is_rgb(seen(&f, wv[0]), 500, 650, rgbv[1]));
	TEST_TRUE(is_rgb(seen(&f, wv[0]), 780, 650, rgbv[3]));
	TEST_TRUE(is_rgb(seen(&f, wv[1]), 640, 360, rgbv[2]));
	TEST_TRUE(is_rgb(seen(&f, wv[2]), 640, 300, rgbv[2]));
	TEST_TRUE(is_rgb(seen(&f, wv[3]), 320, 360, rgbv[2]) ||
		  is_rgb(seen(&f, wv[3]), 960, 360, rgbv[2]));
	/* beside slides, first of the strip */
	TEST_ERR(share(&f, 1, 640, 360, 0xffffff));
	TEST_ERR(step(&f, 30));
	TEST_TRUE(is_rgb(seen(&f, wv[0]), 1152, 60, rgbv[2]));
	TEST_TRUE(is_rgb(seen(&f, wv[1]), 1152, 60, rgbv[2]));
	TEST_TRUE(is_rgb(seen(&f, wv[2]), 384, 640, rgbv[2]));
	leave(&f, 1);

	/* a leg that is not there lights nobody */
	video_room(f.v, "", 99);
	TEST_ERR(step(&f, 30));
	TEST_TRUE(is_rgb(seen(&f, wv[0]), 320, 360, rgbv[2]));
	TEST_TRUE(is_rgb(seen(&f, wv[0]), 960, 360, rgbv[3]));
	TEST_TRUE(is_rgb(seen(&f, wv[1]), 640, 360, rgbv[3]));
	TEST_EQ(0, f.fails);
 out:
	for (unsigned i = 0; i < 5; i++)
		mem_deref(wv[i]);
	fix_close(&f);
	return err;
}

/* What is shared: from its first picture until it ends, whole, never grey,
 * whatever its sharer's camera does. */
static int test_slides(void)
{
	struct video_watch *w = NULL, *film = NULL;
	struct fix f;
	unsigned units;
	int err = 0;

	TEST_ERR(fix_open(&f));
	video_fit(f.v, true);
	for (uint32_t i = 1; i <= 3; i++)
		TEST_ERR(join(&f, i));
	TEST_ERR(video_watch_alloc(&w, f.v, &top, NULL));
	TEST_ERR(video_watch_alloc(&film, f.v, &top, AS("filmstrip")));
	TEST_ERR(step(&f, 20));
	TEST_ERR(share(&f, 2, 640, 480, 0xf0f0f0));
	f.partyv[2].still = true;
	TEST_ERR(step(&f, 20));
	/* announced is not yet shown */
	TEST_EQ(0, f.partyv[2].evv[VIDEO_SLIDES_LIVE]);
	TEST_TRUE(is_rgb(seen(&f, w), 320, 180, rgbv[1]));

	f.partyv[2].still = false;
	TEST_ERR(step(&f, 30));
	TEST_EQ(1, f.partyv[2].evv[VIDEO_SLIDES_LIVE]);
	TEST_EQ(1, f.partyv[2].evv[VIDEO_LIVE]);
	/* 4:3 in 1024x720 is 960 wide; room says crop, slides are not */
	TEST_TRUE(is_rgb(seen(&f, w), 512, 8, 0xf0f0f0));
	TEST_TRUE(is_rgb(seen(&f, w), 60, 360, 0xf0f0f0));
	TEST_TRUE(is_rgb(seen(&f, w), 16, 360, 0x1b1e24));
	TEST_TRUE(is_rgb(seen(&f, w), 1152, 60, rgbv[1]));
	TEST_TRUE(is_rgb(seen(&f, w), 1152, 204, rgbv[2]));
	TEST_TRUE(is_rgb(seen(&f, film), 640, 300, 0xf0f0f0));

	/* it stands still for a minute: not grey, nobody is asked */
	f.partyv[2].still = true;
	units = f.rungv[0].units;
	TEST_ERR(step(&f, 1));
	f.partyv[2].evv[VIDEO_WANT_KEY_SLIDES] = 0;
	for (unsigned i = 0; i < 3; i++) {
		f.now += 20000000;
		TEST_ERR(step(&f, 10));
	}
	TEST_TRUE(is_rgb(seen(&f, w), 512, 300, 0xf0f0f0));
	TEST_EQ(0, f.partyv[2].evv[VIDEO_WANT_KEY_SLIDES]);
	TEST_EQ(0, f.partyv[2].evv[VIDEO_SLIDES_NONE]);
	TEST_TRUE(f.rungv[0].units > units);

	/* another one shares: the latest is shown; then the first again */
	TEST_ERR(share(&f, 3, 640, 360, 0x103070));
	TEST_ERR(step(&f, 30));
	TEST_TRUE(is_rgb(seen(&f, w), 512, 300, 0x103070));
	on_loop();
	f.partyv[3].ticket.slides.on = false;
	TEST_ERR(video_src_set(f.partyv[3].slides, &f.partyv[3].ticket));
	TEST_ERR(step(&f, 30));
	TEST_EQ(1, f.partyv[3].evv[VIDEO_SLIDES_NONE]);
	TEST_TRUE(is_rgb(seen(&f, w), 512, 300, 0xf0f0f0));

	/* over: everybody where he was */
	f.partyv[2].slides = mem_deref(f.partyv[2].slides);
	TEST_ERR(step(&f, 30));
	TEST_TRUE(is_rgb(seen(&f, w), 320, 180, rgbv[1]));
	TEST_TRUE(is_rgb(seen(&f, w), 960, 180, rgbv[2]));
	TEST_TRUE(is_rgb(seen(&f, w), 640, 532, rgbv[3]));
	TEST_EQ(0, f.fails);
 out:
	mem_deref(w);
	mem_deref(film);
	fix_close(&f);
	return err;
}

/* How large each is shown, over all scenes, once a second at most */
static int test_need(void)
{
	struct video_watch *grid = NULL, *sp = NULL;
	struct fix f;
	int err = 0;

	TEST_ERR(fix_open(&f));
	TEST_ERR(join(&f, 1));
	TEST_ERR(join(&f, 2));
	TEST_ERR(step(&f, 10));
	TEST_TRUE(needs(&f, 1, false, 0, 0));
	TEST_EQ(0, f.partyv[1].evv[VIDEO_NEED]);

	TEST_ERR(video_watch_alloc(&grid, f.v, &top, NULL));
	TEST_ERR(step(&f, 10));
	TEST_TRUE(needs(&f, 1, false, 640, 368));
	TEST_EQ(1, f.partyv[1].evv[VIDEO_NEED]);
	/* the largest counts; not before the second is over */
	TEST_ERR(video_watch_alloc(&sp, f.v, &top, AS("speaker")));
	TEST_ERR(step(&f, 10));
	TEST_TRUE(needs(&f, 1, false, 640, 368));
	TEST_ERR(step(&f, 30));
	TEST_TRUE(needs(&f, 1, false, 1280, 720));
	TEST_TRUE(needs(&f, 2, false, 640, 368));
	TEST_EQ(2, f.partyv[1].evv[VIDEO_NEED]);
	TEST_EQ(1, f.partyv[2].evv[VIDEO_NEED]);

	/* speakers that change all the time: still one a second */
	for (unsigned i = 0; i < 30; i++) {
		video_speaker(f.v, 1 + i % 2);
		TEST_ERR(step(&f, 6));
	}
	TEST_TRUE(f.partyv[1].evv[VIDEO_NEED] <= 2 + 7);
	TEST_TRUE(f.partyv[1].evv[VIDEO_NEED] >= 4);

	/* shared slides have a size of their own */
	TEST_ERR(share(&f, 1, 640, 360, 0xf0f0f0));
	TEST_ERR(step(&f, 60));
	TEST_TRUE(needs(&f, 1, true, 1024, 720));
	TEST_TRUE(needs(&f, 1, false, 256, 144));
	TEST_TRUE(f.partyv[1].evv[VIDEO_NEED_SLIDES] >= 1);

	/* in the speaker's layout alone who is silent is shown nowhere */
	grid = mem_deref(grid);
	video_speaker(f.v, 2);
	TEST_ERR(step(&f, 60));
	TEST_TRUE(needs(&f, 1, false, 0, 0));
	TEST_TRUE(needs(&f, 2, false, 256, 144));

	/* nobody looks: told though no more pictures are made */
	sp = mem_deref(sp);
	TEST_ERR(step(&f, 60));
	TEST_TRUE(needs(&f, 1, true, 0, 0));
	TEST_TRUE(needs(&f, 2, false, 0, 0));
	TEST_EQ(0, stat_of(&f, "scenes"));
	TEST_EQ(0, f.fails);
 out:
	mem_deref(grid);
	mem_deref(sp);
	fix_close(&f);
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
	struct fix f;
	int err = 0;

	TEST_ERR(fix_open(&f));
	TEST_ERR(join(&f, 1));
	TEST_ERR(join(&f, 2));
	cam_ticket(&t, 50, "Nobody", CODEC_NONE);
	t.watcher = true;
	TEST_ERR(video_src_alloc(&watcher, f.v, &t, false));
	TEST_EQ(2, stat_of(&f, "sources"));
	TEST_ERR(video_watch_alloc(&sp, f.v, &top, AS("speaker")));
	TEST_ERR(step(&f, 60));
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
	fix_close(&f);
	return err;
}

/* Fewer places in the strip than people: who was large is seen on. */
static int test_short_strip(void)
{
	struct video_watch *film = NULL;
	struct fix f;
	bool there = false;
	int err = 0;

	TEST_ERR(fix_open(&f));
	for (uint32_t i = 1; i <= PARTIES; i++)
		TEST_ERR(join(&f, i));
	TEST_ERR(video_watch_alloc(&film, f.v, &top, AS("filmstrip")));
	video_speaker(f.v, 1);
	TEST_ERR(step(&f, 30));
	for (unsigned i = 0; i < 8; i++)
		TEST_TRUE(is_rgb(seen(&f, film), 80 + 160 * i, 660,
				 rgbv[2 + i]));
	video_speaker(f.v, PARTIES);
	TEST_ERR(step(&f, 40));
	TEST_TRUE(is_rgb(seen(&f, film), 640, 300, rgbv[PARTIES]));
	/* in the place of the last of those who never spoke */
	for (unsigned i = 0; i < 7; i++)
		TEST_TRUE(is_rgb(seen(&f, film), 80 + 160 * i, 660,
				 rgbv[2 + i]));
	there = is_rgb(seen(&f, film), 80 + 160 * 7, 660, rgbv[1]);
	TEST_TRUE(there);
	TEST_EQ(0, f.fails);
 out:
	mem_deref(film);
	fix_close(&f);
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

static int keep_png(struct fix *f, const struct layout *l, unsigned n,
		    const char *what)
{
	const char *dir = getenv("TUTTI_PNG_DIR");
	char path[256];
	int fd, err;

	on_loop();
	on_worker();
	err = video_shot(f->v, shot_handler, f);
	if (err)
		return err;
	f->now += STEP_US;
	video_run(f->v, f->now);
	if (!f->shot)
		return ENOENT;
	if (!dir)
		return 0;
	re_snprintf(path, sizeof(path), "%s/%s-%02u%s.png", dir,
		    layout_name(l), n, what);
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
	if (fd < 0)
		return errno;
	err = image_png(f->shot, fd);
	close(fd);

	return err;
}

static int test_pictures(void)
{
	static const unsigned allv[] = {1, 2, 3, 5, 6, 9, 12};
	static const unsigned fewv[] = {1, 3, 12};
	const bool keep = getenv("TUTTI_PNG_DIR");
	const unsigned *countv = keep ? allv : fewv;
	size_t countc = keep ? ARRAY_SIZE(allv) : ARRAY_SIZE(fewv);
	struct video_watch *w = NULL;
	const struct layout *l;
	uint32_t id = 1;
	struct fix f;
	int err = 0;

	TEST_ERR(fix_open(&f));
	TEST_ERR(video_watch_alloc(&w, f.v, &top, NULL));
	for (size_t i = 0; i < countc; i++) {
		for (; id <= countv[i]; id++)
			TEST_ERR(join(&f, id));
		video_speaker(f.v, 1 + (uint32_t)i % countv[i]);
		for (unsigned k = 0; (l = layout_nth(k)); k++) {
			video_room(f.v, layout_name(l), 0);
			TEST_ERR(step(&f, 8));
			TEST_ERR(keep_png(&f, l, countv[i], ""));
			video_room(f.v, layout_name(l), countv[i]);
			TEST_ERR(step(&f, 8));
			TEST_ERR(keep_png(&f, l, countv[i], "-spot"));
			video_room(f.v, layout_name(l), 0);
			if (countv[i] == 6 || countv[i] > 9)
				continue;
			TEST_ERR(share(&f, 1, countv[i] == 3 ? 800 : 1280,
				       countv[i] == 3 ? 600 : 720, 0));
			draw_slide(f.partyv[1].screen);
			TEST_ERR(step(&f, 12));
			TEST_ERR(keep_png(&f, l, countv[i], "-slides"));
			f.partyv[1].slides = mem_deref(f.partyv[1].slides);
			f.partyv[1].screen = mem_deref(f.partyv[1].screen);
		}
	}
	TEST_EQ(0, f.fails);
 out:
	mem_deref(w);
	fix_close(&f);
	return err;
}

static const struct test testv[] = {
	{"cells are on the grid, inside and apart", test_geometry},
	{"the built-in layouts at 720p", test_places},
	{"one scene a layout, one encode a rung of it", test_shared},
	{"the room's layout changes", test_room},
	{"speakers come and go, nobody jumps", test_speaker},
	{"large when there is a picture", test_handover},
	{"spotlight", test_spotlight},
	{"slides come, stand still, go", test_slides},
	{"how large each is shown", test_need},
	{"only what is shown is decoded", test_decoded},
	{"a strip too short for all", test_short_strip},
	{"pictures of layouts", test_pictures},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
