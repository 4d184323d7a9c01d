// A field for an answer, its verdict, and hints in levels.
import { useId, useState } from "preact/hooks";
import { capital } from "studio/format";
import { html } from "studio/html";
import { ask } from "studio/source";

// `question` and `pairs` are asked of the server with the answer; `done` is told of each verdict.
export function Answering({ label, name, question, pairs, done, reveal }) {
	const [answer, setAnswer] = useState("");
	const [found, setFound] = useState(null);
	const [error, setError] = useState(null);
	const [tries, setTries] = useState(0);
	const [level, setLevel] = useState(0);
	const id = useId();
	const check = async (wanted, isTry) => {
		try {
			const said = await ask(question, { ...pairs, of: name, answer, level: wanted || undefined });
			setFound(said);
			setError(null);
			setLevel(wanted);
			const tried = isTry ? tries + 1 : tries;
			setTries(tried);
			if (isTry) done({ quantity: name, answer, right: said.right, said: said.said, tries: tried, hints: level });
		} catch (wrong) {
			setError(wrong.message);
		}
	};
	const isRight = found?.right;
	return html`<form class="answering" onSubmit=${(e) => { e.preventDefault(); check(0, true); }}>
		<label for=${id}>${label}</label>
		<span class="row"><input id=${id} inputmode="decimal" autocomplete="off" value=${answer}
			aria-invalid=${found && !isRight ? "true" : undefined} aria-describedby=${`${id}-said`}
			onInput=${(e) => { setAnswer(e.target.value); setFound(null); }} />
		<button type="submit" disabled=${!answer.trim()}>Check</button>
		${found && !isRight && level < found.levels && html`<button type="button"
			onClick=${() => check(level + 1, false)}>Hint ${level + 1} of ${found.levels}</button>`}
		${reveal && html`<button type="button" onClick=${reveal}>Reveal</button>`}</span>
		<span id=${`${id}-said`} role="status" class=${isRight ? "right" : "wrong"}>
			${error ?? (found && `${isRight ? "✓" : "✗"} ${capital(found.said)}`)}
			${found?.hint && html`<br />${found.hint}`}</span>
	</form>`;
}
