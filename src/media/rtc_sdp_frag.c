/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * media/rtc_sdp_frag.c -- what a client sends after its offer: RFC 8840
 *
 * A lite agent has no use for the peer's candidates; what counts is
 * whether the ICE session is still the one that was agreed.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include <re.h>

#include "media/rtc_sdp_priv.h"

struct frag {
	struct rtc_mids mids;
	unsigned mediac, linec;
	struct pl ufrag, pwd;
	char *errbuf;
	size_t errsz;
};

static int bad(const struct frag *f, unsigned no, const char *what)
{
	if (f->errbuf)
		(void)re_snprintf(f->errbuf, f->errsz, "line %u: %s", no,
				  what);

	return EBADMSG;
}

/** RFC 8839: foundation component transport priority address port typ X */
static const char *check_candidate(struct pl val)
{
	struct pl w[8];
	uint32_t n;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(w); i++)
		if (!sdp_word(&val, &w[i]))
			return "bad candidate";

	if (!sdp_number(&w[1], 256, &n) || !n ||
	    !sdp_number(&w[3], UINT32_MAX, &n) ||
	    !sdp_number(&w[5], 65535, &n) || pl_strcmp(&w[6], "typ"))
		return "bad candidate";

	return NULL;
}

/** All m-lines have one transport: the same name or none. */
static const char *keep(struct pl *have, const struct pl *val)
{
	if (have->l && pl_cmp(have, val))
		return "two ICE sessions in one fragment";
	*have = *val;

	return NULL;
}

static const char *check_attr(struct frag *f, struct pl val)
{
	const char *colon = pl_strchr(&val, ':'), *what;
	struct pl name = val, arg = PL_INIT;

	if (colon) {
		name.l = colon - val.p;
		arg.p  = colon + 1;
		arg.l  = val.p + val.l - arg.p;
	}

	what = rtc_attr_check(&name, &arg, f->mediac, &f->mids);
	if (what)
		return what;

	if (!pl_strcmp(&name, "ice-ufrag"))
		return keep(&f->ufrag, &arg);
	if (!pl_strcmp(&name, "ice-pwd"))
		return keep(&f->pwd, &arg);
	if (!pl_strcmp(&name, "candidate"))
		return check_candidate(arg);

	return NULL;
}

static int line_handler(unsigned no, struct pl line, void *arg)
{
	struct frag *f = arg;
	const char *what = NULL;
	size_t i;

	if (line.l > SDP_LINE_MAX)
		return bad(f, no, "line too long");
	for (i = 0; i < line.l; i++)
		if (iscntrl((unsigned char)line.p[i]))
			return bad(f, no, "control character");
	if (!line.l)
		return 0;
	if (line.l < 3 || line.p[1] != '=')
		return bad(f, no, "not of the form x=…");

	++f->linec;
	if (line.p[0] == 'm') {
		if (++f->mediac > SDP_MEDIA_MAX)
			return bad(f, no, "too many m= lines");
	}
	else if (line.p[0] == 'a') {
		const struct pl val = {line.p + 2, line.l - 2};

		what = check_attr(f, val);
	}
	else {
		what = "neither m= nor a=";
	}

	return what ? bad(f, no, what) : 0;
}

static int frag_write(struct mbuf **mbp, const struct rtc_sdp *rs)
{
	const struct rtc_agreed *a = &rs->now;
	const struct ticket_media *tm = a->audio.on ? &a->audio :
		a->video.on ? &a->video : &a->slides;
	struct mbuf *mb = mbuf_alloc(1024);
	int err;

	if (!mb)
		return ENOMEM;

	err = mbuf_printf(mb, "a=ice-lite\r\na=ice-ufrag:%s\r\n"
			  "a=ice-pwd:%s\r\nm=%s %u UDP/TLS/RTP/SAVPF %u\r\n",
			  a->rtc.lufrag, a->rtc.lpwd,
			  tm == &a->audio ? "audio" : "video",
			  sa_port(&rs->cfg.candv[0]), tm->fmtv[0].pt);
	if (!err && *tm->mid)
		err = mbuf_printf(mb, "a=mid:%s\r\n", tm->mid);
	if (!err)
		err = rtc_cands_write(mb, &rs->cfg);

	mb->pos = 0;
	if (err)
		mem_deref(mb);
	else
		*mbp = mb;

	return err;
}

static int restart(struct rtc_sdp *rs, const struct frag *f,
		   struct mbuf **fragp)
{
	char ufrag[TICKET_UFRAG_MAX], pwd[TICKET_UFRAG_MAX];
	const struct ticket_rtc old = rs->now.rtc;
	int err;

	err = pl_strcpy(&f->ufrag, ufrag, sizeof(ufrag));
	if (!err)
		err = pl_strcpy(&f->pwd, pwd, sizeof(pwd));
	if (!err)
		err = rtc_sdp_restart(rs, ufrag, pwd);
	if (!err)
		err = frag_write(fragp, rs);
	if (err)
		rs->now.rtc = old;

	return err;
}

int rtc_sdp_frag(struct rtc_sdp *rs, const struct mbuf *frag,
		 struct mbuf **fragp, char *errbuf, size_t errsz)
{
	struct frag f = {.errbuf = errbuf, .errsz = errsz};
	int err;

	if (!rs || !frag || !fragp)
		return EINVAL;
	if (!rs->now.any)
		return EPROTO;

	*fragp = NULL;
	if (mbuf_get_left(frag) > SDP_BODY_MAX) {
		if (errbuf)
			(void)re_snprintf(errbuf, errsz, "body too long");
		return EBADMSG;
	}

	err = sdp_lines(frag, line_handler, &f);
	if (err)
		return err;
	if (!f.linec)
		return bad(&f, 1, "empty");
	if (f.ufrag.l && !f.pwd.l)
		return bad(&f, f.linec, "ice-pwd missing");
	if (!f.ufrag.l || (!pl_strcmp(&f.ufrag, rs->now.rtc.rufrag) &&
			   !pl_strcmp(&f.pwd, rs->now.rtc.rpwd)))
		return 0;

	return restart(rs, &f, fragp);
}
