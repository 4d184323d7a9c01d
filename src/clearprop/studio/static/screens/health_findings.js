// What is wrong, in words, each with its remedy; and a run with a remedy beside this one.
import { useMemo } from "preact/hooks";
import { usePacedAnswer } from "studio/answers";
import { counted, number, whole } from "studio/format";
import { alerted, html } from "studio/html";
import { Plot } from "studio/plot";
import { SETUP } from "studio/setup";
import { isReplay } from "studio/source";
import { look, setUp, state, useStudio } from "studio/state";

const TALL = 210;

const written = (changes) => Object.entries(changes).map(([name, value]) => `${name}:${value}`).join(",");

// Go over to another setup, whole.
export function goTo(pairs, view = {}) {
	setUp({ ...Object.fromEntries(SETUP.map((name) => [name, ""])), ...pairs },
		{ remedy: "", since: "", guess: "", sample: 0, op: -1, ...view });
}

export function Findings() {
	const { setup, view } = useStudio();
	const { answer, error, isOld } = usePacedAnswer("diagnosis", { ...setup, n: view.n, guess: view.guess }, { calm: 400 });
	return html`<section class="findings" aria-busy=${isOld}>
		<h2>Diagnosis${answer && !answer.waits ? ` at step ${whole(answer.n)}, on ${counted(answer.rows, "row")}` : ""}</h2>
		${alerted(error)}
		${!answer && !error && html`<p class="faint">The network is being examined: copies are trained at other rates …</p>`}
		${answer?.waits && html`<p>Something may have been planted: the diagnosis waits for your guess.</p>`}
		${answer && !answer.waits && !answer.findings.length && html`<p class="well">Nothing is found to be wrong.</p>`}
		${answer?.findings.map((finding) => html`<${Finding} key=${finding.kind + finding.layer} finding=${finding} />`)}
		${view.remedy && !answer?.waits && html`<${Treatment} remedy=${view.remedy} />`}
	</section>`;
}

function Finding({ finding }) {
	const { view } = useStudio();
	return html`<article class="finding"><h3>${finding.kind}</h3>
		<p>${finding.evidence}.</p><p><b>Remedy:</b> ${finding.remedy}.</p>
		${finding.remedies.length ? html`<p class="try">${finding.remedies.map(({ words, changes }) => html`
				<button key=${words} aria-pressed=${view.remedy === written(changes)}
					onClick=${() => look({ remedy: written(changes), since: "" }, true)}>Try this remedy: ${words}</button>`)}</p>`
			: html`<p class="faint">No setting of this page does that: it is for whoever brings the data.</p>`}
	</article>`;
}

const SAID = {
	with: "The remedy is better.", without: "Without the remedy it is better.",
	neither: "Neither is better by 2% or more.",
};

function Treatment({ remedy }) {
	const { setup, view } = useStudio();
	const { answer, error } = usePacedAnswer("treatment", { ...setup, n: view.n, vs: remedy, since: view.since }, { calm: 200 });
	const lines = useMemo(() => answer && [
		{ label: "without", x: answer.numbers, y: answer.without.costs, color: "var(--ink)" },
		{ label: "with the remedy", x: answer.numbers, y: answer.with.costs, color: "var(--above)", dash: [7, 3] },
	], [answer]);
	const words = remedy.replace(/,(?=\w+:)/g, ", ").replace(/:/g, " ");
	return html`<article class="treatment" aria-live="polite"><h3>Beside it: ${words}</h3>
		${alerted(error)}
		${!answer && !error && html`<p class="faint">Both are run for as many steps …</p>`}
		${answer && html`<p class="verdict"><b>${SAID[answer.verdict.better]}</b> After ${whole(answer.steps)} steps${answer.since ? `, with the remedy from step ${whole(answer.since)} on` : " from the beginning"}: ${end(answer.with)} with it, ${end(answer.without)} without.
				${answer.same_loss ? "" : ` The two losses differ, so ${answer.verdict.by} are compared.`}
				${/put aside/.test(answer.verdict.by) ? ` It is judged by ${answer.verdict.by}: ${number(answer.with.held, 4)} with it, ${number(answer.without.held, 4)} without.` : ""}</p>
			<${Plot} lines=${lines} logY tall=${TALL}
				label=${`L of all rows to learn from, by step: ${end(answer.with)} in the end with the remedy, ${end(answer.without)} without`} />
			<p class="faint">L: the mean loss of all rows to learn from, without penalty.</p>
			<p class="try"><button onClick=${() => goTo(answer.setup, { n: state.view.n })}>Go on with the remedy</button>
				${answer.may_turn && !isReplay && (answer.since ? html`<button onClick=${() => look({ since: "" }, true)}>Try it from the beginning</button>`
		: view.n > 0 && html`<button onClick=${() => look({ since: view.n }, true)}>Try it from step ${whole(view.n)} on</button>`)}
				<button onClick=${() => look({ remedy: "", since: "" }, true)}>Leave it</button></p>`}
	</article>`;
}

function end({ costs, right, failed }) {
	if (failed) return "the run cannot go on";
	const right_ = right === null ? "" : ` (${number(right * 100, 3)}% right)`;
	const last = costs.at(-1);
	return last === null ? `L is not finite${right_}` : `L = ${number(last)}${right_}`;
}
