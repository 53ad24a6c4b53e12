/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/ticket_rtc.c -- the transport of a browser's leg as JSON, and news
 * of it that a mixer sends
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/json.h"
#include "base/ticket_priv.h"


#define RTC(n, t)   {#n, t, offsetof(struct ticket_rtc, n), 0}

static const struct member rtc_memberv[] = {
	STR(ticket_rtc, lufrag),     STR(ticket_rtc, lpwd),
	STR(ticket_rtc, rufrag),     STR(ticket_rtc, rpwd),
	STR(ticket_rtc, old_lufrag), STR(ticket_rtc, old_lpwd),
	RTC(peer, M_SA),             RTC(active, M_BOOL),
	STR(ticket_rtc, pem),
};


static json_t *hex_encode(const uint8_t *p, size_t n)
{
	char buf[2 * TICKET_KEY_MAX + 1];

	if (re_snprintf(buf, sizeof(buf), "%w", p, n) < 0)
		return NULL;

	return json_string(buf);
}


static const char *srtp_name(enum ticket_srtp srtp)
{
	return srtp == SRTP_GCM_128 ? "gcm128" :
	       srtp == SRTP_CM_80 ? "cm80" : "none";
}


json_t *ticket_rtc_encode_news(const struct ticket_rtc *rtc)
{
	const size_t n = rtc ? ticket_srtp_len(rtc->srtp) : 0;
	json_t *obj, *rocl;
	char addr[80];
	unsigned i;
	int err = 0;

	if (!rtc)
		return NULL;
	obj = json_object();
	if (sa_isset(&rtc->peer, SA_ALL)) {
		re_snprintf(addr, sizeof(addr), "%J", &rtc->peer);
		err |= json_object_set_new(obj, "peer", json_string(addr));
	}
	if (n) {
		err |= json_object_set_new(obj, "srtp",
					   json_string(srtp_name(rtc->srtp)));
		err |= json_object_set_new(obj, "txkey",
					   hex_encode(rtc->txkey, n));
		err |= json_object_set_new(obj, "rxkey",
					   hex_encode(rtc->rxkey, n));
	}
	rocl = json_array();
	for (i = 0; i < rtc->rocc; i++)
		err |= json_array_append_new(rocl,
			json_pack("[I, I, I, i, i]",
				  (json_int_t)rtc->rocv[i].ssrc,
				  (json_int_t)rtc->rocv[i].roc,
				  (json_int_t)rtc->rocv[i].seq,
				  rtc->rocv[i].media, rtc->rocv[i].layer));
	err |= json_object_set_new(obj, "roc", rocl);
	if (err) {
		json_decref(obj);
		return NULL;
	}

	return obj;
}


json_t *ticket_rtc_encode(const struct ticket_rtc *rtc)
{
	json_t *obj = ticket_rtc_encode_news(rtc);
	int err;

	err = ticket_table_encode(obj, rtc_memberv, ARRAY_SIZE(rtc_memberv), rtc);
	err |= json_object_set_new(obj, "fingerprint",
				   hex_encode(rtc->fingerprint,
					      sizeof(rtc->fingerprint)));
	if (err) {
		json_decref(obj);
		return NULL;
	}

	return obj;
}


static int hex_decode(uint8_t *p, size_t n, const json_t *val)
{
	const char *str = json_string_value(val);

	if (!str || strlen(str) != 2 * n)
		return EBADMSG;

	return str_hex(p, n, str) ? EBADMSG : 0;
}


static int keys_decode(struct ticket_rtc *rtc, const json_t *obj)
{
	const char *name = json_string_value(json_object_get(obj, "srtp"));
	enum ticket_srtp srtp;
	size_t n;

	if (!name)
		return 0;

	srtp = !strcmp(name, "gcm128") ? SRTP_GCM_128 :
	       !strcmp(name, "cm80") ? SRTP_CM_80 : SRTP_NONE;
	n = ticket_srtp_len(srtp);
	if (!n || hex_decode(rtc->txkey, n, json_object_get(obj, "txkey")) ||
	    hex_decode(rtc->rxkey, n, json_object_get(obj, "rxkey")))
		return EBADMSG;
	rtc->srtp = srtp;

	return 0;
}


static int rocs_decode(struct ticket_rtc *rtc, const json_t *rocl)
{
	size_t i;

	if (!rocl)
		return 0;
	if (!json_is_array(rocl) || json_array_size(rocl) > TICKET_ROCS_MAX)
		return EBADMSG;

	for (i = 0; i < json_array_size(rocl); i++) {
		json_int_t ssrc, roc, seq, media, layer;

		if (json_unpack(json_array_get(rocl, i), "[I, I, I, I, I!]",
				&ssrc, &roc, &seq, &media, &layer) ||
		    ssrc < 0 || ssrc > UINT32_MAX ||
		    roc < 0 || roc > UINT32_MAX ||
		    seq < 0 || seq > UINT16_MAX || media < 0 || media > 3 ||
		    layer < 0 || layer >= TICKET_RIDS_MAX)
			return EBADMSG;
		rtc->rocv[i].media = (uint8_t)media;
		rtc->rocv[i].layer = (uint8_t)layer;
		rtc->rocv[i].ssrc = (uint32_t)ssrc;
		rtc->rocv[i].roc  = (uint32_t)roc;
		rtc->rocv[i].seq  = (uint16_t)seq;
	}
	rtc->rocc = (unsigned)json_array_size(rocl);

	return 0;
}


int ticket_rtc_news(struct ticket *t, const json_t *news)
{
	const char *addr;
	struct sa peer;
	int err;

	if (!t || !json_is_object(news))
		return EINVAL;

	addr = json_string_value(json_object_get(news, "peer"));
	if (addr) {
		if (sa_decode(&peer, addr, strlen(addr)))
			return EBADMSG;
		t->rtc.peer = peer;
	}
	err = keys_decode(&t->rtc, news);

	return err ? err : rocs_decode(&t->rtc, json_object_get(news, "roc"));
}


int ticket_rtc_decode(struct ticket *t, const json_t *obj, char *errbuf,
		      size_t errsz)
{
	int err;

	err = ticket_table_decode(&t->rtc, rtc_memberv, ARRAY_SIZE(rtc_memberv), obj,
			   "rtc", errbuf, errsz);
	if (err)
		return err;
	if (hex_decode(t->rtc.fingerprint, sizeof(t->rtc.fingerprint),
		       json_object_get(obj, "fingerprint")) ||
	    ticket_rtc_news(t, obj)) {
		re_snprintf(errbuf, errsz, "rtc: bad fingerprint, keys or "
			    "counters");
		return EBADMSG;
	}
	t->rtc.on = true;

	return 0;
}
