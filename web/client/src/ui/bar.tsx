// SPDX-License-Identifier: GPL-3.0-or-later
// ui/bar.tsx -- the controls
import { useEffect, useRef, useState } from 'preact/hooks';

import { react, setPanel, toggleHand } from '../acts';
import { app, type Panel } from '../app';
import { leave } from '../call';
import { canShare, setCam, setMic, toggleShare } from '../tracks';
import { t, type Key } from '../i18n';
import { inLobby, present } from '../model';
import { useStore } from '../store';
import { Icon, type IconName } from './icons';

interface Props {
	icon: IconName; label: string; name?: string; onClick: () => void;
	off?: boolean; kind?: string; expanded?: boolean; count?: number;
	keys?: string; controls?: string;
}

function Control(p: Props) {
	return (
		<button class={`control ${p.kind ?? ''}`} onClick={p.onClick}
			aria-label={p.name} aria-expanded={p.expanded}
			aria-keyshortcuts={p.keys}
			title={p.keys ? `${p.name ?? p.label} (${p.keys})`
				: p.name ?? p.label}>
			<span class="control-icon">
				<Icon name={p.icon} off={p.off} />
				{!!p.count && <span class="count" aria-hidden="true">
					{p.count > 99 ? '99+' : p.count}</span>}
			</span>
			<span class="control-label" aria-hidden={!!p.name}>
				{p.label}</span>
		</button>
	);
}

const emojis: [string, Key][] = [
	['👍', 'react.thumb'], ['👏', 'react.clap'], ['❤️', 'react.heart'],
	['😂', 'react.laugh'], ['😮', 'react.wow'], ['🎉', 'react.party'],
];

function React() {
	const [open, show] = useState(false);
	const el = useRef<HTMLDivElement>(null);

	useEffect(() => {
		if (!open)
			return;

		const away = (e: Event) => {
			if (!el.current?.contains(e.target as Node))
				show(false);
		};

		el.current?.querySelector<HTMLElement>('.react-menu button')
			?.focus();
		document.addEventListener('pointerdown', away);

		return () => document.removeEventListener('pointerdown', away);
	}, [open]);

	const close = () => {
		show(false);
		el.current?.querySelector<HTMLElement>('.control')?.focus();
	};

	return (
		<div class="react" ref={el} onKeyDown={(e) => {
			if (e.key === 'Escape' && open) {
				e.preventDefault();
				close();
			}
		}}>
			{open && <div class="react-menu" role="group"
				aria-label={t('react.label')}>
				{emojis.map(([emoji, key]) => (
					<button class="react-one" aria-label={t(key)}
						title={t(key)} onClick={() => {
							react(emoji);
							close();
						}}>{emoji}</button>))}
			</div>}
			<Control icon="smile" label={t('bar.react')} expanded={open}
				onClick={() => show(!open)} />
		</div>
	);
}

const toggle = (p: Panel) => () =>
	setPanel(app.get().panel === p ? null : p);

function Sound() {
	const mic = useStore(app, (s) => s.mic);
	const has = useStore(app, (s) => !!s.audio);

	return (
		<Control icon="mic" off={!mic || !has} keys="M"
			kind={mic && has ? '' : 'off'}
			label={!has ? t('bar.nomic')
				: mic ? t('bar.mute') : t('bar.unmute')}
			onClick={() => setMic(!has || !mic)} />
	);
}

function Camera() {
	const on = useStore(app, (s) => !!s.video && s.cam);

	return (
		<Control icon="camera" off={!on} keys="V" kind={on ? '' : 'off'}
			label={on ? t('bar.camera.off') : t('bar.camera.on')}
			onClick={() => void setCam(!on)} />
	);
}

function Talks() {
	const m = useStore(app, (s) => s.model);
	const panel = useStore(app, (s) => s.panel);
	const unread = m?.unread ?? 0;
	const people = m ? present(m).length : 0;
	const waiting = m?.role === 'host' ? inLobby(m).length : 0;

	return (
		<>
			<Control icon="chat" label={t('bar.chat')} keys="C"
				name={unread ? t('bar.chat.unread', { n: unread })
					: undefined}
				count={unread} expanded={panel === 'chat'}
				onClick={toggle('chat')} />
			<Control icon="people" label={t('bar.people')} keys="P"
				name={waiting ? t('bar.people.waiting', { n: waiting })
					: t('bar.people.n', { n: people })}
				count={waiting || people}
				kind={waiting ? 'alert' : 'quiet'}
				expanded={panel === 'people'}
				onClick={toggle('people')} />
			<Control icon="settings" label={t('bar.more')}
				expanded={panel === 'settings'}
				onClick={toggle('settings')} />
		</>
	);
}

export function Bar() {
	const screen = useStore(app, (s) => !!s.screen);
	const hand = useStore(app, (s) => !!s.model?.parties.find((p) =>
		p.party === s.model?.me)?.hand);

	return (
		<section class="bar" id="controls" tabIndex={-1}
			aria-label={t('bar.label')}>
			<Sound />
			<Camera />
			{canShare() && <Control icon="share" keys="S"
				kind={screen ? 'on' : ''}
				label={screen ? t('bar.share.stop') : t('bar.share')}
				onClick={() => void toggleShare()} />}
			<Control icon="hand" keys="H" kind={hand ? 'on' : ''}
				label={hand ? t('bar.hand.lower') : t('bar.hand')}
				onClick={toggleHand} />
			<React />
			<Talks />
			<Control icon="leave" kind="leave" label={t('bar.leave')}
				onClick={leave} />
		</section>
	);
}
