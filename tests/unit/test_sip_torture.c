/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_sip_torture.c -- the messages of RFC 4475, and worse
 *
 * Most of their Vias name hosts that do not exist, so answers are taken
 * where libre sends them (its trace) as well as from the socket.
 */
#include <stdlib.h>

#include "tests/fake/sip_peer.h"
#include "tests/unit/test.h"


/* status: 0 none at all; INVITEs that are fine get 480 from the owner.
 * longreq and inv2543 have Vias of RFC 2543, without a branch: libre has no
 * transaction for them. */
static const struct {
	const char *name;
	uint16_t status;
} filev[] = {
	{"badaspec", 200}, {"badbranch", 200}, {"baddate", 480},
	{"baddn", 400}, {"badinv01", 400}, {"badvers", 505}, {"bcast", 0},
	{"bext01", 420}, {"bigcode", 0}, {"clerr", 400}, {"cparam01", 405},
	{"cparam02", 405}, {"dblreq", 405}, {"esc01", 480}, {"esc02", 501},
	{"escnull", 405}, {"escruri", 400}, {"insuf", 400},
	{"intmeth", 501}, {"inv2543", 400}, {"invut", 415},
	{"longreq", 400}, {"ltgtruri", 400}, {"lwsdisp", 200},
	{"lwsruri", 400}, {"lwsstart", 400}, {"mcl01", 400},
	{"mismatch01", 400}, {"mismatch02", 400}, {"mpart01", 405},
	{"multi01", 400}, {"ncl", 400}, {"noreason", 0}, {"novelsc", 416},
	{"quotbal", 400}, {"regaut01", 405}, {"regbadct", 405},
	{"regescrt", 405}, {"scalar02", 400}, {"scalarlg", 0},
	{"sdp01", 406}, {"semiuri", 200}, {"transports", 200},
	{"trws", 400}, {"unkscm", 416}, {"unksm2", 400}, {"unreason", 0},
	{"wsinv", 481}, {"zeromf", 200},
};

static uint16_t traced;               /* final status, 0: none           */
static unsigned tracec;


static uint16_t status_of(const char *p, size_t n)
{
	struct pl code;

	if (re_regex(p, n, "SIP/2.0 [0-9]+", &code))
		return 0;

	return (uint16_t)pl_u32(&code);
}


static void trace_handler(bool tx, enum sip_transp tp, const struct sa *src,
			  const struct sa *dst, const uint8_t *pkt,
			  size_t len, void *arg)
{
	uint16_t code;
	(void)tp;
	(void)src;
	(void)dst;
	(void)arg;

	if (!tx)
		return;

	code = status_of((const char *)pkt, len);
	if (code >= 200) {
		traced = code;
		++tracec;
	}
}


static int file_load(struct mbuf **mbp, const char *name)
{
	const char *dir = getenv("top_srcdir");
	struct mbuf *mb = mbuf_alloc(8192);
	char path[512];
	FILE *f;

	if (!mb)
		return ENOMEM;

	(void)re_snprintf(path, sizeof(path), "%s/tests/data/rfc4475/%s.dat",
			  dir ? dir : ".", name);
	f = fopen(path, "rb");
	if (!f) {
		mem_deref(mb);
		return ENOENT;
	}
	mb->end = fread(mb->buf, 1, mb->size, f);
	(void)fclose(f);
	*mbp = mb;

	return 0;
}


static int alive(struct ua *ua)
{
	struct peer q;
	int err = 0;

	err = peer_init(&q, &ua->addr, false);
	if (err)
		return err;

	err = peer_request(&q, "OPTIONS", 1, 0, NULL, NULL);
	if (!err && !peer_expect(&q, "SIP/2.0 200", 500))
		err = ETIMEDOUT;
	peer_close(&q);

	return err;
}


static int one_file(size_t i, bool tcp)
{
	struct mbuf *mb = NULL;
	struct peer p = {.fd = -1};
	struct ua ua = {0};
	int err = 0;

	TEST_ERR(ua_init(&ua, 0, 90));
	sip_set_trace_handler(ua.ss->sip, trace_handler);
	ua.reject = 480;
	TEST_ERR(file_load(&mb, filev[i].name));
	TEST_ERR(peer_init(&p, &ua.addr, tcp));
	traced = 0;
	tracec = 0;
	TEST_ERR(peer_send(&p, "%b", mb->buf, mb->end));
	sip_pump(5);
	if (!tcp) {
		if (!traced && peer_expect(&p, "SIP/2.0", 5))
			traced = status_of(p.rx, p.rxn);
		if (traced != filev[i].status)
			TEST_FAIL("%s: want %u, got %u", filev[i].name,
				  filev[i].status, traced);
		TEST_TRUE(tracec <= 1);
	}
	TEST_ERR(alive(&ua));

 out:
	mem_deref(mb);
	peer_close(&p);
	ua_close(&ua);
	return err;
}


static int test_udp(void)
{
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(filev); i++)
		err |= one_file(i, false);

	return err;
}


static int test_tcp(void)
{
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(filev) && !err; i++)
		err = one_file(i, true);

	return err;
}


/* Cut short and with wrong bytes in them; sometimes many in one stream */
static int damaged(bool tcp)
{
	struct mbuf *mb = NULL;
	struct peer p = {.fd = -1};
	struct ua ua = {0};
	uint32_t seed = 4475;
	size_t i, k;
	int err = 0;

	TEST_ERR(ua_init(&ua, 0, 90));
	ua.reject = 480;
	for (i = 0; i < ARRAY_SIZE(filev); i++) {
		TEST_ERR(file_load(&mb, filev[i].name));
		TEST_ERR(peer_init(&p, &ua.addr, tcp));

		for (k = 0; k < 12; k++) {
			size_t n, at;

			seed = seed * 1664525 + 1013904223;
			n = k & 1 ? mb->end : (seed >> 8) % mb->end;
			at = (seed >> 4) % mb->end;
			mb->buf[at] = seed >> 24;
			if (peer_send(&p, "%b", mb->buf, n))
				break;                  /* it hung up    */
		}
		peer_close(&p);
		mb = mem_deref(mb);
	}
	TEST_ERR(alive(&ua));

 out:
	mem_deref(mb);
	peer_close(&p);
	ua_close(&ua);
	return err;
}


static int test_damaged_udp(void)
{
	return damaged(false);
}


static int test_damaged_tcp(void)
{
	return damaged(true);
}


static int test_huge(void)
{
	struct ua ua = {0};
	struct peer p = {.fd = -1};
	char *body = NULL;
	unsigned i;
	int err = 0;

	TEST_ERR(ua_init(&ua, 0, 90));
	ua.reject = 480;
	TEST_ERR(peer_init(&p, &ua.addr, false));
	body = malloc(60001);
	memset(body, 'a', 60000);
	body[60000] = '\0';
	TEST_ERR(peer_request(&p, "INVITE", 1, 0, NULL, body));
	TEST_TRUE(peer_expect(&p, "SIP/2.0 480", 500));
	peer_close(&p);

	/* a stream that never ends its headers */
	TEST_ERR(peer_init(&p, &ua.addr, true));
	TEST_ERR(peer_send(&p, "INVITE sip:x@y SIP/2.0\r\nVia: "));
	for (i = 0; i < 4; i++) {
		if (peer_send(&p, "%s", body))
			break;
	}
	peer_close(&p);
	TEST_ERR(peer_init(&p, &ua.addr, true));
	TEST_ERR(peer_request(&p, "INVITE", 2, 0,
			      "Content-Length: 4294967295\r\n", "v=0"));
	for (i = 0; i < 4; i++) {
		if (peer_send(&p, "%s", body))
			break;
	}
	TEST_ERR(alive(&ua));

 out:
	free(body);
	peer_close(&p);
	ua_close(&ua);
	return err;
}


static const struct test testv[] = {
	{"RFC 4475 over UDP", test_udp},
	{"RFC 4475 over TCP", test_tcp},
	{"damaged over UDP", test_damaged_udp},
	{"damaged over TCP", test_damaged_tcp},
	{"too much", test_huge},
};


int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
