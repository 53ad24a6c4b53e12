/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sip/listen.c -- the sockets: one or every address, what comes and goes
 *
 * libre refuses to listen on 0.0.0.0, and one such UDP socket would answer
 * from whatever address the kernel likes.  So we listen on each address the
 * host has, and netlink tells when there is another.  libre sends requests
 * from the first socket it has: send_handler() takes the one whose address
 * faces the destination.
 *
 * libre's UDP sockets are private.  A message of ours to ourselves brings
 * each one here once (sock_probe); from then on we see datagrams before
 * libre does and can answer those it would drop.
 *
 * Threads: loop.
 */
#include <ctype.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sip/private.h"


enum {
	UDP_RXSZ  = 65536,
	ADDRS_MAX = 256,
};


/* A UDP socket of libre's that we look into */
struct sock {
	struct le le;
	struct sipstack *ss;
	struct udp_sock *us;          /* libre's; it outlives this       */
	struct udp_helper *uh;
	struct sa laddr;
};

/* 0.0.0.0 or [::], and the addresses that are served because of it */
struct every {
	struct le le;
	enum sip_transp tp;
	struct sa any;
	struct sa addrv[ADDRS_MAX];
	size_t addrc;
};


static void sock_destructor(void *arg)
{
	struct sock *sock = arg;

	list_unlink(&sock->le);
	mem_deref(sock->uh);
}


static void every_destructor(void *arg)
{
	struct every *ev = arg;

	list_unlink(&ev->le);
}


static bool is_blank(const struct mbuf *mb)
{
	size_t i;

	for (i = mb->pos; i < mb->end; i++) {
		if (mb->buf[i] && !isspace(mb->buf[i]))
			return false;
	}

	return true;
}


/* true: dealt with, libre shall not see it */
static bool peek_handler(struct sa *src, struct mbuf *mb, void *arg)
{
	struct sock *sock = arg;
	struct sipstack *ss = sock->ss;
	const size_t pos = mb->pos;
	struct sip_msg *msg;
	struct mbuf *reply;
	int err;

	if (mbuf_get_left(mb) && mb->buf[pos] < 2 && !is_blank(mb))
		return false;                           /* STUN          */
	if (is_blank(mb))
		return true;                            /* a keepalive   */

	err = sip_msg_decode(&msg, mb);
	mb->pos = pos;
	if (!err) {
		mem_deref(msg);
		return false;
	}

	if (!log_rate_ok(&ss->malformed, 1000 * tmr_jiffies(),
			 SIP_MALFORMED_MAX))
		return true;

	debug("sip: malformed message from %J", src);
	if (malformed_reply(&reply, src, (char *)mbuf_buf(mb),
			    mbuf_get_left(mb), ss->software))
		return true;

	(void)udp_send(sock->us, src, reply);
	mem_deref(reply);

	return true;
}


/* A request leaves from the address that faces its destination, an answer
 * from where it was asked.  true: sent. */
static bool send_handler(int *err, struct sa *dst, struct mbuf *mb,
			 void *arg)
{
	const struct sock *sock = arg;
	struct sa want;
	struct le *le;

	if (!listen_every(sock->ss, SIP_TRANSP_UDP, &sock->laddr) ||
	    mbuf_get_left(mb) < 8 || !isupper(mb->buf[mb->pos]) ||
	    !memcmp(mbuf_buf(mb), "SIP/2.0 ", 8) ||
	    addr_route(dst, &want))
		return false;

	sa_set_port(&want, sa_port(&sock->laddr));
	if (sa_cmp(&want, &sock->laddr, SA_ALL))
		return false;

	LIST_FOREACH(&sock->ss->sockl, le) {
		const struct sock *other = le->data;

		if (!sa_cmp(&want, &other->laddr, SA_ALL))
			continue;
		*err = udp_send(other->us, dst, mb);
		return true;
	}

	return false;
}


/* The first message on this socket? */
void listen_attend(struct sipstack *ss, const struct sip_msg *msg)
{
	struct sock *sock;
	struct le *le;

	if (msg->tp != SIP_TRANSP_UDP || !msg->sock)
		return;

	LIST_FOREACH(&ss->sockl, le) {
		sock = le->data;
		if (sock->us == msg->sock)
			return;
	}

	sock = mem_zalloc(sizeof(*sock), sock_destructor);
	if (!sock)
		return;

	sock->ss = ss;
	sock->us = msg->sock;
	if (udp_local_get(sock->us, &sock->laddr) ||
	    udp_register_helper(&sock->uh, sock->us, 0, send_handler,
				peek_handler, sock)) {
		mem_deref(sock);
		return;
	}
	udp_rxsz_set(sock->us, UDP_RXSZ);
	list_append(&ss->sockl, &sock->le, sock);
}


/* A response that nobody waits for, to our own socket.  If it does not get
 * there the first real message does the same. */
static void sock_probe(const struct sa *dst)
{
	static const char probe[] =
		"SIP/2.0 100 Trying\r\n"
		"Via: SIP/2.0/UDP probe.invalid;branch=z9hG4bKprobe\r\n"
		"Call-ID: probe\r\n"
		"CSeq: 1 OPTIONS\r\n\r\n";
	int fd = socket(sa_af(dst), SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;

	(void)sendto(fd, probe, sizeof(probe) - 1, 0, &dst->u.sa, dst->len);
	(void)close(fd);
}


static int listen_one(struct sipstack *ss, enum sip_transp tp,
		      const struct sa *laddr)
{
	struct sa bound = *laddr;
	int err;

	err = sip_transp_add(ss->sip, tp, laddr);
	if (err || tp != SIP_TRANSP_UDP)
		return err;

	if (!sa_port(&bound))
		(void)sip_transp_laddr(ss->sip, &bound, tp, laddr);
	sock_probe(&bound);

	return 0;
}


static bool every_has(const struct every *ev, const struct sa *addr)
{
	size_t i;

	for (i = 0; i < ev->addrc; i++) {
		if (sa_cmp(&ev->addrv[i], addr, SA_ADDR))
			return true;
	}

	return false;
}


/* Listen where we do not yet; an address that has gone may come back, and
 * its socket is then still good */
static int every_update(struct sipstack *ss, struct every *ev)
{
	struct ifaddrs *ifa, *i;
	int err = 0;

	if (getifaddrs(&ifa))
		return errno;

	for (i = ifa; i && ev->addrc < ADDRS_MAX; i = i->ifa_next) {
		struct sa sa;
		int e;

		if (!i->ifa_addr || i->ifa_addr->sa_family != sa_af(&ev->any)
		    || sa_set_sa(&sa, i->ifa_addr) || sa_is_linklocal(&sa) ||
		    every_has(ev, &sa))
			continue;

		sa_set_port(&sa, sa_port(&ev->any));
		e = listen_one(ss, ev->tp, &sa);
		if (!e) {
			ev->addrv[ev->addrc++] = sa;
			debug("sip: listening on %s %J",
			      sip_transp_name(ev->tp), &sa);
		}
		else if (e != EADDRNOTAVAIL) {
			err = e;
		}
	}
	freeifaddrs(ifa);

	return err;
}


static void netlink_handler(int flags, void *arg)
{
	struct sipstack *ss = arg;
	char buf[8192];
	struct le *le;
	(void)flags;

	while (recv(ss->netlink, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;

	LIST_FOREACH(&ss->everyl, le) {
		struct every *ev = le->data;
		int err = every_update(ss, ev);

		if (err)
			warning("sip: cannot listen on a new address for "
				"%s %J: %m", sip_transp_name(ev->tp),
				&ev->any, err);
	}
}


/* Without it the addresses of the start have to do */
static void netlink_open(struct sipstack *ss)
{
	struct sockaddr_nl nl = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};

	if (ss->netlink >= 0)
		return;

	ss->netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
			     NETLINK_ROUTE);
	if (ss->netlink < 0)
		return;

	if (bind(ss->netlink, (struct sockaddr *)&nl, sizeof(nl)) < 0 ||
	    fd_listen(ss->netlink, FD_READ, netlink_handler, ss)) {
		(void)close(ss->netlink);
		ss->netlink = -1;
	}
}


static int listen_all(struct sipstack *ss, enum sip_transp tp,
		      const struct sa *any)
{
	struct every *ev = mem_zalloc(sizeof(*ev), every_destructor);
	int err;

	if (!ev)
		return ENOMEM;

	ev->tp  = tp;
	ev->any = *any;
	list_append(&ss->everyl, &ev->le, ev);
	netlink_open(ss);
	err = every_update(ss, ev);
	if (err)
		mem_deref(ev);

	return err;
}


/** Is this one of the addresses of a 0.0.0.0 or [::]? */
bool listen_every(const struct sipstack *ss, enum sip_transp tp,
		  const struct sa *bound)
{
	struct le *le;

	LIST_FOREACH(&ss->everyl, le) {
		const struct every *ev = le->data;

		if (ev->tp == tp && sa_port(&ev->any) == sa_port(bound) &&
		    every_has(ev, bound))
			return true;
	}

	return false;
}


void listen_flush(struct sipstack *ss)
{
	if (ss->netlink >= 0) {
		fd_close(ss->netlink);
		(void)close(ss->netlink);
		ss->netlink = -1;
	}
	list_flush(&ss->everyl);
	list_flush(&ss->sockl);
}


/* "udp 192.0.2.1:5060" */
static int listen_parse(const char *text, enum sip_transp *tpp,
			struct sa *laddr)
{
	struct pl name, addr;

	if (re_regex(text, strlen(text), "[a-z]+[ \t]+[^ \t]+", &name, NULL,
		     &addr) || name.p != text)
		return EINVAL;

	if (sa_decode(laddr, addr.p, addr.l) &&
	    sa_set(laddr, &addr, SIP_PORT))
		return EINVAL;

	if (!pl_strcmp(&name, "udp"))
		*tpp = SIP_TRANSP_UDP;
	else if (!pl_strcmp(&name, "tcp"))
		*tpp = SIP_TRANSP_TCP;
	else
		return ENOTSUP;

	return 0;
}


int sipstack_check(const char *transport_addr)
{
	enum sip_transp tp;
	struct sa laddr;

	return transport_addr ? listen_parse(transport_addr, &tp, &laddr)
			      : EINVAL;
}


int sipstack_listen(struct sipstack *ss, const char *transport_addr)
{
	enum sip_transp tp;
	struct sa laddr;
	int err;

	if (!ss || !transport_addr)
		return EINVAL;

	err = listen_parse(transport_addr, &tp, &laddr);
	if (err)
		return err;

	return sa_is_any(&laddr) ? listen_all(ss, tp, &laddr)
				 : listen_one(ss, tp, &laddr);
}
