/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_meter.c -- bytes a second; see rtp_meter.h
 */
#include <re.h>

#include "mixer/rtp_meter.h"

enum { SLOTS = RTP_METER_SLOTS, SLOT_US = RTP_METER_SLOT_US };


void rtp_meter_put(struct rtp_meter *m, size_t bytes, uint64_t now)
{
	const uint64_t slot = now / SLOT_US;
	uint64_t i, n;

	if (!m->since_us) {
		m->since_us = now;
		m->slot = slot;
	}
	if (slot > m->slot) {
		n = min(slot - m->slot, (uint64_t)SLOTS);
		for (i = 1; i <= n; i++)
			m->bytesv[(slot - n + i) % SLOTS] = 0;
		m->slot = slot;
	}
	m->bytesv[m->slot % SLOTS] += (uint32_t)bytes;
}


uint64_t rtp_meter_bps(const struct rtp_meter *m, uint64_t now)
{
	const uint64_t slot = now / SLOT_US;
	uint64_t bytes = 0, span, i;

	if (!m->since_us || now <= m->since_us)
		return 0;
	for (i = 0; i < SLOTS; i++) {
		if (m->slot < i || m->slot - i + SLOTS <= slot)
			break;
		bytes += m->bytesv[(m->slot - i) % SLOTS];
	}
	span = min(now - m->since_us,
		   (uint64_t)(SLOTS - 1) * SLOT_US + now % SLOT_US);

	return bytes * 8 * 1000000 / max(span, (uint64_t)SLOT_US);
}
