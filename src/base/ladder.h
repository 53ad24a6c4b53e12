/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/ladder.h -- the rungs in which a picture may be sent, best first
 *
 * Text of tutti.conf ("720p30 1500", "360p15 100 vp9") to values, and those
 * as JSON to the mixer.  A rung is better than another if it may cost more
 * kbit/s; of equal ones the one that was written first.
 *
 * Threads: any; plain values.
 */
#ifndef TUTTI_BASE_LADDER_H
#define TUTTI_BASE_LADDER_H

#include <stddef.h>

#include "base/ticket.h"

enum {
	LADDER_MAX = 16,
	LADDER_KBPS_MIN = 16, LADDER_KBPS_MAX = 50000,
	LADDER_HEIGHT_MIN = 90, LADDER_HEIGHT_MAX = 2160,
};

struct ladder_rung {
	enum ticket_codec codec;  /* CODEC_NONE: H.264, VP8 where that is
	                           * all the peer has                     */
	uint16_t height;          /* [px]                                 */
	uint8_t  fps;
	uint32_t kbps;
};

struct video_ladder {
	struct ladder_rung rungv[LADDER_MAX];     /* best first           */
	unsigned rungc;
};

/** "HEIGHTpFPS KBPS [CODEC]"; EBADMSG with what is wanted in why. */
int ladder_parse(struct ladder_rung *r, const char *text,
		 char *why, size_t sz);

/** At its place; EOVERFLOW when there are LADDER_MAX, EEXIST when the same
 *  size, rate, codec and kbps is there. */
int ladder_add(struct video_ladder *l, const struct ladder_rung *r);

/** What tutti.conf says when it says nothing */
void ladder_default(struct video_ladder *l);

json_t *ladder_encode(const struct video_ladder *l);

/** EBADMSG: not one that ladder_encode() makes; *l is as it was then. */
int ladder_decode(struct video_ladder *l, const json_t *arr);

#endif
