/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_sync.c -- a sender's clock; see rtp_sync.h
 */
#include "mixer/rtp_sync.h"


uint64_t rtp_sync_us(const struct rtp_sync *sync, uint32_t ts)
{
	uint64_t us;
	int64_t d;

	if (!sync || !sync->valid || !sync->clock_hz)
		return 0;

	us = (sync->ntp >> 32) * 1000000 +
		(((sync->ntp & 0xffffffff) * 1000000) >> 32);
	d  = (int32_t)(ts - sync->rtp_ts);

	return us + (uint64_t)(d * 1000000 / (int64_t)sync->clock_hz);
}
