/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/party_sip.c -- a party that calls by SIP, or that we call
 *
 * Joins sip/call.h (the dialog), media/sdp.h (offer and answer) and the
 * party.  Ports for both media are opened with the party, whatever the
 * first offer has: a re-INVITE may add video.
 */
#include <string.h>

#include <re.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/thread.h"
#include "base/mixproto.h"
#include "media/mixer_client.h"
#include "media/ports.h"
#include "media/sdp.h"
#include "sip/call.h"
#include "sip/sip.h"
#include "tuttid/events.h"
#include "tuttid/meeting.h"
#include "tuttid/party.h"
#include "tuttid/pin_guard.h"
#include "tuttid/room.h"
#include "tuttid/server.h"
#include "tuttid/text.h"

enum { FD_ARTP, FD_ARTCP, FD_VRTP, FD_VRTCP };

static struct log_rate refuse_rate;

static const struct call_h call_handlers;

/* ---- media ---- */

static int open_ports(struct party *p, const struct sa *laddr)
{
	const char *public = config_str(p->srv->conf, "public_address");
	struct media_sdp_cfg cfg;
	struct sa bind_addr = *laddr;
	int err;

	/* behind NAT the address in SDP is not ours to bind */
	if (public)
		sa_init(&bind_addr, sa_af(laddr));
	sa_set_port(&bind_addr, 0);
	err = port_alloc(&p->aport, p->srv->ports, &bind_addr);
	if (!err)
		err = port_alloc(&p->vport, p->srv->ports, &bind_addr);
	if (err)
		return err;

	p->fdv[FD_ARTP]  = p->aport->fd_rtp;
	p->fdv[FD_ARTCP] = p->aport->fd_rtcp;
	p->fdv[FD_VRTP]  = p->vport->fd_rtp;
	p->fdv[FD_VRTCP] = p->vport->fd_rtcp;
	p->fdc = PARTY_FDS;

	memset(&cfg, 0, sizeof(cfg));
	cfg.laddr = *laddr;           /* public_address where it applies */
	cfg.audio_port = sa_port(&p->aport->laddr);
	cfg.video_port = sa_port(&p->vport->laddr);
	cfg.video      = true;

	return media_sdp_alloc(&p->sdp, &cfg);
}

void party_sip_apply(struct party *p)
{
	media_sdp_ticket(p->sdp, &p->ticket);
	p->ticket.audio.rtp_fd  = FD_ARTP;
	p->ticket.audio.rtcp_fd = p->ticket.audio.rtcp_mux ? -1 : FD_ARTCP;
	p->ticket.video.rtp_fd  = FD_VRTP;
	p->ticket.video.rtcp_fd = p->ticket.video.rtcp_mux ? -1 : FD_VRTCP;
}

/* What was agreed, into the ticket and, once there is one, the leg */
static void apply_sdp(struct party *p)
{
	bool held;

	party_media_apply(p);

	held = media_sdp_held(p->sdp);
	if (held == p->held)
		return;
	p->held = held;
	if (p->state == PARTY_JOINED)
		party_emit(p, held ? EV_PARTY_HELD : EV_PARTY_RESUMED, NULL);
}

/* ---- the dialog's handlers ---- */

static int offer_handler(struct mbuf *offer, struct mbuf **answerp,
			 char *errbuf, size_t errsz, void *arg)
{
	struct party *p = arg;
	int err;

	on_loop();
	err = media_sdp_answer(p->sdp, offer, answerp, errbuf, errsz);
	if (err) {
		info("party %u re-offer refused: %m\n", p->id, err);
		return err;
	}
	apply_sdp(p);

	return 0;
}

static int make_offer_handler(struct mbuf **offerp, void *arg)
{
	struct party *p = arg;

	on_loop();

	return media_sdp_offer(p->sdp, offerp);
}

static int answer_handler(struct mbuf *answer, void *arg)
{
	struct party *p = arg;
	char text[128] = "";
	int err;

	on_loop();
	err = media_sdp_accept(p->sdp, answer, text, sizeof(text));
	if (err) {
		info("party %u answer not usable: %m (%s)\n", p->id, err,
		     text);
		return err;
	}

	apply_sdp(p);
	p->late = false;

	return party_leg_up(p);
}

static void refused_handler(uint16_t scode, void *arg)
{
	struct party *p = arg;

	on_loop();
	info("party %u refused our offer scode=%u\n", p->id, scode);
	media_sdp_rollback(p->sdp);
}

static void progress_handler(uint16_t scode, const char *reason, void *arg)
{
	struct party *p = arg;

	on_loop();
	(void)reason;
	if (p->state != PARTY_CALLING || scode < 180)
		return;

	p->state = PARTY_RINGING;
	party_emit(p, EV_PARTY_RINGING,
		   json_pack("{s:s, s:i}", "uri", p->uri, "scode",
			     (int)scode));
}

static void estab_handler(void *arg)
{
	struct party *p = arg;

	on_loop();
	if (p->state >= PARTY_JOINED)
		return;

	if (!p->leg) {
		party_end(p, "no answer to our offer", 0);
		return;
	}

	if (p->out)
		party_emit(p, EV_PARTY_ANSWERED,
			   json_pack("{s:s}", "uri", p->uri));
	party_joined(p);
}

static void key_frame_handler(void *arg)
{
	struct party *p = arg;

	on_loop();
	if (p->leg)
		(void)mixer_request(p->meeting->mc, MIX_KEY,
				    json_pack("{s:I}", "id",
					      (json_int_t)p->id),
				    NULL, 0, NULL, NULL);
}

static void dtmf_handler(char digit, unsigned duration_ms, void *arg)
{
	struct party *p = arg;
	const char text[2] = {digit, '\0'};

	on_loop();
	party_emit(p, EV_PARTY_DTMF,
		   json_pack("{s:s, s:i}", "digit", text, "duration_ms",
			     (int)duration_ms));
	party_key(p, digit);
}

static void close_handler(uint16_t scode, const char *reason, void *arg)
{
	struct party *p = arg;
	char text[128];

	on_loop();
	text_tidy(text, sizeof(text), reason);
	p->call = mem_deref(p->call);
	party_end(p, text[0] ? text : "ended", scode);
}

static const struct call_h call_handlers = {
	.offerh      = offer_handler,
	.make_offerh = make_offer_handler,
	.answerh     = answer_handler,
	.refusedh    = refused_handler,
	.progressh   = progress_handler,
	.estabh      = estab_handler,
	.key_frameh  = key_frame_handler,
	.dtmfh       = dtmf_handler,
	.closeh      = close_handler,
};

void party_sip_hangup(struct party *p, const char *text)
{
	if (!p->call)
		return;

	call_hangup(p->call, text);
	p->call = mem_deref(p->call);
}

void party_sip_key_frame(struct party *p)
{
	if (p->call && p->state == PARTY_JOINED)
		(void)call_key_frame(p->call);
}

/* ---- incoming ---- */

/* A caller shall not write further fields into the line. */
static void no_quotes(char *s)
{
	for (; *s; s++) {
		if (*s == '"')
			*s = '\'';
	}
}

static void refuse(struct server *srv, struct call *call, uint16_t scode,
		   const char *reason, unsigned retry_s)
{
	char from[PARTY_URI_MAX], to[64];

	++srv->calls_refused;
	if (log_rate_ok(&refuse_rate, clock_us(), 20)) {
		no_quotes(text_tidy(from, sizeof(from), call_peer_uri(call)));
		no_quotes(text_tidy(to, sizeof(to), call_user(call)));
		info("call refused from=\"%s\" to=\"%s\" scode=%u "
		     "reason=\"%s\"\n", from, to, scode, reason);
	}
	(void)call_reject(call, scode, reason, retry_s);
	mem_deref(call);
}

/* The reason to refuse, or NULL */
static const char *bad_pin(struct server *srv, const struct call *call,
			   const struct room_dial *dial)
{
	const struct sa *addr = call_peer_addr(call);
	const uint64_t now = clock_us();

	if (!dial->pin_given)
		return dial->pin_ok ? NULL : "PIN required";
	if (!pin_guard_ok(&srv->pin_guard, addr, now))
		return "Too many wrong PINs";
	if (dial->pin_ok)
		return NULL;

	pin_guard_wrong(&srv->pin_guard, addr, now);

	return "Wrong PIN";
}

/* The room for a caller, or refused and NULL */
static struct room *admit(struct server *srv, struct call *call, bool *hostp)
{
	struct room_dial dial;
	const char *bad;
	struct pl user;

	if (srv->closing) {
		refuse(srv, call, 503, "Server is going down", 30);
		return NULL;
	}

	pl_set_str(&user, call_user(call));
	if (rooms_dial(srv->rooms, &user, &dial)) {
		refuse(srv, call, 404, "No such room", 0);
		return NULL;
	}
	bad = bad_pin(srv, call, &dial);
	if (bad) {
		refuse(srv, call, 403, bad, 0);
		return NULL;
	}
	if (dial.room->cfg.locked && !dial.host) {
		refuse(srv, call, 403, "Room is locked", 0);
		return NULL;
	}
	if (meeting_full(srv, dial.room, dial.host)) {
		refuse(srv, call, 486, "Room is full", 0);
		return NULL;
	}
	*hostp = dial.host;

	return dial.room;
}

/* Answer to their offer, or our offer to a call without one */
static int negotiate(struct party *p, struct mbuf **bodyp, char *errbuf,
		     size_t errsz)
{
	struct mbuf *offer = call_offer(p->call);
	int err;

	if (!offer) {
		err = capacity_expect(p);
		if (err)
			return err;
		p->late = true;
		return media_sdp_offer(p->sdp, bodyp);
	}

	err = media_sdp_answer(p->sdp, offer, bodyp, errbuf, errsz);
	if (err)
		return err;

	apply_sdp(p);

	return party_leg_up(p);
}

static void fail(struct party *p, int err, const char *text)
{
	struct call *call = p->call;
	struct server *srv = p->srv;

	p->call = NULL;
	party_end(p, "refused", 0);

	switch (err) {

	case EBADMSG:
		refuse(srv, call, 400, text[0] ? text : "Bad SDP", 0);
		break;

	case ENOTSUP:
		refuse(srv, call, 488, "No common codec", 0);
		break;

	case ENOSPC:
	case EMFILE:
	case ENFILE:
		refuse(srv, call, 503, "No free media port", 60);
		break;

	case EDQUOT:
		refuse(srv, call, 503, "Server is full", capacity_retry_s());
		break;

	default:
		warning("call not taken: %m\n", err);
		refuse(srv, call, 500, "Server error", 60);
		break;
	}
}

static int take(struct party *p, char *text, size_t textsz)
{
	struct mbuf *body = NULL;
	struct sa laddr;
	int err;

	err = call_local_addr(p->call, &laddr);
	if (!err)
		err = open_ports(p, &laddr);
	if (!err)
		err = negotiate(p, &body, text, textsz);
	if (err)
		goto out;

	p->state = PARTY_ANSWERED;
	err = call_answer(p->call, body);

 out:
	mem_deref(body);

	return err;
}

void party_sip_incoming(struct server *srv, struct call *call)
{
	char text[128] = "";
	struct meeting *m;
	struct room *room;
	struct party *p;
	bool host = false;
	int err;

	++srv->calls_in;
	room = admit(srv, call, &host);
	if (!room)
		return;

	err = meeting_get(&m, srv, room);
	if (!err)
		err = party_alloc(&p, m);
	if (err) {
		refuse(srv, call, 500, "Server error", 60);
		return;
	}

	p->call = call;
	p->host = host;
	text_tidy(p->name, sizeof(p->name), call_peer_name(call));
	text_tidy(p->uri, sizeof(p->uri), call_peer_uri(call));
	text_tidy(p->user_agent, sizeof(p->user_agent),
		   call_user_agent(call));
	call_set_handlers(call, &call_handlers, p);

	err = take(p, text, sizeof(text));
	if (err)
		fail(p, err, text);
}

bool party_sip_known(struct server *srv, const struct pl *user)
{
	struct room_dial dial;

	return !rooms_dial(srv->rooms, user, &dial);
}

/* ---- dial-out ---- */

static void ring_handler(void *arg)
{
	on_loop();
	party_end(arg, "no answer", 408);
}

static int make_uri(char *buf, size_t size, const char *uri)
{
	struct uri decoded;
	struct pl pl;

	if (!strncmp(uri, "sip:", 4) || !strncmp(uri, "sips:", 5))
		str_ncpy(buf, uri, size);
	else if (strchr(uri, '@'))
		(void)re_snprintf(buf, size, "sip:%s", uri);
	else
		return EINVAL;

	if (strlen(buf) + 1 >= size || strpbrk(buf, " \t<>\""))
		return EINVAL;

	pl_set_str(&pl, buf);

	return uri_decode(&decoded, &pl);
}

static int dial(struct party *p)
{
	const struct db_room *cfg = &p->meeting->room->cfg;
	struct mbuf *offer = NULL;
	struct sa laddr;
	int err;

	err = sip_route_addr(p->srv->sip, p->uri, &laddr);
	if (!err)
		err = open_ports(p, &laddr);
	if (!err)
		err = media_sdp_offer(p->sdp, &offer);
	if (!err)
		err = call_dial(&p->call, p->srv->sip, p->uri,
				cfg->number[0] ? cfg->number : cfg->name,
				cfg->title[0] ? cfg->title : cfg->name,
				offer, &call_handlers, p);
	mem_deref(offer);

	return err;
}

int party_sip_dial(struct party **pp, struct server *srv,
		   struct meeting *m, const char *uri, const char *name)
{
	struct party *p;
	int err;

	err = party_alloc(&p, m);
	if (err)
		return err;

	p->state = PARTY_CALLING;
	err = make_uri(p->uri, sizeof(p->uri), uri);
	if (err)
		goto out;

	err = capacity_expect(p);
	if (!err)
		err = dial(p);
	if (err)
		goto out;
	text_tidy(p->name, sizeof(p->name),
		  name && *name ? name : call_peer_name(p->call));

	++srv->calls_out;
	p->out = true;
	tmr_start(&p->tmr_ring,
		  (uint64_t)config_u32(srv->conf, "ring_timeout_s") * 1000,
		  ring_handler, p);
	party_emit(p, EV_PARTY_CALLED,
		   json_pack("{s:s, s:s}", "uri", p->uri, "name", p->name));

 out:
	if (err)
		party_end(p, "not called", 0);
	else
		*pp = p;

	return err;
}
