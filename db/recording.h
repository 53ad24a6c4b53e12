/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/recording.h -- recordings and their segments
 *
 * A segment is one file; paths are relative to data_dir/recordings.  Only
 * db_recording_start (by hand) and db_recording_del may fail, see db/db.h.
 *
 * Threads: loop.
 */
#ifndef TUTTI_DB_RECORDING_H
#define TUTTI_DB_RECORDING_H

#include "db/db.h"

/** State "recording".  by_hand: somebody waits for the answer, so the row
 *  is committed or this fails and there is no recording. */
int db_recording_start(struct db *db, uint64_t *idp, uint64_t meeting,
		       const char *room, uint64_t time_us, bool by_hand);

/** "recording" or "paused". */
int db_recording_state(struct db *db, uint64_t id, const char *state);

/** "complete" or "failed"; duration and bytes are summed from the
 *  segments; open segments end too.  reason may be NULL. */
int db_recording_stop(struct db *db, uint64_t id, const char *state,
		      uint64_t time_us, const char *reason);
int db_recording_thumbnail(struct db *db, uint64_t id, const char *path);

/** Of one segment (1…), lower-case hex; the recording's own is the same
 *  with one segment, else the SHA-256 over all segments in order. */
int db_segment_hash(struct db *db, uint64_t id, uint32_t segment,
		    const char *sha256);
int db_recording_hash(struct db *db, uint64_t id, const char *sha256);

int db_segment_start(struct db *db, uint64_t id, uint32_t segment,
		     const char *path, uint64_t time_us);
/** Once in a while, so that a crash loses little. */
int db_segment_progress(struct db *db, uint64_t id, uint32_t segment,
			uint64_t duration_ms, uint64_t bytes);
int db_segment_end(struct db *db, uint64_t id, uint32_t segment,
		   uint64_t time_us, uint64_t duration_ms, uint64_t bytes);

/** Rows go, committed; the caller unlinks the files db_recording_show
 *  named.  ENOENT; EBUSY while it runs. */
int db_recording_del(struct db *db, uint64_t id);

/** Newest first, room NULL: all, limit 0: all.  Without segments. */
int db_recording_list(struct db *db, const char *room, uint32_t limit,
		      json_t **arrayp);
int db_recording_of_meeting(struct db *db, uint64_t meeting,
			    json_t **arrayp);

/** With "segment": array of {segment, path, start_time, stop_time,
 *  duration_ms, bytes, sha256}; ENOENT. */
int db_recording_show(struct db *db, uint64_t id, json_t **objp);

/** Oldest recording behind `after` that has ended without its sha256 (a
 *  crash came first); ENOENT: none. */
int db_recording_unhashed(struct db *db, uint64_t after, uint64_t *idp);

#endif
