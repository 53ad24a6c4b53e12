/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/layout_file.c -- layouts as text: reading and checking
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <re.h>

#include "base/json.h"
#include "base/layout_file.h"

enum { LINE_BYTES = 256, WORDS = 24 };

/* What is being read */
struct parse {
	const char *path;
	unsigned line;
	char *errbuf;
	size_t sz;
	struct layout_file *file;
	struct layout_def *def;   /* the last one, NULL: none yet         */
	struct layout_form *form; /* its last one                         */
	bool sized;               /* the form said how it is divided      */
	const char *rest;         /* of the line, after its first word    */
	const char *wordv[WORDS + 1];     /* ends with NULL               */
	unsigned wordc, next;
};

static const char *const rolev[] = {
	"presentation", "speaker", "previous", "pin", "any",
};
static const char *const fitv[] = {"room", "letterbox", "crop"};
static const char *const labelv[] = {
	"bottom-left", "bottom", "bottom-right", "top-left", "top",
	"top-right", "none",
};
static const char *const whenv[] = {
	"presentation", "spotlight", "upright", "crop",
};

const char *layout_role_name(enum layout_role role)
{
	return (unsigned)role < ARRAY_SIZE(rolev) ? rolev[role] : "?";
}

const char *layout_label_name(enum layout_label label)
{
	return (unsigned)label < ARRAY_SIZE(labelv) ? labelv[label] : "?";
}

const char *layout_when_text(char *buf, size_t sz,
			     const struct layout_form *form)
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(whenv); i++) {
		if ((form->when >> i & 1) && n < sz)
			n += (size_t)snprintf(buf + n, sz - n, "%s%s",
					      n ? " " : "", whenv[i]);
		if ((form->when & LAYOUT_SPOTLIGHT) && form->pins > 1 &&
		    LAYOUT_SPOTLIGHT == 1u << i && n < sz)
			n += (size_t)snprintf(buf + n, sz - n, " %u",
					      form->pins);
	}

	return buf;
}

bool layout_name_ok(const char *name)
{
	size_t n = name ? strlen(name) : 0;

	return n && n < LAYOUT_NAME_MAX && strcmp(name, "room") &&
		name[0] != '-' && n == strspn(name,
		"abcdefghijklmnopqrstuvwxyz0123456789+-_.");
}

/* --- errors and words ------------------------------------------------- */

static int bad_at(struct parse *p, unsigned line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static int bad_at(struct parse *p, unsigned line, const char *fmt, ...)
{
	char what[160];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	(void)re_snprintf(p->errbuf, p->sz, "%s:%u: %s", p->path, line, what);

	return EBADMSG;
}

#define bad(p, ...) bad_at(p, (p)->line, __VA_ARGS__)

static const char *word(struct parse *p)
{
	return p->next < p->wordc ? p->wordv[p->next++] : NULL;
}

static int find(const char *const *v, size_t n, const char *w)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(v[i], w))
			return (int)i;
	}

	return -1;
}

static int whole(struct parse *p, const char *what, unsigned min,
		 unsigned max, unsigned *np)
{
	const char *w = word(p);
	unsigned n = 0;

	if (!w || !*w || strlen(w) > 5 || strspn(w, "0123456789") != strlen(w))
		return bad(p, "%s: want a number from %u to %u", what, min,
			   max);
	for (; *w; w++)
		n = n * 10 + (unsigned)(*w - '0');
	if (n < min || n > max)
		return bad(p, "%s: %u is not from %u to %u", what, n, min,
			   max);
	*np = n;

	return 0;
}

/* "2", "2.5", "0.125" */
static int units(struct parse *p, const char *what, bool zero, unsigned *np)
{
	const char *w = word(p), *dot = w ? strchr(w, '.') : NULL;
	size_t len = w ? strlen(w) : 0, digits = dot ? (size_t)(dot - w) : len;
	unsigned n = 0, scale = LAYOUT_MILLI;

	if (!digits || digits > 4 || strspn(w, "0123456789") != digits)
		goto bad;
	for (size_t i = 0; i < digits; i++)
		n = n * 10 + (unsigned)(w[i] - '0');
	n *= scale;
	if (dot) {
		size_t frac = strlen(dot + 1);

		if (!frac || frac > 3 || strspn(dot + 1, "0123456789") != frac)
			goto bad;
		while (*++dot)
			n += (unsigned)(*dot - '0') * (scale /= 10);
	}
	if (n > LAYOUT_UNITS_MAX * LAYOUT_MILLI || (!n && !zero))
		goto bad;
	*np = n;

	return 0;

 bad:
	return bad(p, "%s: want units, %s %u, such as 2 or 0.125%s%s", what,
		   zero ? "0 to" : "more than 0 and at most",
		   LAYOUT_UNITS_MAX, w ? ", not " : "", w ? w : "");
}

/* --- lines ------------------------------------------------------------ */

/* One more at the end of an array, zeroed; its size doubles. */
static void *grow(void *vp, unsigned *cp, size_t size)
{
	unsigned c = *cp;
	uint8_t **arrp = vp;

	if (!c || !(c & (c - 1))) {
		uint8_t *v = c ? mem_realloc(*arrp, 2 * c * size) :
			mem_alloc(size, NULL);

		if (!v)
			return NULL;
		*arrp = v;
	}
	++*cp;

	return memset(*arrp + c * size, 0, size);
}

static void file_destructor(void *data)
{
	struct layout_file *file = data;

	for (unsigned i = 0; i < file->defc; i++) {
		struct layout_def *d = &file->defv[i];

		for (unsigned k = 0; k < d->formc; k++)
			mem_deref(d->formv[k].itemv);
		mem_deref(d->formv);
	}
	mem_deref(file->defv);
}

static unsigned item_people(const struct layout_item *it)
{
	return it->role == LAYOUT_SLIDES ? 0 : it->count ? it->count : 1;
}

static int same_size(struct parse *p, const struct layout_form *f)
{
	for (const struct layout_form *o = p->def->formv; o < f; o++) {
		if (o->when == f->when && o->pins == f->pins &&
		    o->people == f->people)
			return bad_at(p, f->line, "form has room for %u, as "
				      "that of line %u", f->people, o->line);
	}

	return 0;
}

/* The form has all its lines. */
static int form_end(struct parse *p)
{
	struct layout_form *f = p->form;

	if (!f)
		return 0;
	p->form = NULL;
	if (!f->itemc)
		return bad_at(p, f->line, "form without cells");

	return same_size(p, f);
}

static int def_end(struct parse *p)
{
	struct layout_def *d = p->def;
	int err = form_end(p);

	if (err || !d)
		return err;
	for (unsigned i = 0; i < d->formc; i++) {
		if (!(d->formv[i].when & LAYOUT_PRESENTATION))
			return 0;
	}

	return bad_at(p, d->line, "layout %s has no form%s", d->name,
		      d->formc ? " for when nothing is presented" : "");
}

static int read_layout(struct parse *p)
{
	const char *name = word(p);
	int err = def_end(p);

	if (err)
		return err;
	if (!name)
		return bad(p, "layout: name missing");
	if (!layout_name_ok(name))
		return bad(p, "layout: a name is at most %d of a-z 0-9 + - _ "
			   ". and not \"room\"", LAYOUT_NAME_MAX - 1);
	for (unsigned i = 0; i < p->file->defc; i++) {
		if (!strcmp(p->file->defv[i].name, name))
			return bad(p, "layout %s is in line %u already", name,
				   p->file->defv[i].line);
	}
	if (p->file->defc == LAYOUT_FILE_DEFS)
		return bad(p, "more than %d layouts in a file",
			   LAYOUT_FILE_DEFS);
	p->def = grow(&p->file->defv, &p->file->defc, sizeof(*p->def));
	if (!p->def)
		return ENOMEM;
	str_ncpy(p->def->name, name, sizeof(p->def->name));
	str_ncpy(p->def->title, name, sizeof(p->def->title));
	p->def->order = LAYOUT_ORDER_MAX;
	p->def->line = p->line;

	return 0;
}

static int read_title(struct parse *p)
{
	json_t *text;

	if (!*p->rest)
		return bad(p, "title: text missing");
	if (strlen(p->rest) >= LAYOUT_TITLE_MAX)
		return bad(p, "title: more than %d bytes",
			   LAYOUT_TITLE_MAX - 1);
	text = json_string(p->rest);
	if (!text)
		return bad(p, "title: not UTF-8");
	json_decref(text);
	str_ncpy(p->def->title, p->rest, sizeof(p->def->title));
	p->next = p->wordc;

	return 0;
}

static int read_order(struct parse *p)
{
	return whole(p, "order", 0, LAYOUT_ORDER_MAX, &p->def->order);
}

/* How many, if it is said */
static int read_pins(struct parse *p, struct layout_form *f)
{
	const char *w = p->next < p->wordc ? p->wordv[p->next] : "";

	f->pins = 1;
	if (*w < '0' || *w > '9')
		return 0;

	return whole(p, "spotlight", 1, LAYOUT_PINS_MAX, &f->pins);
}

static int read_form(struct parse *p)
{
	struct layout_form *f;
	const char *w;
	int err = form_end(p);

	if (err)
		return err;
	if (p->def->formc == LAYOUT_FORMS_MAX)
		return bad(p, "more than %d forms", LAYOUT_FORMS_MAX);
	f = grow(&p->def->formv, &p->def->formc, sizeof(*f));
	if (!f)
		return ENOMEM;
	f->line = p->line;
	f->divide = true;
	f->cols = f->rows = LAYOUT_MILLI;
	p->form = f;
	p->sized = false;
	while (!err && (w = word(p))) {
		int i = find(whenv, ARRAY_SIZE(whenv), w);

		if (i < 0)
			return bad(p, "form: \"%s\" is none of presentation "
				   "spotlight upright crop", w);
		f->when |= 1u << i;
		if (1u << i == LAYOUT_SPOTLIGHT)
			err = read_pins(p, f);
	}

	return err;
}

static int read_size(struct parse *p, bool divide)
{
	struct layout_form *f = p->form;
	int err;

	if (p->sized || f->itemc)
		return bad(p, "%s once, before the cells of a form",
			   divide ? "divide" : "units");
	p->sized = true;
	f->divide = divide;
	err = units(p, "columns", false, &f->cols);

	return err ? err : units(p, "rows", false, &f->rows);
}

static int read_units(struct parse *p)
{
	return read_size(p, false);
}

static int read_divide(struct parse *p)
{
	return read_size(p, true);
}

/* --- cells ------------------------------------------------------------ */

static int read_role(struct parse *p, struct layout_item *it)
{
	const char *w = word(p);
	int i = w ? find(rolev, ARRAY_SIZE(rolev), w) : -1;

	if (i < 0)
		return bad(p, "%s%s%swant presentation, speaker, previous, "
			   "pin N or any", w ? "\"" : "", w ? w : "",
			   w ? "\": " : "role missing: ");
	it->role = (enum layout_role)i;
	if (it->role == LAYOUT_PINNED)
		return whole(p, "pin", 1, LAYOUT_PINS_MAX, &it->pin);

	return 0;
}

static int read_rect(struct parse *p, struct layout_item *it)
{
	const struct layout_form *f = p->form;
	int err = units(p, "x", true, &it->x);

	if (!err)
		err = units(p, "y", true, &it->y);
	if (!err)
		err = units(p, "width", false, &it->w);
	if (!err)
		err = units(p, "height", false, &it->h);
	if (err)
		return err;
	if (it->x + it->w > f->cols || it->y + it->h > f->rows)
		return bad(p, "outside the %g x %g units of the form",
			   f->cols / 1000.0, f->rows / 1000.0);

	return 0;
}

static int one_of(struct parse *p, const char *what, const char *const *v,
		  size_t n, unsigned *np)
{
	const char *w = word(p);
	int i = w ? find(v, n, w) : -1;
	char all[96] = "";

	if (i >= 0) {
		*np = (unsigned)i;
		return 0;
	}
	for (size_t k = 0; k < n; k++) {
		strncat(all, " ", sizeof(all) - strlen(all) - 1);
		strncat(all, v[k], sizeof(all) - strlen(all) - 1);
	}

	return bad(p, "%s: want one of%s", what, all);
}

static int read_option(struct parse *p, struct layout_item *it, const char *w)
{
	unsigned n = 0;
	int err;

	if (!strcmp(w, "z"))
		return whole(p, "z", 0, LAYOUT_Z_MAX, &it->z);
	if (!strcmp(w, "fit")) {
		err = one_of(p, "fit", fitv, ARRAY_SIZE(fitv), &n);
		it->fit = (enum layout_fit)n;
		return err;
	}
	if (!strcmp(w, "label")) {
		err = one_of(p, "label", labelv, ARRAY_SIZE(labelv), &n);
		it->label = (enum layout_label)n;
		return err;
	}
	if (it->count && !strcmp(w, "columns"))
		return whole(p, w, 1, LAYOUT_MAX, &it->cols);
	if (it->count && !strcmp(w, "rows"))
		return whole(p, w, 1, LAYOUT_MAX, &it->rows);
	if (it->count && !strcmp(w, "start")) {
		it->start = true;
		return 0;
	}
	if (it->count && !strcmp(w, "lead")) {
		it->lead = true;
		return 0;
	}

	return bad(p, "\"%s\" is none of z fit label%s", w,
		   it->count ? " columns rows start lead" : "");
}

static bool overlap(const struct layout_item *a, const struct layout_item *b)
{
	return a->z == b->z && a->x < b->x + b->w && b->x < a->x + a->w &&
		a->y < b->y + b->h && b->y < a->y + a->h;
}

static bool leads(const struct layout_item *it)
{
	return it->role == LAYOUT_SPEAKER || it->lead;
}

/* Against those of the form before it */
static int check_item(struct parse *p, const struct layout_item *it)
{
	const struct layout_form *f = p->form;

	if (!it->cols != !it->rows)
		return bad(p, "columns and rows: both or none");
	if (it->cols && it->cols * it->rows < it->count)
		return bad(p, "%u columns and %u rows are too few for %u "
			   "tiles", it->cols, it->rows, it->count);
	if (it->role == LAYOUT_SLIDES && !(f->when & LAYOUT_PRESENTATION))
		return bad(p, "presentation in a form that is not for one: "
			   "want \"form presentation\" in line %u", f->line);
	if (f->people + item_people(it) > LAYOUT_MAX)
		return bad(p, "room for more than %d people", LAYOUT_MAX);

	for (unsigned i = 0; i < f->itemc; i++) {
		const struct layout_item *o = &f->itemv[i];

		if (overlap(o, it))
			return bad(p, "lies over that of line %u: give one "
				   "a higher z", o->line);
		if ((o->role == it->role && it->role != LAYOUT_PARTY &&
		     o->pin == it->pin) || (leads(o) && leads(it)))
			return bad(p, "%s is in line %u already",
				   rolev[leads(it) ? LAYOUT_SPEAKER :
					 it->role], o->line);
	}

	return 0;
}

static int read_item(struct parse *p, struct layout_item *it)
{
	struct layout_form *f = p->form;
	struct layout_item *new;
	const char *w;
	int err = read_rect(p, it);

	while (!err && (w = word(p)))
		err = read_option(p, it, w);
	if (!err)
		err = check_item(p, it);
	if (!err && f->itemc == LAYOUT_ITEMS_MAX)
		err = bad(p, "more than %d cells", LAYOUT_ITEMS_MAX);
	if (err)
		return err;
	new = grow(&f->itemv, &f->itemc, sizeof(*new));
	if (!new)
		return ENOMEM;
	*new = *it;
	f->people += item_people(it);

	return 0;
}

static int read_cell(struct parse *p)
{
	struct layout_item it = {.line = p->line};
	int err = read_role(p, &it);

	return err ? err : read_item(p, &it);
}

static int read_tiles(struct parse *p)
{
	struct layout_item it = {.line = p->line};
	int err = read_role(p, &it);

	if (!err && it.role != LAYOUT_PARTY)
		err = bad(p, "tiles are for any, not %s", rolev[it.role]);
	if (!err)
		err = whole(p, "tiles", 1, LAYOUT_MAX, &it.count);

	return err ? err : read_item(p, &it);
}

/* --- the file --------------------------------------------------------- */

static const struct {
	const char *word;
	int (*readh)(struct parse *p);
	unsigned depth;           /* 1: in a layout, 2: in a form         */
} linev[] = {
	{"layout", read_layout, 0},
	{"title",  read_title,  1},
	{"order",  read_order,  1},
	{"form",   read_form,   1},
	{"units",  read_units,  2},
	{"divide", read_divide, 2},
	{"cell",   read_cell,   2},
	{"tiles",  read_tiles,  2},
};

/* Cuts the line into its words, in place. */
static int split(struct parse *p, char *line, char *copy)
{
	char *save = NULL, *w;
	size_t n;

	line[strcspn(line, "#")] = '\0';
	n = strlen(line);
	while (n && strchr(" \t\r", line[n - 1]))
		line[--n] = '\0';
	(void)strcpy(copy, line);         /* as large                     */
	p->wordc = p->next = 0;
	for (w = strtok_r(line, " \t", &save); w;
	     w = strtok_r(NULL, " \t", &save)) {
		if (p->wordc == WORDS)
			return bad(p, "more than %d words", WORDS);
		p->wordv[p->wordc++] = w;
	}
	p->rest = copy + strspn(copy, " \t");
	p->rest += strcspn(p->rest, " \t");
	p->rest += strspn(p->rest, " \t");

	return 0;
}

static int read_line(struct parse *p, char *line)
{
	char copy[LINE_BYTES];
	const char *w;
	int err = split(p, line, copy);

	if (err)
		return err;
	w = word(p);
	if (!w)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(linev); i++) {
		if (strcmp(linev[i].word, w))
			continue;
		if (linev[i].depth && !p->def)
			return bad(p, "%s before the first layout", w);
		if (linev[i].depth == 2 && !p->form)
			return bad(p, "%s before the first form", w);
		err = linev[i].readh(p);
		w = err ? NULL : word(p);
		return w ? bad(p, "\"%s\" is too much", w) : err;
	}

	return bad(p, "unknown word \"%s\": want layout title order form "
		   "units divide cell tiles", w);
}

/* No bytes that a terminal or JSON would take amiss */
static int check_bytes(struct parse *p, const char *line, size_t n)
{
	if (n >= LINE_BYTES)
		return bad(p, "line too long");
	for (size_t i = 0; i < n; i++) {
		if (((unsigned char)line[i] < ' ' && line[i] != '\t' &&
		     !(line[i] == '\r' && i == n - 1)) || line[i] == 0x7f)
			return bad(p, "control character");
	}

	return 0;
}

static int read_lines(struct parse *p, const char *text, size_t len)
{
	char line[LINE_BYTES];
	size_t pos = 0;
	int err = 0;

	if (len > LAYOUT_FILE_MAX) {
		p->line = 1;
		return bad(p, "more than %d bytes", LAYOUT_FILE_MAX);
	}
	while (pos < len && !err) {
		const char *end = memchr(text + pos, '\n', len - pos);
		size_t n = end ? (size_t)(end - text) - pos : len - pos;

		p->line++;
		err = check_bytes(p, text + pos, n);
		if (err)
			break;
		memcpy(line, text + pos, n);
		line[n] = '\0';
		err = read_line(p, line);
		pos += n + 1;
	}
	if (!err)
		err = def_end(p);
	if (!err && !p->def) {
		p->line += !p->line;
		err = bad(p, "no layout in it");
	}

	return err;
}

int layout_file_parse(struct layout_file **filep, const char *path,
		      const char *text, size_t len, char *errbuf, size_t sz)
{
	struct parse p = {.path = path, .errbuf = errbuf, .sz = sz};
	int err;

	if (!filep || !path || (!text && len) || !errbuf || !sz)
		return EINVAL;
	p.file = mem_zalloc(sizeof(*p.file), file_destructor);
	if (!p.file)
		return ENOMEM;
	errbuf[0] = '\0';
	err = read_lines(&p, text, len);
	if (err && !errbuf[0])
		(void)re_snprintf(errbuf, sz, "%s: %m", path, err);
	if (err)
		mem_deref(p.file);
	else
		*filep = p.file;

	return err;
}

int layout_file_load(struct layout_file **filep, const char *path,
		     char **textp, char *errbuf, size_t sz)
{
	const size_t max = LAYOUT_FILE_MAX + 1;
	char *text = NULL;
	size_t n = 0;
	FILE *f;
	int err;

	if (!filep || !path || !errbuf || !sz)
		return EINVAL;
	f = fopen(path, "re");
	if (!f) {
		err = errno;
		goto out;
	}
	text = mem_zalloc(max + 1, NULL);
	err = text ? 0 : ENOMEM;
	if (!err) {
		errno = 0;
		n = fread(text, 1, max, f);
		if (ferror(f))
			err = errno ? errno : EIO;    /* a directory      */
	}
	fclose(f);
 out:
	if (err)
		(void)re_snprintf(errbuf, sz, "%s: %m", path, err);
	else
		err = layout_file_parse(filep, path, text, n, errbuf, sz);
	if (err || !textp)
		mem_deref(text);
	else
		*textp = text;

	return err;
}
