/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http.c -- the web's life on the loop; see http.h
 *
 *	browser ══ lws thread: http_lws.c ─> http_conn.c ─> http_answer.c
 *	                          │   ▲          (static files, errors)
 *	                     jobs ▼   │ orders        http_job.c
 *	            loop: http.c ─> http_req.c, http_ws.c ─> the handlers
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "web/http_loop.h"

enum { HASH_SIZE = 256 };


static void job_handler(struct job *job, void *arg)
{
	struct web *web = arg;

	switch (job->kind) {

	case JOB_REQUEST:
		web_req_open(web, job);
		return;

	case JOB_WS_OPEN:
		web_ws_open(web, job);
		return;

	case JOB_GONE:
		web_req_gone(web, job);
		break;

	case JOB_WS_MSG:
		web_ws_msg(web, job);
		break;

	case JOB_WS_CLOSED:
		web_ws_closed(web, job);
		break;
	}
	job_free(job);
}


void web_order(struct web *web, struct order *order)
{
	if (!order)
		return;
	if (!web || !web->carrier) {
		order_free(order);
		return;
	}
	jobq_order(web->jobq, order);
	carrier_wake(web->carrier);
}


static void destructor(void *arg)
{
	struct web *web = arg;

	jobq_stop(web->jobq);
	web_order(web, order_alloc(ORDER_QUIT, 0, 0));
	carrier_free(web->carrier);
	web_reqs_orphan(web);
	web_wss_orphan(web);
	mem_deref(web->reqs);
	mem_deref(web->wss);
	mem_deref(web->jobq);
	tls_pair_free(web->pair);
	static_free(web->statics);
	mem_deref(web->software);
	mem_deref(web->origins);
}


static void set_limit(uint32_t *valp, uint32_t dflt)
{
	if (!*valp)
		*valp = dflt;
}


static void set_limits(struct web_limits *lim)
{
	set_limit(&lim->conns, WEB_CONNS_MAX);
	set_limit(&lim->per_ip, WEB_PER_IP_MAX);
	set_limit(&lim->idle_ms, WEB_IDLE_S * 1000);
	set_limit(&lim->stall_ms, WEB_STALL_S * 1000);
	set_limit(&lim->answer_ms, WEB_ANSWER_S * 1000);
	set_limit(&lim->ping_ms, WEB_PING_S * 1000);
	set_limit(&lim->pong_ms, WEB_PONG_S * 1000);
	set_limit(&lim->ws_queue, WEB_WS_QUEUE_MAX);
	if (lim->conns > 60000)
		lim->conns = 60000;
}


static int load_statics(struct web *web, const char *dir)
{
	char errbuf[300] = "";
	int err = static_load(&web->statics, dir, errbuf, sizeof(errbuf));

	if (err)
		warning("web: %s\n", errbuf);
	else if (dir && !static_count(web->statics))
		warning("web: %s has no files: there is no page\n", dir);

	return err;
}


int web_alloc(struct web **webp, const struct web_cfg *cfg)
{
	struct web *web;
	int err;

	if (!webp || !cfg)
		return EINVAL;
	web = mem_zalloc(sizeof(*web), destructor);
	if (!web)
		return ENOMEM;

	web->cfg = *cfg;
	set_limits(&web->cfg.limits);
	err  = str_dup(&web->software, cfg->software ? cfg->software
						     : "tutti");
	err |= str_dup(&web->origins, cfg->origins ? cfg->origins : "");
	err |= hash_alloc(&web->reqs, HASH_SIZE);
	err |= hash_alloc(&web->wss, HASH_SIZE);
	if (err)
		goto out;
	err = load_statics(web, cfg->static_dir);
	if (err)
		goto out;
	err = jobq_alloc(&web->jobq, job_handler, web);
	if (err)
		goto out;

	web->site.statics = web->statics;
	web->site.software = web->software;
	web->site.origins = web->origins;
	web->site.limits = web->cfg.limits;
	web->site.jobq = web->jobq;

 out:
	if (err)
		mem_deref(web);
	else
		*webp = web;

	return err;
}


int web_listen(struct web *web, const char *val)
{
	struct web_listener *ln;
	const char *addr;

	if (!web || !val || web->carrier)
		return EINVAL;
	if (web->listenc == CARRIER_LISTEN_MAX)
		return ENOSPC;

	ln = &web->listenv[web->listenc];
	memset(ln, 0, sizeof(*ln));
	if (!strncmp(val, "https ", 6))
		ln->secure = true;
	else if (strncmp(val, "http ", 5))
		return EINVAL;
	if (ln->secure && !web->pair)
		return ENOENT;
	addr = strchr(val, ' ');
	addr += strspn(addr, " ");
	if (sa_decode(&ln->laddr, addr, strlen(addr)))
		return EINVAL;
	++web->listenc;

	return 0;
}


int web_tls(struct web *web, const char *certificate, const char *key,
	    char *errbuf, size_t errsz)
{
	struct tls_pair *pair = NULL;
	struct order *order;
	int err;

	if (!web || !certificate || !key)
		return EINVAL;
	err = tls_pair_load(&pair, certificate, key, errbuf, errsz);
	if (err)
		return err;

	if (!web->carrier) {
		tls_pair_free(web->pair);
		web->pair = pair;
		return 0;
	}
	order = order_alloc(ORDER_TLS, 0, 0);
	if (!order) {
		tls_pair_free(pair);
		return ENOMEM;
	}
	order->tls = pair;
	web_order(web, order);

	return 0;
}


/* "[::]" is for IPv4 too, unless that has a listener on the same port */
static bool is_v6only(const struct web *web, const struct sa *laddr)
{
	unsigned i;

	for (i = 0; i < web->listenc; i++) {
		const struct sa *sa = &web->listenv[i].laddr;

		if (sa_af(sa) == AF_INET && sa_port(sa) &&
		    sa_port(sa) == sa_port(laddr))
			return true;
	}

	return false;
}


int web_start(struct web *web, char *errbuf, size_t errsz)
{
	struct carrier *c = NULL;
	unsigned i;
	int err;

	if (!web || web->carrier)
		return EINVAL;

	err = carrier_alloc(&c, &web->site, web->pair);
	for (i = 0; !err && i < web->listenc; i++) {
		struct web_listener *ln = &web->listenv[i];

		err = carrier_listen(c, &ln->laddr, ln->secure,
				     is_v6only(web, &ln->laddr), &ln->bound);
		if (err && errbuf)
			(void)re_snprintf(errbuf, errsz, "%J: %m", &ln->laddr,
					  err);
	}
	if (err && !c && errbuf)
		(void)re_snprintf(errbuf, errsz, "web: %m", err);
	if (!err)
		err = carrier_start(c);
	if (err)
		carrier_free(c);
	else
		web->carrier = c;

	return err;
}


int web_local(const struct web *web, unsigned n, struct sa *sa)
{
	if (!web || !sa || n >= web->listenc || !web->carrier)
		return EINVAL;
	*sa = web->listenv[n].bound;

	return 0;
}


json_t *web_stats(const struct web *web)
{
	const struct conn_stats *st = web ? &web->site.stats : NULL;

	if (!st)
		return NULL;

	return json_pack("{s:i, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
		"connections", (int)atomic_load(&st->conns),
		"websockets", (int)atomic_load(&st->ws),
		"accepted", (json_int_t)atomic_load(&st->accepted),
		"refused", (json_int_t)atomic_load(&st->refused),
		"requests", (json_int_t)atomic_load(&st->requests),
		"messages", (json_int_t)atomic_load(&st->messages),
		"bytes_in", (json_int_t)atomic_load(&st->bytes_in),
		"bytes_out", (json_int_t)atomic_load(&st->bytes_out),
		"timeouts", (json_int_t)atomic_load(&st->timeouts),
		"faults", (json_int_t)atomic_load(&st->faults));
}
