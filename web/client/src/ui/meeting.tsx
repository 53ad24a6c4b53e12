// SPDX-License-Identifier: GPL-3.0-or-later
// ui/meeting.tsx -- the meeting: picture, panel, controls, keys
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import '../css/meeting.css';
import { setDialog, setPanel, toggleHand } from '../acts';
import { app } from '../app';
import { setCam, setMic, talk, toggleShare, canShare } from '../tracks';
import { t } from '../i18n';
import { useStore } from '../store';
import { Bar } from './bar';
import { Stage } from './stage';

const parts = {
	chat: () => import('./chat').then((m) => m.Chat),
	people: () => import('./people').then((m) => m.People),
	settings: () => import('./settings').then((m) => m.Settings),
	help: () => import('./dialogs').then((m) => m.Help),
	end: () => import('./dialogs').then((m) => m.End),
	room: () => import('./room').then((m) => m.RoomSettings),
	kick: () => import('./dialogs').then((m) => m.Kick),
};

// fetched when first used
function Late({ part }: { part: keyof typeof parts }) {
	const [C, set] = useState<ComponentType | null>(null);

	useEffect(() => {
		let gone = false;

		void parts[part]().then((c) => gone || set(() => c));

		return () => { gone = true; };
	}, [part]);

	return C && <C />;
}

export function fullScreen(): void {
	if (document.fullscreenElement)
		void document.exitFullscreen();
	else
		void document.documentElement.requestFullscreen?.();
}

const keys: Record<string, () => void> = {
	m: () => setMic(!app.get().mic),
	v: () => void setCam(!(app.get().video && app.get().cam)),
	s: () => canShare() && void toggleShare(),
	h: toggleHand,
	c: () => setPanel(app.get().panel === 'chat' ? null : 'chat'),
	p: () => setPanel(app.get().panel === 'people' ? null : 'people'),
	f: fullScreen,
	'?': () => setDialog({ what: 'help' }),
};

// where a key means something already
function taken(target: EventTarget | null, key: string): boolean {
	if (!(target instanceof Element))
		return false;
	if (target.closest('input, select, textarea, [contenteditable], dialog'))
		return true;

	return key === ' ' && !!target.closest('button, a, summary, label');
}

function useKeys(): void {
	useEffect(() => {
		const down = (e: KeyboardEvent) => {
			if (e.key === 'Escape' && !e.defaultPrevented &&
			    !app.get().dialog && app.get().panel)
				setPanel(null);
			if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing ||
			    !app.get().shortcuts || taken(e.target, e.key))
				return;
			if (e.key === ' ') {
				e.preventDefault();
				if (!e.repeat)
					talk(true);
				return;
			}
			if (e.repeat)
				return;
			const f = keys[e.key.toLowerCase()];

			if (f) {
				e.preventDefault();
				f();
			}
		};
		const up = (e: KeyboardEvent) => {
			if (e.key === ' ')
				talk(false);
		};
		const off = () => talk(false);

		addEventListener('keydown', down);
		addEventListener('keyup', up);
		addEventListener('blur', off);

		return () => {
			removeEventListener('keydown', down);
			removeEventListener('keyup', up);
			removeEventListener('blur', off);
		};
	}, []);
}

export function Meeting() {
	const panel = useStore(app, (s) => s.panel);
	const dialog = useStore(app, (s) => s.dialog);
	const holding = useStore(app, (s) => s.talk);

	useKeys();
	useEffect(() => {
		document.getElementById('controls')?.focus();
	}, []);

	return (
		<div class={`meeting${panel ? ' with-panel' : ''}`}>
			<a class="skip" href="#controls" onClick={(e) => {
				e.preventDefault();
				document.getElementById('controls')?.focus();
			}}>{t('app.skip')}</a>
			<Stage />
			<Bar />
			{panel && <Late key={panel} part={panel} />}
			{dialog && <Late key={dialog.what} part={dialog.what} />}
			{holding && <p class="talking" role="status">
				{t('bar.talk')}</p>}
		</div>
	);
}
