/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_meter.h -- bytes a second, over the last second
 *
 * Threads: any; a plain value, all zero to begin with.
 */
#ifndef TUTTI_MIXER_RTP_METER_H
#define TUTTI_MIXER_RTP_METER_H

#include <stddef.h>
#include <stdint.h>

enum { RTP_METER_SLOTS = 10, RTP_METER_SLOT_US = 100000 };

struct rtp_meter {
	uint64_t slot, since_us;
	uint32_t bytesv[RTP_METER_SLOTS];
};

void rtp_meter_put(struct rtp_meter *m, size_t bytes, uint64_t now);
uint64_t rtp_meter_bps(const struct rtp_meter *m, uint64_t now);

#endif
