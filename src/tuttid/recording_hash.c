/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuttid/recording_hash.c -- checksums of finished recordings
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <re.h>

#include "base/json.h"
#include "base/log.h"
#include "base/thread.h"
#include "db/recording.h"
#include "tuttid/job.h"
#include "tuttid/recording_hash.h"
#include "tuttid/server.h"

enum { HASH_BYTES = 32, HEX_SIZE = 65, SEGMENTS_MAX = 1024,
       CHUNK = 1 << 20, PATH_BUF = 1024 };

struct segment {
	char path[PATH_BUF];
	char hex[HEX_SIZE];
	uint32_t segment;
};

struct hash_job {
	struct server *srv;       /* loop only                            */
	struct jobs *jobs;
	uint64_t id;
	bool mend;                /* look for another when done           */
	struct segment *segv;
	size_t segc;
	char hex[HEX_SIZE];
};

static void hash_job_destructor(void *arg)
{
	struct hash_job *hj = arg;

	mem_deref(hj->segv);
}

static int hex_final(EVP_MD_CTX *ctx, char *hex)
{
	uint8_t md[HASH_BYTES];
	unsigned n = 0;
	size_t i;

	if (!EVP_DigestFinal_ex(ctx, md, &n) || n != sizeof(md))
		return EPROTO;

	for (i = 0; i < sizeof(md); i++)
		(void)re_snprintf(hex + 2 * i, 3, "%02x", md[i]);

	return 0;
}

static int read_all(const struct hash_job *hj, int fd, uint8_t *buf,
		    EVP_MD_CTX *one, EVP_MD_CTX *all)
{
	for (;;) {
		ssize_t n;

		/* the next start finds it without a hash */
		if (jobs_stopping(hj->jobs))
			return ECANCELED;

		n = read(fd, buf, CHUNK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (!n)
			return 0;
		if (!EVP_DigestUpdate(one, buf, n) ||
		    !EVP_DigestUpdate(all, buf, n))
			return EPROTO;
	}
}

static int hash_file(const struct hash_job *hj, struct segment *seg,
		     uint8_t *buf, EVP_MD_CTX *one, EVP_MD_CTX *all)
{
	int fd, err;

	if (!EVP_DigestInit_ex(one, EVP_sha256(), NULL))
		return EPROTO;

	fd = open(seg->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;

	/* read once: not worth the page cache's while */
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	err = read_all(hj, fd, buf, one, all);
	(void)close(fd);

	return err ? err : hex_final(one, seg->hex);
}

/* On a thread of its own; libre's memory is not touched. */
static int work_handler(void *arg)
{
	struct hash_job *hj = arg;
	EVP_MD_CTX *one = EVP_MD_CTX_new(), *all = EVP_MD_CTX_new();
	uint8_t *buf = malloc(CHUNK);
	int err = 0;
	size_t i;

	if (!one || !all || !buf ||
	    !EVP_DigestInit_ex(all, EVP_sha256(), NULL))
		err = ENOMEM;

	for (i = 0; i < hj->segc && !err; i++)
		err = hash_file(hj, &hj->segv[i], buf, one, all);
	if (!err)
		err = hex_final(all, hj->hex);

	free(buf);
	EVP_MD_CTX_free(one);
	EVP_MD_CTX_free(all);

	return err;
}

static void mend_next(struct server *srv, uint64_t after);

static void done_handler(int err, void *arg)
{
	struct hash_job *hj = arg;
	struct server *srv = hj->srv;
	size_t i;

	on_loop();
	if (err && err != ECANCELED)
		warning("recording %llu has no checksum: %m\n",
			(unsigned long long)hj->id, err);

	for (i = 0; i < hj->segc && !err; i++)
		(void)db_segment_hash(srv->db, hj->id, hj->segv[i].segment,
				      hj->segv[i].hex);
	if (!err)
		(void)db_recording_hash(srv->db, hj->id, hj->hex);

	if (hj->mend && !srv->closing)
		mend_next(srv, hj->id);
	mem_deref(hj);
}

static int collect(struct hash_job *hj, json_t *segments)
{
	const char *path;
	json_t *obj;
	size_t i;
	int err;

	hj->segc = json_array_size(segments);
	if (!hj->segc || hj->segc > SEGMENTS_MAX)
		return ENOENT;

	hj->segv = mem_zalloc(hj->segc * sizeof(*hj->segv), NULL);
	if (!hj->segv)
		return ENOMEM;

	json_array_foreach(segments, i, obj) {
		err  = json_u32(obj, "segment", &hj->segv[i].segment);
		err |= json_str(obj, "path", &path);
		if (err)
			return EBADMSG;
		err = server_rec_path(hj->srv, path, hj->segv[i].path,
				      sizeof(hj->segv[i].path));
		if (err)
			return err;
	}

	return 0;
}

static int hash_start(struct server *srv, uint64_t id, bool mend)
{
	struct hash_job *hj;
	json_t *obj = NULL;
	int err;

	hj = mem_zalloc(sizeof(*hj), hash_job_destructor);
	if (!hj)
		return ENOMEM;

	hj->srv  = srv;
	hj->jobs = srv->jobs;
	hj->id   = id;
	hj->mend = mend;

	err = db_recording_show(srv->db, id, &obj);
	if (!err)
		err = collect(hj, json_object_get(obj, "segment"));
	if (!err)
		err = job_run(srv->jobs, work_handler, done_handler, hj);
	if (err) {
		warning("recording %llu has no checksum: %m\n",
			(unsigned long long)id, err);
		mem_deref(hj);
	}
	json_decref(obj);

	return err;
}

/* A recording whose file is gone does not keep the others from theirs. */
static void mend_next(struct server *srv, uint64_t after)
{
	while (!db_recording_unhashed(srv->db, after, &after)) {
		if (!hash_start(srv, after, true))
			return;
	}
}

void recording_hash(struct server *srv, uint64_t id)
{
	(void)hash_start(srv, id, false);
}

void recordings_mend(struct server *srv)
{
	mend_next(srv, 0);
}
