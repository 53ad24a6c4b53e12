/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/net_rtc_priv.h -- inside a WebRTC leg's transport
 *
 * net_rtc.c sorts and counts; net_rtc_dtls.c has the associations.
 *
 * Threads: loop (net).
 */
#ifndef TUTTI_MIXER_NET_RTC_PRIV_H
#define TUTTI_MIXER_NET_RTC_PRIV_H

#include "mixer/net_dtls.h"
#include "mixer/net_ice.h"
#include "mixer/net_rtc.h"
#include "mixer/net_srtp.h"

enum { RTC_HELLO = 32 };      /* bytes of a ClientHello's random      */

struct assoc {
	struct net_rtc *r;
	struct net_dtls *dtls;
	uint64_t since;
	bool dead;
};

/* Locks: all [L] */
struct net_rtc {
	struct net_rtc_h h;
	void *arg;
	struct ticket_rtc rtc;    /* as it is now, told by newsh          */
	struct net_ice *ice;
	struct net_srtp *srtp;    /* NULL: no keys yet                    */
	struct assoc assocv[2];
	struct assoc *cur, *spare;
	struct sa dtls_dst;
	uint8_t hello[RTC_HELLO];    /* random of the last ClientHello       */
	enum rtc_state state;
	bool dead;                /* failed for good                      */
	bool checked;             /* somebody passed a check              */
	bool news;                /* the peer is another                  */
	uint64_t started;
	uint64_t told;            /* last newsh                           */
	uint64_t now;
	struct {
		uint64_t rx, tx;
		uint64_t stray;       /* from who passed no check         */
		uint64_t early;       /* media before there are keys      */
		uint64_t late;        /* DTLS that nobody waits for       */
		uint64_t other;       /* no protocol has this first byte  */
		uint64_t handshakes;
	} stats;
};

/* net_rtc.c */
void rtc_state_dead(struct net_rtc *r, enum rtc_state state,
		    const char *text) ON(loop);
void rtc_state_update(struct net_rtc *r, uint64_t now) ON(loop);
void rtc_news_tell(struct net_rtc *r, uint64_t now) ON(loop);

/* net_rtc_dtls.c */
int  rtc_assoc_make(struct net_rtc *r, struct assoc *a, uint64_t now)
	ON(loop);
/** Whoever begins does when there is somebody to talk to. */
void rtc_assoc_start(struct net_rtc *r, struct assoc *a, uint64_t now)
	ON(loop);
void rtc_dtls_in(struct net_rtc *r, const struct sa *src, const uint8_t *p,
		 size_t n, uint64_t now) ON(loop);
void rtc_dtls_run(struct net_rtc *r, uint64_t now) ON(loop);
/** Another certificate is another handshake: the keys of before, if any,
 *  are good until it is done. */
int  rtc_dtls_renew(struct net_rtc *r, uint64_t now) ON(loop);

#endif
