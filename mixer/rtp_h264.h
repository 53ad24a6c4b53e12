/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_h264.h -- the few bits of H.264 that transport looks at
 *
 * Is this a key frame, does a picture begin here, how large is it.  Reads
 * parameter sets, SEI and the first bytes of slice headers; never decodes.
 *
 * Threads: any; plain values.
 */
#ifndef TUTTI_MIXER_RTP_H264_H
#define TUTTI_MIXER_RTP_H264_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	H264_SLICE = 1, H264_IDR = 5, H264_SEI = 6, H264_SPS = 7,
	H264_PPS = 8, H264_AUD = 9,
	H264_STAP_A = 24, H264_STAP_B = 25, H264_FU_A = 28, H264_FU_B = 29,
	H264_PEEK = 256,          /* bytes of a fragment worth looking at */
};

/** What the NAL units of one frame told; all zero to begin with */
struct rtp_h264 {
	bool idr, sps, recovery, slice;
	bool inter;               /* a slice that is not I                */
	uint16_t width, height;   /* of the SPS, cropped                  */
};

/** Note one NAL unit; n may be less than the whole of it. */
void rtp_h264_nal(struct rtp_h264 *h, const uint8_t *p, size_t n);

/** IDR, recovery point, or SPS with I slices only. */
bool rtp_h264_key(const struct rtp_h264 *h);

/** Can a picture begin with a NAL unit of this type and second byte? */
bool rtp_h264_first(uint8_t type, uint8_t byte1);

/** Picture size of an SPS (with its NAL byte); EBADMSG. */
int rtp_h264_sps(const uint8_t *p, size_t n, uint16_t *wp, uint16_t *hp);

#endif
