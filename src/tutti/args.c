/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tutti/args.c -- from words to a verb and its arguments
 */
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <re.h>

#include "tutti/cli.h"


enum { PATH_LEN = 4096 };


const char *arg_option_name(char *buf, size_t sz, const struct verb_arg *a)
{
	size_t i;

	snprintf(buf, sz, "--%s", a->name);
	for (i = 0; buf[i]; i++) {
		if (buf[i] == '_')
			buf[i] = '-';
	}

	return buf;
}


const char *arg_place(char *buf, size_t sz, const struct verb_arg *a)
{
	size_t i;

	switch (a->option ? a->type : ARG_STR) {

	case ARG_NUM:
		snprintf(buf, sz, "N");
		return buf;
	case ARG_BOOL:
		snprintf(buf, sz, "yes|no");
		return buf;
	case ARG_CHOICE:
		snprintf(buf, sz, "%s", a->choices);
		for (i = 0; buf[i]; i++) {
			if (buf[i] == ' ')
				buf[i] = '|';
		}
		return buf;
	case ARG_STR:
		if (a->option) {
			snprintf(buf, sz, "TEXT");
			return buf;
		}
		break;
	default:
		break;
	}

	snprintf(buf, sz, "%s", a->name);
	for (i = 0; buf[i]; i++)
		buf[i] = (char)toupper((unsigned char)buf[i]);

	return buf;
}


/* Word of an option every verb has: "-s x", "--socket=x", "--json"… */
static int common_option(struct cmd *cmd, int argc, char **argv, int *ip)
{
	const char *word = argv[*ip];

	if (!strcmp(word, "--json")) {
		cmd->json = true;
	}
	else if (!strcmp(word, "-h") || !strcmp(word, "--help")) {
		cmd->help = true;
	}
	else if (!strcmp(word, "-V") || !strcmp(word, "--version")) {
		cmd->version = true;
	}
	else if (!strcmp(word, "-s") || !strcmp(word, "--socket")) {
		if (++*ip >= argc) {
			cli_say("%s: socket is missing", word);
			return EINVAL;
		}
		cmd->socket = argv[*ip];
	}
	else if (!strncmp(word, "--socket=", 9)) {
		cmd->socket = word + 9;
	}
	else if (!strncmp(word, "-s", 2)) {
		cmd->socket = word + 2;
	}
	else {
		return ENOENT;
	}

	return 0;
}


int cmd_parse(struct cmd *cmd, int argc, char **argv)
{
	int i, n = 0, err;

	memset(cmd, 0, sizeof(*cmd));
	cmd->wordv = argv;
	cmd->literal = -1;

	for (i = 1; i < argc; i++) {
		if (cmd->literal < 0 && !strcmp(argv[i], "--")) {
			cmd->literal = n;
			continue;
		}
		if (cmd->literal < 0 && argv[i][0] == '-') {
			err = common_option(cmd, argc, argv, &i);
			if (!err)
				continue;
			if (err != ENOENT)
				return CLI_USAGE;
		}
		argv[n++] = argv[i];
	}

	cmd->wordc = n;
	if (cmd->literal < 0)
		cmd->literal = n;

	return CLI_DONE;
}


int cmd_verb(const struct verb **verbp, unsigned *usedp,
	     const struct cmd *cmd)
{
	char list[512] = "";
	int n = 0, err;

	while (n < cmd->wordc && n < 2 && cmd->wordv[n][0] != '-')
		++n;

	if (!n && cmd->wordc) {
		cli_say("unknown option %s (tutti help)", cmd->wordv[0]);
		return CLI_USAGE;
	}

	err = verb_match(verbp, usedp, n, cmd->wordv, list, sizeof(list));
	if (!err)
		return CLI_DONE;

	if (n < 1)
		cli_say("what? one of: %s (tutti help)", list);
	else if (err == EEXIST)
		cli_say("\"%s%s%s\" may be: %s", cmd->wordv[0],
			n > 1 ? " " : "", n > 1 ? cmd->wordv[1] : "", list);
	else
		cli_say("there is no \"%s%s%s\", but: %s", cmd->wordv[0],
			n > 1 ? " " : "", n > 1 ? cmd->wordv[1] : "", list);

	return CLI_USAGE;
}


/* "host-pi" begins "host_pin" */
static int fit_option(const char *word, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++) {
		const char c = word[i] == '-' ? '_' : word[i];

		if (!name[i] || c != name[i])
			return 0;
	}

	return name[n] ? 1 : 2;
}


const struct verb_arg *verb_option(const struct verb *verb,
				   const char *word, bool *ambiguousp)
{
	const struct verb_arg *a, *found = NULL;
	const size_t n = strcspn(word + 2, "=");
	unsigned fits = 0;

	*ambiguousp = false;
	if (!n)
		return NULL;

	for (a = verb->argv; a < verb->argv + VERB_ARGS_MAX && a->name; a++) {
		const int fit = a->option ? fit_option(word + 2, n, a->name)
					  : 0;

		if (fit == 2)
			return a;
		if (fit) {
			found = a;
			++fits;
		}
	}
	*ambiguousp = fits > 1;

	return fits == 1 ? found : NULL;
}


const struct verb_arg *verb_position(const struct verb *verb, unsigned n)
{
	const struct verb_arg *a;

	for (a = verb->argv; a < verb->argv + VERB_ARGS_MAX && a->name; a++) {
		if (!a->option && !n--)
			return a;
	}

	return NULL;
}


static json_t *absolute_path(const char *path)
{
	char cwd[PATH_LEN], buf[2 * PATH_LEN];

	if (path[0] == '/' || !getcwd(cwd, sizeof(cwd)))
		return json_string(path);

	while (!strncmp(path, "./", 2))
		path += 2;
	snprintf(buf, sizeof(buf), "%s%s%s", cwd, cwd[1] ? "/" : "", path);

	return json_string(buf);
}


static json_t *number_json(const char *val)
{
	char *end;
	long long n;

	if (!isdigit((unsigned char)*val))
		return NULL;
	errno = 0;
	n = strtoll(val, &end, 10);

	return errno || *end ? NULL : json_integer(n);
}


static json_t *choice_json(const struct verb_arg *a, const char *val)
{
	const char *p;
	size_t n;

	for (p = a->choices; *p; p += n + (p[n] == ' ')) {
		n = strcspn(p, " ");
		if (n == strlen(val) && !strncmp(p, val, n))
			return json_string(val);
	}

	return NULL;
}


enum { DATA_MAX = 45000 };        /* bytes of a file that is sent     */

/* What is in a file, in base64; NULL: it cannot be read or is too large. */
static json_t *data_json(const char *path)
{
	uint8_t *buf = malloc(DATA_MAX + 1);
	char *text = malloc(DATA_MAX * 2);
	size_t len = DATA_MAX * 2, n = 0;
	json_t *val = NULL;
	FILE *f = fopen(path, "rb");

	if (f && buf && text)
		n = fread(buf, 1, DATA_MAX + 1, f);
	if (n && n <= DATA_MAX && !base64_encode(buf, n, text, &len))
		val = json_stringn(text, len);
	if (f)
		fclose(f);
	free(buf);
	free(text);

	return val;
}


/* The value as the table's type, NULL when it is not one. */
static json_t *value_json(const struct verb_arg *a, const char *val)
{
	switch (a->type) {

	case ARG_NUM:
	case ARG_PARTY:
	case ARG_ID:
		return number_json(val);
	case ARG_BOOL:
		if (!strcmp(val, "yes") || !strcmp(val, "no"))
			return json_boolean(val[0] == 'y');
		return NULL;
	case ARG_FLAG:
		return json_true();
	case ARG_CHOICE:
		return choice_json(a, val);
	case ARG_FILE:
		return *val ? absolute_path(val) : NULL;
	case ARG_DATA:
		return data_json(val);
	case ARG_URI:
		if (*val && (strchr("./", *val) || !access(val, F_OK)))
			return absolute_path(val);
		return *val ? json_string(val) : NULL;
	case ARG_ROOM:
	case ARG_LAYOUT:
		return *val ? json_string(val) : NULL;
	default:
		return json_string(val);
	}
}


static const char *type_words(const struct verb_arg *a)
{
	switch (a->type) {

	case ARG_NUM:    return "a number";
	case ARG_PARTY:
	case ARG_ID:     return "an id, a number";
	case ARG_BOOL:   return "yes or no";
	case ARG_CHOICE: return a->choices;
	case ARG_DATA:   return "a file of at most 45000 bytes";
	case ARG_LAYOUT: return "a name of `tutti layout list`";
	default:         return "UTF-8 text that is not empty";
	}
}


static const char *arg_words(char *buf, size_t sz, const struct verb_arg *a)
{
	return a->option ? arg_option_name(buf, sz, a)
			 : arg_place(buf, sz, a);
}


static int set_arg(json_t *args, const struct verb *verb,
		   const struct verb_arg *a, const char *val)
{
	char place[64];
	json_t *json;

	if (json_object_get(args, a->name)) {
		cli_say("%s: %s is there twice", verb->name,
			arg_words(place, sizeof(place), a));
		return CLI_USAGE;
	}

	json = value_json(a, val);
	if (!json) {
		cli_say("%s: %s cannot be \"%s\" but %s%s", verb->name,
			arg_words(place, sizeof(place), a), val,
			a->type == ARG_CHOICE ? "one of: " : "",
			type_words(a));
		return CLI_USAGE;
	}

	return json_object_set_new(args, a->name, json) ? CLI_USAGE
							: CLI_DONE;
}


static int set_option(json_t *args, const struct verb *verb,
		      const struct cmd *cmd, int *ip)
{
	const char *word = cmd->wordv[*ip];
	const char *val = strchr(word, '=');
	const struct verb_arg *a = NULL;
	bool ambiguous = false;

	if (!strncmp(word, "--", 2))
		a = verb_option(verb, word, &ambiguous);
	if (!a) {
		cli_say("%s: %s option %s (tutti help %s)", verb->name,
			ambiguous ? "ambiguous" : "unknown", word,
			verb->name);
		return CLI_USAGE;
	}

	if (a->type == ARG_FLAG) {
		if (val) {
			cli_say("%s: %s takes no value", verb->name, word);
			return CLI_USAGE;
		}
		return set_arg(args, verb, a, "");
	}

	if (!val && ++*ip >= cmd->wordc) {
		cli_say("%s: %s: value is missing", verb->name, word);
		return CLI_USAGE;
	}

	return set_arg(args, verb, a, val ? val + 1 : cmd->wordv[*ip]);
}


static int check_required(const json_t *args, const struct verb *verb)
{
	const struct verb_arg *a;
	char place[64];

	for (a = verb->argv; a < verb->argv + VERB_ARGS_MAX && a->name; a++) {
		if (!a->required || json_object_get(args, a->name))
			continue;
		cli_say("%s: %s is missing (tutti help %s)", verb->name,
			arg_place(place, sizeof(place), a), verb->name);
		return CLI_USAGE;
	}

	return CLI_DONE;
}


int cmd_args(json_t **argsp, const struct verb *verb, const struct cmd *cmd,
	     unsigned used)
{
	json_t *args = json_object();
	unsigned pos = 0;
	int i, err = args ? CLI_DONE : CLI_USAGE;

	for (i = (int)used; i < cmd->wordc && !err; i++) {
		const char *word = cmd->wordv[i];
		const struct verb_arg *a;

		if (i < cmd->literal && word[0] == '-' && word[1]) {
			err = set_option(args, verb, cmd, &i);
			continue;
		}

		a = verb_position(verb, pos++);
		if (!a) {
			cli_say("%s: \"%s\" is too much (tutti help %s)",
				verb->name, word, verb->name);
			err = CLI_USAGE;
			break;
		}
		err = set_arg(args, verb, a, word);
	}

	if (!err)
		err = check_required(args, verb);
	if (err)
		json_decref(args);
	else
		*argsp = args;

	return err;
}
