// SPDX-License-Identifier: GPL-3.0-or-later
// backoff.ts -- how long to wait before the n-th try
//
// 0.3 s, then doubling to 8 s, each between a half and the whole of it, so
// that a room full of pages does not come back all at once.

export const FIRST_MS = 300;
export const MOST_MS = 8000;

export function backoff(tries: number, random = Math.random()): number {
	const full = Math.min(MOST_MS, FIRST_MS * 2 ** Math.max(0, tries));

	return Math.round(full * (0.5 + random / 2));
}
