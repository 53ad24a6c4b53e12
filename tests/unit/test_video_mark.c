/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_video_mark.c -- what is drawn beside names and over tiles
 *
 * Colours are counted where a mark has to be.  With TUTTI_PNG_DIR set the
 * pictures are kept there, also as the small rungs show them.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <libavutil/frame.h>

#include <re.h>

#include "base/look.h"
#include "mixer/record_image.h"
#include "mixer/scene_mark.h"
#include "mixer/scene_tile.h"
#include "tests/fake/studio.h"
#include "tests/unit/test.h"

enum { W = 640, H = 360 };

static const struct layout_rect whole = {0, 0, W, H};

/* Pixels of about this colour in a rectangle */
static unsigned count(const struct vpic *p, const struct layout_rect *r,
		      unsigned rgb)
{
	const struct vcolour c = vcolour_rgb(rgb);
	unsigned n = 0;

	for (unsigned y = r->y; y < r->y + r->h && y < p->h; y++) {
		for (unsigned x = r->x; x < r->x + r->w && x < p->w; x++) {
			const size_t at = (size_t)(y / 2) *
				(size_t)p->stride[1] + x / 2;

			n += abs(p->data[0][y * (size_t)p->stride[0] + x] -
				 c.y) < 24 &&
			     abs(p->data[1][at] - c.u) < 20 &&
			     abs(p->data[2][at] - c.v) < 20;
		}
	}

	return n;
}

static struct vpic pic_of(const AVFrame *f)
{
	struct vpic p = {.w = (unsigned)f->width, .h = (unsigned)f->height};

	for (int i = 0; i < 3; i++) {
		p.data[i] = f->data[i];
		p.stride[i] = f->linesize[i];
	}

	return p;
}

static unsigned seen(const AVFrame *f, unsigned x, unsigned y, unsigned w,
		     unsigned h, unsigned rgb)
{
	const struct layout_rect r = {x, y, w, h};
	struct vpic p;

	if (!f)
		return 0;
	p = pic_of(f);

	return count(&p, &r, rgb);
}

static bool same(const struct vpic *a, const struct vpic *b)
{
	for (int i = 0; i < 3; i++) {
		const unsigned w = i ? a->w / 2 : a->w;
		const unsigned h = i ? a->h / 2 : a->h;

		for (unsigned y = 0; y < h; y++) {
			if (memcmp(a->data[i] + y * (size_t)a->stride[i],
				   b->data[i] + y * (size_t)b->stride[i], w))
				return false;
		}
	}

	return true;
}

/* --- what lies over the tiles ----------------------------------------- */

struct touched {
	struct layout_rect rectv[32];
	unsigned n;
};

static void touch(const struct layout_rect *rect, void *arg)
{
	struct touched *t = arg;

	if (t->n < ARRAY_SIZE(t->rectv))
		t->rectv[t->n] = *rect;
	t->n++;
}

/* A picture in which every pixel differs from its neighbours */
static void noise(struct vpic *p)
{
	uint32_t s = 1;

	for (int i = 0; i < 3; i++) {
		const unsigned w = i ? p->w / 2 : p->w;
		const unsigned h = i ? p->h / 2 : p->h;

		for (unsigned y = 0; y < h; y++) {
			for (unsigned x = 0; x < w; x++) {
				s = s * 1664525 + 1013904223;
				p->data[i][y * (size_t)p->stride[i] + x] =
					(uint8_t)(60 + (s >> 25));
			}
		}
	}
}

/* On, and what it touched; what is outside of that is as it was. */
static int put_on(struct scene_marks *m, struct vpic *canvas,
		  struct touched *t)
{
	struct vpic was = {0};
	uint64_t us = 0;
	int err = 0;

	t->n = 0;
	TEST_ERR(vpic_init(&was, W, H));
	vpic_copy(&was, canvas, &whole);
	scene_marks_off(m, canvas);
	scene_marks_on(m, canvas, touch, t, &us);
	TEST_TRUE(t->n <= ARRAY_SIZE(t->rectv));
	for (unsigned i = 0; i < t->n; i++)
		vpic_copy(&was, canvas, &t->rectv[i]);
	TEST_TRUE(same(&was, canvas));
 out:
	vpic_close(&was);
	return err;
}

struct overlay {
	struct label *label;
	struct scene_marks *m;
	struct vpic canvas, clean;
	struct look look;
	struct scene_marks_want want;
	struct touched t;
};

static int overlay_open(struct overlay *o)
{
	int err = 0;

	memset(o, 0, sizeof(*o));
	TEST_ERR(label_alloc(&o->label));
	TEST_ERR(scene_marks_alloc(&o->m, W, H, o->label));
	TEST_ERR(vpic_init(&o->canvas, W, H));
	TEST_ERR(vpic_init(&o->clean, W, H));
	noise(&o->canvas);
	vpic_copy(&o->clean, &o->canvas, &whole);
	o->want.look = &o->look;
 out:
	return err;
}

static void overlay_close(struct overlay *o)
{
	mem_deref(o->m);
	mem_deref(o->label);
	vpic_close(&o->canvas);
	vpic_close(&o->clean);
}

static int overlay_put(struct overlay *o)
{
	scene_marks_set(o->m, &o->want);

	return put_on(o->m, &o->canvas, &o->t);
}

/* Everything at once, then one after the other, then nothing: to the bit. */
static int test_over(void)
{
	struct overlay o;
	int err = 0;

	TEST_ERR(overlay_open(&o));
	TEST_ERR(overlay_put(&o));
	TEST_EQ(0, o.t.n);

	o.want.recording = true;
	TEST_ERR(overlay_put(&o));
	TEST_EQ(1, o.t.n);
	TEST_TRUE(count(&o.canvas, &o.t.rectv[0], ICON_RED) > 20);
	TEST_ERR(overlay_put(&o));
	TEST_EQ(0, o.t.n);        /* nothing changed, nothing is told     */

	o.look.locked = true;
	TEST_ERR(overlay_put(&o));
	TEST_EQ(1, o.t.n);
	TEST_TRUE(count(&o.canvas, &o.t.rectv[0], ICON_AMBER) > 20);
	TEST_TRUE(o.t.rectv[0].x + o.t.rectv[0].w < W - 40);

	str_ncpy(o.look.banner, "All hands", sizeof(o.look.banner));
	TEST_ERR(overlay_put(&o));
	/* the banner, and what gives way to it: lock and REC, from, to */
	TEST_EQ(5, o.t.n);
	TEST_EQ(W, o.t.rectv[0].w);
	TEST_TRUE(count(&o.canvas, &o.t.rectv[0], 0xffffff) > 15);

	o.look.hold = LOOK_ALONE;
	o.want.unseen = 7;
	TEST_ERR(overlay_put(&o));
	TEST_EQ(2, o.t.n);

	memset(&o.look, 0, sizeof(o.look));
	o.want.recording = false;
	o.want.unseen = 0;
	TEST_ERR(overlay_put(&o));
	TEST_EQ(5, o.t.n);
	TEST_TRUE(same(&o.clean, &o.canvas));
 out:
	overlay_close(&o);
	return err;
}

/* The time goes on: its own area, once. */
static int test_clock(void)
{
	struct layout_rect at;
	struct overlay o;
	int err = 0;

	TEST_ERR(overlay_open(&o));
	o.want.clock = "12:34";
	o.look.locked = true;
	TEST_ERR(overlay_put(&o));
	TEST_EQ(2, o.t.n);
	at = o.t.rectv[1];
	TEST_ERR(overlay_put(&o));
	TEST_EQ(0, o.t.n);

	o.want.clock = "12:35";
	TEST_ERR(overlay_put(&o));
	TEST_TRUE(o.t.n >= 1 && o.t.n <= 2);
	for (unsigned i = 0; i < o.t.n; i++) {
		TEST_EQ(at.y, o.t.rectv[i].y);
		TEST_TRUE(o.t.rectv[i].x + o.t.rectv[i].w == at.x + at.w);
		TEST_TRUE(o.t.rectv[i].w <= at.w + 16);
	}
 out:
	overlay_close(&o);
	return err;
}

/* A PNG of one colour, in memory */
static int png_make(uint8_t *buf, size_t size, size_t *np, int w, int h,
		    unsigned rgb)
{
	const struct vcolour c = vcolour_rgb(rgb);
	AVFrame *f = av_frame_alloc();
	int fd = memfd_create("png", 0), err = 0;
	ssize_t n;

	TEST_TRUE(f && fd >= 0);
	f->format = AV_PIX_FMT_YUV420P;
	f->width = w;
	f->height = h;
	f->color_range = AVCOL_RANGE_MPEG;
	TEST_EQ(0, av_frame_get_buffer(f, 0));
	memset(f->data[0], c.y, (size_t)(f->linesize[0] * h));
	memset(f->data[1], c.u, (size_t)(f->linesize[1] * h / 2));
	memset(f->data[2], c.v, (size_t)(f->linesize[2] * h / 2));
	TEST_ERR(image_png(f, fd));
	n = pread(fd, buf, size, 0);
	TEST_TRUE(n > 0);
	*np = (size_t)n;
 out:
	if (fd >= 0)
		close(fd);
	av_frame_free(&f);
	return err;
}

static int test_watermark(void)
{
	struct mark_image *im = NULL;
	uint8_t *png = mem_zalloc(LOOK_IMAGE_MAX, NULL);
	struct overlay o;
	size_t n = 0;
	int err = 0;

	TEST_ERR(overlay_open(&o));
	TEST_TRUE(png);
	TEST_ERR(png_make(png, LOOK_IMAGE_MAX, &n, 400, 100, 0xc020c0));
	TEST_STR("not a PNG", look_image_check("GIF89a", 6));
	TEST_TRUE(!look_image_check(png, n));

	/* broken anywhere: refused, never half shown */
	TEST_EQ(EBADMSG, mark_image_read(&im, png, n / 2, 160, 60));
	png[n / 2] ^= 0xff;
	TEST_EQ(EBADMSG, mark_image_read(&im, png, n, 160, 60));
	png[n / 2] ^= 0xff;
	png[16] = 1;              /* 16 million wide                      */
	TEST_TRUE(look_image_check(png, n));
	TEST_EQ(EBADMSG, mark_image_read(&im, png, n, 160, 60));
	png[16] = 0;

	TEST_ERR(mark_image_read(&im, png, n, 160, 60));
	o.want.watermark = im;
	TEST_ERR(overlay_put(&o));
	mark_image_unref(im);     /* the canvas keeps it                  */
	im = NULL;
	TEST_EQ(1, o.t.n);
	TEST_EQ(160, o.t.rectv[0].w);
	TEST_EQ(40, o.t.rectv[0].h);
	TEST_EQ(W - 16, o.t.rectv[0].x + o.t.rectv[0].w);
	TEST_EQ(H - 16, o.t.rectv[0].y + o.t.rectv[0].h);
	TEST_TRUE(count(&o.canvas, &o.t.rectv[0], 0xc020c0) > 160 * 36);

	o.want.watermark = NULL;
	TEST_ERR(overlay_put(&o));
	TEST_TRUE(same(&o.clean, &o.canvas));
 out:
	mark_image_unref(im);
	overlay_close(&o);
	mem_deref(png);
	return err;
}

/* --- beside a name ---------------------------------------------------- */

/* A card's marks come and go, and touch nothing else. */
static int test_tile(void)
{
	static const struct {
		unsigned mark, rgb;
	} markv[] = {
		{MARK_MIC_OFF, ICON_RED}, {MARK_HOST, ICON_BLUE},
		{MARK_TROUBLE, ICON_AMBER}, {MARK_HAND, ICON_AMBER},
	};
	struct layout_cell cell = {.rect = {0, 0, 320, 176}};
	struct vpic canvas = {0}, was = {0};
	struct face *f = mem_zalloc(sizeof(*f), NULL);
	struct label *label = NULL;
	struct tile t = {0};
	uint64_t us = 0;
	int err = 0;

	TEST_TRUE(f);
	TEST_ERR(label_alloc(&label));
	TEST_ERR(vpic_init(&canvas, W, H));
	TEST_ERR(vpic_init(&was, W, H));
	str_ncpy(f->clean, "Ann", sizeof(f->clean));
	tile_open(&t, f);
	tile_place(&t, &cell, false, 0);
	(void)tile_turn(&t, 0);
	TEST_TRUE(tile_draw(&t, &canvas, label, &us));
	TEST_EQ(320, t.touched.w);
	TEST_TRUE(!tile_draw(&t, &canvas, label, &us));

	for (size_t i = 0; i < ARRAY_SIZE(markv); i++) {
		TEST_TRUE(count(&canvas, &whole, markv[i].rgb) < 4);
		vpic_copy(&was, &canvas, &whole);
		f->marks = markv[i].mark;
		TEST_TRUE(tile_draw(&t, &canvas, label, &us));
		TEST_TRUE(t.touched.w && t.touched.w < 80);
		TEST_TRUE(t.touched.h < 80);
		TEST_TRUE(count(&canvas, &t.touched, markv[i].rgb) > 40);
		vpic_copy(&was, &canvas, &t.touched);
		TEST_TRUE(same(&was, &canvas));

		f->marks = 0;
		TEST_TRUE(tile_draw(&t, &canvas, label, &us));
		TEST_TRUE(t.touched.w && t.touched.w < 80);
		vpic_copy(&was, &canvas, &t.touched);
		TEST_TRUE(same(&was, &canvas));
	}
 out:
	tile_close(&t);
	mem_deref(f);
	mem_deref(label);
	vpic_close(&canvas);
	vpic_close(&was);
	return err;
}

/* --- in a meeting ----------------------------------------------------- */

static int phone_join(struct studio *f, uint32_t id, const char *name)
{
	struct studio_party *p = &f->partyv[id];

	on_loop();
	cam_ticket(&p->ticket, id, name, CODEC_NONE);
	p->ticket.video.on = false;

	return video_src_alloc(&p->src, f->v, &p->ticket, false);
}

/* Phones have no tile where people can be seen, but in a meeting of phones
 * they do. */
static int test_phones(void)
{
	struct video_watch *w = NULL;
	struct studio f;
	int err = 0;

	TEST_ERR(studio_open(&f));
	TEST_ERR(video_watch_alloc(&w, f.v, &studio_top, NULL));
	for (uint32_t i = 1; i <= 6; i++)
		TEST_ERR(phone_join(&f, i, i == 1 ? "+49 30 1234567"
						  : "Phone"));
	studio_idle(&f, 40);
	TEST_ERR(studio_shot(&f));
	/* six cards in a grid, nobody in a strip */
	TEST_TRUE(!seen(f.shot, 16, 16, 40, 20, 0xffffff));
	TEST_ERR(studio_png(&f, "mark-phones"));

	TEST_ERR(studio_join(&f, 10, "Ann", CODEC_VP8, 320, 180, 0x20a020));
	TEST_ERR(studio_join(&f, 11, "Bob", CODEC_VP8, 320, 180, 0xa02020));
	f.partyv[2].ticket.muted = true;
	TEST_ERR(video_src_set(f.partyv[2].src, &f.partyv[2].ticket));
	video_speaker(f.v, 6);
	TEST_ERR(studio_step(&f, 20));
	TEST_ERR(studio_shot(&f));
	/* two tiles side by side, whole */
	TEST_TRUE(studio_is(f.shot, 320, 360, 0x20a020, 6));
	TEST_TRUE(studio_is(f.shot, 960, 360, 0xa02020, 6));
	/* the strip: four of them, who speaks in a ring, "+2" */
	TEST_TRUE(seen(f.shot, 16, 16, 900, 34, 0xffffff) > 300);
	TEST_TRUE(seen(f.shot, 16, 16, 900, 34, ICON_GREEN) > 100);
	TEST_TRUE(seen(f.shot, 16, 16, 900, 34, ICON_RED) > 60);
	TEST_ERR(studio_png(&f, "mark-strip"));

	/* a spotlit one is shown all the same */
	video_speaker(f.v, 0);
	studio_room(&f, "grid", 3);
	TEST_ERR(studio_step(&f, 15));
	TEST_ERR(studio_shot(&f));
	TEST_ERR(studio_png(&f, "mark-spotlight"));
	TEST_TRUE(!studio_is(f.shot, 320, 360, 0x20a020, 6) ||
		  !studio_is(f.shot, 960, 360, 0xa02020, 6));

	/* when nobody can be seen any more they are back */
	studio_room(&f, "grid", 0);
	studio_leave(&f, 10);
	studio_leave(&f, 11);
	studio_idle(&f, 15);
	TEST_ERR(studio_shot(&f));
	TEST_TRUE(!seen(f.shot, 16, 16, 40, 20, 0xffffff));
 out:
	mem_deref(w);
	studio_close(&f);
	return err;
}

/* Nobody is seen before the host is there. */
static int test_hold(void)
{
	struct look look = {.hold = LOOK_HOST, .title = "Weekly"};
	struct video_watch *w = NULL;
	struct studio f;
	int err = 0;

	TEST_ERR(studio_open(&f));
	TEST_ERR(video_watch_alloc(&w, f.v, &studio_top, NULL));
	video_look(f.v, &look);
	TEST_ERR(studio_join(&f, 1, "Ann", CODEC_VP8, 320, 180, 0x20a020));
	TEST_ERR(studio_step(&f, 40));
	TEST_ERR(studio_shot(&f));
	TEST_TRUE(f.shot);
	TEST_EQ(0, seen(f.shot, 0, 0, 1280, 720, 0x20a020));
	TEST_TRUE(seen(f.shot, 400, 280, 480, 160, 0xffffff) > 100);
	TEST_ERR(studio_png(&f, "mark-hold-host"));

	look.hold = LOOK_ALONE;
	look.clock = true;
	video_look(f.v, &look);
	TEST_ERR(studio_step(&f, 20));
	TEST_ERR(studio_shot(&f));
	TEST_TRUE(studio_is(f.shot, 640, 200, 0x20a020, 6));
	TEST_TRUE(seen(f.shot, 400, 380, 480, 160, 0xffffff) > 100);
	TEST_ERR(studio_png(&f, "mark-hold-alone"));

	look.hold = LOOK_GO;
	video_look(f.v, &look);
	TEST_ERR(studio_step(&f, 2));
	TEST_ERR(studio_shot(&f));
	TEST_TRUE(!seen(f.shot, 400, 380, 480, 160, 0xffffff));
 out:
	mem_deref(w);
	studio_close(&f);
	return err;
}

/* A whole room to look at, and what its small rungs leave of it */
static int test_room(void)
{
	static const char *const namev[] = {
		"", "Ann Example", "Жанна Иванова", "Boardroom 4.12 (Berlin)",
		"محمد علي", "王小明", "Sam Taylor", "Kim", "Lee", "Pat",
	};
	struct look look = {
		.locked = true, .clock = true,
		.banner = "Recorded for those who cannot be here – please "
			  "mute when you do not speak",
	};
	struct video_rung r = studio_top;
	struct video_watch *wv[2] = {0};
	struct mark_image *im = NULL;
	uint8_t *png = mem_zalloc(LOOK_IMAGE_MAX, NULL);
	struct studio f;
	size_t n = 0;
	int err = 0;

	TEST_ERR(studio_open(&f));
	TEST_ERR(png_make(png, LOOK_IMAGE_MAX, &n, 240, 80, 0xe07020));
	TEST_ERR(mark_image_read(&im, png, n, 320, 120));
	video_watermark(f.v, im);
	video_recording(f.v, true);
	video_look(f.v, &look);
	r.width = 640;
	r.height = 360;
	r.kbps = 600;
	TEST_ERR(video_watch_alloc(&wv[0], f.v, &r, NULL));
	r.width = 320;
	r.height = 180;
	r.kbps = 300;
	TEST_ERR(video_watch_alloc(&wv[1], f.v, &r, NULL));
	for (uint32_t i = 1; i < ARRAY_SIZE(namev); i++) {
		struct studio_party *p = &f.partyv[i];

		TEST_ERR(studio_join(&f, i, namev[i], i == 8 ? CODEC_NONE
				     : CODEC_VP8, 320, 180,
				     0x405060 + i * 0x0a1307));
		p->ticket.host = i == 1;
		p->ticket.muted = i == 2 || i == 5 || i == 8;
		p->ticket.hand = i == 3 || i == 5 || i == 8;
		TEST_ERR(video_src_set(p->src, &p->ticket));
	}
	video_src_trouble(f.partyv[6].src, true);
	TEST_ERR(phone_join(&f, 20, "+49 30 1234567"));
	TEST_ERR(phone_join(&f, 21, "Reception"));
	video_speaker(f.v, 21);
	TEST_ERR(studio_step(&f, 40));
	TEST_ERR(studio_shot(&f));
	TEST_ERR(studio_png(&f, "mark-room"));
	/* the plates of nine tiles, row by row */
	TEST_TRUE(seen(f.shot, 0, 190, 426, 50, ICON_BLUE) > 80);
	TEST_TRUE(seen(f.shot, 426, 190, 426, 50, ICON_RED) > 80);
	TEST_TRUE(seen(f.shot, 853, 150, 426, 90, ICON_AMBER) > 300);
	TEST_TRUE(seen(f.shot, 1000, 580, 280, 140, 0xe07020) > 10000);
	TEST_TRUE(seen(f.shot, 1100, 0, 180, 100, ICON_RED) > 40);

	for (unsigned i = 0; i < 2; i++) {
		AVFrame *shot = f.shot;

		TEST_TRUE(studio_seen(&f, wv[i]));
		f.shot = (AVFrame *)studio_seen(&f, wv[i]);
		err = studio_png(&f, "mark-room-%u", 360 >> i);
		f.shot = shot;
		TEST_ERR(err);
	}
 out:
	mark_image_unref(im);
	mem_deref(wv[0]);
	mem_deref(wv[1]);
	studio_close(&f);
	mem_deref(png);
	return err;
}

static const struct test testv[] = {
	{"over tiles: on, off, and nothing else touched", test_over},
	{"the clock touches its own area", test_clock},
	{"a watermark, and what is none", test_watermark},
	{"marks of a party touch nothing but themselves", test_tile},
	{"phones in a strip", test_phones},
	{"holding screens", test_hold},
	{"a room with everything", test_room},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
