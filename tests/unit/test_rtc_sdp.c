/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_rtc_sdp.c -- what browsers, WHIP and WHEP clients offer
 *
 * A ticket is compared as text:
 *	DIR [mid=M] [PTms] [KBPSk] [fb:…] [ext:…] [rid:…] codec=pt[/rtx]…
 */
#include <stdlib.h>

#include <re.h>

#include "media/rtc_sdp.h"
#include "media/sdp.h"
#include "tests/unit/test.h"

#define FP "AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:" \
	"AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA"
#define FP2 "BB:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:" \
	"AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA"
#define HEAD "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n" \
	"c=IN IP4 0.0.0.0\r\n"
#define GROUP "a=group:BUNDLE 0 1\r\n"
#define ICE "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n"
#define ICE2 "a=ice-ufrag:efgh\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n"
#define DTLS "a=fingerprint:sha-256 " FP "\r\na=setup:actpass\r\n"
#define AUDIO "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtcp-mux\r\n" \
	"a=rtpmap:111 opus/48000/2\r\n"
#define VIDEO "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtcp-mux\r\n" \
	"a=rtpmap:96 VP8/90000\r\n"
#define MID "urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
#define RID "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n"
#define TWCC "http://www.ietf.org/id/" \
	"draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"

static int print_fmt(struct re_printf *pf, const struct ticket_fmt *f)
{
	int err = re_hprintf(pf, " %s=%u", codec_name(f->codec), f->pt);

	if (f->rtx_pt)
		err |= re_hprintf(pf, "/%u", f->rtx_pt);
	if (f->codec == CODEC_H264)
		err |= re_hprintf(pf, ",%02x%02x%02x.%u", f->profile_idc,
				  f->profile_iop, f->level_idc, f->pkt_mode);
	if (f->fec)
		err |= re_hprintf(pf, ",fec");
	if (f->dtx)
		err |= re_hprintf(pf, ",dtx");
	if (f->stereo)
		err |= re_hprintf(pf, ",stereo");
	if (f->max_bitrate)
		err |= re_hprintf(pf, ",rate=%u", f->max_bitrate);
	if (f->max_fs)
		err |= re_hprintf(pf, ",fs=%u", f->max_fs);
	if (f->max_fr)
		err |= re_hprintf(pf, ",fr=%u", f->max_fr);
	if (f->rx_only)
		err |= re_hprintf(pf, ",rx");

	return err;
}

static int print_exts(struct re_printf *pf, const struct ticket_media *m)
{
	const struct { const char *name; uint8_t id; } extv[] = {
		{"mid", m->ext_mid}, {"rid", m->ext_rid},
		{"rrid", m->ext_rrid}, {"level", m->ext_level},
		{"twcc", m->ext_twcc}, {"abs", m->ext_abs_send},
		{"cap", m->ext_capture},
	};
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(extv); i++)
		if (extv[i].id)
			err |= re_hprintf(pf, " %s=%u", extv[i].name,
					  extv[i].id);

	return err;
}

static int print_media(struct re_printf *pf, const struct ticket_media *m)
{
	static const char *dirv[] = {"inactive", "recv", "send", "both"};
	unsigned i;
	int err;

	if (!m->on)
		return re_hprintf(pf, "off");

	err = re_hprintf(pf, "%s", dirv[m->send << 1 | m->recv]);
	if (*m->mid)
		err |= re_hprintf(pf, " mid=%s", m->mid);
	if (m->ptime_ms != 20)
		err |= re_hprintf(pf, " %ums", m->ptime_ms);
	if (m->max_kbps)
		err |= re_hprintf(pf, " %uk", m->max_kbps);
	err |= re_hprintf(pf, " fb:%s%s%s%s%s%s", m->fb_nack ? "n" : "",
			  m->fb_pli ? "p" : "", m->fb_fir ? "f" : "",
			  m->fb_remb ? "r" : "", m->fb_twcc ? "t" : "",
			  m->rtcp_rsize ? "s" : "");
	err |= print_exts(pf, m);
	for (i = 0; i < m->ridc; i++)
		err |= re_hprintf(pf, "%s%s", i ? ";" : " rid:", m->ridv[i]);
	for (i = 0; i < m->fmtc; i++)
		err |= print_fmt(pf, &m->fmtv[i]);

	return err;
}

static struct rtc_sdp *session(enum rtc_kind kind)
{
	struct rtc_sdp_cfg cfg = {.kind = kind, .candc = 2};
	struct rtc_sdp *rs = NULL;

	sa_set_str(&cfg.candv[0], "192.0.2.9", 20000);
	sa_set_str(&cfg.candv[1], "2001:db8::9", 20000);
	str_ncpy(cfg.lufrag, "OURS", sizeof(cfg.lufrag));
	str_ncpy(cfg.lpwd, "ourpasswordourpassword", sizeof(cfg.lpwd));
	memset(cfg.fingerprint, 0xcc, sizeof(cfg.fingerprint));
	(void)rtc_sdp_alloc(&rs, &cfg);

	return rs;
}

static int offer_text(struct rtc_sdp *rs, const char *text, char *answer,
		      size_t size, char *errbuf, size_t errsz)
{
	struct mbuf *mb = mbuf_alloc(strlen(text) + 1), *out = NULL;
	struct sdp_session *sess = NULL;
	struct sa sa;
	int err;

	(void)mbuf_write_str(mb, text);
	mb->pos = 0;
	*answer = '\0';
	*errbuf = '\0';
	err = rtc_sdp_answer(rs, mb, &out, errbuf, errsz);
	if (!err && mbuf_get_left(out) < size) {
		(void)mbuf_read_str(out, answer, mbuf_get_left(out));
		answer[out->end] = '\0';

		/* it is SDP to others too */
		out->pos = 0;
		sa_set_str(&sa, "192.0.2.1", 0);
		err = sdp_session_alloc(&sess, &sa);
		if (!err)
			err = sdp_decode(sess, out, true);
	}
	mem_deref(sess);
	mem_deref(out);
	mem_deref(mb);

	return err;
}

static int offer_file(struct rtc_sdp *rs, const char *name, char *answer,
		      size_t size, char *errbuf, size_t errsz)
{
	const char *dir = getenv("top_srcdir");
	char path[512], *text;
	size_t n;
	FILE *f;
	int err;

	(void)re_snprintf(path, sizeof(path), "%s/tests/data/sdp/%s.sdp",
			  dir ? dir : "..", name);
	f = fopen(path, "re");
	if (!f)
		return errno;
	text = mem_zalloc(SDP_BODY_MAX + 1, NULL);
	n = text ? fread(text, 1, SDP_BODY_MAX, f) : 0;
	fclose(f);
	err = n ? offer_text(rs, text, answer, size, errbuf, errsz) : EIO;
	mem_deref(text);

	return err;
}

/* ---- real offers ---- */

#define CHR_VIDEO " h264=108/109,42e01f.1 vp8=96/97 av1=45/46 vp9=98/99"

static const struct {
	const char *name;
	enum rtc_kind kind;
	const char *audio, *video, *slides;
	const char *hasv[6];      /* in the answer                        */
	const char *notv[4];
} filev[] = {
	{"chromium-session", RTC_SESSION,
	 "both mid=0 fb:ts mid=4 level=1 twcc=3 abs=2 opus=111,fec red=63 "
	 "telephone-event=110",
	 "both mid=1 fb:npfts mid=4 rid=10 rrid=11 twcc=3 abs=2 rid:q;h;f"
	 CHR_VIDEO, "off",
	 {"a=group:BUNDLE 0 1\r\n", "a=ice-lite\r\n",
	  "a=rid:h recv\r\n", "a=simulcast:recv q;h;f\r\n",
	  "level-asymmetry-allowed=1;x-google-start-bitrate=2000\r\n",
	  "m=video 20000 UDP/TLS/RTP/SAVPF 108 109 96 97 45 46 98 99\r\n"},
	 {"a=ssrc", "goog-remb", "profile-id=2", "ulpfec"}},
	{"chromium-slides", RTC_SESSION,
	 "both mid=0 fb:ts mid=4 level=1 twcc=3 abs=2 opus=111,fec red=63 "
	 "telephone-event=110",
	 "both mid=1 fb:npfts mid=4 rid=10 rrid=11 twcc=3 abs=2" CHR_VIDEO,
	 "recv mid=2 fb:npfts mid=4 rid=10 rrid=11 twcc=3 abs=2" CHR_VIDEO,
	 {"a=group:BUNDLE 0 1 2\r\n", "a=mid:2\r\na=recvonly\r\n",
	  "max-fs=8160"}, {"tutti-slides"}},
	{"chromium-data", RTC_SESSION,
	 "both mid=0 fb:ts mid=4 level=1 twcc=3 abs=2 opus=111,fec red=63 "
	 "telephone-event=110",
	 "both mid=1 fb:npfts mid=4 rid=10 rrid=11 twcc=3 abs=2" CHR_VIDEO,
	 "off",
	 {"a=group:BUNDLE 0 1\r\n",
	  "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"}, {NULL}},
	{"chromium-whep", RTC_WHEP,
	 "send mid=0 fb:ts mid=4 level=1 twcc=3 abs=2 opus=111,fec red=63 "
	 "telephone-event=110",
	 "send mid=1 fb:npfts mid=4 rid=10 rrid=11 twcc=3 abs=2 "
	 "h264=108/109,42e01f.1 vp8=96/97 av1=45/46 vp9=98/99", "off",
	 {"a=msid:tutti tutti-video\r\n", "a=sendonly\r\n",
	  "a=fmtp:46 apt=45\r\n", "a=fmtp:99 apt=98\r\n"},
	 {"x-google", "recv"}},
	{"chromium-whip-av1", RTC_WHIP,
	 "recv mid=1 fb:ts mid=9 level=14 twcc=4 abs=2 opus=111,fec red=63 "
	 "telephone-event=110",
	 "recv mid=0 fb:npfts mid=9 rid=10 rrid=11 twcc=4 abs=2 "
	 "av1=45/46 vp9=98/99", "off",
	 {"a=fmtp:45 level-idx=5;profile=0;tier=0"}, {"msid:"}},
	{"firefox-session", RTC_SESSION,
	 "both mid=0 fb: mid=3 level=1 opus=109,fec,stereo",
	 "both mid=1 fb:npfts mid=3 rid=8 rrid=9 twcc=7 abs=4 rid:q;h;f "
	 "vp8=120/124,fs=12288,fr=60 vp9=121/125",
	 "recv mid=3 fb:npfts mid=3 twcc=7 abs=4 "
	 "vp8=120/124,fs=12288,fr=60 vp9=121/125",
	 {"a=group:BUNDLE 0 1 3\r\n", "a=extmap:8/recvonly ",
	  "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n",
	  "a=fmtp:120 max-fs=3600;max-fr=30\r\n", "stereo=1"},
	 {"x-google", "csrc-audio"}},
	{"obs-whip", RTC_WHIP,
	 "recv mid=0 fb: opus=111,fec,stereo,rate=96000",
	 "recv mid=1 fb:npr h264=96,42e01f.1", "off",
	 {"a=rtcp-fb:96 goog-remb\r\n"}, {"extmap", "rtx"}},
	{"ffmpeg-whip", RTC_WHIP,
	 "recv mid=0 fb: opus=111",
	 "recv mid=1 fb:ns h264=106/105,42c01f.1", "off",
	 {"a=setup:active\r\n", "a=fmtp:105 apt=106\r\n"}, {"passive"}},
	{"gstreamer-whip", RTC_WHIP,
	 "recv mid=audio1 fb:s opus=97",
	 "recv mid=video0 fb:pfs h264=96,42c016.1", "off",
	 {"a=group:BUNDLE video0 audio1\r\n", "a=setup:passive\r\n",
	  "a=rtpmap:97 OPUS/48000/2\r\n"}, {"x-google", "transport-cc"}},
	{"gstreamer-whep", RTC_WHEP,
	 "send mid=audio0 fb:s opus=97", "send mid=video1 fb:pfs vp8=96",
	 "off", {"a=sendonly\r\n"}, {"a=recvonly"}},
};

static int test_real(void)
{
	char answer[16384], reason[256], buf[1024];
	struct rtc_sdp *rs = NULL;
	struct ticket t, back;
	json_t *obj = NULL;
	size_t i, j;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(filev); i++) {
		rs = session(filev[i].kind);
		err = offer_file(rs, filev[i].name, answer, sizeof(answer),
				 reason, sizeof(reason));
		if (err)
			TEST_FAIL("%s: %s", filev[i].name, reason);

		ticket_init(&t, 1);
		rtc_sdp_ticket(rs, &t);
		(void)re_snprintf(buf, sizeof(buf), "%H", print_media,
				  &t.audio);
		TEST_STR(filev[i].audio, buf);
		(void)re_snprintf(buf, sizeof(buf), "%H", print_media,
				  &t.video);
		TEST_STR(filev[i].video, buf);
		(void)re_snprintf(buf, sizeof(buf), "%H", print_media,
				  &t.slides);
		TEST_STR(filev[i].slides, buf);

		for (j = 0; j < ARRAY_SIZE(filev[i].hasv); j++)
			if (filev[i].hasv[j] &&
			    !strstr(answer, filev[i].hasv[j]))
				TEST_FAIL("%s: no '%s' in %s", filev[i].name,
					  filev[i].hasv[j], answer);
		for (j = 0; j < ARRAY_SIZE(filev[i].notv); j++)
			if (filev[i].notv[j] &&
			    strstr(answer, filev[i].notv[j]))
				TEST_FAIL("%s: '%s' in %s", filev[i].name,
					  filev[i].notv[j], answer);

		/* the mixer takes it */
		obj = ticket_encode(&t);
		err = ticket_decode(&back, obj, reason, sizeof(reason));
		if (err)
			TEST_FAIL("%s: %s", filev[i].name, reason);
		obj = (json_decref(obj), NULL);
		rs = mem_deref(rs);
	}

 out:
	json_decref(obj);
	mem_deref(rs);
	return err;
}

/* ---- what there is in between ---- */

static const struct {
	const char *name;
	enum rtc_kind kind;
	const char *offer;
	const char *audio, *video, *slides;
} casev[] = {
	{"one m-line needs no BUNDLE and no mid", RTC_WHIP,
	 HEAD ICE DTLS AUDIO, "recv fb: opus=111", "off", "off"},
	{"H.264 in the form we make, not the first", RTC_SESSION,
	 HEAD ICE DTLS "m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99\r\n"
	 "a=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 H264/90000\r\n"
	 "a=fmtp:97 packetization-mode=0;profile-level-id=42e01f\r\n"
	 "a=rtpmap:98 H264/90000\r\n"
	 "a=fmtp:98 packetization-mode=1;profile-level-id=64001f\r\n"
	 "a=rtpmap:99 H264/90000\r\n"
	 "a=fmtp:99 packetization-mode=1;profile-level-id=42001f\r\n",
	 "off", "both fb: h264=99,42001f.1 vp8=96", "off"},
	{"VP8 before H.264 without packetization", RTC_SESSION,
	 HEAD ICE DTLS "m=video 9 UDP/TLS/RTP/SAVPF 97 96\r\n"
	 "a=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 H264/90000\r\n"
	 "a=fmtp:97 packetization-mode=0;profile-level-id=42e01f\r\n",
	 "off", "both fb: vp8=96 h264=97,42e01f.0", "off"},
	{"only what we cannot send: we receive", RTC_SESSION,
	 HEAD ICE DTLS "m=video 9 UDP/TLS/RTP/SAVPF 97 98\r\n"
	 "a=rtcp-mux\r\na=rtpmap:97 H265/90000\r\n"
	 "a=rtpmap:98 VP9/90000\r\na=fmtp:98 profile-id=2\r\n",
	 "off", "recv fb: h265=97,rx", "off"},
	{"VP9 alone goes both ways", RTC_SESSION,
	 HEAD ICE DTLS "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n"
	 "a=rtcp-mux\r\na=rtpmap:96 VP9/90000\r\na=rtpmap:97 H265/90000\r\n",
	 "off", "both fb: vp9=96 h265=97,rx", "off"},
	{"RTX without NACK is of no use", RTC_WHIP,
	 HEAD ICE DTLS "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=rtcp-mux\r\n"
	 "a=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\n"
	 "a=fmtp:97 apt=96\r\n", "off", "recv fb: vp8=96", "off"},
	{"transport-cc without its numbers is REMB", RTC_SESSION,
	 HEAD ICE DTLS VIDEO "a=rtcp-fb:* transport-cc\r\n"
	 "a=rtcp-fb:96 goog-remb\r\n", "off", "both fb:r vp8=96", "off"},
	{"one picture without transport-cc: REMB for all", RTC_SESSION,
	 HEAD GROUP ICE DTLS VIDEO "a=mid:0\r\na=extmap:3 " TWCC
	 "a=rtcp-fb:96 transport-cc\r\na=rtcp-fb:96 goog-remb\r\n"
	 VIDEO "a=mid:1\r\na=rtcp-fb:96 goog-remb\r\n", "off",
	 "both mid=0 fb:r vp8=96", "recv mid=1 fb:r vp8=96"},
	{"old telephones' codecs when there is no Opus", RTC_WHIP,
	 HEAD ICE DTLS "m=audio 9 UDP/TLS/RTP/SAVPF 0 8 13 101\r\n"
	 "a=rtcp-mux\r\na=rtpmap:101 telephone-event/8000\r\n"
	 "a=ptime:40\r\n",
	 "recv 40ms fb: pcmu=0 pcma=8 cn=13 telephone-event=101", "off",
	 "off"},
	{"redundancy first if the peer wants it so", RTC_WHIP,
	 HEAD ICE DTLS "m=audio 9 UDP/TLS/RTP/SAVPF 63 111 64\r\n"
	 "a=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
	 "a=fmtp:111 usedtx=1;stereo=1\r\na=rtpmap:63 red/48000/2\r\n"
	 "a=fmtp:63 111/111\r\na=rtpmap:64 red/48000/2\r\n"
	 "a=fmtp:64 0/0\r\n",
	 "recv fb: red=63 opus=111,dtx,stereo", "off", "off"},
	{"a=content:slides is no camera", RTC_SESSION,
	 HEAD ICE DTLS VIDEO "a=content:slides\r\n", "off", "off",
	 "recv fb: vp8=96"},
	{"three pictures: the third is refused", RTC_SESSION,
	 HEAD "a=group:BUNDLE 0 1 2\r\n" ICE DTLS VIDEO "a=mid:0\r\n" VIDEO
	 "a=mid:1\r\n" VIDEO "a=mid:2\r\n", "off", "both mid=0 fb: vp8=96",
	 "recv mid=1 fb: vp8=96"},
	{"a WHIP client has one picture", RTC_WHIP,
	 HEAD GROUP ICE DTLS VIDEO "a=mid:0\r\n" VIDEO "a=mid:1\r\n", "off",
	 "recv mid=0 fb: vp8=96", "off"},
	{"who is outside of the group is refused", RTC_SESSION,
	 HEAD "a=group:BUNDLE 1\r\n" ICE DTLS AUDIO "a=mid:0\r\n" VIDEO
	 "a=mid:1\r\n", "off", "both mid=1 fb: vp8=96", "off"},
	{"transport of the first of the group", RTC_SESSION,
	 HEAD GROUP VIDEO "a=mid:0\r\n" ICE DTLS VIDEO "a=mid:1\r\n", "off",
	 "both mid=0 fb: vp8=96", "recv mid=1 fb: vp8=96"},
	{"simulcast: paused, alternatives, unknown, too many", RTC_WHIP,
	 HEAD ICE DTLS VIDEO "a=mid:0\r\na=extmap:1 " MID "a=extmap:2 " RID
	 "a=rid:a send\r\na=rid:b send pt=96\r\na=rid:c send pt=97\r\n"
	 "a=rid:d send\r\na=rid:e send\r\na=rid:f recv\r\n"
	 "a=simulcast:recv f send c;~a;b,a;x;f;d;e\r\n", "off",
	 "recv mid=0 fb: mid=1 rid=2 rid:a;b;d vp8=96", "off"},
	{"simulcast without rid in packets is none", RTC_WHIP,
	 HEAD ICE DTLS VIDEO "a=mid:0\r\na=extmap:1 " MID "a=rid:a send\r\n"
	 "a=rid:b send\r\na=simulcast:send a;b\r\n", "off",
	 "recv mid=0 fb: mid=1 vp8=96", "off"},
	{"two-byte ids; 15 and inactive ones are not used", RTC_WHIP,
	 HEAD ICE DTLS AUDIO "a=mid:0\r\na=extmap:200 " MID
	 "a=extmap:15 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
	 "a=extmap:5/inactive http://www.webrtc.org/experiments/rtp-hdrext/"
	 "abs-send-time\r\na=extmap:4099 urn:x\r\n",
	 "recv mid=0 fb: mid=200 opus=111", "off", "off"},
	{"limits of bandwidth", RTC_SESSION,
	 HEAD "b=AS:1064\r\n" GROUP ICE DTLS AUDIO "a=mid:0\r\n" VIDEO
	 "b=TIAS:800000\r\na=mid:1\r\n", "both mid=0 64k fb: opus=111",
	 "both mid=1 800k fb: vp8=96", "off"},
	{"no direction here is a valid one", RTC_SESSION,
	 HEAD ICE DTLS AUDIO "a=inactive\r\n", "inactive fb: opus=111",
	 "off", "off"},
	{"sendrecv to a watcher is sendonly", RTC_WHEP,
	 HEAD ICE DTLS VIDEO, "off", "send fb: vp8=96", "off"},
};

static int test_cases(void)
{
	char answer[16384], reason[256], buf[1024];
	struct rtc_sdp *rs = NULL;
	struct ticket t;
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(casev); i++) {
		rs = session(casev[i].kind);
		err = offer_text(rs, casev[i].offer, answer, sizeof(answer),
				 reason, sizeof(reason));
		if (err)
			TEST_FAIL("%s: %s", casev[i].name, reason);

		ticket_init(&t, 1);
		rtc_sdp_ticket(rs, &t);
		(void)re_snprintf(buf, sizeof(buf), "%s: %H", casev[i].name,
				  print_media, &t.audio);
		TEST_STR(casev[i].audio, buf + strlen(casev[i].name) + 2);
		(void)re_snprintf(buf, sizeof(buf), "%H", print_media,
				  &t.video);
		TEST_STR(casev[i].video, buf);
		(void)re_snprintf(buf, sizeof(buf), "%H", print_media,
				  &t.slides);
		TEST_STR(casev[i].slides, buf);
		rs = mem_deref(rs);
	}

 out:
	if (err && i < ARRAY_SIZE(casev))
		printf("# in: %s\n", casev[i].name);
	mem_deref(rs);
	return err;
}

/* ---- hostile and hopeless ones ---- */

static const struct {
	int err;
	const char *offer, *reason;
} badv[] = {
	{EBADMSG, "", "line 1: v=0 missing"},
	{EBADMSG, "\x16\x03\x01\x02", "line 1: control character"},
	{EBADMSG, "{\"sdp\": 1}\r\n", "line 1: not of the form x=…"},
	{EBADMSG, "v=0\r\ns=-\r\n", "no m= line"},
	{EBADMSG, "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n",
	 "line 2: media without c= address"},
	{EBADMSG, HEAD "m=audio 9 UDP/TLS/RTP/SAVPF\r\n",
	 "line 6: bad m= line"},
	{EBADMSG, HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 1x\r\n",
	 "line 6: bad payload type"},
	{EBADMSG, HEAD "a=ice-ufrag:ab\r\n", "line 6: bad ice-ufrag"},
	{EBADMSG, HEAD "a=ice-ufrag:ab cd\r\n", "line 6: bad ice-ufrag"},
	{EBADMSG, HEAD "a=ice-pwd:short\r\n", "line 6: bad ice-pwd"},
	{EBADMSG, HEAD "a=fingerprint:sha-256 AA:BB\r\n",
	 "line 6: sha-256 fingerprint is not 32 bytes"},
	{EBADMSG, HEAD "a=fingerprint:sha-256 AA-" FP "\r\n",
	 "line 6: sha-256 fingerprint is not 32 bytes"},
	{EBADMSG, HEAD "a=fingerprint:sha-256 GG:AA:AA:AA:AA:AA:AA:AA:AA:AA:"
	 "AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA"
	 "\r\n", "line 6: bad fingerprint"},
	{EBADMSG, HEAD "a=setup:yes\r\n", "line 6: bad setup"},
	{EBADMSG, HEAD "a=mid:0\r\n", "line 6: mid before the first m= line"},
	{EBADMSG, HEAD AUDIO "a=mid:a b\r\n", "line 9: bad mid"},
	{EBADMSG, HEAD AUDIO "a=mid:0\r\na=mid:1\r\n",
	 "line 10: second mid of an m= line"},
	{EBADMSG, HEAD AUDIO "a=mid:0\r\n" AUDIO "a=mid:0\r\n",
	 "line 13: mid of another m= line"},
	{EBADMSG, HEAD AUDIO "a=mid:012345678901234567890123456789012\r\n",
	 "line 9: mid is longer than 32 characters"},
	{EBADMSG, HEAD AUDIO "a=extmap:0 " MID, "line 9: bad extmap"},
	{EBADMSG, HEAD AUDIO "a=extmap:x " MID, "line 9: bad extmap"},
	{EBADMSG, HEAD AUDIO "a=extmap:1/up " MID, "line 9: bad extmap"},
	{EBADMSG, HEAD AUDIO "a=extmap:300 " MID, "line 9: bad extmap"},
	{EBADMSG, HEAD VIDEO "a=rid:a? send\r\n", "line 9: bad rid"},
	{EBADMSG, HEAD VIDEO "a=rid:a up\r\n", "line 9: bad rid"},
	{EBADMSG, HEAD VIDEO "a=simulcast:send\r\n",
	 "line 9: bad simulcast"},
	{EBADMSG, HEAD VIDEO "a=simulcast:both a;b\r\n",
	 "line 9: bad simulcast"},
	{EBADMSG, HEAD DTLS AUDIO, "line 8: ice-ufrag missing"},
	{EBADMSG, HEAD DTLS "a=ice-ufrag:abcd\r\n" AUDIO,
	 "line 9: ice-pwd missing"},
	{ENOTSUP, HEAD ICE AUDIO, "line 8: no sha-256 fingerprint"},
	{ENOTSUP, HEAD ICE "a=fingerprint:sha-512 AA:BB\r\n" AUDIO,
	 "line 9: no sha-256 fingerprint"},
	{ENOTSUP, HEAD ICE "a=fingerprint:sha-256 " FP "\r\n"
	 "a=setup:holdconn\r\n" AUDIO, "line 10: setup:holdconn"},
	{ENOTSUP, HEAD ICE DTLS "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n",
	 "line 10: rtcp-mux is required"},
	{ENOTSUP, HEAD ICE DTLS "m=audio 9 RTP/AVP 0\r\na=rtcp-mux\r\n",
	 "line 10: not UDP/TLS/RTP/SAVPF"},
	{ENOTSUP, HEAD ICE DTLS "m=audio 9 UDP/TLS/RTP/SAVPF 96\r\n"
	 "a=rtcp-mux\r\na=rtpmap:96 speex/8000\r\n",
	 "line 10: no common codec"},
	{ENOTSUP, HEAD ICE DTLS "m=application 9 UDP/DTLS/SCTP "
	 "webrtc-datachannel\r\n", "line 10: no use for this m= line"},
	{ENOTSUP, HEAD ICE DTLS "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n",
	 "no audio or video"},
	{ENOTSUP, HEAD ICE DTLS AUDIO VIDEO,
	 "2 media without a=group:BUNDLE"},
};

static int test_bad(void)
{
	char answer[16384], reason[256];
	struct rtc_sdp *rs = NULL;
	size_t i;
	int err = 0;

	rs = session(RTC_SESSION);
	for (i = 0; i < ARRAY_SIZE(badv); i++) {
		int e = offer_text(rs, badv[i].offer, answer, sizeof(answer),
				   reason, sizeof(reason));

		if (e != badv[i].err || strcmp(reason, badv[i].reason))
			TEST_FAIL("'%s': want %d '%s', got %d '%s'",
				  badv[i].offer, badv[i].err, badv[i].reason,
				  e, reason);
	}

	/* the other kinds want their own direction */
	rs = mem_deref(rs);
	rs = session(RTC_WHIP);
	TEST_EQ(ENOTSUP, offer_text(rs, HEAD ICE DTLS AUDIO "a=recvonly\r\n",
				    answer, sizeof(answer), reason,
				    sizeof(reason)));
	TEST_STR("line 10: want sendonly or sendrecv here", reason);
	rs = mem_deref(rs);
	rs = session(RTC_WHEP);
	TEST_EQ(ENOTSUP, offer_text(rs, HEAD ICE DTLS AUDIO "a=sendonly\r\n",
				    answer, sizeof(answer), reason,
				    sizeof(reason)));
	TEST_STR("line 10: want recvonly or sendrecv here", reason);
	TEST_EQ(ENOTSUP, offer_text(rs, HEAD ICE DTLS
				    "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
				    "a=rtcp-mux\r\na=rtpmap:96 H265/90000\r\n"
				    "a=recvonly\r\n", answer, sizeof(answer),
				    reason, sizeof(reason)));
	TEST_STR("line 10: no common codec", reason);

 out:
	mem_deref(rs);
	return err;
}

static int test_huge(void)
{
	char *text = mem_zalloc(4 * SDP_BODY_MAX, NULL), answer[256];
	struct rtc_sdp *rs = session(RTC_SESSION);
	char reason[256];
	int i, err = 0;

	strcpy(text, HEAD ICE DTLS);
	for (i = 0; i < SDP_MEDIA_MAX + 1; i++)
		strcat(text, "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n");
	TEST_EQ(EBADMSG, offer_text(rs, text, answer, sizeof(answer), reason,
				    sizeof(reason)));
	TEST_STR("line 26: too many m= lines", reason);

	strcpy(text, HEAD "a=x:");
	memset(text + strlen(text), 'x', 9000);
	TEST_EQ(EBADMSG, offer_text(rs, text, answer, sizeof(answer), reason,
				    sizeof(reason)));
	TEST_STR("line 6: line too long", reason);

	memset(text, 'x', 3 * SDP_BODY_MAX);
	TEST_EQ(EBADMSG, offer_text(rs, text, answer, sizeof(answer), reason,
				    sizeof(reason)));
	TEST_STR("body too long", reason);

 out:
	mem_deref(rs);
	mem_deref(text);
	return err;
}

/* ---- one session over its life ---- */

static unsigned version(const char *answer)
{
	struct pl v;

	return re_regex(answer, strlen(answer), "o=- [0-9]+ [0-9]+", NULL,
			&v) ? 0 : pl_u32(&v);
}

#define OFFER(text)                                                       \
	do {                                                              \
		err = offer_text(rs, text, answer, sizeof(answer), reason, \
				 sizeof(reason));                         \
		if (err)                                                  \
			TEST_FAIL("%s", reason);                          \
		ticket_init(&t, 1);                                       \
		rtc_sdp_ticket(rs, &t);                                   \
	} while (0)

static int test_reoffer(void)
{
	char answer[16384], reason[256], ufrag[TICKET_ID_MAX];
	struct rtc_sdp *rs = session(RTC_SESSION);
	struct ticket t;
	int err = 0;

	OFFER(HEAD GROUP ICE DTLS AUDIO "a=mid:0\r\n" VIDEO "a=mid:1\r\n");
	TEST_EQ(1, version(answer));
	TEST_TRUE(t.rtc.on && t.audio.on && t.video.on && !t.slides.on);
	TEST_STR("abcd", t.rtc.rufrag);
	TEST_STR("OURS", t.rtc.lufrag);
	TEST_STR("", t.rtc.old_lufrag);
	TEST_TRUE(!t.rtc.active);
	TEST_EQ(0xaa, t.rtc.fingerprint[31]);
	TEST_EQ(-1, t.audio.rtp_fd);

	/* the same again is the same version */
	OFFER(HEAD GROUP ICE DTLS AUDIO "a=mid:0\r\n" VIDEO "a=mid:1\r\n");
	TEST_EQ(1, version(answer));

	/* a screen, and ICE anew */
	OFFER(HEAD "a=group:BUNDLE 0 1 2\r\n" ICE2 DTLS AUDIO "a=mid:0\r\n"
	      VIDEO "a=mid:1\r\n" VIDEO "a=mid:2\r\na=sendonly\r\n");
	TEST_EQ(2, version(answer));
	TEST_TRUE(t.slides.on && t.slides.recv && !t.slides.send);
	TEST_STR("efgh", t.rtc.rufrag);
	TEST_STR("OURS", t.rtc.old_lufrag);
	TEST_STR("ourpasswordourpassword", t.rtc.old_lpwd);
	TEST_TRUE(strcmp("OURS", t.rtc.lufrag) && strlen(t.rtc.lufrag) >= 4);
	TEST_TRUE(strlen(t.rtc.lpwd) >= 22);
	str_ncpy(ufrag, t.rtc.lufrag, sizeof(ufrag));

	/* the camera goes: the screen does not become the camera */
	OFFER(HEAD "a=group:BUNDLE 0 2\r\n" ICE2 DTLS AUDIO "a=mid:0\r\n"
	      "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n"
	      VIDEO "a=mid:2\r\na=sendonly\r\n");
	TEST_EQ(3, version(answer));
	TEST_TRUE(!t.video.on && t.slides.on);
	TEST_STR(ufrag, t.rtc.lufrag);
	TEST_TRUE(strstr(answer, "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n"));

	/* and comes back, inactive first */
	OFFER(HEAD "a=group:BUNDLE 0 4 2\r\n" ICE2 DTLS AUDIO "a=mid:0\r\n"
	      VIDEO "a=mid:4\r\na=inactive\r\n" VIDEO "a=mid:2\r\n");
	TEST_TRUE(t.video.on && !t.video.send && !t.video.recv);
	TEST_STR("4", t.video.mid);

	/* a bad one changes nothing */
	TEST_EQ(EBADMSG, offer_text(rs, HEAD GROUP DTLS AUDIO, answer,
				    sizeof(answer), reason, sizeof(reason)));
	TEST_STR("1 m= lines, there were 3", reason);
	TEST_EQ(EBADMSG, offer_text(rs, HEAD GROUP ICE DTLS AUDIO
				    "a=mid:0\r\n" VIDEO VIDEO "a=rid:!\r\n",
				    answer, sizeof(answer), reason,
				    sizeof(reason)));
	ticket_init(&t, 1);
	rtc_sdp_ticket(rs, &t);
	TEST_STR(ufrag, t.rtc.lufrag);
	TEST_STR("efgh", t.rtc.rufrag);
	TEST_TRUE(t.slides.on);

	/* nothing for a while */
	OFFER(HEAD ICE2 DTLS "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\n"
	      "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n"
	      "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n");
	TEST_TRUE(!t.audio.on && !t.video.on && !t.slides.on && t.rtc.on);
	TEST_TRUE(!strstr(answer, "BUNDLE"));

 out:
	mem_deref(rs);
	return err;
}

static int test_setup(void)
{
	char answer[16384], reason[256];
	struct rtc_sdp *rs = session(RTC_SESSION);
	struct ticket t;
	int err = 0;

	OFFER(HEAD ICE "a=fingerprint:sha-1 AA:BB\r\na=fingerprint:SHA-256 "
	      FP "\r\na=setup:passive\r\n" AUDIO);
	TEST_TRUE(t.rtc.active && strstr(answer, "a=setup:active\r\n"));

	/* a re-offer leaves the choice: roles stay, with new keys they do
	 * not need to */
	OFFER(HEAD ICE DTLS AUDIO);
	TEST_TRUE(t.rtc.active && strstr(answer, "a=setup:active\r\n"));
	OFFER(HEAD ICE "a=fingerprint:sha-256 " FP2 "\r\na=setup:actpass\r\n"
	      AUDIO);
	TEST_TRUE(!t.rtc.active && strstr(answer, "a=setup:passive\r\n"));
	TEST_EQ(0xbb, t.rtc.fingerprint[0]);
	OFFER(HEAD ICE "a=fingerprint:sha-256 " FP2 "\r\na=setup:active\r\n"
	      AUDIO);
	TEST_TRUE(!t.rtc.active);

 out:
	mem_deref(rs);
	return err;
}

/* ---- fragments ---- */

static int frag_text(struct rtc_sdp *rs, const char *text, char *answer,
		     size_t size, char *errbuf, size_t errsz)
{
	struct mbuf *mb = mbuf_alloc(strlen(text) + 1), *out = NULL;
	int err;

	(void)mbuf_write_str(mb, text);
	mb->pos = 0;
	*answer = '\0';
	*errbuf = '\0';
	err = rtc_sdp_frag(rs, mb, &out, errbuf, errsz);
	if (!err && out && mbuf_get_left(out) < size) {
		answer[mbuf_get_left(out)] = '\0';
		(void)mbuf_read_mem(out, (uint8_t *)answer,
				    mbuf_get_left(out));
	}
	mem_deref(out);
	mem_deref(mb);

	return err;
}

static int test_frag(void)
{
	static const struct { const char *frag, *reason; } wrongv[] = {
		{"\r\n", "line 1: empty"},
		{"hello\r\n", "line 1: not of the form x=…"},
		{"v=0\r\n", "line 1: neither m= nor a="},
		{"a=ice-ufrag:a\r\n", "line 1: bad ice-ufrag"},
		{"a=ice-ufrag:abce\r\n", "line 1: ice-pwd missing"},
		{"m=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1 1 udp\r\n",
		 "line 3: bad candidate"},
		{"a=candidate:1 1 udp 99 192.0.2.1 99999 typ host\r\n",
		 "line 1: bad candidate"},
		{ICE "a=ice-ufrag:efgh\r\n",
		 "line 3: two ICE sessions in one fragment"},
		{"a=x\x01\r\n", "line 1: control character"},
	};
	char answer[2048], reason[256];
	struct rtc_sdp *rs = session(RTC_WHIP);
	struct ticket t;
	size_t i;
	int err = 0;

	TEST_EQ(EPROTO, frag_text(rs, ICE, answer, sizeof(answer), reason,
				  sizeof(reason)));
	OFFER(HEAD ICE DTLS AUDIO "a=mid:7\r\n");

	TEST_ERR(frag_text(rs, ICE "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n"
			   "a=mid:0\r\na=candidate:1 1 UDP 2113929471 "
			   "0123-abc.local 18081 typ host\r\n"
			   "a=end-of-candidates\r\n", answer, sizeof(answer),
			   reason, sizeof(reason)));
	TEST_STR("", answer);
	TEST_STR("OURS", rtc_sdp_ufrag(rs));

	for (i = 0; i < ARRAY_SIZE(wrongv); i++) {
		TEST_EQ(EBADMSG, frag_text(rs, wrongv[i].frag, answer,
					   sizeof(answer), reason,
					   sizeof(reason)));
		TEST_STR(wrongv[i].reason, reason);
	}

	TEST_ERR(frag_text(rs, ICE2, answer, sizeof(answer), reason,
			   sizeof(reason)));
	rtc_sdp_ticket(rs, &t);
	TEST_STR("efgh", t.rtc.rufrag);
	TEST_STR("OURS", t.rtc.old_lufrag);
	TEST_TRUE(strstr(answer, t.rtc.lufrag) && strstr(answer, t.rtc.lpwd));
	TEST_TRUE(strstr(answer, "a=ice-lite\r\n"));
	TEST_TRUE(strstr(answer, "a=mid:7\r\n"));
	TEST_TRUE(strstr(answer, "a=candidate:2 1 udp 2130706175 "
			 "2001:db8::9 20000 typ host\r\n"));

 out:
	mem_deref(rs);
	return err;
}

static const struct test testv[] = {
	{"offers of browsers and encoders", test_real},
	{"codecs, feedback, extensions, layers, limits", test_cases},
	{"bad offers get their line", test_bad},
	{"huge offers are refused", test_huge},
	{"re-offers", test_reoffer},
	{"who is the DTLS client", test_setup},
	{"trickled fragments", test_frag},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
