/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/capacity.h -- what calls cost, and whether one more fits
 *
 * Costs are thousandths of a core, from capacity_table.h, which `make bench`
 * measures.  What is taken is added up anew each time it is asked for: there
 * is nothing to go out of step.
 *
 *	a leg with sound                     speaker; listener where it
 *	                                     does not send
 *	it sends a picture                   an input of its size: 720p until
 *	                                     the mixer has reported one
 *	it receives a picture                a watcher, and, for the first of
 *	                                     a meeting, the rung it is on
 *	a recording                          the top rung, watched or not
 *
 * Threads: loop.
 */
#ifndef TUTTI_TUTTID_CAPACITY_H
#define TUTTI_TUTTID_CAPACITY_H

#include <re.h>
#include <jansson.h>

#include "base/log.h"
#include "base/ticket.h"

struct meeting;
struct party;
struct server;

enum {
	CAPACITY_CORE    = 1000,  /* units                                */
	CAPACITY_RETRY_S = 30,    /* and up to as much again              */
	CAPACITY_RUNGS   = 4,
};

struct capacity {
	unsigned units;           /* what there is                        */
	unsigned cores;           /* as measured                          */
	bool measured;            /* units are these cores                */
	uint64_t refused;         /* calls                                */
	struct log_rate say;      /* of the event                         */
};

/** The setting, or what this machine has for us. */
void capacity_init(struct capacity *c, unsigned setting);

/** Cores we may run on [1/1000]: affinity, and the quota of the cgroups
 *  below root (NULL: /sys/fs/cgroup). */
unsigned capacity_measure(const char *root);

/** The leg alone; w x h: the picture it sends, 0: not known yet. */
unsigned capacity_leg(const struct ticket *t, unsigned w, unsigned h);

/** The rung of canvas_h that a leg of this max_height watches. */
unsigned capacity_rung(unsigned max_height, unsigned canvas_h);
/** 0..CAPACITY_RUNGS-1, for one bit each */
unsigned capacity_rung_index(unsigned max_height, unsigned canvas_h);

/** What all calls take together. */
unsigned capacity_used(const struct server *srv);

/** May p, whose ticket is set, have its leg?  EDQUOT (said and counted) */
int capacity_admit(struct party *p);
/** The same for who is not asked about media yet: sound and a picture each
 *  way. */
int capacity_expect(struct party *p);

/** Seconds for Retry-After, not the same for everybody. */
unsigned capacity_retry_s(void);

json_t *capacity_json(const struct server *srv);

#endif
