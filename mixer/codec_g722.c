/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/codec_g722.c -- G.722 at 64 kbit/s (libspandsp)
 *
 * 16000 samples a second under an RTP clock of 8000 (RFC 3551 section
 * 4.5.2): a byte is two samples and one tick of the RTP clock.
 */
#include <re.h>
#include <spandsp.h>

#include "mixer/codec_audio.h"


struct g722_enc {
	g722_encode_state_t *st;
};

struct g722_dec {
	g722_decode_state_t *st;
};


static void enc_destructor(void *arg)
{
	struct g722_enc *enc = arg;

	if (enc->st)
		g722_encode_free(enc->st);
}


static void dec_destructor(void *arg)
{
	struct g722_dec *dec = arg;

	if (dec->st)
		g722_decode_free(dec->st);
}


static int g722_enc_alloc(void **encp, const struct codec_audio_prm *prm)
{
	struct g722_enc *enc;
	(void)prm;

	enc = mem_zalloc(sizeof(*enc), enc_destructor);
	if (!enc)
		return ENOMEM;

	enc->st = g722_encode_init(NULL, 64000, 0);
	if (!enc->st) {
		mem_deref(enc);
		return ENOMEM;
	}

	*encp = enc;

	return 0;
}


static int g722_dec_alloc(void **decp, unsigned channels)
{
	struct g722_dec *dec;
	(void)channels;

	dec = mem_zalloc(sizeof(*dec), dec_destructor);
	if (!dec)
		return ENOMEM;

	dec->st = g722_decode_init(NULL, 64000, 0);
	if (!dec->st) {
		mem_deref(dec);
		return ENOMEM;
	}

	*decp = dec;

	return 0;
}


static int encode(void *arg, uint8_t *buf, size_t *lenp,
		  const int16_t *pcm, unsigned n)
{
	struct g722_enc *enc = arg;

	if (n / 2 > *lenp)
		return EOVERFLOW;

	*lenp = (size_t)g722_encode(enc->st, buf, pcm, (int)n);

	return 0;
}


static int decode(void *arg, int16_t *pcm, unsigned *np,
		  const uint8_t *p, size_t len)
{
	struct g722_dec *dec = arg;

	if (!len || 2 * len > *np)
		return EBADMSG;

	*np = (unsigned)g722_decode(dec->st, pcm, p, (int)len);

	return 0;
}


static unsigned dur48(const uint8_t *p, size_t len)
{
	(void)p;

	return len <= CODEC_AUDIO_DUR_MAX / 6 ? (unsigned)len * 6 : 0;
}


const struct codec_audio codec_g722 = {
	.codec = CODEC_G722, .hz = 16000, .channels = 1,
	.enc_alloc = g722_enc_alloc, .encode = encode,
	.dec_alloc = g722_dec_alloc, .decode = decode,
	.dur48 = dur48,
};
