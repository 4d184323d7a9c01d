// A replay: what it holds of the screen that is looked at, and how the rest is opened in the studio.
import { whole } from "studio/format";
import { html } from "studio/html";
import { held, heldSteps, opened } from "studio/source";
import { address, look, useStudio } from "studio/state";

const KINDS = [
	["network", "step", "The network and its operations"], ["network", "element", "Numbers of one element"],
	["derivation", "derivation", "Derivations and their checks"], ["hill", "hill", "The hill"],
	["data", "data", "Decisions, maps, confusion, pushes"], ["data", "row", "Rows of the data"],
	["health", "health", "Figures of the layers"], ["health", "diagnosis", "Diagnoses and remedies"],
];

export function ReplayBar() {
	const { view, refused } = useStudio();
	const steps = heldSteps(view.screen).map(([n]) => n);
	const isHere = !held.screens.includes(view.screen) || steps.includes(view.n);
	const before = steps.findLast((n) => n < view.n), next = steps.find((n) => n > view.n);
	const to = (n, words) => n !== undefined && html`${" "}<button onClick=${() => look({ n, sample: 0 })}>${words} ${whole(n)}</button>`;
	return html`<section class="replay" aria-label="Replay">
		<details><summary>Replay: ${held.title}</summary>
			<dl>${KINDS.filter(([screen]) => held.screens.includes(screen)).map(([, kind, words]) => {
				const numbers = held.held[kind].map(([n]) => n);
				return html`<div key=${kind}><dt>${words}</dt><dd>step${numbers.length === 1 ? "" : "s"} ${numbers.map(whole).join(", ")}</dd></div>`;
			})}</dl>
			<p>Every number is the studio's own; nothing is rounded. Start and Classroom are not in a replay: another run is made,
				and answers are graded, by the studio. ${opened(address())}</p></details>
		${!isHere && html`<p role="status">This screen is in the replay at other steps:${to(before, "back to step")}${to(next, "on to step")}</p>`}
		${refused && html`<p class="refused" role="alert">A replay can be looked at, not changed. ${opened(address())}</p>`}
	</section>`;
}

// In place of a screen that a replay does not hold.
export function NotHere() {
	useStudio();
	return html`<p class="error" role="status">This screen is not in this replay. ${opened(address())}</p>`;
}
