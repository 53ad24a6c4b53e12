/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/rtc_wire.h -- a net_rtc and a fake peer, joined by a fake wire
 *
 * 5 ms each way; loses, doubles and holds up chosen DTLS datagrams.  Time
 * is the wire's, for both ends and OpenSSL.
 */
#ifndef TUTTI_TESTS_FAKE_RTC_WIRE_H
#define TUTTI_TESTS_FAKE_RTC_WIRE_H

#include "mixer/net_rtc.h"
#include "tests/fake/rtc_peer.h"

enum { IN = 0, OUT = 1, NEWS_MAX = 64 };

struct rtc_wire {
	struct net_rtc *r;
	struct rtc_peer *p;
	struct sa src;            /* where the peer is                    */
	uint8_t ssrc;             /* we send with: each mixer its own     */
	struct ticket t;          /* as tuttid would have it              */
	uint64_t now;
	struct list queue;
	/* DTLS datagrams of each direction: counted; which to spoil */
	unsigned countv[2];
	int dropv[2];             /* -1 none                              */
	int holdv[2];             /* this one comes 30 ms later           */
	bool dup;
	bool deaf;                /* everything of the peer is lost       */
	/* what net_rtc said */
	enum rtc_state state;
	char text[64];
	unsigned statec, newsc;
	unsigned rtp, rtcp, sent;
	uint8_t last[2048];
	size_t last_len;
	size_t largest;           /* DTLS datagram sent                   */
	struct sa dst;            /* of the last one sent                 */
};

int  rtc_wire_alloc(struct rtc_wire **wp, const struct rtc_peer_cfg *cfg,
		    bool active);
/** net_rtc made from the ticket through its JSON, in place of the old. */
int  rtc_wire_takeover(struct rtc_wire *w);
void rtc_wire_run(struct rtc_wire *w, unsigned ms);
/** Until net_rtc says so; ETIMEDOUT. */
int  rtc_wire_until(struct rtc_wire *w, enum rtc_state state, unsigned ms);
/** A check from where the peer is, answered. */
void rtc_wire_check(struct rtc_wire *w, unsigned flags);
/** A nominating check, then the handshake. */
int  rtc_wire_connect(struct rtc_wire *w);

/** Both: a new one whose peer is connected. */
int  rtc_wire_up(struct rtc_wire **wp, const struct rtc_peer_cfg *cfg);
void rtc_wire_rtp(struct rtc_wire *w, uint32_t ssrc, uint16_t seq);
/** One packet each way, each kind: does it work? */
bool rtc_wire_works(struct rtc_wire *w);
/** The datagram that is next on the wire, taken off it. */
size_t rtc_wire_take(struct rtc_wire *w, uint8_t *buf, size_t sz);
long long rtc_wire_stat(const struct rtc_wire *w, const char *name);

#endif
