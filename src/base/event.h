/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/event.h -- the one table of events
 *
 * Log line, catalogue row, `tutti event follow`, later WebSocket, webhook
 * and conference-info come from it.  Kept events are numbered per server,
 * without holes, for ever (the number continues from the catalogue), so a
 * follower resumes with `--since N`; the others are only for those who
 * listen now and have no number.
 *
 * As JSON: {"number": 17, "time": "2026-…Z", "event": "party joined",
 * "room": "demo", …}; room by name, meeting, party, source and recording by
 * id.
 *
 * Threads: any, constant.
 */
#ifndef TUTTI_BASE_EVENT_H
#define TUTTI_BASE_EVENT_H

#include <stdbool.h>
#include <stddef.h>

enum event_id {
	EV_SERVER_STARTED,
	EV_SERVER_STOPPED,
	EV_SERVER_FULL,           /* a call did not fit                   */
	EV_ROOM_CREATED,
	EV_ROOM_CHANGED,
	EV_ROOM_DELETED,
	EV_ROOM_LOCKED,
	EV_ROOM_UNLOCKED,
	EV_MEETING_STARTED,
	EV_MEETING_ENDED,
	EV_MIXER_DIED,
	EV_MIXER_REPLACED,
	EV_MIXER_LOAD,
	EV_PARTY_CALLED,          /* dial-out began                       */
	EV_PARTY_RINGING,
	EV_PARTY_ANSWERED,
	EV_PARTY_REFUSED,
	EV_PARTY_JOINED,
	EV_PARTY_CHANGED,
	EV_PARTY_LEFT,
	EV_PARTY_MUTED,
	EV_PARTY_UNMUTED,
	EV_PARTY_HELD,
	EV_PARTY_RESUMED,
	EV_PARTY_TALKING,
	EV_PARTY_QUIET,
	EV_PARTY_PICTURE,         /* live, frozen, none, broken           */
	EV_PARTY_TROUBLE,         /* no packets for a while, or again     */
	EV_PARTY_DTMF,
	EV_PARTY_WAITING,         /* at a locked room                     */
	EV_PARTY_ADMITTED,
	EV_PARTY_CONNECTION,      /* WebRTC: connected, trouble, failed   */
	EV_PARTY_NEED,            /* what its picture is shown at         */
	EV_RUNG_CHANGED,          /* what it is sent                      */
	EV_PARTY_LAYOUT,          /* what it watches                      */
	EV_HAND_RAISED,
	EV_HAND_LOWERED,
	EV_REACTION_SENT,
	EV_CHAT_MESSAGE,
	EV_SHARE_STARTED,
	EV_SHARE_STOPPED,
	EV_ROOM_SPOTLIGHT,
	EV_ROOM_LAYOUTS,          /* others may be chosen                 */
	EV_ROOM_TROUBLE,          /* filter or watermark taken out        */
	EV_KEY_CREATED,
	EV_KEY_DELETED,
	EV_SPEAKER_CHANGED,
	EV_SOURCE_ADDED,
	EV_SOURCE_STATE,          /* playing, ended, failed (text)        */
	EV_SOURCE_REMOVED,
	EV_RECORDING_STARTED,
	EV_RECORDING_PAUSED,
	EV_RECORDING_RESUMED,
	EV_RECORDING_STOPPED,
	EV_RECORDING_FAILED,
	EV_RECORDING_DELETED,
	EV_RECORDING_EXPORTED,
	EV_CATALOGUE_TROUBLE,     /* the database refused a write         */
	EV_CATALOGUE_MENDED,
	EV_COUNT
};

enum { EVENT_FIELDS_MAX = 12 };

struct event_def {
	enum event_id id;
	const char *name;         /* "party joined"                       */
	bool kept;                /* a row in the catalogue (talking etc.
	                           * are too many)                        */
	const char *fieldv[EVENT_FIELDS_MAX]; /* JSON keys, in order      */
	const char *help;
};

extern const struct event_def eventv[EV_COUNT];

const struct event_def *event_find(const char *name);

#endif
