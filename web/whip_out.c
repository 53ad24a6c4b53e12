/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/whip_out.c -- answers to WHIP requests, and small header parsers
 */
#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include <re.h>

#include "web/whip_priv.h"

static const struct {
	int status;
	const char *title;
} titlev[] = {
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{406, "Not Acceptable"},
	{409, "Conflict"},
	{410, "Gone"},
	{412, "Precondition Failed"},
	{415, "Unsupported Media Type"},
	{422, "Unprocessable Content"},
	{423, "Locked"},
	{428, "Precondition Required"},
	{429, "Too Many Requests"},
	{500, "Internal Server Error"},
	{503, "Service Unavailable"},
};

static const char *title(int status)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(titlev); i++)
		if (titlev[i].status == status)
			return titlev[i].title;

	return status < 500 ? "Request Refused" : "Server Error";
}

void whip_out_header(struct whip_out *out, const char *name,
		     const char *fmt, ...)
{
	va_list ap;

	if (!out->headers)
		return;

	va_start(ap, fmt);
	(void)mbuf_printf(out->headers, "%s: %v\r\n", name, fmt, &ap);
	va_end(ap);
}

void whip_out_init(struct whip_out *out, int status)
{
	whip_out_reset(out);
	out->status  = status;
	out->headers = mbuf_alloc(512);
	whip_out_header(out, "Access-Control-Allow-Origin", "*");
	whip_out_header(out, "Access-Control-Expose-Headers",
			"Location, ETag, Link, Accept-Patch");
}

void whip_out_problem(struct whip_out *out, int status, const char *fmt, ...)
{
	json_t *obj;
	va_list ap;
	char *text;

	whip_out_init(out, status);
	va_start(ap, fmt);
	(void)re_vsnprintf(out->detail, sizeof(out->detail), fmt, ap);
	va_end(ap);
	if (status == 401)
		whip_out_header(out, "WWW-Authenticate", "Bearer");
	if (status == 503)
		whip_out_header(out, "Retry-After", "5");

	/* a detail that was cut within a character is left out */
	obj = json_pack("{s:s, s:i, s:s*}", "title", title(status), "status",
			status, "detail", out->detail);
	if (!obj)
		obj = json_pack("{s:s, s:i}", "title", title(status),
				"status", status);
	text = json_dumps(obj, JSON_COMPACT);
	json_decref(obj);

	out->body = mbuf_alloc(512);
	if (text && out->body) {
		(void)mbuf_write_str(out->body, text);
		out->body->pos = 0;
		out->ctype = "application/problem+json";
	}
	free(text);
}

void whip_out_reset(struct whip_out *out)
{
	mem_deref(out->body);
	mem_deref(out->headers);
	memset(out, 0, sizeof(*out));
}

static void trim(struct pl *pl)
{
	while (pl->l && isspace((unsigned char)*pl->p))
		pl_advance(pl, 1);
	while (pl->l && isspace((unsigned char)pl->p[pl->l - 1]))
		--pl->l;
}

/** The next part up to sep, trimmed. */
static bool part(struct pl *rest, char sep, struct pl *p)
{
	const char *end;

	if (!rest->l)
		return false;

	end = pl_strchr(rest, sep);
	p->p = rest->p;
	p->l = end ? (size_t)(end - rest->p) : rest->l;
	pl_advance(rest, end ? p->l + 1 : p->l);
	trim(p);

	return true;
}

bool whip_type_is(const char *ctype, const char *want)
{
	struct pl rest, type;

	if (!ctype)
		return false;
	pl_set_str(&rest, ctype);

	return part(&rest, ';', &type) && !pl_strcasecmp(&type, want);
}

bool whip_accepts(const char *accept, const char *type)
{
	struct pl rest, range, media;

	if (!accept || !*accept)
		return true;

	pl_set_str(&rest, accept);
	while (part(&rest, ',', &range)) {
		if (!part(&range, ';', &media))
			continue;
		if (!pl_strcasecmp(&media, type) ||
		    !pl_strcmp(&media, "*/*") ||
		    !pl_strcasecmp(&media, "application/*"))
			return true;
	}

	return false;
}

bool whip_match(const char *if_match, const char *etag)
{
	struct pl rest, tag;

	pl_set_str(&rest, if_match);
	while (part(&rest, ',', &tag)) {
		/* RFC 9725's example has it in quotes */
		if (!pl_strcmp(&tag, "*") || !pl_strcmp(&tag, "\"*\""))
			return true;
		if (tag.l < 2 || tag.p[0] != '"' || tag.p[tag.l - 1] != '"')
			continue;     /* also W/"…": never the same       */
		tag.p += 1;
		tag.l -= 2;
		if (!pl_strcmp(&tag, etag))
			return true;
	}

	return false;
}

const char *whip_token(const char *auth)
{
	if (!auth || strncasecmp(auth, "Bearer ", 7))
		return "";

	return auth + 7 + strspn(auth + 7, " ");
}

int whip_print_segment(struct re_printf *pf, const char *seg)
{
	int err = 0;

	for (; *seg && !err; seg++) {
		const unsigned char c = (unsigned char)*seg;

		if (c < 0x80 && (isalnum(c) || strchr("-._~", c)))
			err = re_hprintf(pf, "%c", c);
		else
			err = re_hprintf(pf, "%%%02X", c);
	}

	return err;
}
