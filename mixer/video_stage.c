/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_stage.c -- all who can be seen
 */
#include <errno.h>
#include <string.h>

#include <libavutil/frame.h>

#include <re.h>

#include "mixer/video_mark.h"
#include "mixer/video_same.h"
#include "mixer/video_stage.h"

enum {
	NEED_US = 1000000,        /* between two tellings of a size …     */
	NEED_MORE_US = 200000,    /* … that is more than twice as large   */
	WAIT_US = 1000000,        /* for the picture of who comes next    */
};

struct stage {
	struct face *facev[VIDEO_SRCS_MAX];       /* all                  */
	unsigned facec;
	struct face *partyv[VIDEO_SRCS_MAX];
	struct face *phonev[VIDEO_SRCS_MAX];
	struct stage_view view;
	unsigned period_us;       /* [I] of the canvas                    */
};

static void face_destructor(void *data)
{
	struct face *f = data;

	av_frame_free(&f->frame);
	vin_unref(f->vin);
}

static void stage_destructor(void *data)
{
	struct stage *s = data;

	for (unsigned i = 0; i < s->facec; i++)
		mem_deref(s->facev[i]);
}

int stage_alloc(struct stage **sp, unsigned fps)
{
	struct stage *s;

	if (!sp || !fps)
		return EINVAL;
	s = mem_zalloc(sizeof(*s), stage_destructor);
	if (!s)
		return ENOMEM;
	s->view.partyv = s->partyv;
	s->view.phonev = s->phonev;
	s->period_us = 1000000 / fps;
	*sp = s;

	return 0;
}

const struct stage_view *stage_view(const struct stage *s)
{
	return &s->view;
}

/* --- who is there ----------------------------------------------------- */

static void face_name(struct face *f, const char *name)
{
	if (!strcmp(name, f->name))
		return;
	str_ncpy(f->name, name, sizeof(f->name));
	label_clean(f->clean, sizeof(f->clean), name);
	f->renamed++;
	f->version++;
}

static struct face *face_new(struct vin *vin)
{
	struct face *f = mem_zalloc(sizeof(*f), face_destructor);
	char name[TICKET_NAME_MAX];

	if (!f)
		return NULL;
	f->vin = vin_ref(vin);
	f->id = vin_id(vin);
	f->slides = vin_is_slides(vin);
	f->on = vin_on(vin);
	vin_name(vin, name);
	face_name(f, name);

	return f;
}

static void face_leave(struct stage *s, struct face *f)
{
	struct stage_view *v = &s->view;

	f->gone = true;
	if (f->looked)
		vin_look(f->vin, false);
	v->slides = v->slides == f ? NULL : v->slides;
	mem_deref(f);
}

/* Who can be seen has a tile; who is on the phone has one in a meeting of
 * phones. */
static void split(struct stage *s, const struct pins *large)
{
	struct stage_view *v = &s->view;
	bool seen = false;

	for (unsigned i = 0; i < s->facec; i++) {
		struct face *f = s->facev[i];

		f->marks = vin_marks(f->vin);
		seen |= !f->slides && !(f->marks & MARK_PHONE);
	}
	v->partyc = v->phonec = 0;
	for (unsigned i = 0; i < s->facec; i++) {
		struct face *f = s->facev[i];

		if (f->slides)
			continue;
		f->strip = seen && (f->marks & MARK_PHONE) &&
			!pins_has(large, f->id);
		if (f->strip)
			s->phonev[v->phonec++] = f;
		else
			s->partyv[v->partyc++] = f;
	}
}

/* Both lists are in order of joining, so one walk does it. */
void stage_set(struct stage *s, struct vin *const *vinv, unsigned vinc,
	       const struct pins *large)
{
	unsigned n = 0, i = 0;

	for (unsigned k = 0; k < s->facec; k++) {
		struct face *f = s->facev[k];

		if (i < vinc && f->vin == vinv[i]) {
			s->facev[n++] = f;
			i++;
		}
		else {
			face_leave(s, f);
		}
	}
	for (; i < vinc; i++) {
		struct face *f = face_new(vinv[i]);

		if (!f)
			break;            /* the next turn tries again    */
		s->facev[n++] = f;
	}
	s->facec = n;
	split(s, large);
}

/* --- what is to be seen of them --------------------------------------- */

/* What is shared may stand still for hours: it is never frozen, and what
 * cannot be decoded leaves the last picture. */
static enum face_state state_of(const struct face *f,
				const struct vin_view *v, bool quiet)
{
	if (!v->on)
		return FACE_NONE;
	if (f->slides)
		return f->frame ? FACE_LIVE : FACE_NONE;
	if (v->broken)
		return FACE_BROKEN;
	if (!f->frame)
		return FACE_NONE;

	return quiet ? FACE_FROZEN : FACE_LIVE;
}

static void face_tell(const struct face *f)
{
	static const enum video_event evv[] = {
		[FACE_NONE]   = VIDEO_NONE,   [FACE_LIVE]   = VIDEO_LIVE,
		[FACE_FROZEN] = VIDEO_FROZEN, [FACE_BROKEN] = VIDEO_BROKEN,
	};

	if (f->slides)
		vin_tell(f->vin, f->state == FACE_LIVE ? VIDEO_SLIDES_LIVE :
			 VIDEO_SLIDES_NONE);
	else
		vin_tell(f->vin, evv[f->state]);
}

static void face_state(struct face *f, enum face_state state, uint64_t now)
{
	if (f->state == state)
		return;
	f->state = state;
	f->version++;
	if (state == FACE_LIVE)
		f->live_us = now;
}

static void face_take(const struct stage *s, struct face *f, uint64_t now,
		      uint64_t until)
{
	struct vin_view v;
	bool quiet;

	vin_take(f->vin, now, until, &v);
	face_name(f, v.name);
	f->on = v.on;
	if (v.forget || !v.on)
		av_frame_free(&f->frame);
	if (v.frame)
		phase_seen(&f->wait, v.wait_us, s->period_us);
	if (v.frame && v.on && !video_same(f->frame, v.frame)) {
		av_frame_free(&f->frame);
		f->frame = v.frame;
		v.frame = NULL;
		f->version++;
	}
	av_frame_free(&v.frame);

	quiet = now > v.last_us && now - v.last_us > VIN_FROZEN_US;
	face_state(f, state_of(f, &v, quiet), now);

	/* a picture that may be about to come is not yet missing */
	if (!v.on || f->frame || v.broken || quiet)
		face_tell(f);
}

/* Not shown, so not decoded: only whether there would be something */
static void face_rest(struct face *f, uint64_t now)
{
	char name[TICKET_NAME_MAX];

	f->on = vin_on(f->vin);
	if (f->strip) {
		vin_name(f->vin, name);
		face_name(f, name);
	}
	face_state(f, FACE_NONE, now);
	f->wait.n = 0;
	if (!f->on)
		face_tell(f);
}

/* --- who leads -------------------------------------------------------- */

struct face *stage_face(const struct stage_view *v, uint32_t id)
{
	for (unsigned i = 0; id && i < v->partyc; i++) {
		if (v->partyv[i]->id == id)
			return v->partyv[i];
	}

	return NULL;
}

static bool leads(const struct stage_cast *cast, uint32_t leg)
{
	for (unsigned i = 0; i < cast->leadc; i++) {
		if (cast->leadv[i] == leg)
			return true;
	}

	return false;
}

/* And does not yet */
static bool may_lead(const struct face *f, const struct stage_cue *cue,
		     const struct stage_cast *cast)
{
	return f && f->id != cue->notv[0] && f->id != cue->notv[1] &&
	       !leads(cast, f->id);
}

/* Of those who spoke, the latest */
static struct face *spoke(const struct stage_view *v,
			  const struct stage_cue *cue,
			  const struct stage_cast *cast)
{
	for (unsigned i = 0; i < cue->spokec; i++) {
		struct face *f = stage_face(v, cue->spokev[i]);

		if (may_lead(f, cue, cast))
			return f;
	}

	return NULL;
}

/* Nobody spoke: who it was, else the first to be seen, else the first */
static struct face *anybody(const struct stage_view *v,
			    const struct stage_cue *cue, uint32_t was,
			    const struct stage_cast *cast)
{
	struct face *first = stage_face(v, was);

	if (!may_lead(first, cue, cast))
		first = NULL;
	if (first && first->on)
		return first;
	for (unsigned i = 0; i < v->partyc; i++) {
		struct face *f = v->partyv[i];

		if (!may_lead(f, cue, cast))
			continue;
		if (f->on)
			return f;
		if (!first)
			first = f;
	}

	return first;
}

static void face_grow(struct face *f, unsigned w, unsigned h)
{
	if (w * h > f->width * f->height) {
		f->width = w;
		f->height = h;
	}
}

/* Who was not shown so far has no picture yet: the one before stays until
 * it comes.  How large it is going to be is told at once. */
static struct face *when_ready(const struct stage_view *v,
			       const struct stage_cue *cue,
			       struct stage_cast *cast, struct face *f,
			       uint32_t before, uint64_t now)
{
	struct face *was = stage_face(v, before);

	if (was == f || !may_lead(was, cue, cast) || f->frame || !f->on) {
		cast->next = 0;
		return f;
	}
	if (cast->next != f->id) {
		cast->next = f->id;
		cast->next_us = now;
	}
	if (now - cast->next_us < WAIT_US) {
		f->awaited = true;
		face_grow(f, was->told_w, was->told_h);
		return was;
	}
	cast->next = 0;

	return f;
}

void stage_cast(struct stage *s, const struct stage_cue *cue,
		struct stage_cast *cast, uint64_t now)
{
	const struct stage_view *v = &s->view;
	const uint32_t before = cast->leadv[0];
	bool pinned = false;

	cast->leadc = cast->pinc = 0;
	for (unsigned i = 0; i < cue->large->legc; i++) {
		struct face *f = stage_face(v, cue->large->legv[i]);

		pinned = pinned || f;
		if (!may_lead(f, cue, cast))
			continue;
		if (!cast->leadc)
			f = when_ready(v, cue, cast, f, before, now);
		cast->leadv[cast->leadc++] = f->id;
	}
	cast->pinc = cast->leadc;
	for (unsigned i = 0; i < STAGE_SPOKE; i++) {
		struct face *f = spoke(v, cue, cast);

		if (!f)
			f = anybody(v, cue, cast->spokev[i], cast);
		if (f && !cast->leadc)
			f = when_ready(v, cue, cast, f, before, now);
		cast->spokev[i] = f ? f->id : 0;
		if (f)
			cast->leadv[cast->leadc++] = f->id;
	}
	/* somebody is to be large, but not to himself: another one is */
	if (pinned && !cast->pinc && cast->leadc)
		cast->pinc = 1;
	for (unsigned i = cast->leadc; i < STAGE_LEADS; i++)
		cast->leadv[i] = 0;
}

static void slides_find(struct stage *s)
{
	struct stage_view *v = &s->view;

	v->slides = NULL;
	for (unsigned i = 0; i < s->facec; i++) {
		struct face *f = s->facev[i];

		if (f->slides && f->state == FACE_LIVE &&
		    (!v->slides || f->live_us >= v->slides->live_us))
			v->slides = f;
	}
}

void stage_update(struct stage *s, uint32_t speaker, uint64_t now,
		  uint64_t until)
{
	for (unsigned i = 0; i < s->facec; i++) {
		struct face *f = s->facev[i];

		if (f->looked)
			face_take(s, f, now, until);
		else
			face_rest(f, now);
		if (!f->slides && speaker == f->id)
			f->spoke_us = now;
		f->shown = f->awaited = false;
		f->width = f->height = 0;
	}
	slides_find(s);
}

unsigned stage_waits(const struct stage *s, const struct phase_wait **wv,
		     unsigned max)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->facec && n < max; i++) {
		if (s->facev[i]->looked && !s->facev[i]->slides)
			wv[n++] = &s->facev[i]->wait;
	}

	return n;
}

/* --- the end of a turn ------------------------------------------------ */

void face_show(struct face *f, unsigned w, unsigned h)
{
	f->shown = true;
	face_grow(f, w, h);
}

/* Who comes back or becomes large is not to wait for his picture. */
static bool much_larger(const struct face *f)
{
	return f->width * f->height > 2 * f->told_w * f->told_h;
}

static uint64_t need_tell(struct face *f, uint64_t now)
{
	uint64_t wait;

	if (!f->on)
		f->width = f->height = 0;
	if (f->width == f->told_w && f->height == f->told_h)
		return UINT64_MAX;
	wait = much_larger(f) ? NEED_MORE_US : NEED_US;
	if (f->told_us && now - f->told_us < wait)
		return f->told_us + wait;
	f->told_w = f->width;
	f->told_h = f->height;
	f->told_us = now;
	vin_need(f->vin, f->width, f->height);

	return UINT64_MAX;
}

uint64_t stage_done(struct stage *s, bool watched, uint64_t now)
{
	uint64_t at = UINT64_MAX, t;

	for (unsigned i = 0; i < s->facec; i++) {
		struct face *f = s->facev[i];
		bool look = watched && (f->shown || f->slides || f->awaited);

		if (!watched)
			f->width = f->height = 0;
		if (look != f->looked)
			vin_look(f->vin, look);
		f->looked = look;
		if (!look && f->frame) {
			av_frame_free(&f->frame);
			face_state(f, FACE_NONE, now);
		}
		t = need_tell(f, now);
		at = t < at ? t : at;
	}

	return at;
}
