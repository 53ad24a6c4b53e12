/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/sip_case.c -- a stack and a peer, byte by byte; see sip_case.h
 */
#include "tests/fake/sip_case.h"


int sip_case_init(struct sip_case *f, uint32_t se_s, bool tcp)
{
	int err;

	memset(f, 0, sizeof(*f));
	f->p.fd = -1;
	err = ua_init(&f->ua, se_s, 90);
	if (err)
		return err;

	sipstack_test_clock(f->ua.ss, T1, 10);
	f->ua.auto_answer = true;

	return peer_init(&f->p, &f->ua.addr, tcp);
}


void sip_case_close(struct sip_case *f)
{
	peer_close(&f->p);
	ua_close(&f->ua);
}


int sip_case_call(struct sip_case *f, const char *hdrs)
{
	int err = 0;

	TEST_ERR(peer_request(&f->p, "INVITE", 1, 0, hdrs, OFFER));
	TEST_TRUE(peer_expect(&f->p, "SIP/2.0 200", WAIT));
	peer_learn_tag(&f->p);
	TEST_ERR(peer_request(&f->p, "ACK", 1, 0, NULL, NULL));
	TEST_EQ(1, f->ua.estab);

 out:
	return err;
}
