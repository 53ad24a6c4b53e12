/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/audio.c -- the audio engine as the loop sees it, and its thread
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "mixer/audio_eng.h"

enum {
	TICK_US  = AUDIO_TICK_MS * 1000,
	LATE_US  = 5000,          /* a tick that began later is counted   */
	STALL_US = 5 * TICK_US,   /* later still: ticks are left out      */
	CACHE_LINE = 64,
};

/* The handle; everything in it belongs to the loop */
struct audio_leg {
	struct audio *a;
	struct aleg *l;
	bool has_in;
	struct audio_net net;
	enum ticket_codec codec_tx;
};


/* ---- the box ----------------------------------------------------------- */

static void push(struct audio *a, struct cmd *cmd)
{
	pthread_mutex_lock(&a->box.mtx);
	cmd->next = NULL;
	*a->box.cmde = cmd;
	a->box.cmde = &cmd->next;
	pthread_mutex_unlock(&a->box.mtx);
}


static struct cmd *cmd_new(enum cmd_type type, struct aleg *leg)
{
	struct cmd *cmd = calloc(1, sizeof(*cmd));

	if (!cmd) {
		warning("audio setting lost leg=%u reason=\"%m\"\n",
			leg ? leg->id : 0, ENOMEM);
		return NULL;
	}
	cmd->type = type;
	cmd->leg  = leg;

	return cmd;
}


/* ---- legs -------------------------------------------------------------- */

void aleg_unref(struct aleg *leg)
{
	struct pkt *pkt;

	if (atomic_fetch_sub_explicit(&leg->refs, 1,
				      memory_order_acq_rel) != 1)
		return;

	while ((pkt = leg->pktv)) {
		leg->pktv = pkt->next;
		pkt_put(pkt);
	}
	free(leg);
}


static void leg_destructor(void *arg)
{
	struct audio_leg *leg = arg;
	struct audio *a = leg->a;
	struct aleg *l = leg->l;

	on_loop();

	if (l) {
		pthread_mutex_lock(&a->out);
		atomic_store(&l->gone, true);
		pthread_mutex_unlock(&a->out);

		l->del.type   = CMD_DEL;
		l->del.inside = true;
		l->del.leg    = l;
		push(a, &l->del);
		--a->legc;
		aleg_unref(l);
	}
	mem_deref(a);
}


static struct aleg *aleg_alloc(uint32_t id)
{
	struct aleg *l;

	if (posix_memalign((void **)&l, CACHE_LINE, sizeof(*l)))
		return NULL;

	memset(l, 0, sizeof(*l));

	atomic_init(&l->refs, 2);
	atomic_init(&l->gone, false);
	atomic_init(&l->offset, INT64_MIN);
	atomic_init(&l->hold_ms, 0);
	atomic_init(&l->pub.level_db, (int)LEVEL_SILENCE);
	l->id   = id;
	l->pkte = &l->pktv;
	audio_net_init(&l->net);
	audio_level_init(&l->level);

	return l;
}


int audio_leg_alloc(struct audio_leg **legp, struct audio *a,
		    const struct ticket *t)
{
	struct audio_leg *leg;
	struct cmd *cmd;
	int err;

	if (!legp || !a || !t)
		return EINVAL;
	if (a->legc >= AUDIO_LEGS_MAX)
		return ENOSPC;

	leg = mem_zalloc(sizeof(*leg), leg_destructor);
	if (!leg)
		return ENOMEM;

	leg->a = mem_ref(a);
	audio_net_init(&leg->net);

	leg->l = aleg_alloc(t->id);
	cmd = leg->l ? cmd_new(CMD_ADD, leg->l) : NULL;
	if (!cmd) {
		free(leg->l);
		leg->l = NULL;
		err = ENOMEM;
		goto out;
	}
	push(a, cmd);
	++a->legc;

	err = audio_leg_set(leg, t);

 out:
	if (err)
		mem_deref(leg);
	else
		*legp = leg;

	return err;
}


int audio_leg_set(struct audio_leg *leg, const struct ticket *t)
{
	const struct ticket_fmt *fmt;
	struct cmd *cmd;

	if (!leg || !t)
		return EINVAL;

	cmd = cmd_new(CMD_SET, leg->l);
	if (!cmd)
		return ENOMEM;

	fmt = ticket_tx(&t->audio);
	leg->codec_tx = fmt ? fmt->codec : CODEC_NONE;
	cmd->u.set.m = t->audio;
	cmd->u.set.muted = t->muted;
	push(leg->a, cmd);

	return 0;
}


/* Only legs that send anything have an input: listeners cost nothing */
static int input(struct audio_leg *leg)
{
	struct cmd *cmd;
	int err;

	if (leg->has_in)
		return 0;

	cmd = cmd_new(CMD_IN, leg->l);
	if (!cmd)
		return ENOMEM;

	err = audio_in_alloc(&cmd->u.in);
	if (err) {
		free(cmd);
		return err;
	}
	push(leg->a, cmd);
	leg->has_in = true;

	return 0;
}


void audio_leg_put(struct audio_leg *leg, struct pkt *pkt)
{
	struct pkt *old = NULL;
	struct audio *a;
	struct aleg *l;

	if (!leg || !pkt || input(leg)) {
		pkt_put(pkt);
		return;
	}
	a = leg->a;
	l = leg->l;
	pkt->next = NULL;

	pthread_mutex_lock(&a->box.mtx);
	*l->pkte = pkt;
	l->pkte = &pkt->next;
	if (++l->pktc > ALEG_PKTS) {
		old = l->pktv;
		l->pktv = old->next;
		--l->pktc;
	}
	if (!l->ready) {
		l->ready = true;
		l->ready_next = a->box.readyl;
		a->box.readyl = l;
	}
	pthread_mutex_unlock(&a->box.mtx);

	if (old) {
		atomic_fetch_add(&a->pub.dropped, 1);
		pkt_put(old);
	}
}


void audio_leg_sync(struct audio_leg *leg, const struct rtp_sync *sync)
{
	struct cmd *cmd;

	if (!leg || !sync)
		return;

	cmd = cmd_new(CMD_SYNC, leg->l);
	if (!cmd)
		return;

	cmd->u.sync = *sync;
	push(leg->a, cmd);
}


static void net_changed(struct audio_leg *leg)
{
	struct cmd *cmd = cmd_new(CMD_NET, leg->l);

	if (!cmd)
		return;

	cmd->u.net = leg->net;
	push(leg->a, cmd);
}


void audio_leg_loss(struct audio_leg *leg, float loss)
{
	if (leg && audio_net_loss(&leg->net, loss, clock_us()))
		net_changed(leg);
}


uint32_t audio_leg_path(struct audio_leg *leg, uint32_t kbps)
{
	if (!leg || !audio_net_path(&leg->net, kbps, clock_us()))
		return 0;

	net_changed(leg);

	return audio_net_cost(leg->net.width);
}


int64_t audio_leg_offset(const struct audio_leg *leg)
{
	return leg ? atomic_load_explicit(&leg->l->offset,
					  memory_order_relaxed) : INT64_MIN;
}


void audio_leg_hold(struct audio_leg *leg, unsigned extra_ms)
{
	if (leg)
		atomic_store_explicit(&leg->l->hold_ms, extra_ms,
				      memory_order_relaxed);
}


json_t *audio_leg_stats(const struct audio_leg *leg)
{
	const struct aleg_pub *p;

	if (!leg)
		return NULL;
	p = &leg->l->pub;

	return json_pack("{s:f s:f s:f s:I s:I s:I s:I s:I s:I s:i s:s s:s}",
			 "delay_ms",  atomic_load(&p->delay_us) / 1e3,
			 "target_ms", atomic_load(&p->target_us) / 1e3,
			 "jitter_ms", atomic_load(&p->jitter_us) / 1e3,
			 "packets",   (json_int_t)atomic_load(&p->packets),
			 "lost",      (json_int_t)atomic_load(&p->lost),
			 "late",      (json_int_t)atomic_load(&p->late),
			 "concealed", (json_int_t)atomic_load(&p->concealed),
			 "fec",       (json_int_t)atomic_load(&p->fec),
			 "decoded",   (json_int_t)atomic_load(&p->decoded),
			 "level_db",  atomic_load(&p->level_db),
			 "codec",     codec_name((enum ticket_codec)
						 atomic_load(&p->codec_rx)),
			 "codec_tx",  codec_name(leg->codec_tx));
}


/* ---- the engine -------------------------------------------------------- */

static void audio_destructor(void *arg)
{
	struct audio *a = arg;

	audio_stop(a);
	on_ticker();                    /* it has ended: we are it now    */

	audio_box_run(a);
	while (a->inl.head)
		audio_leg_end(a, a->inl.head->data);

	if (a->rec_cls) {
		mem_deref(a->rec);
		mem_deref(a->rec_cls);
	}
	mem_deref(a->prompts);
	pthread_mutex_destroy(&a->box.mtx);
	pthread_mutex_destroy(&a->out);
}


int audio_alloc(struct audio **ap, const struct audio_cfg *cfg)
{
	struct audio *a;
	int err;

	if (!ap || !cfg || !cfg->outh)
		return EINVAL;

	a = mem_zalloc(sizeof(*a), audio_destructor);
	if (!a)
		return ENOMEM;

	a->cfg = *cfg;
	a->cfg.prompt_dir = NULL;               /* not ours to keep       */
	a->tone_join = a->tone_leave = true;
	a->box.cmde = &a->box.cmdv;
	pthread_mutex_init(&a->box.mtx, NULL);
	pthread_mutex_init(&a->out, NULL);

	err = audio_prompts_alloc(&a->prompts, cfg->prompt_dir);

	if (err)
		mem_deref(a);
	else
		*ap = a;

	return err;
}


/* The tick's time is the one it was due at, so what a packet waits does not
 * depend on how late the machine woke us. */
static void *thread_main(void *arg)
{
	struct audio *a = arg;
	uint64_t next = clock_us() + TICK_US;

	on_ticker();
	/* itself: for another's the sandbox would have to open a file */
	(void)pthread_setname_np(pthread_self(), "audio");

	while (atomic_load(&a->run)) {
		uint64_t now;

		clock_sleep_until(next);
		now = clock_us();

		if (now > next + LATE_US)
			atomic_fetch_add(&a->pub.late, 1);
		if (now > next + STALL_US)
			next += (now - next) / TICK_US * TICK_US;

		audio_tick(a, next);
		next += TICK_US;
	}

	return NULL;
}


int audio_start(struct audio *a)
{
	int err;

	if (!a)
		return EINVAL;
	if (a->started)
		return EALREADY;

	atomic_store(&a->run, true);
	err = pthread_create(&a->thread, NULL, thread_main, a);
	if (err)
		return err;

	a->started = true;
	if (!thread_urgent(a->thread))
		info("audio has no real-time priority; video waits for it\n");

	return 0;
}


void audio_stop(struct audio *a)
{
	if (!a || !a->started)
		return;

	atomic_store(&a->run, false);
	pthread_join(a->thread, NULL);
	a->started = false;
}


void audio_tones(struct audio *a, bool join, bool leave)
{
	if (!a)
		return;

	a->tone_join  = join;
	a->tone_leave = leave;
}


void audio_play(struct audio *a, enum audio_prompt prompt)
{
	struct cmd *cmd;

	if (!a || (prompt == PROMPT_JOIN && !a->tone_join) ||
	    (prompt == PROMPT_LEAVE && !a->tone_leave))
		return;

	cmd = cmd_new(CMD_PLAY, NULL);
	if (!cmd)
		return;

	cmd->u.prompt = prompt;
	push(a, cmd);
}


void audio_record(struct audio *a, bool on)
{
	struct cmd *cmd;

	if (!a || !a->cfg.rech)
		return;

	cmd = cmd_new(CMD_RECORD, NULL);
	if (!cmd)
		return;

	cmd->u.on = on;
	push(a, cmd);
}


json_t *audio_stats(const struct audio *a)
{
	const struct audio_pub *p;

	if (!a)
		return NULL;
	p = &a->pub;

	return json_pack("{s:I s:I s:I s:i s:i s:i s:i s:I s:I"
			 " s:{s:I s:I s:I}}",
			 "ticks",   (json_int_t)atomic_load(&p->ticks),
			 "late",    (json_int_t)atomic_load(&p->late),
			 "skipped", (json_int_t)atomic_load(&p->skipped),
			 "legs",    (int)atomic_load(&p->legs),
			 "sources", (int)atomic_load(&p->sources),
			 "classes", (int)atomic_load(&p->classes),
			 "own",     (int)atomic_load(&p->own),
			 "encodes", (json_int_t)atomic_load(&p->encodes),
			 "dropped", (json_int_t)atomic_load(&p->dropped),
			 "cpu_us",
			 "decode", (json_int_t)atomic_load(&p->decode_us),
			 "mix",    (json_int_t)atomic_load(&p->mix_us),
			 "encode", (json_int_t)atomic_load(&p->encode_us));
}
