/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/record_mkv.c -- units into one Matroska file, nothing encoded anew
 *
 * libavformat does the container over our own AVIO on the descriptor.  We
 * do what it would guess at: the avcC record, length prefixes and the
 * timeline.  Parameter sets that equal those in the header are left out of
 * the pictures; from the first others on (a new SPS in mid-file) they stay
 * in front of the key frames, where every decoder looks.
 *
 * Threads: one at a time (the writer).
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/intreadwrite.h>
#include <re.h>

#include "mixer/record_mkv.h"

enum {
	IO_BUF        = 65536,
	OPUS_PRESKIP  = 312,      /* libopus' look-ahead at 48 kHz        */
	INTERLEAVE_US = 200000,
	PS_MAX        = 512,      /* bytes of one parameter set           */
	NAL_SPS = 7, NAL_PPS = 8, NAL_AUD = 9,
};

enum { ST_VIDEO = 0, ST_AUDIO = 1, ST_COUNT };

struct ps {
	uint8_t data[PS_MAX];
	size_t  len;
};

struct mkv {
	AVFormatContext *fmt;
	AVPacket *pkt;
	struct ps sps, pps;       /* those in the header                  */
	bool     inband;          /* others came: all stay with pictures  */
	int      fd;
	int      err;             /* final                                */
	unsigned width, height, fps;
	bool     header, closed;
	bool     wait_key;        /* nothing goes in before a key frame   */
	bool     paused;
	uint64_t base_us;         /* pts_us that is time `start_us`       */
	uint64_t start_us;        /* file time where base_us lies         */
	uint64_t end_us;          /* file time of the end so far          */
	int64_t  last_ms[ST_COUNT]; /* last time stamp, -1: none          */
	uint64_t pos, bytes;      /* AVIO's place, the file's size        */
};

struct nal {
	const uint8_t *p;
	size_t n;
	uint8_t type;
};

/* Next NAL of an Annex B stream; advances *pp. */
static bool nal_next(struct nal *nal, const uint8_t **pp, const uint8_t *end)
{
	const uint8_t *p = *pp, *start, *e;

	while (p + 3 <= end && !(p[0] == 0 && p[1] == 0 && p[2] == 1))
		++p;
	if (p + 3 >= end)
		return false;

	start = p + 3;
	for (e = start; e + 3 <= end; e++) {
		if (e[0] == 0 && e[1] == 0 && e[2] <= 1)
			break;
	}
	if (e + 3 > end)
		e = end;

	*pp = e;
	nal->p = start;
	nal->n = e - start;
	nal->type = start[0] & 0x1f;

	return true;
}

static bool ps_equal(const struct ps *ps, const struct nal *nal)
{
	return ps->len == nal->n && !memcmp(ps->data, nal->p, nal->n);
}

static void ps_take(struct ps *ps, const struct nal *nal)
{
	if (nal->n > sizeof(ps->data))
		return;

	memcpy(ps->data, nal->p, nal->n);
	ps->len = nal->n;
}

static int io_write(void *arg, uint8_t *buf, int size)
{
	struct mkv *mkv = arg;
	int done = 0;

	while (done < size) {
		ssize_t n = pwrite(mkv->fd, buf + done, size - done,
				   mkv->pos);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			mkv->err = mkv->err ? mkv->err : errno;
			return AVERROR(errno);
		}
		done += n;
		mkv->pos += n;
	}
	if (mkv->pos > mkv->bytes)
		mkv->bytes = mkv->pos;

	return size;
}

static int64_t io_seek(void *arg, int64_t off, int whence)
{
	struct mkv *mkv = arg;

	switch (whence & ~AVSEEK_FORCE) {

	case AVSEEK_SIZE:
		return mkv->bytes;
	case SEEK_SET:
		break;
	case SEEK_CUR:
		off += mkv->pos;
		break;
	case SEEK_END:
		off += mkv->bytes;
		break;
	default:
		return AVERROR(EINVAL);
	}
	if (off < 0)
		return AVERROR(EINVAL);

	mkv->pos = off;

	return off;
}

static void mkv_destructor(void *data)
{
	struct mkv *mkv = data;

	(void)mkv_close(mkv);
	if (mkv->fmt && mkv->fmt->pb) {
		av_freep(&mkv->fmt->pb->buffer);
		avio_context_free(&mkv->fmt->pb);
	}
	avformat_free_context(mkv->fmt);
	av_packet_free(&mkv->pkt);
}

int mkv_alloc(struct mkv **mkvp, int fd, unsigned width, unsigned height,
	      unsigned fps)
{
	struct mkv *mkv;
	uint8_t *buf;

	if (!mkvp || fd < 0 || !width || !height || !fps) {
		if (fd >= 0)
			close(fd);
		return EINVAL;
	}

	mkv = mem_zalloc(sizeof(*mkv), mkv_destructor);
	if (!mkv) {
		close(fd);
		return ENOMEM;
	}

	mkv->fd = fd;
	mkv->width = width;
	mkv->height = height;
	mkv->fps = fps;
	mkv->wait_key = true;
	mkv->last_ms[ST_VIDEO] = mkv->last_ms[ST_AUDIO] = -1;

	mkv->pkt = av_packet_alloc();
	avformat_alloc_output_context2(&mkv->fmt, NULL, "matroska", NULL);
	buf = av_malloc(IO_BUF);
	if (!mkv->pkt || !mkv->fmt || !buf)
		goto nomem;

	mkv->fmt->pb = avio_alloc_context(buf, IO_BUF, 1, mkv, NULL,
					  io_write, io_seek);
	if (!mkv->fmt->pb)
		goto nomem;

	*mkvp = mkv;
	return 0;

 nomem:
	av_free(buf);
	mem_deref(mkv);
	return ENOMEM;
}

/* ISO 14496-15 section 5.2.4.1: AVCDecoderConfigurationRecord */
static int avcc(AVCodecParameters *par, const struct ps *sps,
		const struct ps *pps)
{
	size_t n = 11 + sps->len + pps->len;
	uint8_t *p;

	p = av_mallocz(n + AV_INPUT_BUFFER_PADDING_SIZE);
	if (!p)
		return ENOMEM;

	par->extradata = p;
	par->extradata_size = (int)n;

	*p++ = 1;
	memcpy(p, sps->data + 1, 3);    /* profile, constraints, level */
	p += 3;
	*p++ = 0xff;                    /* lengths of 4 bytes */
	*p++ = 0xe1;                    /* one SPS */
	AV_WB16(p, sps->len);
	memcpy(p + 2, sps->data, sps->len);
	p += 2 + sps->len;
	*p++ = 1;
	AV_WB16(p, pps->len);
	memcpy(p + 2, pps->data, pps->len);

	par->profile = sps->data[1];
	par->level = sps->data[3];

	return 0;
}

/* RFC 7845 section 5.1 */
static int opus_head(AVCodecParameters *par)
{
	uint8_t *p;

	p = av_mallocz(19 + AV_INPUT_BUFFER_PADDING_SIZE);
	if (!p)
		return ENOMEM;

	par->extradata = p;
	par->extradata_size = 19;

	memcpy(p, "OpusHead", 8);
	p[8] = 1;
	p[9] = 2;
	AV_WL16(p + 10, OPUS_PRESKIP);
	AV_WL32(p + 12, 48000);

	return 0;
}

static int add_streams(struct mkv *mkv)
{
	AVCodecParameters *par;
	AVStream *st;
	int err;

	st = avformat_new_stream(mkv->fmt, NULL);
	if (!st)
		return ENOMEM;

	par = st->codecpar;
	par->codec_type = AVMEDIA_TYPE_VIDEO;
	par->codec_id = AV_CODEC_ID_H264;
	par->format = AV_PIX_FMT_YUV420P;
	par->width = mkv->width;
	par->height = mkv->height;
	par->color_range = AVCOL_RANGE_MPEG;
	par->color_space = AVCOL_SPC_SMPTE170M;
	st->time_base = (AVRational){1, 1000};
	st->avg_frame_rate = (AVRational){mkv->fps, 1};
	err = avcc(par, &mkv->sps, &mkv->pps);
	if (err)
		return err;

	st = avformat_new_stream(mkv->fmt, NULL);
	if (!st)
		return ENOMEM;

	par = st->codecpar;
	par->codec_type = AVMEDIA_TYPE_AUDIO;
	par->codec_id = AV_CODEC_ID_OPUS;
	par->sample_rate = 48000;
	par->frame_size = 960;
	par->initial_padding = OPUS_PRESKIP;
	av_channel_layout_default(&par->ch_layout, 2);
	st->time_base = (AVRational){1, 1000};

	return opus_head(par);
}

static int write_header(struct mkv *mkv)
{
	AVDictionary *opts = NULL;
	int err, n;

	err = add_streams(mkv);
	if (err)
		return err;

	mkv->fmt->flags |= AVFMT_FLAG_FLUSH_PACKETS | AVFMT_FLAG_BITEXACT;
	mkv->fmt->flush_packets = 1;
	mkv->fmt->max_interleave_delta = INTERLEAVE_US;
	av_dict_set_int(&opts, "cluster_time_limit", MKV_CLUSTER_MS, 0);

	n = avformat_write_header(mkv->fmt, &opts);
	av_dict_free(&opts);
	if (n < 0)
		return mkv->err ? mkv->err : EIO;

	mkv->header = true;
	avio_flush(mkv->fmt->pb);

	return mkv->err;
}

/* Parameter sets of a key frame, for the header. */
static void find_ps(struct mkv *mkv, const struct unit *unit)
{
	const uint8_t *p = unit->data, *end = unit->data + unit->len;
	struct nal nal;

	while (nal_next(&nal, &p, end)) {
		if (nal.type == NAL_SPS && nal.n >= 4)
			ps_take(&mkv->sps, &nal);
		else if (nal.type == NAL_PPS)
			ps_take(&mkv->pps, &nal);
	}
}

/* A new SPS takes the PPS of the header down with it in a decoder, and a
 * return to the old one would go unseen: once one differs, all stay. */
static bool ps_differ(const struct mkv *mkv, const struct unit *unit)
{
	const uint8_t *p = unit->data, *end = unit->data + unit->len;
	struct nal nal;

	while (nal_next(&nal, &p, end)) {
		if ((nal.type == NAL_SPS && !ps_equal(&mkv->sps, &nal))
		    || (nal.type == NAL_PPS && !ps_equal(&mkv->pps, &nal)))
			return true;
	}

	return false;
}

/* Annex B to length-prefixed, without what the header says already. */
static int fill_h264(struct mkv *mkv, const struct unit *unit)
{
	const uint8_t *p = unit->data, *end = unit->data + unit->len;
	size_t n = 0;
	struct nal nal;
	uint8_t *out;
	bool vcl = false;

	/* a start code of 3 bytes becomes a length of 4 */
	if (av_new_packet(mkv->pkt, (int)(unit->len + unit->len / 3 + 4)))
		return ENOMEM;

	if (unit->key && !mkv->inband)
		mkv->inband = ps_differ(mkv, unit);

	out = mkv->pkt->data;
	while (nal_next(&nal, &p, end)) {
		if (!nal.n || nal.type == NAL_AUD
		    || (!mkv->inband && (nal.type == NAL_SPS
					 || nal.type == NAL_PPS)))
			continue;

		vcl = vcl || (nal.type >= 1 && nal.type <= 5);
		AV_WB32(out + n, nal.n);
		memcpy(out + n + 4, nal.p, nal.n);
		n += 4 + nal.n;
	}
	av_shrink_packet(mkv->pkt, (int)n);
	if (!vcl) {
		av_packet_unref(mkv->pkt);
		return EBADMSG;
	}

	return 0;
}

static int fill_opus(struct mkv *mkv, const struct unit *unit)
{
	if (av_new_packet(mkv->pkt, (int)unit->len))
		return ENOMEM;

	memcpy(mkv->pkt->data, unit->data, unit->len);

	return 0;
}

static int write_packet(struct mkv *mkv, const struct unit *unit, int st,
			uint64_t t_us, uint64_t dur_us)
{
	AVRational tb = mkv->fmt->streams[st]->time_base;
	int64_t ms = (int64_t)(t_us + 500) / 1000;
	int err;

	if (ms <= mkv->last_ms[st]) {
		/* sound twice in one millisecond is late sound; a picture
		 * is needed by those after it */
		if (st == ST_AUDIO)
			return 0;
		ms = mkv->last_ms[st] + 1;
	}

	err = st == ST_VIDEO ? fill_h264(mkv, unit) : fill_opus(mkv, unit);
	if (err == EBADMSG)
		return 0;
	if (err)
		return err;

	mkv->last_ms[st] = ms;
	mkv->pkt->stream_index = st;
	mkv->pkt->pts = mkv->pkt->dts =
		av_rescale_q(ms, (AVRational){1, 1000}, tb);
	mkv->pkt->duration = av_rescale_q(dur_us, (AVRational){1, 1000000},
					  tb);
	if (st == ST_AUDIO || unit->key)
		mkv->pkt->flags |= AV_PKT_FLAG_KEY;

	if (av_interleaved_write_frame(mkv->fmt, mkv->pkt) < 0)
		return mkv->err ? mkv->err : EIO;

	if (t_us + dur_us > mkv->end_us)
		mkv->end_us = t_us + dur_us;

	return mkv->err;
}

/* A key frame where one was awaited: the timeline goes on here. */
static int start_at(struct mkv *mkv, const struct unit *unit)
{
	if (!mkv->header) {
		int err;

		find_ps(mkv, unit);
		if (!mkv->sps.len || !mkv->pps.len)
			return EAGAIN;
		err = write_header(mkv);
		if (err)
			return err;
	}
	mkv->base_us = unit->pts_us;
	mkv->start_us = mkv->end_us;
	mkv->wait_key = false;

	return 0;
}

int mkv_write(struct mkv *mkv, const struct unit *unit)
{
	uint64_t dur_us;
	int st, err;

	if (!mkv || !unit)
		return EINVAL;
	if (mkv->err)
		return mkv->err;
	if (mkv->closed || mkv->paused || !unit->len)
		return 0;

	if (unit->codec == CODEC_H264) {
		st = ST_VIDEO;
		dur_us = 1000000 / mkv->fps;
	}
	else if (unit->codec == CODEC_OPUS) {
		st = ST_AUDIO;
		dur_us = unit->duration * 1000000ull / 48000;
	}
	else {
		return ENOTSUP;
	}

	if (mkv->wait_key) {
		if (st != ST_VIDEO || !unit->key)
			return 0;
		err = start_at(mkv, unit);
		if (err == EAGAIN)
			return 0;
		if (err)
			goto out;
	}
	/* sound from before the first picture */
	if (unit->pts_us < mkv->base_us)
		return 0;

	err = write_packet(mkv, unit, st,
			   mkv->start_us + (unit->pts_us - mkv->base_us),
			   dur_us);
 out:
	if (err)
		mkv->err = err;

	return err;
}

void mkv_pause(struct mkv *mkv, bool on)
{
	if (!mkv || mkv->paused == on)
		return;

	mkv->paused = on;
	if (on) {
		mkv->wait_key = true;
		/* what was recorded is safe even if we never go on */
		if (mkv->header && !mkv->err) {
			av_interleaved_write_frame(mkv->fmt, NULL);
			av_write_frame(mkv->fmt, NULL);
		}
	}
}

int mkv_close(struct mkv *mkv)
{
	if (!mkv)
		return EINVAL;
	if (mkv->closed)
		return mkv->err;

	mkv->closed = true;
	if (mkv->header && av_write_trailer(mkv->fmt) < 0 && !mkv->err)
		mkv->err = EIO;
	if (mkv->fd >= 0) {
		if (fdatasync(mkv->fd) && errno != EINVAL && !mkv->err)
			mkv->err = errno;
		if (close(mkv->fd) && !mkv->err)
			mkv->err = errno;
	}
	mkv->fd = -1;

	return mkv->err;
}

uint64_t mkv_duration_ms(const struct mkv *mkv)
{
	return mkv ? mkv->end_us / 1000 : 0;
}

uint64_t mkv_bytes(const struct mkv *mkv)
{
	return mkv ? mkv->bytes : 0;
}
