// SPDX-License-Identifier: GPL-3.0-or-later
// ui/chat.tsx -- what was written, and writing
import { useEffect, useRef, useState } from 'preact/hooks';

import { sendChat, setPanel } from '../acts';
import { app } from '../app';
import { clock, t } from '../i18n';
import { nameOf, present, type Chat as Message, type Model } from '../model';
import { useStore } from '../store';
import { Icon } from './icons';
import { Panel } from './parts';

// addresses become links; everything else is text and stays it
function Text({ text }: { text: string }) {
	return (
		<p class="said">
			{text.split(/(https?:\/\/[^\s<>"]+)/).map((part, i) =>
				i % 2 ? <a href={part} target="_blank"
					rel="noopener noreferrer nofollow">{part}</a> : part)}
		</p>
	);
}

function One({ m, c }: { m: Model; c: Message }) {
	const mine = c.party === m.me;
	const who = mine ? t('chat.you') : c.party === null
		? c.name || t('chat.server') : c.name;
	const only = !c.to ? '' : c.to === m.me ? t('chat.private.me')
		: t('chat.private', { name: nameOf(m, c.to) || `#${c.to}` });

	return (
		<li class={`msg${mine ? ' mine' : ''}${only ? ' private' : ''}`}>
			<p class="msg-head">
				<b>{who}</b>
				{only && <span> {only}</span>}
				<time dateTime={c.time}>{clock(c.time)}</time>
			</p>
			<Text text={c.text} />
		</li>
	);
}

function Write({ m }: { m: Model }) {
	const to = useStore(app, (s) => s.chatTo);
	const [text, set] = useState('');
	const [busy, work] = useState(false);
	const others = present(m).filter((p) => p.party !== m.me &&
		p.via === 'web');
	const known = others.some((p) => p.party === to);

	const send = async () => {
		const words = text.trim();

		if (!words || busy)
			return;
		work(true);
		if (await sendChat(words, known ? to : null))
			set('');
		work(false);
	};

	return (
		<form class="write" onSubmit={(e) => {
			e.preventDefault();
			void send();
		}}>
			<label class="write-to">
				<span>{t('chat.to')}</span>
				<select value={known ? String(to) : ''} onChange={(e) =>
					app.set({ chatTo:
						Number(e.currentTarget.value) || null })}>
					<option value="">{t('chat.all')}</option>
					{others.map((p) =>
						<option value={p.party}>{p.name}</option>)}
				</select>
			</label>
			<div class="write-row">
				<textarea value={text} rows={2} maxLength={4000}
					aria-label={t('chat.text')} placeholder={t('chat.text')}
					onInput={(e) => set(e.currentTarget.value)}
					onKeyDown={(e) => {
						if (e.key === 'Enter' && !e.shiftKey &&
						    !e.isComposing) {
							e.preventDefault();
							void send();
						}
					}} />
				<button class="btn primary" aria-label={t('chat.send')}
					title={t('chat.send')} aria-disabled={busy}>
					<Icon name="send" />
				</button>
			</div>
		</form>
	);
}

export function Chat() {
	const m = useStore(app, (s) => s.model);
	const log = useRef<HTMLDivElement>(null);
	const n = m?.chat.length ?? 0;
	const mine = m?.chat[n - 1]?.party === m?.me;

	// who reads further up is left there, unless he wrote himself
	useEffect(() => {
		if (mine)
			log.current?.scrollTo({ top: 0 });
	}, [n, mine]);
	if (!m)
		return null;

	return (
		<Panel title={t('chat.title')} close={() => setPanel(null)}
			foot={<Write m={m} />}>
			<div class="log" role="log" ref={log} tabIndex={0}
				aria-label={t('chat.log')}>
				<div class="log-in">
					{!n && <p class="muted">{t('chat.empty')}</p>}
					<ol class="msgs">
						{m.chat.map((c) =>
							<One key={c.chat} m={m} c={c} />)}
					</ol>
				</div>
			</div>
		</Panel>
	);
}
