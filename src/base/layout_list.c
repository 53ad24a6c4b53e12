/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/layout_list.c -- the layouts of several files together
 */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "base/layout_list.h"

/* What there is when nobody gave files, or none of that name */
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

static void list_destructor(void *data)
{
	struct layout_list *list = data;

	for (unsigned i = 0; i < list->filec; i++)
		mem_deref(list->filev[i]);
}

static int find(const struct layout_list *list, const char *name)
{
	for (unsigned i = 0; i < list->defc; i++) {
		if (!strcmp(list->defv[i]->name, name))
			return (int)i;
	}

	return -1;
}

static int add_def(struct layout_list *list, const struct layout_def *def,
		   const char *file, char *errbuf, size_t sz)
{
	int i = find(list, def->name);

	if (i >= 0) {
		list->defv[i] = def;
		return 0;
	}
	if (list->defc == LAYOUT_LIST_MAX) {
		(void)re_snprintf(errbuf, sz, "%s:%u: more than %d layouts",
				  file, def->line, LAYOUT_LIST_MAX);
		return EBADMSG;
	}
	list->defv[list->defc++] = def;

	return 0;
}

static int add_file(struct layout_list *list, const struct layout_text *t,
		    char *errbuf, size_t sz)
{
	struct layout_file *file;
	int err = layout_file_parse(&file, t->name, t->text, strlen(t->text),
				    errbuf, sz);

	if (err)
		return err;
	list->filev[list->filec++] = file;
	for (unsigned i = 0; i < file->defc && !err; i++)
		err = add_def(list, &file->defv[i], t->name, errbuf, sz);

	return err;
}

static bool sooner(const struct layout_def *a, const struct layout_def *b)
{
	return a->order != b->order ? a->order < b->order :
		strcmp(a->name, b->name) < 0;
}

static void sort(struct layout_list *list)
{
	for (unsigned i = 1; i < list->defc; i++) {
		const struct layout_def *def = list->defv[i];
		unsigned k = i;

		for (; k && sooner(def, list->defv[k - 1]); k--)
			list->defv[k] = list->defv[k - 1];
		list->defv[k] = def;
	}
}

int layout_list_read(struct layout_list **listp,
		     const struct layout_text *textv, size_t textc,
		     char *errbuf, size_t sz)
{
	const struct layout_text first = {"built-in", builtin};
	struct layout_list *list;
	int err;

	if (!listp || (!textv && textc) || !errbuf || !sz)
		return EINVAL;
	errbuf[0] = '\0';
	if (textc > LAYOUT_LIST_FILES) {
		(void)re_snprintf(errbuf, sz, "%s: more than %d files of "
				  "layouts", textv[LAYOUT_LIST_FILES].name,
				  LAYOUT_LIST_FILES);
		return EBADMSG;
	}
	list = mem_zalloc(sizeof(*list), list_destructor);
	if (!list)
		return ENOMEM;
	err = add_file(list, &first, errbuf, sz);
	for (size_t i = 0; i < textc && !err; i++)
		err = add_file(list, &textv[i], errbuf, sz);
	sort(list);
	if (err)
		mem_deref(list);
	else
		*listp = list;

	return err;
}

const struct layout_def *layout_list_find(const struct layout_list *list,
					  const char *name)
{
	int i = find(list, name);

	return i < 0 ? NULL : list->defv[i];
}
