/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/audio_speaker.h -- who is the dominant speaker
 *
 * After I. Volfin and I. Cohen, "Dominant speaker identification for
 * multipoint videoconferencing" (2013): speech activity of every party at
 * three time scales, each scored by the likelihood of speech against noise.
 * Another party takes over only when it wins at all three, so neither a
 * cough nor a "yes" moves the picture.
 *
 * Threads: ticker.
 */
#ifndef TUTTI_MIXER_AUDIO_SPEAKER_H
#define TUTTI_MIXER_AUDIO_SPEAKER_H

#include <re.h>

enum {
	SPEAKER_STEPS = 13,       /* immediate: 3 dB steps above the noise */
	SPEAKER_MED   = 10,       /* ticks of a medium block              */
	SPEAKER_LONG  = 10,       /* blocks                               */
	SPEAKER_EVERY = 15,       /* ticks between decisions              */
};

/** A party's history; belongs to its leg */
struct speaker_part {
	struct le le;
	uint32_t id;
	uint8_t immv[SPEAKER_MED];
	uint8_t medv[SPEAKER_LONG];
	unsigned ticks;
	float score[3];
	unsigned silent;          /* ticks                                */
};

struct audio_speaker {
	struct list partl;
	uint32_t id;              /* 0: nobody                            */
	unsigned ticks;
};

void audio_speaker_join(struct audio_speaker *sp, struct speaker_part *part,
			uint32_t id);
void audio_speaker_leave(struct audio_speaker *sp, struct speaker_part *part);

/** Every tick for every party that may speak; db: level above its noise */
void audio_speaker_feed(struct speaker_part *part, float db);

/** Every tick, after feeding.  True when sp->id changed. */
bool audio_speaker_run(struct audio_speaker *sp);

#endif
