/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tutti/help.c -- `tutti help`, out of the verb table
 */
#include <string.h>

#include "tutti/cli.h"


enum { NAME_WIDTH = 20 };


static void put_synopsis(FILE *f, const struct verb *verb)
{
	const struct verb_arg *a;
	bool options = false;
	char place[64];

	fprintf(f, "tutti %s", verb->name);
	for (a = verb->argv; a < verb->argv + VERB_ARGS_MAX && a->name; a++) {
		if (a->option) {
			options = true;
			continue;
		}
		arg_place(place, sizeof(place), a);
		fprintf(f, a->required ? " %s" : " [%s]", place);
	}
	fputs(options ? " [options]\n" : "\n", f);
}


static void put_arg(FILE *f, const struct verb_arg *a)
{
	char name[160], option[64], place[64];

	arg_place(place, sizeof(place), a);
	if (!a->option)
		snprintf(name, sizeof(name), "%s", place);
	else if (a->type == ARG_FLAG)
		snprintf(name, sizeof(name), "%s",
			 arg_option_name(option, sizeof(option), a));
	else
		snprintf(name, sizeof(name), "%s %s",
			 arg_option_name(option, sizeof(option), a), place);

	fprintf(f, "  %-26s %s\n", name, a->help);
}


void help_verb(FILE *f, const struct verb *verb)
{
	const struct verb_arg *a;

	put_synopsis(f, verb);
	fprintf(f, "%s.\n", verb->help);
	if (verb->argv[0].name)
		fputc('\n', f);
	for (a = verb->argv; a < verb->argv + VERB_ARGS_MAX && a->name; a++)
		put_arg(f, a);
}


static void help_all(FILE *f)
{
	size_t i, n = 0;

	fputs("tutti [-s socket] [--json] NOUN VERB ...\n"
	      "Manage a tutti conference server.  Nouns and verbs may be\n"
	      "abbreviated.  Exit status: 0 done, 1 refused, 2 usage,"
	      " 3 no server.\n", f);

	for (i = 0; i < verbc; i++) {
		const char *name = verbv[i].name;

		if (!i || strncmp(verbv[i - 1].name, name, n) ||
		    n != strcspn(name, " "))
			fputc('\n', f);
		n = strcspn(name, " ");
		fprintf(f, "  %-*s %s\n", NAME_WIDTH, name, verbv[i].help);
	}

	fprintf(f, "\n  %-*s %s\n", NAME_WIDTH, "help [NOUN [VERB]]",
		"Explain a verb and its options");
	fprintf(f, "  %-*s %s\n", NAME_WIDTH, "layout check",
		"Check files of layouts, see tutti-layout(5)");
	fprintf(f, "  %-*s %s\n", NAME_WIDTH, "completion bash",
		"Print the completion for bash");
	fprintf(f, "  %-*s %s\n", NAME_WIDTH, "version",
		"Print the version");
}


static bool help_noun(FILE *f, const char *word)
{
	const size_t n = strlen(word);
	bool any = false;
	size_t i;

	for (i = 0; i < verbc; i++) {
		if (strncmp(verbv[i].name, word, n))
			continue;
		fprintf(f, "  %-*s %s\n", NAME_WIDTH, verbv[i].name,
			verbv[i].help);
		any = true;
	}

	return any;
}


/* "tutti help", "tutti help room", "tutti help ro cr" */
int help_main(const struct cmd *cmd, int skip)
{
	const struct verb *verb;
	struct cmd words = *cmd;
	unsigned used;
	char list[512];

	words.wordv += skip;
	words.wordc -= skip;
	if (words.wordc < 1) {
		help_all(stdout);
		return CLI_DONE;
	}

	if (!verb_match(&verb, &used, words.wordc, words.wordv, list,
			sizeof(list))) {
		help_verb(stdout, verb);
		return CLI_DONE;
	}
	if (words.wordc == 1 && *words.wordv[0] &&
	    help_noun(stdout, words.wordv[0]))
		return CLI_DONE;

	return cmd_verb(&verb, &used, &words);
}
