/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/pkt.h -- one received RTP packet, handed from net to a decoder
 *
 * A packet belongs to one owner at a time (queues pass ownership), so it
 * needs no count.  Buffers come from a pool sized at set-up; when the pool
 * is empty the packet is dropped and counted, never malloc'ed.
 *
 * Threads: any (the pool's free list has its own short lock).
 */
#ifndef TUTTI_MIXER_PKT_H
#define TUTTI_MIXER_PKT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PKT_DATA_MAX = 2048 };     /* a datagram; larger ones are dropped  */

struct pkt {
	struct pkt *next;         /* for whoever owns it                  */
	uint64_t rx_us;           /* arrival, monotonic                   */
	uint32_t ssrc;
	uint32_t ts;              /* RTP timestamp                        */
	uint64_t seq;             /* extended sequence number             */
	uint8_t  pt;
	bool     marker;
	int8_t   level;           /* RFC 6464 [-dBov 0..127], -1: none    */
	uint16_t off, len;        /* payload within data[], padding gone  */
	uint8_t  data[PKT_DATA_MAX];
};

int  pkt_pool_init(unsigned count);   /* per process, before threads      */
void pkt_pool_close(void);
struct pkt *pkt_get(void);            /* NULL when the pool is empty      */
struct pkt *pkt_get_video(void);      /* … or nearly: the rest is sound's,
                                       * which must not miss a packet
                                       * because decoders are slow        */
void pkt_put(struct pkt *pkt);        /* back to the pool; NULL is fine   */
uint64_t pkt_pool_starved(void);      /* how often pkt_get said NULL      */

#endif
