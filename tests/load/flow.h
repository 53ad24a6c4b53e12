/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/load/flow.h -- one RTP stream each way: plays a trace, counts what
 * comes
 *
 *	player: a heap of flows by the time of their next frame, one timerfd
 *	        set to the earliest, each frame one sendmmsg(2)
 *	coming: recvmmsg(2), kernel arrival stamps, RFC 3550 counting; one
 *	        flow may show its packets to a probe
 *
 * Times are CLOCK_REALTIME in microseconds where they are compared with
 * arrival stamps, CLOCK_MONOTONIC for the schedule.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TESTS_LOAD_FLOW_H
#define TUTTI_TESTS_LOAD_FLOW_H

#include <re.h>

#include "tests/load/trace.h"

struct flow;

struct flow_stats {
	uint64_t tx_packets, tx_bytes;
	uint64_t rx_packets, rx_bytes, rx_frames;
	uint64_t rx_lost;
	double   rx_jitter_ms;
	unsigned rx_ssrcs;
	uint64_t rx_gap_ms;       /* longest silence once it had begun    */
	uint64_t rx_first_ms;     /* from flow_start to the first packet  */
	unsigned key_requests;    /* PLI, FIR                             */
	unsigned tmmbr;
};

struct flow_pkt {
	const uint8_t *p;
	size_t n;
	uint64_t ts;              /* unwrapped                            */
	bool marker, lost;        /* lost: some before it are missing     */
	uint64_t at_us;           /* wall clock                           */
	uint64_t ntp_us;          /* of ts by the sender's reports; 0: no
	                           * report yet                           */
};

typedef void (flow_recv_h)(const struct flow_pkt *pkt, void *arg);

/** A frame went out: of trace t at pkt, at_us wall clock. */
typedef void (flow_sent_h)(const struct trace *t,
			   const struct trace_pkt *pkt, uint64_t at_us,
			   void *arg);

int  flow_player_init(void);
void flow_player_close(void);

/** Binds an even port and the next; ports count up from *portp. */
int  flow_alloc(struct flow **fp, const struct sa *laddr, uint16_t *portp,
		uint32_t clock_hz);
uint16_t flow_port(const struct flow *f);

/** send may be NULL; recvh and senth may be. */
int  flow_start(struct flow *f, const struct sa *raddr,
		const struct sa *raddr_rtcp, uint8_t tx_pt, uint8_t rx_pt,
		const struct trace *send, flow_recv_h *recvh,
		flow_sent_h *senth, void *arg);
void flow_stop(struct flow *f);

void flow_key(struct flow *f);            /* the peer wants a key frame   */
void flow_ask_key(struct flow *f);        /* PLI to the peer              */
void flow_report(struct flow *f);         /* SR or RR, each second        */
void flow_stats(const struct flow *f, struct flow_stats *st);
void flow_stats_reset(struct flow *f);    /* counting begins anew         */

uint64_t flow_wall_us(void);

#endif
