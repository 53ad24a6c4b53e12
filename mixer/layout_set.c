/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/layout_set.c -- the layouts there are, by name
 */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "mixer/layout_priv.h"

static void set_destructor(void *data)
{
	struct layout_set *set = data;

	for (unsigned i = 0; i < set->allc; i++)
		mem_deref(set->allv[i]);
	mem_deref(set->list);
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

/* --- taking over ------------------------------------------------------ */

/* A name for each of them, before anything is changed */
static int names_add(struct layout_set *set, const struct layout_list *list,
		     char *errbuf, size_t errsz)
{
	for (unsigned i = 0; i < list->defc; i++) {
		const char *name = list->defv[i]->name;
		struct layout *l;

		if (layout_set_find(set, name))
			continue;
		if (set->allc == LAYOUT_SET_NAMES) {
			(void)re_snprintf(errbuf, errsz, "layout %s: more "
					  "than %d names since the start",
					  name, LAYOUT_SET_NAMES);
			return EOVERFLOW;
		}
		l = mem_zalloc(sizeof(*l), NULL);
		if (!l)
			return ENOMEM;
		l->set = set;
		str_ncpy(l->name, name, sizeof(l->name));
		set->allv[set->allc++] = l;
	}

	return 0;
}

static void defs_swap(struct layout_set *set, struct layout_list *list)
{
	for (unsigned i = 0; i < set->allc; i++)
		set->allv[i]->def = NULL;
	for (unsigned i = 0; i < list->defc; i++) {
		set->nowv[i] = layout_set_find(set, list->defv[i]->name);
		set->nowv[i]->def = list->defv[i];
	}
	set->nowc = list->defc;
	set->list = list;
}

int layout_set_use(struct layout_set *set, const struct layout_text *textv,
		   size_t textc, char *errbuf, size_t errsz)
{
	struct layout_list *list = NULL, *old;
	int err;

	if (!set || !errbuf || !errsz)
		return EINVAL;
	err = layout_list_read(&list, textv, textc, errbuf, errsz);
	if (err)
		return err;
	pthread_mutex_lock(&set->mtx);
	err = names_add(set, list, errbuf, errsz);
	old = err ? list : set->list;
	if (!err)
		defs_swap(set, list);
	pthread_mutex_unlock(&set->mtx);
	mem_deref(old);

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
