/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/source_run.c -- a source in a live meeting: its helper, its party
 *
 *	start ──> helper ──"playing"──> party joins ──exit──> party leaves
 *	  ^                                                       │
 *	  └──────────── 1, 2, 4 … 30 s later, if it failed <──────┘
 *
 * See source/source.h for what the helper is given and tells.
 */
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <re.h>

#include "base/json.h"
#include "base/log.h"
#include "base/thread.h"
#include "base/mixproto.h"
#include "media/mixer_client.h"
#include "tuttid/child.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"
#include "tuttid/server.h"
#include "tuttid/source.h"
#include "tuttid/source_priv.h"
#include "tuttid/text.h"

enum {
	PT_AUDIO = 96, PT_VIDEO = 97,
	RETRY_FIRST_MS = 1000, RETRY_MAX_MS = 30000,
	STATE_TEXT = 200,
};

struct source_run {
	struct source *s;         /* weak: it owns us                     */
	struct meeting *m;        /* weak: its end ends us                */
	struct party *p;          /* weak; NULL: not playing              */
	struct child *child;      /* NULL: waits to try again, or over    */
	struct tmr tmr_retry;
	unsigned retry_ms;
	int afd, vfd;             /* the leg's ends                       */
	bool ended;               /* it said so                           */
	char state[16];           /* starting, playing, ended, failed     */
	char text[STATE_TEXT];
	char why[STATE_TEXT];     /* it says it failed                    */
	char told[STATE_TEXT];    /* the failure last told as an event    */
};

static void close_fds(struct source_run *run)
{
	if (run->afd >= 0)
		(void)close(run->afd);
	if (run->vfd >= 0)
		(void)close(run->vfd);
	run->afd = run->vfd = -1;
}

static void run_destructor(void *arg)
{
	struct source_run *run = arg;

	tmr_cancel(&run->tmr_retry);
	mem_deref(run->child);
	close_fds(run);
}

static void tell_state(struct source_run *run, const char *state,
		       const char *text)
{
	json_t *more;

	str_ncpy(run->state, state, sizeof(run->state));
	text_tidy(run->text, sizeof(run->text), text);

	/* a camera that stays away is told once, not at every try */
	if (!strcmp(state, "failed")) {
		if (!strcmp(run->told, run->text))
			return;
		str_ncpy(run->told, run->text, sizeof(run->told));
	}
	else {
		run->told[0] = '\0';
	}

	more = json_pack("{s:s}", "state", state);
	if (more && run->text[0])
		(void)json_object_set_new(more, "text",
					  json_string(run->text));
	source_emit(run->s, EV_SOURCE_STATE, more);
}

/* The party goes, the run stays. */
static void drop_party(struct source_run *run, const char *reason)
{
	struct party *p = run->p;

	if (!p)
		return;

	run->p = NULL;
	p->source = NULL;
	party_end(p, reason, 0);
}

static void media_init(struct ticket_media *tm, int fd,
		       const struct ticket_fmt *fmt)
{
	tm->on       = true;
	tm->recv     = true;
	tm->rtcp_mux = true;
	tm->rtp_fd   = fd;
	tm->rtcp_fd  = -1;
	tm->ptime_ms = 20;
	tm->fmtc     = 1;
	tm->fmtv[0]  = *fmt;
}

static void make_ticket(struct ticket *t, bool audio, bool video)
{
	static const struct ticket_fmt opus = {
		.codec = CODEC_OPUS, .pt = PT_AUDIO, .tx_pt = PT_AUDIO,
		.clock_hz = 48000, .channels = 2,
	};
	static const struct ticket_fmt h264 = {
		.codec = CODEC_H264, .pt = PT_VIDEO, .tx_pt = PT_VIDEO,
		.clock_hz = 90000, .pkt_mode = 1, .profile_idc = 0x42,
		.profile_iop = 0xe0, .level_idc = 0x1f,
	};

	t->source = true;
	if (audio)
		media_init(&t->audio, 0, &opus);
	if (video) {
		media_init(&t->video, 1, &h264);
		t->video.fb_pli = true;
	}
}

static void try_again(struct source_run *run);

static void playing(struct source_run *run, json_t *msg)
{
	const char *audio = "", *video = "";
	char shown[PARTY_URI_MAX];
	struct party *p;
	int err;

	if (run->p)
		return;

	(void)json_str(msg, "audio", &audio);
	(void)json_str(msg, "video", &video);

	err = party_alloc(&p, run->m);
	if (err)
		return;

	make_ticket(&p->ticket, audio[0], video[0]);
	p->via    = "source";
	p->source = run->s;
	p->fdv[0] = run->afd;
	p->fdv[1] = run->vfd;
	p->fdc    = 2;
	str_ncpy(p->name, run->s->name, sizeof(p->name));
	source_url_shown(shown, sizeof(shown), run->s->url);
	text_tidy(p->uri, sizeof(p->uri), shown);
	run->p = p;

	err = party_leg_up(p);
	if (err) {
		const char *why = err == EDQUOT ? "server is full"
						: "not joined";

		warning("source %llu not joined: %m\n",
			(unsigned long long)run->s->id, err);
		drop_party(run, why);
		run->child = mem_deref(run->child);
		close_fds(run);
		tell_state(run, "failed", why);
		try_again(run);
		return;
	}

	run->retry_ms = RETRY_FIRST_MS;
	tell_state(run, "playing", video[0] ? video : audio);
	party_joined(p);
}

static void line_handler(const char *line, void *arg)
{
	struct source_run *run = arg;
	const char *event = "", *text = "";
	json_t *msg;

	on_loop();
	msg = json_loads(line, 0, NULL);
	(void)json_str(msg, "event", &event);
	(void)json_str(msg, "text", &text);

	if (!strcmp(event, "playing"))
		playing(run, msg);
	else if (!strcmp(event, "ended"))
		run->ended = true;
	else if (!strcmp(event, "failed"))
		str_ncpy(run->why, text, sizeof(run->why));
	else
		debug("source %llu said \"%s\"\n",
		      (unsigned long long)run->s->id, line);

	json_decref(msg);
}

static int spawn(struct source_run *run);

static void retry_handler(void *arg)
{
	struct source_run *run = arg;
	int err;

	on_loop();
	err = spawn(run);
	if (err)
		tell_state(run, "failed", "helper not started");
}

static void try_again(struct source_run *run)
{
	tmr_start(&run->tmr_retry, run->retry_ms, retry_handler, run);
	run->retry_ms *= 2;
	if (run->retry_ms > RETRY_MAX_MS)
		run->retry_ms = RETRY_MAX_MS;
}

static void exit_handler(int status, void *arg)
{
	struct source_run *run = arg;
	struct source *s = run->s;
	char text[STATE_TEXT];

	on_loop();
	run->child = mem_deref(run->child);
	close_fds(run);

	if (run->ended) {
		drop_party(run, "ended");
		tell_state(run, "ended", "");
		if (s->once)
			(void)source_remove(s);
		return;
	}

	if (WIFSIGNALED(status))
		(void)re_snprintf(text, sizeof(text),
				  "helper died of signal %d",
				  WTERMSIG(status));
	else
		str_ncpy(text, run->why[0] ? run->why : "helper ended",
			 sizeof(text));

	drop_party(run, text);
	tell_state(run, "failed", text);
	try_again(run);
}

static int make_pair(int fdv[2])
{
	/* what a burst after a key frame needs */
	const int size = 1 << 20;
	int i;

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		       fdv))
		return errno;

	for (i = 0; i < 2; i++)
		(void)setsockopt(fdv[i], SOL_SOCKET, SO_SNDBUF, &size,
				 sizeof(size));

	return 0;
}

static int start_child(struct source_run *run, const int fdv[2])
{
	const struct source *s = run->s;
	const bool test = !strncmp(s->url, "test:", 5);
	char path[512], apt[8], vpt[8];
	const char *argv[24];
	unsigned n = 0;
	int err;

	err = child_path(path, sizeof(path), "tutti-source");
	if (err)
		return err;

	(void)re_snprintf(apt, sizeof(apt), "%u", PT_AUDIO);
	(void)re_snprintf(vpt, sizeof(vpt), "%u", PT_VIDEO);

	argv[n++] = "tutti-source";
	argv[n++] = "--audio-fd";
	argv[n++] = "3";
	argv[n++] = "--audio-pt";
	argv[n++] = apt;
	argv[n++] = "--video-fd";
	argv[n++] = "4";
	argv[n++] = "--video-pt";
	argv[n++] = vpt;
	if (!s->once)
		argv[n++] = "--loop";
	if (test) {
		/* never shown larger, and three of them in the demo room */
		argv[n++] = "--width";
		argv[n++] = "640";
		argv[n++] = "--height";
		argv[n++] = "360";
		argv[n++] = "--kbps";
		argv[n++] = "500";
	}
	argv[n++] = "--";
	argv[n++] = s->url;
	argv[n] = NULL;

	return child_spawn(&run->child, path, argv, fdv, 2, false,
			   line_handler, exit_handler, run);
}

static int spawn(struct source_run *run)
{
	int apair[2] = {-1, -1}, vpair[2] = {-1, -1}, fdv[2];
	int err;

	run->ended = false;
	run->why[0] = '\0';
	str_ncpy(run->state, "starting", sizeof(run->state));

	err = make_pair(apair);
	if (!err)
		err = make_pair(vpair);
	if (!err) {
		fdv[0] = apair[1];
		fdv[1] = vpair[1];
		err = start_child(run, fdv);
	}
	if (apair[1] >= 0)
		(void)close(apair[1]);
	if (vpair[1] >= 0)
		(void)close(vpair[1]);

	run->afd = apair[0];
	run->vfd = vpair[0];
	if (err)
		close_fds(run);

	return err;
}

void source_run_start(struct source *s, struct meeting *m)
{
	struct source_run *run;
	int err;

	if (s->run)
		return;

	run = mem_zalloc(sizeof(*run), run_destructor);
	if (!run)
		return;

	tmr_init(&run->tmr_retry);
	run->s   = s;
	run->m   = m;
	run->afd = run->vfd = -1;
	run->retry_ms = RETRY_FIRST_MS;
	s->run   = run;

	err = spawn(run);
	if (err) {
		char text[STATE_TEXT];

		(void)re_snprintf(text, sizeof(text), "helper not started: "
				  "%m", err);
		tell_state(run, "failed", text);
		try_again(run);
	}
}

void source_run_stop(struct source *s, const char *reason)
{
	struct source_run *run = s->run;

	if (!run)
		return;

	drop_party(run, reason);
	s->run = mem_deref(run);
}

void source_run_meeting_over(struct source *s, const struct meeting *m)
{
	if (s->run && s->run->m == m)
		source_run_stop(s, "meeting over");
}

void source_party_ended(struct source *s)
{
	/* kicked: it comes back with the next meeting */
	if (s->run) {
		s->run->p = NULL;
		s->run = mem_deref(s->run);
	}
}

void source_party_moved(struct source *s, struct meeting *m)
{
	if (s->run)
		s->run->m = m;
}

void source_run_describe(const struct source *s, json_t *obj)
{
	const struct source_run *run = s->run;

	(void)json_object_set_new(obj, "state", json_string(run ? run->state
								: "idle"));
	(void)json_object_set_new(obj, "text", run && run->text[0] ?
				  json_string(run->text) : json_null());
	(void)json_object_set_new(obj, "party", run && run->p ?
				  json_integer(run->p->id) : json_null());
}
