/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/load/flow.c -- one RTP stream each way; see flow.h */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <re.h>

#include "base/clock.h"
#include "tests/load/flow.h"

enum {
	BATCH_MAX  = 128,         /* packets of a frame in one call       */
	RECV_MAX   = 32,
	PKT_SIZE   = 2048,
	HDR        = 12,
	KEY_EVERY_US = 500000,
	SLACK_US   = 100,         /* due so soon is due now               */
	BUF_SIZE   = 1 << 20,
	FLOWS_MANY = 200,         /* beside some that are sent pictures   */
	GATHER_US  = 4000,
};

static unsigned flows;            /* that there are                       */

struct flow {
	int fd, fd_rtcp;
	uint16_t port;
	uint32_t clock_hz;
	struct sa raddr, raddr_rtcp;
	bool started;
	uint64_t started_us;

	/* going */
	const struct trace *t;
	uint32_t pos;             /* next packet of the trace             */
	uint64_t base_us;         /* when the loop began, monotonic       */
	uint64_t due_us;
	unsigned heap_i;          /* 1.., 0: not in the heap              */
	uint32_t ssrc, ts_base, last_ts;
	uint64_t last_tx_wall;
	uint16_t seq;
	uint8_t tx_pt;
	uint64_t key_us;
	bool key_wanted;
	flow_sent_h *senth;

	/* coming */
	uint8_t rx_pt;
	bool rx_on;
	uint32_t rx_ssrc;
	uint16_t rx_seq;          /* highest                              */
	uint64_t rx_ext, rx_base, rx_count;   /* of this SSRC             */
	uint64_t lost_before;                 /* of former ones           */
	uint32_t rx_ts;
	uint64_t rx_uts;          /* unwrapped                            */
	double jitter, transit;
	bool transit_set;
	uint64_t sr_us;           /* the last SR's wall clock, 0: none    */
	uint32_t sr_ts;           /* and its RTP time                     */
	uint64_t rx_last_us;
	flow_recv_h *recvh;
	void *arg;

	struct flow_stats st;
};

/* ---- the player: one heap, one timer ---- */

static struct {
	int fd;
	struct flow **heapv;      /* from 1                               */
	unsigned n, size;
} player = {.fd = -1};

static void heap_put(unsigned i, struct flow *f)
{
	player.heapv[i] = f;
	f->heap_i = i;
}

static void heap_up(unsigned i)
{
	struct flow *f = player.heapv[i];

	for (; i > 1 && player.heapv[i / 2]->due_us > f->due_us; i /= 2)
		heap_put(i, player.heapv[i / 2]);
	heap_put(i, f);
}

static void heap_down(unsigned i)
{
	struct flow *f = player.heapv[i];

	for (;;) {
		unsigned c = 2 * i;

		if (c > player.n)
			break;
		if (c < player.n && player.heapv[c + 1]->due_us <
		    player.heapv[c]->due_us)
			++c;
		if (player.heapv[c]->due_us >= f->due_us)
			break;
		heap_put(i, player.heapv[c]);
		i = c;
	}
	heap_put(i, f);
}

static void player_arm(void)
{
	struct itimerspec its = {{0, 0}, {0, 0}};
	uint64_t due;

	if (player.fd < 0 || !player.n)
		return;
	due = player.heapv[1]->due_us;
	its.it_value.tv_sec  = (time_t)(due / 1000000);
	its.it_value.tv_nsec = (long)(due % 1000000 * 1000);
	(void)timerfd_settime(player.fd, TFD_TIMER_ABSTIME, &its, NULL);
}

static int heap_add(struct flow *f)
{
	if (player.n + 2 > player.size) {
		unsigned size = player.size ? 2 * player.size : 64;
		struct flow **v = realloc(player.heapv, size * sizeof(*v));

		if (!v)
			return ENOMEM;
		player.heapv = v;
		player.size  = size;
	}
	heap_put(++player.n, f);
	heap_up(player.n);
	player_arm();

	return 0;
}

static void heap_remove(struct flow *f)
{
	unsigned i = f->heap_i;
	struct flow *last;

	if (!i)
		return;
	f->heap_i = 0;
	last = player.heapv[player.n--];
	if (last == f)
		return;
	heap_put(i, last);
	heap_up(i);
	heap_down(last->heap_i);
}

uint64_t flow_wall_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);

	return ts.tv_sec * 1000000ull + ts.tv_nsec / 1000;
}

static uint64_t ticks_us(const struct flow *f, uint64_t ticks)
{
	return ticks * 1000000 / f->clock_hz;
}

static void header(struct flow *f, uint8_t *h, const struct trace_pkt *pkt)
{
	uint32_t ts = f->ts_base + pkt->ts;

	h[0] = 0x80;
	h[1] = f->tx_pt | (pkt->flags & PKT_MARKER ? 0x80 : 0);
	h[2] = f->seq >> 8;
	h[3] = (uint8_t)f->seq++;
	h[4] = ts >> 24;
	h[5] = (uint8_t)(ts >> 16);
	h[6] = (uint8_t)(ts >> 8);
	h[7] = (uint8_t)ts;
	h[8] = f->ssrc >> 24;
	h[9] = (uint8_t)(f->ssrc >> 16);
	h[10] = (uint8_t)(f->ssrc >> 8);
	h[11] = (uint8_t)f->ssrc;
	f->last_ts = ts;
}

/** The next key frame of the loop comes now: time and clock run on. */
static void jump_to_key(struct flow *f)
{
	const struct trace *t = f->t;
	uint32_t i, ahead;

	f->key_wanted = false;
	for (i = 0; i < t->head.pktc; i++) {
		uint32_t at = (f->pos + i) % t->head.pktc;

		if ((t->pktv[at].flags & (PKT_KEY | PKT_FIRST)) ==
		    (PKT_KEY | PKT_FIRST)) {
			ahead = (t->pktv[at].ts + t->head.ticks -
				 t->pktv[f->pos].ts) % t->head.ticks;
			if (at < f->pos) {        /* over the loop's end  */
				f->base_us += ticks_us(f, t->head.ticks);
				f->ts_base += t->head.ticks;
			}
			f->base_us -= ticks_us(f, ahead);
			f->ts_base -= ahead;
			f->pos = at;
			return;
		}
	}
}

static void frame_send(struct flow *f)
{
	static uint8_t hdrv[BATCH_MAX][HDR];
	static struct iovec iov[BATCH_MAX][2];
	static struct mmsghdr mv[BATCH_MAX];
	const struct trace *t = f->t;
	const struct trace_pkt *first;
	unsigned n = 0, sent = 0;
	uint64_t now;

	if (f->key_wanted)
		jump_to_key(f);
	first = &t->pktv[f->pos];

	do {
		const struct trace_pkt *pkt = &t->pktv[f->pos];

		header(f, hdrv[n], pkt);
		iov[n][0] = (struct iovec){hdrv[n], HDR};
		iov[n][1] = (struct iovec){(void *)(t->data + pkt->off),
			pkt->len};
		memset(&mv[n], 0, sizeof(mv[n]));
		mv[n].msg_hdr.msg_iov     = iov[n];
		mv[n].msg_hdr.msg_iovlen  = 2;
		mv[n].msg_hdr.msg_name    = &f->raddr.u;
		mv[n].msg_hdr.msg_namelen = f->raddr.len;
		f->st.tx_bytes += pkt->len;
		++n;
		++f->pos;
	} while (n < BATCH_MAX && f->pos < t->head.pktc &&
		 t->pktv[f->pos].ts == first->ts);

	now = flow_wall_us();
	while (sent < n) {
		int k = sendmmsg(f->fd, mv + sent, n - sent, 0);

		if (k <= 0)
			break;    /* refused or full: as lost on the way  */
		sent += (unsigned)k;
	}
	f->st.tx_packets += n;
	f->last_tx_wall = now;
	if (f->senth)
		f->senth(t, first, now, f->arg);

	if (f->pos == t->head.pktc) {
		f->pos = 0;
		f->base_us += ticks_us(f, t->head.ticks);
		f->ts_base += t->head.ticks;
	}
	f->due_us = f->base_us + ticks_us(f, t->pktv[f->pos].ts);
}

static void player_handler(int flags, void *arg)
{
	uint64_t n, now = clock_us() + SLACK_US;
	(void)flags;
	(void)arg;

	if (read(player.fd, &n, sizeof(n)) < 0)
		n = 0;
	while (player.n && player.heapv[1]->due_us <= now) {
		struct flow *f = player.heapv[1];

		frame_send(f);
		heap_down(f->heap_i);
	}
	player_arm();
}

int flow_player_init(void)
{
	player.fd = timerfd_create(CLOCK_MONOTONIC,
				   TFD_CLOEXEC | TFD_NONBLOCK);
	if (player.fd < 0)
		return errno;

	return fd_listen(player.fd, FD_READ, player_handler, NULL);
}

void flow_player_close(void)
{
	if (player.fd >= 0) {
		fd_close(player.fd);
		close(player.fd);
	}
	player.fd = -1;
	free(player.heapv);
	player.heapv = NULL;
	player.n = player.size = 0;
}

/* ---- what comes ---- */

static void new_ssrc(struct flow *f, uint32_t ssrc, uint16_t seq,
		     uint32_t ts)
{
	if (f->rx_on)
		f->lost_before += f->rx_ext - f->rx_base + 1 > f->rx_count ?
			f->rx_ext - f->rx_base + 1 - f->rx_count : 0;
	++f->st.rx_ssrcs;
	f->rx_on    = true;
	f->rx_ssrc  = ssrc;
	f->rx_seq   = seq;
	f->rx_base  = f->rx_ext = seq + 65536u;
	f->rx_count = 0;
	f->rx_ts    = ts;
	f->rx_uts  += f->clock_hz;        /* any: a new beginning         */
	f->sr_us    = 0;
	f->transit_set = false;
}

static void jitter(struct flow *f, uint32_t ts, uint64_t at_us)
{
	double at = at_us * (f->clock_hz / 1e6);
	double transit = at - ts, d;

	if (f->transit_set) {
		d = transit - f->transit;
		if (d < 0)
			d = -d;
		if (d < f->clock_hz)
			f->jitter += (d - f->jitter) / 16;
	}
	f->transit = transit;
	f->transit_set = true;
}

static void recv_rtp(struct flow *f, const uint8_t *p, size_t n,
		     uint64_t at_us)
{
	struct flow_pkt pkt = {.at_us = at_us};
	size_t off = HDR;
	uint32_t ts, ssrc;
	uint16_t seq;
	int16_t step;

	if (n < HDR || p[0] >> 6 != 2 || (p[1] & 0x7f) != f->rx_pt)
		return;
	off += (p[0] & 15) * 4u;
	if (p[0] & 0x10) {
		if (n < off + 4)
			return;
		off += 4 + 4u * (p[off + 2] << 8 | p[off + 3]);
	}
	if (p[0] & 0x20 && p[n - 1] <= n - off)
		n -= p[n - 1];
	if (n < off)
		return;

	seq  = (uint16_t)(p[2] << 8 | p[3]);
	ts   = (uint32_t)p[4] << 24 | p[5] << 16 | p[6] << 8 | p[7];
	ssrc = (uint32_t)p[8] << 24 | p[9] << 16 | p[10] << 8 | p[11];

	if (!f->rx_on || ssrc != f->rx_ssrc)
		new_ssrc(f, ssrc, seq, ts);
	if (f->rx_last_us && at_us > f->rx_last_us &&
	    (at_us - f->rx_last_us) / 1000 > f->st.rx_gap_ms)
		f->st.rx_gap_ms = (at_us - f->rx_last_us) / 1000;
	if (!f->st.rx_packets && !f->st.rx_first_ms)
		f->st.rx_first_ms = (clock_us() - f->started_us) / 1000;
	f->rx_last_us = at_us;

	step = (int16_t)(seq - f->rx_seq);
	++f->rx_count;
	++f->st.rx_packets;
	f->st.rx_bytes += n - off;
	if (step > 0) {
		pkt.lost  = step > 1;
		f->rx_ext += (uint16_t)step;
		f->rx_seq = seq;
	}
	if (ts != f->rx_ts || f->rx_count == 1) {
		++f->st.rx_frames;
		jitter(f, ts, at_us);
	}
	f->rx_uts += (int32_t)(ts - f->rx_ts);
	f->rx_ts   = ts;

	if (!f->recvh || step < 0)
		return;
	pkt.p      = p + off;
	pkt.n      = n - off;
	pkt.ts     = f->rx_uts;
	pkt.marker = p[1] & 0x80;
	if (f->sr_us)
		pkt.ntp_us = f->sr_us + (uint64_t)((int64_t)(int32_t)
			(ts - f->sr_ts) * 1000000 / f->clock_hz);
	f->recvh(&pkt, f->arg);
}

static uint32_t u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
		(uint32_t)p[2] << 8 | p[3];
}

static void recv_sr(struct flow *f, const uint8_t *p)
{
	if (f->rx_on && u32(p + 4) != f->rx_ssrc)
		return;
	f->sr_us = (uint64_t)(u32(p + 8) - 2208988800u) * 1000000 +
		((uint64_t)u32(p + 12) * 1000000 >> 32);
	f->sr_ts = u32(p + 16);
}

static void recv_rtcp(struct flow *f, const uint8_t *p, size_t n)
{
	while (n >= 4) {
		size_t len = 4 + 4u * (p[2] << 8 | p[3]);
		unsigned fmt = p[0] & 31;

		if (len > n)
			return;
		if (p[1] == 200 && len >= 28)
			recv_sr(f, p);
		if (p[1] == 206 && (fmt == 1 || fmt == 4)) {
			++f->st.key_requests;
			flow_key(f);
		}
		if (p[1] == 205 && fmt == 3)
			++f->st.tmmbr;
		p += len;
		n -= len;
	}
}

static uint64_t stamp(struct msghdr *mh)
{
	struct cmsghdr *cm;

	for (cm = CMSG_FIRSTHDR(mh); cm; cm = CMSG_NXTHDR(mh, cm)) {
		struct timespec ts;

		if (cm->cmsg_level != SOL_SOCKET ||
		    cm->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&ts, CMSG_DATA(cm), sizeof(ts));
		return ts.tv_sec * 1000000ull + ts.tv_nsec / 1000;
	}

	return flow_wall_us();
}

/* Many legs on one machine: a server's thousand packets a tick must not
 * wake us a thousand times, which is at the server's expense and would be
 * nobody's with the network between us.  Arrival is the kernel's stamp, so
 * nothing measured suffers. */
static void gather(void)
{
	static uint64_t woken_us;
	const uint64_t now = clock_us();

	if (flows < FLOWS_MANY || now < woken_us + GATHER_US / 2)
		return;

	(void)usleep(GATHER_US);
	woken_us = clock_us();
}

static void rtp_handler(int flags, void *arg)
{
	static uint8_t bufv[RECV_MAX][PKT_SIZE];
	static uint8_t ctlv[RECV_MAX][CMSG_SPACE(sizeof(struct timespec))];
	struct mmsghdr mv[RECV_MAX];
	struct iovec iov[RECV_MAX];
	struct flow *f = arg;
	int i, n;
	(void)flags;

	memset(mv, 0, sizeof(mv));
	for (i = 0; i < RECV_MAX; i++) {
		iov[i] = (struct iovec){bufv[i], PKT_SIZE};
		mv[i].msg_hdr.msg_iov        = &iov[i];
		mv[i].msg_hdr.msg_iovlen     = 1;
		mv[i].msg_hdr.msg_control    = ctlv[i];
		mv[i].msg_hdr.msg_controllen = sizeof(ctlv[i]);
	}

	gather();
	n = recvmmsg(f->fd, mv, RECV_MAX, MSG_DONTWAIT, NULL);
	for (i = 0; i < n && f->started; i++) {
		const uint8_t *p = bufv[i];

		if (mv[i].msg_len > 1 && p[1] >= 192 && p[1] <= 223)
			recv_rtcp(f, p, mv[i].msg_len);
		else
			recv_rtp(f, p, mv[i].msg_len, stamp(&mv[i].msg_hdr));
	}
}

static void rtcp_handler(int flags, void *arg)
{
	uint8_t buf[PKT_SIZE];
	struct flow *f = arg;
	ssize_t n;
	(void)flags;

	while ((n = recv(f->fd_rtcp, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		recv_rtcp(f, buf, (size_t)n);
}

/* ---- RTCP of ours ---- */

static uint64_t rx_lost(const struct flow *f)
{
	uint64_t expected = f->rx_on ? f->rx_ext - f->rx_base + 1 : 0;

	return f->lost_before + (expected > f->rx_count ?
				 expected - f->rx_count : 0);
}

static void sender_info(struct flow *f, struct mbuf *mb)
{
	uint64_t frac = f->last_tx_wall % 1000000;

	(void)mbuf_write_u32(mb, htonl((uint32_t)(f->last_tx_wall / 1000000 +
						  2208988800u)));
	(void)mbuf_write_u32(mb, htonl((uint32_t)((frac << 32) / 1000000)));
	(void)mbuf_write_u32(mb, htonl(f->last_ts));
	(void)mbuf_write_u32(mb, htonl((uint32_t)f->st.tx_packets));
	(void)mbuf_write_u32(mb, htonl((uint32_t)f->st.tx_bytes));
}

static void report_block(struct flow *f, struct mbuf *mb)
{
	uint64_t lost = rx_lost(f);

	(void)mbuf_write_u32(mb, htonl(f->rx_ssrc));
	(void)mbuf_write_u32(mb, htonl((uint32_t)(lost & 0x7fffff)));
	(void)mbuf_write_u32(mb, htonl((uint32_t)f->rx_ext - 65536));
	(void)mbuf_write_u32(mb, htonl((uint32_t)f->jitter));
	(void)mbuf_write_u32(mb, 0);
	(void)mbuf_write_u32(mb, 0);
}

static void rtcp_send(struct flow *f, bool pli)
{
	static const char cname[] = "tutti-load";
	bool sr = f->last_tx_wall, rb = f->rx_on;
	struct mbuf *mb = mbuf_alloc(128);

	if (!mb)
		return;

	(void)mbuf_write_u8(mb, 0x80 | rb);
	(void)mbuf_write_u8(mb, sr ? 200 : 201);
	(void)mbuf_write_u16(mb, htons(1 + (sr ? 5 : 0) + (rb ? 6 : 0)));
	(void)mbuf_write_u32(mb, htonl(f->ssrc));
	if (sr)
		sender_info(f, mb);
	if (rb)
		report_block(f, mb);

	(void)mbuf_write_u8(mb, 0x81);            /* SDES, one chunk      */
	(void)mbuf_write_u8(mb, 202);
	(void)mbuf_write_u16(mb, htons(5));
	(void)mbuf_write_u32(mb, htonl(f->ssrc));
	(void)mbuf_write_u8(mb, 1);
	(void)mbuf_write_u8(mb, sizeof(cname) - 1);
	(void)mbuf_write_mem(mb, (const uint8_t *)cname, sizeof(cname) - 1);
	(void)mbuf_write_u32(mb, 0);              /* end of items         */

	if (pli) {
		(void)mbuf_write_u8(mb, 0x81);
		(void)mbuf_write_u8(mb, 206);
		(void)mbuf_write_u16(mb, htons(2));
		(void)mbuf_write_u32(mb, htonl(f->ssrc));
		(void)mbuf_write_u32(mb, htonl(f->rx_ssrc));
	}

	(void)sendto(f->fd_rtcp, mb->buf, mb->end, MSG_DONTWAIT,
		     &f->raddr_rtcp.u.sa, f->raddr_rtcp.len);
	mem_deref(mb);
}

void flow_report(struct flow *f)
{
	if (f && f->started && (f->last_tx_wall || f->rx_on))
		rtcp_send(f, false);
}

void flow_ask_key(struct flow *f)
{
	if (f && f->started && f->rx_on)
		rtcp_send(f, true);
}

void flow_key(struct flow *f)
{
	uint64_t now = clock_us();

	if (!f || !f->t || now < f->key_us + KEY_EVERY_US)
		return;
	f->key_us = now;
	f->key_wanted = true;
}

/* ---- life ---- */

static void destructor(void *arg)
{
	struct flow *f = arg;

	flow_stop(f);
	--flows;
	if (f->fd >= 0)
		close(f->fd);
	if (f->fd_rtcp >= 0)
		close(f->fd_rtcp);
}

static int sock(int *fdp, const struct sa *laddr, uint16_t port)
{
	const int one = 1, size = BUF_SIZE;
	struct sa sa = *laddr;
	int fd, err;

	sa_set_port(&sa, port);
	fd = socket(sa_af(&sa), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return errno;
	if (bind(fd, &sa.u.sa, sa.len)) {
		err = errno;
		close(fd);
		return err;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	(void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one));
	*fdp = fd;

	return 0;
}

int flow_alloc(struct flow **fp, const struct sa *laddr, uint16_t *portp,
	       uint32_t clock_hz)
{
	struct flow *f = mem_zalloc(sizeof(*f), destructor);
	int err = EADDRINUSE;

	if (!f)
		return ENOMEM;
	++flows;

	f->fd = f->fd_rtcp = -1;
	f->clock_hz = clock_hz;
	while (err == EADDRINUSE && *portp < 65000) {
		f->port = *portp;
		*portp += 2;
		err = sock(&f->fd, laddr, f->port);
		if (err)
			continue;
		err = sock(&f->fd_rtcp, laddr, f->port + 1);
		if (err) {
			close(f->fd);
			f->fd = -1;
		}
	}

	if (err)
		mem_deref(f);
	else
		*fp = f;

	return err;
}

uint16_t flow_port(const struct flow *f)
{
	return f ? f->port : 0;
}

int flow_start(struct flow *f, const struct sa *raddr,
	       const struct sa *raddr_rtcp, uint8_t tx_pt, uint8_t rx_pt,
	       const struct trace *send, flow_recv_h *recvh,
	       flow_sent_h *senth, void *arg)
{
	int err;

	if (!f || f->started)
		return EINVAL;

	f->raddr      = *raddr;
	f->raddr_rtcp = *raddr_rtcp;
	f->tx_pt = tx_pt;
	f->rx_pt = rx_pt;
	f->recvh = recvh;
	f->senth = senth;
	f->arg   = arg;
	f->ssrc  = rand_u32();
	f->seq   = rand_u16() & 0x7fff;
	f->ts_base    = rand_u32();
	f->started    = true;
	f->started_us = clock_us();

	err  = fd_listen(f->fd, FD_READ, rtp_handler, f);
	err |= fd_listen(f->fd_rtcp, FD_READ, rtcp_handler, f);
	if (err || !send)
		return err;

	/* not all at once: frames of different legs spread over 40 ms */
	f->t = send;
	f->base_us = f->due_us = clock_us() + rand_u32() % 40000;

	return heap_add(f);
}

void flow_stop(struct flow *f)
{
	if (!f || !f->started)
		return;
	f->started = false;
	heap_remove(f);
	fd_close(f->fd);
	fd_close(f->fd_rtcp);
}

void flow_stats(const struct flow *f, struct flow_stats *st)
{
	*st = f->st;
	st->rx_lost      = rx_lost(f);
	st->rx_jitter_ms = f->jitter * 1000 / f->clock_hz;
}

void flow_stats_reset(struct flow *f)
{
	uint64_t first_ms = f->st.rx_first_ms;

	memset(&f->st, 0, sizeof(f->st));
	f->st.rx_first_ms = first_ms;
	f->st.rx_ssrcs    = f->rx_on;
	f->lost_before    = 0;
	f->rx_base        = f->rx_ext + 1;
	f->rx_count       = 0;
}
