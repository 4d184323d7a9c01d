// A weight, or a number of the data, changed while one sees what is decided.
import { useAnswer } from "studio/answers";
import { ElementChooser } from "studio/element-chooser";
import { alerted, html } from "studio/html";
import { isFixed } from "studio/screens/network/editing";
import { Changes, Setter } from "studio/screens/network/panel";
import { look, useStudio } from "studio/state";

// `over`: the inputs of the map; a weight of another moves nothing on it.
export function Change({ about, step, over }) {
	const { setup, view } = useStudio(), of = view.of || `W1[0,${parseInt(over) || 0}]`, isOpen = !!step && !isFixed();
	const { answer, error } = useAnswer("element", { ...setup, n: view.n, sample: view.sample, of }, isOpen);
	if (!isOpen) return null;
	return html`<section class="data-change" aria-labelledby="data-change"><h2 id="data-change">Change a number</h2>
		<${ElementChooser} value=${of} called=${about.names[of] ?? of} onChoose=${(one) => look({ of: one })} />
		${error ? alerted(error)
			: answer?.cell ? html`<${Setter} found=${answer} step=${step} about=${about} />`
			: answer && html`<p class="hint">A weight, a bias, an input or a target can be changed.</p>`}
		<${Changes} />
	</section>`;
}
