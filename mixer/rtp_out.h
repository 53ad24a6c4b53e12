/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_out.h -- one stream sent to one leg: header, history, pacing
 *
 * The payloads are a unit's, shared with all who get it; here they become
 * packets with this leg's SSRC, sequence numbers and timestamps.  Large
 * pictures are spread over half a frame interval; where the path is known to
 * be narrow (rtp_out_rate()) all are sent at that rate, and wait in a queue
 * that is dropped as a whole when it grows old.  History keeps
 * references, no bytes, for NACKs: what is asked for again goes out as RTX
 * (RFC 4588, an SSRC of its own) when there is a payload type for it, else
 * as it was.
 *
 * Threads: loop.
 */
#ifndef TUTTI_MIXER_RTP_OUT_H
#define TUTTI_MIXER_RTP_OUT_H

#include <sys/uio.h>
#include <re.h>

#include "mixer/rtp_ext.h"
#include "mixer/unit.h"

enum {
	RTP_OUT_HISTORY = 512,    /* packets                              */
	RTP_OUT_KEEP_MS = 1000,   /* older ones are not sent again        */
	RTP_OUT_BURST   = 8,      /* packets sent at once in any case     */
	RTP_OUT_STEP_US = 2000,   /* between groups of a paced picture    */
	RTP_OUT_RESENDS = 100,    /* packets sent again, in 100 ms        */
	RTP_OUT_TIMES   = 8,      /* … and any one of them                */
	RTP_OUT_WAIT    = 32,     /* pictures that wait for a narrow path */
	RTP_OUT_JAM_MS  = 1000,   /* … and how long the first of them, but
	                           * for the time that a key frame takes  */
	RTP_OUT_KEY_BITS = 64000, /* such a one                           */
	RTP_OUT_PAD     = 255,    /* bytes of a probe's padding, at most  */
};

struct rtp_out;

/** One packet: header, payload header, payload; borrowed */
typedef void (rtp_out_h)(const struct iovec *iov, unsigned iovc, void *arg);

struct rtp_out_stats {
	uint32_t packets, bytes;  /* as in sender reports                 */
	uint32_t resent;
	uint32_t padded;          /* packets of probes                    */
	uint32_t jams;
};

/** What a packet carries beside its payload */
struct rtp_out_cfg {
	const struct ticket_media *m;     /* ids, MID; the caller's       */
	/** the next transport-wide number; bytes: about so long          */
	uint16_t (*numh)(size_t bytes, uint64_t now, void *arg);
	void *arg;
	unsigned index;           /* of the stream in its transport, 0..3:
	                           * no two may have the same SSRC, their
	                           * nonces would be the same             */
};

/** history: keep packets for NACKs. */
int rtp_out_alloc(struct rtp_out **op, bool history, rtp_out_h *outh,
		  void *arg);

void rtp_out_cfg(struct rtp_out *o, const struct rtp_out_cfg *cfg);

/** The first packet's number, random unless it is set here before that. */
void rtp_out_first(struct rtp_out *o, uint16_t seq);

/** Payload type for repeats of what is sent from now on, 0: plain. */
void rtp_out_rtx(struct rtp_out *o, uint8_t rtx_pt);

uint32_t rtp_out_ssrc(const struct rtp_out *o);
uint32_t rtp_out_rtx_ssrc(const struct rtp_out *o);
const struct rtp_out_stats *rtp_out_stats(const struct rtp_out *o);

/** All payloads of a unit at once. */
void rtp_out_send(struct rtp_out *o, struct unit *unit, uint8_t pt,
		  bool marker, uint32_t ts, uint64_t now);

/** What the path carries of pictures [bit/s]; 0: not known to be narrow. */
void rtp_out_rate(struct rtp_out *o, uint64_t bps, uint64_t now);

/** A picture, paced over span_us if it is large.  What is left of the one
 *  before goes out first, so one at most waits; with rtp_out_rate() they
 *  queue.  ENOBUFS: the queue is jammed, it and this are dropped; what comes
 *  next must be a key frame. */
int rtp_out_pace(struct rtp_out *o, struct unit *unit, uint8_t pt,
		 uint32_t ts, uint64_t span_us, uint64_t now);

/** Drop the pictures that wait. */
void rtp_out_flush(struct rtp_out *o);

/** So many bytes as RTX at this rate, in packets of `pad` (1 to
 *  RTP_OUT_PAD) bytes of padding; 0 packets without a payload type for it. */
void rtp_out_probe(struct rtp_out *o, uint64_t bps, unsigned pad,
		   size_t bytes, uint64_t now);
bool rtp_out_probing(const struct rtp_out *o);

/** Send again what RFC 4585 pid and blp name, if it is still there. */
void rtp_out_nack(struct rtp_out *o, uint16_t pid, uint16_t blp,
		  uint64_t now);

void rtp_out_run(struct rtp_out *o, uint64_t now);
uint64_t rtp_out_due(const struct rtp_out *o);      /* UINT64_MAX: never  */

/** What was sent cannot be sent again: its extensions have other ids now. */
void rtp_out_forget(struct rtp_out *o);

/** Drop what waits and all history. */
void rtp_out_clear(struct rtp_out *o);

#endif
