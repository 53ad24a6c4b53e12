/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * media/sdp_check.c -- is it SDP, and if not, in which line?
 *
 * libre's decoder says only EBADMSG, has no limits, and refuses a body for
 * attributes nobody needs.  So every line passes here first.  What makes a
 * body unusable is an error with its number; an attribute that is merely
 * odd is left out of the copy that libre gets.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include <re.h>

#include "media/sdp.h"
#include "media/sdp_priv.h"

enum { FORMATS_MAX = 128 };       /* of one m-line; there are no more PTs */

struct check {
	struct sdp_scan *scan;
	struct mbuf *out;
	unsigned line;
	unsigned bare_line;       /* m= that still waits for a c=         */
	bool version;             /* v=0 was there                        */
	bool sess_conn;           /* c= before the first m=               */
	bool rtp;                 /* in an m-line whose formats are PTs   */
	sdp_attr_check_h *attrh;
	void *arg;
	char *errbuf;
	size_t errsz;
};

static int bad(const struct check *c, unsigned line, const char *what)
{
	if (c->errbuf)
		(void)re_snprintf(c->errbuf, c->errsz, "line %u: %s", line,
				  what);

	return EBADMSG;
}

bool sdp_word(struct pl *rest, struct pl *w)
{
	size_t n = 0;

	while (n < rest->l && rest->p[n] != ' ')
		++n;
	if (!n)
		return false;

	w->p = rest->p;
	w->l = n;
	pl_advance(rest, n < rest->l ? n + 1 : n);

	return true;
}

bool sdp_number(const struct pl *pl, uint32_t max, uint32_t *np)
{
	uint64_t n = 0;
	size_t i;

	if (!pl->l || pl->l > 10)
		return false;

	for (i = 0; i < pl->l; i++) {
		if (!isdigit((unsigned char)pl->p[i]))
			return false;
		n = n * 10 + (pl->p[i] - '0');
	}
	if (n > max)
		return false;

	*np = (uint32_t)n;

	return true;
}

static bool port_ok(struct pl pl, uint32_t *np)
{
	const char *slash = pl_strchr(&pl, '/');
	uint32_t ports;

	if (slash) {
		struct pl n = {slash + 1, pl.p + pl.l - slash - 1};

		if (!sdp_number(&n, 1000, &ports))
			return false;
		pl.l = slash - pl.p;
	}

	return sdp_number(&pl, 65535, np);
}

static int check_formats(struct check *c, struct pl rest)
{
	unsigned n = 0;
	struct pl fmt;
	uint32_t pt;

	while (sdp_word(&rest, &fmt)) {
		if (++n > FORMATS_MAX)
			return bad(c, c->line, "too many formats");
		if (c->rtp && !sdp_number(&fmt, 127, &pt))
			return bad(c, c->line, "bad payload type");
	}

	return n && !rest.l ? 0 : bad(c, c->line, "bad m= line");
}

static int check_media(struct check *c, struct pl val)
{
	struct pl kind, port, proto;
	uint32_t n;
	size_t i;

	if (c->bare_line)
		return bad(c, c->bare_line, "media without c= address");

	if (++c->scan->mediac > SDP_MEDIA_MAX)
		return bad(c, c->line, "too many m= lines");

	c->scan->linev[c->scan->mediac - 1] = c->line;

	if (!sdp_word(&val, &kind) || !sdp_word(&val, &port) ||
	    !sdp_word(&val, &proto))
		return bad(c, c->line, "bad m= line");

	for (i = 0; i < kind.l; i++)
		if (kind.p[i] < 'a' || kind.p[i] > 'z')
			return bad(c, c->line, "bad media name");

	if (!port_ok(port, &n))
		return bad(c, c->line, "bad port");

	c->scan->audioc += !pl_strcmp(&kind, "audio");
	c->scan->videoc += !pl_strcmp(&kind, "video");
	c->rtp = !re_regex(proto.p, proto.l, "RTP/");
	c->bare_line = n && !c->sess_conn ? c->line : 0;

	return check_formats(c, val);
}

static int check_conn(struct check *c, struct pl val)
{
	struct pl net, type, addr;
	struct sa sa;
	bool v6;

	if (!sdp_word(&val, &net) || !sdp_word(&val, &type) ||
	    !sdp_word(&val, &addr) || val.l || pl_strcmp(&net, "IN"))
		return bad(c, c->line, "bad c= line");

	v6 = !pl_strcmp(&type, "IP6");
	if (!v6 && pl_strcmp(&type, "IP4"))
		return bad(c, c->line, "bad c= line");

	if (sa_set(&sa, &addr, 9) ||
	    sa_af(&sa) != (v6 ? AF_INET6 : AF_INET))
		return bad(c, c->line, "c= needs an IP address");

	if (!c->scan->mediac)
		c->sess_conn = true;
	c->bare_line = 0;

	return 0;
}

static int check_bandwidth(struct check *c, const struct pl *val)
{
	const char *colon = pl_strchr(val, ':');
	struct pl num;
	uint32_t n;

	if (!colon || colon == val->p)
		return bad(c, c->line, "bad b= line");

	num.p = colon + 1;
	num.l = val->p + val->l - num.p;

	return sdp_number(&num, UINT32_MAX, &n) ? 0 :
		bad(c, c->line, "bad b= line");
}

static int check_rtpmap(struct check *c, struct pl val)
{
	struct pl pt, enc, name, clock, ch;
	uint32_t n;

	if (!sdp_word(&val, &pt) || !sdp_number(&pt, 127, &n) ||
	    !sdp_word(&val, &enc) ||
	    re_regex(enc.p, enc.l, "[^/]+/[0-9]+[/]*[^]*", &name, &clock,
		     NULL, &ch) || name.p != enc.p ||
	    !sdp_number(&clock, UINT32_MAX, &n) || !n ||
	    (ch.l && !sdp_number(&ch, 255, &n)))
		return bad(c, c->line, "bad rtpmap");

	return 0;
}

/** Sets *dropp for an attribute that libre is better spared. */
static int check_attr(struct check *c, const struct pl *val, bool *dropp)
{
	const char *colon = pl_strchr(val, ':');
	struct pl name = *val, arg = PL_INIT, w;
	const char *what = NULL;
	uint32_t n;

	if (colon) {
		name.l = colon - val->p;
		arg.p  = colon + 1;
		arg.l  = val->p + val->l - arg.p;
	}

	if (c->attrh)
		what = c->attrh(&name, &arg, c->scan->mediac, c->arg);
	if (what)
		return bad(c, c->line, what);

	if (!pl_strcmp(&name, "rtpmap") && c->rtp)
		return check_rtpmap(c, arg);

	if (!pl_strcmp(&name, "rtpmap"))
		*dropp = true;
	else if (!pl_strcmp(&name, "fmtp"))
		*dropp = !sdp_word(&arg, &w) || !arg.l;
	else if (!pl_strcmp(&name, "rtcp"))
		*dropp = !sdp_word(&arg, &w) ||
			!sdp_number(&w, 65535, &n) || !n;
	else if (!name.l)
		*dropp = true;

	return 0;
}

static int check_line(struct check *c, struct pl line)
{
	bool drop = false;
	struct pl val;
	int err = 0;
	size_t i;

	if (line.l > SDP_LINE_MAX && *line.p != 'm')
		return bad(c, c->line, "line too long");

	for (i = 0; i < line.l; i++)
		if (iscntrl((unsigned char)line.p[i]) && line.p[i] != '\t')
			return bad(c, c->line, "control character");

	while (line.l && isspace((unsigned char)line.p[line.l - 1]))
		--line.l;
	if (!line.l)
		return 0;

	if (line.l < 2 || line.p[0] < 'a' || line.p[0] > 'z' ||
	    line.p[1] != '=')
		return bad(c, c->line, "not of the form x=…");

	val.p = line.p + 2;
	val.l = line.l - 2;

	if (!c->version && line.p[0] != 'v')
		return bad(c, c->line, "v=0 missing");

	switch (line.p[0]) {

	case 'v':
		if (c->version || pl_strcmp(&val, "0"))
			return bad(c, c->line, "version is not 0");
		c->version = true;
		break;
	case 'm': err = check_media(c, val);               break;
	case 'c': err = check_conn(c, val);                break;
	case 'b': err = check_bandwidth(c, &val);          break;
	case 'a': err = check_attr(c, &val, &drop);        break;
	}

	if (!err && !drop)
		err = mbuf_printf(c->out, "%r\r\n", &line);

	return err;
}

/** CRLF, or LF alone, or CR alone */
int sdp_lines(const struct mbuf *mb, sdp_line_h *lineh, void *arg)
{
	const char *p = (const char *)mbuf_buf(mb);
	const char *end = p + mbuf_get_left(mb);
	unsigned no = 0;
	int err = 0;

	while (p < end && !err) {
		const char *q = p;

		while (q < end && *q != '\r' && *q != '\n')
			++q;
		err = lineh(++no, (struct pl){p, q - p}, arg);
		if (q < end && *q == '\r' && q + 1 < end && q[1] == '\n')
			++q;
		p = q < end ? q + 1 : end;
	}

	return err;
}

static int line_handler(unsigned no, struct pl line, void *arg)
{
	struct check *c = arg;

	c->line = no;

	return check_line(c, line);
}

int sdp_check_attrs(struct sdp_scan *scan, struct mbuf **cleanp,
		    const struct mbuf *mb, sdp_attr_check_h *attrh, void *arg,
		    char *errbuf, size_t errsz)
{
	struct check c = {.scan = scan, .attrh = attrh, .arg = arg,
			  .errbuf = errbuf, .errsz = errsz};
	int err;

	memset(scan, 0, sizeof(*scan));

	if (mbuf_get_left(mb) > SDP_BODY_MAX) {
		if (errbuf)
			(void)re_snprintf(errbuf, errsz, "body too long");
		return EBADMSG;
	}

	c.out = mbuf_alloc(mbuf_get_left(mb) + 2);
	if (!c.out)
		return ENOMEM;

	err = sdp_lines(mb, line_handler, &c);
	if (!err && !c.version)
		err = bad(&c, c.line ? c.line : 1, "v=0 missing");
	if (!err && c.bare_line)
		err = bad(&c, c.bare_line, "media without c= address");

	c.out->pos = 0;
	if (err)
		mem_deref(c.out);
	else
		*cleanp = c.out;

	return err;
}

int sdp_check(struct sdp_scan *scan, struct mbuf **cleanp,
	      const struct mbuf *mb, char *errbuf, size_t errsz)
{
	return sdp_check_attrs(scan, cleanp, mb, NULL, NULL, errbuf, errsz);
}
