/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_layout.c -- layouts as text, and a set that changes
 */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "mixer/layout.h"
#include "tests/fake/layouts.h"
#include "tests/unit/test.h"

#define FORM "layout a\nform\n"

/* What is wrong with it, and where; NULL: nothing */
static const struct {
	const char *text, *says;
} filev[] = {
	{FORM "cell speaker 0 0 1 1\n", NULL},
	{FORM "cell any 0 0 1 1", NULL},
	{"# a comment\r\n\r\n  layout a # more\r\nform\ncell any 0 0 1 1\r\n",
	 NULL},
	{FORM "units 2.5 2.5\ncell any 0.125 1.5 1 1\n", NULL},
	{FORM "cell any 0 0 1 1\ncell any .5 0 1 1 z 1\n", "f:4: x: want"},
	{FORM "cell any 0 0 1 1\ncell any 0.5 0 0.5 1 z 9\n", NULL},
	{FORM "cell pin 1 0 0 1 1 fit crop label none\n", NULL},
	{FORM "tiles any 49 0 0 1 1 columns 7 rows 7 start lead\n", NULL},
	{FORM "cell any 0 0 1 1\nform spotlight 2\ncell pin 2 0 0 1 1\n"
	 "form spotlight\ncell pin 1 0 0 1 1\n"
	 "form upright spotlight 9 crop\ncell any 0 0 1 1\n", NULL},
	{"layout a\nform spotlight 0\n", "f:2: spotlight: 0 is not from 1"},
	{"layout a\nform spotlight 10\n", "f:2: spotlight: 10 is not from"},
	{"layout a\nform spotlight 2x\n", "f:2: spotlight: want a number"},
	{"layout a\nform crop 2\n", "f:2: form: \"2\" is none of"},
	{FORM "cell any 0 0 1 1\nform spotlight 2\ncell pin 1 0 0 1 1\n"
	 "form spotlight 2\ncell pin 1 0 0 1 1\n",
	 "f:6: form has room for 1, as that of line 4"},
	{"", "f:1: no layout in it"},
	{"\n\n", "f:2: no layout in it"},
	{"form\n", "f:1: form before the first layout"},
	{"layout a\ncell any 0 0 1 1\n", "f:2: cell before the first form"},
	{"layout\n", "f:1: layout: name missing"},
	{"layout room\n", "f:1: layout: a name is"},
	{"layout A\n", "f:1: layout: a name is"},
	{"layout -a\n", "f:1: layout: a name is"},
	{"layout 1234567890123456789012345678901x\n", "f:1: layout: a name"},
	{"layout a b\n", "f:1: \"b\" is too much"},
	{"layout a\n", "f:1: layout a has no form"},
	{FORM, "f:2: form without cells"},
	{FORM "cell any 0 0 1 1\nlayout a\n", "f:4: layout a is in line 1"},
	{"layout a\nform presentation\ncell any 0 0 1 1\n",
	 "f:1: layout a has no form for when nothing"},
	{"layout a\nform tall\n", "f:2: form: \"tall\" is none of"},
	{FORM "cell presentation 0 0 1 1\n", "f:3: presentation in a form"},
	{FORM "cell boss 0 0 1 1\n", "f:3: \"boss\": want presentation"},
	{FORM "cell\n", "f:3: role missing"},
	{FORM "cell pin 0 0 0 1 1\n", "f:3: pin: 0 is not from 1 to 9"},
	{FORM "cell pin 99999999999 0 0 1 1\n", "f:3: pin: want a number"},
	{FORM "cell any 0 0 1\n", "f:3: height: want units"},
	{FORM "cell any 0 0 1 0\n", "f:3: height: want units"},
	{FORM "cell any 0 0 1 -1\n", "f:3: height: want units"},
	{FORM "cell any 0 0 1 1e3\n", "f:3: height: want units"},
	{FORM "cell any 0 0 1 1.0001\n", "f:3: height: want units"},
	{FORM "cell any 0 0 1.001 1\n", "f:3: outside the 1 x 1 units"},
	{FORM "cell any 0 0 1 1 z 10\n", "f:3: z: 10 is not from 0 to 9"},
	{FORM "cell any 0 0 1 1 fit\n", "f:3: fit: want one of room letter"},
	{FORM "cell any 0 0 1 1 label left\n", "f:3: label: want one of"},
	{FORM "cell any 0 0 1 1 start\n", "f:3: \"start\" is none of z fit"},
	{FORM "tiles speaker 3 0 0 1 1\n", "f:3: tiles are for any"},
	{FORM "tiles any 50 0 0 1 1\n", "f:3: tiles: 50 is not from 1 to 49"},
	{FORM "tiles any 9 0 0 1 1 columns 3\n", "f:3: columns and rows"},
	{FORM "tiles any 9 0 0 1 1 columns 2 rows 4\n", "f:3: 2 columns and"},
	{FORM "cell any 0 0 1 1\ncell any 0 0 1 1\n",
	 "f:4: lies over that of line 3"},
	{FORM "divide 2 1\ncell speaker 0 0 1 1\ncell speaker 1 0 1 1\n",
	 "f:5: speaker is in line 4 already"},
	{FORM "divide 2 1\ncell speaker 0 0 1 1\ntiles any 2 1 0 1 1 lead\n",
	 "f:5: speaker is in line 4 already"},
	{FORM "divide 2 1\ntiles any 40 0 0 1 1\ntiles any 10 1 0 1 1\n",
	 "f:5: room for more than 49 people"},
	{FORM "cell any 0 0 1 1\nform\ncell any 0 0 1 1\n",
	 "f:4: form has room for 1, as that of line 2"},
	{FORM "cell any 0 0 1 1\ndivide 1 1\n", "f:4: divide once"},
	{FORM "units 1 1\ndivide 1 1\n", "f:4: divide once"},
	{FORM "units 1001 1\n", "f:3: columns: want units"},
	{"layout a\norder 10000\n", "f:2: order: 10000 is not"},
	{"layout a\ntitle\n", "f:2: title: text missing"},
	{"layout a\ntitle \xff\n", "f:2: title: not UTF-8"},
	{"layout a\ntitle a\x1b[m\n", "f:2: control character"},
	{"colour red\n", "f:1: unknown word \"colour\""},
};

static int test_lines(void)
{
	char text[LAYOUT_FILE_MAX + 2], errbuf[256];
	struct layout_file *file;
	size_t i = 0;
	int err = 0;

	for (; i < ARRAY_SIZE(filev); i++) {
		int e;

		file = NULL;
		e = layout_file_parse(&file, "f", filev[i].text,
				      strlen(filev[i].text), errbuf,
				      sizeof(errbuf));
		mem_deref(file);
		TEST_EQ(filev[i].says ? EBADMSG : 0, e);
		if (!filev[i].says)
			continue;
		errbuf[strlen(filev[i].says)] = '\0';
		TEST_STR(filev[i].says, errbuf);
	}

	/* bounds: bytes of a file and of a line, a NUL */
	memset(text, '\n', sizeof(text));
	TEST_EQ(EBADMSG, layout_file_parse(&file, "f", text,
					   LAYOUT_FILE_MAX + 1, errbuf,
					   sizeof(errbuf)));
	TEST_STR("f:1: more than 16384 bytes", errbuf);
	memset(text, ' ', 300);
	TEST_EQ(EBADMSG, layout_file_parse(&file, "f", text, 300, errbuf,
					   sizeof(errbuf)));
	TEST_STR("f:1: line too long", errbuf);
	TEST_EQ(EBADMSG, layout_file_parse(&file, "f", "a\0b", 3, errbuf,
					   sizeof(errbuf)));
	TEST_STR("f:1: control character", errbuf);
 out:
	if (err)
		printf("# row %zu\n", i);
	return err;
}

static unsigned count_at(const struct layout_set *set, const char *name,
			 unsigned parties, struct layout_cell *cellv)
{
	const struct layout_ask ask = {1280, 720, parties, 0, 0, 0};

	return layout_place(layout_find(set, name), &ask, cellv);
}

/* The smallest form that has room; the largest when none has */
static int test_forms(void)
{
	static const struct {
		const char *name;
		unsigned parties, cells, w, h;    /* of the first         */
	} casev[] = {
		{"1+5", 2, 2, 832, 480},     {"1+5", 3, 3, 832, 480},
		{"1+5", 6, 6, 832, 480},     {"1+5", 40, 6, 832, 480},
		{"1+7", 8, 8, 960, 528},     {"1+9", 10, 10, 1024, 576},
		{"2+8", 2, 2, 640, 368},     {"2+8", 10, 10, 640, 352},
		{"1+21", 8, 8, 1056, 576},   {"1+21", 22, 22, 704, 384},
		{"2+21", 23, 23, 624, 336},  {"1+33", 34, 34, 704, 384},
		{"1+33", 40, 34, 704, 384},  {"grid", 49, 49, 176, 96},
		{"grid", 60, 49, 176, 96},   {"pip", 9, 2, 1280, 720},
		{"presentation-only", 9, 1, 1280, 720},
	};
	struct layout_cell cellv[LAYOUT_CELLS_MAX];
	struct layout_set *set = NULL;
	size_t i = 0;
	int err = 0;

	TEST_ERR(layout_set_alloc(&set));
	TEST_ERR(fake_layouts(set));
	for (; i < ARRAY_SIZE(casev); i++) {
		TEST_EQ(casev[i].cells, count_at(set, casev[i].name,
						 casev[i].parties, cellv));
		TEST_EQ(casev[i].w, cellv[0].rect.w);
		TEST_EQ(casev[i].h, cellv[0].rect.h);
	}
	TEST_EQ(2, count_at(set, "pip", 2, cellv));
	TEST_EQ(1, cellv[1].z);
 out:
	if (err)
		printf("# row %zu\n", i);
	mem_deref(set);
	return err;
}

/* Those for as many in the spotlight as there are, or for fewer */
static int test_pins(void)
{
	static const struct layout_text file = {"f",
		"layout a\n"
		"form\ntiles any 9 0 0 1 1\n"
		"form spotlight\ncell any 0 0 1 1\n"
		"form spotlight 3\ndivide 2 1\ncell any 0 0 1 1\n"
		"cell any 1 0 1 1\n"
		"layout b\n"
		"form\ntiles any 9 0 0 1 1\n"
		"form spotlight 2\ncell any 0 0 1 1\n"};
	static const struct {
		const char *name;
		unsigned pins, cells;
	} casev[] = {
		{"a", 0, 9}, {"a", 1, 1}, {"a", 2, 1}, {"a", 3, 2},
		{"a", 9, 2}, {"b", 0, 9}, {"b", 1, 9}, {"b", 2, 1},
	};
	struct layout_cell cellv[LAYOUT_CELLS_MAX];
	struct layout_set *set = NULL;
	char errbuf[256];
	size_t i = 0;
	int err = 0;

	TEST_ERR(layout_set_alloc(&set));
	TEST_ERR(layout_set_use(set, &file, 1, errbuf, sizeof(errbuf)));
	for (; i < ARRAY_SIZE(casev); i++) {
		const struct layout_ask ask = {
			1280, 720, 9, .pins = casev[i].pins,
		};

		TEST_EQ(casev[i].cells,
			layout_place(layout_find(set, casev[i].name), &ask,
				     cellv));
	}
 out:
	if (err)
		printf("# row %zu\n", i);
	mem_deref(set);
	return err;
}

/* A name outlives what is drawn by it. */
static int test_change(void)
{
	static const struct layout_text
		one = {"one", "layout mine\norder 1\nform\ndivide 2 1\n"
		       "cell speaker 0 0 1 1\ncell any 1 0 1 1\n"},
		two = {"two", "layout mine\norder 99\nform\n"
		       "cell speaker 0 0 1 1\n"},
		bad = {"bad", "layout mine\nform\n"};
	const struct layout_ask ask = {1280, 720, 4, 0, 0, 0};
	struct layout_cell cellv[LAYOUT_CELLS_MAX];
	const struct layout_text bothv[] = {one, two};
	struct layout_set *set = NULL;
	const struct layout *mine;
	char errbuf[256];
	int err = 0;

	TEST_ERR(layout_set_alloc(&set));
	TEST_TRUE(!layout_find(set, "mine"));
	TEST_ERR(layout_set_use(set, &one, 1, errbuf, sizeof(errbuf)));
	mine = layout_find(set, "mine");
	TEST_TRUE(mine && mine == layout_nth(set, 0));
	TEST_EQ(2, layout_place(mine, &ask, cellv));

	TEST_EQ(EBADMSG, layout_set_use(set, &bad, 1, errbuf,
					sizeof(errbuf)));
	TEST_STR("bad:2: form without cells", errbuf);
	TEST_EQ(2, layout_place(mine, &ask, cellv));

	/* the later file counts */
	TEST_ERR(layout_set_use(set, bothv, 2, errbuf, sizeof(errbuf)));
	TEST_TRUE(mine == layout_find(set, "mine"));
	TEST_TRUE(mine == layout_nth(set, 1) && !layout_nth(set, 2));
	TEST_EQ(1, layout_place(mine, &ask, cellv));

	/* gone: a grid; and there again */
	TEST_ERR(layout_set_use(set, NULL, 0, errbuf, sizeof(errbuf)));
	TEST_TRUE(!layout_find(set, "mine"));
	TEST_EQ(4, layout_place(mine, &ask, cellv));
	TEST_ERR(layout_set_use(set, &two, 1, errbuf, sizeof(errbuf)));
	TEST_TRUE(mine == layout_find(set, "mine"));
	TEST_EQ(1, layout_place(mine, &ask, cellv));
 out:
	mem_deref(set);
	return err;
}

/* No more names than a mixer remembers */
static int test_bound(void)
{
	struct layout_set *set = NULL;
	char name[32], text[96], errbuf[256];
	const struct layout_text file = {"f", text};
	unsigned n;
	int err = 0;

	TEST_ERR(layout_set_alloc(&set));
	for (n = 0; n < LAYOUT_SET_NAMES - 1 && !err; n++) {
		(void)re_snprintf(text, sizeof(text), "layout x%u\nform\n"
				  "cell any 0 0 1 1\n", n);
		err = layout_set_use(set, &file, 1, errbuf, sizeof(errbuf));
	}
	TEST_ERR(err);
	(void)re_snprintf(text, sizeof(text), "layout one-more\nform\n"
			  "cell any 0 0 1 1\n");
	TEST_EQ(EOVERFLOW, layout_set_use(set, &file, 1, errbuf,
					  sizeof(errbuf)));
	(void)re_snprintf(name, sizeof(name), "x%u", n - 1);
	TEST_TRUE(layout_find(set, name));
 out:
	mem_deref(set);
	return err;
}

static const struct test testv[] = {
	{"each mistake is said with its line", test_lines},
	{"the smallest form that has room", test_forms},
	{"the form for so many in the spotlight", test_pins},
	{"other files under the same names", test_change},
	{"names are bounded", test_bound},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
