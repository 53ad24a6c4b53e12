/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/audio_prompt.h -- tones and spoken sentences for everybody
 *
 * Threads: made on the loop before the ticker runs; then ticker.
 */
#ifndef TUTTI_MIXER_AUDIO_PROMPT_H
#define TUTTI_MIXER_AUDIO_PROMPT_H

#include "mixer/audio.h"
#include "mixer/audio_mix.h"

struct audio_prompts;

/** dir NULL or files missing: tones in their place, one warning. */
int  audio_prompts_alloc(struct audio_prompts **pp, const char *dir);

/** Sentences wait for one another; a tone that sounds already is not
 *  begun again. */
void audio_prompts_play(struct audio_prompts *p, enum audio_prompt prompt);

/** Adds one tick of what sounds; true if something does. */
bool audio_prompts_mix(struct audio_prompts *p, struct audio_mix *mix);

#endif
