/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_depack_priv.h -- payload formats, one file each, behind one door
 *
 * Owner: rtp_depack.c.  Threads: as rtp_frame.
 */
#ifndef TUTTI_MIXER_RTP_DEPACK_PRIV_H
#define TUTTI_MIXER_RTP_DEPACK_PRIV_H

#include "mixer/rtp_av1.h"
#include "mixer/rtp_depack.h"
#include "mixer/rtp_h264.h"
#include "mixer/rtp_h265.h"

enum { VP9_LAYERS_MAX = 8 };

/* A payload has at least one byte in each of these. */
struct depack_ops {
	enum ticket_codec codec;
	bool (*starth)(const uint8_t *p, size_t n, bool sure);
	bool (*keyh)(const uint8_t *p, size_t n);
	int  (*addh)(struct rtp_depack *d, const uint8_t *p, size_t n);
	/* data is complete: what is in it; may append */
	int  (*endh)(struct rtp_depack *d, struct rtp_depack_frame *frame);
};

struct rtp_depack {
	const struct depack_ops *ops;     /* [I]                          */
	uint8_t *buf;
	size_t len, cap;
	bool fu;                  /* H.26x: a fragmented NAL is open      */
	struct rtp_h264 h264;     /* what was seen of the frame           */
	struct rtp_h265 h265;
	struct rtp_av1 av1;
	bool obu_open;            /* AV1: the last OBU is a part so far   */
	size_t obu;               /* AV1: where the last OBU begins       */
	uint32_t layerv[VP9_LAYERS_MAX];  /* VP9: where layers begin      */
	unsigned layerc;
	uint16_t width, height;   /* VP9: as the descriptor says          */
};

/* EMSGSIZE, ENOMEM */
int depack_append(struct rtp_depack *d, const uint8_t *p, size_t n);

extern const struct depack_ops depack_h264, depack_h265, depack_av1;

#endif
