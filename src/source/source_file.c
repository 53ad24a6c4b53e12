/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source/source_file.c -- files and cameras: read, and encode if we must
 *
 *	av_read_frame -+-> H.264 a leg can carry -> bsf -------------+-> queue
 *	               |     (GOP kept for a switch to decoding)     |
 *	               +-> decode -> scale -> x264 ------------------+
 *	               +-> Opus -------------------------------------+
 *	               +-> decode -> resample -> Opus ---------------+
 *
 * A copied stream gives key frames when it likes.  If one is asked for and
 * does not come within COPY_KEY_US, the pictures since the last key frame
 * are decoded and from then on the stream is encoded anew.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <re.h>
#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#include "base/clock.h"
#include "source/source.h"
#include "source/source_enc.h"
#include "source/source_pcm.h"

enum {
	GOP_MAX      = 900,       /* pictures kept                        */
	GOP_BYTES    = 16 << 20,
	COPY_KEY_US  = 500000,
	COPY_BPS     = 4000000,   /* more than that is encoded anew       */
};

struct file {
	const struct source_cfg *cfg;
	struct source_queue *q;
	AVFormatContext *fmt;
	AVPacket *pkt;
	AVFrame *frame;
	bool live;
	uint64_t deadline_us;     /* for a call that blocks               */
	char text[SOURCE_TEXT];

	/* time: media time = (stamp - start) + base */
	int64_t start_us;         /* INT64_MIN: none seen                 */
	uint64_t base_us;         /* rounds of a loop before              */
	uint64_t end_us;          /* latest end                           */

	/* picture */
	int vi;                   /* stream, -1: none                     */
	AVCodecContext *vdec;
	AVBSFContext *bsf;        /* not NULL: copied                     */
	AVPacket **gopv;
	unsigned gopc;
	size_t gop_bytes;
	bool gop_whole;           /* from a key frame on, nothing missing */
	uint64_t key_asked_us;    /* 0: not                               */
	bool silent;              /* decode only                          */
	struct SwsContext *sws;
	struct source_venc *venc;
	AVFrame *small;           /* what the encoder gets                */
	bool want_key;
	uint64_t next_pic_us;     /* no picture before: the rate's limit  */

	/* sound */
	int ai;
	struct source_pcm *pcm;   /* NULL: copied                         */
};

static int interrupted(void *arg)
{
	struct file *f = arg;

	return source_queue_closed(f->q) || clock_us() > f->deadline_us;
}

static void patience(struct file *f, unsigned seconds)
{
	f->deadline_us = clock_us() + seconds * 1000000ull;
}

/* libav's words, ours where it has none. */
static void fail(struct file *f, const char *what, int averr)
{
	char buf[128];

	if (averr == AVERROR_EXIT || averr == AVERROR(ETIMEDOUT)) {
		(void)re_snprintf(f->text, sizeof(f->text),
				  "%s: no answer in time", what);
		return;
	}
	if (!averr || av_strerror(averr, buf, sizeof(buf)))
		str_ncpy(f->text, what, sizeof(f->text));
	else
		(void)re_snprintf(f->text, sizeof(f->text), "%s: %s", what,
				  buf);
}

/* ---- time ------------------------------------------------------------- */

/* Media time of a stamp; false: it has none or lies before the start. */
static bool media_us(struct file *f, int64_t ts, AVRational tb,
		     uint64_t *pts_us)
{
	int64_t us;

	if (ts == AV_NOPTS_VALUE)
		return false;

	us = av_rescale_q(ts, tb, AV_TIME_BASE_Q);
	if (f->start_us == INT64_MIN)
		f->start_us = us;
	us -= f->start_us;
	if (us < 0)
		return false;

	*pts_us = f->base_us + us;

	return true;
}

static void ends(struct file *f, uint64_t end_us)
{
	if (end_us > f->end_us)
		f->end_us = end_us;
}

/* ---- pictures --------------------------------------------------------- */

/* The size sent: within the limits, aspect and pixel shape kept. */
static void fit(const struct source_cfg *cfg, const AVFrame *frame,
		unsigned *wp, unsigned *hp)
{
	AVRational sar = frame->sample_aspect_ratio;
	double w = frame->width, h = frame->height, k = 1;

	if (sar.num > 0 && sar.den > 0)
		w = w * sar.num / sar.den;
	if (w * k > cfg->width)
		k = cfg->width / w;
	if (h * k > cfg->height)
		k = cfg->height / h;

	*wp = (unsigned)(w * k + 0.5) & ~1u;
	*hp = (unsigned)(h * k + 0.5) & ~1u;
	*wp = *wp < 16 ? 16 : *wp;
	*hp = *hp < 16 ? 16 : *hp;
}

static int small_alloc(struct file *f, unsigned w, unsigned h)
{
	double fps;

	if (f->small && f->small->width == (int)w
	    && f->small->height == (int)h)
		return 0;

	av_frame_free(&f->small);
	f->venc = mem_deref(f->venc);
	f->small = av_frame_alloc();
	if (!f->small)
		return ENOMEM;
	f->small->format = AV_PIX_FMT_YUV420P;
	f->small->width = w;
	f->small->height = h;
	if (av_frame_get_buffer(f->small, 0))
		return ENOMEM;

	fps = av_q2d(f->fmt->streams[f->vi]->avg_frame_rate);

	return source_venc_alloc(&f->venc, w, h,
				 fps > 4 && fps < f->cfg->fps ?
				 (unsigned)(fps + 0.5) : f->cfg->fps,
				 f->cfg->kbps);
}

/* Any format, matrix and range to BT.601 limited. */
static int scale(struct file *f)
{
	const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(f->frame->format);
	int matrix = f->frame->colorspace, full;

	if (!desc)
		return ENOTSUP;
	f->sws = sws_getCachedContext(f->sws, f->frame->width,
				      f->frame->height, f->frame->format,
				      f->small->width, f->small->height,
				      AV_PIX_FMT_YUV420P, SWS_BILINEAR,
				      NULL, NULL, NULL);
	if (!f->sws)
		return ENOTSUP;

	if (matrix == AVCOL_SPC_UNSPECIFIED)
		matrix = f->frame->height > 576 ? SWS_CS_ITU709 :
			SWS_CS_ITU601;
	full = f->frame->color_range == AVCOL_RANGE_JPEG
		|| (desc->flags & AV_PIX_FMT_FLAG_RGB);
	(void)sws_setColorspaceDetails(f->sws, sws_getCoefficients(matrix),
				       full,
				       sws_getCoefficients(SWS_CS_ITU601),
				       0, 0, 1 << 16, 1 << 16);
	if (av_frame_make_writable(f->small))
		return ENOMEM;

	return sws_scale(f->sws, (const uint8_t *const *)f->frame->data,
			 f->frame->linesize, 0, f->frame->height,
			 f->small->data, f->small->linesize) > 0 ? 0 : EIO;
}

/* One decoded picture, in f->frame. */
static bool picture(struct file *f)
{
	AVRational tb = f->fmt->streams[f->vi]->time_base;
	struct unit *unit;
	unsigned w, h;
	uint64_t pts;

	if (!media_us(f, f->frame->best_effort_timestamp, tb, &pts))
		return true;
	ends(f, pts + 1000000 / f->cfg->fps);
	if (f->silent)
		return true;

	/* half an interval of grace: 30 of 29.97 are not halved */
	if (pts + 500000 / f->cfg->fps < f->next_pic_us)
		return true;
	f->next_pic_us = (pts > f->next_pic_us + 1000000 ? pts :
			  f->next_pic_us) + 1000000 / f->cfg->fps;

	fit(f->cfg, f->frame, &w, &h);
	if (small_alloc(f, w, h) || scale(f))
		return true;
	f->want_key = source_queue_key_wanted(f->q) || f->want_key;
	if (source_venc_put(&unit, f->venc, f->small, pts, f->want_key))
		return true;

	f->want_key = false;

	return source_queue_put(f->q, unit, f->live);
}

static bool decode(struct file *f, const AVPacket *pkt)
{
	bool go = true;

	(void)avcodec_send_packet(f->vdec, pkt);
	while (go && !avcodec_receive_frame(f->vdec, f->frame)) {
		go = picture(f);
		av_frame_unref(f->frame);
	}

	return go;
}

static int vdec_open(struct file *f)
{
	const AVCodecParameters *par = f->fmt->streams[f->vi]->codecpar;
	const AVCodec *codec = avcodec_find_decoder(par->codec_id);

	if (!codec)
		return ENOTSUP;
	f->vdec = avcodec_alloc_context3(codec);
	if (!f->vdec)
		return ENOMEM;

	avcodec_parameters_to_context(f->vdec, par);
	f->vdec->pkt_timebase = f->fmt->streams[f->vi]->time_base;
	f->vdec->thread_count = 2;
	if (f->live)
		f->vdec->thread_type = FF_THREAD_SLICE;

	return avcodec_open2(f->vdec, codec, NULL) < 0 ? ENOTSUP : 0;
}

static void gop_clear(struct file *f)
{
	while (f->gopc)
		av_packet_free(&f->gopv[--f->gopc]);
	f->gop_bytes = 0;
	f->gop_whole = false;
}

static void gop_keep(struct file *f, const AVPacket *pkt)
{
	AVPacket *copy;

	if (pkt->flags & AV_PKT_FLAG_KEY) {
		gop_clear(f);
		f->gop_whole = true;
	}
	if (!f->gop_whole)
		return;

	copy = av_packet_clone(pkt);
	if (!copy || f->gopc == GOP_MAX
	    || f->gop_bytes + pkt->size > GOP_BYTES) {
		av_packet_free(&copy);
		gop_clear(f);
		return;
	}
	f->gopv[f->gopc++] = copy;
	f->gop_bytes += pkt->size;
}

/* From copying to encoding: catch up with the group so far, unseen. */
static void stop_copying(struct file *f)
{
	unsigned i;

	av_bsf_free(&f->bsf);
	if (vdec_open(f)) {
		str_ncpy(f->text, "no decoder for the picture",
			 sizeof(f->text));
		return;
	}
	f->silent = true;
	for (i = 0; i < f->gopc; i++)
		(void)decode(f, f->gopv[i]);
	f->silent = false;
	gop_clear(f);
	f->want_key = true;
}

static bool copy_unit(struct file *f, const AVPacket *pkt)
{
	struct unit *unit;
	uint64_t pts;
	bool key = pkt->flags & AV_PKT_FLAG_KEY;

	if (!media_us(f, pkt->pts, f->bsf->time_base_out, &pts))
		return true;
	ends(f, pts + 33000);
	if (source_video_unit(&unit, pkt->data, pkt->size, key, pts))
		return true;
	if (key)
		f->key_asked_us = 0;

	return source_queue_put(f->q, unit, f->live);
}

static bool copy(struct file *f)
{
	bool go = true;

	gop_keep(f, f->pkt);
	if (source_queue_key_wanted(f->q) && !f->key_asked_us)
		f->key_asked_us = clock_us();
	if (f->key_asked_us && clock_us() > f->key_asked_us + COPY_KEY_US
	    && f->gop_whole && !(f->pkt->flags & AV_PKT_FLAG_KEY)) {
		stop_copying(f);
		return f->vdec != NULL;
	}

	if (av_bsf_send_packet(f->bsf, f->pkt))
		return true;
	while (go && !av_bsf_receive_packet(f->bsf, f->pkt)) {
		go = copy_unit(f, f->pkt);
		av_packet_unref(f->pkt);
	}

	return go;
}

/* Can a leg carry it as it is? */
static bool can_copy(const struct file *f)
{
	const AVStream *st = f->fmt->streams[f->vi];
	const AVCodecParameters *par = st->codecpar;

	return par->codec_id == AV_CODEC_ID_H264
		&& (par->profile & 0xff) == FF_PROFILE_H264_BASELINE
		&& !par->video_delay
		&& par->width > 0 && par->width <= (int)f->cfg->width
		&& par->height > 0 && par->height <= (int)f->cfg->height
		&& par->bit_rate <= COPY_BPS
		&& av_q2d(st->avg_frame_rate) < f->cfg->fps + 1.0;
}

static int copy_open(struct file *f)
{
	const AVStream *st = f->fmt->streams[f->vi];
	int e;

	e = av_bsf_list_parse_str("h264_mp4toannexb,dump_extra=freq=keyframe",
				  &f->bsf);
	if (e < 0)
		return ENOTSUP;
	e = avcodec_parameters_copy(f->bsf->par_in, st->codecpar);
	f->bsf->time_base_in = st->time_base;
	if (e < 0 || av_bsf_init(f->bsf) < 0) {
		av_bsf_free(&f->bsf);
		return ENOTSUP;
	}
	f->gopv = calloc(GOP_MAX, sizeof(*f->gopv));

	return f->gopv ? 0 : ENOMEM;
}

/* ---- sound ------------------------------------------------------------ */

static bool sound_handler(const int16_t *pcm, uint64_t pts_us, void *arg)
{
	struct file *f = arg;
	struct unit *unit;

	ends(f, pts_us + 20000);
	if (source_aenc_put(&unit, source_pcm_enc(f->pcm), pcm, pts_us))
		return true;

	return source_queue_put(f->q, unit, f->live);
}

static bool sound(struct file *f)
{
	AVRational tb = f->fmt->streams[f->ai]->time_base;
	struct unit *unit;
	uint64_t pts;

	if (!media_us(f, f->pkt->pts, tb, &pts))
		return true;
	if (f->pcm)
		return source_pcm_put(f->pcm, f->pkt, pts);

	if (source_audio_unit(&unit, f->pkt->data, f->pkt->size, pts))
		return true;
	ends(f, pts + unit->duration * 1000ull / 48);

	return source_queue_put(f->q, unit, f->live);
}

/* ---- opening ---------------------------------------------------------- */

/* Which protocols one URL may lead to: a playlist in a file must not make
 * us read other machines, nor a remote one our files. */
static const struct {
	const char *scheme, *protocols;
	bool live;
} schemev[] = {
	{"file:",  "file",                                     false},
	{"rtsp:",  "rtsp,rtp,rtcp,udp,tcp,tls,crypto",         true},
	{"rtsps:", "rtsp,rtsps,rtp,rtcp,udp,tcp,tls,crypto",   true},
	{"rtmp:",  "rtmp,tcp,ffrtmphttp,http",                 true},
	{"rtmps:", "rtmps,tls,tcp,ffrtmphttp,https",           true},
	{"rtp:",   "rtp,rtcp,udp",                             true},
	{"udp:",   "udp",                                      true},
	{"tcp:",   "tcp",                                      true},
	{"srt:",   "srt",                                      true},
	{"http:",  "http,https,tcp,tls,crypto,httpproxy,hls",  false},
	{"https:", "http,https,tcp,tls,crypto,httpproxy,hls",  false},
};

static const char *protocols(struct file *f)
{
	const char *colon = strchr(f->cfg->url, ':');
	size_t i;

	for (i = 0; i < ARRAY_SIZE(schemev); i++) {
		if (strncmp(f->cfg->url, schemev[i].scheme,
			    strlen(schemev[i].scheme)))
			continue;
		f->live = schemev[i].live;
		return schemev[i].protocols;
	}

	return f->cfg->url[0] == '/' || !colon ? "file" : NULL;
}

static int open_url(struct file *f)
{
	const char *allowed = protocols(f);
	AVDictionary *opts = NULL;
	int e;

	if (!allowed) {
		fail(f, "this kind of URL is not known", 0);
		return ENOTSUP;
	}
	f->fmt = avformat_alloc_context();
	f->pkt = av_packet_alloc();
	f->frame = av_frame_alloc();
	if (!f->fmt || !f->pkt || !f->frame)
		return ENOMEM;

	f->fmt->interrupt_callback.callback = interrupted;
	f->fmt->interrupt_callback.opaque = f;
	av_dict_set(&opts, "protocol_whitelist", allowed, 0);
	av_dict_set(&opts, "rtsp_transport", "tcp", 0);
	if (f->live) {
		av_dict_set_int(&opts, "analyzeduration", 2000000, 0);
		av_dict_set(&opts, "fflags", "nobuffer", 0);
	}
	patience(f, SOURCE_OPEN_S);
	e = avformat_open_input(&f->fmt, f->cfg->url, NULL, &opts);
	av_dict_free(&opts);
	if (e < 0) {
		fail(f, "cannot open", e);
		return EIO;
	}
	e = avformat_find_stream_info(f->fmt, NULL);
	if (e < 0) {
		fail(f, "cannot find streams", e);
		return EIO;
	}
	/* endless things play at their own pace */
	if (f->fmt->duration == AV_NOPTS_VALUE && strstr(f->cfg->url, "://"))
		f->live = true;

	return 0;
}

static int open_streams(struct file *f, char *audio, char *video, size_t sz)
{
	const AVCodecParameters *par;
	int err;

	f->vi = f->cfg->video_fd < 0 ? -1 :
		av_find_best_stream(f->fmt, AVMEDIA_TYPE_VIDEO, -1, -1, NULL,
				    0);
	f->ai = f->cfg->audio_fd < 0 ? -1 :
		av_find_best_stream(f->fmt, AVMEDIA_TYPE_AUDIO, -1, f->vi,
				    NULL, 0);
	if (f->vi < 0 && f->ai < 0) {
		fail(f, "neither sound nor picture in it", 0);
		return ENOENT;
	}
	if (f->vi >= 0) {
		bool as_is = can_copy(f) && !copy_open(f);

		par = f->fmt->streams[f->vi]->codecpar;
		err = as_is ? 0 : vdec_open(f);
		if (err) {
			fail(f, "no decoder for the picture", 0);
			return err;
		}
		(void)re_snprintf(video, sz, "%s %dx%d %s",
				  avcodec_get_name(par->codec_id), par->width,
				  par->height, as_is ? "copied" : "encoded");
	}
	if (f->ai >= 0) {
		par = f->fmt->streams[f->ai]->codecpar;
		err = par->codec_id == AV_CODEC_ID_OPUS ? 0 :
			source_pcm_alloc(&f->pcm, f->fmt->streams[f->ai],
					 sound_handler, f);
		if (err) {
			fail(f, "no decoder for the sound", 0);
			return err;
		}
		(void)re_snprintf(audio, sz, "%s %s",
				  avcodec_get_name(par->codec_id),
				  f->pcm ? "encoded" : "copied");
	}

	return 0;
}

/* ---- running ---------------------------------------------------------- */

static bool packet(struct file *f)
{
	if (f->pkt->stream_index == f->ai)
		return sound(f);
	if (f->pkt->stream_index == f->vi)
		return f->bsf ? copy(f) : decode(f, f->pkt);

	return true;
}

/* The end of a file: what the decoders still hold, then from the start. */
static bool again(struct file *f)
{
	int64_t start = f->fmt->start_time;

	if (f->vdec && !decode(f, NULL))
		return false;
	if (f->vdec)
		avcodec_flush_buffers(f->vdec);
	if (f->pcm && !source_pcm_flush(f->pcm))
		return false;
	if (!f->cfg->loop || f->live || f->end_us <= f->base_us)
		return false;

	if (start == AV_NOPTS_VALUE)
		start = 0;
	patience(f, SOURCE_READ_S);
	if (avformat_seek_file(f->fmt, -1, INT64_MIN, start, start, 0) < 0) {
		fail(f, "cannot start again", 0);
		return false;
	}
	gop_clear(f);
	f->base_us = f->end_us;

	return true;
}

static void play(struct file *f)
{
	bool go = true;

	while (go) {
		int e;

		patience(f, SOURCE_READ_S);
		e = av_read_frame(f->fmt, f->pkt);
		if (e == AVERROR(EAGAIN))
			continue;
		if (e == AVERROR_EOF) {
			if (f->live)
				fail(f, "the stream has ended", 0);
			go = again(f);
			continue;
		}
		if (e < 0) {
			fail(f, "cannot read on", e);
			break;
		}
		go = packet(f) && !f->text[0];
		av_packet_unref(f->pkt);
	}
}

static void file_close(struct file *f)
{
	gop_clear(f);
	free(f->gopv);
	mem_deref(f->venc);
	mem_deref(f->pcm);
	sws_freeContext(f->sws);
	av_bsf_free(&f->bsf);
	avcodec_free_context(&f->vdec);
	av_frame_free(&f->small);
	av_frame_free(&f->frame);
	av_packet_free(&f->pkt);
	avformat_close_input(&f->fmt);
}

void source_file_run(const struct source_cfg *cfg, struct source_queue *q)
{
	struct file f = {.cfg = cfg, .q = q, .start_us = INT64_MIN,
			 .vi = -1, .ai = -1};
	char audio[64] = "", video[64] = "";

	if (!open_url(&f)
	    && !open_streams(&f, audio, video, sizeof(audio))) {
		source_queue_describe(q, audio, video);
		if (f.fmt->start_time != AV_NOPTS_VALUE && !f.live)
			f.start_us = f.fmt->start_time;
		play(&f);
	}
	else if (!f.text[0]) {
		str_ncpy(f.text, "no memory", sizeof(f.text));
	}
	source_queue_end(q, f.text[0] ? f.text : NULL);
	file_close(&f);
}
