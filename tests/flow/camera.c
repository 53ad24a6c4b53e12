/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/flow/camera.c -- an RTSP camera, for sources: GStreamer's server
 *
 *	camera ADDRESS PORT HZ     serves rtsp://ADDRESS:PORT/cam until killed:
 *	                           H.264 640x360 at 15, all of it blue, and a
 *	                           tone in G.711
 */
#include <stdio.h>
#include <stdlib.h>

#include <gst/rtsp-server/rtsp-server.h>


int main(int argc, char **argv)
{
	GstRTSPMediaFactory *factory;
	GstRTSPMountPoints *mounts;
	GstRTSPServer *server;
	char launch[512];

	if (argc != 4) {
		fprintf(stderr, "usage: camera ADDRESS PORT HZ\n");
		return 2;
	}
	gst_init(NULL, NULL);

	snprintf(launch, sizeof(launch),
		 "( videotestsrc is-live=true pattern=blue ! "
		 "video/x-raw,format=I420,width=640,height=360,framerate=15/1 "
		 "! x264enc tune=zerolatency speed-preset=ultrafast "
		 "key-int-max=30 ! rtph264pay name=pay0 pt=96 "
		 "audiotestsrc is-live=true freq=%d volume=0.3 ! "
		 "audio/x-raw,rate=8000,channels=1 ! alawenc ! "
		 "rtppcmapay name=pay1 pt=8 )", atoi(argv[3]));

	factory = gst_rtsp_media_factory_new();
	gst_rtsp_media_factory_set_launch(factory, launch);
	gst_rtsp_media_factory_set_shared(factory, TRUE);

	server = gst_rtsp_server_new();
	gst_rtsp_server_set_address(server, argv[1]);
	gst_rtsp_server_set_service(server, argv[2]);
	mounts = gst_rtsp_server_get_mount_points(server);
	gst_rtsp_mount_points_add_factory(mounts, "/cam", factory);
	g_object_unref(mounts);
	if (!gst_rtsp_server_attach(server, NULL)) {
		fprintf(stderr, "camera: %s:%s: cannot serve\n", argv[1],
			argv[2]);
		return 1;
	}
	puts("ready");
	fflush(stdout);
	g_main_loop_run(g_main_loop_new(NULL, FALSE));

	return 0;
}
