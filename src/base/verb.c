/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/verb.c -- the one table of verbs, and how typed words find theirs
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/verb.h"

/* What a room is made with and what can be set later. */
#define ROOM_OPTIONS                                                      \
	{"number", ARG_STR, false, OPTION_ADMIN, NULL,                    \
	 "digits to dial; none: an empty value"},                         \
	{"title", ARG_STR, false, true, NULL, "what people read"},        \
	{"pin", ARG_STR, false, OPTION_ADMIN, NULL,                       \
	 "digits asked from guests; none: an empty value"},               \
	{"host_pin", ARG_STR, false, OPTION_ADMIN, NULL,                  \
	 "digits that make the caller a host"},                           \
	{"layout", ARG_LAYOUT, false, true, NULL,                         \
	 "how the tiles are placed"},                                     \
	{"fit", ARG_CHOICE, false, true, "letterbox crop",                \
	 "pictures of another shape: bars, or cut"},                      \
	{"record", ARG_CHOICE, false, OPTION_ADMIN, "never always",       \
	 "record every meeting"},                                         \
	{"tones", ARG_BOOL, false, true, NULL,                            \
	 "play a tone when somebody joins or leaves"},                    \
	{"linger", ARG_NUM, false, OPTION_ADMIN, NULL,                    \
	 "seconds a meeting waits after the last party"},                 \
	{"max_parties", ARG_NUM, false, OPTION_ADMIN, NULL,               \
	 "most parties at a time"},                                       \
	{"wait_host", ARG_BOOL, false, true, NULL,                        \
	 "nobody is seen or heard before a host is there"},               \
	{"banner", ARG_STR, false, true, NULL,                            \
	 "text above the picture; none: an empty value"},                 \
	{"clock", ARG_BOOL, false, true, NULL,                            \
	 "the time of day in the picture"},                               \
	{"canvas_filter", ARG_STR, false, true, NULL,                     \
	 "libavfilter graph for the picture; none: an empty value"}

#define A_NONE   {.name = NULL}
#define A_ROOM   {"room", ARG_ROOM, true, false, NULL, "room"}
#define A_OROOM  {"room", ARG_ROOM, false, false, NULL, "only this room"}
#define A_PARTY  {"party", ARG_PARTY, true, false, NULL, "party"}
#define A_FILE   {"file", ARG_FILE, true, false, NULL, "file to write"}
#define A_REC    {"recording", ARG_ID, true, false, NULL, "recording"}
#define A_LIMIT  {"limit", ARG_NUM, false, true, NULL, "at most so many"}
#define A_VIDEO  {"video", ARG_FLAG, false, true, NULL,                   \
		  "the picture instead of the sound"}

const struct verb verbv[] = {

{"room create", VERB_ADMIN, false, "POST /rooms",
 "Create a room",
 {{"room", ARG_STR, true, false, NULL, "name of the new room"},
  ROOM_OPTIONS}},
{"room list", VERB_HOST, false, "GET /rooms",
 "List the rooms", {A_NONE}},
{"room show", VERB_HOST, false, "GET /rooms/{room}",
 "Show a room and who is in it", {A_ROOM}},
{"room set", VERB_HOST, false, "PATCH /rooms/{room}",
 "Change settings of a room",
 {A_ROOM, ROOM_OPTIONS}},
{"room delete", VERB_ADMIN, false, "DELETE /rooms/{room}",
 "Delete a room; its meetings and recordings stay in the catalogue",
 {A_ROOM,
  {"force", ARG_FLAG, false, true, NULL, "end a meeting that runs in it"}}},
{"room lock", VERB_HOST, false, "POST /rooms/{room}/lock",
 "Let nobody else in", {A_ROOM}},
{"room unlock", VERB_HOST, false, "POST /rooms/{room}/unlock",
 "Let people in again", {A_ROOM}},
{"room layout", VERB_HOST, false, "POST /rooms/{room}/layout",
 "Choose how the tiles are placed for everybody",
 {A_ROOM,
  {"layout", ARG_LAYOUT, true, false, NULL, "a layout"}}},
{"room end", VERB_HOST, false, "POST /rooms/{room}/end",
 "End the meeting in a room", {A_ROOM}},
{"room snapshot", VERB_HOST, false, "GET /rooms/{room}/snapshot",
 "Write what the room sees now as PNG",
 {A_ROOM, A_FILE}},
{"room watermark", VERB_HOST, false, "POST /rooms/{room}/watermark",
 "Put a PNG into the corner of a room's picture",
 {A_ROOM,
  {"image", ARG_DATA, false, false, NULL, "PNG file; none: as it was"}}},
{"room spotlight", VERB_HOST, false, "POST /rooms/{room}/spotlight",
 "Show a party large to everybody, whoever speaks",
 {A_ROOM,
  {"party", ARG_PARTY, false, false, NULL, "whom; nobody: as it was"},
  {"also", ARG_FLAG, false, true, NULL, "beside those who are"}}},
{"room unspotlight", VERB_HOST, false, "DELETE /rooms/{room}/spotlight",
 "Show a party no longer large to everybody",
 {A_ROOM,
  {"party", ARG_PARTY, false, false, NULL, "whom; nobody: all of them"}}},

{"layout list", VERB_GUEST, false, "GET /layouts",
 "List the layouts that rooms and parties may choose", {A_NONE}},
{"layout show", VERB_GUEST, false, "GET /layouts/{layout}",
 "Show the forms of a layout and their cells",
 {{"layout", ARG_LAYOUT, true, false, NULL, "a layout"}}},

{"party list", VERB_GUEST, false, "GET /parties",
 "List who is in the meetings", {A_OROOM}},
{"party show", VERB_GUEST, false, "GET /parties/{party}",
 "Show a party, its media and quality",
 {A_PARTY}},
{"party mute", VERB_GUEST, false, "POST /parties/{party}/mute",
 "Mute a party", {A_PARTY, A_VIDEO}},
{"party unmute", VERB_GUEST, false, "POST /parties/{party}/unmute",
 "Unmute a party", {A_PARTY, A_VIDEO}},
{"party kick", VERB_HOST, false, "DELETE /parties/{party}",
 "Put a party out of the meeting",
 {A_PARTY,
  {"reason", ARG_STR, false, true, NULL, "text for the party"}}},
{"party move", VERB_HOST, false, "POST /parties/{party}/move",
 "Move a party to another room",
 {A_PARTY, A_ROOM}},

{"party admit", VERB_HOST, false, "POST /parties/{party}/admit",
 "Let in somebody who waits at a locked room", {A_PARTY}},
{"party rename", VERB_GUEST, false, "POST /parties/{party}/rename",
 "Change the name that is shown",
 {A_PARTY, {"name", ARG_STR, true, false, NULL, "new name"}}},
{"party layout", VERB_GUEST, false, "POST /parties/{party}/layout",
 "Choose how the tiles are placed in one party's picture",
 {A_PARTY,
  {"layout", ARG_LAYOUT, true, false, "room",
   "a layout, or room: the room's"}}},
{"party pin", VERB_GUEST, false, "POST /parties/{party}/pin",
 "Show one party large to another one alone",
 {A_PARTY,
  {"other", ARG_PARTY, false, false, NULL, "whom; nobody: as the room"},
  {"also", ARG_FLAG, false, true, NULL, "beside those who are"}}},
{"party unpin", VERB_GUEST, false, "DELETE /parties/{party}/pin",
 "Show a party no longer large to another one",
 {A_PARTY,
  {"other", ARG_PARTY, false, false, NULL, "whom; nobody: all of them"}}},
{"party selfview", VERB_GUEST, false, "POST /parties/{party}/selfview",
 "Choose if a party is in the picture that it is sent itself",
 {A_PARTY, {"shown", ARG_BOOL, true, false, NULL, "is it"}}},
{"party picture", VERB_GUEST, false, "POST /parties/{party}/picture",
 "Choose the largest picture that is sent to a party",
 {A_PARTY,
  {"size", ARG_CHOICE, true, false, "auto 1080p 720p 360p 180p slow off",
   "height; slow: 360p at few pictures a second; off: sound only"}}},

{"hand raise", VERB_GUEST, false, "POST /parties/{party}/hand",
 "Raise a party's hand", {A_PARTY}},
{"hand lower", VERB_GUEST, false, "DELETE /parties/{party}/hand",
 "Lower a party's hand", {A_PARTY}},
{"reaction send", VERB_GUEST, false, "POST /parties/{party}/reactions",
 "Send a reaction that everybody sees for a moment",
 {A_PARTY, {"emoji", ARG_STR, true, false, NULL, "one emoji"}}},
{"share stop", VERB_GUEST, false, "DELETE /parties/{party}/share",
 "End a party's screen sharing", {A_PARTY}},

{"chat send", VERB_GUEST, false, "POST /rooms/{room}/chat",
 "Write to everybody in a room, or to one",
 {A_ROOM, {"text", ARG_STR, true, false, NULL, "what to write"},
  {"party", ARG_PARTY, false, true, NULL, "who writes; else the server"},
  {"to", ARG_PARTY, false, true, NULL, "only to this party"}}},
{"chat list", VERB_GUEST, false, "GET /rooms/{room}/chat",
 "List what was written in the meeting, or in one that is over",
 {A_ROOM, {"meeting", ARG_ID, false, true, NULL, "this meeting"},
  A_LIMIT}},

{"token create", VERB_HOST, false, "POST /rooms/{room}/tokens",
 "Make a signed token with which somebody may join a room",
 {A_ROOM,
  {"role", ARG_CHOICE, false, true, "guest host", "what it makes him"},
  {"ttl", ARG_NUM, false, true, NULL, "seconds for which it holds (3600)"},
  {"name", ARG_STR, false, true, NULL, "name to show"}}},
{"key create", VERB_ADMIN, false, "POST /keys",
 "Make a key with which a program may use the API",
 {{"account", ARG_STR, true, false, NULL, "whose key it is"},
  {"role", ARG_CHOICE, false, true, "host admin", "what it may"},
  {"room", ARG_ROOM, false, true, NULL, "a host's only room"}}},
{"key list", VERB_ADMIN, false, "GET /keys", "List the keys", {A_NONE}},
{"key delete", VERB_ADMIN, false, "DELETE /keys/{key}",
 "Withdraw a key", {{"key", ARG_ID, true, false, NULL, "key"}}},

{"call", VERB_HOST, false, "POST /rooms/{room}/calls",
 "Call somebody into a room",
 {A_ROOM,
  {"uri", ARG_URI, true, false, NULL, "whom to call, sip:user@host"},
  {"name", ARG_STR, false, true, NULL, "name to show"}}},

{"source add", VERB_HOST, false, "POST /rooms/{room}/sources",
 "Bring a file, camera or test picture into a room",
 {A_ROOM,
  {"url", ARG_URI, true, false, NULL,
   "path, rtsp:, rtmp:, http: URL, or test:N"},
  {"name", ARG_STR, false, true, NULL, "name to show"},
  {"once", ARG_FLAG, false, true, NULL,
   "play once and leave instead of looping"}}},
{"source list", VERB_HOST, false, "GET /sources",
 "List the sources", {A_OROOM}},
{"source remove", VERB_HOST, false, "DELETE /sources/{source}",
 "Take a source out of its room",
 {{"source", ARG_ID, true, false, NULL, "source"}}},

{"recording start", VERB_HOST, false, "POST /rooms/{room}/recording/start",
 "Record the meeting in a room",
 {A_ROOM}},
{"recording stop", VERB_HOST, false, "POST /rooms/{room}/recording/stop",
 "Stop recording", {A_ROOM}},
{"recording pause", VERB_HOST, false, "POST /rooms/{room}/recording/pause",
 "Pause the recording", {A_ROOM}},
{"recording resume", VERB_HOST, false, "POST /rooms/{room}/recording/resume",
 "Go on recording", {A_ROOM}},
{"recording list", VERB_HOST, false, "GET /recordings",
 "List the recordings, newest first",
 {A_OROOM, A_LIMIT}},
{"recording show", VERB_HOST, false, "GET /recordings/{recording}",
 "Show a recording and its files",
 {A_REC}},
{"recording export", VERB_HOST, false, "GET /recordings/{recording}/file",
 "Write a recording as one MP4 file",
 {A_REC, A_FILE}},
{"recording delete", VERB_ADMIN, false, "DELETE /recordings/{recording}",
 "Delete a recording and its files",
 {A_REC}},

{"meeting list", VERB_HOST, false, "GET /meetings",
 "List the meetings, newest first",
 {A_OROOM, A_LIMIT}},
{"meeting show", VERB_HOST, false, "GET /meetings/{meeting}",
 "Show a meeting and who was in it",
 {{"meeting", ARG_ID, true, false, NULL, "meeting"}}},

{"event list", VERB_HOST, false, "GET /events",
 "List the last events",
 {{"since", ARG_NUM, false, true, NULL, "only those after this number"},
  {"room", ARG_ROOM, false, true, NULL, "only this room"},
  {"meeting", ARG_ID, false, true, NULL, "only this meeting"},
  {"name", ARG_STR, false, true, NULL,
   "only events whose name begins so, \"party\" or \"party joined\""},
  A_LIMIT}},
{"event follow", VERB_HOST, true, "GET /events/follow",
 "Print events as they happen",
 {{"since", ARG_NUM, false, true, NULL,
   "first those kept after this number"},
  {"room", ARG_ROOM, false, true, NULL, "only this room"},
  {"name", ARG_STR, false, true, NULL,
   "only events whose name begins so"}}},

{"server status", VERB_ADMIN, false, "GET /server/status",
 "Show whether all is well", {A_NONE}},
{"server stats", VERB_ADMIN, false, "GET /server/stats",
 "Show counters of the server", {A_NONE}},
{"server mixers", VERB_ADMIN, false, "GET /server/mixers",
 "List the mixer processes", {A_NONE}},
{"server check", VERB_ADMIN, false, "POST /server/check",
 "Check the catalogue and the recordings' files", {A_NONE}},
{"server backup", VERB_ADMIN, false, "GET /server/backup",
 "Write a copy of the catalogue while it is in use", {A_FILE}},
};

const size_t verbc = sizeof(verbv) / sizeof(verbv[0]);


const struct verb *verb_find(const char *name)
{
	size_t i;

	if (!name)
		return NULL;

	for (i = 0; i < verbc; i++) {
		if (!strcmp(verbv[i].name, name))
			return &verbv[i];
	}

	return NULL;
}


bool verb_is_choice(const char *choices, const char *val)
{
	const size_t len = val ? strlen(val) : 0;

	while (len && choices && *choices) {
		const size_t n = strcspn(choices, " ");

		if (n == len && !strncmp(choices, val, n))
			return true;
		choices += n;
		choices += strspn(choices, " ");
	}

	return false;
}


/* How well a typed word fits the first n bytes of a name: 0 not, 1 as its
 * beginning, 2 in full. */
static int fit(const char *word, const char *name, size_t n)
{
	const size_t len = strlen(word);

	if (!len || len > n || strncmp(word, name, len))
		return 0;

	return len == n ? 2 : 1;
}


/* Noun and verb together, the noun counting more; 0 when it does not fit.
 * A noun typed alone fits all its verbs. */
static int fit_verb(const struct verb *verb, int wordc, char *const *wordv)
{
	const char *blank = strchr(verb->name, ' ');
	const size_t n = blank ? (size_t)(blank - verb->name)
			       : strlen(verb->name);
	int noun = fit(wordv[0], verb->name, n), rest;

	if (!noun)
		return 0;
	if (!blank || wordc < 2)
		return noun * 4;

	rest = fit(wordv[1], blank + 1, strlen(blank + 1));

	return rest ? noun * 4 + rest : 0;
}


static void append(char *buf, size_t sz, size_t *posp, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void append(char *buf, size_t sz, size_t *posp, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (!buf || *posp >= sz)
		return;

	va_start(ap, fmt);
	n = vsnprintf(buf + *posp, sz - *posp, fmt, ap);
	va_end(ap);
	if (n > 0)
		*posp += (size_t)n;
}


/* An earlier row has the same noun. */
static bool noun_before(size_t row, size_t n)
{
	size_t i;

	for (i = 0; i < row; i++) {
		if (strcspn(verbv[i].name, " ") == n &&
		    !strncmp(verbv[i].name, verbv[row].name, n))
			return true;
	}

	return false;
}


/* All verbs that fit as well as the best, or all nouns when none does. */
static void say(char *buf, size_t sz, int best, int wordc,
		char *const *wordv)
{
	const char *sep = "";
	size_t i, pos = 0;

	for (i = 0; i < verbc; i++) {
		const char *name = verbv[i].name;
		size_t n = strcspn(name, " ");

		if (best) {
			if (fit_verb(&verbv[i], wordc, wordv) != best)
				continue;
			append(buf, sz, &pos, "%s%s", sep, name);
		}
		else {
			if (noun_before(i, n))
				continue;
			append(buf, sz, &pos, "%s%.*s", sep, (int)n, name);
		}
		sep = ", ";
	}
}


/* The noun fits but the verb does not: what the noun can do. */
static bool say_noun(char *buf, size_t sz, int wordc, char *const *wordv)
{
	size_t i;
	int best = 0;

	if (wordc < 2)
		return false;

	for (i = 0; i < verbc; i++) {
		int f = fit_verb(&verbv[i], 1, wordv);

		best = f > best ? f : best;
	}
	if (best)
		say(buf, sz, best, 1, wordv);

	return best != 0;
}


int verb_match(const struct verb **verbp, unsigned *usedp, int wordc,
	       char *const *wordv, char *errbuf, size_t errsz)
{
	const struct verb *verb = NULL;
	int best = 0;
	unsigned n = 0;
	size_t i;

	if (!verbp || !usedp || wordc < 0 || (wordc && !wordv))
		return EINVAL;

	for (i = 0; wordc && i < verbc; i++) {
		int f = fit_verb(&verbv[i], wordc, wordv);

		if (f > best) {
			best = f;
			verb = &verbv[i];
			n = 1;
		}
		else if (f && f == best) {
			++n;
		}
	}

	if (!n) {
		if (!say_noun(errbuf, errsz, wordc, wordv))
			say(errbuf, errsz, 0, wordc, wordv);
		return ENOENT;
	}
	if (n > 1 || (wordc < 2 && strchr(verb->name, ' '))) {
		say(errbuf, errsz, best, wordc, wordv);
		return EEXIST;
	}

	*verbp = verb;
	*usedp = strchr(verb->name, ' ') ? 2 : 1;

	return 0;
}
