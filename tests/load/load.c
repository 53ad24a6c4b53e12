/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/load/load.c -- tutti-load: many callers at almost no cost
 *
 * Calls one conference from many legs, plays prepared streams into it and
 * measures what comes back; works against any SIP conference server.  Leg 0
 * listens and looks (it alone decodes), leg 1 sends the clicks and the
 * flashing patch it waits for; with one leg alone it is its own echo.
 *
 * What is happening goes to stderr a line at a time ("load: up 9/9",
 * "load: measuring", "load: done"), the result to stdout as JSON.
 */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <re.h>
#include <jansson.h>

#include "base/clock.h"
#include "tests/load/delay.h"
#include "tests/load/leg.h"
#include "tests/load/pictureprobe.h"
#include "tests/load/prep.h"
#include "tests/load/soundprobe.h"

enum { LEGS_MAX = 2000, VARIANTS = 4, TURN_MAX_US = 450000,
       CLICK_MAX_US = 900000, KEY_WAIT_S = 1,
       LIPS_US = 100000 };        /* reported times may be early          */

static struct {
	/* options */
	const char *uri, *cache, *ppm;
	unsigned legs, watchers, seconds, settle_s, ramp_ms, talkers;
	struct leg_cfg cfg;
	struct prep_video pv;
	bool each, quiet, sendonly;
	uint16_t rtp_port;
	struct sa laddr;

	/* running */
	struct sip *sip;
	struct sipsess_sock *sock;
	struct leg *legv[LEGS_MAX];
	unsigned started, total;
	struct trace *clicks, *hiss, *babblev[VARIANTS];
	struct trace *flash, *headv[VARIANTS];
	struct tmr ramp_tmr, tick_tmr, phase_tmr;
	bool measuring;
	uint64_t begun_us, ended_us;
	double cpu_begun;

	/* leg 0 */
	struct soundprobe *sound;
	struct pictureprobe *picture;
	uint64_t pkt_at_us, pkt_at48;
	uint64_t pkt_ntp_us, pic_ntp_us;
	struct delay click, white, black;
	struct delay ntp_click, ntp_white, ntp_black;    /* by reports    */
	int last_bright;
} g;

static void usage(void)
{
	(void)fprintf(stderr,
	"usage: tutti-load [options] sip:ROOM@HOST[:PORT]\n"
	" -n N        legs that send (3)\n"
	" -w N        more legs that only receive (0)\n"
	" -x          those that send do not receive\n"
	" -t SECONDS  measure so long (10), after -g SECONDS to settle (3)\n"
	" -r MS       between calls (100)\n"
	" -a CODEC    opus, g722, pcmu, pcma, none (opus)\n"
	" -v CODEC    h264, vp8, none (h264);  -m 0|1 packetization-mode (1)\n"
	" -s WxH  -f FPS  -k KBPS   what is sent (640x360, 30, 600)\n"
	" -S          the pictures stand still\n"
	" -T N        legs that talk beside the clicks (2)\n"
	" -b KBPS -M MAXFS -L PROFILE-LEVEL-ID   what we say we can receive\n"
	" -l ADDR  -p PORT   local address, first RTP port (40000)\n"
	" -u USER:PASS       digest\n"
	" -c DIR      prepared streams are kept there (/tmp/tutti-load)\n"
	" -P FILE     last picture of leg 0 as PPM\n"
	" -e          a line per leg in the result\n"
	" -O          prepare the streams, then end\n"
	" -q          nothing on stderr\n");
}

static void note(const char *fmt, ...)
{
	va_list ap;

	if (g.quiet)
		return;
	va_start(ap, fmt);
	(void)re_fprintf(stderr, "load: %v\n", fmt, &ap);
	va_end(ap);
}

static double cpu_now(void)
{
	struct rusage ru;

	(void)getrusage(RUSAGE_SELF, &ru);

	return ru.ru_utime.tv_sec + ru.ru_stime.tv_sec +
		(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6;
}

/* ---- the clock: what leg 1 sends and leg 0 gets ---- */

static void audio_sent(const struct trace *t, const struct trace_pkt *pkt,
		       uint64_t at_us, void *arg)
{
	uint32_t ts48 = (uint32_t)((uint64_t)pkt->ts * 48000 /
				   t->head.clock_hz);
	uint32_t i;
	(void)arg;

	for (i = 0; i < t->head.markc; i++) {
		uint32_t m = t->head.markv[i];

		if (m < ts48 || m >= ts48 + 960)
			continue;
		delay_sent(&g.click, at_us + (m - ts48) * 1000ull / 48);
		delay_sent(&g.ntp_click, at_us + (m - ts48) * 1000ull / 48);
	}
}

static void video_sent(const struct trace *t, const struct trace_pkt *pkt,
		       uint64_t at_us, void *arg)
{
	int bright = !!(pkt->flags & PKT_BRIGHT);
	(void)t;
	(void)arg;

	if (bright != g.last_bright && g.last_bright >= 0) {
		delay_sent(bright ? &g.white : &g.black, at_us);
		delay_sent(bright ? &g.ntp_white : &g.ntp_black, at_us);
	}
	g.last_bright = bright;
}

static void click_came(uint64_t sample, void *arg)
{
	(void)arg;
	delay_came(&g.click, g.pkt_at_us + (sample - g.pkt_at48) * 1000 / 48,
		   CLICK_MAX_US);
	if (g.pkt_ntp_us)
		delay_came(&g.ntp_click, LIPS_US + g.pkt_ntp_us +
			   (sample - g.pkt_at48) * 1000 / 48, CLICK_MAX_US);
}

static void turn_came(bool bright, uint64_t at_us, void *arg)
{
	(void)arg;
	delay_came(bright ? &g.white : &g.black, at_us, TURN_MAX_US);
	if (g.pic_ntp_us)
		delay_came(bright ? &g.ntp_white : &g.ntp_black,
			   LIPS_US + g.pic_ntp_us, TURN_MAX_US);
}

static void audio_recv(const struct flow_pkt *pkt, void *arg)
{
	unsigned step = g.cfg.audio == CODEC_OPUS ? 1 : 6;
	(void)arg;

	g.pkt_at_us = pkt->at_us;
	g.pkt_at48  = pkt->ts * step;
	g.pkt_ntp_us = pkt->ntp_us;
	soundprobe_put(g.sound, g.pkt_at48, pkt->p, pkt->n);
}

static void video_recv(const struct flow_pkt *pkt, void *arg)
{
	(void)arg;
	g.pic_ntp_us = pkt->ntp_us;
	pictureprobe_put(g.picture, pkt->p, pkt->n, pkt->marker, pkt->lost,
			 pkt->at_us);
}

/* ---- the result ---- */

struct sums {
	uint64_t tx_packets, rx_packets, rx_bytes, rx_frames, lost, gap_ms;
	unsigned legs, silent, keys, ssrcs;
	double jitter, jitter_max;
};

static void sum(struct sums *s, const struct flow *f)
{
	struct flow_stats st;

	if (!f)
		return;
	flow_stats(f, &st);
	++s->legs;
	s->silent     += !st.rx_packets;
	s->tx_packets += st.tx_packets;
	s->rx_packets += st.rx_packets;
	s->rx_bytes   += st.rx_bytes;
	s->rx_frames  += st.rx_frames;
	s->lost       += st.rx_lost;
	s->keys       += st.key_requests;
	s->jitter     += st.rx_jitter_ms;
	if (st.rx_ssrcs > s->ssrcs)
		s->ssrcs = st.rx_ssrcs;
	if (st.rx_gap_ms > s->gap_ms)
		s->gap_ms = st.rx_gap_ms;
	if (st.rx_jitter_ms > s->jitter_max)
		s->jitter_max = st.rx_jitter_ms;
}

static json_t *sums_json(const struct sums *s, enum ticket_codec codec,
			 double seconds)
{
	double per = s->legs && seconds > 0 ? 1 / (seconds * s->legs) : 0;

	return json_pack("{s:s, s:i, s:i, s:I, s:I, s:I, s:f, s:f, s:f, s:f,"
			 " s:I, s:i, s:i}",
			 "codec", codec_name(codec), "legs", (int)s->legs,
			 "silent_legs", (int)s->silent,
			 "tx_packets", (json_int_t)s->tx_packets,
			 "rx_packets", (json_int_t)s->rx_packets,
			 "rx_lost", (json_int_t)s->lost,
			 "rx_kbps", s->rx_bytes * 8 * per / 1000,
			 "rx_frames_per_s", s->rx_frames * per,
			 "jitter_ms", s->legs ? s->jitter / s->legs : 0,
			 "jitter_ms_max", s->jitter_max,
			 "gap_ms_max", (json_int_t)s->gap_ms,
			 "key_requests", (int)s->keys,
			 "rx_ssrcs", (int)s->ssrcs);
}

static json_t *flow_json(const struct flow *f)
{
	struct flow_stats st;

	if (!f)
		return json_null();
	flow_stats(f, &st);

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:I, s:i, s:i}",
			 "tx_packets", (json_int_t)st.tx_packets,
			 "rx_packets", (json_int_t)st.rx_packets,
			 "rx_bytes", (json_int_t)st.rx_bytes,
			 "rx_frames", (json_int_t)st.rx_frames,
			 "rx_lost", (json_int_t)st.rx_lost,
			 "jitter_ms", st.rx_jitter_ms,
			 "gap_ms", (json_int_t)st.rx_gap_ms,
			 "first_ms", (json_int_t)st.rx_first_ms,
			 "key_requests", (int)st.key_requests,
			 "tmmbr", (int)st.tmmbr);
}

static json_t *each_json(void)
{
	json_t *v = json_array();
	unsigned i;

	for (i = 0; i < g.started; i++) {
		const struct leg *l = g.legv[i];

		if (!l)
			continue;
		json_array_append_new(v, json_pack(
			"{s:i, s:b, s:s, s:i, s:i, s:o, s:o}", "leg", (int)i,
			"up", leg_state(l) == LEG_UP,
			"reason", leg_reason(l),
			"setup_ms", (int)leg_setup_ms(l),
			"infos", (int)leg_infos(l),
			"audio", flow_json(leg_audio(l)),
			"video", flow_json(leg_video(l))));
	}

	return v;
}

static json_t *delay_json(const struct delay *a, const struct delay *b)
{
	return json_pack("{s:i, s:f, s:f, s:f, s:f}",
			 "n", (int)(a->n + (b ? b->n : 0)),
			 "p50", delay_ms(a, b, 0.5),
			 "p95", delay_ms(a, b, 0.95),
			 "min", delay_ms(a, b, 0),
			 "max", delay_ms(a, b, 1));
}

/** How much later the picture is than its sound, for who plays both by
 *  the sender's reports. */
static json_t *lips_json(void)
{
	double sound = delay_ms(&g.ntp_click, NULL, 0.5);
	double picture = delay_ms(&g.ntp_white, &g.ntp_black, 0.5);

	if (sound < 0 || picture < 0)
		return json_null();

	return json_real(picture - sound);
}

static json_t *picture_json(void)
{
	struct picture_stats st;

	if (!g.picture)
		return json_null();
	pictureprobe_stats(g.picture, &st);

	return json_pack("{s:i, s:i, s:i, s:i, s:i}", "width", (int)st.w,
			 "height", (int)st.h, "decoded", (int)st.decoded,
			 "keys", (int)st.keys, "broken", (int)st.broken);
}

static unsigned count_up(void)
{
	unsigned i, n = 0;

	for (i = 0; i < g.started; i++)
		n += g.legv[i] && leg_state(g.legv[i]) == LEG_UP;

	return n;
}

static void print_result(void)
{
	double seconds = (g.ended_us - g.begun_us) / 1e6;
	struct sums a = {0}, v = {0};
	uint32_t setup_max = 0;
	json_t *res;
	unsigned i;

	for (i = 0; i < g.started; i++) {
		if (!g.legv[i])
			continue;
		sum(&a, leg_audio(g.legv[i]));
		sum(&v, leg_video(g.legv[i]));
		if (leg_setup_ms(g.legv[i]) > setup_max)
			setup_max = leg_setup_ms(g.legv[i]);
	}

	res = json_pack("{s:s, s:i, s:i, s:i, s:f, s:i, s:f, s:o, s:o, s:o,"
			" s:o, s:o, s:o, s:f}", "uri", g.uri,
			"legs", (int)g.legs, "watchers", (int)g.watchers,
			"up", (int)count_up(), "seconds", seconds,
			"setup_ms_max", (int)setup_max,
			"load_cpu", seconds > 0 ?
			(cpu_now() - g.cpu_begun) / seconds : 0,
			"audio", sums_json(&a, g.cfg.audio, seconds),
			"video", sums_json(&v, g.cfg.video, seconds),
			"sound_ms", delay_json(&g.click, NULL),
			"picture_ms", delay_json(&g.white, &g.black),
			"lips_ms", lips_json(),
			"picture", picture_json(),
			"level", soundprobe_level(g.sound));
	if (res && g.each)
		json_object_set_new(res, "each", each_json());
	(void)json_dumpf(res, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	(void)printf("\n");
	(void)fflush(stdout);
	json_decref(res);
}

/* ---- the run ---- */

static void quit_timeout(void *arg)
{
	(void)arg;
	re_cancel();
}

static void sip_gone(void *arg)
{
	(void)arg;
	re_cancel();
}

static void hang_up(void)
{
	unsigned i;

	tmr_cancel(&g.ramp_tmr);
	tmr_cancel(&g.tick_tmr);
	for (i = 0; i < g.started; i++)
		g.legv[i] = mem_deref(g.legv[i]);
	sip_close(g.sip, false);
	tmr_start(&g.phase_tmr, 3000, quit_timeout, NULL);
}

static void measured(void *arg)
{
	(void)arg;
	g.ended_us = clock_us();
	note("done up=%u/%u", count_up(), g.total);
	print_result();
	if (g.ppm && g.picture)
		(void)pictureprobe_write(g.picture, g.ppm);
	hang_up();
}

static void measure(void *arg)
{
	unsigned i;
	(void)arg;

	for (i = 0; i < g.started; i++) {
		if (g.legv[i] && leg_state(g.legv[i]) != LEG_UP)
			note("leg %u is not up: %s", i,
			     leg_reason(g.legv[i]));
		if (g.legv[i] && leg_audio(g.legv[i]))
			flow_stats_reset(leg_audio(g.legv[i]));
		if (g.legv[i] && leg_video(g.legv[i]))
			flow_stats_reset(leg_video(g.legv[i]));
	}
	delay_clear(&g.click);
	delay_clear(&g.white);
	delay_clear(&g.black);
	delay_clear(&g.ntp_click);
	delay_clear(&g.ntp_white);
	delay_clear(&g.ntp_black);
	g.begun_us  = clock_us();
	g.cpu_begun = cpu_now();
	g.measuring = true;
	note("measuring up=%u/%u", count_up(), g.total);
	tmr_start(&g.phase_tmr, g.seconds * 1000, measured, NULL);
}

static void tick(void *arg)
{
	unsigned i;
	(void)arg;

	tmr_start(&g.tick_tmr, 1000, tick, NULL);
	for (i = 0; i < g.started; i++) {
		if (!g.legv[i])
			continue;
		flow_report(leg_audio(g.legv[i]));
		flow_report(leg_video(g.legv[i]));
	}
	if (g.legv[0] && g.picture && pictureprobe_wants_key(g.picture))
		flow_ask_key(leg_video(g.legv[0]));
}

static void leg_cfg_fill(struct leg_cfg *cfg, unsigned i)
{
	bool sends = i < g.legs, clock = i == (g.legs > 1 ? 1 : 0);

	*cfg = g.cfg;
	cfg->id = i;
	cfg->sendonly = sends && g.sendonly;
	if (sends) {
		cfg->audio_trace = clock ? g.clicks :
			i >= 2 && i < 2 + g.talkers ?
			g.babblev[i % VARIANTS] : g.hiss;
		cfg->video_trace = clock ? g.flash : g.headv[i % VARIANTS];
	}
	if (clock && sends) {
		cfg->audio_senth = audio_sent;
		cfg->video_senth = video_sent;
	}
	if (!i) {
		cfg->audio_recvh = audio_recv;
		cfg->video_recvh = video_recv;
	}
}

static void ramp(void *arg)
{
	struct leg_cfg cfg;
	int err;
	(void)arg;

	leg_cfg_fill(&cfg, g.started);
	err = leg_alloc(&g.legv[g.started], &cfg);
	if (err)
		note("leg %u: %m", g.started, err);
	++g.started;

	if (g.started < g.total)
		tmr_start(&g.ramp_tmr, g.ramp_ms, ramp, NULL);
	else
		tmr_start(&g.phase_tmr, g.settle_s * 1000, measure, NULL);
}

/** Does any leg send head or babble i? */
static bool needed(unsigned variant, bool babble)
{
	unsigned i, clock = g.legs > 1;

	for (i = 0; i < g.legs; i++)
		if (i != clock && i % VARIANTS == variant &&
		    (!babble || (i >= 2 && i < 2 + g.talkers)))
			return true;

	return false;
}

static int prepare(void)
{
	unsigned i;
	int err = 0;

	note("preparing streams in %s", g.cache);

	if (g.cfg.audio) {
		err = prep_audio(&g.clicks, g.cache, g.cfg.audio,
				 SOUND_CLICKS, 0);
		if (!err)
			err = prep_audio(&g.hiss, g.cache, g.cfg.audio,
					 SOUND_HISS, 0);
		for (i = 0; i < VARIANTS && !err; i++)
			if (needed(i, true))
				err = prep_audio(&g.babblev[i], g.cache,
						 g.cfg.audio, SOUND_BABBLE,
						 i);
		if (!err)
			err = soundprobe_alloc(&g.sound, g.cfg.audio,
					       click_came, NULL);
	}
	if (g.cfg.video && !err) {
		struct prep_video pv = g.pv;

		pv.codec    = g.cfg.video;
		pv.pkt_mode = pv.codec == CODEC_H264 ? g.cfg.pkt_mode : 0;
		for (i = 0; i < VARIANTS && !err; i++) {
			pv.variant = i;
			if (needed(i, false))
				err = prep_video(&g.headv[i], g.cache, &pv);
		}
		pv.flash   = true;
		pv.variant = VARIANTS;
		if (!err)
			err = prep_video(&g.flash, g.cache, &pv);
		if (!err)
			err = pictureprobe_alloc(&g.picture, g.cfg.video,
						 turn_came, NULL);
	}

	return err;
}

static void unprepare(void)
{
	unsigned i;

	for (i = 0; i < VARIANTS; i++) {
		mem_deref(g.babblev[i]);
		mem_deref(g.headv[i]);
	}
	mem_deref(g.clicks);
	mem_deref(g.hiss);
	mem_deref(g.flash);
	mem_deref(g.sound);
	mem_deref(g.picture);
}

/** The address that faces the server, unless -l said one. */
static int find_laddr(void)
{
	struct uri uri;
	struct pl pl;
	struct sa dst;
	struct udp_sock *us = NULL;
	int err;

	pl_set_str(&pl, g.uri);
	err = uri_decode(&uri, &pl);
	if (err || sa_isset(&g.laddr, SA_ADDR))
		return err;

	err = sa_set(&dst, &uri.host, uri.port ? uri.port : 5060);
	if (err) {
		(void)re_fprintf(stderr, "load: the host of %s must be an IP "
				 "address, or give -l\n", g.uri);
		return err;
	}
	sa_init(&g.laddr, sa_af(&dst));
	if (sa_is_loopback(&dst))
		return sa_set_str(&g.laddr, sa_af(&dst) == AF_INET6 ? "::1" :
				  "127.0.0.1", 0);

	err = udp_listen(&us, &g.laddr, NULL, NULL);
	if (!err)
		err = udp_connect(us, &dst);
	if (!err)
		err = udp_local_get(us, &g.laddr);
	mem_deref(us);

	return err;
}

static int sip_start(void)
{
	struct sa laddr = g.laddr;
	int err;

	err = sip_alloc(&g.sip, NULL, 1024, 1024, 1024, "tutti-load",
			sip_gone, NULL);
	if (err)
		return err;

	/* a port of our own choice: libre needs to know it beforehand */
	do {
		g.cfg.sip_port = 30000 + rand_u16() % 5000;
		sa_set_port(&laddr, g.cfg.sip_port);
		err = sip_transp_add(g.sip, SIP_TRANSP_UDP, &laddr);
	} while (err == EADDRINUSE);
	if (!err)
		err = sip_transp_add(g.sip, SIP_TRANSP_TCP, &laddr);
	if (!err)
		err = sipsess_listen(&g.sock, g.sip, 1024, NULL, NULL);

	return err;
}

static void signal_handler(int sig)
{
	(void)sig;
	if (g.measuring) {
		tmr_start(&g.phase_tmr, 0, measured, NULL);
		g.measuring = false;
	}
	else {
		re_cancel();
	}
}

static bool codec_option(const char *arg, bool video,
			 enum ticket_codec *codecp)
{
	*codecp = CODEC_NONE;
	if (!strcmp(arg, "none"))
		return true;
	*codecp = codec_find(arg);

	return video ? codec_is_video(*codecp) : codec_is_audio(*codecp);
}

static int option(int c, char *arg)
{
	bool ok = true;

	switch (c) {

	case 'n': g.legs = (unsigned)atoi(arg);            break;
	case 'w': g.watchers = (unsigned)atoi(arg);        break;
	case 't': g.seconds = (unsigned)atoi(arg);         break;
	case 'g': g.settle_s = (unsigned)atoi(arg);        break;
	case 'r': g.ramp_ms = (unsigned)atoi(arg);         break;
	case 'T': g.talkers = (unsigned)atoi(arg);         break;
	case 'a': ok = codec_option(arg, false, &g.cfg.audio); break;
	case 'v': ok = codec_option(arg, true, &g.cfg.video);  break;
	case 'm': g.cfg.pkt_mode = (unsigned)atoi(arg);    break;
	case 's': ok = sscanf(arg, "%ux%u", &g.pv.w, &g.pv.h) == 2; break;
	case 'f': g.pv.fps = (unsigned)atoi(arg);          break;
	case 'k': g.pv.kbps = (unsigned)atoi(arg);         break;
	case 'S': g.pv.still = true;                       break;
	case 'b': g.cfg.kbps = (uint32_t)atoi(arg);        break;
	case 'M': g.cfg.max_fs = (uint32_t)atoi(arg);      break;
	case 'L': g.cfg.level = arg;                       break;
	case 'l': ok = !sa_set_str(&g.laddr, arg, 0);      break;
	case 'p': g.rtp_port = (uint16_t)atoi(arg);        break;
	case 'c': g.cache = arg;                           break;
	case 'P': g.ppm = arg;                             break;
	case 'x': g.sendonly = true;                       break;
	case 'e': g.each = true;                           break;
	case 'q': g.quiet = true;                          break;
	case 'O': g.seconds = 0;                           break;
	case 'u':
		g.cfg.user = arg;
		arg = strchr(arg, ':');
		if (arg) {
			*arg = '\0';
			g.cfg.pass = arg + 1;
		}
		break;
	default:
		ok = false;
	}

	return ok ? 0 : EINVAL;
}

static int options(int argc, char **argv)
{
	int c;

	g.legs = 3;
	g.seconds = 10;
	g.settle_s = 3;
	g.ramp_ms = 100;
	g.talkers = 2;
	g.cache = "/tmp/tutti-load";
	g.rtp_port = 40000;
	g.cfg.audio = CODEC_OPUS;
	g.cfg.video = CODEC_H264;
	g.cfg.pkt_mode = 1;
	g.cfg.level = "42e01f";
	g.pv = (struct prep_video){.w = 640, .h = 360, .fps = 30,
		.kbps = 600};
	g.last_bright = -1;
	sa_init(&g.laddr, AF_UNSPEC);

	while ((c = getopt(argc, argv,
			   "n:w:t:g:r:T:a:v:m:s:f:k:Sb:M:L:l:p:u:c:P:eqOx"))
	       != -1)
		if (option(c, optarg))
			return EINVAL;

	g.total = g.legs + g.watchers;
	if (!g.total || g.total > LEGS_MAX)
		return EINVAL;
	if (!g.seconds)
		return optind == argc ? 0 : EINVAL;
	if (optind != argc - 1)
		return EINVAL;
	g.uri = argv[optind];

	return 0;
}

static int run(void)
{
	int err;

	err = find_laddr();
	if (err)
		return err;
	g.cfg.uri   = g.uri;
	g.cfg.laddr = g.laddr;
	g.cfg.portp = &g.rtp_port;

	err = sip_start();
	if (!err)
		err = flow_player_init();
	if (err)
		return err;
	g.cfg.sock = g.sock;

	tmr_init(&g.ramp_tmr);
	tmr_init(&g.tick_tmr);
	tmr_init(&g.phase_tmr);
	tmr_start(&g.ramp_tmr, 0, ramp, NULL);
	tmr_start(&g.tick_tmr, 1000, tick, NULL);
	err = re_main(signal_handler);

	tmr_cancel(&g.phase_tmr);
	tmr_cancel(&g.tick_tmr);
	tmr_cancel(&g.ramp_tmr);

	return err;
}

int main(int argc, char **argv)
{
	struct rlimit rl;
	unsigned i;
	int err;

	if (options(argc, argv)) {
		usage();
		return 2;
	}
	if (!getrlimit(RLIMIT_NOFILE, &rl)) {
		rl.rlim_cur = rl.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &rl);
	}
	(void)fd_setsize((int)(1024 + 4 * g.total));
	err = libre_init();
	if (err)
		return 1;

	err = prepare();
	if (!err && g.seconds)
		err = run();
	if (err)
		(void)re_fprintf(stderr, "load: %m\n", err);

	for (i = 0; i < g.started; i++)
		mem_deref(g.legv[i]);
	flow_player_close();
	if (g.sip)
		sip_close(g.sip, true);
	mem_deref(g.sock);
	mem_deref(g.sip);
	unprepare();
	libre_close();

	return err ? 1 : g.seconds && g.ended_us == 0 ? 1 : 0;
}
