// A plot of lines over steps or rates, in the page's own colors; its legend says the numbers at the
// step that is pointed at, away from the drawing the last ones.
import { useMemo, useState } from "preact/hooks";
import { number, whole } from "studio/format";
import { html } from "studio/html";
import { axis, endsOf } from "studio/scales";
import { useWidth } from "studio/width";

export const RUN_COLORS = ["var(--accent)", "var(--above)", "#009E73", "#CC79A7", "#B8960C", "#8C6BB1", "#7F7F7F"];

const LEFT = 62, RIGHT = 14, TOP = 8, BOTTOM = 42, DOT = 3;

const written = (value) => (Math.abs(value) >= 1000 && Number.isInteger(value) ? whole(value) : number(value, 3).replace(".0e", "e"));

// The paths, for a width: a line is broken where it has no number, and a number alone is a dot.
function drawn(lines, width, { tall, logX, logY, top, isOfSteps }) {
	const right = width - RIGHT, bottom = tall - BOTTOM;
	const known = lines.flatMap(({ y }) => y.filter((value) => value !== null));
	const [low, high] = endsOf(known, logY);
	const up = top === undefined ? axis(low, high, logY, tall / 40) : axis(Math.min(low, 0), top, false, tall / 40);
	const steps = lines.flatMap(({ x }) => x), from = Math.min(...steps), to = Math.max(...steps);
	const across = axis(...(steps.length ? (from < to ? [from, to] : [from, from + 1]) : [0, 1]), logX, width / 80);
	if (isOfSteps) across.marks = across.marks.filter(Number.isInteger);
	const x = (value) => LEFT + across.share(value) * (right - LEFT);
	const y = (value) => bottom - up.share(value) * (bottom - TOP);
	const isThere = (line, at) => at >= 0 && at < line.x.length && up.share(line.y[at]) !== null;
	const place = (line, at) => `${x(line.x[at]).toFixed(1)} ${y(line.y[at]).toFixed(1)}`;
	const path = (line) => line.x.map((_, at) =>
		(isThere(line, at) ? `${isThere(line, at - 1) ? "L" : "M"}${place(line, at)}` : "")).join("");
	const dots = (line) => line.x.map((_, at) =>
		(isThere(line, at) && !isThere(line, at - 1) && !isThere(line, at + 1) ? `M${place(line, at)}h0` : "")).join("");
	return {
		x, y, right, bottom, across, up, steps: [...new Set(steps)].sort((a, b) => a - b), paths: lines.map(path), dots: lines.map(dots),
		valueAt: (left) => across.value((left - LEFT) / (right - LEFT)),
	};
}

const nearest = (list, value) => list.reduce((best, one, at) =>
	(Math.abs(one - value) < Math.abs(list[best] - value) ? at : best), 0);

// lines: {label, x, y, color, dash, width}, null in y where there is no number. at: where a vertical
// line stands. onPick: of an x. top: the most that y shows.
export function Plot({ lines, label, at, onPick, xName = "step", logX = false, logY = false, top, tall = 250 }) {
	const [box, width] = useWidth(), [pointed, point] = useState(null);
	const isOfSteps = xName === "step";
	const plan = useMemo(() => width > 0 && drawn(lines, width, { tall, logX, logY, top, isOfSteps }), [lines, width, logX, logY, top]);
	const valueOf = (event) => plan.valueAt(event.clientX - event.currentTarget.getBoundingClientRect().left);
	const step = plan && pointed !== null ? plan.steps[nearest(plan.steps, pointed)] : null;
	return html`<div class="plot" style=${`min-height:${tall}px`} ref=${box}>${plan && html`
		<svg width=${width} height=${tall} role="img" aria-label=${label} class=${onPick ? "picks" : ""}
			onPointerMove=${(e) => point(valueOf(e))} onPointerLeave=${() => point(null)} onClick=${(e) => onPick?.(valueOf(e))}>
			<${Axes} plan=${plan} xName=${xName} />
			<svg x=${LEFT - DOT} y="0" width=${plan.right - LEFT + 2 * DOT} height=${plan.bottom} viewBox=${`${LEFT - DOT} 0 ${plan.right - LEFT + 2 * DOT} ${plan.bottom}`}>
				${lines.map(({ color, dash, width: thick = 2 }, k) => html`<path key=${k} d=${plan.paths[k]}
					style=${`stroke:${color};stroke-width:${thick};stroke-dasharray:${dash ?? "none"}`} />`)}
				${lines.map(({ color }, k) => plan.dots[k] && html`<path key=${`dots ${k}`} d=${plan.dots[k]}
					style=${`stroke:${color};stroke-width:${2 * DOT};stroke-linecap:round`} />`)}
				${[[at, "at"], [step, "pointed"]].map(([value, name]) => value != null && html`<line key=${name} class=${name}
					x1=${plan.x(value)} x2=${plan.x(value)} y1=${TOP} y2=${plan.bottom} />`)}</svg>
		</svg><${Legend} lines=${lines} step=${step} last=${plan.steps.at(-1)} xName=${xName} />`}</div>`;
}

function Axes({ plan, xName }) {
	const { x, y, right, bottom, across, up } = plan;
	return html`<g class="axes">
		${up.marks.map((value) => html`<g key=${value}><line x1=${LEFT} x2=${right} y1=${y(value)} y2=${y(value)} />
			<text x=${LEFT - 8} y=${y(value) + 4} text-anchor="end">${written(value)}</text></g>`)}
		${across.marks.map((value) => html`<g key=${value}><line x1=${x(value)} x2=${x(value)} y1=${TOP} y2=${bottom} />
			<text x=${x(value)} y=${bottom + 16} text-anchor=${x(value) > right - 12 ? "end" : "middle"}>${written(value)}</text></g>`)}
		<text x=${(LEFT + right) / 2} y=${bottom + 34} text-anchor="middle">${xName}</text></g>`;
}

function Legend({ lines, step, last, xName }) {
	const numberOf = ({ x, y }) => {
		const place = step === null ? y.findLastIndex((value) => value !== null) : nearest(x, step);
		const elsewhere = step !== null && x[place] !== step ? ` at ${written(x[place])}` : "";
		return (number(y[place]) || "none") + elsewhere;
	};
	return html`<ul class="plot-legend"><li>${xName} <b class="number">${written(step ?? last ?? 0)}</b></li>
		${lines.map((line) => html`<li key=${line.label}><i style=${`border-top:${line.width ?? 2}px ${line.dash ? "dashed" : "solid"} ${line.color}`}></i>
			${line.label} <b class="number">${numberOf(line)}</b></li>`)}</ul>`;
}

// The numbers of a plot as a table: a dozen of the rows, and the last.
export function Numbers({ heads, rows }) {
	const every = Math.ceil(rows.length / 12);
	return html`<details><summary>As a table</summary><div class="scrolls"><table>
		<thead><tr>${heads.map((words) => html`<th scope="col" key=${words}>${words}</th>`)}</tr></thead>
		<tbody>${rows.map((row, i) => (i % every === 0 || i === rows.length - 1) && html`<tr key=${i}>${row.map((text) => html`<td class="number">${text}</td>`)}</tr>`)}</tbody></table></div></details>`;
}
