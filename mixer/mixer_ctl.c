/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/mixer_ctl.c -- messages from tuttid (base/mixproto.h), one by one
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mixproto.h"
#include "mixer/mixer_priv.h"
#include "mixer/video_mark.h"

struct ctl {
	struct mixer *mixer;
	json_t *msg;
	json_t *seq;              /* borrowed, NULL: no answer wanted     */
	int *fdv;
	size_t fdc;
	bool later;               /* somebody else will answer            */
	json_t *stats;
	char text[MIXER_ERR];
};

typedef int (ctl_h)(struct ctl *ctl);

static ON(loop) void done(struct mixer *mixer, json_t *seq, int err,
			  const char *text, json_t *stats)
{
	json_t *msg;

	if (!seq) {
		json_decref(stats);
		return;
	}
	msg = json_pack("{sO si ss}", "seq", seq, "err", err, "text", text);
	if (msg && stats)
		json_object_set_new(msg, "stats", stats);
	else
		json_decref(stats);
	mixer_tell(mixer, MIX_DONE, msg);
}

void mixer_done(struct mixer *mixer, json_t *seq, int err, const char *text)
{
	done(mixer, seq, err, text ? text : "", NULL);
}

static int bad(struct ctl *ctl, const char *what)
{
	str_ncpy(ctl->text, what, sizeof(ctl->text));

	return EBADMSG;
}

/* The first descriptor, now ours; -1: none came. */
static int take_fd(struct ctl *ctl)
{
	int fd;

	if (!ctl->fdc)
		return -1;

	fd = ctl->fdv[0];
	ctl->fdv[0] = -1;

	return fd;
}

static bool crop_of(const json_t *msg, bool *cropp)
{
	const char *fit;

	if (json_str(msg, "fit", &fit))
		return false;

	*cropp = !strcmp(fit, "crop");

	return true;
}

/* Another ladder: everybody looks anew for his rung. */
static ON(loop) void ladder_of(struct mixer *mixer, const json_t *msg)
{
	const json_t *arr = json_object_get(msg, "ladder");

	if (!arr)
		return;
	if (ladder_decode(&mixer->ladder, arr)) {
		warning("meeting %u: a ladder that is none\n",
			mixer->meeting);
		return;
	}
	for (struct le *le = mixer->legl.head; le; le = le->next)
		(void)mixer_leg_watch(le->data);
}

/* What is drawn over the picture; who is heard depends on it, too. */
static ON(loop) void look_of(struct mixer *mixer, const json_t *msg)
{
	const enum look_hold was = mixer->look.hold;

	look_decode(&mixer->look, msg);
	video_look(mixer->video, &mixer->look);
	if ((was == LOOK_HOST) == (mixer->look.hold == LOOK_HOST))
		return;
	for (struct le *le = mixer->legl.head; le; le = le->next)
		(void)mixer_leg_hold(le->data);
}

/* What of the room's picture is in a message; the rest stays as it is. */
static ON(loop) void room_of(struct mixer *mixer, const json_t *msg)
{
	const char *layout;
	bool crop;

	if (crop_of(msg, &crop))
		video_fit(mixer->video, crop);
	look_of(mixer, msg);
	ladder_of(mixer, msg);
	if (!json_str(msg, "layout", &layout))
		str_ncpy(mixer->layout, layout, sizeof(mixer->layout));
	(void)pins_decode(&mixer->spotlights,
			  json_object_get(msg, "spotlights"));
	video_room(mixer->video, mixer->layout, &mixer->spotlights);
}

static ON(loop) int hello(struct ctl *ctl)
{
	struct mixer *mixer = ctl->mixer;
	uint32_t version = 0, w = MIXER_W, h = MIXER_H, fps = MIXER_FPS;
	const char *room = "";
	bool tones = true, crop = false;
	int err;

	if (mixer->audio)
		return EPROTO;
	if (json_u32(ctl->msg, "version", &version) || !version)
		return bad(ctl, "hello without version");

	(void)json_u32(ctl->msg, "meeting", &mixer->meeting);
	(void)json_str(ctl->msg, "room", &room);
	(void)json_u32(ctl->msg, "canvas_w", &w);
	(void)json_u32(ctl->msg, "canvas_h", &h);
	(void)json_u32(ctl->msg, "fps", &fps);
	(void)json_flag(ctl->msg, "tones", &tones);
	(void)crop_of(ctl->msg, &crop);
	if (w < 160 || w > 3840 || h < 90 || h > 2160 || !fps || fps > 60)
		return bad(ctl, "canvas out of range");

	err = mixer_start(mixer, w, h, fps, tones, crop);
	if (err) {
		error("meeting %u cannot start: %m\n", mixer->meeting, err);
		return err;
	}
	room_of(mixer, ctl->msg);
	info("meeting %u mixing room=\"%s\" canvas=%ux%u@%u\n",
	     mixer->meeting, room, w, h, fps);
	mixer_tell(mixer, MIX_READY,
		   json_pack("{si sI}", "version", MIX_VERSION,
			     "pid", (json_int_t)getpid()));

	return 0;
}

static int leg_ticket_of(struct ctl *ctl, struct ticket *t)
{
	const json_t *obj = json_object_get(ctl->msg, "ticket");

	if (!obj)
		return bad(ctl, "no ticket");

	return ticket_decode(t, obj, ctl->text, sizeof(ctl->text));
}

static ON(loop) int leg_add(struct ctl *ctl)
{
	struct mixer *mixer = ctl->mixer;
	struct mixer_leg *ml;
	struct ticket t;
	bool tone = false;
	int err;

	err = leg_ticket_of(ctl, &t);
	if (err)
		return err;
	err = mixer_leg_alloc(&ml, mixer, &t, ctl->fdv, ctl->fdc, ctl->text,
			      sizeof(ctl->text));
	if (err)
		return err;

	info("leg %u joined name=\"%s\" audio=%s video=%s\n", t.id, t.name,
	     t.audio.on && ticket_tx(&t.audio) ?
	     codec_name(ticket_tx(&t.audio)->codec) : "none",
	     t.video.on && ticket_tx(&t.video) ?
	     codec_name(ticket_tx(&t.video)->codec) : "none");
	(void)json_flag(ctl->msg, "join_tone", &tone);
	if (tone)
		audio_play(mixer->audio, PROMPT_JOIN);

	return 0;
}

static ON(loop) int leg_change(struct ctl *ctl)
{
	struct mixer_leg *ml;
	struct ticket t;
	int err;

	err = leg_ticket_of(ctl, &t);
	if (err)
		return err;
	ml = mixer_leg_find(ctl->mixer, t.id);
	if (!ml)
		return ENOENT;

	return mixer_leg_set(ml, &t, ctl->fdv, ctl->fdc, ctl->text,
			     sizeof(ctl->text));
}

static struct mixer_leg *leg_of(const struct ctl *ctl)
{
	uint32_t id;

	on_loop();

	if (json_u32(ctl->msg, "id", &id))
		return NULL;

	return mixer_leg_find(ctl->mixer, id);
}

static ON(loop) int leg_del(struct ctl *ctl)
{
	struct mixer_leg *ml = leg_of(ctl);
	bool tone = false;

	if (!ml)
		return ENOENT;

	info("leg %u left\n", ml->ticket.id);
	mixer_leg_end(ml);
	(void)json_flag(ctl->msg, "leave_tone", &tone);
	if (tone)
		audio_play(ctl->mixer->audio, PROMPT_LEAVE);

	return 0;
}

static ON(loop) int key(struct ctl *ctl)
{
	struct mixer_leg *ml = leg_of(ctl);

	if (!ml)
		return ENOENT;
	if (ml->watch)
		video_watch_key(ml->watch);

	return 0;
}

static ON(loop) int room_set(struct ctl *ctl)
{
	bool tones;

	if (!json_flag(ctl->msg, "tones", &tones))
		audio_tones(ctl->mixer->audio, tones, tones);
	room_of(ctl->mixer, ctl->msg);

	return 0;
}

static ON(loop) int layouts(struct ctl *ctl)
{
	return mixer_layouts(ctl->mixer, ctl->msg, ctl->text,
			     sizeof(ctl->text));
}

/* From the beginning, wherever others that share the descriptor are */
static int read_all(int fd, uint8_t *buf, size_t size, size_t *np)
{
	size_t n = 0;

	while (n < size) {
		ssize_t k = pread(fd, buf + n, size - n, (off_t)n);

		if (k < 0)
			return errno;
		if (!k)
			break;
		n += (size_t)k;
	}
	*np = n;

	return 0;
}

static ON(loop) int watermark_read(struct mixer *mixer, int fd,
				   struct mark_image **imp)
{
	uint8_t *buf = mem_alloc(LOOK_IMAGE_MAX + 1, NULL);
	size_t n = 0;
	int err = ENOMEM;

	if (buf)
		err = read_all(fd, buf, LOOK_IMAGE_MAX + 1, &n);
	/* a sixth of the canvas at most */
	if (!err)
		err = mark_image_read(imp, buf, n, mixer->width / 4,
				      mixer->height / 6);
	mem_deref(buf);

	return err;
}

static ON(loop) int watermark(struct ctl *ctl)
{
	struct mark_image *im = NULL;
	int fd = take_fd(ctl), err = 0;
	bool on = false;

	(void)json_flag(ctl->msg, "on", &on);
	if (on && fd < 0)
		return bad(ctl, "no descriptor");
	if (on)
		err = watermark_read(ctl->mixer, fd, &im);
	if (fd >= 0)
		close(fd);
	if (err)
		mixer_tell(ctl->mixer, MIX_ROOM_TROUBLE,
			   json_pack("{ss ss}", "what", "watermark", "text",
				     "it is not a PNG that can be read"));
	video_watermark(ctl->mixer->video, im);
	mark_image_unref(im);

	return err;
}

static ON(loop) int rec_start(struct ctl *ctl)
{
	uint32_t rec, segment = 0;
	bool announce = false;
	int fd = take_fd(ctl);

	if (fd < 0)
		return bad(ctl, "no descriptor");
	if (json_u32(ctl->msg, "rec", &rec)) {
		close(fd);
		return bad(ctl, "no rec");
	}
	(void)json_u32(ctl->msg, "segment", &segment);
	(void)json_flag(ctl->msg, "announce", &announce);

	return mixer_rec_start(ctl->mixer, rec, segment, announce, fd);
}

static ON(loop) int rec_change(struct ctl *ctl, bool pause)
{
	uint32_t rec;

	if (json_u32(ctl->msg, "rec", &rec))
		return bad(ctl, "no rec");

	return mixer_rec_pause(ctl->mixer, rec, pause);
}

static ON(loop) int rec_pause(struct ctl *ctl)
{
	return rec_change(ctl, true);
}

static ON(loop) int rec_resume(struct ctl *ctl)
{
	return rec_change(ctl, false);
}

/* Answered when the file is closed. */
static ON(loop) int rec_stop(struct ctl *ctl)
{
	uint32_t rec;
	int err;

	if (json_u32(ctl->msg, "rec", &rec))
		return bad(ctl, "no rec");

	err = mixer_rec_stop(ctl->mixer, rec, ctl->seq);
	ctl->later = !err;

	return err;
}

static ON(loop) int shot(struct ctl *ctl, bool jpeg)
{
	int err, fd = take_fd(ctl);

	if (fd < 0)
		return bad(ctl, "no descriptor");

	err = mixer_shot(ctl->mixer, ctl->seq, fd, jpeg);
	ctl->later = !err;

	return err;
}

static ON(loop) int thumb(struct ctl *ctl)
{
	return shot(ctl, true);
}

static ON(loop) int snapshot(struct ctl *ctl)
{
	return shot(ctl, false);
}

static ON(loop) int stats(struct ctl *ctl)
{
	struct le *le;

	for (le = ctl->mixer->legl.head; le; le = le->next)
		mixer_leg_quality(le->data);

	ctl->stats = mixer_stats(ctl->mixer);

	return 0;
}

/* The answer is all that is wanted. */
static int ping(struct ctl *ctl)
{
	(void)ctl;

	return 0;
}

static ON(loop) int bye(struct ctl *ctl)
{
	mixer_bye(ctl->mixer);

	return 0;
}

static const struct {
	const char *name;
	ctl_h *h;
	bool early;               /* allowed before hello                 */
} ctlv[] = {
	{MIX_HELLO,      hello,      true},
	{MIX_PING,       ping,       true},
	{MIX_LEG_ADD,    leg_add,    false},
	{MIX_LEG_SET,    leg_change, false},
	{MIX_LEG_DEL,    leg_del,    false},
	{MIX_KEY,        key,        false},
	{MIX_ROOM_SET,   room_set,   false},
	{MIX_LAYOUTS,    layouts,    false},
	{MIX_WATERMARK,  watermark,  false},
	{MIX_REC_START,  rec_start,  false},
	{MIX_REC_PAUSE,  rec_pause,  false},
	{MIX_REC_RESUME, rec_resume, false},
	{MIX_REC_STOP,   rec_stop,   false},
	{MIX_THUMB,      thumb,      false},
	{MIX_SNAPSHOT,   snapshot,   false},
	{MIX_STATS,      stats,      false},
	{MIX_BYE,        bye,        true},
};

static ctl_h *find(const char *name, bool early, int *errp)
{
	size_t i;

	*errp = ENOSYS;
	for (i = 0; i < ARRAY_SIZE(ctlv); i++) {
		if (strcmp(ctlv[i].name, name))
			continue;
		*errp = early && !ctlv[i].early ? EPROTO : 0;
		return *errp ? NULL : ctlv[i].h;
	}

	return NULL;
}

void mixer_ctl_recv(json_t *msg, int *fdv, size_t fdc, void *arg)
{
	struct mixer *mixer = arg;
	struct ctl ctl = {.mixer = mixer, .msg = msg, .fdv = fdv,
			  .fdc = fdc};
	const char *name;
	ctl_h *h;
	int err;

	on_loop();

	if (mixer->ended || json_str(msg, "m", &name))
		return;

	ctl.seq = json_object_get(msg, "seq");
	h = find(name, !mixer->video, &err);
	if (h)
		err = h(&ctl);
	if (err && !ctl.text[0])
		(void)re_snprintf(ctl.text, sizeof(ctl.text), "%s: %m", name,
				  err);
	if (err)
		warning("request %s refused: %s\n", name, ctl.text);
	if (!ctl.later)
		done(mixer, ctl.seq, err, ctl.text, ctl.stats);
	net_port_flush();

	/* a mixer that has no engines is of no use to anyone */
	if (err && !strcmp(name, MIX_HELLO))
		mixer_bye(mixer);
}
