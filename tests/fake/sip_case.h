/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/sip_case.h -- a stack and a peer, byte by byte
 *
 * A case is CASE(), what is sent and awaited, and CASE_END; it has err, the
 * peer p and the stack's user ua.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_FAKE_SIP_CASE_H
#define TUTTI_TESTS_FAKE_SIP_CASE_H

#include "tests/fake/sip_peer.h"
#include "tests/unit/test.h"

#define OFFER "v=0\r\ns=peer\r\n"
#define TIMER "Supported: timer\r\n"
#define ALLOW "Allow: INVITE, ACK, BYE, CANCEL, UPDATE\r\n"

enum {
	T1    = 10,                   /* ms; so 64*T1 is 640             */
	WAIT  = 300,                  /* more than enough on loopback    */
	QUIET = 60,
};

/* One stack, one peer */
struct sip_case {
	struct ua ua;
	struct peer p;
};

int  sip_case_init(struct sip_case *f, uint32_t se_s, bool tcp);
void sip_case_close(struct sip_case *f);
/** INVITE, 200, ACK */
int  sip_case_call(struct sip_case *f, const char *hdrs);

#define CASE(se, tcp)  /* err, f, p, ua */                              \
	struct sip_case f;                                              \
	struct peer *p = &f.p;                                          \
	struct ua *ua = &f.ua;                                          \
	int err = sip_case_init(&f, (se), (tcp));                       \
	TEST_ERR(err)
#define CASE_END                                                        \
 out:                                                                   \
	sip_case_close(&f);                                             \
	return err
#define CALL(hdrs)            TEST_ERR(sip_case_call(&f, (hdrs)))
#define SEND(met, seq, h, b)  TEST_ERR(peer_request(p, met, seq, 0, h, b))
#define EXPECT(begin)         TEST_TRUE(peer_expect(p, begin, WAIT))
#define SILENT(begin)         TEST_TRUE(peer_silent(p, begin, QUIET))
#define HAS(text)             TEST_TRUE(peer_has(p, text))
#define HASNT(text)           TEST_TRUE(!peer_has(p, text))

#endif
