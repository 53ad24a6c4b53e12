// SPDX-License-Identifier: GPL-3.0-or-later
// devices.ts -- camera and microphone: which there are, opening, the level
import type { Key } from './i18n';

export interface Devices {
	camera: MediaDeviceInfo[];
	microphone: MediaDeviceInfo[];
	speaker: MediaDeviceInfo[];
}

export interface Opened {
	audio: MediaStreamTrack | null;
	video: MediaStreamTrack | null;
	problem: Key | null;
	reason: string;
}

export interface Choice {
	camera: string | null;       // deviceId, '' any, null none
	microphone: string | null;
	speaker: string;
}

const sound = (id: string): MediaTrackConstraints => ({
	...(id ? { deviceId: { exact: id } } : {}),
	echoCancellation: true,
	noiseSuppression: true,
	autoGainControl: true,
});

const picture = (id: string): MediaTrackConstraints => ({
	...(id ? { deviceId: { exact: id } } : {}),
	width: { ideal: 1280 },
	height: { ideal: 720 },
	frameRate: { ideal: 30, max: 30 },
});

export function supported(): boolean {
	return 'RTCPeerConnection' in window && 'WebSocket' in window &&
		'addTransceiver' in RTCPeerConnection.prototype;
}

export function canCapture(): boolean {
	return !!navigator.mediaDevices?.getUserMedia;
}

export async function list(): Promise<Devices> {
	const all = await navigator.mediaDevices?.enumerateDevices?.()
		.catch(() => []) ?? [];
	const of = (kind: MediaDeviceKind) => all.filter((d) =>
		d.kind === kind && d.deviceId !== 'communications');

	return { camera: of('videoinput'), microphone: of('audioinput'),
		speaker: of('audiooutput') };
}

const open = (c: MediaStreamConstraints) =>
	navigator.mediaDevices.getUserMedia(c);

export async function openOne(kind: 'audio' | 'video', id: string):
		Promise<MediaStreamTrack> {
	let stream;

	try {
		stream = await open(kind === 'audio' ? { audio: sound(id) }
			: { video: picture(id) });
	} catch (e) {
		// the chosen one is gone: any other is better than none
		if (!id || !(e instanceof DOMException) ||
		    e.name !== 'OverconstrainedError')
			throw e;
		stream = await open(kind === 'audio' ? { audio: sound('') }
			: { video: picture('') });
	}

	return stream.getTracks()[0]!;
}

export function problemOf(e: unknown): { key: Key; reason: string } {
	const name = e instanceof DOMException ? e.name : '';
	const reason = e instanceof Error ? e.message || e.name : String(e);

	switch (name) {
	case 'NotAllowedError':
	case 'SecurityError':        return { key: 'media.denied', reason };
	case 'NotFoundError':
	case 'OverconstrainedError': return { key: 'media.none', reason };
	case 'NotReadableError':
	case 'AbortError':           return { key: 'media.busy', reason };
	default:                     return { key: 'media.failed', reason };
	}
}

// Both at once, for one question of the browser; then one by one, so that a
// missing camera does not cost the microphone.
export async function openBoth(want: Choice): Promise<Opened> {
	const none: Opened = { audio: null, video: null, problem: null,
		reason: '' };
	const audio = want.microphone !== null, video = want.camera !== null;

	if (!canCapture())
		return { ...none, problem: 'media.insecure' };
	if (!audio && !video)
		return none;
	if (audio && video) {
		try {
			const s = await open({ audio: sound(want.microphone!),
				video: picture(want.camera!) });

			return { ...none, audio: s.getAudioTracks()[0] ?? null,
				video: s.getVideoTracks()[0] ?? null };
		} catch { /* one by one */ }
	}

	const got = { ...none };
	let ap: Key | null = null, vp: Key | null = null;

	if (audio) {
		try {
			got.audio = await openOne('audio', want.microphone!);
		} catch (e) {
			const p = problemOf(e);

			ap = p.key;
			got.reason = p.reason;
		}
	}
	if (video) {
		try {
			got.video = await openOne('video', want.camera!);
		} catch (e) {
			const p = problemOf(e);

			vp = p.key;
			got.reason = p.reason;
		}
	}
	got.problem = both(audio, video, ap, vp);

	return got;
}

// One sentence of what was wrong with the one and the other.
export function both(audio: boolean, video: boolean, ap: Key | null,
		     vp: Key | null): Key | null {
	if (ap && vp)
		return ap === vp ? ap : ap === 'media.denied' ? vp : ap;
	if (ap)
		return !video ? ap : ap === 'media.none' ? 'media.nomicrophone'
			: ap === 'media.denied' ? 'media.nomicrophone.denied' : ap;
	if (vp)
		return !audio ? vp : vp === 'media.none' ? 'media.nocamera'
			: vp === 'media.denied' ? 'media.nocamera.denied' : vp;

	return null;
}

// Calls back with 0…1 many times a second until stopped.
export function meter(track: MediaStreamTrack,
		      level: (v: number) => void): () => void {
	let ctx: AudioContext;

	try {
		ctx = new AudioContext();
	} catch {
		return () => {};
	}

	const an = ctx.createAnalyser();
	const src = ctx.createMediaStreamSource(new MediaStream([track]));
	const buf = new Float32Array(512);
	let timer = 0, shown = 0;

	an.fftSize = 512;
	src.connect(an);
	timer = setInterval(() => {
		let sum = 0;

		if (ctx.state === 'suspended')
			void ctx.resume().catch(() => {});
		an.getFloatTimeDomainData(buf);
		for (const x of buf)
			sum += x * x;

		const db = 10 * Math.log10(sum / buf.length + 1e-9);
		const now = Math.max(0, Math.min(1, (db + 60) / 50));

		shown = Math.max(now, shown * 0.8);
		level(shown);
	}, 60);

	return () => {
		clearInterval(timer);
		src.disconnect();
		void ctx.close().catch(() => {});
	};
}
