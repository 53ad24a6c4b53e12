/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source/source_test.c -- test:N, a picture and a tone one can tell apart
 *
 * A field of a hue of its own, its number, the running time, a bar that
 * wanders and a ball that turns once a second; a soft tone of a pitch of
 * its own that comes and goes.  The bar jumps white as the tone begins:
 * one sees and hears whether they are together.
 */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include <re.h>
#include <libavutil/frame.h>

#include "source/source.h"
#include "source/source_enc.h"

enum {
	GLYPH_W = 3, GLYPH_H = 5,
	PULSE_MS = 2000,          /* the tone's period                    */
	TONE_MS  = 600,
	EDGE_MS  = 60,            /* it swells and fades                  */
	LUMA_LIGHT = 235, LUMA_DARK = 16,
};

struct test {
	const struct source_cfg *cfg;
	struct source_queue *q;
	unsigned number;
	unsigned w, h;
	struct source_venc *venc;
	struct source_aenc *aenc;
	AVFrame *frame;
	uint8_t luma, cb, cr;
	double hz;
};

/* Rows of three bits: 0 to 9 and the colon */
static const uint8_t glyphv[11][GLYPH_H] = {
	{7, 5, 5, 5, 7}, {2, 6, 2, 2, 7}, {7, 1, 7, 4, 7}, {7, 1, 7, 1, 7},
	{5, 5, 7, 1, 1}, {7, 4, 7, 1, 7}, {7, 4, 7, 5, 7}, {7, 1, 2, 2, 2},
	{7, 5, 7, 5, 7}, {7, 5, 7, 1, 7}, {0, 2, 0, 2, 0},
};

static void box(struct test *t, unsigned x, unsigned y, unsigned w,
		unsigned h, uint8_t luma)
{
	unsigned row;

	if (x >= t->w || y >= t->h)
		return;
	if (x + w > t->w)
		w = t->w - x;
	if (y + h > t->h)
		h = t->h - y;
	for (row = y; row < y + h; row++)
		memset(t->frame->data[0] + row * t->frame->linesize[0] + x,
		       luma, w);
}

static void text(struct test *t, unsigned x, unsigned y, unsigned dot,
		 const char *str, uint8_t luma)
{
	unsigned r, c;

	for (; *str; str++, x += (GLYPH_W + 1) * dot) {
		const uint8_t *glyph;

		if (*str != ':' && (*str < '0' || *str > '9'))
			continue;
		glyph = glyphv[*str == ':' ? 10 : *str - '0'];
		for (r = 0; r < GLYPH_H; r++)
			for (c = 0; c < GLYPH_W; c++)
				if (glyph[r] & (4 >> c))
					box(t, x + c * dot, y + r * dot, dot,
					    dot, luma);
	}
}

static unsigned text_width(const char *str, unsigned dot)
{
	return ((unsigned)strlen(str) * (GLYPH_W + 1) - 1) * dot;
}

/* The golden angle: neighbours in number are far apart in hue. */
static void choose_colour(struct test *t)
{
	double a = fmod(t->number * 137.508 + 200, 360) * M_PI / 180;

	t->luma = 110;
	t->cb = (uint8_t)(128 + 52 * cos(a));
	t->cr = (uint8_t)(128 + 52 * sin(a));
	/* a pentatonic scale from A3 on: any of them sound well together */
	t->hz = 220 * pow(2, (t->number / 5
			      + (double[]){0, 3, 5, 7, 10}[t->number % 5]
			      / 12.0));
	while (t->hz > 1800)
		t->hz /= 2;
}

static void draw(struct test *t, uint64_t pts_us)
{
	unsigned ms = (unsigned)(pts_us / 1000 % 86400000), i;
	unsigned dot = t->h / 12, small = t->h / 48;
	double a = pts_us * 2e-6 * M_PI;
	unsigned bar = t->w / 40;
	char str[32];

	box(t, 0, 0, t->w, t->h, t->luma);
	for (i = 1; i < 3; i++) {
		unsigned row;

		for (row = 0; row < t->h / 2; row++)
			memset(t->frame->data[i]
			       + row * t->frame->linesize[i],
			       i == 1 ? t->cb : t->cr, t->w / 2);
	}

	(void)re_snprintf(str, sizeof(str), "%u", t->number);
	text(t, (t->w - text_width(str, dot)) / 2, t->h / 4, dot, str,
	     LUMA_LIGHT);
	(void)re_snprintf(str, sizeof(str), "%02u:%02u:%02u", ms / 60000,
			  ms / 1000 % 60, ms / 10 % 100);
	text(t, (t->w - text_width(str, small)) / 2, t->h * 3 / 4, small,
	     str, LUMA_DARK);

	box(t, (unsigned)(pts_us / 5000 * t->w / 1000 % t->w), bar,
	    bar, bar, ms % PULSE_MS < TONE_MS ? LUMA_LIGHT : LUMA_DARK);
	box(t, (unsigned)(t->w - 4 * bar + 2 * bar * cos(a)),
	    (unsigned)(4 * bar + 2 * bar * sin(a)), bar, bar, LUMA_LIGHT);
}

/* -26 dBFS, with soft edges. */
static void tone(const struct test *t, int16_t *pcm, uint64_t n)
{
	const double peak = 32768 * pow(10, -26 / 20.0);
	unsigned i;

	for (i = 0; i < SOURCE_AUDIO_FRAME; i++) {
		uint64_t k = n * SOURCE_AUDIO_FRAME + i;
		double ms = fmod(k / 48.0, PULSE_MS), gain = 0;

		if (ms < TONE_MS) {
			gain = 1;
			if (ms < EDGE_MS)
				gain = ms / EDGE_MS;
			if (ms > TONE_MS - EDGE_MS)
				gain = (TONE_MS - ms) / EDGE_MS;
		}
		pcm[2 * i] = pcm[2 * i + 1] =
			(int16_t)(peak * gain
				  * sin(2 * M_PI * t->hz * k / 48000));
	}
}

static bool picture(struct test *t, uint64_t n)
{
	uint64_t pts = n * 1000000 / t->cfg->fps;
	struct unit *unit;

	draw(t, pts);
	if (source_venc_put(&unit, t->venc, t->frame, pts,
			    source_queue_key_wanted(t->q)))
		return true;

	return source_queue_put(t->q, unit, false);
}

static bool sound(struct test *t, uint64_t n)
{
	int16_t pcm[2 * SOURCE_AUDIO_FRAME];
	struct unit *unit;

	tone(t, pcm, n);
	if (source_aenc_put(&unit, t->aenc, pcm, n * 20000))
		return true;

	return source_queue_put(t->q, unit, false);
}

static int init(struct test *t)
{
	t->w = t->cfg->width & ~1u;
	t->h = t->cfg->height & ~1u;
	t->frame = av_frame_alloc();
	if (!t->frame)
		return ENOMEM;
	t->frame->format = 0;   /* AV_PIX_FMT_YUV420P */
	t->frame->width = t->w;
	t->frame->height = t->h;
	if (av_frame_get_buffer(t->frame, 0))
		return ENOMEM;
	choose_colour(t);

	return source_venc_alloc(&t->venc, t->w, t->h, t->cfg->fps,
				 t->cfg->kbps)
		|| source_aenc_alloc(&t->aenc) ? ENOMEM : 0;
}

void source_test_run(const struct source_cfg *cfg, unsigned number,
		     struct source_queue *q)
{
	struct test t = {.cfg = cfg, .q = q, .number = number};
	uint64_t video = 0, audio = 0;
	char desc[64];
	bool go = true;

	if (init(&t)) {
		source_queue_end(q, "no memory");
		goto out;
	}
	(void)re_snprintf(desc, sizeof(desc), "h264 %ux%u", t.w, t.h);
	source_queue_describe(q, cfg->audio_fd >= 0 ? "opus" : "",
			      cfg->video_fd >= 0 ? desc : "");

	while (go) {
		bool v = cfg->audio_fd < 0
			|| video * 1000000 / cfg->fps <= audio * 20000;

		if (v) {
			go = cfg->video_fd < 0 || picture(&t, video);
			++video;
		}
		else {
			go = sound(&t, audio);
			++audio;
		}
	}
 out:
	mem_deref(t.venc);
	mem_deref(t.aenc);
	av_frame_free(&t.frame);
}
