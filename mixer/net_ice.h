/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/net_ice.h -- the lite ICE agent of a leg: answers checks
 *
 * RFC 8445 lite, RFC 8489.  Who proves with the password of the SDP that it
 * is the peer becomes a valid source; the one that it nominates last is the
 * peer to send to.  A peer that was silent for RTC_TROUBLE_MS while another
 * source checks (a NAT that changed its mind) is followed without being
 * nominated anew; so is one that was silent for RTC_FOLLOW_MS while another
 * source sends sealed packets (Firefox nominates every pair that works, in
 * any order, and then uses the one of the highest priority).
 *
 * Nobody is sent more bytes than he sent unless he knows the password.
 * Knows no socket and no clock.
 *
 * Threads: loop (net).
 */
#ifndef TUTTI_MIXER_NET_ICE_H
#define TUTTI_MIXER_NET_ICE_H

#include <re.h>

#include "base/thread.h"
#include "base/ticket.h"

struct net_ice;

struct net_ice_h {
	void (*sendh)(const struct sa *dst, const uint8_t *p, size_t n,
		      void *arg);
	/** a source passed a check for the first time */
	void (*validh)(const struct sa *src, uint64_t now, void *arg);
	/** selected, or another than before */
	void (*peerh)(const struct sa *peer, uint64_t now, void *arg);
};

struct net_ice_stats {
	uint64_t checks;          /* good ones                            */
	uint64_t refused;         /* no or wrong user or password         */
	uint64_t conflicts;       /* 487                                  */
	uint64_t unknown;         /* 420                                  */
	uint64_t ignored;         /* not a binding request, broken        */
	uint64_t moves;           /* of the peer                          */
};

/** EINVAL when the ticket has no user or password. */
int  net_ice_alloc(struct net_ice **ip, const struct ticket_rtc *rtc,
		   const struct net_ice_h *h, void *arg, uint64_t now)
	ON(loop);

/** A restart when lufrag or lpwd differ: the peer and the sources stay, the
 *  pair of before (old_*) is good until the first check with the new. */
int  net_ice_set(struct net_ice *ice, const struct ticket_rtc *rtc) ON(loop);

void net_ice_recv(struct net_ice *ice, const struct sa *src,
		  const uint8_t *p, size_t n, uint64_t now) ON(loop);

/** A packet with a good seal came from src: as good as a check, and says
 *  where the peer sends from. */
void net_ice_heard(struct net_ice *ice, const struct sa *src, uint64_t now)
	ON(loop);

/** Did src pass a check, or was it heard, within RTC_CONSENT_MS? */
bool net_ice_valid(const struct net_ice *ice, const struct sa *src,
		   uint64_t now);
/** NULL: none yet */
const struct sa *net_ice_peer(const struct net_ice *ice);
/** The valid source that was heard last, or NULL */
const struct sa *net_ice_any(const struct net_ice *ice);
/** When the peer was last heard [us] */
uint64_t net_ice_last(const struct net_ice *ice);

const struct net_ice_stats *net_ice_stats(const struct net_ice *ice);

#endif
