/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_sip_wire.c -- incoming calls, byte by byte
 */
#include "tests/fake/sip_case.h"


static int test_answer(void)
{
	char contact[64];
	CASE(0, false);

	ua->ring = true;
	SEND("INVITE", 1, "User-Agent: Phone 1\r\n", OFFER);
	EXPECT("SIP/2.0 100");
	TEST_TRUE(!strstr(peer_hdr(p, "To"), "tag="));
	EXPECT("SIP/2.0 180");
	HAS("tag=");
	EXPECT("SIP/2.0 200");
	(void)re_snprintf(contact, sizeof(contact), "<sip:3000@%J>;isfocus",
			  &ua->addr);
	TEST_STR(contact, peer_hdr(p, "Contact"));
	TEST_STR("timer", peer_hdr(p, "Supported"));
	TEST_STR("tutti/test", peer_hdr(p, "Server"));
	HAS("Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO\r\n");
	HASNT("Session-Expires");
	peer_learn_tag(p);
	EXPECT("SIP/2.0 200");                 /* not acknowledged yet   */
	EXPECT("SIP/2.0 200");
	TEST_EQ(0, ua->estab);
	SEND("ACK", 1, NULL, NULL);
	while (peer_expect(p, "SIP/2.0 200", 1))
		;
	SILENT("SIP/2.0 200");
	TEST_EQ(1, ua->estab);
	TEST_STR("sip:ann@example.org", call_peer_uri(ua->call));
	TEST_STR("Ann \"A\" Example", call_peer_name(ua->call));
	TEST_STR("Phone 1", call_user_agent(ua->call));
	TEST_STR("3000", call_user(ua->call));
	TEST_TRUE(sa_cmp(call_peer_addr(ua->call), &p->addr, SA_ALL));
	SEND("BYE", 2, NULL, NULL);
	EXPECT("SIP/2.0 200");
	TEST_STR("bye", ua->reason);
	TEST_EQ(1, ua->closed);
	CASE_END;
}


static int test_retransmitted(void)
{
	char tag[128];
	CASE(0, false);

	ua->auto_answer = false;
	TEST_ERR(peer_request(p, "INVITE", 1, 77, NULL, OFFER));
	EXPECT("SIP/2.0 100");
	TEST_ERR(peer_request(p, "INVITE", 1, 77, NULL, OFFER));
	EXPECT("SIP/2.0 100");
	TEST_ERR(call_progress(ua->call, 180, "Ringing"));
	EXPECT("SIP/2.0 180");
	str_ncpy(tag, peer_hdr(p, "To"), sizeof(tag));
	TEST_ERR(peer_request(p, "INVITE", 1, 77, NULL, OFFER));
	EXPECT("SIP/2.0 180");
	TEST_STR(tag, peer_hdr(p, "To"));
	TEST_EQ(1, ua->incoming);

	/* the same by another way: merged */
	TEST_ERR(peer_request(p, "INVITE", 1, 78, NULL, OFFER));
	EXPECT("SIP/2.0 482");
	TEST_EQ(1, ua->incoming);

	/* BYE sent twice is done once */
	str_ncpy(p->rtag, strstr(tag, "tag=") + 4, sizeof(p->rtag));
	TEST_ERR(peer_request(p, "BYE", 2, 79, NULL, NULL));
	EXPECT("SIP/2.0 487");
	TEST_ERR(peer_request(p, "BYE", 2, 79, NULL, NULL));
	EXPECT("SIP/2.0 200");
	TEST_EQ(1, ua->closed);
	CASE_END;
}


static int test_lost_ack(void)
{
	CASE(0, false);

	SEND("INVITE", 1, NULL, OFFER);
	EXPECT("SIP/2.0 200");
	peer_learn_tag(p);
	TEST_TRUE(peer_expect(p, "BYE sip:ann@", 64 * T1 + WAIT));
	TEST_EQ(1, ua->closed);
	TEST_STR("timeout", ua->reason);
	TEST_ERR(peer_reply(p, 200, "OK", NULL, NULL));
	ua->call = mem_deref(ua->call);
	sip_pump(10);
	TEST_EQ(0, ua->ss->callc);
	CASE_END;
}


static int test_cancel(void)
{
	CASE(0, false);

	ua->auto_answer = false;
	ua->drop_on_close = true;
	TEST_ERR(peer_request(p, "INVITE", 1, 5, NULL, OFFER));
	EXPECT("SIP/2.0 100");
	TEST_ERR(peer_request(p, "CANCEL", 1, 5, NULL, NULL));
	EXPECT("SIP/2.0 200");
	HAS("CANCEL");
	EXPECT("SIP/2.0 487");
	TEST_STR("cancelled", ua->reason);
	TEST_TRUE(!ua->call);
	TEST_ERR(peer_request(p, "ACK", 1, 5, NULL, NULL));
	sip_pump(5);
	TEST_EQ(0, ua->ss->callc);
	CASE_END;
}


static int test_cancel_ringing(void)
{
	CASE(0, false);

	ua->auto_answer = false;
	ua->ring = true;
	TEST_ERR(peer_request(p, "INVITE", 1, 5, NULL, OFFER));
	EXPECT("SIP/2.0 180");
	TEST_ERR(peer_request(p, "CANCEL", 1, 5, NULL, NULL));
	EXPECT("SIP/2.0 487");
	TEST_EQ(1, ua->closed);
	TEST_EQ(EPROTO, call_progress(ua->call, 180, "Ringing"));
	TEST_EQ(EPROTO, call_reject(ua->call, 486, "Busy Here", 0));
	CASE_END;
}


static int test_cancel_late(void)
{
	CASE(0, false);

	TEST_ERR(peer_request(p, "INVITE", 1, 5, NULL, OFFER));
	EXPECT("SIP/2.0 200");
	peer_learn_tag(p);
	p->rtag[0] = '\0';
	TEST_ERR(peer_request(p, "CANCEL", 1, 5, NULL, NULL));
	EXPECT("SIP/2.0 200");
	TEST_EQ(0, ua->closed);
	peer_learn_tag(p);
	SEND("ACK", 1, NULL, NULL);
	TEST_EQ(1, ua->estab);

	/* and one for nothing */
	TEST_ERR(peer_request(p, "CANCEL", 9, 99, NULL, NULL));
	EXPECT("SIP/2.0 481");
	CASE_END;
}


static int test_bye_before_ack(void)
{
	CASE(0, false);

	ua->drop_on_close = true;
	SEND("INVITE", 1, NULL, OFFER);
	EXPECT("SIP/2.0 200");
	peer_learn_tag(p);
	SEND("BYE", 2, NULL, NULL);
	while (peer_expect(p, "SIP/2.0 200", 5) && !peer_has(p, "2 BYE"))
		;
	HAS("2 BYE");
	SILENT("SIP/2.0 200");
	TEST_STR("bye", ua->reason);
	TEST_EQ(0, ua->estab);
	SEND("ACK", 1, NULL, NULL);
	SILENT("BYE");
	TEST_EQ(0, ua->ss->callc);
	CASE_END;
}


static int test_bye_early(void)
{
	CASE(0, false);

	ua->auto_answer = false;
	ua->ring = true;
	SEND("INVITE", 1, NULL, OFFER);
	EXPECT("SIP/2.0 180");
	peer_learn_tag(p);
	SEND("BYE", 2, NULL, NULL);
	EXPECT("SIP/2.0 200");
	EXPECT("SIP/2.0 487");
	TEST_STR("bye", ua->reason);
	CASE_END;
}


static int test_hangup_before_ack(void)
{
	CASE(0, false);

	SEND("INVITE", 1, NULL, OFFER);
	EXPECT("SIP/2.0 200");
	peer_learn_tag(p);
	call_hangup(ua->call, "ended \"by\" host");
	ua->call = mem_deref(ua->call);
	SILENT("BYE");
	SEND("ACK", 1, NULL, NULL);
	EXPECT("BYE sip:ann@");
	TEST_STR("SIP;cause=200;text=\"ended \\\"by\\\" host\"",
		 peer_hdr(p, "Reason"));
	TEST_EQ(1, ua->ss->callc);
	TEST_ERR(peer_reply(p, 200, "OK", NULL, NULL));
	sip_pump(5);
	TEST_EQ(0, ua->ss->callc);
	TEST_EQ(0, ua->closed);
	CASE_END;
}


static int test_refusals(void)
{
	CASE(0, false);

	ua->reject = 403;
	TEST_ERR(peer_request(p, "INVITE", 1, 1, NULL, OFFER));
	EXPECT("SIP/2.0 403 Refused By Test");
	TEST_TRUE(peer_expect(p, "SIP/2.0 403", 700)); /* until the ACK  */
	TEST_ERR(peer_request(p, "ACK", 1, 1, NULL, NULL));
	sip_pump(5);
	TEST_EQ(0, ua->ss->callc);

	/* forgotten by its owner */
	ua->reject = 0;
	ua->auto_answer = false;
	p->tag[0] = 'x';
	SEND("INVITE", 1, NULL, OFFER);
	EXPECT("SIP/2.0 100");
	ua->call = mem_deref(ua->call);
	EXPECT("SIP/2.0 500");

	/* hung up instead of refused; with a wish to come back */
	p->tag[0] = 'y';
	SEND("INVITE", 1, NULL, OFFER);
	EXPECT("SIP/2.0 100");
	call_hangup(ua->call, NULL);
	ua->call = mem_deref(ua->call);
	EXPECT("SIP/2.0 480");
	p->tag[0] = 'z';
	SEND("INVITE", 1, NULL, OFFER);
	EXPECT("SIP/2.0 100");
	TEST_ERR(call_reject(ua->call, 503, "Full", 30));
	EXPECT("SIP/2.0 503 Full");
	TEST_STR("30", peer_hdr(p, "Retry-After"));
	CASE_END;
}


static int test_info(void)
{
	CASE(0, false);

	CALL(NULL);
#define INFO(seq, type, body)                                           \
	TEST_ERR(peer_send(p,                                           \
		"INFO sip:3000@%J SIP/2.0\r\n"                          \
		"Via: SIP/2.0/UDP %J;branch=z9hG4bKi%u\r\n"             \
		"From: <sip:ann@example.org>;tag=%s\r\n"                \
		"To: <sip:3000@example.com>;tag=%s\r\n"                 \
		"Call-ID: %s\r\nCSeq: %u INFO\r\n"                      \
		"Content-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",    \
		&p->to, &p->addr, seq, p->tag, p->rtag, p->callid, seq, \
		type, strlen(body), body))

	INFO(2, "application/media_control+xml",
	     "<media_control><vc_primitive><to_encoder>"
	     "<picture_fast_update></picture_fast_update>"
	     "</to_encoder></vc_primitive></media_control>");
	EXPECT("SIP/2.0 200");
	TEST_EQ(1, ua->key_frames);
	INFO(3, "application/dtmf-relay", "Signal=5\r\nDuration=160\r\n");
	EXPECT("SIP/2.0 200");
	TEST_EQ('5', ua->digit);
	TEST_EQ(160, ua->digit_ms);
	INFO(4, "application/dtmf-relay", "Signal= #\nDuration= 250\n");
	EXPECT("SIP/2.0 200");
	TEST_EQ('#', ua->digit);
	TEST_EQ(250, ua->digit_ms);
	INFO(5, "application/dtmf", "d");
	EXPECT("SIP/2.0 200");
	TEST_EQ('D', ua->digit);
	INFO(6, "application/dtmf-relay", "Signal=10\r\n");
	EXPECT("SIP/2.0 200");
	TEST_EQ('*', ua->digit);
	TEST_EQ(4, ua->digits);
	INFO(7, "application/dtmf-relay", "Signal=\r\n");
	EXPECT("SIP/2.0 400");
	INFO(8, "text/plain", "hello");
	EXPECT("SIP/2.0 415");
	HAS("Accept: application/sdp");
	SEND("INFO", 9, NULL, NULL);
	EXPECT("SIP/2.0 200");
	SEND("INFO", 10, "Info-Package: foo\r\n", NULL);
	EXPECT("SIP/2.0 469");

	TEST_ERR(call_key_frame(ua->call));
	TEST_ERR(call_key_frame(ua->call));
	EXPECT("INFO sip:ann@");
	HAS("<picture_fast_update/>");
	TEST_ERR(peer_reply(p, 415, "What", NULL, NULL));
	SILENT("INFO");
	TEST_ERR(call_key_frame(ua->call));
	EXPECT("INFO sip:ann@");
	TEST_EQ(0, ua->closed);
	CASE_END;
}


static int test_out_of_dialog(void)
{
	CASE(0, false);

	SEND("OPTIONS", 1, NULL, NULL);
	EXPECT("SIP/2.0 200");
	HAS("Allow: INVITE");
	HAS("Accept: application/sdp");
	HAS("Supported: timer");
	str_ncpy(p->rtag, "stale", sizeof(p->rtag));
	SEND("OPTIONS", 2, NULL, NULL);
	EXPECT("SIP/2.0 481");
	SEND("BYE", 3, NULL, NULL);
	EXPECT("SIP/2.0 481");
	SEND("INFO", 4, NULL, NULL);
	EXPECT("SIP/2.0 481");
	SEND("UPDATE", 5, NULL, NULL);
	EXPECT("SIP/2.0 481");
	SEND("INVITE", 6, NULL, OFFER);
	EXPECT("SIP/2.0 481");
	SEND("ACK", 6, NULL, NULL);
	p->rtag[0] = '\0';
	SEND("BYE", 7, NULL, NULL);
	EXPECT("SIP/2.0 481");
	SEND("REGISTER", 8, NULL, NULL);
	EXPECT("SIP/2.0 405");
	HAS("Allow: INVITE");
	SEND("FROBNICATE", 9, NULL, NULL);
	EXPECT("SIP/2.0 501");
	SEND("INVITE", 10, "Require: 100rel, timer, x\r\n", OFFER);
	EXPECT("SIP/2.0 420");
	TEST_STR("100rel, x", peer_hdr(p, "Unsupported"));
	SEND("INVITE", 11, "Accept: text/plain\r\n", OFFER);
	EXPECT("SIP/2.0 406");
	SEND("INVITE", 12, "Content-Encoding: gzip\r\n", OFFER);
	EXPECT("SIP/2.0 415");
	TEST_EQ(0, ua->incoming);
	CASE_END;
}


static int test_not_found(void)
{
	CASE(0, false);

#define TO(met, seq, uri)                                               \
	TEST_ERR(peer_send(p,                                           \
		met " %s SIP/2.0\r\n"                                   \
		"Via: SIP/2.0/UDP %J;branch=z9hG4bKn%u\r\n"             \
		"From: <sip:ann@example.org>;tag=%s\r\n"                \
		"To: <sip:3000@example.com>\r\n"                        \
		"Contact: <sip:ann@%J>\r\n"                             \
		"Call-ID: %s\r\nCSeq: %u " met "\r\n"                   \
		"Content-Length: 0\r\n\r\n",                            \
		uri, &p->addr, seq, p->tag, &p->addr, p->callid, seq))

	TO("INVITE", 1, "sip:nobody@127.0.0.1");
	EXPECT("SIP/2.0 404");
	TO("INVITE", 2, "sip:n%6fbody@127.0.0.1");
	EXPECT("SIP/2.0 404");
	TO("OPTIONS", 3, "sip:nobody@127.0.0.1");
	EXPECT("SIP/2.0 404");
	TO("OPTIONS", 4, "sip:127.0.0.1");
	EXPECT("SIP/2.0 200");
	TO("INVITE", 5, "sips:3000@127.0.0.1");
	EXPECT("SIP/2.0 416");
	TO("INVITE", 6, "sip:3000@127.0.0.1?Subject=x");
	EXPECT("SIP/2.0 400");
	TEST_EQ(0, ua->incoming);
	TO("INVITE", 7, "tel:3000");
	EXPECT("SIP/2.0 200");
	TEST_STR("3000", call_user(ua->call));
	CASE_END;
}


static int test_flood(void)
{
	unsigned i, busy = 0, refused = 0;
	CASE(0, false);

	p->burst = true;
	for (i = 0; i < 3 * SIP_INVITES_MAX; i++) {
		(void)re_snprintf(p->callid, sizeof(p->callid), "f%u", i);
		SEND("INVITE", 1, NULL, OFFER);
	}
	while (peer_expect(p, "SIP/2.0 ", 20)) {
		busy    += peer_has(p, "SIP/2.0 486");
		refused += peer_has(p, "SIP/2.0 503") &&
			peer_has(p, "Retry-After: 5");
	}
	TEST_TRUE(busy >= SIP_INVITES_MAX - 1);
	TEST_TRUE(ua->incoming < 3 * SIP_INVITES_MAX);
	TEST_TRUE(refused >= 1);
	CASE_END;
}


static int test_routes(void)
{
	CASE(0, false);

	TEST_ERR(peer_send(p,
		"INVITE sip:3000@%J SIP/2.0\r\n"
		"Via: SIP/2.0/UDP %J;branch=z9hG4bKr1;rport\r\n"
		"From: <sip:ann@example.org>;tag=%s\r\n"
		"To: <sip:3000@example.com>\r\n"
		"Record-Route: <sip:%J;lr>, <sip:p1.invalid;lr>\r\n"
		"Contact: <sip:ann@192.0.2.7:5099?Subject=x>\r\n"
		"Call-ID: %s\r\nCSeq: 1 INVITE\r\n"
		"Content-Type: application/sdp\r\n\r\n" OFFER,
		&p->to, &p->addr, p->tag, &p->addr, p->callid));
	EXPECT("SIP/2.0 200");
	HAS("Record-Route: ");
	HAS(", <sip:p1.invalid;lr>\r\n");
	peer_learn_tag(p);
	SEND("ACK", 1, NULL, NULL);
	ua->call = mem_deref(ua->call);
	EXPECT("BYE sip:ann@192.0.2.7:5099 SIP/2.0");
	TEST_TRUE(strstr(p->rx, "Route: <sip:127.0.0.1:") <
		  strstr(p->rx, "Route: <sip:p1.invalid;lr>\r\n"));
	HAS("Max-Forwards: 70");
	CASE_END;
}


static int test_nat(void)
{
	CASE(0, false);

	TEST_EQ(0, ua->incoming);
	TEST_ERR(peer_send(p,
		"INVITE sip:3000@%J SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 192.0.2.7:5099;branch=z9hG4bKr1;rport\r\n"
		"From: <sip:ann@example.org>;tag=%s\r\n"
		"To: <sip:3000@example.com>\r\n"
		"Contact: <sip:ann@192.0.2.7:5099>\r\n"
		"Call-ID: %s\r\nCSeq: 1 INVITE\r\n"
		"Content-Type: application/sdp\r\n\r\n" OFFER,
		&p->to, p->tag, p->callid));
	EXPECT("SIP/2.0 200");
	HAS(";received=127.0.0.1");
	HAS(";rport=");
	peer_learn_tag(p);
	SEND("ACK", 1, NULL, NULL);
	ua->call = mem_deref(ua->call);
	EXPECT("BYE sip:ann@192.0.2.7:5099 SIP/2.0");
	CASE_END;
}


static int test_tcp(void)
{
	char contact[80];
	CASE(0, true);

	CALL(NULL);
	(void)re_snprintf(contact, sizeof(contact),
			  "<sip:3000@%J;transport=tcp>;isfocus", &ua->addr);
	SEND("INVITE", 2, NULL, OFFER);
	EXPECT("SIP/2.0 200");
	TEST_STR(contact, peer_hdr(p, "Contact"));
	EXPECT("SIP/2.0 200");                 /* over TCP as well       */
	SEND("ACK", 2, NULL, NULL);

	/* back over the connection, not to the Contact's port */
	TEST_ERR(call_key_frame(ua->call));
	EXPECT("INFO sip:ann@");
	HAS("Via: SIP/2.0/TCP 127.0.0.1:");
	TEST_ERR(peer_reply(p, 200, "OK", NULL, NULL));

	/* and without it */
	peer_close(p);
	sip_pump(10);
	ua->call = mem_deref(ua->call);
	sip_pump(20);
	TEST_EQ(0, ua->ss->callc);
	CASE_END;
}


static void done_handler(void *arg)
{
	++*(unsigned *)arg;
}


static int test_close(void)
{
	struct peer q = {.fd = -1};
	unsigned done = 0;
	CASE(0, false);

	CALL(NULL);
	ua->auto_answer = false;
	TEST_ERR(peer_init(&q, &ua->addr, false));
	mem_ref(ua->call);
	sipstack_close(ua->ss, done_handler, &done);
	EXPECT("BYE");
	TEST_STR("SIP;cause=200;text=\"server shutdown\"",
		 peer_hdr(p, "Reason"));
	TEST_EQ(0, done);
	TEST_ERR(peer_request(&q, "INVITE", 1, 0, NULL, OFFER));
	TEST_TRUE(peer_expect(&q, "SIP/2.0 503", WAIT));
	TEST_ERR(peer_reply(p, 200, "OK", NULL, NULL));
	sip_pump(50);
	TEST_EQ(1, done);
	TEST_EQ(0, ua->closed);

	/* the owner may keep it longer than the stack lives */
	ua->ss = mem_deref(ua->ss);
	TEST_EQ(EINVAL, call_key_frame(ua->call));
	call_hangup(ua->call, NULL);
	mem_deref(ua->call);

 out:
	peer_close(&q);
	sip_case_close(&f);
	return err;
}


static const struct test testv[] = {
	{"INVITE is answered until its ACK", test_answer},
	{"what comes twice is done once", test_retransmitted},
	{"an ACK that never comes ends the call", test_lost_ack},
	{"CANCEL before ringing", test_cancel},
	{"CANCEL while ringing", test_cancel_ringing},
	{"CANCEL that crosses the 200", test_cancel_late},
	{"BYE before the ACK", test_bye_before_ack},
	{"BYE while ringing", test_bye_early},
	{"our hangup waits for the ACK", test_hangup_before_ack},
	{"refusals", test_refusals},
	{"INFO", test_info},
	{"requests outside of a call", test_out_of_dialog},
	{"whom we do not serve", test_not_found},
	{"a flood of INVITEs", test_flood},
	{"a route set", test_routes},
	{"a phone behind a NAT", test_nat},
	{"TCP", test_tcp},
	{"goodbye to all", test_close},
};


int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
