// SPDX-License-Identifier: GPL-3.0-or-later
import { render } from 'preact';

render(<p>tutti</p>, document.getElementById('app')!);
