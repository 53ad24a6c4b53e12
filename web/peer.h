/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/peer.h -- one WebRTC session: its port, keys, offer and answer
 *
 * To WebRTC what sip/call.h is to SIP: joins media/rtc_sdp.h (bodies) with
 * what is ours: a UDP port, an ICE user and password, a certificate made
 * for this session alone.  Knows neither HTTP nor rooms.
 *
 * Threads: loop.
 */
#ifndef TUTTI_WEB_PEER_H
#define TUTTI_WEB_PEER_H

#include <re.h>

#include "base/ticket.h"
#include "media/rtc_sdp.h"

struct peer;
struct ports;

struct peer_cfg {
	struct ports *ports;
	const struct sa *laddrv;  /* host candidates: local addresses …   */
	unsigned laddrc;
	const struct sa *public;  /* … or this instead of them (NAT)      */
	enum rtc_kind kind;
};

int peer_alloc(struct peer **pp, const struct peer_cfg *cfg);

/** Offer in, answer out; also re-offers (media added, ICE restart).  Errors
 *  as rtc_sdp_answer(). */
int peer_answer(struct peer *p, struct mbuf *offer, struct mbuf **answerp,
		char *errbuf, size_t errsz);

/** application/trickle-ice-sdpfrag (RFC 8840): checked, and with another
 *  ufrag an ICE restart whose answer fragment is *fragp, else NULL.
 *  EBADMSG with the line. */
int peer_trickle(struct peer *p, struct mbuf *frag, struct mbuf **fragp,
		 char *errbuf, size_t errsz);

/** This host's own addresses to be host candidates, without a port: those of
 *  interfaces that are up; loopback only when there is nothing else or
 *  `loopback` (a browser on this machine; last in the list then, Firefox
 *  never pairs with it).  Returns how many, at most RTC_CANDS_MAX. */
unsigned peer_laddrs(struct sa *laddrv, bool loopback);

/** What was agreed into t (media, rtc but its peer and keys). */
void peer_ticket(const struct peer *p, struct ticket *t);
int  peer_fd(const struct peer *p);       /* its one socket, borrowed     */
bool peer_restarted(const struct peer *p);  /* by the last answer: ICE    */

#endif
