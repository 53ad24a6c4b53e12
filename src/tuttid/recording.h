/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/recording.h -- a meeting's recording, from start to checksum
 *
 * tuttid opens the files, the mixer writes them.  A mixer that is replaced
 * goes on in the next segment of the same recording.  When it has stopped,
 * a picture (taken while it ran) and, by a job beside the loop, the SHA-256
 * of every segment are added.  With less than disk_reserve_mib left it
 * stops by itself.
 *
 * A recording holds its meeting up until the mixer has closed the file.
 *
 * Threads: loop.
 */
#ifndef TUTTI_TUTTID_RECORDING_H
#define TUTTI_TUTTID_RECORDING_H

#include <re.h>
#include <jansson.h>

struct meeting;
struct recording;
struct req;
struct server;

enum {
	RECORDING_STOP_MS  = 5000,    /* for the mixer to close the file  */
	RECORDING_THUMB_MS = 5000,    /* first picture after the start    */
};

/** by_hand: somebody is told that it runs, so the row is committed. */
int recording_start(struct meeting *m, bool by_hand, uint64_t *idp,
		    char *errbuf, size_t errsz);
void recording_stop(struct recording *rec, const char *reason);

/** By hand; answers the req when all is in the catalogue. */
void recording_stop_for(struct recording *rec, struct req *req);
int recording_pause(struct recording *rec, bool on);

/** The mixer's rec_state message. */
void recording_mixer_msg(struct meeting *m, json_t *msg);

/** The mixer died; the next one is there with every leg, or none will be. */
void recording_mixer_died(struct recording *rec);
void recording_mixer_reborn(struct recording *rec);
void recording_mixer_gone(struct recording *rec, const char *text);

/** At the very end: closed in the catalogue without waiting for the mixer;
 *  rec is gone. */
void recording_give_up(struct recording *rec);

uint64_t recording_id(const struct recording *rec);
bool recording_paused(const struct recording *rec);

/** Length and size of one that runs, into its row's object. */
void recording_describe(const struct recording *rec, json_t *obj);

/** What is being written now. */
uint64_t recording_bytes(const struct recording *rec);

#endif
