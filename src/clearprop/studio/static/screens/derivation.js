// The derivation of one number: its formulas, its way through the network, and its check.
import { useState } from "preact/hooks";
import { usePacedAnswer } from "studio/answers";
import { ElementChooser } from "studio/element-chooser";
import { parts } from "studio/format";
import { alerted, html } from "studio/html";
import { Roving } from "studio/roving";
import { Check } from "studio/screens/derivation-check";
import { Drawing } from "studio/screens/derivation-drawing";
import { Formulas } from "studio/screens/derivation-formulas";
import { ask, isReplay } from "studio/source";
import { look, useStudio } from "studio/state";

const FIRST = "W1[0,0]";
const TRAIL = 6;
const SYMBOLS = { z: "z", a: "a", da: "∂L/∂a", delta: "δ", x: "x", dx: "∂L/∂x" };

export function DerivationScreen({ about }) {
	const { setup, view } = useStudio();
	const of = view.of || FIRST;
	const place = { ...setup, n: view.n, sample: view.sample, of };
	const how = { largest: view.largest, superscripts: view.superscripts, one_based: view.one_based, names: view.names };
	const { answer, error, isOld } = usePacedAnswer("derivation", { ...place, ...how });
	const [hot, heat] = useState("");
	const trail = parts(view.trail);
	const called = (name) => (view.names === "code" ? name : (about.names[name] ?? name));

	// To the derivation of something that this one speaks of; back, if it was come from.
	const go = (to) => {
		if (to === of) return;
		const at = trail.indexOf(to);
		const next = at >= 0 ? trail.slice(0, at) : [...trail, of].slice(-TRAIL);
		heat("");
		look({ of: to, trail: next.join(";") }, true);
	};
	return html`<div class="derivation">
		<div class="derivation-bar">
			<${ElementChooser} value=${of} called=${called(of)} onChoose=${(to) => look({ of: to, trail: "" }, true)} />
			<${Related} related=${answer?.related ?? []} asked=${answer?.asked} go=${go} />
			<${Trail} trail=${trail} of=${of} called=${called} go=${go} />
			${!isReplay && html`<${Manner} named=${answer?.named} view=${view} />`}
		</div>
		${alerted(error)}
		${!answer && !error && html`<p class="faint" role="status">Deriving ${called(of)} …</p>`}
		${answer && html`<div class=${`derivation-halves ${isOld ? "is-old" : ""}`}>
			<aside aria-label="The way, and the check">
				<${Drawing} drawing=${answer.drawing} about=${about} lit=${answer.lit} of=${answer.asked} hot=${hot} heat=${heat} go=${go} />
				<${Check} pairs=${place} of=${answer.asked} called=${called} />
			</aside>
			<article>
				<${Formulas} answer=${answer} hot=${hot} heat=${heat} go=${go} />
				<${Copies} pairs=${{ ...place, ...how }} />
			</article>
		</div>`}
	</div>`;
}

// What else there is of the same neuron: z, a, and the slopes by them.
function Related({ related, asked, go }) {
	if (related.length < 2) return null;
	const word = (name) => SYMBOLS[name.match(/^[A-Za-z]+/)[0]] ?? name;
	return html`<${Roving} class="chips" aria-label="Of the same place">${related.map((name) => html`
		<button key=${name} title=${name} aria-label=${name} aria-pressed=${name === asked} onClick=${() => go(name)}>${word(name)}</button>`)}<//>`;
}

function Trail({ trail, of, called, go }) {
	if (!trail.length) return null;
	return html`<nav class="trail" aria-label="Come from">${trail.map((name) => html`
		<button key=${name} onClick=${() => go(name)}>${called(name)}</button><span aria-hidden="true">›</span>`)}
		<b aria-current="page">${called(of)}</b></nav>`;
}

// How it is written, as cp.explain takes it.
function Manner({ named, view }) {
	return html`<div class="manner" role="group" aria-label="How it is written">
		<label>Layers <select value=${view.superscripts ?? "plain"}
			onChange=${(e) => look({ superscripts: e.target.value === "plain" ? "" : e.target.value })}>
			<option value="plain">a¹</option><option value="parentheses">a⁽¹⁾</option></select></label>
		<label>Terms <select value=${view.largest || "6"}
			onChange=${(e) => look({ largest: e.target.value === "6" ? "" : e.target.value })}>
			${["3", "6", "12", "24", "60"].map((n) => html`<option key=${n} value=${n}>the ${n} largest</option>`)}</select></label>
		<label><input type="checkbox" checked=${view.one_based === "1"}
			onChange=${(e) => look({ one_based: e.target.checked ? "1" : "" })} /> count from 1</label>
		${named && html`<label><input type="checkbox" checked=${view.names !== "code"}
			onChange=${(e) => look({ names: e.target.checked ? "" : "code" })} /> names such as “${named}”</label>`}
	</div>`;
}

function Copies({ pairs }) {
	const [said, say] = useState("");
	const copy = async (form) => {
		try {
			await navigator.clipboard.writeText((await ask("derivation", { ...pairs, form })).text);
			say(`Copied as ${form === "latex" ? "LaTeX" : "text"}.`);
		} catch (error) {
			say(error.message);
		}
	};
	return html`<${Roving} class="copies" aria-label="Take it along">
		${!isReplay && html`<button onClick=${() => copy("latex")}>Copy as LaTeX</button>
		<button onClick=${() => copy("text")}>Copy as text</button>`}
		<button onClick=${() => print()}>Print</button>
		<span role="status">${said}</span>
	<//>`;
}
