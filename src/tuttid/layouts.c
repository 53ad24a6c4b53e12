/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/layouts.c -- the layouts that users may choose
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <re.h>

#include "base/conf.h"
#include "base/layout_list.h"
#include "base/log.h"
#include "tuttid/layouts.h"

enum {
	NAMES_MAX = LAYOUT_LIST_MAX * (LAYOUT_NAME_MAX + 1),
	PATH_BYTES = 1024,
};

struct layouts {
	const struct config *conf;
	struct layout_list *list;
	json_t *files;
	char names[NAMES_MAX];
};

static void destructor(void *data)
{
	struct layouts *l = data;

	mem_deref(l->list);
	json_decref(l->files);
}

/* --- from disk -------------------------------------------------------- */

static int is_layout(const struct dirent *e)
{
	const size_t n = strlen(e->d_name);

	return n > 7 && e->d_name[0] != '.' &&
		!strcmp(e->d_name + n - 7, ".layout");
}

static int read_file(json_t *files, const char *path, char *errbuf,
		     size_t errsz)
{
	struct layout_file *file = NULL;
	char *text = NULL;
	json_t *obj;
	int err = layout_file_load(&file, path, &text, errbuf, errsz);

	mem_deref(file);
	if (err)
		return err;
	obj = json_pack("{s:s, s:s}", "name", path, "text", text);
	mem_deref(text);
	if (obj)
		return json_array_append_new(files, obj) ? ENOMEM : 0;
	/* in a comment: all else has been checked */
	(void)re_snprintf(errbuf, errsz, "%s:1: not UTF-8", path);

	return EBADMSG;
}

static int read_dir(json_t *files, const char *dir, char *errbuf,
		    size_t errsz)
{
	struct dirent **entryv = NULL;
	char path[PATH_BYTES];
	int n = scandir(dir, &entryv, is_layout, alphasort), err = 0;

	if (n < 0) {
		err = errno;
		(void)re_snprintf(errbuf, errsz, "%s: %m", dir, err);
		return err;
	}
	for (int i = 0; i < n; i++) {
		if (!err && json_array_size(files) >= LAYOUT_LIST_FILES) {
			(void)re_snprintf(errbuf, errsz, "%s: more than %d "
					  "files of layouts", dir,
					  LAYOUT_LIST_FILES);
			err = EBADMSG;
		}
		if (!err) {
			(void)re_snprintf(path, sizeof(path), "%s/%s", dir,
					  entryv[i]->d_name);
			err = read_file(files, path, errbuf, errsz);
		}
		free(entryv[i]);
	}
	free(entryv);

	return err;
}

static const char *installed_dir(void)
{
	const char *dir = getenv("TUTTI_LAYOUTS");

	return dir ? dir : PKGDATADIR "/layouts";
}

static int read_all(const struct layouts *l, json_t *files, char *errbuf,
		    size_t errsz)
{
	const char *dir = config_str(l->conf, "layout_dir");
	int err = read_dir(files, installed_dir(), errbuf, errsz);

	if (err == ENOENT) {
		warning("layouts not installed: %s\n", errbuf);
		err = 0;
	}
	if (!err && dir)
		err = read_dir(files, dir, errbuf, errsz);

	return err;
}

static int parse_all(struct layout_list **listp, const json_t *files,
		     char *errbuf, size_t errsz)
{
	struct layout_text textv[LAYOUT_LIST_FILES];
	json_t *file;
	size_t i;

	json_array_foreach(files, i, file)
		textv[i] = (struct layout_text){
			json_string_value(json_object_get(file, "name")),
			json_string_value(json_object_get(file, "text")),
		};

	return layout_list_read(listp, textv, json_array_size(files), errbuf,
				errsz);
}

static void names_set(struct layouts *l)
{
	size_t n = 0;

	for (unsigned i = 0; i < l->list->defc; i++)
		n += (size_t)re_snprintf(l->names + n, sizeof(l->names) - n,
					 "%s%s", i ? " " : "",
					 l->list->defv[i]->name);
}

int layouts_reload(struct layouts *l, char *errbuf, size_t errsz)
{
	struct layout_list *list = NULL;
	json_t *files = json_array();
	int err;

	errbuf[0] = '\0';
	err = files ? read_all(l, files, errbuf, errsz) : ENOMEM;
	if (!err)
		err = parse_all(&list, files, errbuf, errsz);
	if (err) {
		if (!errbuf[0])
			(void)re_snprintf(errbuf, errsz, "layouts: %m", err);
		json_decref(files);
		return err;
	}
	mem_deref(l->list);
	json_decref(l->files);
	l->list = list;
	l->files = files;
	names_set(l);

	return 0;
}

int layouts_alloc(struct layouts **lp, const struct config *conf,
		  char *errbuf, size_t errsz)
{
	struct layouts *l;
	int err;

	if (!lp || !conf || !errbuf || !errsz)
		return EINVAL;
	l = mem_zalloc(sizeof(*l), destructor);
	if (!l)
		return ENOMEM;
	l->conf = conf;
	err = layouts_reload(l, errbuf, errsz);
	if (err)
		mem_deref(l);
	else
		*lp = l;

	return err;
}

/* --- by name ---------------------------------------------------------- */

const struct layout_def *layouts_find(const struct layouts *l,
				      const char *name)
{
	return layout_list_find(l->list, name);
}

bool layouts_known(const struct layouts *l, const char *name)
{
	return name && layouts_find(l, name);
}

unsigned layouts_count(const struct layouts *l)
{
	return l->list->defc;
}

const struct layout_def *layouts_nth(const struct layouts *l, unsigned i)
{
	return i < l->list->defc ? l->list->defv[i] : NULL;
}

/* The first of the list's files is the built-in one. */
const char *layouts_path(const struct layouts *l,
			 const struct layout_def *def)
{
	const struct layout_list *list = l->list;
	unsigned i;

	for (i = 1; i < list->filec; i++) {
		const struct layout_file *f = list->filev[i];

		if (def >= f->defv && def < f->defv + f->defc)
			return json_string_value(json_object_get(
				json_array_get(l->files, i - 1), "name"));
	}

	return "built-in";
}

const char *layouts_next(const struct layouts *l, const char *name)
{
	const struct layout_list *list = l->list;
	unsigned i;

	for (i = 0; i < list->defc; i++) {
		if (!strcmp(list->defv[i]->name, name))
			break;
	}

	return list->defv[i + 1 < list->defc ? i + 1 : 0]->name;
}

json_t *layouts_json(const struct layouts *l, bool titles)
{
	json_t *val = titles ? json_object() : json_array();
	const struct layout_def *d;

	for (unsigned i = 0; (d = layouts_nth(l, i)); i++) {
		if (titles)
			(void)json_object_set_new(val, d->name,
						  json_string(d->title));
		else
			(void)json_array_append_new(val,
						    json_string(d->name));
	}

	return val;
}

const char *layouts_names(const struct layouts *l)
{
	return l->names;
}

json_t *layouts_files(const struct layouts *l)
{
	return l->files;
}
