/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/viewer.h -- a party at the end of a narrow path
 *
 * Our leg towards it (`a`), its own (`b`), a wire each way, and an encoder
 * that knows rungs but no pictures: so many bytes so often, a large one when
 * a key frame is asked for.  Rungs are moved between as mixer_leg_watch.c
 * does.  What it hears and sees is counted.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TESTS_FAKE_VIEWER_H
#define TUTTI_TESTS_FAKE_VIEWER_H

#include "base/thread.h"
#include "mixer/audio_net.h"
#include "mixer/leg.h"
#include "mixer/leg_rate.h"
#include "tests/fake/wire.h"

enum viewer_kind {
	VIEWER_TWCC,              /* a browser                            */
	VIEWER_REMB,              /* an old one                           */
	VIEWER_SIP,               /* reports every 5 s, and PLI           */
	VIEWER_SIP_MUTE,          /* nothing but reports                  */
	VIEWER_DEAF,              /* no RTCP at all                       */
};

enum { VIEWER_SECS = 300 };

struct viewer {
	enum viewer_kind kind;
	unsigned tag;             /* of its wires: 2 * tag, 2 * tag + 1   */
	struct wire *down, *up;   /* the owner's                          */
	struct leg *a, *b;
	uint64_t now, start;
	/* encoder */
	struct leg_rate rate;
	unsigned rung;            /* index of viewer_rungv + 1, 0: none   */
	uint32_t budget, stream, seq;
	bool key;
	uint64_t key_us, rate_us, audio_us, video_us;
	unsigned audio_bytes, audio_ms;   /* of a packet                  */
	struct audio_net net;
	/* what came */
	unsigned heard, sent;     /* packets of sound                     */
	uint64_t heard_us, gap_us;        /* last; longest between two    */
	uint64_t seq_high;
	unsigned seen, breaks;    /* pictures' packets; holes             */
	uint64_t seen_us, dark_us;        /* last; longest between two    */
	uint64_t rr_us[3];        /* SIP: last report let through         */
	bool deaf;                /* no RTCP comes back                   */
	/* rung of each second, from the start */
	uint8_t rungv[VIEWER_SECS];
	uint32_t kbpsv[VIEWER_SECS];      /* came                         */
	unsigned secs;
};

extern const struct video_rung viewer_rungv[];
extern const unsigned viewer_rungc;

int  viewer_alloc(struct viewer **vp, enum viewer_kind kind, unsigned tag,
		  struct wire *down, struct wire *up, uint64_t now)
	ASSERTS(loop);

/** A datagram that came out of a wire; false: not of this one. */
bool viewer_recv(struct viewer *v, unsigned tag, const uint8_t *p, size_t n,
		 uint64_t now) ASSERTS(loop);
void viewer_run(struct viewer *v, uint64_t now) ASSERTS(loop);

/** Forget what was heard and seen so far. */
void viewer_clear(struct viewer *v);
/** Sound lost since then [per mille] */
unsigned viewer_lost(const struct viewer *v);

#endif
