/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/verb.h -- the one table of verbs
 *
 * The CLI's grammar and help, shell completion, the control socket, REST,
 * the OpenAPI document and the WebSocket's commands come from it.  Handlers are attached by name in
 * src/tuttid (a test there fails when one is missing); a lint test fails
 * when tutti(1) misses one.
 *
 * On the control socket a request is one line of JSON
 *	{"id": 1, "verb": "room create", "args": {"room": "standup", …}}
 * and the answer one line
 *	{"id": 1, "ok": true, "result": {…}}
 *	{"id": 1, "ok": false, "error": {"status": 404, "title": "No such
 *	 room", "detail": "room \"standup\""}}      (members of RFC 9457)
 * `event follow` answers with {"event": {…}} lines until closed, after one
 * {"id": 1, "ok": true} line that says it has begun.
 *
 * What the results hold (more members may be added; times are "…time",
 * ISO 8601 UTC with ms; a member without a value is null or absent):
 *	room       room number title pin host_pin layout record tones fit
 *	           linger_s max_parties locked wait_host clock banner
 *	           canvas_filter created_time changed_time
 *	           parties meeting recording spotlights (parties) spotlight
 *	           (the first)                    (from parties on when live)
 *	           `room show` adds "party": array of parties, and
 *	           watermark (whether it has one)
 *	party      party room meeting name uri via user_agent join_time
 *	           state ("ringing", "waiting", "seated", "joined", "held")
 *	           muted video_muted hand share waiting layout size
 *	           self_view pins (parties) pinned (the first)
 *	           talking audio video ("opus/48000/2", "h264/1280x720")
 *	           quality {…}   after the meeting: leave_time reason
 *	           rung {codec width height fps kbps estimate_kbps why}: what
 *	           it is sent; of others' only hosts are told
 *	layout     layout title people presentation (it has forms for one)
 *	           file (to administrators); `layout show` adds "form": array
 *	           of {when, people, units, cell: array of {role, x, y, width, height, …}}
 *	source     source room party name url state text
 *	recording  recording room meeting state start_time stop_time
 *	           duration_ms bytes sha256 thumbnail segment[] (path,
 *	           start_time, duration_ms, bytes, sha256)
 *	meeting    meeting room start_time end_time duration_ms peak reason
 *	           `meeting show` adds "party", "recording": arrays
 *	event      number time event, then the fields of base/event.h
 *	chat       chat time room meeting party name to text
 *	token      token room role name expires_time url
 *	key        key_id account role room created_time used_time; `key create`
 *	           adds "key", which is not told again
 *	mixer      meeting room pid parties start_time restarts
 * A list verb's result is an array of such objects, a show verb's is one.
 * What makes or starts something answers with the object it made.
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
	ARG_PARTY,                /* party id, JSON integer               */
	ARG_ID,                   /* of a meeting, recording, source: the
	                           * same                                 */
	ARG_URI,
	ARG_FILE,                 /* a path; the CLI makes it absolute    */
	ARG_DATA,                 /* the CLI reads a file; base64         */
	ARG_LAYOUT,               /* what `layout list` has, or one of
	                           * choices                              */
};

/** Who may: a guest in his own room and about himself only (a verb with a
 *  "party" is refused for another's), a host in his own room, an
 *  administrator everywhere. */
enum verb_role { VERB_GUEST, VERB_HOST, VERB_ADMIN };

enum { VERB_ARGS_MAX = 20 };

/** By position, or as --name VALUE; that perhaps by administrators only,
 *  whoever may the verb */
enum arg_option { OPTION_NONE, OPTION, OPTION_ADMIN };

struct verb_arg {
	const char *name;         /* JSON key; "host_pin" is --host-pin   */
	enum arg_type type;
	bool required;
	enum arg_option option;
	const char *choices;      /* space separated                      */
	const char *help;
};

struct verb {
	const char *name;         /* "room create": noun, blank, verb     */
	enum verb_role role;
	bool stream;              /* answers go on until closed           */
	const char *rest;         /* "PATCH /rooms/{room}" below /api/v1;
	                           * {x} is the argument x, the others are
	                           * the query of a GET or DELETE, else
	                           * members of the JSON body              */
	const char *help;         /* one line, imperative                 */
	struct verb_arg argv[VERB_ARGS_MAX];  /* ends with name NULL      */
};

extern const struct verb verbv[];
extern const size_t verbc;

const struct verb *verb_find(const char *name);       /* exact            */

/** val is one of the words in choices. */
bool verb_is_choice(const char *choices, const char *val);

/** Words as typed ("ro", "li"); *usedp how many were the verb's (1 for
 *  "call").  ENOENT none, EEXIST ambiguous; errbuf says which there are. */
int verb_match(const struct verb **verbp, unsigned *usedp, int wordc,
	       char *const *wordv, char *errbuf, size_t errsz);

#endif
