/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sip/ack.c -- ACK to 2xx, sent again whenever the 2xx comes again
 *
 * ACKs live on their own for 64*T1: the peer may miss one even when the
 * call has ended meanwhile.
 *
 * Threads: loop.
 */
#include "sip/private.h"


struct ack {
	struct le he;                 /* in ss->acks                     */
	struct sipstack *ss;
	struct tmr tmr;
	struct sip_request *req;      /* while a name is looked up       */
	struct mbuf *mb;              /* NULL until it was sent          */
	struct sa dst;
	enum sip_transp tp;
	char *callid, *ltag, *rtag;
	uint32_t cseq;
};


static void ack_destructor(void *arg)
{
	struct ack *ack = arg;

	hash_unlink(&ack->he);
	tmr_cancel(&ack->tmr);
	mem_deref(ack->req);
	mem_deref(ack->mb);
	mem_deref(ack->callid);
	mem_deref(ack->ltag);
	mem_deref(ack->rtag);
}


static void timeout_handler(void *arg)
{
	mem_deref(arg);
}


static int send_handler(enum sip_transp tp, const struct sa *src,
			const struct sa *dst, struct mbuf *mb, void *arg)
{
	struct ack *ack = arg;

	mem_deref(ack->mb);
	ack->mb  = mem_ref(mb);
	ack->tp  = tp;
	ack->dst = *dst;

	return addr_via_fix(ack->ss, mb, tp, src, dst);
}


static void resp_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct ack *ack = arg;
	(void)msg;

	if (err)
		ack->mb = mem_deref(ack->mb);
}


int ack_send(struct sipstack *ss, struct dialog *dlg, uint32_t cseq,
	     struct mbuf *body)
{
	struct mbuf *tail;
	struct ack *ack;
	int err;

	tail = mbuf_alloc(256);
	ack  = mem_zalloc(sizeof(*ack), ack_destructor);
	if (!tail || !ack) {
		err = ENOMEM;
		goto out;
	}

	ack->ss     = ss;
	ack->cseq   = cseq;
	ack->callid = mem_ref(dlg->callid);
	ack->ltag   = mem_ref(dlg->ltag);
	ack->rtag   = mem_ref(dlg->rtag);
	hash_append(ss->acks, hash_joaat_str(dlg->callid), &ack->he, ack);
	tmr_start(&ack->tmr, 64ULL * ss->t1_ms, timeout_handler, ack);

	err = mbuf_printf(tail, "%H", body_print, body);
	if (err)
		goto out;

	tail->pos = 0;
	err = dialog_request(dlg, &ack->req, ss, "ACK", cseq, send_handler,
			     resp_handler, ack, tail);

 out:
	mem_deref(tail);
	if (err)
		mem_deref(ack);

	return err;
}


static bool cmp_handler(struct le *le, void *arg)
{
	const struct ack *ack = le->data;
	const struct sip_msg *msg = arg;

	return ack->cseq == msg->cseq.num &&
		!pl_strcmp(&msg->callid, ack->callid) &&
		!pl_strcmp(&msg->from.tag, ack->ltag) &&
		!pl_strcmp(&msg->to.tag, ack->rtag);
}


/** A 2xx that no transaction wanted: true if it had its ACK already */
bool ack_again(struct sipstack *ss, const struct sip_msg *msg)
{
	struct ack *ack;

	ack = list_ledata(hash_lookup(ss->acks, hash_joaat_pl(&msg->callid),
				      cmp_handler, (void *)msg));
	if (!ack)
		return false;

	if (ack->mb)
		(void)sip_send(ss->sip, NULL, ack->tp, &ack->dst, ack->mb);

	return true;
}
