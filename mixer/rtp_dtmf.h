/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_dtmf.h -- telephone events received (RFC 4733)
 *
 * An event is a run of packets with one timestamp; its end comes three
 * times or, on a bad wire, never.  Each event is reported once: at its end,
 * when the next one begins, or when it falls silent for DTMF_LOST_MS.
 *
 * Threads: loop.
 */
#ifndef TUTTI_MIXER_RTP_DTMF_H
#define TUTTI_MIXER_RTP_DTMF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DTMF_LOST_MS = 200 };

typedef void (rtp_dtmf_h)(char digit, unsigned duration_ms, void *arg);

struct rtp_dtmf {
	bool seen;                /* ts is valid                          */
	bool on;                  /* one is going on                      */
	uint8_t event;
	uint32_t ts;              /* of the event or its latest segment   */
	uint32_t before;          /* duration of earlier segments         */
	uint16_t duration;        /* RTP clock units                      */
	uint32_t clock_hz;
	uint64_t last_us;
};

/** One payload; EBADMSG when it is not one. */
int rtp_dtmf_put(struct rtp_dtmf *d, uint32_t ts, uint32_t clock_hz,
		 const uint8_t *p, size_t n, uint64_t now,
		 rtp_dtmf_h *dtmfh, void *arg);

void rtp_dtmf_run(struct rtp_dtmf *d, uint64_t now, rtp_dtmf_h *dtmfh,
		  void *arg);
uint64_t rtp_dtmf_due(const struct rtp_dtmf *d);    /* UINT64_MAX: never  */

#endif
