/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/audio_net.c -- what a leg's network asks of the sound sent to it
 */
#include <string.h>

#include "mixer/audio_net.h"

/* Below some 8 percent libopus puts no FEC into 32 kbit/s.  A report counts
 * in 256ths: any loss at all is the next step. */
static const unsigned lossv[] = {0, 8, 20};

/* Above up: the next step; below down, for so long: the one before */
static const struct { float up, down; unsigned hold_ms; } loss_edgev[] = {
	{.001f, 0, 0},
	{.10f, .001f, AUDIO_NET_CLEAN_MS},
	{2, .07f, AUDIO_NET_HOLD_MS},
};
static const struct { uint32_t low, high; } path_edgev[] = {
	{256, UINT32_MAX}, {96, 340}, {0, 130},
};

void audio_net_init(struct audio_net *net)
{
	memset(net, 0, sizeof(*net));
	net->loss_pct = lossv[0];
}

static bool may_better(uint64_t since, unsigned hold_ms, uint64_t now)
{
	return now >= since + hold_ms * 1000ull;
}

bool audio_net_loss(struct audio_net *net, float loss, uint64_t now)
{
	const unsigned was = net->loss_pct;
	unsigned i = 0;

	while (i < 2 && lossv[i] != was)
		i++;
	if (loss > loss_edgev[i].up) {
		while (i < 2 && loss > loss_edgev[i].up)
			i++;
	}
	else if (i && loss < loss_edgev[i].down) {
		if (may_better(net->loss_us, loss_edgev[i].hold_ms, now))
			i--;
	}
	else {
		/* as bad as ever: the time begins anew */
		net->loss_us = now;
	}
	net->loss_pct = lossv[i];
	if (net->loss_pct != was)
		net->loss_us = now;

	return net->loss_pct != was;
}

bool audio_net_path(struct audio_net *net, uint32_t kbps, uint64_t now)
{
	const enum audio_width was = net->width;
	unsigned i = was;

	if (!kbps)
		kbps = UINT32_MAX - 1;
	if (kbps < path_edgev[i].low) {
		while (i < AUDIO_THIN && kbps < path_edgev[i].low)
			i++;
	}
	else if (i && kbps > path_edgev[i].high) {
		if (may_better(net->width_us, AUDIO_NET_HOLD_MS, now))
			i--;
	}
	else {
		net->width_us = now;
	}
	net->width = (enum audio_width)i;
	if (net->width != was)
		net->width_us = now;

	return net->width != was;
}

uint32_t audio_net_cost(enum audio_width width)
{
	static const uint32_t kbpsv[] = {0, 56, 26};

	return kbpsv[width];
}
