/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_verb.c -- the tables of verbs and events
 */
#include <ctype.h>

#include "base/event.h"
#include "base/verb.h"
#include "tests/unit/test.h"


static int test_match(void)
{
	static const struct {
		const char *wordv[3];
		int err;
		const char *is;   /* the verb, or what errbuf begins with */
		unsigned used;
	} casev[] = {
		{{"room", "list"}, 0, "room list", 2},
		{{"ro", "li"}, 0, "room list", 2},
		{{"ro", "li", "x"}, 0, "room list", 2},
		{{"r", "cr"}, 0, "room create", 2},
		{{"r", "ex"}, 0, "recording export", 2},
		{{"call", "demo"}, 0, "call", 1},
		{{"ca"}, 0, "call", 1},
		{{"ch", "s"}, 0, "chat send", 2},
		{{"c"}, EEXIST, "chat send, chat list, call", 0},
		{{"t"}, EEXIST, "token create", 0},
		{{"server", "stats"}, 0, "server stats", 2},
		{{"room", "s"}, EEXIST, "room show, room set, room snapshot", 0},
		{{"r", "list"}, EEXIST, "room list, recording list", 0},
		{{"server", "stat"}, EEXIST, "server status, server stats", 0},
		{{"room"}, EEXIST, "room create, room list", 0},
		{{"r"}, EEXIST, "room create", 0},
		{{"room", "lisst"}, ENOENT, "room create, room list", 0},
		{{"room", ""}, ENOENT, "room create, room list", 0},
		{{"rooms", "list"}, ENOENT, "room, layout,", 0},
		{{""}, ENOENT, "room, layout,", 0},
		{{NULL}, ENOENT, "room, layou", 0},
	};
	char errbuf[512];
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(casev); i++) {
		const struct verb *verb = NULL;
		char *wordv[3];
		unsigned used = 0;
		int n;

		for (n = 0; n < 3 && casev[i].wordv[n]; n++)
			wordv[n] = (char *)casev[i].wordv[n];

		errbuf[0] = '\0';
		TEST_EQ(casev[i].err, verb_match(&verb, &used, n, wordv,
						 errbuf, sizeof(errbuf)));
		if (casev[i].err) {
			errbuf[strlen(casev[i].is)] = '\0';
			TEST_STR(casev[i].is, errbuf);
			continue;
		}
		TEST_STR(casev[i].is, verb->name);
		TEST_EQ(casev[i].used, used);
	}
 out:
	return err;
}


/* Errors are cut to the room there is. */
static int test_short(void)
{
	char *wordv[] = {(char *)"room"};
	const struct verb *verb;
	char errbuf[8];
	unsigned used;
	int err = 0;

	TEST_EQ(EEXIST, verb_match(&verb, &used, 1, wordv, errbuf,
				   sizeof(errbuf)));
	TEST_EQ(7, strlen(errbuf));
	TEST_EQ(EEXIST, verb_match(&verb, &used, 1, wordv, NULL, 0));
 out:
	return err;
}


static bool is_word(const char *s)
{
	for (; *s; s++) {
		if (!islower((unsigned char)*s) && *s != ' ' && *s != '_')
			return false;
	}

	return true;
}


static int test_verbs(void)
{
	const struct verb_arg *a;
	size_t i, j;
	int err = 0;

	for (i = 0; i < verbc; i++) {
		bool optional = false;

		TEST_TRUE(is_word(verbv[i].name));
		TEST_TRUE(isupper((unsigned char)verbv[i].help[0]));
		TEST_TRUE(verb_find(verbv[i].name) == &verbv[i]);

		for (j = 0; j < VERB_ARGS_MAX; j++) {
			a = &verbv[i].argv[j];
			if (!a->name)
				break;
			TEST_TRUE(is_word(a->name));
			TEST_TRUE(a->help);
			if (a->type != ARG_LAYOUT)
				TEST_EQ(a->type == ARG_CHOICE, !!a->choices);
			TEST_TRUE(a->type != ARG_FLAG || a->option);
			/* by position, none is missing in the middle */
			if (a->option)
				continue;
			TEST_TRUE(!(a->required && optional));
			optional = optional || !a->required;
		}
	}
	TEST_TRUE(!verb_find("room"));
	TEST_TRUE(!verb_find(NULL));
 out:
	return err;
}


static int test_event_table(void)
{
	size_t i;
	int err = 0;

	for (i = 0; i < EV_COUNT; i++) {
		TEST_EQ(i, eventv[i].id);
		TEST_TRUE(eventv[i].name && is_word(eventv[i].name));
		TEST_TRUE(eventv[i].help);
		TEST_TRUE(event_find(eventv[i].name) == &eventv[i]);
	}
	TEST_TRUE(!event_find("party"));
	TEST_TRUE(!event_find(NULL));
 out:
	return err;
}


int main(int argc, char **argv)
{
	static const struct test testv[] = {
		{"words find their verb", test_match},
		{"errors fit their buffer", test_short},
		{"every verb is well formed", test_verbs},
		{"every event is well formed", test_event_table},
	};

	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
