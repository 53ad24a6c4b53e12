/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/net_rtc.h -- a WebRTC leg's transport: ICE, DTLS and SRTP on one port
 *
 *	datagram --first byte--> 0-3    net_ice   answers checks, consent
 *	                         20-63  net_dtls  handshake, keys
 *	                         128-191 net_srtp open -> rtph, rtcph
 *	rtp, rtcp -> net_srtp seal -> sendh to the selected peer
 *
 * Knows no socket and no clock.  RFC 8445 (lite), 7675, 5764, 7983, 3711.
 * A ticket that already has SRTP keys goes on with them at once: no
 * handshake; one that a peer begins anew all the same is served, and the
 * keys of before are good until it is done.
 *
 * Handlers must not mem_deref the object that calls them.  What a ticket
 * with keys brings is told by net_rtc_run, not from within net_rtc_alloc.
 *
 * Threads: loop (net).
 */
#ifndef TUTTI_MIXER_NET_RTC_H
#define TUTTI_MIXER_NET_RTC_H

#include <sys/uio.h>
#include <re.h>
#include <jansson.h>

#include "base/thread.h"
#include "base/ticket.h"

enum {
	RTC_HANDSHAKE_MS = 15000, /* then "failed"                        */
	RTC_TROUBLE_MS   = 7000,  /* without consent: checks come every 4 to
	                           * 6 s (RFC 7675), Firefox's too        */
	RTC_FOLLOW_MS    = 1000,  /* the peer silent so long while another
	                           * source sends: it moved               */
	RTC_CONSENT_MS   = 30000, /* RFC 7675                             */
	RTC_SOURCES_MAX  = 8,     /* addresses with a good check          */
	RTC_MTU          = 1200,
};

struct net_rtc;

enum rtc_state {
	RTC_NEW, RTC_CONNECTED, RTC_TROUBLE, RTC_FAILED, RTC_CLOSED,
};

struct net_rtc_h {
	void (*sendh)(const struct sa *dst, const uint8_t *p, size_t n,
		      void *arg);
	/** clear text, borrowed; may be changed in place */
	void (*rtph)(uint8_t *p, size_t n, uint64_t now, void *arg);
	void (*rtcph)(uint8_t *p, size_t n, uint64_t now, void *arg);
	void (*stateh)(enum rtc_state state, const char *text, void *arg);
	/** peer, keys or roll-overs changed: rtc to be told to tuttid */
	void (*newsh)(const struct ticket_rtc *rtc, void *arg);
};

int  net_rtc_alloc(struct net_rtc **rp, const struct ticket_rtc *rtc,
		   const struct net_rtc_h *h, void *arg, uint64_t now)
	ON(loop);

/** ICE restart, another fingerprint …; keys and peer of the ticket are not
 *  taken: ours are newer. */
int  net_rtc_set(struct net_rtc *r, const struct ticket_rtc *rtc,
		 uint64_t now) ON(loop);

void net_rtc_recv(struct net_rtc *r, const struct sa *src, const uint8_t *p,
		  size_t n, uint64_t now) ON(loop);

/** Seal and send one RTP or RTCP packet; ENOTCONN before there are keys and
 *  a peer.  resend: RTX has numbers of its own, this is for plain repeats. */
int  net_rtc_send_rtp(struct net_rtc *r, const struct iovec *iov,
		      unsigned iovc) ON(loop);
int  net_rtc_send_rtcp(struct net_rtc *r, const struct iovec *iov,
		       unsigned iovc) ON(loop);

bool net_rtc_ready(const struct net_rtc *r);
void net_rtc_run(struct net_rtc *r, uint64_t now) ON(loop);
uint64_t net_rtc_due(const struct net_rtc *r);            /* [us]         */

/** close_notify: a real goodbye, never when the leg moves. */
void net_rtc_bye(struct net_rtc *r, uint64_t now) ON(loop);

json_t *net_rtc_stats(const struct net_rtc *r);

/** Before the sandbox: OpenSSL and libsrtp2 (NSS) load what they need and
 *  keep it (shared with every leg). */
int  net_rtc_init(void);
void net_rtc_close(void);

#endif
