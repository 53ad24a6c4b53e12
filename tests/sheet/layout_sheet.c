/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/sheet/layout_sheet.c -- every installed layout, from 1 to 40 people
 *
 *	make layout-sheet
 *
 * writes layouts/layouts.png, which is part of the documentation.  What is
 * on it was drawn by the engine that draws a room.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <libavutil/frame.h>

#include <re.h>

#include "base/thread.h"
#include "mixer/record_image.h"
#include "mixer/video_label.h"
#include "tests/fake/layouts.h"
#include "tests/fake/studio.h"

enum {
	THUMB_W = 192, THUMB_H = 108, GAP = 8, SIDE = 184, HEAD = 32,
	SETTLE = 16,              /* pictures until all is in its place   */
};

/* A column of the sheet; in the order in which people come */
static const struct {
	unsigned people;
	bool slides;
	unsigned spotlights;
	const char *head;
} colv[] = {
	{1, 0, 0, "1"}, {2, 0, 0, "2"}, {3, 0, 0, "3"}, {5, 0, 0, "5"},
	{5, 1, 0, "5 and slides"}, {5, 0, 1, "5, spotlight"},
	{8, 0, 0, "8"}, {10, 0, 0, "10"}, {10, 0, 2, "10, two spotlights"},
	{16, 0, 0, "16"}, {16, 0, 5, "16, five spotlights"},
	{16, 1, 0, "16 and slides"}, {25, 0, 0, "25"}, {40, 0, 0, "40"},
};
enum { COLS = ARRAY_SIZE(colv) };

struct sheet {
	struct studio f;
	struct layout_set *set;
	struct video_watch *watch;
	struct label *label;
	struct vpic pic;
	unsigned rows;
};

/* A head and shoulders of its own colour */
static void draw_person(struct cam *cam, unsigned i)
{
	struct vpic *p = cam_pic(cam);
	const unsigned h = p->h, w = p->w;

	cam_rgb(cam, 0x30405a + i % 8 * 0x0c0803 + i / 8 * 0x030a10);
	for (unsigned y = h / 5; y < h; y++) {
		for (unsigned x = 0; x < w; x++) {
			double dx = (x - w / 2.) / h, dy = y / (double)h;
			bool head = dx * dx + (dy - .42) * (dy - .42) < .025;
			bool body = dx * dx * .6 + (dy - 1.05) * (dy - 1.05)
				< .13;

			if (head || body)
				p->data[0][y * (unsigned)p->stride[0] + x] =
					head ? 190 : 150;
		}
	}
}

/* Lines of text, black on white */
static void draw_slide(struct cam *cam)
{
	struct vpic *p = cam_pic(cam);

	cam_rgb(cam, 0xfafafa);
	for (unsigned line = 0; line < 7; line++) {
		struct layout_rect r = {40, 40 + line * 44,
			line ? p->w - 120 - line * 37 % 200 : p->w / 2, 16};

		r.w &= ~1u;
		canvas_fill(p, &r, vcolour_rgb(line ? 0x404040 : 0x1040a0));
	}
}

static int people_come(struct studio *f, unsigned n)
{
	int err = 0;

	for (uint32_t id = 1; id <= n && !err; id++) {
		char name[16];

		if (f->partyv[id].src)
			continue;
		(void)re_snprintf(name, sizeof(name), "P%u", id);
		on_loop();
		err = studio_join(f, id, name, CODEC_VP8, 320, 180, 0);
		if (!err)
			draw_person(f->partyv[id].cam, id);
	}

	return err;
}

static int slides_set(struct studio *f, bool on)
{
	struct studio_party *p = &f->partyv[1];
	int err;

	on_loop();
	if (on == !!p->slides)
		return 0;
	if (on) {
		err = studio_share(f, 1, 640, 360, 0);
		if (!err)
			draw_slide(p->screen);
		return err;
	}
	p->slides = mem_deref(p->slides);
	p->screen = mem_deref(p->screen);

	return 0;
}

static void text_put(struct sheet *s, unsigned x, unsigned y, const char *text,
		     unsigned max_w)
{
	struct vbitmap bm = {0};

	if (!label_plate(s->label, &bm, text, 16, max_w))
		canvas_blend(&s->pic, x & ~1u, y & ~1u, &bm);
	vbitmap_close(&bm);
}

/* The room's picture, small, into its field */
static int thumb(struct sheet *s, unsigned row, unsigned col)
{
	struct vconv conv = {0};
	struct vfit fit;
	int err = studio_shot(&s->f);

	if (!err)
		err = s->f.shot ? s->f.shot_err : EIO;
	if (err)
		return err;
	vfit_set(&fit, (unsigned)s->f.shot->width,
		 (unsigned)s->f.shot->height, 1, 1, THUMB_W, THUMB_H,
		 VFIT_WHOLE);
	err = canvas_draw(&s->pic, SIDE + col * (THUMB_W + GAP),
			  HEAD + row * (THUMB_H + GAP), s->f.shot, &fit,
			  &conv);
	vconv_close(&conv);

	return err;
}

static int column(struct sheet *s, unsigned col)
{
	struct pins spotlights = pins_one(0);
	const struct layout *l;
	int err = people_come(&s->f, colv[col].people);

	if (!err)
		err = slides_set(&s->f, colv[col].slides);
	text_put(s, SIDE + col * (THUMB_W + GAP), 2, colv[col].head, THUMB_W);
	on_loop();
	on_worker();
	video_speaker(s->f.v, 1);
	for (unsigned i = 0; i < colv[col].spotlights; i++)
		(void)pins_add(&spotlights, i + 2);
	for (unsigned i = 0; !err && (l = layout_nth(s->set, i)); i++) {
		video_room(s->f.v, layout_name(l), &spotlights);
		err = studio_step(&s->f, SETTLE);
		if (!err)
			err = thumb(s, i, col);
	}

	return err;
}

static int sheet_open(struct sheet *s)
{
	const struct layout *l;
	struct layout_rect all;
	int err;

	on_loop();
	on_worker();
	err = studio_open(&s->f);
	if (!err)
		err = layout_set_alloc(&s->set);
	if (!err)
		err = fake_layouts(s->set);
	if (!err)
		err = video_watch_alloc(&s->watch, s->f.v, &studio_top, NULL);
	if (!err)
		err = label_alloc(&s->label);
	while (!err && layout_nth(s->set, s->rows))
		s->rows++;
	if (!err)
		err = vpic_init(&s->pic, SIDE + COLS * (THUMB_W + GAP),
				HEAD + s->rows * (THUMB_H + GAP));
	if (err)
		return err;
	all = (struct layout_rect){0, 0, s->pic.w, s->pic.h};
	canvas_fill(&s->pic, &all, vcolour_rgb(0xe8e8ec));
	for (unsigned i = 0; (l = layout_nth(s->set, i)); i++)
		text_put(s, 4, HEAD + i * (THUMB_H + GAP) + THUMB_H / 2 - 12,
			 layout_name(l), SIDE - 8);

	return 0;
}

static void sheet_close(struct sheet *s)
{
	on_loop();
	on_worker();
	mem_deref(s->watch);
	studio_close(&s->f);
	mem_deref(s->set);
	mem_deref(s->label);
	vpic_close(&s->pic);
}

static int sheet_write(const struct sheet *s, const char *path)
{
	AVFrame *f = av_frame_alloc();
	int fd, err;

	if (!f)
		return ENOMEM;
	for (unsigned i = 0; i < 3; i++) {
		f->data[i] = s->pic.data[i];
		f->linesize[i] = s->pic.stride[i];
	}
	f->format = AV_PIX_FMT_YUV420P;
	f->width = (int)s->pic.w;
	f->height = (int)s->pic.h;
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
	err = fd < 0 ? errno : image_png(f, fd);
	if (fd >= 0)
		close(fd);
	av_frame_free(&f);

	return err;
}

int main(int argc, char **argv)
{
	static struct sheet sheet;
	int err = argc == 2 ? libre_init() : EINVAL;

	if (!err)
		err = sheet_open(&sheet);
	for (unsigned i = 0; i < COLS && !err; i++)
		err = column(&sheet, i);
	if (!err)
		err = sheet_write(&sheet, argv[1]);
	sheet_close(&sheet);
	libre_close();
	if (err)
		fprintf(stderr, "layout_sheet FILE.png: %s\n", strerror(err));

	return !!err;
}
