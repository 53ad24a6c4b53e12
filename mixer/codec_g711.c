/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/codec_g711.c -- PCMU and PCMA (libspandsp's tables)
 */
#include <re.h>
#include <spandsp.h>

#include "mixer/codec_audio.h"


/* G.711 has no state, but a state is what tells "open" from "not open" */
struct g711 {
	int unused;
};


static int g711_enc_alloc(void **encp, const struct codec_audio_prm *prm)
{
	(void)prm;

	*encp = mem_zalloc(sizeof(struct g711), NULL);

	return *encp ? 0 : ENOMEM;
}


static int g711_dec_alloc(void **decp, unsigned channels)
{
	(void)channels;

	*decp = mem_zalloc(sizeof(struct g711), NULL);

	return *decp ? 0 : ENOMEM;
}


static unsigned g711_dur48(const uint8_t *p, size_t len)
{
	(void)p;

	return len <= CODEC_AUDIO_DUR_MAX / 6 ? (unsigned)len * 6 : 0;
}


static int pcmu_encode(void *enc, uint8_t *buf, size_t *lenp,
		       const int16_t *pcm, unsigned n)
{
	unsigned i;
	(void)enc;

	if (n > *lenp)
		return EOVERFLOW;

	for (i = 0; i < n; i++)
		buf[i] = linear_to_ulaw(pcm[i]);
	*lenp = n;

	return 0;
}


static int pcma_encode(void *enc, uint8_t *buf, size_t *lenp,
		       const int16_t *pcm, unsigned n)
{
	unsigned i;
	(void)enc;

	if (n > *lenp)
		return EOVERFLOW;

	for (i = 0; i < n; i++)
		buf[i] = linear_to_alaw(pcm[i]);
	*lenp = n;

	return 0;
}


static int pcmu_decode(void *dec, int16_t *pcm, unsigned *np,
		       const uint8_t *p, size_t len)
{
	size_t i;
	(void)dec;

	if (!len || len > *np)
		return EBADMSG;

	for (i = 0; i < len; i++)
		pcm[i] = ulaw_to_linear(p[i]);
	*np = (unsigned)len;

	return 0;
}


static int pcma_decode(void *dec, int16_t *pcm, unsigned *np,
		       const uint8_t *p, size_t len)
{
	size_t i;
	(void)dec;

	if (!len || len > *np)
		return EBADMSG;

	for (i = 0; i < len; i++)
		pcm[i] = alaw_to_linear(p[i]);
	*np = (unsigned)len;

	return 0;
}


const struct codec_audio codec_pcmu = {
	.codec = CODEC_PCMU, .hz = 8000, .channels = 1,
	.enc_alloc = g711_enc_alloc, .encode = pcmu_encode,
	.dec_alloc = g711_dec_alloc, .decode = pcmu_decode,
	.dur48 = g711_dur48,
};

const struct codec_audio codec_pcma = {
	.codec = CODEC_PCMA, .hz = 8000, .channels = 1,
	.enc_alloc = g711_enc_alloc, .encode = pcma_encode,
	.dec_alloc = g711_dec_alloc, .decode = pcma_decode,
	.dur48 = g711_dur48,
};
