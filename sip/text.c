/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sip/text.c -- peers' text made safe to show, ours made safe to send
 */
#include <string.h>

#include "sip/private.h"


/* Bytes of the UTF-8 sequence at p, 0 if there is none */
static size_t utf8_len(const uint8_t *p, size_t left)
{
	static const uint32_t minv[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t c;
	size_t n, i;

	if (p[0] < 0x80)
		return 1;
	else if ((p[0] & 0xe0) == 0xc0)
		n = 2, c = p[0] & 0x1f;
	else if ((p[0] & 0xf0) == 0xe0)
		n = 3, c = p[0] & 0x0f;
	else if ((p[0] & 0xf8) == 0xf0)
		n = 4, c = p[0] & 0x07;
	else
		return 0;

	if (left < n)
		return 0;

	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}

	if (c < minv[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ||
	    (c >= 0x80 && c < 0xa0))
		return 0;

	return n;
}


/** A copy without quotes, escapes and controls; bad UTF-8 becomes '?' */
int text_clean(char **strp, const struct pl *pl)
{
	const uint8_t *p = (const uint8_t *)pl->p;
	size_t i = 0, n = 0, l = pl->l;
	char *str;

	if (l && (p[l - 1] == ' ' || p[l - 1] == '\t'))
		--l;
	if (l >= 2 && p[0] == '"' && p[l - 1] == '"') {
		++p;
		l -= 2;
	}

	str = mem_alloc(l + 1, NULL);
	if (!str)
		return ENOMEM;

	while (i < l) {
		size_t u;

		if (p[i] == '\\' && i + 1 < l)
			++i;

		u = utf8_len(&p[i], l - i);
		if (!u) {
			str[n++] = '?';
			++i;
		}
		else if (p[i] < 0x20 || p[i] == 0x7f) {
			str[n++] = ' ';
			++i;
		}
		else {
			memcpy(&str[n], &p[i], u);
			n += u;
			i += u;
		}
	}
	str[n] = '\0';
	*strp = str;

	return 0;
}


static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
		c >= 'a' && c <= 'f' ? c - 'a' + 10 :
		c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}


/** A URI's user part as people would write it; EBADMSG for %00 and "%x".
 *  libre's own logs whatever it does not like. */
int text_user(char **strp, const struct pl *pl)
{
	char *str;
	size_t i, n = 0;

	str = mem_alloc(pl->l + 1, NULL);
	if (!str)
		return ENOMEM;

	for (i = 0; i < pl->l; i++) {
		char c = pl->p[i];

		if (c == '%') {
			bool whole = i + 2 < pl->l;
			int hi = whole ? hex(pl->p[i + 1]) : -1;
			int lo = whole ? hex(pl->p[i + 2]) : -1;

			if (hi < 0 || lo < 0 || hi + lo == 0) {
				mem_deref(str);
				return EBADMSG;
			}
			c = (char)(hi << 4 | lo);
			i += 2;
		}
		str[n++] = c;
	}
	str[n] = '\0';
	*strp = str;

	return 0;
}


/** The inside of a quoted-string */
int text_quoted(struct re_printf *pf, const char *str)
{
	int err = 0;

	for (; *str && !err; str++) {
		if ((uint8_t)*str < 0x20 || *str == 0x7f)
			continue;
		if (*str == '"' || *str == '\\')
			err = pf->vph("\\", 1, pf->arg);
		if (!err)
			err = pf->vph(str, 1, pf->arg);
	}

	return err;
}


/** A SIP URI that can stand in a start line without doing harm */
bool text_uri_ok(const char *uri)
{
	struct uri u;
	struct pl pl;
	size_t i;

	if (!uri || strlen(uri) > 1024)
		return false;

	for (i = 0; uri[i]; i++) {
		if ((uint8_t)uri[i] <= 0x20 || (uint8_t)uri[i] >= 0x7f ||
		    strchr("<>\"\\{}^`|", uri[i]))
			return false;
	}

	pl_set_str(&pl, uri);

	return !uri_decode(&u, &pl) && !pl_strcasecmp(&u.scheme, "sip") &&
		pl_isset(&u.host) && !u.headers.l;
}


/** Methods of other RFCs: 405, not 501 */
bool text_method_known(const struct pl *met)
{
	static const char *const metv[] = {
		"REGISTER", "SUBSCRIBE", "NOTIFY", "MESSAGE", "REFER",
		"PRACK", "PUBLISH",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(metv); i++) {
		if (!pl_strcmp(met, metv[i]))
			return true;
	}

	return false;
}


/** The end of a message: Content-Type, Content-Length, empty line, body */
int body_print(struct re_printf *pf, const struct mbuf *body)
{
	size_t n = body ? mbuf_get_left(body) : 0;

	return re_hprintf(pf, "%sContent-Length: %zu\r\n\r\n%b",
			  n ? "Content-Type: application/sdp\r\n" : "", n,
			  n ? mbuf_buf(body) : NULL, n);
}


bool body_is_sdp(const struct sip_msg *msg)
{
	return mbuf_get_left(msg->mb) &&
		msg_ctype_cmp(&msg->ctyp, "application", "sdp");
}
