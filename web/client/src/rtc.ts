// SPDX-License-Identifier: GPL-3.0-or-later
// rtc.ts -- the one peer connection with the server, and how it is mended
//
// Audio first, camera second, the screen third when it is shared.  Offers
// go to /session one after the other.  Interrupted for 3 s: ICE restart;
// when that does not help, or the server has forgotten us: all anew.
import { backoff } from './backoff';
import { layers, type Layer, type Mode, type Need } from './simulcast';
import { anew, startAt, wish } from './uplink';

export type MediaState = 'connecting' | 'connected' | 'trouble' | 'busy';

export interface MediaHandlers {
	remote(stream: MediaStream): void;
	state(s: MediaState): void;
	refused(reason: string): void;   // the screen, by the server
}

export interface Tracks {
	audio: MediaStreamTrack | null;
	video: MediaStreamTrack | null;
	screen: MediaStreamTrack | null;
}

export interface Stats {
	down: number; up: number;        // kbit/s
	loss: number;                    // %
	rtt: number;                     // ms
	width: number; height: number; fps: number;
}

const DISCONNECTED_MS = 3000;
const CONNECT_MS = 10000;
const LAYERS_TRIES = 5;

class Refused extends Error {
	constructor(readonly status: number, text: string) {
		super(text);
	}
}

// what an application/problem+json says
async function reasonOf(res: Response): Promise<string> {
	const j = await res.json().catch(() => null) as
		{ title?: string; detail?: string } | null;

	return j?.detail || j?.title || String(res.status);
}

export class Media {
	private pc: RTCPeerConnection | null = null;
	private audio: RTCRtpTransceiver | null = null;
	private video: RTCRtpTransceiver | null = null;
	private screen: RTCRtpTransceiver | null = null;
	private location = '';
	private chain: Promise<void> = Promise.resolve();
	private timer = 0;
	private tries = 0;
	private closed = false;
	private need: Need | null = null;
	private start = 0;               // of the estimate, 0: the server's
	private best = 0;                // estimate when it was in use
	private applying = false;
	private stale = false;           // other layers are wanted than are set
	private last: { at: number; rx: number; tx: number; got: number;
		lost: number } | null = null;

	constructor(private readonly room: string, private seat: string,
		    private tracks: Tracks, private mode: Mode,
		    private readonly h: MediaHandlers) {
		this.rebuild();
	}

	// --- making and mending

	private async ice(): Promise<RTCIceServer[]> {
		const res = await fetch(
			`/api/v1/rooms/${encodeURIComponent(this.room)}/ice`,
			{ headers: this.auth() }).catch(() => null);

		if (!res?.ok)
			return [];
		const j = await res.json().catch(() => null) as
			{ iceServers?: RTCIceServer[] } | null;

		return Array.isArray(j?.iceServers) ? j.iceServers : [];
	}

	private auth(): Record<string, string> {
		return { Authorization: `Bearer ${this.seat}` };
	}

	private rebuild(): void {
		this.queue(async () => {
			this.drop();
			if (!this.tries)
				this.h.state('connecting');
			const iceServers = await this.ice();

			if (this.closed)
				return;
			this.make(iceServers);
			await this.offer('POST');
		});
	}

	private make(iceServers: RTCIceServer[]): void {
		const pc = new RTCPeerConnection({ iceServers,
			bundlePolicy: 'max-bundle' });
		const remote = new MediaStream();

		this.pc = pc;
		pc.ontrack = (ev) => {
			remote.addTrack(ev.track);
			this.h.remote(remote);
		};
		pc.onconnectionstatechange = () => this.changed(pc);
		this.audio = pc.addTransceiver(this.tracks.audio ?? 'audio',
			{ direction: 'sendrecv' });
		this.video = pc.addTransceiver(this.tracks.video ?? 'video', {
			direction: 'sendrecv',
			// all on, so that the offer has them; what is sent, later
			sendEncodings: this.wanted().map((l) =>
				({ ...l, active: true })),
		});
		this.screen = null;
		if (this.tracks.screen)
			this.addScreen(this.tracks.screen);
		this.slow();
	}

	// not connected in good time
	private slow(): void {
		this.armed(CONNECT_MS, () => {
			this.tries++;
			this.h.state('trouble');
			this.rebuild();
		});
	}

	private armed(ms: number, f: () => void): void {
		clearTimeout(this.timer);
		this.timer = this.closed ? 0 : setTimeout(f, ms);
	}

	private changed(pc: RTCPeerConnection): void {
		if (pc !== this.pc || this.closed)
			return;
		switch (pc.connectionState) {
		case 'connected':
			clearTimeout(this.timer);
			this.tries = 0;
			this.h.state('connected');
			break;
		case 'disconnected':
			this.h.state('trouble');
			this.armed(DISCONNECTED_MS, () => this.restart());
			break;
		case 'failed':
			this.h.state('trouble');
			this.restart();
			break;
		}
	}

	private restart(): void {
		this.slow();
		this.queue(() => this.offer('PATCH', true));
	}

	// the server or the network has changed under us: look now
	nudge(): void {
		if (this.pc && this.pc.connectionState !== 'connected')
			this.restart();
	}

	// one at a time; what fails is tried again as a whole
	private queue(job: () => Promise<void>): void {
		this.chain = this.chain.then(async () => {
			if (this.closed)
				return;
			try {
				await job();
			} catch (e) {
				this.failed(e);
			}
		});
	}

	private failed(e: unknown): void {
		if (this.closed)
			return;
		this.h.state(e instanceof Refused && e.status === 503
			? 'busy' : 'trouble');
		this.armed(backoff(this.tries++), () => this.rebuild());
	}

	private async offer(method: 'POST' | 'PATCH', iceRestart = false):
			Promise<void> {
		const pc = this.pc;

		if (!pc)
			return;
		await pc.setLocalDescription(await pc.createOffer({ iceRestart }));

		const res = await fetch(method === 'POST'
			? `/session/${encodeURIComponent(this.room)}`
			: this.location, {
			method,
			headers: { ...this.auth(), 'Content-Type': 'application/sdp' },
			body: pc.localDescription!.sdp,
		});

		if (pc !== this.pc)
			return;
		if (!res.ok)
			throw new Refused(res.status, await reasonOf(res));
		this.location = res.headers.get('Location') ?? this.location;
		await pc.setRemoteDescription({ type: 'answer',
			sdp: startAt(await res.text(), this.start) });
		await this.applyLayers();
	}

	private drop(): void {
		const pc = this.pc;

		clearTimeout(this.timer);
		this.pc = null;
		this.last = null;
		this.start = this.best = 0;
		if (pc) {
			pc.ontrack = pc.onconnectionstatechange = null;
			pc.close();
		}
	}

	reseat(seat: string): void {
		this.seat = seat;
		this.rebuild();
	}

	// Whose seat has ended has no session left to be deleted.
	close(seated = false): void {
		this.closed = true;
		this.drop();
		if (seated && this.location) {
			void fetch(this.location, { method: 'DELETE',
				headers: this.auth(), keepalive: true })
				.catch(() => {});
		}
	}

	// --- what is sent

	setAudio(track: MediaStreamTrack | null): void {
		this.tracks.audio = track;
		void this.audio?.sender.replaceTrack(track).catch(() => {});
	}

	setVideo(track: MediaStreamTrack | null): void {
		this.tracks.video = track;
		void this.video?.sender.replaceTrack(track)
			.then(() => this.applyLayers()).catch(() => {});
	}

	private addScreen(track: MediaStreamTrack): void {
		track.contentHint = 'detail';
		if (this.screen) {
			this.screen.direction = 'sendonly';
			void this.screen.sender.replaceTrack(track);
			return;
		}
		this.screen = this.pc!.addTransceiver(track, {
			direction: 'sendonly',
			sendEncodings: [{ maxBitrate: 2.5e6, maxFramerate: 15 }],
		});
	}

	// The m-line of a share that ended stays, inactive, for the next one.
	setScreen(track: MediaStreamTrack | null): void {
		this.tracks.screen = track;
		this.queue(async () => {
			if (!this.pc)
				return;
			if (track) {
				this.addScreen(track);
			} else if (this.screen) {
				this.screen.direction = 'inactive';
				await this.screen.sender.replaceTrack(null);
			}
			try {
				await this.offer('PATCH');
			} catch (e) {
				await this.noScreen(e, !!track);
			}
		});
	}

	// Refused for what it is: sound and camera go on without it.
	private async noScreen(e: unknown, on: boolean): Promise<void> {
		if (!on || !(e instanceof Refused) || e.status === 404 ||
		    e.status >= 500)
			throw e;
		this.tracks.screen = null;
		await this.pc!.setLocalDescription({ type: 'rollback' });
		if (this.screen && this.screen.mid === null)
			this.screen = null;
		else if (this.screen)
			this.screen.direction = 'inactive';
		this.h.refused(e.message);
	}

	setNeed(need: Need | null): void {
		const was = this.need?.height ?? Infinity;
		const is = need?.height ?? Infinity;

		this.need = need;
		if (is < was)
			void this.remember();
		void this.applyLayers();
		if (is > was)
			this.queue(() => this.regain());
	}

	private async estimate(): Promise<number> {
		let bps = 0;

		(await this.pc?.getStats())?.forEach((s) => {
			if (s.type === 'candidate-pair' && s.nominated)
				bps = Math.max(bps, s.availableOutgoingBitrate ?? 0);
		});

		return bps;
	}

	// Less is asked for from now on.
	private async remember(): Promise<void> {
		this.best = Math.max(await this.estimate(), this.best / 2);
	}

	// More is wanted than the browser thinks possible; the server has no
	// part in it.
	private async regain(): Promise<void> {
		const pc = this.pc;
		const at = anew(await this.estimate(), this.best,
			wish(this.wanted()));

		if (!at || !pc || pc !== this.pc ||
		    pc.connectionState !== 'connected')
			return;
		// the same again would be no hint
		this.start = at === this.start ? at - 1 : at;
		await pc.setLocalDescription(await pc.createOffer());
		await pc.setRemoteDescription({ type: 'answer',
			sdp: startAt(pc.remoteDescription!.sdp, this.start) });
		await this.applyLayers();
	}

	setMode(mode: Mode): void {
		this.mode = mode;
		void this.applyLayers();
	}

	private wanted(): Layer[] {
		const s = this.tracks.video?.getSettings();
		const lines = Math.min(s?.height ?? 720, s?.width ?? 1280);

		return layers(lines, this.need, this.mode);
	}

	// One at a time: parameters that were read before others were set are
	// refused, and what was wanted last must not be lost by that.
	private async applyLayers(): Promise<void> {
		this.stale = true;
		if (this.applying)
			return;
		this.applying = true;
		for (let failed = 0; this.stale && failed < LAYERS_TRIES;) {
			this.stale = false;
			await this.setLayers().then(() => { failed = 0; }, () => {
				failed++;
				this.stale = true;
			});
		}
		this.applying = false;
	}

	private async setLayers(): Promise<void> {
		const sender = this.video?.sender;
		const p = sender?.getParameters();

		if (!sender || !p?.encodings?.length)
			return;

		const want = this.wanted();
		const best = [...want].reverse().find((l) => l.active);

		for (const enc of p.encodings) {
			// without simulcast there is one, and it is the best wanted
			const l = p.encodings.length > 1
				? want.find((w) => w.rid === enc.rid) : best;

			enc.active = !!l?.active;
			if (l) {
				enc.scaleResolutionDownBy = l.scaleResolutionDownBy;
				enc.maxBitrate = l.maxBitrate;
				enc.maxFramerate = l.maxFramerate;
			}
		}
		await sender.setParameters(p);
		await this.soundRate();
	}

	private async soundRate(): Promise<void> {
		const sender = this.audio?.sender;
		const p = sender?.getParameters();

		if (!sender || !p?.encodings?.[0])
			return;
		p.encodings[0].maxBitrate = this.mode === 'normal' ? 40000 : 24000;
		await sender.setParameters(p);
	}

	// --- how it goes

	async stats(): Promise<Stats | null> {
		const pc = this.pc;

		if (!pc || pc.connectionState !== 'connected')
			return null;

		const out: Stats = { down: 0, up: 0, loss: 0, rtt: Infinity,
			width: 0, height: 0, fps: 0 };
		const now = { at: performance.now(), rx: 0, tx: 0, got: 0, lost: 0 };

		(await pc.getStats()).forEach((s) => {
			if (s.type === 'inbound-rtp') {
				now.rx += s.bytesReceived ?? 0;
				now.got += s.packetsReceived ?? 0;
				now.lost += s.packetsLost ?? 0;
				if (s.kind === 'video') {
					out.width = s.frameWidth ?? 0;
					out.height = s.frameHeight ?? 0;
					out.fps = Math.round(s.framesPerSecond ?? 0);
				}
			} else if (s.type === 'outbound-rtp') {
				now.tx += s.bytesSent ?? 0;
			} else if (s.type === 'candidate-pair' && s.nominated &&
				   s.currentRoundTripTime !== undefined) {
				// Firefox keeps what was nominated before
				out.rtt = Math.min(out.rtt,
					Math.round(s.currentRoundTripTime * 1000));
			}
		});

		const was = this.last;

		this.last = now;
		if (out.rtt === Infinity)
			out.rtt = 0;
		if (!was || now.at - was.at < 500)
			return null;

		const ms = now.at - was.at;
		const got = now.got - was.got, lost = Math.max(0, now.lost - was.lost);

		out.down = Math.max(0, Math.round((now.rx - was.rx) * 8 / ms));
		out.up = Math.max(0, Math.round((now.tx - was.tx) * 8 / ms));
		out.loss = got + lost > 0
			? Math.round(lost / (got + lost) * 1000) / 10 : 0;

		return out;
	}
}
