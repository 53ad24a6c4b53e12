/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/party_do.c -- what a party does with its place in the meeting
 *
 * Its name, hand, reactions and share, and what it wants to be sent.  The
 * same for every kind of party: a host may raise a caller's hand.
 */
#include <stdlib.h>
#include <string.h>

#include <re.h>

#include "base/clock.h"
#include "db/party.h"
#include "media/mixer_client.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"
#include "tuttid/server.h"
#include "tuttid/text.h"

enum { EMOJI_MAX = 32, REACTION_US = 1000000 };

int party_rename(struct party *p, const char *name)
{
	char text[TICKET_NAME_MAX];

	text_tidy(text, sizeof(text), name);
	if (!text[0])
		return EINVAL;
	if (!strcmp(text, p->name))
		return 0;

	str_ncpy(p->name, text, sizeof(p->name));
	if (p->leg) {
		p->ticket = *mixer_leg_ticket(p->leg);
		str_ncpy(p->ticket.name, text, sizeof(p->ticket.name));
		party_leg_set(p);
	}
	if (p->in_row)
		(void)db_party_change(p->srv->db, p->id, p->meeting->id,
				      p->name, NULL, NULL);
	party_emit(p, EV_PARTY_CHANGED,
		   json_pack("{s:s, s:s?, s:s?}", "name", p->name,
			     "audio", p->audio[0] ? p->audio : NULL,
			     "video", p->video[0] ? p->video : NULL));

	return 0;
}

static bool is_sent(const struct party *p)
{
	return !p->ticket.source && strcmp(p->via, "whip");
}

static void say_layout(struct party *p)
{
	party_emit(p, EV_PARTY_LAYOUT,
		   json_pack("{s:s, s:s, s:b, s:o, s:o}",
			     "layout", p->ticket.layout[0] ?
			     p->ticket.layout : "room", "size", p->size,
			     "self_view", !p->ticket.hide_self,
			     "pinned", p->ticket.pins.legc ?
			     json_integer(pins_first(&p->ticket.pins)) :
			     json_null(),
			     "pins", pins_encode(&p->ticket.pins)));
}

int party_pin(struct party *p, const struct pins *pins)
{
	if (!is_sent(p))
		return ENOTSUP;
	if (pins_equal(&p->ticket.pins, pins))
		return 0;

	if (p->leg)
		p->ticket = *mixer_leg_ticket(p->leg);
	p->ticket.pins = *pins;
	party_leg_set(p);
	say_layout(p);

	return 0;
}

void party_unpin(struct party *p)
{
	struct le *le;

	LIST_FOREACH(&p->meeting->partyl, le) {
		struct party *q = le->data;
		struct pins left = q->ticket.pins;

		if (q != p && pins_del(&left, p->id))
			(void)party_pin(q, &left);
	}
	p->ticket.pins = pins_one(0);
}

int party_self_view(struct party *p, bool shown)
{
	if (!is_sent(p))
		return ENOTSUP;
	if (p->ticket.hide_self == !shown)
		return 0;

	if (p->leg)
		p->ticket = *mixer_leg_ticket(p->leg);
	p->ticket.hide_self = !shown;
	party_leg_set(p);
	say_layout(p);

	return 0;
}

int party_layout(struct party *p, const char *layout)
{
	if (!is_sent(p))
		return ENOTSUP;
	if (!strcmp(layout, "room"))
		layout = "";
	if (strlen(layout) >= sizeof(p->ticket.layout))
		return EINVAL;
	if (!strcmp(layout, p->ticket.layout))
		return 0;

	if (p->leg)
		p->ticket = *mixer_leg_ticket(p->leg);
	str_ncpy(p->ticket.layout, layout, sizeof(p->ticket.layout));
	party_leg_set(p);
	say_layout(p);

	return 0;
}

int party_picture(struct party *p, const char *size)
{
	if (!is_sent(p))
		return ENOTSUP;
	if (strlen(size) >= sizeof(p->size))
		return EINVAL;
	if (!strcmp(size, p->size))
		return 0;

	str_ncpy(p->size, size, sizeof(p->size));
	party_media_apply(p);
	say_layout(p);

	return 0;
}

void party_hand(struct party *p, bool up)
{
	if (p->hand == up)
		return;

	p->hand = up;
	party_marks(p);
	party_emit(p, up ? EV_HAND_RAISED : EV_HAND_LOWERED,
		   json_pack("{s:s}", "name", p->name));
}

/* Not text: something of what is not ASCII, and of ASCII only what keycaps
 * are made of. */
static bool is_emoji(const char *s)
{
	bool other = false;
	size_t n = 0;

	for (; s[n]; n++) {
		const unsigned char c = (unsigned char)s[n];

		if (c >= 0x80)
			other = true;
		else if (!strchr("0123456789#*", c))
			return false;
	}

	return other && n <= EMOJI_MAX;
}

/* PARTY_REACTIONS at once, then one a second */
static bool may_react(struct party *p)
{
	const uint64_t now = clock_us();
	uint64_t n = p->reaction_us ? (now - p->reaction_us) / REACTION_US
				    : PARTY_REACTIONS;

	if (n >= PARTY_REACTIONS - p->reactions) {
		p->reactions = PARTY_REACTIONS;
		p->reaction_us = now;
	}
	else {
		p->reactions += n;
		p->reaction_us += n * REACTION_US;
	}
	if (!p->reactions)
		return false;
	--p->reactions;

	return true;
}

int party_reaction(struct party *p, const char *emoji)
{
	char text[EMOJI_MAX + 1];

	if (!is_emoji(emoji) ||
	    strcmp(text_tidy(text, sizeof(text), emoji), emoji))
		return EINVAL;
	if (!may_react(p))
		return EAGAIN;

	party_emit(p, EV_REACTION_SENT,
		   json_pack("{s:s, s:s}", "name", p->name, "emoji", text));

	return 0;
}

void party_share(struct party *p, bool on)
{
	struct le *le;

	if (p->share == on)
		return;

	LIST_FOREACH(&p->meeting->partyl, le) {
		struct party *other = le->data;

		if (on && other->share)
			party_share_stop(other);
	}

	p->share = on;
	party_emit(p, on ? EV_SHARE_STARTED : EV_SHARE_STOPPED,
		   json_pack("{s:s}", "name", p->name));
}

void party_share_stop(struct party *p)
{
	if (!p->share)
		return;

	party_share(p, false);
	party_web_no_slides(p);
}
