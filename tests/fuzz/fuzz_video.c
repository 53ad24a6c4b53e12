/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fuzz/fuzz_video.c -- damaged streams into the whole video engine
 *
 * The input says what happens to each packet of good H.264 and VP8 streams
 * of changing size: sent, lost, late, damaged here or there, cut, wholly
 * made up; what is left of it is the party's name.
 */
#include <stdlib.h>
#include <string.h>

#include <re.h>

#include "base/thread.h"
#include "mixer/video.h"
#include "tests/fake/cam.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PKTS_MAX = 256, FRAMES = 12 };

static struct pkt *goodv[2][PKTS_MAX];
static unsigned goodc[2];
static uint64_t now_us = 1000000;

static void keep(struct pkt *pkt, void *arg)
{
	unsigned s = *(unsigned *)arg;

	if (goodc[s] == PKTS_MAX) {
		pkt_put(pkt);
		return;
	}
	goodv[s][goodc[s]] = malloc(sizeof(*pkt));
	*goodv[s][goodc[s]++] = *pkt;
	pkt_put(pkt);
}

static int prepare(unsigned s, enum ticket_codec codec)
{
	struct cam *cam = NULL;
	int err;

	err = cam_alloc(&cam, codec, 96, 80, 30, s + 1);
	for (unsigned i = 0; i < FRAMES && !err; i++) {
		if (i == FRAMES / 2)
			err = cam_resize(cam, 176 - s, 144 - s);
		cam_move(cam);
		if (!err)
			err = cam_send(cam, i * 3000, 0,
				       i % (FRAMES / 2) == 0, 0, keep, &s);
	}
	mem_deref(cam);

	return err;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (libre_init() || pkt_pool_init(1024) ||
	    prepare(0, CODEC_H264) || prepare(1, CODEC_VP8))
		abort();

	return 0;
}

static void out_handler(struct unit *unit, void *arg)
{
	(void)arg;
	if (!unit->len || !unit->payc)
		abort();
}

static void event_handler(enum video_event ev, uint32_t leg, void *arg)
{
	(void)ev;
	(void)leg;
	(void)arg;
}

struct input {
	const uint8_t *p;
	size_t n;
};

static uint8_t next(struct input *in)
{
	if (!in->n)
		return 0;
	in->n--;

	return *in->p++;
}

static void damage(struct pkt *pkt, struct input *in, uint8_t op)
{
	unsigned at = next(in), how = next(in);

	if (!pkt->len)
		return;
	switch (op & 7) {
	case 1:
		pkt->data[pkt->off + at % pkt->len] ^= (uint8_t)how;
		break;
	case 2:
		pkt->data[pkt->off + at * 5 % pkt->len] ^= (uint8_t)how;
		pkt->data[pkt->off] ^= (uint8_t)(how >> 4);
		break;
	case 3:
		pkt->len = (uint16_t)(at % pkt->len);
		break;
	case 4:
		pkt->ts += at * 90;
		pkt->marker = how & 1;
		break;
	case 5:
		pkt->seq += at % 9;
		break;
	default:
		for (unsigned i = 0; i < at && i < pkt->len; i++)
			pkt->data[pkt->off + i] = next(in);
		break;
	}
}

static void play(struct video *v, struct video_src *src, unsigned s,
		 struct input *in)
{
	on_loop();
	on_worker();
	for (unsigned i = 0; i < goodc[s]; i++) {
		uint8_t op = next(in);
		struct pkt *pkt;

		now_us += op & 0x80 ? 33334 : 5000;
		video_run(v, now_us);
		if ((op & 0x78) == 0x78)
			continue;         /* lost                         */
		pkt = pkt_get();
		if (!pkt)
			abort();          /* somebody keeps them          */
		*pkt = *goodv[s][i];
		pkt->rx_us = now_us;
		if (op & 7)
			damage(pkt, in, op);
		video_src_put(src, pkt);
	}
	for (unsigned i = 0; i < 4; i++) {
		now_us += 33334;
		video_run(v, now_us);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct video_rung rung = {
		CODEC_H264, 160, 96, 30, 100, 1, 11
	};
	const struct video_cfg cfg = {
		.width = 160, .height = 96, .outh = out_handler,
		.eventh = event_handler,
	};
	struct input in = {data, size};
	struct video_watch *w = NULL;
	struct video_src *src = NULL;
	struct video *v = NULL;
	struct ticket t;
	unsigned s = next(&in) & 1;
	size_t n;

	on_loop();
	on_worker();
	cam_ticket(&t, 1, "", s ? CODEC_VP8 : CODEC_H264);
	if (video_alloc(&v, &cfg) || video_src_alloc(&src, v, &t, false) ||
	    video_watch_alloc(&w, v, &rung, NULL))
		abort();
	video_run(v, now_us);
	play(v, src, s, &in);
	n = in.n < sizeof(t.name) - 1 ? in.n : sizeof(t.name) - 1;
	memcpy(t.name, in.p, n);
	t.name[n] = '\0';
	video_src_set(src, &t);
	now_us += 33334;
	video_run(v, now_us);
	mem_deref(w);
	mem_deref(src);
	mem_deref(v);

	return 0;
}
