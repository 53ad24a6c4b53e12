/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tutti/table.c -- aligned columns, coloured on a terminal
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tutti/cli.h"


enum { COLS_MAX = 16 };

struct cell {
	char *text;
	const char *sgr;          /* static                               */
};

struct table {
	unsigned cols;
	struct {
		const char *name;
		bool right;
	} headv[COLS_MAX];
	struct cell *cellv;       /* row by row                           */
	size_t cellc, size;
};

static bool colored;


void color_init(FILE *f)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	colored = isatty(fileno(f)) && !(no && *no) &&
		  term && strcmp(term, "dumb");
}


void color_on(FILE *f, const char *sgr)
{
	if (colored && sgr)
		fprintf(f, "\033[%sm", sgr);
}


void color_off(FILE *f)
{
	if (colored)
		fputs("\033[0m", f);
}


int table_alloc(struct table **tablep, unsigned cols)
{
	struct table *table;

	if (!cols || cols > COLS_MAX)
		return EINVAL;

	table = calloc(1, sizeof(*table));
	if (!table)
		return ENOMEM;

	table->cols = cols;
	*tablep = table;

	return 0;
}


void table_free(struct table *table)
{
	size_t i;

	if (!table)
		return;

	for (i = 0; i < table->cellc; i++)
		free(table->cellv[i].text);
	free(table->cellv);
	free(table);
}


void table_head(struct table *table, unsigned col, const char *name,
		bool right)
{
	if (col >= table->cols)
		return;

	table->headv[col].name = name;
	table->headv[col].right = right;
}


int table_cell(struct table *table, const char *text, const char *sgr)
{
	if (table->cellc == table->size) {
		size_t size = table->size ? 2 * table->size : 64;
		struct cell *cellv = realloc(table->cellv,
					     size * sizeof(*cellv));

		if (!cellv)
			return ENOMEM;
		table->cellv = cellv;
		table->size = size;
	}

	table->cellv[table->cellc].text = strdup(text);
	table->cellv[table->cellc].sgr = sgr;
	if (!table->cellv[table->cellc].text)
		return ENOMEM;
	++table->cellc;

	return 0;
}


/* Blanks wait in *gapp until something follows: no line ends with them. */
static void put_cell(FILE *f, const char *text, const char *sgr,
		     unsigned width, bool right, unsigned *gapp)
{
	const unsigned w = text_width(text);
	const unsigned pad = width > w ? width - w : 0;

	if (right)
		*gapp += pad;
	if (w) {
		fprintf(f, "%*s", (int)*gapp, "");
		*gapp = 0;
		if (sgr)
			color_on(f, sgr);
		text_put(f, text);
		if (sgr)
			color_off(f);
	}
	if (!right)
		*gapp += pad;
	*gapp += 2;
}


static void put_row(FILE *f, const struct table *table,
		    const unsigned *widthv, const struct cell *cellv)
{
	unsigned c, gap = 0;

	for (c = 0; c < table->cols; c++)
		put_cell(f, cellv ? cellv[c].text : table->headv[c].name,
			 cellv ? cellv[c].sgr : "1", widthv[c],
			 table->headv[c].right, &gap);
	fputc('\n', f);
}


void table_print(const struct table *table, FILE *f)
{
	unsigned widthv[COLS_MAX] = {0}, c;
	size_t i;

	for (c = 0; c < table->cols; c++)
		widthv[c] = text_width(table->headv[c].name);
	for (i = 0; i < table->cellc; i++) {
		const unsigned w = text_width(table->cellv[i].text);

		c = (unsigned)(i % table->cols);
		widthv[c] = w > widthv[c] ? w : widthv[c];
	}

	put_row(f, table, widthv, NULL);
	for (i = 0; i + table->cols <= table->cellc; i += table->cols)
		put_row(f, table, widthv, &table->cellv[i]);
}
