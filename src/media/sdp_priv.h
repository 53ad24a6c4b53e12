/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * media/sdp_priv.h -- what the files of media/sdp*.c share
 *
 *	sdp_check.c   lines in, the lines that libre may see out
 *	sdp_fmt.c     payload types: what we can, what the peer said, fmtp
 *	sdp_read.c    direction, address, bandwidth, ptime, feedback
 *	sdp.c         the session: offers, answers, tickets
 *
 * and what media/rtc_sdp*.c take from them.
 *
 * Threads: loop.
 */
#ifndef TUTTI_MEDIA_SDP_PRIV_H
#define TUTTI_MEDIA_SDP_PRIV_H

#include <re.h>

#include "base/ticket.h"

#include "media/sdp.h"

enum {
	SDP_PTIME_MS = 20,        /* what we like to receive              */
	SDP_LINE_MAX = 8192,      /* m= has a limit of its own             */
};

struct sdp_scan {
	unsigned mediac;
	unsigned audioc, videoc;  /* m-lines of each kind                 */
	unsigned linev[SDP_MEDIA_MAX];    /* where each m= line is        */
};

/** One attribute, in m-line number `media` (from 1; 0: of the session).
 *  NULL: good; else what is wrong with it. */
typedef const char *(sdp_attr_check_h)(const struct pl *name,
				       const struct pl *val, unsigned media,
				       void *arg);

/** Checks every line and gives a copy without what libre takes amiss.
 *  EBADMSG with "line N: …" in errbuf. */
int sdp_check(struct sdp_scan *scan, struct mbuf **cleanp,
	      const struct mbuf *mb, char *errbuf, size_t errsz);

/** The same, with an eye on attributes. */
int sdp_check_attrs(struct sdp_scan *scan, struct mbuf **cleanp,
		    const struct mbuf *mb, sdp_attr_check_h *attrh, void *arg,
		    char *errbuf, size_t errsz);

/** Each line without its end, numbered from 1, until one is an error. */
typedef int (sdp_line_h)(unsigned no, struct pl line, void *arg);
int sdp_lines(const struct mbuf *mb, sdp_line_h *lineh, void *arg);

/** Splits the next word, up to one blank, off rest; false: none. */
bool sdp_word(struct pl *rest, struct pl *w);
/** A decimal number up to max and nothing else. */
bool sdp_number(const struct pl *pl, uint32_t max, uint32_t *np);

/** What goes behind a payload type in a=rtcp-fb */
struct sdp_fb {
	bool nack, pli, fir, tmmbr;
	bool remb, twcc;          /* never in what we write               */
};

/** Understands a remote format; false: not a codec of ours. */
bool sdp_fmt_read(struct ticket_fmt *f, const struct sdp_format *rf);

/** The peer's formats we can use, in its order, each codec once.
 *  `one`: video only, the best one alone (RFC 6184: mode 1 before 0). */
void sdp_fmts_pick(struct ticket_media *tm, const struct sdp_media *m,
		   bool video, bool one);

/** Adds the format in answer to the peer's f, which gets the level that
 *  holds for both.  fb may be NULL; it must outlive the encoding. */
int sdp_fmt_answer(struct sdp_media *m, struct ticket_fmt *f,
		   struct sdp_fb *fb);

/** Adds all that we offer of this kind; payload types of `agreed` stay.
 *  `offered` is told them, for sdp_fmts_map. */
int sdp_fmts_offer(struct sdp_media *m, bool video,
		   const struct ticket_media *agreed,
		   struct ticket_media *offered, struct sdp_fb *fb);

/** An answer's formats (in tm) against what was offered: sets pt, drops
 *  what was not asked for. */
void sdp_fmts_map(struct ticket_media *tm, const struct ticket_media *offered);

/** How H.264 is answered: profile and mode as offered, the level ours or,
 *  without level-asymmetry-allowed, the lower one (f is told). */
int sdp_h264_params(char *buf, size_t size, struct ticket_fmt *f,
		    const struct sdp_media *m);

/** What the peer likes to receive, 10..60. */
uint32_t sdp_ptime_read(const struct sdp_media *m);
/** b=TIAS or b=AS [kbit/s], 0: none. */
uint32_t sdp_kbps_read(const struct sdp_media *m);

/** The feedback the peer understands for this payload type. */
void sdp_fb_read(struct sdp_fb *fb, const struct sdp_media *m, unsigned pt);

/** Everything but the formats, as the mixer is to see it.  Sets *heardp if
 *  the peer receives this stream. */
void sdp_media_read(struct ticket_media *tm, const struct sdp_media *m,
		    bool *heardp);

/** A b= of the whole session, shared out. */
void sdp_bandwidth_read(struct ticket_media *am, struct ticket_media *vm,
			const struct sdp_session *sess);

#endif
