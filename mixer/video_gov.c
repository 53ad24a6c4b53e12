/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_gov.c -- the governor
 *
 * The size goes after the rate: another size in mid-stream costs every
 * watcher a key frame just when there is no time for it.
 */
#include <string.h>

#include "base/ladder.h"
#include "mixer/video_gov.h"

enum { LOWEST = LADDER_MAX };

static const struct {
	unsigned div;
	bool fast;
	unsigned less;            /* sizes of the ladder that are left out */
	const char *text;
} stepv[GOV_STEPS] = {
	{1, false, 0, "video at full quality"},
	{2, false, 0, "half as many pictures"},
	{2, true,  0, "half as many pictures, coarser"},
	{2, true,  1, "half as many pictures, not the largest size"},
	{3, true,  2, "a third of the pictures, small ones only"},
	{6, true,  LOWEST, "a sixth of the pictures, the smallest only"},
};

enum {
	MISS_COST  = 4,
	MISS_LIMIT = 32,                  /* 8 misses in a row, or 1 in 4 */
	LOOK_US    = 1000000,
	CALM_US    = 5000000,
	CALM_MAX_US = 80000000,
	REGRET_US  = 10000000,            /* a step up was wrong if …     */
};

void gov_init(struct gov *g, uint64_t now)
{
	memset(g, 0, sizeof(*g));
	g->look_us = g->calm_us = now;
	g->wait_us = CALM_US;
}

static bool down(struct gov *g, uint64_t now)
{
	g->miss = 0;
	g->calm_us = now;
	if (g->step + 1 >= GOV_STEPS)
		return false;
	if (g->up_us && now - g->up_us < REGRET_US) {
		if (g->wait_us < CALM_MAX_US)
			g->wait_us *= 2;
	}
	else {
		g->wait_us = CALM_US;
	}
	g->step++;

	return true;
}

/* Would the step above have had room?  Its ticks come more often, or cost
 * about half as much again. */
static bool room(const struct gov *g, uint64_t busy, uint64_t had)
{
	unsigned a = stepv[g->step].div, b = stepv[g->step - 1].div;
	uint64_t more = busy * a / b;

	if (a == b)
		more = busy * 3 / 2;

	return more * 10 < had * 7;
}

bool gov_tick(struct gov *g, uint64_t now, uint64_t took_us, uint64_t had_us,
	      bool late)
{
	g->busy_us += took_us;
	g->had_us += had_us;

	if (late)
		g->miss += MISS_COST;
	else if (g->miss)
		g->miss--;
	if (g->miss >= MISS_LIMIT)
		return down(g, now);
	if (late)
		g->calm_us = now;

	if (now - g->look_us >= LOOK_US) {
		if (g->step && !room(g, g->busy_us, g->had_us))
			g->calm_us = now;
		g->busy_us = g->had_us = 0;
		g->look_us = now;
	}
	if (g->step && now - g->calm_us >= g->wait_us) {
		g->step--;
		g->up_us = g->calm_us = now;
		return true;
	}

	return false;
}

unsigned gov_divisor(const struct gov *g)
{
	return stepv[g->step].div;
}

bool gov_fast(const struct gov *g)
{
	return stepv[g->step].fast;
}

/* The ladder's next size below h, h itself when there is none */
static unsigned below(const struct video_ladder *l, unsigned h)
{
	unsigned best = 0;

	for (unsigned i = 0; i < l->rungc; i++) {
		unsigned r = l->rungv[i].height;

		if (r < h && r > best)
			best = r;
	}

	return best ? best : h;
}

unsigned gov_height(unsigned step, const struct video_ladder *l,
		    unsigned canvas_h)
{
	unsigned h = canvas_h;

	if (step >= GOV_STEPS || !stepv[step].less)
		return 0;
	for (unsigned i = 0; i < stepv[step].less; i++)
		h = below(l, h);

	return h;
}

const char *gov_text(unsigned step)
{
	return step < GOV_STEPS ? stepv[step].text : "";
}
