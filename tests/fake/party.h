/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/party.h -- parties around an audio engine, with a fake clock
 *
 * Each sends a tone in its codec and keeps what it hears, decoded.  The
 * network is a table of arrivals: a delay, its jitter, a loss.
 */
#ifndef TUTTI_TESTS_FAKE_PARTY_H
#define TUTTI_TESTS_FAKE_PARTY_H

#include <re.h>

#include "mixer/audio.h"
#include "mixer/codec_audio.h"

enum { PARTY_HEARD = 48000 * 4, PARTIES_MAX = 2048 };

struct meeting;

struct party {
	struct le le;
	struct meeting *mt;
	struct audio_leg *leg;
	struct ticket t;
	const struct codec_audio *c;
	void *enc, *dec;
	unsigned ch;              /* of what it is sent                   */

	/* sends; change at will */
	bool sends;
	double hz, amp;           /* of 32767                             */
	double am_hz;             /* its loudness goes up and down        */
	unsigned ptime_ms;
	uint32_t phase_us;        /* of its packets after a tick          */
	uint32_t jitter_us;       /* up to so much later, at random       */
	unsigned loss_pct;
	uint64_t drop_at;         /* packet number to lose, 0: none       */
	double t_us;              /* of its next packet                   */
	uint64_t pkts, seq;
	uint32_t ts, ssrc;
	uint64_t samples;
	struct pkt *wirev[64];    /* on their way                         */
	unsigned wirec;

	/* heard */
	int16_t *heard;           /* ch interleaved, at c->hz             */
	unsigned heardn;          /* per channel                          */
	unsigned units, bytes;
	unsigned fecs;            /* of the units, with FEC in them       */
	uint32_t ts48;            /* expected next                        */
	bool ts_any;
	unsigned ts_breaks;       /* not where expected                   */
	uint64_t last_pts;
	bool last_silence;
	uint64_t onset_us;        /* first loud sample left, 0: none yet  */
};

struct meeting {
	struct audio *a;
	struct list partyl;
	struct party *byid[PARTIES_MAX + 1];
	uint64_t now, tick;       /* [us]                                 */
	uint32_t rnd;
	unsigned batches, outs, recs, rec_ms;
	uint32_t speaker;
	unsigned speakers, talks_on, talks_off;
	bool decode;              /* decode what is heard (default)       */
};

int  meeting_alloc(struct meeting **mtp, const char *prompt_dir);
int  party_alloc(struct party **pp, struct meeting *mt, uint32_t id,
		 enum ticket_codec codec);
/** t changed: tell the engine, restart the codecs. */
int  party_set(struct party *p);
/** Sends a tone from now on. */
void party_tone(struct party *p, double hz, double amp);

/** A new meeting and its parties 1 and 2. */
int  meeting_two(struct meeting **mtp, struct party **ap,
		 enum ticket_codec a, struct party **bp, enum ticket_codec b);

/** A number of audio_leg_stats(), of audio_stats() */
double party_stat(const struct party *p, const char *key);
long long meeting_stat(const struct meeting *mt, const char *key);

void meeting_run(struct meeting *mt, unsigned ms);
void party_forget(struct party *p);       /* what was heard so far       */

/** Amplitude [of 32767] of hz in the last ms of what was heard. */
double party_hears(const struct party *p, double hz, unsigned ms);
double goertzel(const int16_t *x, unsigned n, unsigned step, double hz,
		double rate);
/** RMS of all but the sine hz, as a share of the RMS of all. */
double distortion(const int16_t *x, unsigned n, double hz, double rate);

#endif
