/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sip/call_in.c -- a peer's INVITE: progress, answer, refusal, CANCEL, ACK
 *
 * Threads: loop.
 */
#include "sip/private.h"


static int reply_plain(struct sipstack *ss, struct sip_strans **stp,
		       const struct sip_msg *msg, uint16_t scode,
		       const char *reason, unsigned retry_after_s)
{
	char hdr[40] = "";

	if (retry_after_s)
		(void)re_snprintf(hdr, sizeof(hdr), "Retry-After: %u\r\n",
				  retry_after_s);

	return sip_treplyf(stp, NULL, ss->sip, msg, false, scode, reason,
			   "%sContent-Length: 0\r\n\r\n", hdr);
}


static void cancel_handler(void *arg)
{
	struct call *call = arg;

	(void)sip_treply(&call->st, call->ss->sip, call->msg, 487,
			 "Request Terminated");
	call_close(call, 0, "cancelled");
	call_settle(call);
}


/* "sip:ann@host" without parameters, the name or else the user part */
static int learn_caller(struct call *call, const struct sip_msg *msg)
{
	const struct uri *uri = &msg->from.uri;
	struct pl user = uri->user, pl;
	char *str = NULL;
	int err;

	err = re_sdprintf(&str, "%r:%r%s%s%r%s", &uri->scheme, &uri->user,
			  pl_isset(&uri->user) ? "@" : "",
			  uri->af == AF_INET6 ? "[" : "", &uri->host,
			  uri->af == AF_INET6 ? "]" : "");
	if (err)
		return err;

	pl_set_str(&pl, str);
	err = text_clean(&call->peer_uri, &pl);
	mem_deref(str);
	if (err)
		return err;

	if (pl_isset(&msg->from.dname))
		err = text_clean(&call->peer_name, &msg->from.dname);
	if (err || (call->peer_name && call->peer_name[0]))
		return err;

	call->peer_name = mem_deref(call->peer_name);
	err = text_user(&str, pl_isset(&user) ? &user : &uri->host);
	if (err)
		return text_clean(&call->peer_name, &user);

	pl_set_str(&pl, str);
	err = text_clean(&call->peer_name, &pl);
	mem_deref(str);

	return err;
}


static int learn_called(struct call *call, const struct sip_msg *msg)
{
	const struct pl *user = &msg->uri.user;
	char *str;
	struct pl pl;
	int err;

	if (!pl_strcasecmp(&msg->uri.scheme, "tel"))
		user = &msg->uri.host;

	err = re_sdprintf(&call->cuser, "%r", user);
	if (err)
		return err;

	err = text_user(&str, user);
	if (err)
		return err;

	pl_set_str(&pl, str);
	err = text_clean(&call->user, &pl);
	mem_deref(str);

	return err;
}


static int learn_offer(struct call *call, const struct sip_msg *msg)
{
	size_t n = mbuf_get_left(msg->mb);

	if (!n)
		return 0;

	call->offer = mbuf_alloc(n);
	if (!call->offer)
		return ENOMEM;

	(void)mbuf_write_mem(call->offer, mbuf_buf(msg->mb), n);
	call->offer->pos = 0;

	return 0;
}


static int call_incoming(struct call **callp, struct sipstack *ss,
			 const struct sip_msg *msg)
{
	struct call *call;
	int err;

	err = call_alloc(&call, ss);
	if (err)
		return err;

	call->state = CALL_INCOMING;
	call->msg   = mem_ref((void *)msg);

	err = learn_called(call, msg);
	if (err)
		goto out;
	err = learn_caller(call, msg);
	if (err)
		goto out;
	err = learn_offer(call, msg);
	if (err)
		goto out;
	err = dialog_accept(&call->dlg, msg);
	if (err)
		goto out;

	call_learn(call, msg);
	call_link(call);

 out:
	if (err)
		mem_deref(call);
	else
		*callp = call;

	return err;
}


/* As many new calls a second as one source may make */
static bool rate_ok(struct sipstack *ss, const struct sip_msg *msg)
{
	struct source *src;
	uint64_t now = tmr_jiffies() / 1000;

	src = &ss->sourcev[sa_hash(&msg->src, SA_ADDR) % SIP_SOURCES];
	if (src->second != now) {
		src->second = now;
		src->n = 0;
	}

	return src->n++ < SIP_INVITES_MAX;
}


/** Is the Request-URI's user one of ours? */
bool call_user_known(const struct sipstack *ss, const struct sip_msg *msg)
{
	const struct pl *raw = &msg->uri.user;
	struct pl pl;
	char *user;
	bool known;

	if (!ss->knownh)
		return true;

	if (!pl_strcasecmp(&msg->uri.scheme, "tel"))
		raw = &msg->uri.host;

	if (text_user(&user, raw))
		return false;

	pl_set_str(&pl, user);
	known = ss->knownh(&pl, ss->arg);
	mem_deref(user);

	return known;
}


/** INVITE without a To tag */
void call_invite_handler(struct sipstack *ss, const struct sip_msg *msg)
{
	struct call *call = NULL;
	int err;

	if (!rate_ok(ss, msg)) {
		/* stateless: a flood must not cost us memory */
		(void)sip_replyf(ss->sip, msg, 503, "Service Unavailable",
				 "Retry-After: %u\r\n"
				 "Content-Length: 0\r\n\r\n",
				 (unsigned)SIP_RETRY_AFTER_S);
		return;
	}
	if (ss->closing || ss->callc >= SIP_CALLS_MAX || !ss->incomingh) {
		(void)reply_plain(ss, NULL, msg, 503, "Service Unavailable",
				  SIP_RETRY_AFTER_S);
		return;
	}
	if (!call_user_known(ss, msg)) {
		(void)sip_reply(ss->sip, msg, 404, "Not Found");
		return;
	}
	if (!check_offer_type(ss, msg))
		return;

	err = call_incoming(&call, ss, msg);
	if (err) {
		(void)sip_treply(NULL, ss->sip, msg,
				 err == ENOMEM ? 500 : 400,
				 err == ENOMEM ? "Server Internal Error"
					       : "Bad Request");
		return;
	}

	if (setimer_request(call, NULL, msg)) {
		call->state = CALL_CLOSED;
		mem_deref(call);
		return;
	}

	err = sip_strans_alloc(&call->st, ss->sip, msg, cancel_handler,
			       call);
	if (!err)
		err = sip_treply(&call->st, ss->sip, msg, 100, "Trying");
	if (err) {
		call->state = CALL_CLOSED;
		mem_deref(call);
		return;
	}

	ss->incomingh(call, ss->arg);
}


int call_progress(struct call *call, uint16_t scode, const char *reason)
{
	struct contact contact;
	int err;

	if (!call || !reason || scode < 101 || scode > 199)
		return EINVAL;
	if (call->state != CALL_INCOMING || !call->st)
		return EPROTO;

	err = addr_contact(call->ss, &contact, call->cuser, call->msg);
	if (err)
		return err;

	return sip_treplyf(&call->st, NULL, call->ss->sip, call->msg, true,
			   scode, reason,
			   "%H"
			   "Allow: " SIP_ALLOW "\r\n"
			   "%H",
			   contact_print, &contact, body_print, NULL);
}


int call_answer(struct call *call, struct mbuf *sdp)
{
	int err;

	if (!call || !sdp)
		return EINVAL;
	if (call->state != CALL_INCOMING || !call->st)
		return EPROTO;

	err = reply_2xx(call, &call->st, call->msg, sdp, !call->offer);
	if (err)
		return err;

	call->state = CALL_ANSWERED;
	call->msg   = mem_deref(call->msg);

	return 0;
}


/** The final answer on the wire; the state is the caller's */
int call_refuse(struct call *call, uint16_t scode, const char *reason,
		unsigned retry_after_s)
{
	int err;

	if (!call->st)
		return EPROTO;

	err = reply_plain(call->ss, &call->st, call->msg, scode, reason,
			  retry_after_s);
	call->msg = mem_deref(call->msg);

	return err;
}


int call_reject(struct call *call, uint16_t scode, const char *reason,
		unsigned retry_after_s)
{
	int err;

	if (!call || !reason || scode < 300 || scode > 699)
		return EINVAL;
	if (call->state != CALL_INCOMING)
		return EPROTO;

	err = call_refuse(call, scode, reason, retry_after_s);
	call->state = CALL_CLOSED;

	return err;
}


/* The answer to the offer in our 2xx; reasons are for people */
static const char *late_answer(struct call *call, const struct sip_msg *msg)
{
	if (!body_is_sdp(msg))
		return "no answer in ACK";

	if (call->h.answerh(msg->mb, call->arg))
		return "bad answer in ACK";

	return NULL;
}


void call_ack_handler(struct call *call, const struct sip_msg *msg)
{
	const char *bad = NULL;
	bool offer = false;

	if (reply_ack(call, msg->cseq.num, &offer))
		return;

	if (call->state == CALL_CLOSED) {
		if (call->bye_due)
			call_bye(call, call->bye_text);
		return;
	}

	if (offer)
		bad = late_answer(call, msg);

	if (call->state == CALL_ANSWERED) {
		if (bad) {
			call_bye(call, bad);
			call_close(call, 0, bad);
		}
		else {
			setimer_start(call);
			call_up(call);
		}
		return;
	}

	/* of a re-INVITE: without an answer what was goes on */
	if (call->state == CALL_UP) {
		if (bad)
			call->h.refusedh(0, call->arg);
		call_modify_next(call);
	}
}


/** 64*T1 without the ACK for our 2xx */
void reply_timeout(struct call *call, bool offer)
{
	(void)offer;

	if (call->state != CALL_CLOSED || call->bye_due)
		call_bye(call, call->bye_text ? call->bye_text : "no ACK");

	call_close(call, 0, "timeout");
	call_settle(call);
}
