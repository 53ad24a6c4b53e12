// SPDX-License-Identifier: GPL-3.0-or-later
// toast.ts -- telling, gathered for a moment so that ten joins are one
import { app } from './app';
import { t, type Key, type Values } from './i18n';
import type { Note } from './model';
import { digest } from './notes';

let waitingNotes: Note[] = [];
let noteTimer = 0, toastId = 0, noteId = 0;

export function say(key: Key, values?: Values,
		    kind: Note['kind'] = 'info'): void {
	queueNotes([{ id: --noteId, key, values, kind }]);
}

export function queueNotes(notes: readonly Note[]): void {
	if (!notes.length)
		return;
	waitingNotes.push(...notes);
	if (!noteTimer) {
		noteTimer = setTimeout(showNotes, notes.some((n) =>
			n.kind === 'urgent' || n.kind === 'info') ? 50 : 1200);
	}
}

function showNotes(): void {
	const fresh = digest(waitingNotes).map((n) => ({ id: ++toastId,
		text: t(n.key, n.values), urgent: n.kind === 'urgent' }));

	waitingNotes = [];
	noteTimer = 0;
	app.set({ toasts: [...app.get().toasts, ...fresh].slice(-4) });
	for (const toast of fresh)
		setTimeout(() => dismiss(toast.id), toast.urgent ? 9000 : 5000);
}

export function dismiss(id: number): void {
	app.set({ toasts: app.get().toasts.filter((x) => x.id !== id) });
}
