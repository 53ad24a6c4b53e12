/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sip/malformed.c -- an answer to requests that libre cannot decode
 *
 * libre drops such datagrams without a word and the peer sends them again
 * for half a minute.  Here lines are looked at one by one, as little as the
 * answer needs: Via, From, To, Call-ID and CSeq come back as they were.
 *
 *	505  SIP/7.0
 *	416  a Request-URI whose scheme is not ours
 *	400  all else
 *
 * Pure functions; any thread.
 */
#include <ctype.h>
#include <string.h>

#include "sip/private.h"


struct start {
	struct pl met, uri, ver;
};


/* The line at *posp with its folded continuations, without the last CRLF */
static bool next_line(const struct pl *msg, size_t *posp, struct pl *line)
{
	size_t i = *posp;

	if (i >= msg->l)
		return false;

	line->p = msg->p + i;
	for (; i < msg->l; i++) {
		if (msg->p[i] != '\n')
			continue;
		if (i + 1 < msg->l && i > *posp + 1 &&
		    (msg->p[i + 1] == ' ' || msg->p[i + 1] == '\t'))
			continue;
		break;
	}
	*posp = i + 1;
	line->l = msg->p + i - line->p;
	while (line->l && line->p[line->l - 1] == '\r')
		--line->l;

	return true;
}


static bool start_decode(struct start *s, const struct pl *line)
{
	size_t i = 0, e = line->l;

	while (i < e && line->p[i] != ' ')
		++i;
	s->met.p = line->p;
	s->met.l = i;

	while (e && line->p[e - 1] == ' ')
		--e;
	s->ver.l = 0;
	while (e > i && line->p[e - 1] != ' ')
		--e, ++s->ver.l;
	s->ver.p = line->p + e;

	while (i < e && line->p[i] == ' ')
		++i;
	while (e > i && line->p[e - 1] == ' ')
		--e;
	s->uri.p = line->p + i;
	s->uri.l = e - i;

	return s->met.l && s->uri.l && s->ver.l >= 5 &&
		!strncasecmp(s->ver.p, "SIP/", 4);
}


static uint16_t status(const struct start *s, const char **reason)
{
	struct pl scheme;

	if (pl_strcmp(&s->ver, "SIP/2.0")) {
		*reason = "Version Not Supported";
		return 505;
	}
	if (!re_regex(s->uri.p, s->uri.l, "[a-z0-9+.\\-]+:", &scheme) &&
	    scheme.p == s->uri.p && pl_strcasecmp(&scheme, "sip") &&
	    pl_strcasecmp(&scheme, "tel")) {
		*reason = "Unsupported URI Scheme";
		return 416;
	}

	*reason = "Bad Request";
	return 400;
}


enum {H_VIA = 1, H_FROM = 2, H_TO = 4, H_CALL_ID = 8, H_CSEQ = 16};


static unsigned header_which(const struct pl *line)
{
	static const struct {
		const char *name, *brief;
		unsigned id;
	} hdrv[] = {
		{"via", "v", H_VIA}, {"from", "f", H_FROM}, {"to", "t", H_TO},
		{"call-id", "i", H_CALL_ID}, {"cseq", "cseq", H_CSEQ},
	};
	struct pl name = {line->p, 0};
	size_t i;

	while (name.l < line->l && line->p[name.l] != ':')
		++name.l;
	if (name.l == line->l)
		return 0;
	while (name.l && (name.p[name.l - 1] == ' ' ||
			  name.p[name.l - 1] == '\t'))
		--name.l;

	for (i = 0; i < ARRAY_SIZE(hdrv); i++) {
		if (!pl_strcasecmp(&name, hdrv[i].name) ||
		    !pl_strcasecmp(&name, hdrv[i].brief))
			return hdrv[i].id;
	}

	return 0;
}


/** ENOENT: not a request, or nobody to answer to */
int malformed_reply(struct mbuf **mbp, const struct sa *src,
		    const char *buf, size_t len, const char *software)
{
	const struct pl msg = {buf, len};
	const char *reason;
	struct mbuf *mb;
	struct start s;
	struct pl line, tag;
	unsigned seen = 0;
	uint16_t scode;
	size_t pos = 0;
	int err;

	if (!next_line(&msg, &pos, &line) || !start_decode(&s, &line) ||
	    !pl_strcmp(&s.met, "ACK"))
		return ENOENT;

	mb = mbuf_alloc(512);
	if (!mb)
		return ENOMEM;

	scode = status(&s, &reason);
	err = mbuf_printf(mb, "SIP/2.0 %u %s\r\n", scode, reason);

	while (!err && next_line(&msg, &pos, &line) && line.l) {
		unsigned h = header_which(&line);

		if (!h || ((seen & h) && h != H_VIA))
			continue;

		err = mbuf_write_pl(mb, &line);
		if (h == H_VIA && !(seen & H_VIA))
			err |= mbuf_printf(mb, ";received=%j", src);
		if (h == H_TO && re_regex(line.p, line.l, ";[ ]*tag", &tag))
			err |= mbuf_printf(mb, ";tag=%08x", rand_u32());
		err |= mbuf_write_str(mb, "\r\n");
		seen |= h;
	}
	err |= mbuf_printf(mb, "Server: %s\r\nContent-Length: 0\r\n\r\n",
			   software);
	mb->pos = 0;

	if (!err && (seen & (H_VIA | H_CSEQ)) != (H_VIA | H_CSEQ))
		err = ENOENT;

	if (err)
		mem_deref(mb);
	else
		*mbp = mb;

	return err;
}
