/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_sdp.c -- what real and hostile peers offer
 *
 * A ticket is compared as text:
 *	AUDIO DIR ADDR [rtcp=ADDR] [mux] [PTms] [KBPSk] [fb:…] codec=pt…
 */
#include <stdlib.h>

#include <re.h>

#include "media/sdp.h"
#include "tests/unit/test.h"

#define HEAD "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n" \
	"c=IN IP4 192.0.2.1\r\nt=0 0\r\n"

static int print_fmt(struct re_printf *pf, const struct ticket_fmt *f)
{
	int err = re_hprintf(pf, " %s=%u", codec_name(f->codec), f->pt);

	if (f->tx_pt != f->pt)
		err |= re_hprintf(pf, ">%u", f->tx_pt);
	if (f->codec == CODEC_TELEV && f->clock_hz != 8000)
		err |= re_hprintf(pf, "@%u", f->clock_hz);
	if (f->codec == CODEC_H264)
		err |= re_hprintf(pf, "/%u/%02x%02x%02x", f->pkt_mode,
				  f->profile_idc, f->profile_iop,
				  f->level_idc);
	if (f->fec)
		err |= re_hprintf(pf, ",fec");
	if (f->dtx)
		err |= re_hprintf(pf, ",dtx");
	if (f->stereo)
		err |= re_hprintf(pf, ",stereo");
	if (f->cbr)
		err |= re_hprintf(pf, ",cbr");
	if (f->max_bitrate)
		err |= re_hprintf(pf, ",rate=%u", f->max_bitrate);
	if (f->max_playback_hz)
		err |= re_hprintf(pf, ",hz=%u", f->max_playback_hz);
	if (f->max_mbps)
		err |= re_hprintf(pf, ",mbps=%u", f->max_mbps);
	if (f->max_br)
		err |= re_hprintf(pf, ",br=%u", f->max_br);
	if (f->max_fs)
		err |= re_hprintf(pf, ",fs=%u", f->max_fs);
	if (f->max_fr)
		err |= re_hprintf(pf, ",fr=%u", f->max_fr);

	return err;
}

static int print_media(struct re_printf *pf, const struct ticket_media *m)
{
	static const char *dirv[] = {"inactive", "recv", "send", "both"};
	struct sa rtcp = m->raddr;
	unsigned i;
	int err;

	if (!m->on)
		return re_hprintf(pf, "off");

	err = re_hprintf(pf, "%s", dirv[m->send << 1 | m->recv]);
	if (sa_isset(&m->raddr, SA_ADDR))
		err |= re_hprintf(pf, " %J", &m->raddr);
	if (sa_isset(&rtcp, SA_ADDR))
		sa_set_port(&rtcp, sa_port(&rtcp) + !m->rtcp_mux);
	if (sa_isset(&m->raddr, SA_ADDR) &&
	    !sa_cmp(&rtcp, &m->raddr_rtcp, SA_ALL))
		err |= re_hprintf(pf, " rtcp=%J", &m->raddr_rtcp);
	if (m->rtcp_mux)
		err |= re_hprintf(pf, " mux");
	if (m->ptime_ms != 20)
		err |= re_hprintf(pf, " %ums", m->ptime_ms);
	if (m->max_kbps)
		err |= re_hprintf(pf, " %uk", m->max_kbps);
	if (m->fb_pli || m->fb_fir || m->fb_nack || m->fb_tmmbr)
		err |= re_hprintf(pf, " fb:%s%s%s%s", m->fb_nack ? "n" : "",
				  m->fb_pli ? "p" : "", m->fb_fir ? "f" : "",
				  m->fb_tmmbr ? "t" : "");
	for (i = 0; i < m->fmtc; i++)
		err |= print_fmt(pf, &m->fmtv[i]);

	return err;
}

static int sdp_new(struct media_sdp **msp, bool video)
{
	struct media_sdp_cfg cfg = {
		.audio_port = 20000, .video_port = 20002, .video = video,
	};

	sa_set_str(&cfg.laddr, "198.51.100.1", 0);

	return media_sdp_alloc(msp, &cfg);
}

static struct mbuf *body(const char *str)
{
	struct mbuf *mb = mbuf_alloc(strlen(str) + 1);

	(void)mbuf_write_str(mb, str);
	mb->pos = 0;

	return mb;
}

/** Every part of want, separated by '|', occurs in order. */
static bool contains(const char *text, const char *want)
{
	char part[512];

	while (want && *want) {
		const char *bar = strchr(want, '|');
		size_t n = bar ? (size_t)(bar - want) : strlen(want);
		const char *at;

		memcpy(part, want, n);
		part[n] = '\0';
		if (*part == '!') {
			if (strstr(text, part + 1))
				goto missing;
		}
		else {
			at = strstr(text, part);
			if (!at)
				goto missing;
			text = at + n;
		}
		want = bar ? bar + 1 : NULL;
	}

	return true;

 missing:
	printf("# '%s' in\n%s\n", part, text);
	return false;
}

static int compare(const struct media_sdp *ms, const char *audio,
		   const char *video)
{
	char a[512], v[512];
	struct ticket t;
	int err = 0;

	ticket_init(&t, 1);
	media_sdp_ticket(ms, &t);
	(void)re_snprintf(a, sizeof(a), "%H", print_media, &t.audio);
	(void)re_snprintf(v, sizeof(v), "%H", print_media, &t.video);
	TEST_STR(audio, a);
	TEST_STR(video, v);
 out:
	return err;
}

/** One offer through; want is looked for in the answer. */
static int exchange(struct media_sdp *ms, const char *offer,
		    const char *audio, const char *video, const char *want)
{
	struct mbuf *mb = body(offer), *ans = NULL;
	char reason[128] = "", *text = NULL;
	int err;

	err = media_sdp_answer(ms, mb, &ans, reason, sizeof(reason));
	if (err)
		printf("# %s\n", reason);
	TEST_ERR(err);
	err = mbuf_strdup(ans, &text, mbuf_get_left(ans));
	TEST_ERR(err);
	err = compare(ms, audio, video);
	if (err)
		goto out;
	TEST_TRUE(contains(text, want));
 out:
	mem_deref(text);
	mem_deref(mb);
	mem_deref(ans);
	return err;
}

#define A1 "192.0.2.1:"

static const struct {
	const char *name, *offer, *audio, *video, *answer;
} offerv[] = {
{"baresip",
	HEAD "a=tool:baresip 1.0.0\r\n"
	"m=audio 10000 RTP/AVP 96 9 0 8 97 101\r\n"
	"a=rtpmap:96 opus/48000/2\r\n"
	"a=fmtp:96 stereo=1;sprop-stereo=1;useinbandfec=1\r\n"
	"a=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\n"
	"a=rtpmap:8 PCMA/8000\r\n"
	"a=rtpmap:97 telephone-event/48000\r\na=fmtp:97 0-15\r\n"
	"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
	"a=rtcp:10001\r\na=sendrecv\r\na=label:1\r\na=rtcp-rsize\r\n"
	"a=ssrc:2763 cname:sip:a@b\r\na=ptime:20\r\n"
	"m=video 10002 RTP/AVP 99 100\r\nb=TIAS:512000\r\n"
	"a=rtpmap:99 H264/90000\r\n"
	"a=fmtp:99 packetization-mode=0;profile-level-id=42001f\r\n"
	"a=rtpmap:100 VP8/90000\r\na=fmtp:100 max-fs=3600\r\n"
	"a=rtcp-fb:* nack pli\r\na=rtcp:10003\r\na=sendrecv\r\n",
	"both " A1 "10000 opus=96,fec,stereo g722=9 pcmu=0 pcma=8 "
	"telephone-event=97@48000 telephone-event=101",
	"both " A1 "10002 512k fb:p h264=99/0/42001f",
	"m=audio 20000 RTP/AVP 96 9 0 8 97 101\r\n|a=rtpmap:96 opus/48000/2"
	"|a=fmtp:96 minptime=10;useinbandfec=1|a=fmtp:97 0-15|a=sendrecv|"
	"a=ptime:20|m=video 20002 RTP/AVP 99\r\n|a=rtpmap:99 H264/90000|"
	"a=fmtp:99 profile-level-id=42001f;packetization-mode=0|"
	"a=rtcp-fb:99 nack pli\r\n|a=sendrecv|!VP8|!rtcp-mux|!ccm fir"},
{"baresip with VP8 only",
	HEAD "m=audio 10000 RTP/AVP 0\r\n"
	"m=video 10002 RTP/AVP 100\r\na=rtpmap:100 VP8/90000\r\n"
	"a=fmtp:100 max-fs=3600;max-fr=15\r\n",
	"both " A1 "10000 pcmu=0",
	"both " A1 "10002 vp8=100,fs=3600,fr=15",
	"m=audio 20000 RTP/AVP 0\r\n|a=rtpmap:0 PCMU/8000|"
	"m=video 20002 RTP/AVP 100|a=fmtp:100 max-fs=3600;max-fr=30"},
{"Polycom HDX",
	"v=0\r\no=hdx 1 0 IN IP4 192.0.2.1\r\ns=-\r\n"
	"c=IN IP4 192.0.2.1\r\nb=AS:1024\r\nt=0 0\r\n"
	"m=audio 49160 RTP/AVP 115 102 9 15 0 8 18 119\r\n"
	"a=rtpmap:115 G7221/32000\r\na=fmtp:115 bitrate=48000\r\n"
	"a=rtpmap:102 G7221/16000\r\na=fmtp:102 bitrate=32000\r\n"
	"a=rtpmap:9 G722/8000\r\na=rtpmap:15 G728/8000\r\n"
	"a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
	"a=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\n"
	"a=rtpmap:119 telephone-event/8000\r\na=fmtp:119 0-15\r\n"
	"a=sendrecv\r\n"
	"m=video 49162 RTP/AVP 109 110 96 34 31\r\nb=TIAS:1024000\r\n"
	"a=rtpmap:109 H264/90000\r\n"
	"a=fmtp:109 profile-level-id=42800d; max-mbps=108000; max-fs=3600; "
	"max-br=1000\r\n"
	"a=rtpmap:110 H264/90000\r\n"
	"a=fmtp:110 profile-level-id=42800d; max-mbps=108000; max-fs=3600; "
	"max-br=1000; packetization-mode=1\r\n"
	"a=rtpmap:96 H263-1998/90000\r\na=fmtp:96 CIF4=1;CIF=1;QCIF=1\r\n"
	"a=rtpmap:34 H263/90000\r\na=rtpmap:31 H261/90000\r\n"
	"a=sendrecv\r\na=rtcp-fb:* ccm fir tmmbr\r\n"
	"m=application 0 RTP/AVP 100\r\na=rtpmap:100 H224/4800\r\n",
	"both " A1 "49160 64k g722=9 pcmu=0 pcma=8 telephone-event=119",
	"both " A1 "49162 960k h264=110/1/42800d,mbps=108000,br=1000,fs=3600",
	"m=audio 20000 RTP/AVP 9 0 8 119\r\n|m=video 20002 RTP/AVP 110\r\n|"
	"a=fmtp:110 profile-level-id=42800d;packetization-mode=1;"
	"level-asymmetry-allowed=1;max-mbps=108000;max-fs=3600\r\n|"
	"m=application 0 RTP/AVP 0"},
{"Cisco SX20",
	"v=0\r\no=tandberg 3 1 IN IP4 192.0.2.1\r\ns=-\r\n"
	"c=IN IP4 192.0.2.1\r\nb=AS:6000\r\nt=0 0\r\n"
	"m=audio 16468 RTP/AVP 100 102 103 9 18 11 8 0 101\r\n"
	"b=TIAS:128000\r\na=rtpmap:100 MP4A-LATM/90000\r\n"
	"a=fmtp:100 profile-level-id=24;object=23;bitrate=128000\r\n"
	"a=rtpmap:102 MP4A-LATM/90000\r\na=rtpmap:103 opus/48000/2\r\n"
	"a=fmtp:103 maxplaybackrate=16000;maxaveragebitrate=32000;"
	"sprop-stereo=0;usedtx=1\r\n"
	"a=rtpmap:9 G722/8000\r\na=rtpmap:18 G729/8000\r\n"
	"a=rtpmap:11 L16/44100\r\na=rtpmap:8 PCMA/8000\r\n"
	"a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
	"a=fmtp:101 0-15\r\na=sendrecv\r\n"
	"m=video 16470 RTP/AVP 97 126 96 34\r\nb=TIAS:6000000\r\n"
	"a=rtpmap:97 H264/90000\r\n"
	"a=fmtp:97 packetization-mode=0;profile-level-id=428016;max-br=5000;"
	"max-mbps=245000;max-fs=9000;max-smbps=245000;max-fps=6000;"
	"max-rcmd-nalu-size=3456000\r\n"
	"a=rtpmap:126 H264/90000\r\n"
	"a=fmtp:126 packetization-mode=1;profile-level-id=428016;"
	"max-br=5000;max-mbps=245000;max-fs=9000;max-fps=6000;"
	"level-asymmetry-allowed=1\r\n"
	"a=rtpmap:96 H263-1998/90000\r\na=rtpmap:34 H263/90000\r\n"
	"a=rtcp-fb:* nack pli\r\na=rtcp-fb:* ccm fir\r\n"
	"a=rtcp-fb:* ccm tmmbr\r\na=sendrecv\r\na=content:main\r\n"
	"a=label:11\r\na=answer:full\r\n"
	"m=application 5070 UDP/BFCP *\r\na=floorctrl:c-s\r\n"
	"a=confid:1\r\na=floorid:2 mstrm:12\r\na=userid:10\r\n"
	"a=setup:actpass\r\na=connection:new\r\n"
	"m=video 16474 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n"
	"a=fmtp:97 packetization-mode=1;profile-level-id=428016\r\n"
	"a=sendrecv\r\na=content:slides\r\na=label:12\r\n"
	"m=application 16476 RTP/AVP 107\r\na=rtpmap:107 H224/4800\r\n",
	"both " A1 "16468 64k opus=103,dtx,rate=32000,hz=16000 g722=9 pcma=8 "
	"pcmu=0 telephone-event=101",
	"both " A1 "16470 5936k fb:pft h264=126/1/428016,mbps=245000,br=5000,"
	"fs=9000,fr=60",
	"m=audio 20000 RTP/AVP 103 9 8 0 101|m=video 20002 RTP/AVP 126\r\n|"
	"a=fmtp:126 profile-level-id=42801f;packetization-mode=1;"
	"level-asymmetry-allowed=1\r\n|a=rtcp-fb:126 nack pli|"
	"a=rtcp-fb:126 ccm fir|a=rtcp-fb:126 ccm tmmbr|"
	"m=application 0 UDP/BFCP 0\r\nm=video 0 RTP/AVP 0\r\n"
	"m=application 0 RTP/AVP 0\r\n"},
{"Lifesize, H.264 baseline only as mode 0 first",
	HEAD "b=CT:768\r\n"
	"m=audio 60000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000"
	"\r\na=ptime:20\r\n"
	"m=video 60002 RTP/AVP 108 106\r\nb=AS:704\r\n"
	"a=rtpmap:108 H264/90000\r\na=fmtp:108 profile-level-id=42e01e\r\n"
	"a=rtpmap:106 H264/90000\r\n"
	"a=fmtp:106 profile-level-id=64001f;packetization-mode=1\r\n",
	"both " A1 "60000 64k pcma=8 pcmu=0 telephone-event=101",
	"both " A1 "60002 704k h264=106/1/64001f",
	"m=video 20002 RTP/AVP 106\r\n|profile-level-id=64001f"},
{"Yealink",
	HEAD "m=audio 11784 RTP/AVP 9 0 8 18 101\r\n"
	"a=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\n"
	"a=rtpmap:8 PCMA/8000\r\na=rtpmap:18 G729/8000\r\n"
	"a=fmtp:18 annexb=no\r\na=rtpmap:101 telephone-event/8000\r\n"
	"a=fmtp:101 0-15\r\na=ptime:30\r\na=sendrecv\r\n"
	"m=video 11786 RTP/AVP 99\r\n"
	"a=rtpmap:99 H264/90000\r\n"
	"a=fmtp:99 profile-level-id=42801F;packetization-mode=1\r\n"
	"a=sendrecv\r\n",
	"both " A1 "11784 30ms g722=9 pcmu=0 pcma=8 telephone-event=101",
	"both " A1 "11786 h264=99/1/42801f",
	"m=audio 20000 RTP/AVP 9 0 8 101\r\n|a=ptime:20|RTP/AVP 99\r\n|"
	"a=fmtp:99 profile-level-id=42801f;packetization-mode=1|!rtcp-fb"},
{"Linphone, AVPF",
	HEAD "b=AS:1500\r\na=rtcp-xr:rcvr-rtt=all:10000\r\n"
	"m=audio 7078 RTP/AVPF 96 97 98 0 8 101 99 100\r\n"
	"a=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n"
	"a=rtpmap:97 speex/16000\r\na=fmtp:97 vbr=on\r\n"
	"a=rtpmap:98 speex/8000\r\na=fmtp:98 vbr=on\r\n"
	"a=rtpmap:101 telephone-event/48000\r\n"
	"a=rtpmap:99 telephone-event/16000\r\n"
	"a=rtpmap:100 telephone-event/8000\r\n"
	"a=rtcp-fb:* trr-int 5000\r\na=rtcp-fb:* ccm tmmbr\r\n"
	"m=video 9078 RTP/AVPF 96 97\r\n"
	"a=rtpmap:96 VP8/90000\r\na=rtpmap:97 H264/90000\r\n"
	"a=fmtp:97 profile-level-id=42801F\r\n"
	"a=rtcp-fb:* trr-int 5000\r\na=rtcp-fb:* ccm tmmbr\r\n"
	"a=rtcp-fb:96 nack pli\r\na=rtcp-fb:96 nack sli\r\n"
	"a=rtcp-fb:96 ccm fir\r\na=rtcp-fb:97 nack pli\r\n"
	"a=rtcp-fb:97 ccm fir\r\n",
	"both " A1 "7078 64k fb:t opus=96,fec pcmu=0 pcma=8 "
	"telephone-event=101@48000 telephone-event=100",
	"both " A1 "9078 1436k fb:pft h264=97/0/42801f",
	"m=audio 20000 RTP/AVPF 96 0 8 101 100\r\n|"
	"m=video 20002 RTP/AVPF 97\r\n|a=rtcp-fb:97 nack pli|"
	"a=rtcp-fb:97 ccm fir"},
{"Zoiper, with mux and FreeSWITCH-like CN",
	HEAD "m=audio 8000 RTP/AVP 3 110 8 0 101 13\r\n"
	"a=rtpmap:110 opus/48000/2\r\n"
	"a=fmtp:110 useinbandfec=1; maxaveragebitrate=30000; "
	"maxplaybackrate=48000; ptime=20; minptime=10; maxptime=40\r\n"
	"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"
	"a=rtpmap:13 CN/8000\r\na=rtcp-mux\r\na=maxptime:10\r\n",
	"both " A1 "8000 mux 10ms opus=110,fec,rate=30000,hz=48000 pcma=8 "
	"pcmu=0 telephone-event=101 cn=13",
	"off",
	"m=audio 20000 RTP/AVP 110 8 0 101 13\r\n|a=rtcp-mux"},
{"Chromium's list without DTLS: the last of six must not win",
	HEAD "m=audio 9000 RTP/AVPF 111\r\na=rtpmap:111 opus/48000/2\r\n"
	"a=fmtp:111 minptime=10;useinbandfec=1\r\n"
	"m=video 9002 RTP/AVPF 96 97 102 103 104 108 39 35\r\n"
	"a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\n"
	"a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"
	"a=rtpmap:102 H264/90000\r\na=rtcp-fb:102 goog-remb\r\n"
	"a=rtcp-fb:102 ccm fir\r\na=rtcp-fb:102 nack\r\n"
	"a=rtcp-fb:102 nack pli\r\n"
	"a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;"
	"profile-level-id=42001f\r\n"
	"a=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\n"
	"a=rtpmap:104 H264/90000\r\n"
	"a=fmtp:104 level-asymmetry-allowed=1;packetization-mode=0;"
	"profile-level-id=42001f\r\n"
	"a=rtpmap:108 H264/90000\r\n"
	"a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;"
	"profile-level-id=4d001f\r\n"
	"a=rtpmap:39 H264/90000\r\n"
	"a=fmtp:39 level-asymmetry-allowed=1;packetization-mode=0;"
	"profile-level-id=4d001f\r\n"
	"a=rtpmap:35 AV1/90000\r\n",
	"both " A1 "9000 opus=111,fec",
	"both " A1 "9002 fb:npf h264=102/1/42001f",
	"m=video 20002 RTP/AVPF 102\r\n|profile-level-id=42001f;"
	"packetization-mode=1|a=rtcp-fb:102 nack\r\n|!goog-remb"},
{"FreeSWITCH",
	"v=0\no=FreeSWITCH 1700 1701 IN IP4 192.0.2.1\ns=FreeSWITCH\n"
	"c=IN IP4 192.0.2.1\nt=0 0\n"
	"m=audio 24576 RTP/AVP 102 9 0 8 103 101\n"
	"a=rtpmap:102 opus/48000/2\na=fmtp:102 useinbandfec=1; stereo=0\n"
	"a=rtpmap:9 G722/8000\na=rtpmap:0 PCMU/8000\na=rtpmap:8 PCMA/8000\n"
	"a=rtpmap:103 telephone-event/48000\na=fmtp:103 0-15\n"
	"a=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15\na=ptime:20\n"
	"m=video 24580 RTP/AVP 104 105\nb=AS:1024\na=rtpmap:104 VP8/90000\n"
	"a=rtpmap:105 H264/90000\na=fmtp:105 profile-level-id=42801f\n"
	"a=rtcp-fb:104 ccm fir\na=rtcp-fb:105 ccm fir\n",
	"both " A1 "24576 opus=102,fec g722=9 pcmu=0 pcma=8 "
	"telephone-event=103@48000 telephone-event=101",
	"both " A1 "24580 1024k fb:f h264=105/0/42801f",
	"RTP/AVP 102 9 0 8 103 101\r\n|m=video 20002 RTP/AVP 105\r\n"},
{"old room system: H.264 without fmtp",
	HEAD "m=audio 5000 RTP/AVP 0\r\n"
	"m=video 5002 RTP/AVP 97\r\na=rtpmap:97 h264/90000\r\n",
	"both " A1 "5000 pcmu=0", "both " A1 "5002 h264=97/0/42000a",
	"a=fmtp:97 profile-level-id=42000a;packetization-mode=0"},
{"no rtpmap for static types, nothing optional",
	"v=0\r\nm=audio 5000 RTP/AVP 9 8\r\nc=IN IP4 192.0.2.1\r\n",
	"both " A1 "5000 g722=9 pcma=8", "off",
	"m=audio 20000 RTP/AVP 9 8\r\n|a=rtpmap:9 G722/8000"},
{"rtcp elsewhere, media-level c=",
	HEAD "m=audio 5000 RTP/AVP 0\r\nc=IN IP4 192.0.2.7\r\n"
	"a=rtcp:5555\r\n"
	"m=video 5002 RTP/AVP 97\r\na=rtpmap:97 VP8/90000\r\n"
	"a=rtcp:6000 IN IP4 192.0.2.8\r\n",
	"both 192.0.2.7:5000 rtcp=192.0.2.7:5555 pcmu=0",
	"both " A1 "5002 rtcp=192.0.2.8:6000 vp8=97", ""},
{"only an image and secure lines beside plain sound",
	HEAD "m=audio 5000 RTP/SAVP 0\r\nm=audio 5002 RTP/AVP 0\r\n"
	"m=image 5004 udptl t38\r\nm=video 5006 RTP/SAVP 97\r\n"
	"a=rtpmap:97 VP8/90000\r\n",
	"both " A1 "5002 pcmu=0", "off",
	"m=audio 0 RTP/SAVP 0\r\nm=audio 20000 RTP/AVP 0\r\n|"
	"m=image 0 udptl 0\r\nm=video 0 RTP/SAVP 0\r\n"},
{"the first port 0, the second used",
	HEAD "m=audio 0 RTP/AVP 0\r\nm=audio 5002 RTP/AVP 8\r\n",
	"both " A1 "5002 pcma=8", "off",
	"m=audio 0 RTP/AVP 0\r\nm=audio 20000 RTP/AVP 8\r\n"},
{"level above ours without asymmetry",
	HEAD "m=video 5002 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n"
	"a=fmtp:97 packetization-mode=1;profile-level-id=640028\r\n",
	"off", "both " A1 "5002 h264=97/1/64001f",
	"profile-level-id=64001f;packetization-mode=1"},
{"level above ours with asymmetry",
	HEAD "m=video 5002 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n"
	"a=fmtp:97 packetization-mode=1;profile-level-id=640028;"
	"level-asymmetry-allowed=1\r\n",
	"off", "both " A1 "5002 h264=97/1/640028",
	"profile-level-id=64001f;packetization-mode=1"},
{"interleaved and 4:2:2 are passed over",
	HEAD "m=video 5002 RTP/AVP 96 97 98\r\na=rtpmap:96 H264/90000\r\n"
	"a=fmtp:96 packetization-mode=2;profile-level-id=42e01f\r\n"
	"a=rtpmap:97 H264/90000\r\n"
	"a=fmtp:97 packetization-mode=1;profile-level-id=7a001f\r\n"
	"a=rtpmap:98 VP8/90000\r\n",
	"off", "both " A1 "5002 vp8=98", "RTP/AVP 98\r\n"},
{"the whole bandwidth shared when sound has a part of its own",
	HEAD "b=TIAS:128000\r\nm=audio 5000 RTP/AVP 0\r\nb=AS:40\r\n"
	"m=video 5002 RTP/AVP 97\r\na=rtpmap:97 VP8/90000\r\n",
	"both " A1 "5000 40k pcmu=0", "both " A1 "5002 88k vp8=97", ""},
{"attributes that libre would stumble over",
	HEAD "m=audio 5000 RTP/AVP 0 101\r\na=fmtp:101\r\na=rtcp:xyz\r\n"
	"a=rtpmap:101 telephone-event/8000\r\na=:x\r\na=sendrecv \r\n"
	"a=ptime:5000\r\n",
	"both " A1 "5000 60ms pcmu=0 telephone-event=101", "off", ""},
};

static int test_offers(void)
{
	struct media_sdp *ms = NULL;
	int err = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(offerv); i++) {
		err = sdp_new(&ms, true);
		TEST_ERR(err);
		err = exchange(ms, offerv[i].offer, offerv[i].audio,
			       offerv[i].video, offerv[i].answer);
		if (err) {
			printf("# %s\n", offerv[i].name);
			goto out;
		}
		ms = mem_deref(ms);
	}
 out:
	mem_deref(ms);
	return err;
}

#define AUDIO_LINE "m=audio 5000 RTP/AVP 0\r\n"

static const struct {
	const char *name, *conn, *dir, *audio, *answer;
	bool held;
} holdv[] = {
	{"in a call", "192.0.2.1", "sendrecv",
	 "both " A1 "5000 pcmu=0", "a=sendrecv", false},
	{"held with music", "192.0.2.1", "sendonly",
	 "inactive " A1 "5000 pcmu=0", "a=recvonly", true},
	{"resumed", "192.0.2.1", "sendrecv",
	 "both " A1 "5000 pcmu=0", "a=sendrecv", false},
	{"held both ways", "192.0.2.1", "inactive",
	 "inactive " A1 "5000 pcmu=0", "a=inactive", true},
	{"listening only", "192.0.2.1", "recvonly",
	 "send " A1 "5000 pcmu=0", "a=sendonly", false},
	{"held as in RFC 2543", "0.0.0.0", "sendrecv",
	 "inactive pcmu=0", "a=recvonly", true},
	{"held as in RFC 2543, inactive", "0.0.0.0", "inactive",
	 "inactive pcmu=0", "a=inactive", true},
	{"resumed again", "192.0.2.1", "sendrecv",
	 "both " A1 "5000 pcmu=0", "a=sendrecv", false},
};

static int test_hold(void)
{
	struct media_sdp *ms = NULL;
	char offer[256];
	size_t i;
	int err;

	err = sdp_new(&ms, true);
	TEST_ERR(err);
	for (i = 0; i < ARRAY_SIZE(holdv); i++) {
		(void)re_snprintf(offer, sizeof(offer),
				  "v=0\r\nc=IN IP4 %s\r\n" AUDIO_LINE
				  "a=%s\r\n", holdv[i].conn, holdv[i].dir);
		err = exchange(ms, offer, holdv[i].audio, "off",
			       holdv[i].answer);
		if (err)
			printf("# %s\n", holdv[i].name);
		TEST_ERR(err);
		TEST_EQ(holdv[i].held, media_sdp_held(ms));
	}
	ms = mem_deref(ms);

	/* a sender from the first is no holder and is heard */
	err = sdp_new(&ms, true);
	TEST_ERR(err);
	err = exchange(ms, HEAD AUDIO_LINE "a=sendonly\r\n",
		       "recv " A1 "5000 pcmu=0", "off", "a=recvonly");
	TEST_ERR(err);
	TEST_TRUE(!media_sdp_held(ms));
 out:
	mem_deref(ms);
	return err;
}

static const struct {
	const char *name, *offer;
	int err;
	const char *reason;
} badv[] = {
	{"nothing", "", EBADMSG, "line 1: v=0 missing"},
	{"not SDP", "hello world\r\n", EBADMSG, "line 1: not of the form x=…"},
	{"version", "v=1\r\n", EBADMSG, "line 1: version is not 0"},
	{"no version", "o=- 1 1 IN IP4 1.2.3.4\r\n", EBADMSG,
	 "line 1: v=0 missing"},
	{"port", HEAD "m=audio 65536 RTP/AVP 0\r\n", EBADMSG,
	 "line 6: bad port"},
	{"port word", HEAD "m=audio x RTP/AVP 0\r\n", EBADMSG,
	 "line 6: bad port"},
	{"no format", HEAD "m=audio 5000 RTP/AVP\r\n", EBADMSG,
	 "line 6: bad m= line"},
	{"payload type", HEAD "m=audio 5000 RTP/AVP 0 128\r\n", EBADMSG,
	 "line 6: bad payload type"},
	{"c= family", "v=0\r\nc=IN IP4 ::1\r\n", EBADMSG,
	 "line 2: c= needs an IP address"},
	{"c= name", "v=0\nc=IN IP4 example.org\n", EBADMSG,
	 "line 2: c= needs an IP address"},
	{"c= words", "v=0\r\nc=IN IP4\r\n", EBADMSG, "line 2: bad c= line"},
	{"no c=", "v=0\r\nm=audio 5000 RTP/AVP 0\r\na=sendrecv\r\n", EBADMSG,
	 "line 2: media without c= address"},
	{"b=", HEAD "b=AS:lots\r\n", EBADMSG, "line 6: bad b= line"},
	{"rtpmap", HEAD AUDIO_LINE "a=rtpmap:0 PCMU\r\n", EBADMSG,
	 "line 7: bad rtpmap"},
	{"rtpmap clock", HEAD AUDIO_LINE "a=rtpmap:0 PCMU/0\r\n", EBADMSG,
	 "line 7: bad rtpmap"},
	{"control character", HEAD "s=a\001b\r\n", EBADMSG,
	 "line 6: control character"},
	{"no common codec", HEAD "m=audio 5000 RTP/AVP 18\r\n", ENOTSUP,
	 "no common codec"},
	{"only secure", HEAD "m=audio 5000 RTP/SAVP 0\r\n", ENOTSUP,
	 "no common codec"},
	{"events alone", HEAD "m=audio 5000 RTP/AVP 101\r\n"
	 "a=rtpmap:101 telephone-event/8000\r\n", ENOTSUP, "no common codec"},
	{"no media", HEAD, ENOTSUP, "no common codec"},
	{"wrong family", "v=0\r\nc=IN IP6 2001:db8::1\r\n" AUDIO_LINE,
	 ENOTSUP, "no common codec"},
};

static int refuse(const char *offer, size_t len, int want,
		  const char *reason)
{
	struct media_sdp *ms = NULL;
	struct mbuf *mb = mbuf_alloc(len + 1), *ans = NULL;
	char buf[128] = "";
	int err;

	(void)mbuf_write_mem(mb, (const uint8_t *)offer, len);
	mb->pos = 0;
	err = sdp_new(&ms, true);
	TEST_ERR(err);
	TEST_EQ(want, media_sdp_answer(ms, mb, &ans, buf, sizeof(buf)));
	if (reason)
		TEST_STR(reason, buf);
 out:
	mem_deref(ms);
	mem_deref(mb);
	mem_deref(ans);
	return err;
}

static int test_bad(void)
{
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(badv) && !err; i++) {
		err = refuse(badv[i].offer, strlen(badv[i].offer),
			     badv[i].err, badv[i].reason);
		if (err)
			printf("# %s\n", badv[i].name);
	}

	return err;
}

static int test_hostile(void)
{
	struct mbuf *mb = mbuf_alloc(131072);
	int err = 0, i;

	(void)mbuf_write_str(mb, HEAD);
	for (i = 0; i < 1000; i++)
		(void)mbuf_write_str(mb, "m=audio 1 RTP/AVP 0\r\n");
	err = refuse((char *)mb->buf, mb->end, EBADMSG,
		     "line 22: too many m= lines");
	TEST_ERR(err);

	mb->end = mb->pos = strlen(HEAD);
	(void)mbuf_write_str(mb, "m=audio 1 RTP/AVP");
	for (i = 0; i < 30000; i++)
		(void)mbuf_write_str(mb, " 0");
	err = refuse((char *)mb->buf, mb->end, EBADMSG,
		     "line 6: too many formats");
	TEST_ERR(err);

	mb->end = mb->pos = strlen(HEAD);
	while (mb->pos <= SDP_BODY_MAX)
		(void)mbuf_write_str(mb, "a=x:y\r\n");
	err = refuse((char *)mb->buf, mb->end, EBADMSG, "body too long");
	TEST_ERR(err);

	err = refuse("v=0\r\ns=\0\r\n", 10, EBADMSG,
		     "line 2: control character");
 out:
	mem_deref(mb);
	return err;
}

#define VIDEO_LINE "m=video 5002 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n" \
	"a=fmtp:97 packetization-mode=1;profile-level-id=42e01f\r\n"
#define A_ON "both " A1 "5000 pcmu=0"
#define V_ON "both " A1 "5002 h264=97/1/42e01f"

/** Adds and drops video; a refused or broken re-offer changes nothing. */
static int test_reoffer(void)
{
	struct media_sdp *ms = NULL;
	struct mbuf *mb = NULL, *ans = NULL;
	char buf[128];
	int err;

	err = sdp_new(&ms, true);
	TEST_ERR(err);
	err = exchange(ms, HEAD AUDIO_LINE, A_ON, "off", "!m=video");
	TEST_ERR(err);
	err = exchange(ms, HEAD AUDIO_LINE VIDEO_LINE, A_ON, V_ON,
		       "m=audio 20000|m=video 20002");
	TEST_ERR(err);

	mb = body(HEAD "m=audio 5000 RTP/AVP 18\r\n");
	TEST_EQ(ENOTSUP, media_sdp_answer(ms, mb, &ans, buf, sizeof(buf)));
	mb = mem_deref(mb);
	mb = body(HEAD "m=audio 5000 RTP/AVP 0\r\nm=\r\n");
	TEST_EQ(EBADMSG, media_sdp_answer(ms, mb, &ans, buf, sizeof(buf)));
	err = compare(ms, A_ON, V_ON);
	TEST_ERR(err);

	err = exchange(ms, HEAD AUDIO_LINE "m=video 0 RTP/AVP 97\r\n", A_ON,
		       "off", "m=audio 20000|m=video 0 RTP/AVP 0\r\n");
	TEST_ERR(err);
	err = exchange(ms, HEAD AUDIO_LINE VIDEO_LINE, A_ON, V_ON,
		       "m=video 20002");
	TEST_ERR(err);
	err = exchange(ms, HEAD "m=audio 0 RTP/AVP 0\r\n"
		       "m=video 0 RTP/AVP 97\r\n", "off", "off",
		       "m=audio 0 RTP/AVP 0\r\nm=video 0 RTP/AVP 0");
	TEST_ERR(err);
 out:
	mem_deref(ms);
	mem_deref(mb);
	mem_deref(ans);
	return err;
}

/** The origin line of a body: id and version */
static int origin(struct mbuf *mb, uint32_t *idp, uint32_t *verp)
{
	struct pl id, ver;

	if (re_regex((char *)mbuf_buf(mb), mbuf_get_left(mb),
		     "o=- [0-9]+ [0-9]+ IN IP4 198.51.100.1", &id, &ver))
		return EBADMSG;
	*idp  = pl_u32(&id);
	*verp = pl_u32(&ver);

	return 0;
}

static int test_version(void)
{
	static const struct { const char *offer; uint32_t step; } v[] = {
		{HEAD AUDIO_LINE, 0},
		{HEAD AUDIO_LINE, 0},
		{HEAD AUDIO_LINE "a=sendonly\r\n", 1},
		{HEAD AUDIO_LINE "a=sendonly\r\n", 1},
		{HEAD AUDIO_LINE, 2},
	};
	struct media_sdp *ms = NULL;
	struct mbuf *mb = NULL, *ans = NULL;
	uint32_t id0 = 0, ver0 = 0, id, ver;
	char buf[128];
	size_t i;
	int err;

	err = sdp_new(&ms, true);
	TEST_ERR(err);
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		mb  = body(v[i].offer);
		err = media_sdp_answer(ms, mb, &ans, buf, sizeof(buf));
		TEST_ERR(err);
		err = origin(ans, &id, &ver);
		TEST_ERR(err);
		if (!i) {
			id0  = id;
			ver0 = ver;
		}
		TEST_EQ(id0, id);
		TEST_EQ(ver0 + v[i].step, ver);
		mb  = mem_deref(mb);
		ans = mem_deref(ans);
	}
 out:
	mem_deref(ms);
	mem_deref(mb);
	mem_deref(ans);
	return err;
}

static int test_our_offer(void)
{
	struct media_sdp *ms = NULL;
	struct mbuf *mb = NULL, *ans = NULL;
	char buf[128], *text = NULL;
	uint32_t id, ver, ver0;
	int err;

	err = sdp_new(&ms, true);
	TEST_ERR(err);
	err = media_sdp_offer(ms, &mb);
	TEST_ERR(err);
	err = mbuf_strdup(mb, &text, mbuf_get_left(mb));
	TEST_ERR(err);
	TEST_TRUE(contains(text, "m=audio 20000 RTP/AVP 96 9 0 8 97 101\r\n|"
			   "a=rtpmap:96 opus/48000/2\r\n|a=sendrecv|"
			   "m=video 20002 RTP/AVP 98 99 100\r\n|"
			   "a=fmtp:98 profile-level-id=42e01f;"
			   "packetization-mode=1;level-asymmetry-allowed=1"
			   "\r\na=rtcp-fb:98 nack\r\n"
			   "a=rtcp-fb:98 nack pli\r\na=rtcp-fb:98 ccm fir"
			   "\r\na=rtcp-fb:98 ccm tmmbr\r\n|"
			   "a=fmtp:99 profile-level-id=42e01f;"
			   "packetization-mode=0|VP8/90000|!rtcp-mux"));
	mb->pos = 0;
	err = origin(mb, &id, &ver0);
	TEST_ERR(err);

	/* other numbers in the answer, and one we never offered */
	ans = body(HEAD "m=audio 5000 RTP/AVP 111 8 18\r\n"
		   "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 usedtx=1\r\n"
		   "m=video 5002 RTP/AVP 120\r\na=rtpmap:120 H264/90000\r\n"
		   "a=fmtp:120 packetization-mode=0;profile-level-id=42e01f"
		   "\r\na=rtcp-mux\r\na=sendonly\r\n");
	err = media_sdp_accept(ms, ans, buf, sizeof(buf));
	TEST_ERR(err);
	err = compare(ms, "both " A1 "5000 opus=96>111,dtx pcma=8",
		      "recv " A1 "5002 h264=99>120/0/42e01f");
	TEST_ERR(err);
	TEST_EQ(EPROTO, media_sdp_accept(ms, ans, buf, sizeof(buf)));

	/* the same again: same version; refused: nothing changed */
	mb = mem_deref(mb);
	err = media_sdp_offer(ms, &mb);
	TEST_ERR(err);
	err = origin(mb, &id, &ver);
	TEST_ERR(err);
	TEST_EQ(ver0, ver);
	media_sdp_rollback(ms);
	err = compare(ms, "both " A1 "5000 opus=96>111,dtx pcma=8",
		      "recv " A1 "5002 h264=99>120/0/42e01f");
	TEST_ERR(err);

	/* video refused by the answer */
	mb = mem_deref(mb);
	err = media_sdp_offer(ms, &mb);
	TEST_ERR(err);
	ans = mem_deref(ans);
	ans = body(HEAD "m=audio 5000 RTP/AVP 0\r\nm=video 0 RTP/AVP 98\r\n");
	err = media_sdp_accept(ms, ans, buf, sizeof(buf));
	TEST_ERR(err);
	err = compare(ms, A_ON, "off");
	TEST_ERR(err);

	/* lines of other kinds than offered */
	mb = mem_deref(mb);
	err = media_sdp_offer(ms, &mb);
	TEST_ERR(err);
	ans = mem_deref(ans);
	ans = body(HEAD "m=video 5000 RTP/AVP 0\r\n");
	TEST_EQ(EBADMSG, media_sdp_accept(ms, ans, buf, sizeof(buf)));
	err = compare(ms, A_ON, "off");
	TEST_ERR(err);
 out:
	mem_deref(text);
	mem_deref(ms);
	mem_deref(mb);
	mem_deref(ans);
	return err;
}

/** The peer offered first: our re-offer keeps its lines and numbers. */
static int test_our_reoffer(void)
{
	struct media_sdp *ms = NULL;
	struct mbuf *mb = NULL, *ans = NULL;
	char buf[128], *text = NULL;
	int err;

	err = sdp_new(&ms, true);
	TEST_ERR(err);
	err = exchange(ms, HEAD "m=application 5070 UDP/BFCP *\r\n"
		       "m=video 5002 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n"
		       "m=audio 5000 RTP/AVP 101\r\n"
		       "a=rtpmap:101 opus/48000/2\r\n",
		       "both " A1 "5000 opus=101", "both " A1 "5002 vp8=96",
		       "m=application 0|m=video 20002|m=audio 20000");
	TEST_ERR(err);
	err = media_sdp_offer(ms, &mb);
	TEST_ERR(err);
	err = mbuf_strdup(mb, &text, mbuf_get_left(mb));
	TEST_ERR(err);
	TEST_TRUE(contains(text, "m=application 0 UDP/BFCP 0\r\n"
			   "m=video 20002 RTP/AVP 98 99 96\r\n|"
			   "m=audio 20000 RTP/AVP 101 9 0 8 97 102\r\n|"
			   "a=rtpmap:101 opus|"
			   "a=rtpmap:102 telephone-event/8000"));
	ans = body(HEAD "m=application 0 UDP/BFCP *\r\n"
		   "m=video 5002 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n"
		   "m=audio 5000 RTP/AVP 101\r\n"
		   "a=rtpmap:101 opus/48000/2\r\n");
	err = media_sdp_accept(ms, ans, buf, sizeof(buf));
	TEST_ERR(err);
	err = compare(ms, "both " A1 "5000 opus=101",
		      "both " A1 "5002 vp8=96");
 out:
	mem_deref(text);
	mem_deref(ms);
	mem_deref(mb);
	mem_deref(ans);
	return err;
}

static int test_audio_room(void)
{
	struct media_sdp *ms = NULL;
	struct mbuf *mb = NULL;
	char *text = NULL;
	int err;

	err = sdp_new(&ms, false);
	TEST_ERR(err);
	err = exchange(ms, HEAD VIDEO_LINE AUDIO_LINE, A_ON, "off",
		       "m=video 0 RTP/AVP 0\r\nm=audio 20000");
	TEST_ERR(err);
	ms = mem_deref(ms);
	err = sdp_new(&ms, false);
	TEST_ERR(err);
	err = media_sdp_offer(ms, &mb);
	TEST_ERR(err);
	err = mbuf_strdup(mb, &text, mbuf_get_left(mb));
	TEST_ERR(err);
	TEST_TRUE(contains(text, "!m=video"));
 out:
	mem_deref(text);
	mem_deref(mb);
	mem_deref(ms);
	return err;
}

static int test_ipv6(void)
{
	struct media_sdp_cfg cfg = {.audio_port = 20000};
	struct media_sdp *ms = NULL;
	int err;

	sa_set_str(&cfg.laddr, "2001:db8::2", 0);
	err = media_sdp_alloc(&ms, &cfg);
	TEST_ERR(err);
	err = exchange(ms, "v=0\r\nc=IN IP6 2001:db8::1\r\n" AUDIO_LINE,
		       "both [2001:db8::1]:5000 pcmu=0", "off",
		       "IN IP6 2001:db8::2\r\n|c=IN IP6 2001:db8::2\r\n");
	TEST_ERR(err);
	err = exchange(ms, "v=0\r\nc=IN IP6 ::\r\n" AUDIO_LINE,
		       "inactive pcmu=0", "off", "a=recvonly");
 out:
	mem_deref(ms);
	return err;
}

static int test_own_bandwidth(void)
{
	struct media_sdp_cfg cfg = {.audio_port = 20000,
		.video_port = 20002, .video = true, .max_kbps_video = 700};
	struct media_sdp *ms = NULL;
	int err;

	sa_set_str(&cfg.laddr, "198.51.100.1", 0);
	err = media_sdp_alloc(&ms, &cfg);
	TEST_ERR(err);
	err = exchange(ms, HEAD AUDIO_LINE VIDEO_LINE, A_ON, V_ON,
		       "m=video|b=AS:700\r\nb=TIAS:700000\r\n");
 out:
	mem_deref(ms);
	return err;
}

static const struct test testv[] = {
	{"offers of phones, room systems and browsers", test_offers},
	{"hold and resume are mirrored", test_hold},
	{"bad lines are named", test_bad},
	{"huge bodies are refused", test_hostile},
	{"re-offers add and drop video, bad ones change nothing",
	 test_reoffer},
	{"the version goes up only with a change", test_version},
	{"our offer and its answer", test_our_offer},
	{"our re-offer keeps lines and numbers", test_our_reoffer},
	{"a room without video", test_audio_room},
	{"IPv6", test_ipv6},
	{"our own bandwidth is written", test_own_bandwidth},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
