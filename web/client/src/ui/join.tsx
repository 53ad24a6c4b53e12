// SPDX-License-Identifier: GPL-3.0-or-later
// ui/join.tsx -- before the meeting: see and hear oneself, say who one is
import { useEffect, useRef, useState } from 'preact/hooks';

import { setMode, setName } from '../acts';
import { app, type Door, type Said } from '../app';
import { join } from '../call';
import { chooseDevice, level, openDevices, setCam, setMic } from '../tracks';
import { canCapture } from '../devices';
import { number, t, type Key } from '../i18n';
import { cost, type Mode } from '../simulcast';
import { useStore } from '../store';
import { Icon } from './icons';
import { Header, Plain } from './plain';

export function Landing() {
	const room = useStore(app, (s) => s.room);
	const missing = useStore(app, (s) => s.noRoom);

	const go = (e: Event) => {
		const to = new FormData(e.currentTarget as HTMLFormElement)
			.get('room');

		e.preventDefault();
		if (typeof to === 'string' && to.trim())
			location.assign(`/${encodeURIComponent(to.trim())}`);
	};

	return (
		<Plain title={missing ? t('door.noroom.title', { room })
			: t('app.tagline')}>
			{missing && <p>{t('door.noroom')}</p>}
			<form class="fields" onSubmit={go}>
				<label class="field">
					<span>{t('door.room')}</span>
					<input name="room" required maxLength={64}
						autocomplete="off" autocapitalize="none" />
				</label>
				<button class="btn primary">{t('door.go')}</button>
			</form>
		</Plain>
	);
}

// the bar moves many times a second: past the renderer
function Meter() {
	const audio = useStore(app, (s) => s.audio);
	const bar = useRef<HTMLDivElement>(null);
	const fillRef = useRef<HTMLDivElement>(null);

	useEffect(() => {
		let told = 0;

		return level((v) => {
			if (fillRef.current)
				fillRef.current.style.transform = `scaleX(${v.toFixed(3)})`;
			if (Date.now() - told > 500) {
				told = Date.now();
				bar.current?.setAttribute('aria-valuenow',
					String(Math.round(v * 100)));
			}
		});
	}, [audio]);

	return (
		<div class="meter" role="meter" aria-label={t('join.level')}
			aria-valuemin={0} aria-valuemax={100} aria-valuenow={0}
			ref={bar}>
			<div class="meter-fill" ref={fillRef} />
		</div>
	);
}

function Preview() {
	const video = useStore(app, (s) => s.video);
	const asking = useStore(app, (s) => s.asking);
	const el = useRef<HTMLVideoElement>(null);

	useEffect(() => {
		if (el.current)
			el.current.srcObject = video ? new MediaStream([video]) : null;
	}, [video]);

	return (
		<div class="preview">
			<video ref={el} class="mirror" autoplay muted playsInline
				aria-label={t('join.preview')} hidden={!video} />
			{!video && <p class="preview-off">
				<Icon name="camera" off />
				<span role="status">
					{asking ? t('join.ask') : t('join.preview.off')}
				</span>
			</p>}
		</div>
	);
}

function Pick({ kind, label, none }: { none: Key | null; label: Key;
		kind: 'camera' | 'microphone' | 'speaker' }) {
	const devices = useStore(app, (s) => s.devices[kind]);
	const chosen = useStore(app, (s) => s.choice[kind]);
	const known = devices.some((d) => d.deviceId === chosen);

	return (
		<label class="field">
			<span>{t(label)}</span>
			<select value={chosen === null ? 'none' : known ? chosen
				: devices[0]?.deviceId ?? (none ? 'none' : '')}
				onChange={(e) => void chooseDevice(kind,
					e.currentTarget.value === 'none'
						? null : e.currentTarget.value)}>
				{devices.map((d, i) => (
					<option value={d.deviceId}>
						{d.label || `${t(label)} ${i + 1}`}
					</option>))}
				{kind === 'speaker' && !devices.length &&
					<option value="">{t('join.speaker.default')}</option>}
				{none && <option value="none">{t(none)}</option>}
			</select>
		</label>
	);
}

export function Devices() {
	const speakers = useStore(app, (s) => s.devices.speaker.length);

	return (
		<div class="fields">
			<Pick kind="camera" label="join.camera"
				none="join.camera.none" />
			<Pick kind="microphone" label="join.microphone"
				none="join.microphone.none" />
			<Meter />
			{speakers > 1 && 'setSinkId' in HTMLMediaElement.prototype &&
				<Pick kind="speaker" label="join.speaker" none={null} />}
		</div>
	);
}

export function Problem({ said }: { said: Said }) {
	return (
		<div class="problem" role="alert">
			<Icon name="warn" />
			<div>
				<p>{t(said.key, said.values)}</p>
				{canCapture() && <button type="button" class="btn small"
					onClick={() => void openDevices()}>
					{t('media.retry')}
				</button>}
			</div>
		</div>
	);
}

function Begin() {
	const mic = useStore(app, (s) => s.mic);
	const cam = useStore(app, (s) => s.cam && s.mode !== 'audio');
	const sound = useStore(app, (s) => s.mode === 'audio');

	return (
		<fieldset class="choices begin">
			<legend class="sr">{t('join.on')}</legend>
			<label class="choice">
				<input type="checkbox" checked={mic} onChange={(e) =>
					setMic(e.currentTarget.checked)} />
				<span>{t('join.micon')}</span>
			</label>
			<label class="choice">
				<input type="checkbox" checked={cam} disabled={sound}
					onChange={(e) =>
						void setCam(e.currentTarget.checked)} />
				<span>{t('join.camon')}</span>
			</label>
		</fieldset>
	);
}

const modes: Mode[] = ['normal', 'slow', 'audio'];

function DataUse() {
	const mode = useStore(app, (s) => s.mode);

	return (
		<fieldset class="choices">
			<legend>{t('join.data')}</legend>
			{modes.map((m) => (
				<label class="choice">
					<input type="radio" name="mode" checked={m === mode}
						onChange={() => void setMode(m)} />
					<span>
						{t(`join.data.${m}`)}
						<small>{t('join.data.cost',
							{ mb: number(cost(m), 1) })}</small>
					</span>
				</label>))}
		</fieldset>
	);
}

function DoorLine({ door }: { door: Door | null }) {
	if (!door)
		return null;

	const n = door.parties;

	return (
		<p class="muted">
			{door.full ? t('door.full') : door.locked ? t('door.locked')
				: n === 0 ? t('door.live.none')
				: n === 1 ? t('door.live.one')
				: t('door.live.many', { n })}
		</p>
	);
}

function Pin({ needed, wrong }: { needed: boolean; wrong: boolean }) {
	const [shown, show] = useState(false);
	const el = useRef<HTMLInputElement>(null);

	useEffect(() => {
		if (shown || wrong)
			el.current?.focus();
	}, [shown, wrong]);
	if (!needed && !shown) {
		return (
			<button type="button" class="btn link"
				onClick={() => show(true)}>{t('join.pin.have')}</button>
		);
	}

	return (
		<div class="field">
			<label for="pin"><b>{t('join.pin')}</b></label>
			<input id="pin" name="pin" ref={el} inputMode="numeric"
				maxLength={32} autocomplete="off" required={needed}
				aria-invalid={wrong} aria-describedby="pin-hint" />
			<small id="pin-hint">{t('join.pin.hint')}</small>
		</div>
	);
}

export function Join() {
	const s = useStore(app, (v) => v);
	const busy = s.phase === 'joining';
	const error = s.error?.key ?? '';
	const pinWrong = error === 'refused.pin' ||
		error === 'refused.pin.needed';

	if (s.resuming) {
		return <main class="plain">
			<p role="status">{t('join.resume')}</p></main>;
	}

	const submit = (e: Event) => {
		const f = new FormData(e.currentTarget as HTMLFormElement);

		e.preventDefault();
		if (!busy)
			join(String(f.get('pin') ?? ''));
	};

	return (
		<div class="page">
			<Header />
			<main class="join">
				<div class="join-head">
					<h1>{t('door.title', { room: s.door?.title ?? s.room })}</h1>
					<DoorLine door={s.door} />
				</div>
				<form class="join-grid" onSubmit={submit} noValidate>
					<section class="card" aria-label={t('set.devices')}>
						<Preview />
						<Begin />
						{s.problem && <Problem said={s.problem} />}
						<Devices />
					</section>
					<section class="card fields" aria-label={t('join.submit')}>
						<label class="field">
							<span>{t('join.name')}</span>
							<input name="name" value={s.name} maxLength={64}
								autocomplete="name" required
								aria-invalid={error === 'join.name.missing'}
								onInput={(e) =>
									setName(e.currentTarget.value)} />
						</label>
						<Pin needed={!!s.door?.pin_needed} wrong={pinWrong} />
						<DataUse />
						{s.error && <p class="error" role="alert">
							{t(s.error.key, s.error.values)}</p>}
						<button class="btn primary big" aria-disabled={busy}>
							{busy ? t('join.busy') : t('join.submit')}
						</button>
					</section>
				</form>
			</main>
		</div>
	);
}
