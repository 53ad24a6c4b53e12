// SPDX-License-Identifier: GPL-3.0-or-later
// test/mock.mjs -- a small server that speaks as tuttid does to the page
//
// Static files with the server's Content-Security-Policy, the door, and the
// WebSocket with seats, events and commands; no media.  As a program (npm
// run mock) it also lives a little, to look at the page by hand.
import { createServer } from 'node:http';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { extname, join, normalize } from 'node:path';
import { WebSocketServer } from 'ws';

const types = { '.html': 'text/html; charset=utf-8', '.css': 'text/css',
	'.js': 'text/javascript', '.svg': 'image/svg+xml' };

export const CSP = "default-src 'self'; frame-ancestors 'none'; " +
	"base-uri 'none'; form-action 'self'";

export async function startMock({ dist, port = 0, host = '127.0.0.1' }) {
	const mock = {
		pin: '', hostPin: '9999', locked: false, exists: true, seats: new Map(),
		number: 17, requests: [], fail: {}, chat: [], socketCount: 0,
		parties: [
			{ party: 1, name: 'Ann Example', via: 'web', role: 'host',
			  state: 'joined', muted: false, video_muted: false,
			  talking: true, hand: false, share: false,
			  quality: { rx_packets: 9000, rx_lost: 3, rtt_ms: 24 } },
			{ party: 2, name: 'Meeting room 2', via: 'sip', state: 'joined',
			  muted: false, video_muted: false, talking: false, hand: false,
			  share: false,
			  quality: { rx_packets: 9000, rx_lost: 300, rtt_ms: 80 } },
			{ party: 3, name: 'Βασίλης Παπαδόπουλος', via: 'web',
			  state: 'joined', muted: true, video_muted: true,
			  talking: false, hand: true, share: false,
			  quality: { rx_packets: 900, rx_lost: 300, rtt_ms: 700 } },
		],
		room: { name: 'demo', title: 'Demonstration', locked: false,
			layout: 'grid', spotlights: [], recording: null, load: 0,
			fit: 'letterbox', banner: null, clock: true,
			wait_host: false, tones: true, canvas_filter: null,
			watermark: false },
		next: 10,
	};
	const sockets = new Set();

	mock.chat.push({ chat: 1, time: '2026-11-22T12:00:00.000Z', party: 1,
		name: 'Ann Example', to: null,
		text: 'Good morning! The agenda: https://example.org/agenda' });

	const began = structuredClone({ parties: mock.parties, room: mock.room,
		chat: mock.chat });

	const json = (res, status, obj) => {
		const body = JSON.stringify(obj);

		res.writeHead(status, { 'Content-Type': status < 400
			? 'application/json' : 'application/problem+json' });
		res.end(body);
	};

	const door = (res) => mock.exists
		? json(res, 200, { room: 'demo', title: mock.room.title,
			pin_needed: !!mock.pin, locked: mock.locked, full: false,
			meeting: true, parties: mock.parties.length })
		: json(res, 404, { status: 404, title: 'No such room' });

	const file = (path, res) => {
		const safe = normalize(path).replace(/^(\.\.[/\\])+/, '');
		let name = join(dist, safe);

		if (!existsSync(name) || !statSync(name).isFile())
			name = join(dist, 'index.html');
		res.writeHead(200, { 'Content-Type': types[extname(name)] ??
			'application/octet-stream',
			'Content-Security-Policy': CSP });
		createReadStream(name).pipe(res);
	};

	const server = createServer((req, res) => {
		const path = new URL(req.url, 'http://x').pathname;

		if (/^\/api\/v1\/rooms\/[^/]+\/door$/.test(path))
			door(res);
		else if (/^\/api\/v1\/rooms\/[^/]+\/ice$/.test(path))
			json(res, 200, { iceServers: [], ttl: 600 });
		else if (path.startsWith('/session/'))
			json(res, 503, { status: 503, title: 'No media here' });
		else
			file(path, res);
	});
	const wss = new WebSocketServer({ server,
		handleProtocols: (set) => set.has('tutti') ? 'tutti' : false });

	const send = (ws, msg) => ws.readyState === 1 &&
		ws.send(JSON.stringify(msg));

	mock.push = (event, to = null) => {
		const e = { number: ++mock.number, time: new Date().toISOString(),
			room: 'demo', meeting: 5, ...event };

		mock.events.push(e);
		for (const ws of sockets) {
			if (ws.seat && (to === null || to.includes(ws.seat.party)))
				send(ws, { event: e });
		}
	};
	mock.events = [];

	const refuse = (ws, status, title) => {
		send(ws, { refused: { status, title } });
		ws.close(4000 + status, title);
	};

	const hello = (ws, h) => {
		let seat = mock.seats.get(h.seat);
		const resumed = !!seat;

		if (mock.fail.hello)
			return refuse(ws, mock.fail.hello, 'mock');
		if (!seat && mock.pin && h.pin !== mock.pin &&
		    h.pin !== mock.hostPin)
			return refuse(ws, 401, 'Wrong PIN');
		if (!seat) {
			seat = { secret: randomUUID(), party: mock.next++,
				role: h.pin === mock.hostPin ? 'host' : 'guest',
				waiting: mock.locked };
			mock.seats.set(seat.secret, seat);
			mock.parties.push({ party: seat.party, name: h.name,
				via: 'web', role: seat.role,
				state: seat.waiting ? 'waiting' : 'joined',
				waiting: seat.waiting, muted: false,
				video_muted: false, talking: false, hand: false,
				share: false });
			mock.push({ event: seat.waiting ? 'party waiting'
				: 'party joined', party: seat.party, name: h.name,
				via: 'web' });
		}
		ws.seat = seat;
		mock.hellos = (mock.hellos ?? 0) + 1;
		mock.lastHello = h;
		send(ws, { welcome: { seat: seat.secret, party: seat.party,
			role: seat.role, room: mock.room, waiting: seat.waiting,
			number: mock.number, resumed, party_list: mock.parties,
			chat: mock.chat, layouts: ['grid', 'speaker', 'filmstrip',
				'side-by-side', '1+5', 'wall'],
			layout_titles: { wall: 'A wall of ours' }, server: 'tutti/mock' } });
	};

	const who = (a) => mock.parties.find((p) => p.party === a.party);

	// enough of every verb that the page uses
	const verbs = {
		'party list': () => mock.parties,
		'party mute': (a) => {
			who(a)[a.video ? 'video_muted' : 'muted'] = true;
			mock.push({ event: 'party muted', party: a.party,
				media: a.video ? 'video' : 'audio' });
		},
		'party unmute': (a) => {
			who(a)[a.video ? 'video_muted' : 'muted'] = false;
			mock.push({ event: 'party unmuted', party: a.party,
				media: a.video ? 'video' : 'audio' });
		},
		'hand raise': (a) => {
			who(a).hand = true;
			mock.push({ event: 'hand raised', party: a.party });
		},
		'hand lower': (a) => {
			who(a).hand = false;
			mock.push({ event: 'hand lowered', party: a.party });
		},
		'reaction send': (a) => mock.push({ event: 'reaction sent',
			party: a.party, name: who(a).name, emoji: a.emoji }),
		'chat send': (a, seat) => mock.say(seat.party, a.text, a.to),
		'party admit': (a) => {
			for (const seat of mock.seats.values()) {
				if (seat.party === a.party)
					seat.waiting = false;
			}
			Object.assign(who(a), { waiting: false, state: 'joined' });
			mock.push({ event: 'party admitted', party: a.party });
		},
		'party kick': (a) => mock.kick(a.party),
		'room lock': () => {
			mock.room.locked = true;
			mock.push({ event: 'room locked' });
		},
		'room unlock': () => {
			mock.room.locked = false;
			mock.push({ event: 'room unlocked' });
		},
		'room set': ({ room, ...args }) => {
			if (/movie/.test(args.canvas_filter))
				throw { status: 400, title: 'Bad argument', detail:
					'canvas_filter: filter movie is not allowed' };
			Object.assign(mock.room, args);
			mock.push({ event: 'room changed',
				changed: Object.keys(args).join(', ') });
		},
		'room watermark': (a) => {
			mock.room.watermark = !!a.image;
			mock.push({ event: 'room changed', changed: 'watermark' });
		},
		'room spotlight': (a) => mock.light([
			...(a.also ? mock.room.spotlights : []), a.party]),
		'room unspotlight': (a) => mock.light(mock.room.spotlights
			.filter((p) => p !== a.party)),
		'recording start': () => mock.push({ event: 'recording started',
			recording: 3 }),
		'recording stop': () => mock.push({ event: 'recording stopped',
			recording: 3 }),
		'room show': () => ({ ...mock.room }),
		'room end': () => mock.end(),
	};

	mock.light = (spotlights) => {
		mock.room.spotlights = spotlights;
		mock.push({ event: 'room spotlight', party: spotlights[0] ?? 0,
			spotlights });
	};
	// as it was at the start
	mock.reset = () => {
		mock.parties = structuredClone(began.parties);
		mock.room = structuredClone(began.room);
		mock.chat = structuredClone(began.chat);
		mock.seats.clear();
		mock.requests = [];
		mock.locked = false;
		mock.pin = '';
		mock.fail = {};
	};
	mock.say = (party, text, to = null) => {
		const c = { chat: mock.chat.length + 1, party, to, text,
			time: new Date().toISOString(),
			name: mock.parties.find((p) => p.party === party)?.name };

		mock.chat.push(c);
		mock.push({ event: 'chat message', ...c },
			to ? [party, to] : null);
	};
	mock.kick = (party) => {
		mock.push({ event: 'party left', party, reason: 'kicked' });
		for (const ws of sockets) {
			if (ws.seat?.party === party)
				ws.close(4410, 'kicked');
		}
		mock.parties = mock.parties.filter((p) => p.party !== party);
	};
	mock.end = () => {
		mock.push({ event: 'meeting ended' });
		for (const ws of sockets)
			ws.close(4411, 'ended');
	};
	// every connection cut, as by a network that is gone
	mock.drop = () => {
		for (const ws of sockets)
			ws.terminate();
	};

	wss.on('connection', (ws) => {
		if (mock.fail.connect) {
			ws.terminate();
			return;
		}
		sockets.add(ws);
		mock.socketCount++;
		ws.on('close', () => sockets.delete(ws));
		ws.on('message', (data) => {
			const msg = JSON.parse(String(data));

			if (msg.hello) {
				hello(ws, msg.hello);
				return;
			}
			if (msg.bye) {
				mock.byes = (mock.byes ?? 0) + 1;
				mock.seats.delete(ws.seat?.secret);
				mock.parties = mock.parties.filter((p) =>
					p.party !== ws.seat?.party);
				return;
			}
			mock.requests.push(msg);

			const status = mock.fail[msg.verb];

			try {
				if (status)
					throw { status, title: 'Not allowed',
						detail: 'the mock says so' };
				send(ws, { id: msg.id, ok: true, result:
					verbs[msg.verb]?.(msg.args ?? {}, ws.seat) ?? {} });
			} catch (error) {
				send(ws, { id: msg.id, ok: false, error });
			}
		});
	});
	await new Promise((done) => server.listen(port, host, done));
	mock.url = `http://${host}:${server.address().port}`;
	mock.stop = () => {
		mock.drop();
		server.closeAllConnections?.();
		server.close();
	};

	return mock;
}

if (process.argv[1]?.endsWith('mock.mjs')) {
	const at = process.argv[process.argv.indexOf('--listen') + 1]
		?? '127.0.0.1:8081';
	const mock = await startMock({ dist: 'out', host: at.split(':')[0],
		port: Number(at.split(':')[1]) });

	console.log(`${mock.url}/demo   host PIN ${mock.hostPin}`);
	setInterval(() => mock.push({ party: 1, event: Math.random() < .5
		? 'party talking' : 'party quiet' }), 2000);
	setInterval(() => mock.say(1, 'It is ' +
		new Date().toLocaleTimeString()), 20000);
}
