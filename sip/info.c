/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sip/info.c -- INFO: picture_fast_update (RFC 5168) and DTMF
 *
 * DTMF comes as application/dtmf-relay ("Signal=5", "Duration=160") or as
 * application/dtmf, which is the digit alone.  An empty INFO is a keepalive
 * (RFC 2976); info packages (RFC 6086) we have none of.
 *
 * Threads: loop.
 */
#include <string.h>

#include "sip/private.h"


enum { DTMF_MS = 100, DTMF_MS_MAX = 10000 };


static const char picture_fast_update[] =
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n"
	"<media_control><vc_primitive><to_encoder>"
	"<picture_fast_update/>"
	"</to_encoder></vc_primitive></media_control>\r\n";


static bool digit_ok(char c)
{
	return c && strchr("0123456789*#ABCD", c);
}


/* 'd' and "11" are one and the same as 'D' and "#": RFC 4733 numbers them */
static char digit_decode(const struct pl *pl)
{
	char c;

	if (pl->l == 2 && pl->p[0] == '1')
		c = pl->p[1] == '0' ? '*' : pl->p[1] == '1' ? '#' :
			pl->p[1] >= '2' && pl->p[1] <= '5' ?
			"ABCD"[pl->p[1] - '2'] : '\0';
	else if (pl->l == 1)
		c = pl->p[0] >= 'a' && pl->p[0] <= 'd' ?
			(char)(pl->p[0] - 'a' + 'A') : pl->p[0];
	else
		c = '\0';

	return digit_ok(c) ? c : '\0';
}


static bool dtmf_relay(struct call *call, const char *p, size_t l)
{
	struct pl sig, dur;
	unsigned ms = DTMF_MS;
	char digit;

	if (re_regex(p, l, "[Ss]1ignal[ \t]*=[ \t]*[0-9*#A-Da-d]+", NULL,
		     NULL, NULL, &sig))
		return false;

	digit = digit_decode(&sig);
	if (!digit)
		return false;

	if (!re_regex(p, l, "[Dd]1uration[ \t]*=[ \t]*[0-9]+", NULL, NULL,
		      NULL, &dur) && dur.l < 6)
		ms = min(pl_u32(&dur), (uint32_t)DTMF_MS_MAX);

	call->h.dtmfh(digit, ms, call->arg);

	return true;
}


static bool dtmf_plain(struct call *call, const char *p, size_t l)
{
	struct pl pl;
	char digit;

	if (re_regex(p, l, "[0-9*#A-Da-d]+", &pl))
		return false;

	digit = digit_decode(&pl);
	if (!digit)
		return false;

	call->h.dtmfh(digit, DTMF_MS, call->arg);

	return true;
}


/* false: the body says nothing that we could do */
static bool info_body(struct call *call, const struct sip_msg *msg,
		      bool *type_ok)
{
	const char *p = (const char *)mbuf_buf(msg->mb);
	size_t l = mbuf_get_left(msg->mb);

	*type_ok = true;

	if (msg_ctype_cmp(&msg->ctyp, "application", "media_control+xml")) {
		if (!re_regex(p, l, "picture_fast_update"))
			call->h.key_frameh(call->arg);
		return true;
	}
	if (msg_ctype_cmp(&msg->ctyp, "application", "dtmf-relay"))
		return dtmf_relay(call, p, l);
	if (msg_ctype_cmp(&msg->ctyp, "application", "dtmf"))
		return dtmf_plain(call, p, l);

	*type_ok = false;

	return false;
}


void call_info_handler(struct call *call, const struct sip_msg *msg)
{
	struct sip *sip = call->ss->sip;
	bool type_ok;

	if (sip_msg_xhdr(msg, "Info-Package")) {
		(void)sip_treplyf(NULL, NULL, sip, msg, false, 469,
				  "Bad Info Package",
				  "Recv-Info:\r\n"
				  "Content-Length: 0\r\n\r\n");
		return;
	}
	if (!mbuf_get_left(msg->mb)) {
		(void)sip_treply(NULL, sip, msg, 200, "OK");
		return;
	}
	if (call->state == CALL_CLOSED) {
		(void)sip_treply(NULL, sip, msg, 481, "Call Does Not Exist");
		return;
	}

	if (info_body(call, msg, &type_ok))
		(void)sip_treply(NULL, sip, msg, 200, "OK");
	else if (type_ok)
		(void)sip_treply(NULL, sip, msg, 400, "Bad Request");
	else
		(void)sip_treplyf(NULL, NULL, sip, msg, false, 415,
				  "Unsupported Media Type",
				  "Accept: " SIP_ACCEPT "\r\n"
				  "Content-Length: 0\r\n\r\n");
}


static void resp_handler(int err, const struct sip_msg *msg, void *arg)
{
	/* many do not know it; RTCP has asked as well */
	(void)err;
	(void)msg;
	(void)arg;
}


/** One at a time: while an INFO waits for its answer the next is dropped */
int call_key_frame(struct call *call)
{
	struct mbuf *tail;
	int err;

	if (!call || !call->ss)
		return EINVAL;
	if (call->state != CALL_UP)
		return EPROTO;
	if (call->info)
		return 0;

	tail = mbuf_alloc(512);
	if (!tail)
		return ENOMEM;

	err = mbuf_printf(tail,
			  "Content-Type: application/media_control+xml\r\n"
			  "Content-Length: %zu\r\n\r\n%s",
			  sizeof(picture_fast_update) - 1,
			  picture_fast_update);
	if (!err) {
		tail->pos = 0;
		err = dialog_request(call->dlg, &call->info, call->ss, "INFO",
				     0, call_send_plain, resp_handler, call,
				     tail);
	}
	mem_deref(tail);

	return err;
}
