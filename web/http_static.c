/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web/http_static.c -- the page's files, in memory
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <zlib.h>

#include "web/http_static.h"

struct statics {
	struct static_file *filev;        /* sorted by path               */
	size_t filec, size;
	size_t bytes;
};

struct mime {
	const char *ext, *type;
	bool text;                /* shrinks                              */
};

static const struct mime mimev[] = {
	{"html",  "text/html; charset=utf-8", true},
	{"js",    "text/javascript; charset=utf-8", true},
	{"mjs",   "text/javascript; charset=utf-8", true},
	{"css",   "text/css; charset=utf-8", true},
	{"json",  "application/json", true},
	{"map",   "application/json", true},
	{"webmanifest", "application/manifest+json", true},
	{"svg",   "image/svg+xml", true},
	{"txt",   "text/plain; charset=utf-8", true},
	{"wasm",  "application/wasm", true},
	{"png",   "image/png", false},
	{"jpg",   "image/jpeg", false},
	{"webp",  "image/webp", false},
	{"ico",   "image/x-icon", false},
	{"woff2", "font/woff2", false},
	{"mp3",   "audio/mpeg", false},
	{"ogg",   "audio/ogg", false},
	{"opus",  "audio/ogg", false},
};


static const struct mime *mime_of(const char *path)
{
	static const struct mime other = {
		"", "application/octet-stream", false
	};
	const char *dot = strrchr(path, '.');
	size_t i;

	for (i = 0; dot && i < sizeof(mimev) / sizeof(mimev[0]); i++) {
		if (!strcasecmp(dot + 1, mimev[i].ext))
			return &mimev[i];
	}

	return &other;
}


static int set_etag(struct static_file *file)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned i, n;

	if (!EVP_Digest(file->data, file->len, md, &n, EVP_sha256(), NULL))
		return ENOMEM;
	/* 160 bits of it are enough to tell files apart */
	file->etag[0] = '"';
	for (i = 0; i < 20; i++)
		snprintf(file->etag + 1 + 2 * i, 4, "%02x", md[i]);
	strcpy(file->zipetag, file->etag);
	strcpy(file->etag + 41, "\"");
	strcpy(file->zipetag + 41, "-gz\"");

	return 0;
}


static int zip(struct static_file *file)
{
	z_stream zs = {.next_in = file->data};
	uLong room;

	/* 15 + 16: a gzip header */
	if (deflateInit2(&zs, 9, Z_DEFLATED, 15 + 16, 9,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return ENOMEM;
	room = deflateBound(&zs, file->len);
	file->zip = malloc(room);
	if (!file->zip) {
		deflateEnd(&zs);
		return ENOMEM;
	}
	zs.avail_in = (uInt)file->len;
	zs.next_out = file->zip;
	zs.avail_out = (uInt)room;
	if (deflate(&zs, Z_FINISH) == Z_STREAM_END &&
	    zs.total_out < file->len - file->len / 10) {
		file->ziplen = zs.total_out;
	}
	else {
		free(file->zip);
		file->zip = NULL;
	}
	deflateEnd(&zs);

	return 0;
}


static int read_whole(struct static_file *file, int fd, size_t len)
{
	size_t n = 0;

	file->data = malloc(len ? len : 1);
	if (!file->data)
		return ENOMEM;
	while (n < len) {
		ssize_t got = read(fd, file->data + n, len - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? errno : EIO;
		n += (size_t)got;
	}
	file->len = len;

	return 0;
}


static int fill(struct static_file *file, int dirfd, const char *name,
		const char *path)
{
	const struct mime *mime = mime_of(name);
	struct stat sb;
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return errno;
	if (fstat(fd, &sb))
		err = errno;
	else if (sb.st_size > STATIC_FILE_MAX)
		err = EFBIG;
	else
		err = read_whole(file, fd, (size_t)sb.st_size);
	(void)close(fd);
	if (err)
		return err;

	file->path = strdup(path);
	if (!file->path)
		return ENOMEM;
	file->type = mime->type;
	file->immutable = !strncmp(path, "/assets/", 8);
	err = set_etag(file);
	if (!err && mime->text && file->len > 256)
		err = zip(file);

	return err;
}


static void clear(struct static_file *file)
{
	free(file->path);
	free(file->data);
	free(file->zip);
	memset(file, 0, sizeof(*file));
}


static int add(struct statics *st, int dirfd, const char *name,
	       const char *path)
{
	int err;

	if (st->filec == STATIC_FILES_MAX)
		return ENFILE;
	if (st->filec == st->size) {
		size_t size = st->size ? st->size * 2 : 32;
		struct static_file *v = realloc(st->filev,
						size * sizeof(*v));
		if (!v)
			return ENOMEM;
		st->filev = v;
		st->size = size;
	}
	memset(&st->filev[st->filec], 0, sizeof(st->filev[0]));
	err = fill(&st->filev[st->filec], dirfd, name, path);
	if (err) {
		clear(&st->filev[st->filec]);
		return err;
	}
	st->bytes += st->filev[st->filec].len;
	++st->filec;

	return st->bytes > STATIC_ALL_MAX ? EFBIG : 0;
}


static int walk(struct statics *st, int fd, const char *prefix,
		unsigned depth, char *errbuf, size_t errsz);

static int enter(struct statics *st, DIR *dir, const char *name,
		 const char *prefix, unsigned depth, char *errbuf,
		 size_t errsz)
{
	char path[512];
	struct stat sb;
	int err, fd;

	if (snprintf(path, sizeof(path), "%s/%s", prefix, name) >=
	    (int)sizeof(path))
		err = ENAMETOOLONG;
	else if (fstatat(dirfd(dir), name, &sb, 0))
		err = errno;
	else if (S_ISREG(sb.st_mode))
		err = add(st, dirfd(dir), name, path);
	else if (!S_ISDIR(sb.st_mode))
		return 0;
	else if (depth == STATIC_DEPTH_MAX)
		err = ELOOP;
	else {
		fd = openat(dirfd(dir), name,
			    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return fd < 0 ? errno : walk(st, fd, path, depth + 1,
					     errbuf, errsz);
	}
	if (err && errbuf)
		snprintf(errbuf, errsz, "%s: %s", path, strerror(err));

	return err;
}


/* Takes fd over.  What begins with a dot is nobody's business. */
static int walk(struct statics *st, int fd, const char *prefix,
		unsigned depth, char *errbuf, size_t errsz)
{
	DIR *dir = fdopendir(fd);
	struct dirent *de;
	int err = 0;

	if (!dir) {
		err = errno;
		(void)close(fd);
		return err;
	}
	while (!err && (de = readdir(dir))) {
		if (de->d_name[0] != '.')
			err = enter(st, dir, de->d_name, prefix, depth,
				    errbuf, errsz);
	}
	(void)closedir(dir);

	return err;
}


static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct static_file *)a)->path,
		      ((const struct static_file *)b)->path);
}


int static_load(struct statics **stp, const char *dir, char *errbuf,
		size_t errsz)
{
	struct statics *st;
	int fd, err = 0;

	if (!stp)
		return EINVAL;
	st = calloc(1, sizeof(*st));
	if (!st)
		return ENOMEM;

	fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd >= 0)
		err = walk(st, fd, "", 0, errbuf, errsz);
	else if (dir && errno != ENOENT) {
		err = errno;
		if (errbuf)
			snprintf(errbuf, errsz, "%s: %s", dir,
				 strerror(err));
	}
	if (err) {
		static_free(st);
		return err;
	}
	if (st->filec)
		qsort(st->filev, st->filec, sizeof(st->filev[0]), by_path);
	*stp = st;

	return 0;
}


void static_free(struct statics *st)
{
	size_t i;

	if (!st)
		return;
	for (i = 0; i < st->filec; i++)
		clear(&st->filev[i]);
	free(st->filev);
	free(st);
}


size_t static_count(const struct statics *st)
{
	return st ? st->filec : 0;
}


static const struct static_file *look(const struct statics *st,
				      const char *path)
{
	struct static_file key = {.path = (char *)path};

	return st->filec ? bsearch(&key, st->filev, st->filec,
				   sizeof(st->filev[0]), by_path) : NULL;
}


const struct static_file *static_find(const struct statics *st,
				      const char *path)
{
	const struct static_file *file;

	if (!st || !path || *path != '/')
		return NULL;
	file = look(st, path);
	if (file)
		return file;

	/* the page of a room, whose name may have dots; but for a file of
	 * ours that is missing the page would be a strange answer */
	if (strchr(path + 1, '/') || path[1] == '.' || *mime_of(path)->ext)
		return NULL;

	return look(st, "/index.html");
}
