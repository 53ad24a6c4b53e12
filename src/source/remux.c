/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source/remux.c -- tutti-remux: segments of a recording to one MP4
 *
 *	tutti-remux out.mp4 seg1.mkv [seg2.mkv …]
 *	    joins them, nothing encoded anew, index in front (faststart); the
 *	    file appears under its name only when it is whole
 *	tutti-remux --probe seg.mkv
 *	    reads it to its end, as after a crash, and prints
 *	    {"duration_ms": …, "bytes": …, "closed": true, "streams":
 *	     [{"type": "video", "codec": "h264", "width": …, "height": …,
 *	       "packets": …}, {"type": "audio", "codec": "opus", …}]}
 *	    closed: it was ended in order (the header knows its length)
 *
 * Exit 0 done, 1 failed with one line on stderr, 2 usage.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <libavutil/intreadwrite.h>

enum { VIDEO = 0, AUDIO = 1, KINDS = 2, NAL_LEN = 4 };

static const enum AVMediaType kindv[KINDS] = {
	AVMEDIA_TYPE_VIDEO, AVMEDIA_TYPE_AUDIO,
};

struct join {
	AVFormatContext *out;
	AVPacket *pkt;
	int outv[KINDS];          /* streams of out, -1: none             */
	int64_t lastv[KINDS];     /* last dts written [us], INT64_MIN     */
	int64_t base_us;          /* where the segment begins             */
	int64_t end_us;           /* of what has been written             */
	bool inband;              /* parameter sets go with key frames    */
};

static int complain(const char *path, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int complain(const char *path, const char *fmt, ...)
{
	va_list ap;

	(void)fprintf(stderr, "tutti-remux: %s: ", path);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);

	return 1;
}

static const char *words(int averr)
{
	static char buf[128];

	if (av_strerror(averr, buf, sizeof(buf)))
		(void)snprintf(buf, sizeof(buf), "error %d", averr);

	return buf;
}

/* Only files, and only of our own kind. */
static int open_in(AVFormatContext **fmtp, const char *path)
{
	const AVInputFormat *mkv = av_find_input_format("matroska");
	AVDictionary *opts = NULL;
	char *url = av_asprintf("file:%s", path);
	int e;

	if (!url)
		return AVERROR(ENOMEM);
	av_dict_set(&opts, "protocol_whitelist", "file", 0);
	e = avformat_open_input(fmtp, url, mkv, &opts);
	av_dict_free(&opts);
	av_free(url);

	return e;
}

static int kind_of(const AVStream *st)
{
	int i;

	for (i = 0; i < KINDS; i++)
		if (st->codecpar->codec_type == kindv[i])
			return i;

	return -1;
}

/* ---- probe ------------------------------------------------------------ */

static json_t *stream_json(const AVStream *st, unsigned packets)
{
	const AVCodecParameters *par = st->codecpar;
	bool video = par->codec_type == AVMEDIA_TYPE_VIDEO;
	json_t *o;

	o = json_pack("{ss ss sI}", "type", video ? "video" : "audio",
		      "codec", avcodec_get_name(par->codec_id),
		      "packets", (json_int_t)packets);
	if (video) {
		json_object_set_new(o, "width", json_integer(par->width));
		json_object_set_new(o, "height", json_integer(par->height));
	}
	else {
		json_object_set_new(o, "hz", json_integer(par->sample_rate));
	}

	return o;
}

static int probe(const char *path)
{
	AVFormatContext *in = NULL;
	AVPacket *pkt = av_packet_alloc();
	unsigned packets[KINDS] = {0}, i;
	int64_t end = 0;
	json_t *o, *streams = json_array();
	struct stat st = {.st_size = 0};
	char *text;
	int e;

	if (stat(path, &st))
		return complain(path, "%s", strerror(errno));
	e = open_in(&in, path);
	if (e < 0)
		return complain(path, "%s", words(e));

	while (av_read_frame(in, pkt) >= 0) {
		const AVStream *s = in->streams[pkt->stream_index];
		int64_t t = av_rescale_q(pkt->pts + pkt->duration,
					 s->time_base, AV_TIME_BASE_Q);
		int kind = kind_of(s);

		if (kind >= 0)
			++packets[kind];
		if (pkt->pts != AV_NOPTS_VALUE && t > end)
			end = t;
		av_packet_unref(pkt);
	}
	for (i = 0; i < in->nb_streams; i++) {
		int kind = kind_of(in->streams[i]);

		if (kind >= 0)
			json_array_append_new(streams,
					      stream_json(in->streams[i],
							  packets[kind]));
	}
	o = json_pack("{sI sI sb so}",
		      "duration_ms", (json_int_t)((end + 500) / 1000),
		      "bytes", (json_int_t)st.st_size,
		      "closed", in->duration != AV_NOPTS_VALUE,
		      "streams", streams);
	text = json_dumps(o, JSON_COMPACT);
	(void)puts(text ? text : "{}");
	free(text);
	json_decref(o);
	av_packet_free(&pkt);
	avformat_close_input(&in);

	return 0;
}

/* ---- join ------------------------------------------------------------- */

static int add_streams(struct join *j, const AVFormatContext *in)
{
	unsigned i;

	for (i = 0; i < in->nb_streams; i++) {
		const AVStream *st = in->streams[i];
		int kind = kind_of(st);
		AVStream *out;

		if (kind < 0 || j->outv[kind] >= 0)
			continue;
		out = avformat_new_stream(j->out, NULL);
		if (!out || avcodec_parameters_copy(out->codecpar,
						    st->codecpar) < 0)
			return AVERROR(ENOMEM);
		out->codecpar->codec_tag = 0;
		out->time_base = kind == VIDEO ? (AVRational){1, 90000} :
			(AVRational){1, 48000};
		out->avg_frame_rate = st->avg_frame_rate;
		j->outv[kind] = out->index;
	}

	return j->out->nb_streams ? 0 : AVERROR_INVALIDDATA;
}

/* The parameter sets of an avcC record in front of a key frame. */
static int prepend_sets(AVPacket *pkt, const AVCodecParameters *par)
{
	const uint8_t *p = par->extradata + 5;
	const uint8_t *end = par->extradata + par->extradata_size;
	uint8_t *buf, *w;
	int size = 0, e;
	unsigned set, n;
	AVPacket *neu;

	buf = w = malloc(par->extradata_size * 2 + NAL_LEN);
	if (!buf)
		return AVERROR(ENOMEM);
	for (set = 0; set < 2 && p < end; set++) {
		n = *p++ & (set ? 0xff : 0x1f);
		while (n-- && p + 2 <= end) {
			unsigned len = AV_RB16(p);

			p += 2;
			if (p + len > end)
				break;
			AV_WB32(w, len);
			memcpy(w + NAL_LEN, p, len);
			w += NAL_LEN + len;
			p += len;
		}
	}
	size = (int)(w - buf);

	neu = av_packet_alloc();
	e = neu ? av_new_packet(neu, size + pkt->size) : AVERROR(ENOMEM);
	if (e >= 0) {
		av_packet_copy_props(neu, pkt);
		memcpy(neu->data, buf, size);
		memcpy(neu->data + size, pkt->data, pkt->size);
		neu->stream_index = pkt->stream_index;
		av_packet_unref(pkt);
		av_packet_move_ref(pkt, neu);
	}
	av_packet_free(&neu);
	free(buf);

	return e;
}

static bool same_sets(const AVCodecParameters *a, const AVCodecParameters *b)
{
	return a->extradata_size == b->extradata_size
		&& !memcmp(a->extradata, b->extradata, a->extradata_size);
}

static int copy_packet(struct join *j, const AVStream *st, int kind)
{
	AVStream *out = j->out->streams[j->outv[kind]];
	AVPacket *pkt = j->pkt;
	int64_t us, dur;
	int e;

	us = av_rescale_q(pkt->pts, st->time_base, AV_TIME_BASE_Q);
	dur = av_rescale_q(pkt->duration, st->time_base, AV_TIME_BASE_Q);
	if (us < 0)
		us = 0;
	us += j->base_us;
	if (us <= j->lastv[kind])
		us = j->lastv[kind] + 1000;
	j->lastv[kind] = us;
	if (us + dur > j->end_us)
		j->end_us = us + dur;

	if (kind == VIDEO && j->inband && (pkt->flags & AV_PKT_FLAG_KEY)
	    && st->codecpar->extradata_size > 7) {
		e = prepend_sets(pkt, st->codecpar);
		if (e < 0)
			return e;
	}
	pkt->pts = pkt->dts = av_rescale_q(us, AV_TIME_BASE_Q,
					   out->time_base);
	pkt->duration = av_rescale_q(dur, AV_TIME_BASE_Q, out->time_base);
	pkt->stream_index = out->index;
	pkt->pos = -1;

	return av_interleaved_write_frame(j->out, pkt);
}

/* A segment up to its end, or to where it was cut off. */
static int copy_segment(struct join *j, AVFormatContext *in)
{
	unsigned i;
	int e = 0;

	for (i = 0; i < in->nb_streams; i++) {
		const AVStream *st = in->streams[i];

		if (kind_of(st) == VIDEO && j->outv[VIDEO] >= 0
		    && !same_sets(st->codecpar,
				  j->out->streams[j->outv[VIDEO]]->codecpar))
			j->inband = true;
	}

	j->base_us = j->end_us;
	while (e >= 0 && av_read_frame(in, j->pkt) >= 0) {
		const AVStream *st = in->streams[j->pkt->stream_index];
		int kind = kind_of(st);

		if (kind >= 0 && j->outv[kind] >= 0
		    && j->pkt->pts != AV_NOPTS_VALUE)
			e = copy_packet(j, st, kind);
		av_packet_unref(j->pkt);
	}

	return e;
}

static int open_out(struct join *j, const char *path,
		    const AVFormatContext *first)
{
	AVDictionary *opts = NULL;
	char *url;
	int e;

	e = avformat_alloc_output_context2(&j->out, NULL, "mp4", NULL);
	if (e < 0)
		return e;
	e = add_streams(j, first);
	if (e < 0)
		return e;
	url = av_asprintf("file:%s", path);
	if (!url)
		return AVERROR(ENOMEM);
	/* faststart opens the file a second time: by the same name */
	av_free(j->out->url);
	j->out->url = url;
	e = avio_open(&j->out->pb, url, AVIO_FLAG_WRITE);
	if (e < 0)
		return e;

	j->out->flags |= AVFMT_FLAG_BITEXACT;
	j->out->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
	av_dict_set(&opts, "movflags", "faststart", 0);
	e = avformat_write_header(j->out, &opts);
	av_dict_free(&opts);

	return e;
}

static int join_segments(struct join *j, const char *part, int segc,
			 char **segv)
{
	int i, e;

	for (i = 0; i < segc; i++) {
		AVFormatContext *in = NULL;

		e = open_in(&in, segv[i]);
		if (e < 0) {
			/* killed before its first second: nothing in it */
			(void)complain(segv[i], "left out: %s", words(e));
			continue;
		}
		if (!j->out)
			e = open_out(j, part, in);
		if (e >= 0)
			e = copy_segment(j, in);
		avformat_close_input(&in);
		if (e < 0)
			return complain(part, "%s", words(e));
	}
	if (!j->out)
		return complain(part, "no segment can be read");

	e = av_write_trailer(j->out);
	if (e >= 0)
		e = avio_closep(&j->out->pb);

	return e < 0 ? complain(part, "%s", words(e)) : 0;
}

static int remux(const char *path, int segc, char **segv)
{
	struct join j = {.outv = {-1, -1}, .lastv = {INT64_MIN, INT64_MIN}};
	char *part = av_asprintf("%s.part", path);
	int res;

	j.pkt = av_packet_alloc();
	if (!part || !j.pkt)
		return complain(path, "no memory");

	res = join_segments(&j, part, segc, segv);
	if (j.out && j.out->pb)
		avio_closep(&j.out->pb);
	avformat_free_context(j.out);
	av_packet_free(&j.pkt);

	if (!res && rename(part, path))
		res = complain(path, "%s", strerror(errno));
	if (res)
		(void)unlink(part);
	av_free(part);

	return res;
}

int main(int argc, char *argv[])
{
	av_log_set_level(AV_LOG_QUIET);

	if (argc == 3 && !strcmp(argv[1], "--probe"))
		return probe(argv[2]);
	if (argc < 3 || argv[1][0] == '-') {
		(void)fprintf(stderr, "usage: tutti-remux out.mp4 seg.mkv …\n"
			      "       tutti-remux --probe seg.mkv\n");
		return 2;
	}

	return remux(argv[1], argc - 2, argv + 2);
}
