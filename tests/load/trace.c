/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/load/trace.c -- a prepared stream: RTP payloads with their times */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <re.h>

#include "tests/load/trace.h"

static const char magic[8] = "tutrace1";

struct trace_maker {
	struct trace_head head;
	struct mbuf *pkts, *data;
};

static void maker_destructor(void *arg)
{
	struct trace_maker *m = arg;

	mem_deref(m->pkts);
	mem_deref(m->data);
}

static void trace_destructor(void *arg)
{
	struct trace *t = arg;

	if (t->map)
		munmap(t->map, t->maplen);
}

int trace_maker_alloc(struct trace_maker **mp, uint32_t clock_hz,
		      uint32_t ticks)
{
	struct trace_maker *m = mem_zalloc(sizeof(*m), maker_destructor);

	if (!m)
		return ENOMEM;
	memcpy(m->head.magic, magic, sizeof(magic));
	m->head.clock_hz = clock_hz;
	m->head.ticks    = ticks;
	m->pkts = mbuf_alloc(65536);
	m->data = mbuf_alloc(1 << 20);
	if (!m->pkts || !m->data) {
		mem_deref(m);
		return ENOMEM;
	}
	*mp = m;

	return 0;
}

int trace_add(struct trace_maker *m, uint32_t ts, uint8_t flags,
	      const void *hdr, size_t hdrlen, const void *p, size_t n)
{
	struct trace_pkt pkt = {
		.ts = ts, .off = (uint32_t)m->data->pos, .flags = flags,
		.len = (uint16_t)(hdrlen + n),
	};
	int err = 0;

	if (hdrlen + n > TRACE_PAYLOAD_MAX)
		return EMSGSIZE;

	if (hdrlen)
		err |= mbuf_write_mem(m->data, hdr, hdrlen);
	if (n)
		err |= mbuf_write_mem(m->data, p, n);
	err |= mbuf_write_mem(m->pkts, (const void *)&pkt, sizeof(pkt));
	++m->head.pktc;
	m->head.bytes += pkt.len;

	return err ? ENOMEM : 0;
}

void trace_mark(struct trace_maker *m, uint32_t at)
{
	if (m->head.markc < TRACE_MARKS_MAX)
		m->head.markv[m->head.markc++] = at;
}

static int trace_map(struct trace *t, const void *p, size_t len)
{
	const struct trace_head *h = p;
	size_t pkts;
	uint32_t i;

	if (len < sizeof(*h) || memcmp(h->magic, magic, sizeof(magic)))
		return EBADMSG;

	pkts = (size_t)h->pktc * sizeof(struct trace_pkt);
	if (!h->pktc || !h->clock_hz || !h->ticks ||
	    len != sizeof(*h) + pkts + h->bytes)
		return EBADMSG;

	t->head = *h;
	t->pktv = (const void *)((const uint8_t *)p + sizeof(*h));
	t->data = (const uint8_t *)p + sizeof(*h) + pkts;

	for (i = 0; i < h->pktc; i++)
		if ((size_t)t->pktv[i].off + t->pktv[i].len > h->bytes)
			return EBADMSG;

	return 0;
}

int trace_load(struct trace **tp, const char *path)
{
	struct trace *t;
	struct stat st;
	int fd, err = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;

	t = mem_zalloc(sizeof(*t), trace_destructor);
	if (!t) {
		close(fd);
		return ENOMEM;
	}

	if (fstat(fd, &st) || !st.st_size) {
		err = EBADMSG;
		goto out;
	}
	t->map = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (t->map == MAP_FAILED) {
		err = errno;
		t->map = NULL;
		goto out;
	}
	t->maplen = st.st_size;
	err = trace_map(t, t->map, t->maplen);

 out:
	close(fd);
	if (err)
		mem_deref(t);
	else
		*tp = t;

	return err;
}

/** To a name of its own first: two runs may prepare the same stream. */
int trace_save(const struct trace *t, const char *path)
{
	char tmp[600];
	FILE *f;
	int err = 0;

	(void)re_snprintf(tmp, sizeof(tmp), "%s.%d", path, (int)getpid());
	f = fopen(tmp, "wbe");
	if (!f)
		return errno;

	if (fwrite(&t->head, sizeof(t->head), 1, f) != 1 ||
	    fwrite(t->pktv, sizeof(*t->pktv), t->head.pktc, f) !=
	    t->head.pktc ||
	    fwrite(t->data, 1, t->head.bytes, f) != t->head.bytes)
		err = EIO;
	if (fclose(f))
		err = EIO;
	if (!err && rename(tmp, path))
		err = errno;
	if (err)
		(void)unlink(tmp);

	return err;
}

int trace_finish(struct trace **tp, struct trace_maker *m)
{
	struct trace *t;
	size_t len = sizeof(m->head) + m->pkts->end + m->data->end;
	uint8_t *p;
	int err;

	t = mem_zalloc(sizeof(*t), trace_destructor);
	if (!t)
		return ENOMEM;

	p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) {
		mem_deref(t);
		return ENOMEM;
	}
	t->map    = p;
	t->maplen = len;
	memcpy(p, &m->head, sizeof(m->head));
	memcpy(p + sizeof(m->head), m->pkts->buf, m->pkts->end);
	memcpy(p + sizeof(m->head) + m->pkts->end, m->data->buf,
	       m->data->end);

	err = trace_map(t, p, len);
	if (err)
		mem_deref(t);
	else
		*tp = t;

	return err;
}
