/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/capacity.c -- what calls cost, and whether one more fits
 *
 * A call that would be one too many is worse than none: everybody's picture
 * would suffer from it.  So it is told to come again before it is answered.
 */
#define _GNU_SOURCE 1
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <re.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "tuttid/capacity.h"
#include "tuttid/capacity_table.h"
#include "tuttid/events.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"
#include "tuttid/room.h"
#include "tuttid/server.h"

enum { X100 = 100, SMALL_PX = 640 * 360 * 5 / 4, PATH_MAX_OURS = 512 };

/* best first, as the ladder has them */
static const struct { unsigned height, units; } rungv[CAPACITY_RUNGS] = {
	{1080, UNIT_RUNG_1080P},
	{720,  UNIT_RUNG_720P},
	{360,  UNIT_RUNG_360P},
	{180,  UNIT_RUNG_180P},
};

/* ---- what there is ---- */

/* "max 100000" or "150000 100000": thousandths of a core, 0: no limit */
static unsigned quota_v2(const char *path)
{
	unsigned long long quota, period;
	FILE *f = fopen(path, "re");
	int n;

	if (!f)
		return 0;
	n = fscanf(f, "%llu %llu", &quota, &period);
	(void)fclose(f);
	if (n != 2 || !period || quota > 1000000000ull)
		return 0;

	return (unsigned)(quota * CAPACITY_CORE / period);
}

static long long number(const char *path)
{
	long long n = -1;
	FILE *f = fopen(path, "re");

	if (!f)
		return -1;
	if (fscanf(f, "%lld", &n) != 1)
		n = -1;
	(void)fclose(f);

	return n;
}

static unsigned quota_v1(const char *root)
{
	char path[PATH_MAX_OURS];
	long long quota, period;

	(void)re_snprintf(path, sizeof(path), "%s/cpu/cpu.cfs_quota_us",
			  root);
	quota = number(path);
	(void)re_snprintf(path, sizeof(path), "%s/cpu/cpu.cfs_period_us",
			  root);
	period = number(path);
	if (quota <= 0 || period <= 0 || quota > 1000000000ll)
		return 0;

	return (unsigned)(quota * CAPACITY_CORE / period);
}

/* The tightest quota from our group up to the root */
static unsigned quota_ours(const char *root)
{
	char group[PATH_MAX_OURS] = "", path[2 * PATH_MAX_OURS];
	unsigned best = 0, q;
	FILE *f = fopen("/proc/self/cgroup", "re");
	char *end;

	/* unified: "0::/system.slice/tuttid.service" */
	while (f && fgets(path, sizeof(path), f)) {
		path[strcspn(path, "\n")] = '\0';
		if (!strncmp(path, "0::/", 4))
			str_ncpy(group, path + 3, sizeof(group));
	}
	if (f)
		(void)fclose(f);

	for (;;) {
		(void)re_snprintf(path, sizeof(path), "%s%s/cpu.max", root,
				  strcmp(group, "/") ? group : "");
		q = quota_v2(path);
		if (q && (!best || q < best))
			best = q;
		end = strrchr(group, '/');
		if (!end)
			break;
		*end = '\0';
	}

	return best;
}

unsigned capacity_measure(const char *root)
{
	unsigned units = CAPACITY_CORE, q;
	cpu_set_t set;

	if (!sched_getaffinity(0, sizeof(set), &set))
		units = (unsigned)CPU_COUNT(&set) * CAPACITY_CORE;

	if (!root)
		root = "/sys/fs/cgroup";
	q = quota_ours(root);
	if (q && q < units)
		units = q;
	q = quota_v1(root);
	if (q && q < units)
		units = q;

	return units;
}

void capacity_init(struct capacity *c, unsigned setting)
{
	c->cores    = capacity_measure(NULL);
	c->measured = setting == 0;
	c->units    = setting ? setting : c->cores;
	debug("capacity %u units%s cores=%u.%03u\n", c->units,
	     c->measured ? " (measured)" : "", c->cores / CAPACITY_CORE,
	     c->cores % CAPACITY_CORE);
}

/* ---- what a call takes ---- */

/* in hundredths of a unit: a listener is a fraction of one */
static unsigned leg_x100(const struct ticket *t, unsigned w, unsigned h)
{
	unsigned n = 0;

	if (t->audio.on)
		n += t->audio.recv && !t->watcher ? UNIT_SPEAKER_X100
						  : UNIT_LISTENER_X100;
	if (t->video.on && t->video.recv)
		n += X100 * (w && h && w * h <= SMALL_PX ? UNIT_INPUT_360P
							 : UNIT_INPUT_720P);
	if (t->slides.on && t->slides.recv)
		n += X100 * UNIT_INPUT_720P;
	if (t->video.on && t->video.send)
		n += UNIT_WATCHER_X100;

	return n;
}

static unsigned round_up(unsigned x100)
{
	return (x100 + X100 - 1) / X100;
}

unsigned capacity_leg(const struct ticket *t, unsigned w, unsigned h)
{
	return round_up(leg_x100(t, w, h));
}

unsigned capacity_rung_index(unsigned max_height, unsigned canvas_h)
{
	unsigned want = max_height && max_height < canvas_h ? max_height
							    : canvas_h;
	unsigned i;

	for (i = 0; i + 1 < CAPACITY_RUNGS; i++)
		if (rungv[i].height <= want)
			break;

	return i;
}

unsigned capacity_rung(unsigned max_height, unsigned canvas_h)
{
	return rungv[capacity_rung_index(max_height, canvas_h)].units;
}

static unsigned canvas_height(const struct server *srv)
{
	const char *x = strchr(config_str(srv->conf, "canvas"), 'x');

	return x ? (unsigned)strtoul(x + 1, NULL, 10) : 720;
}

/* p->video is "h264/1280x720" once the mixer has reported */
static void picture_size(const struct party *p, unsigned *wp, unsigned *hp)
{
	*wp = *hp = 0;
	if (sscanf(p->video, "%*[^/]/%ux%u", wp, hp) != 2)
		*wp = *hp = 0;
}

static unsigned meeting_x100(const struct meeting *m, const struct party *also)
{
	const unsigned canvas_h = canvas_height(m->srv);
	unsigned n = 0, seen = 0, i, w, h;
	struct le *le;

	LIST_FOREACH(&m->partyl, le) {
		const struct party *p = le->data;

		if (!p->leg && p != also)
			continue;
		picture_size(p, &w, &h);
		n += leg_x100(&p->ticket, w, h);
		if (p->ticket.video.on && p->ticket.video.send)
			seen |= 1u << capacity_rung_index(
				p->ticket.max_height, canvas_h);
	}
	if (m->rec)               /* it is of the top rung, seen or not   */
		seen |= 1u << capacity_rung_index(0, canvas_h);
	for (i = 0; i < CAPACITY_RUNGS; i++)
		if (seen & 1u << i)
			n += X100 * rungv[i].units;

	return n;
}

static unsigned used(const struct server *srv, const struct party *also)
{
	struct le *le;
	unsigned n = 0;

	LIST_FOREACH(&srv->meetingl, le)
		n += meeting_x100(le->data, also);

	return round_up(n);
}

unsigned capacity_used(const struct server *srv)
{
	return used(srv, NULL);
}

/* ---- may it in? ---- */

unsigned capacity_retry_s(void)
{
	return CAPACITY_RETRY_S + rand_u16() % CAPACITY_RETRY_S;
}

int capacity_admit(struct party *p)
{
	struct server *srv = p->srv;
	struct capacity *c = &srv->capacity;
	const unsigned now = used(srv, NULL), then = used(srv, p);

	if (then <= c->units)
		return 0;

	++c->refused;
	if (log_rate_ok(&c->say, clock_us(), 1))
		events_emit(srv->events, EV_SERVER_FULL,
			    json_pack("{s:s, s:s, s:i, s:i, s:i, s:I}",
				      "room", p->meeting->name,
				      "via", p->via,
				      "need", (int)(then - now),
				      "used", (int)now,
				      "capacity", (int)c->units,
				      "refused", (json_int_t)c->refused));

	return EDQUOT;
}

int capacity_expect(struct party *p)
{
	const struct ticket was = p->ticket;
	int err;

	p->ticket.audio.on = p->ticket.audio.recv = true;
	p->ticket.video.on = p->ticket.video.recv = true;
	p->ticket.video.send = true;
	err = capacity_admit(p);
	p->ticket = was;

	return err;
}

json_t *capacity_json(const struct server *srv)
{
	const struct capacity *c = &srv->capacity;

	return json_pack("{s:i, s:i, s:b, s:I}", "units", (int)c->units,
			 "used", (int)capacity_used(srv),
			 "measured", c->measured,
			 "refused", (json_int_t)c->refused);
}
