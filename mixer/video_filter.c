/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/video_filter.c -- a room's canvas_filter: a graph of libavfilter
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include <libavutil/error.h>
#include <libavutil/frame.h>
#include <libavutil/mem.h>

#include <re.h>

#include "mixer/video_clock.h"
#include "mixer/video_filter.h"
#include "mixer/video_filter_lib.h"

enum {
	TRY_PICTURES = 6,
	US_MIN    = 4000,
	SLOW_MOST = VFILTER_SLOW / 3,     /* that a picture counts for     */
};

struct vfilter {
	const struct vfilter_lib *lib;
	AVFilterGraph *graph;
	AVFilterContext *src, *sink;
	AVFrame *in, *out;
	struct vpic pic;          /* of out, borrowed                     */
	unsigned width, height;
	uint64_t max_us;
	unsigned slow;            /* limits used up in a row              */
	int64_t n;
};

/* --- what may be in a graph ------------------------------------------- */

/* Pictures in, pictures out, of the same size; no option names a file. */
static const char *const allowedv[] = {
	"avgblur", "blend", "boxblur", "chromahold", "colorbalance",
	"colorchannelmixer", "colorcontrast", "colorcorrect", "colorhold",
	"colorize", "colorlevels", "colortemperature", "deband", "drawbox",
	"drawgrid", "edgedetect", "eq", "exposure", "fade", "format",
	"gblur", "gradfun", "grayworld", "hflip", "hqdn3d", "hue",
	"lagfun", "limiter", "lut", "lutrgb", "lutyuv", "monochrome",
	"negate", "noise", "null", "overlay", "pixelize", "pseudocolor",
	"smartblur", "split", "unsharp", "vflip", "vibrance",
	"vignette",
};

/* Functions of expressions that loop */
static const char *const loopv[] = {"while", "taylor", "root", "print"};

static int bad(char *errbuf, size_t errsz, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)re_vsnprintf(errbuf, errsz, fmt, ap);
	va_end(ap);

	return EINVAL;
}

static bool is_allowed(const char *p, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(allowedv); i++) {
		if (strlen(allowedv[i]) == n && !memcmp(allowedv[i], p, n))
			return true;
	}

	return false;
}

/* [in], [a]… */
static const char *skip_labels(const char *p)
{
	static const char white[] = " \n\t\r";

	for (;;) {
		p += strspn(p, white);
		if (*p != '[')
			return p;
		/* behind these libavfilter would look for the end elsewhere */
		p += strcspn(p, "]\\'");
		if (*p != ']')
			return p;
		p++;
	}
}

/* What libavutil's av_get_token() takes for an argument's end */
static const char *skip_args(const char *p)
{
	while (*p && !strchr("[],;", *p)) {
		if (*p == '\\' && p[1]) {
			p += 2;
		}
		else if (*p++ == '\'') {
			p += strcspn(p, "'");
			if (*p)
				p++;
		}
	}

	return p;
}

/* split makes pictures: a few are enough. */
static bool args_ok(const char *name, size_t n, const char *args, size_t len)
{
	if (n != 5 || memcmp(name, "split", 5) || !len)
		return true;

	return len == 2 && args[1] >= '1' && args[1] <= '4';
}

/* Written plainly, or hidden behind quotes and backslashes */
static const char *find_loop(const char *graph)
{
	char plain[1024];
	size_t n = 0;

	for (; *graph && n + 1 < sizeof(plain); graph++) {
		if (!strchr("\\' \t\r\n\f\v", *graph))
			plain[n++] = *graph;
	}
	plain[n] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(loopv); i++) {
		if (strstr(plain, loopv[i]))
			return loopv[i];
	}

	return NULL;
}

int vfilter_check(const char *graph, char *errbuf, size_t errsz)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	const char *p = graph, *word;
	unsigned count = 0;

	if (strlen(graph) >= 1000)
		return bad(errbuf, errsz, "too long");
	word = find_loop(graph);
	if (word)
		return bad(errbuf, errsz, "\"%s\" is not allowed", word);

	for (;;) {
		const char *name, *args;
		size_t n;

		p = skip_labels(p);
		n = strspn(p, letters);
		name = p;
		p += n;
		p += strspn(p, " ");
		if (!n || (*p && !strchr("=,;[", *p)))
			return bad(errbuf, errsz, "a filter's name is "
				   "expected at \"%b\"", name,
				   strnlen(name, 20));
		if (!is_allowed(name, n))
			return bad(errbuf, errsz, "filter \"%b\" is unknown "
				   "or not allowed", name, n);
		if (++count > VFILTER_MAX)
			return bad(errbuf, errsz, "more than %d filters",
				   VFILTER_MAX);
		args = p;
		if (*p == '=')
			p = skip_args(p);
		if (!args_ok(name, n, args, (size_t)(p - args)))
			return bad(errbuf, errsz, "split into 1 to 4");
		p = skip_labels(p);
		if (!*p)
			return 0;
		if (*p != ',' && *p != ';')
			return bad(errbuf, errsz, "\"%b\" is not expected", p,
				   strnlen(p, 20));
		p++;
	}
}

/* --- making one ------------------------------------------------------- */

static void destructor(void *data)
{
	struct vfilter *f = data;

	if (f->graph)
		f->lib->avfilter_graph_free(&f->graph);
	av_frame_free(&f->in);
	av_frame_free(&f->out);
}

static int ends_make(struct vfilter *f, unsigned fps)
{
	const struct vfilter_lib *l = f->lib;
	char args[160];

	(void)re_snprintf(args, sizeof(args), "video_size=%ux%u:pix_fmt=%d:"
			  "time_base=1/%u:frame_rate=%u:pixel_aspect=1/1",
			  f->width, f->height, AV_PIX_FMT_YUV420P, fps, fps);
	if (l->avfilter_graph_create_filter(&f->src,
			l->avfilter_get_by_name("buffer"), "in", args, NULL,
			f->graph) < 0)
		return ENOMEM;

	return l->avfilter_graph_create_filter(&f->sink,
			l->avfilter_get_by_name("buffersink"), "out", NULL,
			NULL, f->graph) < 0 ? ENOMEM : 0;
}

/* Whatever it makes becomes a picture of ours again; without scaling. */
static int graph_parse(struct vfilter *f, const char *graph)
{
	const struct vfilter_lib *l = f->lib;
	AVFilterInOut *out = l->avfilter_inout_alloc();
	AVFilterInOut *in = l->avfilter_inout_alloc();
	AVFilterContext *fmt = NULL;
	int e = AVERROR(ENOMEM);

	if (!out || !in)
		goto out;
	e = l->avfilter_graph_create_filter(&fmt,
			l->avfilter_get_by_name("format"), "last",
			"pix_fmts=yuv420p", NULL, f->graph);
	if (e >= 0)
		e = l->avfilter_link(fmt, 0, f->sink, 0);
	if (e < 0)
		goto out;
	out->name = av_strdup("in");
	out->filter_ctx = f->src;
	in->name = av_strdup("out");
	in->filter_ctx = fmt;
	e = l->avfilter_graph_parse_ptr(f->graph, graph, &in, &out, NULL);
 out:
	l->avfilter_inout_free(&in);
	l->avfilter_inout_free(&out);

	return e;
}

/* An AVFrame of our own memory for what goes in */
static int frames_make(struct vfilter *f)
{
	f->in = av_frame_alloc();
	f->out = av_frame_alloc();
	if (!f->in || !f->out)
		return ENOMEM;
	f->in->format = AV_PIX_FMT_YUV420P;
	f->in->width = (int)f->width;
	f->in->height = (int)f->height;
	f->in->color_range = AVCOL_RANGE_MPEG;
	f->in->colorspace = AVCOL_SPC_SMPTE170M;

	return av_frame_get_buffer(f->in, 0) < 0 ? ENOMEM : 0;
}

static int setup(struct vfilter *f, const char *graph, unsigned fps,
		 char *errbuf, size_t errsz)
{
	const struct vfilter_lib *l = f->lib;
	char text[AV_ERROR_MAX_STRING_SIZE] = "";
	int e;

	f->graph = l->avfilter_graph_alloc();
	if (!f->graph || frames_make(f))
		return ENOMEM;
	f->graph->nb_threads = 1;
	if (ends_make(f, fps))
		return ENOMEM;
	e = graph_parse(f, graph);
	if (e >= 0)
		e = l->avfilter_graph_config(f->graph, NULL);
	if (e < 0) {
		(void)av_strerror(e, text, sizeof(text));
		return bad(errbuf, errsz, "libavfilter: %s", text);
	}
	if (l->av_buffersink_get_w(f->sink) != (int)f->width ||
	    l->av_buffersink_get_h(f->sink) != (int)f->height ||
	    l->av_buffersink_get_format(f->sink) != AV_PIX_FMT_YUV420P)
		return bad(errbuf, errsz, "it changes the picture's size");

	return 0;
}

int vfilter_alloc(struct vfilter **fp, const char *graph, unsigned width,
		  unsigned height, unsigned fps, char *errbuf, size_t errsz)
{
	struct vfilter *f;
	int err;

	if (!fp || !graph || !fps)
		return EINVAL;
	err = vfilter_check(graph, errbuf, errsz);
	if (err)
		return err;
	f = mem_zalloc(sizeof(*f), destructor);
	if (!f)
		return ENOMEM;
	f->width = width;
	f->height = height;
	f->max_us = (uint64_t)VFILTER_US_MAX * width * height / (1280 * 720);
	if (f->max_us < US_MIN)
		f->max_us = US_MIN;
	f->lib = vfilter_lib();
	if (!f->lib)
		err = bad(errbuf, errsz, "libavfilter is not installed");
	if (!err)
		err = setup(f, graph, fps, errbuf, errsz);
	if (err)
		mem_deref(f);
	else
		*fp = f;

	return err;
}

/* --- pictures --------------------------------------------------------- */

static int push(struct vfilter *f, const struct vpic *in)
{
	if (av_frame_make_writable(f->in) < 0)
		return ENOMEM;
	for (int i = 0; i < 3; i++) {
		const size_t w = i ? in->w / 2 : in->w;
		const size_t h = i ? in->h / 2 : in->h;

		for (size_t y = 0; y < h; y++)
			memcpy(f->in->data[i] +
			       y * (size_t)f->in->linesize[i],
			       in->data[i] + y * (size_t)in->stride[i], w);
	}
	f->in->pts = f->n++;

	return f->lib->av_buffersrc_add_frame_flags(f->src, f->in,
			AV_BUFFERSRC_FLAG_KEEP_REF) < 0 ? EIO : 0;
}

/* The newest there is */
static int pull(struct vfilter *f)
{
	AVFrame *new = av_frame_alloc();
	int e, err = EAGAIN;

	if (!new)
		return ENOMEM;
	while ((e = f->lib->av_buffersink_get_frame(f->sink, new)) >= 0) {
		av_frame_unref(f->out);
		av_frame_move_ref(f->out, new);
		err = 0;
	}
	av_frame_free(&new);
	if (e != AVERROR(EAGAIN))
		return EIO;

	return err;
}

/* One that takes ten times as long is not waited for ten times as long. */
static void slow_count(struct vfilter *f, uint64_t used_us)
{
	const uint64_t times = used_us / f->max_us;

	if (!times)
		f->slow = 0;
	else
		f->slow += times < SLOW_MOST ? (unsigned)times : SLOW_MOST;
}

int vfilter_run(struct vfilter *f, const struct vpic *in,
		const struct vpic **outp)
{
	const uint64_t t0 = video_cpu_us();
	int err;

	if (in->w != f->width || in->h != f->height)
		return EINVAL;
	err = push(f, in);
	if (!err)
		err = pull(f);
	slow_count(f, video_cpu_us() - t0);
	if (f->slow >= VFILTER_SLOW)
		return ETIME;
	if (err)
		return err;
	if (f->out->width != (int)f->width ||
	    f->out->height != (int)f->height ||
	    f->out->format != AV_PIX_FMT_YUV420P)
		return EIO;

	for (int i = 0; i < 3; i++) {
		f->pic.data[i] = f->out->data[i];
		f->pic.stride[i] = f->out->linesize[i];
	}
	f->pic.w = f->width;
	f->pic.h = f->height;
	*outp = &f->pic;

	return 0;
}

/* The first picture fills tables and caches: it does not count. */
int vfilter_try(const char *graph, unsigned width, unsigned height,
		unsigned fps, char *errbuf, size_t errsz)
{
	const struct layout_rect half = {0, 0, width / 2 & ~1u, height};
	const struct vpic *out = NULL;
	struct vfilter *f = NULL;
	struct vpic pic = {0};
	unsigned slow = 0;
	int err;

	err = vfilter_alloc(&f, graph, width, height, fps, errbuf, errsz);
	if (!err)
		err = vpic_init(&pic, width, height);
	if (!err)
		canvas_fill(&pic, &half, vcolour_rgb(0xc08040));
	for (unsigned i = 0; i < TRY_PICTURES && !err; i++) {
		f->slow = 0;
		err = vfilter_run(f, &pic, &out);
		slow += i && f->slow;
		if (err == EAGAIN)
			err = 0;
		else if (err)
			(void)bad(errbuf, errsz, "it fails at the first "
				  "pictures");
	}
	if (!err && slow > TRY_PICTURES / 2)
		err = bad(errbuf, errsz, "it takes more than %u ms a picture",
			  (unsigned)(f->max_us / 1000));
	if (!err && !out)
		err = bad(errbuf, errsz, "no picture comes out");
	vpic_close(&pic);
	mem_deref(f);

	return err;
}
