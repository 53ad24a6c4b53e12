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


static const struct test testv[] = {
	{"a call over UDP", test_udp},
	{"a call over TCP", test_tcp},
	{"a late offer", test_late},
};


int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
