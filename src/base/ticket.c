/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/ticket.c -- the leg ticket as JSON; see ticket.h
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/json.h"
#include "base/ticket.h"


static const char *const namev[] = {
	[CODEC_NONE]  = "none",
	[CODEC_PCMU]  = "pcmu",
	[CODEC_PCMA]  = "pcma",
	[CODEC_G722]  = "g722",
	[CODEC_OPUS]  = "opus",
	[CODEC_TELEV] = "telephone-event",
	[CODEC_CN]    = "cn",
	[CODEC_H264]  = "h264",
	[CODEC_VP8]   = "vp8",
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
	return codec == CODEC_H264 || codec == CODEC_VP8;
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
}


const struct ticket_fmt *ticket_tx(const struct ticket_media *m)
{
	unsigned i;

	for (i = 0; m && m->on && i < m->fmtc; i++)
		if (codec_is_audio(m->fmtv[i].codec) ||
		    codec_is_video(m->fmtv[i].codec))
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


/*
 * One table for both directions: a member that is in it is written and
 * read, so the two cannot differ.
 */
enum member_type { M_BOOL, M_U8, M_U16, M_U32, M_INT, M_SA, M_CODEC };

struct member {
	const char *name;
	enum member_type type;
	size_t off;
};

#define FMT(n, t)   {#n, t, offsetof(struct ticket_fmt, n)}
#define MEDIA(n, t) {#n, t, offsetof(struct ticket_media, n)}

static const struct member fmt_memberv[] = {
	FMT(codec, M_CODEC),    FMT(pt, M_U8),           FMT(tx_pt, M_U8),
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
	MEDIA(ext_level, M_U8),
};


static json_t *member_encode(const struct member *mb, const void *base)
{
	const char *p = (const char *)base + mb->off;
	char addr[80];

	switch (mb->type) {

	case M_BOOL:  return json_boolean(*(const bool *)p);
	case M_U8:    return json_integer(*(const uint8_t *)p);
	case M_U16:   return json_integer(*(const uint16_t *)p);
	case M_U32:   return json_integer(*(const uint32_t *)p);
	case M_INT:   return json_integer(*(const int *)p);
	case M_CODEC:
		return json_string(codec_name(*(const enum ticket_codec *)p));
	case M_SA:
		if (!sa_isset((const struct sa *)p, SA_ADDR))
			return json_null();
		re_snprintf(addr, sizeof(addr), "%J", p);
		return json_string(addr);
	}

	return NULL;
}


static int number_decode(const struct member *mb, char *p, const json_t *val)
{
	json_int_t n;

	if (!json_is_integer(val))
		return EBADMSG;
	n = json_integer_value(val);

	switch (mb->type) {

	case M_U8:
		if (n < 0 || n > UINT8_MAX)
			return EBADMSG;
		*(uint8_t *)p = (uint8_t)n;
		return 0;
	case M_U16:
		if (n < 0 || n > UINT16_MAX)
			return EBADMSG;
		*(uint16_t *)p = (uint16_t)n;
		return 0;
	case M_U32:
		if (n < 0 || n > UINT32_MAX)
			return EBADMSG;
		*(uint32_t *)p = (uint32_t)n;
		return 0;
	case M_INT:
		if (n < -1 || n > INT16_MAX)
			return EBADMSG;
		*(int *)p = (int)n;
		return 0;
	default:
		return EBADMSG;
	}
}


static int member_decode(const struct member *mb, void *base,
			 const json_t *val)
{
	char *p = (char *)base + mb->off;
	enum ticket_codec codec;
	const char *str;

	switch (mb->type) {

	case M_BOOL:
		if (!json_is_boolean(val))
			return EBADMSG;
		*(bool *)p = json_is_true(val);
		return 0;

	case M_CODEC:
		codec = codec_find(json_string_value(val));
		if (codec == CODEC_NONE)
			return EBADMSG;
		*(enum ticket_codec *)p = codec;
		return 0;

	case M_SA:
		if (json_is_null(val)) {
			sa_init((struct sa *)p, AF_UNSPEC);
			return 0;
		}
		str = json_string_value(val);
		return str && !sa_decode((struct sa *)p, str, strlen(str)) ?
			0 : EBADMSG;

	default:
		return number_decode(mb, p, val);
	}
}


static int table_encode(json_t *obj, const struct member *mbv, size_t mbc,
			const void *base)
{
	size_t i;

	for (i = 0; i < mbc; i++)
		if (json_object_set_new(obj, mbv[i].name,
					member_encode(&mbv[i], base)))
			return ENOMEM;

	return 0;
}


/* An absent member keeps its initial value: older peers send fewer. */
static int table_decode(void *base, const struct member *mbv, size_t mbc,
			const json_t *obj, const char *where, char *errbuf,
			size_t errsz)
{
	size_t i;

	if (!json_is_object(obj)) {
		re_snprintf(errbuf, errsz, "%s: not an object", where);
		return EBADMSG;
	}
	for (i = 0; i < mbc; i++) {
		const json_t *val = json_object_get(obj, mbv[i].name);

		if (val && member_decode(&mbv[i], base, val)) {
			re_snprintf(errbuf, errsz, "%s.%s: bad value", where,
				    mbv[i].name);
			return EBADMSG;
		}
	}

	return 0;
}


static json_t *media_encode(const struct ticket_media *m)
{
	json_t *obj = json_object(), *fmtl = json_array();
	unsigned i;
	int err;

	err = table_encode(obj, media_memberv, ARRAY_SIZE(media_memberv),
			   m);
	for (i = 0; !err && i < m->fmtc; i++) {
		json_t *fmt = json_object();

		err = table_encode(fmt, fmt_memberv,
				   ARRAY_SIZE(fmt_memberv), &m->fmtv[i]);
		err |= json_array_append_new(fmtl, fmt) ? ENOMEM : 0;
	}
	err |= json_object_set_new(obj, "fmt", fmtl) ? ENOMEM : 0;
	if (err) {
		json_decref(obj);
		return NULL;
	}

	return obj;
}


json_t *ticket_encode(const struct ticket *t)
{
	json_t *obj;

	if (!t)
		return NULL;

	obj = json_pack("{s:I, s:s, s:b, s:b, s:b}",
			"id", (json_int_t)t->id, "name", t->name,
			"muted", t->muted, "video_muted", t->video_muted,
			"source", t->source);
	if (!obj)
		return NULL;
	if (json_object_set_new(obj, "audio", media_encode(&t->audio)) ||
	    json_object_set_new(obj, "video", media_encode(&t->video))) {
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


static int media_decode(struct ticket_media *m, const json_t *obj, bool audio,
			char *errbuf, size_t errsz)
{
	const char *where = audio ? "audio" : "video";
	const json_t *fmtl;
	size_t i;
	int err;

	err = table_decode(m, media_memberv, ARRAY_SIZE(media_memberv),
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
		err = table_decode(&m->fmtv[i], fmt_memberv,
				   ARRAY_SIZE(fmt_memberv),
				   json_array_get(fmtl, i), at, errbuf, errsz);
		if (err)
			return err;
	}
	m->fmtc = (unsigned)json_array_size(fmtl);

	return media_check(m, audio, where, errbuf, errsz);
}


int ticket_decode(struct ticket *t, const json_t *obj, char *errbuf,
		  size_t errsz)
{
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
	if (json_strcpy(obj, "name", t->name, sizeof(t->name))) {
		re_snprintf(errbuf, errsz, "name: want at most %d bytes",
			    TICKET_NAME_MAX - 1);
		return EBADMSG;
	}
	(void)json_flag(obj, "muted", &t->muted);
	(void)json_flag(obj, "video_muted", &t->video_muted);
	(void)json_flag(obj, "source", &t->source);

	err = media_decode(&t->audio, json_object_get(obj, "audio"), true,
			   errbuf, errsz);
	if (err)
		return err;

	return media_decode(&t->video, json_object_get(obj, "video"), false,
			    errbuf, errsz);
}
