/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fuzz/fuzz_rtc.c -- any datagrams from anywhere to a WebRTC leg
 *
 * Input: a byte of who, a byte of how, one of length, then so many bytes;
 * again and again, on a leg without keys, with keys, or taken over.  With
 * `how` a datagram becomes a check whose fingerprint or whose password is
 * right, or a record of DTLS.  Whatever comes, a stranger gets no more than
 * he sent, no packet is let in, and the peer is still understood.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/fake/rtc_wire.h"

enum {
	HOW_MASK  = 0x0f,
	HOW_CHECK = 1,            /* sealed with the password             */
	HOW_STUN  = 2,            /* framed, with a fingerprint           */
	HOW_DTLS  = 3,            /* a record of the right length         */
	HOW_RTP   = 4,
	HOW_RTCP  = 5,
	HOW_RUN   = 0x10,         /* and time passes                      */
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char pwd[] = "0123456789abcdef012345";

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;

	return net_rtc_init();
}

static size_t stun(uint8_t *b, size_t n, bool sealed)
{
	uint32_t crc;

	n = (n < 20 ? 20 : n) & ~(size_t)3;
	memcpy(b, "\0\1", 2);
	memcpy(b + 4, "\x21\x12\xa4\x42", 4);
	if (sealed) {
		b[2] = (uint8_t)((n + 4) >> 8);
		b[3] = (uint8_t)(n + 4);
		memcpy(b + n, "\0\x08\0\x14", 4);
		hmac_sha1((const uint8_t *)pwd, strlen(pwd), b, n, b + n + 4,
			  20);
		n += 24;
	}
	b[2] = (uint8_t)((n - 12) >> 8);
	b[3] = (uint8_t)(n - 12);
	crc = htonl(crc32(0, b, (uint32_t)n) ^ 0x5354554e);
	memcpy(b + n, "\x80\x28\0\4", 4);
	memcpy(b + n + 4, &crc, 4);

	return n + 8;
}

static size_t dress(uint8_t *b, size_t n, uint8_t how)
{
	switch (how & HOW_MASK) {

	case HOW_CHECK:
		return stun(b, n, true);
	case HOW_STUN:
		return stun(b, n, false);
	case HOW_DTLS:
		if (n < 13)
			return n;
		b[0] = (uint8_t)(20 + (b[0] & 3));
		b[1] = 0xfe;
		b[2] = 0xfd;
		memset(b + 3, 0, 2);
		b[11] = 0;
		b[12] = (uint8_t)(n - 13);
		return n;
	case HOW_RTP:
		b[0] = 0x80 | (b[0] & 0x3f);
		b[1] &= 0x7f;
		return n;
	case HOW_RTCP:
		b[0] = 0x80 | (b[0] & 0x3f);
		b[1] = (uint8_t)(192 + (b[1] & 31));
		return n;
	default:
		return n;
	}
}

static void feed(struct rtc_wire *w, const uint8_t *data, size_t size)
{
	static const char *const srcv[4] = {
		"192.0.2.7", "198.51.100.1", "203.0.113.1", "2001:db8::1",
	};

	on_loop();

	while (size > 3) {
		const uint8_t who = data[0], how = data[1];
		size_t n = min((size_t)data[2], size - 3), len;
		const unsigned rtp = w->rtp + w->rtcp;
		uint8_t b[320] = {0};
		struct sa src;

		memcpy(b, data + 3, n);
		data += 3 + n;
		size -= 3 + n;
		len = dress(b, n, how);
		sa_set_str(&src, srcv[who & 3], (uint16_t)(40000 + (who >> 4)));
		net_rtc_recv(w->r, &src, b, len, w->now);
		if (w->rtp + w->rtcp != rtp)
			abort();
		if (how & HOW_RUN)
			rtc_wire_run(w, (who >> 2 & 3) * 50);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct rtc_peer_cfg cfg = {.mtu = 1200};
	struct rtc_wire *w;
	bool keys;

	if (size < 4 || rtc_wire_alloc(&w, &cfg, false))
		return 0;

	keys = data[0] & 3;
	if (keys && rtc_wire_connect(w))
		abort();
	if ((data[0] & 3) == 2 && rtc_wire_takeover(w))
		abort();
	feed(w, data + 1, size - 1);

	/* the fuzzer may have moved the peer: it says where it is */
	if (keys) {
		rtc_wire_check(w, CHECK_NOMINATE);
		if (!rtc_wire_works(w))
			abort();
	}
	json_decref(net_rtc_stats(w->r));
	mem_deref(w);

	return 0;
}
