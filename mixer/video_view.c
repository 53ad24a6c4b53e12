/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_view.c -- which scene is for whom
 *
 * A wish that makes no difference now is left out of the key: a leg that
 * would hide where it has no tile, or pins somebody who is gone, watches
 * what everybody watches and costs nothing.
 */
#include <string.h>

#include <re.h>

#include "mixer/video_priv.h"

bool vkey_equal(const struct vkey *a, const struct vkey *b)
{
	return a->hide == b->hide && a->pin == b->pin && a->own == b->own &&
	       !strcmp(a->layout, b->layout);
}

bool vkey_is_room(const struct vkey *key)
{
	return !key->layout[0] && !key->hide && !key->pin && !key->own;
}

/* What is given up first costs least: the viewer's own picture in it. */
bool vkey_less(struct vkey *key)
{
	if (key->hide || key->own) {
		key->hide = 0;
		key->own = false;
	}
	else if (key->pin) {
		key->pin = 0;
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
			return leg == v->spotlight ||
				!(vin_marks(vin) & MARK_PHONE);
	}

	return false;
}

uint32_t video_lead(const struct video *v)
{
	if (is_party(v, v->spotlight))
		return v->spotlight;
	for (unsigned i = 0; i < v->spokec; i++) {
		if (is_party(v, v->spokev[i]))
			return v->spokev[i];
	}

	return 0;
}

/* Is one larger than the others, and who was before not shown large too? */
static bool leads_alone(const struct video *v, const struct layout *layout)
{
	const struct layout_ask ask = {
		.width = v->cfg.width, .height = v->cfg.height,
		.parties = v->vinc, .crop = v->crop,
		.spotlight = v->spotlight != 0,
	};
	struct layout_cell cellv[LAYOUT_CELLS_MAX];
	unsigned n;
	bool leads = false;

	if (v->vinc < 2)
		return false;
	n = layout_place(layout, &ask, cellv);
	for (unsigned i = 0; i < n; i++) {
		if (cellv[i].role == LAYOUT_PREVIOUS)
			return false;
		leads = leads || cellv[i].role == LAYOUT_SPEAKER;
	}

	return leads;
}

void vkey_want(const struct video *v, const struct video_view *view,
	       struct vkey *key)
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
	if (is_party(v, view->pin))
		key->pin = view->pin;
	if (!view->self)
		return;
	if (view->hide_self && is_party(v, view->self))
		key->hide = view->self;
	else if (!key->pin && view->self == v->lead)
		key->own = leads_alone(v, l);
}
