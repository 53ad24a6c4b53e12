/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/bench/peer.c -- what others need for the job of one meeting
 *
 *	peer ffmpeg|gst LEGS WIDTH HEIGHT FPS CACHE SECONDS
 *
 * Plays the prepared streams of LEGS legs, sound and picture, as RTP to a
 * pipeline of ffmpeg (xstack, amix) or GStreamer (compositor, audiomixer),
 * which composes 1280x720 at 30, encodes it once with the mixer's settings
 * for x264, mixes and encodes the sound once, and sends both to every leg.
 * Prints the CPU of that pipeline, and what the legs got of it, as JSON.
 *
 * Threads: one.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <re.h>
#include <jansson.h>

#include "tests/load/flow.h"
#include "tests/load/prep.h"

enum { PT_OPUS = 96, PT_H264 = 97, VARIANTS = 4, LEGS_MAX = 25,
       CANVAS_W = 1280, CANVAS_H = 720, KBPS = 1500, SETTLE_S = 8,
       PEER_PORT = 46000, OUR_PORT = 47000, REPORT_MS = 1000,
       BEGIN_MS = 1500 };

static struct {
	unsigned legs, seconds;
	struct prep_video pv;
	const char *cache;
	struct flow *audiov[LEGS_MAX], *videov[LEGS_MAX];
	struct trace *atracev[LEGS_MAX], *vtracev[LEGS_MAX];
	pid_t pid;
	char sdp[64], log[64];
	struct tmr begin, phase, report;
	double cpu;
	uint64_t began_us;
	json_t *res;
} g;

static uint16_t peer_port(unsigned leg, bool video)
{
	return (uint16_t)(PEER_PORT + 4 * leg + (video ? 2 : 0));
}

/** A grid as near the mixer's as makes no difference to the work. */
static void tile(unsigned leg, unsigned *xp, unsigned *yp, unsigned *wp,
		 unsigned *hp)
{
	unsigned cols = 1, rows;

	while (cols * cols < g.legs)
		++cols;
	rows = (g.legs + cols - 1) / cols;
	*hp = CANVAS_H / (rows > cols ? rows : cols) & ~1u;
	*wp = CANVAS_W / cols & ~1u;
	*xp = leg % cols * *wp;
	*yp = leg / cols * *hp;
}

/* ---- the pipelines ---- */

static int sdp_write(void)
{
	FILE *f;
	unsigned i;

	(void)re_snprintf(g.sdp, sizeof(g.sdp), "/tmp/tutti-peer-%u.sdp",
			  (unsigned)getpid());
	(void)re_snprintf(g.log, sizeof(g.log), "/tmp/tutti-peer-%u.log",
			  (unsigned)getpid());
	f = fopen(g.sdp, "we");
	if (!f)
		return errno;
	(void)fprintf(f, "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
		      "c=IN IP4 127.0.0.1\r\nt=0 0\r\n");
	for (i = 0; i < g.legs; i++)
		(void)fprintf(f, "m=video %u RTP/AVP %u\r\n"
			      "a=rtpmap:%u H264/90000\r\n"
			      "a=fmtp:%u packetization-mode=1\r\n",
			      peer_port(i, true), PT_H264, PT_H264, PT_H264);
	for (i = 0; i < g.legs; i++)
		(void)fprintf(f, "m=audio %u RTP/AVP %u\r\n"
			      "a=rtpmap:%u opus/48000/2\r\n",
			      peer_port(i, false), PT_OPUS, PT_OPUS);

	return fclose(f) ? errno : 0;
}


/** Both to every leg: tee of RTP muxers, or the list of a multiudpsink. */
static void targets(struct mbuf *mb, bool tee, bool video)
{
	unsigned i;

	for (i = 0; i < g.legs; i++) {
		unsigned port = flow_port(video ? g.videov[i] : g.audiov[i]);

		if (tee)
			(void)mbuf_printf(mb, "%s[f=rtp:payload_type=%u]rtp:"
					  "//127.0.0.1:%u", i ? "|" : "",
					  video ? PT_H264 : PT_OPUS, port);
		else
			(void)mbuf_printf(mb, "%s127.0.0.1:%u", i ? "," : "",
					  port);
	}
}

static int ffmpeg_args(struct mbuf *mb)
{
	unsigned i, x, y, w, h;

	(void)mbuf_printf(mb, "exec ffmpeg -nostdin -hide_banner -loglevel "
			  "error -fflags nobuffer -probesize 500000 "
			  "-analyzeduration 2000000 -protocol_whitelist "
			  "file,udp,rtp -i %s -filter_complex '", g.sdp);
	for (i = 0; i < g.legs; i++) {
		tile(i, &x, &y, &w, &h);
		(void)mbuf_printf(mb, "[0:%u]fps=30,scale=%u:%u[v%u];", i, w,
				  h, i);
	}
	for (i = 0; i < g.legs; i++)
		(void)mbuf_printf(mb, "[v%u]", i);
	(void)mbuf_printf(mb, "xstack=inputs=%u:fill=black:layout=", g.legs);
	for (i = 0; i < g.legs; i++) {
		tile(i, &x, &y, &w, &h);
		(void)mbuf_printf(mb, "%s%u_%u", i ? "|" : "", x, y);
	}
	(void)mbuf_printf(mb, ",pad=%u:%u,format=yuv420p[v];", CANVAS_W,
			  CANVAS_H);
	for (i = 0; i < g.legs; i++)
		(void)mbuf_printf(mb, "[0:%u]", g.legs + i);
	(void)mbuf_printf(mb, "amix=inputs=%u[a]' -map '[v]' -r 30 -c:v "
			  "libx264 -preset superfast -tune zerolatency "
			  "-profile:v baseline -b:v %uk -maxrate %uk -bufsize "
			  "%uk -g 300 -sc_threshold 0 -f tee '", g.legs, KBPS,
			  KBPS, KBPS * 6 / 10);
	targets(mb, true, true);
	(void)mbuf_printf(mb, "' -map '[a]' -c:a libopus -ac 1 -b:a 32k "
			  "-compression_level 5 -application voip -f tee '");
	targets(mb, true, false);

	return mbuf_printf(mb, "'%c", 0);
}

static int gst_args(struct mbuf *mb)
{
	unsigned i, x, y, w, h;

	(void)mbuf_printf(mb, "exec gst-launch-1.0 -q compositor name=c "
			  "background=black ");
	for (i = 0; i < g.legs; i++) {
		tile(i, &x, &y, &w, &h);
		(void)mbuf_printf(mb, "sink_%u::xpos=%u sink_%u::ypos=%u "
				  "sink_%u::width=%u sink_%u::height=%u ", i,
				  x, i, y, i, w, i, h);
	}
	(void)mbuf_printf(mb, "! video/x-raw,format=I420,width=%u,height=%u,"
			  "framerate=30/1 ! x264enc tune=zerolatency "
			  "speed-preset=superfast bitrate=%u "
			  "vbv-buf-capacity=600 key-int-max=300 ! "
			  "video/x-h264,profile=baseline ! rtph264pay pt=%u "
			  "config-interval=-1 ! multiudpsink sync=false "
			  "clients=", CANVAS_W, CANVAS_H, KBPS, PT_H264);
	targets(mb, false, true);
	(void)mbuf_printf(mb, " audiomixer name=m ! audioconvert ! "
			  "audio/x-raw,rate=48000,channels=1 ! opusenc "
			  "bitrate=32000 complexity=5 audio-type=voice ! "
			  "rtpopuspay pt=%u ! multiudpsink sync=false "
			  "clients=", PT_OPUS);
	targets(mb, false, false);
	for (i = 0; i < g.legs; i++)
		(void)mbuf_printf(mb, " udpsrc port=%u caps=\"application/"
				  "x-rtp,media=video,clock-rate=90000,"
				  "encoding-name=H264,payload=%u\" ! "
				  "rtpjitterbuffer latency=40 ! rtph264depay "
				  "! avdec_h264 ! c.sink_%u udpsrc port=%u "
				  "caps=\"application/x-rtp,media=audio,"
				  "clock-rate=48000,encoding-name=OPUS,"
				  "payload=%u\" ! rtpjitterbuffer latency=40 !"
				  " rtpopusdepay ! opusdec ! audioconvert ! "
				  "m.", peer_port(i, true), PT_H264, i,
				  peer_port(i, false), PT_OPUS);

	return mbuf_printf(mb, "%c", 0);
}

static int pipeline_start(const char *name)
{
	struct mbuf *mb = mbuf_alloc(16384);
	int err;

	if (!mb)
		return ENOMEM;
	err = !strcmp(name, "gst") ? gst_args(mb) : ffmpeg_args(mb);
	if (!err && getenv("PEER_SHOW"))
		(void)fprintf(stderr, "%s\n", (char *)mb->buf);
	if (!err) {
		g.pid = fork();
		if (g.pid < 0)
			err = errno;
		if (!g.pid) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			int fd = open(g.log, O_WRONLY | O_CREAT | O_TRUNC,
				      0666);

			(void)dup2(fd, 1);
			(void)dup2(fd, 2);
			execl("/bin/sh", "sh", "-c", (char *)mb->buf, NULL);
			_exit(127);
		}
	}
	mem_deref(mb);

	return err;
}

static void pipeline_stop(void)
{
	if (g.pid > 0) {
		(void)kill(g.pid, SIGKILL);
		(void)waitpid(g.pid, NULL, 0);
	}
	g.pid = 0;
}

static double pipeline_cpu(void)
{
	unsigned long ut = 0, st = 0;
	char path[64], line[1024] = "";
	const char *p;
	FILE *f;

	(void)re_snprintf(path, sizeof(path), "/proc/%d/stat", (int)g.pid);
	f = fopen(path, "re");
	if (!f)
		return -1;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	(void)fclose(f);
	p = strrchr(line, ')');
	if (!p || sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u "
			 "%*u %lu %lu", &ut, &st) != 2)
		return -1;

	return (double)(ut + st) / (double)sysconf(_SC_CLK_TCK);
}

/* ---- the run ---- */

static void ended(void *arg)
{
	double s = (double)(flow_wall_us() - g.began_us) / 1e6;
	double cpu = pipeline_cpu() - g.cpu, fps = 0, kbps = 0, pps = 0;
	struct flow_stats st;
	unsigned i;
	(void)arg;

	for (i = 0; i < g.legs; i++) {
		flow_stats(g.videov[i], &st);
		fps  += (double)st.rx_frames / s / g.legs;
		kbps += (double)st.rx_bytes * 8 / 1000 / s / g.legs;
		flow_stats(g.audiov[i], &st);
		pps  += (double)st.rx_packets / s / g.legs;
	}
	g.res = json_pack("{s:f, s:f, s:f, s:f}", "cpu", cpu / s, "fps", fps,
			  "kbps", kbps, "audio_packets_per_s", pps);
	re_cancel();
}

static void settled(void *arg)
{
	unsigned i;
	(void)arg;

	for (i = 0; i < g.legs; i++) {
		flow_stats_reset(g.audiov[i]);
		flow_stats_reset(g.videov[i]);
	}
	g.began_us = flow_wall_us();
	g.cpu = pipeline_cpu();
	tmr_start(&g.phase, g.seconds * 1000, ended, NULL);
}

static void report(void *arg)
{
	unsigned i;
	(void)arg;

	tmr_start(&g.report, REPORT_MS, report, NULL);
	for (i = 0; i < g.legs; i++) {
		flow_report(g.audiov[i]);
		flow_report(g.videov[i]);
	}
}

static int leg_start(unsigned i)
{
	struct prep_video pv = g.pv;
	struct sa to, to_rtcp;
	int err;

	/* who sends what is as in load.c */
	pv.variant = i == 1 ? VARIANTS : i % VARIANTS;
	pv.flash   = i == 1;
	err = prep_video(&g.vtracev[i], g.cache, &pv);
	if (!err)
		err = prep_audio(&g.atracev[i], g.cache, CODEC_OPUS,
				 i == 1 ? SOUND_CLICKS : i == 2 || i == 3 ?
				 SOUND_BABBLE : SOUND_HISS,
				 i == 2 || i == 3 ? i % VARIANTS : 0);
	if (!err)
		err = sa_set_str(&to, "127.0.0.1", peer_port(i, false));
	if (err)
		return err;
	to_rtcp = to;
	sa_set_port(&to_rtcp, (uint16_t)(sa_port(&to) + 1));
	err = flow_start(g.audiov[i], &to, &to_rtcp, PT_OPUS, PT_OPUS,
			 g.atracev[i], NULL, NULL, NULL);
	sa_set_port(&to, peer_port(i, true));
	sa_set_port(&to_rtcp, (uint16_t)(sa_port(&to) + 1));
	if (!err)
		err = flow_start(g.videov[i], &to, &to_rtcp, PT_H264,
				 PT_H264, g.vtracev[i], NULL, NULL, NULL);

	return err;
}

/** Once the pipeline has its ports: it must see the first key frames. */
static void begin(void *arg)
{
	unsigned i;
	(void)arg;

	for (i = 0; i < g.legs; i++)
		if (leg_start(i))
			re_cancel();
	tmr_start(&g.phase, SETTLE_S * 1000, settled, NULL);
	tmr_start(&g.report, REPORT_MS, report, NULL);
}

static int run(const char *name)
{
	uint16_t port = OUR_PORT;
	struct sa laddr;
	unsigned i;
	int err;

	err = sa_set_str(&laddr, "127.0.0.1", 0);
	for (i = 0; i < g.legs && !err; i++) {
		err = flow_alloc(&g.audiov[i], &laddr, &port, 48000);
		if (!err)
			err = flow_alloc(&g.videov[i], &laddr, &port, 90000);
	}
	if (!err)
		err = sdp_write();
	if (!err)
		err = flow_player_init();
	if (!err)
		err = pipeline_start(name);
	if (!err) {
		tmr_start(&g.begin, BEGIN_MS, begin, NULL);
		err = re_main(NULL);
	}
	tmr_cancel(&g.begin);
	tmr_cancel(&g.phase);
	tmr_cancel(&g.report);
	pipeline_stop();

	return err;
}

static void clean(void)
{
	unsigned i;

	for (i = 0; i < g.legs; i++) {
		mem_deref(g.audiov[i]);
		mem_deref(g.videov[i]);
		mem_deref(g.atracev[i]);
		mem_deref(g.vtracev[i]);
	}
	flow_player_close();
	if (g.sdp[0])
		(void)unlink(g.sdp);
}

int main(int argc, char **argv)
{
	int err;

	if (argc != 8 || (strcmp(argv[1], "ffmpeg") && strcmp(argv[1],
							      "gst"))) {
		(void)fprintf(stderr, "usage: peer ffmpeg|gst LEGS WIDTH "
			      "HEIGHT FPS CACHE SECONDS\n");
		return 2;
	}
	g.legs    = (unsigned)atoi(argv[2]);
	g.pv      = (struct prep_video){.codec = CODEC_H264, .pkt_mode = 1,
		.w = (unsigned)atoi(argv[3]), .h = (unsigned)atoi(argv[4]),
		.fps = (unsigned)atoi(argv[5]), .kbps = 600};
	g.cache   = argv[6];
	g.seconds = (unsigned)atoi(argv[7]);
	if (!g.legs || g.legs > LEGS_MAX || !g.pv.fps || !g.seconds)
		return 2;
	if (libre_init())
		return 1;

	err = run(argv[1]);
	if (!err && json_number_value(json_object_get(g.res, "fps")) < 1)
		err = ENODATA;
	if (err)
		(void)re_fprintf(stderr, "peer %s: %m, see %s\n", argv[1],
				 err, g.log);
	else
		(void)json_dumpf(g.res, stdout, 0);
	json_decref(g.res);
	if (!err)
		(void)unlink(g.log);
	clean();
	libre_close();

	return err ? 1 : 0;
}
