/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_vp9.h -- VP9 in RTP (RFC 9628): descriptor and frame header
 *
 * Threads: any; plain values.
 */
#ifndef TUTTI_MIXER_RTP_VP9_H
#define TUTTI_MIXER_RTP_VP9_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rtp_vp9 {
	size_t hdr;               /* bytes of descriptor                  */
	bool begin, end;          /* of one layer's frame                 */
	uint8_t sid;              /* spatial layer                        */
	uint16_t width, height;   /* of the largest layer, 0: not said    */
};

/** EBADMSG: it does not fit. */
int rtp_vp9_descriptor(struct rtp_vp9 *d, const uint8_t *p, size_t n);

/** Is this the beginning of a key frame's data?  *wp and *hp its size. */
bool rtp_vp9_key(const uint8_t *p, size_t n, uint16_t *wp, uint16_t *hp);

#endif
