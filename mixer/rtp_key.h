/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_key.h -- does a key frame begin with this payload, how large
 *
 * H.264: parameter set or IDR, alone, in a STAP-A or at the head of a FU-A.
 * VP8: first packet with the key frame bit, and its size.  VP9: a start that
 * is not predicted.  Other codecs are never recognised: they are not sent
 * in layers here.  Never decodes.
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

/** Are key frames of this codec recognised at all? */
bool rtp_key_known(enum ticket_codec codec);

#endif
