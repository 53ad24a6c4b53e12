/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fuzz/fuzz_rtp.c -- any datagrams from anywhere to a leg
 *
 * Input: two bytes of who, what and how long after, one of length, then so
 * many bytes; again and again.  Whatever comes, no packet buffer is lost,
 * numbers never run back, and nothing goes to an address that is neither
 * signalled nor latched.
 */
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "mixer/leg.h"
#include "tests/fake/leg_stub.h"

enum { POOL = 16 };

struct fuzz {
	struct leg_h h;
	struct leg *leg;
	struct ticket t;
	struct sa srcv[4];        /* the SDP's, its RTCP, a NAT, a thief  */
	uint64_t seq[2];
	uint64_t now;
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void send_handler(enum leg_media media, bool rtcp,
			 const struct sa *dst, const struct iovec *iov,
			 unsigned iovc, void *arg)
{
	(void)media;
	(void)rtcp;
	(void)arg;
	if (!iovc || !iov[0].iov_len || !sa_isset(dst, SA_ALL))
		abort();
}


static void packet_handler(enum leg_media media, struct pkt *pkt, void *arg)
{
	struct fuzz *f = arg;

	if (pkt->len > PKT_DATA_MAX || pkt->seq + 200 < f->seq[media])
		abort();
	f->seq[media] = max(f->seq[media], pkt->seq);
	pkt_put(pkt);
}


static void media(struct ticket_media *m, const struct sa *raddr,
		  const struct sa *rtcp)
{
	m->on = m->send = m->recv = true;
	m->fb_pli = m->fb_nack = true;
	m->ext_level = 1;
	m->raddr = *raddr;
	m->raddr_rtcp = *rtcp;
}


static void fmt(struct ticket_media *m, enum ticket_codec codec, uint8_t pt,
		uint32_t hz)
{
	struct ticket_fmt *fm = &m->fmtv[m->fmtc++];

	fm->codec = codec;
	fm->pt = fm->tx_pt = pt;
	fm->clock_hz = hz;
}


static struct fuzz fuzz;


int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (pkt_pool_init(POOL))
		abort();

	fuzz.h = leg_stub;
	fuzz.h.sendh = send_handler;
	fuzz.h.packeth = packet_handler;
	sa_set_str(&fuzz.srcv[0], "192.0.2.1", 4000);
	sa_set_str(&fuzz.srcv[1], "192.0.2.1", 4001);
	sa_set_str(&fuzz.srcv[2], "198.51.100.1", 1111);
	sa_set_str(&fuzz.srcv[3], "203.0.113.1", 6666);
	ticket_init(&fuzz.t, 1);
	media(&fuzz.t.audio, &fuzz.srcv[0], &fuzz.srcv[1]);
	fmt(&fuzz.t.audio, CODEC_OPUS, 111, 48000);
	fmt(&fuzz.t.audio, CODEC_PCMU, 0, 8000);
	fmt(&fuzz.t.audio, CODEC_TELEV, 101, 8000);
	media(&fuzz.t.video, &fuzz.srcv[0], &fuzz.srcv[1]);
	fmt(&fuzz.t.video, CODEC_H264, 96, 90000);

	return 0;
}


/* Half of them are made to look like RTP of an agreed type */
static void dress(uint8_t *p, size_t n, uint8_t how)
{
	static const uint8_t ptv[4] = {111, 101, 96, 0};

	if (!(how & 0x80) || n < 12)
		return;
	p[0] = 0x80 | (p[0] & 0x3f);
	p[1] = (p[1] & 0x80) | ptv[how & 3];
	memset(p + 8, 0, 3);
	p[11] &= 1;
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz *f = &fuzz;

	on_loop();
	f->now = 1000000;
	f->seq[0] = f->seq[1] = 0;
	if (leg_alloc(&f->leg, &f->t, &f->h, f, f->now))
		abort();

	while (size > 3) {
		const uint8_t who = data[0], how = data[1];
		const size_t n = min((size_t)data[2], size - 3);
		uint8_t buf[256];

		memcpy(buf, data + 3, n);
		dress(buf, n, how);
		f->now += (uint64_t)(who >> 4) * (who >> 4) * 10000;
		leg_recv(f->leg, who & 1, who & 2, &f->srcv[who >> 2 & 3],
			 buf, n, f->now);
		if (how & 0x40)
			leg_run(f->leg, f->now);
		if (how & 0x20)
			(void)leg_want_key(f->leg, LEG_VIDEO, f->now);
		data += 3 + n;
		size -= 3 + n;
	}
	leg_bye(f->leg, f->now);
	json_decref(leg_stats(f->leg, LEG_AUDIO));
	f->leg = mem_deref(f->leg);

	leg_stub_pool(POOL);

	return 0;
}
