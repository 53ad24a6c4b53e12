/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_ext.h -- RTP header extensions that browsers and we use
 *
 * RFC 8285, one- and two-byte elements.  Pure: bytes in, values out and the
 * other way round.  Garbage costs the elements behind it, nothing else.
 *
 * Threads: any; plain values.
 */
#ifndef TUTTI_MIXER_RTP_EXT_H
#define TUTTI_MIXER_RTP_EXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ticket.h"

enum { RTP_EXT_MAX = 4 + 72 };    /* bytes of a block we write            */

/** What a received packet said; ids of the ticket_media */
struct rtp_ext {
	char     mid[TICKET_ID_MAX];          /* "": not said             */
	char     rid[TICKET_ID_MAX];
	char     rrid[TICKET_ID_MAX];         /* of a retransmission      */
	int8_t   level;                       /* RFC 6464, -1: none       */
	bool     twcc_on, abs_on, capture_on;
	uint16_t twcc;                        /* transport-wide number    */
	uint32_t abs_send;                    /* 24 bits, 6.18 seconds    */
	uint64_t capture_ntp;                 /* 32.32                    */
};

/** profile and p[0..n): what lies behind the fixed header. */
void rtp_ext_parse(struct rtp_ext *x, const struct ticket_media *m,
		   uint16_t profile, const uint8_t *p, size_t n);

/** A block with what x has and m has an id for, into b (RTP_EXT_MAX), with
 *  its four bytes of header; its length, 0: nothing to say. */
size_t rtp_ext_write(uint8_t *b, const struct ticket_media *m,
		     const struct rtp_ext *x);

/** abs-send-time for a moment. */
uint32_t rtp_ext_abs(uint64_t us);

#endif
