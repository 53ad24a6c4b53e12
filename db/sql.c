/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db/sql.c -- statements: kept prepared, bound by format, rows to JSON
 */
#include <inttypes.h>
#include <string.h>

#include <re.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/priv.h"


struct stmt {
	struct le le;
	const char *sql;
	sqlite3_stmt *st;
};


int db_errno(int rc)
{
	switch (rc & 0xff) {

	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:       return 0;
	case SQLITE_CONSTRAINT: return EEXIST;
	case SQLITE_FULL:       return ENOSPC;
	case SQLITE_READONLY:   return EROFS;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:     return EBADMSG;
	case SQLITE_NOMEM:      return ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:     return EBUSY;
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:   return EACCES;
	case SQLITE_TOOBIG:     return EOVERFLOW;
	case SQLITE_ERROR:
	case SQLITE_RANGE:
	case SQLITE_MISUSE:     return EINVAL;
	default:                return EIO;
	}
}


int db_note(struct db *db, int rc)
{
	const int err = db_errno(rc);

	if (!err)
		return 0;

	str_ncpy(db->text, db->sq ? sqlite3_errmsg(db->sq)
				  : sqlite3_errstr(rc), sizeof(db->text));

	return err;
}


static void stmt_destructor(void *arg)
{
	struct stmt *stmt = arg;

	list_unlink(&stmt->le);
	sqlite3_finalize(stmt->st);
}


int db_stmt(struct db *db, sqlite3_stmt **stp, const char *sql)
{
	struct stmt *stmt;
	struct le *le;
	int rc;

	for (le = db->stmtl.head; le; le = le->next) {
		stmt = le->data;
		if (stmt->sql == sql) {
			*stp = stmt->st;
			return 0;
		}
	}

	if (!db->sq)
		return db_note(db, SQLITE_CANTOPEN);

	stmt = mem_zalloc(sizeof(*stmt), stmt_destructor);
	if (!stmt)
		return ENOMEM;

	stmt->sql = sql;
	list_append(&db->stmtl, &stmt->le, stmt);

	rc = sqlite3_prepare_v3(db->sq, sql, -1, SQLITE_PREPARE_PERSISTENT,
				&stmt->st, NULL);
	if (rc != SQLITE_OK) {
		int err = db_note(db, rc);

		mem_deref(stmt);
		return err;
	}

	*stp = stmt->st;

	return 0;
}


void db_stmt_flush(struct db *db)
{
	list_flush(&db->stmtl);
}


static int bind_one(sqlite3_stmt *st, int i, char type, va_list *ap)
{
	const char *s;
	uint64_t u;

	switch (type) {

	case 'i':
		return sqlite3_bind_int64(st, i, va_arg(*ap, int64_t));
	case 'b':
		return sqlite3_bind_int64(st, i, !!va_arg(*ap, int));
	case 'u':
	case 'z':
		u = va_arg(*ap, uint64_t);
		if (type == 'z' && !u)
			return sqlite3_bind_null(st, i);
		return sqlite3_bind_int64(st, i, (sqlite3_int64)u);
	case 's':
	case 't':
	case 'e':
		s = va_arg(*ap, const char *);
		if (type == 'e' && s && !*s)
			s = NULL;
		if (type == 't' && !s)
			s = "";
		return s ? sqlite3_bind_text(st, i, s, -1, SQLITE_TRANSIENT)
			 : sqlite3_bind_null(st, i);
	default:
		return SQLITE_MISUSE;
	}
}


int db_bind_va(sqlite3_stmt *st, const char *fmt, va_list ap)
{
	va_list copy;
	int i, rc = SQLITE_OK;

	va_copy(copy, ap);
	for (i = 0; fmt && fmt[i] && rc == SQLITE_OK; i++)
		rc = bind_one(st, i + 1, fmt[i], &copy);
	va_end(copy);

	return db_errno(rc);
}


int db_exec(struct db *db, const char *sql)
{
	if (!db->sq)
		return db_note(db, SQLITE_CANTOPEN);

	return db_note(db, sqlite3_exec(db->sq, sql, NULL, NULL, NULL));
}


/* A commit waits for the disk only where somebody was promised that. */
int db_sync_full(struct db *db, bool full)
{
	int err;

	if (db->full == (int)full)
		return 0;

	err = db_exec(db, full ? "PRAGMA synchronous=FULL"
			       : "PRAGMA synchronous=NORMAL");
	if (!err)
		db->full = full;

	return err;
}


int db_step(struct db *db, sqlite3_stmt *st)
{
	const int rc = sqlite3_step(st);

	if (rc == SQLITE_ROW)
		return 0;

	if (rc == SQLITE_DONE) {
		sqlite3_reset(st);
		return ENOENT;
	}

	db_note(db, rc);
	sqlite3_reset(st);

	return db_errno(rc);
}


static int query_va(struct db *db, sqlite3_stmt **stp, const char *sql,
		    const char *fmt, va_list ap)
{
	int err;

	/* in trouble the answer lacks what waits, but it is an answer */
	if (!list_isempty(&db->jobl) && !db->state.trouble)
		(void)db_queue_flush(db);

	err = db_stmt(db, stp, sql);
	if (err)
		return err;

	return db_bind_va(*stp, fmt, ap);
}


int db_query(struct db *db, sqlite3_stmt **stp, const char *sql,
	     const char *fmt, ...)
{
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = query_va(db, stp, sql, fmt, ap);
	va_end(ap);

	return err;
}


int db_must(struct db *db, const char *sql, const char *fmt, ...)
{
	sqlite3_stmt *st;
	va_list ap;
	int err;

	/* rows that this one refers to may still wait */
	err = db_queue_flush(db);
	if (err)
		return err;

	err = db_sync_full(db, true);
	if (!err)
		err = db_stmt(db, &st, sql);
	if (err)
		return err;

	va_start(ap, fmt);
	err = db_bind_va(st, fmt, ap);
	va_end(ap);
	if (err)
		return err;

	err = db_step(db, st);
	sqlite3_reset(st);
	if (err && err != ENOENT) {
		db->reopen = db->reopen || (db_is_trouble(err) &&
					    err != ENOSPC);
		return err;
	}

	++db->state.written;

	return sqlite3_changes(db->sq) ? 0 : ENOENT;
}


static json_t *column_json(sqlite3_stmt *st, int i, char type)
{
	char buf[32];

	if (sqlite3_column_type(st, i) == SQLITE_NULL)
		return json_null();

	switch (type) {

	case 'i':
		return json_integer(sqlite3_column_int64(st, i));
	case 'b':
		return json_boolean(sqlite3_column_int64(st, i));
	case 't':
		return json_string(clock_iso(buf, (uint64_t)
					sqlite3_column_int64(st, i)));
	case 'j':
		return json_loads((const char *)sqlite3_column_text(st, i),
				  JSON_DECODE_ANY, NULL);
	default:
		return json_string((const char *)sqlite3_column_text(st, i));
	}
}


json_t *db_row_json(sqlite3_stmt *st)
{
	json_t *obj = json_object();
	int i;

	for (i = 0; obj && i < sqlite3_column_count(st); i++) {
		const char *name = sqlite3_column_name(st, i);
		const char *type = name ? strchr(name, ':') : NULL;
		json_t *val = column_json(st, i, type ? type[1] : 's');
		char key[64];

		if (!val)          /* damaged text is no reason to fail */
			val = json_null();
		str_ncpy(key, name, sizeof(key));
		key[strcspn(key, ":")] = '\0';
		if (json_object_set_new(obj, key, val)) {
			json_decref(obj);
			return NULL;
		}
	}

	return obj;
}


static int rows_json(struct db *db, sqlite3_stmt *st, json_t **arrayp)
{
	json_t *array = json_array();
	int err = array ? 0 : ENOMEM;

	while (!err) {
		err = db_step(db, st);
		if (!err && json_array_append_new(array, db_row_json(st)))
			err = ENOMEM;
	}
	sqlite3_reset(st);

	if (err != ENOENT) {
		json_decref(array);
		return err;
	}

	*arrayp = array;

	return 0;
}


int db_query_json(struct db *db, json_t **arrayp, const char *sql,
		  const char *fmt, ...)
{
	sqlite3_stmt *st;
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = query_va(db, &st, sql, fmt, ap);
	va_end(ap);

	return err ? err : rows_json(db, st, arrayp);
}


int db_query_obj(struct db *db, json_t **objp, const char *sql,
		 const char *fmt, ...)
{
	sqlite3_stmt *st;
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = query_va(db, &st, sql, fmt, ap);
	va_end(ap);
	if (err)
		return err;

	err = db_step(db, st);
	if (err)
		return err;

	*objp = db_row_json(st);
	sqlite3_reset(st);

	return *objp ? 0 : ENOMEM;
}
