/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http_answer.c -- heads of answers, errors, and the static files
 *
 * Threads: the web thread's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "web/http_conn.h"
#include "web/http_range.h"

struct text {
	int status;
	const char *text;
};

static const struct text textv[] = {
	{200, "OK"}, {201, "Created"}, {202, "Accepted"},
	{204, "No Content"}, {206, "Partial Content"},
	{304, "Not Modified"}, {307, "Temporary Redirect"},
	{400, "Bad Request"}, {401, "Unauthorized"}, {403, "Forbidden"},
	{404, "Not Found"}, {405, "Method Not Allowed"},
	{406, "Not Acceptable"}, {408, "Request Timeout"},
	{409, "Conflict"}, {410, "Gone"}, {411, "Length Required"},
	{412, "Precondition Failed"}, {413, "Content Too Large"},
	{414, "URI Too Long"}, {415, "Unsupported Media Type"},
	{416, "Range Not Satisfiable"}, {417, "Expectation Failed"},
	{422, "Unprocessable Content"}, {423, "Locked"}, {426, "Upgrade Required"},
	{428, "Precondition Required"}, {429, "Too Many Requests"},
	{431, "Request Header Fields Too Large"},
	{500, "Internal Server Error"}, {501, "Not Implemented"},
	{502, "Bad Gateway"}, {503, "Service Unavailable"},
	{504, "Gateway Timeout"}, {505, "HTTP Version Not Supported"},
	{507, "Insufficient Storage"},
};

/* What a page of ours may do.  No inline script, nobody else's code. */
static const char policy[] =
	"Content-Security-Policy: default-src 'self'; "
	"connect-src 'self' ws: wss:; img-src 'self' data: blob:; "
	"media-src 'self' blob: mediastream:; style-src 'self'; "
	"object-src 'none'; base-uri 'none'; form-action 'self'; "
	"frame-ancestors 'self'\r\n"
	"Permissions-Policy: camera=(self), microphone=(self), "
	"display-capture=(self)\r\n";


const char *status_text(int status)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(textv); i++) {
		if (textv[i].status == status)
			return textv[i].text;
	}

	return status < 400 ? "OK" : "Error";
}


static void http_date(char *buf, size_t size)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t t = time(NULL);
	struct tm tm;

	/* not strftime: the locale is none of the protocol's business */
	(void)gmtime_r(&t, &tm);
	snprintf(buf, size, "%.3s, %02d %.3s %d %02d:%02d:%02d GMT",
		 days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
		 tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}


static void fail(struct conn *conn)
{
	atomic_fetch_add(&conn->site->stats.faults, 1);
	conn->state = CONN_DEAD;
}


/* len UINT64_MAX: until the connection ends */
static void head(struct conn *conn, int status, const char *fields,
		 uint64_t len)
{
	char date[64], length[64] = "", *p;
	int n;

	http_date(date, sizeof(date));
	if (len != UINT64_MAX && status >= 200 && status != 204 &&
	    status != 304)
		snprintf(length, sizeof(length), "Content-Length: %llu\r\n",
			 (unsigned long long)len);
	n = asprintf(&p, "HTTP/1.1 %d %s\r\nDate: %s\r\nServer: %s\r\n"
		     "X-Content-Type-Options: nosniff\r\n"
		     "Referrer-Policy: no-referrer\r\n"
		     "%s%sConnection: %s%s\r\n\r\n",
		     status, status_text(status), date,
		     conn->site->software, fields ? fields : "", length,
		     status == 426 ? "upgrade, " : "",
		     conn->keep ? "keep-alive" : "close");
	if (n < 0 || out_mem(&conn->out, p, (size_t)n))
		fail(conn);
}


void conn_answer(struct conn *conn, int status, const char *fields,
		 uint64_t len, uint64_t now)
{
	conn->state = CONN_SEND;
	conn->deadline = now + conn->site->limits.stall_ms;
	head(conn, status, fields, len);
}


void conn_stream(struct conn *conn, uint64_t now)
{
	conn->keep = false;
	conn->state = CONN_STREAM;
	conn->deadline = now + conn->site->limits.stall_ms;
	conn->ping_at = now + CONN_STREAM_MS;
	head(conn, 200, "Content-Type: text/event-stream\r\n"
	     "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n",
	     UINT64_MAX);
}


void conn_problem(struct conn *conn, int status, const char *detail,
		    bool close, uint64_t now)
{
	json_t *obj = json_pack("{s:i, s:s, s:s*}", "status", status,
				"title", status_text(status), "detail",
				detail);
	char *text = obj ? json_dumps(obj, 0) : NULL;
	char fields[192];
	size_t len = text ? strlen(text) : 0;

	json_decref(obj);
	if (close)
		conn->keep = false;
	snprintf(fields, sizeof(fields),
		 "Content-Type: application/problem+json\r\n"
		 "Cache-Control: no-store\r\n%s%s%s",
		 status == 405 ? "Allow: GET, HEAD, OPTIONS\r\n" : "",
		 status == 426 ? "Upgrade: websocket\r\n"
			"Sec-WebSocket-Version: 13\r\n" : "",
		 status == 503 ? "Retry-After: 1\r\n" : "");
	conn_answer(conn, status, fields, len, now);
	if (conn->is_head || !len)
		free(text);
	else if (out_mem(&conn->out, text, len))
		fail(conn);
}


static void send_file(struct conn *conn, const struct static_file *file,
		      const struct http_head *rq, uint64_t now)
{
	const bool zip = file->zip && head_accepts(
		head_field(rq, "accept-encoding"), "gzip");
	const char *etag = zip ? file->zipetag : file->etag;
	const uint64_t size = zip ? file->ziplen : file->len;
	const char *range = head_field(rq, "range");
	const char *ifrange = head_field(rq, "if-range");
	uint64_t start = 0, len = size;
	char fields[1024], part[96] = "";
	int status = 200;

	if (range && !conn->is_head && (!ifrange || !strcmp(ifrange, etag)))
		status = range_parse(&start, &len, range, size);
	if (etag_matches(head_field(rq, "if-none-match"), etag))
		status = 304;
	if (status == 206)
		snprintf(part, sizeof(part),
			 "Content-Range: bytes %llu-%llu/%llu\r\n",
			 (unsigned long long)start,
			 (unsigned long long)(start + len - 1),
			 (unsigned long long)size);
	if (status == 416) {
		snprintf(part, sizeof(part), "Content-Range: bytes */%llu\r\n",
			 (unsigned long long)size);
		len = 0;
	}
	snprintf(fields, sizeof(fields), "Content-Type: %s\r\nETag: %s\r\n"
		 "Cache-Control: %s\r\nAccept-Ranges: bytes\r\n"
		 "Vary: Accept-Encoding\r\n%s%s%s",
		 file->type, etag,
		 file->immutable ? "public, max-age=31536000, immutable"
				 : "no-cache",
		 zip ? "Content-Encoding: gzip\r\n" : "", part, policy);
	conn_answer(conn, status, fields, len, now);
	if (!conn->is_head && status != 304 && status != 416 &&
	    out_const(&conn->out, (zip ? file->zip : file->data) + start,
		      (size_t)len))
		fail(conn);
}


void conn_static(struct conn *conn, uint64_t now)
{
	const struct http_head *rq = conn->head;
	const struct static_file *file;
	const bool get = !strcmp(rq->method, "GET") || conn->is_head;

	if (!strcmp(rq->method, "OPTIONS")) {
		conn_answer(conn, 204, "Allow: GET, HEAD, OPTIONS\r\n", 0, now);
		return;
	}
	file = static_find(conn->site->statics, rq->path);
	if (!file)
		conn_problem(conn, 404, "nothing is served at this path",
			       false, now);
	else if (!get)
		conn_problem(conn, 405, NULL, false, now);
	else
		send_file(conn, file, rq, now);
}
