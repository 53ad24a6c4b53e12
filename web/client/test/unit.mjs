// SPDX-License-Identifier: GPL-3.0-or-later
// test/unit.mjs -- makes one script of each *.test.ts and runs it with node
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const out = mkdtempSync(join(here, '..', 'unit-'));
const files = readdirSync(here).filter((f) => f.endsWith('.test.ts'));

try {
	await build({ entryPoints: files.map((f) => join(here, f)), outdir: out,
		bundle: true, platform: 'node', format: 'esm', target: 'node18',
		outExtension: { '.js': '.mjs' }, logLevel: 'warning' });

	const { status } = spawnSync(process.execPath, ['--test',
		...(process.argv.includes('--tap') ? ['--test-reporter=tap'] : []),
		...files.map((f) => join(out, f.replace(/ts$/, 'mjs')))],
		{ stdio: 'inherit' });

	process.exitCode = files.length ? status ?? 1 : 1;
} finally {
	rmSync(out, { recursive: true });
}
