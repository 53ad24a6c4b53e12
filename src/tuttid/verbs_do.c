/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/verbs_do.c -- what people do in a meeting: party admit, rename,
 * layout, pins, self-view, picture; room spotlights; hand, reaction, share
 */
#include <string.h>

#include <re.h>

#include "base/json.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"
#include "tuttid/req.h"
#include "tuttid/seat.h"
#include "tuttid/server.h"
#include "tuttid/verbs.h"

/* Who is in the meeting, not at its door or still ringing */
static struct party *present(struct server *srv, struct req *req,
			     const json_t *args)
{
	struct party *p = verbs_party(srv, req, args);

	if (p && p->state < PARTY_SEATED) {
		req_fail(req, 409, "Not in the meeting yet", "party %u",
			 p->id);
		return NULL;
	}

	return p;
}

void verb_party_admit(struct server *srv, struct req *req,
		      const json_t *args)
{
	struct party *p = verbs_party(srv, req, args);
	int err;

	if (!p)
		return;

	err = seat_admit(p->seat);
	if (err == ENOSPC)
		req_fail(req, 409, "Room is full", "room \"%s\"",
			 p->meeting->name);
	else if (err)
		req_fail(req, 409, "Does not wait", "party %u", p->id);
	else
		req_ok(req, party_json(p));
}

void verb_party_rename(struct server *srv, struct req *req,
		       const json_t *args)
{
	struct party *p = verbs_party(srv, req, args);
	const char *name = "";

	if (!p)
		return;

	(void)json_str(args, "name", &name);
	if (party_rename(p, name))
		req_fail(req, 400, "Not a name", "nothing is left of it");
	else
		req_ok(req, party_json(p));
}

/* The answer to what changes what somebody is sent */
static void answer_sent(struct req *req, const struct party *p, int err)
{
	if (err == ENOTSUP)
		req_fail(req, 409, "It is sent no picture", "via %s",
			 p->via);
	else if (err)
		req_fail_errno(req, err, "Not changed");
	else
		req_ok(req, party_json(p));
}

void verb_party_layout(struct server *srv, struct req *req,
		       const json_t *args)
{
	struct party *p = verbs_party(srv, req, args);
	const char *layout = "";

	if (!p)
		return;

	(void)json_str(args, "layout", &layout);
	answer_sent(req, p, party_layout(p, layout));
}

/* Who waits at the door is not in the picture, nor to be known of. */
static bool is_in(struct req *req, const struct meeting *m, uint32_t id)
{
	const struct party *p = meeting_party(m, id);

	if (p && p->state != PARTY_WAITING)
		return true;
	req_fail(req, 404, "No such party",
		 "party %u is not in room \"%s\"", id, m->name);

	return false;
}

/* pins becomes who is asked for, alone or also; false: answered already */
static bool pins_ask(struct req *req, const struct meeting *m,
		     const json_t *args, const char *key, struct pins *pins)
{
	uint32_t id = 0;

	(void)json_u32(args, key, &id);
	if (id && !is_in(req, m, id))
		return false;
	if (!json_is_true(json_object_get(args, "also")))
		*pins = pins_one(id);
	else if (id && pins_add(pins, id) == ENOSPC) {
		req_fail(req, 409, "Too many", "%d are large already",
			 PINS_MAX);
		return false;
	}

	return true;
}

/* The same without whom is named, or nobody; who is not there may be gone. */
static void pins_less(const json_t *args, const char *key, struct pins *pins)
{
	uint32_t id = 0;

	(void)json_u32(args, key, &id);
	if (id)
		(void)pins_del(pins, id);
	else
		*pins = pins_one(0);
}

void verb_party_pin(struct server *srv, struct req *req, const json_t *args)
{
	struct party *p = verbs_party(srv, req, args);
	struct pins pins;

	if (!p)
		return;

	pins = p->ticket.pins;
	if (pins_ask(req, p->meeting, args, "other", &pins))
		answer_sent(req, p, party_pin(p, &pins));
}

void verb_party_unpin(struct server *srv, struct req *req,
		      const json_t *args)
{
	struct party *p = verbs_party(srv, req, args);
	struct pins pins;

	if (!p)
		return;

	pins = p->ticket.pins;
	pins_less(args, "other", &pins);
	answer_sent(req, p, party_pin(p, &pins));
}

void verb_party_self_view(struct server *srv, struct req *req,
			  const json_t *args)
{
	struct party *p = verbs_party(srv, req, args);

	if (!p)
		return;

	answer_sent(req, p, party_self_view(p, json_is_true(
		json_object_get(args, "shown"))));
}

void verb_party_picture(struct server *srv, struct req *req,
			const json_t *args)
{
	struct party *p = verbs_party(srv, req, args);
	const char *size = "";

	if (!p)
		return;

	(void)json_str(args, "size", &size);
	answer_sent(req, p, party_picture(p, size));
}

static void answer_spotlight(struct req *req, const struct meeting *m)
{
	const uint32_t first = pins_first(&m->spotlights);

	req_ok(req, json_pack("{s:s, s:o, s:o}", "room", m->name, "spotlight",
			      first ? json_integer(first) : json_null(),
			      "spotlights", pins_encode(&m->spotlights)));
}

void verb_room_spotlight(struct server *srv, struct req *req,
			 const json_t *args)
{
	struct meeting *m = verbs_meeting(srv, req, args);
	struct pins pins;

	if (!m)
		return;

	pins = m->spotlights;
	if (!pins_ask(req, m, args, "party", &pins))
		return;
	meeting_spotlight(m, &pins);
	answer_spotlight(req, m);
}

void verb_room_unspotlight(struct server *srv, struct req *req,
			   const json_t *args)
{
	struct meeting *m = verbs_meeting(srv, req, args);
	struct pins pins;

	if (!m)
		return;

	pins = m->spotlights;
	pins_less(args, "party", &pins);
	meeting_spotlight(m, &pins);
	answer_spotlight(req, m);
}

static void hand(struct server *srv, struct req *req, const json_t *args,
		 bool up)
{
	struct party *p = present(srv, req, args);

	if (!p)
		return;

	party_hand(p, up);
	req_ok(req, party_json(p));
}

void verb_hand_raise(struct server *srv, struct req *req, const json_t *args)
{
	hand(srv, req, args, true);
}

void verb_hand_lower(struct server *srv, struct req *req, const json_t *args)
{
	hand(srv, req, args, false);
}

void verb_reaction_send(struct server *srv, struct req *req,
			const json_t *args)
{
	struct party *p = present(srv, req, args);
	const char *emoji = "";
	int err;

	if (!p)
		return;

	(void)json_str(args, "emoji", &emoji);
	err = party_reaction(p, emoji);
	if (err == EAGAIN)
		req_fail(req, 429, "Too many reactions", NULL);
	else if (err)
		req_fail(req, 400, "Not an emoji", NULL);
	else
		req_ok(req, NULL);
}

void verb_share_stop(struct server *srv, struct req *req, const json_t *args)
{
	struct party *p = present(srv, req, args);

	if (!p)
		return;

	if (!p->share) {
		req_fail(req, 409, "Shares nothing", "party %u", p->id);
		return;
	}
	party_share_stop(p);
	req_ok(req, party_json(p));
}
