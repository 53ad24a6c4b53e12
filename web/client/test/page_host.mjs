// SPDX-License-Identifier: GPL-3.0-or-later
// test/page_host.mjs -- what hosts do in a meeting
import { asked, button, enter, flowing, look, mock, ok, open, seen,
	until } from './kit.mjs';

// the line of the list in which somebody's menu is open
const sent = (page) => page.locator('.person .sent');

export const host = {
	async room() {
		const page = await open('/demo');
		const dialog = page.getByRole('dialog');
		const png = (bytes) => ({ name: 'logo.png', mimeType: 'image/png',
			buffer: Buffer.concat([Buffer.from(
				'89504e470d0a1a0a0000000d49484452', 'hex'),
			Buffer.alloc(bytes - 16)]) });

		await enter(page, { name: 'Hanna', pin: '9999' });
		await flowing(page);
		await page.keyboard.press('p');
		await button(page, 'Room settings').click();
		await page.getByLabel('Banner').waitFor();
		ok('the form has what is set', await page.getByLabel('Title',
			{ exact: true }).inputValue() === 'Demonstration' &&
			await page.getByLabel(/Show the time/).isChecked());
		await page.waitForTimeout(6000);
		await look(page, 'room');
		mock.requests = [];
		await button(page, 'Save').click();
		await dialog.waitFor({ state: 'detached' });
		ok('nothing changed, nothing asked', !mock.requests.some((r) =>
			/^room (set|lock|unlock|watermark)$/.test(r.verb)));

		await button(page, 'Room settings').click();
		await page.getByLabel('Picture filter').fill('movie=/etc/passwd');
		await page.getByLabel('Banner').fill('Lift out of order');
		await page.keyboard.press('Enter');
		ok('what the server refuses is said at its field', await seen(page,
			'filter movie is not allowed') && await until(page, () => {
			const f = document.activeElement;

			return f?.getAttribute('name') === 'canvas_filter' &&
				f.getAttribute('aria-invalid') === 'true' &&
				/not allowed/.test(document.getElementById(f
					.getAttribute('aria-describedby').split(' ')[0])
					?.textContent ?? '');
		}));
		await look(page, 'room-refused');
		await page.getByLabel('Picture filter').fill('hue=s=0');
		await page.getByLabel('Pictures of another shape')
			.selectOption('crop');
		await page.getByLabel(/Show the time/).uncheck();
		await page.getByLabel(/^Wait for a host/).check();
		await page.getByLabel(/^Locked/).check();

		const file = page.getByLabel('Watermark image');

		await file.setInputFiles(png(45001));
		ok('a file too large is said before it is sent', await seen(page,
			'The file has 46 kB; 45 are allowed.'));
		await button(page, 'Save').click();
		ok('and nothing is sent', await dialog.isVisible() &&
			!mock.requests.some((r) => r.verb === 'room watermark'));
		await file.setInputFiles(png(45000));
		await button(page, 'Save').click();
		ok('all is saved together', await asked('room set', {
			banner: 'Lift out of order', canvas_filter: 'hue=s=0',
			fit: 'crop', clock: false, wait_host: true, title: undefined,
			tones: undefined, layout: undefined }) &&
			await asked('room lock') && await asked('room watermark'));
		ok('with the image', mock.requests.find((r) => r.verb ===
			'room watermark').args.image === png(45000).buffer
			.toString('base64'));
		ok('the dialog closes and says so', await seen(page,
			'The room settings are saved') && await dialog.count() === 0);

		await button(page, 'Room settings').click();
		await page.getByLabel('Remove the watermark').check();
		await button(page, 'Save').click();
		ok('and is removed', await asked('room watermark',
			{ image: undefined }));
		await dialog.waitFor({ state: 'detached' });

		await button(page, 'Room settings').click();
		await page.getByLabel('Banner').fill('Never');
		await page.mouse.click(3, 3);
		ok('a click beside it does not throw away what was typed',
			await page.getByLabel('Banner').inputValue() === 'Never');
		mock.fail['room set'] = 503;
		await button(page, 'Save').click();
		ok('another trouble is said', await seen(page,
			'This could not be saved: the mock says so'));
		await page.keyboard.press('Escape');
		ok('Escape gives up', await dialog.waitFor({ state: 'detached' })
			.then(() => true, () => false) && mock.room.banner !== 'Never');
		mock.fail['room show'] = 403;
		await button(page, 'Room settings').click();
		ok('settings that cannot be had are said', await dialog
			.getByText('the mock says so').waitFor()
			.then(() => true, () => false));
		await page.context().close();
	},

	async rung() {
		const page = await open('/demo');

		await enter(page, { name: 'Hanna', pin: '9999' });
		await flowing(page);

		const me = mock.parties.find((p) => p.name === 'Hanna').party;
		const is = (party, why, more = {}) => mock.push({
			event: 'rung changed', number: undefined, party, codec: 'h264',
			width: 640, height: 360, fps: 30, kbps: 450,
			estimate_kbps: 510, why, ...more });
		const says = (text) => sent(page).getByText(text).waitFor()
			.then(() => true, () => false);

		await page.keyboard.press('p');
		await button(page, 'What to do with Meeting room 2').click();
		is(2, 'congestion');
		ok('hosts see what somebody is sent', await says(
			'Sent 640 × 360, 30 per second, H.264, 450 kbit/s'));
		ok('what the link carries', await says(
			'The link carries about 510 kbit/s'));
		ok('and why', await says('Smaller because the link is narrow'));
		await look(page, 'people-rung');
		is(2, 'room', { width: 1280, height: 720 });
		ok('it grows again', await says('As large as the link carries') &&
			await says(/1280 × 720/));
		mock.push({ event: 'mixer load', step: 3, text: 'x' });
		ok('a busy server is said', await says(
			'Smaller because the server is busy'));
		mock.push({ event: 'mixer load', step: 0, text: 'x' });
		is(2, 'asked', { estimate_kbps: 0 });
		ok('all there is', await says('As large as the room has it') &&
			await sent(page).getByText(/link carries about/).count() === 0);
		is(2, 'congestion', { codec: '', width: 0, height: 0, fps: 0,
			kbps: 0 });
		ok('no picture at all', await says('Sent no picture'));
		is(me, 'asked');
		await button(page, 'Settings').click();
		ok('one sees one\'s own', await page.locator('.sent').getByText(
			/640 × 360/).waitFor().then(() => true, () => false));
		await look(page, 'settings-rung', '.sent');

		const names = () => page.getByLabel('Layout, only for me')
			.locator('option').allTextContents();

		ok('layouts are those of the welcome', (await names()).length === 7);
		mock.push({ event: 'room layouts', number: undefined,
			layouts: ['speaker', 'fresh'],
			layout_titles: { speaker: 'x', fresh: 'Fresh from the disk' } });
		ok('new ones come while the menu is open', await until(page, () =>
			[...document.querySelectorAll('option')].some((o) =>
				o.textContent === 'Fresh from the disk')) &&
			(await names()).join() ===
			'As set for the room,Speaker only,Fresh from the disk');
		await page.getByLabel('Show large, only for me').selectOption(
			'Ann Example');
		ok('whom to pin can be chosen there', await asked('party pin',
			{ other: 1 }));
		await page.getByLabel('Show large, only for me').selectOption('0');
		ok('and nobody', await asked('party pin', { other: undefined }));
		await page.context().close();

		const guest = await open('/demo');

		await enter(guest, { name: 'Gus' });
		await flowing(guest);
		is(2, 'congestion');
		await guest.keyboard.press('p');
		await button(guest, 'What to do with Meeting room 2').click();
		await button(guest, 'Show large, only for me').waitFor();
		ok('guests are not told of others', await sent(guest).count() === 0);
		ok('nor offered settings', await guest.getByText('Room settings')
			.count() === 0);
		await guest.context().close();
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
			await asked('party unpin', { other: 1 }));
		await button(page, 'What to do with Ann Example').click();
		await button(page, 'Spotlight, too').click();
		ok('two in the spotlight', await asked('room spotlight',
			{ party: 1, also: true }) && await until(page, () =>
			document.querySelectorAll('.person [title="in the spotlight"]')
				.length === 2));
		await button(page, 'What to do with Meeting room 2').click();
		await button(page, 'End spotlight').click();
		ok('and one again', await asked('room unspotlight', { party: 2 }) &&
			await until(page, () => document.querySelectorAll(
				'.person [title="in the spotlight"]').length === 1));
		await button(page, 'What to do with Ann Example').click();
		await button(page, 'Show large, only for me').click();
		await button(page, 'What to do with Meeting room 2').click();
		await button(page, 'Show large, too, only for me').click();
		ok('several large for oneself', await asked('party pin',
			{ other: 2, also: true }) && await until(page, () =>
			document.querySelectorAll('.person [title="large, only for you"]')
				.length === 2));
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
};
