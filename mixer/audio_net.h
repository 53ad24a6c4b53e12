/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/audio_net.h -- what a leg's network asks of the sound sent to it
 *
 * Two small numbers, so that the classes of audio_class.h stay few: a step
 * of loss (how much FEC) and one of bandwidth (bit rate, packet length,
 * pauses).  Worse counts at once, better one step at a time and only after
 * a while, and steps overlap: a leg at an edge does not go to and fro.
 * A network of which nobody has reported yet loses nothing: its first report
 * comes within seconds.
 *
 * Threads: any; plain values.
 */
#ifndef TUTTI_MIXER_AUDIO_NET_H
#define TUTTI_MIXER_AUDIO_NET_H

#include <stdbool.h>
#include <stdint.h>

enum audio_width {
	AUDIO_WIDE,               /* as negotiated                        */
	AUDIO_NARROW,             /* 24 kbit/s                            */
	AUDIO_THIN,               /* 16 kbit/s in packets of 60 ms, none in
	                           * pauses: 24 kbit/s with all headers   */
};

enum {
	AUDIO_NET_HOLD_MS  = 8000,
	AUDIO_NET_CLEAN_MS = 20000,       /* without any loss at all      */
};

struct audio_net {
	unsigned loss_pct;        /* 0, 8 or 20                           */
	enum audio_width width;
	uint64_t loss_us, width_us;       /* moved                        */
};

void audio_net_init(struct audio_net *net);

/** Loss that the peer reports [0..1].  Has it changed? */
bool audio_net_loss(struct audio_net *net, float loss, uint64_t now);

/** What the path carries, all media [kbit/s]; 0: enough. */
bool audio_net_path(struct audio_net *net, uint32_t kbps, uint64_t now);

/** What sound takes of the path then, headers and all [kbit/s]; 0: as it was
 *  negotiated. */
uint32_t audio_net_cost(enum audio_width width);

#endif
