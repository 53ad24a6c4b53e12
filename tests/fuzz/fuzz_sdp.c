/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fuzz/fuzz_sdp.c -- any bytes as offer, re-offer and answer
 *
 * What is accepted must give an answer that is itself SDP with as many
 * m-lines, and tickets that another process would accept.
 */
#include <stdlib.h>

#include <re.h>

#include "media/sdp.h"
#include "media/sdp_priv.h"
#include "tests/fuzz/sdp_good.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char first[] =
	"v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 5000 RTP/AVP 0\r\n"
	"m=video 5002 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n";

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;

	return sdp_good_init();
}

static void check_ticket(const struct media_sdp *ms)
{
	struct ticket t;

	ticket_init(&t, 1);
	media_sdp_ticket(ms, &t);
	sdp_good_ticket(&t);
}

static struct mbuf *body(const void *data, size_t size)
{
	struct mbuf *mb = mbuf_alloc(size + 1);

	(void)mbuf_write_mem(mb, data, size);
	mb->pos = 0;

	return mb;
}

static void offer(struct media_sdp *ms, struct mbuf *mb)
{
	struct mbuf *answer = NULL;
	char reason[128];

	mb->pos = 0;
	if (media_sdp_answer(ms, mb, &answer, reason, sizeof(reason)))
		return;

	sdp_good_answer(mb, answer);
	check_ticket(ms);
	mem_deref(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct media_sdp_cfg cfg = {
		.audio_port = 20000, .video_port = 20002, .video = true,
	};
	struct mbuf *mb = body(data, size), *ours = NULL;
	struct mbuf *mb1 = body(first, sizeof(first) - 1);
	struct media_sdp *ms = NULL;
	char reason[128];

	sa_set_str(&cfg.laddr, "198.51.100.1", 0);
	if (media_sdp_alloc(&ms, &cfg))
		abort();

	offer(ms, mb);
	if (!media_sdp_offer(ms, &ours)) {
		mb->pos = 0;
		if (!media_sdp_accept(ms, mb, reason, sizeof(reason)))
			check_ticket(ms);
	}
	offer(ms, mb1);
	offer(ms, mb);

	mem_deref(ours);
	mem_deref(ms);
	mem_deref(mb);
	mem_deref(mb1);

	return 0;
}
