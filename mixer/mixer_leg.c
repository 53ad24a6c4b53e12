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

enum { SLIDES_QUIET_MS = 10000 };

static const char *media_name(enum leg_media media)
{
	return media == LEG_AUDIO ? "audio"
		: media == LEG_VIDEO ? "video" : "slides";
}

static const struct ticket_media *media_of(const struct ticket *t,
					   enum leg_media media)
{
	return media == LEG_AUDIO ? &t->audio
		: media == LEG_VIDEO ? &t->video : &t->slides;
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
	if (ml->rtc)
		mixer_leg_rtc_recv(ml, src, p, n, now);
	else
		leg_recv(ml->leg, port->media, port->rtcp, src, p, n, now);
	mixer_leg_wake(ml);
}

static void send_handler(enum leg_media media, bool rtcp,
			 const struct sa *dst, const struct iovec *iov,
			 unsigned iovc, void *arg)
{
	struct mixer_leg *ml = arg;
	struct net_port *np;

	on_loop();

	if (ml->rtc) {
		mixer_leg_rtc_send(ml, rtcp, iov, iovc);
		return;
	}
	if (media > LEG_VIDEO)
		return;           /* SIP shares none                      */

	np = ml->portv[media][rtcp].np;
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

	/* one socket for all, whichever medium is on */
	if (t->rtc.on)
		return port_open(ml, LEG_AUDIO, false, t->audio.rtp_fd, fdv,
				 fdc) ? EBADF : 0;

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

	if (media == LEG_AUDIO && ml->audio) {
		audio_leg_put(ml->audio, pkt);
	}
	else if (media == LEG_VIDEO && ml->src) {
		mixer_leg_wait(ml, media, ml->src);
		video_src_put(ml->src, pkt);
	}
	else if (media == LEG_SLIDES && ml->mixer->video) {
		mixer_leg_slides_put(ml, pkt);
	}
	else {
		pkt_put(pkt);
	}
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
	else if (media == LEG_SLIDES && ml->slides)
		video_src_sync(ml->slides, sync);
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
	json_t *msg;

	on_loop();

	/* a screen on which nothing moves is hardly sent: not gone at once */
	if (media == LEG_SLIDES) {
		if (quiet_ms >= SLIDES_QUIET_MS)
			mixer_leg_slides_end(ml);
		return;
	}
	/* a camera that is switched off is quiet, too */
	if (media == LEG_AUDIO) {
		ml->quiet = quiet_ms != 0;
		mixer_leg_trouble(ml);
	}
	msg = media_msg(ml, media);
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

void mixer_leg_want_key(struct mixer_leg *ml, enum leg_media media)
{
	if (leg_want_key(ml->leg, media, clock_us()) == ENOTSUP
	    && media == LEG_VIDEO)
		mixer_tell(ml->mixer, MIX_LEG_KEY,
			   json_pack("{sI}", "id",
				     (json_int_t)ml->ticket.id));
	mixer_leg_wake(ml);
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

/* Only watches: it is heard and seen by nobody; nor is anybody before the
 * host has come. */
static ON(loop) int audio_set(struct mixer_leg *ml)
{
	struct ticket t = ml->ticket;

	t.muted |= t.watcher || ml->mixer->look.hold == LOOK_HOST;

	return ml->audio ? audio_leg_set(ml->audio, &t)
		: audio_leg_alloc(&ml->audio, ml->mixer->audio, &t);
}

int mixer_leg_hold(struct mixer_leg *ml)
{
	return ml->audio ? audio_set(ml) : 0;
}

/* Who is muted may as well send nothing. */
void mixer_leg_trouble(struct mixer_leg *ml)
{
	const struct ticket *t = &ml->ticket;
	const bool quiet = ml->quiet && t->audio.on && t->audio.recv &&
		!t->muted && !t->mic_off;

	video_src_trouble(ml->src, ml->rtc_trouble || quiet);
}

static ON(loop) void lipsync_set(struct mixer_leg *ml)
{
	if (ml->src && ml->audio)
		video_src_lipsync(ml->src, offset_handler, hold_handler,
				  ml->audio);
}

static ON(loop) int src_set(struct mixer_leg *ml)
{
	const struct ticket *t = &ml->ticket;
	int err;

	if (t->watcher) {
		ml->src = mem_deref(ml->src);
		return 0;
	}
	if (ml->src)
		return video_src_set(ml->src, t);

	err = video_src_alloc(&ml->src, ml->mixer->video, t, false);
	if (err)
		return err;

	ml->wait_ms[LEG_VIDEO] = 0;
	lipsync_set(ml);

	return 0;
}

static ON(loop) int engines_set(struct mixer_leg *ml)
{
	const struct ticket *t = &ml->ticket;
	const bool had = ml->audio;
	int err;

	if (t->audio.on) {
		err = audio_set(ml);
		if (err)
			return err;
		if (!had)
			lipsync_set(ml);
	}
	else if (ml->audio) {
		if (ml->src)
			video_src_lipsync(ml->src, NULL, NULL, NULL);
		ml->audio = mem_deref(ml->audio);
	}

	err = src_set(ml);
	mixer_leg_trouble(ml);
	if (!err)
		err = mixer_leg_slides_set(ml, t);
	if (err)
		return err;

	return mixer_leg_watch(ml);
}

/* ---- the door ------------------------------------------------------- */

static void destructor(void *data)
{
	struct mixer_leg *ml = data;
	int i;

	on_loop();

	hash_unlink(&ml->he);
	list_unlink(&ml->le);
	mem_deref(ml->next);
	mem_deref(ml->watch);
	mem_deref(ml->slides);
	mem_deref(ml->src);     /* before audio: it asks it for the time */
	mem_deref(ml->audio);
	mem_deref(ml->leg);
	mem_deref(ml->rtc);
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
	ml->budget = UINT32_MAX;
	err = leg_alloc(&ml->leg, t, &handlers, ml, clock_us());
	if (err)
		goto out;
	err = ports_open(ml, t, fdv, fdc);
	if (err) {
		(void)re_snprintf(errbuf, errsz, "descriptors: %m", err);
		goto out;
	}

	if (t->rtc.on) {
		err = mixer_leg_rtc_alloc(ml, t);
		if (err) {
			(void)re_snprintf(errbuf, errsz, "transport: %m",
					  err);
			goto out;
		}
	}

	/* in the tables before the engines can speak of it */
	list_append(&mixer->legl, &ml->le, ml);
	hash_append(mixer->legs, t->id, &ml->he, ml);
	err = engines_set(ml);
	if (err) {
		(void)re_snprintf(errbuf, errsz, "codecs: %m", err);
		goto out;
	}
	mixer_leg_wake(ml);

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

	if (t->rtc.on != !!ml->rtc) {
		(void)re_snprintf(errbuf, errsz, "leg %u: SIP or WebRTC, not"
				  " one after the other", t->id);
		return EINVAL;
	}
	if (fdc) {
		err = ports_open(ml, t, fdv, fdc);
		if (err) {
			(void)re_snprintf(errbuf, errsz, "descriptors: %m",
					  err);
			return err;
		}
	}
	ml->ticket = *t;
	if (!t->audio.on || !t->audio.recv)
		ml->quiet = false;
	err = leg_set(ml->leg, t, clock_us());
	if (!err && ml->rtc)
		err = net_rtc_set(ml->rtc, &t->rtc, clock_us());
	if (!err)
		err = engines_set(ml);
	if (err)
		(void)re_snprintf(errbuf, errsz, "codecs: %m", err);
	mixer_leg_wake(ml);

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
		: video_src_stats(media == LEG_VIDEO ? ml->src : ml->slides);
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
	if (ml->rtc && media == LEG_AUDIO)
		json_object_set_new(msg, "rtc", net_rtc_stats(ml->rtc));
	if (media == LEG_VIDEO && m->send)
		mixer_leg_rung_stats(ml, msg);
	mixer_tell(ml->mixer, MIX_QUALITY, msg);
}

void mixer_leg_quality(struct mixer_leg *ml)
{
	quality_medium(ml, LEG_AUDIO);
	quality_medium(ml, LEG_VIDEO);
	quality_medium(ml, LEG_SLIDES);
}

/* ---- time ------------------------------------------------------------ */

uint64_t mixer_leg_due(const struct mixer_leg *ml)
{
	const uint64_t due = min(leg_due(ml->leg), mixer_leg_rate_due(ml));

	return ml->rtc ? min(due, net_rtc_due(ml->rtc)) : due;
}

void mixer_leg_run(struct mixer_leg *ml, uint64_t now)
{
	if (ml->rtc)
		net_rtc_run(ml->rtc, now);
	leg_run(ml->leg, now);
	mixer_leg_rate(ml, now);
}

void mixer_leg_bye(struct mixer_leg *ml, uint64_t now)
{
	leg_bye(ml->leg, now);
	if (ml->rtc)
		net_rtc_bye(ml->rtc, now);
}

void mixer_leg_end(struct mixer_leg *ml)
{
	mixer_leg_bye(ml, clock_us());
	net_port_flush();
	mixer_leg_quality(ml);
	mem_deref(ml);
}
