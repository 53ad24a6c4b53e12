/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/conf.h -- tutti.conf: "key value…" lines with # comments
 *
 * All keys are declared once, in conf.c's table: name, type, default, one
 * line of help; tutti.conf(5) is tested against it.  An unknown key, a bad
 * value or a second value for a key that is not repeatable is one error
 * "file:line: what".
 *
 * Threads: filled before threads start, read-only after.
 */
#ifndef TUTTI_BASE_CONF_H
#define TUTTI_BASE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum config_type {
	CONF_STR,
	CONF_PATH,                /* absolute                             */
	CONF_U32,                 /* min..max                             */
	CONF_BOOL,                /* yes or no                            */
	CONF_ADDR,                /* IP address without port              */
	CONF_RANGE,               /* "20000-29999", even to odd           */
	CONF_LISTEN,              /* "udp 0.0.0.0:5060"; choices: protocols */
	CONF_CHOICE,              /* one of choices                       */
	CONF_RUNG,                /* "720p30 1500", base/ladder.h         */
};

struct config_key {
	const char *name;
	enum config_type type;
	const char *dflt;         /* NULL: no value                       */
	const char *choices;      /* space separated                      */
	uint32_t min, max;        /* of a number; max of a repeatable key:
	                           * so many values, 0: 32                */
	bool repeatable;
	const char *help;
};

extern const struct config_key config_keyv[];
extern const size_t config_keyc;

struct config;

int config_alloc(struct config **confp);

/** errbuf gets "path:line: what"; EBADMSG then, or the errno of open(2). */
int config_load(struct config *conf, const char *path, char *errbuf, size_t sz);

/** One "key value" line as from -D; replaces what the file said. */
int config_set(struct config *conf, const char *line, char *errbuf, size_t sz);

/* Values or the default; a key not in the table is the caller's bug. */
const char *config_str(const struct config *conf, const char *key);
uint32_t config_u32(const struct config *conf, const char *key);
bool config_bool(const struct config *conf, const char *key);
int config_range(const struct config *conf, const char *key,
	       uint32_t *minp, uint32_t *maxp);

/** Each value of a repeatable key, in order; stops at the first error. */
typedef int (config_h)(const char *val, void *arg);
int config_apply(const struct config *conf, const char *key, config_h *h,
	       void *arg);

#endif
