/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http_frame.c -- WebSocket frames of a client; see http_frame.h
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "web/http_frame.h"
#include "web/http_parse.h"

enum {
	PROTOCOL_ERROR = 1002,
	UNACCEPTABLE   = 1003,
	NOT_UTF8       = 1007,
	TOO_BIG        = 1009,
	NO_MEMORY      = 1011,
};


static enum frame_op op_of(const struct frames *fr)
{
	return fr->head[0] & 0x0f;
}


static bool is_ctrl(enum frame_op op)
{
	return op >= FRAME_CLOSE;
}


/* How long the head is, as far as can be seen */
static size_t head_size(const struct frames *fr)
{
	size_t n = 2 + 4;

	if (fr->headn < 2)
		return 2;
	if ((fr->head[1] & 0x7f) == 126)
		n += 2;
	else if ((fr->head[1] & 0x7f) == 127)
		n += 8;

	return n;
}


/* The first two bytes say most of what can be wrong */
static int check_start(const struct frames *fr)
{
	const enum frame_op op = op_of(fr);
	const bool fin = fr->head[0] & 0x80;

	if ((fr->head[0] & 0x70) || !(fr->head[1] & 0x80))
		return PROTOCOL_ERROR;     /* reserved bits; no mask */

	switch (op) {

	case FRAME_MORE:
		return fr->open ? 0 : PROTOCOL_ERROR;

	case FRAME_TEXT:
		return fr->open ? PROTOCOL_ERROR : 0;

	case FRAME_BINARY:
		return fr->open ? PROTOCOL_ERROR : UNACCEPTABLE;

	case FRAME_CLOSE:
	case FRAME_PING:
	case FRAME_PONG:
		return fin && (fr->head[1] & 0x7f) <= FRAME_CTRL_MAX ?
			0 : PROTOCOL_ERROR;

	default:
		return PROTOCOL_ERROR;
	}
}


static int parse_head(struct frames *fr)
{
	const uint8_t *h = fr->head + 2;
	const unsigned n = fr->head[1] & 0x7f;
	uint64_t len = n;
	unsigned i, k = n == 126 ? 2 : n == 127 ? 8 : 0;

	if (k) {
		len = 0;
		for (i = 0; i < k; i++)
			len = len << 8 | *h++;
		if (len >> 63)
			return PROTOCOL_ERROR;
		if (len < 126 || (k == 8 && len < 65536))
			return PROTOCOL_ERROR;     /* not the shortest */
	}
	memcpy(fr->mask, h, sizeof(fr->mask));
	fr->maskpos = 0;
	fr->left = len;
	fr->inside = true;
	++fr->sum;

	if (is_ctrl(op_of(fr))) {
		fr->ctrln = 0;
		return 0;
	}
	if (len > fr->max || fr->msgn > fr->max - len)
		return TOO_BIG;
	fr->parts = fr->open ? fr->parts + 1 : 1;

	return fr->parts > FRAME_PARTS_MAX ? TOO_BIG : 0;
}


static int reserve(struct frames *fr, size_t n)
{
	size_t size = fr->msgsz ? fr->msgsz : 512;
	char *p;

	while (size < fr->msgn + n)
		size *= 2;
	if (size == fr->msgsz)
		return 0;
	p = realloc(fr->msg, size);
	if (!p)
		return NO_MEMORY;
	fr->msg = p;
	fr->msgsz = size;

	return 0;
}


static int take_payload(struct frames *fr, const uint8_t *p, size_t n)
{
	uint8_t *to;
	size_t i;

	if (is_ctrl(op_of(fr))) {
		to = fr->ctrl + fr->ctrln;
		fr->ctrln += n;
	}
	else {
		int code = reserve(fr, n);

		if (code)
			return code;
		to = (uint8_t *)fr->msg + fr->msgn;
		fr->msgn += n;
	}
	for (i = 0; i < n; i++)
		to[i] = p[i] ^ fr->mask[fr->maskpos++ & 3];
	fr->left -= n;

	return 0;
}


bool frame_code_ok(uint16_t code)
{
	return (code >= 1000 && code <= 1003) ||
		(code >= 1007 && code <= 1014) ||
		(code >= 3000 && code <= 4999);
}


static int end_close(struct frames *fr, frame_h *frameh, void *arg)
{
	const char *p = (const char *)fr->ctrl;
	uint16_t code;

	if (!fr->ctrln)
		return frameh(FRAME_CLOSE, 1005, "", 0, arg);
	if (fr->ctrln == 1)
		return PROTOCOL_ERROR;
	code = (uint16_t)(fr->ctrl[0] << 8 | fr->ctrl[1]);
	if (!frame_code_ok(code))
		return PROTOCOL_ERROR;
	if (!utf8_ok(p + 2, fr->ctrln - 2))
		return NOT_UTF8;

	return frameh(FRAME_CLOSE, code, p + 2, fr->ctrln - 2, arg);
}


static int end_frame(struct frames *fr, frame_h *frameh, void *arg)
{
	const enum frame_op op = op_of(fr);
	size_t n;

	fr->inside = false;
	fr->headn = 0;

	if (op == FRAME_CLOSE)
		return end_close(fr, frameh, arg);
	if (is_ctrl(op))
		return frameh(op, 0, (const char *)fr->ctrl, fr->ctrln, arg);

	fr->open = !(fr->head[0] & 0x80);
	if (fr->open)
		return 0;
	n = fr->msgn;
	fr->msgn = 0;
	if (!utf8_ok(fr->msg, n))
		return NOT_UTF8;

	return frameh(FRAME_TEXT, 0, n ? fr->msg : "", n, arg);
}


int frames_feed(struct frames *fr, const uint8_t *p, size_t len,
		frame_h *frameh, void *arg)
{
	int err = 0;

	while (!err) {
		if (!fr->inside) {
			if (!len)
				break;
			fr->head[fr->headn++] = *p++;
			--len;
			if (fr->headn == 2)
				err = check_start(fr);
			if (!err && fr->headn >= 2 &&
			    fr->headn == head_size(fr))
				err = parse_head(fr);
		}
		else if (fr->left) {
			size_t n = fr->left < len ? (size_t)fr->left : len;

			if (!n)
				break;
			err = take_payload(fr, p, n);
			p += n;
			len -= n;
		}
		if (!err && fr->inside && !fr->left)
			err = end_frame(fr, frameh, arg);
	}

	return err;
}


void frames_reset(struct frames *fr)
{
	const size_t max = fr->max;

	free(fr->msg);
	memset(fr, 0, sizeof(*fr));
	fr->max = max;
}


size_t frame_head(uint8_t *buf, enum frame_op op, size_t len)
{
	size_t n = 2, i;

	buf[0] = (uint8_t)(0x80 | op);
	if (len < 126) {
		buf[1] = (uint8_t)len;
	}
	else if (len < 65536) {
		buf[1] = 126;
		buf[n++] = (uint8_t)(len >> 8);
		buf[n++] = (uint8_t)len;
	}
	else {
		buf[1] = 127;
		for (i = 0; i < 8; i++)
			buf[n++] = (uint8_t)((uint64_t)len >> (56 - 8 * i));
	}

	return n;
}


int frame_accept(char *buf, const char *key)
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	unsigned char md[EVP_MAX_MD_SIZE], raw[20];
	char text[24 + sizeof(guid)];
	unsigned n;

	/* 16 bytes are 24 letters, the last two "==" */
	if (!buf || !key || strlen(key) != 24 || strcmp(key + 22, "==") ||
	    EVP_DecodeBlock(raw, (const unsigned char *)key, 24) != 18)
		return EBADMSG;

	snprintf(text, sizeof(text), "%s%s", key, guid);
	if (!EVP_Digest(text, strlen(text), md, &n, EVP_sha1(), NULL))
		return ENOMEM;
	EVP_EncodeBlock((unsigned char *)buf, md, (int)n);

	return 0;
}
