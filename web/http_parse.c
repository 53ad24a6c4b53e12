/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http_parse.c -- the head of an HTTP/1.1 request; see http_parse.h
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "web/http_parse.h"

struct parser {
	struct http_head *head;
	int status;
	const char *why;
};


static int refuse(struct parser *ps, int status, const char *why)
{
	ps->status = status;
	ps->why = why;

	return EBADMSG;
}


static bool is_token(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		(c >= 'A' && c <= 'Z') || (c && strchr("!#$%&'*+-.^_`|~", c));
}


static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;

	return -1;
}


/* Bytes that must follow a lead byte; the first follower's range */
static int utf8_lead(unsigned char c, unsigned char *lo, unsigned char *hi)
{
	*lo = 0x80;
	*hi = 0xbf;

	if (c < 0x80)
		return 0;
	if (c >= 0xc2 && c <= 0xdf)
		return 1;
	if (c >= 0xe0 && c <= 0xef) {
		if (c == 0xe0)
			*lo = 0xa0;
		if (c == 0xed)
			*hi = 0x9f;   /* no surrogates */
		return 2;
	}
	if (c >= 0xf0 && c <= 0xf4) {
		if (c == 0xf0)
			*lo = 0x90;
		if (c == 0xf4)
			*hi = 0x8f;
		return 3;
	}

	return -1;
}


bool utf8_ok(const char *p, size_t len)
{
	size_t i = 0;

	while (i < len) {
		unsigned char lo, hi;
		int n = utf8_lead((unsigned char)p[i++], &lo, &hi);

		if (n < 0)
			return false;
		while (n-- > 0) {
			unsigned char c;

			if (i == len)
				return false;
			c = (unsigned char)p[i++];
			if (c < lo || c > hi)
				return false;
			lo = 0x80;
			hi = 0xbf;
		}
	}

	return true;
}


/* Percent-decodes in place; -1: broken, or a byte nobody should send */
static int decode(char *s, bool query)
{
	char *r = s, *w = s;

	while (*r) {
		char c = *r++;

		if (c == '+' && query)
			c = ' ';
		else if (c == '%') {
			int a = hex(r[0]), b = a < 0 ? -1 : hex(r[1]);

			if (b < 0)
				return -1;
			c = (char)(a << 4 | b);
			r += 2;
			if (!query && c == '/')
				return -1;
		}
		if (!c || (!query && ((unsigned char)c < 0x20 || c == 0x7f)))
			return -1;
		*w++ = c;
	}
	*w = '\0';

	return utf8_ok(s, (size_t)(w - s)) ? 0 : -1;
}


static int parse_query(struct parser *ps, char *s)
{
	json_t *query = ps->head->query = json_object();
	char *save = NULL, *part;
	unsigned n = 0;

	if (!query)
		return refuse(ps, 500, "Out of memory");

	for (part = s ? strtok_r(s, "&", &save) : NULL; part;
	     part = strtok_r(NULL, "&", &save)) {
		char *val = strchr(part, '=');

		if (++n > HEAD_PARAMS)
			return refuse(ps, 400, "too many query parameters");
		if (val)
			*val++ = '\0';
		if (decode(part, true) || (val && decode(val, true)))
			return refuse(ps, 400, "malformed query");
		(void)json_object_set_new(query, part,
					  json_string(val ? val : ""));
	}

	return 0;
}


/* No "." and ".." either: a client has resolved them */
static bool has_dots(const char *path)
{
	const char *p;

	for (p = path; p; p = strchr(p + 1, '/')) {
		size_t n = strcspn(p + 1, "/");

		if ((n == 1 && p[1] == '.') ||
		    (n == 2 && p[1] == '.' && p[2] == '.'))
			return true;
	}

	return false;
}


static int parse_target(struct parser *ps, char *target)
{
	char *query;

	if (!strncasecmp(target, "http://", 7) ||
	    !strncasecmp(target, "https://", 8)) {
		target = strchr(strchr(target, ':') + 3, '/');
		if (!target)
			return refuse(ps, 400, "no path");
	}
	if (!strcmp(target, "*")) {
		ps->head->path = "*";
		return parse_query(ps, NULL);
	}
	if (*target != '/')
		return refuse(ps, 400, "the path must begin with a slash");
	if (strchr(target, '#'))
		return refuse(ps, 400, "fragment in the path");

	query = strchr(target, '?');
	if (query)
		*query++ = '\0';
	if (decode(target, false) || has_dots(target))
		return refuse(ps, 400, "malformed path");
	ps->head->path = target;

	return parse_query(ps, query);
}


static int parse_request_line(struct parser *ps, char *line)
{
	char *target = strchr(line, ' '), *version, *p;

	version = target ? strchr(target + 1, ' ') : NULL;
	if (!version || target == line)
		return refuse(ps, 400, "malformed request line");

	*target++ = '\0';
	*version++ = '\0';
	for (p = line; *p; p++) {
		if (!is_token((unsigned char)*p))
			return refuse(ps, 400, "malformed method");
	}
	if (p - line > HEAD_METHOD)
		return refuse(ps, 400, "malformed method");
	for (p = target; *p; p++) {
		if ((unsigned char)*p <= 0x20 || *p == 0x7f)
			return refuse(ps, 400, "malformed path");
	}
	if (strlen(target) > HEAD_URI_MAX)
		return refuse(ps, 414, "the path is too long");

	ps->head->method = line;
	if (!strcmp(version, "HTTP/1.0"))
		ps->head->old = true;
	else if (!strncmp(version, "HTTP/", 5) && strcmp(version, "HTTP/1.1"))
		return refuse(ps, 505, "HTTP/1.1 is spoken here");
	else if (strcmp(version, "HTTP/1.1"))
		return refuse(ps, 400, "malformed request line");

	return parse_target(ps, target);
}


static int parse_field(struct parser *ps, char *line)
{
	struct http_head *head = ps->head;
	char *colon = strchr(line, ':'), *p, *end;

	if (!colon || colon == line)
		return refuse(ps, 400, "malformed header field");
	if (head->fieldc == HEAD_FIELDS)
		return refuse(ps, 431, "too many header fields");

	*colon = '\0';
	for (p = line; *p; p++) {
		if (!is_token((unsigned char)*p))
			return refuse(ps, 400, "malformed header name");
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + 'a' - 'A');
	}
	for (p = colon + 1; *p == ' ' || *p == '\t'; p++)
		;
	for (end = p + strlen(p); end > p &&
	     (end[-1] == ' ' || end[-1] == '\t'); end--)
		;
	*end = '\0';
	head->fieldv[head->fieldc].name = line;
	head->fieldv[head->fieldc++].value = p;

	for (; *p; p++) {
		if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
			return refuse(ps, 400, "malformed header value");
	}

	return 0;
}


/* The next line, its CRLF cut off; NULL: a CR or LF stands alone */
static char *next_line(char **sp)
{
	char *s = *sp, *end = s + strcspn(s, "\r\n");

	if (end[0] != '\r' || end[1] != '\n')
		return NULL;
	*end = '\0';
	*sp = end + 2;

	return s;
}


static unsigned count(const struct http_head *head, const char *name)
{
	unsigned i, n = 0;

	for (i = 0; i < head->fieldc; i++)
		n += !strcmp(head->fieldv[i].name, name);

	return n;
}


static int parse_length(struct parser *ps, const char *val)
{
	const char *p;

	ps->head->length = -1;
	if (!val)
		return 0;
	if (count(ps->head, "content-length") > 1 || !*val)
		return refuse(ps, 400, "malformed Content-Length");
	for (p = val; *p; p++) {
		if (*p < '0' || *p > '9')
			return refuse(ps, 400, "malformed Content-Length");
	}
	/* more than that is too much for anybody, and would overflow */
	ps->head->length = p - val > 15 ? INT64_MAX : strtoll(val, NULL, 10);

	return 0;
}


/* A list may come in several fields (RFC 9110 5.3) */
static bool any_token(const struct http_head *head, const char *name,
		      const char *token)
{
	unsigned i;

	for (i = 0; i < head->fieldc; i++) {
		if (!strcmp(head->fieldv[i].name, name) &&
		    head_has_token(head->fieldv[i].value, token))
			return true;
	}

	return false;
}


/* A name or address, perhaps with a port; a comma would be two of them */
static bool host_ok(const char *host)
{
	for (; *host; host++) {
		if (!is_token((unsigned char)*host) && !strchr(":[]();=",
							       *host))
			return false;
	}

	return true;
}


/* What the fields mean for the connection */
static int parse_framing(struct parser *ps)
{
	static const char conn[] = "connection";
	struct http_head *head = ps->head;
	const char *expect = head_field(head, "expect");
	unsigned hosts = count(head, "host");

	if (hosts > 1 || (!hosts && !head->old))
		return refuse(ps, 400, "one Host field is needed");
	if (hosts && !host_ok(head_field(head, "host")))
		return refuse(ps, 400, "malformed Host");

	head->keep = !any_token(head, conn, "close") &&
		     (!head->old || any_token(head, conn, "keep-alive"));
	head->coded = head_field(head, "transfer-encoding") != NULL;
	if (expect && !head->old) {
		if (strcasecmp(expect, "100-continue"))
			return refuse(ps, 417, "only 100-continue");
		head->expect = true;
	}
	head->upgrade = !head->old && any_token(head, "upgrade", "websocket") &&
			any_token(head, conn, "upgrade");

	return parse_length(ps, head_field(head, "content-length"));
}


static int parse_whole(struct parser *ps, char *s)
{
	char *line = next_line(&s);
	int err;

	if (!line)
		return refuse(ps, 400, "malformed request line");
	err = parse_request_line(ps, line);
	while (!err) {
		line = next_line(&s);
		if (!line)
			return refuse(ps, 400, "malformed line end");
		if (!*line)
			return parse_framing(ps);
		err = parse_field(ps, line);
	}

	return err;
}


/* Not whole yet: is it already too long, or nonsense? */
static int parse_part(struct parser *ps, const char *p, size_t len)
{
	const char *lf = memchr(p, '\n', len);

	if (memchr(p, '\0', len))
		return refuse(ps, 400, "malformed request");
	if (lf && (lf == p || lf[-1] != '\r'))
		return refuse(ps, 400, "malformed line end");
	if (!lf) {
		if (!is_token((unsigned char)*p))
			return refuse(ps, 400, "malformed request line");
		if (len > HEAD_URI_MAX + HEAD_METHOD + 16)
			return refuse(ps, 414, "the path is too long");
	}
	if (len > HEAD_MAX)
		return refuse(ps, 431, "the header is too long");

	return EAGAIN;
}


static int parse(struct parser *ps, size_t *usedp, const char *p, size_t len)
{
	size_t skip = 0, n;
	const char *end;

	/* RFC 9112 2.2: an empty line before a request is to be ignored */
	if (len >= 2 && p[0] == '\r' && p[1] == '\n')
		skip = 2;
	else if (len == 1 && p[0] == '\r')
		return EAGAIN;
	if (len == skip)
		return EAGAIN;

	end = memmem(p + skip, len - skip, "\r\n\r\n", 4);
	if (!end)
		return parse_part(ps, p + skip, len - skip);
	n = (size_t)(end - p) + 4 - skip;
	if (n > HEAD_MAX || memchr(p + skip, '\0', n))
		return parse_part(ps, p + skip, n);

	ps->head = calloc(1, sizeof(*ps->head));
	if (!ps->head)
		return refuse(ps, 500, "Out of memory");
	ps->head->buf = malloc(n + 1);
	if (!ps->head->buf)
		return refuse(ps, 500, "Out of memory");
	memcpy(ps->head->buf, p + skip, n);
	ps->head->buf[n] = '\0';
	*usedp = skip + n;

	return parse_whole(ps, ps->head->buf);
}


int head_parse(struct http_head **headp, size_t *usedp, const char *p,
	       size_t len, int *statusp, const char **whyp)
{
	struct parser ps = {.status = 400};
	int err;

	if (!headp || !usedp || (len && !p) || !statusp || !whyp)
		return EINVAL;
	if (!len)
		return EAGAIN;

	err = parse(&ps, usedp, p, len);
	if (err) {
		head_free(ps.head);
		*statusp = ps.status;
		*whyp = ps.why;
	}
	else {
		*headp = ps.head;
	}

	return err;
}


void head_free(struct http_head *head)
{
	if (!head)
		return;

	json_decref(head->query);
	free(head->buf);
	free(head);
}


const char *head_field(const struct http_head *head, const char *name)
{
	unsigned i;

	for (i = 0; head && name && i < head->fieldc; i++) {
		if (!strcmp(head->fieldv[i].name, name))
			return head->fieldv[i].value;
	}

	return NULL;
}


bool head_has_token(const char *list, const char *token)
{
	const size_t n = token ? strlen(token) : 0;

	while (list && n && *list) {
		size_t len;

		list += strspn(list, " \t,");
		len = strcspn(list, " \t,;");
		if (len == n && !strncasecmp(list, token, n))
			return true;
		list += strcspn(list, ",");
	}

	return false;
}


bool head_accepts(const char *list, const char *coding)
{
	const size_t n = strlen(coding);

	while (list && *list) {
		const char *q;

		list += strspn(list, " \t,");
		if (!strncasecmp(list, coding, n)) {
			q = list + n + strspn(list + n, " \t");
			if (!*q || *q == ',')
				return true;
			if (*q == ';') {
				q += 1 + strspn(q + 1, " \t");
				if (strncasecmp(q, "q=", 2))
					return true;
				/* 0, 0. and 0.000 */
				q += 2 + strspn(q + 2, "0.");
				return *q >= '1' && *q <= '9';
			}
		}
		list += strcspn(list, ",");
	}

	return false;
}


/* The host and port of an authority; the port of the scheme if none */
static size_t split(const char *auth, const char **portp, const char *dflt)
{
	const char *end = auth + strcspn(auth, "/");
	const char *p = memrchr(auth, ':', (size_t)(end - auth));
	const char *br = memrchr(auth, ']', (size_t)(end - auth));

	if (p && (!br || p > br) && p[1]) {
		*portp = p + 1;
		return (size_t)(p - auth);
	}
	*portp = dflt;

	return (size_t)(end - auth);
}


bool head_same_site(const char *origin, const char *host)
{
	const char *dflt, *oport, *hport;
	size_t on, hn;

	if (!origin || !host)
		return false;
	if (!strncasecmp(origin, "https://", 8)) {
		dflt = "443";
		origin += 8;
	}
	else if (!strncasecmp(origin, "http://", 7)) {
		dflt = "80";
		origin += 7;
	}
	else {
		return false;
	}
	on = split(origin, &oport, dflt);
	hn = split(host, &hport, dflt);

	return on && on == hn && !strncasecmp(origin, host, on) &&
		strtoul(oport, NULL, 10) == strtoul(hport, NULL, 10);
}
