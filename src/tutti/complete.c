/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tutti/complete.c -- what may come next on the command line
 *
 * The shell hands over the words so far, the unfinished one last, and gets
 * one candidate a line; ":file" asks it for a file name.  Verbs, options
 * and choices come from the table; rooms, parties and the like from the
 * server, if it answers within ASK_MS.
 */
#include <stdlib.h>
#include <string.h>

#include "tutti/cli.h"


enum { ASK_MS = 500 };


static const char script[] =
"# bash completion for tutti, printed by `tutti completion bash`\n"
"_tutti()\n"
"{\n"
"\tlocal IFS=$'\\n' line\n"
"\tCOMPREPLY=()\n"
"\twhile read -r line; do\n"
"\t\tif [ \"$line\" = :file ]; then\n"
"\t\t\tcompopt -o default\n"
"\t\telse\n"
"\t\t\tCOMPREPLY+=(\"$line\")\n"
"\t\tfi\n"
"\tdone < <(\"${COMP_WORDS[0]}\" completion words -- \\\n"
"\t\t\"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null)\n"
"}\n"
"complete -F _tutti tutti\n";


static void offer(const char *text, const char *begun)
{
	if (!strncmp(text, begun, strlen(begun)))
		printf("%s\n", text);
}


static void offer_words(const char *words, const char *begun)
{
	char buf[64];
	size_t n;

	for (; *words; words += n + (words[n] == ' ')) {
		n = strcspn(words, " ");
		snprintf(buf, sizeof(buf), "%.*s", (int)n, words);
		offer(buf, begun);
	}
}


static void offer_nouns(const char *begun)
{
	char noun[32], last[32] = "";
	size_t i;

	for (i = 0; i < verbc; i++) {
		snprintf(noun, sizeof(noun), "%.*s",
			 (int)strcspn(verbv[i].name, " "), verbv[i].name);
		if (strcmp(noun, last))
			offer(noun, begun);
		memcpy(last, noun, sizeof(last));
	}
	offer_words("help version --json --socket", begun);
}


/* Verbs of every noun that the first word may be. */
static void offer_verbs(const char *noun, const char *begun)
{
	const size_t n = strlen(noun);
	size_t i;

	for (i = 0; i < verbc; i++) {
		const char *blank = strchr(verbv[i].name, ' ');

		if (blank && n && !strncmp(verbv[i].name, noun, n))
			offer(blank + 1, begun);
	}
}


static void offer_options(const struct verb *verb, const struct cmd *cmd,
			  const char *begun)
{
	const struct verb_arg *a;
	char name[64];
	int i;

	for (a = verb->argv; a < verb->argv + VERB_ARGS_MAX && a->name; a++) {
		if (!a->option)
			continue;
		arg_option_name(name, sizeof(name), a);
		for (i = 0; i < cmd->wordc - 1; i++) {
			if (!strcmp(cmd->wordv[i], name))
				break;
		}
		if (i == cmd->wordc - 1)
			offer(name, begun);
	}
}


/* One member of every row of a list verb's answer. */
static void offer_listed(const struct cmd *cmd, const char *name,
			 const char *key, const char *begun)
{
	const struct verb *verb = verb_find(name);
	struct client *client = NULL;
	json_t *answer = NULL, *row;
	char buf[256];
	size_t i;

	if (!verb || client_open(&client, client_socket(cmd)) ||
	    client_ask(client, verb, json_object()) ||
	    client_answer(client, &answer, ASK_MS))
		goto out;

	json_array_foreach(json_object_get(answer, "result"), i, row) {
		value_text(buf, sizeof(buf), VAL_TEXT,
			   json_object_get(row, key));
		if (*buf)
			offer(buf, begun);
	}

 out:
	json_decref(answer);
	client_close(client);
}


static void offer_values(const struct cmd *cmd, const struct verb_arg *a,
			 const char *begun)
{
	char name[64];

	switch (a->type) {

	case ARG_BOOL:
		offer_words("yes no", begun);
		break;
	case ARG_CHOICE:
		offer_words(a->choices, begun);
		break;
	case ARG_LAYOUT:
		offer_words(a->choices ? a->choices : "", begun);
		offer_listed(cmd, "layout list", "layout", begun);
		break;
	case ARG_ROOM:
		offer_listed(cmd, "room list", "room", begun);
		break;
	case ARG_PARTY:
	case ARG_ID:
		snprintf(name, sizeof(name), "%s list", a->name);
		offer_listed(cmd, name, a->name, begun);
		break;
	case ARG_DATA:
	case ARG_FILE:
	case ARG_URI:
		puts(":file");
		break;
	default:
		break;
	}
}


static void offer_args(const struct cmd *cmd, const struct verb *verb,
		       unsigned used, const char *begun)
{
	const struct verb_arg *a;
	unsigned pos = 0;
	bool ambiguous;
	int i;

	for (i = (int)used; i < cmd->wordc - 1; i++) {
		if (cmd->wordv[i][0] != '-') {
			++pos;
			continue;
		}
		if (strncmp(cmd->wordv[i], "--", 2) ||
		    strchr(cmd->wordv[i], '='))
			continue;
		a = verb_option(verb, cmd->wordv[i], &ambiguous);
		if (!a || a->type == ARG_FLAG)
			continue;
		if (++i == cmd->wordc - 1) {
			offer_values(cmd, a, begun);
			return;
		}
	}

	if (begun[0] == '-') {
		offer_options(verb, cmd, begun);
		return;
	}
	a = verb_position(verb, pos);
	if (a)
		offer_values(cmd, a, begun);
	else
		offer_options(verb, cmd, begun);
}


static void complete(const struct cmd *typed)
{
	const struct verb *verb;
	struct cmd cmd = *typed;
	const char *begun;
	unsigned used;
	char list[8];

	if (cmd.wordc > 1 && !strcmp(cmd.wordv[0], "help")) {
		++cmd.wordv;
		--cmd.wordc;
	}
	begun = cmd.wordv[cmd.wordc - 1];

	if (cmd.wordc == 1)
		offer_nouns(begun);
	else if (!verb_match(&verb, &used, cmd.wordc - 1, cmd.wordv, list,
			     sizeof(list)))
		offer_args(&cmd, verb, used, begun);
	else if (cmd.wordc == 2)
		offer_verbs(cmd.wordv[0], begun);
}


/* "completion bash" or "completion words -- ro li" */
int complete_main(const struct cmd *cmd)
{
	struct cmd words = {0};
	char **argv;
	int i, n;

	if (cmd->wordc == 2 && !strcmp(cmd->wordv[1], "bash")) {
		fputs(script, stdout);
		return CLI_DONE;
	}
	if (cmd->wordc < 3 || strcmp(cmd->wordv[1], "words")) {
		cli_say("completion: bash is the only shell it knows");
		return CLI_USAGE;
	}

	/* what was typed before, common options and all */
	n = cmd->wordc - 2;
	argv = calloc((size_t)n + 2, sizeof(*argv));
	if (!argv)
		return CLI_REFUSED;
	argv[0] = cmd->wordv[0];
	for (i = 0; i < n; i++)
		argv[i + 1] = cmd->wordv[i + 2];

	if (n > 1 && (!strcmp(argv[n - 1], "-s") ||
		      !strcmp(argv[n - 1], "--socket"))) {
		puts(":file");
		free(argv);
		return CLI_DONE;
	}

	/* the unfinished word is no option yet */
	if (!cmd_parse(&words, n, argv)) {
		words.wordv[words.wordc++] = cmd->wordv[cmd->wordc - 1];
		complete(&words);
	}
	free(argv);

	return CLI_DONE;
}
