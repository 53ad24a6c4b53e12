/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/party.h -- one participant: what signals for it, and its leg
 *
 *	         incoming             dial-out       browser      source
 *	NEW      (looked up)          -              -            starting
 *	CALLING  -                    INVITE sent    -
 *	RINGING  -                    18x            -
 *	ANSWERED 200 sent, no ACK yet -              -
 *	WAITING  -                    -              room locked
 *	SEATED   -                    -              no media
 *	JOINED   ACK                  200            media        playing
 *	ENDED    gone: "party left" or "party refused" has been said
 *
 * The meeting owns its parties: party_end() is the only end.  The four
 * descriptors of a SIP party (audio RTP, RTCP, video RTP, RTCP) are opened
 * with it and kept, so that a re-INVITE can add video and another mixer
 * can carry on.  A browser's (seat.h), WHIP's or WHEP's party has one.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TUTTID_PARTY_H
#define TUTTI_TUTTID_PARTY_H

#include <re.h>
#include <jansson.h>

#include "base/event.h"
#include "base/ticket.h"

struct call;
struct media_sdp;
struct meeting;
struct party_media;
struct seat;
struct mixer_leg;
struct port;
struct server;
struct source;

enum party_state {
	PARTY_NEW,
	PARTY_CALLING,
	PARTY_RINGING,
	PARTY_ANSWERED,
	PARTY_WAITING,
	PARTY_SEATED,
	PARTY_JOINED,
	PARTY_ENDED,
};

enum {
	PARTY_FDS = 4,
	PARTY_REACTIONS = 5,      /* at once, then one a second           */
	PARTY_URI_MAX = 256, PARTY_UA_MAX = 128, PARTY_FMT_MAX = 48,
};

struct party {
	struct le le;             /* meeting->partyl                      */
	struct server *srv;       /* weak                                 */
	struct meeting *meeting;  /* weak: it owns us                     */
	uint32_t id;              /* also the leg's                       */
	enum party_state state;
	bool out;                 /* we called                            */
	bool host;
	bool held;                /* it does not hear us                  */
	bool in_row;              /* the catalogue has this stay          */

	char name[TICKET_NAME_MAX];
	char uri[PARTY_URI_MAX];
	char user_agent[PARTY_UA_MAX];
	char audio[PARTY_FMT_MAX], video[PARTY_FMT_MAX];  /* "": none     */

	/* SIP */
	struct call *call;
	struct media_sdp *sdp;
	struct port *aport, *vport;
	struct tmr tmr_ring;      /* dial-out                             */
	bool late;                /* our offer is on its way              */

	/* web */
	const char *via;          /* "sip", "web", "whip", "whep", "source" */
	struct seat *seat;        /* weak; the person in the browser      */
	struct party_media *media;  /* party_web.c; NULL: none            */

	struct source *source;    /* weak; or it is a source              */

	uint64_t star_us;         /* party_keys.c: when it dialled *, or 0 */

	/* the leg */
	struct ticket ticket;     /* what we want; the client's copy knows
	                           * the latched addresses                */
	struct mixer_leg *leg;
	int fdv[PARTY_FDS];       /* borrowed from ports or source        */
	unsigned fdc;

	/* what it is sent and shows */
	char size[8];             /* of `party picture`                   */
	bool hand;
	bool mic_off;             /* muted, by himself                    */
	bool share;               /* its slides are the room's            */
	unsigned reactions;       /* that it may send now                 */
	uint64_t reaction_us;     /* when one was added last              */

	/* what the mixer tells */
	bool talking;
	char picture[16];
	json_t *rung;             /* what it is sent, NULL: not told      */
	json_t *need;             /* size it is shown in, by media, or NULL */
	json_t *quality[2];       /* LEG_AUDIO, LEG_VIDEO; NULL: none yet */

	uint64_t chat_us;         /* of chat_rate()                       */
	uint64_t start_us, join_us;   /* monotonic                        */
	uint64_t join_wall_us;
};

/** New in m's list, with an id of its own. */
int party_alloc(struct party **pp, struct meeting *m);

/** Leg into the mixer (meeting_up is done here): ticket and fdv are set.
 *  EDQUOT: the server has no room for it (capacity.h). */
int party_leg_up(struct party *p);

/** ticket changed: to the mixer, and as an event if it shows. */
void party_leg_set(struct party *p);

/** What is drawn beside its name changed: hand, host, who muted it. */
void party_marks(struct party *p);

/** What was negotiated anew into the ticket, and what of it is sent to him;
 *  then party_leg_set(). */
void party_media_apply(struct party *p);

/** The formats changed, also to none. */
void party_media_changed(struct party *p);

/** The leg is heard from now on: row, event, tone. */
void party_joined(struct party *p);

/** Whatever the state: leg, call and row end; p is gone when it returns.
 *  reason for people; scode of a refused call, or 0. */
void party_end(struct party *p, const char *reason, uint16_t scode);

/** What a mixer said of its leg is not so any more. */
void party_rung_forget(struct party *p);

int party_move(struct party *p, struct meeting *to);
void party_mute(struct party *p, bool video, bool on);

/** In from the locked door, or back to where a leg may follow. */
void party_seated(struct party *p);

/** A message of the mixer about this leg. */
void party_mixer_msg(struct party *p, const char *m, json_t *msg);

/** {"room", "meeting", "party"} and more (stolen, may be NULL). */
void party_emit(struct party *p, enum event_id id, json_t *more);

/** What a quality message says about the leg, for keeping. */
json_t *party_quality_copy(const json_t *msg);

const char *party_state_name(const struct party *p);
json_t *party_json(const struct party *p);

/* party_sip.c */

/** An INVITE from outside; takes over call. */
void party_sip_incoming(struct server *srv, struct call *call);
bool party_sip_known(struct server *srv, const struct pl *user);
int party_sip_dial(struct party **pp, struct server *srv,
		   struct meeting *m, const char *uri, const char *name);
void party_sip_apply(struct party *p);    /* for party_media_apply()     */
/** BYE, CANCEL or refusal; text for the Reason header or NULL. */
void party_sip_hangup(struct party *p, const char *text);
void party_sip_key_frame(struct party *p);

/* party_do.c: what a party does with its place */

/** name is tidied; EINVAL when nothing is left of it. */
int  party_rename(struct party *p, const char *name);
/** It dialled this; party_keys.c says what that does. */
void party_key(struct party *p, char digit);

int  party_layout(struct party *p, const char *layout);
/** Who is large in what it is sent, of its meeting; nobody: as the room says.
 *  It lasts until either of them goes.  ENOTSUP. */
int  party_pin(struct party *p, const struct pins *pins);
/** Is it in what it is sent itself?  ENOTSUP */
int  party_self_view(struct party *p, bool shown);
/** It goes: nobody has it pinned any more, nor it anybody. */
void party_unpin(struct party *p);
/** One of the sizes of base/verb.c; ENOTSUP: it is sent no picture. */
int  party_picture(struct party *p, const char *size);
void party_hand(struct party *p, bool up);
/** EINVAL no emoji, EAGAIN too many. */
int  party_reaction(struct party *p, const char *emoji);
/** Its slides become the room's, or no longer are: one share a room. */
void party_share(struct party *p, bool on);
/** The same by order: its slides are not taken until it offers anew. */
void party_share_stop(struct party *p);

/* party_web.c; party_web.h has the rest */

void party_web_apply(struct party *p);    /* for party_media_apply()     */
/** What the mixer tells of browsers alone; false: not such a message. */
bool party_web_mixer_msg(struct party *p, const char *m, json_t *msg);
void party_web_no_slides(struct party *p);

#endif
