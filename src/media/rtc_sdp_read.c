/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * media/rtc_sdp_read.c -- m-lines: which are taken, and what they say
 *
 * A line keeps its role for the life of the session, so that a camera
 * that is switched off does not make the shared screen the camera.
 */
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <re.h>

#include "media/rtc_sdp_priv.h"

/* header extensions we know, and where their id goes */
static const struct known {
	const char *uri;
	size_t off;
	bool audio, video;
} knownv[] = {
	{"urn:ietf:params:rtp-hdrext:sdes:mid",
	 offsetof(struct ticket_media, ext_mid), true, true},
	{"urn:ietf:params:rtp-hdrext:ssrc-audio-level",
	 offsetof(struct ticket_media, ext_level), true, false},
	{"urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
	 offsetof(struct ticket_media, ext_rid), false, true},
	{"urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
	 offsetof(struct ticket_media, ext_rrid), false, true},
	{"http://www.ietf.org/id/"
	 "draft-holmer-rmcat-transport-wide-cc-extensions-01",
	 offsetof(struct ticket_media, ext_twcc), true, true},
	{"http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
	 offsetof(struct ticket_media, ext_abs_send), true, true},
	{"http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
	 offsetof(struct ticket_media, ext_capture), true, true},
};

static const char chromium_uri[] =
	"http://www.webrtc.org/experiments/rtp-hdrext/video-content-type";

bool rtc_refuse(struct rtc_offer *o, unsigned line, const char *fmt, ...)
{
	va_list ap;

	if (o->said || !o->errbuf)
		return false;

	va_start(ap, fmt);
	(void)re_snprintf(o->errbuf, o->errsz, "line %u: %v", line, fmt, &ap);
	va_end(ap);
	o->said = true;

	return false;
}

int rtc_bad(struct rtc_offer *o, int err, unsigned line, const char *fmt,
	    ...)
{
	va_list ap;

	if (!o->errbuf)
		return err;

	va_start(ap, fmt);
	if (line)
		(void)re_snprintf(o->errbuf, o->errsz, "line %u: %v", line,
				  fmt, &ap);
	else
		(void)re_snprintf(o->errbuf, o->errsz, "%v", fmt, &ap);
	va_end(ap);

	return err;
}

bool rtc_in_group(const struct rtc_offer *o, const char *mid)
{
	struct pl rest, w;

	if (!o->group || !*mid)
		return false;

	pl_set_str(&rest, o->group);
	while (sdp_word(&rest, &w))
		if (!pl_strcmp(&w, mid))
			return true;

	return false;
}

struct ext_reader {
	struct rtc_line *ln;
	struct rtc_offer *o;
};

/* what the peer may send we receive; libre has not turned it round */
static enum sdp_dir ext_dir(const struct sdp_extmap *ext)
{
	if (!ext->dir_set || ext->dir == SDP_SENDRECV)
		return SDP_SENDRECV;
	if (ext->dir == SDP_SENDONLY)
		return SDP_RECVONLY;

	return ext->dir == SDP_RECVONLY ? SDP_SENDONLY : SDP_INACTIVE;
}

static bool ext_handler(const char *name, const char *value, void *arg)
{
	struct ext_reader *r = arg;
	struct rtc_line *ln = r->ln;
	struct sdp_extmap ext;
	uint8_t *idp;
	size_t i;
	(void)name;

	if (!value || sdp_extmap_decode(&ext, value) || !ext.id ||
	    ext.id > 255 || ext.id == 15)
		return false;

	if (!pl_strcmp(&ext.name, chromium_uri))
		r->o->chromium = true;

	for (i = 0; i < ARRAY_SIZE(knownv); i++)
		if (!pl_strcmp(&ext.name, knownv[i].uri))
			break;
	if (i == ARRAY_SIZE(knownv) || ext_dir(&ext) == SDP_INACTIVE ||
	    !(ln->role == ROLE_AUDIO ? knownv[i].audio : knownv[i].video) ||
	    ln->extc == RTC_EXTS_MAX)
		return false;

	idp = (uint8_t *)&ln->tm + knownv[i].off;
	if (*idp)
		return false;
	*idp = (uint8_t)ext.id;
	ln->extv[ln->extc++] = (struct rtc_ext){
		.id = (uint8_t)ext.id, .uri = knownv[i].uri,
		.twcc = knownv[i].off == offsetof(struct ticket_media,
						  ext_twcc),
		.dir = ext_dir(&ext),
	};

	return false;
}

/** Codecs, of a rid's restriction "pt=96,97;max-width=…": one of ours? */
static bool rid_pt_ok(const struct ticket_media *tm, struct pl params)
{
	struct pl list, pt;

	if (re_regex(params.p, params.l, "pt=[0-9,]+", &list))
		return true;

	while (list.l) {
		const char *comma = pl_strchr(&list, ',');
		uint32_t n;
		unsigned i;

		pt = list;
		pt.l = comma ? (size_t)(comma - list.p) : list.l;
		pl_advance(&list, comma ? pt.l + 1 : pt.l);
		if (!sdp_number(&pt, 127, &n))
			continue;
		for (i = 0; i < tm->fmtc; i++)
			if (tm->fmtv[i].pt == n)
				return true;
	}

	return false;
}

struct rid_reader {
	const struct ticket_media *tm;
	const struct pl *rid;
	bool good;
};

static bool rid_handler(const char *name, const char *value, void *arg)
{
	struct rid_reader *r = arg;
	struct pl rest, rid, dir;
	(void)name;

	if (!value)
		return false;

	pl_set_str(&rest, value);
	if (!sdp_word(&rest, &rid) || !sdp_word(&rest, &dir) ||
	    pl_strcmp(&dir, "send") || pl_cmp(&rid, r->rid))
		return false;

	r->good = rid_pt_ok(r->tm, rest);

	return true;
}

static void rid_add(struct rtc_line *ln, struct pl alt)
{
	struct rid_reader r = {.tm = &ln->tm, .rid = &alt};
	const char *comma = pl_strchr(&alt, ',');
	unsigned i;

	if (comma)                        /* alternatives: the first      */
		alt.l = comma - alt.p;
	if (alt.l && *alt.p == '~')       /* paused at the start          */
		pl_advance(&alt, 1);
	if (!rtc_rid_ok(&alt) || alt.l >= TICKET_ID_MAX ||
	    ln->tm.ridc == TICKET_RIDS_MAX)
		return;

	(void)sdp_media_rattr_apply(ln->m, "rid", rid_handler, &r);
	for (i = 0; i < ln->tm.ridc; i++)
		if (!pl_strcmp(&alt, ln->tm.ridv[i]))
			return;
	if (r.good)
		(void)pl_strcpy(&alt, ln->tm.ridv[ln->tm.ridc++],
				TICKET_ID_MAX);
}

/** RFC 8853: the layers the peer sends; of no use without their names in
 *  the packets. */
static void simulcast_read(struct rtc_line *ln)
{
	const char *val = sdp_media_rattr(ln->m, "simulcast");
	struct pl rest, dir, list;

	if (!val || !(ln->dir & SDP_RECVONLY) || !ln->tm.ext_rid ||
	    !ln->tm.ext_mid)
		return;

	pl_set_str(&rest, val);
	while (sdp_word(&rest, &dir) && sdp_word(&rest, &list)) {
		if (pl_strcmp(&dir, "send"))
			continue;
		while (list.l) {
			const char *semi = pl_strchr(&list, ';');
			struct pl alt = list;

			alt.l = semi ? (size_t)(semi - list.p) : list.l;
			pl_advance(&list, semi ? alt.l + 1 : alt.l);
			rid_add(ln, alt);
		}
	}
}

static void fb_read(struct rtc_line *ln)
{
	struct ticket_media *tm = &ln->tm;
	unsigned i;

	sdp_fb_read(&ln->fb, ln->m, tm->fmtv[0].pt);
	tm->fb_nack  = ln->fb.nack;
	tm->fb_pli   = ln->fb.pli;
	tm->fb_fir   = ln->fb.fir;
	tm->fb_tmmbr = ln->fb.tmmbr;
	tm->rtcp_mux = true;
	tm->rtcp_rsize = sdp_media_rattr(ln->m, "rtcp-rsize") != NULL;

	for (i = 0; i < tm->fmtc && !tm->fb_nack; i++)
		tm->fmtv[i].rtx_pt = 0;
}

static enum sdp_dir allowed(const struct rtc_offer *o, enum rtc_role role)
{
	if (role == ROLE_SLIDES || o->cfg->kind == RTC_WHIP)
		return SDP_RECVONLY;

	return o->cfg->kind == RTC_WHEP ? SDP_SENDONLY : SDP_SENDRECV;
}

static bool proto_ok(const char *proto)
{
	static const char *const protov[] = {
		"UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "RTP/SAVPF",
		"TCP/DTLS/RTP/SAVPF",     /* JSEP: no different           */
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(protov); i++)
		if (!str_casecmp(proto, protov[i]))
			return true;

	return false;
}

static bool is_slides(const struct rtc_offer *o, const struct sdp_media *m)
{
	const char *content = sdp_media_rattr(m, "content");

	return o->cfg->kind == RTC_SESSION && content &&
		strstr(content, "slides");
}

static bool role_taken(const struct rtc_offer *o, enum rtc_role role)
{
	unsigned i;

	for (i = 0; i < o->last->linec; i++)
		if (o->last->rolev[i] == role)
			return true;
	for (i = 0; i < o->linec; i++)
		if (o->linev[i].role == role)
			return true;

	return false;
}

static enum rtc_role role_of(const struct rtc_offer *o,
			     const struct sdp_media *m)
{
	const bool audio = !str_cmp(sdp_media_name(m), "audio");
	const bool video = !str_cmp(sdp_media_name(m), "video");
	enum rtc_role role = ROLE_NONE;

	if (o->linec < o->last->linec)
		role = o->last->rolev[o->linec];
	if (role != ROLE_NONE)
		return (role == ROLE_AUDIO ? audio : video) ? role :
			ROLE_NONE;

	if (audio)
		role = ROLE_AUDIO;
	else if (video)
		role = is_slides(o, m) ? ROLE_SLIDES : ROLE_VIDEO;

	if (role == ROLE_VIDEO && role_taken(o, role) &&
	    o->cfg->kind == RTC_SESSION)
		role = ROLE_SLIDES;

	return role_taken(o, role) ? ROLE_NONE : role;
}

/** The direction from what both want; false: nothing of use. */
static bool dir_read(struct rtc_offer *o, struct rtc_line *ln)
{
	static const char *const wantv[] = {
		[RTC_WHIP] = "sendonly or sendrecv",
		[RTC_WHEP] = "recvonly or sendrecv",
	};
	const enum sdp_dir peer = sdp_media_rdir(ln->m);

	ln->dir = peer & allowed(o, ln->role);
	if (peer && !ln->dir && o->cfg->kind != RTC_SESSION)
		return rtc_refuse(o, ln->no, "want %s here",
				  wantv[o->cfg->kind]);

	return true;
}

static bool line_fits(struct rtc_offer *o, struct rtc_line *ln)
{
	const struct sdp_media *m = ln->m;
	const bool off = !sdp_media_rport(m) &&
		!sdp_media_rattr(m, "bundle-only");

	if (off)
		return false;
	o->wanted |= !str_cmp(sdp_media_name(m), "audio") ||
		!str_cmp(sdp_media_name(m), "video");

	if (ln->role == ROLE_NONE)
		return rtc_refuse(o, ln->no, "no use for this m= line");
	if (!proto_ok(sdp_media_proto(m)))
		return rtc_refuse(o, ln->no, "not UDP/TLS/RTP/SAVPF");
	if (!sdp_media_rattr(m, "rtcp-mux"))
		return rtc_refuse(o, ln->no, "rtcp-mux is required");
	if (o->group && !rtc_in_group(o, ln->mid))
		return rtc_refuse(o, ln->no, "not in the BUNDLE group");
	if (!dir_read(o, ln))
		return false;
	if (!rtc_fmts_pick(ln, &ln->dir) ||
	    (o->cfg->kind == RTC_WHEP && !ticket_tx(&ln->tm)))
		return rtc_refuse(o, ln->no, "no common codec");

	return true;
}

static void line_read(struct rtc_offer *o, struct rtc_line *ln)
{
	struct ext_reader er = {ln, o};
	struct ticket_media *tm = &ln->tm;
	const char *mid = sdp_media_rattr(ln->m, "mid");

	if (mid)
		str_ncpy(ln->mid, mid, sizeof(ln->mid));
	ln->on = line_fits(o, ln);
	tm->on = ln->on;
	if (!ln->on)
		return;

	(void)sdp_media_rattr_apply(ln->m, "extmap", ext_handler, &er);
	fb_read(ln);
	simulcast_read(ln);
	tm->send = ln->dir & SDP_SENDONLY;
	tm->recv = ln->dir & SDP_RECVONLY;
	tm->ptime_ms = sdp_ptime_read(ln->m);
	tm->max_kbps = sdp_kbps_read(ln->m);
	str_ncpy(tm->mid, ln->mid, sizeof(tm->mid));
	if (sdp_media_rattr(ln->m, "extmap-allow-mixed"))
		o->mixed = true;
}

static bool twcc_ok(const struct rtc_line *ln)
{
	return ln->fb.twcc && ln->tm.ext_twcc;
}

/** One way of congestion control for the whole transport: by transport-wide
 *  numbers if all pictures (or, without any, the sound) can; else REMB. */
static void feedback_choose(struct rtc_offer *o)
{
	bool all = true, any = false, video = false;
	unsigned i, j;

	for (i = 0; i < o->linec; i++)
		video |= o->linev[i].on && o->linev[i].role != ROLE_AUDIO;

	for (i = 0; i < o->linec; i++) {
		const struct rtc_line *ln = &o->linev[i];

		if (!ln->on || (video && ln->role == ROLE_AUDIO))
			continue;
		all &= twcc_ok(ln);
		any = true;
	}
	o->twcc = any && all;

	for (i = 0; i < o->linec; i++) {
		struct rtc_line *ln = &o->linev[i];

		ln->tm.fb_twcc = ln->on && o->twcc && twcc_ok(ln);
		ln->tm.fb_remb = ln->on && !o->twcc && ln->fb.remb;
		if (ln->tm.fb_twcc)
			continue;
		ln->tm.ext_twcc = 0;
		for (j = 0; j < ln->extc; j++)
			if (ln->extv[j].twcc)
				ln->extv[j].uri = NULL;
	}
}

static void bandwidth_read(struct rtc_offer *o)
{
	struct ticket_media none = {0}, *am = &none, *vm = &none;
	unsigned i;

	for (i = 0; i < o->linec; i++) {
		if (o->linev[i].on && o->linev[i].role == ROLE_AUDIO)
			am = &o->linev[i].tm;
		if (o->linev[i].on && o->linev[i].role == ROLE_VIDEO)
			vm = &o->linev[i].tm;
	}

	sdp_bandwidth_read(am, vm, o->sess);
}

int rtc_lines_read(struct rtc_offer *o)
{
	struct le *le;

	if (o->scan.mediac < o->last->linec)
		return rtc_bad(o, EBADMSG, 0, "%u m= lines, there were %u",
			       o->scan.mediac, o->last->linec);

	for (le = list_head(sdp_session_medial(o->sess, false));
	     le && o->linec < SDP_MEDIA_MAX; le = le->next) {
		struct rtc_line *ln = &o->linev[o->linec];

		ln->m    = le->data;
		ln->no   = o->scan.linev[o->linec];
		ln->tm.ptime_ms = SDP_PTIME_MS;
		sa_init(&ln->tm.raddr, AF_UNSPEC);
		sa_init(&ln->tm.raddr_rtcp, AF_UNSPEC);
		ln->role = role_of(o, ln->m);
		line_read(o, ln);
		++o->linec;
	}

	feedback_choose(o);
	bandwidth_read(o);

	return 0;
}
