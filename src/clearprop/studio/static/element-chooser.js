// A field that finds a number of the network by the beginning of its name.
import { useEffect, useState } from "preact/hooks";
import { useAnswer } from "studio/answers";
import { html } from "studio/html";
import { isReplay } from "studio/source";
import { useStudio } from "studio/state";

export function ElementChooser({ value, called, onChoose }) {
	const { setup } = useStudio();
	const [text, write] = useState(null); // null: nothing is being looked for
	const [active, activate] = useState(0);
	const isOpen = text !== null && !isReplay;
	const { answer } = useAnswer("elements", { ...setup, q: text ?? "" }, isOpen);
	const found = isOpen ? (answer?.elements ?? []) : [];
	useEffect(() => activate(0), [answer]);
	const choose = (of) => {
		write(null);
		if (of && of !== value) onChoose(of);
	};
	const onKeyDown = (event) => {
		if (event.key === "ArrowDown" || event.key === "ArrowUp") {
			event.preventDefault();
			if (text === null) return write("");
			const way = event.key === "ArrowDown" ? 1 : -1;
			activate((i) => (i + way + found.length) % Math.max(found.length, 1));
		} else if (event.key === "Enter") choose(answer?.q === (text ?? "").trim() && found[active] ? found[active].of : (text ?? "").trim());
		else if (event.key === "Escape") write(null);
	};
	return html`<div class="chooser">
		<label for="chooser-field">Element</label>
		<input id="chooser-field" role="combobox" autocomplete="off" spellcheck=${false}
			aria-expanded=${isOpen && found.length > 0} aria-controls="chooser-list" aria-autocomplete="list"
			aria-activedescendant=${isOpen && found.length ? `chooser-${active}` : undefined}
			placeholder="W1[0,1], delta2, a feature" value=${text ?? (called === value ? value : `${called} (${value})`)}
			onFocus=${(e) => e.target.select()} onInput=${(e) => write(e.target.value)}
			onClick=${() => text === null && write("")} onBlur=${() => write(null)} onKeyDown=${onKeyDown} />
		<ul id="chooser-list" role="listbox" aria-label="Elements" hidden=${!isOpen || !found.length}>
			${found.map(({ of, own }, i) => html`<li key=${of} id=${`chooser-${i}`} role="option" aria-selected=${i === active}
				onMouseDown=${(e) => { e.preventDefault(); choose(of); }}>
				<code>${of === "pass" ? "the whole pass" : of}</code>${own && html`<span>${own}</span>`}</li>`)}
		</ul>
		${isOpen && answer?.q === text.trim() && !found.length && html`<p class="faint" role="status">Nothing is called so.</p>`}
	</div>`;
}
