/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * media/sdp.c -- offer and answer for one leg (RFC 3264)
 *
 * libre decodes and prints, on a session object made anew for every body:
 * its decoder changes the session as it goes and cannot undo that, and a
 * refused re-offer must leave what was agreed.  What lasts is here: the
 * list of m-lines (their order never changes), the agreed media, and the
 * origin line, whose version goes up only when the body differs.
 */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "media/sdp.h"
#include "media/sdp_priv.h"

enum role { UNUSED, AUDIO, VIDEO };

/** An m-line of the session, for good */
struct line {
	char kind[16];
	char proto[32];
	enum role role;
};

struct agreed {
	struct line linev[SDP_MEDIA_MAX];
	unsigned linec;
	struct ticket_media audio, video;
	bool audio_heard, video_heard;    /* the peer once received it    */
	bool held;
	bool any;                         /* there has been an agreement  */
};

struct media_sdp {
	struct media_sdp_cfg cfg;
	uint32_t id, version;
	char *last;               /* our last body, behind the o= line    */
	struct agreed now;
	/* our offer without an answer yet */
	struct sdp_session *pending;
	struct line pend_linev[SDP_MEDIA_MAX];
	struct ticket_media pend_audio, pend_video;
	struct sdp_fb fb;         /* of video: for libre's printing       */
};

static void destructor(void *arg)
{
	struct media_sdp *ms = arg;

	mem_deref(ms->pending);
	mem_deref(ms->last);
}

static void media_reset(struct ticket_media *tm)
{
	memset(tm, 0, sizeof(*tm));
	tm->ptime_ms = SDP_PTIME_MS;
	sa_init(&tm->raddr, AF_UNSPEC);
	sa_init(&tm->raddr_rtcp, AF_UNSPEC);
}

int media_sdp_alloc(struct media_sdp **msp, const struct media_sdp_cfg *cfg)
{
	struct media_sdp *ms;

	if (!msp || !cfg || !sa_isset(&cfg->laddr, SA_ADDR))
		return EINVAL;

	ms = mem_zalloc(sizeof(*ms), destructor);
	if (!ms)
		return ENOMEM;

	ms->cfg     = *cfg;
	ms->id      = rand_u32() & 0x7fffffff;
	ms->version = rand_u32() & 0x3fffffff;
	sa_set_port(&ms->cfg.laddr, 0);
	media_reset(&ms->now.audio);
	media_reset(&ms->now.video);

	*msp = ms;

	return 0;
}

static uint16_t port_of(const struct media_sdp *ms, enum role role)
{
	if (role == AUDIO)
		return ms->cfg.audio_port;

	return role == VIDEO && ms->cfg.video ? ms->cfg.video_port : 0;
}

static enum role role_of(const char *kind)
{
	if (!str_cmp(kind, "audio"))
		return AUDIO;

	return !str_cmp(kind, "video") ? VIDEO : UNUSED;
}

static bool is_second_stream(const struct sdp_media *m)
{
	const char *content = sdp_media_rattr(m, "content");

	return content && !strstr(content, "main");
}

static bool family_ok(const struct media_sdp *ms, const struct sdp_media *m)
{
	const struct sa *ra = sdp_media_raddr(m);

	return sa_af(ra) == sa_af(&ms->cfg.laddr);
}

/** A peer that once received and now does not holds us.  What it sends
 *  meanwhile (music) is not for the others; a peer that never received is
 *  a sender, and heard. */
static void held_read(struct agreed *a)
{
	const struct ticket_media *tm = a->audio.on ? &a->audio : &a->video;
	bool heard = a->audio.on ? a->audio_heard : a->video_heard;

	a->held = tm->on && !tm->send && (heard || !tm->recv);
	if (a->held) {
		a->audio.recv = false;
		a->video.recv = false;
	}
}

static void line_set(struct line *line, const struct sdp_media *m,
		     enum role role)
{
	str_ncpy(line->kind, sdp_media_name(m), sizeof(line->kind));
	str_ncpy(line->proto, sdp_media_proto(m), sizeof(line->proto));
	line->role = role;
}

/* ---- writing what we say ---- */

/** sdp_encode() with our own origin line */
static int body_encode(struct media_sdp *ms, struct sdp_session *sess,
		       bool offer, struct mbuf **mbp)
{
	struct mbuf *mb = NULL, *out = NULL;
	struct pl origin, rest;
	char *tail = NULL;
	int err;

	err = sdp_encode(&mb, sess, offer);
	if (err)
		return err;

	if (re_regex((const char *)mbuf_buf(mb), mbuf_get_left(mb),
		     "o=[^\r\n]+\r\n[^]+", &origin, &rest)) {
		err = EINVAL;
		goto out;
	}

	err = pl_strdup(&tail, &rest);
	if (err)
		goto out;

	out = mbuf_alloc(mbuf_get_left(mb) + 32);
	if (!out) {
		err = ENOMEM;
		goto out;
	}

	if (ms->last && strcmp(ms->last, tail))
		++ms->version;

	err = mbuf_printf(out, "v=0\r\no=- %u %u IN IP%u %j\r\n%s", ms->id,
			  ms->version,
			  sa_af(&ms->cfg.laddr) == AF_INET6 ? 6 : 4,
			  &ms->cfg.laddr, tail);
	if (err)
		goto out;

	out->pos = 0;
	mem_deref(ms->last);
	ms->last = tail;
	tail = NULL;

 out:
	mem_deref(mb);
	mem_deref(tail);
	if (err)
		mem_deref(out);
	else
		*mbp = out;

	return err;
}

static int own_attributes(struct media_sdp *ms, struct sdp_media *m,
			  enum role role, bool mux)
{
	unsigned max = ms->cfg.max_kbps_video;
	int err = 0;

	if (role == AUDIO)
		err |= sdp_media_set_lattr(m, true, sdp_attr_ptime, "%u",
					   SDP_PTIME_MS);
	if (mux)
		err |= sdp_media_set_lattr(m, true, "rtcp-mux", NULL);
	if (role == VIDEO && max) {
		sdp_media_set_lbandwidth(m, SDP_BANDWIDTH_AS, max);
		sdp_media_set_lbandwidth(m, SDP_BANDWIDTH_TIAS, max * 1000);
	}

	return err;
}

/** A session with as many lines of each kind as the offer has: libre finds
 *  ours by kind and protocol, what it does not find it refuses. */
static int answer_session(struct media_sdp *ms, const struct sdp_scan *scan,
			  struct sdp_session **sessp)
{
	struct sdp_session *sess;
	unsigned i;
	int err;

	err = sdp_session_alloc(&sess, &ms->cfg.laddr);

	for (i = 0; i < scan->audioc + scan->videoc && !err; i++) {
		enum role role = i < scan->audioc ? AUDIO : VIDEO;
		struct sdp_media *m = NULL;

		err = sdp_media_add(&m, sess,
				    role == AUDIO ? "audio" : "video",
				    port_of(ms, role), sdp_proto_rtpavp);
		if (err)
			break;
		sdp_media_set_fmt_ignore(m, true);
		err = sdp_media_set_alt_protos(m, 1, "RTP/AVPF");
	}

	if (err)
		mem_deref(sess);
	else
		*sessp = sess;

	return err;
}

/** Takes the line if it fits: its formats, its ticket, our half. */
static int line_answer(struct media_sdp *ms, struct agreed *a,
		       struct sdp_media *m, enum role *rolep)
{
	enum role role = role_of(sdp_media_name(m));
	struct ticket_media *tm = role == AUDIO ? &a->audio : &a->video;
	bool *heardp = role == AUDIO ? &a->audio_heard : &a->video_heard;
	struct sdp_fb *fb = role == VIDEO ? &ms->fb : NULL;
	unsigned i;
	int err = 0;

	*rolep = UNUSED;
	if (role == UNUSED || tm->on || !port_of(ms, role) ||
	    sdp_media_disabled(m) || !sdp_media_rport(m) ||
	    !family_ok(ms, m) || is_second_stream(m))
		return 0;

	sdp_fmts_pick(tm, m, role == VIDEO, true);
	if (!tm->on)
		return 0;

	sdp_media_read(tm, m, heardp);
	if (fb)
		*fb = (struct sdp_fb){.nack = tm->fb_nack,
			.pli = tm->fb_pli, .fir = tm->fb_fir,
			.tmmbr = tm->fb_tmmbr};

	for (i = 0; i < tm->fmtc && !err; i++)
		err = sdp_fmt_answer(m, &tm->fmtv[i], fb);

	sdp_media_set_ldir(m, sa_isset(sdp_media_raddr(m), SA_ADDR) ?
			   SDP_SENDRECV : SDP_RECVONLY);
	*rolep = role;

	return err ? err : own_attributes(ms, m, role, tm->rtcp_mux);
}

static int lines_answer(struct media_sdp *ms, struct agreed *a,
			const struct sdp_session *sess, bool *wantedp)
{
	struct le *le;
	int err = 0;

	a->linec = 0;
	media_reset(&a->audio);
	media_reset(&a->video);

	for (le = list_head(sdp_session_medial(sess, false)); le && !err;
	     le = le->next) {
		struct sdp_media *m = le->data;
		enum role role;

		*wantedp |= sdp_media_rport(m) != 0;
		err = line_answer(ms, a, m, &role);
		if (role == UNUSED)
			sdp_media_set_disabled(m, true);
		line_set(&a->linev[a->linec++], m, role);
	}

	sdp_bandwidth_read(&a->audio, &a->video, sess);
	held_read(a);

	return err;
}

int media_sdp_answer(struct media_sdp *ms, struct mbuf *offer,
		     struct mbuf **answerp, char *errbuf, size_t errsz)
{
	struct sdp_session *sess = NULL;
	struct mbuf *clean = NULL;
	struct sdp_scan scan;
	struct agreed *a;
	bool wanted = false;
	int err;

	if (!ms || !offer || !answerp)
		return EINVAL;
	if (ms->pending)
		return EPROTO;

	a = mem_zalloc(sizeof(*a), NULL);
	if (!a)
		return ENOMEM;

	err = sdp_check(&scan, &clean, offer, errbuf, errsz);
	if (err)
		goto out;

	err = answer_session(ms, &scan, &sess);
	if (err)
		goto out;

	err = sdp_decode(sess, clean, true);
	if (err) {
		if (errbuf)
			(void)re_snprintf(errbuf, errsz, "not SDP: %m", err);
		err = err == ENOMEM ? err : EBADMSG;
		goto out;
	}

	a->audio_heard = ms->now.audio_heard;
	a->video_heard = ms->now.video_heard;
	err = lines_answer(ms, a, sess, &wanted);
	if (err)
		goto out;

	if (!a->audio.on && !a->video.on && (wanted || !ms->now.any)) {
		if (errbuf)
			(void)re_snprintf(errbuf, errsz, "no common codec");
		err = ENOTSUP;
		goto out;
	}

	err = body_encode(ms, sess, false, answerp);
	if (err)
		goto out;

	a->any  = true;
	ms->now = *a;

 out:
	mem_deref(clean);
	mem_deref(sess);
	mem_deref(a);

	return err;
}

/* ---- our offers ---- */

/** The lines there are, and a new one of each kind that is missing. */
static unsigned lines_offer(const struct media_sdp *ms, struct line *linev)
{
	static const char *kindv[] = {NULL, "audio", "video"};
	unsigned n = ms->now.linec;
	enum role role;

	memcpy(linev, ms->now.linev, sizeof(ms->now.linev));

	for (role = AUDIO; role <= VIDEO; role++) {
		unsigned i;

		for (i = 0; i < n; i++)
			if (!strcmp(linev[i].kind, kindv[role]))
				break;
		if (i < n || n == SDP_MEDIA_MAX || !port_of(ms, role))
			continue;

		str_ncpy(linev[n].kind, kindv[role], sizeof(linev[n].kind));
		str_ncpy(linev[n].proto, sdp_proto_rtpavp,
			 sizeof(linev[n].proto));
		linev[n++].role = role;
	}

	return n;
}

static int line_offer(struct media_sdp *ms, struct sdp_session *sess,
		      const struct line *line)
{
	bool video = line->role == VIDEO;
	struct sdp_media *m;
	int err;

	err = sdp_media_add(&m, sess, line->kind, port_of(ms, line->role),
			    line->proto);
	if (err)
		return err;

	sdp_media_set_fmt_ignore(m, true);
	if (line->role == UNUSED)
		return 0;         /* no formats: printed with port 0      */

	err = sdp_media_set_alt_protos(m, 2, sdp_proto_rtpavp, "RTP/AVPF");
	if (!err)
		err = sdp_fmts_offer(m, video, video ? &ms->now.video :
				     &ms->now.audio, video ? &ms->pend_video :
				     &ms->pend_audio, video ? &ms->fb : NULL);
	if (!err)
		err = own_attributes(ms, m, line->role, false);

	return err;
}

int media_sdp_offer(struct media_sdp *ms, struct mbuf **offerp)
{
	struct sdp_session *sess;
	unsigned i, n;
	int err;

	if (!ms || !offerp)
		return EINVAL;
	if (ms->pending)
		return EPROTO;

	err = sdp_session_alloc(&sess, &ms->cfg.laddr);
	if (err)
		return err;

	media_reset(&ms->pend_audio);
	media_reset(&ms->pend_video);
	ms->fb = (struct sdp_fb){.nack = true, .pli = true, .fir = true,
		.tmmbr = true};

	n = lines_offer(ms, ms->pend_linev);
	for (i = 0; i < n && !err; i++)
		err = line_offer(ms, sess, &ms->pend_linev[i]);
	if (!err)
		err = body_encode(ms, sess, true, offerp);

	if (err)
		mem_deref(sess);
	else
		ms->pending = sess;

	return err;
}

static void line_accept(struct media_sdp *ms, struct agreed *a,
			const struct sdp_media *m, struct line *line)
{
	struct ticket_media *tm;
	bool video, *heardp;

	if (line->role == UNUSED)
		return;

	video  = line->role == VIDEO;
	tm     = video ? &a->video : &a->audio;
	heardp = video ? &a->video_heard : &a->audio_heard;
	line->role = UNUSED;

	if (!sdp_media_rport(m) || !family_ok(ms, m))
		return;

	sdp_fmts_pick(tm, m, video, false);
	sdp_fmts_map(tm, video ? &ms->pend_video : &ms->pend_audio);
	if (!tm->on)
		return;

	sdp_media_read(tm, m, heardp);
	if (tm->rtcp_mux) {               /* we had not offered it        */
		tm->rtcp_mux = false;
		sdp_media_raddr_rtcp(m, &tm->raddr_rtcp);
	}
	line->role = video ? VIDEO : AUDIO;
}

static void lines_accept(struct media_sdp *ms, struct agreed *a)
{
	struct le *le;

	media_reset(&a->audio);
	media_reset(&a->video);
	memcpy(a->linev, ms->pend_linev, sizeof(a->linev));

	for (le = list_head(sdp_session_medial(ms->pending, false));
	     le && a->linec < SDP_MEDIA_MAX; le = le->next)
		line_accept(ms, a, le->data, &a->linev[a->linec++]);

	sdp_bandwidth_read(&a->audio, &a->video, ms->pending);
	held_read(a);
}

int media_sdp_accept(struct media_sdp *ms, struct mbuf *answer,
		     char *errbuf, size_t errsz)
{
	struct mbuf *clean = NULL;
	struct sdp_scan scan;
	struct agreed *a;
	int err;

	if (!ms || !answer)
		return EINVAL;
	if (!ms->pending)
		return EPROTO;

	a = mem_zalloc(sizeof(*a), NULL);
	if (!a)
		return ENOMEM;

	err = sdp_check(&scan, &clean, answer, errbuf, errsz);
	if (err)
		goto out;

	err = sdp_decode(ms->pending, clean, false);
	if (err) {
		if (errbuf)
			(void)re_snprintf(errbuf, errsz,
					  err == EPROTO ? "m= lines differ "
					  "from the offer's" : "not SDP: %m",
					  err);
		err = err == ENOMEM ? err : EBADMSG;
		goto out;
	}

	a->audio_heard = ms->now.audio_heard;
	a->video_heard = ms->now.video_heard;
	lines_accept(ms, a);

	if (!a->audio.on && !a->video.on && !ms->now.any) {
		if (errbuf)
			(void)re_snprintf(errbuf, errsz, "no common codec");
		err = ENOTSUP;
		goto out;
	}

	a->any  = true;
	ms->now = *a;

 out:
	ms->pending = mem_deref(ms->pending);
	mem_deref(clean);
	mem_deref(a);

	return err;
}

void media_sdp_rollback(struct media_sdp *ms)
{
	if (ms)
		ms->pending = mem_deref(ms->pending);
}

/* ---- what came of it ---- */

static void media_copy(struct ticket_media *to,
		       const struct ticket_media *from)
{
	struct ticket_media keep = *to;

	*to = *from;
	to->rtp_fd  = keep.rtp_fd;
	to->rtcp_fd = keep.rtcp_fd;
	to->latched = keep.latched;
	to->rssrc   = keep.rssrc;
	to->rseq    = keep.rseq;
}

void media_sdp_ticket(const struct media_sdp *ms, struct ticket *t)
{
	if (!ms || !t)
		return;

	media_copy(&t->audio, &ms->now.audio);
	media_copy(&t->video, &ms->now.video);
}

bool media_sdp_held(const struct media_sdp *ms)
{
	return ms && ms->now.held;
}
