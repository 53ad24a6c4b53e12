// SPDX-License-Identifier: GPL-3.0-or-later
// link.ts -- the WebSocket: says hello, sends commands, comes back by itself
//
// A broken connection is opened again with growing pauses; the seat of the
// welcome and the number of the last event make it the same person.  The
// owner hears: welcome, events, trouble, and exactly one end.
import { backoff } from './backoff';
import type { Json } from './model';

export interface Refused { status: number; title: string; detail: string }

export interface Hello {
	name: string; pin?: string; token?: string; seat?: string; since?: number;
}

export interface LinkHandlers {
	welcome(w: Json): void;
	event(e: Json): void;
	trouble(on: boolean): void;
	refused(r: Refused): void;
	closed(code: number, reason: string): void;
}

export class VerbError extends Error {
	constructor(readonly status: number, readonly title: string,
		    readonly detail: string) {
		super(detail ? `${title}: ${detail}` : title);
	}
}

interface Pending {
	resolve(v: unknown): void;
	reject(e: Error): void;
	timer: number;
}

export const ANSWER_MS = 10000;
const OPEN_MS = 8000;
// how long the server keeps a seat whose connection is gone, and some more
export const LOST_MS = 120000;

export class Link {
	private ws: WebSocket | null = null;
	private id = 0;
	private pending = new Map<number, Pending>();
	private tries = 0;
	private timer = 0;
	private done = false;
	private live = false;
	private lostAt = 0;
	private since = 0;

	constructor(private readonly url: string, private hello: Hello,
		    private readonly h: LinkHandlers) {
		addEventListener('online', this.now);
		addEventListener('offline', this.offline);
		this.open();
	}

	private now = () => {
		if (!this.done && !this.ws) {
			this.tries = 0;
			this.open();
		}
	};

	private offline = () => {
		this.broken();
	};

	private open(): void {
		clearTimeout(this.timer);

		const ws = new WebSocket(this.url, 'tutti');

		this.ws = ws;
		this.timer = setTimeout(() => this.broken(), OPEN_MS);
		ws.onopen = () => {
			const hello: Hello = { ...this.hello };

			if (hello.seat && this.since)
				hello.since = this.since;
			ws.send(JSON.stringify({ hello }));
		};
		ws.onmessage = (ev) => {
			if (ws === this.ws)
				this.message(String(ev.data));
		};
		ws.onclose = (ev) => {
			if (ws === this.ws)
				this.closed(ev.code, ev.reason);
		};
	}

	private message(text: string): void {
		let msg: Json;

		try {
			msg = JSON.parse(text) as Json;
		} catch {
			return;
		}
		if (!msg || typeof msg !== 'object')
			return;
		if (msg.event && typeof msg.event === 'object') {
			const e = msg.event as Json;

			if (typeof e.number === 'number')
				this.since = Math.max(this.since, e.number);
			this.h.event(e);
		} else if (msg.welcome && typeof msg.welcome === 'object') {
			this.welcome(msg.welcome as Json);
		} else if (msg.refused && typeof msg.refused === 'object') {
			this.refuse(msg.refused as Json);
		} else if (typeof msg.id === 'number') {
			this.answer(msg.id, msg);
		}
	}

	private welcome(w: Json): void {
		clearTimeout(this.timer);
		this.tries = 0;
		this.lostAt = 0;
		this.live = true;
		if (typeof w.seat === 'string')
			this.hello = { ...this.hello, seat: w.seat };
		if (typeof w.number === 'number')
			this.since = Math.max(this.since, w.number);
		this.h.trouble(false);
		this.h.welcome(w);
	}

	// what may pass (full, busy) passes by itself for who was in already
	private refuse(r: Json): void {
		const status = Number(r.status) || 500;

		if (this.lostAt && (status === 503 || status === 429)) {
			this.broken();
			return;
		}
		this.end();
		this.h.refused({ status, title: String(r.title ?? ''),
			detail: String(r.detail ?? '') });
	}

	private answer(id: number, msg: Json): void {
		const p = this.pending.get(id);

		if (!p)
			return;
		this.pending.delete(id);
		clearTimeout(p.timer);
		if (msg.ok) {
			p.resolve(msg.result);
			return;
		}

		const e = (msg.error ?? {}) as Json;

		p.reject(new VerbError(Number(e.status) || 500,
			String(e.title ?? 'error'), String(e.detail ?? '')));
	}

	private closed(code: number, reason: string): void {
		// 4400–4599: the server means it
		if (code >= 4400 && code < 4600 && code !== 4503 && code !== 4429) {
			this.end();
			this.h.closed(code, reason);
			return;
		}
		this.broken();
	}

	private broken(): void {
		if (this.done)
			return;
		this.drop();
		if (this.live)
			this.h.trouble(true);
		this.live = false;
		this.lostAt ||= Date.now();
		// who was never in is told; who was in is brought back
		if ((!this.hello.seat && this.tries >= 3) ||
		    Date.now() - this.lostAt > LOST_MS) {
			this.end();
			this.h.closed(this.hello.seat ? 4000 : 4001, '');
			return;
		}
		this.timer = setTimeout(() => this.open(),
			backoff(this.tries++));
	}

	private drop(): void {
		const ws = this.ws;

		clearTimeout(this.timer);
		this.ws = null;
		if (ws) {
			ws.onclose = ws.onmessage = ws.onopen = null;
			ws.close();
		}
		for (const p of this.pending.values()) {
			clearTimeout(p.timer);
			p.reject(new VerbError(503, 'not connected', ''));
		}
		this.pending.clear();
	}

	private end(): void {
		this.done = true;
		this.live = false;
		removeEventListener('online', this.now);
		removeEventListener('offline', this.offline);
		this.drop();
	}

	// An answer that does not come is a dead connection.
	request(verb: string, args: Json = {}, ms = ANSWER_MS):
			Promise<unknown> {
		return new Promise((resolve, reject) => {
			if (!this.live || !this.ws) {
				reject(new VerbError(503, 'not connected', ''));
				return;
			}

			const id = ++this.id;
			const timer = setTimeout(() => this.broken(), ms);

			this.pending.set(id, { resolve, reject, timer });
			this.ws.send(JSON.stringify({ id, verb, args }));
		});
	}

	// leave: the seat ends at once, if the server can be told
	bye(): boolean {
		const tell = !this.done && this.live && !!this.ws;

		if (tell) {
			this.ws!.send('{"bye":true}');
			this.ws!.onclose = null;
			this.ws!.close(1000, 'bye');
		}
		if (!this.done)
			this.end();

		return tell;
	}
}
