/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/load/pictureprobe.c -- decode pictures, see the patch turn */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <re.h>
#include <libavcodec/avcodec.h>

#include "tests/load/pictureprobe.h"

enum {
	FRAME_MAX = 1 << 20,
	BLOCK     = 8,
	RANGE     = 140,          /* only the patch differs by so much    */
	BLOCKS_MIN = 6,
	FADE_EVERY = 8,           /* pictures; extremes fade by 1 each    */
};

struct pictureprobe {
	enum ticket_codec codec;
	AVCodecContext *av;
	AVPacket *pkt;
	AVFrame *frame, *last;
	uint8_t *buf;
	size_t len;
	bool torn;                /* packets of this picture are missing  */
	bool key_seen;
	struct picture_stats st;
	/* per block of the picture: darkest and brightest lately */
	uint8_t *lov, *hiv;
	unsigned bw, bh;
	bool known, bright;       /* the patch was found, and is so       */
	turn_h *turnh;
	void *arg;
};

static void destructor(void *arg)
{
	struct pictureprobe *pp = arg;

	avcodec_free_context(&pp->av);
	av_packet_free(&pp->pkt);
	av_frame_free(&pp->frame);
	av_frame_free(&pp->last);
	free(pp->buf);
	free(pp->lov);
	free(pp->hiv);
}

int pictureprobe_alloc(struct pictureprobe **ppp, enum ticket_codec codec,
		       turn_h *turnh, void *arg)
{
	const AVCodec *avc = avcodec_find_decoder(codec == CODEC_VP8 ?
						  AV_CODEC_ID_VP8 :
						  AV_CODEC_ID_H264);
	struct pictureprobe *pp = mem_zalloc(sizeof(*pp), destructor);
	int err = ENOMEM;

	if (!pp)
		return ENOMEM;

	av_log_set_level(AV_LOG_QUIET);
	pp->codec = codec;
	pp->turnh = turnh;
	pp->arg   = arg;
	pp->buf   = malloc(FRAME_MAX + AV_INPUT_BUFFER_PADDING_SIZE);
	pp->pkt   = av_packet_alloc();
	pp->frame = av_frame_alloc();
	pp->last  = av_frame_alloc();
	pp->av    = avc ? avcodec_alloc_context3(avc) : NULL;
	if (!pp->buf || !pp->pkt || !pp->frame || !pp->last || !pp->av)
		goto out;

	pp->av->thread_count = 1;
	pp->av->flags |= AV_CODEC_FLAG_LOW_DELAY;
	err = avcodec_open2(pp->av, avc, NULL) < 0 ? ENOSYS : 0;

 out:
	if (err)
		mem_deref(pp);
	else
		*ppp = pp;

	return err;
}

/* ---- reassembly ---- */

static void append(struct pictureprobe *pp, const void *p, size_t n)
{
	if (pp->len + n > FRAME_MAX) {
		pp->torn = true;
		return;
	}
	memcpy(pp->buf + pp->len, p, n);
	pp->len += n;
}

static void nal(struct pictureprobe *pp, const uint8_t *p, size_t n)
{
	static const uint8_t start[4] = {0, 0, 0, 1};

	if (n && ((p[0] & 0x1f) == 5 || (p[0] & 0x1f) == 7))
		pp->key_seen = true;
	append(pp, start, 4);
	append(pp, p, n);
}

static void h264_put(struct pictureprobe *pp, const uint8_t *p, size_t n)
{
	uint8_t type = n ? p[0] & 0x1f : 0, head;

	if (type >= 1 && type <= 23) {
		nal(pp, p, n);
	}
	else if (type == 24) {
		for (++p, --n; n > 2;) {
			size_t k = (size_t)p[0] << 8 | p[1];

			if (k > n - 2)
				break;
			nal(pp, p + 2, k);
			p += 2 + k;
			n -= 2 + k;
		}
	}
	else if (type == 28 && n > 2) {
		head = (p[0] & 0xe0) | (p[1] & 0x1f);
		if (p[1] & 0x80) {
			nal(pp, &head, 1);
		}
		append(pp, p + 2, n - 2);
	}
}

static void vp8_put(struct pictureprobe *pp, const uint8_t *p, size_t n)
{
	size_t i = 1;

	if (n && p[0] & 0x80) {
		uint8_t x = n > 1 ? p[1] : 0;

		++i;
		if (x & 0x80)
			i += n > i && p[i] & 0x80 ? 2 : 1;
		if (x & 0x40)
			++i;
		if (x & 0x30)
			++i;
	}
	if (i >= n)
		return;
	if (!pp->len && !(p[i] & 1))
		pp->key_seen = true;
	append(pp, p + i, n - i);
}

/* ---- looking ---- */

static int grid_set(struct pictureprobe *pp, const AVFrame *f)
{
	unsigned bw = f->width / BLOCK, bh = f->height / BLOCK;

	if (bw == pp->bw && bh == pp->bh)
		return 0;

	free(pp->lov);
	free(pp->hiv);
	pp->lov = malloc((size_t)bw * bh + 1);
	pp->hiv = malloc((size_t)bw * bh + 1);
	pp->bw = pp->bh = 0;
	if (!pp->lov || !pp->hiv)
		return ENOMEM;
	pp->bw = bw;
	pp->bh = bh;
	memset(pp->lov, 255, (size_t)bw * bh);
	memset(pp->hiv, 0, (size_t)bw * bh);
	pp->known = false;

	return 0;
}

static unsigned block_mean(const AVFrame *f, unsigned bx, unsigned by)
{
	const uint8_t *p = f->data[0] + (size_t)by * BLOCK * f->linesize[0] +
		bx * BLOCK;
	unsigned i, j, sum = 0;

	for (i = 0; i < BLOCK; i++, p += f->linesize[0])
		for (j = 0; j < BLOCK; j++)
			sum += p[j];

	return sum / (BLOCK * BLOCK);
}

static void look(struct pictureprobe *pp, const AVFrame *f, uint64_t at_us)
{
	bool fade = pp->st.decoded % FADE_EVERY == 0, bright;
	unsigned i, n = 0, light = 0;

	if (grid_set(pp, f))
		return;

	for (i = 0; i < pp->bw * pp->bh; i++) {
		unsigned m = block_mean(f, i % pp->bw, i / pp->bw);
		uint8_t *lo = &pp->lov[i], *hi = &pp->hiv[i];

		if (fade && *lo < *hi) {
			++*lo;
			--*hi;
		}
		if (m < *lo)
			*lo = (uint8_t)m;
		if (m > *hi)
			*hi = (uint8_t)m;
		if (*hi < *lo + RANGE)
			continue;
		++n;
		light += 2 * m > (unsigned)*lo + *hi;
	}

	if (n < BLOCKS_MIN)
		return;

	/* a picture on its way (a half-drawn patch) is neither */
	if (light * 4 > n && light * 4 < 3 * n)
		return;
	bright = light * 2 > n;
	if (pp->known && bright != pp->bright && pp->turnh)
		pp->turnh(bright, at_us, pp->arg);
	pp->known  = true;
	pp->bright = bright;
}

static void decode(struct pictureprobe *pp, uint64_t at_us)
{
	memset(pp->buf + pp->len, 0, AV_INPUT_BUFFER_PADDING_SIZE);
	pp->pkt->data = pp->buf;
	pp->pkt->size = (int)pp->len;

	if (avcodec_send_packet(pp->av, pp->pkt) < 0) {
		++pp->st.broken;
		return;
	}
	while (avcodec_receive_frame(pp->av, pp->frame) >= 0) {
		const AVFrame *f = pp->frame;

		if (f->format != AV_PIX_FMT_YUV420P &&
		    f->format != AV_PIX_FMT_YUVJ420P)
			continue;
		++pp->st.decoded;
		pp->st.keys += f->key_frame;
		pp->st.w = (unsigned)f->width;
		pp->st.h = (unsigned)f->height;
		look(pp, f, at_us);
		av_frame_unref(pp->last);
		av_frame_move_ref(pp->last, pp->frame);
	}
}

void pictureprobe_put(struct pictureprobe *pp, const uint8_t *p, size_t n,
		      bool marker, bool lost, uint64_t at_us)
{
	if (lost)
		pp->torn = true;

	if (pp->codec == CODEC_VP8)
		vp8_put(pp, p, n);
	else
		h264_put(pp, p, n);

	if (!marker)
		return;

	if (pp->len && pp->torn)
		++pp->st.broken;
	else if (pp->len && pp->key_seen)
		decode(pp, at_us);
	pp->len  = 0;
	pp->torn = false;
}

void pictureprobe_stats(const struct pictureprobe *pp,
			struct picture_stats *st)
{
	*st = pp->st;
}

bool pictureprobe_wants_key(const struct pictureprobe *pp)
{
	return !pp->st.decoded;
}

static int clip8(int v)
{
	return v < 0 ? 0 : v > 255 ? 255 : v;
}

int pictureprobe_write(const struct pictureprobe *pp, const char *path)
{
	const AVFrame *f = pp->last;
	int x, y;
	FILE *out;

	if (!f->data[0])
		return ENOENT;
	out = fopen(path, "wbe");
	if (!out)
		return errno;

	(void)fprintf(out, "P6\n%d %d\n255\n", f->width, f->height);
	for (y = 0; y < f->height; y++)
		for (x = 0; x < f->width; x++) {
			int Y = f->data[0][y * f->linesize[0] + x] - 16;
			int U = f->data[1][y / 2 * f->linesize[1] + x / 2];
			int V = f->data[2][y / 2 * f->linesize[2] + x / 2];

			U -= 128;
			V -= 128;
			(void)fputc(clip8((298 * Y + 409 * V) >> 8), out);
			(void)fputc(clip8((298 * Y - 100 * U - 208 * V) >> 8),
				    out);
			(void)fputc(clip8((298 * Y + 516 * U) >> 8), out);
		}

	return fclose(out) ? EIO : 0;
}
