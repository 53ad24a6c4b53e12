// SPDX-License-Identifier: GPL-3.0-or-later
// call.ts -- the call: in, what comes over the link, and out
import { tellMode } from './acts';
import { app, chooseLang, chooseTheme, title, token, withModel, type Door,
	type Said } from './app';
import { supported } from './devices';
import type { Key } from './i18n';
import { Link, type Refused } from './link';
import { line, saveSeat, tellMute, type Seat } from './line';
import { apply, dropReaction, refresh, toRoom, welcome, type Json,
	type Model } from './model';
import { keep, kept } from './store';
import { queueNotes, say } from './toast';
import { devicesChanged, endShare, mutedByHost, openDevices, shareEnded,
	stopTracks } from './tracks';

let wake: WakeLockSentinel | null = null;
let timers: number[] = [];
let poorFor = 0, noteSeen = 0;

export async function start(): Promise<void> {
	chooseLang(app.get().lang);
	chooseTheme(app.get().theme);
	addEventListener('online', () => app.set({ offline: false }));
	addEventListener('offline', () => app.set({ offline: true }));
	navigator.mediaDevices?.addEventListener?.('devicechange',
		() => void devicesChanged());
	if (!supported()) {
		app.set({ phase: 'unsupported' });
		return;
	}
	if (!app.get().room) {
		app.set({ phase: 'landing' });
		return;
	}
	void loadDoor();

	const back = kept<Seat>('sessionStorage', app.get().room);

	if (back?.seat) {
		app.set({ resuming: true, phase: 'joining', name: back.name,
			mode: back.mode, mic: back.mic, cam: back.cam });
		line.pin = back.pin;
		line.seat = back.seat;
		await openDevices();
		connect();
		return;
	}
	await openDevices();
}

async function loadDoor(): Promise<void> {
	const room = app.get().room;
	const res = await fetch(
		`/api/v1/rooms/${encodeURIComponent(room)}/door`)
		.catch(() => null);

	if (!res) {
		app.set({ error: { key: 'refused.reach' } });
		return;
	}
	if (res.status === 404) {
		app.set({ noRoom: true, phase: 'landing' });
		stopTracks();
		return;
	}
	if (!res.ok)
		return;

	const j = await res.json().catch(() => ({})) as Json;

	app.set({ door: {
		room: String(j.room ?? room),
		title: String(j.title || j.room || room),
		pin_needed: Boolean(j.pin_needed),
		locked: Boolean(j.locked),
		full: Boolean(j.full),
		parties: Number(j.parties) || 0,
	} });
	title();
}

// --- in

export function join(pinGiven: string): void {
	const s = app.get();
	const name = s.name.trim().slice(0, 64);

	if (!name) {
		app.set({ error: { key: 'join.name.missing' } });
		return;
	}
	line.pin = pinGiven.trim();
	line.seat = '';
	keep('localStorage', 'name', name);
	app.set({ name, phase: 'joining', error: null, ended: null });
	connect();
}

function connect(): void {
	const s = app.get();
	const scheme = location.protocol === 'https:' ? 'wss' : 'ws';

	line.link = new Link(
		`${scheme}://${location.host}/ws/${encodeURIComponent(s.room)}`,
		{ name: s.name,
		  ...(line.pin ? { pin: line.pin } : token ? { token } : {}),
		  ...(line.seat ? { seat: line.seat } : {}) },
		{ welcome: welcomed, event, refused, closed,
		  trouble: (on) => troubled(on) });
}

function troubled(on: boolean): void {
	const was = app.get().wsTrouble;

	app.set({ wsTrouble: on });
	if (was && !on) {
		say('trouble.back');
		line.media?.nudge();
	}
}

function welcomed(w: Json): void {
	const was = line.seat;
	const m = welcome(w, app.get().model);
	const again = app.get().phase === 'meeting';

	line.seat = String(w.seat ?? line.seat);
	noteSeen = Math.max(noteSeen, m.serial);
	app.set({ model: m, resuming: false });
	saveSeat();
	if (m.waiting) {
		app.set({ phase: 'waiting' });
		return;
	}
	if (again && was !== line.seat) {
		line.media?.reseat(line.seat);
		firstWords();
	} else if (!again) {
		void enter();
	}
	title();
}

async function enter(): Promise<void> {
	const { Media } = await import('./rtc');
	const s = app.get();

	if (!line.link || line.media)
		return;
	app.set({ phase: 'meeting', media: 'connecting' });
	line.media = new Media(s.room, line.seat,
		{ audio: s.audio, video: s.cam ? s.video : null, screen: null },
		s.mode, {
			remote: (remote) => app.set({ remote }),
			state: (state) => app.set({ media: state }),
			refused: (why) => {
				endShare(false);
				say('say.share.failed', { reason: why }, 'urgent');
			},
		});
	firstWords();
	void keepAwake();
	timers = [setInterval(() => void beat(), 10000),
		setInterval(() => void measure(), 2500)];
}

// what the server does not know of a new seat
function firstWords(): void {
	const s = app.get();

	tellMute('audio', !s.mic || !s.audio);
	tellMute('video', !s.cam || !s.video);
	if (s.mode !== 'normal')
		tellMode();
	if (s.model?.room.recording === 'on')
		say('say.record', undefined, 'urgent');
}

// --- what comes

function event(e: Json): void {
	const old = app.get().model;

	if (!old)
		return;

	const m = apply(old, e);

	if (m === old)
		return;
	const own = e.party === m.me;

	app.set({ model: m });
	if (own && e.event === 'party muted' && !line.ownMute)
		mutedByHost(e.media === 'video' ? 'video' : 'audio');
	else if (own && e.event === 'party unmuted' && !line.ownMute &&
		 e.media !== 'video' && !app.get().mic)
		say('say.unmuted.me', undefined, 'urgent');
	else if (own && e.event === 'party need')
		void needed(m);
	else if (own && e.event === 'share stopped')
		shareEnded();
	else if (e.event === 'reaction sent')
		setTimeout(() => withModel((x) => dropReaction(x, m.serial)), 5000);
	else if (e.event === 'mixer replaced')
		line.media?.nudge();
	else if (e.event === 'room changed')
		void askRoom();
	if (old.waiting && !m.waiting)
		void enter();
	tell(m);
	title();
}

function tell(m: Model): void {
	queueNotes(m.notes.filter((n) => n.id > noteSeen));
	noteSeen = Math.max(noteSeen, m.serial);
}

async function needed(m: Model): Promise<void> {
	const n = m.need.video;
	const track = app.get().video;

	if (!n)
		return;
	if (track && n.height > 800 && app.get().mode === 'normal') {
		await track.applyConstraints({ width: { ideal: 1920 },
			height: { ideal: 1080 }, frameRate: { max: 30 } })
			.catch(() => {});
	}
	line.media?.setNeed(n);
}

async function askRoom(): Promise<void> {
	const s = app.get();

	if (s.model?.role !== 'host')
		return;
	const j = await line.link?.request('room show', { room: s.model.room.name })
		.catch(() => null);

	if (j)
		withModel((m) => ({ ...m, room: toRoom(j as Json, m.room) }));
}

// proof of life both ways, and the truth about everybody
async function beat(): Promise<void> {
	const s = app.get();

	if (!line.link || s.wsTrouble || !s.model)
		return;
	const rows = await line.link.request('party list',
		{ room: s.model.room.name }).catch(() => null);

	if (Array.isArray(rows))
		withModel((m) => refresh(m, rows));
}

async function measure(): Promise<void> {
	const stats = await line.media?.stats() ?? null;

	if (!stats)
		return;
	poorFor = stats.loss > 8 || stats.rtt > 800 ? poorFor + 1 : 0;
	app.set({ stats, poor: poorFor >= 3 && app.get().mode === 'normal' });
}

// --- out

function refused(r: Refused): void {
	const s = app.get();
	const was = s.phase;
	const back = s.resuming;

	line.link = null;
	line.seat = '';
	saveSeat();
	app.set({ resuming: false });
	if (was === 'meeting') {
		finish('ended.lost', { key: 'ended.lost.text' });
		return;
	}
	app.set({ phase: r.status === 404 ? 'landing' : 'join',
		noRoom: r.status === 404,
		error: back ? null : refusal(r) });
	if (r.status === 401)
		withDoor({ pin_needed: true });
}

function withDoor(change: Partial<Door>): void {
	const door = app.get().door;

	if (door)
		app.set({ door: { ...door, ...change } });
}

export function refusal(r: Refused): Said {
	switch (r.status) {
	case 401: return { key: line.pin ? 'refused.pin' : token
		? 'refused.token' : 'refused.pin.needed' };
	case 403: return { key: line.pin ? 'refused.pin' : 'refused.forbidden' };
	case 404: return { key: 'refused.noroom' };
	case 409: return { key: 'refused.full' };
	case 429: return { key: 'refused.many' };
	case 503: return { key: 'refused.busy' };
	default:  return { key: 'refused.other',
		values: { reason: r.detail || r.title } };
	}
}

function closed(code: number, text: string): void {
	const m = app.get().model;
	const why = m?.left && m.left !== 'left' ? m.left : '';
	const said: Said | undefined = why && !/^kick/i.test(why)
		? { key: 'ended.reason', values: { reason: why } } : undefined;

	line.link = null;
	if (code === 4001) {
		refusedReach();
		return;
	}
	switch (code) {
	case 4410:
		finish(m?.waiting ? 'ended.refused' : 'ended.kicked', said);
		break;
	case 4411: finish('ended.over'); break;
	case 4409: finish('ended.replaced', { key: 'ended.replaced.text' });
		break;
	case 4000: finish('ended.lost', { key: 'ended.lost.text' }); break;
	default:
		if (m) {
			finish('ended.lost', text ? { key: 'ended.reason',
				values: { reason: text } } : undefined);
		} else {
			refused({ status: code - 4000, title: text, detail: '' });
		}
	}
}

function refusedReach(): void {
	line.seat = '';
	saveSeat();
	app.set({ phase: 'join', resuming: false,
		error: { key: 'refused.reach' } });
}

export function leave(): void {
	const told = line.link?.bye();

	line.link = null;
	line.media?.close(!told);
	line.media = null;
	finish('ended.left');
}

function finish(titleKey: Key, text?: Said): void {
	line.media?.close();
	line.media = null;
	for (const timer of timers)
		clearInterval(timer);
	timers = [];
	app.get().screen?.stop();
	stopTracks();
	line.seat = '';
	saveSeat();
	void wake?.release().catch(() => {});
	wake = null;
	if (document.fullscreenElement)
		void document.exitFullscreen().catch(() => {});
	noteSeen = 0;
	app.set({ phase: 'ended', ended: { title: titleKey, text }, model: null,
		remote: null, picture: false, panel: null, dialog: null, screen: null,
		toasts: [], stats: null, poor: false, wsTrouble: false,
		soundBlocked: false, talk: false, chatTo: null });
	title();
}

export async function again(): Promise<void> {
	app.set({ phase: 'join', ended: null, error: null, model: null });
	void loadDoor();
	await openDevices();
}

// --- the screen stays on

async function keepAwake(): Promise<void> {
	try {
		wake = await navigator.wakeLock?.request('screen') ?? null;
	} catch { /* a wish, no more */ }
}

document.addEventListener('visibilitychange', () => {
	if (document.visibilityState === 'visible' &&
	    app.get().phase === 'meeting')
		void keepAwake();
});
