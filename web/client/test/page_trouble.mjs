// SPDX-License-Identifier: GPL-3.0-or-later
// test/page_trouble.mjs -- what breaks in a meeting, and is mended
import { button, enter, flowing, look, mock, ok, open, seen, until } from './kit.mjs';

export const trouble = {
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
};
