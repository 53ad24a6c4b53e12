// SPDX-License-Identifier: GPL-3.0-or-later
// ui/people.tsx -- who is here, how they are, and the hosts' tools
import { useState } from 'preact/hooks';

import { muteAll, pin, room, roomLayout, setDialog, setPanel,
	unpin } from '../acts';
import { app } from '../app';
import { verb } from '../line';
import { say } from '../toast';
import { t, type Key } from '../i18n';
import { grade, inLobby, mine, present, sorted, PINS_MAX, type Model,
	type Party } from '../model';
import { rungLines } from '../rung';
import { useStore } from '../store';
import { Icon, type IconName } from './icons';
import { Panel } from './parts';

function Sign({ icon, off, label, kind, solid }: { icon: IconName;
		off?: boolean; label: string; kind?: string; solid?: boolean }) {
	return (
		<span class={`sign ${kind ?? ''}`} title={label}>
			<Icon name={icon} off={off} solid={solid} />
			<span class="sr">{label}</span>
		</span>
	);
}

function Quality({ p }: { p: Party }) {
	const g = p.trouble ? 'poor' : grade(p.quality);

	if (!g)
		return null;

	const label = p.trouble ? t('people.trouble') : t(`people.quality.${g}`);

	return (
		<span class={`sign bars ${g}`} title={label}>
			<i /><i /><i /><span class="sr">{label}</span>
		</span>
	);
}

function Signs({ m, p }: { m: Model; p: Party }) {
	return (
		<span class="signs">
			{m.room.spotlights.includes(p.party) && <Sign icon="star" solid
				label={t('people.spotlit')} />}
			{mine(m)?.pins.includes(p.party) && <Sign icon="pin"
				label={t('people.pinned')} />}
			{p.hand && <Sign icon="hand" kind="hand"
				label={t('people.hand')} />}
			{p.share && <Sign icon="share" label={t('people.sharing')} />}
			{p.via === 'sip' && <Sign icon="phone"
				label={t('people.phone')} />}
			{p.via === 'source' && <Sign icon="camera"
				label={t('people.source')} />}
			{p.video_muted && <Sign icon="camera" off
				label={t('people.camera.off')} />}
			{p.muted ? <Sign icon="mic" off kind="muted-sign"
				label={t('people.muted')} />
				: p.talking && <Sign icon="sound" kind="talk"
					label={t('people.speaking')} />}
			<Quality p={p} />
		</span>
	);
}

interface Act { key: Key; kind?: string; run: () => void }

// beside whom it could be large, too
const more = (large: readonly number[], p: Party): boolean =>
	!!large.length && large.length < PINS_MAX && !large.includes(p.party);

function actions(m: Model, p: Party): Act[] {
	const id = { party: p.party };
	const own = p.party === m.me;
	const pins = mine(m)?.pins ?? [], lit = m.room.spotlights;
	const acts: Act[] = [];
	const add = (key: Key, run: () => void, kind?: string) =>
		acts.push({ key, run, kind });

	if (!own && p.via === 'web') {
		add('people.message', () => {
			app.set({ chatTo: p.party });
			setPanel('chat');
		});
	}
	if (pins.includes(p.party))
		add('people.unpin', () => unpin(p.party));
	else if (!own)
		add('people.pin', () => pin(p.party));
	if (!own && more(pins, p))
		add('people.pin.also', () => pin(p.party, true));
	if (m.role !== 'host')
		return acts;
	if (!own && !p.muted)
		add('people.mute', () => void verb('party mute', id));
	if (!own && p.muted)
		add('people.unmute', () => void verb('party unmute', id));
	if (!own && !p.video_muted) {
		add('people.camera.stop', () => void verb('party mute',
			{ ...id, video: true }));
	}
	if (p.hand)
		add('people.lower', () => void verb('hand lower', id));
	if (p.share && !own)
		add('people.share.stop', () => void verb('share stop', id));
	if (lit.includes(p.party))
		add('people.spotlight.end', () => void room('room unspotlight', id));
	else
		add('people.spotlight', () => void room('room spotlight', id));
	if (more(lit, p)) {
		add('people.spotlight.also', () => void room('room spotlight',
			{ ...id, also: true }));
	}
	if (!own) {
		add('people.kick', () => setDialog({ what: 'kick', ...id,
			name: p.name }), 'danger-text');
	}

	return acts;
}

export function Sent({ m, p }: { m: Model; p: Party }) {
	const lines = rungLines(m, p);

	return lines.length ? <p class="sent muted">{lines.map((l) =>
		<span>{l}</span>)}</p> : null;
}

function Row({ m, p }: { m: Model; p: Party }) {
	const [open, show] = useState(false);
	const acts = actions(m, p);
	const id = `acts-${p.party}`;

	return (
		<li class={`person${p.talking && !p.muted ? ' talks' : ''}`}>
			<div class="person-line">
				<span class="face" aria-hidden="true">
					{[...p.name.trim()][0]?.toUpperCase() ?? '?'}</span>
				<span class="person-name">
					{p.name}
					{p.party === m.me && <small> ({t('people.you')})</small>}
					{p.role === 'host' && <small> · {t('people.host')}</small>}
				</span>
				<Signs m={m} p={p} />
				{!!acts.length && <button class="btn round"
					aria-expanded={open} aria-controls={id}
					aria-label={t('people.actions', { name: p.name })}
					title={t('people.actions', { name: p.name })}
					onClick={() => show(!open)}><Icon name="more" />
				</button>}
			</div>
			{open && m.role === 'host' && <Sent m={m} p={p} />}
			{open && <ul class="acts" id={id}>
				{acts.map((a) => (
					<li><button class={`act ${a.kind ?? ''}`} onClick={() => {
						show(false);
						a.run();
					}}>{t(a.key)}</button></li>))}
			</ul>}
		</li>
	);
}

function Lobby({ m }: { m: Model }) {
	const waiting = inLobby(m);

	if (m.role !== 'host' || !waiting.length)
		return null;

	return (
		<section class="lobby" aria-label={t('people.waiting')}>
			<h3>{t('people.waiting')}</h3>
			<ul class="people">
				{waiting.map((p) => (
					<li class="person"><div class="person-line">
						<span class="person-name">{p.name}</span>
						<button class="btn small primary" aria-label={
							t('people.admit.who', { name: p.name })}
							onClick={() => void verb('party admit',
								{ party: p.party })}>
							{t('people.admit')}</button>
						<button class="btn small" aria-label={
							t('people.refuse.who', { name: p.name })}
							onClick={() => void verb('party kick',
								{ party: p.party })}>
							{t('people.refuse')}</button>
					</div></li>))}
			</ul>
		</section>
	);
}

function Record({ m }: { m: Model }) {
	const r = m.room.recording;

	if (r === 'off') {
		return (
			<button class="btn" onClick={() => void room('recording start')}>
				<Icon name="record" solid /> {t('host.record')}
			</button>
		);
	}

	return (
		<>
			<button class="btn" onClick={() => void room(r === 'on'
				? 'recording pause' : 'recording resume')}>
				{t(r === 'on' ? 'host.record.pause'
					: 'host.record.resume')}
			</button>
			<button class="btn" onClick={() => void room('recording stop')}>
				{t('host.record.stop')}
			</button>
		</>
	);
}

// now: what is chosen, also when its file is gone
export function LayoutOptions({ m, all, now }: { m: Model; all: boolean;
		now: string }) {
	const known: Record<string, Key> = { grid: 'layout.grid',
		speaker: 'layout.speaker', filmstrip: 'layout.filmstrip',
		'side-by-side': 'layout.side-by-side', pip: 'layout.pip',
		presentation: 'layout.presentation',
		'presentation-only': 'layout.presentation-only' };
	const name = (l: string) => {
		const [, large, small] = /^(\d+)\+(\d+)$/.exec(l) ?? [];

		return known[l] ? t(known[l]!)
			: large && small ? t('layout.large.small', { large, small })
			: String(m.titles[l] ?? l);
	};

	return (
		<>
			{!all && <option value="room">{t('layout.room')}</option>}
			{(m.layouts.includes(now) || (!all && now === 'room')
				? m.layouts : [now, ...m.layouts]).map((l) => (
				<option value={l}>{name(l)}</option>))}
		</>
	);
}

function HostTools({ m }: { m: Model }) {
	if (m.role !== 'host')
		return null;

	return (
		<section class="host" aria-label={t('host.title')}>
			<h3>{t('host.title')}</h3>
			<div class="host-buttons">
				<button class="btn" onClick={() =>
					setDialog({ what: 'room' })}>
					<Icon name="settings" /> {t('room.title')}
				</button>
				<button class="btn" onClick={muteAll}>
					<Icon name="mic" off /> {t('host.muteall')}
				</button>
				<button class="btn" onClick={() => void room(m.room.locked
					? 'room unlock' : 'room lock')}>
					<Icon name="lock" />
					{t(m.room.locked ? 'host.unlock' : 'host.lock')}
				</button>
				<Record m={m} />
			</div>
			<label class="field">
				<span>{t('host.layout')}</span>
				<select value={m.room.layout} onChange={(e) =>
					void roomLayout(e.currentTarget.value)}>
					<LayoutOptions m={m} all now={m.room.layout} />
				</select>
			</label>
			<button class="btn danger" onClick={() =>
				setDialog({ what: 'end' })}>{t('host.end')}</button>
		</section>
	);
}

async function copyLink(): Promise<void> {
	const link = `${location.origin}/${encodeURIComponent(app.get().room)}`;

	try {
		await navigator.clipboard.writeText(link);
		say('people.copied');
	} catch {
		// without https there is no clipboard: it can be read instead
		say('say.chat', { name: t('people.copy'), text: link });
	}
}

export function People() {
	const m = useStore(app, (s) => s.model);

	if (!m)
		return null;

	return (
		<Panel title={t('people.title')} close={() => setPanel(null)}>
			<div class="scroll">
				<Lobby m={m} />
				<section aria-label={t('people.list')}>
					<div class="list-head">
						<h3>{t('people.list')} ({present(m).length})</h3>
						<button class="btn small"
							onClick={() => void copyLink()}>
							<Icon name="link" /> {t('people.copy')}
						</button>
					</div>
					<ul class="people">
						{sorted(m).map((p) =>
							<Row key={p.party} m={m} p={p} />)}
					</ul>
				</section>
				<HostTools m={m} />
			</div>
		</Panel>
	);
}
