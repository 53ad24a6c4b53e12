/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/verbs_do.c -- what people do in a meeting: party admit, rename,
 * layout, pin, self-view, picture; room spotlight; hand, reaction, share
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
void verb_party_pin(struct server *srv, struct req *req, const json_t *args)
{
	struct party *p = verbs_party(srv, req, args), *other = NULL;
	uint32_t id = 0;

	if (!p)
		return;

	if (!json_u32(args, "other", &id) && id) {
		other = meeting_party(p->meeting, id);
		if (!other || other->state == PARTY_WAITING) {
			req_fail(req, 404, "No such party",
				 "party %u is not in room \"%s\"", id,
				 p->meeting->name);
			return;
		}
	}

	answer_sent(req, p, party_pin(p, other));
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

void verb_room_spotlight(struct server *srv, struct req *req,
			 const json_t *args)
{
	struct meeting *m = verbs_meeting(srv, req, args);
	struct party *p = NULL;
	uint32_t id = 0;

	if (!m)
		return;

	if (!json_u32(args, "party", &id) && id) {
		p = meeting_party(m, id);
		if (!p || p->state == PARTY_WAITING) {
			req_fail(req, 404, "No such party",
				 "party %u is not in room \"%s\"", id,
				 m->name);
			return;
		}
	}

	meeting_spotlight(m, p);
	req_ok(req, json_pack("{s:s, s:o}", "room", m->name, "spotlight",
			      p ? json_integer(id) : json_null()));
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
