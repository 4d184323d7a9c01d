// The panel: every number of the element that is selected, and what can be done with it.
import { number } from "studio/format";
import { alerted, html } from "studio/html";
import { Roving } from "studio/roving";
import { edit, edits, freeze, fromStart, frozen, isFixed, part, removeEdit, share, shared, thaw } from "studio/screens/network/editing";
import { look, useStudio } from "studio/state";

export function Panel({ numbers, found, error, of, select }) {
	return html`<aside class="panel" aria-label="Selected element">
		<form class="go-to" onSubmit=${(event) => { event.preventDefault(); select(event.target.elements.of.value.trim()); }}>
			<label>Element <input name="of" value=${of} placeholder="W1[0,1]" spellcheck=${false} autocomplete="off" /></label>
			<button>Select</button>
			${of && html`<button type="button" aria-label="Select nothing" onClick=${() => select("")}>×</button>`}
		</form>
		${alerted(error)}
		${!of && html`<p class="hint">Select a neuron or an edge to see its numbers. ${!isFixed() && `Drag a weight, bias, input
			or target up or down to change it: everything follows.`}</p>`}
		${of && found && !error && html`<${Element} numbers=${numbers} found=${found} select=${select} />`}
		<${Changes} />
	</aside>`;
}

function Element({ numbers, found, select }) {
	const { about, step, op } = numbers, name = about.names[found.of];
	return html`<h2><code>${found.of}</code>${name && html` <b>${name}</b>`} <small>${words(found, about)}</small></h2>
		${found.cell && !isFixed() && html`<${Setter} found=${found} step=${step} about=${about} />`}
		<table class="lines"><caption>Step ${step.n}, row ${step.row}</caption>
			<thead><tr><th scope="col">phase</th><th scope="col">number</th><th scope="col" class="value">value</th></tr></thead>
			<tbody>${found.lines.map((line, at) => {
				const isMade = op < 0 || line.op <= op;
				return html`<tr key=${at} class=${isMade ? "" : "not-yet"}><td>${line.phase || "before"}</td>
					<th scope="row"><code>${line.name}</code><small>${line.words}</small></th>
					<td class="value">${isMade ? number(line.value, 6) : "not yet"}</td></tr>`;
			})}</tbody></table>
		${found.sums.map((sum) => html`<${Sum} key=${sum.name} sum=${sum} isMade=${op < 0 || sum.op <= op} select=${select} />`)}
		<p class="actions">
			${found.kind !== "target" && html`<button onClick=${() => look({ screen: "derivation", of: found.of }, true)}>Derivation</button>`}
			${(found.kind === "weight" || found.kind === "bias") && !isFixed() && html`<${Binding} found=${found} numbers=${numbers} />`}
		</p>`;
}

function words({ kind, of }, about) {
	const [j, i] = of.slice(of.indexOf("[") + 1, -1).split(",").map(Number), layer = Number(of.match(/\d+/)?.[0]);
	if (kind === "weight") return `weight from ${layer === 1 ? about.features[i] ?? `x[${i}]` : `a${layer - 1}[${i}]`} to a${layer}[${j}]`;
	if (kind === "bias") return `bias of a${layer}[${j}]`;
	if (kind === "neuron") return `neuron, ${about.activations[layer - 1]}`;
	if (kind === "input") return `input ${about.features[j] ?? ""}`;
	if (kind === "target") return `target ${(about.sizes.at(-1) > 1 && about.classes[j]) || about.target}`;
	return about.loss.replaceAll("_", " ");
}

export function Setter({ found, step, about }) {
	const { cell, value, low, high, whole } = found;
	const set = (event) => {
		const wanted = Number(event.target.value);
		if (event.target.value !== "" && Number.isFinite(wanted)) edit(cell, wanted);
	};
	const grain = whole ? 1 : 10 ** Math.floor(Math.log10((high - low) / 200));
	return html`<div class="setter"><label><code>${cell}</code> before step ${step.n}
			<input type="number" step="any" value=${whole ? value : Number(value.toPrecision(6))} onChange=${set} /></label>
		<input type="range" aria-label=${`${cell}, slider`} min=${low} max=${high} step=${grain} value=${value} onInput=${set} />
		${whole && html`<small>the class: ${about.classes[value] ?? value}</small>`}</div>`;
}

function Sum({ sum, isMade, select }) {
	if (!isMade) return html`<p class="hint"><code>${sum.name}</code>: not yet computed (${sum.phase}).</p>`;
	const link = (name) => html`<button class="name" onClick=${() => select(name)}>${name}</button>`;
	return html`<details open=${sum.terms.length <= 4}><summary><code>${sum.name}</code> = ${number(sum.value, 6)}, term by term</summary>
		<${Roving} tag="table" role="table" class="terms"><tbody>${sum.terms.map((term) => html`<tr key=${term.weight}>
				<td>${link(term.weight)} · ${term.other.startsWith("delta") ? html`<code>${term.other}</code>` : link(term.other)}</td>
				<td class="value">${number(term.weight_value)} · ${number(term.value)}</td><td class="value">= ${number(term.product)}</td></tr>`)}
			${sum.bias && html`<tr><td>${link(sum.bias.name)}</td><td></td><td class="value">${number(sum.bias.value)}</td></tr>`}
			${sum.rest !== 0 && html`<tr><td>all others</td><td></td><td class="value">${number(sum.rest)}</td></tr>`}</tbody><//></details>`;
}

// Freezing and sharing.
function Binding({ found, numbers }) {
	const { of, frozen_by: by, shared_with: others } = found, array = of.slice(0, of.indexOf("[")), { n } = numbers.step;
	const { view } = useStudio(), isFromHere = n > 0 && view.hold === "here";
	const names = numbers.step.shown.flatMap((goals, layer) => layer === 0 || found.kind !== "weight" ? []
		: goals.flatMap((j) => numbers.step.shown[layer - 1].map((i) => `W${layer}[${j},${i}]`)));
	const alike = found.kind === "weight" ? names : numbers.step.shown.flatMap((all, l) => (l ? all.map((j) => `b${l}[${j}]`) : []));
	return html`${n > 0 && !by && html`<label>Hold <select value=${view.hold ?? ""} onChange=${(e) => look({ hold: e.target.value })}>
			<option value="">from the start</option><option value="here">from step ${n} on</option></select></label>`}
		${by ? html`<button onClick=${() => thaw(by)}>Unfreeze ${by}</button>` : others.length ? null
			: html`<button onClick=${() => freeze(of, isFromHere)}>Freeze ${of}</button>
				${frozen().every((one) => !one.startsWith(`${array}[`)) && html`<button onClick=${() => freeze(array, isFromHere)}>Freeze all ${array}</button>`}`}
		${others.length ? html`<button onClick=${() => part([of])}>Share no more with ${others.join(", ")}</button>` : null}
		${!by && html`<label class="share">Share with <select value="" onChange=${(e) => e.target.value && share(of, e.target.value, isFromHere)}>
			<option value="">…</option>${alike.filter((one) => one !== of && !others.includes(one) && !frozen().includes(one)).slice(0, 300).map((one) => html`<option key=${one}>${one}</option>`)}
		</select></label>`}`;
}

// What the reader has set, frozen and shared: each can be taken back.
export function Changes() {
	const set = edits(), { frozen: held, shared: groups } = fromStart();
	if (!set.length && !held.length && !groups.length) return null;
	const row = (key, text, undo) => html`<li key=${key}><span>${text}</span>
		<button aria-label=${`Undo ${key}`} onClick=${undo}>undo</button></li>`;
	return html`<h3>What you have changed</h3><ul class="changes">
		${set.map(({ text, n, name, value, words }) => row(text, words === undefined ? html`before step ${n}: <code>${name} = ${number(value, 6)}</code>`
			: html`from step ${n} on: <code>${{ frozen: words, shared: words }[name] ?? `${name} = ${words}`}</code>${name === "frozen" && " is frozen"}`, () => removeEdit(text)))}
		${held.map((name) => row(`freezing ${name}`, html`from the start: <code>${name}</code> is frozen`, () => thaw(name)))}
		${groups.map((group) => row(`sharing ${group.join(" = ")}`, html`from the start: <code>${group.join(" = ")}</code>`,
			() => part(group)))}
	</ul>`;
}
