// The strip of a wide layer: a cell for each neuron, colored by the lens; those that are drawn have
// a frame.
import { useState } from "preact/hooks";
import { color, number } from "studio/format";
import { html } from "studio/html";

const SHADES = 24;

// Cells of a shade are one path, so that a strip of a thousand takes no more than two dozen.
function paths(values, most, { across, cell }) {
	const found = new Map();
	values.forEach((value, i) => {
		const shade = Math.round(Math.max(-1, Math.min(1, value / most)) * SHADES);
		if (shade === 0) return;
		const x = (i % across) * cell, y = Math.floor(i / across) * cell;
		found.set(shade, `${found.get(shade) ?? ""}M${x} ${y}h${cell}v${cell}h${-cell}z`);
	});
	return [...found];
}

export function Strip({ strip, numbers, incoming, select, of }) {
	const [hovered, hover] = useState(null);
	const { layer, size, across, cell, x, y, width, height } = strip, { step, lens } = numbers;
	const shown = numbers.strip(layer, incoming), prefix = layer ? `a${layer}` : "x";
	const at = (event) => {
		const box = event.currentTarget.getBoundingClientRect();
		const column = Math.floor(((event.clientX - box.left) / box.width) * across);
		const i = Math.floor(((event.clientY - box.top) / box.height) * Math.ceil(size / across)) * across + column;
		return i >= 0 && i < size ? i : null;
	};
	const named = (i) => `${shown ? shown.name.includes("·") ? shown.name.replace("·", i) : `${shown.name}[${i}]` : `${prefix}[${i}]`}`
		+ `${layer === 0 ? ` ${numbers.about.features[i] ?? ""}` : ""}${shown ? ` = ${number(shown.values[i])}` : ""}`;
	const selected = Number(of.match(layer ? new RegExp(`^a${layer}\\[(\\d+)\\]`) : /^x\[(\d+)\]/)?.[1] ?? -1);
	const frame = (i) => `M${(i % across) * cell} ${Math.floor(i / across) * cell}h${cell}v${cell}h${-cell}z`;
	return html`<g class="strip" transform=${`translate(${x} ${y})`}>
		<text class="name start" x="0" y="-6">${hovered === null
			? shown ? `${shown.name}: all ${size}` : layer === 0 && numbers.isOfParameters ? "select a neuron: its weights" : "not yet computed"
			: named(hovered)}</text>
		${shown && paths(shown.values, step.scales[lens], strip).map(([shade, d]) => html`<path key=${shade} d=${d} fill=${color(shade, SHADES)} />`)}
		<path class="frames" d=${step.shown[layer].map(frame).join("")} />
		${selected >= 0 && selected < size && html`<path class="frames selected" d=${frame(selected)} />`}
		<rect class="hit" width=${width} height=${height} onPointerMove=${(event) => hover(at(event))} onPointerLeave=${() => hover(null)}
			onClick=${(event) => { const i = at(event); if (i !== null) select(`${prefix}[${i}]`); }}><title>${`layer ${layer}, ${size} neurons`}</title></rect>
	</g>`;
}
