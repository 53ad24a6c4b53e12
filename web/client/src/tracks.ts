// SPDX-License-Identifier: GPL-3.0-or-later
// tracks.ts -- camera, microphone and screen: chosen, lost, switched, shared
import { app, me, saveChoice } from './app';
import { list, meter, openBoth, openOne, problemOf,
	type Choice } from './devices';
import { line, reason, saveSeatIfIn, tellMute, verb } from './line';
import { say } from './toast';

// What is opened by somebody who has gone meanwhile (left, no such room) is
// stopped: no light of a camera stays on.
let round = 0;

function late(was: number,
	      ...tracks: (MediaStreamTrack | null)[]): boolean {
	if (was === round)
		return false;
	for (const track of tracks)
		track?.stop();

	return true;
}

export async function openDevices(): Promise<void> {
	const s = app.get();
	const want: Choice = { ...s.choice,
		camera: s.cam && s.mode !== 'audio' ? s.choice.camera : null };

	stopTracks();
	app.set({ asking: true, problem: null });

	const was = round;
	const got = await openBoth(want);
	const devices = await list();

	if (late(was, got.audio, got.video))
		return;

	// without a camera or microphone there is nothing to be denied
	app.set({ asking: false, devices, audio: got.audio, video: got.video,
		problem: got.problem ? { key: got.problem,
			values: { reason: got.reason } } : null });
	for (const track of [got.audio, got.video])
		watch(track);
	if (got.audio)
		got.audio.enabled = app.get().mic;
}

export function stopTracks(): void {
	const s = app.get();

	for (const track of [s.audio, s.video]) {
		if (track) {
			track.onended = null;
			track.stop();
		}
	}
	round++;
	app.set({ audio: null, video: null, asking: false });
}

// the level of the microphone until stopped
export function level(f: (v: number) => void): () => void {
	const track = app.get().audio;

	return track ? meter(track, f) : () => {};
}

export async function chooseDevice(kind: keyof Choice, id: string | null):
		Promise<void> {
	saveChoice({ ...app.get().choice, [kind]: id });
	if (kind === 'speaker')
		return;
	if (kind === 'microphone')
		await useMicrophone(id);
	else if (id === null)
		await setCam(false);
	else
		await useCamera(id);
}

async function useMicrophone(id: string | null): Promise<void> {
	const old = app.get().audio;

	if (old) {
		old.onended = null;
		old.stop();
	}
	app.set({ audio: null });
	if (id === null) {
		line.media?.setAudio(null);
		tellMute('audio', true);
		return;
	}
	const was = round;

	try {
		const audio = await openOne('audio', id);

		if (late(was, audio))
			return;
		audio.enabled = app.get().mic;
		watch(audio);
		app.set({ audio, problem: null });
		line.media?.setAudio(audio);
		tellMute('audio', !app.get().mic);
		app.set({ devices: await list() });
	} catch (e) {
		mediaProblem(e);
	}
}

async function useCamera(id: string): Promise<void> {
	const old = app.get().video;

	if (old) {
		old.onended = null;
		old.stop();
	}
	app.set({ video: null });
	const was = round;

	try {
		const video = await openOne('video', id);

		if (late(was, video))
			return;
		video.contentHint = 'motion';
		watch(video);
		app.set({ video, cam: true, problem: null });
		line.media?.setVideo(video);
		tellMute('video', false);
		app.set({ devices: await list() });
	} catch (e) {
		app.set({ cam: false });
		line.media?.setVideo(null);
		mediaProblem(e);
	}
}

function mediaProblem(e: unknown): void {
	const p = problemOf(e);

	app.set({ problem: { key: p.key, values: { reason: p.reason } } });
	if (app.get().phase === 'meeting')
		say(p.key, { reason: p.reason }, 'urgent');
}

// a track that ends by itself: unplugged, or permission withdrawn
function watch(track: MediaStreamTrack | null): void {
	if (!track)
		return;
	track.onended = () => void lost(track);
}

async function lost(track: MediaStreamTrack): Promise<void> {
	const s = app.get();

	if (track === s.video) {
		app.set({ video: null, cam: false, devices: await list() });
		line.media?.setVideo(null);
		tellMute('video', true);
		say('media.lost.camera', undefined, 'urgent');
		return;
	}
	if (track !== s.audio)
		return;
	app.set({ audio: null, devices: await list() });
	line.media?.setAudio(null);
	const was = round;

	try {
		const audio = await openOne('audio', '');

		if (late(was, audio))
			return;
		audio.enabled = app.get().mic;
		watch(audio);
		app.set({ audio });
		line.media?.setAudio(audio);
		say('media.switched.microphone', undefined, 'urgent');
	} catch {
		tellMute('audio', true);
		say('media.lost.microphone', undefined, 'urgent');
	}
}

export async function devicesChanged(): Promise<void> {
	const devices = await list();
	const s = app.get();

	app.set({ devices });
	// a first microphone or camera while there was none
	if (s.phase === 'join' && s.problem && !s.asking &&
	    ((!s.audio && devices.microphone.length) ||
	     (!s.video && devices.camera.length)))
		await openDevices();
}

// --- switched

export function setMic(on: boolean): void {
	const { audio } = app.get();

	if (!audio && on) {
		saveChoice({ ...app.get().choice,
			microphone: app.get().choice.microphone ?? '' });
		app.set({ mic: true });
		void useMicrophone(app.get().choice.microphone);
		return;
	}
	if (audio)
		audio.enabled = on;
	app.set({ mic: on });
	saveSeatIfIn();
	tellMute('audio', !on);
}

// push-to-talk: only what was muted is opened, and is muted again
export function talk(down: boolean): void {
	const s = app.get();

	if (down ? s.mic || s.talk || !s.audio : !s.talk)
		return;
	app.set({ talk: down });
	setMic(down);
}

// Off means off: the camera is let go of and its light goes out.
export async function setCam(on: boolean): Promise<void> {
	const s = app.get();

	if (on) {
		app.set({ cam: true });
		await useCamera(s.choice.camera ?? '');
		saveSeatIfIn();
		return;
	}
	if (s.video) {
		s.video.onended = null;
		s.video.stop();
	}
	line.media?.setVideo(null);
	app.set({ video: null, cam: false });
	saveSeatIfIn();
	tellMute('video', true);
}

export function mutedByHost(what: 'audio' | 'video'): void {
	const s = app.get();

	if (what === 'video') {
		if (s.cam && s.video) {
			say('say.camera.me', undefined, 'urgent');
			s.video.onended = null;
			s.video.stop();
			line.media?.setVideo(null);
			app.set({ video: null, cam: false });
		}
		return;
	}
	if (!s.mic)
		return;
	if (s.audio)
		s.audio.enabled = false;
	app.set({ mic: false, talk: false });
	say('say.muted.me', undefined, 'urgent');
}

// --- the screen

export const canShare = (): boolean =>
	!!navigator.mediaDevices?.getDisplayMedia;

export async function toggleShare(): Promise<void> {
	const s = app.get();

	if (s.screen) {
		endShare();
		void verb('share stop', { party: me() });
		return;
	}
	try {
		const stream = await navigator.mediaDevices.getDisplayMedia({
			video: { frameRate: { max: 15 } }, audio: false });
		const screen = stream.getVideoTracks()[0]!;

		if (app.get().phase !== 'meeting') {
			screen.stop();
			return;
		}
		screen.onended = () => {
			endShare();
			void verb('share stop', { party: me() });
		};
		app.set({ screen });
		line.media?.setScreen(screen);
	} catch (e) {
		// "no" in the browser's dialog needs no comment
		if (!(e instanceof DOMException && e.name === 'NotAllowedError'))
			say('say.share.failed', { reason: reason(e) }, 'urgent');
	}
}

export function endShare(tell = true): void {
	const { screen } = app.get();

	if (!screen)
		return;
	screen.onended = null;
	screen.stop();
	app.set({ screen: null });
	if (tell)
		line.media?.setScreen(null);
}

// a host, or somebody else's share, ended ours
export function shareEnded(): void {
	if (!app.get().screen)
		return;
	endShare();
	say('say.share.stopped', undefined, 'urgent');
}
