/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * media/sdp_fmt.c -- payload types: what we can, what the peer said, fmtp
 *
 * libre's own alignment of formats lets the last match win, which takes
 * the worst of a browser's or room system's six H.264 lines.  So it is
 * switched off (sdp_media_set_fmt_ignore) and the choice is made here.
 */
#include <stdlib.h>
#include <string.h>

#include <re.h>

#include "media/sdp_priv.h"

enum {
	/* what we want to receive: 1280x720 at 30 fps */
	OUR_LEVEL = 31,
	OUR_FS    = 3600,
	OUR_MBPS  = 108000,

	PT_FIRST  = 96,
	PT_LAST   = 127,
};

/* how a codec is written, and in which order we offer */
static const struct known {
	enum ticket_codec codec;
	const char *name;
	uint32_t clock_hz;
	uint8_t ch;
	int pt;                   /* static number, or what we prefer     */
	uint8_t pkt_mode;
	bool offered;
} knownv[] = {
	{CODEC_OPUS,  "opus",            48000, 2,  96, 0, true},
	{CODEC_G722,  "G722",             8000, 1,   9, 0, true},
	{CODEC_PCMU,  "PCMU",             8000, 1,   0, 0, true},
	{CODEC_PCMA,  "PCMA",             8000, 1,   8, 0, true},
	{CODEC_TELEV, "telephone-event", 48000, 1,  97, 0, true},
	{CODEC_TELEV, "telephone-event",  8000, 1, 101, 0, true},
	{CODEC_CN,    "CN",               8000, 1,  13, 0, false},
	{CODEC_H264,  "H264",            90000, 1,  98, 1, true},
	{CODEC_H264,  "H264",            90000, 1,  99, 0, true},
	{CODEC_VP8,   "VP8",             90000, 1, 100, 0, true},
};

static bool known_is_video(const struct known *k)
{
	return codec_is_video(k->codec);
}

static const struct known *known_find(const struct sdp_format *rf)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(knownv); i++) {
		const struct known *k = &knownv[i];

		if (!rf->name && k->pt == rf->pt && k->pt < PT_FIRST)
			return k;
		if (rf->name && !str_casecmp(rf->name, k->name) &&
		    rf->srate == k->clock_hz && rf->ch == k->ch)
			return k;
	}

	return NULL;
}

static uint32_t param_u32(const struct pl *val)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < val->l; i++) {
		if (val->p[i] < '0' || val->p[i] > '9')
			return 0;
		n = n * 10 + (val->p[i] - '0');
		if (n > UINT32_MAX)
			return 0;
	}

	return (uint32_t)n;
}

static void profile_level(struct ticket_fmt *f, const struct pl *val)
{
	uint32_t n;

	if (val->l != 6)
		return;
	n = pl_x32(val);
	f->profile_idc = n >> 16;
	f->profile_iop = n >> 8;
	f->level_idc   = n;
}

/* one parameter of a=fmtp; names of all codecs, none means two things */
static void param_handler(const struct pl *name, const struct pl *val,
			  void *arg)
{
	struct ticket_fmt *f = arg;
	uint32_t n = param_u32(val);
	size_t i;

	const struct { const char *name; uint32_t *np; } numv[] = {
		{"maxaveragebitrate", &f->max_bitrate},
		{"maxplaybackrate",   &f->max_playback_hz},
		{"max-mbps",          &f->max_mbps},
		{"max-br",            &f->max_br},
		{"max-fs",            &f->max_fs},
		{"max-fr",            &f->max_fr},
	};
	const struct { const char *name; bool *bp; } flagv[] = {
		{"useinbandfec", &f->fec},
		{"usedtx",       &f->dtx},
		{"stereo",       &f->stereo},
		{"cbr",          &f->cbr},
	};

	for (i = 0; i < ARRAY_SIZE(numv); i++)
		if (!pl_strcasecmp(name, numv[i].name))
			*numv[i].np = n;
	for (i = 0; i < ARRAY_SIZE(flagv); i++)
		if (!pl_strcasecmp(name, flagv[i].name))
			*flagv[i].bp = n == 1;

	if (!pl_strcasecmp(name, "packetization-mode"))
		f->pkt_mode = n <= 2 ? n : 2;
	else if (!pl_strcasecmp(name, "profile-level-id"))
		profile_level(f, val);
	else if (!pl_strcasecmp(name, "max-fps") && !f->max_fr)
		f->max_fr = n / 100;      /* room systems: 1/100 Hz       */
}

/** True if our encoder's constrained baseline is a stream of it, and our
 *  decoder's pictures of it are 8 bit 4:2:0. */
static bool h264_ok(const struct ticket_fmt *f)
{
	if (f->pkt_mode > 1 || f->level_idc < 9)
		return false;

	return f->profile_idc == 66 || f->profile_idc == 77 ||
		f->profile_idc == 88 || f->profile_idc == 100;
}

bool sdp_fmt_read(struct ticket_fmt *f, const struct sdp_format *rf)
{
	const struct known *k = known_find(rf);
	struct pl params;

	if (!k)
		return false;

	memset(f, 0, sizeof(*f));
	f->codec    = k->codec;
	f->pt       = (uint8_t)rf->pt;
	f->tx_pt    = (uint8_t)rf->pt;
	f->clock_hz = k->clock_hz;
	f->channels = k->ch;

	if (f->codec == CODEC_H264) {     /* RFC 6184: when not said      */
		f->profile_idc = 0x42;
		f->level_idc   = 10;
	}

	if (rf->params) {
		pl_set_str(&params, rf->params);
		fmt_param_apply(&params, param_handler, f);
	}

	return f->codec != CODEC_H264 || h264_ok(f);
}

static bool has(const struct ticket_media *tm, const struct ticket_fmt *f)
{
	unsigned i;

	for (i = 0; i < tm->fmtc; i++)
		if (tm->fmtv[i].codec == f->codec &&
		    tm->fmtv[i].clock_hz == f->clock_hz &&
		    tm->fmtv[i].pkt_mode == f->pkt_mode)
			return true;

	return false;
}

/** H.264 mode 1 as our encoder makes it, mode 1, mode 0, VP8: one encode
 *  serves the more legs the more agree, so the peer's order comes second. */
static unsigned video_rank(const struct ticket_fmt *f)
{
	if (f->codec != CODEC_H264)
		return 3;
	if (!f->pkt_mode)
		return 2;

	return f->profile_idc == 0x42 ? 0 : 1;
}

void sdp_fmts_pick(struct ticket_media *tm, const struct sdp_media *m,
		   bool video, bool one)
{
	const struct list *l = sdp_media_format_lst(m, false);
	struct ticket_fmt f;
	struct le *le;

	tm->fmtc = 0;

	for (le = list_head(l); le; le = le->next) {
		if (!sdp_fmt_read(&f, le->data) ||
		    video != codec_is_video(f.codec))
			continue;

		if (video && one && tm->fmtc) {
			if (video_rank(&f) < video_rank(&tm->fmtv[0]))
				tm->fmtv[0] = f;
			continue;
		}
		if (tm->fmtc < TICKET_CODECS_MAX && !has(tm, &f))
			tm->fmtv[tm->fmtc++] = f;
	}

	/* events and comfort noise alone are no conversation */
	tm->on = true;
	if (!ticket_tx(tm))
		tm->fmtc = 0;
	tm->on = tm->fmtc > 0;
}

static int fb_encode(struct mbuf *mb, const struct sdp_format *fmt,
		     bool offer, void *data)
{
	const struct sdp_fb *fb = data;
	int err = 0;
	(void)offer;

	if (fb->nack)
		err |= mbuf_printf(mb, "a=rtcp-fb:%s nack\r\n", fmt->id);
	if (fb->pli)
		err |= mbuf_printf(mb, "a=rtcp-fb:%s nack pli\r\n", fmt->id);
	if (fb->fir)
		err |= mbuf_printf(mb, "a=rtcp-fb:%s ccm fir\r\n", fmt->id);
	if (fb->tmmbr)
		err |= mbuf_printf(mb, "a=rtcp-fb:%s ccm tmmbr\r\n", fmt->id);

	return err;
}

static bool asymmetry_allowed(const struct sdp_media *m, unsigned pt)
{
	const struct sdp_format *rf = sdp_media_format(m, false, NULL, pt,
						       NULL, -1, -1);
	struct pl params, val;

	if (!rf || !rf->params)
		return false;

	pl_set_str(&params, rf->params);

	return fmt_param_get(&params, "level-asymmetry-allowed", &val) &&
		!pl_strcmp(&val, "1");
}

/** RFC 6184 8.2.2: profile and mode as offered; the level is each side's
 *  own only where both allow it, else the lower one holds for both. */
static int h264_params(char *buf, size_t size, struct ticket_fmt *f,
		       bool asymmetric)
{
	uint8_t iop = f->profile_iop, level = OUR_LEVEL;
	const char *more = "";

	if (!asymmetric && f->level_idc <= OUR_LEVEL) {
		level = f->level_idc;
		if (level < OUR_LEVEL)
			more = ";max-mbps=108000;max-fs=3600";
	}
	else {
		iop &= ~0x10;     /* constraint_set3 was level 1b         */
		if (!asymmetric) {
			f->level_idc   = level;
			f->profile_iop = iop;
		}
	}

	return re_snprintf(buf, size, "profile-level-id=%02x%02x%02x"
			   ";packetization-mode=%u"
			   ";level-asymmetry-allowed=1%s",
			   f->profile_idc, iop, level, f->pkt_mode,
			   more) < 0 ? ENOMEM : 0;
}

int sdp_h264_params(char *buf, size_t size, struct ticket_fmt *f,
		    const struct sdp_media *m)
{
	return h264_params(buf, size, f, asymmetry_allowed(m, f->pt));
}

static int fmt_add(struct sdp_media *m, const struct known *k,
		   struct ticket_fmt *f, bool asymmetric, struct sdp_fb *fb)
{
	char id[8], params[160] = "";

	(void)re_snprintf(id, sizeof(id), "%u", f->pt);

	switch (k->codec) {

	case CODEC_OPUS:
		str_ncpy(params, "minptime=10;useinbandfec=1",
			 sizeof(params));
		break;
	case CODEC_TELEV:
		str_ncpy(params, "0-15", sizeof(params));
		break;
	case CODEC_H264:
		if (h264_params(params, sizeof(params), f, asymmetric))
			return ENOMEM;
		break;
	case CODEC_VP8:
		(void)re_snprintf(params, sizeof(params),
				  "max-fs=%u;max-fr=30", OUR_FS);
		break;
	default:
		break;
	}

	return sdp_format_add(NULL, m, false, id, k->name, k->clock_hz,
			      k->ch, fb ? fb_encode : NULL, NULL, fb, false,
			      *params ? "%s" : NULL, params);
}

int sdp_fmt_answer(struct sdp_media *m, struct ticket_fmt *f,
		   struct sdp_fb *fb)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(knownv); i++) {
		const struct known *k = &knownv[i];

		if (k->codec == f->codec && k->clock_hz == f->clock_hz)
			return fmt_add(m, k, f, asymmetry_allowed(m, f->pt),
				       fb);
	}

	return EINVAL;
}

static bool pt_taken(const struct ticket_media *tm, unsigned pt)
{
	unsigned i;

	for (i = 0; i < tm->fmtc; i++)
		if (tm->fmtv[i].pt == pt)
			return true;

	return false;
}

/** RFC 3264 8.3.2: a number keeps its meaning for the whole session. */
static unsigned pt_choose(const struct known *k,
			  const struct ticket_media *agreed,
			  const struct ticket_media *offered)
{
	unsigned i, pt;

	for (i = 0; i < agreed->fmtc; i++) {
		const struct ticket_fmt *f = &agreed->fmtv[i];

		if (f->codec == k->codec && f->clock_hz == k->clock_hz &&
		    f->pkt_mode == k->pkt_mode)
			return f->pt;
	}

	if (k->pt < PT_FIRST)
		return k->pt;

	for (pt = k->pt; pt <= PT_LAST; pt++)
		if (!pt_taken(agreed, pt) && !pt_taken(offered, pt))
			return pt;
	for (pt = PT_FIRST; pt < PT_LAST; pt++)
		if (!pt_taken(agreed, pt) && !pt_taken(offered, pt))
			break;

	return pt;
}

int sdp_fmts_offer(struct sdp_media *m, bool video,
		   const struct ticket_media *agreed,
		   struct ticket_media *offered, struct sdp_fb *fb)
{
	int err = 0;
	size_t i;

	offered->fmtc = 0;

	for (i = 0; i < ARRAY_SIZE(knownv) && !err; i++) {
		const struct known *k = &knownv[i];
		struct ticket_fmt *f = &offered->fmtv[offered->fmtc];
		unsigned pt;

		if (!k->offered || known_is_video(k) != video)
			continue;

		pt = pt_choose(k, agreed, offered);
		memset(f, 0, sizeof(*f));
		f->codec    = k->codec;
		f->clock_hz = k->clock_hz;
		f->pt       = pt;
		f->pkt_mode = k->pkt_mode;
		if (k->codec == CODEC_H264) {
			f->profile_idc = 0x42;
			f->profile_iop = 0xe0;
			f->level_idc   = OUR_LEVEL;
		}
		++offered->fmtc;

		err = fmt_add(m, k, f, true, fb);
	}

	return err;
}

void sdp_fmts_map(struct ticket_media *tm, const struct ticket_media *offered)
{
	unsigned i, j, n = 0;

	for (i = 0; i < tm->fmtc; i++) {
		struct ticket_fmt *f = &tm->fmtv[i];

		for (j = 0; j < offered->fmtc; j++) {
			const struct ticket_fmt *o = &offered->fmtv[j];

			if (o->codec == f->codec &&
			    o->clock_hz == f->clock_hz &&
			    o->pkt_mode == f->pkt_mode)
				break;
		}
		if (j == offered->fmtc)
			continue;

		f->pt = offered->fmtv[j].pt;
		tm->fmtv[n++] = *f;
	}

	tm->fmtc = n;
	if (!ticket_tx(tm))
		tm->fmtc = 0;
	tm->on = tm->fmtc > 0;
}

struct fb_reader {
	struct sdp_fb *fb;
	unsigned pt;
};

static bool fb_handler(const char *name, const char *value, void *arg)
{
	struct fb_reader *r = arg;
	struct pl pt, what;
	(void)name;

	if (!value || re_regex(value, strlen(value), "[0-9*]+ [^]+", &pt,
			       &what))
		return false;
	if (pl_strcmp(&pt, "*") && pl_u32(&pt) != r->pt)
		return false;

	if (!pl_strcasecmp(&what, "nack"))
		r->fb->nack = true;
	else if (!pl_strcasecmp(&what, "nack pli"))
		r->fb->pli = true;
	else if (!pl_strcasecmp(&what, "ccm fir"))
		r->fb->fir = true;
	else if (what.l >= 9 && !strncasecmp(what.p, "ccm tmmbr", 9))
		r->fb->tmmbr = true;
	else if (!pl_strcasecmp(&what, "goog-remb"))
		r->fb->remb = true;
	else if (!pl_strcasecmp(&what, "transport-cc"))
		r->fb->twcc = true;

	return false;
}

void sdp_fb_read(struct sdp_fb *fb, const struct sdp_media *m, unsigned pt)
{
	struct fb_reader r = {fb, pt};

	memset(fb, 0, sizeof(*fb));
	(void)sdp_media_rattr_apply(m, "rtcp-fb", fb_handler, &r);
}
