/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/layout_set.c -- the layouts there are, by name
 */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "mixer/layout_priv.h"

/* What there is when nobody gave files, or none of that name. */
static const char builtin[] =
	"layout grid\n"
	"title Grid\n"
	"order 10\n"
	"form\n"
	"tiles any 49 0 0 1 1\n"
	"form spotlight\n"
	"divide 5 5\n"
	"cell speaker 0 0 5 4\n"
	"tiles any 5 0 4 5 1 columns 5 rows 1\n"
	"form presentation\n"
	"divide 5 5\n"
	"cell presentation 0 0 4 5\n"
	"tiles any 5 4 0 1 5 columns 1 rows 5 start lead\n";

static void files_end(struct layout_file **filev, unsigned filec)
{
	for (unsigned i = 0; i < filec; i++)
		mem_deref(filev[i]);
	mem_deref(filev);
}

static void set_destructor(void *data)
{
	struct layout_set *set = data;

	for (unsigned i = 0; i < set->allc; i++)
		mem_deref(set->allv[i]);
	files_end(set->filev, set->filec);
	pthread_mutex_destroy(&set->mtx);
}

struct layout *layout_set_find(const struct layout_set *set, const char *name)
{
	for (unsigned i = 0; i < set->allc; i++) {
		if (!strcmp(set->allv[i]->name, name))
			return set->allv[i];
	}

	return NULL;
}

/* --- reading ---------------------------------------------------------- */

/* A set to be, of which nobody knows yet */
struct draft {
	struct layout_file **filev;
	unsigned filec;
	const struct layout_def *defv[LAYOUT_SET_MAX];
	unsigned defc;
	char *errbuf;
	size_t sz;
};

/* Later ones replace those of the same name. */
static int draft_def(struct draft *d, const struct layout_def *def,
		     const char *file)
{
	unsigned i;

	for (i = 0; i < d->defc; i++) {
		if (!strcmp(d->defv[i]->name, def->name))
			break;
	}
	if (i == LAYOUT_SET_MAX) {
		(void)re_snprintf(d->errbuf, d->sz, "%s:%u: more than %d "
				  "layouts", file, def->line, LAYOUT_SET_MAX);
		return EOVERFLOW;
	}
	d->defv[i] = def;
	d->defc += i == d->defc;

	return 0;
}

static int draft_file(struct draft *d, const struct layout_text *t)
{
	struct layout_file *file;
	int err = layout_file_parse(&file, t->name, t->text, strlen(t->text),
				    d->errbuf, d->sz);

	if (err)
		return err;
	d->filev[d->filec++] = file;
	for (unsigned i = 0; i < file->defc && !err; i++)
		err = draft_def(d, &file->defv[i], t->name);

	return err;
}

static int draft_read(struct draft *d, const struct layout_text *textv,
		      size_t textc)
{
	const struct layout_text first = {"built-in", builtin};
	int err;

	d->filev = mem_zalloc((textc + 1) * sizeof(*d->filev), NULL);
	if (!d->filev)
		return ENOMEM;
	err = draft_file(d, &first);
	for (size_t i = 0; i < textc && !err; i++)
		err = draft_file(d, &textv[i]);

	return err;
}

static bool sooner(const struct layout_def *a, const struct layout_def *b)
{
	return a->order != b->order ? a->order < b->order :
		strcmp(a->name, b->name) < 0;
}

static void draft_sort(struct draft *d)
{
	for (unsigned i = 1; i < d->defc; i++) {
		const struct layout_def *def = d->defv[i];
		unsigned k = i;

		for (; k && sooner(def, d->defv[k - 1]); k--)
			d->defv[k] = d->defv[k - 1];
		d->defv[k] = def;
	}
}

/* --- taking it over --------------------------------------------------- */

/* A name for each of them, before anything is changed */
static int names_add(struct layout_set *set, const struct draft *d)
{
	for (unsigned i = 0; i < d->defc; i++) {
		struct layout *l;

		if (layout_set_find(set, d->defv[i]->name))
			continue;
		if (set->allc == LAYOUT_SET_NAMES) {
			(void)re_snprintf(d->errbuf, d->sz, "layout %s: more "
					  "than %d names since the start",
					  d->defv[i]->name, LAYOUT_SET_NAMES);
			return EOVERFLOW;
		}
		l = mem_zalloc(sizeof(*l), NULL);
		if (!l)
			return ENOMEM;
		l->set = set;
		memcpy(l->name, d->defv[i]->name, sizeof(l->name));
		set->allv[set->allc++] = l;
	}

	return 0;
}

static void defs_swap(struct layout_set *set, struct draft *d)
{
	struct layout_file **filev = set->filev;
	unsigned filec = set->filec;

	for (unsigned i = 0; i < set->allc; i++)
		set->allv[i]->def = NULL;
	for (unsigned i = 0; i < d->defc; i++) {
		set->nowv[i] = layout_set_find(set, d->defv[i]->name);
		set->nowv[i]->def = d->defv[i];
	}
	set->nowc = d->defc;
	set->filev = d->filev;
	set->filec = d->filec;
	d->filev = filev;
	d->filec = filec;
}

int layout_set_use(struct layout_set *set, const struct layout_text *textv,
		   size_t textc, char *errbuf, size_t errsz)
{
	struct draft d = {.errbuf = errbuf, .sz = errsz};
	int err;

	if (!set || (!textv && textc) || textc > LAYOUT_SET_MAX * 2 ||
	    !errbuf || !errsz)
		return EINVAL;
	errbuf[0] = '\0';
	err = draft_read(&d, textv, textc);
	if (!err) {
		draft_sort(&d);
		pthread_mutex_lock(&set->mtx);
		err = names_add(set, &d);
		if (!err)
			defs_swap(set, &d);
		pthread_mutex_unlock(&set->mtx);
	}
	files_end(d.filev, d.filec);
	if (err && !errbuf[0])
		(void)re_snprintf(errbuf, errsz, "layouts: %m", err);

	return err;
}

int layout_set_alloc(struct layout_set **setp)
{
	struct layout_set *set;
	char errbuf[256];
	int err;

	if (!setp)
		return EINVAL;
	set = mem_zalloc(sizeof(*set), set_destructor);
	if (!set)
		return ENOMEM;
	pthread_mutex_init(&set->mtx, NULL);
	err = layout_set_use(set, NULL, 0, errbuf, sizeof(errbuf));
	if (err)
		mem_deref(set);
	else
		*setp = set;

	return err;
}

/* --- by name ---------------------------------------------------------- */

const struct layout *layout_find(const struct layout_set *set,
				 const char *name)
{
	struct layout_set *s = (struct layout_set *)set;
	const struct layout *l;

	pthread_mutex_lock(&s->mtx);
	l = layout_set_find(s, name && *name ? name : "grid");
	if (l && !l->def)
		l = NULL;
	pthread_mutex_unlock(&s->mtx);

	return l;
}

const struct layout *layout_nth(const struct layout_set *set, unsigned i)
{
	struct layout_set *s = (struct layout_set *)set;
	const struct layout *l;

	pthread_mutex_lock(&s->mtx);
	l = i < s->nowc ? s->nowv[i] : NULL;
	pthread_mutex_unlock(&s->mtx);

	return l;
}

const char *layout_name(const struct layout *l)
{
	return l ? l->name : "";
}
