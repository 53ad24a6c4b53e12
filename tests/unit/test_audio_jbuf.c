/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_audio_jbuf.c -- the jitter buffer: tables of arrivals
 */
#include <re.h>

#include "mixer/rtp_jbuf.h"
#include "tests/unit/test.h"

enum { T0 = 1000000, TICK = 20000 };

/* A reader without sound: counts what it is told */
struct reader {
	struct rtp_jbuf *jb;
	unsigned level;
	unsigned packets, lost, pause, empty, none, fec;   /* ticks' worth */
	char seen[400];           /* sequence numbers in order, as letters */
	unsigned seenc;
};


static void read_tick(struct reader *r, uint64_t now)
{
	struct jbuf_item it;
	int adj = rtp_jbuf_adjust(r->jb, now, r->level);
	unsigned need = adj < 0 ? 960u + (unsigned)-adj : 960;

	/* the ideal reader: does at once what it is asked for */
	if (adj > 0)
		r->level += (unsigned)adj;
	while (r->level < need) {
		switch (rtp_jbuf_get(r->jb, now, r->level, &it)) {

		case JBUF_PACKET:
			++r->packets;
			if (r->seenc < sizeof(r->seen) - 1)
				r->seen[r->seenc++] = (char)
					('a' + it.pkt->seq % 26);
			pkt_put(it.pkt);
			r->level += it.n;
			break;
		case JBUF_LOST:
			++r->lost;
			r->fec += it.pkt != NULL;
			r->level += it.n;
			break;
		case JBUF_PAUSE:
			++r->pause;
			r->level += it.n;
			break;
		case JBUF_EMPTY:
			if (r->level >= 960) {
				need = 0;
				break;
			}
			++r->empty;
			rtp_jbuf_stall(r->jb, 960 - r->level);
			r->level = 960;
			break;
		case JBUF_NONE:
			++r->none;
			r->level = 960;
			break;
		}
	}
	if (adj < 0 && r->level >= 960)
		r->level -= r->level - 960 < (unsigned)-adj ? r->level - 960
							    : (unsigned)-adj;
	r->level -= 960;
}


static void put(struct reader *r, uint64_t rx_us, uint64_t seq, uint32_t ts,
		uint32_t ssrc, unsigned dur, bool fec)
{
	struct pkt *pkt = pkt_get();

	if (!pkt)
		return;
	pkt->rx_us = rx_us;
	pkt->seq   = seq;
	pkt->ts    = ts;
	pkt->ssrc  = ssrc;
	rtp_jbuf_put(r->jb, pkt, 8000, dur, fec);
}


/* Arrivals of 20 ms packets: number and [ms] after the start; what follows
 * in sequence comes every 20 ms from 10 ms on. */
static const struct {
	const char *name;
	struct { int seq, ms; } v[12];
	const char *seen;
	unsigned lost, late, dup, reordered;
} orderv[] = {
	{"in order", {{0, 10}, {1, 30}, {2, 50}, {3, 70}}, "abcd", 0, 0, 0, 0},
	{"swapped in a tick", {{0, 10}, {2, 29}, {1, 30}, {3, 50}},
	 "abcd", 0, 0, 0, 1},
	{"first two swapped", {{1, 10}, {0, 11}, {2, 30}}, "abc", 0, 0, 0, 1},
	{"twice", {{0, 10}, {1, 30}, {1, 31}, {2, 50}}, "abc", 0, 0, 1, 0},
	{"lost", {{0, 10}, {1, 30}, {3, 70}, {4, 90}}, "abde", 1, 0, 0, 0},
	{"two lost", {{0, 10}, {1, 30}, {4, 90}, {5, 110}}, "abef", 2, 0, 0, 0},
	{"late", {{0, 10}, {1, 30}, {2, 65}, {3, 70}, {4, 90}},
	 "abcde", 0, 1, 0, 0},
	{"too late", {{0, 10}, {1, 30}, {3, 70}, {2, 85}, {4, 90}},
	 "abde", 0, 1, 0, 0},
};


static int test_order(void)
{
	struct reader r;
	unsigned i, k, t;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(orderv); i++) {
		const struct jbuf_stats *st;

		memset(&r, 0, sizeof(r));
		err = rtp_jbuf_alloc(&r.jb);
		TEST_ERR(err);
		for (t = 1; t < 12; t++) {
			for (k = 0; k < 12; k++) {
				int ms = orderv[i].v[k].ms;

				if (!ms || ms > (int)t * 20 ||
				    ms <= (int)(t - 1) * 20)
					continue;
				put(&r, T0 + (uint64_t)ms * 1000,
				    26 * 4 + (uint64_t)orderv[i].v[k].seq,
				    160u * (uint32_t)orderv[i].v[k].seq
				    - 320, 7, 960, false);
			}
			read_tick(&r, T0 + t * TICK);
		}
		st = rtp_jbuf_stats(r.jb);
		if (strcmp(r.seen, orderv[i].seen) ||
		    st->lost != orderv[i].lost ||
		    st->late != orderv[i].late || st->dup != orderv[i].dup ||
		    st->reordered != orderv[i].reordered)
			TEST_FAIL("%s: saw %s lost %d late %d dup %d "
				  "reordered %d", orderv[i].name, r.seen,
				  (int)st->lost, (int)st->late, (int)st->dup,
				  (int)st->reordered);
		r.jb = mem_deref(r.jb);
	}
 out:
	mem_deref(r.jb);
	return err;
}


/* Streams of 20 s: how much delay it settles on, how often it runs dry */
static const struct {
	const char *name;
	unsigned ptime, jitter_ms, drift_ppm;
	unsigned target_min, target_max, delay_min, delay_max, empty_max;
} streamv[] = {
	{"clean",           20,   0,    0,   5,   5,   3,  27,  0},
	{"clean 10",        10,   0,    0,   5,   5,   3,  27,  0},
	{"clean 30",        30,   0,    0,   5,   5,   3,  27,  0},
	{"clean 60",        60,   0,    0,   5,   5,   3,  27,  0},
	{"slow sender",     20,   1, 1000,   5,   9,   1,  29,  2},
	{"fast sender",     20,   1, 1000,   5,   9,   1,  29,  2},
	{"jitter 20",       20,  20,    0,  15,  25,  12,  50,  8},
	{"jitter 80",       20,  80,    0,  70,  85,  65, 110, 15},
	{"jitter 80 of 60", 60,  80,    0,  70,  85,  65, 110, 15},
	{"jitter 400",      20, 400,    0, 200, 200, 150, 260, 500},
};


static int test_streams(void)
{
	static struct { uint64_t rx; unsigned n; } arr[3000];
	struct reader r;
	uint32_t seed = 1;
	unsigned i, k, t, n;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(streamv); i++) {
		const struct jbuf_stats *st;
		double step = streamv[i].ptime * 1000.0;
		char done[3000] = {0};

		memset(&r, 0, sizeof(r));
		err = rtp_jbuf_alloc(&r.jb);
		TEST_ERR(err);

		step += step * streamv[i].drift_ppm *
			(strstr(streamv[i].name, "fast") ? -1e-6 : 1e-6);
		n = 20000 / streamv[i].ptime;
		for (k = 0; k < n; k++) {
			unsigned j = streamv[i].jitter_ms * 1000;

			seed = seed * 1664525u + 1013904223u;
			arr[k].rx = T0 + (uint64_t)(k * step) + 3000 +
				(j ? (seed >> 8) % j : 0);
		}
		for (t = 1; t < 995; t++) {
			unsigned from = t * 20 / streamv[i].ptime;

			from = from > 100 ? from - 100 : 0;
			for (k = from; k < n && k < from + 200; k++) {
				if (done[k] || arr[k].rx > T0 + t * TICK)
					continue;
				done[k] = 1;
				put(&r, arr[k].rx, 100 + k,
				    k * streamv[i].ptime * 8 - 5000, 7,
				    streamv[i].ptime * 48, false);
			}
			read_tick(&r, T0 + t * TICK);
		}
		st = rtp_jbuf_stats(r.jb);
		if (st->target_us / 1000 < streamv[i].target_min ||
		    st->target_us / 1000 > streamv[i].target_max ||
		    st->delay_us / 1000 < streamv[i].delay_min ||
		    st->delay_us / 1000 > streamv[i].delay_max ||
		    r.empty > streamv[i].empty_max)
			TEST_FAIL("%s: target %u delay %u us, empty %u "
				  "lost %u", streamv[i].name, st->target_us,
				  st->delay_us, r.empty, r.lost);
		r.jb = mem_deref(r.jb);
	}
 out:
	mem_deref(r.jb);
	return err;
}


/* GStreamer's webrtcbin, seen on a loaded host: what its queues gathered
 * while it connected comes half as fast again as it should, for seconds. */
static int test_catch_up(void)
{
	enum { BEHIND_US = 6000000, PACE_US = 13000, LAST = 1500 };
	struct reader r = {0};
	uint64_t rx[LAST], now;
	unsigned k = 0, t, live = 0, late = 0, empty = 0;
	int err;

	err = rtp_jbuf_alloc(&r.jb);
	TEST_ERR(err);
	for (k = 0; k < LAST; k++) {
		const uint64_t made = T0 + k * TICK;

		rx[k] = T0 + BEHIND_US + k * PACE_US;
		if (rx[k] < made) {
			rx[k] = made;
			live = live ? live : k;
		}
	}
	for (k = 0, t = 1; k < LAST; t++) {
		now = T0 + BEHIND_US + t * TICK;
		for (; k < LAST && rx[k] <= now; k++)
			put(&r, rx[k], 100 + k, 160 * k, 7, 960, false);
		read_tick(&r, now);
		/* up to 6 s after it has caught up */
		if (k < live + 300) {
			late = (unsigned)rtp_jbuf_stats(r.jb)->late;
			empty = r.empty;
		}
	}
	TEST_EQ(late, rtp_jbuf_stats(r.jb)->late);
	TEST_EQ(empty, r.empty);
	TEST_TRUE(rtp_jbuf_stats(r.jb)->delay_us < 30000);
 out:
	mem_deref(r.jb);
	return err;
}


static int test_pause(void)
{
	struct reader r = {0};
	unsigned t, seq = 0;
	int err;

	err = rtp_jbuf_alloc(&r.jb);
	TEST_ERR(err);
	/* 200 ms of talk, 200 ms nothing, time goes on, numbers do not */
	for (t = 1; t <= 200; t++) {
		if (t % 20 < 10)
			put(&r, T0 + t * TICK - 8000, seq++, 160 * t, 7, 960,
			    false);
		read_tick(&r, T0 + t * TICK);
	}
	TEST_EQ(seq, r.packets);
	TEST_EQ(0, rtp_jbuf_stats(r.jb)->lost);
	TEST_EQ(0, rtp_jbuf_stats(r.jb)->late);
	TEST_TRUE(rtp_jbuf_stats(r.jb)->delay_us < 25000);
 out:
	mem_deref(r.jb);
	return err;
}


static int test_ssrc(void)
{
	struct reader r = {0};
	unsigned t;
	uint32_t ts, ssrc;
	int err;

	err = rtp_jbuf_alloc(&r.jb);
	TEST_ERR(err);
	for (t = 1; t <= 100; t++) {
		bool second = t > 50;

		put(&r, T0 + t * TICK - 8000, second ? 9 + t : 70000 + t,
		    160 * t + (second ? 0x80000000u : 0), second ? 8 : 7,
		    960, false);
		read_tick(&r, T0 + t * TICK);
	}
	TEST_EQ(100, r.packets);
	TEST_EQ(1, rtp_jbuf_stats(r.jb)->resyncs);
	TEST_TRUE(rtp_jbuf_ts(r.jb, r.level + 960, &ts, &ssrc));
	TEST_EQ(8, ssrc);
	TEST_EQ(160 * 100 + 0x80000000u, ts);
 out:
	mem_deref(r.jb);
	return err;
}


static int test_fec_wait(void)
{
	struct reader r = {0};
	unsigned t;
	int err;

	err = rtp_jbuf_alloc(&r.jb);
	TEST_ERR(err);
	/* every tenth is lost: the first costs a concealed tick, which
	 * becomes the delay in which the next one's FEC is there in time */
	for (t = 1; t <= 300; t++) {
		if (t % 10)
			put(&r, T0 + t * TICK - 8000, t, 160 * t, 7, 960,
			    true);
		read_tick(&r, T0 + t * TICK);
	}
	TEST_EQ(29, r.fec);
	TEST_EQ(1, r.empty);
	TEST_EQ(29, rtp_jbuf_stats(r.jb)->lost);
 out:
	mem_deref(r.jb);
	return err;
}


static int test_random(void)
{
	struct reader r = {0};
	uint32_t seed = 99;
	unsigned t;
	int err;

	/* whatever comes: no crash, no leak of packets */
	err = rtp_jbuf_alloc(&r.jb);
	TEST_ERR(err);
	for (t = 1; t <= 20000; t++) {
		unsigned k;

		for (k = 0; k < 3; k++) {
			seed = seed * 1664525u + 1013904223u;
			put(&r, T0 + t * TICK - (seed >> 8) % 50000,
			    t * 2 + (seed >> 10) % 9 +
			    ((seed >> 12) % 200 == 0 ? seed % 5000 : 0),
			    160 * t + ((seed >> 14) % 150 == 0 ? seed : 0),
			    (seed >> 16) % 500 == 0,
			    (seed >> 18) % 20 ? 960 : 0, seed >> 31);
		}
		read_tick(&r, T0 + t * TICK);
		if (rtp_jbuf_count(r.jb) > JBUF_CAP)
			TEST_FAIL("%u packets", rtp_jbuf_count(r.jb));
	}
	r.jb = mem_deref(r.jb);
	{
		struct pkt *all[1024];
		unsigned n = 0;

		while (n < 1024 && (all[n] = pkt_get()))
			++n;
		t = n;
		while (n)
			pkt_put(all[--n]);
		TEST_EQ(1024, t);
	}
 out:
	mem_deref(r.jb);
	return err;
}


static const struct test testv[] = {
	{"order, doubles, loss, lateness", test_order},
	{"delay follows jitter and drift", test_streams},
	{"a sender that catches up", test_catch_up},
	{"pauses are no loss", test_pause},
	{"a new SSRC begins anew", test_ssrc},
	{"waits for FEC once there is loss", test_fec_wait},
	{"survives anything", test_random},
};


int main(int argc, char **argv)
{
	if (pkt_pool_init(1024))
		return 99;

	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
