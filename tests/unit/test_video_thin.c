/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_video_thin.c -- VP9 and AV1: pictures to packets and back
 *
 * What our encoder makes of moving pictures is cut into payloads, put
 * together again and decoded: like the picture, at about the rate that was
 * asked for, key frames when asked and recognised without decoding.
 */
#include <math.h>

#include <libavutil/frame.h>
#include <libavutil/log.h>

#include "mixer/codec_video.h"
#include "mixer/rtp_depack.h"
#include "mixer/rtp_pack.h"
#include "mixer/video.h"
#include "tests/unit/test.h"

enum { W = 640, H = 360, PAYLOAD = 1200 };

static const enum ticket_codec codecv[] = {CODEC_VP9, CODEC_AV1};

/* Soft shades, and a bar that goes across */
static void draw(struct vpic *pic, unsigned n)
{
	for (unsigned y = 0; y < pic->h; y++) {
		for (unsigned x = 0; x < pic->w; x++) {
			bool bar = (x + 640 - n * 4 % 640) % 640 < 60;

			pic->data[0][y * (unsigned)pic->stride[0] + x] =
				(uint8_t)(bar ? 200 : 40 + (x + 2 * y) / 10);
		}
	}
	for (unsigned y = 0; y < pic->h / 2; y++) {
		memset(pic->data[1] + y * (unsigned)pic->stride[1], 90,
		       pic->w / 2);
		memset(pic->data[2] + y * (unsigned)pic->stride[2], 160,
		       pic->w / 2);
	}
}

struct got {
	const struct vpic *pic;
	unsigned frames;
	double psnr;
	uint8_t u, v;
};

static void frame_handler(AVFrame *f, void *arg)
{
	struct got *g = arg;
	double sum = 0;

	g->frames++;
	for (unsigned y = 0; y < g->pic->h; y++) {
		for (unsigned x = 0; x < g->pic->w; x++) {
			int d = f->data[0][y * (unsigned)f->linesize[0] + x] -
				g->pic->data[0][y *
					(unsigned)g->pic->stride[0] + x];

			sum += d * d;
		}
	}
	sum /= (double)g->pic->w * g->pic->h;
	g->psnr = sum > 0 ? 10 * log10(255 * 255 / sum) : 99;
	g->u = f->data[1][20 * f->linesize[1] + 20];
	g->v = f->data[2][20 * f->linesize[2] + 20];
}

/* Over the wire, which loses nothing: the frame's bytes for the decoder */
static int carry(struct rtp_depack *d, const struct unit *unit, bool key,
		 struct rtp_depack_frame *frame)
{
	uint8_t buf[PAYLOAD];
	int err = 0;

	rtp_depack_begin(d);
	for (unsigned i = 0; i < unit->payc; i++) {
		const struct unit_payload *p = &unit->payv[i];
		const size_t n = p->hdrlen + p->len;

		TEST_TRUE(n <= PAYLOAD);
		TEST_EQ(i + 1 == unit->payc, p->marker);
		memcpy(buf, p->hdr, p->hdrlen);
		memcpy(buf + p->hdrlen, unit->data + p->off, p->len);
		TEST_EQ(!i, rtp_depack_start(unit->codec, buf, n, false));
		TEST_EQ(key && !i, rtp_depack_is_key(unit->codec, buf, n));
		TEST_ERR(rtp_depack_add(d, buf, n));
	}
	TEST_ERR(rtp_depack_end(d, frame));
	TEST_EQ(key, frame->key);
	if (key) {
		TEST_EQ(W, frame->width);
		TEST_EQ(H, frame->height);
	}
 out:
	return err;
}

static int run(const struct video_rung *rung, unsigned frames, bool still,
	       double min_psnr, size_t *bytesp)
{
	struct rtp_pack pk = {
		.codec = rung->codec, .max = PAYLOAD, .picture_id = 0x7ffd,
	};
	struct vpic pic = {0};
	struct got g = {.pic = &pic};
	struct rtp_depack *depack = NULL;
	struct unit *unit = NULL;
	struct venc *enc = NULL;
	struct vdec *dec = NULL;
	int err = 0;

	*bytesp = 0;
	TEST_ERR(vpic_init(&pic, W, H));
	TEST_ERR(venc_alloc(&enc, rung, PAYLOAD));
	TEST_ERR(vdec_alloc(&dec, rung->codec));
	TEST_ERR(rtp_depack_alloc(&depack, rung->codec));
	for (unsigned i = 0; i < frames; i++) {
		struct venc_out out = {0};
		struct rtp_depack_frame frame;

		draw(&pic, still ? 0 : i);
		TEST_ERR(venc_put(enc, &pic, NULL, i == 40, &out));
		TEST_EQ(i == 0 || i == 40, out.key);
		TEST_ERR(rtp_pack_video(&unit, &pk, out.data, out.len));
		*bytesp += unit->len;
		TEST_ERR(carry(depack, unit, out.key, &frame));
		/* decoders read a little beyond */
		TEST_ERR(vdec_put(dec, frame.data, frame.len, i,
				  frame_handler, &g));
		TEST_EQ(i + 1, g.frames);
		if (i > frames / 2 && g.psnr < min_psnr)
			TEST_FAIL("picture %u: %.1f dB", i, g.psnr);
		unit_unref(unit);
		unit = NULL;
	}
	TEST_TRUE(g.u > 85 && g.u < 95 && g.v > 155 && g.v < 165);
 out:
	unit_unref(unit);
	mem_deref(depack);
	mem_deref(dec);
	mem_deref(enc);
	vpic_close(&pic);
	return err;
}

static int test_there_and_back(void)
{
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(codecv); i++) {
		const struct video_rung rung = {
			.codec = codecv[i], .width = W, .height = H,
			.fps = 15, .kbps = 100,
		};
		size_t bytes;

		printf("# %s\n", codec_name(codecv[i]));
		TEST_ERR(run(&rung, 90, false, 28, &bytes));
		printf("# %zu bytes in six seconds\n", bytes);
		TEST_TRUE(bytes < 6 * 100 * 125 * 3 / 2);
	}
 out:
	return err;
}

/* A slow picture in 40 kbit/s can be read */
static int test_slow(void)
{
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(codecv); i++) {
		const struct video_rung rung = {
			.codec = codecv[i], .width = W, .height = H,
			.fps = 5, .kbps = 40,
		};
		size_t bytes;

		TEST_ERR(run(&rung, 39, true, 36, &bytes));
		printf("# %s: %zu bytes\n", codec_name(codecv[i]), bytes);
		TEST_TRUE(bytes < 39 * 40 * 125 / 5 * 3 / 2);
	}
 out:
	return err;
}

/* Bytes that are no frame of one tile: refused, nothing read beyond */
static int test_hostile(void)
{
	static const uint8_t badv[][8] = {
		{0x0a},                           /* a size, but none     */
		{0x08, 1, 0},                     /* no size              */
		{0x8a, 1, 0},                     /* forbidden bit        */
		{0x32, 0x7f, 1, 2},               /* too long             */
		{0x32, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		{0x12, 0, 0x0a, 1, 9},            /* no frame             */
		{0x32, 1, 0x10, 0x32, 1, 0x10, 0, 0},  /* two, and dirt   */
		{0x36, 0x01},
	};
	struct rtp_pack pk = {.codec = CODEC_AV1, .max = PAYLOAD};
	struct unit *unit = NULL;
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(badv); i++) {
		for (size_t n = 1; n <= 8; n++) {
			uint8_t *p = mem_alloc(n, NULL);

			TEST_TRUE(p != NULL);
			memcpy(p, badv[i], n);
			(void)rtp_pack_video(&unit, &pk, p, n);
			mem_deref(p);
			unit_unref(unit);
			unit = NULL;
		}
		TEST_EQ(EBADMSG, rtp_pack_video(&unit, &pk, badv[i], 8));
	}
 out:
	unit_unref(unit);
	return err;
}

static const struct test testv[] = {
	{"pictures, packets, pictures", test_there_and_back},
	{"slow and still: to be read", test_slow},
	{"OBUs that are none", test_hostile},
};

int main(int argc, char **argv)
{
	av_log_set_level(AV_LOG_ERROR);
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
