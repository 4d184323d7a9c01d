// Predict: the numbers of a step one after the other, each typed before it is shown.
import { useState } from "preact/hooks";
import { useAnswer } from "studio/answers";
import { number } from "studio/format";
import { html } from "studio/html";
import { Answering } from "studio/screens/answering";
import { look, useStudio } from "studio/state";

export function Predict({ about, step, note }) {
	const { setup, view } = useStudio();
	const { answer } = useAnswer("predict", { ...setup, n: view.n, sample: view.sample });
	const [known, setKnown] = useState({});
	if (!answer || !step) return null;
	const of = `${step.n} ${step.sample}`;
	const seen = known[of] ?? 0;
	const questions = answer.questions;
	const at = Math.min(Number(view.q) || 0, questions.length - 1);
	const asked = questions[at];
	const go = (to) => {
		setKnown({ ...known, [of]: Math.max(seen, to) });
		look({ q: String(to) });
	};
	return html`<section aria-label="Predict, then reveal">
		<p>Step ${step.n}, row ${step.row} of the data, this sample alone. Three digits are enough.</p>
		<${Given} about=${about} step=${step} more=${answer.given ?? []} />
		<h2>${asked.phase}: ${asked.words}</h2>
		<p><code>${asked.formula}</code></p>
		<${Answering} key=${`${of} ${at}`} name=${asked.name} label=${html`What is <code>${asked.name}</code>?`}
			question="grade" pairs=${{ ...setup, n: step.n, sample: step.sample, given: given(questions, at) }}
			done=${(result) => {
				note({ task: `step ${step.n}, sample ${step.sample}`, ...result });
				if (result.right) setKnown({ ...known, [of]: Math.max(seen, at + 1) });
			}}
			reveal=${() => go(at + 1)} />
		<p class="row"><button disabled=${at === 0} onClick=${() => look({ q: String(at - 1) })}>Before</button>
			<button disabled=${at >= questions.length - 1} onClick=${() => go(at + 1)}>Next</button>
			<span>${at + 1} of ${questions.length}</span>
			<select aria-label="Quantity" value=${at} onChange=${(e) => look({ q: e.target.value })}>
				${questions.map((one, i) => html`<option key=${one.name} value=${i}>${one.name}</option>`)}</select></p>
		${seen > 0 && html`<h2>Shown so far</h2><ul class="shown">${questions.slice(0, seen).map((one) =>
			html`<li key=${one.name}><code>${one.name} = ${number(one.value, 6)}</code></li>`)}</ul>`}
	</section>`;
}

// What stands before the first operation: inputs, target, weights and biases; and first what is made
// of a wide layer, which is not given whole.
function Given({ about, step, more }) {
	const rows = more.map(({ name, value }) => [name, about.names[name], value]);
	step.a[0].forEach((value, i) => rows.push([`x[${i}]`, about.features[i], value]));
	// One output is the target; of several, each is a class, or has no name.
	const named = (i) => (step.y.length === 1 ? about.target : about.classes[i]);
	step.y.forEach((value, i) => rows.push([`y[${i}]`, named(i), value]));
	let others = 0;  // of wide layers, the step has some neurons alone
	for (const [array, part] of Object.entries(step.parameters)) {
		const layer = Number(array.slice(1)), to = step.shown[layer], from = step.shown[layer - 1];
		others += step.sizes[layer] * (array[0] === "W" ? step.sizes[layer - 1] : 1) - part.flat().length;
		part.forEach((row, i) => (Array.isArray(row) ? row : [row]).forEach((value, j) => {
			const name = Array.isArray(row) ? `${array}[${to[i]},${from[j]}]` : `${array}[${to[i]}]`;
			rows.push([name, about.names[name], value]);
		}));
	}
	others += Math.max(rows.length - 120, 0);
	return html`<details open class="given"><summary>Given</summary><ul class="shown" tabindex="0">${rows.slice(0, 120).map(
		([name, words, value]) => html`<li key=${name}><code>${name}${words ? ` (${words})` : ""} = ${number(value, 6)}</code></li>`)}
		${others > 0 && html`<li>and ${others} more: select them on the screen of the network</li>`}</ul></details>`;
}

// The numbers before the one that is asked for, so that a slip in it is told from earlier ones.
function given(questions, at) {
	return questions.slice(0, at).filter(({ name }) => /^(z|delta)/.test(name)).slice(-24)
		.map(({ name, value }) => `${name}=${value}`).join(";");
}
