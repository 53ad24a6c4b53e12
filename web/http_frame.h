/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http_frame.h -- WebSocket frames of a client (RFC 6455), pure
 *
 * Reads masked frames, puts fragments together, refuses what the RFC and
 * our limits forbid with the closing code to send.  Only as much memory is
 * taken as has really arrived.
 *
 * Threads: any; a reader belongs to one.
 */
#ifndef TUTTI_WEB_HTTP_FRAME_H
#define TUTTI_WEB_HTTP_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum frame_op {
	FRAME_MORE   = 0x0,
	FRAME_TEXT   = 0x1,
	FRAME_BINARY = 0x2,
	FRAME_CLOSE  = 0x8,
	FRAME_PING   = 0x9,
	FRAME_PONG   = 0xa,
};

enum {
	FRAME_PARTS_MAX = 1024,   /* of a message                         */
	FRAME_HEAD_MAX  = 14,
	FRAME_CTRL_MAX  = 125,
};

struct frames {
	size_t max;               /* of a message [bytes]                 */
	uint8_t head[FRAME_HEAD_MAX];
	size_t headn;             /* bytes of it so far                   */
	uint64_t left;            /* of the payload                       */
	uint8_t mask[4];
	unsigned maskpos;
	bool inside;              /* in a payload                         */
	bool open;                /* a fragmented message is open         */
	unsigned parts;
	char *msg;
	size_t msgn, msgsz;
	uint8_t ctrl[FRAME_CTRL_MAX];
	size_t ctrln;
	unsigned sum;             /* frames, all told                     */
};

/** A whole text, ping, pong or close; p is borrowed.  A close came with
 *  code (1005 none) and its reason.  Not 0: stop, and tell the caller. */
typedef int (frame_h)(enum frame_op op, uint16_t code, const char *p,
		      size_t len, void *arg);

/** 0, what the handler returned, or a closing code ≥ 1002 to send. */
int frames_feed(struct frames *fr, const uint8_t *p, size_t len,
		frame_h *frameh, void *arg);
void frames_reset(struct frames *fr);                 /* frees            */

/** The head of an unmasked, whole frame; returns its size, ≤ 10. */
size_t frame_head(uint8_t *buf, enum frame_op op, size_t len);

/** Base64 of the answer to Sec-WebSocket-Key; buf holds 29.  EBADMSG: the
 *  key is not 16 bytes. */
int frame_accept(char *buf, const char *key);

/** A code that may stand in a close frame */
bool frame_code_ok(uint16_t code);

#endif
