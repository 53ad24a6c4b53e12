// SPDX-License-Identifier: GPL-3.0-or-later
// test/loopback.js -- runs in the page before its own scripts: the server's
// end of the peer connection, in the page itself
//
// fetch() of /session is answered by a second RTCPeerConnection that sends a
// drawn picture and a tone, so that offers, re-offers, ICE restarts and
// 404s are those of the real thing.
(() => {
	const RealPC = window.RTCPeerConnection;
	const realFetch = window.fetch.bind(window);
	const lab = window.lab = { offers: [], status: 0, peer: null, posts: 0,
		patches: 0, deletes: 0, restarts: 0, refuse: 0, pcs: [] };
	let stream = null, ufrag = '';

	function picture() {
		const canvas = document.createElement('canvas');
		const c = canvas.getContext('2d');
		const names = ['Ann Example', 'Meeting room 2',
			'Βασίλης Παπαδόπουλος', 'You'];
		const colours = ['#31506e', '#5b4a6e', '#3d6454', '#6e5a3a'];

		canvas.width = 1280;
		canvas.height = 720;

		const draw = () => {
			c.fillStyle = '#101418';
			c.fillRect(0, 0, 1280, 720);
			names.forEach((name, i) => {
				const x = (i % 2) * 640 + 8, y = (i >> 1) * 360 + 8;

				c.fillStyle = colours[i];
				c.fillRect(x, y, 624, 344);
				c.fillStyle = 'rgba(255,255,255,.25)';
				c.beginPath();
				c.arc(x + 312, y + 150, 62, 0, 7);
				c.moveTo(x + 432, y + 330);
				c.arc(x + 312, y + 330, 120, 0, Math.PI, true);
				c.fill();
				c.fillStyle = '#fff';
				c.font = '24px sans-serif';
				c.fillText(name, x + 16, y + 324);
			});
			c.fillRect(0, 716, Date.now() / 20 % 1280, 4);
		};

		draw();
		setInterval(draw, 200);

		return canvas.captureStream(5);
	}

	function source() {
		if (stream)
			return stream;

		const ctx = new AudioContext();
		const osc = ctx.createOscillator(), gain = ctx.createGain();
		const out = ctx.createMediaStreamDestination();

		gain.gain.value = 0.01;
		osc.connect(gain).connect(out);
		osc.start();
		stream = new MediaStream([...picture().getVideoTracks(),
			...out.stream.getAudioTracks()]);

		return stream;
	}

	async function answer(sdp, fresh) {
		if (fresh) {
			lab.peer?.close();
			lab.peer = new RealPC();
		}

		const was = ufrag;

		ufrag = /a=ice-ufrag:(\S+)/.exec(sdp)?.[1] ?? '';
		if (!fresh && ufrag !== was)
			lab.restarts++;
		lab.offers.push(sdp);
		await lab.peer.setRemoteDescription({ type: 'offer', sdp });
		for (const t of fresh ? lab.peer.getTransceivers() : []) {
			// after the offer: only so does its simulcast find its sender
			t.direction = 'sendrecv';
			await t.sender.replaceTrack(source().getTracks()
				.find((x) => x.kind === t.receiver.track.kind));
		}
		await lab.peer.setLocalDescription(await lab.peer.createAnswer());
		await new Promise((done) => {
			const look = () => lab.peer.iceGatheringState === 'complete'
				? done() : setTimeout(look, 20);

			look();
		});

		return lab.peer.localDescription.sdp;
	}

	window.RTCPeerConnection = class extends RealPC {
		constructor(...args) {
			super(...args);
			lab.pcs.push(this);
		}
	};

	const setParameters = RTCRtpSender.prototype.setParameters;

	// as a browser does when something else was under way
	RTCRtpSender.prototype.setParameters = function (p) {
		if (lab.refuse > 0) {
			lab.refuse--;
			return Promise.reject(new DOMException('x',
				'InvalidStateError'));
		}

		return setParameters.call(this, p);
	};
	navigator.mediaDevices.getDisplayMedia = async () =>
		picture();
	window.fetch = async (input, init = {}) => {
		const path = typeof input === 'string' ? input : input.url;

		if (!path.startsWith('/session/'))
			return realFetch(input, init);
		if (init.method === 'DELETE') {
			lab.deletes++;
			lab.peer?.close();
			return new Response('', { status: 200 });
		}
		if (init.method === 'POST')
			lab.posts++;
		else
			lab.patches++;
		if (lab.status || (init.method === 'PATCH' &&
		    (!lab.peer || lab.peer.connectionState === 'closed')))
			return new Response('{}', { status: lab.status || 404 });

		return new Response(await answer(init.body, init.method === 'POST'), {
			status: init.method === 'POST' ? 201 : 200,
			headers: { 'Content-Type': 'application/sdp',
				Location: '/session/demo/1' } });
	};
})();
