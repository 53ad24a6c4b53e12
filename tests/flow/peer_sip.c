/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/flow/peer_sip.c -- requests by hand, answers by habit
 *
 * Each message that comes is kept as DIR/rx.N and noted as "in N START-LINE";
 * an SDP body as DIR/sdp.N, and DIR/sdp is the newest.
 *
 * Threads: one.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "tests/flow/peer.h"

enum { MSG_MAX = 65536 };


int sip_open(void)
{
	if (addr_set(&peer.srv, peer.srv_ip, peer.srv_port))
		return EINVAL;
	peer.sip = sock_bind(peer.ip, peer.port + SIP_PORT_OFF, peer.tcp);
	if (peer.tcp && connect(peer.sip, (struct sockaddr *)&peer.srv.ss,
				peer.srv.len)) {
		perror("peer: connect");
		return errno;
	}

	return 0;
}


void sip_send(const char *p, size_t n)
{
	if (peer.tcp)
		(void)send(peer.sip, p, n, MSG_NOSIGNAL);
	else
		(void)sendto(peer.sip, p, n, 0,
			     (struct sockaddr *)&peer.srv.ss, peer.srv.len);
}


static const char *host(const char *ip, char *buf, size_t size)
{
	(void)snprintf(buf, size, strchr(ip, ':') ? "[%s]" : "%s", ip);

	return buf;
}


/* value of a header in msg, folded lines and compact forms not expected */
static const char *hdr(const char *msg, const char *name, char *buf,
		       size_t size)
{
	const char *p = msg, *end = strstr(msg, "\r\n\r\n");
	size_t n = strlen(name);

	buf[0] = 0;
	while (p && p < end) {
		p = strstr(p, "\r\n");
		if (!p || p >= end)
			break;
		p += 2;
		if (!strncasecmp(p, name, n) && p[n] == ':') {
			const char *e = strstr(p, "\r\n");

			for (p += n + 1; *p == ' '; p++)
				;
			(void)snprintf(buf, size, "%.*s", (int)(e - p), p);
			break;
		}
	}

	return buf;
}


/* CRLF line ends whatever the file had */
static size_t body_read(char *buf, size_t size, const char *file)
{
	size_t n = 0, len = 0, i;
	char *p = file ? file_read(file, &len) : NULL;

	for (i = 0; p && i < len && n + 2 < size; i++) {
		if (p[i] == '\n' && (!i || p[i - 1] != '\r'))
			buf[n++] = '\r';
		buf[n++] = p[i];
	}
	free(p);

	return n;
}


static const char *body_type(const char *body, size_t n)
{
	if (!n)
		return "";

	return body[0] == 'v' ? "Content-Type: application/sdp\r\n" :
		"Content-Type: application/media_control+xml\r\n";
}


static size_t request_build(char *msg, size_t size, const struct call *c,
			    const char *method, unsigned cseq,
			    unsigned branch, const char *more,
			    const char *body, size_t n)
{
	const char *trans = peer.tcp ? "TCP" : "UDP";
	char me[80], srv[80], rtag[150] = "";
	char uri[300];
	int len;

	(void)host(peer.ip, me, sizeof(me));
	(void)host(peer.srv_ip, srv, sizeof(srv));
	if (c->rtag[0])
		(void)snprintf(rtag, sizeof(rtag), ";tag=%s", c->rtag);
	if (c->target[0])
		(void)snprintf(uri, sizeof(uri), "%s", c->target);
	else
		(void)snprintf(uri, sizeof(uri), "sip:%s@%s:%d", c->user,
			       srv, peer.srv_port);
	len = snprintf(msg, size,
		"%s %s SIP/2.0\r\n"
		"Via: SIP/2.0/%s %s:%d;branch=z9hG4bK%s.%u;rport\r\n"
		"Max-Forwards: 70\r\n"
		"From: \"Peer %d\" <sip:peer%d@%s:%d>;tag=%s\r\n"
		"To: <sip:%s@%s>%s\r\n"
		"Call-ID: %s\r\n"
		"CSeq: %u %s\r\n"
		"Contact: <sip:peer@%s:%d%s>\r\n"
		"%s%s"
		"Content-Length: %zu\r\n\r\n%.*s",
		method, uri, trans, me, peer.port + SIP_PORT_OFF, c->tag,
		branch, peer.port, c->idx, me, peer.port + SIP_PORT_OFF,
		c->tag, c->user, srv, rtag, c->callid, cseq, method, me,
		peer.port + SIP_PORT_OFF, peer.tcp ? ";transport=tcp" : "",
		more, body_type(body, n), n, (int)n, body);

	return len > 0 && (size_t)len < size ? (size_t)len : 0;
}


void sip_request(struct call *c, const char *method, const char *file)
{
	static char msg[MSG_MAX], body[MSG_MAX];
	size_t n = body_read(body, sizeof(body), file), len;
	unsigned cseq = ++c->cseq, branch = ++c->branch;

	if (!strcmp(method, "CANCEL")) {
		cseq   = c->invite_cseq;
		branch = c->branch = c->branch - 1;
		--c->cseq;
	}
	else if (!strcmp(method, "INVITE"))
		c->invite_cseq = cseq;
	len = request_build(msg, sizeof(msg), c, method, cseq, branch,
			    peer.header, body, n);
	free(peer.last);
	peer.last = malloc(len);
	if (peer.last)
		memcpy(peer.last, msg, len);
	peer.lastn = len;
	sip_send(msg, len);
}


static void ack(const struct call *c, const char *rx, unsigned status,
		unsigned cseq)
{
	static char msg[MSG_MAX], body[MSG_MAX];
	char via[300], *branch;
	struct call tmp = *c;
	size_t n = 0, len;
	unsigned b = 0;

	if (peer.lost_ack && status < 300)
		return;
	if (status < 300)
		n = body_read(body, sizeof(body),
			      peer.ack_body[0] ? peer.ack_body : NULL);
	else {
		char to[300], *tag;

		/* the transaction of the INVITE, its Request-URI */
		(void)hdr(rx, "Via", via, sizeof(via));
		branch = strstr(via, "branch=z9hG4bK");
		branch = branch ? strchr(branch, '.') : NULL;
		b = branch ? (unsigned)atoi(branch + 1) : 0;
		tag = strstr((char *)(uintptr_t)hdr(rx, "To", to,
						    sizeof(to)), ";tag=");
		if (tag)
			(void)snprintf(tmp.rtag, sizeof(tmp.rtag), "%.100s",
				       tag + 5);
	}
	if (status < 300)
		b = 1000000 + cseq;
	len = request_build(msg, sizeof(msg), &tmp, "ACK", cseq, b, "",
			    body, n);
	sip_send(msg, len);
}


static void learn(struct call *c, const char *rx)
{
	char buf[300], *p, *e;

	p = strstr((char *)(uintptr_t)hdr(rx, "To", buf, sizeof(buf)),
		   ";tag=");
	if (p)
		(void)snprintf(c->rtag, sizeof(c->rtag), "%.120s", p + 5);
	(void)hdr(rx, "Contact", buf, sizeof(buf));
	p = strchr(buf, '<');
	e = p ? strchr(p, '>') : NULL;
	if (e) {
		*e = 0;
		(void)snprintf(c->target, sizeof(c->target), "%.250s",
			       p + 1);
	}
}


static void response(struct call *c, const char *rx)
{
	unsigned status = (unsigned)atoi(rx + 8);
	char cseq[64];
	const char *sdp = strstr(rx, "\r\n\r\n") + 4;
	bool inv;

	(void)hdr(rx, "CSeq", cseq, sizeof(cseq));
	inv = strstr(cseq, "INVITE") != NULL;
	note("res %d %u %s", c->idx, status, cseq);
	if (status >= 200 && status < 300 && inv) {
		learn(c, rx);
		c->up = true;
	}
	if (status >= 200 && status < 300 && *sdp == 'v')
		call_sdp(c, sdp);
	if (inv && status >= 200)
		ack(c, rx, status, (unsigned)atoi(cseq));
}


static void reply(const char *rx, unsigned status, const char *file)
{
	static char msg[MSG_MAX], body[MSG_MAX];
	static const char *const copyv[] = {"Via", "From", "To", "Call-ID",
					    "CSeq"};
	size_t n = status == 200 ? body_read(body, sizeof(body), file) : 0;
	size_t len, i;
	char buf[600], me[80];

	len = (size_t)snprintf(msg, sizeof(msg), "SIP/2.0 %u %s\r\n", status,
			       status == 200 ? "OK" : "No");
	for (i = 0; i < 5; i++)
		len += (size_t)snprintf(msg + len, sizeof(msg) - len,
					"%s: %s\r\n", copyv[i],
					hdr(rx, copyv[i], buf, sizeof(buf)));
	len += (size_t)snprintf(msg + len, sizeof(msg) - len,
		"Contact: <sip:peer@%s:%d>\r\n%s%sContent-Length: %zu\r\n"
		"\r\n%.*s", host(peer.ip, me, sizeof(me)),
		peer.port + SIP_PORT_OFF, peer.reply_header,
		body_type(body, n), n, (int)n, body);
	sip_send(msg, len);
}


static void request(struct call *c, const char *rx)
{
	const char *sdp = strstr(rx, "\r\n\r\n") + 4;
	const char *answer = peer.answer_body[0] ? peer.answer_body : NULL;
	char method[16];

	(void)snprintf(method, sizeof(method), "%.*s",
		       (int)strcspn(rx, " "), rx);
	note("req %d %s", c->idx, method);
	if (!strcmp(method, "ACK"))
		return;
	if (!strcmp(method, "INVITE")) {
		++c->reinvites;
		if (peer.reply == 200 && *sdp == 'v')
			call_sdp(c, sdp);
		if (peer.reply)
			reply(rx, (unsigned)peer.reply, answer);
		return;
	}
	if (!strcmp(method, "UPDATE"))
		++c->updates;
	if (!strcmp(method, "BYE")) {
		++c->byes;
		c->up = false;
	}
	if (!strcmp(method, "INFO")) {
		++c->infos;
		if (strstr(rx, "picture_fast_update"))
			video_key(&c->v);
	}
	reply(rx, 200, !strcmp(method, "UPDATE") && *sdp == 'v' ? answer :
	      NULL);
}


static void keep(const char *rx, size_t n)
{
	const char *body = strstr(rx, "\r\n\r\n") + 4;
	char path[700];
	FILE *f;
	int i;

	for (i = 0; i < 3; i++) {
		if (i && *body != 'v')
			return;
		(void)snprintf(path, sizeof(path), i == 0 ? "%s/rx.%u" :
			       i == 1 ? "%s/sdp.%u" : "%s/sdp", peer.dir,
			       peer.rxc);
		f = fopen(path, "w");
		if (!f)
			return;
		(void)fwrite(i ? body : rx, 1,
			     i ? n - (size_t)(body - rx) : n, f);
		(void)fclose(f);
	}
}


static void message(char *rx, size_t n)
{
	char callid[100];
	int i;

	if (!strstr(rx, "\r\n\r\n"))
		return;
	keep(rx, n);
	note("in %u %.*s", peer.rxc++, (int)strcspn(rx, "\r"), rx);
	(void)hdr(rx, "Call-ID", callid, sizeof(callid));
	for (i = 0; i < CALLS; i++) {
		struct call *c = &peer.callv[i];

		if (!c->used || strcmp(callid, c->callid))
			continue;
		if (!strncmp(rx, "SIP/2.0 ", 8))
			response(c, rx);
		else
			request(c, rx);
	}
}


void sip_receive(void)
{
	static char buf[2 * MSG_MAX];
	static size_t have;
	size_t at = peer.tcp ? have : 0, whole;
	ssize_t n = recv(peer.sip, buf + at, sizeof(buf) - 1 - at, 0);
	char *end, len[32], save;

	if (n <= 0) {
		if (peer.tcp) {
			note("closed");
			exit(0);
		}
		return;
	}
	buf[at + (size_t)n] = 0;
	if (!peer.tcp) {
		message(buf, (size_t)n);
		return;
	}
	have += (size_t)n;
	while ((end = strstr(buf, "\r\n\r\n"))) {
		(void)hdr(buf, "Content-Length", len, sizeof(len));
		whole = (size_t)(end + 4 - buf) + (size_t)atoi(len);
		if (have < whole)
			return;
		save = buf[whole];
		buf[whole] = 0;
		message(buf, whole);
		buf[whole] = save;
		have -= whole;
		memmove(buf, buf + whole, have + 1);
	}
}
