/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/caller.h -- a caller without signalling: real sockets, a tone
 * and a colour out; what comes in is decoded and measured
 *
 * Threads: loop.
 */
#ifndef TUTTI_TESTS_FAKE_CALLER_H
#define TUTTI_TESTS_FAKE_CALLER_H

#include <re.h>

#include "base/ticket.h"

enum { CALLER_HZ = 8000, CALLER_EAR = 2 * CALLER_HZ };

struct caller_cfg {
	uint32_t id;
	const char *name;
	double hz;                /* its tone                             */
	uint8_t y, u, v;          /* its colour                           */
	enum ticket_codec video;  /* CODEC_NONE: sound only               */
};

struct caller {
	struct caller_cfg cfg;
	struct ticket ticket;     /* as tuttid would keep it              */
	int mixer_fdv[4];         /* audio RTP, RTCP, video RTP, RTCP     */
	bool silent;              /* sends nothing                        */

	/* what came */
	int16_t earv[CALLER_EAR];  /* the last two seconds                 */
	unsigned ear;             /* where the next sample goes           */
	unsigned packets;         /* of sound                             */
	unsigned pictures;        /* decoded                              */
	unsigned byes;            /* RTCP BYE                             */
	unsigned srs;             /* RTCP SR                              */
	uint32_t ssrc;            /* of the sound                         */
	unsigned w, h;
	uint8_t *pic[3];          /* the newest, stride w and w/2         */
	struct caller_priv *priv;
};

int  caller_alloc(struct caller **pp, const struct caller_cfg *cfg);

/** Send what is due by now. */
void caller_run(struct caller *p, uint64_t now);

/** An RFC 4733 digit, whole. */
void caller_dtmf(struct caller *p, char digit);

/** Forget the sound heard so far. */
void caller_deaf(struct caller *p);

/** Strength of a tone in the last ms of what was heard [dBFS]. */
double caller_hears(const struct caller *p, double hz, unsigned ms);

/** Share of the newest picture near a colour [0..1]. */
double caller_sees(const struct caller *p, uint8_t y, uint8_t u, uint8_t v);

#endif
