/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/fuzz/sdp_good.c -- what every accepted offer must lead to */
#include <stdlib.h>

#include <re.h>
#define DEBUG_MODULE "fuzz_sdp"
#define DEBUG_LEVEL 0
#include <re_dbg.h>

#include "base/ticket.h"
#include "media/sdp_priv.h"
#include "tests/fuzz/sdp_good.h"

static void quiet(int level, const char *p, size_t len, void *arg)
{
	(void)level;
	(void)p;
	(void)len;
	(void)arg;
}

int sdp_good_init(void)
{
	dbg_handler_set(quiet, NULL);

	return libre_init();
}

void sdp_good_answer(struct mbuf *offer, struct mbuf *answer)
{
	struct sdp_scan os, as;
	struct mbuf *clean = NULL;

	if (sdp_check(&os, &clean, offer, NULL, 0))
		abort();
	mem_deref(clean);
	if (sdp_check(&as, &clean, answer, NULL, 0))
		abort();
	mem_deref(clean);
	if (os.mediac != as.mediac)
		abort();
}

void sdp_good_ticket(const struct ticket *t)
{
	struct ticket back;
	char reason[256];
	json_t *obj = ticket_encode(t);

	if (!obj || ticket_decode(&back, obj, reason, sizeof(reason)))
		abort();
	json_decref(obj);
}
