/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fake/cam.c -- a camera and a viewer without a network
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/frame.h>

#include <re.h>

#include "mixer/codec_video.h"
#include "mixer/leg.h"
#include "mixer/rtp_pack.h"
#include "mixer/video.h"
#include "tests/fake/cam.h"

struct cam {
	struct video_rung desc;
	struct venc *enc;
	struct rtp_pack pack;
	struct vpic pic;
	uint32_t ssrc;
	uint64_t seq;
	unsigned n;
};

static void cam_destructor(void *data)
{
	struct cam *cam = data;

	mem_deref(cam->enc);
	vpic_close(&cam->pic);
}

int cam_resize(struct cam *cam, unsigned w, unsigned h)
{
	struct vpic pic;
	int err;

	err = vpic_init(&pic, w, h);
	if (err)
		return err;
	vpic_close(&cam->pic);
	cam->pic = pic;
	cam->desc.width = (uint16_t)w;
	cam->desc.height = (uint16_t)h;
	cam->enc = mem_deref(cam->enc);

	return venc_alloc(&cam->enc, &cam->desc, LEG_PAYLOAD_MAX);
}

int cam_alloc(struct cam **cp, enum ticket_codec codec, unsigned w,
	      unsigned h, unsigned fps, uint32_t ssrc)
{
	struct cam *cam = mem_zalloc(sizeof(*cam), cam_destructor);
	int err;

	if (!cam)
		return ENOMEM;
	cam->desc.codec = codec;
	cam->desc.fps = (uint8_t)fps;
	cam->desc.kbps = 1000;
	cam->desc.pkt_mode = 1;
	cam->desc.level_idc = 40;
	cam->pack.codec = codec;
	cam->pack.pkt_mode = 1;
	cam->pack.max = LEG_PAYLOAD_MAX;
	cam->ssrc = ssrc;
	cam->seq = 1000;
	err = cam_resize(cam, w, h);
	if (err)
		mem_deref(cam);
	else
		*cp = cam;

	return err;
}

struct vpic *cam_pic(struct cam *cam)
{
	return &cam->pic;
}

void cam_rgb(struct cam *cam, unsigned rgb)
{
	const struct vcolour c = vcolour_rgb(rgb);
	const struct vpic *p = &cam->pic;

	memset(p->data[0], c.y, (size_t)p->stride[0] * p->h);
	memset(p->data[1], c.u, (size_t)p->stride[1] * ((p->h + 1) / 2));
	memset(p->data[2], c.v, (size_t)p->stride[2] * ((p->h + 1) / 2));
}

void cam_move(struct cam *cam)
{
	const unsigned w = cam->pic.w / 8 & ~1u, h = cam->pic.h / 8 & ~1u;
	struct layout_rect r = {0, cam->pic.h / 3 & ~1u, w, h};

	for (unsigned i = 0; i < 7; i++) {
		r.x = ((i * w + cam->n * 4) % (cam->pic.w - w)) & ~1u;
		canvas_fill(&cam->pic, &r,
			    vcolour_rgb(0x203040 * i + cam->n * 0x010301));
	}
	cam->n++;
}

static int send_one(struct cam *cam, const struct unit *u, unsigned i,
		    uint32_t ts, uint64_t now, cam_pkt_h *pkth, void *arg)
{
	const struct unit_payload *p = &u->payv[i];
	struct pkt *pkt = pkt_get();

	if (!pkt)
		return ENOMEM;
	pkt->rx_us = now;
	pkt->ssrc = cam->ssrc;
	pkt->ts = ts;
	pkt->seq = cam->seq;
	pkt->pt = cam->desc.codec == CODEC_H264 ? 96 : 97;
	pkt->marker = p->marker;
	pkt->level = -1;
	pkt->off = 12;
	pkt->len = (uint16_t)(p->hdrlen + p->len);
	memcpy(pkt->data + 12, p->hdr, p->hdrlen);
	memcpy(pkt->data + 12 + p->hdrlen, u->data + p->off, p->len);
	pkth(pkt, arg);

	return 0;
}

int cam_send(struct cam *cam, uint32_t ts, uint64_t now, bool key,
	     unsigned drop, cam_pkt_h *pkth, void *arg)
{
	struct venc_out out;
	struct unit *u;
	int err;

	err = venc_put(cam->enc, &cam->pic, NULL, key, &out);
	if (err)
		return err;
	err = rtp_pack_video(&u, &cam->pack, out.data, out.len);
	if (err)
		return err;
	for (unsigned i = 0; i < u->payc && !err; i++, cam->seq++) {
		if (i >= drop)
			err = send_one(cam, u, i, ts, now, pkth, arg);
	}
	unit_unref(u);

	return err;
}

void cam_ticket(struct ticket *t, uint32_t id, const char *name,
		enum ticket_codec codec)
{
	struct ticket_fmt *f = &t->video.fmtv[0];

	ticket_init(t, id);
	str_ncpy(t->name, name, sizeof(t->name));
	t->video.on = true;
	if (codec == CODEC_NONE)
		return;
	t->video.send = t->video.recv = true;
	t->video.fmtc = 1;
	f->codec = codec;
	f->pt = f->tx_pt = codec == CODEC_H264 ? 96 : 97;
	f->clock_hz = 90000;
	f->pkt_mode = 1;
	f->profile_idc = 66;
	f->profile_iop = 0xe0;
	f->level_idc = 31;
}

struct viewer {
	struct vdec *dec;
	AVFrame *frame;
	unsigned n;
};

static void viewer_destructor(void *data)
{
	struct viewer *v = data;

	mem_deref(v->dec);
	av_frame_free(&v->frame);
}

int viewer_alloc(struct viewer **vp, enum ticket_codec codec)
{
	struct viewer *v = mem_zalloc(sizeof(*v), viewer_destructor);
	int err;

	if (!v)
		return ENOMEM;
	err = vdec_alloc(&v->dec, codec);
	if (err)
		mem_deref(v);
	else
		*vp = v;

	return err;
}

static void frame_handler(AVFrame *frame, void *arg)
{
	struct viewer *v = arg;

	av_frame_free(&v->frame);
	v->frame = av_frame_clone(frame);
	v->n++;
}

int viewer_put(struct viewer *v, const struct unit *unit)
{
	uint8_t *data = calloc(1, unit->len + 64);
	unsigned n = v->n;
	int err;

	if (!data)
		return ENOMEM;
	memcpy(data, unit->data, unit->len);
	err = vdec_put(v->dec, data, unit->len, 0, frame_handler, v);
	free(data);
	if (!err && v->n != n + 1)
		err = EBADMSG;

	return err;
}

const AVFrame *viewer_frame(const struct viewer *v)
{
	return v->frame;
}
