/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * media/mixer_client.h -- start, speak to and replace the mixer of a meeting
 *
 * Holds the ticket and the descriptors of every leg.  When the mixer dies
 * (socket closed, exit, or no answer to a ping for 2 s) a replacement is
 * started at once and handed every ticket; the owner is told, nothing else
 * changes for it.  One that cannot be started is tried again after a second.
 * A mixer that dies, or does not start, MIXER_TRIES times within 10 s is
 * given up: the death handler says so.
 *
 * Threads: loop.
 */
#ifndef TUTTI_MEDIA_MIXER_CLIENT_H
#define TUTTI_MEDIA_MIXER_CLIENT_H

#include <re.h>
#include <jansson.h>

#include "base/ladder.h"
#include "base/look.h"
#include "base/ticket.h"

enum { MIXER_TRIES = 5 };

struct mixer_client;
struct mixer_leg;

/** Every message from the mixer but done and ready; msg borrowed.  Latch
 *  and transport news have already been written into the leg's ticket.
 *  What is said about a leg before its leg_add was answered is about another
 *  one of the same id that is gone: it is dropped.  One more is made here:
 *  "leg_failed" {id, err, text}, the mixer refused the leg. */
typedef void (mixer_msg_h)(const char *m, json_t *msg, void *arg);

#define MIX_LEG_FAILED "leg_failed"

/** Dead and being replaced (err = 0) or given up (err != 0); status as from
 *  waitpid(2).  `reborn` is called when the replacement has every leg,
 *  gap_ms after the death was noticed.  Open requests end after diedh. */
typedef void (mixer_died_h)(int status, int err, void *arg);
typedef void (mixer_reborn_h)(uint64_t gap_ms, void *arg);

/** Answer to one request; result is the done message, borrowed.  Not called
 *  any more once the client is gone: see mixer_requests_end(). */
typedef void (mixer_done_h)(int err, const char *text, json_t *result,
			    void *arg);

struct mixer_client_cfg {
	const char *path;         /* the tutti-mixer program              */
	uint32_t meeting;
	const char *room;
	unsigned canvas_w, canvas_h, fps;
	bool tones, crop;
	const char *layout;       /* NULL: the mixer's own choice         */
	struct pins spotlights;   /* legs                                 */
	json_t *layouts;          /* [{name, text}], borrowed; NULL: none */
	const struct video_ladder *ladder;    /* NULL: the mixer's own    */
	struct look look;
};

int mixer_client_alloc(struct mixer_client **mcp,
		       const struct mixer_client_cfg *cfg,
		       mixer_msg_h *msgh, mixer_died_h *diedh,
		       mixer_reborn_h *rebornh, void *arg);
                                  /* mem_deref: bye, then SIGKILL after 2 s;
                                   * the legs must be gone by then */

/** A PNG that can be read from its beginning, duplicated here; -1: none any
 *  more. */
int mixer_client_watermark(struct mixer_client *mc, int fd);

/** fdv: descriptors the ticket counts (indices); duplicated here.  The leg
 *  ends with mem_deref. */
int mixer_leg_alloc(struct mixer_leg **mlp, struct mixer_client *mc,
		    const struct ticket *t, const int *fdv, size_t fdc,
		    bool join_tone);
/** Where the peer's address has changed the leg latches anew. */
int mixer_leg_set(struct mixer_leg *ml, const struct ticket *t);
/** The same with other descriptors in place of all former ones. */
int mixer_leg_set_fds(struct mixer_leg *ml, const struct ticket *t,
		      const int *fdv, size_t fdc);
const struct ticket *mixer_leg_ticket(const struct mixer_leg *ml);
void mixer_leg_tone(struct mixer_leg *ml, bool leave_tone);

/** Any other request of base/mixproto.h; steals msg.  doneh may be NULL.
 *  ECONNRESET to doneh if the mixer dies before it answers. */
int mixer_request(struct mixer_client *mc, const char *m, json_t *msg,
		  const int *fdv, size_t fdc, mixer_done_h *doneh, void *arg);

/** ECONNRESET to whoever waits for an answer: before the last mem_deref,
 *  by an owner who must not leave them waiting. */
void mixer_requests_end(struct mixer_client *mc);

/** What layouts there are from now on, of a replacement too: [{name, text}],
 *  borrowed. */
int mixer_client_layouts(struct mixer_client *mc, json_t *files);

pid_t mixer_client_pid(const struct mixer_client *mc);
unsigned mixer_client_leaving(void);  /* processes that still say goodbye */
void mixer_client_reap(void);         /* end of main: kill and reap those */
const char *mixer_client_path(void);  /* $TUTTI_LIBEXEC or PKGLIBEXECDIR */

#endif
