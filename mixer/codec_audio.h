/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/codec_audio.h -- one table of audio codecs: encode, decode, conceal
 *
 * Samples are s16, interleaved, at the codec's own rate (hz); all counts
 * are per channel.  States are libre objects that end with mem_deref and
 * belong to one thread.  Lengths of payloads come from the peer and are
 * checked here: EBADMSG, nothing written.
 *
 * Threads: ticker (tests: any one thread).
 */
#ifndef TUTTI_MIXER_CODEC_AUDIO_H
#define TUTTI_MIXER_CODEC_AUDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ticket.h"

enum {
	CODEC_AUDIO_DUR_MAX = 5760,   /* samples at 48000 Hz in a packet */
	CODEC_AUDIO_BYTES_MAX = 1275, /* one Opus frame                  */
};

/** What an encoder is asked for; equal values may share one. */
struct codec_audio_prm {
	unsigned channels;        /* 1 or 2                               */
	unsigned ptime_ms;
	unsigned bitrate;         /* [bit/s]                              */
	unsigned playback_hz;     /* no more than the peer can play       */
	unsigned loss_pct;        /* expected, for FEC                    */
	bool fec, dtx, cbr;
	bool music;               /* whatever it is, not for voices only  */
	bool swift;               /* … and 4 ms sooner; never FEC, no DTX */
};

struct codec_audio {
	enum ticket_codec codec;
	unsigned hz;              /* samples a second                     */
	unsigned channels;        /* at most                              */

	int (*enc_alloc)(void **encp, const struct codec_audio_prm *prm);
	/** n samples a channel to at most *lenp bytes */
	int (*encode)(void *enc, uint8_t *buf, size_t *lenp,
		      const int16_t *pcm, unsigned n);

	int (*dec_alloc)(void **decp, unsigned channels);
	/** *np: room, then the samples decoded */
	int (*decode)(void *dec, int16_t *pcm, unsigned *np,
		      const uint8_t *p, size_t len);
	/** n samples in place of a lost packet; NULL: has none */
	int (*plc)(void *dec, int16_t *pcm, unsigned n);
	/** the n samples before packet p out of its FEC; NULL: has none */
	int (*fec)(void *dec, int16_t *pcm, unsigned n,
		   const uint8_t *p, size_t len);
	/** samples at 48000 Hz in a packet, 0: none of ours */
	unsigned (*dur48)(const uint8_t *p, size_t len);
};

/** NULL: not an audio codec of ours. */
const struct codec_audio *codec_audio_find(enum ticket_codec codec);

/** The nearest packet length not above ptime_ms that the codec has. */
unsigned codec_audio_ptime(enum ticket_codec codec, unsigned ptime_ms);

/* The rows of the table */
extern const struct codec_audio codec_pcmu, codec_pcma, codec_g722,
	codec_opus;

/** Is there in-band FEC for the packet before, RFC 6716 section 4.2? */
bool codec_opus_has_fec(const uint8_t *p, size_t len);
bool codec_opus_no_voice(const uint8_t *p, size_t len);
/** The packet is one of a pause (DTX): nothing to hear in it. */
bool codec_opus_is_dtx(size_t len);

#endif
