// SPDX-License-Identifier: GPL-3.0-or-later
// main.tsx -- the page begins: the way in is loaded, the meeting when used
import { render } from 'preact';

import './css/base.css';
import './css/join.css';
import { start } from './call';
import { Page } from './ui/page';

render(<Page />, document.getElementById('app')!);
void start();
