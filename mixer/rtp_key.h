/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_key.h -- does a key frame begin with this payload, how large
 *
 * rtp_depack_is_key() with the size where a first packet tells it: H.264 in
 * a parameter set, VP8 in its frame header.  Never decodes.
 *
 * Threads: any.
 */
#ifndef TUTTI_MIXER_RTP_KEY_H
#define TUTTI_MIXER_RTP_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ticket.h"

/** *wp, *hp are written where the payload tells. */
bool rtp_key_start(enum ticket_codec codec, const uint8_t *p, size_t n,
		   uint16_t *wp, uint16_t *hp);

#endif
