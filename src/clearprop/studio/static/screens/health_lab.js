// The illness lab: something is planted in secret, somebody guesses, and the diagnosis confirms.
import { useState } from "preact/hooks";
import { usePacedAnswer } from "studio/answers";
import { whole } from "studio/format";
import { alerted, html } from "studio/html";
import { goTo } from "studio/screens/health_findings";
import { isReplay, opened } from "studio/source";
import { address, look, setUp, useStudio } from "studio/state";

// A code tells nobody what it stands for: the server alone knows.
function plant() {
	const code = [...crypto.getRandomValues(new Uint8Array(6))].map((one) => "abcdefghjkmnpqrstuvwxyz23456789"[one % 31]).join("");
	setUp({ illness: code, edit: "" }, { n: 0, op: -1, sample: 0, guess: "", remedy: "" });
}

export function Lab() {
	const { setup, view } = useStudio();
	const { answer, error } = usePacedAnswer("lab", { ...setup, n: view.n, guess: view.guess });
	const [choice, choose] = useState("");
	const isPlanted = Boolean(setup.illness);
	if (isReplay) return html`<section class="lab"><h2>Illness lab</h2><p class="faint">Not in a replay: a run with something planted is another run.
		${" "}${opened(address())}</p></section>`;
	return html`<section class="lab"><h2>Illness lab</h2>
		${alerted(error)}
		${!isPlanted && html`<p>Have one of ${answer ? whole(answer.illnesses.length) : "some"} conditions planted in this run, in secret, good
			health among them. Find it by what the screens show, and guess; then the diagnosis speaks.</p>`}
		${isPlanted && !view.guess && answer && html`<fieldset><legend>What ails it? Go on some steps, and look at the layers.</legend>
			${answer.illnesses.map(({ name, title }) => html`<label key=${name}><input type="radio" name="illness" value=${name}
				checked=${choice === name} onChange=${() => choose(name)} /> ${title}</label>`)}
			<button disabled=${!choice} onClick=${() => { look({ guess: choice }, true); choose(""); }}>That is my guess</button>
		</fieldset>`}
		${isPlanted && view.guess && answer?.verdict && html`<${Verdict} verdict=${answer.verdict} n=${answer.n}
			guess=${answer.illnesses.find(({ name }) => name === view.guess)} />`}
		${isPlanted && view.guess && answer && !answer.verdict && html`<p class="faint">It is looked up …</p>`}
		<p class="try"><button onClick=${plant}>${isPlanted ? "Plant another" : "Plant one, in secret"}</button>
			${isPlanted && html`<button onClick=${() => setUp({ illness: "" }, { n: 0, op: -1, sample: 0, guess: "", remedy: "" })}>
				End the lab</button>`}</p>
	</section>`;
}

function Verdict({ verdict, guess, n }) {
	const pairs = Object.entries(verdict.pairs).map(([name, value]) => `${name}=${value}`).join(" ");
	return html`<div class="verdict" aria-live="polite">
		<p><b>${verdict.right ? "Right." : "No."}</b> Your guess: ${guess?.title}. Planted: <b>${verdict.title}</b>${pairs
			? html` (<code>${pairs}</code>)` : ""}. It shows in that ${verdict.sign}.</p>
		<p>${confirmed(verdict, verdict.now, n)} ${verdict.at_first && confirmed(verdict, verdict.at_first, 0)}</p>
		<p class="try"><button onClick=${() => goTo(verdict.setup, { n })}>${pairs ? "Open it, and treat it" : "Open its setup"}</button></p></div>`;
}

function confirmed({ kind }, { confirmed: how, found }, n) {
	const at = n ? `At step ${whole(n)}` : "At the beginning";
	const listed = found.length ? [...new Set(found)].join(", ") : "nothing";
	if (!kind) return how === "first" ? `${at}, the diagnosis finds nothing wrong either.`
		: `${at}, the diagnosis does not agree: it finds ${listed}.`;
	if (how === "first") return `${at}, the diagnosis confirms it: ${kind}.`;
	if (how === "also") return `${at}, the diagnosis names it too, but not first: ${listed}.`;
	return `${at}, the diagnosis does not name it: it finds ${listed}.`;
}
