// SPDX-License-Identifier: GPL-3.0-or-later
// test/pure.test.ts -- what needs no browser: the model and its events, the
// catalogue, pauses, simulcast
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FIRST_MS, MOST_MS, backoff } from '../src/backoff';
import { both } from '../src/devices';
import { fill, pickLang } from '../src/i18n';
import { de } from '../src/lang/de';
import { en, type Key } from '../src/lang/en';
import { apply, grade, inLobby, openChat, present, refresh, sorted, welcome,
	NOTES_MAX, type Json, type Model } from '../src/model';
import { digest } from '../src/notes';
import { cost, layers, rate } from '../src/simulcast';
import { anew, startAt, wish } from '../src/uplink';

const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)]
	.map((m) => m[1]).sort().join();

const party = (id: number, more: Json = {}): Json => ({ party: id,
	name: `P${id}`, via: 'web', state: 'joined', muted: false,
	video_muted: false, ...more });

const first = (more: Json = {}): Json => ({ seat: 's', party: 1,
	role: 'guest', waiting: false, number: 10, resumed: false,
	room: { name: 'demo', title: 'Demo', locked: false, layout: 'grid',
		spotlights: [], recording: null },
	party_list: [party(1), party(2)], layouts: ['grid'],
	chat: [{ chat: 1, party: 2, name: 'P2', text: 'hi', to: null,
		time: '2026-11-22T12:00:00.000Z' }], ...more });

let serial = 10;
const run = (m: Model, ...events: Json[]): Model => events.reduce(
	(x, e) => apply(x, { number: ++serial, ...e }), m);
const fresh = (more: Json = {}): Model => {
	serial = 10;

	return welcome(first(more), null);
};
const keys = (m: Model) => m.notes.map((n) => n.key);
const of = (m: Model, id: number) =>
	m.parties.find((p) => p.party === id);

test('every language has the same values in every sentence', () => {
	for (const key of Object.keys(en) as Key[]) {
		assert.ok(de[key].trim(), key);
		assert.equal(names(de[key]), names(en[key]), key);
	}
	assert.equal(Object.keys(de).length, Object.keys(en).length);
});

test('values are filled in, unknown ones are left as they are', () => {
	assert.equal(fill('{a} and {b}', { a: 1 }), '1 and {b}');
	assert.equal(fill('{a}', { a: '{b}' }), '{b}');
});

test('the language is the first that we have', () => {
	assert.equal(pickLang(['fr-FR', 'de-AT', 'en']), 'de');
	assert.equal(pickLang(['EN-gb']), 'en');
	assert.equal(pickLang(['fr']), 'en');
	assert.equal(pickLang([]), 'en');
});

test('pauses double up to a limit and are never without chance', () => {
	assert.equal(backoff(0, 1), FIRST_MS);
	assert.equal(backoff(0, 0), FIRST_MS / 2);
	assert.equal(backoff(2, 1), FIRST_MS * 4);
	assert.equal(backoff(50, 1), MOST_MS);
	assert.equal(backoff(-5, 1), FIRST_MS);
	for (let i = 0; i < 100; i++)
		assert.ok(backoff(i) >= FIRST_MS / 2 && backoff(i) <= MOST_MS);
});

const active = (lines: number, height: number | null,
		mode: 'normal' | 'slow' | 'audio' = 'normal') =>
	layers(lines, height === null ? null : { width: height * 16 / 9, height },
		mode).filter((l) => l.active).map((l) => l.rid).join('');

test('the smallest layer that is large enough is sent, and q', () => {
	assert.equal(active(720, null), 'qhf');      // not yet told
	assert.equal(active(720, 720), 'qf');
	assert.equal(active(720, 390), 'qh');        // 360 for 390: near enough
	assert.equal(active(720, 420), 'qf');
	assert.equal(active(720, 360), 'qh');
	assert.equal(active(720, 180), 'q');
	assert.equal(active(720, 90), 'q');
	assert.equal(active(720, 1080), 'qf');       // no more than there is
	assert.equal(active(720, 0), 'q');           // shown nowhere
	assert.equal(active(720, 720, 'slow'), 'q');
	assert.equal(active(720, 720, 'audio'), '');
});

test('what nobody sees is sent slowly', () => {
	const q = layers(720, { width: 0, height: 0 }, 'normal')[0]!;

	assert.ok(q.maxBitrate <= 30000 && q.maxFramerate <= 5);
	assert.equal(q.scaleResolutionDownBy, 8);
});

test('an estimate that fell while nobody looked begins anew', () => {
	const want = wish(layers(720, { width: 1280, height: 720 }, 'normal'));

	assert.ok(want > 2e6 && want < 3e6);
	assert.equal(wish(layers(720, null, 'audio')), wish([]));
	assert.equal(anew(90e3, 4e6, want), Math.floor(want / 1000));
	assert.equal(anew(90e3, 600e3, want), 600);  // it was narrow before
	assert.equal(anew(500e3, 600e3, want), 0);   // and still is
	assert.equal(anew(2e6, 4e6, want), 0);       // there is enough
	assert.equal(anew(0, 4e6, want), 0);         // the browser does not say
	assert.equal(anew(90e3, 0, want), 0);        // nothing is known
});

test('an answer begins from there, whatever codecs it has', () => {
	const sdp = 'a=fmtp:96 x-google-start-bitrate=2000\r\n' +
		'a=fmtp:98 profile-id=0;x-google-start-bitrate=2000\r\n';

	assert.equal(startAt(sdp, 0), sdp);
	assert.equal(startAt(sdp, 700).match(/=700\r/g)?.length, 2);
	assert.equal(startAt('v=0\r\n', 700), 'v=0\r\n');
});

test('rids and scales are those of the offer', () => {
	assert.deepEqual(layers(720, null, 'normal').map((l) =>
		[l.rid, l.scaleResolutionDownBy]), [['q', 4], ['h', 2], ['f', 1]]);
	assert.ok(rate(180) < rate(360) && rate(360) < rate(720));
	assert.ok(rate(4320) <= 4e6);
});

test('less data is less', () => {
	assert.ok(cost('audio') < cost('slow') && cost('slow') < cost('normal'));
	assert.ok(cost('audio') > 0.3 && cost('normal') < 40);
});

test('a welcome is understood', () => {
	const m = fresh();

	assert.equal(m.me, 1);
	assert.equal(m.room.title, 'Demo');
	assert.equal(m.room.recording, 'off');
	assert.equal(m.parties.length, 2);
	assert.equal(m.unread, 0);
});

test('a welcome of nothing but rubbish is no crash', () => {
	const m = welcome({ party: 'x', room: 7, party_list: 'no', chat: [null],
		layouts: {} }, null);

	assert.equal(m.me, 0);
	assert.deepEqual(m.parties, []);
});

test('who comes and goes', () => {
	let m = run(fresh(), { event: 'party joined', party: 3, name: 'Cy',
		via: 'sip' });

	assert.equal(of(m, 3)?.name, 'Cy');
	assert.equal(of(m, 3)?.via, 'sip');
	assert.deepEqual(keys(m), ['say.joined']);
	m = run(m, { event: 'party left', party: 3, reason: 'bye' });
	assert.equal(of(m, 3), undefined);
	assert.deepEqual(keys(m), ['say.joined', 'say.left']);
	m = run(m, { event: 'party left', party: 1, reason: 'kicked' });
	assert.equal(m.left, 'kicked');
});

test('an event that was seen is not applied again', () => {
	const e = { event: 'party joined', party: 3, name: 'Cy', number: 11 };
	const m = apply(fresh(), e);

	assert.equal(apply(m, { ...e, event: 'party left' }), m);
	assert.equal(apply(m, { event: 'party left', party: 3, number: 10 }), m);
	assert.notEqual(apply(m, { event: 'party talking', party: 2 }), m);
});

test('unknown events and unknown parties change nothing that is shown', () => {
	const m = fresh();
	const x = run(m, { event: 'party muted', party: 99, media: 'audio' },
		{ event: 'never heard of' }, {}, { event: 'party changed',
		party: 99, name: 'Ghost' });

	assert.deepEqual(x.parties, m.parties);
});

test('mute, talking, hand, share, trouble of a party', () => {
	let m = run(fresh(), { event: 'party talking', party: 2 });

	assert.ok(of(m, 2)?.talking);
	m = run(m, { event: 'party muted', party: 2, media: 'audio' },
		{ event: 'party muted', party: 2, media: 'video' });
	assert.ok(of(m, 2)?.muted && of(m, 2)?.video_muted);
	assert.ok(!of(m, 2)?.talking);
	m = run(m, { event: 'party unmuted', party: 2, media: 'video' });
	assert.ok(of(m, 2)?.muted && !of(m, 2)?.video_muted);
	m = run(m, { event: 'hand raised', party: 2 },
		{ event: 'hand raised', party: 2 },
		{ event: 'share started', party: 2 },
		{ event: 'share started', party: 2 });
	assert.deepEqual(keys(m), ['say.hand', 'say.share']);
	m = run(m, { event: 'party connection', party: 2, state: 'trouble' });
	assert.ok(of(m, 2)?.trouble);
	m = run(m, { event: 'party connection', party: 2, state: 'connected' });
	assert.ok(!of(m, 2)?.trouble);
});

test('chat counts what was not read, once', () => {
	const e = { event: 'chat message', chat: 2, party: 2, name: 'P2',
		text: 'x', to: null };
	let m = run(fresh(), e);

	assert.equal(m.unread, 1);
	m = run(m, e);
	assert.equal(m.unread, 1);
	m = openChat(m, true);
	m = run(m, { ...e, chat: 3 });
	assert.equal(m.unread, 0);
	m = run(openChat(m, false), { ...e, chat: 4, party: 1 });
	assert.equal(m.unread, 0);
	assert.equal(m.chat.length, 4);
});

test('what was written while the connection was gone is unread', () => {
	const old = fresh();
	const m = welcome(first({ number: 20, chat: [
		...first().chat as Json[],
		{ chat: 2, party: 2, name: 'P2', text: 'missed', to: null }] }),
		old);

	assert.equal(m.chat.length, 2);
	assert.equal(m.unread, 1);
});

test('waiting, let in, given up', () => {
	let m = run(fresh({ role: 'host' }),
		{ event: 'party waiting', party: 5, name: 'Eve', on: true },
		{ event: 'party waiting', party: 6, name: 'Fay', on: true });

	assert.equal(inLobby(m).length, 2);
	assert.equal(present(m).length, 2);
	assert.deepEqual(keys(m), ['say.waiting', 'say.waiting']);
	m = run(m, { event: 'party waiting', party: 5, name: 'Eve', on: false });
	assert.equal(inLobby(m).length, 1);
	m = run(m, { event: 'party admitted', party: 6 },
		{ event: 'party joined', party: 6, name: 'Fay', via: 'web' });
	assert.equal(inLobby(m).length, 0);
	assert.equal(present(m).length, 3);

	m = run(fresh({ waiting: true }), { event: 'party admitted', party: 1 });
	assert.equal(m.waiting, false);
});

test('guests are not told who waits', () => {
	const m = run(fresh(), { event: 'party waiting', party: 5, name: 'Eve' });

	assert.deepEqual(keys(m), []);
});

test('room: lock, spotlight, layout, recording, mixer, end', () => {
	let m = run(fresh(), { event: 'room locked' },
		{ event: 'room spotlight', party: 2, spotlights: [2, 1] },
		{ event: 'recording started', recording: 4 },
		{ event: 'mixer died' });

	assert.ok(m.room.locked && !m.mixer);
	assert.deepEqual(m.room.spotlights, [2, 1]);
	assert.equal(m.room.recording, 'on');
	assert.equal(m.room.recording_id, 4);
	m = run(m, { event: 'recording paused', recording: 4 },
		{ event: 'mixer replaced' }, { event: 'room unlocked' },
		{ event: 'party left', party: 2, reason: 'bye' });
	assert.equal(m.room.recording, 'paused');
	assert.deepEqual(m.room.spotlights, [1]);
	assert.ok(m.mixer && !m.room.locked);
	m = run(m, { event: 'recording failed' }, { event: 'meeting ended' });
	assert.ok(m.room.recording === 'off' && m.over);
});

test('whom one sees large, and if oneself', () => {
	const at = (m: Model, id: number) =>
		m.parties.find((p) => p.party === id)!;
	let m = fresh();

	assert.deepEqual(at(m, 1).pins, []);
	assert.ok(at(m, 1).self_view);
	m = run(m, { event: 'party layout', party: 1, layout: 'speaker',
		size: 'auto', self_view: false, pinned: 2, pins: [2, 3] });
	assert.deepEqual(at(m, 1).pins, [2, 3]);
	assert.ok(!at(m, 1).self_view && m.myLayout === 'speaker');
	m = run(m, { event: 'party layout', party: 1, layout: 'room',
		size: 'auto', self_view: true, pinned: null, pins: [] },
		{ event: 'party layout', party: 9, layout: 'grid', size: 'auto' });
	assert.deepEqual(at(m, 1).pins, []);
	assert.equal(m.parties.length, 2);
});

test('a recording is off, on or paused whatever its shape', () => {
	const rec = (recording: unknown) => fresh({ room: { name: 'x',
		recording } }).room.recording;

	assert.equal(rec(null), 'off');
	assert.equal(rec(false), 'off');
	assert.equal(rec(7), 'on');
	assert.equal(rec({ recording: 7, state: 'paused' }), 'paused');
	assert.equal(rec('recording'), 'on');
	assert.equal(rec('stopped'), 'off');
	assert.equal(rec(0), 'off');
	assert.equal(fresh({ room: { recording: 7, recording_paused: true } })
		.room.recording, 'paused');
});

test('need is ours only', () => {
	const m = run(fresh(), { event: 'party need', party: 2, media: 'video',
		width: 1, height: 1 }, { event: 'party need', party: 1,
		media: 'video', width: 640, height: 360 });

	assert.deepEqual(m.need, { video: { width: 640, height: 360 } });
});

test('reactions are few, short, and old ones are not shown again', () => {
	let m = fresh();

	for (let i = 0; i < 40; i++) {
		m = run(m, { event: 'reaction sent', party: 2, name: 'P2',
			emoji: '👍'.repeat(50), time: new Date().toISOString() });
	}
	assert.ok(m.reactions.length <= 12);
	assert.ok(m.reactions[0]!.emoji.length <= 16);
	m = run(fresh(), { event: 'reaction sent', party: 2, emoji: '👍',
		time: new Date(Date.now() - 60000).toISOString() });
	assert.equal(m.reactions.length, 0);
});

test('the list of the server is the truth', () => {
	const m = refresh(fresh(), [party(1), party(7, { talking: true,
		waiting: true })]);

	assert.deepEqual(m.parties.map((p) => p.party), [1, 7]);
	assert.equal(inLobby(m).length, 1);
	assert.deepEqual(refresh(m, 'rubbish'), m);
	assert.deepEqual(refresh(m, [1, null]), m);
});

test('hands first, in their order, then oneself', () => {
	const m = run(fresh({ party_list: [party(1), party(2), party(3),
		party(4)] }), { event: 'hand raised', party: 4 });
	const ids = sorted({ ...m, parties: m.parties.map((p) => p.party === 3
		? { ...p, hand: true, hand_at: p.hand_at + 1e15 } : p) })
		.map((p) => p.party);

	assert.deepEqual(ids, [4, 3, 1, 2]);
});

test('quality is a grade of losses and delay', () => {
	assert.equal(grade(null), null);
	assert.equal(grade({}), null);
	assert.equal(grade({ rx_packets: 5, rx_lost: 5 }), null);
	assert.equal(grade({ rx_packets: 1000, rx_lost: 1 }), 'good');
	assert.equal(grade({ rx_packets: 1000, rx_lost: 50 }), 'fair');
	assert.equal(grade({ audio: { rx_packets: 1000, rx_lost: 500 } }),
		'poor');
	assert.equal(grade({ rtt_ms: 2000 }), 'poor');
});

test('ten joins are one sentence', () => {
	const m = run(fresh(), ...Array.from({ length: 10 }, (_, i) => ({
		event: 'party joined', party: 20 + i, name: `N${i}` })));
	const said = digest(m.notes);

	assert.equal(m.notes.length, 10);
	assert.equal(said.length, 1);
	assert.equal(said[0]!.key, 'say.joined.more');
	assert.deepEqual(said[0]!.values, { name: 'N0', n: 9 });
});

test('notes are bounded', () => {
	const m = run(fresh(), ...Array.from({ length: 500 }, (_, i) => ({
		event: 'party joined', party: 20 + i, name: 'x' })));

	assert.ok(m.notes.length <= NOTES_MAX);
});

test('a missing camera and a forbidden microphone are told apart', () => {
	assert.equal(both(true, true, 'media.none', 'media.none'), 'media.none');
	assert.equal(both(true, true, 'media.none', null), 'media.nomicrophone');
	assert.equal(both(true, true, null, 'media.denied'),
		'media.nocamera.denied');
	assert.equal(both(true, true, null, 'media.busy'), 'media.busy');
	assert.equal(both(true, false, 'media.denied', null), 'media.denied');
	assert.equal(both(true, true, null, null), null);
});
