/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_pack_priv.h -- what rtp_pack.c shares with rtp_pack_thin.c
 *
 * A frame is walked twice with the same code, to count and to fill.
 * Threads: as rtp_pack.h.
 */
#ifndef TUTTI_MIXER_RTP_PACK_PRIV_H
#define TUTTI_MIXER_RTP_PACK_PRIV_H

#include "mixer/rtp_pack.h"

/* Where payloads go: unit NULL when only counting */
struct pack_sink {
	struct unit *unit;
	unsigned payc;
	size_t end;               /* first unused byte of scratch         */
};

void pack_put(struct pack_sink *s, const uint8_t *hdr, uint8_t hdrlen,
	      size_t off, size_t len);

void pack_vp9(struct pack_sink *s, const struct rtp_pack *pk,
	      const uint8_t *data, size_t len);

/** The OBUs as they are sent, one after the other without their sizes, in
 *  a buffer of len bytes; what is not sent is left out.  0: malformed. */
size_t pack_av1_strip(uint8_t *dst, const uint8_t *data, size_t len,
		      size_t *seqp, bool *keyp);
/** Of stripped OBUs, the first seq bytes of which are a sequence header. */
void pack_av1(struct pack_sink *s, const struct rtp_pack *pk, size_t len,
	      size_t seq, bool key);

#endif
