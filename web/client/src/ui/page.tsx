// SPDX-License-Identifier: GPL-3.0-or-later
// ui/page.tsx -- which view is shown
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { app } from '../app';
import { t } from '../i18n';
import { useStore } from '../store';
import { Join, Landing } from './join';
import { Ended, Unsupported, Waiting } from './plain';

// The meeting is fetched while one chooses devices.
const loading = () => import('./meeting');

export function Page() {
	const phase = useStore(app, (s) => s.phase);

	useStore(app, (s) => s.lang);
	switch (phase) {
	case 'unsupported': return <Unsupported />;
	case 'landing':     return <Landing />;
	case 'join':
	case 'joining':     return <Join />;
	case 'waiting':     return <Waiting />;
	case 'ended':       return <Ended />;
	case 'meeting':     return <Later />;
	}
}

function Later() {
	const [Meeting, set] = useState<ComponentType | null>(null);

	useEffect(() => {
		void loading().then((m) => set(() => m.Meeting));
	}, []);

	return Meeting ? <Meeting />
		: <main class="plain"><p role="status">{t('app.loading')}</p></main>;
}

if ('requestIdleCallback' in window)
	requestIdleCallback(() => void loading().catch(() => {}));
