// SPDX-License-Identifier: GPL-3.0-or-later
// roomset.ts -- the settings of a room as a host's form has them
//
// Pure: what `room show` says in, what `room set` is asked out.
import type { Json } from './model';

export interface RoomSet {
	title: string;
	layout: string;
	fit: string;
	banner: string;
	clock: boolean;
	wait_host: boolean;
	tones: boolean;
	canvas_filter: string;
	locked: boolean;              // by a verb of its own
}

// as the server has them: bytes of UTF-8, and of a PNG
export const TITLE_MAX = 127;
export const TEXT_MAX = 255;
export const FILTER_MAX = 511;
export const IMAGE_MAX = 45000;

const text = (v: unknown): string => typeof v === 'string' ? v : '';

export function toRoomSet(j: Json): RoomSet {
	return {
		title: text(j.title),
		layout: text(j.layout) || 'grid',
		fit: text(j.fit) || 'letterbox',
		banner: text(j.banner),
		clock: Boolean(j.clock),
		wait_host: Boolean(j.wait_host),
		tones: Boolean(j.tones),
		canvas_filter: text(j.canvas_filter),
		locked: Boolean(j.locked),
	};
}

// What `room set` is to change; null: nothing.
export function changes(was: RoomSet, now: RoomSet): Json | null {
	const args: Json = {};

	for (const k of Object.keys(now) as (keyof RoomSet)[]) {
		const v = now[k];

		if (k !== 'locked' && v !== was[k])
			args[k] = typeof v === 'string' ? v.trim() : v;
	}

	return Object.keys(args).length ? args : null;
}

// "banner: is too long" belongs to the field banner
export function fieldOf(detail: string): { field: string; text: string } {
	const [, field, why] = /^([a-z_]+): (.*)$/s.exec(detail) ?? [];

	return field && why ? { field, text: why } : { field: '', text: detail };
}

export function base64(bytes: Uint8Array): string {
	let s = '';

	for (const b of bytes)
		s += String.fromCharCode(b);

	return btoa(s);
}
