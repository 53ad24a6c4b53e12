/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/net_dtls.h -- one DTLS handshake, for its SRTP keys (RFC 5764)
 *
 * OpenSSL driven with datagrams: what comes is given to net_dtls_recv, what
 * goes is handed to sendh, one call a datagram.  Own retransmission times:
 * 100 ms, doubled up to 2 s (OpenSSL begins with a second), kept by `now`;
 * OpenSSL looks at its own clock as well before it repeats anything.
 * The peer's certificate must have the SHA-256 fingerprint that the ticket
 * says, or the handshake fails; nobody's word is asked but the ticket's.
 *
 * mem_deref is silent, so that a leg can move; net_dtls_bye says goodbye.
 * Handlers must not mem_deref the object that calls them.
 *
 * Threads: loop (net).
 */
#ifndef TUTTI_MIXER_NET_DTLS_H
#define TUTTI_MIXER_NET_DTLS_H

#include <re.h>

#include "base/thread.h"
#include "base/ticket.h"

struct net_dtls;

struct net_dtls_keys {
	enum ticket_srtp srtp;
	uint8_t txkey[TICKET_KEY_MAX], rxkey[TICKET_KEY_MAX];
};

enum net_dtls_end {
	DTLS_FAILED,              /* no keys will come                    */
	DTLS_CLOSED,              /* close_notify, or an alert later on   */
};

struct net_dtls_h {
	void (*sendh)(const uint8_t *p, size_t n, void *arg);
	/** the handshake is done and the peer is who it should be */
	void (*keysh)(const struct net_dtls_keys *keys, void *arg);
	/** called once; text says why */
	void (*endh)(enum net_dtls_end end, const char *text, void *arg);
};

struct net_dtls_cfg {
	const char *pem;          /* our certificate, then its key        */
	const uint8_t *fingerprint;   /* 32 bytes, SHA-256, the peer's    */
	bool active;              /* we begin, as the client              */
	size_t mtu;               /* of the datagrams sent                */
};

/** EINVAL, EBADMSG when the PEM is of no use, EPROTO without
 *  net_dtls_init(). */
int  net_dtls_alloc(struct net_dtls **dp, const struct net_dtls_cfg *cfg,
		    const struct net_dtls_h *h, void *arg) ON(loop);

/** From now on 15 s (RTC_HANDSHAKE_MS) are left.  The active side sends its
 *  first flight.  EALREADY. */
int  net_dtls_start(struct net_dtls *d, uint64_t now) ON(loop);

void net_dtls_recv(struct net_dtls *d, const uint8_t *p, size_t n,
		   uint64_t now) ON(loop);
void net_dtls_run(struct net_dtls *d, uint64_t now) ON(loop);
uint64_t net_dtls_due(const struct net_dtls *d);          /* [us]         */
bool net_dtls_done(const struct net_dtls *d);             /* has keys     */

/** close_notify */
void net_dtls_bye(struct net_dtls *d) ON(loop);

/** The 32 random bytes of a ClientHello's first fragment, or NULL when the
 *  datagram does not begin with one. */
const uint8_t *net_dtls_hello(const uint8_t *p, size_t n);

int  net_dtls_init(void);
void net_dtls_close(void);

#endif
