/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/mixer.h -- one meeting
 */
#ifndef TUTTI_MIXER_MIXER_H
#define TUTTI_MIXER_MIXER_H

struct mixer;

#endif
