/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_video_phase.c -- turns come when pictures have come
 */
#include <string.h>

#include <re.h>

#include "mixer/video_phase.h"
#include "tests/unit/test.h"

enum { PERIOD = 33333, SOURCES = 9 };

/* A clock's turns, and cameras with phases and periods of their own */
struct world {
	struct phase phase;
	struct phase_wait waitv[SOURCES];
	const struct phase_wait *wv[SOURCES];
	int64_t atv[SOURCES];     /* when the next picture is ready       */
	unsigned periodv[SOURCES];
	unsigned n, jitter;
	uint32_t seed;
	int64_t now, moved;
	int64_t worst;            /* since it was cleared                 */
};

static unsigned draw(struct world *w, unsigned below)
{
	w->seed = w->seed * 1664525 + 1013904223;

	return below ? (w->seed >> 8) % below : 0;
}

static void add(struct world *w, unsigned phase, unsigned period)
{
	w->wv[w->n] = &w->waitv[w->n];
	w->atv[w->n] = phase;
	w->periodv[w->n++] = period;
}

static void turns(struct world *w, unsigned n)
{
	while (n--) {
		for (unsigned i = 0; i < w->n; i++) {
			int64_t came = INT64_MIN;

			while (w->atv[i] <= w->now - PHASE_READY_US) {
				came = w->atv[i] + (int64_t)draw(w, w->jitter);
				w->atv[i] += w->periodv[i];
			}
			if (came == INT64_MIN)
				continue;
			if (w->now - came > w->worst)
				w->worst = w->now - came;
			phase_seen(&w->waitv[i], w->now - came, PERIOD);
		}
		uint32_t d = phase_turn(&w->phase, w->wv, w->n, PERIOD,
					(uint64_t)w->now);

		w->moved += d;
		w->now += PERIOD + d;
	}
}

/* It is the least that any place of the turns gives, as tried out. */
static int test_least(void)
{
	struct phase_wait waitv[SOURCES];
	const struct phase_wait *wv[SOURCES];
	struct world rnd = {.seed = 7};
	int err = 0;

	for (unsigned round = 0; round < 200; round++) {
		unsigned n = 1 + draw(&rnd, SOURCES), least = PERIOD, was = 0;
		unsigned got = 0;
		uint32_t d;

		memset(waitv, 0, sizeof(waitv));
		for (unsigned i = 0; i < n; i++) {
			unsigned wait = draw(&rnd, PERIOD);

			wv[i] = &waitv[i];
			for (unsigned k = 0; k < 20; k++)
				phase_seen(&waitv[i], wait, PERIOD);
		}
		d = phase_best(wv, n, PERIOD);
		TEST_TRUE(d < PERIOD);
		for (unsigned at = 0; at < PERIOD; at += 20) {
			unsigned most = 0;

			for (unsigned i = 0; i < n; i++) {
				unsigned lag = ((unsigned)waitv[i].mean_us +
					PERIOD - PHASE_READY_US + at) % PERIOD;

				most = lag > most ? lag : most;
			}
			was = at ? was : most;
			least = most < least ? most : least;
		}
		for (unsigned i = 0; i < n; i++) {
			unsigned lag = ((unsigned)waitv[i].mean_us + PERIOD -
					PHASE_READY_US + d) % PERIOD;

			got = lag > got ? lag : got;
		}
		if (d)
			TEST_TRUE(got <= least + 20);
		else
			TEST_TRUE(was <= least + PHASE_GAIN_US + 20);
	}
 out:
	return err;
}

/* One camera at the worst place, with a network's jitter */
static int test_one(void)
{
	struct world w = {.seed = 1, .jitter = 3000, .now = PERIOD};
	int64_t moved;
	int err = 0;

	add(&w, PERIOD - PHASE_READY_US + 500, PERIOD);
	turns(&w, 30);
	TEST_TRUE(w.worst > PERIOD);
	turns(&w, 300);
	w.worst = 0;
	moved = w.moved;
	turns(&w, 3000);
	printf("# moved %d, then waits %d us at most\n", (int)moved,
	       (int)w.worst);
	TEST_TRUE(w.worst < 12000);
	TEST_EQ(moved, w.moved);
 out:
	return err;
}

/* Nine of them: nobody waits a whole period, and turns come to rest.  One
 * comes at 25 a second, another at 15. */
static int test_nine(void)
{
	struct world w = {.seed = 3, .jitter = 1500, .now = PERIOD};
	int64_t moved;
	int err = 0;

	for (unsigned i = 0; i < SOURCES - 2; i++)
		add(&w, 1000 + i * 2500, PERIOD);
	add(&w, 20000, 40000);
	add(&w, 9000, 2 * PERIOD);
	turns(&w, 500);
	moved = w.moved;
	TEST_TRUE(moved > 0 && moved < PERIOD);
	w.n -= 2;                 /* that of 25 waits as it comes         */
	w.worst = 0;
	turns(&w, 1000);
	TEST_EQ(moved, w.moved);
	printf("# moved %d, then waits %d us at most\n", (int)moved,
	       (int)w.worst);
	TEST_TRUE(w.worst < 7 * 2500 + PHASE_READY_US + 4000);
 out:
	return err;
}

/* Nothing to go by: turns stay where they are. */
static int test_none(void)
{
	struct world w = {.seed = 5, .now = PERIOD};
	int err = 0;

	turns(&w, 500);
	TEST_EQ(0, w.moved);
	add(&w, 100, 40000);
	add(&w, 7000, 27000);
	turns(&w, 500);
	TEST_EQ(0, w.moved);
	w = (struct world){.seed = 5, .now = PERIOD, .jitter = PERIOD};
	add(&w, 100, PERIOD);
	turns(&w, 500);
	TEST_EQ(0, w.moved);
 out:
	return err;
}

static const struct test testv[] = {
	{"the least anybody can wait", test_least},
	{"one camera is waited for, with its jitter", test_one},
	{"nine cameras, two of other rates", test_nine},
	{"nothing to go by", test_none},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
