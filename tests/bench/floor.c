/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/bench/floor.c -- what the codecs alone cost
 *
 *	floor LEGS WIDTH HEIGHT FPS CACHE SPEAKERS [still] [paced]
 *	floor rung WIDTH HEIGHT FPS KBPS CACHE
 *
 * Decodes the prepared streams that tutti-load sends, draws them into the
 * mixer's own grid (not counted) and encodes that picture once with the
 * mixer's own settings for x264 (codec_x264.c: the QP is given, nothing is
 * known of what stood still), on one thread and as fast as it goes; and
 * once as "x264rc", the same preset with x264's rate control and VBV; the
 * same for sound: every stream decoded, one Opus encode for all listeners
 * and one for each speaker.  Prints CPU seconds per second of stream.  The
 * canvas has 30 pictures a second whatever the streams have.
 *
 * With "paced" each picture waits for its time, as in anything live, and the
 * machine does something else in between; then there is no "x264rc".
 *
 * With "rung" the picture of four such legs is scaled to that size and
 * encoded at that rate, and both are counted.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <re.h>
#include <jansson.h>
#include <libavcodec/avcodec.h>
#include <libyuv.h>
#include <opus/opus.h>
#include <x264.h>

#include "mixer/codec_video.h"
#include "mixer/layout.h"
#include "mixer/video.h"
#include "mixer/video_canvas.h"
#include "tests/load/prep.h"

enum {
	CANVAS_W = 1280, CANVAS_H = 720, KBPS = 1500, VARIANTS = 4,
	FRAME_MAX = 1 << 20, SECONDS = TRACE_SECONDS, CANVAS_FPS = 30,
	RUNG_LEGS = 4,
};

struct stream {
	const struct trace *t;
	uint32_t pos;
	AVCodecContext *av;
	AVFrame *frame;
	struct layout_rect tile;
};

static uint8_t buf[FRAME_MAX + AV_INPUT_BUFFER_PADDING_SIZE];
static uint8_t *planev[3];

/* what is encoded */
struct rung {
	unsigned w, h, fps, kbps;
	uint8_t *planev[3];       /* NULL: the canvas itself              */
};

static bool paced;

static const struct rung top = {CANVAS_W, CANVAS_H, CANVAS_FPS, KBPS,
	{NULL, NULL, NULL}};

static double cpu_s(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);

	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/** Until picture n is due. */
static void pace(const struct timespec *t0, unsigned n)
{
	uint64_t ns = (uint64_t)t0->tv_nsec + n * 1000000000ull / CANVAS_FPS;
	const struct timespec ts = {
		.tv_sec = t0->tv_sec + (time_t)(ns / 1000000000),
		.tv_nsec = (long)(ns % 1000000000),
	};

	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

/** The payloads of one frame to Annex B. */
static size_t frame_bytes(struct stream *s)
{
	const struct trace *t = s->t;
	uint32_t ts = t->pktv[s->pos].ts;
	size_t len = 0;

	for (; s->pos < t->head.pktc && t->pktv[s->pos].ts == ts; s->pos++) {
		const uint8_t *p = t->data + t->pktv[s->pos].off;
		size_t n = t->pktv[s->pos].len;
		uint8_t head = p[0];
		bool start = true;

		if ((p[0] & 0x1f) == 28) {
			head  = (p[0] & 0xe0) | (p[1] & 0x1f);
			start = p[1] & 0x80;
			p += 2;
			n -= 2;
		}
		else {
			++p;
			--n;
		}
		if (len + n + 5 > FRAME_MAX)
			break;
		if (start) {
			memcpy(buf + len, "\0\0\0\1", 4);
			buf[len + 4] = head;
			len += 5;
		}
		memcpy(buf + len, p, n);
		len += n;
	}
	if (s->pos == t->head.pktc)
		s->pos = 0;
	memset(buf + len, 0, AV_INPUT_BUFFER_PADDING_SIZE);

	return len;
}

static void decode(struct stream *s, AVPacket *pkt)
{
	pkt->data = buf;
	pkt->size = (int)frame_bytes(s);
	if (avcodec_send_packet(s->av, pkt) >= 0)
		(void)avcodec_receive_frame(s->av, s->frame);
}

static void draw(const struct stream *s)
{
	const struct layout_rect *r = &s->tile;
	const AVFrame *f = s->frame;
	unsigned w = r->w & ~1u, h = r->h & ~1u;

	if (!f->data[0])
		return;
	/* aspect kept, as the mixer does */
	if (w * (unsigned)f->height > h * (unsigned)f->width)
		w = (h * (unsigned)f->width / (unsigned)f->height) & ~1u;
	else
		h = (w * (unsigned)f->height / (unsigned)f->width) & ~1u;

	I420Scale(f->data[0], f->linesize[0], f->data[1], f->linesize[1],
		  f->data[2], f->linesize[2], f->width, f->height,
		  planev[0] + (size_t)r->y * CANVAS_W + r->x, CANVAS_W,
		  planev[1] + (size_t)r->y / 2 * (CANVAS_W / 2) + r->x / 2,
		  CANVAS_W / 2,
		  planev[2] + (size_t)r->y / 2 * (CANVAS_W / 2) + r->x / 2,
		  CANVAS_W / 2, (int)w, (int)h, kFilterBox);
}

/** The preset and profile with x264's own rate control. */
static x264_t *encoder(const struct rung *r)
{
	x264_param_t p;

	if (x264_param_default_preset(&p, "superfast", "zerolatency") < 0)
		return NULL;
	p.i_log_level = X264_LOG_ERROR;
	p.i_threads = 1;
	p.b_sliced_threads = 0;
	p.i_width  = (int)r->w;
	p.i_height = (int)r->h;
	p.i_level_idc = r->h > 720 ? 40 : 31;
	p.i_fps_num = r->fps;
	p.i_fps_den = 1;
	p.i_timebase_num = 1;
	p.i_timebase_den = r->fps;
	p.b_vfr_input = 0;
	p.i_keyint_max = (int)(10 * r->fps);
	p.i_keyint_min = 1;
	p.i_scenecut_threshold = 0;
	p.b_repeat_headers = 1;
	p.analyse.i_weighted_pred = X264_WEIGHTP_NONE;
	p.analyse.b_psnr = p.analyse.b_ssim = 0;
	p.rc.i_rc_method = X264_RC_ABR;
	p.rc.i_bitrate = p.rc.i_vbv_max_bitrate = (int)r->kbps;
	p.rc.i_vbv_buffer_size = (int)r->kbps * 6 / 10;
	if (x264_param_apply_profile(&p, "baseline") < 0)
		return NULL;

	return x264_encoder_open(&p);
}

static int stream_open(struct stream *s)
{
	const AVCodec *avc = avcodec_find_decoder(AV_CODEC_ID_H264);

	s->av    = avc ? avcodec_alloc_context3(avc) : NULL;
	s->frame = av_frame_alloc();
	if (!s->av || !s->frame)
		return ENOMEM;
	s->av->thread_count = 1;

	return avcodec_open2(s->av, avc, NULL) < 0 ? ENOSYS : 0;
}

/** Their grid and decoders. */
static int streams_open(struct stream *sv, unsigned legs,
			const struct prep_video *of, const char *cache)
{
	struct layout_rect tilev[LAYOUT_MAX];
	unsigned i;
	int err = 0;

	(void)layout_grid(tilev, legs, CANVAS_W, CANVAS_H);
	for (i = 0; i < legs && !err; i++) {
		struct prep_video pv = *of;
		struct trace *t;

		/* as load.c: leg 1 has the flash */
		pv.variant = i == 1 ? VARIANTS : i % VARIANTS;
		pv.flash   = i == 1;
		err = prep_video(&t, cache, &pv);
		if (err)
			break;
		sv[i].t    = t;
		sv[i].tile = tilev[i];
		err = stream_open(&sv[i]);
	}

	return err;
}

/** The canvas, or a picture scaled from it. */
static void picture(x264_picture_t *in, const struct rung *r)
{
	uint8_t *const *p = r->planev[0] ? r->planev : planev;
	int i;

	if (r->planev[0])
		I420Scale(planev[0], CANVAS_W, planev[1], CANVAS_W / 2,
			  planev[2], CANVAS_W / 2, CANVAS_W, CANVAS_H,
			  p[0], (int)r->w, p[1], (int)r->w / 2, p[2],
			  (int)r->w / 2, (int)r->w, (int)r->h, kFilterBox);
	for (i = 0; i < 3; i++) {
		in->img.plane[i]    = p[i];
		in->img.i_stride[i] = (int)r->w / (i ? 2 : 1);
	}
}

/* What codecs cost [CPU s] */
struct cost {
	double dec, enc, x264rc;
};

/* One picture by both */
struct coders {
	struct venc *venc;
	x264_t *x264;
};

static void coders_close(struct coders *c)
{
	mem_deref(c->venc);
	if (c->x264)
		x264_encoder_close(c->x264);
}

static int coders_open(struct coders *c, const struct rung *r)
{
	const struct video_rung vr = {
		.codec = CODEC_H264, .width = (uint16_t)r->w,
		.height = (uint16_t)r->h, .fps = (uint8_t)r->fps,
		.kbps = r->kbps, .pkt_mode = 1,
		.level_idc = r->h > 720 ? 40 : 31,
	};
	int err = venc_x264_alloc(&c->venc, &vr, 0);

	c->x264 = err ? NULL : encoder(r);

	return err ? err : c->x264 ? 0 : ENOMEM;
}

static int encode(struct coders *c, const struct rung *r, unsigned n,
		  struct cost *cost)
{
	struct vpic pic = {.w = r->w, .h = r->h};
	struct venc_out vout;
	x264_picture_t in, out;
	x264_nal_t *nalv;
	double t0 = cpu_s(), t1;
	int nalc, i, err;

	x264_picture_init(&in);
	in.img.i_csp   = X264_CSP_I420;
	in.img.i_plane = 3;
	in.i_pts = n;
	picture(&in, r);
	for (i = 0; i < 3; i++) {
		pic.data[i]   = in.img.plane[i];
		pic.stride[i] = in.img.i_stride[i];
	}
	err = venc_put(c->venc, &pic, NULL, false, &vout);
	t1 = cpu_s();
	cost->enc += t1 - t0;
	if (err && err != EAGAIN)
		return err;
	if (paced)
		return 0;
	if (x264_encoder_encode(c->x264, &nalv, &nalc, &in, &out) < 0)
		return EIO;
	cost->x264rc += cpu_s() - t1;

	return 0;
}

/** Every stream is decoded at its own rate, those below 30 by turns. */
static int video(unsigned legs, const struct prep_video *of,
		 const char *cache, const struct rung *r, struct cost *cost)
{
	unsigned each = CANVAS_FPS / of->fps, step = CANVAS_FPS / r->fps;
	struct stream *sv = calloc(legs, sizeof(*sv));
	AVPacket *pkt = av_packet_alloc();
	struct coders coders = {NULL, NULL};
	struct timespec begin;
	int err = sv && pkt ? coders_open(&coders, r) : ENOMEM;
	unsigned i, j;

	if (!err)
		err = streams_open(sv, legs, of, cache);
	(void)clock_gettime(CLOCK_MONOTONIC, &begin);
	for (i = 0; i < SECONDS * CANVAS_FPS && !err; i++) {
		double t0;

		if (paced)
			pace(&begin, i);
		t0 = cpu_s();
		for (j = 0; j < legs; j++)
			if ((i + j) % each == 0)
				decode(&sv[j], pkt);
		cost->dec += cpu_s() - t0;

		for (j = 0; j < legs; j++)
			if ((i + j) % each == 0)
				draw(&sv[j]);
		if (i % step == 0)
			err = encode(&coders, r, i / step, cost);
	}
	cost->dec /= SECONDS;
	cost->enc /= SECONDS;
	cost->x264rc /= SECONDS;

	for (i = 0; sv && i < legs; i++) {
		mem_deref((void *)sv[i].t);
		avcodec_free_context(&sv[i].av);
		av_frame_free(&sv[i].frame);
	}
	free(sv);
	av_packet_free(&pkt);
	coders_close(&coders);

	return err;
}

/** One stream decoded, one encode: times what the meeting has of them. */
static int audio(unsigned legs, unsigned speakers, const char *cache,
		 double *decp, double *encp)
{
	struct trace *t;
	OpusDecoder *dec;
	OpusEncoder *enc;
	int16_t pcm[960 * 2];
	uint8_t out[1500];
	double t0;
	uint32_t i;
	int err;

	err = prep_audio(&t, cache, CODEC_OPUS, SOUND_BABBLE, 2);
	if (err)
		return err;
	dec = opus_decoder_create(48000, 1, &err);
	enc = opus_encoder_create(48000, 1, OPUS_APPLICATION_VOIP, &err);
	if (!dec || !enc)
		return ENOMEM;
	opus_encoder_ctl(enc, OPUS_SET_COMPLEXITY(5));
	opus_encoder_ctl(enc, OPUS_SET_BITRATE(32000));
	opus_encoder_ctl(enc, OPUS_SET_INBAND_FEC(1));

	for (i = 0; i < t->head.pktc && !err; i++) {
		t0 = cpu_s();
		if (opus_decode(dec, t->data + t->pktv[i].off,
				t->pktv[i].len, pcm, 960, 0) != 960)
			err = EBADMSG;
		*decp += cpu_s() - t0;
		t0 = cpu_s();
		if (opus_encode(enc, pcm, 960, out, sizeof(out)) < 0)
			err = EPROTO;
		*encp += cpu_s() - t0;
	}
	*decp *= (double)legs / SECONDS;
	*encp *= (double)(speakers + 1) / SECONDS;

	opus_decoder_destroy(dec);
	opus_encoder_destroy(enc);
	mem_deref(t);

	return err;
}

static int rung(char **argv)
{
	const struct prep_video pv = {.codec = CODEC_H264, .pkt_mode = 1,
		.w = 640, .h = 360, .fps = 30, .kbps = 600};
	struct rung r = {.w = (unsigned)atoi(argv[2]),
		.h = (unsigned)atoi(argv[3]), .fps = (unsigned)atoi(argv[4]),
		.kbps = (unsigned)atoi(argv[5])};
	struct cost cost = {0, 0, 0};
	int err;

	if (!r.w || r.w > 4096 || !r.h || r.h > 4096 || (r.w | r.h) & 1 ||
	    !r.fps || CANVAS_FPS % r.fps || !r.kbps)
		return EINVAL;
	if (r.h != CANVAS_H) {
		r.planev[0] = malloc((size_t)r.w * r.h * 3 / 2);
		if (!r.planev[0])
			return ENOMEM;
		r.planev[1] = r.planev[0] + (size_t)r.w * r.h;
		r.planev[2] = r.planev[1] + (size_t)r.w * r.h / 4;
	}
	err = video(RUNG_LEGS, &pv, argv[6], &r, &cost);
	free(r.planev[0]);
	if (!err)
		(void)printf("{\"video_encode\": %.5f}\n", cost.enc);

	return err;
}

static int floor_of(char **argv, bool still)
{
	struct prep_video pv = {.codec = CODEC_H264, .pkt_mode = 1,
		.kbps = 600, .still = still};
	struct cost cost = {0, 0, 0};
	double adec = 0, aenc = 0;
	unsigned legs = (unsigned)atoi(argv[1]);
	int err;

	pv.w   = (unsigned)atoi(argv[2]);
	pv.h   = (unsigned)atoi(argv[3]);
	pv.fps = (unsigned)atoi(argv[4]);
	if (!legs || legs > LAYOUT_MAX || !pv.fps || CANVAS_FPS % pv.fps)
		return EINVAL;
	err = video(legs, &pv, argv[5], &top, &cost);
	if (!err)
		err = audio(legs, (unsigned)atoi(argv[6]), argv[5], &adec,
			    &aenc);
	if (!err)
		(void)printf("{\"video_decode\": %.5f, \"video_encode\": "
			     "%.5f, \"video_x264rc\": %.5f, "
			     "\"audio_decode\": %.5f, "
			     "\"audio_encode\": %.5f}\n", cost.dec,
			     cost.enc, cost.x264rc, adec, aenc);

	return err;
}

int main(int argc, char **argv)
{
	bool is_rung = argc > 1 && !strcmp(argv[1], "rung"), still = false;
	int n = argc < 7 ? argc : 7, err;

	if (n < argc && !is_rung && !strcmp(argv[n], "still"))
		still = n++;
	if (n < argc && !is_rung && !strcmp(argv[n], "paced"))
		paced = n++;
	if (argc < 7 || n < argc) {
		(void)fprintf(stderr, "usage: floor LEGS WIDTH HEIGHT FPS "
			      "CACHE SPEAKERS [still] [paced]\n"
			      "       floor rung WIDTH HEIGHT FPS KBPS "
			      "CACHE\n");
		return 2;
	}
	if (libre_init())
		return 1;

	planev[0] = calloc(1, CANVAS_W * CANVAS_H * 3 / 2);
	if (!planev[0])
		return 1;
	planev[1] = planev[0] + CANVAS_W * CANVAS_H;
	planev[2] = planev[1] + CANVAS_W * CANVAS_H / 4;
	memset(planev[0], 20, CANVAS_W * CANVAS_H);
	memset(planev[1], 128, CANVAS_W * CANVAS_H / 2);

	err = is_rung ? rung(argv) : floor_of(argv, still);
	if (err)
		(void)fprintf(stderr, "floor: %s\n", strerror(err));
	free(planev[0]);
	libre_close();

	return err ? 1 : 0;
}
