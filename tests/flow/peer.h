/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/flow/peer.h -- a SIP client that does exactly what a test says
 *
 * Commands come a line at a time on stdin (peer.c has the list), what
 * arrives is logged on stdout and written below its directory.  No library
 * of the tree and not libre: bytes are put together by hand, so that it can
 * be wrong where a test wants that.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_FLOW_PEER_H
#define TUTTI_TESTS_FLOW_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

enum { CALLS = 3, CALL_PORTS = 20, SIP_PORT_OFF = 100, PKT_MAX = 1200 };

struct addr {
	struct sockaddr_storage ss;
	socklen_t len;
};

struct counts {
	uint64_t packets, bytes, frames, idrs, lost;
	uint64_t idr_ms, idr_gap_ms;      /* the last, the least between  */
	uint64_t first_ms, last_ms;
	uint64_t fu, stap, single, cn, te, stereo, empty;
	unsigned size_max, ts_step, pt, ptc[128];
	unsigned sr, rr, sdes, bye, pli, fir, tmmbr, remb, mux, sep, bad;
	long sr_off_ms, sr_off_max;
	char cname[80];
	uint32_t ssrc;
};

/* One m-line's RTP */
struct stream {
	bool video;
	char name[8];             /* of its files                         */
	int fdv[2];               /* RTP, RTCP                            */
	struct addr tov[2];
	bool mux;
	uint32_t ssrc, ts;
	uint16_t seq;
	bool sending, quiet;      /* quiet: no RTCP from us               */
	int pt;
	uint64_t next_us, rtcp_us;
	uint32_t tx_packets, tx_bytes;
	unsigned drop;            /* lose each so many-th packet          */

	uint16_t rx_seq;
	uint32_t rx_ts;
	bool rx_any;
	struct counts c;
	FILE *out;
	struct peer_audio *audio;
	struct peer_video *vid;
};

struct call {
	int idx;
	bool used, up;
	char callid[64], tag[16], rtag[128], target[256], user[64];
	unsigned cseq, invite_cseq, branch;
	char invite_via[200];
	struct stream a, v;
	unsigned infos, byes, reinvites, updates;
};

struct peer {
	const char *dir, *ip, *srv_ip;
	int port, srv_port, sip;
	bool tcp;
	struct addr srv;
	struct call callv[CALLS];
	char header[1024];        /* more lines for our requests          */
	char reply_header[1024];
	char ack_body[1024];      /* a file, of a late offer's answer     */
	char answer_body[1024];   /* a file, to what is offered to us     */
	int reply;                /* status to re-INVITEs of theirs       */
	bool lost_ack;
	char *last;               /* request sent, for `again`            */
	size_t lastn;
	unsigned rxc;
};

extern struct peer peer;

uint64_t now_us(void);
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int  addr_set(struct addr *a, const char *ip, int port);
int  sock_bind(const char *ip, int port, bool tcp);
char *file_read(const char *path, size_t *lenp);

/* peer_sip.c */
int  sip_open(void);
void sip_receive(void);
void sip_request(struct call *c, const char *method, const char *body);
void sip_send(const char *p, size_t n);

/* peer_rtp.c */
int  stream_open(struct stream *s, struct call *c, bool video);
void stream_receive(struct stream *s, int i);
void stream_send(struct stream *s, const uint8_t *p, size_t n, uint32_t ts,
		 bool marker, int pt);
void stream_rtcp(struct stream *s, uint64_t now);
void stream_ask(struct stream *s, bool fir);
void stream_limit(struct stream *s, unsigned kbps);
void stream_bye(struct stream *s);
void stream_forget(struct stream *s);
void stream_remote(struct stream *s, const char *ip, int port, int rtcp,
		   bool mux);
void stream_print(FILE *f, const struct stream *s);
void call_sdp(struct call *c, const char *sdp);

/* peer_audio.c */
int  audio_start(struct stream *s, const char *codec, double hz,
		 unsigned ptime, int pt);
void audio_run(struct stream *s, uint64_t now);
void audio_heard(struct stream *s, int pt, const uint8_t *p, size_t n);
void audio_digit(struct stream *s, int digit, unsigned ms, int pt);
void audio_cn(struct stream *s, int n);

/* peer_video.c */
int  video_start(struct stream *s, const char *file, const char *how,
		 unsigned fps, int pt);
void video_run(struct stream *s, uint64_t now);
void video_seen(struct stream *s, const uint8_t *p, size_t n, uint32_t ts,
		bool marker, bool lost);
void video_key(struct stream *s);

#endif
