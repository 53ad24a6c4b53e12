/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/flow/gst_webrtc.c -- GStreamer's webrtcbin as WHIP sender, WHEP player
 *
 *	gst_webrtc send URL CODEC RRGGBB HZ [BEARER]
 *	gst_webrtc play URL CODEC DIR [BEARER]
 *
 * CODEC is h264, vp8, vp9 …, an RTP encoding name in lower case.  HTTP is
 * curl's job.  `play` writes what comes into DIR: sound.s16le (mono, 48000
 * Hz) and picture.rgb (the last picture, its size in picture.size).  Says
 * "connected" on stdout, ends with SIGTERM or its parent: then the resource
 * is deleted.  A peer that shares no code with us.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib-unix.h>
#include <gst/gst.h>
#include <gst/app/gstappsink.h>
#include <gst/sdp/sdp.h>
#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>


/* how streams of one port are told apart (RFC 9143) */
#define MID "extmap-1=(string)urn:ietf:params:rtp-hdrext:sdes:mid"

static struct {
	const char *url, *codec, *dir, *bearer;
	gboolean play;
	char *location;
	GMainLoop *loop;
	GstElement *pipe, *rtc;
	FILE *sound;
	int status;
} app;


static void fail(const char *what)
{
	fprintf(stderr, "gst_webrtc: %s\n", what);
	app.status = 1;
	g_main_loop_quit(app.loop);
}


/* curl's standard output, its headers in *headp */
static char *http(const char *method, const char *url, const char *body,
		  char **headp)
{
	char *auth = app.bearer ?
		g_strdup_printf("Authorization: Bearer %s", app.bearer) :
		g_strdup("X-Nothing: 1");
	char head[] = "/tmp/gst_webrtc-XXXXXX", in[] = "/tmp/gst_webrtc-XXXXXX";
	int hfd = g_mkstemp(head), ifd = g_mkstemp(in);
	char *data = g_strdup_printf("@%s", in), *out = NULL;
	const char *argv[] = {
		"curl", "-sS", "-m", "10", "-X", method, "-D", head, "-H",
		"Content-Type: application/sdp", "-H", auth, url,
		body ? "--data-binary" : NULL, data, NULL,
	};

	if (body)
		g_file_set_contents(in, body, -1, NULL);
	if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH,
			  NULL, NULL, &out, NULL, NULL, NULL))
		out = NULL;
	if (headp)
		g_file_get_contents(head, headp, NULL, NULL);
	unlink(head);
	unlink(in);
	close(hfd);
	close(ifd);
	g_free(data);
	g_free(auth);

	return out;
}


/* "Location: /whip/…" with the host of the URL */
static char *location(const char *head)
{
	char **linev = g_strsplit(head ? head : "", "\r\n", -1), *ret = NULL;
	const char *host = strstr(app.url, "://");
	const char *end = host ? strchr(host + 3, '/') : NULL;
	int i;

	for (i = 0; linev[i] && end; i++) {
		if (g_ascii_strncasecmp(linev[i], "location:", 9))
			continue;
		g_strstrip(linev[i] + 9);
		ret = g_strdup_printf("%.*s%s", (int)(end - app.url),
				      app.url, linev[i] + 9);
	}
	g_strfreev(linev);

	return ret;
}


static void negotiate(void)
{
	GstWebRTCSessionDescription *offer = NULL, *answer;
	GstSDPMessage *sdp = NULL;
	char *text, *body, *head = NULL;

	g_object_get(app.rtc, "local-description", &offer, NULL);
	if (!offer) {
		fail("no local description");
		return;
	}
	text = gst_sdp_message_as_text(offer->sdp);
	body = http("POST", app.url, text, &head);
	if (!body || !head || !strstr(head, " 201")) {
		fprintf(stderr, "%s%s\n", head ? head : "", body ? body : "");
		fail("POST was refused");
		goto out;
	}
	app.location = location(head);
	if (gst_sdp_message_new_from_text(body, &sdp) != GST_SDP_OK) {
		fail("the answer is no SDP");
		goto out;
	}
	answer = gst_webrtc_session_description_new(
		GST_WEBRTC_SDP_TYPE_ANSWER, sdp);
	g_signal_emit_by_name(app.rtc, "set-remote-description", answer,
			      NULL);
	gst_webrtc_session_description_free(answer);
 out:
	gst_webrtc_session_description_free(offer);
	g_free(text);
	g_free(body);
	g_free(head);
}


static gboolean negotiate_idle(gpointer arg)
{
	(void)arg;
	negotiate();

	return G_SOURCE_REMOVE;
}


static void gathered(GstElement *rtc, GParamSpec *spec, gpointer arg)
{
	GstWebRTCICEGatheringState state;

	(void)spec;
	(void)arg;
	g_object_get(rtc, "ice-gathering-state", &state, NULL);
	if (state == GST_WEBRTC_ICE_GATHERING_STATE_COMPLETE)
		g_idle_add(negotiate_idle, NULL);
}


static void connection(GstElement *rtc, GParamSpec *spec, gpointer arg)
{
	GstWebRTCPeerConnectionState state;

	(void)spec;
	(void)arg;
	g_object_get(rtc, "connection-state", &state, NULL);
	if (state == GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTED) {
		printf("connected\n");
		fflush(stdout);
	}
	else if (state == GST_WEBRTC_PEER_CONNECTION_STATE_FAILED) {
		fail("the connection failed");
	}
}


static void offer_made(GstPromise *promise, gpointer arg)
{
	GstWebRTCSessionDescription *offer = NULL;

	(void)arg;
	gst_structure_get(gst_promise_get_reply(promise), "offer",
			  GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &offer, NULL);
	g_signal_emit_by_name(app.rtc, "set-local-description", offer, NULL);
	gst_webrtc_session_description_free(offer);
	gst_promise_unref(promise);
}


static void needed(GstElement *rtc, gpointer arg)
{
	(void)arg;
	g_signal_emit_by_name(rtc, "create-offer", NULL,
			      gst_promise_new_with_change_func(offer_made,
							       NULL, NULL));
}


static GstFlowReturn picture(GstAppSink *sink, gpointer arg)
{
	GstSample *sample = gst_app_sink_pull_sample(sink);
	GstStructure *s = gst_caps_get_structure(
		gst_sample_get_caps(sample), 0);
	GstMapInfo map;
	int w = 0, h = 0;
	char *path, *size;

	(void)arg;
	gst_structure_get_int(s, "width", &w);
	gst_structure_get_int(s, "height", &h);
	if (gst_buffer_map(gst_sample_get_buffer(sample), &map,
			   GST_MAP_READ)) {
		path = g_strdup_printf("%s/picture.rgb", app.dir);
		g_file_set_contents(path, (char *)map.data,
				    (gssize)map.size, NULL);
		g_free(path);
		path = g_strdup_printf("%s/picture.size", app.dir);
		size = g_strdup_printf("%dx%d\n", w, h);
		g_file_set_contents(path, size, -1, NULL);
		g_free(size);
		g_free(path);
		gst_buffer_unmap(gst_sample_get_buffer(sample), &map);
	}
	gst_sample_unref(sample);

	return GST_FLOW_OK;
}


static GstFlowReturn sound(GstAppSink *sink, gpointer arg)
{
	GstSample *sample = gst_app_sink_pull_sample(sink);
	GstMapInfo map;

	(void)arg;
	if (gst_buffer_map(gst_sample_get_buffer(sample), &map,
			   GST_MAP_READ)) {
		fwrite(map.data, 1, map.size, app.sound);
		fflush(app.sound);
		gst_buffer_unmap(gst_sample_get_buffer(sample), &map);
	}
	gst_sample_unref(sample);

	return GST_FLOW_OK;
}


static void incoming(GstElement *rtc, GstPad *pad, gpointer arg)
{
	GstCaps *caps = gst_pad_get_current_caps(pad);
	const char *media = caps ? gst_structure_get_string(
		gst_caps_get_structure(caps, 0), "media") : "";
	const gboolean video = !g_strcmp0(media, "video");
	GstAppSinkCallbacks cb = { .new_sample = video ? picture : sound };
	GstElement *bin, *sink;
	GstPad *to;
	char *text;

	(void)rtc;
	(void)arg;
	printf("incoming %s\n", media);
	fflush(stdout);
	text = g_strdup_printf(video ? "queue ! %s ! videoconvert ! "
		"video/x-raw,format=RGB ! appsink name=sink sync=false "
		"max-buffers=2 drop=true" : "queue ! rtpopusdepay ! opusdec ! "
		"audioconvert ! audioresample ! audio/x-raw,format=S16LE,"
		"channels=1,rate=48000 ! appsink name=sink sync=false",
		!strcmp(app.codec, "h264") ?
		"rtph264depay ! h264parse ! openh264dec" :
		"rtpvp8depay ! vp8dec");
	bin = gst_parse_bin_from_description(text, TRUE, NULL);
	g_free(text);
	sink = gst_bin_get_by_name(GST_BIN(bin), "sink");
	gst_app_sink_set_callbacks(GST_APP_SINK(sink), &cb, NULL, NULL);
	gst_object_unref(sink);
	gst_bin_add(GST_BIN(app.pipe), bin);
	gst_element_sync_state_with_parent(bin);
	to = gst_element_get_static_pad(bin, "sink");
	if (GST_PAD_LINK_FAILED(gst_pad_link(pad, to)))
		fail("a stream cannot be linked");
	gst_object_unref(to);
	if (caps)
		gst_caps_unref(caps);
}


static char *send_text(const char *codec, unsigned rgb, const char *hz)
{
	const char *enc =
		!strcmp(codec, "h264") ? "x264enc tune=zerolatency "
		"speed-preset=ultrafast bitrate=800 key-int-max=60 ! "
		"video/x-h264,profile=constrained-baseline ! rtph264pay "
		"config-interval=-1 aggregate-mode=zero-latency" :
		!strcmp(codec, "vp9") ? "vp9enc deadline=1 cpu-used=8 "
		"target-bitrate=800000 keyframe-max-dist=60 ! rtpvp9pay" :
		!strcmp(codec, "h265") ? "x265enc tune=zerolatency "
		"speed-preset=ultrafast bitrate=800 key-int-max=60 ! "
		"video/x-h265,profile=main ! rtph265pay config-interval=-1" :
		"vp8enc deadline=1 cpu-used=8 target-bitrate=800000 "
		"keyframe-max-dist=60 ! rtpvp8pay picture-id-mode=15-bit";
	char *name = g_ascii_strup(codec, -1), *text;

	text = g_strdup_printf(
		"webrtcbin name=rtc bundle-policy=max-bundle "
		"videotestsrc is-live=true pattern=solid-color "
		"foreground-color=0xff%06x ! video/x-raw,width=640,"
		"height=360,framerate=15/1 ! videoconvert ! queue ! %s ! "
		"application/x-rtp,media=video,encoding-name=%s,payload=96 ! "
		"rtc. audiotestsrc is-live=true freq=%s volume=0.3 ! "
		"audioconvert ! audioresample ! queue ! opusenc ! rtpopuspay "
		"! application/x-rtp,media=audio,encoding-name=OPUS,"
		"payload=97 ! rtc.", rgb, enc, name, hz);
	g_free(name);

	return text;
}


static void add_recv(const char *caps)
{
	GstWebRTCRTPTransceiver *tr = NULL;
	GstCaps *c = gst_caps_from_string(caps);

	g_signal_emit_by_name(app.rtc, "add-transceiver",
		GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_RECVONLY, c, &tr);
	gst_caps_unref(c);
	if (tr)
		gst_object_unref(tr);
}


static void add_play(void)
{
	char *name = g_ascii_strup(app.codec, -1);
	char *caps = g_strdup_printf(
		"application/x-rtp,media=video,encoding-name=%s,payload=96,"
		"clock-rate=90000,rtcp-fb-nack-pli=true," MID "%s", name,
		!strcmp(app.codec, "h264") ? ",packetization-mode=(string)1,"
		"profile-level-id=(string)42e01f" : "");

	add_recv("application/x-rtp,media=audio,encoding-name=OPUS,"
		 "payload=97,clock-rate=48000,encoding-params=(string)2,"
		 MID);
	add_recv(caps);
	g_free(caps);
	g_free(name);
}


static gboolean said(GstBus *bus, GstMessage *msg, gpointer arg)
{
	GError *e = NULL;

	(void)bus;
	(void)arg;
	if (GST_MESSAGE_TYPE(msg) == GST_MESSAGE_ERROR) {
		gst_message_parse_error(msg, &e, NULL);
		fail(e->message);
		g_error_free(e);
	}

	return TRUE;
}


static gboolean quit(gpointer arg)
{
	(void)arg;
	g_main_loop_quit(app.loop);

	return G_SOURCE_REMOVE;
}


static int usage(void)
{
	fprintf(stderr, "usage: gst_webrtc send URL CODEC RRGGBB HZ [BEARER]\n"
		"       gst_webrtc play URL CODEC DIR [BEARER]\n");

	return 2;
}


static int setup(int argc, char *argv[])
{
	GError *e = NULL;
	char *text, *path;

	if (argc < 2)
		return usage();
	app.play = !strcmp(argv[1], "play");
	if (argc < (app.play ? 5 : 6))
		return usage();
	app.url   = argv[2];
	app.codec = argv[3];
	if (app.play) {
		app.dir = argv[4];
		app.bearer = argv[5];
		path = g_strdup_printf("%s/sound.s16le", app.dir);
		app.sound = fopen(path, "w");
		g_free(path);
		if (!app.sound)
			return 1;
		text = g_strdup("webrtcbin name=rtc bundle-policy=max-bundle");
	}
	else {
		app.bearer = argc > 6 ? argv[6] : NULL;
		text = send_text(app.codec, (unsigned)strtoul(argv[4], NULL,
							      16), argv[5]);
	}

	app.pipe = gst_parse_launch(text, &e);
	g_free(text);
	if (!app.pipe || e) {
		fprintf(stderr, "gst_webrtc: %s\n", e ? e->message : "?");
		return 1;
	}
	/* a pipeline of one element is not put into a bin */
	if (!GST_IS_BIN(app.pipe) || !GST_IS_PIPELINE(app.pipe)) {
		app.rtc = app.pipe;
		app.pipe = gst_pipeline_new(NULL);
		gst_bin_add(GST_BIN(app.pipe), app.rtc);
		gst_object_ref(app.rtc);
	}
	else {
		app.rtc = gst_bin_get_by_name(GST_BIN(app.pipe), "rtc");
	}

	return 0;
}


int main(int argc, char *argv[])
{
	GstBus *bus;
	int err;

	gst_init(&argc, &argv);
	err = setup(argc, argv);
	if (err)
		return err;

	app.loop = g_main_loop_new(NULL, FALSE);
	bus = gst_element_get_bus(app.pipe);
	gst_bus_add_watch(bus, said, NULL);
	gst_object_unref(bus);
	g_unix_signal_add(SIGTERM, quit, NULL);
	g_unix_signal_add(SIGINT, quit, NULL);
	g_signal_connect(app.rtc, "on-negotiation-needed", G_CALLBACK(needed),
			 NULL);
	g_signal_connect(app.rtc, "notify::ice-gathering-state",
			 G_CALLBACK(gathered), NULL);
	g_signal_connect(app.rtc, "notify::connection-state",
			 G_CALLBACK(connection), NULL);
	g_signal_connect(app.rtc, "pad-added", G_CALLBACK(incoming), NULL);
	if (app.play)
		add_play();
	gst_element_set_state(app.pipe, GST_STATE_PLAYING);
	g_main_loop_run(app.loop);

	if (app.location)
		g_free(http("DELETE", app.location, NULL, NULL));
	gst_element_set_state(app.pipe, GST_STATE_NULL);
	gst_object_unref(app.rtc);
	gst_object_unref(app.pipe);
	g_free(app.location);
	if (app.sound)
		fclose(app.sound);

	return app.status;
}
