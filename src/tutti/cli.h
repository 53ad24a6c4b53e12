/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tutti/cli.h -- the parts of the command line program
 *
 * Everything that can be asked comes from base/verb.h; what an answer looks
 * like for people comes from format.c.  One thread, no loop: it asks and
 * waits.
 */
#ifndef TUTTI_TUTTI_CLI_H
#define TUTTI_TUTTI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <jansson.h>

#include "base/verb.h"

enum cli_exit {
	CLI_DONE    = 0,
	CLI_REFUSED = 1,
	CLI_USAGE   = 2,
	CLI_NOBODY  = 3,          /* no server                            */
};

/** "tutti: " and one line on stderr. */
void cli_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* args.c: what was typed */
struct cmd {
	const char *socket;       /* -s                                   */
	bool json, help, version;
	char **wordv;             /* what is left: words and --options    */
	int wordc;
	int literal;              /* index after "--", else wordc         */
};

/** Takes the options that every verb has out of argv, which is reordered. */
int cmd_parse(struct cmd *cmd, int argc, char **argv);

/** The verb that the words begin with; CLI_USAGE after having said why. */
int cmd_verb(const struct verb **verbp, unsigned *usedp,
	     const struct cmd *cmd);

/** The arguments behind it as JSON; CLI_USAGE after having said why. */
int cmd_args(json_t **argsp, const struct verb *verb, const struct cmd *cmd,
	     unsigned used);

/** The option that a word "--na" or "--name=…" means, or NULL. */
const struct verb_arg *verb_option(const struct verb *verb,
				   const char *word, bool *ambiguousp);
/** The n-th argument by position, or NULL. */
const struct verb_arg *verb_position(const struct verb *verb, unsigned n);

/* "--host-pin" for host_pin, "ROOM" for room; buf is returned */
const char *arg_option_name(char *buf, size_t sz, const struct verb_arg *a);
const char *arg_place(char *buf, size_t sz, const struct verb_arg *a);

/* client.c: the server */
struct client;

int  client_open(struct client **clientp, const char *path);
void client_close(struct client *client);
/** Takes over args.  timeout_ms for each answer, -1: none. */
int  client_ask(struct client *client, const struct verb *verb,
		json_t *args);
/** The next line; ECONNRESET, EBADMSG, ETIMEDOUT. */
int  client_answer(struct client *client, json_t **answerp, int timeout_ms);
const char *client_socket(const struct cmd *cmd);

/* text.c: text from anywhere, fit for a terminal */
/** Columns it takes, control characters made harmless. */
unsigned text_width(const char *s);
void text_put(FILE *f, const char *s);

/* table.c */
struct table;

void color_init(FILE *f);         /* on a terminal, unless NO_COLOR       */
void color_on(FILE *f, const char *sgr);
void color_off(FILE *f);

int  table_alloc(struct table **tablep, unsigned cols);
void table_free(struct table *table);
void table_head(struct table *table, unsigned col, const char *name,
		bool right);
int  table_cell(struct table *table, const char *text, const char *sgr);
void table_print(const struct table *table, FILE *f);

/* format.c: what answers look like */
void format_result(FILE *f, const struct verb *verb, const json_t *result);
void format_event(FILE *f, const json_t *event);

/* value.c */
enum value_type {
	VAL_TEXT, VAL_NUMBER, VAL_TIME, VAL_DURATION, VAL_BYTES, VAL_YES,
	VAL_STATE,
};
/** Type by the member's name: "…_time", "…_ms", "bytes" … */
enum value_type value_type(const char *key, const json_t *val);
/** Text of a member, "" for none; buf is returned. */
const char *value_text(char *buf, size_t sz, enum value_type type,
		       const json_t *val);
const char *value_color(enum value_type type, const char *text);

/* help.c */
/** Of the verb, noun or nothing that is left after `skip` words. */
int help_main(const struct cmd *cmd, int skip);
void help_verb(FILE *f, const struct verb *verb);

/* layout.c: `layout check FILE…` */
int layout_check_main(const struct cmd *cmd);

/* complete.c */
int complete_main(const struct cmd *cmd);

#endif
