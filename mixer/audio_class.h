/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/audio_class.h -- who is sent the same: one encode for all of them
 *
 * A class is everything that makes two legs' packets differ but the sound.
 * The pure listeners of a class share one encoder, fed with the whole mix;
 * who speaks has an encoder of his own until CLASS_BACK ticks after he was
 * last heard.  All encoders of a packet length cut the same clock at the
 * same places, so a leg moves between them without a gap, and each starts
 * with what the other was given last, so without a click.
 *
 * Threads: ticker, except audio_class_key().
 */
#ifndef TUTTI_MIXER_AUDIO_CLASS_H
#define TUTTI_MIXER_AUDIO_CLASS_H

#include <re.h>

#include "base/ticket.h"
#include "mixer/audio_mix.h"
#include "mixer/audio_net.h"
#include "mixer/codec_audio.h"
#include "mixer/unit.h"

enum {
	CLASS_BACK  = 125,        /* ticks                                */
	CLASS_UNITS = 2,          /* a tick, at most                      */
	CLASS_SPARE = 4,          /* encoders kept for the next speaker   */
};

struct class_key {
	enum ticket_codec codec;
	struct codec_audio_prm prm;
};

/** How to encode for this medium over this network.  ENOTSUP: no audio
 *  codec of ours. */
int audio_class_key(struct class_key *key, const struct ticket_media *m,
		    const struct audio_net *net);

/** An encoder and what it has not encoded yet */
struct audio_enc;

struct audio_class {
	struct le le;
	struct class_key key;
	uint32_t id;
	struct list legl;         /* of struct audio_eng_leg, see audio.c */
	unsigned listeners;       /* of those, the ones who share         */
	struct audio_enc *shared;
	struct audio_enc *sparev[CLASS_SPARE];
	unsigned sparec;
};

struct audio_classes {
	struct list classl;
	uint32_t next_id;
	uint64_t encodes;         /* packets made                         */
};

/** Found or made; NULL: no memory. */
struct audio_class *audio_class_get(struct audio_classes *cs,
				    const struct class_key *key);
/** Ends it when nobody is in it. */
void audio_class_put(struct audio_class *cls);

/** An encoder; primev: one tick of what was sent before (key's channels)
 *  or NULL; like: an encoder of the class to copy unsent samples from. */
struct audio_enc *audio_enc_get(struct audio_class *cls,
				const int16_t *primev,
				const struct audio_enc *like);
void audio_enc_put(struct audio_class *cls, struct audio_enc *enc);

/** One tick of sound: 0 to CLASS_UNITS units, in enc until the next. */
void audio_enc_feed(struct audio_classes *cs, struct audio_enc *enc,
		    const int16_t *pcm, uint64_t tick, uint64_t now_us);

struct audio_enc_out {
	struct unit *unitv[CLASS_UNITS];
	uint32_t tsv[CLASS_UNITS];
	unsigned unitc;
};
const struct audio_enc_out *audio_enc_out(const struct audio_enc *enc);
void audio_enc_clear(struct audio_enc *enc);
struct audio_limiter *audio_enc_limiter(struct audio_enc *enc);

#endif
