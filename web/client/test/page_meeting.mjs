// SPDX-License-Identifier: GPL-3.0-or-later
// test/page_meeting.mjs -- what everybody does in a meeting
import { asked, button, enter, flowing, look, mock, ok, open, seen,
	until } from './kit.mjs';

export const meeting = {
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
		await page.evaluate(() => { lab.refuse = 2; });
		mock.push({ event: 'party need', party: me, media: 'video',
			width: 1280, height: 720 });
		ok('a large one large, tried again if refused', await until(page, () =>
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
		await until(page, (k) => lab.posts === k &&
			lab.pcs.at(-1).signalingState === 'stable', posts),
	await page.evaluate(() => [lab.posts, lab.patches,
		lab.pcs.at(-1).signalingState].join()));
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
