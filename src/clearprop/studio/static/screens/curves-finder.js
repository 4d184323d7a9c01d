// The learning-rate finder: the rate grows from update to update until the cost does.
import { useAnswer } from "studio/answers";
import { number } from "studio/format";
import { alerted, html } from "studio/html";
import { Numbers, Plot } from "studio/plot";
import { look, setUp } from "studio/state";

export function Finder({ setup, view }) {
	const isOpen = view.finder === "1";
	const { answer, error } = useAnswer("rate_search", setup, isOpen);
	return html`<section class="finder" aria-labelledby="finder"><div class="plot-head">
			<h2 id="finder">Find a learning rate</h2>
			<button aria-pressed=${isOpen} onClick=${() => look({ finder: isOpen ? "" : "1" })}>${isOpen ? "Close" : "Try rates, small to large"}</button>
		</div>
		${!isOpen ? html`<p class="hint">An update at each rate, from the run's first weights; the cost of the same rows after each.</p>`
			: error ? alerted(error) : !answer ? html`<p class="hint">Rates are tried.</p>` : html`
			<p>${answer.suggested === null ? html`No suggestion: ${answer.reason}.` : html`Suggested: <b class="number">${number(answer.suggested, 3)}</b>, ${answer.reason}.
				${" "}<button onClick=${() => setUp({ rate: String(answer.suggested) })}>Use this rate</button>
				<button onClick=${() => look({ vs: [view.vs, `rate:${answer.suggested.toPrecision(3)}`].filter(Boolean).join(";") }, true)}>Compare with it</button>`}</p>
			<${Plot} lines=${[
				{ label: "after each update", x: answer.rates, y: answer.losses, color: "var(--faint)", width: 0.75 },
				{ label: "smoothed", x: answer.rates, y: answer.smoothed, color: "var(--accent)", width: 2 },
			]} at=${answer.suggested} xName="learning rate" logX top=${answer.top}
				label=${`Cost over the learning rate; ${answer.suggested === null ? "no rate is suggested" : `${number(answer.suggested, 3)} is suggested`}`} />
			<${Numbers} heads=${["rate", "cost after it", "smoothed"]}
				rows=${answer.rates.map((rate, i) => [number(rate, 3), number(answer.losses[i]), number(answer.smoothed[i])])} />`}
	</section>`;
}
