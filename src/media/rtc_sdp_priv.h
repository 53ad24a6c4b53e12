/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * media/rtc_sdp_priv.h -- what the files of media/rtc_sdp*.c share
 *
 *	rtc_sdp_check.c   attributes of the offer, each with its line
 *	rtc_sdp_fmt.c     which codecs, with their RTX
 *	rtc_sdp_read.c    m-lines: what is taken, and everything about it
 *	rtc_sdp_write.c   the answer's text
 *	rtc_sdp_frag.c    trickled candidates and ICE restarts
 *	rtc_sdp.c         the session: state over offers, transport, tickets
 *
 * libre decodes; the text is our own: for m-lines that share a transport,
 * rejected data channels and formats in our order libre's printing would
 * have to be mended afterwards (shared/webrtc.md had eight rules for it).
 *
 * Threads: loop.
 */
#ifndef TUTTI_MEDIA_RTC_SDP_PRIV_H
#define TUTTI_MEDIA_RTC_SDP_PRIV_H

#include <re.h>

#include "base/ticket.h"
#include "media/rtc_sdp.h"
#include "media/sdp_priv.h"

enum rtc_role { ROLE_NONE, ROLE_AUDIO, ROLE_VIDEO, ROLE_SLIDES };

enum { RTC_EXTS_MAX = 16 };       /* answered in one m-line               */

/** A header extension of the answer */
struct rtc_ext {
	uint8_t id;
	const char *uri;          /* of our table                         */
	bool twcc;
	enum sdp_dir dir;         /* ours; SDP_SENDRECV: not written      */
};

/** An m-line of the offer being answered */
struct rtc_line {
	const struct sdp_media *m;
	unsigned no;              /* its line in the body                 */
	enum rtc_role role;       /* what it is for, taken or not         */
	bool on;                  /* taken                                */
	char mid[TICKET_ID_MAX];
	struct ticket_media tm;
	enum sdp_dir dir;         /* ours                                 */
	struct rtc_ext extv[RTC_EXTS_MAX];
	unsigned extc;
	struct sdp_fb fb;         /* offered, for the first format        */
	bool level_own;           /* of H.264: asymmetry                  */
};

/** What an offer came to; kept when it was answered */
struct rtc_agreed {
	enum rtc_role rolev[SDP_MEDIA_MAX];
	unsigned linec;
	struct ticket_media audio, video, slides;
	struct ticket_rtc rtc;    /* ICE, setup, fingerprint              */
	bool any;
};

struct rtc_sdp {
	struct rtc_sdp_cfg cfg;
	uint32_t id, version;
	char *last;               /* our last answer, behind the o= line  */
	struct rtc_agreed now;
};

/** Everything during one offer */
struct rtc_offer {
	const struct rtc_sdp_cfg *cfg;
	const struct rtc_agreed *last;    /* agreed before                */
	struct sdp_session *sess;
	struct sdp_scan scan;
	struct rtc_line linev[SDP_MEDIA_MAX];
	unsigned linec;
	const char *group;        /* the mids behind BUNDLE, or NULL      */
	bool wanted;              /* it has m-lines that are not off      */
	bool twcc;                /* congestion control of all media      */
	bool mixed;               /* a=extmap-allow-mixed                 */
	bool chromium;
	char *errbuf;
	size_t errsz;
	bool said;                /* errbuf has the first reason          */
};

/** sdp_attr_check_h; arg: struct rtc_mids, zeroed */
struct rtc_mids {
	char midv[SDP_MEDIA_MAX][TICKET_ID_MAX];
};
const char *rtc_attr_check(const struct pl *name, const struct pl *val,
			   unsigned media, void *arg);
bool rtc_rid_ok(const struct pl *rid);

/** Chooses among the offered formats into ln->tm; false: none in common.
 *  dir: ours, and with receive-only codecs alone SDP_RECVONLY. */
bool rtc_fmts_pick(struct rtc_line *ln, enum sdp_dir *dir);

/** Offered parameters of a payload type, or NULL. */
const char *rtc_params(const struct sdp_media *m, unsigned pt);

/** The first reason why an m-line was not taken; returns false. */
bool rtc_refuse(struct rtc_offer *o, unsigned line, const char *fmt, ...);
int  rtc_bad(struct rtc_offer *o, int err, unsigned line,
	     const char *fmt, ...);

/** Looks at every m-line: fills linev. */
int  rtc_lines_read(struct rtc_offer *o);

/** Is mid in the BUNDLE group? */
bool rtc_in_group(const struct rtc_offer *o, const char *mid);

int  rtc_cands_write(struct mbuf *mb, const struct rtc_sdp_cfg *cfg);

/** The answer from its s= line on; H.264 levels in tm may come down. */
int  rtc_answer_write(struct mbuf *mb, struct rtc_offer *o,
		      const struct ticket_rtc *rtc);

#endif
