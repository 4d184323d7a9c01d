// The hill in three dimensions: the grid of the server, drawn from the back to the front. To project
// is to lay out: every height is one that the server said.
import { useEffect, useRef } from "preact/hooks";
import { color, number } from "studio/format";
import { html } from "studio/html";
import { share } from "studio/screens/hill_contours";
import { look, useStudio } from "studio/state";

const STEP = 15;

export function Surface({ hill, cross }) {
	const { view } = useStudio();
	const canvas = useRef(null);
	const turn = view.turn, tilt = view.tilt;
	useEffect(() => {
		const node = canvas.current, paint = () => draw(node, hill, turn, tilt, cross);
		paint();
		const scheme = matchMedia("(prefers-color-scheme: dark)");
		const watch = new ResizeObserver(paint);
		watch.observe(node);
		scheme.addEventListener("change", paint);
		return () => { watch.disconnect(); scheme.removeEventListener("change", paint); };
	}, [hill, turn, tilt, cross]);
	const by = (across, up) => look({
		turn: (((turn + across) % 360) + 360) % 360, tilt: Math.min(Math.max(tilt + up, 5), 85),
	});
	const drag = (event) => {
		const from = { x: event.clientX, y: event.clientY, turn, tilt };
		event.currentTarget.setPointerCapture(event.pointerId);
		event.currentTarget.onpointermove = (now) => look({
			turn: Math.round((((from.turn - (now.clientX - from.x) / 2) % 360) + 360) % 360),
			tilt: Math.round(Math.min(Math.max(from.tilt + (now.clientY - from.y) / 3, 5), 85)),
		});
	};
	const drop = (event) => { event.currentTarget.onpointermove = null; };
	const keys = (event) => {
		const way = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] }[event.key];
		if (!way) return;
		event.preventDefault();
		by(...way);
	};
	const text = `The same hill in three dimensions, ${hill.names[0]} and ${hill.names[1]} across and the cost upwards,
		from ${number(hill.low)} to ${number(hill.high)}; arrow keys turn it.`;
	return html`<canvas class="surface" ref=${canvas} tabindex="0" role="img" aria-label=${text}
			onPointerDown=${drag} onPointerUp=${drop} onPointerCancel=${drop} onKeyDown=${keys}></canvas>
		<figcaption class="turning"><span class="move"><button aria-label="Turn left" onClick=${() => by(STEP, 0)}>◂</button>
			<span>turn</span><button aria-label="Turn right" onClick=${() => by(-STEP, 0)}>▸</button></span>
			<span class="move"><button aria-label="From lower" onClick=${() => by(0, -STEP)}>▾</button>
			<span>tilt</span><button aria-label="From higher" onClick=${() => by(0, STEP)}>▴</button></span>
			<span class="faint">or drag it</span></figcaption>`;
}

function draw(canvas, hill, turn, tilt, cross) {
	const width = canvas.clientWidth, ratio = devicePixelRatio || 1;
	const height = canvas.clientHeight;
	if (!width) return;
	canvas.width = width * ratio;
	canvas.height = height * ratio;
	const pen = canvas.getContext("2d"), style = getComputedStyle(canvas);
	const ink = (name) => { pen.canvas.style.color = `var(${name})`; return getComputedStyle(canvas).color; };
	const colors = Object.fromEntries(["--ink", "--faint", "--page", "--line", "--bad", "--accent",
		"--run1", "--run2", "--run3", "--run4", "--run5"].map((name) => [name, ink(name)]));
	canvas.style.color = "";
	pen.scale(ratio, ratio);
	pen.font = `12px ${style.fontFamily}`;
	const { place, depth } = projection(hill, turn, tilt, width, height);
	frame(pen, hill, place, depth, colors);
	quads(pen, hill, place, depth, colors);
	hill.paths.forEach((path, k) => trail(pen, hill, path, place, k ? colors[`--run${k}`] : colors["--ink"], colors["--page"]));
	const [a, b] = hill.here.at;
	dot(pen, place(a, b, hill.here.cost), colors["--bad"], colors["--page"]);
	if (cross) {
		const i = Math.min(cross.i, hill.first.length - 1), j = Math.min(cross.j, hill.second.length - 1);
		if (hill.costs[j][i] !== null) dot(pen, place(hill.first[i], hill.second[j], hill.costs[j][i]), colors["--accent"], colors["--page"]);
	}
}

// Where a place of the hill stands on the paper: turned about the upright, then tilted towards us.
function projection(hill, turn, tilt, width, height) {
	const { first, second, low, high } = hill;
	const middle = [(first[0] + first.at(-1)) / 2, (second[0] + second.at(-1)) / 2];
	const half = (first.at(-1) - first[0]) / 2;
	const [c, s] = [Math.cos((turn * Math.PI) / 180), Math.sin((turn * Math.PI) / 180)];
	const [up, flat] = [Math.cos((tilt * Math.PI) / 180), Math.sin((tilt * Math.PI) / 180)];
	const unit = Math.min((width - 90) / 2.9, (height - 70) / (2.83 * flat + 1.3 * up));
	const centre = height / 2 + unit * 0.6 * up - 6;
	const turned = (a, b) => {
		const u = (a - middle[0]) / half, v = (b - middle[1]) / half;
		return [u * c - v * s, u * s + v * c];
	};
	const place = (a, b, cost) => {
		const [across, away] = turned(a, b), h = ((cost - low) / (high - low || 1)) * 1.2;
		return [width / 2 + across * unit, centre - away * flat * unit - h * up * unit];
	};
	return { place, depth: (a, b) => turned(a, b)[1] };
}

function quads(pen, hill, place, depth, colors) {
	const { first, second, costs } = hill;
	const cells = [];
	for (let j = 0; j + 1 < second.length; j++)
		for (let i = 0; i + 1 < first.length; i++) {
			const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]];
			if (corners.some(([k, m]) => costs[m][k] === null)) continue;
			cells.push({ corners, far: depth(first[i] + first[i + 1], second[j] + second[j + 1]), i, j });
		}
	const far = ({ i, j }) => depth(first[i], second[j]);
	cells.sort((one, other) => far(other) - far(one));
	pen.lineJoin = "round";
	for (const { corners } of cells) {
		pen.beginPath();
		for (const [i, j] of corners) pen.lineTo(...place(first[i], second[j], costs[j][i]));
		pen.closePath();
		const mean = corners.reduce((sum, [i, j]) => sum + share(costs[j][i], hill), 0) / 4;
		for (const fill of [colors["--page"], color(mean * 0.85, 1)]) {
			pen.fillStyle = fill;
			pen.fill();
		}
		pen.strokeStyle = colors["--line"];
		pen.lineWidth = 0.6;
		pen.stroke();
	}
}

function frame(pen, hill, place, depth, colors) {
	const { first, second, low, high, names } = hill;
	const [a0, a1, b0, b1] = [first[0], first.at(-1), second[0], second.at(-1)];
	const line = (...points) => {
		pen.beginPath();
		for (const point of points) pen.lineTo(...place(...point));
		pen.stroke();
	};
	pen.strokeStyle = colors["--faint"];
	pen.lineWidth = 1;
	line([a0, b0, low], [a1, b0, low], [a1, b1, low], [a0, b1, low], [a0, b0, low]);
	pen.fillStyle = colors["--faint"];
	// Names stand by the two sides in front, the cost by the corner that is leftmost.
	const b = depth(a0, b0) < depth(a0, b1) ? b0 : b1, a = depth(a0, b0) < depth(a1, b0) ? a0 : a1;
	const write = (text, [x, y], dx, dy) => {
		pen.textAlign = dx < 0 ? "right" : dx > 0 ? "left" : "center";
		pen.fillText(text, x + dx, y + dy);
	};
	const centre = place((a0 + a1) / 2, (b0 + b1) / 2, low)[0];
	const side = ([x]) => (x < centre ? -8 : 8);
	for (const value of [a0, a1]) write(number(value, 3), place(value, b, low), side(place((a0 + a1) / 2, b, low)), 16);
	for (const value of [b0, b1]) write(number(value, 3), place(a, value, low), side(place(a, (b0 + b1) / 2, low)), 16);
	pen.fillStyle = colors["--ink"];
	const one = place((a0 + a1) / 2, b, low), other = place(a, (b0 + b1) / 2, low);
	write(names[0], one, side(one), 22);
	write(names[1], other, side(other), 22);
	const corners = [[a0, b0], [a0, b1], [a1, b0], [a1, b1]];
	const left = corners.reduce((found, corner) => (place(...corner, low)[0] < place(...found, low)[0] ? corner : found));
	line([...left, low], [...left, high]);
	pen.fillStyle = colors["--faint"];
	write(number(high, 3), place(...left, high), -6, 4);
	write(number(low, 3), place(...left, low), -6, 0);
	pen.fillStyle = colors["--ink"];
	write("L", place(...left, (low + high) / 2), -8, 4);
}

function trail(pen, hill, { points, heights }, place, ink, page) {
	for (const [style, width] of [[page, 4], [ink, 1.8]]) {
		pen.strokeStyle = style;
		pen.lineWidth = width;
		pen.beginPath();
		let isOn = false;
		points.forEach(([a, b], k) => {
			if (heights[k] === null) { isOn = false; return; }
			const at = place(a, b, heights[k]);
			if (isOn) pen.lineTo(...at);
			else pen.moveTo(...at);
			isOn = true;
		});
		pen.stroke();
	}
}

function dot(pen, [x, y], fill, edge) {
	pen.beginPath();
	pen.arc(x, y, 5.5, 0, 2 * Math.PI);
	pen.fillStyle = fill;
	pen.fill();
	pen.strokeStyle = edge;
	pen.lineWidth = 1.5;
	pen.stroke();
}
