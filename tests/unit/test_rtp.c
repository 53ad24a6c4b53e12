/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_rtp.c -- RTP and RTCP on the wire: tables in, verdicts out
 */
#include <string.h>

#include "base/thread.h"
#include "mixer/leg.h"
#include "mixer/rtp_dtmf.h"
#include "mixer/rtp_ext.h"
#include "mixer/rtp_in.h"
#include "mixer/rtp_latch.h"
#include "mixer/rtp_out.h"
#include "mixer/rtp_rtcp.h"
#include "tests/unit/test.h"

enum { MS = 1000 };


/* ---- headers -------------------------------------------------------- */

static int test_parse(void)
{
	static const struct {
		const char *what, *hex;
		int err;
		uint16_t off, len;
		int level;
	} tabv[] = {
		{"plain", "80000001000000020000000341", 0, 12, 1, -1},
		{"no payload", "800000010000000200000003", 0, 12, 0, -1},
		{"short", "8000000100000002000000", EBADMSG, 0, 0, 0},
		{"version 1", "400000010000000200000003", EBADMSG, 0, 0, 0},
		{"csrc", "8100000100000002000000030000000a41", 0, 16, 1, -1},
		{"csrc cut", "82000001000000020000000300000000", EBADMSG,
		 0, 0, 0},
		{"padding", "a0000001000000020000000341420002", 0, 12, 2, -1},
		{"padding 0", "a00000010000000200000003414200", EBADMSG,
		 0, 0, 0},
		{"padding too long", "a000000100000002000000034105", EBADMSG,
		 0, 0, 0},
		{"all padding", "a0000001000000020000000301", 0, 12, 0, -1},
		{"level one byte", "90000001000000020000000"
		 "3bede00010010a50041", 0, 20, 1, 0x25},
		{"level", "900000010000000200000003bede000110a50000"
		 "41", 0, 20, 1, 0x25},
		{"level behind another", "900000010000000200000003"
		 "bede0002210000108500000041", 0, 24, 1, 5},
		{"level two bytes", "900000010000000200000003"
		 "1000000101018500" "41", 0, 20, 1, 5},
		{"extension cut", "900000010000000200000003bede0002"
		 "10a50000", EBADMSG, 0, 0, 0},
		{"extension element over its end", "900000010000000200000003"
		 "bede00012f000000", 0, 20, 0, -1},
	};
	const struct ticket_media m = {.ext_level = 1};
	struct rtp_in_hdr h;
	struct rtp_ext x;
	uint8_t buf[64];
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(tabv); i++) {
		const size_t n = strlen(tabv[i].hex) / 2;
		int e;

		TEST_ERR(str_hex(buf, n, tabv[i].hex));
		e = rtp_in_parse(&h, buf, n);
		if (e != tabv[i].err)
			TEST_FAIL("%s: %s", tabv[i].what, strerror(e));
		if (e)
			continue;
		if (h.off != tabv[i].off || h.len != tabv[i].len)
			TEST_FAIL("%s: off %u len %u", tabv[i].what, h.off,
				  h.len);
		TEST_EQ(-1, h.level);
		rtp_ext_parse(&x, &m, h.ext_profile, buf + h.ext_off,
			      h.ext_len);
		TEST_EQ(tabv[i].level, x.level);
	}
 out:
	return err;
}


static int test_sequence(void)
{
	struct rtp_in_stat st;
	uint64_t ext, last = 0;
	uint16_t seq = 65000;
	unsigned i;
	int err = 0;

	memset(&st, 0, sizeof(st));
	rtp_in_stat_start(&st, 1, seq);
	for (i = 0; i < 200000; i++, seq++) {
		TEST_EQ(0, rtp_in_stat_put(&st, seq, &ext));
		if (i)
			TEST_EQ(last + 1, ext);
		last = ext;
	}
	TEST_EQ(0, rtp_in_stat_lost(&st));
	TEST_EQ(0, rtp_in_stat_fraction(&st));
	TEST_EQ((65000 + 199999) % 65536, rtp_in_stat_ext(&st) & 0xffff);
	TEST_EQ((65000 + 199999) / 65536, rtp_in_stat_ext(&st) >> 16);

	/* late, twice, lost */
	TEST_EQ(EALREADY, rtp_in_stat_put(&st, (uint16_t)(seq - 3), &ext));
	TEST_EQ(0, rtp_in_stat_put(&st, (uint16_t)(seq + 2), &ext));
	TEST_EQ(2, rtp_in_stat_lost(&st));
	TEST_EQ(0, rtp_in_stat_put(&st, (uint16_t)(seq + 1), &ext));
	TEST_EQ(last + 2, ext);
	TEST_EQ(1, rtp_in_stat_lost(&st));
	TEST_EQ(EALREADY, rtp_in_stat_put(&st, (uint16_t)(seq + 1), &ext));
	TEST_EQ(256 / 3, rtp_in_stat_fraction(&st));

	/* a stray is dropped, a restart is followed and never runs back */
	last += 3;
	seq = (uint16_t)(seq + 30000);
	TEST_EQ(EPROTO, rtp_in_stat_put(&st, seq, &ext));
	TEST_EQ(EPROTO, rtp_in_stat_put(&st, (uint16_t)(seq + 9), &ext));
	TEST_EQ(0, rtp_in_stat_put(&st, (uint16_t)(seq + 10), &ext));
	TEST_TRUE(ext > last);
	TEST_EQ(1, rtp_in_stat_lost(&st));
	last = ext;
	rtp_in_stat_start(&st, 2, 5);
	TEST_EQ(0, rtp_in_stat_put(&st, 5, &ext));
	TEST_TRUE(ext > last);
 out:
	return err;
}


static int test_jitter(void)
{
	struct rtp_in_stat st;
	unsigned i;
	int err = 0;

	memset(&st, 0, sizeof(st));
	for (i = 0; i < 1000; i++)
		rtp_in_stat_time(&st, i * 160, 8000, 5000000 + i * 20000ull);
	TEST_EQ(0, st.jitter);

	/* every other packet 10 ms late: d is always 80 units */
	for (i = 1000; i < 2000; i++)
		rtp_in_stat_time(&st, i * 160, 8000,
				 5000000 + i * 20000ull + i % 2 * 10000);
	TEST_TRUE(st.jitter >> 4 >= 75 && st.jitter >> 4 <= 80);

	/* a jump of the sender's clock is not jitter */
	rtp_in_stat_time(&st, 0x80000000, 8000, 50000000);
	TEST_TRUE(st.jitter >> 4 <= 80);
 out:
	return err;
}


/* ---- latching ------------------------------------------------------- */

/* Addresses by letter: S the SDP's, N the new SDP's, A B C D E others, - a
 * socket pair */
static const struct sa *addr(struct sa *sa, char who)
{
	static const char *const namev[] = {
		['S'] = "192.0.2.1:4000", ['N'] = "192.0.2.2:4000",
		['A'] = "198.51.100.1:1111", ['B'] = "198.51.100.2:2222",
		['C'] = "198.51.100.3:3333", ['D'] = "198.51.100.4:4444",
		['E'] = "198.51.100.5:5555", ['P'] = "192.0.2.1:4001",
	};

	if (who == '-')
		return NULL;
	(void)sa_decode(sa, namev[(uint8_t)who],
			strlen(namev[(uint8_t)who]));

	return sa;
}


struct step {
	unsigned at_ms;
	char src;                 /* '@': the SDP's address becomes N     */
	uint32_t ssrc;
	uint16_t seq;
	enum latch_verdict want;
	char dst;                 /* where we send to afterwards          */
};


static int latch_run(const char *what, const struct step *v, size_t n,
		     char sdp, char latched)
{
	struct rtp_latch l;
	struct sa sa, sb, dst;
	size_t i;
	int err = 0;

	rtp_latch_init(&l, sdp ? addr(&sa, sdp) : NULL,
		       latched ? addr(&sb, latched) : NULL,
		       latched ? 7 : 0, latched ? 100 : 0, 0);
	for (i = 0; i < n; i++) {
		const uint64_t now = v[i].at_ms * (uint64_t)MS;

		if (v[i].src == '@') {
			rtp_latch_sdp(&l, addr(&sa, 'N'), now);
		}
		else {
			enum latch_verdict got;

			got = rtp_latch_check(&l, addr(&sa, v[i].src),
					      v[i].ssrc, v[i].seq, now);
			if (got != v[i].want)
				TEST_FAIL("%s, step %zu: want %d, got %d",
					  what, i, v[i].want, got);
		}
		TEST_TRUE(rtp_latch_dst(&l, &dst));
		if (v[i].dst == '-') {
			TEST_TRUE(!sa_isset(&dst, SA_ADDR));
		}
		else if (!sa_cmp(&dst, addr(&sa, v[i].dst), SA_ALL)) {
			TEST_FAIL("%s, step %zu: wrong destination", what, i);
		}
	}
 out:
	return err;
}


#define DROP LATCH_DROP
#define HOLD LATCH_HOLD
#define TAKE LATCH_TAKE
#define NEW  LATCH_NEW

static int test_latch(void)
{
	static const struct step plain[] = {
		{0, 'S', 7, 1, NEW, 'S'}, {20, 'S', 7, 2, TAKE, 'S'},
		/* outsiders, whatever they know */
		{30, 'A', 9, 3, DROP, 'S'}, {31, 'A', 9, 4, DROP, 'S'},
		{32, 'A', 9, 5, DROP, 'S'}, {33, 'A', 9, 6, DROP, 'S'},
		{34, 'A', 7, 3, DROP, 'S'}, {35, 'P', 7, 3, DROP, 'S'},
		{40, 'S', 7, 3, TAKE, 'S'},
	};
	static const struct step nat[] = {
		{0, 'A', 7, 65535, HOLD, 'S'}, {20, 'A', 7, 0, HOLD, 'S'},
		{40, 'A', 7, 1, NEW, 'A'}, {60, 'A', 7, 2, TAKE, 'A'},
		{61, 'B', 8, 1, DROP, 'A'}, {62, 'B', 8, 2, DROP, 'A'},
		{63, 'B', 8, 3, DROP, 'A'},
	};
	static const struct step probation[] = {
		/* not in sequence, or not one SSRC, is no stream */
		{0, 'A', 7, 1, HOLD, 'S'}, {1, 'A', 7, 3, HOLD, 'S'},
		{2, 'A', 7, 5, HOLD, 'S'}, {3, 'A', 8, 6, HOLD, 'S'},
		{4, 'A', 9, 7, HOLD, 'S'},
		/* strangers do not disturb each other */
		{5, 'B', 7, 10, HOLD, 'S'}, {6, 'C', 1, 1, HOLD, 'S'},
		{7, 'B', 7, 11, HOLD, 'S'}, {8, 'D', 1, 1, HOLD, 'S'},
		{9, 'B', 7, 12, NEW, 'B'},
	};
	static const struct step first[] = {
		/* a stranger was first; the owner has the last word */
		{0, 'A', 9, 1, HOLD, 'S'}, {1, 'A', 9, 2, HOLD, 'S'},
		{2, 'A', 9, 3, NEW, 'A'}, {3, 'A', 9, 4, TAKE, 'A'},
		{4, 'S', 7, 50, NEW, 'S'}, {5, 'A', 9, 5, DROP, 'S'},
		{3000, 'A', 9, 6, DROP, 'S'}, {3001, 'S', 7, 51, TAKE, 'S'},
	};
	static const struct step rebind[] = {
		{0, 'S', 7, 1000, NEW, 'S'},
		{999, 'A', 7, 1001, DROP, 'S'},   /* not silent yet       */
		{1000, 'A', 8, 1001, DROP, 'S'},  /* another SSRC         */
		{1000, 'A', 7, 1501, DROP, 'S'},  /* too far ahead        */
		{1000, 'A', 7, 1000, DROP, 'S'},  /* a replay             */
		{1000, 'A', 7, 500, DROP, 'S'},
		{1000, 'A', 7, 1500, NEW, 'A'},
		{1001, 'A', 7, 1501, TAKE, 'A'},
	};
	static const struct step wrap[] = {
		{0, 'S', 7, 65400, NEW, 'S'}, {2000, 'A', 7, 100, NEW, 'A'},
	};
	static const struct step reinvite[] = {
		{0, 'A', 7, 1, HOLD, 'S'}, {1, 'A', 7, 2, HOLD, 'S'},
		{2, 'A', 7, 3, NEW, 'A'},
		{10, '@', 0, 0, 0, 'N'},
		/* on its way: heard, but we send to the new place */
		{20, 'A', 7, 4, TAKE, 'N'}, {21, 'A', 7, 5, TAKE, 'N'},
		{22, 'A', 7, 6, TAKE, 'N'}, {23, 'A', 8, 7, DROP, 'N'},
		{30, 'N', 9, 1, NEW, 'N'}, {31, 'A', 7, 7, DROP, 'N'},
	};
	static const struct step stays[] = {
		/* a new SDP, but behind its NAT it goes on as before */
		{0, 'S', 7, 1, NEW, 'S'}, {10, '@', 0, 0, 0, 'N'},
		{20, 'S', 7, 2, TAKE, 'N'}, {2100, 'S', 7, 90, HOLD, 'N'},
		{2120, 'S', 7, 91, HOLD, 'N'}, {2140, 'S', 7, 92, NEW, 'S'},
	};
	static const struct step ssrc[] = {
		{0, 'S', 7, 1, NEW, 'S'}, {1, 'S', 8, 1, HOLD, 'S'},
		/* while the old one goes on the other is no successor */
		{2, 'S', 7, 2, TAKE, 'S'}, {3, 'S', 8, 2, HOLD, 'S'},
		{4, 'S', 8, 3, NEW, 'S'}, {5, 'S', 8, 4, TAKE, 'S'},
	};
	static const struct step moved[] = {
		/* another mixer knew: 'A', SSRC 7, sequence 100 */
		{0, 'B', 9, 1, DROP, 'A'}, {1, 'B', 9, 2, DROP, 'A'},
		{2, 'B', 9, 3, DROP, 'A'}, {3, 'A', 7, 230, TAKE, 'A'},
	};
	static const struct step pair[] = {
		{0, '-', 7, 1, NEW, '-'}, {1, '-', 7, 2, TAKE, '-'},
		{2, '-', 8, 9, HOLD, '-'}, {3, '-', 8, 10, NEW, '-'},
	};
	int err = 0;

#define RUN(v, sdp, latched) \
	TEST_ERR(latch_run(#v, v, ARRAY_SIZE(v), sdp, latched))
	RUN(plain, 'S', 0);
	RUN(nat, 'S', 0);
	RUN(probation, 'S', 0);
	RUN(first, 'S', 0);
	RUN(rebind, 'S', 0);
	RUN(wrap, 'S', 0);
	RUN(reinvite, 'S', 0);
	RUN(stays, 'S', 0);
	RUN(ssrc, 'S', 0);
	RUN(moved, 'S', 'A');
	RUN(pair, 0, 0);
 out:
	return err;
}


static int test_latch_hold(void)
{
	struct rtp_latch l;
	struct sa sa, zero, dst;
	int err = 0;

	/* c=0.0.0.0 is a hold, not a move */
	rtp_latch_init(&l, addr(&sa, 'S'), NULL, 0, 0, 0);
	(void)rtp_latch_check(&l, addr(&sa, 'S'), 7, 1, 0);
	sa_set_str(&zero, "0.0.0.0", 4000);
	rtp_latch_sdp(&l, &zero, 10);
	TEST_TRUE(rtp_latch_dst(&l, &dst));
	TEST_TRUE(sa_cmp(&dst, addr(&sa, 'S'), SA_ALL));
	rtp_latch_sdp(&l, addr(&sa, 'S'), 20);
	TEST_EQ(LATCH_TAKE, rtp_latch_check(&l, addr(&sa, 'S'), 7, 2, 30));
 out:
	return err;
}


/* ---- RTCP ----------------------------------------------------------- */

struct items {
	struct rtp_rtcp_item v[32];
	unsigned n;
};


static void item_handler(const struct rtp_rtcp_item *item, void *arg)
{
	struct items *items = arg;

	if (items->n < ARRAY_SIZE(items->v))
		items->v[items->n++] = *item;
}


static int test_rtcp_round(void)
{
	const struct rtp_rtcp_sr sr = {
		.ntp = 0x1122334455667788, .rtp_ts = 9, .packets = 10,
		.bytes = 11,
	};
	const struct rtp_rtcp_block block = {
		.fraction = 12, .lost = -13, .ext_seq = 14, .jitter = 15,
		.lsr = 16, .dlsr = 17,
	};
	struct rtp_rtcp_buf buf = { .n = 0 };
	struct items it = { .n = 0 };
	int err = 0;

	TEST_ERR(rtp_rtcp_put_report(&buf, 1, &sr, 2, &block));
	TEST_ERR(rtp_rtcp_put_cname(&buf, 1, "abcdefg"));
	TEST_ERR(rtp_rtcp_put_pli(&buf, 1, 2));
	TEST_ERR(rtp_rtcp_put_fir(&buf, 1, 2, 200));
	TEST_ERR(rtp_rtcp_put_tmmbn(&buf, 1, 2, 1500000));
	TEST_ERR(rtp_rtcp_put_report(&buf, 3, NULL, 4, &block));
	TEST_ERR(rtp_rtcp_put_cname(&buf, 3, "abcdef"));
	TEST_ERR(rtp_rtcp_put_bye(&buf, 1));
	TEST_EQ(0, buf.n % 4);

	TEST_ERR(rtp_rtcp_parse(buf.b, buf.n, item_handler, &it));
	TEST_EQ(9, it.n);
	TEST_EQ(RTCP_ITEM_SR, it.v[0].kind);
	TEST_TRUE(it.v[0].u.sr.ntp == sr.ntp);
	TEST_EQ(sr.rtp_ts, it.v[0].u.sr.rtp_ts);
	TEST_EQ(sr.packets, it.v[0].u.sr.packets);
	TEST_EQ(sr.bytes, it.v[0].u.sr.bytes);
	TEST_EQ(RTCP_ITEM_BLOCK, it.v[1].kind);
	TEST_EQ(1, it.v[1].ssrc);
	TEST_EQ(2, it.v[1].media);
	TEST_EQ(block.fraction, it.v[1].u.block.fraction);
	TEST_EQ(block.lost, it.v[1].u.block.lost);
	TEST_EQ(block.ext_seq, it.v[1].u.block.ext_seq);
	TEST_EQ(block.jitter, it.v[1].u.block.jitter);
	TEST_EQ(block.lsr, it.v[1].u.block.lsr);
	TEST_EQ(block.dlsr, it.v[1].u.block.dlsr);
	TEST_EQ(RTCP_ITEM_CNAME, it.v[2].kind);
	TEST_EQ(7, it.v[2].u.cname.n);
	TEST_TRUE(!memcmp(it.v[2].u.cname.p, "abcdefg", 7));
	TEST_EQ(RTCP_ITEM_PLI, it.v[3].kind);
	TEST_EQ(2, it.v[3].media);
	TEST_EQ(RTCP_ITEM_FIR, it.v[4].kind);
	TEST_EQ(200, it.v[4].u.fir.seq);
	TEST_EQ(2, it.v[4].media);
	TEST_EQ(RTCP_ITEM_TMMBN, it.v[5].kind);
	TEST_EQ(1499136 / 65536, it.v[5].u.limit.bps / 65536);
	TEST_EQ(RTCP_ITEM_BLOCK, it.v[6].kind);
	TEST_EQ(6, it.v[7].u.cname.n);
	TEST_EQ(RTCP_ITEM_BYE, it.v[8].kind);
 out:
	return err;
}


static int test_rtcp_table(void)
{
	/* 80c90001 is a receiver report about nobody */
	static const struct {
		const char *what, *hex;
		int err;
		unsigned items;
	} tabv[] = {
		{"empty RR", "80c9000100000001", 0, 0},
		{"version", "40c9000100000001", EBADMSG, 0},
		{"cut", "80c90001000000", EBADMSG, 0},
		{"length over the end", "80c9000200000001", EBADMSG, 0},
		{"good, then rubbish", "80c900010000000141414141", EBADMSG, 0},
		{"not RTCP", "8000000100000001", EBADMSG, 0},
		{"RR counts a block it has not", "81c9000100000001", 0, 0},
		{"SR too short", "80c80001000000010000", EBADMSG, 0},
		{"SR with no body", "80c8000100000001", 0, 0},
		{"BYE counts 31", "9fcb000100000001", 0, 1},
		{"SDES item over its end", "81ca00020000000101ff4141", 0, 0},
		{"SDES cname", "81ca0002000000010102" "4142", 0, 1},
		{"SDES not ended", "81ca00020000000101014100", 0, 1},
		{"PLI", "80c900010000000181ce00020000000100000002", 0, 1},
		{"TWCC, then PLI", "8fcd0004000000010000000200000000deadbeef"
		 "81ce00020000000100000002", 0, 2},
		{"FIR of two", "84ce0006000000010000000000000002010000000000"
		 "000302000000", 0, 2},
		{"FIR cut", "84ce00030000000100000000" "00000002", 0, 0},
		{"NACK of two", "81cd0004000000010000000200010003fffe0000",
		 0, 2},
		{"REMB", "8fce0005000000010000000052454d42010bffff00000002",
		 0, 1},
		{"not REMB", "8fce000500000001000000005245584201"
		 "0bffff00000002", 0, 0},
		{"REMB cut", "8fce0003000000010000000052454d42", 0, 0},
		{"TMMBR", "83cd0004000000010000000000000002"
		 "0fffffff", 0, 1},
		{"RFC 2032 FIR", "80c0000100000001", 0, 1},
		{"padding", "a0c900020000000100000004", 0, 0},
		{"TWCC filled up with one byte, as by Chromium",
		 "afcd0005000000010000000200010001000000002001" "0401", 0, 1},
		{"padding before the end", "a0c90002000000010000000480c90001"
		 "00000001", EBADMSG, 0},
		{"padding 0", "a0c900020000000100000000", EBADMSG, 0},
		{"padding too long", "a0c90002000000010000000c", EBADMSG, 0},
		{"APP and XR", "80cc0002000000014142434480cf000100000001",
		 0, 0},
	};
	struct items it;
	uint8_t buf[64];
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(tabv); i++) {
		const size_t n = strlen(tabv[i].hex) / 2;
		int e;

		it.n = 0;
		TEST_ERR(str_hex(buf, n, tabv[i].hex));
		e = rtp_rtcp_parse(buf, n, item_handler, &it);
		if (e != tabv[i].err || it.n != tabv[i].items)
			TEST_FAIL("%s: %s, %u items", tabv[i].what,
				  strerror(e), it.n);
	}
	TEST_EQ(EBADMSG, rtp_rtcp_parse(buf, 0, item_handler, &it));
 out:
	return err;
}


static int test_rtcp_limits(void)
{
	static const uint8_t remb[] = {
		0x8f, 0xce, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0, 'R', 'E', 'M', 'B',
		1, 3 << 2 | 1, 0, 1, 0, 0, 0, 2,
	};
	static const uint8_t tmmbr[] = {
		0x83, 0xcd, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2,
		4 << 2 | 0, 0x00, 0x02, 0x00,
	};
	struct items it = { .n = 0 };
	uint64_t us;
	unsigned i;
	int err = 0;

	TEST_ERR(rtp_rtcp_parse(remb, sizeof(remb), item_handler, &it));
	TEST_EQ(65537 << 3, it.v[0].u.limit.bps);
	it.n = 0;
	TEST_ERR(rtp_rtcp_parse(tmmbr, sizeof(tmmbr), item_handler, &it));
	TEST_EQ(1 << 4, it.v[0].u.limit.bps);
	TEST_EQ(2, it.v[0].media);

	for (i = 0; i < 1000; i++) {
		us = rtp_rtcp_interval(80, 100, i * 4294967u);
		TEST_TRUE(us > 1500 * MS && us < 6000 * MS);
		us = rtp_rtcp_interval(1500, 100, i * 4294967u);
		TEST_TRUE(us > 200 * MS && us < 700 * MS);
		us = rtp_rtcp_interval(1, 1000, i * 4294967u);
		TEST_TRUE(us < 13000 * MS);
	}
 out:
	return err;
}


/* ---- telephone events ----------------------------------------------- */

struct digits {
	char v[16];
	unsigned ms[16];
	unsigned n;
};


static void digit_handler(char digit, unsigned duration_ms, void *arg)
{
	struct digits *d = arg;

	if (d->n < 15) {
		d->v[d->n] = digit;
		d->ms[d->n++] = duration_ms;
	}
}


static void event(struct rtp_dtmf *d, struct digits *got, uint32_t ts,
		  uint8_t ev, bool end, uint16_t dur, uint64_t ms)
{
	const uint8_t p[4] = {
		ev, (uint8_t)(end << 7 | 10), (uint8_t)(dur >> 8),
		(uint8_t)dur,
	};

	(void)rtp_dtmf_put(d, ts, 8000, p, sizeof(p), ms * MS, digit_handler,
			   got);
}


static int test_dtmf(void)
{
	struct rtp_dtmf d = { .seen = false };
	struct digits got = { .n = 0 };
	int err = 0;

	/* as it should be: three ends */
	event(&d, &got, 100, 5, false, 160, 0);
	event(&d, &got, 100, 5, false, 320, 20);
	event(&d, &got, 100, 5, true, 800, 40);
	event(&d, &got, 100, 5, true, 800, 40);
	event(&d, &got, 100, 5, true, 800, 40);
	TEST_STR("5", got.v);
	TEST_EQ(100, got.ms[0]);

	/* only an end came; then a straggler of the event before */
	event(&d, &got, 2000, 11, true, 400, 300);
	event(&d, &got, 100, 5, false, 160, 320);
	TEST_STR("5#", got.v);
	TEST_EQ(50, got.ms[1]);

	/* its ends are lost, the next one begins */
	event(&d, &got, 4000, 1, false, 160, 400);
	event(&d, &got, 4000, 1, false, 320, 420);
	event(&d, &got, 6000, 1, false, 160, 700);
	TEST_STR("5#1", got.v);
	TEST_EQ(40, got.ms[2]);

	/* nothing more comes at all */
	TEST_EQ(900 * MS, rtp_dtmf_due(&d));
	rtp_dtmf_run(&d, 899 * MS, digit_handler, &got);
	TEST_EQ(3, got.n);
	rtp_dtmf_run(&d, 900 * MS, digit_handler, &got);
	TEST_STR("5#11", got.v);
	TEST_TRUE(rtp_dtmf_due(&d) == UINT64_MAX);
	event(&d, &got, 6000, 1, true, 320, 910);
	TEST_EQ(4, got.n);

	/* reordered: the longest duration counts */
	event(&d, &got, 8000, 15, false, 320, 1000);
	event(&d, &got, 8000, 15, false, 160, 1010);
	event(&d, &got, 8000, 15, true, 480, 1020);
	TEST_STR("5#11D", got.v);
	TEST_EQ(60, got.ms[4]);

	/* longer than 65535 units: segments of one event */
	event(&d, &got, 10000, 0, false, 65535, 10000);
	event(&d, &got, 10000 + 65535, 0, false, 160, 10020);
	event(&d, &got, 10000 + 65535, 0, true, 801, 10100);
	TEST_EQ(6, got.n);
	TEST_EQ((65535 + 801) / 8, got.ms[5]);

	/* flash and beyond are no digits; too short is no event */
	event(&d, &got, 90000, 16, true, 160, 20000);
	event(&d, &got, 91000, 255, true, 160, 20100);
	TEST_EQ(6, got.n);
	TEST_EQ(EBADMSG, rtp_dtmf_put(&d, 1, 8000, (const uint8_t *)"abc", 3,
				      0, digit_handler, &got));
 out:
	return err;
}


/* ---- sending -------------------------------------------------------- */

struct sent {
	unsigned n, bytes;
	uint16_t seqv[256];
	uint32_t ts;
	bool marker;
};


static void sent_handler(const struct iovec *iov, unsigned iovc, void *arg)
{
	struct sent *s = arg;
	const uint8_t *h = iov[0].iov_base;

	if (iovc != 3 || iov[0].iov_len != 12 || h[0] != 0x80)
		return;
	s->seqv[s->n++ % 256] = (uint16_t)(h[2] << 8 | h[3]);
	s->ts = (uint32_t)h[4] << 24 | (uint32_t)h[5] << 16 | h[6] << 8 | h[7];
	s->marker = h[1] >> 7;
	s->bytes += iov[1].iov_len + iov[2].iov_len;
}


static struct unit *picture(unsigned payc, size_t size)
{
	struct unit *unit = unit_alloc(payc * size, payc);
	unsigned i;

	for (i = 0; unit && i < payc; i++) {
		unit->payv[i].off = (uint32_t)(i * size);
		unit->payv[i].len = (uint32_t)size;
		unit->payv[i].marker = i + 1 == payc;
	}
	if (unit)
		memset(unit->data, 'x', payc * size);

	return unit;
}


static int test_pacing(void)
{
	struct sent s = { .n = 0 };
	struct rtp_out *o = NULL;
	struct unit *big = picture(60, 1000), *small = picture(3, 500);
	uint64_t now = 1000000;
	unsigned i;
	int err = 0;

	TEST_TRUE(big && small);
	TEST_ERR(rtp_out_alloc(&o, true, sent_handler, &s));

	rtp_out_pace(o, small, 96, 1, 16000, now);
	TEST_EQ(3, s.n);
	TEST_TRUE(s.marker);
	TEST_TRUE(rtp_out_due(o) == UINT64_MAX);

	s.n = 0;
	rtp_out_pace(o, big, 96, 2, 16000, now);
	TEST_TRUE(s.n < 60 && s.n >= 8);
	for (i = 0; rtp_out_due(o) != UINT64_MAX; i++) {
		const unsigned before = s.n;

		TEST_TRUE(i < 20);
		now = rtp_out_due(o);
		rtp_out_run(o, now);
		TEST_TRUE(s.n > before && s.n <= before + 8);
	}
	TEST_EQ(60, s.n);
	TEST_TRUE(now <= 1000000 + 16000);
	for (i = 1; i < 60; i++)
		TEST_EQ((uint16_t)(s.seqv[i - 1] + 1), s.seqv[i]);

	/* what is left goes out before the next one */
	s.n = 0;
	rtp_out_pace(o, big, 96, 3, 16000, now);
	rtp_out_pace(o, small, 96, 4, 16000, now + 1);
	TEST_EQ(63, s.n);
	TEST_EQ(4, s.ts);
	TEST_EQ(3 + 60 + 60 + 3, rtp_out_stats(o)->packets);
	TEST_EQ(1, atomic_load(&big->refs) > 1);     /* the history's     */

	rtp_out_clear(o);
	TEST_EQ(1, atomic_load(&big->refs));
	TEST_EQ(1, atomic_load(&small->refs));
 out:
	mem_deref(o);
	unit_unref(big);
	unit_unref(small);

	return err;
}


static int test_nack(void)
{
	struct sent s = { .n = 0 };
	struct rtp_out *o = NULL;
	struct unit *unit = picture(8, 100);
	uint16_t first;
	unsigned i;
	int err = 0;

	TEST_TRUE(unit != NULL);
	TEST_ERR(rtp_out_alloc(&o, true, sent_handler, &s));
	rtp_out_pace(o, unit, 96, 1, 0, 0);
	TEST_EQ(8, s.n);
	first = s.seqv[0];

	s.n = 0;
	rtp_out_nack(o, (uint16_t)(first + 1), 0x0005, 20 * MS);
	TEST_EQ(3, s.n);
	TEST_EQ((uint16_t)(first + 1), s.seqv[0]);
	TEST_EQ((uint16_t)(first + 2), s.seqv[1]);
	TEST_EQ((uint16_t)(first + 4), s.seqv[2]);
	TEST_EQ(3, rtp_out_stats(o)->resent);
	TEST_EQ(8, rtp_out_stats(o)->packets);

	/* never sent, asked again at once, too old */
	s.n = 0;
	rtp_out_nack(o, (uint16_t)(first + 8), 0xffff, 20 * MS);
	rtp_out_nack(o, (uint16_t)(first + 1), 0, 25 * MS);
	TEST_EQ(0, s.n);
	rtp_out_nack(o, first, 0xffff, 1001 * MS);
	TEST_EQ(0, s.n);

	/* a storm is bounded */
	for (i = 0; i < 100; i++)
		rtp_out_pace(o, unit, 96, i, 0, 2000 * MS);
	s.n = 0;
	for (i = 0; i < 50; i++)
		rtp_out_nack(o, (uint16_t)(first + 8 + 16 * i), 0xffff,
			     2001 * MS);
	TEST_EQ(RTP_OUT_RESENDS, s.n);
 out:
	mem_deref(o);
	unit_unref(unit);

	return err;
}


static const struct test testv[] = {
	{"rtp header table",                   test_parse},
	{"sequence wraps, gaps, restarts",     test_sequence},
	{"jitter",                             test_jitter},
	{"latching and hijacking",             test_latch},
	{"hold does not unlatch",              test_latch_hold},
	{"rtcp written and read",              test_rtcp_round},
	{"rtcp compounds, good and bad",       test_rtcp_table},
	{"rtcp bitrate limits and interval",   test_rtcp_limits},
	{"telephone events",                   test_dtmf},
	{"large pictures are paced",           test_pacing},
	{"nack is answered, storms are not",   test_nack},
};


int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
