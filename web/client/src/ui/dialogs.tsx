// SPDX-License-Identifier: GPL-3.0-or-later
// ui/dialogs.tsx -- the keys, and questions before what cannot be undone
import { room, setDialog, setShortcuts } from '../acts';
import { app } from '../app';
import { verb } from '../line';
import { t, type Key } from '../i18n';
import { useStore } from '../store';
import { Modal } from './parts';

const close = () => setDialog(null);

const rows: [string | null, Key][] = [
	[null, 'help.talk'], ['M', 'help.mute'], ['V', 'help.camera'],
	['S', 'help.share'], ['H', 'help.hand'], ['C', 'help.chat'],
	['P', 'help.people'], ['F', 'help.full'], ['?', 'help.help'],
	['Esc', 'help.esc'],
];

export function Help() {
	const on = useStore(app, (s) => s.shortcuts);

	return (
		<Modal title={t('help.title')} close={close}>
			<table class="keys">
				<thead><tr>
					<th scope="col">{t('help.key')}</th>
					<th scope="col">{t('help.does')}</th>
				</tr></thead>
				<tbody>
					{rows.map(([key, does]) => (
						<tr>
							<td><kbd>{key ?? t('help.space')}</kbd></td>
							<td>{t(does)}</td>
						</tr>))}
				</tbody>
			</table>
			<label class="choice">
				<input type="checkbox" checked={on} onChange={(e) =>
					setShortcuts(e.currentTarget.checked)} />
				<span>{t('help.on')}</span>
			</label>
			<button class="btn primary" onClick={close}>
				{t('app.close')}</button>
		</Modal>
	);
}

function Sure({ title, text, yes, act }: { title: string; text: string;
		yes: string; act: () => void }) {
	return (
		<Modal title={title} close={close}>
			<p>{text}</p>
			<div class="modal-buttons">
				<button class="btn" onClick={close}>
					{t('app.cancel')}</button>
				<button class="btn danger" onClick={() => {
					close();
					act();
				}}>{yes}</button>
			</div>
		</Modal>
	);
}

export function End() {
	return <Sure title={t('host.end.sure')} text={t('host.end.text')}
		yes={t('host.end')} act={() => void room('room end')} />;
}

export function Kick() {
	const d = useStore(app, (s) => s.dialog);

	if (d?.what !== 'kick')
		return null;

	return <Sure title={t('host.kick.sure', { name: d.name })}
		text={t('host.kick.text')} yes={t('people.kick')}
		act={() => void verb('party kick', { party: d.party })} />;
}
