/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_jbuf.h -- adaptive jitter buffer for audio: in order, in time
 *
 *	put(pkt) -> ring by sequence number -> get(tick) -> what to play
 *
 * All positions are samples at 48000 Hz of the sender's clock, unwrapped.
 * A window of the last JBUF_WINDOW arrivals tells how late packets come
 * compared with the fastest one; from that follows the target: how long
 * the fastest packet has to wait so that the slow ones are in time.  The
 * delay really given is a whole number of ticks longer or shorter than
 * that wait, so the buffer asks to insert or remove samples (adjust) only
 * when a tick's worth would be gained: on a clean wire a packet waits
 * between 5 and 25 ms, 15 on average.
 *
 * Loss, pauses and late packets are told apart:
 *	sequence numbers missing, later ones here    JBUF_LOST
 *	next in sequence, but a jump in time         JBUF_PAUSE (DTX)
 *	nothing here                                 JBUF_EMPTY
 * EMPTY may turn out as any of the three: the reader conceals, tells so
 * with rtp_jbuf_stall(), and when the next packet comes that time either
 * counts for the lost packet or lengthens the delay.
 *
 * Threads: ticker.  Owns the packets put into it.
 */
#ifndef TUTTI_MIXER_RTP_JBUF_H
#define TUTTI_MIXER_RTP_JBUF_H

#include <stdbool.h>
#include <stdint.h>

#include "mixer/pkt.h"

enum {
	JBUF_CAP       = 128,     /* packets; a power of two              */
	JBUF_WINDOW    = 256,     /* arrivals remembered                  */
	JBUF_MIN_US    = 5000,    /* target on a clean wire               */
	JBUF_MAX_US    = 200000,  /* and on the worst, without hold       */
	JBUF_HOLD_MAX_MS = 500,
};

enum jbuf_what {
	JBUF_NONE,                /* not playing: silence                 */
	JBUF_PACKET,              /* item->pkt is the reader's now        */
	JBUF_LOST,                /* item->n samples; item->pkt, borrowed:
	                           * the packet after them, for its FEC   */
	JBUF_PAUSE,               /* item->n samples of silence           */
	JBUF_EMPTY,               /* nothing here: conceal, then _stall() */
};

struct jbuf_item {
	struct pkt *pkt;
	int64_t pos;              /* of its first sample                  */
	unsigned n;               /* samples                              */
	bool start;               /* PACKET: the first after silence      */
};

struct jbuf_stats {
	uint64_t packets, lost, late, dup, reordered, resyncs;
	uint32_t jitter_us;       /* what the target comes from           */
	uint32_t target_us;
	uint32_t delay_us;        /* how long the fastest packets wait    */
};

struct rtp_jbuf;

int  rtp_jbuf_alloc(struct rtp_jbuf **jbp);

/** Takes over pkt.  clock_hz divides 48000; dur: samples at 48000 Hz in the
 *  packet, 0 for comfort noise and telephone events.  fec: it repeats the
 *  one before it. */
void rtp_jbuf_put(struct rtp_jbuf *jb, struct pkt *pkt, unsigned clock_hz,
		  unsigned dur, bool fec);

/** What comes next at the tick of now_us.  level: samples the reader holds
 *  that are not played yet, not counting this tick's. */
enum jbuf_what rtp_jbuf_get(struct rtp_jbuf *jb, uint64_t now_us,
			    unsigned level, struct jbuf_item *item);

/** n samples were concealed or silent because of EMPTY. */
void rtp_jbuf_stall(struct rtp_jbuf *jb, unsigned n);

/** Samples the reader should insert (> 0) or remove (< 0) when it can.  It
 *  need not tell: what is played next is `level` before what was taken. */
int rtp_jbuf_adjust(struct rtp_jbuf *jb, uint64_t now_us, unsigned level);

/** Extra delay, for lip sync; reached by small steps. */
void rtp_jbuf_hold(struct rtp_jbuf *jb, unsigned extra_ms);

/** Stop playing and start again at what is due now (delay far off). */
void rtp_jbuf_restart(struct rtp_jbuf *jb);

/** Forget the stream: after a hold its numbers went on without us. */
void rtp_jbuf_reset(struct rtp_jbuf *jb);

/** RTP timestamp of the sample level before what was taken last; false
 *  when nothing plays. */
bool rtp_jbuf_ts(const struct rtp_jbuf *jb, unsigned level, uint32_t *tsp,
		 uint32_t *ssrcp);

const struct jbuf_stats *rtp_jbuf_stats(const struct rtp_jbuf *jb);
unsigned rtp_jbuf_count(const struct rtp_jbuf *jb);

#endif
