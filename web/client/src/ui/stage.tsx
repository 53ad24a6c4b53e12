// SPDX-License-Identifier: GPL-3.0-or-later
// ui/stage.tsx -- the meeting's one picture, and what lies over it
import { useEffect, useRef, useState } from 'preact/hooks';

import { setSize } from '../acts';
import { app } from '../app';
import { dismiss } from '../toast';
import { t } from '../i18n';
import { present } from '../model';
import { useStore } from '../store';
import { Badge, Icon } from './icons';

// Sound and picture are one element, so that the lips fit.
function Composite() {
	const remote = useStore(app, (s) => s.remote);
	const sink = useStore(app, (s) => s.choice.speaker);
	const title = useStore(app, (s) => s.model?.room.title ?? '');
	const blocked = useStore(app, (s) => s.soundBlocked);
	const el = useRef<HTMLVideoElement>(null);

	useEffect(() => {
		const v = el.current;

		if (!v)
			return;
		if (v.srcObject !== remote)
			v.srcObject = remote;
		if (remote) {
			v.muted = false;
			v.play().catch((e: unknown) => {
				if (!(e instanceof DOMException) ||
				    e.name !== 'NotAllowedError')
					return;
				app.set({ soundBlocked: true });
				v.muted = true;
				void v.play().catch(() => {});
			});
		}
	}, [remote]);
	useEffect(() => {
		const v = el.current as HTMLVideoElement & {
			setSinkId?(id: string): Promise<void> } | null;

		if (sink)
			void v?.setSinkId?.(sink).catch(() => {});
	}, [sink]);

	const hear = () => {
		const v = el.current!;

		v.muted = false;
		void v.play().then(() => app.set({ soundBlocked: false }))
			.catch(() => {});
	};

	return (
		<>
			<video ref={el} class="composite" autoplay playsInline
				onResize={(e) => e.currentTarget.videoWidth > 2 &&
					app.set({ picture: true })}
				aria-label={`${t('stage.label')}: ${title}`} />
			{blocked && <div class="banner sound">
				<span>{t('trouble.sound')}</span>
				<button class="btn primary" onClick={hear}>
					<Icon name="sound" /> {t('trouble.sound.click')}
				</button>
			</div>}
		</>
	);
}

const corners = ['br', 'bl', 'tl', 'tr'] as const;

function SelfView() {
	const video = useStore(app, (s) => s.video);
	const shown = useStore(app, (s) => s.selfView);
	const [at, move] = useState(0);
	const el = useRef<HTMLVideoElement>(null);

	useEffect(() => {
		if (el.current)
			el.current.srcObject = video ? new MediaStream([video]) : null;
	}, [video, shown]);
	if (!video || !shown)
		return null;

	return (
		<div class={`self ${corners[at]}`}>
			<video ref={el} class="mirror" autoplay muted playsInline
				aria-label={t('stage.self')} />
			<button class="self-move" onClick={() => move((at + 1) % 4)}
				aria-label={t('stage.self.move')}
				title={t('stage.self.move')}>
				<Icon name="move" />
			</button>
		</div>
	);
}

function Badges() {
	const m = useStore(app, (s) => s.model);
	const screen = useStore(app, (s) => s.screen);

	if (!m)
		return null;

	return (
		<div class="badges">
			<h1 class="badge title">{m.room.title}</h1>
			{m.room.recording === 'on' && <Badge icon="record" kind="rec"
				solid>{t('stage.recording')}</Badge>}
			{m.room.recording === 'paused' && <Badge icon="record">
				{t('stage.paused')}</Badge>}
			{m.room.locked && <Badge icon="lock">
				{t('stage.locked')}</Badge>}
			{screen && <Badge icon="share" kind="on">
				{t('stage.sharing')}</Badge>}
		</div>
	);
}

// Reactions float up and are gone; said once for those who do not see.
function Reactions() {
	const reactions = useStore(app, (s) => s.model?.reactions ?? []);

	return (
		<div class="reactions" role="status">
			{reactions.map((r) => (
				<span key={r.id} class={`reaction lane${r.id % 5}`}>
					<span class="emoji">{r.emoji}</span>
					<span class="who">{r.name}</span>
				</span>))}
		</div>
	);
}

function Trouble() {
	const s = useStore(app, (v) => v);
	const sick = s.media === 'trouble' || s.media === 'busy';
	const text = s.wsTrouble
		? t(s.offline ? 'trouble.offline' : 'trouble.ws')
		: s.model && !s.model.mixer ? t('trouble.mixer')
		: s.media === 'busy' ? t('trouble.media.busy')
		: sick ? t('trouble.media') : '';

	return (
		<div class="banners">
			<div role="status">
				{text && <p class="banner warn">
					<Icon name="warn" /> <span>{text}</span></p>}
			</div>
			{!text && s.poor && <div class="banner warn">
				<span>{t('trouble.poor')}</span>
				<button class="btn small" onClick={() => setSize('slow')}>
					{t('trouble.poor.slow')}
				</button>
			</div>}
		</div>
	);
}

function Toasts() {
	const toasts = useStore(app, (s) => s.toasts);

	return (
		<div class="toasts" role="log" aria-live="polite">
			{toasts.map((x) => (
				<div key={x.id} class={`toast${x.urgent ? ' urgent' : ''}`}>
					<span>{x.text}</span>
					<button class="toast-close" aria-label={t('app.close')}
						onClick={() => dismiss(x.id)}>
						<Icon name="close" />
					</button>
				</div>))}
		</div>
	);
}

function Empty() {
	const size = useStore(app, (s) => s.model?.mySize);
	const picture = useStore(app, (s) => s.picture);
	const n = useStore(app, (s) => s.model ? present(s.model).length : 0);

	if (size === 'off') {
		return (
			<div class="empty">
				<Icon name="sound" />
				<p>{t('stage.audio')}</p>
				<button class="btn" onClick={() => setSize('auto')}>
					{t('stage.audio.back')}
				</button>
			</div>
		);
	}

	return picture ? null : (
		<div class="empty">
			<p role="status">{t('stage.empty')}</p>
			{n === 1 && <p>{t('stage.alone')}</p>}
		</div>
	);
}

export function Stage() {
	return (
		<main class="stage" aria-label={t('stage.label')}>
			<Composite />
			<Empty />
			<Badges />
			<Reactions />
			<SelfView />
			<Trouble />
			<Toasts />
		</main>
	);
}
