/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/net_srtp.c -- SRTP and SRTCP of one leg, both ways (RFC 3711, 7714)
 *
 * libsrtp2 makes a stream from the template for whatever SSRC comes with a
 * good seal; the table here is what bounds them.
 */
#include <string.h>

#include <re.h>
#include <srtp2/srtp.h>
#include <openssl/crypto.h>

#include "mixer/net_srtp.h"
#include "mixer/pkt.h"

enum {
	RTP_HDR  = 12,
	RTCP_HDR = 8,
	SSRC_RTP = 8,             /* where it stands                      */
	SSRC_RTCP = 4,
	KEY_TEST = 30,
};

/* A received SSRC */
struct stream {
	uint32_t ssrc;
	uint32_t roc;
	uint16_t seq;             /* the highest                          */
	bool rtp;                 /* false: only RTCP was seen            */
	bool taken;               /* from a ticket, nothing opened yet    */
	uint64_t index_told;      /* roc and seq that the ticket has      */
	uint64_t heard;
};

/* Locks: all [L] */
struct net_srtp {
	srtp_t tx, rx;
	enum ticket_srtp kind;
	uint8_t rxkey[TICKET_KEY_MAX];
	struct stream streamv[NET_SRTP_STREAMS];
	unsigned streamc;
	bool news;
	struct net_srtp_stats stats;
};

static srtp_t warmv[2];           /* [L] keep NSS loaded                  */
static bool inited;               /* [L]                                  */
static uint8_t again[PKT_DATA_MAX];   /* [L] for a second try             */

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16
		| (uint32_t)p[2] << 8 | p[3];
}

static void policy(srtp_policy_t *p, enum ticket_srtp kind,
		   srtp_ssrc_type_t type, uint32_t ssrc, const uint8_t *key)
{
	memset(p, 0, sizeof(*p));
	if (kind == SRTP_GCM_128) {
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&p->rtp);
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&p->rtcp);
	}
	else {
		srtp_crypto_policy_set_rtp_default(&p->rtp);
		srtp_crypto_policy_set_rtcp_default(&p->rtcp);
	}
	p->ssrc.type = type;
	p->ssrc.value = ssrc;
	p->key = (unsigned char *)key;
	p->window_size = NET_SRTP_WINDOW;
	p->allow_repeat_tx = 1;
}

/* ---- before the sandbox --------------------------------------------- */

static int warm(srtp_t *sp, enum ticket_srtp kind)
{
	static const uint8_t key[KEY_TEST] = {1};
	uint8_t buf[RTP_HDR + 20 + NET_SRTP_TRAILER] = {0x80, 111};
	srtp_policy_t p;
	int n = RTP_HDR + 20;

	policy(&p, kind, ssrc_any_outbound, 0, key);
	if (srtp_create(sp, &p) || srtp_protect(*sp, buf, &n))
		return EPROTO;

	return 0;
}

int net_srtp_init(void)
{
	int err;

	if (inited)
		return 0;
	if (srtp_init())
		return EPROTO;

	inited = true;
	err = warm(&warmv[0], SRTP_GCM_128);
	if (!err)
		err = warm(&warmv[1], SRTP_CM_80);
	if (err)
		net_srtp_close();

	return err;
}

void net_srtp_close(void)
{
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(warmv); i++) {
		if (warmv[i])
			(void)srtp_dealloc(warmv[i]);
		warmv[i] = NULL;
	}
	if (inited)
		(void)srtp_shutdown();
	inited = false;
}

/* ---- set up --------------------------------------------------------- */

static void srtp_destructor(void *arg)
{
	struct net_srtp *s = arg;

	if (s->tx)
		(void)srtp_dealloc(s->tx);
	if (s->rx)
		(void)srtp_dealloc(s->rx);
	OPENSSL_cleanse(s->rxkey, sizeof(s->rxkey));
}

/* A stream of the ticket: libsrtp takes a counter only for a stream that it
 * knows by name. */
static int take(struct net_srtp *s, const struct ticket_roc *roc)
{
	struct stream *st = &s->streamv[s->streamc];
	srtp_policy_t p;

	policy(&p, s->kind, ssrc_specific, roc->ssrc, s->rxkey);
	if (srtp_add_stream(s->rx, &p))
		return EPROTO;

	memset(st, 0, sizeof(*st));
	st->ssrc = roc->ssrc;
	st->roc = roc->roc;
	st->seq = roc->seq;
	st->rtp = st->taken = true;
	st->index_told = (uint64_t)roc->roc << 16 | roc->seq;
	++s->streamc;

	return 0;
}

static const struct stream *find(const struct net_srtp *s, uint32_t ssrc)
{
	unsigned i;

	for (i = 0; i < s->streamc; i++)
		if (s->streamv[i].ssrc == ssrc)
			return &s->streamv[i];

	return NULL;
}

static int setup(struct net_srtp *s, const struct ticket_rtc *rtc)
{
	srtp_policy_t p;
	unsigned i;
	int err = 0;

	policy(&p, s->kind, ssrc_any_outbound, 0, rtc->txkey);
	if (srtp_create(&s->tx, &p))
		return EPROTO;
	policy(&p, s->kind, ssrc_any_inbound, 0, rtc->rxkey);
	if (srtp_create(&s->rx, &p))
		return EPROTO;

	for (i = 0; i < rtc->rocc && i < TICKET_ROCS_MAX && !err; i++)
		if (!find(s, rtc->rocv[i].ssrc))
			err = take(s, &rtc->rocv[i]);

	return err;
}

int net_srtp_alloc(struct net_srtp **sp, const struct ticket_rtc *rtc)
{
	struct net_srtp *s;
	int err;

	if (!sp || !rtc || !ticket_srtp_len(rtc->srtp))
		return EINVAL;
	if (!inited)
		return EPROTO;

	s = mem_zalloc(sizeof(*s), srtp_destructor);
	if (!s)
		return ENOMEM;

	s->kind = rtc->srtp;
	memcpy(s->rxkey, rtc->rxkey, sizeof(s->rxkey));
	err = setup(s, rtc);
	if (err)
		mem_deref(s);
	else
		*sp = s;

	return err;
}

/* ---- the table ------------------------------------------------------ */

/* A new one that libsrtp has just made from the template, so its seal is
 * good.  NULL: one too many, forgotten again. */
static struct stream *add(struct net_srtp *s, uint32_t ssrc, uint64_t now)
{
	struct stream *st = &s->streamv[0];
	unsigned i;

	if (s->streamc < NET_SRTP_STREAMS) {
		st = &s->streamv[s->streamc++];
		goto out;
	}
	for (i = 1; i < s->streamc; i++)
		if (s->streamv[i].heard < st->heard)
			st = &s->streamv[i];
	if (now < st->heard + NET_SRTP_IDLE_MS * 1000ull) {
		(void)srtp_remove_stream(s->rx, htonl(ssrc));
		++s->stats.full;
		return NULL;
	}
	(void)srtp_remove_stream(s->rx, htonl(st->ssrc));

 out:
	memset(st, 0, sizeof(*st));
	st->ssrc = ssrc;

	return st;
}

/* The index nearest to the last one: also when a wrap was in between, in
 * either direction. */
static uint64_t nearest(const struct stream *st, uint16_t seq)
{
	const int64_t last = (int64_t)st->roc << 16 | st->seq;
	const int64_t idx = last + (int16_t)(uint16_t)(seq - st->seq);

	return idx < 0 ? seq : (uint64_t)idx;
}

static void opened(struct net_srtp *s, struct stream *st, uint16_t seq,
		   bool first)
{
	const uint64_t last = (uint64_t)st->roc << 16 | st->seq;
	const uint64_t idx = first ? seq : nearest(st, seq);
	uint32_t roc = 0;

	if (!first && idx <= last)
		return;

	if (first || idx >> 16 != st->roc ||
	    idx >= st->index_told + NET_SRTP_NEWS)
		s->news = true;
	st->seq = seq;
	st->roc = (uint32_t)(idx >> 16);

	/* it knows best */
	if (!srtp_get_stream_roc(s->rx, st->ssrc, &roc))
		st->roc = roc;
}

static int refused(struct net_srtp *s, srtp_err_status_t e)
{
	switch (e) {

	case srtp_err_status_replay_fail:
	case srtp_err_status_replay_old:
		++s->stats.replay;
		break;
	case srtp_err_status_auth_fail:
	case srtp_err_status_cipher_fail:
		++s->stats.auth;
		break;
	default:
		++s->stats.bad;
		break;
	}

	return EBADMSG;
}

/* The first packet of a stream from a ticket: with the nearest counter, and
 * if that is wrong with the next, when more than half a cycle was missed. */
static srtp_err_status_t resume(struct net_srtp *s, struct stream *st,
				uint8_t *p, int *n)
{
	const uint16_t seq = (uint16_t)(p[2] << 8 | p[3]);
	const uint32_t roc = (uint32_t)(nearest(st, seq) >> 16);
	const int len = *n;
	srtp_err_status_t e = srtp_err_status_auth_fail;
	uint32_t i;

	memcpy(again, p, (size_t)len);
	for (i = 0; i < 2 && e; i++) {
		if (i)
			memcpy(p, again, (size_t)len);
		*n = len;
		e = srtp_set_stream_roc(s->rx, st->ssrc, roc + i);
		if (!e)
			e = srtp_unprotect(s->rx, p, n);
		if (!e) {
			st->roc = roc + i;
			st->seq = seq;
			st->taken = false;
		}
	}

	return e;
}

int net_srtp_open_rtp(struct net_srtp *s, uint8_t *p, size_t *n,
		      uint64_t now)
{
	srtp_err_status_t e;
	struct stream *st;
	uint16_t seq;
	bool first;
	int len;

	if (!s || *n < RTP_HDR || *n > PKT_DATA_MAX) {
		if (s)
			++s->stats.bad;
		return EBADMSG;
	}

	st = (struct stream *)find(s, get32(p + SSRC_RTP));
	seq = (uint16_t)(p[2] << 8 | p[3]);
	len = (int)*n;
	if (st && st->taken)
		e = resume(s, st, p, &len);
	else
		e = srtp_unprotect(s->rx, p, &len);
	if (e)
		return refused(s, e);

	*n = (size_t)len;
	if (!st)
		st = add(s, get32(p + SSRC_RTP), now);
	if (!st)
		return EBADMSG;
	first = !st->rtp;
	st->rtp = true;
	st->heard = now;
	opened(s, st, seq, first);

	return 0;
}

int net_srtp_open_rtcp(struct net_srtp *s, uint8_t *p, size_t *n,
		       uint64_t now)
{
	srtp_err_status_t e;
	struct stream *st;
	int len;

	if (!s || *n < RTCP_HDR || *n > PKT_DATA_MAX) {
		if (s)
			++s->stats.bad;
		return EBADMSG;
	}

	st = (struct stream *)find(s, get32(p + SSRC_RTCP));
	len = (int)*n;
	e = srtp_unprotect_rtcp(s->rx, p, &len);
	if (e)
		return refused(s, e);

	*n = (size_t)len;
	if (!st)
		st = add(s, get32(p + SSRC_RTCP), now);
	if (!st)
		return EBADMSG;
	st->heard = now;

	return 0;
}

/* ---- out ------------------------------------------------------------ */

int net_srtp_seal_rtp(struct net_srtp *s, uint8_t *p, size_t *n)
{
	int len = (int)*n;

	if (!s || *n < RTP_HDR || *n > PKT_DATA_MAX)
		return EINVAL;
	if (srtp_protect(s->tx, p, &len))
		return EPROTO;
	*n = (size_t)len;

	return 0;
}

int net_srtp_seal_rtcp(struct net_srtp *s, uint8_t *p, size_t *n)
{
	int len = (int)*n;

	if (!s || *n < RTCP_HDR || *n > PKT_DATA_MAX)
		return EINVAL;
	if (srtp_protect_rtcp(s->tx, p, &len))
		return EPROTO;
	*n = (size_t)len;

	return 0;
}

/* ---- for the ticket ------------------------------------------------- */

bool net_srtp_news(const struct net_srtp *s)
{
	return s && s->news;
}

/* The newest that is older than `than`, or among those of its age behind it
 * in the table */
static struct stream *next(struct net_srtp *s, const struct stream *than)
{
	struct stream *best = NULL;
	unsigned i;

	for (i = 0; i < s->streamc; i++) {
		struct stream *st = &s->streamv[i];

		if (!st->rtp || st == than)
			continue;
		if (than && (st->heard > than->heard ||
			     (st->heard == than->heard && st < than)))
			continue;
		if (!best || st->heard > best->heard)
			best = st;
	}

	return best;
}

void net_srtp_rocs(struct net_srtp *s, struct ticket_rtc *rtc)
{
	struct stream *st = NULL;
	unsigned i;

	if (!s || !rtc)
		return;

	for (i = 0; i < TICKET_ROCS_MAX; i++) {
		st = next(s, st);
		if (!st)
			break;
		rtc->rocv[i] = (struct ticket_roc) {
			.ssrc = st->ssrc, .roc = st->roc, .seq = st->seq,
		};
		st->index_told = (uint64_t)st->roc << 16 | st->seq;
	}
	rtc->rocc = i;
	s->news = false;
}

const struct net_srtp_stats *net_srtp_stats(const struct net_srtp *s)
{
	if (!s)
		return NULL;
	((struct net_srtp *)s)->stats.streams = s->streamc;

	return &s->stats;
}
