/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/whip.c -- WHIP, WHEP and the page's session as HTTP resources
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include <re.h>

#include "web/peer.h"
#include "web/turn.h"
#include "web/whip_priv.h"

enum { ROOM_MAX = 128, ETAG_LEN = 16, BUCKETS = 256 };

struct whip {
	struct whip_cfg cfg;
	struct hash *sessl;       /* by secret                            */
	unsigned sessc;
};

struct whip_sess {
	struct le le;             /* in whip->sessl                       */
	struct whip *whip;        /* weak: gone, then NULL                */
	enum rtc_kind kind;
	char room[ROOM_MAX];
	char secret[WHIP_SECRET_LEN + 1];
	char etag[ETAG_LEN + 1];
	struct peer *peer;
	void *owner;
	bool closing;             /* in closeh                            */
};

/** A path, taken apart */
struct target {
	enum rtc_kind kind;
	char room[ROOM_MAX];
	char secret[WHIP_SECRET_LEN + 1];         /* "": the room itself  */
};

static const char *const kindv[] = {
	[RTC_SESSION] = "session", [RTC_WHIP] = "whip", [RTC_WHEP] = "whep",
};

static void sess_unlink(struct whip_sess *s)
{
	if (!s->whip)
		return;

	hash_unlink(&s->le);
	--s->whip->sessc;
	s->whip = NULL;
}

static void sess_destructor(void *arg)
{
	struct whip_sess *s = arg;

	sess_unlink(s);
	mem_deref(s->peer);
}

static bool forget_handler(struct le *le, void *arg)
{
	struct whip_sess *s = le->data;
	(void)arg;

	s->whip = NULL;

	return false;
}

/* sessions are their owners', who may live longer */
static void destructor(void *arg)
{
	struct whip *w = arg;

	if (w->sessl) {
		(void)hash_apply(w->sessl, forget_handler, NULL);
		hash_clear(w->sessl);
	}
	mem_deref(w->sessl);
	mem_deref(w->cfg.ports);
}

int whip_alloc(struct whip **wp, const struct whip_cfg *cfg)
{
	struct whip *w;
	int err;

	if (!wp || !cfg || !cfg->ports || !cfg->h.admith ||
	    !cfg->h.agreedh || !cfg->h.closeh ||
	    cfg->laddrc > RTC_CANDS_MAX)
		return EINVAL;

	w = mem_zalloc(sizeof(*w), destructor);
	if (!w)
		return ENOMEM;

	w->cfg = *cfg;
	mem_ref(w->cfg.ports);
	err = hash_alloc(&w->sessl, BUCKETS);

	if (err)
		mem_deref(w);
	else
		*wp = w;

	return err;
}

static void random_hex(char *buf, size_t digits)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t b[WHIP_SECRET_LEN / 2];
	size_t i;

	rand_bytes(b, digits / 2);
	for (i = 0; i < digits; i++)
		buf[i] = hex[i & 1 ? b[i / 2] & 15 : b[i / 2] >> 4];
	buf[digits] = '\0';
}

/* ---- paths ---- */

static const char *kind_of(const char *path, enum rtc_kind *kind)
{
	size_t i;

	for (i = 0; path[0] == '/' && i < ARRAY_SIZE(kindv); i++) {
		size_t n = strlen(kindv[i]);

		if (!strncmp(path + 1, kindv[i], n) && path[1 + n] == '/') {
			*kind = i;
			return path + n + 2;
		}
	}

	return NULL;
}

bool whip_path(const char *path)
{
	enum rtc_kind kind;

	return path && kind_of(path, &kind);
}

static bool target_read(struct target *t, const char *path)
{
	const char *room = path ? kind_of(path, &t->kind) : NULL;
	size_t n;

	if (!room)
		return false;

	n = strcspn(room, "/");
	if (!n || n >= sizeof(t->room))
		return false;
	memcpy(t->room, room, n);
	t->room[n] = '\0';

	t->secret[0] = '\0';
	if (!room[n])
		return true;
	if (strlen(room + n + 1) != WHIP_SECRET_LEN)
		return false;
	str_ncpy(t->secret, room + n + 1, sizeof(t->secret));

	return true;
}

static bool sess_cmp(struct le *le, void *arg)
{
	const struct whip_sess *s = le->data;
	const struct target *t = arg;

	return s->kind == t->kind && !strcmp(s->room, t->room) &&
		!mem_seccmp((const uint8_t *)s->secret,
			    (const uint8_t *)t->secret, WHIP_SECRET_LEN);
}

static struct whip_sess *sess_find(const struct whip *w, struct target *t)
{
	struct le *le = hash_lookup(w->sessl, hash_joaat_str(t->secret),
				    sess_cmp, t);

	return list_ledata(le);
}

/* ---- answers ---- */

/** What an offer or fragment led to */
static void answer_problem(struct whip_out *out, int err, const char *reason)
{
	switch (err) {

	case EBADMSG:
		whip_out_problem(out, 400, "%s", reason);
		break;
	case ENOTSUP:
		whip_out_problem(out, 422, "%s", reason);
		break;
	case ENOSPC:
	case EMFILE:
	case ENFILE:
		whip_out_problem(out, 503, "no media port is free");
		break;
	default:
		whip_out_problem(out, 500, "%m", err);
		break;
	}
}

static void refused(struct whip_out *out, int status, const char *reason)
{
	if (status < 400 || status > 599)
		status = 500;
	whip_out_problem(out, status, "%s", reason);
}

static void sess_headers(const struct whip_sess *s, struct whip_out *out)
{
	whip_out_header(out, "ETag", "\"%s\"", s->etag);
	whip_out_header(out, "Accept-Patch", "%s%s", WHIP_FRAG,
			s->kind == RTC_SESSION ? ", " WHIP_SDP : "");
}

static void options(const struct target *t, struct whip_out *out)
{
	const bool res = t->secret[0];

	whip_out_init(out, 204);
	whip_out_header(out, "Allow", "%s", res ? "DELETE, OPTIONS, PATCH" :
			"OPTIONS, POST");
	whip_out_header(out, "Access-Control-Allow-Methods",
			"DELETE, OPTIONS, PATCH, POST");
	whip_out_header(out, "Access-Control-Allow-Headers",
			"Authorization, Content-Type, If-Match");
	whip_out_header(out, "Access-Control-Max-Age", "86400");
	if (res)
		whip_out_header(out, "Accept-Patch", "%s%s", WHIP_FRAG,
				t->kind == RTC_SESSION ? ", " WHIP_SDP : "");
	else
		whip_out_header(out, "Accept-Post", WHIP_SDP);
}

static void not_allowed(const struct target *t, const struct whip_in *in,
			struct whip_out *out)
{
	whip_out_problem(out, 405, "%s is not for this resource", in->method);
	whip_out_header(out, "Allow", "%s", t->secret[0] ?
			"DELETE, OPTIONS, PATCH" : "OPTIONS, POST");
}

/* ---- POST ---- */

static bool post_check(const struct whip *w, const struct whip_in *in,
		       struct whip_out *out)
{
	if (!whip_type_is(in->ctype, WHIP_SDP)) {
		whip_out_problem(out, 415, "want Content-Type: " WHIP_SDP);
		whip_out_header(out, "Accept-Post", WHIP_SDP);
		return false;
	}
	if (!whip_accepts(in->accept, WHIP_SDP)) {
		whip_out_problem(out, 406, "the answer is " WHIP_SDP);
		return false;
	}
	if (!in->body || !mbuf_get_left(in->body)) {
		whip_out_problem(out, 400, "an offer is needed");
		return false;
	}
	if (w->sessc >= WHIP_SESSIONS_MAX) {
		whip_out_problem(out, 503, "too many sessions");
		return false;
	}

	return true;
}

static int sess_alloc(struct whip_sess **sp, struct whip *w,
		      const struct target *t)
{
	const struct peer_cfg pc = {
		.ports = w->cfg.ports, .laddrv = w->cfg.laddrv,
		.laddrc = w->cfg.laddrc, .public = &w->cfg.public,
		.kind = t->kind,
	};
	struct whip_sess *s;
	int err;

	s = mem_zalloc(sizeof(*s), sess_destructor);
	if (!s)
		return ENOMEM;

	s->kind = t->kind;
	str_ncpy(s->room, t->room, sizeof(s->room));
	random_hex(s->secret, WHIP_SECRET_LEN);
	random_hex(s->etag, ETAG_LEN);
	err = peer_alloc(&s->peer, &pc);

	if (err) {
		mem_deref(s);
		return err;
	}

	hash_append(w->sessl, hash_joaat_str(s->secret), &s->le, s);
	s->whip = w;
	++w->sessc;
	*sp = s;

	return 0;
}

static void created(const struct whip *w, const struct whip_sess *s,
		    struct mbuf *answer, struct whip_out *out)
{
	char user[32], id[9];

	whip_out_init(out, 201);
	out->ctype = WHIP_SDP;
	out->body  = answer;
	whip_out_header(out, "Location", "/%s/%H/%s", kindv[s->kind],
			whip_print_segment, s->room, s->secret);
	sess_headers(s, out);
	if (w->cfg.turn) {
		random_hex(id, 8);
		(void)re_snprintf(user, sizeof(user), "%s-%s",
				  kindv[s->kind], id);
		(void)turn_link(out->headers, w->cfg.turn, user,
				(uint64_t)time(NULL));
	}
}

static void post(struct whip *w, const struct target *t,
		 const struct whip_in *in, struct whip_out *out)
{
	const struct whip_ask ask = {
		.kind = t->kind, .room = t->room, .peer = in->peer,
		.token = whip_token(in->auth), .query = in->query,
		.agent = in->agent ? in->agent : "",
	};
	struct mbuf offer, *answer = NULL;
	struct whip_sess *s = NULL;
	char reason[256] = "";
	void *owner = NULL;
	int status, err;

	if (!post_check(w, in, out))
		return;

	status = w->cfg.h.admith(&owner, &ask, reason, sizeof(reason),
				 w->cfg.arg);
	if (status) {
		refused(out, status, reason);
		return;
	}

	offer = *in->body;
	err = sess_alloc(&s, w, t);
	if (!err)
		err = peer_answer(s->peer, &offer, &answer, reason,
				  sizeof(reason));
	if (err) {
		mem_deref(s);
		w->cfg.h.closeh(owner, NULL, w->cfg.arg);
		answer_problem(out, err, reason);
		return;
	}

	/* the handler may close it at once */
	s->owner = owner;
	mem_ref(s);
	status = w->cfg.h.agreedh(owner, s, true, reason, sizeof(reason),
				  w->cfg.arg);
	if (status || !s->whip) {
		refused(out, status ? status : 503, reason);
		mem_deref(answer);
		if (s->whip)
			whip_close(s);
	}
	else {
		created(w, s, answer, out);
	}
	mem_deref(s);
}

/* ---- PATCH, DELETE ---- */

/** Tells the owner; false: answered with what he said. */
static bool agreed_anew(struct whip *w, struct whip_sess *s,
			struct whip_out *out)
{
	char reason[256] = "";
	int status;

	if (peer_restarted(s->peer))
		random_hex(s->etag, ETAG_LEN);

	mem_ref(s);
	status = w->cfg.h.agreedh(s->owner, s, false, reason, sizeof(reason),
				  w->cfg.arg);
	if (!status && !s->whip)
		status = 410;
	mem_deref(s);
	if (status)
		refused(out, status, reason);

	return !status;
}

static void patch(struct whip *w, struct whip_sess *s,
		  const struct whip_in *in, struct whip_out *out)
{
	const bool frag = whip_type_is(in->ctype, WHIP_FRAG);
	struct mbuf body, *answer = NULL;
	char reason[256] = "";
	int err;

	if (!frag && (s->kind != RTC_SESSION ||
		      !whip_type_is(in->ctype, WHIP_SDP))) {
		whip_out_problem(out, 415, "see Accept-Patch");
		sess_headers(s, out);
		return;
	}
	if (frag && !in->if_match) {
		whip_out_problem(out, 428, "If-Match is required");
		return;
	}
	if (in->if_match && !whip_match(in->if_match, s->etag)) {
		whip_out_problem(out, 412, "another ICE session by now");
		return;
	}
	if (!in->body || !mbuf_get_left(in->body)) {
		whip_out_problem(out, 400, "the body is empty");
		return;
	}

	body = *in->body;
	err = frag ? peer_trickle(s->peer, &body, &answer, reason,
				  sizeof(reason)) :
		peer_answer(s->peer, &body, &answer, reason, sizeof(reason));
	if (err) {
		answer_problem(out, err, reason);
		return;
	}
	if (!answer) {
		whip_out_init(out, 204);
		return;
	}
	if (!agreed_anew(w, s, out)) {
		mem_deref(answer);
		return;
	}

	whip_out_init(out, 200);
	out->ctype = frag ? WHIP_FRAG : WHIP_SDP;
	out->body  = answer;
	sess_headers(s, out);
}

static void delete(struct whip *w, struct whip_sess *s, struct whip_out *out)
{
	s->closing = true;
	sess_unlink(s);
	w->cfg.h.closeh(s->owner, s, w->cfg.arg);
	mem_deref(s);
	whip_out_init(out, 200);
}

void whip_handle(struct whip *w, const struct whip_in *in,
		 struct whip_out *out)
{
	struct whip_sess *s;
	struct target t;

	if (!target_read(&t, in->path)) {
		whip_out_problem(out, 404, "no such resource");
		return;
	}
	if (!strcmp(in->method, "OPTIONS")) {
		options(&t, out);
		return;
	}
	if (!t.secret[0]) {
		if (!strcmp(in->method, "POST"))
			post(w, &t, in, out);
		else
			not_allowed(&t, in, out);
		return;
	}

	s = sess_find(w, &t);
	if (!s)
		whip_out_problem(out, 404, "no such session");
	else if (!strcmp(in->method, "PATCH"))
		patch(w, s, in, out);
	else if (!strcmp(in->method, "DELETE"))
		delete(w, s, out);
	else
		not_allowed(&t, in, out);
}

/* ---- from our side ---- */

void whip_close(struct whip_sess *sess)
{
	if (!sess || sess->closing)
		return;

	sess_unlink(sess);
	mem_deref(sess);
}

struct peer *whip_peer(const struct whip_sess *sess)
{
	return sess ? sess->peer : NULL;
}

enum rtc_kind whip_kind(const struct whip_sess *sess)
{
	return sess ? sess->kind : RTC_SESSION;
}

unsigned whip_count(const struct whip *w)
{
	return w ? w->sessc : 0;
}
