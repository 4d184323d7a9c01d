// The network that is to learn: its layers, its output and its loss.
import { html } from "studio/html";
import { setUp } from "studio/state";

const ANEW = { frozen: "", shared: "", edit: "" };

function Offered({ title, value, offered, onChange }) {
	const refused = offered.filter((one) => one.why);
	const fits = offered.filter((one) => !one.why || one.name === value);
	return html`<div class="field"><label>${title}
			<select value=${value} onChange=${(e) => onChange(e.target.value)}>
				${fits.map(({ name }) => html`<option key=${name}>${name}</option>`)}
			</select></label>
		${refused.length > 0 && html`<details><summary>${refused.length} more, and why not</summary>
			<ul>${refused.map(({ name, why }) => html`<li key=${name}><b>${name}</b> ${why}</li>`)}</ul>
		</details>`}</div>`;
}

// What is set already counts, also while the server's answer to it is on its way.
function layersOf(network, setup) {
	const hidden = !setup.hidden ? network.hidden
		: setup.hidden === "none" ? [] : setup.hidden.split(",").map(Number);
	const names = setup.activation ? setup.activation.split(",") : network.activation;
	return [hidden, hidden.map((_, l) => names[l] ?? names.at(-1) ?? "tanh")];
}

export function Network({ found, setup, isFixed }) {
	const { network, activations, initializers, outputs, losses } = found;
	const [hidden, kinds] = layersOf(network, setup);
	const set = (sizes, names) => setUp({
		hidden: sizes.join(",") || "none", ...ANEW,
		activation: names.length === 0 ? "" : new Set(names).size === 1 ? names[0] : names.join(","),
	});
	const resize = (l, size) => set(hidden.map((old, i) => (i === l ? Math.max(1, size) : old)), kinds);
	if (isFixed)
		return html`<p>${[network.inputs, ...hidden, network.outputs].join("-")}, as the file has it:
			${" "}${kinds.join(", ")}, ${network.output}; ${network.loss}.</p>`;
	return html`
		<ol class="layers">
			<li><b>${network.inputs}</b><span class="faint">input${network.inputs === 1 ? "" : "s"}</span></li>
			${hidden.map((size, l) => html`<li key=${l}>
				<span class="row">
					<button aria-label=${`One neuron fewer in hidden layer ${l + 1}`} disabled=${size <= 1}
						onClick=${() => resize(l, size - 1)}>−</button>
					<input type="number" min="1" max="4096" value=${size} aria-label=${`Neurons of hidden layer ${l + 1}`}
						onChange=${(e) => resize(l, Math.trunc(Number(e.target.value)))} />
					<button aria-label=${`One neuron more in hidden layer ${l + 1}`}
						onClick=${() => resize(l, size + 1)}>+</button></span>
				<select aria-label=${`Activation of hidden layer ${l + 1}`} value=${kinds[l]}
					onChange=${(e) => set(hidden, kinds.map((kind, i) => (i === l ? e.target.value : kind)))}>
					${activations.map((name) => html`<option key=${name}>${name}</option>`)}</select>
				<button class="plain" aria-label=${`Take hidden layer ${l + 1} away`}
					onClick=${() => set(hidden.toSpliced(l, 1), kinds.toSpliced(l, 1))}>take away</button>
			</li>`)}
			<li class="more"><button onClick=${() => set([...hidden, hidden.at(-1) ?? 4], [...kinds, kinds.at(-1) ?? "tanh"])}>
				+ a layer</button></li>
			<li><b>${network.outputs}</b><span class="faint">output${network.outputs === 1 ? "" : "s"}</span></li>
		</ol>
		<div class="fields wider">
			<${Offered} title="Output" value=${network.output} offered=${outputs}
				onChange=${(output) => setUp({ output, loss: "", ...ANEW })} />
			<${Offered} title="Loss" value=${network.loss} offered=${losses} onChange=${(loss) => setUp({ loss })} />
			<label class="field">First weights
				<select value=${network.initializer} onChange=${(e) => setUp({ initializer: e.target.value })}>
					<option value="">by the activation</option>
					${initializers.map((name) => html`<option key=${name}>${name}</option>`)}
				</select></label>
		</div>`;
}
