// SPDX-License-Identifier: GPL-3.0-or-later
// simulcast.ts -- what the camera sends, by what the others look at
//
// Three sizes are agreed on: q, h and f, a quarter, a half and the whole of
// the camera.  The server says how large the picture is shown at most
// ("party need"); the smallest size that is large enough is sent, and q with
// it as something to fall back to.  Shown nowhere: q, tiny and slowly, so
// that the browser sees no reason to make pictures smaller still, which it
// would only take back by and by.  Not told (yet): all three, as it is with
// servers that choose by themselves.

export interface Need { width: number; height: number }
export type Mode = 'normal' | 'slow' | 'audio';

export interface Layer {
	rid: string;
	active: boolean;
	scaleResolutionDownBy: number;
	maxBitrate: number;
	maxFramerate: number;
}

const scales = [['q', 4], ['h', 2], ['f', 1]] as const;

// [bit/s] of a picture of so many lines, 16:9, 30 a second
export function rate(lines: number): number {
	const px = lines * lines * 16 / 9;

	return Math.round(Math.min(4e6, 60e3 + px * 2.1) / 1e4) * 1e4;
}

export function layers(lines: number, need: Need | null,
		       mode: Mode): Layer[] {
	const wanted = need ? need.height : Infinity;
	let pick = scales.length - 1;

	// a tile may be a little larger than the picture in it
	for (let i = scales.length - 1; i >= 0; i--) {
		if (lines / scales[i]![1] >= wanted * 0.9)
			pick = i;
	}
	if (wanted <= 0 || mode !== 'normal')
		pick = 0;

	const idle = wanted <= 0;

	return scales.map(([rid, by], i) => ({
		rid,
		active: mode !== 'audio' &&
			(i === 0 || i === pick || (!need && mode === 'normal')),
		scaleResolutionDownBy: idle && i === 0 ? by * 2 : by,
		maxBitrate: idle ? 30000 :
			mode === 'slow' ? 80000 : rate(lines / by),
		maxFramerate: idle ? 5 : mode === 'slow' ? 8 : 30,
	}));
}

// What a minute costs, both ways together [megabytes].  Sound: Opus at 32
// kbit/s and 50 packets a second with 58 bytes of headers.
export function cost(mode: Mode): number {
	const sound = 2 * (32 + 50 * 58 * 8 / 1000);
	const picture = { normal: 1800 + 900, slow: 110 + 80, audio: 0 }[mode];
	const mb = (sound + picture) * 60 / 8 / 1000;

	return mb < 5 ? Math.round(mb * 10) / 10 : Math.round(mb);
}
