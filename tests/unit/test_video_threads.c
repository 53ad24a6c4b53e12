/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_video_threads.c -- the engine with its workers, in real
 * time: what the sanitizers should see
 */
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include <libavutil/frame.h>

#include <re.h>

#include "base/clock.h"
#include "base/thread.h"
#include "mixer/layout.h"
#include "mixer/video.h"
#include "mixer/video_pool.h"
#include "tests/fake/cam.h"
#include "tests/fake/layouts.h"
#include "tests/unit/test.h"

#define AS(name) (&(const struct video_view){.layout = name})

enum { CAMS = 4 };

static atomic_uint units, events, shots, gone_events;
static atomic_bool gone;

static void out_handler(struct unit *unit, void *arg)
{
	(void)arg;
	if (unit->len && unit->payc)
		atomic_fetch_add(&units, 1);
}

static void event_handler(enum video_event ev, uint32_t leg, void *arg)
{
	(void)ev;
	(void)arg;
	atomic_fetch_add(&events, 1);
	if (leg == 2 && atomic_load(&gone))
		atomic_fetch_add(&gone_events, 1);
}

static void shot_handler(int err, AVFrame *frame, void *arg)
{
	(void)err;
	(void)arg;
	av_frame_free(&frame);
	atomic_fetch_add(&shots, 1);
}

static void put(struct pkt *pkt, void *arg)
{
	on_loop();
	video_src_put(arg, pkt);
}

static int64_t offset_handler(void *arg)
{
	(void)arg;

	return 0;
}

static int pump(struct cam **camv, struct video_src **srcv, unsigned n)
{
	int err = 0;

	for (unsigned i = 0; i < n && !err; i++) {
		uint64_t now = clock_us();

		for (unsigned k = 0; k < CAMS && !err; k++) {
			if (!srcv[k])
				continue;
			cam_move(camv[k]);
			err = cam_send(camv[k], (uint32_t)(now * 9 / 100),
				       now, i % 7 == 0, i % 5 == 4, put,
				       srcv[k]);
		}
		clock_sleep_until(now + 33333);
	}

	return err;
}

static int test_meeting(void)
{
	const struct video_cfg cfg = {
		.width = 640, .height = 368, .workers = 2,
		.outh = out_handler, .eventh = event_handler,
	};
	static const struct video_rung rungv[3] = {
		{CODEC_H264, 640, 368, 30, 500, 1, 30},
		{CODEC_H264, 320, 184, 15, 200, 0, 13},
		{CODEC_VP8, 320, 184, 30, 200, 0, 0},
	};
	static const char *const namev[3] = {
		"speaker", "filmstrip", "side-by-side",
	};
	struct video_watch *wv[3] = {0}, *lv[3] = {0};
	struct video_src *srcv[CAMS] = {0};
	struct cam *camv[CAMS] = {0};
	struct rtp_sync sync = {.valid = true, .clock_hz = 90000};
	struct video *v = NULL;
	const struct pins large = pins_one(2);
	struct ticket t;
	int err = 0;

	on_loop();
	pkt_pool_init(1024);
	TEST_ERR(video_alloc(&v, &cfg));
	TEST_ERR(fake_layouts_video(v));
	TEST_ERR(video_start(v));
	for (unsigned k = 0; k < CAMS; k++) {
		cam_ticket(&t, k + 1, "A party", CODEC_H264);
		TEST_ERR(cam_alloc(&camv[k], CODEC_H264, 160, 96, 30, k));
		TEST_ERR(video_src_alloc(&srcv[k], v, &t, false));
		video_src_lipsync(srcv[k], offset_handler, NULL, NULL);
	}
	for (unsigned i = 0; i < 3; i++)
		TEST_ERR(video_watch_alloc(&wv[i], v, &rungv[i], NULL));
	for (unsigned i = 0; i < 3; i++)  /* scenes drawn side by side    */
		TEST_ERR(video_watch_alloc(&lv[i], v, &rungv[1],
					   AS(namev[i])));
	TEST_ERR(pump(camv, srcv, 6));
	video_room(v, "filmstrip", &large);
	TEST_ERR(pump(camv, srcv, 6));
	for (unsigned i = 0; i < 3; i++)
		lv[i] = mem_deref(lv[i]);
	TEST_ERR(video_shot(v, shot_handler, NULL));
	video_speaker(v, 3);
	video_recording(v, true);
	sync.ssrc = 1;
	video_src_sync(srcv[1], &sync);
	TEST_ERR(pump(camv, srcv, 8));

	srcv[1] = mem_deref(srcv[1]);
	atomic_store(&gone, true);
	wv[1] = mem_deref(wv[1]);
	t.video_muted = true;
	TEST_ERR(video_src_set(srcv[3], &t));
	TEST_ERR(pump(camv, srcv, 8));
	json_decref(video_stats(v));
	json_decref(video_src_stats(srcv[0]));

	/* nobody, and somebody again */
	wv[0] = mem_deref(wv[0]);
	wv[2] = mem_deref(wv[2]);
	TEST_ERR(pump(camv, srcv, 4));
	TEST_ERR(video_watch_alloc(&wv[0], v, &rungv[0], NULL));
	TEST_ERR(pump(camv, srcv, 8));
	TEST_ERR(video_shot(v, shot_handler, NULL));
	video_stop(v);

	TEST_TRUE(atomic_load(&units) > 10);   /* under load, too */
	TEST_TRUE(atomic_load(&events) >= 4);
	TEST_EQ(0, atomic_load(&gone_events));
 out:
	for (unsigned i = 0; i < 3; i++) {
		mem_deref(wv[i]);
		mem_deref(lv[i]);
	}
	for (unsigned k = 0; k < CAMS; k++) {
		mem_deref(srcv[k]);
		mem_deref(camv[k]);
	}
	mem_deref(v);
	pkt_pool_close();
	if (!err && atomic_load(&shots) != 2)
		err = EPROTO;     /* each is answered, if only at the end */
	return err;
}

struct flood {
	struct pkt *pktv[64];
	unsigned n;
};

static void keep(struct pkt *pkt, void *arg)
{
	struct flood *fl = arg;

	if (fl->n < 64)
		fl->pktv[fl->n++] = pkt;
	else
		pkt_put(pkt);
}

/* time that this process was given: others on the machine do not count */
static uint64_t cpu_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* Large pictures, far more than one worker can decode; everybody else is
 * still shown. */
static int test_flood(void)
{
	const struct video_cfg cfg = {
		.width = 640, .height = 368, .workers = 1,
		.outh = out_handler, .eventh = event_handler,
	};
	static const struct video_rung rung = {
		CODEC_H264, 640, 368, 30, 500, 1, 30
	};
	struct video_watch *w = NULL;
	struct video_src *src = NULL;
	struct video *v = NULL;
	struct cam *cam = NULL;
	struct flood fl = {.n = 0};
	struct ticket t;
	uint64_t end, seq = 5000;
	unsigned before;
	int err = 0;

	on_loop();
	pkt_pool_init(2048);
	TEST_ERR(video_alloc(&v, &cfg));
	TEST_ERR(video_start(v));
	cam_ticket(&t, 1, "Flood", CODEC_H264);
	TEST_ERR(video_src_alloc(&src, v, &t, false));
	TEST_ERR(video_watch_alloc(&w, v, &rung, NULL));
	TEST_ERR(cam_alloc(&cam, CODEC_H264, 2560, 1440, 30, 1));
	TEST_ERR(cam_send(cam, 0, clock_us(), true, 0, keep, &fl));
	clock_sleep_until(clock_us() + 300000);

	before = atomic_load(&units);
	end = cpu_us() + 2000000;
	for (uint64_t now; now = clock_us(), cpu_us() < end; seq += fl.n) {
		for (unsigned i = 0; i < fl.n; i++) {
			struct pkt *pkt = pkt_get();

			if (!pkt)
				continue;
			*pkt = *fl.pktv[i];
			pkt->rx_us = now;
			pkt->seq = seq + i;
			pkt->ts = (uint32_t)(now * 9 / 100);
			video_src_put(src, pkt);
		}
		clock_sleep_until(now + 1000);
	}
	before = atomic_load(&units) - before;
	printf("# %u pictures of %u packets in two CPU seconds\n", before, fl.n);
	/* a worker's time and ours pass in one second, and the governor may
	 * rightly have gone to every second picture by then: 15 */
	TEST_TRUE(before >= 10);
 out:
	mem_deref(w);
	mem_deref(src);
	mem_deref(cam);
	mem_deref(v);
	for (unsigned i = 0; i < fl.n; i++)
		pkt_put(fl.pktv[i]);
	pkt_pool_close();
	return err;
}

/* --- the pool alone --------------------------------------------------- */

struct counter {
	struct pool_job job;
	atomic_uint runs, held, inside, twice;
};

static atomic_uint parts, clocks;

static void job(void *arg, uint64_t now)
{
	struct counter *c = arg;

	(void)now;
	if (atomic_fetch_add(&c->inside, 1))
		atomic_fetch_add(&c->twice, 1);
	atomic_fetch_add(&c->runs, 1);
	atomic_fetch_sub(&c->inside, 1);
}

static void job_idle(void *arg)
{
	atomic_fetch_sub(&((struct counter *)arg)->held, 1);
}

static void part(void *arg)
{
	(void)arg;
	atomic_fetch_add(&parts, 1);
}

static uint64_t clock_handler(uint64_t now, void *arg)
{
	struct pool **pp = arg;

	pool_spread(*pp, 3, part, NULL);

	return atomic_fetch_add(&clocks, 1) < 50 ? now + 2000 : UINT64_MAX;
}

static int test_pool(void)
{
	struct counter cv[8];
	struct pool *p = NULL;
	int err = 0;

	memset(cv, 0, sizeof(cv));
	TEST_ERR(pool_alloc(&p, 3, clock_handler, &p));
	TEST_ERR(pool_start(p));
	for (unsigned i = 0; i < 8; i++)
		pool_job_init(p, &cv[i].job, job, job_idle, &cv[i]);
	pool_clock(p, 0);
	for (unsigned n = 0; n < 4000; n++) {
		struct counter *c = &cv[n % 8];

		atomic_fetch_add(&c->held, 1);
		if (!pool_kick(p, &c->job))
			atomic_fetch_sub(&c->held, 1);
		if (n % 100 == 0)
			clock_sleep_until(clock_us() + 3000);
	}
	for (unsigned n = 0; n < 200 && atomic_load(&clocks) < 51; n++)
		clock_sleep_until(clock_us() + 5000);
	pool_stop(p);
	for (unsigned i = 0; i < 8; i++) {
		TEST_TRUE(atomic_load(&cv[i].runs) > 0);
		TEST_EQ(0, atomic_load(&cv[i].held));
		TEST_EQ(0, atomic_load(&cv[i].twice));
		pool_job_leave(p, &cv[i].job);
	}
	TEST_EQ(51, atomic_load(&clocks));
	TEST_TRUE(atomic_load(&parts) >= 51);
 out:
	mem_deref(p);
	return err;
}

static const struct test testv[] = {
	{"jobs are sticky and single, the clock ticks", test_pool},
	{"a meeting comes, changes and goes", test_meeting},
	{"a flood of pictures stops nobody else's", test_flood},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
