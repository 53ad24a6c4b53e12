/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_in_dec.c -- one source of video: from packets to pictures
 *
 * All on the worker the source sticks to, one job at a time.
 */
#include <libavutil/frame.h>

#include <re.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "mixer/video_clock.h"
#include "mixer/video_in_priv.h"

enum { TURN_US = 10000 };        /* decoding without a break             */

/* --- a decoded picture ------------------------------------------------ */

/* When this picture's sound is heard [us], 0: not known */
static uint64_t play_time(struct vin *vin, uint32_t ts, uint64_t now)
{
	int64_t offset = INT64_MIN, play;
	uint64_t ntp = 0;
	unsigned hold;
	bool set = false;

	pthread_mutex_lock(&vin->hmtx);
	if (vin->offseth)
		offset = vin->offseth(vin->lip_arg);
	pthread_mutex_lock(&vin->mtx);
	if (vin->sync.valid && vin->sync.ssrc == vin->ssrc)
		ntp = rtp_sync_us(&vin->sync, ts);
	if (offset == INT64_MIN || !ntp) {
		pthread_mutex_unlock(&vin->mtx);
		pthread_mutex_unlock(&vin->hmtx);
		return 0;
	}
	play = offset + (int64_t)ntp;
	set = lips_put(&vin->lips, now, (int64_t)now - play, &hold);
	pthread_mutex_unlock(&vin->mtx);
	if (set && vin->holdh)
		vin->holdh(hold, vin->lip_arg);
	pthread_mutex_unlock(&vin->hmtx);

	if (play <= (int64_t)now || play - (int64_t)now > VIN_HOLD_US)
		return 0;

	return (uint64_t)play;
}

static void frame_handler(AVFrame *frame, void *arg)
{
	struct vin *vin = arg;
	uint64_t due = play_time(vin, (uint32_t)frame->pts, vin->now_us);
	AVFrame *copy = av_frame_clone(frame);
	AVFrame *old = NULL;

	if (!copy)
		return;
	atomic_fetch_add(&vin->frames, 1);

	pthread_mutex_lock(&vin->mtx);
	if (vin->heldc == VIN_HELD)       /* thin out, keep what is next  */
		old = vin->heldv[--vin->heldc].frame;
	vin->heldv[vin->heldc++] = (struct held){copy, due, vin->rx_us};
	vin->last_us = vin->now_us;
	vin->broken = false;
	vin->width = (unsigned)frame->width;
	vin->height = (unsigned)frame->height;
	pthread_mutex_unlock(&vin->mtx);
	av_frame_free(&old);
	vin->refused = 0;
	vin->recovering = false;
}

static void refused(struct vin *vin)
{
	atomic_fetch_add(&vin->errors, 1);
	if (++vin->refused < VIN_BROKEN)
		return;
	pthread_mutex_lock(&vin->mtx);
	vin->broken = true;
	pthread_mutex_unlock(&vin->mtx);
}

/* Nothing that builds on what was lost.  A gradual refresh mends it, but
 * the decoder, which has the old picture, would show half of each: it is
 * to forget that, and holds back what it has not recovered. */
static bool may_decode(struct vin *vin, const struct rtp_frame_info *info)
{
	bool lost = vin->wait_key || info->broken || info->lost_before;

	if (!info->key) {
		vin->wait_key = lost;
		if (lost)
			vin->recovering = false;
		return !lost;
	}

	vin->recovering = lost && vin->codec == CODEC_H264 &&
		vdec_h264_recovers(info->data, info->len);
	if (vin->recovering)
		vdec_reset(vin->dec);
	vin->wait_key = false;
	vin_got_key(vin);

	return true;
}

/* An encoded frame, whole */
static void encoded_handler(const struct rtp_frame_info *info, void *arg)
{
	struct vin *vin = arg;
	int err;

	vin->ssrc = info->ssrc;
	if (!may_decode(vin, info))
		return;

	err = vdec_put(vin->dec, info->data, info->len, info->ts,
		       frame_handler, vin);
	if (err && !vin->recovering) {
		refused(vin);
		vin->wait_key = true;
		vin_need_key(vin, vin->now_us, true);
	}
}

/* --- the job ---------------------------------------------------------- */

static void reset(struct vin *vin)
{
	rtp_frame_reset(vin->rf);
	vdec_reset(vin->dec);
	vin->wait_key = true;
	vin->recovering = false;
	pthread_mutex_lock(&vin->mtx);
	vin_held_flush(vin);
	pthread_mutex_unlock(&vin->mtx);
}

/* The decoder for what this packet is; false: none, drop it */
static bool codec_ready(struct vin *vin, uint8_t pt)
{
	enum ticket_codec codec = CODEC_NONE;

	pthread_mutex_lock(&vin->mtx);
	for (unsigned i = 0; i < vin->media.fmtc && vin->on; i++) {
		if (vin->media.fmtv[i].pt == pt)
			codec = vin->media.fmtv[i].codec;
	}
	pthread_mutex_unlock(&vin->mtx);
	if (!codec_is_video(codec))
		return false;
	if (codec == vin->codec && vin->rf && vin->dec)
		return true;

	if (codec != vin->codec)
		vin->rf = mem_deref(vin->rf);
	vin->dec = mem_deref(vin->dec);
	vin->codec = codec;
	vin->wait_key = true;
	vin->recovering = false;
	vin->refused = 0;
	if (vdec_alloc(&vin->dec, codec) || (!vin->rf &&
	    rtp_frame_alloc(&vin->rf, codec, encoded_handler, vin))) {
		warning("leg %u video decoder failed codec=%s", vin->id,
			codec_name(codec));
		return false;
	}
	debug("leg %u video decoder opened codec=%s", vin->id,
	      codec_name(codec));

	return true;
}

/* Who sends faster than we decode must not keep the worker from others;
 * false: there is more for another turn. */
static bool take_packets(struct vin *vin, uint64_t now)
{
	const uint64_t end = clock_us() + TURN_US;
	struct pkt *pkt;

	while ((pkt = bq_pop(vin->bq))) {
		if (!codec_ready(vin, pkt->pt)) {
			pkt_put(pkt);
			continue;
		}
		vin->rx_us = pkt->rx_us;
		rtp_frame_wait(vin->rf, atomic_load(&vin->wait_ms));
		rtp_frame_put(vin->rf, pkt, now);
		if (clock_us() >= end)
			return false;
	}

	return true;
}

/* Not shown: what others can use is given back, `stale` stays. */
static void let_go(struct vin *vin)
{
	struct pkt *pkt;

	while ((pkt = bq_pop(vin->bq)))
		pkt_put(pkt);
	reset(vin);
	vin->dec = mem_deref(vin->dec);
	atomic_store(&vin->due_us, UINT64_MAX);
}

void vin_job(void *arg, uint64_t now)
{
	struct vin *vin = arg;
	uint64_t t0 = video_cpu_us();
	bool fresh, all;

	on_worker();
	vin->now_us = now;
	if (!atomic_load(&vin->looked_at)) {
		let_go(vin);
		return;
	}
	if (atomic_exchange(&vin->stale, false) && vin->rf)
		reset(vin);
	if (atomic_exchange(&vin->missed, false))
		vin_need_key(vin, now, true);
	all = take_packets(vin, now);
	if (vin->rf) {
		if (rtp_frame_due(vin->rf) <= now)
			rtp_frame_run(vin->rf, now);
		atomic_store(&vin->due_us, rtp_frame_due(vin->rf));
		atomic_store(&vin->lost, rtp_frame_stats(vin->rf)->lost);

		pthread_mutex_lock(&vin->mtx);
		vin->pkt_us = now;
		fresh = !vin->had_key;
		pthread_mutex_unlock(&vin->mtx);
		if (vin->wait_key || rtp_frame_want_key(vin->rf))
			vin_need_key(vin, now, !fresh);
		vin_ask(vin, now);
	}
	atomic_fetch_add(&vin->cpu_us, video_cpu_us() - t0);
	if (!all)
		vin_kick(vin);        /* after the others on this worker      */
}
