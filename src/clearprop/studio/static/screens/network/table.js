// The numbers as tables, for reading them in full, and for those who do not see the drawing.
import { number } from "studio/format";
import { html } from "studio/html";
import { Roving } from "studio/roving";

const cell = (value) => html`<td class="value">${value === null || value === undefined ? "·" : number(value, 6)}</td>`;

const head = (first, ...values) => html`<thead><tr><th scope="col">${first}</th><th scope="col">name</th>${
	values.map((name) => html`<th scope="col" key=${name} class="value">${name}</th>`)}</tr></thead>`;

export function Tables({ numbers, of, select }) {
	const { step, about, last } = numbers, layers = step.shown.map((_, layer) => layer);
	const link = (name) => html`<th scope="row"><button class="name" aria-pressed=${of === name} onClick=${() => select(name)}>${name}</button></th>`;
	const when = `step ${step.n}, row ${step.row}`;
	return html`<${Roving} role="group" aria-label="Numbers as tables" class="tables wide">
		<table><caption>Neurons, ${when}: z and a are of the forward phase, da and delta of the backward phase</caption>
			${head("neuron", "z", "a", "da", "delta")}
			<tbody>${layers.map((layer) => step.shown[layer].map((i) => html`<tr key=${`${layer} ${i}`}>
				${link(layer ? `a${layer}[${i}]` : `x[${i}]`)}
				<td>${layer === 0 ? about.features[i] : layer === last ? (about.classes.length > 1 && step.sizes[last] > 1 ? about.classes[i] : about.target) : ""}</td>
				${cell(layer ? numbers.of("z", layer, i) : undefined)}${cell(numbers.of("a", layer, i))}
				${cell(numbers.of("da", layer, i))}${cell(layer ? numbers.of("delta", layer, i) : undefined)}</tr>`))}</tbody></table>
		<table><caption>Weights and biases, step ${step.n}: before its update; gradients of the backward phase, of ${step.batch.length > 1 ? `${step.batch.length} rows` : "this row"}; changes of the update</caption>
			${head("parameter", "before", "gradient", "change", "after")}
			<tbody>${layers.slice(1).map((layer) => step.shown[layer].map((j) => [
				...step.shown[layer - 1].map((i) => [`W${layer}`, `W${layer}[${j},${i}]`, i]), ...(about.has_biases ? [[`b${layer}`, `b${layer}[${j}]`]] : []),
			].map(([array, name, i]) => html`<tr key=${name}>${link(name)}<td>${about.names[name] ?? ""}</td>
				${cell(numbers.parameterAs("parameters", array, j, i))}${cell(numbers.parameter("gradient", array, j, i))}
				${cell(numbers.parameter("update", array, j, i))}${cell(numbers.made.has(`after ${array}`) ? numbers.parameterAs("after", array, j, i) : null)}</tr>`)))}</tbody></table>
		<p>${numbers.made.has("L") ? html`L of row ${step.row} = <code>${number(step.loss, 8)}</code>, L of the batch = <code>${number(step.cost, 8)}</code>.` : "L is not yet computed."}
			${step.shown.some((shown, layer) => shown.length < step.sizes[layer]) && " Of wide layers, the neurons with the largest |delta|, and those that were selected, are listed."}</p>
	<//>`;
}
