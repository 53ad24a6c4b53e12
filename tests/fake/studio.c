/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/studio.c -- the video engine on a fake clock; see studio.h
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <libavutil/frame.h>

#include <re.h>

#include "mixer/record_image.h"
#include "tests/fake/layouts.h"
#include "tests/fake/studio.h"

const struct video_rung studio_top = {
	CODEC_H264, 1280, 720, 30, 1500, 1, 31
};

const unsigned studio_rgbv[STUDIO_PARTIES + 1] = {
	0, 0xc02020, 0x20a040, 0x2030c0, 0xc0a020, 0x20a0a0, 0xa020a0,
	0x808080, 0x603010, 0x106030, 0x301060, 0xe08060, 0x60e080,
};


static void out_handler(struct unit *unit, void *arg)
{
	struct studio *f = arg;
	unsigned i, k, bad = 0;

	for (i = 0; i < f->rungc; i++) {
		if (f->rungv[i].id == unit->stream)
			break;
	}
	if (i == STUDIO_RUNGS) {
		f->fails++;
		return;
	}
	if (i == f->rungc) {
		f->rungc++;
		f->rungv[i].id = unit->stream;
		viewer_alloc(&f->rungv[i].viewer, unit->codec);
		bad += !unit->key;
	}
	bad += f->rungv[i].units && unit->pts_us <= f->rungv[i].pts_us;
	f->rungv[i].units++;
	f->rungv[i].keys += unit->key;
	f->rungv[i].pts_us = unit->pts_us;
	for (k = 0; k < unit->payc; k++)
		bad += unit->payv[k].hdrlen + unit->payv[k].len > 1200;
	bad += viewer_put(f->rungv[i].viewer, unit) != 0;

	f->rungv[i].fails += bad;
	f->fails += bad;
}


static void event_handler(enum video_event ev, uint32_t leg, void *arg)
{
	struct studio *f = arg;

	if (leg <= STUDIO_PARTIES && ev <= VIDEO_LOAD)
		f->partyv[leg].evv[ev]++;
}


int studio_open(struct studio *f)
{
	const struct video_cfg cfg = {
		.outh = out_handler, .eventh = event_handler, .arg = f,
	};

	int err;

	memset(f, 0, sizeof(*f));
	f->now = 1000000;
	pkt_pool_init(2048);
	err = video_alloc(&f->v, &cfg);

	return err ? err : fake_layouts_video(f->v);
}


void studio_close(struct studio *f)
{
	for (uint32_t i = 0; i <= STUDIO_PARTIES; i++)
		studio_leave(f, i);
	mem_deref(f->v);
	for (unsigned i = 0; i < f->rungc; i++)
		mem_deref(f->rungv[i].viewer);
	av_frame_free(&f->shot);
	pkt_pool_close();
}


int studio_join(struct studio *f, uint32_t id, const char *name,
		enum ticket_codec codec, unsigned w, unsigned h, unsigned rgb)
{
	struct studio_party *p = &f->partyv[id];
	int err;

	on_loop();
	cam_ticket(&p->ticket, id, name, codec);
	err = video_src_alloc(&p->src, f->v, &p->ticket, false);
	if (err || codec == CODEC_NONE)
		return err;
	err = cam_alloc(&p->cam, codec, w, h, 30, id);
	if (!err)
		cam_rgb(p->cam, rgb);

	return err;
}


int studio_person(struct studio *f, uint32_t id)
{
	char name[16];

	re_snprintf(name, sizeof(name), "P%u", id);

	return studio_join(f, id, name, CODEC_VP8, 320, 180, studio_rgbv[id]);
}


int studio_share(struct studio *f, uint32_t id, unsigned w, unsigned h,
		 unsigned rgb)
{
	struct studio_party *p = &f->partyv[id];
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


void studio_room(struct studio *f, const char *layout, uint32_t spotlight)
{
	const struct pins spotlights = pins_one(spotlight);

	on_loop();
	video_room(f->v, layout, &spotlights);
}


void studio_leave(struct studio *f, uint32_t id)
{
	struct studio_party *p = &f->partyv[id];

	p->src    = mem_deref(p->src);
	p->slides = mem_deref(p->slides);
	p->cam    = mem_deref(p->cam);
	p->screen = mem_deref(p->screen);
}


static void put(struct pkt *pkt, void *arg)
{
	on_loop();
	video_src_put(arg, pkt);
}


int studio_frame(struct studio *f, uint32_t id, bool key, unsigned drop)
{
	struct studio_party *p = &f->partyv[id];

	return cam_send(p->cam, (uint32_t)(f->now * 9 / 100), f->now, key,
			drop, put, p->src);
}


static int party_step(struct studio *f, uint32_t id)
{
	struct studio_party *p = &f->partyv[id];
	int err = 0;
	bool key;

	if (p->cam && p->src) {
		if (p->move)
			cam_move(p->cam);
		key = p->evv[VIDEO_WANT_KEY] > 0;
		p->evv[VIDEO_WANT_KEY] = 0;
		err |= studio_frame(f, id, key, 0);
	}
	if (p->screen && p->slides && !p->still) {
		key = p->evv[VIDEO_WANT_KEY_SLIDES] > 0;
		p->evv[VIDEO_WANT_KEY_SLIDES] = 0;
		err |= cam_send(p->screen, (uint32_t)(f->now * 9 / 100),
				f->now, key, 0, put, p->slides);
	}

	return err;
}


int studio_step(struct studio *f, unsigned frames)
{
	int err = 0;

	on_loop();
	on_worker();
	while (frames-- && !err) {
		f->now += STUDIO_STEP_US;
		for (uint32_t i = 1; i <= STUDIO_PARTIES; i++)
			err |= party_step(f, i);
		video_turn(f->v, f->now);
		video_run(f->v, f->now);
	}

	return err;
}


void studio_idle(struct studio *f, unsigned ticks)
{
	on_worker();
	while (ticks--) {
		f->now += STUDIO_STEP_US;
		video_run(f->v, f->now);
	}
}


static void shot_handler(int err, AVFrame *frame, void *arg)
{
	struct studio *f = arg;

	av_frame_free(&f->shot);
	f->shot = frame;
	f->shot_err = err;
	f->shots++;
	f->fails += err != 0;
}


int studio_shot(struct studio *f)
{
	int err;

	on_loop();
	err = video_shot(f->v, shot_handler, f);
	if (!err)
		studio_idle(f, 1);

	return err;
}


int studio_png(const struct studio *f, const char *fmt, ...)
{
	const char *dir = getenv("TUTTI_PNG_DIR");
	char path[256], name[128];
	va_list ap;
	int fd, err;

	if (!f->shot)
		return ENOENT;
	if (!dir)
		return 0;

	va_start(ap, fmt);
	(void)re_vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	if (re_snprintf(path, sizeof(path), "%s/%s.png", dir, name) < 0)
		return ENAMETOOLONG;

	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
	if (fd < 0)
		return errno;
	err = image_png(f->shot, fd);
	close(fd);

	return err;
}


bool studio_is(const AVFrame *f, unsigned x, unsigned y, unsigned rgb,
	       int tol)
{
	const struct vcolour c = vcolour_rgb(rgb);
	int dy, du, dv;

	if (!f)
		return false;
	dy = f->data[0][(int)y * f->linesize[0] + (int)x] - c.y;
	du = f->data[1][(int)y / 2 * f->linesize[1] + (int)x / 2] - c.u;
	dv = f->data[2][(int)y / 2 * f->linesize[2] + (int)x / 2] - c.v;
	if (abs(dy) <= tol && abs(du) <= tol && abs(dv) <= tol)
		return true;
	printf("# at %u,%u off by %d %d %d\n", x, y, dy, du, dv);

	return false;
}


const AVFrame *studio_seen(const struct studio *f,
			   const struct video_watch *w)
{
	on_loop();
	for (unsigned i = 0; i < f->rungc; i++) {
		if (f->rungv[i].id == video_watch_rung(w))
			return viewer_frame(f->rungv[i].viewer);
	}

	return NULL;
}


json_int_t studio_stat(const struct studio *f, const char *key)
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
