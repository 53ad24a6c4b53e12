// SPDX-License-Identifier: GPL-3.0-or-later
// ui/room.tsx -- what a host sets for the room: one form, saved together
//
// What the server refuses is said at its field, and the form stays open.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { setDialog } from '../acts';
import { app, roomName } from '../app';
import { t } from '../i18n';
import { line, reason } from '../line';
import { VerbError } from '../link';
import type { Json } from '../model';
import { base64, changes, fieldOf, toRoomSet, FILTER_MAX, IMAGE_MAX,
	TEXT_MAX, TITLE_MAX, type RoomSet } from '../roomset';
import { useStore } from '../store';
import { say } from '../toast';
import { Modal } from './parts';
import { LayoutOptions } from './people';

// a filter is tried, on a busy server for a while
const SAVE_MS = 40000;

type Image = File | 'none' | null;    // null: as it is
interface Wrong { field: string; text: string }

const close = () => setDialog(null);

async function ask(verb: string, args: Json = {}): Promise<Json> {
	if (!line.link)
		throw new VerbError(503, 'not connected', '');

	return await line.link.request(verb, { room: roomName(), ...args },
		SAVE_MS) as Json;
}

async function readImage(image: Image): Promise<Json> {
	return image instanceof File
		? { image: base64(new Uint8Array(await image.arrayBuffer())) } : {};
}

// A label, a field and what is said about it
function Field({ name, label, hint, wrong, children }: { name: string;
		label: string; hint?: string; wrong: Wrong | null;
		children: (a: Record<string, unknown>) => ComponentChildren }) {
	const id = `room-${name}`;
	const bad = wrong?.field === name;

	return (
		<div class="field">
			<label for={id}><b>{label}</b></label>
			{children({ id, name, 'aria-invalid': bad, 'aria-describedby':
				[bad && `${id}-bad`, hint && `${id}-hint`]
					.filter(Boolean).join(' ') || undefined })}
			{bad && <p class="error" role="alert" id={`${id}-bad`}>
				{wrong.text}</p>}
			{hint && <small id={`${id}-hint`}>{hint}</small>}
		</div>
	);
}

function Watermark({ has, image, set, wrong, tell }: { has: boolean;
		image: Image; set: (i: Image) => void; wrong: Wrong | null;
		tell: (w: Wrong | null) => void }) {
	const kb = IMAGE_MAX / 1000;
	const stays = image === null ? has : image !== 'none';

	const choose = (file: File | undefined) => {
		const large = !!file && file.size > IMAGE_MAX;

		tell(large ? { field: 'image', text: t('room.mark.large',
			{ kb: Math.ceil(file.size / 1000), max: kb }) } : null);
		set(file && !large ? file : null);
	};

	return (
		<>
			<Field name="image" label={t('room.mark')} wrong={wrong}
				hint={`${t('room.mark.hint', { kb })} ${
					t(has ? 'room.mark.has' : 'room.mark.none')}`}>
				{(a) => <input type="file" accept="image/png" {...a}
					key={String(image === 'none')}
					onChange={(e) => choose(e.currentTarget.files?.[0])} />}
			</Field>
			{has && <Choice label={t('room.mark.remove')} on={!stays}
				set={(off) => {
					tell(null);
					set(off ? 'none' : null);
				}} />}
		</>
	);
}

function Choice({ label, on, set }: { label: string; on: boolean;
		set: (on: boolean) => void }) {
	return (
		<label class="choice">
			<input type="checkbox" checked={on}
				onChange={(e) => set(e.currentTarget.checked)} />
			<span>{label}</span>
		</label>
	);
}

function Form({ first, hasMark }: { first: RoomSet; hasMark: boolean }) {
	const m = useStore(app, (s) => s.model);
	const [was, setWas] = useState(first);
	const [now, setNow] = useState(first);
	const [has, setHas] = useState(hasMark);
	const [image, setImage] = useState<Image>(null);
	const [wrong, setWrong] = useState<Wrong | null>(null);
	const [busy, setBusy] = useState(false);
	const form = useRef<HTMLFormElement>(null);
	const put = (change: Partial<RoomSet>) => setNow({ ...now, ...change });
	const text = (k: 'title' | 'banner' | 'canvas_filter', max: number) =>
		(a: Record<string, unknown>) => <input value={now[k]} maxLength={max}
			autocomplete="off" {...a}
			onInput={(e) => put({ [k]: e.currentTarget.value })} />;

	useEffect(() => {
		const bad = form.current?.querySelector<HTMLElement>(
			'[aria-invalid="true"]');

		bad?.focus();
		bad?.parentElement?.scrollIntoView({ block: 'center' });
	}, [wrong]);

	// what was done is not asked again when a later part fails
	const send = async () => {
		const args = changes(was, now);

		if (args) {
			await ask('room set', args);
			setWas({ ...now, locked: was.locked });
		}
		if (image !== null) {
			await ask('room watermark', await readImage(image));
			setHas(image !== 'none');
			setImage(null);
		}
		if (now.locked !== was.locked)
			await ask(now.locked ? 'room lock' : 'room unlock');
	};
	const save = async (e: Event) => {
		e.preventDefault();
		// a file too large was not even taken
		if (busy || (wrong?.field === 'image' && image === null))
			return;
		setBusy(true);
		setWrong(null);
		try {
			await send();
			say('room.saved');
			close();
		} catch (err) {
			setWrong(fieldOf(reason(err)));
		}
		setBusy(false);
	};
	const known = ['title', 'layout', 'fit', 'banner', 'image',
		'canvas_filter'];

	return m && (
		<form class="fields" ref={form} onSubmit={(e) => void save(e)}>
			<Field name="title" label={t('room.name')} wrong={wrong}>
				{text('title', TITLE_MAX)}</Field>
			<Field name="layout" label={t('host.layout')} wrong={wrong}>
				{(a) => <select value={now.layout} {...a} onChange={(e) =>
					put({ layout: e.currentTarget.value })}>
					<LayoutOptions m={m} all now={now.layout} />
				</select>}</Field>
			<Field name="fit" label={t('room.fit')} wrong={wrong}>
				{(a) => <select value={now.fit} {...a} onChange={(e) =>
					put({ fit: e.currentTarget.value })}>
					<option value="letterbox">
						{t('room.fit.letterbox')}</option>
					<option value="crop">{t('room.fit.crop')}</option>
				</select>}</Field>
			<Field name="banner" label={t('room.banner')} wrong={wrong}
				hint={t('room.banner.hint')}>
				{text('banner', TEXT_MAX)}</Field>
			<div class="choices">
				<Choice label={t('room.clock')} on={now.clock}
					set={(clock) => put({ clock })} />
				<Choice label={t('room.wait')} on={now.wait_host}
					set={(wait_host) => put({ wait_host })} />
				<Choice label={t('room.lock')} on={now.locked}
					set={(locked) => put({ locked })} />
				<Choice label={t('room.tones')} on={now.tones}
					set={(tones) => put({ tones })} />
			</div>
			<Watermark has={has} image={image} set={setImage} wrong={wrong}
				tell={setWrong} />
			<Field name="canvas_filter" label={t('room.filter')}
				wrong={wrong} hint={t('room.filter.hint')}>
				{text('canvas_filter', FILTER_MAX)}</Field>
			{wrong && !known.includes(wrong.field) && <p class="error"
				role="alert">{t('room.failed', { reason: wrong.field
					? `${wrong.field}: ${wrong.text}` : wrong.text })}</p>}
			<div class="modal-buttons">
				<button type="button" class="btn" onClick={close}>
					{t('app.cancel')}</button>
				<button class="btn primary" aria-disabled={busy}>
					{t(busy ? 'room.saving' : 'room.save')}</button>
			</div>
		</form>
	);
}

export function RoomSettings() {
	const [room, setRoom] = useState<Json | null>(null);
	const [bad, setBad] = useState('');

	useEffect(() => {
		ask('room show').then(setRoom, (e) => setBad(reason(e)));
	}, []);

	return (
		<Modal title={t('room.title')} close={close} firm>
			{bad ? <p class="error" role="alert">
				{t('say.failed', { reason: bad })}</p>
				: room ? <Form first={toRoomSet(room)}
					hasMark={Boolean(room.watermark)} />
				: <p role="status">{t('room.load')}</p>}
			{!room && <div class="modal-buttons">
				<button class="btn" onClick={close}>{t('app.close')}</button>
			</div>}
		</Modal>
	);
}
