// SPDX-License-Identifier: GPL-3.0-or-later
// vite.config.js -- the page as static files below /assets, no inline code
// (the server's Content-Security-Policy forbids it)
import { defineConfig } from 'vite';

export default defineConfig({
	base: '/',
	esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
	build: {
		target: 'es2022',
		outDir: 'out',
		emptyOutDir: true,
		assetsInlineLimit: 0,
		modulePreload: { polyfill: false },
		reportCompressedSize: false,
	},
	server: {
		proxy: {
			'/api': 'http://127.0.0.1:8081',
			'/session': 'http://127.0.0.1:8081',
			'/ws': { target: 'ws://127.0.0.1:8081', ws: true },
		},
	},
});
