/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sip/timer.c -- session timers (RFC 4028), both roles
 *
 * Every 2xx to INVITE or UPDATE, of whatever direction, sets the timer anew:
 * interval and refresher are what that 2xx says, no Session-Expires in it
 * turns the timer off.  The refresher sends UPDATE (INVITE if the peer does
 * not allow UPDATE) after half of the interval; both sides end the call
 * min(interval / 3, 32 s) before its end.
 *
 * Who refreshes when they leave it open: whoever did before; at the first
 * time the caller if he asked for a timer and supports it, else we.
 *
 * Threads: loop.
 */
#include "sip/private.h"


enum {
	MIN_SE     = 90,              /* RFC 4028, section 5             */
	SE_MAX     = 7 * 86400,       /* more than this is the same      */
	MIN_SE_MAX = 86400,           /* we do not follow a 422 further  */
	MARGIN_S   = 32,
};


static uint32_t delta_seconds(const struct sip_msg *msg, enum sip_hdrid id,
			      struct pl *params)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, id);
	struct pl num, rest;
	uint64_t n;

	if (!hdr || re_regex(hdr->val.p, hdr->val.l, "[0-9]+[^]*", &num,
			     &rest) || num.p != hdr->val.p)
		return 0;

	if (params)
		*params = rest;

	/* 1 is too small for everybody, so huge and 0 stay apart */
	n = num.l > 9 ? SE_MAX : pl_u64(&num);

	return n > SE_MAX ? SE_MAX : n ? (uint32_t)n : 1;
}


static void learn_peer(struct setimer *se, const struct sip_msg *msg)
{
	se->peer_timer =
		sip_msg_hdr_has_value(msg, SIP_HDR_SUPPORTED, "timer") ||
		sip_msg_hdr_has_value(msg, SIP_HDR_REQUIRE, "timer");

	if (sip_msg_hdr(msg, SIP_HDR_ALLOW))
		se->peer_update = sip_msg_hdr_has_value(msg, SIP_HDR_ALLOW,
							"UPDATE");
}


void setimer_init(struct setimer *se, const struct sipstack *ss)
{
	se->want_s   = ss->session_expires_s;
	se->min_se_s = ss->min_se_s;
	tmr_init(&se->tmr_refresh);
	tmr_init(&se->tmr_expire);
}


int setimer_request(struct call *call, struct sip_strans **stp,
		    const struct sip_msg *msg)
{
	struct setimer *se = &call->se;
	struct pl params = PL_INIT, who;
	uint32_t asked, least;
	bool on = se->interval_s != 0;

	learn_peer(se, msg);
	asked = delta_seconds(msg, SIP_HDR_SESSION_EXPIRES, &params);
	least = delta_seconds(msg, SIP_HDR_MIN_SE, NULL);

	if (asked && asked < se->min_se_s && se->peer_timer) {
		(void)sip_treplyf(stp, NULL, call->ss->sip, msg, false,
				  422, "Session Interval Too Small",
				  "Min-SE: %u\r\n"
				  "Content-Length: 0\r\n\r\n", se->min_se_s);
		return EPROTO;
	}

	if (asked) {
		se->interval_s = max(asked, (uint32_t)MIN_SE);
		if (!se->peer_timer)
			se->refresher = true;
		else if (!msg_param_decode(&params, "refresher", &who))
			se->refresher = !pl_strcasecmp(&who, "uas");
		else if (!on)
			se->refresher = false;
	}
	else {
		if (!on) {
			se->interval_s = se->want_s;
			se->refresher  = true;
		}
		if (se->interval_s)
			se->interval_s = max(se->interval_s, least);
		if (!se->peer_timer)
			se->refresher = true;
	}

	return 0;
}


int setimer_print_resp(struct re_printf *pf, const struct call *call)
{
	const struct setimer *se = &call->se;

	if (!se->interval_s)
		return 0;

	return re_hprintf(pf, "Session-Expires: %u;refresher=%s\r\n%s",
			  se->interval_s, se->refresher ? "uas" : "uac",
			  se->peer_timer ? "Require: timer\r\n" : "");
}


int setimer_print_req(struct re_printf *pf, const struct call *call)
{
	const struct setimer *se = &call->se;
	uint32_t s = se->interval_s ? se->interval_s : se->want_s;
	int err;

	err = re_hprintf(pf, "Supported: timer\r\n");
	if (!s)
		return err;

	err |= re_hprintf(pf, "Session-Expires: %u%s\r\n", s,
			  !se->interval_s ? "" :
			  se->refresher ? ";refresher=uac"
					: ";refresher=uas");
	if (se->min_se_s > MIN_SE)
		err |= re_hprintf(pf, "Min-SE: %u\r\n", se->min_se_s);

	return err;
}


void setimer_response(struct call *call, const struct sip_msg *msg)
{
	struct setimer *se = &call->se;
	struct pl params = PL_INIT, who;
	uint32_t s;

	learn_peer(se, msg);
	s = delta_seconds(msg, SIP_HDR_SESSION_EXPIRES, &params);
	se->interval_s = s ? max(s, (uint32_t)MIN_SE) : 0;
	se->refresher  = msg_param_decode(&params, "refresher", &who) ||
		!pl_strcasecmp(&who, "uac");
	setimer_start(call);
}


bool setimer_too_small(struct call *call, const struct sip_msg *msg)
{
	struct setimer *se = &call->se;
	uint32_t least = delta_seconds(msg, SIP_HDR_MIN_SE, NULL);
	uint32_t asked = se->interval_s ? se->interval_s : se->want_s;

	if (!least || !asked || least <= asked || least > MIN_SE_MAX)
		return false;

	se->min_se_s = max(se->min_se_s, least);
	se->want_s   = least;
	if (se->interval_s)
		se->interval_s = least;

	return true;
}


static void refresh_handler(void *arg)
{
	call_refresh(arg);
}


static void expire_handler(void *arg)
{
	struct call *call = arg;

	call_bye(call, "session timer");
	call_close(call, 0, "session timer");
}


void setimer_start(struct call *call)
{
	struct setimer *se = &call->se;
	const uint64_t ms = call->ss->second_ms;
	uint32_t s = se->interval_s;

	setimer_stop(call);
	if (!s)
		return;

	if (se->refresher)
		tmr_start(&se->tmr_refresh, ms * s / 2, refresh_handler,
			  call);
	tmr_start(&se->tmr_expire, ms * (s - min(s / 3, (uint32_t)MARGIN_S)),
		  expire_handler, call);
}


void setimer_stop(struct call *call)
{
	tmr_cancel(&call->se.tmr_refresh);
	tmr_cancel(&call->se.tmr_expire);
}
