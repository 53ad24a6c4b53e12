/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/ticket.c -- the leg ticket as JSON; see ticket.h
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/json.h"
#include "base/ticket_priv.h"


static const char *const namev[] = {
	[CODEC_NONE]  = "none",
	[CODEC_PCMU]  = "pcmu",
	[CODEC_PCMA]  = "pcma",
	[CODEC_G722]  = "g722",
	[CODEC_OPUS]  = "opus",
	[CODEC_TELEV] = "telephone-event",
	[CODEC_CN]    = "cn",
	[CODEC_RED]   = "red",
	[CODEC_H264]  = "h264",
	[CODEC_VP8]   = "vp8",
	[CODEC_VP9]   = "vp9",
	[CODEC_AV1]   = "av1",
	[CODEC_H265]  = "h265",
};


const char *codec_name(enum ticket_codec codec)
{
	return (size_t)codec < ARRAY_SIZE(namev) ? namev[codec] : "none";
}


enum ticket_codec codec_find(const char *name)
{
	size_t i;

	for (i = 1; name && i < ARRAY_SIZE(namev); i++)
		if (!str_casecmp(namev[i], name))
			return (enum ticket_codec)i;

	return CODEC_NONE;
}


bool codec_is_audio(enum ticket_codec codec)
{
	return codec >= CODEC_PCMU && codec <= CODEC_OPUS;
}


bool codec_is_video(enum ticket_codec codec)
{
	return codec >= CODEC_H264 && codec <= CODEC_H265;
}


static void media_init(struct ticket_media *m)
{
	m->rtp_fd  = -1;
	m->rtcp_fd = -1;
	sa_init(&m->raddr, AF_UNSPEC);
	sa_init(&m->raddr_rtcp, AF_UNSPEC);
	sa_init(&m->latched, AF_UNSPEC);
}


void ticket_init(struct ticket *t, uint32_t id)
{
	memset(t, 0, sizeof(*t));
	t->id = id;
	media_init(&t->audio);
	media_init(&t->video);
	media_init(&t->slides);
	sa_init(&t->rtc.peer, AF_UNSPEC);
}


size_t ticket_srtp_len(enum ticket_srtp srtp)
{
	switch (srtp) {

	case SRTP_GCM_128: return 28;
	case SRTP_CM_80:   return 30;
	default:           return 0;
	}
}


const struct ticket_fmt *ticket_tx(const struct ticket_media *m)
{
	unsigned i;

	for (i = 0; m && m->on && i < m->fmtc; i++)
		if (!m->fmtv[i].rx_only &&
		    (codec_is_audio(m->fmtv[i].codec) ||
		     codec_is_video(m->fmtv[i].codec)))
			return &m->fmtv[i];

	return NULL;
}


const struct ticket_fmt *ticket_find(const struct ticket_media *m,
				     enum ticket_codec codec)
{
	unsigned i;

	for (i = 0; m && i < m->fmtc; i++)
		if (m->fmtv[i].codec == codec)
			return &m->fmtv[i];

	return NULL;
}


#define FMT(n, t)   {#n, t, offsetof(struct ticket_fmt, n), 0}
#define MEDIA(n, t) {#n, t, offsetof(struct ticket_media, n), 0}
#define TICKET(n, t) {#n, t, offsetof(struct ticket, n), 0}

static const struct member fmt_memberv[] = {
	FMT(codec, M_CODEC),    FMT(pt, M_U8),           FMT(tx_pt, M_U8),
	FMT(rtx_pt, M_U8),      FMT(rx_only, M_BOOL),
	FMT(clock_hz, M_U32),   FMT(channels, M_U8),
	FMT(fec, M_BOOL),       FMT(dtx, M_BOOL),        FMT(stereo, M_BOOL),
	FMT(cbr, M_BOOL),       FMT(max_bitrate, M_U32),
	FMT(max_playback_hz, M_U32),
	FMT(pkt_mode, M_U8),    FMT(profile_idc, M_U8),
	FMT(profile_iop, M_U8), FMT(level_idc, M_U8),
	FMT(max_mbps, M_U32),   FMT(max_br, M_U32),
	FMT(max_fs, M_U32),     FMT(max_fr, M_U32),
};

static const struct member media_memberv[] = {
	MEDIA(on, M_BOOL),      MEDIA(send, M_BOOL),     MEDIA(recv, M_BOOL),
	MEDIA(rtcp_mux, M_BOOL),
	MEDIA(rtp_fd, M_INT),   MEDIA(rtcp_fd, M_INT),
	MEDIA(raddr, M_SA),     MEDIA(raddr_rtcp, M_SA),
	MEDIA(latched, M_SA),   MEDIA(rssrc, M_U32),     MEDIA(rseq, M_U16),
	MEDIA(ptime_ms, M_U32), MEDIA(max_kbps, M_U32),
	MEDIA(fb_pli, M_BOOL),  MEDIA(fb_fir, M_BOOL),
	MEDIA(fb_nack, M_BOOL), MEDIA(fb_tmmbr, M_BOOL),
	MEDIA(fb_remb, M_BOOL), MEDIA(fb_twcc, M_BOOL),
	MEDIA(rtcp_rsize, M_BOOL),
	MEDIA(ext_level, M_U8), MEDIA(ext_mid, M_U8),
	MEDIA(ext_rid, M_U8),   MEDIA(ext_rrid, M_U8),
	MEDIA(ext_twcc, M_U8),  MEDIA(ext_abs_send, M_U8),
	MEDIA(ext_capture, M_U8),
	STR(ticket_media, mid),
};

/* the members of a ticket and of its transport that are plain */
static const struct member ticket_memberv[] = {
	STR(ticket, name),
	TICKET(muted, M_BOOL),  TICKET(video_muted, M_BOOL),
	TICKET(source, M_BOOL), TICKET(watcher, M_BOOL),
	STR(ticket, layout),
	TICKET(max_height, M_U16), TICKET(max_fps, M_U8),
	TICKET(hide_self, M_BOOL),
	TICKET(hand, M_BOOL),   TICKET(host, M_BOOL),
	TICKET(mic_off, M_BOOL),
};

static json_t *media_encode(const struct ticket_media *m)
{
	json_t *obj = json_object(), *fmtl = json_array();
	json_t *ridl = json_array();
	unsigned i;
	int err;

	err = ticket_table_encode(obj, media_memberv, ARRAY_SIZE(media_memberv),
			   m);
	for (i = 0; !err && i < m->fmtc; i++) {
		json_t *fmt = json_object();

		err = ticket_table_encode(fmt, fmt_memberv,
				   ARRAY_SIZE(fmt_memberv), &m->fmtv[i]);
		err |= json_array_append_new(fmtl, fmt) ? ENOMEM : 0;
	}
	err |= json_object_set_new(obj, "fmt", fmtl) ? ENOMEM : 0;
	for (i = 0; !err && i < m->ridc; i++)
		err = json_array_append_new(ridl, json_string(m->ridv[i])) ?
			ENOMEM : 0;
	err |= json_object_set_new(obj, "rid", ridl) ? ENOMEM : 0;
	if (err) {
		json_decref(obj);
		return NULL;
	}

	return obj;
}


json_t *ticket_encode(const struct ticket *t)
{
	json_t *obj;
	int err;

	if (!t)
		return NULL;

	obj = json_pack("{s:I}", "id", (json_int_t)t->id);
	if (!obj)
		return NULL;
	err  = ticket_table_encode(obj, ticket_memberv, ARRAY_SIZE(ticket_memberv),
			    t);
	err |= json_object_set_new(obj, "pins", pins_encode(&t->pins));
	err |= json_object_set_new(obj, "audio", media_encode(&t->audio));
	err |= json_object_set_new(obj, "video", media_encode(&t->video));
	if (t->slides.on)
		err |= json_object_set_new(obj, "slides",
					   media_encode(&t->slides));
	if (t->rtc.on)
		err |= json_object_set_new(obj, "rtc", ticket_rtc_encode(&t->rtc));
	if (err) {
		json_decref(obj);
		return NULL;
	}

	return obj;
}


static int media_check(const struct ticket_media *m, bool audio,
		       const char *where, char *errbuf, size_t errsz)
{
	unsigned i;

	for (i = 0; i < m->fmtc; i++) {
		const struct ticket_fmt *f = &m->fmtv[i];

		if (codec_is_video(f->codec) == audio || f->pt > 127 ||
		    f->tx_pt > 127 || !f->clock_hz) {
			re_snprintf(errbuf, errsz, "%s.fmt[%u]: not possible",
				    where, i);
			return EBADMSG;
		}
	}
	if (audio && m->on && (m->ptime_ms < 10 || m->ptime_ms > 60)) {
		re_snprintf(errbuf, errsz, "%s.ptime_ms: want 10..60", where);
		return EBADMSG;
	}

	return 0;
}


static int rids_decode(struct ticket_media *m, const json_t *ridl,
		       const char *where, char *errbuf, size_t errsz)
{
	size_t i;

	for (i = 0; i < json_array_size(ridl); i++) {
		const char *rid = json_string_value(json_array_get(ridl, i));

		if (i >= TICKET_RIDS_MAX || !rid || !*rid ||
		    strlen(rid) >= TICKET_ID_MAX) {
			re_snprintf(errbuf, errsz, "%s.rid: not possible",
				    where);
			return EBADMSG;
		}
		str_ncpy(m->ridv[i], rid, TICKET_ID_MAX);
	}
	m->ridc = (unsigned)json_array_size(ridl);

	return 0;
}


static int media_decode(struct ticket_media *m, const json_t *obj,
			const char *where, char *errbuf, size_t errsz)
{
	const bool audio = !strcmp(where, "audio");
	const json_t *fmtl;
	size_t i;
	int err;

	err = ticket_table_decode(m, media_memberv, ARRAY_SIZE(media_memberv),
			   obj, where, errbuf, errsz);
	if (err)
		return err;

	fmtl = json_object_get(obj, "fmt");
	if (json_array_size(fmtl) > TICKET_CODECS_MAX) {
		re_snprintf(errbuf, errsz, "%s.fmt: more than %d", where,
			    TICKET_CODECS_MAX);
		return EBADMSG;
	}
	for (i = 0; i < json_array_size(fmtl); i++) {
		char at[32];

		re_snprintf(at, sizeof(at), "%s.fmt[%zu]", where, i);
		err = ticket_table_decode(&m->fmtv[i], fmt_memberv,
				   ARRAY_SIZE(fmt_memberv),
				   json_array_get(fmtl, i), at, errbuf, errsz);
		if (err)
			return err;
	}
	m->fmtc = (unsigned)json_array_size(fmtl);
	err = rids_decode(m, json_object_get(obj, "rid"), where, errbuf,
			  errsz);
	if (err)
		return err;

	return media_check(m, audio, where, errbuf, errsz);
}


int ticket_decode(struct ticket *t, const json_t *obj, char *errbuf,
		  size_t errsz)
{
	const json_t *part;
	uint32_t id = 0;
	int err;

	if (!t || !obj || !errbuf)
		return EINVAL;

	ticket_init(t, 0);
	if (json_u32(obj, "id", &id) || !id) {
		re_snprintf(errbuf, errsz, "id: want a positive number");
		return EBADMSG;
	}
	t->id = id;
	err = ticket_table_decode(t, ticket_memberv, ARRAY_SIZE(ticket_memberv), obj,
			   "ticket", errbuf, errsz);
	if (!err)
		err = media_decode(&t->audio, json_object_get(obj, "audio"),
				   "audio", errbuf, errsz);
	if (!err)
		err = media_decode(&t->video, json_object_get(obj, "video"),
				   "video", errbuf, errsz);
	part = json_object_get(obj, "slides");
	if (!err && part)
		err = media_decode(&t->slides, part, "slides", errbuf, errsz);
	part = json_object_get(obj, "pins");
	if (!err && part && pins_decode(&t->pins, part)) {
		re_snprintf(errbuf, errsz, "pins: want at most %d legs",
			    PINS_MAX);
		err = EBADMSG;
	}
	part = json_object_get(obj, "rtc");
	if (!err && part)
		err = ticket_rtc_decode(t, part, errbuf, errsz);

	return err;
}
