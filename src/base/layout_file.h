/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/layout_file.h -- layouts as text, see tutti-layout(5)
 *
 *	layout filmstrip
 *	title Filmstrip
 *	form
 *	divide 5 5
 *	cell speaker 0 0 5 4
 *	tiles any 5 0 4 5 1 columns 5 rows 1
 *
 * A layout is what people choose by name; it has forms, of which the
 * smallest is drawn that has room for those present.  Here it is read and
 * checked, so that tutti, tuttid, the mixer and tests say the same of a
 * file; where the cells are on a canvas is mixer/layout.h.
 *
 * Threads: none; what was read is not changed any more.
 */
#ifndef TUTTI_BASE_LAYOUT_FILE_H
#define TUTTI_BASE_LAYOUT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pins.h"

enum {
	LAYOUT_MAX        = 49,           /* people on one canvas         */
	LAYOUT_CELLS_MAX  = LAYOUT_MAX + 1,       /* and what is shared   */
	LAYOUT_NAME_MAX   = 32,           /* with its 0                   */
	LAYOUT_TITLE_MAX  = 64,
	LAYOUT_PINS_MAX   = PINS_MAX,
	LAYOUT_Z_MAX      = 9,
	LAYOUT_ORDER_MAX  = 9999,
	LAYOUT_UNITS_MAX  = 1000,         /* across a canvas              */
	LAYOUT_FORMS_MAX  = 64,           /* of a layout                  */
	LAYOUT_ITEMS_MAX  = LAYOUT_CELLS_MAX,     /* lines of a form      */
	LAYOUT_FILE_DEFS  = 16,           /* layouts in a file            */
	LAYOUT_FILE_MAX   = 16384,        /* its bytes                    */
	LAYOUT_MILLI      = 1000,         /* units are kept in thousandths */
};

enum layout_role {
	LAYOUT_SLIDES,            /* "presentation": what is shared       */
	LAYOUT_SPEAKER,           /* who speaks, spoke last or is spotlit */
	LAYOUT_PREVIOUS,          /* who did before                       */
	LAYOUT_PINNED,            /* "pin N"; who is not there: as any    */
	LAYOUT_PARTY,             /* "any": one without another role      */
};

enum layout_fit {
	LAYOUT_FIT_ROOM,          /* as the room says                     */
	LAYOUT_FIT_LETTERBOX,
	LAYOUT_FIT_CROP,
};

enum layout_label {               /* where the name is                    */
	LAYOUT_BOTTOM_LEFT,
	LAYOUT_BOTTOM,
	LAYOUT_BOTTOM_RIGHT,
	LAYOUT_TOP_LEFT,
	LAYOUT_TOP,
	LAYOUT_TOP_RIGHT,
	LAYOUT_NO_LABEL,
};

/** When a form is meant; one for nothing special is there always */
enum {
	LAYOUT_PRESENTATION = 1 << 0,     /* somebody shares              */
	LAYOUT_SPOTLIGHT    = 1 << 1,     /* some are to be large         */
	LAYOUT_UPRIGHT      = 1 << 2,     /* canvas higher than wide      */
	LAYOUT_CROP         = 1 << 3,     /* the room cuts its pictures   */
};

/** A cell, or an area with equal ones; thousandths of units */
struct layout_item {
	enum layout_role role;
	unsigned pin;             /* 1 …; 0: no role of a pin             */
	unsigned x, y, w, h;
	unsigned count;           /* tiles; 0: one cell                   */
	unsigned cols, rows;      /* of tiles; 0: as many as look best    */
	bool start;               /* tiles from the corner, not centred   */
	bool lead;                /* the first tile is the speaker's      */
	unsigned z;
	enum layout_fit fit;
	enum layout_label label;
	unsigned line;
};

struct layout_form {
	unsigned when;            /* LAYOUT_PRESENTATION | …              */
	unsigned pins;            /* LAYOUT_SPOTLIGHT: for so many or more */
	unsigned people;          /* how many it has room for             */
	bool divide;              /* all of the canvas; else units near
	                           * 16:9, all equal, in its middle       */
	unsigned cols, rows;      /* units of the canvas, in thousandths  */
	struct layout_item *itemv;
	unsigned itemc;
	unsigned line;
};

struct layout_def {
	char name[LAYOUT_NAME_MAX];
	char title[LAYOUT_TITLE_MAX];     /* for people, English          */
	unsigned order;           /* in lists, and by keypad              */
	struct layout_form *formv;
	unsigned formc;
	unsigned line;
};

struct layout_file {
	struct layout_def *defv;
	unsigned defc;
};

/** Reads text.  EBADMSG: errbuf is "path:line: what"; ends with mem_deref.
 *  No number of bytes or lines makes it take more than a bounded size. */
int layout_file_parse(struct layout_file **filep, const char *path,
		      const char *text, size_t len, char *errbuf, size_t sz);

/** The same from disk; *textp (NULL: not wanted) is what was read. */
int layout_file_load(struct layout_file **filep, const char *path,
		     char **textp, char *errbuf, size_t sz);

const char *layout_role_name(enum layout_role role);
const char *layout_label_name(enum layout_label label);
/** "presentation spotlight 2", "" for any time; buf is returned. */
const char *layout_when_text(char *buf, size_t sz,
			     const struct layout_form *form);

/** May a layout be called so? */
bool layout_name_ok(const char *name);

#endif
