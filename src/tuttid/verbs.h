/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/verbs.h -- what is done for each verb of base/verb.h
 *
 * Arguments have been checked against the table before a handler runs:
 * required ones are there, types are right, strings are short, choices are
 * among those offered, rooms are strings; and who asks may (scope.h): what
 * they name is his to ask about.  Handlers answer the req.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TUTTID_VERBS_H
#define TUTTI_TUTTID_VERBS_H

#include <jansson.h>

enum {
	VERB_STR_MAX  = 4000,     /* bytes of one string argument         */
	VERB_DATA_MAX = 60000,    /* of a file in base64                  */
};

struct db_room;
struct server;
struct req;
struct meeting;
struct party;
struct room;

/** One request of a client: {"verb", "args"}. */
void verbs_dispatch(struct server *srv, struct req *req, const json_t *msg);

/** The first verb of the table without a handler, or handler without a
 *  verb; NULL when all is well. */
const char *verbs_missing(void);

/** A room's new settings, of which those in `changed` differ: written, told
 *  to its meeting, said in an event.  Errors as of room_update(). */
int verbs_room_change(struct server *srv, struct room *room,
		      const struct db_room *cfg, const char *changed,
		      char *errbuf, size_t errsz);

typedef void (verb_h)(struct server *srv, struct req *req,
		      const json_t *args);

verb_h verb_room_create, verb_room_list, verb_room_show, verb_room_set,
	verb_room_layout, verb_room_delete, verb_room_lock, verb_room_unlock,
	verb_room_end, verb_room_snapshot, verb_room_watermark;
verb_h verb_party_list, verb_party_show, verb_party_mute, verb_party_unmute,
	verb_party_kick, verb_party_move, verb_call;
verb_h verb_layout_list, verb_layout_show;
verb_h verb_party_admit, verb_party_rename, verb_party_layout,
	verb_party_pin, verb_party_unpin, verb_party_self_view,
	verb_party_picture, verb_room_spotlight, verb_room_unspotlight,
	verb_hand_raise, verb_hand_lower, verb_reaction_send,
	verb_share_stop;
verb_h verb_chat_send, verb_chat_list;
verb_h verb_token_create, verb_key_create, verb_key_list, verb_key_delete;
verb_h verb_source_add, verb_source_list, verb_source_remove;
verb_h verb_recording_start, verb_recording_stop, verb_recording_pause,
	verb_recording_resume, verb_recording_list, verb_recording_show,
	verb_recording_export, verb_recording_delete;
verb_h verb_meeting_list, verb_meeting_show, verb_event_list,
	verb_event_follow;
verb_h verb_server_status, verb_server_stats, verb_server_mixers,
	verb_server_check, verb_server_backup;

/* For handlers: the thing an argument names, or NULL after req_fail(). */
struct room *verbs_room(struct server *srv, struct req *req,
			const json_t *args);
struct meeting *verbs_meeting(struct server *srv, struct req *req,
			      const json_t *args);
struct party *verbs_party(struct server *srv, struct req *req,
			  const json_t *args);

#endif
