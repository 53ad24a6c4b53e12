/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_sip_modify.c -- offers and session timers, byte by byte
 */
#include "tests/fake/sip_case.h"


static int test_late_offer(void)
{
	CASE(0, false);

	SEND("INVITE", 1, NULL, NULL);
	EXPECT("SIP/2.0 200");
	HAS("s=offer");
	peer_learn_tag(p);

	/* one offer at a time */
	SEND("UPDATE", 2, NULL, OFFER);
	EXPECT("SIP/2.0 491");
	SEND("ACK", 1, NULL, OFFER);
	TEST_EQ(1, ua->answers);
	TEST_EQ(1, ua->estab);
	TEST_STR(OFFER, ua->body);
	CASE_END;
}


static int test_late_offer_lost(void)
{
	CASE(0, false);

	SEND("INVITE", 1, NULL, NULL);
	EXPECT("SIP/2.0 200");
	peer_learn_tag(p);
	SEND("ACK", 1, NULL, NULL);
	EXPECT("BYE");
	TEST_STR("no answer in ACK", ua->reason);
	TEST_EQ(0, ua->estab);
	CASE_END;
}


static int test_late_offer_bad(void)
{
	CASE(0, false);

	ua->answer_err = EBADMSG;
	SEND("INVITE", 1, NULL, NULL);
	EXPECT("SIP/2.0 200");
	peer_learn_tag(p);
	SEND("ACK", 1, NULL, OFFER);
	EXPECT("BYE");
	TEST_STR("bad answer in ACK", ua->reason);
	CASE_END;
}


static int test_hold(void)
{
	CASE(0, false);

	CALL(NULL);
	SEND("INVITE", 2, NULL, "v=0\r\na=sendonly\r\n");
	EXPECT("SIP/2.0 200");
	HAS("s=answer");
	HAS("CSeq: 2 INVITE");
	EXPECT("SIP/2.0 200");                  /* again until the ACK    */
	SEND("ACK", 2, NULL, NULL);
	TEST_EQ(1, ua->offers);
	TEST_STR("v=0\r\na=sendonly\r\n", ua->body);

	/* without a body: our offer, their answer */
	SEND("INVITE", 3, NULL, NULL);
	EXPECT("SIP/2.0 200 OK");
	while (!peer_has(p, "3 INVITE"))
		EXPECT("SIP/2.0 200 OK");
	HAS("s=fresh");
	SEND("INVITE", 4, NULL, OFFER);         /* too early              */
	EXPECT("SIP/2.0 491");
	SEND("ACK", 3, NULL, OFFER);
	TEST_EQ(1, ua->answers);

	/* and without the answer: as it was */
	SEND("INVITE", 5, NULL, NULL);
	EXPECT("SIP/2.0 200");
	SEND("ACK", 5, NULL, NULL);
	TEST_EQ(1, ua->refused);
	TEST_EQ(0, ua->closed);

	/* an old one */
	SEND("INVITE", 2, NULL, OFFER);
	EXPECT("SIP/2.0 500 CSeq");
	TEST_EQ(1, ua->estab);
	CASE_END;
}


static int test_never_acked(void)
{
	unsigned seq;
	CASE(0, false);

	CALL(NULL);
	sipstack_test_clock(ua->ss, 50, 10);
	for (seq = 2; seq < 2 + SIP_REPLIES_MAX; seq++) {
		SEND("INVITE", seq, NULL, OFFER);
		EXPECT("SIP/2.0 200");
	}
	/* one too many, and it would have had an offer of ours */
	SEND("INVITE", seq, NULL, NULL);
	EXPECT("SIP/2.0 500");
	TEST_EQ(1, ua->made);
	TEST_EQ(1, ua->refused);
	CASE_END;
}


static int test_offer_refused(void)
{
	CASE(0, false);

	CALL(NULL);
	ua->offer_err = ENOTSUP;
	SEND("INVITE", 2, NULL, OFFER);
	EXPECT("SIP/2.0 488");
	TEST_STR("399 tutti \"line 7: \\\"bad\\\"\"", peer_hdr(p, "Warning"));
	ua->offer_err = EBADMSG;
	SEND("UPDATE", 3, NULL, OFFER);
	EXPECT("SIP/2.0 400");
	ua->offer_err = 0;
	SEND("UPDATE", 4, NULL, OFFER);
	EXPECT("SIP/2.0 200");
	HAS("s=answer");
	SEND("UPDATE", 5, NULL, NULL);
	EXPECT("SIP/2.0 200");
	HASNT("s=answer");
	TEST_EQ(0, ua->closed);
	CASE_END;
}


static int test_overlap_theirs(void)
{
	CASE(0, false);

	ua->auto_answer = false;
	ua->ring = true;
	SEND("INVITE", 1, NULL, OFFER);
	EXPECT("SIP/2.0 180");
	peer_learn_tag(p);
	SEND("INVITE", 2, NULL, OFFER);
	EXPECT("SIP/2.0 500");
	HAS("Retry-After: ");
	SEND("UPDATE", 3, NULL, OFFER);
	EXPECT("SIP/2.0 500");
	HAS("Retry-After: ");
	SEND("UPDATE", 4, NULL, NULL);
	EXPECT("SIP/2.0 200");
	TEST_EQ(0, ua->offers);
	TEST_EQ(0, ua->closed);
	CASE_END;
}


static int test_overlap_ours(void)
{
	struct mbuf *mb = sip_body("v=0\r\ns=ours\r\n");
	char req[4096];
	CASE(0, false);

	CALL(NULL);
	TEST_ERR(call_modify(ua->call, mb));
	EXPECT("INVITE sip:ann@");
	HAS("s=ours");
	str_ncpy(req, p->rx, sizeof(req));

	/* theirs now: 491; ours gets the same and comes again, made anew as
	 * theirs was agreed on in between.  As if the Call-ID were ours: no
	 * sooner than 2.1 s of 1/10. */
	sipstack_test_clock(ua->ss, 50, 10);
	ua->call->outgoing = true;
	SEND("INVITE", 2, NULL, OFFER);
	EXPECT("SIP/2.0 491");
	str_ncpy(p->rx, req, sizeof(p->rx));
	TEST_ERR(peer_reply(p, 491, "Request Pending", NULL, NULL));
	EXPECT("ACK");
	SEND("INVITE", 3, NULL, OFFER);
	EXPECT("SIP/2.0 200");
	SEND("ACK", 3, NULL, NULL);
	TEST_EQ(1, ua->offers);
	TEST_TRUE(peer_expect(p, "INVITE sip:ann@", 600));
	HAS("s=fresh");
	TEST_EQ(1, ua->made);
	TEST_ERR(peer_reply(p, 200, "OK", NULL, OFFER));
	EXPECT("ACK sip:ann@");
	TEST_EQ(1, ua->answers);

 out:
	mem_deref(mb);
	sip_case_close(&f);
	return err;
}


static int test_modify_refused(void)
{
	struct mbuf *mb = sip_body("v=0\r\ns=ours\r\n");
	CASE(0, false);

	CALL(NULL);
	TEST_ERR(call_modify(ua->call, mb));
	EXPECT("INVITE sip:ann@");
	TEST_ERR(peer_reply(p, 488, "No", NULL, NULL));
	EXPECT("ACK");
	TEST_EQ(1, ua->refused);
	TEST_EQ(488, ua->scode);
	TEST_EQ(0, ua->closed);

	TEST_ERR(call_modify(ua->call, mb));
	EXPECT("INVITE sip:ann@");
	TEST_ERR(peer_reply(p, 500, "Later", "Retry-After: 0\r\n", NULL));
	EXPECT("INVITE sip:ann@");
	TEST_ERR(peer_reply(p, 481, "Gone", NULL, NULL));
	EXPECT("ACK");
	EXPECT("BYE");
	TEST_EQ(1, ua->closed);
	TEST_STR("timeout", ua->reason);

 out:
	mem_deref(mb);
	sip_case_close(&f);
	return err;
}


static int test_timer_uas(void)
{
	CASE(1800, false);

	/* they cannot: we refresh, and ask nothing of them */
	SEND("INVITE", 1, NULL, OFFER);
	EXPECT("SIP/2.0 200");
	TEST_STR("1800;refresher=uas", peer_hdr(p, "Session-Expires"));
	HASNT("Require");
	peer_learn_tag(p);
	SEND("BYE", 2, NULL, NULL);
	ua->call = mem_deref(ua->call);

	/* they can and ask */
	p->rtag[0] = '\0';
	p->tag[0] = 'q';
	SEND("INVITE", 1, TIMER "Session-Expires: 600\r\n", OFFER);
	EXPECT("SIP/2.0 200");
	while (peer_has(p, "ptag"))
		EXPECT("SIP/2.0 200");
	TEST_STR("600;refresher=uac", peer_hdr(p, "Session-Expires"));
	TEST_STR("timer", peer_hdr(p, "Require"));
	ua->call = mem_deref(ua->call);

	/* they say who, in brief */
	p->tag[0] = 'r';
	SEND("INVITE", 1, "k: timer\r\nx: 600;refresher=uas\r\n", OFFER);
	EXPECT("SIP/2.0 200");
	while (!peer_has(p, "rtag"))
		EXPECT("SIP/2.0 200");
	TEST_STR("600;refresher=uas", peer_hdr(p, "Session-Expires"));
	ua->call = mem_deref(ua->call);

	/* too short */
	p->tag[0] = 's';
	SEND("INVITE", 1, TIMER "Session-Expires: 60\r\n", OFFER);
	EXPECT("SIP/2.0 422");
	TEST_STR("90", peer_hdr(p, "Min-SE"));
	TEST_TRUE(!ua->call);
	CASE_END;
}


static int test_timer_update(void)
{
	CASE(90, false);

	/* 90 s of 10 ms each */
	CALL(TIMER ALLOW "Session-Expires: 90;refresher=uas\r\n");
	TEST_TRUE(peer_silent(p, "UPDATE", 350));
	TEST_TRUE(peer_expect(p, "UPDATE sip:ann@", 200));
	TEST_STR("90;refresher=uac", peer_hdr(p, "Session-Expires"));
	HAS("Contact: ");
	TEST_ERR(peer_reply(p, 422, "Small", "Min-SE: 120\r\n", NULL));
	EXPECT("UPDATE sip:ann@");
	TEST_STR("120;refresher=uac", peer_hdr(p, "Session-Expires"));
	TEST_STR("120", peer_hdr(p, "Min-SE"));
	TEST_ERR(peer_reply(p, 200, "OK", TIMER
			    "Session-Expires: 120;refresher=uac\r\n", NULL));
	TEST_TRUE(peer_silent(p, "UPDATE", 500));
	TEST_TRUE(peer_expect(p, "UPDATE sip:ann@", 200));

	/* they have lost it after all: an INVITE then */
	TEST_ERR(peer_reply(p, 405, "What", NULL, NULL));
	EXPECT("INVITE sip:ann@");
	HAS("s=fresh");
	TEST_ERR(peer_reply(p, 200, "OK", TIMER
			    "Session-Expires: 90;refresher=uac\r\n", OFFER));
	EXPECT("ACK");
	TEST_EQ(1, ua->answers);
	TEST_TRUE(peer_expect(p, "INVITE sip:ann@", 600));
	TEST_ERR(peer_reply(p, 408, "Timeout", NULL, NULL));
	EXPECT("BYE");
	TEST_STR("timeout", ua->reason);
	CASE_END;
}


/* A modify of ours is a refresh too, and may be too short for them */
static int test_timer_modify(void)
{
	struct mbuf *mb = sip_body("v=0\r\ns=ours\r\n");
	CASE(90, false);

	CALL(TIMER "Session-Expires: 90;refresher=uas\r\n");
	TEST_ERR(call_modify(ua->call, mb));
	EXPECT("INVITE sip:ann@");
	TEST_STR("90;refresher=uac", peer_hdr(p, "Session-Expires"));
	TEST_ERR(peer_reply(p, 422, "Small", "Min-SE: 200\r\n", NULL));
	EXPECT("INVITE sip:ann@");
	HAS("s=ours");
	TEST_STR("200;refresher=uac", peer_hdr(p, "Session-Expires"));
	TEST_ERR(peer_reply(p, 200, "OK", TIMER
			    "Session-Expires: 200;refresher=uas\r\n",
			    OFFER));
	EXPECT("ACK");
	TEST_EQ(1, ua->answers);
	TEST_TRUE(peer_silent(p, "INVITE", 700));
	TEST_EQ(0, ua->closed);

 out:
	mem_deref(mb);
	sip_case_close(&f);
	return err;
}


static int test_timer_expires(void)
{
	CASE(0, false);

	/* they refresh: once, then never again */
	CALL(TIMER "Session-Expires: 90;refresher=uac\r\n");
	TEST_TRUE(peer_silent(p, "BYE", 400));
	SEND("UPDATE", 2, TIMER "Session-Expires: 90;refresher=uac\r\n",
	     NULL);
	EXPECT("SIP/2.0 200");
	TEST_STR("90;refresher=uac", peer_hdr(p, "Session-Expires"));
	TEST_TRUE(peer_silent(p, "BYE", 500));
	TEST_TRUE(peer_expect(p, "BYE", 300));
	TEST_STR("session timer", ua->reason);
	CASE_END;
}


static const struct test testv[] = {
	{"a late offer", test_late_offer},
	{"a late offer without an answer", test_late_offer_lost},
	{"a late offer with a bad answer", test_late_offer_bad},
	{"hold, resume, our turn", test_hold},
	{"re-INVITEs that are never acknowledged", test_never_acked},
	{"offers that cannot be met", test_offer_refused},
	{"their second offer before the first is answered",
	 test_overlap_theirs},
	{"theirs and ours at once", test_overlap_ours},
	{"our offer is refused, our peer is gone", test_modify_refused},
	{"session timer, asked for", test_timer_uas},
	{"session timer, ours to refresh", test_timer_update},
	{"session timer, ours to refresh, with an offer", test_timer_modify},
	{"session timer, theirs to refresh", test_timer_expires},
};


int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
