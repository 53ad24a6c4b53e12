/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/load/leg.h -- one call: SIP, SDP and its two flows
 *
 * On libre's own sessions (sipsess), not on the tree's sip/: what is
 * measured does not measure itself.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TESTS_LOAD_LEG_H
#define TUTTI_TESTS_LOAD_LEG_H

#include <re.h>

#include "base/ticket.h"
#include "tests/load/flow.h"

struct leg_cfg {
	struct sipsess_sock *sock;
	const char *uri;          /* whom to call                         */
	const char *user, *pass;  /* digest, or NULL                      */
	struct sa laddr;
	uint16_t sip_port;
	uint16_t *portp;          /* next RTP port                        */
	unsigned id;
	enum ticket_codec audio, video;   /* CODEC_NONE: none of it       */
	unsigned pkt_mode;
	uint32_t kbps;            /* b=AS of video, 0: none               */
	uint32_t max_fs;          /* of fmtp, 0: none                     */
	const char *level;        /* profile-level-id                     */
	bool sendonly;
	const struct trace *audio_trace, *video_trace;  /* NULL: recvonly */
	flow_recv_h *audio_recvh, *video_recvh;
	flow_sent_h *audio_senth, *video_senth;
	void *arg;
};

enum leg_state { LEG_CALLING, LEG_UP, LEG_FAILED, LEG_ENDED };

struct leg;

int  leg_alloc(struct leg **lp, const struct leg_cfg *cfg);
enum leg_state leg_state(const struct leg *l);
const char *leg_reason(const struct leg *l);
uint32_t leg_setup_ms(const struct leg *l);       /* INVITE to 200        */
struct flow *leg_audio(const struct leg *l);      /* NULL: none agreed    */
struct flow *leg_video(const struct leg *l);
enum ticket_codec leg_codec(const struct leg *l, bool video);
unsigned leg_infos(const struct leg *l);  /* picture_fast_update received */

#endif
