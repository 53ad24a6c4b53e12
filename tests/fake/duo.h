/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/duo.h -- two WebRTC legs that speak with each other
 *
 * With a (bad) wire between them, or none; where a browser does what we do
 * not (simulcast, RED), its packets are written by hand.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TESTS_FAKE_DUO_H
#define TUTTI_TESTS_FAKE_DUO_H

#include "base/thread.h"
#include "mixer/leg.h"
#include "mixer/leg_priv.h"
#include "mixer/rtp_frame.h"
#include "tests/fake/wire.h"

enum {
	MS = 1000, SEC = 1000000,
	PT_OPUS = 111, PT_RED = 63, PT_VP8 = 96, PT_RTX = 97,
	EXT_MID = 4, EXT_RID = 10, EXT_RRID = 11, EXT_TWCC = 3, EXT_ABS = 2,
	EXT_CAPTURE = 12,
	LOG = 4096,
};

/* What went out as RTCP */
struct duo_told {
	unsigned n[RTCP_ITEM_REMB + 1];
	uint32_t key_ssrc;        /* of the last PLI                      */
	uint32_t twcc_ssrc;       /* of the last feedback                 */
	uint64_t remb, tmmbr;
	unsigned blocks;          /* of the last report with any          */
};

struct duo;

struct duo_end {
	struct duo *duo;
	struct leg *leg;
	struct ticket t;
	unsigned packets[3], keys;
	uint32_t ssrc[3];         /* of the last packet                   */
	uint64_t seqv[LOG];       /* audio                                */
	uint8_t pt;
	unsigned no_mid, exts;    /* sent without, with a MID             */
	uint8_t last[1500];       /* the RTP packet sent last             */
	size_t lastn;
	struct duo_told told;
	struct rtp_frame *frame;
	unsigned whole, broken, breaks;
	uint16_t width;           /* of the last key frame                */
};

struct duo {
	struct wire *wire;
	uint64_t now;
	struct duo_end a, b;
};

/* ---- what a browser sends -------------------------------------------- */

struct duo_raw {
	uint32_t ssrc, ts;
	uint16_t seq;
	uint8_t pt;
	bool marker;
	const char *mid, *rid, *rrid;
};

struct ticket_fmt *duo_fmt(struct ticket_media *m, enum ticket_codec codec,
			   uint8_t pt, uint32_t hz);
void duo_media(struct ticket_media *m, const char *mid);

/** For duo_make(): with a share, too, that is only received. */
void duo_slides(struct ticket *t);

/** cfg NULL: what is sent goes nowhere.  change: NULL, or of both tickets;
 *  else sound and a VP8 camera with RTX.  Closes with what it got to. */
int  duo_make(struct duo **pp, const struct wire_cfg *cfg,
	      void (*change)(struct ticket *t)) ASSERTS(loop);
void duo_close(struct duo *p);
void duo_pass(struct duo *p, unsigned ms) ASSERTS(loop);

/** A packet as a browser writes it. */
void duo_give(struct duo_end *e, const struct duo_raw *r, const void *payload,
	      size_t n) ASSERTS(loop);

/** The first packet of a picture, 200 bytes. */
size_t duo_vp8(uint8_t *p, bool key, unsigned w, unsigned h);

/** A picture of five packets from e. */
int  duo_picture(struct duo_end *e, unsigned n, bool key) ASSERTS(loop);

#endif
