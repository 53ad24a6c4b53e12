// SPDX-License-Identifier: GPL-3.0-or-later
// call.ts -- the whole call: join page, seat, media, and what buttons do
import { apply, dropReaction, openChat, refresh, toRoom, welcome, type Json,
	type Model, type Note } from './model';
import { digest } from './notes';
import { canCapture, list, meter, openBoth, openOne, problemOf, supported,
	type Choice, type Devices } from './devices';
import { Link, VerbError, type Refused } from './link';
import { getLang, pickLang, setLang, t, type Key, type Lang,
	type Values } from './i18n';
import type { Media, MediaState, Stats } from './rtc';
import type { Mode } from './simulcast';
import { Store, keep, kept } from './store';

export type Phase = 'unsupported' | 'landing' | 'join' | 'joining' |
	'waiting' | 'meeting' | 'ended';
export type Panel = 'chat' | 'people' | 'settings' | null;
export type Dialog = { what: 'help' } | { what: 'end' } |
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
const token = hash.get('token') ?? url.searchParams.get('token') ?? '';

function roomOfPath(): string {
	try {
		return decodeURIComponent(url.pathname.replace(/^\/+|\/+$/g, ''));
	} catch {
		return '';
	}
}

interface Seat { seat: string; name: string; mode: Mode; mic: boolean;
	cam: boolean; pin: string }

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

let link: Link | null = null;
let media: Media | null = null;
let seat = '';
let pin = '';
let ownMute = 0;              // our own mute commands under way
let wake: WakeLockSentinel | null = null;
let timers: number[] = [];
let poorFor = 0;

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

// --- telling: toasts, gathered for a moment so that ten joins are one

let waitingNotes: Note[] = [];
let noteTimer = 0, noteSeen = 0, toastId = 0, noteId = 0;

export function say(key: Key, values?: Values,
		    kind: Note['kind'] = 'info'): void {
	queueNotes([{ id: --noteId, key, values, kind }]);
}

function queueNotes(notes: readonly Note[]): void {
	if (!notes.length)
		return;
	waitingNotes.push(...notes);
	if (!noteTimer) {
		noteTimer = setTimeout(showNotes, notes.some((n) =>
			n.kind === 'urgent' || n.kind === 'info') ? 50 : 1200);
	}
}

function showNotes(): void {
	const fresh = digest(waitingNotes).map((n) => ({ id: ++toastId,
		text: t(n.key, n.values), urgent: n.kind === 'urgent' }));

	waitingNotes = [];
	noteTimer = 0;
	app.set({ toasts: [...app.get().toasts, ...fresh].slice(-4) });
	for (const toast of fresh)
		setTimeout(() => dismiss(toast.id), toast.urgent ? 9000 : 5000);
}

export function dismiss(id: number): void {
	app.set({ toasts: app.get().toasts.filter((x) => x.id !== id) });
}

function reason(e: unknown): string {
	return e instanceof VerbError ? e.detail || e.title
		: e instanceof Error ? e.message || e.name : String(e);
}

// --- the join page

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
		pin = back.pin;
		seat = back.seat;
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

export async function openDevices(): Promise<void> {
	const s = app.get();
	const want: Choice = { ...s.choice,
		camera: s.cam && s.mode !== 'audio' ? s.choice.camera : null };

	stopTracks();
	app.set({ asking: true, problem: null });

	const got = await openBoth(want);
	const devices = await list();

	// without a camera or microphone there is nothing to be denied
	app.set({ asking: false, devices, audio: got.audio, video: got.video,
		problem: got.problem ? { key: got.problem,
			values: { reason: got.reason } } : null });
	for (const track of [got.audio, got.video])
		watch(track);
	if (got.audio)
		got.audio.enabled = app.get().mic;
}

function stopTracks(): void {
	const s = app.get();

	for (const track of [s.audio, s.video]) {
		if (track) {
			track.onended = null;
			track.stop();
		}
	}
	app.set({ audio: null, video: null });
}

// the level of the microphone until stopped
export function level(f: (v: number) => void): () => void {
	const track = app.get().audio;

	return track ? meter(track, f) : () => {};
}

function saveChoice(choice: Choice): void {
	keep('localStorage', 'choice', choice);
	app.set({ choice });
}

export async function chooseDevice(kind: keyof Choice, id: string | null):
		Promise<void> {
	saveChoice({ ...app.get().choice, [kind]: id });
	if (kind === 'speaker')
		return;
	if (kind === 'microphone')
		await useMicrophone(id);
	else if (id === null)
		await setCam(false);
	else
		await useCamera(id);
}

async function useMicrophone(id: string | null): Promise<void> {
	const old = app.get().audio;

	if (old) {
		old.onended = null;
		old.stop();
	}
	app.set({ audio: null });
	if (id === null) {
		media?.setAudio(null);
		tellMute('audio', true);
		return;
	}
	try {
		const audio = await openOne('audio', id);

		audio.enabled = app.get().mic;
		watch(audio);
		app.set({ audio, problem: null });
		media?.setAudio(audio);
		tellMute('audio', !app.get().mic);
		app.set({ devices: await list() });
	} catch (e) {
		mediaProblem(e);
	}
}

async function useCamera(id: string): Promise<void> {
	const old = app.get().video;

	if (old) {
		old.onended = null;
		old.stop();
	}
	app.set({ video: null });
	try {
		const video = await openOne('video', id);

		video.contentHint = 'motion';
		watch(video);
		app.set({ video, cam: true, problem: null });
		media?.setVideo(video);
		tellMute('video', false);
		app.set({ devices: await list() });
	} catch (e) {
		app.set({ cam: false });
		media?.setVideo(null);
		mediaProblem(e);
	}
}

function mediaProblem(e: unknown): void {
	const p = problemOf(e);

	app.set({ problem: { key: p.key, values: { reason: p.reason } } });
	if (app.get().phase === 'meeting')
		say(p.key, { reason: p.reason }, 'urgent');
}

// a track that ends by itself: unplugged, or permission withdrawn
function watch(track: MediaStreamTrack | null): void {
	if (!track)
		return;
	track.onended = () => void lost(track);
}

async function lost(track: MediaStreamTrack): Promise<void> {
	const s = app.get();

	if (track === s.video) {
		app.set({ video: null, cam: false, devices: await list() });
		media?.setVideo(null);
		tellMute('video', true);
		say('media.lost.camera', undefined, 'urgent');
		return;
	}
	if (track !== s.audio)
		return;
	app.set({ audio: null, devices: await list() });
	media?.setAudio(null);
	try {
		const audio = await openOne('audio', '');

		audio.enabled = app.get().mic;
		watch(audio);
		app.set({ audio });
		media?.setAudio(audio);
		say('media.switched.microphone', undefined, 'urgent');
	} catch {
		tellMute('audio', true);
		say('media.lost.microphone', undefined, 'urgent');
	}
}

async function devicesChanged(): Promise<void> {
	const devices = await list();
	const s = app.get();

	app.set({ devices });
	// a first microphone or camera while there was none
	if (s.phase === 'join' && s.problem && !s.asking &&
	    ((!s.audio && devices.microphone.length) ||
	     (!s.video && devices.camera.length)))
		await openDevices();
}

export function setName(name: string): void {
	app.set({ name });
}

export async function setMode(mode: Mode): Promise<void> {
	const was = app.get().mode;

	keep('localStorage', 'mode', mode);
	app.set({ mode });
	media?.setMode(mode);
	if (app.get().phase === 'meeting')
		tellMode();
	else if ((was === 'audio') !== (mode === 'audio'))
		await openDevices();
}

// --- in and out

export function join(pinGiven: string): void {
	const s = app.get();
	const name = s.name.trim().slice(0, 64);

	if (!name) {
		app.set({ error: { key: 'join.name.missing' } });
		return;
	}
	pin = pinGiven.trim();
	seat = '';
	keep('localStorage', 'name', name);
	app.set({ name, phase: 'joining', error: null, ended: null });
	connect();
}

function connect(): void {
	const s = app.get();
	const scheme = location.protocol === 'https:' ? 'wss' : 'ws';

	link = new Link(
		`${scheme}://${location.host}/ws/${encodeURIComponent(s.room)}`,
		{ name: s.name, ...(pin ? { pin } : token ? { token } : {}),
		  ...(seat ? { seat } : {}) },
		{ welcome: welcomed, event, refused, closed,
		  trouble: (on) => troubled(on) });
}

function troubled(on: boolean): void {
	const was = app.get().wsTrouble;

	app.set({ wsTrouble: on });
	if (was && !on) {
		say('trouble.back');
		media?.nudge();
	}
}

function saveSeat(): void {
	const s = app.get();

	keep('sessionStorage', s.room, seat ? { seat, name: s.name,
		mode: s.mode, mic: s.mic, cam: s.cam, pin } : null);
}

function welcomed(w: Json): void {
	const was = seat;
	const m = welcome(w, app.get().model);
	const again = app.get().phase === 'meeting';

	seat = String(w.seat ?? seat);
	noteSeen = Math.max(noteSeen, m.serial);
	app.set({ model: m, resuming: false });
	saveSeat();
	if (m.waiting) {
		app.set({ phase: 'waiting' });
		return;
	}
	if (again && was !== seat) {
		media?.reseat(seat);
		firstWords();
	} else if (!again) {
		void enter();
	}
	title();
}

async function enter(): Promise<void> {
	const { Media } = await import('./rtc');
	const s = app.get();

	if (!link || media)
		return;
	app.set({ phase: 'meeting', media: 'connecting' });
	media = new Media(s.room, seat,
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

function event(e: Json): void {
	const old = app.get().model;

	if (!old)
		return;

	const m = apply(old, e);

	if (m === old)
		return;
	const own = e.party === m.me;

	app.set({ model: m });
	if (own && e.event === 'party muted' && !ownMute)
		mutedByHost(e.media === 'video' ? 'video' : 'audio');
	else if (own && e.event === 'party unmuted' && !ownMute &&
		 e.media !== 'video' && !app.get().mic)
		say('say.unmuted.me', undefined, 'urgent');
	else if (own && e.event === 'party need')
		void needed(m);
	else if (own && e.event === 'share stopped')
		shareEnded();
	else if (e.event === 'reaction sent')
		setTimeout(() => withModel((x) => dropReaction(x, m.serial)), 5000);
	else if (e.event === 'mixer replaced')
		media?.nudge();
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

function withModel(f: (m: Model) => Model): void {
	const m = app.get().model;

	if (m)
		app.set({ model: f(m) });
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
	media?.setNeed(n);
}

async function askRoom(): Promise<void> {
	const s = app.get();

	if (s.model?.role !== 'host')
		return;
	const j = await link?.request('room show', { room: s.model.room.name })
		.catch(() => null);

	if (j)
		withModel((m) => ({ ...m, room: toRoom(j as Json, m.room) }));
}

// proof of life both ways, and the truth about everybody
async function beat(): Promise<void> {
	const s = app.get();

	if (!link || s.wsTrouble || !s.model)
		return;
	const rows = await link.request('party list',
		{ room: s.model.room.name }).catch(() => null);

	if (Array.isArray(rows))
		withModel((m) => refresh(m, rows));
}

async function measure(): Promise<void> {
	const stats = await media?.stats() ?? null;

	if (!stats)
		return;
	poorFor = stats.loss > 8 || stats.rtt > 800 ? poorFor + 1 : 0;
	app.set({ stats, poor: poorFor >= 3 && app.get().mode === 'normal' });
}

function refused(r: Refused): void {
	const s = app.get();
	const was = s.phase;
	const back = s.resuming;

	link = null;
	seat = '';
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
	case 401: return { key: pin ? 'refused.pin' : token
		? 'refused.token' : 'refused.pin.needed' };
	case 403: return { key: pin ? 'refused.pin' : 'refused.forbidden' };
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

	link = null;
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
	seat = '';
	saveSeat();
	app.set({ phase: 'join', resuming: false,
		error: { key: 'refused.reach' } });
}

export function leave(): void {
	const told = link?.bye();

	link = null;
	media?.close(!told);
	media = null;
	finish('ended.left');
}

function finish(titleKey: Key, text?: Said): void {
	media?.close();
	media = null;
	for (const timer of timers)
		clearInterval(timer);
	timers = [];
	app.get().screen?.stop();
	stopTracks();
	seat = '';
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

// --- what one does in the meeting

const me = (): number => app.get().model?.me ?? 0;
const roomName = (): string => app.get().model?.room.name ?? app.get().room;

export async function verb(name: string, args: Json = {}): Promise<unknown> {
	try {
		return await link?.request(name, args);
	} catch (e) {
		if (!(e instanceof VerbError && e.title === 'not connected'))
			say('say.failed', { reason: reason(e) }, 'urgent');
		return undefined;
	}
}

function tellMute(what: 'audio' | 'video', off: boolean): void {
	if (!link || !me())
		return;
	ownMute++;
	void link.request(off ? 'party mute' : 'party unmute',
		{ party: me(), ...(what === 'video' ? { video: true } : {}) })
		.catch(() => {})
		.finally(() => setTimeout(() => { ownMute--; }, 300));
}

export function setMic(on: boolean): void {
	const { audio } = app.get();

	if (!audio && on) {
		saveChoice({ ...app.get().choice,
			microphone: app.get().choice.microphone ?? '' });
		app.set({ mic: true });
		void useMicrophone(app.get().choice.microphone);
		return;
	}
	if (audio)
		audio.enabled = on;
	app.set({ mic: on });
	saveSeatIfIn();
	tellMute('audio', !on);
}

function saveSeatIfIn(): void {
	if (seat)
		saveSeat();
}

// push-to-talk: only what was muted is opened, and is muted again
export function talk(down: boolean): void {
	const s = app.get();

	if (down ? s.mic || s.talk || !s.audio : !s.talk)
		return;
	app.set({ talk: down });
	setMic(down);
}

// Off means off: the camera is let go of and its light goes out.
export async function setCam(on: boolean): Promise<void> {
	const s = app.get();

	if (on) {
		app.set({ cam: true });
		await useCamera(s.choice.camera ?? '');
		saveSeatIfIn();
		return;
	}
	if (s.video) {
		s.video.onended = null;
		s.video.stop();
	}
	media?.setVideo(null);
	app.set({ video: null, cam: false });
	saveSeatIfIn();
	tellMute('video', true);
}

function mutedByHost(what: 'audio' | 'video'): void {
	const s = app.get();

	if (what === 'video') {
		if (s.cam && s.video) {
			say('say.camera.me', undefined, 'urgent');
			s.video.onended = null;
			s.video.stop();
			media?.setVideo(null);
			app.set({ video: null, cam: false });
		}
		return;
	}
	if (!s.mic)
		return;
	if (s.audio)
		s.audio.enabled = false;
	app.set({ mic: false, talk: false });
	say('say.muted.me', undefined, 'urgent');
}

export const canShare = (): boolean =>
	!!navigator.mediaDevices?.getDisplayMedia;

export async function toggleShare(): Promise<void> {
	const s = app.get();

	if (s.screen) {
		endShare();
		void verb('share stop', { party: me() });
		return;
	}
	try {
		const stream = await navigator.mediaDevices.getDisplayMedia({
			video: { frameRate: { max: 15 } }, audio: false });
		const screen = stream.getVideoTracks()[0]!;

		screen.onended = () => {
			endShare();
			void verb('share stop', { party: me() });
		};
		app.set({ screen });
		media?.setScreen(screen);
	} catch (e) {
		// "no" in the browser's dialog needs no comment
		if (!(e instanceof DOMException && e.name === 'NotAllowedError'))
			say('say.share.failed', { reason: reason(e) }, 'urgent');
	}
}

function endShare(tell = true): void {
	const { screen } = app.get();

	if (!screen)
		return;
	screen.onended = null;
	screen.stop();
	app.set({ screen: null });
	if (tell)
		media?.setScreen(null);
}

// a host, or somebody else's share, ended ours
function shareEnded(): void {
	if (!app.get().screen)
		return;
	endShare();
	say('say.share.stopped', undefined, 'urgent');
}

export function toggleHand(): void {
	const m = app.get().model;
	const up = m?.parties.find((p) => p.party === m.me)?.hand;

	void verb(up ? 'hand lower' : 'hand raise', { party: me() });
}

export function react(emoji: string): void {
	void verb('reaction send', { party: me(), emoji });
}

export async function sendChat(text: string, to: number | null):
		Promise<boolean> {
	try {
		await link?.request('chat send', { room: roomName(), text,
			party: me(), ...(to ? { to } : {}) });
		return !!link;
	} catch (e) {
		say('chat.failed', { reason: reason(e) }, 'urgent');
		return false;
	}
}

export function setPanel(panel: Panel): void {
	app.set({ panel });
	withModel((m) => openChat(m, panel === 'chat'));
	title();
}

export function setDialog(dialog: Dialog): void {
	app.set({ dialog });
}

export function setShortcuts(shortcuts: boolean): void {
	keep('localStorage', 'shortcuts', shortcuts);
	app.set({ shortcuts });
}

function tellMode(): void {
	const size = { normal: 'auto', slow: 'slow', audio: 'off' }
		[app.get().mode];

	void verb('party picture', { party: me(), size });
	withModel((m) => ({ ...m, mySize: size }));
}

export function setSize(size: string): void {
	const mode: Mode = size === 'off' ? 'audio'
		: size === 'slow' ? 'slow' : 'normal';

	app.set({ mode, poor: false });
	media?.setMode(mode);
	if (mode === 'audio' && app.get().cam)
		void setCam(false);
	void verb('party picture', { party: me(), size });
	withModel((m) => ({ ...m, mySize: size }));
	saveSeatIfIn();
}

export function setLayout(layout: string): void {
	void verb('party layout', { party: me(), layout });
	withModel((m) => ({ ...m, myLayout: layout }));
}

export async function rename(name: string): Promise<void> {
	const to = name.trim().slice(0, 64);

	if (!to || await verb('party rename', { party: me(), name: to }) ===
	    undefined)
		return;
	keep('localStorage', 'name', to);
	app.set({ name: to });
	saveSeatIfIn();
}

// --- hosts

export const room = (name: string, args: Json = {}): Promise<unknown> =>
	verb(name, { room: roomName(), ...args });

export async function roomLayout(layout: string): Promise<void> {
	if (await room('room layout', { layout }) !== undefined)
		withModel((m) => ({ ...m, room: { ...m.room, layout } }));
}

export function muteAll(): void {
	const m = app.get().model;

	for (const p of m?.parties ?? []) {
		if (p.party !== me() && !p.muted && !p.waiting)
			void verb('party mute', { party: p.party });
	}
}

// --- the browser around us

function title(): void {
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

export { canCapture, getLang };
