/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sip/sip.c -- the stack: sockets, what comes in and who gets it, OPTIONS
 *
 * libre's transaction layer sees every message first: retransmitted
 * requests, ACK to refusals, CANCEL and merged requests (482) never come
 * here.  Its UDP sockets are private, so a message of ours to ourselves
 * brings each one here once (sock_probe); from then on we see datagrams
 * before libre does and can answer those it would drop.
 *
 * Threads: loop.
 */
#include <ctype.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sip/private.h"


enum {
	HASH_SIZE     = 256,
	CLOSE_TICK_MS = 20,
	UDP_RXSZ      = 65536,
};


/* A UDP socket of libre's that we look into */
struct sock {
	struct le le;
	struct sipstack *ss;
	struct udp_sock *us;          /* libre's; it outlives this       */
	struct udp_helper *uh;
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
	list_flush(&ss->sockl);
	mem_deref(ss->reql);
	mem_deref(ss->respl);
	mem_deref(ss->sip);
	mem_deref(ss->dnsc);
	mem_deref(ss->calls);
	mem_deref(ss->acks);
	mem_deref(ss->software);
}


static void sock_destructor(void *arg)
{
	struct sock *sock = arg;

	list_unlink(&sock->le);
	mem_deref(sock->uh);
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


/* The first message on this socket? */
static void sock_attend(struct sipstack *ss, const struct sip_msg *msg)
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
	if (udp_register_helper(&sock->uh, sock->us, 0, NULL, peek_handler,
				sock)) {
		mem_deref(sock);
		return;
	}
	udp_rxsz_set(sock->us, UDP_RXSZ);
	list_append(&ss->sockl, &sock->le, sock);
}


/* A response that nobody waits for, to our own socket.  If it does not get
 * there the first real message does the same. */
static void sock_probe(const struct sa *laddr)
{
	static const char probe[] =
		"SIP/2.0 100 Trying\r\n"
		"Via: SIP/2.0/UDP probe.invalid;branch=z9hG4bKprobe\r\n"
		"Call-ID: probe\r\n"
		"CSeq: 1 OPTIONS\r\n\r\n";
	struct sa dst = *laddr;
	int fd;

	if (sa_is_any(&dst))
		(void)sa_set_str(&dst, sa_af(&dst) == AF_INET6 ? "::1"
				 : "127.0.0.1", sa_port(laddr));

	fd = socket(sa_af(&dst), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;

	(void)sendto(fd, probe, sizeof(probe) - 1, 0, &dst.u.sa, dst.len);
	(void)close(fd);
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

	sock_attend(ss, msg);
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

	sock_attend(ss, msg);

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


int sipstack_listen(struct sipstack *ss, const char *transport_addr)
{
	struct pl tp, addr;
	struct sa laddr;
	int err;

	if (!ss || !transport_addr)
		return EINVAL;

	if (re_regex(transport_addr, strlen(transport_addr),
		     "[a-z]+[ \t]+[^ \t]+", &tp, NULL, &addr) ||
	    tp.p != transport_addr)
		return EINVAL;

	if (sa_decode(&laddr, addr.p, addr.l) &&
	    sa_set(&laddr, &addr, SIP_PORT))
		return EINVAL;

	if (!pl_strcmp(&tp, "tcp"))
		return sip_transp_add(ss->sip, SIP_TRANSP_TCP, &laddr);
	if (pl_strcmp(&tp, "udp"))
		return ENOTSUP;

	err = sip_transp_add(ss->sip, SIP_TRANSP_UDP, &laddr);
	if (err)
		return err;

	if (!sa_port(&laddr))
		(void)sip_transp_laddr(ss->sip, &laddr, SIP_TRANSP_UDP,
				       &laddr);
	sock_probe(&laddr);

	return 0;
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
