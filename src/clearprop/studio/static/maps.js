// Maps of values as the server sends them, painted. Bytes stand for values from `low` to `high`.
import { useLayoutEffect, useRef } from "preact/hooks";
import { color, number } from "studio/format";
import { html } from "studio/html";

// Okabe and Ito's, told apart by all eyes; the first two are those of numbers below and above.
const CLASS_COLORS = [
	"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E6C229", "#56B4E9", "#8C564B", "#7F7F7F",
];
export const classColor = (k) => CLASS_COLORS[k % CLASS_COLORS.length];

// A shape of each class, about 0, 0.
const SHAPES = [
	"M-5,0a5,5 0 1,0 10,0a5,5 0 1,0 -10,0z", "M-4.6,-4.6h9.2v9.2h-9.2z", "M0,-6.4L6.4,0L0,6.4L-6.4,0z",
	"M0,-6L5.8,4.6H-5.8z", "M0,6L5.8,-4.6H-5.8z", "M-6,-2h4v-4h4v4h4v4h-4v4h-4v-4h-4z",
];
export const classShape = (k) => SHAPES[k % SHAPES.length];

export function bytes(text) {
	return Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
}

export const valueAt = (map, level) => map.low + ((map.high - map.low) * level) / 255;

// A color of a scale as it is upon the page.
export function opaque(text) {
	const [r, g, b, a = 255] = channels(text);
	return `color-mix(in srgb, rgb(${r},${g},${b}) ${((100 * a) / 255).toFixed(0)}%, var(--page))`;
}

const channels = (text) => {
	const [r, g, b, a = 1] = text.match(/[\d.e-]+/g).map(Number);
	return [r, g, b, 255 * a];
};
const ofHex = (text) => [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));

// A pixel of these channels, as memory has it.
const pixel = ([r, g, b, a]) => ((Math.round(a) << 24) | (b << 16) | (g << 8) | r) >>> 0;

// The colors of the scale, from its lowest end to its highest.
const HALF = 512;
const SCALE = Uint32Array.from({ length: 2 * HALF + 1 }, (_, i) => pixel(channels(color(i / HALF - 1, 1))));

// The color of each of the 256 levels.
function palette(map) {
	return Uint32Array.from({ length: 256 }, (_, level) => {
		const share = Math.min(Math.max((valueAt(map, level) - map.center) / map.most, -1), 1);
		return SCALE[Math.round(HALF * (share + 1))];
	});
}

function paint(canvas, map, [rows, columns]) {
	const levels = bytes(map.values);
	if (canvas.width !== columns || canvas.height !== rows) Object.assign(canvas, { width: columns, height: rows });
	const context = canvas.getContext("2d"), image = context.createImageData(columns, rows);
	const pixels = new Uint32Array(image.data.buffer);
	if (map.largest) {
		const winners = bytes(map.largest), inks = CLASS_COLORS.map(ofHex);
		for (let at = 0; at < levels.length; at += 1) {
			const ahead = Math.min(valueAt(map, levels[at]), 1);
			pixels[at] = pixel([...inks[winners[at] % inks.length], 255 * (0.1 + 0.6 * ahead)]);
		}
	} else {
		const colors = palette(map);
		for (let at = 0; at < levels.length; at += 1) pixels[at] = colors[levels[at]];
	}
	context.putImageData(image, 0, 0);
}

export function MapCanvas({ map, size, label }) {
	const canvas = useRef();
	useLayoutEffect(() => paint(canvas.current, map, size), [map]);
	return html`<canvas ref=${canvas} role="img" aria-label=${label}></canvas>`;
}

// A map of one input is a line: its value over the input.
export function MapLine({ map, label }) {
	const levels = bytes(map.values), low = map.center - map.most, high = map.center + map.most;
	const bottom = Math.min(low, map.low), top = Math.max(high, map.high);
	const y = (value) => (100 * (top - value)) / (top - bottom);
	const path = Array.from(levels, (level, at) =>
		`${((100 * at) / (levels.length - 1)).toFixed(2)},${y(valueAt(map, level)).toFixed(2)}`).join("L");
	return html`<svg class="map-line" viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label=${label}>
		<line x1="0" x2="100" y1=${y(map.center)} y2=${y(map.center)} class="zero" />
		<path d=${`M${path}`} vector-effect="non-scaling-stroke" /></svg>`;
}

// What the colors of a map stand for: its ends, and its middle.
export function MapScale({ map }) {
	const ends = [map.center - map.most, map.center, map.center + map.most];
	const stops = [-1, -0.5, -0.02, 0.02, 0.5, 1].map((share) =>
		`${color(share * map.most, map.most)} ${50 + 50 * share}%`).join(",");
	return html`<div class="map-scale"><div style=${`background:linear-gradient(90deg,${stops})`}></div>
		${ends.map((value) => html`<span class="number">${number(value, 3)}</span>`)}</div>`;
}
