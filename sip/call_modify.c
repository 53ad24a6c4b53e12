/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sip/call_modify.c -- re-INVITE and UPDATE of a call that is up
 *
 * One offer at a time (RFC 3261 section 14, RFC 3311, RFC 6337):
 *
 *	theirs while ours is open              491
 *	theirs while theirs is open            500 with Retry-After
 *	ours while any is open                 waits in call->modify
 *	ours answered by 491                   again after 2.1–4 s when the
 *	                                       Call-ID is ours, else 0–2 s
 *
 * An offer of ours that has waited while theirs was agreed on would undo
 * it, so the owner is asked for a new one.
 *
 * Threads: loop.
 */
#include "sip/private.h"


static void reply_retry_later(struct sipstack *ss, const struct sip_msg *msg)
{
	(void)sip_treplyf(NULL, NULL, ss->sip, msg, false, 500,
			  "Server Internal Error",
			  "Retry-After: %u\r\n"
			  "Content-Length: 0\r\n\r\n", rand_u16() % 11);
}


/* errno of offerh as a status */
static void reply_offer_bad(struct sipstack *ss, const struct sip_msg *msg,
			    int err, const char *text)
{
	uint16_t scode = err == ENOTSUP ? 488 : err == EBADMSG ? 400 : 500;
	const char *reason = scode == 488 ? "Not Acceptable Here" :
		scode == 400 ? "Bad Request" : "Server Internal Error";

	if (text[0])
		(void)sip_treplyf(NULL, NULL, ss->sip, msg, false, scode,
				  reason,
				  "Warning: 399 tutti \"%H\"\r\n"
				  "Content-Length: 0\r\n\r\n",
				  text_quoted, text);
	else
		(void)sip_treply(NULL, ss->sip, msg, scode, reason);
}


/* An offer of ours that 491 put off, and theirs is here now */
static void put_off(struct call *call)
{
	if (!call->modify && !call->refresh_due)
		return;

	if (tmr_isrunning(&call->tmr_retry))
		call->h.refusedh(491, call->arg);
	call->modify_stale = true;
}


/* What their offer, or its absence, is answered with */
static int make_body(struct call *call, const struct sip_msg *msg,
		     struct mbuf **bodyp)
{
	char errbuf[128] = "";
	int err;

	if (mbuf_get_left(msg->mb))
		err = call->h.offerh(msg->mb, bodyp, errbuf, sizeof(errbuf),
				     call->arg);
	else
		err = call->h.make_offerh(bodyp, call->arg);

	if (!err && !*bodyp)
		err = EPROTO;
	if (err)
		reply_offer_bad(call->ss, msg, err, errbuf);

	return err;
}


/* Is now the time for an offer of theirs?  If not it has been answered. */
static bool offer_welcome(struct call *call, const struct sip_msg *msg)
{
	if (call->state == CALL_INCOMING || call->state == CALL_ANSWERED) {
		if (reply_offer_open(call))
			(void)sip_treply(NULL, call->ss->sip, msg, 491,
					 "Request Pending");
		else
			reply_retry_later(call->ss, msg);
		return false;
	}
	if (call->inv || reply_offer_open(call)) {
		(void)sip_treply(NULL, call->ss->sip, msg, 491,
				 "Request Pending");
		return false;
	}

	return true;
}


void call_reinvite_handler(struct call *call, const struct sip_msg *msg)
{
	const struct setimer old = call->se;
	const bool offer = mbuf_get_left(msg->mb) != 0;
	struct mbuf *body = NULL;
	int err;

	if (call->state == CALL_CLOSED) {
		(void)sip_treply(NULL, call->ss->sip, msg, 481,
				 "Call Does Not Exist");
		return;
	}
	if (!offer_welcome(call, msg) || !check_offer_type(call->ss, msg) ||
	    setimer_request(call, NULL, msg))
		return;

	put_off(call);
	err = make_body(call, msg, &body);
	if (!err) {
		(void)dialog_target(call->dlg, msg);
		err = reply_2xx(call, NULL, msg, body, !offer);
		if (err) {
			/* nobody will answer the offer we have made */
			if (!offer)
				call->h.refusedh(0, call->arg);
			reply_retry_later(call->ss, msg);
		}
	}
	mem_deref(body);
	if (err) {
		call->se.interval_s = old.interval_s;
		call->se.refresher  = old.refresher;
		return;
	}

	if (call->state == CALL_UP) {
		call_learn(call, msg);
		setimer_start(call);
	}
}


static void update_reply(struct call *call, const struct sip_msg *msg,
			 const struct mbuf *body)
{
	struct contact contact;

	if (addr_contact(call->ss, &contact, call->cuser, msg)) {
		(void)sip_treply(NULL, call->ss->sip, msg, 500,
				 "Server Internal Error");
		return;
	}

	(void)sip_treplyf(NULL, NULL, call->ss->sip, msg, false, 200, "OK",
			  "%H"
			  "Allow: " SIP_ALLOW "\r\n"
			  "Supported: timer\r\n"
			  "%H%H",
			  contact_print, &contact,
			  setimer_print_resp, call, body_print, body);
}


void call_update_handler(struct call *call, const struct sip_msg *msg)
{
	const struct setimer old = call->se;
	struct mbuf *body = NULL;
	const bool offer = mbuf_get_left(msg->mb) != 0;

	if (call->state == CALL_CLOSED) {
		(void)sip_treply(NULL, call->ss->sip, msg, 481,
				 "Call Does Not Exist");
		return;
	}
	if (offer) {
		if (call->state == CALL_DIALLING) {
			(void)sip_treply(NULL, call->ss->sip, msg, 491,
					 "Request Pending");
			return;
		}
		if (!offer_welcome(call, msg) ||
		    !check_offer_type(call->ss, msg))
			return;
	}
	if (setimer_request(call, NULL, msg))
		return;

	if (offer) {
		put_off(call);
		if (make_body(call, msg, &body)) {
			call->se.interval_s = old.interval_s;
			call->se.refresher  = old.refresher;
			return;
		}
	}

	(void)dialog_target(call->dlg, msg);
	update_reply(call, msg, body);
	mem_deref(body);
	if (call->state == CALL_UP)
		setimer_start(call);
}


static void lost(struct call *call, const char *reason)
{
	call_bye(call, reason);
	call_close(call, 0, reason);
}


static void retry_handler(void *arg)
{
	call_modify_next(arg);
}


/* ours: random times of RFC 3261 14.1 in steps of 10 ms */
static void retry_later(struct call *call, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_RETRY_AFTER);
	uint32_t ms;

	if (msg->scode == 491)
		ms = call->outgoing ? 2100 + rand_u16() % 191 * 10
				    : rand_u16() % 201 * 10;
	else
		ms = 1000 * min(hdr ? pl_u32(&hdr->val) : 2, (uint32_t)10);

	tmr_start(&call->tmr_retry, (uint64_t)ms * call->ss->t1_ms / SIP_T1,
		  retry_handler, call);
}


static bool may_retry(struct call *call, const struct sip_msg *msg)
{
	if (msg->scode != 491 && !(msg->scode >= 500 && msg->scode < 600 &&
				   sip_msg_hdr(msg, SIP_HDR_RETRY_AFTER)))
		return false;

	return ++call->retries <= SIP_RETRIES_MAX;
}


static bool gone(int err, const struct sip_msg *msg)
{
	return err || msg->scode == 408 || msg->scode == 481;
}


static void modify_answered(struct call *call, const struct sip_msg *msg)
{
	bool closed = call->state == CALL_CLOSED;

	call->sent = mem_deref(call->sent);
	call->retries = 0;
	(void)dialog_target(call->dlg, msg);
	if (ack_send(call->ss, call->dlg, msg->cseq.num, NULL))
		warning("sip: call %s: ACK not sent", call->dlg->callid);
	if (closed)
		return;

	setimer_response(call, msg);
	if (!body_is_sdp(msg) || call->h.answerh(msg->mb, call->arg))
		call->h.refusedh(0, call->arg);
	if (call->state == CALL_UP)
		call_modify_next(call);
}


static int reinvite(struct call *call, struct mbuf *offer, bool refresh);


static void modify_refused(struct call *call, const struct sip_msg *msg)
{
	struct mbuf *offer = call->sent;

	call->sent = NULL;

	if (msg->scode == 422 && setimer_too_small(call, msg) &&
	    !reinvite(call, offer, call->refresh)) {
		mem_deref(offer);
		return;
	}
	if (may_retry(call, msg)) {
		if (call->refresh || call->modify) {
			call->refresh_due |= call->refresh;
			mem_deref(offer);
		}
		else {
			call->modify = offer;
		}
		retry_later(call, msg);
		return;
	}

	mem_deref(offer);
	call->retries = 0;
	call->h.refusedh(msg->scode, call->arg);
	if (call->state == CALL_UP)
		call_modify_next(call);
}


static void modify_resp_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct call *call = arg;

	if (!err && msg->scode < 200)
		return;

	if (!err && msg->scode < 300)
		modify_answered(call, msg);
	else if (call->state == CALL_CLOSED)
		;
	else if (gone(err, msg))
		lost(call, err == ETIMEDOUT || !err ? "timeout"
						    : "unreachable");
	else
		modify_refused(call, msg);

	call_settle(call);
}


static int reinvite(struct call *call, struct mbuf *offer, bool refresh)
{
	struct mbuf *tail;
	int err;

	tail = mbuf_alloc(1024);
	if (!tail)
		return ENOMEM;

	err = mbuf_printf(tail,
			  "Allow: " SIP_ALLOW "\r\n"
			  "%H%H", setimer_print_req, call,
			  body_print, offer);
	if (!err) {
		tail->pos = 0;
		err = dialog_request(call->dlg, &call->inv, call->ss,
				     "INVITE", 0, call_send_contact,
				     modify_resp_handler, call, tail);
	}
	mem_deref(tail);
	if (err)
		return err;

	mem_deref(call->sent);
	call->sent    = mem_ref(offer);
	call->refresh = refresh;

	return 0;
}


static bool idle(const struct call *call)
{
	return call->state == CALL_UP && !call->inv && !call->replyl.head &&
		!tmr_isrunning(&call->tmr_retry);
}


/** Our turn, if there is something of ours and nothing else is open */
void call_modify_next(struct call *call)
{
	struct mbuf *offer;

	if (!idle(call) || (!call->modify && !call->refresh_due))
		return;

	if (!call->modify) {
		call_refresh(call);
		return;
	}

	offer = call->modify;
	call->modify = NULL;
	call->refresh_due = false;             /* this is one as well */
	if (call->modify_stale) {
		offer = mem_deref(offer);
		if (call->h.make_offerh(&offer, call->arg))
			offer = NULL;
	}
	call->modify_stale = false;

	if (offer && reinvite(call, offer, false))
		call->h.refusedh(0, call->arg);
	mem_deref(offer);
}


int call_modify(struct call *call, struct mbuf *offer)
{
	if (!call || !offer || !call->ss)
		return EINVAL;
	if (call->state == CALL_CLOSED)
		return EPROTO;

	mem_deref(call->modify);
	call->modify = mem_ref(offer);
	call->modify_stale = false;
	call->retries = 0;
	call_modify_next(call);

	return 0;
}


static void update_resp_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct call *call = arg;

	if ((!err && msg->scode < 200) || call->state == CALL_CLOSED)
		return;

	if (gone(err, msg)) {
		lost(call, err == ETIMEDOUT || !err ? "timeout"
						    : "unreachable");
	}
	else if (msg->scode < 300) {
		call->retries = 0;
		(void)dialog_target(call->dlg, msg);
		setimer_response(call, msg);
	}
	else if (msg->scode == 422 && setimer_too_small(call, msg)) {
		call_refresh(call);
	}
	else if (may_retry(call, msg)) {
		call->refresh_due = true;
		retry_later(call, msg);
	}
	else {
		call->retries = 0;
		call->se.peer_update = false;
		call_refresh(call);
	}

	call_settle(call);
}


static int refresh_update(struct call *call)
{
	struct mbuf *tail;
	int err;

	tail = mbuf_alloc(512);
	if (!tail)
		return ENOMEM;

	err = mbuf_printf(tail, "%H%H", setimer_print_req, call, body_print,
			  NULL);
	if (!err) {
		tail->pos = 0;
		err = dialog_request(call->dlg, &call->upd, call->ss,
				     "UPDATE", 0, call_send_contact,
				     update_resp_handler, call, tail);
	}
	mem_deref(tail);

	return err;
}


/** The session timer asks for a sign of life */
void call_refresh(struct call *call)
{
	struct mbuf *offer = NULL;

	if (call->state != CALL_UP || call->upd)
		return;

	if (call->se.peer_update) {
		call->refresh_due = false;
		if (refresh_update(call))
			warning("sip: call %s: UPDATE not sent",
				call->dlg->callid);
		return;
	}

	call->refresh_due = true;
	if (!idle(call) || call->modify)
		return;

	call->refresh_due = false;
	if (call->h.make_offerh(&offer, call->arg))
		return;

	if (reinvite(call, offer, true))
		call->h.refusedh(0, call->arg);
	mem_deref(offer);
}
