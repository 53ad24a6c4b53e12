/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fuzz/fuzz_layout.c -- a file of layouts, and what it places
 *
 * The first three bytes say how many people there are, what is asked and
 * on which canvas.  Whatever the text, cells are inside and apart.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <re.h>

#include "mixer/layout.h"

static const unsigned canvasv[][2] = {
	{1280, 720}, {1920, 1080}, {640, 360}, {720, 1280}, {64, 64},
	{160, 90}, {3840, 2160}, {66, 1000},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct layout *l, const struct layout_ask *ask)
{
	struct layout_cell cellv[LAYOUT_CELLS_MAX];
	unsigned n = layout_place(l, ask, cellv);

	if (n > LAYOUT_CELLS_MAX || n > ask->parties + ask->slides)
		abort();
	for (unsigned i = 0; i < n; i++) {
		const struct layout_rect *r = &cellv[i].rect;

		if (!r->w || !r->h || r->x + r->w > ask->width ||
		    r->y + r->h > ask->height)
			abort();
		for (unsigned k = 0; k < i; k++) {
			if (cellv[i].z == cellv[k].z &&
			    layout_overlap(r, &cellv[k].rect))
				abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct layout_text t = {.name = "f"};
	struct layout_set *set = NULL;
	struct layout_ask ask;
	const struct layout *l;
	char errbuf[128], *text;

	if (size < 3)
		return 0;
	ask = (struct layout_ask){
		.width = canvasv[data[2] % 8][0],
		.height = canvasv[data[2] % 8][1],
		.parties = data[0] % 64, .slides = data[1] & 1,
		.crop = data[1] & 4,
		.pins = (data[1] >> 3) % (PINS_MAX + 1),
	};
	text = malloc(size - 2);
	if (!text || layout_set_alloc(&set))
		abort();
	memcpy(text, data + 3, size - 3);
	text[size - 3] = '\0';
	t.text = text;
	if (!layout_set_use(set, &t, 1, errbuf, sizeof(errbuf))) {
		for (unsigned i = 0; (l = layout_nth(set, i)); i++)
			check(l, &ask);
	}
	else if (!strchr(errbuf, ':')) {
		abort();
	}
	mem_deref(set);
	free(text);

	return 0;
}
