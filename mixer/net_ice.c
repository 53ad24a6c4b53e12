/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/net_ice.c -- the lite ICE agent of a leg: answers checks
 *
 * libre encodes and decodes the messages, but it is not asked before the
 * frame of the message is known to be whole, and integrity and fingerprint
 * to stand where they must: at the end, so that nothing unprotected counts.
 */
#include <string.h>

#include <re.h>

#include "mixer/net_ice.h"
#include "mixer/net_rtc.h"

enum {
	STUN_MAX      = 1500,     /* bytes; a check has about 100         */
	STUN_ATTRS    = 32,       /* attributes                           */
	STUN_HDR      = STUN_HEADER_SIZE,
	BINDING_REQ   = 0x0001,
	MI_SIZE       = 24,
	FP_SIZE       = 8,
	MAGIC         = 0x2112a442,
};

struct source {
	struct sa sa;
	uint64_t heard;
};

/* Locks: all [L] */
struct net_ice {
	struct net_ice_h h;
	void *arg;
	char user[TICKET_ID_MAX + TICKET_UFRAG_MAX];  /* ours:theirs      */
	char pwd[TICKET_ID_MAX];
	char old_user[TICKET_ID_MAX + 1];             /* "ours:"          */
	char old_pwd[TICKET_ID_MAX];                  /* "" none          */
	struct source srcv[RTC_SOURCES_MAX];
	unsigned srcc;
	struct sa peer;
	uint64_t heard;           /* the peer                             */
	struct mbuf *mb;          /* of the reply                         */
	struct net_ice_stats stats;
};

/* A request being looked at */
struct check {
	const struct sa *src;
	size_t size;
	struct stun_msg *msg;
	struct stun_unknown_attr ua;
	const char *pwd;
	bool old;
};

static void ice_destructor(void *arg)
{
	struct net_ice *ice = arg;

	mem_deref(ice->mb);
}

int net_ice_alloc(struct net_ice **ip, const struct ticket_rtc *rtc,
		  const struct net_ice_h *h, void *arg, uint64_t now)
{
	struct net_ice *ice;
	int err;

	if (!ip || !rtc || !h || !h->sendh)
		return EINVAL;

	ice = mem_zalloc(sizeof(*ice), ice_destructor);
	if (!ice)
		return ENOMEM;

	ice->h = *h;
	ice->arg = arg;
	sa_init(&ice->peer, AF_UNSPEC);
	ice->mb = mbuf_alloc(128);
	err = ice->mb ? net_ice_set(ice, rtc) : ENOMEM;
	if (err)
		goto out;

	/* a ticket with a peer goes on with it */
	if (sa_isset(&rtc->peer, SA_ALL)) {
		ice->peer = rtc->peer;
		ice->srcv[0].sa = rtc->peer;
		ice->srcv[0].heard = ice->heard = now;
		ice->srcc = 1;
	}

 out:
	if (err)
		mem_deref(ice);
	else
		*ip = ice;

	return err;
}

int net_ice_set(struct net_ice *ice, const struct ticket_rtc *rtc)
{
	char user[sizeof(ice->user)];
	bool restart;

	if (!ice || !rtc || !rtc->lufrag[0] || !rtc->lpwd[0])
		return EINVAL;

	(void)re_snprintf(user, sizeof(user), "%s:%s", rtc->lufrag,
			  rtc->rufrag);
	restart = strcmp(ice->user, user) || strcmp(ice->pwd, rtc->lpwd);
	if (!restart)
		return 0;

	str_ncpy(ice->user, user, sizeof(ice->user));
	str_ncpy(ice->pwd, rtc->lpwd, sizeof(ice->pwd));
	ice->old_user[0] = ice->old_pwd[0] = '\0';
	if (rtc->old_lufrag[0] && rtc->old_lpwd[0]) {
		(void)re_snprintf(ice->old_user, sizeof(ice->old_user),
				  "%s:", rtc->old_lufrag);
		str_ncpy(ice->old_pwd, rtc->old_lpwd, sizeof(ice->old_pwd));
	}

	return 0;
}

static struct source *source_find(const struct net_ice *ice,
				  const struct sa *src)
{
	unsigned i;

	for (i = 0; i < ice->srcc; i++)
		if (sa_cmp(&ice->srcv[i].sa, src, SA_ALL))
			return (struct source *)&ice->srcv[i];

	return NULL;
}

/* A place for a new one: the longest silent gives way, never the peer. */
static struct source *source_new(struct net_ice *ice, const struct sa *src)
{
	struct source *s = NULL;
	unsigned i;

	if (ice->srcc < RTC_SOURCES_MAX) {
		s = &ice->srcv[ice->srcc++];
		s->sa = *src;
		return s;
	}
	for (i = 0; i < ice->srcc; i++) {
		struct source *o = &ice->srcv[i];

		if (!sa_cmp(&o->sa, &ice->peer, SA_ALL) &&
		    (!s || o->heard < s->heard))
			s = o;
	}
	s->sa = *src;

	return s;
}

static ON(loop) void peer_set(struct net_ice *ice, const struct sa *peer,
			      uint64_t now)
{
	bool same = sa_cmp(&ice->peer, peer, SA_ALL);

	ice->heard = now;
	if (same)
		return;

	ice->stats.moves += sa_isset(&ice->peer, SA_ALL);
	ice->peer = *peer;
	if (ice->h.peerh)
		ice->h.peerh(&ice->peer, now, ice->arg);
}

/* ---- replies -------------------------------------------------------- */

static ON(loop) void reply(struct net_ice *ice, const struct check *c)
{
	ice->mb->pos = ice->mb->end = 0;
	if (stun_msg_encode(ice->mb, STUN_METHOD_BINDING,
			    STUN_CLASS_SUCCESS_RESP, stun_msg_tid(c->msg),
			    NULL, (const uint8_t *)c->pwd, strlen(c->pwd),
			    true, 0, 1, STUN_ATTR_XOR_MAPPED_ADDR, c->src))
		return;
	ice->h.sendh(c->src, ice->mb->buf, ice->mb->end, ice->arg);
}

/* Refusals of what is not authenticated are never larger than it was. */
static ON(loop) void refuse(struct net_ice *ice, const struct check *c,
			    uint16_t code, const char *reason)
{
	struct stun_errcode ec = {.code = code, .reason = (char *)reason};
	const uint8_t *key = (const uint8_t *)c->pwd;
	const size_t len = key ? strlen(c->pwd) : 0;
	const uint8_t *tid = stun_msg_tid(c->msg);
	int err;

	ice->mb->pos = ice->mb->end = 0;
	if (code == 420)
		err = stun_msg_encode(ice->mb, STUN_METHOD_BINDING,
				      STUN_CLASS_ERROR_RESP, tid, &ec, key,
				      len, true, 0, 1,
				      STUN_ATTR_UNKNOWN_ATTR, &c->ua);
	else
		err = stun_msg_encode(ice->mb, STUN_METHOD_BINDING,
				      STUN_CLASS_ERROR_RESP, tid, &ec, key,
				      len, true, 0, 0);
	if (err || (!key && ice->mb->end > c->size))
		return;
	ice->h.sendh(c->src, ice->mb->buf, ice->mb->end, ice->arg);
}

/* ---- requests ------------------------------------------------------- */

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

/*
 * A binding request whose attributes fill it exactly, with a fingerprint
 * last and nothing between it and the integrity, if there is one: what
 * stands behind the integrity is protected by nobody.
 */
static bool framed(const uint8_t *p, size_t n)
{
	size_t pos = STUN_HDR, mi = 0, fp = 0;
	unsigned attrs = 0;

	if (n < STUN_HDR + FP_SIZE || n > STUN_MAX || n & 3)
		return false;
	if (get16(p) != BINDING_REQ || get16(p + 2) != n - STUN_HDR ||
	    (get16(p + 4) << 16 | get16(p + 6)) != MAGIC)
		return false;

	while (pos + 4 <= n) {
		const uint32_t type = get16(p + pos);
		const size_t len = get16(p + pos + 2);
		const size_t next = pos + 4 + ((len + 3) & ~(size_t)3);

		if (next > n || fp || ++attrs > STUN_ATTRS)
			return false;
		if (type == STUN_ATTR_FINGERPRINT) {
			if (len != 4)
				return false;
			fp = pos;
		}
		else if (mi) {
			return false;
		}
		else if (type == STUN_ATTR_MSG_INTEGRITY) {
			if (len != MI_SIZE - 4)
				return false;
			mi = pos;
		}
		pos = next;
	}

	return pos == n && fp;
}

/* Which password this user has to know */
static bool user_find(const struct net_ice *ice, struct check *c)
{
	const struct stun_attr *a = stun_msg_attr(c->msg, STUN_ATTR_USERNAME);
	const char *user = a ? a->v.username : NULL;
	const size_t n = strlen(ice->old_user);

	if (!user)
		return false;
	if (!strcmp(user, ice->user)) {
		c->pwd = ice->pwd;
		return true;
	}
	if (n && !strncmp(user, ice->old_user, n)) {
		c->pwd = ice->old_pwd;
		c->old = true;
		return true;
	}

	return false;
}

static ON(loop) bool authentic(struct net_ice *ice, struct check *c)
{
	if (!stun_msg_attr(c->msg, STUN_ATTR_MSG_INTEGRITY) ||
	    !stun_msg_attr(c->msg, STUN_ATTR_USERNAME)) {
		++ice->stats.refused;
		refuse(ice, c, 400, "Bad Request");
		return false;
	}
	if (!user_find(ice, c) ||
	    stun_msg_chk_mi(c->msg, (const uint8_t *)c->pwd,
			    strlen(c->pwd))) {
		++ice->stats.refused;
		c->pwd = NULL;
		refuse(ice, c, 401, "Unauthorized");
		return false;
	}

	return true;
}

static ON(loop) void good(struct net_ice *ice, const struct check *c,
			  uint64_t now)
{
	struct source *s = source_find(ice, c->src);
	const bool known = s && now < s->heard + RTC_CONSENT_MS * 1000ull;
	const bool silent = sa_isset(&ice->peer, SA_ALL) &&
		now >= ice->heard + RTC_TROUBLE_MS * 1000ull;

	++ice->stats.checks;
	if (!c->old)
		ice->old_user[0] = ice->old_pwd[0] = '\0';
	if (!s)
		s = source_new(ice, c->src);
	s->heard = now;
	reply(ice, c);

	if (stun_msg_attr(c->msg, STUN_ATTR_USE_CAND) || silent ||
	    sa_cmp(c->src, &ice->peer, SA_ALL))
		peer_set(ice, c->src, now);
	if (!known && ice->h.validh)
		ice->h.validh(c->src, now, ice->arg);
}

static ON(loop) void request(struct net_ice *ice, struct check *c,
			     uint64_t now)
{
	if (stun_msg_chk_fingerprint(c->msg)) {
		++ice->stats.ignored;
		return;
	}
	if (!authentic(ice, c))
		return;
	if (c->ua.typec) {
		++ice->stats.unknown;
		refuse(ice, c, 420, "Unknown Attribute");
		return;
	}
	/* lite is controlled, always: whoever else says so is wrong */
	if (stun_msg_attr(c->msg, STUN_ATTR_CONTROLLED)) {
		++ice->stats.conflicts;
		refuse(ice, c, 487, "Role Conflict");
		return;
	}
	good(ice, c, now);
}

void net_ice_recv(struct net_ice *ice, const struct sa *src,
		  const uint8_t *p, size_t n, uint64_t now)
{
	struct check c = {.src = src, .size = n};
	struct mbuf *mb;

	if (!ice || !src || !p)
		return;
	if (!framed(p, n)) {
		++ice->stats.ignored;
		return;
	}

	/* libre writes into it while it checks the integrity */
	mb = mbuf_alloc(n);
	if (!mb)
		return;
	(void)mbuf_write_mem(mb, p, n);
	mb->pos = 0;
	if (stun_msg_decode(&c.msg, mb, &c.ua))
		++ice->stats.ignored;
	else
		request(ice, &c, now);
	mem_deref(c.msg);
	mem_deref(mb);
}

void net_ice_heard(struct net_ice *ice, const struct sa *src, uint64_t now)
{
	struct source *s = ice ? source_find(ice, src) : NULL;

	if (!s)
		return;
	s->heard = now;
	if (sa_cmp(src, &ice->peer, SA_ALL))
		ice->heard = now;
	else if (sa_isset(&ice->peer, SA_ALL) &&
		 now >= ice->heard + RTC_FOLLOW_MS * 1000ull)
		peer_set(ice, src, now);
}

bool net_ice_valid(const struct net_ice *ice, const struct sa *src,
		   uint64_t now)
{
	const struct source *s = ice && src ? source_find(ice, src) : NULL;

	return s && now < s->heard + RTC_CONSENT_MS * 1000ull;
}

const struct sa *net_ice_peer(const struct net_ice *ice)
{
	return ice && sa_isset(&ice->peer, SA_ALL) ? &ice->peer : NULL;
}

const struct sa *net_ice_any(const struct net_ice *ice)
{
	const struct source *s = NULL;
	unsigned i;

	for (i = 0; ice && i < ice->srcc; i++)
		if (!s || ice->srcv[i].heard > s->heard)
			s = &ice->srcv[i];

	return s ? &s->sa : NULL;
}

uint64_t net_ice_last(const struct net_ice *ice)
{
	return ice ? ice->heard : 0;
}

const struct net_ice_stats *net_ice_stats(const struct net_ice *ice)
{
	return ice ? &ice->stats : NULL;
}
