// The map of what the network decides, or of one neuron, with the rows of the data on it.
import { useMemo } from "preact/hooks";
import { capital, color, number, whole } from "studio/format";
import { html } from "studio/html";
import { MapCanvas, MapLine, MapScale, classColor, classShape, opaque } from "studio/maps";
import { look } from "studio/state";

const SIZE = 500; // of the drawing, in its own units

export function DecisionMap({ maps, points, verdicts, step, view, shown, point, follow }) {
	if (!maps || !points) return html`<div class="data-map is-empty">The map is on its way.</div>`;
	const isLine = maps.kind === "line";
	const chosen = maps.layers.flatMap(({ maps: each }) => each).find(({ name }) => name === view.map);
	const map = chosen ?? maps.output;
	const scale = scales(maps, map, isLine);
	const names = namesOf(points);
	const label = `${chosen ? `Map of ${chosen.name}` : "Map of the decision"} at step ${maps.n}: `
		+ `from ${number(map.low)} to ${number(map.high)}, with ${names.length} rows`;
	const move = (event) => {
		const at = names.indexOf(shown);
		const to = { ArrowRight: at + 1, ArrowUp: at + 1, ArrowLeft: at - 1, ArrowDown: at - 1, Home: 0, End: names.length - 1 }[event.key];
		if (to !== undefined) {
			event.preventDefault();
			point(names[Math.min(Math.max(to, 0), names.length - 1)]);
		} else if ((event.key === "Enter" || event.key === " ") && shown) {
			event.preventDefault();
			follow(shown);
		} else if (event.key === "Escape") point("");
	};
	const rowOf = (event) => event.target.closest?.("[data-row]")?.dataset.row;
	return html`<figure class="data-map">
		<div class="data-frame">
			${isLine ? html`<${MapLine} map=${map} label=${label} />`
				: html`<${MapCanvas} map=${map} size=${maps.size} label=${label} />`}
			<svg viewBox=${`0 0 ${SIZE} ${SIZE}`} tabindex="0" role="slider" aria-label="Rows of the data: arrows go through them, Enter follows one"
				aria-valuemin="0" aria-valuemax=${names.length - 1} aria-valuenow=${Math.max(names.indexOf(shown), 0)}
				aria-valuetext=${shown ? nameOf(shown) : "no row"}
				onKeyDown=${move} onPointerLeave=${() => point("")}
				onPointerMove=${(e) => point(rowOf(e) ?? "")}
				onClick=${(e) => { const name = rowOf(e); if (name) follow(name); }}>
				${!chosen && maps.output.lines.map((line, at) => html`<polyline key=${at} class="boundary"
					points=${line.map(([x, y]) => scale({ place: [x, y] }).map((v) => v.toFixed(1)).join(",")).join(" ")} />`)}
				${!(isLine && chosen) && html`
					<${Points} points=${points} scale=${scale} scaleKey=${JSON.stringify([maps.first, maps.second, isLine && [map.low, map.high]])} map=${maps.output} />
					<${Marks} points=${points} verdicts=${verdicts} step=${step} scale=${scale} shown=${shown} view=${view} />`}
			</svg>
			<span class="axis-up" title=${maps.names[1] ?? map.name}><b>${maps.names[1] ?? map.name}</b></span>
			${isLine ? html`<span class="up-low number">${number(lineEnds(map)[0], 3)}</span><span class="up-high number">${number(lineEnds(map)[1], 3)}</span>`
				: html`<span class="up-low number">${number(maps.second[0], 3)}</span><span class="up-high number">${number(maps.second[1], 3)}</span>`}
			<span class="across-low number">${number(maps.first[0], 3)}</span>
			<b class="axis-across">${maps.names[0]}</b>
			<span class="across-high number">${number(maps.first[1], 3)}</span>
		</div>
		<figcaption>
			<p>${chosen && html`<button onClick=${() => look({ map: "" })}>Show the decision</button> `}
				<${Words} maps=${maps} map=${map} isLine=${isLine} /></p>
			${!map.largest && !isLine && html`<${MapScale} map=${map} />`}
			<${Legend} points=${points} />
		</figcaption>
	</figure>`;
}

function Words({ maps, map, isLine }) {
	const range = html`<span class="number">${number(map.low, 3)}</span> to <span class="number">${number(map.high, 3)}</span>`;
	const line = map.lines?.length ? `; line: where it is ${number(map.center)}` : "";
	return html`${isLine ? html`The line is <b>${map.name}</b>: ${range}${map === maps.output && "; the points are the targets"}.`
		: map.largest ? html`Color: the class of the largest output; the stronger, the further it is ahead of the next (${range}).`
		: html`Color: <b>${map.name}</b>, ${range} here${line}.`}
		${maps.words && html` ${capital(maps.words)}.`}`;
}

const nameOf = (row) => (row.startsWith("h") ? `row ${row.slice(1)} put aside` : `row ${row}`);
const namesOf = (points) => [
	...points.learned.places.map((_, i) => String(i)), ...points.held.places.map((_, i) => `h${i}`),
];

function lineEnds(map) {
	return [Math.min(map.center - map.most, map.low), Math.max(map.center + map.most, map.high)];
}

// Where a place of the data is in the drawing; over a line, a row's height is its target.
function scales(maps, map, isLine) {
	const [left, right] = maps.first;
	const [bottom, top] = isLine ? lineEnds(map) : maps.second;
	return ({ place, target }) => [
		(SIZE * (place[0] - left)) / (right - left),
		(SIZE * (top - (isLine ? target : place[1]))) / (top - bottom),
	];
}

function Points({ points, scale, scaleKey, map }) {
	return useMemo(() => ["held", "learned"].map((part) => {
		const { places, targets } = points[part];
		return html`<g class=${`${part} ${points.classes.length ? "" : "of-numbers"}`} key=${part}>${places.map((place, i) => {
			const [x, y] = scale({ place, target: targets[i] });
			const isClass = points.classes.length > 0;
			const fill = isClass ? classColor(targets[i]) : opaque(color(targets[i] - map.center, map.most));
			return html`<path key=${i} data-row=${part === "held" ? `h${i}` : String(i)} d=${classShape(isClass ? targets[i] : 0)}
				transform=${`translate(${x.toFixed(1)},${y.toFixed(1)})`} style=${part === "held" && isClass ? `stroke:${fill}` : `fill:${fill}`} />`;
		})}</g>`;
	}), [points, scaleKey]);
}

// What changes from step to step: who is wrong, who is in the batch, who is followed.
function Marks({ points, verdicts, step, scale, shown, view }) {
	const at = (name) => {
		const part = name.startsWith("h") ? points.held : points.learned, i = Number(name.replace("h", ""));
		return part.places[i] && scale({ place: part.places[i], target: part.targets[i] });
	};
	const mark = (name, make) => {
		const place = at(name);
		return place && make(...place.map((v) => Number(v.toFixed(1))));
	};
	const wrong = verdicts ? [...verdicts.learned.wrong.map(String), ...verdicts.held.wrong.map((i) => `h${i}`)] : [];
	const batch = step && step.batch.length < points.learned.rows ? step.batch : [];
	return html`<g class="marks">
		${batch.map((i) => mark(String(i), (x, y) => html`<circle key=${`b${i}`} class="in-batch" cx=${x} cy=${y} r="7.5" />`))}
		${wrong.map((name) => mark(name, (x, y) => html`<path key=${`w${name}`} class="is-wrong" d=${`M${x - 4},${y - 4}l8,8m0,-8l-8,8`} />`))}
		${view.row && mark(view.row, (x, y) => html`<circle class="followed" cx=${x} cy=${y} r="12" />`)}
		${shown && shown !== view.row && mark(shown, (x, y) => html`<circle class="pointed" cx=${x} cy=${y} r="12" />`)}
	</g>`;
}

function Legend({ points }) {
	const { classes, learned, held } = points;
	const drawn = (part, words) => part.rows > 0 && `${whole(part.rows)} ${words}`
		+ (part.rows > part.places.length ? ` (${whole(part.places.length)} drawn)` : "");
	const sign = (path, extra) => html`<svg viewBox="-8 -8 16 16" aria-hidden="true">${path}${extra}</svg>`;
	return html`<ul class="data-legend">
		${classes.map((name, k) => html`<li key=${name}>${sign(html`<path d=${classShape(k)} style=${`fill:${classColor(k)}`} />`)} ${name}</li>`)}
		<li>${sign(html`<path d=${classShape(0)} class="filled" />`)} ${drawn(learned, "to learn from")}</li>
		${held.rows > 0 && html`<li>${sign(html`<path d=${classShape(0)} class="hollow" />`)} ${drawn(held, "put aside")}</li>`}
		${classes.length > 0 && html`<li>${sign(html`<path class="is-wrong" d="M-4,-4l8,8m0,-8l-8,8" />`)} called wrong</li>`}
		<li>${sign(html`<circle class="in-batch" r="6" />`)} in this batch</li>
		<li>${sign(html`<circle class="followed" r="6.5" />`)} followed</li>
	</ul>`;
}
