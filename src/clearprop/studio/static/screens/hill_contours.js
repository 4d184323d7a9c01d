// The hill from above: color, lines of equal cost, arrows, paths, and a cross that can be moved.
import { useMemo } from "preact/hooks";
import { color, number } from "studio/format";
import { html } from "studio/html";
import { edit } from "studio/state";

const SIZE = 480, LEFT = 58, BOTTOM = 46, TOP = 8, RIGHT = 10;
export const share = (cost, hill) => Math.sqrt(Math.max(cost - hill.low, 0) / (hill.high - hill.low || 1));

export function Contours({ hill, cross, setCross }) {
	const { first, second } = hill;
	const ends = [first[0], first.at(-1), second[0], second.at(-1)];
	const x = (a) => LEFT + ((a - ends[0]) / (ends[1] - ends[0])) * (SIZE - LEFT - RIGHT);
	const y = (b) => SIZE - BOTTOM - ((b - ends[2]) / (ends[3] - ends[2])) * (SIZE - TOP - BOTTOM);
	const at = cross && { i: Math.min(cross.i, first.length - 1), j: Math.min(cross.j, second.length - 1) };
	const put = (event) => {
		const box = event.currentTarget.getBoundingClientRect(), unit = SIZE / box.width;
		const along = (value, from, to, n) => Math.min(Math.max(Math.round(((value - from) / (to - from)) * (n - 1)), 0), n - 1);
		setCross({
			i: along((event.clientX - box.left) * unit, LEFT, SIZE - RIGHT, first.length),
			j: along((event.clientY - box.top) * unit, SIZE - BOTTOM, TOP, second.length),
		});
	};
	const keys = (event) => {
		const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
		if (event.key === "Escape") return setCross(null);
		if (!way) return undefined;
		event.preventDefault();
		const from = at ?? { i: first.length >> 1, j: second.length >> 1 };
		return setCross({
			i: Math.min(Math.max(from.i + way[0], 0), first.length - 1),
			j: Math.min(Math.max(from.j + way[1], 0), second.length - 1),
		});
	};
	return html`<svg class="contours" viewBox=${`0 0 ${SIZE} ${SIZE}`} tabindex="0" role="application"
			aria-label=${describe(hill)} aria-roledescription="map of the cost; arrow keys move a cross" onClick=${put} onKeyDown=${keys}>
		<defs><clipPath id="plot"><rect x=${LEFT} y=${TOP} width=${SIZE - LEFT - RIGHT} height=${SIZE - TOP - BOTTOM} /></clipPath>
			${["gradient", "step", "plain"].map((kind) => html`<marker key=${kind} id=${`tip-${kind}`} class=${kind} viewBox="0 0 8 8" refX="7" refY="4"
				markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path d="M0,0L8,4L0,8Z" /></marker>`)}</defs>
		<g clip-path="url(#plot)"><${Heat} hill=${hill} x=${x} y=${y} />
			<${Lines} hill=${hill} x=${x} y=${y} />
			<${Paths} hill=${hill} x=${x} y=${y} />
			<${Arrows} hill=${hill} x=${x} y=${y} /></g>
		<${Axes} hill=${hill} x=${x} y=${y} ends=${ends} />
		${at && html`<g class="cross"><line x1=${x(first[at.i])} x2=${x(first[at.i])} y1=${TOP} y2=${SIZE - BOTTOM} />
			<line x1=${LEFT} x2=${SIZE - RIGHT} y1=${y(second[at.j])} y2=${y(second[at.j])} /></g>`}
	</svg>
	<${Cross} hill=${hill} at=${at} setCross=${setCross} />
	<${Keys} hill=${hill} ends=${ends} />`;
}

function describe(hill) {
	const [a, b] = hill.here.at;
	return `Map of the cost over ${hill.names[0]} and ${hill.names[1]}: from ${number(hill.low)} to ${number(hill.high)}.
		Here, at ${number(a)} and ${number(b)}, it is ${number(hill.here.cost)}.`;
}

function Heat({ hill, x, y }) {
	const { costs, first, second } = hill, n = first.length;
	const picture = useMemo(() => {
		const canvas = document.createElement("canvas");
		canvas.width = canvas.height = n;
		const pen = canvas.getContext("2d");
		costs.forEach((row, j) => row.forEach((cost, i) => {
			if (cost === null) return;
			pen.fillStyle = color(share(cost, hill) * 0.85, 1);
			pen.fillRect(i, n - 1 - j, 1, 1);
		}));
		return canvas.toDataURL();
	}, [costs]);
	// A pixel lies around its grid point: half of one sticks out on each side.
	const dx = (x(first[1]) - x(first[0])) / 2, dy = (y(second[0]) - y(second[1])) / 2;
	return html`<image href=${picture} x=${x(first[0]) - dx} y=${y(second[n - 1]) - dy} preserveAspectRatio="none"
		width=${x(first[n - 1]) - x(first[0]) + 2 * dx} height=${y(second[0]) - y(second[n - 1]) + 2 * dy} />`;
}

const traced = (points, x, y) => points.map(([a, b], k) => `${k ? "L" : "M"}${x(a).toFixed(1)},${y(b).toFixed(1)}`).join("");

function Lines({ hill, x, y }) {
	const path = (line) => traced(line, x, y);
	return html`<g class="levels">${hill.levels.map(({ cost, lines }, k) => html`<path key=${k} class=${k % 2 ? "strong" : ""}
			d=${lines.map(path).join("")} data-cost=${cost} />`)}
		${hill.levels.map(({ cost, lines }, k) => {
			const longest = lines.reduce((a, b) => (b.length > (a?.length ?? 11) ? b : a), null);
			if (k % 2 === 0 || !longest) return null;
			const [a, b] = longest[Math.floor(longest.length * (0.2 + 0.12 * (k % 5)))];
			const px = x(a), py = y(b);
			if (px < LEFT + 24 || px > SIZE - RIGHT - 24 || py < TOP + 8 || py > SIZE - BOTTOM - 8) return null;
			return html`<text key=${`t${k}`} x=${px} y=${py + 3.5} text-anchor="middle">${number(cost, 3)}</text>`;
		})}</g>`;
}

function Paths({ hill, x, y }) {
	return html`<g class="paths">${hill.paths.map(({ points, name }, k) => {
		const d = traced(points, x, y);
		const [start, end] = [points[0], points.at(-1)];
		return html`<g key=${name}><path class="halo" d=${d} /><path class=${`line run${k}`} d=${d} />
			<rect class=${`mark run${k}`} x=${x(start[0]) - 3.5} y=${y(start[1]) - 3.5} width="7" height="7" />
			${k > 0 && html`<circle class=${`mark run${k}`} cx=${x(end[0])} cy=${y(end[1])} r="4" />`}</g>`;
	})}</g>`;
}

// An arrow that would be too short to be seen, or too long, is drawn at another length.
export function drawn([a, b], room) {
	const length = Math.hypot(a, b);
	if (!(length > 0)) return null;
	if (length >= 0.06 * room && length <= 0.4 * room) return 1;
	const times = (0.2 * room) / length, power = 10 ** Math.floor(Math.log10(times));
	return [5, 2, 1].find((m) => m * power <= times * 1.0001) * power;
}

function Arrows({ hill, x, y }) {
	const room = hill.first[hill.first.length - 1] - hill.first[0], [a, b] = hill.here.at;
	const arrow = (kind, change, times) => times && html`<line key=${kind} class=${`arrow ${kind}`} x1=${x(a)} y1=${y(b)}
		x2=${x(a + change[0] * times)} y2=${y(b + change[1] * times)} marker-end=${`url(#tip-${kind})`} />`;
	return html`<g class="arrows">
		${arrow("plain", hill.plain.change, 1)}
		<circle class="landing" cx=${x(hill.plain.to[0])} cy=${y(hill.plain.to[1])} r="4" />
		${arrow("gradient", hill.gradient.at, drawn(hill.gradient.at, room))}
		${arrow("step", hill.step.change, drawn(hill.step.change, room))}
		<circle class="here" cx=${x(a)} cy=${y(b)} r="5.5" /></g>`;
}

function Axes({ hill, x, y, ends }) {
	const ticks = (from, to) => [0, 0.25, 0.5, 0.75, 1].map((part) => from + part * (to - from));
	return html`<g class="axes"><rect x=${LEFT} y=${TOP} width=${SIZE - LEFT - RIGHT} height=${SIZE - TOP - BOTTOM} />
		${ticks(ends[0], ends[1]).map((a, k) => html`<text x=${x(a)} y=${SIZE - BOTTOM + 15}
			text-anchor=${k === 4 ? "end" : "middle"}>${number(a, 3)}</text>`)}
		${ticks(ends[2], ends[3]).map((b, k) => html`<text x=${LEFT - 6} y=${y(b) + (k === 4 ? 8 : 4)} text-anchor="end">${number(b, 3)}</text>`)}
		<text class="name" x=${(LEFT + SIZE - RIGHT) / 2} y=${SIZE - 8} text-anchor="middle">${hill.names[0]}</text>
		<text class="name" transform=${`translate(13,${(TOP + SIZE - BOTTOM) / 2}) rotate(-90)`} text-anchor="middle">${hill.names[1]}</text></g>`;
}

function Keys({ hill, ends }) {
	const room = ends[1] - ends[0];
	const scaled = (change) => {
		const times = drawn(change, room);
		return times === null ? ": 0" : times === 1 ? "" : `, drawn × ${number(times)}`;
	};
	const [a, b] = hill.plain.to;
	const isOut = a < ends[0] || a > ends[1] || b < ends[2] || b > ends[3];
	return html`<ul class="keys">
		<li><i class="key here"></i>here</li>
		<li><i class="key gradient"></i>gradient, uphill${scaled(hill.gradient.at)}</li>
		<li><i class="key step"></i>the optimizer's step${scaled(hill.step.change)}</li>
		<li><i class="key plain"></i>−rate · gradient, as long as it is${isOut ? "; it ends outside" : ""}</li>
	</ul>`;
}

function Cross({ hill, at, setCross }) {
	if (!at) return html`<p class="faint cross-words">Click the map, or move with the arrow keys, to read the cost anywhere.</p>`;
	const a = hill.first[at.i], b = hill.second[at.j], cost = hill.costs[at.j][at.i];
	const go = () => {
		hill.chosen.forEach((name, k) => edit(name, [a, b][k]));
		setCross(null);
	};
	return html`<p class="cross-words" aria-live="polite">${hill.names[0]} = <output>${number(a)}</output>,
		${" "}${hill.names[1]} = <output>${number(b)}</output>: L = <output>${cost === null ? "not finite" : number(cost)}</output>
		${hill.chosen.length > 0 && html` <button onClick=${go}>Go on from here</button>`}</p>`;
}
