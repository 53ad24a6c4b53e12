/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_video_qp.c -- is the rate kept, whatever is in the picture?
 *
 * x264 itself on drawn pictures; "a second" is as many pictures as the rung
 * has in one.
 */
#include <math.h>
#include <stdlib.h>

#include "mixer/codec_video.h"
#include "mixer/video.h"
#include "mixer/video_qp.h"
#include "tests/unit/test.h"

enum { SECONDS = 6, FPS_MAX = 30 };

struct figures {
	double mean, worst, peak, key;    /* of a second of the rate      */
	unsigned out;
};

typedef int (pixel_h)(unsigned x, unsigned y, unsigned n);

static uint32_t seed;

static int noise(void)
{
	seed = seed * 1664525 + 1013904223;

	return (int)(seed >> 24);
}

static int random_dots(unsigned x, unsigned y, unsigned n)
{
	(void)x;
	(void)y;
	(void)n;

	return noise();
}

static int moving(unsigned x, unsigned y, unsigned n)
{
	return 128 + (int)(60 * sin((x + 3 * n) / 17.) *
			   cos((y + 300. - 2 * n) / 23.)) + noise() % 5;
}

/* Another picture altogether every second and a half */
static int cuts(unsigned x, unsigned y, unsigned n)
{
	if (n / 45 % 2)
		return 128 + (int)(60 * sin(x / 5.) * cos(y / 7.));

	return 60 + (int)((x / 20 + y / 30) % 3) * 30 + noise() % 4;
}

static int still(unsigned x, unsigned y, unsigned n)
{
	(void)n;

	return (int)(x * 7 ^ y * 5) & 255;
}

static void draw(struct vpic *p, pixel_h *h, unsigned n)
{
	for (unsigned y = 0; y < p->h; y++)
		for (unsigned x = 0; x < p->w; x++)
			p->data[0][y * (unsigned)p->stride[0] + x] =
				(uint8_t)h(x, y, n);
}

static int encode(struct figures *f, const struct video_rung *r, pixel_h *h)
{
	double sizev[FPS_MAX] = {0}, sum = 0, bits = r->kbps * 1e3;
	const unsigned n = SECONDS * r->fps;
	struct venc *enc = NULL;
	struct vpic pic = {0};
	int err;

	memset(f, 0, sizeof(*f));
	seed = 1;
	err = vpic_init(&pic, r->width, r->height);
	err = err ? err : venc_alloc(&enc, r, 1200);
	for (unsigned i = 0; i < n && !err; i++) {
		struct venc_out out = {0};
		double now, sec = 0;

		draw(&pic, h, i);
		err = venc_put(enc, &pic, NULL, i == 0 || i == n / 2, &out);
		if (err == EAGAIN) {
			f->out++;
			err = 0;
			out.len = 0;
		}
		now = (double)out.len * 8 / bits;
		sum += now;
		if (out.key)
			f->key = fmax(f->key, now);
		else
			f->peak = fmax(f->peak, now);
		sizev[i % r->fps] = now;
		for (unsigned k = 0; k < r->fps; k++)
			sec += sizev[k];
		f->worst = fmax(f->worst, sec);
	}
	f->mean = sum / SECONDS;
	mem_deref(enc);
	vpic_close(&pic);

	return err;
}

static const struct {
	const char *name;
	struct video_rung r;
	pixel_h *h;
	struct figures most;
	double least;             /* of the rate                          */
} casev[] = {
	{"moving, 720p",  {CODEC_H264, 1280, 720, 30, 1500, 1, 31}, moving,
	 {1, 1, .15, .33, 0}, 0},
	{"moving, 360p",  {CODEC_H264, 640, 360, 30, 200, 1, 30}, moving,
	 {1, 1.2, .15, .33, 0}, .7},
	{"moving, 180p",  {CODEC_H264, 320, 180, 15, 60, 1, 13}, moving,
	 {1, 1.2, .25, .33, 0}, .7},
	{"cuts, 360p",    {CODEC_H264, 640, 360, 30, 500, 1, 30}, cuts,
	 {1, 1.1, .3, .33, 0}, 0},
	{"cuts, 180p",    {CODEC_H264, 320, 180, 15, 150, 1, 13}, cuts,
	 {1, 1.1, .3, .33, 0}, 0},
	{"still, 360p",   {CODEC_H264, 640, 360, 30, 500, 1, 30}, still,
	 {1, 1.4, .6, .6, SECONDS * 30}, 0},
	/* nothing could encode this: fewer pictures then */
	{"noise, 360p",   {CODEC_H264, 640, 360, 30, 500, 1, 30}, random_dots,
	 {1.15, 1.9, .6, .6, SECONDS * 30}, .7},
};

static int test_rate(void)
{
	int err = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(casev); i++) {
		const struct figures *m = &casev[i].most;
		struct figures f;

		TEST_ERR(encode(&f, &casev[i].r, casev[i].h));
		printf("# %s: mean %.2f worst second %.2f largest %.2f "
		       "key %.2f left out %u\n", casev[i].name, f.mean,
		       f.worst, f.peak, f.key, f.out);
		TEST_TRUE(f.mean <= m->mean && f.mean >= casev[i].least);
		TEST_TRUE(f.worst <= m->worst);
		TEST_TRUE(f.peak <= m->peak);
		TEST_TRUE(f.key <= m->key);
		TEST_TRUE(f.out <= m->out);
	}
 out:
	return err;
}

/* --- the controller alone: pictures that cost what a model says -------- */

static size_t cost(double at0, int qp)
{
	return (size_t)(at0 * exp2(-qp / 5.5) / 8) + 1;
}

static int test_model(void)
{
	struct vqp q;
	int qp, err = 0;
	double sum = 0;

	vqp_init(&q, 1000, 30);
	qp = vqp_pick(&q, true, 1, 8e6);
	TEST_TRUE(qp >= VQP_MIN && qp <= VQP_MAX_PEAK);
	vqp_done(&q, true, cost(5e6, qp));
	for (unsigned i = 0; i < 300; i++) {
		qp = vqp_pick(&q, false, .01, 8e6);
		TEST_TRUE(qp >= VQP_MIN);
		vqp_done(&q, false, cost(1.5e6, qp));
		if (i >= 150)
			sum += (double)cost(1.5e6, qp) * 8;
	}
	/* five seconds of the second half: the rate is used, not passed */
	TEST_TRUE(sum < 5e6 && sum > 4e6);

	/* four times as hard from now on, unforeseen */
	sum = 0;
	for (unsigned i = 0; i < 60; i++) {
		qp = vqp_pick(&q, false, .01, 8e6);
		if (qp == VQP_LEAVE_OUT)
			continue;
		vqp_done(&q, false, cost(6e6, qp));
		if (i >= 30)
			sum += (double)cost(6e6, qp) * 8;
	}
	TEST_TRUE(sum < 1.05e6);
 out:
	return err;
}

static int test_out(void)
{
	struct vqp q;
	unsigned n = 0;
	int qp, err = 0;

	/* far too much: left out until it is paid, a key frame never */
	vqp_init(&q, 100, 30);
	qp = vqp_pick(&q, true, 1, 1e5);
	TEST_TRUE(qp >= VQP_MIN);
	vqp_done(&q, true, 100000 / 8);
	for (n = 0; vqp_pick(&q, false, 0, 1e5) == VQP_LEAVE_OUT; n++)
		TEST_TRUE(n < 40);
	TEST_TRUE(n > 10);
	vqp_done(&q, true, 100000 / 8);
	TEST_TRUE(vqp_pick(&q, false, 0, 1e5) == VQP_LEAVE_OUT);
	TEST_TRUE(vqp_pick(&q, true, 0, 1e5) != VQP_LEAVE_OUT);

	/* time without pictures pays, too, but saves up only a little */
	vqp_done(&q, true, 100000 / 8);
	TEST_TRUE(vqp_pick(&q, false, 0, 1e5) == VQP_LEAVE_OUT);
	vqp_pass(&q, 1000);
	TEST_TRUE(vqp_pick(&q, false, 0, 1e5) != VQP_LEAVE_OUT);
	vqp_done(&q, false, 70000 / 8);
	TEST_TRUE(vqp_pick(&q, false, 0, 1e5) == VQP_LEAVE_OUT);
 out:
	return err;
}

static const struct test testv[] = {
	{"a rung keeps its rate in any second", test_rate},
	{"the rate is used, and kept when all gets harder", test_model},
	{"what cannot be paid is left out, key frames never", test_out},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
