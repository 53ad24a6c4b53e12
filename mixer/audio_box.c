/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/audio_box.c -- the ticker does what the loop asked for
 *
 * Settings, legs that come and go, and which encoder a leg is sent from.
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>

#include "mixer/audio_eng.h"

enum { REC_BPS = 96000 };


/* The whole mix of the last tick, with ch channels, if it was made */
static const int16_t *full_before(const struct audio *a, unsigned ch)
{
	unsigned odd = (unsigned)(a->tick & 1) ^ 1;

	return a->full_ok[odd][ch - 1] ? a->full[odd][ch - 1] : NULL;
}


void audio_leg_share(struct audio *a, struct aleg *leg)
{
	struct audio_class *cls = leg->cls;

	if (!cls->shared)
		cls->shared = audio_enc_get(cls,
			full_before(a, cls->key.prm.channels), leg->own);
	if (leg->own)
		audio_enc_put(cls, leg->own);
	leg->own = NULL;
	++cls->listeners;
}


static void leave_shared(struct audio_class *cls)
{
	if (--cls->listeners)
		return;

	audio_enc_put(cls, cls->shared);
	cls->shared = NULL;
}


void audio_leg_own(struct audio *a, struct aleg *leg)
{
	struct audio_class *cls = leg->cls;

	leg->own = audio_enc_get(cls, full_before(a, cls->key.prm.channels),
				 cls->shared);
	if (leg->own)
		leave_shared(cls);
	/* no memory: he goes on hearing what all hear */
}


static void class_leave(struct aleg *leg)
{
	struct audio_class *cls = leg->cls;

	if (!cls)
		return;

	if (leg->own)
		audio_enc_put(cls, leg->own);
	else
		leave_shared(cls);
	leg->own = NULL;
	leg->cls = NULL;
	list_unlink(&leg->cle);
	audio_class_put(cls);
}


void audio_leg_class(struct audio *a, struct aleg *leg)
{
	struct audio_class *cls;
	struct class_key key;

	if (!leg->m.on || !leg->m.send ||
	    audio_class_key(&key, &leg->m, &leg->net)) {
		class_leave(leg);
		return;
	}

	if (leg->cls && !memcmp(&leg->cls->key, &key, sizeof(key)))
		return;

	class_leave(leg);
	cls = audio_class_get(&a->classes, &key);
	if (!cls)
		return;

	leg->cls = cls;
	list_append(&cls->legl, &leg->cle, leg);
	audio_leg_share(a, leg);
}


void audio_leg_end(struct audio *a, struct aleg *leg)
{
	unsigned i, n;

	if (!leg->added)
		return;

	for (i = n = 0; i < a->evc; i++) {
		if (a->evv[i].leg != leg)
			a->evv[n++] = a->evv[i];
	}
	a->evc = n;

	if (leg->part_in)
		audio_speaker_leave(&a->speaker, &leg->part);
	class_leave(leg);
	list_unlink(&leg->le);
	leg->in = mem_deref(leg->in);
	leg->added = false;
	--a->legs;
	aleg_unref(leg);
}


static void record(struct audio *a, bool on)
{
	struct class_key key;

	if (!on) {
		a->rec     = mem_deref(a->rec);
		a->rec_cls = mem_deref(a->rec_cls);
		return;
	}
	if (a->rec)
		return;

	memset(&key, 0, sizeof(key));
	key.codec = CODEC_OPUS;
	key.prm.channels = 2;
	key.prm.ptime_ms = 20;
	key.prm.bitrate  = REC_BPS;
	key.prm.playback_hz = 48000;
	key.prm.music = true;

	a->rec_cls = audio_class_get(&a->recs, &key);
	if (a->rec_cls)
		a->rec = audio_enc_get(a->rec_cls, NULL, NULL);
	if (!a->rec)
		a->rec_cls = mem_deref(a->rec_cls);
}


static void ON(ticker) command(struct audio *a, struct cmd *cmd)
{
	struct aleg *leg = cmd->leg;

	switch (cmd->type) {

	case CMD_ADD:
		leg->added = true;
		++a->legs;
		break;

	case CMD_DEL:
		audio_leg_end(a, leg);
		break;

	case CMD_IN:
		leg->in = cmd->u.in;
		audio_in_set(leg->in, &leg->m);
		list_append(&a->inl, &leg->le, leg);
		break;

	case CMD_SET:
		if (leg->in && cmd->u.set.m.recv && !leg->m.recv)
			audio_in_reset(leg->in);
		leg->m = cmd->u.set.m;
		leg->muted = cmd->u.set.muted;
		if (leg->in)
			audio_in_set(leg->in, &leg->m);
		audio_leg_class(a, leg);
		break;

	case CMD_SYNC:
		leg->sync = cmd->u.sync;
		break;

	case CMD_NET:
		leg->net = cmd->u.net;
		audio_leg_class(a, leg);
		break;

	case CMD_PLAY:
		audio_prompts_play(a->prompts, cmd->u.prompt);
		break;

	case CMD_RECORD:
		record(a, cmd->u.on);
		break;
	}
}


/* Pointers only under the lock. */
static struct cmd *box_take(struct audio *a, struct aleg **readyp)
{
	struct aleg *l;
	struct cmd *cmd;

	pthread_mutex_lock(&a->box.mtx);

	cmd = a->box.cmdv;
	a->box.cmdv = NULL;
	a->box.cmde = &a->box.cmdv;

	*readyp = a->box.readyl;
	a->box.readyl = NULL;
	for (l = *readyp; l; l = l->ready_next) {
		l->ready  = false;
		l->tick_pktv = l->pktv;
		l->tick_next = l->ready_next;
		l->pktv = NULL;
		l->pkte = &l->pktv;
		l->pktc = 0;
	}

	pthread_mutex_unlock(&a->box.mtx);

	return cmd;
}


void audio_box_run(struct audio *a)
{
	struct cmd *cmd, *next, *dels = NULL;
	struct aleg *l;
	struct pkt *pkt;

	for (cmd = box_take(a, &l); cmd; cmd = next) {
		next = cmd->next;
		if (cmd->type == CMD_DEL) {     /* its packets come first */
			cmd->next = dels;
			dels = cmd;
			continue;
		}
		command(a, cmd);
		free(cmd);
	}

	for (; l; l = l->tick_next) {
		while ((pkt = l->tick_pktv)) {
			l->tick_pktv = pkt->next;
			if (l->in)
				audio_in_put(l->in, pkt);
			else
				pkt_put(pkt);
		}
	}

	for (cmd = dels; cmd; cmd = next) {
		next = cmd->next;
		audio_leg_end(a, cmd->leg);     /* cmd goes with it       */
	}
}
