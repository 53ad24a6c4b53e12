// SPDX-License-Identifier: GPL-3.0-or-later
// uplink.ts -- what the browser believes it may send, and how it is told to
// look again
//
// A browser's estimate follows what it sends.  Of who is shown nowhere that
// is next to nothing, so that one delay leaves an estimate which needs most
// of a minute to grow to a camera.  Chromium takes no other hint from a page
// than a start bitrate in an answer: it begins anew from one that is not
// that of the last answer.  What was known to be possible is where it
// begins; if it is so no longer the browser finds out as at any beginning.
import type { Layer } from './simulcast';

const SOUND = 100e3;             // with headers [bit/s]
const START = /x-google-start-bitrate=\d+/g;

// [bit/s] of all that is to be sent
export function wish(want: Layer[]): number {
	return want.reduce((sum, l) => sum + (l.active ? l.maxBitrate : 0), SOUND);
}

// From where to begin anew [kbit/s]; 0: the estimate will do.  estimate:
// now, best: when it was last put to use [bit/s]
export function anew(estimate: number, best: number, wanted: number): number {
	const at = Math.min(best, wanted);

	return estimate > 0 && estimate < wanted * 0.6 && estimate < at * 0.7
		? Math.floor(at / 1000) : 0;
}

// An answer, from there
export function startAt(sdp: string, kbps: number): string {
	return kbps ? sdp.replace(START, `x-google-start-bitrate=${kbps}`) : sdp;
}
