/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sip/call_out.c -- our INVITE: dial, ringing, answers, forks, ACK
 *
 * libre sends the CANCEL only after a provisional answer and keeps quiet
 * otherwise, as RFC 3261 9.1 asks; a 200 that crosses it gets ACK and BYE.
 *
 * Threads: loop.
 */
#include <string.h>

#include "sip/private.h"


static int invite(struct call *call);


static void close_failed(struct call *call, int err,
			 const struct sip_msg *msg)
{
	char reason[128], text[96];
	char *clean;

	if (err) {
		if (err == ETIMEDOUT)
			str_ncpy(reason, "timeout", sizeof(reason));
		else
			(void)re_snprintf(reason, sizeof(reason), "%m", err);
		call_close(call, 0, reason);
		return;
	}

	text[0] = '\0';
	if (!text_clean(&clean, &msg->reason)) {
		str_ncpy(text, clean, sizeof(text));
		mem_deref(clean);
	}
	(void)re_snprintf(reason, sizeof(reason), "%u %s", msg->scode, text);
	call_close(call, msg->scode, reason);
}


/* What stands in the ACK: the answer to their offer, when ours was late */
static const char *answer_late(struct call *call, const struct sip_msg *msg,
			       struct mbuf **answerp)
{
	char errbuf[128] = "";

	if (!body_is_sdp(msg))
		return "no offer in 200";

	if (call->h.offerh(msg->mb, answerp, errbuf, sizeof(errbuf),
			   call->arg))
		return "no common media";

	return NULL;
}


static void invite_answered(struct call *call, const struct sip_msg *msg)
{
	struct mbuf *answer = NULL;
	const char *bad = NULL;
	int err;

	tmr_cancel(&call->tmr_ring);
	call_learn(call, msg);

	err = dialog_create(call->dlg, msg);
	if (err) {
		warning("sip: 200 from %J without a usable Contact",
			&msg->src);
		call_close(call, 0, "bad answer");
		return;
	}

	if (call->state == CALL_CLOSED) {
		(void)ack_send(call->ss, call->dlg, msg->cseq.num, NULL);
		call_bye(call, call->bye_text);
		return;
	}

	if (!call->sent)
		bad = answer_late(call, msg, &answer);
	else if (!body_is_sdp(msg))
		bad = "no answer in 200";
	else if (call->h.answerh(msg->mb, call->arg))
		bad = "bad answer";

	call->sent = mem_deref(call->sent);
	err = ack_send(call->ss, call->dlg, msg->cseq.num, answer);
	mem_deref(answer);
	if (call->state == CALL_CLOSED) {         /* in a handler */
		call_bye(call, call->bye_text);
		return;
	}
	if (err && !bad)
		bad = "ACK not sent";
	if (bad) {
		call_bye(call, bad);
		call_close(call, 0, bad);
		return;
	}

	setimer_response(call, msg);
	call_up(call);
}


static void invite_resp_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct call *call = arg;
	bool cancelled = call->state == CALL_CLOSED;

	if (err) {
		close_failed(call, err, NULL);
	}
	else if (msg->scode < 200) {
		char *reason;

		if (cancelled || msg->scode == 100 ||
		    text_clean(&reason, &msg->reason))
			return;
		call->h.progressh(msg->scode, reason, call->arg);
		mem_deref(reason);
		return;
	}
	else if (msg->scode < 300) {
		invite_answered(call, msg);
	}
	else if (msg->scode == 422 && !cancelled &&
		 setimer_too_small(call, msg) && !invite(call)) {
		return;
	}
	else {
		close_failed(call, 0, msg);
	}

	call_settle(call);
}


static void ring_handler(void *arg)
{
	struct call *call = arg;

	call_close(call, 0, "timeout");
	call->bye_due = true;
	sip_request_cancel(call->inv);
	call_settle(call);
}


static int invite(struct call *call)
{
	struct mbuf *tail;
	int err;

	tail = mbuf_alloc(1024);
	if (!tail)
		return ENOMEM;

	err = mbuf_printf(tail,
			  "Allow: " SIP_ALLOW "\r\n"
			  "Accept: " SIP_ACCEPT "\r\n"
			  "%H%H", setimer_print_req, call,
			  body_print, call->sent);
	if (err)
		goto out;

	tail->pos = 0;
	err = dialog_request(call->dlg, &call->inv, call->ss, "INVITE", 0,
			     call_send_contact, invite_resp_handler, call,
			     tail);

 out:
	mem_deref(tail);

	return err;
}


static bool is_ipv6(const struct sa *sa)
{
	return sa_af(sa) == AF_INET6;
}


static int dial_dialog(struct call *call, const char *uri,
		       const char *from_user, const char *from_name)
{
	struct sa laddr, listen;
	struct pl pl;
	char *from = NULL, port[8] = "";
	int err;

	pl_set_str(&pl, from_user);
	err = re_sdprintf(&call->cuser, "%H", uri_user_escape, &pl);
	if (err)
		return err;

	err = sip_route_addr(call->ss, uri, &laddr);
	if (err)
		return err;

	if (!sip_transp_laddr(call->ss->sip, &listen, SIP_TRANSP_UDP,
			      &laddr) && sa_port(&listen) != SIP_PORT)
		(void)re_snprintf(port, sizeof(port), ":%u",
				  sa_port(&listen));

	err = re_sdprintf(&from, "sip:%s%s%s%j%s%s", call->cuser,
			  call->cuser[0] ? "@" : "",
			  is_ipv6(&laddr) ? "[" : "", &laddr,
			  is_ipv6(&laddr) ? "]" : "", port);
	if (err)
		return err;

	err = dialog_alloc(&call->dlg, uri, from, from_name);
	mem_deref(from);

	return err;
}


/* The called, as an incoming call's caller would look */
static int learn_callee(struct call *call, const char *uri)
{
	struct uri u;
	struct pl pl;
	int err;

	pl_set_str(&pl, uri);
	err = uri_decode(&u, &pl);
	if (err)
		return err;

	err = str_dup(&call->peer_uri, uri);
	if (err)
		return err;

	err = text_user(&call->peer_name, pl_isset(&u.user) ? &u.user
							    : &u.host);
	if (err)
		return err;

	return str_dup(&call->user, call->cuser);
}


int call_dial(struct call **callp, struct sipstack *ss, const char *uri,
	      const char *from_user, const char *from_name,
	      struct mbuf *sdp, const struct call_h *h, void *arg)
{
	struct call *call;
	int err;

	if (!callp || !ss || !from_user || !text_uri_ok(uri))
		return EINVAL;
	if (ss->closing || ss->callc >= SIP_CALLS_MAX)
		return EMFILE;

	err = call_alloc(&call, ss);
	if (err)
		return err;

	call->state    = CALL_DIALLING;
	call->outgoing = true;
	call->sent     = mem_ref(sdp);

	err = dial_dialog(call, uri, from_user, from_name);
	if (err)
		goto out;

	call_link(call);
	err = learn_callee(call, uri);
	if (err)
		goto out;

	err = invite(call);
	if (err == EINVAL && !ss->dnsc)
		err = EHOSTUNREACH;            /* a name, and no DNS     */
	if (err)
		goto out;

	call_set_handlers(call, h, arg);
	tmr_start(&call->tmr_ring, (uint64_t)SIP_RING_S * ss->second_ms,
		  ring_handler, call);

 out:
	if (err) {
		call->state = CALL_CLOSED;
		mem_deref(call);
	}
	else {
		*callp = call;
	}

	return err;
}


static int fork_send_handler(enum sip_transp tp, const struct sa *src,
			     const struct sa *dst, struct mbuf *mb, void *arg)
{
	return addr_via_fix(arg, mb, tp, src, dst);
}


/** A 2xx to INVITE that no transaction waits for and no ACK has seen */
void call_fork_handler(struct call *call, const struct sip_msg *msg)
{
	struct dialog *dlg;
	struct mbuf *tail;

	if (dialog_fork(&dlg, call->dlg, msg))
		return;

	tail = mbuf_alloc(128);
	if (!tail)
		goto out;

	(void)ack_send(call->ss, dlg, msg->cseq.num, NULL);
	if (!mbuf_printf(tail, "Content-Length: 0\r\n\r\n")) {
		tail->pos = 0;
		(void)dialog_request(dlg, NULL, call->ss, "BYE", 0,
				     fork_send_handler, NULL, call->ss, tail);
	}

 out:
	mem_deref(tail);
	mem_deref(dlg);
}


int sip_route_addr(struct sipstack *ss, const char *uri, struct sa *laddr)
{
	struct uri u;
	struct pl pl, maddr;
	struct sa peer;
	int err;

	if (!ss || !laddr || !text_uri_ok(uri))
		return EINVAL;

	pl_set_str(&pl, uri);
	err = uri_decode(&u, &pl);
	if (err)
		return err;

	if (!msg_param_decode(&u.params, "maddr", &maddr))
		u.host = maddr;

	/* a name that only DNS knows: most probably by the default route */
	if (addr_host_lookup(&u.host, &peer))
		(void)sa_set_str(&peer, "192.0.2.1", SIP_PORT);

	err = addr_facing(ss, &peer, laddr);
	if (err && sa_af(&peer) == AF_INET)
		err = net_default_source_addr_get(AF_INET, laddr);

	return err;
}
