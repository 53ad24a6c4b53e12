/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/codec_opus.c -- Opus (libopus), always at 48000 Hz on our side
 *
 * Complexity 5: of speech 9 ms of CPU a second and stream where 10 costs 15,
 * of `music` (the transform layer alone) 4, and nobody hears the difference
 * at 32 kbit/s.
 */
#include <re.h>
#include <opus/opus.h>

#include "mixer/codec_audio.h"


enum { COMPLEXITY = 5 };

struct opus_enc {
	OpusEncoder *st;
};

struct opus_dec {
	OpusDecoder *st;
};


static void enc_destructor(void *arg)
{
	struct opus_enc *enc = arg;

	if (enc->st)
		opus_encoder_destroy(enc->st);
}


static void dec_destructor(void *arg)
{
	struct opus_dec *dec = arg;

	if (dec->st)
		opus_decoder_destroy(dec->st);
}


static opus_int32 bandwidth(unsigned hz)
{
	if (hz <= 8000)
		return OPUS_BANDWIDTH_NARROWBAND;
	if (hz <= 12000)
		return OPUS_BANDWIDTH_MEDIUMBAND;
	if (hz <= 16000)
		return OPUS_BANDWIDTH_WIDEBAND;
	if (hz <= 24000)
		return OPUS_BANDWIDTH_SUPERWIDEBAND;

	return OPUS_BANDWIDTH_FULLBAND;
}


static int application(const struct codec_audio_prm *prm)
{
	if (!prm->music)
		return OPUS_APPLICATION_VOIP;

	return prm->swift ? OPUS_APPLICATION_RESTRICTED_LOWDELAY
			  : OPUS_APPLICATION_AUDIO;
}


static int opus_enc_alloc(void **encp, const struct codec_audio_prm *prm)
{
	struct opus_enc *enc;
	int e = 0;

	enc = mem_zalloc(sizeof(*enc), enc_destructor);
	if (!enc)
		return ENOMEM;

	enc->st = opus_encoder_create(48000, (int)prm->channels,
				      application(prm), &e);
	if (!enc->st) {
		mem_deref(enc);
		return e == OPUS_ALLOC_FAIL ? ENOMEM : EINVAL;
	}

	(void)opus_encoder_ctl(enc->st, OPUS_SET_COMPLEXITY(COMPLEXITY));
	(void)opus_encoder_ctl(enc->st,
			       OPUS_SET_BITRATE((opus_int32)prm->bitrate));
	(void)opus_encoder_ctl(enc->st, OPUS_SET_VBR(!prm->cbr));
	(void)opus_encoder_ctl(enc->st, OPUS_SET_DTX(prm->dtx));
	(void)opus_encoder_ctl(enc->st, OPUS_SET_INBAND_FEC(prm->fec));
	(void)opus_encoder_ctl(enc->st,
		OPUS_SET_PACKET_LOSS_PERC((opus_int32)prm->loss_pct));
	(void)opus_encoder_ctl(enc->st, OPUS_SET_MAX_BANDWIDTH(
		bandwidth(prm->playback_hz ? prm->playback_hz : 48000)));

	*encp = enc;

	return 0;
}


static int encode(void *arg, uint8_t *buf, size_t *lenp,
		  const int16_t *pcm, unsigned n)
{
	struct opus_enc *enc = arg;
	opus_int32 len;

	len = opus_encode(enc->st, pcm, (int)n, buf, (opus_int32)*lenp);
	if (len < 0)
		return EINVAL;

	*lenp = (size_t)len;

	return 0;
}


static int opus_dec_alloc(void **decp, unsigned channels)
{
	struct opus_dec *dec;
	int e = 0;

	dec = mem_zalloc(sizeof(*dec), dec_destructor);
	if (!dec)
		return ENOMEM;

	dec->st = opus_decoder_create(48000, (int)channels, &e);
	if (!dec->st) {
		mem_deref(dec);
		return e == OPUS_ALLOC_FAIL ? ENOMEM : EINVAL;
	}

	*decp = dec;

	return 0;
}


static int decode(void *arg, int16_t *pcm, unsigned *np,
		  const uint8_t *p, size_t len)
{
	struct opus_dec *dec = arg;
	int n;

	if (!len)
		return EBADMSG;

	n = opus_decode(dec->st, p, (opus_int32)len, pcm, (int)*np, 0);
	if (n < 0)
		return EBADMSG;

	*np = (unsigned)n;

	return 0;
}


/* libopus conceals in multiples of 2.5 ms only */
static int plc(void *arg, int16_t *pcm, unsigned n)
{
	struct opus_dec *dec = arg;

	if (n % 120)
		return EINVAL;

	return opus_decode(dec->st, NULL, 0, pcm, (int)n, 0) == (int)n
		? 0 : EBADMSG;
}


static int fec(void *arg, int16_t *pcm, unsigned n,
	       const uint8_t *p, size_t len)
{
	struct opus_dec *dec = arg;

	if (n % 120 || !len)
		return EINVAL;

	return opus_decode(dec->st, p, (opus_int32)len, pcm, (int)n, 1)
		== (int)n ? 0 : EBADMSG;
}


static unsigned dur48(const uint8_t *p, size_t len)
{
	int n = opus_packet_get_nb_samples(p, (opus_int32)len, 48000);

	return n > 0 && n <= CODEC_AUDIO_DUR_MAX ? (unsigned)n : 0;
}


/*
 * RFC 6716: the SILK layer begins with one VAD bit a frame and then the
 * LBRR flag, for each channel, uncoded from the top of the first byte.
 */
bool codec_opus_has_fec(const uint8_t *p, size_t len)
{
	const unsigned char *framev[48];
	opus_int16 sizev[48];
	unsigned config, frames, ch, i, bit = 0;
	int n;

	if (len < 2)
		return false;

	config = p[0] >> 3;
	if (config >= 16)               /* CELT only: never               */
		return false;

	n = opus_packet_parse(p, (opus_int32)len, NULL, framev, sizev, NULL);
	if (n < 1 || sizev[0] < 1)
		return false;

	/* SILK frames of 20 ms in one Opus frame */
	frames = config < 12 ? (config & 3) == 3 ? 3 :
			       (config & 3) == 2 ? 2 : 1 : 1;
	ch = p[0] & 0x04 ? 2 : 1;

	for (i = 0; i < ch; i++) {
		bit += frames;
		if (framev[0][0] >> (7 - bit) & 1)
			return true;
		++bit;
	}

	return false;
}


/* Does the sender's voice detector say there is none?  Speech layer only,
 * whose VAD bits come before anything coded. */
bool codec_opus_no_voice(const uint8_t *p, size_t len)
{
	const unsigned char *framev[48];
	opus_int16 sizev[48];
	unsigned config, frames, ch, bit, i;
	int n;

	if (len < 2 || p[0] >> 3 >= 16)
		return false;

	n = opus_packet_parse(p, (opus_int32)len, NULL, framev, sizev, NULL);
	if (n < 1)
		return false;

	config = p[0] >> 3;
	frames = config < 12 ? (config & 3) == 3 ? 3 :
			       (config & 3) == 2 ? 2 : 1 : 1;
	ch = p[0] & 0x04 ? 2 : 1;
	for (int k = 0; k < n; k++) {
		if (sizev[k] < 1)
			continue;
		/* of each channel: its VAD bits, then one of LBRR */
		for (i = 0; i < ch; i++) {
			for (bit = 0; bit < frames; bit++) {
				if (framev[k][0] >> (7 - i * (frames + 1) -
						     bit) & 1)
					return false;
			}
		}
	}

	return true;
}


bool codec_opus_is_dtx(size_t len)
{
	return len <= 2;
}


const struct codec_audio codec_opus = {
	.codec = CODEC_OPUS, .hz = 48000, .channels = 2,
	.enc_alloc = opus_enc_alloc, .encode = encode,
	.dec_alloc = opus_dec_alloc, .decode = decode,
	.plc = plc, .fec = fec, .dur48 = dur48,
};
