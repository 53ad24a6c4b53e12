/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_dtmf.c -- telephone events; see rtp_dtmf.h
 */
#include <errno.h>

#include "mixer/rtp_dtmf.h"

static const char digits[] = "0123456789*#ABCD";

enum { SEGMENT_MAX = 0xffff };    /* a longer event starts a new segment  */


static void finish(struct rtp_dtmf *d, rtp_dtmf_h *dtmfh, void *arg)
{
	const uint64_t units = (uint64_t)d->before + d->duration;

	d->on = false;
	if (d->event < sizeof(digits) - 1 && d->clock_hz)
		dtmfh(digits[d->event],
		      (unsigned)(units * 1000 / d->clock_hz), arg);
}


int rtp_dtmf_put(struct rtp_dtmf *d, uint32_t ts, uint32_t clock_hz,
		 const uint8_t *p, size_t n, uint64_t now,
		 rtp_dtmf_h *dtmfh, void *arg)
{
	uint16_t duration;
	bool end;

	if (n < 4)
		return EBADMSG;
	end = p[1] & 0x80;
	duration = (uint16_t)(p[2] << 8 | p[3]);

	if (d->seen && (int32_t)(ts - d->ts) < 0)
		return 0;                 /* of an event that is over     */

	if (d->seen && ts == d->ts) {
		if (!d->on)
			return 0;         /* its end, once more           */
	}
	else if (d->on && p[0] == d->event && ts - d->ts == SEGMENT_MAX) {
		d->before += SEGMENT_MAX;
		d->duration = 0;
		d->ts = ts;
	}
	else {
		if (d->on)
			finish(d, dtmfh, arg);
		*d = (struct rtp_dtmf){
			.seen = true, .on = true, .event = p[0], .ts = ts,
			.clock_hz = clock_hz,
		};
	}

	/* packets may come in any order */
	if (duration > d->duration)
		d->duration = duration;
	d->last_us = now;
	if (end)
		finish(d, dtmfh, arg);

	return 0;
}


void rtp_dtmf_run(struct rtp_dtmf *d, uint64_t now, rtp_dtmf_h *dtmfh,
		  void *arg)
{
	if (now >= rtp_dtmf_due(d))
		finish(d, dtmfh, arg);
}


uint64_t rtp_dtmf_due(const struct rtp_dtmf *d)
{
	return d->on ? d->last_us + DTMF_LOST_MS * 1000 : UINT64_MAX;
}
