/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sip/sip.c -- the stack: what comes in and who gets it, OPTIONS
 *
 * libre's transaction layer sees every message first: retransmitted
 * requests, ACK to refusals, CANCEL and merged requests (482) never come
 * here.
 *
 * Threads: loop.
 */
#include <string.h>

#include "sip/private.h"


enum {
	HASH_SIZE     = 256,
	CLOSE_TICK_MS = 20,
};


static bool force_handler(struct le *le, void *arg)
{
	(void)arg;
	call_force(le->data);
	return false;
}


static void sipstack_destructor(void *arg)
{
	struct sipstack *ss = arg;

	tmr_cancel(&ss->tmr_close);
	(void)hash_apply(ss->calls, force_handler, NULL);
	hash_flush(ss->acks);
	listen_flush(ss);
	mem_deref(ss->reql);
	mem_deref(ss->respl);
	mem_deref(ss->sip);
	mem_deref(ss->dnsc);
	mem_deref(ss->calls);
	mem_deref(ss->acks);
	mem_deref(ss->software);
}


static void options_handler(struct sipstack *ss, const struct sip_msg *msg)
{
	struct contact contact;

	if (pl_isset(&msg->to.tag) && !call_find(ss, msg)) {
		(void)sip_reply(ss->sip, msg, 481, "Call Does Not Exist");
		return;
	}
	if (!pl_isset(&msg->to.tag) && pl_isset(&msg->uri.user) &&
	    !call_user_known(ss, msg)) {
		(void)sip_reply(ss->sip, msg, 404, "Not Found");
		return;
	}
	if (addr_contact(ss, &contact, "", msg)) {
		(void)sip_reply(ss->sip, msg, 500, "Server Internal Error");
		return;
	}

	(void)sip_replyf(ss->sip, msg, 200, "OK",
			 "%H"
			 "Allow: " SIP_ALLOW "\r\n"
			 "Accept: " SIP_ACCEPT "\r\n"
			 "Supported: timer\r\n"
			 "Content-Length: 0\r\n\r\n",
			 contact_print, &contact);
}


typedef void (dialog_h)(struct call *call, const struct sip_msg *msg);


/* A request inside a dialog */
static void in_dialog(struct sipstack *ss, const struct sip_msg *msg,
		      dialog_h *h)
{
	struct call *call = NULL;

	if (pl_isset(&msg->to.tag))
		call = call_find(ss, msg);
	if (!call) {
		(void)sip_reply(ss->sip, msg, 481, "Call Does Not Exist");
		return;
	}
	if (!dialog_seq_ok(call->dlg, msg)) {
		(void)sip_treply(NULL, ss->sip, msg, 500,
				 "CSeq Out Of Order");
		return;
	}

	h(call, msg);
	call_settle(call);
}


static void ack_handler(struct sipstack *ss, const struct sip_msg *msg)
{
	struct call *call = call_find(ss, msg);

	if (!call)
		return;

	call_ack_handler(call, msg);
	call_settle(call);
}


static void other_handler(struct sipstack *ss, const struct sip_msg *msg)
{
	bool known = text_method_known(&msg->met);

	(void)sip_replyf(ss->sip, msg, known ? 405 : 501,
			 known ? "Method Not Allowed" : "Not Implemented",
			 "Allow: " SIP_ALLOW "\r\n"
			 "Content-Length: 0\r\n\r\n");
}


/** Also the fuzzer's way in */
bool sipstack_request(const struct sip_msg *cmsg, void *arg)
{
	struct sip_msg *msg = (struct sip_msg *)cmsg;
	struct sipstack *ss = arg;

	listen_attend(ss, msg);
	if (!check_request(ss, msg))
		return true;

	if (!pl_strcmp(&msg->met, "INVITE") && !pl_isset(&msg->to.tag))
		call_invite_handler(ss, msg);
	else if (!pl_strcmp(&msg->met, "INVITE"))
		in_dialog(ss, msg, call_reinvite_handler);
	else if (!pl_strcmp(&msg->met, "ACK"))
		ack_handler(ss, msg);
	else if (!pl_strcmp(&msg->met, "BYE"))
		in_dialog(ss, msg, call_bye_handler);
	else if (!pl_strcmp(&msg->met, "UPDATE"))
		in_dialog(ss, msg, call_update_handler);
	else if (!pl_strcmp(&msg->met, "INFO"))
		in_dialog(ss, msg, call_info_handler);
	else if (!pl_strcmp(&msg->met, "OPTIONS"))
		options_handler(ss, msg);
	else if (!pl_strcmp(&msg->met, "CANCEL"))
		(void)sip_reply(ss->sip, msg, 481,
				"Transaction Does Not Exist");
	else
		other_handler(ss, msg);

	return true;
}


static bool fork_cmp_handler(struct le *le, void *arg)
{
	const struct call *call = le->data;
	const struct sip_msg *msg = arg;

	return call->outgoing &&
		!pl_strcmp(&msg->callid, call->dlg->callid) &&
		!pl_strcmp(&msg->from.tag, call->dlg->ltag);
}


/* What no transaction waits for; nothing of it is worth a line of log */
static bool response_handler(const struct sip_msg *msg, void *arg)
{
	struct sipstack *ss = arg;
	struct call *call;

	listen_attend(ss, msg);

	if (pl_strcmp(&msg->cseq.met, "INVITE") ||
	    msg->scode < 200 || msg->scode > 299 || ack_again(ss, msg))
		return true;

	call = list_ledata(hash_lookup(ss->calls, hash_joaat_pl(&msg->callid),
				       fork_cmp_handler, (void *)msg));
	if (call && call->dlg->rtag &&
	    pl_strcmp(&msg->to.tag, call->dlg->rtag))
		call_fork_handler(call, msg);

	return true;
}


/* No resolver is not the end: literal addresses and /etc/hosts remain */
static struct dnsc *resolver(void)
{
	struct sa srvv[4];
	uint32_t n = ARRAY_SIZE(srvv);
	struct dnsc *dnsc = NULL;
	char domain[64];

	if (dns_srv_get(domain, sizeof(domain), srvv, &n) || !n)
		return NULL;

	if (dnsc_alloc(&dnsc, NULL, srvv, n))
		return NULL;

	return dnsc;
}


int sipstack_alloc(struct sipstack **ssp, const struct sip_cfg *cfg)
{
	struct sipstack *ss;
	int err;

	if (!ssp || !cfg || !cfg->software)
		return EINVAL;

	ss = mem_zalloc(sizeof(*ss), sipstack_destructor);
	if (!ss)
		return ENOMEM;

	ss->session_expires_s = cfg->session_expires_s;
	ss->min_se_s  = max(cfg->min_se_s, (uint32_t)90);
	ss->incomingh = cfg->incomingh;
	ss->knownh    = cfg->knownh;
	ss->arg       = cfg->arg;
	ss->t1_ms     = SIP_T1;
	ss->second_ms = 1000;
	ss->netlink   = -1;
	sa_init(&ss->public_addr, AF_UNSPEC);
	if (cfg->public_address && *cfg->public_address) {
		err = sa_set_str(&ss->public_addr, cfg->public_address, 0);
		if (err)
			goto out;
	}

	err = str_dup(&ss->software, cfg->software);
	if (err)
		goto out;
	err = hash_alloc(&ss->calls, HASH_SIZE);
	if (err)
		goto out;
	err = hash_alloc(&ss->acks, HASH_SIZE);
	if (err)
		goto out;

	ss->dnsc = resolver();
	err = sip_alloc(&ss->sip, ss->dnsc, HASH_SIZE, HASH_SIZE, HASH_SIZE,
			cfg->software, NULL, NULL);
	if (err)
		goto out;
	err = sip_listen(&ss->reql, ss->sip, true, sipstack_request, ss);
	if (err)
		goto out;
	err = sip_listen(&ss->respl, ss->sip, false, response_handler, ss);

 out:
	if (err)
		mem_deref(ss);
	else
		*ssp = ss;

	return err;
}


static bool hangup_handler(struct le *le, void *arg)
{
	struct call *call = le->data;
	(void)arg;

	if (call->state == CALL_INCOMING)
		(void)call_reject(call, 503, "Service Unavailable",
				  SIP_RETRY_AFTER_S);
	else
		call_hangup(call, "server shutdown");

	return false;
}


static bool busy_handler(struct le *le, void *arg)
{
	(void)arg;
	return call_busy(le->data);
}


static void close_handler(void *arg)
{
	struct sipstack *ss = arg;

	if (tmr_jiffies() < ss->close_at &&
	    hash_apply(ss->calls, busy_handler, NULL)) {
		tmr_start(&ss->tmr_close, CLOSE_TICK_MS, close_handler, ss);
		return;
	}

	if (ss->doneh)
		ss->doneh(ss->done_arg);
}


void sipstack_close(struct sipstack *ss, void (*doneh)(void *arg), void *arg)
{
	if (!ss || ss->closing)
		return;

	ss->closing  = true;
	ss->doneh    = doneh;
	ss->done_arg = arg;
	ss->close_at = tmr_jiffies() + SIP_CLOSE_MS;
	(void)hash_apply(ss->calls, hangup_handler, NULL);
	tmr_start(&ss->tmr_close, 0, close_handler, ss);
}


void sipstack_test_clock(struct sipstack *ss, unsigned t1_ms,
			 unsigned second_ms)
{
	ss->t1_ms     = t1_ms;
	ss->second_ms = second_ms;
}
