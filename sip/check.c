/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sip/check.c -- may we act on this request?  (RFC 3261 section 8.2)
 *
 * libre decodes leniently and takes the last of several headers; what RFC
 * 4475 wants refused is refused here.  Answers are stateless (8.2.7): who
 * did not get one asks again, and a flood costs no memory and is not
 * multiplied by our retransmissions.
 *
 * Threads: loop.
 */
#include <string.h>

#include "sip/private.h"


static void refuse(struct sipstack *ss, const struct sip_msg *msg,
		   uint16_t scode, const char *reason, const char *hdrs)
{
	if (!pl_strcmp(&msg->met, "ACK"))
		return;

	(void)sip_replyf(ss->sip, msg, scode, reason,
			 "%sContent-Length: 0\r\n\r\n", hdrs);
}


/* Exactly one of each; a few of them several times is an attack */
static const char *headers_bad(const struct sip_msg *msg)
{
	static const struct {
		enum sip_hdrid id;
		unsigned least;
		const char *name;
	} hdrv[] = {
		{SIP_HDR_FROM, 1, "From"},
		{SIP_HDR_TO, 1, "To"},
		{SIP_HDR_CALL_ID, 1, "Call-ID"},
		{SIP_HDR_CSEQ, 1, "CSeq"},
		{SIP_HDR_MAX_FORWARDS, 0, "Max-Forwards"},
		{SIP_HDR_CONTENT_LENGTH, 0, "Content-Length"},
		{SIP_HDR_CONTENT_TYPE, 0, "Content-Type"},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hdrv); i++) {
		unsigned n = sip_msg_hdr_count(msg, hdrv[i].id);

		if (n < hdrv[i].least || n > 1)
			return hdrv[i].name;
	}

	if (!msg->callid.l)
		return "Call-ID";

	return NULL;
}


static bool number_ok(const struct pl *pl, uint64_t most)
{
	size_t i;

	if (!pl->l || pl->l > 19)
		return false;

	for (i = 0; i < pl->l; i++) {
		if (pl->p[i] < '0' || pl->p[i] > '9')
			return false;
	}

	return pl_u64(pl) <= most;
}


static bool quotes_ok(const struct pl *pl)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i < pl->l; i++) {
		if (quoted && pl->p[i] == '\\')
			++i;
		else if (pl->p[i] == '"')
			quoted = !quoted;
	}

	return !quoted;
}


static bool cseq_ok(const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, SIP_HDR_CSEQ);
	struct pl num;

	return !re_regex(hdr->val.p, hdr->val.l, "[0-9]+", &num) &&
		num.p == hdr->val.p && number_ok(&num, 0x7fffffff) &&
		!pl_cmp(&msg->cseq.met, &msg->met);
}


static bool token_ok(const struct pl *pl)
{
	size_t i;

	for (i = 0; i < pl->l; i++) {
		const uint8_t c = pl->p[i];

		if (c <= 0x20 || c >= 0x7f || strchr("()<>@,;:\\\"/[]?={}",
						     c))
			return false;
	}

	return pl->l > 0;
}


static const char *syntax_bad(const struct sip_msg *msg)
{
	const char *name = headers_bad(msg);

	if (name)
		return name;
	if (!cseq_ok(msg))
		return "CSeq";
	if (!token_ok(&msg->met))
		return "method";
	if (msg->maxfwd.p && !number_ok(&msg->maxfwd, 255))
		return "Max-Forwards";
	if (!quotes_ok(&msg->from.val))
		return "From";
	if (!quotes_ok(&msg->to.val))
		return "To";
	if (msg->ruri.p[0] == '<' || msg->uri.headers.l)
		return "Request-URI";
	if (msg->clen.p && !number_ok(&msg->clen, UINT32_MAX))
		return "Content-Length";

	return NULL;
}


/* A datagram ends the body at Content-Length; too short is an error */
static bool body_fits(struct sip_msg *msg)
{
	size_t left = mbuf_get_left(msg->mb);

	if (!msg->clen.p || msg->tp != SIP_TRANSP_UDP)
		return true;

	if (pl_u32(&msg->clen) > left)
		return false;

	msg->mb->end = msg->mb->pos + pl_u32(&msg->clen);

	return true;
}


static bool unsupported_handler(const struct sip_hdr *hdr,
				const struct sip_msg *msg, void *arg)
{
	struct mbuf *mb = arg;
	(void)msg;

	if (!pl_strcasecmp(&hdr->val, "timer"))
		return false;

	return mbuf_printf(mb, "%s%r", mb->end ? ", " : "Unsupported: ",
			   &hdr->val) != 0;
}


static bool require_ok(struct sipstack *ss, const struct sip_msg *msg)
{
	struct mbuf *mb;
	char *hdrs = NULL;
	bool ok = true;

	/* of CANCEL and ACK it is to be ignored (8.2.2.3) */
	if (!sip_msg_hdr(msg, SIP_HDR_REQUIRE) ||
	    !pl_strcmp(&msg->met, "ACK") || !pl_strcmp(&msg->met, "CANCEL"))
		return true;

	mb = mbuf_alloc(128);
	if (!mb)
		return true;

	(void)sip_msg_hdr_apply(msg, true, SIP_HDR_REQUIRE,
				unsupported_handler, mb);
	if (mb->end) {
		ok = false;
		mb->pos = mb->end;
		(void)mbuf_write_str(mb, "\r\n");
		mb->pos = 0;
		if (!mbuf_strdup(mb, &hdrs, mb->end))
			refuse(ss, msg, 420, "Bad Extension", hdrs);
	}
	mem_deref(hdrs);
	mem_deref(mb);

	return ok;
}


static bool scheme_ok(const struct sip_msg *msg)
{
	return !pl_strcasecmp(&msg->uri.scheme, "sip") ||
		!pl_strcasecmp(&msg->uri.scheme, "tel");
}


/** False: it has been answered, or deserves none */
bool check_request(struct sipstack *ss, struct sip_msg *msg)
{
	const char *bad;
	struct pl pl;

	/* maddr would have libre send our answers to whom the peer likes */
	if (!pl_isset(&msg->via.sentby) ||
	    !msg_param_decode(&msg->via.params, "maddr", &pl))
		return false;

	bad = syntax_bad(msg);
	if (!bad && !body_fits(msg))
		bad = "Content-Length";
	if (bad) {
		char reason[64];

		(void)re_snprintf(reason, sizeof(reason), "Bad %s", bad);
		(void)sip_reply(ss->sip, msg, 400, reason);
		return false;
	}
	if (mbuf_get_left(msg->mb) > SIP_BODY_MAX) {
		refuse(ss, msg, 413, "Request Entity Too Large", "");
		return false;
	}
	if (!scheme_ok(msg)) {
		refuse(ss, msg, 416, "Unsupported URI Scheme", "");
		return false;
	}

	return require_ok(ss, msg);
}


static bool accept_handler(const struct sip_hdr *hdr,
			   const struct sip_msg *msg, void *arg)
{
	struct msg_ctype ct;
	(void)msg;
	(void)arg;

	if (msg_ctype_decode(&ct, &hdr->val))
		return false;

	return msg_ctype_cmp(&ct, "application", "sdp") ||
		msg_ctype_cmp(&ct, "application", "*") ||
		msg_ctype_cmp(&ct, "*", "*");
}


/** A body that is an offer, or none, and the wish for one in return */
bool check_offer_type(struct sipstack *ss, const struct sip_msg *msg)
{
	const struct sip_hdr *enc = sip_msg_hdr(msg,
						SIP_HDR_CONTENT_ENCODING);

	if (enc && pl_strcasecmp(&enc->val, "identity")) {
		(void)sip_treplyf(NULL, NULL, ss->sip, msg, false, 415,
				  "Unsupported Media Type",
				  "Accept-Encoding: identity\r\n"
				  "Content-Length: 0\r\n\r\n");
		return false;
	}
	if (mbuf_get_left(msg->mb) &&
	    !msg_ctype_cmp(&msg->ctyp, "application", "sdp")) {
		(void)sip_treplyf(NULL, NULL, ss->sip, msg, false, 415,
				  "Unsupported Media Type",
				  "Accept: application/sdp\r\n"
				  "Content-Length: 0\r\n\r\n");
		return false;
	}
	if (sip_msg_hdr(msg, SIP_HDR_ACCEPT) &&
	    !sip_msg_hdr_apply(msg, true, SIP_HDR_ACCEPT, accept_handler,
			       NULL)) {
		(void)sip_treply(NULL, ss->sip, msg, 406, "Not Acceptable");
		return false;
	}

	return true;
}
