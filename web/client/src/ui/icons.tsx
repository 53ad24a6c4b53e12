// SPDX-License-Identifier: GPL-3.0-or-later
// ui/icons.tsx -- drawn on a 24 grid with lines; the button has the name
import type { ComponentChildren } from 'preact';

const paths = {
	mic: 'M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21M8.5 21h7',
	camera: 'M4.5 6.5h9a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-9a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2zM15.5 10.5l6-3.5v10l-6-3.5',
	share: 'M3.5 4.5h17a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1h-17a1 1 0 0 1-1-1v-10a1 1 0 0 1 1-1zM8 20.5h8M12 13.5v-6M9 10l3-3 3 3',
	hand: 'M8 12V5.8a1.4 1.4 0 0 1 2.8 0V11M10.800 11V4.400a1.4 1.4 0 0 1 2.800 0V11M13.600 11V5.800a1.4 1.4 0 0 1 2.800 0V13M16.400 12V9a1.4 1.400 0 0 1 2.800 0v6a6.500 6.500 0 0 1-6.500 6.500c-3 0-4.500-1.500-6-4l-2.600-4.300a1.400 1.400 0 0 1 2.300-1.600L8 14',
	smile: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8 14.500c1 1.500 2.400 2.200 4 2.200s3-.7 4-2.200M9 9.500v.5M15 9.500v.5',
	chat: 'M4.500 4.500h15a1.500 1.500 0 0 1 1.500 1.500v9a1.500 1.500 0 0 1-1.500 1.500H11l-4.500 4v-4h-2A1.500 1.500 0 0 1 3 15V6a1.500 1.500 0 0 1 1.500-1.500zM7.500 9h9M7.500 12h6',
	people: 'M9 11.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM2.500 20c.3-3.500 2.800-5.500 6.500-5.500s6.200 2 6.500 5.500M16 4.900a3.500 3.500 0 0 1 0 6.300M18 14.900c2 .8 3.300 2.500 3.500 5.100',
	settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.500v5M9 14.500v5',
	leave: 'M9.500 4.500h-4a1 1 0 0 0-1 1v13a1 1 0 0 0 1 1h4M14.500 8l4.500 4-4.500 4M19 12H9.500',
	full: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
	close: 'M6 6l12 12M18 6L6 18',
	more: 'M12 5.500v.01M12 12v.01M12 18.500v.01',
	lock: 'M6.500 10.500h11a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1h-11a1 1 0 0 1-1-1v-8a1 1 0 0 1 1-1zM8.500 10.500V7.500a3.500 3.500 0 0 1 7 0v3',
	record: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z',
	star: 'M12 4l2.500 5.200 5.500.8-4 4 1 5.600-5-2.700-5 2.700 1-5.600-4-4 5.500-.8z',
	pin: 'M8.500 3.500h7M10 3.500v6l-3 4h10l-3-4v-6M12 13.500V21',
	sound: 'M4 9.500h3.500L12 5.500v13l-4.500-4H4zM15.500 9a4 4 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11',
	move: 'M4 4h16v16H4zM13 13h7v7h-7z',
	phone: 'M6 3.500h3l1.500 4.500-2 1.500a12 12 0 0 0 6 6l1.500-2 4.500 1.500v3c0 1.500-1 2.500-2.500 2.500C10.500 20.500 3.500 13.500 3.500 6 3.500 4.500 4.500 3.500 6 3.500z',
	warn: 'M12 4l9 16H3zM12 10v4.500M12 17v.5',
	link: 'M10 14a4 4 0 0 0 5.700 0l3-3A4 4 0 0 0 13 5.300l-1 1M14 10a4 4 0 0 0-5.700 0l-3 3a4 4 0 0 0 5.700 5.700l1-1',
	send: 'M4 4.500l17 7.500-17 7.500 2.500-7.500zM6.500 12H13',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, off, solid }: { name: IconName; off?: boolean;
		solid?: boolean }) {
	return (
		<svg class={`icon${solid ? ' solid' : ''}`} viewBox="0 0 24 24"
			aria-hidden="true" focusable="false">
			<path d={paths[name]} />
			{off && <path class="slash-back" d="M4 3l17 18" />}
			{off && <path d="M3 4l17 18" />}
		</svg>
	);
}

export function Badge({ icon, children, kind, solid }: { icon: IconName;
		children: ComponentChildren; kind?: string; solid?: boolean }) {
	return (
		<span class={`badge ${kind ?? ''}`}>
			<Icon name={icon} solid={solid} /> <span>{children}</span>
		</span>
	);
}
