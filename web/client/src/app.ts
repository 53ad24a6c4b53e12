// SPDX-License-Identifier: GPL-3.0-or-later
// app.ts -- what the page is showing, and what it keeps
import type { Model } from './model';
import type { Choice, Devices } from './devices';
import { pickLang, setLang, type Key, type Lang, type Values } from './i18n';
import type { MediaState, Stats } from './rtc';
import type { Mode } from './simulcast';
import { Store, keep, kept } from './store';

export type Phase = 'unsupported' | 'landing' | 'join' | 'joining' |
	'waiting' | 'meeting' | 'ended';
export type Panel = 'chat' | 'people' | 'settings' | null;
export type Dialog = { what: 'help' } | { what: 'end' } | { what: 'room' } |
	{ what: 'kick'; party: number; name: string } | null;

export interface Door {
	room: string; title: string; pin_needed: boolean; locked: boolean;
	full: boolean; parties: number;
}

export interface Toast { id: number; text: string; urgent: boolean }
export interface Said { key: Key; values?: Values }

export interface App {
	phase: Phase;
	lang: Lang;
	theme: 'auto' | 'light' | 'dark';
	room: string;
	door: Door | null;
	noRoom: boolean;
	error: Said | null;           // on the join page
	problem: Said | null;         // with camera or microphone
	asking: boolean;
	resuming: boolean;
	name: string;
	mode: Mode;
	choice: Choice;
	devices: Devices;
	mic: boolean;
	cam: boolean;
	audio: MediaStreamTrack | null;
	video: MediaStreamTrack | null;
	screen: MediaStreamTrack | null;
	talk: boolean;                // push-to-talk is held
	model: Model | null;
	ended: { title: Key; text?: Said } | null;
	offline: boolean;
	wsTrouble: boolean;
	media: MediaState;
	remote: MediaStream | null;
	picture: boolean;             // its first picture was seen
	soundBlocked: boolean;
	stats: Stats | null;
	poor: boolean;
	panel: Panel;
	dialog: Dialog;
	toasts: readonly Toast[];
	chatTo: number | null;
	selfView: boolean;
	shortcuts: boolean;
}

const url = new URL(location.href);
const hash = new URLSearchParams(url.hash.slice(1));
export const token = hash.get('token') ?? url.searchParams.get('token') ?? '';

function roomOfPath(): string {
	try {
		return decodeURIComponent(url.pathname.replace(/^\/+|\/+$/g, ''));
	} catch {
		return '';
	}
}

export const app = new Store<App>({
	phase: 'join',
	lang: kept<Lang>('localStorage', 'lang') ?? pickLang(navigator.languages),
	theme: kept<App['theme']>('localStorage', 'theme') ?? 'auto',
	room: roomOfPath(),
	door: null,
	noRoom: false,
	error: null,
	problem: null,
	asking: false,
	resuming: false,
	name: kept<string>('localStorage', 'name') ?? '',
	mode: kept<Mode>('localStorage', 'mode') ?? 'normal',
	choice: kept<Choice>('localStorage', 'choice') ??
		{ camera: '', microphone: '', speaker: '' },
	devices: { camera: [], microphone: [], speaker: [] },
	mic: true,
	cam: true,
	audio: null,
	video: null,
	screen: null,
	talk: false,
	model: null,
	ended: null,
	offline: !navigator.onLine,
	wsTrouble: false,
	media: 'connecting',
	remote: null,
	picture: false,
	soundBlocked: false,
	stats: null,
	poor: false,
	panel: null,
	dialog: null,
	toasts: [],
	chatTo: null,
	selfView: true,
	shortcuts: kept<boolean>('localStorage', 'shortcuts') ?? true,
});

// --- language, colours

export function chooseLang(lang: Lang): void {
	setLang(lang);
	document.documentElement.lang = lang;
	keep('localStorage', 'lang', lang);
	app.set({ lang });
}

export function chooseTheme(theme: App['theme']): void {
	document.documentElement.dataset.theme = theme;
	keep('localStorage', 'theme', theme);
	app.set({ theme });
}

export function saveChoice(choice: Choice): void {
	keep('localStorage', 'choice', choice);
	app.set({ choice });
}

export function withModel(f: (m: Model) => Model): void {
	const m = app.get().model;

	if (m)
		app.set({ model: f(m) });
}

// --- the meeting

export const me = (): number => app.get().model?.me ?? 0;
export const roomName = (): string => app.get().model?.room.name ?? app.get().room;

export function title(): void {
	const { model: m, door, room: name } = app.get();
	const hands = m?.parties.filter((p) => p.hand && p.party !== m.me)
		.length ?? 0;
	const waits = m?.role === 'host'
		? m.parties.filter((p) => p.waiting).length : 0;
	const of = m?.room.title || door?.title || name;

	document.title = [
		m?.unread ? `(${m.unread})` : '', hands ? '✋' : '',
		waits ? '🚪' : '', of ? `${of} – tutti` : 'tutti',
	].filter(Boolean).join(' ');
}
