/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fuzz/fuzz_rtc_sdp.c -- any bytes as offer, re-offer and fragment
 *
 * The first byte says which kind of session.  What is accepted must give
 * an answer that is itself SDP with as many m-lines, and tickets that the
 * mixer would accept.
 */
#include <stdlib.h>

#include <re.h>

#include "media/rtc_sdp.h"
#include "media/sdp_priv.h"
#include "tests/fuzz/sdp_good.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char first[] =
	"v=0\r\nc=IN IP4 0.0.0.0\r\na=group:BUNDLE 0 1\r\n"
	"a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n"
	"a=setup:actpass\r\na=fingerprint:sha-256 AA:AA:AA:AA:AA:AA:AA:AA:AA"
	":AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA"
	":AA\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=rtcp-mux\r\n"
	"m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=rtcp-mux\r\n"
	"a=rtpmap:96 VP8/90000\r\n";

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;

	return sdp_good_init();
}

static struct mbuf *body(const void *data, size_t size)
{
	struct mbuf *mb = mbuf_alloc(size + 1);

	(void)mbuf_write_mem(mb, data, size);
	mb->pos = 0;

	return mb;
}

static void check_ticket(const struct rtc_sdp *rs)
{
	struct ticket t;

	ticket_init(&t, 1);
	rtc_sdp_ticket(rs, &t);
	sdp_good_ticket(&t);
	if ((t.audio.fb_remb && t.audio.fb_twcc) ||
	    (t.video.fb_remb && t.video.fb_twcc))
		abort();
	if (t.rtc.on && (!*t.rtc.rufrag || !*t.rtc.rpwd))
		abort();
}

static void offer(struct rtc_sdp *rs, struct mbuf *mb)
{
	struct mbuf *answer = NULL;
	char reason[128] = "";

	if (rtc_sdp_answer(rs, mb, &answer, reason, sizeof(reason))) {
		if (!*reason)
			abort();
		return;
	}

	sdp_good_answer(mb, answer);
	check_ticket(rs);
	mem_deref(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rtc_sdp_cfg cfg = {.candc = 1};
	struct mbuf *mb, *mb1, *out = NULL;
	struct rtc_sdp *rs = NULL;
	char reason[128];

	if (!size)
		return 0;

	cfg.kind = data[0] % 3;
	mb  = body(data + 1, size - 1);
	mb1 = body(first, sizeof(first) - 1);
	sa_set_str(&cfg.candv[0], "192.0.2.9", 20000);
	str_ncpy(cfg.lufrag, "abcdefgh", sizeof(cfg.lufrag));
	str_ncpy(cfg.lpwd, "abcdefghijklmnopqrstuv", sizeof(cfg.lpwd));
	if (rtc_sdp_alloc(&rs, &cfg))
		abort();

	offer(rs, mb);
	offer(rs, mb1);
	offer(rs, mb);
	if (!rtc_sdp_frag(rs, mb, &out, reason, sizeof(reason)))
		check_ticket(rs);

	mem_deref(out);
	mem_deref(rs);
	mem_deref(mb);
	mem_deref(mb1);

	return 0;
}
