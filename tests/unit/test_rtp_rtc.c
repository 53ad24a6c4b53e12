/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_rtp_rtc.c -- what WebRTC adds to RTP, without a leg
 */
#include <stdlib.h>
#include <string.h>

#include <re.h>

#include "mixer/rtp_bwe.h"
#include "mixer/rtp_ext.h"
#include "mixer/rtp_key.h"
#include "mixer/rtp_twcc.h"
#include "tests/fake/wire.h"
#include "tests/unit/test.h"


enum { MS = 1000, SEC = 1000000,
	EXT_MID = 4, EXT_TWCC = 3, EXT_ABS = 2 };


static int test_ext(void)
{
	struct ticket_media m = {.ext_mid = EXT_MID, .ext_twcc = EXT_TWCC,
		.ext_abs_send = EXT_ABS, .ext_capture = 7};
	struct rtp_ext x = {.mid = "video-0", .twcc_on = true,
		.twcc = 0xfffe, .abs_on = true, .abs_send = 0xabcdef,
		.capture_on = true, .capture_ntp = 0x123456789abcdef0}, y;
	uint8_t b[RTP_EXT_MAX];
	uint64_t seed = 3;
	unsigned i, k;
	size_t n;
	int err = 0;

	/* one-byte elements, two-byte for a large id or a long MID */
	for (i = 0; i < 3; i++) {
		n = rtp_ext_write(b, &m, &x);
		TEST_TRUE(n >= 4 && n % 4 == 0 && n <= RTP_EXT_MAX);
		TEST_EQ(i ? 0x10 : 0xbe, b[0]);
		rtp_ext_parse(&y, &m, (uint16_t)(b[0] << 8 | b[1]), b + 4,
			      n - 4);
		TEST_TRUE(!strcmp(x.mid, y.mid));
		TEST_EQ(x.twcc, y.twcc);
		TEST_EQ(x.abs_send, y.abs_send);
		TEST_TRUE(x.capture_ntp == y.capture_ntp);
		m.ext_twcc = 200;
		if (i)
			strcpy(x.mid, "0123456789012345678901234567890");
	}

	/* garbage says nothing that is not text */
	for (i = 0; i < 20000; i++) {
		for (k = 0; k < sizeof(b); k++)
			b[k] = (uint8_t)wire_rand(&seed);
		rtp_ext_parse(&y, &m, i & 1 ? 0xbede : 0x1000, b,
			      i % sizeof(b));
		TEST_TRUE(strlen(y.mid) < TICKET_ID_MAX);
		for (k = 0; y.mid[k]; k++)
			TEST_TRUE(y.mid[k] > ' ' && y.mid[k] < 127);
	}
 out:
	return err;
}


static int test_key(void)
{
	static const struct {
		const char *what, *hex;
		enum ticket_codec codec;
		bool key;
		unsigned w;
	} tabv[] = {
		{"VP8 key", "1000000" "09d012a40016800", CODEC_VP8, true,
		 320},
		{"VP8 with picture id", "9080" "8123"
		 "0000009d012a40016800", CODEC_VP8, true, 320},
		{"VP8 inter", "10010000", CODEC_VP8, false, 0},
		{"VP8 not the first", "0000000000", CODEC_VP8, false, 0},
		{"VP8 cut descriptor", "9080", CODEC_VP8, false, 0},
		{"VP8 nothing", "", CODEC_VP8, false, 0},
		{"IDR", "6588", CODEC_H264, true, 0},
		{"slice", "4188", CODEC_H264, false, 0},
		{"SPS in STAP-A", "78000267420003680102", CODEC_H264, true,
		 0},
		{"slices in STAP-A", "780002410100024101", CODEC_H264, false,
		 0},
		{"STAP-A over its end", "78ffff67", CODEC_H264, false, 0},
		{"FU-A of an IDR", "7c8588", CODEC_H264, true, 0},
		{"its second", "7c0588", CODEC_H264, false, 0},
		{"FU-A cut", "7c", CODEC_H264, false, 0},
		{"AV1", "1000", CODEC_AV1, false, 0},
	};
	uint8_t b[64];
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(tabv); i++) {
		const size_t n = strlen(tabv[i].hex) / 2;
		uint16_t w = 0, h = 0;

		TEST_ERR(n ? str_hex(b, n, tabv[i].hex) : 0);
		if (tabv[i].key != rtp_key_start(tabv[i].codec, b, n, &w, &h)
		    || w != tabv[i].w)
			TEST_FAIL("%s: %u", tabv[i].what, w);
	}
 out:
	return err;
}


/* ---- congestion ------------------------------------------------------ */

struct seen {
	uint64_t atv[4096];
	bool comev[4096];
	unsigned n, came;
	uint16_t next;
	bool on, holes;
};


static void twcc_handler(uint16_t seq, bool came, uint64_t at, void *arg)
{
	struct seen *s = arg;

	s->holes |= s->on && seq != s->next;
	s->on = true;
	s->next = (uint16_t)(seq + 1);
	if (s->n == ARRAY_SIZE(s->atv))
		return;
	s->comev[s->n] = came;
	s->atv[s->n++] = at;
	s->came += came;
}


static int test_twcc(void)
{
	static const struct {
		const char *what;
		unsigned loss;            /* per mille                    */
		unsigned step_us, jitter_us;
	} tabv[] = {
		{"all came, evenly", 0, 1000, 0},
		{"half are lost", 500, 1000, 0},
		{"most are lost", 950, 500, 0},
		{"slowly: large deltas", 100, 90000, 0},
		{"any times", 100, 20000, 200000},
		{"at once", 10, 0, 0},
	};
	static struct rtp_twcc t;
	static struct seen s;
	uint8_t fci[RTP_TWCC_FCI_MAX];
	uint64_t seed = 1, at[2000], now, d;
	size_t k, n;
	unsigned i;
	int err = 0;

	for (k = 0; k < ARRAY_SIZE(tabv); k++) {
		memset(&t, 0, sizeof(t));
		memset(&s, 0, sizeof(s));
		/* the reference time of 24 bits wraps under way */
		now = RTP_TWCC_CLOCK_US * 3 - 500000;
		for (i = 0; i < 2000; i++) {
			now += tabv[k].step_us + (tabv[k].jitter_us ?
				wire_rand(&seed) % tabv[k].jitter_us : 0);
			at[i] = 0;
			/* the first and last come, numbers wrap */
			if (i && i < 1999 &&
			    wire_rand(&seed) % 1000 < tabv[k].loss)
				goto report;
			at[i] = now;
			rtp_twcc_got(&t, (uint16_t)(65000 + i), now);
 report:
			if (i % 100 != 99)
				continue;
			while ((n = rtp_twcc_write(&t, fci, now))) {
				TEST_TRUE(n <= sizeof(fci) && n % 4 == 0);
				TEST_ERR(rtp_twcc_parse(fci, n, twcc_handler,
							&s));
			}
		}
		TEST_EQ(2000, s.n);
		TEST_TRUE(!s.holes);
		for (i = 0; i < 2000; i++) {
			if (s.comev[i] != !!at[i])
				TEST_FAIL("%s: %u", tabv[k].what, i);
			d = (at[i] % RTP_TWCC_CLOCK_US) - s.atv[i];
			if (at[i] && d >= 250)
				TEST_FAIL("%s: %u off %lld", tabv[k].what, i,
					  (long long)d);
		}
	}

	/* a jump of the numbers is not thirty thousand losses */
	rtp_twcc_got(&t, 1000, now);
	rtp_twcc_got(&t, 20000, now + 1000);
	s.n = 0;
	while ((n = rtp_twcc_write(&t, fci, now)))
		TEST_ERR(rtp_twcc_parse(fci, n, twcc_handler, &s));
	TEST_TRUE(s.n <= RTP_TWCC_WINDOW);

	/* hostile: counts more than it has */
	memset(fci, 0, sizeof(fci));
	fci[2] = fci[3] = 0xff;
	TEST_EQ(EBADMSG, rtp_twcc_parse(fci, 7, twcc_handler, &s));
	TEST_EQ(EBADMSG, rtp_twcc_parse(fci, 16, twcc_handler, &s));
	fci[8] = 0x20;
	TEST_EQ(EBADMSG, rtp_twcc_parse(fci, 10, twcc_handler, &s));
 out:
	return err;
}


static void count_handler(uint16_t seq, bool came, uint64_t at, void *arg)
{
	(void)seq;
	(void)came;
	(void)at;
	++*(unsigned *)arg;
}


/* 24 bytes that speak of 65535 packets */
static int test_twcc_huge(void)
{
	uint8_t fci[24] = {0, 1, 0xff, 0xff, 0, 0, 0, 0};
	unsigned i, n = 0;
	int err = 0;

	for (i = 8; i < sizeof(fci); i += 2) {
		fci[i] = 0x1f;
		fci[i + 1] = 0xff;
	}
	TEST_EQ(EBADMSG, rtp_twcc_parse(fci, sizeof(fci), count_handler,
					&n));
	TEST_EQ(0, n);
	fci[2] = RTP_TWCC_TOLD_MAX >> 8;
	fci[3] = RTP_TWCC_TOLD_MAX & 0xff;
	TEST_ERR(rtp_twcc_parse(fci, sizeof(fci), count_handler, &n));
	TEST_EQ(RTP_TWCC_TOLD_MAX, n);
 out:
	return err;
}


/* A link of so many bit/s with a queue of 300 ms, feedback each 100 ms */
static int link_run(struct rtp_bwe *b, unsigned bps, unsigned seconds,
		    uint64_t *nowp, uint64_t *freep, struct rtp_twcc *t)
{
	uint8_t fci[RTP_TWCC_FCI_MAX];
	uint64_t now = *nowp, end = now + seconds * 1000000ull, at, debt = 0;
	uint64_t fb = now;
	uint16_t seq;
	size_t n;

	for (; now < end; now += MS) {
		debt += rtp_bwe_bps(b) ? rtp_bwe_bps(b) / 8 : 125000;
		while (debt >= 1000000) {
			debt -= 1000000;
			seq = rtp_bwe_sent(b, 1000, now);
			at = max(now, *freep);
			if (at - now > 300 * MS)
				continue;
			*freep = at + 8000ull * 1000000 / bps;
			rtp_twcc_got(t, seq, *freep + 20 * MS);
		}
		if (now - fb < 100 * MS)
			continue;
		fb = now;
		while ((n = rtp_twcc_write(t, fci, now)))
			if (rtp_bwe_feedback(b, fci, n, 40 * MS, now))
				return EBADMSG;
	}
	*nowp = now;

	return 0;
}


static int test_bwe(void)
{
	static struct rtp_twcc t;
	struct rtp_bwe *b = NULL;
	uint64_t now = SEC, free = 0, sum, i, bps;
	int err;

	memset(&t, 0, sizeof(t));
	err = rtp_bwe_alloc(&b, true);
	TEST_ERR(err);
	TEST_EQ(0, rtp_bwe_bps(b));
	TEST_ERR(link_run(b, 500000, 15, &now, &free, &t));
	for (i = 0, sum = 0; i < 20; i++) {
		TEST_ERR(link_run(b, 500000, 1, &now, &free, &t));
		bps = rtp_bwe_bps(b);
		sum += bps;
		TEST_TRUE(bps > 300000 && bps < 650000);
	}
	printf("# on 500 kbit/s: %u\n", (unsigned)(sum / 20));
	TEST_TRUE(sum / 20 > 380000 && sum / 20 < 520000);

	/* the link becomes better, then worse */
	TEST_ERR(link_run(b, 2000000, 30, &now, &free, &t));
	printf("# on 2000 kbit/s: %u\n", (unsigned)rtp_bwe_bps(b));
	TEST_TRUE(rtp_bwe_bps(b) > 900000);
	TEST_ERR(link_run(b, 300000, 20, &now, &free, &t));
	printf("# on 300 kbit/s: %u\n", (unsigned)rtp_bwe_bps(b));
	TEST_TRUE(rtp_bwe_bps(b) < 400000);
 out:
	mem_deref(b);
	return err;
}


int main(int argc, char **argv)
{
	static const struct test testv[] = {
		{"header extensions and garbage", test_ext},
		{"key frames by their first packet", test_key},
		{"transport-wide feedback, there and back", test_twcc},
		{"feedback about too much", test_twcc_huge},
		{"the estimate finds a link's rate", test_bwe},
	};

	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
