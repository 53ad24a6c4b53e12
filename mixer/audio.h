/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/audio.h -- the audio engine: one thread, one 20 ms clock
 *
 *	packets -> audio_leg_put -> box -> rtp_jbuf -> codec_audio -> 48 kHz
 *	  -> audio_mix (32-bit sum; a speaker gets sum - self; one limiter)
 *	  -> audio_class (one encode for all who hear the same) -> outh
 *
 * Mono or stereo at 48000 Hz, 960 samples a tick, on an absolute clock.
 * The tick waits for nobody: packets come by bounded queues, parameters by
 * a pointer swap, results go out in one batch per tick.
 *
 * Threads: ON(loop) for legs and settings; handlers run on the ticker and
 * must not block.  audio_tick() is the whole engine for tests: no thread
 * needs to run.
 */
#ifndef TUTTI_MIXER_AUDIO_H
#define TUTTI_MIXER_AUDIO_H

#include <jansson.h>

#include "base/thread.h"
#include "base/ticket.h"
#include "mixer/pkt.h"
#include "mixer/rtp_sync.h"
#include "mixer/unit.h"

enum {
	AUDIO_HZ      = 48000,
	AUDIO_TICK_MS = 20,
	AUDIO_FRAME   = 960,      /* samples per channel and tick         */
	AUDIO_LEGS_MAX = 2048,
};

struct audio;
struct audio_leg;

/** What one leg is sent this tick.  A leg whose ptime is not 20 ms gets
 *  several units a tick or none. */
struct audio_out {
	uint32_t leg;             /* id                                   */
	struct unit *unit;        /* borrowed: unit_ref to keep           */
	uint32_t ts48;            /* sample clock at 48000 Hz of the first
	                           * sample, common to all legs           */
};
typedef void (audio_out_h)(const struct audio_out *outv, unsigned outc,
			   void *arg);

/** The full mix, Opus 48 kHz stereo, 20 ms, for the recorder; only while
 *  audio_record(true). */
typedef void (audio_rec_h)(struct unit *unit, void *arg);

enum audio_event {
	AUDIO_TALK_ON,
	AUDIO_TALK_OFF,
	AUDIO_SPEAKER,            /* leg 0: nobody                        */
};
typedef void (audio_event_h)(enum audio_event ev, uint32_t leg, void *arg);

struct audio_cfg {
	audio_out_h   *outh;
	audio_rec_h   *rech;
	audio_event_h *eventh;
	void *arg;
	const char *prompt_dir;   /* spoken prompts, mono s16 .wav of any
	                           * rate up to 48 kHz; read at audio_alloc,
	                           * before the sandbox                   */
};

int audio_alloc(struct audio **ap, const struct audio_cfg *cfg);
int audio_start(struct audio *a);     /* the thread; SCHED_RR if allowed  */
void audio_stop(struct audio *a);     /* joined when it returns           */
void audio_tick(struct audio *a, uint64_t now_us) ON(ticker);

/** After mem_deref(leg) no handler runs for it any more. */
int  audio_leg_alloc(struct audio_leg **legp, struct audio *a,
		     const struct ticket *t) ON(loop);
int  audio_leg_set(struct audio_leg *leg, const struct ticket *t) ON(loop);
void audio_leg_put(struct audio_leg *leg, struct pkt *pkt) ON(loop);
void audio_leg_sync(struct audio_leg *leg, const struct rtp_sync *sync)
	ON(loop);

/** For Opus: loss the peer reports of what we send [0..1]; what the path to
 *  it carries, all media [kbit/s], 0: enough (audio_net.h).  When that changes
 *  what is sent: what it costs now, or 0. */
void audio_leg_loss(struct audio_leg *leg, float loss) ON(loop);
uint32_t audio_leg_path(struct audio_leg *leg, uint32_t kbps) ON(loop);

/** Lip sync.  Monotonic time [us] at which the party's sound of its clock's
 *  time 0 is heard, i.e. play(ntp_us) = offset + ntp_us; INT64_MIN: not
 *  known.  Any thread (atomic). */
int64_t audio_leg_offset(const struct audio_leg *leg);

/** Video of this party is late by so much: hold its sound back [ms]. */
void audio_leg_hold(struct audio_leg *leg, unsigned extra_ms);

void audio_tones(struct audio *a, bool join, bool leave) ON(loop);

enum audio_prompt {
	PROMPT_JOIN,              /* a tone                               */
	PROMPT_LEAVE,             /* a tone                               */
	PROMPT_REC_ON,            /* "This meeting is being recorded."    */
	PROMPT_REC_OFF,           /* "The recording has stopped."         */
};
void audio_play(struct audio *a, enum audio_prompt prompt) ON(loop);
void audio_record(struct audio *a, bool on) ON(loop);

json_t *audio_stats(const struct audio *a) ON(loop);  /* late ticks, legs,
	encoders, CPU us by stage: "decode", "mix", "encode"              */
json_t *audio_leg_stats(const struct audio_leg *leg) ON(loop); /* delay_ms,
	lost, late, concealed, jitter_ms, level_db, codec                 */

#endif
