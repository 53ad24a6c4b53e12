/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/bench/parts.c -- each part: a meeting of some kind, into rows
 *
 * How each figure is found is in README, a paragraph a part.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench.h"

enum { SPEAKERS = 3, LISTENERS = 1000, WATCHERS = 20, LEGS = 9,
       PEER_FPS_MIN = 28 };

/* what the legs send */
struct kind {
	const char *name, *size;
	unsigned w, h, fps;
	bool still;
};

static const struct kind usual = {"360p30", "640x360", 640, 360, 30, false};
static const struct kind slow  = {"360p15", "640x360", 640, 360, 15, false};
static const struct kind still = {"still", "640x360", 640, 360, 30, true};
static const struct kind large = {"720p30", "1280x720", 1280, 720, 30,
	false};

struct meeting {
	double seconds, cpu, tuttid, rss, pss, sound, picture, lips, fps,
		governor;
	double vdec, venc, x264rc, adec, aenc;
	json_t *stages;           /* {"video decode": s/s, …}             */
};

/* the meeting that others are compared with, once measured */
static double cpu_9legs;

/** Every number under a "cpu_us", as the seconds per second it grew. */
static void stages(json_t *out, const char *name, const json_t *a,
		   const json_t *b, double seconds, bool cpu)
{
	const char *key;
	json_t *val;

	json_object_foreach((json_t *)b, key, val) {
		const json_t *was = json_object_get(a, key);
		bool here = cpu || !strcmp(key, "cpu_us");
		char sub[128];

		(void)snprintf(sub, sizeof(sub), "%s%s%s", name,
			       *name && strcmp(key, "cpu_us") ? " " : "",
			       strcmp(key, "cpu_us") ? key : "");
		if (json_is_object(val))
			stages(out, sub, was, val, seconds, here);
		else if (here && *sub && json_is_integer(val))
			json_object_set_new(out, sub, json_real(
				(double)(json_integer_value(val) -
					 json_integer_value(was)) /
				(1e6 * seconds)));
	}
}

static void say(const char *fmt, unsigned n, const char *what)
{
	(void)printf("# ");
	(void)printf(fmt, n, what);
	(void)printf("\n");
	(void)fflush(stdout);
}

/** Legs of this kind in a room of their own; what the mixer needed. */
static void meeting_run(struct meeting *m, unsigned legs,
			const struct kind *k)
{
	char room[32], n[16], fps[16], kbps[16];
	const char *optv[] = {"-n", n, "-s", k->size, "-f", fps, "-k", kbps,
		k->still ? "-S" : NULL, NULL};
	struct window w;
	json_t *res;

	(void)snprintf(room, sizeof(room), "bench%u%s", legs, k->name);
	(void)snprintf(n, sizeof(n), "%u", legs);
	(void)snprintf(fps, sizeof(fps), "%u", k->fps);
	(void)snprintf(kbps, sizeof(kbps), "%u", k->h > 360 ? 1500 : 600);
	say("%u legs, %s: meeting", legs, k->name);
	room_make(room);
	res = load(room, optv, &w);

	if ((unsigned)number(res, "up", NULL) != legs)
		die("only %.0f of %u legs were up", number(res, "up", NULL),
		    legs);
	m->seconds  = w.b.at - w.a.at;
	m->cpu      = (w.b.mixer_cpu - w.a.mixer_cpu) / m->seconds;
	m->tuttid   = (w.b.tuttid_cpu - w.a.tuttid_cpu) / m->seconds;
	m->rss      = w.b.rss_mib;
	m->pss      = w.b.pss_mib;
	m->sound    = number(res, "sound_ms", "p50");
	m->picture  = number(res, "picture_ms", "p50");
	m->lips     = number(res, "lips_ms", NULL);
	m->fps      = number(res, "video", "rx_frames_per_s");
	m->governor = number(w.b.stats, "video", "governor");
	m->stages   = json_object();
	stages(m->stages, "", w.a.stats, w.b.stats, m->seconds, false);
	window_free(&w);
	json_decref(res);
}

static json_t *floor_ask(unsigned legs, const struct kind *k,
			 const char *how)
{
	json_t *res = ask("%s/tests/bench/floor %u %u %u %u %s %d%s%s",
			  g.build, legs, k->w, k->h, k->fps, g.cache,
			  SPEAKERS, k->still ? " still" : "", how);

	if (!res)
		die("floor failed");

	return res;
}

static void floor_run(struct meeting *m, unsigned legs, const struct kind *k)
{
	json_t *res;

	say("%u legs, %s: floor", legs, k->name);
	res = floor_ask(legs, k, "");
	m->vdec = number(res, "video_decode", NULL);
	m->venc = number(res, "video_encode", NULL);
	m->x264rc = number(res, "video_x264rc", NULL);
	m->adec = number(res, "audio_decode", NULL);
	m->aenc = number(res, "audio_encode", NULL);
	json_decref(res);
}

static void rows_cpu(const struct meeting *m, unsigned n)
{
	const char *key;
	json_t *val;

	row("s/s", m->cpu + m->tuttid,
	    "CPU of tutti-mixer and tuttid per second of meeting",
	    "cpu_%ulegs", n);
	json_object_foreach(m->stages, key, val) {
		char name[64], *p;

		(void)snprintf(name, sizeof(name), "%s", key);
		for (p = name; *p; p++)
			if (*p == ' ')
				*p = '_';
		row("s/s", json_real_value(val),
		    "CPU of this stage as the mixer counts it (stats)",
		    "cpu_%ulegs_%s", n, name);
	}
	row("s/s", m->vdec, "libavcodec decodes of the same streams, one "
	    "thread, nothing else", "floor_%ulegs_video_decode", n);
	row("s/s", m->venc, "one x264 encode of the same pictures, same "
	    "settings, nothing else", "floor_%ulegs_video_encode", n);
	row("s/s", m->x264rc, "the same preset with x264's own rate control, "
	    "VBV and adaptive quantisation", "floor_%ulegs_video_x264rc", n);
	row("s/s", m->adec + m->aenc, "Opus decodes of all legs, encodes for "
	    "three speakers and the listeners", "floor_%ulegs_audio", n);
}

static void row_ratio(const struct meeting *m, unsigned n,
		      const struct kind *k)
{
	row("ratio", m->cpu / (m->vdec + m->venc), "CPU of tutti-mixer, sound "
	    "and network and all, over decode of the shown streams + one "
	    "x264 encode of the same pictures, of the same run",
	    "floor_ratio_%ux%s", n, k->name);
	row("ratio", m->cpu / (m->vdec + m->x264rc), "the same over decode + "
	    "one x264 encode with x264's own rate control, as peers do it",
	    "x264rc_ratio_%ux%s", n, k->name);
}

/** The codecs alone again, a picture at a time and only when it is due. */
static void paced_run(const struct meeting *m, unsigned legs,
		      const struct kind *k)
{
	json_t *res;
	double dec, enc;

	say("%u legs, %s: floor, paced", legs, k->name);
	res = floor_ask(legs, k, " paced");
	dec = number(res, "video_decode", NULL);
	enc = number(res, "video_encode", NULL);
	row("s/s", dec, "as floor_9legs_video_decode, in real time",
	    "paced_%ulegs_video_decode", legs);
	row("s/s", enc, "as floor_9legs_video_encode, in real time",
	    "paced_%ulegs_video_encode", legs);
	row("ratio", m->cpu / (dec + enc), "as floor_ratio_9x360p30, over "
	    "the same codecs in real time", "paced_ratio_%ux%s", legs,
	    k->name);
	json_decref(res);
}

static void rows_rest(const struct meeting *m, unsigned n)
{
	row("MiB", m->rss, "Rss of tutti-mixer, /proc/PID/smaps_rollup",
	    "rss_mib_%ulegs", n);
	row("MiB", m->pss, "Pss of tutti-mixer, /proc/PID/smaps_rollup",
	    "pss_mib_%ulegs", n);
	row("ms", m->sound, "click in to click out, 20 ms Opus, median",
	    "sound_ms_p50_%ulegs", n);
	row("ms", m->picture, "patch turns in to patch turns out, median",
	    "picture_ms_p50_%ulegs", n);
	row("ms", m->lips, "picture later than sound by the reports' clock, "
	    "median of each", "lips_ms_%ulegs", n);
	row("1/s", m->fps, "pictures received per leg and second",
	    "fps_%ulegs", n);
	row("step", m->governor, "overload governor at the end of the "
	    "window; not 0: the machine was too slow or too busy",
	    "governor_%ulegs", n);
}

static void usual_run(unsigned legs)
{
	struct meeting m = {0};

	meeting_run(&m, legs, &usual);
	floor_run(&m, legs, &usual);
	rows_cpu(&m, legs);
	row_ratio(&m, legs, &usual);
	rows_rest(&m, legs);
	if (legs == LEGS) {
		paced_run(&m, legs, &usual);
		cpu_9legs = m.cpu;
		row("mcores", 1000 * (m.adec / LEGS + m.aenc /
				      (SPEAKERS + 1)), "an Opus decode and an "
		    "encode of its own", "unit_speaker");
	}
	if (legs == 3) {
		row("ms", m.sound, "as sound_ms_p50_3legs", "sound_ms_p50");
		row("ms", m.picture, "as picture_ms_p50_3legs",
		    "picture_ms_p50");
		row("ms", m.lips, "as lips_ms_3legs", "lips_ms");
	}
	json_decref(m.stages);
}

static void part_meeting(void)
{
	usual_run(LEGS);
}

static void part_sizes(void)
{
	usual_run(16);
}

static void part_delay(void)
{
	static const char *const optv[] = {"-n", "3", "-a", "pcmu", "-v",
		"none", NULL};
	json_t *res;

	usual_run(3);
	say("%u legs: %s", 3, "G.711 alone");
	room_make("pcmu");
	res = load("pcmu", optv, NULL);
	row("ms", number(res, "sound_ms", "p50"), "click in to click out, "
	    "20 ms G.711, 3 legs without video, median",
	    "sound_ms_p50_pcmu");
	json_decref(res);
}

static void part_sources(void)
{
	static const struct kind *const kindv[] = {&slow, &still};
	unsigned i;

	for (i = 0; i < 2; i++) {
		struct meeting m = {0};

		meeting_run(&m, LEGS, kindv[i]);
		floor_run(&m, LEGS, kindv[i]);
		row("s/s", m.cpu, "CPU of tutti-mixer per second of meeting",
		    "cpu_%ulegs_%s", LEGS, kindv[i]->name);
		row("s/s", m.vdec + m.venc, "the codecs alone, as above",
		    "floor_%ulegs_%s", LEGS, kindv[i]->name);
		row_ratio(&m, LEGS, kindv[i]);
		json_decref(m.stages);
	}
}

/** Senders that do not receive, and so many who only watch. */
static double watched(unsigned watchers)
{
	char w[16], room[32];
	const char *const optv[] = {"-n", "9", "-x", "-w", w, NULL};
	struct window win;
	json_t *res;
	double cpu;

	(void)snprintf(w, sizeof(w), "%u", watchers);
	(void)snprintf(room, sizeof(room), "watch%u", watchers);
	say("9 legs that only send, %u who only watch%s", watchers, "");
	room_make(room);
	res = load(room, optv, &win);
	if ((unsigned)number(res, "up", NULL) != LEGS + watchers)
		die("only %.0f legs were up", number(res, "up", NULL));
	cpu = (win.b.mixer_cpu - win.a.mixer_cpu) / (win.b.at - win.a.at);
	window_free(&win);
	json_decref(res);

	return cpu;
}

static void part_watchers(void)
{
	double none = watched(0), one = watched(1);
	double many = watched(1 + WATCHERS);
	double more = (many - one) / WATCHERS;

	row("s/s", none, "CPU of tutti-mixer, nobody watches",
	    "cpu_watchers_0");
	row("s/s", one, "the same, one watches", "cpu_watchers_1");
	row("s/s", many, "the same, so many watch", "cpu_watchers_%u",
	    1 + WATCHERS);
	row("ratio", more / (one - none), "one more pure watcher (sound and "
	    "picture) over the first one, who has the streams decoded and "
	    "the picture encoded", "watcher_cost_ratio");
	row("mcores", more * 1000, "one more pure watcher",
	    "unit_watcher");
}

static void part_listeners(void)
{
	static const char *const optv[] = {"-n", "3", "-w", "1000", "-v",
		"none", "-r", "24", NULL};
	struct window w;
	json_t *res;
	double s;

	say("%u speakers, 1000 listeners, %s", SPEAKERS, "Opus");
	room_make("listeners");
	res = load("listeners", optv, &w);
	if ((unsigned)number(res, "up", NULL) != SPEAKERS + LISTENERS)
		die("only %.0f of %u legs were up", number(res, "up", NULL),
		    SPEAKERS + LISTENERS);
	s = w.b.at - w.a.at;
	row("cores", (w.b.mixer_cpu - w.a.mixer_cpu) / s, "CPU of "
	    "tutti-mixer with 3 speakers and 1000 listeners over SIP",
	    "audio_1000_listeners_cores");
	row("cores", (w.b.tuttid_cpu - w.a.tuttid_cpu) / s, "CPU of tuttid "
	    "meanwhile", "audio_1000_listeners_tuttid_cores");
	row("1/s", number(res, "audio", "rx_frames_per_s"), "packets of 20 "
	    "ms each leg received; 50 is all",
	    "audio_1000_listeners_packets");
	row("MiB", w.b.rss_mib, "Rss of tutti-mixer meanwhile",
	    "audio_1000_listeners_rss_mib");
	row("mcores", 1000 * (w.b.mixer_cpu - w.a.mixer_cpu) / s /
	    (SPEAKERS + LISTENERS), "audio_1000_listeners_cores over its "
	    "legs", "unit_listener");
	window_free(&w);
	json_decref(res);
}

static void peer(const char *who, const char *name)
{
	json_t *res;
	double cpu;

	say("%u legs: %s", LEGS, who);
	res = ask("%s/tests/bench/peer %s %u %u %u %u %s %u", g.build, who,
		  LEGS, usual.w, usual.h, usual.fps, g.cache, g.window_s);
	if (!res) {
		++g.unfair;
		(void)printf("# %s: no result\n", who);
		return;
	}
	cpu = number(res, "cpu", NULL);
	if (number(res, "fps", NULL) < PEER_FPS_MIN) {
		++g.unfair;
		(void)printf("# %s could not keep up: its ratio does not "
			     "count\n", who);
	}
	row("s/s", cpu, "CPU of the pipeline per second of meeting",
	    "cpu_%s", name);
	row("1/s", number(res, "fps", NULL), "pictures of it received per "
	    "leg and second", "fps_%s", name);
	row("ratio", cpu / cpu_9legs, "its CPU over tutti-mixer's for the "
	    "same 9 legs in the same run", "ratio_%s", name);
	json_decref(res);
}

static void part_peers(void)
{
	if (!cpu_9legs)
		part_meeting();
	peer("ffmpeg", "ffmpeg_xstack");
	peer("gst", "gst_compositor");
}

static void unit_rung(unsigned w, unsigned h, unsigned fps, unsigned kbps)
{
	json_t *res = ask("%s/tests/bench/floor rung %u %u %u %u %s",
			  g.build, w, h, fps, kbps, g.cache);

	if (!res)
		die("floor rung failed");
	row("mcores", 1000 * number(res, "video_encode", NULL), "scaled from "
	    "the 720p canvas and encoded by x264, moving heads",
	    "unit_rung_%up%u", h, fps);
	json_decref(res);
}

/** What another input costs: two meetings that differ by some. */
static double slope(const struct kind *k, unsigned a, unsigned b)
{
	struct meeting ma = {0}, mb = {0};

	meeting_run(&ma, a, k);
	meeting_run(&mb, b, k);
	json_decref(ma.stages);
	json_decref(mb.stages);

	return 1000 * (mb.cpu - ma.cpu) / (b - a);
}

static void part_units(void)
{
	row("mcores", slope(&usual, 2, 8), "a leg more that sends 360p at 30 "
	    "and sound and receives, 8 against 2 legs", "unit_input_360p30");
	row("mcores", slope(&large, 2, 6), "a leg more that sends 720p at 30 "
	    "and sound and receives, 6 against 2 legs", "unit_input_720p30");
	say("rungs of the ladder%.0u%s", 0, "");
	unit_rung(1920, 1080, 30, 3500);
	unit_rung(1280, 720, 30, 1500);
	unit_rung(640, 360, 30, 500);
	unit_rung(320, 180, 15, 150);
}

const struct part partv[] = {
	{"meeting", "9 legs, floor, memory", part_meeting},
	{"sources", "9 legs at 15 fps and standing still", part_sources},
	{"watchers", "who only watches", part_watchers},
	{"listeners", "1000 who only listen", part_listeners},
	{"peers", "ffmpeg and GStreamer on the same streams", part_peers},
	{"delay", "3 legs, and 3 of G.711", part_delay},
	{"sizes", "16 legs", part_sizes},
	{"units", "what a leg and a rung cost", part_units},
};

const unsigned partc = sizeof(partv) / sizeof(partv[0]);
