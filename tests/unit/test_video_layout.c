/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_video_layout.c -- where the cells of a layout are
 */
#include <re.h>

#include "mixer/layout.h"
#include "tests/fake/layouts.h"
#include "tests/unit/test.h"

/* --- geometry --------------------------------------------------------- */

static const unsigned canvasv[][2] = {
	{1280, 720}, {1920, 1080}, {640, 360}, {960, 540}, {640, 480},
	{720, 1280}, {320, 180}, {160, 90}, {64, 64},
};

static int check_cells(const struct layout_cell *c, unsigned n,
		       const struct layout_ask *ask)
{
	unsigned rolev[LAYOUT_PARTY + 1] = {0};
	int err = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct layout_rect *r = &c[i].rect;

		TEST_TRUE(r->w && r->h);
		TEST_TRUE(r->x + r->w <= ask->width);
		TEST_TRUE(r->y + r->h <= ask->height);
		TEST_TRUE((r->w == ask->width && r->h == ask->height) ||
			  (n > 1 && !(r->x % 16 + r->y % 16 + r->w % 16 +
				      r->h % 16)));
		for (unsigned k = 0; k < i; k++)
			TEST_TRUE(!layout_overlap(r, &c[k].rect) ||
				  c[i].z != c[k].z);
		/* what is shared is never smaller than a person */
		if (c[0].role == LAYOUT_SLIDES)
			TEST_TRUE(r->w <= c[0].rect.w && r->h <= c[0].rect.h);
		rolev[c[i].role]++;
	}
	TEST_EQ(ask->slides, rolev[LAYOUT_SLIDES]);
	TEST_TRUE(rolev[LAYOUT_SPEAKER] <= 1 && rolev[LAYOUT_PREVIOUS] <= 1);
	TEST_TRUE(n - ask->slides <= ask->parties);
	TEST_TRUE(!ask->parties || n);
 out:
	return err;
}

/* Whatever is asked, cells are on the grid, inside, and apart. */
static int test_geometry(void)
{
	enum { N = 53, FLAGS = 4 * (PINS_MAX + 1) * N };
	struct layout_cell cellv[LAYOUT_CELLS_MAX];
	struct layout_set *set = NULL;
	const struct layout *l;
	int err = 0;

	TEST_ERR(layout_set_alloc(&set));
	TEST_ERR(fake_layouts(set));
	for (unsigned i = 0; (l = layout_nth(set, i)); i++) {
		for (unsigned k = 0; k < ARRAY_SIZE(canvasv) * FLAGS; k++) {
			struct layout_ask ask = {
				.width = canvasv[k / FLAGS][0],
				.height = canvasv[k / FLAGS][1],
				.parties = k % N, .slides = k / N & 1,
				.crop = k / N & 2,
				.pins = k / N / 4 % (PINS_MAX + 1),
			};
			unsigned n = layout_place(l, &ask, cellv);

			TEST_TRUE(n <= LAYOUT_CELLS_MAX);
			err = check_cells(cellv, n, &ask);
			if (err) {
				printf("# %s %ux%u parties=%u slides=%d\n",
				       layout_name(l), ask.width, ask.height,
				       ask.parties, ask.slides);
				goto out;
			}
		}
	}
	TEST_TRUE(layout_find(set, "") == layout_find(set, "grid"));
	TEST_TRUE(layout_find(set, NULL) == layout_nth(set, 0));
	TEST_TRUE(layout_find(set, "GRID ") == NULL);
 out:
	mem_deref(set);
	return err;
}

#define S LAYOUT_SLIDES

#define L LAYOUT_SPEAKER

#define B LAYOUT_PREVIOUS

#define P LAYOUT_PARTY

#define N1 LAYOUT_PINNED

#define N2 LAYOUT_PINNED

/* 1280x720: how many cells, and the first three of them */
static const struct {
	const char *layout;
	unsigned parties;
	bool slides;
	unsigned pins;
	bool crop;
	unsigned n;
	struct {
		struct layout_rect rect;
		enum layout_role role;
	} cellv[3];
} placev[] = {
	{"grid", 1, 0, 0, 0, 1, {{{0, 0, 1280, 720}, P}}},
	{"grid", 2, 0, 0, 0, 2, {{{0, 176, 640, 368}, P},
				 {{640, 176, 640, 368}, P}}},
	{"grid", 40, 0, 0, 0, 40, {{{16, 64, 176, 96}, P}}},
	{"grid", 4, 0, 1, 0, 4, {{{0, 0, 1280, 576}, L},
				 {{256, 576, 256, 144}, P},
				 {{512, 576, 256, 144}, P}}},
	{"grid", 2, 0, 2, 0, 2, {{{0, 176, 640, 368}, N1},
				 {{640, 176, 640, 368}, N2}}},
	{"grid", 6, 0, 2, 0, 6, {{{0, 96, 640, 352}, N1},
				 {{640, 96, 640, 352}, N2},
				 {{0, 448, 320, 176}, P}}},
	{"speaker", 9, 0, 2, 0, 2, {{{0, 176, 640, 368}, N1},
				    {{640, 176, 640, 368}, N2}}},
	{"2+8", 9, 0, 2, 0, 9, {{{0, 0, 640, 352}, L}, {{640, 0, 640, 352}, B},
				{{0, 352, 320, 176}, P}}},
	{"grid", 3, 1, 0, 0, 4, {{{0, 0, 1024, 720}, S},
				 {{1024, 0, 256, 144}, L},
				 {{1024, 144, 256, 144}, P}}},
	{"grid", 40, 1, 0, 0, 15, {{{0, 0, 960, 720}, S},
				   {{960, 0, 160, 96}, L},
				   {{1120, 0, 160, 96}, P}}},
	{"grid", 0, 1, 0, 0, 1, {{{0, 0, 1280, 720}, S}}},
	{"speaker", 9, 0, 0, 0, 1, {{{0, 0, 1280, 720}, L}}},
	{"speaker", 9, 1, 0, 0, 2, {{{0, 0, 1024, 720}, S},
				    {{1024, 0, 256, 144}, L}}},
	{"filmstrip", 1, 0, 0, 0, 1, {{{0, 0, 1280, 720}, L}}},
	{"filmstrip", 3, 0, 0, 0, 3, {{{0, 0, 1280, 576}, L},
				      {{384, 576, 256, 144}, P},
				      {{640, 576, 256, 144}, P}}},
	{"filmstrip", 40, 0, 0, 0, 9, {{{0, 0, 1280, 624}, L},
				       {{0, 624, 160, 96}, P},
				       {{160, 624, 160, 96}, P}}},
	{"filmstrip", 2, 1, 0, 0, 3, {{{0, 0, 1280, 576}, S},
				      {{384, 576, 256, 144}, L},
				      {{640, 576, 256, 144}, P}}},
	{"side-by-side", 1, 0, 0, 0, 1, {{{0, 0, 1280, 720}, L}}},
	{"side-by-side", 7, 0, 0, 0, 2, {{{0, 176, 640, 368}, L},
					 {{640, 176, 640, 368}, B}}},
	{"side-by-side", 7, 0, 0, 1, 2, {{{0, 0, 640, 720}, L},
					 {{640, 0, 640, 720}, B}}},
	{"side-by-side", 7, 1, 0, 0, 3, {{{0, 0, 848, 720}, S},
					 {{848, 0, 432, 240}, L},
					 {{848, 240, 432, 240}, B}}},
};

static int test_places(void)
{
	struct layout_cell cellv[LAYOUT_CELLS_MAX];
	struct layout_set *set = NULL;
	int err = 0;

	TEST_ERR(layout_set_alloc(&set));
	TEST_ERR(fake_layouts(set));
	for (size_t i = 0; i < ARRAY_SIZE(placev); i++) {
		const struct layout_ask ask = {
			1280, 720, placev[i].parties, placev[i].slides,
			placev[i].pins, placev[i].crop,
		};
		unsigned n = layout_place(layout_find(set,
						      placev[i].layout),
					  &ask, cellv);

		TEST_EQ(placev[i].n, n);
		for (unsigned k = 0; k < n && k < 3; k++) {
			const struct layout_rect *r = &placev[i].cellv[k].rect;

			if (!r->w)
				continue;
			TEST_EQ(placev[i].cellv[k].role, cellv[k].role);
			TEST_EQ(r->x, cellv[k].rect.x);
			TEST_EQ(r->y, cellv[k].rect.y);
			TEST_EQ(r->w, cellv[k].rect.w);
			TEST_EQ(r->h, cellv[k].rect.h);
		}
	}
 out:
	mem_deref(set);
	if (err)
		printf("# a row of placev\n");
	return err;
}

static const struct test testv[] = {
	{"cells are on the grid, inside and apart", test_geometry},
	{"the built-in layouts at 720p", test_places},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
