/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/party.c -- parties around an audio engine; see party.h
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>

#include "tests/fake/party.h"

enum { TICK_US = 20000 };


static uint32_t rnd(struct meeting *mt)
{
	mt->rnd = mt->rnd * 1664525u + 1013904223u;

	return mt->rnd >> 8;
}


/* ---- hearing ----------------------------------------------------------- */

static void hear(struct party *p, const struct audio_out *out)
{
	int16_t pcm[CODEC_AUDIO_DUR_MAX * 2];
	unsigned n = CODEC_AUDIO_DUR_MAX;
	const struct unit *u = out->unit;
	unsigned i;

	++p->units;
	p->bytes += (unsigned)u->len;
	p->fecs += u->codec == CODEC_OPUS &&
		codec_opus_has_fec(u->data, u->len);
	p->last_pts = u->pts_us;
	p->last_silence = u->silence;
	if (p->ts_any && out->ts48 != p->ts48)
		++p->ts_breaks;
	p->ts_any = true;
	p->ts48 = out->ts48 + u->duration;

	if (!p->mt->decode || u->codec != p->c->codec)
		return;

	if (p->c->decode(p->dec, pcm, &n, u->data, u->len))
		return;
	for (i = 0; i < n && !p->onset_us; i++) {
		if (abs(pcm[i * p->ch]) > 1000)
			p->onset_us = p->mt->tick + i * 1000000ull / p->c->hz;
	}
	if (p->heardn + n > PARTY_HEARD)
		p->heardn = 0;
	memcpy(p->heard + p->heardn * p->ch, pcm, n * p->ch * sizeof(*pcm));
	p->heardn += n;
}


static void out_handler(const struct audio_out *outv, unsigned outc,
			void *arg)
{
	struct meeting *mt = arg;
	unsigned i;

	++mt->batches;
	mt->outs += outc;
	for (i = 0; i < outc; i++) {
		struct party *p = outv[i].leg <= PARTIES_MAX
			? mt->byid[outv[i].leg] : NULL;

		if (p)
			hear(p, &outv[i]);
	}
}


static void rec_handler(struct unit *unit, void *arg)
{
	struct meeting *mt = arg;

	++mt->recs;
	mt->rec_ms += unit->duration / 48;
}


static void event_handler(enum audio_event ev, uint32_t leg, void *arg)
{
	struct meeting *mt = arg;

	if (ev == AUDIO_SPEAKER) {
		mt->speaker = leg;
		++mt->speakers;
	}
	mt->talks_on  += ev == AUDIO_TALK_ON;
	mt->talks_off += ev == AUDIO_TALK_OFF;
}


/* ---- sending ----------------------------------------------------------- */

/* What has arrived by now, in the order of arrival */
static void deliver(struct party *p, uint64_t now)
{
	for (;;) {
		struct pkt *pkt = NULL;
		unsigned i, k = 0;

		for (i = 0; i < p->wirec; i++) {
			if (p->wirev[i]->rx_us > now)
				continue;
			if (!pkt || p->wirev[i]->rx_us < pkt->rx_us) {
				pkt = p->wirev[i];
				k = i;
			}
		}
		if (!pkt)
			return;
		p->wirev[k] = p->wirev[--p->wirec];
		on_loop();
		audio_leg_put(p->leg, pkt);
	}
}


static void send_packet(struct party *p)
{
	int16_t pcm[CODEC_AUDIO_DUR_MAX * 2];
	unsigned i, n = p->c->hz / 1000 * p->ptime_ms;
	uint8_t buf[PKT_DATA_MAX];
	size_t len = sizeof(buf);
	struct pkt *pkt;

	for (i = 0; i < n; i++) {
		double t = 2 * M_PI * (double)(p->samples + i) / p->c->hz;
		double amp = p->amp;

		if (p->am_hz > 0)
			amp *= 0.55 + 0.45 * sin(t * p->am_hz);
		pcm[i] = (int16_t)(32767 * amp * sin(t * p->hz));
	}
	p->samples += n;

	if (!p->c->encode(p->enc, buf, &len, pcm, n) &&
	    ++p->pkts != p->drop_at &&
	    rnd(p->mt) % 100 >= p->loss_pct && (pkt = pkt_get())) {

		pkt->rx_us = (uint64_t)p->t_us;
		if (p->jitter_us)
			pkt->rx_us += rnd(p->mt) % p->jitter_us;
		pkt->ssrc = p->ssrc;
		pkt->seq  = p->seq;
		pkt->ts   = p->ts;
		pkt->pt   = p->t.audio.fmtv[0].pt;
		pkt->len  = (uint16_t)len;
		memcpy(pkt->data, buf, len);

		if (p->wirec == ARRAY_SIZE(p->wirev))
			pkt_put(pkt);
		else
			p->wirev[p->wirec++] = pkt;
	}

	++p->seq;
	p->ts += p->ptime_ms * (p->c->codec == CODEC_OPUS ? 48 : 8);
	p->t_us += p->ptime_ms * 1000.0;
}


void meeting_run(struct meeting *mt, unsigned ms)
{
	uint64_t end = mt->now + ms * 1000ull;

	on_loop();
	on_ticker();

	for (; mt->tick <= end; mt->tick += TICK_US) {
		struct le *le;

		for (le = mt->partyl.head; le; le = le->next) {
			struct party *p = le->data;

			while (p->sends && p->t_us <= (double)mt->tick)
				send_packet(p);
			deliver(p, mt->tick);
		}
		audio_tick(mt->a, mt->tick);
	}
	mt->now = end;
}


/* ---- making ------------------------------------------------------------ */

static void meeting_destructor(void *arg)
{
	struct meeting *mt = arg;

	list_flush(&mt->partyl);
	mem_deref(mt->a);
}


int meeting_alloc(struct meeting **mtp, const char *prompt_dir)
{
	struct audio_cfg cfg = {
		.outh = out_handler, .rech = rec_handler,
		.eventh = event_handler, .prompt_dir = prompt_dir,
	};
	struct meeting *mt;
	int err;

	mt = mem_zalloc(sizeof(*mt), meeting_destructor);
	if (!mt)
		return ENOMEM;

	mt->now = 1000000;
	mt->tick = mt->now + TICK_US;
	mt->rnd = 4711;
	mt->decode = true;
	cfg.arg = mt;
	err = audio_alloc(&mt->a, &cfg);
	if (err)
		mem_deref(mt);
	else
		*mtp = mt;

	return err;
}


static void party_destructor(void *arg)
{
	struct party *p = arg;

	list_unlink(&p->le);
	if (p->t.id <= PARTIES_MAX)
		p->mt->byid[p->t.id] = NULL;
	while (p->wirec)
		pkt_put(p->wirev[--p->wirec]);
	mem_deref(p->leg);
	mem_deref(p->enc);
	mem_deref(p->dec);
	mem_deref(p->heard);
}


static int codecs(struct party *p)
{
	struct codec_audio_prm prm = {
		.channels = 1, .ptime_ms = p->ptime_ms, .bitrate = 48000,
		.fec = p->t.audio.fmtv[0].fec, .playback_hz = 48000,
		.dtx = p->t.audio.fmtv[0].dtx, .loss_pct = 20,
	};
	int err;

	p->enc = mem_deref(p->enc);
	p->dec = mem_deref(p->dec);
	p->c = codec_audio_find(p->t.audio.fmtv[0].codec);
	p->ch = p->t.audio.fmtv[0].stereo ? 2 : 1;
	err = p->c->enc_alloc(&p->enc, &prm);
	if (!err)
		err = p->c->dec_alloc(&p->dec, p->ch);

	return err;
}


int party_alloc(struct party **pp, struct meeting *mt, uint32_t id,
		enum ticket_codec codec)
{
	struct party *p;
	struct ticket_fmt *f;
	int err;

	on_loop();

	p = mem_zalloc(sizeof(*p), party_destructor);
	if (!p)
		return ENOMEM;

	p->mt = mt;
	ticket_init(&p->t, id);
	p->t.audio.on = p->t.audio.send = p->t.audio.recv = true;
	p->t.audio.ptime_ms = 20;
	p->t.audio.fmtc = 1;
	f = &p->t.audio.fmtv[0];
	f->codec = codec;
	f->pt = f->tx_pt = codec == CODEC_OPUS ? 111 :
			   codec == CODEC_G722 ? 9 :
			   codec == CODEC_PCMA ? 8 : 0;
	f->clock_hz = codec == CODEC_OPUS ? 48000 : 8000;
	f->channels = codec == CODEC_OPUS ? 2 : 1;
	p->ptime_ms = 20;
	p->phase_us = 10000;
	p->ssrc = 1000 + id;
	p->seq  = 65530 + id;
	p->ts   = 0xffffff00u;
	list_append(&mt->partyl, &p->le, p);
	if (id <= PARTIES_MAX)
		mt->byid[id] = p;

	err = codecs(p);
	if (!err && mt->decode) {
		p->heard = mem_zalloc(PARTY_HEARD * p->ch *
				      sizeof(*p->heard), NULL);
		err = p->heard ? 0 : ENOMEM;
	}
	if (!err)
		err = audio_leg_alloc(&p->leg, mt->a, &p->t);
	if (err)
		mem_deref(p);
	else
		*pp = p;

	return err;
}


int party_set(struct party *p)
{
	int err;

	on_loop();
	err = codecs(p);
	if (err)
		return err;
	p->heard = mem_deref(p->heard);
	p->heard = mem_zalloc(PARTY_HEARD * p->ch * sizeof(*p->heard), NULL);
	if (!p->heard)
		return ENOMEM;
	p->heardn = 0;

	return audio_leg_set(p->leg, &p->t);
}


void party_tone(struct party *p, double hz, double amp)
{
	p->hz  = hz;
	p->amp = amp;
	if (!p->sends)
		p->t_us = (double)(p->mt->tick - TICK_US + p->phase_us);
	p->sends = true;
}


void party_forget(struct party *p)
{
	p->heardn = 0;
}


/* ---- measuring --------------------------------------------------------- */

double goertzel(const int16_t *x, unsigned n, unsigned step, double hz,
		double rate)
{
	double re = 0, im = 0, w = 2 * M_PI * hz / rate;
	unsigned i;

	for (i = 0; i < n; i++) {
		double win = 1 - cos(2 * M_PI * i / n);

		re += x[i * step] * win * cos(w * i);
		im += x[i * step] * win * sin(w * i);
	}

	return n ? 2 * sqrt(re * re + im * im) / n / 32767 : 0;
}


double distortion(const int16_t *x, unsigned n, double hz, double rate)
{
	double c = 0, s = 0, all = 0, rest = 0, w = 2 * M_PI * hz / rate;
	unsigned i;

	for (i = 0; i < n; i++) {
		c += 2 * x[i] * cos(w * i) / n;
		s += 2 * x[i] * sin(w * i) / n;
	}
	for (i = 0; i < n; i++) {
		double d = x[i] - c * cos(w * i) - s * sin(w * i);

		all  += (double)x[i] * x[i];
		rest += d * d;
	}

	return all > 0 ? sqrt(rest / all) : 0;
}


double party_hears(const struct party *p, double hz, unsigned ms)
{
	unsigned n = p->c->hz / 1000 * ms;

	if (n > p->heardn)
		n = p->heardn;

	return goertzel(p->heard + (p->heardn - n) * p->ch, n, p->ch, hz,
			p->c->hz);
}


int meeting_two(struct meeting **mtp, struct party **ap,
		enum ticket_codec a, struct party **bp, enum ticket_codec b)
{
	int err;

	err = meeting_alloc(mtp, NULL);
	if (err)
		return err;

	err = party_alloc(ap, *mtp, 1, a);
	if (err)
		return err;

	return party_alloc(bp, *mtp, 2, b);
}


double party_stat(const struct party *p, const char *key)
{
	json_t *o;
	double v;

	on_loop();
	o = audio_leg_stats(p->leg);
	v = json_number_value(json_object_get(o, key));
	json_decref(o);

	return v;
}


long long meeting_stat(const struct meeting *mt, const char *key)
{
	json_t *o;
	long long v;

	on_loop();
	o = audio_stats(mt->a);
	v = json_integer_value(json_object_get(o, key));
	json_decref(o);

	return v;
}
