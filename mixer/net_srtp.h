/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/net_srtp.h -- SRTP and SRTCP of one leg, both ways (RFC 3711, 7714)
 *
 * Opens and seals in the caller's buffer; allocates only when an SSRC is
 * new.  Keeps for every received SSRC where it is (roll-over counter and
 * last number), so that a ticket can carry it to another mixer, and takes
 * up such a ticket: its streams go on where they were, also over a wrap
 * that nobody saw.  A peer has at most NET_SRTP_STREAMS of them; the longest
 * silent gives way when it was silent for NET_SRTP_IDLE_MS, else the new one
 * is refused.
 *
 * Threads: loop (net).
 */
#ifndef TUTTI_MIXER_NET_SRTP_H
#define TUTTI_MIXER_NET_SRTP_H

#include <re.h>

#include "base/thread.h"
#include "base/ticket.h"

enum {
	NET_SRTP_STREAMS = 64,    /* received                             */
	NET_SRTP_IDLE_MS = 30000,
	NET_SRTP_WINDOW  = 1024,  /* packets, replay                      */
	NET_SRTP_TRAILER = 144,   /* room behind a packet to be sealed    */
	NET_SRTP_NEWS    = 8192,  /* packets of an SSRC until told again  */
};

struct net_srtp;

struct net_srtp_stats {
	uint64_t auth;            /* bad seal                             */
	uint64_t replay;          /* seen before, or too old to know      */
	uint64_t full;            /* of an SSRC too many                  */
	uint64_t bad;             /* not a packet                         */
	unsigned streams;
};

/** Keys and roll-overs of rtc. */
int  net_srtp_alloc(struct net_srtp **sp, const struct ticket_rtc *rtc)
	ON(loop);

/** In place; *n is made smaller.  EBADMSG: refused and counted. */
int  net_srtp_open_rtp(struct net_srtp *s, uint8_t *p, size_t *n,
		       uint64_t now) ON(loop);
int  net_srtp_open_rtcp(struct net_srtp *s, uint8_t *p, size_t *n,
			uint64_t now) ON(loop);

/** In place; *n grows by up to NET_SRTP_TRAILER. */
int  net_srtp_seal_rtp(struct net_srtp *s, uint8_t *p, size_t *n) ON(loop);
int  net_srtp_seal_rtcp(struct net_srtp *s, uint8_t *p, size_t *n) ON(loop);

/** The ticket should learn where the streams are: a new one, a roll-over,
 *  or one has gone on for long.  False again after net_srtp_rocs(). */
bool net_srtp_news(const struct net_srtp *s);
/** Into rtc->rocv: those that were heard last. */
void net_srtp_rocs(struct net_srtp *s, struct ticket_rtc *rtc) ON(loop);

const struct net_srtp_stats *net_srtp_stats(const struct net_srtp *s);

/** Before the sandbox: libsrtp2's NSS is loaded, and kept by one session of
 *  each kind. */
int  net_srtp_init(void);
void net_srtp_close(void);

#endif
