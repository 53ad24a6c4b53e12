/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/ticket_priv.h -- what the files of ticket.h share; for nobody else
 *
 *	ticket.c        values, media, the whole
 *	ticket_rtc.c    the transport of a browser's leg, and news of it
 *	ticket_table.c  members of a struct to JSON and back
 *
 * Threads: any.
 */
#ifndef TUTTI_BASE_TICKET_PRIV_H
#define TUTTI_BASE_TICKET_PRIV_H

#include "base/ticket.h"

/*
 * One table for both directions: a member that is in it is written and
 * read, so the two cannot differ.
 */
enum member_type { M_BOOL, M_U8, M_U16, M_U32, M_INT, M_SA, M_CODEC, M_STR };

struct member {
	const char *name;
	enum member_type type;
	size_t off;
	size_t size;              /* M_STR: of the buffer                 */
};

/** A fixed buffer of text in struct s */
#define STR(s, n)   {#n, M_STR, offsetof(struct s, n),                    \
		     sizeof(((struct s *)0)->n)}

int ticket_table_encode(json_t *obj, const struct member *mbv, size_t mbc,
			const void *base);
/** EBADMSG with "where.name: …"; an absent member keeps its value. */
int ticket_table_decode(void *base, const struct member *mbv, size_t mbc,
			const json_t *obj, const char *where, char *errbuf,
			size_t errsz);

/* ticket_rtc.c */
json_t *ticket_rtc_encode(const struct ticket_rtc *rtc);
int ticket_rtc_decode(struct ticket *t, const json_t *obj, char *errbuf,
		      size_t errsz);

#endif
