// SPDX-License-Identifier: GPL-3.0-or-later
// test/page.mjs -- the page in Chromium against the mock: what it does, how
// it looks in every state, and that everybody can use it
//
//	node test/page.mjs DIST SHOTS [chromium]     prints TAP
//	PAGE_ONLY=host,trouble node …                some of the cases
import { mkdirSync } from 'node:fs';
import { browser, complaints, count, mock, ok, shots } from './kit.mjs';
import { before } from './page_before.mjs';
import { meeting } from './page_meeting.mjs';
import { host } from './page_host.mjs';
import { trouble } from './page_trouble.mjs';

const only = process.env.PAGE_ONLY ?? '';
// pictures of 3840 pixels keep a browser busy: last
const { reflow, ...first } = before;
const cases = { ...first, ...meeting, ...host, ...trouble, reflow };

mkdirSync(shots, { recursive: true });
for (const [name, f] of Object.entries(cases)) {
	if (only && !only.split(',').includes(name))
		continue;
	try {
		mock.reset();
		await f();
	} catch (e) {
		ok(name, false, e.stack);
	}
}
ok('no error and no breach of the content policy', !complaints.length,
	complaints.join('\n'));
console.log(`1..${count.n}`);
await browser.close();
mock.stop();
process.exit(count.bad ? 1 : 0);
