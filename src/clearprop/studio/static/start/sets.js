// The sets that come along, as small pictures of the server's own points.
import { useAnswer } from "studio/answers";
import { html } from "studio/html";
import { Roving } from "studio/roving";
import { setUp } from "studio/state";
import { NONE } from "studio/start/table";

const SIZE = 72;

function Points({ points, labels }) {
	const at = (share) => 5 + share * (SIZE - 10);
	return points.map(([x, y], i) => html`<circle key=${i} cx=${at(x)} cy=${at(1 - y)} r="2.2"
		class=${`class${labels[i]}`} />`);
}

function Pixels({ pixels }) {
	const side = (SIZE - 8) / pixels.length;
	return pixels.map((row, y) => row.map((value, x) => value > 0 && html`<rect key=${`${x},${y}`}
		x=${4 + x * side} y=${4 + y * side} width=${side} height=${side} opacity=${value} />`));
}

function Layers({ sizes }) {
	const x = (l) => 12 + (l * (SIZE - 24)) / (sizes.length - 1);
	const y = (l, i) => SIZE / 2 + (i - (sizes[l] - 1) / 2) * 28;
	const all = (size) => [...Array(size).keys()];
	return html`${sizes.slice(1).map((size, l) => all(size).map((j) => all(sizes[l]).map((i) => html`
			<line x1=${x(l)} y1=${y(l, i)} x2=${x(l + 1)} y2=${y(l + 1, j)} />`)))}
		${sizes.map((size, l) => all(size).map((i) => html`<circle cx=${x(l)} cy=${y(l, i)} r="6" class="neuron" />`))}`;
}

export function Sets({ chosen }) {
	const { answer } = useAnswer("sets", {});
	return html`<${Roving} class="sets" aria-label="Data that comes along">${(answer?.sets ?? []).map((one) => html`
		<button key=${one.name} aria-pressed=${one.name === chosen}
			onClick=${() => setUp({ ...NONE, data: one.name === "circles" ? "" : one.name })}>
			<svg viewBox=${`0 0 ${SIZE} ${SIZE}`} width=${SIZE} height=${SIZE} aria-hidden="true">
				${one.points ? html`<${Points} ...${one} />` : one.pixels ? html`<${Pixels} ...${one} />`
					: html`<${Layers} ...${one} />`}</svg>
			<span>${one.title.replaceAll("-", "\u2011")}</span></button>`)}<//>`;
}
