/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/leg_rate.c -- when a leg moves to another rung; see leg_rate.h
 */
#include <re.h>

#include "mixer/leg_rate.h"

enum {
	MS = 1000,
	SETTLE_US  = 300 * MS,    /* between two steps down               */
	LOW_US     = 500 * MS,    /* too little for so long: down         */
	BAD_US     = 350 * MS,    /* … less than half                     */
	LAST_US    = 3000 * MS,   /* … of the last rung                   */
	LOST_US    = 100 * MS,    /* … and packets are lost               */
	CUTS_US    = 2000 * MS,   /* three cuts within                    */
	CALM_US    = 1500 * MS,   /* between any step and one up          */
	TRY_US     = 3000 * MS,   /* … and one that is only tried         */
	LONG_US    = 20000 * MS,
	PROBE_US   = 1000 * MS,
	PROBE_MAX_US = 16000 * MS,
	HEADERS    = 60,          /* bytes a packet                       */
};


uint32_t leg_rate_cost(const struct video_rung *rung)
{
	/* a picture has a packet, or 1200 bytes have */
	return rung->kbps + rung->kbps / 20 +
		rung->fps * HEADERS * 8 / 1000;
}


uint32_t leg_rate_budget(const struct leg_path *path)
{
	uint32_t kbps = UINT32_MAX;

	if (path->bound)
		kbps = path->kbps > path->audio_kbps ?
			path->kbps - path->audio_kbps : 0;

	return path->video_kbps ? min(kbps, path->video_kbps) : kbps;
}


static void note_cuts(struct leg_rate *r, const struct leg_path *path,
		      uint64_t now)
{
	if (path->cuts == r->cuts)
		return;

	r->cuts = path->cuts;
	r->cutv[2] = r->cutv[1];
	r->cutv[1] = r->cutv[0];
	r->cutv[0] = now;
}


/* What is sent now: a picture in which little moves is not what it may
 * become, and whoever is told less than that must not believe it yet */
static uint32_t demand(const struct leg_rate_in *in)
{
	return min(in->cur, max(in->path.video_tx_kbps, in->cur / 3));
}


static bool too_much(struct leg_rate *r, const struct leg_rate_in *in,
		     uint32_t budget, uint64_t now)
{
	const uint32_t need = demand(in);
	const bool told = in->path.video_kbps &&
		in->path.video_kbps < in->cur;
	const bool jam = in->path.jams != r->jams;
	/* who complains again has been waited for already */
	const bool again = in->path.complaints != r->complaints;

	r->jams = in->path.jams;
	if (!in->cur || (budget >= in->cur && !jam)) {
		r->low_us = 0;
		r->complaints = in->path.complaints;
		return false;
	}
	if (!r->low_us)
		r->low_us = now;
	if (r->moved_us && now - r->moved_us < SETTLE_US)
		return false;
	r->complaints = in->path.complaints;
	if (told || jam || (again && !in->last))
		return true;
	/* what a report says of before the last step is no reason to give up
	 * the last picture */
	if (in->last && in->path.told_us < r->moved_us)
		return false;
	if (in->path.loss > in->path.own_loss + 0.05f)
		return now - r->low_us >= LOST_US;
	if (in->last && (uint64_t)budget * 3 >= (uint64_t)in->cur * 2)
		return false;
	if (in->last)
		return now - r->low_us >= LAST_US;
	if ((uint64_t)budget * 2 < need)
		return now - r->low_us >= BAD_US;
	/* where delay is seen it is seen early, and sometimes in vain */
	if ((uint64_t)budget * 5 < (uint64_t)need * (in->path.probes ? 4 : 5))
		return now - r->low_us >= LOW_US;

	return r->cutv[2] && now - r->cutv[2] < CUTS_US;
}


/* A rung that was left soon after it was taken is not for this path: not
 * for a while, and each time for twice as long.  Those below it may be
 * tried again soon. */
static void went_down(struct leg_rate *r, const struct leg_rate_in *in,
		      uint64_t now)
{
	const uint64_t least = LEG_RATE_HOLD_MS * 1000ull;
	const unsigned times = in->path.probes ? 2 : 5;

	if (r->up_us && now - r->up_us < LEG_RATE_FAIL_MS * 1000ull) {
		r->hold_us = r->fail_cost == in->cur ?
			min(2 * r->hold_us, LEG_RATE_HOLD_MAX_MS * 1000ull) :
			times * least;
		r->fail_cost = in->cur;
		r->fail_us = now;
	}
	r->up_us = 0;
	r->fell_ms = (uint32_t)((now - min(r->low_us, now)) / 1000);
	r->moved_us = r->down_us = now;
	r->low_us = 0;
	r->probe_wait_us = PROBE_US;
	r->probe_us = now + least - PROBE_US;
	++r->downs;
}


/* May the next rung be taken, if there is room for it? */
static bool may_rise(const struct leg_rate *r, const struct leg_rate_in *in,
		     uint64_t now, uint64_t before)
{
	if (r->down_us && now + before < r->down_us +
	    LEG_RATE_HOLD_MS * 1000ull)
		return false;
	if (r->moved_us && now + before < r->moved_us + CALM_US)
		return false;

	return !r->fail_cost || in->next < r->fail_cost ||
		now + before >= r->fail_us + r->hold_us;
}


/* Of several steps at once none must be to where it failed */
static uint32_t below_failed(const struct leg_rate *r, uint32_t kbps,
			     uint64_t now)
{
	if (!r->fail_cost || now >= r->fail_us + r->hold_us)
		return kbps;

	return min(kbps, r->fail_cost - 1);
}


static void went_up(struct leg_rate *r, uint64_t now)
{
	r->moved_us = r->up_us = now;
	r->probe_wait_us = PROBE_US;
	r->probe_us = now + PROBE_US;
	r->low_us = 0;
	++r->ups;
}


static enum leg_rate_do probe(struct leg_rate *r,
			      const struct leg_rate_in *in,
			      struct leg_rate_out *out, uint64_t now)
{
	const uint32_t want = in->next + in->next / 4 + in->path.audio_kbps;

	if (now < r->probe_us)
		return LEG_RATE_STAY;

	r->probe_wait_us = r->probe_wait_us ?
		min(2 * r->probe_wait_us, (uint64_t)PROBE_MAX_US) : PROBE_US;
	r->probe_us = now + r->probe_wait_us;
	/* never so much that it hurts where nothing is to be had */
	out->path_kbps = min(want, max(3 * in->path.kbps, 100u));

	return LEG_RATE_PROBE;
}


/* Has the peer told of what is sent now, and nothing bad?  A little loss
 * is no reason to stay down for ever. */
static bool calm(const struct leg_rate *r, const struct leg_path *path,
		 uint64_t now)
{
	const bool long_ago = now - r->moved_us >= LONG_US;

	if (r->cutv[0] && now - r->cutv[0] < TRY_US)
		return false;
	if (r->down_us && now - r->down_us < LEG_RATE_HOLD_TRY_MS * MS)
		return false;
	if (r->moved_us && (path->told_us < r->moved_us ||
			    now - r->moved_us < TRY_US))
		return false;

	return path->loss <= path->own_loss + (long_ago ? 0.1f : 0.02f);
}


enum leg_rate_do leg_rate_step(struct leg_rate *r,
			       const struct leg_rate_in *in,
			       struct leg_rate_out *out, uint64_t now)
{
	const uint32_t budget = leg_rate_budget(&in->path);
	const uint32_t top = in->path.video_kbps;

	out->kbps = budget;
	/* a jam in the last rung: from a key frame on, but the same */
	if (in->last && !top && (uint64_t)budget * 3 >=
	    (uint64_t)in->cur * 2)
		out->kbps = max(budget, in->cur);
	out->path_kbps = 0;
	note_cuts(r, &in->path, now);
	if (too_much(r, in, budget, now)) {
		if (in->cur && out->kbps >= in->cur)
			r->moved_us = now;        /* the same anew        */
		else
			went_down(r, in, now);
		return LEG_RATE_DOWN;
	}
	if (!in->next || (top && top < in->next))
		return LEG_RATE_STAY;
	if (!may_rise(r, in, now, 0)) {
		/* a probe before it is time, so that it is known then */
		if (in->path.can_probe && may_rise(r, in, now, PROBE_US) &&
		    budget < in->next + (in->cur ? in->next / 10 : 0))
			return probe(r, in, out, now);
		return LEG_RATE_STAY;
	}

	if (budget == UINT32_MAX ||
	    budget >= in->next + (in->cur ? in->next / 10 : 0)) {
		out->kbps = budget == UINT32_MAX ? budget : below_failed(r,
			max(budget - budget / 11, in->cur ? 0 : in->next),
			now);
		went_up(r, now);
		return LEG_RATE_UP;
	}
	if (in->path.can_probe)
		return probe(r, in, out, now);
	if (in->path.probes)
		return LEG_RATE_STAY;     /* one is under way             */
	if (!calm(r, &in->path, now))
		return LEG_RATE_STAY;

	out->path_kbps = in->next + in->next / 10 + in->path.audio_kbps;
	out->kbps = in->next;
	went_up(r, now);

	return LEG_RATE_TRY;
}
