/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http_ws.c -- WebSockets on the loop
 *
 * Threads: loop.
 */
#include <stdlib.h>
#include <string.h>

#include "web/http_loop.h"

struct web_ws {
	struct le le;             /* in web->wss                          */
	struct web *web;          /* NULL: it has ended                   */
	uint64_t conn;
	uint32_t serial;
	struct http_head *head;
	struct sa peer;
	struct gauge *gauge;
	void (*msgh)(json_t *msg, void *arg);
	void (*closeh)(void *arg);
	void *arg;
	uint16_t code;
	bool deaf;                /* its client does not read             */
	bool leaving;             /* closeh runs                          */
};


static void destructor(void *arg)
{
	struct web_ws *ws = arg;

	list_unlink(&ws->le);
	head_free(ws->head);
	gauge_free(ws->gauge);
}


static void order_close(struct web *web, uint64_t conn, uint32_t serial,
			uint16_t code, const char *reason, bool flood)
{
	struct order *order = order_alloc(ORDER_WS_CLOSE, conn, serial);

	if (order) {
		order->code = code;
		order->data = reason ? strdup(reason) : NULL;
		order->flood = flood;
	}
	web_order(web, order);
}


void web_ws_open(struct web *web, struct job *job)
{
	struct web_ws *ws = NULL;

	if (web->cfg.wsh)
		ws = mem_zalloc(sizeof(*ws), destructor);
	if (!ws) {
		order_close(web, job->conn, job->serial, 1011, NULL, false);
		job_free(job);
		return;
	}
	ws->web = web;
	ws->conn = job->conn;
	ws->serial = job->serial;
	ws->head = job->head;
	job->head = NULL;
	ws->peer = job->peer;
	ws->gauge = job->gauge;
	job->gauge = NULL;
	ws->code = 1006;
	hash_append(web->wss, (uint32_t)ws->conn, &ws->le, ws);
	job_free(job);

	web->cfg.wsh(ws, web->cfg.arg);
}


static bool is_it(struct le *le, void *arg)
{
	const struct web_ws *ws = le->data;

	return ws->conn == ((const struct job *)arg)->conn;
}


static struct web_ws *find(struct web *web, const struct job *job)
{
	return list_ledata(hash_lookup(web->wss, (uint32_t)job->conn, is_it,
				       (void *)job));
}


void web_ws_msg(struct web *web, const struct job *job)
{
	struct web_ws *ws = find(web, job);

	if (ws && ws->msgh)
		ws->msgh(job->msg, ws->arg);
}


void web_ws_closed(struct web *web, const struct job *job)
{
	struct web_ws *ws = find(web, job);

	if (!ws)
		return;
	ws->code = ws->deaf ? 1013 : job->code;
	ws->leaving = true;
	list_unlink(&ws->le);
	if (ws->closeh)
		ws->closeh(ws->arg);
	mem_deref(ws);
}


static bool orphan(struct le *le, void *arg)
{
	struct web_ws *ws = le->data;

	(void)arg;
	ws->web = NULL;

	return false;
}


void web_wss_orphan(struct web *web)
{
	if (!web->wss)
		return;
	(void)hash_apply(web->wss, orphan, NULL);
	hash_clear(web->wss);
}


void web_ws_handlers(struct web_ws *ws, void (*msgh)(json_t *msg, void *arg),
		     void (*closeh)(void *arg), void *arg)
{
	if (!ws)
		return;
	ws->msgh = msgh;
	ws->closeh = closeh;
	ws->arg = arg;
}


const char *web_ws_path(const struct web_ws *ws)
{
	return ws ? ws->head->path : NULL;
}


const char *web_ws_origin(const struct web_ws *ws)
{
	return ws ? head_field(ws->head, "origin") : NULL;
}


const char *web_ws_host(const struct web_ws *ws)
{
	return ws ? head_field(ws->head, "host") : NULL;
}


const struct sa *web_ws_peer(const struct web_ws *ws)
{
	return ws ? &ws->peer : NULL;
}


uint16_t web_ws_code(const struct web_ws *ws)
{
	return ws ? ws->code : 0;
}


/* The frame, whole, so that nothing can come between head and text */
static char *make_frame(const char *text, size_t len, size_t *sizep)
{
	uint8_t head[FRAME_HEAD_MAX];
	const size_t n = frame_head(head, FRAME_TEXT, len);
	char *p = malloc(n + len);

	if (p) {
		memcpy(p, head, n);
		memcpy(p + n, text, len);
		*sizep = n + len;
	}

	return p;
}


void web_ws_send(struct web_ws *ws, const json_t *msg)
{
	struct order *order;
	size_t len = 0;
	char *text;

	if (!ws || !msg || !ws->web || ws->deaf || ws->leaving)
		return;
	text = json_dumps(msg, JSON_COMPACT);
	order = order_alloc(ORDER_WS_SEND, ws->conn, ws->serial);
	if (!text || !order)
		goto out;
	order->data = make_frame(text, strlen(text), &len);
	if (!order->data)
		goto out;
	order->len = len;

	if (atomic_fetch_add(&ws->gauge->bytes, len) + len >
	    ws->web->cfg.limits.ws_queue) {
		ws->deaf = true;
		order_close(ws->web, ws->conn, ws->serial, 1013,
			    "messages are not read", true);
		goto out;
	}
	web_order(ws->web, order);
	order = NULL;

 out:
	order_free(order);
	free(text);
}


size_t web_ws_waiting(const struct web_ws *ws)
{
	return ws ? atomic_load(&ws->gauge->bytes) : 0;
}


void web_ws_close(struct web_ws *ws, uint16_t code, const char *reason)
{
	if (!ws || ws->leaving)
		return;
	order_close(ws->web, ws->conn, ws->serial, code, reason, false);
	mem_deref(ws);
}
