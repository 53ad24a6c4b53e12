/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/verb.h -- the one table of verbs
 *
 * The CLI's grammar and help, shell completion, the control socket, later
 * REST and the WebSocket come from it.  Handlers are attached by name in
 * src/tuttid (a test there fails when one is missing); a lint test fails
 * when tutti(1) misses one.
 *
 * On the control socket a request is one line of JSON
 *	{"id": 1, "verb": "room create", "args": {"room": "standup", …}}
 * and the answer one line
 *	{"id": 1, "ok": true, "result": {…}}
 *	{"id": 1, "ok": false, "error": {"status": 404, "title": "No such
 *	 room", "detail": "room \"standup\""}}      (members of RFC 9457)
 * `event follow` answers with {"event": {…}} lines until closed.
 *
 * Threads: any, constant.
 */
#ifndef TUTTI_BASE_VERB_H
#define TUTTI_BASE_VERB_H

#include <stdbool.h>
#include <stddef.h>

enum arg_type {
	ARG_STR,
	ARG_NUM,                  /* JSON integer                         */
	ARG_BOOL,                 /* --name yes|no; JSON boolean          */
	ARG_FLAG,                 /* --name; JSON true                    */
	ARG_CHOICE,               /* one of choices                       */
	ARG_ROOM,                 /* room name or number                  */
	ARG_PARTY,                /* party id                             */
	ARG_ID,                   /* id of a meeting, recording, source   */
	ARG_URI,
	ARG_FILE,                 /* a path; the CLI makes it absolute    */
};

enum verb_role { VERB_GUEST, VERB_HOST, VERB_ADMIN };

enum { VERB_ARGS_MAX = 14 };

struct verb_arg {
	const char *name;         /* JSON key and --name                  */
	enum arg_type type;
	bool required;
	bool option;              /* --name VALUE instead of by position  */
	const char *choices;      /* ARG_CHOICE: space separated          */
	const char *help;
};

struct verb {
	const char *name;         /* "room create": noun, blank, verb     */
	enum verb_role role;
	bool stream;              /* answers go on until closed           */
	const char *help;         /* one line, imperative                 */
	struct verb_arg argv[VERB_ARGS_MAX];  /* ends with name NULL      */
};

extern const struct verb verbv[];
extern const size_t verbc;

const struct verb *verb_find(const char *name);       /* exact            */

/** Words as typed ("ro", "li"); *usedp how many were the verb's.  ENOENT
 *  none, EEXIST ambiguous (candidates in errbuf). */
int verb_match(const struct verb **verbp, unsigned *usedp, int wordc,
	       char *const *wordv, char *errbuf, size_t errsz);

#endif
