// SPDX-License-Identifier: GPL-3.0-or-later
// notes.ts -- many notes of a moment become few: ten joins are one sentence
import type { Note } from './model';

const more = { join: 'say.joined.more', left: 'say.left.more' } as const;

export function digest(notes: readonly Note[]): Note[] {
	const out: Note[] = [];

	for (const kind of ['join', 'left'] as const) {
		const some = notes.filter((n) => n.kind === kind);

		if (some.length === 1) {
			out.push(some[0]!);
		} else if (some.length) {
			out.push({ ...some[0]!, key: more[kind], values: {
				...some[0]!.values, n: some.length - 1 } });
		}
	}

	return [...notes.filter((n) => n.kind === 'urgent'), ...out,
		...notes.filter((n) => n.kind === 'info').slice(-3)];
}
