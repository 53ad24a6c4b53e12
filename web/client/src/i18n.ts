// SPDX-License-Identifier: GPL-3.0-or-later
// i18n.ts -- words by key, in the reader's language
import { en, type Key } from './lang/en';
import { de } from './lang/de';

export type { Key };
export type Lang = 'en' | 'de';

export const langs: Record<Lang, string> = { en: 'English', de: 'Deutsch' };
const words: Record<Lang, Record<Key, string>> = { en, de };

let lang: Lang = 'en';

// The first of the reader's languages that we have.
export function pickLang(wanted: readonly string[]): Lang {
	for (const w of wanted) {
		const short = w.toLowerCase().split('-')[0];

		if (short === 'en' || short === 'de')
			return short;
	}

	return 'en';
}

export function setLang(to: Lang): void {
	lang = to;
}

export function getLang(): Lang {
	return lang;
}

export type Values = Record<string, string | number>;

export function fill(text: string, values?: Values): string {
	return text.replace(/\{(\w+)\}/g, (all, name: string) => {
		const v = values?.[name];

		return v === undefined ? all : String(v);
	});
}

export function t(key: Key, values?: Values): string {
	return fill(words[lang][key], values);
}

export function number(n: number, digits = 0): string {
	return n.toLocaleString(lang, { maximumFractionDigits: digits });
}

export function clock(iso: string): string {
	const d = new Date(iso);

	return isNaN(d.getTime()) ? '' : d.toLocaleTimeString(lang,
		{ hour: '2-digit', minute: '2-digit' });
}
