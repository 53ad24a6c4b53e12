/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/mixer_leg.c -- one party: sockets, RTP state, its voice, its tile
 *
 *	mixer_port -> leg -> audio_leg, video_src       in
 *	audio, video_watch -> leg -> mixer_port         out
 */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mixproto.h"
#include "mixer/mixer_priv.h"

static const char *media_name(enum leg_media media)
{
	return media == LEG_AUDIO ? "audio" : "video";
}

static const struct ticket_media *media_of(const struct ticket *t,
					   enum leg_media media)
{
	return media == LEG_AUDIO ? &t->audio : &t->video;
}

static json_t *media_msg(const struct mixer_leg *ml, enum leg_media media)
{
	return json_pack("{sI ss}", "id", (json_int_t)ml->ticket.id,
			 "media", media_name(media));
}

/* ---- sockets -------------------------------------------------------- */

static void port_recv_handler(const struct sa *src, const uint8_t *p,
			      size_t n, uint64_t now, void *arg)
{
	struct mixer_port *port = arg;
	struct mixer_leg *ml = port->leg;

	on_loop();

	if (!p) {
		port->np = mem_deref(port->np);
		return;
	}
	leg_recv(ml->leg, port->media, port->rtcp, src, p, n, now);
	mixer_due(ml->mixer, leg_due(ml->leg));
}

static void send_handler(enum leg_media media, bool rtcp,
			 const struct sa *dst, const struct iovec *iov,
			 unsigned iovc, void *arg)
{
	struct mixer_leg *ml = arg;
	struct net_port *np = ml->portv[media][rtcp].np;

	on_loop();

	if (!np)
		np = ml->portv[media][0].np;
	if (np)
		(void)net_port_send(np, dst, iov, iovc);
}

/* Takes its descriptor out of fdv. */
static ON(loop) int port_open(struct mixer_leg *ml, enum leg_media media,
			      bool rtcp, int idx, int *fdv, size_t fdc)
{
	struct mixer_port *port = &ml->portv[media][rtcp];
	struct net_port *np = NULL;
	int err, fd;

	if (idx < 0)
		return 0;
	if ((size_t)idx >= fdc || fdv[idx] < 0)
		return EBADF;

	fd = fdv[idx];
	fdv[idx] = -1;
	port->leg = ml;
	port->media = media;
	port->rtcp = rtcp;
	err = net_port_alloc(&np, fd, port_recv_handler, port);
	if (err)
		return err;

	mem_deref(port->np);
	port->np = np;

	return 0;
}

static ON(loop) int ports_open(struct mixer_leg *ml, const struct ticket *t,
			       int *fdv, size_t fdc)
{
	int media, err = 0;

	for (media = LEG_AUDIO; media <= LEG_VIDEO; media++) {
		const struct ticket_media *m = media_of(t, media);

		err |= port_open(ml, media, false, m->rtp_fd, fdv, fdc);
		err |= port_open(ml, media, true, m->rtcp_fd, fdv, fdc);
		if (err)
			return EBADF;
	}

	return 0;
}

/* ---- what the RTP side tells ---------------------------------------- */

static void packet_handler(enum leg_media media, struct pkt *pkt, void *arg)
{
	struct mixer_leg *ml = arg;

	on_loop();

	if (media == LEG_AUDIO && ml->audio)
		audio_leg_put(ml->audio, pkt);
	else if (media == LEG_VIDEO && ml->src)
		video_src_put(ml->src, pkt);
	else
		pkt_put(pkt);
}

static void sync_handler(enum leg_media media, const struct rtp_sync *sync,
			 void *arg)
{
	struct mixer_leg *ml = arg;

	on_loop();

	if (media == LEG_AUDIO && ml->audio)
		audio_leg_sync(ml->audio, sync);
	else if (media == LEG_VIDEO && ml->src)
		video_src_sync(ml->src, sync);
}

static void key_handler(void *arg)
{
	struct mixer_leg *ml = arg;

	on_loop();

	if (ml->watch)
		video_watch_key(ml->watch);
}

static void loss_handler(enum leg_media media, float loss, void *arg)
{
	struct mixer_leg *ml = arg;

	on_loop();

	if (media == LEG_AUDIO && ml->audio)
		audio_leg_loss(ml->audio, loss);
}

static void dtmf_handler(char digit, unsigned duration_ms, void *arg)
{
	struct mixer_leg *ml = arg;
	char str[2] = {digit, '\0'};

	on_loop();

	mixer_tell(ml->mixer, MIX_DTMF,
		   json_pack("{sI ss sI}", "id", (json_int_t)ml->ticket.id,
			     "digit", str,
			     "duration_ms", (json_int_t)duration_ms));
}

static void latch_handler(enum leg_media media, const struct sa *src,
			  uint32_t ssrc, uint16_t seq, void *arg)
{
	struct mixer_leg *ml = arg;
	json_t *msg = media_msg(ml, media);
	char addr[64] = "";

	on_loop();

	if (src && sa_isset(src, SA_ADDR))
		(void)re_snprintf(addr, sizeof(addr), "%J", src);
	debug("leg %u latched media=%s from=%s ssrc=%08x\n", ml->ticket.id,
	      media_name(media), addr, ssrc);
	if (msg && addr[0])
		json_object_set_new(msg, "raddr", json_string(addr));
	if (msg) {
		json_object_set_new(msg, "rssrc", json_integer(ssrc));
		json_object_set_new(msg, "rseq", json_integer(seq));
	}
	mixer_tell(ml->mixer, MIX_LEG_NEWS, msg);
}

static void bye_handler(enum leg_media media, void *arg)
{
	struct mixer_leg *ml = arg;

	on_loop();

	mixer_tell(ml->mixer, MIX_LEG_BYE, media_msg(ml, media));
}

static void quiet_handler(enum leg_media media, unsigned quiet_ms, void *arg)
{
	struct mixer_leg *ml = arg;
	json_t *msg = media_msg(ml, media);

	on_loop();

	if (msg)
		json_object_set_new(msg, "quiet_ms", json_integer(quiet_ms));
	mixer_tell(ml->mixer, MIX_LEG_QUIET, msg);
}

static const struct leg_h handlers = {
	.sendh = send_handler, .packeth = packet_handler,
	.synch = sync_handler, .keyh = key_handler, .lossh = loss_handler,
	.dtmfh = dtmf_handler, .latchh = latch_handler,
	.byeh = bye_handler, .quieth = quiet_handler,
};

void mixer_leg_want_key(struct mixer_leg *ml)
{
	if (leg_want_key(ml->leg, clock_us()) == ENOTSUP)
		mixer_tell(ml->mixer, MIX_LEG_KEY,
			   json_pack("{sI}", "id",
				     (json_int_t)ml->ticket.id));
	mixer_due(ml->mixer, leg_due(ml->leg));
}

/* ---- engines -------------------------------------------------------- */

static int64_t offset_handler(void *arg)
{
	return audio_leg_offset(arg);
}

static void hold_handler(unsigned extra_ms, void *arg)
{
	audio_leg_hold(arg, extra_ms);
}

static bool rung_equal(const struct video_rung *a, const struct video_rung *b)
{
	return a->codec == b->codec && a->width == b->width
		&& a->height == b->height && a->fps == b->fps
		&& a->kbps == b->kbps && a->pkt_mode == b->pkt_mode
		&& a->level_idc == b->level_idc;
}

/* The picture this leg is sent: the best it can take. */
static ON(loop) int watch_set(struct mixer_leg *ml)
{
	const struct ticket_media *m = &ml->ticket.video;
	struct mixer *mixer = ml->mixer;
	struct video_watch *watch = NULL;
	struct video_rung rung;
	int err;

	memset(&rung, 0, sizeof(rung));
	if (!m->on || !m->send
	    || video_rung_fit(&rung, m, mixer->width, mixer->height,
			      mixer->fps)) {
		ml->watch = mem_deref(ml->watch);
		return 0;
	}
	if (ml->watch && rung_equal(&rung, &ml->rung))
		return 0;

	err = video_watch_alloc(&watch, mixer->video, &rung, NULL);
	if (err)
		return err;

	info("leg %u watches %s/%ux%u@%u %u kbit/s\n", ml->ticket.id,
	     codec_name(rung.codec), rung.width, rung.height, rung.fps,
	     rung.kbps);
	mem_deref(ml->watch);
	ml->watch = watch;
	ml->rung = rung;

	return 0;
}

static ON(loop) int engines_set(struct mixer_leg *ml)
{
	const struct ticket *t = &ml->ticket;
	int err = 0;

	if (!t->audio.on && ml->audio) {
		video_src_lipsync(ml->src, NULL, NULL, NULL);
		ml->audio = mem_deref(ml->audio);
	}
	else if (ml->audio) {
		err = audio_leg_set(ml->audio, t);
	}
	else if (t->audio.on) {
		err = audio_leg_alloc(&ml->audio, ml->mixer->audio, t);
		if (!err && ml->src)
			video_src_lipsync(ml->src, offset_handler,
					  hold_handler, ml->audio);
	}
	if (err)
		return err;

	if (ml->src) {
		err = video_src_set(ml->src, t);
	}
	else {
		err = video_src_alloc(&ml->src, ml->mixer->video, t, false);
		if (!err && ml->audio)
			video_src_lipsync(ml->src, offset_handler,
					  hold_handler, ml->audio);
	}
	if (err)
		return err;

	return watch_set(ml);
}

/* ---- the door ------------------------------------------------------- */

static void destructor(void *data)
{
	struct mixer_leg *ml = data;
	int i;

	on_loop();

	hash_unlink(&ml->he);
	list_unlink(&ml->le);
	mem_deref(ml->watch);
	mem_deref(ml->src);     /* before audio: it asks it for the time */
	mem_deref(ml->audio);
	mem_deref(ml->leg);
	for (i = 0; i < 4; i++)
		mem_deref(ml->portv[i / 2][i % 2].np);
}

static bool by_id(struct le *le, void *arg)
{
	const struct mixer_leg *ml = le->data;

	return ml->ticket.id == *(const uint32_t *)arg;
}

struct mixer_leg *mixer_leg_find(const struct mixer *mixer, uint32_t id)
{
	return list_ledata(hash_lookup(mixer->legs, id, by_id, &id));
}

int mixer_leg_alloc(struct mixer_leg **mlp, struct mixer *mixer,
		    const struct ticket *t, int *fdv, size_t fdc,
		    char *errbuf, size_t errsz)
{
	struct mixer_leg *ml;
	int err;

	if (mixer_leg_find(mixer, t->id)) {
		(void)re_snprintf(errbuf, errsz, "leg %u exists", t->id);
		return EEXIST;
	}

	ml = mem_zalloc(sizeof(*ml), destructor);
	if (!ml)
		return ENOMEM;

	ml->mixer = mixer;
	ml->ticket = *t;
	err = leg_alloc(&ml->leg, t, &handlers, ml, clock_us());
	if (err)
		goto out;
	err = ports_open(ml, t, fdv, fdc);
	if (err) {
		(void)re_snprintf(errbuf, errsz, "descriptors: %m", err);
		goto out;
	}

	/* in the tables before the engines can speak of it */
	list_append(&mixer->legl, &ml->le, ml);
	hash_append(mixer->legs, t->id, &ml->he, ml);
	err = engines_set(ml);
	if (err) {
		(void)re_snprintf(errbuf, errsz, "codecs: %m", err);
		goto out;
	}
	mixer_due(mixer, leg_due(ml->leg));

 out:
	if (err)
		mem_deref(ml);
	else if (mlp)
		*mlp = ml;

	return err;
}

int mixer_leg_set(struct mixer_leg *ml, const struct ticket *t,
		  int *fdv, size_t fdc, char *errbuf, size_t errsz)
{
	int err;

	if (fdc) {
		err = ports_open(ml, t, fdv, fdc);
		if (err) {
			(void)re_snprintf(errbuf, errsz, "descriptors: %m",
					  err);
			return err;
		}
	}
	ml->ticket = *t;
	err = leg_set(ml->leg, t, clock_us());
	if (!err)
		err = engines_set(ml);
	if (err)
		(void)re_snprintf(errbuf, errsz, "codecs: %m", err);
	mixer_due(ml->mixer, leg_due(ml->leg));

	return err;
}

static ON(loop) void quality_medium(struct mixer_leg *ml, enum leg_media media)
{
	const struct ticket_media *m = media_of(&ml->ticket, media);
	const struct ticket_fmt *tx = ticket_tx(m);
	json_t *msg, *more;

	if (!m->on)
		return;

	msg = leg_stats(ml->leg, media);
	if (!msg)
		msg = json_object();
	more = media == LEG_AUDIO ? audio_leg_stats(ml->audio)
		: video_src_stats(ml->src);
	if (more) {
		json_t *codec = json_object_get(more, "codec");

		if (codec)
			json_object_set(msg, "codec_rx", codec);
		json_object_update_missing(msg, more);
		json_decref(more);
	}
	json_object_set_new(msg, "id", json_integer(ml->ticket.id));
	json_object_set_new(msg, "media", json_string(media_name(media)));
	if (tx)
		json_object_set_new(msg, "codec_tx",
				    json_string(codec_name(tx->codec)));
	if (media == LEG_VIDEO && ml->watch) {
		json_object_set_new(msg, "tx_width",
				    json_integer(ml->rung.width));
		json_object_set_new(msg, "tx_height",
				    json_integer(ml->rung.height));
		json_object_set_new(msg, "tx_fps",
				    json_integer(ml->rung.fps));
	}
	mixer_tell(ml->mixer, MIX_QUALITY, msg);
}

void mixer_leg_quality(struct mixer_leg *ml)
{
	quality_medium(ml, LEG_AUDIO);
	quality_medium(ml, LEG_VIDEO);
}

void mixer_leg_end(struct mixer_leg *ml)
{
	leg_bye(ml->leg, clock_us());
	net_port_flush();
	mixer_leg_quality(ml);
	mem_deref(ml);
}
