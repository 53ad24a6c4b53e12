// SPDX-License-Identifier: GPL-3.0-or-later
// ui/parts.tsx -- a panel, a modal question
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

import { t } from '../i18n';
import { Icon } from './icons';

// At the side, on phones below the picture.  Escape closes it; the focus goes
// in, and back to where it came from.
export function Panel({ title, close, children, foot }: { title: string;
		close: () => void; children: ComponentChildren;
		foot?: ComponentChildren }) {
	const head = useRef<HTMLHeadingElement>(null);

	useEffect(() => {
		const from = document.activeElement as HTMLElement | null;

		head.current?.focus();

		return () => from?.isConnected && from.focus();
	}, []);

	return (
		<aside class="panel" aria-label={title}>
			<header class="panel-head">
				<h2 tabIndex={-1} ref={head}>{title}</h2>
				<button class="btn round" onClick={close}
					aria-label={t('app.close')} title={t('app.close')}>
					<Icon name="close" />
				</button>
			</header>
			<div class="panel-body">{children}</div>
			{foot && <div class="panel-foot">{foot}</div>}
		</aside>
	);
}

// firm: a click beside it does not close it, something was typed
export function Modal({ title, close, children, firm }: { title: string;
		close: () => void; children: ComponentChildren; firm?: boolean }) {
	const el = useRef<HTMLDialogElement>(null);

	useEffect(() => {
		el.current?.showModal();
	}, []);

	return (
		<dialog class="card modal" ref={el} aria-labelledby="modal-title"
			onClose={close} onClick={(e) => {
				if (!firm && e.target === el.current)
					close();
			}}>
			<div class="modal-in">
				<h2 id="modal-title">{title}</h2>
				{children}
			</div>
		</dialog>
	);
}
