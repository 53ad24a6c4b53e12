/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * media/rtc_sdp_write.c -- the answer's text
 *
 * No a=ssrc: a new mixer sends with new SSRCs, and browsers follow by MID
 * only if none was announced.
 */
#include <string.h>

#include <re.h>

#include "media/rtc_sdp_priv.h"

enum {
	START_KBPS  = 2000,       /* Chromium begins with 300 otherwise   */
	CAMERA_FS   = 3600,       /* 1280x720 in macroblocks              */
	SLIDES_FS   = 8160,       /* 1920x1080                            */
	PARAMS_MAX  = 512,
};

static void opus_params(char *buf, size_t size, const struct ticket_fmt *f,
			const char *offered)
{
	struct pl pl, val;
	bool sprop = false;

	if (offered) {
		pl_set_str(&pl, offered);
		sprop = fmt_param_get(&pl, "sprop-stereo", &val) &&
			!pl_strcmp(&val, "1");
	}

	(void)re_snprintf(buf, size, "minptime=10;useinbandfec=1%s%s%s",
			  f->stereo || sprop ? ";stereo=1" : "",
			  f->stereo ? ";sprop-stereo=1" : "",
			  f->dtx ? ";usedtx=1" : "");
}

static int fmt_params(char *buf, size_t size, const struct rtc_line *ln,
		      struct ticket_fmt *f)
{
	const char *offered = rtc_params(ln->m, f->pt);

	*buf = '\0';

	switch (f->codec) {

	case CODEC_OPUS:
		opus_params(buf, size, f, offered);
		break;
	case CODEC_TELEV:
		str_ncpy(buf, "0-15", size);
		break;
	case CODEC_H264:
		return sdp_h264_params(buf, size, f, ln->m);
	case CODEC_VP8:
		(void)re_snprintf(buf, size, "max-fs=%u;max-fr=30",
				  ln->role == ROLE_SLIDES ? SLIDES_FS :
				  CAMERA_FS);
		break;
	case CODEC_RED:
	case CODEC_VP9:
	case CODEC_AV1:
	case CODEC_H265:
		/* the profile that was offered, in the offerer's words */
		if (offered && strlen(offered) < size)
			str_ncpy(buf, offered, size);
		break;
	default:
		break;
	}

	return 0;
}

/** What Chromium begins to send with, or 0. */
static unsigned start_kbps(const struct rtc_offer *o,
			   const struct rtc_line *ln)
{
	unsigned kbps = START_KBPS;

	if (!o->chromium || !ln->tm.recv || ln->role == ROLE_AUDIO)
		return 0;
	if (ln->tm.max_kbps && ln->tm.max_kbps < kbps)
		kbps = ln->tm.max_kbps;

	return kbps;
}

static int fb_write(struct mbuf *mb, const struct rtc_line *ln, unsigned pt)
{
	const struct ticket_media *tm = &ln->tm;
	size_t i;
	int err = 0;

	const struct { bool on; const char *what; } fbv[] = {
		{tm->fb_remb,  "goog-remb"},
		{tm->fb_twcc,  "transport-cc"},
		{tm->fb_fir,   "ccm fir"},
		{tm->fb_nack,  "nack"},
		{tm->fb_pli,   "nack pli"},
		{tm->fb_tmmbr, "ccm tmmbr"},
	};

	for (i = 0; i < ARRAY_SIZE(fbv) && !err; i++)
		if (fbv[i].on)
			err = mbuf_printf(mb, "a=rtcp-fb:%u %s\r\n", pt,
					  fbv[i].what);

	return err;
}

static int fmt_write(struct mbuf *mb, const struct rtc_offer *o,
		     const struct rtc_line *ln, struct ticket_fmt *f)
{
	const struct sdp_format *rf = sdp_media_format(ln->m, false, NULL,
						       f->pt, NULL, -1, -1);
	unsigned start = codec_is_video(f->codec) ? start_kbps(o, ln) : 0;
	char params[PARAMS_MAX], ch[8] = "";
	const char *name = codec_name(f->codec);
	int err;

	if (rf && rf->name)
		name = rf->name;          /* in the offerer's spelling    */
	else if (f->codec == CODEC_PCMU || f->codec == CODEC_PCMA ||
		 f->codec == CODEC_G722)
		name = f->codec == CODEC_G722 ? "G722" :
			f->codec == CODEC_PCMU ? "PCMU" : "PCMA";
	if (f->channels > 1)
		(void)re_snprintf(ch, sizeof(ch), "/%u", f->channels);

	err = fmt_params(params, sizeof(params), ln, f);
	if (err)
		return err;

	err = mbuf_printf(mb, "a=rtpmap:%u %s/%u%s\r\n", f->pt, name,
			  f->clock_hz, ch);
	if (!err && (*params || start))
		err = mbuf_printf(mb, "a=fmtp:%u %s", f->pt, params);
	if (!err && start)
		err = mbuf_printf(mb, "%sx-google-start-bitrate=%u",
				  *params ? ";" : "", start);
	if (!err && (*params || start))
		err = mbuf_write_str(mb, "\r\n");
	if (!err && f->codec != CODEC_TELEV && f->codec != CODEC_CN)
		err = fb_write(mb, ln, f->pt);
	if (!err && f->rtx_pt)
		err = mbuf_printf(mb, "a=rtpmap:%u rtx/%u\r\n"
				  "a=fmtp:%u apt=%u\r\n", f->rtx_pt,
				  f->clock_hz, f->rtx_pt, f->pt);

	return err;
}

static const char *dir_suffix(enum sdp_dir dir)
{
	if (dir == SDP_RECVONLY)
		return "/recvonly";

	return dir == SDP_SENDONLY ? "/sendonly" : "";
}

static int ext_write(struct mbuf *mb, const struct rtc_line *ln)
{
	unsigned i;
	int err = 0;

	for (i = 0; i < ln->extc && !err; i++) {
		const struct rtc_ext *ext = &ln->extv[i];

		if (ext->uri)
			err = mbuf_printf(mb, "a=extmap:%u%s %s\r\n", ext->id,
					  dir_suffix(ext->dir), ext->uri);
	}

	return err;
}

static int simulcast_write(struct mbuf *mb, const struct rtc_line *ln)
{
	const struct ticket_media *tm = &ln->tm;
	unsigned i;
	int err = 0;

	if (!tm->ridc)
		return 0;

	for (i = 0; i < tm->ridc; i++)
		err |= mbuf_printf(mb, "a=rid:%s recv\r\n", tm->ridv[i]);
	err |= mbuf_write_str(mb, "a=simulcast:recv ");
	for (i = 0; i < tm->ridc; i++)
		err |= mbuf_printf(mb, "%s%s", i ? ";" : "", tm->ridv[i]);

	return err | mbuf_write_str(mb, "\r\n");
}

/** RFC 8445 5.1.2: as if all were of one interface in this order. */
int rtc_cands_write(struct mbuf *mb, const struct rtc_sdp_cfg *cfg)
{
	unsigned i;
	int err = 0;

	for (i = 0; i < cfg->candc && !err; i++)
		err = mbuf_printf(mb, "a=candidate:%u 1 udp %u %j %u typ host"
				  "\r\n", i + 1,
				  (126u << 24) + ((65535u - i) << 8) + 255,
				  &cfg->candv[i], sa_port(&cfg->candv[i]));

	return err ? err : mbuf_write_str(mb, "a=end-of-candidates\r\n");
}

static int transport_write(struct mbuf *mb, const struct ticket_rtc *rtc,
			   const uint8_t *fingerprint)
{
	unsigned i;
	int err;

	err = mbuf_printf(mb, "a=rtcp-mux\r\na=ice-ufrag:%s\r\na=ice-pwd:%s"
			  "\r\na=setup:%s\r\na=fingerprint:sha-256 ",
			  rtc->lufrag, rtc->lpwd,
			  rtc->active ? "active" : "passive");
	for (i = 0; i < 32 && !err; i++)
		err = mbuf_printf(mb, "%s%02X", i ? ":" : "", fingerprint[i]);

	return err ? err : mbuf_write_str(mb, "\r\n");
}

/** Port 0, in words that both browsers take (Firefox wants to see its
 *  data channel again). */
static int refused_write(struct mbuf *mb, const struct rtc_line *ln)
{
	const struct list *fmtl = sdp_media_format_lst(ln->m, false);
	const struct sdp_format *f = list_ledata(list_head(fmtl));
	int err;

	err = mbuf_printf(mb, "m=%s 0 %s %s\r\na=inactive\r\n",
			  sdp_media_name(ln->m), sdp_media_proto(ln->m),
			  f ? f->id : "0");
	if (!err && *ln->mid)
		err = mbuf_printf(mb, "a=mid:%s\r\n", ln->mid);

	return err;
}

static int line_write(struct mbuf *mb, struct rtc_offer *o,
		      struct rtc_line *ln, const struct ticket_rtc *rtc,
		      bool first)
{
	static const char *const namev[] = {"", "audio", "video", "slides"};
	struct ticket_media *tm = &ln->tm;
	unsigned i;
	int err;

	if (!ln->on)
		return refused_write(mb, ln);

	err = mbuf_printf(mb, "m=%s %u %s", sdp_media_name(ln->m),
			  sa_port(&o->cfg->candv[0]), sdp_media_proto(ln->m));
	for (i = 0; i < tm->fmtc; i++) {
		err |= mbuf_printf(mb, " %u", tm->fmtv[i].pt);
		if (tm->fmtv[i].rtx_pt)
			err |= mbuf_printf(mb, " %u", tm->fmtv[i].rtx_pt);
	}
	err |= mbuf_write_str(mb, "\r\n");
	if (*ln->mid)
		err |= mbuf_printf(mb, "a=mid:%s\r\n", ln->mid);
	err |= mbuf_printf(mb, "a=%s\r\n", sdp_dir_name(ln->dir));
	err |= transport_write(mb, rtc, o->cfg->fingerprint);
	if (tm->rtcp_rsize)
		err |= mbuf_write_str(mb, "a=rtcp-rsize\r\n");
	err |= ext_write(mb, ln);
	if (tm->send)
		err |= mbuf_printf(mb, "a=msid:tutti tutti-%s\r\n",
				   namev[ln->role]);
	for (i = 0; i < tm->fmtc && !err; i++)
		err = fmt_write(mb, o, ln, &tm->fmtv[i]);
	if (ln->role == ROLE_AUDIO)
		err |= mbuf_printf(mb, "a=ptime:%u\r\n", SDP_PTIME_MS);
	err |= simulcast_write(mb, ln);
	if (first)
		err |= rtc_cands_write(mb, o->cfg);

	return err;
}

int rtc_answer_write(struct mbuf *mb, struct rtc_offer *o,
		     const struct ticket_rtc *rtc)
{
	const struct sa *addr = &o->cfg->candv[0];
	const char *sep = "a=group:BUNDLE ";
	bool first = true;
	unsigned i;
	int err;

	err = mbuf_printf(mb, "s=-\r\nc=IN IP%u %j\r\nt=0 0\r\na=ice-lite\r\n"
			  "%sa=msid-semantic: WMS *\r\n",
			  sa_af(addr) == AF_INET6 ? 6 : 4, addr,
			  o->mixed ? "a=extmap-allow-mixed\r\n" : "");
	for (i = 0; i < o->linec && o->group; i++) {
		if (!o->linev[i].on)
			continue;
		err |= mbuf_printf(mb, "%s%s", sep, o->linev[i].mid);
		sep = " ";
	}
	if (sep[0] == ' ')
		err |= mbuf_write_str(mb, "\r\n");

	for (i = 0; i < o->linec && !err; i++) {
		struct rtc_line *ln = &o->linev[i];

		err = line_write(mb, o, ln, rtc, first && ln->on);
		first = first && !ln->on;
	}

	return err;
}
