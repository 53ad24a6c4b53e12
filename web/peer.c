/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/peer.c -- one WebRTC session: its port, keys, offer and answer
 */
#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

#include <re.h>

#include "media/ports.h"
#include "web/peer.h"
#include "web/peer_priv.h"

enum { UFRAG_LEN = 8, PWD_LEN = 24 };

struct peer {
	struct port *port;
	struct rtc_sdp *sdp;
	char pem[TICKET_PEM_MAX];
	char ufrag[TICKET_ID_MAX];        /* before the last answer       */
	bool answered, restarted;
};

static void destructor(void *arg)
{
	struct peer *p = arg;

	mem_deref(p->sdp);
	mem_deref(p->port);
	OPENSSL_cleanse(p->pem, sizeof(p->pem));
}

static void cand_add(struct rtc_sdp_cfg *cfg, const struct sa *addr,
		     const struct port *port)
{
	const bool v4_only = sa_af(&port->laddr) == AF_INET;

	if (cfg->candc == RTC_CANDS_MAX || !sa_isset(addr, SA_ADDR) ||
	    (v4_only && sa_af(addr) != AF_INET))
		return;

	cfg->candv[cfg->candc] = *addr;
	sa_set_port(&cfg->candv[cfg->candc], sa_port(&port->laddr));
	++cfg->candc;
}

int peer_alloc(struct peer **pp, const struct peer_cfg *pc)
{
	struct rtc_sdp_cfg cfg = {0};
	struct sa any;
	struct peer *p;
	unsigned i;
	int err;

	if (!pp || !pc || !pc->ports)
		return EINVAL;

	p = mem_zalloc(sizeof(*p), destructor);
	if (!p)
		return ENOMEM;

	err = sa_set_str(&any, "::", 0);
	if (err)
		goto out;
	err = port_alloc_single(&p->port, pc->ports, &any);
	if (err)
		goto out;

	cfg.kind = pc->kind;
	if (pc->public && sa_isset(pc->public, SA_ADDR))
		cand_add(&cfg, pc->public, p->port);
	else
		for (i = 0; i < pc->laddrc; i++)
			cand_add(&cfg, &pc->laddrv[i], p->port);
	if (!cfg.candc) {
		err = EADDRNOTAVAIL;
		goto out;
	}

	rand_str(cfg.lufrag, UFRAG_LEN + 1);
	rand_str(cfg.lpwd, PWD_LEN + 1);
	err = peer_cert_make(p->pem, sizeof(p->pem), cfg.fingerprint);
	if (!err)
		err = rtc_sdp_alloc(&p->sdp, &cfg);

 out:
	if (err)
		mem_deref(p);
	else
		*pp = p;

	return err;
}

static void before(struct peer *p)
{
	str_ncpy(p->ufrag, rtc_sdp_ufrag(p->sdp), sizeof(p->ufrag));
}

static void after(struct peer *p)
{
	p->restarted = p->answered &&
		strcmp(p->ufrag, rtc_sdp_ufrag(p->sdp));
	p->answered = true;
}

int peer_answer(struct peer *p, struct mbuf *offer, struct mbuf **answerp,
		char *errbuf, size_t errsz)
{
	int err;

	if (!p || !offer || !answerp)
		return EINVAL;

	before(p);
	err = rtc_sdp_answer(p->sdp, offer, answerp, errbuf, errsz);
	if (!err)
		after(p);

	return err;
}

int peer_trickle(struct peer *p, struct mbuf *frag, struct mbuf **fragp,
		 char *errbuf, size_t errsz)
{
	int err;

	if (!p || !frag || !fragp)
		return EINVAL;

	before(p);
	err = rtc_sdp_frag(p->sdp, frag, fragp, errbuf, errsz);
	if (!err)
		after(p);

	return err;
}

bool peer_restarted(const struct peer *p)
{
	return p && p->restarted;
}

static void media_fd(struct ticket_media *tm)
{
	tm->rtp_fd  = tm->on ? 0 : -1;
	tm->rtcp_fd = -1;
}

void peer_ticket(const struct peer *p, struct ticket *t)
{
	if (!p || !t)
		return;

	rtc_sdp_ticket(p->sdp, t);
	memcpy(t->rtc.pem, p->pem, sizeof(t->rtc.pem));
	media_fd(&t->audio);
	media_fd(&t->video);
	media_fd(&t->slides);
}

int peer_fd(const struct peer *p)
{
	return p ? p->port->fd_rtp : -1;
}

/* ---- the addresses of this host ---- */

struct lister {
	struct sa *laddrv;
	unsigned n, max;
	int af;
	bool loopback;            /* those, or all others                 */
};

static bool if_handler(const char *ifname, const struct sa *sa, void *arg)
{
	struct lister *l = arg;
	unsigned i;
	(void)ifname;

	if (sa_af(sa) != l->af || sa_is_linklocal(sa) || sa_is_any(sa) ||
	    sa_is_loopback(sa) != l->loopback)
		return false;

	for (i = 0; i < l->n; i++)
		if (sa_cmp(&l->laddrv[i], sa, SA_ADDR))
			return false;

	l->laddrv[l->n] = *sa;
	sa_set_port(&l->laddrv[l->n], 0);

	return ++l->n == l->max;
}

static void list_add(struct lister *l, bool loopback)
{
	static const int afv[] = {AF_INET, AF_INET6};
	size_t i;

	l->loopback = loopback;
	for (i = 0; i < ARRAY_SIZE(afv) && l->n < l->max; i++) {
		l->af = afv[i];
		(void)net_if_apply(if_handler, l);
	}
}

unsigned peer_laddrs(struct sa *laddrv, bool loopback)
{
	/* room is kept for 127.0.0.1 and ::1 */
	struct lister l = {.laddrv = laddrv, .max = RTC_CANDS_MAX - 2};

	if (!laddrv)
		return 0;

	list_add(&l, false);
	if (loopback || !l.n) {
		l.max = RTC_CANDS_MAX;
		list_add(&l, true);
	}

	return l.n;
}
