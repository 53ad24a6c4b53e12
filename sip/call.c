/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sip/call.c -- a call's life: made, ended, lingering until the wire rests
 *
 * The owner's reference is the only one.  When he drops it the destructor
 * takes it back, says what must be said on the wire, and a timer of 0 ms
 * lets go once all is quiet: never at once, so whoever is up the stack (the
 * owner may well drop the call in a handler) still has it.
 *
 * Threads: loop.
 */
#include <string.h>

#include "sip/private.h"


static int no_offerh(struct mbuf *offer, struct mbuf **answerp,
		     char *errbuf, size_t errsz, void *arg)
{
	(void)offer;
	(void)answerp;
	(void)errbuf;
	(void)errsz;
	(void)arg;
	return ENOTSUP;
}


static int no_make_offerh(struct mbuf **offerp, void *arg)
{
	(void)offerp;
	(void)arg;
	return ENOTSUP;
}


static int no_answerh(struct mbuf *answer, void *arg)
{
	(void)answer;
	(void)arg;
	return 0;
}


static void no_refusedh(uint16_t scode, void *arg)
{
	(void)scode;
	(void)arg;
}


static void no_progressh(uint16_t scode, const char *reason, void *arg)
{
	(void)scode;
	(void)reason;
	(void)arg;
}


static void no_handler(void *arg)
{
	(void)arg;
}


static void no_dtmfh(char digit, unsigned duration_ms, void *arg)
{
	(void)digit;
	(void)duration_ms;
	(void)arg;
}


static void no_closeh(uint16_t scode, const char *reason, void *arg)
{
	(void)scode;
	(void)reason;
	(void)arg;
}


void call_set_handlers(struct call *call, const struct call_h *h, void *arg)
{
	static const struct call_h none;

	if (!call)
		return;

	call->h   = h ? *h : none;
	call->arg = arg;

	if (!call->h.offerh)      call->h.offerh      = no_offerh;
	if (!call->h.make_offerh) call->h.make_offerh = no_make_offerh;
	if (!call->h.answerh)     call->h.answerh     = no_answerh;
	if (!call->h.refusedh)    call->h.refusedh    = no_refusedh;
	if (!call->h.progressh)   call->h.progressh   = no_progressh;
	if (!call->h.estabh)      call->h.estabh      = no_handler;
	if (!call->h.key_frameh)  call->h.key_frameh  = no_handler;
	if (!call->h.dtmfh)       call->h.dtmfh       = no_dtmfh;
	if (!call->h.closeh)      call->h.closeh      = no_closeh;
}


/** Is there anything on the wire that still needs us? */
bool call_busy(const struct call *call)
{
	return call->ss && !call->dead &&
		(call->inv || call->bye || call->replyl.head);
}


/* The owner has let go: nobody is to be told anything any more */
static void call_abandon(struct call *call)
{
	call_set_handlers(call, NULL, NULL);
	if (call->state == CALL_INCOMING)
		(void)call_reject(call, 500, "Server Internal Error", 0);

	call_hangup(call, NULL);
}


static void call_destructor(void *arg)
{
	struct call *call = arg;

	if (!call->orphan && call->ss && call->dlg) {
		mem_ref(call);
		call->orphan = true;
		call_abandon(call);
		call_settle(call);
		return;
	}

	hash_unlink(&call->he);
	if (call->ss && call->dlg)
		--call->ss->callc;
	list_flush(&call->replyl);
	tmr_cancel(&call->tmr_ring);
	tmr_cancel(&call->tmr_retry);
	tmr_cancel(&call->tmr_gone);
	setimer_stop(call);
	mem_deref(call->st);
	mem_deref(call->inv);
	mem_deref(call->upd);
	mem_deref(call->info);
	mem_deref(call->bye);
	mem_deref(call->dlg);
	mem_deref(call->msg);
	mem_deref(call->user);
	mem_deref(call->cuser);
	mem_deref(call->peer_uri);
	mem_deref(call->peer_name);
	mem_deref(call->agent);
	mem_deref(call->bye_text);
	mem_deref(call->offer);
	mem_deref(call->sent);
	mem_deref(call->modify);
}


int call_alloc(struct call **callp, struct sipstack *ss)
{
	struct call *call;

	call = mem_zalloc(sizeof(*call), call_destructor);
	if (!call)
		return ENOMEM;

	call->ss = ss;
	setimer_init(&call->se, ss);
	tmr_init(&call->tmr_ring);
	tmr_init(&call->tmr_retry);
	tmr_init(&call->tmr_gone);
	call_set_handlers(call, NULL, NULL);
	*callp = call;

	return 0;
}


/** call->dlg is there: from now on messages find the call */
void call_link(struct call *call)
{
	++call->ss->callc;
	hash_append(call->ss->calls, hash_joaat_str(call->dlg->callid),
		    &call->he, call);
}


static bool cmp_handler(struct le *le, void *arg)
{
	const struct call *call = le->data;

	return dialog_match(call->dlg, arg);
}


struct call *call_find(struct sipstack *ss, const struct sip_msg *msg)
{
	return list_ledata(hash_lookup(ss->calls, hash_joaat_pl(&msg->callid),
				       cmp_handler, (void *)msg));
}


/** The stack goes: nothing more may touch it, owners may still hold us */
void call_force(struct call *call)
{
	bool orphan = call->orphan;

	call->dead  = true;
	call->state = CALL_CLOSED;
	hash_unlink(&call->he);
	list_flush(&call->replyl);
	tmr_cancel(&call->tmr_ring);
	tmr_cancel(&call->tmr_retry);
	tmr_cancel(&call->tmr_gone);
	setimer_stop(call);
	call->st   = mem_deref(call->st);
	call->inv  = mem_deref(call->inv);
	call->upd  = mem_deref(call->upd);
	call->info = mem_deref(call->info);
	call->bye  = mem_deref(call->bye);
	call->dlg->flow = mem_deref(call->dlg->flow);
	call->msg  = mem_deref(call->msg);
	call->ss   = NULL;
	if (orphan)
		mem_deref(call);
}


static void gone_handler(void *arg)
{
	mem_deref(arg);
}


/** At the end of every entry: let go of what has neither owner nor work */
void call_settle(struct call *call)
{
	if (!call->orphan || call->dead || call_busy(call))
		return;

	call->dead = true;
	tmr_start(&call->tmr_gone, 0, gone_handler, call);
}


/** It is over: tell the owner, once.  What the wire needs is the caller's */
void call_close(struct call *call, uint16_t scode, const char *reason)
{
	if (call->state == CALL_CLOSED)
		return;

	call->state = CALL_CLOSED;
	setimer_stop(call);
	tmr_cancel(&call->tmr_ring);
	tmr_cancel(&call->tmr_retry);
	call->modify = mem_deref(call->modify);

	call->h.closeh(scode, reason, call->arg);
}


void call_up(struct call *call)
{
	call->state = CALL_UP;
	call->h.estabh(call->arg);
	if (call->state == CALL_UP)
		call_modify_next(call);
}


int call_send_plain(enum sip_transp tp, const struct sa *src,
		    const struct sa *dst, struct mbuf *mb, void *arg)
{
	const struct call *call = arg;

	return addr_via_fix(call->ss, mb, tp, src, dst);
}


int call_send_contact(enum sip_transp tp, const struct sa *src,
		      const struct sa *dst, struct mbuf *mb, void *arg)
{
	struct call *call = arg;
	struct contact c;
	int err;

	if (!sa_isset(&call->peer, SA_ADDR))
		call->peer = *dst;

	err  = addr_contact_req(call->ss, &c, call->cuser, tp, src, dst);
	err |= addr_via_fix(call->ss, mb, tp, src, dst);
	err |= mbuf_printf(mb, "%H", contact_print, &c);

	return err;
}


static void bye_resp_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct call *call = arg;

	if (!err && msg->scode < 200)
		return;

	call_settle(call);
}


static int reason_print(struct re_printf *pf, const char *text)
{
	if (!text)
		return 0;

	return re_hprintf(pf, "Reason: SIP;cause=200;text=\"%H\"\r\n",
			  text_quoted, text);
}


/** BYE now.  An unreachable peer is no reason to stay. */
void call_bye(struct call *call, const char *text)
{
	struct mbuf *tail;

	call->bye_due = false;
	list_flush(&call->replyl);
	if (call->bye)
		return;

	tail = mbuf_alloc(128);
	if (!tail)
		return;

	if (!mbuf_printf(tail, "%H%H", reason_print, text, body_print,
			 NULL)) {
		tail->pos = 0;
		(void)dialog_request(call->dlg, &call->bye, call->ss, "BYE",
				     0, call_send_plain, bye_resp_handler,
				     call, tail);
	}
	mem_deref(tail);
}


void call_hangup(struct call *call, const char *text)
{
	enum call_state state;

	if (!call || !call->ss || call->state == CALL_CLOSED)
		return;

	state = call->state;
	call_set_handlers(call, NULL, NULL);
	call_close(call, 0, "hangup");

	switch (state) {

	case CALL_INCOMING:
		(void)call_refuse(call, 480, "Temporarily Unavailable", 0);
		break;

	case CALL_DIALLING:
		/* a 200 may cross the CANCEL: ACK and BYE then */
		call->bye_due = true;
		if (text && !call->bye_text)
			(void)str_dup(&call->bye_text, text);
		sip_request_cancel(call->inv);
		break;

	case CALL_ANSWERED:
		/* no BYE before the ACK (RFC 3261, section 15) */
		call->bye_due = true;
		if (text && !call->bye_text)
			(void)str_dup(&call->bye_text, text);
		break;

	case CALL_UP:
		call_bye(call, text);
		break;

	default:
		break;
	}

	call_settle(call);
}


/** Their BYE, in whatever state we are */
void call_bye_handler(struct call *call, const struct sip_msg *msg)
{
	struct sipstack *ss = call->ss;

	(void)sip_treply(NULL, ss->sip, msg, 200, "OK");

	if (call->st)
		(void)sip_treply(&call->st, ss->sip, call->msg, 487,
				 "Request Terminated");
	if (call->state == CALL_DIALLING)
		sip_request_cancel(call->inv);

	call->bye_due = false;
	list_flush(&call->replyl);
	call_close(call, 0, "bye");
}


/** What a message tells about the peer */
void call_learn(struct call *call, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr;

	hdr = sip_msg_hdr(msg, msg->req ? SIP_HDR_USER_AGENT
					: SIP_HDR_SERVER);
	if (!hdr)
		hdr = sip_msg_hdr(msg, SIP_HDR_USER_AGENT);
	if (hdr && hdr->val.l) {
		char *agent;

		if (!text_clean(&agent, &hdr->val)) {
			mem_deref(call->agent);
			call->agent = agent;
		}
	}
	call->peer = msg->src;
}


const char *call_id(const struct call *call)
{
	return call ? call->dlg->callid : NULL;
}


const char *call_user(const struct call *call)
{
	return call ? call->user : NULL;
}


const char *call_peer_uri(const struct call *call)
{
	return call ? call->peer_uri : NULL;
}


const char *call_peer_name(const struct call *call)
{
	return call ? call->peer_name : NULL;
}


const char *call_user_agent(const struct call *call)
{
	return call && call->agent ? call->agent : "";
}


struct mbuf *call_offer(const struct call *call)
{
	return call ? call->offer : NULL;
}


const struct sa *call_peer_addr(const struct call *call)
{
	return call ? &call->peer : NULL;
}


int call_local_addr(const struct call *call, struct sa *laddr)
{
	if (!call || !call->ss || !laddr)
		return EINVAL;

	return addr_facing(call->ss, &call->peer, laddr);
}
