/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sip/reply.c -- 2xx to INVITE, sent again until the ACK comes
 *
 * The transaction layer forgets a 2xx once it has been sent (RFC 3261
 * 13.3.1.4): sending it again after T1, 2*T1 … T2, over TCP too, and
 * giving up after 64*T1 is ours.
 *
 * Threads: loop.
 */
#include "sip/private.h"


struct reply {
	struct le le;                 /* in call->replyl                 */
	struct call *call;
	struct sip_msg *msg;          /* the INVITE                      */
	struct mbuf *mb;
	struct sa dst;
	struct tmr tmr, tmr_again;
	uint32_t wait_ms;
	bool offer;                   /* it carries an offer of ours     */
};


static void reply_destructor(void *arg)
{
	struct reply *r = arg;

	list_unlink(&r->le);
	tmr_cancel(&r->tmr);
	tmr_cancel(&r->tmr_again);
	mem_deref(r->msg);
	mem_deref(r->mb);
}


static void timeout_handler(void *arg)
{
	struct reply *r = arg;
	struct call *call = r->call;
	bool offer = r->offer;

	mem_deref(r);
	reply_timeout(call, offer);
}


static void again_handler(void *arg)
{
	struct reply *r = arg;

	r->wait_ms = min(2 * r->wait_ms, 8 * r->call->ss->t1_ms);
	tmr_start(&r->tmr_again, r->wait_ms, again_handler, r);

	(void)sip_send(r->call->ss->sip, r->msg->sock, r->msg->tp, &r->dst,
		       r->mb);
}


/** 200 with this body; offer: the body is not an answer but our offer */
int reply_2xx(struct call *call, struct sip_strans **stp,
	      const struct sip_msg *msg, struct mbuf *body, bool offer)
{
	struct sipstack *ss = call->ss;
	struct contact contact;
	struct reply *r;
	struct pl pl;
	int err;

	if (list_count(&call->replyl) >= SIP_REPLIES_MAX)
		return EAGAIN;

	err = addr_contact(ss, &contact, call->cuser, msg);
	if (err)
		return err;

	r = mem_zalloc(sizeof(*r), reply_destructor);
	if (!r)
		return ENOMEM;

	err = sip_treplyf(stp, &r->mb, ss->sip, msg, true, 200, "OK",
			  "%H"
			  "Allow: " SIP_ALLOW "\r\n"
			  "Supported: timer\r\n"
			  "%H%H",
			  contact_print, &contact,
			  setimer_print_resp, call, body_print, body);
	if (err)
		goto out;

	sip_reply_addr(&r->dst, msg, !msg_param_exists(&msg->via.params,
						       "rport", &pl));
	r->call    = call;
	r->msg     = mem_ref((void *)msg);
	r->offer   = offer;
	r->wait_ms = ss->t1_ms;
	list_append(&call->replyl, &r->le, r);
	tmr_start(&r->tmr, 64ULL * ss->t1_ms, timeout_handler, r);
	tmr_start(&r->tmr_again, r->wait_ms, again_handler, r);

 out:
	if (err)
		mem_deref(r);

	return err;
}


int reply_ack(struct call *call, uint32_t seq, bool *offer)
{
	struct le *le;

	LIST_FOREACH(&call->replyl, le) {
		struct reply *r = le->data;

		if (r->msg->cseq.num != seq)
			continue;

		*offer = r->offer;
		mem_deref(r);
		return 0;
	}

	return ENOENT;
}


/** We wait for the answer to an offer that went in a 2xx */
bool reply_offer_open(const struct call *call)
{
	struct le *le;

	LIST_FOREACH(&call->replyl, le) {
		const struct reply *r = le->data;

		if (r->offer)
			return true;
	}

	return false;
}
