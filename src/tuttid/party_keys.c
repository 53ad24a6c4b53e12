/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/party_keys.c -- what a party dials on its keypad in a meeting
 *
 *	*8	the next layout, in the order of `layout list`: for the
 *		room if a host dials it, else for himself
 */
#include <re.h>

#include "base/clock.h"
#include "base/log.h"
#include "tuttid/events.h"
#include "tuttid/layouts.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"
#include "tuttid/room.h"
#include "tuttid/server.h"
#include "tuttid/verbs.h"

enum { STAR_US = 3000000 };       /* from the star to its digit           */

static void next_for_room(struct party *p)
{
	struct room *room = p->meeting->room;
	struct db_room cfg = room->cfg;
	char text[256] = "";
	int err;

	str_ncpy(cfg.layout, layouts_next(p->srv->layouts, cfg.layout),
		 sizeof(cfg.layout));
	err = verbs_room_change(p->srv, room, &cfg, "layout", text,
				sizeof(text));
	if (err)
		warning("party %u: layout of room not changed: %s (%m)\n",
			p->id, text, err);
}

static void next_for_himself(struct party *p)
{
	const char *now = p->ticket.layout[0] ? p->ticket.layout :
		p->meeting->room->cfg.layout;
	int err = party_layout(p, layouts_next(p->srv->layouts, now));

	if (err)
		info("party %u has no picture to place: %m\n", p->id, err);
}

void party_key(struct party *p, char digit)
{
	const uint64_t now = clock_us(), star = p->star_us;

	p->star_us = digit == '*' ? now : 0;
	if (digit != '8' || !star || now - star > STAR_US)
		return;
	if (p->state < PARTY_JOINED || !p->meeting || !p->meeting->room)
		return;
	if (p->host)
		next_for_room(p);
	else
		next_for_himself(p);
}
