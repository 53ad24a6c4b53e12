/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/flow/peer.c -- a SIP client that does exactly what a test says
 *
 *	peer [-t] IP PORT SERVER PORT DIR
 *
 * Call N (0 at first) has its audio at PORT + 20 N and its video at
 * PORT + 20 N + 2, RTCP one above each; SIP is at PORT + 100.
 *
 *	call N                      the following is about call N
 *	invite USER [BODY-FILE]     a new dialog; ACKs by itself
 *	req METHOD [BODY-FILE]      a request of that call
 *	again                       the last request once more, as it was
 *	header [LINE]               add to each request of ours; none: clear
 *	rheader [LINE]              add to each answer of ours
 *	ackbody FILE  answer FILE   bodies of ACK and of 200 to theirs
 *	reply STATUS                to INVITEs of theirs in the call, 0: none
 *	noack 0|1                   no ACK to a 200
 *	raw FILE                    these bytes
 *	remote audio|video IP PORT  where RTP goes, as if an SDP had said so
 *	bind audio PORT             from now on from this port
 *	audio pcmu|pcma|g722|opus HZ PTIME PT    audio stop
 *	cn N  digit D MS PT         comfort noise; an RFC 4733 event
 *	video FILE h264|h264-0|vp8|vp8part FPS PT    video stop
 *	drop N                      lose each Nth video packet, 0: none
 *	quiet audio|video           no RTCP from us
 *	storm pli|fir|info N MS     so many, so far apart
 *	tmmbr KBPS                  asks for not more than that of pictures
 *	bye                         RTCP BYE on both
 *	forget                      counting and files begin anew
 *	stat                        DIR/stat.json
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/flow/peer.h"

struct peer peer;

static struct call *cur = &peer.callv[0];
static struct {
	char what[8];
	int left;
	uint64_t step_us, next_us;
} storm;


uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);

	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}


void note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	(void)putchar('\n');
	(void)fflush(stdout);
}


int addr_set(struct addr *a, const char *ip, int port)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST |
				 AI_NUMERICSERV, .ai_socktype = SOCK_DGRAM};
	struct addrinfo *res;
	char serv[8];

	(void)snprintf(serv, sizeof(serv), "%d", port & 0xffff);
	if (getaddrinfo(ip, serv, &hints, &res))
		return EINVAL;
	memcpy(&a->ss, res->ai_addr, res->ai_addrlen);
	a->len = res->ai_addrlen;
	freeaddrinfo(res);

	return 0;
}


int sock_bind(const char *ip, int port, bool tcp)
{
	int one = 1, size = 1 << 20, fd;
	struct addr a;

	if (addr_set(&a, ip, port))
		return -1;
	fd = socket(a.ss.ss_family, (tcp ? SOCK_STREAM : SOCK_DGRAM) |
		    SOCK_CLOEXEC, 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&a.ss, a.len)) {
		perror("peer: bind");
		exit(1);
	}

	return fd;
}


char *file_read(const char *path, size_t *lenp)
{
	FILE *f = fopen(path, "rb");
	char *p;
	long n;

	if (!f) {
		note("error %s: %s", path, strerror(errno));
		return NULL;
	}
	(void)fseek(f, 0, SEEK_END);
	n = ftell(f);
	rewind(f);
	p = malloc((size_t)n + 1);
	if (p && fread(p, 1, (size_t)n, f) == (size_t)n) {
		p[n] = 0;
		*lenp = (size_t)n;
	}
	(void)fclose(f);

	return p;
}


static void stat_write(void)
{
	char path[600], tmp[610];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/stat.json", peer.dir);
	(void)snprintf(tmp, sizeof(tmp), "%s.new", path);
	f = fopen(tmp, "w");
	if (!f)
		return;
	(void)fprintf(f, "{\"up\":%s,\"infos\":%u,\"byes\":%u,"
		      "\"reinvites\":%u,\"updates\":%u,",
		      cur->up ? "true" : "false", cur->infos, cur->byes,
		      cur->reinvites, cur->updates);
	stream_print(f, &cur->a);
	(void)fputc(',', f);
	stream_print(f, &cur->v);
	(void)fputs("}\n", f);
	if (cur->a.out)
		(void)fflush(cur->a.out);
	if (cur->v.out)
		(void)fflush(cur->v.out);
	(void)fclose(f);
	(void)rename(tmp, path);
}


static void add_line(char *buf, size_t size, const char *line)
{
	size_t n = strlen(buf);

	if (!*line)
		buf[0] = 0;
	else
		(void)snprintf(buf + n, size - n, "%s\r\n", line);
}


static struct stream *stream_of(const char *name)
{
	return !strcmp(name, "video") ? &cur->v : &cur->a;
}


static void rebind(struct stream *s, int port)
{
	(void)close(s->fdv[0]);
	(void)close(s->fdv[1]);
	s->fdv[0] = sock_bind(peer.ip, port, false);
	s->fdv[1] = sock_bind(peer.ip, port + 1, false);
}


static void invite(int argc, char **argv)
{
	if (!cur->used || argc > 1) {
		if (argc > 1)
			(void)snprintf(cur->user, sizeof(cur->user), "%s",
				       argv[1]);
		(void)snprintf(cur->callid, sizeof(cur->callid),
			       "c%llx-%d", (unsigned long long)now_us(),
			       (int)getpid());
		(void)snprintf(cur->tag, sizeof(cur->tag), "t%x",
			       (unsigned)now_us());
		cur->rtag[0] = cur->target[0] = 0;
		cur->used = true;
		cur->up = false;
		if (!cur->a.fdv[0] && (stream_open(&cur->a, cur, false) ||
				       stream_open(&cur->v, cur, true)))
			exit(1);
	}
	sip_request(cur, "INVITE", argc > 2 ? argv[2] : NULL);
}


static void media_command(int argc, char **argv)
{
	struct stream *s = stream_of(argv[0]);

	if (argc == 2)
		s->sending = false;
	else if (argc == 5 && s->video)
		(void)video_start(s, argv[1], argv[2],
				  (unsigned)atoi(argv[3]), atoi(argv[4]));
	else if (argc == 5)
		(void)audio_start(s, argv[1], atof(argv[2]),
				  (unsigned)atoi(argv[3]), atoi(argv[4]));
	else
		note("error usage %s", argv[0]);
}


static void storm_start(char **argv)
{
	(void)snprintf(storm.what, sizeof(storm.what), "%s", argv[1]);
	storm.left    = atoi(argv[2]);
	storm.step_us = (uint64_t)atoi(argv[3]) * 1000;
	storm.next_us = now_us();
}


static void storm_run(uint64_t now)
{
	char path[600];

	while (storm.left && storm.next_us <= now) {
		--storm.left;
		storm.next_us += storm.step_us;
		if (strcmp(storm.what, "info")) {
			stream_ask(&cur->v, !strcmp(storm.what, "fir"));
			continue;
		}
		(void)snprintf(path, sizeof(path), "%s/pfu.xml", peer.dir);
		sip_request(cur, "INFO", path);
	}
}


static void command_rtp(int argc, char **argv)
{
	const char *cmd = argv[0];

	if ((!strcmp(cmd, "audio") || !strcmp(cmd, "video")) && argc > 1)
		media_command(argc, argv);
	else if (!strcmp(cmd, "remote") && argc == 4)
		stream_remote(stream_of(argv[1]), argv[2], atoi(argv[3]),
			      atoi(argv[3]) + 1, false);
	else if (!strcmp(cmd, "open")) {
		(void)stream_open(&cur->a, cur, false);
		(void)stream_open(&cur->v, cur, true);
		cur->used = true;
	}
	else if (!strcmp(cmd, "bind") && argc == 3)
		rebind(stream_of(argv[1]), atoi(argv[2]));
	else if (!strcmp(cmd, "cn") && argc == 2)
		audio_cn(&cur->a, atoi(argv[1]));
	else if (!strcmp(cmd, "digit") && argc == 4)
		audio_digit(&cur->a, atoi(argv[1]), (unsigned)atoi(argv[2]),
			    atoi(argv[3]));
	else if (!strcmp(cmd, "drop") && argc == 2)
		cur->v.drop = (unsigned)atoi(argv[1]);
	else if (!strcmp(cmd, "quiet") && argc == 2)
		stream_of(argv[1])->quiet = true;
	else if (!strcmp(cmd, "tmmbr") && argc == 2)
		stream_limit(&cur->v, (unsigned)atoi(argv[1]));
	else if (!strcmp(cmd, "storm") && argc == 4)
		storm_start(argv);
	else if (!strcmp(cmd, "bye")) {
		stream_bye(&cur->a);
		stream_bye(&cur->v);
	}
	else if (!strcmp(cmd, "forget")) {
		stream_forget(&cur->a);
		stream_forget(&cur->v);
		cur->infos = 0;
	}
	else
		note("error command %s", cmd);
}


static void command(char *line)
{
	char *argv[8], *rest = strchr(line, ' '), *p, copy[1024];
	size_t n;
	int argc = 0;

	rest = rest ? rest + 1 : line + strlen(line);
	(void)snprintf(copy, sizeof(copy), "%s", rest);
	for (p = strtok(line, " "); p && argc < 8; p = strtok(NULL, " "))
		argv[argc++] = p;
	if (!argc)
		return;

	if (!strcmp(argv[0], "header"))
		add_line(peer.header, sizeof(peer.header), copy);
	else if (!strcmp(argv[0], "rheader"))
		add_line(peer.reply_header, sizeof(peer.reply_header), copy);
	else if (!strcmp(argv[0], "ackbody"))
		(void)snprintf(peer.ack_body, sizeof(peer.ack_body), "%s",
			       copy);
	else if (!strcmp(argv[0], "answer"))
		(void)snprintf(peer.answer_body, sizeof(peer.answer_body),
			       "%s", copy);
	else if (!strcmp(argv[0], "reply"))
		peer.reply = atoi(copy);
	else if (!strcmp(argv[0], "noack"))
		peer.lost_ack = atoi(copy);
	else if (!strcmp(argv[0], "call"))
		cur = &peer.callv[atoi(copy) % CALLS];
	else if (!strcmp(argv[0], "invite"))
		invite(argc, argv);
	else if (!strcmp(argv[0], "req") && argc > 1)
		sip_request(cur, argv[1], argc > 2 ? argv[2] : NULL);
	else if (!strcmp(argv[0], "again") && peer.last)
		sip_send(peer.last, peer.lastn);
	else if (!strcmp(argv[0], "raw") && (p = file_read(copy, &n))) {
		sip_send(p, n);
		free(p);
	}
	else if (!strcmp(argv[0], "stat"))
		stat_write();
	else if (strcmp(argv[0], "raw"))
		command_rtp(argc, argv);
}


static bool commands(void)
{
	static char buf[4096];
	static size_t len;
	ssize_t n = read(0, buf + len, sizeof(buf) - 1 - len);
	char *nl;

	if (n <= 0)
		return false;
	len += (size_t)n;
	buf[len] = 0;
	while ((nl = strchr(buf, '\n'))) {
		*nl = 0;
		command(buf);
		len -= (size_t)(nl + 1 - buf);
		memmove(buf, nl + 1, len + 1);
	}

	return true;
}


static void run(uint64_t now)
{
	int i;

	for (i = 0; i < CALLS; i++) {
		struct call *c = &peer.callv[i];

		if (!c->used)
			continue;
		audio_run(&c->a, now);
		video_run(&c->v, now);
		stream_rtcp(&c->a, now);
		stream_rtcp(&c->v, now);
	}
	storm_run(now);
}


int main(int argc, char **argv)
{
	int t = argc > 1 && !strcmp(argv[1], "-t");

	if (argc != 6 + t) {
		(void)fprintf(stderr, "usage: peer [-t] IP PORT SERVER PORT "
			      "DIR\n");
		return 2;
	}
	argv += t;
	peer.tcp      = t;
	peer.ip       = argv[1];
	peer.port     = atoi(argv[2]);
	peer.srv_ip   = argv[3];
	peer.srv_port = atoi(argv[4]);
	peer.dir      = argv[5];
	peer.reply    = 200;
	if (sip_open())
		return 1;
	note("ready");

	for (;;) {
		struct pollfd fds[2 + 4 * CALLS];
		struct stream *sv[2 + 4 * CALLS];
		int i, j, n = 2;

		fds[0] = (struct pollfd){.fd = 0, .events = POLLIN};
		fds[1] = (struct pollfd){.fd = peer.sip, .events = POLLIN};
		for (i = 0; i < CALLS; i++) {
			struct call *c = &peer.callv[i];

			for (j = 0; c->used && j < 4; j++, n++) {
				sv[n]  = j < 2 ? &c->a : &c->v;
				fds[n] = (struct pollfd){
					.fd = sv[n]->fdv[j & 1],
					.events = POLLIN};
			}
		}
		(void)poll(fds, (nfds_t)n, 2);
		run(now_us());
		for (i = 2; i < n; i++)
			if (fds[i].revents)
				stream_receive(sv[i], i & 1);
		if (fds[1].revents)
			sip_receive();
		if (fds[0].revents && !commands())
			return 0;
	}
}
