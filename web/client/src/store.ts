// SPDX-License-Identifier: GPL-3.0-or-later
// store.ts -- a value that components follow, and what the browser keeps
import { useEffect, useState } from 'preact/hooks';

export class Store<T extends object> {
	private subs = new Set<() => void>();

	constructor(private value: T) {}

	get(): T {
		return this.value;
	}

	set(change: Partial<T>): void {
		this.value = { ...this.value, ...change };
		for (const f of [...this.subs])
			f();
	}

	subscribe(f: () => void): () => void {
		this.subs.add(f);

		return () => this.subs.delete(f);
	}
}

export function useStore<T extends object, R>(store: Store<T>,
					      pick: (v: T) => R): R {
	const [value, set] = useState(() => pick(store.get()));

	useEffect(() => {
		const f = () => set(() => pick(store.get()));

		f();

		return store.subscribe(f);
	}, [store]);

	return value;
}

// Private windows may forbid storage: then it is forgotten.
export function keep(kind: 'localStorage' | 'sessionStorage', key: string,
		     value: unknown): void {
	try {
		if (value === null)
			window[kind].removeItem(`tutti:${key}`);
		else
			window[kind].setItem(`tutti:${key}`, JSON.stringify(value));
	} catch { /* forgotten */ }
}

export function kept<T>(kind: 'localStorage' | 'sessionStorage',
			key: string): T | null {
	try {
		return JSON.parse(window[kind].getItem(`tutti:${key}`) ?? 'null');
	} catch {
		return null;
	}
}
