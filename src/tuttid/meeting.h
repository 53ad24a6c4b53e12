/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/meeting.h -- one run of a room: its mixer and who is in it
 *
 *	meeting_get    a party is on its way (a dial-out may still fail):
 *	               the object, nothing else
 *	meeting_open   somebody sits in it (a browser, no media yet):
 *	               catalogue row
 *	meeting_up     the first leg: mixer process, sources, recording
 *	linger         nobody but sources left: ends linger_s later
 *	meeting_end    everybody out; the room is free for another at once,
 *	               while a recording of this one is brought to its end
 *
 * The server lists meetings; a meeting owns its parties.  A recording that
 * is not finished holds the meeting (and so the mixer) up.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TUTTID_MEETING_H
#define TUTTI_TUTTID_MEETING_H

#include <re.h>
#include <jansson.h>

#include "base/event.h"
#include "base/look.h"
#include "base/pins.h"

struct mixer_client;
struct party;
struct recording;
struct room;
struct server;

enum {
	MEETING_POLL_MS  = 5000,  /* quality of a live meeting's legs     */
	MEETING_LATE_MAX = 256,   /* who left, for their last reports     */
};

struct meeting {
	struct le le;             /* server->meetingl                     */
	struct server *srv;       /* weak                                 */
	struct room *room;        /* weak; NULL once ended                */
	char name[64];            /* the room's, also afterwards          */
	uint64_t id;              /* catalogue; 0: not up yet             */
	struct mixer_client *mc;  /* NULL: not up yet, or given up        */
	struct list partyl;       /* struct party, ours                   */
	struct recording *rec;    /* weak; NULL: not recorded             */
	struct tmr tmr_linger, tmr_poll;
	uint32_t speaker;         /* party or 0                           */
	struct pins spotlights;   /* parties                              */
	struct look look;         /* as the mixer was told                */
	bool begun;               /* a host has been in it                */
	bool watermark;           /* the mixer has one                    */
	bool filter_bad;          /* the mixer took it out                */
	json_t *late;             /* quality of who left, by id           */
	unsigned peak;
	unsigned load_step;
	pid_t mixer_pid;
	unsigned restarts;        /* of the mixer                         */
	uint64_t start_us;        /* monotonic, of meeting_open           */
	uint64_t start_wall_us;
	uint64_t chat_us;         /* of chat_rate(), for the server       */
	bool ended;
};

/** The room's meeting, made if there is none. */
int meeting_get(struct meeting **mp, struct server *srv, struct room *room);

/** Gives it its row and number; 0 at once if it has them. */
int meeting_open(struct meeting *m);

/** Runs its mixer; 0 at once if it does already. */
int meeting_up(struct meeting *m);

/** Everybody out. */
void meeting_end(struct meeting *m, const char *reason);

/** After a party joined, left or failed to come. */
void meeting_check(struct meeting *m);

/** There are other layouts: tell the mixer. */
void meeting_layouts(struct meeting *m);

/** The room's settings changed: tell the mixer. */
void meeting_room_changed(struct meeting *m);

/* meeting_look.c: what is drawn over the picture */

/** As it should be now. */
void meeting_look(const struct meeting *m, struct look *look);
/** After somebody came, left or became a host. */
void meeting_look_check(struct meeting *m);
/** The room's watermark, from the catalogue to the mixer. */
void meeting_watermark(struct meeting *m);
/** MIX_ROOM_TROUBLE */
void meeting_room_trouble(struct meeting *m, json_t *msg);

/** Who is large to everybody: the same, but for news. */
void meeting_spotlight(struct meeting *m, const struct pins *spotlights);
/** Somebody goes. */
void meeting_unspotlight(struct meeting *m, uint32_t party);

/** The room is open again: who waited comes in. */
void meeting_admit_all(struct meeting *m);

struct party *meeting_party(const struct meeting *m, uint32_t id);
/** Of who leaves now: the mixer's last report is still to come; stolen. */
void meeting_keep_quality(struct meeting *m, uint32_t id, json_t *quality);
/** As many as the room or the server allows are in, or on their way; for a
 *  host those at the door do not count. */
bool meeting_full(const struct server *srv, const struct room *room,
		  bool host);
/** Who waits at the door is not in it. */
unsigned meeting_count(const struct meeting *m, bool sources);

/** {"room", "meeting"} of an event, with what fmt (json_pack) adds. */
void meeting_emit(struct meeting *m, enum event_id id, json_t *more);

/** The live members of a room's object; full: with its parties. */
void meeting_describe(const struct meeting *m, json_t *obj, bool full);

#endif
