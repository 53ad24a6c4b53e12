/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * media/rtc_sdp.h -- offers of browsers, WHIP and WHEP clients, answered
 *
 * RFC 8829 from the answering side: BUNDLE on one port, ICE-lite, DTLS-SRTP,
 * header extensions, feedback, simulcast (RFC 8853), re-offers.  We never
 * offer.  Rules of shared/webrtc.md section 5: no a=ssrc in the answer, MID
 * echoed, one H.264 format of those offered.
 *
 * m-lines: the first audio and video that fit, a second video of a session
 * is its shared screen (slides), others are refused.
 *
 * Threads: loop.
 */
#ifndef TUTTI_MEDIA_RTC_SDP_H
#define TUTTI_MEDIA_RTC_SDP_H

#include <re.h>

#include "base/ticket.h"

enum { RTC_CANDS_MAX = 8 };

enum rtc_kind {
	RTC_SESSION,              /* the page: both ways, and its slides  */
	RTC_WHIP,                 /* sends in; RFC 9725                   */
	RTC_WHEP,                 /* watches                              */
};

struct rtc_sdp;

struct rtc_sdp_cfg {
	enum rtc_kind kind;
	struct sa candv[RTC_CANDS_MAX];   /* host candidates, with port   */
	unsigned candc;
	char lufrag[TICKET_ID_MAX], lpwd[TICKET_ID_MAX];
	uint8_t fingerprint[32];  /* SHA-256 of our certificate           */
};

int rtc_sdp_alloc(struct rtc_sdp **rsp, const struct rtc_sdp_cfg *cfg);

/** Offer in, answer out; a re-offer may add media, change directions, or
 *  restart ICE: then lufrag and lpwd are new (rtc_sdp_ufrag).
 *  EBADMSG "line 7: …" (400), ENOTSUP nothing in common, no sha-256
 *  fingerprint, no rtcp-mux … (406 or 422: reason in errbuf). */
int rtc_sdp_answer(struct rtc_sdp *rs, const struct mbuf *offer,
		   struct mbuf **answerp, char *errbuf, size_t errsz);

/** What was agreed into t->audio, video, slides and t->rtc (ICE, setup,
 *  fingerprint; not pem, peer, keys); fds are left alone. */
void rtc_sdp_ticket(const struct rtc_sdp *rs, struct ticket *t);

/** An ICE restart outside of SDP. */
int rtc_sdp_restart(struct rtc_sdp *rs, const char *rufrag,
		    const char *rpwd);

/** application/trickle-ice-sdpfrag (RFC 8840).  Candidates are checked for
 *  their form and need nothing else: *fragp NULL.  Another ufrag is an ICE
 *  restart: *fragp is the answer.  EBADMSG "line 2: …". */
int rtc_sdp_frag(struct rtc_sdp *rs, const struct mbuf *frag,
		 struct mbuf **fragp, char *errbuf, size_t errsz);

/** Changes with each ICE restart; borrowed. */
const char *rtc_sdp_ufrag(const struct rtc_sdp *rs);

#endif
