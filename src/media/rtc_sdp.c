/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * media/rtc_sdp.c -- offers of browsers, answered: the session
 *
 * What an offer comes to is worked out beside what was agreed before and
 * replaces it only when the answer is written: a bad re-offer changes
 * nothing.
 */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "media/rtc_sdp_priv.h"

enum { UFRAG_LEN = 8, PWD_LEN = 24 };

static void destructor(void *arg)
{
	struct rtc_sdp *rs = arg;

	mem_deref(rs->last);
}

static void media_reset(struct ticket_media *tm)
{
	memset(tm, 0, sizeof(*tm));
	tm->ptime_ms = SDP_PTIME_MS;
	sa_init(&tm->raddr, AF_UNSPEC);
	sa_init(&tm->raddr_rtcp, AF_UNSPEC);
}

static void agreed_reset(struct rtc_agreed *a)
{
	memset(a, 0, sizeof(*a));
	media_reset(&a->audio);
	media_reset(&a->video);
	media_reset(&a->slides);
}

int rtc_sdp_alloc(struct rtc_sdp **rsp, const struct rtc_sdp_cfg *cfg)
{
	struct rtc_sdp *rs;

	if (!rsp || !cfg || !cfg->candc || cfg->candc > RTC_CANDS_MAX ||
	    strlen(cfg->lufrag) < 4 || strlen(cfg->lpwd) < 22)
		return EINVAL;

	rs = mem_zalloc(sizeof(*rs), destructor);
	if (!rs)
		return ENOMEM;

	rs->cfg     = *cfg;
	rs->id      = rand_u32() & 0x7fffffff;
	rs->version = 1;
	agreed_reset(&rs->now);
	str_ncpy(rs->now.rtc.lufrag, cfg->lufrag, TICKET_ID_MAX);
	str_ncpy(rs->now.rtc.lpwd, cfg->lpwd, TICKET_ID_MAX);

	*rsp = rs;

	return 0;
}

/** New names for our side; the old ones hold until the first check. */
static void restart(struct ticket_rtc *rtc, const char *rufrag,
		    const char *rpwd)
{
	str_ncpy(rtc->old_lufrag, rtc->lufrag, sizeof(rtc->old_lufrag));
	str_ncpy(rtc->old_lpwd, rtc->lpwd, sizeof(rtc->old_lpwd));
	rand_str(rtc->lufrag, UFRAG_LEN + 1);
	rand_str(rtc->lpwd, PWD_LEN + 1);
	str_ncpy(rtc->rufrag, rufrag, sizeof(rtc->rufrag));
	str_ncpy(rtc->rpwd, rpwd, sizeof(rtc->rpwd));
}

/* ---- the transport: one for all m-lines ---- */

static const struct rtc_line *transport_line(const struct rtc_offer *o)
{
	unsigned i;

	for (i = 0; i < o->linec; i++)
		if (o->linev[i].on)
			return &o->linev[i];

	return NULL;
}

/** RFC 8843: a bundled m-line may leave it to the first of the group. */
static const struct sdp_media *tagged(const struct rtc_offer *o)
{
	struct pl group, mid;
	unsigned i;

	if (!o->group)
		return NULL;

	pl_set_str(&group, o->group);
	if (!sdp_word(&group, &mid))
		return NULL;

	for (i = 0; i < o->linec; i++)
		if (!pl_strcmp(&mid, o->linev[i].mid))
			return o->linev[i].m;

	return NULL;
}

static const char *transport_attr(const struct rtc_offer *o,
				  const struct rtc_line *ln, const char *name)
{
	const struct sdp_media *tag = tagged(o);
	const char *val = sdp_media_rattr(ln->m, name);

	if (!val && tag)
		val = sdp_media_rattr(tag, name);

	return val ? val : sdp_session_rattr(o->sess, name);
}

static bool fingerprint_handler(const char *name, const char *value,
				void *arg)
{
	uint8_t *fp = arg;
	struct pl rest, hash;
	unsigned i;
	(void)name;

	if (!value)
		return false;
	pl_set_str(&rest, value);
	if (!sdp_word(&rest, &hash) || pl_strcasecmp(&hash, "sha-256") ||
	    rest.l != 32 * 3 - 1)
		return false;

	for (i = 0; i < 32; i++) {
		const struct pl hex = {rest.p + 3 * i, 2};

		fp[i] = (uint8_t)pl_x32(&hex);
	}

	return true;
}

static bool fingerprint_read(const struct rtc_offer *o,
			     const struct rtc_line *ln, uint8_t *fp)
{
	static const char name[] = "fingerprint";
	const struct sdp_media *tag = tagged(o);

	if (sdp_media_rattr_apply(ln->m, name, fingerprint_handler, fp))
		return true;
	if (tag && sdp_media_rattr_apply(tag, name, fingerprint_handler, fp))
		return true;

	return sdp_session_rattr_apply(o->sess, name, fingerprint_handler,
				       fp) != NULL;
}

static int ice_read(struct rtc_offer *o, const struct rtc_line *ln,
		    struct ticket_rtc *rtc)
{
	const char *ufrag = transport_attr(o, ln, "ice-ufrag");
	const char *pwd   = transport_attr(o, ln, "ice-pwd");

	if (!ufrag || !pwd)
		return rtc_bad(o, EBADMSG, ln->no, "%s missing",
			       ufrag ? "ice-pwd" : "ice-ufrag");

	if (o->last->any && (strcmp(ufrag, rtc->rufrag) ||
			     strcmp(pwd, rtc->rpwd))) {
		restart(rtc, ufrag, pwd);
		return 0;
	}

	str_ncpy(rtc->rufrag, ufrag, sizeof(rtc->rufrag));
	str_ncpy(rtc->rpwd, pwd, sizeof(rtc->rpwd));

	return 0;
}

/** RFC 8842: who has been the client stays it while the keys are those. */
static int setup_read(struct rtc_offer *o, const struct rtc_line *ln,
		      struct ticket_rtc *rtc, bool same)
{
	const char *setup = transport_attr(o, ln, "setup");

	if (!setup || !strcmp(setup, "active"))
		rtc->active = false;
	else if (!strcmp(setup, "passive"))
		rtc->active = true;
	else if (!strcmp(setup, "actpass"))
		rtc->active = same && rtc->active;
	else
		return rtc_bad(o, ENOTSUP, ln->no, "setup:%s", setup);

	return 0;
}

static int transport_read(struct rtc_offer *o, struct ticket_rtc *rtc)
{
	const struct rtc_line *ln = transport_line(o);
	uint8_t fp[32];
	bool same;
	int err;

	if (!ln)
		return 0;         /* every m-line is refused: a transport
				   * comes with the first that is not */

	if (!fingerprint_read(o, ln, fp))
		return rtc_bad(o, ENOTSUP, ln->no, "no sha-256 fingerprint");

	err = ice_read(o, ln, rtc);
	if (err)
		return err;

	same = o->last->any && !memcmp(fp, rtc->fingerprint, sizeof(fp));
	memcpy(rtc->fingerprint, fp, sizeof(fp));
	rtc->on = true;

	return setup_read(o, ln, rtc, same);
}

/* ---- an offer ---- */

static bool group_handler(const char *name, const char *value, void *arg)
{
	struct rtc_offer *o = arg;
	(void)name;

	if (!value || strncmp(value, "BUNDLE ", 7))
		return false;
	o->group = value + 7;

	return true;
}

static int offer_decode(struct rtc_offer *o, const struct mbuf *mb)
{
	struct rtc_mids mids;
	struct mbuf *clean = NULL;
	int err;

	memset(&mids, 0, sizeof(mids));
	err = sdp_check_attrs(&o->scan, &clean, mb, rtc_attr_check, &mids,
			      o->errbuf, o->errsz);
	if (err)
		return err;

	if (!o->scan.mediac) {
		err = rtc_bad(o, EBADMSG, 0, "no m= line");
		goto out;
	}

	err = sdp_session_alloc(&o->sess, &o->cfg->candv[0]);
	if (err)
		goto out;

	/* no m-lines of ours in it: libre takes all as they come */
	err = sdp_decode(o->sess, clean, true);
	if (err && err != ENOMEM)
		err = rtc_bad(o, EBADMSG, 0, "not SDP: %m", err);

	(void)sdp_session_rattr_apply(o->sess, "group", group_handler, o);
	o->mixed = sdp_session_rattr(o->sess, "extmap-allow-mixed") != NULL;

 out:
	mem_deref(clean);

	return err;
}

static unsigned taken(const struct rtc_offer *o)
{
	unsigned i, n = 0;

	for (i = 0; i < o->linec; i++)
		n += o->linev[i].on;

	return n;
}

static int offer_judge(struct rtc_offer *o)
{
	int err = rtc_lines_read(o);
	unsigned n;

	if (err)
		return err;

	n = taken(o);
	if (!n && (o->wanted || !o->last->any)) {
		if (o->said)
			return ENOTSUP;
		return rtc_bad(o, ENOTSUP, 0, "no audio or video");
	}

	/* one port has room for one transport */
	if (n > 1 && !o->group)
		return rtc_bad(o, ENOTSUP, 0,
			       "%u media without a=group:BUNDLE", n);

	return 0;
}

static int body_write(struct rtc_sdp *rs, struct rtc_offer *o,
		      const struct ticket_rtc *rtc, struct mbuf **mbp)
{
	const struct sa *addr = &rs->cfg.candv[0];
	struct mbuf *tail, *mb;
	char *text = NULL;
	int err = 0;

	tail = mbuf_alloc(4096);
	mb   = mbuf_alloc(4096);
	if (!tail || !mb) {
		err = ENOMEM;
		goto out;
	}

	err = rtc_answer_write(tail, o, rtc);
	if (err)
		goto out;
	tail->pos = 0;
	err = mbuf_strdup(tail, &text, tail->end);
	if (err)
		goto out;

	if (rs->last && strcmp(rs->last, text))
		++rs->version;

	err = mbuf_printf(mb, "v=0\r\no=- %u %u IN IP%u %j\r\n%s", rs->id,
			  rs->version, sa_af(addr) == AF_INET6 ? 6 : 4, addr,
			  text);
	if (err)
		goto out;

	mb->pos = 0;
	mem_deref(rs->last);
	rs->last = text;
	text = NULL;

 out:
	mem_deref(tail);
	mem_deref(text);
	if (err)
		mem_deref(mb);
	else
		*mbp = mb;

	return err;
}

static void agree(struct rtc_sdp *rs, const struct rtc_offer *o,
		  const struct ticket_rtc *rtc)
{
	struct rtc_agreed *a = &rs->now;
	unsigned i;

	agreed_reset(a);
	a->any   = true;
	a->linec = o->linec;
	a->rtc   = *rtc;

	for (i = 0; i < o->linec; i++) {
		const struct rtc_line *ln = &o->linev[i];

		a->rolev[i] = ln->role;
		if (!ln->on)
			continue;
		if (ln->role == ROLE_AUDIO)
			a->audio = ln->tm;
		else if (ln->role == ROLE_VIDEO)
			a->video = ln->tm;
		else
			a->slides = ln->tm;
	}
}

int rtc_sdp_answer(struct rtc_sdp *rs, const struct mbuf *offer,
		   struct mbuf **answerp, char *errbuf, size_t errsz)
{
	struct ticket_rtc rtc;
	struct rtc_offer *o;
	int err;

	if (!rs || !offer || !answerp)
		return EINVAL;

	o = mem_zalloc(sizeof(*o), NULL);
	if (!o)
		return ENOMEM;

	o->cfg    = &rs->cfg;
	o->last   = &rs->now;
	o->errbuf = errbuf;
	o->errsz  = errsz;
	rtc       = rs->now.rtc;

	err = offer_decode(o, offer);
	if (!err)
		err = offer_judge(o);
	if (!err)
		err = transport_read(o, &rtc);
	if (!err)
		err = body_write(rs, o, &rtc, answerp);
	if (!err)
		agree(rs, o, &rtc);

	mem_deref(o->sess);
	mem_deref(o);

	return err;
}

int rtc_sdp_restart(struct rtc_sdp *rs, const char *rufrag, const char *rpwd)
{
	if (!rs || !rufrag || !rpwd)
		return EINVAL;
	if (!rs->now.any)
		return EPROTO;

	restart(&rs->now.rtc, rufrag, rpwd);

	return 0;
}

const char *rtc_sdp_ufrag(const struct rtc_sdp *rs)
{
	return rs ? rs->now.rtc.lufrag : NULL;
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

void rtc_sdp_ticket(const struct rtc_sdp *rs, struct ticket *t)
{
	const struct ticket_rtc *rtc;

	if (!rs || !t)
		return;

	rtc = &rs->now.rtc;
	media_copy(&t->audio, &rs->now.audio);
	media_copy(&t->video, &rs->now.video);
	media_copy(&t->slides, &rs->now.slides);

	t->rtc.on     = rtc->on;
	t->rtc.active = rtc->active;
	memcpy(t->rtc.lufrag, rtc->lufrag, sizeof(rtc->lufrag));
	memcpy(t->rtc.lpwd, rtc->lpwd, sizeof(rtc->lpwd));
	memcpy(t->rtc.rufrag, rtc->rufrag, sizeof(rtc->rufrag));
	memcpy(t->rtc.rpwd, rtc->rpwd, sizeof(rtc->rpwd));
	memcpy(t->rtc.old_lufrag, rtc->old_lufrag, sizeof(rtc->old_lufrag));
	memcpy(t->rtc.old_lpwd, rtc->old_lpwd, sizeof(rtc->old_lpwd));
	memcpy(t->rtc.fingerprint, rtc->fingerprint,
	       sizeof(rtc->fingerprint));
}
