// How well it fits: the confusion of classes, or the residuals of numbers.
import { counted, number, whole } from "studio/format";
import { html } from "studio/html";
import { look } from "studio/state";

const METRICS = { accuracy: "right", r2: "R²" };

export function Fit({ verdicts, about, view }) {
	const part = view.part === "held" ? "held" : "learned";
	const title = about.classes.length || verdicts?.classes.length ? "Confusion" : "Residuals";
	const choose = (value, words) => html`<button aria-pressed=${part === value}
		onClick=${() => look({ part: value === "held" ? "held" : "" })}>${words}</button>`;
	return html`<h2 id="data-fit">${title}</h2>
		${about.held_rows > 0 && html`<div class="buttons" role="group" aria-label="Which rows">
			${choose("learned", "learned from")} ${choose("held", "put aside")}</div>`}
		${verdicts && (verdicts.rows === 0 ? html`<p class="hint">No rows were put aside.</p>`
			: html`<p>${Object.entries(verdicts.metrics).map(([name, value]) => html`<b class="number">${
					name === "accuracy" ? `${number(100 * value, 3)}%` : number(value)}</b> ${METRICS[name] ?? name}`)}
					${verdicts.root_mean_square != null && html`, root mean square <b class="number">${number(verdicts.root_mean_square)}</b>`}
					${" "}of ${counted(verdicts.rows, "row")} at step ${whole(verdicts.n)}.</p>
				${verdicts.confusion ? html`<${Confusion} verdicts=${verdicts} />` : html`<${Residuals} verdicts=${verdicts} part=${part} />`}`)}`;
}

function Confusion({ verdicts }) {
	const { classes, confusion, confusion_shares: shares } = verdicts;
	return html`<div class="scrolls"><table class="confusion">
		<thead><tr><td></td><th scope="colgroup" colspan=${classes.length}>called</th></tr>
			<tr><th scope="col">is</th>${classes.map((name) => html`<th scope="col" key=${name}>${name}</th>`)}</tr></thead>
		<tbody>${confusion.map((counts, k) => html`<tr key=${k}><th scope="row">${classes[k]}</th>
			${counts.map((count, j) => html`<td key=${j} class=${j === k ? "right" : "wrong"} style=${`--share:${(100 * shares[k][j]).toFixed(0)}%`}>
				<b class="number">${whole(count)}</b> <span class="number">${number(100 * shares[k][j], 3)}%</span></td>`)}</tr>`)}</tbody>
	</table></div>`;
}

function Residuals({ verdicts, part }) {
	const { targets } = verdicts, residuals = verdicts.residuals;
	const most = Math.max(...residuals.map((value) => Math.abs(value ?? 0))) || 1;
	const low = Math.min(...targets), high = Math.max(...targets);
	const x = (value) => 300 * ((value - low) / (high - low || 1)), y = (value) => 90 - (80 * value) / most;
	return html`<figure class="residuals">
		<svg viewBox="-44 -4 360 208" role="img" aria-label=${`Output less target, over the target, of ${residuals.length} rows: at most ${number(most)} off`}>
			<line x1="0" x2="300" y1="90" y2="90" />
			${residuals.map((value, i) => value !== null && html`<circle key=${i} cx=${x(targets[i]).toFixed(1)} cy=${y(value).toFixed(1)} r="3"
				onClick=${() => look({ row: `${part === "held" ? "h" : ""}${i}` })}><title>row ${i}: ${number(value)}</title></circle>`)}
			${[most, 0, -most].map((value) => html`<text x="-6" y=${y(value) + 4} text-anchor="end">${number(value, 2)}</text>`)}
			<text x="0" y="196">${number(low, 3)}</text><text x="150" y="196" text-anchor="middle">target</text>
			<text x="300" y="196" text-anchor="end">${number(high, 3)}</text>
		</svg>
		<figcaption class="hint">Output less target, over the target.</figcaption></figure>`;
}
