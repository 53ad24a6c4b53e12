/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_sip.c -- two of our stacks call each other
 */
#include "tests/fake/sip_peer.h"
#include "tests/unit/test.h"


static int dial(struct ua *a, const struct ua *b, const char *user,
		const char *params, const char *sdp)
{
	struct mbuf *mb = sdp ? sip_body(sdp) : NULL;
	char uri[128];
	int err;

	(void)re_snprintf(uri, sizeof(uri), "sip:%s@%J%s", user, &b->addr,
			  params);
	err = call_dial(&a->call, a->ss, uri, "3000", "Room \"A\"", mb,
			&ua_handlers, a);
	mem_deref(mb);

	return err;
}


static bool until(const unsigned *n, unsigned want, unsigned ms)
{
	uint64_t end = tmr_jiffies() + ms;

	while (*n < want && tmr_jiffies() < end)
		sip_pump(2);

	return *n >= want;
}


static int basic(const char *params, const char *sdp)
{
	struct ua a = {0}, b = {0};
	int err;

	err  = ua_init(&a, 0, 90);
	err |= ua_init(&b, 1800, 90);
	TEST_ERR(err);
	b.auto_answer = true;
	b.ring = true;

	TEST_ERR(dial(&a, &b, "3000", params, sdp));
	TEST_TRUE(until(&a.estab, 1, 1000));
	TEST_TRUE(until(&b.estab, 1, 1000));
	TEST_EQ(180, a.ringing);
	TEST_EQ(1, b.incoming);
	TEST_STR("3000", call_user(b.call));
	TEST_STR("Room \"A\"", call_peer_name(b.call));
	TEST_STR("tutti/test", call_user_agent(b.call));
	TEST_STR("tutti/test", call_user_agent(a.call));
	TEST_STR(call_id(a.call), call_id(b.call));
	if (sdp) {
		TEST_EQ(1, a.answers);
		TEST_STR("v=0\r\ns=answer\r\n", a.body);
		TEST_STR(sdp, b.body);
	}
	else {
		TEST_EQ(1, a.offers);
		TEST_EQ(1, b.answers);
		TEST_STR("v=0\r\ns=offer\r\n", a.body);
		TEST_STR("v=0\r\ns=answer\r\n", b.body);
	}

	a.call = mem_deref(a.call);
	TEST_TRUE(until(&b.closed, 1, 1000));
	TEST_STR("bye", b.reason);
	sip_pump(10);
	TEST_EQ(0, a.ss->callc);
	TEST_EQ(0, a.closed);

 out:
	ua_close(&a);
	ua_close(&b);
	return err;
}


static int test_udp(void)
{
	return basic("", "v=0\r\ns=dial\r\n");
}


static int test_tcp(void)
{
	return basic(";transport=tcp", "v=0\r\ns=dial\r\n");
}


static int test_late(void)
{
	return basic("", NULL);
}


/* ---- our INVITE to a peer that says exactly what we want -------------- */

#define WAIT 300

struct fix {
	struct ua ua;
	struct peer p;
};


static int dial_peer(struct fix *f, uint32_t se_s, const char *params,
		     const char *sdp)
{
	struct ua to = {0};
	int err;

	memset(f, 0, sizeof(*f));
	f->p.fd = -1;
	err = ua_init(&f->ua, se_s, 90);
	if (err)
		return err;

	sipstack_test_clock(f->ua.ss, 10, 10);
	err = peer_init(&f->p, &f->ua.addr, false);
	if (err)
		return err;

	to.addr = f->p.addr;

	return dial(&f->ua, &to, "bob", params, sdp);
}


static void fix_close(struct fix *f)
{
	peer_close(&f->p);
	ua_close(&f->ua);
}


#define CASE(se, params, sdp)  /* err, f, p, ua */                      \
	struct fix f;                                                   \
	struct peer *p = &f.p;                                          \
	struct ua *ua = &f.ua;                                          \
	int err = dial_peer(&f, se, params, sdp);                       \
	TEST_ERR(err);                                                  \
	TEST_EQ(0, ua->closed)
#define CASE_END                                                        \
 out:                                                                   \
	fix_close(&f);                                                  \
	return err
#define EXPECT(begin)    TEST_TRUE(peer_expect(p, begin, WAIT))
#define SILENT(begin)    TEST_TRUE(peer_silent(p, begin, 60))
#define HAS(text)        TEST_TRUE(peer_has(p, text))
#define REPLY(code, reason, hdrs, body)                                 \
	TEST_ERR(peer_reply(p, code, reason, hdrs, body))


static int test_invite(void)
{
	char via[128], from[128], contact[128], invite[4096], to[128];
	CASE(1800, "", "v=0\r\ns=ours\r\n");

	EXPECT("INVITE sip:bob@127.0.0.1:");
	(void)re_snprintf(via, sizeof(via), "SIP/2.0/UDP %J;branch=z9hG4bK",
			  &ua->addr);
	TEST_TRUE(!strncmp(via, peer_hdr(p, "Via"), strlen(via)));
	(void)re_snprintf(from, sizeof(from),
			  "\"Room \\\"A\\\"\" <sip:3000@%J>;tag=", &ua->addr);
	TEST_TRUE(!strncmp(from, peer_hdr(p, "From"), strlen(from)));
	(void)re_snprintf(contact, sizeof(contact), "<sip:3000@%J>;isfocus",
			  &ua->addr);
	TEST_STR(contact, peer_hdr(p, "Contact"));
	TEST_STR("1800", peer_hdr(p, "Session-Expires"));
	TEST_STR("tutti/test", peer_hdr(p, "User-Agent"));
	HAS("s=ours");
	str_ncpy(invite, p->rx, sizeof(invite));
	TEST_EQ(0, strcmp("sip:bob@", call_peer_uri(ua->call)) > 0);
	TEST_STR("bob", call_peer_name(ua->call));

	REPLY(100, "Trying", NULL, NULL);
	TEST_EQ(0, ua->progress);
	REPLY(180, "Ringing", NULL, NULL);
	TEST_EQ(180, ua->ringing);
	REPLY(183, "Progress", NULL, "v=0\r\n");
	TEST_EQ(2, ua->progress);
	TEST_EQ(0, ua->answers);
	REPLY(200, "OK", "Server: Phone\r\n", "v=0\r\ns=peer\r\n");
	TEST_EQ(1, ua->estab);
	TEST_EQ(1, ua->answers);
	TEST_STR("v=0\r\ns=peer\r\n", ua->body);
	TEST_STR("Phone", call_user_agent(ua->call));
	EXPECT("ACK sip:ann@127.0.0.1:");

	/* the ACK got lost */
	str_ncpy(p->rx, invite, sizeof(p->rx));
	REPLY(200, "OK", NULL, "v=0\r\ns=peer\r\n");
	EXPECT("ACK sip:ann@127.0.0.1:");
	TEST_EQ(1, ua->answers);

	/* another phone was faster to the same: not with us */
	str_ncpy(p->rx, invite, sizeof(p->rx));
	str_ncpy(p->tag, "other", sizeof(p->tag));
	REPLY(200, "OK", NULL, "v=0\r\ns=peer\r\n");
	EXPECT("ACK sip:ann@127.0.0.1:");
	HAS(";tag=other");
	EXPECT("BYE sip:ann@127.0.0.1:");
	HAS(";tag=other");
	TEST_EQ(0, ua->closed);

	call_hangup(ua->call, NULL);
	EXPECT("BYE");
	str_ncpy(to, peer_hdr(p, "To"), sizeof(to));
	TEST_TRUE(!strstr(to, ";tag=other"));
	CASE_END;
}


static int test_refused(void)
{
	CASE(0, "", "v=0\r\n");

	EXPECT("INVITE");
	TEST_STR("", peer_hdr(p, "Session-Expires"));
	REPLY(180, "Ringing", NULL, NULL);
	REPLY(486, "Busy Here", NULL, NULL);
	EXPECT("ACK");
	TEST_EQ(1, ua->closed);
	TEST_EQ(486, ua->scode);
	TEST_STR("486 Busy Here", ua->reason);
	CASE_END;
}


static int test_wants_password(void)
{
	CASE(0, "", "v=0\r\n");

	ua->drop_on_close = true;
	EXPECT("INVITE");
	REPLY(407, "Proxy Authentication Required",
	      "Proxy-Authenticate: Digest realm=\"x\", nonce=\"y\"\r\n",
	      NULL);
	EXPECT("ACK");
	TEST_EQ(407, ua->scode);
	sip_pump(5);
	TEST_EQ(0, ua->ss->callc);
	CASE_END;
}


static int test_too_small(void)
{
	char callid[128];
	CASE(100, "", "v=0\r\n");

	EXPECT("INVITE");
	TEST_STR("100", peer_hdr(p, "Session-Expires"));
	str_ncpy(callid, peer_hdr(p, "Call-ID"), sizeof(callid));
	REPLY(422, "Session Interval Too Small", "Min-SE: 300\r\n", NULL);
	EXPECT("INVITE");
	TEST_STR("300", peer_hdr(p, "Session-Expires"));
	TEST_STR("300", peer_hdr(p, "Min-SE"));
	TEST_STR(callid, peer_hdr(p, "Call-ID"));
	REPLY(422, "Session Interval Too Small", "Min-SE: 300\r\n", NULL);
	TEST_EQ(422, ua->scode);
	TEST_EQ(1, ua->closed);
	CASE_END;
}


static int test_hangup_early(void)
{
	CASE(0, "", "v=0\r\n");

	/* no CANCEL before a provisional answer */
	EXPECT("INVITE");
	call_hangup(ua->call, "no more");
	ua->call = mem_deref(ua->call);
	SILENT("CANCEL");
	REPLY(180, "Ringing", NULL, NULL);
	EXPECT("CANCEL");
	HAS("Via: SIP/2.0/UDP 127.0.0.1:");
	REPLY(200, "OK", NULL, NULL);
	TEST_EQ(1, ua->ss->callc);
	CASE_END;
}


static int test_hangup_ringing(void)
{
	char invite[4096];
	CASE(0, "", "v=0\r\n");

	EXPECT("INVITE");
	str_ncpy(invite, p->rx, sizeof(invite));
	REPLY(180, "Ringing", NULL, NULL);
	ua->call = mem_deref(ua->call);
	EXPECT("CANCEL");
	REPLY(200, "OK", NULL, NULL);
	str_ncpy(p->rx, invite, sizeof(p->rx));
	REPLY(487, "Request Terminated", NULL, NULL);
	EXPECT("ACK");
	sip_pump(5);
	TEST_EQ(0, ua->ss->callc);
	TEST_EQ(0, ua->closed);
	CASE_END;
}


static int test_hangup_crossing(void)
{
	char invite[4096];
	CASE(0, "", "v=0\r\n");

	EXPECT("INVITE");
	str_ncpy(invite, p->rx, sizeof(invite));
	REPLY(180, "Ringing", NULL, NULL);
	call_hangup(ua->call, "no more");
	EXPECT("CANCEL");
	str_ncpy(p->rx, invite, sizeof(p->rx));
	REPLY(200, "OK", NULL, "v=0\r\n");
	EXPECT("ACK sip:ann@");
	EXPECT("BYE sip:ann@");
	TEST_STR("SIP;cause=200;text=\"no more\"", peer_hdr(p, "Reason"));
	REPLY(200, "OK", NULL, NULL);
	TEST_EQ(0, ua->estab);
	ua->call = mem_deref(ua->call);
	sip_pump(5);
	TEST_EQ(0, ua->ss->callc);
	CASE_END;
}


static int test_rings_out(void)
{
	CASE(0, "", "v=0\r\n");

	sipstack_test_clock(ua->ss, 10, 1);
	EXPECT("INVITE");
	REPLY(180, "Ringing", NULL, NULL);
	ua->call = mem_deref(ua->call);
	EXPECT("CANCEL");

	/* again, to the end: 180 s of 1 ms */
	memset(ua->reason, 0, sizeof(ua->reason));
	TEST_ERR(dial(ua, &(struct ua){.addr = p->addr}, "bob", "",
		      "v=0\r\n"));
	EXPECT("INVITE");
	REPLY(180, "Ringing", NULL, NULL);
	EXPECT("CANCEL");
	TEST_STR("timeout", ua->reason);
	TEST_EQ(1, ua->closed);
	CASE_END;
}


static int test_bad_answer(void)
{
	CASE(0, "", "v=0\r\n");

	ua->answer_err = EBADMSG;
	EXPECT("INVITE");
	REPLY(200, "OK", NULL, "v=0\r\n");
	EXPECT("ACK");
	EXPECT("BYE");
	TEST_STR("bad answer", ua->reason);
	TEST_EQ(0, ua->estab);
	CASE_END;
}


static int test_late_refused(void)
{
	CASE(0, "", NULL);

	ua->offer_err = ENOTSUP;
	EXPECT("INVITE");
	HAS("Content-Length: 0\r\n");
	REPLY(200, "OK", NULL, "v=0\r\n");
	EXPECT("ACK");
	EXPECT("BYE");
	TEST_STR("no common media", ua->reason);
	CASE_END;
}


static int test_early_requests(void)
{
	CASE(0, "", "v=0\r\n");

	EXPECT("INVITE");
	str_ncpy(p->callid, peer_hdr(p, "Call-ID"), sizeof(p->callid));
	str_ncpy(p->rtag, strstr(peer_hdr(p, "From"), ";tag=") + 5,
		 sizeof(p->rtag));
	REPLY(180, "Ringing", NULL, NULL);
	TEST_ERR(peer_request(p, "UPDATE", 1, 0, NULL, "v=0\r\n"));
	EXPECT("SIP/2.0 491");
	TEST_ERR(peer_request(p, "UPDATE", 2, 0, NULL, NULL));
	EXPECT("SIP/2.0 200");
	TEST_ERR(peer_request(p, "BYE", 3, 0, NULL, NULL));
	EXPECT("SIP/2.0 200");
	EXPECT("CANCEL");
	TEST_STR("bye", ua->reason);
	CASE_END;
}


static int test_timer_uac(void)
{
	CASE(90, "", "v=0\r\n");

	EXPECT("INVITE");
	REPLY(200, "OK", "Require: timer\r\nAllow: UPDATE\r\n"
	      "Session-Expires: 90;refresher=uac\r\n", "v=0\r\n");
	EXPECT("ACK");
	TEST_TRUE(peer_silent(p, "UPDATE", 350));
	TEST_TRUE(peer_expect(p, "UPDATE", 200));
	REPLY(491, "Pending", NULL, NULL);
	TEST_TRUE(peer_expect(p, "UPDATE", 200));      /* 2.1–4 s of 1/50 */
	REPLY(200, "OK", "Require: timer\r\n"
	      "Session-Expires: 90;refresher=uas\r\n", NULL);

	/* theirs from here on; they do not */
	TEST_TRUE(peer_silent(p, "BYE", 500));
	TEST_TRUE(peer_expect(p, "BYE", 300));
	TEST_STR("session timer", ua->reason);
	CASE_END;
}


static int test_timer_off(void)
{
	CASE(90, "", "v=0\r\n");

	EXPECT("INVITE");
	REPLY(200, "OK", NULL, "v=0\r\n");
	EXPECT("ACK");
	TEST_TRUE(peer_silent(p, "BYE", 950));
	CASE_END;
}


static int test_dial_bad(void)
{
	static const char *const uriv[] = {
		"", "bob", "sip:", "tel:+123", "sips:bob@127.0.0.1",
		"sip:bob@127.0.0.1\r\nX: y", "sip:bob@127.0.0.1 x",
		"sip:<bob>@127.0.0.1", "sip:bob@127.0.0.1?Subject=x",
		"sip:bob@127.0.0.1;transport=sctp",
	};
	struct ua a;
	size_t i;
	int err = 0;

	TEST_ERR(ua_init(&a, 0, 90));
	for (i = 0; i < ARRAY_SIZE(uriv); i++) {
		if (!call_dial(&a.call, a.ss, uriv[i], "3000", "", NULL,
			       &ua_handlers, &a))
			TEST_FAIL("dialled '%s'", uriv[i]);
		TEST_TRUE(!a.call);
	}
	sip_pump(5);
	TEST_EQ(0, a.ss->callc);
	TEST_EQ(0, a.closed);

 out:
	ua_close(&a);
	return err;
}


static int test_local_addr(void)
{
	struct sa sa;
	struct ua a;
	int err = 0;

	TEST_ERR(ua_init(&a, 0, 90));
	TEST_ERR(sip_route_addr(a.ss, "sip:x@127.0.0.1:99", &sa));
	TEST_TRUE(sa_is_loopback(&sa));
	TEST_ERR(sip_route_addr(a.ss, "sip:localhost", &sa));
	TEST_TRUE(sa_is_loopback(&sa));
	TEST_EQ(EINVAL, sip_route_addr(a.ss, "localhost", &sa));

	/* behind a NAT, but not for neighbours on this machine */
	TEST_ERR(sa_set_str(&a.ss->public_addr, "203.0.113.7", 0));
	TEST_ERR(sip_route_addr(a.ss, "sip:x@192.0.2.1", &sa));
	TEST_TRUE(sa_cmp(&sa, &a.ss->public_addr, SA_ADDR));
	TEST_ERR(sip_route_addr(a.ss, "sip:x@127.0.0.1", &sa));
	TEST_TRUE(sa_is_loopback(&sa));

 out:
	ua_close(&a);
	return err;
}


static int test_listen(void)
{
	struct ua a;
	int err = 0;

	TEST_ERR(ua_init(&a, 0, 90));
	TEST_EQ(EINVAL, sipstack_listen(a.ss, "udp"));
	TEST_EQ(EINVAL, sipstack_listen(a.ss, "udp x:5060"));
	TEST_EQ(ENOTSUP, sipstack_listen(a.ss, "sctp 127.0.0.1:0"));
	TEST_ERR(sipstack_listen(a.ss, "tcp 127.0.0.1:0"));
	TEST_ERR(sipstack_listen(a.ss, "udp [::1]:0"));

 out:
	ua_close(&a);
	return err;
}


/* Other ways to say where: IPv6, a name of /etc/hosts */
static int test_names(void)
{
	struct ua a = {0}, b = {0};
	struct sa v6;
	char uri[128];
	struct mbuf *mb = sip_body("v=0\r\n");
	int err;

	err  = ua_init(&a, 0, 90);
	err |= ua_init(&b, 0, 90);
	TEST_ERR(err);
	b.auto_answer = true;

	(void)re_snprintf(uri, sizeof(uri), "sip:3000@localhost:%u",
			  sa_port(&b.addr));
	TEST_ERR(call_dial(&a.call, a.ss, uri, "", "", mb, &ua_handlers,
			   &a));
	TEST_TRUE(until(&a.estab, 1, 1000));
	a.call = mem_deref(a.call);
	TEST_TRUE(until(&b.closed, 1, 1000));
	b.call = mem_deref(b.call);

	if (sipstack_listen(a.ss, "udp [::1]:0") ||
	    sipstack_listen(b.ss, "udp [::1]:0"))
		goto out;                      /* no IPv6 here           */

	(void)sa_set_str(&v6, "::1", 0);
	TEST_ERR(sip_transp_laddr(b.ss->sip, &v6, SIP_TRANSP_UDP, &v6));
	(void)re_snprintf(uri, sizeof(uri), "sip:3000@%J", &v6);
	TEST_ERR(call_dial(&a.call, a.ss, uri, "3000", "", mb, &ua_handlers,
			   &a));
	TEST_TRUE(until(&a.estab, 2, 1000));
	TEST_STR("sip:3000@[::1]", call_peer_uri(b.call));
	a.call = mem_deref(a.call);
	TEST_TRUE(until(&b.closed, 2, 1000));

 out:
	mem_deref(mb);
	ua_close(&a);
	ua_close(&b);
	return err;
}


/* What peers call themselves ends up in events, JSON and the picture */
static int test_text(void)
{
	static const struct { const char *in, *out; } cleanv[] = {
		{"Ann", "Ann"}, {"\"Ann\" ", "Ann"}, {"\"\"", ""},
		{"\"a\\\"b\\\\c\"", "a\"b\\c"},
		{"a\r\nb\033[31m\177", "a  b [31m "},
		{"J\xc3\xb6rg \xe2\x82\xac \xf0\x9f\x98\x80",
		 "J\xc3\xb6rg \xe2\x82\xac \xf0\x9f\x98\x80"},
		{"J\xf6rg", "J?rg"}, {"\xc3", "?"}, {"\xc0\xaf", "??"},
		{"\xed\xa0\x80", "???"}, {"\xf5\x80\x80\x80", "????"},
		{"\xe2\x82", "??"}, {"\xc2\x85", "??"}, {"\xff", "?"},
	};
	static const struct { const char *in, *out; } userv[] = {
		{"3000", "3000"}, {"", ""}, {"%33000", "3000"},
		{"a%2fb%C3%b6", "a/b\xc3\xb6"}, {"%00", NULL},
		{"%", NULL}, {"%4", NULL}, {"%4g", NULL}, {"50%", NULL},
	};
	struct pl pl;
	char *str = NULL;
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(cleanv); i++) {
		pl_set_str(&pl, cleanv[i].in);
		TEST_ERR(text_clean(&str, &pl));
		TEST_STR(cleanv[i].out, str);
		str = mem_deref(str);
	}
	for (i = 0; i < ARRAY_SIZE(userv); i++) {
		pl_set_str(&pl, userv[i].in);
		TEST_EQ(userv[i].out ? 0 : EBADMSG, text_user(&str, &pl));
		if (userv[i].out)
			TEST_STR(userv[i].out, str);
		str = mem_deref(str);
	}

 out:
	mem_deref(str);
	return err;
}


static int test_nobody_there(void)
{
	struct ua a = {0}, b = {0};
	struct peer p = {.fd = -1};
	int err;

	err  = ua_init(&a, 0, 90);
	TEST_ERR(err);
	TEST_ERR(peer_init(&p, &a.addr, true));
	b.addr = p.addr;                       /* a port nobody listens on */
	err = dial(&a, &b, "bob", ";transport=tcp", "v=0\r\n");
	if (!err) {
		TEST_TRUE(until(&a.closed, 1, 1000));
		TEST_EQ(0, a.scode);
		TEST_STR("Connection refused", a.reason);
		a.call = mem_deref(a.call);
	}
	err = 0;
	sip_pump(5);
	TEST_EQ(0, a.ss->callc);

 out:
	peer_close(&p);
	ua_close(&a);
	return err;
}


/* Re-INVITEs of both at the same moment, many times: both must get through
 * and agree in the end */
static int test_glare(void)
{
	struct mbuf *mb = sip_body("v=0\r\ns=glare\r\n");
	struct ua a = {0}, b = {0};
	unsigned i;
	int err;

	err  = ua_init(&a, 0, 90);
	err |= ua_init(&b, 0, 90);
	TEST_ERR(err);
	sipstack_test_clock(a.ss, 10, 1000);
	sipstack_test_clock(b.ss, 10, 1000);
	b.auto_answer = true;
	TEST_ERR(dial(&a, &b, "3000", "", "v=0\r\n"));
	TEST_TRUE(until(&b.estab, 1, 1000));

	for (i = 0; i < 5; i++) {
		unsigned an = a.answers, bn = b.answers;

		TEST_ERR(call_modify(a.call, mb));
		TEST_ERR(call_modify(b.call, mb));
		TEST_TRUE(until(&a.answers, an + 1, 1000));
		TEST_TRUE(until(&b.answers, bn + 1, 1000));
	}
	TEST_EQ(0, a.closed + b.closed);

	/* and both hang up at once */
	call_hangup(a.call, NULL);
	call_hangup(b.call, NULL);
	a.call = mem_deref(a.call);
	b.call = mem_deref(b.call);
	sip_pump(20);
	TEST_EQ(0, a.ss->callc);
	TEST_EQ(0, b.ss->callc);

 out:
	mem_deref(mb);
	ua_close(&a);
	ua_close(&b);
	return err;
}


/* 0.0.0.0: the peer's socket takes nothing that is not from where it sent to,
 * and what stands in the messages is the address that faces it */
static int every(bool tcp)
{
	struct fix f;
	char want[64];
	int err = 0;

	memset(&f, 0, sizeof(f));
	f.p.fd = -1;
	TEST_ERR(ua_init_every(&f.ua));
	TEST_ERR(peer_init(&f.p, &f.ua.addr, tcp));

	TEST_ERR(peer_request(&f.p, "OPTIONS", 1, 0, "", NULL));
	TEST_TRUE(peer_expect(&f.p, "SIP/2.0 200", WAIT));
	(void)re_snprintf(want, sizeof(want), "<sip:%J", &f.ua.addr);
	TEST_TRUE(peer_has(&f.p, want));

	if (!tcp) {
		struct ua to = {.addr = f.p.addr};

		TEST_ERR(dial(&f.ua, &to, "bob", "", "v=0\r\n"));
		TEST_TRUE(peer_expect(&f.p, "INVITE ", WAIT));
		(void)re_snprintf(want, sizeof(want), "SIP/2.0/UDP %J",
				  &f.ua.addr);
		TEST_TRUE(!strncmp(want, peer_hdr(&f.p, "Via"),
				   strlen(want)));
		TEST_ERR(peer_reply(&f.p, 486, "Busy Here", "", NULL));
		TEST_TRUE(peer_expect(&f.p, "ACK ", WAIT));
	}

 out:
	fix_close(&f);
	return err;
}


static int test_every(void)
{
	int err = every(false);

	return err ? err : every(true);
}


static const struct test testv[] = {
	{"a call over UDP", test_udp},
	{"a call over TCP", test_tcp},
	{"a late offer", test_late},
	{"our INVITE, ACKs and forks", test_invite},
	{"they are busy", test_refused},
	{"they want a password", test_wants_password},
	{"our session timer is too short for them", test_too_small},
	{"hangup before any answer", test_hangup_early},
	{"hangup while it rings", test_hangup_ringing},
	{"hangup that crosses the 200", test_hangup_crossing},
	{"it rings for too long", test_rings_out},
	{"an answer we cannot use", test_bad_answer},
	{"a late offer we cannot use", test_late_refused},
	{"their requests before they answer", test_early_requests},
	{"session timer in our call", test_timer_uac},
	{"no session timer in our call", test_timer_off},
	{"whom we cannot call", test_dial_bad},
	{"our address for them", test_local_addr},
	{"where to listen", test_listen},
	{"on every address", test_every},
	{"a name, an IPv6 address", test_names},
	{"nobody is there", test_nobody_there},
	{"both at once", test_glare},
	{"their names, made safe", test_text},
};


int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
