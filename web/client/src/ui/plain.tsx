// SPDX-License-Identifier: GPL-3.0-or-later
// ui/plain.tsx -- pages with a title, a sentence and a button
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

import { app, chooseLang, chooseTheme } from '../app';
import { again, leave } from '../call';
import { langs, t, type Lang } from '../i18n';
import { useStore } from '../store';
import logo from '../tutti.svg';

export function Header() {
	const lang = useStore(app, (s) => s.lang);
	const theme = useStore(app, (s) => s.theme);

	return (
		<header class="top">
			<a class="brand" href="/">
				<img src={logo} alt="" width="28" height="28" />
				<span>tutti</span>
			</a>
			<label class="mini">
				<span class="sr">{t('app.language')}</span>
				<select value={lang} onChange={(e) =>
					chooseLang(e.currentTarget.value as Lang)}>
					{Object.entries(langs).map(([k, v]) =>
						<option value={k} lang={k}>{v}</option>)}
				</select>
			</label>
			<label class="mini">
				<span class="sr">{t('app.theme')}</span>
				<select value={theme} onChange={(e) => chooseTheme(
					e.currentTarget.value as typeof theme)}>
					<option value="auto">{t('app.theme.auto')}</option>
					<option value="light">{t('app.theme.light')}</option>
					<option value="dark">{t('app.theme.dark')}</option>
				</select>
			</label>
		</header>
	);
}

export function Plain({ title, children }: { title: string;
		children: ComponentChildren }) {
	const h1 = useRef<HTMLHeadingElement>(null);

	// a new view: readers of the screen begin at its title
	useEffect(() => h1.current?.focus(), []);

	return (
		<div class="page">
			<Header />
			<main class="plain card">
				<h1 tabIndex={-1} ref={h1}>{title}</h1>
				{children}
			</main>
		</div>
	);
}

export function Unsupported() {
	return (
		<Plain title={t('unsupported.title')}>
			<p>{t('unsupported')}</p>
		</Plain>
	);
}

export function Waiting() {
	const wsTrouble = useStore(app, (s) => s.wsTrouble);

	return (
		<Plain title={t('wait.title')}>
			<div class="pulse" aria-hidden="true"><i /><i /><i /></div>
			<p role="status">{wsTrouble ? t('trouble.ws') : t('wait.text')}</p>
			<button class="btn" onClick={leave}>{t('wait.leave')}</button>
		</Plain>
	);
}

export function Ended() {
	const ended = useStore(app, (s) => s.ended);

	return (
		<Plain title={t(ended?.title ?? 'ended.left')}>
			{ended?.text && <p>{t(ended.text.key, ended.text.values)}</p>}
			<button class="btn primary" onClick={() => void again()}>
				{t('ended.again')}
			</button>
		</Plain>
	);
}
