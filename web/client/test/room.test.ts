// SPDX-License-Identifier: GPL-3.0-or-later
// test/room.test.ts -- a room's settings, what one is sent and why, layouts
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { apply, mine, welcome, type Json, type Model } from '../src/model';
import { base64, changes, fieldOf, toRoomSet } from '../src/roomset';
import { reason, rungLines } from '../src/rung';

const model = (party: Json = {}, room: Json = {}): Model => welcome({
	party: 1, number: 10, role: 'host', room: { name: 'demo', ...room },
	party_list: [{ party: 1, name: 'Ann', ...party }, { party: 2 }],
	layouts: ['grid', 'wall'], layout_titles: { wall: 'A wall' } }, null);
const rung = (why: string, more: Json = {}): Json => ({ codec: 'vp9',
	width: 1280, height: 720, fps: 30, kbps: 1500, why, ...more });
const why = (m: Model) => reason(m, mine(m)!);

test('a form holds what a room has, or its beginning', () => {
	assert.deepEqual(toRoomSet({ title: 'T', banner: null, clock: true,
		canvas_filter: null, locked: true, pin: '1234' }), { title: 'T',
		layout: 'grid', fit: 'letterbox', banner: '', clock: true,
		wait_host: false, tones: false, canvas_filter: '',
		locked: true });
});

test('only what changed is asked for, the lock not here', () => {
	const was = toRoomSet({ title: 'T', banner: 'B' });

	assert.equal(changes(was, { ...was }), null);
	assert.equal(changes(was, { ...was, locked: true }), null);
	assert.deepEqual(changes(was, { ...was, banner: '', clock: true }),
		{ banner: '', clock: true });
	assert.deepEqual(changes(was, { ...was, title: ' X ' }), { title: 'X' });
});

test('an error finds its field', () => {
	assert.deepEqual(fieldOf('canvas_filter: no filter "x: y"'),
		{ field: 'canvas_filter', text: 'no filter "x: y"' });
	assert.deepEqual(fieldOf('The catalogue refuses'),
		{ field: '', text: 'The catalogue refuses' });
	assert.deepEqual(fieldOf('banner: '), { field: '', text: 'banner: ' });
});

test('bytes become base64', () => {
	assert.equal(base64(new Uint8Array()), '');
	assert.equal(base64(new Uint8Array([0, 255, 128, 10])), 'AP+ACg==');
	assert.equal(base64(new Uint8Array(45000)).length, 60000);
});

test('why one is sent this picture', () => {
	assert.equal(why(model()), null);
	assert.equal(why(model({ rung: rung('congestion') })), 'rung.narrow');
	assert.equal(why(model({ rung: rung('congestion'), size: '720p' },
		{ load: 2 })), 'rung.narrow');
	assert.equal(why(model({ rung: rung('asked'), size: '360p' },
		{ load: 2 })), 'rung.chosen');
	assert.equal(why(model({ rung: rung('asked'), size: 'auto' },
		{ load: 2 })), 'rung.busy');
	assert.equal(why(model({ rung: rung('room'), size: 'auto' })),
		'rung.link');
	assert.equal(why(model({ rung: rung('asked'), size: 'auto' })),
		'rung.full');
	assert.equal(why(model({ rung: rung('congestion', { height: 0 }) })),
		'rung.narrow');
	assert.equal(why(model({ rung: rung('asked', { height: 0 }) })), null);
});

test('it is told in lines', () => {
	let m = model();

	assert.deepEqual(rungLines(m, mine(m)!), []);
	m = apply(m, { event: 'rung changed', party: 1,
		...rung('congestion', { estimate_kbps: 1700 }) });
	assert.deepEqual(rungLines(m, mine(m)!), [
		'Sent 1280 × 720, 30 per second, VP9, 1,500 kbit/s',
		'The link carries about 1,700 kbit/s',
		'Smaller because the link is narrow']);
	assert.equal(m.parties[1]!.rung, null);
	m = apply(m, { event: 'rung changed', party: 1, codec: '', width: 0,
		height: 0, why: 'asked' });
	assert.deepEqual(rungLines(m, mine(m)!), ['Sent no picture']);
});

test('a busy server is known from the welcome, by events, and forgotten', () => {
	let m = model({}, { load: 2 });

	assert.equal(m.room.load, 2);
	m = apply(m, { event: 'mixer load', number: 11, step: 4 });
	assert.equal(m.room.load, 4);
	m = apply(m, { event: 'room changed', number: 12, changed: 'banner' });
	assert.equal(m.room.load, 4);
	m = apply(m, { event: 'mixer replaced', number: 13 });
	assert.equal(m.room.load, 0);
});

test('other layouts take the place of those of the welcome', () => {
	let m = model();

	assert.deepEqual(m.layouts, ['grid', 'wall']);
	assert.equal(m.titles.wall, 'A wall');
	m = apply(m, { event: 'room layouts', layouts: ['grid', 'new'],
		layout_titles: { new: 'New' } });
	assert.deepEqual(m.layouts, ['grid', 'new']);
	assert.deepEqual(m.titles, { new: 'New' });
});
