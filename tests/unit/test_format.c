/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_format.c -- answers as people see them
 */
#include <stdlib.h>
#include <string.h>

#include <re.h>

#include "base/verb.h"
#include "tutti/cli.h"
#include "tests/unit/test.h"

/* What `tutti VERB` prints for this answer; to be freed */
static char *said(const char *verb, const char *answer)
{
	const struct verb *v = verb_find(verb);
	json_t *result = json_loads(answer, 0, NULL);
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	if (v && result && f)
		format_result(f, v, result);
	if (f)
		fclose(f);
	json_decref(result);

	return text;
}

static bool has(const char *text, const char *words)
{
	if (text && strstr(text, words))
		return true;
	printf("# no \"%s\" in:\n%s\n", words, text ? text : "nothing");

	return false;
}

/* Whom a picture is sent to, who gets sound alone, who has none */
static int test_rungs(void)
{
	char *text = said("party list",
		"[{\"party\":1,\"name\":\"Ann\",\"muted\":true,\"rung\":"
		"{\"width\":1280,\"height\":720,\"fps\":30,\"kbps\":1500,"
		"\"estimate_kbps\":4100},\"need\":{\"video\":{\"width\":640,"
		"\"height\":368},\"slides\":{\"width\":1,\"height\":1}}},"
		"{\"party\":2,\"name\":\"Bob\",\"muted\":false,\"rung\":"
		"{\"width\":0,\"height\":0,\"fps\":0,\"kbps\":0},"
		"\"need\":{\"video\":{\"width\":0,\"height\":0}}},"
		"{\"party\":3,\"name\":\"Cat\",\"muted\":false}]");
	char *line;
	int err = 0;

	TEST_TRUE(has(text, "RUNG"));
	TEST_TRUE(has(text, "KBIT/S"));
	TEST_TRUE(has(text, "ESTIMATE"));
	TEST_TRUE(has(text, "ASKED"));
	TEST_TRUE(has(text, "1280x720@30"));
	TEST_TRUE(has(text, "  1500  "));
	TEST_TRUE(has(text, "    4100  640x368"));
	line = strstr(text, "Bob");
	TEST_TRUE(has(line, "sound alone"));
	TEST_TRUE(has(line, "nothing"));
	line = strstr(text, "Cat");
	TEST_TRUE(line && !strchr(line, 'x') && !strstr(line, "nothing"));
 out:
	free(text);
	return err;
}

/* Columns that nobody has are left out */
static int test_no_rungs(void)
{
	char *text = said("party list", "[{\"party\":1,\"name\":\"Ann\","
			  "\"muted\":true,\"hand\":true}]");
	int err = 0;

	TEST_TRUE(has(text, "muted,hand"));
	TEST_TRUE(!strstr(text, "RUNG") && !strstr(text, "ESTIMATE") &&
		  !strstr(text, "ASKED"));
 out:
	free(text);
	return err;
}

/* All of it, of one */
static int test_show(void)
{
	char *text = said("party show",
		"{\"party\":1,\"rung\":{\"codec\":\"h264\",\"width\":1280,"
		"\"kbps\":1500,\"estimate_kbps\":4100},\"need\":{\"video\":"
		"{\"width\":640,\"height\":368}}}");
	int err = 0;

	TEST_TRUE(has(text, "estimate"));
	TEST_TRUE(has(text, "4100 kbit/s"));
	TEST_TRUE(has(text, "need video"));
	TEST_TRUE(has(text, "640"));
 out:
	free(text);
	return err;
}

static const struct test testv[] = {
	{"rungs, estimates and needs in a list", test_rungs},
	{"a list without them", test_no_rungs},
	{"one party's", test_show},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
