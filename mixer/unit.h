/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/unit.h -- one encoded frame with its RTP payloads, made once
 *
 * Made by an encoder on the audio thread or a video worker, packetized once
 * (rtp_pack), then immutable and shared by atomic count: the net thread
 * sends the same payloads to every leg that watches or hears it, the writer
 * muxes the same bytes.
 *
 * Threads: any.
 */
#ifndef TUTTI_MIXER_UNIT_H
#define TUTTI_MIXER_UNIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ticket.h"

enum { UNIT_HDR_MAX = 8 };        /* FU-A or a payload descriptor         */

/** One RTP payload: hdr bytes, then data[off..off+len) */
struct unit_payload {
	uint8_t  hdr[UNIT_HDR_MAX];
	uint8_t  hdrlen;
	bool     marker;
	uint32_t off, len;
};

struct unit {
	atomic_uint refs;
	enum ticket_codec codec;
	uint32_t stream;          /* video: rung id; audio: class id      */
	uint32_t seq;             /* video: of the rung; a hole in it is a
	                           * picture that others build on         */
	bool     key;             /* decodable without anything before    */
	bool     silence;         /* audio: DTX, nothing need be sent     */
	bool     marker;          /* audio: first packet of a talk spurt  */
	uint64_t pts_us;          /* monotonic time the sound or picture
	                           * stands for: equal for both = lip sync */
	uint32_t duration;        /* audio: samples at 48000 Hz           */
	uint8_t *data;            /* H.264: Annex B; VP8: frame; audio: the
	                           * codec's bytes                        */
	size_t   len;
	struct unit_payload *payv;
	unsigned payc;
};

/** Room for len bytes and payc payloads; refs = 1.  NULL: no memory. */
struct unit *unit_alloc(size_t len, unsigned payc);
struct unit *unit_ref(struct unit *unit);
void unit_unref(struct unit *unit);

#endif
