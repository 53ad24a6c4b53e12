/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/ladder.c -- the rungs in which a picture may be sent; see ladder.h
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <re.h>

#include "base/json.h"
#include "base/ladder.h"

/* Measured with nine talking heads: below 500 kbit/s VP9 and AV1 give 3 to
 * 5 dB more for the same bits, and a slow picture that can be read is worth
 * more than a quick one that cannot. */
static const struct ladder_rung defaultv[] = {
	{CODEC_NONE, 1080, 30, 3000},
	{CODEC_NONE,  720, 30, 1500},
	{CODEC_NONE,  360, 30,  500},
	{CODEC_AV1,   360, 30,  200},
	{CODEC_VP9,   360, 30,  200},
	{CODEC_NONE,  180, 15,  150},
	{CODEC_AV1,   360, 15,  100},
	{CODEC_VP9,   360, 15,  100},
	{CODEC_AV1,   360,  5,   24},
	{CODEC_VP9,   360,  5,   24},
	{CODEC_NONE,  360,  5,   24},
};

static bool rung_ok(const struct ladder_rung *r)
{
	return r->height >= LADDER_HEIGHT_MIN &&
	       r->height <= LADDER_HEIGHT_MAX && !(r->height & 1) &&
	       r->fps >= 1 && r->fps <= 60 &&
	       r->kbps >= LADDER_KBPS_MIN && r->kbps <= LADDER_KBPS_MAX &&
	       (r->codec == CODEC_NONE ||
		(codec_is_video(r->codec) && r->codec != CODEC_H265));
}

/* Digits to a number, and what follows them; NULL: no number */
static const char *number(const char *p, uint32_t *np)
{
	char *end;
	unsigned long n;

	if (!isdigit((unsigned char)*p))
		return NULL;
	errno = 0;
	n = strtoul(p, &end, 10);
	if (errno || n > UINT16_MAX)
		return NULL;
	*np = (uint32_t)n;

	return end;
}

/* At least one blank, then the next word */
static const char *blanks(const char *p)
{
	size_t n = p ? strspn(p, " \t") : 0;

	return n ? p + n : NULL;
}

int ladder_parse(struct ladder_rung *r, const char *text,
		 char *why, size_t sz)
{
	struct ladder_rung out = {.codec = CODEC_NONE};
	uint32_t height = 0, fps = 0;
	const char *p;

	if (!r || !text || !why)
		return EINVAL;

	p = number(text, &height);
	p = p && *p == 'p' ? number(p + 1, &fps) : NULL;
	p = blanks(p);
	p = p ? number(p, &out.kbps) : NULL;
	if (p && *p) {
		p = blanks(p);
		out.codec = p ? codec_find(p) : CODEC_NONE;
		if (out.codec == CODEC_NONE)
			p = NULL;
	}
	out.height = (uint16_t)height;
	out.fps    = (uint8_t)(fps > 60 ? 0 : fps);
	if (!p || !rung_ok(&out)) {
		re_snprintf(why, sz, "want HEIGHTpFPS KBPS [h264|vp8|vp9|av1]"
			    " such as 360p30 500, with %u to %u lines (even),"
			    " 1 to 60 pictures a second and %u to %u kbit/s",
			    LADDER_HEIGHT_MIN, LADDER_HEIGHT_MAX,
			    LADDER_KBPS_MIN, LADDER_KBPS_MAX);
		return EBADMSG;
	}
	*r = out;

	return 0;
}

int ladder_add(struct video_ladder *l, const struct ladder_rung *r)
{
	unsigned i;

	if (!l || !r)
		return EINVAL;
	for (i = 0; i < l->rungc; i++) {
		const struct ladder_rung *o = &l->rungv[i];

		if (o->codec == r->codec && o->height == r->height &&
		    o->fps == r->fps && o->kbps == r->kbps)
			return EEXIST;
	}
	if (l->rungc == LADDER_MAX)
		return EOVERFLOW;

	for (i = l->rungc++; i && l->rungv[i - 1].kbps < r->kbps; i--)
		l->rungv[i] = l->rungv[i - 1];
	l->rungv[i] = *r;

	return 0;
}

void ladder_default(struct video_ladder *l)
{
	if (!l)
		return;
	memset(l, 0, sizeof(*l));
	for (size_t i = 0; i < ARRAY_SIZE(defaultv); i++)
		(void)ladder_add(l, &defaultv[i]);
}

json_t *ladder_encode(const struct video_ladder *l)
{
	json_t *arr = json_array();

	for (unsigned i = 0; l && i < l->rungc; i++) {
		const struct ladder_rung *r = &l->rungv[i];

		json_array_append_new(arr, json_pack("{s:s,s:i,s:i,s:I}",
			"codec", codec_name(r->codec),
			"height", (int)r->height, "fps", (int)r->fps,
			"kbps", (json_int_t)r->kbps));
	}

	return arr;
}

static int rung_decode(struct ladder_rung *r, const json_t *obj)
{
	uint32_t height, fps, kbps;
	const char *codec;

	if (json_str(obj, "codec", &codec) ||
	    json_u32(obj, "height", &height) || json_u32(obj, "fps", &fps) ||
	    json_u32(obj, "kbps", &kbps) || height > UINT16_MAX || fps > 60)
		return EBADMSG;

	r->codec = codec_find(codec);
	if (r->codec == CODEC_NONE && strcmp(codec, "none"))
		return EBADMSG;
	r->height = (uint16_t)height;
	r->fps    = (uint8_t)fps;
	r->kbps   = kbps;

	return rung_ok(r) ? 0 : EBADMSG;
}

int ladder_decode(struct video_ladder *l, const json_t *arr)
{
	struct video_ladder out = {.rungc = 0};
	size_t i, n = json_array_size(arr);

	if (!l)
		return EINVAL;
	if (!n || n > LADDER_MAX)
		return EBADMSG;
	for (i = 0; i < n; i++) {
		struct ladder_rung r;

		if (rung_decode(&r, json_array_get(arr, i)) ||
		    ladder_add(&out, &r))
			return EBADMSG;
	}
	*l = out;

	return 0;
}
