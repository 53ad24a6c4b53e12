// SPDX-License-Identifier: GPL-3.0-or-later
// test/page.mjs -- the page in Chromium against the mock: what it does, how
// it looks in every state, and that everybody can use it
//
//	node test/page.mjs DIST SHOTS [chromium]     prints TAP
import { readFileSync, readdirSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { startMock } from './mock.mjs';

const [dist, shots, exe = '/usr/bin/chromium'] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const axeSource = readFileSync(createRequire(import.meta.url)
	.resolve('axe-core/axe.min.js'), 'utf8');
const loopback = readFileSync(join(here, 'loopback.js'), 'utf8');
const sizes = { desktop: { width: 1280, height: 800 },
	phone: { width: 360, height: 740 } };
const only = process.env.PAGE_ONLY ?? '';

let n = 0, bad = 0;

function ok(name, good, detail = '') {
	n++;
	bad += good ? 0 : 1;
	console.log(`${good ? 'ok' : 'not ok'} ${n} - ${name}`);
	if (!good && detail)
		console.log(String(detail).replace(/^/gm, '# '));
}

// --- the browser

const browser = await chromium.launch({ executablePath: exe, headless: true,
	args: ['--no-sandbox', '--disable-gpu', '--disable-quic',
		'--no-first-run', '--disable-background-networking',
		'--disable-component-update', '--disable-sync',
		'--use-fake-device-for-media-stream',
		'--use-fake-ui-for-media-stream',
		'--allow-loopback-in-peer-connection',
		'--autoplay-policy=no-user-gesture-required'] });
const mock = await startMock({ dist });
const complaints = [];

async function open(path, { init = '', lang = 'en-GB', before } = {}) {
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

// one state of the page at both sizes in both colours
async function look(page, state) {
	const wrong = [];

	if (!(await page.evaluate('!!window.axe')))
		await page.evaluate(axeSource);
	for (const [size, viewport] of Object.entries(sizes)) {
		await page.setViewportSize(viewport);
		for (const colorScheme of ['light', 'dark']) {
			await page.emulateMedia({ colorScheme });
			await page.waitForTimeout(150);
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
async function until(page, f, arg, ms = 15000) {
	const end = Date.now() + ms;

	while (Date.now() < end) {
		if (await page.evaluate(f, arg).catch(() => false))
			return true;
		await new Promise((done) => setTimeout(done, 60));
	}

	return false;
}

const seen = (page, text) => page.getByText(text).first()
	.waitFor({ state: 'visible' }).then(() => true, () => false);
const asked = async (verb, args = {}) => {
	for (let i = 0; i < 100; i++) {
		if (mock.requests.some((r) => r.verb === verb && Object.entries(args)
			.every(([k, v]) => r.args[k] === v)))
			return true;
		await new Promise((done) => setTimeout(done, 50));
	}
	return false;
};
const button = (page, name) => page.getByRole('button', { name,
	exact: typeof name === 'string' });

async function enter(page, { name = 'Kim', pin = '' } = {}) {
	await page.getByLabel('Your name').fill(name);
	if (pin) {
		if (await button(page, 'I have a PIN').isVisible())
			await button(page, 'I have a PIN').click();
		await page.getByLabel('PIN', { exact: true }).fill(pin);
	}
	await button(page, 'Join').click();
}

const flowing = (page) => until(page, () => {
	const v = document.querySelector('video.composite');

	return v && v.videoWidth > 0 && v.currentTime > 0.2 && !v.paused;
});

const cases = {
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

	async meeting() {
		mock.requests = [];

		const page = await open('/demo');

		await enter(page, { name: 'Kim' });
		ok('the meeting is seen', await flowing(page));
		ok('and oneself', await until(page, () =>
			document.querySelector('.self video')?.videoWidth > 0));
		ok('the offer has audio, then video, with three sizes',
			await page.evaluate(() => /m=audio[\s\S]*m=video/
				.test(lab.offers[0]) && /a=simulcast:send q;h;f/
				.test(lab.offers[0]) && !/m=video[\s\S]*m=video/
				.test(lab.offers[0])));
		await page.waitForTimeout(6500);       // toasts are gone
		await look(page, 'meeting');

		const me = mock.parties.find((p) => p.name === 'Kim').party;

		mock.requests = [];
		await page.keyboard.press('m');
		ok('M mutes and tells the server', await asked('party mute',
			{ party: me }) && await button(page, 'Unmute').isVisible());
		ok('the track is kept, silent', await page.evaluate(() =>
			lab.pcs.at(-1).getSenders()[0].track?.enabled === false));
		await page.keyboard.down(' ');
		ok('the space bar talks while it is held',
			await seen(page, 'while you hold') &&
			await asked('party unmute', { party: me }));
		await page.keyboard.up(' ');
		ok('and no longer', await button(page, 'Unmute')
			.waitFor().then(() => true, () => false) &&
			await page.evaluate(() => lab.pcs.at(-1).getSenders()[0]
				.track?.enabled === false));
		await button(page, 'Unmute').click();
		ok('the button opens the microphone', await button(page, 'Mute')
			.waitFor().then(() => true, () => false));
		await page.waitForTimeout(500);
		mock.push({ event: 'party muted', party: me, media: 'audio' });
		ok('a host mutes: said and done', await seen(page,
			'A host muted you') && await page.evaluate(() =>
			lab.pcs.at(-1).getSenders()[0].track?.enabled === false));
		mock.push({ event: 'party unmuted', party: me, media: 'audio' });
		ok('nobody can open my microphone but me', await seen(page,
			'you are still muted') && await page.evaluate(() =>
			lab.pcs.at(-1).getSenders()[0].track?.enabled === false));

		await button(page, 'Stop camera').click();
		ok('camera off lets go of the camera', await until(page, () =>
			lab.pcs.at(-1).getSenders()[1].track === null) &&
			await asked('party mute', { party: me, video: true }));
		await button(page, 'Start camera').click();
		ok('and on again', await until(page, () =>
			lab.pcs.at(-1).getSenders()[1].track?.readyState === 'live'));

		mock.push({ event: 'party need', party: me, media: 'video',
			width: 320, height: 180 });
		ok('a small tile is sent small', await until(page, () => {
			const e = lab.pcs.at(-1).getSenders()[1].getParameters()
				.encodings.filter((x) => x.active);

			return e.length === 1 && e[0].scaleResolutionDownBy === 4;
		}));
		mock.push({ event: 'party need', party: me, media: 'video',
			width: 1280, height: 720 });
		ok('a large one large', await until(page, () =>
			lab.pcs.at(-1).getSenders()[1].getParameters().encodings
				.some((x) => x.active && x.scaleResolutionDownBy === 1)));

		mock.requests = [];
		await page.keyboard.press('h');
		ok('H raises the hand', await asked('hand raise', { party: me }) &&
			await button(page, 'Lower hand').waitFor()
				.then(() => true, () => false));
		await button(page, 'React').click();
		await page.getByRole('button', { name: 'Applause' }).waitFor();
		await look(page, 'reactions');
		await page.getByRole('button', { name: 'Applause' }).click();
		ok('a reaction floats', await page.locator('.reaction')
			.first().waitFor().then(() => true, () => false));
		ok('and is gone after a while', await page.locator('.reaction')
			.first().waitFor({ state: 'detached' })
			.then(() => true, () => false));

		await share(page, me);
		await chat(page, me);
		await selfAndSettings(page, me);
		await help(page);
		await button(page, 'Leave').click();
		ok('leaving says bye', await seen(page,
			'You have left the meeting') && mock.byes >= 1);
		ok('and asks nothing of a session that has ended',
			await page.evaluate(() => lab.deletes === 0));
		await look(page, 'ended');
		await button(page, 'Join again').click();
		ok('and one can come back', await seen(page, 'Join Demonstration'));
		await page.context().close();
	},

	async host() {
		mock.requests = [];

		const page = await open('/demo');

		await enter(page, { name: 'Hanna', pin: '9999' });
		await flowing(page);
		await page.keyboard.press('p');
		await seen(page, 'Host tools');
		await page.waitForTimeout(6000);
		await look(page, 'people-host');
		await button(page, 'What to do with Meeting room 2').click();
		await look(page, 'people-actions');
		await button(page, 'Spotlight for everybody').click();
		ok('spotlight', await asked('room spotlight', { party: 2 }) &&
			await seen(page, 'in the spotlight'));
		await button(page, 'Lock the room').click();
		ok('lock', await asked('room lock') && await button(page,
			'Unlock the room').waitFor().then(() => true, () => false));
		await button(page, 'Unlock the room').click();
		await button(page, 'What to do with Ann Example').click();
		await button(page, 'Show large, only for me').click();
		ok('large for oneself', await asked('party pin', { other: 1 }) &&
			await seen(page, 'large, only for you'));
		await button(page, 'What to do with Ann Example').click();
		await button(page, 'No longer show large').click();
		ok('and no longer', await page.getByText('large, only for you')
			.waitFor({ state: 'detached' }).then(() => true, () => false) &&
			await asked('party pin', { other: undefined }));
		await button(page, 'Start recording').click();
		ok('record, and it is said', await asked('recording start') &&
			await seen(page, 'This meeting is being recorded'));
		await button(page, 'Mute all others').click();
		ok('mute the others', await asked('party mute', { party: 1 }));
		ok('but not oneself', !mock.requests.some((r) =>
			r.verb === 'party mute' && !r.args.video &&
			mock.parties.find((p) => p.party === r.args.party)?.name ===
			'Hanna'));
		await page.getByLabel('Layout for everybody')
			.selectOption('speaker');
		ok('layout for all', await asked('room layout',
			{ layout: 'speaker' }));
		mock.fail['recording stop'] = 403;
		await button(page, 'Stop recording').click();
		ok('what is refused is said', await seen(page,
			'That did not work: the mock says so'));
		mock.fail['recording stop'] = 0;
		await button(page, 'What to do with Ann Example').click();
		await button(page, 'Remove from the meeting').click();
		ok('a removal is asked about', await seen(page,
			'Remove Ann Example from the meeting?'));
		await look(page, 'kick');
		await page.getByRole('dialog').getByRole('button',
			{ name: 'Remove from the meeting' }).click();
		ok('and done', await asked('party kick', { party: 1 }));
		mock.parties.unshift({ party: 1, name: 'Ann Example', via: 'web',
			role: 'host', state: 'joined', quality: { rtt_ms: 24 } });
		await button(page, 'End the meeting for all').click();
		ok('so is the end', await seen(page,
			'End the meeting for everybody?'));
		await page.getByRole('dialog').getByRole('button',
			{ name: 'End the meeting for all' }).click();
		ok('the meeting ends', await seen(page, 'The meeting has ended'));
		await page.context().close();

		const guest = await open('/demo');

		await enter(guest, { name: 'Gus' });
		await flowing(guest);
		await guest.keyboard.press('p');
		await seen(guest, 'In the meeting');
		ok('guests have no host tools', await guest
			.getByText('Host tools').count() === 0);
		mock.kick(mock.parties.find((p) => p.name === 'Gus').party);
		ok('who is removed is told', await seen(guest,
			'A host has removed you'));
		await guest.context().close();
	},

	async trouble() {
		const page = await open('/demo');

		await enter(page, { name: 'Tom' });
		await flowing(page);

		const me = mock.parties.find((p) => p.name === 'Tom').party;
		const hellos = mock.hellos;

		mock.fail.connect = true;
		mock.drop();
		ok('a broken connection is said', await seen(page,
			'The connection to the server is interrupted'));
		await page.waitForTimeout(500);
		await look(page, 'trouble');
		mock.say(1, 'Said while you were away');
		mock.fail.connect = false;
		ok('and mended', await seen(page, 'Connected again') &&
			mock.hellos === hellos + 1);
		ok('with the seat and the last event', mock.lastHello.seat &&
			mock.lastHello.since >= 17 && mock.parties.filter((p) =>
			p.name === 'Tom').length === 1);
		ok('what was missed is there', await button(page,
			'Chat, 1 unread').waitFor().then(() => true, () => false));
		ok('the title of the page has it', (await page.title())
			.startsWith('(1)'));
		ok('sound and picture went on', await page.evaluate(() =>
			lab.posts === 1) && await flowing(page));

		await page.evaluate(() => lab.peer.close());
		ok('media that the server forgot are made anew', await until(page,
			() => lab.posts === 2 || lab.patches > 0) &&
			await until(page, () => lab.posts >= 2, null, 40000) &&
			await flowing(page));

		mock.push({ event: 'mixer died', pid: 1 });
		ok('a mixer that died is said', await seen(page,
			'moved to another server process'));
		mock.push({ event: 'mixer replaced', pid: 2 });
		ok('until it is replaced', await page.getByText(
			'moved to another server process').waitFor(
			{ state: 'detached' }).then(() => true, () => false));

		await page.reload({ waitUntil: 'commit' });
		ok('a reload returns to the seat', await flowing(page) &&
			mock.parties.filter((p) => p.name === 'Tom').length === 1 &&
			mock.parties.find((p) => p.name === 'Tom').party === me);

		await page.context().setOffline(true);
		ok('no network is said', await seen(page,
			'Your device has no network connection'));
		await page.context().setOffline(false);
		ok('and mended', await page.getByText('no network connection')
			.waitFor({ state: 'detached' }).then(() => true, () => false));
		await page.context().close();

		const other = await open('/demo', { before: (p) =>
			p.addInitScript('lab.status = 503') });

		await enter(other, { name: 'Una' });
		ok('a server without room for media is said', await seen(other,
			'cannot carry your sound and picture'));
		await other.evaluate(() => { lab.status = 0; });
		ok('and tried again', await flowing(other));
		mock.fail.connect = true;
		mock.drop();
		await seen(other, 'The connection to the server is interrupted');
		await button(other, 'Leave').click();
		ok('who cannot say bye ends the media', await seen(other,
			'You have left the meeting') && await other.evaluate(() =>
			lab.deletes === 1));
		mock.fail.connect = false;
		await other.context().close();

		const quiet = await open('/demo', { init: `{
			const play = HTMLMediaElement.prototype.play;
			HTMLMediaElement.prototype.play = function () {
				if (!this.muted && !window.clicked &&
				    this.className === 'composite')
					return Promise.reject(new DOMException('x',
						'NotAllowedError'));
				return play.call(this);
			}; }` });

		await enter(quiet, { name: 'Quin' });
		ok('sound that is held back has a button', await button(quiet,
			'Click to hear').waitFor().then(() => true, () => false));
		await look(quiet, 'sound-blocked');
		await quiet.evaluate(() => { window.clicked = true; });
		await button(quiet, 'Click to hear').click();
		ok('that lets it out', await until(quiet, () =>
			document.querySelector('.composite')?.muted === false));
		await quiet.context().close();
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

async function share(page, me) {
	const before = await page.evaluate(() => lab.offers.length);

	await button(page, 'Share screen').click();
	ok('a share is a second picture in a new offer', await until(page,
		(k) => lab.offers.length > k && lab.offers.at(-1)
			.split('m=video').length === 3, before) &&
		await until(page, () => lab.pcs.at(-1).getSenders().at(-1)
			.track?.contentHint === 'detail'));
	ok('and said', await seen(page, 'You are sharing your screen'));
	await look(page, 'share');
	mock.push({ event: 'share started', party: me, name: 'Kim' });
	mock.push({ event: 'share stopped', party: me, name: 'Kim' });
	ok('somebody ended it: said and done', await seen(page,
		'Your screen is no longer shared') && await until(page, () =>
		/m=video(?![\s\S]*m=video)[\s\S]*a=inactive/
			.test(lab.offers.at(-1))));
	await button(page, 'Share screen').click();
	ok('the next share uses the same place', await until(page, () =>
		lab.offers.at(-1).split('m=video').length === 3 &&
		/m=video(?![\s\S]*m=video)[\s\S]*a=sendonly/
			.test(lab.offers.at(-1))));
	mock.requests = [];
	await button(page, 'Stop sharing').click();
	ok('one ends one\'s own', await asked('share stop', { party: me }));

	const posts = await page.evaluate(() => {
		lab.status = 409;
		return lab.posts;
	});

	await button(page, 'Share screen').click();
	ok('a share that the server refuses is said', await seen(page,
		'The screen could not be shared') && await button(page,
		'Share screen').waitFor().then(() => true, () => false));
	await page.evaluate(() => { lab.status = 0; });
	ok('and the rest goes on', await flowing(page) &&
		await page.evaluate((k) => lab.posts === k &&
		lab.pcs.at(-1).signalingState === 'stable', posts));
	await button(page, 'Share screen').click();
	ok('and a share works later', await until(page, () =>
		/m=video(?![\s\S]*m=video)[\s\S]*a=sendonly/
			.test(lab.offers.at(-1)) && lab.pcs.at(-1).signalingState ===
			'stable'));
	await button(page, 'Stop sharing').click();
}

async function chat(page, me) {
	mock.say(1, 'Can everybody hear me?');
	ok('an unread message is counted', await button(page,
		'Chat, 1 unread').waitFor().then(() => true, () => false));
	await page.keyboard.press('c');
	ok('the chat has what was said before', await seen(page,
		'Good morning! The agenda'));
	ok('with its link', await page.locator(
		'a[href="https://example.org/agenda"]').count() === 1);
	await page.getByLabel('Message', { exact: true }).fill('Yes, well');
	await page.keyboard.press('Enter');
	ok('writing to all', await asked('chat send', { text: 'Yes, well' }) &&
		await page.locator('.msg.mine').waitFor()
			.then(() => true, () => false));
	await page.getByLabel(/^To/).selectOption('1');
	await page.getByLabel('Message', { exact: true }).fill('<b>psst</b>');
	await button(page, 'Send').click();
	ok('writing to one', await asked('chat send', { to: 1 }) &&
		await seen(page, 'only to Ann Example'));
	ok('text stays text', await page.locator('.msg b', { hasText: 'psst' })
		.count() === 0 && await seen(page, '<b>psst</b>'));
	mock.say(1, 'A longer answer, so that one sees how lines wrap in the ' +
		'panel:\nnew lines stay, and averyveryveryveryverylongwordwithout' +
		'anyblanksinitwrapstoo.', me);
	await seen(page, 'only to you');
	await look(page, 'chat');
	await page.keyboard.press('Tab');
	await page.keyboard.press('Escape');
	ok('Escape closes it', await page.locator('.panel').waitFor(
		{ state: 'detached' }).then(() => true, () => false));
}

async function selfAndSettings(page, me) {
	const corner = () => page.locator('.self').getAttribute('class');
	const was = await corner();

	await button(page, 'Move your preview to the next corner').click();
	ok('the preview moves', await corner() !== was);
	await button(page, 'Settings').click();
	await seen(page, 'Layout, only for me');
	await page.getByLabel('Layout, only for me').selectOption('speaker');
	ok('a layout for oneself', await asked('party layout',
		{ party: me, layout: 'speaker' }));
	const names = await page.getByLabel('Layout, only for me')
		.locator('option').allTextContents();

	ok('layouts have names', names.includes('A wall of ours') &&
		names.includes('1 large, 5 small'));
	await page.getByLabel('Show me among the others').uncheck();
	ok('without oneself in the picture', await asked('party selfview',
		{ party: me, shown: false }));
	await page.getByLabel('Picture size, only for me').selectOption('off');
	ok('no picture, for oneself', await asked('party picture',
		{ party: me, size: 'off' }) && await seen(page,
		'Sound only, to save data'));
	await look(page, 'settings');
	await button(page, 'Show the picture').click();
	await page.locator('.panel').getByRole('button', { name: 'Close' })
		.click();
}

async function help(page) {
	await page.keyboard.press('?');
	ok('? shows the keys', await page.getByRole('dialog').waitFor()
		.then(() => true, () => false));
	await look(page, 'help');
	await page.getByLabel('Use single-key shortcuts').uncheck();
	await page.keyboard.press('Escape');
	await page.locator('dialog').waitFor({ state: 'detached' });
	mock.requests = [];
	await page.keyboard.press('h');
	await page.waitForTimeout(300);
	ok('keys can be switched off', !mock.requests.some((r) =>
		r.verb.startsWith('hand')));
	await page.evaluate(() => localStorage.clear());
}

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
console.log(`1..${n}`);
await browser.close();
mock.stop();
process.exit(bad ? 1 : 0);
