/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_red.h -- redundant audio (RFC 2198), received
 *
 * Threads: any; plain values.
 */
#ifndef TUTTI_MIXER_RTP_RED_H
#define TUTTI_MIXER_RTP_RED_H

#include <stddef.h>
#include <stdint.h>

enum { RTP_RED_MAX = 8 };         /* blocks, the primary with them        */

struct rtp_red_block {
	uint8_t  pt;
	uint32_t back;            /* RTP clock before the packet's own    */
	const uint8_t *p;         /* borrowed                             */
	size_t   n;
};

/** Blocks of a payload, oldest first, the primary last; their count, 0: not
 *  sound. */
unsigned rtp_red_parse(struct rtp_red_block *v, const uint8_t *p, size_t n);

#endif
