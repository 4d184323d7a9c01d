// Runs that are compared. The address holds what each has instead: vs=optimizer:adam,rate:0.01;rate:1
import { useState } from "preact/hooks";
import { number, parts, whole } from "studio/format";
import { html } from "studio/html";
import { RUN_COLORS } from "studio/plot";
import { SETUP } from "studio/setup";
import { look, setUp } from "studio/state";

const MOST = RUN_COLORS.length - 1;
const CHOICES = { optimizer: ["sgd", "adam", "adamw", "rmsprop", "rprop"], schedule: ["cosine", "step", "exponential", "warmup_cosine"] };
const FIELDS = ["rate", "optimizer", "schedule", "momentum", "batch", "hidden", "activation", "l2", "dropout", "initializer"];

// The runs of an address: pairs of the setup, and a name.
export function readRuns(text) {
	return parts(text).slice(0, MOST).map((one) => {
		const pairs = Object.fromEntries(one.split(/,(?=[a-z_0-9]+:)/).map((part) => {
			const at = part.indexOf(":");
			return [part.slice(0, at), part.slice(at + 1)];
		}).filter(([name]) => SETUP.includes(name)));
		const name = Object.entries(pairs).map(([key, value]) => (key === "edit" ? "without what you set" : `${key} ${value}`)).join(", ");
		return { text: one, pairs, name: name || one };
	});
}

const texts = (view) => readRuns(view.vs).map(({ text }) => text);

export function RunsTable({ runs, goal, view }) {
	const without = (text) => texts(view).filter((one) => one !== text).join(";");
	const drop = (text) => look({ vs: without(text) }, true);
	const cost = (one) => (one ? number(one.validation_loss ?? one.loss) : "");
	return html`<div class="scrolls"><table class="runs">
		<thead><tr><th scope="col">run</th><th scope="col">training</th><th scope="col">validation</th><th scope="col">best</th>
			<th scope="col">after</th>${goal !== "" && runs.length > 1 && html`<th scope="col">updates to ${number(Number(goal), 3)}</th>`}<td></td></tr></thead>
		<tbody>${runs.map(({ name, text, answer, error }, k) => {
			const found = answer?.summary;
			return html`<tr key=${text ?? ""}><th scope="row"><i class="swatch" style=${`background:${RUN_COLORS[k]}`}></i>${name}
					${(error ?? answer?.failed) && html`<span class="error">${error ?? answer.failed}</span>`}</th>
				<td class="number">${number(found?.last?.loss)}</td><td class="number">${number(found?.last?.validation_loss)}</td>
				<td class="number">${cost(found?.best)}</td><td class="number">${found?.best ? whole(found.best.n) : ""}</td>
				${goal !== "" && runs.length > 1 && html`<td class="number">${!found ? "" : found.reached === null ? "not yet" : whole(found.reached)}</td>`}
				<td>${text && html`<button aria-label=${`Leave out ${name}`} onClick=${() => drop(text)}>✕</button>
					<button onClick=${() => setUp(readRuns(text)[0].pairs, { n: 0, op: -1, sample: 0, vs: without(text) })}>Go on with it</button>`}</td></tr>`;
		})}</tbody></table></div>
		${runs.length > 1 && html`<p class="hint">Each begins with the same weights, if the network is the same, and takes the rows in the same order. Best: the lowest validation cost, or training cost without one.</p>`}`;
}

export function AddRun({ setup, view, about }) {
	const [field, choose] = useState("rate");
	const [value, set] = useState("");
	const known = texts(view), isFull = known.length >= MOST;
	const add = (...more) => look({ vs: [...known, ...more.filter((one) => !known.includes(one))].slice(0, MOST).join(";") }, true);
	const own = (name) => new RegExp(`^${name}\\(`, "i").test(about.optimizer);
	const submit = (event) => {
		event.preventDefault();
		const given = value || CHOICES[field]?.[0];
		if (given) add(`${field}:${given}`);
		set("");
	};
	return html`<form class="add-run" onSubmit=${submit}>
		<span>Compare with another</span>
		<select aria-label="What is different" value=${field} onChange=${(e) => { choose(e.target.value); set(""); }}>
			${FIELDS.map((name) => html`<option>${name}</option>`)}</select>
		${CHOICES[field] ? html`<select aria-label=${field} value=${value} onChange=${(e) => set(e.target.value)}>
				${CHOICES[field].map((one) => html`<option>${one}</option>`)}</select>`
			: html`<input aria-label=${field} value=${value} placeholder=${setup[field] ?? "value"} onInput=${(e) => set(e.target.value.trim())} size="8" />`}
		<button type="submit" disabled=${isFull || (!CHOICES[field] && !value)}>Add</button>
		<button type="button" disabled=${isFull} onClick=${() => add(...["sgd", "adam", "rmsprop"].filter((one) => !own(one)).map((one) => `optimizer:${one}`))}>Other optimizers</button>
		${setup.edit && html`<button type="button" disabled=${isFull} onClick=${() => add("edit:")}>The run without what you set</button>`}
		${known.length > 0 && html`<button type="button" onClick=${() => look({ vs: "" }, true)}>Leave out all</button>`}
	</form>`;
}
