/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fuzz/fuzz_sip.c -- any bytes as datagrams, one after the other
 *
 * A NUL ends a datagram.  Tags are always 1, so a dialog that one of them
 * opens can be met by the next.  What libre cannot decode goes to
 * malformed_reply(), all else to the stack, whose owner answers every call.
 * The socket is bound to loopback: no answer gets further than that.
 */
#include <stdlib.h>
#include <string.h>

#include <re.h>
#define DEBUG_MODULE "fuzz_sip"
#define DEBUG_LEVEL 0
#include <re_dbg.h>

#include "sip/private.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROUNDS = 32, DATAGRAMS = 16 };

static struct sipstack *ss;
static struct call *call;


static void quiet(int level, const char *p, size_t len, void *arg)
{
	(void)level;
	(void)p;
	(void)len;
	(void)arg;
}


static int offer_handler(struct mbuf *offer, struct mbuf **answerp,
			 char *errbuf, size_t errsz, void *arg)
{
	(void)arg;
	(void)errbuf;
	(void)errsz;
	*answerp = mem_ref(offer);

	return 0;
}


static int make_offer_handler(struct mbuf **offerp, void *arg)
{
	(void)arg;
	*offerp = mbuf_alloc(8);

	return mbuf_write_str(*offerp, "v=0\r\n");
}


static void close_handler(uint16_t scode, const char *reason, void *arg)
{
	(void)scode;
	(void)reason;
	(void)arg;
	call = mem_deref(call);
}


static void incoming_handler(struct call *c, void *arg)
{
	static const struct call_h h = {
		.offerh = offer_handler, .make_offerh = make_offer_handler,
		.closeh = close_handler,
	};
	struct mbuf *sdp = mbuf_alloc(8);
	(void)arg;

	mem_deref(call);
	call = c;
	call_set_handlers(c, &h, NULL);
	(void)mbuf_write_str(sdp, "v=0\r\n");
	sdp->pos = 0;
	(void)call_progress(c, 180, "Ringing");
	(void)call_answer(c, sdp);
	mem_deref(sdp);
}


static void stack_new(void)
{
	static const struct sip_cfg cfg = {
		.software = "fuzz", .session_expires_s = 1800,
		.min_se_s = 90, .incomingh = incoming_handler,
	};

	call = mem_deref(call);
	ss = mem_deref(ss);
	if (sipstack_alloc(&ss, &cfg) ||
	    sipstack_listen(ss, "udp 127.0.0.1:0"))
		abort();
}


static void stop_handler(void *arg)
{
	(void)arg;
	re_cancel();
}


static void settle(void)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, 0, stop_handler, NULL);
	(void)re_main(NULL);
	tmr_cancel(&tmr);
}


int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	dbg_handler_set(quiet, NULL);
	log_init("fuzz", LVL_ERROR, false);

	return libre_init();
}


static void datagram(const uint8_t *p, size_t n)
{
	struct mbuf *mb = mbuf_alloc(n + 1), *reply = NULL;
	struct sip_msg *msg;
	struct sa src;

	(void)mbuf_write_mem(mb, p, n);
	mb->pos = 0;
	(void)sa_set_str(&src, "127.0.0.1", 9);

	if (sip_msg_decode(&msg, mb)) {
		mb->pos = 0;
		if (!malformed_reply(&reply, &src, (char *)mb->buf, mb->end,
				     "fuzz") &&
		    strncmp((char *)reply->buf, "SIP/2.0 ", 8))
			abort();
		mem_deref(reply);
		mem_deref(mb);
		return;
	}

	msg->tag = 1;
	msg->src = src;
	msg->tp  = SIP_TRANSP_UDP;
	(void)sa_set_str(&msg->dst, "127.0.0.1", 5060);
	if (msg->req)
		(void)sipstack_request(msg, ss);
	mem_deref(msg);
	mem_deref(mb);
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned round;
	unsigned i;

	if (round++ % ROUNDS == 0)
		stack_new();
	memset(ss->sourcev, 0, sizeof(ss->sourcev));

	for (i = 0; size && i < DATAGRAMS; i++) {
		const uint8_t *end = memchr(data, 0, size);
		size_t n = end ? (size_t)(end - data) : size;

		datagram(data, n);
		n += end != NULL;
		data += n;
		size -= n;
	}
	call = mem_deref(call);
	settle();

	return 0;
}
