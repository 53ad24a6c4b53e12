/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test_whip.c -- sessions as HTTP resources, without a server
 */
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <re.h>

#include "media/ports.h"
#include "web/peer.h"
#include "web/turn.h"
#include "web/whip.h"
#include "tests/unit/test.h"

#define FP "AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:" \
	"AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA"
#define OFFER_(ufrag, port) "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n" \
	"t=0 0\r\nc=IN IP4 0.0.0.0\r\na=fingerprint:sha-256 " FP "\r\n" \
	"a=setup:actpass\r\na=ice-ufrag:" ufrag "\r\n" \
	"a=ice-pwd:abcdefghijklmnopqrstuv\r\n" \
	"m=audio " port " UDP/TLS/RTP/SAVPF 111\r\na=rtcp-mux\r\n" \
	"a=mid:0\r\na=rtpmap:111 opus/48000/2\r\n"
#define OFFER OFFER_("abcd", "9")
#define SDP "application/sdp"
#define FRAG "application/trickle-ice-sdpfrag"

/* who owns what: one session at a time */
static struct owner {
	int admit, agree;         /* what to say                          */
	bool close_in_agreed;
	unsigned admitted, agreed, anew, closed, closed_unborn;
	struct whip_sess *sess;
	struct ticket t;
	char room[64], token[64], agent[64], query[64];
	enum rtc_kind kind;
} own;

static int admit_handler(void **ownerp, const struct whip_ask *ask,
			 char *errbuf, size_t errsz, void *arg)
{
	struct owner *o = arg;
	const char *layout;

	++o->admitted;
	str_ncpy(o->room, ask->room, sizeof(o->room));
	str_ncpy(o->token, ask->token, sizeof(o->token));
	str_ncpy(o->agent, ask->agent, sizeof(o->agent));
	layout = json_string_value(json_object_get(ask->query, "layout"));
	str_ncpy(o->query, layout ? layout : "", sizeof(o->query));
	o->kind = ask->kind;
	*ownerp = o;
	if (o->admit)
		(void)re_snprintf(errbuf, errsz, "the door said so");

	return o->admit;
}

static int agreed_handler(void *owner, struct whip_sess *sess, bool first,
			  char *errbuf, size_t errsz, void *arg)
{
	struct owner *o = owner;

	if (o != arg)
		return 500;
	if (o->agree) {
		(void)re_snprintf(errbuf, errsz, "no mixer");
		return o->agree;
	}
	o->agreed += first;
	o->anew   += !first;
	o->sess    = sess;
	ticket_init(&o->t, 1);
	peer_ticket(whip_peer(sess), &o->t);
	if (o->close_in_agreed) {
		whip_close(sess);
		o->sess = NULL;
	}

	return 0;
}

static void close_handler(void *owner, struct whip_sess *sess, void *arg)
{
	struct owner *o = owner;
	(void)arg;

	++o->closed;
	o->closed_unborn += !sess;
	whip_close(sess);         /* as an owner may, without harm        */
	if (sess)
		o->sess = NULL;
}

struct fix {
	struct ports *ports;
	struct turn *turn;
	struct whip *w;
	struct whip_in in;
	struct whip_out out;
	struct mbuf *body;
	json_t *query;
	char path[128], etag[64];
};

static int fix_init(struct fix *f, unsigned portc)
{
	struct whip_cfg cfg = {
		.laddrc = 2,
		.h = {admit_handler, agreed_handler, close_handler},
		.arg = &own,
	};
	uint16_t base = 40000 + (getpid() % 250) * 20;
	char reason[128];
	int err;

	memset(f, 0, sizeof(*f));
	memset(&own, 0, sizeof(own));
	sa_set_str(&cfg.laddrv[0], "192.0.2.9", 0);
	sa_set_str(&cfg.laddrv[1], "127.0.0.1", 0);
	err = turn_alloc(&f->turn, "secret", 600);
	if (!err)
		err = turn_add(f->turn, "turn:relay.example.org:3478", reason,
			       sizeof(reason));
	if (!err)
		err = ports_alloc(&f->ports, base, base + 2 * portc - 1);
	if (err)
		return err;

	f->query = json_pack("{s:s}", "layout", "grid");
	cfg.ports = f->ports;
	cfg.turn  = f->turn;

	return whip_alloc(&f->w, &cfg);
}

static void fix_close(struct fix *f)
{
	whip_out_reset(&f->out);
	mem_deref(f->body);
	mem_deref(f->w);
	whip_close(own.sess);
	own.sess = NULL;
	mem_deref(f->turn);
	mem_deref(f->ports);
	json_decref(f->query);
}

static int ask(struct fix *f, const char *method, const char *path,
	       const char *ctype, const char *body)
{
	f->body = mem_deref(f->body);
	if (body) {
		f->body = mbuf_alloc(strlen(body) + 1);
		(void)mbuf_write_str(f->body, body);
		f->body->pos = 0;
	}
	f->in.method = method;
	f->in.path   = path;
	f->in.ctype  = ctype;
	f->in.body   = f->body;
	f->in.query  = f->query;
	whip_handle(f->w, &f->in, &f->out);

	return f->out.status;
}

/** A header of the answer, or "". */
static const char *header(struct fix *f, const char *name)
{
	static char buf[256];
	struct pl text, val;
	char expr[64];

	*buf = '\0';
	if (!f->out.headers)
		return buf;
	text.p = (char *)f->out.headers->buf;
	text.l = f->out.headers->end;
	(void)re_snprintf(expr, sizeof(expr), "%s: [^\r\n]+\r\n", name);
	if (!re_regex(text.p, text.l, expr, &val))
		(void)pl_strcpy(&val, buf, sizeof(buf));

	return buf;
}

static bool body_has(struct fix *f, const char *text)
{
	return f->out.body && !re_regex((char *)mbuf_buf(f->out.body),
					mbuf_get_left(f->out.body), text);
}

static int created(struct fix *f, const char *path)
{
	const int status = ask(f, "POST", path, SDP, OFFER);

	str_ncpy(f->path, header(f, "Location"), sizeof(f->path));
	str_ncpy(f->etag, header(f, "ETag"), sizeof(f->etag));

	return status;
}

static int test_life(void)
{
	struct fix f;
	int err = fix_init(&f, 1);

	TEST_ERR(err);
	f.in.auth  = "bearer  pin:demo:1234";
	f.in.agent = "obs/31";
	TEST_EQ(201, created(&f, "/whip/de mo"));
	TEST_STR("de mo", own.room);
	TEST_STR("pin:demo:1234", own.token);
	TEST_STR("obs/31", own.agent);
	TEST_STR("grid", own.query);
	TEST_EQ(RTC_WHIP, own.kind);
	TEST_EQ(1, own.agreed);
	TEST_STR(SDP, f.out.ctype);
	TEST_TRUE(body_has(&f, "a=ice-lite"));
	TEST_TRUE(body_has(&f, "192.0.2.9 [0-9]+ typ host"));
	TEST_TRUE(!strncmp(f.path, "/whip/de%20mo/", 14));
	TEST_EQ(14 + WHIP_SECRET_LEN, strlen(f.path));
	TEST_EQ(18, strlen(f.etag));
	TEST_STR("*", header(&f, "Access-Control-Allow-Origin"));
	TEST_STR(FRAG, header(&f, "Accept-Patch"));
	TEST_TRUE(strstr(header(&f, "Link"), "<turn:relay.example.org:3478>; "
			 "rel=\"ice-server\"; username=\""));
	TEST_EQ(1, whip_count(f.w));
	TEST_EQ(RTC_WHIP, whip_kind(own.sess));
	TEST_EQ(0, ports_free(f.ports));

	/* the one port is taken */
	TEST_EQ(503, ask(&f, "POST", "/whip/demo", SDP, OFFER));
	TEST_EQ(1, own.closed_unborn);

	/* the client goes; the path is decoded by the server */
	memmove(f.path + 8, "\x20mo/", 4);
	memmove(f.path + 12, f.path + 14, WHIP_SECRET_LEN + 1);
	TEST_EQ(200, ask(&f, "DELETE", f.path, NULL, NULL));
	TEST_EQ(2, own.closed);
	TEST_EQ(0, whip_count(f.w));
	TEST_EQ(1, ports_free(f.ports));
	TEST_EQ(404, ask(&f, "DELETE", f.path, NULL, NULL));
	TEST_EQ(2, own.closed);

 out:
	fix_close(&f);
	return err;
}

static int test_refused(void)
{
	struct fix f;
	int err = fix_init(&f, 2);

	TEST_ERR(err);
	TEST_EQ(415, ask(&f, "POST", "/whip/demo", NULL, OFFER));
	TEST_EQ(415, ask(&f, "POST", "/whip/demo", "text/plain", OFFER));
	TEST_STR(SDP, header(&f, "Accept-Post"));
	TEST_EQ(400, ask(&f, "POST", "/whip/demo", SDP, ""));
	TEST_EQ(400, ask(&f, "POST", "/whip/demo", SDP, NULL));
	f.in.accept = "text/html, application/json;q=0.9";
	TEST_EQ(406, ask(&f, "POST", "/whip/demo", SDP, OFFER));
	f.in.accept = "text/html, */*;q=0.1";
	TEST_EQ(0, own.admitted);

	own.admit = 401;
	TEST_EQ(401, ask(&f, "POST", "/whip/demo", SDP, OFFER));
	TEST_STR("Bearer", header(&f, "WWW-Authenticate"));
	TEST_STR("", own.token);
	TEST_STR("the door said so", f.out.detail);
	TEST_STR("application/problem+json", f.out.ctype);
	TEST_TRUE(body_has(&f, "\"status\":401"));
	TEST_STR("*", header(&f, "Access-Control-Allow-Origin"));
	own.admit = 404;
	TEST_EQ(404, ask(&f, "POST", "/whep/demo", SDP, OFFER));
	TEST_EQ(0, own.closed);

	own.admit = 0;
	TEST_EQ(400, ask(&f, "POST", "/whip/demo",
			 "Application/SDP; charset=utf-8", "v=1\r\n"));
	TEST_STR("line 1: version is not 0", f.out.detail);
	TEST_TRUE(body_has(&f, "line 1: version is not 0"));
	TEST_EQ(1, own.closed_unborn);
	TEST_EQ(422, ask(&f, "POST", "/whip/demo", SDP, OFFER_("abcd", "0")));
	TEST_EQ(2, own.closed_unborn);

	own.agree = 503;
	TEST_EQ(503, ask(&f, "POST", "/session/demo", SDP, OFFER));
	TEST_STR("no mixer", f.out.detail);
	own.agree = 0;
	own.close_in_agreed = true;
	TEST_EQ(503, ask(&f, "POST", "/session/demo", SDP, OFFER));
	TEST_EQ(2, own.closed);
	TEST_EQ(0, whip_count(f.w));
	TEST_EQ(2, ports_free(f.ports));

 out:
	fix_close(&f);
	return err;
}

static int test_methods(void)
{
	static const char *const methodv[] = {"GET", "HEAD", "PUT", "BREW"};
	static const char *const lostv[] = {
		"/whip/", "/whip//x", "/whip", "/whop/demo", "/whip/demo/",
		"/whip/demo/x", "/whip/demo/0123456789abcdef0123456789abcdef/",
		"/whip/demo/0123456789abcdef0123456789abcdef",
	};
	char other[128];
	struct fix f;
	size_t i;
	int err = fix_init(&f, 2);

	TEST_ERR(err);
	TEST_TRUE(whip_path("/whep/x") && !whip_path("/whepx/y") &&
		  !whip_path("/api/v1"));
	TEST_EQ(201, created(&f, "/whep/demo"));

	for (i = 0; i < ARRAY_SIZE(methodv); i++) {
		TEST_EQ(405, ask(&f, methodv[i], "/whep/demo", NULL, NULL));
		TEST_STR("OPTIONS, POST", header(&f, "\r\nAllow"));
		TEST_EQ(405, ask(&f, methodv[i], f.path, NULL, NULL));
		TEST_STR("DELETE, OPTIONS, PATCH", header(&f, "\r\nAllow"));
	}
	TEST_EQ(405, ask(&f, "POST", f.path, SDP, OFFER));
	TEST_EQ(405, ask(&f, "DELETE", "/whep/demo", NULL, NULL));

	for (i = 0; i < ARRAY_SIZE(lostv); i++)
		TEST_EQ(404, ask(&f, "DELETE", lostv[i], NULL, NULL));

	/* the right secret below another name or room */
	(void)re_snprintf(other, sizeof(other), "/whip%s", f.path + 5);
	TEST_EQ(404, ask(&f, "DELETE", other, NULL, NULL));
	(void)re_snprintf(other, sizeof(other), "/whep/dema%s", f.path + 10);
	TEST_EQ(404, ask(&f, "DELETE", other, NULL, NULL));

	TEST_EQ(204, ask(&f, "OPTIONS", "/whep/demo", NULL, NULL));
	TEST_STR(SDP, header(&f, "Accept-Post"));
	TEST_STR("Authorization, Content-Type, If-Match",
		 header(&f, "Access-Control-Allow-Headers"));
	TEST_STR("DELETE, OPTIONS, PATCH, POST",
		 header(&f, "Access-Control-Allow-Methods"));
	TEST_TRUE(!f.out.body);
	TEST_EQ(0, own.closed);

 out:
	fix_close(&f);
	return err;
}

#define TRICKLE(ufrag) "a=ice-ufrag:" ufrag "\r\n" \
	"a=ice-pwd:abcdefghijklmnopqrstuv\r\nm=audio 9 RTP/AVP 0\r\n" \
	"a=mid:0\r\na=candidate:1 1 udp 2113929471 192.0.2.1 9 typ host\r\n"

static int test_patch(void)
{
	struct fix f;
	int err = fix_init(&f, 1);

	TEST_ERR(err);
	TEST_EQ(201, created(&f, "/whip/demo"));
	TEST_EQ(415, ask(&f, "PATCH", f.path, SDP, OFFER));
	TEST_STR(FRAG, header(&f, "Accept-Patch"));
	TEST_EQ(428, ask(&f, "PATCH", f.path, FRAG, TRICKLE("abcd")));
	f.in.if_match = "\"0000000000000000\", W/*";
	TEST_EQ(412, ask(&f, "PATCH", f.path, FRAG, TRICKLE("abcd")));
	f.in.if_match = f.etag;
	TEST_EQ(400, ask(&f, "PATCH", f.path, FRAG, ""));
	TEST_EQ(400, ask(&f, "PATCH", f.path, FRAG, "a=mid:0\r\n"));
	TEST_EQ(204, ask(&f, "PATCH", f.path, FRAG, TRICKLE("abcd")));
	TEST_EQ(0, own.anew);

	/* ICE restart: another ETag, the old one is over */
	f.in.if_match = "\"*\"";
	TEST_EQ(204, ask(&f, "PATCH", f.path, FRAG, TRICKLE("abcd")));
	f.in.if_match = "*";
	TEST_EQ(200, ask(&f, "PATCH", f.path, FRAG, TRICKLE("efgh")));
	TEST_STR(FRAG, f.out.ctype);
	TEST_TRUE(body_has(&f, "a=ice-ufrag:"));
	TEST_TRUE(strcmp(f.etag, header(&f, "ETag")));
	TEST_EQ(1, own.anew);
	TEST_STR("efgh", own.t.rtc.rufrag);
	TEST_TRUE(*own.t.rtc.old_lufrag);
	f.in.if_match = f.etag;
	TEST_EQ(412, ask(&f, "PATCH", f.path, FRAG, TRICKLE("efgh")));

	own.agree = 409;
	f.in.if_match = "*";
	TEST_EQ(409, ask(&f, "PATCH", f.path, FRAG, TRICKLE("ijkl")));
	TEST_EQ(1, whip_count(f.w));

 out:
	fix_close(&f);
	return err;
}

static int test_session(void)
{
	struct fix f;
	int err = fix_init(&f, 1);

	TEST_ERR(err);
	TEST_EQ(201, created(&f, "/session/demo"));
	TEST_STR(FRAG ", " SDP, header(&f, "Accept-Patch"));
	TEST_TRUE(own.t.audio.send && own.t.audio.recv);

	/* the same ICE: the ETag stays */
	TEST_EQ(200, ask(&f, "PATCH", f.path, SDP, OFFER "a=sendonly\r\n"));
	TEST_STR(f.etag, header(&f, "ETag"));
	TEST_TRUE(body_has(&f, "a=recvonly"));
	TEST_TRUE(!own.t.audio.send && own.t.audio.recv);
	TEST_EQ(1, own.anew);
	TEST_EQ(200, ask(&f, "PATCH", f.path, SDP, OFFER_("efgh", "9")));
	TEST_TRUE(strcmp(f.etag, header(&f, "ETag")));
	TEST_EQ(400, ask(&f, "PATCH", f.path, SDP, "v=0\r\n"));
	TEST_STR("no m= line", f.out.detail);
	f.in.if_match = f.etag;
	TEST_EQ(412, ask(&f, "PATCH", f.path, SDP, OFFER));
	TEST_EQ(2, own.anew);

	/* we end it: the Location is gone, nobody is told */
	whip_close(own.sess);
	own.sess = NULL;
	TEST_EQ(404, ask(&f, "PATCH", f.path, SDP, OFFER));
	TEST_EQ(0, own.closed);

 out:
	fix_close(&f);
	return err;
}

/* what the mixer gets: one descriptor, a key that fits its certificate */
static int test_peer(void)
{
	struct peer_cfg cfg = {.kind = RTC_SESSION, .laddrc = 1};
	struct ports *ports = NULL;
	struct peer *p = NULL;
	struct mbuf *offer = mbuf_alloc(1024), *answer = NULL;
	struct sa laddr, public;
	uint8_t md[EVP_MAX_MD_SIZE];
	uint16_t base = 45000 + (getpid() % 250) * 20;
	char hex[100], reason[128];
	EVP_PKEY *key = NULL;
	X509 *crt = NULL;
	BIO *bio = NULL;
	struct ticket t;
	unsigned n = 0, i;
	int err = 0;

	sa_set_str(&laddr, "192.0.2.9", 0);
	sa_set_str(&public, "203.0.113.7", 0);
	TEST_ERR(ports_alloc(&ports, base, base + 1));
	cfg.ports  = ports;
	cfg.laddrv = &laddr;
	cfg.public = &public;
	TEST_ERR(peer_alloc(&p, &cfg));
	(void)mbuf_write_str(offer, OFFER);
	offer->pos = 0;
	TEST_ERR(peer_answer(p, offer, &answer, reason, sizeof(reason)));
	TEST_TRUE(!peer_restarted(p));

	ticket_init(&t, 1);
	peer_ticket(p, &t);
	TEST_EQ(0, t.audio.rtp_fd);
	TEST_EQ(-1, t.audio.rtcp_fd);
	TEST_EQ(-1, t.video.rtp_fd);
	TEST_TRUE(peer_fd(p) >= 0);

	bio = BIO_new_mem_buf(t.rtc.pem, -1);
	crt = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	TEST_TRUE(crt && key && X509_check_private_key(crt, key) == 1);
	TEST_EQ(256, EVP_PKEY_get_bits(key));
	TEST_TRUE(X509_verify(crt, key) == 1);
	TEST_TRUE(X509_cmp_current_time(X509_get0_notBefore(crt)) < 0 &&
		  X509_cmp_current_time(X509_get0_notAfter(crt)) > 0);
	TEST_TRUE(X509_digest(crt, EVP_sha256(), md, &n) && n == 32);
	for (i = 0; i < 32; i++)
		(void)re_snprintf(hex + 3 * i, 4, "%02X:", md[i]);
	hex[95] = '\0';

	answer->buf[answer->end - 1] = '\0';
	answer->pos = 0;
	TEST_TRUE(strstr((char *)answer->buf, hex));
	TEST_TRUE(strstr((char *)answer->buf, " 203.0.113.7 "));
	TEST_TRUE(!strstr((char *)answer->buf, "192.0.2.9"));

 out:
	BIO_free(bio);
	X509_free(crt);
	EVP_PKEY_free(key);
	mem_deref(answer);
	mem_deref(offer);
	mem_deref(p);
	mem_deref(ports);
	return err;
}

static int test_laddrs(void)
{
	struct sa v[RTC_CANDS_MAX];
	unsigned i, n, m;
	int err = 0;

	n = peer_laddrs(v, false);
	for (i = 0; i < n; i++) {
		TEST_EQ(0, sa_port(&v[i]));
		TEST_TRUE(!sa_is_linklocal(&v[i]));
		TEST_TRUE(!sa_is_loopback(&v[i]) ||
			  sa_is_loopback(&v[0]));
	}
	m = peer_laddrs(v, true);
	TEST_TRUE(m >= n && m <= RTC_CANDS_MAX && m >= 1);
	TEST_TRUE(sa_is_loopback(&v[m - 1]));

 out:
	return err;
}

static int test_turn(void)
{
	static const struct { const char *uri; bool good; } uriv[] = {
		{"turn:relay.example.org", true},
		{"turn:192.0.2.1:3478?transport=udp", true},
		{"turns:[2001:db8::1]:443?transport=tcp", true},
		{"stun:stun.example.org", true},
		{"stun:stun.example.org?transport=udp", false},
		{"turn:", false},
		{"turn::3478", false},
		{"turn:a b", false},
		{"turn:a\"b", false},
		{"turn:a>;x", false},
		{"turn:a?transport=sctp", false},
		{"http://a", false},
		{"relay", false},
	};
	char user[TURN_USER_MAX], pass[TURN_PASS_MAX], reason[256];
	struct turn *t = NULL;
	struct mbuf *mb = mbuf_alloc(256);
	json_t *l = NULL;
	size_t i;
	int err = 0;

	/* openssl dgst -sha1 -hmac north -binary | base64 */
	TEST_ERR(turn_credential(user, sizeof(user), pass, sizeof(pass),
				 "north", "ann", 1700000000));
	TEST_STR("1700000000:ann", user);
	TEST_STR("jeamH6dA5l2I9g3jmieza7CzEDo=", pass);
	TEST_EQ(EOVERFLOW, turn_credential(user, 10, pass, sizeof(pass),
					   "north", "ann", 1700000000));

	TEST_ERR(turn_alloc(&t, "north", 3600));
	for (i = 0; i < ARRAY_SIZE(uriv); i++) {
		err = turn_add(t, uriv[i].uri, reason, sizeof(reason));
		if (!!err == uriv[i].good)
			TEST_FAIL("%s", uriv[i].uri);
		err = 0;
	}
	TEST_EQ(4, turn_count(t));
	TEST_EQ(3600, turn_ttl(t));
	TEST_STR("relay: want turn:, turns: or stun:", reason);

	l = turn_ice_servers(t, "ann", 1699996400);
	TEST_EQ(2, json_array_size(l));
	TEST_STR("stun:stun.example.org", json_string_value(json_array_get(
		json_object_get(json_array_get(l, 0), "urls"), 0)));
	TEST_STR("jeamH6dA5l2I9g3jmieza7CzEDo=", json_string_value(
		json_object_get(json_array_get(l, 1), "credential")));
	TEST_EQ(3, json_array_size(json_object_get(json_array_get(l, 1),
						   "urls")));
	TEST_ERR(turn_link(mb, t, "ann", 1699996400));
	TEST_TRUE(!re_regex((char *)mb->buf, mb->end,
			    "Link: <turn:relay.example.org>; rel=\"ice-server"
			    "\"; username=\"1700000000:ann\"; credential=\""
			    "jeamH6dA5l2I9g3jmieza7CzEDo=\"; credential-type="
			    "\"password\"\r\n"));
	TEST_TRUE(!re_regex((char *)mb->buf, mb->end,
			    "Link: <stun:stun.example.org>; rel=\"ice-server"
			    "\"\r\n"));

	t = mem_deref(t);
	TEST_ERR(turn_alloc(&t, NULL, 3600));
	TEST_EQ(EBADMSG, turn_add(t, "turn:a", reason, sizeof(reason)));
	TEST_STR("turn:a: needs turn_secret", reason);
	json_decref(l);
	l = turn_ice_servers(NULL, "ann", 1);
	TEST_EQ(0, json_array_size(l));

 out:
	json_decref(l);
	mem_deref(mb);
	mem_deref(t);
	return err;
}

static const struct test testv[] = {
	{"a session from POST to DELETE", test_life},
	{"who is not let in", test_refused},
	{"methods and paths", test_methods},
	{"trickle and ICE restart", test_patch},
	{"the page's session", test_session},
	{"a peer's ticket", test_peer},
	{"addresses of this host", test_laddrs},
	{"credentials for TURN", test_turn},
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, testv, ARRAY_SIZE(testv));
}
