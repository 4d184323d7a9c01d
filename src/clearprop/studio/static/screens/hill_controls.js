// What is asked of the hill: which plane, which rows, the rate, runs beside this one.
import { useState } from "preact/hooks";
import { number, parts, whole } from "studio/format";
import { html } from "studio/html";
import { isReplay, opened } from "studio/source";
import { address, look, useStudio } from "studio/state";

const PLANES = [
	["weights", "two weights"], ["path", "main directions of the path"], ["random", "two random directions"],
];

export function Controls({ hill }) {
	const { view } = useStudio();
	const change = (name) => (event) => look({ [name]: event.target.value });
	const plane = view.plane || "weights";
	return html`<div class="controls" role="group" aria-label="The hill's plane">
		<label>Over <select value=${plane} onChange=${change("plane")}>
			${PLANES.map(([name, words]) => html`<option value=${name}>${words}</option>`)}</select></label>
		${plane === "weights" && ["first", "second"].map((name, k) => html`
			<${Weight} key=${name} label=${k ? "and" : "weight"} value=${view[name] || hill?.chosen[k] || ""}
				elements=${hill?.elements ?? []} onChange=${change(name)} />`)}
		${plane === "random" && html`<button onClick=${() => look({ draw: view.draw + 1 })}>Draw others</button>`}
		<label>Cost of <select value=${view.on || "all"} onChange=${change("on")}>
			<option value="all">all rows</option><option value="batch">this step's batch</option></select></label>
		<span class="move"><button aria-label="Look from farther" onClick=${() => look({ zoom: Math.max(view.zoom - 1, -8) })}>−</button>
			<span>zoom</span>
			<button aria-label="Look closer" onClick=${() => look({ zoom: Math.min(view.zoom + 1, 8) })}>+</button></span>
	</div>`;
}

function Weight({ label, value, elements, onChange }) {
	return html`<label>${label} ${elements.length
		? html`<select value=${value} onChange=${onChange}>
				${elements.map((name) => html`<option>${name}</option>`)}</select>`
		: html`<input size="12" value=${value} onChange=${onChange} spellcheck="false" />`}</label>`;
}

export function RateControl({ hill }) {
	const { rate, own } = hill.plain;
	const at = hill.rates.indexOf(rate);
	const words = `rate ${number(rate)}${rate === own ? ", the optimizer's own" : ""}`;
	return html`<div class="rate">
		<label>A plain step, −rate · gradient:
			<input type="range" aria-label="Rate" min="0" max=${hill.rates.length - 1} value=${at}
				aria-valuetext=${words} onInput=${(e) => look({ eta: String(hill.rates[Number(e.target.value)]) })} />
		</label>
		<output>${words}</output>
		<${ByRate} hill=${hill} at=${at} />
	</div>`;
}

const WIDE = 340, TALL = 120, LEFT = 52, BOTTOM = 24;

// The cost after one plain step, by its rate.
function ByRate({ hill, at }) {
	const here = hill.here.cost, costs = hill.by_rate;
	const sound = costs.filter((cost) => cost !== null);
	const low = Math.min(here, ...sound), high = Math.max(here * 2 - low, low + 1e-12);
	const n = costs.length;
	const x = (k) => LEFT + ((WIDE - LEFT - 8) * k) / (n - 1);
	const y = (cost) => 8 + (TALL - BOTTOM - 8) * (1 - Math.min((cost - low) / (high - low), 1.06));
	const line = costs.map((cost, k) => `${k ? "L" : "M"}${x(k)},${y(cost ?? high * 2)}`).join("");
	const best = costs.indexOf(Math.min(...sound));
	const text = `Cost after one plain step of all parameters, by the rate: lowest, ${number(costs[best])}, at ${number(hill.rates[best])};
		${costs[at] === null ? "not finite" : number(costs[at])} at ${number(hill.rates[at])}; now ${number(here)}.`;
	const ticks = hill.rates.map((rate, k) => [rate, k]).filter(([rate]) => [0.001, 0.1, 10, 1000].includes(rate));
	return html`<svg class="by-rate" viewBox=${`0 0 ${WIDE} ${TALL}`} role="img" aria-label=${text}>
		<line class="now" x1=${LEFT} x2=${WIDE - 8} y1=${y(here)} y2=${y(here)} />
		<text class="tick" x=${LEFT - 4} y=${y(here) + 4} text-anchor="end">${number(here, 3)}</text>
		${y(low) - y(here) > 14 && html`<text class="tick" x=${LEFT - 4} y=${y(low) + 4} text-anchor="end">${number(low, 3)}</text>`}
		<path class="curve" d=${line} />
		<circle class="plain" r="4.5" cx=${x(at)} cy=${y(costs[at] ?? high * 2)} />
		${ticks.map(([rate, k]) => html`<text class="tick" x=${x(k)} y=${TALL - 8} text-anchor="middle">${number(rate)}</text>`)}
	</svg>
	<p class="faint">L after one such step, by its rate (dashed: L now). Lowest: ${number(costs[best])} at ${number(hill.rates[best])}.</p>`;
}

export function Runs({ hill }) {
	const { view } = useStudio();
	const [own, setOwn] = useState("");
	const beside = parts(view.vs);
	const set = (list) => look({ vs: list.join(";") }, true);
	const add = (one) => one && !beside.includes(one) && set([...beside, one]);
	return html`<div class="runs" role="group" aria-label="Runs">
		<h2>Runs on this hill</h2>
		<ul>${hill.paths.map((path, k) => html`<li key=${path.name}><i class=${`line run${k}`}></i>
			<span>${path.name}: L = <output>${path.cost === null ? "not finite" : number(path.cost)}</output> at step ${whole(path.n)}</span>
			${k > 0 && html`<button aria-label=${`Without ${path.name}`} onClick=${() => set(beside.filter((_, i) => i !== k - 1))}>×</button>`}
		</li>`)}</ul>
		${isReplay && html`<p class="faint">Other runs beside it are not in a replay. ${opened(address())}</p>`}
		${beside.length < 5 && !isReplay && html`<p class="add">Beside it:
			${hill.suggested.filter(({ vs }) => !beside.includes(vs)).map(({ words, vs }) => html`
				<button key=${vs} onClick=${() => add(vs)}>${words}</button>`)}
			<form onSubmit=${(e) => { e.preventDefault(); add(own.trim().replace(/ /g, "")); setOwn(""); }}>
				<input aria-label="Another run, such as optimizer:adam,rate:0.1" placeholder="optimizer:adam,rate:0.1"
					value=${own} onInput=${(e) => setOwn(e.target.value)} spellcheck="false" /><button>Add</button>
			</form></p>`}
	</div>`;
}
