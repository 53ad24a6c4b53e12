/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/codec_audio.c -- the table of audio codecs
 */
#include <re.h>

#include "mixer/codec_audio.h"


static const struct codec_audio *const codecv[] = {
	&codec_opus,
	&codec_g722,
	&codec_pcmu,
	&codec_pcma,
};


const struct codec_audio *codec_audio_find(enum ticket_codec codec)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(codecv); i++) {
		if (codecv[i]->codec == codec)
			return codecv[i];
	}

	return NULL;
}


unsigned codec_audio_ptime(enum ticket_codec codec, unsigned ptime_ms)
{
	unsigned ms = ptime_ms ? ptime_ms : 20;

	ms = ms < 10 ? 10 : ms > 60 ? 60 : ms - ms % 10;

	if (codec == CODEC_OPUS && (ms == 30 || ms == 50))
		ms -= 10;

	return ms;
}
