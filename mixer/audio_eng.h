/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/audio_eng.h -- inside the audio engine: audio.c and audio_tick.c
 *
 *	loop                      box                    ticker
 *	audio_leg_put  ---------> packets per leg -----> audio_in
 *	audio_leg_set … --------> commands ------------> legs, classes
 *	stats <------------------ atomics <------------- every tick
 *
 * A leg is two objects: the loop's handle (libre, struct audio_leg) and the
 * ticker's half (struct aleg, atomic count 2: handle and ticker).  The
 * handle's end marks it gone under `out`, which the ticker holds while
 * handlers run: so none runs afterwards.  The rest of the half goes with
 * the command that follows.
 *
 * Fields: [I] immutable  [L] loop  [T] ticker  [b] under box.mtx
 *	[a] atomic  [o] under out
 */
#ifndef TUTTI_MIXER_AUDIO_ENG_H
#define TUTTI_MIXER_AUDIO_ENG_H

#include <pthread.h>
#include <stdatomic.h>
#include <re.h>

#include "mixer/audio.h"
#include "mixer/audio_class.h"
#include "mixer/audio_in.h"
#include "mixer/audio_level.h"
#include "mixer/audio_mix.h"
#include "mixer/audio_prompt.h"
#include "mixer/audio_speaker.h"

enum {
	ALEG_PKTS   = 100,        /* waiting for the ticker, then the oldest
	                           * is dropped                           */
	AUDIO_CROWD = 16,         /* more open: only who talks is mixed   */
	AUDIO_EVENTS = 256,       /* a tick                               */
};

enum cmd_type {
	CMD_ADD, CMD_DEL, CMD_IN, CMD_SET, CMD_SYNC, CMD_NET,
	CMD_PLAY, CMD_RECORD,
};

struct aleg;

struct cmd {
	struct cmd *next;
	enum cmd_type type;
	bool inside;              /* part of the leg: not to be freed     */
	struct aleg *leg;         /* counted for ADD, else alive till DEL */
	union {
		struct {
			struct ticket_media m;
			bool muted;
		} set;
		struct rtp_sync sync;
		struct audio_in *in;
		enum audio_prompt prompt;
		struct audio_net net;
		bool on;
	} u;
};

/** What the loop may read of a leg */
struct aleg_pub {
	atomic_uint_fast64_t lost, late, concealed, fec, packets, decoded;
	atomic_uint delay_us, jitter_us, target_us;
	atomic_int level_db, codec_rx;
};

struct aleg {
	/* what is looked at for each of a thousand listeners every tick:
	 * one line of the cache */
	struct le cle;            /* [T] in its class                     */
	struct audio_enc *own;    /* [T] NULL: shares the class's         */
	uint32_t id;              /* [I]                                  */
	atomic_bool gone;         /* [a] set under out                    */

	atomic_uint refs;         /* [a]                                  */
	struct cmd del;           /* [b]                                  */

	struct pkt *pktv, **pkte; /* [b] oldest first                     */
	unsigned pktc;            /* [b]                                  */
	struct aleg *ready_next;  /* [b] legs with packets                */
	bool ready;               /* [b]                                  */

	struct pkt *tick_pktv;    /* [T] taken out of the box             */
	struct aleg *tick_next;   /* [T]                                  */

	atomic_int_least64_t offset;   /* [a] lip sync                    */
	atomic_uint hold_ms;      /* [a]                                  */
	struct aleg_pub pub;      /* [a]                                  */

	struct le le;             /* [T] in audio.inl, once it has `in`   */
	struct ticket_media m;    /* [T]                                  */
	bool muted;               /* [T]                                  */
	bool added;               /* [T]                                  */
	struct audio_net net;     /* [T]                                  */
	struct audio_in *in;      /* [T]                                  */
	struct rtp_sync sync;     /* [T]                                  */
	struct audio_level level; /* [T]                                  */
	struct speaker_part part; /* [T]                                  */
	bool part_in;             /* [T]                                  */

	int16_t *pcm;             /* [T] this tick's, in->out; NULL: none */
	unsigned pcm_ch;          /* [T]                                  */
	bool mixed;               /* [T] was in the last mix              */
	unsigned back;            /* [T] ticks his own encoder stays      */
	struct audio_class *cls;  /* [T] NULL: is sent nothing            */
};

struct audio_ev {
	enum audio_event ev;
	struct aleg *leg;         /* NULL: nobody                         */
	uint32_t id;
};

struct audio_pub {
	atomic_uint_fast64_t ticks, late, skipped, encodes, dropped;
	atomic_uint_fast64_t decode_us, mix_us, encode_us;
	atomic_uint legs, sources, classes, own;
};

struct audio {
	struct audio_cfg cfg;     /* [I]                                  */
	unsigned legc;            /* [L]                                  */
	bool tone_join, tone_leave;    /* [L]                             */

	struct {
		pthread_mutex_t mtx;
		struct cmd *cmdv, **cmde;      /* [b] oldest first        */
		struct aleg *readyl;           /* [b]                     */
	} box;

	pthread_mutex_t out;      /* held while handlers run              */
	pthread_t thread;         /* [L]                                  */
	bool started;             /* [L]                                  */
	atomic_bool run;          /* [a]                                  */
	struct audio_pub pub;     /* [a]                                  */

	uint64_t tick;            /* [T] number: the common sample clock  */
	uint64_t last_us;         /* [T]                                  */
	struct list inl;          /* [T] legs that have sent              */
	struct audio_classes classes;  /* [T]                             */
	unsigned legs;            /* [T]                                  */
	unsigned sources;         /* [T] in the last mix                  */
	unsigned open;            /* [T] legs above the gate              */
	bool crowded;             /* [T]                                  */
	struct audio_speaker speaker;  /* [T]                             */
	struct audio_prompts *prompts; /* [T]                             */
	struct audio_mix mix;     /* [T]                                  */
	struct audio_limiter lim[2];   /* [T] of the full mixes           */
	int16_t full[2][2][MIX_FRAME * 2];  /* [T] parity, channels - 1   */
	bool full_ok[2][2];       /* [T]                                  */
	struct audio_classes recs;     /* [T]                             */
	struct audio_class *rec_cls;   /* [T]                             */
	struct audio_enc *rec;    /* [T]                                  */
	struct audio_ev evv[AUDIO_EVENTS];  /* [T]                        */
	unsigned evc;             /* [T]                                  */
	struct audio_out outv[AUDIO_LEGS_MAX];  /* [T]                    */
};

void aleg_unref(struct aleg *leg);

/** Takes everything out of the box and does it. */
void audio_box_run(struct audio *a) ON(ticker);
/** The ticker's part of a leg's end */
void audio_leg_end(struct audio *a, struct aleg *leg) ON(ticker);
/** To the class of its medium, if any */
void audio_leg_class(struct audio *a, struct aleg *leg) ON(ticker);
/** From the class's encoder to one of his own, and back */
void audio_leg_own(struct audio *a, struct aleg *leg) ON(ticker);
void audio_leg_share(struct audio *a, struct aleg *leg) ON(ticker);

#endif
