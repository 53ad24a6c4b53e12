/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http_out.c -- what a connection still has to send
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "web/http_out.h"

struct piece {
	struct piece *next;
	char *mem;                /* ours, or NULL                        */
	const char *p;            /* NULL: of fd                          */
	int fd;
	uint64_t off, len;        /* still to go                          */
	bool begun;
};


void out_init(struct out *out)
{
	memset(out, 0, sizeof(*out));
	out->tail = &out->head;
}


bool out_empty(const struct out *out)
{
	return !out->head;
}


static void drop(struct out *out)
{
	struct piece *pc = out->head;

	out->head = pc->next;
	if (!out->head)
		out->tail = &out->head;
	if (pc->mem)
		out->bytes -= (size_t)pc->len;
	free(pc->mem);
	if (pc->fd >= 0)
		(void)close(pc->fd);
	free(pc);
}


void out_reset(struct out *out)
{
	while (out->head)
		drop(out);
}


void out_cut(struct out *out)
{
	struct out rest;

	out_init(&rest);
	if (!out->head)
		return;
	if (out->head->begun) {
		rest.head = out->head->next;
		out->head->next = NULL;
		out->tail = &out->head->next;
	}
	else {
		rest.head = out->head;
		out_init(out);
	}
	out->bytes = out->head && out->head->mem ? (size_t)out->head->len : 0;
	rest.bytes = SIZE_MAX / 2;
	out_reset(&rest);
}


static int add(struct out *out, char *mem, const char *p, int fd,
	       uint64_t off, uint64_t len)
{
	struct piece *pc = len ? calloc(1, sizeof(*pc)) : NULL;

	if (!pc) {
		free(mem);
		if (fd >= 0)
			(void)close(fd);
		return len ? ENOMEM : 0;
	}
	pc->mem = mem;
	pc->p = p;
	pc->fd = fd;
	pc->off = off;
	pc->len = len;
	if (mem)
		out->bytes += (size_t)len;
	*out->tail = pc;
	out->tail = &pc->next;

	return 0;
}


int out_mem(struct out *out, char *p, size_t len)
{
	return add(out, p, p, -1, 0, len);
}


int out_copy(struct out *out, const void *p, size_t len)
{
	char *mem = len ? malloc(len) : NULL;

	if (!len)
		return 0;
	if (!mem)
		return ENOMEM;
	memcpy(mem, p, len);

	return add(out, mem, mem, -1, 0, len);
}


int out_const(struct out *out, const void *p, size_t len)
{
	return add(out, NULL, p, -1, 0, len);
}


int out_fd(struct out *out, int fd, uint64_t off, uint64_t len)
{
	return add(out, NULL, NULL, fd, off, len);
}


void out_firm(struct out *out)
{
	struct piece *pc;

	for (pc = out->head; pc; pc = pc->next)
		pc->begun = true;
}


int out_first(struct out *out, const void *p, size_t len)
{
	struct out one;
	struct piece **at = &out->head;
	int err;

	out_init(&one);
	err = out_copy(&one, p, len);
	if (err || !one.head)
		return err;

	while (*at && (*at)->begun)
		at = &(*at)->next;
	one.head->next = *at;
	if (!*at)
		out->tail = &one.head->next;
	*at = one.head;
	out->bytes += len;

	return 0;
}


static int take(struct piece *pc, uint8_t *buf, size_t size, size_t *np)
{
	size_t n = pc->len < size ? (size_t)pc->len : size;
	ssize_t got;

	if (pc->p) {
		memcpy(buf, pc->p + pc->off, n);
		*np = n;
		return 0;
	}
	do {
		got = pread(pc->fd, buf, n, (off_t)pc->off);
	} while (got < 0 && errno == EINTR);
	if (got <= 0)
		return EIO;
	*np = (size_t)got;

	return 0;
}


int out_fill(struct out *out, uint8_t *buf, size_t size, size_t *np)
{
	size_t n;
	int err;

	*np = 0;
	while (out->head && *np < size) {
		struct piece *pc = out->head;

		err = take(pc, buf + *np, size - *np, &n);
		if (err)
			return err;
		pc->begun = true;
		pc->off += n;
		pc->len -= n;
		if (pc->mem)
			out->bytes -= n;
		*np += n;
		if (!pc->len)
			drop(out);
	}

	return 0;
}
