/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http_lws.c -- the web thread; see http_lws.h
 *
 * A connection is found by its id, which is the socket's opaque pointer,
 * so that neither side can hold a dead one.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <re.h>
#include <libwebsockets.h>

#include "base/clock.h"
#include "base/log.h"
#include "web/http_lws.h"

enum {
	WRITE_MAX  = 16384,
	ACCEPT_MAX = 64,          /* in one go                            */
	BACKLOG    = 512,
	FDS_KEPT   = 128,         /* for all that is not web or media     */
};

struct listener {
	struct carrier *carrier;
	int fd;                   /* -1: lws has it                       */
	bool secure;
};

/* All is the thread's once it runs, but for ctx, which is constant */
struct carrier {
	struct site *site;
	struct conns *conns;
	struct lws_context *ctx;
	struct lws_vhost *plain, *tls;
	const struct tls_pair *pair;      /* while the vhost is made      */
	SSL_CTX *ssl;
	struct listener listenv[CARRIER_LISTEN_MAX];
	unsigned listenc;
	lws_sorted_usec_list_t tick;
	uint64_t tick_us;
	int spare;                /* a descriptor for when there is none  */
	bool quit, running;
	pthread_t tid;
	uint8_t buf[LWS_PRE + WRITE_MAX];
};


static uint64_t now_ms(void)
{
	return clock_us() / 1000;
}


static void log_handler(int level, const char *line)
{
	static struct log_rate rate;
	size_t n = strcspn(line, "\n");

	(void)level;
	if (log_rate_ok(&rate, clock_us(), 5))
		warning("web: libwebsockets: %b\n", line, n);
}


static struct conn *conn_of(struct carrier *c, struct lws *wsi)
{
	return conn_find(c->conns,
			 (uintptr_t)lws_get_opaque_user_data(wsi));
}


/* The client sees the end of what we send and may still be sending */
static void shut(struct conn *conn, struct lws *wsi)
{
	SSL *ssl = lws_get_ssl(wsi);

	conn->shut = true;
	if (ssl)
		(void)SSL_shutdown(ssl);
	(void)shutdown(lws_get_socket_fd(wsi), SHUT_WR);
}


/* Does as the connection wants; -1: it is to be closed */
static int settle(struct conn *conn, struct lws *wsi)
{
	const unsigned wants = conn_wants(conn);
	bool off;

	if (wants & WANT_DIE)
		return -1;
	if (wants & WANT_END)
		shut(conn, wsi);
	if (wants & WANT_TX)
		(void)lws_callback_on_writable(wsi);

	/* lws reads nothing while it has bytes left over from a write, but
	 * would go on polling for them */
	off = !(wants & WANT_RX) || lws_partial_buffered(wsi);
	if (off != conn->rx_off) {
		conn->rx_off = off;
		if (lws_rx_flow_control(wsi, !off))
			return -1;
	}

	return 0;
}


/* The same from outside a callback of the socket */
static void settle_later(struct conn *conn)
{
	struct lws *wsi = conn->user;

	if (wsi && settle(conn, wsi))
		lws_set_timeout(wsi, PENDING_TIMEOUT_CLOSE_SEND,
				LWS_TO_KILL_ASYNC);
}


static void peer_address(struct sa *sa, const struct sockaddr_storage *ss)
{
	const struct sockaddr_in6 *in6 = (const void *)ss;

	sa_init(sa, AF_UNSPEC);
	if (ss->ss_family == AF_INET6 &&
	    IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
		uint32_t ip;

		memcpy(&ip, in6->sin6_addr.s6_addr + 12, sizeof(ip));
		sa_set_in(sa, ntohl(ip), ntohs(in6->sin6_port));
	}
	else {
		(void)sa_set_sa(sa, (const struct sockaddr *)ss);
	}
}


/* Descriptors are given lowest first.  Clients must not take the last: the
 * catalogue and the mixers would go without. */
static bool fds_left(int fd)
{
	struct rlimit rl;

	return getrlimit(RLIMIT_NOFILE, &rl) ||
		rl.rlim_cur == RLIM_INFINITY || rl.rlim_cur < 4 * FDS_KEPT ||
		(rlim_t)fd + FDS_KEPT < rl.rlim_cur;
}


static void adopt(struct listener *ln, int fd,
		  const struct sockaddr_storage *ss)
{
	struct carrier *c = ln->carrier;
	const int on = 1;
	lws_adopt_desc_t info;
	struct conn *conn;
	struct sa peer;
	uint64_t id;

	peer_address(&peer, ss);
	conn = fds_left(fd) ? conn_new(c->conns, &peer, ln->secure, now_ms())
			    : NULL;
	if (!conn) {
		(void)close(fd);
		return;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	id = conn->id;
	memset(&info, 0, sizeof(info));
	info.vh = ln->secure ? c->tls : c->plain;
	info.type = LWS_ADOPT_SOCKET |
		    (ln->secure ? LWS_ADOPT_ALLOW_SSL : 0);
	info.fd.sockfd = fd;
	info.opaque = (void *)(uintptr_t)id;
	if (lws_adopt_descriptor_vhost_via_info(&info))
		return;

	/* lws has closed fd; it may have told us already */
	conn = conn_find(c->conns, id);
	if (conn)
		conn_free(conn);
}


/* Without a descriptor the client would stay in the backlog and wake us
 * for ever: take it with the spare one, and let it go. */
static void shake_off(struct carrier *c, int lfd)
{
	int fd;

	if (c->spare < 0)
		return;
	(void)close(c->spare);
	fd = accept(lfd, NULL, NULL);
	if (fd >= 0)
		(void)close(fd);
	c->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	atomic_fetch_add(&c->site->stats.refused, 1);
}


static void accept_some(struct listener *ln, int lfd)
{
	unsigned i;

	for (i = 0; i < ACCEPT_MAX; i++) {
		struct sockaddr_storage ss;
		socklen_t len = sizeof(ss);
		int fd = accept4(lfd, (struct sockaddr *)&ss, &len,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0)
			adopt(ln, fd, &ss);
		else if (errno == EMFILE || errno == ENFILE)
			shake_off(ln->carrier, lfd);
		else if (errno != EINTR && errno != ECONNABORTED)
			break;
	}
}


static void take_orders(struct carrier *c)
{
	struct order *order = jobq_orders(c->site->jobq);

	while (order) {
		struct order *next = order->next;
		struct conn *conn;

		if (order->kind == ORDER_TLS && c->ssl)
			(void)tls_pair_use(order->tls, c->ssl);
		if (order->kind == ORDER_QUIT)
			c->quit = true;
		conn = conns_order(c->conns, order, now_ms());
		if (conn)
			settle_later(conn);
		order = next;
	}
}


static void tick_conn(struct conn *conn, void *arg)
{
	conn_tick(conn, *(const uint64_t *)arg);
	settle_later(conn);
}


static void tick_handler(lws_sorted_usec_list_t *sul)
{
	struct carrier *c = lws_container_of(sul, struct carrier, tick);
	uint64_t now = now_ms();

	conns_each(c->conns, tick_conn, &now);
	lws_sul_schedule(c->ctx, 0, &c->tick, tick_handler,
			 (lws_usec_t)c->tick_us);
}


static int writeable(struct carrier *c, struct conn *conn, struct lws *wsi)
{
	size_t n;

	if (lws_partial_buffered(wsi))
		return 0;
	conn_tx(conn, c->buf + LWS_PRE, WRITE_MAX, &n, now_ms());
	if (n && lws_write(wsi, c->buf + LWS_PRE, n, LWS_WRITE_RAW) < 0)
		return -1;

	return settle(conn, wsi);
}


static int on_conn(struct carrier *c, struct lws *wsi,
		   enum lws_callback_reasons reason, void *in, size_t len)
{
	struct conn *conn = conn_of(c, wsi);

	if (!conn)
		return reason == LWS_CALLBACK_RAW_RX ||
			reason == LWS_CALLBACK_RAW_WRITEABLE ? -1 : 0;

	switch (reason) {

	case LWS_CALLBACK_RAW_ADOPT:
		conn->user = wsi;
		return 0;

	case LWS_CALLBACK_RAW_RX:
		/* the clock is ours; lws's began with the handshake */
		lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
		conn_rx(conn, in, len, now_ms());
		return settle(conn, wsi);

	case LWS_CALLBACK_RAW_WRITEABLE:
		return writeable(c, conn, wsi);

	default:                          /* closed */
		conn_free(conn);
		return 0;
	}
}


static int callback(struct lws *wsi, enum lws_callback_reasons reason,
		    void *user, void *in, size_t len)
{
	struct carrier *c;

	switch (reason) {

	case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
		c = lws_context_user(lws_get_context(wsi));
		c->ssl = user;
		tls_harden(c->ssl);
		return tls_pair_use(c->pair, c->ssl) ? 1 : 0;

	case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
		take_orders(lws_context_user(lws_get_context(wsi)));
		return 0;

	case LWS_CALLBACK_RAW_RX_FILE:
		accept_some(lws_get_opaque_user_data(wsi),
			    lws_get_socket_fd(wsi));
		return 0;

	case LWS_CALLBACK_RAW_ADOPT:
	case LWS_CALLBACK_RAW_RX:
	case LWS_CALLBACK_RAW_WRITEABLE:
	case LWS_CALLBACK_RAW_CLOSE:
		return on_conn(lws_context_user(lws_get_context(wsi)), wsi,
			       reason, in, len);

	default:
		return 0;
	}
}


static const struct lws_protocols protocolv[] = {
	{"tutti", callback, 0, WRITE_MAX, 0, NULL, 0},
	{NULL, NULL, 0, 0, 0, NULL, 0},
};


static int make_vhosts(struct carrier *c, struct lws_context_creation_info *i)
{
	i->port = CONTEXT_PORT_NO_LISTEN_SERVER;
	i->protocols = protocolv;
	i->vhost_name = "http";
	c->plain = lws_create_vhost(c->ctx, i);
	if (!c->plain)
		return ENOMEM;
	if (!c->pair)
		return 0;

	i->vhost_name = "https";
	i->alpn = "http/1.1";
	i->options |= LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX;
	c->tls = lws_create_vhost(c->ctx, i);

	return c->tls && c->ssl ? 0 : EPROTO;
}


static int make_context(struct carrier *c)
{
	const struct web_limits *lim = &c->site->limits;
	struct lws_context_creation_info i;

	memset(&i, 0, sizeof(i));
	lws_set_log_level(LLL_ERR, log_handler);
	i.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
		    LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
		    LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS; /* no client */
	i.user = c;
	i.fd_limit_per_thread = lim->conns + CARRIER_LISTEN_MAX + 64;
	i.pt_serv_buf_size = WRITE_MAX;
	i.timeout_secs = lim->idle_ms / 1000 + 1;
	c->ctx = lws_create_context(&i);
	if (!c->ctx)
		return ENOMEM;

	return make_vhosts(c, &i);
}


int carrier_alloc(struct carrier **cp, struct site *site,
		  const struct tls_pair *tls)
{
	struct carrier *c;
	int err;

	if (!cp || !site)
		return EINVAL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return ENOMEM;
	c->site = site;
	c->pair = tls;
	c->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	c->tick_us = 250000;
	if (site->limits.idle_ms < 2000 || site->limits.ping_ms < 2000 ||
	    site->limits.answer_ms < 2000)
		c->tick_us = 20000;
	err = conns_alloc(&c->conns, site);
	if (!err)
		err = make_context(c);
	c->pair = NULL;
	if (err)
		carrier_free(c);
	else
		*cp = c;

	return err;
}


int carrier_listen(struct carrier *c, const struct sa *laddr, bool secure,
		   bool v6only, struct sa *boundp)
{
	const int on = 1, only = v6only;
	struct listener *ln;
	int fd, err = 0;

	if (!c || !laddr || c->running || (secure && !c->tls))
		return EINVAL;
	if (c->listenc == CARRIER_LISTEN_MAX)
		return ENOSPC;

	fd = socket(sa_af(laddr), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    0);
	if (fd < 0)
		return errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (sa_af(laddr) == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only,
				 sizeof(only));
	if (bind(fd, &laddr->u.sa, laddr->len) || listen(fd, BACKLOG)) {
		err = errno;
		(void)close(fd);
		return err;
	}
	if (boundp) {
		sa_init(boundp, sa_af(laddr));
		if (getsockname(fd, &boundp->u.sa, &boundp->len))
			*boundp = *laddr;
	}
	ln = &c->listenv[c->listenc++];
	ln->carrier = c;
	ln->fd = fd;
	ln->secure = secure;

	return 0;
}


static void flush(struct conn *conn, void *arg)
{
	struct carrier *c = arg;
	struct lws *wsi = conn->user;
	size_t n;

	if (!wsi || conn->state != CONN_WS || lws_partial_buffered(wsi))
		return;
	conn_ws_close(conn, 1001, "the server ends", now_ms());
	conn_tx(conn, c->buf + LWS_PRE, WRITE_MAX, &n, now_ms());
	if (n)
		(void)lws_write(wsi, c->buf + LWS_PRE, n, LWS_WRITE_RAW);
}


static void *carrier_main(void *arg)
{
	struct carrier *c = arg;

	lws_sul_schedule(c->ctx, 0, &c->tick, tick_handler,
			 (lws_usec_t)c->tick_us);
	while (!c->quit && lws_service(c->ctx, 0) >= 0)
		;
	conns_each(c->conns, flush, c);
	lws_sul_cancel(&c->tick);

	return NULL;
}


static int adopt_listeners(struct carrier *c)
{
	unsigned i;

	for (i = 0; i < c->listenc; i++) {
		struct listener *ln = &c->listenv[i];
		lws_adopt_desc_t info;

		memset(&info, 0, sizeof(info));
		info.vh = c->plain;
		info.type = LWS_ADOPT_RAW_FILE_DESC;
		info.fd.filefd = ln->fd;
		info.opaque = ln;
		ln->fd = -1;
		if (!lws_adopt_descriptor_vhost_via_info(&info))
			return ENOMEM;
	}

	return 0;
}


int carrier_start(struct carrier *c)
{
	sigset_t all, old;
	int err;

	if (!c || c->running)
		return EINVAL;
	err = adopt_listeners(c);
	if (err)
		return err;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&c->tid, NULL, carrier_main, c);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	c->running = !err;

	return err;
}


void carrier_wake(struct carrier *c)
{
	lws_cancel_service(c->ctx);
}


void carrier_free(struct carrier *c)
{
	unsigned i;

	if (!c)
		return;
	if (c->running)
		(void)pthread_join(c->tid, NULL);
	if (c->ctx)
		lws_context_destroy(c->ctx);
	for (i = 0; i < c->listenc; i++) {
		if (c->listenv[i].fd >= 0)
			(void)close(c->listenv[i].fd);
	}
	conns_free(c->conns);
	if (c->spare >= 0)
		(void)close(c->spare);
	free(c);
}
