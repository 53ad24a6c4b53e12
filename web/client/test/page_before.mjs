// SPDX-License-Identifier: GPL-3.0-or-later
// test/page_before.mjs -- the way in: the join page, devices, PIN, the lobby
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { button, dist, enter, flowing, look, mock, ok, open, seen,
	shots, sizes, until } from './kit.mjs';

export const before = {
	async budget() {
		const names = readdirSync(join(dist, 'assets'));
		const html = readFileSync(join(dist, 'index.html'), 'utf8');
		const packed = (f) => gzipSync(readFileSync(f)).length;
		let sum = packed(join(dist, 'index.html')), all = sum;

		for (const f of names) {
			const k = packed(join(dist, 'assets', f));

			all += k;
			if (html.includes(f))
				sum += k;
		}
		console.log(`# join page ${sum} bytes compressed, all ${all}`);
		ok('the join page is at most 120 KB compressed',
			sum > 5000 && sum <= 120 * 1024, sum);
		ok('nothing is inline, nothing comes from elsewhere',
			!/<script(?![^>]*src=)|<style|style="|https?:\/\//.test(html),
			html);
	},

	async landing() {
		const page = await open('/');

		ok('without a room the page asks for one',
			await seen(page, 'Name or number of the room'));
		await look(page, 'landing');
		mock.exists = false;
		await page.goto(mock.url + '/nowhere', { waitUntil: 'commit' });
		ok('a room that is not there is said', await seen(page,
			'There is no room “nowhere”'));
		mock.exists = true;
		await page.getByLabel('Name or number').fill('demo');
		await button(page, 'Go to the room').click();
		ok('and another can be entered', await seen(page,
			'Join Demonstration'));
		await page.context().close();

		mock.exists = false;
		const late = await open('/nowhere', { init: `{
			const gum = navigator.mediaDevices.getUserMedia
				.bind(navigator.mediaDevices);
			window.opened = [];
			navigator.mediaDevices.getUserMedia = async (c) => {
				await new Promise((r) => setTimeout(r, 1500));
				const s = await gum(c);
				opened.push(...s.getTracks());
				return s;
			}; }` });

		ok('a camera that is allowed too late does not stay on',
			await until(late, () => opened.length > 1 &&
				opened.every((t) => t.readyState === 'ended')));
		mock.exists = true;
		await late.context().close();
	},

	async join() {
		const page = await open('/demo');

		ok('the camera is seen before joining', await until(page, () => {
			const v = document.querySelector('.preview video');

			return v && v.videoWidth > 0;
		}));
		ok('the level of the microphone moves', await until(page, () =>
			Number(document.querySelector('[role=meter]')
				?.getAttribute('aria-valuenow')) > 5));
		ok('devices can be chosen', await page.getByLabel(/^Camera(?! on)/)
			.locator('option').count() >= 2);
		ok('it says what data costs', await seen(page,
			'MB per minute'));
		await look(page, 'join');
		await button(page, 'Join').click();
		ok('a name is needed', await seen(page, 'Please enter your name'));
		await page.getByLabel('Camera on').uncheck();
		ok('one can join with the camera off', await until(page, () =>
			document.querySelector('.preview video')?.hidden));
		await page.getByLabel('Camera on').check();
		ok('or on again', await until(page, () =>
			document.querySelector('.preview video')?.hidden === false));
		await page.getByRole('radio', { name: /Lowest/ }).check();
		ok('sound only lets go of the camera', await until(page, () =>
			document.querySelector('.preview video')?.hidden));
		await page.getByLabel('Language').selectOption('de');
		ok('in German after a switch', await seen(page, 'Ihr Name') &&
			await page.evaluate(() => document.documentElement.lang) ===
			'de');
		await look(page, 'join-german');
		await page.context().close();

		const german = await open('/demo', { lang: 'de-DE' });

		ok('in German where the browser is', await seen(german,
			'Demonstration beitreten'));
		await german.context().close();
	},

	async troubleBefore() {
		const deny = (name) => `navigator.mediaDevices.getUserMedia =
			async () => { throw new DOMException('x', '${name}'); };`;
		let page = await open('/demo', { init: deny('NotAllowedError') });

		ok('permission denied: what to do', await seen(page,
			'Click the camera or lock symbol'));
		await look(page, 'denied');
		await enter(page);
		ok('and one can join all the same', await flowing(page));
		await page.context().close();

		page = await open('/demo', { init: deny('NotFoundError') +
			'navigator.mediaDevices.enumerateDevices = async () => [];' });
		ok('no devices: what to do', await seen(page,
			'No camera and no microphone was found'));
		await look(page, 'no-devices');
		await page.context().close();

		page = await open('/demo', { init: `{
			const gum = navigator.mediaDevices.getUserMedia
				.bind(navigator.mediaDevices);
			navigator.mediaDevices.getUserMedia = async (c) => {
				if (c.video) throw new DOMException('x', 'NotFoundError');
				return gum(c);
			}; }` });
		ok('no camera: the microphone is used and it is said',
			await seen(page, 'No camera was found'));
		await page.context().close();

		page = await open('/demo', { init: deny('NotReadableError') });
		ok('in use by another program: what to do', await seen(page,
			'in use by another program'));
		await page.context().close();

		page = await open('/demo', { init:
			`Object.defineProperty(navigator, 'mediaDevices',
				{ value: undefined });` });
		ok('no https: what to do', await seen(page, 'https address'));
		await page.context().close();

		page = await open('/demo', { init:
			'delete window.RTCPeerConnection;' });
		ok('a browser that cannot: which can', await seen(page,
			'open this page in a current'));
		await look(page, 'unsupported');
		await page.context().close();
	},

	async pin() {
		mock.pin = '1234';

		const page = await open('/demo');

		await enter(page, { pin: '4321' });
		ok('a wrong PIN is said', await seen(page, 'This PIN is not right'));
		ok('and the field has the focus', await until(page, () =>
			document.activeElement?.getAttribute('name') === 'pin'));
		await look(page, 'pin-wrong');
		await enter(page, { pin: '1234' });
		ok('the right one lets in', await flowing(page));
		await page.context().close();
		mock.pin = '';

		mock.fail.hello = 429;

		const other = await open('/demo');

		await enter(other);
		ok('too many tries are said', await seen(other, 'Too many tries'));
		mock.fail.hello = 0;
		await other.context().close();
	},

	async waiting() {
		mock.locked = true;

		const page = await open('/demo');

		await enter(page, { name: 'Lou' });
		ok('a locked room lets one wait', await seen(page,
			'Please wait to be let in'));
		await look(page, 'waiting');
		mock.locked = false;

		const host = await open('/demo');

		await enter(host, { name: 'Hanna', pin: '9999' });
		ok('a host sees who waits', await button(host,
			'People, 1 waiting').waitFor().then(() => true, () => false));
		ok('the title of the host\'s page has it', (await host.title())
			.includes('🚪'));
		await button(host, 'People, 1 waiting').click();
		await button(host, 'Let Lou in').waitFor();
		await look(host, 'host-admit');
		await button(host, 'Let Lou in').click();
		ok('and lets in', await flowing(page));
		await page.context().close();
		await host.context().close();
	},

	async reflow() {
		const page = await open('/demo');

		for (const width of [320, 3840]) {
			await page.setViewportSize({ width,
				height: width === 320 ? 568 : 2160 });
			await page.waitForTimeout(200);
			ok(`the way in fits ${width} px`, await page.evaluate(() =>
				document.documentElement.scrollWidth <= innerWidth));
			await page.screenshot({ path: join(shots,
				`join-${width}.png`) });
		}
		await page.setViewportSize(sizes.desktop);
		await enter(page, { name: 'Max' });
		await flowing(page);
		await page.keyboard.press('c');
		for (const width of [320, 3840]) {
			await page.setViewportSize({ width,
				height: width === 320 ? 568 : 2160 });
			await page.waitForTimeout(200);

			const out = await page.evaluate(() => [...document
				.querySelectorAll('button, select, textarea')]
				.filter((e) => {
					const r = e.getBoundingClientRect();

					return r.width && (r.left < -1 ||
						r.right > innerWidth + 1 ||
						r.bottom > innerHeight + 1);
				}).map((e) => e.outerHTML.slice(0, 80)));

			ok(`nothing of the meeting is outside at ${width} px`,
				!out.length, out.join('\n'));
			await page.screenshot({ path: join(shots,
				`meeting-${width}.png`) });
		}
		await page.setViewportSize(sizes.desktop);
		await page.evaluate(() => {
			document.documentElement.style.fontSize = '200%'; });
		await page.waitForTimeout(200);
		await page.screenshot({ path: join(shots, 'meeting-text200.png') });
		ok('text of twice the size fits', await page.evaluate(() =>
			document.documentElement.scrollWidth <= innerWidth &&
			document.querySelector('.stage').clientHeight > 150));
		await page.context().close();
	},
};
