/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_view.c -- which scene is for whom
 *
 * A wish that makes no difference now is left out of the key: a leg that
 * would hide where it has no tile, or pins people who are gone, watches
 * what everybody watches and costs nothing.
 */
#include <string.h>

#include <re.h>

#include "mixer/video_priv.h"

bool vkey_equal(const struct vkey *a, const struct vkey *b)
{
	return a->hide == b->hide && a->own == b->own &&
	       pins_equal(&a->pins, &b->pins) &&
	       !strcmp(a->layout, b->layout);
}

bool vkey_is_room(const struct vkey *key)
{
	return !key->layout[0] && !key->hide && !key->pins.legc &&
	       !key->own;
}

/* What is given up first costs least: the viewer's own picture in it. */
bool vkey_less(struct vkey *key)
{
	if (key->hide || key->own) {
		key->hide = 0;
		key->own = 0;
	}
	else if (key->pins.legc) {
		key->pins = pins_one(0);
	}
	else if (key->layout[0]) {
		key->layout[0] = '\0';
	}
	else {
		return false;
	}

	return true;
}

/* Has this leg a tile? */
static bool is_party(const struct video *v, uint32_t leg)
{
	for (unsigned i = 0; leg && i < v->vinc; i++) {
		const struct vin *vin = v->vinv[i];

		if (vin_id(vin) == leg && !vin_is_slides(vin))
			return pins_has(&v->spotlights, leg) ||
				!(vin_marks(vin) & MARK_PHONE);
	}

	return false;
}

/* Those who are there */
static struct pins pins_there(const struct video *v, const struct pins *pins)
{
	struct pins there = pins_one(0);

	for (unsigned i = 0; i < pins->legc; i++) {
		if (is_party(v, pins->legv[i]))
			(void)pins_add(&there, pins->legv[i]);
	}

	return there;
}

uint32_t video_lead(const struct video *v)
{
	const struct pins spots = pins_there(v, &v->spotlights);

	if (spots.legc)
		return pins_first(&spots);
	for (unsigned i = 0; i < v->spokec; i++) {
		if (is_party(v, v->spokev[i]))
			return v->spokev[i];
	}

	return 0;
}

/* Is one larger than the others, and nobody beside him? */
static bool leads_alone(const struct video *v, const struct layout *layout)
{
	const struct layout_ask ask = {
		.width = v->cfg.width, .height = v->cfg.height,
		.parties = v->vinc, .crop = v->crop,
		.pins = pins_there(v, &v->spotlights).legc,
	};
	struct layout_cell cellv[LAYOUT_CELLS_MAX];
	unsigned n;
	bool leads = false;

	if (v->vinc < 2)
		return false;
	n = layout_place(layout, &ask, cellv);
	for (unsigned i = 0; i < n; i++) {
		const unsigned pin = cellv[i].pin <= ask.pins ?
			cellv[i].pin : 0;

		if (cellv[i].role == LAYOUT_PREVIOUS || pin > 1)
			return false;
		leads = leads || cellv[i].role == LAYOUT_SPEAKER || pin;
	}

	return leads;
}

void vkey_want(const struct video *v, const struct video_view *view,
	       bool stays, struct vkey *key)
{
	const struct layout *l = v->layout;

	memset(key, 0, sizeof(*key));
	if (view->layout && view->layout[0] &&
	    layout_find(v->layouts, view->layout)) {
		l = layout_find(v->layouts, view->layout);
		if (l != v->layout)
			str_ncpy(key->layout, view->layout,
				 sizeof(key->layout));
	}
	key->pins = pins_there(v, &view->pins);
	if (!view->self)
		return;
	if (view->hide_self && is_party(v, view->self))
		key->hide = view->self;
	else if (!key->pins.legc && (stays || view->self == v->lead) &&
		 leads_alone(v, l))
		key->own = view->self;
}
