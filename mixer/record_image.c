/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/record_image.c -- one I420 picture (BT.601, limited) as PNG or JPEG
 *
 * Threads: any.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>
#include <libyuv.h>
#include <png.h>
#include <re.h>

#include "mixer/record_image.h"

static int write_all(int fd, const uint8_t *p, size_t n)
{
	while (n) {
		ssize_t k = write(fd, p, n);

		if (k < 0) {
			if (errno == EINTR)
				continue;
			return errno;
		}
		p += k;
		n -= k;
	}

	return 0;
}

static bool usable(const AVFrame *f)
{
	return f && (f->format == AV_PIX_FMT_YUV420P
		     || f->format == AV_PIX_FMT_YUVJ420P)
		&& f->width > 1 && f->height > 1;
}

struct png_out {
	int fd;
	int err;
};

static void png_write_h(png_structp png, png_bytep p, size_t n)
{
	struct png_out *out = png_get_io_ptr(png);

	if (!out->err)
		out->err = write_all(out->fd, p, n);
	if (out->err)
		png_error(png, "write");
}

static void png_flush_h(png_structp png)
{
	(void)png;
}

static void png_quiet_h(png_structp png, png_const_charp msg)
{
	(void)png;
	(void)msg;
}

static void png_error_h(png_structp png, png_const_charp msg)
{
	(void)msg;
	png_longjmp(png, 1);
}

/* In a function of its own: nothing here changes after setjmp. */
static int png_rows(png_structp png, png_infop info, png_bytep *rowv,
		    unsigned w, unsigned h)
{
	if (setjmp(png_jmpbuf(png)))
		return EIO;

	png_set_IHDR(png, info, w, h, 8, PNG_COLOR_TYPE_RGB,
		     PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
		     PNG_FILTER_TYPE_DEFAULT);
	png_set_compression_level(png, 3);
	png_write_info(png, info);
	png_write_image(png, rowv);
	png_write_end(png, NULL);

	return 0;
}

int image_png(const AVFrame *frame, int fd)
{
	struct png_out out = {fd, 0};
	png_structp png = NULL;
	png_infop info = NULL;
	png_bytep *rowv = NULL;
	uint8_t *rgb = NULL;
	int w, h, y, err = ENOMEM;

	if (!usable(frame) || fd < 0)
		return EINVAL;

	w = frame->width;
	h = frame->height;
	rgb = malloc((size_t)w * h * 3);
	rowv = calloc(h, sizeof(*rowv));
	png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL,
				      png_error_h, png_quiet_h);
	info = png ? png_create_info_struct(png) : NULL;
	if (!rgb || !rowv || !info)
		goto out;

	/* libyuv's RAW is R, G, B in memory; its constants are BT.601 */
	if (I420ToRAW(frame->data[0], frame->linesize[0],
		      frame->data[1], frame->linesize[1],
		      frame->data[2], frame->linesize[2],
		      rgb, w * 3, w, h)) {
		err = EINVAL;
		goto out;
	}
	for (y = 0; y < h; y++)
		rowv[y] = rgb + (size_t)y * w * 3;

	png_set_write_fn(png, &out, png_write_h, png_flush_h);
	err = png_rows(png, info, rowv, w, h);
	err = out.err ? out.err : err;

 out:
	png_destroy_write_struct(&png, &info);
	free(rowv);
	free(rgb);

	return err;
}

/* Limited to full range in place: JPEG knows no other. */
static void full_range(AVFrame *f)
{
	uint8_t luma[256], chroma[256];
	int i, x, y, p;

	for (i = 0; i < 256; i++) {
		int l = ((i - 16) * 255 + 109) / 219;
		int c = 128 + (i - 128) * 255 / 224;

		luma[i] = l < 0 ? 0 : l > 255 ? 255 : l;
		chroma[i] = c < 0 ? 0 : c > 255 ? 255 : c;
	}
	for (p = 0; p < 3; p++) {
		const uint8_t *lut = p ? chroma : luma;
		int w = p ? (f->width + 1) / 2 : f->width;
		int h = p ? (f->height + 1) / 2 : f->height;

		for (y = 0; y < h; y++) {
			uint8_t *row = f->data[p] + y * f->linesize[p];

			for (x = 0; x < w; x++)
				row[x] = lut[row[x]];
		}
	}
}

static AVFrame *jpeg_frame(const AVFrame *in, unsigned width)
{
	AVFrame *f = av_frame_alloc();

	if (!f)
		return NULL;

	f->format = AV_PIX_FMT_YUVJ420P;
	f->width = width ? (int)width & ~1 : in->width;
	f->height = width ? (int)((int64_t)in->height * f->width / in->width)
		& ~1 : in->height;
	if (f->height < 2)
		f->height = 2;
	if (av_frame_get_buffer(f, 0)
	    || I420Scale(in->data[0], in->linesize[0],
			 in->data[1], in->linesize[1],
			 in->data[2], in->linesize[2],
			 in->width, in->height,
			 f->data[0], f->linesize[0],
			 f->data[1], f->linesize[1],
			 f->data[2], f->linesize[2],
			 f->width, f->height, kFilterBox)) {
		av_frame_free(&f);
		return NULL;
	}
	if (in->format == AV_PIX_FMT_YUV420P)
		full_range(f);

	return f;
}

static int jpeg_encode(AVCodecContext *ctx, AVFrame *f, int fd)
{
	AVPacket *pkt = av_packet_alloc();
	int err = EIO;

	if (!pkt)
		return ENOMEM;

	f->quality = 4 * FF_QP2LAMBDA;
	f->pts = 0;
	if (!avcodec_send_frame(ctx, f)
	    && !avcodec_receive_packet(ctx, pkt))
		err = write_all(fd, pkt->data, pkt->size);
	av_packet_free(&pkt);

	return err;
}

int image_jpeg(const AVFrame *frame, int fd, unsigned width)
{
	const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
	AVCodecContext *ctx;
	AVFrame *f = NULL;
	int err = ENOMEM;

	if (!usable(frame) || fd < 0 || width == 1)
		return EINVAL;
	if (!codec)
		return ENOTSUP;

	ctx = avcodec_alloc_context3(codec);
	f = jpeg_frame(frame, width);
	if (!ctx || !f)
		goto out;

	ctx->width = f->width;
	ctx->height = f->height;
	ctx->pix_fmt = AV_PIX_FMT_YUVJ420P;
	ctx->color_range = AVCOL_RANGE_JPEG;
	ctx->time_base = (AVRational){1, 25};
	ctx->thread_count = 1;
	ctx->flags |= AV_CODEC_FLAG_QSCALE;
	ctx->global_quality = 4 * FF_QP2LAMBDA;
	if (avcodec_open2(ctx, codec, NULL) < 0) {
		err = ENOTSUP;
		goto out;
	}
	err = jpeg_encode(ctx, f, fd);

 out:
	avcodec_free_context(&ctx);
	av_frame_free(&f);

	return err;
}
