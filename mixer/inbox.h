/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/inbox.h -- what the other threads hand to the net thread
 *
 * Two bounded queues and one eventfd: media (encoded units; the oldest is
 * dropped when net is too slow, as the wire would) and news (events,
 * pictures, states; large enough never to overflow in a living mixer, the
 * oldest is dropped and counted if it does).
 *
 * Threads: inbox_post from any; everything else, and the handler, on the
 * loop.
 */
#ifndef TUTTI_MIXER_INBOX_H
#define TUTTI_MIXER_INBOX_H

#include "base/thread.h"
#include "mixer/audio.h"
#include "mixer/record.h"
#include "mixer/video.h"

enum {
	INBOX_MEDIA = 256,        /* batches: 2 s and more                */
	INBOX_NEWS  = 8192,
	INBOX_TEXT  = 128,
};

enum post_type {
	POST_AUDIO,               /* outv, outc: a reference to each unit */
	POST_AUDIO_REC,           /* unit                                 */
	POST_VIDEO,               /* unit                                 */
	POST_AUDIO_EVENT,         /* code, id                             */
	POST_VIDEO_EVENT,         /* code, id                             */
	POST_REC_STATE,           /* code, id, duration_ms, bytes, text   */
	POST_SHOT,                /* err, frame, id                       */
	POST_IMAGE,               /* err, id                              */
};

struct post {
	enum post_type type;
	int      err;
	int      code;            /* audio_event, video_event, record_state */
	uint32_t id;              /* leg, recording or request            */
	struct unit *unit;
	struct AVFrame *frame;
	uint64_t duration_ms, bytes;
	char     text[INBOX_TEXT];
	unsigned outc;
	struct audio_out outv[];
};

struct inbox;

/** post is borrowed; what it keeps it takes out (NULL). */
typedef void (inbox_h)(struct post *post, void *arg);

/** After the last of a wake-up. */
typedef void (inbox_done_h)(void *arg);

int  inbox_alloc(struct inbox **ibp, inbox_h *h, inbox_done_h *doneh,
		 void *arg) ON(loop);

/** Zeroed, with room for outc entries; NULL: no memory. */
struct post *inbox_new(enum post_type type, unsigned outc);

/** Takes over post (NULL is fine). */
void inbox_post(struct inbox *ib, struct post *post);

/** Handle what is there now, without waiting for the loop. */
void inbox_drain(struct inbox *ib) ON(loop);

uint64_t inbox_dropped(const struct inbox *ib);

#endif
