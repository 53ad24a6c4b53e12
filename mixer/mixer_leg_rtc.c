/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/mixer_leg_rtc.c -- a browser's leg: its transport, its slides, its
 * tile sizes
 *
 *	mixer_port -> net_rtc -> leg        in
 *	leg -> net_rtc -> mixer_port        out, all media on one socket
 */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mixproto.h"
#include "mixer/mixer_priv.h"

static void send_handler(const struct sa *dst, const uint8_t *p, size_t n,
			 void *arg)
{
	struct mixer_leg *ml = arg;
	struct net_port *np = ml->portv[LEG_AUDIO][0].np;
	const struct iovec iov = {
		.iov_base = (void *)p, .iov_len = n,
	};

	on_loop();

	if (np)
		(void)net_port_send(np, dst, &iov, 1);
}

static void media_handler(uint8_t *p, size_t n, uint64_t now, void *arg)
{
	struct mixer_leg *ml = arg;

	on_loop();

	leg_recv(ml->leg, LEG_AUDIO, false, NULL, p, n, now);
}

static const char *state_name(enum rtc_state state)
{
	switch (state) {

	case RTC_CONNECTED: return "connected";
	case RTC_TROUBLE:   return "trouble";
	case RTC_FAILED:    return "failed";
	case RTC_CLOSED:    return "closed";
	default:            return NULL;
	}
}

/* What was encoded before is lost on it: it begins with a key frame. */
static ON(loop) void ready(struct mixer_leg *ml)
{
	leg_ready(ml->leg, net_rtc_ready(ml->rtc), clock_us());
}

static void state_handler(enum rtc_state state, const char *text, void *arg)
{
	struct mixer_leg *ml = arg;
	const char *name = state_name(state);

	on_loop();

	if (!name)
		return;

	info("leg %u %s%s%s\n", ml->ticket.id, name,
	     text && *text ? ": " : "", text ? text : "");
	ml->rtc_trouble = state != RTC_CONNECTED;
	mixer_leg_trouble(ml);
	if (state == RTC_CONNECTED || state == RTC_TROUBLE)
		ready(ml);
	else
		leg_ready(ml->leg, false, clock_us());
	mixer_tell(ml->mixer, MIX_LEG_RTC,
		   json_pack("{sI ss ss}", "id", (json_int_t)ml->ticket.id,
			     "state", name, "text", text ? text : ""));
}

static void news_handler(const struct ticket_rtc *rtc, void *arg)
{
	struct mixer_leg *ml = arg;
	struct ticket_rtc news = *rtc;

	on_loop();

	leg_rtc_name(ml->leg, &news);
	mixer_tell(ml->mixer, MIX_LEG_NEWS,
		   json_pack("{sI so}", "id", (json_int_t)ml->ticket.id,
			     "rtc", ticket_rtc_encode_news(&news)));
}

static const struct net_rtc_h handlers = {
	.sendh = send_handler, .rtph = media_handler,
	.rtcph = media_handler, .stateh = state_handler,
	.newsh = news_handler,
};

int mixer_leg_rtc_alloc(struct mixer_leg *ml, const struct ticket *t)
{
	struct net_rtc *rtc = NULL;
	int err;

	err = net_rtc_alloc(&rtc, &t->rtc, &handlers, ml, clock_us());
	if (err)
		return err;

	ml->rtc = rtc;
	ready(ml);                /* with the keys of another mixer       */

	return 0;
}

void mixer_leg_rtc_recv(struct mixer_leg *ml, const struct sa *src,
			const uint8_t *p, size_t n, uint64_t now)
{
	net_rtc_recv(ml->rtc, src, p, n, now);
	if (net_rtc_ready(ml->rtc) && !ml->rtc_ready) {
		ml->rtc_ready = true;
		ready(ml);
	}
}

void mixer_leg_rtc_send(struct mixer_leg *ml, bool rtcp,
			const struct iovec *iov, unsigned iovc)
{
	if (rtcp)
		(void)net_rtc_send_rtcp(ml->rtc, iov, iovc);
	else
		(void)net_rtc_send_rtp(ml->rtc, iov, iovc);
}

/* ---- slides ---------------------------------------------------------- */

void mixer_leg_slides_tell(struct mixer_leg *ml, bool on)
{
	if (ml->slides_on == on)
		return;

	ml->slides_on = on;
	info("leg %u slides %s\n", ml->ticket.id, on ? "on" : "off");
	mixer_tell(ml->mixer, MIX_LEG_SLIDES,
		   json_pack("{sI sb}", "id", (json_int_t)ml->ticket.id,
			     "on", on));
}

void mixer_leg_slides_end(struct mixer_leg *ml)
{
	ml->slides = mem_deref(ml->slides);
	mixer_leg_slides_tell(ml, false);
}

/* A source while packets come: its first key frame has to be asked for,
 * what came before is gone. */
void mixer_leg_slides_put(struct mixer_leg *ml, struct pkt *pkt)
{
	int err;

	if (!ml->slides) {
		err = video_src_alloc(&ml->slides, ml->mixer->video,
				      &ml->ticket, true);
		if (err) {
			if (!ml->slides_err)
				warning("leg %u slides: %m\n", ml->ticket.id,
					err);
			ml->slides_err = err;
			pkt_put(pkt);
			return;
		}
		ml->slides_err = 0;
		ml->wait_ms[LEG_SLIDES] = 0;
	}
	mixer_leg_wait(ml, LEG_SLIDES, ml->slides);
	video_src_put(ml->slides, pkt);
}

int mixer_leg_slides_set(struct mixer_leg *ml, const struct ticket *t)
{
	if (!ml->slides)
		return 0;
	if (t->slides.on && t->slides.recv)
		return video_src_set(ml->slides, t);

	mixer_leg_slides_end(ml);

	return 0;
}

/* ---- sizes ----------------------------------------------------------- */

/* Reassembly waits as long as asking again takes. */
void mixer_leg_wait(struct mixer_leg *ml, enum leg_media media,
		    struct video_src *src)
{
	const unsigned ms = leg_wait_ms(ml->leg, media);

	if (!ms || ms == ml->wait_ms[media])
		return;

	ml->wait_ms[media] = ms;
	video_src_wait(src, ms);
}

void mixer_leg_need(struct mixer_leg *ml, enum leg_media media)
{
	const struct video_src *src = media == LEG_SLIDES ? ml->slides
		: ml->src;
	unsigned w = 0, h = 0;

	if (!src)
		return;

	video_src_need(src, &w, &h);
	(void)leg_set_need(ml->leg, media, w, h, clock_us());
	mixer_leg_wake(ml);
	mixer_tell(ml->mixer, MIX_LEG_NEED,
		   json_pack("{sI ss sI sI}", "id",
			     (json_int_t)ml->ticket.id, "media",
			     media == LEG_SLIDES ? "slides" : "video",
			     "width", (json_int_t)w,
			     "height", (json_int_t)h));
}
