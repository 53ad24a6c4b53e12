/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_ext.c -- RTP header extensions; see rtp_ext.h
 */
#include <string.h>

#include "mixer/rtp_ext.h"

enum { ONE_BYTE = 0xbede, TWO_BYTE = 0x1000 };

/* A block being written */
struct writer {
	uint8_t *b;
	size_t n;
	bool two;                 /* elements with two bytes of header    */
};


static bool word_ok(const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] <= ' ' || p[i] > '~')
			return false;

	return n > 0 && n < TICKET_ID_MAX;
}


static void copy_word(char *dst, const uint8_t *p, size_t n)
{
	if (!word_ok(p, n))
		return;

	memcpy(dst, p, n);
	dst[n] = '\0';
}


static uint64_t be(const uint8_t *p, unsigned n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | *p++;

	return v;
}


static void element(struct rtp_ext *x, const struct ticket_media *m,
		    uint8_t id, const uint8_t *p, size_t n)
{
	if (id == m->ext_mid) {
		copy_word(x->mid, p, n);
	}
	else if (id == m->ext_rid) {
		copy_word(x->rid, p, n);
	}
	else if (id == m->ext_rrid) {
		copy_word(x->rrid, p, n);
	}
	else if (id == m->ext_level && n >= 1) {
		x->level = p[0] & 0x7f;
	}
	else if (id == m->ext_twcc && n >= 2) {
		x->twcc_on = true;
		x->twcc = (uint16_t)be(p, 2);
	}
	else if (id == m->ext_abs_send && n >= 3) {
		x->abs_on = true;
		x->abs_send = (uint32_t)be(p, 3);
	}
	else if (id == m->ext_capture && n >= 8) {
		x->capture_on = true;
		x->capture_ntp = be(p, 8);
	}
}


static void parse_one(struct rtp_ext *x, const struct ticket_media *m,
		      const uint8_t *p, size_t n)
{
	size_t pos = 0;

	while (pos < n) {
		const uint8_t id = p[pos] >> 4;
		const size_t len = (p[pos] & 0x0f) + 1u;

		if (!p[pos]) {
			++pos;
			continue;
		}
		if (id == 15 || pos + 1 + len > n)
			return;
		if (id)
			element(x, m, id, p + pos + 1, len);
		pos += 1 + len;
	}
}


static void parse_two(struct rtp_ext *x, const struct ticket_media *m,
		      const uint8_t *p, size_t n)
{
	size_t pos = 0;

	while (pos + 1 < n) {
		const size_t len = p[pos + 1];

		if (!p[pos]) {
			++pos;
			continue;
		}
		if (pos + 2 + len > n)
			return;
		element(x, m, p[pos], p + pos + 2, len);
		pos += 2 + len;
	}
}


void rtp_ext_parse(struct rtp_ext *x, const struct ticket_media *m,
		   uint16_t profile, const uint8_t *p, size_t n)
{
	memset(x, 0, sizeof(*x));
	x->level = -1;

	if (profile == ONE_BYTE)
		parse_one(x, m, p, n);
	else if ((profile & 0xfff0) == TWO_BYTE)
		parse_two(x, m, p, n);
}


static void put(struct writer *w, uint8_t id, const void *p, size_t n)
{
	if (!id || !n || w->n + 2 + n > RTP_EXT_MAX)
		return;

	if (w->two) {
		w->b[w->n++] = id;
		w->b[w->n++] = (uint8_t)n;
	}
	else {
		w->b[w->n++] = (uint8_t)(id << 4 | (n - 1));
	}
	memcpy(w->b + w->n, p, n);
	w->n += n;
}


static void put_be(struct writer *w, uint8_t id, uint64_t v, unsigned n)
{
	uint8_t b[8];
	unsigned i;

	for (i = 0; i < n; i++)
		b[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
	put(w, id, b, n);
}


/* One byte of header does for ids to 14 and 16 bytes of data */
static bool needs_two(const struct ticket_media *m, const struct rtp_ext *x)
{
	return strlen(x->mid) > 16 || m->ext_mid > 14 ||
		(x->twcc_on && m->ext_twcc > 14) ||
		(x->abs_on && m->ext_abs_send > 14) ||
		(x->capture_on && m->ext_capture > 14);
}


size_t rtp_ext_write(uint8_t *b, const struct ticket_media *m,
		     const struct rtp_ext *x)
{
	struct writer w = { .b = b, .n = 4, .two = needs_two(m, x) };
	size_t words;

	put(&w, m->ext_mid, x->mid, strlen(x->mid));
	if (x->twcc_on)
		put_be(&w, m->ext_twcc, x->twcc, 2);
	if (x->abs_on)
		put_be(&w, m->ext_abs_send, x->abs_send, 3);
	if (x->capture_on)
		put_be(&w, m->ext_capture, x->capture_ntp, 8);
	if (w.n == 4)
		return 0;

	while (w.n % 4)
		b[w.n++] = 0;
	words = w.n / 4 - 1;
	b[0] = w.two ? 0x10 : 0xbe;
	b[1] = w.two ? 0x00 : 0xde;
	b[2] = (uint8_t)(words >> 8);
	b[3] = (uint8_t)words;

	return w.n;
}


uint32_t rtp_ext_abs(uint64_t us)
{
	const uint64_t in64 = us % 64000000;

	return (uint32_t)((in64 << 18) / 1000000) & 0xffffff;
}
