// SPDX-License-Identifier: GPL-3.0-or-later
// line.ts -- what leads out of the page: the link, the media, the seat
import { app, me } from './app';
import { VerbError, type Link } from './link';
import type { Json } from './model';
import type { Media } from './rtc';
import type { Mode } from './simulcast';
import { keep } from './store';
import { say } from './toast';

export interface Seat { seat: string; name: string; mode: Mode; mic: boolean;
	cam: boolean; pin: string }

export const line = {
	link: null as Link | null,
	media: null as Media | null,
	seat: '',
	pin: '',
	ownMute: 0,           // our own mute commands under way
};

export function saveSeat(): void {
	const s = app.get();

	keep('sessionStorage', s.room, line.seat ? { seat: line.seat, name: s.name,
		mode: s.mode, mic: s.mic, cam: s.cam, pin: line.pin } : null);
}

export function saveSeatIfIn(): void {
	if (line.seat)
		saveSeat();
}

export function reason(e: unknown): string {
	return e instanceof VerbError ? e.detail || e.title
		: e instanceof Error ? e.message || e.name : String(e);
}

export async function verb(name: string, args: Json = {}): Promise<unknown> {
	try {
		return await line.link?.request(name, args);
	} catch (e) {
		if (!(e instanceof VerbError && e.title === 'not connected'))
			say('say.failed', { reason: reason(e) }, 'urgent');
		return undefined;
	}
}

export function tellMute(what: 'audio' | 'video', off: boolean): void {
	if (!line.link || !me())
		return;
	line.ownMute++;
	void line.link.request(off ? 'party mute' : 'party unmute',
		{ party: me(), ...(what === 'video' ? { video: true } : {}) })
		.catch(() => {})
		.finally(() => setTimeout(() => { line.ownMute--; }, 300));
}
