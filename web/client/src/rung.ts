// SPDX-License-Identifier: GPL-3.0-or-later
// rung.ts -- the picture that somebody is sent, and why it is that one
import { number, t, type Key } from './i18n';
import type { Model, Party } from './model';

const codecs: Record<string, string> = { h264: 'H.264', h265: 'H.265',
	vp8: 'VP8', vp9: 'VP9', av1: 'AV1', h263: 'H.263' };

// The server says what moved it last: asked, congestion or room (there is
// more again).  What was asked for may be less than he wants while the
// server is busy.
export function reason(m: Model, p: Party): Key | null {
	const r = p.rung;

	if (!r)
		return null;
	if (!r.height)
		return r.why === 'congestion' ? 'rung.narrow' : null;
	if (r.why === 'congestion')
		return 'rung.narrow';
	if (p.size && p.size !== 'auto')
		return 'rung.chosen';
	if (m.room.load > 0)
		return 'rung.busy';

	return r.why === 'room' ? 'rung.link' : 'rung.full';
}

// One line each; none while nothing is known.
export function rungLines(m: Model, p: Party): string[] {
	const r = p.rung, why = reason(m, p);

	if (!r)
		return [];

	const lines = [r.height ? t('rung.sent', { w: r.width, h: r.height,
		fps: r.fps, codec: codecs[r.codec] ?? r.codec.toUpperCase(),
		kbps: number(r.kbps) }) : t('rung.none')];

	if (r.estimate)
		lines.push(t('rung.estimate', { kbps: number(r.estimate) }));
	if (why)
		lines.push(t(why));

	return lines;
}
