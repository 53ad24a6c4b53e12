/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/flow/sip_uas.c -- sip/ alone, for sipp: canned SDP, events on stdout
 *
 *	sip_uas [-t T1:SECOND] [-s SE] [-d URI [-h MS]] TRANSPORT…
 *
 * Who is called says what happens: 3000 rings and answers, ring only rings,
 * busy and nomedia refuse, modify answers and re-INVITEs, hangup answers
 * and hangs up, nobody is not known.  With -d it calls and leaves when the
 * call is over.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sip/private.h"

static struct sipstack *ss;
static struct tmr tmr;
static unsigned hangup_ms;
static bool dialled;
static struct list partyl;        /* calls still up when we are told to end */

struct party {
	struct le le;
	struct call *call;
	struct tmr tmr;
};


static struct mbuf *sdp(const char *what)
{
	struct mbuf *mb = mbuf_alloc(256);

	(void)mbuf_printf(mb,
			  "v=0\r\n"
			  "o=- 1 1 IN IP4 127.0.0.1\r\n"
			  "s=%s\r\n"
			  "c=IN IP4 127.0.0.1\r\n"
			  "t=0 0\r\n"
			  "m=audio 40000 RTP/AVP 0\r\n", what);
	mb->pos = 0;

	return mb;
}


static void party_destructor(void *arg)
{
	struct party *pt = arg;

	list_unlink(&pt->le);
	tmr_cancel(&pt->tmr);
	mem_deref(pt->call);
}


static int offer_handler(struct mbuf *offer, struct mbuf **answerp,
			 char *errbuf, size_t errsz, void *arg)
{
	struct pl dir = PL("sendrecv");
	(void)errbuf;
	(void)errsz;
	(void)arg;

	(void)re_regex((char *)mbuf_buf(offer), mbuf_get_left(offer),
		       "a=[a-z]+", &dir);
	re_printf("offer %r\n", &dir);
	*answerp = sdp("answer");

	return 0;
}


static int make_offer_handler(struct mbuf **offerp, void *arg)
{
	(void)arg;
	re_printf("make_offer\n");
	*offerp = sdp("fresh");

	return 0;
}


static int answer_handler(struct mbuf *answer, void *arg)
{
	(void)answer;
	(void)arg;
	re_printf("answer\n");

	return 0;
}


static void refused_handler(uint16_t scode, void *arg)
{
	(void)arg;
	re_printf("refused %u\n", scode);
}


static void progress_handler(uint16_t scode, const char *reason, void *arg)
{
	(void)arg;
	re_printf("progress %u %s\n", scode, reason);
}


static void modify_handler(void *arg)
{
	struct party *pt = arg;
	struct mbuf *mb = sdp("modified");

	(void)call_modify(pt->call, mb);
	mem_deref(mb);
}


static void hangup_handler(void *arg)
{
	struct party *pt = arg;

	re_printf("hangup\n");
	call_hangup(pt->call, "enough");
	if (dialled)
		re_cancel();
	mem_deref(pt);
}


static void estab_handler(void *arg)
{
	struct party *pt = arg;
	const char *user = call_user(pt->call);

	re_printf("estab\n");
	if (!dialled && !strcmp(user, "modify"))
		tmr_start(&pt->tmr, 100, modify_handler, pt);
	if (!dialled && !strcmp(user, "hangup"))
		tmr_start(&pt->tmr, 100, hangup_handler, pt);
	if (dialled && hangup_ms)
		tmr_start(&pt->tmr, hangup_ms, hangup_handler, pt);
}


static void key_frame_handler(void *arg)
{
	(void)arg;
	re_printf("key_frame\n");
}


static void dtmf_handler(char digit, unsigned ms, void *arg)
{
	(void)arg;
	re_printf("dtmf %c %u\n", digit, ms);
}


static void close_handler(uint16_t scode, const char *reason, void *arg)
{
	re_printf("close %u %s\n", scode, reason);
	if (dialled)
		re_cancel();
	mem_deref(arg);
}


static const struct call_h handlers = {
	.offerh = offer_handler, .make_offerh = make_offer_handler,
	.answerh = answer_handler, .refusedh = refused_handler,
	.progressh = progress_handler, .estabh = estab_handler,
	.key_frameh = key_frame_handler, .dtmfh = dtmf_handler,
	.closeh = close_handler,
};


static void incoming_handler(struct call *call, void *arg)
{
	const char *user = call_user(call);
	struct party *pt;
	struct mbuf *mb;
	(void)arg;

	re_printf("incoming %s\n", user);
	if (!strcmp(user, "busy") || !strcmp(user, "nomedia")) {
		bool busy = user[0] == 'b';

		(void)call_reject(call, busy ? 486 : 488, busy ? "Busy Here"
				  : "Not Acceptable Here", 0);
		mem_deref(call);
		return;
	}

	pt = mem_zalloc(sizeof(*pt), party_destructor);
	list_append(&partyl, &pt->le, pt);
	pt->call = call;
	call_set_handlers(call, &handlers, pt);
	(void)call_progress(call, 180, "Ringing");
	if (!strcmp(user, "ring"))
		return;

	mb = sdp(call_offer(call) ? "answer" : "offer");
	(void)call_answer(call, mb);
	mem_deref(mb);
}


static bool known_handler(const struct pl *user, void *arg)
{
	(void)arg;
	return pl_strcmp(user, "nobody") != 0;
}


static void done_handler(void *arg)
{
	(void)arg;
	re_cancel();
}


static void signal_handler(int sig)
{
	(void)sig;
	sipstack_close(ss, done_handler, NULL);
}


static void end_handler(void *arg)
{
	(void)arg;
	re_cancel();
}


static int dial(const char *uri)
{
	struct party *pt = mem_zalloc(sizeof(*pt), party_destructor);
	struct mbuf *mb = sdp("dial");
	int err;

	list_append(&partyl, &pt->le, pt);
	dialled = true;
	err = call_dial(&pt->call, ss, uri, "3000", "Room", mb, &handlers,
			pt);
	mem_deref(mb);
	if (err)
		mem_deref(pt);

	return err;
}


int main(int argc, char **argv)
{
	struct sip_cfg cfg = {
		.software = "sip_uas", .min_se_s = 90,
		.incomingh = incoming_handler, .knownh = known_handler,
	};
	unsigned t1 = 500, second = 1000;
	const char *uri = NULL;
	int c, err;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((c = getopt(argc, argv, "d:h:s:t:")) != -1) {
		if (c == 'd')
			uri = optarg;
		else if (c == 'h')
			hangup_ms = atoi(optarg);
		else if (c == 's')
			cfg.session_expires_s = atoi(optarg);
		else if (c != 't' ||
			 sscanf(optarg, "%u:%u", &t1, &second) != 2)
			return 2;
	}

	if (libre_init())
		return 1;

	err = sipstack_alloc(&ss, &cfg);
	for (; !err && optind < argc; optind++)
		err = sipstack_listen(ss, argv[optind]);
	if (!err) {
		sipstack_test_clock(ss, t1, second);
		re_printf("ready\n");
		if (uri)
			err = dial(uri);
	}
	if (!err) {
		(void)re_main(signal_handler);
		/* the last words of a call that we dialled */
		tmr_start(&tmr, 300, end_handler, NULL);
		(void)re_main(NULL);
	}
	if (err)
		(void)re_fprintf(stderr, "sip_uas: %m\n", err);

	mem_deref(ss);
	list_flush(&partyl);
	libre_close();

	return err ? 1 : 0;
}
