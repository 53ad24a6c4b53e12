/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/scene_cast.c -- who plays which cell of a layout
 */
#include <string.h>

#include <re.h>

#include "mixer/scene_cast.h"

/* What is worked out in one turn */
struct plan {
	const struct cast_ask *ask;
	struct face *partv[LAYOUT_CELLS_MAX];     /* by cell              */
	struct face *outv[LAYOUT_CELLS_MAX];      /* had a part           */
	unsigned outc;
	unsigned anyc;            /* cells for whoever has none           */
	bool leads;
};

static void take(struct face **slot, struct face *face)
{
	mem_ref(face);
	mem_deref(*slot);
	*slot = face;
}

static void places_close(struct places *p)
{
	for (unsigned i = 0; i < LAYOUT_MAX; i++)
		p->facev[i] = mem_deref(p->facev[i]);
}

void cast_close(struct cast *c)
{
	places_close(&c->home);
	places_close(&c->strip);
	for (unsigned i = 0; i < 2; i++)
		c->seatv[i] = mem_deref(c->seatv[i]);
	for (unsigned i = 0; i < c->rolec; i++)
		c->rolev[i] = mem_deref(c->rolev[i]);
	memset(c, 0, sizeof(*c));
}

unsigned cast_count(const struct cast_ask *ask)
{
	if (!ask->view)
		return 0;

	return ask->view->partyc - (stage_face(ask->view, ask->hide) != NULL);
}

static int place_of(const struct places *p, const struct face *face)
{
	for (unsigned i = 0; i < LAYOUT_MAX; i++) {
		if (face && p->facev[i] == face)
			return (int)i;
	}

	return -1;
}

static bool has_part(const struct plan *plan, const struct face *face)
{
	for (unsigned i = 0; face && i < plan->ask->cellc; i++) {
		if (plan->partv[i] == face)
			return true;
	}

	return false;
}

/* --- parts ------------------------------------------------------------ */

static const struct layout_cell *role_cell(const struct cast_ask *ask,
					   enum layout_role role)
{
	for (unsigned i = 0; i < ask->cellc; i++) {
		if (ask->cellv[i].role == role)
			return &ask->cellv[i];
	}

	return NULL;
}

/* The two who spoke last, of the same size */
static bool has_pair(const struct cast_ask *ask)
{
	const struct layout_cell *a = role_cell(ask, LAYOUT_SPEAKER);
	const struct layout_cell *b = role_cell(ask, LAYOUT_PREVIOUS);

	return a && b && a->rect.w == b->rect.w && a->rect.h == b->rect.h &&
	       a->z == b->z;
}

/* Two equals keep their sides, whoever of them speaks. */
static void seats_set(struct cast *c, struct face *star, struct face *second,
		      bool ordered)
{
	bool turned = !ordered &&
		((c->seatv[1] == star && c->seatv[0] != star) ||
		 (c->seatv[0] == second && c->seatv[1] != second));

	take(&c->seatv[0], turned ? second : star);
	take(&c->seatv[1], turned ? star : second);
}

static bool leads(const struct cast_ask *ask, const struct face *face)
{
	for (unsigned i = 0; i < ask->leadc; i++) {
		if (ask->leadv[i] == face)
			return true;
	}

	return false;
}

static bool has_pin(const struct cast_ask *ask, unsigned pin)
{
	for (unsigned i = 0; i < ask->cellc; i++) {
		if (ask->cellv[i].role == LAYOUT_PINNED &&
		    ask->cellv[i].pin == pin)
			return true;
	}

	return false;
}

/* The first two who lead and have no cell of their own; how many of them
 * are pinned */
static unsigned pair_of(const struct cast_ask *ask, struct face *pairv[2])
{
	unsigned n = 0, pins = 0;

	for (unsigned i = 0; i < ask->leadc && n < 2; i++) {
		const bool pin = i < ask->pinc;

		if (pin && has_pin(ask, i + 1))
			continue;
		pins += pin;
		pairv[n++] = ask->leadv[i];
	}

	return pins;
}

/* A part that nobody plays is anybody's; that of slides stays empty. */
static void parts_set(struct cast *c, struct plan *plan)
{
	const struct cast_ask *ask = plan->ask;
	bool pair = has_pair(ask);
	struct face *pairv[2] = {NULL, NULL};
	unsigned pins = pair_of(ask, pairv);

	if (pair)
		seats_set(c, pairv[0], pairv[1], pins == 2);
	for (unsigned i = 0; i < ask->cellc; i++) {
		const struct layout_cell *cell = &ask->cellv[i];
		struct face *f = NULL;

		if (cell->role == LAYOUT_SLIDES)
			f = ask->view->slides;
		else if (cell->role == LAYOUT_SPEAKER)
			f = pair ? c->seatv[0] : pairv[0];
		else if (cell->role == LAYOUT_PREVIOUS)
			f = pair ? c->seatv[1] : pairv[1];
		else if (cell->role == LAYOUT_PINNED &&
			 cell->pin <= ask->pinc)
			f = ask->leadv[cell->pin - 1];
		if (has_part(plan, f))
			f = NULL;
		plan->partv[i] = f;
		plan->leads = plan->leads || (f && !f->slides);
		plan->anyc += !f && cell->role != LAYOUT_SLIDES;
	}
}

/* Who had a part and is there without one */
static void parts_leave(struct cast *c, struct plan *plan)
{
	for (unsigned i = 0; i < c->rolec; i++) {
		struct face *f = c->rolev[i];

		if (!face_left(f) && !has_part(plan, f))
			plan->outv[plan->outc++] = f;
	}
}

static void parts_keep(struct cast *c, const struct plan *plan)
{
	for (unsigned i = 0; i < c->rolec; i++)
		c->rolev[i] = mem_deref(c->rolev[i]);
	c->rolec = 0;
	for (unsigned i = 0; i < plan->ask->cellc; i++) {
		struct face *f = plan->partv[i];

		if (f && !f->slides)
			c->rolev[c->rolec++] = mem_ref(f);
	}
}

/* --- places ----------------------------------------------------------- */

/* All who may have a place, looked at once */
static bool may_place(const struct plan *plan, const struct face *f)
{
	return f->id != plan->ask->hide &&
	       !(plan->leads && has_part(plan, f));
}

static void places_leave(struct places *p, struct plan *plan, bool parts)
{
	for (unsigned i = 0; i < LAYOUT_MAX; i++) {
		struct face *f = p->facev[i], *in = NULL;

		if (!f || (!face_left(f) && !(parts && has_part(plan, f))))
			continue;
		if (!face_left(f) && plan->outc)
			in = plan->outv[--plan->outc];
		if (place_of(p, in) >= 0)
			in = NULL;
		take(&p->facev[i], in);
	}
}

/* Is a to be seen rather than b? */
static bool rather(const struct face *a, const struct face *b)
{
	if (a->spoke_us != b->spoke_us)
		return a->spoke_us > b->spoke_us;

	return a->on && !b->on;
}

static void places_shrink(struct places *p, unsigned n)
{
	for (unsigned i = 0; i < n && i < LAYOUT_MAX; i++) {
		int best = -1;

		for (unsigned k = n; !p->facev[i] && k < LAYOUT_MAX; k++) {
			if (p->facev[k] && (best < 0 ||
					    rather(p->facev[k],
						   p->facev[best])))
				best = (int)k;
		}
		if (best < 0)
			continue;
		p->facev[i] = p->facev[best];
		p->facev[best] = NULL;
	}
}

/* The places' own are marked, so that one walk finds all others. */
static void places_mark(const struct places *p, bool on)
{
	for (unsigned i = 0; i < LAYOUT_MAX; i++) {
		if (p->facev[i])
			p->facev[i]->placed = on;
	}
}

static void places_join(struct places *p, const struct plan *plan)
{
	const struct stage_view *v = plan->ask->view;
	unsigned to = 0;

	places_mark(p, true);
	for (unsigned i = 0; i < v->partyc; i++) {
		struct face *f = v->partyv[i];

		if (f->placed || !may_place(plan, f))
			continue;
		while (to < LAYOUT_MAX && p->facev[to])
			to++;
		if (to == LAYOUT_MAX)
			break;
		p->facev[to] = mem_ref(f);
	}
	for (unsigned i = 0; i < v->partyc; i++)
		v->partyv[i]->placed = false;
}

static void places_swap(struct places *p, unsigned i, struct face *face)
{
	int was = place_of(p, face);

	mem_ref(face);
	if (was >= 0)
		take(&p->facev[was], p->facev[i]);
	take(&p->facev[i], face);
	mem_deref(face);
}

/* Somebody who is not to be seen is. */
static void places_show(struct places *p, const struct plan *plan,
			unsigned n, struct face *face)
{
	const struct cast_ask *ask = plan->ask;
	int was = place_of(p, face), out = -1;

	if (!face || !may_place(plan, face) ||
	    (was >= 0 && was < (int)n))
		return;
	for (unsigned i = 0; i < n && i < LAYOUT_MAX; i++) {
		const struct face *f = p->facev[i];

		if (!f || leads(ask, f) || f->id == ask->speaker)
			continue;
		/* of equals the last */
		if (out < 0 || !rather(f, p->facev[out]))
			out = (int)i;
	}
	if (out >= 0)
		places_swap(p, (unsigned)out, face);
}

/* A card that never spoke gives way to a picture. */
static void places_picture(struct places *p, const struct plan *plan,
			   unsigned n)
{
	const struct cast_ask *ask = plan->ask;
	const struct stage_view *v = ask->view;
	int card = -1;

	for (unsigned i = 0; i < n && i < LAYOUT_MAX; i++) {
		const struct face *f = p->facev[i];

		if (f && !f->spoke_us && !f->on && !leads(ask, f))
			card = (int)i;
	}
	for (unsigned i = 0; card >= 0 && i < v->partyc; i++) {
		struct face *f = v->partyv[i];
		int at;

		if (!f->on || !may_place(plan, f))
			continue;
		at = place_of(p, f);
		if (at >= 0 && at < (int)n)
			continue;
		places_swap(p, (unsigned)card, f);
		return;
	}
}

/* Settles an order for n cells. */
static void places_set(struct places *p, struct plan *plan, unsigned n,
		       bool parts)
{
	const struct cast_ask *ask = plan->ask;
	struct face *speaker = stage_face(ask->view, ask->speaker);

	places_leave(p, plan, parts);
	places_shrink(p, n);
	places_join(p, plan);
	if (!n || cast_count(ask) <= n)
		return;
	places_picture(p, plan, n);
	for (unsigned i = 0; i < ask->leadc; i++)
		places_show(p, plan, n, ask->leadv[i]);
	places_show(p, plan, n, speaker);
}

/* --- together --------------------------------------------------------- */

/* One becomes large: all others close up, in the order they have. */
static void strip_begin(struct cast *c, const struct plan *plan)
{
	unsigned n = 0;

	places_close(&c->strip);
	for (unsigned i = 0; i < LAYOUT_MAX; i++) {
		struct face *f = c->home.facev[i];

		if (f && may_place(plan, f))
			c->strip.facev[n++] = mem_ref(f);
	}
}

void cast_set(struct cast *c, const struct cast_ask *ask,
	      struct face *facev[LAYOUT_CELLS_MAX])
{
	struct plan plan = {.ask = ask};
	const struct places *p;
	unsigned pos = 0;

	memset(facev, 0, sizeof(facev[0]) * LAYOUT_CELLS_MAX);
	if (!ask->view) {
		cast_close(c);
		return;
	}
	parts_set(c, &plan);
	parts_leave(c, &plan);
	if (plan.leads) {
		struct plan all = {.ask = ask};

		places_set(&c->home, &all, LAYOUT_MAX, false);
		if (!c->leads)
			strip_begin(c, &plan);
		places_set(&c->strip, &plan, plan.anyc, true);
		p = &c->strip;
	}
	else {
		places_set(&c->home, &plan, plan.anyc, false);
		p = &c->home;
	}
	c->leads = plan.leads;
	parts_keep(c, &plan);

	for (unsigned i = 0; i < ask->cellc; i++) {
		facev[i] = plan.partv[i];
		if (facev[i] || ask->cellv[i].role == LAYOUT_SLIDES)
			continue;
		if (pos < LAYOUT_MAX)
			facev[i] = p->facev[pos++];
	}
}
