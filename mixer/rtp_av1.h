/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_av1.h -- the few bits of AV1 that transport looks at
 *
 * "RTP Payload Format For AV1": an aggregation header, then OBU elements,
 * the first and last of which may be parts.  Threads: any; plain values.
 */
#ifndef TUTTI_MIXER_RTP_AV1_H
#define TUTTI_MIXER_RTP_AV1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	AV1_Z = 0x80, AV1_Y = 0x40, AV1_N = 0x08, /* aggregation header   */
	AV1_SEQUENCE = 1, AV1_DELIMITER = 2, AV1_HEADER = 3, AV1_TILES = 4,
	AV1_METADATA = 5, AV1_FRAME = 6, AV1_REDUNDANT = 7, AV1_LIST = 8,
	AV1_PADDING = 15,
	AV1_EXT = 0x04, AV1_HAS_SIZE = 0x02,      /* OBU header           */
	AV1_LEB_MAX = 8,
};

static inline unsigned rtp_av1_type(uint8_t header)
{
	return header >> 3 & 15;
}

/** The next element of a payload at *posp (1 at first): its bytes, and
 *  whether it is the last.  EBADMSG: lengths do not fit.  ENOENT: none. */
int rtp_av1_element(const uint8_t *p, size_t n, size_t *posp, unsigned *ip,
		    const uint8_t **datap, size_t *lenp, bool *lastp);

/** A variable-length number; 0: malformed, else bytes used. */
size_t rtp_av1_leb(const uint8_t *p, size_t n, uint64_t *valp);
size_t rtp_av1_leb_put(uint8_t p[AV1_LEB_MAX], uint64_t val);

/** What the OBUs of one frame told; all zero to begin with */
struct rtp_av1 {
	bool sequence;
	bool frame;               /* a frame header was seen …            */
	bool key;                 /* … and the first was a key frame's    */
	bool reduced;             /* still picture: headers are key       */
	uint16_t width, height;   /* largest, of the sequence header      */
};

/** Note one OBU: its header byte and its payload, or the first of it. */
void rtp_av1_obu(struct rtp_av1 *a, uint8_t header, const uint8_t *p,
		 size_t n);

#endif
