// SPDX-License-Identifier: GPL-3.0-or-later
// model.ts -- what the page knows of the meeting, and how events change it
//
// Pure: a model and an event in, a new model out.  What the reader should be
// told comes out as notes (keys of the catalogue), newest last.
import type { Key, Values } from './i18n';
import type { Need } from './simulcast';

export interface Quality {
	rx_lost?: number; rx_packets?: number; rx_jitter_ms?: number;
	tx_lost?: number; tx_packets?: number; rtt_ms?: number;
	[media: string]: unknown;
}

export interface Rung {               // height 0: no picture
	codec: string; width: number; height: number; fps: number;
	kbps: number; estimate: number; why: string;
}

export interface Party {
	party: number;
	name: string;
	via: string;
	role: string;
	state: string;
	muted: boolean;
	video_muted: boolean;
	talking: boolean;
	hand: boolean;
	hand_at: number;
	share: boolean;
	waiting: boolean;
	trouble: boolean;
	layout: string;
	size: string;
	self_view: boolean;           // in the picture that it is sent
	pins: readonly number[];      // whom it sees large; hosts and itself
	quality: Quality | null;
	rung: Rung | null;            // what it is sent; hosts' and our own
}

export interface Chat {
	chat: number;
	time: string;
	party: number | null;
	name: string;
	to: number | null;
	text: string;
}

export interface Room {
	name: string;
	title: string;
	locked: boolean;
	layout: string;
	spotlights: readonly number[];
	recording: 'off' | 'on' | 'paused';
	meeting: number;
	recording_id: number;
	load: number;                 // steps that the server saves
}

export interface Reaction { id: number; emoji: string; name: string }
export interface Note { id: number; key: Key; values?: Values;
	kind: 'info' | 'join' | 'left' | 'urgent'; }

export interface Model {
	me: number;
	role: 'guest' | 'host';
	waiting: boolean;
	refused: boolean;
	left: string | null;          // why we are out
	room: Room;
	parties: readonly Party[];
	chat: readonly Chat[];
	unread: number;
	chatOpen: boolean;
	layouts: readonly string[];
	titles: Readonly<Record<string, unknown>>;    // of layouts
	number: number;
	speaker: number;
	mixer: boolean;               // false while it is replaced
	over: boolean;
	need: Record<string, Need>;
	myLayout: string;
	mySize: string;
	sharing: boolean;             // ours, as the server sees it
	reactions: readonly Reaction[];
	notes: readonly Note[];
	serial: number;
}

export type Json = Record<string, unknown>;

const str = (v: unknown, or = ''): string =>
	typeof v === 'string' ? v : typeof v === 'number' ? String(v) : or;
const num = (v: unknown, or = 0): number =>
	typeof v === 'number' && isFinite(v) ? v : or;
const obj = (v: unknown): Json =>
	v && typeof v === 'object' && !Array.isArray(v) ? v as Json : {};
const ids = (v: unknown): number[] =>
	Array.isArray(v) ? v.map((x) => num(x)).filter(Boolean) : [];
const list = (v: unknown): Json[] => Array.isArray(v) ? v.map(obj) : [];

export const NOTES_MAX = 50;
export const CHAT_MAX = 2000;
export const PINS_MAX = 9;            // at a time, spotlights too
const REACTIONS_MAX = 12;

function toRung(j: Json): Rung {
	return { codec: str(j.codec), width: num(j.width),
		height: num(j.height), fps: num(j.fps), kbps: num(j.kbps),
		estimate: num(j.estimate_kbps), why: str(j.why) };
}

export function toParty(j: Json, old?: Party): Party {
	const bool = (k: keyof Party) => k in j ? Boolean(j[k])
		: Boolean(old?.[k]);
	const hand = bool('hand');

	return {
		party: num(j.party, old?.party),
		name: str(j.name, old?.name) || `#${num(j.party)}`,
		via: str(j.via, old?.via ?? 'web'),
		role: j.host ? 'host' : str(j.role, old?.role),
		state: str(j.state, old?.state ?? 'joined'),
		muted: bool('muted'),
		video_muted: bool('video_muted'),
		talking: bool('talking'),
		hand,
		hand_at: hand ? (old?.hand ? old.hand_at : Date.now()) : 0,
		share: bool('share'),
		waiting: bool('waiting') || j.state === 'waiting',
		trouble: bool('trouble'),
		layout: str(j.layout, old?.layout),
		size: str(j.size, old?.size),
		self_view: 'self_view' in j ? Boolean(j.self_view)
			: old?.self_view ?? true,
		pins: 'pins' in j ? ids(j.pins) : old?.pins ?? [],
		quality: j.quality ? obj(j.quality) : old?.quality ?? null,
		rung: j.rung ? toRung(obj(j.rung)) : old?.rung ?? null,
	};
}

export function toChat(j: Json): Chat {
	return {
		chat: num(j.chat),
		time: str(j.time),
		party: typeof j.party === 'number' && j.party ? j.party : null,
		name: str(j.name),
		to: typeof j.to === 'number' && j.to ? j.to : null,
		text: str(j.text),
	};
}

function recordingOf(v: unknown): Room['recording'] {
	const state = typeof v === 'string' ? v : str(obj(v).state);

	if (state === 'paused')
		return 'paused';
	if (state === 'stopped' || state === 'closed' || state === 'off')
		return 'off';

	return v ? 'on' : 'off';
}

export function toRoom(j: Json, old?: Room): Room {
	const name = str(j.name) || str(j.room) || old?.name || '';

	return {
		name,
		title: ('title' in j ? str(j.title) : old?.title) || name,
		locked: 'locked' in j ? Boolean(j.locked) : !!old?.locked,
		layout: str(j.layout, old?.layout ?? 'grid'),
		spotlights: 'spotlights' in j ? ids(j.spotlights)
			: old?.spotlights ?? [],
		recording: !('recording' in j) ? old?.recording ?? 'off'
			: j.recording && (j.recording_paused ??
				old?.recording === 'paused') ? 'paused'
			: recordingOf(j.recording),
		recording_id: num(obj(j.recording).recording,
			num(j.recording, old?.recording_id)),
		meeting: num(j.meeting, old?.meeting),
		load: num(j.load, old?.load),
	};
}

function upsert(parties: readonly Party[], j: Json): Party[] {
	const id = num(j.party);
	const at = parties.findIndex((p) => p.party === id);

	if (at < 0)
		return [...parties, toParty(j)];

	return parties.map((p, i) => i === at ? toParty(j, p) : p);
}

function mergeChat(old: readonly Chat[], more: Chat[]): Chat[] {
	const known = new Set(old.map((c) => c.chat));
	const all = [...old, ...more.filter((c) => !known.has(c.chat))];

	all.sort((a, b) => a.chat - b.chat);

	return all.slice(-CHAT_MAX);
}

const layoutsOf = (j: Json) => ({
	layouts: Array.isArray(j.layouts) ? j.layouts.map(String) : [],
	titles: obj(j.layout_titles),
});

// The first message of the server, or the one after a broken connection.
export function welcome(w: Json, old: Model | null): Model {
	const me = num(w.party);
	const fresh = list(w.chat).map(toChat);
	const known = new Set(old?.chat.map((c) => c.chat));
	const missed = old ? fresh.filter((c) =>
		!known.has(c.chat) && c.party !== me).length : 0;
	const parties = list(w.party_list).map((j) => toParty(j,
		old?.parties.find((p) => p.party === j.party)));
	const mine = parties.find((p) => p.party === me);

	return {
		me,
		...layoutsOf(w),
		role: w.role === 'host' || w.role === 'admin' ? 'host' : 'guest',
		waiting: Boolean(w.waiting),
		refused: false,
		left: null,
		room: toRoom(obj(w.room), old?.room),
		parties,
		chat: mergeChat(old?.chat ?? [], fresh),
		unread: old?.chatOpen ? 0 : (old?.unread ?? 0) + missed,
		chatOpen: old?.chatOpen ?? false,
		number: num(w.number, old?.number),
		speaker: old?.speaker ?? 0,
		mixer: true,
		over: false,
		need: old?.need ?? {},
		myLayout: mine?.layout || old?.myLayout || 'room',
		mySize: mine?.size || old?.mySize || 'auto',
		sharing: mine?.share ?? false,
		reactions: old?.reactions ?? [],
		notes: old?.notes ?? [],
		serial: old?.serial ?? 0,
	};
}

function note(m: Model, key: Key, values?: Values,
	      kind: Note['kind'] = 'info'): Model {
	const serial = m.serial + 1;

	return { ...m, serial, notes: [...m.notes.slice(1 - NOTES_MAX),
		{ id: serial, key, values, kind }] };
}

function patch(m: Model, id: number, change: Partial<Party>): Model {
	return { ...m, parties: m.parties.map((p) =>
		p.party === id ? { ...p, ...change } : p) };
}

export function withMe(m: Model, change: Partial<Party>): Model {
	return patch(m, m.me, change);
}

export function mine(m: Model): Party | undefined {
	return m.parties.find((p) => p.party === m.me);
}

export function nameOf(m: Model, id: number | null): string {
	return m.parties.find((p) => p.party === id)?.name ?? '';
}

function joined(m: Model, e: Json, id: number): Model {
	const known = m.parties.find((p) => p.party === id);
	const isNew = !known || known.waiting || known.state !== 'joined';

	m = { ...m, parties: upsert(m.parties,
		{ ...e, state: 'joined', waiting: false }) };
	if (id !== m.me && isNew && !(known && !known.waiting))
		m = note(m, 'say.joined', { name: nameOf(m, id) }, 'join');

	return m;
}

function left(m: Model, e: Json, id: number): Model {
	const gone = m.parties.find((p) => p.party === id);

	if (id === m.me)
		return { ...m, left: str(e.reason, 'left') };
	m = { ...m, parties: m.parties.filter((p) => p.party !== id) };
	m = { ...m, room: { ...m.room,
		spotlights: m.room.spotlights.filter((s) => s !== id) } };
	if (gone && !gone.waiting)
		m = note(m, 'say.left', { name: gone.name }, 'left');

	return m;
}

function muted(m: Model, e: Json, id: number, on: boolean): Model {
	return patch(m, id, e.media === 'video' ? { video_muted: on }
		: on ? { muted: true, talking: false } : { muted: false });
}

function waiting(m: Model, e: Json, id: number): Model {
	if (id === m.me)
		return e.on === false ? { ...m, refused: true } : m;
	if (e.on === false)
		return { ...m, parties: m.parties.filter((p) =>
			p.party !== id || !p.waiting) };
	m = { ...m, parties: upsert(m.parties,
		{ party: id, name: e.name, via: e.via, waiting: true,
		  state: 'waiting' }) };

	return m.role === 'host' ? note(m, 'say.waiting',
		{ name: nameOf(m, id) }, 'urgent') : m;
}

function admitted(m: Model, id: number): Model {
	if (id === m.me)
		return note({ ...m, waiting: false }, 'say.admitted');

	return patch(m, id, { waiting: false, state: 'seated' });
}

function chat(m: Model, e: Json): Model {
	const c = toChat(e);

	if (m.chat.some((x) => x.chat === c.chat))
		return m;
	m = { ...m, chat: mergeChat(m.chat, [c]) };
	if (c.party === m.me || m.chatOpen)
		return m;

	return note({ ...m, unread: m.unread + 1 }, 'say.chat',
		{ name: c.name, text: c.text.slice(0, 120) });
}

function reaction(m: Model, e: Json): Model {
	const age = Date.now() - Date.parse(str(e.time));
	const id = m.serial + 1;

	if (age > 15000)           // told again after a lost connection
		return m;

	return { ...m, serial: id, reactions: [
		...m.reactions.slice(1 - REACTIONS_MAX),
		{ id, emoji: str(e.emoji).slice(0, 16), name: str(e.name) }] };
}

function share(m: Model, id: number, on: boolean): Model {
	const was = m.parties.find((p) => p.party === id)?.share;

	m = patch(m, id, { share: on });
	if (id === m.me)
		return { ...m, sharing: on };
	if (was === on)
		return m;

	return note(m, on ? 'say.share' : 'say.share.end',
		{ name: nameOf(m, id) });
}

function recording(m: Model, e: Json, to: Room['recording']): Model {
	if (m.room.recording === to)
		return m;
	m = { ...m, room: { ...m.room, recording: to,
		recording_id: num(e.recording, m.room.recording_id) } };

	return note(m, to === 'on' ? 'say.record' : to === 'paused'
		? 'say.record.paused' : 'say.record.stopped', undefined, 'urgent');
}

function locked(m: Model, on: boolean): Model {
	if (m.room.locked === on)
		return m;

	return note({ ...m, room: { ...m.room, locked: on } },
		on ? 'say.locked' : 'say.unlocked');
}

function hand(m: Model, id: number, on: boolean): Model {
	const was = m.parties.find((p) => p.party === id)?.hand;

	m = patch(m, id, { hand: on, hand_at: on ? Date.now() : 0 });
	if (on && !was && id !== m.me)
		m = note(m, 'say.hand', { name: nameOf(m, id) }, 'urgent');

	return m;
}

// "room changed" names the settings; their values come with it when they
// are of interest here, else the page asks for the room.
function roomChanged(m: Model, e: Json): Model {
	const j: Json = { ...e };

	delete j.meeting;
	delete j.recording;

	return { ...m, room: toRoom({ ...obj(e.changed), ...j,
		name: m.room.name }, m.room) };
}

const MIN_NEED = 0;

function need(m: Model, e: Json, id: number): Model {
	if (id !== m.me)
		return m;

	return { ...m, need: { ...m.need, [str(e.media, 'video')]: {
		width: Math.max(MIN_NEED, num(e.width)),
		height: Math.max(MIN_NEED, num(e.height)) } } };
}

export function apply(m: Model, e: Json): Model {
	const number = num(e.number);
	const id = num(e.party);

	if (number && number <= m.number)
		return m;
	if (number)
		m = { ...m, number };

	switch (str(e.event)) {
	case 'party joined':         return joined(m, e, id);
	case 'party changed':
		return m.parties.some((p) => p.party === id)
			? { ...m, parties: upsert(m.parties, e) } : m;
	case 'party left':           return left(m, e, id);
	case 'party muted':          return muted(m, e, id, true);
	case 'party unmuted':        return muted(m, e, id, false);
	case 'party talking':        return patch(m, id, { talking: true });
	case 'party quiet':          return patch(m, id, { talking: false });
	case 'party waiting':        return waiting(m, e, id);
	case 'party admitted':       return admitted(m, id);
	case 'party connection':
		return patch(m, id, { trouble: e.state !== 'connected' });
	case 'party need':           return need(m, e, id);
	case 'party layout':
		m = m.parties.some((p) => p.party === id)
			? { ...m, parties: upsert(m.parties, e) } : m;
		return id === m.me ? { ...m,
			myLayout: str(e.layout) || m.myLayout,
			mySize: str(e.size) || m.mySize } : m;
	case 'hand raised':          return hand(m, id, true);
	case 'hand lowered':         return hand(m, id, false);
	case 'reaction sent':        return reaction(m, e);
	case 'chat message':         return chat(m, e);
	case 'share started':        return share(m, id, true);
	case 'share stopped':        return share(m, id, false);
	case 'room locked':          return locked(m, true);
	case 'room unlocked':        return locked(m, false);
	case 'room changed':         return roomChanged(m, e);
	case 'room layouts':         return { ...m, ...layoutsOf(e) };
	case 'rung changed':         return patch(m, id, { rung: toRung(e) });
	case 'mixer load':
		return { ...m, room: { ...m.room, load: num(e.step) } };
	case 'room spotlight':
		return { ...m, room: { ...m.room, spotlights: ids(e.spotlights) } };
	case 'speaker changed':      return { ...m, speaker: id };
	case 'recording started':
	case 'recording resumed':    return recording(m, e, 'on');
	case 'recording paused':     return recording(m, e, 'paused');
	case 'recording stopped':
	case 'recording failed':     return recording(m, e, 'off');
	case 'mixer died':           return { ...m, mixer: false };
	case 'mixer replaced':
		return { ...m, mixer: true, room: { ...m.room, load: 0 } };
	case 'meeting ended':        return { ...m, over: true };
	default:                     return m;
	}
}

// What `party list` says, asked now and then: the truth of the moment,
// also of what is told by events that are not kept.
export function refresh(m: Model, rows: unknown): Model {
	const all = list(rows).filter((j) => num(j.party));

	if (!all.length)
		return m;

	return { ...m, parties: all.map((j) => toParty(j,
		m.parties.find((p) => p.party === j.party))) };
}

export function openChat(m: Model, open: boolean): Model {
	return { ...m, chatOpen: open, unread: open ? 0 : m.unread };
}

export function dropReaction(m: Model, id: number): Model {
	return { ...m, reactions: m.reactions.filter((r) => r.id !== id) };
}

export function present(m: Model): Party[] {
	return m.parties.filter((p) => !p.waiting && p.state !== 'ringing');
}

export function inLobby(m: Model): Party[] {
	return m.parties.filter((p) => p.waiting && p.party !== m.me);
}

// Hands first, in the order they went up; oneself; the others by name.
export function sorted(m: Model): Party[] {
	return present(m).sort((a, b) =>
		Number(b.hand) - Number(a.hand) || a.hand_at - b.hand_at ||
		Number(b.party === m.me) - Number(a.party === m.me) ||
		a.name.localeCompare(b.name));
}

// good, fair or poor, of the losses and the delay that are known
export function grade(q: Quality | null): 'good' | 'fair' | 'poor' | null {
	if (!q)
		return null;

	const flat: Quality[] = [q, ...Object.values(q).filter((v) =>
		v && typeof v === 'object') as Quality[]];
	let loss = 0, rtt = 0, known = false;

	for (const s of flat) {
		for (const d of ['rx', 'tx'] as const) {
			const got = num(s[`${d}_packets`]);
			const lost = num(s[`${d}_lost`]);

			if (got + lost > 100) {
				loss = Math.max(loss, lost / (got + lost));
				known = true;
			}
		}
		if (typeof s.rtt_ms === 'number') {
			rtt = Math.max(rtt, s.rtt_ms);
			known = true;
		}
	}
	if (!known)
		return null;

	return loss > 0.08 || rtt > 600 ? 'poor'
		: loss > 0.02 || rtt > 300 ? 'fair' : 'good';
}
