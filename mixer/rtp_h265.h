/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_h265.h -- the few bits of H.265 that transport looks at
 *
 * As rtp_h264.h.  Threads: any; plain values.
 */
#ifndef TUTTI_MIXER_RTP_H265_H
#define TUTTI_MIXER_RTP_H265_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	H265_SLICES = 32,         /* below: slices of pictures            */
	H265_IRAP = 16, H265_IRAP_LAST = 23,
	H265_VPS = 32, H265_SPS = 33, H265_PPS = 34, H265_AUD = 35,
	H265_SEI = 39,            /* before the slices                    */
	H265_AP = 48, H265_FU = 49,
	H265_PEEK = 256,
};

static inline unsigned rtp_h265_type(const uint8_t *nal)
{
	return nal[0] >> 1 & 0x3f;
}

/** What the NAL units of one frame told; all zero to begin with */
struct rtp_h265 {
	bool slice, irap;
	uint16_t width, height;   /* of the SPS, cropped                  */
};

/** Note one NAL unit; n may be less than the whole of it. */
void rtp_h265_nal(struct rtp_h265 *h, const uint8_t *p, size_t n);

/** Can a picture begin with this NAL unit?  third: the byte behind its
 *  header.  sure: and usually nothing that belongs to it goes before. */
bool rtp_h265_first(unsigned type, uint8_t third, bool sure);

/** Picture size of an SPS (with its NAL header); EBADMSG. */
int rtp_h265_sps(const uint8_t *p, size_t n, uint16_t *wp, uint16_t *hp);

#endif
