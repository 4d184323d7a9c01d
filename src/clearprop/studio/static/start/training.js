// How it learns: optimizer, rate, batches, and what holds it back.
import { html } from "studio/html";
import { number } from "studio/format";
import { setUp } from "studio/state";

const LOW = -5, HIGH = 1;

export function Number_({ title, name, value, min, max, step, hint }) {
	return html`<label class="field">${title}
		<input type="number" value=${value} min=${min} max=${max} step=${step ?? "any"}
			onChange=${(e) => setUp({ [name]: e.target.value })} />
		${hint && html`<span class="faint">${hint}</span>`}</label>`;
}

export function Training({ found, setup }) {
	const { network, optimizers } = found;
	const { optimizer, rate } = network;
	const slide = (e) => setUp({ rate: String(Number((10 ** Number(e.target.value)).toPrecision(2))) }, undefined, false);
	return html`<div class="fields">
		<label class="field">Optimizer
			<select value=${optimizer} onChange=${(e) => setUp({ optimizer: e.target.value, rate: "", momentum: "" })}>
				${Object.keys(optimizers).map((name) => html`<option key=${name}>${name}</option>`)}
			</select></label>
		${optimizer === "rprop"
			? html`<p class="field faint">RProp finds a step for each weight by itself.</p>`
			: html`<div class="field wide"><label>Learning rate
				<span class="row"><input type="range" min=${LOW} max=${HIGH} step="0.05" value=${Math.log10(rate)}
						aria-label="Learning rate, by powers of ten" aria-valuetext=${number(rate, 3)} onInput=${slide} />
					<input type="number" min="0" step="any" value=${rate} aria-label="Learning rate"
						onChange=${(e) => setUp({ rate: e.target.value })} /></span></label></div>`}
		${optimizer === "sgd" && html`<${Number_} title="Momentum" name="momentum" value=${network.momentum} min="0" max="0.99" step="0.1" />`}
		<${Number_} title="Rows a batch" name="batch" value=${network.batch} min="0" step="1" hint="0: all" />
		<${Number_} title="l2" name="l2" value=${setup.l2 ?? 0} min="0" hint="penalty on weights" />
		<${Number_} title="Dropout" name="dropout" value=${setup.dropout ?? 0} min="0" max="0.9" step="0.1" />
		<label class="field">Precision
			<select value=${setup.precision ?? "float64"} onChange=${(e) => setUp({ precision: e.target.value === "float64" ? "" : e.target.value })}>
				<option>float64</option><option>float32</option></select></label>
	</div>`;
}
