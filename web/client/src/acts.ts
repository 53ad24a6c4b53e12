// SPDX-License-Identifier: GPL-3.0-or-later
// acts.ts -- what one does in the meeting, and hosts
import { app, me, roomName, title, withModel, type Dialog,
	type Panel } from './app';
import { line, reason, saveSeatIfIn, verb } from './line';
import { mine, openChat, withMe, type Json } from './model';
import type { Mode } from './simulcast';
import { keep } from './store';
import { say } from './toast';
import { openDevices, setCam } from './tracks';

export function setName(name: string): void {
	app.set({ name });
}

export async function setMode(mode: Mode): Promise<void> {
	const was = app.get().mode;

	keep('localStorage', 'mode', mode);
	app.set({ mode });
	line.media?.setMode(mode);
	if (app.get().phase === 'meeting')
		tellMode();
	else if ((was === 'audio') !== (mode === 'audio'))
		await openDevices();
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
		await line.link?.request('chat send', { room: roomName(), text,
			party: me(), ...(to ? { to } : {}) });
		return !!line.link;
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

export function tellMode(): void {
	const size = { normal: 'auto', slow: 'slow', audio: 'off' }
		[app.get().mode];

	void verb('party picture', { party: me(), size });
	withModel((m) => ({ ...m, mySize: size }));
}

export function setSize(size: string): void {
	const mode: Mode = size === 'off' ? 'audio'
		: size === 'slow' ? 'slow' : 'normal';

	app.set({ mode, poor: false });
	line.media?.setMode(mode);
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

// One party large for oneself, or beside those who are; 0: as the layout
// has it
export function pin(party: number, also = false): void {
	void verb('party pin', { party: me(), ...(party ? { other: party } : {}),
		...(also ? { also } : {}) });
	withModel((m) => withMe(m, { pins: [
		...(also ? mine(m)?.pins ?? [] : []), ...(party ? [party] : [])] }));
}

export function unpin(party: number): void {
	void verb('party unpin', { party: me(), other: party });
	withModel((m) => withMe(m, { pins: (mine(m)?.pins ?? [])
		.filter((p) => p !== party) }));
}

export function setSeen(shown: boolean): void {
	void verb('party selfview', { party: me(), shown });
	withModel((m) => withMe(m, { self_view: shown }));
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
