// The hill: the cost over two weights, or two directions, and where steps lead upon it.
import { useState } from "preact/hooks";
import { usePacedAnswer } from "studio/answers";
import { number, whole } from "studio/format";
import { alerted, html } from "studio/html";
import { Contours } from "studio/screens/hill_contours";
import { Controls, RateControl, Runs } from "studio/screens/hill_controls";
import { Surface } from "studio/screens/hill_surface";
import { useStudio } from "studio/state";

const ASKED = ["n", "plane", "first", "second", "on", "eta", "zoom", "draw", "vs"];

export function HillScreen() {
	const { setup, view } = useStudio();
	const asked = Object.fromEntries(ASKED.map((name) => [name, view[name]]));
	const { answer, error, isOld } = usePacedAnswer("hill", { ...setup, ...asked });
	return html`<section class="hill" aria-busy=${isOld}>
		<${Controls} hill=${answer} />
		${alerted(error)}
		${answer ? html`<${Hill} hill=${answer} />` : !error && html`<p class="waiting">The hill is being measured …</p>`}
	</section>`;
}

function Hill({ hill }) {
	const [cross, setCross] = useState(null);
	if (hill.low === null) return html`<p>The cost is finite nowhere here: look closer, with +.</p>`;
	return html`<p class="words">${sentence(hill)}</p>
		<div class="views">
			<figure><${Contours} hill=${hill} cross=${cross} setCross=${setCross} />
				<${ColorLegend} hill=${hill} /></figure>
			<figure><${Surface} hill=${hill} cross=${cross} /></figure>
			<div class="side">
				<${RateControl} hill=${hill} />
				<${Runs} hill=${hill} />
			</div>
		</div>
		<${Numbers} hill=${hill} />`;
}

function sentence(hill) {
	const rows = hill.all_rows === 1 ? "the one row to learn from"
		: hill.rows === hill.all_rows ? `all ${whole(hill.rows)} rows to learn from`
		: `${whole(hill.rows)} of the ${whole(hill.all_rows)} rows to learn from`;
	return `${hill.words} The cost is the mean of ${rows}${hill.dropout > 0 ? ", without dropout" : ""}.`;
}

function ColorLegend({ hill }) {
	const ticks = [hill.low, ...hill.levels.filter((_, k) => k % 4 === 3).map(({ cost }) => cost), hill.high];
	return html`<figcaption class="scale"><span class="strip" aria-hidden="true"></span>
		<span class="ticks">${ticks.map((tick) => html`<output>${number(tick, 3)}</output>`)}</span>
		<span>L on this hill, from the lowest to the highest</span></figcaption>`;
}

function Numbers({ hill }) {
	const [one, other] = hill.names;
	const rows = [
		["here", "here", hill.here.at, null, hill.here.cost, hill.here.cost],
		["gradient", "gradient", hill.gradient.at, hill.gradient.length, null, null],
		["step", "the optimizer's step", hill.step.change, hill.step.length, hill.step.on_plane, hill.step.whole],
		["plain", `−${number(hill.plain.rate)} · gradient`, hill.plain.change, hill.plain.length, hill.plain.on_plane, hill.plain.whole],
	];
	return html`<div class="scroll" tabindex="0" role="region" aria-label="Numbers of the steps"><table class="numbers">
		<caption>Where steps lead from step ${whole(hill.n)}</caption>
		<thead><tr><th></th><th scope="col">${one}</th><th scope="col">${other}</th>
			<th scope="col" title="of all parameters together">length</th>
			<th scope="col" title="with these two alone changed">L on the hill</th>
			<th scope="col" title="with all parameters changed">L truly</th></tr></thead>
		<tbody>${rows.map(([kind, words, [a, b], length, flat, whole_]) => html`<tr>
			<th scope="row"><i class=${`key ${kind}`}></i>${words}</th>
			${[a, b, length, flat, whole_].map((value, k) => html`<td>${value === null
				? (k > 2 && kind !== "gradient" ? "not finite" : "") : number(value)}</td>`)}</tr>`)}</tbody>
	</table></div>
	<p class="faint">“Truly” is with all parameters changed, not these two alone. The optimizer's step is
		made from the batch of this step${hill.constrained ? "; what is frozen or shared is honored" : ""}.</p>`;
}
