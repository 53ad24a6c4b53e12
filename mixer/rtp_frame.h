/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_frame.h -- packets of one video stream, in any order, to frames
 *
 *	pkt -> reorder window -> rtp_depack (payload formats) -> frameh
 *
 * Frames come out whole and in order.  A packet that is missing is waited
 * for RTP_FRAME_WAIT_MS (see rtp_frame_wait) or RTP_FRAME_WINDOW packets, then given up: the
 * frame it belonged to is dropped, the next whole one says lost_before, and
 * rtp_frame_want_key() is true until a key frame has come out.
 *
 * One object does one codec; a sender's new SSRC starts it afresh.
 *
 * Threads: one at a time (the video worker the source sticks to).
 */
#ifndef TUTTI_MIXER_RTP_FRAME_H
#define TUTTI_MIXER_RTP_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ticket.h"
#include "mixer/pkt.h"

enum {
	RTP_FRAME_WINDOW  = 256,              /* packets held, at most     */
	RTP_FRAME_WAIT_MS = 40,               /* for one that is missing … */
	RTP_FRAME_WAIT_MAX_MS = 300,          /* … at most                 */
	RTP_FRAME_MAX     = 4 * 1024 * 1024,  /* bytes of an encoded frame */
};

struct rtp_frame;

struct rtp_frame_info {
	const uint8_t *data;      /* H.264, H.265: Annex B; VP8, VP9: the
	                           * frame; AV1: temporal unit.  Borrowed;
	                           * RTP_FRAME_PAD zero bytes follow      */
	size_t   len;
	uint32_t ts, ssrc;
	uint8_t  pt;
	bool     key;             /* decodable without anything before    */
	bool     lost_before;     /* something before this one is missing */
	bool     broken;          /* no key frame since the last loss (or
	                           * since the start): references missing */
	uint16_t width, height;   /* where the frame says it, else 0      */
	uint64_t rx_first_us;     /* arrival of its first …               */
	uint64_t rx_last_us;      /* … and last packet                    */
};

enum { RTP_FRAME_PAD = 64 };      /* what libavcodec reads over the end   */

typedef void (rtp_frame_h)(const struct rtp_frame_info *info, void *arg);

struct rtp_frame_stats {
	uint64_t frames, keys;    /* handed out                           */
	uint64_t dropped;         /* frames with something missing        */
	uint64_t lost;            /* packets given up                     */
	uint64_t late, dup, bad;  /* packets: too late, twice, malformed  */
};

int  rtp_frame_alloc(struct rtp_frame **fp, enum ticket_codec codec,
		     rtp_frame_h *frameh, void *arg);

/** How long a missing packet is waited for; more where it is asked for. */
void rtp_frame_wait(struct rtp_frame *f, unsigned ms);

/** Takes over pkt (pkt_put when done with). */
void rtp_frame_put(struct rtp_frame *f, struct pkt *pkt, uint64_t now);

/** Gives up what has been waited for too long; call at rtp_frame_due(). */
void rtp_frame_run(struct rtp_frame *f, uint64_t now);
uint64_t rtp_frame_due(const struct rtp_frame *f);  /* UINT64_MAX: nothing */

/** A key frame is needed before anything can be decoded (again). */
bool rtp_frame_want_key(const struct rtp_frame *f);

/** Forget everything held, as after a hold: the next frame must be key. */
void rtp_frame_reset(struct rtp_frame *f);

const struct rtp_frame_stats *rtp_frame_stats(const struct rtp_frame *f);

#endif
