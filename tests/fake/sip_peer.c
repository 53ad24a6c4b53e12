/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fake/sip_peer.c -- a SIP stack under test and two kinds of partner
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fake/sip_peer.h"


static void stop_handler(void *arg)
{
	(void)arg;
	re_cancel();
}


void sip_pump(unsigned ms)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, ms, stop_handler, NULL);
	(void)re_main(NULL);
	tmr_cancel(&tmr);
}


struct mbuf *sip_body(const char *text)
{
	struct mbuf *mb = mbuf_alloc(64);

	if (mb) {
		(void)mbuf_write_str(mb, text);
		mb->pos = 0;
	}

	return mb;
}


/* Reads it to the end, as a decoder may */
static void note_body(struct ua *ua, struct mbuf *mb)
{
	size_t n = min(mbuf_get_left(mb), sizeof(ua->body) - 1);

	memcpy(ua->body, mbuf_buf(mb), n);
	mb->pos = mb->end;
	ua->body[n] = '\0';
}


static int offer_handler(struct mbuf *offer, struct mbuf **answerp,
			 char *errbuf, size_t errsz, void *arg)
{
	struct ua *ua = arg;

	++ua->offers;
	note_body(ua, offer);
	if (ua->offer_err) {
		(void)re_snprintf(errbuf, errsz, "line 7: \"bad\"");
		return ua->offer_err;
	}
	*answerp = sip_body("v=0\r\ns=answer\r\n");

	return 0;
}


static int make_offer_handler(struct mbuf **offerp, void *arg)
{
	struct ua *ua = arg;

	++ua->made;
	if (ua->make_err)
		return ua->make_err;
	*offerp = sip_body("v=0\r\ns=fresh\r\n");

	return 0;
}


static int answer_handler(struct mbuf *answer, void *arg)
{
	struct ua *ua = arg;

	++ua->answers;
	note_body(ua, answer);

	return ua->answer_err;
}


static void refused_handler(uint16_t scode, void *arg)
{
	struct ua *ua = arg;

	++ua->refused;
	ua->scode = scode;
}


static void progress_handler(uint16_t scode, const char *reason, void *arg)
{
	struct ua *ua = arg;
	(void)reason;

	++ua->progress;
	ua->ringing = scode;
}


static void estab_handler(void *arg)
{
	struct ua *ua = arg;

	++ua->estab;
}


static void key_frame_handler(void *arg)
{
	struct ua *ua = arg;

	++ua->key_frames;
}


static void dtmf_handler(char digit, unsigned ms, void *arg)
{
	struct ua *ua = arg;

	++ua->digits;
	ua->digit    = digit;
	ua->digit_ms = ms;
}


static void close_handler(uint16_t scode, const char *reason, void *arg)
{
	struct ua *ua = arg;

	++ua->closed;
	ua->scode = scode;
	str_ncpy(ua->reason, reason, sizeof(ua->reason));
	if (ua->drop_on_close)
		ua->call = mem_deref(ua->call);
}


const struct call_h ua_handlers = {
	.offerh = offer_handler, .make_offerh = make_offer_handler,
	.answerh = answer_handler, .refusedh = refused_handler,
	.progressh = progress_handler, .estabh = estab_handler,
	.key_frameh = key_frame_handler, .dtmfh = dtmf_handler,
	.closeh = close_handler,
};


static void incoming_handler(struct call *call, void *arg)
{
	struct ua *ua = arg;
	struct mbuf *sdp;

	++ua->incoming;
	if (ua->reject) {
		(void)call_reject(call, ua->reject, "Refused By Test", 0);
		mem_deref(call);
		return;
	}
	if (ua->call) {
		(void)call_reject(call, 486, "Busy Here", 0);
		mem_deref(call);
		return;
	}

	ua->call = call;
	call_set_handlers(call, &ua_handlers, ua);
	if (call_offer(call))
		note_body(ua, call_offer(call));
	if (ua->ring)
		(void)call_progress(call, 180, "Ringing");
	if (!ua->auto_answer)
		return;

	sdp = sip_body(call_offer(call) ? "v=0\r\ns=answer\r\n"
					: "v=0\r\ns=offer\r\n");
	(void)call_answer(call, sdp);
	mem_deref(sdp);
}


static bool known_handler(const struct pl *user, void *arg)
{
	(void)arg;
	return pl_strcmp(user, "nobody") != 0;
}


static int ua_alloc(struct ua *ua, uint32_t se_s, uint32_t min_se_s)
{
	struct sip_cfg cfg = {
		.software = "tutti/test", .session_expires_s = se_s,
		.min_se_s = min_se_s, .incomingh = incoming_handler,
		.knownh = known_handler, .arg = ua,
	};

	memset(ua, 0, sizeof(*ua));

	return sipstack_alloc(&ua->ss, &cfg);
}


static int ua_try(struct ua *ua, uint32_t se_s, uint32_t min_se_s)
{
	struct sa any;
	char addr[64];
	int err;

	err = ua_alloc(ua, se_s, min_se_s);
	if (err)
		return err;

	err = sipstack_listen(ua->ss, "udp 127.0.0.1:0");
	if (err)
		return err;

	(void)sa_set_str(&any, "127.0.0.1", 0);
	err = sip_transp_laddr(ua->ss->sip, &ua->addr, SIP_TRANSP_UDP, &any);
	if (err)
		return err;

	(void)re_snprintf(addr, sizeof(addr), "tcp %J", &ua->addr);
	err = sipstack_listen(ua->ss, addr);
	sip_pump(5);                            /* the probe             */

	return err;
}


/* A port that is free for UDP may be another test's for TCP: then again */
int ua_init(struct ua *ua, uint32_t se_s, uint32_t min_se_s)
{
	unsigned i;
	int err;

	for (i = 0; i < 10; i++) {
		err = ua_try(ua, se_s, min_se_s);
		if (err != EADDRINUSE)
			break;
		ua_close(ua);
	}

	return err;
}


/* Every address has to have the same port: one that is free on one will be
 * free on the others */
int ua_init_every(struct ua *ua)
{
	char addr[64];
	struct ua tmp;
	uint16_t port;
	int err;

	err  = ua_init(&tmp, 0, 90);
	port = err ? 0 : sa_port(&tmp.addr);
	ua_close(&tmp);
	if (err)
		return err;

	err = ua_alloc(ua, 0, 90);
	if (err)
		return err;

	(void)sa_set_str(&ua->addr, "127.0.0.1", port);
	(void)re_snprintf(addr, sizeof(addr), "udp 0.0.0.0:%u", port);
	err = sipstack_listen(ua->ss, addr);
	addr[0] = 't';
	addr[1] = 'c';
	err |= sipstack_listen(ua->ss, addr);
	sip_pump(5);

	return err;
}


void ua_close(struct ua *ua)
{
	ua->call = mem_deref(ua->call);
	ua->ss   = mem_deref(ua->ss);
}


int peer_init(struct peer *p, const struct sa *to, bool tcp)
{
	static unsigned n;
	struct sa any;

	memset(p, 0, sizeof(*p));
	p->to  = *to;
	p->tcp = tcp;
	(void)re_snprintf(p->callid, sizeof(p->callid), "call%u", ++n);
	(void)re_snprintf(p->tag, sizeof(p->tag), "ptag%u", n);

	p->fd = socket(AF_INET, (tcp ? SOCK_STREAM : SOCK_DGRAM) |
		       SOCK_CLOEXEC, 0);
	if (p->fd < 0)
		return errno;

	(void)sa_set_str(&any, "127.0.0.1", 0);
	if (bind(p->fd, &any.u.sa, any.len) < 0 ||
	    connect(p->fd, &to->u.sa, to->len) < 0)
		return errno;

	sa_init(&p->addr, AF_INET);
	if (getsockname(p->fd, &p->addr.u.sa, &p->addr.len) < 0)
		return errno;

	return 0;
}


void peer_close(struct peer *p)
{
	if (p->fd > 0)
		(void)close(p->fd);
	p->fd = -1;
}


int peer_send(struct peer *p, const char *fmt, ...)
{
	struct mbuf *mb = mbuf_alloc(1024);
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = mbuf_vprintf(mb, fmt, ap);
	va_end(ap);
	if (!err && send(p->fd, mb->buf, mb->end, MSG_NOSIGNAL) < 0)
		err = errno;
	mem_deref(mb);
	if (!p->burst)
		sip_pump(2);

	return err;
}


int peer_request(struct peer *p, const char *met, unsigned cseq,
		 unsigned branch, const char *hdrs, const char *body)
{
	return peer_send(p,
			 "%s sip:3000@%J SIP/2.0\r\n"
			 "Via: SIP/2.0/%s %J;branch=z9hG4bK%s%u;rport\r\n"
			 "Max-Forwards: 70\r\n"
			 "From: \"Ann \\\"A\\\" Example\" "
			 "<sip:ann@example.org>;tag=%s\r\n"
			 "To: <sip:3000@example.com>%s%s\r\n"
			 "Call-ID: %s\r\n"
			 "CSeq: %u %s\r\n"
			 "Contact: <sip:ann@%J%s>\r\n"
			 "%s%s"
			 "Content-Length: %zu\r\n"
			 "\r\n"
			 "%s",
			 met, &p->to, p->tcp ? "TCP" : "UDP", &p->addr,
			 p->tag, branch ? branch : ++p->branch, p->tag,
			 p->rtag[0] ? ";tag=" : "", p->rtag, p->callid, cseq,
			 met, &p->addr, p->tcp ? ";transport=tcp" : "",
			 hdrs ? hdrs : "",
			 body ? "Content-Type: application/sdp\r\n" : "",
			 body ? strlen(body) : (size_t)0, body ? body : "");
}


const char *peer_hdr(const struct peer *p, const char *name)
{
	static char val[16][1024];
	static unsigned turn;
	char *v = val[turn++ % 16], find[64];
	const char *s, *e;

	v[0] = '\0';
	(void)re_snprintf(find, sizeof(find), "\r\n%s: ", name);
	s = strstr(p->rx, find);
	if (!s)
		return v;

	s += strlen(find);
	e = strstr(s, "\r\n");
	if (e && (size_t)(e - s) < sizeof(val[0])) {
		memcpy(v, s, e - s);
		v[e - s] = '\0';
	}

	return v;
}


int peer_reply(struct peer *p, unsigned scode, const char *reason,
	       const char *hdrs, const char *body)
{
	bool tag = strstr(peer_hdr(p, "To"), "tag=") != NULL;

	return peer_send(p,
			 "SIP/2.0 %u %s\r\n"
			 "Via: %s\r\n"
			 "From: %s\r\n"
			 "To: %s%s%s\r\n"
			 "Call-ID: %s\r\n"
			 "CSeq: %s\r\n"
			 "Contact: <sip:ann@%J%s>\r\n"
			 "%s%s"
			 "Content-Length: %zu\r\n\r\n%s",
			 scode, reason, peer_hdr(p, "Via"),
			 peer_hdr(p, "From"), peer_hdr(p, "To"),
			 tag || scode == 100 ? "" : ";tag=",
			 tag || scode == 100 ? "" : p->tag,
			 peer_hdr(p, "Call-ID"), peer_hdr(p, "CSeq"),
			 &p->addr, p->tcp ? ";transport=tcp" : "",
			 hdrs ? hdrs : "",
			 body ? "Content-Type: application/sdp\r\n" : "",
			 body ? strlen(body) : (size_t)0, body ? body : "");
}


/* One message out of a stream: its length, 0 if it is not whole */
static size_t tcp_msg_len(const char *p, size_t n)
{
	const char *end, *cl;

	end = strstr(p, "\r\n\r\n");
	if (!end)
		return 0;

	cl = strstr(p, "\r\nContent-Length: ");
	end += 4 + (cl && cl < end ? strtoul(cl + 18, NULL, 10) : 0);

	return (size_t)(end - p) <= n ? (size_t)(end - p) : 0;
}


static bool peer_recv(struct peer *p)
{
	ssize_t n;
	size_t l;

	if (!p->tcp) {
		n = recv(p->fd, p->rx, sizeof(p->rx) - 1, MSG_DONTWAIT);
		if (n <= 0)
			return false;
		p->rxn = n;
		p->rx[n] = '\0';
		return true;
	}

	n = recv(p->fd, p->rest + p->restn, sizeof(p->rest) - 1 - p->restn,
		 MSG_DONTWAIT);
	if (n > 0)
		p->restn += n;
	p->rest[p->restn] = '\0';

	l = tcp_msg_len(p->rest, p->restn);
	if (!l)
		return false;

	memcpy(p->rx, p->rest, l);
	p->rx[l] = '\0';
	p->rxn = l;
	p->restn -= l;
	memmove(p->rest, p->rest + l, p->restn);

	return true;
}


bool peer_expect(struct peer *p, const char *begin, unsigned ms)
{
	uint64_t end = tmr_jiffies() + ms;

	do {
		while (peer_recv(p)) {
			if (!strncmp(p->rx, begin, strlen(begin)))
				return true;
			if (getenv("SIP_PEER_TRACE"))
				printf("# skipped: %.*s\n",
				       (int)strcspn(p->rx, "\r"), p->rx);
		}
		sip_pump(2);
	} while (tmr_jiffies() < end);

	return false;
}


bool peer_silent(struct peer *p, const char *begin, unsigned ms)
{
	return !peer_expect(p, begin, ms);
}


bool peer_has(const struct peer *p, const char *text)
{
	return strstr(p->rx, text) != NULL;
}


void peer_learn_tag(struct peer *p)
{
	const char *tag = strstr(peer_hdr(p, "To"), ";tag=");

	if (tag)
		str_ncpy(p->rtag, tag + 5, sizeof(p->rtag));
}
