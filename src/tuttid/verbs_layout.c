/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/verbs_layout.c -- layout list, show
 */
#include <stdio.h>

#include <re.h>

#include "base/json.h"
#include "base/layout_file.h"
#include "tuttid/layouts.h"
#include "tuttid/req.h"
#include "tuttid/server.h"
#include "tuttid/verbs.h"

static unsigned most_people(const struct layout_def *d)
{
	unsigned most = 0;

	for (unsigned i = 0; i < d->formc; i++) {
		if (d->formv[i].people > most)
			most = d->formv[i].people;
	}

	return most;
}

/* Where files are is for administrators. */
static json_t *layout_json(const struct layouts *l,
			   const struct layout_def *d,
			   const struct req_who *who)
{
	const char *file = who->role >= VERB_ADMIN ? layouts_path(l, d)
						   : NULL;
	bool presents = false;

	for (unsigned i = 0; i < d->formc; i++)
		presents = presents ||
			(d->formv[i].when & LAYOUT_PRESENTATION);

	return json_pack("{s:s, s:s, s:i, s:b, s:s*}", "layout", d->name,
			 "title", d->title, "people", (int)most_people(d),
			 "presentation", presents,
			 "file", file);
}

static json_t *units_json(unsigned milli)
{
	return milli % LAYOUT_MILLI ?
		json_real((double)milli / LAYOUT_MILLI) :
		json_integer(milli / LAYOUT_MILLI);
}

static json_t *cell_json(const struct layout_item *it)
{
	static const char *const fitv[] = {"room", "letterbox", "crop"};
	json_t *obj = json_pack("{s:s, s:o, s:o, s:o, s:o, s:i, s:s, s:s}",
				"role", layout_role_name(it->role),
				"x", units_json(it->x), "y", units_json(it->y),
				"width", units_json(it->w),
				"height", units_json(it->h),
				"z", (int)it->z, "fit", fitv[it->fit],
				"label", layout_label_name(it->label));

	if (it->pin)
		(void)json_object_set_new(obj, "pin",
					  json_integer(it->pin));
	if (it->count)
		(void)json_object_set_new(obj, "tiles",
					  json_integer(it->count));

	return obj;
}

static json_t *form_json(const struct layout_form *f)
{
	json_t *cells = json_array();
	char when[64], size[48];

	for (unsigned i = 0; i < f->itemc; i++)
		(void)json_array_append_new(cells, cell_json(&f->itemv[i]));
	layout_when_text(when, sizeof(when), f);
	snprintf(size, sizeof(size), "%s %g %g",
		 f->divide ? "divide" : "units",
		 (double)f->cols / LAYOUT_MILLI,
		 (double)f->rows / LAYOUT_MILLI);

	return json_pack("{s:s, s:i, s:s, s:o}", "when", when, "people",
			 (int)f->people, "units", size, "cell", cells);
}

void verb_layout_list(struct server *srv, struct req *req,
		      const json_t *args)
{
	const struct layout_def *d;
	json_t *arr = json_array();

	(void)args;
	for (unsigned i = 0; (d = layouts_nth(srv->layouts, i)); i++)
		(void)json_array_append_new(arr, layout_json(srv->layouts, d,
							req_asker(req)));
	req_ok(req, arr);
}

void verb_layout_show(struct server *srv, struct req *req,
		      const json_t *args)
{
	const struct layout_def *d;
	const char *name = "";
	json_t *obj, *forms;

	(void)json_str(args, "layout", &name);
	d = layouts_find(srv->layouts, name);
	if (!d) {
		req_fail(req, 404, "No such layout", "layout \"%s\"", name);
		return;
	}
	obj = layout_json(srv->layouts, d, req_asker(req));
	forms = json_array();
	for (unsigned i = 0; i < d->formc; i++)
		(void)json_array_append_new(forms, form_json(&d->formv[i]));
	(void)json_object_set_new(obj, "form", forms);
	req_ok(req, obj);
}
