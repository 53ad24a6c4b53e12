/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/mixer.c -- joins the engines, the inbox, the timer and tuttid
 */
#define _GNU_SOURCE 1
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mixproto.h"
#include "mixer/mixer_priv.h"
#include "mixer/net_rtc.h"
#include "mixer/sandbox.h"
#include "mixer/video_gov.h"

enum {
	STATS_WORDS = 2,
	SCAN_US = 4,              /* a leg, between two looks at all      */
	ASK_ALL_US = 100000,      /* when a leg is due, of its own accord */
	LATE_US = 500000,         /* sound and pictures nobody wants now  */
};

/* ---- from other threads -------------------------------------------- */

static void audio_out_handler(const struct audio_out *outv, unsigned outc,
			      void *arg)
{
	struct mixer *mixer = arg;
	struct post *post;
	unsigned i;

	if (!outc)
		return;

	post = inbox_new(POST_AUDIO, outc);
	if (!post)
		return;

	for (i = 0; i < outc; i++) {
		post->outv[i] = outv[i];
		unit_ref(outv[i].unit);
	}
	post->outc = outc;
	inbox_post(mixer->inbox, post);
}

static void unit_post(struct mixer *mixer, enum post_type type,
		      struct unit *unit)
{
	struct post *post = inbox_new(type, 0);

	if (!post)
		return;

	post->unit = unit_ref(unit);
	inbox_post(mixer->inbox, post);
}

static void audio_rec_handler(struct unit *unit, void *arg)
{
	unit_post(arg, POST_AUDIO_REC, unit);
}

static void video_out_handler(struct unit *unit, void *arg)
{
	unit_post(arg, POST_VIDEO, unit);
}

static void event_post(struct mixer *mixer, enum post_type type, int code,
		       uint32_t id)
{
	struct post *post = inbox_new(type, 0);

	if (!post)
		return;

	post->code = code;
	post->id = id;
	inbox_post(mixer->inbox, post);
}

static void audio_event_handler(enum audio_event ev, uint32_t leg, void *arg)
{
	event_post(arg, POST_AUDIO_EVENT, ev, leg);
}

static void video_event_handler(enum video_event ev, uint32_t leg, void *arg)
{
	event_post(arg, POST_VIDEO_EVENT, ev, leg);
}

/* ---- the loop ------------------------------------------------------- */

void mixer_tell(struct mixer *mixer, const char *m, json_t *msg)
{
	if (!msg)
		return;
	if (!mixer->ipc || json_object_set_new(msg, "m", json_string(m))) {
		json_decref(msg);
		return;
	}
	(void)ipc_send(mixer->ipc, msg, NULL, 0);
}

static ON(loop) void send_audio(struct mixer *mixer, const struct post *post)
{
	uint64_t now = clock_us();
	unsigned i;

	if (now > post->outv[0].unit->pts_us + LATE_US) {
		++mixer->late;
		return;
	}
	for (i = 0; i < post->outc; i++) {
		const struct audio_out *out = &post->outv[i];
		struct mixer_leg *ml = mixer_leg_find(mixer, out->leg);

		if (!ml)
			continue;
		/* its reports begin when all are asked next: not one look
		 * at each of a thousand listeners fifty times a second */
		leg_send_audio(ml->leg, out->unit, out->ts48, now);
	}
}

static ON(loop) void send_video(struct mixer *mixer, struct unit *unit)
{
	uint64_t now = clock_us();
	struct le *le;
	bool late = now > unit->pts_us + LATE_US;

	mixer->late += late;
	for (le = mixer->legl.head; le && !late; le = le->next) {
		struct mixer_leg *ml = le->data;

		if (!mixer_leg_watches(ml, unit))
			continue;
		leg_send_video(ml->leg, unit, now);
		mixer_leg_wake(ml);
	}
	mixer_rec_unit(mixer, unit);
}

static ON(loop) void audio_event(struct mixer *mixer, enum audio_event ev,
				 uint32_t id)
{
	switch (ev) {

	case AUDIO_TALK_ON:
	case AUDIO_TALK_OFF:
		if (mixer_leg_find(mixer, id))
			mixer_tell(mixer, MIX_TALK,
				   json_pack("{sI sb}", "id", (json_int_t)id,
					     "on", ev == AUDIO_TALK_ON));
		break;

	case AUDIO_SPEAKER:
		if (id && !mixer_leg_find(mixer, id))
			break;
		video_speaker(mixer->video, id);
		mixer_tell(mixer, MIX_SPEAKER,
			   json_pack("{sI}", "id", (json_int_t)id));
		break;
	}
}

static const char *picture_state(enum video_event ev)
{
	switch (ev) {

	case VIDEO_LIVE:   return "live";
	case VIDEO_FROZEN: return "frozen";
	case VIDEO_NONE:   return "none";
	case VIDEO_BROKEN: return "broken";
	default:           return NULL;
	}
}

/* The governor moved: who watches what is left out now, or need not do
 * without any more, goes to another rung. */
static ON(loop) void load_event(struct mixer *mixer, unsigned step)
{
	const unsigned h = gov_height(step, &mixer->ladder, mixer->height);
	struct le *le;

	info("load step=%u: %s\n", step, gov_text(step));
	mixer_tell(mixer, MIX_LOAD,
		   json_pack("{sI ss}", "step", (json_int_t)step, "text",
			     gov_text(step)));
	if (h == mixer->load_height)
		return;
	mixer->load_height = h;
	LIST_FOREACH(&mixer->legl, le) {
		struct mixer_leg *ml = le->data;
		int err = mixer_leg_load(ml);

		if (err)
			warning("leg %u does not move: %m\n", ml->ticket.id,
				err);
	}
}

static ON(loop) void video_event(struct mixer *mixer, enum video_event ev,
				 uint32_t id)
{
	const char *state = picture_state(ev);
	struct mixer_leg *ml;
	char text[MIXER_ERR];

	if (ev == VIDEO_LOAD) {
		load_event(mixer, id);
		return;
	}

	if (ev == VIDEO_FILTER_BAD) {
		video_filter_text(mixer->video, text, sizeof(text));
		mixer->look.filter[0] = '\0';
		warning("canvas filter taken out: %s\n", text);
		mixer_tell(mixer, MIX_ROOM_TROUBLE,
			   json_pack("{ss ss}", "what", "filter", "text",
				     text));
		return;
	}

	ml = mixer_leg_find(mixer, id);
	if (!ml)
		return;
	if (ev == VIDEO_WANT_KEY || ev == VIDEO_WANT_KEY_SLIDES)
		mixer_leg_want_key(ml, ev == VIDEO_WANT_KEY ? LEG_VIDEO :
				   LEG_SLIDES);
	else if (ev == VIDEO_NEED || ev == VIDEO_NEED_SLIDES)
		mixer_leg_need(ml, ev == VIDEO_NEED ? LEG_VIDEO :
			       LEG_SLIDES);
	else if (ev == VIDEO_SLIDES_LIVE || ev == VIDEO_SLIDES_NONE)
		mixer_leg_slides_tell(ml, ev == VIDEO_SLIDES_LIVE &&
				      ml->slides);
	else if (state)
		mixer_tell(mixer, MIX_PICTURE,
			   json_pack("{sI ss}", "id", (json_int_t)id,
				     "state", state));
}

static void post_handler(struct post *post, void *arg)
{
	struct mixer *mixer = arg;

	on_loop();

	switch (post->type) {

	case POST_AUDIO:
		send_audio(mixer, post);
		break;
	case POST_VIDEO:
		send_video(mixer, post->unit);
		break;
	case POST_AUDIO_REC:
		mixer_rec_unit(mixer, post->unit);
		break;
	case POST_AUDIO_EVENT:
		audio_event(mixer, post->code, post->id);
		break;
	case POST_VIDEO_EVENT:
		video_event(mixer, post->code, post->id);
		break;
	case POST_REC_STATE:
		mixer_rec_state(mixer, post);
		break;
	case POST_SHOT:
		mixer_shot_taken(mixer, post);
		break;
	case POST_IMAGE:
		mixer_shot_written(mixer, post);
		break;
	}
}

static void posts_done_handler(void *arg)
{
	(void)arg;
	on_loop();

	net_port_flush();
}

/* When each leg is due was noted when something happened to it: a thousand
 * are looked through in no time.  All are asked from time to time, in case
 * one became due by time alone. */
static void tmr_handler(void *arg)
{
	struct mixer *mixer = arg;
	uint64_t now = clock_us(), next = now + ASK_ALL_US;
	bool all = now >= mixer->ask_us;
	struct le *le;

	on_loop();

	if (all) {
		mixer->ask_us = next;
		video_turn(mixer->video, now);
	}
	mixer->scan_us = now + SCAN_US * mixer->legc;
	mixer->legc = 0;
	mixer->due = UINT64_MAX;
	for (le = mixer->legl.head; le; le = le->next) {
		struct mixer_leg *ml = le->data;

		++mixer->legc;
		if (all)
			ml->due_us = mixer_leg_due(ml);
		if (ml->due_us <= now) {
			mixer_leg_run(ml, now);
			ml->due_us = mixer_leg_due(ml);
		}
		next = min(next, ml->due_us);
	}
	net_port_flush();
	if (mixer->legl.head)
		mixer_due(mixer, next);
}

void mixer_leg_wake(struct mixer_leg *ml)
{
	ml->due_us = mixer_leg_due(ml);
	mixer_due(ml->mixer, ml->due_us);
}

/* One timer for all legs: libre's are a sorted list. */
void mixer_due(struct mixer *mixer, uint64_t due_us)
{
	uint64_t now;

	/* not all the time when there are many */
	due_us = max(due_us, mixer->scan_us);
	if (due_us >= mixer->due)
		return;

	mixer->due = due_us;
	now = clock_us();
	tmr_start(&mixer->tmr, due_us > now ? (due_us - now + 999) / 1000 : 0,
		  tmr_handler, mixer);
}

static void statm(const struct mixer *mixer, json_t *stats)
{
	unsigned long size, rss;
	char buf[128];
	ssize_t n;

	n = pread(mixer->statm_fd, buf, sizeof(buf) - 1, 0);
	if (n <= 0)
		return;

	buf[n] = '\0';
	if (sscanf(buf, "%lu %lu", &size, &rss) == STATS_WORDS)
		json_object_set_new(stats, "rss_bytes",
				    json_integer((json_int_t)rss *
						 sysconf(_SC_PAGESIZE)));
}

static uint64_t thread_cpu_us(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts))
		return 0;

	return ts.tv_sec * 1000000ull + ts.tv_nsec / 1000;
}

static uint64_t process_cpu_us(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts))
		return 0;

	return ts.tv_sec * 1000000ull + ts.tv_nsec / 1000;
}

json_t *mixer_stats(const struct mixer *mixer)
{
	json_t *o;

	o = json_pack("{sI sI sI s{sI sI sI sI} so* so*}",
		      "uptime_us",
		      (json_int_t)(clock_us() - mixer->started_us),
		      "cpu_us", (json_int_t)process_cpu_us(),
		      "legs", (json_int_t)list_count(&mixer->legl),
		      "net",
		      "cpu_us",
		      (json_int_t)(thread_cpu_us() - mixer->cpu_net_us),
		      "pool_starved", (json_int_t)pkt_pool_starved(),
		      "inbox_dropped", (json_int_t)inbox_dropped(mixer->inbox),
		      "late", (json_int_t)mixer->late,
		      "audio", audio_stats(mixer->audio),
		      "video", video_stats(mixer->video));
	if (o)
		statm(mixer, o);

	return o;
}

/* The engines, once tuttid has said how large the canvas is.  Threads start
 * behind the sandbox. */
int mixer_start(struct mixer *mixer, unsigned width, unsigned height,
		unsigned fps, bool tones, bool crop)
{
	const char *prompts = getenv("TUTTI_PROMPTS");
	struct audio_cfg acfg = {
		.outh = audio_out_handler, .rech = audio_rec_handler,
		.eventh = audio_event_handler, .arg = mixer,
		.prompt_dir = prompts ? prompts : PKGDATADIR "/prompts",
	};
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct video_cfg vcfg = {
		.width = width, .height = height, .fps = fps,
		.workers = cpus > 16 ? 16 : cpus > 1 ? (unsigned)cpus : 1,
		.crop = crop,
		.outh = video_out_handler, .eventh = video_event_handler,
		.arg = mixer,
	};
	const char *what = "off";
	int err;

	if (!mixer->ladder.rungc)
		ladder_default(&mixer->ladder);
	mixer->width = width;
	mixer->height = height;
	mixer->fps = fps;
	err = audio_alloc(&mixer->audio, &acfg);
	if (err)
		return err;
	audio_tones(mixer->audio, tones, tones);
	err = video_alloc(&mixer->video, &vcfg);
	if (err)
		return err;

	/* what these load must be loaded now */
	err = net_rtc_init();
	if (err) {
		warning("no DTLS or SRTP: %m\n", err);
		return err;
	}
	err = sandbox_enter(&what);
	if (err) {
		warning("sandbox failed: %m\n", err);
		return err;
	}
	debug("sandbox: %s\n", what);

	err = recorder_alloc(&mixer->recorder);
	if (err)
		return err;
	err = audio_start(mixer->audio);
	if (err)
		return err;

	return video_start(mixer->video);
}

static ON(loop) void mixer_finish(struct mixer *mixer, int err)
{
	struct le *le;
	uint64_t now = clock_us();

	if (mixer->ended)
		return;

	mixer->ended = true;
	for (le = mixer->legl.head; le; le = le->next) {
		struct mixer_leg *ml = le->data;

		mixer_leg_bye(ml, now);
	}
	net_port_flush();
	mixer_rec_end(mixer);
	mixer->endh(err, mixer->arg);
}

static void close_handler(int err, void *arg)
{
	struct mixer *mixer = arg;

	on_loop();

	if (!mixer->ended)
		warning("tuttid is gone: %m\n", err);
	mixer->ipc = mem_deref(mixer->ipc);
	mixer_finish(mixer, err);
}

void mixer_bye(struct mixer *mixer)
{
	if (mixer)
		mixer_finish(mixer, 0);
}

static void mixer_destructor(void *data)
{
	struct mixer *mixer = data;

	on_loop();

	tmr_cancel(&mixer->tmr);
	list_flush(&mixer->recl);

	/* nobody posts any more after these three */
	audio_stop(mixer->audio);
	video_stop(mixer->video);
	mixer->recorder = mem_deref(mixer->recorder);

	list_flush(&mixer->legl);
	json_decref(mixer->layouts);
	mem_deref(mixer->video);        /* answers who waits for pictures */
	mem_deref(mixer->audio);
	list_flush(&mixer->reql);
	mem_deref(mixer->inbox);
	mem_deref(mixer->legs);
	mem_deref(mixer->ipc);
	if (mixer->statm_fd >= 0)
		close(mixer->statm_fd);
	pkt_pool_close();
}

int mixer_alloc(struct mixer **mixerp, int fd, mixer_end_h *endh, void *arg)
{
	struct mixer *mixer;
	int err;

	if (!mixerp || !endh)
		return EINVAL;

	mixer = mem_zalloc(sizeof(*mixer), mixer_destructor);
	if (!mixer)
		return ENOMEM;

	mixer->endh = endh;
	mixer->arg = arg;
	mixer->due = UINT64_MAX;
	mixer->started_us = clock_us();
	mixer->cpu_net_us = thread_cpu_us();
	mixer->statm_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	tmr_init(&mixer->tmr);

	err = pkt_pool_init(MIXER_PKTS);
	if (err)
		goto out;
	err = hash_alloc(&mixer->legs, 1024);
	if (err)
		goto out;
	err = inbox_alloc(&mixer->inbox, post_handler, posts_done_handler,
			  mixer);
	if (err)
		goto out;
	err = ipc_alloc(&mixer->ipc, fd, mixer_ctl_recv, close_handler, mixer);

 out:
	if (err)
		mem_deref(mixer);
	else
		*mixerp = mixer;

	return err;
}
