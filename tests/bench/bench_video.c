/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/bench/bench_video.c -- what composing costs beside its floor
 *
 *	bench_video [parties [seconds]]
 *
 * The floor is what nobody can do without: decoding the streams that come
 * in and one encode of the picture that goes out, measured in the same run
 * with the same settings.  CPU milliseconds per second of meeting.
 */
#include <stdlib.h>
#include <time.h>

#include <libavutil/frame.h>

#include <re.h>

#include "base/thread.h"
#include "mixer/codec_video.h"
#include "mixer/video.h"
#include "tests/fake/cam.h"

enum { PARTIES_MAX = 25, SECONDS_MAX = 20, FPS = 30, CANVASES = 30 };

struct stream {
	struct pkt **pktv[SECONDS_MAX * FPS];
	unsigned pktc[SECONDS_MAX * FPS];
	uint8_t *framev[SECONDS_MAX * FPS];
	size_t lenv[SECONDS_MAX * FPS];
};

static struct stream streamv[PARTIES_MAX];
static unsigned parties = 9, frames = 5 * FPS;
static AVFrame *canvasv[CANVASES];
static unsigned canvasc;
static unsigned decoded;
static uint64_t out_bytes;

static double cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);

	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static uint32_t noise(uint32_t *s)
{
	*s = *s * 1664525 + 1013904223;

	return *s >> 24;
}

/* A head that sways before still ground, and the sensor's noise */
static void head(struct vpic *p, unsigned who, unsigned n)
{
	double cx = p->w / 2. + 24 * ((n + who * 7) % 60 < 30 ? 1. : -1.) *
		((double)((n + who * 7) % 30) / 30 - .5);
	uint32_t s = who * 7919 + n * 104729;

	for (unsigned y = 0; y < p->h; y++) {
		uint8_t *row = p->data[0] + (size_t)y * (size_t)p->stride[0];

		for (unsigned x = 0; x < p->w; x++) {
			double dx = (x - cx) / p->h;
			double dy = (double)y / p->h;
			unsigned v = 60 + who * 8 + ((x / 20 + y / 30) % 3) *
				12 + x / 16;

			if (dx * dx * .5 + (dy - 1.1) * (dy - 1.1) < .14)
				v = 50 + (x ^ y) % 16;
			if (dx * dx + (dy - .45) * (dy - .45) < .035)
				v = 170 + (unsigned)(dx * 60 + y % 7);
			row[x] = (uint8_t)(v + noise(&s) % 5);
		}
	}
}

struct put {
	struct stream *s;
	unsigned n;
};

static void keep(struct pkt *pkt, void *arg)
{
	struct put *put = arg;
	struct stream *s = put->s;
	unsigned i = put->n;
	struct pkt *copy = malloc(sizeof(*copy));

	*copy = *pkt;
	pkt_put(pkt);
	s->pktv[i] = realloc(s->pktv[i], (s->pktc[i] + 1) * sizeof(copy));
	s->pktv[i][s->pktc[i]++] = copy;
}

static int prepare(unsigned who)
{
	const struct video_rung r = {
		CODEC_H264, 640, 360, FPS, 1000, 1, 40
	};
	struct stream *s = &streamv[who];
	struct cam *cam = NULL;
	struct venc *enc = NULL;
	int err;

	err = cam_alloc(&cam, CODEC_H264, 640, 360, FPS, who + 1);
	err = err ? err : venc_alloc(&enc, &r, 1200);
	for (unsigned i = 0; i < frames && !err; i++) {
		struct put put = {s, i};
		struct venc_out out;

		head(cam_pic(cam), who, i);
		err = cam_send(cam, i * 3000, 0, i == 0, 0, keep, &put);
		if (err)
			break;
		err = venc_put(enc, cam_pic(cam), NULL, i == 0, &out);
		if (err)
			break;
		s->framev[i] = calloc(1, out.len + 64);
		memcpy(s->framev[i], out.data, out.len);
		s->lenv[i] = out.len;
	}
	mem_deref(cam);
	mem_deref(enc);

	return err;
}

static void frame_handler(AVFrame *f, void *arg)
{
	(void)f;
	(void)arg;
	decoded++;
}

static double floor_decode(void)
{
	struct vdec *decv[PARTIES_MAX] = {0};
	double t0;

	for (unsigned k = 0; k < parties; k++)
		vdec_alloc(&decv[k], CODEC_H264);
	t0 = cpu_ms();
	for (unsigned i = 0; i < frames; i++)
		for (unsigned k = 0; k < parties; k++)
			vdec_put(decv[k], streamv[k].framev[i],
				 streamv[k].lenv[i], i, frame_handler, NULL);
	t0 = cpu_ms() - t0;
	for (unsigned k = 0; k < parties; k++)
		mem_deref(decv[k]);

	return t0;
}

/* The canvases of the run itself, to and fro */
static double floor_encode(const struct video_rung *r)
{
	struct venc *enc = NULL;
	double t0;

	if (venc_alloc(&enc, r, 1200))
		return 0;
	t0 = cpu_ms();
	for (unsigned i = 0; i < frames; i++) {
		unsigned k = i % (2 * canvasc - 1);
		AVFrame *f = canvasv[k < canvasc ? k : 2 * canvasc - 2 - k];
		struct vpic pic = {.w = r->width, .h = r->height};
		struct venc_out out;

		for (int j = 0; j < 3; j++) {
			pic.data[j] = f->data[j];
			pic.stride[j] = f->linesize[j];
		}
		venc_put(enc, &pic, NULL, i == 0, &out);
	}
	t0 = cpu_ms() - t0;
	mem_deref(enc);

	return t0;
}

static void out_handler(struct unit *unit, void *arg)
{
	(void)arg;
	out_bytes += unit->len;
}

static void shot_handler(int err, AVFrame *f, void *arg)
{
	(void)err;
	(void)arg;
	if (canvasc < CANVASES)
		canvasv[canvasc++] = f;
	else
		av_frame_free(&f);
}

static void feed(struct video_src **srcv, unsigned i, uint64_t now)
{
	on_loop();
	for (unsigned k = 0; k < parties; k++) {
		for (unsigned p = 0; p < streamv[k].pktc[i]; p++) {
			struct pkt *pkt = pkt_get();

			*pkt = *streamv[k].pktv[i][p];
			pkt->rx_us = now;
			video_src_put(srcv[k], pkt);
		}
	}
}

static int run(const struct video_rung *r, bool shots, double *ms,
	       json_t **stats)
{
	const struct video_cfg cfg = {.outh = out_handler};
	struct video_src *srcv[PARTIES_MAX] = {0};
	struct video_watch *w = NULL;
	struct video *v = NULL;
	uint64_t now = 1000000;
	struct ticket t;
	double t0;
	int err;

	on_loop();
	on_worker();
	err = video_alloc(&v, &cfg);
	for (unsigned k = 0; k < parties && !err; k++) {
		char name[32];

		re_snprintf(name, sizeof(name), "Party %u", k + 1);
		cam_ticket(&t, k + 1, name, CODEC_H264);
		err = video_src_alloc(&srcv[k], v, &t, false);
	}
	err = err ? err : video_watch_alloc(&w, v, r, NULL);
	if (err)
		return err;
	video_run(v, now);
	t0 = cpu_ms();
	for (unsigned i = 0; i < frames; i++) {
		now += 33334;
		feed(srcv, i, now);
		if (shots && i >= frames - CANVASES)
			video_shot(v, shot_handler, NULL);
		video_run(v, now);
	}
	*ms = cpu_ms() - t0;
	*stats = video_stats(v);
	mem_deref(w);
	for (unsigned k = 0; k < parties; k++)
		mem_deref(srcv[k]);
	mem_deref(v);

	return 0;
}

static double stage(const json_t *st, const char *name)
{
	return (double)json_integer_value(json_object_get(json_object_get(
		st, "cpu_us"), name)) / 1e3;
}

int main(int argc, char **argv)
{
	const struct video_rung r = {
		CODEC_H264, 1280, 720, FPS, 1500, 1, 31
	};
	double s, ms, dec, enc;
	json_t *st = NULL;

	if (argc > 1)
		parties = (unsigned)atoi(argv[1]);
	if (argc > 2)
		frames = (unsigned)atoi(argv[2]) * FPS;
	if (!parties || parties > PARTIES_MAX || !frames ||
	    frames > SECONDS_MAX * FPS) {
		fprintf(stderr, "usage: bench_video [1..%d [1..%d]]\n",
			PARTIES_MAX, SECONDS_MAX);
		return 2;
	}
	if (libre_init() || pkt_pool_init(4096))
		return 1;
	for (unsigned k = 0; k < parties; k++) {
		if (prepare(k))
			return 1;
	}
	if (run(&r, true, &ms, &st))
		return 1;
	json_decref(st);
	out_bytes = 0;
	if (run(&r, false, &ms, &st))
		return 1;
	dec = floor_decode();
	enc = floor_encode(&r);

	s = (double)frames / FPS;
	printf("%u x 640x360 at 30 in, 1280x720 at 30, 1500 kbit/s out\n"
	       "CPU ms per second of meeting (1000: one core)\n",
	       parties);
	printf("  %-10s %8s %8s\n", "", "tutti", "floor");
	printf("  %-10s %8.1f %8.1f\n", "decode", stage(st, "decode") / s,
	       dec / s);
	printf("  %-10s %8.1f %8s\n", "scale", stage(st, "scale") / s, "");
	printf("  %-10s %8.1f %8s\n", "label", stage(st, "label") / s, "");
	printf("  %-10s %8.1f %8.1f\n", "encode", stage(st, "encode") / s,
	       enc / s);
	printf("  %-10s %8.1f %8.1f   %.2f times the floor\n", "all", ms / s,
	       (dec + enc) / s, ms / (dec + enc));
	printf("  %.0f kbit/s sent\n", (double)out_bytes * 8 / 1e3 / s);
	json_decref(st);

	return 0;
}
