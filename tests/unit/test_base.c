/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_base.c -- configuration, ticket, messages
 */
#include <stdlib.h>
#include <unistd.h>
#include <sys/socket.h>

#include <re.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/ipc.h"
#include "base/json.h"
#include "base/log.h"
#include "base/ticket.h"
#include "tests/unit/test.h"


static const struct {
	const char *line, *want;      /* want: part of the message, or NULL */
} linev[] = {
	{"data_dir /tmp/x",               NULL},
	{"data_dir x",                    "absolute"},
	{"data_dirr /x",                  "unknown key \"data_dirr\""},
	{"data_dir",                      "value missing"},
	{"media_ports 20000-29999",       NULL},
	{"media_ports 20001-29999",       "EVEN-ODD"},
	{"media_ports 29998-20001",       "EVEN-ODD"},
	{"media_ports 2-29999",           "EVEN-ODD"},
	{"sip_listen udp 127.0.0.1:5060", NULL},
	{"sip_listen udp [::1]:5060",     NULL},
	{"sip_listen udp 0.0.0.0:5060",   NULL},
	{"sip_listen tcp [::]:5060",      NULL},
	{"sip_listen udp 1.2.3.4:0",      "ADDRESS:PORT"},
	{"sip_listen sctp 1.2.3.4:5060",  "udp tcp tls"},
	{"sip_listen udp 1.2.3.4",        "ADDRESS:PORT"},
	{"public_address 203.0.113.7",    NULL},
	{"public_address host",           "IP address"},
	{"linger_s 0",                    NULL},
	{"linger_s -1",                   "number from 0 to 3600"},
	{"linger_s 99999999999999999999", "number"},
	{"canvas 1x1",                    "one of"},
	{"   log_level debug  # all",     NULL},
	{"",                              "empty"},
};


static int test_conf_lines(void)
{
	char errbuf[512];
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(linev); i++) {
		struct config *conf = NULL;
		int e;

		TEST_ERR(config_alloc(&conf));
		errbuf[0] = '\0';
		e = config_set(conf, linev[i].line, errbuf, sizeof(errbuf));
		mem_deref(conf);
		if (!linev[i].want) {
			TEST_EQ(0, e);
			continue;
		}
		TEST_EQ(EBADMSG, e);
		if (!strstr(errbuf, linev[i].want))
			TEST_FAIL("'%s': %s", linev[i].line, errbuf);
	}
 out:
	return err;
}


/* What is built in would be taken from a file too */
static int test_conf_defaults(void)
{
	char line[256], errbuf[512] = "";
	struct config *conf = NULL;
	size_t i;
	int err;

	err = config_alloc(&conf);
	TEST_ERR(err);
	for (i = 0; i < config_keyc; i++) {
		if (!config_keyv[i].dflt)
			continue;
		re_snprintf(line, sizeof(line), "%s %s", config_keyv[i].name,
			    config_keyv[i].dflt);
		if (config_set(conf, line, errbuf, sizeof(errbuf)))
			TEST_FAIL("%s", errbuf);
	}
 out:
	mem_deref(conf);
	return err;
}


static int write_file(char *path, const char *text)
{
	int fd = mkstemp(path);
	size_t n = strlen(text);

	if (fd < 0)
		return errno;
	if (write(fd, text, n) != (ssize_t)n) {
		close(fd);
		return EIO;
	}
	close(fd);

	return 0;
}


static int count_handler(const char *val, void *arg)
{
	unsigned *n = arg;

	(void)val;
	++*n;

	return 0;
}


static int test_conf_file(void)
{
	char path[] = "/tmp/tutti-conf-XXXXXX", path2[] =
		"/tmp/tutti-conf-XXXXXX", errbuf[512] = "", want[128];
	struct config *conf = NULL;
	unsigned n = 0;
	int err;

	TEST_ERR(write_file(path, "# all\nlinger_s 7\n"
			    "sip_listen udp 1.2.3.4:1\n"
			    "sip_listen tcp 1.2.3.4:2\n"
			    "log_level debug # why\n"));
	err = config_alloc(&conf);
	TEST_ERR(err);
	TEST_ERR(config_set(conf, "log_level error", errbuf, sizeof(errbuf)));
	TEST_ERR(config_load(conf, path, errbuf, sizeof(errbuf)));
	TEST_EQ(7, config_u32(conf, "linger_s"));
	TEST_STR("error", config_str(conf, "log_level"));
	TEST_ERR(config_apply(conf, "sip_listen", count_handler, &n));
	TEST_EQ(2, n);

	TEST_ERR(write_file(path2, "linger_s 7\n\nlinger_s 8\n"));
	conf = mem_deref(conf);
	TEST_ERR(config_alloc(&conf));
	TEST_EQ(EBADMSG, config_load(conf, path2, errbuf, sizeof(errbuf)));
	re_snprintf(want, sizeof(want), "%s:3: linger_s: given twice", path2);
	TEST_STR(want, errbuf);
	TEST_EQ(ENOENT, config_load(conf, "/nonexistent", errbuf,
				  sizeof(errbuf)));
 out:
	unlink(path);
	unlink(path2);
	mem_deref(conf);
	return err;
}


/* An order with a bound; what is no such list changes nothing. */
static int test_pins(void)
{
	static const char *const badv[] = {
		"{}", "7", "[0]", "[-1]", "[1, 1]", "[4294967296]", "[\"1\"]",
		"[1,2,3,4,5,6,7,8,9,10]", "[1.5]", "[null]",
	};
	struct pins p = pins_one(0), q = pins_one(7);
	json_t *obj = NULL;
	int err = 0;

	TEST_EQ(0, pins_first(&p));
	TEST_EQ(EINVAL, pins_add(&p, 0));
	for (uint32_t i = 1; i <= PINS_MAX; i++)
		TEST_ERR(pins_add(&p, i * 10));
	TEST_EQ(EALREADY, pins_add(&p, 50));
	TEST_EQ(ENOSPC, pins_add(&p, 51));
	TEST_TRUE(pins_del(&p, 10) && !pins_del(&p, 10));
	TEST_TRUE(pins_has(&p, 90) && !pins_has(&p, 10));
	TEST_EQ(20, pins_first(&p));
	TEST_EQ(PINS_MAX - 1, p.legc);
	TEST_EQ(0, p.legv[PINS_MAX - 1]);
	TEST_ERR(pins_add(&p, 10));
	obj = pins_encode(&p);
	TEST_ERR(pins_decode(&q, obj));
	TEST_TRUE(pins_equal(&p, &q));
	for (size_t i = 0; i < ARRAY_SIZE(badv); i++) {
		json_decref(obj);
		obj = json_loads(badv[i], JSON_DECODE_ANY, NULL);
		TEST_TRUE(obj);
		TEST_EQ(EBADMSG, pins_decode(&q, obj));
		TEST_TRUE(pins_equal(&p, &q));
	}
	TEST_EQ(EBADMSG, pins_decode(&q, NULL));
 out:
	json_decref(obj);
	return err;
}

static int test_ticket(void)
{
	struct ticket t, u;
	json_t *a = NULL, *b = NULL;
	char errbuf[128] = "";
	int err = 0;

	ticket_init(&t, 42);
	strcpy(t.name, "Ann \xe2\x82\xac");
	t.audio.on = t.audio.send = t.audio.recv = true;
	t.audio.rtp_fd = 0;
	t.audio.ptime_ms = 20;
	t.audio.fmtc = 2;
	t.audio.fmtv[0] = (struct ticket_fmt) {
		.codec = CODEC_TELEV, .pt = 101, .tx_pt = 101,
		.clock_hz = 8000, .channels = 1 };
	t.audio.fmtv[1] = (struct ticket_fmt) {
		.codec = CODEC_OPUS, .pt = 96, .tx_pt = 97, .clock_hz = 48000,
		.channels = 2, .fec = true, .max_bitrate = 20000 };
	TEST_ERR(sa_set_str(&t.audio.raddr, "2001:db8::1", 4000));
	TEST_ERR(sa_set_str(&t.audio.latched, "192.0.2.1", 4002));
	t.pins = (struct pins){{9, 7}, 2};

	a = ticket_encode(&t);
	TEST_TRUE(a);
	TEST_ERR(ticket_decode(&u, a, errbuf, sizeof(errbuf)));
	b = ticket_encode(&u);
	TEST_TRUE(json_equal(a, b));
	TEST_TRUE(sa_cmp(&t.audio.raddr, &u.audio.raddr, SA_ALL));
	TEST_EQ(CODEC_OPUS, ticket_tx(&u.audio)->codec);
	TEST_TRUE(!ticket_tx(&u.video));
	TEST_TRUE(pins_equal(&t.pins, &u.pins));

	json_object_set_new(json_object_get(b, "audio"), "ptime_ms",
			    json_integer(5));
	TEST_EQ(EBADMSG, ticket_decode(&u, b, errbuf, sizeof(errbuf)));
	TEST_STR("audio.ptime_ms: want 10..60", errbuf);
 out:
	json_decref(a);
	json_decref(b);
	return err;
}


struct peer {
	struct ipc *ipc;
	unsigned msgs, fds;
	bool closed;
	struct tmr tmr;
};


static void recv_handler(json_t *msg, int *fdv, size_t fdc, void *arg)
{
	struct peer *p = arg;
	uint32_t n = 0;

	(void)fdv;
	(void)json_u32(msg, "n", &n);
	if (n == p->msgs)
		++p->msgs;
	p->fds += (unsigned)fdc;
}


static void close_handler(int err, void *arg)
{
	struct peer *p = arg;

	(void)err;
	p->closed = true;
	re_cancel();
}


static void timeout(void *arg)
{
	(void)arg;
	re_cancel();
}


/* More than the kernel takes at once: nothing lost, order kept. */
static int test_ipc(void)
{
	struct peer a = {0}, b = {0};
	char big[4001];
	int fdv[2], pipev[2] = {-1, -1}, err, i;

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';

	err = ipc_pair(fdv);
	TEST_ERR(err);
	TEST_ERR(ipc_alloc(&a.ipc, fdv[0], recv_handler, close_handler, &a));
	TEST_ERR(ipc_alloc(&b.ipc, fdv[1], recv_handler, close_handler, &b));
	TEST_EQ(0, pipe(pipev));

	for (i = 0; i < 400; i++)
		TEST_ERR(ipc_send(a.ipc, json_pack("{s:i,s:s}", "n", i, "x",
						   big), pipev, i % 3));
	/* the other side is told of the end after everything */
	tmr_init(&a.tmr);
	tmr_start(&a.tmr, 300, timeout, NULL);
	re_main(NULL);
	TEST_EQ(400, b.msgs);
	TEST_EQ(133 + 2 * 133, b.fds);

	a.ipc = mem_deref(a.ipc);
	tmr_start(&a.tmr, 1000, timeout, NULL);
	re_main(NULL);
	TEST_TRUE(b.closed);
	TEST_EQ(ENOTCONN, ipc_send(b.ipc, json_object(), NULL, 0));
 out:
	tmr_cancel(&a.tmr);
	if (pipev[0] >= 0) {
		close(pipev[0]);
		close(pipev[1]);
	}
	mem_deref(a.ipc);
	mem_deref(b.ipc);
	return err;
}


static int test_clock(void)
{
	char buf[32];
	uint64_t a = clock_ntp(1000000), b = clock_ntp(2500000);
	int err = 0;

	TEST_EQ((1ULL << 32) + (1ULL << 31), (b - a + 2) & ~3ULL);
	TEST_STR("2026-11-22T09:07:38.250Z",
		 clock_iso(buf, 1795338458250000ULL));
 out:
	return err;
}


static const struct test testv[] = {
	{"configuration lines are checked with one clear error",
	 test_conf_lines},
	{"every default is a value that is accepted", test_conf_defaults},
	{"configuration file, overrides and line numbers", test_conf_file},
	{"who is large, in order", test_pins},
	{"ticket survives JSON and refuses nonsense", test_ticket},
	{"messages and descriptors keep order under pressure", test_ipc},
	{"clocks", test_clock},
};


int main(int argc, char **argv)
{
	log_init("test_base", LVL_ERROR, false);

	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
