/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/rtc_peer.h -- the other side of a WebRTC leg, for tests
 *
 * A DTLS endpoint on OpenSSL's own datagram BIO, SRTP straight on libsrtp2,
 * ICE checks made by libre: nothing of mixer/net_* is used, so a mistake
 * there is not made here as well.  Time is what rtc_peer_clock says, for
 * OpenSSL on both sides: gettimeofday is replaced in the program.
 */
#ifndef TUTTI_TESTS_FAKE_RTC_PEER_H
#define TUTTI_TESTS_FAKE_RTC_PEER_H

#include <re.h>
#include <openssl/ssl.h>
#include <srtp2/srtp.h>

struct rtc_peer;

typedef void (rtc_peer_send_h)(const uint8_t *p, size_t n, void *arg);

struct rtc_peer_cfg {
	bool server;              /* waits for our ClientHello            */
	const char *profiles;     /* SRTP, NULL: both                     */
	long mtu;                 /* 0: 1200                              */
	bool no_cert;
	bool big_hello;           /* more than one datagram               */
	const char *user, *pwd;   /* of the checks                        */
	const struct rtc_peer *twin;  /* has its certificate              */
};

/* What the peer has seen */
struct rtc_peer {
	struct rtc_peer_cfg cfg;
	SSL_CTX *ctx;
	SSL *ssl;
	int fdv[2];
	char pem[2048];
	uint8_t fingerprint[32];
	bool shaking, done, failed, closed;
	const char *profile;
	srtp_t tx, rx;
	unsigned rtp, rtcp, bad;
	uint8_t last[2048];       /* opened                               */
	size_t last_len;
	unsigned ok, refused;     /* answers to checks                    */
	uint16_t code;            /* of the last refusal                  */
	struct sa mapped;
	bool mi_bad;
	size_t reply_len;
	rtc_peer_send_h *sendh;
	void *arg;
};

enum {
	CHECK_NOMINATE = 1,
	CHECK_CONTROLLED = 2,     /* the wrong role                       */
	CHECK_UNKNOWN = 4,        /* an attribute that must be known      */
	CHECK_BAD_MI = 8,
	CHECK_NO_MI = 16,
	CHECK_BAD_FP = 32,
	CHECK_BAD_USER = 64,
};

/** The clock of OpenSSL in this program */
void rtc_peer_clock(uint64_t now_us);

/** A new certificate and key, and its fingerprint. */
int  rtc_peer_pem(char *pem, size_t sz, uint8_t fingerprint[32]);

int  rtc_peer_alloc(struct rtc_peer **pp, const struct rtc_peer_cfg *cfg,
		    rtc_peer_send_h *sendh, void *arg);
/** Begin the handshake (a client sends). */
void rtc_peer_start(struct rtc_peer *p);
void rtc_peer_recv(struct rtc_peer *p, const uint8_t *b, size_t n);
void rtc_peer_run(struct rtc_peer *p);
void rtc_peer_bye(struct rtc_peer *p);
/** One check into buf; bytes, 0: failed. */
size_t rtc_peer_check(struct rtc_peer *p, unsigned flags, uint8_t *buf,
		      size_t sz);
/** One sealed packet into buf; bytes. */
size_t rtc_peer_rtp(struct rtc_peer *p, uint32_t ssrc, uint16_t seq,
		    size_t len, uint8_t *buf);
size_t rtc_peer_rtcp(struct rtc_peer *p, uint32_t ssrc, uint8_t *buf);

#endif
