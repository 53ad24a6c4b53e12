/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/mixer_rec.c -- recordings and pictures of the canvas
 *
 * A recording watches the canvas like a leg that can take everything, and
 * hears the full mix; its units go from the inbox to the writer.  While it
 * pauses it watches nothing, so that nothing is encoded for it.
 *
 * Threads: loop; handlers of the engines and the writer post to the inbox.
 */
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mixproto.h"
#include "mixer/mixer_priv.h"

enum { THUMB_W = 320, SEEK_US = 10000000 };

struct rec {
	struct le le;             /* in mixer->recl                       */
	struct mixer *mixer;
	uint32_t req;             /* names it in posts                    */
	uint32_t id, segment;     /* tuttid's                             */
	struct record *record;
	struct video_watch *watch;/* NULL: paused, failed or closing      */
	uint64_t key_us;          /* last key frame, or asked for one     */
	bool announce, failed;
	json_t *seq;              /* of rec_stop                          */
};

/* A picture somebody waits for */
struct req {
	struct le le;             /* in mixer->reql                       */
	struct mixer *mixer;
	uint32_t id;
	json_t *seq;
	int fd;
	bool jpeg;
};

/* ---- recordings ----------------------------------------------------- */

static void rec_destructor(void *data)
{
	struct rec *rec = data;

	on_loop();

	if (rec->mixer->rec == rec)
		rec->mixer->rec = NULL;
	list_unlink(&rec->le);
	mem_deref(rec->watch);
	mem_deref(rec->record);
	json_decref(rec->seq);
}

static void state_handler(enum record_state st, uint64_t duration_ms,
			  uint64_t bytes, const char *text, void *arg)
{
	struct rec *rec = arg;
	struct post *post = inbox_new(POST_REC_STATE, 0);

	if (!post)
		return;

	post->code = st;
	post->id = rec->req;
	post->duration_ms = duration_ms;
	post->bytes = bytes;
	str_ncpy(post->text, text, sizeof(post->text));
	inbox_post(rec->mixer->inbox, post);
}

static unsigned level_of(unsigned width, unsigned height, unsigned fps)
{
	unsigned long mbps = (width + 15ul) / 16 * ((height + 15) / 16) * fps;

	return mbps <= 108000 ? 31 : mbps <= 245760 ? 40 : 51;
}

/* What a leg with no limits would get; if one has the whole canvas in H.264
 * already, exactly its rung, so that the encode is shared. */
static int top_rung(struct video_rung *rung, const struct mixer *mixer)
{
	struct ticket_media m;
	struct ticket t;
	struct le *le;
	bool found = false;

	for (le = mixer->legl.head; le; le = le->next) {
		const struct mixer_leg *ml = le->data;

		if (!ml->watch || ml->rung.codec != CODEC_H264
		    || ml->rung.width != mixer->width
		    || ml->rung.height != mixer->height
		    || ml->rung.fps != mixer->fps
		    || (found && ml->rung.kbps <= rung->kbps))
			continue;
		*rung = ml->rung;
		found = true;
	}
	if (found)
		return 0;

	ticket_init(&t, 0);
	m = t.video;
	m.on = m.send = true;
	m.fmtc = 1;
	m.fmtv[0] = (struct ticket_fmt){
		.codec = CODEC_H264, .pt = 96, .tx_pt = 96,
		.clock_hz = 90000, .pkt_mode = 1,
		.profile_idc = 0x42, .profile_iop = 0xe0,
		.level_idc = level_of(mixer->width, mixer->height,
				      mixer->fps),
	};
	memset(rung, 0, sizeof(*rung));

	return video_ladder_pick(&mixer->ladder, &m, mixer->width,
				 mixer->height, mixer->fps, 0, 0, 0, rung);
}

/* The engines work for it, or not. */
static ON(loop) int rec_run(struct rec *rec, bool on)
{
	struct mixer *mixer = rec->mixer;
	struct video_rung rung;
	int err = 0;

	if (on && !rec->watch) {
		err = top_rung(&rung, mixer);
		if (!err)
			err = video_watch_alloc(&rec->watch, mixer->video,
						&rung, NULL);
		if (err)
			return err;
	}
	else if (!on) {
		rec->watch = mem_deref(rec->watch);
	}
	audio_record(mixer->audio, on);
	video_recording(mixer->video, on);

	return 0;
}

/* No more goes into it; REC_CLOSED will come. */
static ON(loop) void rec_close(struct rec *rec)
{
	struct mixer *mixer = rec->mixer;

	if (mixer->rec != rec)
		return;

	mixer->rec = NULL;
	(void)rec_run(rec, false);
	record_stop(rec->record);
}

int mixer_rec_start(struct mixer *mixer, uint32_t id, uint32_t segment,
		    bool announce, int fd)
{
	struct rec *rec;
	int err;

	if (mixer->rec)
		rec_close(mixer->rec);

	rec = mem_zalloc(sizeof(*rec), rec_destructor);
	if (!rec) {
		close(fd);
		return ENOMEM;
	}
	rec->mixer = mixer;
	rec->req = ++mixer->req_id;
	rec->id = id;
	rec->segment = segment;
	rec->announce = announce;

	err = record_alloc(&rec->record, mixer->recorder, fd, mixer->width,
			   mixer->height, mixer->fps, state_handler, rec);
	if (err)
		goto out;
	list_append(&mixer->recl, &rec->le, rec);
	err = rec_run(rec, true);
	if (err)
		goto out;

	mixer->rec = rec;
	if (announce)
		audio_play(mixer->audio, PROMPT_REC_ON);
	info("recording %u started segment=%u\n", id, segment);

 out:
	if (err)
		mem_deref(rec);

	return err;
}

int mixer_rec_pause(struct mixer *mixer, uint32_t id, bool on)
{
	struct rec *rec = mixer->rec;
	int err;

	if (!rec || rec->id != id)
		return ENOENT;
	if (rec->failed)
		return EIO;
	if (on == !rec->watch)
		return EALREADY;

	err = rec_run(rec, !on);
	if (err)
		return err;
	record_pause(rec->record, on);

	return 0;
}

int mixer_rec_stop(struct mixer *mixer, uint32_t id, json_t *seq)
{
	struct rec *rec = mixer->rec;

	if (!rec || rec->id != id)
		return ENOENT;

	rec->seq = json_incref(seq);
	if (rec->announce)
		audio_play(mixer->audio, PROMPT_REC_OFF);
	rec_close(rec);
	/* what the governor leaves out is encoded for nobody any more */
	for (struct le *le = mixer->load_height ? mixer->legl.head : NULL; le;
	     le = le->next)
		(void)mixer_leg_load(le->data);

	return 0;
}

/* Encoders make key frames for who asks, and a player can go to no other
 * place of a recording. */
static ON(loop) void seek_point(struct rec *rec, const struct unit *unit)
{
	if (!unit->key && unit->pts_us - rec->key_us < SEEK_US)
		return;
	if (!unit->key)
		video_watch_key(rec->watch);
	rec->key_us = unit->pts_us;
}

void mixer_rec_unit(struct mixer *mixer, struct unit *unit)
{
	struct rec *rec = mixer->rec;

	if (!rec || !rec->watch)
		return;
	if (codec_is_video(unit->codec)) {
		if (unit->stream != video_watch_rung(rec->watch))
			return;
		seek_point(rec, unit);
	}

	record_put(rec->record, unit);
}

static struct rec *rec_find(const struct mixer *mixer, uint32_t req)
{
	struct le *le;

	for (le = mixer->recl.head; le; le = le->next) {
		struct rec *rec = le->data;

		if (rec->req == req)
			return rec;
	}

	return NULL;
}

void mixer_rec_state(struct mixer *mixer, struct post *post)
{
	static const char *const namev[] = {
		[REC_OPEN] = "open", [REC_PAUSED] = "paused",
		[REC_CLOSED] = "closed", [REC_FAILED] = "failed",
	};
	struct rec *rec = rec_find(mixer, post->id);

	if (!rec)
		return;

	mixer_tell(mixer, MIX_REC_STATE,
		   json_pack("{sI sI ss sI sI ss}",
			     "rec", (json_int_t)rec->id,
			     "segment", (json_int_t)rec->segment,
			     "state", namev[post->code],
			     "duration_ms", (json_int_t)post->duration_ms,
			     "bytes", (json_int_t)post->bytes,
			     "text", post->text));

	switch (post->code) {

	case REC_FAILED:
		warning("recording %u failed: %s\n", rec->id, post->text);
		rec->failed = true;
		if (mixer->rec == rec)
			(void)rec_run(rec, false);
		break;

	case REC_CLOSED:
		info("recording %u closed segment=%u duration_ms=%llu"
		     " bytes=%llu\n", rec->id, rec->segment,
		     post->duration_ms, post->bytes);
		mixer_done(mixer, rec->seq, 0, "");
		mem_deref(rec);
		break;

	default:
		break;
	}
}

void mixer_rec_end(struct mixer *mixer)
{
	struct le *le;

	if (mixer->rec)
		rec_close(mixer->rec);

	for (le = mixer->recl.head; le; le = le->next) {
		struct rec *rec = le->data;

		rec->record = mem_deref(rec->record);   /* waits */
	}
	/* what the writer said meanwhile */
	inbox_drain(mixer->inbox);
}

/* ---- pictures ------------------------------------------------------- */

static void req_destructor(void *data)
{
	struct req *req = data;

	list_unlink(&req->le);
	json_decref(req->seq);
	if (req->fd >= 0)
		close(req->fd);
}

static struct req *req_find(const struct mixer *mixer, uint32_t id)
{
	struct le *le;

	for (le = mixer->reql.head; le; le = le->next) {
		struct req *req = le->data;

		if (req->id == id)
			return req;
	}

	return NULL;
}

static void req_done(struct req *req, int err)
{
	char text[64] = "";

	on_loop();

	if (err)
		(void)re_snprintf(text, sizeof(text), "picture: %m", err);
	mixer_done(req->mixer, req->seq, err, text);
	mem_deref(req);
}

static void shot_handler(int err, struct AVFrame *frame, void *arg)
{
	struct req *req = arg;
	struct post *post = inbox_new(POST_SHOT, 0);

	if (!post)
		return;

	post->err = err;
	post->frame = frame;
	post->id = req->id;
	inbox_post(req->mixer->inbox, post);
}

static void image_handler(int err, void *arg)
{
	struct req *req = arg;
	struct post *post = inbox_new(POST_IMAGE, 0);

	if (!post)
		return;

	post->err = err;
	post->id = req->id;
	inbox_post(req->mixer->inbox, post);
}

int mixer_shot(struct mixer *mixer, json_t *seq, int fd, bool jpeg)
{
	struct req *req;
	int err;

	req = mem_zalloc(sizeof(*req), req_destructor);
	if (!req) {
		close(fd);
		return ENOMEM;
	}
	req->mixer = mixer;
	req->id = ++mixer->req_id;
	req->seq = json_incref(seq);
	req->fd = fd;
	req->jpeg = jpeg;
	list_append(&mixer->reql, &req->le, req);

	err = video_shot(mixer->video, shot_handler, req);
	if (err)
		mem_deref(req);

	return err;
}

void mixer_shot_taken(struct mixer *mixer, struct post *post)
{
	struct req *req = req_find(mixer, post->id);
	int fd, err = post->err;

	if (!req)
		return;

	if (!err && !post->frame)
		err = ENODATA;
	if (!err) {
		fd = req->fd;
		req->fd = -1;
		err = req->jpeg ?
			record_jpeg(mixer->recorder, post->frame, fd, THUMB_W,
				    image_handler, req) :
			record_png(mixer->recorder, post->frame, fd,
				   image_handler, req);
	}
	if (err)
		req_done(req, err);
}

void mixer_shot_written(struct mixer *mixer, struct post *post)
{
	struct req *req = req_find(mixer, post->id);

	if (req)
		req_done(req, post->err);
}
