/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/rtc_peer.c -- the other side of a WebRTC leg, for tests
 */
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <re.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/srtp.h>
#include <openssl/x509.h>

#include "tests/fake/rtc_peer.h"

static uint64_t clock_now = 1000000000ull;

/* OpenSSL asks this one: the program's symbols come before the library's. */
int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	(void)tz;
	tv->tv_sec = (time_t)(clock_now / 1000000 + 1700000000);
	tv->tv_usec = (suseconds_t)(clock_now % 1000000);

	return 0;
}

void rtc_peer_clock(uint64_t now_us)
{
	clock_now = now_us;
}

/* ---- certificate ---------------------------------------------------- */

static int cert_make(X509 **certp, EVP_PKEY **keyp)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *name;

	*certp = cert;
	*keyp = key;
	if (!key || !cert)
		return ENOMEM;

	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	name = X509_get_subject_name(cert);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				   (const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(cert, name);

	return X509_sign(cert, key, EVP_sha256()) > 0 ? 0 : EPROTO;
}

int rtc_peer_pem(char *pem, size_t sz, uint8_t fingerprint[32])
{
	BIO *bio = BIO_new(BIO_s_mem());
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	unsigned n = 32;
	int len, err;

	err = bio ? cert_make(&cert, &key) : ENOMEM;
	if (err)
		goto out;

	PEM_write_bio_X509(bio, cert);
	PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	len = BIO_read(bio, pem, (int)sz - 1);
	if (len <= 0 || !X509_digest(cert, EVP_sha256(), fingerprint, &n))
		err = EPROTO;
	else
		pem[len] = '\0';
 out:
	X509_free(cert);
	EVP_PKEY_free(key);
	BIO_free(bio);

	return err;
}

/* ---- DTLS ----------------------------------------------------------- */

static int any_cert(int ok, X509_STORE_CTX *store)
{
	(void)ok;
	(void)store;

	return 1;
}

static int use_cert(struct rtc_peer *p)
{
	BIO *bio = BIO_new_mem_buf(p->pem, -1);
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	int err = cert && key && SSL_CTX_use_certificate(p->ctx, cert) == 1
		&& SSL_CTX_use_PrivateKey(p->ctx, key) == 1 ? 0 : EPROTO;

	X509_free(cert);
	EVP_PKEY_free(key);
	BIO_free(bio);

	return err;
}

static int ctx_make(struct rtc_peer *p)
{
	const char *profiles = p->cfg.profiles ? p->cfg.profiles :
		"SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM";
	uint8_t alpn[1200];
	size_t i;

	p->ctx = SSL_CTX_new(DTLS_method());
	if (!p->ctx || SSL_CTX_set_tlsext_use_srtp(p->ctx, profiles))
		return EPROTO;

	SSL_CTX_set_verify(p->ctx, SSL_VERIFY_PEER, any_cert);
	if (p->cfg.big_hello) {
		for (i = 0; i < sizeof(alpn); i += 8)
			memcpy(alpn + i, "\7tut-tut", 8);
		if (SSL_CTX_set_alpn_protos(p->ctx, alpn, sizeof(alpn)))
			return EPROTO;
	}

	return p->cfg.no_cert ? 0 : use_cert(p);
}

static int ssl_make(struct rtc_peer *p)
{
	const int type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
	struct sa sa;
	BIO *bio;

	if (socketpair(AF_UNIX, type, 0, p->fdv))
		return errno;

	p->ssl = SSL_new(p->ctx);
	bio = BIO_new_dgram(p->fdv[0], BIO_NOCLOSE);
	if (!p->ssl || !bio)
		return ENOMEM;

	sa_set_str(&sa, "127.0.0.1", 9);
	BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_CONNECTED, 0, &sa.u.sa);
	SSL_set_bio(p->ssl, bio, bio);
	SSL_set_options(p->ssl, SSL_OP_NO_QUERY_MTU);
	SSL_set_mtu(p->ssl, p->cfg.mtu ? p->cfg.mtu : 1200);
	if (p->cfg.server)
		SSL_set_accept_state(p->ssl);
	else
		SSL_set_connect_state(p->ssl);

	return 0;
}

static void peer_destructor(void *arg)
{
	struct rtc_peer *p = arg;

	SSL_free(p->ssl);
	SSL_CTX_free(p->ctx);
	if (p->tx)
		srtp_dealloc(p->tx);
	if (p->rx)
		srtp_dealloc(p->rx);
	if (p->fdv[1] > 0) {
		close(p->fdv[0]);
		close(p->fdv[1]);
	}
}

int rtc_peer_alloc(struct rtc_peer **pp, const struct rtc_peer_cfg *cfg,
		   rtc_peer_send_h *sendh, void *arg)
{
	struct rtc_peer *p = mem_zalloc(sizeof(*p), peer_destructor);
	int err;

	if (!p)
		return ENOMEM;

	p->cfg = *cfg;
	p->sendh = sendh;
	p->arg = arg;
	err = 0;
	if (cfg->twin) {
		memcpy(p->pem, cfg->twin->pem, sizeof(p->pem));
		memcpy(p->fingerprint, cfg->twin->fingerprint, 32);
	}
	else {
		err = rtc_peer_pem(p->pem, sizeof(p->pem), p->fingerprint);
	}
	if (!err)
		err = ctx_make(p);
	if (!err)
		err = ssl_make(p);
	ERR_clear_error();
	if (err)
		mem_deref(p);
	else
		*pp = p;

	return err;
}

static void session(srtp_t *sp, bool gcm, srtp_ssrc_type_t type,
		    uint8_t *key)
{
	srtp_policy_t pol;

	memset(&pol, 0, sizeof(pol));
	if (gcm) {
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&pol.rtp);
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&pol.rtcp);
	}
	else {
		srtp_crypto_policy_set_rtp_default(&pol.rtp);
		srtp_crypto_policy_set_rtcp_default(&pol.rtcp);
	}
	pol.ssrc.type = type;
	pol.key = key;
	pol.window_size = 1024;
	pol.allow_repeat_tx = 1;
	if (*sp)
		srtp_dealloc(*sp);
	*sp = NULL;
	if (srtp_create(sp, &pol))
		*sp = NULL;
}

static void keys(struct rtc_peer *p)
{
	const SRTP_PROTECTION_PROFILE *prof =
		SSL_get_selected_srtp_profile(p->ssl);
	uint8_t km[60], key[2][30];       /* client's, server's           */
	bool gcm;
	size_t salt, i;

	if (!prof) {
		p->failed = true;
		return;
	}
	p->profile = prof->name;
	gcm = prof->id == SRTP_AEAD_AES_128_GCM;
	salt = gcm ? 12 : 14;
	if (!SSL_export_keying_material(p->ssl, km, 2 * (16 + salt),
					"EXTRACTOR-dtls_srtp", 19, NULL, 0, 0))
		p->failed = true;
	for (i = 0; i < 2; i++) {
		memcpy(key[i], km + 16 * i, 16);
		memcpy(key[i] + 16, km + 32 + salt * i, salt);
	}
	session(&p->tx, gcm, ssrc_any_outbound, key[p->cfg.server]);
	session(&p->rx, gcm, ssrc_any_inbound, key[!p->cfg.server]);
	p->done = true;
}

static void flush(struct rtc_peer *p)
{
	uint8_t buf[4096];
	ssize_t n;

	while ((n = recv(p->fdv[1], buf, sizeof(buf), 0)) > 0)
		p->sendh(buf, (size_t)n, p->arg);
}

static void step(struct rtc_peer *p)
{
	uint8_t buf[256];
	int n, e;

	ERR_clear_error();
	if (!SSL_is_init_finished(p->ssl)) {
		n = SSL_do_handshake(p->ssl);
		e = SSL_get_error(p->ssl, n);
		if (n != 1 && e != SSL_ERROR_WANT_READ)
			p->failed = true;
	}
	if (SSL_is_init_finished(p->ssl)) {
		if (!p->done)
			keys(p);
		n = SSL_read(p->ssl, buf, sizeof(buf));
		if (n <= 0 &&
		    SSL_get_error(p->ssl, n) == SSL_ERROR_ZERO_RETURN)
			p->closed = true;
	}
	ERR_clear_error();
	flush(p);
}

void rtc_peer_start(struct rtc_peer *p)
{
	p->shaking = true;
	step(p);
}

void rtc_peer_run(struct rtc_peer *p)
{
	struct timeval tv;

	if (!p->shaking || p->done || DTLSv1_get_timeout(p->ssl, &tv) != 1
	    || tv.tv_sec || tv.tv_usec)
		return;
	DTLSv1_handle_timeout(p->ssl);
	flush(p);
}

void rtc_peer_bye(struct rtc_peer *p)
{
	SSL_shutdown(p->ssl);
	flush(p);
}

/* ---- ICE ------------------------------------------------------------ */

size_t rtc_peer_check(struct rtc_peer *p, unsigned flags, uint8_t *buf,
		      size_t sz)
{
	static uint32_t count;
	uint8_t tid[STUN_TID_SIZE];
	struct mbuf *mb = mbuf_alloc(512);
	const char *user = flags & CHECK_BAD_USER ? "nobody:here" :
		p->cfg.user;
	const char *pwd = flags & CHECK_BAD_MI ? "not-the-password-at-all" :
		p->cfg.pwd;
	const uint8_t *key = flags & CHECK_NO_MI ? NULL :
		(const uint8_t *)pwd;
	uint64_t tie = 1;
	uint32_t prio = 0x7e0000ff;
	uint16_t role = flags & CHECK_CONTROLLED ? STUN_ATTR_CONTROLLED :
		STUN_ATTR_CONTROLLING;
	uint16_t unknown = flags & CHECK_UNKNOWN ? 0x0031 : 0;
	size_t n = 0;

	memset(tid, 7, sizeof(tid));
	memcpy(tid, &count, sizeof(count));
	++count;
	if (!mb || stun_msg_encode(mb, STUN_METHOD_BINDING,
		STUN_CLASS_REQUEST, tid, NULL, key, key ? strlen(pwd) : 0,
		true, 0, 4, STUN_ATTR_USERNAME, user,
		STUN_ATTR_PRIORITY, &prio, (int)role, &tie,
		STUN_ATTR_USE_CAND,
		flags & CHECK_NOMINATE ? (void *)"" : NULL))
		goto out;

	n = mb->end;
	if (n > sz)
		n = 0;
	memcpy(buf, mb->buf, n);
	if (unknown && n) {
		/* PRIORITY becomes what nobody knows, sealed anew */
		uint8_t *q = buf + 20 + 4 + ((strlen(user) + 3) & ~3u);

		q[0] = (uint8_t)(unknown >> 8);
		q[1] = (uint8_t)unknown;
		buf[2] = (uint8_t)((n - 28) >> 8);
		buf[3] = (uint8_t)(n - 28);
		hmac_sha1((const uint8_t *)pwd, strlen(pwd), buf, n - 32,
			  buf + n - 28, 20);
		buf[2] = (uint8_t)((n - 20) >> 8);
		buf[3] = (uint8_t)(n - 20);
	}
	if (n && (unknown || flags & CHECK_BAD_FP)) {
		uint32_t crc = crc32(0, buf, (uint32_t)n - 8) ^ 0x5354554e;

		crc = htonl(crc ^ !!(flags & CHECK_BAD_FP));
		memcpy(buf + n - 4, &crc, 4);
	}
 out:
	mem_deref(mb);

	return n;
}

static void answer(struct rtc_peer *p, const uint8_t *b, size_t n)
{
	struct stun_unknown_attr ua;
	struct mbuf *mb = mbuf_alloc(n);
	struct stun_msg *msg = NULL;
	struct stun_attr *a;

	mbuf_write_mem(mb, b, n);
	mb->pos = 0;
	p->reply_len = n;
	if (stun_msg_decode(&msg, mb, &ua) || stun_msg_chk_fingerprint(msg)) {
		++p->bad;
		goto out;
	}
	p->mi_bad = stun_msg_chk_mi(msg, (const uint8_t *)p->cfg.pwd,
				    strlen(p->cfg.pwd)) != 0;
	a = stun_msg_attr(msg, STUN_ATTR_ERR_CODE);
	if (a) {
		++p->refused;
		p->code = a->v.err_code.code;
	}
	a = stun_msg_attr(msg, STUN_ATTR_XOR_MAPPED_ADDR);
	if (a) {
		++p->ok;
		p->mapped = a->v.sa;
	}
 out:
	mem_deref(msg);
	mem_deref(mb);
}

/* ---- packets -------------------------------------------------------- */

static void media(struct rtc_peer *p, const uint8_t *b, size_t n)
{
	const bool rtcp = b[1] >= 192 && b[1] <= 223;
	int len = (int)n;

	memcpy(p->last, b, n);
	if (!p->rx || (rtcp ? srtp_unprotect_rtcp(p->rx, p->last, &len)
		       : srtp_unprotect(p->rx, p->last, &len))) {
		++p->bad;
		return;
	}
	p->last_len = (size_t)len;
	if (rtcp)
		++p->rtcp;
	else
		++p->rtp;
}

void rtc_peer_recv(struct rtc_peer *p, const uint8_t *b, size_t n)
{
	if (b[0] <= 3)
		answer(p, b, n);
	else if (b[0] >= 128)
		media(p, b, n);
	else if (send(p->fdv[1], b, n, 0) == (ssize_t)n) {
		p->shaking = true;
		step(p);
	}
}

size_t rtc_peer_rtp(struct rtc_peer *p, uint32_t ssrc, uint16_t seq,
		    size_t len, uint8_t *buf)
{
	const uint32_t be = htonl(ssrc);
	int n = (int)len;

	memset(buf, 0x55, len);
	memset(buf, 0, 12);
	buf[0] = 0x80;
	buf[1] = 96;
	buf[2] = (uint8_t)(seq >> 8);
	buf[3] = (uint8_t)seq;
	memcpy(buf + 8, &be, 4);

	return srtp_protect(p->tx, buf, &n) ? 0 : (size_t)n;
}

size_t rtc_peer_rtcp(struct rtc_peer *p, uint32_t ssrc, uint8_t *buf)
{
	const uint32_t be = htonl(ssrc);
	int n = 8;

	memset(buf, 0, 8);
	buf[0] = 0x80;
	buf[1] = 201;
	buf[3] = 1;
	memcpy(buf + 4, &be, 4);

	return srtp_protect_rtcp(p->tx, buf, &n) ? 0 : (size_t)n;
}
