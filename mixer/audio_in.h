/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/audio_in.h -- one party's sound: packets in, 20 ms at 48 kHz out
 *
 *	put(pkt) -> rtp_jbuf -> decode -> 48 kHz -> FIFO -> conceal, cut,
 *	add -> 960 samples every tick
 *
 * Threads: made anywhere, then ticker only.
 */
#ifndef TUTTI_MIXER_AUDIO_IN_H
#define TUTTI_MIXER_AUDIO_IN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ticket.h"
#include "mixer/pkt.h"
#include "mixer/rtp_jbuf.h"

struct audio_in;

struct audio_in_stats {
	uint64_t concealed;       /* samples                              */
	uint64_t fec;             /* packets repaired                     */
	uint64_t decoded;         /* packets                              */
	uint64_t cut, added;      /* samples, to change the delay         */
	uint64_t bad;             /* packets no codec takes               */
	enum ticket_codec codec;  /* of the last packet                   */
};

int  audio_in_alloc(struct audio_in **inp);

/** Payload types; what is not in the ticket any more is dropped. */
void audio_in_set(struct audio_in *in, const struct ticket_media *m);
/** The stream was not passed on for a while (hold). */
void audio_in_reset(struct audio_in *in);
void audio_in_put(struct audio_in *in, struct pkt *pkt);

/** The next 960 samples, *chp channels, the caller's until the next call;
 *  NULL: silence.  heard: false keeps the place but decodes nothing (muted);
 *  stereo: a second channel is of use to somebody. */
int16_t *audio_in_tick(struct audio_in *in, uint64_t now_us, bool heard,
			     bool stereo, unsigned *chp);

/** RTP timestamp and SSRC of the first sample of the last tick. */
bool audio_in_ts(const struct audio_in *in, uint32_t *tsp, uint32_t *ssrcp);

void audio_in_hold(struct audio_in *in, unsigned extra_ms);

const struct jbuf_stats *audio_in_jbuf(const struct audio_in *in);
const struct audio_in_stats *audio_in_stats(const struct audio_in *in);

#endif
