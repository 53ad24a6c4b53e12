// SPDX-License-Identifier: GPL-3.0-or-later
// ui/settings.tsx -- devices, one's own picture, the page, how it goes
import { useState } from 'preact/hooks';

import { pin, rename, setDialog, setLayout, setPanel, setSeen,
	setSize } from '../acts';
import { app, chooseLang, chooseTheme } from '../app';
import { langs, number, t, type Lang } from '../i18n';
import { mine, present } from '../model';
import { useStore } from '../store';
import { Devices, Problem } from './join';
import { fullScreen } from './meeting';
import { Panel } from './parts';
import { LayoutOptions, Sent } from './people';

const sizes = ['auto', '1080p', '720p', '360p', '180p', 'slow',
	'off'] as const;

function sizeName(s: typeof sizes[number]): string {
	return s === 'auto' || s === 'slow' || s === 'off'
		? t(`set.size.${s}`) : s;
}

function Picture() {
	const m = useStore(app, (s) => s.model);
	const selfView = useStore(app, (s) => s.selfView);

	if (!m)
		return null;

	return (
		<section class="fields">
			<h3>{t('set.picture')}</h3>
			<label class="field">
				<span>{t('set.layout')}</span>
				<select value={m.myLayout} onChange={(e) =>
					setLayout(e.currentTarget.value)}>
					<LayoutOptions m={m} all={false} now={m.myLayout} />
				</select>
			</label>
			<label class="field">
				<span>{t('set.pin')}</span>
				<select value={String(mine(m)?.pins[0] ?? 0)}
					onChange={(e) => pin(Number(e.currentTarget.value))}>
					<option value="0">{t('set.pin.none')}</option>
					{present(m).filter((p) => p.party !== m.me).map((p) =>
						<option value={String(p.party)}>{p.name}</option>)}
				</select>
			</label>
			<label class="field">
				<span>{t('set.size')}</span>
				<select value={m.mySize} onChange={(e) =>
					setSize(e.currentTarget.value)}>
					{sizes.map((s) =>
						<option value={s}>{sizeName(s)}</option>)}
				</select>
			</label>
			<label class="choice">
				<input type="checkbox" checked={mine(m)?.self_view ?? true}
					onChange={(e) => setSeen(e.currentTarget.checked)} />
				<span>{t('set.seen')}</span>
			</label>
			<label class="choice">
				<input type="checkbox" checked={selfView} onChange={(e) =>
					app.set({ selfView: e.currentTarget.checked })} />
				<span>{t('set.selfview')}</span>
			</label>
		</section>
	);
}

function Name() {
	const name = useStore(app, (s) => s.name);
	const [to, set] = useState(name);

	return (
		<form class="row" onSubmit={(e) => {
			e.preventDefault();
			void rename(to);
		}}>
			<label class="field">
				<span>{t('set.name')}</span>
				<input value={to} maxLength={64} autocomplete="name"
					onInput={(e) => set(e.currentTarget.value)} />
			</label>
			<button class="btn">{t('set.name.save')}</button>
		</form>
	);
}

function ThisPage() {
	const lang = useStore(app, (s) => s.lang);
	const theme = useStore(app, (s) => s.theme);

	return (
		<section class="fields">
			<h3>{t('set.page')}</h3>
			<Name />
			<label class="field">
				<span>{t('app.language')}</span>
				<select value={lang} onChange={(e) =>
					chooseLang(e.currentTarget.value as Lang)}>
					{Object.entries(langs).map(([k, v]) =>
						<option value={k} lang={k}>{v}</option>)}
				</select>
			</label>
			<label class="field">
				<span>{t('app.theme')}</span>
				<select value={theme} onChange={(e) => chooseTheme(
					e.currentTarget.value as typeof theme)}>
					<option value="auto">{t('app.theme.auto')}</option>
					<option value="light">{t('app.theme.light')}</option>
					<option value="dark">{t('app.theme.dark')}</option>
				</select>
			</label>
			<div class="host-buttons">
				<button class="btn" onClick={() =>
					setDialog({ what: 'help' })}>{t('set.help')}</button>
				<button class="btn" onClick={fullScreen}>
					{t('bar.full')}</button>
			</div>
		</section>
	);
}

function Connection() {
	const s = useStore(app, (v) => v.stats);
	const m = useStore(app, (v) => v.model);
	const self = m && mine(m);

	return (
		<section class="fields">
			<h3>{t('set.connection')}</h3>
			{!s ? <p class="muted">{t('set.connection.none')}</p>
				: <p class="muted">{t('set.stats', { down: number(s.down),
					up: number(s.up), loss: number(s.loss, 1),
					rtt: number(s.rtt) })}
				{!!s.width && <><br />{t('set.video', { w: s.width,
					h: s.height, fps: s.fps })}</>}</p>}
			{m && self && <Sent m={m} p={self} />}
		</section>
	);
}

export function Settings() {
	const problem = useStore(app, (s) => s.problem);

	return (
		<Panel title={t('set.title')} close={() => setPanel(null)}>
			<div class="scroll sections">
				<section>
					<h3>{t('set.devices')}</h3>
					{problem && <Problem said={problem} />}
					<Devices />
				</section>
				<Picture />
				<ThisPage />
				<Connection />
			</div>
		</Panel>
	);
}
