// SPDX-License-Identifier: GPL-3.0-or-later
// test/kit.mjs -- a Chromium, the mock, and what the cases of page.mjs do
// with both
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { startMock } from './mock.mjs';

export const [dist, shots, exe = '/usr/bin/chromium'] =
	process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const axeSource = readFileSync(createRequire(import.meta.url)
	.resolve('axe-core/axe.min.js'), 'utf8');
const loopback = readFileSync(join(here, 'loopback.js'), 'utf8');
export const sizes = { desktop: { width: 1280, height: 800 },
	phone: { width: 360, height: 740 } };

export const count = { n: 0, bad: 0 };

export function ok(name, good, detail = '') {
	count.n++;
	count.bad += good ? 0 : 1;
	console.log(`${good ? 'ok' : 'not ok'} ${count.n} - ${name}`);
	if (!good && detail)
		console.log(String(detail).replace(/^/gm, '# '));
}

// --- the browser

export const browser = await chromium.launch({ executablePath: exe, headless: true,
	args: ['--no-sandbox', '--disable-gpu', '--disable-quic',
		'--no-first-run', '--disable-background-networking',
		'--disable-component-update', '--disable-sync',
		'--use-fake-device-for-media-stream',
		'--use-fake-ui-for-media-stream',
		'--allow-loopback-in-peer-connection',
		'--autoplay-policy=no-user-gesture-required'] });
export const mock = await startMock({ dist });
export const complaints = [];

export async function open(path, { init = '', lang = 'en-GB', before } = {}) {
	const context = await browser.newContext({ locale: lang,
		viewport: sizes.desktop, colorScheme: 'light' });
	const page = await context.newPage();

	page.setDefaultTimeout(15000);
	page.on('pageerror', (e) => complaints.push(`${path}: ${e.message}`));
	page.on('console', (m) => {
		if (/Content Security Policy/i.test(m.text()))
			complaints.push(`${path}: ${m.text()}`);
	});
	await page.addInitScript(loopback);
	if (init)
		await page.addInitScript(init);
	await before?.(page);
	await page.goto(mock.url + path, { waitUntil: 'commit' });

	return page;
}

// one state of the page at both sizes in both colours; at: what is to be
// in sight
export async function look(page, state, at = null) {
	const wrong = [];

	if (!(await page.evaluate('!!window.axe')))
		await page.evaluate(axeSource);
	for (const [size, viewport] of Object.entries(sizes)) {
		await page.setViewportSize(viewport);
		for (const colorScheme of ['light', 'dark']) {
			await page.emulateMedia({ colorScheme });
			await page.waitForTimeout(150);
			if (at)
				await page.locator(at).scrollIntoViewIfNeeded();
			await page.screenshot({
				path: join(shots, `${state}-${size}-${colorScheme}.png`) });

			const found = await page.evaluate(() => window.axe.run(document, {
				runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] }));

			for (const v of found.violations) {
				wrong.push(`${size} ${colorScheme} ${v.id}: ${v.nodes
					.map((x) => x.html.slice(0, 120) + ' – ' +
						x.failureSummary.split('\n').slice(1, 3).join(' '))
					.slice(0, 3).join('\n   ')}`);
			}
			const wide = await page.evaluate(() =>
				document.documentElement.scrollWidth - innerWidth);

			if (wide > 0)
				wrong.push(`${size}: ${wide} px wider than the window`);
		}
	}
	await page.setViewportSize(sizes.desktop);
	await page.emulateMedia({ colorScheme: 'light' });
	ok(`${state}: everybody can use it, at both sizes, light and dark`,
		!wrong.length, wrong.join('\n'));
}

// not waitForFunction(): it needs eval, which the content policy forbids
export async function until(page, f, arg, ms = 15000) {
	const end = Date.now() + ms;

	while (Date.now() < end) {
		if (await page.evaluate(f, arg).catch(() => false))
			return true;
		await new Promise((done) => setTimeout(done, 60));
	}

	return false;
}

export const seen = (page, text) => page.getByText(text).first()
	.waitFor({ state: 'visible' }).then(() => true, () => false);
export const asked = async (verb, args = {}) => {
	for (let i = 0; i < 100; i++) {
		if (mock.requests.some((r) => r.verb === verb && Object.entries(args)
			.every(([k, v]) => r.args[k] === v)))
			return true;
		await new Promise((done) => setTimeout(done, 50));
	}
	return false;
};
export const button = (page, name) => page.getByRole('button', { name,
	exact: typeof name === 'string' });

export async function enter(page, { name = 'Kim', pin = '' } = {}) {
	await page.getByLabel('Your name').fill(name);
	if (pin) {
		if (await button(page, 'I have a PIN').isVisible())
			await button(page, 'I have a PIN').click();
		await page.getByLabel('PIN', { exact: true }).fill(pin);
	}
	await button(page, 'Join').click();
}

export const flowing = (page) => until(page, () => {
	const v = document.querySelector('video.composite');

	return v && v.videoWidth > 0 && v.currentTime > 0.2 && !v.paused;
});
