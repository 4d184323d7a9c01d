// Health: a row for each layer, its gradients over the run, what is wrong and what to try; and the lab.
import { useMemo } from "preact/hooks";
import { usePacedAnswer } from "studio/answers";
import { counted, number, whole } from "studio/format";
import { alerted, html } from "studio/html";
import { Plot } from "studio/plot";
import { Findings } from "studio/screens/health_findings";
import { Lab } from "studio/screens/health_lab";
import { useStudio } from "studio/state";

const DECADES = 6, TALL = 210;

export function HealthScreen() {
	const { setup, view } = useStudio();
	const { answer, error, isOld } = usePacedAnswer("health", { ...setup, n: view.n });
	return html`<section class="health" aria-busy=${isOld}>
		${alerted(error)}
		<div class="columns">
			<div>${answer ? html`<${Layers} health=${answer} /><${OverTime} health=${answer} />`
				: !error && html`<p class="faint">The layers are being looked at …</p>`}</div>
			<div><${Findings} /><${Lab} /></div>
		</div>
	</section>`;
}

function Layers({ health }) {
	const most = (name) => Math.max(...health.layers.map((one) => one[name] ?? 0));
	const onLog = (value, top) => (value > 0 ? Math.max(1 + Math.log10(value / top) / DECADES, 0.02) : 0);
	const mostGradient = most("gradient"), mostUpdate = most("update");
	return html`<div class="scroll" tabindex="0" role="region" aria-label="Figures of the layers"><table class="numbers layers">
		<caption>Layers at step ${whole(health.n)}, on ${health.rows < health.all_rows ? `${whole(health.rows)} of ` : ""}${counted(health.all_rows, "row")}</caption>
		<thead><tr><th scope="col">layer</th><th scope="col">dead</th><th scope="col">saturated</th>
			<th scope="col">spread of a</th><th scope="col">delta</th><th scope="col">|dW|</th>
			<th scope="col">|update| / |W|</th></tr></thead>
		<tbody>${health.layers.map((one) => html`<tr key=${one.layer}>
			<th scope="row">${one.layer}: ${whole(one.units)} ${one.activation}</th>
			<${Bar} share=${one.dead.length / one.units} isBad=${true} text=${`${whole(one.dead.length)} of ${whole(one.units)}`} />
			<${Bar} share=${one.saturated} isBad=${true} text=${`${number(one.saturated * 100, 3)}%`} />
			<td>${number(one.spread, 3)}</td><td>${number(one.delta, 3)}</td>
			<${Bar} share=${onLog(one.gradient, mostGradient)} text=${number(one.gradient, 3)} />
			<${Bar} share=${onLog(one.update, mostUpdate)} text=${one.update === null ? "none" : number(one.update, 3)} />
		</tr>`)}</tbody></table></div>
	<p class="faint">Dead: f′(z) is 0 on every row. Saturated: share of activations on a flat end of f.
		Spread: standard deviation of a over the rows; delta: root mean square of ∂L/∂z; |·|: the norm.
		The update is the one made at this step; a common rule of thumb is about 0.001 of W.
		The two last columns' bars are on a log scale, ${DECADES} powers of ten to the largest.</p>`;
}

function Bar({ share, text, isBad }) {
	return html`<td class="bar"><i class=${isBad ? "bad" : ""} style=${`width:${(share * 100).toFixed(1)}%`}></i><span>${text}</span></td>`;
}

const layerColor = (k, n) => `color-mix(in oklab, var(--below) ${n > 1 ? Math.round(100 - (100 * k) / (n - 1)) : 100}%, var(--above))`;

function OverTime({ health }) {
	const { numbers, gradients, updates } = health.over_time;
	const lines = (found) => found.map((values, k) => ({
		label: `layer ${k + 1}`, x: numbers, y: values, color: layerColor(k, found.length), dash: k % 2 ? [7, 3] : undefined,
	}));
	const [first, second] = useMemo(() => [lines(gradients), lines(updates)], [health]);
	const words = (what, found) => `${what} of each layer from step 0 to ${whole(health.n)}, on a log axis; last: ${
		found.map((values, k) => `layer ${k + 1} ${number(values.at(-1), 3)}`).join(", ")}`;
	return html`<h2>|dW| of each step's batch, over the run</h2>
		<${Plot} lines=${first} logY tall=${TALL} label=${words("Norm of the gradient", gradients)} />
		<h2>|update| / |W|, over the run</h2>
		<${Plot} lines=${second} logY tall=${TALL} label=${words("Update over weights", updates)} />`;
}
