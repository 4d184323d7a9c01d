// A small drawing of the network, in which a number's way is lit.
import { useRef } from "preact/hooks";
import { number, shortened } from "studio/format";
import { html } from "studio/html";

const ROW = 50, WIDE = 68, HIGH = 36, TOP = 18, SMALL = 22, GAP = 54, NARROW = 42;

export function Drawing({ drawing, about, lit, of, hot, heat, go }) {
	const root = useRef(null);
	const step = WIDE + (drawing.layers.length > 3 ? NARROW : GAP);
	const laid = layout(drawing, step);
	const isHot = new Set(hot.split(" "));
	const things = new Map(laid.map((one) => [one.name, one]));
	const pointed = things.get(hot.split(" ")[0]);
	const columns = drawing.layers.length + 1;
	const rows = Math.max(...drawing.layers.map((layer) => layer.neurons.length + (layer.others > 0 ? 0.6 : 0)),
		1 + (drawing.targets.length * SMALL + 12) / ROW);
	const width = (columns - 1) * step + WIDE + 16, height = TOP + rows * ROW + 10;
	const parts = (kind) => laid.filter((one) => one.kind === kind);
	const shape = (one) => {
		const name = `thing ${one.kind} ${one.lit ? "lit" : ""} ${isHot.has(one.name) ? "hot" : ""} ${one.name === own(of) ? "chosen" : ""}`;
		return html`<g key=${one.name} class=${name} data-name=${one.name} role=${one.to ? "button" : undefined}
			tabindex=${one.to ? (one.name === (things.has(own(of)) ? own(of) : laid[0].name) ? 0 : -1) : undefined}
			aria-label=${spoken(one)} onMouseEnter=${() => heat(one.name)} onFocus=${one.to ? () => heat(one.name) : undefined}
			onClick=${() => one.to && go(to(one, of))} onKeyDown=${(e) => move(e, one, laid, root.current, () => go(to(one, of)))}>
			<title>${spoken(one)}</title>${SHAPES[one.kind](one)}</g>`;
	};
	return html`<figure class="way">
		<div class="way-scroll"><svg ref=${root} viewBox=${`0 0 ${width} ${height}`} style=${`min-width:${Math.min(width, columns * 66)}px;max-width:${width}px`}
			role="group" aria-label=${`The network, ${about.sizes.join("-")}. ${lit}`} onMouseLeave=${() => heat("")}>
			${[...parts("edge"), ...parts("end")].sort((a, b) => a.lit - b.lit).map(shape)}
			${drawing.layers.map((layer, l) => html`<g key=${l} class="caption">
				<text x=${8 + l * step + WIDE / 2} y=${TOP - 6}>${l === 0 ? "input" : shortened([about.activations[l - 1]], 0, 10)}</text>
				${layer.others > 0 && html`<text x=${8 + l * step + WIDE / 2} y=${TOP + layer.neurons.length * ROW + 12}>⋮ ${layer.others} more</text>`}</g>`)}
			${["neuron", "bias", "target", "cost"].flatMap(parts).map(shape)}
		</svg></div>
		<figcaption><span class="pointed" aria-live="polite">${pointed ? spoken(pointed) : lit || "Point at a term, a neuron or an edge."}</span></figcaption>
	</figure>`;
}

// The thing that an element is drawn as.
function own(of) {
	return of.replace(/^(delta|da|z)(?=\d)/, "a").replace(/^d(?=[Wbx])/, "");
}

// What a click on a thing derives: of a neuron, the same that is derived now, or its slope.
function to(one, of) {
	if (one.kind !== "neuron") return one.to;
	const now = of.match(/^(delta|da|z|a|dx|x)(?=[\d[])/)?.[1] ?? "delta";
	if (one.name[0] === "x") return now === "z" || now === "a" || now === "x" ? one.name : `d${one.name}`;
	const symbol = { dx: "delta", x: "a" }[now] ?? now;
	return one.name.replace(/^a/, symbol);
}

function spoken(one) {
	const slope = one.gradient === undefined ? "" : `; ${one.slope} = ${number(one.gradient, 6)}`;
	const own = /^x\[/.test(one.name) && one.label !== one.name ? `${one.name} (${one.label})` : `${one.label}${one.words ?? ""}`;
	return one.value === undefined ? own : `${own} = ${number(one.value, 6)}${slope}`;
}


function layout({ layers, edges, biases, ends, targets, cost }, step) {
	const most = Math.max(...layers.map((layer) => layer.neurons.length));
	const at = new Map(), laid = [], labelOf = new Map(layers[0].neurons.map(({ name, label }) => [name, label]));
	layers.forEach((layer, l) => layer.neurons.forEach((one, i) => {
		const x = 8 + l * step, y = TOP + (i + (most - layer.neurons.length) / 2) * ROW + HIGH / 2;
		at.set(one.name, { x, y });
		laid.push({ ...one, kind: "neuron", x, y, column: 2 * l, to: true, slope: l ? `δ` : "∂L/∂x" });
	}));
	const xL = 8 + layers.length * step, yL = TOP + Math.max(0, (most - 1) / 2 - targets.length * 0.2) * ROW + HIGH / 2;
	for (const one of edges) {
		const [, l, j, i] = one.name.match(/^W(\d+)\[(\d+),(\d+)\]$/);
		const from = at.get(l === "1" ? `x[${i}]` : `a${l - 1}[${i}]`), end = at.get(`a${l}[${j}]`);
		laid.push({ ...one, kind: "edge", words: l === "1" ? ` (from ${labelOf.get(`x[${i}]`)})` : "", x: from.x + WIDE, y: from.y, X: end.x, Y: end.y, column: 2 * l - 1, to: one.name, slope: `∂L/∂${one.label}` });
	}
	for (const one of biases) {
		const { x, y } = at.get(one.name.replace(/^b/, "a"));
		laid.push({ ...one, kind: "bias", x: x - 4, y: y + HIGH / 2, column: 2 * one.name.match(/\d+/)[0], to: one.name, slope: `∂L/∂${one.label}` });
	}
	for (const one of ends) {
		const from = at.get(one.name.slice(2));
		laid.push({ ...one, kind: "end", label: `∂L/∂${one.name.slice(2)}`, x: from.x + WIDE, y: from.y, X: xL, Y: yL, column: 99 });
	}
	laid.push({ ...cost, kind: "cost", x: xL, y: yL, column: 2 * layers.length, to: "L" });
	targets.forEach((one, k) => laid.push({ ...one, kind: "target", x: xL, y: yL + HIGH / 2 + 16 + k * SMALL, column: 99 }));
	const labels = laid.map(({ label }) => label ?? "");
	const short = labels.map((_, k) => shortened(labels, k, 7));
	laid.forEach((one, k) => { one.short = short.filter((other) => other === short[k]).length > 1 ? one.name : short[k]; });
	return laid;
}

const box = ({ x, y, short, value }) => html`<rect x=${x} y=${y - HIGH / 2} width=${WIDE} height=${HIGH} rx="8" />
	<text x=${x + WIDE / 2} y=${y - 4}>${short}</text><text class="number" x=${x + WIDE / 2} y=${y + 11}>${number(value, 4)}</text>`;
const line = ({ x, y, X, Y }) => html`<path class="hit" d=${`M${x} ${y}L${X} ${Y}`} /><path d=${`M${x} ${y}L${X} ${Y}`} />`;

const SHAPES = {
	neuron: box,
	cost: box,
	end: line,
	edge: (one) => html`${line(one)}<g class="tag" transform=${`translate(${(one.x + one.X) / 2} ${(one.y + one.Y) / 2})`}>
		<rect x="-21" y="-8" width="42" height="16" rx="4" /><text y="4">${number(one.value, 3)}</text></g>`,
	bias: ({ x, y }) => html`<circle cx=${x + 6} cy=${y} r="7" /><text x=${x + 6} y=${y + 3.5}>b</text>`,
	target: ({ x, y, short, value }) => html`<text x=${x + WIDE / 2} y=${y}>${short} = ${number(value, 3)}</text>`,
};

// Arrow keys: up and down within a column, left and right to the next.
function move(event, one, laid, root, choose) {
	if (event.key === "Enter" || event.key === " ") {
		event.preventDefault();
		return choose();
	}
	const there = laid.filter((other) => other.to && other !== one);
	const middle = (other) => (other.Y === undefined ? other.y : (other.y + other.Y) / 2);
	const by = (list) => list.sort((a, b) => Math.abs(middle(a) - middle(one)) - Math.abs(middle(b) - middle(one)))[0];
	const beside = (way) => by(there.filter((other) => other.column === one.column + way));
	const column = laid.filter((other) => other.to && other.column === one.column).sort((a, b) => middle(a) - middle(b));
	const next = {
		ArrowRight: () => beside(1) ?? beside(2),
		ArrowLeft: () => beside(-1) ?? beside(-2),
		ArrowDown: () => column[column.indexOf(one) + 1],
		ArrowUp: () => column[column.indexOf(one) - 1],
	}[event.key]?.();
	if (!next) return;
	event.preventDefault();
	[...root.querySelectorAll("[data-name]")].find((g) => g.dataset.name === next.name)?.focus();
}
