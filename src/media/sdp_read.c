/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * media/sdp_read.c -- what the peer said about a stream, but its formats
 */
#include <string.h>

#include <re.h>

#include "media/sdp_priv.h"

enum { AUDIO_KBPS = 64 };         /* audio's share of a session-wide b=   */

static uint32_t kbps(int32_t tias, int32_t as)
{
	if (tias > 0)
		return tias < 1000 ? 1 : (uint32_t)tias / 1000;

	return as > 0 ? (uint32_t)as : 0;
}

uint32_t sdp_kbps_read(const struct sdp_media *m)
{
	return kbps(sdp_media_rbandwidth(m, SDP_BANDWIDTH_TIAS),
		    sdp_media_rbandwidth(m, SDP_BANDWIDTH_AS));
}

static uint32_t session_kbps(const struct sdp_session *sess)
{
	int32_t as = sdp_session_rbandwidth(sess, SDP_BANDWIDTH_AS);

	if (as <= 0)
		as = sdp_session_rbandwidth(sess, SDP_BANDWIDTH_CT);

	return kbps(sdp_session_rbandwidth(sess, SDP_BANDWIDTH_TIAS), as);
}

static uint32_t cap(uint32_t own, uint32_t limit)
{
	return own && own < limit ? own : limit;
}

/** A limit for the whole session is first of all video's. */
void sdp_bandwidth_read(struct ticket_media *am, struct ticket_media *vm,
			const struct sdp_session *sess)
{
	uint32_t total = session_kbps(sess), audio;

	if (!total)
		return;

	if (!vm->on) {
		am->max_kbps = cap(am->max_kbps, total);
		return;
	}

	audio = !am->on ? 0 : cap(am->max_kbps, AUDIO_KBPS);
	if (audio > total / 2)
		audio = total / 2;

	if (am->on)
		am->max_kbps = cap(am->max_kbps, audio ? audio : 1);
	vm->max_kbps = cap(vm->max_kbps, total - audio);
}

uint32_t sdp_ptime_read(const struct sdp_media *m)
{
	const char *ptime = sdp_media_rattr(m, sdp_attr_ptime);
	const char *max = sdp_media_rattr(m, sdp_attr_maxptime);
	uint32_t ms = SDP_PTIME_MS;
	struct pl pl;

	if (ptime) {
		pl_set_str(&pl, ptime);
		ms = pl_u32(&pl);
	}
	if (!ms)
		ms = SDP_PTIME_MS;
	if (max) {
		uint32_t n;

		pl_set_str(&pl, max);
		n = pl_u32(&pl);
		if (n && ms > n)
			ms = n;
	}

	ms -= ms % 10;

	return ms < 10 ? 10 : ms > 60 ? 60 : ms;
}

/** True if the peer wants to receive: neither its direction nor an
 *  address of zeros (RFC 2543's way of holding) says otherwise. */
static bool peer_receives(const struct sdp_media *m)
{
	return (sdp_media_rdir(m) & SDP_SENDONLY) &&
		sa_isset(sdp_media_raddr(m), SA_ADDR);
}

void sdp_media_read(struct ticket_media *tm, const struct sdp_media *m,
		    bool *heardp)
{
	struct sdp_fb fb;

	tm->send = peer_receives(m);
	tm->recv = sdp_media_rdir(m) & SDP_RECVONLY;
	*heardp |= tm->send;

	tm->rtcp_mux = sdp_media_rattr(m, "rtcp-mux") != NULL;
	if (sa_isset(sdp_media_raddr(m), SA_ADDR)) {
		tm->raddr = *sdp_media_raddr(m);
		if (tm->rtcp_mux)
			tm->raddr_rtcp = tm->raddr;
		else
			sdp_media_raddr_rtcp(m, &tm->raddr_rtcp);
	}

	tm->ptime_ms = sdp_ptime_read(m);
	tm->max_kbps = sdp_kbps_read(m);

	sdp_fb_read(&fb, m, ticket_tx(tm)->tx_pt);
	tm->fb_nack  = fb.nack;
	tm->fb_pli   = fb.pli;
	tm->fb_fir   = fb.fir;
	tm->fb_tmmbr = fb.tmmbr;
}
