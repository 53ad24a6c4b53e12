/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_depack.h -- payloads of one frame, in order, to its bytes
 *
 * H.264 (RFC 6184): single NAL units, STAP-A, STAP-B, FU-A, FU-B to Annex
 * B.  VP8 (RFC 7741): any descriptor, packets cut at partitions (PID above
 * 0) or anywhere.  VP9 (RFC 9628): all layers of a picture, as one
 * superframe if there are several.  AV1: temporal units with delimiter and
 * sizes.  H.265 (RFC 7798): single NAL units, AP, FU to Annex B.  Knows nothing of sequence numbers: rtp_frame does.
 * Hostile bytes cost an error, never more than RTP_FRAME_MAX of memory.
 *
 * Threads: as rtp_frame.
 */
#ifndef TUTTI_MIXER_RTP_DEPACK_H
#define TUTTI_MIXER_RTP_DEPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ticket.h"

struct rtp_depack;

/** The frame that rtp_depack_end() closes; borrowed until _begin() */
struct rtp_depack_frame {
	const uint8_t *data;
	size_t len;
	bool key;
	uint16_t width, height;   /* 0: it does not say                   */
};

int  rtp_depack_alloc(struct rtp_depack **dp, enum ticket_codec codec);

/** Can a frame begin with this payload?  For H.264 a good guess; sure: and
 *  usually nothing that belongs to it goes before. */
bool rtp_depack_start(enum ticket_codec codec, const uint8_t *p, size_t n,
		      bool sure);

/** Does a key frame begin with this payload?  Cheap, without
 *  any state: for choosing a packet to switch streams at. */
bool rtp_depack_is_key(enum ticket_codec codec, const uint8_t *p, size_t n);

void rtp_depack_begin(struct rtp_depack *d);

/** EBADMSG malformed or not a kind we know, EMSGSIZE the frame grows too
 *  large, EPROTO a fragment whose start is missing. */
int  rtp_depack_add(struct rtp_depack *d, const uint8_t *p, size_t n);

/** EBADMSG: no picture in it. */
int  rtp_depack_end(struct rtp_depack *d, struct rtp_depack_frame *frame);

#endif
