/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * media/rtc_sdp_fmt.c -- which of a browser's codecs, with their RTX
 *
 * A browser sends with the first format of the answer, so the answer is in
 * our order: H.264 in the form that our encoder makes, VP8, H.264 in other
 * forms, what we send on thin links, then what we only receive.  Of H.264
 * one line alone is taken.
 */
#include <string.h>

#include <re.h>

#include "media/rtc_sdp_priv.h"

/* what SIP never sees */
static const struct known {
	enum ticket_codec codec;
	const char *name;
	uint32_t clock_hz;
	uint8_t ch;
} knownv[] = {
	{CODEC_RED,  "red",  48000, 2},
	{CODEC_VP9,  "VP9",  90000, 1},
	{CODEC_AV1,  "AV1",  90000, 1},
	{CODEC_H265, "H265", 90000, 1},
};

const char *rtc_params(const struct sdp_media *m, unsigned pt)
{
	const struct sdp_format *f = sdp_media_format(m, false, NULL, (int)pt,
						      NULL, -1, -1);

	return f ? f->params : NULL;
}

static uint32_t param(const struct sdp_format *rf, const char *name,
		      uint32_t dflt)
{
	struct pl params, val;
	uint32_t n;

	if (!rf->params)
		return dflt;

	pl_set_str(&params, rf->params);
	if (!fmt_param_get(&params, name, &val))
		return dflt;

	return sdp_number(&val, UINT32_MAX, &n) ? n : UINT32_MAX;
}

/** Eight bits, 4:2:0: profile 0 of VP9 and AV1, Main of H.265. */
static bool profile_ok(enum ticket_codec codec, const struct sdp_format *rf)
{
	switch (codec) {

	case CODEC_VP9:  return param(rf, "profile-id", 0) == 0;
	case CODEC_AV1:  return param(rf, "profile", 0) == 0;
	case CODEC_H265: return param(rf, "profile-id", 1) == 1;
	default:         return true;
	}
}

static bool fmt_read(struct ticket_fmt *f, const struct sdp_format *rf)
{
	size_t i;

	if (sdp_fmt_read(f, rf))
		return true;

	for (i = 0; rf->name && i < ARRAY_SIZE(knownv); i++) {
		const struct known *k = &knownv[i];

		if (str_casecmp(rf->name, k->name) ||
		    rf->srate != k->clock_hz || rf->ch != k->ch)
			continue;
		if (!profile_ok(k->codec, rf))
			return false;

		memset(f, 0, sizeof(*f));
		f->codec    = k->codec;
		f->pt       = (uint8_t)rf->pt;
		f->tx_pt    = (uint8_t)rf->pt;
		f->clock_hz = k->clock_hz;
		f->channels = k->ch;
		f->rx_only  = k->codec == CODEC_H265;
		return true;
	}

	return false;
}

/** H.264 constrained baseline in mode 1, baseline, other profiles; VP8;
 *  H.264 mode 0; AV1 and VP9 for thin links; what we cannot send. */
static unsigned rank_of(const struct ticket_fmt *f)
{
	switch (f->codec) {

	case CODEC_H264:
		if (!f->pkt_mode)
			return 4;
		if (f->profile_idc != 0x42)
			return 2;
		return f->profile_iop & 0x40 ? 0 : 1;
	case CODEC_VP8:  return 3;
	case CODEC_AV1:  return 5;
	case CODEC_VP9:  return 6;
	case CODEC_H265: return 7;
	default:         return 8;
	}
}

static struct ticket_fmt *find(struct ticket_media *tm,
			       const struct ticket_fmt *f)
{
	unsigned i;

	for (i = 0; i < tm->fmtc; i++)
		if (tm->fmtv[i].codec == f->codec &&
		    tm->fmtv[i].clock_hz == f->clock_hz)
			return &tm->fmtv[i];

	return NULL;
}

static void insert(struct ticket_media *tm, const struct ticket_fmt *f)
{
	unsigned i;

	if (tm->fmtc == TICKET_CODECS_MAX)
		return;

	for (i = tm->fmtc; i && rank_of(f) < rank_of(&tm->fmtv[i - 1]); i--)
		tm->fmtv[i] = tm->fmtv[i - 1];
	tm->fmtv[i] = *f;
	++tm->fmtc;
}

static void video_add(struct ticket_media *tm, const struct ticket_fmt *f)
{
	struct ticket_fmt *have = find(tm, f);

	if (have && rank_of(f) >= rank_of(have))
		return;
	if (have) {
		size_t n = &tm->fmtv[tm->fmtc] - (have + 1);

		memmove(have, have + 1, n * sizeof(*have));
		--tm->fmtc;
	}
	insert(tm, f);
}

/** Redundancy must be of the Opus that was taken: "111/111". */
static bool red_ok(const struct sdp_media *m, const struct ticket_fmt *red,
		   const struct ticket_fmt *opus)
{
	const char *params = rtc_params(m, red->pt);
	struct pl rest, pt;
	const char *slash;
	uint32_t n;

	if (!params || !opus)
		return false;

	pl_set_str(&rest, params);
	do {
		slash = pl_strchr(&rest, '/');
		pt = rest;
		if (slash) {
			pt.l = slash - rest.p;
			pl_advance(&rest, pt.l + 1);
		}
		if (!sdp_number(&pt, 127, &n) || n != opus->pt)
			return false;
	} while (slash);

	return true;
}

/** With Opus nothing else is of use but its redundancy and keys; without
 *  it, what telephones speak. */
static void audio_tidy(struct ticket_media *tm, const struct sdp_media *m)
{
	const struct ticket_fmt opus = {.codec = CODEC_OPUS,
					.clock_hz = 48000};
	struct ticket_fmt *o = find(tm, &opus), ofmt = {0};
	bool have = o != NULL, keys = false;
	unsigned i, n = 0;

	if (have)
		ofmt = *o;

	for (i = 0; i < tm->fmtc; i++) {
		struct ticket_fmt f = tm->fmtv[i];

		if (f.codec == CODEC_RED &&
		    (!have || !red_ok(m, &f, &ofmt)))
			continue;
		if (f.codec == CODEC_TELEV) {
			if (keys || f.clock_hz != (have ? 48000u : 8000u))
				continue;
			keys = true;
		}
		else if (have && f.codec != CODEC_OPUS &&
			 f.codec != CODEC_RED) {
			continue;
		}
		tm->fmtv[n++] = f;
	}
	tm->fmtc = n;
}

/** RFC 4588: each codec may have a payload type for what is sent again. */
static void rtx_read(struct ticket_media *tm, const struct sdp_media *m)
{
	struct le *le;

	for (le = list_head(sdp_media_format_lst(m, false)); le;
	     le = le->next) {
		const struct sdp_format *rf = le->data;
		uint32_t apt;
		unsigned i;

		if (!rf->name || str_casecmp(rf->name, "rtx") ||
		    rf->pt <= 0 || rf->pt > 127)
			continue;

		apt = param(rf, "apt", UINT32_MAX);
		for (i = 0; i < tm->fmtc; i++)
			if (tm->fmtv[i].pt == apt && !tm->fmtv[i].rtx_pt &&
			    rf->srate == tm->fmtv[i].clock_hz)
				tm->fmtv[i].rtx_pt = (uint8_t)rf->pt;
	}
}

static void nothing_to_send(struct ticket_media *tm)
{
	unsigned i, n = 0;

	for (i = 0; i < tm->fmtc; i++)
		if (!tm->fmtv[i].rx_only)
			tm->fmtv[n++] = tm->fmtv[i];
	tm->fmtc = n;
}

bool rtc_fmts_pick(struct rtc_line *ln, enum sdp_dir *dir)
{
	const bool video = ln->role != ROLE_AUDIO;
	struct ticket_media *tm = &ln->tm;
	struct ticket_fmt f;
	unsigned i;
	struct le *le;

	tm->fmtc = 0;

	for (le = list_head(sdp_media_format_lst(ln->m, false)); le;
	     le = le->next) {
		const struct sdp_format *rf = le->data;

		if (rf->pt < 0 || rf->pt > 127 || !fmt_read(&f, rf) ||
		    video != codec_is_video(f.codec))
			continue;

		if (video)
			video_add(tm, &f);
		else if (!find(tm, &f) && tm->fmtc < TICKET_CODECS_MAX)
			tm->fmtv[tm->fmtc++] = f;
	}

	if (!video)
		audio_tidy(tm, ln->m);
	if (*dir == SDP_SENDONLY)
		nothing_to_send(tm);
	rtx_read(tm, ln->m);

	tm->on = true;
	for (i = 0; i < tm->fmtc; i++)
		if (tm->fmtv[i].codec != CODEC_TELEV &&
		    tm->fmtv[i].codec != CODEC_CN)
			break;
	tm->on = i < tm->fmtc;

	if (tm->on && !ticket_tx(tm))
		*dir &= SDP_RECVONLY;

	return tm->on;
}
