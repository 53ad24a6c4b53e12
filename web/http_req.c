/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http_req.c -- requests on the loop, their answers, event streams
 *
 * Threads: loop.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "web/http_loop.h"
#include "web/http_range.h"

struct web_req {
	struct le le;             /* in web->reqs                         */
	struct web *web;          /* NULL: it has ended                   */
	uint64_t conn;
	uint32_t serial;
	struct http_head *head;
	struct mbuf *body;
	struct sa peer;
	bool secure;

	struct gauge *gauge;      /* of a stream                          */
	void (*goneh)(void *arg);
	void *arg;
	bool deaf;                /* its client does not read             */
	bool leaving;             /* goneh runs                           */
};


static void destructor(void *arg)
{
	struct web_req *req = arg;

	list_unlink(&req->le);
	head_free(req->head);
	mem_deref(req->body);
	gauge_free(req->gauge);
}


void web_req_open(struct web *web, struct job *job)
{
	struct web_req *req = mem_zalloc(sizeof(*req), destructor);

	if (!req) {
		struct order *order = order_alloc(ORDER_REPLY, job->conn,
						  job->serial);
		if (order)
			order->code = 503;
		web_order(web, order);
		job_free(job);
		return;
	}
	req->web = web;
	req->conn = job->conn;
	req->serial = job->serial;
	req->head = job->head;
	job->head = NULL;
	req->body = job->body;
	job->body = NULL;
	req->peer = job->peer;
	req->secure = job->secure;
	hash_append(web->reqs, (uint32_t)req->conn, &req->le, req);
	job_free(job);

	if (web->cfg.reqh)
		web->cfg.reqh(req, web->cfg.arg);
	else
		web_problem(req, 404, "Not Found", NULL);
}


static bool is_it(struct le *le, void *arg)
{
	const struct web_req *req = le->data;
	const struct job *job = arg;

	return req->conn == job->conn && req->serial == job->serial;
}


void web_req_gone(struct web *web, const struct job *job)
{
	struct web_req *req = list_ledata(hash_lookup(
		web->reqs, (uint32_t)job->conn, is_it, (void *)job));

	if (!req || !req->gauge)
		return;
	req->leaving = true;
	list_unlink(&req->le);
	if (req->goneh)
		req->goneh(req->arg);
	mem_deref(req);
}


static bool orphan(struct le *le, void *arg)
{
	struct web_req *req = le->data;

	(void)arg;
	req->web = NULL;

	return false;
}


void web_reqs_orphan(struct web *web)
{
	if (!web->reqs)
		return;
	(void)hash_apply(web->reqs, orphan, NULL);
	hash_clear(web->reqs);
}


const char *web_method(const struct web_req *req)
{
	return req ? req->head->method : NULL;
}


const char *web_path(const struct web_req *req)
{
	return req ? req->head->path : NULL;
}


const char *web_query(const struct web_req *req, const char *name)
{
	return req && name ? json_string_value(
		json_object_get(req->head->query, name)) : NULL;
}


const json_t *web_query_all(const struct web_req *req)
{
	return req ? req->head->query : NULL;
}


const char *web_header(const struct web_req *req, const char *name)
{
	return req ? head_field(req->head, name) : NULL;
}


const struct mbuf *web_body(const struct web_req *req)
{
	return req ? req->body : NULL;
}


const struct sa *web_peer(const struct web_req *req)
{
	return req ? &req->peer : NULL;
}


bool web_secure(const struct web_req *req)
{
	return req && req->secure;
}


/* A header line of that name? */
static bool has_line(const char *headers, const char *name)
{
	const size_t n = strlen(name);
	const char *p = headers;

	while (p && *p) {
		if (!strncasecmp(p, name, n) && p[n] == ':')
			return true;
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}

	return false;
}


static char *make_fields(const char *ctype, const char *headers, int status)
{
	char *p = NULL;

	if (asprintf(&p, "%s%s%s%s%s%s", ctype ? "Content-Type: " : "",
		     ctype ? ctype : "", ctype ? "\r\n" : "",
		     has_line(headers, "cache-control") ? "" :
		     "Cache-Control: no-store\r\n",
		     status == 401 && !has_line(headers, "www-authenticate") ?
		     "WWW-Authenticate: Bearer\r\n" : "",
		     headers ? headers : "") < 0)
		return NULL;

	return p;
}


/* The last word on req */
static void finish(struct web_req *req, struct order *order, int status,
		   const char *ctype, const char *headers)
{
	if (order) {
		order->code = (uint16_t)status;
		order->fields = make_fields(ctype, headers, status);
	}
	web_order(req->web, order);
	mem_deref(req);
}


void web_patience(struct web_req *req, uint32_t ms)
{
	struct order *order;

	if (!req || req->gauge)
		return;
	order = order_alloc(ORDER_PATIENCE, req->conn, req->serial);
	if (order)
		order->len = ms;
	web_order(req->web, order);
}


void web_reply(struct web_req *req, int status, const char *ctype,
	       const char *headers, const void *body, size_t len)
{
	struct order *order;

	if (!req || req->gauge)
		return;
	order = order_alloc(ORDER_REPLY, req->conn, req->serial);
	if (order && body && len) {
		order->data = malloc(len);
		if (order->data) {
			memcpy(order->data, body, len);
			order->len = len;
		}
		else {
			status = 503;
		}
	}
	finish(req, order, status, ctype, headers);
}


void web_reply_json(struct web_req *req, int status, json_t *obj)
{
	char *text = obj ? json_dumps(obj, JSON_COMPACT | JSON_ENCODE_ANY)
			 : NULL;

	json_decref(obj);
	if (text)
		web_reply(req, status, "application/json", NULL, text,
			  strlen(text));
	else
		web_problem(req, 500, "Internal Server Error", NULL);
	free(text);
}


void web_problem(struct web_req *req, int status, const char *title,
		 const char *fmt, ...)
{
	char *detail = NULL, *text;
	json_t *obj;
	va_list ap;

	if (fmt) {
		va_start(ap, fmt);
		(void)re_vsdprintf(&detail, fmt, ap);
		va_end(ap);
	}
	obj = json_pack("{s:i, s:s, s:s*}", "status", status, "title",
			title ? title : status_text(status), "detail",
			detail);
	text = obj ? json_dumps(obj, JSON_COMPACT) : NULL;
	web_reply(req, status, "application/problem+json", NULL,
		  text ? text : "", text ? strlen(text) : 0);
	free(text);
	json_decref(obj);
	mem_deref(detail);
}


/* attachment; filename="a.mp4"; filename*=UTF-8''… (RFC 6266) */
static int print_name(struct mbuf *mb, const char *name)
{
	const char *p;
	int err;

	err = mbuf_write_str(mb, "Content-Disposition: attachment; "
			     "filename=\"");
	for (p = name; *p; p++)
		err |= mbuf_write_u8(mb, (uint8_t)*p < 0x20 ||
				     (uint8_t)*p > 0x7e ||
				     strchr("\"\\/%", *p) ? '_' : *p);
	err |= mbuf_write_str(mb, "\"; filename*=UTF-8''");
	for (p = name; *p; p++) {
		if (strchr("!#$&+-.^_`|~", *p) ||
		    (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') ||
		    (*p >= 'A' && *p <= 'Z'))
			err |= mbuf_write_u8(mb, (uint8_t)*p);
		else
			err |= mbuf_printf(mb, "%%%02X", (uint8_t)*p);
	}

	return err | mbuf_write_str(mb, "\r\n");
}


static void reply_part(struct web_req *req, int fd, uint64_t size,
		       const char *etag, const char *ctype, const char *name)
{
	struct order *order = order_alloc(ORDER_REPLY, req->conn,
					  req->serial);
	const char *range = web_header(req, "range");
	const char *ifrange = web_header(req, "if-range");
	struct mbuf *mb = mbuf_alloc(512);
	uint64_t start = 0, len = size;
	int status = 200, err;

	if (!order || !mb) {
		(void)close(fd);
		mem_deref(mb);
		order_free(order);
		web_problem(req, 503, NULL, NULL);
		return;
	}
	if (range && !strcmp(web_method(req), "GET") &&
	    (!ifrange || !strcmp(ifrange, etag)))
		status = range_parse(&start, &len, range, size);
	if (etag_matches(web_header(req, "if-none-match"), etag))
		status = 304;
	err = mbuf_printf(mb, "ETag: %s\r\nAccept-Ranges: bytes\r\n"
			  "Cache-Control: private, no-cache\r\n", etag);
	if (name)
		err |= print_name(mb, name);
	if (status == 206)
		err |= mbuf_printf(mb, "Content-Range: bytes %llu-%llu/%llu"
				   "\r\n", start, start + len - 1, size);
	else if (status == 416)
		err |= mbuf_printf(mb, "Content-Range: bytes */%llu\r\n",
				   size);
	err |= mbuf_write_u8(mb, 0);

	order->fd = fd;                   /* closed with the order */
	order->off = start;
	order->len = status == 304 || status == 416 ? 0 : len;
	finish(req, order, status, ctype, err ? NULL : (char *)mb->buf);
	mem_deref(mb);
}


void web_reply_file(struct web_req *req, int fd, const char *ctype,
		    const char *name)
{
	struct stat sb;
	char etag[80];

	if (!req || req->gauge || fd < 0 || fstat(fd, &sb) ||
	    !S_ISREG(sb.st_mode)) {
		if (fd >= 0)
			(void)close(fd);
		web_problem(req, 500, NULL, NULL);
		return;
	}
	(void)re_snprintf(etag, sizeof(etag), "\"%llx-%llx-%llx\"",
			  (unsigned long long)sb.st_ino,
			  (unsigned long long)sb.st_mtim.tv_sec * 1000000000 +
			  (unsigned long long)sb.st_mtim.tv_nsec,
			  (unsigned long long)sb.st_size);
	reply_part(req, fd, (uint64_t)sb.st_size, etag, ctype, name);
}


void web_stream(struct web_req *req, void (*goneh)(void *arg), void *arg)
{
	struct order *order;

	if (!req || req->gauge)
		return;
	req->goneh = goneh;
	req->arg = arg;
	req->gauge = gauge_alloc();
	order = order_alloc(ORDER_STREAM, req->conn, req->serial);
	if (order)
		order->gauge = gauge_ref(req->gauge);
	web_order(req->web, order);
}


void web_stream_event(struct web_req *req, const char *id,
		      const json_t *data)
{
	struct order *order;
	char *text;
	int n;

	if (!req || !req->gauge || !data || req->deaf || !req->web)
		return;
	text = json_dumps(data, JSON_COMPACT | JSON_ENCODE_ANY);
	order = order_alloc(ORDER_STREAM, req->conn, req->serial);
	if (!text || !order)
		goto out;
	if (id && strpbrk(id, "\r\n"))
		id = NULL;
	n = asprintf(&order->data, "%s%s%sdata: %s\n\n", id ? "id: " : "",
		     id ? id : "", id ? "\n" : "", text);
	if (n < 0) {
		order->data = NULL;
		goto out;
	}
	order->len = (uint64_t)n;
	if (atomic_fetch_add(&req->gauge->bytes, (size_t)n) + (size_t)n >
	    req->web->cfg.limits.ws_queue) {
		req->deaf = true;
		order->kind = ORDER_STREAM_END;
		order->flood = true;
	}
	web_order(req->web, order);
	order = NULL;

 out:
	order_free(order);
	free(text);
}


size_t web_stream_waiting(const struct web_req *req)
{
	return req && req->gauge ? atomic_load(&req->gauge->bytes) : 0;
}


void web_stream_end(struct web_req *req)
{
	if (!req || !req->gauge || req->leaving)
		return;
	web_order(req->web, order_alloc(ORDER_STREAM_END, req->conn,
					req->serial));
	mem_deref(req);
}
