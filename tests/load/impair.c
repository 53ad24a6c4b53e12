/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/load/impair.c -- what a bad network does to one direction */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/load/impair.h"

enum { MS_MAX = 10000, RATE_MAX = 1000000 };

void impair_init(struct impair *im, uint64_t seed)
{
	memset(im, 0, sizeof(*im));
	im->queue = IMPAIR_QUEUE_MS;
	im->rnd = seed;
}

/* splitmix64: any seed will do */
static uint64_t rnd(struct impair *im)
{
	uint64_t z = im->rnd += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;

	return z ^ z >> 31;
}

static bool happens(struct impair *im, double percent)
{
	return (double)(rnd(im) >> 11) * 0x1p-53 * 100. < percent;
}

static bool word(struct impair *im, const char *w, size_t n)
{
	static const char *const namev[] = {
		"loss", "dup", "reorder", "delay", "jitter", "rate", "queue",
		"head",
	};
	double *const pctv[] = {&im->loss, &im->dup, &im->reorder};
	unsigned *const numv[] = {&im->delay, &im->jitter, &im->rate,
				  &im->queue, &im->head};
	const char *eq = memchr(w, '=', n);
	char *end;
	double v;
	size_t i;

	if (!eq || eq + 1 == w + n)
		return false;
	v = strtod(eq + 1, &end);
	if (end != w + n || !(v >= 0))
		return false;

	for (i = 0; i < sizeof(namev) / sizeof(*namev); i++)
		if (strlen(namev[i]) == (size_t)(eq - w) &&
		    !strncmp(namev[i], w, (size_t)(eq - w)))
			break;
	if (i < 3) {
		*pctv[i] = v;
		return v <= 100;
	}
	if (i < sizeof(namev) / sizeof(*namev)) {
		*numv[i - 3] = (unsigned)v;
		return v <= (i == 5 ? RATE_MAX : MS_MAX);
	}

	return false;
}

int impair_set(struct impair *im, const char *words, const char **badp)
{
	struct impair copy = *im;

	while (*words) {
		const size_t n = strcspn(words, ", ");

		if (n && !word(&copy, words, n)) {
			*badp = words;
			return EINVAL;
		}
		words += n;
		words += *words ? 1 : 0;
	}
	*im = copy;

	return 0;
}

unsigned impair_packet(struct impair *im, size_t n, uint64_t now,
		       uint64_t duev[2])
{
	/* always the same number of dice, so that one setting does not
	 * change what another does */
	const bool lost = happens(im, im->loss);
	const bool dup = happens(im, im->dup);
	const bool late = happens(im, im->reorder);
	const uint64_t jitter = rnd(im) % (im->jitter * 1000ull + 1);
	uint64_t at = now, due;

	++im->packets;
	im->bytes += n;
	if (lost) {
		++im->lost;
		return 0;
	}
	if (im->rate) {
		const uint64_t free = im->free > now ? im->free : now;

		if (free - now > im->queue * 1000ull) {
			++im->full;
			return 0;
		}
		at = im->free = free + (n + im->head) * 8000ull / im->rate;
	}
	due = at + im->delay * 1000ull + jitter;
	if (late) {
		++im->reordered;
		due += IMPAIR_GAP_MS * 1000ull;
	}
	else {
		due = due > im->last ? due : im->last;
		im->last = due;
	}
	duev[0] = duev[1] = due;
	im->doubled += dup;

	return dup ? 2 : 1;
}
