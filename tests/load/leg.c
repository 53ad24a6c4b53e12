/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/load/leg.c -- one call: SIP, SDP and its two flows */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "base/clock.h"
#include "tests/load/leg.h"

enum { PT_OPUS = 96, PT_TELEV = 101, PT_H264 = 97, PT_VP8 = 98 };

struct leg {
	struct leg_cfg cfg;
	struct sipsess *sess;
	struct sdp_session *sdp;
	struct sdp_media *am, *vm;
	struct flow *audio, *video;
	bool audio_on, video_on;
	enum leg_state state;
	uint64_t began_us, up_us;
	unsigned infos;
	char reason[128];
};

static void destructor(void *arg)
{
	struct leg *l = arg;

	mem_deref(l->sess);
	mem_deref(l->audio);
	mem_deref(l->video);
	mem_deref(l->sdp);        /* and its media                        */
}

static uint32_t clock_of(enum ticket_codec codec)
{
	return codec == CODEC_OPUS ? 48000 : codec_is_video(codec) ? 90000 :
		8000;
}

static uint8_t pt_of(enum ticket_codec codec)
{
	switch (codec) {

	case CODEC_OPUS: return PT_OPUS;
	case CODEC_G722: return 9;
	case CODEC_PCMA: return 8;
	case CODEC_H264: return PT_H264;
	case CODEC_VP8:  return PT_VP8;
	default:         return 0;
	}
}

static const char *sdp_name(enum ticket_codec codec)
{
	switch (codec) {

	case CODEC_OPUS: return "opus";
	case CODEC_G722: return "G722";
	case CODEC_PCMA: return "PCMA";
	case CODEC_H264: return "H264";
	case CODEC_VP8:  return "VP8";
	default:         return "PCMU";
	}
}

static int fb_handler(struct mbuf *mb, const struct sdp_format *fmt,
		      bool offer, void *data)
{
	(void)offer;
	(void)data;

	return mbuf_printf(mb, "a=rtcp-fb:%s nack pli\r\n"
			   "a=rtcp-fb:%s ccm fir\r\n", fmt->id, fmt->id);
}

static int fmt_params(const struct leg_cfg *cfg, enum ticket_codec codec,
		      char *buf, size_t size)
{
	buf[0] = '\0';
	if (codec == CODEC_OPUS)
		return re_snprintf(buf, size, "useinbandfec=1");
	if (codec == CODEC_H264)
		return cfg->max_fs ?
			re_snprintf(buf, size, "profile-level-id=%s;"
				    "packetization-mode=%u;max-fs=%u",
				    cfg->level, cfg->pkt_mode, cfg->max_fs) :
			re_snprintf(buf, size, "profile-level-id=%s;"
				    "packetization-mode=%u", cfg->level,
				    cfg->pkt_mode);
	if (codec == CODEC_VP8 && cfg->max_fs)
		return re_snprintf(buf, size, "max-fs=%u", cfg->max_fs);

	return 0;
}

static int media_add(struct leg *l, struct sdp_media **mp,
		     struct flow *f, enum ticket_codec codec,
		     const struct trace *t)
{
	bool video = codec_is_video(codec);
	char id[8], params[128];
	int err;

	(void)re_snprintf(id, sizeof(id), "%u", pt_of(codec));
	if (fmt_params(&l->cfg, codec, params, sizeof(params)) < 0)
		return ENOMEM;

	err = sdp_media_add(mp, l->sdp, video ? "video" : "audio",
			    flow_port(f), sdp_proto_rtpavp);
	if (err)
		return err;

	err = sdp_format_add(NULL, *mp, false, id, sdp_name(codec),
			     clock_of(codec), codec == CODEC_OPUS ? 2 : 1,
			     video ? fb_handler : NULL, NULL, NULL, false,
			     *params ? "%s" : NULL, params);
	sdp_media_set_ldir(*mp, !t ? SDP_RECVONLY : l->cfg.sendonly ?
			   SDP_SENDONLY : SDP_SENDRECV);
	if (video && l->cfg.kbps)
		sdp_media_set_lbandwidth(*mp, SDP_BANDWIDTH_AS,
					 (int32_t)l->cfg.kbps);

	return err;
}

/** Starts a flow if its m-line was accepted. */
static int media_start(struct leg *l, struct sdp_media *m, struct flow *f,
		       enum ticket_codec codec, bool *onp)
{
	bool video = codec_is_video(codec);
	const struct sdp_format *rf;
	struct sa rtcp;

	if (!m || !f || !sdp_media_rport(m) || *onp)
		return 0;
	rf = sdp_media_rformat(m, sdp_name(codec));
	if (!rf)
		rf = sdp_media_rformat(m, NULL);
	if (!rf)
		return 0;

	sdp_media_raddr_rtcp(m, &rtcp);
	*onp = true;

	return flow_start(f, sdp_media_raddr(m), &rtcp, (uint8_t)rf->pt,
			  pt_of(codec),
			  video ? l->cfg.video_trace : l->cfg.audio_trace,
			  video ? l->cfg.video_recvh : l->cfg.audio_recvh,
			  video ? l->cfg.video_senth : l->cfg.audio_senth,
			  l->cfg.arg);
}

static int offer_handler(struct mbuf **descp, const struct sip_msg *msg,
			 void *arg)
{
	struct leg *l = arg;
	int err = 0;

	if (msg && mbuf_get_left(msg->mb))
		err = sdp_decode(l->sdp, msg->mb, true);
	if (!err)
		err = sdp_encode(descp, l->sdp, !mbuf_get_left(msg->mb));

	return err;
}

static int answer_handler(const struct sip_msg *msg, void *arg)
{
	struct leg *l = arg;
	int err;

	err = sdp_decode(l->sdp, msg->mb, false);
	if (err)
		return err;

	err  = media_start(l, l->am, l->audio, l->cfg.audio, &l->audio_on);
	err |= media_start(l, l->vm, l->video, l->cfg.video, &l->video_on);

	return err;
}

static void progress_handler(const struct sip_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
}

static void estab_handler(const struct sip_msg *msg, void *arg)
{
	struct leg *l = arg;
	(void)msg;

	if (!l->up_us)
		l->up_us = clock_us();
	l->state = LEG_UP;
}

static void info_handler(struct sip *sip, const struct sip_msg *msg,
			 void *arg)
{
	struct leg *l = arg;

	if (msg_ctype_cmp(&msg->ctyp, "application", "media_control+xml")) {
		++l->infos;
		flow_key(l->video);
	}
	(void)sip_reply(sip, msg, 200, "OK");
}

static void close_handler(int err, const struct sip_msg *msg, void *arg)
{
	struct leg *l = arg;

	if (msg)
		(void)re_snprintf(l->reason, sizeof(l->reason), "%u %r",
				  msg->scode, &msg->reason);
	else
		(void)re_snprintf(l->reason, sizeof(l->reason), "%m", err);

	l->state = l->state == LEG_UP ? LEG_ENDED : LEG_FAILED;
	flow_stop(l->audio);
	flow_stop(l->video);
}

static int auth_handler(char **user, char **pass, const char *realm,
			void *arg)
{
	struct leg *l = arg;
	(void)realm;

	if (!l->cfg.user)
		return ENOENT;

	return str_dup(user, l->cfg.user) ||
		str_dup(pass, l->cfg.pass ? l->cfg.pass : "") ? ENOMEM : 0;
}

static int leg_call(struct leg *l)
{
	char from[128], cuser[32];
	struct mbuf *desc = NULL;
	int err;

	(void)re_snprintf(cuser, sizeof(cuser), "load%u", l->cfg.id);
	(void)re_snprintf(from, sizeof(from), "sip:%s@%J", cuser,
			  &l->cfg.laddr);

	err = sdp_encode(&desc, l->sdp, true);
	if (err)
		return err;

	l->began_us = clock_us();
	err = sipsess_connect(&l->sess, l->cfg.sock, l->cfg.uri, cuser, from,
			      cuser, NULL, 0, "application/sdp", desc,
			      auth_handler, l, false, offer_handler,
			      answer_handler, progress_handler,
			      estab_handler, info_handler, NULL,
			      close_handler, l, NULL);
	mem_deref(desc);

	return err;
}

int leg_alloc(struct leg **lp, const struct leg_cfg *cfg)
{
	struct leg *l = mem_zalloc(sizeof(*l), destructor);
	struct sa laddr;
	int err;

	if (!l)
		return ENOMEM;
	l->cfg = *cfg;
	laddr  = cfg->laddr;
	sa_set_port(&l->cfg.laddr, cfg->sip_port);
	sa_set_port(&laddr, 0);

	err = sdp_session_alloc(&l->sdp, &laddr);
	if (!err && cfg->audio) {
		err = flow_alloc(&l->audio, &laddr, cfg->portp,
				 clock_of(cfg->audio));
		if (!err)
			err = media_add(l, &l->am, l->audio, cfg->audio,
					cfg->audio_trace);
	}
	if (!err && cfg->video) {
		err = flow_alloc(&l->video, &laddr, cfg->portp,
				 clock_of(cfg->video));
		if (!err)
			err = media_add(l, &l->vm, l->video, cfg->video,
					cfg->video_trace);
	}
	if (!err)
		err = leg_call(l);

	if (err)
		mem_deref(l);
	else
		*lp = l;

	return err;
}

enum leg_state leg_state(const struct leg *l)
{
	return l ? l->state : LEG_FAILED;
}

const char *leg_reason(const struct leg *l)
{
	return l->reason;
}

uint32_t leg_setup_ms(const struct leg *l)
{
	return l->up_us ? (uint32_t)((l->up_us - l->began_us) / 1000) : 0;
}

struct flow *leg_audio(const struct leg *l)
{
	return l->audio_on ? l->audio : NULL;
}

struct flow *leg_video(const struct leg *l)
{
	return l->video_on ? l->video : NULL;
}

enum ticket_codec leg_codec(const struct leg *l, bool video)
{
	return video ? l->cfg.video : l->cfg.audio;
}

unsigned leg_infos(const struct leg *l)
{
	return l->infos;
}
