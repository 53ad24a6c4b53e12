/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http_order.c -- what the loop orders, done to its connection
 *
 * Threads: the web thread's.
 */
#include "web/http_conn.h"


static void take_reply(struct conn *conn, struct order *order, uint64_t now)
{
	int err = 0;

	conn_answer(conn, order->code, order->fields, order->len, now);
	if (conn->is_head || !order->len)
		return;
	if (order->fd >= 0) {
		err = out_fd(&conn->out, order->fd, order->off, order->len);
		order->fd = -1;
	}
	else if (order->data) {
		err = out_mem(&conn->out, order->data, (size_t)order->len);
		order->data = NULL;
	}
	if (err)
		conn->state = CONN_DEAD;
}


/* Lines of a stream, or a whole frame; counted by the loop */
static void take_data(struct conn *conn, struct order *order)
{
	const size_t len = (size_t)order->len;
	char *data = order->data;

	order->data = NULL;
	conn->counted += len;
	if (out_mem(&conn->out, data, len))
		conn->state = CONN_DEAD;
}


/* Nobody is there (any more) to read the stream that begins: its client
 * went, or was told 504 */
static void stream_gone(const struct conns *conns, const struct order *order)
{
	struct job *job = job_alloc(JOB_GONE, order->conn, order->serial);

	if (job)
		(void)jobq_push(conns_site(conns)->jobq, job, true);
}


static void take_stream(struct conn *conn, struct order *order, uint64_t now)
{
	if (order->gauge && conn->state == CONN_WAIT) {
		conn->is_stream = true;
		conn->gauge = gauge_ref(order->gauge);
		conn_stream(conn, now);
		if (conn->is_head)
			conn_tell(conn, 0);
	}
	else if (order->gauge) {
		stream_gone(conn->conns, order);
	}
	else if (conn->state == CONN_STREAM && !conn->told && order->data) {
		take_data(conn, order);
	}
}


static void take_order(struct conn *conn, struct order *order, uint64_t now)
{
	switch (order->kind) {

	case ORDER_REPLY:
		if (conn->state == CONN_WAIT)
			take_reply(conn, order, now);
		break;

	case ORDER_PATIENCE:
		if (conn->state == CONN_WAIT)
			conn->deadline = now + order->len;
		break;

	case ORDER_STREAM:
		take_stream(conn, order, now);
		break;

	case ORDER_STREAM_END:
		if (conn->state != CONN_STREAM)
			break;
		if (order->flood)
			conn->state = CONN_DEAD;
		else
			conn->told = true;
		break;

	case ORDER_WS_SEND:
		if (conn->state == CONN_WS)
			take_data(conn, order);
		break;

	case ORDER_WS_CLOSE:
		if (!order->flood)
			conn->told = true;
		if (conn->state != CONN_WS)
			break;
		if (order->flood) {
			out_cut(&conn->out);
			conn_tell(conn, 1013);
		}
		conn_ws_close(conn, order->code, order->data, now);
		break;

	case ORDER_TLS:
	case ORDER_QUIT:
		break;
	}
}


struct conn *conns_order(struct conns *conns, struct order *order,
			 uint64_t now)
{
	struct conn *conn = conn_find(conns, order->conn);

	if (conn && conn->serial == order->serial) {
		take_order(conn, order, now);
	}
	else {
		if (order->kind == ORDER_STREAM && order->gauge)
			stream_gone(conns, order);
		conn = NULL;
	}
	order_free(order);

	return conn;
}
