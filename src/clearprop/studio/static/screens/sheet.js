// A worksheet: a derivation with gaps, whose numbers each student has of their own.
import { useAnswer } from "studio/answers";
import { alerted, html } from "studio/html";
import { Answering } from "studio/screens/answering";
import { look, useStudio } from "studio/state";

export function Sheet({ note }) {
	const { setup, view } = useStudio();
	const pairs = { ...setup, student: view.student || "1", blanks: view.blanks || "0.4", of_sheet: view.of };
	const { answer, error } = useAnswer("sheet", pairs);
	if (error) return alerted(error);
	if (!answer) return html`<p>The sheet is being written.</p>`;
	return html`<section aria-label="Worksheet" class="sheet">
		<p class="row"><label>Gaps <select value=${view.blanks || "0.4"} onChange=${(e) => look({ blanks: e.target.value }, true)}>
			${[["0.2", "few"], ["0.4", "some"], ["0.7", "many"], ["1", "all"]].map(([value, words]) =>
				html`<option key=${value} value=${value}>${words}</option>`)}</select></label>
			<button onClick=${() => print()}>Print</button></p>
		<div class="paper" dangerouslySetInnerHTML=${{ __html: answer.html }}></div>
		<h2>Answers</h2>
		${answer.gaps.map(({ gap, name }) => html`<${Answering} key=${name} name=${name} question="grade_sheet"
			label=${html`(${gap}) <code>${name}</code>`} pairs=${pairs}
			done=${(result) => note({ task: `worksheet, gap ${gap}`, ...result })} />`)}
	</section>`;
}
