// SPDX-License-Identifier: GPL-3.0-or-later
// tests/flow/browser.mjs -- Chromium in a flow test, one process per person
//
//	node browser.mjs SOCKET MODULES
//
// Listens on the UNIX socket; a connection is one command, one line of JSON
// {"who", "cmd", …}, answered by one line {"ok", "value" | "error"}.  Cameras
// and microphones are files, one colour and one tone a person; what is seen
// is read from the pixels of the page's video element, what is heard by
// WebAudio.  The page itself has no hooks for tests: RTCPeerConnection and
// WebSocket are watched from outside.
import { createRequire } from "node:module";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";

const [socket, modules] = process.argv.slice(2);
const { chromium } = createRequire(path.join(modules, "x.js"))("playwright-core");
const people = new Map();

const ARGS = [
	"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
	"--no-first-run", "--disable-background-networking",
	"--disable-component-update", "--disable-sync",
	"--use-fake-device-for-media-stream",
	"--use-fake-ui-for-media-stream",
	"--auto-select-desktop-capture-source=Entire screen",
	"--autoplay-policy=no-user-gesture-required",
];

// runs in the page before anything of it
function watch() {
	window.seen = { pcs: [], wss: [], errors: [] };
	const PC = window.RTCPeerConnection;
	window.RTCPeerConnection = class extends PC {
		constructor(...a) { super(...a); window.seen.pcs.push(this); }
	};
	const WS = window.WebSocket;
	window.WebSocket = class extends WS {
		constructor(...a) { super(...a); window.seen.wss.push(this); }
	};
	// a tone is noise to the browser's filters
	const md = navigator.mediaDevices;
	if (!md)
		return;
	const gum = md.getUserMedia.bind(md);
	md.getUserMedia = c => {
		if (c && c.audio)
			c = { ...c, audio: { ...(c.audio === true ? {} : c.audio),
				echoCancellation: false, noiseSuppression: false,
				autoGainControl: false } };
		return gum(c);
	};
}

const stage = `(() => {
	const v = [...document.querySelectorAll("video")].filter(e =>
		e.srcObject && e.videoWidth && !e.closest("[data-self]"));
	v.sort((a, b) => b.clientWidth * b.clientHeight -
		a.clientWidth * a.clientHeight);
	return v[0] || null;
})()`;

async function person(who) {
	const p = people.get(who);
	if (!p)
		throw new Error(`nobody is called ${who}`);
	return p;
}

const cmds = {
	async open({ who, url, camera, microphone, width = 1280, height = 800, args = [], permissions, init }) {
		const dir = fs.mkdtempSync(path.join(os.tmpdir(), "tutti-chromium-"));
		const extra = [...args];
		if (camera)
			extra.push(`--use-file-for-fake-video-capture=${camera}`);
		if (microphone)
			extra.push(`--use-file-for-fake-audio-capture=${microphone}`);
		const ctx = await chromium.launchPersistentContext(dir, {
			executablePath: "/usr/bin/chromium", headless: true,
			viewport: { width, height }, ignoreHTTPSErrors: true,
			locale: "en-GB", permissions, args: [...ARGS, ...extra],
		});
		const page = ctx.pages()[0] || await ctx.newPage();
		const log = [];
		page.on("console", m => log.push(`${m.type()}: ${m.text()}`));
		page.on("pageerror", e => log.push(`pageerror: ${e.message}`));
		await page.addInitScript(watch);
		if (init)
			await page.addInitScript(init);
		page.setDefaultTimeout(15000);
		people.set(who, { ctx, page, dir, log });
		await page.goto(url, { waitUntil: "commit" });
		return true;
	},
	async click({ who, role = "button", name, exact = false, within = "body" }) {
		const { page } = await person(who);
		await page.locator(within).getByRole(role, { name: name ? new RegExp(exact ? `^${name}$` : name, "i") : undefined })
			.first().click();
		return true;
	},
	async fill({ who, label, text }) {
		const { page } = await person(who);
		await page.getByLabel(new RegExp(label, "i")).first().fill(text);
		return true;
	},
	async press({ who, key }) {
		const { page } = await person(who);
		await page.keyboard.press(key);
		return true;
	},
	async text({ who, text }) {
		const { page } = await person(who);
		await page.getByText(new RegExp(text)).first()
			.waitFor({ state: "visible" });
		return true;
	},
	async eval({ who, js }) {
		const { page } = await person(who);
		return page.evaluate(js);
	},
	// percent of the composite within 40 of each colour, and its size
	async sees({ who, colours }) {
		const { page } = await person(who);
		return page.evaluate(`(async () => {
			const v = ${stage};
			if (!v)
				return { width: 0, height: 0, share: {} };
			const c = document.createElement("canvas");
			c.width = 320; c.height = 180;
			const g = c.getContext("2d", { willReadFrequently: true });
			g.imageSmoothingEnabled = false;
			g.drawImage(v, 0, 0, 320, 180);
			const d = g.getImageData(0, 0, 320, 180).data;
			const share = {};
			for (const hex of ${JSON.stringify(colours)}) {
				const want = [0, 2, 4].map(i => parseInt(hex.slice(i, i + 2), 16));
				let n = 0;
				for (let i = 0; i < d.length; i += 4)
					n += want.every((w, k) => Math.abs(d[i + k] - w) <= 40);
				share[hex] = Math.round(n * 100 / (320 * 180));
			}
			return { width: v.videoWidth, height: v.videoHeight, share };
		})()`);
	},
	// level of each tone [dBFS] in what comes down, over a second
	async hears({ who, tones, ms = 1000 }) {
		const { page } = await person(who);
		return page.evaluate(`(async () => {
			const pc = seen.pcs.filter(p => p.connectionState !== "closed").pop();
			const track = pc && pc.getReceivers().map(r => r.track)
				.find(t => t.kind === "audio" && t.readyState === "live");
			if (!track)
				return null;
			const ac = new AudioContext({ sampleRate: 48000 });
			await ac.resume();
			const a = ac.createAnalyser();
			a.fftSize = 16384; a.smoothingTimeConstant = 0;
			ac.createMediaStreamSource(new MediaStream([track])).connect(a);
			const buf = new Float32Array(a.frequencyBinCount), out = {};
			const end = performance.now() + ${ms};
			const all = ${JSON.stringify(tones)}.map(hz => [hz, []]);
			await new Promise(r => setTimeout(r, 400));
			while (performance.now() < end) {
				await new Promise(r => setTimeout(r, 100));
				a.getFloatFrequencyData(buf);
				for (const [hz, l] of all) {
					const i = Math.round(hz * a.fftSize / 48000);
					l.push(Math.max(...buf.slice(i - 2, i + 3)));
				}
			}
			await ac.close();
			for (const [hz, l] of all) {
				l.sort((x, y) => x - y);
				out[hz] = Math.max(-150, Math.round(l[l.length >> 1]));
			}
			return out;
		})()`);
	},
	// percent of the blocks of 20 ms, during so long, that have the tone
	async blocks({ who, hz, ms = 6000 }) {
		const { page } = await person(who);
		return page.evaluate(`(async () => {
			const pc = seen.pcs.filter(p => p.connectionState !== "closed").pop();
			const track = pc.getReceivers().map(r => r.track)
				.find(t => t.kind === "audio" && t.readyState === "live");
			const ac = new AudioContext({ sampleRate: 48000 });
			await ac.resume();
			const all = [];
			const tap = ac.createScriptProcessor(16384, 1, 1);
			tap.onaudioprocess = e => all.push(...e.inputBuffer.getChannelData(0));
			ac.createMediaStreamSource(new MediaStream([track])).connect(tap);
			tap.connect(ac.destination);
			await new Promise(r => setTimeout(r, ${ms}));
			tap.disconnect();
			await ac.close();
			const w = 2 * Math.cos(2 * Math.PI * ${hz} / 48000), n = 960;
			let have = 0, c = 0;
			// the first of it is not there yet
			for (let i = 16384; i + n <= all.length; i += n, c++) {
				let a = 0, b = 0;
				for (let k = i; k < i + n; k++)
					[a, b] = [all[k] + w * a - b, a];
				const amp = 2 * Math.sqrt(a * a + b * b - w * a * b) / n;
				have += 20 * Math.log10(amp + 1e-6) > -45;
			}
			return c ? Math.floor(have * 100 / c) : 0;
		})()`);
	},
	async stats({ who }) {
		const { page } = await person(who);
		return page.evaluate(`(async () => {
			const pc = seen.pcs.filter(p => p.connectionState !== "closed").pop();
			if (!pc)
				return null;
			const all = [...(await pc.getStats()).values()];
			const pick = (t, k) => all.filter(s => s.type === t && (!k || s.kind === k));
			return { state: pc.connectionState, pcs: seen.pcs.length,
				inbound: pick("inbound-rtp"), outbound: pick("outbound-rtp"),
				transport: pick("transport"), codecs: pick("codec"),
				pair: pick("candidate-pair").filter(p => p.nominated) };
		})()`);
	},
	// the network to the server goes away under the WebSocket
	async cut({ who }) {
		const { page } = await person(who);
		return page.evaluate(() => {
			const open = window.seen.wss.filter(w => w.readyState === 1);
			open.forEach(w => w.close(4000, "cut by the test"));
			return open.length;
		});
	},
	async reload({ who }) {
		const { page } = await person(who);
		await page.reload({ waitUntil: "commit" });
		return true;
	},
	async shot({ who, file }) {
		const { page } = await person(who);
		await page.screenshot({ path: file });
		return true;
	},
	async log({ who }) {
		return (await person(who)).log;
	},
	async close({ who }) {
		const p = await person(who);
		people.delete(who);
		await p.ctx.close();
		fs.rmSync(p.dir, { recursive: true, force: true });
		return true;
	},
};

async function run(line) {
	try {
		const msg = JSON.parse(line);
		if (!cmds[msg.cmd])
			throw new Error(`no command ${msg.cmd}`);
		return { ok: true, value: await cmds[msg.cmd](msg) };
	} catch (e) {
		return { ok: false, error: e.message };
	}
}

const server = net.createServer({ allowHalfOpen: true }, c => {
	let buf = "";
	c.on("error", () => {});
	c.on("data", async d => {
		buf += d;
		const i = buf.indexOf("\n");
		if (i < 0)
			return;
		const line = buf.slice(0, i);
		buf = "";
		c.end(JSON.stringify(await run(line)) + "\n");
	});
});
server.listen(socket);

async function end() {
	server.close();
	for (const { ctx, dir } of people.values()) {
		await ctx.close().catch(() => {});
		fs.rmSync(dir, { recursive: true, force: true });
	}
	process.exit(0);
}
process.on("SIGTERM", end);
process.on("SIGINT", end);
