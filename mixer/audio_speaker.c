/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/audio_speaker.c -- the dominant speaker; see audio_speaker.h
 */
#include <math.h>
#include <string.h>
#include <re.h>

#include "mixer/audio_speaker.h"

enum {
	STEP_DB   = 3,
	IMM_MIN   = 3,            /* steps that count as speech in a tick */
	MED_MIN   = 5,            /* such ticks that make a block speech  */
	FORGET    = SPEAKER_MED * SPEAKER_LONG,
};

#define SCORE_MIN 1e-10f

/* By how much the newcomer has to win, as logarithms of score ratios */
static const float winv[3] = { 3.0f, 2.0f, 0.0f };

/* The exponential's rate when a party speaks, per time scale */
static const float ratev[3] = { 0.78f, 24.0f, 47.0f };


/* log of P(a of n | speech) against P(a of n | noise) */
static float score(unsigned a, unsigned n, float rate)
{
	float v;

	v = lgammaf((float)n + 1) - lgammaf((float)a + 1) -
		lgammaf((float)(n - a) + 1);
	v += (float)n * logf(0.5f) - logf(rate) + rate * (float)a;

	return v > SCORE_MIN ? v : SCORE_MIN;
}


static void update(struct speaker_part *part)
{
	unsigned i, imm, med = 0, lng = 0;

	imm = part->immv[part->ticks % SPEAKER_MED];
	for (i = 0; i < SPEAKER_MED; i++)
		med += part->immv[i] >= IMM_MIN;
	for (i = 0; i < SPEAKER_LONG; i++)
		lng += part->medv[i] >= MED_MIN;

	part->score[0] = score(imm, SPEAKER_STEPS, ratev[0]);
	part->score[1] = score(med, SPEAKER_MED, ratev[1]);
	part->score[2] = score(lng, SPEAKER_LONG, ratev[2]);
}


void audio_speaker_join(struct audio_speaker *sp, struct speaker_part *part,
			uint32_t id)
{
	memset(part, 0, sizeof(*part));
	part->id = id;
	part->silent = FORGET;
	list_append(&sp->partl, &part->le, part);
}


void audio_speaker_leave(struct audio_speaker *sp, struct speaker_part *part)
{
	(void)sp;
	list_unlink(&part->le);
}


void audio_speaker_feed(struct speaker_part *part, float db)
{
	unsigned i, med = 0;
	int imm = (int)(db / STEP_DB);

	imm = imm < 0 ? 0 : imm > SPEAKER_STEPS ? SPEAKER_STEPS : imm;

	part->silent = imm >= IMM_MIN ? 0 : part->silent + 1;
	++part->ticks;
	part->immv[part->ticks % SPEAKER_MED] = (uint8_t)imm;

	if (part->ticks % SPEAKER_MED)
		return;

	for (i = 0; i < SPEAKER_MED; i++)
		med += part->immv[i] >= IMM_MIN;
	part->medv[part->ticks / SPEAKER_MED % SPEAKER_LONG] = (uint8_t)med;
}


static struct speaker_part *part_find(const struct audio_speaker *sp,
				      uint32_t id)
{
	struct le *le;

	for (le = sp->partl.head; le; le = le->next) {
		struct speaker_part *part = le->data;

		if (part->id == id)
			return part;
	}

	return NULL;
}


static bool wins(const struct speaker_part *part,
		 const struct speaker_part *cur)
{
	unsigned i;

	for (i = 0; i < 3; i++) {
		if (logf(part->score[i] / cur->score[i]) <= winv[i])
			return false;
	}

	return true;
}


static uint32_t decide(struct audio_speaker *sp)
{
	struct speaker_part *cur = sp->id ? part_find(sp, sp->id) : NULL;
	struct speaker_part *best = NULL;
	struct le *le;

	if (cur)
		update(cur);

	for (le = sp->partl.head; le; le = le->next) {
		struct speaker_part *part = le->data;

		if (part == cur || part->silent >= FORGET)
			continue;

		update(part);
		if (cur ? !wins(part, cur) : part->score[1] <= SCORE_MIN)
			continue;
		if (!best || part->score[1] > best->score[1])
			best = part;
	}

	return best ? best->id : cur ? cur->id : 0;
}


bool audio_speaker_run(struct audio_speaker *sp)
{
	uint32_t was = sp->id;
	bool gone = sp->id && !part_find(sp, sp->id);

	if (++sp->ticks % SPEAKER_EVERY && !gone)
		return false;

	sp->id = decide(sp);

	return sp->id != was;
}
