/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fuzz/fuzz_web.c -- request heads, routes, ranges and frames
 *
 * The first byte chooses.  What must hold: a prefix never decides otherwise
 * than the whole, a range stays in its file, frames may come in any pieces.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "web/api.h"
#include "web/http_frame.h"
#include "web/http_parse.h"
#include "web/http_range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sum {
	unsigned n;
	uint64_t hash;
};


static void need(int ok)
{
	if (!ok)
		abort();
}


static void fuzz_route(const struct http_head *head)
{
	const struct verb *verb = NULL;
	json_t *args = NULL;
	char allow[64], why[64];

	if (!api_route(&verb, &args, head->method, head->path, head->query,
		       NULL, allow, sizeof(allow), why, sizeof(why)))
		need(verb && json_is_object(args));
	json_decref(args);
}


static void fuzz_head(const char *p, size_t n)
{
	struct http_head *head = NULL, *again = NULL;
	const char *why;
	size_t used = 0, u2 = 0;
	int status, err = head_parse(&head, &used, p, n, &status, &why);

	if (err) {
		need(err == EAGAIN || (status >= 400 && status < 600));
		need(err != EAGAIN || n <= HEAD_MAX + 2);
		return;
	}
	need(used <= n && used <= HEAD_MAX + 2);
	need(*head->path == '/' || *head->path == '*');
	need(utf8_ok(head->path, strlen(head->path)));
	need(!strstr(head->path, "/../"));
	need(head_parse(&again, &u2, p, used, &status, &why) == 0 &&
	     u2 == used);
	need(head_parse(&again, &u2, p, used - 1, &status, &why) == EAGAIN);
	(void)head_accepts(head_field(head, "accept-encoding"), "gzip");
	(void)head_same_site(head_field(head, "origin"),
			     head_field(head, "host"));
	(void)etag_matches(head_field(head, "if-none-match"), "\"a\"");
	fuzz_route(head);
	head_free(head);
	head_free(again);
}


static void fuzz_range(const char *p, size_t n)
{
	char text[256];
	uint64_t size, start, len;

	if (n < 8 || n - 8 >= sizeof(text))
		return;
	memcpy(&size, p, 8);
	memcpy(text, p + 8, n - 8);
	text[n - 8] = '\0';
	if (range_parse(&start, &len, text, size) == 206)
		need(len && start < size && len <= size - start);
}


static int frame_handler(enum frame_op op, uint16_t code, const char *p,
			 size_t len, void *arg)
{
	struct sum *sum = arg;
	size_t i;

	++sum->n;
	sum->hash = sum->hash * 31 + op + code;
	for (i = 0; i < len; i++)
		sum->hash = sum->hash * 31 + (uint8_t)p[i];
	need(op != FRAME_TEXT || (len <= 1000 && utf8_ok(p, len)));

	return 0;
}


static void fuzz_frames(const uint8_t *p, size_t n)
{
	struct frames fr = {.max = 1000};
	struct sum whole = {0, 0}, bytes = {0, 0};
	int a = frames_feed(&fr, p, n, frame_handler, &whole), b = 0;
	size_t i;

	need(fr.msgsz <= 2048);
	frames_reset(&fr);
	for (i = 0; i < n && !b; i++)
		b = frames_feed(&fr, p + i, 1, frame_handler, &bytes);
	frames_reset(&fr);
	need(a == b && whole.n == bytes.n && whole.hash == bytes.hash);
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy;

	if (!size)
		return 0;
	/* exactly so large, so that reading further is seen */
	copy = malloc(size - 1 ? size - 1 : 1);
	memcpy(copy, data + 1, size - 1);
	switch (data[0] % 3) {

	case 0:
		fuzz_head(copy, size - 1);
		break;
	case 1:
		fuzz_range(copy, size - 1);
		break;
	default:
		fuzz_frames((uint8_t *)copy, size - 1);
		break;
	}
	free(copy);

	return 0;
}
