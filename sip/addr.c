/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sip/addr.c -- which of our addresses a peer sees: Via, Contact, c=
 *
 * libre's Via has the address of the first socket, whichever a request
 * leaves from, so every request's Via is written again with the address that
 * faces its destination, or with public_address.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sip/private.h"


/* The kernel knows: a connected UDP socket sends nothing */
int addr_route(const struct sa *peer, struct sa *laddr)
{
	struct sa dst = *peer;
	int fd, err = 0;

	if (!sa_port(&dst))
		sa_set_port(&dst, SIP_PORT);

	fd = socket(sa_af(&dst), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;

	sa_init(laddr, sa_af(&dst));
	if (connect(fd, &dst.u.sa, dst.len) < 0 ||
	    getsockname(fd, &laddr->u.sa, &laddr->len) < 0)
		err = errno;

	(void)close(fd);
	if (!err)
		sa_set_port(laddr, 0);

	return err;
}


/** Our address for media and signalling with this peer, port 0 */
int addr_facing(const struct sipstack *ss, const struct sa *peer,
		struct sa *laddr)
{
	if (sa_isset(&ss->public_addr, SA_ADDR) &&
	    sa_af(&ss->public_addr) == sa_af(peer) && !sa_is_loopback(peer)) {
		*laddr = ss->public_addr;
		return 0;
	}

	return addr_route(peer, laddr);
}


/* Ours in Via and Contact: what we are bound to, unless that is everything */
static int addr_signal(const struct sipstack *ss, enum sip_transp tp,
		       const struct sa *peer, const struct sa *bound,
		       struct sa *laddr)
{
	bool nat = sa_isset(&ss->public_addr, SA_ADDR);
	int err = 0;

	if (!nat && sa_isset(bound, SA_ADDR) && !listen_every(ss, tp, bound))
		*laddr = *bound;
	else
		err = addr_facing(ss, peer, laddr);

	sa_set_port(laddr, sa_port(bound));

	return err;
}


/** The Contact of a request of ours: libre says where it is bound */
int addr_contact_req(const struct sipstack *ss, struct contact *c,
		     const char *user, enum sip_transp tp,
		     const struct sa *src, const struct sa *dst)
{
	c->user = user;
	c->tp   = tp;

	return addr_signal(ss, tp, dst, src, &c->addr);
}


/** The Contact of an answer to this request: where it came to */
int addr_contact(const struct sipstack *ss, struct contact *c,
		 const char *user, const struct sip_msg *msg)
{
	struct sa bound = msg->dst, listen;

	/* over a connection that we opened, dst has a passing port */
	if (msg->tp != SIP_TRANSP_UDP &&
	    !sip_transp_laddr(ss->sip, &listen, msg->tp, &msg->src))
		sa_set_port(&bound, sa_port(&listen));

	if (sa_isset(&ss->public_addr, SA_ADDR) ||
	    !sa_isset(&bound, SA_ADDR))
		return addr_contact_req(ss, c, user, msg->tp, &bound,
					&msg->src);

	c->user = user;
	c->tp   = msg->tp;
	c->addr = bound;

	return 0;
}


int contact_print(struct re_printf *pf, const struct contact *c)
{
	return re_hprintf(pf, "Contact: <sip:%s%s%J%s>;isfocus\r\n",
			  c->user, c->user[0] ? "@" : "", &c->addr,
			  sip_transp_param(c->tp));
}


/** Literal addresses, and names that /etc/hosts has: libre asks DNS only */
int addr_host_lookup(const struct pl *host, struct sa *addr)
{
	char line[512];
	FILE *f;
	int err = ENOENT;

	if (!sa_set(addr, host, 0))
		return 0;

	f = fopen("/etc/hosts", "re");
	if (!f)
		return ENOENT;

	while (err && fgets(line, sizeof(line), f)) {
		char *save, *ip, *name;

		line[strcspn(line, "#")] = '\0';
		ip = strtok_r(line, " \t\r\n", &save);
		while (ip && (name = strtok_r(NULL, " \t\r\n", &save))) {
			if (pl_strcasecmp(host, name))
				continue;
			err = sa_set_str(addr, ip, 0);
			break;
		}
	}
	(void)fclose(f);

	return err;
}


/** mb holds a start line and libre's Via: the address in it made true */
int addr_via_fix(const struct sipstack *ss, struct mbuf *mb,
		 enum sip_transp tp, const struct sa *src,
		 const struct sa *dst)
{
	struct pl head, rest;
	struct sa laddr;
	char *tail;
	int err;

	err = addr_signal(ss, tp, dst, src, &laddr);
	if (err)
		return err;

	if (re_regex((char *)mb->buf, mb->end, "\r\nVia: [^;]+[^]+", &head,
		     &rest))
		return EBADMSG;

	err = pl_strdup(&tail, &rest);
	if (err)
		return err;

	mb->pos = head.p - (char *)mb->buf;
	mb->end = mb->pos;
	err = mbuf_printf(mb, "SIP/2.0/%s %J%s", sip_transp_name(tp),
			  &laddr, tail);
	mem_deref(tail);

	return err;
}
