/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_pack.h -- an encoded frame to a unit with its RTP payloads
 *
 * Called once per encode, by the encoder; the unit that comes out is shared
 * by all legs.  H.264 (RFC 6184): single NAL units; in packetization-mode 1
 * also STAP-A (parameter sets) and FU-A.  SEI and access unit delimiters
 * are not sent, though they stay in unit->data.  VP8 (RFC 7741): 4 bytes of
 * descriptor with S and a 15-bit picture id.  VP9 (RFC 9628): not flexible,
 * one layer, picture id; the size with key frames.  AV1 ("RTP Payload Format
 * For AV1"): one frame of one tile, its sequence header in the same packet;
 * unit->data has the OBUs without their sizes.  Audio: one payload.
 *
 * Threads: any; a struct rtp_pack belongs to one encoder.
 */
#ifndef TUTTI_MIXER_RTP_PACK_H
#define TUTTI_MIXER_RTP_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "base/ticket.h"
#include "mixer/unit.h"

/** One encoder's packetizer; a plain value, filled by its owner */
struct rtp_pack {
	enum ticket_codec codec;  /* H.264, VP8, VP9 or AV1               */
	uint8_t  pkt_mode;        /* H.264: packetization-mode 0 or 1     */
	uint16_t max;             /* bytes of payload, LEG_PAYLOAD_MAX    */
	uint16_t picture_id;      /* VP8, VP9: of the next frame; counts  */
};

/** A copy of one encoded frame (H.264: Annex B) as a unit with refs = 1;
 *  codec, data and payloads are set, stream, key and pts_us are the
 *  caller's to set before anyone else sees it.  EMSGSIZE: a NAL unit does
 *  not fit and the mode is 0.  EBADMSG: nothing to send in it. */
int rtp_pack_video(struct unit **unitp, struct rtp_pack *pk,
		   const uint8_t *data, size_t len);

/** The same for audio; len 0 is fine (silence) and has no payload. */
int rtp_pack_audio(struct unit **unitp, enum ticket_codec codec,
		   const uint8_t *data, size_t len);

/** The next NAL unit of an Annex B stream: its offset and length without
 *  start code.  *posp is where to go on, 0 at first.  ENOENT: no more. */
int rtp_pack_nal(const uint8_t *data, size_t len, size_t *posp,
		 size_t *offp, size_t *nlenp);

#endif
