/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/net_dtls.c -- one DTLS handshake, for its SRTP keys (RFC 5764)
 *
 * One SSL_CTX for all legs, made before the sandbox; certificate and key
 * belong to the SSL object.  Not DTLSv1_listen: it cannot take a ClientHello
 * in fragments, and every browser's is.  What a cookie would protect from,
 * the ICE check before it does.
 */
#include <string.h>

#include <re.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>

#include "mixer/net_dtls.h"
#include "mixer/net_rtc.h"

enum {
	FIRST_US   = 100000,      /* first retransmission                 */
	LAST_US    = 2000000,     /* no longer than this                  */
	CERT_MAX   = 16384,       /* bytes of a handshake message         */
	PLAIN_MAX  = 2048,        /* of application data, thrown away     */
	KEY_LEN    = 16,
	/* where things stand in a record with a ClientHello */
	REC_HDR    = 13,
	RANDOM_POS = REC_HDR + 12 + 2,
	RANDOM_LEN = 32,
};

#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL"
#define PROFILES "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80"

enum state { IDLE, SHAKING, DONE, ENDED };

/* Locks: all [L] */
struct net_dtls {
	struct net_dtls_h h;
	void *arg;
	SSL *ssl;
	BIO *in;                  /* of ssl                               */
	uint8_t fingerprint[32];
	size_t mtu;
	bool active;
	enum state state;
	uint64_t now;
	uint64_t deadline;
	uint64_t resend;          /* UINT64_MAX: nothing to repeat        */
	unsigned wait_us;         /* what OpenSSL's timer was set to      */
};

static SSL_CTX *ctx;
static BIO_METHOD *out_method;

/* ---- towards the wire: a write is a datagram ------------------------ */

static int out_write(BIO *bio, const char *p, int n)
{
	struct net_dtls *d = BIO_get_data(bio);

	if (n > 0)
		d->h.sendh((const uint8_t *)p, (size_t)n, d->arg);

	return n;
}

static long out_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	const struct net_dtls *d = BIO_get_data(bio);

	(void)num;
	(void)ptr;
	switch (cmd) {

	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_DGRAM_QUERY_MTU:
		return (long)d->mtu;
	case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
		return 28;
	default:
		return 0;
	}
}

static int out_create(BIO *bio)
{
	BIO_set_init(bio, 1);

	return 1;
}

/* ---- who the peer is ------------------------------------------------ */

static bool is_peer(const struct net_dtls *d, const X509 *cert)
{
	uint8_t md[EVP_MAX_MD_SIZE];
	unsigned n = sizeof(md);

	return cert && X509_digest(cert, EVP_sha256(), md, &n)
		&& n == sizeof(d->fingerprint)
		&& !CRYPTO_memcmp(md, d->fingerprint, n);
}

static int verify_handler(X509_STORE_CTX *store, void *arg)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(
			store, SSL_get_ex_data_X509_STORE_CTX_idx());
	const struct net_dtls *d = ssl ? SSL_get_app_data(ssl) : NULL;

	(void)arg;
	if (d && is_peer(d, X509_STORE_CTX_get0_cert(store)))
		return 1;

	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);

	return 0;
}

/* ---- set up --------------------------------------------------------- */

int net_dtls_init(void)
{
	if (ctx)
		return 0;

	ctx = SSL_CTX_new(DTLS_method());
	out_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK,
				  "datagrams");
	if (!ctx || !out_method)
		goto err;

	if (!BIO_meth_set_write(out_method, out_write) ||
	    !BIO_meth_set_ctrl(out_method, out_ctrl) ||
	    !BIO_meth_set_create(out_method, out_create))
		goto err;

	if (!SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION) ||
	    !SSL_CTX_set_cipher_list(ctx, CIPHERS) ||
	    SSL_CTX_set_tlsext_use_srtp(ctx, PROFILES))
		goto err;

	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_QUERY_MTU |
			    SSL_OP_NO_RENEGOTIATION |
			    SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_max_cert_list(ctx, CERT_MAX);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER |
			   SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, verify_handler, NULL);

	return 0;

 err:
	net_dtls_close();

	return EPROTO;
}

void net_dtls_close(void)
{
	SSL_CTX_free(ctx);
	BIO_meth_free(out_method);
	ctx = NULL;
	out_method = NULL;
	ERR_clear_error();
}

static void dtls_destructor(void *arg)
{
	struct net_dtls *d = arg;

	if (d->ssl) {
		SSL_set_quiet_shutdown(d->ssl, 1);
		SSL_free(d->ssl);
	}
	OPENSSL_cleanse(d->fingerprint, sizeof(d->fingerprint));
}

static int use_pem(SSL *ssl, const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	EVP_PKEY *key = NULL;
	int err = EBADMSG;

	if (cert)
		key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	if (key && SSL_use_certificate(ssl, cert) == 1 &&
	    SSL_use_PrivateKey(ssl, key) == 1 &&
	    SSL_check_private_key(ssl) == 1)
		err = 0;

	EVP_PKEY_free(key);
	X509_free(cert);
	BIO_free(bio);

	return err;
}

/* Called by OpenSSL whenever it sets its timer */
static unsigned timer_handler(SSL *ssl, unsigned us)
{
	struct net_dtls *d = SSL_get_app_data(ssl);

	us = us ? us * 2 : FIRST_US;
	d->wait_us = us > LAST_US ? LAST_US : us;
	d->resend = d->now + d->wait_us;

	return d->wait_us;
}

static int ssl_make(struct net_dtls *d, const char *pem)
{
	BIO *out;

	d->ssl = SSL_new(ctx);
	if (!d->ssl)
		return ENOMEM;

	d->in = BIO_new(BIO_s_mem());
	out = BIO_new(out_method);
	if (!d->in || !out) {
		BIO_free(d->in);
		BIO_free(out);
		return ENOMEM;
	}
	BIO_set_mem_eof_return(d->in, -1);
	BIO_set_data(out, d);
	SSL_set_bio(d->ssl, d->in, out);
	SSL_set_app_data(d->ssl, d);
	SSL_set_mtu(d->ssl, (long)d->mtu);
	DTLS_set_timer_cb(d->ssl, timer_handler);
	if (d->active)
		SSL_set_connect_state(d->ssl);
	else
		SSL_set_accept_state(d->ssl);

	return use_pem(d->ssl, pem);
}

int net_dtls_alloc(struct net_dtls **dp, const struct net_dtls_cfg *cfg,
		   const struct net_dtls_h *h, void *arg)
{
	struct net_dtls *d;
	int err;

	if (!dp || !cfg || !cfg->pem || !cfg->fingerprint || !h ||
	    !h->sendh || !h->keysh || !h->endh || cfg->mtu < 256)
		return EINVAL;
	if (!ctx)
		return EPROTO;

	d = mem_zalloc(sizeof(*d), dtls_destructor);
	if (!d)
		return ENOMEM;

	d->h = *h;
	d->arg = arg;
	d->mtu = cfg->mtu;
	d->active = cfg->active;
	d->resend = d->deadline = UINT64_MAX;
	memcpy(d->fingerprint, cfg->fingerprint, sizeof(d->fingerprint));
	ERR_clear_error();
	err = ssl_make(d, cfg->pem);
	ERR_clear_error();
	if (err)
		mem_deref(d);
	else
		*dp = d;

	return err;
}

/* ---- the handshake -------------------------------------------------- */

static ON(loop) void end(struct net_dtls *d, enum net_dtls_end how,
			 const char *text)
{
	if (d->state == ENDED)
		return;
	d->state = ENDED;
	d->resend = d->deadline = UINT64_MAX;
	d->h.endh(how, text, d->arg);
}

/* RFC 5764 section 4.2: client key, server key, client salt, server salt */
static int keys_export(struct net_dtls *d, struct net_dtls_keys *k)
{
	const SRTP_PROTECTION_PROFILE *p =
		SSL_get_selected_srtp_profile(d->ssl);
	uint8_t km[2 * TICKET_KEY_MAX];
	uint8_t *client, *server;
	size_t salt;

	if (p && p->id == SRTP_AEAD_AES_128_GCM)
		k->srtp = SRTP_GCM_128;
	else if (p && p->id == SRTP_AES128_CM_SHA1_80)
		k->srtp = SRTP_CM_80;
	else
		return EPROTO;

	salt = ticket_srtp_len(k->srtp) - KEY_LEN;
	if (SSL_export_keying_material(d->ssl, km, 2 * (KEY_LEN + salt),
				       "EXTRACTOR-dtls_srtp", 19, NULL, 0,
				       0) != 1)
		return EPROTO;

	client = d->active ? k->txkey : k->rxkey;
	server = d->active ? k->rxkey : k->txkey;
	memcpy(client, km, KEY_LEN);
	memcpy(server, km + KEY_LEN, KEY_LEN);
	memcpy(client + KEY_LEN, km + 2 * KEY_LEN, salt);
	memcpy(server + KEY_LEN, km + 2 * KEY_LEN + salt, salt);
	OPENSSL_cleanse(km, sizeof(km));

	return 0;
}

static ON(loop) void done(struct net_dtls *d)
{
	struct net_dtls_keys keys;
	X509 *cert = SSL_get1_peer_certificate(d->ssl);
	const bool good = is_peer(d, cert);

	X509_free(cert);
	memset(&keys, 0, sizeof(keys));
	if (!good) {
		end(d, DTLS_FAILED, "wrong DTLS fingerprint");
		return;
	}
	if (keys_export(d, &keys)) {
		end(d, DTLS_FAILED, "no SRTP profile in common");
		return;
	}
	d->state = DONE;
	d->deadline = UINT64_MAX;
	d->h.keysh(&keys, d->arg);
	OPENSSL_cleanse(&keys, sizeof(keys));
}

static const char *failure(const struct net_dtls *d)
{
	const unsigned long e = ERR_peek_error();

	if (SSL_get_verify_result(d->ssl) == X509_V_ERR_CERT_REJECTED)
		return "wrong DTLS fingerprint";
	if (ERR_GET_REASON(e) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
		return "no DTLS certificate";
	if (ERR_GET_REASON(e) > SSL_AD_REASON_OFFSET)
		return "DTLS refused by the peer";

	return "DTLS handshake failed";
}

/* OpenSSL's own timer, asked for only whether it runs */
static bool timer_runs(const struct net_dtls *d)
{
	struct timeval tv;

	return DTLSv1_get_timeout(d->ssl, &tv) == 1;
}

static ON(loop) void shake(struct net_dtls *d)
{
	int n, e;

	ERR_clear_error();
	n = SSL_do_handshake(d->ssl);
	e = SSL_get_error(d->ssl, n);
	if (n != 1 && e != SSL_ERROR_WANT_READ && e != SSL_ERROR_WANT_WRITE)
		end(d, DTLS_FAILED, failure(d));
	else if (SSL_is_init_finished(d->ssl))
		done(d);
	ERR_clear_error();
	if (!timer_runs(d))
		d->resend = UINT64_MAX;
}

/* Alerts, and a last flight that the peer wants again */
static ON(loop) void drain(struct net_dtls *d)
{
	uint8_t buf[PLAIN_MAX];
	int n;

	ERR_clear_error();
	do {
		n = SSL_read(d->ssl, buf, sizeof(buf));
	} while (n > 0);

	switch (SSL_get_error(d->ssl, n)) {

	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		break;
	case SSL_ERROR_ZERO_RETURN:
		end(d, DTLS_CLOSED, "closed by the peer");
		break;
	default:
		end(d, DTLS_CLOSED, "DTLS alert from the peer");
		break;
	}
	ERR_clear_error();
}

int net_dtls_start(struct net_dtls *d, uint64_t now)
{
	if (!d)
		return EINVAL;
	if (d->state != IDLE)
		return EALREADY;

	d->state = SHAKING;
	d->now = now;
	d->deadline = now + RTC_HANDSHAKE_MS * 1000ull;
	if (d->active)
		shake(d);

	return 0;
}

void net_dtls_recv(struct net_dtls *d, const uint8_t *p, size_t n,
		   uint64_t now)
{
	if (!d || d->state == ENDED || !p || !n || n > INT32_MAX)
		return;

	d->now = now;
	if (d->state == IDLE)
		(void)net_dtls_start(d, now);
	if (BIO_write(d->in, p, (int)n) != (int)n)
		return;
	if (d->state == SHAKING)
		shake(d);
	if (d->state == DONE)
		drain(d);
	(void)BIO_reset(d->in);
}

void net_dtls_run(struct net_dtls *d, uint64_t now)
{
	if (!d || d->state == ENDED || d->state == IDLE)
		return;

	d->now = now;
	if (now >= d->deadline) {
		end(d, DTLS_FAILED, "no DTLS handshake in time");
		return;
	}
	if (now < d->resend)
		return;

	/* repeats, or, if OpenSSL's clock was set back meanwhile, does
	 * nothing: then the next time */
	d->resend = now + d->wait_us;
	ERR_clear_error();
	if (DTLSv1_handle_timeout(d->ssl) < 0 && d->state == SHAKING)
		end(d, DTLS_FAILED, "no DTLS handshake in time");
	ERR_clear_error();
	if (!timer_runs(d))
		d->resend = UINT64_MAX;
}

uint64_t net_dtls_due(const struct net_dtls *d)
{
	return d ? min(d->resend, d->deadline) : UINT64_MAX;
}

bool net_dtls_done(const struct net_dtls *d)
{
	return d && d->state == DONE;
}

void net_dtls_bye(struct net_dtls *d)
{
	if (!d || d->state != DONE)
		return;

	ERR_clear_error();
	(void)SSL_shutdown(d->ssl);
	ERR_clear_error();
	d->state = ENDED;
	d->resend = UINT64_MAX;
}

const uint8_t *net_dtls_hello(const uint8_t *p, size_t n)
{
	/* handshake record of epoch 0; ClientHello; fragment offset 0 */
	if (!p || n < RANDOM_POS + RANDOM_LEN || p[0] != 22 ||
	    p[1] != 0xfe || p[3] || p[4] || p[REC_HDR] != 1 ||
	    p[REC_HDR + 6] || p[REC_HDR + 7] || p[REC_HDR + 8])
		return NULL;

	return p + RANDOM_POS;
}
